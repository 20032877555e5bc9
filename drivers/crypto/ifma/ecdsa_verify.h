/*
 * ECDSA over a curve y^2 = x^3 - 3x + b of prime order, for groups of signatures: a template. A file
 * includes it once, after the field (struct fe, fe_…, sc_mul: see p256_field.h) and
 *
 *     EC_NAME(what)                  the name of a function that leaves the file
 *     EC_G_WINDOW                    bits of a digit of u1, whose table is the same for all
 *     EC_SMALL, EC_MEDIUM, EC_LARGE  of u2, in the tables of keys
 *     EC_FAR_LEAST                   signatures of keys without tables that a vector must have:
 *                                    fewer are faster by OpenSSL
 *     ec_p, ec_n, ec_b, ec_gx, ec_gy the curve: words, lowest first
 *
 * A signature r, s of e is right if r and s are from 1 to n - 1, and x of u1 G + u2 Q is r modulo n,
 * with u1 = e / s and u2 = r / s (FIPS 186-4 6.4; SEC 1 4.1.4). n is a little less than p, so that x
 * may be r or, if that is below p, r + n.
 *
 * All 1 / s of a group are made by one inversion. u1 G and, if the key has a table, u2 Q are sums of
 * points from tables (ecdsa_table.h). These are added with affine formulas, eight signatures to a
 * vector and as many vectors to an inversion as there are; to `most` sums a signature at a time, so
 * that many additions are independent; then those to one another, until two points are left. Of
 * these only x of the sum is made, and not divided: with h = x2 - x1, l = y2 - y1 it is r if
 * l^2 = h^2 (r + x1 + x2).
 *
 * If the key has no table, u2 Q is made in the lanes by doublings in Jacobian coordinates from odd
 * multiples of Q, and at the end, with z of u2 Q = (X, Y, Z), the same is asked of x1 z^2 and so on.
 *
 * Exceptions, which WV_VERIFY_EXCEPTION reports: points of equal x were to be added, or u1 = 0. With
 * digits that are never zero, neither happens to honest signatures. Who knows their private key can
 * make them happen.
 */
#ifndef WV_IFMA_ECDSA_VERIFY_H
#define WV_IFMA_ECDSA_VERIFY_H

#include "ecdsa_table.h"

#define FAR_WINDOW 5 // of digits of u2 where the key has no table
#define VECTORS    (WV_VERIFY_MAX / IFMA_LANES + WV_VERIFY_TABLES)
#define PICK_AHEAD 8                    // vectors of points that are on their way from the tables
#define SUMS_MOST  WINDOWS(EC_G_WINDOW) // all signatures have as many points

static_assert(VECTORS <= NUMBERS_MAX, "one inversion for all s");
static_assert(TABLE_VECTORS <= SUM_MAX, "all rows are doubled together");

static _Alignas(64) uint8_t ec_base[WINDOWS(EC_G_WINDOW) * ROW_OCTETS(EC_G_WINDOW)];
static struct words ec_gap;          // p - n
static uint64_t ec_n_form[EC_LIMBS]; // n in Montgomery form modulo p
static uint64_t ec_b_form[EC_LIMBS];

// Eight jobs. Lanes that are left over repeat the first; nobody asks for their answer.
struct vector {
	uint8_t job[IFMA_LANES];
	unsigned n;
	unsigned window; // of the tables of all these keys; 0: they have none
	unsigned points; // to be added in all
	__mmask8 valid;  // r and s are in range
	__mmask8 exception;
	__mmask8 wraps; // r + n is below p
	_Alignas(64) const uint8_t *rows[IFMA_LANES];
	struct digits u1, u2;
	struct fe r;         // in Montgomery form modulo p
	struct jacobian far; // u2 Q of keys without a table
};

struct group {
	const struct wv_verify_job *jobs;
	unsigned n;
	unsigned points; // of the vector that has most
	struct vector vector[VECTORS];
};

static const struct wv_verify_job *vector_job(
	const struct group *g, const struct vector *v, unsigned lane)
{
	return &g->jobs[v->job[lane < v->n ? lane : 0]];
}

static void vector_put(struct vector *v, unsigned job, const struct table *table)
{
	v->rows[v->n] = table != NULL ? table->row : NULL;
	v->job[v->n++] = (uint8_t)job;
}

static struct vector *group_open(struct group *g, unsigned window)
{
	struct vector *v = &g->vector[g->n++];

