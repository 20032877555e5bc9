#include "ifma.h"

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
	(void)err;
	return 0;
}

const struct wv_verify_driver wv_crypto_ifma = {
	.name = "ifma",
	.usable = usable,
	.init = init,
};
