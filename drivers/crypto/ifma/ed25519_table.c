#include "ed25519_table.h"

#include <string.h>

#define CHUNK 64 // multiples of eight points that share an inversion

// For digit 0, and for digits that a lane does not have: 1, 1, 0, 2.
static const _Alignas(64) uint64_t neutral[4][4] = {{1}, {1}, {0}, {2}};

size_t wv_ifma_ed25519_table_size(const struct ed25519_window *w)
{
	size_t octets =
		sizeof(struct ed25519_table) + (size_t)ed25519_window_points(w) * ED25519_ENTRY;

	return (octets + 63) / 64 * 64;
}

/*
 * Put a coordinate of each lane where `to` says; NULL: nowhere.
 * This is words_load() backwards: two rounds of shuffles bring the four words of two lanes together.
 */
INLINE void coordinate_store(uint8_t *const to[IFMA_LANES], unsigned i, const struct fe8 *a)
{
	struct fe8 frozen = wv_ifma_ed25519_freeze(a);
	__m512i w[4], t[4], r[4];

	fe8_pack(w, &frozen);
	// Lanes 0, 2, 4, 6 of words 0 and 1; lanes 1, 3, 5, 7 of them; the same of words 2 and 3.
	UNROLLED for (unsigned j = 0; j < 4; j += 2)
	{
		t[j] = _mm512_unpacklo_epi64(w[j], w[j + 1]);
		t[j + 1] = _mm512_unpackhi_epi64(w[j], w[j + 1]);
	}
	UNROLLED for (unsigned j = 0; j < 2; j++)
	{
		__m512i low = _mm512_shuffle_i64x2(t[j], t[j + 2], 0x44);
		__m512i high = _mm512_shuffle_i64x2(t[j], t[j + 2], 0xee);

		// The first two blocks of 128 bits are words 0 and 1, the others words 2 and 3.
		r[j] = _mm512_shuffle_i64x2(low, low, 0xd8);
		r[j + 2] = _mm512_shuffle_i64x2(high, high, 0xd8);
	}
	UNROLLED for (unsigned lane = 0; lane < IFMA_LANES; lane++)
	{
		__m512i both = r[lane / 4 * 2 + lane % 2];
		__m256i one = lane % 4 < 2 ? _mm512_castsi512_si256(both)
					   : _mm512_extracti64x4_epi64(both, 1);

		if (to[lane] != NULL)
			_mm256_storeu_si256((__m256i_u *)(to[lane] + i * ED25519_COORDINATE), one);
	}
}

// Rows of a table that are being made: one in each lane.
struct making {
	uint8_t *entries[IFMA_LANES];
	unsigned points[IFMA_LANES]; // 0: no row
	unsigned most;
};

// Multiples k + 1 to k + n; all but the coordinates is in product[i]: that of Z up to the i-th.
static void chunk_store(const struct making *m, unsigned k, unsigned n,
	const struct point8 point[CHUNK], const struct fe8 product[CHUNK])
{
	struct fe8 d2 = fe8_constant(wv_ifma_ed25519_2d);
	struct fe8 inverse = wv_ifma_ed25519_invert(&product[n - 1]);

	for (unsigned i = n; i-- > 0;) {
		struct fe8 z = i > 0 ? fe8_product(&inverse, &product[i - 1]) : inverse;
		struct fe8 plus = fe8_product(&point[i].plus, &z);
		struct fe8 minus = fe8_product(&point[i].minus, &z);
		struct fe8 t2d = fe8_product(&point[i].t, &z);
		uint8_t *to[IFMA_LANES];

		for (unsigned lane = 0; lane < IFMA_LANES; lane++)
			to[lane] = k + i < m->points[lane]
				? m->entries[lane] + (size_t)(k + i) * ED25519_ENTRY
				: NULL;
		t2d = fe8_product(&t2d, &d2);
		coordinate_store(to, 0, &plus);
		coordinate_store(to, 1, &minus);
		coordinate_store(to, 2, &t2d);
		inverse = fe8_product(&inverse, &point[i].z);
	}
}

static void rows_make(const struct making *m, const struct point8 *base)
{
	struct cached8 step = wv_ifma_ed25519_cached(base);
	struct point8 next = *base, point[CHUNK];
	struct fe8 product[CHUNK];

	for (unsigned k = 0; k < m->most; k += CHUNK) {
		unsigned n = m->most - k < CHUNK ? m->most - k : CHUNK;

		for (unsigned i = 0; i < n; i++) {
			point[i] = next;
			product[i] =
				i > 0 ? wv_ifma_ed25519_product(&product[i - 1], &next.z) : next.z;
			next = wv_ifma_ed25519_add(&next, &step);
		}
		chunk_store(m, k, n, point, product);
	}
}

static void point_select(__mmask8 lanes, struct point8 *to, const struct point8 *from)
{
	to->plus = fe8_select(lanes, &from->plus, &to->plus);
	to->minus = fe8_select(lanes, &from->minus, &to->minus);
	to->z = fe8_select(lanes, &from->z, &to->z);
	to->t = fe8_select(lanes, &from->t, &to->t);
}

