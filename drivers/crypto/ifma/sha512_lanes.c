/*
 * Eight lanes of SHA-512 and SHA-384 (FIPS 180-4 6.4, 6.5).
 *
 * In:    messages of any lengths below 2^32 octets; each lane takes the next one when its own ends
 * Why:   a word of the state is a vector with one lane for each message; lanes never mix. The
 *        blocks that lie in the message are read there, eight pointers at a time, and turned
 *        around in registers; the first and the last ones are put together in the lane's own
 *        memory. A lane without a message hashes what lies in `idle` and is not looked at.
 * Time:  a step costs the same for one lane as for eight, so messages are taken longest first:
 *        the lanes end close to each other. Sixteen lanes in two vectors where there are more than
 *        eight messages: gcc 12 needs a fifth less for them, clang 14 as much
 */
#include <immintrin.h>
#include <string.h>

#include "sha512.h"

#define LANES     8
#define BLOCK     128
#define LENGTH    16  // octets of the length at a message's end
#define CHUNK     128 // jobs that are ordered by length at a time
#define BUCKETS   32  // lengths in blocks that are told apart
#define SETS      2   // vectors side by side
#define UNROLL_16 _Pragma("GCC unroll 16")
#define UNROLL_8  _Pragma("GCC unroll 8")

// The words of a block stay in registers; the sanitizers need not make much of that.
#ifdef NDEBUG
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

struct sha512_kind {
	uint64_t iv[8];
	unsigned len; // of the digest
};

// FIPS 180-4 5.3.4, 5.3.5.
static const struct sha512_kind kind_512 = {
	{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179},
	64,
};
static const struct sha512_kind kind_384 = {
	{0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
		0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4},
	48,
};

// FIPS 180-4 4.2.3.
static const uint64_t constants[80] = {
	// clang-format off
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
	// clang-format on
};

static const uint8_t idle[BLOCK];

// What is left of a lane's message: its first block, those that lie in the data, its last ones.
struct lane {
	const struct sha512_job *job;
	struct {
		const uint8_t *next;
		uint32_t blocks;
	} part[3];
	unsigned current;        // part
	uint8_t first[BLOCK];    // job->first, job->second and the data up to the next block
	uint8_t last[2 * BLOCK]; // what does not fill a block, and the padding
};

// Words in the order of the machine, eight rows of eight to columns.
static inline void turn(__m512i r[LANES])
{
	__m512i t[LANES], u[LANES];

	UNROLL_8 for (unsigned i = 0; i < LANES; i += 2)
	{
		t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
	}
	// Columns 0, 2, 4, 6 come from the even ones, 128 bits of each of four.
	UNROLL_8 for (unsigned i = 0; i < 2; i++)
	{
		u[i] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0x88);
		u[i + 2] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0xdd);
		u[i + 4] = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0x88);
		u[i + 6] = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0xdd);
	}
	UNROLL_8 for (unsigned i = 0; i < 4; i++)
	{
		r[i] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0x88);
		r[i + 4] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0xdd);
	}
}

static inline __m512i big_endian(__m512i v)
{
	const __m512i order =
		_mm512_broadcast_i32x4(_mm_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607));

	return _mm512_shuffle_epi8(v, order);
}

static inline __m512i add(__m512i a, __m512i b)
{
	return _mm512_add_epi64(a, b);
}

#define XOR    0x96
#define CHOOSE 0xca
#define MOST   0xe8

static inline __m512i sum_big_0(__m512i x)
{
	return _mm512_ternarylogic_epi64(
		_mm512_ror_epi64(x, 28), _mm512_ror_epi64(x, 34), _mm512_ror_epi64(x, 39), XOR);
}

static inline __m512i sum_big_1(__m512i x)
{
	return _mm512_ternarylogic_epi64(
		_mm512_ror_epi64(x, 14), _mm512_ror_epi64(x, 18), _mm512_ror_epi64(x, 41), XOR);
}

static inline __m512i sum_small_0(__m512i x)
{
	return _mm512_ternarylogic_epi64(
		_mm512_ror_epi64(x, 1), _mm512_ror_epi64(x, 8), _mm512_srli_epi64(x, 7), XOR);
}

static inline __m512i sum_small_1(__m512i x)
{
	return _mm512_ternarylogic_epi64(
		_mm512_ror_epi64(x, 19), _mm512_ror_epi64(x, 61), _mm512_srli_epi64(x, 6), XOR);
}

