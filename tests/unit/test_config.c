#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "wv_config.h"

#include "test.h"

#define PAIR  "{\"outside\": \"net_a0\", \"inside\": \"net_b0\"}"
#define START "{\"version\": 1, \"pairs\": [" PAIR "]"
#define AT    "f.json:2:"

// Settings that follow a good start, on the second line; what is said of them.
static const struct {
	const char *what;
	const char *text;
	const char *message;
} bad_settings[] = {
	{"below its range", "\"workers\": {\"batch_wait_us\": 0}",
		AT "30: /workers/batch_wait_us: want 1 to 10000 us, not 0"},
	{"above its range", "\"workers\": {\"batch_wait_us\": 25000}",
		AT "30: /workers/batch_wait_us: want 1 to 10000 us, not 25000"},
	{"a string for a number", "\"workers\": {\"batch_wait_us\": \"50\"}",
		AT "30: /workers/batch_wait_us: want a number (us), not a string"},
	{"a fraction", "\"workers\": {\"batch_wait_us\": 1.5}",
		AT "30: /workers/batch_wait_us: want a whole number (us), not 1.5"},
	{"an object for a number", "\"io\": {\"burst\": {}}",
		AT "17: /io/burst: want a number (packets), not an object"},
	{"null", "\"trust\": {\"zones\": null}",
		AT "20: /trust/zones: want a number (zones), not null"},
	{"a number for a section", "\"workers\": 3",
		AT "12: /workers: want an object, not a number"},
	{"a list for a section", "\"validation\": {\"skew\": []}",
		AT "24: /validation/skew: want an object, not a list"},
	{"an unknown section", "\"worker\": {}",
		AT "1: /worker: no such setting, nearest is workers"},
	{"an unknown key", "\"workers\": {\"batch_wait\": 1}",
		AT "13: /workers/batch_wait: no such setting, nearest is batch_wait_us"},
	{"an unknown nested key", "\"validation\": {\"skew\": {\"min\": 1}}",
		AT "25: /validation/skew/min: no such setting, nearest is min_s"},
	{"the key of another section", "\"io\": {\"batch_wait_us\": 50}",
		AT "8: /io/batch_wait_us: no such setting, nearest is burst"},
	{"a section as one key", "\"validation/skew\": {\"min_s\": 1}",
		AT "1: /validation~1skew: no such setting, nearest is validation"},
	{"a key that must be escaped", "\"a/b~c\\td\": 1",
		AT "1: /a~1b~0c?d: no such setting, nearest is clock"},
	{"a setting that comes with a later feature", "\"policy\": {\"rules\": []}",
		AT "12: /policy/rules: no such setting, nearest is bogus"},
	{"a choice that is none", "\"mode\": \"enforced\"",
		AT "9: /mode: want \"monitor\" or \"enforce\", not \"enforced\""},
	{"a choice of another type", "\"mode\": true",
		AT "9: /mode: want \"monitor\" or \"enforce\", not true"},
	{"a choice of three", "\"eal\": {\"memory\": \"hugepages\"}",
		AT "19: /eal/memory: want \"auto\", \"huge\" or \"no-huge\", not \"hugepages\""},
	{"an action that cannot be", "\"policy\": {\"signed_message\": \"servfail\"}",
		AT "30: /policy/signed_message: want \"pass\" or \"drop\", not \"servfail\""},
	{"a flag that is a number", "\"stats\": {\"telemetry\": 1}",
		AT "24: /stats/telemetry: want true or false, not a number"},
	{"a clock that is none", "\"clock\": \"wall\"",
		AT "10: /clock: want \"system\", \"packet\", a second since 1970 (0 to 4294967295) "
		   "or -1, not \"wall\""},
	{"a clock before all time", "\"clock\": -2",
		AT "10: /clock: want \"system\", \"packet\", a second since 1970 (0 to 4294967295) "
		   "or -1, not -2"},
	{"a clock after all time", "\"clock\": 4294967296",
		AT "10: /clock: want \"system\", \"packet\", a second since 1970 (0 to 4294967295) "
		   "or -1, not 4294967296"},
	{"text for a list", "\"trust\": {\"preload\": \"a.pcap\"}",
		AT "22: /trust/preload: want a list, not a string"},
	{"a number in a list of text", "\"trust\": {\"preload\": [\"a.pcap\", 5]}",
		AT "33: /trust/preload/1: want a string, not a number"},
	{"an empty path", "\"validation\": {\"anchors\": [\"\"]}",
		AT "28: /validation/anchors/0: want the path of a file, not \"\""},
	{"no domain name", "\"trust\": {\"insecure\": [\"corp.\", \"a..b\"]}",
		AT "33: /trust/insecure/1: want a domain name, not \"a..b\""},
	{"a file prefix with a slash", "\"eal\": {\"file_prefix\": \"a/b\"}",
		AT
		"24: /eal/file_prefix: want 1 to 32 letters, digits, \"-\" or \"_\", not \"a/b\""},
	{"a driver without a name", "\"drivers\": {\"crypto\": \"\"}",
		AT "23: /drivers/crypto: want \"auto\" or the name of a driver, not \"\""},
	{"a ring that is no power of two", "\"rings\": {\"size\": 1000}",
		AT "19: /rings/size: want a power of two, not 1000"},
	{"a ring too small", "\"rings\": {\"events_size\": 32}",
		AT "26: /rings/events_size: want 64 to 1048576 entries, not 32"},
	{"a core twice", "\"cores\": {\"io\": [1, 2, 1], \"workers\": [3]}",
		AT "24: /cores/io/2: stands in the list twice, want it once"},
	{"a core that is none", "\"cores\": {\"io\": [1024], \"workers\": [3]}",
		AT "18: /cores/io/0: want 0 to 1023, not 1024"},
	{"the core of control", "\"cores\": {\"control\": 2, \"io\": [1], \"workers\": [3, 2]}",
		AT "51: /cores/workers/1: want a core of its own, not that of /cores/control (2)"},
	{"I/O cores without workers", "\"cores\": {\"io\": [1]}",
		AT "17: /cores/io: want /cores/workers beside it, or neither (solo mode)"},
	{"workers without I/O cores", "\"cores\": {\"workers\": [1]}",
		AT "22: /cores/workers: want /cores/io beside it, or neither (solo mode)"},
	{"skew upside down", "\"validation\": {\"skew\": {\"max_s\": 60}}",
		AT
		"34: /validation/skew/max_s: want at least /validation/skew/min_s (3600), not 60"},
	{"skew upside down, the other one set", "\"validation\": {\"skew\": {\"min_s\": 90000}}",
		AT "24: /validation/skew/max_s: want at least /validation/skew/min_s (90000), not "
		   "86400"},
	{"limits upside down", "\"budgets\": {\"nsec3_iterations_insecure\": 151}",
		AT "12: /budgets/nsec3_iterations_bogus: want at least "
		   "/budgets/nsec3_iterations_insecure (151), not 150"},
};

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

