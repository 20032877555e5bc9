// Which RRsets the answer and its proof need (RFC 4035 3.2.3, 5; RFC 6672 5.3; RFC 6840 4).
#include <string.h>

#include "validate.h"

#define FEW 16 // RRsets

static const struct wv_trust_zone *zone_of(
	const struct wv_validation *v, const struct wv_name *name, uint16_t type)
{
	const struct wv_validate_env *env = v->env;

	// The root has no zone above it.
	return type == WV_TYPE_DS && name->labels > 0
		? wv_trust_find_above(env->trust, name, env->now)
		: wv_trust_find(env->trust, name, env->now);
}

// Most names that are looked for are the question's, to which most owners are pointers.
static bool is_owned_by(
	const struct wv_validation *v, const struct wv_rrset *set, const struct wv_name *name)
{
	const uint8_t *base = v->m->base;

	if (name == &v->qname)
		return wv_name_packed_equal(base, base + v->m->qname, base + set->owner);
	return wv_name_equal_packed(name, base, base + set->owner);
}

// The RRset of a name and type, or NULL. Looking through a few is faster than a hash of the name.
static const struct wv_rrset *find(const struct wv_validation *v, enum wv_section section,
	const struct wv_name *owner, uint16_t type)
{
	const struct wv_message *m = v->m;

	if (wv_unlikely(m->n_rrsets > FEW))
		return wv_message_find(m, section, owner, type);
	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->type == type && set->section == section && set->n > 0
			&& set->class == WV_CLASS_IN && is_owned_by(v, set, owner))
			return set;
	}
	return NULL;
}

// The NSEC RRset at a zone cut is the parent's unless the child signed it.
static bool nsec_is_parents(const struct wv_validation *v, const struct wv_rrset *set,
	const struct wv_name *owner, const struct wv_trust_zone *zone)
{
	struct wv_rrsig sig;

	if (set->n_sigs == 0 || zone == NULL || !wv_name_equal(&zone->name, owner))
		return false;
	wv_foreach_sig(v->m, set, rr)
	{
		if (wv_message_rrsig(v->m, rr, &sig)
			&& wv_name_equal_packed(owner, v->m->base, v->m->base + sig.signer))
			return false;
	}
	return true;
}

// Need an RRset of the answer section.
static struct wv_validate_rrset *need_answer(
	struct wv_validation *v, const struct wv_rrset *set, const struct wv_name *owner)
{
	const struct wv_trust_zone *zone = zone_of(v, owner, set->type);
	bool parent_side = set->type == WV_TYPE_DS;

	if (set->type == WV_TYPE_NSEC && nsec_is_parents(v, set, owner, zone)) {
		zone = zone_of(v, owner, WV_TYPE_DS);
		parent_side = true;
	}
	return wv_validate_need(v, set, owner, zone, parent_side);
}

// The name that a CNAME or DNAME leads to; false: several, or none that can be read.
static bool alias_target(
	const struct wv_validation *v, const struct wv_rrset *set, struct wv_name *name)
{
	const struct wv_message *m = v->m;
	struct wv_name other;

	wv_foreach_rr(m, set, rr) {
		bool first = rr == wv_message_rr(m, set->first);
		struct wv_name *to = first ? name : &other;

		size_t used = wv_message_rdata_name(m, rr, 0, to);

		if (used == 0 || used != rr->rdlen)
			return false;
		if (!first && !wv_name_equal(name, &other)) // the same twice is one
			return false;
	}
	return true;
}

// What one step along a chain of aliases found at a name.
enum step {
	STEP_NOTHING,
	STEP_ALIAS,    // goes on at the target
	STEP_DONE,     // what was asked for
	STEP_TOO_LONG, // a DNAME whose substitution is no name (RFC 6672 2.2)
	STEP_BROKEN,   // an alias that cannot be followed
};

