/**
 * @file
 * What the sources of this driver share.
 */
#ifndef LANES_H
#define LANES_H

#include "wv_hash_avx512.h"

// For CPUs with AVX-512 F and BW, and BMI2. A wv_digest_nsec3_fn.
void wv_avx512_nsec3(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *parameters, uint8_t out[][WV_NSEC3_HASH_LEN]);

#endif
