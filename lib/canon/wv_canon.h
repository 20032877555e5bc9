/**
 * @file
 * Canonical form and order of records, the octets that a signature covers, key tags
 * (RFC 4034 3.1.8.1, 5.1.4, 6 and appendix B; RFC 6840 5.1; RFC 3597 7).
 *
 * Units      octets
 * Ownership  all memory is the caller's
 * Threads    any; nothing is shared
 * Errors     0 octets: the data could not be put into canonical form, or did not fit
 */
#ifndef WV_CANON_H
#define WV_CANON_H

#include "wv_message.h"

// Room that wv_canon_signed_data() can need at most for a message of 64 KiB: every record
// grows by unpacked owner and names in its data (see canon.c for the sum).
#define WV_CANON_MAX (4u << 20)

/**
 * The canonical RDATA of a record: names of the types of RFC 4034 6.2 unpacked and lowered, all
 * else as it is. NSEC keeps the case of its next name (RFC 6840 5.1).
 * @return octets written; 0 with *ok false if a name in the data is broken or `room` too small
 */
size_t wv_canon_rdata(
	const struct wv_message *m, const struct wv_rr *rr, uint8_t *out, size_t room, bool *ok);

/**
 * The octets signed by `sig` over `set`: RRSIG RDATA without the signature, then each record in
 * canonical form and order, duplicates once, with the original TTL; the owner is reduced to a
 * wildcard where the label count says so.
 * @param owner  unpacked owner of the set
 * @param room   WV_CANON_MAX is always enough; so are the octets of all records, duplicates too,
 *               and the data of one record more, for putting several in order
 * @return octets written; 0 if there is no record, one is malformed, labels exceed the
 *         owner's, or no room
 */
size_t wv_canon_signed_data(const struct wv_message *m, const struct wv_rrset *set,
	const struct wv_rrsig *sig, const struct wv_name *owner, uint8_t *out, size_t room);

// No signed data over the set is longer than this, whatever the signature: one look at each record.
size_t wv_canon_signed_bound(
	const struct wv_message *m, const struct wv_rrset *set, const struct wv_name *owner);

// Names in the data of a record of that type which canonical form unpacks and lowers, at most.
unsigned wv_canon_names(uint16_t type);

// Key tag of a DNSKEY's RDATA (RFC 4034 appendix B; algorithm 1 is not handled apart).
uint16_t wv_canon_key_tag(const uint8_t *rdata, size_t len);

// What a DS digest is taken of: canonical owner | DNSKEY RDATA (RFC 4034 5.1.4). 0: no room.
size_t wv_canon_ds_data(
	const struct wv_name *owner, const uint8_t *rdata, size_t len, uint8_t *out, size_t room);

#endif
