#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define RDATA_FIXED 4 // octets before the key or digest, in DNSKEY and DS alike

static_assert(offsetof(struct wv_trust_fact, octets) == sizeof(struct wv_trust_fact),
	"the size of a fact counts the octets from the end of the struct");

static uint32_t octets_len(const struct wv_trust_fact *fact)
{
	return fact->size - (uint32_t)sizeof(*fact);
}

static bool name_is_sound(const struct wv_name *name)
{
	unsigned pos = 0;
	unsigned labels = 0;

	if (name->len == 0)
		return false;
	while (name->octets[pos] != 0) {
		unsigned end = pos + 1u + name->octets[pos];

		if (name->octets[pos] > 63 || end >= name->len)
			return false;
		for (pos++; pos < end; pos++) {
			if (name->octets[pos] >= 'A' && name->octets[pos] <= 'Z')
				return false;
		}
		labels++;
	}
	return pos + 1 == name->len && labels == name->labels;
}

// RFC 4034 6.3: octet by octet, a shorter one first where it is the beginning of the other.
static bool rdata_before(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order < 0 || (order == 0 && a_len < b_len);
}

static bool records_are_sound(const struct wv_trust_fact *fact)
{
	struct wv_wire w = wv_wire_open(fact->octets, octets_len(fact));
	const uint8_t *last = NULL;
	size_t last_len = 0;

	for (unsigned i = 0; i < fact->n; i++) {
		uint16_t len = wv_wire_u16(&w);
		const uint8_t *rdata = wv_wire_take(&w, len);

		if (rdata == NULL || len < RDATA_FIXED)
			return false;
		if (last != NULL && !rdata_before(last, last_len, rdata, len))
			return false;
		last = rdata;
		last_len = len;
	}
	return fact->n > 0 && wv_wire_left(&w) == 0;
}

static bool says(const struct wv_trust_fact *fact, enum wv_verdict verdict)
{
	return fact->n == 0 && octets_len(fact) == 0 && (unsigned)fact->reason < WV_REASON_COUNT
		&& wv_reason_verdict(fact->reason) == verdict;
}

static bool fact_is_sound(const struct wv_trust_fact *fact)
{
	if (fact->size < sizeof(*fact) || !name_is_sound(&fact->zone))
		return false;
	switch (fact->kind) {
	case WV_FACT_KEYS:
	case WV_FACT_DS:
		return records_are_sound(fact);
	case WV_FACT_INSECURE:
		return says(fact, WV_VERDICT_INSECURE);
	case WV_FACT_BOGUS:
		return says(fact, WV_VERDICT_BOGUS);
	}
	return false;
}

// As long as a fact is taken for true: its life, but for BOGUS, which nobody signed, not for long.
static struct wv_trust_origin fact_origin(const struct wv_trust_fact *fact, struct wv_time now)
{
	struct wv_trust_origin from = {
		.life = fact->life,
		.source = fact->source,
		.since_s = now.now_s,
	};

	if (fact->kind == WV_FACT_BOGUS && now.checked
		&& wv_time_before(now.now_s + WV_TRUST_BOGUS_S, fact->life.expires))
		from.life.expires = now.now_s + WV_TRUST_BOGUS_S;
	return from;
}

static int ds_find(const struct wv_trust_zone *zone, const struct wv_trust_fact *fact)
{
	for (unsigned i = zone->is_anchor; i < zone->n_dssets; i++) {
		const struct wv_trust_dsbox *box = dsbox_of(zone->dsset[i]);

		if (box->octets_len == octets_len(fact)
			&& memcmp(box->octets, fact->octets, box->octets_len) == 0)
			return (int)i;
	}
	return -1;
}

static int keys_find(const struct wv_trust_zone *zone, const struct wv_trust_fact *fact)
{
	for (unsigned i = 0; i < zone->n_keysets; i++) {
		const struct wv_trust_keybox *box = keybox_of(zone->keyset[i]);

		if (box->octets_len == octets_len(fact)
			&& memcmp(box->octets, fact->octets, box->octets_len) == 0)
			return (int)i;
	}
	return -1;
}

// What a fact would do to what is known.
enum effect {
	IGNORED,
	PROLONGS, // the same as is known, but for longer
	CHANGES,
};

