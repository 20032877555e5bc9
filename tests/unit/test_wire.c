#include "wv_wire.h"

#include "test.h"

#define H "............" // a header, where no pointer may lead

static void test_cursor(void)
{
	uint8_t *exact = test_exact("\1\2\3\4\5\6\7\10", 8);
	struct wv_wire w = wv_wire_open(exact, 8);

	CHECK(wv_wire_u8(&w) == 1);
	CHECK(wv_wire_u16(&w) == 0x0203);
	CHECK(wv_wire_u32(&w) == 0x04050607);
	CHECK(wv_wire_left(&w) == 1 && !w.bad);
	CHECK(wv_wire_u16(&w) == 0 && w.bad);
	CHECK(wv_wire_u8(&w) == 0 && wv_wire_take(&w, 1) == NULL);
	CHECK(wv_wire_name(&w) == NULL && w.bad && wv_wire_left(&w) == 0);
	free(exact);

	exact = test_exact("\1\2", 2);
	w = wv_wire_open(exact, 2);
	CHECK(wv_wire_take(&w, 2) == exact && !w.bad);
	CHECK(wv_wire_take(&w, 0) != NULL && !w.bad);
	CHECK(wv_wire_take(&w, SIZE_MAX) == NULL && w.bad);
	free(exact);
}

// Names as they stand in a message; `at` is where the name begins, `used` where the cursor is
// after it, -1 if it is none; `text` what it says.
#define NAME(octets) octets, sizeof(octets) - 1
static const struct {
	const char *what;
	const char *octets;
	size_t len;
	size_t at;
	int used;
	const char *text;
} names[] = {
	{"the root", NAME("\0"), 0, 1, "."},
	{"one label", NAME("\3com\0"), 0, 5, "com."},
	{"three labels, something behind", NAME("\3WwW\7Example\3cOm\0rest"), 0, 17,
		"www.example.com."},
	{"a pointer to the question", NAME(H "\3com\0\300\14"), 17, 19, "com."},
	{"labels and a pointer", NAME(H "\3com\0\1a\300\14\1b"), 17, 21, "a.com."},
	{"a pointer to labels and a pointer", NAME(H "\3com\0\1a\300\14\1b\300\21\377"), 21, 25,
		"b.a.com."},
	{"a pointer to a pointer", NAME(H "\3com\0\300\14\1c\300\21"), 19, 23, "c.com."},
	{"a pointer to the root", NAME(H "\0\1a\300\14"), 13, 17, "a."},
	{"a pointer into a label, which is a label by chance", NAME(H "\3\1x\0\0\300\15"), 17, 19,
		"x."},
	{"nothing", NAME(""), 0, -1, NULL},
	{"no end", NAME("\3com"), 0, -1, NULL},
	{"label over the end", NAME("\5abc"), 0, -1, NULL},
	{"label over the end by one", NAME("\3ab"), 0, -1, NULL},
	{"half a pointer", NAME(H "\0\300"), 13, -1, NULL},
	{"label type 01", NAME("\101a\0"), 0, -1, NULL},
	{"label type 10", NAME("\201a\0"), 0, -1, NULL},
	{"label type 01 behind a pointer", NAME(H "\101a\0\300\14"), 15, -1, NULL},
	{"a pointer to itself", NAME(H "\0\300\15"), 13, -1, NULL},
	{"a pointer forwards", NAME(H "\300\16\1a\0"), 12, -1, NULL},
	{"a pointer to the labels that led to it", NAME(H "\1a\300\14"), 12, -1, NULL},
	{"a pointer into the label that led to it", NAME(H "\3\1x\0\300\15"), 12, -1, NULL},
	{"two pointers that lead to each other", NAME(H "\1a\300\20\1b\300\14"), 16, -1, NULL},
	{"a pointer over the end", NAME(H "\300\377"), 12, -1, NULL},
	{"a pointer into the header",
		NAME("\0..........."
		     "\300\0"),
		12, -1, NULL},
	{"a pointer to the header's last octet",
		NAME("...........\0"
		     "\300\13"),
		12, -1, NULL},
};