static void check_message(
	const char *text, size_t len, const char *what, const char *message, bool pairs_wanted)
{
	struct row {
		const char *what;
	} row = {what};
	char *exact = (char *)test_exact(text, len);
	struct wv_config config;
	struct wv_err err = {""};
	int rc = wv_config_read_text(&config, "f.json", exact, len, pairs_wanted, &err);

	free(exact);
	if (rc == 0)
		wv_config_fini(&config);
	CHECK_ROW(&row, rc < 0);
	CHECK_ROW(&row, is_text(err.text, message));
}

static void test_bad_settings(void)
{
	char text[1024];

	for (unsigned i = 0; i < WV_COUNT(bad_settings); i++) {
		int n = snprintf(text, sizeof(text), "%s,\n%s}", START, bad_settings[i].text);

		check_message(text, (size_t)n, bad_settings[i].what, bad_settings[i].message, true);
	}
}

// Pairs, on the second line.
static const struct {
	const char *what;
	const char *text;
	const char *message;
} bad_pairs[] = {
	{"no pairs", "[]", AT "1: /pairs: want 1 to 16 pairs, not 0"},
	{"an object", "{}", AT "1: /pairs: want a list, not an object"},
	{"a pair that is none", "[7]", AT "2: /pairs/0: want an object, not a number"},
	{"one port alone", "[{\"outside\": \"net_a0\"}]",
		AT "2: /pairs/0/inside: missing, want it set"},
	{"an unknown key of a pair", "[{\"outsid\": \"net_a0\"}]",
		AT "3: /pairs/0/outsid: no such setting, nearest is outside"},
	{"a port that is none", "[{\"outside\": \"eth0\", \"inside\": \"net_b0\"}]",
		AT "14: /pairs/0/outside: want a PCI address (dddd:bb:dd.f) or EAL --vdev words "
		   "(net_…), not \"eth0\""},
	{"a PCI address without its domain", "[{\"outside\": \"3b:00.0\", \"inside\": \"net_b0\"}]",
		AT "14: /pairs/0/outside: want a PCI address (dddd:bb:dd.f) or EAL --vdev words "
		   "(net_…), not \"3b:00.0\""},
	{"a PCI function of 8", "[{\"outside\": \"0000:3b:00.8\", \"inside\": \"net_b0\"}]",
		AT "14: /pairs/0/outside: want a PCI address (dddd:bb:dd.f) or EAL --vdev words "
		   "(net_…), not \"0000:3b:00.8\""},
	{"a port twice in a pair", "[{\"outside\": \"net_a0,x=1\", \"inside\": \"net_a0,x=2\"}]",
		AT "38: /pairs/0/inside: want a port of its own, not net_a0 again"},
	{"a PCI address twice", "[{\"outside\": \"0000:3b:00.0\", \"inside\": \"0000:3B:00.0\"}]",
		AT "40: /pairs/0/inside: want a port of its own, not 0000:3B:00.0 again"},
	{"a port in two pairs",
		"[" PAIR ", {\"name\": \"two\", \"outside\": \"net_c0\", \"inside\": \"net_b0\"}]",
		AT "92: /pairs/1/inside: want a port of its own, not net_b0 again"},
	{"two pairs of one name",
		"[" PAIR ", {\"name\": \"main\", \"outside\": \"net_c0\", \"inside\": \"net_d0\"}]",
		AT "54: /pairs/1/name: want a name of its own, not \"main\" again"},
	{"a name with a slash",
		"[{\"name\": \"a/b\", \"outside\": \"net_a0\", \"inside\": \"net_b0\"}]",
		AT "11: /pairs/0/name: want 1 to 32 letters, digits, \"-\", \"_\" or \".\", not "
		   "\"a/b\""},
	{"no DNS port", "[{\"dns_ports\": []}]",
		AT "16: /pairs/0/dns_ports: want 1 to 16 items, not 0"},
	{"port 0", "[{\"dns_ports\": [53, 0]}]",
		AT "21: /pairs/0/dns_ports/1: want 1 to 65535, not 0"},
	{"a DNS port twice", "[{\"dns_ports\": [53, 53]}]",
		AT "21: /pairs/0/dns_ports/1: stands in the list twice, want it once"},
	{"a short mtu", "[{\"mtu\": 68}]", AT "10: /pairs/0/mtu: want 576 to 9216 octets, not 68"},
	{"an unknown leg", "[{\"leg\": \"left\"}]",
		AT "10: /pairs/0/leg: want \"upstream\" or \"client\", not \"left\""},
};