static enum effect effect_of_set(const struct wv_trust_life *known, uint32_t since_s,
	const struct wv_trust_life *life, struct wv_time now, bool *is_noticeable)
{
	if (!wv_trust_is_live(known, now))
		return CHANGES;
	if (!wv_trust_life_is_longer(life, known))
		return IGNORED;
	*is_noticeable = life->pinned || wv_trust_life_is_half_over(known, since_s, now)
		|| wv_trust_life_is_double(life, known, now);
	return PROLONGS;
}

static enum effect effect_on_zone(const struct wv_trust_node *node,
	const struct wv_trust_fact *fact, const struct wv_trust_life *life, struct wv_time now,
	bool *is_noticeable)
{
	const struct wv_trust_zone *zone = &node->zone;
	enum wv_trust_status status;
	bool is_live = wv_trust_status_find(zone, now, &status);
	int i;

	switch (fact->kind) {
	case WV_FACT_KEYS:
		if (is_live && status == WV_TRUST_INSECURE)
			return IGNORED;
		i = keys_find(zone, fact);
		return i < 0 ? CHANGES
			     : effect_of_set(&zone->keyset[i]->life,
				     keybox_of(zone->keyset[i])->since_s, life, now, is_noticeable);
	case WV_FACT_DS:
		i = ds_find(zone, fact);
		return i < 0 ? CHANGES
			     : effect_of_set(&zone->dsset[i]->life,
				     dsbox_of(zone->dsset[i])->since_s, life, now, is_noticeable);
	case WV_FACT_INSECURE:
		if (zone->is_anchor)
			return IGNORED;
		if (is_live && status == WV_TRUST_INSECURE && zone->reason == fact->reason)
			return effect_of_set(&zone->life, node->since_s, life, now, is_noticeable);
		return CHANGES;
	case WV_FACT_BOGUS:
		if (is_live && (status == WV_TRUST_INSECURE || status == WV_TRUST_SECURE))
			return IGNORED;
		if (is_live && status == WV_TRUST_BOGUS && zone->reason == fact->reason)
			return effect_of_set(&zone->life, node->since_s, life, now, is_noticeable);
		return CHANGES;
	}
	return IGNORED;
}

static enum effect effect_find(const struct wv_trust *trust, const struct wv_trust_fact *fact,
	const struct wv_trust_life *life, struct wv_time now, bool *is_noticeable)
{
	const struct wv_trust_node *node;

	*is_noticeable = true;
	if (!wv_trust_is_live(life, now) || wv_trust_is_shadowed(trust, &fact->zone))
		return IGNORED;
	node = wv_trust_node_find(trust, &fact->zone);
	return node == NULL ? CHANGES : effect_on_zone(node, fact, life, now, is_noticeable);
}

static bool has_room(const struct wv_trust *trust, const struct wv_name *zone)
{
	return atomic_load_explicit(&trust->n_zones, memory_order_relaxed) < trust->capacity
		|| wv_trust_node_find(trust, zone) != NULL;
}

bool wv_trust_is_news(
	const struct wv_trust *trust, const struct wv_trust_fact *fact, struct wv_time now)
{
	struct wv_trust_origin from = fact_origin(fact, now);
	bool is_noticeable;

	if (effect_find(trust, fact, &from.life, now, &is_noticeable) == IGNORED)
		return false;
	return is_noticeable && has_room(trust, &fact->zone);
}

// Before a set goes in: if there are enough, the oldest dead one goes out, or the oldest.
static unsigned oldest(const struct wv_trust_life *const lives[], unsigned n, struct wv_time now)
{
	for (unsigned i = n; i-- > 0;) {
		if (!wv_trust_is_live(lives[i], now))
			return i;
	}
	return n - 1;
}

static void ds_make_room(struct wv_trust_update *u, struct wv_time now)
{
	const struct wv_trust_zone *z = &u->node->zone;
	const struct wv_trust_life *lives[WV_TRUST_GENERATIONS];
	unsigned n = z->n_dssets - z->is_anchor;

	if (n < WV_TRUST_GENERATIONS)
		return;
	for (unsigned i = 0; i < n; i++)
		lives[i] = &z->dsset[z->is_anchor + i]->life;
	wv_trust_update_drop_ds(u, z->is_anchor + oldest(lives, n, now));
}

static void keys_make_room(struct wv_trust_update *u, struct wv_time now)
{
	const struct wv_trust_zone *z = &u->node->zone;
	const struct wv_trust_life *lives[WV_TRUST_GENERATIONS];

	if (z->n_keysets < WV_TRUST_GENERATIONS)
		return;
	for (unsigned i = 0; i < z->n_keysets; i++)
		lives[i] = &z->keyset[i]->life;
	wv_trust_update_drop_keys(u, oldest(lives, z->n_keysets, now));
}

