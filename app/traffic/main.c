// wirevet-traffic: captures of the benchmark mixes, with their anchors and chain.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "promise.h"
#include "traffic.h"

enum {
	EXIT_TROUBLE = 1,
	EXIT_USAGE = 2
};

// The files that a capture is written to.
struct files {
	pcap_t *dead;
	pcap_dumper_t *both, *outside, *inside;
};

static const char usage[] =
	"usage: wirevet-traffic capture --mix M [--responses N] [--repeat R] [--zones N] [--seed "
	"S]\n"
	"                               [--time SECONDS] -o FILE.pcap\n"
	"       wirevet-traffic zones [--zones N] [--seed S] [--time SECONDS] -o FOLDER\n"
	"\n"
	"Writes FILE.pcap (both directions in order), FILE.outside.pcap and FILE.inside.pcap (the "
	"same\n"
	"split by port), FILE.chain.pcap (what proves the zones), FILE.anchors, FILE.json "
	"(counts).\n"
	"zones writes the zones of mix U as signed zone files, with a list of them and anchors.\n"
	"The same seed gives the same octets.\n"
	"\n"
	"  --mix        S: signed addresses, P-256; I: addresses of zones proven to be unsigned;\n"
	"               U: what a large resolver's servers send it; K: the same, and a hundredth\n"
	"               of it made to be dear to judge\n"
	"  --responses  preset 100000\n"
	"  --repeat     percent of the responses that were sent before in this run, preset 0\n"
	"  --zones      preset 3000; of mixes U and K 20 or more\n"
	"  --seed       preset 1\n"
	"  --time       of the first packet, preset 1787421600 (2026-08-22 18:00 UTC)\n";

static int write_frame(void *arg, const struct traffic_frame *frame)
{
	struct files *f = arg;
	struct pcap_pkthdr head = {
		.ts = {.tv_sec = (time_t)(frame->time_us / 1000000),
			.tv_usec = (suseconds_t)(frame->time_us % 1000000)},
		.caplen = (bpf_u_int32)frame->len,
		.len = (bpf_u_int32)frame->len,
	};
	pcap_dumper_t *side = frame->from_outside ? f->outside : f->inside;

	pcap_dump((u_char *)f->both, &head, frame->octets);
	if (side != NULL)
		pcap_dump((u_char *)side, &head, frame->octets);
	return 0;
}

// "FILE" + suffix, for -o FILE.pcap.
static char *path_make(const char *output, const char *suffix)
{
	size_t stem = strlen(output);
	char *path;

	if (stem > 5 && strcmp(output + stem - 5, ".pcap") == 0)
		stem -= 5;
	if (asprintf(&path, "%.*s%s", (int)stem, output, suffix) < 0)
		return NULL;
	return path;
}

static pcap_dumper_t *capture_open(
	struct files *f, const char *output, const char *suffix, struct wv_err *err)
{
	char *path = path_make(output, suffix);
	pcap_dumper_t *d = path != NULL ? pcap_dump_open(f->dead, path) : NULL;

	if (d == NULL)
		wv_fail(err, EIO, "%s", pcap_geterr(f->dead));
	free(path);
	return d;
}

static int capture_close(
	pcap_dumper_t *d, const char *output, const char *suffix, int rc, struct wv_err *err)
{
	FILE *file;

	if (d == NULL)
		return rc;
	file = pcap_dump_file(d);
	if ((pcap_dump_flush(d) != 0 || ferror(file)) && rc == 0)
		rc = wv_fail(err, EIO, "%s: writing %s: %s", output, suffix, strerror(errno));
	pcap_dump_close(d);
	return rc;
}

static int text_write(const char *output, const char *suffix, const char *text, struct wv_err *err)
{
	char *path = path_make(output, suffix);
	FILE *file = path != NULL ? fopen(path, "w") : NULL;
	int rc = 0;

	if (file == NULL || fputs(text, file) < 0)
		rc = wv_fail(err, EIO, "%s: %s", path, strerror(errno));
	if (file != NULL && fclose(file) != 0 && rc == 0)
		rc = wv_fail(err, EIO, "%s: %s", path, strerror(errno));
	free(path);
	return rc;
}

static int chain_write(struct traffic *t, struct files *f, const char *output, struct wv_err *err)
{
	struct files chain = {.dead = f->dead};
	int rc = 0;

	chain.both = capture_open(f, output, ".chain.pcap", err);
	if (chain.both == NULL)
		return -EIO;
	if (traffic_chain(t, write_frame, &chain) != 0)
		rc = wv_fail(err, ENOMEM, "no memory to sign the chain");
	return capture_close(chain.both, output, ".chain.pcap", rc, err);
}

static int traffic_write(struct traffic *t, struct files *f, const char *output, struct wv_err *err)
{
	int rc = 0;

	f->both = capture_open(f, output, ".pcap", err);
	f->outside = f->both != NULL ? capture_open(f, output, ".outside.pcap", err) : NULL;
	f->inside = f->outside != NULL ? capture_open(f, output, ".inside.pcap", err) : NULL;
	if (f->inside == NULL)
		rc = -EIO;
	else if (traffic_run(t, write_frame, f) != 0)
		rc = wv_fail(err, ENOMEM, "no memory for the responses");
	rc = capture_close(f->both, output, ".pcap", rc, err);
	rc = capture_close(f->outside, output, ".outside.pcap", rc, err);
	return capture_close(f->inside, output, ".inside.pcap", rc, err);
}