	v->n = 0;
	v->window = window;
	v->points = WINDOWS(EC_G_WINDOW) + (window > 0 ? WINDOWS(window) : 0);
	v->valid = v->exception = v->wraps = 0;
	return v;
}

static void group_pass_on(struct group *g, struct vector *v, enum wv_verify_answer answers[])
{
	for (unsigned l = 0; l < v->n; l++)
		answers[v->job[l]] = WV_VERIFY_PASSED_ON;
	*v = g->vector[--g->n];
}

// Octets that lie anywhere, asked for before the first of them is waited for.
static inline void job_prefetch(const struct wv_verify_job *job)
{
	__builtin_prefetch(job->signature);
	__builtin_prefetch(job->signature + 2 * EC_OCTETS - 1);
	__builtin_prefetch(job->data);
	__builtin_prefetch(job->data + EC_OCTETS - 1);
}

// Jobs into vectors; those of a vector have tables of the same size.
static void group_fill(struct group *g, const struct wv_verify_job jobs[], unsigned n,
	enum wv_verify_answer answers[])
{
	static const unsigned window[WV_VERIFY_TABLES + 1] = {0, EC_SMALL, EC_MEDIUM, EC_LARGE};
	struct vector *open[WV_VERIFY_TABLES + 1] = {NULL};

	g->jobs = jobs;
	g->n = g->points = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct table *table =
			atomic_load_explicit(&jobs[i].key->table, memory_order_acquire);
		unsigned kind = 0;

		answers[i] = WV_VERIFY_BAD;
		if (jobs[i].signature_len != 2 * EC_OCTETS || jobs[i].data_len != EC_OCTETS)
			continue;
		while (table != NULL && window[kind] != table->window)
			kind++;
		if (open[kind] == NULL || open[kind]->n == IFMA_LANES)
			open[kind] = group_open(g, window[kind]);
		vector_put(open[kind], i, table);
		job_prefetch(&jobs[i]);
	}
	if (open[0] != NULL && open[0]->n < EC_FAR_LEAST)
		group_pass_on(g, open[0], answers);
	for (unsigned i = 0; i < g->n; i++) {
		struct vector *v = &g->vector[i];

		g->points = v->points > g->points ? v->points : g->points;
		for (unsigned l = v->n; l < IFMA_LANES; l++)
			v->rows[l] = v->rows[0];
	}
}

// Numbers of eight lanes, on their way to them.
struct octet_lanes {
	_Alignas(64) uint64_t word[EC_WORDS][IFMA_LANES];
};

static void octet_lanes_put(struct octet_lanes *to, unsigned lane, const struct words *w)
{
	for (unsigned i = 0; i < EC_WORDS; i++)
		to->word[i][lane] = w->at[i];
}

static void octet_lanes_get(struct fe *r, const struct octet_lanes *from)
{
	__m512i word[EC_WORDS];

	for (unsigned i = 0; i < EC_WORDS; i++)
		word[i] = _mm512_load_si512(from->word[i]);
	fe_from_words(r, word);
}

// r, s and e of the jobs; r and s that are out of range are 1 from here on.
static void vector_read(
	const struct group *g, struct vector *v, struct fe *r, struct fe *s, struct fe *e)
{
	static const struct words zero, one = {{1}};
	struct octet_lanes r_lanes, s_lanes, e_lanes;

	for (unsigned l = 0; l < IFMA_LANES; l++) {
		const struct wv_verify_job *job = vector_job(g, v, l);
		struct words r_words = words_read(job->signature);
		struct words s_words = words_read(job->signature + EC_OCTETS);
		struct words e_words = words_read(job->data);
		__mmask8 lane = (__mmask8)(1 << l);

		if (words_less(&zero, &r_words) && words_less(&r_words, &ec_order.words)
			&& words_less(&zero, &s_words) && words_less(&s_words, &ec_order.words))
			v->valid |= lane;
		else
			r_words = s_words = one;
		if (words_less(&r_words, &ec_gap))
			v->wraps |= lane;
		octet_lanes_put(&r_lanes, l, &r_words);
		octet_lanes_put(&s_lanes, l, &s_words);
		octet_lanes_put(&e_lanes, l, &e_words);
	}
	octet_lanes_get(r, &r_lanes);
	octet_lanes_get(s, &s_lanes);
	octet_lanes_get(e, &e_lanes);
}

