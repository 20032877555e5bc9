/**
 * @file
 * Keys and signatures that follow from a seed, for traffic that repeats.
 *
 * Never for real keys: whoever knows the seed knows the private keys, and RSA moduli share their
 * primes: a pool of SIGNER_PRIMES primes of one size gives SIGNER_MODULI moduli.
 *
 * Units      octets
 * Ownership  keys are the caller's
 * Threads    one signer belongs to one thread
 * Errors     NULL or false: no memory
 */
#ifndef SIGNER_H
#define SIGNER_H

#include "wv_base.h"

#define SIGNER_PUBLIC    264 // octets of the longest Public Key field: RSA-2048 (RFC 3110)
#define SIGNER_SIGNATURE 256
#define SIGNER_PRIMES    46
#define SIGNER_MODULI    (SIGNER_PRIMES * (SIGNER_PRIMES - 1) / 2)

enum signer_kind {
	SIGNER_P256,
	SIGNER_P384,
	SIGNER_ED25519,
	SIGNER_RSA1024,
	SIGNER_RSA2048,
	SIGNER_KINDS
};

struct signer;

struct signer *signer_create(uint64_t seed);
void signer_destroy(struct signer *s);

struct signer_key {
	enum signer_kind kind;
	uint8_t prime[2]; // RSA: places in the pool
	uint8_t secret[48];
	uint16_t public_len;
	uint8_t public_key[SIGNER_PUBLIC]; // as in a DNSKEY record
};

// The number in the DNSSEC registry: 13, 14, 15 or 8.
uint8_t signer_algorithm(enum signer_kind kind);

// Octets of a signature.
uint16_t signer_len(enum signer_kind kind);

/**
 * The key of a label under the seed. RSA moduli are taken from the pool in turn, so that each of
 * the first SIGNER_MODULI keys of a size has its own.
 */
bool signer_key(struct signer *s, struct signer_key *key, enum signer_kind kind, const char *label);

// The signature as in an RRSIG record, signer_len() octets: the same for the same key and data.
bool signer_sign(struct signer *s, const struct signer_key *key, const uint8_t *data, size_t len,
	uint8_t signature[SIGNER_SIGNATURE]);

#endif
