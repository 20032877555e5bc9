#include <errno.h>

#include "wirevet.h"

#define MIB (1024.0 * 1024.0)

int memory_print(const struct wv_config *config, uint32_t longest, FILE *out)
{
	struct wv_engine_memory part[NUMBERS_PARTS];
	unsigned n = wv_engine_memory(config, longest, part, WV_COUNT(part));
	double total = 0;

	fprintf(out, "%-32s %10s %12s %12s\n", "what", "how many", "octets each", "MiB");
	for (unsigned i = 0; i < n && i < WV_COUNT(part); i++) {
		size_t each = part[i].count > 0 ? part[i].octets / part[i].count : 0;

		fprintf(out, "%-32s %10u %12zu %12.1f\n", part[i].what, part[i].count, each,
			(double)part[i].octets / MIB);
		total += (double)part[i].octets;
	}
	fprintf(out, "%-32s %10s %12s %12.1f\n", "all", "", "", total / MIB);
	return fflush(out) == 0 ? 0 : -EIO;
}

int memory_check(const struct wv_config *config, uint32_t longest, struct wv_err *err)
{
	struct wv_engine_memory part[NUMBERS_PARTS];
	unsigned n = wv_engine_memory(config, longest, part, WV_COUNT(part));
	size_t octets = 0, want;

	for (unsigned i = 0; i < n && i < WV_COUNT(part); i++)
		octets += part[i].in_eal ? part[i].octets : 0;
	want = (octets >> 20) + 1;
	if (want <= config->eal.memory_mib)
		return 0;
	return wv_fail(err, ENOMEM,
		"/eal/memory_mib: want at least %zu MiB for these cores, rings and ports, not %u",
		want, config->eal.memory_mib);
}
