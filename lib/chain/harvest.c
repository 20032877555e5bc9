// Facts that a judged response proves.
#include <string.h>

#include "builder.h"

#define RECORDS     256 // of an RRset that becomes a fact; a budget ends it long before
#define RDATA_FIXED 4   // octets before key and digest in DNSKEY and DS (RFC 4034 2.1, 5.1)

bool wv_chain_may_bear(const struct wv_message *m)
{
	bool soa = false, unsigned_soa = false, denial = false;

	if (m->rcode != WV_RCODE_NOERROR && m->rcode != WV_RCODE_NXDOMAIN
		&& m->rcode != WV_RCODE_YXDOMAIN)
		return false;
	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->n == 0 || set->section == WV_SECTION_ADDITIONAL)
			continue;
		if (set->type == WV_TYPE_DNSKEY || set->type == WV_TYPE_DS)
			return true;
		soa |= set->type == WV_TYPE_SOA;
		unsigned_soa |= set->type == WV_TYPE_SOA && set->n_sigs == 0;
		denial |= set->type == WV_TYPE_NSEC || set->type == WV_TYPE_NSEC3;
	}
	// The absence of DS: said in a referral, in answer to the question for it, beside an alias
	// that leads below the cut, or by a resolver beside what it tells of an unsigned zone, with
	// the SOA or without.
	return denial
		&& (m->qtype == WV_TYPE_DS || !soa || unsigned_soa
			|| m->section_rr[WV_SECTION_ANSWER] != m->section_rr[WV_SECTION_AUTHORITY]);
}

struct harvest {
	const struct wv_validation *v;
	struct wv_trust_fact *fact;
	wv_chain_fact_fn emit;
	void *arg;
	unsigned n;
};

static uint32_t ttl_of(const struct wv_message *m, const struct wv_validate_rrset *need)
{
	uint32_t ttl = need->original_ttl;

	wv_foreach_rr(m, need->set, rr) {
		if (rr->ttl < ttl)
			ttl = rr->ttl;
	}
	return ttl <= INT32_MAX ? ttl : 0; // RFC 2181 8
}

void wv_chain_life_narrow(struct wv_trust_life *life, const struct wv_validation *v,
	const struct wv_validate_rrset *need, bool first)
{
	uint32_t skew = wv_validate_skew(v->env->settings, need->inception, need->expiration);
	uint32_t not_before = need->inception - skew, not_after = need->expiration + skew;
	uint32_t expires = v->env->now.now_s + ttl_of(v->m, need);

	if (wv_time_before(not_after, expires))
		expires = not_after;
	if (first || wv_time_before(life->not_before, not_before))
		life->not_before = not_before;
	if (first || wv_time_before(not_after, life->not_after))
		life->not_after = not_after;
	if (first || wv_time_before(expires, life->expires))
		life->expires = expires;
}

static void emit(struct harvest *h, enum wv_trust_fact_kind kind, const struct wv_name *zone)
{
	h->fact->kind = kind;
	h->fact->zone = *zone;
	h->emit(h->arg, h->fact);
	h->n++;
}

static void emit_insecure(struct harvest *h, const struct wv_name *zone, enum wv_reason reason)
{
	h->fact->size = sizeof(*h->fact);
	h->fact->reason = reason;
	h->fact->n = 0;
	emit(h, WV_FACT_INSECURE, zone);
}

// Canonical order of RDATA (RFC 4034 6.3).
static int rdata_compare(const struct wv_message *m, const struct wv_rr *a, const struct wv_rr *b)
{
	uint16_t n = a->rdlen < b->rdlen ? a->rdlen : b->rdlen;
	int order = memcmp(m->base + a->rdata, m->base + b->rdata, n);

	return order != 0 ? order : (int)a->rdlen - (int)b->rdlen;
}

// The records in canonical order, duplicates once, what is too short for its type left out.
// 0: too many, or none.
static unsigned records_sort(
	const struct wv_message *m, const struct wv_rrset *set, const struct wv_rr *sorted[RECORDS])
{
	unsigned n = 0;

	if (set->n > RECORDS)
		return 0;
	wv_foreach_rr(m, set, rr) {
		unsigned i = n;
		int order = 1;

		if (rr->rdlen < RDATA_FIXED)
			continue;
		while (i > 0 && (order = rdata_compare(m, rr, sorted[i - 1])) < 0)
			i--;
		if (i > 0 && order == 0)
			continue;
		for (unsigned k = n++; k > i; k--)
			sorted[k] = sorted[k - 1];
		sorted[i] = rr;
	}
	return n;
}

