#include "maker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#define PRIME_BITS 256
#define PRIMES     (4096 / PRIME_BITS) // of a key, at most
#define POOL       64                  // primes that the keys of a maker share
#define NONCES     512
#define SMALL      200 // odd numbers up to this are tried as divisors

enum {
	STREAM_PRIME,
	STREAM_KEY,
	STREAM_NONCE,
	STREAM_DATA
};

struct secret {
	struct maker_key key;
	BIGNUM *d;      // ECDSA
	EVP_PKEY *pkey; // EdDSA
	struct {
		BIGNUM *n, *exponent;
		uint8_t prime[PRIMES]; // places in the pool; the last is of the pool of last ones
		BIGNUM *d[PRIMES];     // 1 / exponent mod prime - 1
		BIGNUM *basis[PRIMES]; // 1 mod that prime, 0 mod the others
	} rsa;
};

struct prime {
	BIGNUM *p, *less; // p, p - 1
	BN_MONT_CTX *mont;
};

struct maker {
	struct maker_params params;
	BN_CTX *ctx;
	BIGNUM *x, *y, *z;
	struct secret **secrets;
	unsigned n_secrets;
	struct prime pool[2][POOL]; // of PRIME_BITS; of what remains of the modulus
	unsigned primes;            // of a modulus
	EC_GROUP *group;
	EC_POINT *point;
	BIGNUM *r[NONCES], *inverse[NONCES]; // NULL: not made yet
	EVP_MD_CTX *md;
};

// ---- numbers ----

static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void maker_stream_init(struct maker_stream *r, uint64_t seed, uint64_t what, uint64_t a, uint64_t b)
{
	const uint64_t words[] = {what, a, b};
	uint64_t state = seed;

	for (unsigned i = 0; i < WV_COUNT(words); i++)
		state = mix(&state) ^ words[i];
	for (unsigned i = 0; i < WV_COUNT(r->s); i++)
		r->s[i] = mix(&state);
}

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

uint64_t maker_next(struct maker_stream *r)
{
	uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

void maker_fill(struct maker_stream *r, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = maker_next(r);

		memcpy(out + i, &word, len - i < 8 ? len - i : 8);
	}
}

static void stream(
	struct maker_stream *r, const struct maker *m, uint64_t what, uint64_t a, uint64_t b)
{
	uint64_t kind = (uint64_t)m->params.alg << 48 | (uint64_t)m->params.bits << 32 | what;

	maker_stream_init(r, m->params.seed, kind, a, b);
}

// ---- life ----

static bool is_rsa(enum wv_alg alg)
{
	return alg <= WV_ALG_RSASHA512;
}

static bool is_ecdsa(enum wv_alg alg)
{
	return alg == WV_ALG_P256 || alg == WV_ALG_P384;
}

struct maker *maker_create(const struct maker_params *params)
{
	struct maker *m = calloc(1, sizeof(*m));
	bool ok;

	if (m == NULL)
		return NULL;
	m->params = *params;
	if (!is_rsa(params->alg))
		m->params.bits = 0;
	m->primes = params->bits / PRIME_BITS;
	m->ctx = BN_CTX_new();
	m->x = BN_new();
	m->y = BN_new();
	m->z = BN_new();
	m->md = EVP_MD_CTX_new();
	ok = m->ctx != NULL && m->x != NULL && m->y != NULL && m->z != NULL && m->md != NULL;
	if (ok && is_ecdsa(params->alg)) {
		m->group = EC_GROUP_new_by_curve_name(
			params->alg == WV_ALG_P256 ? NID_X9_62_prime256v1 : NID_secp384r1);
		m->point = m->group != NULL ? EC_POINT_new(m->group) : NULL;
		ok = m->point != NULL;
	}
	if (ok)
		return m;
	maker_destroy(m);
	return NULL;
}

