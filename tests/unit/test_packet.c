#include "wv_packet.h"

#include "test.h"

static const struct wv_packet_ports ports = {.n = 2, .port = {53, 5300}};

#define MAC    "020000000001 020000000002 "
#define V4     MAC "0800 "
#define V6     MAC "86dd "
#define ADDRS4 "c0000201 c6336407 "
#define ADDRS6 "20010db8000000000000000000000001 20010db8000000000000000000000002 "

#define IP4(total, fragment, proto) "4500 " total " 0001 " fragment " 40 " proto " 0000 " ADDRS4
#define IP6(payload, next)          "60000000 " payload " " next " 40 " ADDRS6
#define UDP(ports, len)             ports " " len " 0000 "
#define TCP(ports, offset)          ports " 00000001 00000002 " offset "10 ffff 0000 0000 "
#define ANSWER                      "0035 c001 "
#define QUERY                       "c001 0035 "

static const struct look_case {
	const char *what;
	const char *hex;
	enum wv_link link;
	enum wv_packet_kind kind;
	uint16_t payload, payload_len;
	uint32_t end;
} looks[] = {
	{"an answer over IPv4", V4 IP4("0020", "4000", "11") UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 42, 4, 46},
	{"a query over IPv4", V4 IP4("0020", "0000", "11") UDP(QUERY, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 42, 4, 46},
	{"an answer from the second port",
		V4 IP4("001d", "0000", "11") UDP("14b4 c001", "0009") "01", WV_LINK_ETHERNET,
		WV_PACKET_DNS_UDP, 42, 1, 43},
	{"an empty payload", V4 IP4("001c", "0000", "11") UDP(ANSWER, "0008"), WV_LINK_ETHERNET,
		WV_PACKET_DNS_UDP, 42, 0, 42},
	{"an answer over IPv6", V6 IP6("000c", "11") UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 62, 4, 66},
	{"raw IPv4", IP4("0020", "0000", "11") UDP(ANSWER, "000c") "01020304", WV_LINK_RAW_IP,
		WV_PACKET_DNS_UDP, 28, 4, 32},
	{"raw IPv6", IP6("000c", "11") UDP(ANSWER, "000c") "01020304", WV_LINK_RAW_IP,
		WV_PACKET_DNS_UDP, 48, 4, 52},
	{"one tag", MAC "8100 0001 0800 " IP4("0020", "0000", "11") UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 46, 4, 50},
	{"a service tag and a customer tag",
		MAC "88a8 0001 8100 0002 86dd " IP6("000c", "11") UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 70, 4, 74},
	{"three tags, one of the older kind",
		MAC "9100 0001 8100 0002 8100 0003 0800 " IP4("0020", "0000", "11")
			UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 54, 4, 58},
	{"IPv4 options",
		V4 "4700 0028 0001 0000 40 11 0000 " ADDRS4
		   "01010101 01010100 " UDP(ANSWER, "000c") "01020304",
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 50, 4, 54},
	{"hop-by-hop, routing, destination options, atomic fragment, AH",
		V6 IP6("0040", "00") "2b00 010400000000 "  // hop-by-hop
				     "3c00 020000000000 "  // routing
				     "2c00 010400000000 "  // destination
				     "3300 0000 00000007 " // fragment: offset 0, last
				     "1104 0000 00000001 00000001 aaaaaaaa aaaaaaaa aaaaaaaa " UDP(
					     ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_DNS_UDP, 118, 0, 118},
	{"padding after the IP packet",
		V4 IP4("0020", "0000", "11") UDP(ANSWER, "000c") "01020304 0000", WV_LINK_ETHERNET,
		WV_PACKET_DNS_UDP, 42, 4, 46},
	{"a UDP length below the IP payload",
		V4 IP4("0022", "0000", "11") UDP(ANSWER, "000c") "01020304 0000", WV_LINK_ETHERNET,
		WV_PACKET_DNS_UDP, 42, 4, 48},
	{"TCP with data", V4 IP4("002a", "0000", "06") TCP(ANSWER, "50") "0001", WV_LINK_ETHERNET,
		WV_PACKET_DNS_TCP, 54, 2, 56},
	{"TCP with options and no data", V6 IP6("0018", "06") TCP(QUERY, "60") "01010101",
		WV_LINK_ETHERNET, WV_PACKET_DNS_TCP, 78, 0, 78},
	{"DoQ", V4 IP4("001c", "0000", "11") UDP("0355 c001", "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OPAQUE, 42, 0, 42},
	{"DoT", V4 IP4("0028", "0000", "06") TCP("c001 0355", "50"), WV_LINK_ETHERNET,
		WV_PACKET_OPAQUE, 54, 0, 54},
	{"the first fragment", V4 IP4("001c", "2000", "11") UDP(ANSWER, "0100"), WV_LINK_ETHERNET,
		WV_PACKET_FRAGMENT, 0, 0, 42},
	{"the last fragment", V4 IP4("001c", "0010", "11") "0102030405060708", WV_LINK_ETHERNET,
		WV_PACKET_FRAGMENT, 0, 0, 42},
	{"a fragment over IPv6", V6 IP6("0010", "2c") "1100 0001 00000007 0102030405060708",
		WV_LINK_ETHERNET, WV_PACKET_FRAGMENT, 0, 0, 70},
	{"the last fragment over IPv6", V6 IP6("0010", "2c") "1100 0008 00000007 0102030405060708",
		WV_LINK_ETHERNET, WV_PACKET_FRAGMENT, 0, 0, 70},

	{"nothing at all", "", WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"nothing at all, raw", "", WV_LINK_RAW_IP, WV_PACKET_OTHER, 0, 0, 0},
	{"half a MAC header", "0102030405", WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"ARP", MAC "0806 0001", WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"MPLS", MAC "8847 0001 0140 " IP4("001c", "0000", "11") UDP(ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"a length in place of a type", MAC "0026 aaaa 0300 0000 0800", WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 0},
	{"tags to the end", MAC "8100 0001 8100 00", WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"version 5", V4 "5500 001c 0001 0000 40 11 0000 " ADDRS4 UDP(ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"an IPv4 header below 20 octets",
		V4 "4400 001c 0001 0000 40 11 0000 " ADDRS4 UDP(ANSWER, "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 0},
	{"an IPv4 header over the end", V4 "4500 001c 0001 0000 40 11 0000 c0000201 c63364",
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"an IP length over the end", V4 IP4("001d", "0000", "11") UDP(ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"an IP length below the header", V4 IP4("0013", "0000", "11") UDP(ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"an IP length of zero", V4 IP4("0000", "0000", "11") UDP(ANSWER, "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 0},
	{"an IPv6 length over the end", V6 IP6("0009", "11") UDP(ANSWER, "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 0},
	{"a jumbogram", V6 IP6("0000", "00") "1100 c204 00000008 " UDP(ANSWER, "0008"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 0},
	{"an extension header over the end",
		V6 IP6("0010", "3c") "1102 010400000000 " UDP(ANSWER, "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 94 - 24},
	{"an extension header cut short", V6 IP6("0004", "3c") "11000104", WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 58},
	{"ESP", V6 IP6("0008", "32") "00000001 00000001", WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0,
		62},
	{"no next header", V6 IP6("0008", "3b") "00000001 00000001", WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 62},
	{"ICMP", V4 IP4("001c", "0000", "01") "0800 0000 00000000", WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 42},
	{"half a UDP header", V4 IP4("0018", "0000", "11") ANSWER, WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 38},
	{"a UDP length below 8", V4 IP4("001c", "0000", "11") UDP(ANSWER, "0007"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 42},
	{"a UDP length of zero", V4 IP4("001c", "0000", "11") UDP(ANSWER, "0000"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 42},
	{"a UDP length over the IP payload, in padding",
		V4 IP4("001c", "0000", "11") UDP(ANSWER, "000a") "0102", WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 0, 0, 42},
	{"half a TCP header", V4 IP4("0020", "0000", "06") ANSWER "00000001 00000002",
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 46},
	{"a TCP offset below 20 octets", V4 IP4("0028", "0000", "06") TCP(ANSWER, "40"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 54},
	{"a TCP offset over the end", V4 IP4("0028", "0000", "06") TCP(ANSWER, "60"),
		WV_LINK_ETHERNET, WV_PACKET_OTHER, 0, 0, 54},
	{"other ports", V4 IP4("001c", "0000", "11") UDP("0050 c001", "0008"), WV_LINK_ETHERNET,
		WV_PACKET_OTHER, 42, 0, 42},
};

static void test_looks(void)
{
	for (unsigned i = 0; i < WV_COUNT(looks); i++) {
		const struct look_case *row = &looks[i];
		uint8_t octets[512];
		size_t len = test_unhex(row->hex, octets, sizeof(octets));
		uint8_t *frame = test_exact(octets, len);
		struct wv_packet p;

		CHECK_ROW(row, wv_packet_look(&p, frame, len, row->link, &ports) == row->kind);
		CHECK_ROW(row, p.kind == row->kind);
		CHECK_ROW(row, p.payload == row->payload && p.payload_len == row->payload_len);
		CHECK_ROW(row, p.end == row->end);
		free(frame);
	}
}

static void test_fields(void)
{
	uint8_t octets[512];
	struct wv_packet p;
	size_t len = test_unhex(MAC "8100 0001 86dd " IP6("0014", "3c") "1100 010400000000 " UDP(
					ANSWER, "000c") "01020304",
		octets, sizeof(octets));

	REQUIRE(wv_packet_look(&p, octets, len, WV_LINK_ETHERNET, &ports) == WV_PACKET_DNS_UDP);
	CHECK(p.ip == 6 && p.proto == 17);
	CHECK(p.l3 == 18 && p.l4 == 66 && p.payload == 74);
	CHECK(p.src == 26 && p.dst == 42);
	CHECK(p.src_port == 53 && p.dst_port == 0xc001);
	CHECK(p.from_dns_port && !p.to_dns_port);
}

static void test_cut(void)
{
	for (unsigned i = 0; i < WV_COUNT(looks); i++) {
		uint8_t octets[512];
		size_t len = test_unhex(looks[i].hex, octets, sizeof(octets));

		for (size_t n = 0; n < len; n++) {
			uint8_t *frame = test_exact(octets, n);
			struct wv_packet p;

			wv_packet_look(&p, frame, n, looks[i].link, &ports);
			CHECK_ROW(&looks[i], p.kind == WV_PACKET_OTHER || p.end <= n);
			free(frame);
		}
	}
}

static void test_deep(void)
{
	static uint8_t frame[70000];
	size_t n = 12;
	struct wv_packet p;

	memset(frame, 0, sizeof(frame));
	while (n + 4 < sizeof(frame)) {
		wv_store16(frame + n, 0x8100);
		n += 4;
	}
	CHECK(wv_packet_look(&p, frame, n, WV_LINK_ETHERNET, &ports) == WV_PACKET_OTHER);
	n = test_unhex(V6 IP6("ffff", "3c"), frame, sizeof(frame));
	for (size_t i = n; i < 65535; i += 2048)
		wv_store16(frame + i, 0x3cff); // 2048 octets of destination options each
	CHECK(wv_packet_look(&p, frame, sizeof(frame), WV_LINK_ETHERNET, &ports)
		== WV_PACKET_OTHER);
}

static void test_largest(void)
{
	static uint8_t frame[14 + 65535];
	struct wv_packet p;

	test_unhex(V4 IP4("ffff", "0000", "11") UDP(ANSWER, "ffeb"), frame, sizeof(frame));
	REQUIRE(wv_packet_look(&p, frame, sizeof(frame), WV_LINK_ETHERNET, &ports)
		== WV_PACKET_DNS_UDP);
	CHECK(p.payload_len == 65535 - 28 && p.end == sizeof(frame));
	memset(frame + p.payload, 0xff, p.payload_len);
	CHECK(wv_packet_finish_udp(&p, frame, p.payload_len) == sizeof(frame));
	CHECK(wv_packet_udp_sum(&p, frame) == WV_SUM_RIGHT);
}

// RFC 1071 2 word for word: 16 bits at a time, in network order.
static uint16_t sum_plain(uint32_t sum, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)octets[i] << (i % 2 == 0 ? 8 : 0);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t udp_plain(const struct wv_packet *p, const uint8_t *frame)
{
	size_t len = p->payload_len + 8u;
	uint16_t sum = sum_plain((uint32_t)len + 17, frame + p->src, p->ip == 4 ? 8 : 32);

	return sum_plain(sum, frame + p->l4, len);
}

#define KNOWN_QUERY "1234 0100 0001 0000 0000 0000 076578616d706c6500 0001 0001 00"
#define KNOWN4      "4500 0036 0000 4000 4011 b6b3 c0000201 c0000202 d431 0035 0022 386e " KNOWN_QUERY
#define KNOWN6      "60000000 0022 11 40 " ADDRS6 "d431 0035 0022 60fd " KNOWN_QUERY

// example. A is asked for, with a checksum that Scapy computed, over both families.
static void test_sum_known(void)
{
	static const char *const known[] = {KNOWN4, KNOWN6};

	for (unsigned k = 0; k < WV_COUNT(known); k++) {
		uint8_t octets[128];
		size_t len = test_unhex(known[k], octets, sizeof(octets));
		struct wv_packet p;

		REQUIRE(wv_packet_look(&p, octets, len, WV_LINK_RAW_IP, &ports)
			== WV_PACKET_DNS_UDP);
		CHECK(wv_packet_udp_sum(&p, octets) == WV_SUM_RIGHT);
		for (size_t bit = 8u * p.l4; bit < 8 * len; bit++) {
			if (bit / 8 == p.l4 + 4u || bit / 8 == p.l4 + 5u)
				continue; // the length says where the datagram ends
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(wv_packet_udp_sum(&p, octets) == WV_SUM_WRONG);
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		wv_store16(octets + p.l4 + 6, 0);
		CHECK(wv_packet_udp_sum(&p, octets) == WV_SUM_ZERO);
	}
}

// The whole of a finished frame agrees with a plain sum, for every length and both families.
static void test_finish(void)
{
	static const char *const heads[] = {
		V4 IP4("011c", "4000", "11") UDP(ANSWER, "0108"),
		V4 "4600 0120 0001 0000 40 11 0000 " ADDRS4 "01010100 " UDP(ANSWER, "0108"),
		MAC "8100 0007 86dd " IP6("0108", "11") UDP(ANSWER, "0108"),
		V6 IP6("0110", "3c") "1100 010400000000 " UDP(ANSWER, "0108"),
	};

	for (unsigned h = 0; h < WV_COUNT(heads); h++) {
		for (uint16_t n = 0; n <= 256; n++) {
			uint8_t octets[512], *frame;
			size_t len = test_unhex(heads[h], octets, sizeof(octets)) + 256;
			struct wv_packet p, again;
			size_t now;

			for (size_t i = len - 256; i < len + 6; i++)
				octets[i] = (uint8_t)(31 * i + n);
			REQUIRE(wv_packet_look(&p, octets, len + 6, WV_LINK_ETHERNET, &ports)
				== WV_PACKET_DNS_UDP);
			now = wv_packet_finish_udp(&p, octets, n);
			CHECK(now == p.payload + (size_t)n && p.end == now);
			frame = test_exact(octets, now);
			REQUIRE(wv_packet_look(&again, frame, now, WV_LINK_ETHERNET, &ports)
				== WV_PACKET_DNS_UDP);
			CHECK(again.payload_len == n && again.end == now && again.l4 == p.l4);
			CHECK(wv_load16(frame + p.l4 + 6) != 0);
			CHECK(udp_plain(&again, frame) == 0xffff);
			CHECK(wv_packet_udp_sum(&again, frame) == WV_SUM_RIGHT);
			if (p.ip == 4)
				CHECK(sum_plain(0, frame + p.l3, p.l4 - p.l3) == 0xffff);
			free(frame);
		}
	}
}

// Two octets of payload can make the sum come out as zero, which is written as all ones.
static void test_never_zero(void)
{
	unsigned ones = 0;

	for (uint32_t w = 0; w <= 0xffff; w++) {
		uint8_t octets[64];
		size_t len = test_unhex(V4 IP4("001e", "0000", "11") UDP(ANSWER, "000a") "0000",
			octets, sizeof(octets));
		struct wv_packet p;

		wv_store16(octets + len - 2, (uint16_t)w);
		REQUIRE(wv_packet_look(&p, octets, len, WV_LINK_ETHERNET, &ports)
			== WV_PACKET_DNS_UDP);
		wv_packet_finish_udp(&p, octets, 2);
		CHECK(wv_load16(octets + p.l4 + 6) != 0);
		CHECK(wv_packet_udp_sum(&p, octets) == WV_SUM_RIGHT);
		ones += wv_load16(octets + p.l4 + 6) == 0xffff;
	}
	CHECK(ones >= 1);
}

static void test_names(void)
{
	for (unsigned k = 0; k < WV_PACKET_KINDS; k++)
		CHECK(wv_packet_kind_name((enum wv_packet_kind)k)[0] != '\0');
}

static const struct test tests[] = {
	{"a frame is what its octets say", test_looks},
	{"offsets, addresses and ports are told", test_fields},
	{"a frame cut anywhere is never read over its end", test_cut},
	{"tags and extension headers without end are other", test_deep},
	{"the longest IP packet is read and summed", test_largest},
	{"a checksum is right, wrong in any bit, or zero", test_sum_known},
	{"a finished datagram has right lengths and checksums", test_finish},
	{"a checksum of zero is written as all ones", test_never_zero},
	{"every kind has a name", test_names},
};

int main(void)
{
	return test_main("packet", tests, WV_COUNT(tests));
}
