#include "signer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#define EXPONENT    65537
#define SMALL       300 // primes that candidates are divided by before they are tried
#define SMALL_LIMIT 2000
#define STEPS       100000 // candidates for one prime: many more than lie between two

static const struct {
	uint8_t algorithm;
	uint16_t len;     // of a signature
	uint8_t field;    // octets of a coordinate
	uint16_t modulus; // octets
} kinds[] = {
	[SIGNER_P256] = {13, 64, 32, 0},
	[SIGNER_P384] = {14, 96, 48, 0},
	[SIGNER_ED25519] = {15, 64, 32, 0},
	[SIGNER_RSA1024] = {8, 128, 0, 128},
	[SIGNER_RSA2048] = {8, 256, 0, 256},
};
static_assert(WV_COUNT(kinds) == SIGNER_KINDS, "a kind of key without a row");

// A curve, with room for one signature.
struct curve {
	EC_GROUP *group;
	EC_POINT *point;
	BIGNUM *d, *k, *r, *s, *z, *x, *y;
};

// Primes of one size, made when they are needed first.
struct pool {
	struct {
		BIGNUM *p;
		BIGNUM *d; // 1 / EXPONENT mod p - 1
		BN_MONT_CTX *mont;
	} prime[SIGNER_PRIMES];
	BIGNUM *m[2], *s[2], *q;
	unsigned used; // moduli given away
};

struct signer {
	uint64_t seed;
	BN_CTX *ctx;
	struct curve curve[2]; // P-256, P-384
	struct pool pool[2];   // of 512 and of 1024 bits
	unsigned small[SMALL];
	unsigned n_small;
};

uint8_t signer_algorithm(enum signer_kind kind)
{
	return kinds[kind].algorithm;
}

uint16_t signer_len(enum signer_kind kind)
{
	return kinds[kind].len;
}

// ---- life ----

static bool curve_init(struct curve *c, int nid)
{
	c->group = EC_GROUP_new_by_curve_name(nid);
	c->point = c->group != NULL ? EC_POINT_new(c->group) : NULL;
	c->d = BN_new();
	c->k = BN_new();
	c->r = BN_new();
	c->s = BN_new();
	c->z = BN_new();
	c->x = BN_new();
	c->y = BN_new();
	return c->point != NULL && c->d != NULL && c->k != NULL && c->r != NULL && c->s != NULL
		&& c->z != NULL && c->x != NULL && c->y != NULL;
}

static void curve_fini(struct curve *c)
{
	BN_free(c->y);
	BN_free(c->x);
	BN_free(c->z);
	BN_free(c->s);
	BN_free(c->r);
	BN_free(c->k);
	BN_free(c->d);
	EC_POINT_free(c->point);
	EC_GROUP_free(c->group);
}

static bool pool_init(struct pool *p)
{
	for (unsigned i = 0; i < 2; i++) {
		p->m[i] = BN_new();
		p->s[i] = BN_new();
	}
	p->q = BN_new();
	return p->m[0] != NULL && p->m[1] != NULL && p->s[0] != NULL && p->s[1] != NULL
		&& p->q != NULL;
}

static void pool_fini(struct pool *p)
{
	for (unsigned i = 0; i < SIGNER_PRIMES; i++) {
		BN_free(p->prime[i].p);
		BN_free(p->prime[i].d);
		BN_MONT_CTX_free(p->prime[i].mont);
	}
	for (unsigned i = 0; i < 2; i++) {
		BN_free(p->m[i]);
		BN_free(p->s[i]);
	}
	BN_free(p->q);
}

static void small_primes(struct signer *s)
{
	for (unsigned n = 3; n < SMALL_LIMIT && s->n_small < SMALL; n += 2) {
		bool is_prime = true;

		for (unsigned i = 0; i < s->n_small && is_prime; i++)
			is_prime = n % s->small[i] != 0;
		if (is_prime)
			s->small[s->n_small++] = n;
	}
}

