// ECDSA P-256 (FIPS 186-4 D.1.2.3; DNSSEC: RFC 6605).
#include "p256.h"
#include "p256_field.h"

#define EC_NAME(what) wv_ifma_p256_##what
#define EC_FAR_LEAST  2
#define EC_G_WINDOW   10
#define EC_SMALL      5
#define EC_MEDIUM     6
#define EC_LARGE      8

static const uint64_t ec_p[EC_WORDS] = {
	0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001};
static const uint64_t ec_n[EC_WORDS] = {
	0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};
static const uint64_t ec_b[EC_WORDS] = {
	0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7};
static const uint64_t ec_gx[EC_WORDS] = {
	0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247};
static const uint64_t ec_gy[EC_WORDS] = {
	0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b};

#include "ecdsa_verify.h"
