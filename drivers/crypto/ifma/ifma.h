/**
 * @file
 * What the kernels share: a vector is eight lanes, in each of which the same is computed; a number is
 * an array of vectors, one for each of its limbs of 52 bits, lowest first.
 */
#ifndef IFMA_H
#define IFMA_H

#include <immintrin.h>

#include "wv_crypto_ifma.h"

#define IFMA_LANES 8
#define IFMA_BITS  52
#define IFMA_MASK  ((UINT64_C(1) << IFMA_BITS) - 1)

// acc + the low, the high 52 bits of a * b; a, b: their low 52 bits count.
static inline __m512i ifma_lo(__m512i acc, __m512i a, __m512i b)
{
	return _mm512_madd52lo_epu64(acc, a, b);
}

static inline __m512i ifma_hi(__m512i acc, __m512i a, __m512i b)
{
	return _mm512_madd52hi_epu64(acc, a, b);
}

#endif
