#include <jansson.h>

#include "wv_events.h"

#include "test.h"

static struct wv_message message;
static struct wv_validation validation;

/*
 * www.example. A: an A RRset with its RRSIG, an NS RRset without one, glue, OPT. All RDATA but the
 * RRSIG's are of no interest here.
 */
#define HEADER   "1234 8580 0001 0002 0001 0002 "
#define QUESTION "03777777 076578616d706c65 00 0001 0001 "
#define ANSWER                                                                                     \
	"c00c 0001 0001 0000003c 0004 c0000201 "                                                   \
	"c00c 002e 0001 0000003c 001c 0001 0d 02 0000003c 6a95e980 6a6e5c80 1267 c010 "            \
	"0102030405060708 "
#define AUTHORITY  "c010 0002 0001 0000003c 0002 c00c "
#define ADDITIONAL "c00c 001c 0001 0000003c 0010 00000000000000000000000000000001 "
#define OPT        "00 0029 04d0 0000 8000 0000"

static uint8_t octets[65535];
static size_t octets_len;

static void message_read(const char *hex)
{
	octets_len = test_unhex(hex, octets, sizeof(octets));
	if (wv_message_parse(&message, octets, octets_len, 1) != WV_MESSAGE_OK)
		abort();
}

static void validation_set(enum wv_reason reason)
{
	struct wv_validate_rrset *need = &validation.needed[0];

	validation = (struct wv_validation){.m = &message, .reason = reason, .n_needed = 1};
	need->set = &message.rrsets[0];
	need->reason = reason;
	if (!wv_name_parse(&need->owner, "www.example."))
		abort();
	need->signer = 16; // "example." in the question
	need->key_tag = 4711;
	need->algorithm = 13;
	need->inception = 0x6a6e5c80;
	need->expiration = 0x6a95e980;
}

// The line in a block of `room` octets, without its line feed; freed by free().
static char *line_of(const struct wv_events_verdict *what, size_t room)
{
	char *line = malloc(room);
	size_t n;

	if (line == NULL)
		abort();
	n = wv_events_verdict(what, line, room);
	if (n > room || n == 0 || line[n - 1] != '\n' || memchr(line, '\n', n) != line + n - 1)
		abort();
	line[n - 1] = '\0';
	return line;
}

static void test_line(void)
{
	struct wv_events_verdict what = {.frame = 7, .m = &message, .v = &validation};
	char *line;

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_BAD_SIGNATURE);
	line = line_of(&what, WV_EVENTS_LINE_MIN);
	CHECK(strcmp(line,
		      "{\"frame\":7,\"qname\":\"www.example.\",\"qtype\":\"A\",\"verdict\":"
		      "\"bogus\","
		      "\"reason\":\"bad-signature\",\"ede\":6,\"rrsets\":["
		      "{\"section\":\"answer\",\"owner\":\"www.example.\",\"type\":\"A\","
		      "\"verdict\":\"bogus\",\"reason\":\"bad-signature\",\"signer\":\"example.\","
		      "\"key_tag\":4711,\"algorithm\":13},"
		      "{\"section\":\"authority\",\"owner\":\"example.\",\"type\":\"NS\","
		      "\"verdict\":\"indeterminate\",\"reason\":\"unjudged\",\"signer\":null,"
		      "\"key_tag\":null,\"algorithm\":null}]}")
		== 0);
	free(line);
}

static void test_port(void)
{
	struct wv_events_verdict what = {
		.frame = 1, .m = &message, .v = &validation, .port = "main", .action = "pass"};
	char *line;

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_SECURE);
	line = line_of(&what, WV_EVENTS_LINE_MIN);
	CHECK(strstr(line, "{\"frame\":1,\"port\":\"main\",\"action\":\"pass\",\"qname\":")
		== line);
	CHECK(strstr(line, "\"reason\":\"secure\",\"ede\":null,") != NULL);
	free(line);
}

static void test_additional(void)
{
	struct wv_events_verdict what = {.frame = 1, .m = &message, .v = &validation};
	char *line;

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_SECURE);
	for (unsigned i = 0; i < message.n_rrsets; i++) {
		if (message.rrsets[i].section == WV_SECTION_ADDITIONAL)
			validation.needed[0].set = &message.rrsets[i];
	}
	line = line_of(&what, WV_EVENTS_LINE_MIN);
	CHECK(strstr(line,
		      "\"section\":\"additional\",\"owner\":\"www.example.\",\"type\":\"AAAA\"")
		!= NULL);
	free(line);
}

static void test_no_question(void)
{
	struct wv_events_verdict what = {.frame = 1, .m = &message, .v = &validation};
	uint8_t nothing[1] = {0};
	char *line;

	what.status = wv_message_parse(&message, nothing, 1, 1);
	validation_set(WV_REASON_MALFORMED);
	line = line_of(&what, WV_EVENTS_LINE_MIN);
	CHECK(strcmp(line,
		      "{\"frame\":1,\"qname\":null,\"qtype\":null,\"verdict\":\"bogus\","
		      "\"reason\":\"malformed\",\"ede\":0,\"rrsets\":[]}")
		== 0);
	free(line);
}