static void test_names(void)
{
	for (unsigned i = 0; i < WV_COUNT(names); i++) {
		uint8_t *exact = test_exact(names[i].octets, names[i].len);
		struct wv_wire w = wv_wire_open(exact, names[i].len);
		const uint8_t *packed;
		struct wv_wire hashed = w;
		struct wv_name name;
		char text[WV_NAME_TEXT];
		uint32_t hash;

		w.pos += names[i].at;
		packed = wv_wire_name(&w);
		hashed.pos += names[i].at;
		CHECK_ROW(&names[i], wv_wire_name_hash(&hashed, 1, &hash) == packed);
		CHECK_ROW(&names[i], hashed.pos == w.pos && hashed.bad == w.bad);
		CHECK_ROW(&names[i], (packed != NULL ? w.pos - w.base : -1) == names[i].used);
		CHECK_ROW(&names[i], w.bad == (packed == NULL));
		if (packed != NULL && names[i].text != NULL) {
			CHECK_ROW(&names[i], packed == exact + names[i].at);
			wv_name_unpack(&name, exact, packed);
			CHECK_ROW(
				&names[i], strcmp(wv_name_print(text, &name), names[i].text) == 0);
			CHECK_ROW(&names[i], wv_name_equal_packed(&name, exact, packed));
		}
		free(exact);
	}
}

// A name of as many octets, built of labels of 63, or of 1 where there are to be many.
static size_t name_make(uint8_t *out, size_t len, size_t label)
{
	size_t at = 0;

	while (at + 1 < len) {
		size_t n = len - 2 - at < label ? len - 2 - at : label;

		// Never leave one octet over, which would be a label without octets.
		if (len - 2 - at - n == 1)
			n = n > 1 ? n - 1 : n + 1;
		out[at] = (uint8_t)n;
		memset(out + at + 1, 'a' + (int)(at % 26), n);
		at += n + 1;
	}
	out[at] = 0;
	return at + 1;
}

static void test_longest_name(void)
{
	static const size_t labels[] = {1, 7, 8, 62, 63};
	uint8_t octets[300];

	for (unsigned i = 0; i < WV_COUNT(labels); i++) {
		for (size_t len = 253; len <= 258; len++) {
			size_t n = name_make(octets, len, labels[i]);
			uint8_t *exact = test_exact(octets, n);
			struct wv_wire w = wv_wire_open(exact, n);

			CHECK((wv_wire_name(&w) != NULL) == (n <= 255));
			free(exact);
		}
	}
}

static void test_longest_name_by_pointers(void)
{
	uint8_t message[1024] = {0};
	size_t at = WV_HEADER_LEN, names_at[200];
	unsigned n = 0;

	// "a.", then "a." and a pointer to the one before, and so on: 127 labels are 255 octets.
	message[at++] = 1;
	message[at++] = 'a';
	message[at++] = 0;
	names_at[n++] = WV_HEADER_LEN;
	for (; n < 130; n++) {
		names_at[n] = at;
		message[at++] = 1;
		message[at++] = 'A';
		wv_store16(message + at, (uint16_t)(0xc000 | names_at[n - 1]));
		at += 2;
	}
	for (unsigned i = 0; i < n; i++) {
		struct wv_wire w = wv_wire_open(message, at);
		struct wv_name name;
		const uint8_t *packed;

		w.pos += names_at[i];
		packed = wv_wire_name(&w);
		CHECK((packed != NULL) == (i + 1 <= WV_LABELS_MAX));
		if (packed == NULL)
			continue;
		wv_name_unpack(&name, message, packed);
		CHECK(name.labels == i + 1 && name.len == 2 * (i + 1) + 1);
	}
}

static void test_pointers_to_pointers_are_few(void)
{
	uint8_t message[256] = {0};
	size_t at = WV_HEADER_LEN + 1;

	// Pointers, each to the one before; the first to the root. The i-th leads over i - 1.
	for (unsigned i = 1; i <= 40; i++, at += 2) {
		struct wv_wire w = wv_wire_open(message, at + 2);

		wv_store16(message + at, (uint16_t)(0xc000 | (i == 1 ? at - 1 : at - 2)));
		w.pos += at;
		CHECK((wv_wire_name(&w) != NULL) == (i - 1 <= WV_NAME_HOPS));
	}
}

static void test_exact_letters(void)
{
	static const char message[] = H "\7ExAmPlE\3CoM\0\3WWW\300\14";
	struct wv_wire w = wv_wire_open((const uint8_t *)message, sizeof(message) - 1);
	const uint8_t *packed;
	uint8_t octets[WV_NAME_MAX];
	char text[WV_NAME_TEXT];

	w.pos += 25;
	packed = wv_wire_name(&w);
	REQUIRE(packed != NULL);
	CHECK(wv_name_unpack_exact(octets, w.base, packed) == 17);
	CHECK(memcmp(octets, "\3WWW\7ExAmPlE\3CoM", 17) == 0);
	CHECK(strcmp(wv_name_print_octets(text, octets), "WWW.ExAmPlE.CoM.") == 0);
}

