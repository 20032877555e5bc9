/*
 * The field of P-256 and the integers modulo its order, eight at a time.
 *
 * A number is five limbs of 52 bits, in Montgomery form with R = 2^260: it stands for its value
 * times 1 / R. "In range" means: every limb below 2^52, the value below 2p + p / 2^20; modulo n: the
 * value below 2n. Results are in range if operands are. r may be any operand.
 *
 *     p = 2^256 - 2^224 + 2^192 + 2^96 - 1   (FIPS 186-4 D.1.2.3)
 *
 * Time: the same for all numbers, as it happens; nothing here needs that.
 */
#ifndef WV_IFMA_P256_FIELD_H
#define WV_IFMA_P256_FIELD_H

#include "ifma.h"

#define EC_WORDS  4
#define EC_LIMBS  5
#define EC_R_BITS 260

struct fe {
	__m512i limb[EC_LIMBS];
};

/*
 * The ten limbs of a b, as sums of halves of products.
 * Why: a limb takes at most 5 low and 4 high halves, below 2^52 each: t < 2^56
 */
static inline void limbs_mul(__m512i t[2 * EC_LIMBS], const struct fe *a, const struct fe *b)
{
	for (unsigned k = 0; k < 2 * EC_LIMBS; k++)
		t[k] = _mm512_setzero_si512();
	for (unsigned i = 0; i < EC_LIMBS; i++) {
		for (unsigned j = 0; j < EC_LIMBS; j++) {
			t[i + j] = ifma_lo(t[i + j], a->limb[j], b->limb[i]);
			t[i + j + 1] = ifma_hi(t[i + j + 1], a->limb[j], b->limb[i]);
		}
	}
}

// The same of a a: each product of two different limbs is made once, with one limb doubled.
static inline void limbs_sqr(__m512i t[2 * EC_LIMBS], const struct fe *a)
{
	for (unsigned k = 0; k < 2 * EC_LIMBS; k++)
		t[k] = _mm512_setzero_si512();
	for (unsigned i = 0; i < EC_LIMBS; i++) {
		for (unsigned j = i + 1; j < EC_LIMBS; j++) {
			t[i + j] = ifma_lo(t[i + j], a->limb[j], a->limb[i]);
			t[i + j + 1] = ifma_hi(t[i + j + 1], a->limb[j], a->limb[i]);
		}
	}
	for (unsigned k = 1; k < 2 * EC_LIMBS - 1; k++)
		t[k] = _mm512_add_epi64(t[k], t[k]);
	for (unsigned i = 0; i < EC_LIMBS; i++) {
		t[2 * i] = ifma_lo(t[2 * i], a->limb[i], a->limb[i]);
		t[2 * i + 1] = ifma_hi(t[2 * i + 1], a->limb[i], a->limb[i]);
	}
}

/*
 * t / 2^260 modulo p, in t[5] to t[9], not yet carried: (t + q p) / 2^260 with q below 2^260.
 * p is -1 modulo 2^52, so that the digit of q which makes a limb zero is that limb, and what is
 * added to the limbs above it is q (p + 1) = q (2^96 + 2^192 - 2^224 + 2^256).
 *
 * Why: a limb takes 6 halves below 2^52 besides, and a carry below 2^12: t < 2^57
 *      for t below 2^4 p * p: (t + q p) / 2^260 < 16 p p / 2^260 + p < 2p
 */
static inline void limbs_reduce(__m512i t[2 * EC_LIMBS])
{
	const __m512i p1 = _mm512_set1_epi64(1LL << 44);
	const __m512i p3 = _mm512_set1_epi64(1LL << 36);
	const __m512i p4 = _mm512_set1_epi64((1LL << 48) - (1LL << 16));

	for (unsigned i = 0; i < EC_LIMBS; i++) {
		__m512i q = t[i];

		t[i + 1] = ifma_lo(t[i + 1], q, p1);
		t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64(q, 52));
		t[i + 2] = ifma_hi(t[i + 2], q, p1);
		t[i + 3] = ifma_lo(t[i + 3], q, p3);
		t[i + 4] = ifma_hi(t[i + 4], q, p3);
		t[i + 4] = ifma_lo(t[i + 4], q, p4);
		t[i + 5] = ifma_hi(t[i + 5], q, p4);
	}
}

/*
 * Limbs below 2^52 from signed ones, of a value that is not negative.
 * In: limbs between -2^62 and 2^62, and room for the carries
 */
static inline void limbs_carry(struct fe *r, const __m512i t[EC_LIMBS])
{
	const __m512i mask = _mm512_set1_epi64((1LL << 52) - 1);
	__m512i limb = t[0];

	for (unsigned i = 0; i < EC_LIMBS - 1; i++) {
		r->limb[i] = _mm512_and_si512(limb, mask);
		limb = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64(limb, 52));
	}
	r->limb[EC_LIMBS - 1] = limb;
}

