/**
 * @file
 * Checks of RSA signatures, as rows of the driver's table want them: see wv_verify_driver.h.
 *
 * Units      octets
 * Ownership  tables: the caller's memory
 * Threads    any
 */
#ifndef RSA_VERIFY_H
#define RSA_VERIFY_H

#include "wv_verify_driver.h"

bool wv_ifma_rsa_key(struct wv_verify_key *key, unsigned slot);
size_t wv_ifma_rsa_table_octets(const struct wv_verify_key *key, enum wv_verify_table size);
void wv_ifma_rsa_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table);
void wv_ifma_rsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);

#endif
