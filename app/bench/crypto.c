// wirevet-bench crypto: signatures per second beside the reference, in turn.
#include "crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "wv_app.h"

#include "maker.h"
#include "output.h"
#include "vectorfile.h"

#define SLICES       32 // of a run: driver and reference take turns this often
#define REFERENCE_MS 64 // of the reference in one run, about
#define REFERENCE_N  64 // signatures it checks at least
#define RESULTS_MAX  512
#define TRIES        6            // of a slice, until the thread keeps its core
#define TABLE_AFTER  32           // as drivers.table_after is preset,
#define TABLE_OCTETS (256u << 20) // and drivers.table_mib
#define STEPS        200          // over all keys, until tables stay where they are
#define ROUNDS       64           // over all signatures, by which keys are ranked

// Signatures of one algorithm and size by so many keys.
struct load {
	enum wv_alg alg;
	unsigned keys, n;
	struct maker *maker;
	struct wv_verify_key *key;
	bool *used;
	struct maker_signature *signature;
	struct wv_verify_job *job;
	unsigned reference_n; // of the jobs, evenly spread
};

static const struct wv_verify_driver *reference(unsigned *slot)
{
	unsigned n;
	const struct wv_verify_driver *const *drivers = wv_app_cryptos(&n);

	*slot = n - 1;
	return drivers[n - 1];
}

// ---- the load ----

