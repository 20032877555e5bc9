#include "driver.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>

_Thread_local struct openssl_thread *wv_openssl_thread;

static bool maker_open(struct openssl_thread *t, enum wv_alg alg, const char *type)
{
	t->maker[alg] = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	return t->maker[alg] != NULL && EVP_PKEY_fromdata_init(t->maker[alg]) == 1;
}

// A curve is dear to set up, cheap to copy.
static bool empty_open(struct openssl_thread *t, enum wv_alg alg, const char *curve)
{
	char group[8];
	OSSL_PARAM parts[2];
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	bool made;

	OPENSSL_strlcpy(group, curve, sizeof(group));
	parts[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	parts[1] = OSSL_PARAM_construct_end();
	made = maker != NULL && EVP_PKEY_fromdata_init(maker) == 1
		&& EVP_PKEY_fromdata(maker, &t->empty[alg], EVP_PKEY_KEY_PARAMETERS, parts) == 1;
	EVP_PKEY_CTX_free(maker);
	return made;
}

// RFC 8032 5.1, 5.2.
static bool edwards_open(struct openssl_thread *t)
{
	struct openssl_edwards *e = &t->edwards[WV_ALG_ED25519];

	e->c = 1;
	e->len = 32;
	e->strict = false;
	if (BN_hex2bn(&e->p, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
			== 0
		|| BN_hex2bn(&e->d,
			   "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3")
			== 0)
		return false;

	e = &t->edwards[WV_ALG_ED448];
	e->c = -1;
	e->len = 57;
	e->strict = true;
	return BN_hex2bn(&e->p,
		       "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
		       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff")
		!= 0
		&& BN_dec2bn(&e->d, "-39081") != 0;
}

static bool thread_open(struct openssl_thread *t)
{
	unsigned char seed;

	t->bn = BN_CTX_new();
	return t->bn != NULL && maker_open(t, WV_ALG_RSASHA1, "RSA")
		&& maker_open(t, WV_ALG_RSASHA256, "RSA") && maker_open(t, WV_ALG_RSASHA512, "RSA")
		&& maker_open(t, WV_ALG_ED25519, "ED25519") && maker_open(t, WV_ALG_ED448, "ED448")
		&& empty_open(t, WV_ALG_P256, "P-256") && empty_open(t, WV_ALG_P384, "P-384")
		&& edwards_open(t)
		// OpenSSL blinds inversions in the field of P-384: seed the thread's generator now.
		&& RAND_priv_bytes(&seed, 1) == 1;
}

static void thread_close(struct openssl_thread *t)
{
	wv_openssl_kept_fini(t);
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		EVP_PKEY_CTX_free(t->maker[a]);
		EVP_PKEY_free(t->empty[a]);
		BN_free(t->edwards[a].p);
		BN_free(t->edwards[a].d);
	}
	BN_CTX_free(t->bn);
	free(t);
}

static int thread_init(struct wv_err *err)
{
	struct openssl_thread *t = wv_openssl_thread;
	char reason[128];

	if (t != NULL) {
		t->users++;
		return 0;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return wv_fail(err, ENOMEM, "crypto driver openssl: no memory");
	if (!thread_open(t)) {
		ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
		ERR_clear_error();
		thread_close(t);
		return wv_fail(err, ENOMEM, "crypto driver openssl: %s", reason);
	}
	t->users = 1;
	wv_openssl_thread = t;
	return 0;
}

static void thread_fini(void)
{
	assert(wv_openssl_thread != NULL);
	if (--wv_openssl_thread->users > 0)
		return;
	thread_close(wv_openssl_thread);
	wv_openssl_thread = NULL;
}

// Costs are those of one core of a Zen 5 at 3.65 GHz; of RSA within a sixth from 512 to 4096 bits.
#define RSA_COST_NS    1000
#define RSA_PRODUCT_NS 175
const struct wv_verify_driver wv_crypto_openssl = {
	.name = "openssl",
	.thread_init = thread_init,
	.thread_fini = thread_fini,
	.algo[WV_ALG_RSASHA1] = {wv_openssl_rsa_key, wv_openssl_key_free, wv_openssl_rsa_run, 1,
		RSA_COST_NS, RSA_PRODUCT_NS, NULL, NULL},
	.algo[WV_ALG_RSASHA256] = {wv_openssl_rsa_key, wv_openssl_key_free, wv_openssl_rsa_run, 1,
		RSA_COST_NS, RSA_PRODUCT_NS, NULL, NULL},
	.algo[WV_ALG_RSASHA512] = {wv_openssl_rsa_key, wv_openssl_key_free, wv_openssl_rsa_run, 1,
		RSA_COST_NS, RSA_PRODUCT_NS, NULL, NULL},
	.algo[WV_ALG_P256] = {wv_openssl_ecdsa_key, wv_openssl_key_free, wv_openssl_ecdsa_run, 1,
		51000, 0, NULL, NULL},
	.algo[WV_ALG_P384] = {wv_openssl_ecdsa_key, wv_openssl_key_free, wv_openssl_ecdsa_run, 1,
		560000, 0, NULL, NULL},
	.algo[WV_ALG_ED25519] = {wv_openssl_eddsa_key, wv_openssl_key_free, wv_openssl_eddsa_run, 1,
		74000, 0, NULL, NULL},
	.algo[WV_ALG_ED448] = {wv_openssl_eddsa_key, wv_openssl_key_free, wv_openssl_eddsa_run, 1,
		196000, 0, NULL, NULL},
};
