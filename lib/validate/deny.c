// What is said not to be there: the RRsets that prove it become needed (RFC 4035 5.4, 5155 8).
#include "validate.h"

#define UNPROVEN   8 // RRsets that look expanded without proof; no more are tried: it is bogus
#define SIGNATURES 4 // of an RRset that are looked at to tell whether they are plausible

// NSEC and NSEC3 RRsets of the authority section.
struct offer {
	unsigned n;
	const struct wv_rrset *sets[WV_DENIAL_SETS];
};

/*
 * What a message offers a zone: the RRsets with plausible signatures, which are taken alone at
 * first; and all, since a proof that takes others, too, will fail, and tell why.
 */
struct offers {
	struct wv_validation *v;
	const struct wv_trust_zone *zone; // secure
	struct offer plausible, all;
	struct wv_denial d; // as the last proof left it
};

/*
 * Has the RRset a signature as a record of absence must have it: by the zone, over the owner as it
 * stands? What a wildcard was expanded to has fewer labels, and what a child signed another signer.
 */
static bool is_plausible(
	const struct wv_validation *v, const struct wv_rrset *set, const struct wv_trust_zone *zone)
{
	const uint8_t *base = v->m->base;
	struct wv_name owner;
	struct wv_rrsig sig;
	unsigned n = 0;

	wv_name_unpack(&owner, base, base + set->owner);
	wv_foreach_sig(v->m, set, rr)
	{
		if (n++ == SIGNATURES)
			break;
		if (wv_message_rrsig(v->m, rr, &sig) && sig.labels == wv_validate_labels(&owner)
			&& wv_name_equal_packed(&zone->name, base, base + sig.signer))
			return true;
	}
	return false;
}

static bool is_offered(const struct wv_rrset *set)
{
	return set->section == WV_SECTION_AUTHORITY && set->n > 0 && set->class == WV_CLASS_IN
		&& (set->type == WV_TYPE_NSEC || set->type == WV_TYPE_NSEC3);
}

static void offers_open(struct offers *o, struct wv_validation *v, const struct wv_trust_zone *zone)
{
	const struct wv_message *m = v->m;

	o->v = v;
	o->zone = zone;
	o->plausible.n = o->all.n = 0;
	for (unsigned i = 0; i < m->n_rrsets && o->all.n < WV_DENIAL_SETS; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (!is_offered(set))
			continue;
		o->all.sets[o->all.n++] = set;
		if (is_plausible(v, set, zone))
			o->plausible.sets[o->plausible.n++] = set;
	}
}

// What is sought of an offer.
struct goal {
	enum wv_validate_claim_kind kind;
	const struct wv_name *name;
	uint16_t type; // ABSENT
	uint16_t rcode;
};

static bool offer_proves(
	struct wv_denial *d, const struct goal *goal, struct wv_denial_proof *proof)
{
	switch (goal->kind) {
	case WV_CLAIM_ABSENT:
		wv_denial_absent(d, goal->name, goal->type, proof);
		// That there may be a delegation is no reason to say that there is no name.
		if (goal->rcode == WV_RCODE_NXDOMAIN && proof->opt_out)
			return proof->result == WV_DENIAL_NO_NAME;
		return proof->result != WV_DENIAL_UNPROVEN;
	case WV_CLAIM_CLOSER:
		wv_denial_closer(d, goal->name, proof);
		return proof->result != WV_DENIAL_UNPROVEN;
	case WV_CLAIM_NO_DS:
		*proof = (struct wv_denial_proof){.result = WV_DENIAL_NO_TYPE};
		proof->ds = wv_denial_no_ds(d, goal->name, &proof->used);
		return proof->ds != WV_DENIAL_DS_UNPROVEN;
	}
	return false;
}

