#include "validate.h"

const struct wv_validate_settings wv_validate_presets = {
	.skew_percent = 10,
	.skew_min_s = 3600,
	.skew_max_s = 86400,
	.sha1 = false,
	.harden_algo_downgrade = false,
	.assume_do = true,
	.needed_rrsets = 16,
	.weight = 64,
	.signatures_per_rrset = 8,
	.failures_per_rrset = 4,
	.keys_per_tag = 4,
	.ds = 8,
	.dnskeys = 64,
	.cname_chain = 16,
	.chain_depth = 32,
	.denial = {.iterations_insecure = 50,
		.iterations_bogus = 150,
		.records = 10,
		.sha1_blocks = 2400},
};

static bool type_carries_no_proof(uint16_t type)
{
	switch (type) {
	case WV_TYPE_RRSIG:
	case WV_TYPE_SIG:
	case WV_TYPE_TKEY:
	case WV_TYPE_TSIG:
	case WV_TYPE_IXFR:
	case WV_TYPE_AXFR:
		return true;
	}
	return false;
}

// What the header and the question settle; SECURE: nothing.
static enum wv_reason header_reason(const struct wv_message *m, enum wv_message_status status)
{
	if (status == WV_MESSAGE_NO_HEADER)
		return WV_REASON_MALFORMED;
	if ((m->flags & WV_FLAG_QR) == 0 || WV_OPCODE(m->flags) != 0 || m->count[0] != 1)
		return WV_REASON_NOT_JUDGED;
	if (status == WV_MESSAGE_NO_QUESTION)
		return WV_REASON_MALFORMED;
	if (m->qclass != WV_CLASS_IN || type_carries_no_proof(m->qtype))
		return WV_REASON_NOT_JUDGED;
	if (m->rcode != WV_RCODE_NOERROR && m->rcode != WV_RCODE_NXDOMAIN
		&& m->rcode != WV_RCODE_YXDOMAIN)
		return WV_REASON_RCODE;
	if (status == WV_MESSAGE_BAD_RECORD)
		return WV_REASON_MALFORMED;
	return (m->flags & WV_FLAG_TC) != 0 ? WV_REASON_TRUNCATED : WV_REASON_SECURE;
}

// A CNAME made from a DNAME is as good as that, if it says the same.
static void follow(struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		struct wv_validate_rrset *need = &v->needed[i];

		if (need->follows == i)
			continue;
		need->reason = v->needed[need->follows].reason;
		if (need->contradicts && need->reason == WV_REASON_SECURE)
			need->reason = WV_REASON_RRSIG_MISSING;
	}
}

// The response is the worst of what it needs.
static void finish(struct wv_validation *v)
{
	enum wv_reason reason = WV_REASON_SECURE;

	follow(v);
	for (unsigned i = 0; i < v->n_needed; i++) {
		if (v->needed[i].reason != WV_REASON_SECURE)
			reason = wv_reason_worse(reason, v->needed[i].reason);
	}
	reason = wv_reason_worse(reason, wv_validate_claims(v, reason == WV_REASON_SECURE));
	v->reason = v->owed == WV_REASON_SECURE ? reason : wv_reason_worse(reason, v->owed);
	v->pending = false;
}

void wv_validate_begin(struct wv_validation *v, const struct wv_validate_env *env,
	const struct wv_message *m, enum wv_message_status status,
	const struct wv_validate_query *query, void *owner)
{
	// What is large is not cleared: the counts say how much of it is in use.
	v->env = env;
	v->m = m;
	v->query = *query;
	v->owner = owner;
	v->pending = false;
	v->kind = WV_KIND_UNJUDGED;
	v->qname.len = v->cut.len = 0;
	v->no_ds = WV_DENIAL_DS_UNPROVEN;
	v->no_name = false;
	v->keys_by_ds = false;
	v->n_needed = 0;
	v->owed = WV_REASON_SECURE;
	v->sha1_blocks = env->settings->denial.sha1_blocks;
	v->n_claims = 0;
	v->unsettled = v->n_own_keys = v->n_own_prepared = 0;
	v->in_flight = 0;
	v->weight = 0;
	v->data_ns = v->looks = 0;
	v->batch_next = NULL;
	v->batch_queued = false;

	if (status == WV_MESSAGE_OK || status == WV_MESSAGE_BAD_RECORD)
		wv_name_unpack(&v->qname, m->base, m->base + m->qname);
	v->reason = header_reason(m, status);
	if (v->reason != WV_REASON_SECURE)
		return;
	wv_validate_plan(v);
	v->pending = v->unsettled > 0;
	if (!v->pending)
		finish(v);
}

// Nothing is in flight, and the next check does not fit: what is not proven now will not be.
static void exhaust(struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		struct wv_validate_rrset *need = &v->needed[i];

		if (need->settled)
			continue;
		wv_validate_note(need, &need->rrsig, WV_REASON_BUDGET_WEIGHT);
		wv_validate_settle(v, need, WV_REASON_BUDGET_WEIGHT);
	}
	finish(v);
}

unsigned wv_validate_next(struct wv_validation *v, struct wv_validate_check checks[], unsigned room)
{
	unsigned n = 0;

	if (!v->pending)
		return 0;
	for (unsigned i = 0; i < v->n_needed && n < room; i++) {
		struct wv_validate_rrset *need = &v->needed[i];
		uint32_t weight;

		if (need->settled || need->in_flight)
			continue;
		weight = need->key->weight + need->data_weight;
		if (!wv_validate_charge(v, weight)) {
			if (v->in_flight == 0)
				exhaust(v);
			break;
		}
		need->in_flight = true;
		v->in_flight++;
		checks[n++] = (struct wv_validate_check){
			.v = v,
			.need = (uint16_t)i,
			.sig = need->rrsig,
			.key = need->key,
			.weight = weight,
		};
	}
	return n;
}

// One good signature is enough, unless one of each algorithm is asked for.
static void good(struct wv_validation *v, struct wv_validate_rrset *need,
	const struct wv_validate_check *check)
{
	if (need->proven == 0 && check->need < v->env->settings->needed_rrsets)
		v->weight -= check->weight;
	need->proven |= (uint8_t)(1u << check->key->alg);
	need->is_wildcard |= check->sig.labels < wv_validate_labels(&need->owner);
	need->labels = check->sig.labels;
	wv_validate_record(need, &check->sig);
	if (wv_validate_suffices(v, need))
		wv_validate_settle(v, need, WV_REASON_SECURE);
	else
		wv_validate_search(v, need);
}

void wv_validate_answer(struct wv_validation *v, const struct wv_validate_check *check, bool ok)
{
	struct wv_validate_rrset *need = &v->needed[check->need];

	need->in_flight = false;
	v->in_flight--;
	if (ok) {
		good(v, need, check);
	} else {
		need->failures++;
		wv_validate_note(need, &check->sig, WV_REASON_BAD_SIGNATURE);
		wv_validate_search(v, need);
	}
	if (v->unsettled == 0)
		finish(v);
}

void wv_validate_end(struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_own_prepared; i++)
		wv_verify_key_fini(&v->own_prepared[i]);
	v->n_own_prepared = v->n_own_keys = 0;
}

const struct wv_validate_rrset *wv_validate_find(
	const struct wv_validation *v, const struct wv_rrset *set)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		if (v->needed[i].set == set)
			return &v->needed[i];
	}
	return NULL;
}
