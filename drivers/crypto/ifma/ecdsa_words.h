/*
 * Numbers of EC_WORDS words of 64 bits, little-endian: what is done for one number at a time, above
 * all the inversion modulo p or n that a whole group of checks shares.
 */
#ifndef WV_IFMA_ECDSA_WORDS_H
#define WV_IFMA_ECDSA_WORDS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EC_BITS   (64 * EC_WORDS)
#define EC_OCTETS (8 * EC_WORDS)
#define INV_STEPS 62
#define INV_LIMBS ((EC_BITS + 1) / INV_STEPS + 1) // with a sign
#define INV_MASK  (UINT64_MAX >> 2)

__extension__ typedef __int128 int128; // NOLINT: a name for the compiler's type

struct words {
	uint64_t at[EC_WORDS];
};

// A signed number: limbs of 62 bits, of which all but the highest are not negative.
struct inv_number {
	int64_t limb[INV_LIMBS];
};

/*
 * An odd prime of EC_BITS bits, and the powers of R by which numbers get into Montgomery form and
 * out of an inversion. In limbs of 52 bits but for `inv`.
 */
struct modulus {
	uint64_t m[EC_LIMBS];
	uint64_t one[EC_LIMBS]; // R
	uint64_t r2[EC_LIMBS], r3[EC_LIMBS];
	struct words words;
	struct inv_number inv;
	uint64_t inverse; // of m modulo 2^62
};

static inline struct words words_read(const uint8_t *octets)
{
	struct words w;

	for (unsigned i = 0; i < EC_WORDS; i++) {
		uint64_t word;

		memcpy(&word, octets + 8 * (EC_WORDS - 1 - i), sizeof(word));
		w.at[i] = __builtin_bswap64(word);
	}
	return w;
}

// a - b; 1 if it is negative, and then 2^EC_BITS more.
static inline bool words_sub(struct words *r, const struct words *a, const struct words *b)
{
	bool borrow = false;

	for (unsigned i = 0; i < EC_WORDS; i++) {
		uint64_t d;
		bool less = __builtin_sub_overflow(a->at[i], b->at[i], &d);

		less |= __builtin_sub_overflow(d, (uint64_t)borrow, &d);
		r->at[i] = d;
		borrow = less;
	}
	return borrow;
}

static inline bool words_less(const struct words *a, const struct words *b)
{
	struct words unused;

	return words_sub(&unused, a, b);
}

static inline bool words_are_zero(const struct words *a)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < EC_WORDS; i++)
		any |= a->at[i];
	return any == 0;
}

// Bits `at` to `at` + 63.
static inline uint64_t words_bits(const struct words *a, unsigned at)
{
	unsigned i = at / 64;
	unsigned shift = at % 64;
	uint64_t low = i < EC_WORDS ? a->at[i] >> shift : 0;

	return shift != 0 && i + 1 < EC_WORDS ? low | a->at[i + 1] << (64 - shift) : low;
}

static inline void words_to_limbs(uint64_t limb[EC_LIMBS], const struct words *a)
{
	for (unsigned j = 0; j < EC_LIMBS; j++)
		limb[j] = words_bits(a, IFMA_BITS * j) & IFMA_MASK;
}

static inline struct inv_number inv_read(const struct words *a)
{
	struct inv_number r;

	for (unsigned j = 0; j < INV_LIMBS; j++)
		r.limb[j] = (int64_t)(words_bits(a, INV_STEPS * j) & INV_MASK);
	return r;
}

// What 62 steps made of f and g: 2^62 f' = u f + v g, 2^62 g' = q f + r g.
struct inv_matrix {
	int64_t u, v, q, r;
};

/*
 * Sixty-two division steps of Bernstein and Yang ("Fast constant-time gcd computation and modular
 * inversion", 2019) on the lowest bits of f, which is odd, and g; `delta` is theirs. Steps that only
 * halve g are taken together; where delta allows, up to six steps that add f are one addition of
 * w f, with w = -g / f modulo 2^6. |u| + |v| and |q| + |r| are at most 2^62.
 */
