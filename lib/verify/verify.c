#include "verify.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum wv_hash hash;
	uint16_t bits; // of the field; 0: RSA
	uint16_t public_len;
} algorithms[] = {
	[WV_ALG_RSASHA1] = {"RSASHA1", WV_HASH_SHA1, 0, 0},
	[WV_ALG_RSASHA256] = {"RSASHA256", WV_HASH_SHA256, 0, 0},
	[WV_ALG_RSASHA512] = {"RSASHA512", WV_HASH_SHA512, 0, 0},
	[WV_ALG_P256] = {"ECDSAP256SHA256", WV_HASH_SHA256, 256, 64},
	[WV_ALG_P384] = {"ECDSAP384SHA384", WV_HASH_SHA384, 384, 96},
	[WV_ALG_ED25519] = {"ED25519", WV_HASH_COUNT, 255, 32},
	[WV_ALG_ED448] = {"ED448", WV_HASH_COUNT, 448, 57},
};
static_assert(WV_COUNT(algorithms) == WV_ALG_COUNT, "an algorithm without a row");

// Written by wv_verify_init() alone, before other threads read it.
static struct {
	struct choice {
		const struct wv_verify_driver *driver; // NULL: none
		unsigned slot;                         // its index in the list of drivers
	} chosen[WV_ALG_COUNT], reference[WV_ALG_COUNT];
	struct wv_err note;
} state;

enum wv_alg wv_verify_alg(uint8_t number)
{
	switch (number) {
	case 5:
	case 7:
		return WV_ALG_RSASHA1;
	case 8:
		return WV_ALG_RSASHA256;
	case 10:
		return WV_ALG_RSASHA512;
	case 13:
		return WV_ALG_P256;
	case 14:
		return WV_ALG_P384;
	case 15:
		return WV_ALG_ED25519;
	case 16:
		return WV_ALG_ED448;
	default:
		return WV_ALG_COUNT;
	}
}

const char *wv_verify_alg_name(enum wv_alg alg)
{
	assert(alg < WV_ALG_COUNT);
	return algorithms[alg].name;
}

enum wv_hash wv_verify_hash(enum wv_alg alg)
{
	assert(alg < WV_ALG_COUNT);
	return algorithms[alg].hash;
}

static const struct wv_verify_algorithm *algorithm_of(enum wv_alg alg)
{
	assert(alg < WV_ALG_COUNT && state.chosen[alg].driver != NULL);
	return &state.chosen[alg].driver->algo[alg];
}

static const struct wv_verify_driver *find(
	const struct wv_verify_driver *const drivers[], unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

static int unknown(const struct wv_verify_driver *const drivers[], unsigned n, const char *name,
	struct wv_err *err)
{
	struct wv_err known = {""};

	for (unsigned i = 0; i < n; i++)
		wv_err_add(&known, ", %s", drivers[i]->name);
	return wv_fail(err, ENOENT, "crypto driver: want auto%s, not %s", known.text, name);
}

static const char *separator(void)
{
	return state.note.text[0] != '\0' ? "; " : "";
}

/*
 * Give a driver the algorithms that have none yet and that it gets right. The last in the list decides
 * what the others pass on, also where another was forced.
 */
static void offer(const struct wv_verify_driver *d, unsigned slot, bool choose, bool last)
{
	struct wv_err why;

	if (d->init != NULL && d->init(&why) < 0) {
		wv_err_add(&state.note, "%s%s: %s", separator(), d->name, why.text);
		return;
	}
	if (d->thread_init != NULL && d->thread_init(&why) < 0) {
		wv_err_add(&state.note, "%s%s: %s", separator(), d->name, why.text);
		return;
	}
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		bool wanted = (choose && state.chosen[a].driver == NULL) || last;

		if (d->algo[a].run == NULL || !wanted)
			continue;
		if (!wv_verify_self_test(&d->algo[a], (enum wv_alg)a, slot)) {
			wv_err_add(&state.note, "%s%s: wrong answers for %s", separator(), d->name,
				algorithms[a].name);
			continue;
		}
		if (choose && state.chosen[a].driver == NULL)
			state.chosen[a] = (struct choice){d, slot};
		if (last)
			state.reference[a] = (struct choice){d, slot};
	}
	if (d->thread_fini != NULL)
		d->thread_fini();
}

int wv_verify_init(const struct wv_verify_driver *const drivers[], unsigned n, const char *forced,
	struct wv_err *err)
{
	const struct wv_verify_driver *only = NULL;

	assert(n <= WV_VERIFY_DRIVERS);
	memset(&state, 0, sizeof(state));
	if (forced != NULL && strcmp(forced, "auto") != 0) {
		only = find(drivers, n, forced);
		if (only == NULL)
			return unknown(drivers, n, forced, err);
		if (only->usable != NULL && !only->usable())
			return wv_fail(
				err, ENOTSUP, "crypto driver %s: this CPU cannot run it", forced);
	}
	for (unsigned i = 0; i < n; i++) {
		bool choose = only == NULL || drivers[i] == only;
		bool last = i == n - 1;

		if ((choose || last) && (drivers[i]->usable == NULL || drivers[i]->usable()))
			offer(drivers[i], i, choose, last);
	}
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		if (state.chosen[a].driver == NULL)
			return wv_fail(err, EIO, "crypto driver: want one for %s, found none%s%s",
				algorithms[a].name, state.note.text[0] != '\0' ? ": " : "",
				state.note.text);
	}
	return 0;
}

