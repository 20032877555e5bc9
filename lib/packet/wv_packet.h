/**
 * @file
 * Ethernet, VLAN, IP, UDP and TCP: from a frame to one DNS payload (RFC 791, 8200, 768, 9293,
 * IEEE 802.1Q and 802.1ad).
 *
 * Units      offsets and lengths in octets from the first octet of the frame; ports in host order
 * Ownership  struct wv_packet refers to nothing: all offsets
 * Threads    any
 * Errors     none: what cannot be read is WV_PACKET_OTHER
 */
#ifndef WV_PACKET_H
#define WV_PACKET_H

#include "wv_base.h"

enum wv_link {
	WV_LINK_ETHERNET,
	WV_LINK_RAW_IP, // the frame begins with an IPv4 or IPv6 header
};

enum wv_packet_kind {
	WV_PACKET_OTHER,    // none of our business
	WV_PACKET_DNS_UDP,  // a whole UDP datagram from or to a DNS port
	WV_PACKET_DNS_TCP,  // a TCP segment from or to a DNS port
	WV_PACKET_FRAGMENT, // any IP fragment
	WV_PACKET_OPAQUE,   // encrypted DNS: port 853 (DoT, DoQ)
	WV_PACKET_KINDS
};

const char *wv_packet_kind_name(enum wv_packet_kind kind); // "other", "dns-udp", …

enum wv_packet_sum {
	WV_SUM_RIGHT,
	WV_SUM_WRONG,
	WV_SUM_ZERO
};

#define WV_PACKET_PORTS 16

struct wv_packet_ports {
	unsigned n;
	uint16_t port[WV_PACKET_PORTS]; // dns_ports
};

struct wv_packet {
	enum wv_packet_kind kind;
	uint8_t ip;       // 4, 6; 0: no IP header was found
	uint8_t proto;    // of the upper layer, after extension headers
	uint16_t l3;      // offset of the IP header
	uint16_t l4;      // offset of the UDP or TCP header
	uint16_t payload; // offset of the UDP payload or TCP data
	uint16_t payload_len;
	uint32_t end;      // one past the last octet of the IP packet; what follows is padding
	uint16_t src, dst; // offsets of the addresses, 4 or 16 octets
	uint16_t src_port, dst_port;
	bool from_dns_port, to_dns_port;
};

/**
 * Look at a frame: through 802.1Q/802.1ad tags of any depth that fits, IPv4 options and IPv6
 * extension headers, to UDP or TCP. Checksums are not looked at. A datagram whose lengths do
 * not agree with the frame is WV_PACKET_OTHER.
 */
enum wv_packet_kind wv_packet_look(struct wv_packet *p, const uint8_t *frame, size_t len,
	enum wv_link link, const struct wv_packet_ports *ports);

// The UDP checksum of a WV_PACKET_DNS_UDP (over the whole datagram).
enum wv_packet_sum wv_packet_udp_sum(const struct wv_packet *p, const uint8_t *frame);

/**
 * Put lengths and checksums right for a UDP datagram whose payload now has `payload_len` octets
 * at p->payload: UDP length, IP total or payload length, IPv4 header checksum, UDP checksum
 * (never zero).
 * @return octets of the whole frame now (padding is gone)
 */
size_t wv_packet_finish_udp(struct wv_packet *p, uint8_t *frame, uint16_t payload_len);

#endif
