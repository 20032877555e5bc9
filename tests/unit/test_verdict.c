#include "wv_verdict.h"

#include "test.h"

static void test_names(void)
{
	for (unsigned r = 0; r < WV_REASON_COUNT; r++) {
		const char *name = wv_reason_name((enum wv_reason)r);

		CHECK(name != NULL && name[0] != '\0');
		CHECK(wv_reason_find(name) == (enum wv_reason)r);
		CHECK(wv_reason_text((enum wv_reason)r)[0] != '\0');
	}
	CHECK(wv_reason_find("no-such-reason") == WV_REASON_COUNT);
	for (unsigned v = 0; v < WV_VERDICT_COUNT; v++)
		CHECK(wv_verdict_find(wv_verdict_name((enum wv_verdict)v)) == (enum wv_verdict)v);
	CHECK(wv_verdict_find("fine") == WV_VERDICT_COUNT);
}

static const struct {
	const char *what;
	enum wv_reason reason;
	enum wv_verdict verdict;
	uint16_t ede;
} known[] = {
	{"secure has no EDE", WV_REASON_SECURE, WV_VERDICT_SECURE, WV_EDE_NONE},
	{"DNSSEC Bogus", WV_REASON_BAD_SIGNATURE, WV_VERDICT_BOGUS, 6},
	{"Signature Expired", WV_REASON_EXPIRED, WV_VERDICT_BOGUS, 7},
	{"Signature Not Yet Valid", WV_REASON_NOT_YET_VALID, WV_VERDICT_BOGUS, 8},
	{"Signature Expired before Valid", WV_REASON_EXPIRED_BEFORE_VALID, WV_VERDICT_BOGUS, 25},
	{"DNSKEY Missing", WV_REASON_DNSKEY_MISSING, WV_VERDICT_BOGUS, 9},
	{"RRSIGs Missing", WV_REASON_RRSIG_MISSING, WV_VERDICT_BOGUS, 10},
	{"No Zone Key Bit Set", WV_REASON_NO_ZONE_KEY, WV_VERDICT_BOGUS, 11},
	{"NSEC Missing", WV_REASON_DENIAL_MISSING, WV_VERDICT_BOGUS, 12},
	{"Unsupported DNSKEY Algorithm", WV_REASON_UNSUPPORTED_ALGORITHM, WV_VERDICT_INSECURE, 1},
	{"Unsupported DS Digest Type", WV_REASON_UNSUPPORTED_DIGEST, WV_VERDICT_INSECURE, 2},
	{"Unsupported NSEC3 Iterations Value", WV_REASON_NSEC3_ITERATIONS, WV_VERDICT_INSECURE, 27},
	{"DNSSEC Indeterminate", WV_REASON_NO_CHAIN, WV_VERDICT_INDETERMINATE, 5},
};

static void test_known(void)
{
	for (unsigned i = 0; i < WV_COUNT(known); i++) {
		CHECK_ROW(&known[i], wv_reason_verdict(known[i].reason) == known[i].verdict);
		CHECK_ROW(&known[i], wv_reason_ede(known[i].reason) == known[i].ede);
	}
}

static void test_worse(void)
{
	CHECK(wv_reason_worse(WV_REASON_SECURE, WV_REASON_UNSIGNED) == WV_REASON_UNSIGNED);
	CHECK(wv_reason_worse(WV_REASON_UNSIGNED, WV_REASON_NO_CHAIN) == WV_REASON_NO_CHAIN);
	CHECK(wv_reason_worse(WV_REASON_EXPIRED, WV_REASON_NO_CHAIN) == WV_REASON_EXPIRED);
	CHECK(wv_reason_worse(WV_REASON_EXPIRED, WV_REASON_BAD_SIGNATURE) == WV_REASON_EXPIRED);
}

static void test_forgeable(void)
{
	CHECK(wv_reason_is_forgeable(WV_REASON_RRSIG_MISSING));
	CHECK(!wv_reason_is_forgeable(WV_REASON_EXPIRED));
}

// "budget-keys-per-tag" is of the setting "keys_per_tag".
static void test_budgets(void)
{
	unsigned n = 0;

	for (unsigned r = 0; r < WV_REASON_COUNT; r++) {
		const char *name = wv_reason_name((enum wv_reason)r);
		const char *budget = wv_reason_budget((enum wv_reason)r);
		char words[64] = "budget-";

		if (strncmp(name, "budget-", 7) != 0)
			continue;
		n++;
		REQUIRE(budget != NULL && strlen(budget) < sizeof(words) - 7);
		for (unsigned i = 0; budget[i] != '\0'; i++)
			words[7 + i] = budget[i];
		for (char *c = words; *c != '\0'; c++)
			*c = *c == '_' ? '-' : *c;
		CHECK(strcmp(words, name) == 0);
		CHECK(wv_reason_verdict((enum wv_reason)r) == WV_VERDICT_BOGUS);
	}
	CHECK(n >= 9);
	CHECK(strcmp(wv_reason_budget(WV_REASON_NSEC3_ITERATIONS), "nsec3_iterations_insecure")
		== 0);
	CHECK(strcmp(wv_reason_budget(WV_REASON_NSEC3_ITERATIONS_BOGUS), "nsec3_iterations_bogus")
		== 0);
	CHECK(wv_reason_budget(WV_REASON_BAD_SIGNATURE) == NULL);
	CHECK(wv_reason_budget(WV_REASON_FETCH_BUDGET) == NULL);
}

static const struct test tests[] = {
	{"every reason and verdict has a name, found again", test_names},
	{"verdict and EDE are those of RFC 8914", test_known},
	{"the worse of two reasons is the one with the worse verdict", test_worse},
	{"a reason for being over budget names the setting", test_budgets},
	{"a forger can cause a missing signature, not an expired one", test_forgeable},
};

int main(void)
{
	return test_main("verdict", tests, WV_COUNT(tests));
}
