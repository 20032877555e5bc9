#include <assert.h>
#include <string.h>

#include "wv_base.h"

#include "ed448.h"
#include "rows.h"
#include "shake256.h"

/*
 * Ed448 (RFC 8032 5.2, RFC 8080), as OpenSSL checks it. With A the public key, R | s the signature and
 * h = SHAKE256("SigEd448" | 0 | 0 | R | A | M), it is right where
 *
 * - s < L, all 57 octets of it counted;
 * - A and R are encodings of points: y < p, the other seven bits of the last octet 0; and their x is not 0
 *   (OpenSSL takes a root of 1 / (u v), which fails for u = 0: so it refuses (0, 1) and (0, -1));
 * - phi(R) = s phi(B) - h phi(A): OpenSSL compares the images on E', which is 4 R = 4 (s B - h A).
 *
 * So R may differ from Q = s B - h A by a point of order 1, 2 or 4, and A may have such a part. Here
 * Q' = (s / 4) phi(B) - (h / 4) phi(A), the quarters modulo L, and dual(Q') = Q without its part of small
 * order. R is not decoded: the four points that it may be are (x, y), (-x, -y), (y, -x) and (-y, x), where
 * (x, y) = dual(Q'). They are on the curve, so if R's y is below p and one of theirs, and its sign that
 * of an x other than 0, R is the encoding of one of them; else it is not.
 *
 * All additions are right for all inputs (see ed448_point.c), so no job is an exception. Nor is any passed on:
 * in thousands of cycles of the time-stamp counter of a Zen 5, of which OpenSSL takes 375 to 400, a check takes 10 to 12
 * in a group of 64 with tables and 44 alone, 41 in a group without tables and 325 alone.
 */

// Jobs that share an inversion: twice as many save a fiftieth of the time, but the stack is short.
#define JOBS   64
#define GROUPS (JOBS / IFMA_LANES + WV_VERIFY_TABLES) // each kind of key may leave one not full

// Windows of a key without a table, for each of which 16 points are made.
#define FRESH_WINDOW 5
#define FRESH_POINTS ((1 << (FRESH_WINDOW - 1)) + 1)
#define FRESH_POINT  (ED448_LIMBS * 4 * 8)

#define DIGITS_MAX 90 // for windows of 5 and up

static const uint8_t dom4[] = {'S', 'i', 'g', 'E', 'd', '4', '4', '8', 0, 0}; // RFC 8032 2

// Eight jobs whose keys have tables of one shape, or none.
struct group {
	struct ed448_point8 r;    // in the end x, y and z are those of wv_ifma_ed448_return()
	__mmask8 lanes;           // the first of each job; without those whose A is no point
	uint8_t job[IFMA_LANES];  // of each lane
	uint8_t part[IFMA_LANES]; // which of its job's lanes it is
	uint8_t parts;            // lanes that share a job: 1, 2, 4 or 8
};

struct work {
	const struct wv_verify_job *jobs;
	unsigned n;
	bool alive[JOBS]; // in no group yet, and not known to be bad
	const struct ed448_table *table[JOBS];
	uint64_t response[JOBS][8], challenge[JOBS][8];
	struct group group[GROUPS];
	unsigned groups;
};

// Signed digits of eight scalars: of which point, and the lanes in which it is subtracted.
struct digits {
	unsigned count;
	uint8_t minus[DIGITS_MAX];
	uint32_t at[DIGITS_MAX][IFMA_LANES]; // octets from the first entry
};

void wv_ifma_ed448_octets(struct ed448_words8 *w, const uint8_t *const octets[IFMA_LANES])
{
	const __mmask64 mask = (UINT64_C(1) << ED448_OCTETS) - 1;

	for (unsigned i = 0; i < IFMA_LANES; i++)
		w->word[i] = _mm512_maskz_loadu_epi8(mask, octets[i]);
	rows_transpose(w->word);
}

void wv_ifma_ed448_octets_same(struct ed448_words8 *w, const uint8_t octets[ED448_OCTETS])
{
	const uint8_t *const all[IFMA_LANES] = {
		octets, octets, octets, octets, octets, octets, octets, octets};

	wv_ifma_ed448_octets(w, all);
}

