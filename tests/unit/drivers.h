/**
 * @file
 * The drivers that programs use, for tests of what is built on them: the best that this CPU can run, or
 * the crypto driver that the environment's WIREVET_TEST_CRYPTO forces.
 */
#ifndef TEST_DRIVERS_H
#define TEST_DRIVERS_H

#include <stdio.h>
#include <stdlib.h>

#ifdef WV_HAVE_IFMA
#include "wv_crypto_ifma.h"
#endif
#include "wv_crypto_openssl.h"
#include "wv_digest.h"
#ifdef WV_HAVE_HASH_AVX512
#include "wv_hash_avx512.h"
#endif
#ifdef WV_HAVE_HASH_IPSEC_MB
#include "wv_hash_ipsec_mb.h"
#endif
#include "wv_hash_openssl.h"
#include "wv_verify.h"

// False: they cannot be had, and it was said why. Threads are not begun.
static inline bool test_drivers_init(void)
{
	static const struct wv_digest_driver *const hashes[] = {
#ifdef WV_HAVE_HASH_AVX512
		&wv_hash_avx512,
#endif
#ifdef WV_HAVE_HASH_IPSEC_MB
		&wv_hash_ipsec_mb,
#endif
		&wv_hash_openssl,
	};
	static const struct wv_verify_driver *const ciphers[] = {
#ifdef WV_HAVE_IFMA
		&wv_crypto_ifma,
#endif
		&wv_crypto_openssl,
	};
	struct wv_err err = {""};

	if (wv_digest_init(hashes, WV_COUNT(hashes), NULL, &err) == 0
		&& wv_verify_init(ciphers, WV_COUNT(ciphers), getenv("WIREVET_TEST_CRYPTO"), &err)
			== 0)
		return true;
	fprintf(stderr, "drivers: %s\n", err.text);
	return false;
}

#endif