static void ds_put_first(struct wv_trust_zone *z, const struct wv_trust_dsset *set)
{
	unsigned i = z->n_dssets++;

	for (; i > z->is_anchor; i--)
		z->dsset[i] = z->dsset[i - 1];
	z->dsset[i] = set;
}

static void keys_put_first(struct wv_trust_zone *z, const struct wv_trust_keyset *set)
{
	for (unsigned i = z->n_keysets++; i > 0; i--)
		z->keyset[i] = z->keyset[i - 1];
	z->keyset[0] = set;
}

static int publish_ds(struct wv_trust_update *u, const struct wv_trust_fact *fact,
	struct wv_trust_origin *from, enum effect effect, struct wv_time now)
{
	struct wv_trust_zone *z = &u->node->zone;
	int known = ds_find(z, fact);
	struct wv_trust_dsbox *box;

	if (effect == PROLONGS)
		from->life = wv_trust_life_join(&from->life, &z->dsset[known]->life);
	box = wv_trust_dsbox_make(from, fact->octets, octets_len(fact), fact->n);
	if (box == NULL)
		return -ENOMEM;
	if (known >= 0)
		wv_trust_update_drop_ds(u, (unsigned)known);
	else
		ds_make_room(u, now);
	ds_put_first(z, &box->set);
	if (known >= 0)
		u->removes = false; // the same records go on
	if (effect == CHANGES)
		wv_trust_update_unsay(u, now);
	return 0;
}

// Give a known set a longer life. The keys are those that are there: nothing is parsed again.
static int prolong_keys(struct wv_trust_update *u, unsigned known, struct wv_trust_origin *from)
{
	struct wv_trust_zone *z = &u->node->zone;
	struct wv_trust_keybox *old = keybox_of(z->keyset[known]);
	struct wv_trust_keybox *box;

	from->life = wv_trust_life_join(&from->life, &old->set.life);
	box = wv_trust_keybox_prolong(old, from);
	if (box == NULL)
		return -ENOMEM;
	wv_trust_update_retire(u, old, wv_trust_keybox_free);
	for (; known > 0; known--)
		z->keyset[known] = z->keyset[known - 1];
	z->keyset[0] = &box->set;
	return 0;
}

// Some key of `set` is revoked in one of the sets.
static bool has_revoked(const struct wv_trust_keyset *set,
	const struct wv_trust_keyset *const sets[], unsigned n_sets)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (wv_trust_is_revoked_in(sets, n_sets, set->key[i].rdata, set->key[i].rdlen))
			return true;
	}
	return false;
}

/*
 * RFC 5011 2.1: a key seen revoked leaves all sets. What a set is recognised by are all the
 * records that it came with, so that the same RRset seen again is not taken for a new one.
 */
static int leave_out_revoked(struct wv_trust_update *u)
{
	struct wv_trust_zone *z = &u->node->zone;
	struct wv_trust_keybox *made[WV_TRUST_GENERATIONS] = {0};
	unsigned n = z->n_keysets;

	for (unsigned i = 0; i < n; i++) {
		const struct wv_trust_keybox *box = keybox_of(z->keyset[i]);
		struct wv_trust_origin from = {box->set.life, box->set.source, box->since_s};
		struct wv_wire w = wv_wire_open(box->octets, box->octets_len);
		unsigned records = 0;

		if (!has_revoked(z->keyset[i], z->keyset, n))
			continue;
		for (; wv_wire_left(&w) > 0; records++)
			wv_wire_take(&w, wv_wire_u16(&w));
		made[i] = wv_trust_keybox_make(
			&from, box->octets, box->octets_len, records, z->keyset, n);
		if (made[i] == NULL) {
			while (i-- > 0) {
				if (made[i] != NULL)
					wv_trust_keybox_free(made[i]);
			}
			return -ENOMEM;
		}
	}
	for (unsigned i = n; i-- > 0;) {
		const struct wv_trust_keyset *old = z->keyset[i];

		if (made[i] == NULL)
			continue;
		wv_trust_update_retire(u, keybox_of(old), wv_trust_keybox_free);
		z->keyset[i] = &made[i]->set;
		u->removes = true;
		if (made[i]->set.n == 0)
			wv_trust_update_drop_keys(u, i);
	}
	return 0;
}

