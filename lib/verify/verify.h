/**
 * @file
 * What the sources of this library share.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include "wv_verify.h"

/**
 * Look at a public key without any driver: its length, or the parts of an RSA key.
 * @param key  filled, but for prepared[], where true
 */
bool wv_verify_key_read(
	struct wv_verify_key *key, enum wv_alg alg, const uint8_t *public_key, size_t len);

// Does a driver give the known answers of an algorithm, wherever in a batch a job lies?
bool wv_verify_self_test(const struct wv_verify_algorithm *algo, enum wv_alg alg, unsigned slot);

// The chosen driver's row of an algorithm.
const struct wv_verify_algorithm *wv_verify_algorithm_of(enum wv_alg alg);

// Add a key to those that may have a table; take it out, and free its table.
void wv_verify_key_enlist(struct wv_verify_key *key);
void wv_verify_key_release(struct wv_verify_key *key);

#endif