// The DNAME closest above a name, and its owner.
static const struct wv_rrset *dname_above(
	const struct wv_validation *v, const struct wv_name *name, struct wv_name *owner)
{
	const struct wv_message *m = v->m;
	const struct wv_rrset *best = NULL;
	struct wv_name other;

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->type != WV_TYPE_DNAME || set->section != WV_SECTION_ANSWER || set->n == 0
			|| set->class != WV_CLASS_IN)
			continue;
		wv_name_unpack(&other, m->base, m->base + set->owner);
		if (other.labels >= name->labels || !wv_name_is_within(name, &other)
			|| (best != NULL && other.labels <= owner->labels))
			continue;
		best = set;
		name_copy(owner, &other);
	}
	return best;
}

// RFC 6672 2.2: `owner` at the end of `name` gives way to the DNAME's target.
static enum step dname_substitute(const struct wv_validation *v, const struct wv_rrset *dname,
	const struct wv_name *owner, const struct wv_name *name, struct wv_name *target)
{
	size_t prefix = (size_t)(name->len - owner->len);
	struct wv_name to;

	if (!alias_target(v, dname, &to))
		return STEP_BROKEN;
	if (prefix + to.len > WV_NAME_MAX)
		return STEP_TOO_LONG;
	memcpy(target->octets, name->octets, prefix);
	memcpy(target->octets + prefix, to.octets, to.len);
	target->len = (uint8_t)(prefix + to.len);
	target->labels = (uint8_t)(name->labels - owner->labels + to.labels);
	return STEP_ALIAS;
}

// RFC 6672 5.3.1: an unsigned CNAME below a DNAME is the DNAME's, if it says the same.
static enum step need_synthesised(struct wv_validation *v, const struct wv_rrset *cname,
	const struct wv_name *name, unsigned dname, enum step step, const struct wv_name *target)
{
	struct wv_validate_rrset *need;
	unsigned n = v->n_needed;
	struct wv_name to;

	// Settled here, since it is unsigned; in the end its reason is that of the DNAME.
	need = wv_validate_need(v, cname, name, v->needed[dname].zone, false);
	if (need == NULL || v->n_needed == n)
		return STEP_BROKEN; // over budget, or a loop
	need->follows = (uint8_t)dname;
	need->contradicts =
		step != STEP_ALIAS || !alias_target(v, cname, &to) || !wv_name_equal(&to, target);
	return need->contradicts ? STEP_BROKEN : STEP_ALIAS;
}

static enum step step_dname(struct wv_validation *v, const struct wv_rrset *dname,
	const struct wv_name *owner, const struct wv_rrset *cname, const struct wv_name *name,
	struct wv_name *target)
{
	bool first = v->n_needed == 0;
	struct wv_validate_rrset *need = need_answer(v, dname, owner);
	enum step step;

	if (need == NULL)
		return STEP_BROKEN;
	step = dname_substitute(v, dname, owner, name, target);
	if (cname == NULL) // a server that makes none; but one that stopped making them ends here
		return step == STEP_ALIAS && !first ? STEP_NOTHING : step;
	step = need_synthesised(v, cname, name, (unsigned)(need - v->needed), step, target);
	return step == STEP_ALIAS && v->m->qtype == WV_TYPE_CNAME ? STEP_DONE : step;
}

static enum step step_cname(struct wv_validation *v, const struct wv_rrset *cname,
	const struct wv_name *name, struct wv_name *target)
{
	unsigned n = v->n_needed;

	if (need_answer(v, cname, name) == NULL || v->n_needed == n)
		return STEP_BROKEN; // over budget, or a loop
	if (v->m->qtype == WV_TYPE_CNAME)
		return STEP_DONE;
	return alias_target(v, cname, target) ? STEP_ALIAS : STEP_BROKEN;
}

static bool is_synthesised(
	const struct wv_validation *v, const struct wv_rrset *cname, const struct wv_name *name)
{
	struct wv_name owner;

	return cname->type == WV_TYPE_CNAME && cname->n_sigs == 0
		&& dname_above(v, name, &owner) != NULL;
}

// ANY: all that is there, but for a CNAME that follows from a DNAME.
static bool need_any(struct wv_validation *v, const struct wv_name *name)
{
	const struct wv_message *m = v->m;
	bool found = false;

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->section != WV_SECTION_ANSWER || set->n == 0 || set->class != WV_CLASS_IN
			|| !wv_name_equal_packed(name, m->base, m->base + set->owner)
			|| is_synthesised(v, set, name))
			continue;
		need_answer(v, set, name);
		found = true;
	}
	return found;
}

