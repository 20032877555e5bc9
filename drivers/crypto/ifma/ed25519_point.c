#include "ed25519_point.h"

// RFC 8032 5.1: d = -121665 / 121666; the root is 2^((p - 1) / 4).
const uint64_t wv_ifma_ed25519_d[ED25519_LIMBS] = {
	0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff};
const uint64_t wv_ifma_ed25519_2d[ED25519_LIMBS] = {
	0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff};
const uint64_t wv_ifma_ed25519_root[ED25519_LIMBS] = {
	0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d};
const uint64_t wv_ifma_ed25519_half[ED25519_LIMBS] = {
	0x7fffffffffff7, 0x7ffffffffffff, 0x7ffffffffffff, 0x7ffffffffffff, 0x3ffffffffffff};

static struct fe8 difference(const struct fe8 *a, const struct fe8 *b)
{
	struct wide8 x = wide8_of(a), y = wide8_of(b);

	x = wide8_sub(&x, &y);
	return fe8_carry(&x);
}

static struct fe8 sum(const struct fe8 *a, const struct fe8 *b)
{
	struct wide8 x = wide8_of(a), y = wide8_of(b);

	x = wide8_add(&x, &y);
	return fe8_carry(&x);
}

static struct fe8 negative(const struct fe8 *a)
{
	struct fe8 zero = fe8_word(0);

	return difference(&zero, a);
}

/*
 * A root of u / v: x = u v^3 (u v^7)^((p - 5) / 8), or that times a root of -1 (RFC 8032 5.1.3).
 * @return the lanes that have one
 */
static __mmask8 root_of_quotient(struct fe8 *x, const struct fe8 *u, const struct fe8 *v)
{
	struct fe8 v2 = fe8_squared(v);
	struct fe8 v3 = wv_ifma_ed25519_product(&v2, v);
	struct fe8 v6 = fe8_squared(&v3);
	struct fe8 uv3 = wv_ifma_ed25519_product(u, &v3);
	struct fe8 uv7, root = fe8_constant(wv_ifma_ed25519_root), other;
	__mmask8 right, opposite;

	uv7 = wv_ifma_ed25519_product(&v6, v);
	uv7 = wv_ifma_ed25519_product(&uv7, u);
	*x = wv_ifma_ed25519_root_power(&uv7);
	*x = wv_ifma_ed25519_product(x, &uv3);

	v2 = fe8_squared(x);
	v2 = wv_ifma_ed25519_product(&v2, v);
	other = difference(&v2, u);
	right = wv_ifma_ed25519_is_zero(&other);
	other = sum(&v2, u);
	opposite = wv_ifma_ed25519_is_zero(&other);
	other = wv_ifma_ed25519_product(x, &root);
	*x = fe8_select(right, x, &other);
	return right | opposite;
}

__mmask8 wv_ifma_ed25519_decode(struct point8 *p, const __m512i y_words[4])
{
	const struct fe8 one = fe8_word(1), d = fe8_constant(wv_ifma_ed25519_d);
	const __m512i top = words(UINT64_C(1) << 63);
	__m512i w[4] = {y_words[0], y_words[1], y_words[2], _mm512_andnot_si512(top, y_words[3])};
	__mmask8 sign = _mm512_movepi64_mask(y_words[3]), has, odd;
	struct point8 neutral = point8_neutral();
	struct fe8 y = fe8_unpack(w), y2 = fe8_squared(&y);
	struct fe8 u = difference(&y2, &one), v = wv_ifma_ed25519_product(&y2, &d), x, other;

	v = sum(&v, &one);
	has = root_of_quotient(&x, &u, &v);
	x = wv_ifma_ed25519_freeze(&x);
	odd = _mm512_test_epi64_mask(x.limb[0], words(1));
	other = negative(&x);
	x = fe8_select(odd ^ sign, &other, &x);

	p->plus = sum(&y, &x);
	p->plus = fe8_select(has, &p->plus, &neutral.plus);
	p->minus = difference(&y, &x);
	p->minus = fe8_select(has, &p->minus, &neutral.minus);
	p->z = one;
	p->t = wv_ifma_ed25519_product(&x, &y);
	p->t = fe8_select(has, &p->t, &neutral.t);
	return has;
}

struct point8 wv_ifma_ed25519_add(const struct point8 *p, const struct cached8 *q)
{
	return point8_add(p, q);
}

struct point8 wv_ifma_ed25519_double(const struct point8 *p)
{
	return point8_double(p);
}

struct cached8 wv_ifma_ed25519_cached(const struct point8 *p)
{
	struct fe8 d2 = fe8_constant(wv_ifma_ed25519_2d);
	struct wide8 z = wide8_of(&p->z);
	struct wide8 z2 = wide8_add(&z, &z);
	struct cached8 r = {
		{p->plus, p->minus, wv_ifma_ed25519_product(&p->t, &d2)}, fe8_carry(&z2)};

	return r;
}

void wv_ifma_ed25519_negate(struct point8 *p)
{
	struct fe8 plus = p->plus;

	p->plus = p->minus;
	p->minus = plus;
	p->t = negative(&p->t);
}
