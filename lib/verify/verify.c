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
	struct {
		const struct wv_verify_driver *driver; // NULL: none
		unsigned slot;                         // its index in the list of drivers
	} chosen[WV_ALG_COUNT];
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

// Give a driver the algorithms that have none yet and that it gets right.
static void offer(const struct wv_verify_driver *d, unsigned slot)
{
	struct wv_err why;

	if (d->thread_init != NULL && d->thread_init(&why) < 0) {
		wv_err_add(&state.note, "%s%s: %s", separator(), d->name, why.text);
		return;
	}
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		if (d->algo[a].run == NULL || state.chosen[a].driver != NULL)
			continue;
		if (!wv_verify_self_test(&d->algo[a], (enum wv_alg)a, slot)) {
			wv_err_add(&state.note, "%s%s: wrong answers for %s", separator(), d->name,
				algorithms[a].name);
			continue;
		}
		state.chosen[a].driver = d;
		state.chosen[a].slot = slot;
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
		if (only != NULL && drivers[i] != only)
			continue;
		if (drivers[i]->usable == NULL || drivers[i]->usable())
			offer(drivers[i], i);
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

// Was this driver chosen for no algorithm before this one? So each is started once a thread.
static bool is_first_use(unsigned alg)
{
	for (unsigned a = 0; a < alg; a++) {
		if (state.chosen[a].driver == state.chosen[alg].driver)
			return false;
	}
	return state.chosen[alg].driver != NULL;
}

static void thread_fini_until(unsigned end)
{
	for (unsigned a = end; a-- > 0;) {
		if (is_first_use(a) && state.chosen[a].driver->thread_fini != NULL)
			state.chosen[a].driver->thread_fini();
	}
}

int wv_verify_thread_init(struct wv_err *err)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		int rc = 0;

		if (is_first_use(a) && state.chosen[a].driver->thread_init != NULL)
			rc = state.chosen[a].driver->thread_init(err);
		if (rc < 0) {
			thread_fini_until(a);
			return rc;
		}
	}
	return 0;
}

void wv_verify_thread_fini(void)
{
	thread_fini_until(WV_ALG_COUNT);
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
	if (algorithms[alg].bits > 0)
		return len == algorithms[alg].public_len;
	if (!wv_verify_rsa_read(&rsa, public_key, len))
		return false;
	key->bits = rsa.bits;
	return true;
}

uint32_t wv_verify_weight(uint64_t ns)
{
	uint64_t one = algorithm_of(WV_ALG_P256)->cost_ns;
	uint64_t weight = (WV_VERIFY_WEIGHT_ONE * ns + one / 2) / (one > 0 ? one : 1);

	return weight < UINT32_MAX / 2 ? (uint32_t)weight : UINT32_MAX / 2;
}

// Of one check by this key.
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

bool wv_verify_key_init(
	struct wv_verify_key *key, enum wv_alg alg, const uint8_t *public_key, size_t len)
{
	if (!wv_verify_key_read(key, alg, public_key, len))
		return false;
	key->weight = wv_verify_weight(key_cost_ns(key));
	key->weight += key->weight == 0;
	return algorithm_of(alg)->key_init(key, state.chosen[alg].slot);
}

void wv_verify_key_fini(struct wv_verify_key *key)
{
	algorithm_of(key->alg)->key_fini(key, state.chosen[key->alg].slot);
	memset(key->prepared, 0, sizeof(key->prepared));
}

void wv_verify_batch(enum wv_alg alg, const struct wv_verify_job jobs[], unsigned n, bool ok[])
{
	assert(n <= WV_VERIFY_MAX);
	memset(ok, 0, n * sizeof(ok[0]));
	algorithm_of(alg)->run(jobs, n, state.chosen[alg].slot, ok);
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
