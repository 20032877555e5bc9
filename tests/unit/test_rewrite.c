#include "wv_rewrite.h"

#include "test.h"

static struct wv_message message, reply;

// A response as it is put together.
struct draft {
	uint8_t octets[2048];
	size_t len;
};

static void draft_add(struct draft *d, const void *octets, size_t n)
{
	if (d->len + n > sizeof(d->octets))
		abort();
	memcpy(d->octets + d->len, octets, n);
	d->len += n;
}

static void draft_add16(struct draft *d, uint16_t v)
{
	uint8_t octets[2];

	wv_store16(octets, v);
	draft_add(d, octets, 2);
}

static struct draft draft_begin(uint16_t flags, const void *qname, size_t qname_len)
{
	struct draft d = {.len = 0};

	draft_add16(&d, 0x1234);
	draft_add16(&d, flags);
	draft_add(&d, "\0\1\0\0\0\0\0\0", 8);
	draft_add(&d, qname, qname_len);
	draft_add(&d, "\0\1\0\1", 4);
	return d;
}

static void draft_count(struct draft *d, enum wv_section section)
{
	uint8_t *count = d->octets + 6 + 2 * section;

	wv_store16(count, (uint16_t)(wv_load16(count) + 1));
}

static void draft_add_txt(struct draft *d, uint16_t rdlen)
{
	static const uint8_t zeros[1024];

	draft_count(d, WV_SECTION_ANSWER);
	draft_add(d, "\0\0\20\0\1\0\0\0\0", 9);
	draft_add16(d, rdlen);
	draft_add(d, zeros, rdlen);
}

static void draft_add_opt(struct draft *d, uint16_t size, uint32_t ttl, uint16_t cookie_len)
{
	uint8_t cookie[512];

	draft_count(d, WV_SECTION_ADDITIONAL);
	draft_add(d, "\0\0\51", 3);
	draft_add16(d, size);
	draft_add16(d, (uint16_t)(ttl >> 16));
	draft_add16(d, (uint16_t)ttl);
	draft_add16(d, cookie_len > 0 ? cookie_len + 4 : 0);
	if (cookie_len == 0)
		return;
	memset(cookie, 0xc0, sizeof(cookie));
	draft_add16(d, 10);
	draft_add16(d, cookie_len);
	draft_add(d, cookie, cookie_len);
}

// What is in a SERVFAIL, beside what wv_message_parse() tells.
struct servfail {
	uint16_t len;
	bool has_ede;
	uint16_t ede;
	char text[WV_REWRITE_MAX + 1];
	unsigned options; // of any kind
};

static void options_read(struct servfail *s)
{
	const struct wv_rr *opt = wv_message_rr(&reply, reply.opt);
	struct wv_wire w;

	if (opt == NULL)
		return;
	w = wv_wire_open(reply.base + opt->rdata, opt->rdlen);
	while (wv_wire_left(&w) > 0) {
		uint16_t code = wv_wire_u16(&w), len = wv_wire_u16(&w);
		const uint8_t *data = wv_wire_take(&w, len);

		REQUIRE(data != NULL);
		s->options++;
		if (code != 15)
			continue;
		REQUIRE(len >= 2);
		s->has_ede = true;
		s->ede = wv_load16(data);
		memcpy(s->text, data + 2, len - 2u);
	}
}

// Rewrite a draft; all that must hold of every result is looked at here. `reply` is what was read.
static struct servfail rewrite(const struct draft *d, const struct wv_rewrite_facts *facts)
{
	struct servfail s = {.len = 0};
	uint8_t *response = test_exact(d->octets, d->len);
	static uint8_t out[WV_REWRITE_MAX];
	enum wv_message_status status = wv_message_parse(&message, response, d->len, 1);

