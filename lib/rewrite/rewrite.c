#include <assert.h>
#include <string.h>

#include "wv_rewrite.h"

#define HEADER_LEN    12
#define OPT_LEN       11 // root, type, class, TTL, RDLENGTH
#define OPTION_LEN    4  // code and length
#define OPTION_COOKIE 10 // RFC 7873
#define OPTION_EDE    15 // RFC 8914
#define SIZE_MIN      512
#define SIZE_OURS     1232 // where the response says something absurd

// A reply as it grows; nothing is written beyond `room`.
struct reply {
	uint8_t *octets;
	uint16_t len;
	uint16_t room;
};

static uint16_t room_left(const struct reply *r)
{
	return (uint16_t)(r->room - r->len);
}

static void reply_put(struct reply *r, const void *octets, size_t n)
{
	assert(n <= room_left(r));
	memcpy(r->octets + r->len, octets, n);
	r->len += (uint16_t)n;
}

static void reply_put16(struct reply *r, uint16_t v)
{
	uint8_t octets[2];

	wv_store16(octets, v);
	reply_put(r, octets, 2);
}

static void header_write(struct reply *r, const struct wv_message *m)
{
	uint16_t kept = 0x7800 | WV_FLAG_RD | WV_FLAG_RA | WV_FLAG_CD; // and the opcode

	reply_put16(r, m->id);
	reply_put16(r, (uint16_t)(WV_FLAG_QR | (m->flags & kept) | WV_RCODE_SERVFAIL));
	memset(r->octets + r->len, 0, 8);
	r->len += 8;
}

// False: it does not fit. A name that is compressed into the header would change its meaning
// with the header, so it is unpacked, and may then be longer than the response was.
static bool question_write(
	struct reply *r, const struct wv_message *m, const struct wv_rewrite_facts *facts)
{
	uint8_t unpacked[WV_NAME_MAX];
	const uint8_t *qname = facts->qname;
	size_t len = facts->qname_len;

	if (qname == NULL) {
		len = wv_name_unpack_exact(unpacked, m->base, m->base + m->qname);
		qname = unpacked;
	}
	if (len + 4 > room_left(r))
		return false;
	reply_put(r, qname, len);
	reply_put16(r, m->qtype);
	reply_put16(r, m->qclass);
	wv_store16(r->octets + 4, 1);
	return true;
}

// "reason: what it means; more words", as much as fits, whole UTF-8 characters.
static void text_write(struct reply *r, const struct wv_rewrite_facts *facts)
{
	const char *parts[] = {wv_reason_name(facts->reason), ": ", wv_reason_text(facts->reason),
		facts->text != NULL ? "; " : "", facts->text != NULL ? facts->text : ""};

	for (unsigned i = 0; i < WV_COUNT(parts); i++) {
		size_t n = strlen(parts[i]);

		if (n > room_left(r)) {
			n = room_left(r);
			while (n > 0 && ((uint8_t)parts[i][n] & 0xc0) == 0x80)
				n--;
			reply_put(r, parts[i], n);
			return;
		}
		reply_put(r, parts[i], n);
	}
}

static void ede_write(struct reply *r, const struct wv_rewrite_facts *facts)
{
	uint16_t code = wv_reason_ede(facts->reason);
	uint16_t at = r->len;

	if (code == WV_EDE_NONE || room_left(r) < OPTION_LEN + 2)
		return;
	reply_put16(r, OPTION_EDE);
	reply_put16(r, 0);
	reply_put16(r, code);
	text_write(r, facts);
	wv_store16(r->octets + at + 2, (uint16_t)(r->len - at - OPTION_LEN));
}

// False: there is one, and it does not fit.
static bool cookie_write(struct reply *r, const struct wv_message *m)
{
	if (m->cookie == WV_MESSAGE_NOTHING)
		return true;
	if (room_left(r) < OPTION_LEN + m->cookie_len)
		return false;
	reply_put16(r, OPTION_COOKIE);
	reply_put16(r, m->cookie_len);
	reply_put(r, m->base + m->cookie, m->cookie_len);
	return true;
}

static void opt_write(
	struct reply *r, const struct wv_message *m, const struct wv_rewrite_facts *facts)
{
	uint16_t at = r->len;
	uint8_t *opt = r->octets + at;

	if (!m->has_edns || room_left(r) < OPT_LEN)
		return;
	memset(opt, 0, OPT_LEN); // the root; extended rcode and version 0
	wv_store16(opt + 1, WV_TYPE_OPT);
	wv_store16(opt + 3, m->edns_size < SIZE_MIN ? SIZE_OURS : m->edns_size);
	opt[7] = m->edns_do ? 0x80 : 0;
	r->len += OPT_LEN;
	if (cookie_write(r, m)) // what is worth less does not stay where it went
		ede_write(r, facts);
	wv_store16(opt + 9, (uint16_t)(r->len - at - OPT_LEN));
	wv_store16(r->octets + 10, 1);
}

uint16_t wv_rewrite_servfail(
	const struct wv_message *m, const struct wv_rewrite_facts *facts, uint8_t *out)
{
	struct reply r = {.room = m->len < WV_REWRITE_MAX ? m->len : WV_REWRITE_MAX};

	assert(m->len >= HEADER_LEN);
	r.octets = out;
	header_write(&r, m);
	if (question_write(&r, m, facts))
		opt_write(&r, m, facts);
	return r.len;
}
