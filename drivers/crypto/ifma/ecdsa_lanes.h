/*
 * Between numbers in memory and numbers in lanes; and what is seldom done with those in lanes, for
 * either modulus.
 */
#ifndef WV_IFMA_ECDSA_LANES_H
#define WV_IFMA_ECDSA_LANES_H

#include "ecdsa_words.h"

#define ALL_LANES ((__mmask8)0xff)

typedef void (*fe_mul_fn)(struct fe *r, const struct fe *a, const struct fe *b);

static inline void fe_set(struct fe *r, const uint64_t limb[EC_LIMBS])
{
	for (unsigned j = 0; j < EC_LIMBS; j++)
		r->limb[j] = _mm512_set1_epi64((int64_t)limb[j]);
}

static inline void fe_zero(struct fe *r)
{
	for (unsigned j = 0; j < EC_LIMBS; j++)
		r->limb[j] = _mm512_setzero_si512();
}

// b in the lanes of `which`, a in the others.
static inline void fe_select(struct fe *r, __mmask8 which, const struct fe *a, const struct fe *b)
{
	for (unsigned j = 0; j < EC_LIMBS; j++)
		r->limb[j] = _mm512_mask_mov_epi64(a->limb[j], which, b->limb[j]);
}

static inline void fe_from_words(struct fe *r, const __m512i word[EC_WORDS])
{
	const __m512i mask = _mm512_set1_epi64((int64_t)IFMA_MASK);

	for (unsigned j = 0; j < EC_LIMBS; j++) {
		unsigned i = IFMA_BITS * j / 64;
		unsigned shift = IFMA_BITS * j % 64;
		__m512i limb = _mm512_srli_epi64(word[i], shift);

		if (shift > 64 - IFMA_BITS && i + 1 < EC_WORDS)
			limb = _mm512_or_si512(limb, _mm512_slli_epi64(word[i + 1], 64 - shift));
		r->limb[j] = _mm512_and_si512(limb, mask);
	}
}

// Of a number below 2^EC_BITS.
static inline void fe_to_words(__m512i word[EC_WORDS], const struct fe *a)
{
	for (unsigned i = 0; i < EC_WORDS; i++) {
		unsigned j = 64 * i / IFMA_BITS;
		unsigned shift = 64 * i % IFMA_BITS;
		__m512i low = _mm512_srli_epi64(a->limb[j], shift);
		__m512i high = _mm512_slli_epi64(a->limb[j + 1], IFMA_BITS - shift);

		word[i] = _mm512_or_si512(low, high);
		if (2 * IFMA_BITS - shift < 64 && j + 2 < EC_LIMBS)
			word[i] = _mm512_or_si512(
				word[i], _mm512_slli_epi64(a->limb[j + 2], 2 * IFMA_BITS - shift));
	}
}

// a - b where that is not negative; its lanes.
static inline __mmask8 fe_less_limbs(struct fe *r, const struct fe *a, const uint64_t b[EC_LIMBS])
{
	const __m512i mask = _mm512_set1_epi64((int64_t)IFMA_MASK);
	__m512i borrow = _mm512_setzero_si512();
	struct fe less;
	__mmask8 enough;

	for (unsigned j = 0; j < EC_LIMBS; j++) {
		__m512i limb = _mm512_sub_epi64(a->limb[j], _mm512_set1_epi64((int64_t)b[j]));

		limb = _mm512_add_epi64(limb, borrow);
		borrow = _mm512_srai_epi64(limb, IFMA_BITS);
		less.limb[j] = _mm512_and_si512(limb, mask);
	}
	enough = _mm512_testn_epi64_mask(borrow, borrow);
	fe_select(r, enough, a, &less);
	return enough;
}

// The number itself, between 0 and m - 1, of one below 4m.
static inline void fe_canon(struct fe *r, const struct fe *a, const struct modulus *m)
{
	fe_less_limbs(r, a, m->m);
	fe_less_limbs(r, r, m->m);
	fe_less_limbs(r, r, m->m);
}

// Lanes that are zero modulo m, of numbers below 4m.
static inline __mmask8 fe_is_zero(const struct fe *a, const struct modulus *m)
{
	struct fe canon;
	__m512i any;

	fe_canon(&canon, a, m);
	any = canon.limb[0];
	for (unsigned j = 1; j < EC_LIMBS; j++)
		any = _mm512_or_si512(any, canon.limb[j]);
	return _mm512_testn_epi64_mask(any, any);
}

