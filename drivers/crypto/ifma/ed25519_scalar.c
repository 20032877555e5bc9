#include "ed25519_scalar.h"

#include <string.h>

#define LIMBS 5 // of 52 bits: L has 253

static const uint64_t order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};
static const uint64_t order_52[LIMBS] = {
	0x2631a5cf5d3ed, 0xdea2f79cd6581, 0x000000014def9, 0, 0x100000000000};
// 2^520 / L, rounded down.
static const uint64_t reciprocal[LIMBS + 1] = {
	0x5a30a2c131b39, 0x086329a7ed9ce, 0xfffeb2106215d, 0xfffffffffffff, 0xfffffffffffff, 0xff};

struct ed25519_window wv_ifma_ed25519_window(unsigned bits)
{
	struct ed25519_window w = {.bits = bits};
	unsigned top;

	// Where a row less is no more points, as its window divides 252, that is taken.
	w.digits = (252 + bits - 1) / bits;
	top = (w.digits - 1) * bits;
	w.top_most = 1u << (252 - top);
	for (unsigned at = bits - 1; at < top; at += bits)
		w.bias[at / 64] |= UINT64_C(1) << at % 64;
	return w;
}

// Words of 64 bits to limbs of 52; of the last one what is there.
static void limbs_of(__m512i limb[], unsigned n, const __m512i word[], unsigned words_n)
{
	UNROLLED for (unsigned i = 0; i < n; i++)
	{
		unsigned at = i * IFMA_BITS / 64, shift = i * IFMA_BITS % 64;
		__m512i v = _mm512_srli_epi64(word[at], shift);

		if (shift > 64 - IFMA_BITS && at + 1 < words_n)
			v = _mm512_or_si512(v, _mm512_slli_epi64(word[at + 1], 64 - shift));
		limb[i] = _mm512_and_si512(v, words(IFMA_MASK));
	}
}

/*
 * r - L where that is not negative.
 * In:    limbs < 2^52; arithmetic shifts carry borrows on
 */
static void less_order(__m512i r[LIMBS])
{
	__m512i t[LIMBS], carry = _mm512_setzero_si512();
	__mmask8 negative;

	UNROLLED for (unsigned i = 0; i < LIMBS; i++)
	{
		__m512i v = _mm512_add_epi64(_mm512_sub_epi64(r[i], words(order_52[i])), carry);

		carry = _mm512_srai_epi64(v, IFMA_BITS);
		t[i] = _mm512_and_si512(v, words(IFMA_MASK));
	}
	negative = _mm512_movepi64_mask(carry);
	UNROLLED for (unsigned i = 0; i < LIMBS; i++)
	{
		r[i] = _mm512_mask_mov_epi64(t[i], negative, r[i]);
	}
}

/*
 * The quotient by L, or up to two less: (x / 2^208) * (2^520 / L) / 2^312, each rounded down (Menezes,
 * van Oorschot, Vanstone, "Handbook of Applied Cryptography", 14.42, with b = 2^52 and k = 5).
 * A column takes at most 12 halves of 52 bits and a carry.
 */
static void quotient(__m512i q[LIMBS], const __m512i x[2 * LIMBS])
{
	__m512i c[2 * LIMBS + 2], carry = _mm512_setzero_si512();

	UNROLLED for (unsigned i = 0; i < 2 * LIMBS + 2; i++)
	{
		c[i] = _mm512_setzero_si512();
	}
	UNROLLED for (unsigned i = 0; i < LIMBS + 1; i++)
	{
		UNROLLED for (unsigned j = 0; j < LIMBS + 1; j++)
		{
			__m512i m = words(reciprocal[j]);

			c[i + j] = ifma_lo(c[i + j], x[i + 4], m);
			c[i + j + 1] = ifma_hi(c[i + j + 1], x[i + 4], m);
		}
	}
	UNROLLED for (unsigned i = 0; i < 2 * LIMBS + 1; i++)
	{
		__m512i v = _mm512_add_epi64(c[i], carry);

		carry = _mm512_srli_epi64(v, IFMA_BITS);
		if (i >= LIMBS + 1)
			q[i - LIMBS - 1] = _mm512_and_si512(v, words(IFMA_MASK));
	}
}

/*
 * In:    x < 2^512
 * Why:   x - q L is below 3 L < 2^260: five limbs of both tell it, and L is taken twice at most
 */
struct scalar8 wv_ifma_ed25519_modulo(const __m512i h[8])
{
	__m512i x[2 * LIMBS], q[LIMBS], m[LIMBS], carry = _mm512_setzero_si512();
	struct scalar8 s;

	limbs_of(x, 2 * LIMBS, h, 8);
	quotient(q, x);
	UNROLLED for (unsigned i = 0; i < LIMBS; i++)
	{
		m[i] = _mm512_setzero_si512();
	}
	UNROLLED for (unsigned i = 0; i < LIMBS; i++)
	{
		UNROLLED for (unsigned j = 0; i + j < LIMBS; j++)
		{
			m[i + j] = ifma_lo(m[i + j], q[i], words(order_52[j]));
			if (i + j + 1 < LIMBS)
				m[i + j + 1] = ifma_hi(m[i + j + 1], q[i], words(order_52[j]));
		}
	}
	UNROLLED for (unsigned i = 0; i < LIMBS; i++)
	{
		__m512i v = _mm512_add_epi64(_mm512_sub_epi64(x[i], m[i]), carry);

		carry = _mm512_srai_epi64(v, IFMA_BITS);
		x[i] = _mm512_and_si512(v, words(IFMA_MASK));
	}
	less_order(x);
	less_order(x);
	UNROLLED for (unsigned i = 0; i < 4; i++)
	{
		s.word[i] = _mm512_or_si512(_mm512_srli_epi64(x[i], 12 * i),
			_mm512_slli_epi64(x[i + 1], IFMA_BITS - 12 * i));
	}
	return s;
}

__mmask8 wv_ifma_ed25519_is_below(const struct scalar8 *s)
{
	__mmask8 below = 0;

	// From the lowest word: a higher one that differs decides.
	for (unsigned i = 0; i < 4; i++) {
		__m512i l = words(order[i]);

		below = _mm512_cmplt_epu64_mask(s->word[i], l)
			| (below & _mm512_cmpeq_epi64_mask(s->word[i], l));
	}
	return below;
}