	if (status != WV_MESSAGE_OK && status != WV_MESSAGE_BAD_RECORD)
		abort();
	memset(out, 0xee, sizeof(out));
	s.len = wv_rewrite_servfail(&message, facts, out);
	CHECK(s.len <= d->len && s.len <= WV_REWRITE_MAX);
	for (unsigned i = s.len; i < sizeof(out); i++)
		CHECK(out[i] == 0xee);
	CHECK(wv_message_parse(&reply, out, s.len, 1) == WV_MESSAGE_OK);
	CHECK(reply.id == message.id && reply.rcode == WV_RCODE_SERVFAIL && reply.end == s.len);
	CHECK(reply.qtype == message.qtype && reply.qclass == message.qclass);
	CHECK(reply.count[1] == 0 && reply.count[2] == 0);
	CHECK(message.has_edns || !reply.has_edns);
	options_read(&s);
	free(response);
	return s;
}

static const struct wv_rewrite_facts bad_signature = {
	.reason = WV_REASON_BAD_SIGNATURE,
	.text = "signer example., key 4711",
};

#define WORDS "bad-signature: the data are not what the zone signed; signer example., key 4711"

static void test_flags(void)
{
	for (unsigned flags = 0x8000; flags <= 0xffff; flags += 16) { // any but an rcode
		struct draft d = draft_begin((uint16_t)flags, "\7example", 9);
		unsigned kept = 0x7800 | WV_FLAG_RD | WV_FLAG_RA | WV_FLAG_CD;

		rewrite(&d, &bad_signature);
		CHECK(reply.flags == (0x8000 | (flags & kept) | 2));
	}
}

static void test_edns(void)
{
	struct draft d = draft_begin(0x8180, "\7example", 9);
	struct servfail s;

	draft_add_txt(&d, 600);
	s = rewrite(&d, &bad_signature);
	CHECK(s.len == 25 && !reply.has_edns);

	draft_add_opt(&d, 4096, 0x00008000, 0);
	s = rewrite(&d, &bad_signature);
	CHECK(reply.has_edns && reply.edns_do && reply.edns_version == 0
		&& reply.edns_size == 4096);
	CHECK(s.has_ede && s.ede == 6 && strcmp(s.text, WORDS) == 0 && s.options == 1);

	d = draft_begin(0x8180, "\7example", 9);
	draft_add_txt(&d, 600);
	draft_add_opt(&d, 100, 0x05017fff, 0); // extended rcode, version 1, all flags but DO
	CHECK(rewrite(&d, &bad_signature).has_ede);
	CHECK(reply.has_edns && !reply.edns_do && reply.edns_version == 0);
	CHECK(reply.edns_size == 1232 && reply.rcode == WV_RCODE_SERVFAIL);
	REQUIRE(reply.opt < reply.n_rrs);
	CHECK(reply.rrs[reply.opt].ttl == 0);
}

static void test_no_ede(void)
{
	const struct wv_rewrite_facts facts = {.reason = WV_REASON_NO_ANCHOR};
	struct draft d = draft_begin(0x8180, "\7example", 9);

	draft_add_txt(&d, 100);
	draft_add_opt(&d, 1232, 0, 0);
	CHECK(rewrite(&d, &facts).options == 0 && reply.has_edns);
}

static void test_words_alone(void)
{
	const struct wv_rewrite_facts facts = {.reason = WV_REASON_EXPIRED};
	struct draft d = draft_begin(0x8180, "\7example", 9);
	struct servfail s;

	draft_add_txt(&d, 100);
	draft_add_opt(&d, 1232, 0, 0);
	s = rewrite(&d, &facts);
	CHECK(s.ede == 7 && strcmp(s.text, "signature-expired: the signature has expired") == 0);
}

