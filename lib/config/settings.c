#include "settings.h"

#include <ctype.h>
#include <string.h>

#include <jansson.h>

#include "wv_wire.h"

#define NAME_MAX_LEN 32 // of a pair, of eal.file_prefix

static bool is_word(const char *text, size_t max_len, const char *others)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr(others, text[i]) == NULL)
			return false;
	}
	return n > 0 && n <= max_len;
}

static bool is_pair_name(const char *text, const char **want)
{
	*want = "1 to 32 letters, digits, \"-\", \"_\" or \".\"";
	return is_word(text, NAME_MAX_LEN, "-_.");
}

static bool is_file_prefix(const char *text, const char **want)
{
	*want = "1 to 32 letters, digits, \"-\" or \"_\"";
	return is_word(text, NAME_MAX_LEN, "-_");
}

static bool is_driver(const char *text, const char **want)
{
	*want = "\"auto\" or the name of a driver";
	return is_word(text, NAME_MAX_LEN, "-_");
}

bool wv_config_is_pci(const char *port)
{
	static const char form[] = "xxxx:xx:xx.7"; // x a hex digit, 7 a digit up to 7

	if (strlen(port) != strlen(form))
		return false;
	for (size_t i = 0; form[i] != '\0'; i++) {
		bool is_right = port[i] == form[i];

		if (form[i] == 'x')
			is_right = isxdigit((unsigned char)port[i]);
		if (form[i] == '7')
			is_right = port[i] >= '0' && port[i] <= '7';
		if (!is_right)
			return false;
	}
	return true;
}

static bool is_port(const char *text, const char **want)
{
	size_t name = strcspn(text, ",");

	*want = "a PCI address (dddd:bb:dd.f) or EAL --vdev words (net_…)";
	if (wv_config_is_pci(text))
		return true;
	for (size_t i = 0; i < name; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	}
	return strncmp(text, "net_", 4) == 0 && name > 4 && name <= 40;
}

static bool is_path(const char *text, const char **want)
{
	*want = "the path of a file";
	return text[0] != '\0';
}

static bool is_eal_word(const char *text, const char **want)
{
	*want = "a word for EAL";
	return text[0] != '\0';
}

static bool is_domain_name(const char *text, const char **want)
{
	struct wv_name name;

	*want = "a domain name";
	return text[0] != '\0' && wv_name_parse(&name, text);
}

static const struct choice modes[] = {{"monitor", false}, {"enforce", true}, {NULL, 0}};
static const struct choice memories[] = {
	{"auto", WV_MEMORY_AUTO},
	{"huge", WV_MEMORY_HUGE},
	{"no-huge", WV_MEMORY_NO_HUGE},
	{NULL, 0},
};
static const struct choice legs[] = {{"upstream", false}, {"client", true}, {NULL, 0}};
static const struct choice ring_full[] = {
	{"auto", WV_FULL_AUTO},
	{"shed", WV_FULL_SHED},
	{"wait", WV_FULL_WAIT},
	{NULL, 0},
};
static const struct choice sha1[] = {{"insecure", false}, {"validate", true}, {NULL, 0}};
static const struct choice unsolicited[] = {
	{"pass", WV_UNSOLICITED_PASS},
	{"count", WV_UNSOLICITED_COUNT},
	{"drop", WV_UNSOLICITED_DROP},
	{NULL, 0},
};
static const struct choice actions[] = {
	{"pass", WV_ACTION_PASS},
	{"servfail", WV_ACTION_SERVFAIL},
	{"drop", WV_ACTION_DROP},
	{"monitor", WV_ACTION_MONITOR},
	{NULL, 0},
};
// What is signed by TSIG or SIG(0) cannot be altered.
static const struct choice signed_actions[] = {
	{"pass", WV_ACTION_PASS},
	{"drop", WV_ACTION_DROP},
	{NULL, 0},
};

