/*
 * RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2) in eight lanes, for exponents 2^k + 1, such as 3 and 65537.
 *
 * A signature s is right where s < n and s^e = E mod n, E being the one encoded message that there
 * is for a digest and a length (RFC 8017 9.2); OpenSSL compares it whole, too, and knows no other form
 * of it. The octets of s are as many as those of n, so that E, which begins with a zero octet, is
 * below n.
 *
 * k squares take s to s^(2^k) / R^(2^k - 1). Instead of bringing s into Montgomery form before, we
 * bring E to where s is: with D = 1 / R^(2^k - 1) mod n, s is right where s^(2^k) D s = E D. D depends on
 * the key alone, and is what k squares make of 1.
 *   E = P + h, the padding and the digest, which is short; with minus = -D mod n, and
 *   want = P D / R mod n from the key's table, we ask whether (s^(2^k) D s + h minus) / R = want: a
 *   product of full length and one of a block or two.
 *   Without a table, the key takes a lane of its own for D, which all signatures by that key in the
 *   same group share; then h is E, and want is 0. One key and up to seven of its signatures fit
 *   into a group, or four keys with a signature each.
 * n need not be a product of two primes, nor s be invertible: D is, for n is odd and R a power of two,
 * and the rest holds for all integers.
 *
 * A group costs the same for one lane as for eight: about what OpenSSL takes for one signature.
 */
#include "rsa_verify.h"

#include <assert.h>
#include <string.h>

#include "rsa.h"

// A number of one lane: limbs to the next multiple of eight.
#define ROW_MOST RSA_LIMBS_MOST

// Octets of eight limbs.
#define OCTETS_OF_8 (IFMA_LANES * IFMA_BITS / 8)

// What is known of a key before its first check.
struct table {
	uint16_t modulus_len;
	uint8_t blocks, squares;
	uint64_t inverse;
	_Alignas(64) uint64_t rows[]; // those of enum row
};

enum row {
	ROW_MODULUS, // n
	ROW_FAST,    // of struct rsa_modulus
	ROW_MINUS,   // 3 n - D
	ROW_WANT,    // P D / R mod n
	ROWS
};

// A job whose lengths are right.
struct open_job {
	const struct wv_verify_job *job;
	const struct table *table; // NULL: none
	const uint8_t *modulus;    // without a table
	uint16_t modulus_len;
	uint8_t blocks, squares;
	uint8_t at; // index of its answer
};

struct lane {
	const struct open_job *open; // of which key
	bool is_key;                 // D is made here; else a job is decided
	uint8_t key_lane;            // where the D of a job without a table is made
};

struct group {
	unsigned n;
	bool first_seen; // some key has no table
	struct lane lanes[IFMA_LANES];
};

// What a group works on.
struct work {
	struct rsa_modulus m;
	__m512i s[RSA_LIMBS_MOST], power[RSA_LIMBS_MOST];
	__m512i minus[RSA_LIMBS_MOST], want[RSA_LIMBS_MOST], digest[RSA_LIMBS_MOST];
	__m512i found[RSA_LIMBS_MOST];
	_Alignas(64) uint64_t rows[IFMA_LANES][ROW_MOST];
};

static const _Alignas(64) uint64_t zero[ROW_MOST];
static const _Alignas(64) uint64_t one[ROW_MOST] = {1};

static unsigned row_limbs(unsigned blocks)
{
	return (blocks * RSA_BLOCK + IFMA_LANES - 1) & ~(IFMA_LANES - 1u);
}

static const uint64_t *table_row(const struct table *t, enum row row)
{
	return t->rows + row * row_limbs(t->blocks);
}

/*
 * Eight limbs of a big-endian number, which ends at octets[len]; as many octets as there are, 52 at
 * most. Limb i begins 6 1/2 i octets from the end: an even one in a whole octet, an odd one in half.
 */
