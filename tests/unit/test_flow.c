#include "wv_flow.h"

#include "test.h"

#define LIFE 1000

static const struct wv_packet_ports ports = {.n = 1, .port = {53}};
static struct wv_message message;

// One question and its ends. Addresses are made from small numbers.
struct question {
	const char *what;
	uint8_t ip;
	uint8_t client, server;
	uint16_t client_port, server_port;
	uint16_t id, qtype, qclass;
	const char *qname; // packed, with its root
	uint8_t qname_len;
};

#define NAME(packed) packed, sizeof(packed)

static const struct question base = {
	"the question itself", 4, 1, 2, 4242, 53, 7, 1, 1, NAME("\3www\7example")};

// A frame of raw IP with the question as query or as response, and what it was read to.
struct sent {
	uint8_t *frame;
	struct wv_packet p;
};

static size_t ip_write(uint8_t *frame, const struct question *q, bool is_response, size_t payload)
{
	uint8_t src = is_response ? q->server : q->client,
		dst = is_response ? q->client : q->server;
	size_t l4 = q->ip == 4 ? 20 : 40;

	memset(frame, 0, l4);
	if (q->ip == 4) {
		frame[0] = 0x45;
		wv_store16(frame + 2, (uint16_t)(l4 + 8 + payload));
		frame[9] = 17;
		frame[15] = src;
		frame[19] = dst;
	} else {
		frame[0] = 0x60;
		wv_store16(frame + 4, (uint16_t)(8 + payload));
		frame[6] = 17;
		frame[23] = src;
		frame[39] = dst;
	}
	wv_store16(frame + l4, is_response ? q->server_port : q->client_port);
	wv_store16(frame + l4 + 2, is_response ? q->client_port : q->server_port);
	wv_store16(frame + l4 + 4, (uint16_t)(8 + payload));
	wv_store16(frame + l4 + 6, 0);
	return l4 + 8;
}

static struct sent send_message(const struct question *q, bool is_response, uint16_t flags,
	const uint8_t *additional, size_t additional_len)
{
	uint8_t frame[1024];
	size_t payload = 12u + q->qname_len + 4 + additional_len;
	size_t at = ip_write(frame, q, is_response, payload);
	uint8_t *dns = frame + at;
	struct sent s;

	memset(dns, 0, 12);
	wv_store16(dns, q->id);
	wv_store16(dns + 2, (uint16_t)(flags | (is_response ? WV_FLAG_QR : 0)));
	wv_store16(dns + 4, 1);
	wv_store16(dns + 10, additional_len > 0);
	memcpy(dns + 12, q->qname, q->qname_len);
	wv_store16(dns + 12 + q->qname_len, q->qtype);
	wv_store16(dns + 14 + q->qname_len, q->qclass);
	if (additional_len > 0)
		memcpy(dns + 16 + q->qname_len, additional, additional_len);
	s.frame = test_exact(frame, at + payload);
	if (wv_packet_look(&s.p, s.frame, at + payload, WV_LINK_RAW_IP, &ports) != WV_PACKET_DNS_UDP
		|| wv_message_parse(&message, s.frame + s.p.payload, s.p.payload_len, 1)
			!= WV_MESSAGE_OK)
		abort();
	return s;
}

static void add(struct wv_flow *flow, const struct sent *s, uint64_t now)
{
	struct wv_flow_look look;

	if (!wv_flow_begin(&look, flow, &s->p, s->frame, false))
		abort();
	wv_flow_approach(&look, flow);
	wv_flow_add(flow, &look, &message, now);
}

static void ask(struct wv_flow *flow, const struct question *q, uint64_t now)
{
	struct sent s = send_message(q, false, 0, NULL, 0);

	add(flow, &s, now);
	free(s.frame);
}

static bool answered(struct wv_flow *flow, const struct question *q, uint64_t now, bool take,
	struct wv_flow_query *query)
{
	struct sent s = send_message(q, true, 0, NULL, 0);
	struct wv_flow_look look;
	bool found;

