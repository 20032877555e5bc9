/**
 * @file
 * Eight lanes of the field of p = 2^255 - 19, five limbs of 51 bits.
 *
 * Two forms. struct fe8 is what a product takes: limbs below 2^52, which is all that IFMA looks at.
 * struct wide8 is what it makes: sums in 64 bits, not carried. Sums and differences are taken of
 * wide numbers, so that a carry is done once for each number that goes on into a product, not for
 * each that came out of one.
 *
 * Bounds, which the formulas in ed25519_point.h are held to:
 *   tight   limbs < 2^51 + 2^18: what fe8_carry() makes of any wide number
 *   product of limbs < 2^52 (one may be so loose, the other is tight): limbs < 2^60
 *   minus   a - b is a + 2^9 p - b, limb by limb; the limbs of 2^9 p are above 2^60 - 2^14, those
 *           of a product are below 172 * 2^52 < 2^59.5
 *   wide    a sum may take all of 64 bits: its carries are below 2^13
 */
#ifndef ED25519_FIELD_H
#define ED25519_FIELD_H

#include "ed25519.h"
#include "ifma.h"

#define ED25519_LIMBS 5

#define FE_BITS 51
#define FE_MASK ((UINT64_C(1) << FE_BITS) - 1)

#define UNROLLED _Pragma("GCC unroll 16")

// A chain of products stays in registers; the sanitizers, which would make much of it, need not do so.
#ifdef NDEBUG
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

struct fe8 {
	__m512i limb[ED25519_LIMBS];
};

struct wide8 {
	__m512i limb[ED25519_LIMBS];
};

INLINE __m512i words(uint64_t w)
{
	return _mm512_set1_epi64((long long)w);
}

// 19. Where gcc knows the factor it makes three shifts and sums of one product.
extern const uint64_t wv_ifma_ed25519_nineteen;

/*
 * The columns c[0..9] of a product, to five: 2^255 = 19.
 *
 * In:    both factors < 2^52, one of them < 2^51 + 2^18
 * Why:   a low half is < 2^52, a high half < 2^51 + 2^18. c[5] has the most, four low halves and five
 *        high ones, which count twice as 52 is not 51: (4 + 5) * 2^52 and a bit; c[0] has one.
 *        (1 + 19 * 9) * 2^52 = 172 * 2^52 < 2^60, and the others have less.
 */
INLINE struct wide8 wide8_fold(const __m512i c[2 * ED25519_LIMBS])
{
	struct wide8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		__m512i high =
			_mm512_mullo_epi64(c[i + ED25519_LIMBS], words(wv_ifma_ed25519_nineteen));

		r.limb[i] = _mm512_add_epi64(c[i], high);
	}
	return r;
}

INLINE struct wide8 fe8_mul(const struct fe8 *a, const struct fe8 *b)
{
	__m512i c[2 * ED25519_LIMBS];

	UNROLLED for (unsigned i = 0; i < 2 * ED25519_LIMBS; i++)
	{
		c[i] = _mm512_setzero_si512();
	}
	// The high half of a product in column k begins at bit 51k + 52: twice in column k + 1.
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		UNROLLED for (unsigned j = 0; j < ED25519_LIMBS; j++)
		{
			c[i + j + 1] = ifma_hi(c[i + j + 1], a->limb[i], b->limb[j]);
		}
	}
	UNROLLED for (unsigned i = 1; i < 2 * ED25519_LIMBS; i++)
	{
		c[i] = _mm512_add_epi64(c[i], c[i]);
	}
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		UNROLLED for (unsigned j = 0; j < ED25519_LIMBS; j++)
		{
			c[i + j] = ifma_lo(c[i + j], a->limb[i], b->limb[j]);
		}
	}
	return wide8_fold(c);
}

/*
 * As fe8_mul(a, a). What is not on the diagonal counts twice: with the doubling of high halves
 * 2 * (2 * high + low) + low of the diagonal, and 2 * high of the diagonal.
 */
INLINE struct wide8 fe8_square(const struct fe8 *a)
{
	__m512i c[2 * ED25519_LIMBS];

	UNROLLED for (unsigned i = 0; i < 2 * ED25519_LIMBS; i++)
	{
		c[i] = _mm512_setzero_si512();
	}
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		UNROLLED for (unsigned j = i + 1; j < ED25519_LIMBS; j++)
		{
			c[i + j + 1] = ifma_hi(c[i + j + 1], a->limb[i], a->limb[j]);
		}
	}
	UNROLLED for (unsigned i = 2; i < 2 * ED25519_LIMBS - 1; i++)
	{
		c[i] = _mm512_add_epi64(c[i], c[i]);
	}
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		c[2 * i + 1] = ifma_hi(c[2 * i + 1], a->limb[i], a->limb[i]);
		UNROLLED for (unsigned j = i + 1; j < ED25519_LIMBS; j++)
		{
			c[i + j] = ifma_lo(c[i + j], a->limb[i], a->limb[j]);
		}
	}
	UNROLLED for (unsigned i = 1; i < 2 * ED25519_LIMBS; i++)
	{
		c[i] = _mm512_add_epi64(c[i], c[i]);
	}
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		c[2 * i] = ifma_lo(c[2 * i], a->limb[i], a->limb[i]);
	}
	return wide8_fold(c);
}