// u1 = e / s and u2 = r / s modulo n, in digits. e is below 2^EC_BITS, which is below 2n.
static void group_scalars(struct group *g)
{
	struct fe r[VECTORS], s[VECTORS], e[VECTORS], into, zero;

	fe_set(&into, ec_order.r2);
	for (unsigned i = 0; i < g->n; i++) {
		vector_read(g, &g->vector[i], &r[i], &s[i], &e[i]);
		sc_mul(&s[i], &s[i], &into);
	}
	numbers_invert(s, g->n, &ec_order, sc_mul); // no s is zero
	fe_zero(&zero);
	fe_set(&into, ec_field.r2);
	for (unsigned i = 0; i < g->n; i++) {
		struct vector *v = &g->vector[i];
		struct fe u;

		sc_mul(&u, &e[i], &s[i]);
		v->exception |=
			fe_is_zero(&u, &ec_order); // its digits are those of n: useless, harmless
		digits_make(&v->u1, &u, EC_G_WINDOW);
		sc_mul(&u, &r[i], &s[i]);
		digits_make(&v->u2, &u, v->window > 0 ? v->window : FAR_WINDOW);
		fe_mul(&v->r, &r[i], &into);
	}
}

// Odd multiple i of u2 of the keys whose multiples are in `row`, and the lanes to subtract it in.
static inline __mmask8 far_point(
	struct point *p, const struct vector *v, unsigned i, uint8_t *const row[IFMA_LANES])
{
	const uint8_t *at[IFMA_LANES];
	uint64_t offset[IFMA_LANES];
	__m512i offsets;
	__mmask8 negative = digits_get(&offsets, &v->u2, i, FAR_WINDOW);

	_mm512_storeu_si512(offset, offsets);
	for (unsigned l = 0; l < IFMA_LANES; l++)
		at[l] = row[l] + offset[l];
	point_gather(p, at);
	return negative;
}

// p, in the lanes of `negative` -p.
static inline void jacobian_set(struct jacobian *r, const struct point *p, __mmask8 negative)
{
	struct fe zero;

	fe_zero(&zero);
	r->x = p->x;
	fe_dif(&r->y, negative, &p->y, &zero);
	fe_set(&r->z, ec_field.one);
}

/*
 * Keys without tables: u2 Q in Jacobian coordinates. A doubling has no exception; an addition of
 * points of equal x makes z zero, for good.
 */
static void group_far(struct group *g, struct vector *const v[JACOBIANS], unsigned n)
{
	_Alignas(64) uint8_t memory[JACOBIANS][IFMA_LANES][ROW_OCTETS(FAR_WINDOW)];
	uint8_t *row[JACOBIANS][IFMA_LANES];
	struct point base[JACOBIANS], p[JACOBIANS];
	struct jacobian *far[JACOBIANS];
	__mmask8 negative[JACOBIANS];
	struct fe into;

	fe_set(&into, ec_field.r2);
	for (unsigned k = 0; k < n; k++) {
		struct octet_lanes x, y;

		for (unsigned l = 0; l < IFMA_LANES; l++) {
			const uint8_t *octets = vector_job(g, v[k], l)->key->public_key;
			struct words x_words = words_read(octets);
			struct words y_words = words_read(octets + EC_OCTETS);

			octet_lanes_put(&x, l, &x_words);
			octet_lanes_put(&y, l, &y_words);
			row[k][l] = memory[k][l];
		}
		octet_lanes_get(&base[k].x, &x);
		octet_lanes_get(&base[k].y, &y);
		fe_mul(&base[k].x, &base[k].x, &into);
		fe_mul(&base[k].y, &base[k].y, &into);
		far[k] = &v[k]->far;
	}
	multiples_make(base, n, (uint8_t *const(*)[IFMA_LANES])row, FAR_WINDOW);
	for (unsigned i = WINDOWS(FAR_WINDOW); i-- > 0;) {
		for (unsigned k = 0; k < n; k++)
			negative[k] = far_point(&p[k], v[k], i, row[k]);
		if (i + 1 == WINDOWS(FAR_WINDOW)) {
			for (unsigned k = 0; k < n; k++)
				jacobian_set(far[k], &p[k], negative[k]);
			continue;
		}
		for (unsigned bit = 0; bit < FAR_WINDOW; bit++)
			jacobians_double(far, n);
		jacobians_add(far, p, negative, n);
	}
}