static void test_cookie(void)
{
	static const uint16_t lengths[] = {8, 16, 24, 40};

	for (unsigned i = 0; i < WV_COUNT(lengths); i++) {
		struct draft d = draft_begin(0x8180, "\7example", 9);
		struct servfail s;

		draft_add_txt(&d, 200);
		draft_add_opt(&d, 1232, 0, lengths[i]);
		s = rewrite(&d, &bad_signature);
		REQUIRE(reply.cookie != WV_MESSAGE_NOTHING && reply.cookie_len == lengths[i]);
		for (unsigned o = 0; o < lengths[i]; o++)
			CHECK(reply.base[reply.cookie + o] == 0xc0);
		CHECK(s.options == 2 && strcmp(s.text, WORDS) == 0);
	}
}

// The letters of the client come back, also where the server changed them.
static void test_letters(void)
{
	const struct wv_rewrite_facts facts = {
		.reason = WV_REASON_BAD_SIGNATURE,
		.qname = (const uint8_t *)"\7eXaMpLe",
		.qname_len = 9,
	};
	struct draft d = draft_begin(0x8180, "\7Example", 9);

	rewrite(&d, &facts);
	CHECK(memcmp(reply.base + 12, "\7eXaMpLe", 9) == 0);
	rewrite(&d, &bad_signature);
	CHECK(memcmp(reply.base + 12, "\7Example", 9) == 0);
}

// Without OPT the question alone is left; with it each octet of room goes to words.
static void test_room(void)
{
	const uint16_t least = 12 + 9 + 4 + 11;

	for (uint16_t room = 0; room < 600; room++) {
		uint16_t trailing =
			room; // octets after the last record count as the response had them
		struct draft d = draft_begin(0x8180, "\7example", 9);
		struct servfail s;
		size_t words;

		draft_add_opt(&d, 1232, 0, 0);
		memset(d.octets + d.len, 0, trailing);
		d.len += trailing;
		s = rewrite(&d, &bad_signature);
		CHECK(reply.has_edns);
		if (room < 6) {
			CHECK(s.len == least && s.options == 0);
			continue;
		}
		words = room - 6u < strlen(WORDS) ? room - 6u : strlen(WORDS);
		CHECK(s.len == least + 6 + words && s.ede == 6);
		CHECK(strlen(s.text) == words && strncmp(s.text, WORDS, words) == 0);
	}
}

// A longer name from the query takes room away: words go first, then EDE, COOKIE, OPT, the question.
static void test_order(void)
{
	for (uint16_t cookie = 0; cookie <= 40; cookie += 8) {
		const uint16_t cookie_room = cookie > 0 ? cookie + 4 : 0;
		struct draft d = draft_begin(0x8180, "\7example", 9);

		draft_add_txt(&d, 90);
		draft_add_opt(&d, 1232, 0, cookie);
		for (uint16_t len = 3; len <= WV_NAME_MAX; len++) {
			uint8_t qname[WV_NAME_MAX + 1] = {0};
			struct wv_rewrite_facts facts = bad_signature;
			struct servfail s;
			int room;

			for (unsigned at = 0; at + 1 < len; at += qname[at] + 1u) {
				unsigned label = len - at - 2u;

				qname[at] = (uint8_t)(label < 63 ? label : label == 64 ? 62 : 63);
			}
			facts.qname = qname;
			facts.qname_len = len;
			room = (int)d.len - 16 - len;
			if (room < 0) {
				uint8_t out[WV_REWRITE_MAX];

				wv_message_parse(&message, d.octets, d.len, 1);
				CHECK(wv_rewrite_servfail(&message, &facts, out) == 12);
				CHECK(memcmp(out, "\x12\x34\x81\x82\0\0\0\0\0\0\0\0", 12) == 0);
				continue;
			}
			s = rewrite(&d, &facts);
			CHECK(reply.question_end == 16 + len);
			CHECK(reply.has_edns == (room >= 11));
			CHECK((reply.cookie != WV_MESSAGE_NOTHING)
				== (cookie > 0 && room >= 11 + cookie_room));
			CHECK(s.has_ede == (room >= 11 + cookie_room + 6));
		}
	}
}