const char *wv_verify_note(void)
{
	return state.note.text;
}

// The drivers in use, each once: those chosen, and the reference.
static unsigned drivers_used(const struct wv_verify_driver *used[WV_VERIFY_DRIVERS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2 * WV_ALG_COUNT; i++) {
		const struct choice *c =
			i < WV_ALG_COUNT ? &state.chosen[i] : &state.reference[i - WV_ALG_COUNT];
		unsigned at = 0;

		while (at < n && used[at] != c->driver)
			at++;
		if (at == n && c->driver != NULL)
			used[n++] = c->driver;
	}
	return n;
}

static void drivers_leave(const struct wv_verify_driver *const used[], unsigned n)
{
	while (n-- > 0) {
		if (used[n]->thread_fini != NULL)
			used[n]->thread_fini();
	}
}

int wv_verify_thread_init(struct wv_err *err)
{
	const struct wv_verify_driver *used[WV_VERIFY_DRIVERS] = {NULL};
	unsigned n = drivers_used(used);

	for (unsigned i = 0; i < n; i++) {
		int rc = used[i]->thread_init != NULL ? used[i]->thread_init(err) : 0;

		if (rc < 0) {
			drivers_leave(used, i);
			return rc;
		}
	}
	return 0;
}

void wv_verify_thread_fini(void)
{
	const struct wv_verify_driver *used[WV_VERIFY_DRIVERS] = {NULL};

	drivers_leave(used, drivers_used(used));
}

bool wv_verify_key_read(
	struct wv_verify_key *key, enum wv_alg alg, const uint8_t *public_key, size_t len)
{
	struct wv_verify_rsa rsa;

	assert(alg < WV_ALG_COUNT);
	memset(key, 0, sizeof(*key));
	if (len > UINT16_MAX)
		return false;
	key->alg = alg;
	key->bits = algorithms[alg].bits;
	key->public_key = public_key;
	key->public_len = (uint16_t)len;
	if (algorithms[alg].bits > 0) {
		key->queue = (uint8_t)(WV_VERIFY_CLASSES * WV_ALG_P256 + alg - WV_ALG_P256);
		return len == algorithms[alg].public_len;
	}
	if (!wv_verify_rsa_read(&rsa, public_key, len))
		return false;
	key->bits = rsa.bits;
	key->queue = (uint8_t)(WV_VERIFY_CLASSES * alg + wv_verify_rsa_class(rsa.bits));
	return true;
}

uint32_t wv_verify_weight(uint64_t ns)
{
	uint64_t one = algorithm_of(WV_ALG_P256)->cost_ns;
	uint64_t weight = (WV_VERIFY_WEIGHT_ONE * ns + one / 2) / (one > 0 ? one : 1);

	return weight < UINT32_MAX / 2 ? (uint32_t)weight : UINT32_MAX / 2;
}

// Of a check by this key, alone.
static uint64_t key_cost_ns(const struct wv_verify_key *key)
{
	const struct wv_verify_algorithm *algo = algorithm_of(key->alg);
	struct wv_verify_rsa rsa;

	if (algorithms[key->alg].bits > 0
		|| !wv_verify_rsa_read(&rsa, key->public_key, key->public_len))
		return algo->cost_ns;
	return algo->cost_ns
		+ ((uint64_t)algo->product_ns * rsa.bits * rsa.bits
				* wv_verify_rsa_products(rsa.exponent)
			>> 20);
}

#define SLOW_NS 100000

bool wv_verify_key_init(
	struct wv_verify_key *key, enum wv_alg alg, const uint8_t *public_key, size_t len)
{
	if (!wv_verify_key_read(key, alg, public_key, len))
		return false;
	key->weight = wv_verify_weight(key_cost_ns(key));
	key->weight += key->weight == 0;
	key->dear_alone = key_cost_ns(key) > SLOW_NS;
	return algorithm_of(alg)->key_init(key, state.chosen[alg].slot);
}

static void prepared_free(struct wv_verify_key *key, const struct choice *c)
{
	const struct wv_verify_algorithm *algo = &c->driver->algo[key->alg];

	if (algo->key_fini != NULL && atomic_load(&key->prepared[c->slot]) != NULL)
		algo->key_fini(key, c->slot);
	atomic_store(&key->prepared[c->slot], NULL);
}

void wv_verify_key_fini(struct wv_verify_key *key)
{
	wv_verify_key_release(key);
	prepared_free(key, &state.chosen[key->alg]);
	if (state.reference[key->alg].driver != NULL)
		prepared_free(key, &state.reference[key->alg]);
}

/*
 * What the reference needs of a key is made when a check by it is first passed on, by whoever comes
 * first. This and the counts are all that readers write in a key.
 */