bool wv_ifma_ed448_key_init(struct wv_verify_key *key, unsigned slot)
{
	struct ed448_words8 octets;
	struct ed448_point8 p;
	__mmask8 on_curve = 0;

	(void)slot;
	if (key->public_len != ED448_OCTETS)
		return false;
	wv_ifma_ed448_octets_same(&octets, key->public_key);
	wv_ifma_ed448_decode(&p, &octets, &on_curve);
	return on_curve != 0;
}

// Bits [at, at + bits) of each lane's scalar.
static __m512i window_of(const __m512i word[9], unsigned at, unsigned bits)
{
	__m512i low = _mm512_srl_epi64(word[at / 64], _mm_cvtsi32_si128((int)(at % 64)));
	__m512i high = _mm512_sll_epi64(word[at / 64 + 1], _mm_cvtsi32_si128((int)(64 - at % 64)));

	return _mm512_and_si512(_mm512_or_si512(low, high), _mm512_set1_epi64((1ll << bits) - 1));
}

// Add half of each window, 2^(bits - 1), to that window: then no digit, less half, needs a carry.
static void halves_add(__m512i word[9], unsigned count, unsigned bits)
{
	uint64_t half[8] = {0};
	__mmask8 carry = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = i * bits + bits - 1;

		half[at / 64] |= UINT64_C(1) << at % 64;
	}
	for (unsigned k = 0; k < 8; k++) {
		__m512i h = ed448_all(half[k]);
		__m512i sum = _mm512_add_epi64(word[k], h);
		__mmask8 over = _mm512_cmplt_epu64_mask(sum, h);

		word[k] = _mm512_mask_add_epi64(sum, carry, sum, _mm512_set1_epi64(1));
		carry = over | (carry & _mm512_testn_epi64_mask(word[k], word[k]));
	}
}

/*
 * Digits from -2^(bits - 1) to 2^(bits - 1) - 1. The table has a neutral point, and for every `stride`-th
 * window `row` points of `size` octets.
 */
static void digits_make(struct digits *d, const uint64_t *const scalar[IFMA_LANES], unsigned bits,
	unsigned stride, unsigned row, unsigned size)
{
	const __m512i half = _mm512_set1_epi64(1ll << (bits - 1));
	const uint8_t *rows[IFMA_LANES];
	__m512i word[9];

	for (unsigned i = 0; i < IFMA_LANES; i++)
		rows[i] = (const uint8_t *)scalar[i];
	rows_load(word, rows, 0);
	word[8] = _mm512_setzero_si512();
	d->count = ed448_digit_count(bits);
	halves_add(word, d->count, bits);
	for (unsigned i = 0; i < d->count; i++) {
		__m512i digit = _mm512_sub_epi64(window_of(word, i * bits, bits), half);
		__m512i magnitude = _mm512_abs_epi64(digit);
		__m512i entry = _mm512_maskz_add_epi64(_mm512_test_epi64_mask(digit, digit),
			magnitude, ed448_all(i / stride * row));

		d->minus[i] = _mm512_movepi64_mask(digit);
		_mm256_storeu_si256((__m256i *)(void *)d->at[i],
			_mm256_mullo_epi32(
				_mm512_cvtepi64_epi32(entry), _mm256_set1_epi32((int)size)));
	}
}

// What eight lanes add next.
struct step {
	const uint8_t *row[IFMA_LANES];
	__mmask8 minus;
};

// Of every `stride`-th digit from `first` on, the lanes of a job take one each in turn; where there is none
// left, the neutral point. The points will be read soon.
static void step_make(struct step *s, const uint8_t *const points[IFMA_LANES],
	const struct digits *d, const struct group *g, unsigned first, unsigned stride)
{
	s->minus = 0;
	for (unsigned l = 0; l < IFMA_LANES; l++) {
		unsigned i = first + stride * g->part[l];

		s->row[l] = points[l];
		if (i < d->count) {
			s->row[l] += d->at[i][l];
			s->minus |= d->minus[i] & (__mmask8)(1u << l);
		}
		for (unsigned k = 0; k < ED448_POINT; k += 64)
			_mm_prefetch(s->row[l] + k, _MM_HINT_T0);
	}
}

// Add the points of every `stride`-th digit from `first` on.
static void points_add(struct ed448_point8 *p, const uint8_t *const points[IFMA_LANES],
	const struct digits *d, const struct group *g, unsigned first, unsigned stride)
{
	struct step now, next;

	step_make(&next, points, d, g, first, stride);
	for (unsigned i = first; i < d->count; i += stride * g->parts) {
		now = next;
		step_make(&next, points, d, g, i + stride * g->parts, stride);
		wv_ifma_ed448_add_rows(p, now.row, now.minus);
	}
}

