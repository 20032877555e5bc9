/**
 * @file
 * Trust anchors, and the store of what is proven about zones (RFC 4033 2, 4035 5; RFC 7583).
 *
 * The store maps a zone's name to an immutable snapshot: up to WV_TRUST_GENERATIONS live DS
 * sets and DNSKEY sets, or the proof that the zone is insecure, or (after everything was asked)
 * the reason why it is bogus. Adding a generation invalidates nothing; a snapshot that is
 * replaced is handed to `reclaim` and freed when no reader can still hold it.
 *
 * Units      seconds since 1970 modulo 2^32 (RFC 1982 arithmetic); octets
 * Ownership  snapshots belong to the store; a reader may use one until it next reports
 *            quiescent, others until the next call that writes
 * Threads    one writer; any number of readers of wv_trust_find…(), …_get() and …_is_news(),
 *            without a lock. The writer, and a thread that frees what was reclaimed, called
 *            wv_verify_thread_init(); for wv_trust_read_anchors() and wv_trust_ds_matches()
 *            wv_digest_thread_init() as well
 * Errors     full: refused and counted (-ENOSPC); bad facts and anchors: -EINVAL
 */
#ifndef WV_TRUST_H
#define WV_TRUST_H

#include "wv_canon.h"
#include "wv_verdict.h"
#include "wv_verify.h"

#define WV_TRUST_GENERATIONS 4
#define WV_TRUST_BOGUS_S     60 // a zone is bogus for at most so long

enum wv_trust_source {
	WV_TRUST_CONFIGURED, // anchors, trust.insecure
	WV_TRUST_WIRE,
	WV_TRUST_FETCHED,
	WV_TRUST_PRELOADED,
};

// How long something proven may be used: both ends inclusive, skew already allowed for.
struct wv_trust_life {
	uint32_t not_before; // inception of the signature that proved it
	uint32_t not_after;  // its expiration
	uint32_t expires;    // end of its TTL (capped by original TTL and expiration)
	bool pinned;         // the TTL does not end it: configured, or learned from a whole capture
	bool forever;        // nor do signatures: configured
};

// Where times are not checked everything is live. All arithmetic is serial (RFC 1982).
bool wv_trust_is_live(const struct wv_trust_life *life, struct wv_time now);

struct wv_trust_ds {
	uint16_t key_tag;
	uint8_t algorithm;
	uint8_t digest_type;
	uint8_t digest_len; // a longer one is cut: it belongs to no type that we know
	uint8_t digest[WV_DIGEST_MAX];
};

// Read the RDATA of a DS record (RFC 4034 5.1); false if it is shorter than its fixed part.
bool wv_trust_ds_read(struct wv_trust_ds *ds, const uint8_t *rdata, size_t len);

/**
 * Can a chain of trust be built on these DS records (RFC 4035 5.2)?
 * @param sha1  RSASHA1 (5, 7) and digest type 1 count as supported
 * @return WV_REASON_SECURE: yes. WV_REASON_UNSUPPORTED_DIGEST: a supported algorithm, but with
 *         digest types alone that we do not know. Else WV_REASON_UNSUPPORTED_ALGORITHM
 */
enum wv_reason wv_trust_ds_support(const struct wv_trust_ds ds[], unsigned n, bool sha1);

/**
 * Is ds[i] one to match keys with? Its algorithm and digest type are supported, and it is not a
 * SHA-1 digest beside a usable one of SHA-256 or SHA-384 (RFC 4509 3). A digest of the wrong
 * length is: it matches no key, and is no reason to call a zone insecure.
 */
bool wv_trust_ds_is_used(const struct wv_trust_ds ds[], unsigned n, unsigned i, bool sha1);

/**
 * Does a DNSKEY match this DS: key tag, algorithm and digest (types 1, 2 and 4) are equal? The
 * key's flags and protocol are not looked at (a DS may only name a zone key, RFC 4034 5.2).
 * @param owner  of the DNSKEY
 * @param rdata  of the DNSKEY
 */
bool wv_trust_ds_matches(const struct wv_trust_ds *ds, const struct wv_name *owner,
	const uint8_t *rdata, size_t len);

