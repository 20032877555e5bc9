// wirevet-bench path: its words.
#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "bench.h"

const char path_usage[] =
	"wirevet-bench path [--mix M] [--repeat R] [--zones N] [--responses N] [--queries on|off]\n"
	"                   [--runs N] [--seed S] [--driver D] [--json]\n"
	"\n"
	"The whole pipe over packets held in memory, beside the same pipe with validation off, in\n"
	"turn; I/O and worker on one core (solo), and on one each (split).\n"
	"\n"
	"  --mix        S: signed addresses, P-256; I: addresses of zones proven to be unsigned\n"
	"               (preset); U: what a large resolver's servers send it; K: the same, and a\n"
	"               hundredth of it made to be dear to judge, with the dearest message of "
	"each\n"
	"               kind alone\n"
	"  --repeat     percent of the responses that were sent before in this run, preset 0\n"
	"  --zones      preset 3000; of mixes U and K 20 or more\n"
	"  --responses  preset 1000000, of mixes S, U and K 20000\n"
	"  --queries    on: each response comes after its query (preset)\n"
	"  --runs       of each kind, preset 5; what is told are medians\n"
	"  --seed       of the traffic, preset 1\n"
	"  --driver     of signature checks: auto (preset), or a driver's name\n"
	"  --json       one list of objects, each with what was measured and where\n";

static bool mix(const char *text, enum traffic_mix *out)
{
	*out = traffic_mix_find(text);
	if (*out != TRAFFIC_MIXES)
		return true;
	fprintf(stderr, "wirevet-bench: --mix: want one of %s, not %s\n", traffic_mix_list(), text);
	return false;
}

// Takes one option; false with words said.
static bool take(int c, const char *name, void *params)
{
	struct bench_params *p = params;
	struct traffic_params *t = &p->traffic;

	switch (c) {
	case 'm':
		return mix(optarg, &t->mix);
	case 'r':
		return option_count(name, optarg, 0, 99, &t->repeat);
	case 'z':
		return option_count(name, optarg, 1, 1000000, &t->zones);
	case 'n':
		return option_count(name, optarg, 1, 10000000, &t->responses);
	case 'q':
		return option_on_off(name, optarg, &p->queries);
	case 'R':
		return option_count(name, optarg, 1, BENCH_RUNS_MAX, &p->runs);
	case 's':
		return option_number(name, optarg, 0, INT64_MAX, &t->seed);
	case 'd':
		p->driver = optarg;
		return true;
	case 'j':
		p->json = true;
		return true;
	default:
		return false;
	}
}

// False: there is nothing more to do, end with *status.
static bool options_read(int argc, char *argv[], struct bench_params *p, enum bench_status *status)
{
	static const struct option options[] = {
		{"mix", required_argument, NULL, 'm'},
		{"repeat", required_argument, NULL, 'r'},
		{"zones", required_argument, NULL, 'z'},
		{"responses", required_argument, NULL, 'n'},
		{"queries", required_argument, NULL, 'q'},
		{"runs", required_argument, NULL, 'R'},
		{"seed", required_argument, NULL, 's'},
		{"driver", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};

	return option_read(argc, argv, options, path_usage, take, p, status);
}

enum bench_status path_main(int argc, char *argv[])
{
	struct bench_params params = {
		.traffic = {.mix = TRAFFIC_UNSIGNED,
			.zones = 3000,
			.seed = 1,
			.time_s = 1787421600},
		.queries = true,
		.runs = 5,
		.driver = "auto",
	};
	struct wv_err err = {.text = ""};
	enum bench_status status;

	if (!options_read(argc, argv, &params, &status))
		return status;
	if (params.traffic.zones < traffic_mix_zones(params.traffic.mix)) {
		fprintf(stderr, "wirevet-bench: --zones: want %u or more for mix %s, not %u\n",
			traffic_mix_zones(params.traffic.mix), traffic_mix_name(params.traffic.mix),
			params.traffic.zones);
		option_usage(path_usage, stderr);
		return BENCH_USAGE;
	}
	if (params.traffic.responses == 0)
		params.traffic.responses = params.traffic.mix == TRAFFIC_UNSIGNED ? 1000000 : 20000;
	status = path_run(&params, &err);
	if (status != BENCH_OK)
		fprintf(stderr, "wirevet-bench: %s\n", err.text);
	return status;
}
