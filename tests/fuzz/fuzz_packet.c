#include <stdlib.h>
#include <string.h>

#include "wv_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wv_packet_ports ports = {.n = 1, .port = {53}};

// All offsets lie in the IP packet, and that in the frame.
static void check_offsets(const struct wv_packet *p, size_t len)
{
	unsigned address = p->ip == 4 ? 4 : 16;

	if (p->ip != 4 && p->ip != 6)
		abort();
	if (p->end > len || p->l3 >= p->l4 || p->l4 > p->end)
		abort();
	if (p->src < p->l3 || p->src + address != p->dst || p->dst + address > p->l4)
		abort();
	if (p->kind != WV_PACKET_FRAGMENT
		&& (p->payload < p->l4 + 8 || p->payload + (uint32_t)p->payload_len > p->end))
		abort();
}

// A datagram whose lengths and checksums were put right is the same datagram, and right.
static void check_finish(struct wv_packet p, const uint8_t *frame, size_t len, enum wv_link link,
	uint16_t payload_len)
{
	uint8_t *copy = malloc(len);
	struct wv_packet again;
	size_t now;

	if (copy == NULL)
		abort();
	memcpy(copy, frame, len);
	now = wv_packet_finish_udp(&p, copy, payload_len);
	if (now > len || wv_packet_look(&again, copy, now, link, &ports) != WV_PACKET_DNS_UDP)
		abort();
	if (again.payload != p.payload || again.payload_len != payload_len || again.end != now)
		abort();
	if (wv_packet_udp_sum(&again, copy) != WV_SUM_RIGHT)
		abort();
	free(copy);
}

// The first octet is the link type, and how much of the payload stays; the rest is the frame.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wv_link link;
	struct wv_packet p;

	if (size == 0)
		return 0;
	link = data[0] % 2 == 0 ? WV_LINK_ETHERNET : WV_LINK_RAW_IP;
	if (wv_packet_look(&p, data + 1, size - 1, link, &ports) != p.kind)
		abort();
	if (p.kind == WV_PACKET_OTHER)
		return 0;
	check_offsets(&p, size - 1);
	if (p.kind != WV_PACKET_DNS_UDP)
		return 0;
	(void)wv_packet_udp_sum(&p, data + 1);
	check_finish(p, data + 1, size - 1, link, p.payload_len);
	check_finish(p, data + 1, size - 1, link, (uint16_t)(p.payload_len * (data[0] >> 1) / 128));
	return 0;
}
