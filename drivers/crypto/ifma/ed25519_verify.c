/*
 * Ed25519 (RFC 8032 5.1.7, RFC 8080): is the encoding of s * B - h * A the signature's R?
 *
 * In:    any jobs; keys that key_init took, with tables of any size or without
 * Why:   exactly what OpenSSL 3 does: s must be below L; A is read with y modulo p, and a sign of
 *        x = 0 passed over; h is SHA-512(R | A | M) of the octets as they came, modulo L; the sum is
 *        that of the group with its points of small order, no cofactor is multiplied away; and R
 *        is not decoded: its octets are compared with those of the sum, of which there is one way.
 *        The addition law is complete (ed25519_point.h), so there are no exceptions, and no Z is 0:
 *        one inversion serves the group (Montgomery's trick). A lane whose key is no point gets the
 *        neutral one, and is bad.
 * How:   with tables of B and -A for all digits, some 70 additions and no doublings. A first-seen
 *        key's multiples 1 to 16 are made in the lanes, and its digits taken from the top, with 5
 *        doublings between them. A group of one is faster than OpenSSL, too: twice where the
 *        key is new, 7 times where it has a table; so nothing is passed on.
 */
#include <string.h>

#include "ed25519_table.h"
#include "sha512.h"

#define OCTETS     32 // of a point, of a scalar
#define HASH       64
#define VECTORS    (WV_VERIFY_MAX / IFMA_LANES + 1) // jobs with tables and those without begin anew
#define AHEAD      4                                // steps that entries are fetched beforehand
#define FIRST_BITS 5 // the window of a key without a table: its multiples are ED25519_MULTIPLES

#define BASE_BITS   10
#define BASE_POINTS (25 * 512 + 4)

static _Alignas(64) uint8_t base_octets[sizeof(struct ed25519_table) + BASE_POINTS * ED25519_ENTRY];

static const struct ed25519_table *base_table(void)
{
	return (const void *)base_octets;
}

// Eight jobs on their way, or fewer: the first one is then in the other lanes, too.
struct vector {
	const struct wv_verify_job *job[IFMA_LANES];
	const struct ed25519_table *table[IFMA_LANES]; // NULL in all: none
	unsigned index[IFMA_LANES];                    // of the job
	unsigned n;
	__mmask8 may; // lanes whose scalar and key are in order
	struct scalar8 s, h;
	__m512i r[4];              // the signature's R
	struct fe8 plus, minus, z; // of s * B - h * A
	struct fe8 product;        // of this z and those of the vectors before
};

struct group {
	struct vector vector[VECTORS];
	unsigned n;
	uint8_t hash[WV_VERIFY_MAX][HASH];
};

bool wv_ifma_ed25519_init(void)
{
	// RFC 8032 5.1: y = 4 / 5, x is even.
	__m512i y[4] = {words(0x6666666666666658), words(0x6666666666666666),
		words(0x6666666666666666), words(0x6666666666666666)};
	struct point8 p;
	__mmask8 has = wv_ifma_ed25519_decode(&p, y);

	wv_ifma_ed25519_table_make((struct ed25519_table *)(void *)base_octets, BASE_BITS, &p);
	return has == 0xff;
}

// The negatives of eight public keys.
static __mmask8 keys_read(struct point8 *p, const uint64_t at[IFMA_LANES])
{
	__m512i y[4];
	__mmask8 has;

	words_load(y, at, 0);
	has = wv_ifma_ed25519_decode(p, y);
	wv_ifma_ed25519_negate(p);
	return has;
}

static __mmask8 key_read(struct point8 *p, const struct wv_verify_key *key)
{
	uint64_t at[IFMA_LANES];

	for (unsigned i = 0; i < IFMA_LANES; i++)
		at[i] = (uintptr_t)key->public_key;
	return keys_read(p, at);
}

bool wv_ifma_ed25519_key_init(struct wv_verify_key *key, unsigned slot)
{
	struct point8 p;

	(void)slot;
	return key->public_len == OCTETS && key_read(&p, key) != 0;
}

static struct ed25519_window table_window(enum wv_verify_table size)
{
	static const uint8_t bits[WV_VERIFY_TABLES] = {
		[WV_VERIFY_TABLE_SMALL] = 5,
		[WV_VERIFY_TABLE_MEDIUM] = 6,
		[WV_VERIFY_TABLE_LARGE] = 7,
	};

	return wv_ifma_ed25519_window(bits[size]);
}

