#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum exit_code {
	EXIT_FINE = 0,
	EXIT_BOGUS = 1,
	EXIT_INDETERMINATE = 2,
	EXIT_TROUBLE = 3,
};

static const char usage[] =
	"usage: wirevet-verdict --anchors FILE [--config FILE] [--time packet|SECONDS|-1]\n"
	"                       [--leg upstream|client] [--chain FILE]... [--order any|strict] "
	"CAPTURE\n"
	"\n"
	"Judges each DNS response of a capture (pcap or pcapng) by DNSSEC: one JSON line each, in "
	"order of\n"
	"its frames.\n"
	"\n"
	"  --anchors FILE  trust anchors: DS and DNSKEY records in zone-file form\n"
	"  --config FILE   a configuration of wirevet; of it count validation, budgets, drivers, "
	"trust.insecure\n"
	"  --time TIME     when signatures are judged: packet, as captured (preset); a fixed "
	"second since\n"
	"                  1970; or -1, times are not checked\n"
	"  --leg LEG       upstream: between resolver and servers (preset); client: before a "
	"resolver\n"
	"  --chain FILE    a capture that teaches the chain of trust, beside what CAPTURE teaches\n"
	"  --order ORDER   any: learn from the whole capture first (preset); strict: judge each "
	"response\n"
	"                  by what came before it\n"
	"\n"
	"Exit: 0 all secure or insecure, 1 something bogus, 2 something indeterminate and nothing "
	"bogus,\n"
	"3 trouble or usage.\n";

static bool usage_fail(const char *option, const char *want, const char *found)
{
	fprintf(stderr, "wirevet-verdict: %s: want %s, not \"%s\"\n%s", option, want, found, usage);
	return false;
}

static bool time_parse(struct judge_options *o, const char *text)
{
	unsigned long long seconds;
	char *end;

	o->packet_time = strcmp(text, "packet") == 0;
	o->now = (struct wv_time){.checked = false};
	if (o->packet_time || strcmp(text, "-1") == 0)
		return true;
	errno = 0;
	seconds = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || seconds > UINT32_MAX)
		return usage_fail("--time", "packet, -1 or 0 to 4294967295 seconds", text);
	o->now = (struct wv_time){.now_s = (uint32_t)seconds, .checked = true};
	return true;
}

static bool leg_parse(struct judge_options *o, const char *text)
{
	o->leg = strcmp(text, "client") == 0 ? WV_LEG_CLIENT : WV_LEG_UPSTREAM;
	return o->leg == WV_LEG_CLIENT || strcmp(text, "upstream") == 0
		|| usage_fail("--leg", "upstream or client", text);
}

static bool order_parse(struct judge_options *o, const char *text)
{
	o->strict = strcmp(text, "strict") == 0;
	return o->strict || strcmp(text, "any") == 0
		|| usage_fail("--order", "any or strict", text);
}

static bool option_take(struct judge_options *o, int option)
{
	switch (option) {
	case 'a':
		o->anchors = optarg;
		return true;
	case 'c':
		o->config = optarg;
		return true;
	case 't':
		return time_parse(o, optarg);
	case 'l':
		return leg_parse(o, optarg);
	case 'f':
		o->chain[o->n_chain++] = optarg;
		return true;
	case 'o':
		return order_parse(o, optarg);
	default: // getopt_long() has said what is wrong
		fprintf(stderr, "%s", usage);
		return false;
	}
}

// False: usage, said already.
static bool arguments_parse(struct judge_options *o, int argc, char *argv[])
{
	static const struct option known[] = {
		{"anchors", required_argument, NULL, 'a'},
		{"config", required_argument, NULL, 'c'},
		{"time", required_argument, NULL, 't'},
		{"leg", required_argument, NULL, 'l'},
		{"chain", required_argument, NULL, 'f'},
		{"order", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'h') {
			printf("%s", usage);
			exit(fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE);
		}
		if (!option_take(o, option))
			return false;
	}
	if (optind + 1 != argc)
		return usage_fail("CAPTURE", "one file", optind < argc ? argv[optind + 1] : "none");
	if (o->anchors == NULL && o->config == NULL)
		return usage_fail("--anchors", "a file", "none");
	o->capture = argv[optind];
	return true;
}

static enum exit_code trouble(const struct wv_err *err)
{
	fprintf(stderr, "wirevet-verdict: %s\n", err->text);
	return EXIT_TROUBLE;
}

// What the capture holds and no verdict tells of.
static void not_judged_say(const struct judge_options *o, const struct wv_app_replay_counts *counts)
{
	if (counts->tcp == 0 && counts->fragments == 0)
		return;
	fprintf(stderr,
		"wirevet-verdict: %s: not judged: %llu TCP segments from or to a DNS port, %llu IP "
		"fragments\n",
		o->capture, (unsigned long long)counts->tcp, (unsigned long long)counts->fragments);
}

static enum exit_code run(const struct judge_options *o)
{
	struct judge_result result;
	struct wv_err err = {""};
	int judged = judge_capture(o, stdout, &result, &err);

	if (fflush(stdout) != 0 && judged == 0)
		judged = wv_fail(&err, errno, "standard output: %s", strerror(errno));
	not_judged_say(o, &result.counts);
	if (judged != 0)
		return trouble(&err);
	return result.bogus ? EXIT_BOGUS : result.indeterminate ? EXIT_INDETERMINATE : EXIT_FINE;
}

int main(int argc, char *argv[])
{
	struct judge_options options = {.packet_time = true, .leg = WV_LEG_UPSTREAM};
	enum exit_code code = EXIT_TROUBLE;

	signal(SIGPIPE, SIG_IGN); // a closed pipe is an error like another
	options.chain = calloc((size_t)argc + 1, sizeof(*options.chain));
	if (options.chain == NULL)
		fprintf(stderr, "wirevet-verdict: no memory\n");
	else if (arguments_parse(&options, argc, argv))
		code = run(&options);
	free(options.chain);
	return code;
}
