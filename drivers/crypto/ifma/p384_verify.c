// ECDSA P-384 (FIPS 186-4 D.1.2.4; DNSSEC: RFC 6605).
#include "p384.h"
#include "p384_field.h"

#define EC_NAME(what) wv_ifma_p384_##what
#define EC_FAR_LEAST  1
#define EC_G_WINDOW   10
#define EC_SMALL      5
#define EC_MEDIUM     6
#define EC_LARGE      7

static const uint64_t ec_p[EC_WORDS] = {0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe,
	0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};
static const uint64_t ec_n[EC_WORDS] = {0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf,
	0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};
static const uint64_t ec_b[EC_WORDS] = {0x2a85c8edd3ec2aef, 0xc656398d8a2ed19d, 0x0314088f5013875a,
	0x181d9c6efe814112, 0x988e056be3f82d19, 0xb3312fa7e23ee7e4};
static const uint64_t ec_gx[EC_WORDS] = {0x3a545e3872760ab7, 0x5502f25dbf55296c, 0x59f741e082542a38,
	0x6e1d3b628ba79b98, 0x8eb1c71ef320ad74, 0xaa87ca22be8b0537};
static const uint64_t ec_gy[EC_WORDS] = {0x7a431d7c90ea0e5f, 0x0a60b1ce1d7e819d, 0xe9da3113b5f0b8c0,
	0xf8f41dbd289a147c, 0x5d9e98bf9292dc29, 0x3617de4a96262c6f};

#include "ecdsa_verify.h"
