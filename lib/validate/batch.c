#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wv_batch.h"

#define STAGE 32           // messages hashed at once; their octets are still in the cache
#define LANES 8            // checks that a driver makes in the time of one
#define ARENA (256u << 10) // octets of signed data that wait; beyond, room for the largest

/*
 * A check goes through two places. Its signed data wait in an arena: for RSA and ECDSA until
 * STAGE of them are hashed together, after which the arena is empty again; EdDSA signs the data
 * themselves, so that theirs stay until the check is made. Then it waits in its algorithm's group.
 */
struct job {
	struct wv_validate_check check;
	const uint8_t *data; // signed data, or their digest
	uint32_t len;
	uint64_t since; // cycles
	uint8_t digest[WV_DIGEST_MAX];
};

// In the order in which they came; of one algorithm.
struct group {
	unsigned n;
	struct job jobs[WV_VERIFY_MAX];
};

struct arena {
	size_t used;
	uint8_t octets[ARENA + WV_CANON_MAX];
};

struct queue {
	struct wv_validation *first, *last;
};

struct wv_batch {
	struct group groups[WV_VERIFY_QUEUES];
	struct group slow[WV_VERIFY_QUEUES];
	unsigned full[WV_ALG_COUNT]; // jobs that are worth a run
	unsigned n_jobs;             // in groups
	unsigned n_kept;             // of these, with data in `kept`
	unsigned slow_turn;          // the queue that is looked at first
	uint64_t (*clock)(void);
	struct job *staged[STAGE]; // in a group already, but their data not hashed
	unsigned n_staged;
	struct queue ready; // may have further checks, or be settled
	struct queue done;
	unsigned held;
	struct wv_batch_counts counts;
	struct arena hashed, kept; // data to be hashed; data of EdDSA
};

struct wv_batch *wv_batch_create(uint64_t (*clock)(void), struct wv_err *err)
{
	struct wv_batch *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		wv_fail(err, ENOMEM, "batch: want %zu octets, not to be had", sizeof(*b));
		return NULL;
	}
	b->clock = clock;
	for (enum wv_alg alg = 0; alg < WV_ALG_COUNT; alg++) {
		unsigned full = wv_verify_group(alg);

		b->full[alg] = full < WV_VERIFY_MAX ? full : WV_VERIFY_MAX;
	}
	return b;
}

void wv_batch_destroy(struct wv_batch *b)
{
	free(b);
}

static void queue_push(struct queue *q, struct wv_validation *v)
{
	v->batch_next = NULL;
	if (q->first == NULL)
		q->first = v;
	else
		q->last->batch_next = v;
	q->last = v;
}

static struct wv_validation *queue_pop(struct queue *q)
{
	struct wv_validation *v = q->first;

	if (v != NULL)
		q->first = v->batch_next;
	return v;
}

static void ready_push(struct wv_batch *b, struct wv_validation *v)
{
	if (v->batch_queued)
		return;
	v->batch_queued = true;
	queue_push(&b->ready, v);
}

static bool is_hashed(enum wv_alg alg)
{
	return wv_verify_hash(alg) != WV_HASH_COUNT;
}

// Hash what is staged, by hash, and empty the arena.
static void stage_run(struct wv_batch *b)
{
	struct wv_digest_job jobs[STAGE];

	for (enum wv_hash hash = 0; hash < WV_HASH_COUNT; hash++) {
		unsigned n = 0;

		for (unsigned i = 0; i < b->n_staged; i++) {
			struct job *job = b->staged[i];

			if (wv_verify_hash(job->check.key->alg) != hash)
				continue;
			jobs[n++] = (struct wv_digest_job){
				.data = job->data,
				.len = job->len,
				.out = job->digest,
			};
			job->data = job->digest;
			job->len = wv_digest_len(hash);
		}
		if (n > 0)
			wv_digest_batch(hash, jobs, n);
	}
	b->counts.digests += b->n_staged;
	b->n_staged = 0;
	b->hashed.used = 0;
}

