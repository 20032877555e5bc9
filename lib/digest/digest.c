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

// Written by wv_digest_init() alone, before other threads read it.
static struct {
	const struct wv_digest_driver *chosen[WV_HASH_COUNT];
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

// Give a driver the hashes that have none yet and that it gets right.
static void offer(const struct wv_digest_driver *d)
{
	struct wv_err why;

	if (d->thread_init != NULL && d->thread_init(&why) < 0) {
		wv_err_add(&state.note, "%s%s: %s", separator(), d->name, why.text);
		return;
	}
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		if (d->run[h] == NULL || state.chosen[h] != NULL)
			continue;
		if (wv_digest_self_test(d->run[h], (enum wv_hash)h))
			state.chosen[h] = d;
		else
			wv_err_add(&state.note, "%s%s: wrong answers for %s", separator(), d->name,
				hashes[h].name);
	}
	if (d->thread_fini != NULL)
		d->thread_fini();
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
		if (only != NULL && drivers[i] != only)
			continue;
		if (drivers[i]->usable == NULL || drivers[i]->usable())
			offer(drivers[i]);
	}
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		if (state.chosen[h] == NULL)
			return wv_fail(err, EIO, "hash driver: want one for %s, found none%s%s",
				hashes[h].name, state.note.text[0] != '\0' ? ": " : "",
				state.note.text);
	}
	return 0;
}

const char *wv_digest_note(void)
{
	return state.note.text;
}

// The first hash that this driver was chosen for, so that each driver is started once.
static bool is_first_use(unsigned hash)
{
	for (unsigned h = 0; h < hash; h++) {
		if (state.chosen[h] == state.chosen[hash])
			return false;
	}
	return state.chosen[hash] != NULL;
}

static void thread_fini_until(unsigned end)
{
	for (unsigned h = end; h-- > 0;) {
		if (is_first_use(h) && state.chosen[h]->thread_fini != NULL)
			state.chosen[h]->thread_fini();
	}
}

int wv_digest_thread_init(struct wv_err *err)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		int rc = 0;

		if (is_first_use(h) && state.chosen[h]->thread_init != NULL)
			rc = state.chosen[h]->thread_init(err);
		if (rc < 0) {
			thread_fini_until(h);
			return rc;
		}
	}
	return 0;
}

void wv_digest_thread_fini(void)
{
	thread_fini_until(WV_HASH_COUNT);
}

void wv_digest_batch(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	assert(hash < WV_HASH_COUNT && state.chosen[hash] != NULL);
	state.chosen[hash]->run[hash](hash, jobs, n);
}

const char *wv_digest_driver_name(enum wv_hash hash)
{
	assert(hash < WV_HASH_COUNT);
	return state.chosen[hash] != NULL ? state.chosen[hash]->name : "none";
}