static void test_bad_pairs(void)
{
	char text[1024];

	for (unsigned i = 0; i < WV_COUNT(bad_pairs); i++) {
		int n = snprintf(
			text, sizeof(text), "{\"version\": 1, \"pairs\":\n%s}", bad_pairs[i].text);

		check_message(text, (size_t)n, bad_pairs[i].what, bad_pairs[i].message, true);
	}
}

static const struct {
	const char *what;
	const char *text;
	const char *message;
} bad_files[] = {
	{"no version", "{\"pairs\": [" PAIR "]}", "f.json:1:1: /version: missing, want 1"},
	{"an empty object", " {}", "f.json:1:2: /version: missing, want 1"},
	{"another version", "{\n\t\"rules\": [],\n\t\"version\": 2}",
		"f.json:3:13: /version: want 1, not 2"},
	{"a version in text", "{\"version\": \"1\"}", "f.json:1:13: /version: want 1, not \"1\""},
	{"no pairs", "{\"version\": 1}", "f.json:1:1: /pairs: missing, want 1 to 16 pairs"},
	{"a list", "[]", "f.json:1:1: want an object, not a list"},
	{"nothing", "", "f.json:1:1: want JSON: '[' or '{' expected near end of file"},
	{"white space alone", " \n ",
		"f.json:2:2: want JSON: '[' or '{' expected near end of file"},
	{"text that is no JSON", "mode = enforce",
		"f.json:1:1: want JSON: '[' or '{' expected near 'mode'"},
	{"a comma too many", "{\n  \"version\": 1,\n}",
		"f.json:3:1: want JSON: string or '}' expected near '}'"},
	{"a comma too few", "{\n  \"version\": 1\n  \"mode\": \"enforce\"}",
		"f.json:3:3: want JSON: '}' expected near '\"mode\"'"},
	{"an end too early", "{\"version\": 1",
		"f.json:1:14: want JSON: '}' expected near end of file"},
	{"something after the end", "{\"version\": 1} x",
		"f.json:1:16: want JSON: end of file expected near 'x'"},
	{"a key twice", "{\"version\": 1,\n \"mode\": \"enforce\",\n  \"mode\": \"monitor\"}",
		"f.json:3:3: /mode: stands in its object twice, want it once"},
	{"a nested key twice",
		"{\"version\": 1, \"pairs\": [{\"name\": \"ö\"}],\n\"io\":{\"burst\": 1, "
		"\"burst\": 1}}",
		"f.json:2:19: /io/burst: stands in its object twice, want it once"},
	{"a key twice, once escaped", "{\"io\": {},\n\"i\\u006f\": {}}",
		"f.json:2:1: /io: stands in its object twice, want it once"},
	{"no UTF-8", "{\"version\": 1, \"m\xff\": 1}", "f.json:1:18: want UTF-8, not octet 0xff"},
	{"columns are characters, not octets", "{\"version\": 1, \"müde\": 1}",
		"f.json:1:16: /müde: no such setting, nearest is mode"},
	{"a place after other characters", "{\"eal\": {\"extra\": [\"ü€\", 1]}, \"version\": 1}",
		"f.json:1:26: /eal/extra/1: want a string, not a number"},
};