// The RDATA of DNSKEY and DS is canonical as it is.
static void emit_records(
	struct harvest *h, enum wv_trust_fact_kind kind, const struct wv_validate_rrset *need)
{
	const struct wv_message *m = h->v->m;
	const struct wv_rr *sorted[RECORDS];
	unsigned n = records_sort(m, need->set, sorted);
	uint8_t *out = h->fact->octets;

	if (n == 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		wv_store16(out, sorted[i]->rdlen);
		memcpy(out + 2, m->base + sorted[i]->rdata, sorted[i]->rdlen);
		out += 2 + sorted[i]->rdlen;
	}
	h->fact->size = (uint32_t)(out - (uint8_t *)h->fact);
	h->fact->reason = WV_REASON_SECURE;
	h->fact->n = (uint16_t)n;
	emit(h, kind, &need->owner);
}

static void harvest_ds(struct harvest *h, const struct wv_validate_rrset *need)
{
	enum wv_reason support =
		wv_validate_ds_support(h->v->m, need->set, h->v->env->settings->sha1);

	if (support == WV_REASON_SECURE)
		emit_records(h, WV_FACT_DS, need);
	else
		emit_insecure(h, &need->owner, support);
}

static void harvest_rrset(struct harvest *h, const struct wv_validate_rrset *need)
{
	if (need->reason != WV_REASON_SECURE || need->is_wildcard)
		return;
	wv_chain_life_narrow(&h->fact->life, h->v, need, true);
	if (need->set->type == WV_TYPE_DNSKEY && h->v->keys_by_ds)
		emit_records(h, WV_FACT_KEYS, need);
	else if (need->set->type == WV_TYPE_DS)
		harvest_ds(h, need);
}

/*
 * The name that is said to have no DS, or NULL: that is where an alias leads. Of names that do not
 * exist, but might be delegations by opt-out, those alone that we asked about: others could make
 * up any number of them.
 */
static const struct wv_name *no_ds_name(const struct harvest *h)
{
	const struct wv_validation *v = h->v;
	bool is_asked = v->kind == WV_KIND_DENIAL && v->m->qtype == WV_TYPE_DS
		&& h->fact->source != WV_TRUST_WIRE;

	if (v->cut.len > 0)
		return &v->cut;
	return is_asked ? &v->qname : NULL;
}

static void harvest_no_ds(struct harvest *h)
{
	const struct wv_validation *v = h->v;
	const struct wv_name *cut = no_ds_name(h);
	enum wv_reason reason = WV_REASON_UNSIGNED;

	switch (v->no_ds) {
	case WV_DENIAL_DS_ABSENT:
		break;
	case WV_DENIAL_DS_OPT_OUT:
		reason = WV_REASON_OPT_OUT;
		break;
	case WV_DENIAL_DS_ITERATIONS:
		reason = WV_REASON_NSEC3_ITERATIONS;
		break;
	case WV_DENIAL_DS_UNPROVEN:
	case WV_DENIAL_DS_NO_CUT:
		return;
	}
	if (cut == NULL)
		return;
	for (unsigned i = 0; i < v->n_needed; i++) // all are verified
		wv_chain_life_narrow(&h->fact->life, v, &v->needed[i], i == 0);
	emit_insecure(h, cut, reason);
}

unsigned wv_chain_harvest(const struct wv_validation *v, enum wv_trust_source source, bool pinned,
	void *scratch, wv_chain_fact_fn emit_fn, void *arg)
{
	struct harvest h = {.v = v, .fact = scratch, .emit = emit_fn, .arg = arg};

	if (v->pending || v->kind == WV_KIND_UNJUDGED)
		return 0;
	h.fact->source = source;
	h.fact->life = (struct wv_trust_life){.pinned = pinned};
	for (unsigned i = 0; i < v->n_needed; i++)
		harvest_rrset(&h, &v->needed[i]);
	harvest_no_ds(&h);
	return h.n;
}