size_t wv_ifma_ed25519_table_octets(const struct wv_verify_key *key, enum wv_verify_table size)
{
	struct ed25519_window w = table_window(size);

	(void)key;
	return wv_ifma_ed25519_table_size(&w);
}

void wv_ifma_ed25519_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table)
{
	struct point8 p;

	key_read(&p, key);
	wv_ifma_ed25519_table_make(table, table_window(size).bits, &p);
}

// Put a job into a vector of its kind, the last one there is; begin another if that is full.
static void group_put(struct group *g, unsigned begin, const struct wv_verify_job *job,
	const struct ed25519_table *table, unsigned index)
{
	struct vector *v;

	if (g->n == begin || g->vector[g->n - 1].n == IFMA_LANES) {
		v = &g->vector[g->n++];
		v->n = 0;
		for (unsigned i = 0; i < IFMA_LANES; i++) {
			v->job[i] = job;
			v->table[i] = table;
		}
	}
	v = &g->vector[g->n - 1];
	v->job[v->n] = job;
	v->table[v->n] = table;
	v->index[v->n++] = index;
}

// Vectors of the jobs whose signatures have the right length; the others are bad.
static void group_gather(struct group *g, const struct wv_verify_job jobs[], unsigned n,
	enum wv_verify_answer answers[])
{
	uint8_t first_seen[WV_VERIFY_MAX];
	unsigned first_seen_n = 0, begin;

	g->n = 0;
	for (unsigned i = 0; i < n; i++) {
		const void *table = atomic_load_explicit(&jobs[i].key->table, memory_order_acquire);

		answers[i] = WV_VERIFY_BAD;
		if (jobs[i].signature_len != 2 * OCTETS)
			continue;
		if (table != NULL)
			group_put(g, 0, &jobs[i], table, i);
		else
			first_seen[first_seen_n++] = (uint8_t)i;
	}
	begin = g->n;
	for (unsigned i = 0; i < first_seen_n; i++)
		group_put(g, begin, &jobs[first_seen[i]], NULL, first_seen[i]);
}

// SHA-512(R | A | M) of each.
static void group_hash(struct group *g)
{
	struct sha512_job jobs[WV_VERIFY_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < g->n; i++) {
		for (unsigned lane = 0; lane < g->vector[i].n; lane++) {
			const struct wv_verify_job *job = g->vector[i].job[lane];

			jobs[n].first = job->signature;
			jobs[n].second = job->key->public_key;
			jobs[n].data = job->data;
			jobs[n].len = job->data_len;
			jobs[n].out = g->hash[g->vector[i].index[lane]];
			n++;
		}
	}
	wv_ifma_sha512(jobs, n);
}

static void vector_read(struct vector *v, const struct group *g)
{
	uint64_t signature[IFMA_LANES], hash[IFMA_LANES];
	__m512i h[8];

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		signature[i] = (uintptr_t)v->job[i]->signature;
		hash[i] = (uintptr_t)g->hash[v->index[i < v->n ? i : 0]];
	}
	words_load(v->r, signature, 0);
	words_load(v->s.word, signature, OCTETS);
	words_load(h, hash, 0);
	words_load(h + 4, hash, HASH / 2);
	v->h = wv_ifma_ed25519_modulo(h);
	v->may = wv_ifma_ed25519_is_below(&v->s);
	// Digits of what is not below L might lie beyond a table.
	for (unsigned i = 0; i < 4; i++)
		v->s.word[i] = _mm512_maskz_mov_epi64(v->may, v->s.word[i]);
}

static void vector_put(struct vector *v, const struct point8 *p)
{
	v->plus = p->plus;
	v->minus = p->minus;
	v->z = p->z;
}

static unsigned base_steps(struct steps8 steps[], const struct scalar8 *s)
{
	struct rows8 rows = {.entry = ED25519_ENTRY};

	for (unsigned i = 0; i < IFMA_LANES; i++)
		wv_ifma_ed25519_rows_put(
			&rows, i, &base_table()->window, base_table()->entries, false);
	return wv_ifma_ed25519_steps(steps, s, &rows);
}

INLINE void step_add(struct point8 *p, const struct steps8 steps[], unsigned i, unsigned n)
{
	struct niels8 q = step_load(&steps[i]);

	if (i + AHEAD < n)
		step_prefetch(&steps[i + AHEAD]);
	*p = point8_add_niels(p, &q);
}

