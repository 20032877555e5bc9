#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "lanes.h"

#define LANES     WV_NSEC3_MAX
#define BLOCK     64 // octets
#define WORDS     16
#define ROUNDS    80
#define PADDING   9 // octets at least: 0x80, and the length in bits
#define BLOCKS(n) (((n) + PADDING + BLOCK - 1) / BLOCK) // of a message

static const uint32_t K[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};

// The five words of sixteen hashes, a register each.
struct state {
	__m512i a, b, c, d, e;
};

// ---- SHA-1 (FIPS 180-4 6.1.2), sixteen lanes ----

// Truth tables of three operands.
#define CHOOSE   0xca
#define XOR3     0x96
#define MAJORITY 0xe8

static inline __m512i choose(const struct state *s)
{
	return _mm512_ternarylogic_epi32(s->b, s->c, s->d, CHOOSE);
}

static inline __m512i parity(const struct state *s)
{
	return _mm512_ternarylogic_epi32(s->b, s->c, s->d, XOR3);
}

static inline __m512i majority(const struct state *s)
{
	return _mm512_ternarylogic_epi32(s->b, s->c, s->d, MAJORITY);
}

// Keep the compiler from adding in another order, which would put more on the way from round to round.
static inline __m512i in_order(__m512i sum)
{
	__asm__("" : "+v"(sum));
	return sum;
}

// A round; `f` is of s, `wk` the schedule's word and K. The newest, `a`, is added last.
static inline void step(struct state *s, __m512i f, __m512i wk)
{
	__m512i sum = in_order(_mm512_add_epi32(s->e, wk));

	sum = in_order(_mm512_add_epi32(sum, f));
	s->e = s->d;
	s->d = s->c;
	s->c = _mm512_rol_epi32(s->b, 30);
	s->b = s->a;
	s->a = _mm512_add_epi32(sum, _mm512_rol_epi32(s->a, 5));
}

#define ALL 0xffff // lanes

static inline void state_add(struct state *h, const struct state *s, __mmask16 lanes)
{
	h->a = _mm512_mask_add_epi32(h->a, lanes, h->a, s->a);
	h->b = _mm512_mask_add_epi32(h->b, lanes, h->b, s->b);
	h->c = _mm512_mask_add_epi32(h->c, lanes, h->c, s->c);
	h->d = _mm512_mask_add_epi32(h->d, lanes, h->d, s->d);
	h->e = _mm512_mask_add_epi32(h->e, lanes, h->e, s->e);
}

/*
 * The 80 rounds over a block of each lane.
 *
 * In:    w the block's sixteen words
 * Out:   s, not yet added to what it was
 * Why:   additions are modulo 2^32, and of the schedule no more than the last sixteen words are
 *        needed: word t takes the place of word t - 16
 * Speed: a round waits for the one before it, for a rotation and an addition: so everything else is
 *        added up before. Sixteen more lanes in between were no faster: 752 operations a block fill
 *        the units, and 42 registers are too many
 */
#define STEPS(from, to, f, k, word)                                                                \
	_Pragma("GCC unroll 20") for (unsigned t = from; t < (to); t++)                            \
		step(s, f(s), _mm512_add_epi32(word(w, t), _mm512_set1_epi32((int)(k))));

static inline __m512i given(const __m512i w[WORDS], unsigned t)
{
	return w[t];
}

static inline __m512i expand(__m512i w[WORDS], unsigned t)
{
	__m512i x = _mm512_ternarylogic_epi32(
		w[(t - 3) % WORDS], w[(t - 8) % WORDS], w[(t - 14) % WORDS], XOR3);

	w[t % WORDS] = _mm512_rol_epi32(_mm512_xor_si512(x, w[t % WORDS]), 1);
	return w[t % WORDS];
}

static inline __attribute__((always_inline)) void rounds(
	struct state *s, const __m512i words[WORDS])
{
	__m512i w[WORDS];

	for (unsigned t = 0; t < WORDS; t++)
		w[t] = words[t];
	STEPS(0, 16, choose, K[0], given)
	STEPS(16, 20, choose, K[0], expand)
	STEPS(20, 40, parity, K[1], expand)
	STEPS(40, 60, majority, K[2], expand)
	STEPS(60, 80, parity, K[3], expand)
}

static inline void state_begin(struct state *h)
{
	h->a = _mm512_set1_epi32(0x67452301);
	h->b = _mm512_set1_epi32((int)0xefcdab89);
	h->c = _mm512_set1_epi32((int)0x98badcfe);
	h->d = _mm512_set1_epi32(0x10325476);
	h->e = _mm512_set1_epi32((int)0xc3d2e1f0);
}

// ---- IH(0) = H(name | salt) ----

// What follows a name: salt and 0x80, with zeros before it and behind it.
struct tail {
	uint8_t octets[BLOCK + UINT8_MAX + PADDING - 1 + BLOCK];
};

