// Frames around messages: UDP, whole or in fragments, and TCP, over IPv4 and IPv6.
#include <errno.h>
#include <string.h>

#include "mix.h"

#define GAP_US      10 // between frames
#define UDP         17
#define TCP         6
#define FRAGMENT    44 // the IPv6 header's number
#define UDP_HEADER  8
#define TCP_HEADER  20
#define TCP_FIN     1
#define TCP_SYN     2
#define TCP_PSH     8
#define TCP_ACK     16
#define TCP_WINDOW  64240
#define HEADERS_MAX (14 + 40 + 8 + TCP_HEADER)

// One way of a route.
struct side {
	const struct route *route;
	bool from_outside;
	unsigned size; // of an address
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
};

struct frame {
	size_t len;
	uint8_t octets[HEADERS_MAX + MIX_MESSAGE];
};

static void address(const struct route *r, bool server, uint8_t out[16])
{
	memset(out, 0, 16);
	if (r->ipv6)
		memcpy(out, "\x20\x01\x0d\xb8", 4);
	// 192.0.2.0/24 and 198.18.0.0/15 are for documentation and for benchmarks.
	wv_store32(out + (r->ipv6 ? 12 : 0),
		server ? 0xc6120000u | (r->server & 0x1ffff) : 0xc0000200u | r->client);
}

static struct side side_of(const struct route *r, bool from_outside)
{
	struct side s = {.route = r,
		.from_outside = from_outside,
		.size = r->ipv6 ? 16 : 4,
		.src_port = from_outside ? 53 : r->port,
		.dst_port = from_outside ? r->port : 53};

	address(r, from_outside, s.src);
	address(r, !from_outside, s.dst);
	return s;
}

// The sum of RFC 1071, not yet folded or inverted.
static uint32_t sum(uint32_t so_far, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		so_far += wv_load16(octets + i);
	if (n % 2 == 1)
		so_far += (uint32_t)octets[n - 1] << 8;
	return so_far;
}

