#include <time.h>

#include "wv_message.h"

#include "build.h"
#include "test.h"

static struct wv_message message;
static struct build b;

static const char opt_cookie[] = "\0\12\0\20clientckserverco\0\3\0\4nsid";

// A message in a block of its exact size, which the caller frees.
static uint8_t *parse_exact(const uint8_t *octets, size_t len, enum wv_message_status *status)
{
	uint8_t *exact = test_exact(octets, len);

	memset(&message, 0xa5, sizeof(message));
	*status = wv_message_parse(&message, exact, len, 99);
	return exact;
}

static const struct wv_rrset *find(enum wv_section section, const char *owner, uint16_t type)
{
	struct wv_name name;

	return wv_name_parse(&name, owner) ? wv_message_find(&message, section, &name, type) : NULL;
}

static void build_answer(void)
{
	build_start(&b, WV_FLAG_QR | WV_FLAG_AA, "www.example.com.", WV_TYPE_A);
	build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_A, 300, "\300\0\2\1", 4);
	build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_A, 300, "\300\0\2\2", 4);
	build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_A, 3, "example.com.");
	build_opt(&b, 0x8000, opt_cookie, sizeof(opt_cookie) - 1);
}

static void build_referral(void)
{
	size_t ns;

	build_start(&b, WV_FLAG_QR, "www.sub.example.com.", WV_TYPE_AAAA);
	build_pointer(&b, 16);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_NS, WV_CLASS_IN, 86400);
	ns = b.len;
	build_octets(&b, "\3ns1\300\20", 6);
	build_end(&b);
	build_pointer(&b, 16);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_NS, WV_CLASS_IN, 86400);
	build_octets(&b, "\3ns2\300\20", 6);
	build_end(&b);
	build_pointer(&b, 16);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_DS, WV_CLASS_IN, 3600);
	build_octets(&b, "\x12\x67\15\2", 4);
	build_octets(&b, "0123456789abcdef0123456789abcdef", 32);
	build_end(&b);
	build_pointer(&b, 16);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_RRSIG, WV_CLASS_IN, 3600);
	build_rrsig_data(&b, WV_TYPE_DS, 3, "example.com.");
	build_end(&b);
	build_pointer(&b, ns);
	build_head(&b, WV_SECTION_ADDITIONAL, WV_TYPE_A, WV_CLASS_IN, 86400);
	build_octets(&b, "\300\0\2\1", 4);
	build_end(&b);
	build_opt(&b, 0x8000, "", 0);
}

static void build_nsec3(void)
{
	build_start(&b, WV_FLAG_QR | WV_FLAG_AA | WV_RCODE_NXDOMAIN, "nx.example.", WV_TYPE_MX);
	build_pointer(&b, 15);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_SOA, WV_CLASS_IN, 3600);
	build_octets(&b, "\2ns\300\17\12hostmaster\300\17", 18);
	build_octets(&b, "\0\0\0\1\0\0\34\40\0\0\2\130\0\11\72\200\0\0\16\20", 20);
	build_end(&b);
	build_name(&b, "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.");
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_NSEC3, WV_CLASS_IN, 3600);
	build_octets(&b, "\1\1\0\14\4\252\273\314\335\24", 10);
	build_octets(&b, "01234567890123456789", 20);
	build_octets(&b, "\0\7\42\1\200\0\0\2\220", 9);
	build_end(&b);
	build_opt(&b, 0x8000, opt_cookie, sizeof(opt_cookie) - 1);
	build_name(&b, "key.example.");
	build_head(&b, WV_SECTION_ADDITIONAL, WV_TYPE_TSIG, 255, 0);
	build_name(&b, "hmac-sha256.");
	build_octets(&b, "\0\0\147\0\0\0\1\54\0\4abcd\0\1\0\0\0\0", 20);
	build_end(&b);
}

