// The search for a signature that proves an RRset: cheap tests first (RFC 4035 5.3.1).
#include "validate.h"

// RFC 4034 3.1.5: edges inclusive, serial arithmetic; widened by the skew.
static enum wv_reason time_test(const struct wv_validation *v, const struct wv_rrsig *sig)
{
	uint32_t now = v->env->now.now_s;
	int64_t skew;

	if (!v->env->now.checked)
		return WV_REASON_SECURE;
	if (wv_time_before(sig->expiration, sig->inception))
		return WV_REASON_EXPIRED_BEFORE_VALID;
	skew = wv_validate_skew(v->env->settings, sig->inception, sig->expiration);
	if ((int32_t)(now - sig->expiration) > skew)
		return WV_REASON_EXPIRED;
	if ((int32_t)(sig->inception - now) > skew)
		return WV_REASON_NOT_YET_VALID;
	return WV_REASON_SECURE;
}

static enum wv_reason signer_test(const struct wv_validation *v,
	const struct wv_validate_rrset *need, const struct wv_rrsig *sig)
{
	const uint8_t *base = v->m->base;
	const struct wv_name *zone = &need->zone->name;
	struct wv_name signer;

	if (wv_likely(wv_name_equal_packed(zone, base, base + sig->signer)))
		return WV_REASON_SECURE;
	wv_name_unpack(&signer, base, base + sig->signer);
	if (!wv_name_is_within(&signer, zone) || !wv_name_is_within(&need->owner, &signer))
		return WV_REASON_SIGNER_INVALID;
	// The zone above a cut signs what lies on its side of it.
	if (need->parent_side && signer.labels == need->owner.labels)
		return WV_REASON_SIGNER_INVALID;
	return v->env->asked ? WV_REASON_DS_UNPROVEN : WV_REASON_NO_CHAIN;
}

static bool algorithm_is_supported(const struct wv_validation *v, uint8_t number)
{
	enum wv_alg alg = wv_verify_alg(number);

	return alg != WV_ALG_COUNT && (alg != WV_ALG_RSASHA1 || v->env->settings->sha1);
}

static enum wv_reason signature_test(const struct wv_validation *v,
	const struct wv_validate_rrset *need, const struct wv_rrsig *sig)
{
	enum wv_reason reason = signer_test(v, need, sig);

	if (reason != WV_REASON_SECURE)
		return reason;
	if (sig->labels > need->owner.labels || sig->labels < need->zone->name.labels)
		return WV_REASON_LABELS_INVALID;
	return time_test(v, sig);
}

// Algorithms of the DS records that keys are matched with, a bit for each.
static unsigned ds_algorithms(const struct wv_validation *v, const struct wv_trust_dsset *set)
{
	unsigned algorithms = 0;

	for (unsigned i = 0; i < set->n; i++) {
		if (wv_trust_ds_is_used(set->ds, set->n, i, v->env->settings->sha1))
			algorithms |= 1u << wv_verify_alg(set->ds[i].algorithm);
	}
	return algorithms;
}

/*
 * RFC 6840 5.11: any one path will do. Where more is asked for, it is a signature of each algorithm
 * in the DS RRset, of DNSKEY and all others alike; of several live DS RRsets any one will do.
 */
bool wv_validate_suffices(const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	const struct wv_trust_zone *zone = need->zone;
	bool is_wanted = false;

	if (wv_likely(!v->env->settings->harden_algo_downgrade))
		return true;
	for (unsigned g = 0; g < zone->n_dssets; g++) {
		unsigned algorithms;

		if (!wv_trust_is_live(&zone->dsset[g]->life, v->env->now))
			continue;
		algorithms = ds_algorithms(v, zone->dsset[g]);
		if (algorithms != 0 && (algorithms & ~need->proven) == 0)
			return true;
		is_wanted |= algorithms != 0;
	}
	return !is_wanted;
}

/*
 * The cheapest test comes first, for there may be thousands: of an algorithm that nobody knows, or
 * that was proven already, a signature says nothing.
 */
