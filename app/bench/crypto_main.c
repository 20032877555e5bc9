// wirevet-bench crypto: its words.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto.h"

const char crypto_usage[] =
	"wirevet-bench crypto [--algorithm A,...] [--bits N,...] [--keys N,...] [--signatures N]\n"
	"                     [--driver D] [--runs N] [--seed S] [--json]\n"
	"       wirevet-bench crypto --vectors FILE [--driver D]\n"
	"       wirevet-bench crypto --trials N [--state FILE] [--algorithm A,...] [--bits N,...]\n"
	"                     [--driver D] [--seed S]\n"
	"\n"
	"Checks of signatures a second, by keys seen first and by keys with tables, beside OpenSSL "
	"in\n"
	"turn. --vectors: every driver on every line of a file. --trials: signatures spoilt at "
	"random,\n"
	"and whether they are found to be what they are; counts add up in a file over runs.\n"
	"\n"
	"  --algorithm   RSASHA1, RSASHA256, RSASHA512, ECDSAP256SHA256, ECDSAP384SHA384, "
	"ED25519,\n"
	"                ED448; preset all but RSASHA1 and RSASHA512\n"
	"  --bits        of RSA moduli, preset 1024,2048,4096; 512 to 4096\n"
	"  --keys        preset 16,64,1024,16384; from 1000 on they are used by Zipf's law\n"
	"  --signatures  preset 8192\n"
	"  --driver      auto (preset), or a driver's name\n"
	"  --runs        of each kind, preset 5; what is told are medians\n"
	"  --seed        of keys, signatures and trials, preset 1\n"
	"  --vectors     tab-separated: algorithm number, DNSKEY public-key field, message, "
	"signature,\n"
	"                all hex, then valid, invalid or acceptable, then an id\n"
	"  --trials      of each algorithm and size, in all with those of the state file\n"
	"  --state       counts reached; trials go on from there\n"
	"  --json        one list of objects, each with what was measured and where\n";

static bool algorithm_add(const char *word, size_t len, struct crypto_params *p)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		const char *name = wv_verify_alg_name((enum wv_alg)a);

		if (strlen(name) == len && strncasecmp(name, word, len) == 0) {
			p->algorithms[a] = true;
			return true;
		}
	}
	return false;
}

static bool algorithms(const char *text, struct crypto_params *p)
{
	memset(p->algorithms, 0, sizeof(p->algorithms));
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");

		if (!algorithm_add(at, len, p)) {
			fprintf(stderr,
				"wirevet-bench: --algorithm: want names as ECDSAP256SHA256 with "
				"commas, not %.*s\n",
				(int)len, at);
			return false;
		}
		at += len;
		if (*at == '\0')
			return true;
	}
}

// Takes one option; false with words said.
static bool take(int c, const char *name, void *params)
{
	struct crypto_params *p = params;
	switch (c) {
	case 'a':
		return algorithms(optarg, p);
	case 'b':
		return option_list(name, optarg, 512, 4096, p->bits, CRYPTO_SIZES, &p->n_bits);
	case 'k':
		return option_list(
			name, optarg, 1, CRYPTO_KEYS_MAX, p->keys, CRYPTO_KEYS, &p->n_keys);
	case 'n':
		return option_count(name, optarg, 1, 1000000, &p->signatures);
	case 'd':
		p->driver = optarg;
		return true;
	case 'R':
		return option_count(name, optarg, 1, BENCH_RUNS_MAX, &p->runs);
	case 's':
		return option_number(name, optarg, 0, INT64_MAX, &p->seed);
	case 'v':
		p->vectors = optarg;
		return true;
	case 't':
		return option_number(name, optarg, 1, INT64_MAX / 2, &p->trials);
	case 'S':
		p->state = optarg;
		return true;
	case 'j':
		p->json = true;
		return true;
	default:
		return false;
	}
}

static bool is_consistent(const struct crypto_params *p)
{
	const char *wrong = NULL;

	if (p->vectors != NULL && (p->trials > 0 || p->json))
		wrong = "--vectors: want no --trials and no --json beside it";
	else if (p->trials > 0 && p->json)
		wrong = "--trials: want no --json beside it";
	else if (p->state != NULL && p->trials == 0)
		wrong = "--state: want --trials beside it";
	if (wrong != NULL)
		fprintf(stderr, "wirevet-bench: %s\n", wrong);
	return wrong == NULL;
}

// False: there is nothing more to do, end with *status.
static bool options_read(int argc, char *argv[], struct crypto_params *p, enum bench_status *status)
{
	static const struct option options[] = {
		{"algorithm", required_argument, NULL, 'a'},
		{"bits", required_argument, NULL, 'b'},
		{"keys", required_argument, NULL, 'k'},
		{"signatures", required_argument, NULL, 'n'},
		{"driver", required_argument, NULL, 'd'},
		{"runs", required_argument, NULL, 'R'},
		{"seed", required_argument, NULL, 's'},
		{"vectors", required_argument, NULL, 'v'},
		{"trials", required_argument, NULL, 't'},
		{"state", required_argument, NULL, 'S'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};

	if (!option_read(argc, argv, options, crypto_usage, take, p, status))
		return false;
	if (is_consistent(p))
		return true;
	option_usage(crypto_usage, stderr);
	return false;
}

enum bench_status crypto_main(int argc, char *argv[])
{
	struct crypto_params params = {
		.algorithms =
			{
				[WV_ALG_RSASHA256] = true,
				[WV_ALG_P256] = true,
				[WV_ALG_P384] = true,
				[WV_ALG_ED25519] = true,
				[WV_ALG_ED448] = true,
			},
		.bits = {1024, 2048, 4096},
		.n_bits = 3,
		.keys = {16, 64, 1024, 16384},
		.n_keys = 4,
		.signatures = 8192,
		.runs = 5,
		.seed = 1,
		.driver = "auto",
	};
	struct wv_err err = {.text = ""};
	enum bench_status status;

	if (!options_read(argc, argv, &params, &status))
		return status;
	status = crypto_run(&params, &err);
	if (status != BENCH_OK)
		fprintf(stderr, "wirevet-bench: %s\n", err.text);
	return status;
}
