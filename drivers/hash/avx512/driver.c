#include "lanes.h"

// The compiler's check asks the system for its registers, too.
static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
		&& __builtin_cpu_supports("bmi2");
}

const struct wv_digest_driver wv_hash_avx512 = {
	.name = "avx512",
	.usable = usable,
	.nsec3 = wv_avx512_nsec3,
	.nsec3_least = 3,
};