struct wv_trust_key {
	struct wv_verify_key key; // prepared where `usable`
	const uint8_t *rdata;
	uint16_t rdlen;
	uint16_t flags;
	uint16_t key_tag;
	uint8_t protocol;
	uint8_t algorithm;
	bool usable; // zone key, protocol 3, not revoked, supported, well formed
};

#define WV_DNSKEY_ZONE   0x0100
#define WV_DNSKEY_REVOKE 0x0080
#define WV_DNSKEY_SEP    0x0001

struct wv_trust_dsset {
	struct wv_trust_life life;
	enum wv_trust_source source;
	uint16_t n;
	struct wv_trust_ds ds[];
};

struct wv_trust_keyset {
	struct wv_trust_life life;
	enum wv_trust_source source;
	uint16_t n;
	const struct wv_trust_key
		*key; // in canonical order of their RDATA; none seen revoked elsewhere
};

enum wv_trust_status {
	WV_TRUST_DELEGATED, // DS or anchors known, DNSKEY not yet
	WV_TRUST_SECURE,    // DNSKEY sets known
	WV_TRUST_INSECURE,
	WV_TRUST_BOGUS,
};

/**
 * What is known of a zone; never changed once readers can see it. Sets have a life each, so a
 * reader takes wv_trust_status_at() for `status`, and of the sets those that are live.
 */
struct wv_trust_zone {
	struct wv_name name;
	enum wv_trust_status status; // when it was published
	enum wv_reason reason;       // of INSECURE and BOGUS
	struct wv_trust_life life;   // of INSECURE and BOGUS
	enum wv_trust_source source; // of INSECURE and BOGUS
	bool is_anchor;              // an anchor is configured here
	uint32_t generation;         // goes up when something is removed
	unsigned n_dssets, n_keysets;
	const struct wv_trust_dsset *dsset[WV_TRUST_GENERATIONS + 1]; // anchors, then newest first
	const struct wv_trust_keyset *keyset[WV_TRUST_GENERATIONS];   // newest first
};

/**
 * The status of a zone that was found, as of `now`: SECURE with a live DNSKEY set; INSECURE and
 * BOGUS as long as that lives; else DELEGATED. An anchor zone is at least DELEGATED, but where
 * no anchor of it has an algorithm and digest type that we support it is INSECURE for good, with
 * that reason (RFC 4035 5.2 treats a DS RRset so).
 */
enum wv_trust_status wv_trust_status_at(const struct wv_trust_zone *zone, struct wv_time now);

// Something proven (or, BOGUS, given up), in one block of octets so that it can cross a ring.
enum wv_trust_fact_kind {
	WV_FACT_KEYS,
	WV_FACT_DS,
	WV_FACT_INSECURE,
	WV_FACT_BOGUS
};

struct wv_trust_fact {
	uint32_t size; // octets of the whole block
	enum wv_trust_fact_kind kind;
	enum wv_trust_source source;
	enum wv_reason reason; // INSECURE, BOGUS
	struct wv_trust_life life;
	struct wv_name zone;
	uint16_t n;       // records
	uint8_t octets[]; // n times: 16-bit length, canonical RDATA of a DNSKEY or DS, ascending
};

// Called when no new reader can find `object`; must end in free_fn(object), once safe.
typedef void (*wv_trust_reclaim_fn)(void *arg, void *object, void (*free_fn)(void *object));

struct wv_trust_params {
	unsigned zones;              // capacity
	wv_trust_reclaim_fn reclaim; // NULL: free at once (no concurrent readers)
	void *reclaim_arg;
	uint64_t seed; // of the hash table; a secret one where strangers can choose names
	bool sha1;     // RSASHA1 and DS digest type 1 count as supported
};

struct wv_trust;

// NULL and words in err if there is no memory.
struct wv_trust *wv_trust_create(const struct wv_trust_params *params, struct wv_err *err);
void wv_trust_destroy(struct wv_trust *trust); // no readers, nothing to reclaim any more

/**
 * The deepest zone at or above `name` of which something live is known; NULL if there is none.
 * Entries that are no longer live do not hide what is known above them.
 */
const struct wv_trust_zone *wv_trust_find(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now);

// Where wv_trust_find() will look for a name. Private.
struct wv_trust_look {
	const void *at[2];
};

