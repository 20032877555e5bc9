#include <string.h>

#include "wv_base.h"

#include "ed448.h"

/*
 * L, the order of the base point, is 2^446 - FOLD (RFC 8032 5.2). Scalars are of 64-bit words, lowest first.
 */
#define TOP 62 // bits of the last word that are below 2^446

static const uint64_t order[ED448_WORDS] = {0x2378c292ab5844f3, 0x216cc2728dc58f55,
	0xc44edb49aed63690, 0xffffffff7cca23e9, 0xffffffffffffffff, 0xffffffffffffffff,
	0x3fffffffffffffff};

#define FOLD_WORDS 4
static const uint64_t fold_by[FOLD_WORDS] = {
	0xdc873d6d54a7bb0d, 0xde933d8d723a70aa, 0x3bb124b65129c96f, 0x000000008335dc16};

#define LONG 15 // words of a hash

// a += n * fold_by << 64 * at; the sum is below 2^960.
static void add_multiple(uint64_t a[LONG], unsigned at, uint64_t n)
{
	unsigned __int128 sum = 0;

	for (unsigned j = 0; j < FOLD_WORDS; j++) {
		sum += (unsigned __int128)n * fold_by[j] + a[at + j];
		a[at + j] = (uint64_t)sum;
		sum >>= 64;
	}
	for (unsigned k = at + FOLD_WORDS; sum != 0 && k < LONG; k++) {
		sum += a[k];
		a[k] = (uint64_t)sum;
		sum >>= 64;
	}
}

// What exceeds 2^446, in `n` words, is replaced by as many times FOLD.
static void fold(uint64_t a[LONG], unsigned n)
{
	uint64_t high[8];

	for (unsigned i = 0; i < n; i++) {
		unsigned k = ED448_WORDS + i;

		high[i] = a[k - 1] >> TOP | (k < LONG ? a[k] << (64 - TOP) : 0);
	}
	a[ED448_WORDS - 1] &= (UINT64_C(1) << TOP) - 1;
	memset(a + ED448_WORDS, 0, (LONG - ED448_WORDS) * sizeof(a[0]));
	for (unsigned i = 0; i < n; i++)
		add_multiple(a, i, high[i]);
}

// r = a - b; what is borrowed.
static unsigned subtract(uint64_t r[ED448_WORDS], const uint64_t a[], const uint64_t b[])
{
	unsigned borrow = 0;

	for (unsigned i = 0; i < ED448_WORDS; i++) {
		unsigned __int128 d = (unsigned __int128)a[i] - b[i] - borrow;

		r[i] = (uint64_t)d;
		borrow = (unsigned)(d >> 64) & 1;
	}
	return borrow;
}

// r / 4 mod L: L is 3 modulo 4, so r + (r mod 4) L is a multiple of 4, and below 2^448.
static void quarter(uint64_t r[8])
{
	uint64_t n = r[0] % 4;
	unsigned __int128 sum = 0;

	for (unsigned i = 0; i < ED448_WORDS; i++) {
		sum += (unsigned __int128)n * order[i] + r[i];
		r[i] = (uint64_t)sum;
		sum >>= 64;
	}
	for (unsigned i = 0; i < ED448_WORDS; i++)
		r[i] = r[i] >> 2 | (i + 1 < ED448_WORDS ? r[i + 1] << 62 : 0);
	r[ED448_WORDS] = 0;
}

bool wv_ifma_ed448_response(uint64_t r[8], const uint8_t s[ED448_OCTETS])
{
	uint64_t over[ED448_WORDS];

	memcpy(r, s, sizeof(over)); // little-endian, as we are
	if (s[ED448_OCTETS - 1] != 0 || subtract(over, r, order) == 0)
		return false;
	quarter(r);
	return true;
}

/*
 * 912 bits: 466 of them above 2^446. FOLD is below 2^224, so there are 690 bits then, 469, a number
 * below 2^446 + 2^248, one below 2^446.
 */
void wv_ifma_ed448_challenge(uint64_t r[8], const uint64_t hash[LONG])
{
	uint64_t a[LONG], less[ED448_WORDS];

	memcpy(a, hash, sizeof(a));
	a[LONG - 1] &= 0xffff;
	fold(a, 8);
	fold(a, 4);
	fold(a, 1);
	fold(a, 1);
	if (subtract(less, a, order) == 0)
		memcpy(a, less, sizeof(less));
	// L itself, of 0, is as good as 0.
	subtract(r, order, a);
	quarter(r);
}
