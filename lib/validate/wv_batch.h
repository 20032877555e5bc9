/**
 * @file
 * The checks of many validations, gathered by algorithm and size, hashed and verified together.
 *
 * A group of checks runs when it is full, when its oldest check has waited long enough, or when there
 * is nothing else to do. Checks that take longer than 100 us each, by keys without a table, wait in
 * groups apart, of which one run a turn is made: as many checks as a driver does at once.
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

/**
 * @param clock  cycles at this moment, for the histograms; NULL: they stay empty
 */
struct wv_batch *wv_batch_create(uint64_t (*clock)(void), struct wv_err *err);
void wv_batch_destroy(struct wv_batch *b);

/**
 * Take a validation that has begun, pending or not. May run groups that are full.
 * @param now  in cycles, for the age of checks
 */
void wv_batch_add(struct wv_batch *b, struct wv_validation *v, uint64_t now);

/**
 * One turn. Run the groups that are due: full, or with a check older than `patience`; all of them if
 * `idle`; and one run of slow checks. Follow-up checks of failing signatures are gathered again, and
 * with `idle` they run, too.
 * @return true: something is pending still
 */
bool wv_batch_run(struct wv_batch *b, uint64_t now, uint64_t patience, bool idle);

// All of it, however long it takes: nothing is pending on return.
void wv_batch_finish(struct wv_batch *b, uint64_t now);

// A validation that is no longer pending, in the order they were settled; NULL: none.
struct wv_validation *wv_batch_take(struct wv_batch *b);

// Validations added and not yet taken.
unsigned wv_batch_held(const struct wv_batch *b);

#define WV_BATCH_LEVELS 40

struct wv_batch_counts {
	uint64_t runs[WV_ALG_COUNT]; // groups run
	uint64_t jobs[WV_ALG_COUNT]; // checks in them
	uint64_t good[WV_ALG_COUNT]; // signatures that were right
	uint64_t full[WV_ALG_COUNT]; // groups that had as many as the driver does best
	uint64_t slow;               // runs of slow checks
	uint64_t digests;
	// Groups by how long their oldest check had waited, and by how long the run took: level n has
	// those of 2^(n-1) to 2^n - 1 cycles, the last has longer ones, too. No check waits for others
	// longer than `patience` and the longest run.
	uint64_t waits[WV_BATCH_LEVELS], takes[WV_BATCH_LEVELS];
	uint64_t longest_wait, longest_run; // cycles
};
const struct wv_batch_counts *wv_batch_count(const struct wv_batch *b);

size_t wv_batch_memory(void); // octets of one batch

#endif