static void build_chain(void)
{
	size_t owner;

	build_start(&b, WV_FLAG_QR | WV_FLAG_RD | WV_FLAG_RA, "A.example.", WV_TYPE_A);
	build_pointer(&b, 14);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_DNAME, WV_CLASS_IN, 60);
	build_name(&b, "Example.NET.");
	build_end(&b);
	build_pointer(&b, 12);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_CNAME, WV_CLASS_IN, 60);
	owner = b.len;
	build_name(&b, "a.example.net.");
	build_end(&b);
	build_pointer(&b, owner);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_A, WV_CLASS_IN, 60);
	build_octets(&b, "\300\0\2\7", 4);
	build_end(&b);
}

static void (*const samples[])(void) = {build_answer, build_referral, build_nsec3, build_chain};

static void test_answer(void)
{
	enum wv_message_status status;
	const struct wv_rrset *set;
	struct wv_rrsig sig;
	struct wv_name name;
	unsigned n = 0;
	uint8_t *exact;

	build_answer();
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK);
	CHECK(message.base == exact && message.len == b.len && message.end == b.len);
	CHECK(message.id == 0x1234 && message.flags == (WV_FLAG_QR | WV_FLAG_AA));
	CHECK(message.qname == 12 && message.qtype == WV_TYPE_A && message.qclass == WV_CLASS_IN);
	CHECK(message.question_end == 33);
	CHECK(message.qname_hash == wv_name_packed_hash(exact, exact + 12, 99));
	CHECK(message.n_rrs == 4 && message.n_rrsets == 1 && !message.rrsets_cut);
	CHECK(message.section_rr[0] == 0 && message.section_rr[1] == 3);
	CHECK(message.section_rr[2] == 3 && message.section_rr[3] == 4);
	CHECK(message.has_edns && message.edns_do && message.edns_version == 0);
	CHECK(message.edns_size == 1232 && message.opt == 3 && message.rcode == 0);
	REQUIRE(message.cookie != WV_MESSAGE_NOTHING);
	CHECK(message.cookie_len == 16 && memcmp(exact + message.cookie, "clientck", 8) == 0);
	CHECK(!message.is_signed);

	set = find(WV_SECTION_ANSWER, "WWW.example.com.", WV_TYPE_A);
	REQUIRE(set != NULL);
	CHECK(set == &message.rrsets[0] && set->n == 2 && set->n_sigs == 1);
	CHECK(set->owner_hash == message.qname_hash && set->class == WV_CLASS_IN);
	wv_foreach_rr(&message, set, rr) {
		CHECK(rr->type == WV_TYPE_A && rr->rdlen == 4 && rr->ttl == 300);
		CHECK(exact[rr->rdata + 3] == ++n);
	}
	CHECK(n == 2);
	wv_foreach_sig(&message, set, rr)
	{
		n++;
		REQUIRE(wv_message_rrsig(&message, rr, &sig));
		CHECK(sig.covered == WV_TYPE_A && sig.algorithm == 13 && sig.labels == 3);
		CHECK(sig.original_ttl == 3600 && sig.expiration == 1900000000);
		CHECK(sig.inception == 1800000000 && sig.key_tag == 4711);
		wv_name_unpack(&name, exact, exact + sig.signer);
		CHECK(name.len == 13 && sig.signature_len == 64 && exact[sig.signature] == 0x5a);
	}
	CHECK(n == 3);
	CHECK(find(WV_SECTION_AUTHORITY, "www.example.com.", WV_TYPE_A) == NULL);
	CHECK(find(WV_SECTION_ANSWER, "example.com.", WV_TYPE_A) == NULL);
	CHECK(find(WV_SECTION_ANSWER, "www.example.com.", WV_TYPE_AAAA) == NULL);
	free(exact);
}

