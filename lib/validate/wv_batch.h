/**
 * @file
 * The checks of many validations, gathered by algorithm, hashed and verified together.
 *
 * Units      cycles, of any clock, for waiting times; counts
 * Ownership  a batch holds pointers to validations from add until take; they and their messages
 *            must stay. The batch owns its arena for signed data
 * Threads    one batch belongs to one thread
 * Errors     create: NULL with words; a batch cannot fail: what is not verified is not secure
 */
#ifndef WV_BATCH_H
#define WV_BATCH_H

#include "wv_validate.h"

struct wv_batch;

struct wv_batch *wv_batch_create(struct wv_err *err);
void wv_batch_destroy(struct wv_batch *b);

/**
 * Take a validation that has begun, pending or not. May run groups that are full.
 * @param now  in cycles, for the age of the oldest job
 */
void wv_batch_add(struct wv_batch *b, struct wv_validation *v, uint64_t now);

/**
 * Run the groups that are due: full, or with a job older than `patience`; all of them if `idle`.
 * Follow-up checks of failing signatures are gathered again; with `idle` they run, too, so that
 * nothing is pending on return.
 */
void wv_batch_run(struct wv_batch *b, uint64_t now, uint64_t patience, bool idle);

// A validation that is no longer pending, in the order they were settled; NULL: none.
struct wv_validation *wv_batch_take(struct wv_batch *b);

// Validations added and not yet taken.
unsigned wv_batch_held(const struct wv_batch *b);

struct wv_batch_counts {
	uint64_t runs[WV_ALG_COUNT]; // groups run
	uint64_t jobs[WV_ALG_COUNT]; // checks in them
	uint64_t good[WV_ALG_COUNT]; // signatures that were right
	uint64_t digests;
};
const struct wv_batch_counts *wv_batch_count(const struct wv_batch *b);

size_t wv_batch_memory(void); // octets of one batch

#endif
