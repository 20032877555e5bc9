#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static bool in_range(const char *text, char **end, uint64_t low, uint64_t high, uint64_t *out)
{
	errno = 0;
	*out = strtoull(text, end, 10);
	return errno == 0 && *end != text && text[0] >= '0' && text[0] <= '9' && *out >= low
		&& *out <= high;
}

bool option_number(const char *name, const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	char *end;

	if (in_range(text, &end, low, high, out) && *end == '\0')
		return true;
	fprintf(stderr, "wirevet-bench: --%s: want %" PRIu64 " to %" PRIu64 ", not %s\n", name, low,
		high, text);
	return false;
}

bool option_count(const char *name, const char *text, unsigned low, unsigned high, unsigned *out)
{
	uint64_t n;

	if (!option_number(name, text, low, high, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

bool option_on_off(const char *name, const char *text, bool *out)
{
	*out = strcmp(text, "on") == 0;
	if (*out || strcmp(text, "off") == 0)
		return true;
	fprintf(stderr, "wirevet-bench: --%s: want on or off, not %s\n", name, text);
	return false;
}

bool option_list(const char *name, const char *text, unsigned low, unsigned high, unsigned list[],
	unsigned room, unsigned *n)
{
	const char *at = text;
	uint64_t value;
	char *end;

	for (*n = 0; *n < room && in_range(at, &end, low, high, &value); at = end + 1) {
		list[(*n)++] = (unsigned)value;
		if (*end == '\0')
			return true;
		if (*end != ',')
			break;
	}
	fprintf(stderr,
		"wirevet-bench: --%s: want at most %u numbers of %u to %u with commas, not %s\n",
		name, room, low, high, text);
	return false;
}

static bool none_left(int argc, char *argv[], const char *usage)
{
	if (optind == argc)
		return true;
	fprintf(stderr, "wirevet-bench: want %s with options alone, not %s\n", argv[0],
		argv[optind]);
	option_usage(usage, stderr);
	return false;
}

bool option_read(int argc, char *argv[], const struct option known[], const char *usage,
	option_take_fn take, void *params, enum bench_status *status)
{
	int c, which = 0;

	*status = BENCH_USAGE;
	while ((c = getopt_long(argc, argv, "h", known, &which)) != -1) {
		if (c == 'h') {
			option_usage(usage, stdout);
			*status = BENCH_OK;
			return false;
		}
		if (!take(c, known[which].name, params)) {
			option_usage(usage, stderr);
			return false;
		}
	}
	return none_left(argc, argv, usage);
}

void option_usage(const char *usage, FILE *out)
{
	fprintf(out, "usage: %s\nExit: 0; 1 trouble, or results that are wrong; 2 usage.\n", usage);
}
