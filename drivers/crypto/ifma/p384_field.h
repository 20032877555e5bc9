/*
 * Eight numbers modulo p = 2^384 - 2^128 - 2^96 + 2^32 - 1, and modulo n, the number of points of
 * P-384 (FIPS 186-4 D.1.2.4), lane by lane: limbs of 52 bits, lowest first, a vector each.
 *
 * Numbers modulo p are as they are, those modulo n in Montgomery form. Montgomery's reduction works
 * from limb to limb, each of which waits for the one before; here it costs a fifth more for a
 * product and a half more for a square than to fold what is above 2^416 back, all limbs at once.
 *
 * In:    fe_...: below 2^390 (64 p), limbs below 2^52; an operand may be the result, too
 * Out:   below 2p + 2^373, limbs below 2^52
 * Why:   With u = 2^52: limb k of a product, 0 to 14, takes at most 2 k + 1 or 31 - 2 k halves of
 *        products of limbs, whichever is less, and each is below u. A limb h that is folded adds to,
 *        or takes from, the three lowest limbs it goes to at most u, and adds 16 h + u to the fourth,
 *        which is five below it. So limbs 14 to 10 are below 3, 5, 7, 9 and 11 u, limb 9 below 62 u
 *        and limb 8 below 97 u. Of what is left, limb 7 is below 132 u, limb 6 below 165 u, and all
 *        below 2^11 u = 2^63, of either sign. What is subtracted from them afterwards is at most 3 u.
 *        fe_reduce() takes away the multiple of p that limb 7 tells, less one: t = h 2^384 + s, with
 *        |h| < 2^40. As the limbs below 7 are not carried yet, -2^372 < s < 2^384 + 2^372; then
 *        t - (h - 1) p = s + p + (h - 1) (2^128 + 2^96 - 2^32 + 1) is above 0 and below 2p + 2^373.
 * Time:  not constant, and need not be: everything a validator sees is public
 */
#ifndef WV_IFMA_P384_FIELD_H
#define WV_IFMA_P384_FIELD_H

#include "ifma.h"

#define EC_LIMBS  8
#define EC_WORDS  6
#define EC_R_BITS 0 // numbers modulo p are not in Montgomery form

// For functions whose arrays are meant to be registers of the caller.
#define INLINE static inline __attribute__((always_inline))

#define TOP 15 // limbs of a product, of the 16 that there could be

struct fe {
	__m512i limb[EC_LIMBS];
};

static inline __m512i low(__m512i x)
{
	return _mm512_and_si512(x, _mm512_set1_epi64((int64_t)IFMA_MASK));
}

static inline __m512i add(__m512i x, __m512i y)
{
	return _mm512_add_epi64(x, y);
}

static inline __m512i sub(__m512i x, __m512i y)
{
	return _mm512_sub_epi64(x, y);
}

// Signed limbs to limbs below 2^52. The number is not negative, and below 2^416.
INLINE void fe_carry(struct fe *r, const __m512i t[EC_LIMBS])
{
	__m512i limb = t[0];

	for (int i = 0; i < EC_LIMBS - 1; i++) {
		r->limb[i] = low(limb);
		limb = add(t[i + 1], _mm512_srai_epi64(limb, IFMA_BITS));
	}
	r->limb[EC_LIMBS - 1] = limb;
}

// Signed limbs, below 2^63, to limbs of a number in range: see above.
INLINE void fe_reduce(struct fe *r, __m512i t[EC_LIMBS])
{
	__m512i h = _mm512_srai_epi64(sub(t[7], _mm512_set1_epi64(1 << 20)), 20);

	t[0] = add(t[0], sub(h, low(_mm512_slli_epi64(h, 32))));
	t[1] = add(t[1], sub(low(_mm512_slli_epi64(h, 44)), _mm512_srai_epi64(h, 20)));
	t[2] = add(t[2], add(low(_mm512_slli_epi64(h, 24)), _mm512_srai_epi64(h, 8)));
	t[3] = add(t[3], _mm512_srai_epi64(h, 28));
	t[7] = sub(t[7], _mm512_slli_epi64(h, 20));
	fe_carry(r, t);
}