static uint16_t sum_end(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

// Of UDP or TCP, with the addresses that it covers.
static uint16_t upper_sum(const struct side *s, uint8_t protocol, const uint8_t *octets, size_t n)
{
	uint32_t total = protocol + (uint32_t)(n >> 16) + (uint32_t)(n & 0xffff);

	total = sum(total, s->src, s->size);
	total = sum(total, s->dst, s->size);
	return sum_end(sum(total, octets, n));
}

// Ethernet and IP. `fragment`: -1, or what its place and whether more follow say (RFC 791 3.1).
static void frame_begin(struct frame *f, const struct side *s, uint8_t protocol, size_t len,
	int fragment, uint32_t id)
{
	const uint8_t *mac = (const uint8_t *)"\2\0\0\0\0\1\2\0\0\0\0\2\2\0\0\0\0\1";
	uint8_t *p = f->octets;

	memcpy(p, mac + (s->from_outside ? 0 : 6), 12);
	wv_store16(p + 12, s->route->ipv6 ? 0x86dd : 0x0800);
	p += 14;
	if (s->route->ipv6) {
		memcpy(p, "\x60\0\0\0", 4);
		wv_store16(p + 4, (uint16_t)(len + (fragment < 0 ? 0 : 8)));
		p[6] = fragment < 0 ? protocol : FRAGMENT;
		p[7] = 64;
		memcpy(p + 8, s->src, 16);
		memcpy(p + 24, s->dst, 16);
		p += 40;
		if (fragment >= 0) {
			p[0] = protocol;
			p[1] = 0;
			wv_store16(
				p + 2, (uint16_t)((fragment & 0x1fff) << 3 | (fragment >> 13 & 1)));
			wv_store32(p + 4, id);
			p += 8;
		}
	} else {
		memcpy(p, "\x45\0\0\0\0\0\0\0\x40\0\0\0", 12);
		wv_store16(p + 2, (uint16_t)(20 + len));
		if (fragment >= 0) {
			wv_store16(p + 4, (uint16_t)id);
			wv_store16(p + 6, (uint16_t)fragment);
		}
		p[9] = protocol;
		memcpy(p + 12, s->src, 4);
		memcpy(p + 16, s->dst, 4);
		wv_store16(p + 10, sum_end(sum(0, p, 20)));
		p += 20;
	}
	f->len = (size_t)(p - f->octets);
}

static int frame_send(struct traffic *t, const struct side *s, const struct frame *f, bool ends)
{
	const struct traffic_frame out = {
		.octets = f->octets,
		.len = f->len,
		.time_us = t->time_us,
		.from_outside = s->from_outside,
		.response = ends ? (unsigned)t->counts.responses : TRAFFIC_NO_RESPONSE,
	};

	t->time_us += GAP_US;
	if (ends) {
		t->counts.frames++;
		t->counts.frame_octets += f->len;
	}
	return t->emit(t->emit_arg, &out);
}

// A datagram with its header, as it may be cut into fragments.
static size_t udp_make(const struct side *s, const struct builder *message, uint8_t *out)
{
	size_t len = UDP_HEADER + message->len;
	uint16_t check;

	wv_store16(out, s->src_port);
	wv_store16(out + 2, s->dst_port);
	wv_store16(out + 4, (uint16_t)len);
	wv_store16(out + 6, 0);
	memcpy(out + UDP_HEADER, message->octets, message->len);
	check = upper_sum(s, UDP, out, len);
	wv_store16(out + 6, check != 0 ? check : 0xffff);
	return len;
}

static int udp_send(struct traffic *t, const struct side *s, const struct builder *message)
{
	struct frame f;

	frame_begin(&f, s, UDP, UDP_HEADER + message->len, -1, 0);
	f.len += udp_make(s, message, f.octets + f.len);
	return frame_send(t, s, &f, s->from_outside);
}

static int fragments_send(struct traffic *t, const struct side *s, const struct builder *message)
{
	uint8_t whole[UDP_HEADER + MIX_MESSAGE];
	size_t len = udp_make(s, message, whole), first = (len / 2 + 7) / 8 * 8;
	uint32_t id = (uint32_t)mix_random(t);
	struct frame f;
	int rc;

	frame_begin(&f, s, UDP, first, 0x2000, id); // more fragments follow
	memcpy(f.octets + f.len, whole, first);
	f.len += first;
	rc = frame_send(t, s, &f, false);
	if (rc != 0)
		return rc;
	frame_begin(&f, s, UDP, len - first, (int)(first / 8), id);
	memcpy(f.octets + f.len, whole + first, len - first);
	f.len += len - first;
	return frame_send(t, s, &f, true);
}

// A segment; `message` may be NULL. Sequence numbers go on by what it takes of them.
static int segment_send(struct traffic *t, const struct side *s, uint8_t flags, uint32_t *seq,
	uint32_t ack, const struct builder *message)
{
	size_t len = TCP_HEADER + (message != NULL ? 2 + message->len : 0);
	struct frame f;
	uint8_t *p;

	frame_begin(&f, s, TCP, len, -1, 0);
	p = f.octets + f.len;
	memset(p, 0, TCP_HEADER);
	wv_store16(p, s->src_port);
	wv_store16(p + 2, s->dst_port);
	wv_store32(p + 4, *seq);
	wv_store32(p + 8, ack);
	p[12] = TCP_HEADER / 4 << 4;
	p[13] = flags;
	wv_store16(p + 14, TCP_WINDOW);
	if (message != NULL) {
		wv_store16(p + TCP_HEADER, (uint16_t)message->len);
		memcpy(p + TCP_HEADER + 2, message->octets, message->len);
	}
	wv_store16(p + 16, upper_sum(s, TCP, p, len));
	f.len += len;
	*seq += (uint32_t)(len - TCP_HEADER) + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	return frame_send(t, s, &f, s->from_outside && message != NULL);
}

// A connection for one question, from SYN to the last ACK.
static int tcp_exchange(struct traffic *t, const struct side *in, const struct side *out,
	const struct builder *query, const struct builder *response)
{
	uint32_t client = (uint32_t)mix_random(t), server = (uint32_t)mix_random(t);
	int rc = segment_send(t, in, TCP_SYN, &client, 0, NULL);

	if (rc == 0)
		rc = segment_send(t, out, TCP_SYN | TCP_ACK, &server, client, NULL);
	if (rc == 0)
		rc = segment_send(t, in, TCP_PSH | TCP_ACK, &client, server, query);
	if (rc == 0)
		rc = segment_send(t, out, TCP_PSH | TCP_ACK, &server, client, response);
	if (rc == 0)
		rc = segment_send(t, in, TCP_FIN | TCP_ACK, &client, server, NULL);
	if (rc == 0)
		rc = segment_send(t, out, TCP_FIN | TCP_ACK, &server, client, NULL);
	if (rc == 0)
		rc = segment_send(t, in, TCP_ACK, &client, server, NULL);
	return rc;
}

int frame_exchange(struct traffic *t, const struct route *r, const struct builder *query,
	const struct builder *response)
{
	struct side in = side_of(r, false), out = side_of(r, true);
	int rc;

	if (r->way == TRAFFIC_TCP)
		return tcp_exchange(t, &in, &out, query, response);
	rc = udp_send(t, &in, query);
	if (rc != 0)
		return rc;
	if (r->way == TRAFFIC_FRAGMENTS)
		return fragments_send(t, &out, response);
	return udp_send(t, &out, response);
}
