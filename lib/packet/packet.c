#include <assert.h>
#include <string.h>

#include "wv_packet.h"

#define ETHERTYPE_IPV4       0x0800
#define ETHERTYPE_IPV6       0x86dd
#define ETHERTYPE_VLAN       0x8100 // 802.1Q
#define ETHERTYPE_QINQ       0x88a8 // 802.1ad
#define ETHERTYPE_QINQ_OLDER 0x9100 // before 802.1ad

#define PROTO_TCP      6
#define PROTO_UDP      17
#define PROTO_HOP      0 // hop-by-hop options
#define PROTO_ROUTING  43
#define PROTO_FRAGMENT 44
#define PROTO_AH       51
#define PROTO_DEST     60 // destination options

#define IPV4_MIN   20
#define IPV6_LEN   40
#define UDP_LEN    8
#define TCP_MIN    20
#define VLAN_LEN   4
#define PORT_DOQ   853  // and DoT
#define EXTENSIONS 16   // IPv6 extension headers that are followed
#define L3_MAX     1024 // no tag stack goes further; so all offsets fit in 16 bits
#define FRAME_MAX  (1u << 24)

// An octet string while it is looked at: the offset of the next header, and one past the last.
struct view {
	const uint8_t *frame;
	uint32_t at;
	uint32_t end;
};

static const char *const kinds[] = {
	[WV_PACKET_OTHER] = "other",
	[WV_PACKET_DNS_UDP] = "dns-udp",
	[WV_PACKET_DNS_TCP] = "dns-tcp",
	[WV_PACKET_FRAGMENT] = "fragment",
	[WV_PACKET_OPAQUE] = "opaque",
};
static_assert(WV_COUNT(kinds) == WV_PACKET_KINDS, "a kind without a name");

const char *wv_packet_kind_name(enum wv_packet_kind kind)
{
	assert(kind < WV_PACKET_KINDS);
	return kinds[kind];
}

static bool port_is_dns(const struct wv_packet_ports *ports, uint16_t port)
{
	for (unsigned i = 0; i < ports->n; i++) {
		if (ports->port[i] == port)
			return true;
	}
	return false;
}

static enum wv_packet_kind ports_look(struct wv_packet *p, const uint8_t *l4,
	const struct wv_packet_ports *ports, enum wv_packet_kind dns)
{
	p->src_port = wv_load16(l4);
	p->dst_port = wv_load16(l4 + 2);
	p->from_dns_port = port_is_dns(ports, p->src_port);
	p->to_dns_port = port_is_dns(ports, p->dst_port);
	if (p->from_dns_port || p->to_dns_port)
		return dns;
	return p->src_port == PORT_DOQ || p->dst_port == PORT_DOQ ? WV_PACKET_OPAQUE
								  : WV_PACKET_OTHER;
}

static enum wv_packet_kind udp_look(
	struct wv_packet *p, const struct view *v, const struct wv_packet_ports *ports)
{
	const uint8_t *udp = v->frame + v->at;
	uint16_t len;

	if (v->end - v->at < UDP_LEN)
		return WV_PACKET_OTHER;
	len = wv_load16(udp + 4);
	if (len < UDP_LEN || len > v->end - v->at)
		return WV_PACKET_OTHER;
	p->payload = (uint16_t)(v->at + UDP_LEN);
	p->payload_len = len - UDP_LEN;
	return ports_look(p, udp, ports, WV_PACKET_DNS_UDP);
}

static enum wv_packet_kind tcp_look(
	struct wv_packet *p, const struct view *v, const struct wv_packet_ports *ports)
{
	const uint8_t *tcp = v->frame + v->at;
	uint16_t header;

	if (v->end - v->at < TCP_MIN)
		return WV_PACKET_OTHER;
	header = tcp[12] >> 4 << 2;
	if (header < TCP_MIN || header > v->end - v->at)
		return WV_PACKET_OTHER;
	p->payload = (uint16_t)(v->at + header);
	p->payload_len = (uint16_t)(v->end - p->payload);
	return ports_look(p, tcp, ports, WV_PACKET_DNS_TCP);
}

