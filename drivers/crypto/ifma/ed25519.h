/**
 * @file
 * Ed25519 (RFC 8032 5.1), eight lanes.
 *
 * Units      octets
 * Ownership  as in wv_verify_driver.h
 * Threads    wv_ifma_ed25519_init() once, before the rest
 * Errors     none
 */
#ifndef ED25519_H
#define ED25519_H

#include "wv_verify_driver.h"

// The base point's table. False: it does not come out as it must.
bool wv_ifma_ed25519_init(void);

// As in struct wv_verify_algorithm.
bool wv_ifma_ed25519_key_init(struct wv_verify_key *key, unsigned slot);
void wv_ifma_ed25519_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);
size_t wv_ifma_ed25519_table_octets(const struct wv_verify_key *key, enum wv_verify_table size);
void wv_ifma_ed25519_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table);

#endif
