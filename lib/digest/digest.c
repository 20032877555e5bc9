#include "digest.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned len;
} hashes[] = {
	[WV_HASH_SHA1] = {"SHA-1", 20},
	[WV_HASH_SHA256] = {"SHA-256", 32},
	[WV_HASH_SHA384] = {"SHA-384", 48},
	[WV_HASH_SHA512] = {"SHA-512", 64},
};
static_assert(WV_COUNT(hashes) == WV_HASH_COUNT, "a hash without a row");

// Who digests by a hash.
struct choice {
	const struct wv_digest_driver *first;
	const struct wv_digest_driver *rest; // what the first is not worth it for, or cannot do
	const struct wv_digest_worth *worth; // of the first; NULL: all it can do
};

#define USED_MAX (2 * WV_HASH_COUNT + 1)

// Written by wv_digest_init() alone, before other threads read it.
static struct {
	struct choice chosen[WV_HASH_COUNT];
	const struct wv_digest_driver *nsec3;          // NULL: by batches
	const struct wv_digest_driver *used[USED_MAX]; // all of these, each once
	unsigned n_used;
	struct wv_err note;
} state;

unsigned wv_digest_len(enum wv_hash hash)
{
	assert(hash < WV_HASH_COUNT);
	return hashes[hash].len;
}

const char *wv_digest_name(enum wv_hash hash)
{
	assert(hash < WV_HASH_COUNT);
	return hashes[hash].name;
}

static const struct wv_digest_driver *find(
	const struct wv_digest_driver *const drivers[], unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

static int unknown(const struct wv_digest_driver *const drivers[], unsigned n, const char *name,
	struct wv_err *err)
{
	struct wv_err known = {""};

	for (unsigned i = 0; i < n; i++)
		wv_err_add(&known, ", %s", drivers[i]->name);
	return wv_fail(err, ENOENT, "hash driver: want auto%s, not %s", known.text, name);
}

static const char *separator(void)
{
	return state.note.text[0] != '\0' ? "; " : "";
}

static void note_wrong(const struct wv_digest_driver *d, const char *what)
{
	wv_err_add(&state.note, "%s%s: wrong answers for %s", separator(), d->name, what);
}

// Behind a driver that does not take all comes the first that does.
static void offer_hash(const struct wv_digest_driver *d, enum wv_hash hash, bool forced)
{
	struct choice *c = &state.chosen[hash];
	const struct wv_digest_worth *worth = forced ? NULL : d->worth[hash];
	bool takes_all = worth == NULL && d->longest == 0;

	if (d->run[hash] == NULL || c->rest != NULL || (c->first != NULL && !takes_all))
		return;
	if (!wv_digest_self_test(d, hash)) {
		note_wrong(d, hashes[hash].name);
		return;
	}
	if (c->first == NULL) {
		c->first = d;
		c->worth = worth;
	}
	if (takes_all)
		c->rest = d;
}

// Give a driver what has none yet and what it gets right; `rest_alone`: what another does not take.
static void offer(const struct wv_digest_driver *d, bool forced, bool rest_alone)
{
	struct wv_err why;

	if (d->thread_init != NULL && d->thread_init(&why) < 0) {
		wv_err_add(&state.note, "%s%s: %s", separator(), d->name, why.text);
		return;
	}
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		if (!rest_alone || state.chosen[h].first != NULL)
			offer_hash(d, (enum wv_hash)h, forced);
	}
	if (d->nsec3 != NULL && state.nsec3 == NULL && !rest_alone) {
		if (wv_digest_self_test_nsec3(d->nsec3))
			state.nsec3 = d;
		else
			note_wrong(d, "NSEC3");
	}
	if (d->thread_fini != NULL)
		d->thread_fini();
}

static bool rest_is_wanted(void)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		if (state.chosen[h].first != NULL && state.chosen[h].rest == NULL)
			return true;
	}
	return false;
}

static void use(const struct wv_digest_driver *d)
{
	for (unsigned i = 0; i < state.n_used; i++) {
		if (state.used[i] == d)
			return;
	}
	state.used[state.n_used++] = d;
}

