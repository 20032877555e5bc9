// The kernel of ECDSA P-256.
#include <openssl/bn.h>

#include "p256_field.h"

#define TEST_SUITE "ifma_p256"
#define TEST_ALONE WV_VERIFY_PASSED_ON
#define TEST_ALG   WV_ALG_P256
#define TEST_CURVE NID_X9_62_prime256v1

// As in p256_verify.c.
static const uint64_t p_words[EC_WORDS] = {
	0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001};
static const uint64_t n_words[EC_WORDS] = {
	0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};

static const struct {
	const char *what;
	const char *x, *y;
} ecdsa_keys[] = {
	{"the base point", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"},
	{"its negative", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
		"b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"},
	{"off the curve by one", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4"},
	{"zero", "0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000"},
	{"x = 0", "0000000000000000000000000000000000000000000000000000000000000000",
		"66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"},
	{"x = p", "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"},
	{"y = p", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"},
	{"ones", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
};

static void ranges_make(BIGNUM *in, BIGNUM *out, const BIGNUM *p)
{
	BN_rshift(out, p, 20);
	BN_add(out, out, p);
	BN_add(out, out, p);
	BN_copy(in, out);
}

#include "ifma_ecdsa.h"