struct signer *signer_create(uint64_t seed)
{
	struct signer *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->seed = seed;
	s->ctx = BN_CTX_new();
	small_primes(s);
	if (s->ctx != NULL && curve_init(&s->curve[0], NID_X9_62_prime256v1)
		&& curve_init(&s->curve[1], NID_secp384r1) && pool_init(&s->pool[0])
		&& pool_init(&s->pool[1]))
		return s;
	signer_destroy(s);
	return NULL;
}

void signer_destroy(struct signer *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		curve_fini(&s->curve[i]);
		pool_fini(&s->pool[i]);
	}
	BN_CTX_free(s->ctx);
	free(s);
}

// 64 octets that follow from the seed and words.
static bool stream(const struct signer *s, const char *what, const char *words, uint8_t out[64])
{
	char text[300];
	int n = snprintf(text, sizeof(text), "wirevet traffic %s %llu %s", what,
		(unsigned long long)s->seed, words);

	if (n < 0 || (size_t)n >= sizeof(text))
		return false;
	SHA512((const uint8_t *)text, (size_t)n, out);
	return true;
}

// ---- ECDSA ----

static struct curve *curve_of(struct signer *s, enum signer_kind kind)
{
	return &s->curve[kind == SIGNER_P384];
}

// A scalar in [1, n-1]: a hash of 64 octets reduced modulo n; zero does not happen in practice.
static bool scalar(struct signer *s, const struct curve *c, BIGNUM *out, const uint8_t wide[64])
{
	return BN_bin2bn(wide, 64, out) != NULL
		&& BN_nnmod(out, out, EC_GROUP_get0_order(c->group), s->ctx) && !BN_is_zero(out);
}

static bool ecdsa_key(struct signer *s, struct signer_key *key, const uint8_t wide[64])
{
	struct curve *c = curve_of(s, key->kind);
	int n = kinds[key->kind].field;

	key->public_len = (uint16_t)(2 * n);
	return scalar(s, c, c->d, wide) && BN_bn2binpad(c->d, key->secret, n) == n
		&& EC_POINT_mul(c->group, c->point, c->d, NULL, NULL, s->ctx)
		&& EC_POINT_get_affine_coordinates(c->group, c->point, c->x, c->y, s->ctx)
		&& BN_bn2binpad(c->x, key->public_key, n) == n
		&& BN_bn2binpad(c->y, key->public_key + n, n) == n;
}

static bool ecdsa_sign(struct signer *s, const struct signer_key *key, const uint8_t *data,
	size_t len, uint8_t *signature)
{
	struct curve *c = curve_of(s, key->kind);
	const BIGNUM *order = EC_GROUP_get0_order(c->group);
	int n = kinds[key->kind].field;
	uint8_t seed[96], wide[64];

	// k = SHA-512(private key | hash(data)) mod n: fixed by key and message.
	memcpy(seed, key->secret, (size_t)n);
	if (key->kind == SIGNER_P384)
		SHA384(data, len, seed + n);
	else
		SHA256(data, len, seed + n);
	SHA512(seed, 2 * (size_t)n, wide);
	return BN_bin2bn(key->secret, n, c->d) != NULL && scalar(s, c, c->k, wide)
		&& BN_bin2bn(seed + n, n, c->z) != NULL
		&& EC_POINT_mul(c->group, c->point, c->k, NULL, NULL, s->ctx)
		&& EC_POINT_get_affine_coordinates(c->group, c->point, c->x, NULL, s->ctx)
		&& BN_nnmod(c->r, c->x, order, s->ctx)
		&& BN_mod_inverse(c->k, c->k, order, s->ctx) != NULL
		&& BN_mod_mul(c->s, c->r, c->d, order, s->ctx)
		&& BN_mod_add(c->s, c->s, c->z, order, s->ctx)
		&& BN_mod_mul(c->s, c->s, c->k, order, s->ctx)
		&& BN_bn2binpad(c->r, signature, n) == n
		&& BN_bn2binpad(c->s, signature + n, n) == n;
}

// ---- Ed25519 ----

static bool ed25519_key(struct signer_key *key, const uint8_t wide[64])
{
	size_t n = 32;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, wide, n);
	bool ok = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, key->public_key, &n) == 1;

	memcpy(key->secret, wide, 32);
	key->public_len = 32;
	EVP_PKEY_free(pkey);
	return ok;
}