// Close the gap that the first `n` left. Digests are in the jobs themselves.
static void jobs_move(struct group *g, unsigned n)
{
	memmove(g->jobs, g->jobs + n, g->n * sizeof(g->jobs[0]));
	for (unsigned i = 0; i < g->n; i++) {
		if (is_hashed(g->jobs[i].check.key->alg))
			g->jobs[i].data = g->jobs[i].digest;
	}
}

static unsigned level_of(uint64_t cycles)
{
	unsigned level = cycles == 0 ? 0 : 64u - (unsigned)__builtin_clzll(cycles);

	return level < WV_BATCH_LEVELS ? level : WV_BATCH_LEVELS - 1;
}

static void times_count(struct wv_batch *b, uint64_t since, uint64_t begin, uint64_t end)
{
	uint64_t wait = begin > since ? begin - since : 0, run = end - begin;

	b->counts.waits[level_of(wait)]++;
	b->counts.takes[level_of(run)]++;
	if (wait > b->counts.longest_wait)
		b->counts.longest_wait = wait;
	if (run > b->counts.longest_run)
		b->counts.longest_run = run;
}

// Hand the first `n` jobs of a group to the driver.
static void jobs_check(struct wv_batch *b, const struct group *g, unsigned n, bool ok[])
{
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	enum wv_alg alg = g->jobs[0].check.key->alg;
	uint64_t begin = b->clock != NULL ? b->clock() : 0;

	if (is_hashed(alg))
		stage_run(b);
	for (unsigned i = 0; i < n; i++) {
		const struct job *job = &g->jobs[i];
		const struct wv_validate_check *check = &job->check;

		jobs[i] = (struct wv_verify_job){
			.key = check->key,
			.data = job->data,
			.data_len = job->len,
			.signature = check->v->m->base + check->sig.signature,
			.signature_len = check->sig.signature_len,
		};
	}
	wv_verify_batch(alg, jobs, n, ok);
	if (b->clock != NULL)
		times_count(b, g->jobs[0].since, begin, b->clock());
	b->counts.runs[alg]++;
	b->counts.jobs[alg] += n;
	b->counts.full[alg] += n >= b->full[alg];
}

// The answers go back; what they belong to is looked at again later, not here.
static void group_run(struct wv_batch *b, struct group *g, unsigned n)
{
	bool ok[WV_VERIFY_MAX] = {false};
	enum wv_alg alg;

	if (n == 0)
		return;
	alg = g->jobs[0].check.key->alg;
	jobs_check(b, g, n, ok);
	for (unsigned i = 0; i < n; i++) {
		b->counts.good[alg] += ok[i];
		wv_validate_answer(g->jobs[i].check.v, &g->jobs[i].check, ok[i]);
		ready_push(b, g->jobs[i].check.v);
	}
	g->n -= n;
	b->n_jobs -= n;
	if (g->n > 0)
		jobs_move(g, n);
	if (!is_hashed(alg)) {
		b->n_kept -= n;
		if (b->n_kept == 0)
			b->kept.used = 0;
	}
}

// Make sure that the signed data of any message fit.
static void arena_clear(struct wv_batch *b, bool hashed)
{
	if (hashed && b->hashed.used > ARENA)
		stage_run(b);
	if (hashed || b->kept.used <= ARENA)
		return;
	for (unsigned q = 0; q < WV_VERIFY_QUEUES; q++) {
		struct group *both[] = {&b->groups[q], &b->slow[q]};

		for (unsigned i = 0; i < WV_COUNT(both); i++) {
			if (both[i]->n > 0 && !is_hashed(both[i]->jobs[0].check.key->alg))
				group_run(b, both[i], both[i]->n);
		}
	}
}

