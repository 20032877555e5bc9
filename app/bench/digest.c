// wirevet-bench digest: each hash driver beside OpenSSL, in turn.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "wv_app.h"

#include "digest_bench.h"
#include "output.h"

#define SLOT     4096   // octets for a message; they do not lie side by side in a worker either
#define PIECE    200000 // cycles of one timed piece, about
#define PIECES   3      // of one run; the fastest counts, for others run on this core, too
#define ENTRANTS 6

// Who hashes a load.
struct entrant {
	const char *name;
	void (*run)(const struct entrant *e, const struct digest_load *load);
	wv_digest_run_fn digests;
};

struct bench {
	const struct digest_params *params;
	struct digest_report *report;
	const struct wv_digest_driver *const *drivers;
	unsigned n_drivers;
	uint8_t *octets; // DIGEST_BATCH_MAX slots
	uint8_t digests[DIGEST_BATCH_MAX][WV_DIGEST_MAX];
	uint8_t hashes[DIGEST_BATCH_MAX][WV_NSEC3_HASH_LEN];
	uint64_t random;
	struct wv_err *err;
};

static EVP_MD_CTX *evp_context;
static EVP_MD *evp_md[WV_HASH_COUNT];

// ---- entrants ----

// The context and the algorithm are kept.
static void evp_digests(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		EVP_DigestInit_ex(evp_context, evp_md[hash], NULL);
		EVP_DigestUpdate(evp_context, jobs[i].data, jobs[i].len);
		EVP_DigestFinal_ex(evp_context, jobs[i].out, NULL);
	}
}

static void run_digests(const struct entrant *e, const struct digest_load *load)
{
	e->digests(load->hash, load->jobs, load->n);
}

static void sha1(const uint8_t *data, size_t len, uint8_t *out)
{
	SHA_CTX context;

	SHA1_Init(&context);
	SHA1_Update(&context, data, len);
	SHA1_Final(out, &context);
}

// One name after the other, by OpenSSL's function for the SHA extensions; not by EVP, which is slower.
static void run_names_alone(const struct entrant *e, const struct digest_load *load)
{
	const struct wv_digest_nsec3 *p = &load->nsec3;
	uint8_t first[2 * UINT8_MAX], later[WV_NSEC3_HASH_LEN + UINT8_MAX];

	(void)e;
	memcpy(later + WV_NSEC3_HASH_LEN, p->salt, p->salt_len);
	for (unsigned i = 0; i < load->n; i++) {
		memcpy(first, load->names[i].octets, load->names[i].len);
		memcpy(first + load->names[i].len, p->salt, p->salt_len);
		sha1(first, (size_t)load->names[i].len + p->salt_len, later);
		for (unsigned k = 0; k < p->iterations; k++)
			sha1(later, (size_t)WV_NSEC3_HASH_LEN + p->salt_len, later);
		memcpy(load->out[i], later, WV_NSEC3_HASH_LEN);
	}
}

static void run_names(const struct entrant *e, const struct digest_load *load)
{
	(void)e;
	wv_digest_nsec3(load->names, load->n, load->nsec3.salt, load->nsec3.salt_len,
		load->nsec3.iterations, load->out);
}

// Those in use are started on this thread; a driver that failed at start is not.
static bool is_ready(const struct wv_digest_driver *d, enum wv_hash hash)
{
	if (d->run[hash] == NULL || (d->usable != NULL && !d->usable()))
		return false;
	return d->thread_init == NULL || strcmp(wv_digest_driver_name(hash), d->name) == 0;
}

// The first is the reference.
static unsigned digest_entrants(
	const struct bench *b, enum wv_hash hash, struct entrant list[ENTRANTS])
{
	const char *driver = b->params->driver;
	unsigned n = 0;

	list[n++] = (struct entrant){"evp", run_digests, evp_digests};
	for (unsigned i = 0; driver == NULL && i < b->n_drivers && n < ENTRANTS - 1; i++) {
		if (is_ready(b->drivers[i], hash))
			list[n++] = (struct entrant){
				b->drivers[i]->name, run_digests, b->drivers[i]->run[hash]};
	}
	list[n++] =
		(struct entrant){driver != NULL ? driver : "auto", run_digests, wv_digest_batch};
	return n;
}