/*
 * Bring a sum or difference in range.
 * In:  limbs between -2^60 and 2^60 but the highest, a value between -8p and 8p
 * Why: q = floor(t[4] / 2^48) - 1 makes the value, less q 2^256, lie between 2^256 - 2^220 and
 *      2^257 + 2^220: the lower limbs add to t[4] less than 2^9 in size.
 *      -q p is -q 2^256 + q (2^224 - 2^192 - 2^96 + 1), the second part below 2^228 in size for |q| < 16
 */
static inline void limbs_fold(struct fe *r, __m512i t[EC_LIMBS])
{
	__m512i q = _mm512_add_epi64(_mm512_srai_epi64(t[4], 48), _mm512_set1_epi64(-1));

	t[0] = _mm512_add_epi64(t[0], q);
	t[1] = _mm512_sub_epi64(t[1], _mm512_slli_epi64(q, 44));
	t[3] = _mm512_sub_epi64(t[3], _mm512_slli_epi64(q, 36));
	t[4] = _mm512_sub_epi64(t[4], _mm512_slli_epi64(q, 48));
	t[4] = _mm512_add_epi64(t[4], _mm512_slli_epi64(q, 16));
	limbs_carry(r, t);
}

// a b / R
static inline void fe_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[2 * EC_LIMBS];

	limbs_mul(t, a, b);
	limbs_reduce(t);
	limbs_carry(r, t + EC_LIMBS);
}

// a a / R
static inline void fe_sqr(struct fe *r, const struct fe *a)
{
	__m512i t[2 * EC_LIMBS];

	limbs_sqr(t, a);
	limbs_reduce(t);
	limbs_carry(r, t + EC_LIMBS);
}

// a b / R - c
static inline void fe_mul_sub(
	struct fe *r, const struct fe *a, const struct fe *b, const struct fe *c)
{
	__m512i t[2 * EC_LIMBS];

	limbs_mul(t, a, b);
	limbs_reduce(t);
	for (unsigned i = 0; i < EC_LIMBS; i++)
		t[EC_LIMBS + i] = _mm512_sub_epi64(t[EC_LIMBS + i], c->limb[i]);
	limbs_fold(r, t + EC_LIMBS);
}

// a a / R - 2 c - d
static inline void fe_sqr_sub(
	struct fe *r, const struct fe *a, const struct fe *c, const struct fe *d)
{
	__m512i t[2 * EC_LIMBS];

	limbs_sqr(t, a);
	limbs_reduce(t);
	for (unsigned i = 0; i < EC_LIMBS; i++) {
		__m512i twice = _mm512_add_epi64(c->limb[i], c->limb[i]);
		__m512i less = _mm512_add_epi64(twice, d->limb[i]);

		t[EC_LIMBS + i] = _mm512_sub_epi64(t[EC_LIMBS + i], less);
	}
	limbs_fold(r, t + EC_LIMBS);
}

static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[EC_LIMBS];

	for (unsigned i = 0; i < EC_LIMBS; i++)
		t[i] = _mm512_add_epi64(a->limb[i], b->limb[i]);
	limbs_fold(r, t);
}

static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	__m512i t[EC_LIMBS];

	for (unsigned i = 0; i < EC_LIMBS; i++)
		t[i] = _mm512_sub_epi64(a->limb[i], b->limb[i]);
	limbs_fold(r, t);
}

// a - b, in the lanes of `negative` -a - b.
static inline void fe_dif(struct fe *r, __mmask8 negative, const struct fe *a, const struct fe *b)
{
	const __m512i zero = _mm512_setzero_si512();
	__m512i t[EC_LIMBS];

	for (unsigned i = 0; i < EC_LIMBS; i++) {
		__m512i limb = _mm512_mask_sub_epi64(a->limb[i], negative, zero, a->limb[i]);

		t[i] = _mm512_sub_epi64(limb, b->limb[i]);
	}
	limbs_fold(r, t);
}

/*
 * a b / R modulo n, with digits of q made by -1 / n modulo 2^52.
 * Why: a limb takes at most 18 halves below 2^52 and a carry: t < 2^57; 4 n n / 2^260 + n < 2n
 */
static inline void sc_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
	static const uint64_t n[EC_LIMBS] = {0x9cac2fc632551, 0xada7179e84f3b, 0xfffffffbce6fa,
		0x0000fffffffff, 0x0ffffffff0000};
	const __m512i inverse = _mm512_set1_epi64(0x1c8aaee00bc4f);
	const __m512i zero = _mm512_setzero_si512();
	__m512i t[2 * EC_LIMBS];

	limbs_mul(t, a, b);
	for (unsigned i = 0; i < EC_LIMBS; i++) {
		__m512i q = ifma_lo(zero, t[i], inverse);

		for (unsigned j = 0; j < EC_LIMBS; j++) {
			__m512i limb = _mm512_set1_epi64((int64_t)n[j]);

			t[i + j] = ifma_lo(t[i + j], q, limb);
			t[i + j + 1] = ifma_hi(t[i + j + 1], q, limb);
		}
		t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64(t[i], 52));
	}
	limbs_carry(r, t + EC_LIMBS);
}

#endif
