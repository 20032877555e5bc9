#include "validate.h"

bool wv_validate_undemanded(const struct wv_validation *v)
{
	return v->query.known ? !v->query.dnssec_ok : !v->env->settings->assume_do;
}

bool wv_validate_excuses(const struct wv_validation *v, enum wv_reason reason)
{
	return wv_reason_verdict(reason) == WV_VERDICT_BOGUS && wv_validate_undemanded(v);
}

void wv_validate_settle(
	struct wv_validation *v, struct wv_validate_rrset *need, enum wv_reason reason)
{
	need->reason = reason;
	need->key = NULL;
	if (!need->settled)
		v->unsettled--;
	need->settled = true;
}

void wv_validate_record(struct wv_validate_rrset *need, const struct wv_rrsig *sig)
{
	need->key_tag = sig->key_tag;
	need->algorithm = sig->algorithm;
	need->inception = sig->inception;
	need->expiration = sig->expiration;
	need->original_ttl = sig->original_ttl;
	need->signer = sig->signer;
}

void wv_validate_note(
	struct wv_validate_rrset *need, const struct wv_rrsig *sig, enum wv_reason reason)
{
	if (wv_validate_telling(need->reason, reason) == need->reason)
		return;
	need->reason = reason;
	wv_validate_record(need, sig);
}

/*
 * No unknown zone cut can lie between the zone and the RRset: it is at the apex; or it is on the
 * parent's side of a cut that lies directly below the apex.
 */
static bool need_is_certain(const struct wv_validate_rrset *need)
{
	return need->owner.labels == need->zone->name.labels + need->parent_side;
}

static enum wv_reason unsigned_reason(
	const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	if (wv_validate_undemanded(v))
		return WV_REASON_DO_NOT_SET;
	if (v->env->asked || need_is_certain(need))
		return WV_REASON_RRSIG_MISSING;
	return WV_REASON_NO_CHAIN;
}

// A DNSKEY RRset at the apex of a zone is proven by the zone's DS, whatever else is known of it.
static bool own_keys_decide(const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	const struct wv_trust_zone *zone = need->zone;

	if (need->set->type != WV_TYPE_DNSKEY || zone == NULL
		|| !wv_name_equal(&zone->name, &need->owner))
		return false;
	switch (wv_trust_status_at(zone, v->env->now)) {
	case WV_TRUST_SECURE:
	case WV_TRUST_DELEGATED:
		return true;
	case WV_TRUST_INSECURE:
		return false;
	case WV_TRUST_BOGUS:
		break;
	}
	for (unsigned g = 0; g < zone->n_dssets; g++) {
		if (wv_trust_is_live(&zone->dsset[g]->life, v->env->now))
			return true;
	}
	return false;
}

/*
 * Would a DS RRset that is proven lengthen the chain beyond what is allowed? A name has at least
 * as many labels as there are zones above it.
 */
static bool chain_is_too_long(const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	const struct wv_trust_zone *zone = need->zone;
	unsigned depth = 1, most = v->env->settings->chain_depth;

	if (need->set->type != WV_TYPE_DS || wv_likely(need->owner.labels <= most))
		return false;
	for (; zone != NULL && !zone->is_anchor && depth <= most; depth++)
		zone = wv_trust_find_above(v->env->trust, &zone->name, v->env->now);
	return depth > most;
}

// What can be said without a signature; WV_REASON_SECURE: nothing.
static enum wv_reason need_reason(struct wv_validation *v, struct wv_validate_rrset *need)
{
	enum wv_reason reason;

	need->own_keys = own_keys_decide(v, need);
	if (!need->own_keys) {
		reason = wv_validate_zone(v->env, need->zone);
		if (wv_validate_excuses(v, reason) && !wv_validate_first_signature(v, need))
			return WV_REASON_DO_NOT_SET;
		if (reason != WV_REASON_SECURE)
			return reason;
		if (need->set->type == WV_TYPE_DNSKEY
			&& !wv_name_equal(&need->zone->name, &need->owner))
			return v->env->asked ? WV_REASON_DS_UNPROVEN : WV_REASON_NO_CHAIN;
	}
	if (chain_is_too_long(v, need))
		return WV_REASON_BUDGET_CHAIN_DEPTH;
	if (!wv_validate_first_signature(v, need))
		return unsigned_reason(v, need);
	if (!wv_validate_weigh_data(v, need))
		return WV_REASON_BUDGET_WEIGHT;
	return need->own_keys ? wv_validate_own_keys(v, need) : WV_REASON_SECURE;
}

// The budget holds where signatures decide; where they do not, there is nothing to spend.
static struct wv_validate_rrset *need_refuse(
	struct wv_validation *v, const struct wv_trust_zone *zone)
{
	enum wv_reason reason = wv_validate_zone(v->env, zone);

	v->owed = wv_reason_worse(
		v->owed, reason == WV_REASON_SECURE ? WV_REASON_BUDGET_NEEDED_RRSETS : reason);
	return NULL;
}

struct wv_validate_rrset *wv_validate_need(struct wv_validation *v, const struct wv_rrset *set,
	const struct wv_name *owner, const struct wv_trust_zone *zone, bool parent_side)
{
	struct wv_validate_rrset *need;
	enum wv_reason reason;

	for (unsigned i = 0; i < v->n_needed; i++) {
		if (v->needed[i].set == set)
			return &v->needed[i];
	}
	if (v->n_needed >= WV_VALIDATE_NEEDED)
		return need_refuse(v, zone);
	need = &v->needed[v->n_needed];
	need->set = set;
	name_copy(&need->owner, owner);
	need->signer = 0;
	need->key_tag = 0;
	need->algorithm = 0;
	need->inception = need->expiration = need->original_ttl = 0;
	need->is_wildcard = need->settled = need->in_flight = need->contradicts = false;
	need->parent_side = parent_side;
	need->follows = (uint8_t)v->n_needed++;
	need->zone = zone;
	need->key = NULL;
	need->sig = WV_MESSAGE_NOTHING;
	need->position = need->keys = need->signatures = need->failures = 0;
	need->proven = 0;

	v->unsettled++;
	reason = need_reason(v, need);
	if (reason != WV_REASON_SECURE) {
		wv_validate_settle(v, need, reason);
		return need;
	}
	need->reason = WV_REASON_RRSIG_MISSING;
	wv_validate_search(v, need);
	return need;
}