static unsigned name_entrants(const struct bench *b, struct entrant list[ENTRANTS])
{
	const char *driver = b->params->driver;

	list[0] = (struct entrant){"openssl", run_names_alone, NULL};
	list[1] = (struct entrant){driver != NULL ? driver : "auto", run_names, NULL};
	return 2;
}

// ---- loads ----

static unsigned below(struct bench *b, unsigned n)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(b->random >> 33) % n;
}

static void load_set(struct bench *b, struct digest_load *load)
{
	load->out = b->hashes;
	load->nsec3.salt = b->octets;
	for (unsigned i = 0; i < load->n; i++) {
		unsigned len = load->octets_min + below(b, load->octets_max - load->octets_min + 1);
		// Not all in the same sets of the cache.
		const uint8_t *data = b->octets + (size_t)i * SLOT + i % 8 * 128 + 64;

		load->jobs[i] = (struct wv_digest_job){data, len, b->digests[i]};
		if (load->is_nsec3)
			load->names[i] = (struct wv_digest_name){data, (uint8_t)len};
	}
}

// ---- measuring ----

static void outputs_clear(struct bench *b)
{
	memset(b->digests, 0, sizeof(b->digests));
	memset(b->hashes, 0, sizeof(b->hashes));
}

// All entrants must give what the reference gives.
static int entrants_check(
	struct bench *b, const struct digest_load *load, const struct entrant list[], unsigned n)
{
	uint8_t digests[DIGEST_BATCH_MAX][WV_DIGEST_MAX],
		hashes[DIGEST_BATCH_MAX][WV_NSEC3_HASH_LEN];

	outputs_clear(b);
	list[0].run(&list[0], load);
	memcpy(digests, b->digests, sizeof(digests));
	memcpy(hashes, b->hashes, sizeof(hashes));
	for (unsigned i = 1; i < n; i++) {
		outputs_clear(b);
		list[i].run(&list[i], load);
		if (memcmp(digests, b->digests, sizeof(digests)) != 0
			|| memcmp(hashes, b->hashes, sizeof(hashes)) != 0)
			return wv_fail(b->err, EPROTO, "driver %s: %s of %u messages is wrong",
				list[i].name, wv_digest_name(load->hash), load->n);
	}
	return 0;
}

static double cycles_of(const struct entrant *e, const struct digest_load *load, unsigned repeat)
{
	uint64_t begin = __builtin_ia32_rdtsc();

	for (unsigned i = 0; i < repeat; i++)
		e->run(e, load);
	return (double)(__builtin_ia32_rdtsc() - begin) / repeat / load->n;
}

// How often the reference must do it for a piece that can be timed.
static unsigned repeat_of(const struct entrant *e, const struct digest_load *load)
{
	double cycles = UINT32_MAX;

	for (unsigned i = 0; i < PIECES; i++) {
		double now = cycles_of(e, load, 1);

		cycles = now < cycles ? now : cycles;
	}
	return 1 + (unsigned)(PIECE / (cycles * load->n));
}

struct times {
	double cycles[ENTRANTS], ratio[ENTRANTS], spread[ENTRANTS]; // medians
};

static void run_measure(const struct digest_load *load, const struct entrant list[], unsigned n,
	unsigned repeat, double cycles[ENTRANTS])
{
	for (unsigned i = 0; i < n * PIECES; i++) {
		double now = cycles_of(&list[i % n], load, repeat);

		if (i < n || now < cycles[i % n])
			cycles[i % n] = now;
	}
}

