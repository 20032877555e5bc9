/**
 * @file
 * The vocabulary: verdicts (RFC 4033 5), the reasons for them, and how they combine.
 *
 * Every answer to "what is this response?" is an enum wv_reason. A reason has one verdict, one
 * name, at most one Extended DNS Error (RFC 8914) and words for people, all in one table.
 *
 * Units      EDE: the INFO-CODE, or WV_EDE_NONE
 * Ownership  strings are constant and live for ever
 * Threads    any
 * Errors     none; wv_reason_find() and wv_verdict_find() say COUNT for an unknown word
 */
#ifndef WV_VERDICT_H
#define WV_VERDICT_H

#include "wv_base.h"

#define WV_EDE_NONE UINT16_MAX

// In the order of wv_verdict_worse(): a response is the worst of what it needs.
enum wv_verdict {
	WV_VERDICT_SECURE,        // a chain of signatures leads from an anchor to it
	WV_VERDICT_INSECURE,      // proven to lie in a part of the tree that is not signed
	WV_VERDICT_INDETERMINATE, // not judged, or the data to judge it were not to be had
	WV_VERDICT_BOGUS,         // ought to be secure and is not
	WV_VERDICT_COUNT
};

enum wv_reason {
	WV_REASON_SECURE,

	WV_REASON_UNSIGNED,              // absence of DS proven at a cut
	WV_REASON_OPT_OUT,               // the cut lies in an NSEC3 opt-out span
	WV_REASON_UNSUPPORTED_ALGORITHM, // the verified DS RRset has no algorithm we know
	WV_REASON_UNSUPPORTED_DIGEST,    // the verified DS RRset has no digest type we know
	WV_REASON_NSEC3_ITERATIONS,      // over the soft limit, the record itself verified
	WV_REASON_CONFIGURED_INSECURE,   // trust.insecure
	WV_REASON_NTA,                   // negative trust anchor (RFC 7646)

	WV_REASON_BAD_SIGNATURE,
	WV_REASON_EXPIRED,
	WV_REASON_NOT_YET_VALID,
	WV_REASON_EXPIRED_BEFORE_VALID, // inception after expiration
	WV_REASON_DNSKEY_MISSING,       // a proven DS, but no DNSKEY RRset
	WV_REASON_STALE_DS,             // no DNSKEY matches any DS
	WV_REASON_UNKNOWN_KEY_TAG, // no DNSKEY of the zone has the signature's tag and algorithm
	WV_REASON_RRSIG_MISSING,
	WV_REASON_NO_ZONE_KEY,    // the matching key lacks the zone bit or protocol 3
	WV_REASON_KEY_REVOKED,    // the matching key is revoked (RFC 5011)
	WV_REASON_SIGNER_INVALID, // the signer is not the zone that the owner lies in
	WV_REASON_LABELS_INVALID, // RRSIG labels above the owner's or below the signer's
	WV_REASON_DENIAL_MISSING, // the answer owes a proof of absence and has none
	WV_REASON_DENIAL_INVALID, // a proof of absence that proves something else
	WV_REASON_WILDCARD_UNPROVEN,
	WV_REASON_DS_UNPROVEN, // neither a DS RRset nor its absence was proven at a cut
	WV_REASON_NSEC3_ITERATIONS_BOGUS,
	WV_REASON_BUDGET_NEEDED_RRSETS,
	WV_REASON_BUDGET_WEIGHT,
	WV_REASON_BUDGET_SIGNATURES,
	WV_REASON_BUDGET_FAILURES,
	WV_REASON_BUDGET_KEYS_PER_TAG,
	WV_REASON_BUDGET_DS,
	WV_REASON_BUDGET_DNSKEYS,
	WV_REASON_BUDGET_CNAME_CHAIN,
	WV_REASON_BUDGET_CHAIN_DEPTH,
	WV_REASON_BUDGET_NSEC3_RECORDS,
	WV_REASON_BUDGET_NSEC3_BLOCKS,
	WV_REASON_MALFORMED, // the question could be read, a record could not

	WV_REASON_NO_ANCHOR, // no trust anchor at or above the name
	WV_REASON_NO_CHAIN,  // the data that prove the zone's state were not there in time
	WV_REASON_FETCH_BUDGET,
	WV_REASON_DO_NOT_SET, // the query did not ask for DNSSEC records
	WV_REASON_TRUNCATED,
	WV_REASON_RCODE,      // an rcode that carries no proof
	WV_REASON_NOT_JUDGED, // opcode, class or type that carries no proof
	WV_REASON_UNJUDGED,   // an RRset that neither the answer nor its proof needs
	WV_REASON_LAME,       // a referral that does not lead to the name asked for
	WV_REASON_OVERLOAD,
	WV_REASON_FRAGMENT_LIMIT,
	WV_REASON_TCP_LIMIT,
	WV_REASON_COUNT
};

// "secure", "insecure", "indeterminate", "bogus".
const char *wv_verdict_name(enum wv_verdict verdict);
enum wv_verdict wv_verdict_find(const char *name);

// The word of design and logs, such as "bad-signature"; never NULL.
const char *wv_reason_name(enum wv_reason reason);
enum wv_reason wv_reason_find(const char *name);

enum wv_verdict wv_reason_verdict(enum wv_reason reason);

// RFC 8914 INFO-CODE, or WV_EDE_NONE.
uint16_t wv_reason_ede(enum wv_reason reason);

// A short sentence for people, without a full stop: "the signature has expired".
const char *wv_reason_text(enum wv_reason reason);

// True where somebody who can only inject packets can cause this reason for a healthy zone.
bool wv_reason_is_forgeable(enum wv_reason reason);

// The setting in "budgets" of the configuration that was exceeded, such as "weight"; NULL: none.
const char *wv_reason_budget(enum wv_reason reason);

// The worse of two reasons by verdict; the first where their verdicts are equal.
enum wv_reason wv_reason_worse(enum wv_reason a, enum wv_reason b);

#endif
