#include <assert.h>
#include <string.h>

#include "wv_verdict.h"

static const char *const verdicts[] = {
	[WV_VERDICT_SECURE] = "secure",
	[WV_VERDICT_INSECURE] = "insecure",
	[WV_VERDICT_INDETERMINATE] = "indeterminate",
	[WV_VERDICT_BOGUS] = "bogus",
};
static_assert(WV_COUNT(verdicts) == WV_VERDICT_COUNT, "a verdict without a name");

struct row {
	const char *name;
	enum wv_verdict verdict;
	uint16_t ede;
	bool forgeable;
	const char *text;
};

#define SECURE        WV_VERDICT_SECURE
#define INSECURE      WV_VERDICT_INSECURE
#define BOGUS         WV_VERDICT_BOGUS
#define INDETERMINATE WV_VERDICT_INDETERMINATE
#define NONE          WV_EDE_NONE

// clang-format off
static const struct row reasons[] = {
	[WV_REASON_SECURE] = {"secure", SECURE, NONE, false, "proven by signatures from a trust anchor down"},

	[WV_REASON_UNSIGNED] = {"unsigned", INSECURE, NONE, false, "the zone is proven to be unsigned"},
	[WV_REASON_OPT_OUT] = {"opt-out", INSECURE, NONE, false, "the delegation lies in an NSEC3 opt-out span"},
	[WV_REASON_UNSUPPORTED_ALGORITHM] = {"unsupported-algorithm", INSECURE, 1, false, "the zone is signed by unsupported algorithms only"},
	[WV_REASON_UNSUPPORTED_DIGEST] = {"unsupported-digest", INSECURE, 2, false, "the DS records have unsupported digest types only"},
	[WV_REASON_NSEC3_ITERATIONS] = {"nsec3-iterations", INSECURE, 27, false, "the NSEC3 iteration count is above the limit"},
	[WV_REASON_CONFIGURED_INSECURE] = {"configured-insecure", INSECURE, NONE, false, "the zone is insecure by configuration"},
	[WV_REASON_NTA] = {"nta", INSECURE, 33, false, "a negative trust anchor covers the name"},

	[WV_REASON_BAD_SIGNATURE] = {"bad-signature", BOGUS, 6, true, "the data are not what the zone signed"},
	[WV_REASON_EXPIRED] = {"signature-expired", BOGUS, 7, false, "the signature has expired"},
	[WV_REASON_NOT_YET_VALID] = {"signature-not-yet-valid", BOGUS, 8, false, "the signature is not valid yet"},
	[WV_REASON_EXPIRED_BEFORE_VALID] = {"signature-expired-before-valid", BOGUS, 25, true, "the signature ends before it begins"},
	[WV_REASON_DNSKEY_MISSING] = {"dnskey-missing", BOGUS, 9, false, "the parent has DS records but the zone gave no DNSKEY"},
	[WV_REASON_STALE_DS] = {"stale-ds", BOGUS, 9, false, "no DNSKEY of the zone matches the DS of its parent"},
	[WV_REASON_UNKNOWN_KEY_TAG] = {"unknown-key-tag", BOGUS, 9, true, "the signing key is not in the DNSKEY RRset of the zone"},
	[WV_REASON_RRSIG_MISSING] = {"rrsig-missing", BOGUS, 10, true, "the zone is signed but this RRset carries no signature"},
	[WV_REASON_NO_ZONE_KEY] = {"no-zone-key", BOGUS, 11, true, "the signing key is not a zone key"},
	[WV_REASON_KEY_REVOKED] = {"key-revoked", BOGUS, 6, true, "the signing key is revoked"},
	[WV_REASON_SIGNER_INVALID] = {"signer-invalid", BOGUS, 6, true, "the signer is not the zone of the name"},
	[WV_REASON_LABELS_INVALID] = {"labels-invalid", BOGUS, 6, true, "the label count of the signature does not fit the name"},
	[WV_REASON_DENIAL_MISSING] = {"denial-missing", BOGUS, 12, true, "the proof that the name or type does not exist is missing"},
	[WV_REASON_DENIAL_INVALID] = {"denial-invalid", BOGUS, 6, true, "the NSEC or NSEC3 records do not prove what they should"},
	[WV_REASON_WILDCARD_UNPROVEN] = {"wildcard-unproven", BOGUS, 12, true, "nothing proves that the wildcard applies"},
	[WV_REASON_DS_UNPROVEN] = {"ds-unproven", BOGUS, 12, true, "neither DS records nor their absence are proven"},
	[WV_REASON_NSEC3_ITERATIONS_BOGUS] = {"nsec3-iterations-bogus", BOGUS, 27, false, "the NSEC3 iteration count is above the hard limit"},
	[WV_REASON_BUDGET_NEEDED_RRSETS] = {"budget-needed-rrsets", BOGUS, 6, true, "the answer needs more RRsets than the budget allows"},
	[WV_REASON_BUDGET_WEIGHT] = {"budget-weight", BOGUS, 6, true, "more to verify than the budget allows"},
	[WV_REASON_BUDGET_SIGNATURES] = {"budget-signatures-per-rrset", BOGUS, 6, true, "more signatures on an RRset than the budget allows"},
	[WV_REASON_BUDGET_FAILURES] = {"budget-failures-per-rrset", BOGUS, 6, true, "more failing signatures on an RRset than the budget allows"},
	[WV_REASON_BUDGET_KEYS_PER_TAG] = {"budget-keys-per-tag", BOGUS, 6, true, "more keys share a key tag than the budget allows"},
	[WV_REASON_BUDGET_DS] = {"budget-ds", BOGUS, 6, false, "more DS records than the budget allows"},
	[WV_REASON_BUDGET_DNSKEYS] = {"budget-dnskeys", BOGUS, 6, false, "more DNSKEY records than the budget allows"},
	[WV_REASON_BUDGET_CNAME_CHAIN] = {"budget-cname-chain", BOGUS, 6, true, "a longer CNAME chain than the budget allows"},
	[WV_REASON_BUDGET_CHAIN_DEPTH] = {"budget-chain-depth", BOGUS, 6, true, "a longer chain of zones than the budget allows"},
	[WV_REASON_BUDGET_NSEC3_RECORDS] = {"budget-nsec3-records", BOGUS, 6, true, "more NSEC3 records than the budget allows"},
	[WV_REASON_BUDGET_NSEC3_BLOCKS] = {"budget-nsec3-sha1-blocks", BOGUS, 6, true, "more to hash for NSEC3 than the budget allows"},
	[WV_REASON_MALFORMED] = {"malformed", BOGUS, 0, true, "a record of the message cannot be read"},

	[WV_REASON_NO_ANCHOR] = {"no-anchor", INDETERMINATE, NONE, false, "no trust anchor covers the name"},
	[WV_REASON_NO_CHAIN] = {"no-chain", INDETERMINATE, 5, false, "the chain of trust was not known in time"},
	[WV_REASON_FETCH_BUDGET] = {"fetch-budget", INDETERMINATE, 5, false, "the budget for fetching the chain of trust is used up"},
	[WV_REASON_DO_NOT_SET] = {"do-not-set", INDETERMINATE, NONE, false, "the query did not ask for signatures"},
	[WV_REASON_TRUNCATED] = {"truncated", INDETERMINATE, NONE, false, "the answer is truncated"},
	[WV_REASON_RCODE] = {"rcode", INDETERMINATE, NONE, false, "the response code carries no proof"},
	[WV_REASON_NOT_JUDGED] = {"not-judged", INDETERMINATE, NONE, false, "messages of this kind carry no proof"},
	[WV_REASON_UNJUDGED] = {"unjudged", INDETERMINATE, NONE, false, "neither the answer nor its proof needs this RRset"},
	[WV_REASON_LAME] = {"lame", INDETERMINATE, NONE, false, "the referral does not lead to the name"},
	[WV_REASON_OVERLOAD] = {"overload", INDETERMINATE, 5, false, "there was more to judge than time to judge it"},
	[WV_REASON_FRAGMENT_LIMIT] = {"fragment-limit", INDETERMINATE, 5, false, "no room to put the fragments together"},
	[WV_REASON_TCP_LIMIT] = {"tcp-limit", INDETERMINATE, 5, false, "no room to follow the TCP stream"},
};
// clang-format on
static_assert(WV_COUNT(reasons) == WV_REASON_COUNT, "a reason without a row");

