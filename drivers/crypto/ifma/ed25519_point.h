/**
 * @file
 * Eight lanes of points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1).
 *
 * Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z (Hisil, Wong, Carter, Dawson,
 * "Twisted Edwards Curves Revisited", 2008), of which Y + X and Y - X are kept instead of X and Y.
 *
 * Why there are no exceptions: -1 is a square and d is none mod p, so the addition law is complete
 * (section 3.1 there): it holds for equal points, opposite ones, those of small order and the
 * neutral one, and no Z is ever 0. So it is here, for every point that is on the curve.
 *
 * In and out of each function: all coordinates tight; what was read from a table is below p, its
 * negative below 2^52.
 */
#ifndef ED25519_POINT_H
#define ED25519_POINT_H

#include "ed25519_field.h"

struct point8 {
	struct fe8 plus, minus, z, t; // Y + X, Y - X, Z, T
};

// A point to be added: y + x, y - x, 2dxy.
struct niels8 {
	struct fe8 plus, minus, t2d;
};

// The same of a point with a Z: Y + X, Y - X, 2dT, 2Z.
struct cached8 {
	struct niels8 n;
	struct fe8 z2;
};

// Limbs of d, 2d, 1 / 2d, a root of -1, 1 / 2.
extern const uint64_t wv_ifma_ed25519_d[ED25519_LIMBS];
extern const uint64_t wv_ifma_ed25519_2d[ED25519_LIMBS];
extern const uint64_t wv_ifma_ed25519_root[ED25519_LIMBS];
extern const uint64_t wv_ifma_ed25519_half[ED25519_LIMBS];

INLINE struct fe8 fe8_constant(const uint64_t limbs[ED25519_LIMBS])
{
	struct fe8 r;

	UNROLLED for (unsigned i = 0; i < ED25519_LIMBS; i++)
	{
		r.limb[i] = words(limbs[i]);
	}
	return r;
}

INLINE struct point8 point8_neutral(void)
{
	struct point8 p = {fe8_word(1), fe8_word(1), fe8_word(1), fe8_word(0)};

	return p;
}

/*
 * X = EF, Y = GH, Z = FG, T = EH.
 * Sums that two products make are below 2^61, differences below 2^61.
 */
INLINE struct point8 point8_close(
	const struct wide8 *e, const struct wide8 *f, const struct wide8 *g, const struct wide8 *h)
{
	struct fe8 ee = fe8_carry(e), ff = fe8_carry(f), gg = fe8_carry(g), hh = fe8_carry(h);
	struct wide8 x = fe8_mul(&ee, &ff), y = fe8_mul(&gg, &hh);
	struct wide8 plus = wide8_add(&y, &x), minus = wide8_sub(&y, &x);
	struct point8 r;

	r.plus = fe8_carry(&plus);
	r.minus = fe8_carry(&minus);
	r.z = fe8_product(&ff, &gg);
	r.t = fe8_product(&ee, &hh);
	return r;
}

// p + q, where z2 is twice the product of both Z. Section 3.1, with k = 2d and a = -1.
INLINE struct point8 point8_add_by(
	const struct point8 *p, const struct niels8 *q, const struct wide8 *z2)
{
	struct wide8 a = fe8_mul(&p->minus, &q->minus);
	struct wide8 b = fe8_mul(&p->plus, &q->plus);
	struct wide8 c = fe8_mul(&q->t2d, &p->t);
	struct wide8 e = wide8_sub(&b, &a), h = wide8_add(&b, &a);
	struct wide8 f = wide8_sub(z2, &c), g = wide8_add(z2, &c);

	return point8_close(&e, &f, &g, &h);
}

// Seven products.
INLINE struct point8 point8_add_niels(const struct point8 *p, const struct niels8 *q)
{
	struct wide8 z = wide8_of(&p->z);
	struct wide8 z2 = wide8_add(&z, &z);

	return point8_add_by(p, q, &z2);
}

// Eight products.
INLINE struct point8 point8_add(const struct point8 *p, const struct cached8 *q)
{
	struct wide8 z2 = fe8_mul(&p->z, &q->z2);

	return point8_add_by(p, &q->n, &z2);
}

/*
 * 2p, from what 3.3 there has, all doubled and F and H with other signs:
 * E = 4XY = (Y + X)^2 - (Y - X)^2, H = 2(X^2 + Y^2) = (Y + X)^2 + (Y - X)^2,
 * G = 2(Y^2 - X^2) = 2(Y + X)(Y - X), F = 4Z^2 - G.
 * 4Z^2 and G are below 2^62 and 2^61; 2 * (2^60 - 2^14) is above any G, as products of tight numbers
 * are below 2^59.
 */
INLINE struct point8 point8_double(const struct point8 *p)
{
	struct wide8 s = fe8_square(&p->plus), m = fe8_square(&p->minus), z = fe8_square(&p->z);
	struct wide8 g = fe8_mul(&p->plus, &p->minus);
	struct wide8 e = wide8_sub(&s, &m), h = wide8_add(&s, &m), f;

	g = wide8_add(&g, &g);
	z = wide8_add(&z, &z);
	z = wide8_add(&z, &z);
	f = wide8_sub_more(&z, &g, 2);
	return point8_close(&e, &f, &g, &h);
}

/*
 * The points that eight strings of 32 octets stand for, as OpenSSL reads them (RFC 8032 5.1.3 wants
 * more): y >= p is taken modulo p, and a sign of x = 0 is passed over.
 * @param y  four words of each, lowest first; the highest bit is the sign of x
 * @return the lanes that hold a point; the others are given the neutral one
 */
__mmask8 wv_ifma_ed25519_decode(struct point8 *p, const __m512i y[4]);

// What is above, where its time does not matter.
struct point8 wv_ifma_ed25519_add(const struct point8 *p, const struct cached8 *q);
struct point8 wv_ifma_ed25519_double(const struct point8 *p);
struct cached8 wv_ifma_ed25519_cached(const struct point8 *p);

// -p
void wv_ifma_ed25519_negate(struct point8 *p);

#endif