static bool is_of_use(
	const struct wv_validation *v, const struct wv_validate_rrset *need, const struct wv_rr *rr)
{
	uint8_t number;

	if (rr->rdlen < 3)
		return true; // and malformed
	number = v->m->base[rr->rdata + 2];
	return algorithm_is_supported(v, number)
		&& (need->proven >> wv_verify_alg(number) & 1) == 0;
}

// May one more signature be looked at? Those that are looked at again count once.
static bool look_is_allowed(struct wv_validation *v, const struct wv_validate_rrset *need)
{
	if (need->position > 0)
		return true;
	return v->looks++ < WV_VALIDATE_LOOKS;
}

// Has the budget room for one more check of this signature?
static enum wv_reason budget_test(
	const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	const struct wv_validate_settings *s = v->env->settings;

	if (need->failures >= s->failures_per_rrset)
		return WV_REASON_BUDGET_FAILURES;
	if (need->keys == 0 && need->signatures >= s->signatures_per_rrset)
		return WV_REASON_BUDGET_SIGNATURES;
	if (need->keys >= s->keys_per_tag)
		return WV_REASON_BUDGET_KEYS_PER_TAG;
	return WV_REASON_SECURE;
}

// True: the search ends here, with a key to check or with the budget.
static bool signature_try(
	struct wv_validation *v, struct wv_validate_rrset *need, const struct wv_rr *rr)
{
	struct wv_rrsig *sig = &need->rrsig;
	enum wv_reason reason, why = WV_REASON_UNKNOWN_KEY_TAG;
	const struct wv_verify_key *key;

	if (!is_of_use(v, need, rr))
		return false;
	if (!look_is_allowed(v, need)) {
		need->reason = WV_REASON_BUDGET_SIGNATURES;
		need->sig = WV_MESSAGE_NOTHING;
		return true;
	}
	if (!wv_message_rrsig(v->m, rr, sig)) {
		need->reason = wv_validate_telling(need->reason, WV_REASON_MALFORMED);
		return false;
	}
	reason = signature_test(v, need, sig);
	if (reason != WV_REASON_SECURE) {
		wv_validate_note(need, sig, reason);
		return false;
	}
	key = wv_validate_next_key(v, need, sig, &why);
	if (key == NULL) {
		if (need->keys == 0)
			wv_validate_note(need, sig, why);
		return false;
	}
	reason = budget_test(v, need);
	if (reason != WV_REASON_SECURE) {
		wv_validate_note(need, sig, reason);
		need->sig = WV_MESSAGE_NOTHING;
		return true;
	}
	need->signatures += need->keys == 0;
	need->keys++;
	need->key = key;
	return true;
}

// Servers and what stands before them may put an RRSIG into another section than its RRset.
static uint16_t signature_elsewhere(const struct wv_validation *v, struct wv_validate_rrset *need)
{
	const struct wv_message *m = v->m;

	while (need->elsewhere < m->n_rrsets) {
		const struct wv_rrset *other = &m->rrsets[need->elsewhere++];

		if (other != need->set && other->n_sigs > 0 && other->type == need->set->type
			&& other->class == need->set->class
			&& other->owner_hash == need->set->owner_hash
			&& wv_name_equal_packed(&need->owner, m->base, m->base + other->owner))
			return other->first_sig;
	}
	return WV_MESSAGE_NOTHING;
}

bool wv_validate_first_signature(const struct wv_validation *v, struct wv_validate_rrset *need)
{
	need->elsewhere = 0;
	need->sig = need->set->first_sig;
	if (need->sig == WV_MESSAGE_NOTHING)
		need->sig = signature_elsewhere(v, need);
	return need->sig != WV_MESSAGE_NOTHING;
}

void wv_validate_search(struct wv_validation *v, struct wv_validate_rrset *need)
{
	need->key = NULL;
	while (need->sig != WV_MESSAGE_NOTHING) {
		const struct wv_rr *rr = &v->m->rrs[need->sig];

		if (signature_try(v, need, rr))
			break;
		need->sig =
			rr->next != WV_MESSAGE_NOTHING ? rr->next : signature_elsewhere(v, need);
		need->position = need->keys = 0;
	}
	if (need->key == NULL)
		wv_validate_settle(v, need, need->reason);
}