static void secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	BN_free(s->d);
	EVP_PKEY_free(s->pkey);
	BN_free(s->rsa.n);
	BN_free(s->rsa.exponent);
	for (unsigned i = 0; i < PRIMES; i++) {
		BN_free(s->rsa.d[i]);
		BN_free(s->rsa.basis[i]);
	}
	free(s);
}

void maker_destroy(struct maker *m)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < m->n_secrets; i++)
		secret_free(m->secrets[i]);
	free(m->secrets);
	for (unsigned i = 0; i < 2 * POOL; i++) {
		struct prime *p = &m->pool[i / POOL][i % POOL];

		BN_free(p->p);
		BN_free(p->less);
		BN_MONT_CTX_free(p->mont);
	}
	for (unsigned i = 0; i < NONCES; i++) {
		BN_free(m->r[i]);
		BN_free(m->inverse[i]);
	}
	EC_POINT_free(m->point);
	EC_GROUP_free(m->group);
	EVP_MD_CTX_free(m->md);
	BN_free(m->x);
	BN_free(m->y);
	BN_free(m->z);
	BN_CTX_free(m->ctx);
	free(m);
}

// ---- RSA ----

static bool has_small_factor(const BIGNUM *n)
{
	for (unsigned d = 3; d < SMALL; d += 2) {
		if (BN_mod_word(n, d) == 0)
			return true;
	}
	// 3 and 65537 must have inverses mod n - 1.
	return BN_mod_word(n, 3) == 1 || BN_mod_word(n, 65537) == 1;
}

// Fermat's test to base 2, which a random number of this size passes by mistake about never.
static bool prime_try(struct maker *m, struct prime *p)
{
	return BN_copy(p->less, p->p) != NULL && BN_sub_word(p->less, 1)
		&& BN_MONT_CTX_set(p->mont, p->p, m->ctx) && BN_set_word(m->x, 2)
		&& BN_mod_exp_mont(m->y, m->x, p->less, p->p, m->ctx, p->mont) && BN_is_one(m->y);
}

// The highest seven bits are set, so that a product of 16 has as many bits as they have together.
static bool prime_make(struct maker *m, struct prime *p, unsigned bits, unsigned index)
{
	struct maker_stream r;
	uint8_t start[64];
	size_t len = (bits + 7) / 8;

	p->p = BN_new();
	p->less = BN_new();
	p->mont = BN_MONT_CTX_new();
	if (p->p == NULL || p->less == NULL || p->mont == NULL)
		return false;
	stream(&r, m, STREAM_PRIME, bits, index);
	maker_fill(&r, start, len);
	if (BN_bin2bn(start, (int)len, p->p) == NULL)
		return false;
	(void)BN_mask_bits(p->p, (int)bits); // fails where there is nothing to take away
	for (int b = (int)bits - 1; b >= (int)bits - 7; b--)
		BN_set_bit(p->p, b);
	BN_set_bit(p->p, 0);
	while (has_small_factor(p->p) || !prime_try(m, p)) {
		if (!BN_add_word(p->p, 2))
			return false;
	}
	return true;
}

static const struct prime *prime_get(struct maker *m, const struct secret *s, unsigned i)
{
	unsigned rest = m->params.bits - (m->primes - 1) * PRIME_BITS;
	bool last = i == m->primes - 1;
	struct prime *p = &m->pool[last][s->rsa.prime[i]];

	if (p->p == NULL
		&& !prime_make(m, p, last ? rest : PRIME_BITS, s->rsa.prime[i] + POOL * last))
		return NULL;
	return p;
}

// The numbers of one prime that signing takes.
static bool rsa_prime(struct maker *m, struct secret *s, unsigned i)
{
	const struct prime *p = prime_get(m, s, i);

	s->rsa.basis[i] = BN_new();
	if (p == NULL || s->rsa.basis[i] == NULL)
		return false;
	s->rsa.d[i] = BN_mod_inverse(NULL, s->rsa.exponent, p->less, m->ctx);
	return s->rsa.d[i] != NULL && BN_div(m->x, NULL, s->rsa.n, p->p, m->ctx)
		&& BN_mod_inverse(m->y, m->x, p->p, m->ctx) != NULL
		&& BN_mul(s->rsa.basis[i], m->x, m->y, m->ctx);
}