// What the proof means for the response once it is verified.
static enum wv_reason proof_reason(const struct goal *goal, const struct wv_denial_proof *proof)
{
	if (goal->kind == WV_CLAIM_NO_DS && proof->ds == WV_DENIAL_DS_NO_CUT)
		return WV_REASON_DS_UNPROVEN; // a name without NS is no place for a referral
	if (proof->above_limit || proof->ds == WV_DENIAL_DS_ITERATIONS)
		return WV_REASON_NSEC3_ITERATIONS;
	if (proof->opt_out || proof->ds == WV_DENIAL_DS_OPT_OUT)
		return WV_REASON_OPT_OUT;
	return WV_REASON_SECURE;
}

static struct wv_validate_claim *claim_add(struct offers *o, const struct goal *goal,
	const struct wv_denial_proof *proof, const struct offer *offer)
{
	struct wv_validation *v = o->v;
	struct wv_validate_claim *claim = &v->claims[v->n_claims++];
	bool about_ds = goal->kind == WV_CLAIM_NO_DS
		|| (goal->kind == WV_CLAIM_ABSENT && goal->type == WV_TYPE_DS);
	struct wv_name owner;

	*claim = (struct wv_validate_claim){
		.kind = goal->kind,
		.reason = proof_reason(goal, proof),
		.ds = proof->ds,
		.no_name = proof->result == WV_DENIAL_NO_NAME,
	};
	for (unsigned i = 0; i < offer->n; i++) {
		const struct wv_validate_rrset *need;

		if ((proof->used >> i & 1) == 0)
			continue;
		wv_name_unpack(&owner, v->m->base, v->m->base + offer->sets[i]->owner);
		need = wv_validate_need(v, offer->sets[i], &owner, o->zone, about_ds);
		if (need != NULL) // else v->owed says so
			claim->needs |= (uint64_t)1 << (need - v->needed);
	}
	return claim;
}

// Find the proof, and make a claim of it; NULL: there is none, and o->d tells why.
static struct wv_validate_claim *prove(struct offers *o, const struct goal *goal)
{
	const struct offer *passes[] = {&o->plausible, &o->all};
	struct wv_denial_proof proof;

	o->d = (struct wv_denial){
		.m = o->v->m,
		.zone = &o->zone->name,
		.limits = &o->v->env->settings->denial,
		.blocks = o->v->sha1_blocks,
	};
	for (unsigned pass = 0; pass < WV_COUNT(passes); pass++) {
		bool proven;

		if (passes[pass]->n == o->d.n) // none, or the same as before
			continue;
		o->d.sets = passes[pass]->sets;
		o->d.n = passes[pass]->n;
		proven = offer_proves(&o->d, goal, &proof);
		o->v->sha1_blocks = o->d.blocks;
		if (proven)
			return claim_add(o, goal, &proof, passes[pass]);
	}
	return NULL;
}

// Is a record of absence signed by a zone between ours and the name? Then there is a cut.
static bool cut_is_between(const struct offers *o, const struct goal *goal)
{
	const struct wv_message *m = o->v->m;
	struct wv_name signer;
	struct wv_rrsig sig;

	for (unsigned i = 0; i < o->all.n; i++) {
		const struct wv_rrset *set = o->all.sets[i];

		if (set->first_sig == WV_MESSAGE_NOTHING
			|| !wv_message_rrsig(m, &m->rrs[set->first_sig], &sig))
			continue;
		wv_name_unpack(&signer, m->base, m->base + sig.signer);
		if (signer.labels > o->zone->name.labels
			&& wv_name_is_within(&signer, &o->zone->name)
			&& wv_name_is_within(goal->name, &signer))
			return true;
	}
	return false;
}

// A chain above the hard limit is bogus for that only where it is the zone's own word. The need,
// as a bit of a claim's.
static uint64_t over_limit_need(struct offers *o)
{
	const struct wv_rrset *set = o->d.over_limit;
	const struct wv_validate_rrset *need;
	struct wv_name owner;

	wv_name_unpack(&owner, o->v->m->base, o->v->m->base + set->owner);
	need = wv_validate_need(o->v, set, &owner, o->zone, false);
	return need != NULL ? (uint64_t)1 << (need - o->v->needed) : 0;
}

