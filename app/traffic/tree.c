// Zones, their keys, and what these sign.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "mix.h"

#define PATTERN     20  // zones after which the classes repeat
#define TLD_SPANS   256 // delegations of a top-level zone that nobody asks for
#define ZONE_NAMES  16  // names of a zone with NSEC3
#define FIXED_RRSIG 18  // octets before the signer's name (RFC 4034 3.1)

// ---- random numbers ----

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
uint64_t mix_random(struct traffic *t)
{
	uint64_t z = t->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

double mix_random_unit(struct traffic *t)
{
	return (double)(mix_random(t) >> 11) / (double)(UINT64_C(1) << 53);
}

// ---- keys and signatures ----

bool zone_is_rsa(const struct zone *z)
{
	return z->class == ZONE_RSA2048;
}

size_t key_rdata(const struct zone_key *k, uint8_t out[KEY_RDATA])
{
	wv_store16(out, k->flags);
	out[2] = 3;
	out[3] = signer_algorithm(k->key.kind);
	memcpy(out + 4, k->key.public_key, k->key.public_len);
	return 4 + (size_t)k->key.public_len;
}

// RFC 4034 appendix B.
uint16_t key_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

size_t ds_rdata(const struct zone *z, uint8_t out[DS_RDATA])
{
	uint8_t data[sizeof(z->name) + KEY_RDATA];
	size_t n = z->len + key_rdata(&z->keys[0], data + z->len);

	memcpy(data, z->name, z->len);
	wv_store16(out, z->keys[0].tag);
	out[2] = signer_algorithm(z->keys[0].key.kind);
	out[3] = 2;
	SHA256(data, n, out + 4);
	return DS_RDATA;
}

static int rdata_compare(const void *a, const void *b)
{
	const struct rdata *x = a, *y = b;
	int order = memcmp(x->octets, y->octets, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

// The part of the RDATA before the signature.
static size_t rrsig_head(const struct traffic *t, const struct signed_set *set,
	const struct zone_key *key, uint8_t *out)
{
	uint32_t now = t->params.time_s;

	wv_store16(out, set->type);
	out[2] = signer_algorithm(key->key.kind);
	out[3] = (uint8_t)name_labels(set->owner);
	wv_store32(out + 4, set->ttl);
	wv_store32(out + 8, now + 15 * MIX_DAY_S);
	wv_store32(out + 12, now - 15 * MIX_DAY_S);
	wv_store16(out + 16, key->tag);
	memcpy(out + FIXED_RRSIG, set->by->name, set->by->len);
	return FIXED_RRSIG + (size_t)set->by->len;
}

static const struct zone_key *key_of(const struct signed_set *set)
{
	return &set->by->keys[set->by_first ? 0 : set->by->n_keys - 1];
}

size_t rrsig_make(struct traffic *t, const struct signed_set *set, uint8_t out[RRSIG_RDATA])
{
	const struct zone_key *key = key_of(set);
	struct builder *data = &t->scratch;
	struct rdata sorted[128];
	size_t head = rrsig_head(t, set, key, out);

	if (set->n > WV_COUNT(sorted))
		return 0;
	memcpy(sorted, set->list, set->n * sizeof(sorted[0]));
	qsort(sorted, set->n, sizeof(sorted[0]), rdata_compare);
	data->len = 0;
	put(data, out, head);
	for (unsigned i = 0; i < set->n; i++) {
		put(data, set->owner, set->owner_len);
		put16(data, set->type);
		put16(data, WV_CLASS_IN);
		put32(data, set->ttl);
		put16(data, (uint16_t)sorted[i].len);
		put(data, sorted[i].octets, sorted[i].len);
	}
	if (!signer_sign(t->signer, &key->key, data->octets, data->len, out + head))
		return 0;
	return head + signer_len(key->key.kind);
}

size_t rrsig_forge(struct traffic *t, const struct signed_set *set, uint8_t out[RRSIG_RDATA])
{
	const struct zone_key *key = key_of(set);
	size_t head = rrsig_head(t, set, key, out), n = signer_len(key->key.kind);

	for (size_t i = 0; i < n; i += 8) {
		uint64_t r = mix_random(t);

		memcpy(out + head + i, &r, 8);
	}
	return head + n;
}

const struct blob *rrsig_keep(struct traffic *t, struct blob **place, const struct signed_set *set)
{
	uint8_t rdata[RRSIG_RDATA];
	size_t n;

	if (*place != NULL)
		return *place;
	n = rrsig_make(t, set, rdata);
	if (n > 0)
		*place = malloc(sizeof(**place) + n);
	if (*place == NULL)
		return NULL;
	(*place)->len = (uint16_t)n;
	memcpy((*place)->octets, rdata, n);
	return *place;
}

// ---- NSEC3 ----

// Base32hex in lower case without padding (RFC 5155 3.3).
void hash_print(const uint8_t hash[20], char out[32])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = 5 * i, at = bit / 8;
		unsigned two = (unsigned)hash[at] << 8 | (at + 1 < 20 ? hash[at + 1] : 0u);

		out[i] = "0123456789abcdefghijklmnopqrstuv"[two >> (11 - bit % 8) & 31];
	}
}

void nsec3_hash(const uint8_t *name, size_t len, uint8_t out[20])
{
	SHA1(name, len, out);
}

unsigned nsec3_find(const struct nsec3_chain *c, const uint8_t hash[20])
{
	unsigned low = 0, high = c->n; // the first that is above

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(c->list[middle].hash, hash, 20) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : c->n - 1;
}

unsigned nsec3_apex(const struct nsec3_chain *c)
{
	unsigned i = 0;

	while (!c->list[i].is_apex)
		i++;
	return i;
}

static int nsec3_compare(const void *a, const void *b)
{
	return memcmp(((const struct nsec3 *)a)->hash, ((const struct nsec3 *)b)->hash, 20);
}

static bool nsec3_begin(struct nsec3_chain *c, const struct zone *z, unsigned room)
{
	c->list = calloc(room, sizeof(c->list[0]));
	if (c->list == NULL)
		return false;
	nsec3_hash(z->name, z->len, c->list[0].hash);
	c->list[0].is_apex = true;
	c->n = 1;
	return true;
}

// Names that nobody asks for.
static void nsec3_fill(struct nsec3_chain *c, const struct zone *z, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t name[64];
		char label[24] = "-";

		base36(label + 1, i);
		nsec3_hash(name, name_make(name, label, z->name, z->len), c->list[c->n++].hash);
	}
	qsort(c->list, c->n, sizeof(c->list[0]), nsec3_compare);
}

