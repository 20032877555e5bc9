/**
 * @file
 * The chain builder: what zone does a name lie in, and what is that zone (RFC 4035 5, RFC 8198)?
 *
 * The trust store knows what has passed by. Where that does not reach down to a name, its status
 * is sought: from the deepest zone that is known, WANT_DNSKEY of a zone whose DS is proven, then
 * WANT_DS one label further down, until there is a cut, or the proof that there is none, or that
 * what lies below is insecure. What is asked goes out through a hook; what comes in is judged by
 * lib/validate like any other response, and what it proves is published. Nothing else is.
 *
 * A zone whose DNSKEY and DS do not match, or whose keys lack a tag, is not given up before both
 * were asked anew (wv_builder_doubt() for the second). Only then it is BOGUS, for a minute.
 *
 * Units      milliseconds of a clock that never steps back (`now_ms`); seconds in struct wv_time
 * Ownership  names and payloads are copied, or used during the call alone
 * Threads    one: the store's writer, which called wv_verify_thread_init() and
 *            wv_digest_thread_init()
 * Errors     create: NULL with words; a full table refuses and counts
 */
#ifndef WV_BUILDER_H
#define WV_BUILDER_H

#include "wv_chain.h"

/**
 * Ask for the DS or DNSKEY RRset of `name`, with DO and CD. Exactly one call of
 * wv_builder_answer() or wv_builder_unanswered() is to follow, after this one has returned.
 * @param anew  the last answer is doubted: none that was cached by whoever is asked, if possible
 * @return 0: under way; below: refused, for want of a budget
 */
typedef int (*wv_builder_ask_fn)(
	void *arg, const struct wv_name *name, enum wv_type type, bool anew);

// How a search ended, and what is to be done with the answers that waited for it.
enum wv_builder_end {
	// All that can be known is in the store: judge again, with env.asked.
	WV_BUILDER_KNOWN,
	// What was asked for came from a cache, or not at all: judge again, without env.asked.
	WV_BUILDER_UNPROVEN,
	// A limit on questions was reached: `fetch-budget`.
	WV_BUILDER_BUDGET,
	// More zones from the anchor on than settings->chain_depth: `budget-chain-depth`.
	WV_BUILDER_TOO_DEEP,
};

// The search for `name` ended; called by wv_builder_step() alone. It may seek again.
typedef void (*wv_builder_end_fn)(void *arg, const struct wv_name *name, enum wv_builder_end end);

struct wv_builder_params {
	struct wv_trust *trust;
	const struct wv_validate_settings *settings;
	unsigned seeks;         // names sought at once; twice as many are remembered as asked about
	unsigned spans;         // proofs kept that there is no cut at a name
	uint32_t seed;          // of hash tables; a secret one where strangers can choose names
	unsigned asks_per_name; // questions about one name in `window_ms`
	unsigned window_ms;
	unsigned asks_per_seek; // questions on behalf of one search
	unsigned patience_ms;   // what is not answered by then will not be
	unsigned again_ms;     // a name that was asked about in vain, or anew, is let alone so long
	wv_builder_ask_fn ask; // NULL: nobody can be asked, and nothing becomes BOGUS
	wv_builder_end_fn end;
	void *arg;
};

// Limits as designed; trust, settings, ask, end and arg are the caller's to set.
extern const struct wv_builder_params wv_builder_presets;

struct wv_builder;

struct wv_builder *wv_builder_create(const struct wv_builder_params *params, struct wv_err *err);
void wv_builder_destroy(struct wv_builder *b);

/**
 * The status of `name` is sought: of the zone that it lies in, which for a DS RRset is that of
 * the name above. Sought once, however often that is said; the next step begins.
 * @return 0; -ENOSPC: too many are sought, counted
 */
int wv_builder_seek(struct wv_builder *b, const struct wv_name *name);

/**
 * An answer is signed by a key of `zone` that is not known, or its keys fail: ask for its DS and
 * DNSKEY anew, once in again_ms. Ends like a search for `zone`.
 * @return 0; -ENOSPC: too many are sought, counted
 */
int wv_builder_doubt(struct wv_builder *b, const struct wv_name *zone);

// Something about `zone` was published by others: who waits at or below it looks again.
void wv_builder_news(struct wv_builder *b, const struct wv_name *zone);

/**
 * What the hook was told. An answer to what was not asked is dropped and counted.
 * @param payload  a DNS message, not kept
 */
void wv_builder_answer(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const uint8_t *payload, size_t len, struct wv_time now);
void wv_builder_unanswered(struct wv_builder *b, const struct wv_name *name, enum wv_type type);

/**
 * Go on where something came, end what has waited too long.
 * @return searches that are open
 */
unsigned wv_builder_step(struct wv_builder *b, struct wv_time now, uint64_t now_ms);

// Where a search stands.
enum wv_builder_state {
	WV_BUILDER_WANT_PARENT, // the deepest known zone at or above the name is to be looked up
	WV_BUILDER_WANT_DS,     // of the next name below a secure zone
	WV_BUILDER_WANT_DNSKEY, // of a zone with a proven DS or an anchor
};

struct wv_builder_counts {
	unsigned open[WV_BUILDER_WANT_DNSKEY + 1]; // searches, now
	uint64_t seeks;                            // begun
	uint64_t refused;                          // for want of room
	uint64_t ends[WV_BUILDER_TOO_DEEP + 1];
	uint64_t asks;    // put to the hook and accepted
	uint64_t spared;  // not asked, since a proof that was kept said it
	uint64_t answers; // to what was asked
	uint64_t dropped; // of these, what proved nothing, and what was never answered
	uint64_t unasked; // answers to what was not asked
	uint64_t facts;   // published
	uint64_t bogus;   // of these, zones given up
};
void wv_builder_count(const struct wv_builder *b, struct wv_builder_counts *counts);

size_t wv_builder_memory(const struct wv_builder_params *params); // octets

#endif
