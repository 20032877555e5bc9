#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "rig.h"

#define MIB (1u << 20)

static size_t hugepages_free(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	size_t pages = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%zu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * 2 * MIB;
}

static int cpus_find(struct eal *eal, struct wv_err *err)
{
	cpu_set_t cpus;
	bool found = false;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return wv_fail(err, errno, "CPUs that may be used: cannot be asked for");
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		if (!found)
			eal->first = cpu;
		eal->last = cpu;
		found = true;
	}
	return 0;
}

// EAL's words; it puts `argv` in another order.
struct words {
	char text[12][56];
	char *argv[13];
	int argc;
};

static void __attribute__((format(printf, 2, 3)))
words_add(struct words *w, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(w->text[w->argc], sizeof(w->text[0]), format, values);
	va_end(values);
	w->argv[w->argc] = w->text[w->argc];
	w->argc++;
}

static void words_make(struct words *w, const struct eal *eal, size_t mib)
{
	words_add(w, "wirevet-bench");
	words_add(w, "--lcores=%u,%u", eal->first, eal->last);
	words_add(w, "--main-lcore=%u", eal->last);
	words_add(w, "-m%zu", mib);
	words_add(w, "--file-prefix=wirevet-bench-%d", (int)getpid());
	words_add(w, "--no-pci");
	words_add(w, "--no-telemetry");
	words_add(w, "--log-level=*:warning");
	// Neither leaves a file behind, nor needs a folder for one.
	words_add(w, eal->hugepages ? "--in-memory" : "--no-huge");
	words_add(w, "--no-shconf");
}

int eal_start(struct eal *eal, size_t octets, struct wv_err *err)
{
	struct words words = {.argc = 0};
	size_t mib = octets / MIB + 1, len;
	char *said = NULL;
	FILE *log;
	int rc = cpus_find(eal, err);

	if (rc < 0)
		return rc;
	eal->hugepages = hugepages_free() >= (mib + 1) * MIB;
	words_make(&words, eal, mib);
	log = open_memstream(&said, &len);
	if (log == NULL)
		return wv_fail(err, ENOMEM, "EAL: no memory for its log");
	rte_openlog_stream(log);
	rc = rte_eal_init(words.argc, words.argv);
	rte_openlog_stream(stderr);
	fclose(log);
	if (rc < 0) {
		fputs(said, stderr);
		rc = wv_fail(err, EIO, "EAL cannot start with %zu MiB of %s: %s", mib,
			eal->hugepages ? "hugepages" : "ordinary pages", rte_strerror(rte_errno));
	}
	free(said);
	return rc < 0 ? rc : 0;
}