static void test_utf8(void)
{
	const struct wv_rewrite_facts facts = {
		.reason = WV_REASON_BAD_SIGNATURE,
		.text = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	};
	static const size_t wholes[] = {0, 0, 2, 2, 2, 5, 5, 5, 5, 9, 9};
	size_t before = strlen("bad-signature: the data are not what the zone signed; ");

	for (size_t room = 0; room < WV_COUNT(wholes); room++) {
		struct draft d = draft_begin(0x8180, "\7example", 9);

		draft_add_opt(&d, 1232, 0, 0);
		memset(d.octets + d.len, 0, 6 + before + room);
		d.len += 6 + before + room;
		CHECK(strlen(rewrite(&d, &facts).text) == before + wholes[room]);
	}
}

// A question whose name points into the header cannot be kept as it is.
static void test_pointer(void)
{
	struct draft d = {.len = 0};
	uint8_t out[WV_REWRITE_MAX];

	draft_add(&d, "\0\0\x81\x80\0\1\0\0\0\0\0\0\xc0\0\0\1\0\1", 18);
	if (wv_message_parse(&message, d.octets, d.len, 1) != WV_MESSAGE_OK)
		return; // names that point there are not accepted
	CHECK(wv_rewrite_servfail(&message, &bad_signature, out) == 17);
	CHECK(memcmp(out + 12, "\0\0\1\0\1", 5) == 0);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * n >> 32);
}

static struct draft draft_random(void)
{
	uint8_t qname[WV_NAME_MAX];
	unsigned labels = random_below(5), at = 0;
	struct draft d;

	for (unsigned i = 0; i < labels; i++) {
		unsigned len = 1 + random_below(60);

		qname[at++] = (uint8_t)len;
		for (unsigned o = 0; o < len; o++)
			qname[at++] = (uint8_t)random_below(256);
	}
	qname[at++] = 0;
	d = draft_begin((uint16_t)(0x8000 | random_below(0x8000)), qname, at);
	for (unsigned i = random_below(4); i > 0; i--)
		draft_add_txt(&d, (uint16_t)random_below(200));
	if (random_below(4) > 0)
		draft_add_opt(&d, (uint16_t)random_below(65536), random_below(UINT32_MAX),
			random_below(2) > 0 ? (uint16_t)(1 + random_below(300)) : 0);
	if (random_below(8) == 0)
		d.octets[7]++; // a record that is not there
	return d;
}

static void test_random(void)
{
	char text[400];

	for (unsigned i = 0; i < 20000; i++) {
		struct draft d = draft_random();
		unsigned words = random_below(sizeof(text));
		const struct wv_rewrite_facts facts = {
			.reason = (enum wv_reason)random_below(WV_REASON_COUNT),
			.text = random_below(4) > 0 ? text : NULL,
		};

		memset(text, 'w', words);
		text[words] = '\0';
		rewrite(&d, &facts);
		CHECK(reply.question_end == message.question_end);
		CHECK(memcmp(reply.base + 12, d.octets + 12, reply.question_end - 12u) == 0);
	}
}

static const struct test tests[] = {
	{"id, opcode, RD, RA and CD are kept, AA, TC, Z and AD are not", test_flags},
	{"OPT is there only if the response had one, with its size and DO", test_edns},
	{"a reason without an EDE gives none", test_no_ede},
	{"without more words the reason's own stand", test_words_alone},
	{"a cookie is kept whole", test_cookie},
	{"the question has the letters of the query", test_letters},
	{"every octet of room goes to words, and none is taken beyond", test_room},
	{"words are cut first, then EDE, COOKIE, OPT and the question left out", test_order},
	{"words are cut between characters", test_utf8},
	{"a name that points into the header is written out", test_pointer},
	{"whatever the response, the reply is no longer and can be read", test_random},
};

int main(void)
{
	return test_main("rewrite", tests, WV_COUNT(tests));
}
