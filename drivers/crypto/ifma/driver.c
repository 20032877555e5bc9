#include <errno.h>

#include "ed25519.h"
#include "ed448.h"
#include "ifma.h"
#include "p256.h"
#include "p384.h"
#include "rsa_verify.h"

// Zen 4 and Ice Lake have all of these. The compiler's check asks the system for its registers, too.
static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
		&& __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
		&& __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi")
		&& __builtin_cpu_supports("bmi2");
}

// Tables of constants.
static int init(struct wv_err *err)
{
	if (!wv_ifma_p256_init())
		return wv_fail(err, EIO, "crypto driver ifma: cannot make the table of P-256");
	if (!wv_ifma_p384_init())
		return wv_fail(err, EIO, "crypto driver ifma: cannot make the table of P-384");
	if (!wv_ifma_ed448_init())
		return wv_fail(err, EIO, "crypto driver ifma: cannot make the table of Ed448");
	if (!wv_ifma_ed25519_init())
		return wv_fail(err, EIO, "crypto driver ifma: cannot make the table of Ed25519");
	return 0;
}

// A group of one takes as long as a group of eight.
#define RSA                                                                                        \
	{                                                                                          \
		wv_ifma_rsa_key, NULL, wv_ifma_rsa_run, 8, 700, 157, wv_ifma_rsa_table_octets,     \
			wv_ifma_rsa_table_build                                                    \
	}

const struct wv_verify_driver wv_crypto_ifma = {
	.name = "ifma",
	.usable = usable,
	.init = init,
	.algo[WV_ALG_RSASHA1] = RSA,
	.algo[WV_ALG_RSASHA256] = RSA,
	.algo[WV_ALG_RSASHA512] = RSA,
	// A first-seen key's signature alone is passed on.
	.algo[WV_ALG_P256] = {wv_ifma_p256_key_init, NULL, wv_ifma_p256_run, 128, 51000, 0,
		wv_ifma_p256_table_octets, wv_ifma_p256_table_build},
	.algo[WV_ALG_P384] = {wv_ifma_p384_key_init, NULL, wv_ifma_p384_run, 128, 200000, 0,
		wv_ifma_p384_table_octets, wv_ifma_p384_table_build},
	.algo[WV_ALG_ED448] = {wv_ifma_ed448_key_init, NULL, wv_ifma_ed448_run, 64, 160000, 0,
		wv_ifma_ed448_table_octets, wv_ifma_ed448_table_build},
	// A first-seen key's signature takes as long alone as eight.
	.algo[WV_ALG_ED25519] = {wv_ifma_ed25519_key_init, NULL, wv_ifma_ed25519_run, 128, 33000, 0,
		wv_ifma_ed25519_table_octets, wv_ifma_ed25519_table_build},
};