static bool need_asked(struct wv_validation *v, const struct wv_name *name)
{
	const struct wv_rrset *set;

	if (v->m->qtype == WV_TYPE_ANY)
		return need_any(v, name);
	if (v->m->qtype == WV_TYPE_CNAME)
		return false; // an alias like the others, but not followed
	set = find(v, WV_SECTION_ANSWER, name, v->m->qtype);
	if (set == NULL)
		return false;
	need_answer(v, set, name);
	return true;
}

static enum step step_take(
	struct wv_validation *v, const struct wv_name *name, struct wv_name *target)
{
	const struct wv_rrset *cname, *dname = NULL;
	struct wv_name owner;

	if (need_asked(v, name))
		return STEP_DONE;
	cname = find(v, WV_SECTION_ANSWER, name, WV_TYPE_CNAME);
	if (cname == NULL || cname->n_sigs == 0)
		dname = dname_above(v, name, &owner);
	if (dname != NULL)
		return step_dname(v, dname, &owner, cname, name, target);
	return cname != NULL ? step_cname(v, cname, name, target) : STEP_NOTHING;
}

// Upstream a resolver asks anew for what lies in another zone than the first owner.
static bool is_left(const struct wv_validation *v, const struct wv_name *name)
{
	const struct wv_trust_zone *from = v->needed[0].zone, *to;

	if (v->env->leg != WV_LEG_UPSTREAM)
		return false;
	to = zone_of(v, name, v->m->qtype);
	if (from == NULL || to == NULL)
		return from != to;
	return !wv_name_equal(&from->name, &to->name);
}

static bool authority_has(const struct wv_message *m, uint16_t type)
{
	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->section == WV_SECTION_AUTHORITY && set->type == type && set->n > 0)
			return true;
	}
	return false;
}

static bool has_proof(const struct wv_message *m)
{
	return authority_has(m, WV_TYPE_NSEC) || authority_has(m, WV_TYPE_NSEC3);
}

/*
 * Does an answer that ended so owe the proof that something is not there? Nobody signs the rcode:
 * where what was asked for is there, that is the outcome, whatever else is said of the name.
 */
static bool denial_is_owed(const struct wv_validation *v, enum step step, bool expanded)
{
	const struct wv_message *m = v->m;

	if (step == STEP_DONE || step == STEP_TOO_LONG)
		return false;
	if (m->rcode != WV_RCODE_NOERROR)
		return true;
	if (v->env->leg == WV_LEG_CLIENT || authority_has(m, WV_TYPE_SOA))
		return true;
	// Beside an NS RRset they are about a cut: see plan_way_on(). Or they were for a wildcard.
	return !expanded && has_proof(m) && !authority_has(m, WV_TYPE_NS);
}

// Does the SOA of a denial say that the answer comes from above the zone?
static bool soa_is_above(const struct wv_validation *v, const struct wv_trust_zone *zone)
{
	const struct wv_message *m = v->m;
	struct wv_name owner;

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->section != WV_SECTION_AUTHORITY || set->type != WV_TYPE_SOA || set->n == 0)
			continue;
		wv_name_unpack(&owner, m->base, m->base + set->owner);
		return owner.labels < zone->name.labels && wv_name_is_within(&zone->name, &owner);
	}
	return false;
}

/*
 * A delegation may have gone since we learned of it: with its own SOA the zone above may say that
 * there is none, which no record of its chain does as long as there is one. An anchor stays, but
 * does not make a zone: where no DNSKEY set was ever seen there, and no DS either, it is alike.
 */
static bool may_be_gone(const struct wv_validation *v, const struct wv_trust_zone *zone)
{
	if (zone->is_anchor)
		return zone->n_dssets == 1 && zone->n_keysets == 0;
	return wv_trust_status_at(zone, v->env->now) != WV_TRUST_INSECURE;
}