// ---- zones ----

// What the zone number `i` of a mix is. Of each twenty are eight unsigned; which of them lie below
// a zone with RSA keys follows from tld_class().
static enum zone_class zone_class(const struct traffic *t, unsigned i)
{
	static const char pattern[PATTERN + 1] = "upunupruupunpuxurnep";

	if (t->params.mix == TRAFFIC_SIGNED)
		return ZONE_P256;
	if (t->params.mix == TRAFFIC_UNSIGNED)
		return ZONE_UNSIGNED;
	switch (pattern[i % PATTERN]) {
	case 'p':
		return ZONE_P256;
	case 'n':
		return ZONE_P256_NSEC3;
	case 'r':
		return ZONE_RSA2048;
	case 'x':
		return ZONE_RSA1024;
	case 'e':
		return ZONE_ED25519;
	}
	return ZONE_UNSIGNED;
}

static bool is_mixed(const struct traffic *t)
{
	return t->params.mix == TRAFFIC_UPSTREAM || t->params.mix == TRAFFIC_HOSTILE;
}

// 15 of 50 sign with RSA.
static enum zone_class tld_class(const struct traffic *t, unsigned i)
{
	return is_mixed(t) && i % 10 % 3 == 2 ? ZONE_RSA2048 : ZONE_P256;
}

