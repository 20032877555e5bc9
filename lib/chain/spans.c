// Proofs of absence that are kept (RFC 8198), for the status of zones alone.
#include <stdlib.h>
#include <string.h>

#include "builder.h"

#define WAYS 16 // spans of one zone, or of zones and names that share a set

// An NSEC record; or, without a next name, one name that is known to be no cut.
struct span {
	struct wv_name zone, owner;
	struct wv_name next;
	struct wv_trust_life life;
	bool ns, soa, ds, dname;
	bool below;
};

struct set {
	unsigned turn; // the way that is used anew next, where all are live
	struct span ways[WAYS];
};

struct spans {
	uint32_t seed;
	unsigned mask;
	struct set sets[];
};

static unsigned sets_for(unsigned n)
{
	unsigned sets = 1;

	while (sets * WAYS < n)
		sets *= 2;
	return sets;
}

size_t wv_builder_spans_memory(unsigned n)
{
	return sizeof(struct spans) + sets_for(n) * sizeof(struct set);
}

struct spans *wv_builder_spans_create(unsigned n, uint32_t seed)
{
	struct spans *s = calloc(1, wv_builder_spans_memory(n));

	if (s != NULL) {
		s->seed = seed;
		s->mask = sets_for(n) - 1;
	}
	return s;
}

void wv_builder_spans_destroy(struct spans *s)
{
	free(s);
}

// The spans of a zone stand together, for any of them may cover a name; single names by themselves.
static struct set *set_of(const struct spans *s, const struct wv_name *key)
{
	return (struct set *)(uintptr_t)&s->sets[wv_name_hash(key, s->seed) & s->mask];
}

// Where a span goes: over its predecessor, an empty or dead one, or whose turn it is.
static struct span *way_for(struct set *set, const struct wv_name *zone,
	const struct wv_name *owner, struct wv_time now)
{
	struct span *best = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct span *way = &set->ways[i];

		if (way->owner.len != 0 && wv_name_equal(&way->owner, owner)
			&& wv_name_equal(&way->zone, zone))
			return way;
		if (way->owner.len == 0 || !wv_trust_is_live(&way->life, now))
			best = way;
	}
	return best != NULL ? best : &set->ways[set->turn++ % WAYS];
}

// The last of a zone leads to its apex.
static bool is_last(const struct span *span)
{
	return wv_name_compare(&span->next, &span->owner) <= 0;
}

static bool span_read(
	struct span *span, const struct wv_message *m, const struct wv_validate_rrset *need)
{
	const struct wv_rr *rr = wv_message_rr(m, need->set->first);
	const uint8_t *bitmap;
	size_t used, len;
	bool ok;

	*span = (struct span){.zone = need->zone->name, .owner = need->owner};
	used = wv_message_rdata_name(m, rr, 0, &span->next);
	if (used == 0 || used != span->next.len || !wv_name_is_within(&span->next, &span->zone)
		|| !wv_name_is_within(&span->owner, &span->zone))
		return false;
	if (is_last(span) && !wv_name_equal(&span->next, &span->zone))
		return false;
	bitmap = m->base + rr->rdata + used;
	len = rr->rdlen - used;
	span->ns = wv_denial_bitmap_has(bitmap, len, WV_TYPE_NS, &ok);
	span->soa = wv_denial_bitmap_has(bitmap, len, WV_TYPE_SOA, &ok);
	span->ds = wv_denial_bitmap_has(bitmap, len, WV_TYPE_DS, &ok);
	span->dname = wv_denial_bitmap_has(bitmap, len, WV_TYPE_DNAME, &ok);
	return ok
		&& (!span->soa || wv_name_equal(&span->owner, &span->zone)); // else a zone's below
}

// Proven for its very owner: what was expanded from a wildcard says nothing about others.
static bool is_proven_nsec(const struct wv_validate_rrset *need)
{
	return need->reason == WV_REASON_SECURE && !need->is_wildcard && need->signer != 0
		&& need->set->type == WV_TYPE_NSEC && need->set->n == 1 && need->zone != NULL;
}

void wv_builder_spans_learn(struct spans *s, const struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *need = &v->needed[i];
		struct span span;

		if (!is_proven_nsec(need) || !span_read(&span, v->m, need))
			continue;
		wv_chain_life_narrow(&span.life, v, need, true);
		*way_for(set_of(s, &span.zone), &span.zone, &span.owner, v->env->now) = span;
	}
}

void wv_builder_spans_note(struct spans *s, const struct wv_validation *v,
	const struct wv_name *zone, const struct wv_name *name, bool below)
{
	struct span span = {.zone = *zone, .owner = *name, .below = below};

	for (unsigned i = 0; i < v->n_needed; i++)
		wv_chain_life_narrow(&span.life, v, &v->needed[i], i == 0);
	if (v->n_needed > 0)
		*way_for(set_of(s, name), zone, name, v->env->now) = span;
}

// What the owner's own record says of it (RFC 6840 4.1, 4.4).
static enum span_word owner_word(const struct span *span)
{
	if (!span->ns)
		return SPAN_NO_CUT;
	return span->soa || span->ds ? SPAN_SILENT : SPAN_INSECURE;
}

static bool covers(const struct span *span, const struct wv_name *name)
{
	if (wv_name_compare(&span->owner, name) >= 0)
		return false;
	// Below a delegation or DNAME the zone says nothing.
	if (((span->ns && !span->soa) || span->dname) && wv_name_is_within(name, &span->owner))
		return false;
	return is_last(span) || wv_name_compare(name, &span->next) < 0;
}

static enum span_word span_word(const struct span *span, const struct wv_name *name)
{
	if (wv_name_equal(&span->owner, name)) {
		if (span->next.len == 0)
			return span->below ? SPAN_NOTHING_BELOW : SPAN_NO_CUT;
		return owner_word(span);
	}
	return span->next.len != 0 && covers(span, name) ? SPAN_NO_CUT : SPAN_SILENT;
}

static enum span_word set_find(const struct set *set, const struct wv_name *zone,
	const struct wv_name *name, struct wv_time now, struct wv_trust_life *life)
{
	for (unsigned i = 0; i < WAYS; i++) {
		const struct span *span = &set->ways[i];
		enum span_word word;

		if (span->owner.len == 0 || !wv_name_equal(&span->zone, zone)
			|| !wv_trust_is_live(&span->life, now))
			continue;
		word = span_word(span, name);
		if (word != SPAN_SILENT) {
			*life = span->life;
			return word;
		}
	}
	return SPAN_SILENT;
}

enum span_word wv_builder_spans_find(const struct spans *s, const struct wv_name *zone,
	const struct wv_name *name, struct wv_time now, struct wv_trust_life *life)
{
	enum span_word word = set_find(set_of(s, name), zone, name, now, life);

	return word != SPAN_SILENT ? word : set_find(set_of(s, zone), zone, name, now, life);
}