static const struct wv_trust_zone *denial_zone(
	const struct wv_validation *v, const struct wv_trust_zone *zone)
{
	const struct wv_validate_env *env = v->env;

	while (zone != NULL && may_be_gone(v, zone) && soa_is_above(v, zone))
		zone = wv_trust_find_above(env->trust, &zone->name, env->now);
	return zone;
}

// Something is said not to be there.
static void deny(struct wv_validation *v, const struct wv_name *name)
{
	const struct wv_trust_zone *zone = zone_of(v, name, v->m->qtype);
	const struct wv_trust_zone *above = denial_zone(v, zone);

	// What is known of a zone is given up for a proof alone.
	if (above != zone && !zone->is_anchor && wv_validate_denied(v, above, name, v->m->qtype))
		return;
	wv_validate_deny(v, zone != NULL && zone->is_anchor ? above : zone, name, v->m->qtype);
}

// The NS RRset of a delegation that leads towards `name`; *lame: there are others alone.
static bool find_cut(
	const struct wv_validation *v, const struct wv_name *name, struct wv_name *cut, bool *lame)
{
	const struct wv_message *m = v->m;

	*lame = false;
	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->section != WV_SECTION_AUTHORITY || set->type != WV_TYPE_NS || set->n == 0
			|| set->class != WV_CLASS_IN)
			continue;
		wv_name_unpack(cut, m->base, m->base + set->owner);
		*lame = cut->labels == 0 || !wv_name_is_within(name, cut);
		if (!*lame)
			return true;
	}
	return false;
}

// Upstream: no answer, but the name servers to be asked.
static bool is_referral(const struct wv_validation *v)
{
	const struct wv_message *m = v->m;

	return v->env->leg == WV_LEG_UPSTREAM && m->rcode == WV_RCODE_NOERROR
		&& m->section_rr[WV_SECTION_ANSWER] == m->section_rr[WV_SECTION_AUTHORITY]
		&& !authority_has(m, WV_TYPE_SOA);
}

// An authoritative answer with the name servers of the very zone it is from leads nowhere.
static bool is_own_cut(const struct wv_validation *v)
{
	const struct wv_trust_zone *zone = zone_of(v, &v->qname, v->m->qtype);

	return (v->m->flags & WV_FLAG_AA) != 0 && zone != NULL && v->cut.labels <= zone->name.labels
		&& !has_proof(v->m) && find(v, WV_SECTION_AUTHORITY, &v->cut, WV_TYPE_DS) == NULL;
}

// The referral does not say whether `cut` has a DS; but it may be known.
static enum wv_reason cut_reason(
	const struct wv_validation *v, const struct wv_name *cut, enum wv_reason unproven)
{
	const struct wv_validate_env *env = v->env;
	const struct wv_trust_zone *known = wv_trust_get(env->trust, cut, env->now);

	if (known != NULL && wv_trust_status_at(known, env->now) == WV_TRUST_INSECURE)
		return known->reason;
	return unproven;
}

static void plan_referral(struct wv_validation *v)
{
	const struct wv_trust_zone *zone = zone_of(v, &v->cut, WV_TYPE_DS);
	const struct wv_rrset *ds = find(v, WV_SECTION_AUTHORITY, &v->cut, WV_TYPE_DS);
	enum wv_reason reason;

	v->kind = WV_KIND_REFERRAL;
	if (ds != NULL) {
		wv_validate_need(v, ds, &v->cut, zone, true);
		return;
	}
	reason = wv_validate_zone(v->env, zone);
	if (wv_validate_excuses(v, reason) && !has_proof(v->m))
		reason = WV_REASON_DO_NOT_SET;
	if (reason != WV_REASON_SECURE) {
		wv_validate_owe(v, reason);
		return;
	}
	reason = wv_validate_no_ds(v, zone, &v->cut);
	if (reason != WV_REASON_SECURE)
		wv_validate_owe(v, cut_reason(v, &v->cut, reason));
}

/*
 * Upstream, an alias whose target lies below a cut may come with what a referral there would say.
 * It is judged where it says anything about DS.
 */