static enum wv_packet_kind upper_look(
	struct wv_packet *p, const struct view *v, const struct wv_packet_ports *ports)
{
	p->l4 = (uint16_t)v->at;
	if (p->proto == PROTO_UDP)
		return udp_look(p, v, ports);
	if (p->proto == PROTO_TCP)
		return tcp_look(p, v, ports);
	return WV_PACKET_OTHER;
}

static enum wv_packet_kind ipv4_look(
	struct wv_packet *p, struct view *v, const struct wv_packet_ports *ports)
{
	const uint8_t *ip = v->frame + v->at;
	uint32_t room = v->end - v->at;
	uint16_t header, total;

	if (room < IPV4_MIN || ip[0] >> 4 != 4)
		return WV_PACKET_OTHER;
	header = (uint16_t)((ip[0] & 15) << 2);
	total = wv_load16(ip + 2);
	if (header < IPV4_MIN || total < header || total > room)
		return WV_PACKET_OTHER;
	p->ip = 4;
	p->proto = ip[9];
	p->l3 = (uint16_t)v->at;
	p->src = (uint16_t)(v->at + 12);
	p->dst = (uint16_t)(v->at + 16);
	p->end = v->end = v->at + total;
	v->at += header;
	if ((wv_load16(ip + 6) & 0x3fff) != 0) { // more fragments, or an offset
		p->l4 = (uint16_t)v->at;
		return WV_PACKET_FRAGMENT;
	}
	return upper_look(p, v, ports);
}

// Octets of the extension header `proto` at v->at; 0: it does not fit, or `proto` is none.
static uint32_t extension_len(const struct view *v, uint8_t proto)
{
	uint32_t len;

	if (v->end - v->at < 8)
		return 0;
	switch (proto) {
	case PROTO_HOP:
	case PROTO_ROUTING:
	case PROTO_DEST:
		len = (v->frame[v->at + 1] + 1u) << 3;
		break;
	case PROTO_AH:
		len = (v->frame[v->at + 1] + 2u) << 2;
		break;
	case PROTO_FRAGMENT:
		len = 8;
		break;
	default:
		return 0;
	}
	return len <= v->end - v->at ? len : 0;
}

// Where a routing header still has segments left, its last address is not yet the destination;
// the checksum then comes out wrong, so that such a datagram is judged but never rewritten.
static enum wv_packet_kind extensions_look(
	struct wv_packet *p, struct view *v, const struct wv_packet_ports *ports)
{
	for (unsigned i = 0; i < EXTENSIONS; i++) {
		const uint8_t *header = v->frame + v->at;
		uint32_t len = extension_len(v, p->proto);
		bool is_fragment = p->proto == PROTO_FRAGMENT;

		if (len == 0)
			return WV_PACKET_OTHER;
		p->proto = header[0];
		v->at += len;
		// Neither an offset nor more to come: whole, an "atomic fragment" (RFC 6946).
		if (is_fragment && (wv_load16(header + 2) & 0xfff9) != 0) {
			p->l4 = (uint16_t)v->at;
			return WV_PACKET_FRAGMENT;
		}
		if (p->proto == PROTO_UDP || p->proto == PROTO_TCP)
			return upper_look(p, v, ports);
	}
	return WV_PACKET_OTHER;
}

static enum wv_packet_kind ipv6_look(
	struct wv_packet *p, struct view *v, const struct wv_packet_ports *ports)
{
	const uint8_t *ip = v->frame + v->at;
	uint32_t room = v->end - v->at;
	uint32_t total;

	if (room < IPV6_LEN || ip[0] >> 4 != 6)
		return WV_PACKET_OTHER;
	total = IPV6_LEN + (uint32_t)wv_load16(ip + 4); // zero: empty, or a jumbogram
	if (total > room || total == IPV6_LEN)
		return WV_PACKET_OTHER;
	p->ip = 6;
	p->proto = ip[6];
	p->l3 = (uint16_t)v->at;
	p->src = (uint16_t)(v->at + 8);
	p->dst = (uint16_t)(v->at + 24);
	p->end = v->end = v->at + total;
	v->at += IPV6_LEN;
	if (wv_likely(p->proto == PROTO_UDP || p->proto == PROTO_TCP))
		return upper_look(p, v, ports);
	return extensions_look(p, v, ports);
}

static enum wv_packet_kind ethernet_look(
	struct wv_packet *p, struct view *v, const struct wv_packet_ports *ports)
{
	uint16_t type;