// NOLINTBEGIN(bugprone-macro-parentheses): initialisers, not expressions
#define FIELD(member) .offset = offsetof(OWNER, member), .size = sizeof(((OWNER *)0)->member)
#define NUMBER(in, name, of, member, least, most, value, what)                                     \
	{                                                                                          \
		.section = in, .key = name, .unit = of, .kind = KIND_NUMBER, FIELD(member),        \
		.min = least, .max = most, .preset = value, .words = what                          \
	}
#define RING(in, name, member, value, what)                                                        \
	{                                                                                          \
		.section = in, .key = name, .unit = "entries", .kind = KIND_RING, FIELD(member),   \
		.min = 64, .max = 1 << 20, .preset = value, .words = what                          \
	}
#define FLAG(in, name, member, value, what)                                                        \
	{                                                                                          \
		.section = in, .key = name, .kind = KIND_FLAG, FIELD(member), .preset = value,     \
		.words = what                                                                      \
	}
#define CHOICE(in, name, member, list, value, what)                                                \
	{                                                                                          \
		.section = in, .key = name, .kind = KIND_CHOICE, FIELD(member), .choices = list,   \
		.preset = value, .words = what                                                     \
	}
#define TEXT(in, name, member, value, check, what)                                                 \
	{                                                                                          \
		.section = in, .key = name, .kind = KIND_TEXT, FIELD(member), .text = value,       \
		.is_right = check, .words = what                                                   \
	}
#define LIST(in, name, member, value, check, what)                                                 \
	{                                                                                          \
		.section = in, .key = name, .kind = KIND_LIST, FIELD(member), .text = value,       \
		.is_right = check, .max_items = 1024, .words = what                                \
	}
#define NUMBERS(in, name, member, count, least, most, at_least, at_most, what)                     \
	{                                                                                          \
		.section = in, .key = name, .kind = KIND_NUMBERS, FIELD(member),                   \
		.n_offset = offsetof(OWNER, count), .item_size = sizeof(((OWNER *)0)->member[0]),  \
		.min = least, .max = most, .min_items = at_least, .max_items = at_most,            \
		.words = what                                                                      \
	}

// NOLINTEND(bugprone-macro-parentheses)