// Every octet in a label comes through a JSON parser as the presentation form says.
static void test_escapes(void)
{
	struct wv_events_verdict what = {.frame = 1, .m = &message, .v = &validation};

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_BAD_SIGNATURE);
	for (unsigned c = 0; c < 256; c++) {
		char text[WV_NAME_TEXT];
		struct wv_name name;
		json_t *json;
		char *line;

		octets[14] = (uint8_t)c;
		wv_name_unpack(&name, octets, octets + 12);
		line = line_of(&what, WV_EVENTS_LINE_MIN);
		json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		REQUIRE(json != NULL);
		CHECK(strcmp(json_string_value(json_object_get(json, "qname")),
			      wv_name_print(text, &name))
			== 0);
		json_decref(json);
		free(line);
	}
	what.port = "a \"port\" \\ with\ta tab, \xc3\xa4 and \x01";
	for (unsigned cut = 0; cut < 2; cut++) {
		char *line = line_of(&what, WV_EVENTS_LINE_MIN);
		json_t *json = json_loads(line, 0, NULL);

		REQUIRE(json != NULL);
		if (cut == 0)
			CHECK(strcmp(json_string_value(json_object_get(json, "port")), what.port)
				== 0);
		json_decref(json);
		free(line);
		// 126 octets, then a character of three: it is left out.
		what.port = "0123456789012345678901234567890123456789012345678901234567890"
			    "01234567890123456789012345678901234567890123456789012345678901234"
			    "\xe2\x82\xac";
	}
}

static const char *const keys[] = {
	"frame", "port", "action", "qname", "qtype", "verdict", "reason", "ede", "rrsets"};
static const char *const rrset_keys[] = {
	"section", "owner", "type", "verdict", "reason", "signer", "key_tag", "algorithm"};
static const char *const trouble_keys[] = {"time", "event", "port", "client", "server", "qname",
	"qtype", "verdict", "reason", "ede", "action", "signer", "key_tag", "algorithm",
	"inception", "expiration", "text"};

static void check_keys(json_t *object, const char *const wanted[], unsigned n)
{
	const char *key;
	unsigned i = 0;
	json_t *value;

	json_object_foreach(object, key, value) {
		CHECK(i < n && strcmp(key, wanted[i]) == 0);
		i++;
	}
	CHECK(i == n);
}

static void test_keys(void)
{
	struct wv_events_verdict what = {
		.frame = INT64_MAX, .m = &message, .v = &validation, .port = "p", .action = "drop"};
	char line[WV_EVENTS_LINE_MIN];
	json_t *json, *rrset;
	char *text;
	size_t i;

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_EXPIRED);
	text = line_of(&what, WV_EVENTS_LINE_MIN);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	REQUIRE(json != NULL);
	check_keys(json, keys, WV_COUNT(keys));
	json_array_foreach(json_object_get(json, "rrsets"), i, rrset)
		check_keys(rrset, rrset_keys, WV_COUNT(rrset_keys));
	json_decref(json);

	i = wv_events_trouble(&what, 0, "192.0.2.1:4242", "[2001:db8::1]:53", line, sizeof(line));
	json = json_loadb(line, i, JSON_REJECT_DUPLICATES, NULL);
	REQUIRE(json != NULL);
	check_keys(json, trouble_keys, WV_COUNT(trouble_keys));
	json_decref(json);
}

static void test_trouble(void)
{
	struct wv_events_verdict what = {
		.frame = 7, .m = &message, .v = &validation, .port = "main", .action = "servfail"};
	char *line = malloc(WV_EVENTS_LINE_MIN);
	size_t n;

	REQUIRE(line != NULL);
	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_EXPIRED);
	n = wv_events_trouble(&what, 1787421600000123999, "192.0.2.1:4242", "[2001:db8::1]:53",
		line, WV_EVENTS_LINE_MIN);
	line[n - 1] = '\0';
	CHECK(strcmp(line,
		      "{\"time\":\"2026-08-22T18:00:00.000123Z\",\"event\":\"verdict\",\"port\":"
		      "\"main\","
		      "\"client\":\"192.0.2.1:4242\",\"server\":\"[2001:db8::1]:53\","
		      "\"qname\":\"www.example.\",\"qtype\":\"A\",\"verdict\":\"bogus\","
		      "\"reason\":\"signature-expired\",\"ede\":7,\"action\":\"servfail\","
		      "\"signer\":\"example.\",\"key_tag\":4711,\"algorithm\":13,"
		      "\"inception\":\"2026-08-01T20:52:16Z\",\"expiration\":\"2026-08-31T20:52:"
		      "16Z\","
		      "\"text\":\"the signature has expired\"}")
		== 0);
	free(line);
}

