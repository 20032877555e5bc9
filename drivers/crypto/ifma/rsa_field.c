/*
 * Montgomery products and squares, modulo numbers of up to 4096 bits.
 *
 * In:    n odd, R = 2^(260 blocks) >= 16 n; a, b, d <= 3 n, c < n; limbs < 2^52
 * Out:   r < 3 n, limbs < 2^52
 * How:   the product T = a b + c d is scanned by columns of blocks, lowest first: all products of two
 *        blocks of 5 limbs that fall on one column are summed in 18 registers, the low and the high
 *        halves of products apart, so that no sum waits for the one before.
 *        A multiple of n that is -1 modulo 2^260 spares the quotient's digits: let
 *        N = n (-1/n mod 2^260), then N = 2^260 fast - 1, and T + q N with q = T mod 2^260 takes
 *        the lowest block away and adds q fast one block higher: a block of T, once carried, is its
 *        own quotient. N has a block more than n; so the last quotient takes n itself, its digits
 *        one after the other by -1/n mod 2^52.
 * Why:   r = (T + q N + q' 2^(260 (blocks - 1)) n) / R with q < R / 2^260 and q' < 2^260, so that
 *        r < T / R + fast + n <= T / R + 2 n; a square or product of two numbers has
 *        T / R <= 9 n^2 / R <= 9/16 n, and a b + c d, where one factor of each is below n, not more
 *        than 6/16 n. fast <= n, for n (2^260 - 1) + 1 <= 2^260 n.
 *        A limb takes at most 80 low and 80 high halves from each of a b, c d and what the quotients
 *        add, each below 2^52, and a carry: below 2^61. A limb that is too large for its lane's
 *        number, as of a signature that is not below n, spoils that lane alone.
 * Time:  not constant, and need not be: everything a validator sees is public
 */
#include "rsa.h"

// Sums of products that fall on the limbs of a column and of the one above it.
struct column {
	__m512i lo[2 * RSA_BLOCK - 1]; // of limb i
	__m512i hi[2 * RSA_BLOCK - 1]; // of limb i + 1
};

// What a walk over the columns keeps.
struct walk {
	const struct rsa_modulus *m;
	__m512i *r;
	__m512i over[RSA_BLOCK];   // what the columns so far left to the next
	__m512i q[RSA_LIMBS_MOST]; // quotients
};

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE void column_open(struct column *c)
{
#pragma GCC unroll 9
	for (int i = 0; i < 2 * RSA_BLOCK - 1; i++)
		c->lo[i] = c->hi[i] = _mm512_setzero_si512();
}

// Add the product of two blocks.
static ALWAYS_INLINE void column_add(struct column *c, const __m512i *a, const __m512i *b)
{
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++) {
#pragma GCC unroll 5
		for (int j = 0; j < RSA_BLOCK; j++) {
			c->lo[i + j] = ifma_lo(c->lo[i + j], a[i], b[j]);
			c->hi[i + j] = ifma_hi(c->hi[i + j], a[i], b[j]);
		}
	}
}

static ALWAYS_INLINE void column_double(struct column *c)
{
#pragma GCC unroll 9
	for (int i = 0; i < 2 * RSA_BLOCK - 1; i++) {
		c->lo[i] = _mm512_add_epi64(c->lo[i], c->lo[i]);
		c->hi[i] = _mm512_add_epi64(c->hi[i], c->hi[i]);
	}
}

// Double what is there, and add the square of a block.
static ALWAYS_INLINE void column_square(struct column *c, const __m512i *a)
{
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++) {
#pragma GCC unroll 5
		for (int j = i + 1; j < RSA_BLOCK; j++) {
			c->lo[i + j] = ifma_lo(c->lo[i + j], a[i], a[j]);
			c->hi[i + j] = ifma_hi(c->hi[i + j], a[i], a[j]);
		}
	}
	column_double(c);
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++) {
		c->lo[2 * i] = ifma_lo(c->lo[2 * i], a[i], a[i]);
		c->hi[2 * i] = ifma_hi(c->hi[2 * i], a[i], a[i]);
	}
}

static ALWAYS_INLINE __m512i low_bits(__m512i a)
{
	return _mm512_and_si512(a, _mm512_set1_epi64(IFMA_MASK));
}

