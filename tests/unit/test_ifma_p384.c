// The kernel of ECDSA P-384.
#include <openssl/bn.h>

#include "p384_field.h"

#define TEST_SUITE "ifma_p384"
#define TEST_ALONE WV_VERIFY_GOOD
#define TEST_ALG   WV_ALG_P384
#define TEST_CURVE NID_secp384r1

// As in p384_verify.c.
static const uint64_t p_words[EC_WORDS] = {0x00000000ffffffff, 0xffffffff00000000,
	0xfffffffffffffffe, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};
static const uint64_t n_words[EC_WORDS] = {0xecec196accc52973, 0x581a0db248b0a77a,
	0xc7634d81f4372ddf, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};

static const struct {
	const char *what;
	const char *x, *y;
} ecdsa_keys[] = {
	{"the base point",
		"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a"
		"545e3872760ab7",
		"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a"
		"431d7c90ea0e5f"},
	{"its negative",
		"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a"
		"545e3872760ab7",
		"c9e821b569d9d390a26167406d6d23d6070be242d765eb831625ceec4a0f473ef59f4e30e2817e6285"
		"bce2846f15f1a0"},
	{"off the curve by one",
		"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a"
		"545e3872760ab7",
		"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a"
		"431d7c90ea0e5e"},
	{"zero",
		"0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000"},
	{"x = 0",
		"0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000",
		"c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42dea2c4b4f75550793406d80d2b91ad54f90"
		"48bd487af1ade1"},
	{"x = p",
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000"
		"000000ffffffff",
		"c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42dea2c4b4f75550793406d80d2b91ad54f90"
		"48bd487af1ade1"},
	{"y = p",
		"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a"
		"545e3872760ab7",
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000"
		"000000ffffffff"},
	{"ones",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffffffffff"},
};

static void ranges_make(BIGNUM *in, BIGNUM *out, const BIGNUM *p)
{
	BN_set_bit(in, 390);
	BN_set_bit(out, 373);
	BN_add(out, out, p);
	BN_add(out, out, p);
}

#include "ifma_ecdsa.h"
