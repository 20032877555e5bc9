#include <errno.h>

#include "test.h"
#include "wirevet.h"

#define PAIR "{\"outside\": \"net_a0\", \"inside\": \"net_b0\"}"

// Settings beside version and pairs; the machine; the words that come of them.
static const struct {
	const char *what;
	const char *pairs;
	const char *settings;
	uint64_t free_huge_mib;
	const char *words; // of the command line
	const char *want;
} cases[] = {
	{"solo, virtual ports, no hugepages", PAIR, "", 0, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci --no-huge "
		"-m512 --file-prefix=wirevet --log-level=*:warning"},
	{"words of a virtual port stay together",
		"{\"outside\": \"net_pcap0,rx_pcap=a,tx_pcap=b\", \"inside\": \"net_b0\"}", "", 0,
		NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_pcap0,rx_pcap=a,tx_pcap=b "
		"--vdev=net_b0 --no-pci --no-huge -m512 --file-prefix=wirevet "
		"--log-level=*:warning"},
	{"one PCI port, the other virtual",
		"{\"outside\": \"0000:3b:00.0\", \"inside\": \"net_b0\"}", "", 0, NULL,
		"wirevet --lcores=0 --main-lcore=0 --allow=0000:3b:00.0 --vdev=net_b0 --no-huge "
		"-m512 --file-prefix=wirevet --log-level=*:warning"},
	{"two pairs", PAIR ", {\"name\": \"two\", \"outside\": \"net_c0\", \"inside\": \"net_d0\"}",
		"", 0, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --vdev=net_c0 "
		"--vdev=net_d0 --no-pci --no-huge -m512 --file-prefix=wirevet "
		"--log-level=*:warning"},
	{"cores: in order, each once, control is the main one", PAIR,
		", \"cores\": {\"control\": 2, \"io\": [7, 1], \"workers\": [3, 1]}", 0, NULL,
		"wirevet --lcores=1,2,3,7 --main-lcore=2 --vdev=net_a0 --vdev=net_b0 --no-pci "
		"--no-huge -m512 --file-prefix=wirevet --log-level=*:warning"},
	{"enough free hugepages", PAIR, "", 512, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci "
		"--huge-unlink -m512 --file-prefix=wirevet --log-level=*:warning"},
	{"not enough free hugepages", PAIR, "", 511, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci --no-huge "
		"-m512 --file-prefix=wirevet --log-level=*:warning"},
	{"hugepages not asked for", PAIR,
		", \"eal\": {\"memory\": \"no-huge\", \"memory_mib\": 64, \"file_prefix\": \"x\"}",
		9999, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci --no-huge "
		"-m64 --file-prefix=x --log-level=*:warning"},
	{"no telemetry", PAIR, ", \"stats\": {\"telemetry\": false}", 0, NULL,
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci --no-huge "
		"-m512 --file-prefix=wirevet --log-level=*:warning --no-telemetry"},
	{"more words: those of the file, then those of the command line", PAIR,
		", \"eal\": {\"extra\": [\"--log-level\", \"debug\"]}", 0, "--trace=x",
		"wirevet --lcores=0 --main-lcore=0 --vdev=net_a0 --vdev=net_b0 --no-pci --no-huge "
		"-m512 --file-prefix=wirevet --log-level=*:warning --log-level debug --trace=x"},
};

static void read_config(struct wv_config *config, const char *pairs, const char *settings)
{
	char text[1024];
	struct wv_err err;
	int n = snprintf(
		text, sizeof(text), "{\"version\": 1, \"pairs\": [%s]%s}", pairs, settings);

	if (wv_config_read_text(config, "f", text, (size_t)n, true, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static struct eal_machine machine_of(uint64_t free_huge_mib)
{
	struct eal_machine machine = {.free_huge_mib = free_huge_mib};

	CPU_ZERO(&machine.cpus);
	for (unsigned cpu = 0; cpu < 8; cpu++)
		CPU_SET(cpu, &machine.cpus);
	return machine;
}

// Says what was wanted where it is not that.
static bool is_text(const char *have, const char *want)
{
	if (strcmp(have, want) == 0)
		return true;
	fputs("\n  want ", stderr);
	fputs(want, stderr);
	fputs("\n  have ", stderr);
	fputs(have, stderr);
	fputs("\n", stderr);
	return false;
}

static void test_cases(void)
{
	for (unsigned i = 0; i < WV_COUNT(cases); i++) {
		char word[64] = "", *words[] = {word}, have[1024] = "";
		struct eal_machine machine = machine_of(cases[i].free_huge_mib);
		struct wv_config config;
		struct eal_args args;
		struct wv_err err = {""};
		size_t n = 0;
		int rc;

		if (cases[i].words != NULL)
			snprintf(word, sizeof(word), "%s", cases[i].words);
		read_config(&config, cases[i].pairs, cases[i].settings);
		rc = eal_args_make(&args, &config, &machine, words, cases[i].words != NULL, &err);
		CHECK_ROW(&cases[i], rc == 0);
		for (int k = 0; rc == 0 && k < args.argc; k++)
			n += (size_t)snprintf(
				have + n, sizeof(have) - n, "%s%s", k > 0 ? " " : "", args.argv[k]);
		CHECK_ROW(&cases[i], rc < 0 || args.argv[args.argc] == NULL);
		CHECK_ROW(&cases[i], is_text(have, cases[i].want));
		eal_args_free(&args);
		wv_config_fini(&config);
	}
}

static const struct {
	const char *what;
	const char *settings;
	const char *message;
} bad[] = {
	{"control's core is not there", ", \"cores\": {\"control\": 8}",
		"/cores/control: want a core that wirevet may use, not 8"},
	{"an I/O core is not there", ", \"cores\": {\"io\": [1, 9], \"workers\": [2]}",
		"/cores/io/1: want a core that wirevet may use, not 9"},
	{"hugepages asked for, none free", ", \"eal\": {\"memory\": \"huge\"}",
		"/eal/memory: want 512 MiB (/eal/memory_mib) of free hugepages, found 0"},
	{"a worker's core is not there", ", \"cores\": {\"io\": [1], \"workers\": [1023]}",
		"/cores/workers/0: want a core that wirevet may use, not 1023"},
};

static void test_bad(void)
{
	for (unsigned i = 0; i < WV_COUNT(bad); i++) {
		struct eal_machine machine = machine_of(0);
		struct wv_config config;
		struct eal_args args;
		struct wv_err err = {""};

		read_config(&config, PAIR, bad[i].settings);
		CHECK_ROW(&bad[i], eal_args_make(&args, &config, &machine, NULL, 0, &err) < 0);
		CHECK_ROW(&bad[i], is_text(err.text, bad[i].message));
		wv_config_fini(&config);
	}
}

static void test_too_many(void)
{
	static char word[] = "-v";
	char *words[EAL_ARGS_MAX];
	struct eal_machine machine = machine_of(0);
	struct wv_config config;
	struct eal_args args;
	struct wv_err err = {""};

	for (unsigned i = 0; i < EAL_ARGS_MAX; i++)
		words[i] = word;
	read_config(&config, PAIR, "");
	CHECK(eal_args_make(&args, &config, &machine, words, EAL_ARGS_MAX, &err) == -E2BIG);
	CHECK(strcmp(err.text, "EAL: want at most 256 words") == 0);
	wv_config_fini(&config);
}

static const struct test tests[] = {
	{"EAL's arguments follow from the configuration and the machine", test_cases},
	{"what is not there is named with its setting", test_bad},
	{"too many words are an error", test_too_many},
};

int main(void)
{
	return test_main("eal", tests, WV_COUNT(tests));
}