static void test_only_letters_are_lowered(void)
{
	uint8_t message[257];
	struct wv_name name;

	// Each octet value in labels of every length, so that words and their rests all see it.
	for (unsigned n = 1; n <= 20; n++) {
		for (unsigned c = 0; c < 256; c++) {
			uint8_t other[32] = {0};

			message[0] = (uint8_t)n;
			memset(message + 1, (int)c, n);
			message[n + 1] = 0;
			wv_name_unpack(&name, message, message);
			CHECK(name.len == n + 2 && name.labels == 1 && name.octets[0] == n);
			for (unsigned i = 1; i <= n; i++)
				CHECK(name.octets[i] == (c >= 'A' && c <= 'Z' ? c + 32 : c));
			for (unsigned i = 1; i <= n; i++) {
				memcpy(other, message, n + 2);
				other[i] ^= 0x20;
				CHECK(wv_name_packed_equal(NULL, message, other)
					== ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')));
				CHECK(wv_name_packed_equal(NULL, message, other)
					== (wv_name_packed_hash(message, message, 7)
						== wv_name_packed_hash(other, other, 7)));
				other[i] = (uint8_t)(message[i] ^ 0x80);
				CHECK(!wv_name_packed_equal(NULL, message, other));
			}
		}
	}
}

static const struct {
	const char *what;
	const char *a, *b;
	bool equal;
} pairs[] = {
	{"the root and itself", ".", ".", true},
	{"the root and a name", ".", "a.", false},
	{"letter case aside", "www.EXAMPLE.com.", "WwW.example.COM.", true},
	{"one label less", "www.example.com.", "example.com.", false},
	{"the same octets in other labels", "ab\\003cde.", "ab.cde.", false},
	{"a long label's last octet", "abcdefghijklmnopqrstuvwxyz0.com.",
		"abcdefghijklmnopqrstuvwxyz1.com.", false},
	{"a long label's first octet", "0bcdefghijklmnopqrstuvwxyz0.com.",
		"1bcdefghijklmnopqrstuvwxyz0.com.", false},
	{"seven octets with the length", "abcdef.", "abcdeg.", false},
	{"'@' and '`' are no letters", "\\@.", "`.", false},
	{"'[' and '{' are no letters", "[.", "{.", false},
};

static void test_equal(void)
{
	for (unsigned i = 0; i < WV_COUNT(pairs); i++) {
		struct wv_name a, b;

		CHECK_ROW(&pairs[i], wv_name_parse(&a, pairs[i].a));
		CHECK_ROW(&pairs[i], wv_name_parse(&b, pairs[i].b));
		CHECK_ROW(&pairs[i], wv_name_equal(&a, &b) == pairs[i].equal);
		CHECK_ROW(&pairs[i], (wv_name_compare(&a, &b) == 0) == pairs[i].equal);
		CHECK_ROW(
			&pairs[i], wv_name_equal_packed(&a, b.octets, b.octets) == pairs[i].equal);
		CHECK_ROW(
			&pairs[i], (wv_name_hash(&a, 1) == wv_name_hash(&b, 1)) == pairs[i].equal);
	}
}

static void test_packed_equal_and_hash(void)
{
	static const char message[] = H "\3www\7example\3com\0" // 12
					"\300\14"               // 29
					"\3WWW\300\20"          // 31
					"\7EXAMPLE\300\30"      // 37
					"\3www\7example\3com\0" // 47
					"\3wwx\300\20";         // 64
	static const struct {
		const char *what;
		size_t a, b;
		bool equal;
	} cases[] = {
		{"a pointer to the name", 12, 29, true},
		{"a label and a pointer", 12, 31, true},
		{"a suffix", 16, 37, true},
		{"a name and its suffix", 12, 37, false},
		{"no compression", 12, 47, true},
		{"another label, the same pointer", 31, 64, false},
	};
	uint8_t *exact = test_exact(message, sizeof(message) - 1);

	for (unsigned i = 0; i < WV_COUNT(cases); i++) {
		const uint8_t *a = exact + cases[i].a, *b = exact + cases[i].b;
		struct wv_wire w = wv_wire_open(exact, sizeof(message) - 1);
		struct wv_name name;
		uint32_t hash;

		CHECK_ROW(&cases[i], wv_name_packed_equal(exact, a, b) == cases[i].equal);
		CHECK_ROW(&cases[i], wv_name_packed_equal(exact, b, a) == cases[i].equal);
		CHECK_ROW(&cases[i],
			(wv_name_packed_hash(exact, a, 42) == wv_name_packed_hash(exact, b, 42))
				== cases[i].equal);
		wv_name_unpack(&name, exact, a);
		CHECK_ROW(&cases[i], wv_name_equal_packed(&name, exact, b) == cases[i].equal);
		CHECK_ROW(&cases[i], wv_name_hash(&name, 42) == wv_name_packed_hash(exact, a, 42));
		w.pos = a;
		CHECK_ROW(&cases[i], wv_wire_name_hash(&w, 42, &hash) == a);
		CHECK_ROW(&cases[i], hash == wv_name_packed_hash(exact, a, 42));
		CHECK_ROW(&cases[i], hash != wv_name_packed_hash(exact, a, 43));
	}
	free(exact);
}

// RFC 4034 6.1.
static const char *const ordered[] = {
	"example",
	"a.example",
	"yljkjljk.a.example",
	"Z.a.example",
	"zABC.a.EXAMPLE",
	"z.example",
	"\\001.z.example",
	"*.z.example",
	"\\200.z.example",
};

static void test_canonical_order(void)
{
	struct wv_name a, b;

	for (unsigned i = 0; i < WV_COUNT(ordered); i++) {
		for (unsigned j = 0; j < WV_COUNT(ordered); j++) {
			int order;

			CHECK(wv_name_parse(&a, ordered[i]) && wv_name_parse(&b, ordered[j]));
			order = wv_name_compare(&a, &b);
			CHECK((order < 0) == (i < j) && (order > 0) == (i > j));
		}
	}
	CHECK(wv_name_parse(&a, ".") && wv_name_parse(&b, "a."));
	CHECK(wv_name_compare(&a, &b) < 0 && wv_name_compare(&b, &a) > 0);
	CHECK(wv_name_parse(&a, "ab.") && wv_name_parse(&b, "a."));
	CHECK(wv_name_compare(&a, &b) > 0 && wv_name_compare(&b, &a) < 0);
}

static const struct {
	const char *what;
	const char *name, *zone;
	bool within;
} within[] = {
	{"itself", "example.", "example.", true},
	{"below", "a.b.example.", "example.", true},
	{"below the root", "a.", ".", true},
	{"the root in itself", ".", ".", true},
	{"above", "example.", "a.example.", false},
	{"a sibling", "a.example.", "b.example.", false},
	{"the end of a label is no ancestor", "notexample.", "example.", false},
	{"a label that holds the zone's octets", "a\\007example.", "example.", false},
	{"such a label, as many labels", "x.a\\007example.", "example.", false},
	{"letter case aside", "A.EXAMPLE.", "eXample.", true},
};

static void test_within(void)
{
	for (unsigned i = 0; i < WV_COUNT(within); i++) {
		struct wv_name name, zone;

		CHECK_ROW(&within[i], wv_name_parse(&name, within[i].name));
		CHECK_ROW(&within[i], wv_name_parse(&zone, within[i].zone));
		CHECK_ROW(&within[i], wv_name_is_within(&name, &zone) == within[i].within);
	}
}

static void test_ancestors(void)
{
	static const char *const expected[] = {".", "com.", "example.com.", "www.example.com."};
	struct wv_name name, out;
	char text[WV_NAME_TEXT];

	for (unsigned labels = 0; labels < WV_COUNT(expected); labels++) {
		CHECK(wv_name_parse(&name, "www.example.com."));
		wv_name_ancestor(&out, &name, labels);
		CHECK(strcmp(wv_name_print(text, &out), expected[labels]) == 0);
		CHECK(out.labels == labels && wv_name_is_within(&name, &out));
		wv_name_ancestor(&name, &name, labels);
		CHECK(wv_name_equal(&name, &out));
	}
}

static void test_wildcards(void)
{
	struct wv_name name = {.len = 0}, out;
	char text[WV_NAME_TEXT];

	CHECK(wv_name_parse(&name, "."));
	CHECK(wv_name_wildcard(&out, &name) && strcmp(wv_name_print(text, &out), "*.") == 0);
	CHECK(wv_name_parse(&name, "example.com."));
	CHECK(wv_name_wildcard(&name, &name));
	CHECK(strcmp(wv_name_print(text, &name), "*.example.com.") == 0 && name.labels == 3);
	for (size_t len = 250; len <= 255; len++) {
		uint8_t octets[WV_NAME_MAX];

		CHECK(name_make(octets, len, 63) == len);
		wv_name_unpack(&name, octets, octets);
		CHECK(wv_name_wildcard(&out, &name) == (len <= 253));
	}
}

// Presentation form in, octets and presentation form out; no octets: no name.
static const struct {
	const char *what;
	const char *text;
	const char *octets;
	size_t len;
	const char *printed;
} texts[] = {
	{"the root", ".", NAME("\0"), "."},
	{"a last dot", "www.Example.", NAME("\3www\7example\0"), "www.example."},
	{"no last dot", "www.Example", NAME("\3www\7example\0"), "www.example."},
	{"an escaped dot", "a\\.b.c.", NAME("\3a.b\1c\0"), "a\\.b.c."},
	{"an escaped backslash", "a\\\\b.", NAME("\3a\\b\0"), "a\\\\b."},
	{"an escaped letter", "\\W\\w.", NAME("\2ww\0"), "ww."},
	{"decimals", "\\000\\032\\255\\065.", NAME("\4\0 \377a\0"), "\\000\\032\\255a."},
	{"what zone files escape", "a@b$c;d(e)\\\"f.", NAME("\14a@b$c;d(e)\"f\0"),
		"a\\@b\\$c\\;d\\(e\\)\\\"f."},
	{"an underscore, an asterisk", "*._tcp.", NAME("\1*\4_tcp\0"), "*._tcp."},
	{"nothing", "", NULL, 0, NULL},
	{"two dots", "..", NULL, 0, NULL},
	{"an empty label", "a..b.", NULL, 0, NULL},
	{"a leading dot", ".a.", NULL, 0, NULL},
	{"two last dots", "a..", NULL, 0, NULL},
	{"a backslash at the end", "a\\", NULL, 0, NULL},
	{"decimals above 255", "\\256.", NULL, 0, NULL},
	{"too few decimals", "\\25.", NULL, 0, NULL},
	{"too few decimals at the end", "\\2", NULL, 0, NULL},
	{"a space", "a b.", NULL, 0, NULL},
	{"a new line", "a\n", NULL, 0, NULL},
	{"a letter of another script", "\303\244.", NULL, 0, NULL},
	{"an escaped letter of another script", "\\\303.", NULL, 0, NULL},
};

static void test_text(void)
{
	for (unsigned i = 0; i < WV_COUNT(texts); i++) {
		struct wv_name name;
		char text[WV_NAME_TEXT];
		bool is_name = wv_name_parse(&name, texts[i].text);

		CHECK_ROW(&texts[i], is_name == (texts[i].octets != NULL));
		if (!is_name || texts[i].octets == NULL)
			continue;
		CHECK_ROW(&texts[i], name.len == texts[i].len);
		CHECK_ROW(&texts[i], memcmp(name.octets, texts[i].octets, texts[i].len) == 0);
		CHECK_ROW(&texts[i], strcmp(wv_name_print(text, &name), texts[i].printed) == 0);
	}
	CHECK(strcmp(wv_name_print((char[WV_NAME_TEXT]){"x"}, &(struct wv_name){.len = 0}), "")
		== 0);
}

static void test_text_limits(void)
{
	char text[WV_NAME_TEXT], printed[WV_NAME_TEXT];
	uint8_t octets[WV_NAME_MAX];
	struct wv_name name;

	memset(text, 'a', 64);
	text[63] = '\0';
	CHECK(wv_name_parse(&name, text) && name.len == 65);
	memset(text, 'a', 64);
	text[64] = '\0';
	CHECK(!wv_name_parse(&name, text));

	// 127 labels of one octet are the longest name; another octet anywhere is too much.
	for (unsigned i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 3);
	CHECK(wv_name_parse(&name, text) && name.len == 255 && name.labels == 127);
	CHECK(strcmp(wv_name_print(printed, &name), text) == 0);
	text[253] = '\0';
	CHECK(wv_name_parse(&name, text) && name.len == 255);
	memcpy(text + 253, "a", 2);
	CHECK(!wv_name_parse(&name, text));
	text[253] = '\0';
	memcpy(text + 253, ".a", 3);
	CHECK(!wv_name_parse(&name, text));

	// The longest text: every octet as decimals.
	CHECK(name_make(octets, 255, 63) == 255);
	for (size_t i = 1, left = octets[0]; i < 254; i++) {
		if (left-- == 0)
			left = octets[i];
		else
			octets[i] = 0xff;
	}
	CHECK(strlen(wv_name_print_octets(text, octets)) == 4 * 250 + 4);
	CHECK(wv_name_parse(&name, text) && name.len == 255);
	CHECK(memcmp(name.octets, octets, 255) == 0);
}

static void test_types(void)
{
	char text[16];
	uint16_t type = 0;

	for (unsigned t = 0; t <= UINT16_MAX; t++) {
		type = (uint16_t)~t;
		CHECK(wv_type_print(text, (uint16_t)t) == text && strlen(text) < sizeof(text));
		CHECK(wv_type_parse(&type, text) && type == t);
		snprintf(text, sizeof(text), "type%u", t);
		type = (uint16_t)~t;
		CHECK(wv_type_parse(&type, text) && type == t);
	}
}

static const struct {
	const char *what;
	uint16_t type;
} type_names[] = {
	{"A", WV_TYPE_A},
	{"NS", WV_TYPE_NS},
	{"SOA", WV_TYPE_SOA},
	{"HINFO", WV_TYPE_HINFO},
	{"AAAA", WV_TYPE_AAAA},
	{"LOC", 29},
	{"NAPTR", WV_TYPE_NAPTR},
	{"SSHFP", 44},
	{"RRSIG", WV_TYPE_RRSIG},
	{"NSEC3", WV_TYPE_NSEC3},
	{"NSEC3PARAM", WV_TYPE_NSEC3PARAM},
	{"TLSA", 52},
	{"CDS", WV_TYPE_CDS},
	{"CDNSKEY", WV_TYPE_CDNSKEY},
	{"OPENPGPKEY", 61},
	{"CSYNC", 62},
	{"ZONEMD", 63},
	{"SVCB", 64},
	{"HTTPS", 65},
	{"EUI48", 108},
	{"EUI64", 109},
	{"NXNAME", WV_TYPE_NXNAME},
	{"AXFR", WV_TYPE_AXFR},
	{"ANY", WV_TYPE_ANY},
	{"URI", 256},
	{"CAA", 257},
	{"TYPE65280", 65280},
	{"TYPE0", 0},
};

static void test_type_names(void)
{
	static const char *const none[] = {"", "TYPE", "TYPE65536", "TYPE-1", "TYPE 1", "TYPE1x",
		"TYPE99999999999", "AA", " A", "A ", "1"};
	char text[16];
	uint16_t type;

	for (unsigned i = 0; i < WV_COUNT(type_names); i++) {
		wv_type_print(text, type_names[i].type);
		CHECK_ROW(&type_names[i], strcmp(text, type_names[i].what) == 0);
		CHECK_ROW(&type_names[i],
			wv_type_parse(&type, type_names[i].what) && type == type_names[i].type);
	}
	CHECK(wv_type_parse(&type, "aaaa") && type == WV_TYPE_AAAA);
	for (unsigned i = 0; i < WV_COUNT(none); i++)
		CHECK(!wv_type_parse(&type, none[i]));
}

static const struct test tests[] = {
	{"a read that does not fit is bad for good", test_cursor},
	{"names that are none are refused", test_names},
	{"a name has at most 255 octets", test_longest_name},
	{"a name put together by pointers has at most 255 octets", test_longest_name_by_pointers},
	{"few pointers lead to pointers", test_pointers_to_pointers_are_few},
	{"letters can be kept as they are", test_exact_letters},
	{"only A-Z are lowered", test_only_letters_are_lowered},
	{"names are equal letter case aside", test_equal},
	{"packed names are equal, and have one hash, however compressed",
		test_packed_equal_and_hash},
	{"names are ordered as in RFC 4034 6.1", test_canonical_order},
	{"a zone holds its own name and those below", test_within},
	{"ancestors are the rightmost labels", test_ancestors},
	{"a wildcard fits, or is none", test_wildcards},
	{"presentation form is read and written", test_text},
	{"presentation form keeps to the limits of names", test_text_limits},
	{"every type is read back as it was written", test_types},
	{"types have their IANA names", test_type_names},
};

int main(void)
{
	return test_main("wire", tests, WV_COUNT(tests));
}