void wv_ifma_ed25519_table_make(struct ed25519_table *table, unsigned bits, const struct point8 *p)
{
	const struct ed25519_window w = wv_ifma_ed25519_window(bits);
	struct point8 power = *p, base = point8_neutral();
	uint8_t *entries = table->entries;
	struct making m = {.most = 0};

	table->window = w;
	for (unsigned row = 0; row < w.digits; row++) {
		unsigned lane = row % IFMA_LANES;

		point_select((__mmask8)(1u << lane), &base, &power);
		m.entries[lane] = entries;
		m.points[lane] = row == w.digits - 1 ? w.top_most : ed25519_window_half(&w);
		entries += (size_t)m.points[lane] * ED25519_ENTRY;
		if (m.points[lane] > m.most)
			m.most = m.points[lane];
		if (lane == IFMA_LANES - 1 || row == w.digits - 1) {
			rows_make(&m, &base);
			memset(&m, 0, sizeof(m));
		}
		for (unsigned i = 0; i < bits; i++)
			power = wv_ifma_ed25519_double(&power);
	}
}

void wv_ifma_ed25519_multiples(
	uint8_t out[IFMA_LANES][ED25519_MULTIPLES][ED25519_ENTRY_Z], const struct point8 *p)
{
	const struct cached8 step = wv_ifma_ed25519_cached(p);
	struct point8 next = *p;

	for (unsigned k = 0; k < ED25519_MULTIPLES; k++) {
		struct cached8 c = wv_ifma_ed25519_cached(&next);
		uint8_t *to[IFMA_LANES];

		for (unsigned lane = 0; lane < IFMA_LANES; lane++)
			to[lane] = out[lane][k];
		coordinate_store(to, 0, &c.n.plus);
		coordinate_store(to, 1, &c.n.minus);
		coordinate_store(to, 2, &c.n.t2d);
		coordinate_store(to, 3, &c.z2);
		next = wv_ifma_ed25519_add(&next, &step);
	}
}

void wv_ifma_ed25519_rows_put(struct rows8 *r, unsigned lane, const struct ed25519_window *w,
	const void *entries, bool one_row)
{
	r->first[lane] = (uintptr_t)entries;
	r->octets[lane] = one_row ? 0 : (uint64_t)ed25519_window_half(w) * r->entry;
	r->bits[lane] = w->bits;
	r->digits[lane] = w->digits;
	for (unsigned i = 0; i < 4; i++)
		r->bias[i][lane] = w->bias[i];
}

// k + bias; below 2^254
static void biased(__m512i s[4], const struct scalar8 *k, const struct rows8 *r)
{
	const __m512i one = words(1);
	__mmask8 carry = 0;

	for (unsigned i = 0; i < 4; i++) {
		__m512i v = _mm512_add_epi64(k->word[i], _mm512_load_si512(r->bias[i]));
		__mmask8 over = _mm512_cmplt_epu64_mask(v, k->word[i]);

		s[i] = _mm512_mask_add_epi64(v, carry, v, one);
		carry = over | (carry & _mm512_testn_epi64_mask(s[i], s[i]));
	}
}

/*
 * In:    k < 2^252 + 2^128, of which at most top_most is left for the highest digit
 * Out:   addresses within the table, or of the neutral entry
 */
unsigned wv_ifma_ed25519_steps(
	struct steps8 steps[], const struct scalar8 *k, const struct rows8 *r)
{
	const __m512i one = words(1), bits = _mm512_load_si512(r->bits);
	const __m512i digits = _mm512_load_si512(r->digits), row = _mm512_load_si512(r->octets);
	const __m512i rest = _mm512_sub_epi64(words(64), bits);
	const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(bits, one));
	const __m512i mask = _mm512_sub_epi64(_mm512_add_epi64(half, half), one);
	const __m512i entry = words(r->entry), none = words((uintptr_t)neutral);
	__m512i at = _mm512_sub_epi64(_mm512_load_si512(r->first), entry), s[4];
	unsigned n = (unsigned)_mm512_reduce_max_epu64(digits);

	biased(s, k, r);
	for (unsigned i = 0; i < n; i++) {
		__mmask8 has = _mm512_cmpgt_epu64_mask(digits, words(i));
		__mmask8 lower = _mm512_cmpgt_epu64_mask(digits, words(i + 1)), negative;
		__m512i d = s[0], e, magnitude;

		d = _mm512_mask_and_epi64(d, lower, d, mask);
		d = _mm512_mask_sub_epi64(d, lower, d, half);
		negative = _mm512_movepi64_mask(d);
		magnitude = _mm512_abs_epi64(d);
		has &= _mm512_test_epi64_mask(d, d);
		e = _mm512_add_epi64(at, _mm512_mul_epu32(magnitude, entry));
		e = _mm512_mask_mov_epi64(none, has, e);
		_mm512_store_si512(steps[i].entry, e);
		_mm512_store_si512(steps[i].plus,
			_mm512_mask_add_epi64(e, has & negative, e, words(ED25519_COORDINATE)));

		at = _mm512_add_epi64(at, row);
		UNROLLED for (unsigned j = 0; j < 3; j++)
		{
			s[j] = _mm512_or_si512(
				_mm512_srlv_epi64(s[j], bits), _mm512_sllv_epi64(s[j + 1], rest));
		}
		s[3] = _mm512_srlv_epi64(s[3], bits);
	}
	return n;
}
