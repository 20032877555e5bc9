/**
 * @file
 * One response: which proofs it needs, which are pending, and what came of them
 * (RFC 4035 5, RFC 6840, design: "A response in a worker").
 *
 * wv_validate_begin() decides what can be decided without a signature and lists the RRsets the
 * answer and its proof need. While `pending` is true, wv_validate_next() names signatures to
 * check, one per needed RRset at a time, and wv_validate_answer() takes the results; a failing
 * check makes room for the next candidate until none is left or the budget is used up. When
 * `pending` is false, `reason` is the verdict on the response. struct wv_batch (wv_batch.h)
 * does all this for many responses at once.
 *
 * A check weighs what it costs: that of its key, and that of the octets that are put in order and
 * hashed for it. At any time, whatever a message holds and whoever answers,
 *
 *     handed out <= good + max(settings->weight, the heaviest check)
 *
 * where `handed out` is the weight of all checks that wv_validate_next() named, and `good` that of
 * the first good check of each of the first settings->needed_rrsets needed RRsets. For that a check
 * is charged when it is named, and the charge taken back when it was such a good one; what does not
 * fit waits until nothing is in flight, and then the budget is used up: `budget-weight`. A check
 * that alone is heavier than the budget is named as long as nothing was charged.
 *
 * What comes before a check is bounded by structure: WV_VALIDATE_NEEDED RRsets and
 * WV_VALIDATE_LOOKS RRSIGs; keys_per_tag digests for each of `ds` DS records, WV_VALIDATE_KEYS keys
 * that are prepared; and the data of all needed RRsets together, put in order and hashed once, take
 * no longer than 64 checks of P-256 take OpenSSL (else `budget-weight`).
 *
 * Units      seconds; octets; counts
 * Ownership  struct wv_validation is the caller's; it refers to the message, the environment
 *            and snapshots of the trust store until wv_validate_end()
 * Threads    one validation belongs to one thread
 * Errors     whatever a packet is becomes a reason; nothing else can go wrong
 */
#ifndef WV_VALIDATE_H
#define WV_VALIDATE_H

#include "wv_denial.h"
#include "wv_message.h"
#include "wv_trust.h"

#define WV_VALIDATE_NEEDED 64  // RRsets that an answer and its proof may need
#define WV_VALIDATE_CLAIMS 36  // wildcards expanded in the longest chain of aliases, and more
#define WV_VALIDATE_LOOKS  512 // RRSIGs of a message, by algorithms that we know, that are looked at
#define WV_VALIDATE_KEYS   8   // keys of a DNSKEY RRset that match a DS and are tried

enum wv_leg {
	WV_LEG_UPSTREAM, // between resolver and authoritative servers: several responses, one truth
	WV_LEG_CLIENT,   // between client and resolver: one response is the whole answer
};

struct wv_validate_settings {
	uint8_t skew_percent; // of a signature's lifetime, within the two bounds
	uint32_t skew_min_s;
	uint32_t skew_max_s;
	bool sha1; // validate algorithms 5, 7 and DS digest 1; else they count as unsupported
	bool harden_algo_downgrade; // want a good signature of each algorithm that the DS speak of
	bool assume_do;             // where the query was not seen
	uint16_t needed_rrsets;     // whose first good check is free
	uint16_t weight;            // of all other checks of a message, in checks of P-256
	uint16_t signatures_per_rrset; // expired and wrong-tag ones do not count
	uint16_t failures_per_rrset;
	uint16_t keys_per_tag;
	uint16_t ds;
	uint16_t dnskeys;
	uint16_t cname_chain;
	uint16_t chain_depth; // zones from an anchor down
	struct wv_denial_limits denial;
};

// The presets of design.md section 7.
extern const struct wv_validate_settings wv_validate_presets;

struct wv_validate_env {
	const struct wv_trust *trust;
	const struct wv_validate_settings *settings;
	struct wv_time now;
	enum wv_leg leg;
	bool asked; // every source was asked: what is unproven below an anchor is bogus, not no-chain
};

// What is believed of the query, never of the answer.
struct wv_validate_query {
	bool known; // a matching query was seen; else the others mean nothing
	bool dnssec_ok;
	bool checking_disabled;
	bool is_signed; // TSIG or SIG(0)
};

// One needed RRset and what came of it.
struct wv_validate_rrset {
	const struct wv_rrset *set;
	enum wv_reason reason;
	struct wv_name owner;
	uint16_t signer;   // offset of its name; 0: no signature was looked at
	uint16_t key_tag;  // of the signature that proved it, or that `reason` speaks of
	uint8_t algorithm; // 0: none
	uint32_t inception, expiration, original_ttl;
	bool is_wildcard; // proven, but expanded from a wildcard: a denial is owed
	// Private: where the search for a good signature stands.
	bool settled;     // nothing is left to check
	bool in_flight;   // `key` is being checked
	bool own_keys;    // signed by keys in the RRset itself: DNSKEY at the apex of a zone
	bool parent_side; // lies in the zone above its owner: DS, and proofs of its absence
	uint8_t proven;   // algorithms with a good signature, a bit for each
	bool contradicts; // a CNAME that does not follow from its DNAME
	uint8_t labels;   // of the RRSIG that proved it
	uint8_t follows;  // index of the DNAME that a synthesised CNAME follows from, or itself
	const struct wv_trust_zone *zone; // whose keys may sign it
	const struct wv_verify_key *key;  // to be checked next, NULL: none
	struct wv_rrsig rrsig;            // made by it
	uint16_t sig;                     // index of the RRSIG being tried, or WV_MESSAGE_NOTHING
	uint16_t elsewhere;               // RRset to look at for more, if its own are used up
	uint16_t position;                // where to look for its next key
	uint16_t keys;                    // tried for it
	uint16_t signatures, failures;
	uint32_t data_weight; // of what is hashed for one check
};

