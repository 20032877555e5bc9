#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "driver.h"

typedef bool (*check_fn)(const struct wv_verify_job *job, EVP_PKEY *key);

static void kept_close(struct openssl_kept *k)
{
	EVP_PKEY_CTX_free(k->digest);
	EVP_MD_CTX_free(k->message);
	memset(k, 0, sizeof(*k));
}

static bool kept_open(struct openssl_kept *k, enum wv_alg alg, EVP_PKEY *key)
{
	static const EVP_MD *(*const rsa_hash[WV_ALG_COUNT])(void) = {
		[WV_ALG_RSASHA1] = EVP_sha1,
		[WV_ALG_RSASHA256] = EVP_sha256,
		[WV_ALG_RSASHA512] = EVP_sha512,
	};
	bool opened;

	if (alg == WV_ALG_ED25519 || alg == WV_ALG_ED448) {
		k->message = EVP_MD_CTX_new();
		opened = k->message != NULL
			&& EVP_DigestVerifyInit(k->message, NULL, NULL, NULL, key) == 1;
	} else {
		k->digest = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		opened = k->digest != NULL && EVP_PKEY_verify_init(k->digest) == 1;
	}
	if (opened && rsa_hash[alg] != NULL)
		opened = EVP_PKEY_CTX_set_rsa_padding(k->digest, RSA_PKCS1_PADDING) == 1
			&& EVP_PKEY_CTX_set_signature_md(k->digest, rsa_hash[alg]()) == 1;
	if (!opened) {
		kept_close(k);
		return false;
	}
	k->key = key;
	return true;
}

static unsigned set_of(const EVP_PKEY *key)
{
	uint64_t mixed = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned)(mixed >> 32) % OPENSSL_SETS;
}

// The calling thread's context of a key, made if need be in place of the one not used for longest.
static struct openssl_kept *kept_get(enum wv_alg alg, EVP_PKEY *key)
{
	struct openssl_kept *set = wv_openssl_thread->kept[set_of(key)];
	struct openssl_kept found;
	unsigned way = 0;

	while (way < OPENSSL_WAYS - 1 && set[way].key != key)
		way++;
	if (set[way].key != key) {
		kept_close(&set[way]);
		if (!kept_open(&set[way], alg, key))
			return NULL;
	}
	found = set[way];
	memmove(set + 1, set, way * sizeof(set[0]));
	set[0] = found;
	return set;
}

void wv_openssl_kept_fini(struct openssl_thread *thread)
{
	for (unsigned s = 0; s < OPENSSL_SETS; s++) {
		for (unsigned w = 0; w < OPENSSL_WAYS; w++)
			kept_close(&thread->kept[s][w]);
	}
}

uint32_t wv_openssl_digest_len(enum wv_alg alg)
{
	static const uint8_t len[WV_ALG_COUNT] = {
		[WV_ALG_RSASHA1] = 20,
		[WV_ALG_RSASHA256] = 32,
		[WV_ALG_RSASHA512] = 64,
		[WV_ALG_P256] = 32,
		[WV_ALG_P384] = 48,
	};

	return len[alg];
}

static bool digest_check(const struct wv_verify_job *job, EVP_PKEY *key, const uint8_t *signature,
	size_t signature_len)
{
	struct openssl_kept *kept;

	if (job->data_len != wv_openssl_digest_len(job->key->alg))
		return false;
	kept = kept_get(job->key->alg, key);
	return kept != NULL
		&& EVP_PKEY_verify(kept->digest, signature, signature_len, job->data, job->data_len)
		== 1;
}

static bool rsa_check(const struct wv_verify_job *job, EVP_PKEY *key)
{
	return job->signature_len == (job->key->bits + 7u) / 8
		&& digest_check(job, key, job->signature, job->signature_len);
}

// An INTEGER in DER (X.690 8.3) of an unsigned big-endian number.
static uint8_t *der_put(uint8_t *out, const uint8_t *number, size_t len)
{
	bool sign;

	while (len > 1 && *number == 0) {
		number++;
		len--;
	}
	sign = *number >= 0x80;
	*out++ = 0x02;
	*out++ = (uint8_t)(len + sign);
	if (sign)
		*out++ = 0;
	memcpy(out, number, len);
	return out + len;
}

// RFC 6605 4: r | s, each as long as the field. OpenSSL wants a SEQUENCE of both.
static bool ecdsa_check(const struct wv_verify_job *job, EVP_PKEY *key)
{
	size_t half = job->key->bits / 8;
	uint8_t der[2 + 2 * (3 + 48)]; // its contents are less than 128 octets: a short length
	uint8_t *end = der + 2;

	if (job->signature_len != 2 * half)
		return false;
	end = der_put(end, job->signature, half);
	end = der_put(end, job->signature + half, half);
	der[0] = 0x30;
	der[1] = (uint8_t)(end - der - 2);
	return digest_check(job, key, der, (size_t)(end - der));
}

// RFC 8080 4.
static bool eddsa_check(const struct wv_verify_job *job, EVP_PKEY *key)
{
	uint16_t len = job->key->alg == WV_ALG_ED25519 ? 64 : 114;
	struct openssl_kept *kept;

	if (job->signature_len != len)
		return false;
	kept = kept_get(job->key->alg, key);
	// Later versions of OpenSSL want a new beginning for each message; without a key it is cheap.
	return kept != NULL && EVP_DigestVerifyInit(kept->message, NULL, NULL, NULL, NULL) == 1
		&& EVP_DigestVerify(kept->message, job->signature, len, job->data, job->data_len)
		== 1;
}

static void run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[], check_fn check)
{
	assert(wv_openssl_thread != NULL);
	for (unsigned i = 0; i < n; i++) {
		bool good = check(&jobs[i],
			atomic_load_explicit(&jobs[i].key->prepared[slot], memory_order_acquire));

		answers[i] = good ? WV_VERIFY_GOOD : WV_VERIFY_BAD;
		if (!good)
			ERR_clear_error();
	}
}

void wv_openssl_rsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	run(jobs, n, slot, answers, rsa_check);
}

void wv_openssl_ecdsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	run(jobs, n, slot, answers, ecdsa_check);
}

void wv_openssl_eddsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	run(jobs, n, slot, answers, eddsa_check);
}