// Places in a list by Zipf's law: the k-th is taken with a probability of 1 / k.
static unsigned zipf(const double *sums, unsigned n, struct maker_stream *r)
{
	double x = (double)(maker_next(r) >> 11) / (double)(UINT64_C(1) << 53) * sums[n - 1];
	unsigned low = 0, high = n - 1;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (sums[middle] > x)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool keys_draw(const struct load *l, uint64_t seed, unsigned *drawn)
{
	double *sums = malloc(l->keys * sizeof(*sums)), sum = 0;
	struct maker_stream r;

	if (sums == NULL)
		return false;
	for (unsigned i = 0; i < l->keys; i++) {
		sum += 1.0 / (i + 1);
		sums[i] = sum;
	}
	maker_stream_init(&r, seed, 'd', l->keys, 0);
	for (unsigned i = 0; i < l->n; i++)
		drawn[i] = l->keys >= CRYPTO_ZIPF_FROM ? zipf(sums, l->keys, &r)
						       : maker_below(&r, l->keys);
	free(sums);
	return true;
}

static bool key_use(struct load *l, unsigned i)
{
	const struct maker_key *made = maker_key_get(l->maker, i);

	if (l->used[i])
		return true;
	if (made == NULL
		|| !wv_verify_key_init(&l->key[i], l->alg, made->public_key, made->public_len))
		return false;
	wv_verify_key_keep(&l->key[i]);
	l->used[i] = true;
	return true;
}

static bool jobs_make(struct load *l, uint64_t seed)
{
	unsigned *drawn = malloc(l->n * sizeof(*drawn));
	bool ok = drawn != NULL && keys_draw(l, seed, drawn);

	for (unsigned i = 0; ok && i < l->n; i++) {
		struct maker_signature *s = &l->signature[i];

		ok = key_use(l, drawn[i]) && maker_sign(l->maker, drawn[i], i, s);
		l->job[i] = (struct wv_verify_job){
			&l->key[drawn[i]], s->data, s->data_len, s->signature, s->signature_len};
	}
	free(drawn);
	return ok;
}

static void load_fini(struct load *l)
{
	for (unsigned i = 0; l->used != NULL && i < l->keys; i++) {
		if (l->used[i])
			wv_verify_key_fini(&l->key[i]);
	}
	maker_destroy(l->maker);
	free(l->key);
	free(l->used);
	free(l->signature);
	free(l->job);
}

static int load_init(struct load *l, const struct crypto_params *params, enum wv_alg alg,
	unsigned bits, unsigned keys, struct wv_err *err)
{
	const struct maker_params maker = {.alg = alg, .bits = bits, .seed = params->seed};

	*l = (struct load){.alg = alg, .keys = keys, .n = params->signatures};
	l->maker = maker_create(&maker);
	l->key = calloc(keys, sizeof(l->key[0]));
	l->used = calloc(keys, sizeof(l->used[0]));
	l->signature = calloc(l->n, sizeof(l->signature[0]));
	l->job = calloc(l->n, sizeof(l->job[0]));
	if (l->maker != NULL && l->key != NULL && l->used != NULL && l->signature != NULL
		&& l->job != NULL && jobs_make(l, params->seed))
		return 0;
	load_fini(l);
	return wv_fail(err, ENOMEM, "%u signatures of %s by %u keys cannot be made",
		params->signatures, wv_verify_alg_name(alg), keys);
}

// ---- running ----

// Jobs in groups. False: some right signature was found to be wrong.
static bool driver_run(const struct load *l, unsigned from, unsigned to, uint64_t *cycles)
{
	unsigned group = wv_verify_group(l->alg);
	uint64_t begin = __builtin_ia32_rdtsc();
	bool ok[WV_VERIFY_MAX], all = true;

	for (unsigned i = from; i < to; i += group) {
		unsigned some = to - i < group ? to - i : group;

		wv_verify_batch(l->alg, l->job + i, some, ok);
		for (unsigned k = 0; k < some; k++)
			all &= ok[k];
	}
	*cycles += __builtin_ia32_rdtsc() - begin;
	return all;
}

// The `from`-th to the `to`-th of those that the reference checks.
static bool reference_run(const struct load *l, unsigned from, unsigned to, uint64_t *cycles)
{
	unsigned slot;
	wv_verify_run_fn run = reference(&slot)->algo[l->alg].run;
	uint64_t begin = __builtin_ia32_rdtsc();
	enum wv_verify_answer answer;
	bool all = true;

	for (unsigned i = from; i < to; i++) {
		run(&l->job[(uint64_t)i * l->n / l->reference_n], 1, slot, &answer);
		all &= answer == WV_VERIFY_GOOD;
	}
	*cycles += __builtin_ia32_rdtsc() - begin;
	return all;
}

// So many that they take REFERENCE_MS.
static bool reference_size(struct load *l)
{
	unsigned tried = l->n < REFERENCE_N ? l->n : REFERENCE_N;
	uint64_t cycles = 0;
	double n;
	bool ok;

	l->reference_n = tried;
	ok = reference_run(l, 0, tried, &cycles); // makes contexts
	cycles = 0;
	ok = ok && reference_run(l, 0, tried, &cycles);
	n = (double)bench_tsc_hz() / 1000 * REFERENCE_MS / ((double)cycles / tried);
	l->reference_n = n > l->n ? l->n : n < tried ? tried : (unsigned)n;
	cycles = 0;
	return ok && reference_run(l, 0, l->reference_n, &cycles);
}

// The first of slice `i`; the one after all is n. Of groups, but for the last.
static unsigned slice(unsigned n, unsigned i, unsigned group)
{
	return i < SLICES ? (unsigned)((uint64_t)n * i / SLICES) / group * group : n;
}

static long switches(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

typedef bool (*slice_fn)(const struct load *l, unsigned from, unsigned to, uint64_t *cycles);

// Cycles, and signatures that were checked in them.
struct tally {
	uint64_t cycles, n;
};

/*
 * Again where others took the core meanwhile, some times; then it is left out, but for the first one
 * of a tally. False: a wrong answer.
 */
static bool slice_run(
	slice_fn run, const struct load *l, unsigned from, unsigned to, struct tally *t)
{
	bool ok = true, kept = false;
	uint64_t cycles = 0;

	for (unsigned i = 0; ok && !kept && i < TRIES; i++) {
		long before = switches();

		cycles = 0;
		ok = run(l, from, to, &cycles);
		kept = switches() == before;
	}
	if (kept || t->n == 0) {
		t->cycles += cycles;
		t->n += to - from;
	}
	return ok;
}

static int load_run(const struct load *l, const struct crypto_params *params,
	struct crypto_result *result, struct wv_err *err)
{
	double rate[BENCH_RUNS_MAX], beside[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX];
	double hz = (double)bench_tsc_hz();
	unsigned group = wv_verify_group(l->alg);
	uint64_t cycles = 0;
	bool ok = driver_run(l, 0, l->n, &cycles); // touches all memory

	for (unsigned r = 0; ok && r < params->runs; r++) {
		struct tally mine = {0}, other = {0};

		for (unsigned s = 0; ok && s < SLICES; s++)
			ok = slice_run(driver_run, l, slice(l->n, s, group),
				     slice(l->n, s + 1, group), &mine)
				&& slice_run(reference_run, l, slice(l->reference_n, s, 1),
					slice(l->reference_n, s + 1, 1), &other);
		rate[r] = (double)mine.n * hz / (double)mine.cycles;
		beside[r] = (double)other.n * hz / (double)other.cycles;
		ratio[r] = rate[r] / beside[r];
	}
	if (!ok)
		return wv_fail(err, EPROTO, "%s: want all signatures right, found some wrong",
			wv_verify_alg_name(l->alg));
	result->per_second = bench_median(rate, params->runs);
	result->reference_per_second = bench_median(beside, params->runs);
	result->ratio = bench_median(ratio, params->runs);
	result->spread = (ratio[params->runs - 1] - ratio[0]) / result->ratio;
	return 0;
}

// ---- tables ----

static bool driver_has_tables(enum wv_alg alg)
{
	unsigned n;
	const struct wv_verify_driver *const *drivers = wv_app_cryptos(&n);

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(drivers[i]->name, wv_verify_driver_name(alg)) == 0)
			return drivers[i]->algo[alg].table_octets != NULL;
	}
	return false;
}