static const struct {
	const char *what;
	uint64_t seconds;
	const char *text;
} times[] = {
	{"the beginning", 0, "1970-01-01T00:00:00.000000Z"},
	{"the last day of a leap February", 1709164800, "2024-02-29T00:00:00.000000Z"},
	{"the first of March after it", 1709251199, "2024-02-29T23:59:59.000000Z"},
	{"the end of a year", 1798761599, "2026-12-31T23:59:59.000000Z"},
	{"no leap day in 2100", 4107542400, "2100-03-01T00:00:00.000000Z"},
	{"the day before it", 4107542399, "2100-02-28T23:59:59.000000Z"},
	{"past 32 bits", 4294967296, "2106-02-07T06:28:16.000000Z"},
};

static void test_times(void)
{
	struct wv_events_verdict what = {.frame = 7, .m = &message, .v = &validation};

	message_read(HEADER QUESTION ANSWER AUTHORITY ADDITIONAL OPT);
	validation_set(WV_REASON_EXPIRED);
	for (unsigned i = 0; i < WV_COUNT(times); i++) {
		char line[WV_EVENTS_LINE_MIN];

		wv_events_trouble(&what, times[i].seconds * 1000000000, "", "", line, sizeof(line));
		CHECK_ROW(&times[i],
			strncmp(line + strlen("{\"time\":\""), times[i].text, strlen(times[i].text))
				== 0);
	}
}

// A message with more RRsets than room: whole ones, then the word that it was cut.
static void test_cut(void)
{
	struct wv_events_verdict what = {.frame = 1, .m = &message, .v = &validation};
	size_t last = 0;

	octets_len = test_unhex("1234 8580 0001 012c 0000 0000 " QUESTION, octets, sizeof(octets));
	for (unsigned i = 0; i < 300; i++) {
		octets_len += test_unhex("c00c ffff 0001 0000003c 0000", octets + octets_len, 64);
		wv_store16(octets + octets_len - 10, (uint16_t)(1000 + i));
	}
	if (wv_message_parse(&message, octets, octets_len, 1) != WV_MESSAGE_OK)
		abort();
	validation_set(WV_REASON_UNSIGNED);
	for (size_t room = WV_EVENTS_LINE_MIN; room < WV_EVENTS_LINE_MIN + 600; room++) {
		char *line = line_of(&what, room);
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		size_t n;

		REQUIRE(json != NULL);
		n = json_array_size(json_object_get(json, "rrsets"));
		CHECK(n > 0 && n < 300 && n >= last);
		last = n;
		CHECK(json_is_true(json_object_get(json, "cut")));
		json_decref(json);
		free(line);
	}
}

// The longest names that there are, in every place of a line, still fit.
static void test_longest(void)
{
	struct wv_events_verdict what = {.frame = INT64_MAX,
		.m = &message,
		.v = &validation,
		.port = "0123456789",
		.action = "servfail"};
	char line[WV_EVENTS_LINE_MIN];
	struct wv_name longest = {.len = 255, .labels = 4};
	json_t *json;
	size_t n;

	for (unsigned at = 0; at < 254; at += longest.octets[at] + 1u)
		longest.octets[at] = at < 192 ? 63 : 61;
	octets_len = test_unhex("1234 8580 0001 0000 0000 0000", octets, sizeof(octets));
	memcpy(octets + octets_len, longest.octets, 255);
	octets_len += 255;
	octets_len += test_unhex("0001 0001", octets + octets_len, 4);
	if (wv_message_parse(&message, octets, octets_len, 1) != WV_MESSAGE_OK)
		abort();
	validation_set(WV_REASON_EXPIRED_BEFORE_VALID);
	validation.needed[0].signer = 12;
	n = wv_events_trouble(&what, UINT64_MAX, "[2001:0db8:1111:1111:1111:1111:1111:1111]:65535",
		"[2001:0db8:1111:1111:1111:1111:1111:1111]:65535", line, sizeof(line));
	json = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	REQUIRE(json != NULL);
	check_keys(json, trouble_keys, WV_COUNT(trouble_keys));
	json_decref(json);
	n = wv_events_verdict(&what, line, sizeof(line));
	json = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json != NULL);
	json_decref(json);
}

static const struct test tests[] = {
	{"a line is what design says, octet for octet", test_line},
	{"port and action stand where they are given", test_port},
	{"an RRset in additional is told where it was needed", test_additional},
	{"a message without a question has null for it", test_no_question},
	{"every octet of a name comes through JSON", test_escapes},
	{"keys come in the order of the contract", test_keys},
	{"an event tells who, what and why", test_trouble},
	{"times are right over leap days and centuries", test_times},
	{"a line that does not fit is cut at an RRset", test_cut},
	{"the longest names fit", test_longest},
};

int main(void)
{
	return test_main("events", tests, WV_COUNT(tests));
}