static void vector_prepared(struct vector *v)
{
	struct steps8 steps[2 * ED25519_DIGITS_MOST];
	struct rows8 rows = {.entry = ED25519_ENTRY};
	struct point8 p = point8_neutral();
	unsigned n;

	for (unsigned i = 0; i < IFMA_LANES; i++)
		wv_ifma_ed25519_rows_put(
			&rows, i, &v->table[i]->window, v->table[i]->entries, false);
	n = wv_ifma_ed25519_steps(steps, &v->h, &rows);
	n += base_steps(steps + n, &v->s);
	for (unsigned i = 0; i < n; i++)
		step_add(&p, steps, i, n);
	vector_put(v, &p);
}

static void vector_first_seen(struct vector *v)
{
	const struct ed25519_window w = wv_ifma_ed25519_window(FIRST_BITS);
	_Alignas(64) uint8_t multiples[IFMA_LANES][ED25519_MULTIPLES][ED25519_ENTRY_Z];
	struct steps8 steps[ED25519_DIGITS_MOST];
	struct rows8 rows = {.entry = ED25519_ENTRY_Z};
	struct point8 p;
	uint64_t key[IFMA_LANES];
	unsigned n;

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		key[i] = (uintptr_t)v->job[i]->key->public_key;
		wv_ifma_ed25519_rows_put(&rows, i, &w, multiples[i], true);
	}
	v->may &= keys_read(&p, key);
	wv_ifma_ed25519_multiples(multiples, &p);
	n = wv_ifma_ed25519_steps(steps, &v->h, &rows);
	p = point8_neutral();
	for (unsigned i = n; i-- > 0;) {
		struct cached8 q = step_load_z(&steps[i]);

		p = point8_add(&p, &q);
		for (unsigned j = 0; i > 0 && j < FIRST_BITS; j++)
			p = point8_double(&p);
	}
	n = base_steps(steps, &v->s);
	for (unsigned i = 0; i < n; i++)
		step_add(&p, steps, i, n);
	vector_put(v, &p);
}

// z: 1 / 2Z. An encoded point is y with the lowest bit of x above it (RFC 8032 5.1.2).
static __mmask8 vector_is_right(const struct vector *v, const struct fe8 *z)
{
	struct wide8 plus = wide8_of(&v->plus), minus = wide8_of(&v->minus);
	struct wide8 x2 = wide8_sub(&plus, &minus), y2 = wide8_add(&plus, &minus);
	struct fe8 x = fe8_carry(&x2), y = fe8_carry(&y2);
	__mmask8 same = v->may;
	__m512i w[4];

	x = wv_ifma_ed25519_product(&x, z);
	x = wv_ifma_ed25519_freeze(&x);
	y = wv_ifma_ed25519_product(&y, z);
	y = wv_ifma_ed25519_freeze(&y);
	fe8_pack(w, &y);
	w[3] = _mm512_or_si512(w[3], _mm512_slli_epi64(x.limb[0], 63));
	for (unsigned i = 0; i < 4; i++)
		same &= _mm512_cmpeq_epi64_mask(w[i], v->r[i]);
	return same;
}

// One inversion for all: no Z is ever 0.
static void group_compare(struct group *g, enum wv_verify_answer answers[])
{
	struct fe8 half = fe8_constant(wv_ifma_ed25519_half), inverse;

	for (unsigned i = 0; i < g->n; i++)
		g->vector[i].product = i > 0
			? wv_ifma_ed25519_product(&g->vector[i - 1].product, &g->vector[i].z)
			: g->vector[i].z;
	inverse = wv_ifma_ed25519_invert(&g->vector[g->n - 1].product);
	inverse = wv_ifma_ed25519_product(&inverse, &half);
	for (unsigned i = g->n; i-- > 0;) {
		const struct vector *v = &g->vector[i];
		struct fe8 z = i > 0 ? wv_ifma_ed25519_product(&inverse, &v[-1].product) : inverse;
		__mmask8 right = vector_is_right(v, &z);

		inverse = wv_ifma_ed25519_product(&inverse, &v->z);
		for (unsigned lane = 0; lane < v->n; lane++) {
			if ((right >> lane & 1) != 0)
				answers[v->index[lane]] = WV_VERIFY_GOOD;
		}
	}
}

void wv_ifma_ed25519_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	struct group g;

	(void)slot;
	group_gather(&g, jobs, n, answers);
	if (g.n == 0)
		return;
	group_hash(&g);
	for (unsigned i = 0; i < g.n; i++) {
		vector_read(&g.vector[i], &g);
		if (g.vector[i].table[0] != NULL)
			vector_prepared(&g.vector[i]);
		else
			vector_first_seen(&g.vector[i]);
	}
	group_compare(&g, answers);
}
