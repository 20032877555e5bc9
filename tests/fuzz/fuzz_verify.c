#include <stdlib.h>
#include <string.h>

#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"
#include "wv_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
	if (!holds)
		abort();
}

static void drivers_init(void)
{
	static const struct wv_digest_driver *const hashes[] = {&wv_hash_openssl};
	static const struct wv_verify_driver *const ciphers[] = {&wv_crypto_openssl};
	static bool done;

	if (done)
		return;
	done = true;
	want(wv_digest_init(hashes, 1, NULL, NULL) == 0 && wv_digest_thread_init(NULL) == 0);
	want(wv_verify_init(ciphers, 1, NULL, NULL) == 0 && wv_verify_thread_init(NULL) == 0);
}

static uint8_t *exact(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len);

	want(copy != NULL || len == 0);
	if (len > 0)
		memcpy(copy, octets, len);
	return copy;
}

// What was accepted as a key has the size of its algorithm.
static void key_check(const struct wv_verify_key *key, size_t len)
{
	want(key->public_len == len && key->weight > 0);
	if (key->alg <= WV_ALG_RSASHA512)
		want(key->bits >= 512 && key->bits <= 4096 && len >= 512 / 8);
	else
		want(key->bits <= 448 && len >= 32 && len <= 96);
}

// One signature alone, and the same between others that are wrong: cut, and of other data.
static void signature_check(const struct wv_verify_key *key, const uint8_t *data, uint32_t data_len,
	const uint8_t *signature, uint16_t len)
{
	uint8_t *wrong = exact(data, data_len);
	struct wv_verify_job jobs[3] = {
		{key, data, data_len, signature, len > 0 ? len - 1u : 0},
		{key, data, data_len, signature, len},
		{key, wrong, data_len, signature, len},
	};
	bool alone, ok[3];

	wrong[data_len - 1] ^= 1;
	wv_verify_batch(key->alg, &jobs[1], 1, &alone);
	wv_verify_batch(key->alg, jobs, 3, ok);
	want(ok[1] == alone && !(ok[0] && ok[1]));
	if (wv_verify_hash(key->alg) != WV_HASH_COUNT) // EdDSA has keys that agree to anything
		want(!ok[1] || !ok[2]);
	free(wrong);
}

// An octet for the algorithm, 16 bits for the length of the key, the key, data, and a signature.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wv_verify_key key;
	enum wv_alg alg;
	uint8_t *octets, *signature;
	uint32_t data_len;
	size_t len;

	drivers_init();
	if (size < 3)
		return 0;
	alg = (enum wv_alg)(data[0] % WV_ALG_COUNT);
	data_len = wv_verify_hash(alg) == WV_HASH_COUNT ? 64 : wv_digest_len(wv_verify_hash(alg));
	len = wv_load16(data + 1);
	data += 3;
	size -= 3;
	if (len + data_len > size || size - len - data_len > UINT16_MAX)
		return 0;
	octets = exact(data, len);
	signature = exact(data + len + data_len, size - len - data_len);
	if (wv_verify_key_init(&key, alg, octets, len)) {
		key_check(&key, len);
		signature_check(
			&key, data + len, data_len, signature, (uint16_t)(size - len - data_len));
		wv_verify_key_fini(&key);
	}
	free(octets);
	free(signature);
	return 0;
}
