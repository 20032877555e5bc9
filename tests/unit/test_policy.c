#include "wv_policy.h"

#include "test.h"

#define PASS     WV_ACTION_PASS
#define SERVFAIL WV_ACTION_SERVFAIL
#define DROP     WV_ACTION_DROP
#define MONITOR  WV_ACTION_MONITOR

static const struct wv_policy presets = {
	.enforce = true,
	.bogus = SERVFAIL,
	.indeterminate = PASS,
	.no_chain = PASS,
	.malformed = SERVFAIL,
	.overload = PASS,
	.signed_message = DROP,
};

static const struct wv_policy_message plain = {.has_question = true};

// Every action differs from the preset of its neighbours, so that a mix-up shows.
static const struct wv_policy mixed = {
	.enforce = true,
	.bogus = DROP,
	.indeterminate = SERVFAIL,
	.no_chain = MONITOR,
	.malformed = PASS,
	.overload = DROP,
	.signed_message = PASS,
};

static void test_names(void)
{
	CHECK(strcmp(wv_action_name(PASS), "pass") == 0);
	CHECK(strcmp(wv_action_name(SERVFAIL), "servfail") == 0);
	CHECK(strcmp(wv_action_name(DROP), "drop") == 0);
	CHECK(strcmp(wv_action_name(MONITOR), "monitor") == 0);
	for (unsigned a = 0; a < WV_ACTIONS; a++)
		CHECK(wv_action_find(wv_action_name((enum wv_action)a)) == (enum wv_action)a);
	CHECK(wv_action_find("refuse") == WV_ACTIONS);
	CHECK(wv_action_find("") == WV_ACTIONS);
}

static const struct {
	const char *what;
	enum wv_reason reason;
	enum wv_action presets, mixed;
	bool mixed_would_block;
} reasons[] = {
	{"secure passes", WV_REASON_SECURE, PASS, PASS, false},
	{"insecure passes", WV_REASON_UNSIGNED, PASS, PASS, false},
	{"insecure by configuration passes", WV_REASON_CONFIGURED_INSECURE, PASS, PASS, false},
	{"bogus", WV_REASON_BAD_SIGNATURE, SERVFAIL, DROP, false},
	{"bogus by a limit", WV_REASON_NSEC3_ITERATIONS_BOGUS, SERVFAIL, DROP, false},
	{"malformed has its own", WV_REASON_MALFORMED, SERVFAIL, PASS, false},
	{"indeterminate", WV_REASON_NO_ANCHOR, PASS, SERVFAIL, false},
	{"an rcode is indeterminate", WV_REASON_RCODE, PASS, SERVFAIL, false},
	{"no chain has its own", WV_REASON_NO_CHAIN, PASS, PASS, true},
	{"overload has its own", WV_REASON_OVERLOAD, PASS, DROP, false},
	{"a fragment limit is overload", WV_REASON_FRAGMENT_LIMIT, PASS, DROP, false},
	{"a TCP limit is overload", WV_REASON_TCP_LIMIT, PASS, DROP, false},
};

static void test_reasons(void)
{
	for (unsigned i = 0; i < WV_COUNT(reasons); i++) {
		struct wv_decision p = wv_policy_decide(&presets, reasons[i].reason, &plain);
		struct wv_decision m = wv_policy_decide(&mixed, reasons[i].reason, &plain);

		CHECK_ROW(&reasons[i], p.action == reasons[i].presets);
		CHECK_ROW(&reasons[i], !p.would_block);
		CHECK_ROW(&reasons[i], m.action == reasons[i].mixed);
		CHECK_ROW(&reasons[i], m.would_block == reasons[i].mixed_would_block);
	}
}

static const struct {
	const char *what;
	struct wv_policy_message message;
	enum wv_action signed_message; // setting
	enum wv_action action;
	bool would_block;
} messages[] = {
	{"an ordinary message is rewritten", {.has_question = true}, DROP, SERVFAIL, false},
	{"without a question there is nothing to rewrite", {0}, DROP, DROP, false},
	{"with a wrong checksum it is dropped", {.has_question = true, .checksum_is_wrong = true},
		PASS, DROP, false},
	{"signed and set to drop", {.has_question = true, .query_is_signed = true}, DROP, DROP,
		false},
	{"signed and set to pass", {.has_question = true, .query_is_signed = true}, PASS, PASS,
		false},
	{"signed and set to monitor", {.has_question = true, .query_is_signed = true}, MONITOR,
		PASS, true},
	{"signed is never altered", {.has_question = true, .query_is_signed = true}, SERVFAIL, DROP,
		false},
};

static void test_messages(void)
{
	for (unsigned i = 0; i < WV_COUNT(messages); i++) {
		struct wv_policy policy = presets;
		struct wv_decision d;

		policy.signed_message = messages[i].signed_message;
		d = wv_policy_decide(&policy, WV_REASON_EXPIRED, &messages[i].message);
		CHECK_ROW(&messages[i], d.action == messages[i].action);
		CHECK_ROW(&messages[i], d.would_block == messages[i].would_block);

		d = wv_policy_decide(&policy, WV_REASON_SECURE, &messages[i].message);
		CHECK_ROW(&messages[i], d.action == PASS && !d.would_block);
	}
}

static void test_monitor(void)
{
	const struct wv_policy *both[] = {&presets, &mixed};

	for (unsigned p = 0; p < WV_COUNT(both); p++) {
		struct wv_policy monitor = *both[p];

		monitor.enforce = false;
		for (unsigned r = 0; r < WV_REASON_COUNT; r++) {
			enum wv_reason reason = (enum wv_reason)r;
			struct wv_decision e = wv_policy_decide(both[p], reason, &plain);
			struct wv_decision m = wv_policy_decide(&monitor, reason, &plain);

			CHECK(m.action == PASS);
			CHECK(m.would_block == (e.action != PASS || e.would_block));
		}
	}
}

static const struct test tests[] = {
	{"every action has a name, found again", test_names},
	{"a reason has the action of its setting", test_reasons},
	{"a SERVFAIL that cannot be made is a drop, and a signed message is not altered",
		test_messages},
	{"in monitor mode everything passes, and what enforce mode would block is told",
		test_monitor},
};

int main(void)
{
	return test_main("policy", tests, WV_COUNT(tests));
}
