#include "ed448.h"

/*
 * One column is what the limbs i and j of two halves contribute to 2^(45 (i + j)). The low 52 bits of
 * a product of limbs are summed in lo[i + j]; what lies above is in hi[i + j], worth 2^52, that is 2^7
 * of the next column.
 */
#define COLUMNS 10
#define CARRY   (52 - ED448_BITS)

struct columns {
	__m512i lo[COLUMNS], hi[COLUMNS]; // the last lo and hi: 0
};

static inline void columns_product(
	struct columns *c, const __m512i a[ED448_HALF], const __m512i b[ED448_HALF])
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < ED448_HALF; i++) {
#pragma GCC unroll 5
		for (unsigned j = 0; j < ED448_HALF; j++) {
			c->lo[i + j] = ifma_lo(c->lo[i + j], a[i], b[j]);
			c->hi[i + j] = ifma_hi(c->hi[i + j], a[i], b[j]);
		}
	}
}

static inline void columns_square(struct columns *c, const __m512i a[ED448_HALF])
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < ED448_HALF; i++) {
		__m512i twice = _mm512_add_epi64(a[i], a[i]);

		c->lo[2 * i] = ifma_lo(c->lo[2 * i], a[i], a[i]);
		c->hi[2 * i] = ifma_hi(c->hi[2 * i], a[i], a[i]);
#pragma GCC unroll 5
		for (unsigned j = i + 1; j < ED448_HALF; j++) {
			c->lo[i + j] = ifma_lo(c->lo[i + j], twice, a[j]);
			c->hi[i + j] = ifma_hi(c->hi[i + j], twice, a[j]);
		}
	}
}

// The sums of the columns, into c->lo; c->hi becomes 0.
static inline void columns_close(struct columns *c)
{
#pragma GCC unroll 10
	for (unsigned k = COLUMNS - 1; k > 0; k--) {
		c->lo[k] = _mm512_add_epi64(c->lo[k], _mm512_slli_epi64(c->hi[k - 1], CARRY));
		c->hi[k - 1] = _mm512_setzero_si512();
	}
}

// 2^12 p keeps every sum of columns_carry() above 0: to the low half here, to the high half in open_cross.
static inline uint64_t bias(unsigned limb)
{
	return ed448_p(limb) << 12;
}

static inline void columns_open(struct columns *c)
{
#pragma GCC unroll 10
	for (unsigned k = 0; k < COLUMNS; k++) {
		c->lo[k] = k < ED448_HALF ? ed448_all(bias(k)) : _mm512_setzero_si512();
		c->hi[k] = _mm512_setzero_si512();
	}
}

// The bias of the high half, less `low`, from which that of the low half goes.
static inline void columns_open_cross(struct columns *c, const struct columns *low)
{
#pragma GCC unroll 10
	for (unsigned k = 0; k < COLUMNS; k++) {
		__m512i start = k < ED448_HALF ? ed448_all(bias(k) + bias(k + ED448_HALF))
					       : _mm512_setzero_si512();

		c->lo[k] = _mm512_sub_epi64(start, low->lo[k]);
		c->hi[k] = _mm512_setzero_si512();
	}
}

// One step of carries; what leaves the high half is worth 2^448 = 2^224 + 1.
static inline void carry(struct ed448_fe8 *r, const __m512i v[ED448_LIMBS])
{
	const __m512i mask = ed448_all(ED448_MASK), top_mask = ed448_all(ED448_TOP_MASK);
	const unsigned top = ED448_HALF - 1;
	__m512i low_out = _mm512_srli_epi64(v[top], ED448_TOP_BITS);
	__m512i high_out = _mm512_srli_epi64(v[top + ED448_HALF], ED448_TOP_BITS);

#pragma GCC unroll 2
	for (unsigned h = 0; h < ED448_LIMBS; h += ED448_HALF) {
#pragma GCC unroll 4
		for (unsigned i = h + 1; i < h + ED448_HALF; i++)
			r->limb[i] = _mm512_add_epi64(
				_mm512_and_si512(v[i], i == h + top ? top_mask : mask),
				_mm512_srli_epi64(v[i - 1], ED448_BITS));
	}
	r->limb[0] = _mm512_add_epi64(_mm512_and_si512(v[0], mask), high_out);
	r->limb[ED448_HALF] = _mm512_add_epi64(
		_mm512_and_si512(v[ED448_HALF], mask), _mm512_add_epi64(low_out, high_out));
}