static void test_bad_files(void)
{
	for (unsigned i = 0; i < WV_COUNT(bad_files); i++)
		check_message(bad_files[i].text, strlen(bad_files[i].text), bad_files[i].what,
			bad_files[i].message, true);
}

// Any message fits, whatever is in the file, and shows no control characters.
static void test_long_text(void)
{
	char text[4096], many[3001];
	struct wv_config config;
	struct wv_err err;
	int n;

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	n = snprintf(text, sizeof(text), "{\"version\": 1, \"mode\": \"\\u001b[31m%s\"}", many);
	CHECK(wv_config_read_text(&config, "f", text, (size_t)n, true, &err) == -EINVAL);
	CHECK(strstr(err.text, "not \"?[31mxxx") != NULL && strstr(err.text, "…\"") != NULL);
	CHECK(strlen(err.text) < 200);

	n = snprintf(text, sizeof(text), "{\"version\": 1, \"%s\": 1}", many);
	CHECK(wv_config_read_text(&config, "f", text, (size_t)n, true, &err) == -ENOENT);
	CHECK(strncmp(err.text, "f:1:16: /xxxx", 13) == 0);
	CHECK(strstr(err.text, "nearest is") != NULL);
}

static void test_deep_text(void)
{
	char text[4096], open[1001], shut[1001];
	struct wv_config config;
	struct wv_err err;
	int n;

	memset(open, '[', sizeof(open) - 1);
	memset(shut, ']', sizeof(shut) - 1);
	open[sizeof(open) - 1] = shut[sizeof(shut) - 1] = '\0';
	n = snprintf(text, sizeof(text), "{\"version\": 1, \"x\": %s%s,\n\"mode\": 1}", open, shut);
	CHECK(wv_config_read_text(&config, "f", text, (size_t)n, true, &err) == -ENOENT);
	CHECK(strcmp(err.text, "f:1:16: /x: no such setting, nearest is io") == 0);

	// What lies behind it is still found.
	n = snprintf(text, sizeof(text), "{\"version\": 1, \"x\": %s%s,\n\"mode\": 1, \"mode\": 1}",
		open, shut);
	CHECK(wv_config_read_text(&config, "f", text, (size_t)n, true, &err) == -EEXIST);
	CHECK(strcmp(err.text, "f:2:12: /mode: stands in its object twice, want it once") == 0);
}

