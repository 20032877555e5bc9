/**
 * @file
 * Benchmark traffic: queries and responses of a mix, with the chain that proves them.
 *
 * A tree of `zones` zones below WV_TRAFFIC_TLDS top-level zones below the root, all with keys
 * derived from the seed; responses are drawn from it. The same parameters give the same octets,
 * signatures included: ECDSA nonces are derived from key and message, as RFC 6979 does in spirit.
 *
 * Units      seconds, microseconds in the names; octets
 * Ownership  frames are valid during the call of emit alone
 * Threads    one generator belongs to one thread
 * Errors     -errno with words
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "wv_verdict.h"

#define TRAFFIC_TLDS  50
#define TRAFFIC_FRAME 2048 // octets of the longest frame

enum traffic_mix {
	TRAFFIC_SIGNED,   // S: signed addresses, P-256
	TRAFFIC_UNSIGNED, // I: addresses of zones that are proven to be unsigned
	TRAFFIC_MIXES
};

enum traffic_mix traffic_mix_find(const char *name); // TRAFFIC_MIXES: no such mix
const char *traffic_mix_name(enum traffic_mix mix);
const char *traffic_mix_list(void); // "S, I", for messages

// What all responses of a mix are, with the chain that proves them.
enum wv_verdict traffic_mix_verdict(enum traffic_mix mix);

struct traffic_params {
	enum traffic_mix mix;
	unsigned zones;     // 1 to 1,000,000
	unsigned responses; //
	unsigned repeat;    // percent of responses that were sent before in this run
	uint64_t seed;
	uint32_t time_s; // of the first frame
};

struct traffic_frame {
	const uint8_t *octets;
	size_t len;
	uint64_t time_us;
	bool is_response; // arrives at the outside port; else a query that arrives at the inside
};
// Returns 0 to go on, else the generator stops with that value.
typedef int (*traffic_emit_fn)(void *arg, const struct traffic_frame *frame);

struct traffic_counts {
	uint64_t responses, distinct, octets; // DNS octets of responses
	unsigned shortest, longest;           // of a response
};

struct traffic;

struct traffic *traffic_create(const struct traffic_params *params, struct wv_err *err);
void traffic_destroy(struct traffic *t);

// The root's DS, as a line of an anchors file.
int traffic_anchors(struct traffic *t, char *out, size_t room);

// Every DNSKEY and DS answer (or its proven absence) of the tree, each after its query.
int traffic_chain(struct traffic *t, traffic_emit_fn emit, void *arg);

// The traffic itself, each response after its query.
int traffic_run(struct traffic *t, traffic_emit_fn emit, void *arg);

const struct traffic_counts *traffic_count(const struct traffic *t);

#endif