// All in turn, so that what else the machine does hits all alike.
static void entrants_measure(const struct bench *b, const struct digest_load *load,
	const struct entrant list[], unsigned n, struct times *times)
{
	static double cycles[ENTRANTS][BENCH_RUNS_MAX], ratio[ENTRANTS][BENCH_RUNS_MAX];
	unsigned runs = b->params->runs, repeat = repeat_of(&list[0], load);

	for (unsigned r = 0; r < runs; r++) {
		double now[ENTRANTS];

		run_measure(load, list, n, repeat, now);
		for (unsigned i = 0; i < n; i++) {
			cycles[i][r] = now[i];
			ratio[i][r] = now[0] / now[i];
		}
	}
	for (unsigned i = 0; i < n; i++) {
		times->cycles[i] = bench_median(cycles[i], runs);
		times->ratio[i] = bench_median(ratio[i], runs);
		times->spread[i] = (ratio[i][runs - 1] - ratio[i][0]) / times->ratio[i];
	}
}

static int rows_measure(
	struct bench *b, const struct digest_load *load, const struct entrant list[], unsigned n)
{
	struct times times;
	int rc = entrants_check(b, load, list, n);

	if (rc < 0)
		return rc;
	entrants_measure(b, load, list, n, &times);
	for (unsigned i = 1; i < n; i++) {
		const struct digest_row row = {load, list[i].name, times.cycles[i], times.cycles[0],
			times.ratio[i], times.spread[i]};

		digest_report_row(b->report, &row);
	}
	return 0;
}

static int digests_measure(struct bench *b)
{
	static const unsigned octets[][2] = {
		{40, 40}, {100, 100}, {150, 150}, {300, 300}, {600, 600}, {1200, 1200}, {150, 600}};
	static const unsigned batch[] = {1, 8, 16, 32, 64, 128};
	struct entrant list[ENTRANTS];
	struct digest_load load;
	int rc = 0;

	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		unsigned n = digest_entrants(b, (enum wv_hash)h, list);

		for (unsigned i = 0; i < WV_COUNT(octets) * WV_COUNT(batch) && rc == 0; i++) {
			const unsigned *range = octets[i / WV_COUNT(batch)];

			load = (struct digest_load){.hash = (enum wv_hash)h,
				.octets_min = range[0],
				.octets_max = range[1],
				.n = batch[i % WV_COUNT(batch)]};
			load_set(b, &load);
			rc = rows_measure(b, &load, list, n);
		}
	}
	return rc;
}

static int names_measure(struct bench *b)
{
	static const uint16_t iterations[] = {0, 1, 10, 50, 150};
	static const unsigned batch[] = {1, 2, 3, 4, 8, 16, 32, 128};
	static const uint8_t salt[] = {0, 8, 64};
	struct entrant list[ENTRANTS];
	unsigned n = name_entrants(b, list);
	int rc = 0;

	for (unsigned s = 0; s < WV_COUNT(salt); s++) {
		for (unsigned i = 0; i < WV_COUNT(iterations) * WV_COUNT(batch) && rc == 0; i++) {
			struct digest_load load = {.hash = WV_HASH_SHA1,
				.octets_min = 15,
				.octets_max = 40,
				.n = batch[i % WV_COUNT(batch)],
				.is_nsec3 = true,
				.nsec3 = {NULL, salt[s], iterations[i / WV_COUNT(batch)]}};

			load_set(b, &load);
			rc = rows_measure(b, &load, list, n);
		}
	}
	return rc;
}

// ---- from how many messages on a driver is worth it ----

// Two drivers; the ratio is how much faster the second is.
static void pair_measure(struct bench *b, const struct entrant pair[2], enum wv_hash hash,
	unsigned octets, unsigned n, struct times *times)
{
	struct digest_load load = {
		.hash = hash, .octets_min = octets, .octets_max = octets, .n = n};

	load_set(b, &load);
	entrants_measure(b, &load, pair, 2, times);
}

/*
 * The least batch from which on all that were tried are faster: each number up to one round of
 * lanes, then whole rounds.
 */
static void worth_measure(
	struct bench *b, const struct entrant pair[2], unsigned lanes, struct digest_worth *w)
{
	w->least = UINT32_MAX;
	for (unsigned n = DIGEST_BATCH_MAX; n > 0; n = n > lanes ? n / 2 : n - 1) {
		struct times times;

		pair_measure(b, pair, w->hash, w->octets, n, &times);
		if (times.ratio[1] < 1)
			break;
		w->least = n;
		w->spread = times.spread[1];
	}
}