const char *wv_verdict_name(enum wv_verdict verdict)
{
	assert(verdict < WV_VERDICT_COUNT);
	return verdicts[verdict];
}

enum wv_verdict wv_verdict_find(const char *name)
{
	for (unsigned i = 0; i < WV_VERDICT_COUNT; i++) {
		if (strcmp(name, verdicts[i]) == 0)
			return (enum wv_verdict)i;
	}
	return WV_VERDICT_COUNT;
}

const char *wv_reason_name(enum wv_reason reason)
{
	assert(reason < WV_REASON_COUNT);
	return reasons[reason].name;
}

enum wv_reason wv_reason_find(const char *name)
{
	for (unsigned i = 0; i < WV_REASON_COUNT; i++) {
		if (strcmp(name, reasons[i].name) == 0)
			return (enum wv_reason)i;
	}
	return WV_REASON_COUNT;
}

enum wv_verdict wv_reason_verdict(enum wv_reason reason)
{
	assert(reason < WV_REASON_COUNT);
	return reasons[reason].verdict;
}

uint16_t wv_reason_ede(enum wv_reason reason)
{
	assert(reason < WV_REASON_COUNT);
	return reasons[reason].ede;
}

const char *wv_reason_text(enum wv_reason reason)
{
	assert(reason < WV_REASON_COUNT);
	return reasons[reason].text;
}

bool wv_reason_is_forgeable(enum wv_reason reason)
{
	assert(reason < WV_REASON_COUNT);
	return reasons[reason].forgeable;
}

const char *wv_reason_budget(enum wv_reason reason)
{
	static const char *const budgets[WV_REASON_COUNT] = {
		[WV_REASON_NSEC3_ITERATIONS] = "nsec3_iterations_insecure",
		[WV_REASON_NSEC3_ITERATIONS_BOGUS] = "nsec3_iterations_bogus",
		[WV_REASON_BUDGET_NEEDED_RRSETS] = "needed_rrsets",
		[WV_REASON_BUDGET_WEIGHT] = "weight",
		[WV_REASON_BUDGET_SIGNATURES] = "signatures_per_rrset",
		[WV_REASON_BUDGET_FAILURES] = "failures_per_rrset",
		[WV_REASON_BUDGET_KEYS_PER_TAG] = "keys_per_tag",
		[WV_REASON_BUDGET_DS] = "ds",
		[WV_REASON_BUDGET_DNSKEYS] = "dnskeys",
		[WV_REASON_BUDGET_CNAME_CHAIN] = "cname_chain",
		[WV_REASON_BUDGET_NSEC3_RECORDS] = "nsec3_records",
		[WV_REASON_BUDGET_NSEC3_BLOCKS] = "nsec3_sha1_blocks",
		[WV_REASON_BUDGET_CHAIN_DEPTH] = "chain_depth",
	};

	assert(reason < WV_REASON_COUNT);
	return budgets[reason];
}

enum wv_reason wv_reason_worse(enum wv_reason a, enum wv_reason b)
{
	return wv_reason_verdict(b) > wv_reason_verdict(a) ? b : a;
}