static __m512i limbs_load(const uint8_t *octets, size_t len)
{
#define LIMB(end) (end) - 7, (end)-6, (end)-5, (end)-4, (end)-3, (end)-2, (end)-1, end
	const __m512i at = _mm512_set_epi8(
		LIMB(6), LIMB(12), LIMB(19), LIMB(25), LIMB(32), LIMB(38), LIMB(45), LIMB(51));
#undef LIMB
	const __m512i half = _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0);
	__m512i in, from;

	if (len > OCTETS_OF_8)
		len = OCTETS_OF_8;
	in = _mm512_maskz_loadu_epi8((UINT64_C(1) << len) - 1, octets);
	from = _mm512_sub_epi8(at, _mm512_set1_epi8((char)(OCTETS_OF_8 - len)));
	in = _mm512_maskz_permutexvar_epi8(~_mm512_movepi8_mask(from), from, in);
	return _mm512_and_si512(_mm512_srlv_epi64(in, half), _mm512_set1_epi64(IFMA_MASK));
}

static void row_load(uint64_t *row, unsigned blocks, const uint8_t *octets, size_t len)
{
	for (unsigned i = 0; i < row_limbs(blocks); i += IFMA_LANES) {
		size_t rest = len > OCTETS_OF_8 ? len - OCTETS_OF_8 : 0;

		_mm512_store_si512(row + i, limbs_load(octets + rest, len - rest));
		len = rest;
	}
}

// Eight rows of eight limbs become eight limbs of eight lanes.
static void transpose(__m512i out[IFMA_LANES], const uint64_t *const rows[IFMA_LANES], unsigned at)
{
	__m512i a[IFMA_LANES], b[IFMA_LANES];

#pragma GCC unroll 4
	for (int i = 0; i < IFMA_LANES; i += 2) {
		__m512i even = _mm512_load_si512(rows[i] + at);
		__m512i odd = _mm512_load_si512(rows[i + 1] + at);

		a[i] = _mm512_unpacklo_epi64(even, odd); // limbs 0 2 4 6 of two rows
		a[i + 1] = _mm512_unpackhi_epi64(even, odd);
	}
#pragma GCC unroll 2
	for (int i = 0; i < IFMA_LANES; i += 4) {
#pragma GCC unroll 2
		for (int j = 0; j < 2; j++) {
			b[i + j] = _mm512_shuffle_i64x2(a[i + j], a[i + 2 + j], 0x88);     // 0 4
			b[i + 2 + j] = _mm512_shuffle_i64x2(a[i + j], a[i + 2 + j], 0xdd); // 2 6
		}
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		out[i] = _mm512_shuffle_i64x2(b[i], b[4 + i], 0x88);
		out[4 + i] = _mm512_shuffle_i64x2(b[i], b[4 + i], 0xdd);
	}
}

static void lanes_load(__m512i *out, unsigned blocks, const uint64_t *const rows[IFMA_LANES])
{
	for (unsigned i = 0; i < row_limbs(blocks); i += IFMA_LANES)
		transpose(out + i, rows, i);
}

// Encoded messages.

static const struct digest_info {
	uint8_t digest_len, len;
	uint8_t octets[19];
} digest_infos[] = {
	// RFC 8017 9.2, note 1.
	[WV_ALG_RSASHA1] = {20, 15,
		{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
			0x14}},
	[WV_ALG_RSASHA256] = {32, 19,
		{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
			0x01, 0x05, 0x00, 0x04, 0x20}},
	[WV_ALG_RSASHA512] = {64, 19,
		{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
			0x03, 0x05, 0x00, 0x04, 0x40}},
};

// Is there an encoded message of that length? It has at least eight octets of padding.
static bool encoded_fits(enum wv_alg alg, unsigned len)
{
	return len >= 11u + digest_infos[alg].len + digest_infos[alg].digest_len;
}

// The encoded message of a digest; NULL: with zeros in place of it.
static void encode(uint8_t *out, unsigned len, enum wv_alg alg, const uint8_t *digest)
{
	const struct digest_info *info = &digest_infos[alg];
	unsigned padded = len - info->digest_len - info->len;

	memset(out, 0xff, padded);
	out[0] = 0;
	out[1] = 1;
	out[padded - 1] = 0;
	memcpy(out + padded, info->octets, info->len);
	if (digest != NULL)
		memcpy(out + padded + info->len, digest, info->digest_len);
	else
		memset(out + padded + info->len, 0, info->digest_len);
}

static unsigned digest_blocks(enum wv_alg alg)
{
	return (8u * digest_infos[alg].digest_len + RSA_BLOCK_BITS - 1) / RSA_BLOCK_BITS;
}