	if (!wv_flow_begin(&look, flow, &s.p, s.frame, true))
		abort();
	wv_flow_approach(&look, flow);
	found = wv_flow_match(flow, &look, now, take, query);
	free(s.frame);
	return found;
}

static struct wv_flow *flow_make(unsigned entries)
{
	const struct wv_flow_params params = {.entries = entries, .life = LIFE, .seed = 4711};
	struct wv_err err;
	struct wv_flow *flow = wv_flow_create(&params, &err);

	if (flow == NULL)
		abort();
	return flow;
}

static const struct question others[] = {
	{"another client", 4, 3, 2, 4242, 53, 7, 1, 1, NAME("\3www\7example")},
	{"another server", 4, 1, 3, 4242, 53, 7, 1, 1, NAME("\3www\7example")},
	{"client and server changed about", 4, 2, 1, 4242, 53, 7, 1, 1, NAME("\3www\7example")},
	{"another client port", 4, 1, 2, 4243, 53, 7, 1, 1, NAME("\3www\7example")},
	{"another id", 4, 1, 2, 4242, 53, 8, 1, 1, NAME("\3www\7example")},
	{"another type", 4, 1, 2, 4242, 53, 7, 28, 1, NAME("\3www\7example")},
	{"another class", 4, 1, 2, 4242, 53, 7, 1, 3, NAME("\3www\7example")},
	{"another name", 4, 1, 2, 4242, 53, 7, 1, 1, NAME("\3wwx\7example")},
	{"a name that goes on", 4, 1, 2, 4242, 53, 7, 1, 1, NAME("\3www\7example\3com")},
	{"a name of the same octets in other labels", 4, 1, 2, 4242, 53, 7, 1, 1,
		NAME("\7www\3exa\3ple")},
	{"the other family", 6, 1, 2, 4242, 53, 7, 1, 1, NAME("\3www\7example")},
};

static void test_exactly(void)
{
	for (unsigned i = 0; i < WV_COUNT(others); i++) {
		struct wv_flow *flow = flow_make(64);
		struct wv_flow_query query;
		ask(flow, &base, 0);
		CHECK_ROW(&others[i], !answered(flow, &others[i], 1, true, &query));
		CHECK(answered(flow, &base, 1, true, &query));
		CHECK(!answered(flow, &base, 1, true, &query));
		CHECK(wv_flow_count(flow)->added == 1);
		CHECK(wv_flow_count(flow)->matched == 1);
		CHECK(wv_flow_count(flow)->unmatched == 2);
		wv_flow_destroy(flow);
	}
}

// Letters match in either case; nothing else does, whatever its bit 5 says.
static void test_letter_case(void)
{
	for (unsigned a = 0; a < 256; a++) {
		struct wv_flow *flow = flow_make(64);
		char name[] = {1, (char)a, 0};
		struct question q = base;

		q.qname = name;
		q.qname_len = sizeof(name);
		ask(flow, &q, 0);
		for (unsigned b = 0; b < 256; b++) {
			bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
			struct wv_flow_query query;

			name[1] = (char)b;
			CHECK(answered(flow, &q, 0, false, &query)
				== (a == b || (letter && (a ^ b) == 0x20)));
		}
		wv_flow_destroy(flow);
	}
}

static void test_name_lengths(void)
{
	struct wv_flow *flow = flow_make(512);

	for (unsigned len = 1; len <= WV_NAME_MAX; len++) {
		char name[WV_NAME_MAX + 1] = "";
		struct question q = base;
		struct wv_flow_query query;
		unsigned at = 0;

		while (at + 1 < len) {
			unsigned label = len - at - 2 < 63 ? len - at - 2 : 63;

			if (label == 0)
				break; // one octet is left over: no name has this length
			if (len - at - 2 - label == 1)
				label--;
			name[at] = (char)label;
			memset(name + at + 1, len % 2 == 0 ? 'q' : 'Q', label);
			at += label + 1;
		}
		q.qname = name;
		q.qname_len = (uint8_t)(at + 1);
		ask(flow, &q, 0);
		REQUIRE(answered(flow, &q, 0, true, &query));
		CHECK(query.qname_len == at + 1 && memcmp(query.qname, name, at + 1) == 0);
	}
	wv_flow_destroy(flow);
}