/*
 * sum + cross * 2^224, both of ten columns, of which the last five are worth 2^225 more than the first:
 * with f = 2^224, f^2 = f + 1,
 *
 *   s0 + s1 * 2f + (c0 + c1 * 2f) f = s0 + 2 c1 + (c0 + 2 (s1 + c1)) f
 */
static inline void columns_carry(
	struct ed448_fe8 *r, const struct columns *sum, const struct columns *cross)
{
	__m512i v[ED448_LIMBS];

#pragma GCC unroll 5
	for (unsigned k = 0; k < ED448_HALF; k++) {
		__m512i c1 = cross->lo[k + ED448_HALF];
		__m512i both = _mm512_add_epi64(sum->lo[k + ED448_HALF], c1);

		v[k] = _mm512_add_epi64(sum->lo[k], _mm512_add_epi64(c1, c1));
		v[k + ED448_HALF] = _mm512_add_epi64(cross->lo[k], _mm512_add_epi64(both, both));
	}
	carry(r, v);
}

static inline void halves_sum(__m512i r[ED448_HALF], const struct ed448_fe8 *a)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < ED448_HALF; i++)
		r[i] = _mm512_add_epi64(a->limb[i], a->limb[i + ED448_HALF]);
}

/*
 * Eight products: r = a * b mod p.
 *
 * In:    a, b loose (limbs < 2^48)
 * Out:   r tight; r may be a or b
 * Why:   with a = a0 + a1 f and b = b0 + b1 f, a b = a0 b0 + a1 b1 + ((a0 + a1)(b0 + b1) - a0 b0) f.
 *        In units of 2^52: products of limbs are < 2^96, so the five that meet in a column of a0 b0 or
 *        a1 b1 give at most 5 + 5 * 2^-1 with what they carry into it; those of the sums, which are
 *        < 2^98, 5 + 5 * 2. The bias is < 32, and 16 in the last column of a half. So v < 32 + 15 + 2 *
 *        14 = 75 in the low half, 32 + 15 + 2 * (13 + 14) = 101 in the high half: below 2^59.
 *        Nothing is below 0: a limb's product in (a0 + a1)(b0 + b1) is no less than the one in a0 b0,
 *        nor are its high 52 bits; the low ones may be, each by less than 1: five in the first
 *        columns of the difference and four, twice, in the others; 13 < 16.
 *        So the carries are < 2^59 / 2^45 = 2^14, from the last limbs of the halves < 2^15; the sixth
 *        limb takes two of these.
 * Time:  150 multiply-adds; not constant, and need not be: everything a validator sees is public
 */
void wv_ifma_ed448_mul(struct ed448_fe8 *r, const struct ed448_fe8 *a, const struct ed448_fe8 *b)
{
	struct columns sum, cross;
	__m512i ab[ED448_HALF], bb[ED448_HALF];

	columns_open(&sum);
	columns_product(&sum, a->limb, b->limb);
	columns_close(&sum);
	columns_open_cross(&cross, &sum);
	columns_product(&sum, a->limb + ED448_HALF, b->limb + ED448_HALF);
	columns_close(&sum);
	halves_sum(ab, a);
	halves_sum(bb, b);
	columns_product(&cross, ab, bb);
	columns_close(&cross);
	columns_carry(r, &sum, &cross);
}

/*
 * Eight squares: r = a^2 mod p. Ranges as for the product: what is added twice there is doubled before
 * it is multiplied here, so the high parts are the same but for their rounding, and fewer low ones meet.
 */
void wv_ifma_ed448_sqr(struct ed448_fe8 *r, const struct ed448_fe8 *a)
{
	struct columns sum, cross;
	__m512i ab[ED448_HALF];

	columns_open(&sum);
	columns_square(&sum, a->limb);
	columns_close(&sum);
	columns_open_cross(&cross, &sum);
	columns_square(&sum, a->limb + ED448_HALF);
	columns_close(&sum);
	halves_sum(ab, a);
	columns_square(&cross, ab);
	columns_close(&cross);
	columns_carry(r, &sum, &cross);
}

// r = a^(2^times) * b; r may be b, not a.
static void square_times(
	struct ed448_fe8 *r, const struct ed448_fe8 *a, unsigned times, const struct ed448_fe8 *b)
{
	struct ed448_fe8 t;

	wv_ifma_ed448_sqr(&t, a);
	for (unsigned i = 1; i < times; i++)
		wv_ifma_ed448_sqr(&t, &t);
	wv_ifma_ed448_mul(r, &t, b);
}

