#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wv_flow.h"

#define ENTRIES 16
#define LIFE    1000
#define FRAMES  64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wv_packet_ports ports = {.n = 1, .port = {53}};

static void want(bool holds)
{
	if (!holds)
		abort();
}

// Queries as they were added, with what they say of themselves; the latest counts.
struct added {
	struct wv_flow_look look;
	struct wv_message m;
	uint64_t at;
	bool taken;
};

static struct added added[FRAMES];
static unsigned n_added;

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_same(const struct wv_flow_look *a, const struct wv_flow_look *b)
{
	if (memcmp(&a->key, &b->key, sizeof(a->key)) != 0)
		return false;
	for (unsigned i = 0; i < a->key.qname_len; i++) {
		if (lower(a->qname[i]) != lower(b->qname[i]))
			return false;
	}
	return true;
}

static struct added *added_find(const struct wv_flow_look *look)
{
	for (unsigned i = n_added; i-- > 0;) {
		if (is_same(&added[i].look, look))
			return &added[i];
	}
	return NULL;
}

// What is found was added, not long ago, answers once, and says what the query said.
static void match_check(struct wv_flow *flow, const struct wv_flow_look *look, uint64_t now)
{
	struct added *a = added_find(look);
	struct wv_flow_query query;

	if (!wv_flow_match(flow, look, now, true, &query)) {
		// Only a full bucket forgets; there are two.
		want(a == NULL || a->taken || now - a->at > LIFE
			|| wv_flow_count(flow)->forgotten > 0 || n_added > 8);
		return;
	}
	want(a != NULL && !a->taken && now - a->at <= LIFE);
	want(query.qname_len == look->key.qname_len);
	want(memcmp(query.qname, a->look.qname, query.qname_len) == 0);
	want(query.dnssec_ok == (a->m.has_edns && a->m.edns_do));
	want(query.checking_disabled == ((a->m.flags & WV_FLAG_CD) != 0));
	want(query.is_signed == a->m.is_signed && query.has_edns == a->m.has_edns);
	want(query.edns_size == (a->m.has_edns ? a->m.edns_size : 0));
	a->taken = true;
}

static void frame_try(struct wv_flow *flow, const uint8_t *frame, size_t len, uint64_t now)
{
	struct added *a = &added[n_added];
	struct wv_flow_look look;
	struct wv_packet p;
	enum wv_message_status status;

	if (wv_packet_look(&p, frame, len, WV_LINK_RAW_IP, &ports) != WV_PACKET_DNS_UDP)
		return;
	status = wv_message_parse(&a->m, frame + p.payload, p.payload_len, 1);
	if (!wv_flow_begin(&look, flow, &p, frame, p.from_dns_port))
		return;
	want(status != WV_MESSAGE_NO_HEADER && status != WV_MESSAGE_NO_QUESTION);
	wv_flow_approach(&look, flow);
	if (p.from_dns_port) {
		match_check(flow, &look, now);
		return;
	}
	wv_flow_add(flow, &look, &a->m, now);
	a->look = look;
	a->at = now;
	a->taken = false;
	n_added++;
}

// Frames from an IP header on, each behind an octet of time that passes and its 16-bit length.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wv_flow_params params = {.entries = ENTRIES, .life = LIFE, .seed = 7};
	struct wv_flow *flow = wv_flow_create(&params, NULL);
	uint8_t *frame[FRAMES];
	uint64_t now = 0;
	unsigned n = 0;

	want(flow != NULL);
	n_added = 0;
	while (size >= 3 && n < FRAMES) {
		size_t len = wv_load16(data + 1);

		now += data[0];
		if (len > size - 3)
			len = size - 3;
		frame[n] = malloc(len);
		want(frame[n] != NULL || len == 0);
		if (len > 0)
			memcpy(frame[n], data + 3, len);
		frame_try(flow, frame[n++], len, now);
		data += 3 + len;
		size -= 3 + len;
	}
	while (n-- > 0)
		free(frame[n]);
	wv_flow_destroy(flow);
	return 0;
}