static bool rsa_key(struct maker *m, struct secret *s, unsigned index)
{
	bool three = m->params.exponents && index % 4 == 3, used[POOL] = {false};
	size_t len = (m->params.bits + 7) / 8, at = three ? 2 : 4;
	struct maker_stream r;

	stream(&r, m, STREAM_KEY, index, 0);
	s->rsa.n = BN_new();
	s->rsa.exponent = BN_new();
	if (s->rsa.n == NULL || s->rsa.exponent == NULL || !BN_one(s->rsa.n)
		|| !BN_set_word(s->rsa.exponent, three ? 3 : 65537))
		return false;
	for (unsigned i = 0; i < m->primes; i++) {
		const struct prime *p;

		do {
			s->rsa.prime[i] = (uint8_t)maker_below(&r, POOL);
		} while (used[s->rsa.prime[i]]);
		used[s->rsa.prime[i]] = true;
		p = prime_get(m, s, i);
		if (p == NULL || !BN_mul(s->rsa.n, s->rsa.n, p->p, m->ctx))
			return false;
	}
	for (unsigned i = 0; i < m->primes; i++) {
		if (!rsa_prime(m, s, i))
			return false;
	}
	memcpy(s->key.public_key, three ? "\1\3" : "\3\1\0\1", at);
	s->key.public_len = (uint16_t)(at + len);
	return BN_bn2binpad(s->rsa.n, s->key.public_key + at, (int)len) == (int)len;
}