#define OWNER struct wv_config
const struct setting wv_config_settings[] = {
	{.section = "",
		.key = "version",
		.kind = KIND_VERSION,
		.required = true,
		.min = 1,
		.max = 1,
		.preset = 1,
		.words = "of this form of configuration"},
	CHOICE("", "mode", enforce, modes, false,
		"monitor: everything passes, and what would be blocked is counted; "
		"enforce: verdicts are acted upon"),
	{.section = "",
		.key = "clock",
		.unit = "s",
		.kind = KIND_CLOCK,
		FIELD(clock),
		.max = UINT32_MAX,
		.words = "the time that signatures are judged at: system; packet (that of the "
			 "capture); a fixed second since 1970; -1, times are not checked"},

	CHOICE("eal", "memory", eal.memory, memories, WV_MEMORY_AUTO,
		"hugepages or ordinary pages; auto: hugepages where some are free"),
	NUMBER("eal", "memory_mib", "MiB", eal.memory_mib, 64, 1 << 20, 512,
		"memory that DPDK takes at start"),
	TEXT("eal", "file_prefix", eal.file_prefix, "wirevet", is_file_prefix,
		"the name of this appliance among DPDK processes; two running ones need two names"),
	LIST("eal", "extra", eal.extra, NULL, is_eal_word,
		"more EAL arguments, a word each, after those that are derived"),

	NUMBER("cores", "control", "core", cores.control, 0, 1023, 0,
		"the core of the control thread; in solo mode of everything"),
	NUMBERS("cores", "io", cores.io, cores.n_io, 0, 1023, 0, WV_CONFIG_CORES,
		"cores that carry an I/O step; none here and no workers: solo mode"),
	NUMBERS("cores", "workers", cores.workers, cores.n_workers, 0, 1023, 0, WV_CONFIG_CORES,
		"cores that carry a worker step"),

	NUMBER("io", "burst", "packets", io.burst, 1, 256, 32,
		"the most that is taken from a queue at once"),
	NUMBER("io", "rx_descriptors", "descriptors", io.rx_descriptors, 64, 32768, 1024,
		"of a receive queue; the device may round it up"),
	NUMBER("io", "tx_descriptors", "descriptors", io.tx_descriptors, 64, 32768, 1024,
		"of a transmit queue; the device may round it up"),
	CHOICE("io", "when_ring_full", io.when_ring_full, ring_full, WV_FULL_AUTO,
		"shed: policy overload; wait: take no more from the device; auto: wait on "
		"captures, "
		"shed on live ports"),
	NUMBER("io", "stop_when_idle_ms", "ms", io.stop_when_idle_ms, 0, 3600000, 0,
		"end when no packet came for so long; 0: never"),

	RING("rings", "size", rings.size, 1024,
		"of a ring between an I/O step and a worker step; a power of two"),
	RING("rings", "control_size", rings.control_size, 1024,
		"of a worker's ring of facts for control; a power of two"),
	RING("rings", "events_size", rings.events_size, 4096,
		"of a worker's ring of events for control; a power of two"),

	NUMBER("workers", "batch_wait_us", "us", workers.batch_wait_us, 1, 10000, 50,
		"the longest that a signature check waits for others to share its batch"),

	LIST("validation", "anchors", validation.anchors, "/usr/share/dns/root.ds", is_path,
		"files of trust anchors: DS and DNSKEY in zone-file form"),
	NUMBER("validation/skew", "percent", "%", validation.skew_percent, 0, 100, 10,
		"clock skew that is tolerated, of a signature's lifetime"),
	NUMBER("validation/skew", "min_s", "s", validation.skew_min_s, 0, 31536000, 3600,
		"the least skew that is tolerated"),
	NUMBER("validation/skew", "max_s", "s", validation.skew_max_s, 0, 31536000, 86400,
		"the most skew that is tolerated"),
	CHOICE("validation", "sha1", validation.sha1_validate, sha1, false,
		"algorithms 5 and 7 and DS digest 1: validate them, or count them as unsupported"),
	FLAG("validation", "harden_algo_downgrade", validation.harden_algo_downgrade, false,
		"want a good signature of each algorithm in a zone's DS records, not of any one "
		"(RFC 6840 5.11)"),
	FLAG("validation", "assume_do", validation.assume_do, true,
		"a response whose query was not seen is judged as if it had asked for DNSSEC"),

	NUMBER("budgets", "needed_rrsets", "RRsets", budgets.needed_rrsets, 1, 64, 16,
		"that an answer and its proof need, whose first good check is free"),
	NUMBER("budgets", "weight", "checks", budgets.weight, 1, 4096, 64,
		"of ECDSA P-256, or what costs as much: all other checks of a response together"),
	NUMBER("budgets", "signatures_per_rrset", "signatures", budgets.signatures_per_rrset, 1, 64,
		8, "that are looked at; expired ones and those of other keys do not count"),
	NUMBER("budgets", "failures_per_rrset", "checks", budgets.failures_per_rrset, 1, 64, 4,
		"that may fail before the RRset is bogus"),
	NUMBER("budgets", "keys_per_tag", "keys", budgets.keys_per_tag, 1, 16, 4,
		"of one tag and algorithm that are tried"),
	NUMBER("budgets", "ds", "records", budgets.ds, 1, 64, 8, "DS records of a zone"),
	NUMBER("budgets", "dnskeys", "records", budgets.dnskeys, 1, 256, 64,
		"DNSKEY records of a zone"),
	NUMBER("budgets", "nsec3_iterations_insecure", "iterations",
		budgets.nsec3_iterations_insecure, 0, 65535, 50,
		"more make a zone insecure (RFC 9276 3.2)"),
	NUMBER("budgets", "nsec3_iterations_bogus", "iterations", budgets.nsec3_iterations_bogus, 0,
		65535, 150, "more make a response bogus (RFC 9276 3.2)"),
	NUMBER("budgets", "nsec3_records", "records", budgets.nsec3_records, 1, 32, 10,
		"NSEC3 records of a response that are looked at"),
	NUMBER("budgets", "nsec3_sha1_blocks", "blocks", budgets.nsec3_sha1_blocks, 1, 65535, 2400,
		"of 64 octets that a response makes SHA-1 hash for NSEC3"),
	NUMBER("budgets", "cname_chain", "records", budgets.cname_chain, 1, 32, 16,
		"CNAME records that are followed in a response"),
	NUMBER("budgets", "chain_depth", "zones", budgets.chain_depth, 1, 127, 32,
		"from a trust anchor down to the deepest zone that is validated"),

	LIST("trust", "preload", trust.preload, NULL, is_path,
		"captures whose responses are learned before the start; validated like all others"),
	LIST("trust", "insecure", trust.insecure, NULL, is_domain_name,
		"names that are insecure for good, with all below them"),
	NUMBER("trust", "zones", "zones", trust.zones, 16, 16000000, 200000,
		"that are remembered at most"),

	TEXT("drivers", "crypto", drivers.crypto, "auto", is_driver,
		"who verifies signatures: the name of a driver, or auto, the best of this machine"),
	TEXT("drivers", "hash", drivers.hash, "auto", is_driver,
		"who hashes: the name of a driver, or auto, the best of this machine"),
	NUMBER("drivers", "table_after", "checks", drivers.table_after, 1, 1000000, 32,
		"of late by a key, after which the driver's table for it is built"),
	NUMBER("drivers", "table_mib", "MiB", drivers.table_mib, 0, 65536, 256,
		"of all tables together; the least used are given up first; 0: no tables"),

	CHOICE("queries", "unsolicited", queries.unsolicited, unsolicited, WV_UNSOLICITED_COUNT,
		"a response without a query: pass, pass and count, drop"),
	NUMBER("queries", "entries", "queries", queries.entries, 16, 1 << 24, 65536,
		"that a worker remembers; rounded up to a power of two"),
	NUMBER("queries", "life_ms", "ms", queries.life_ms, 10, 600000, 10000,
		"for which a query is remembered"),

	CHOICE("policy", "bogus", policy.bogus, actions, WV_ACTION_SERVFAIL,
		"done with a response that is bogus"),
	CHOICE("policy", "indeterminate", policy.indeterminate, actions, WV_ACTION_PASS,
		"done with a response that is indeterminate, but for those below"),
	CHOICE("policy", "no_chain", policy.no_chain, actions, WV_ACTION_PASS,
		"done with a response whose zone's chain was not to be had in time"),
	CHOICE("policy", "malformed", policy.malformed, actions, WV_ACTION_SERVFAIL,
		"done with a response whose records cannot be read"),
	CHOICE("policy", "overload", policy.overload, actions, WV_ACTION_PASS,
		"done with a response that there was no room to judge"),
	CHOICE("policy", "signed_message", policy.signed_message, signed_actions, WV_ACTION_DROP,
		"done instead of SERVFAIL where the query had TSIG or SIG(0)"),

	TEXT("events", "file", events.file, "", NULL,
		"a file to which an event on each verdict that is not fine is added, JSON lines; "
		"empty: off"),
	TEXT("events", "verdicts", events.verdicts, "", NULL,
		"a file, written anew at each start, for a line on each response as "
		"wirevet-verdict prints it; empty: off"),
	TEXT("stats", "file", stats.file, "", NULL,
		"a file for the counters as JSON, written each second and at the end; empty: off"),
	FLAG("stats", "telemetry", stats.telemetry, true, "DPDK telemetry, /wirevet/…"),
};
const unsigned wv_config_settings_n = WV_COUNT(wv_config_settings);
#undef OWNER

