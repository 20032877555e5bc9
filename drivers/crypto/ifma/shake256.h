/**
 * @file
 * SHAKE256 (FIPS 202) of many messages, eight lanes at a time; of different lengths, a lane that is done
 * takes the next message.
 */
#ifndef SHAKE256_H
#define SHAKE256_H

#include "ifma.h"

#define SHAKE256_PARTS 4
#define SHAKE256_WORDS 15 // of output; a block has 17, so that one permutation gives them

// A message in parts, of which any may be empty.
struct shake256_message {
	struct shake256_part {
		const uint8_t *octets;
		size_t len;
	} part[SHAKE256_PARTS];
	uint64_t *hash; // SHAKE256_WORDS words of output go here, little-endian
};

// Parts are used up.
void wv_ifma_shake256(struct shake256_message messages[], unsigned n);

#endif
