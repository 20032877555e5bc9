#include <assert.h>

#include "ed448.h"
#include "rows.h"

/*
 * Windows and strides by size: 19 rows of 32 points (117 KB), 38 of 32 (234 KB), 32 of 64 (393 KB). A stride of n
 * divides the table by n for (n - 1) * window doublings, which take as long as as many additions.
 */
static const struct {
	uint8_t window, stride;
} shapes[WV_VERIFY_TABLES] = {
	[WV_VERIFY_TABLE_SMALL] = {6, 4},
	[WV_VERIFY_TABLE_MEDIUM] = {6, 2},
	[WV_VERIFY_TABLE_LARGE] = {7, 2},
};

#define CHUNK 32 // points that share an inversion

#define BASE_POINTS (1 + (45 << (ED448_BASE_WINDOW - 1)))
static struct {
	struct ed448_table table;
	uint8_t points[BASE_POINTS][ED448_POINT];
} base;
const struct ed448_table *const wv_ifma_ed448_base = &base.table;

// The rows of eight points, of which `count` are wanted, to where `entry` is in each.
static void rows_store(
	uint8_t *const entry[], unsigned count, size_t at, const struct ed448_fe8 *coordinate)
{
	struct ed448_fe8 reduced;
	struct ed448_words8 w;

	wv_ifma_ed448_reduce(&reduced, coordinate);
	wv_ifma_ed448_pack(&w, &reduced);
	rows_transpose(w.word);
	for (unsigned i = 0; i < count; i++)
		_mm512_storeu_si512(entry[i] + at, w.word[i]);
}

// x = X / 2Z, y = Y / 2Z, given 1 / 2Z.
static void point_store(uint8_t *const entry[], unsigned count, const struct ed448_point8 *p,
	const struct ed448_fe8 *inverse)
{
	struct ed448_fe8 x, y, t;

	wv_ifma_ed448_mul(&x, &p->x, inverse);
	wv_ifma_ed448_mul(&y, &p->y, inverse);
	ed448_sub(&t, &y, &x);
	rows_store(entry, count, 0, &t);
	ed448_add(&t, &y, &x);
	rows_store(entry, count, 64, &t);
	wv_ifma_ed448_mul(&x, &x, &y);
	ed448_minus(&t, 4 * ED448_MINUS_D);
	wv_ifma_ed448_mul(&t, &t, &x);
	rows_store(entry, count, 128, &t);
}

// 2^447 - 2^223.
static void one_half(struct ed448_fe8 *r)
{
	const uint64_t top = UINT64_C(1) << (ED448_TOP_BITS - 1);

	ed448_minus(r, 0);
	for (unsigned i = 0; i < ED448_HALF - 1; i++)
		r->limb[i] = _mm512_setzero_si512();
	r->limb[ED448_HALF - 1] = ed448_all(top);
	r->limb[ED448_HALF] = ed448_all(ED448_MASK);
	r->limb[ED448_LIMBS - 1] = ed448_all(top - 1);
}

// Montgomery's trick: one inversion, of the product of all z. p->t becomes the product up to p.
static void chunk_store(
	uint8_t *const entry[IFMA_LANES], unsigned count, struct ed448_point8 p[], unsigned n)
{
	struct ed448_fe8 inverse, one;
	uint8_t *at[IFMA_LANES];

	p[0].t = p[0].z;
	for (unsigned i = 1; i < n; i++)
		wv_ifma_ed448_mul(&p[i].t, &p[i - 1].t, &p[i].z);
	wv_ifma_ed448_invert(&inverse, &p[n - 1].t);
	one_half(&one);
	wv_ifma_ed448_mul(&inverse, &inverse, &one);
	while (n-- > 0) {
		for (unsigned i = 0; i < count; i++)
			at[i] = entry[i] + (size_t)n * ED448_POINT;
		one = inverse;
		if (n > 0)
			wv_ifma_ed448_mul(&one, &inverse, &p[n - 1].t);
		point_store(at, count, &p[n], &one);
		wv_ifma_ed448_mul(&inverse, &inverse, &p[n].z);
	}
}