static struct wv_verify_key *key_shared(const struct wv_verify_key *key)
{
	return (struct wv_verify_key *)(uintptr_t)key;
}

static bool reference_prepare(const struct wv_verify_key *key)
{
	const struct choice *c = &state.reference[key->alg];
	struct wv_verify_key made;
	void *none = NULL;

	if (atomic_load_explicit(&key->prepared[c->slot], memory_order_acquire) != NULL)
		return true;
	if (!wv_verify_key_read(&made, key->alg, key->public_key, key->public_len)
		|| !c->driver->algo[key->alg].key_init(&made, c->slot))
		return false;
	if (!atomic_compare_exchange_strong(&key_shared(key)->prepared[c->slot], &none,
		    atomic_load(&made.prepared[c->slot])))
		prepared_free(&made, c);
	return true;
}

void wv_verify_key_keep(struct wv_verify_key *key)
{
	if (state.chosen[key->alg].driver != state.reference[key->alg].driver)
		reference_prepare(key);
	wv_verify_key_enlist(key);
}

const struct wv_verify_algorithm *wv_verify_algorithm_of(enum wv_alg alg)
{
	return algorithm_of(alg);
}

// The calling thread's.
static _Thread_local struct {
	unsigned turn; // of the samples
	struct wv_verify_counts counts;
} mine;

const struct wv_verify_counts *wv_verify_count(void)
{
	return &mine.counts;
}

// Every SAMPLE-th check of a thread counts for as many: a count that cores share is dear to write.
#define SAMPLE 8

static void use_count(const struct wv_verify_job jobs[], unsigned n)
{
	for (unsigned i = (SAMPLE - 1 - mine.turn) % SAMPLE; i < n; i += SAMPLE)
		atomic_fetch_add_explicit(
			&key_shared(jobs[i].key)->use.checks, SAMPLE, memory_order_relaxed);
	mine.turn = (mine.turn + n) % SAMPLE;
}

static bool reference_check(const struct wv_verify_job *job)
{
	const struct choice *c = &state.reference[job->key->alg];
	enum wv_verify_answer answer = WV_VERIFY_BAD;

	if (c->driver == NULL || !reference_prepare(job->key))
		return false;
	c->driver->algo[job->key->alg].run(job, 1, c->slot, &answer);
	return answer == WV_VERIFY_GOOD;
}

static bool is_distrusted(const struct wv_verify_key *key)
{
	return atomic_load_explicit(&key->use.exceptions, memory_order_relaxed)
		>= WV_VERIFY_EXCEPTIONS;
}

/*
 * Run what the chosen driver may decide. Keys that caused exceptions up to the cap are left out: their
 * owner can make each check of theirs spoil a run, so they no longer take part in one.
 */
static void chosen_run(
	const struct wv_verify_job jobs[], unsigned n, enum wv_verify_answer answers[])
{
	const struct choice *c = &state.chosen[jobs[0].key->alg];
	const struct wv_verify_algorithm *algo = &c->driver->algo[jobs[0].key->alg];
	unsigned at = 0;

	while (at < n) {
		unsigned from = at;

		while (at < n && !is_distrusted(jobs[at].key))
			at++;
		if (at > from)
			algo->run(jobs + from, at - from, c->slot, answers + from);
		for (; at < n && is_distrusted(jobs[at].key); at++) {
			answers[at] = WV_VERIFY_PASSED_ON;
			mine.counts.distrusted[jobs[at].key->alg]++;
		}
	}
}

void wv_verify_batch(enum wv_alg alg, const struct wv_verify_job jobs[], unsigned n, bool ok[])
{
	enum wv_verify_answer answers[WV_VERIFY_MAX] = {WV_VERIFY_BAD};

	assert(n <= WV_VERIFY_MAX);
	if (n == 0)
		return;
	assert(jobs[0].key->alg == alg);
	use_count(jobs, n);
	chosen_run(jobs, n, answers);
	for (unsigned i = 0; i < n; i++) {
		switch (answers[i]) {
		case WV_VERIFY_BAD:
		case WV_VERIFY_GOOD:
			ok[i] = answers[i] == WV_VERIFY_GOOD;
			continue;
		case WV_VERIFY_EXCEPTION:
			atomic_fetch_add_explicit(
				&key_shared(jobs[i].key)->use.exceptions, 1, memory_order_relaxed);
			mine.counts.exceptions[alg]++;
			break;
		case WV_VERIFY_PASSED_ON:
			mine.counts.passed_on[alg]++;
			break;
		}
		ok[i] = reference_check(&jobs[i]);
	}
}

bool wv_verify_is_slow(const struct wv_verify_key *key)
{
	return key->dear_alone
		&& (atomic_load_explicit(&key->table, memory_order_relaxed) == NULL
			|| is_distrusted(key));
}

unsigned wv_verify_group(enum wv_alg alg)
{
	return algorithm_of(alg)->group;
}

const char *wv_verify_driver_name(enum wv_alg alg)
{
	assert(alg < WV_ALG_COUNT);
	return state.chosen[alg].driver != NULL ? state.chosen[alg].driver->name : "none";
}
