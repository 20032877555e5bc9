/**
 * @file
 * Files of signatures and what they must be found to be, and every driver's answers to them.
 *
 * A line has six fields with tabs between them: the algorithm's number in the DNSSEC registry, a
 * DNSKEY's Public Key field, a message, an RRSIG's Signature field, all three in hexadecimal; then
 * `valid`, `invalid` or `acceptable`; then an id. A line that begins with # is a comment. What is
 * acceptable may be either, but all drivers must say the same.
 */
#ifndef VECTORFILE_H
#define VECTORFILE_H

#include <stdio.h>

#include "panel.h"

enum vector_expect {
	VECTOR_VALID,
	VECTOR_INVALID,
	VECTOR_ACCEPTABLE
};

struct vector {
	unsigned line;
	enum wv_alg alg;
	uint8_t *key, *data, *signature; // data: what a job wants, the digest or all of the message
	size_t key_len, data_len, signature_len;
	enum vector_expect expect;
	char *id;
};

struct vectors {
	const char *path; // the caller's
	struct vector *list;
	unsigned n;
};

/**
 * Read a file, on a thread that may digest.
 * @return 0; -EINVAL with "FILE:LINE: want …", or why it cannot be read; -ENOMEM
 */
int vectors_read(struct vectors *v, const char *path, struct wv_err *err);
void vectors_free(struct vectors *v);

struct vectors_counts {
	unsigned passed, failed;                 // lines
	uint64_t runs_passed_on, runs_exception; // answers that were left to the reference
};

/**
 * Ask every driver about every line: alone and in each place of a full group and one more, with a
 * table of each size and without.
 * @param out  has a line for each disagreement
 * @return 0; -ENOMEM
 */
int vectors_judge(struct panel *p, const struct vectors *v, struct vectors_counts *counts,
	FILE *out, struct wv_err *err);

#endif