static enum signer_kind zone_signer(enum zone_class class)
{
	switch (class) {
	case ZONE_RSA2048:
		return SIGNER_RSA2048;
	case ZONE_RSA1024:
		return SIGNER_RSA1024;
	case ZONE_ED25519:
		return SIGNER_ED25519;
	case ZONE_P384:
		return SIGNER_P384;
	case ZONE_UNSIGNED:
	case ZONE_P256:
	case ZONE_P256_NSEC3:
	case ZONE_CLASSES:
		break;
	}
	return SIGNER_P256;
}

// With one key in mixes S and I, else with two.
static bool zone_keys(struct traffic *t, struct zone *z, const char *label)
{
	static const uint16_t flags[] = {257, 256};
	uint8_t rdata[KEY_RDATA];
	char id[64];

	z->n_keys = is_mixed(t) ? 2 : 1;
	z->keys = calloc(z->n_keys, sizeof(z->keys[0]));
	if (z->keys == NULL)
		return false;
	for (unsigned i = 0; i < z->n_keys; i++) {
		struct zone_key *k = &z->keys[i];

		snprintf(id, sizeof(id), i == 0 ? "%s" : "%s %u", label, i);
		if (!signer_key(t->signer, &k->key, zone_signer(z->class), id))
			return false;
		k->flags = flags[i];
		k->tag = key_tag(rdata, key_rdata(k, rdata));
	}
	return true;
}

static bool zone_make(struct traffic *t, struct zone *z, const char *label,
	const struct zone *parent, enum zone_class class)
{
	z->class = class;
	z->parent = parent;
	if (parent == NULL) {
		z->name[0] = 0;
		z->len = 1;
	} else {
		z->len = name_make(z->name, label, parent->name, parent->len);
	}
	return class == ZONE_UNSIGNED || zone_keys(t, z, parent == NULL ? "." : label);
}

static void zone_fini(struct zone *z)
{
	for (unsigned i = 0; i < z->nsec3.n; i++)
		free(z->nsec3.list[i].rrsig);
	for (unsigned i = 0; i < ZONE_SPANS; i++)
		free(z->nsec[i]);
	free(z->nsec3.list);
	free(z->soa);
	free(z->dnskey);
	free(z->ds);
	free(z->keys);
}

// Short names in mixes U and K, so that messages are as long as they should be.
static void label_make(const struct traffic *t, char out[24], bool is_tld, unsigned i)
{
	if (!is_mixed(t)) {
		snprintf(out, 24, is_tld ? "t%u" : "zone%u", i);
		return;
	}
	out[0] = is_tld ? 't' : 'z';
	base36(out + 1, i);
}

static bool tlds_make(struct traffic *t)
{
	char label[24];

	for (unsigned i = 0; i < TRAFFIC_TLDS; i++) {
		struct zone *z = &t->tld[i];

		label_make(t, label, true, i);
		if (!zone_make(t, z, label, &t->root, tld_class(t, i)))
			return false;
		z->server = 0x1ff00 + i;
	}
	return true;
}

static bool zones_make(struct traffic *t)
{
	char label[24];

	for (unsigned i = 0; i < t->params.zones; i++) {
		struct zone *z = &t->zone[i];

		label_make(t, label, false, i);
		if (!zone_make(t, z, label, &t->tld[i % TRAFFIC_TLDS], zone_class(t, i)))
			return false;
		z->server = i;
		if (z->class != ZONE_P256_NSEC3)
			continue;
		if (!nsec3_begin(&z->nsec3, z, ZONE_NAMES))
			return false;
		nsec3_fill(&z->nsec3, z, ZONE_NAMES - 1);
	}
	return true;
}

// The chain of a top-level zone: its apex, the signed delegations, and others.
static bool tld_chain(struct traffic *t, unsigned tld)
{
	struct zone *z = &t->tld[tld];
	unsigned below = t->params.zones / TRAFFIC_TLDS + 1;

	if (!nsec3_begin(&z->nsec3, z, 1 + below + TLD_SPANS))
		return false;
	for (unsigned i = tld; i < t->params.zones; i += TRAFFIC_TLDS) {
		const struct zone *child = &t->zone[i];

		if (child->class != ZONE_UNSIGNED)
			nsec3_hash(child->name, child->len, z->nsec3.list[z->nsec3.n++].hash);
	}
	nsec3_fill(&z->nsec3, z, TLD_SPANS);
	return true;
}

