// What the files of this library share.
#ifndef VALIDATE_H
#define VALIDATE_H

#include "wv_validate.h"

// plan.c: which RRsets are needed, and what is owed besides. The message carries a proof.
void wv_validate_plan(struct wv_validation *v);

// A reason that the response owes besides what is needed; the worst of them stays.
static inline void wv_validate_owe(struct wv_validation *v, enum wv_reason reason)
{
	v->owed = wv_reason_worse(v->owed, reason);
}

// The labels that an RRSIG over this owner has, if it is not expanded (RFC 4034 3.1.3).
static inline unsigned wv_validate_labels(const struct wv_name *owner)
{
	return owner->labels - (unsigned)(owner->octets[0] == 1 && owner->octets[1] == '*');
}

// deny.c: proofs of absence.
/**
 * Need the proof that `cut`, below a secure zone, is a delegation without DS.
 * @return WV_REASON_SECURE: it is a claim now; else why there is none
 */
enum wv_reason wv_validate_no_ds(
	struct wv_validation *v, const struct wv_trust_zone *zone, const struct wv_name *cut);
// Need the proof that the zone has no RRset of that name and type, and the SOA beside it.
void wv_validate_deny(struct wv_validation *v, const struct wv_trust_zone *zone,
	const struct wv_name *name, uint16_t type);
// The same where there is such a proof; false: there is none, and nothing was changed.
bool wv_validate_denied(struct wv_validation *v, const struct wv_trust_zone *zone,
	const struct wv_name *name, uint16_t type);
// Need the proofs for what may be expanded from wildcards. True: some are there.
bool wv_validate_expand(struct wv_validation *v);
// What has come of the claims. Where all that is needed is `verified`, v->no_ds is set.
enum wv_reason wv_validate_claims(struct wv_validation *v, bool verified);

// need.c: one needed RRset.

/**
 * Need an RRset; its reason is settled at once where no signature decides.
 * @param zone  whose keys sign it; NULL: no anchor covers it
 * @param parent_side  it lies in the zone above its owner
 * @return the entry of this RRset, which may be older; NULL: over budget, and v->owed says so
 */
struct wv_validate_rrset *wv_validate_need(struct wv_validation *v, const struct wv_rrset *set,
	const struct wv_name *owner, const struct wv_trust_zone *zone, bool parent_side);

// The first signature over it, wherever in the message; false: there is none.
bool wv_validate_first_signature(const struct wv_validation *v, struct wv_validate_rrset *need);

// Find the next signature and key that may prove it; settles it where there is none.
void wv_validate_search(struct wv_validation *v, struct wv_validate_rrset *need);

// Are its good signatures of all algorithms that are asked for?
bool wv_validate_suffices(const struct wv_validation *v, const struct wv_validate_rrset *need);

void wv_validate_settle(
	struct wv_validation *v, struct wv_validate_rrset *need, enum wv_reason reason);

// A reason why it is not proven, kept if it says more than the last.
void wv_validate_note(
	struct wv_validate_rrset *need, const struct wv_rrsig *sig, enum wv_reason reason);

// Take over what the signature says about itself.
void wv_validate_record(struct wv_validate_rrset *need, const struct wv_rrsig *sig);

// The query did not ask for signatures: what lacks them is not bogus for that.
bool wv_validate_undemanded(const struct wv_validation *v);

// Nor is it bogus for that of its zone: is it `do-not-set` instead, if it has no signatures?
bool wv_validate_excuses(const struct wv_validation *v, enum wv_reason reason);

// weight.c: what checks cost.

// The data that are hashed for an RRset. False: together with all others they are too many.
bool wv_validate_weigh_data(struct wv_validation *v, struct wv_validate_rrset *need);

// Charge a check. False: it does not fit beside what was charged before.
bool wv_validate_charge(struct wv_validation *v, uint32_t weight);

/**
 * keys.c: list the keys that may prove a DNSKEY RRset.
 * @return WV_REASON_SECURE, or why there is none
 */
enum wv_reason wv_validate_own_keys(struct wv_validation *v, const struct wv_validate_rrset *need);

// The next key of a zone, or of the RRset itself, that may have made `sig`; NULL: none is left.
// *why: of a key that matches but must not be used; else as it was.
const struct wv_verify_key *wv_validate_next_key(const struct wv_validation *v,
	struct wv_validate_rrset *need, const struct wv_rrsig *sig, enum wv_reason *why);

static inline void name_copy(struct wv_name *out, const struct wv_name *name)
{
	out->len = name->len;
	out->labels = name->labels;
	__builtin_memcpy(out->octets, name->octets, name->len);
}

#endif
