/*
 * Additions of points, eight at a time: affine, very many sharing one inversion, for sums and tables;
 * Jacobian, for keys without tables. Curves y^2 = x^3 - 3x + b of prime order.
 *
 * Affine, with l = (y2 - y1) / (x2 - x1): x3 = l^2 - x1 - x2, y3 = l (x1 - x3) - y1. Wrong where
 * x1 = x2. Such a denominator is zero; it is found, as it makes the product of all zero, and replaced
 * by 1; its lane is reported, and what it computes from then on is of no use to anybody.
 */
#ifndef WV_IFMA_ECDSA_POINTS_H
#define WV_IFMA_ECDSA_POINTS_H

#include "ecdsa_lanes.h"

static struct modulus ec_field, ec_order;

// Denominators are multiplied in this many chains, which do not wait for each other.
#define CHAINS 4

// Numbers that are inverted together, at most.
#define NUMBERS_MAX 20

// Additions that share an inversion, at most.
#define SUM_MAX 256

struct addition {
	struct fe dx, dy; // of the points
	struct fe before; // product of the denominators before, in the same chain
};

// Additions under way. Too large for the stack of a worker; what is in it does not outlive a call.
struct sum {
	unsigned n;
	bool down;            // the order of the denominators: from the last to the first
	bool open[SUM_MAX];   // there is such an addition, and it is not finished
	uint16_t to[SUM_MAX]; // the point that is added to, and will be the result
	struct point point[SUM_MAX];
	struct addition add[SUM_MAX];
	struct fe product[CHAINS]; // of denominators, of those that are put in now
	struct fe inverse[CHAINS]; // of those that are finished now
};

static _Thread_local struct sum ec_sum;

static inline void sum_begin(struct sum *s, bool down)
{
	s->down = down;
	for (unsigned c = 0; c < CHAINS; c++)
		fe_set(&s->product[c], ec_field.one);
}

static inline void sum_denominator(struct sum *s, unsigned i)
{
	struct fe *product = &s->product[i % CHAINS];

	s->add[i].before = *product;
	fe_mul(product, product, &s->add[i].dx);
}

/*
 * Addition i: of p, in the lanes of `negative` -p, to point[to]. The y of a p with such lanes is below
 * p. They are put in in one order, and finished in the other.
 */
static inline void sum_put(
	struct sum *s, unsigned i, unsigned to, const struct point *p, __mmask8 negative)
{
	s->open[i] = true;
	s->to[i] = (uint16_t)to;
	fe_sub(&s->add[i].dx, &p->x, &s->point[to].x);
	fe_dif(&s->add[i].dy, negative, &p->y, &s->point[to].y);
	sum_denominator(s, i);
}

// Replace zero denominators by 1. bad[i]: lanes of addition i that had one.
static void sum_mend(struct sum *s, __mmask8 bad[SUM_MAX])
{
	struct fe one;

	fe_set(&one, ec_field.one);
	sum_begin(s, s->down);
	for (unsigned k = 0; k < s->n; k++) {
		unsigned i = s->down ? s->n - 1 - k : k;

		bad[i] = 0;
		if (!s->open[i])
			continue;
		bad[i] = fe_is_zero(&s->add[i].dx, &ec_field);
		fe_select(&s->add[i].dx, bad[i], &s->add[i].dx, &one);
		sum_denominator(s, i);
	}
}

// Turn the products of the chains into their inverses. False: some lane is zero.
static bool chains_invert(struct fe product[CHAINS], const struct modulus *m, fe_mul_fn mul)
{
	struct fe before[CHAINS], inverse = product[0];

	for (unsigned c = 1; c < CHAINS; c++) {
		before[c] = inverse;
		mul(&inverse, &inverse, &product[c]);
	}
	if (!lanes_invert(&inverse, m, mul))
		return false;
	for (unsigned c = CHAINS - 1; c > 0; c--) {
		struct fe own;

		mul(&own, &inverse, &before[c]);
		mul(&inverse, &inverse, &product[c]);
		product[c] = own;
	}
	product[0] = inverse;
	return true;
}

