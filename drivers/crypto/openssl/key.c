#include <assert.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "wv_openssl_pool.h"

#include "driver.h"

static bool key_keep(struct wv_verify_key *key, unsigned slot, EVP_PKEY *made)
{
	if (made == NULL) {
		ERR_clear_error();
		return false;
	}
	atomic_store_explicit(&key->prepared[slot], made, memory_order_release);
	return true;
}

/*
 * OpenSSL adds the Montgomery form of an RSA modulus to a key at its first check. Keys that a thread
 * without an arena makes are kept, checked by others, and many: their memory must not come from
 * the arenas of those. A check of any signature does it.
 */
static void rsa_complete(struct wv_verify_key *key, unsigned slot, uint16_t modulus_len)
{
	static const uint8_t zeros[512];
	struct wv_verify_job job = {
		.key = key,
		.data = zeros,
		.data_len = wv_openssl_digest_len(key->alg),
		.signature = zeros,
		.signature_len = modulus_len,
	};
	enum wv_verify_answer answer;

	if (wv_openssl_pool_is_foreign())
		wv_openssl_rsa_run(&job, 1, slot, &answer);
}

bool wv_openssl_rsa_key(struct wv_verify_key *key, unsigned slot)
{
	struct wv_verify_rsa rsa;
	uint8_t modulus[512]; // in the order of the machine, as OSSL_PARAM wants numbers
	OSSL_PARAM parts[3];
	EVP_PKEY *made = NULL;

	assert(wv_openssl_thread != NULL);
	if (!wv_verify_rsa_read(&rsa, key->public_key, key->public_len))
		return false;
	for (unsigned i = 0; i < rsa.modulus_len; i++)
		modulus[i] = rsa.modulus[rsa.modulus_len - 1 - i];
	parts[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, rsa.modulus_len);
	parts[1] = OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_RSA_E, &rsa.exponent);
	parts[2] = OSSL_PARAM_construct_end();
	EVP_PKEY_fromdata(wv_openssl_thread->maker[key->alg], &made, EVP_PKEY_PUBLIC_KEY, parts);
	if (!key_keep(key, slot, made))
		return false;
	rsa_complete(key, slot, rsa.modulus_len);
	return true;
}

bool wv_openssl_ecdsa_key(struct wv_verify_key *key, unsigned slot)
{
	uint8_t point[1 + 2 * 48];
	EVP_PKEY *made;

	assert(wv_openssl_thread != NULL && key->public_len < sizeof(point));
	made = EVP_PKEY_dup(wv_openssl_thread->empty[key->alg]);
	point[0] = 4; // SEC 1 2.3.4: uncompressed
	memcpy(point + 1, key->public_key, key->public_len);
	// Refuses coordinates that are not below p, and points that are not on the curve.
	if (made != NULL
		&& EVP_PKEY_set1_encoded_public_key(made, point, key->public_len + 1u) != 1) {
		EVP_PKEY_free(made);
		made = NULL;
	}
	return key_keep(key, slot, made);
}

/*
 * Is there a point with this y? OpenSSL asks at each check, not when it takes the key. A quotient is
 * a square where the product is. The sign of x, the highest bit, does not matter.
 */
static bool edwards_has(const struct openssl_edwards *e, BN_CTX *ctx, const uint8_t *octets)
{
	uint8_t y_octets[57];
	BIGNUM *y, *u, *v;
	bool has = false;

	memcpy(y_octets, octets, e->len);
	y_octets[e->len - 1] &= 0x7f;
	BN_CTX_start(ctx);
	y = BN_CTX_get(ctx);
	u = BN_CTX_get(ctx);
	v = BN_CTX_get(ctx);
	if (v != NULL && BN_lebin2bn(y_octets, (int)e->len, y) != NULL
		&& !(e->strict && BN_cmp(y, e->p) >= 0) && BN_mod_sqr(u, y, e->p, ctx) == 1
		&& BN_mod_mul(v, u, e->d, e->p, ctx) == 1 && BN_sub_word(u, 1) == 1
		&& (e->c > 0 ? BN_add_word(v, 1) : BN_sub_word(v, 1)) == 1
		&& BN_mod_mul(u, u, v, e->p, ctx) == 1)
		has = BN_kronecker(u, e->p, ctx) >= 0;
	BN_CTX_end(ctx);
	return has;
}

bool wv_openssl_eddsa_key(struct wv_verify_key *key, unsigned slot)
{
	struct openssl_thread *t = wv_openssl_thread;
	uint8_t octets[57];
	OSSL_PARAM parts[2];
	EVP_PKEY *made = NULL;

	assert(t != NULL && key->public_len == t->edwards[key->alg].len);
	if (edwards_has(&t->edwards[key->alg], t->bn, key->public_key)) {
		memcpy(octets, key->public_key, key->public_len); // OSSL_PARAM is not const
		parts[0] = OSSL_PARAM_construct_octet_string(
			OSSL_PKEY_PARAM_PUB_KEY, octets, key->public_len);
		parts[1] = OSSL_PARAM_construct_end();
		EVP_PKEY_fromdata(t->maker[key->alg], &made, EVP_PKEY_PUBLIC_KEY, parts);
	}
	return key_keep(key, slot, made);
}

void wv_openssl_key_free(struct wv_verify_key *key, unsigned slot)
{
	EVP_PKEY_free(key->prepared[slot]);
}