// The limit that kept a proof from being looked for; WV_REASON_SECURE: none.
static enum wv_reason limit_reason(const struct wv_denial *d)
{
	if (d->over_limit != NULL)
		return WV_REASON_NSEC3_ITERATIONS_BOGUS;
	if (d->exhausted)
		return WV_REASON_BUDGET_NSEC3_BLOCKS;
	return d->records_cut ? WV_REASON_BUDGET_NSEC3_RECORDS : WV_REASON_SECURE;
}

// Why there is no proof.
static enum wv_reason unproven_reason(struct offers *o, const struct goal *goal)
{
	bool below = goal->type == WV_TYPE_DS || goal->kind == WV_CLAIM_NO_DS;
	bool is_certain = goal->name->labels <= o->zone->name.labels + below;
	enum wv_reason limit = limit_reason(&o->d);

	if (o->d.over_limit != NULL)
		over_limit_need(o);
	if (limit != WV_REASON_SECURE)
		return limit;
	if (wv_validate_undemanded(o->v) && o->all.n == 0)
		return WV_REASON_DO_NOT_SET;
	if (!o->v->env->asked && !is_certain)
		return WV_REASON_NO_CHAIN;
	if (goal->kind == WV_CLAIM_NO_DS || cut_is_between(o, goal))
		return WV_REASON_DS_UNPROVEN;
	return o->all.n > 0 ? WV_REASON_DENIAL_INVALID : WV_REASON_DENIAL_MISSING;
}

enum wv_reason wv_validate_no_ds(
	struct wv_validation *v, const struct wv_trust_zone *zone, const struct wv_name *cut)
{
	struct goal goal = {.kind = WV_CLAIM_NO_DS, .name = cut};
	struct offers o;

	offers_open(&o, v, zone);
	return prove(&o, &goal) != NULL ? WV_REASON_SECURE : unproven_reason(&o, &goal);
}

// The SOA of a negative answer is of the zone that answers (RFC 2308 2); it says how long.
static void need_soa(
	struct wv_validation *v, const struct wv_trust_zone *zone, const struct wv_name *name)
{
	const struct wv_message *m = v->m;
	struct wv_name owner;

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->section != WV_SECTION_AUTHORITY || set->type != WV_TYPE_SOA || set->n == 0
			|| set->class != WV_CLASS_IN)
			continue;
		wv_name_unpack(&owner, m->base, m->base + set->owner);
		if (wv_name_is_within(name, &owner))
			wv_validate_need(v, set, &owner, zone, false);
		else
			wv_validate_owe(v, WV_REASON_DENIAL_INVALID);
	}
}

static bool has_soa_of(const struct wv_message *m, const struct wv_trust_zone *zone)
{
	return wv_message_find(m, WV_SECTION_AUTHORITY, &zone->name, WV_TYPE_SOA) != NULL;
}

/*
 * A resolver puts together what it was told: a name below an unsigned delegation may be denied
 * beside the proof that the delegation has no DS. Then what is denied is insecure. With a SOA of
 * the zone it is that which denies the name: that the name might lie below a delegation in an
 * opt-out span is no excuse then.
 */
static bool prove_cut(struct offers *o, const struct wv_name *name)
{
	struct wv_validation *v = o->v;
	struct goal goal = {.kind = WV_CLAIM_NO_DS, .name = &v->cut};
	struct wv_validate_claim *claim;

	for (unsigned labels = o->zone->name.labels + 1u; labels <= name->labels; labels++) {
		wv_name_ancestor(&v->cut, name, labels);
		claim = prove(o, &goal);
		if (o->d.exhausted)
			break;
		if (claim == NULL)
			continue;
		if (claim->ds == WV_DENIAL_DS_NO_CUT
			|| (claim->ds != WV_DENIAL_DS_ABSENT && has_soa_of(v->m, o->zone))) {
			v->n_claims--;
			continue;
		}
		if (claim->reason == WV_REASON_SECURE)
			claim->reason = WV_REASON_UNSIGNED;
		return true;
	}
	v->cut.len = 0;
	return false;
}