// Additions first to first + n - 1, of different chains: in steps, so that none waits for itself.
static inline void sum_finish_all(struct sum *s, unsigned first, unsigned n)
{
	struct fe slope[CHAINS], x[CHAINS];

	for (unsigned c = 0; c < n; c++) {
		struct fe *inverse = &s->inverse[(first + c) % CHAINS];

		fe_mul(&slope[c], inverse, &s->add[first + c].before);
		fe_mul(inverse, inverse, &s->add[first + c].dx);
	}
	for (unsigned c = 0; c < n; c++)
		fe_mul(&slope[c], &slope[c], &s->add[first + c].dy);
	for (unsigned c = 0; c < n; c++) {
		const struct point *p = &s->point[s->to[first + c]];

		fe_sqr_sub(&x[c], &slope[c], &p->x, &s->add[first + c].dx);
	}
	for (unsigned c = 0; c < n; c++) {
		struct point *p = &s->point[s->to[first + c]];
		struct fe back;

		fe_sub(&back, &p->x, &x[c]);
		fe_mul_sub(&p->y, &slope[c], &back, &p->y);
		p->x = x[c];
	}
	memset(s->open + first, 0, n);
}

// Those of them that are open.
static inline void sum_finish(struct sum *s, unsigned first, unsigned n)
{
	bool all = n == CHAINS;

	for (unsigned c = 0; c < n; c++)
		all = all && s->open[first + c];
	if (wv_likely(all)) {
		sum_finish_all(s, first, CHAINS);
		return;
	}
	for (unsigned c = 0; c < n; c++) {
		if (s->open[first + c])
			sum_finish_all(s, first + c, 1);
	}
}

/*
 * Invert the products of all the denominators, before the additions are finished.
 * @return false: some were zero, in the lanes bad[i]; else `bad` is not written
 */
static bool sum_invert(struct sum *s, __mmask8 bad[SUM_MAX])
{
	memcpy(s->inverse, s->product, sizeof(s->inverse));
	if (wv_likely(chains_invert(s->inverse, &ec_field, fe_mul)))
		return true;
	sum_mend(s, bad);
	memcpy(s->inverse, s->product, sizeof(s->inverse));
	chains_invert(s->inverse, &ec_field, fe_mul);
	return false;
}

// What is handled together at the end of the order that begins with `done` of n behind it.
struct block {
	unsigned first, n;
};

static inline struct block block_next(unsigned n, unsigned done, bool down)
{
	unsigned left = n - done;
	struct block b = {done, left < CHAINS ? left : CHAINS};

	if (down) {
		b.n = left % CHAINS != 0 ? left % CHAINS : CHAINS;
		b.first = left - b.n;
	}
	return b;
}

// Finish the additions 0 to n - 1, which were put in in this order.
static bool sum_run(struct sum *s, __mmask8 bad[SUM_MAX])
{
	bool complete = sum_invert(s, bad);
	struct block b;

	for (unsigned done = 0; done < s->n; done += b.n) {
		b = block_next(s->n, done, true);
		sum_finish(s, b.first, b.n);
	}
	return complete;
}

// Invert n numbers, of either modulus. False: there was a zero, and they are as they were.
static bool numbers_invert(struct fe a[], unsigned n, const struct modulus *m, fe_mul_fn mul)
{
	struct fe product[CHAINS], before[NUMBERS_MAX];

	assert(n <= NUMBERS_MAX);
	for (unsigned c = 0; c < CHAINS; c++)
		fe_set(&product[c], m->one);
	for (unsigned i = 0; i < n; i++) {
		before[i] = product[i % CHAINS];
		mul(&product[i % CHAINS], &product[i % CHAINS], &a[i]);
	}
	if (!chains_invert(product, m, mul))
		return false;
	for (unsigned i = n; i-- > 0;) {
		struct fe own;

		mul(&own, &product[i % CHAINS], &before[i]);
		mul(&product[i % CHAINS], &product[i % CHAINS], &a[i]);
		a[i] = own;
	}
	return true;
}