void maker_block(enum wv_alg alg, const uint8_t *digest, uint8_t *block, size_t len)
{
	static const struct {
		uint8_t info[19], info_len, digest_len;
	} hashes[] = {
		[WV_ALG_RSASHA1] = {{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02,
					    0x1a, 0x05, 0x00, 0x04, 0x14},
			15, 20},
		[WV_ALG_RSASHA256] = {{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
			19, 32},
		[WV_ALG_RSASHA512] = {{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					      0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
			19, 64},
	};
	size_t tail = (size_t)hashes[alg].info_len + hashes[alg].digest_len;

	assert(len >= tail + 11);
	memset(block, 0xff, len);
	block[0] = 0;
	block[1] = 1;
	block[len - tail - 1] = 0;
	memcpy(block + len - tail, hashes[alg].info, hashes[alg].info_len);
	memcpy(block + len - hashes[alg].digest_len, digest, hashes[alg].digest_len);
}

static bool rsa_sign(
	struct maker *m, const struct secret *s, const uint8_t *block, struct maker_signature *out)
{
	int len = (int)(m->params.bits + 7) / 8;

	if (BN_bin2bn(block, len, m->x) == NULL)
		return false;
	BN_zero(m->z);
	for (unsigned i = 0; i < m->primes; i++) {
		const struct prime *p = prime_get(m, s, i);

		if (p == NULL || !BN_nnmod(m->y, m->x, p->p, m->ctx)
			|| !BN_mod_exp_mont(m->y, m->y, s->rsa.d[i], p->p, m->ctx, p->mont)
			|| !BN_mul(m->y, m->y, s->rsa.basis[i], m->ctx)
			|| !BN_add(m->z, m->z, m->y))
			return false;
	}
	out->signature_len = (uint16_t)len;
	return BN_nnmod(m->z, m->z, s->rsa.n, m->ctx)
		&& BN_bn2binpad(m->z, out->signature, len) == len;
}

// ---- ECDSA ----

static int field_len(const struct maker *m)
{
	return m->params.alg == WV_ALG_P256 ? 32 : 48;
}

// In [1, n - 1]; a zero does not happen in practice.
static bool scalar(const struct maker *m, struct maker_stream *r, BIGNUM *out)
{
	uint8_t wide[64];

	maker_fill(r, wide, sizeof(wide));
	return BN_bin2bn(wide, sizeof(wide), out) != NULL
		&& BN_nnmod(out, out, EC_GROUP_get0_order(m->group), m->ctx) && !BN_is_zero(out);
}

static bool ecdsa_key(struct maker *m, struct secret *s, unsigned index)
{
	struct maker_stream r;
	int n = field_len(m);

	stream(&r, m, STREAM_KEY, index, 0);
	s->d = BN_new();
	s->key.public_len = (uint16_t)(2 * n);
	return s->d != NULL && scalar(m, &r, s->d)
		&& EC_POINT_mul(m->group, m->point, s->d, NULL, NULL, m->ctx)
		&& EC_POINT_get_affine_coordinates(m->group, m->point, m->x, m->y, m->ctx)
		&& BN_bn2binpad(m->x, s->key.public_key, n) == n
		&& BN_bn2binpad(m->y, s->key.public_key + n, n) == n;
}

static bool nonce_make(struct maker *m, unsigned i)
{
	const BIGNUM *order = EC_GROUP_get0_order(m->group);
	struct maker_stream r;

	if (m->r[i] != NULL)
		return true;
	stream(&r, m, STREAM_NONCE, i, 0);
	m->r[i] = BN_new();
	m->inverse[i] = BN_new();
	return m->r[i] != NULL && m->inverse[i] != NULL && scalar(m, &r, m->x)
		&& EC_POINT_mul(m->group, m->point, m->x, NULL, NULL, m->ctx)
		&& EC_POINT_get_affine_coordinates(m->group, m->point, m->r[i], NULL, m->ctx)
		&& BN_nnmod(m->r[i], m->r[i], order, m->ctx)
		&& BN_mod_inverse(m->inverse[i], m->x, order, m->ctx) != NULL;
}

static bool ecdsa_sign(
	struct maker *m, const struct secret *s, unsigned nonce, struct maker_signature *out)
{
	const BIGNUM *order = EC_GROUP_get0_order(m->group);
	int n = field_len(m);

	out->signature_len = (uint16_t)(2 * n);
	return nonce_make(m, nonce) && BN_bin2bn(out->data, n, m->z) != NULL
		&& BN_mod_mul(m->x, m->r[nonce], s->d, order, m->ctx)
		&& BN_mod_add(m->x, m->x, m->z, order, m->ctx)
		&& BN_mod_mul(m->x, m->x, m->inverse[nonce], order, m->ctx)
		&& BN_bn2binpad(m->r[nonce], out->signature, n) == n
		&& BN_bn2binpad(m->x, out->signature + n, n) == n;
}

// ---- EdDSA ----

static bool eddsa_key(const struct maker *m, struct secret *s, unsigned index)
{
	bool small = m->params.alg == WV_ALG_ED25519;
	size_t n = small ? 32 : 57;
	struct maker_stream r;
	uint8_t seed[57];

	stream(&r, m, STREAM_KEY, index, 0);
	maker_fill(&r, seed, n);
	s->pkey = EVP_PKEY_new_raw_private_key(
		small ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, NULL, seed, n);
	s->key.public_len = (uint16_t)n;
	return s->pkey != NULL && EVP_PKEY_get_raw_public_key(s->pkey, s->key.public_key, &n) == 1;
}

static bool eddsa_sign(struct maker *m, const struct secret *s, struct maker_signature *out)
{
	size_t n = sizeof(out->signature);
	bool ok = EVP_MD_CTX_reset(m->md) == 1
		&& EVP_DigestSignInit(m->md, NULL, NULL, NULL, s->pkey) == 1
		&& EVP_DigestSign(m->md, out->signature, &n, out->data, out->data_len) == 1;

	out->signature_len = (uint16_t)n;
	return ok;
}

// S of EdDSA is little-endian; L from RFC 8032 5.1 and 5.2.
static bool eddsa_other_s(struct maker *m, struct maker_signature *s)
{
	bool small = m->params.alg == WV_ALG_ED25519;
	int half = small ? 32 : 57;

	return BN_hex2bn(&m->y,
		       small ? "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
			     : "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff"
			       "7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3")
		!= 0
		&& BN_lebin2bn(s->signature + half, half, m->x) != NULL && BN_add(m->x, m->x, m->y)
		&& BN_bn2lebinpad(m->x, s->signature + half, half) == half;
}

// ---- all ----

bool maker_other_s(struct maker *m, struct maker_signature *s)
{
	int n;

	assert(!is_rsa(m->params.alg));
	if (!is_ecdsa(m->params.alg))
		return eddsa_other_s(m, s);
	n = field_len(m);
	return BN_bin2bn(s->signature + n, n, m->x) != NULL
		&& BN_sub(m->x, EC_GROUP_get0_order(m->group), m->x)
		&& BN_bn2binpad(m->x, s->signature + n, n) == n;
}

static bool secret_make(struct maker *m, struct secret *s, unsigned index)
{
	if (is_rsa(m->params.alg))
		return rsa_key(m, s, index);
	if (is_ecdsa(m->params.alg))
		return ecdsa_key(m, s, index);
	return eddsa_key(m, s, index);
}

static const struct secret *secret_get(struct maker *m, unsigned i)
{
	if (i >= m->n_secrets) {
		unsigned n = i + i / 2 + 16;
		struct secret **more = realloc(m->secrets, n * sizeof(struct secret *));

		if (more == NULL)
			return NULL;
		memset(more + m->n_secrets, 0, (n - m->n_secrets) * sizeof(struct secret *));
		m->secrets = more;
		m->n_secrets = n;
	}
	if (m->secrets[i] == NULL) {
		struct secret *s = calloc(1, sizeof(*s));

		if (s == NULL || !secret_make(m, s, i)) {
			secret_free(s);
			return NULL;
		}
		m->secrets[i] = s;
	}
	return m->secrets[i];
}

const struct maker_key *maker_key_get(struct maker *m, unsigned i)
{
	const struct secret *s = secret_get(m, i);

	return s != NULL ? &s->key : NULL;
}

bool maker_sign_block(
	struct maker *m, unsigned i, const uint8_t *block, struct maker_signature *out)
{
	const struct secret *s = secret_get(m, i);

	assert(is_rsa(m->params.alg));
	return s != NULL && rsa_sign(m, s, block, out);
}

bool maker_sign_data(struct maker *m, unsigned i, uint64_t number, struct maker_signature *out)
{
	const struct secret *s = secret_get(m, i);
	uint8_t block[MAKER_SIGNATURE];

	if (s == NULL)
		return false;
	if (is_ecdsa(m->params.alg))
		return ecdsa_sign(m, s, (unsigned)(number % NONCES), out);
	if (!is_rsa(m->params.alg))
		return eddsa_sign(m, s, out);
	maker_block(m->params.alg, out->data, block, (m->params.bits + 7) / 8);
	return rsa_sign(m, s, block, out);
}

bool maker_sign(struct maker *m, unsigned i, uint64_t number, struct maker_signature *out)
{
	enum wv_hash hash = wv_verify_hash(m->params.alg);
	struct maker_stream r;

	stream(&r, m, STREAM_DATA, i, number);
	out->data_len = (uint16_t)(hash != WV_HASH_COUNT ? wv_digest_len(hash)
							 : 100 + maker_below(&r, MAKER_DATA - 99));
	maker_fill(&r, out->data, out->data_len);
	return maker_sign_data(m, i, maker_next(&r), out);
}