// p += (s / 4) phi(B)
static void base_add(struct ed448_point8 *p, const struct work *w, const struct group *g)
{
	const uint64_t *scalar[IFMA_LANES];
	const uint8_t *points[IFMA_LANES];
	struct digits d;

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		scalar[i] = w->response[g->job[i]];
		points[i] = ed448_table_points(wv_ifma_ed448_base);
	}
	digits_make(&d, scalar, ED448_BASE_WINDOW, 1, 1u << (ED448_BASE_WINDOW - 1), ED448_POINT);
	points_add(p, points, &d, g, 0, 1);
}

// p = -(h / 4) phi(A), from tables.
static void tables_sum(struct ed448_point8 *p, const struct work *w, const struct group *g)
{
	const struct ed448_table *shape = w->table[g->job[0]];
	const uint64_t *scalar[IFMA_LANES];
	const uint8_t *points[IFMA_LANES];
	struct digits d;

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		scalar[i] = w->challenge[g->job[i]];
		points[i] = ed448_table_points(w->table[g->job[i]]);
	}
	digits_make(
		&d, scalar, shape->window, shape->stride, 1u << (shape->window - 1), ED448_POINT);
	wv_ifma_ed448_identity(p);
	for (unsigned s = shape->stride; s-- > 0;) {
		points_add(p, points, &d, g, s, shape->stride);
		if (s > 0)
			wv_ifma_ed448_double(p, shape->window);
	}
}

// A point of each lane, as 40 words in a row of its own, so that lanes may take different ones.
struct fresh {
	_Alignas(64) uint8_t point[IFMA_LANES][FRESH_POINTS][FRESH_POINT];
};

union cached_vectors {
	struct ed448_cached8 point;
	__m512i vector[FRESH_POINT / 8];
};

static void fresh_store(struct fresh *f, unsigned k, const struct ed448_cached8 *q)
{
	union cached_vectors u = {.point = *q};

	for (unsigned i = 0; i < FRESH_POINT / 8; i += 8) {
		rows_transpose(u.vector + i);
		for (unsigned l = 0; l < IFMA_LANES; l++)
			_mm512_store_si512(f->point[l][k] + 8 * (size_t)i, u.vector[i + l]);
	}
}

// 0 to 16 times the key.
static void fresh_make(struct fresh *f, const struct ed448_point8 *key)
{
	struct ed448_point8 p;
	struct ed448_cached8 once, q;

	wv_ifma_ed448_identity(&p);
	wv_ifma_ed448_cache(&once, key);
	for (unsigned k = 0; k < FRESH_POINTS; k++) {
		wv_ifma_ed448_cache(&q, &p);
		fresh_store(f, k, &q);
		wv_ifma_ed448_add(&p, &once);
	}
}

static void fresh_load(struct ed448_cached8 *q, const struct fresh *f,
	const uint32_t at[IFMA_LANES], __mmask8 minus)
{
	union cached_vectors u;
	const uint8_t *row[IFMA_LANES];
	struct ed448_fe8 t;

	for (unsigned i = 0; i < IFMA_LANES; i++)
		row[i] = f->point[i][0] + at[i];
	for (unsigned i = 0; i < FRESH_POINT / 8; i += 8)
		rows_load(u.vector + i, row, 8 * (size_t)i);
	*q = u.point;
	t = q->minus;
	ed448_select(&q->minus, &t, minus, &q->plus);
	ed448_select(&q->plus, &q->plus, minus, &t);
	ed448_negate(&q->product, minus);
}

// p = -(h / 4) phi(A), from the keys themselves. The lanes whose A is no point, or has x = 0, are given up.
static void fresh_sum(struct ed448_point8 *p, const struct work *w, struct group *g)
{
	const uint64_t *scalar[IFMA_LANES];
	const uint8_t *keys[IFMA_LANES];
	struct ed448_words8 octets;
	struct ed448_cached8 q;
	struct fresh f;
	struct digits d;
	__mmask8 on_curve;

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		scalar[i] = w->challenge[g->job[i]];
		keys[i] = w->jobs[g->job[i]].key->public_key;
	}
	wv_ifma_ed448_octets(&octets, keys);
	g->lanes &= wv_ifma_ed448_decode(p, &octets, &on_curve);
	fresh_make(&f, p);
	digits_make(&d, scalar, FRESH_WINDOW, 1, 0, FRESH_POINT);
	wv_ifma_ed448_identity(p);
	for (unsigned i = d.count; i-- > 0;) {
		if (i + 1 < d.count)
			wv_ifma_ed448_double(p, FRESH_WINDOW);
		fresh_load(&q, &f, d.at[i], d.minus[i]);
		wv_ifma_ed448_add(p, &q);
	}
}