/*
 * As the appliance comes to them: by use, under the preset bound, after so many rounds over all
 * signatures. The first step over the keys only learns their ranks.
 */
static void tables_make(const struct load *l, struct crypto_result *result)
{
	static const struct wv_verify_tables_settings settings = {TABLE_AFTER, TABLE_OCTETS};
	unsigned tabled = 0;

	wv_verify_tables_init(&settings, NULL, NULL);
	for (unsigned i = 0; i < l->keys; i++)
		atomic_store(&l->key[i].use.checks, 0);
	for (unsigned i = 0; i < l->n; i++)
		atomic_fetch_add(&l->key[l->job[i].key - l->key].use.checks, ROUNDS);
	wv_verify_tables_step(l->keys, 0, 0);
	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t built = wv_verify_tables_count()->built;

		wv_verify_tables_step(l->keys, l->keys, 0);
		if (i > 0 && wv_verify_tables_count()->built == built)
			break;
	}
	for (unsigned i = 0; i < l->n; i++)
		tabled += atomic_load(&l->job[i].key->table) != NULL;
	result->tabled = (double)tabled / l->n;
	result->table_octets = wv_verify_tables_count()->octets;
}

// ---- all ----

struct results {
	struct crypto_result list[RESULTS_MAX];
	unsigned n;
};

static int one_run(const struct load *l, const struct crypto_params *params, unsigned bits,
	bool tables, struct results *all, struct wv_err *err)
{
	bool has = driver_has_tables(l->alg);
	struct crypto_result r = {
		.alg = l->alg,
		.bits = bits,
		.keys = l->keys,
		.tables = tables,
		.first_seen = has && !tables,
		.group = wv_verify_group(l->alg),
		.signatures = l->n,
		.reference_signatures = l->reference_n,
	};
	int rc;

	if (tables)
		tables_make(l, &r);
	rc = load_run(l, params, &r, err);
	if (rc < 0)
		return rc;
	if (!params->json)
		crypto_line_print(&r);
	if (all->n < RESULTS_MAX)
		all->list[all->n++] = r;
	return 0;
}

