#include "wv_app.h"
#ifdef WV_HAVE_IFMA
#include "wv_crypto_ifma.h"
#endif
#include "wv_crypto_openssl.h"
#ifdef WV_HAVE_HASH_AVX512
#include "wv_hash_avx512.h"
#endif
#ifdef WV_HAVE_HASH_IPSEC_MB
#include "wv_hash_ipsec_mb.h"
#endif
#include "wv_hash_openssl.h"
#include "wv_openssl_pool.h"

// Best first.
static const struct wv_digest_driver *const hashes[] = {
#ifdef WV_HAVE_HASH_AVX512
	&wv_hash_avx512,
#endif
#ifdef WV_HAVE_HASH_IPSEC_MB
	&wv_hash_ipsec_mb,
#endif
	&wv_hash_openssl,
};
static const struct wv_verify_driver *const cryptos[] = {
#ifdef WV_HAVE_IFMA
	&wv_crypto_ifma,
#endif
	&wv_crypto_openssl,
};

const struct wv_digest_driver *const *wv_app_hashes(unsigned *n)
{
	*n = WV_COUNT(hashes);
	return hashes;
}

const struct wv_verify_driver *const *wv_app_cryptos(unsigned *n)
{
	*n = WV_COUNT(cryptos);
	return cryptos;
}

int wv_app_drivers_init(const char *crypto, const char *hash, struct wv_err *err)
{
	int result = wv_openssl_pool_install(err);

	if (result == 0)
		result = wv_digest_init(hashes, WV_COUNT(hashes), hash, err);
	if (result == 0)
		result = wv_verify_init(cryptos, WV_COUNT(cryptos), crypto, err);
	return result;
}

int wv_app_arena_take(void *arg, struct wv_err *err)
{
	(void)arg;
	return wv_openssl_pool_thread_init(WV_OPENSSL_POOL_OCTETS, err);
}

void wv_app_arena_give(void *arg)
{
	(void)arg;
	wv_openssl_pool_thread_fini();
}

size_t wv_app_arena_memory(void)
{
	return WV_OPENSSL_POOL_OCTETS;
}

uint64_t wv_app_arena_overflows(void)
{
	return wv_openssl_pool_overflows();
}

int wv_app_thread_init(struct wv_err *err)
{
	int result = wv_digest_thread_init(err);

	if (result != 0)
		return result;
	result = wv_verify_thread_init(err);
	if (result != 0)
		wv_digest_thread_fini();
	return result;
}

void wv_app_thread_fini(void)
{
	wv_verify_thread_fini();
	wv_digest_thread_fini();
}