static void tail_set(struct tail *t, const struct wv_digest_nsec3 *p)
{
	memset(t, 0, sizeof(*t));
	if (p->salt_len > 0) // else salt may be NULL
		memcpy(t->octets + BLOCK, p->salt, p->salt_len);
	t->octets[BLOCK + p->salt_len] = 0x80;
}

/*
 * Octets [from, from + 64) of name | salt | 0x80 | 0...
 *
 * In:    from at most 64 * (BLOCKS(len + salt_len) - 1), so at most len + salt_len + 8
 * Why:   of the name nothing is read but what a mask allows; behind it the tail is read from
 *        `from - len` octets into it, at least -64 (then only zeros) and at most salt_len + 8
 */
static inline __m512i octets_load(
	const struct wv_digest_name *name, unsigned from, const struct tail *t)
{
	int left = (int)name->len - (int)from;
	__m512i octets = _mm512_loadu_si512(t->octets + (left < BLOCK ? BLOCK - left : 0));

	if (left > 0)
		octets = _mm512_or_si512(octets,
			_mm512_maskz_loadu_epi8(
				_bzhi_u64(UINT64_MAX, (unsigned)left), name->octets + from));
	return octets;
}

static inline __m512i swap_octets(__m512i x)
{
	const __m512i order = _mm512_broadcast_i32x4(
		_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));

	return _mm512_shuffle_epi8(x, order);
}