static bool ed25519_sign(
	const struct signer_key *key, const uint8_t *data, size_t len, uint8_t *signature)
{
	size_t n = 64;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pkey != NULL && ctx != NULL
		&& EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1
		&& EVP_DigestSign(ctx, signature, &n, data, len) == 1 && n == 64;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}

// ---- RSA ----

static bool small_factor(const struct signer *s, const unsigned rest[], unsigned delta)
{
	for (unsigned i = 0; i < s->n_small; i++) {
		if ((rest[i] + delta) % s->small[i] == 0)
			return true;
	}
	return false;
}

/*
 * Fermat's test to base 2, which a random number of this size passes by mistake about never; a key
 * that came of such a mistake would make signatures that do not verify.
 */
static bool is_prime(struct signer *s, const BIGNUM *n)
{
	BN_MONT_CTX *mont = BN_MONT_CTX_new();
	BIGNUM *r = BN_new(), *e = BN_dup(n), *two = BN_new();
	bool ok = mont != NULL && r != NULL && e != NULL && two != NULL && BN_sub_word(e, 1)
		&& BN_set_word(two, 2) && BN_MONT_CTX_set(mont, n, s->ctx)
		&& BN_mod_exp_mont(r, two, e, n, s->ctx, mont) && BN_is_one(r);

	BN_MONT_CTX_free(mont);
	BN_free(r);
	BN_free(e);
	BN_free(two);
	return ok;
}

// The first prime from a start that follows from the seed; its two highest bits are set.
static BIGNUM *prime_find(struct signer *s, unsigned bits, unsigned index)
{
	unsigned rest[SMALL], delta;
	uint8_t start[128] = {0};
	char words[40];
	BIGNUM *n;

	for (unsigned at = 0; at < bits / 8; at += 64) {
		snprintf(words, sizeof(words), "%u %u %u", bits, index, at);
		if (!stream(s, "prime", words, start + at))
			return NULL;
	}
	start[0] |= 0xc0;
	start[bits / 8 - 1] |= 1;
	n = BN_bin2bn(start, (int)bits / 8, NULL);
	if (n == NULL)
		return NULL;
	for (unsigned i = 0; i < s->n_small; i++)
		rest[i] = (unsigned)BN_mod_word(n, s->small[i]);
	for (unsigned last = delta = 0; delta < STEPS; delta += 2) {
		if (small_factor(s, rest, delta))
			continue;
		if (!BN_add_word(n, delta - last))
			break;
		last = delta;
		if (BN_mod_word(n, EXPONENT) != 1 && is_prime(s, n))
			return n;
	}
	BN_free(n);
	return NULL;
}

static bool prime_make(struct signer *s, struct pool *pool, unsigned bits, unsigned index)
{
	BIGNUM *e, *phi;
	bool ok;

	if (pool->prime[index].mont != NULL)
		return true;
	pool->prime[index].p = prime_find(s, bits, index);
	if (pool->prime[index].p == NULL)
		return false;
	e = BN_new();
	phi = BN_dup(pool->prime[index].p);
	ok = e != NULL && phi != NULL && BN_set_word(e, EXPONENT) && BN_sub_word(phi, 1);
	if (ok)
		pool->prime[index].d = BN_mod_inverse(NULL, e, phi, s->ctx);
	pool->prime[index].mont = BN_MONT_CTX_new();
	ok = ok && pool->prime[index].d != NULL && pool->prime[index].mont != NULL
		&& BN_MONT_CTX_set(pool->prime[index].mont, pool->prime[index].p, s->ctx);
	BN_free(e);
	BN_free(phi);
	return ok;
}

