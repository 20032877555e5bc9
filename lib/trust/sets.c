#include <stdlib.h>
#include <string.h>

#include "store.h"

#define DNSKEY_FIXED 4

// The next record of a fact's octets, which are known to be well formed.
static const uint8_t *record_take(const uint8_t **pos, uint16_t *len)
{
	const uint8_t *rdata = *pos + 2;

	*len = wv_load16(*pos);
	*pos = rdata + *len;
	return rdata;
}

struct wv_trust_dsbox *wv_trust_dsbox_make(
	const struct wv_trust_origin *from, const uint8_t *octets, uint32_t len, unsigned n)
{
	size_t size = sizeof(struct wv_trust_dsbox) + n * sizeof(struct wv_trust_ds);
	struct wv_trust_dsbox *box = calloc(1, size + len);
	uint8_t *copy;
	const uint8_t *pos;

	if (box == NULL)
		return NULL;
	copy = (uint8_t *)box + size;
	memcpy(copy, octets, len);
	box->since_s = from->since_s;
	box->octets_len = len;
	box->octets = pos = copy;
	box->set.life = from->life;
	box->set.source = from->source;
	box->set.n = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		uint16_t rdlen;
		const uint8_t *rdata = record_take(&pos, &rdlen);

		wv_trust_ds_read(&box->set.ds[i], rdata, rdlen);
	}
	return box;
}

struct wv_trust_dsbox *wv_trust_dsbox_prolong(
	const struct wv_trust_dsbox *box, const struct wv_trust_origin *from)
{
	return wv_trust_dsbox_make(from, box->octets, box->octets_len, box->set.n);
}

void wv_trust_dsbox_free(void *box)
{
	free(box);
}

static bool is_twin(const struct wv_trust_key *revoked, const uint8_t *rdata, size_t len)
{
	return (revoked->flags & WV_DNSKEY_REVOKE) != 0 && revoked->rdlen == len
		&& (revoked->flags ^ WV_DNSKEY_REVOKE) == wv_load16(rdata)
		&& memcmp(revoked->rdata + 2, rdata + 2, len - 2) == 0;
}

bool wv_trust_is_revoked_in(const struct wv_trust_keyset *const sets[], unsigned n_sets,
	const uint8_t *rdata, size_t len)
{
	for (unsigned i = 0; i < n_sets; i++) {
		for (unsigned k = 0; k < sets[i]->n; k++) {
			if (is_twin(&sets[i]->key[k], rdata, len))
				return true;
		}
	}
	return false;
}

static void key_read(struct wv_trust_key *key, const uint8_t *rdata, uint16_t len)
{
	enum wv_alg alg = wv_verify_alg(rdata[3]);

	key->rdata = rdata;
	key->rdlen = len;
	key->flags = wv_load16(rdata);
	key->protocol = rdata[2];
	key->algorithm = rdata[3];
	key->key_tag = wv_canon_key_tag(rdata, len);
	key->usable = (key->flags & WV_DNSKEY_ZONE) != 0 && (key->flags & WV_DNSKEY_REVOKE) == 0
		&& key->protocol == 3 && alg != WV_ALG_COUNT
		&& wv_verify_key_init(
			&key->key, alg, rdata + DNSKEY_FIXED, (size_t)len - DNSKEY_FIXED);
	if (key->usable)
		wv_verify_key_keep(&key->key);
}

static struct wv_trust_keybox *keybox_new(
	const struct wv_trust_origin *from, struct wv_trust_keyring *ring)
{
	struct wv_trust_keybox *box = calloc(1, sizeof(*box));

	if (box == NULL)
		return NULL;
	box->ring = ring;
	box->since_s = from->since_s;
	box->set.life = from->life;
	box->set.source = from->source;
	ring->boxes++;
	return box;
}

struct wv_trust_keybox *wv_trust_keybox_make(const struct wv_trust_origin *from,
	const uint8_t *octets, uint32_t len, unsigned n, const struct wv_trust_keyset *const sets[],
	unsigned n_sets)
{
	size_t keys = sizeof(struct wv_trust_keyring) + n * sizeof(struct wv_trust_key);
	struct wv_trust_keyring *ring = calloc(1, keys + len);
	struct wv_trust_keybox *box = ring != NULL ? keybox_new(from, ring) : NULL;
	const uint8_t *pos;

	if (box == NULL) {
		free(ring);
		return NULL;
	}
	box->octets_len = len;
	box->octets = pos = memcpy((uint8_t *)ring + keys, octets, len);
	for (unsigned i = 0; i < n; i++) {
		uint16_t rdlen;
		const uint8_t *rdata = record_take(&pos, &rdlen);

		if (!wv_trust_is_revoked_in(sets, n_sets, rdata, rdlen))
			key_read(&ring->key[ring->n++], rdata, rdlen);
	}
	box->set.n = ring->n;
	box->set.key = ring->key;
	return box;
}

struct wv_trust_keybox *wv_trust_keybox_prolong(
	struct wv_trust_keybox *box, const struct wv_trust_origin *from)
{
	struct wv_trust_keybox *copy = keybox_new(from, box->ring);

	if (copy == NULL)
		return NULL;
	copy->octets_len = box->octets_len;
	copy->octets = box->octets;
	copy->set.n = box->set.n;
	copy->set.key = box->set.key;
	return copy;
}

void wv_trust_keybox_free(void *object)
{
	struct wv_trust_keybox *box = object;
	struct wv_trust_keyring *ring = box->ring;

	free(box);
	if (--ring->boxes > 0)
		return;
	for (unsigned i = 0; i < ring->n; i++) {
		if (ring->key[i].usable)
			wv_verify_key_fini(&ring->key[i].key);
	}
	free(ring);
}