static void test_query_kept(void)
{
	// Root, OPT, 1,400 octets, DO, a cookie of 8 octets.
	static const uint8_t opt[] = {
		0, 0, 41, 5, 120, 0, 0, 0x80, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
	// Root, TSIG, ANY, no data that would make it a good one.
	static const uint8_t tsig[] = {0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0};
	struct wv_flow *flow = flow_make(64);
	struct question lower = base, mixed = base;
	struct wv_flow_query query;
	struct sent s;

	mixed.qname = "\3WwW\7eXaMpLe";
	s = send_message(&mixed, false, WV_FLAG_CD | WV_FLAG_RD, opt, sizeof(opt));
	add(flow, &s, 0);
	free(s.frame);
	REQUIRE(answered(flow, &lower, 1, true, &query));
	CHECK(query.dnssec_ok && query.checking_disabled && query.has_edns && query.has_cookie);
	CHECK(!query.is_signed && query.edns_size == 1400);
	CHECK(query.qname_len == 13 && memcmp(query.qname, mixed.qname, 13) == 0);

	s = send_message(&base, false, 0, tsig, sizeof(tsig));
	add(flow, &s, 0);
	free(s.frame);
	REQUIRE(answered(flow, &base, 1, true, &query));
	CHECK(query.is_signed && !query.dnssec_ok && !query.has_edns && query.edns_size == 0);
	CHECK(!query.checking_disabled && !query.has_cookie);
	wv_flow_destroy(flow);
}

static void test_life(void)
{
	struct wv_flow *flow = flow_make(64);
	struct wv_flow_query query;

	ask(flow, &base, 500);
	CHECK(answered(flow, &base, 499, false, &query)); // a clock that goes back a little
	CHECK(answered(flow, &base, 500 + LIFE, false, &query));
	CHECK(!answered(flow, &base, 501 + LIFE, false, &query));
	ask(flow, &base, 600);
	CHECK(wv_flow_count(flow)->renewed == 1 && wv_flow_count(flow)->added == 1);
	CHECK(answered(flow, &base, 600 + LIFE, true, &query));
	wv_flow_destroy(flow);
}

// A bucket with one entry too many loses the dead first, then the oldest.
static void test_full(void)
{
	struct wv_flow *flow = flow_make(8);
	struct question q = base;
	struct wv_flow_query query;

	for (uint16_t id = 0; id < 8; id++) {
		q.id = id;
		ask(flow, &q, 100 + id);
	}
	q.id = 0;
	ask(flow, &q, 110); // renewed: id 1 is the oldest now
	q.id = 8;
	ask(flow, &q, 120);
	CHECK(wv_flow_count(flow)->forgotten == 1);
	for (uint16_t id = 0; id <= 8; id++) {
		q.id = id;
		CHECK(answered(flow, &q, 120, false, &query) == (id != 1));
	}
	q.id = 9;
	ask(flow, &q, 103 + LIFE); // id 2 has died
	CHECK(wv_flow_count(flow)->forgotten == 1);
	for (uint16_t id = 3; id <= 9; id++) {
		q.id = id;
		CHECK(answered(flow, &q, 103 + LIFE, true, &query));
	}
	q.id = 10;
	ask(flow, &q, 104 + LIFE);
	CHECK(wv_flow_count(flow)->forgotten == 1); // there was room
	wv_flow_destroy(flow);
}

static void test_many(void)
{
	struct wv_flow *flow = flow_make(65536);
	struct question q = base;
	struct wv_flow_query query;
	uint64_t found = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		q.ip = i % 3 == 0 ? 6 : 4;
		q.id = (uint16_t)i;
		q.client_port = (uint16_t)(1024 + i / 7);
		ask(flow, &q, i / 100);
	}
	CHECK(wv_flow_count(flow)->forgotten < 20);
	for (uint32_t i = 0; i < 20000; i++) {
		q.ip = i % 3 == 0 ? 6 : 4;
		q.id = (uint16_t)i;
		q.client_port = (uint16_t)(1024 + i / 7);
		found += answered(flow, &q, 200, true, &query);
	}
	CHECK(found == 20000 - wv_flow_count(flow)->forgotten);
	wv_flow_destroy(flow);
}