// What needs no arithmetic modulo p.
static bool job_open(struct work *w, unsigned i)
{
	const struct wv_verify_job *job = &w->jobs[i];

	if (job->signature_len != ED448_SIGNATURE || (job->signature[ED448_OCTETS - 1] & 0x7f) != 0
		|| !wv_ifma_ed448_response(w->response[i], job->signature + ED448_OCTETS))
		return false;
	w->table[i] = atomic_load_explicit(&job->key->table, memory_order_acquire);
	return w->table[i] == NULL || !w->table[i]->dead;
}

static void challenges_make(struct work *w)
{
	struct shake256_message messages[JOBS];
	uint64_t hash[JOBS][SHAKE256_WORDS];
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++) {
		const struct wv_verify_job *job = &w->jobs[i];

		if (w->alive[i])
			messages[n++] = (struct shake256_message){
				{{dom4, sizeof(dom4)}, {job->signature, ED448_OCTETS},
					{job->key->public_key, ED448_OCTETS},
					{job->data, job->data_len}},
				hash[i]};
	}
	wv_ifma_shake256(messages, n);
	for (unsigned i = 0; i < w->n; i++) {
		if (w->alive[i])
			wv_ifma_ed448_challenge(w->challenge[i], hash[i]);
	}
}

static bool same_shape(const struct ed448_table *a, const struct ed448_table *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->window == b->window && a->stride == b->stride;
}

// Few jobs share all lanes, if their keys have tables: each lane sums some of its job's points.
static void lanes_share(struct group *g, unsigned n, bool tables)
{
	unsigned distinct = IFMA_LANES;

	while (tables && distinct / 2 >= n)
		distinct /= 2;
	g->parts = (uint8_t)(IFMA_LANES / distinct);
	for (unsigned i = 0; i < IFMA_LANES; i++) {
		unsigned first = i % distinct;

		g->job[i] = g->job[first < n ? first : 0];
		g->part[i] = (uint8_t)(i / distinct);
	}
}

// Up to eight jobs like the first that is in no group. False: there is none.
static bool group_gather(struct work *w, struct group *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n && n < IFMA_LANES; i++) {
		if (!w->alive[i] || (n > 0 && !same_shape(w->table[g->job[0]], w->table[i])))
			continue;
		w->alive[i] = false;
		g->job[n++] = (uint8_t)i;
	}
	if (n == 0)
		return false;
	g->lanes = (__mmask8)((1u << n) - 1);
	lanes_share(g, n, w->table[g->job[0]] != NULL);
	return true;
}

// The sums of the lanes that share a job, to each of them.
static void parts_sum(struct ed448_point8 *p, const struct group *g)
{
	struct ed448_point8 other;
	struct ed448_cached8 q;

	for (unsigned apart = IFMA_LANES / g->parts; apart < IFMA_LANES; apart *= 2) {
		wv_ifma_ed448_exchange(&other, p, apart);
		wv_ifma_ed448_cache(&q, &other);
		wv_ifma_ed448_add(p, &q);
	}
}

static void group_sum(const struct work *w, struct group *g)
{
	struct ed448_point8 p;

	if (w->table[g->job[0]] != NULL)
		tables_sum(&p, w, g);
	else
		fresh_sum(&p, w, g);
	base_add(&p, w, g);
	parts_sum(&p, g);
	wv_ifma_ed448_return(&g->r, &p);
}

