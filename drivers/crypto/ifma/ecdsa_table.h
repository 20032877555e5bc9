/*
 * Digits of scalars, and tables of what they stand for.
 *
 * A scalar u is a sum of k digits of w bits, d_i 2^(w i), all of them odd, from 1 - 2^w to 2^w - 1: no
 * digit is zero, so that no sum begins or goes on with the point at infinity. For odd u the digits
 * are d_i = 2 v_i + 1 - 2^w, where v_i are the bits w i to w i + w - 1 of
 *
 *     v = (u + 2^(k w) - 1) / 2 = floor(u / 2) + 2^(k w - 1),
 *
 * as the sum of 2^w - 1 times 2^(w i) is 2^(k w) - 1. An even u is n less an odd number, and the
 * digits of that turn their signs when all bits of v are turned. The highest bit of v_i says whether
 * d_i is positive; |d_i| = 2 j + 1 with j the other bits of v_i, turned where d_i is negative.
 *
 * A table has a row for each i, of (2 j + 1) 2^(w i) Q for all j below 2^(w - 1): a sum of k points of
 * it is u Q without a doubling. The points of a row, x and y in Montgomery form below p, are words.
 */
#ifndef WV_IFMA_ECDSA_TABLE_H
#define WV_IFMA_ECDSA_TABLE_H

#include "ecdsa_points.h"

#define WINDOWS(w)      ((EC_BITS + (w)-1) / (w))
#define ROW_POINTS(w)   (1u << ((w)-1))
#define ROW_OCTETS(w)   ((size_t)POINT_OCTETS * ROW_POINTS(w))
#define TABLE_OCTETS(w) (sizeof(struct table) + WINDOWS(w) * ROW_OCTETS(w))
#define TABLE_VECTORS   ((WINDOWS(EC_SMALL) + IFMA_LANES - 1) / IFMA_LANES)

static_assert(TABLE_VECTORS <= NUMBERS_MAX, "one inversion for all rows");

struct table {
	_Alignas(64) uint32_t window; // w
	uint8_t row[];
};

// A scalar in each lane: v in words, of one more than EC_BITS has.
struct digits {
	__m512i word[EC_WORDS + 1];
};

// Digits of w bits of scalars below 2n, of which none is 0 modulo n.
static inline void digits_make(struct digits *d, const struct fe *u, unsigned w)
{
	const __m512i mask = _mm512_set1_epi64((int64_t)IFMA_MASK);
	const __m512i one = _mm512_set1_epi64(1);
	unsigned highest = WINDOWS(w) * w - 1;
	__m512i borrow = _mm512_setzero_si512();
	__m512i turned;
	__mmask8 even;
	struct fe odd, negative;

	fe_canon(&odd, u, &ec_order);
	even = _mm512_testn_epi64_mask(odd.limb[0], one);
	for (unsigned j = 0; j < EC_LIMBS; j++) {
		__m512i limb = _mm512_set1_epi64((int64_t)ec_order.m[j]);

		limb = _mm512_add_epi64(_mm512_sub_epi64(limb, odd.limb[j]), borrow);
		borrow = _mm512_srai_epi64(limb, IFMA_BITS);
		negative.limb[j] = _mm512_and_si512(limb, mask);
	}
	fe_select(&odd, even, &odd, &negative);
	fe_to_words(d->word, &odd);
	d->word[EC_WORDS] = _mm512_setzero_si512();
	for (unsigned i = 0; i < EC_WORDS; i++)
		d->word[i] = _mm512_or_si512(
			_mm512_srli_epi64(d->word[i], 1), _mm512_slli_epi64(d->word[i + 1], 63));
	d->word[highest / 64] = _mm512_or_si512(
		d->word[highest / 64], _mm512_set1_epi64((int64_t)(UINT64_C(1) << highest % 64)));
	turned = _mm512_movm_epi64(even);
	for (unsigned i = 0; i <= EC_WORDS; i++)
		d->word[i] = _mm512_xor_si512(d->word[i], turned);
}