// The quotient of the last column, which takes n: q[i] clears limb i.
static ALWAYS_INLINE void limbs_clear(
	__m512i limb[2 * RSA_BLOCK], __m512i q[RSA_BLOCK], const struct rsa_modulus *m)
{
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++) {
		q[i] = ifma_lo(_mm512_setzero_si512(), limb[i], m->inverse);
#pragma GCC unroll 5
		for (int j = 0; j < RSA_BLOCK; j++) {
			limb[i + j] = ifma_lo(limb[i + j], q[i], m->n[j]);
			limb[i + j + 1] = ifma_hi(limb[i + j + 1], q[i], m->n[j]);
		}
		limb[i + 1] = _mm512_add_epi64(limb[i + 1], _mm512_srli_epi64(limb[i], IFMA_BITS));
	}
}

static ALWAYS_INLINE void limbs_carry(__m512i limb[2 * RSA_BLOCK], __m512i out[RSA_BLOCK])
{
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++) {
		out[i] = low_bits(limb[i]);
		limb[i + 1] = _mm512_add_epi64(limb[i + 1], _mm512_srli_epi64(limb[i], IFMA_BITS));
	}
}

// Bring column k to its end: it becomes a block of the quotient or of the result.
static ALWAYS_INLINE void column_close(struct column *c, unsigned k, struct walk *w)
{
	unsigned last = w->m->blocks - 1;
	__m512i limb[2 * RSA_BLOCK];

#pragma GCC unroll 9
	for (int i = 0; i < 2 * RSA_BLOCK - 1; i++)
		limb[i] = i > 0 ? _mm512_add_epi64(c->lo[i], c->hi[i - 1]) : c->lo[0];
	limb[2 * RSA_BLOCK - 1] = c->hi[2 * RSA_BLOCK - 2];
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++)
		limb[i] = _mm512_add_epi64(limb[i], w->over[i]);
	if (k == last)
		limbs_clear(limb, w->q + last * RSA_BLOCK, w->m);
	else
		limbs_carry(
			limb, k < last ? w->q + k * RSA_BLOCK : w->r + (k - last - 1) * RSA_BLOCK);
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++)
		w->over[i] = limb[RSA_BLOCK + i];
}

// Add what the quotients contribute to column k. The one just found comes last: it takes a while.
static ALWAYS_INLINE void column_reduce(struct column *c, unsigned k, struct walk *w)
{
	unsigned last = w->m->blocks - 1;

	for (unsigned i = k > last ? k - last - 1 : 0; i < k && i < last; i++)
		column_add(c, w->q + i * RSA_BLOCK, w->m->fast + (k - 1 - i) * RSA_BLOCK);
	if (k > last && k - last <= last)
		column_add(c, w->q + last * RSA_BLOCK, w->m->n + (k - last) * RSA_BLOCK);
}

static ALWAYS_INLINE void walk_open(struct walk *w, __m512i *r, const struct rsa_modulus *m)
{
	w->m = m;
	w->r = r;
#pragma GCC unroll 5
	for (int i = 0; i < RSA_BLOCK; i++)
		w->over[i] = _mm512_setzero_si512();
}

void wv_ifma_rsa_square(__m512i *r, const __m512i *a, const struct rsa_modulus *m)
{
	unsigned last = m->blocks - 1;
	struct walk w;

	walk_open(&w, r, m);
	for (unsigned k = 0; k < 2 * m->blocks; k++) {
		struct column c;

		column_open(&c);
		for (unsigned i = k > last ? k - last : 0; 2 * i < k; i++)
			column_add(&c, a + i * RSA_BLOCK, a + (k - i) * RSA_BLOCK);
		if (k % 2 == 0)
			column_square(&c, a + k / 2 * RSA_BLOCK);
		else
			column_double(&c);
		column_reduce(&c, k, &w);
		column_close(&c, k, &w);
	}
}

// Add the products of a, of `a_blocks` blocks, and b that fall on column k.
static ALWAYS_INLINE void column_multiply(struct column *c, unsigned k, const __m512i *a,
	unsigned a_blocks, const __m512i *b, unsigned last)
{
	for (unsigned i = k > last ? k - last : 0; i <= k && i < a_blocks; i++)
		column_add(c, a + i * RSA_BLOCK, b + (k - i) * RSA_BLOCK);
}

void wv_ifma_rsa_products(__m512i *r, const __m512i *a, const __m512i *b, const __m512i *c,
	unsigned c_blocks, const __m512i *d, const struct rsa_modulus *m)
{
	unsigned last = m->blocks - 1;
	struct walk w;

	walk_open(&w, r, m);
	for (unsigned k = 0; k < 2 * m->blocks; k++) {
		struct column sum;

		column_open(&sum);
		column_multiply(&sum, k, c, c_blocks, d, last);
		column_multiply(&sum, k, a, m->blocks, b, last);
		column_reduce(&sum, k, &w);
		column_close(&sum, k, &w);
	}
}