static void test_referral(void)
{
	enum wv_message_status status;
	const struct wv_rrset *set;
	struct wv_name name, expected;
	uint8_t *exact;

	build_referral();
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.n_rrsets == 3);
	set = find(WV_SECTION_AUTHORITY, "sub.example.com.", WV_TYPE_NS);
	REQUIRE(set != NULL);
	CHECK(set->n == 2 && set->n_sigs == 0 && set->first_sig == WV_MESSAGE_NOTHING);
	CHECK(wv_message_rdata_name(&message, &message.rrs[set->first], 0, &name) == 6);
	CHECK(wv_name_parse(&expected, "ns1.sub.example.com.") && wv_name_equal(&name, &expected));
	set = find(WV_SECTION_AUTHORITY, "sub.example.com.", WV_TYPE_DS);
	REQUIRE(set != NULL);
	CHECK(set->n == 1 && set->n_sigs == 1);
	set = find(WV_SECTION_ADDITIONAL, "ns1.sub.example.com.", WV_TYPE_A);
	CHECK(set != NULL && set->n == 1);
	free(exact);
}

static void test_nothing_but_the_question(void)
{
	enum wv_message_status status;
	uint8_t *exact;

	build_start(&b, WV_FLAG_RD | WV_FLAG_CD, ".", WV_TYPE_DNSKEY);
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.question_end == 17 && message.end == 17);
	CHECK(message.n_rrs == 0 && message.n_rrsets == 0 && !message.has_edns);
	CHECK(!message.edns_do && message.opt == WV_MESSAGE_NOTHING);
	CHECK(message.cookie == WV_MESSAGE_NOTHING && message.section_rr[3] == 0);
	free(exact);
}

static void test_signatures_before_records(void)
{
	enum wv_message_status status;
	const struct wv_rrset *set;
	uint8_t *exact;
	size_t owner;

	build_start(&b, WV_FLAG_QR, "www.example.com.", WV_TYPE_A);
	build_name(&b, "WWW.Example.COM.");
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_RRSIG, WV_CLASS_IN, 60);
	build_rrsig_data(&b, WV_TYPE_A, 3, "example.com.");
	build_end(&b);
	owner = build_pointer(&b, 12);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_A, WV_CLASS_IN, 60);
	build_octets(&b, "\1\2\3\4", 4);
	build_end(&b);
	build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_A, 3, "example.com.");
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.n_rrsets == 1);
	set = find(WV_SECTION_ANSWER, "www.example.com.", WV_TYPE_A);
	REQUIRE(set != NULL);
	CHECK(set->n == 1 && set->first == 1 && set->owner == owner);
	CHECK(set->n_sigs == 2 && set->first_sig == 0 && message.rrs[0].next == 2);
	CHECK(message.rrs[2].next == WV_MESSAGE_NOTHING);
	free(exact);
}

