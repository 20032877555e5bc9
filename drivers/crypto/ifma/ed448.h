/**
 * @file
 * Ed448 in eight lanes: the field, the points, the scalars, the tables.
 *
 * Numbers modulo p = 2^448 - 2^224 - 1 are two halves, a + b * 2^224, each of five limbs of 45 bits
 * (the fifth has 44), lowest first. Why so:
 *
 * - With f = 2^224, f^2 = f + 1. Karatsuba's three products of halves are then all there is to a
 *   product, and a few additions of columns reduce it (M. Hamburg, "Ed448-Goldilocks, a new elliptic
 *   curve", 2015). For that the halves must begin with a limb.
 * - 3 * 25 products of limbs are fewer than the 81 of nine limbs of 50 to 52 bits, whose reduction
 *   shifts besides, as 224 is no multiple of these.
 * - Seven bits to spare: sums and differences of products are multiplied again without a carry, and
 *   the carries of a product are one step of all limbs at once.
 *
 * Three kinds of ranges are spoken of below:
 *
 *   loose    limbs < 2^48: what a product takes
 *   tight    limbs < 2^45 + 2^16, the fifth and tenth < 2^44 + 2^16: what a product gives
 *   reduced  below p, limbs below 2^45 and 2^44
 */
#ifndef ED448_H
#define ED448_H

#include "ifma.h"

#define ED448_LIMBS     10
#define ED448_HALF      5
#define ED448_BITS      45
#define ED448_MASK      ((UINT64_C(1) << ED448_BITS) - 1)
#define ED448_TOP_BITS  44 // of the last limb of a half
#define ED448_TOP_MASK  ((UINT64_C(1) << ED448_TOP_BITS) - 1)
#define ED448_WORDS     7     // of 64 bits, in a number below 2^448
#define ED448_OCTETS    57    // of a point, and of a scalar, on the wire
#define ED448_SIGNATURE 114   // R | s
#define ED448_MINUS_D   39082 // of E'; that of the curve of RFC 8032 is one less

struct ed448_fe8 {
	__m512i limb[ED448_LIMBS];
};

// What 64 octets of each lane hold, in words of 64 bits.
struct ed448_words8 {
	__m512i word[8];
};

/*
 * Points are on E': y^2 - x^2 = 1 + d' x^2 y^2, d' = -39082: see ed448_point.c. Extended coordinates,
 * x = X/Z, y = Y/Z, XY = ZT; tight.
 */
struct ed448_point8 {
	struct ed448_fe8 x, y, z, t;
};

// What is added to a point: Y - X, Y + X, 2 d' T, 2 Z; loose, but `product`, which is tight.
struct ed448_cached8 {
	struct ed448_fe8 minus, plus, product, z;
};

// n in every lane.
static inline __m512i ed448_all(uint64_t n)
{
	return _mm512_set1_epi64((long long)n);
}

// p, as limbs.
static inline uint64_t ed448_p(unsigned limb)
{
	if (limb == ED448_HALF)
		return ED448_MASK - 1;
	return limb % ED448_HALF == ED448_HALF - 1 ? ED448_TOP_MASK : ED448_MASK;
}

static inline void ed448_small(struct ed448_fe8 *r, uint64_t n)
{
	r->limb[0] = ed448_all(n);
	for (unsigned i = 1; i < ED448_LIMBS; i++)
		r->limb[i] = _mm512_setzero_si512();
}

// p - n; n < 2^44.
static inline void ed448_minus(struct ed448_fe8 *r, uint64_t n)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++)
		r->limb[i] = ed448_all(ed448_p(i) - (i == 0 ? n : 0));
}

// The limbs' sums.
static inline void ed448_add(
	struct ed448_fe8 *r, const struct ed448_fe8 *a, const struct ed448_fe8 *b)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++)
		r->limb[i] = _mm512_add_epi64(a->limb[i], b->limb[i]);
}

// a + 4p - b, without a borrow: b is tight, or the sum of two that are. Adds less than 2^47 to a limb.
static inline void ed448_sub(
	struct ed448_fe8 *r, const struct ed448_fe8 *a, const struct ed448_fe8 *b)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		__m512i p4 = ed448_all(4 * ed448_p(i));

		r->limb[i] = _mm512_add_epi64(a->limb[i], _mm512_sub_epi64(p4, b->limb[i]));
	}
}

// In some lanes 4p - a; a is tight.
static inline void ed448_negate(struct ed448_fe8 *a, __mmask8 lanes)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		__m512i p4 = ed448_all(4 * ed448_p(i));

		a->limb[i] = _mm512_mask_sub_epi64(a->limb[i], lanes, p4, a->limb[i]);
	}
}

// b in some lanes, a in the others.
static inline void ed448_select(
	struct ed448_fe8 *r, const struct ed448_fe8 *a, __mmask8 lanes, const struct ed448_fe8 *b)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++)
		r->limb[i] = _mm512_mask_blend_epi64(lanes, a->limb[i], b->limb[i]);
}

static inline unsigned ed448_limb_bits(unsigned limb)
{
	return limb % ED448_HALF == ED448_HALF - 1 ? ED448_TOP_BITS : ED448_BITS;
}

// The place of a limb's lowest bit in the number.
static inline unsigned ed448_limb_at(unsigned limb)
{
	return limb * ED448_BITS - limb / ED448_HALF;
}