// Eight words of eight lanes to eight lanes of eight words.
static inline void lanes_transpose(__m512i out[8], const __m512i in[8])
{
	__m512i pair[8];

	for (unsigned i = 0; i < 8; i += 2) {
		pair[i] = _mm512_unpacklo_epi64(in[i], in[i + 1]);
		pair[i + 1] = _mm512_unpackhi_epi64(in[i], in[i + 1]);
	}
	for (unsigned i = 0; i < 2; i++) {
		__m512i low0 = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0x44);
		__m512i low1 = _mm512_shuffle_i64x2(pair[i + 4], pair[i + 6], 0x44);
		__m512i high0 = _mm512_shuffle_i64x2(pair[i], pair[i + 2], 0xee);
		__m512i high1 = _mm512_shuffle_i64x2(pair[i + 4], pair[i + 6], 0xee);

		out[i] = _mm512_shuffle_i64x2(low0, low1, 0x88);
		out[i + 2] = _mm512_shuffle_i64x2(low0, low1, 0xdd);
		out[i + 4] = _mm512_shuffle_i64x2(high0, high1, 0x88);
		out[i + 6] = _mm512_shuffle_i64x2(high0, high1, 0xdd);
	}
}

struct point {
	struct fe x, y;
};

#define POINT_OCTETS (2 * EC_OCTETS)

/*
 * Eight points as they lie in tables: x, then y, in words. Those of P-256 fill a vector; of P-384
 * the last four words of two points do.
 */
static inline void point_gather(struct point *r, const uint8_t *const at[IFMA_LANES])
{
	__m512i row[8], word[2 * EC_WORDS + 4];

	for (unsigned l = 0; l < 8; l++)
		row[l] = _mm512_loadu_si512(at[l]);
	lanes_transpose(word, row);
	if (EC_WORDS > 4) {
		for (unsigned l = 0; l < 8; l++)
			row[l] = _mm512_castsi256_si512(_mm256_loadu_si256(
				(const __m256i *)(const void *)(at[l] + 64 * (EC_WORDS > 4))));
		__m512i rest[8];

		lanes_transpose(rest, row);
		for (unsigned i = 0; i < 4; i++)
			word[8 + i] = rest[i];
	}
	fe_from_words(&r->x, word);
	fe_from_words(&r->y, word + EC_WORDS);
}

static inline void point_scatter(
	uint8_t *const at[IFMA_LANES], const struct point *p, const struct modulus *m)
{
	__m512i row[8], word[16] = {_mm512_setzero_si512()};
	struct fe canon;

	fe_canon(&canon, &p->x, m);
	fe_to_words(word, &canon);
	fe_canon(&canon, &p->y, m);
	fe_to_words(word + EC_WORDS, &canon);
	for (unsigned part = 0; part < 2 * EC_WORDS; part += 8) {
		__mmask8 words = 2 * EC_WORDS - part >= 8 ? ALL_LANES : (__mmask8)0x0f;

		lanes_transpose(row, word + part);
		for (unsigned l = 0; l < 8; l++)
			_mm512_mask_storeu_epi64(at[l] + 8 * part, words, row[l]);
	}
}

// The lanes turned by 4, 2 or 1, so that each meets another.
static inline void fe_turn(struct fe *r, const struct fe *a, unsigned step)
{
	for (unsigned j = 0; j < EC_LIMBS; j++) {
		if (step == 0)
			r->limb[j] = _mm512_shuffle_i64x2(a->limb[j], a->limb[j], 0x4e);
		else if (step == 1)
			r->limb[j] = _mm512_permutex_epi64(a->limb[j], 0x4e);
		else
			r->limb[j] = _mm512_permutex_epi64(a->limb[j], 0xb1);
	}
}

/*
 * Invert the number in each lane, in Montgomery form, by one inversion: the product of all lanes gets
 * into every lane in three turns, and on the way back each lane meets the others' products.
 * @return false: some lane is zero, and `a` is as it was
 */
static bool lanes_invert(struct fe *a, const struct modulus *m, fe_mul_fn mul)
{
	struct fe all = *a, other[3], canon;
	__m512i word[EC_WORDS];
	struct words w;
	uint64_t limb[EC_LIMBS];

	for (unsigned s = 0; s < 3; s++) {
		fe_turn(&other[s], &all, s);
		mul(&all, &all, &other[s]);
	}
	fe_canon(&canon, &all, m);
	fe_to_words(word, &canon);
	for (unsigned i = 0; i < EC_WORDS; i++)
		w.at[i] = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(word[i]));
	if (wv_unlikely(words_are_zero(&w)))
		return false;
	w = words_invert(&w, m);
	words_to_limbs(limb, &w);
	fe_set(&all, limb);
	fe_set(&canon, m->r3);
	mul(&all, &all, &canon); // 1 / (t R) times R^3 / R is R / t
	for (unsigned s = 3; s-- > 0;)
		mul(&all, &all, &other[s]);
	*a = all;
	return true;
}

#endif