// Beside an alias, and from a resolver, there may be what was learned on the way; but not where the
// zone itself denies, by its SOA.
static bool may_prove_cut(const struct offers *o, uint16_t type)
{
	const struct wv_validation *v = o->v;

	if (o->all.n == 0 || type == WV_TYPE_DS)
		return false;
	return v->kind == WV_KIND_POSITIVE
		|| (v->env->leg == WV_LEG_CLIENT && !has_soa_of(v->m, o->zone));
}

static bool offers_anything(const struct wv_validation *v)
{
	for (unsigned i = 0; i < v->m->n_rrsets; i++) {
		if (is_offered(&v->m->rrsets[i]))
			return true;
	}
	return false;
}

void wv_validate_deny(struct wv_validation *v, const struct wv_trust_zone *zone,
	const struct wv_name *name, uint16_t type)
{
	struct goal goal = {
		.kind = WV_CLAIM_ABSENT,
		.name = name,
		.type = type,
		.rcode = v->m->rcode,
	};
	enum wv_reason reason = wv_validate_zone(v->env, zone);
	struct offers o;

	if (wv_validate_excuses(v, reason) && !offers_anything(v))
		reason = WV_REASON_DO_NOT_SET;
	if (reason != WV_REASON_SECURE) {
		wv_validate_owe(v, reason);
		return;
	}
	offers_open(&o, v, zone);
	if (prove(&o, &goal) == NULL) {
		reason = unproven_reason(&o, &goal);
		if (may_prove_cut(&o, type) && prove_cut(&o, name))
			return;
		wv_validate_owe(v, reason);
	}
	if (type != WV_TYPE_DS) // whose absence says something of a zone, however long
		need_soa(v, zone, name);
}

bool wv_validate_denied(struct wv_validation *v, const struct wv_trust_zone *zone,
	const struct wv_name *name, uint16_t type)
{
	struct goal goal = {
		.kind = WV_CLAIM_ABSENT,
		.name = name,
		.type = type,
		.rcode = v->m->rcode,
	};
	struct offers o;

	if (wv_validate_zone(v->env, zone) != WV_REASON_SECURE)
		return false;
	offers_open(&o, v, zone);
	if (o.plausible.n == 0 || prove(&o, &goal) == NULL)
		return false;
	need_soa(v, zone, name);
	return true;
}

// An RRset whose signature, if it is good, says that it was expanded from a wildcard.
static bool may_be_wildcard(const struct wv_validate_rrset *need)
{
	return !need->settled && !need->own_keys
		&& need->rrsig.labels < wv_validate_labels(&need->owner);
}

// Another RRset that came by the same wildcard to the same name.
static const struct wv_validate_claim *claim_like(
	const struct wv_validation *v, const struct wv_validate_rrset *need, unsigned labels)
{
	for (unsigned i = 0; i < v->n_claims; i++) {
		const struct wv_validate_claim *claim = &v->claims[i];
		const struct wv_validate_rrset *other = &v->needed[claim->of];

		if (claim->kind == WV_CLAIM_CLOSER && claim->labels == labels
			&& other->zone == need->zone && wv_name_equal(&other->owner, &need->owner))
			return claim;
	}
	return NULL;
}

// Instead of a proof: which limit kept it from being looked for. NULL: none.
static struct wv_validate_claim *claim_over_limits(struct offers *o)
{
	struct wv_validation *v = o->v;
	struct wv_validate_claim *claim = &v->claims[v->n_claims];
	enum wv_reason reason = limit_reason(&o->d);

