/**
 * @file
 * The drivers that programs use, for tests of what is built on them: the best that this CPU can run, or
 * the crypto driver that the environment's WIREVET_TEST_CRYPTO forces.
 */
#ifndef TEST_DRIVERS_H
#define TEST_DRIVERS_H

#include <stdio.h>
#include <stdlib.h>

#include "wv_app.h"

// False: they cannot be had, and it was said why. Threads are not begun.
static inline bool test_drivers_init(void)
{
	unsigned n_hashes, n_cryptos;
	const struct wv_digest_driver *const *hashes = wv_app_hashes(&n_hashes);
	const struct wv_verify_driver *const *cryptos = wv_app_cryptos(&n_cryptos);
	struct wv_err err = {""};

	if (wv_digest_init(hashes, n_hashes, NULL, &err) == 0
		&& wv_verify_init(cryptos, n_cryptos, getenv("WIREVET_TEST_CRYPTO"), &err) == 0)
		return true;
	fprintf(stderr, "drivers: %s\n", err.text);
	return false;
}

#endif
