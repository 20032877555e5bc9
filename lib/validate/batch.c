#include <errno.h>
#include <stdlib.h>

#include "wv_batch.h"

#define STAGE 32           // messages hashed at once; their octets are still in the cache
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
	uint8_t digest[WV_DIGEST_MAX];
};

struct group {
	unsigned n;
	unsigned full; // jobs worth a run
	uint64_t oldest;
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
	struct group groups[WV_ALG_COUNT];
	struct job *staged[STAGE]; // in a group already, but their data not hashed
	unsigned n_staged;
	struct queue ready; // may have further checks, or be settled
	struct queue done;
	unsigned held;
	struct wv_batch_counts counts;
	struct arena hashed, kept; // data to be hashed; data of EdDSA
};

struct wv_batch *wv_batch_create(struct wv_err *err)
{
	struct wv_batch *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		wv_fail(err, ENOMEM, "batch: want %zu octets, not to be had", sizeof(*b));
		return NULL;
	}
	for (enum wv_alg alg = 0; alg < WV_ALG_COUNT; alg++) {
		unsigned full = wv_verify_group(alg);

		b->groups[alg].full = full < WV_VERIFY_MAX ? full : WV_VERIFY_MAX;
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

// The answers go back; what they belong to is looked at again later, not here.
static void group_run(struct wv_batch *b, enum wv_alg alg)
{
	struct group *g = &b->groups[alg];
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	bool ok[WV_VERIFY_MAX] = {false};

	if (g->n == 0)
		return;
	if (is_hashed(alg))
		stage_run(b);
	for (unsigned i = 0; i < g->n; i++) {
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
	wv_verify_batch(alg, jobs, g->n, ok);
	b->counts.runs[alg]++;
	b->counts.jobs[alg] += g->n;
	for (unsigned i = 0; i < g->n; i++) {
		b->counts.good[alg] += ok[i];
		wv_validate_answer(g->jobs[i].check.v, &g->jobs[i].check, ok[i]);
		ready_push(b, g->jobs[i].check.v);
	}
	g->n = 0;
	if (b->groups[WV_ALG_ED25519].n == 0 && b->groups[WV_ALG_ED448].n == 0)
		b->kept.used = 0;
}

// Make sure that the signed data of any message fit.
static void arena_clear(struct wv_batch *b, bool hashed)
{
	if (hashed && b->hashed.used > ARENA)
		stage_run(b);
	if (!hashed && b->kept.used > ARENA) {
		group_run(b, WV_ALG_ED25519);
		group_run(b, WV_ALG_ED448);
	}
}

static void check_add(struct wv_batch *b, const struct wv_validate_check *check, uint64_t now)
{
	const struct wv_validate_rrset *need = &check->v->needed[check->need];
	enum wv_alg alg = check->key->alg;
	struct group *g = &b->groups[alg];
	struct arena *arena = is_hashed(alg) ? &b->hashed : &b->kept;
	uint8_t *data;
	size_t len;

	if (g->n == WV_VERIFY_MAX)
		group_run(b, alg);
	arena_clear(b, is_hashed(alg));
	data = arena->octets + arena->used;
	len = wv_canon_signed_data(check->v->m, need->set, &check->sig, &need->owner, data,
		sizeof(arena->octets) - arena->used);
	if (len == 0) { // no canonical form: nobody can have signed it
		wv_validate_answer(check->v, check, false);
		return;
	}
	if (g->n == 0)
		g->oldest = now;
	g->jobs[g->n] = (struct job){.check = *check, .data = data, .len = (uint32_t)len};
	arena->used += len;
	if (is_hashed(alg)) {
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

static bool group_is_due(const struct group *g, uint64_t now, uint64_t patience, bool idle)
{
	return g->n > 0 && (idle || g->n >= g->full || now - g->oldest >= patience);
}

void wv_batch_run(struct wv_batch *b, uint64_t now, uint64_t patience, bool idle)
{
	bool ran;

	// Ends: every validation has a bounded number of checks.
	do {
		ran = false;
		for (enum wv_alg alg = 0; alg < WV_ALG_COUNT; alg++) {
			if (!group_is_due(&b->groups[alg], now, patience, idle))
				continue;
			group_run(b, alg);
			ready_run(b, now);
			ran = true;
		}
	} while (ran);
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
