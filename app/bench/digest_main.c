// wirevet-bench digest: its words.
#include <getopt.h>
#include <stdint.h>

#include "digest_bench.h"

const char digest_usage[] =
	"wirevet-bench digest [--driver D] [--runs N] [--seed S] [--json]\n"
	"\n"
	"Digests and NSEC3 hashes a second by each hash driver, and by the choice between them "
	"(auto),\n"
	"in turn with a reference in the same run: OpenSSL's EVP with kept contexts; for NSEC3, "
	"its\n"
	"function of SHA-1, one name at a time. Then from how many messages of a length on a "
	"driver is\n"
	"faster than the one behind it, beside what its table says.\n"
	"\n"
	"  --driver  this one alone, forced as drivers.hash forces it\n"
	"  --runs    of each kind, preset 5; what is told are medians\n"
	"  --seed    of the messages, preset 1\n"
	"  --json    one list of objects, each with what was measured and where\n";

// Takes one option; false with words said.
static bool take(int c, const char *name, void *params)
{
	struct digest_params *p = params;

	switch (c) {
	case 'd':
		p->driver = optarg;
		return true;
	case 'R':
		return option_count(name, optarg, 1, BENCH_RUNS_MAX, &p->runs);
	case 's':
		return option_number(name, optarg, 0, INT64_MAX, &p->seed);
	case 'j':
		p->json = true;
		return true;
	default:
		return false;
	}
}

enum bench_status digest_main(int argc, char *argv[])
{
	static const struct option options[] = {
		{"driver", required_argument, NULL, 'd'},
		{"runs", required_argument, NULL, 'R'},
		{"seed", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct digest_params params = {.runs = 5, .seed = 1};
	struct wv_err err = {.text = ""};
	enum bench_status status;

	if (!option_read(argc, argv, options, digest_usage, take, &params, &status))
		return status;
	status = digest_run(&params, &err);
	if (status != BENCH_OK)
		fprintf(stderr, "wirevet-bench: %s\n", err.text);
	return status;
}