static inline int64_t inv_steps(int64_t delta, uint64_t f, uint64_t g, struct inv_matrix *matrix)
{
	uint64_t u = 1, v = 0, q = 0, r = 1;
	unsigned left = INV_STEPS;

	for (;;) {
		unsigned zeros = (unsigned)__builtin_ctzll(g | UINT64_MAX << left);
		uint64_t w;
		unsigned steps;

		g >>= zeros;
		u <<= zeros;
		v <<= zeros;
		delta += zeros;
		left -= zeros;
		if (left == 0)
			break;
		if (delta > 0) {
			uint64_t old_f = f, old_u = u, old_v = v;

			delta = -delta;
			f = g;
			g = -old_f;
			u = q;
			q = -old_u;
			v = r;
			r = -old_v;
		}
		steps = (uint64_t)(1 - delta) < left ? (unsigned)(1 - delta) : left;
		// f (2 - f^2) is 1 / f modulo 2^6, for f^2 = 1 modulo 2^3.
		w = f * g * (f * f - 2) & 63 & (UINT64_MAX >> (64 - steps));
		g += f * w;
		q += u * w;
		r += v * w;
	}
	*matrix = (struct inv_matrix){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
	return delta;
}

// f and g after 62 steps; the lowest 62 bits of both sums are zero.
static inline void inv_step_both(
	struct inv_number *f, struct inv_number *g, const struct inv_matrix *t, unsigned len)
{
	int128 sum_f = ((int128)t->u * f->limb[0] + (int128)t->v * g->limb[0]) >> INV_STEPS;
	int128 sum_g = ((int128)t->q * f->limb[0] + (int128)t->r * g->limb[0]) >> INV_STEPS;

	for (unsigned i = 1; i < len; i++) {
		int64_t a = f->limb[i];
		int64_t b = g->limb[i];

		sum_f += (int128)t->u * a + (int128)t->v * b;
		sum_g += (int128)t->q * a + (int128)t->r * b;
		f->limb[i - 1] = (int64_t)((uint64_t)sum_f & INV_MASK);
		g->limb[i - 1] = (int64_t)((uint64_t)sum_g & INV_MASK);
		sum_f >>= INV_STEPS;
		sum_g >>= INV_STEPS;
	}
	f->limb[len - 1] = (int64_t)sum_f;
	g->limb[len - 1] = (int64_t)sum_g;
}

/*
 * d and e after the same steps, modulo m: multiples of m make the lowest 62 bits zero.
 * Both stay between -2 m and m: the multiple begins with m where a term is negative.
 */
static inline void inv_step_modular(struct inv_number *d, struct inv_number *e,
	const struct inv_matrix *t, const struct modulus *m)
{
	int64_t sign_d = d->limb[INV_LIMBS - 1] >> 63;
	int64_t sign_e = e->limb[INV_LIMBS - 1] >> 63;
	int64_t times_d = (t->u & sign_d) + (t->v & sign_e);
	int64_t times_e = (t->q & sign_d) + (t->r & sign_e);
	int128 sum_d = (int128)t->u * d->limb[0] + (int128)t->v * e->limb[0];
	int128 sum_e = (int128)t->q * d->limb[0] + (int128)t->r * e->limb[0];

	times_d -= (int64_t)((m->inverse * (uint64_t)sum_d + (uint64_t)times_d) & INV_MASK);
	times_e -= (int64_t)((m->inverse * (uint64_t)sum_e + (uint64_t)times_e) & INV_MASK);
	sum_d = (sum_d + (int128)m->inv.limb[0] * times_d) >> INV_STEPS;
	sum_e = (sum_e + (int128)m->inv.limb[0] * times_e) >> INV_STEPS;
	for (unsigned i = 1; i < INV_LIMBS; i++) {
		int64_t a = d->limb[i];
		int64_t b = e->limb[i];

		sum_d += (int128)t->u * a + (int128)t->v * b + (int128)m->inv.limb[i] * times_d;
		sum_e += (int128)t->q * a + (int128)t->r * b + (int128)m->inv.limb[i] * times_e;
		d->limb[i - 1] = (int64_t)((uint64_t)sum_d & INV_MASK);
		e->limb[i - 1] = (int64_t)((uint64_t)sum_e & INV_MASK);
		sum_d >>= INV_STEPS;
		sum_e >>= INV_STEPS;
	}
	d->limb[INV_LIMBS - 1] = (int64_t)sum_d;
	e->limb[INV_LIMBS - 1] = (int64_t)sum_e;
}

// f and g become shorter; a highest limb of only signs joins the one below, which is then signed.
static inline unsigned inv_shorten(struct inv_number *f, struct inv_number *g, unsigned len)
{
	int64_t top_f = f->limb[len - 1];
	int64_t top_g = g->limb[len - 1];

	if (len < 2 || (top_f ^ top_f >> 63) != 0 || (top_g ^ top_g >> 63) != 0)
		return len;
	f->limb[len - 2] |= (int64_t)((uint64_t)top_f << INV_STEPS);
	g->limb[len - 2] |= (int64_t)((uint64_t)top_g << INV_STEPS);
	return len - 1;
}

// d, or -d, brought between 0 and m - 1.
static inline struct words inv_finish(struct inv_number *d, bool negate, const struct modulus *m)
{
	struct words r = {{0}};

	for (unsigned turn = 0; turn < 2; turn++) {
		int64_t add = d->limb[INV_LIMBS - 1] >> 63;
		int64_t sign = negate && turn == 0 ? -1 : 1;
		int64_t carry = 0;

		for (unsigned i = 0; i < INV_LIMBS; i++) {
			int64_t sum = sign * (d->limb[i] + (m->inv.limb[i] & add)) + carry;

			carry = sum >> INV_STEPS;
			d->limb[i] = i + 1 < INV_LIMBS ? (int64_t)((uint64_t)sum & INV_MASK) : sum;
		}
	}
	for (unsigned i = 0; i < INV_LIMBS; i++) {
		unsigned at = INV_STEPS * i;
		uint64_t limb = (uint64_t)d->limb[i];

		if (at / 64 < EC_WORDS)
			r.at[at / 64] |= limb << at % 64;
		if (at % 64 > 2 && at / 64 + 1 < EC_WORDS)
			r.at[at / 64 + 1] |= limb >> (64 - at % 64);
	}
	return r;
}

/*
 * 1 / a modulo m; a is not zero, and below m.
 * Invariant: f = d a and g = e a modulo m, up to a power of 2^62 that the steps on d and e keep
 * away. At the end g is 0 and f is 1 or -1.
 */
static struct words words_invert(const struct words *a, const struct modulus *m)
{
	struct inv_number f = m->inv, g = inv_read(a), d = {{0}}, e = {{1}};
	unsigned len = INV_LIMBS;
	int64_t delta = 1;
	uint64_t any;

	do {
		struct inv_matrix t;

		delta = inv_steps(delta, (uint64_t)f.limb[0], (uint64_t)g.limb[0], &t);
		inv_step_modular(&d, &e, &t, m);
		inv_step_both(&f, &g, &t, len);
		len = inv_shorten(&f, &g, len);
		any = 0;
		for (unsigned i = 0; i < len; i++)
			any |= (uint64_t)g.limb[i];
	} while (any != 0);
	return inv_finish(&d, f.limb[len - 1] < 0, m);
}

// 2 a modulo m.
static inline void words_double(struct words *a, const struct words *m)
{
	bool high = a->at[EC_WORDS - 1] >> 63 != 0;
	struct words less;

	for (unsigned i = EC_WORDS - 1; i > 0; i--)
		a->at[i] = a->at[i] << 1 | a->at[i - 1] >> 63;
	a->at[0] <<= 1;
	if (!words_sub(&less, a, m) || high)
		*a = less;
}

// R = 2^r_bits; 0 where numbers are not in Montgomery form.
static void modulus_init(struct modulus *m, const uint64_t words[EC_WORDS], unsigned r_bits)
{
	struct words power = {{1}};

	memcpy(m->words.at, words, sizeof(m->words.at));
	words_to_limbs(m->m, &m->words);
	m->inv = inv_read(&m->words);
	m->inverse = 1;
	for (unsigned bits = 1; bits < INV_STEPS; bits *= 2)
		m->inverse *= 2 - words[0] * m->inverse;
	m->inverse &= INV_MASK;
	for (unsigned i = 0; i <= 3 * r_bits; i++) {
		if (i == r_bits)
			words_to_limbs(m->one, &power);
		if (i == 2 * r_bits)
			words_to_limbs(m->r2, &power);
		if (i == 3 * r_bits)
			words_to_limbs(m->r3, &power);
		words_double(&power, &m->words);
	}
}

#endif