// x and y affine, by Montgomery's trick: r.t is the product of all z up to r.z.
static void groups_invert(struct work *w)
{
	struct ed448_fe8 inverse, one;

	w->group[0].r.t = w->group[0].r.z;
	for (unsigned i = 1; i < w->groups; i++)
		wv_ifma_ed448_mul(&w->group[i].r.t, &w->group[i - 1].r.t, &w->group[i].r.z);
	wv_ifma_ed448_invert(&inverse, &w->group[w->groups - 1].r.t);
	for (unsigned i = w->groups; i-- > 0;) {
		struct ed448_point8 *r = &w->group[i].r;

		one = inverse;
		if (i > 0)
			wv_ifma_ed448_mul(&one, &inverse, &w->group[i - 1].r.t);
		wv_ifma_ed448_mul(&r->x, &r->x, &one);
		wv_ifma_ed448_mul(&r->y, &r->y, &one);
		wv_ifma_ed448_mul(&inverse, &inverse, &r->z);
	}
}

// Of reduced numbers.
static __mmask8 equal(const struct ed448_fe8 *a, const struct ed448_fe8 *b)
{
	__mmask8 lanes = 0xff;

	for (unsigned i = 0; i < ED448_LIMBS; i++)
		lanes = _mm512_mask_cmpeq_epi64_mask(lanes, a->limb[i], b->limb[i]);
	return lanes;
}

static __mmask8 is_odd(const struct ed448_fe8 *reduced)
{
	return _mm512_test_epi64_mask(reduced->limb[0], _mm512_set1_epi64(1));
}

// The lanes where R's y is `y`, and its sign that of the x whose reduced -x is `minus_x`; x is not 0.
static __mmask8 is_point(const struct ed448_fe8 *r_y, __mmask8 sign, const struct ed448_fe8 *y,
	const struct ed448_fe8 *x, __mmask8 odd)
{
	return equal(r_y, y) & (__mmask8) ~(sign ^ odd) & (__mmask8)~wv_ifma_ed448_is_zero(x);
}

// The lanes whose R is (x, y), (-x, -y), (y, -x) or (-y, x). Of x other than 0, either x or p - x is odd.
static __mmask8 group_compare(const struct work *w, const struct group *g)
{
	const uint8_t *signatures[IFMA_LANES];
	struct ed448_words8 octets;
	struct ed448_fe8 r, zero, x, y, minus_x, minus_y;
	__mmask8 sign, good, odd_x, odd_y;

	for (unsigned i = 0; i < IFMA_LANES; i++)
		signatures[i] = w->jobs[g->job[i]].signature;
	wv_ifma_ed448_octets(&octets, signatures);
	good = g->lanes & wv_ifma_ed448_read(&r, &octets);
	sign = _mm512_test_epi64_mask(octets.word[ED448_WORDS], _mm512_set1_epi64(0x80));

	ed448_small(&zero, 0);
	ed448_sub(&minus_x, &zero, &g->r.x);
	ed448_sub(&minus_y, &zero, &g->r.y);
	wv_ifma_ed448_reduce(&x, &g->r.x);
	wv_ifma_ed448_reduce(&y, &g->r.y);
	wv_ifma_ed448_reduce(&minus_x, &minus_x);
	wv_ifma_ed448_reduce(&minus_y, &minus_y);
	odd_x = is_odd(&x);
	odd_y = is_odd(&y);
	return good
		& (is_point(&r, sign, &y, &x, odd_x) | is_point(&r, sign, &minus_y, &x, ~odd_x)
			| is_point(&r, sign, &minus_x, &y, odd_y)
			| is_point(&r, sign, &x, &y, ~odd_y));
}

static void jobs_run(const struct wv_verify_job jobs[], unsigned n, enum wv_verify_answer answers[])
{
	struct work w;

	w.jobs = jobs;
	w.n = n;
	w.groups = 0;
	for (unsigned i = 0; i < n; i++) {
		answers[i] = WV_VERIFY_BAD;
		w.alive[i] = job_open(&w, i);
	}
	challenges_make(&w);
	while (group_gather(&w, &w.group[w.groups]))
		group_sum(&w, &w.group[w.groups++]);
	if (w.groups == 0)
		return;
	groups_invert(&w);
	for (unsigned g = 0; g < w.groups; g++) {
		__mmask8 good = group_compare(&w, &w.group[g]);

		for (unsigned i = 0; i < IFMA_LANES; i++) {
			if (good >> i & 1)
				answers[w.group[g].job[i]] = WV_VERIFY_GOOD;
		}
	}
}

void wv_ifma_ed448_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	(void)slot;
	assert(n <= WV_VERIFY_MAX);
	for (unsigned i = 0; i < n; i += JOBS)
		jobs_run(jobs + i, n - i < JOBS ? n - i : JOBS, answers + i);
}
