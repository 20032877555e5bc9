// What answers to our questions prove, and what is published.
#include "builder.h"

static void publish(void *arg, const struct wv_trust_fact *fact)
{
	struct wv_builder *b = arg;
	bool is_news = wv_trust_is_news(b->params.trust, fact, b->env.now);

	if (wv_trust_publish(b->params.trust, fact, b->env.now) != 0 || !is_news)
		return;
	b->counts.facts++;
	wv_builder_news(b, &fact->zone);
}

void wv_builder_publish(struct wv_builder *b, enum wv_trust_fact_kind kind,
	const struct wv_name *zone, enum wv_reason reason, const struct wv_trust_life *life)
{
	*b->scratch = (struct wv_trust_fact){
		.size = sizeof(*b->scratch),
		.kind = kind,
		.source = WV_TRUST_FETCHED,
		.reason = reason,
		.life = *life,
		.zone = *zone,
	};
	publish(b, b->scratch);
}

static bool is_cached(const struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *need = &v->needed[i];
		const struct wv_rr *rr = wv_message_rr(v->m, need->set->first);

		if (rr != NULL && rr->ttl < need->original_ttl)
			return true;
	}
	return false;
}

// No delegation: an alias is there instead, or other types alone, or nothing.
static void no_cut_find(const struct wv_validation *v, struct said *said)
{
	if (v->kind == WV_KIND_DENIAL) {
		said->no_cut = v->no_ds == WV_DENIAL_DS_NO_CUT;
		said->below = said->no_cut && v->no_name;
	}
	if (v->kind != WV_KIND_POSITIVE)
		return;
	said->below = v->needed[0].set->type == WV_TYPE_DNAME;
	said->no_cut = said->below || v->needed[0].set->type == WV_TYPE_CNAME;
}

static bool judge(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const uint8_t *payload, size_t len)
{
	static const struct wv_validate_query query = {.known = true, .dnssec_ok = true};
	enum wv_message_status status = wv_message_parse(&b->m, payload, len, b->params.seed);

	wv_validate_begin(&b->v, &b->env, &b->m, status, &query, b);
	wv_batch_add(b->batch, &b->v, 0);
	wv_batch_finish(b->batch, 0);
	while (wv_batch_take(b->batch) != NULL)
		;
	return b->v.qname.len != 0 && b->m.qtype == type && wv_name_equal(&b->v.qname, name);
}

/*
 * Is what decides about an answer known: the keys of the zone above for DS, DS or keys of the zone
 * itself for its keys? Both may have ended while it was asked for; then it failed for that alone.
 */
static bool is_judged(const struct wv_builder *b, const struct wv_name *name, enum wv_type type)
{
	const struct wv_trust_zone *zone = type == WV_TYPE_DS
		? wv_trust_find_above(b->params.trust, name, b->env.now)
		: wv_trust_get(b->params.trust, name, b->env.now);

	if (zone == NULL)
		return false;
	switch (wv_trust_status_at(zone, b->env.now)) {
	case WV_TRUST_SECURE:
		return true;
	case WV_TRUST_DELEGATED:
	case WV_TRUST_BOGUS:
		return type != WV_TYPE_DS;
	case WV_TRUST_INSECURE:
		break;
	}
	return false;
}

static struct said answer_take(struct wv_builder *b, const struct wv_name *name, enum wv_type type)
{
	const struct wv_validation *v = &b->v;
	const struct wv_trust_zone *above = wv_trust_find_above(b->params.trust, name, b->env.now);
	enum wv_verdict verdict = wv_reason_verdict(v->reason);
	bool is_word = verdict != WV_VERDICT_INDETERMINATE && is_judged(b, name, type);
	unsigned depth = above != NULL ? above->name.labels : 0;
	struct said said = {
		.is_word = is_word && !is_cached(v),
		.is_bogus = is_word && verdict == WV_VERDICT_BOGUS,
		.reason = v->reason,
	};

	if (v->reason == WV_REASON_SECURE && v->n_needed > 0 && above != NULL) {
		struct wv_name zone = above->name;

		wv_builder_spans_learn(b->spans, v);
		if (type == WV_TYPE_DS)
			no_cut_find(v, &said);
		if (said.no_cut)
			wv_builder_spans_note(b->spans, v, &zone, name, said.below);
	}
	wv_chain_harvest(v, WV_TRUST_FETCHED, false, b->scratch, publish, b);
	if (type == WV_TYPE_DNSKEY) {
		said.is_proof = v->reason == WV_REASON_SECURE && v->kind == WV_KIND_POSITIVE;
	} else {
		above = wv_trust_find(b->params.trust, name, b->env.now);
		said.is_proof = said.no_cut || (above != NULL && above->name.labels > depth);
	}
	return said;
}

struct said wv_builder_judge(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const uint8_t *payload, size_t len)
{
	struct said said = {.reason = WV_REASON_NOT_JUDGED};

	if (judge(b, name, type, payload, len))
		said = answer_take(b, name, type);
	wv_validate_end(&b->v);
	return said;
}
