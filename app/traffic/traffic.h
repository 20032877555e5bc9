/**
 * @file
 * Benchmark traffic: queries and responses of a mix, with the chain that proves them.
 *
 * A tree of `zones` zones below TRAFFIC_TLDS top-level zones below the root, all with keys derived
 * from the seed; responses are drawn from it. The same parameters give the same octets, signatures
 * included: ECDSA nonces are derived from key and message, as RFC 6979 does in spirit.
 *
 * Units      seconds, microseconds in the names; octets
 * Ownership  frames are valid during the call of emit alone
 * Threads    one generator belongs to one thread
 * Errors     -errno with words
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "wv_verdict.h"

#define TRAFFIC_TLDS 50

enum traffic_mix {
	TRAFFIC_SIGNED,   // S: signed addresses, P-256
	TRAFFIC_UNSIGNED, // I: addresses of zones that are proven to be unsigned
	TRAFFIC_UPSTREAM, // U: what a large resolver's servers send it
	TRAFFIC_HOSTILE,  // K: U, and a hundredth of it made to cost the validator dear
	TRAFFIC_MIXES
};

enum traffic_mix traffic_mix_find(const char *name); // TRAFFIC_MIXES: no such mix
const char *traffic_mix_name(enum traffic_mix mix);
const char *traffic_mix_list(void);               // "S, I, U, K", for messages
unsigned traffic_mix_zones(enum traffic_mix mix); // the fewest that it can be made of

struct traffic_params {
	enum traffic_mix mix;
	unsigned zones;     // traffic_mix_zones() to 1,000,000
	unsigned responses; //
	unsigned repeat;    // percent of responses that were sent before in this run
	uint64_t seed;
	uint32_t time_s; // of the first frame
};

// How a response comes.
enum traffic_way {
	TRAFFIC_UDP, // in one datagram
	TRAFFIC_TCP,
	TRAFFIC_FRAGMENTS, // of one datagram
	TRAFFIC_WAYS
};

const char *traffic_way_name(enum traffic_way way);

struct traffic_frame {
	const uint8_t *octets;
	size_t len; // at most 65,535 less a DPDK buffer's headroom
	uint64_t time_us;
	bool from_outside; // arrives at the outside port; else at the inside
	// It ends the response number `response`, from 0; else TRAFFIC_NO_RESPONSE.
	unsigned response;
};
#define TRAFFIC_NO_RESPONSE UINT32_MAX

// Returns 0 to go on, else the generator stops with that value.
typedef int (*traffic_emit_fn)(void *arg, const struct traffic_frame *frame);

// One kind of response.
struct traffic_kind {
	const char *name;   // NULL: there is none of this number
	double share;       // of the responses, as wanted
	unsigned octets[2]; // of a message, from and to, as wanted; 0: anything
	enum wv_verdict verdict;
	bool is_hostile;
};

struct traffic_kind_counts {
	uint64_t responses, distinct, octets; // DNS octets
	uint64_t bogus;                       // of these with a signature made wrong
	unsigned shortest, longest;
};

#define TRAFFIC_KINDS 48

struct traffic_counts {
	uint64_t responses, distinct, octets; // DNS octets of responses
	unsigned shortest, longest;           // of a response
	uint64_t signatures;                  // in responses
	uint64_t is_signed;                   // responses with any
	uint64_t frames, frame_octets;        // that end a response
	uint64_t ipv6, cookies, mixed_case, reordered;
	// What comes of those that were judged; wirevet judges whole datagrams alone so far.
	uint64_t verdicts[TRAFFIC_WAYS][WV_VERDICT_COUNT];
	struct traffic_kind_counts kinds[TRAFFIC_KINDS];
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

/**
 * Write the zones of mix U as signed zone files into a folder, which is made where there is none:
 * NAMEzone for each (the root's: root.zone), `zones` with a line of name and file for each, and
 * `anchors`. The same names and keys as in the traffic, with the names of hosts h0 to h7 alone.
 */
int traffic_zones(struct traffic *t, const char *folder, struct wv_err *err);

const struct traffic_counts *traffic_count(const struct traffic *t);

// The kinds of a mix, from 0; the name of the first that is none is NULL.
struct traffic_kind traffic_kind_get(enum traffic_mix mix, unsigned kind);

// Of a response that was sent: its kind, and what is promised of it if it is judged.
unsigned traffic_response_kind(const struct traffic *t, unsigned response);
enum wv_verdict traffic_response_verdict(const struct traffic *t, unsigned response);

// A signature that is right, to measure what its check costs.
struct traffic_sample {
	uint8_t algorithm;
	uint16_t public_len, signature_len;
	uint8_t public_key[264], signature[256];
};

#define TRAFFIC_SAMPLES 5

/**
 * Sign `data` with a key of the sample's own.
 * @param sample  0 to TRAFFIC_SAMPLES - 1: algorithms 13, 14, 15, 8 with 1024 and with 2048 bits
 */
bool traffic_sample(struct traffic *t, unsigned sample, const uint8_t *data, size_t len,
	struct traffic_sample *out);

#endif
