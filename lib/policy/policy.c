#include <assert.h>
#include <string.h>

#include "wv_policy.h"

static const char *const names[] = {
	[WV_ACTION_PASS] = "pass",
	[WV_ACTION_SERVFAIL] = "servfail",
	[WV_ACTION_DROP] = "drop",
	[WV_ACTION_MONITOR] = "monitor",
};
static_assert(WV_COUNT(names) == WV_ACTIONS, "an action without a name");

const char *wv_action_name(enum wv_action action)
{
	assert(action < WV_ACTIONS);
	return names[action];
}

enum wv_action wv_action_find(const char *name)
{
	for (unsigned i = 0; i < WV_ACTIONS; i++) {
		if (strcmp(name, names[i]) == 0)
			return (enum wv_action)i;
	}
	return WV_ACTIONS;
}

static enum wv_action verdict_action(const struct wv_policy *policy, enum wv_reason reason)
{
	switch (wv_reason_verdict(reason)) {
	case WV_VERDICT_BOGUS:
		return policy->bogus;
	case WV_VERDICT_INDETERMINATE:
		return policy->indeterminate;
	case WV_VERDICT_SECURE:
	case WV_VERDICT_INSECURE:
	case WV_VERDICT_COUNT:
		break;
	}
	return WV_ACTION_PASS;
}

static enum wv_action reason_action(const struct wv_policy *policy, enum wv_reason reason)
{
	if (reason == WV_REASON_MALFORMED)
		return policy->malformed;
	if (reason == WV_REASON_NO_CHAIN)
		return policy->no_chain;
	if (reason == WV_REASON_OVERLOAD || reason == WV_REASON_FRAGMENT_LIMIT
		|| reason == WV_REASON_TCP_LIMIT)
		return policy->overload;
	return verdict_action(policy, reason);
}

// What becomes of a SERVFAIL that cannot, or must not, be made of this message.
static enum wv_action servfail_action(
	const struct wv_policy *policy, const struct wv_policy_message *what)
{
	if (what->query_is_signed)
		// We hold no key to sign an altered message with, so it is never altered.
		return policy->signed_message == WV_ACTION_SERVFAIL ? WV_ACTION_DROP
								    : policy->signed_message;
	if (what->checksum_is_wrong || !what->has_question)
		return WV_ACTION_DROP;
	return WV_ACTION_SERVFAIL;
}

struct wv_decision wv_policy_decide(
	const struct wv_policy *policy, enum wv_reason reason, const struct wv_policy_message *what)
{
	enum wv_action action = reason_action(policy, reason);

	if (action == WV_ACTION_SERVFAIL)
		action = servfail_action(policy, what);
	if (action == WV_ACTION_PASS)
		return (struct wv_decision){.action = WV_ACTION_PASS};
	if (action == WV_ACTION_MONITOR || !policy->enforce)
		return (struct wv_decision){.action = WV_ACTION_PASS, .would_block = true};
	return (struct wv_decision){.action = action};
}
