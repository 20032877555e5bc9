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

// False: there is nothing more to do, end with *status.
static bool options_read(int argc, char *argv[], struct digest_params *p, enum bench_status *status)
{
	static const struct option options[] = {
		{"driver", required_argument, NULL, 'd'},
		{"runs", required_argument, NULL, 'R'},
		{"seed", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, which = 0;

	*status = BENCH_USAGE;
	while ((c = getopt_long(argc, argv, "h", options, &which)) != -1) {
		bool ok = true;

		switch (c) {
		case 'd':
			p->driver = optarg;
			break;
		case 'R':
			ok = option_count(options[which].name, optarg, 1, BENCH_RUNS_MAX, &p->runs);
			break;
		case 's':
			ok = option_number(options[which].name, optarg, 0, INT64_MAX, &p->seed);
			break;
		case 'j':
			p->json = true;
			break;
		default:
			option_usage(digest_usage, c == 'h' ? stdout : stderr);
			*status = c == 'h' ? BENCH_OK : BENCH_USAGE;
			return false;
		}
		if (!ok) {
			option_usage(digest_usage, stderr);
			return false;
		}
	}
	return option_none_left(argc, argv, digest_usage);
}

enum bench_status digest_main(int argc, char *argv[])
{
	struct digest_params params = {.runs = 5, .seed = 1};
	struct wv_err err = {.text = ""};
	enum bench_status status;

	if (!options_read(argc, argv, &params, &status))
		return status;
	status = digest_run(&params, &err);
	if (status != BENCH_OK)
		fprintf(stderr, "wirevet-bench: %s\n", err.text);
	return status;
}