static void group_all_far(struct group *g)
{
	struct vector *v[JACOBIANS];
	unsigned n = 0;

	for (unsigned i = 0; i < g->n; i++) {
		if (g->vector[i].window == 0)
			v[n++] = &g->vector[i];
		if (n == JACOBIANS || (n > 0 && i + 1 == g->n)) {
			group_far(g, v, n);
			n = 0;
		}
	}
}

// Where a point of each lane lies, and in which lanes it is to be subtracted.
struct pick {
	_Alignas(64) const uint8_t *at[IFMA_LANES];
	__mmask8 negative;
	bool exists;
};

// Point i of those that a vector adds.
static inline void vector_pick(struct pick *p, const struct vector *v, unsigned i)
{
	__m512i row, offset;

	if (i < WINDOWS(EC_G_WINDOW)) {
		p->negative = digits_get(&offset, &v->u1, i, EC_G_WINDOW);
		row = _mm512_set1_epi64(
			(int64_t)(uintptr_t)(ec_base + i * ROW_OCTETS(EC_G_WINDOW)));
	} else {
		i -= WINDOWS(EC_G_WINDOW);
		p->negative = digits_get(&offset, &v->u2, i, v->window);
		row = _mm512_add_epi64(_mm512_load_si512(v->rows),
			_mm512_set1_epi64((int64_t)(i * ROW_OCTETS(v->window))));
	}
	_mm512_store_si512(p->at, _mm512_add_epi64(row, offset));
}

/*
 * Takes the points from the tables, in the order in which they are added: round r, sum a takes point
 * r * sums + a of each vector; rounds go up and down in turn. Each is asked for some time before.
 */
struct picker {
	const struct group *g;
	unsigned sums;
	unsigned round, sum, vector; // the next to be asked for
	unsigned asked, taken;
	struct pick ahead[PICK_AHEAD];
};

static inline void picker_step(struct picker *p)
{
	unsigned n = p->g->n;

	if (p->round % 2 == 0) {
		if (++p->vector < n)
			return;
		if (++p->sum < p->sums) {
			p->vector = 0;
			return;
		}
		p->sum--;
		p->vector--;
	} else {
		if (p->vector-- > 0)
			return;
		p->vector = n - 1;
		if (p->sum-- > 0)
			return;
		p->sum = p->vector = 0;
	}
	p->round++;
}

static inline void picker_ask(struct picker *p)
{
	const struct vector *v = &p->g->vector[p->vector];
	struct pick *pick = &p->ahead[p->asked++ % PICK_AHEAD];
	unsigned i = p->round * p->sums + p->sum;

	pick->exists = i < v->points;
	picker_step(p);
	if (!pick->exists)
		return;
	vector_pick(pick, v, i);
	for (unsigned l = 0; l < IFMA_LANES; l++) {
		_mm_prefetch((const char *)pick->at[l], _MM_HINT_T0);
		if (POINT_OCTETS > 64)
			_mm_prefetch((const char *)pick->at[l] + POINT_OCTETS - 1, _MM_HINT_T0);
	}
}

static void picker_open(struct picker *p, const struct group *g, unsigned sums)
{
	p->g = g;
	p->sums = sums;
	p->round = p->sum = p->vector = p->asked = p->taken = 0;
	for (unsigned i = 0; i < PICK_AHEAD; i++)
		picker_ask(p);
}

// False: this vector has no such point.
static inline bool picker_take(struct picker *p, struct point *point, __mmask8 *negative)
{
	struct pick *next = &p->ahead[p->taken++ % PICK_AHEAD];
	bool exists = next->exists;

	*negative = next->negative;
	if (exists)
		point_gather(point, next->at);
	picker_ask(p);
	return exists;
}

static void group_exceptions(struct group *g, const __mmask8 bad[SUM_MAX])
{
	for (unsigned i = 0; i < ec_sum.n; i++)
		g->vector[ec_sum.to[i] % g->n].exception |= bad[i];
}