static bool rsa_key(struct signer *s, struct signer_key *key)
{
	static const uint8_t exponent[] = {3, 1, 0, 1}; // its length, then 65537
	struct pool *pool = &s->pool[key->kind == SIGNER_RSA2048];
	unsigned n = pool->used++ % SIGNER_MODULI, second = 1;
	int len = kinds[key->kind].modulus;

	// Pairs in the order (0,1) (0,2) (1,2) (0,3) …: few keys need few primes.
	while (n >= second)
		n -= second++;
	key->prime[0] = (uint8_t)n;
	key->prime[1] = (uint8_t)second;
	memcpy(key->public_key, exponent, sizeof(exponent));
	key->public_len = (uint16_t)(sizeof(exponent) + (size_t)len);
	return prime_make(s, pool, 4 * (unsigned)len, n)
		&& prime_make(s, pool, 4 * (unsigned)len, second)
		&& BN_mul(pool->q, pool->prime[n].p, pool->prime[second].p, s->ctx)
		&& BN_bn2binpad(pool->q, key->public_key + sizeof(exponent), len) == len;
}

// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 9.2).
static void rsa_pad(uint8_t *out, size_t room, const uint8_t *data, size_t len)
{
	static const uint8_t info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	size_t at = room - 32 - sizeof(info);

	memset(out, 0xff, room);
	out[0] = 0;
	out[1] = 1;
	out[at - 1] = 0;
	memcpy(out + at, info, sizeof(info));
	SHA256(data, len, out + at + sizeof(info));
}

// By the Chinese remainder theorem: s = s1 + q ((s0 - s1) / q mod p).
static bool rsa_sign(struct signer *s, const struct signer_key *key, const uint8_t *data,
	size_t len, uint8_t *signature)
{
	struct pool *pool = &s->pool[key->kind == SIGNER_RSA2048];
	int n = kinds[key->kind].modulus;
	const BIGNUM *p = pool->prime[key->prime[0]].p, *q = pool->prime[key->prime[1]].p;
	uint8_t padded[SIGNER_SIGNATURE];

	rsa_pad(padded, (size_t)n, data, len);
	return BN_bin2bn(padded, n, pool->q) != NULL && BN_nnmod(pool->m[0], pool->q, p, s->ctx)
		&& BN_nnmod(pool->m[1], pool->q, q, s->ctx)
		&& BN_mod_exp_mont_consttime_x2(pool->s[0], pool->m[0],
			pool->prime[key->prime[0]].d, p, pool->prime[key->prime[0]].mont,
			pool->s[1], pool->m[1], pool->prime[key->prime[1]].d, q,
			pool->prime[key->prime[1]].mont, s->ctx)
		&& BN_mod_inverse(pool->q, q, p, s->ctx) != NULL
		&& BN_mod_sub(pool->s[0], pool->s[0], pool->s[1], p, s->ctx)
		&& BN_mod_mul(pool->s[0], pool->s[0], pool->q, p, s->ctx)
		&& BN_mul(pool->m[0], pool->s[0], q, s->ctx)
		&& BN_add(pool->m[0], pool->m[0], pool->s[1])
		&& BN_bn2binpad(pool->m[0], signature, n) == n;
}

// ---- all of them ----

bool signer_key(struct signer *s, struct signer_key *key, enum signer_kind kind, const char *label)
{
	uint8_t wide[64];

	key->kind = kind;
	if (!stream(s, "key", label, wide))
		return false;
	switch (kind) {
	case SIGNER_P256:
	case SIGNER_P384:
		return ecdsa_key(s, key, wide);
	case SIGNER_ED25519:
		return ed25519_key(key, wide);
	case SIGNER_RSA1024:
	case SIGNER_RSA2048:
		return rsa_key(s, key);
	case SIGNER_KINDS:
		break;
	}
	return false;
}

bool signer_sign(struct signer *s, const struct signer_key *key, const uint8_t *data, size_t len,
	uint8_t signature[SIGNER_SIGNATURE])
{
	switch (key->kind) {
	case SIGNER_P256:
	case SIGNER_P384:
		return ecdsa_sign(s, key, data, len, signature);
	case SIGNER_ED25519:
		return ed25519_sign(key, data, len, signature);
	case SIGNER_RSA1024:
	case SIGNER_RSA2048:
		return rsa_sign(s, key, data, len, signature);
	case SIGNER_KINDS:
		break;
	}
	return false;
}
