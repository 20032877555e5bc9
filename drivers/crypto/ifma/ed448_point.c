#include "ed448.h"
#include "rows.h"

/*
 * RFC 8032 has the curve E: x^2 + y^2 = 1 + d x^2 y^2, d = -39081. A check is made on E', where an
 * addition takes a product less, by way of the isogeny of degree 4 and its dual (M. Hamburg, "Decaf:
 * eliminating cofactors through point compression", 2015):
 *
 *   phi  E -> E'  2xy / (y^2 - x^2), (y^2 + x^2) / (2 - y^2 - x^2)
 *   dual E' -> E  2xy / (y^2 + x^2), (y^2 - x^2) / (2 - y^2 + x^2)     dual(phi(P)) = 4P
 *
 * E has 4L points, L a prime. Phi takes its points of order 1, 2 and 4, (0, +-1) and (+-1, 0), to the
 * neutral one, and has no other kernel, being of degree 4: so it takes E to the L points of E' whose
 * order is odd. All points here are of those. For them addition and doubling, though not complete on E'
 * (-1 is no square), are right, equal points, opposite ones and the neutral one included: what goes
 * wrong needs a difference of even order (H. Hisil, K. Wong, G. Carter, E. Dawson, "Twisted Edwards
 * curves revisited", 2008, Corollary 1), and no z ever is 0.
 */

void wv_ifma_ed448_identity(struct ed448_point8 *p)
{
	ed448_small(&p->x, 0);
	ed448_small(&p->y, 1);
	ed448_small(&p->z, 1);
	ed448_small(&p->t, 0);
}

/*
 * x = e f, y = g h, z = f g, t = e h. In: loose.
 */
static void complete(struct ed448_point8 *p, const struct ed448_fe8 *e, const struct ed448_fe8 *f,
	const struct ed448_fe8 *g, const struct ed448_fe8 *h)
{
	wv_ifma_ed448_mul(&p->x, e, f);
	wv_ifma_ed448_mul(&p->y, g, h);
	wv_ifma_ed448_mul(&p->z, f, g);
	wv_ifma_ed448_mul(&p->t, e, h);
}

/*
 * p = 2^times * p (dbl-2008-hwcd with a = -1, its f and h negated, which negates all four results):
 * 4 squares and 3 products, a fourth for t at the end.
 * Why no limb is too large: of tight a, b, c the largest is f = 2c + 4p + a - b < 7 * 2^45 + 2^18.
 */
void wv_ifma_ed448_double(struct ed448_point8 *p, unsigned times)
{
	struct ed448_fe8 a, b, c, e, f, g, h;

	for (unsigned i = 0; i < times; i++) {
		ed448_add(&e, &p->x, &p->y);
		wv_ifma_ed448_sqr(&a, &p->x);
		wv_ifma_ed448_sqr(&b, &p->y);
		wv_ifma_ed448_sqr(&c, &p->z);
		wv_ifma_ed448_sqr(&e, &e);
		ed448_add(&h, &a, &b);
		ed448_sub(&e, &e, &h);
		ed448_sub(&g, &b, &a);
		ed448_add(&f, &c, &c);
		ed448_add(&f, &f, &a);
		ed448_sub(&f, &f, &b);
		wv_ifma_ed448_mul(&p->x, &e, &f);
		wv_ifma_ed448_mul(&p->y, &g, &h);
		wv_ifma_ed448_mul(&p->z, &f, &g);
	}
	if (times > 0)
		wv_ifma_ed448_mul(&p->t, &e, &h);
}

// The end of an addition: a = (Y - X) minus, b = (Y + X) plus, c = T product; z may be p->z.
static inline void add_end(struct ed448_point8 *p, const struct ed448_fe8 *a,
	const struct ed448_fe8 *b, const struct ed448_fe8 *c, const struct ed448_fe8 *z)
{
	struct ed448_fe8 e, f, g, h;

	ed448_sub(&e, b, a);
	ed448_add(&h, b, a);
	ed448_sub(&f, z, c);
	ed448_add(&g, z, c);
	complete(p, &e, &f, &g, &h);
}

// add-2008-hwcd-3: 8 products.
void wv_ifma_ed448_add(struct ed448_point8 *p, const struct ed448_cached8 *q)
{
	struct ed448_fe8 a, b, c, z;

	ed448_sub(&a, &p->y, &p->x);
	ed448_add(&b, &p->y, &p->x);
	wv_ifma_ed448_mul(&a, &a, &q->minus);
	wv_ifma_ed448_mul(&b, &b, &q->plus);
	wv_ifma_ed448_mul(&c, &p->t, &q->product);
	wv_ifma_ed448_mul(&z, &p->z, &q->z);
	add_end(p, &a, &b, &c, &z);
}

/*
 * madd-2008-hwcd-3, all halved: 7 products. Rows are read and unpacked between these, for the units that do
 * so are idle while those multiply.
 */
void wv_ifma_ed448_add_rows(
	struct ed448_point8 *p, const uint8_t *const row[IFMA_LANES], __mmask8 subtract)
{
	struct ed448_words8 minus, plus;
	struct ed448_fe8 a, b, c, q;

