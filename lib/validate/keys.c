// Keys: those of a zone by tag and algorithm, and those in a DNSKEY RRset that a DS names.
#include <string.h>

#include "validate.h"

#define KEY_FIXED 4 // flags, protocol, algorithm (RFC 4034 2.1)

static bool key_equal(const struct wv_trust_key *a, const struct wv_trust_key *b)
{
	return a->key_tag == b->key_tag && a->rdlen == b->rdlen
		&& memcmp(a->rdata, b->rdata, a->rdlen) == 0;
}

// Was the key in a live set that was looked at before set `g`?
static bool key_was_seen(const struct wv_validation *v, const struct wv_trust_zone *zone,
	unsigned g, const struct wv_trust_key *key)
{
	for (unsigned i = 0; i < g; i++) {
		const struct wv_trust_keyset *set = zone->keyset[i];

		if (!wv_trust_is_live(&set->life, v->env->now))
			continue;
		for (unsigned k = 0; k < set->n; k++) {
			if (key_equal(&set->key[k], key))
				return true;
		}
	}
	return false;
}

// Why a key that was named must not be used; SECURE: nothing against it is known from here.
static enum wv_reason key_flaw(uint16_t flags, uint8_t protocol)
{
	if ((flags & WV_DNSKEY_ZONE) == 0 || protocol != 3)
		return WV_REASON_NO_ZONE_KEY;
	if ((flags & WV_DNSKEY_REVOKE) != 0)
		return WV_REASON_KEY_REVOKED;
	return WV_REASON_SECURE;
}

static const struct wv_verify_key *zone_next_key(const struct wv_validation *v,
	struct wv_validate_rrset *need, const struct wv_rrsig *sig, enum wv_reason *why)
{
	const struct wv_trust_zone *zone = need->zone;
	unsigned position = 0;

	for (unsigned g = 0; g < zone->n_keysets; g++) {
		const struct wv_trust_keyset *set = zone->keyset[g];

		if (!wv_trust_is_live(&set->life, v->env->now))
			continue;
		for (unsigned k = 0; k < set->n; k++) {
			const struct wv_trust_key *key = &set->key[k];
			enum wv_reason flaw;

			if (position++ < need->position || key->key_tag != sig->key_tag
				|| key->algorithm != sig->algorithm)
				continue;
			if (!key->usable) {
				flaw = key_flaw(key->flags, key->protocol);
				if (flaw != WV_REASON_SECURE)
					*why = wv_validate_telling(*why, flaw);
				continue;
			}
			// Asked of no more keys than are tried: those without use can be many.
			if (key_was_seen(v, zone, g, key))
				continue;
			need->position = (uint16_t)position;
			return &key->key;
		}
	}
	need->position = (uint16_t)position;
	return NULL;
}

static const struct wv_verify_key *own_next_key(
	const struct wv_validation *v, struct wv_validate_rrset *need, const struct wv_rrsig *sig)
{
	while (need->position < v->n_own_keys) {
		unsigned i = need->position++;

		if (v->own[i].tag == sig->key_tag && v->own[i].algorithm == sig->algorithm)
			return v->own[i].key;
	}
	return NULL;
}

const struct wv_verify_key *wv_validate_next_key(const struct wv_validation *v,
	struct wv_validate_rrset *need, const struct wv_rrsig *sig, enum wv_reason *why)
{
	return need->own_keys ? own_next_key(v, need, sig) : zone_next_key(v, need, sig, why);
}

// The key as it was prepared when it was proven before, NULL if it was not.
static const struct wv_verify_key *key_prepared(const struct wv_validation *v,
	const struct wv_trust_zone *zone, const uint8_t *rdata, uint16_t rdlen)
{
	for (unsigned g = 0; g < zone->n_keysets; g++) {
		const struct wv_trust_keyset *set = zone->keyset[g];

		if (!wv_trust_is_live(&set->life, v->env->now))
			continue;
		for (unsigned k = 0; k < set->n; k++) {
			const struct wv_trust_key *key = &set->key[k];

			if (key->usable && key->rdlen == rdlen
				&& memcmp(key->rdata, rdata, rdlen) == 0)
				return &key->key;
		}
	}
	return NULL;
}

static const struct wv_verify_key *key_prepare(
	struct wv_validation *v, const uint8_t *rdata, uint16_t rdlen)
{
	struct wv_verify_key *key = &v->own_prepared[v->n_own_prepared];
	enum wv_alg alg = wv_verify_alg(rdata[3]);

	if (alg == WV_ALG_COUNT
		|| !wv_verify_key_init(key, alg, rdata + KEY_FIXED, (size_t)rdlen - KEY_FIXED))
		return NULL;
	v->n_own_prepared++;
	return key;
}

static bool own_has(const struct wv_validation *v, const uint8_t *rdata, uint16_t rdlen)
{
	for (unsigned i = 0; i < v->n_own_keys; i++) {
		if (v->own[i].rdlen == rdlen && memcmp(v->own[i].rdata, rdata, rdlen) == 0)
			return true;
	}
	return false;
}