static void check_add(struct wv_batch *b, const struct wv_validate_check *check, uint64_t now)
{
	const struct wv_validate_rrset *need = &check->v->needed[check->need];
	const struct wv_verify_key *key = check->key;
	struct group *g = wv_verify_is_slow(key) ? &b->slow[key->queue] : &b->groups[key->queue];
	bool hashed = is_hashed(key->alg);
	struct arena *arena = hashed ? &b->hashed : &b->kept;
	uint8_t *data;
	size_t len;

	if (g->n == WV_VERIFY_MAX)
		group_run(b, g, g->n);
	arena_clear(b, hashed);
	data = arena->octets + arena->used;
	len = wv_canon_signed_data(check->v->m, need->set, &check->sig, &need->owner, data,
		sizeof(arena->octets) - arena->used);
	if (len == 0) { // no canonical form: nobody can have signed it
		wv_validate_answer(check->v, check, false);
		return;
	}
	g->jobs[g->n] =
		(struct job){.check = *check, .data = data, .len = (uint32_t)len, .since = now};
	arena->used += len;
	b->n_jobs++;
	b->n_kept += !hashed;
	if (hashed) {
		b->staged[b->n_staged++] = &g->jobs[g->n];
		if (b->n_staged == STAGE)
			stage_run(b);
	}
	g->n++;
}

static void gather(struct wv_batch *b, struct wv_validation *v, uint64_t now)
{
	struct wv_validate_check checks[WV_VALIDATE_NEEDED];
	unsigned n;

	while ((n = wv_validate_next(v, checks, WV_COUNT(checks))) > 0) {
		for (unsigned i = 0; i < n; i++)
			check_add(b, &checks[i], now);
	}
	// A group that ran meanwhile may have put it back among the ready ones.
	if (!v->pending && !v->batch_queued)
		queue_push(&b->done, v);
}

static void ready_run(struct wv_batch *b, uint64_t now)
{
	struct wv_validation *v;

	while ((v = queue_pop(&b->ready)) != NULL) {
		v->batch_queued = false;
		gather(b, v, now);
	}
}

void wv_batch_add(struct wv_batch *b, struct wv_validation *v, uint64_t now)
{
	b->held++;
	ready_push(b, v);
	ready_run(b, now);
}

static bool group_is_due(
	const struct wv_batch *b, const struct group *g, uint64_t now, uint64_t patience, bool idle)
{
	return g->n > 0
		&& (idle || g->n >= b->full[g->jobs[0].check.key->alg]
			|| now - g->jobs[0].since >= patience);
}

static void groups_run(struct wv_batch *b, uint64_t now, uint64_t patience, bool idle)
{
	bool ran;

	// Ends: every validation has a bounded number of checks.
	do {
		ran = false;
		for (unsigned q = 0; q < WV_VERIFY_QUEUES && b->n_jobs > 0; q++) {
			if (!group_is_due(b, &b->groups[q], now, patience, idle))
				continue;
			group_run(b, &b->groups[q], b->groups[q].n);
			ready_run(b, now);
			ran = true;
		}
	} while (ran);
}

// As many as a driver does at once, of the queue whose turn it is.
static bool slow_run(struct wv_batch *b, uint64_t now)
{
	for (unsigned i = 0; i < WV_VERIFY_QUEUES; i++) {
		unsigned q = (b->slow_turn + i) % WV_VERIFY_QUEUES;
		struct group *g = &b->slow[q];
		unsigned n = g->n;

		if (n == 0)
			continue;
		if (n > LANES)
			n = LANES;
		if (n > b->full[g->jobs[0].check.key->alg])
			n = b->full[g->jobs[0].check.key->alg];
		group_run(b, g, n);
		ready_run(b, now);
		b->slow_turn = q + 1;
		b->counts.slow++;
		return true;
	}
	return false;
}

bool wv_batch_run(struct wv_batch *b, uint64_t now, uint64_t patience, bool idle)
{
	groups_run(b, now, patience, idle);
	if (b->n_jobs > 0 && slow_run(b, now))
		groups_run(b, now, patience, idle);
	return b->n_jobs > 0;
}

void wv_batch_finish(struct wv_batch *b, uint64_t now)
{
	while (wv_batch_run(b, now, 0, true))
		;
}

struct wv_validation *wv_batch_take(struct wv_batch *b)
{
	struct wv_validation *v = queue_pop(&b->done);

	b->held -= v != NULL;
	return v;
}

unsigned wv_batch_held(const struct wv_batch *b)
{
	return b->held;
}

const struct wv_batch_counts *wv_batch_count(const struct wv_batch *b)
{
	return &b->counts;
}

size_t wv_batch_memory(void)
{
	return sizeof(struct wv_batch);
}
