/**
 * @file
 * What to do with a response: pass, SERVFAIL, drop (W5); in monitor mode always pass.
 *
 * Units      none
 * Ownership  a policy is the caller's and constant while used
 * Threads    any
 * Errors     none
 */
#ifndef WV_POLICY_H
#define WV_POLICY_H

#include "wv_verdict.h"

enum wv_action {
	WV_ACTION_PASS,
	WV_ACTION_SERVFAIL,
	WV_ACTION_DROP,
	WV_ACTION_MONITOR,
	WV_ACTIONS
};

const char *wv_action_name(enum wv_action action); // "pass", "servfail", "drop", "monitor"
enum wv_action wv_action_find(const char *name);   // WV_ACTIONS: no such action

struct wv_policy {
	bool enforce; // mode: enforce; else everything passes and is counted as would_block
	enum wv_action bogus;
	enum wv_action indeterminate;
	enum wv_action no_chain;
	enum wv_action malformed;
	enum wv_action overload;       // also fragment-limit and tcp-limit
	enum wv_action signed_message; // what would be rewritten, but its query had TSIG or SIG(0)
};

struct wv_decision {
	enum wv_action action; // PASS, SERVFAIL or DROP: what is done
	bool would_block;      // it passes, but would not in enforce mode or without `monitor`
};

// What the message is, beside its verdict, as far as it matters for what may be done with it.
struct wv_policy_message {
	bool has_question;      // false: no SERVFAIL can be made of it: dropped instead
	bool query_is_signed;   // believed of the query
	bool checksum_is_wrong; // judged alike, never rewritten: dropped instead
};

/**
 * What is done with a message of this reason. `malformed`, `no-chain` and the reasons of overload
 * have actions of their own, every other reason that of its verdict; secure and insecure pass.
 * A SERVFAIL that cannot be made becomes a drop; of a signed message it becomes `signed_message`,
 * where SERVFAIL means drop, since a signed message is never altered.
 * @param reason  of the whole response
 */
struct wv_decision wv_policy_decide(const struct wv_policy *policy, enum wv_reason reason,
	const struct wv_policy_message *what);

#endif
