/**
 * @file
 * Proofs of absence (RFC 4035 5.4, 5155 8, 6840 4): pure functions over RRsets.
 *
 * Called twice: first with all that the message offers, to learn which RRsets the proof needs,
 * then with those whose signatures were verified, to learn what is proven. Verified means here:
 * signed by a key of `zone` itself, and not expanded from a wildcard (the RRSIG's labels are
 * the owner's), since an expanded NSEC proves nothing for the name it was expanded to.
 *
 * Units      none
 * Ownership  nothing is kept
 * Threads    any that called wv_digest_thread_init() (NSEC3)
 * Errors     a result that proves nothing
 */
#ifndef WV_DENIAL_H
#define WV_DENIAL_H

#include "wv_canon.h"
#include "wv_digest.h"
#include "wv_verdict.h"

#define WV_DENIAL_SETS 32 // NSEC and NSEC3 RRsets looked at in one message

struct wv_denial_limits {
	uint16_t iterations_insecure; // above: insecure once the record is verified
	uint16_t iterations_bogus;    // above: bogus
	uint16_t records;             // NSEC3 records of a message that are looked at
	uint16_t sha1_blocks;         // hashed for one name (RFC 5155 8.4)
};

enum wv_denial_ds {
	WV_DENIAL_DS_UNPROVEN,         // the sets prove nothing about DS at this name
	WV_DENIAL_DS_NO_CUT,           // the name exists and is no delegation (no NS bit)
	WV_DENIAL_DS_ABSENT,           // a delegation without DS
	WV_DENIAL_DS_OPT_OUT,          // in an opt-out span: if it is a delegation, it has no DS
	WV_DENIAL_DS_ITERATIONS,       // NSEC3 above the soft limit
	WV_DENIAL_DS_ITERATIONS_BOGUS, // NSEC3 above the hard limit
};

/**
 * Do the NSEC or NSEC3 RRsets `sets` of zone `zone` prove that `name`, strictly below `zone`, has
 * no DS? NSEC: a match with NS and without DS and SOA. NSEC3: the same, or a closest-encloser
 * match and an opt-out span that covers the next closer name (RFC 5155 8.6, 8.9). Of a chain
 * whose iteration count is above a limit nothing is hashed, and one record is enough; it counts
 * only where no chain within the limits has the proof.
 *
 * Ignored: sets of other types, malformed records, NSEC with a next name outside `zone`, NSEC3
 * of unknown hash or flags or not directly below `zone`, records with SOA below `zone` (the
 * child's own), more than `limits->records` NSEC3 records, a third NSEC3 chain, what
 * `limits->sha1_blocks` do not suffice for. A span never proves anything for names outside the zone.
 * A span without opt-out denies the name itself, which is not asked here: UNPROVEN.
 * @param n     sets beyond WV_DENIAL_SETS are not looked at
 * @param used  out: bit i is set where sets[i] was needed for the result
 */
enum wv_denial_ds wv_denial_no_ds(const struct wv_message *m, const struct wv_rrset *const sets[],
	unsigned n, const struct wv_name *zone, const struct wv_name *name,
	const struct wv_denial_limits *limits, uint32_t *used);

/**
 * Is `type` in the type bitmap at `bitmap` (RFC 4034 4.1.2)? *ok is false, and the answer too, for
 * a malformed one: windows not ascending, a window of 0 or more than 32 octets, or one that ends
 * in a zero octet or does not fit. An empty bitmap is well formed (RFC 5155 3.2.1).
 */
bool wv_denial_bitmap_has(const uint8_t *bitmap, size_t len, uint16_t type, bool *ok);

#endif