static char *print(const struct wv_config *config)
{
	size_t len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL || wv_config_print(config, out) < 0)
		abort();
	fclose(out);
	return text;
}

static json_t *presets_json(void)
{
	struct wv_config presets;
	struct wv_err err;
	json_t *json;
	char *text;

	if (wv_config_presets(&presets, &err) < 0)
		abort();
	text = print(&presets);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	wv_config_fini(&presets);
	free(text);
	return json;
}

// All settings unlike their presets.
static const char other[] =
	"{\"version\": 1, \"mode\": \"enforce\", \"clock\": 1782000000,"
	"\"eal\": {\"memory\": \"no-huge\", \"memory_mib\": 256, \"file_prefix\": \"a\", "
	"\"extra\": [\"-x\", \"y\"]},"
	"\"pairs\": [{\"name\": \"one\", \"outside\": \"net_pcap0,rx_pcap=a b\", \"inside\": "
	"\"0000:3b:00.1\","
	" \"mtu\": 9000, \"leg\": \"client\", \"dns_ports\": [53, 5353]},"
	" {\"name\": \"two\", \"outside\": \"net_c0\", \"inside\": \"net_d0\"}],"
	"\"cores\": {\"control\": 3, \"io\": [1], \"workers\": [2, 4]},"
	"\"io\": {\"burst\": 8, \"rx_descriptors\": 64, \"tx_descriptors\": 128, "
	"\"when_ring_full\": \"wait\","
	" \"stop_when_idle_ms\": 5},"
	"\"rings\": {\"size\": 64, \"control_size\": 128, \"events_size\": 256},"
	"\"workers\": {\"batch_wait_us\": 10000},"
	"\"validation\": {\"anchors\": [], \"skew\": {\"percent\": 0, \"min_s\": 1, \"max_s\": 2}, "
	"\"sha1\": \"validate\","
	" \"harden_algo_downgrade\": true, \"assume_do\": false},"
	"\"budgets\": {\"needed_rrsets\": 1, \"weight\": 14, \"signatures_per_rrset\": 2, "
	"\"failures_per_rrset\": "
	"3,"
	" \"keys_per_tag\": 5, \"ds\": 6, \"dnskeys\": 7, \"nsec3_iterations_insecure\": 8,"
	" \"nsec3_iterations_bogus\": 9, \"nsec3_records\": 11,"
	" \"nsec3_sha1_blocks\": 13, \"cname_chain\": 12, \"chain_depth\": 15},"
	"\"trust\": {\"preload\": [\"a.pcap\"], \"insecure\": [\"corp.\", \"l\\\\.x\"], \"zones\": "
	"16},"
	"\"drivers\": {\"crypto\": \"openssl\", \"hash\": \"openssl\", \"table_after\": 17, "
	"\"table_mib\": 18},"
	"\"queries\": {\"unsolicited\": \"drop\", \"entries\": 16, \"life_ms\": 10},"
	"\"policy\": {\"bogus\": \"drop\", \"indeterminate\": \"servfail\", \"no_chain\": \"drop\","
	" \"malformed\": \"pass\", \"overload\": \"monitor\", \"signed_message\": \"pass\"},"
	"\"events\": {\"file\": \"e\\n\\u00fc\", \"verdicts\": \"v\"},"
	"\"stats\": {\"file\": \"s\", \"telemetry\": false}}";