static int keys_run(const struct crypto_params *params, enum wv_alg alg, unsigned bits,
	unsigned keys, struct results *all, struct wv_err *err)
{
	struct load l;
	int rc = load_init(&l, params, alg, bits, keys, err);

	if (rc < 0)
		return rc;
	if (!reference_size(&l))
		rc = wv_fail(err, EPROTO, "%s: the reference finds right signatures wrong",
			wv_verify_alg_name(alg));
	if (rc == 0)
		rc = one_run(&l, params, bits, false, all, err);
	if (rc == 0 && driver_has_tables(alg))
		rc = one_run(&l, params, bits, true, all, err);
	load_fini(&l);
	return rc;
}

unsigned crypto_sizes(const struct crypto_params *params, enum wv_alg alg, const unsigned **bits)
{
	static const unsigned fields[WV_ALG_COUNT] = {
		[WV_ALG_P256] = 256,
		[WV_ALG_P384] = 384,
		[WV_ALG_ED25519] = 255,
		[WV_ALG_ED448] = 448,
	};
	bool rsa = fields[alg] == 0;

	*bits = rsa ? params->bits : &fields[alg];
	return !params->algorithms[alg] ? 0 : rsa ? params->n_bits : 1;
}

static int measure(const struct crypto_params *params, struct wv_err *err)
{
	struct results *all = calloc(1, sizeof(*all));
	int rc = 0;

	if (all == NULL)
		return wv_fail(err, ENOMEM, "no memory for results");
	if (!params->json)
		crypto_head_print(params);
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		const unsigned *bits;
		unsigned n = crypto_sizes(params, (enum wv_alg)a, &bits);

		for (unsigned b = 0; rc == 0 && b < n; b++) {
			for (unsigned k = 0; rc == 0 && k < params->n_keys; k++)
				rc = keys_run(
					params, (enum wv_alg)a, bits[b], params->keys[k], all, err);
		}
	}
	if (rc == 0)
		rc = params->json ? crypto_json(params, all->list, all->n, err)
				  : crypto_foot_print(err);
	free(all);
	return rc;
}

// ---- files of signatures ----

static enum bench_status vectors_run(const struct crypto_params *params, struct wv_err *err)
{
	struct vectors_counts counts = {0};
	struct vectors v;
	struct panel p;
	unsigned n;
	const struct wv_verify_driver *const *drivers = wv_app_cryptos(&n);
	int rc = vectors_read(&v, params->vectors, err);

	if (rc < 0)
		return rc == -ENOMEM ? BENCH_FAILED : BENCH_USAGE;
	rc = panel_open(
		&p, drivers, n, strcmp(params->driver, "auto") != 0 ? params->driver : NULL, err);
	if (rc == 0) {
		rc = vectors_judge(&p, &v, &counts, stdout, err);
		panel_close(&p);
	}
	vectors_free(&v);
	if (rc < 0)
		return BENCH_FAILED;
	printf("%u passed, %u failed\n", counts.passed, counts.failed);
	if (output_end(stdout, true, err) < 0)
		return BENCH_FAILED;
	if (counts.failed == 0)
		return BENCH_OK;
	wv_fail(err, EPROTO, "%s: want all drivers to agree, %u lines failed", params->vectors,
		counts.failed);
	return BENCH_FAILED;
}

enum bench_status crypto_run(const struct crypto_params *params, struct wv_err *err)
{
	enum bench_status status = BENCH_FAILED;
	int rc = wv_app_drivers_init(params->driver, "auto", err);

	if (rc == 0)
		rc = wv_app_thread_init(err);
	if (rc < 0)
		return rc == -ENOENT ? BENCH_USAGE : BENCH_FAILED;
	if (wv_verify_note()[0] != '\0')
		fprintf(stderr, "wirevet-bench: %s\n", wv_verify_note());
	if (params->vectors != NULL)
		status = vectors_run(params, err);
	else if (params->trials > 0)
		status = crypto_trials_run(params, err);
	else
		status = measure(params, err) == 0 ? BENCH_OK : BENCH_FAILED;
	wv_app_thread_fini();
	return status;
}
