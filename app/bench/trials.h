/**
 * @file
 * Trials of a driver of signature checks on signatures that are right and on such as were spoilt.
 *
 * A trial takes a signature of a pool and leaves it as it is, one of four, or spoils it: a bit of the
 * key, the data, the first or second half of the signature, a length, the padding under it, or all of
 * it. What it must be found to be follows from how it was made; the reference is asked about a sample,
 * and wherever the driver disagrees. Trials come in blocks of TRIALS_BLOCK that follow from seed and
 * number alone, and run in groups of different sizes, by keys with tables of each size and without.
 *
 * Ownership  a trials is the caller's until trials_destroy()
 * Threads    one
 * Errors     -ENOMEM with words
 */
#ifndef TRIALS_H
#define TRIALS_H

#include <stdio.h>

#include "maker.h"
#include "panel.h"

#define TRIALS_BLOCK 128

struct trials_params {
	struct maker_params maker;
	unsigned driver; // its place in the panel
	unsigned pool;   // signatures
	unsigned keys;
	unsigned fresh;  // signatures of the pool made anew before each block
	unsigned sample; // the reference is asked about one of so many; 1: about all
	bool every_size; // all groups are of sizes in turn; else of one block in eight
	bool every_kind; // all blocks have spoilt keys and paddings, dear to make; else one in sixteen
};

struct trials_counts {
	uint64_t trials;
	uint64_t good, bad;
	uint64_t refused; // keys with a bit turned that all drivers refuse; such a trial has no run
	uint64_t asked;   // of the reference
	uint64_t full;    // trials in full groups
	uint64_t passed_on;      // undecided, in groups of any size
	uint64_t full_passed_on; // in full groups
	uint64_t exceptions;
	uint64_t zeros; // trials with data of zeros: u1 of ECDSA is 0, where a kernel may give up
	uint64_t wrong; // neither undecided nor what it must be
};

struct trials;

struct trials *trials_create(
	struct panel *panel, const struct trials_params *params, struct wv_err *err);
void trials_destroy(struct trials *t);

/**
 * Run block number `block`, and add to the counts.
 * @param out  tells of each wrong answer, so that it can be looked into
 */
int trials_run(struct trials *t, uint64_t block, struct trials_counts *counts, FILE *out,
	struct wv_err *err);

/**
 * One wrong signature among right ones, at each place of a full group, and the reverse.
 */
int trials_one_among(struct trials *t, struct trials_counts *counts, FILE *out, struct wv_err *err);

#endif
