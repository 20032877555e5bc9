/**
 * @file
 * Iterated NSEC3 hashes by lanes of AVX-512: SHA-1 of sixteen names at once, which stay in the lanes
 * from one iteration to the next. Other digests it leaves to other drivers.
 *
 * Units      octets
 * Ownership  nothing is kept; nothing is allocated
 * Threads    any; there is no state
 * Errors     none
 */
#ifndef WV_HASH_AVX512_H
#define WV_HASH_AVX512_H

#include "wv_digest_driver.h"

extern const struct wv_digest_driver wv_hash_avx512;

#endif