	rows_load(minus.word, row, 0);
	rows_load(plus.word, row, 64);
	for (unsigned k = 0; k < ED448_WORDS; k++) {
		__m512i t = minus.word[k];

		minus.word[k] = _mm512_mask_blend_epi64(subtract, t, plus.word[k]);
		plus.word[k] = _mm512_mask_blend_epi64(subtract, plus.word[k], t);
	}
	ed448_sub(&a, &p->y, &p->x);
	ed448_unpack(&q, &minus);
	wv_ifma_ed448_mul(&a, &a, &q);
	ed448_add(&b, &p->y, &p->x);
	ed448_unpack(&q, &plus);
	wv_ifma_ed448_mul(&b, &b, &q);
	rows_load(plus.word, row, 128);
	ed448_unpack(&q, &plus);
	ed448_negate(&q, subtract);
	wv_ifma_ed448_mul(&c, &q, &p->t);
	add_end(p, &a, &b, &c, &p->z);
}

void wv_ifma_ed448_cache(struct ed448_cached8 *q, const struct ed448_point8 *p)
{
	struct ed448_fe8 factor;

	ed448_minus(&factor, 2 * ED448_MINUS_D);
	ed448_sub(&q->minus, &p->y, &p->x);
	ed448_add(&q->plus, &p->y, &p->x);
	wv_ifma_ed448_mul(&q->product, &factor, &p->t);
	ed448_add(&q->z, &p->z, &p->z);
}

void wv_ifma_ed448_exchange(struct ed448_point8 *r, const struct ed448_point8 *p, unsigned apart)
{
	const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
	const __m512i from = _mm512_xor_si512(lane, ed448_all(apart));

	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		r->x.limb[i] = _mm512_permutexvar_epi64(from, p->x.limb[i]);
		r->y.limb[i] = _mm512_permutexvar_epi64(from, p->y.limb[i]);
		r->z.limb[i] = _mm512_permutexvar_epi64(from, p->z.limb[i]);
		r->t.limb[i] = _mm512_permutexvar_epi64(from, p->t.limb[i]);
	}
}

// X : Y : Z : T of phi(x, y); in: x, y tight.
static void enter(struct ed448_point8 *p, const struct ed448_fe8 *x, const struct ed448_fe8 *y)
{
	struct ed448_fe8 xx, yy, two, b, t, d, a;

	wv_ifma_ed448_sqr(&xx, x);
	wv_ifma_ed448_sqr(&yy, y);
	ed448_add(&b, x, y);
	wv_ifma_ed448_sqr(&b, &b);
	ed448_add(&d, &yy, &xx);
	ed448_sub(&b, &b, &d); // 2 x y
	ed448_sub(&t, &yy, &xx);
	ed448_small(&two, 2);
	ed448_sub(&a, &two, &d);
	complete(p, &b, &a, &t, &d);
}

void wv_ifma_ed448_return(struct ed448_point8 *r, const struct ed448_point8 *p)
{
	struct ed448_fe8 xx, yy, zz, b, u, w, t;

	wv_ifma_ed448_sqr(&xx, &p->x);
	wv_ifma_ed448_sqr(&yy, &p->y);
	wv_ifma_ed448_sqr(&zz, &p->z);
	ed448_add(&b, &p->x, &p->y);
	wv_ifma_ed448_sqr(&b, &b);
	ed448_add(&u, &yy, &xx);
	ed448_sub(&b, &b, &u); // 2 x y
	ed448_sub(&w, &yy, &xx);
	ed448_add(&t, &zz, &zz);
	ed448_add(&t, &t, &xx);
	ed448_sub(&t, &t, &yy); // < 7 * 2^45 + 2^18
	wv_ifma_ed448_mul(&r->x, &b, &t);
	wv_ifma_ed448_mul(&r->y, &w, &u);
	wv_ifma_ed448_mul(&r->z, &u, &t);
}

/*
 * RFC 8032 5.2.3: x^2 = u / v, u = 1 - y^2, v = 1 - d y^2. As p = 3 mod 4, u times a root of 1 / (u v) is a
 * root of that, where there is one; where u is 0, so is that root, and x. v never is, d being no square.
 */
__mmask8 wv_ifma_ed448_decode(
	struct ed448_point8 *p, const struct ed448_words8 *octets, __mmask8 *on_curve)
{
	struct ed448_fe8 x, y, u, v, t, one, d;
	__m512i last = octets->word[ED448_WORDS];
	__mmask8 below = wv_ifma_ed448_read(&y, octets);
	__mmask8 sign = _mm512_test_epi64_mask(last, _mm512_set1_epi64(0x80));
	__mmask8 good;

	below &= _mm512_testn_epi64_mask(last, _mm512_set1_epi64(0x7f));
	ed448_small(&one, 1);
	ed448_small(&d, ED448_MINUS_D - 1);
	wv_ifma_ed448_sqr(&t, &y);
	ed448_sub(&u, &one, &t);
	wv_ifma_ed448_mul(&v, &t, &d);
	ed448_add(&v, &v, &one);
	wv_ifma_ed448_mul(&t, &u, &v);
	wv_ifma_ed448_root(&x, &t);
	wv_ifma_ed448_mul(&x, &x, &u);

	wv_ifma_ed448_sqr(&t, &x);
	wv_ifma_ed448_mul(&t, &t, &v);
	wv_ifma_ed448_mul(&u, &u, &one); // tight
	ed448_sub(&t, &t, &u);
	*on_curve = below & wv_ifma_ed448_is_zero(&t);
	good = *on_curve & (__mmask8)~wv_ifma_ed448_is_zero(&x);

	wv_ifma_ed448_reduce(&x, &x);
	ed448_negate(&x, sign ^ _mm512_test_epi64_mask(x.limb[0], _mm512_set1_epi64(1)));
	ed448_small(&t, 0);
	ed448_select(&x, &t, good, &x);
	ed448_select(&y, &one, good, &y);
	wv_ifma_ed448_mul(&x, &x, &one);
	enter(p, &x, &y);
	return good;
}
