#include "shake256.h"

#include <string.h>

#include "rows.h"

#define WORDS  25
#define ROUNDS 24
#define RATE   136 // octets of a block
#define BLOCK  192 // the same, as rows_load() reads it

/*
 * FIPS 202 3.2: the state of eight lanes. Word x + 5y of the standard's A[x, y].
 * A round, after theta's parities, makes the rows of the next state one at a time: row y has the words
 * rotated from (x + 3y, x), for pi says B[y, 2x + 3y] = A[x, y].
 */
struct keccak8 {
	__m512i word[WORDS];
};

static const uint64_t round_constant[ROUNDS] = {0x0000000000000001, 0x0000000000008082,
	0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
	0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
	0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b,
	0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
	0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080,
	0x0000000080000001, 0x8000000080008008};

#define XOR3 0x96 // a ^ b ^ c
#define CHI  0xd2 // a ^ (~b & c)

static inline __m512i xor3(__m512i a, __m512i b, __m512i c)
{
	return _mm512_ternarylogic_epi64(a, b, c, XOR3);
}

/*
 * The words of one row of the next state, each rotated by its r, then chi. As each word is read once, the
 * whole state stays in registers.
 */
#define ROW(row, x0, r0, x1, r1, x2, r2, x3, r3, x4, r4)                                           \
	do {                                                                                       \
		b[0] = _mm512_rol_epi64(a[x0], r0);                                                \
		b[1] = _mm512_rol_epi64(a[x1], r1);                                                \
		b[2] = _mm512_rol_epi64(a[x2], r2);                                                \
		b[3] = _mm512_rol_epi64(a[x3], r3);                                                \
		b[4] = _mm512_rol_epi64(a[x4], r4);                                                \
		for (unsigned x = 0; x < 5; x++)                                                   \
			e[5 * (row) + x] = _mm512_ternarylogic_epi64(                              \
				b[x], b[(x + 1) % 5], b[(x + 2) % 5], CHI);                        \
	} while (0)

static inline void keccak_round(__m512i a[WORDS], uint64_t constant)
{
	__m512i b[5], c[5], e[WORDS];

#pragma GCC unroll 25
	for (unsigned x = 0; x < 5; x++)
		c[x] = xor3(xor3(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
#pragma GCC unroll 25
	for (unsigned x = 0; x < 5; x++) {
		__m512i after = _mm512_rol_epi64(c[(x + 1) % 5], 1);

#pragma GCC unroll 25
		for (unsigned y = 0; y < WORDS; y += 5)
			a[x + y] = xor3(a[x + y], c[(x + 4) % 5], after);
	}
	ROW(0, 0, 0, 6, 44, 12, 43, 18, 21, 24, 14);
	ROW(1, 3, 28, 9, 20, 10, 3, 16, 45, 22, 61);
	ROW(2, 1, 1, 7, 6, 13, 25, 19, 8, 20, 18);
	ROW(3, 4, 27, 5, 36, 11, 10, 17, 15, 23, 56);
	ROW(4, 2, 62, 8, 55, 14, 39, 15, 41, 21, 2);
	e[0] = _mm512_xor_si512(e[0], _mm512_set1_epi64((long long)constant));
#pragma GCC unroll 25
	for (unsigned k = 0; k < WORDS; k++)
		a[k] = e[k];
}

static void permute(struct keccak8 *s)
{
	__m512i a[WORDS];

#pragma GCC unroll 25
	for (unsigned k = 0; k < WORDS; k++)
		a[k] = s->word[k];
	for (unsigned r = 0; r < ROUNDS; r++)
		keccak_round(a, round_constant[r]);
#pragma GCC unroll 25
	for (unsigned k = 0; k < WORDS; k++)
		s->word[k] = a[k];
}

// A lane's message: parts are taken off its front.
struct lane {
	struct shake256_message *message; // NULL: idle
	unsigned part;
};

// The next block of a message, with its padding if it is the last: then true.
static bool block_take(uint8_t block[RATE], struct lane *lane)
{
	size_t used = 0;

	while (lane->part < SHAKE256_PARTS) {
		struct shake256_part *part = &lane->message->part[lane->part];
		size_t n = part->len < RATE - used ? part->len : RATE - used;

		if (n > 0)
			memcpy(block + used, part->octets, n);
		part->octets += n;
		part->len -= n;
		used += n;
		if (used == RATE)
			return false;
		lane->part++;
	}
	memset(block + used, 0, RATE - used);
	block[used] = 0x1f;
	block[RATE - 1] |= 0x80;
	return true;
}

static void absorb(struct keccak8 *s, uint8_t block[IFMA_LANES][BLOCK])
{
	const uint8_t *row[IFMA_LANES];
	__m512i word[8];

	for (unsigned i = 0; i < IFMA_LANES; i++)
		row[i] = block[i];
	for (unsigned k = 0; k < RATE / 8; k += 8) {
		rows_load(word, row, 8 * k);
		for (unsigned i = 0; i < 8 && k + i < RATE / 8; i++)
			s->word[k + i] = _mm512_xor_si512(s->word[k + i], word[i]);
	}
}

// The state's beginning to the lanes that are done, which begin anew.
static void squeeze(struct keccak8 *s, const struct lane lanes[IFMA_LANES], __mmask8 done)
{
	uint64_t out[SHAKE256_WORDS][IFMA_LANES];

	for (unsigned k = 0; k < SHAKE256_WORDS; k++)
		_mm512_storeu_si512(out[k], s->word[k]);
	for (unsigned i = 0; i < IFMA_LANES; i++) {
		if ((done >> i & 1) == 0)
			continue;
		for (unsigned k = 0; k < SHAKE256_WORDS; k++)
			lanes[i].message->hash[k] = out[k][i];
	}
	for (unsigned k = 0; k < WORDS; k++)
		s->word[k] = _mm512_maskz_mov_epi64((__mmask8)~done, s->word[k]);
}

void wv_ifma_shake256(struct shake256_message messages[], unsigned n)
{
	_Alignas(64) uint8_t block[IFMA_LANES][BLOCK] = {{0}};
	struct lane lanes[IFMA_LANES] = {{0}};
	struct keccak8 s;
	unsigned next = 0, left = n;

	for (unsigned k = 0; k < WORDS; k++)
		s.word[k] = _mm512_setzero_si512();
	while (left > 0) {
		__mmask8 done = 0;

		for (unsigned i = 0; i < IFMA_LANES; i++) {
			if (lanes[i].message == NULL && next < n)
				lanes[i] = (struct lane){.message = &messages[next++]};
			if (lanes[i].message != NULL && block_take(block[i], &lanes[i]))
				done |= (__mmask8)(1u << i);
		}
		absorb(&s, block);
		permute(&s);
		if (done == 0)
			continue;
		squeeze(&s, lanes, done);
		for (unsigned i = 0; i < IFMA_LANES; i++) {
			if (done >> i & 1) {
				lanes[i].message = NULL;
				left--;
			}
		}
	}
}