// Sixteen rows of sixteen words become sixteen columns.
static inline void transpose(__m512i r[WORDS])
{
	__m512i s[WORDS];

	for (unsigned i = 0; i < WORDS; i += 2) {
		s[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		s[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (unsigned i = 0; i < WORDS; i += 4) {
		r[i] = _mm512_unpacklo_epi64(s[i], s[i + 2]);
		r[i + 1] = _mm512_unpackhi_epi64(s[i], s[i + 2]);
		r[i + 2] = _mm512_unpacklo_epi64(s[i + 1], s[i + 3]);
		r[i + 3] = _mm512_unpackhi_epi64(s[i + 1], s[i + 3]);
	}
	for (unsigned i = 0; i < 4; i++) { // quarters q of rows 4q + i hold words 4q + i, by fours
		s[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
		s[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
		s[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
		s[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
	}
	for (unsigned i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_i32x4(s[i], s[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_i32x4(s[i], s[i + 8], 0xdd);
		r[i + 4] = _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0x88);
		r[i + 12] = _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0xdd);
	}
}

// The messages name | salt of up to sixteen names.
struct messages {
	const struct wv_digest_name *names;
	unsigned n;
	unsigned blocks; // of the longest
	__m512i bits;    // of each
	__m512i last;    // block of each
};

static void messages_set(
	struct messages *m, const struct wv_digest_name names[], unsigned n, unsigned salt_len)
{
	uint32_t bits[LANES] = {0}, last[LANES] = {0};
	unsigned blocks = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned len = names[i].len + salt_len;

		bits[i] = 8 * len;
		last[i] = BLOCKS(len) - 1;
		blocks = blocks > BLOCKS(len) ? blocks : BLOCKS(len);
	}
	*m = (struct messages){
		names, n, blocks, _mm512_loadu_si512(bits), _mm512_loadu_si512(last)};
}

// Block b of the messages that have one, a word of each lane in a register.
static inline void messages_load(
	__m512i w[WORDS], const struct messages *m, unsigned b, const struct tail *t)
{
	const __m512i at = _mm512_set1_epi32((int)b);
	unsigned live = _mm512_cmpge_epu32_mask(m->last, at);

	for (unsigned i = 0; i < LANES; i++) {
		w[i] = _mm512_setzero_si512();
		if (i < m->n && (live >> i & 1) != 0)
			w[i] = swap_octets(octets_load(&m->names[i], b * BLOCK, t));
	}
	transpose(w);
	w[WORDS - 1] = _mm512_mask_or_epi32(
		w[WORDS - 1], _mm512_cmpeq_epu32_mask(m->last, at), w[WORDS - 1], m->bits);
}

static void messages_hash(struct state *h, const struct messages *m, const struct tail *t)
{
	state_begin(h);
	for (unsigned b = 0; b < m->blocks; b++) {
		struct state s = *h;
		__m512i w[WORDS];

		messages_load(w, m, b, t);
		rounds(&s, w);
		state_add(h, &s, _mm512_cmpge_epu32_mask(m->last, _mm512_set1_epi32((int)b)));
	}
}

// ---- IH(k) = H(IH(k-1) | salt) ----

// What follows the hash is the same for all lanes: salt, padding, length.
struct rest {
	unsigned blocks;       // of an iteration
	uint32_t words[WORDS]; // of the first; the hash's are 0
	uint32_t wk[BLOCKS(WV_NSEC3_HASH_LEN + UINT8_MAX) - 1]
		   [ROUNDS]; // of the others, schedule + K
};

static void rest_expand(uint32_t wk[ROUNDS], const uint8_t *octets)
{
	for (unsigned t = 0; t < WORDS; t++)
		wk[t] = wv_load32(octets + 4 * t);
	for (unsigned t = WORDS; t < ROUNDS; t++) {
		uint32_t w = wk[t - 3] ^ wk[t - 8] ^ wk[t - 14] ^ wk[t - 16];

		wk[t] = w << 1 | w >> 31;
	}
	for (unsigned t = 0; t < ROUNDS; t++)
		wk[t] += K[t / 20];
}

static void rest_set(struct rest *r, const struct wv_digest_nsec3 *p)
{
	uint8_t octets[BLOCKS(WV_NSEC3_HASH_LEN + UINT8_MAX) * BLOCK] = {0};
	unsigned len = WV_NSEC3_HASH_LEN + p->salt_len;

	if (p->salt_len > 0) // else salt may be NULL
		memcpy(octets + WV_NSEC3_HASH_LEN, p->salt, p->salt_len);
	octets[len] = 0x80;
	r->blocks = BLOCKS(len);
	wv_store16(octets + r->blocks * BLOCK - 2, (uint16_t)(8 * len));
	for (unsigned t = 0; t < WORDS; t++)
		r->words[t] = wv_load32(octets + 4 * t);
	for (unsigned b = 1; b < r->blocks; b++)
		rest_expand(r->wk[b - 1], octets + b * BLOCK);
}

// A round over a word that is the same in all lanes.
#define REST_STEPS(from, f)                                                                        \
	_Pragma("GCC unroll 20") for (unsigned t = from; t < (from) + 20; t++)                     \
		step(&s, f(&s), _mm512_set1_epi32((int)wk[t]));

static void rest_block(struct state *h, const uint32_t wk[ROUNDS])
{
	struct state s = *h;

	REST_STEPS(0, choose)
	REST_STEPS(20, parity)
	REST_STEPS(40, majority)
	REST_STEPS(60, parity)
	state_add(h, &s, ALL);
}

static void iterate(struct state *h, const struct rest *rest, unsigned iterations)
{
	for (unsigned k = 0; k < iterations; k++) {
		__m512i w[WORDS] = {h->a, h->b, h->c, h->d, h->e};
		struct state s;

		for (unsigned t = WV_NSEC3_HASH_LEN / 4; t < WORDS; t++)
			w[t] = _mm512_set1_epi32((int)rest->words[t]);
		state_begin(h);
		s = *h;
		rounds(&s, w);
		state_add(h, &s, ALL);
		for (unsigned b = 1; b < rest->blocks; b++)
			rest_block(h, rest->wk[b - 1]);
	}
}

// ---- hashes out ----

static void state_store(const struct state *h, unsigned n, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	const __m512i ab[2] = {
		_mm512_unpacklo_epi32(h->a, h->b), _mm512_unpackhi_epi32(h->a, h->b)};
	const __m512i cd[2] = {
		_mm512_unpacklo_epi32(h->c, h->d), _mm512_unpackhi_epi32(h->c, h->d)};
	// Quarter q of rows[i] has the words a to d of lane 4q + i.
	const __m512i rows[4] = {_mm512_unpacklo_epi64(ab[0], cd[0]),
		_mm512_unpackhi_epi64(ab[0], cd[0]), _mm512_unpacklo_epi64(ab[1], cd[1]),
		_mm512_unpackhi_epi64(ab[1], cd[1])};
	__m128i four[LANES];
	uint32_t fifth[LANES];

	for (unsigned i = 0; i < 4; i++) {
		__m512i row = swap_octets(rows[i]);

		four[i] = _mm512_extracti32x4_epi32(row, 0);
		four[4 + i] = _mm512_extracti32x4_epi32(row, 1);
		four[8 + i] = _mm512_extracti32x4_epi32(row, 2);
		four[12 + i] = _mm512_extracti32x4_epi32(row, 3);
	}
	_mm512_storeu_si512(fifth, swap_octets(h->e));
	for (unsigned i = 0; i < n; i++) {
		memcpy(out[i], &four[i], sizeof(four[i]));
		memcpy(out[i] + sizeof(four[i]), &fifth[i], sizeof(fifth[i]));
	}
}

/*
 * In:    1 <= n <= WV_NSEC3_MAX names of at most 255 octets; a salt of at most 255
 * Out:   their hashes; lanes without a name hash zeros, and go nowhere
 */
void wv_avx512_nsec3(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *parameters, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	struct messages m;
	struct tail tail;
	struct rest rest;
	struct state h;

	assert(n <= LANES);
	tail_set(&tail, parameters);
	messages_set(&m, names, n, parameters->salt_len);
	messages_hash(&h, &m, &tail);
	if (parameters->iterations > 0) {
		rest_set(&rest, parameters);
		iterate(&h, &rest, parameters->iterations);
	}
	state_store(&h, n, out);
}