// Jobs.

// Squares that an exponent takes; 0: it is not 2^k + 1.
static unsigned exponent_squares(uint64_t exponent)
{
	uint64_t power = exponent - 1;

	return (power & (power - 1)) == 0 ? (unsigned)__builtin_ctzll(power) : 0;
}

static bool open_by_table(struct open_job *o, const struct table *t)
{
	o->table = t;
	o->modulus_len = t->modulus_len;
	o->blocks = t->blocks;
	o->squares = t->squares;
	return true;
}

static bool open_by_key(struct open_job *o, const struct wv_verify_key *key)
{
	struct wv_verify_rsa rsa;

	if (!wv_verify_rsa_read(&rsa, key->public_key, key->public_len))
		return false;
	o->table = NULL;
	o->modulus = rsa.modulus;
	o->modulus_len = rsa.modulus_len;
	o->blocks = (uint8_t)rsa_blocks(rsa.bits);
	o->squares = (uint8_t)exponent_squares(rsa.exponent);
	return o->squares > 0;
}

// What a group of jobs reads first, and cannot go on without: 6 % of a check of 1024 bits.
static void job_prefetch(const struct wv_verify_job *job)
{
	for (unsigned i = 0; i < job->signature_len; i += WV_CACHE_LINE)
		__builtin_prefetch(job->signature + i);
	__builtin_prefetch(job->data);
}

// False: `answer` is known. A digest that no encoded message has room for makes no signature right.
static bool job_open(
	struct open_job *o, const struct wv_verify_job *job, enum wv_verify_answer *answer)
{
	const struct wv_verify_key *key = job->key;
	const struct table *t = atomic_load_explicit(&key->table, memory_order_acquire);

	o->job = job;
	*answer = WV_VERIFY_PASSED_ON;
	if (!(t != NULL ? open_by_table(o, t) : open_by_key(o, key)))
		return false;
	*answer = WV_VERIFY_BAD;
	if (job->signature_len != o->modulus_len
		|| job->data_len != digest_infos[key->alg].digest_len
		|| !encoded_fits(key->alg, o->modulus_len))
		return false;
	job_prefetch(job);
	return true;
}

// Groups.

// The lane in which D of a key is made; g->n: in none yet.
static unsigned key_lane(const struct group *g, const struct wv_verify_key *key)
{
	unsigned i = 0;

	while (i < g->n && !(g->lanes[i].is_key && g->lanes[i].open->job->key == key))
		i++;
	return i;
}

// False: there is no room.
static bool group_add(struct group *g, const struct open_job *o)
{
	unsigned k = o->table == NULL ? key_lane(g, o->job->key) : 0;
	bool new_key = o->table == NULL && k == g->n;

	if (g->n + 1 + new_key > IFMA_LANES)
		return false;
	if (new_key)
		g->lanes[g->n++] = (struct lane){o, true, 0};
	g->lanes[g->n++] = (struct lane){o, false, (uint8_t)k};
	g->first_seen = g->first_seen || o->table == NULL;
	return true;
}

// Lanes that nobody needs do what the first does.
static const struct lane *group_lane(const struct group *g, unsigned i)
{
	return &g->lanes[i < g->n ? i : 0];
}

static void load_modulus(struct work *w, const struct group *g)
{
	const uint64_t *modulus[IFMA_LANES], *fast[IFMA_LANES];
	uint64_t inverse[IFMA_LANES];

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		const struct open_job *o = group_lane(g, i)->open;

		modulus[i] = w->rows[i];
		fast[i] = zero;
		inverse[i] = 0;
		if (o->table != NULL) {
			modulus[i] = table_row(o->table, ROW_MODULUS);
			fast[i] = table_row(o->table, ROW_FAST);
			inverse[i] = o->table->inverse;
		} else {
			row_load(w->rows[i], w->m.blocks, o->modulus, o->modulus_len);
		}
	}
	lanes_load(w->m.n, w->m.blocks, modulus);
	if (g->first_seen) {
		wv_ifma_rsa_modulus(&w->m);
		return;
	}
	lanes_load(w->m.fast, w->m.blocks, fast);
	w->m.inverse = _mm512_loadu_si512(inverse);
}