// Sums of points, sum a of vector v in ec_sum.point[a * g->n + v]: from `sums` to two, of keys without
// a table to one.
static void group_fold(struct group *g, unsigned sums)
{
	struct sum *s = &ec_sum;
	__mmask8 bad[SUM_MAX];

	while (sums > 1) {
		unsigned half = (sums + 1) / 2;

		s->n = 0;
		sum_begin(s, false);
		for (unsigned a = 0; a < sums / 2; a++) {
			for (unsigned v = 0; v < g->n; v++) {
				if (sums > 2 || g->vector[v].window == 0)
					sum_put(s, s->n++, a * g->n + v,
						&s->point[(a + half) * g->n + v], 0);
			}
		}
		if (s->n > 0 && !sum_run(s, bad))
			group_exceptions(g, bad);
		sums = half;
	}
}

// Point i of the sums: the addition put in one round before is finished, and the next is put in.
static inline void group_next(struct picker *picker, unsigned round, unsigned i)
{
	struct sum *s = &ec_sum;
	struct point p;
	__mmask8 negative;

	if (!picker_take(picker, &p, &negative))
		return;
	if (round > 0) {
		sum_put(s, i, i, &p, negative);
		return;
	}
	fe_zero(&s->point[i].y);
	fe_dif(&s->point[i].y, negative, &p.y, &s->point[i].y);
	s->point[i].x = p.x;
}

/*
 * All points to `sums` sums. A round finishes the additions that the round before put in, which is
 * from the other end, and puts in a further one as soon as a sum is there: so that memory is gone
 * through once, and the tables have all the time.
 */
static void group_sums(struct group *g)
{
	struct sum *s = &ec_sum;
	unsigned sums = SUM_MAX / g->n < SUMS_MOST ? SUM_MAX / g->n : SUMS_MOST;
	unsigned rounds = (g->points + sums - 1) / sums;
	__mmask8 bad[SUM_MAX];
	struct picker picker;
	struct block b;

	picker_open(&picker, g, sums);
	s->n = sums * g->n;
	for (unsigned round = 0; round <= rounds; round++) {
		bool down = round % 2 == 1;

		if (round > 1 && !sum_invert(s, bad))
			group_exceptions(g, bad);
		sum_begin(s, down);
		for (unsigned done = 0; done < s->n; done += b.n) {
			b = block_next(s->n, done, down);
			if (round > 1)
				sum_finish(s, b.first, b.n);
			for (unsigned k = 0; round < rounds && k < b.n; k++)
				group_next(&picker, round, b.first + (down ? b.n - 1 - k : k));
		}
	}
	group_fold(g, sums);
}

/*
 * Lanes in which x of p + q is r or, where that is below p, r + n. z: q is in Jacobian
 * coordinates with this z, and p was multiplied by its powers; NULL: 1.
 */
static __mmask8 vector_judge(
	struct vector *v, const struct point *p, const struct point *q, const struct fe *zz)
{
	struct fe h, l, x, sum, r = v->r;
	__mmask8 right = 0;

	fe_sub(&h, &q->x, &p->x);
	v->exception |= fe_is_zero(&h, &ec_field);
	fe_sqr(&h, &h);
	fe_sub(&l, &q->y, &p->y);
	fe_sqr(&l, &l);
	fe_add(&x, &p->x, &q->x);
	for (unsigned turn = 0; turn < 2; turn++) {
		sum = r;
		if (zz != NULL)
			fe_mul(&sum, &sum, zz);
		fe_add(&sum, &sum, &x);
		fe_mul(&sum, &sum, &h);
		fe_sub(&sum, &sum, &l);
		right |= fe_is_zero(&sum, &ec_field) & (turn == 0 ? ALL_LANES : v->wraps);
		if (v->wraps == 0)
			break;
		fe_set(&sum, ec_n_form);
		fe_add(&r, &r, &sum);
	}
	return right;
}

static __mmask8 vector_judge_far(struct vector *v, const struct point *p)
{
	struct point q = {.x = v->far.x, .y = v->far.y}, scaled;
	struct fe zz;

	v->exception |= fe_is_zero(&v->far.z, &ec_field);
	fe_sqr(&zz, &v->far.z);
	fe_mul(&scaled.x, &p->x, &zz);
	fe_mul(&scaled.y, &p->y, &zz);
	fe_mul(&scaled.y, &scaled.y, &v->far.z);
	return vector_judge(v, &scaled, &q, &zz);
}