#define OWNER struct wv_config_pair
const struct setting wv_config_pair_settings[] = {
	TEXT("", "name", name, "main", is_pair_name,
		"of the pair, in events and counters; no two alike"),
	{.section = "",
		.key = "outside",
		.kind = KIND_TEXT,
		.required = true,
		FIELD(outside),
		.is_right = is_port,
		.words = "the port towards the Internet: a PCI address, or EAL --vdev words"},
	{.section = "",
		.key = "inside",
		.kind = KIND_TEXT,
		.required = true,
		FIELD(inside),
		.is_right = is_port,
		.words = "the port towards the resolvers: a PCI address, or EAL --vdev words"},
	NUMBER("", "mtu", "octets", mtu, 576, 9216, 1500, "the longest IP packet on this wire"),
	CHOICE("", "leg", leg_client, legs, false,
		"where the wire lies: between resolvers and authoritative servers (upstream), or "
		"between clients and resolvers (client)"),
	{.section = "",
		.key = "dns_ports",
		.kind = KIND_NUMBERS,
		FIELD(dns_port),
		.n_offset = offsetof(OWNER, n_dns_ports),
		.item_size = sizeof(uint16_t),
		.min = 1,
		.max = 65535,
		.preset = 53,
		.n_preset = 1,
		.min_items = 1,
		.max_items = WV_PACKET_PORTS,
		.words = "UDP ports of DNS servers"},
};
const unsigned wv_config_pair_settings_n = WV_COUNT(wv_config_pair_settings);
#undef OWNER