/*
 * In:    any wide number
 * Out:   tight: a carry is < 2^13, 19 of them < 2^18
 */
INLINE struct fe8 fe8_carry(const struct wide8 *w)
{
	struct fe8 r;
	__m512i top = _mm512_srli_epi64(w->limb[ED25519_LIMBS - 1], FE_BITS);

	r.limb[0] = _mm512_add_epi64(
		_mm512_and_si512(w->limb[0], words(FE_MASK)), _mm512_mul_epu32(top, words(19)));
	UNROLLED for (unsigned i = 1; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = _mm512_add_epi64(_mm512_and_si512(w->limb[i], words(FE_MASK)),
			_mm512_srli_epi64(w->limb[i - 1], FE_BITS));
	}
	return r;
}

INLINE struct wide8 wide8_add(const struct wide8 *a, const struct wide8 *b)
{
	struct wide8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = _mm512_add_epi64(a->limb[i], b->limb[i]);
	}
	return r;
}

// a + m * 2^9 p - b; m * (2^60 - 2^14) is at least any limb of b.
INLINE struct wide8 wide8_sub_more(const struct wide8 *a, const struct wide8 *b, unsigned m)
{
	struct wide8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		__m512i p = words(m * ((FE_MASK - (i == 0 ? 18 : 0)) << 9));

		r.limb[i] = _mm512_sub_epi64(_mm512_add_epi64(a->limb[i], p), b->limb[i]);
	}
	return r;
}

// Of what one product made; b at least is no sum of two.
INLINE struct wide8 wide8_sub(const struct wide8 *a, const struct wide8 *b)
{
	return wide8_sub_more(a, b, 1);
}

INLINE struct wide8 wide8_of(const struct fe8 *a)
{
	struct wide8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = a->limb[i];
	}
	return r;
}

INLINE struct fe8 fe8_product(const struct fe8 *a, const struct fe8 *b)
{
	struct wide8 w = fe8_mul(a, b);

	return fe8_carry(&w);
}

INLINE struct fe8 fe8_squared(const struct fe8 *a)
{
	struct wide8 w = fe8_square(a);

	return fe8_carry(&w);
}

INLINE struct fe8 fe8_word(uint64_t w)
{
	struct fe8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = words(i == 0 ? w : 0);
	}
	return r;
}

INLINE struct fe8 fe8_select(__mmask8 m, const struct fe8 *yes, const struct fe8 *no)
{
	struct fe8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = _mm512_mask_mov_epi64(no->limb[i], m, yes->limb[i]);
	}
	return r;
}

/*
 * Four words of 64 bits, lowest first, to limbs and back.
 * In:    fe8_unpack: below 2^255; fe8_pack: what fe8_freeze() made
 */
INLINE struct fe8 fe8_unpack(const __m512i w[4])
{
	const __m512i mask = words(FE_MASK);
	struct fe8 r;

	r.limb[0] = _mm512_and_si512(w[0], mask);
	UNROLLED for (unsigned i = 1; i < 4; i++)
	{
		// (a | b) & mask
		r.limb[i] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(w[i - 1], 64 - 13 * i),
			_mm512_slli_epi64(w[i], 13 * i), mask, 0xa8);
	}
	r.limb[4] = _mm512_srli_epi64(w[3], 12);
	return r;
}

INLINE void fe8_pack(__m512i w[4], const struct fe8 *a)
{
	UNROLLED for (unsigned i = 0; i < 4; i++)
	{
		w[i] = _mm512_or_si512(_mm512_srli_epi64(a->limb[i], 13 * i),
			_mm512_slli_epi64(a->limb[i + 1], FE_BITS - 13 * i));
	}
}

// fe8_product() where its time does not matter.
struct fe8 wv_ifma_ed25519_product(const struct fe8 *a, const struct fe8 *b);

// The one representative below p, of a tight number.
struct fe8 wv_ifma_ed25519_freeze(const struct fe8 *a);

// Which lanes are 0 mod p; of a tight number.
__mmask8 wv_ifma_ed25519_is_zero(const struct fe8 *a);

// a^(2^252 - 3), where p - 5 = 8 * (2^252 - 3); and a^(p - 2), which is 1 / a, or 0 of 0. Of tight numbers.
struct fe8 wv_ifma_ed25519_root_power(const struct fe8 *a);
struct fe8 wv_ifma_ed25519_invert(const struct fe8 *a);

#endif