static void group_judge(struct group *g, enum wv_verify_answer answers[])
{
	for (unsigned i = 0; i < g->n; i++) {
		struct vector *v = &g->vector[i];
		const struct point *p = &ec_sum.point[i];
		__mmask8 right = v->window > 0 ? vector_judge(v, p, &ec_sum.point[g->n + i], NULL)
					       : vector_judge_far(v, p);

		for (unsigned l = 0; l < v->n; l++) {
			if ((v->valid >> l & 1) == 0)
				answers[v->job[l]] = WV_VERIFY_BAD;
			else if ((v->exception >> l & 1) != 0)
				answers[v->job[l]] = WV_VERIFY_EXCEPTION;
			else
				answers[v->job[l]] =
					(right >> l & 1) != 0 ? WV_VERIFY_GOOD : WV_VERIFY_BAD;
		}
	}
}

void EC_NAME(run)(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	struct group g;

	(void)slot;
	assert(n <= WV_VERIFY_MAX);
	group_fill(&g, jobs, n, answers);
	if (g.n == 0)
		return;
	group_scalars(&g);
	group_all_far(&g);
	group_sums(&g);
	group_judge(&g, answers);
}

// A key's point in all lanes, in Montgomery form. False: a coordinate is not below p.
static bool key_point(struct point *p, const uint8_t *octets)
{
	struct words x = words_read(octets);
	struct words y = words_read(octets + EC_OCTETS);
	uint64_t limb[EC_LIMBS];
	struct fe into;

	if (!words_less(&x, &ec_field.words) || !words_less(&y, &ec_field.words))
		return false;
	fe_set(&into, ec_field.r2);
	words_to_limbs(limb, &x);
	fe_set(&p->x, limb);
	fe_mul(&p->x, &p->x, &into);
	words_to_limbs(limb, &y);
	fe_set(&p->y, limb);
	fe_mul(&p->y, &p->y, &into);
	return true;
}

// y^2 = x^3 - 3x + b? The curve has prime order: every point of it will do.
bool EC_NAME(key_init)(struct wv_verify_key *key, unsigned slot)
{
	struct point p;
	struct fe right, t;

	(void)slot;
	if (key->public_len != 2 * EC_OCTETS || !key_point(&p, key->public_key))
		return false;
	fe_sqr(&right, &p.x);
	fe_mul(&right, &right, &p.x);
	fe_add(&t, &p.x, &p.x);
	fe_add(&t, &t, &p.x);
	fe_sub(&right, &right, &t);
	fe_set(&t, ec_b_form);
	fe_add(&right, &right, &t);
	fe_sqr(&t, &p.y);
	fe_sub(&t, &t, &right);
	return fe_is_zero(&t, &ec_field) == ALL_LANES;
}

static unsigned table_window(enum wv_verify_table size)
{
	static const unsigned window[WV_VERIFY_TABLES] = {EC_SMALL, EC_MEDIUM, EC_LARGE};

	return window[size];
}

size_t EC_NAME(table_octets)(const struct wv_verify_key *key, enum wv_verify_table size)
{
	(void)key;
	return TABLE_OCTETS(table_window(size));
}

void EC_NAME(table_build)(const struct wv_verify_key *key, enum wv_verify_table size, void *table)
{
	struct table *t = table;
	struct point p;

	t->window = table_window(size);
	if (key_point(&p, key->public_key)) // as key_init saw
		rows_make(t->row, &p, t->window);
}

// A constant in Montgomery form modulo p.
static void constant_form(uint64_t limb[EC_LIMBS], const uint64_t words[EC_WORDS])
{
	struct words w;
	struct fe number, into;

	memcpy(w.at, words, sizeof(w.at));
	words_to_limbs(limb, &w);
	fe_set(&number, limb);
	fe_set(&into, ec_field.r2);
	fe_mul(&number, &number, &into);
	fe_canon(&number, &number, &ec_field);
	for (unsigned j = 0; j < EC_LIMBS; j++)
		limb[j] = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(number.limb[j]));
}

bool EC_NAME(init)(void)
{
	uint64_t x[EC_LIMBS], y[EC_LIMBS];
	struct point base;

	modulus_init(&ec_field, ec_p, EC_R_BITS);
	modulus_init(&ec_order, ec_n, IFMA_BITS * EC_LIMBS);
	words_sub(&ec_gap, &ec_field.words, &ec_order.words);
	constant_form(ec_n_form, ec_n);
	constant_form(ec_b_form, ec_b);
	constant_form(x, ec_gx);
	constant_form(y, ec_gy);
	fe_set(&base.x, x);
	fe_set(&base.y, y);
	rows_make(ec_base, &base, EC_G_WINDOW);
	return true;
}

#endif