static json_t *number_value(const void *field, size_t size)
{
	switch (size) {
	case sizeof(uint16_t):
		return json_integer(*(const uint16_t *)field);
	default:
		return json_integer(*(const uint32_t *)field);
	}
}

static json_t *choice_value(const struct setting *s, const void *field)
{
	unsigned value = s->size == sizeof(bool) ? *(const bool *)field : *(const unsigned *)field;

	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		if (c->value == value)
			return json_string(c->word);
	}
	return json_null();
}

static json_t *clock_value(const struct wv_config *config)
{
	switch (config->clock) {
	case WV_CLOCK_SYSTEM:
		return json_string("system");
	case WV_CLOCK_PACKET:
		return json_string("packet");
	case WV_CLOCK_FIXED:
		return json_integer(config->clock_s);
	case WV_CLOCK_OFF:
		break;
	}
	return json_integer(-1);
}

static json_t *list_value(const struct wv_config_list *list)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < list->n; i++) {
		if (json_array_append_new(array, json_string(list->item[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *numbers_value(const struct setting *s, const void *base)
{
	unsigned n = *(const unsigned *)((const char *)base + s->n_offset);
	const char *item = (const char *)base + s->offset;
	json_t *array = json_array();

	for (unsigned i = 0; i < n; i++, item += s->item_size) {
		if (json_array_append_new(array, number_value(item, s->item_size)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *wv_config_value(const struct setting *s, const void *base)
{
	const void *field = (const char *)base + s->offset;

	switch (s->kind) {
	case KIND_VERSION:
		return json_integer((json_int_t)s->preset);
	case KIND_NUMBER:
	case KIND_RING:
		return number_value(field, s->size);
	case KIND_FLAG:
		return json_boolean(*(const bool *)field);
	case KIND_CHOICE:
		return choice_value(s, field);
	case KIND_CLOCK:
		return clock_value(base);
	case KIND_TEXT:
		return json_string(*(char *const *)field);
	case KIND_LIST:
		return list_value(field);
	case KIND_NUMBERS:
		break;
	}
	return numbers_value(s, base);
}

const char *wv_config_subsection(const char *section, const char *key)
{
	size_t len = strlen(section);

	for (unsigned i = 0; i < wv_config_settings_n; i++) {
		const char *at = wv_config_settings[i].section;

		if (strncmp(at, section, len) != 0 || (len > 0 && at[len] != '/'))
			continue;

		const char *rest = at + len + (len > 0);

		if (rest[0] != '\0' && strchr(key, '/') == NULL && strcmp(rest, key) == 0)
			return at;
	}
	return NULL;
}