static void test_round_trip(void)
{
	struct wv_config config, again;
	struct wv_err err = {""};
	char *text, *text_again;
	json_t *a, *b;

	REQUIRE(wv_config_read_text(&config, "f", other, strlen(other), true, &err) == 0);
	text = print(&config);
	REQUIRE(wv_config_read_text(&again, "f", text, strlen(text), true, &err) == 0);
	text_again = print(&again);
	CHECK(strcmp(text, text_again) == 0);

	// Nothing is lost or altered on the way: what was printed is what was read.
	a = json_loads(other, 0, NULL);
	b = json_loads(text, 0, NULL);
	json_object_del(json_array_get(json_object_get(b, "pairs"), 1), "mtu");
	json_object_del(json_array_get(json_object_get(b, "pairs"), 1), "leg");
	json_object_del(json_array_get(json_object_get(b, "pairs"), 1), "dns_ports");
	CHECK(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	free(text);
	free(text_again);
	wv_config_fini(&config);
	wv_config_fini(&again);
}

static void test_values(void)
{
	struct wv_config c;
	struct wv_err err = {""};

	REQUIRE(wv_config_read_text(&c, "f", other, strlen(other), true, &err) == 0);
	CHECK(c.enforce && c.clock == WV_CLOCK_FIXED && c.clock_s == 1782000000);
	CHECK(c.eal.memory == WV_MEMORY_NO_HUGE && c.eal.memory_mib == 256);
	CHECK(strcmp(c.eal.file_prefix, "a") == 0 && c.eal.extra.n == 2);
	CHECK(strcmp(c.eal.extra.item[1], "y") == 0);
	REQUIRE(c.n_pairs == 2);
	CHECK(strcmp(c.pair[0].name, "one") == 0 && c.pair[0].leg_client && c.pair[0].mtu == 9000);
	CHECK(c.pair[0].n_dns_ports == 2 && c.pair[0].dns_port[1] == 5353);
	CHECK(c.pair[1].n_dns_ports == 1 && c.pair[1].dns_port[0] == 53 && !c.pair[1].leg_client);
	CHECK(c.cores.control == 3 && c.cores.n_io == 1 && c.cores.n_workers == 2);
	CHECK(c.cores.io[0] == 1 && c.cores.workers[1] == 4);
	CHECK(c.io.when_ring_full == WV_FULL_WAIT && c.io.stop_when_idle_ms == 5);
	CHECK(c.validation.anchors.n == 0 && c.validation.sha1_validate && !c.validation.assume_do);
	CHECK(c.validation.skew_percent == 0 && c.validation.skew_min_s == 1);
	CHECK(c.budgets.cname_chain == 12 && c.trust.zones == 16 && c.trust.insecure.n == 2);
	CHECK(c.queries.unsolicited == WV_UNSOLICITED_DROP);
	CHECK(c.policy.bogus == WV_ACTION_DROP && c.policy.overload == WV_ACTION_MONITOR);
	CHECK(c.policy.signed_message == WV_ACTION_PASS && !c.stats.telemetry);
	CHECK(strcmp(c.events.file, "e\nü") == 0);
	wv_config_fini(&c);
}

static const struct {
	const char *what;
	const char *clock;
	enum wv_config_clock want;
	uint32_t s;
} clocks[] = {
	{"system", "\"system\"", WV_CLOCK_SYSTEM, 0},
	{"packet", "\"packet\"", WV_CLOCK_PACKET, 0},
	{"the first second", "0", WV_CLOCK_FIXED, 0},
	{"the last second", "4294967295", WV_CLOCK_FIXED, UINT32_MAX},
	{"off", "-1", WV_CLOCK_OFF, 0},
};

static void test_clocks(void)
{
	char text[256];

	for (unsigned i = 0; i < WV_COUNT(clocks); i++) {
		struct wv_config config;
		struct wv_err err = {""};
		int n = snprintf(text, sizeof(text), "%s, \"clock\": %s}", START, clocks[i].clock);
		int rc = wv_config_read_text(&config, "f", text, (size_t)n, true, &err);

		CHECK_ROW(&clocks[i], rc == 0);
		if (rc < 0)
			continue;
		CHECK_ROW(&clocks[i], config.clock == clocks[i].want);
		CHECK_ROW(&clocks[i], config.clock_s == clocks[i].s);
		wv_config_fini(&config);
	}
}

// For wirevet-verdict: a file without pairs.
static void test_without_pairs(void)
{
	static const char text[] = "{\"version\": 1, \"budgets\": {\"ds\": 2}}";
	struct wv_config config;
	struct wv_err err = {""};

	REQUIRE(wv_config_read_text(&config, "f", text, strlen(text), false, &err) == 0);
	CHECK(config.n_pairs == 0 && config.budgets.ds == 2);
	wv_config_fini(&config);
	check_message("{}", 2, "no version either", "f.json:1:1: /version: missing, want 1", false);
}

// config/wirevet.json shows every setting with its preset, and one pair as an example.
static void test_shipped(void)
{
	struct wv_config config;
	struct wv_err err = {""};
	json_t *shipped = json_load_file(TEST_CONFIG "/wirevet.json", 0, NULL);
	json_t *want = presets_json();

	CHECK(json_array_size(json_object_get(want, "pairs")) == 0);
	REQUIRE(wv_config_read(&config, TEST_CONFIG "/wirevet.json", true, &err) == 0);
	CHECK(config.n_pairs == 1 && strcmp(config.pair[0].name, "main") == 0);
	CHECK(config.pair[0].mtu == 1500 && !config.pair[0].leg_client);
	CHECK(config.pair[0].n_dns_ports == 1 && config.pair[0].dns_port[0] == 53);
	CHECK(json_object_size(json_array_get(json_object_get(shipped, "pairs"), 0)) == 6);
	json_object_del(shipped, "pairs");
	json_object_del(want, "pairs");
	CHECK(json_equal(shipped, want));
	json_decref(shipped);
	json_decref(want);
	wv_config_fini(&config);
}

// A value lies where the schema of it says.
static bool conforms(const json_t *schema, const json_t *value)
{
	const json_t *type = json_object_get(schema, "type"), *any, *item;
	const json_t *choices = json_object_get(schema, "enum");
	const char *name = json_string_value(type);
	size_t i;

	if (json_object_get(schema, "const") != NULL)
		return json_equal(json_object_get(schema, "const"), value);
	any = json_object_get(schema, "anyOf");
	for (i = 0; i < json_array_size(any); i++) {
		if (conforms(json_array_get(any, i), value))
			return true;
	}
	for (i = 0; i < json_array_size(choices); i++) {
		if (json_equal(json_array_get(choices, i), value))
			return true;
	}
	if (name == NULL)
		return false;
	if (strcmp(name, "integer") == 0)
		return json_is_integer(value)
			&& json_integer_value(value)
			>= json_integer_value(json_object_get(schema, "minimum"))
			&& json_integer_value(value)
			<= json_integer_value(json_object_get(schema, "maximum"));
	if (strcmp(name, "boolean") == 0)
		return json_is_boolean(value);
	if (strcmp(name, "string") == 0)
		return json_is_string(value);
	if (strcmp(name, "array") == 0) {
		item = json_object_get(schema, "items");
		for (i = 0; i < json_array_size(value); i++) {
			if (!conforms(item, json_array_get(value, i)))
				return false;
		}
		return json_is_array(value);
	}
	if (strcmp(name, "object") == 0) {
		const char *key;
		json_t *below;

		json_object_foreach((json_t *)(uintptr_t)value, key, below) {
			if (!conforms(json_object_get(json_object_get(schema, "properties"), key),
				    below))
				return false;
		}
		return json_is_object(value);
	}
	return false;
}

// Every leaf has words, and a default that conforms to its own schema.
static unsigned leaves(const json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *below;
	const char *key;
	unsigned n = 0;

	if (properties == NULL) {
		const json_t *preset = json_object_get(schema, "default");

		CHECK(json_string_length(json_object_get(schema, "description")) > 0);
		CHECK(preset == NULL || conforms(schema, preset));
		return 1;
	}
	CHECK(json_is_false(json_object_get(schema, "additionalProperties")));
	json_object_foreach(properties, key, below)
		n += leaves(below);
	return n;
}

// The settings in a printed configuration.
static unsigned values(json_t *object)
{
	const char *key;
	json_t *below;
	unsigned n = 0;

	json_object_foreach(object, key, below)
		n += json_is_object(below) ? values(below) : 1;
	return n;
}

static const json_t *at(const json_t *schema, const char *section, const char *key)
{
	schema = json_object_get(json_object_get(schema, "properties"), section);
	return json_object_get(json_object_get(schema, "properties"), key);
}

static void test_schema(void)
{
	size_t len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	json_t *schema, *config = json_loads(other, 0, NULL), *presets = presets_json();
	const json_t *wait, *pair;

	CHECK(wv_config_print_schema(out) == 0);
	fclose(out);
	schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	REQUIRE(schema != NULL);
	CHECK(strcmp(json_string_value(json_object_get(schema, "$schema")),
		      "https://json-schema.org/draft/2020-12/schema")
		== 0);
	CHECK(leaves(schema) == values(presets));
	CHECK(conforms(schema, config));
	wait = at(schema, "workers", "batch_wait_us");
	CHECK(json_integer_value(json_object_get(wait, "minimum")) == 1);
	CHECK(json_integer_value(json_object_get(wait, "maximum")) == 10000);
	CHECK(json_integer_value(json_object_get(wait, "default")) == 50);
	CHECK(strstr(json_string_value(json_object_get(wait, "description")), "(us)") != NULL);
	pair = json_object_get(
		json_object_get(json_object_get(schema, "properties"), "pairs"), "items");
	CHECK(json_array_size(json_object_get(pair, "required")) == 2);
	CHECK(leaves(pair) == 6);
	json_integer_set(json_object_get(json_object_get(config, "workers"), "batch_wait_us"), 0);
	CHECK(!conforms(schema, config));
	json_decref(config);
	json_decref(presets);
	json_decref(schema);
	free(text);
}

static bool reading_says(const char *path, const char *words)
{
	struct wv_config config;
	struct wv_err err = {""};
	int rc = wv_config_read(&config, path, true, &err);

	if (rc == 0)
		wv_config_fini(&config);
	return rc < 0 && strstr(err.text, path) != NULL && strstr(err.text, words) != NULL;
}

static void test_no_files(void)
{
	char folder[] = "/tmp/wirevet-config-XXXXXX", path[64];
	FILE *file;

	REQUIRE(mkdtemp(folder) != NULL);
	CHECK(reading_says(folder, "want a file, not a folder"));
	snprintf(path, sizeof(path), "%s/none.json", folder);
	CHECK(reading_says(path, "No such file or directory"));
	file = fopen(path, "w");
	REQUIRE(file != NULL);
	fclose(file);
	CHECK(reading_says(path, "not an empty file"));
	REQUIRE(truncate(path, (1 << 20) + 1) == 0);
	CHECK(reading_says(path, "at most 1048576 octets"));
	REQUIRE(chmod(path, 0) == 0);
	if (geteuid() != 0)
		CHECK(reading_says(path, "Permission denied"));
	unlink(path);
	rmdir(folder);
}

static void test_where(void)
{
	char out[256], path[] = "/tmp/wirevet-config-XXXXXX";
	static const char text[] = "{\"version\": 1,\n \"drivers\": {\"crypto\": \"x\"}}";
	int fd = mkstemp(path);

	REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	wv_config_where(path, "/drivers/crypto", out, sizeof(out));
	CHECK(strstr(out, ":2:24: /drivers/crypto") != NULL
		&& strncmp(out, path, strlen(path)) == 0);
	wv_config_where(path, "/drivers/hash", out, sizeof(out));
	CHECK(strstr(out, ":2:13: /drivers/hash") != NULL);
	unlink(path);
	wv_config_where(path, "/drivers/hash", out, sizeof(out));
	CHECK(strncmp(out, path, strlen(path)) == 0
		&& strcmp(out + strlen(path), ": /drivers/hash") == 0);
}

static void test_actions(void)
{
	char text[256];

	for (unsigned a = 0; a < WV_ACTIONS; a++) {
		struct wv_config config;
		struct wv_err err = {""};
		const char *name = wv_action_name((enum wv_action)a);
		int n = snprintf(
			text, sizeof(text), "%s, \"policy\": {\"bogus\": \"%s\"}}", START, name);

		REQUIRE(wv_config_read_text(&config, "f", text, (size_t)n, true, &err) == 0);
		CHECK(config.policy.bogus == (enum wv_action)a);
		wv_config_fini(&config);
	}
}

static const struct test tests[] = {
	{"a wrong setting is named with its place, what is wanted and what was found",
		test_bad_settings},
	{"so is a wrong pair", test_bad_pairs},
	{"so is a file that is no configuration", test_bad_files},
	{"long values and keys are cut in messages, and shown without control characters",
		test_long_text},
	{"deep nesting is stepped over", test_deep_text},
	{"what is printed is read again as the same", test_round_trip},
	{"each value arrives in its field", test_values},
	{"the clock has four forms", test_clocks},
	{"pairs may be absent where they are not wanted", test_without_pairs},
	{"config/wirevet.json shows every setting and its preset", test_shipped},
	{"the schema describes every setting, and its presets conform", test_schema},
	{"what is no readable file is named", test_no_files},
	{"the place of a setting is found again for later messages", test_where},
	{"actions are called what policy calls them", test_actions},
};

int main(void)
{
	return test_main("config", tests, WV_COUNT(tests));
}
