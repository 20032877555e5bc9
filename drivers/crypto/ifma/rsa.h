/**
 * @file
 * Eight numbers modulo eight RSA moduli of about the same size. A lane's modulus n has a Montgomery
 * radix R = 2^(260 blocks), at least 16 n: numbers may grow to 3 n and are never brought below n.
 *
 * Units      blocks of five limbs
 * Ownership  all memory is the caller's
 */
#ifndef RSA_H
#define RSA_H

#include "ifma.h"

#define RSA_BLOCK       5 // limbs
#define RSA_BLOCK_BITS  (RSA_BLOCK * IFMA_BITS)
#define RSA_BLOCKS_MOST 16
#define RSA_LIMBS_MOST  (RSA_BLOCKS_MOST * RSA_BLOCK)

struct rsa_modulus {
	unsigned blocks;
	__m512i inverse;              // -1/n mod 2^52
	__m512i n[RSA_LIMBS_MOST];    // odd
	__m512i fast[RSA_LIMBS_MOST]; // (n (-1/n mod 2^260) + 1) / 2^260
};

// Blocks of a modulus, such that R >= 16 n.
static inline unsigned rsa_blocks(unsigned bits)
{
	return (bits + 4 + RSA_BLOCK_BITS - 1) / RSA_BLOCK_BITS;
}

// Fill in `inverse` and `fast`.
void wv_ifma_rsa_modulus(struct rsa_modulus *m);

// r = a^2 / R; r may be a.
void wv_ifma_rsa_square(__m512i *r, const __m512i *a, const struct rsa_modulus *m);

// r = (a b + c d) / R, with c of `c_blocks` blocks, perhaps none; r may be a or b.
void wv_ifma_rsa_products(__m512i *r, const __m512i *a, const __m512i *b, const __m512i *c,
	unsigned c_blocks, const __m512i *d, const struct rsa_modulus *m);

// r = 3 n - a.
void wv_ifma_rsa_negate(__m512i *r, const __m512i *a, const struct rsa_modulus *m);

// The lanes in which a < n.
__mmask8 wv_ifma_rsa_below(const __m512i *a, const struct rsa_modulus *m);

// The lanes in which a = b mod n, where a < 3 n and b < n.
__mmask8 wv_ifma_rsa_congruent(const __m512i *a, const __m512i *b, const struct rsa_modulus *m);

#endif