static int publish_keys(struct wv_trust_update *u, const struct wv_trust_fact *fact,
	struct wv_trust_origin *from, enum effect effect, struct wv_time now)
{
	struct wv_trust_zone *z = &u->node->zone;
	int known = keys_find(z, fact);
	struct wv_trust_keybox *box;

	if (effect == PROLONGS)
		return prolong_keys(u, (unsigned)known, from);
	box = wv_trust_keybox_make(from, fact->octets, octets_len(fact), fact->n, NULL, 0);
	if (box == NULL)
		return -ENOMEM;
	if (known >= 0)
		wv_trust_update_drop_keys(u, (unsigned)known);
	else
		keys_make_room(u, now);
	keys_put_first(z, &box->set);
	if (known >= 0)
		u->removes = false;
	if (leave_out_revoked(u) != 0) {
		wv_trust_keybox_free(box);
		return -ENOMEM;
	}
	wv_trust_update_unsay(u, now);
	return 0;
}

static void publish_word(struct wv_trust_update *u, const struct wv_trust_fact *fact,
	const struct wv_trust_origin *from, enum effect effect)
{
	struct wv_trust_zone *z = &u->node->zone;

	if (fact->kind == WV_FACT_INSECURE)
		wv_trust_update_drop_all(u);
	if (effect == CHANGES && z->status != WV_TRUST_DELEGATED)
		u->removes = true;
	z->status = fact->kind == WV_FACT_INSECURE ? WV_TRUST_INSECURE : WV_TRUST_BOGUS;
	z->reason = fact->reason;
	z->source = from->source;
	z->life = effect == PROLONGS ? wv_trust_life_join(&from->life, &z->life) : from->life;
	u->node->since_s = from->since_s;
}

static int publish(struct wv_trust_update *u, const struct wv_trust_fact *fact,
	struct wv_trust_origin *from, enum effect effect, struct wv_time now)
{
	switch (fact->kind) {
	case WV_FACT_KEYS:
		return publish_keys(u, fact, from, effect, now);
	case WV_FACT_DS:
		return publish_ds(u, fact, from, effect, now);
	case WV_FACT_INSECURE:
	case WV_FACT_BOGUS:
		publish_word(u, fact, from, effect);
		return 0;
	}
	return -EINVAL;
}

int wv_trust_publish(struct wv_trust *trust, const struct wv_trust_fact *fact, struct wv_time now)
{
	struct wv_trust_origin from;
	struct wv_trust_update u;
	bool is_noticeable;
	enum effect effect;
	int status;

	if (!fact_is_sound(fact))
		return -EINVAL;
	from = fact_origin(fact, now);
	effect = effect_find(trust, fact, &from.life, now, &is_noticeable);
	if (effect == IGNORED)
		return 0;
	if (!has_room(trust, &fact->zone)) {
		trust->refused++;
		return -ENOSPC;
	}
	if (wv_trust_update_begin(&u, trust, &fact->zone) != 0)
		return -ENOMEM;
	status = publish(&u, fact, &from, effect, now);
	if (status != 0) {
		wv_trust_update_abandon(&u);
		return status;
	}
	wv_trust_update_commit(&u);
	trust->published++;
	return 0;
}

int wv_trust_set_insecure(struct wv_trust *trust, const struct wv_name *name, struct wv_err *err)
{
	char text[WV_NAME_TEXT];
	const struct wv_trust_node *node = wv_trust_node_find(trust, name);
	struct wv_trust_update u;
	struct wv_trust_zone *z;

	if (node != NULL && node->zone.is_anchor)
		return wv_fail(err, EINVAL, "want a name without a trust anchor, not %s",
			wv_name_print(text, name));
	if (!has_room(trust, name))
		return wv_fail(err, ENOSPC, "trust store: no room for %s beside %u zones",
			wv_name_print(text, name), trust->capacity);
	if (wv_trust_update_begin(&u, trust, name) != 0)
		return wv_fail(
			err, ENOMEM, "trust store: no memory for %s", wv_name_print(text, name));
	z = &u.node->zone;
	wv_trust_update_drop_all(&u);
	z->status = WV_TRUST_INSECURE;
	z->reason = WV_REASON_CONFIGURED_INSECURE;
	z->life = wv_trust_for_good;
	z->source = WV_TRUST_CONFIGURED;
	u.node->is_fixed = true;
	wv_trust_update_commit(&u);
	wv_trust_sweep_shadowed(trust);
	return 0;
}
