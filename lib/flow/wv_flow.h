/**
 * @file
 * Which query an answer belongs to (RFC 5452 9): a bounded table of queries seen.
 *
 * Units      cycles of the caller's clock for lives; octets
 * Ownership  the table is its creator's; a match is copied out
 * Threads    one table belongs to one thread
 * Errors     create: NULL with words; a full table forgets the oldest of a bucket and counts it
 */
#ifndef WV_FLOW_H
#define WV_FLOW_H

#include "wv_message.h"
#include "wv_packet.h"

// What is believed of a query.
struct wv_flow_query {
	bool dnssec_ok;
	bool checking_disabled;
	bool is_signed; // TSIG or SIG(0)
	bool has_edns;
	bool has_cookie;
	uint16_t edns_size;
	uint8_t qname_len;
	uint8_t qname[WV_NAME_MAX]; // uncompressed, letters as the client sent them (0x20)
};

// All of a query but its name. A response has the addresses and ports the other way round.
struct wv_flow_key {
	uint8_t client[16], server[16]; // IPv4: the first four octets
	uint16_t client_port, server_port;
	uint16_t id, qtype, qclass;
	uint8_t ip, proto;
	uint8_t qname_len;
	uint8_t zero[3];
};

/**
 * A query or a response on its way through the table. The table is large and its places are random:
 * whoever has several packets begins with all of them, and finds the memory near when their turn
 * comes. Refers to the frame. Private but for its size.
 */
struct wv_flow_look {
	struct wv_flow_key key;
	const uint8_t *qname;
	uint64_t hash;
	bool is_response;
};

struct wv_flow_params {
	unsigned entries; // rounded up to a power of two
	uint64_t life;    // of a query, in cycles
	uint64_t seed;    // of the hash; secret
};

struct wv_flow;

struct wv_flow *wv_flow_create(const struct wv_flow_params *params, struct wv_err *err);
void wv_flow_destroy(struct wv_flow *flow);

/**
 * Read the question of a frame that holds DNS over UDP, and ask for the memory to find it by.
 * @return false: there is not one question that can be read, and nothing to look up
 */
bool wv_flow_begin(struct wv_flow_look *look, const struct wv_flow *flow, const struct wv_packet *p,
	const uint8_t *frame, bool is_response);

// Once that memory has come: ask for the entry that is to be read, or written.
void wv_flow_approach(const struct wv_flow_look *look, const struct wv_flow *flow);

/**
 * Remember a query (QR=0, one question). A repeated one renews its entry.
 * @param m  what the query says beside its question
 */
void wv_flow_add(struct wv_flow *flow, const struct wv_flow_look *look, const struct wv_message *m,
	uint64_t now);

/**
 * Find the query of a response: addresses and ports the other way round, id, question equal
 * letter case aside. An entry answers once: it is taken out where `take` is true.
 * @return false: none was seen, or it is older than its life
 */
bool wv_flow_match(struct wv_flow *flow, const struct wv_flow_look *look, uint64_t now, bool take,
	struct wv_flow_query *query);

struct wv_flow_counts {
	uint64_t added, renewed, matched, unmatched, forgotten; // forgotten: thrown out alive
};
const struct wv_flow_counts *wv_flow_count(const struct wv_flow *flow);

size_t wv_flow_memory(unsigned entries); // octets of a table

#endif