static void test_what_makes_an_rrset(void)
{
	static const struct {
		const char *what;
		const char *owner;
		unsigned section, type, class;
		unsigned covered; // of an RRSIG
		int rrset;        // index expected, -1: in none
	} rows[] = {
		{"the first", "a.example.", WV_SECTION_ANSWER, WV_TYPE_A, 1, 0, 0},
		{"another type", "a.example.", WV_SECTION_ANSWER, WV_TYPE_AAAA, 1, 0, 1},
		{"another class", "a.example.", WV_SECTION_ANSWER, WV_TYPE_A, 3, 0, 2},
		{"another owner", "b.example.", WV_SECTION_ANSWER, WV_TYPE_A, 1, 0, 3},
		{"letter case aside", "A.EXAMPLE.", WV_SECTION_ANSWER, WV_TYPE_A, 1, 0, 0},
		{"a signature", "a.Example.", WV_SECTION_ANSWER, WV_TYPE_RRSIG, 1, WV_TYPE_A, 0},
		{"a signature of that class", "a.example.", WV_SECTION_ANSWER, WV_TYPE_RRSIG, 3,
			WV_TYPE_A, 2},
		{"a signature over nothing", "c.example.", WV_SECTION_ANSWER, WV_TYPE_RRSIG, 1,
			WV_TYPE_TXT, 4},
		{"a signature over signatures", "a.example.", WV_SECTION_ANSWER, WV_TYPE_RRSIG, 1,
			WV_TYPE_RRSIG, -1},
		{"another section", "a.example.", WV_SECTION_AUTHORITY, WV_TYPE_A, 1, 0, 5},
		{"a signature there", "a.example.", WV_SECTION_AUTHORITY, WV_TYPE_RRSIG, 1,
			WV_TYPE_A, 5},
		{"a SIG that is not SIG(0)", "a.example.", WV_SECTION_AUTHORITY, WV_TYPE_SIG, 1,
			WV_TYPE_A, 6},
		{"the third section", "a.example.", WV_SECTION_ADDITIONAL, WV_TYPE_A, 1, 0, 7},
	};
	enum wv_message_status status;
	uint8_t *exact;
	unsigned count[8] = {0};

	build_start(&b, WV_FLAG_QR, "a.example.", WV_TYPE_ANY);
	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		build_name(&b, rows[i].owner);
		build_head(&b, rows[i].section, rows[i].type, rows[i].class, 60);
		if (rows[i].covered != 0)
			build_rrsig_data(&b, rows[i].covered, 2, "example.");
		build_end(&b);
		if (rows[i].rrset >= 0)
			count[rows[i].rrset]++;
	}
	exact = parse_exact(b.octets, b.len, &status);
	REQUIRE(status == WV_MESSAGE_OK);
	CHECK(message.n_rrsets == WV_COUNT(count));
	for (unsigned i = 0; i < WV_COUNT(count); i++) {
		const struct wv_rrset *set = &message.rrsets[i];

		CHECK(set->n + set->n_sigs == count[i]);
		wv_foreach_rr(&message, set, rr)
			CHECK_ROW(&rows[rr - message.rrs], rows[rr - message.rrs].rrset == (int)i);
		wv_foreach_sig(&message, set, rr)
			CHECK_ROW(&rows[rr - message.rrs], rows[rr - message.rrs].rrset == (int)i);
	}
	CHECK(find(WV_SECTION_ANSWER, "c.example.", WV_TYPE_TXT) == NULL);
	CHECK(find(WV_SECTION_ANSWER, "a.example.", WV_TYPE_A) == &message.rrsets[0]);
	CHECK(find(WV_SECTION_AUTHORITY, "a.example.", WV_TYPE_A) == &message.rrsets[5]);
	free(exact);
}

// The record in the middle, or last, of the additional section of an answer; is it refused?
static const struct {
	const char *what;
	const char *rr; // owner, type, class, TTL, RDLENGTH, data
	size_t len;
	unsigned section;
	bool another_behind;
	enum wv_message_status status;
} meta[] = {
#define RR(octets) octets, sizeof(octets) - 1
	{"OPT", RR("\0\0\51\4\320\0\0\0\0\0\0"), 2, true, WV_MESSAGE_OK},
	{"OPT with an owner", RR("\1a\0\0\51\4\320\0\0\0\0\0\0"), 2, false, WV_MESSAGE_BAD_RECORD},
	{"OPT in the answer", RR("\0\0\51\4\320\0\0\0\0\0\0"), 0, true, WV_MESSAGE_BAD_RECORD},
	{"OPT in the authority", RR("\0\0\51\4\320\0\0\0\0\0\0"), 1, true, WV_MESSAGE_BAD_RECORD},
	{"OPT with an option", RR("\0\0\51\4\320\0\0\0\0\0\5\0\3\0\1x"), 2, true, WV_MESSAGE_OK},
	{"OPT with half an option", RR("\0\0\51\4\320\0\0\0\0\0\3\0\3\0"), 2, true,
		WV_MESSAGE_BAD_RECORD},
	{"OPT whose option is too long", RR("\0\0\51\4\320\0\0\0\0\0\5\0\3\0\2x"), 2, true,
		WV_MESSAGE_BAD_RECORD},
	{"OPT whose cookie is too long", RR("\0\0\51\4\320\0\0\0\0\0\5\0\12\0\2x"), 2, true,
		WV_MESSAGE_BAD_RECORD},
	{"TSIG last", RR("\1k\0\0\372\0\377\0\0\0\0\0\0"), 2, false, WV_MESSAGE_OK},
	{"TSIG not last", RR("\1k\0\0\372\0\377\0\0\0\0\0\0"), 2, true, WV_MESSAGE_BAD_RECORD},
	{"TSIG in the answer", RR("\1k\0\0\372\0\377\0\0\0\0\0\0"), 0, false,
		WV_MESSAGE_BAD_RECORD},
	{"SIG(0) last", RR("\0\0\30\0\377\0\0\0\0\0\2\0\0"), 2, false, WV_MESSAGE_OK},
	{"SIG(0) not last", RR("\0\0\30\0\377\0\0\0\0\0\2\0\0"), 2, true, WV_MESSAGE_BAD_RECORD},
	{"a SIG that covers a type, not last", RR("\0\0\30\0\1\0\0\0\0\0\2\0\1"), 2, true,
		WV_MESSAGE_OK},
	{"TKEY in the answer", RR("\1k\0\0\371\0\377\0\0\0\0\0\0"), 0, true, WV_MESSAGE_OK},
	{"RRSIG without data", RR("\1k\0\0\56\0\1\0\0\0\0\0\0"), 0, true, WV_MESSAGE_OK},
	{"data over the end", RR("\1k\0\0\20\0\1\0\0\0\0\1\0"), 2, false, WV_MESSAGE_BAD_RECORD},
};

