/**
 * @file
 * Proofs of absence (RFC 4035 5.4, 5155 8, 6840 4, 9824): pure functions over RRsets.
 *
 * They say what a message's NSEC and NSEC3 RRsets prove, and which of them the proof takes, before
 * any signature is looked at. It holds once all RRsets it takes are verified: signed by a key of
 * `zone` itself, and not expanded from a wildcard (the RRSIG's labels are the owner's), since an
 * expanded NSEC proves nothing for the name it was expanded to.
 *
 * Units      SHA-1 blocks of 64 octets for what hashing costs
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
	uint16_t iterations_insecure; // above: insecure once the records are verified
	uint16_t iterations_bogus;    // above: bogus
	uint16_t records;             // NSEC3 records of a message that are looked at
	uint16_t sha1_blocks;         // hashed for one message (RFC 5155 8.4)
};

/**
 * What a message offers. Ignored: sets of other types, malformed records, several NSEC at one
 * name, NSEC with an owner or next name outside `zone`, NSEC3 of unknown hash or flags or not
 * directly below `zone`, more than `limits->records` NSEC3 records, a third NSEC3 chain (records of
 * one iteration count and salt), all sets beyond WV_DENIAL_SETS. Records of two chains never make
 * one proof. Of a chain above limits->iterations_bogus nothing is hashed.
 */
struct wv_denial {
	const struct wv_message *m;
	const struct wv_rrset *const *sets;
	unsigned n;
	const struct wv_name *zone;
	const struct wv_denial_limits *limits;
	uint32_t blocks;  // that may still be hashed; begins as limits->sha1_blocks, and goes down
	bool records_cut; // out, sticky: there are more NSEC3 records than are looked at
	bool exhausted;   // out, sticky: something was not hashed for want of blocks
	const struct wv_rrset *over_limit; // out: of a chain that has too many iterations, or NULL
};

enum wv_denial_result {
	WV_DENIAL_UNPROVEN,
	WV_DENIAL_NO_NAME,   // neither the name nor a wildcard for it exists
	WV_DENIAL_NO_TYPE,   // the name, or the wildcard for it, exists without the type
	WV_DENIAL_NO_CLOSER, // no name exists that would keep the wildcard from applying
};

enum wv_denial_ds {
	WV_DENIAL_DS_UNPROVEN,   // nothing is proven about DS at this name
	WV_DENIAL_DS_NO_CUT,     // there is no delegation
	WV_DENIAL_DS_ABSENT,     // a delegation without DS
	WV_DENIAL_DS_OPT_OUT,    // in an opt-out span: if it is a delegation, it has no DS
	WV_DENIAL_DS_ITERATIONS, // one of the two above, by NSEC3 above the soft limit
};

struct wv_denial_proof {
	enum wv_denial_result result;
	uint32_t used;        // bit i: sets[i] is part of the proof
	bool opt_out;         // it rests on an opt-out span: an unsigned delegation may be there
	bool above_limit;     // it rests on a chain above limits->iterations_insecure
	enum wv_denial_ds ds; // where DS was asked for: what that says of a delegation
};

/**
 * That `name`, at or below the zone, has no RRset of `type` (RFC 4035 5.4, RFC 5155 8.4-8.7).
 *
 * A record at the name without the bits of the type and CNAME; at a delegation it counts for DS
 * alone, and for DS one with SOA does not: that is the child's (RFC 6840 4.1, 4.4), but at the root,
 * which has no parent. ANY: without any bit but RRSIG, NSEC and NXNAME. An empty non-terminal: an
 * NSEC that covers the name and leads below it. Else no such name: a span over it (NSEC3: over the
 * next closer name, and a record at the closest encloser), and the wildcard at the closest encloser
 * covered, too, or without the type. Nothing is denied by a span or encloser at a delegation, DNAME
 * or child above the name (RFC 6840 4.1, RFC 6672 5.3.4). An opt-out span suffices without a word on
 * the wildcard (RFC 5155 8.6 and erratum 3441), for NO_TYPE.
 */
void wv_denial_absent(struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof);

/**
 * That `closer`, one label longer than what follows the "*" of a wildcard, does not exist: no name
 * below it can be answered but by that wildcard (RFC 4035 5.3.4, RFC 5155 8.8).
 */
void wv_denial_closer(
	struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof);

/**
 * Do the sets prove that `name`, strictly below the zone, has no DS, if there is a delegation?
 * NSEC: a match with NS and without DS and SOA. NSEC3: the same, or a closest-encloser match and
 * an opt-out span that covers the next closer name (RFC 5155 8.6, 8.9). A span without opt-out
 * denies the name itself, which is not asked here: UNPROVEN; NO_CUT is a match without NS.
 * @param used  out: bit i is set where sets[i] is part of the proof
 */
enum wv_denial_ds wv_denial_no_ds(struct wv_denial *d, const struct wv_name *name, uint32_t *used);

/**
 * Is `type` in the type bitmap at `bitmap` (RFC 4034 4.1.2)? *ok is false, and the answer too, for
 * a malformed one: windows not ascending, a window of 0 or more than 32 octets, or one that ends
 * in a zero octet or does not fit. An empty bitmap is well formed (RFC 5155 3.2.1).
 */
bool wv_denial_bitmap_has(const uint8_t *bitmap, size_t len, uint16_t type, bool *ok);

#endif