// Something that is said not to be there, and the RRsets that prove it.
enum wv_validate_claim_kind {
	WV_CLAIM_ABSENT, // a name, or a type at it
	WV_CLAIM_CLOSER, // names that would keep a wildcard from applying
	WV_CLAIM_NO_DS,  // the DS of a referral
};

struct wv_validate_claim {
	enum wv_validate_claim_kind kind;
	enum wv_reason reason; // once it is verified: secure, opt-out, nsec3-iterations; or bogus
	enum wv_denial_ds ds;  // what it says about DS, where it does
	bool no_name;          // there is no such name, and so none below it
	uint64_t needs;        // bit i: needed[i] is part of the proof
	uint8_t of, labels;    // CLOSER: of needed[of], expanded from a wildcard with such RRSIGs
};

// What kind of answer a response turned out to be.
enum wv_validate_kind {
	WV_KIND_UNJUDGED,
	WV_KIND_POSITIVE,
	WV_KIND_REFERRAL,
	WV_KIND_DENIAL, // NXDOMAIN, NODATA
};

// A signature to check: one of the needed RRsets with one RRSIG and one key.
struct wv_validate_check {
	struct wv_validation *v;
	uint16_t need; // index in needed[]
	struct wv_rrsig sig;
	const struct wv_verify_key *key;
	uint32_t weight; // charged, as in wv_verify_weight()
};

struct wv_validation {
	const struct wv_validate_env *env;
	const struct wv_message *m;
	struct wv_validate_query query;
	void *owner; // the caller's, not looked at

	bool pending;          // checks are outstanding
	enum wv_reason reason; // of the response, when not pending
	enum wv_validate_kind kind;
	struct wv_name qname; // len 0: there is no question that can be read
	// REFERRAL: the delegated name. Else the name that is said to have no DS, or none (len 0)
	struct wv_name cut;
	enum wv_denial_ds no_ds; // what was proven about DS at `cut`
	bool no_name;    // DENIAL: proven that the name asked for does not exist, nor any below
	bool keys_by_ds; // the DNSKEY RRset, if one was proven, was by a live DS or anchor
	unsigned n_needed;
	struct wv_validate_rrset needed[WV_VALIDATE_NEEDED];

	// Private.
	enum wv_reason owed;  // what is to be said besides what is needed
	unsigned unsettled;   // of needed[]
	unsigned in_flight;   // checks
	uint32_t weight;      // charged
	uint32_t data_ns;     // that the data of needed[] take
	unsigned looks;       // RRSIGs
	uint32_t sha1_blocks; // that may still be hashed for proofs of absence
	unsigned n_claims;
	struct wv_validate_claim claims[WV_VALIDATE_CLAIMS];
	// The keys of a DNSKEY answer that match a DS; of them, `own_prepared` belong to us alone.
	unsigned n_own_keys;
	struct {
		const struct wv_verify_key *key;
		const uint8_t *rdata;
		uint16_t rdlen;
		uint16_t tag;
		uint8_t algorithm;
	} own[WV_VALIDATE_KEYS];
	unsigned n_own_prepared;
	struct wv_verify_key own_prepared[WV_VALIDATE_KEYS];
	// Of a batch that holds it: its queue, and whether it stands there.
	struct wv_validation *batch_next;
	bool batch_queued;
};

/**
 * Begin. `v` need not be cleared before.
 * @param status  of wv_message_parse()
 */
void wv_validate_begin(struct wv_validation *v, const struct wv_validate_env *env,
	const struct wv_message *m, enum wv_message_status status,
	const struct wv_validate_query *query, void *owner);

/**
 * The next checks, at most `room`; each must be answered. 0: not pending, maybe since the budget is
 * used up now; or more will be named when those in flight are answered.
 */
unsigned wv_validate_next(
	struct wv_validation *v, struct wv_validate_check checks[], unsigned room);

/**
 * The result of a check. When the last one is in, `pending` turns false.
 */
void wv_validate_answer(struct wv_validation *v, const struct wv_validate_check *check, bool ok);

// Let go of keys prepared for this validation. Needed once for each begin.
void wv_validate_end(struct wv_validation *v);

// The result for an RRset of the message: its own where it was needed, else NULL (`unjudged`).
const struct wv_validate_rrset *wv_validate_find(
	const struct wv_validation *v, const struct wv_rrset *set);

/**
 * What a zone found in the store means for what lies in it: WV_REASON_SECURE: its signatures
 * decide; else why they do not. NULL: no anchor. `dnskey-missing` or `no-chain` where its DNSKEY
 * RRset is not known, depending on env->asked.
 */
enum wv_reason wv_validate_zone(
	const struct wv_validate_env *env, const struct wv_trust_zone *zone);

/**
 * wv_trust_ds_support() of a DS RRset in a message: WV_REASON_SECURE if a chain can be built on
 * it, else why the delegation is insecure once the RRset is verified.
 */
enum wv_reason wv_validate_ds_support(
	const struct wv_message *m, const struct wv_rrset *set, bool sha1);

/**
 * The budgets that a judged response went over, each once: bit r for a reason r of which
 * wv_reason_budget() names a setting.
 */
uint64_t wv_validate_budgets(const struct wv_validation *v);

// Of two reasons why an RRset could not be proven, the one that says more; the first if equal.
enum wv_reason wv_validate_telling(enum wv_reason a, enum wv_reason b);

// Seconds by which the edges of a signature's time are widened.
uint32_t wv_validate_skew(
	const struct wv_validate_settings *settings, uint32_t inception, uint32_t expiration);

#endif