// ---- pools ----

static bool zone_is_in(const struct zone *z, enum pool_id pool)
{
	bool is_signed = z->class != ZONE_UNSIGNED, rsa = zone_is_rsa(z->parent);

	switch (pool) {
	case POOL_UNSIGNED:
		return !is_signed;
	case POOL_UNSIGNED_BELOW_P256:
		return !is_signed && !rsa;
	case POOL_UNSIGNED_BELOW_RSA:
		return !is_signed && rsa;
	case POOL_SIGNED_BELOW_P256:
		return is_signed && !rsa;
	case POOL_SIGNED_BELOW_RSA:
		return is_signed && rsa;
	case POOL_P256:
		return z->class == ZONE_P256 || z->class == ZONE_P256_NSEC3;
	case POOL_P256_NSEC:
		return z->class == ZONE_P256;
	case POOL_P256_NSEC3:
		return z->class == ZONE_P256_NSEC3;
	case POOL_RSA2048:
		return z->class == ZONE_RSA2048;
	case POOL_RSA1024:
		return z->class == ZONE_RSA1024;
	case POOL_ED25519:
		return z->class == ZONE_ED25519;
	case POOLS:
		break;
	}
	return false;
}

static bool pool_make(struct traffic *t, enum pool_id id)
{
	struct pool *p = &t->pools[id];
	double sum = 0;

	p->zone = calloc(t->params.zones, sizeof(p->zone[0]));
	p->weight = calloc(t->params.zones, sizeof(p->weight[0]));
	if (p->zone == NULL || p->weight == NULL)
		return false;
	for (unsigned i = 0; i < t->params.zones; i++) {
		if (!zone_is_in(&t->zone[i], id))
			continue;
		sum += 1.0 / (p->n + 1);
		p->zone[p->n] = i;
		p->weight[p->n++] = sum;
	}
	return true;
}

struct zone *tree_draw(struct traffic *t, enum pool_id pool)
{
	const struct pool *p = &t->pools[pool];
	double u = mix_random_unit(t) * p->weight[p->n - 1];
	unsigned low = 0, high = p->n - 1;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (p->weight[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return &t->zone[p->zone[low]];
}

// ---- life ----

static bool tree_fill(struct traffic *t)
{
	if (!zone_make(t, &t->root, "", NULL, ZONE_P256) || !tlds_make(t) || !zones_make(t))
		return false;
	if (t->params.mix == TRAFFIC_HOSTILE && !hostile_zones_make(t))
		return false;
	for (unsigned i = 0; is_mixed(t) && i < TRAFFIC_TLDS; i++) {
		if (!tld_chain(t, i))
			return false;
	}
	for (enum pool_id id = 0; id < POOLS; id++) {
		if (!pool_make(t, id))
			return false;
	}
	return true;
}

int tree_make(struct traffic *t, struct wv_err *err)
{
	t->root.server = 0x1fff0;
	t->zone = calloc(t->params.zones, sizeof(t->zone[0]));
	if (t->zone != NULL && tree_fill(t))
		return 0;
	return wv_fail(err, ENOMEM, "traffic: no memory for %u zones", t->params.zones);
}

void tree_fini(struct traffic *t)
{
	for (enum pool_id id = 0; id < POOLS; id++) {
		free(t->pools[id].zone);
		free(t->pools[id].weight);
	}
	for (unsigned i = 0; t->zone != NULL && i < t->params.zones; i++)
		zone_fini(&t->zone[i]);
	for (unsigned i = 0; i < TRAFFIC_TLDS; i++)
		zone_fini(&t->tld[i]);
	for (unsigned i = 0; i < HOSTILE_ZONES; i++)
		zone_fini(&t->hostile[i]);
	zone_fini(&t->root);
	free(t->zone);
}