// Twice n points: l = 3 (x^2 - 1) / 2y. There is no y of zero in a group of odd order.
static void points_double(struct point p[], unsigned n)
{
	struct fe inverse[NUMBERS_MAX], one, zero;

	fe_set(&one, ec_field.one);
	fe_zero(&zero);
	for (unsigned i = 0; i < n; i++)
		fe_add(&inverse[i], &p[i].y, &p[i].y);
	numbers_invert(inverse, n, &ec_field, fe_mul);
	for (unsigned i = 0; i < n; i++) {
		struct fe slope, t, x;

		fe_sqr(&t, &p[i].x);
		fe_sub(&t, &t, &one);
		fe_add(&slope, &t, &t);
		fe_add(&slope, &slope, &t);
		fe_mul(&slope, &slope, &inverse[i]);
		fe_sqr_sub(&x, &slope, &p[i].x, &zero);
		fe_sub(&t, &p[i].x, &x);
		fe_mul_sub(&p[i].y, &slope, &t, &p[i].y);
		p[i].x = x;
	}
}

// x = X / Z^2, y = Y / Z^3.
struct jacobian {
	struct fe x, y, z;
};

// Vectors that are worked on in turn, so that no product waits for the one before it.
#define JACOBIANS 2

// "dbl-2001-b" (Bernstein, Lange: Explicit-Formulas Database), with Z3 = 2 Y Z. Complete in a group of
// odd order.
static inline void jacobians_double(struct jacobian *const p[JACOBIANS], unsigned n)
{
	struct fe alpha[JACOBIANS], beta[JACOBIANS], gamma[JACOBIANS], t[JACOBIANS], zero;

	fe_zero(&zero);
	for (unsigned k = 0; k < n; k++) {
		struct fe delta, twice;

		fe_sqr(&delta, &p[k]->z);
		fe_sqr(&gamma[k], &p[k]->y);
		fe_add(&twice, &p[k]->y, &p[k]->y);
		fe_mul(&p[k]->z, &p[k]->z, &twice);
		fe_sub(&alpha[k], &p[k]->x, &delta);
		fe_add(&t[k], &p[k]->x, &delta);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_mul(&alpha[k], &alpha[k], &t[k]);
		fe_mul(&beta[k], &p[k]->x, &gamma[k]);
		fe_add(&gamma[k], &gamma[k], &gamma[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_add(&t[k], &alpha[k], &alpha[k]);
		fe_add(&alpha[k], &alpha[k], &t[k]);
		fe_add(&beta[k], &beta[k], &beta[k]);
		fe_add(&beta[k], &beta[k], &beta[k]);
		fe_sqr(&gamma[k], &gamma[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_sqr_sub(&p[k]->x, &alpha[k], &beta[k], &zero);
		fe_add(&gamma[k], &gamma[k], &gamma[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_sub(&t[k], &beta[k], &p[k]->x);
		fe_mul_sub(&p[k]->y, &alpha[k], &t[k], &gamma[k]);
	}
}

/*
 * p + q, in the lanes of `negative` p - q: "madd" of the same database.
 * Where both have the same x, Z becomes zero, and stays so in all that is made of it.
 */
static inline void jacobians_add(struct jacobian *const p[JACOBIANS],
	const struct point q[JACOBIANS], const __mmask8 negative[JACOBIANS], unsigned n)
{
	struct fe zz[JACOBIANS], h[JACOBIANS], r[JACOBIANS], hh[JACOBIANS], hhh[JACOBIANS],
		v[JACOBIANS], t[JACOBIANS];

	for (unsigned k = 0; k < n; k++) {
		fe_sqr(&zz[k], &p[k]->z);
		fe_mul(&r[k], &q[k].y, &p[k]->z);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_mul(&h[k], &q[k].x, &zz[k]);
		fe_mul(&r[k], &r[k], &zz[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_sub(&h[k], &h[k], &p[k]->x);
		fe_zero(&t[k]);
		fe_sub(&t[k], &t[k], &r[k]);
		fe_select(&r[k], negative[k], &r[k], &t[k]);
		fe_sub(&r[k], &r[k], &p[k]->y);
		fe_sqr(&hh[k], &h[k]);
		fe_mul(&p[k]->z, &p[k]->z, &h[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_mul(&hhh[k], &hh[k], &h[k]);
		fe_mul(&v[k], &p[k]->x, &hh[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_sqr_sub(&p[k]->x, &r[k], &v[k], &hhh[k]);
		fe_mul(&t[k], &p[k]->y, &hhh[k]);
	}
	for (unsigned k = 0; k < n; k++) {
		fe_sub(&v[k], &v[k], &p[k]->x);
		fe_mul_sub(&p[k]->y, &r[k], &v[k], &t[k]);
	}
}

#endif
