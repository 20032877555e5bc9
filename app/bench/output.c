#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int double_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double values[], unsigned n)
{
	qsort(values, n, sizeof(values[0]), double_compare);
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_tsc_hz(void)
{
	static uint64_t hz;
	uint64_t begin, tsc, ns;

	if (hz != 0)
		return hz;
	begin = clock_ns();
	tsc = __builtin_ia32_rdtsc();
	do {
		ns = clock_ns() - begin;
	} while (ns < 100000000);
	tsc = __builtin_ia32_rdtsc() - tsc;
	hz = (uint64_t)((double)tsc * 1e9 / (double)ns);
	return hz;
}

// The words of /proc/cpuinfo for the first CPU; "unknown" where there are none.
static void cpu_name(char *out, size_t room)
{
	static const char key[] = "model name";
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(out, room, "unknown");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, key, sizeof(key) - 1) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(out, room, "%s", colon + 1 + strspn(colon + 1, " "));
		break;
	}
	if (file != NULL)
		fclose(file);
}

// Digits after the point are of no meaning there.
json_t *json_rounded(double value)
{
	return json_integer((json_int_t)(value + 0.5));
}

json_t *json_share(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	return json_real(strtod(text, NULL));
}

void place_add(json_t *o, unsigned runs, double spread, uint64_t tsc_hz)
{
	char cpu[200];

	cpu_name(cpu, sizeof(cpu));
	json_object_set_new(o, "runs", json_integer(runs));
	json_object_set_new(o, "spread", json_share(spread));
	json_object_set_new(o, "tsc_hz", json_integer((json_int_t)tsc_hz));
	json_object_set_new(o, "cpu", json_string(cpu));
	json_object_set_new(o, "compiler", json_string(COMPILER));
}

int output_end(FILE *out, bool well, struct wv_err *err)
{
	if (well && fflush(out) == 0 && !ferror(out))
		return 0;
	return wv_fail(err, EIO, "the results cannot be written: %s", strerror(errno));
}

int output_json(json_t *list, FILE *out, struct wv_err *err)
{
	bool well = json_dumpf(list, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0
		&& fputc('\n', out) != EOF;

	json_decref(list);
	return output_end(out, well, err);
}
