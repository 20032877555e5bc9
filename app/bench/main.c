// wirevet-bench: signatures, digests and packets per second, beside their reference.
#include <string.h>

#include "bench.h"

static const struct {
	const char *name;
	enum bench_status (*run)(int argc, char *argv[]);
	const char *usage;
} commands[] = {
	{"path", path_main, path_usage},
	{"crypto", crypto_main, crypto_usage},
	{"digest", digest_main, digest_usage},
};

static void usage(FILE *out)
{
	fprintf(out, "usage:");
	for (unsigned i = 0; i < WV_COUNT(commands); i++)
		fprintf(out, "%s%s", i > 0 ? "\n" : " ", commands[i].usage);
	fprintf(out, "\nExit: 0; 1 trouble, or results that are wrong; 2 usage.\n");
}

static void unknown(const char *word)
{
	fprintf(stderr, "wirevet-bench: want");
	for (unsigned i = 0; i < WV_COUNT(commands); i++)
		fprintf(stderr, "%s %s", i > 0 ? " or" : "", commands[i].name);
	fprintf(stderr, ", not %s\n", word);
}

int main(int argc, char *argv[])
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return BENCH_OK;
	}
	for (unsigned i = 0; argc > 1 && i < WV_COUNT(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (argc > 1)
		unknown(argv[1]);
	usage(stderr);
	return BENCH_USAGE;
}