static void test_meta_records(void)
{
	for (unsigned i = 0; i < WV_COUNT(meta); i++) {
		enum wv_message_status status;
		uint8_t *exact;

		build_start(&b, WV_FLAG_QR, "a.example.", WV_TYPE_A);
		b.octets[7 + 2 * meta[i].section]++;
		build_octets(&b, meta[i].rr, meta[i].len);
		if (meta[i].another_behind)
			build_rr(&b, WV_SECTION_ADDITIONAL, WV_TYPE_A, 1, "abcd", 4);
		exact = parse_exact(b.octets, b.len, &status);
		CHECK_ROW(&meta[i], status == meta[i].status);
		if (status == WV_MESSAGE_BAD_RECORD)
			CHECK_ROW(&meta[i],
				message.n_rrs == 0 && message.end == 27
					&& message.cookie == WV_MESSAGE_NOTHING && !message.has_edns
					&& !message.is_signed);
		free(exact);
	}
}

static void test_edns(void)
{
	static const char two_cookies[] = "\0\12\0\10firstone\0\12\0\10otherone";
	enum wv_message_status status;
	uint8_t *exact;

	build_start(&b, WV_FLAG_QR | 7, "a.example.", WV_TYPE_A);
	build_opt(&b, 0x12348000, two_cookies, sizeof(two_cookies) - 1);
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.rcode == 0x127);
	CHECK(message.edns_version == 0x34 && message.edns_do);
	CHECK(message.cookie_len == 8 && memcmp(exact + message.cookie, "first", 5) == 0);
	CHECK(message.n_rrsets == 0 && message.n_rrs == 1);
	free(exact);

	build_opt(&b, 0, "", 0);
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_BAD_RECORD); // two OPTs
	CHECK(message.has_edns && message.n_rrs == 1);
	free(exact);
}

static void test_signed_messages(void)
{
	enum wv_message_status status;
	uint8_t *exact;

	build_nsec3();
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.is_signed);
	CHECK(message.rcode == WV_RCODE_NXDOMAIN && message.n_rrsets == 2);
	CHECK(message.cookie_len == 16);
	free(exact);
}

static void test_questions(void)
{
	enum wv_message_status status;
	uint8_t *exact;

	build_start(&b, WV_FLAG_QR, "a.example.", WV_TYPE_A);
	for (unsigned count = 0; count < 4; count++) {
		b.octets[5] = (uint8_t)count;
		exact = parse_exact(b.octets, b.len, &status);
		CHECK(status == (count == 1 ? WV_MESSAGE_OK : WV_MESSAGE_NO_QUESTION));
		CHECK(message.count[0] == count && message.n_rrs == 0);
		free(exact);
	}
	b.octets[5] = 1;
	b.octets[12] = 0x41;
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_NO_QUESTION && message.id == 0x1234);
	free(exact);
}