// A round. The variables do not move, their roles do: in round t, `a` is s[-t mod 8].
INLINE void round_take(__m512i s[8], unsigned t, __m512i w, uint64_t k)
{
#define S(role) s[((role) + 16 - t) % 8]
	__m512i early = add(S(7), add(w, _mm512_set1_epi64((long long)k)));
	__m512i late = add(sum_big_1(S(4)), _mm512_ternarylogic_epi64(S(4), S(5), S(6), CHOOSE));
	__m512i t2 = add(sum_big_0(S(0)), _mm512_ternarylogic_epi64(S(0), S(1), S(2), MOST));

	// The way from one e to the next is what takes time: it has one addition here.
	S(3) = add(add(S(3), early), late);
	S(7) = add(add(early, t2), late);
#undef S
}

// Word t of the next sixteen, in the place of that of these.
INLINE void schedule(__m512i w[16], unsigned t)
{
	w[t] = add(add(w[t], w[(t + 9) % 16]),
		add(sum_small_0(w[(t + 1) % 16]), sum_small_1(w[(t + 14) % 16])));
}

INLINE void words_load(__m512i w[16], const uint8_t *const block[LANES])
{
	UNROLL_8 for (unsigned i = 0; i < LANES; i++)
	{
		w[i] = _mm512_loadu_si512(block[i]);
		w[i + 8] = _mm512_loadu_si512(block[i] + 64);
	}
	turn(w);
	turn(w + 8);
	UNROLL_16 for (unsigned i = 0; i < 16; i++)
	{
		w[i] = big_endian(w[i]);
	}
}

/*
 * FIPS 180-4 6.4.2, a block of each lane of `sets` vectors. A round waits for the one before; two
 * vectors side by side take hardly longer than one.
 */
INLINE void compress(__m512i state[][8], const uint8_t *const block[], unsigned sets)
{
	__m512i w[SETS][16], s[SETS][8];

	for (unsigned i = 0; i < sets; i++) {
		words_load(w[i], block + (size_t)i * LANES);
		memcpy(s[i], state[i], sizeof(s[i]));
	}
	for (unsigned k = 0; k < 80; k += 16) {
		UNROLL_16 for (unsigned t = 0; t < 16; t++)
		{
			UNROLL_8 for (unsigned i = 0; i < sets; i++)
			{
				round_take(s[i], t, w[i][t], constants[k + t]);
			}
			UNROLL_8 for (unsigned i = 0; i < sets; i++)
			{
				schedule(w[i], t); // what the last sixteen rounds make is not used
			}
		}
	}
	for (unsigned i = 0; i < sets; i++) {
		UNROLL_8 for (unsigned j = 0; j < 8; j++)
		{
			state[i][j] = add(state[i][j], s[i][j]);
		}
	}
}

static __attribute__((noinline)) void compress_1(__m512i state[][8], const uint8_t *const block[])
{
	compress(state, block, 1);
}

static __attribute__((noinline)) void compress_2(__m512i state[][8], const uint8_t *const block[])
{
	compress(state, block, 2);
}

static uint64_t job_octets(const struct sha512_job *job)
{
	return (job->first != NULL ? 2 * SHA512_PART : 0) + (uint64_t)job->len;
}

static uint32_t job_blocks(const struct sha512_job *job)
{
	return (uint32_t)((job_octets(job) + 1 + LENGTH + BLOCK - 1) / BLOCK);
}

// Put the two parts before the data; returns how many octets that are.
static size_t parts_put(uint8_t *out, const struct sha512_job *job)
{
	if (job->first == NULL)
		return 0;
	memcpy(out, job->first, SHA512_PART);
	memcpy(out + SHA512_PART, job->second, SHA512_PART);
	return 2 * SHA512_PART;
}

static void lane_open(struct lane *l, const struct sha512_job *job)
{
	uint64_t bits = __builtin_bswap64(8 * job_octets(job));
	const uint8_t *data = job->data;
	size_t len = job->len, n;
	bool early = job->first != NULL && job_octets(job) >= BLOCK;

	l->job = job;
	l->current = 0;
	l->part[0].next = l->first;
	l->part[0].blocks = early;
	if (early) {
		n = BLOCK - parts_put(l->first, job);
		memcpy(l->first + BLOCK - n, data, n);
		data += n;
		len -= n;
	}

	l->part[1].next = data;
	l->part[1].blocks = (uint32_t)(len / BLOCK);
	if (len >= BLOCK)
		data += len / BLOCK * BLOCK;
	len %= BLOCK;

	n = early ? 0 : parts_put(l->last, job);
	if (len > 0)
		memcpy(l->last + n, data, len);
	n += len;
	l->part[2].next = l->last;
	l->part[2].blocks = n + 1 + LENGTH > BLOCK ? 2 : 1;
	l->last[n++] = 0x80;
	memset(l->last + n, 0, sizeof(l->last) - n);
	memcpy(l->last + l->part[2].blocks * BLOCK - sizeof(bits), &bits, sizeof(bits));
}

