/**
 * @file
 * Tables of multiples of a point, and which of them make up a multiple by a scalar.
 *
 * A row for each digit i of the scalar: k * 2^(bits * i) * P for k from 1 to half, or top_most in
 * the last one. An entry is y + x, y - x and 2dxy, 32 octets each and below p, in the order of the
 * machine; tables of points with a Z hold 2Z behind them.
 */
#ifndef ED25519_TABLE_H
#define ED25519_TABLE_H

#include "ed25519_point.h"
#include "ed25519_scalar.h"

#define ED25519_COORDINATE 32
#define ED25519_ENTRY      (3 * ED25519_COORDINATE)
#define ED25519_ENTRY_Z    (4 * ED25519_COORDINATE)

// What hangs on a key, or is the base point's. It begins at a multiple of 64.
struct ed25519_table {
	struct ed25519_window window;
	_Alignas(64) uint8_t entries[];
};

size_t wv_ifma_ed25519_table_size(const struct ed25519_window *w);

// Make a table of p, a point that is the same in all lanes.
void wv_ifma_ed25519_table_make(struct ed25519_table *table, unsigned bits, const struct point8 *p);

// Multiples 1 to n of points, each lane's on its own, with their Z: out[lane][k - 1].
#define ED25519_MULTIPLES 16
void wv_ifma_ed25519_multiples(
	uint8_t out[IFMA_LANES][ED25519_MULTIPLES][ED25519_ENTRY_Z], const struct point8 *p);

// Where each lane finds the multiples for its digits.
struct rows8 {
	_Alignas(64) uint64_t first[IFMA_LANES]; // the address of multiple 1 for digit 0
	uint64_t octets[IFMA_LANES]; // from a row to the next; 0: one row for all digits
	uint64_t bits[IFMA_LANES], digits[IFMA_LANES];
	uint64_t bias[4][IFMA_LANES];
	unsigned entry; // octets
};

void wv_ifma_ed25519_rows_put(struct rows8 *r, unsigned lane, const struct ed25519_window *w,
	const void *entries, bool one_row);

/*
 * Entries to be added, a step for each digit. Where `plus` is not `entry` the point is subtracted:
 * y + x and y - x change places, and 2dxy its sign.
 */
struct steps8 {
	_Alignas(64) uint64_t entry[IFMA_LANES]; // address
	_Alignas(64) uint64_t plus[IFMA_LANES];  // address of the coordinate taken as y + x
};

// Write the steps of k, lowest digit first; as many as the lane with most digits has.
unsigned wv_ifma_ed25519_steps(
	struct steps8 steps[], const struct scalar8 *k, const struct rows8 *r);

INLINE void step_prefetch(const struct steps8 *s)
{
	UNROLLED for (unsigned i = 0; i < IFMA_LANES; i++)
	{
		_mm_prefetch((const char *)s->entry[i], _MM_HINT_T0);
		_mm_prefetch((const char *)s->entry[i] + 64, _MM_HINT_T0);
	}
}

// Four words at each of eight addresses, turned: one vector for each word.
INLINE void words_load(__m512i w[4], const uint64_t at[IFMA_LANES], unsigned offset)
{
	__m512i r[4], t[4];

	// Two lanes to a register, such that two rounds of shuffles bring all into order.
	UNROLLED for (unsigned i = 0; i < 4; i++)
	{
		unsigned lane = (i & 2) * 2 + (i & 1);
		const __m256i_u *low = (const void *)(at[lane] + offset);
		const __m256i_u *high = (const void *)(at[lane + 2] + offset);

		r[i] = _mm512_mask_broadcast_i64x4(_mm512_castsi256_si512(_mm256_loadu_si256(low)),
			0xf0, _mm256_loadu_si256(high));
	}
	UNROLLED for (unsigned i = 0; i < 4; i += 2)
	{
		t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
	}
	UNROLLED for (unsigned i = 0; i < 2; i++)
	{
		w[i] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0x88);
		w[i + 2] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0xdd);
	}
}

INLINE struct fe8 coordinate_load(const uint64_t at[IFMA_LANES], unsigned offset)
{
	__m512i w[4];

	words_load(w, at, offset);
	return fe8_unpack(w);
}

INLINE struct niels8 step_load(const struct steps8 *s)
{
	__m512i entry = _mm512_load_si512(s->entry), plus = _mm512_load_si512(s->plus);
	__mmask8 negative = _mm512_cmpneq_epi64_mask(entry, plus);
	_Alignas(64) uint64_t minus[IFMA_LANES];
	struct niels8 n;

	UNROLLED for (unsigned i = 0; i < IFMA_LANES; i++)
	{
		minus[i] = 2 * s->entry[i] + ED25519_COORDINATE - s->plus[i];
	}
	n.plus = coordinate_load(s->plus, 0);
	n.minus = coordinate_load(minus, 0);
	n.t2d = coordinate_load(s->entry, 2 * ED25519_COORDINATE);
	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		__m512i p2 = words(2 * (FE_MASK - (i == 0 ? 18 : 0)));

		n.t2d.limb[i] = _mm512_mask_sub_epi64(n.t2d.limb[i], negative, p2, n.t2d.limb[i]);
	}
	return n;
}

INLINE struct cached8 step_load_z(const struct steps8 *s)
{
	struct cached8 c = {step_load(s), coordinate_load(s->entry, 3 * ED25519_COORDINATE)};

	return c;
}

#endif