static void load_signatures(struct work *w, const struct group *g)
{
	const uint64_t *rows[IFMA_LANES];

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		const struct lane *l = group_lane(g, i);

		rows[i] = l->is_key ? one : w->rows[i];
		if (!l->is_key)
			row_load(w->rows[i], w->m.blocks, l->open->job->signature,
				l->open->job->signature_len);
	}
	lanes_load(w->s, w->m.blocks, rows);
}

// The digest, or all of the encoded message where there is no table. Returns the blocks they have.
static unsigned load_digests(struct work *w, const struct group *g)
{
	enum wv_alg alg = g->lanes[0].open->job->key->alg;
	unsigned blocks = g->first_seen ? w->m.blocks : digest_blocks(alg);
	const uint64_t *rows[IFMA_LANES];
	uint8_t encoded[4096 / 8];

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		const struct open_job *o = group_lane(g, i)->open;

		rows[i] = w->rows[i];
		if (o->table != NULL) {
			row_load(w->rows[i], blocks, o->job->data, o->job->data_len);
		} else {
			encode(encoded, o->modulus_len, alg, o->job->data);
			row_load(w->rows[i], blocks, encoded, o->modulus_len);
		}
	}
	lanes_load(w->digest, blocks, rows);
	return blocks;
}

// Lanes of jobs without a table take D from where it was made.
static void find_minus(struct work *w, const struct group *g)
{
	uint64_t from[IFMA_LANES];
	__mmask8 first_seen = 0;
	__m512i index;

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		from[i] = group_lane(g, i)->key_lane;
		first_seen |= (__mmask8)((group_lane(g, i)->open->table == NULL) << i);
	}
	index = _mm512_loadu_si512(from);
	for (unsigned i = 0; i < w->m.blocks * RSA_BLOCK; i++)
		w->found[i] = _mm512_permutexvar_epi64(index, w->power[i]);
	wv_ifma_rsa_negate(w->found, w->found, &w->m);
	for (unsigned i = 0; i < w->m.blocks * RSA_BLOCK; i++)
		w->minus[i] = _mm512_mask_mov_epi64(w->minus[i], first_seen, w->found[i]);
}

static void load_table_rows(struct work *w, const struct group *g)
{
	const uint64_t *minus[IFMA_LANES], *want[IFMA_LANES];

	for (unsigned i = 0; i < IFMA_LANES; i++) {
		const struct table *t = group_lane(g, i)->open->table;

		minus[i] = t != NULL ? table_row(t, ROW_MINUS) : zero;
		want[i] = t != NULL ? table_row(t, ROW_WANT) : zero;
	}
	lanes_load(w->minus, w->m.blocks, minus);
	lanes_load(w->want, w->m.blocks, want);
}

static void power(struct work *w, unsigned squares)
{
	wv_ifma_rsa_square(w->power, w->s, &w->m);
	while (--squares > 0)
		wv_ifma_rsa_square(w->power, w->power, &w->m);
}

static void group_run(const struct group *g, enum wv_verify_answer answers[])
{
	struct work w;
	unsigned digest_len;
	__mmask8 right;

	w.m.blocks = g->lanes[0].open->blocks;
	load_modulus(&w, g);
	load_signatures(&w, g);
	right = wv_ifma_rsa_below(w.s, &w.m);
	power(&w, g->lanes[0].open->squares);
	load_table_rows(&w, g);
	if (g->first_seen)
		find_minus(&w, g);
	digest_len = load_digests(&w, g);
	wv_ifma_rsa_products(w.power, w.power, w.s, w.digest, digest_len, w.minus, &w.m);
	right &= wv_ifma_rsa_congruent(w.power, w.want, &w.m);
	for (unsigned i = 0; i < g->n; i++) {
		if (!g->lanes[i].is_key)
			answers[g->lanes[i].open->at] =
				right >> i & 1 ? WV_VERIFY_GOOD : WV_VERIFY_BAD;
	}
}

// A job that is not done, and those after it of the same size and exponent for which there is room.
static struct group group_gather(
	const struct open_job open[], unsigned n, bool done[], unsigned first)
{
	struct group g = {0};

	for (unsigned i = first; i < n && g.n < IFMA_LANES; i++) {
		if (!done[i] && open[i].blocks == open[first].blocks
			&& open[i].squares == open[first].squares)
			done[i] = group_add(&g, &open[i]);
	}
	return g;
}