static void test_trailing_octets(void)
{
	enum wv_message_status status;
	uint8_t *exact;

	build_answer();
	build_octets(&b, "trailing", 8);
	exact = parse_exact(b.octets, b.len, &status);
	CHECK(status == WV_MESSAGE_OK && message.end == b.len - 8 && message.len == b.len);
	free(exact);
}

static void test_short_rrsigs(void)
{
	enum wv_message_status status;
	struct wv_rrsig sig;
	uint8_t *exact;

	// The fixed part and "." are 19 octets; one that ends before has no signer.
	for (size_t len = 0; len <= 20; len++) {
		uint8_t data[20] = {0, 1};

		build_start(&b, WV_FLAG_QR, "a.example.", WV_TYPE_A);
		build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_RRSIG, 60, data, len);
		build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_A, 60, "abcd", 4);
		exact = parse_exact(b.octets, b.len, &status);
		CHECK(status == WV_MESSAGE_OK && message.n_rrsets == 1);
		CHECK(message.rrsets[0].n_sigs == (len >= 2));
		CHECK(wv_message_rrsig(&message, &message.rrs[0], &sig) == (len >= 19));
		if (len >= 19)
			CHECK(sig.signature_len == len - 19);
		free(exact);
	}
}

static void test_names_end_within_the_data(void)
{
	static const struct {
		const char *what;
		const char *data;
		size_t len, at, used;
	} rows[] = {
		{"a name", RR("\1a\0"), 0, 3},
		{"something behind", RR("\1a\0xy"), 0, 3},
		{"something before", RR("xx\1a\0"), 2, 5},
		{"a pointer", RR("\1a\300\14"), 0, 4},
		{"no data", RR(""), 0, 0},
		{"at the end", RR("\1a\0"), 3, 0},
		{"behind the end", RR("\1a\0"), 4, 0},
		{"a label over the end", RR("\4abc"), 0, 0},
		{"no root", RR("\3abc"), 0, 0},
		{"half a pointer", RR("\3abc\300"), 0, 0},
	};

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		enum wv_message_status status;
		struct wv_name name;
		struct wv_rr *rr = &message.rrs[0];
		uint8_t *exact;

		build_start(&b, WV_FLAG_QR, "a.example.", WV_TYPE_A);
		build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_CNAME, 60, rows[i].data, rows[i].len);
		build_octets(&b, "\14\1b\0\0\0", 6); // would go on as a name
		exact = parse_exact(b.octets, b.len, &status);
		CHECK_ROW(&rows[i], status == WV_MESSAGE_OK);
		CHECK_ROW(&rows[i],
			wv_message_rdata_name(&message, rr, rows[i].at, &name) == rows[i].used);
		free(exact);
	}
}

// Whatever was read lies in the message, each record is in one chain, and can be worked with.
static void message_walk(const uint8_t *octets, size_t len)
{
	static uint8_t seen[WV_MESSAGE_RRS];
	enum wv_message_status status;
	uint8_t *exact = parse_exact(octets, len, &status);
	struct wv_rrsig sig;
	struct wv_name name;

	if (status == WV_MESSAGE_OK || status == WV_MESSAGE_BAD_RECORD) {
		memset(seen, 0, message.n_rrs);
		CHECK(message.end <= len && message.section_rr[3] == message.n_rrs);
		wv_name_unpack(&name, exact, exact + message.qname);
		for (unsigned i = 0; i < message.n_rrsets; i++) {
			const struct wv_rrset *set = &message.rrsets[i];
			unsigned n = 0, n_sigs = 0;

			wv_name_unpack(&name, exact, exact + set->owner);
			CHECK(wv_name_hash(&name, message.seed) == set->owner_hash);
			wv_foreach_rr(&message, set, rr) {
				CHECK(!seen[rr - message.rrs]++ && rr->type == set->type);
				CHECK((size_t)rr->rdata + rr->rdlen <= len);
				wv_message_rdata_name(&message, rr, 0, &name);
				n++;
			}
			wv_foreach_sig(&message, set, rr)
			{
				CHECK(!seen[rr - message.rrs]++ && rr->type == WV_TYPE_RRSIG);
				if (wv_message_rrsig(&message, rr, &sig))
					CHECK((size_t)sig.signature + sig.signature_len <= len);
				n_sigs++;
			}
			CHECK(n == set->n && n_sigs == set->n_sigs && n + n_sigs > 0);
		}
	}
	free(exact);
}

