/**
 * @file
 * ECDSA P-256 with keys and nonces that follow from a seed, for traffic that repeats.
 *
 * Never for real keys: whoever knows the seed knows the private keys.
 */
#ifndef SIGNER_H
#define SIGNER_H

#include "wv_base.h"

#define SIGNER_PUBLIC    64 // x | y (RFC 6605 4)
#define SIGNER_SIGNATURE 64 // r | s

struct signer;

struct signer *signer_create(void); // NULL: no memory
void signer_destroy(struct signer *s);

struct signer_key {
	uint8_t private_key[32];
	uint8_t public_key[SIGNER_PUBLIC];
};

// The key of a label under a seed.
bool signer_key(struct signer *s, struct signer_key *key, uint64_t seed, const char *label);

bool signer_sign(struct signer *s, const struct signer_key *key, const uint8_t *data, size_t len,
	uint8_t signature[SIGNER_SIGNATURE]);

#endif
