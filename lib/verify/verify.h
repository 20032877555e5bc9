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

#endif