static void plan_way_on(struct wv_validation *v, const struct wv_name *target)
{
	const struct wv_trust_zone *from = v->needed[0].zone, *zone;
	const struct wv_rrset *ds;
	struct wv_name cut;
	bool lame;

	if (from == NULL || !find_cut(v, target, &cut, &lame))
		return;
	zone = zone_of(v, &cut, WV_TYPE_DS);
	if (zone == NULL || !wv_name_equal(&zone->name, &from->name))
		return;
	ds = find(v, WV_SECTION_AUTHORITY, &cut, WV_TYPE_DS);
	if (ds != NULL)
		wv_validate_need(v, ds, &cut, zone, true);
	else if (wv_validate_zone(v->env, zone) == WV_REASON_SECURE
		&& wv_validate_no_ds(v, zone, &cut) == WV_REASON_SECURE)
		name_copy(&v->cut, &cut);
}

// The parent's answer to a question for DS; the child's own has its SOA at the name.
static bool is_parents_word(const struct wv_validation *v)
{
	return v->m->qtype == WV_TYPE_DS && v->m->rcode == WV_RCODE_NOERROR
		&& find(v, WV_SECTION_AUTHORITY, &v->qname, WV_TYPE_SOA) == NULL;
}

static void plan_denial(struct wv_validation *v)
{
	v->kind = WV_KIND_DENIAL;
	if (is_parents_word(v))
		name_copy(&v->cut, &v->qname);
	deny(v, &v->qname);
}

// A limit that was reached counts where signatures decide; elsewhere there was nothing to spend.
static void owe_budget(struct wv_validation *v, const struct wv_name *name, enum wv_reason budget)
{
	enum wv_reason reason = wv_validate_zone(v->env, zone_of(v, name, v->m->qtype));

	wv_validate_owe(v, reason == WV_REASON_SECURE ? budget : reason);
}

// False: the answer has nothing at the name asked for.
static bool plan_positive(struct wv_validation *v)
{
	struct wv_name target[2];
	const struct wv_name *name = &v->qname;
	bool expanded;
	enum step step;
	unsigned links = 0;

	target[0].len = target[0].labels = 0;
	target[1].len = target[1].labels = 0;
	while ((step = step_take(v, name, &target[links & 1])) == STEP_ALIAS) {
		name = &target[links++ & 1];
		if (is_left(v, name)) {
			wv_validate_expand(v);
			plan_way_on(v, name);
			return true;
		}
		if (links > v->env->settings->cname_chain) {
			owe_budget(v, name, WV_REASON_BUDGET_CNAME_CHAIN);
			return true;
		}
	}
	if (links == 0 && step == STEP_NOTHING)
		return false;
	v->kind = WV_KIND_POSITIVE;
	expanded = wv_validate_expand(v);
	if (denial_is_owed(v, step, expanded))
		deny(v, name);
	else if (step == STEP_NOTHING && v->env->leg == WV_LEG_UPSTREAM)
		plan_way_on(v, name);
	return true;
}

// Each step along a chain looks at all of them, and needs one at most.
static bool dnames_are_many(const struct wv_validation *v)
{
	const struct wv_message *m = v->m;
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_rrsets; i++)
		n += m->rrsets[i].type == WV_TYPE_DNAME
			&& m->rrsets[i].section == WV_SECTION_ANSWER;
	return n > v->env->settings->cname_chain;
}

void wv_validate_plan(struct wv_validation *v)
{
	bool lame = false;

	if (wv_unlikely(v->m->rrsets_cut)) { // what is needed may be among what was not told apart
		owe_budget(v, &v->qname, WV_REASON_BUDGET_NEEDED_RRSETS);
		return;
	}
	if (wv_unlikely(v->m->n_rrsets > FEW) && dnames_are_many(v)) {
		owe_budget(v, &v->qname, WV_REASON_BUDGET_CNAME_CHAIN);
		return;
	}
	if (plan_positive(v)) {
		v->kind = WV_KIND_POSITIVE;
		return;
	}
	if (is_referral(v) && find_cut(v, &v->qname, &v->cut, &lame) && !is_own_cut(v)) {
		plan_referral(v);
		return;
	}
	v->cut.len = 0;
	if (lame) {
		v->kind = WV_KIND_REFERRAL;
		wv_validate_owe(v, WV_REASON_LAME);
		return;
	}
	plan_denial(v);
}