/**
 * The store is large and its places are random: whoever has several names asks first for the
 * memory of all of them, then, once that has come, for what it leads to, and finds it near. For
 * readers; nothing else comes of it, and a look is good for one of either.
 */
void wv_trust_approach(
	struct wv_trust_look *look, const struct wv_trust *trust, const struct wv_name *name);
void wv_trust_approach_zones(const struct wv_trust_look *look);

// The same, strictly above `name` (who signs the DS of `name`).
const struct wv_trust_zone *wv_trust_find_above(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now);

// Exactly that zone, or NULL.
const struct wv_trust_zone *wv_trust_get(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now);

/**
 * Would this fact change what the store says, or lengthen it noticeably (more than half of the
 * life that is known has passed, or twice what is left of it would not be as much: a TTL is not
 * signed, and whoever forged a low one must not have the last word)? For readers, too. False for
 * what publish would ignore or refuse, for want of room also.
 */
bool wv_trust_is_news(
	const struct wv_trust *trust, const struct wv_trust_fact *fact, struct wv_time now);

/**
 * Writer: publish a fact that is live.
 * KEYS  a set of its own beside the others; the same RDATA again prolongs its life. The fifth
 *       puts out one that died, else the oldest. A key seen revoked (RFC 5011 2.1) leaves all
 *       sets of its zone, also those that come later. Ends BOGUS. Ignored at an INSECURE zone:
 *       its DS comes first.
 * DS    likewise; a set that was not known ends INSECURE and BOGUS.
 * INSECURE  replaces DS and DNSKEY sets, and BOGUS. Ignored at an anchor.
 * BOGUS  for at most WV_TRUST_BOGUS_S, unless pinned. Ignored where the zone is INSECURE or
 *       SECURE; DS sets stay for what comes after.
 * What is configured is never displaced: facts at or below a name that is insecure by
 * configuration, or at and below an anchor with nothing that we support, are ignored (unless
 * an anchor lies between); so is a fact that is not live.
 * @return 0: published, prolonged or ignored; -EINVAL: malformed, and refused; -ENOSPC: no room
 *         for another zone, counted in wv_trust_counts; -ENOMEM
 */
int wv_trust_publish(struct wv_trust *trust, const struct wv_trust_fact *fact, struct wv_time now);

/**
 * Writer: drop what is no longer live. Bounded work a call, which goes on where the last ended.
 * @return zones visited, at most `at_most`; a round visits wv_trust_counts.zones
 */
unsigned wv_trust_expire(struct wv_trust *trust, struct wv_time now, unsigned at_most);

struct wv_trust_counts {
	unsigned zones, capacity;
	uint64_t published, refused, expired;
	size_t memory; // octets, at capacity, without the sets themselves
};
void wv_trust_count(const struct wv_trust *trust, struct wv_trust_counts *counts);

// Writer: every zone in the store, in no order.
typedef void (*wv_trust_zone_fn)(void *arg, const struct wv_trust_zone *zone);
void wv_trust_each(const struct wv_trust *trust, wv_trust_zone_fn fn, void *arg);

/**
 * Read an anchors file's text into the store: DS and DNSKEY in zone-file form, one a line (T1).
 * TTL and class optional; ";" comments; spaces within hex and base64; a DNSKEY need not have
 * SEP; a revoked key is an error; an unsupported algorithm or digest is allowed as long as the
 * line is well formed. A missing last dot of the owner is added. Several anchors may share a
 * name, and one may come twice. DNSKEY anchors are kept as DS of SHA-256.
 * @param file  its name, for messages "FILE:LINE: want …, not …"
 * @param n     anchors read, added up
 * @return 0; -EINVAL, -ENOSPC or -ENOMEM with words: then none of this text is in the store
 */
int wv_trust_read_anchors(struct wv_trust *trust, const char *file, const char *text, size_t len,
	unsigned *n, struct wv_err *err);

/**
 * trust.insecure: this name and all below are insecure for good (`configured-insecure`), but for
 * anchors that lie below it.
 * @return 0; -EINVAL: an anchor is configured for this very name; -ENOSPC, -ENOMEM
 */
int wv_trust_set_insecure(struct wv_trust *trust, const struct wv_name *name, struct wv_err *err);

#endif