static void jobs_run(const struct open_job open[], unsigned n, enum wv_verify_answer answers[])
{
	bool done[WV_VERIFY_MAX] = {false};

	for (unsigned first = 0; first < n; first++) {
		if (done[first])
			continue;

		struct group g = group_gather(open, n, done, first);

		group_run(&g, answers);
	}
}

void wv_ifma_rsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	struct open_job open[WV_VERIFY_MAX];
	unsigned opened = 0;

	(void)slot;
	assert(n <= WV_VERIFY_MAX);
	for (unsigned i = 0; i < n; i++) {
		open[opened].at = (uint8_t)i;
		opened += job_open(&open[opened], &jobs[i], &answers[i]);
	}
	jobs_run(open, opened, answers);
}

// Keys.

bool wv_ifma_rsa_key(struct wv_verify_key *key, unsigned slot)
{
	struct wv_verify_rsa rsa;

	(void)slot;
	return wv_verify_rsa_read(&rsa, key->public_key, key->public_len);
}

size_t wv_ifma_rsa_table_octets(const struct wv_verify_key *key, enum wv_verify_table size)
{
	struct open_job o;

	if (size != WV_VERIFY_TABLE_SMALL || !open_by_key(&o, key)
		|| !encoded_fits(key->alg, o.modulus_len))
		return 0;
	return sizeof(struct table) + ROWS * row_limbs(o.blocks) * sizeof(uint64_t);
}

// Write lane 0 of a number.
static void row_store(struct table *t, enum row row, const __m512i *number)
{
	uint64_t *out = t->rows + row * row_limbs(t->blocks);

	memset(out, 0, row_limbs(t->blocks) * sizeof(out[0]));
	for (unsigned i = 0; i < t->blocks * RSA_BLOCK; i++)
		out[i] = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(number[i]));
}

// a - n; false, and a is as it was, if that is negative.
static bool row_subtract(uint64_t *a, const uint64_t *n, unsigned limbs)
{
	uint64_t less[ROW_MOST];
	int64_t carry = 0;

	for (unsigned i = 0; i < limbs; i++) {
		carry += (int64_t)(a[i] - n[i]);
		less[i] = (uint64_t)carry & IFMA_MASK;
		carry >>= IFMA_BITS;
	}
	if (carry < 0)
		return false;
	memcpy(a, less, limbs * sizeof(a[0]));
	return true;
}

// The same in all lanes.
static void same_load(struct work *w, __m512i *out, const uint8_t *octets, size_t len)
{
	const uint64_t *rows[IFMA_LANES];

	row_load(w->rows[0], w->m.blocks, octets, len);
	for (unsigned i = 0; i < IFMA_LANES; i++)
		rows[i] = w->rows[0];
	lanes_load(out, w->m.blocks, rows);
}

void wv_ifma_rsa_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table)
{
	static const uint8_t octet_one = 1;
	struct table *t = table;
	uint8_t encoded[4096 / 8];
	struct open_job o = {0};
	struct work w;

	(void)size;
	open_by_key(&o, key);
	t->modulus_len = o.modulus_len;
	t->blocks = o.blocks;
	t->squares = o.squares;
	w.m.blocks = o.blocks;
	same_load(&w, w.m.n, o.modulus, o.modulus_len);
	wv_ifma_rsa_modulus(&w.m);
	same_load(&w, w.s, &octet_one, 1);
	power(&w, o.squares);
	wv_ifma_rsa_negate(w.minus, w.power, &w.m);
	encode(encoded, o.modulus_len, key->alg, NULL);
	same_load(&w, w.digest, encoded, o.modulus_len);
	wv_ifma_rsa_products(w.want, w.digest, w.power, NULL, 0, NULL, &w.m);

	t->inverse = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(w.m.inverse));
	row_store(t, ROW_MODULUS, w.m.n);
	row_store(t, ROW_FAST, w.m.fast);
	row_store(t, ROW_MINUS, w.minus);
	row_store(t, ROW_WANT, w.want);
	while (row_subtract(
		t->rows + ROW_WANT * row_limbs(t->blocks), t->rows, t->blocks * RSA_BLOCK))
		;
}
