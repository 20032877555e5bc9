/**
 * @file
 * Keys and signatures of every algorithm that follow from a seed, made fast and in any order.
 *
 * Never for real keys. RSA moduli are products of many primes of 256 bits, which keys share: a check
 * takes the same work whatever the primes, and a signature of 4096 bits 0.3 ms. Signatures of ECDSA
 * share NONCES nonces: r repeats, s and the scalars of a check do not.
 *
 * Units      octets
 * Ownership  keys are the maker's, until it is destroyed
 * Threads    one maker belongs to one thread
 * Errors     NULL or false: no memory, or OpenSSL refused
 */
#ifndef MAKER_H
#define MAKER_H

#include "wv_verify.h"

#define MAKER_SIGNATURE 512 // octets of the longest
#define MAKER_DATA      300 // octets that EdDSA signs, at most
#define MAKER_PUBLIC    520

// Numbers that follow from a seed; xoshiro256** by Blackman and Vigna, public domain.
struct maker_stream {
	uint64_t s[4];
};

void maker_stream_init(
	struct maker_stream *r, uint64_t seed, uint64_t what, uint64_t a, uint64_t b);
uint64_t maker_next(struct maker_stream *r);
void maker_fill(struct maker_stream *r, uint8_t *out, size_t len);

static inline unsigned maker_below(struct maker_stream *r, unsigned n)
{
	return (unsigned)((unsigned __int128)maker_next(r) * n >> 64);
}

struct maker_params {
	enum wv_alg alg;
	unsigned bits;  // of an RSA modulus, 512 to 4096; else not read
	bool exponents; // RSA: every fourth key has the exponent 3; else all have 65537
	uint64_t seed;
};

struct maker;

struct maker *maker_create(const struct maker_params *params);
void maker_destroy(struct maker *m);

struct maker_key {
	uint16_t public_len;
	uint8_t public_key[MAKER_PUBLIC]; // as in a DNSKEY record
};

// The i-th key.
const struct maker_key *maker_key_get(struct maker *m, unsigned i);

struct maker_signature {
	uint16_t data_len; // RSA, ECDSA: of the digest; EdDSA: 100 to MAKER_DATA
	uint16_t signature_len;
	uint8_t data[MAKER_DATA + 1];           // random
	uint8_t signature[MAKER_SIGNATURE + 1]; // room for one octet too many
};

// The signature of that number by the i-th key: the same for the same numbers and seed.
bool maker_sign(struct maker *m, unsigned i, uint64_t number, struct maker_signature *out);

// The same for out->data as they are.
bool maker_sign_data(struct maker *m, unsigned i, uint64_t number, struct maker_signature *out);

/**
 * RSA: put a block of the modulus' length, below the modulus, in place of a signature so that a check
 * finds it under the padding, whatever it is. out->data stays.
 */
bool maker_sign_block(
	struct maker *m, unsigned i, const uint8_t *block, struct maker_signature *out);

// RSA: what a right signature of a digest contains (RFC 8017 9.2), as long as the modulus.
void maker_block(enum wv_alg alg, const uint8_t *digest, uint8_t *block, size_t len);

// ECDSA: s becomes n - s, which is as right. EdDSA: S becomes S + L, which is wrong.
bool maker_other_s(struct maker *m, struct maker_signature *s);

#endif