// Every hash must have drivers for all batches.
static int settle(const char *forced, struct wv_err *err)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		struct choice *c = &state.chosen[h];

		if (c->rest == NULL && c->first != NULL && c->first->longest == 0)
			c->rest = c->first; // though it is not worth it for all
		if (c->rest == NULL)
			return wv_fail(err, EIO,
				"hash driver%s%s: want one for %s%s, found none%s%s",
				forced != NULL ? " " : "", forced != NULL ? forced : "",
				hashes[h].name, c->first != NULL ? " of any length" : "",
				state.note.text[0] != '\0' ? ": " : "", state.note.text);
		use(c->first);
		use(c->rest);
	}
	if (state.nsec3 != NULL)
		use(state.nsec3);
	return 0;
}

int wv_digest_init(const struct wv_digest_driver *const drivers[], unsigned n, const char *forced,
	struct wv_err *err)
{
	const struct wv_digest_driver *only = NULL;

	memset(&state, 0, sizeof(state));
	if (forced != NULL && strcmp(forced, "auto") != 0) {
		only = find(drivers, n, forced);
		if (only == NULL)
			return unknown(drivers, n, forced, err);
		if (only->usable != NULL && !only->usable())
			return wv_fail(
				err, ENOTSUP, "hash driver %s: this CPU cannot run it", forced);
	}
	for (unsigned i = 0; i < n; i++) {
		bool rest_alone = only != NULL && drivers[i] != only;

		if (rest_alone && !rest_is_wanted())
			continue;
		if (drivers[i]->usable == NULL || drivers[i]->usable())
			offer(drivers[i], only == drivers[i], rest_alone);
	}
	return settle(only != NULL ? only->name : NULL, err);
}

const char *wv_digest_note(void)
{
	return state.note.text;
}

static void thread_fini_until(unsigned end)
{
	for (unsigned i = end; i-- > 0;) {
		if (state.used[i]->thread_fini != NULL)
			state.used[i]->thread_fini();
	}
}

int wv_digest_thread_init(struct wv_err *err)
{
	for (unsigned i = 0; i < state.n_used; i++) {
		int rc = 0;

		if (state.used[i]->thread_init != NULL)
			rc = state.used[i]->thread_init(err);
		if (rc < 0) {
			thread_fini_until(i);
			return rc;
		}
	}
	return 0;
}

void wv_digest_thread_fini(void)
{
	thread_fini_until(state.n_used);
}

struct size {
	uint64_t octets, longest;
};

static struct size size_of(const struct wv_digest_job jobs[], unsigned n)
{
	struct size s = {0};

	for (unsigned i = 0; i < n; i++) {
		s.octets += jobs[i].len;
		s.longest = jobs[i].len > s.longest ? jobs[i].len : s.longest;
	}
	return s;
}

/*
 * Lanes work as long as the longest message is, so what counts is how many of the longest would have
 * the octets of all.
 */
static bool is_worth(const struct wv_digest_worth *worth, struct size s)
{
	while (s.longest > worth->len)
		worth++;
	return s.octets >= worth->least * s.longest;
}

// How many of a batch the first driver takes: the last messages may not be worth a round of lanes.
static unsigned first_count(
	const struct choice *c, enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	struct size s = size_of(jobs, n);
	unsigned left;

	if (c->first->longest != 0 && s.longest > c->first->longest)
		return 0;
	if (c->worth == NULL)
		return n;
	if (!is_worth(c->worth, s))
		return 0;
	left = n % c->first->lanes[hash];
	if (left == n || is_worth(c->worth, size_of(jobs + n - left, left)))
		return n;
	return n - left;
}

void wv_digest_batch(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	const struct choice *c = &state.chosen[hash];
	unsigned some = 0;

	assert(hash < WV_HASH_COUNT && c->rest != NULL);
	if (c->first != c->rest) {
		some = first_count(c, hash, jobs, n);
		if (some > 0)
			c->first->run[hash](hash, jobs, some);
	}
	if (some < n)
		c->rest->run[hash](hash, jobs + some, n - some);
}

const char *wv_digest_driver_name(enum wv_hash hash)
{
	assert(hash < WV_HASH_COUNT);
	return state.chosen[hash].first != NULL ? state.chosen[hash].first->name : "none";
}

const struct wv_digest_driver *wv_digest_nsec3_driver(void)
{
	return state.nsec3;
}