// As fe_reduce(), for sums of few numbers in range: |h| is below 2^10, so that h << 44 is a limb.
INLINE void fe_reduce_few(struct fe *r, __m512i t[EC_LIMBS])
{
	__m512i h = _mm512_srai_epi64(sub(t[7], _mm512_set1_epi64(1 << 20)), 20);

	t[0] = add(t[0], sub(h, _mm512_slli_epi64(h, 32)));
	t[1] = add(t[1], _mm512_slli_epi64(h, 44));
	t[2] = add(t[2], _mm512_slli_epi64(h, 24));
	t[7] = sub(t[7], _mm512_slli_epi64(h, 20));
	fe_carry(r, t);
}

static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[EC_LIMBS];

	for (int i = 0; i < EC_LIMBS; i++)
		t[i] = add(a->limb[i], b->limb[i]);
	fe_reduce_few(r, t);
}

static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[EC_LIMBS];

	for (int i = 0; i < EC_LIMBS; i++)
		t[i] = sub(a->limb[i], b->limb[i]);
	fe_reduce_few(r, t);
}

// r = a - b, in the lanes of `negative` -a - b
static inline void fe_dif(struct fe *r, __mmask8 negative, const struct fe *a, const struct fe *b)
{
	const __m512i zero = _mm512_setzero_si512();
	__m512i t[EC_LIMBS];

	for (int i = 0; i < EC_LIMBS; i++) {
		t[i] = _mm512_mask_sub_epi64(a->limb[i], negative, zero, a->limb[i]);
		t[i] = sub(t[i], b->limb[i]);
	}
	fe_reduce_few(r, t);
}

/*
 * Fold the limb h = t[8] back on those below: 2^416 = 2^160 + 2^128 - 2^64 + 2^32 modulo p, which is
 * 2^4 in limb 3, 2^24 in limb 2, -2^12 in limb 1 and 2^32 in limb 0. What leaves 52 bits goes to the
 * next limb; only h << 4 stays whole.
 */
INLINE void fold(__m512i t[EC_LIMBS + 1])
{
	__m512i h = t[8];

	t[0] = add(t[0], low(_mm512_slli_epi64(h, 32)));
	t[1] = add(t[1], sub(_mm512_srai_epi64(h, 20), low(_mm512_slli_epi64(h, 12))));
	t[2] = add(t[2], sub(low(_mm512_slli_epi64(h, 24)), _mm512_srai_epi64(h, 40)));
	t[3] = add(t[3], add(_mm512_slli_epi64(h, 4), _mm512_srai_epi64(h, 28)));
}

/*
 * t[0] to t[7] = a b modulo p, for fe_reduce(). From the top: what comes last is needed last. Limb 15
 * stays zero, as limbs 7 of the operands are below 2^26, and need not be folded.
 */
INLINE void product(__m512i t[2 * EC_LIMBS], const struct fe *a, const struct fe *b)
{
	for (int i = 0; i < 2 * EC_LIMBS; i++)
		t[i] = _mm512_setzero_si512();
#pragma GCC unroll 8
	for (int i = EC_LIMBS - 1; i >= 0; i--) {
#pragma GCC unroll 8
		for (int j = 0; j < EC_LIMBS; j++)
			t[i + j] = ifma_lo(t[i + j], a->limb[j], b->limb[i]);
		for (int j = 0; j < (i + EC_LIMBS < TOP ? EC_LIMBS : EC_LIMBS - 1); j++)
			t[i + j + 1] = ifma_hi(t[i + j + 1], a->limb[j], b->limb[i]);
		if (i + EC_LIMBS < TOP)
			fold(t + i); // limb 8 + i: no more comes to it
	}
}

/*
 * The same for a a. Two limbs meet once, the lower one and twice the higher: `twice` is 2 a, below
 * 2^392, and `next` what its limbs are without the bit from the limb below, for where that one is
 * the lower one, and the bit not its own.
 */
