// Proofs by NSEC (RFC 4035 5.4, RFC 6840 4).
#include <string.h>

#include "denial.h"

struct nsec {
	struct wv_name owner, next;
	struct types types;
	unsigned set;
};

struct nsecs {
	const struct wv_name *zone;
	unsigned n;
	struct nsec record[WV_DENIAL_SETS];
};

// More than one NSEC at a name is a zone that contradicts itself; the same twice is one.
static bool is_one(const struct wv_message *m, const struct wv_rrset *set)
{
	const struct wv_rr *first = wv_message_rr(m, set->first);

	wv_foreach_rr(m, set, rr) {
		if (rr->rdlen != first->rdlen
			|| memcmp(m->base + rr->rdata, m->base + first->rdata, rr->rdlen) != 0)
			return false;
	}
	return true;
}

static bool nsec_read(struct nsec *r, const struct wv_denial *d, const struct wv_rrset *set)
{
	const struct wv_message *m = d->m;
	const struct wv_rr *rr;
	size_t used;

	if (!denial_is_type(set, WV_TYPE_NSEC) || !is_one(m, set))
		return false;
	rr = wv_message_rr(m, set->first);
	used = wv_message_rdata_name(m, rr, 0, &r->next);
	// It is never compressed (RFC 4034 4.1.1), and a chain does not leave its zone.
	if (used == 0 || used != r->next.len || !wv_name_is_within(&r->next, d->zone))
		return false;
	wv_name_unpack(&r->owner, m->base, m->base + set->owner);
	return wv_name_is_within(&r->owner, d->zone)
		&& wv_denial_types_read(
			&r->types, m->base + rr->rdata + used, (size_t)rr->rdlen - used);
}

static void nsecs_collect(struct nsecs *all, const struct wv_denial *d)
{
	all->zone = d->zone;
	all->n = 0;
	for (unsigned i = 0; i < d->n && i < WV_DENIAL_SETS; i++) {
		if (!nsec_read(&all->record[all->n], d, d->sets[i]))
			continue;
		all->record[all->n++].set = i;
	}
}

static bool is_apex(const struct nsecs *all, const struct nsec *r)
{
	return r->owner.labels == all->zone->labels;
}

static const struct nsec *nsec_at(const struct nsecs *all, const struct wv_name *name)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (wv_name_equal(&all->record[i].owner, name))
			return &all->record[i];
	}
	return NULL;
}

// The record whose span holds the name. The last one of a zone leads back to its apex.
static const struct nsec *nsec_over(const struct nsecs *all, const struct wv_name *name)
{
	for (unsigned i = 0; i < all->n; i++) {
		const struct nsec *r = &all->record[i];

		if (wv_name_compare(&r->owner, name) >= 0)
			continue;
		if (wv_name_compare(name, &r->next) >= 0 && !wv_name_equal(&r->next, all->zone))
			continue;
		if (types_end_zone(&r->types, is_apex(all, r))
			&& wv_name_is_within(name, &r->owner))
			continue;
		return r;
	}
	return NULL;
}

static unsigned common_labels(const struct wv_name *a, const struct wv_name *b)
{
	unsigned labels = a->labels < b->labels ? a->labels : b->labels;
	struct wv_name at, bt;

	for (;; labels--) {
		wv_name_ancestor(&at, a, labels);
		wv_name_ancestor(&bt, b, labels);
		if (wv_name_equal(&at, &bt))
			return labels;
	}
}

// The wildcard at the closest encloser of a name in a span: the ancestor it shares with an end.
static void wildcard_of(
	struct wv_name *wildcard, const struct nsec *span, const struct wv_name *name)
{
	unsigned left = common_labels(name, &span->owner);
	unsigned right = common_labels(name, &span->next);

	wv_name_ancestor(wildcard, name, left > right ? left : right);
	wv_name_wildcard(wildcard, wildcard); // fits: it takes the place of a label or more
}

// There is no delegation, but where a record at the name itself says otherwise.
static bool prove(struct wv_denial_proof *proof, enum wv_denial_result result, const struct nsec *a,
	const struct nsec *b)
{
	*proof = (struct wv_denial_proof){
		.result = result,
		.used = 1u << a->set | 1u << b->set,
		.ds = WV_DENIAL_DS_NO_CUT,
	};
	return true;
}

// What is there if only the wildcard can answer.
static bool wildcard_absent(const struct nsecs *all, const struct nsec *span,
	const struct wv_name *name, uint16_t type, struct wv_denial_proof *proof)
{
	const struct nsec *other;
	struct wv_name wildcard;

	wildcard_of(&wildcard, span, name);
	other = nsec_at(all, &wildcard);
	if (other != NULL) {
		return wv_denial_types_lack(&other->types, type, false)
			&& prove(proof, WV_DENIAL_NO_TYPE, span, other);
	}
	other = nsec_over(all, &wildcard);
	if (other == NULL)
		return false;
	if (wv_name_is_within(&other->next, &wildcard)) // names below it: an empty non-terminal
		return prove(proof, WV_DENIAL_NO_TYPE, span, other);
	return prove(proof, WV_DENIAL_NO_NAME, span, other);
}

bool wv_denial_nsec_absent(const struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof)
{
	const struct nsec *r;
	struct nsecs all;

	nsecs_collect(&all, d);
	r = nsec_at(&all, name);
	if (r != NULL) {
		if (!wv_denial_types_lack(&r->types, type, name->labels == 0))
			return false;
		prove(proof, WV_DENIAL_NO_TYPE, r, r);
		proof->ds = wv_denial_types_ds(&r->types);
		return true;
	}
	r = nsec_over(&all, name);
	if (r == NULL)
		return false;
	if (wv_name_is_within(&r->next, name)) // an empty non-terminal
		return prove(proof, WV_DENIAL_NO_TYPE, r, r);
	return wildcard_absent(&all, r, name, type, proof);
}

bool wv_denial_nsec_closer(
	const struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof)
{
	const struct nsec *r;
	struct nsecs all;

	nsecs_collect(&all, d);
	r = nsec_over(&all, closer);
	return r != NULL && !wv_name_is_within(&r->next, closer)
		&& prove(proof, WV_DENIAL_NO_CLOSER, r, r);
}

enum wv_denial_ds wv_denial_nsec_ds(
	const struct wv_denial *d, const struct wv_name *name, uint32_t *used)
{
	uint32_t hash = wv_name_hash(name, d->m->seed);
	struct nsec r;

	for (unsigned i = 0; i < d->n && i < WV_DENIAL_SETS; i++) {
		if (d->sets[i]->owner_hash != hash || !nsec_read(&r, d, d->sets[i])
			|| !wv_name_equal(&r.owner, name))
			continue;
		*used = 1u << i;
		return wv_denial_types_ds(&r.types);
	}
	return WV_DENIAL_DS_UNPROVEN;
}