	if (v->end < 14)
		return WV_PACKET_OTHER;
	type = wv_load16(v->frame + 12);
	v->at = 14;
	while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLDER) {
		if (v->end - v->at < VLAN_LEN || v->at > L3_MAX)
			return WV_PACKET_OTHER;
		type = wv_load16(v->frame + v->at + 2);
		v->at += VLAN_LEN;
	}
	if (type == ETHERTYPE_IPV4)
		return ipv4_look(p, v, ports);
	if (type == ETHERTYPE_IPV6)
		return ipv6_look(p, v, ports);
	return WV_PACKET_OTHER;
}

enum wv_packet_kind wv_packet_look(struct wv_packet *p, const uint8_t *frame, size_t len,
	enum wv_link link, const struct wv_packet_ports *ports)
{
	struct view v = {.frame = frame, .end = len < FRAME_MAX ? (uint32_t)len : FRAME_MAX};

	*p = (struct wv_packet){.kind = WV_PACKET_OTHER};
	switch (link) {
	case WV_LINK_ETHERNET:
		p->kind = ethernet_look(p, &v, ports);
		break;
	case WV_LINK_RAW_IP:
		if (len == 0)
			break;
		p->kind = frame[0] >> 4 == 4 ? ipv4_look(p, &v, ports) : ipv6_look(p, &v, ports);
		break;
	}
	return p->kind;
}

// The one's complement sum does not mind the order of octets (RFC 1071 2), so words are added as
// they lie; 64 bits take 2^32 of them before anything is carried out.
static uint64_t sum_add(uint64_t sum, const uint8_t *octets, size_t n)
{
	uint64_t eight = 0;

	for (; n >= 8; n -= 8, octets += 8) {
		memcpy(&eight, octets, 8);
		sum += (eight & UINT32_MAX) + (eight >> 32);
	}
	if (n > 0) {
		eight = 0;
		memcpy(&eight, octets, n);
		sum += (eight & UINT32_MAX) + (eight >> 32);
	}
	return sum;
}

// Fold to 16 bits, in host order.
static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return __builtin_bswap16((uint16_t)sum);
}

// The folded sum over pseudo header and datagram (RFC 768, RFC 8200 8.1): 0xffff if it is right.
static uint16_t udp_sum(const struct wv_packet *p, const uint8_t *frame)
{
	uint16_t len = (uint16_t)(UDP_LEN + p->payload_len);
	uint64_t sum = __builtin_bswap16(len) + __builtin_bswap16(PROTO_UDP);

	sum = sum_add(sum, frame + p->src, p->ip == 4 ? 8 : 32); // both addresses
	return sum_fold(sum_add(sum, frame + p->l4, len));
}

enum wv_packet_sum wv_packet_udp_sum(const struct wv_packet *p, const uint8_t *frame)
{
	assert(p->kind == WV_PACKET_DNS_UDP);
	if (wv_load16(frame + p->l4 + 6) == 0)
		return WV_SUM_ZERO;
	return udp_sum(p, frame) == 0xffff ? WV_SUM_RIGHT : WV_SUM_WRONG;
}

size_t wv_packet_finish_udp(struct wv_packet *p, uint8_t *frame, uint16_t payload_len)
{
	uint8_t *ip = frame + p->l3;
	uint8_t *udp = frame + p->l4;
	uint32_t total = p->payload - p->l3 + (uint32_t)payload_len;
	uint16_t sum;

	assert(p->kind == WV_PACKET_DNS_UDP && total <= UINT16_MAX);
	p->payload_len = payload_len;
	p->end = p->l3 + total;
	wv_store16(udp + 4, (uint16_t)(UDP_LEN + payload_len));
	if (p->ip == 4) {
		wv_store16(ip + 2, (uint16_t)total);
		wv_store16(ip + 10, 0);
		wv_store16(ip + 10, (uint16_t)~sum_fold(sum_add(0, ip, p->l4 - p->l3)));
	} else {
		wv_store16(ip + 4, (uint16_t)(total - IPV6_LEN));
	}
	wv_store16(udp + 6, 0);
	sum = (uint16_t)~udp_sum(p, frame);
	wv_store16(udp + 6, sum != 0 ? sum : 0xffff); // zero would say "none"
	return p->end;
}