INLINE void square(__m512i t[2 * EC_LIMBS], const struct fe *a)
{
	__m512i next[EC_LIMBS], twice[EC_LIMBS];

	for (int i = 0; i < 2 * EC_LIMBS; i++)
		t[i] = _mm512_setzero_si512();
	for (int i = 1; i < EC_LIMBS; i++) {
		next[i] = low(add(a->limb[i], a->limb[i]));
		twice[i] = add(next[i], _mm512_srli_epi64(a->limb[i - 1], IFMA_BITS - 1));
	}
#pragma GCC unroll 8
	for (int i = EC_LIMBS - 1; i >= 0; i--) {
		t[2 * i] = ifma_lo(t[2 * i], a->limb[i], a->limb[i]);
		if (2 * i + 1 < TOP)
			t[2 * i + 1] = ifma_hi(t[2 * i + 1], a->limb[i], a->limb[i]);
#pragma GCC unroll 8
		for (int j = i + 1; j < EC_LIMBS; j++) {
			__m512i other = j == i + 1 ? next[j] : twice[j];

			t[i + j] = ifma_lo(t[i + j], other, a->limb[i]);
			t[i + j + 1] = ifma_hi(t[i + j + 1], other, a->limb[i]);
		}
		if (i + EC_LIMBS < TOP)
			fold(t + i);
	}
}

static inline void fe_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[2 * EC_LIMBS];

	product(t, a, b);
	fe_reduce(r, t);
}

static inline void fe_sqr(struct fe *r, const struct fe *a)
{
	__m512i t[2 * EC_LIMBS];

	square(t, a);
	fe_reduce(r, t);
}

// r = a b - c
static inline void fe_mul_sub(
	struct fe *r, const struct fe *a, const struct fe *b, const struct fe *c)
{
	__m512i t[2 * EC_LIMBS];

	product(t, a, b);
	for (int i = 0; i < EC_LIMBS; i++)
		t[i] = sub(t[i], c->limb[i]);
	fe_reduce(r, t);
}

// r = a a - 2 c - d
static inline void fe_sqr_sub(
	struct fe *r, const struct fe *a, const struct fe *c, const struct fe *d)
{
	__m512i t[2 * EC_LIMBS];

	square(t, a);
	for (int i = 0; i < EC_LIMBS; i++)
		t[i] = sub(t[i], add(add(c->limb[i], c->limb[i]), d->limb[i]));
	fe_reduce(r, t);
}

/*
 * r = a b / 2^416 mod n, by Montgomery's reduction as for any modulus.
 *
 * In:    a, b < 2n, limbs < 2^52
 * Out:   r < n + 2^354, limbs < 2^52
 * Why:   (ab + qn) / 2^416 < 2^770 / 2^416 + n; a limb takes at most 32 halves of products, below
 *        2^57 together
 */
static inline void sc_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	static const uint64_t n[EC_LIMBS] = {0xc196accc52973, 0xb248b0a77aece, 0x4372ddf581a0d,
		0xffffc7634d81f, 0xfffffffffffff, 0xfffffffffffff, 0xfffffffffffff, 0xfffff};
	const __m512i inverse = _mm512_set1_epi64(0x46089e88fdc45); // -1 / n modulo 2^52
	__m512i t[2 * EC_LIMBS];

	for (int i = 0; i < 2 * EC_LIMBS; i++)
		t[i] = _mm512_setzero_si512();
	for (int i = 0; i < EC_LIMBS; i++) {
		__m512i q;

		for (int j = 0; j < EC_LIMBS; j++) {
			t[i + j] = ifma_lo(t[i + j], a->limb[j], b->limb[i]);
			t[i + j + 1] = ifma_hi(t[i + j + 1], a->limb[j], b->limb[i]);
		}
		q = ifma_lo(_mm512_setzero_si512(), t[i], inverse);
		for (int j = 0; j < EC_LIMBS; j++) {
			__m512i limb = _mm512_set1_epi64((int64_t)n[j]);

			t[i + j] = ifma_lo(t[i + j], q, limb);
			t[i + j + 1] = ifma_hi(t[i + j + 1], q, limb);
		}
		t[i + 1] = add(t[i + 1], _mm512_srli_epi64(t[i], IFMA_BITS));
	}
	fe_carry(r, t + EC_LIMBS);
}

#endif