// -1/n mod 2^52 by Newton's iteration, which doubles the bits that are right: n is right in three.
static __m512i inverse_of(__m512i n)
{
	const __m512i two = _mm512_set1_epi64(2), zero = _mm512_setzero_si512();
	__m512i x = n;

	for (unsigned bits = 3; bits < IFMA_BITS; bits *= 2)
		x = ifma_lo(zero, x, _mm512_sub_epi64(two, ifma_lo(zero, x, n)));
	return low_bits(_mm512_sub_epi64(zero, x));
}

/*
 * The quotient q of 1 by n is -1/n mod 2^260, and (1 + q n) / 2^260 is `fast`: one column cleared,
 * and the products of q and the other blocks of n.
 */
void wv_ifma_rsa_modulus(struct rsa_modulus *m)
{
	__m512i limb[2 * RSA_BLOCK], q[RSA_BLOCK];

	m->inverse = inverse_of(m->n[0]);
	for (int i = 0; i < 2 * RSA_BLOCK; i++)
		limb[i] = _mm512_set1_epi64(i == 0);
	limbs_clear(limb, q, m);
	for (unsigned k = 0; k < m->blocks; k++) {
		for (int i = 0; i < RSA_BLOCK; i++) {
			limb[i] = limb[i + RSA_BLOCK];
			limb[i + RSA_BLOCK] = _mm512_setzero_si512();
		}
		for (int i = 0; k + 1 < m->blocks && i < RSA_BLOCK; i++) {
			for (int j = 0; j < RSA_BLOCK; j++) {
				__m512i n = m->n[(k + 1) * RSA_BLOCK + j];

				limb[i + j] = ifma_lo(limb[i + j], q[i], n);
				limb[i + j + 1] = ifma_hi(limb[i + j + 1], q[i], n);
			}
		}
		limbs_carry(limb, m->fast + k * RSA_BLOCK);
	}
}

void wv_ifma_rsa_negate(__m512i *r, const __m512i *a, const struct rsa_modulus *m)
{
	__m512i carry = _mm512_setzero_si512();

	for (unsigned i = 0; i < m->blocks * RSA_BLOCK; i++) {
		__m512i n2 = _mm512_add_epi64(m->n[i], m->n[i]);

		carry = _mm512_add_epi64(
			carry, _mm512_add_epi64(n2, _mm512_sub_epi64(m->n[i], a[i])));
		r[i] = low_bits(carry);
		carry = _mm512_srai_epi64(carry, IFMA_BITS);
	}
}

__mmask8 wv_ifma_rsa_below(const __m512i *a, const struct rsa_modulus *m)
{
	__mmask8 below = 0;

	for (unsigned i = 0; i < m->blocks * RSA_BLOCK; i++)
		below = _mm512_cmplt_epu64_mask(a[i], m->n[i])
			| _mm512_mask_cmpeq_epu64_mask(below, a[i], m->n[i]);
	return below;
}

// a is b, b + n or b + 2 n; which of them, the lowest limb tells, for n is odd.
__mmask8 wv_ifma_rsa_congruent(const __m512i *a, const __m512i *b, const struct rsa_modulus *m)
{
	__m512i first = _mm512_sub_epi64(a[0], b[0]);
	__mmask8 two = _mm512_cmpeq_epi64_mask(
		low_bits(first), low_bits(_mm512_add_epi64(m->n[0], m->n[0])));
	__mmask8 some = two | _mm512_cmpeq_epi64_mask(low_bits(first), m->n[0]);
	__m512i carry = _mm512_setzero_si512(), rest = carry;

	for (unsigned i = 0; i < m->blocks * RSA_BLOCK; i++) {
		__m512i limb = _mm512_sub_epi64(a[i], b[i]);

		limb = _mm512_mask_sub_epi64(limb, some, limb, m->n[i]);
		limb = _mm512_mask_sub_epi64(limb, two, limb, m->n[i]);
		limb = _mm512_add_epi64(limb, carry);
		rest = _mm512_or_si512(rest, low_bits(limb));
		carry = _mm512_srai_epi64(limb, IFMA_BITS);
	}
	return _mm512_testn_epi64_mask(_mm512_or_si512(rest, carry), _mm512_set1_epi64(-1));
}