// The multiples of eight points, `count` of which are wanted, from row `first` on.
static void multiples_store(struct ed448_table *table, unsigned first, unsigned count,
	const struct ed448_point8 *points)
{
	const unsigned n = 1u << (table->window - 1), chunk = n < CHUNK ? n : CHUNK;
	struct ed448_point8 p[CHUNK], sum = *points;
	struct ed448_cached8 once;
	uint8_t *entry[IFMA_LANES];

	wv_ifma_ed448_cache(&once, points);
	for (unsigned k = 0; k < n; k += chunk) {
		for (unsigned i = 0; i < chunk; i++) {
			p[i] = sum;
			wv_ifma_ed448_add(&sum, &once);
		}
		for (unsigned i = 0; i < count; i++)
			entry[i] = (uint8_t *)(table + 1)
				+ (size_t)(1 + (first + i) * n + k) * ED448_POINT;
		chunk_store(entry, count, p, chunk);
	}
}

static void neutral_store(struct ed448_table *table)
{
	uint8_t *entry[] = {(uint8_t *)(table + 1)};
	struct ed448_point8 p;
	struct ed448_fe8 half;

	wv_ifma_ed448_identity(&p);
	one_half(&half);
	point_store(entry, 1, &p, &half);
}

// p: a point, the same in each lane.
static void table_fill(
	struct ed448_table *table, unsigned window, unsigned stride, struct ed448_point8 p)
{
	const unsigned rows = (ed448_digit_count(window) + stride - 1) / stride;

	table->window = (uint8_t)window;
	table->stride = (uint8_t)stride;
	neutral_store(table);
	for (unsigned first = 0; first < rows; first += IFMA_LANES) {
		unsigned count = rows - first < IFMA_LANES ? rows - first : IFMA_LANES;
		struct ed448_point8 start = p;

		for (unsigned i = 0; i < count; i++) {
			__mmask8 rest = (__mmask8)(0xffu << i);

			ed448_select(&start.x, &start.x, rest, &p.x);
			ed448_select(&start.y, &start.y, rest, &p.y);
			ed448_select(&start.z, &start.z, rest, &p.z);
			ed448_select(&start.t, &start.t, rest, &p.t);
			wv_ifma_ed448_double(&p, window * stride);
		}
		multiples_store(table, first, count, &start);
	}
}

size_t wv_ifma_ed448_table_octets(const struct wv_verify_key *key, enum wv_verify_table size)
{
	(void)key;
	return sizeof(struct ed448_table)
		+ ed448_table_size(shapes[size].window, shapes[size].stride) * ED448_POINT;
}

void wv_ifma_ed448_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *memory)
{
	struct ed448_table *table = memory;
	struct ed448_words8 octets;
	struct ed448_point8 p;
	__mmask8 on_curve;

	assert(key->public_len == ED448_OCTETS);
	wv_ifma_ed448_octets_same(&octets, key->public_key);
	table->dead = wv_ifma_ed448_decode(&p, &octets, &on_curve) == 0;
	table_fill(table, shapes[size].window, shapes[size].stride, p);
}

bool wv_ifma_ed448_init(void)
{
	// RFC 8032 5.2: the base point. Its x is even.
	static const uint8_t encoded[ED448_OCTETS] = {0x14, 0xfa, 0x30, 0xf2, 0x5b, 0x79, 0x08,
		0x98, 0xad, 0xc8, 0xd7, 0x4e, 0x2c, 0x13, 0xbd, 0xfd, 0xc4, 0x39, 0x7c, 0xe6, 0x1c,
		0xff, 0xd3, 0x3a, 0xd7, 0xc2, 0xa0, 0x05, 0x1e, 0x9c, 0x78, 0x87, 0x40, 0x98, 0xa3,
		0x6c, 0x73, 0x73, 0xea, 0x4b, 0x62, 0xc7, 0xc9, 0x56, 0x37, 0x20, 0x76, 0x88, 0x24,
		0xbc, 0xb6, 0x6e, 0x71, 0x46, 0x3f, 0x69, 0x00};
	struct ed448_words8 octets;
	struct ed448_point8 p;
	__mmask8 on_curve;

	static_assert(sizeof(base) == sizeof(struct ed448_table) + BASE_POINTS * ED448_POINT, "");
	wv_ifma_ed448_octets_same(&octets, encoded);
	if (wv_ifma_ed448_decode(&p, &octets, &on_curve) != 0xff)
		return false;
	table_fill(&base.table, ED448_BASE_WINDOW, 1, p);
	return true;
}
