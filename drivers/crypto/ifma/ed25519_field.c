#include "ed25519_field.h"

const uint64_t wv_ifma_ed25519_nineteen = 19;

struct fe8 wv_ifma_ed25519_product(const struct fe8 *a, const struct fe8 *b)
{
	return fe8_product(a, b);
}

// Limbs 0 to 3 below 2^51; what is above goes into the next.
static void carry_through(struct fe8 *a)
{
	UNROLLED for (unsigned i = 0; i + 1 < ED25519_LIMBS; i++)
	{
		a->limb[i + 1] =
			_mm512_add_epi64(a->limb[i + 1], _mm512_srli_epi64(a->limb[i], FE_BITS));
		a->limb[i] = _mm512_and_si512(a->limb[i], words(FE_MASK));
	}
}

// a + 19 * m, and limb 4 cut: m times 2^255 - 19 less, where limb 4 holds as much.
static void cut(struct fe8 *a, __m512i m)
{
	a->limb[0] = _mm512_add_epi64(a->limb[0], _mm512_mul_epu32(m, words(19)));
	carry_through(a);
	a->limb[4] = _mm512_and_si512(a->limb[4], words(FE_MASK));
}

/*
 * Why:   a tight number is below 2^255 + 2^223. If its bit 255 is set, little is left without it: 19
 *        more do not set it again. Then a < 2^255 < 2p, and a >= p where a + 19 >= 2^255.
 */
struct fe8 wv_ifma_ed25519_freeze(const struct fe8 *a)
{
	struct fe8 r = *a;
	__m512i over = words(19);

	carry_through(&r);
	cut(&r, _mm512_srli_epi64(r.limb[4], FE_BITS));
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		over = _mm512_srli_epi64(_mm512_add_epi64(r.limb[i], over), FE_BITS);
	}
	cut(&r, over);
	return r;
}

__mmask8 wv_ifma_ed25519_is_zero(const struct fe8 *a)
{
	struct fe8 r = wv_ifma_ed25519_freeze(a);
	__m512i any = r.limb[0];

	for (unsigned i = 1; i < ED25519_LIMBS; i++)
		any = _mm512_or_si512(any, r.limb[i]);
	return _mm512_testn_epi64_mask(any, any);
}

// a^(2^n) * b
static struct fe8 squares(struct fe8 a, unsigned n, const struct fe8 *b)
{
	for (unsigned i = 0; i < n; i++)
		a = fe8_squared(&a);
	return fe8_product(&a, b);
}

// a^(2^250 - 1), and a^11 on the way. Ones in a row: 5, 10, 20, 40, 50, 100, 200, 250.
static struct fe8 ones_250(const struct fe8 *a, struct fe8 *a11)
{
	struct fe8 a2 = fe8_squared(a);
	struct fe8 a9 = squares(a2, 2, a);
	struct fe8 n5, n10, n50, n;

	*a11 = fe8_product(&a9, &a2);
	n5 = squares(*a11, 1, &a9);
	n10 = squares(n5, 5, &n5);
	n = squares(n10, 10, &n10);
	n = squares(n, 20, &n);
	n50 = squares(n, 10, &n10);
	n = squares(n50, 50, &n50);
	n = squares(n, 100, &n);
	return squares(n, 50, &n50);
}

// 2^252 - 3 = 4 * (2^250 - 1) + 1
struct fe8 wv_ifma_ed25519_root_power(const struct fe8 *a)
{
	struct fe8 a11;
	struct fe8 n = ones_250(a, &a11);

	return squares(n, 2, a);
}

// p - 2 = 2^255 - 21 = 32 * (2^250 - 1) + 11
struct fe8 wv_ifma_ed25519_invert(const struct fe8 *a)
{
	struct fe8 a11;
	struct fe8 n = ones_250(a, &a11);

	return squares(n, 5, &a11);
}