// Take a key that a DS names; a reason if it must not be used.
static enum wv_reason own_add(struct wv_validation *v, const struct wv_trust_zone *zone,
	const uint8_t *rdata, uint16_t rdlen, uint16_t tag)
{
	enum wv_reason flaw = key_flaw(wv_load16(rdata), rdata[2]);
	const struct wv_verify_key *key;

	if (flaw != WV_REASON_SECURE)
		return flaw;
	if (own_has(v, rdata, rdlen))
		return WV_REASON_SECURE;
	if (v->n_own_keys == WV_VALIDATE_KEYS)
		return WV_REASON_BUDGET_DS;
	key = key_prepared(v, zone, rdata, rdlen);
	if (key == NULL)
		key = key_prepare(v, rdata, rdlen);
	if (key == NULL)
		return WV_REASON_STALE_DS; // no key of that algorithm
	v->own[v->n_own_keys].key = key;
	v->own[v->n_own_keys].rdata = rdata;
	v->own[v->n_own_keys].rdlen = rdlen;
	v->own[v->n_own_keys].tag = tag;
	v->own[v->n_own_keys].algorithm = rdata[3];
	v->n_own_keys++;
	return WV_REASON_SECURE;
}

// Every key of the RRset that this DS names. Hashing is bounded, for tags are cheap to share.
static void own_match(struct wv_validation *v, const struct wv_validate_rrset *need,
	const struct wv_trust_ds *ds, enum wv_reason *why)
{
	unsigned hashed = 0;

	wv_foreach_rr(v->m, need->set, rr) {
		const uint8_t *rdata = v->m->base + rr->rdata;

		if (rr->rdlen <= KEY_FIXED || rdata[3] != ds->algorithm
			|| wv_canon_key_tag(rdata, rr->rdlen) != ds->key_tag)
			continue;
		if (hashed++ == v->env->settings->keys_per_tag) {
			*why = wv_validate_telling(*why, WV_REASON_BUDGET_KEYS_PER_TAG);
			return;
		}
		if (wv_trust_ds_matches(ds, &need->owner, rdata, rr->rdlen))
			*why = wv_validate_telling(
				*why, own_add(v, need->zone, rdata, rr->rdlen, ds->key_tag));
	}
}

static bool ds_equal(const struct wv_trust_ds *a, const struct wv_trust_ds *b)
{
	return a->key_tag == b->key_tag && a->algorithm == b->algorithm
		&& a->digest_type == b->digest_type && a->digest_len == b->digest_len
		&& memcmp(a->digest, b->digest, a->digest_len) == 0;
}

static bool ds_was_seen(const struct wv_validation *v, const struct wv_trust_zone *zone, unsigned g,
	const struct wv_trust_ds *ds)
{
	for (unsigned i = 0; i < g; i++) {
		const struct wv_trust_dsset *set = zone->dsset[i];

		if (!wv_trust_is_live(&set->life, v->env->now))
			continue;
		for (unsigned k = 0; k < set->n; k++) {
			if (ds_equal(&set->ds[k], ds))
				return true;
		}
	}
	return false;
}

// The keys that live DS and anchors name. False: there is no DS to go by.
static bool own_by_ds(
	struct wv_validation *v, const struct wv_validate_rrset *need, enum wv_reason *why)
{
	const struct wv_trust_zone *zone = need->zone;
	const struct wv_validate_settings *s = v->env->settings;
	unsigned n = 0;

	for (unsigned g = 0; g < zone->n_dssets; g++) {
		const struct wv_trust_dsset *set = zone->dsset[g];

		if (!wv_trust_is_live(&set->life, v->env->now))
			continue;
		for (unsigned i = 0; i < set->n; i++) {
			if (!wv_trust_ds_is_used(set->ds, set->n, i, s->sha1)
				|| ds_was_seen(v, zone, g, &set->ds[i]))
				continue;
			if (n++ == s->ds) {
				*why = wv_validate_telling(*why, WV_REASON_BUDGET_DS);
				return true;
			}
			own_match(v, need, &set->ds[i], why);
		}
	}
	return n > 0;
}

/*
 * The DS may end before the keys that it proved. These go on to prove the RRset they are in, but
 * their life is not prolonged by that: nothing says that the parent still knows them.
 */
static void own_by_zone(struct wv_validation *v, const struct wv_validate_rrset *need)
{
	wv_foreach_rr(v->m, need->set, rr) {
		const uint8_t *rdata = v->m->base + rr->rdata;

		if (rr->rdlen > KEY_FIXED && key_prepared(v, need->zone, rdata, rr->rdlen) != NULL)
			own_add(v, need->zone, rdata, rr->rdlen,
				wv_canon_key_tag(rdata, rr->rdlen));
	}
}

enum wv_reason wv_validate_own_keys(struct wv_validation *v, const struct wv_validate_rrset *need)
{
	enum wv_reason why = WV_REASON_STALE_DS;

	if (need->set->n > v->env->settings->dnskeys)
		return WV_REASON_BUDGET_DNSKEYS;
	v->keys_by_ds = own_by_ds(v, need, &why);
	if (!v->keys_by_ds)
		own_by_zone(v, need);
	return v->n_own_keys > 0 ? WV_REASON_SECURE : why;
}
