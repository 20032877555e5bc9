/**
 * @file
 * Eight lanes of SHA-512 and SHA-384 (FIPS 180-4 6.4, 6.5); messages of any lengths side by side.
 *
 * A message may begin with two parts of 32 octets that lie elsewhere: EdDSA hashes R | A | M. The
 * data are read where they are; only what shares a block with those parts or with the padding is
 * copied, at most 64 and 127 octets.
 *
 * Units      octets
 * Ownership  jobs and what they point to stay the caller's
 * Threads    any
 * Errors     none
 */
#ifndef SHA512_H
#define SHA512_H

#include <stdbool.h>
#include <stdint.h>

#define SHA512_PART 32

struct sha512_job {
	const uint8_t *first, *second; // SHA512_PART octets each, before the data; both NULL: none
	const uint8_t *data;           // may be NULL where len is 0
	uint32_t len;
	uint8_t *out; // 64 octets, SHA-384: 48; may not overlap any input of the call
};

// Digest n jobs, any number. The cost is that of the blocks of the longest lane: see sha512_lanes.c.
void wv_ifma_sha512(const struct sha512_job jobs[], unsigned n);
void wv_ifma_sha384(const struct sha512_job jobs[], unsigned n);

#endif