// Digit i: where in its row the point of |d_i| begins, in octets; and the lanes with a negative d_i.
static inline __mmask8 digits_get(__m512i *offset, const struct digits *d, unsigned i, unsigned w)
{
	unsigned shift = w * i % 64;
	const __m512i *word = &d->word[w * i / 64];
	__m512i bits = _mm512_or_si512(_mm512_srl_epi64(word[0], _mm_cvtsi32_si128((int)shift)),
		_mm512_sll_epi64(word[1], _mm_cvtsi32_si128((int)(64 - shift))));
	__m512i sign = _mm512_set1_epi64(1LL << (w - 1));
	__mmask8 negative = _mm512_testn_epi64_mask(bits, sign);
	__m512i below = _mm512_sub_epi64(sign, _mm512_set1_epi64(1));
	__m512i j = _mm512_and_si512(
		_mm512_mask_xor_epi64(bits, negative, bits, _mm512_set1_epi64(-1)), below);

	*offset = _mm512_slli_epi64(j, 6);
	if (POINT_OCTETS == 96)
		*offset = _mm512_add_epi64(*offset, _mm512_slli_epi64(j, 5));
	return negative;
}

/*
 * Odd multiples of n vectors of points: 1, 3, … 2^w - 1 times each, from row[vector][lane] on. The
 * points 2 j + 1 with j from 2^i to 2^(i + 1) - 1 are those below, each and 2^(i + 1) times the point:
 * never equal or opposite, as the order is prime and far larger.
 */
static void multiples_make(
	struct point base[], unsigned n, uint8_t *const row[][IFMA_LANES], unsigned w)
{
	struct sum *s = &ec_sum;
	uint8_t *at[IFMA_LANES];
	__mmask8 bad[SUM_MAX];

	for (unsigned v = 0; v < n; v++)
		point_scatter(row[v], &base[v], &ec_field);
	for (unsigned have = 1; have < ROW_POINTS(w); have *= 2) {
		unsigned done = 0;

		points_double(base, n);
		while (done < have * n) {
			unsigned some = have * n - done < SUM_MAX ? have * n - done : SUM_MAX;

			sum_begin(s, false);
			for (unsigned e = 0; e < some; e++) {
				unsigned v = (done + e) % n;

				for (unsigned l = 0; l < IFMA_LANES; l++)
					at[l] = row[v][l] + (size_t)POINT_OCTETS * ((done + e) / n);
				point_gather(&s->point[e], (const uint8_t *const *)at);
				sum_put(s, e, e, &base[v], 0);
			}
			s->n = some;
			sum_run(s, bad);
			for (unsigned e = 0; e < some; e++) {
				unsigned v = (done + e) % n;

				for (unsigned l = 0; l < IFMA_LANES; l++)
					at[l] = row[v][l]
						+ (size_t)POINT_OCTETS * (have + (done + e) / n);
				point_scatter(at, &s->point[e], &ec_field);
			}
			done += some;
		}
	}
}

// The rows of one point, which all lanes of p have: the lanes make a row each, eight at a time.
static void rows_make(uint8_t *rows, const struct point *p, unsigned w)
{
	struct jacobian power = {.x = p->x, .y = p->y}, first[TABLE_VECTORS];
	struct jacobian *const all[JACOBIANS] = {&power};
	struct point base[TABLE_VECTORS];
	struct fe z[TABLE_VECTORS];
	uint8_t *row[TABLE_VECTORS][IFMA_LANES];
	unsigned n = (WINDOWS(w) + IFMA_LANES - 1) / IFMA_LANES;

	fe_set(&power.z, ec_field.one);
	// The last vector's lanes that are left over repeat the last row.
	for (unsigned i = 0; i < n * IFMA_LANES; i++) {
		unsigned window = i < WINDOWS(w) ? i : WINDOWS(w) - 1;
		struct jacobian *to = &first[i / IFMA_LANES];
		__mmask8 lane = (__mmask8)(0xff << i % IFMA_LANES);

		fe_select(&to->x, lane, &to->x, &power.x);
		fe_select(&to->y, lane, &to->y, &power.y);
		fe_select(&to->z, lane, &to->z, &power.z);
		row[i / IFMA_LANES][i % IFMA_LANES] = rows + window * ROW_OCTETS(w);
		for (unsigned bit = 0; i + 1 < WINDOWS(w) && bit < w; bit++)
			jacobians_double(all, 1);
	}
	for (unsigned v = 0; v < n; v++)
		z[v] = first[v].z;
	numbers_invert(z, n, &ec_field, fe_mul);
	for (unsigned v = 0; v < n; v++) {
		struct fe zz;

		fe_sqr(&zz, &z[v]);
		fe_mul(&base[v].x, &first[v].x, &zz);
		fe_mul(&zz, &zz, &z[v]);
		fe_mul(&base[v].y, &first[v].y, &zz);
	}
	multiples_make(base, n, (uint8_t *const(*)[IFMA_LANES])row, w);
}

#endif