// Each row of a driver's table at its length; the last, at some.
static void worths_of(struct bench *b, const struct wv_digest_driver *d, enum wv_hash hash)
{
	static const unsigned octets[] = {111, 119, 183, 247, 375, 600, 1200, 2400};
	// The list ends with the driver that takes what others do not.
	const struct wv_digest_driver *rest = b->drivers[b->n_drivers - 1];
	const struct wv_digest_worth *row = d->worth[hash];
	const struct entrant pair[] = {
		{rest->name, run_digests, rest->run[hash]}, {d->name, run_digests, d->run[hash]}};

	for (unsigned i = 0; i < WV_COUNT(octets); i++) {
		struct digest_worth w = {
			.hash = hash, .octets = octets[i], .driver = d->name, .beside = rest->name};

		while (octets[i] > row->len)
			row++;
		w.table = row->least;
		worth_measure(b, pair, d->lanes[hash], &w);
		digest_report_worth(b->report, &w);
	}
}

static void worths_measure(struct bench *b)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		for (unsigned i = 0; i < b->n_drivers; i++) {
			const struct wv_digest_driver *d = b->drivers[i];

			if (d->worth[h] != NULL && is_ready(d, (enum wv_hash)h))
				worths_of(b, d, (enum wv_hash)h);
		}
	}
}

// ---- life ----

static int bench_measure(struct bench *b)
{
	int rc = digests_measure(b);

	if (rc == 0)
		rc = names_measure(b);
	if (rc == 0 && b->params->driver == NULL)
		worths_measure(b);
	return rc;
}

static int evp_init(struct wv_err *err)
{
	static const char *const names[] = {"SHA1", "SHA256", "SHA384", "SHA512"};

	evp_context = EVP_MD_CTX_new();
	if (evp_context == NULL)
		return wv_fail(err, ENOMEM, "OpenSSL has no context for digests");
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		evp_md[h] = EVP_MD_fetch(NULL, names[h], NULL);
		if (evp_md[h] == NULL)
			return wv_fail(err, EIO, "OpenSSL has no %s", names[h]);
	}
	return 0;
}

static void evp_fini(void)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++)
		EVP_MD_free(evp_md[h]);
	EVP_MD_CTX_free(evp_context);
}

static int drivers_init(struct bench *b)
{
	int rc = wv_digest_init(b->drivers, b->n_drivers, b->params->driver, b->err);

	if (rc == 0 && wv_digest_note()[0] != '\0')
		fprintf(stderr, "wirevet-bench: %s\n", wv_digest_note());
	return rc == 0 ? wv_digest_thread_init(b->err) : rc;
}

// Messages and a report.
static int bench_init(struct bench *b)
{
	b->octets = malloc((size_t)DIGEST_BATCH_MAX * SLOT);
	b->report = b->octets != NULL ? digest_report_open(b->params, stdout) : NULL;
	if (b->report == NULL)
		return wv_fail(b->err, ENOMEM, "no memory for messages");
	for (size_t i = 0; i < (size_t)DIGEST_BATCH_MAX * SLOT; i++)
		b->octets[i] = (uint8_t)below(b, 256);
	return 0;
}

static int bench_run(struct bench *b)
{
	int rc = bench_init(b), written;

	if (rc < 0)
		return rc;
	rc = bench_measure(b);
	written = digest_report_close(b->report, rc == 0 ? b->err : NULL);
	return rc < 0 ? rc : written;
}

enum bench_status digest_run(const struct digest_params *params, struct wv_err *err)
{
	static struct bench b;
	int rc = evp_init(err);

	b = (struct bench){.params = params, .random = params->seed, .err = err};
	b.drivers = wv_app_hashes(&b.n_drivers);
	if (rc == 0)
		rc = drivers_init(&b);
	if (rc == 0) {
		rc = bench_run(&b);
		wv_digest_thread_fini();
	}
	free(b.octets);
	evp_fini();
	if (rc == 0)
		return BENCH_OK;
	return rc == -ENOENT || rc == -ENOTSUP ? BENCH_USAGE : BENCH_FAILED; // no such driver
}