// In the comments: n for a^(2^n - 1). (p - 3) / 4 = (2^223 - 1) 2^223 + 2^222 - 1.
void wv_ifma_ed448_root(struct ed448_fe8 *r, const struct ed448_fe8 *a)
{
	struct ed448_fe8 x, y, z;

	square_times(&x, a, 1, a);     // 2
	square_times(&x, &x, 1, a);    // 3
	square_times(&y, &x, 3, &x);   // 6
	square_times(&y, &y, 3, &x);   // 9
	square_times(&x, &y, 9, &y);   // 18
	square_times(&y, &x, 1, a);    // 19
	square_times(&z, &y, 18, &x);  // 37
	square_times(&x, &z, 37, &z);  // 74
	square_times(&x, &x, 37, &z);  // 111
	square_times(&y, &x, 111, &x); // 222
	square_times(&x, &y, 1, a);    // 223
	square_times(r, &x, 223, &y);
}

// p - 2 = 4 (p - 3) / 4 + 1.
void wv_ifma_ed448_invert(struct ed448_fe8 *r, const struct ed448_fe8 *a)
{
	struct ed448_fe8 t;

	wv_ifma_ed448_root(&t, a);
	square_times(r, &t, 2, a);
}

// Carries one after the other; what is left over 2^448.
static __m512i carry_all(struct ed448_fe8 *a)
{
	__m512i c = _mm512_setzero_si512();

	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		__m512i v = _mm512_add_epi64(a->limb[i], c);

		c = _mm512_srli_epi64(v, ed448_limb_bits(i));
		a->limb[i] =
			_mm512_and_si512(v, ed448_all((UINT64_C(1) << ed448_limb_bits(i)) - 1));
	}
	return c;
}

// Add n * 2^448, which is n (2^224 + 1).
static void fold(struct ed448_fe8 *a, __m512i n)
{
	a->limb[0] = _mm512_add_epi64(a->limb[0], n);
	a->limb[ED448_HALF] = _mm512_add_epi64(a->limb[ED448_HALF], n);
}

// The lanes of a, below 2^448, that are not below p; r is then what they exceed it by.
static __mmask8 exceeding(struct ed448_fe8 *r, const struct ed448_fe8 *a)
{
	__m512i over;

	*r = *a;
	fold(r, ed448_all(1)); // + 2^448 - p
	over = carry_all(r);
	return _mm512_test_epi64_mask(over, over);
}

/*
 * Loose numbers are below 2^452: the first round leaves at most 2^448 - 1 + 16 (2^224 + 1), the second,
 * if it still takes 2^448 off, less than 2^230. So the third leaves limbs in their ranges, and no carry.
 */
void wv_ifma_ed448_reduce(struct ed448_fe8 *r, const struct ed448_fe8 *a)
{
	struct ed448_fe8 t = *a, less;
	__mmask8 lanes;

	for (unsigned i = 0; i < 3; i++)
		fold(&t, carry_all(&t));
	lanes = exceeding(&less, &t);
	ed448_select(r, &t, lanes, &less);
}

__mmask8 wv_ifma_ed448_is_zero(const struct ed448_fe8 *a)
{
	struct ed448_fe8 t;
	__m512i any;

	wv_ifma_ed448_reduce(&t, a);
	any = t.limb[0];
	for (unsigned i = 1; i < ED448_LIMBS; i++)
		any = _mm512_or_si512(any, t.limb[i]);
	return _mm512_testn_epi64_mask(any, any);
}

__mmask8 wv_ifma_ed448_read(struct ed448_fe8 *r, const struct ed448_words8 *w)
{
	struct ed448_fe8 t;

	ed448_unpack(r, w);
	return (__mmask8)~exceeding(&t, r);
}

void wv_ifma_ed448_pack(struct ed448_words8 *w, const struct ed448_fe8 *a)
{
	for (unsigned k = 0; k < 8; k++)
		w->word[k] = _mm512_setzero_si512();
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		unsigned at = ed448_limb_at(i);
		__m512i *word = &w->word[at / 64];

		word[0] = _mm512_or_si512(word[0], _mm512_slli_epi64(a->limb[i], at % 64));
		if (at % 64 + ed448_limb_bits(i) > 64)
			word[1] = _mm512_or_si512(
				word[1], _mm512_srli_epi64(a->limb[i], 64 - at % 64));
	}
}