static void test_truncated(void)
{
	for (unsigned s = 0; s < WV_COUNT(samples); s++) {
		samples[s]();
		for (size_t len = 0; len < b.len; len++) {
			message_walk(b.octets, len);
			CHECK(wv_message_parse(&message, b.octets, len, 1) != WV_MESSAGE_OK);
		}
		message_walk(b.octets, b.len);
		CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_OK);
	}
}

static void test_mutated(void)
{
	for (unsigned s = 0; s < WV_COUNT(samples); s++) {
		samples[s]();
		for (size_t i = 0; i < b.len; i++) {
			uint8_t was = b.octets[i];

			for (unsigned v = 0; v < 256; v++) {
				b.octets[i] = (uint8_t)v;
				message_walk(b.octets, b.len);
			}
			b.octets[i] = was;
		}
	}
}

static void test_many_rrsets(void)
{
	enum wv_message_status status;
	const struct wv_rrset *set;
	char owner[32];

	// Each owner twice, the second time with another case; then signatures over all.
	build_start(&b, WV_FLAG_QR, "example.", WV_TYPE_AXFR);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(owner, sizeof(owner), "%c%u.example.", i & 1 ? 'h' : 'H', i / 2);
		build_name(&b, owner);
		build_head(&b, WV_SECTION_ANSWER, WV_TYPE_A, WV_CLASS_IN, 60);
		build_octets(&b, owner, 4);
		build_end(&b);
	}
	for (unsigned i = 0; i < 300; i++) {
		snprintf(owner, sizeof(owner), "h%u.example.", i);
		build_name(&b, owner);
		build_head(&b, WV_SECTION_ANSWER, WV_TYPE_RRSIG, WV_CLASS_IN, 60);
		build_rrsig_data(&b, WV_TYPE_A, 2, ".");
		build_end(&b);
	}
	free(parse_exact(b.octets, b.len, &status));
	message_walk(b.octets, b.len);
	CHECK(message.n_rrs == 900 && message.n_rrsets == 300 && !message.rrsets_cut);

	wv_message_parse(&message, b.octets, b.len, 5);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(owner, sizeof(owner), "h%u.example.", i);
		set = find(WV_SECTION_ANSWER, owner, WV_TYPE_A);
		REQUIRE(set != NULL);
		CHECK(set == &message.rrsets[i] && set->n == 2 && set->n_sigs == 1);
	}
}

static void test_sections_of_large_messages(void)
{
	enum wv_message_status status;
	char owner[32];

	build_start(&b, WV_FLAG_QR, "example.", WV_TYPE_ANY);
	for (unsigned section = 0; section < WV_SECTION_COUNT; section++) {
		for (unsigned i = 0; i < 40; i++) {
			snprintf(owner, sizeof(owner), "h%u.example.", i % 20);
			build_name(&b, owner);
			build_head(&b, section, WV_TYPE_A, i < 20 ? WV_CLASS_IN : 3, 60);
			build_end(&b);
		}
	}
	// The seed decides which RRsets are neighbours in the table.
	for (unsigned seed = 0; seed < 300; seed++) {
		status = wv_message_parse(&message, b.octets, b.len, seed);
		CHECK(status == WV_MESSAGE_OK && message.n_rrsets == 3 * 40);
		for (unsigned i = 0; i < message.n_rrsets; i++)
			CHECK(message.rrsets[i].section == i / 40 && message.rrsets[i].n == 1);
	}
}