// Payloads without one question that can be read: whole, or cut after `len` octets.
static const struct {
	const char *what;
	const char *octets;
	uint16_t len;
	bool found;
} unreadable[] = {
	{"a question", "\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19, true},
	{"nothing", "", 0, false},
	{"a header cut", "\0\7\1\0\0\1\0\0\0\0\0", 11, false},
	{"a header alone", "\0\7\1\0\0\1\0\0\0\0\0\0", 12, false},
	{"a name without its end", "\0\7\1\0\0\1\0\0\0\0\0\0\1a", 14, false},
	{"a type cut", "\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0", 18, false},
	{"no question", "\0\7\1\0\0\0\0\0\0\0\0\0\1a\0\0\1\0\1", 19, false},
	{"two questions", "\0\7\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1", 19, false},
	{"a pointer to itself", "\0\7\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18, false},
	{"a pointer to the header", "\0\7\1\0\0\1\0\0\0\0\0\0\1a\xc0\0\0\1\0\1", 20, false},
	{"a pointer to its own label", "\0\7\1\0\0\1\0\0\0\0\0\0\1a\xc0\x0c\0\1\0\1", 20, false},
};

static void test_unreadable(void)
{
	struct wv_flow *flow = flow_make(64);
	struct wv_flow_look look;

	for (unsigned i = 0; i < WV_COUNT(unreadable); i++) {
		uint16_t len = unreadable[i].len;
		uint8_t frame[100];
		size_t at = ip_write(frame, &base, false, len);
		struct sent s;

		memcpy(frame + at, unreadable[i].octets, len);
		s.frame = test_exact(frame, at + len);
		wv_packet_look(&s.p, s.frame, at + len, WV_LINK_RAW_IP, &ports);
		CHECK_ROW(&unreadable[i],
			wv_flow_begin(&look, flow, &s.p, s.frame, false) == unreadable[i].found);
		free(s.frame);
	}
	wv_flow_destroy(flow);
}

static void test_limits(void)
{
	const struct wv_flow_params none = {.entries = 0, .life = 1};
	const struct wv_flow_params much = {.entries = UINT32_MAX, .life = 1};
	struct wv_flow *flow;
	struct wv_err err = {""};

	flow = wv_flow_create(&none, &err);
	CHECK(flow != NULL);
	wv_flow_destroy(flow);
	CHECK(wv_flow_create(&much, &err) == NULL && strstr(err.text, "not 4294967295") != NULL);
	CHECK(wv_flow_memory(65536) < 24u << 20);
	CHECK(wv_flow_memory(1000) == wv_flow_memory(1024));
}

static const struct test tests[] = {
	{"an answer matches its own question alone", test_exactly},
	{"letters match in either case, other octets exactly", test_letter_case},
	{"names of every length are kept", test_name_lengths},
	{"what the query said is kept, with its letters", test_query_kept},
	{"an entry answers within its life, renewed by a repeat", test_life},
	{"a full bucket forgets the dead first, then the oldest", test_full},
	{"many questions find their places", test_many},
	{"what has not one question that can be read is not looked up", test_unreadable},
	{"sizes are rounded, and refused when absurd", test_limits},
};

int main(void)
{
	return test_main("flow", tests, WV_COUNT(tests));
}