	if (reason == WV_REASON_SECURE)
		return NULL;
	*claim = (struct wv_validate_claim){.kind = WV_CLAIM_CLOSER, .reason = reason};
	if (o->d.over_limit != NULL)
		claim->needs = over_limit_need(o);
	v->n_claims++;
	return claim;
}

// False: there is no proof for it.
static bool expand(struct offers *o, unsigned i)
{
	struct wv_validation *v = o->v;
	struct wv_validate_rrset *need = &v->needed[i];
	bool is_proven;
	struct wv_validate_claim *claim;
	struct wv_name closer;
	struct goal goal = {.kind = WV_CLAIM_CLOSER, .name = &closer};

	if (claim_like(v, need, need->rrsig.labels) != NULL)
		return true;
	// Two are left for what may be denied besides.
	if (v->n_claims + 2 >= WV_VALIDATE_CLAIMS)
		return false;
	if (o->zone != need->zone)
		offers_open(o, v, need->zone);
	wv_name_ancestor(&closer, &need->owner, need->rrsig.labels + 1u);
	claim = prove(o, &goal);
	is_proven = claim != NULL;
	if (!is_proven)
		claim = claim_over_limits(o);
	if (claim == NULL)
		return false;
	claim->of = (uint8_t)i;
	claim->labels = need->rrsig.labels;
	return is_proven;
}

bool wv_validate_expand(struct wv_validation *v)
{
	unsigned n = v->n_needed, claims = v->n_claims, unproven = 0;
	struct offers o = {.v = v, .zone = NULL};

	for (unsigned i = 0; i < n && unproven < UNPROVEN; i++)
		unproven += may_be_wildcard(&v->needed[i]) && !expand(&o, i);
	return v->n_claims > claims;
}

// Every RRset of the claim is verified, and none was itself expanded.
static bool claim_holds(const struct wv_validation *v, const struct wv_validate_claim *claim)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *need = &v->needed[i];

		if ((claim->needs >> i & 1) != 0
			&& (need->reason != WV_REASON_SECURE || need->is_wildcard))
			return false;
	}
	return true;
}

static bool is_part_of_claim(const struct wv_validation *v, unsigned i)
{
	for (unsigned k = 0; k < v->n_claims; k++) {
		if ((v->claims[k].needs >> i & 1) != 0)
			return true;
	}
	return false;
}

// Of an RRset that was expanded: does the wildcard apply?
static enum wv_reason expanded_reason(const struct wv_validation *v, unsigned i)
{
	const struct wv_validate_claim *claim = claim_like(v, &v->needed[i], v->needed[i].labels);

	if (claim == NULL || !claim_holds(v, claim))
		return WV_REASON_WILDCARD_UNPROVEN;
	return claim->reason;
}

enum wv_reason wv_validate_claims(struct wv_validation *v, bool verified)
{
	enum wv_reason reason = WV_REASON_SECURE;

	for (unsigned i = 0; i < v->n_needed; i++) {
		if (v->needed[i].is_wildcard && !is_part_of_claim(v, i))
			reason = wv_reason_worse(reason, expanded_reason(v, i));
	}
	for (unsigned i = 0; i < v->n_claims; i++) {
		const struct wv_validate_claim *claim = &v->claims[i];

		if (claim->kind == WV_CLAIM_CLOSER)
			continue;
		if (claim_holds(v, claim)) {
			if (verified) {
				v->no_ds = claim->ds;
				v->no_name = claim->no_name && v->kind == WV_KIND_DENIAL;
			}
			reason = wv_reason_worse(reason, claim->reason);
		} else {
			reason = wv_reason_worse(reason,
				claim->kind == WV_CLAIM_NO_DS ? WV_REASON_DS_UNPROVEN
							      : WV_REASON_DENIAL_INVALID);
		}
	}
	return reason;
}