// Words of 64 bits to limbs below 2^45 and 2^44. The last word is not looked at.
static inline void ed448_unpack(struct ed448_fe8 *r, const struct ed448_words8 *w)
{
#pragma GCC unroll 10
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		unsigned word = ed448_limb_at(i) / 64, at = ed448_limb_at(i) % 64;
		unsigned bits = ed448_limb_bits(i);
		__m512i mask = _mm512_set1_epi64((1ll << bits) - 1);
		__m512i low = _mm512_srli_epi64(w->word[word], at);

		if (at + bits <= 64)
			r->limb[i] = _mm512_and_si512(low, mask);
		else // (low | high) & mask
			r->limb[i] = _mm512_ternarylogic_epi64(
				low, _mm512_slli_epi64(w->word[word + 1], 64 - at), mask, 0xa8);
	}
}

// ed448_field.c. Results may be operands.

// r = a * b, r = a^2. In: loose. Out: tight.
void wv_ifma_ed448_mul(struct ed448_fe8 *r, const struct ed448_fe8 *a, const struct ed448_fe8 *b);
void wv_ifma_ed448_sqr(struct ed448_fe8 *r, const struct ed448_fe8 *a);

// a^((p - 3) / 4): of a square other than 0, one of the two roots of 1/a. In: loose. Out: tight.
void wv_ifma_ed448_root(struct ed448_fe8 *r, const struct ed448_fe8 *a);

// 1/a, and 0 of 0. In: loose. Out: tight.
void wv_ifma_ed448_invert(struct ed448_fe8 *r, const struct ed448_fe8 *a);

// In: loose. Out: reduced.
void wv_ifma_ed448_reduce(struct ed448_fe8 *r, const struct ed448_fe8 *a);

// The lanes whose number is 0 modulo p. In: loose.
__mmask8 wv_ifma_ed448_is_zero(const struct ed448_fe8 *a);

// As ed448_unpack(), and which lanes hold numbers below p.
__mmask8 wv_ifma_ed448_read(struct ed448_fe8 *r, const struct ed448_words8 *w);

// In: limbs below 2^45 and 2^44. The last word becomes 0.
void wv_ifma_ed448_pack(struct ed448_words8 *w, const struct ed448_fe8 *a);

// ed448_point.c

void wv_ifma_ed448_identity(struct ed448_point8 *p);
void wv_ifma_ed448_double(struct ed448_point8 *p, unsigned times); // 2^times p
void wv_ifma_ed448_add(struct ed448_point8 *p, const struct ed448_cached8 *q);
// p + q or p - q of a table's rows.
void wv_ifma_ed448_add_rows(
	struct ed448_point8 *p, const uint8_t *const row[IFMA_LANES], __mmask8 subtract);
// r: the point of the lane whose number differs in the bit `apart`.
void wv_ifma_ed448_exchange(struct ed448_point8 *r, const struct ed448_point8 *p, unsigned apart);
void wv_ifma_ed448_cache(struct ed448_cached8 *q, const struct ed448_point8 *p);

/**
 * The image on E' of the points that public keys encode, as OpenSSL decodes them.
 * @return lanes that hold a point whose x is not 0; the others get the neutral point. `*on_curve`: lanes
 *         that hold a point at all
 */
__mmask8 wv_ifma_ed448_decode(
	struct ed448_point8 *p, const struct ed448_words8 *octets, __mmask8 *on_curve);

// A point of the curve of RFC 8032 whose image is 4p: x = r->x / r->z, y = r->y / r->z; z is never 0.
void wv_ifma_ed448_return(struct ed448_point8 *r, const struct ed448_point8 *p);

// ed448_scalar.c

// (s / 4) mod L. False: s is not below L.
bool wv_ifma_ed448_response(uint64_t r[8], const uint8_t s[ED448_OCTETS]);
// (-h / 4) mod L, or L, h being the number of 114 octets in 15 words.
void wv_ifma_ed448_challenge(uint64_t r[8], const uint64_t hash[15]);

// ed448_table.c

/*
 * A table has multiples 1 to 2^(window - 1) of 2^(window * i) times a point, for every `stride`-th i. Of a
 * point it has (y - x) / 2, (y + x) / 2 and d' x y, reduced and packed, in rows of 64 octets. The first point is
 * the neutral one.
 */
#define ED448_POINT 192

struct ed448_table {
	_Alignas(64) uint8_t window;
	uint8_t stride;
	bool dead; // made of a key with which no signature is right
};

static inline const uint8_t *ed448_table_points(const struct ed448_table *table)
{
	return (const uint8_t *)(table + 1);
}

// Digits of `window` bits that hold any scalar and their carry.
static inline unsigned ed448_digit_count(unsigned window)
{
	return (446 + window) / window;
}

// Entries of a table, the neutral point included.
static inline size_t ed448_table_size(unsigned window, unsigned stride)
{
	size_t rows = (ed448_digit_count(window) + stride - 1) / stride;

	return 1 + (rows << (window - 1));
}

size_t wv_ifma_ed448_table_octets(const struct wv_verify_key *key, enum wv_verify_table size);
void wv_ifma_ed448_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table);

#define ED448_BASE_WINDOW 10
extern const struct ed448_table *const wv_ifma_ed448_base;
// Make the table of the base point.
bool wv_ifma_ed448_init(void);

// ed448_verify.c

// Encoded points: of eight keys or signatures, and one in all lanes.
void wv_ifma_ed448_octets(struct ed448_words8 *w, const uint8_t *const octets[IFMA_LANES]);
void wv_ifma_ed448_octets_same(struct ed448_words8 *w, const uint8_t octets[ED448_OCTETS]);

bool wv_ifma_ed448_key_init(struct wv_verify_key *key, unsigned slot);
void wv_ifma_ed448_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);

#endif