static void test_too_many_rrsets(void)
{
	for (unsigned section = 0; section < WV_SECTION_COUNT; section++) {
		const struct wv_rrset *set;

		build_start(&b, WV_FLAG_QR, "example.", WV_TYPE_ANY);
		for (unsigned i = 0; i < WV_MESSAGE_RRSETS + 20; i++) {
			build_pointer(&b, 12);
			build_head(&b, section, 1000 + i, WV_CLASS_IN, 60);
			build_end(&b);
		}
		build_pointer(&b, 12);
		build_head(&b, section, 1000, WV_CLASS_IN, 60);
		build_end(&b);
		CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_OK);
		CHECK(message.n_rrsets == WV_MESSAGE_RRSETS);
		CHECK(message.rrsets_cut == (section != WV_SECTION_ADDITIONAL));
		set = find(section, "example.", 1000);
		REQUIRE(set != NULL);
		CHECK(set->n == 2); // what was told apart is kept whole
	}
}

static void test_most_records(void)
{
	size_t n = 0;

	build_start(&b, WV_FLAG_QR, ".", WV_TYPE_ANY);
	for (; b.len + 11 <= UINT16_MAX; n++) {
		build_u8(&b, 0);
		build_head(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, WV_CLASS_IN, 60);
	}
	CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_OK);
	CHECK(message.n_rrs == n && n <= WV_MESSAGE_RRS && message.n_rrsets == 1);
	CHECK(message.rrsets[0].n == n);
	wv_store16(b.octets + 6, UINT16_MAX);
	CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_BAD_RECORD);
}

static double parse_seconds(void)
{
	struct timespec from, to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (unsigned i = 0; i < 4; i++)
		wv_message_parse(&message, b.octets, b.len, i);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

// Records of as many owners and types as asked for.
static void build_owners(unsigned owners)
{
	build_start(&b, WV_FLAG_QR, "example.", WV_TYPE_ANY);
	for (unsigned i = 0; b.len + 20 <= UINT16_MAX; i++) {
		unsigned owner = i % owners;

		build_u8(&b, 2);
		build_u16(&b, 0x6100 + owner);
		build_pointer(&b, 12);
		build_head(&b, WV_SECTION_ANSWER, 1000 + owner, WV_CLASS_IN, 60);
	}
}

// Were each record compared with all RRsets, the many would take thirty times as long.
static void test_time_of_many_rrsets(void)
{
	double few = 1e9, many = 1e9;

	for (unsigned round = 0; round < 20; round++) {
		double seconds;

		build_owners(8);
		seconds = parse_seconds();
		few = seconds < few ? seconds : few;
		build_owners(UINT16_MAX);
		seconds = parse_seconds();
		many = seconds < many ? seconds : many;
	}
	CHECK(many < 8 * few);
}

static const struct test tests[] = {
	{"a signed answer is read", test_answer},
	{"a referral is read", test_referral},
	{"a query is read", test_nothing_but_the_question},
	{"signatures may come before their records", test_signatures_before_records},
	{"section, owner, class and type make an RRset", test_what_makes_an_rrset},
	{"OPT, TSIG and SIG(0) stand where they may", test_meta_records},
	{"OPT gives EDNS, extended rcode and cookie", test_edns},
	{"a message with TSIG is signed", test_signed_messages},
	{"a message has one question", test_questions},
	{"octets behind the records are told", test_trailing_octets},
	{"an RRSIG holds its fixed part and its signer", test_short_rrsigs},
	{"names in data end within it", test_names_end_within_the_data},
	{"a message cut anywhere is refused", test_truncated},
	{"a message with any octet changed is read or refused", test_mutated},
	{"RRsets are told apart in large messages", test_many_rrsets},
	{"sections and classes are told apart in large messages", test_sections_of_large_messages},
	{"more RRsets than fit are told", test_too_many_rrsets},
	{"as many records as fit in 64 KiB are read", test_most_records},
	{"each record of many RRsets takes as long as one of few", test_time_of_many_rrsets},
};

int main(void)
{
	return test_main("message", tests, WV_COUNT(tests));
}
