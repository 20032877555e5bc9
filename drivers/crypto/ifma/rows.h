/**
 * @file
 * Between rows, eight words of 64 bits of one lane each, and vectors, one word of each lane.
 */
#ifndef ROWS_H
#define ROWS_H

#include "ifma.h"

// 16 octets each, of the rows of every other lane from `first` on.
static inline __m512i rows_quarter(const uint8_t *const row[IFMA_LANES], unsigned first, size_t at)
{
	__m512i v = _mm512_castsi128_si512(
		_mm_loadu_si128((const __m128i *)(const void *)(row[first] + at)));

	// A load that is spread and merged takes no shuffle.
	for (unsigned i = 1; i < 4; i++) {
		__m128i part =
			_mm_loadu_si128((const __m128i *)(const void *)(row[first + 2 * i] + at));

		v = _mm512_mask_broadcast_i64x2(v, (__mmask8)(3u << 2 * i), part);
	}
	return v;
}

// Word w of all eight rows, w = 2 * quarter and the next.
static inline void rows_load_pair(__m512i word[2], const uint8_t *const row[IFMA_LANES], size_t at)
{
	__m512i even = rows_quarter(row, 0, at);
	__m512i odd = rows_quarter(row, 1, at);

	word[0] = _mm512_unpacklo_epi64(even, odd);
	word[1] = _mm512_unpackhi_epi64(even, odd);
}

// The 64 octets of each row from `at` on.
static inline void rows_load(__m512i word[8], const uint8_t *const row[IFMA_LANES], size_t at)
{
	for (unsigned i = 0; i < 4; i++)
		rows_load_pair(word + 2 * i, row, at + 16 * i);
}

// Rows become columns.
static inline void rows_transpose(__m512i v[8])
{
	__m512i a[8], b[8];

	for (unsigned i = 0; i < 8; i += 2) {
		a[i] = _mm512_unpacklo_epi64(v[i], v[i + 1]);
		a[i + 1] = _mm512_unpackhi_epi64(v[i], v[i + 1]);
	}
	for (unsigned i = 0; i < 2; i++) {
		b[i] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0x88);
		b[i + 2] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0xdd);
		b[i + 4] = _mm512_shuffle_i64x2(a[i + 4], a[i + 6], 0x88);
		b[i + 6] = _mm512_shuffle_i64x2(a[i + 4], a[i + 6], 0xdd);
	}
	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0x88);
		v[i + 4] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0xdd);
	}
}

#endif