static const uint8_t *lane_take(struct lane *l)
{
	const uint8_t *block;

	if (l->job == NULL)
		return idle;
	while (l->part[l->current].blocks == 0)
		l->current++;
	block = l->part[l->current].next;
	l->part[l->current].next += BLOCK;
	l->part[l->current].blocks--;
	return block;
}

static bool lane_is_done(const struct lane *l)
{
	return l->job != NULL && l->current == 2 && l->part[2].blocks == 0;
}

// Give out the digests of the lanes that are done, and free these.
static void lanes_close(struct lane lanes[LANES], const __m512i state[8], unsigned len)
{
	__mmask8 words = (__mmask8)((1u << len / 8) - 1);
	__m512i digest[8];
	bool turned = false;

	for (unsigned i = 0; i < LANES; i++) {
		if (!lane_is_done(&lanes[i]))
			continue;
		if (!turned) {
			memcpy(digest, state, sizeof(digest));
			turn(digest);
			turned = true;
		}
		_mm512_mask_storeu_epi64(lanes[i].job->out, words, big_endian(digest[i]));
		lanes[i].job = NULL;
	}
}

// The jobs by their blocks, most first; beyond BUCKETS they are all alike.
static void order_make(uint8_t order[CHUNK], const struct sha512_job jobs[], unsigned n)
{
	uint8_t bucket[CHUNK];
	unsigned begin[BUCKETS + 1] = {0};

	for (unsigned i = 0; i < n; i++) {
		uint32_t blocks = job_blocks(&jobs[i]);

		bucket[i] = (uint8_t)(blocks < BUCKETS ? BUCKETS - blocks : 0);
		begin[bucket[i] + 1]++;
	}
	for (unsigned b = 1; b < BUCKETS; b++)
		begin[b] += begin[b - 1];
	for (unsigned i = 0; i < n; i++)
		order[begin[bucket[i]]++] = (uint8_t)i;
}

// Begin a message in each lane that has none; returns those lanes.
static uint32_t lanes_open(struct lane lanes[], unsigned n, const struct sha512_job jobs[],
	const uint8_t **order, const uint8_t *end)
{
	uint32_t fresh = 0;

	for (unsigned i = 0; i < n && *order < end; i++) {
		if (lanes[i].job != NULL)
			continue;
		lane_open(&lanes[i], &jobs[*(*order)++]);
		fresh |= 1u << i;
	}
	return fresh;
}

// At most CHUNK jobs.
static void chunk_run(const struct sha512_kind *kind, const struct sha512_job jobs[], unsigned n)
{
	const unsigned sets = n > LANES ? SETS : 1;
	struct lane lanes[SETS * LANES];
	const uint8_t *block[SETS * LANES];
	uint8_t order[CHUNK];
	const uint8_t *next = order;
	__m512i state[SETS][8];
	unsigned busy;

	order_make(order, jobs, n);
	for (unsigned i = 0; i < sets * LANES; i++)
		lanes[i].job = NULL;
	memset(state, 0, sizeof(state));
	for (;;) {
		uint32_t fresh = lanes_open(lanes, sets * LANES, jobs, &next, order + n);

		busy = 0;
		for (unsigned i = 0; i < sets * LANES; i++) {
			busy += lanes[i].job != NULL;
			block[i] = lane_take(&lanes[i]);
		}
		if (busy == 0)
			return;
		for (unsigned i = 0; i < sets * 8; i++)
			state[i / 8][i % 8] = _mm512_mask_set1_epi64(state[i / 8][i % 8],
				(__mmask8)(fresh >> i / 8 * LANES), (long long)kind->iv[i % 8]);
		if (sets == 1)
			compress_1(state, block);
		else
			compress_2(state, block);
		for (unsigned i = 0; i < sets; i++)
			lanes_close(lanes + (size_t)i * LANES, state[i], kind->len);
	}
}

static void run(const struct sha512_kind *kind, const struct sha512_job jobs[], unsigned n)
{
	for (unsigned i = 0; i < n; i += CHUNK)
		chunk_run(kind, jobs + i, n - i < CHUNK ? n - i : CHUNK);
}

void wv_ifma_sha512(const struct sha512_job jobs[], unsigned n)
{
	run(&kind_512, jobs, n);
}

void wv_ifma_sha384(const struct sha512_job jobs[], unsigned n)
{
	run(&kind_384, jobs, n);
}
