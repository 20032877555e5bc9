/**
 * @file
 * What a zone is: facts taken from judged responses, and chains learned from a capture
 * (RFC 4035 5.2, 5.3).
 *
 * A worker calls wv_chain_harvest() on each judged response; control publishes what comes out.
 * A capture is learned in two steps: add every response, then settle: facts are learned until
 * nothing new comes, and what then stays unproven below an anchor is given up (BOGUS), since
 * nobody else can be asked.
 *
 * Units      seconds; octets
 * Ownership  facts are valid during the call of `emit` alone; a chain copies what is added to it
 * Threads    harvest: the validation's thread; struct wv_chain: one thread, the store's writer,
 *            which called wv_verify_thread_init() and wv_digest_thread_init()
 * Errors     NULL or -ENOMEM with words; what fails validation is dropped and counted
 */
#ifndef WV_CHAIN_H
#define WV_CHAIN_H

#include "wv_batch.h"
#include "wv_validate.h"

typedef void (*wv_chain_fact_fn)(void *arg, const struct wv_trust_fact *fact);

// Octets of the largest fact that harvest can make.
#define WV_CHAIN_FACT_MAX (sizeof(struct wv_trust_fact) + 65535)

/**
 * The facts that a judged response proves: its DNSKEY RRset, DS RRsets, the absence of DS at a
 * cut, a DS RRset with nothing that we support. Only what was verified in this validation.
 * @param source   as which they are remembered
 * @param pinned   their TTL does not end them
 * @param scratch  room of WV_CHAIN_FACT_MAX octets, aligned for struct wv_trust_fact
 * @return facts emitted
 */
unsigned wv_chain_harvest(const struct wv_validation *v, enum wv_trust_source source, bool pinned,
	void *scratch, wv_chain_fact_fn emit, void *arg);

// Could this message prove a fact at all? Cheap; false for most answers.
bool wv_chain_may_bear(const struct wv_message *m);

struct wv_chain_params {
	struct wv_trust *trust;
	const struct wv_validate_settings *settings;
	enum wv_leg leg;
	struct wv_time now; // the clock for all messages
	bool packet_time;   // but each has its own time instead
};

struct wv_chain;

struct wv_chain *wv_chain_create(const struct wv_chain_params *params, struct wv_err *err);
void wv_chain_destroy(struct wv_chain *c);

/**
 * Add one response of a capture. What cannot bear facts is not kept; of copies that differ in
 * their id alone one is kept, and judged when the first came, or else when the last did.
 * @param payload  a DNS message, copied
 * @param time_s   when it was captured
 * @param query    what is known of its query
 * @return 0, or -ENOMEM
 */
int wv_chain_add(struct wv_chain *c, const uint8_t *payload, size_t len, uint32_t time_s,
	const struct wv_validate_query *query);

/**
 * Learn until nothing new comes, then give up on zones whose chain stays broken: an anchor or a
 * delegation with a proven DS and no valid DNSKEY RRset is BOGUS, with the reason of the most
 * telling failure seen (wv_validate_telling()), or `dnskey-missing` if no DNSKEY was seen. That
 * holds from the first message added to the last (at params.now, where that is the clock) and
 * until a valid DNSKEY RRset is published. What is learned is pinned: signatures end it, TTLs
 * do not.
 */
void wv_chain_settle(struct wv_chain *c);

struct wv_chain_counts {
	uint64_t messages, facts, dropped; // dropped: failed validation
};
void wv_chain_count(const struct wv_chain *c, struct wv_chain_counts *counts);

#endif
