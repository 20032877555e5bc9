#include <errno.h>

#include "wv_app.h"

#include "wirevet.h"

#define MIB (1024.0 * 1024.0)

unsigned memory_parts(const struct wv_config *config, uint32_t longest,
	struct wv_engine_memory part[NUMBERS_PARTS])
{
	unsigned workers = config->cores.n_workers > 0 ? config->cores.n_workers : 1;
	unsigned n = wv_engine_memory(config, longest, part, NUMBERS_PARTS - 1);

	if (n > NUMBERS_PARTS - 1)
		n = NUMBERS_PARTS - 1;
	part[n] = (struct wv_engine_memory){
		.what = "OpenSSL arenas",
		.octets = workers * wv_app_arena_memory(),
		.count = workers,
	};
	return n + 1;
}

int memory_print(const struct wv_config *config, uint32_t longest, FILE *out)
{
	struct wv_engine_memory part[NUMBERS_PARTS];
	unsigned n = memory_parts(config, longest, part);
	double total = 0;

	fprintf(out, "%-32s %10s %12s %12s\n", "what", "how many", "octets each", "MiB");
	for (unsigned i = 0; i < n; i++) {
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
	unsigned n = memory_parts(config, longest, part);
	size_t octets = 0, want;

	for (unsigned i = 0; i < n; i++)
		octets += part[i].in_eal ? part[i].octets : 0;
	want = (octets >> 20) + 1;
	if (want <= config->eal.memory_mib)
		return 0;
	return wv_fail(err, ENOMEM,
		"/eal/memory_mib: want at least %zu MiB for these cores, rings and ports, not %u",
		want, config->eal.memory_mib);
}