static int capture(const struct traffic_params *params, const char *output, struct wv_err *err)
{
	struct files files = {.dead = pcap_open_dead(DLT_EN10MB, 65535)};
	struct traffic *t = traffic_create(params, err);
	char text[256], *promise = NULL;
	int rc = -ENOMEM;

	if (files.dead == NULL || t == NULL)
		goto out;
	rc = chain_write(t, &files, output, err);
	if (rc == 0)
		rc = traffic_write(t, &files, output, err);
	if (rc != 0)
		goto out;
	traffic_anchors(t, text, sizeof(text));
	rc = text_write(output, ".anchors", text, err);
	if (rc != 0)
		goto out;
	promise = promise_print(t, params);
	rc = promise != NULL ? text_write(output, ".json", promise, err)
			     : wv_fail(err, ENOMEM, "no memory for the counts");
out:
	free(promise);
	traffic_destroy(t);
	if (files.dead != NULL)
		pcap_close(files.dead);
	return rc;
}

static bool number(const char *name, const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out >= low
		&& *out <= high)
		return true;
	fprintf(stderr, "wirevet-traffic: --%s: want %" PRIu64 " to %" PRIu64 ", not %s\n", name,
		low, high, text);
	return false;
}

// Takes what belongs to one option; false with words said.
static bool option(int c, const char *name, struct traffic_params *p, const char **output)
{
	uint64_t n = 0;
	bool ok = true;

	switch (c) {
	case 'm':
		p->mix = traffic_mix_find(optarg);
		ok = p->mix != TRAFFIC_MIXES;
		if (!ok)
			fprintf(stderr, "wirevet-traffic: --mix: want one of %s, not %s\n",
				traffic_mix_list(), optarg);
		break;
	case 'n':
		ok = number(name, optarg, 1, 100000000, &n);
		p->responses = (unsigned)n;
		break;
	case 'r':
		ok = number(name, optarg, 0, 99, &n);
		p->repeat = (unsigned)n;
		break;
	case 'z':
		ok = number(name, optarg, 1, 1000000, &n);
		p->zones = (unsigned)n;
		break;
	case 's':
		ok = number(name, optarg, 0, UINT64_MAX, &p->seed);
		break;
	case 't':
		ok = number(name, optarg, 0, UINT32_MAX, &n);
		p->time_s = (uint32_t)n;
		break;
	case 'o':
		*output = optarg;
		break;
	default:
		ok = false;
	}
	return ok;
}

static int zones(struct traffic_params *params, const char *output, struct wv_err *err)
{
	struct traffic *t;
	int rc = -ENOMEM;

	params->mix = TRAFFIC_UPSTREAM;
	params->responses = 1; // there are none
	t = traffic_create(params, err);
	if (t != NULL)
		rc = traffic_zones(t, output, err);
	traffic_destroy(t);
	return rc;
}

static int usage_fail(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

// The words that are no options.
static int run(int n, char *words[], struct traffic_params *params, const char *output)
{
	bool is_zones = n == 1 && strcmp(words[0], "zones") == 0;
	bool is_capture = n == 1 && strcmp(words[0], "capture") == 0;
	enum traffic_mix mix = is_zones ? TRAFFIC_UPSTREAM : params->mix;
	struct wv_err err = {.text = ""};

	if ((!is_zones && !is_capture) || mix == TRAFFIC_MIXES || output == NULL)
		return usage_fail();
	if (is_zones && params->mix != TRAFFIC_MIXES) {
		fprintf(stderr, "wirevet-traffic: zones: want no --mix, they are those of mix U\n");
		return usage_fail();
	}
	if (params->zones < traffic_mix_zones(mix)) {
		fprintf(stderr, "wirevet-traffic: --zones: want %u or more for mix %s, not %u\n",
			traffic_mix_zones(mix), traffic_mix_name(mix), params->zones);
		return usage_fail();
	}
	if ((is_zones ? zones(params, output, &err) : capture(params, output, &err)) == 0)
		return 0;
	fprintf(stderr, "wirevet-traffic: %s\n", err.text);
	return EXIT_TROUBLE;
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{"mix", required_argument, NULL, 'm'},
		{"responses", required_argument, NULL, 'n'},
		{"repeat", required_argument, NULL, 'r'},
		{"zones", required_argument, NULL, 'z'},
		{"seed", required_argument, NULL, 's'},
		{"time", required_argument, NULL, 't'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct traffic_params params = {.mix = TRAFFIC_MIXES,
		.zones = 3000,
		.responses = 100000,
		.seed = 1,
		.time_s = 1787421600};
	const char *output = NULL;
	int c, which = 0;

	while ((c = getopt_long(argc, argv, "o:h", options, &which)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!option(c, options[which].name, &params, &output)) {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	return run(argc - optind, argv + optind, &params, output);
}
