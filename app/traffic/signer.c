#include "signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

struct signer {
	EC_GROUP *group;
	BN_CTX *ctx;
	EC_POINT *point;
	BIGNUM *d, *k, *r, *s, *z, *x, *y;
};

struct signer *signer_create(void)
{
	struct signer *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	s->ctx = BN_CTX_new();
	s->point = s->group != NULL ? EC_POINT_new(s->group) : NULL;
	s->d = BN_new();
	s->k = BN_new();
	s->r = BN_new();
	s->s = BN_new();
	s->z = BN_new();
	s->x = BN_new();
	s->y = BN_new();
	if (s->ctx == NULL || s->point == NULL || s->d == NULL || s->k == NULL || s->r == NULL
		|| s->s == NULL || s->z == NULL || s->x == NULL || s->y == NULL) {
		signer_destroy(s);
		return NULL;
	}
	return s;
}

void signer_destroy(struct signer *s)
{
	if (s == NULL)
		return;
	BN_free(s->y);
	BN_free(s->x);
	BN_free(s->z);
	BN_free(s->s);
	BN_free(s->r);
	BN_free(s->k);
	BN_free(s->d);
	EC_POINT_free(s->point);
	BN_CTX_free(s->ctx);
	EC_GROUP_free(s->group);
	free(s);
}

// A scalar in [1, n-1]: a hash of 64 octets reduced modulo n; zero does not happen in practice.
static bool scalar(struct signer *s, BIGNUM *out, const uint8_t wide[64])
{
	return BN_bin2bn(wide, 64, out) != NULL
		&& BN_nnmod(out, out, EC_GROUP_get0_order(s->group), s->ctx) && !BN_is_zero(out);
}

bool signer_key(struct signer *s, struct signer_key *key, uint64_t seed, const char *label)
{
	uint8_t wide[64];
	char text[300];
	int n = snprintf(
		text, sizeof(text), "wirevet traffic key %llu %s", (unsigned long long)seed, label);

	if (n < 0 || (size_t)n >= sizeof(text))
		return false;
	SHA512((const uint8_t *)text, (size_t)n, wide);
	return scalar(s, s->d, wide) && BN_bn2binpad(s->d, key->private_key, 32) == 32
		&& EC_POINT_mul(s->group, s->point, s->d, NULL, NULL, s->ctx)
		&& EC_POINT_get_affine_coordinates(s->group, s->point, s->x, s->y, s->ctx)
		&& BN_bn2binpad(s->x, key->public_key, 32) == 32
		&& BN_bn2binpad(s->y, key->public_key + 32, 32) == 32;
}

bool signer_sign(struct signer *s, const struct signer_key *key, const uint8_t *data, size_t len,
	uint8_t signature[SIGNER_SIGNATURE])
{
	const BIGNUM *order = EC_GROUP_get0_order(s->group);
	uint8_t seed[64], wide[64];

	// k = SHA-512(private key | SHA-256(data)) mod n: fixed by key and message.
	memcpy(seed, key->private_key, 32);
	SHA256(data, len, seed + 32);
	SHA512(seed, sizeof(seed), wide);
	return BN_bin2bn(key->private_key, 32, s->d) != NULL && scalar(s, s->k, wide)
		&& BN_bin2bn(seed + 32, 32, s->z) != NULL
		&& EC_POINT_mul(s->group, s->point, s->k, NULL, NULL, s->ctx)
		&& EC_POINT_get_affine_coordinates(s->group, s->point, s->x, NULL, s->ctx)
		&& BN_nnmod(s->r, s->x, order, s->ctx)
		&& BN_mod_inverse(s->k, s->k, order, s->ctx) != NULL
		&& BN_mod_mul(s->s, s->r, s->d, order, s->ctx)
		&& BN_mod_add(s->s, s->s, s->z, order, s->ctx)
		&& BN_mod_mul(s->s, s->s, s->k, order, s->ctx)
		&& BN_bn2binpad(s->r, signature, 32) == 32
		&& BN_bn2binpad(s->s, signature + 32, 32) == 32;
}
