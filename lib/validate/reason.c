#include <assert.h>

#include "validate.h"

/*
 * How much a reason says, where several signatures failed for several reasons. The higher a
 * signature came in the order of the tests, the more it says; running out of budget says why the
 * tests ended. A signature by an unsupported algorithm says nothing: `rrsig-missing`.
 */
static const uint8_t telling[WV_REASON_COUNT] = {
	[WV_REASON_BUDGET_WEIGHT] = 14,
	[WV_REASON_BUDGET_SIGNATURES] = 14,
	[WV_REASON_BUDGET_FAILURES] = 14,
	[WV_REASON_BUDGET_KEYS_PER_TAG] = 14,
	[WV_REASON_BUDGET_DS] = 14,
	[WV_REASON_BUDGET_DNSKEYS] = 14,
	[WV_REASON_BUDGET_CHAIN_DEPTH] = 14,
	[WV_REASON_BAD_SIGNATURE] = 13,
	[WV_REASON_EXPIRED] = 12,
	[WV_REASON_NOT_YET_VALID] = 11,
	[WV_REASON_EXPIRED_BEFORE_VALID] = 10,
	[WV_REASON_KEY_REVOKED] = 9,
	[WV_REASON_NO_ZONE_KEY] = 9,
	[WV_REASON_STALE_DS] = 8,
	[WV_REASON_UNKNOWN_KEY_TAG] = 7,
	[WV_REASON_LABELS_INVALID] = 6,
	[WV_REASON_SIGNER_INVALID] = 5,
	[WV_REASON_DS_UNPROVEN] = 4,
	[WV_REASON_NO_CHAIN] = 4,
	[WV_REASON_MALFORMED] = 3,
	[WV_REASON_RRSIG_MISSING] = 2,
	[WV_REASON_DNSKEY_MISSING] = 1,
};

enum wv_reason wv_validate_telling(enum wv_reason a, enum wv_reason b)
{
	return telling[b] > telling[a] ? b : a;
}

uint64_t wv_validate_budgets(const struct wv_validation *v)
{
	uint64_t seen = UINT64_C(1) << v->reason | UINT64_C(1) << v->owed, budgets = 0;

	static_assert(WV_REASON_COUNT <= 64, "a bit for each reason");
	if (v->reason == WV_REASON_SECURE)
		return 0;
	for (unsigned i = 0; i < v->n_needed; i++)
		seen |= UINT64_C(1) << v->needed[i].reason;
	for (; seen != 0; seen &= seen - 1) {
		if (wv_reason_budget((enum wv_reason)__builtin_ctzll(seen)) != NULL)
			budgets |= seen & -seen;
	}
	return budgets;
}

uint32_t wv_validate_skew(
	const struct wv_validate_settings *settings, uint32_t inception, uint32_t expiration)
{
	uint64_t skew = (uint64_t)(uint32_t)(expiration - inception) * settings->skew_percent / 100;

	if (skew < settings->skew_min_s)
		return settings->skew_min_s;
	return skew > settings->skew_max_s ? settings->skew_max_s : (uint32_t)skew;
}

enum wv_reason wv_validate_zone(const struct wv_validate_env *env, const struct wv_trust_zone *zone)
{
	if (zone == NULL)
		return WV_REASON_NO_ANCHOR;
	switch (wv_trust_status_at(zone, env->now)) {
	case WV_TRUST_SECURE:
		return WV_REASON_SECURE;
	case WV_TRUST_INSECURE:
	case WV_TRUST_BOGUS:
		return zone->reason;
	case WV_TRUST_DELEGATED:
		break;
	}
	return env->asked ? WV_REASON_DNSKEY_MISSING : WV_REASON_NO_CHAIN;
}

enum wv_reason wv_validate_ds_support(
	const struct wv_message *m, const struct wv_rrset *set, bool sha1)
{
	enum wv_reason best = WV_REASON_UNSUPPORTED_ALGORITHM;
	struct wv_trust_ds ds;

	wv_foreach_rr(m, set, rr) {
		enum wv_reason reason;

		if (!wv_trust_ds_read(&ds, m->base + rr->rdata, rr->rdlen))
			continue;
		reason = wv_trust_ds_support(&ds, 1, sha1);
		if (reason == WV_REASON_SECURE)
			return reason;
		if (reason == WV_REASON_UNSUPPORTED_DIGEST)
			best = reason;
	}
	return best;
}
