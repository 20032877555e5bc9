// Mix K: messages that are cheap to make and made to be dear to judge. All are bogus.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

#define FLAGS_ANSWER   0x8400
#define FLAGS_NXDOMAIN 0x8403
#define FULL           (MIX_MESSAGE - 64) // room is left for OPT and COOKIE
#define KEYS           64                 // of one tag
#define DS_RECORDS     60
#define LINKS          15 // of a chain of aliases, before the address: 16 RRsets in all
#define LABELS         127
#define AS_MANY        UINT16_MAX // signatures as fit
#define UNKNOWN        200        // an algorithm that nobody knows
#define NSEC3_SALT     255

// ---- zones ----

// Reserved bits of the flags are to be ignored (RFC 4034 2.1.1): they bring a key to any tag.
static bool key_collide(struct zone_key *k, uint16_t tag)
{
	uint8_t rdata[KEY_RDATA];
	size_t n;

	k->flags = 0;
	n = key_rdata(k, rdata);
	for (unsigned i = 0; i < 2; i++) {
		k->flags = (uint16_t)(tag - key_tag(rdata, n) - i);
		k->tag = key_tag(rdata, key_rdata(k, rdata));
		if (k->tag == tag && (k->flags & 0x0180) == 0x0100) // a zone key, not revoked
			return true;
		wv_store16(rdata, 0);
	}
	return false;
}

static bool keys_collide(struct traffic *t, struct zone *z, enum signer_kind kind, unsigned n)
{
	unsigned tried = 0;
	char label[32];

	z->keys = calloc(n, sizeof(z->keys[0]));
	if (z->keys == NULL)
		return false;
	while (z->n_keys < n) {
		struct zone_key *k = &z->keys[z->n_keys];

		snprintf(label, sizeof(label), "hostile %c %u", z->name[1], tried++);
		if (!signer_key(t->signer, &k->key, kind, label))
			return false;
		if (z->n_keys == 0) {
			uint8_t rdata[KEY_RDATA];

			k->flags = 257;
			k->tag = key_tag(rdata, key_rdata(k, rdata));
			z->n_keys = 1;
		} else if (key_collide(k, z->keys[0].tag)) {
			z->n_keys++;
		}
	}
	return true;
}

// Names of one letter below the root: 127 labels fit into 255 octets, many signatures into a message.
bool hostile_zones_make(struct traffic *t)
{
	static const struct {
		const char *label;
		enum zone_class class;
		enum signer_kind kind;
		unsigned keys;
	} all[] = {
		[HOSTILE_P256] = {"k", ZONE_P256, SIGNER_P256, KEYS},
		[HOSTILE_P384] = {"l", ZONE_P384, SIGNER_P384, KEYS},
		[HOSTILE_P256_ONE] = {"m", ZONE_P256, SIGNER_P256, 1},
		[HOSTILE_P384_ONE] = {"n", ZONE_P384, SIGNER_P384, 1},
		[HOSTILE_DS] = {"o", ZONE_P256, SIGNER_P256, KEYS},
	};

	for (unsigned i = 0; i < HOSTILE_ZONES; i++) {
		struct zone *z = &t->hostile[i];

		z->class = all[i].class;
		z->parent = &t->root;
		z->server = 0x1fe00 + i;
		z->len = name_make(z->name, all[i].label, t->root.name, t->root.len);
		if (!keys_collide(t, z, all[i].kind, all[i].keys))
			return false;
	}
	return true;
}

// DS records of the tag of all keys, which match none of them.
int hostile_ds(struct traffic *t, struct answer *a)
{
	struct zone *z = &t->hostile[HOSTILE_DS];
	uint8_t octets[DS_RECORDS][DS_RDATA];
	struct rdata list[DS_RECORDS];
	const struct signed_set set = {.by = z->parent,
		.owner = z->name,
		.owner_len = z->len,
		.type = WV_TYPE_DS,
		.ttl = MIX_TTL,
		.list = list,
		.n = DS_RECORDS};
	struct asked q;

	a->meta = (struct sent){.kind = 0};
	answer_ask(a, &q, z, NULL, WV_TYPE_DS, FLAGS_ANSWER);
	for (unsigned i = 0; i < DS_RECORDS; i++) {
		ds_rdata(z, octets[i]);
		wv_store32(octets[i] + 4, (uint32_t)mix_random(t) << 8 | i); // of the digest
		list[i] = (struct rdata){octets[i], DS_RDATA};
		put_record(&a->b, 1, MIX_POINTER | 12, WV_TYPE_DS, MIX_TTL, octets[i], DS_RDATA);
	}
	return answer_sign(t, a, 1, MIX_POINTER | 12, &set) ? 0 : -1;
}

// ---- signatures ----

static const char *label_new(const struct traffic *t, char out[24])
{
	char digits[16];

	snprintf(out, 24, "h%s", base36(digits, t->counts.distinct));
	return out;
}

// Up to n signatures that nobody made.
static void put_forged(struct traffic *t, struct answer *a, unsigned section, uint16_t owner,
	const struct signed_set *set, unsigned n)
{
	uint8_t rdata[RRSIG_RDATA];

	for (unsigned i = 0; i < n && a->b.len + 12 + sizeof(rdata) < FULL; i++) {
		size_t len = rrsig_forge(t, set, rdata);

		answer_rrsig(a, section, owner, set->ttl, rdata, len);
	}
}

static struct signed_set set_of(const struct zone *z, const uint8_t *owner, size_t owner_len,
	uint16_t type, const struct rdata *rdata)
{
	return (struct signed_set){.by = z,
		.owner = owner,
		.owner_len = owner_len,
		.type = type,
		.ttl = MIX_TTL,
		.list = rdata,
		.n = 1};
}

static bool make_forged(struct traffic *t, struct answer *a, enum hostile_zone zone, unsigned n)
{
	const struct zone *z = &t->hostile[zone];
	uint8_t address[4] = {192, 0, 2, 1};
	const struct rdata rdata = {address, sizeof(address)};
	struct signed_set set;
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, label), WV_TYPE_A, FLAGS_ANSWER);
	put_record(&a->b, 1, MIX_POINTER | 12, WV_TYPE_A, MIX_TTL, address, sizeof(address));
	set = set_of(z, q.name, q.len, WV_TYPE_A, &rdata);
	put_forged(t, a, 1, MIX_POINTER | 12, &set, n);
	return true;
}

static bool make_keytrap_p256(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P256, AS_MANY);
}

static bool make_keytrap_p384(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P384, AS_MANY);
}

static bool make_sigjam_p256(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P256_ONE, AS_MANY);
}

static bool make_sigjam_p384(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P384_ONE, AS_MANY);
}

static bool make_lockcram_p256(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P256, 1);
}

static bool make_lockcram_p384(struct traffic *t, struct answer *a)
{
	return make_forged(t, a, HOSTILE_P384, 1);
}

static bool make_unknown(struct traffic *t, struct answer *a)
{
	const struct zone *z = &t->hostile[HOSTILE_P256_ONE];
	uint8_t rdata[RRSIG_RDATA];
	struct signed_set set;
	struct asked q;

	if (!make_forged(t, a, HOSTILE_P256_ONE, 0))
		return false;
	q.len = name_make(q.name, "h", z->name, z->len); // as many labels as the owner
	set = set_of(z, q.name, q.len, WV_TYPE_A, NULL);
	rrsig_forge(t, &set, rdata);
	rdata[2] = UNKNOWN;
	for (unsigned i = 0; a->b.len + 64 < FULL; i++) {
		rdata[18 + z->len] = (uint8_t)i; // one octet of signature
		answer_rrsig(a, 1, MIX_POINTER | 12, MIX_TTL, rdata, 18 + (size_t)z->len + 1);
	}
	return true;
}

// ---- chains of aliases ----

// Signatures of one RRset: first those that nobody made.
struct link {
	unsigned forged;
	bool good;
};

// A name below another: how it stands in the message, and whole.
struct alias {
	uint16_t at; // pointer to where it was put; 0: not yet
	char label[2];
	uint8_t name[WV_NAME_MAX];
	size_t len;
};

// The one after alias number i - 1; `upper` is what all of them lie below.
static void alias_make(struct alias *alias, unsigned i, const uint8_t *upper, size_t upper_len)
{
	alias->at = 0;
	alias->label[0] = (char)('a' + i % 26);
	alias->label[1] = '\0';
	alias->name[0] = 1;
	alias->name[1] = (uint8_t)alias->label[0];
	memcpy(alias->name + 2, upper, upper_len);
	alias->len = 2 + upper_len;
}

static bool put_link(struct traffic *t, struct answer *a, uint16_t owner,
	const struct signed_set *set, struct link link)
{
	put_forged(t, a, 1, owner, set, link.forged);
	return !link.good || answer_sign(t, a, 1, owner, set);
}

/*
 * From the name that is asked for, which lies one label below `upper`, over `links` aliases to an
 * address. `pointer` is where `upper` stands in the question.
 */
struct chain {
	const struct zone *zone;
	const uint8_t *owner, *upper;
	size_t owner_len, upper_len;
	uint16_t pointer;
	unsigned links;
	bool loop; // the last alias leads to the first
	struct link (*plan)(unsigned i, unsigned links);
};

static bool put_chain(struct traffic *t, struct answer *a, const struct chain *c)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	const struct rdata last = {address, sizeof(address)};
	struct alias now = {.at = MIX_POINTER | 12, .len = c->owner_len}, next;
	struct signed_set set;

	memcpy(now.name, c->owner, c->owner_len);
	for (unsigned i = 0; i < c->links && a->b.len + 512 < FULL; i++) {
		uint8_t packed[4] = {1};
		struct rdata rdata;

		alias_make(&next, i, c->upper, c->upper_len);
		packed[1] = (uint8_t)next.label[0];
		wv_store16(packed + 2, c->pointer);
		if (c->loop && i == c->links - 1) {
			memcpy(next.name, c->owner, c->owner_len);
			next.len = c->owner_len;
			put_record(&a->b, 1, now.at, WV_TYPE_CNAME, MIX_TTL, "\300\14", 2);
			next.at = MIX_POINTER | 12;
		} else {
			put_record(&a->b, 1, now.at, WV_TYPE_CNAME, MIX_TTL, packed, 4);
			next.at = (uint16_t)(MIX_POINTER | (a->b.len - 4));
		}
		rdata = (struct rdata){next.name, next.len};
		set = set_of(c->zone, now.name, now.len, WV_TYPE_CNAME, &rdata);
		if (!put_link(t, a, now.at, &set, c->plan(i, c->links)))
			return false;
		now = next;
	}
	if (c->loop)
		return true;
	put_record(&a->b, 1, now.at, WV_TYPE_A, MIX_TTL, address, sizeof(address));
	set = set_of(c->zone, now.name, now.len, WV_TYPE_A, &last);
	return put_link(t, a, now.at, &set, c->plan(c->links, c->links));
}

static bool make_chain(struct traffic *t, struct answer *a, enum hostile_zone zone, unsigned links,
	bool loop, struct link (*plan)(unsigned, unsigned))
{
	const struct zone *z = &t->hostile[zone];
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, label), WV_TYPE_A, FLAGS_ANSWER);

	const struct chain c = {.zone = z,
		.owner = q.name,
		.owner_len = q.len,
		.upper = z->name,
		.upper_len = z->len,
		.pointer = q.zone,
		.links = links,
		.loop = loop,
		.plan = plan};

	return put_chain(t, a, &c);
}

// No pointer of a name reaches further than 16,383 octets: so much for all RRsets but the last.
static struct link link_forged(unsigned i, unsigned links)
{
	return (struct link){.forged = i < links ? 6 : 20};
}

// All good, the first at the second try; but the last, whose failures alone are too many.
static struct link link_good(unsigned i, unsigned links)
{
	return (struct link){.forged = i == 0 ? 1 : i < links ? 0 : 8, .good = i < links};
}

static bool make_chain_p256(struct traffic *t, struct answer *a)
{
	return make_chain(t, a, HOSTILE_P256, LINKS, false, link_forged);
}

static bool make_chain_p384(struct traffic *t, struct answer *a)
{
	return make_chain(t, a, HOSTILE_P384, LINKS, false, link_forged);
}

static bool make_needed_p256(struct traffic *t, struct answer *a)
{
	return make_chain(t, a, HOSTILE_P256_ONE, LINKS, false, link_good);
}

static bool make_needed_p384(struct traffic *t, struct answer *a)
{
	return make_chain(t, a, HOSTILE_P384_ONE, LINKS, false, link_good);
}

static bool make_loop(struct traffic *t, struct answer *a)
{
	return make_chain(t, a, HOSTILE_P384_ONE, 3, true, link_forged);
}

// A question for a name of as many labels as there can be.
static size_t ask_deep(struct traffic *t, struct answer *a, const struct zone *z,
	uint8_t name[WV_NAME_MAX], uint16_t type, uint16_t flags)
{
	uint64_t n = t->counts.distinct;
	size_t len = 0;

	for (unsigned i = 0; i < LABELS - 1; i++, n /= 26) {
		name[len++] = 1;
		name[len++] = (uint8_t)('a' + n % 26);
	}
	memcpy(name + len, z->name, z->len);
	len += z->len;
	put_header(&a->b, flags);
	put_question(&a->b, name, len, type);
	a->meta.server = z->server;
	a->signature_end = 0;
	return len;
}

static bool make_labels(struct traffic *t, struct answer *a)
{
	const struct zone *z = &t->hostile[HOSTILE_P256_ONE];
	uint8_t name[WV_NAME_MAX];
	size_t len = ask_deep(t, a, z, name, WV_TYPE_A, FLAGS_ANSWER);
	const struct chain c = {.zone = z,
		.owner = name,
		.owner_len = len,
		.upper = name + 2,
		.upper_len = len - 2,
		.pointer = MIX_POINTER | 14,
		.links = LINKS,
		.plan = link_forged};

	return put_chain(t, a, &c);
}

// ---- what is signed ----

/*
 * Records of 16 octets in the message, and of 269 in what is signed; they come in no order. `types`
 * RRsets of them; of more than one the question is ANY.
 */
static bool make_large(struct traffic *t, struct answer *a, enum hostile_zone zone, unsigned types)
{
	const struct zone *z = &t->hostile[zone];
	uint8_t name[WV_NAME_MAX];
	size_t len = ask_deep(t, a, z, name, types > 1 ? WV_TYPE_ANY : WV_TYPE_A, FLAGS_ANSWER);

	for (unsigned i = 0; i < types; i++) {
		uint16_t type = types > 1 ? (uint16_t)(0xff00 + i) : WV_TYPE_A;
		struct signed_set set = set_of(z, name, len, type, NULL);
		size_t end = FULL - (FULL - a->b.len) * (types - 1 - i) / (types - i);

		put_forged(t, a, 1, MIX_POINTER | 12, &set, 6);
		while (a->b.len + 16 < end) {
			uint32_t address = (uint32_t)mix_random(t);

			put_record(&a->b, 1, MIX_POINTER | 12, type, MIX_TTL, &address,
				sizeof(address));
		}
	}
	return true;
}

static bool make_large_p256(struct traffic *t, struct answer *a)
{
	return make_large(t, a, HOSTILE_P256_ONE, 1);
}

static bool make_large_p384(struct traffic *t, struct answer *a)
{
	return make_large(t, a, HOSTILE_P384_ONE, 1);
}

static bool make_any_p256(struct traffic *t, struct answer *a)
{
	return make_large(t, a, HOSTILE_P256_ONE, LINKS + 1);
}

static bool make_any_p384(struct traffic *t, struct answer *a)
{
	return make_large(t, a, HOSTILE_P384_ONE, LINKS + 1);
}

// ---- hashes ----

static bool make_hashes(struct traffic *t, struct answer *a, unsigned n)
{
	const struct zone *z = &t->hostile[HOSTILE_DS];
	struct signed_set set = set_of(z, z->name, z->len, WV_TYPE_DNSKEY, NULL);
	uint8_t rdata[KEY_RDATA];
	struct asked q;

	set.ttl = MIX_KEYS_TTL - (uint32_t)(t->counts.distinct % MIX_KEYS_TTL);
	set.by_first = true;
	answer_ask(a, &q, z, NULL, WV_TYPE_DNSKEY, FLAGS_ANSWER);
	for (unsigned i = 0; i < n && a->b.len + 1024 < FULL; i++) {
		size_t len = key_rdata(&z->keys[i % KEYS], rdata);
		uint8_t word[2];

		// What the tag is the sum of may change places.
		memcpy(word, rdata + 4, 2);
		memcpy(rdata + 4, rdata + 4 + 2 * (size_t)(i / KEYS), 2);
		memcpy(rdata + 4 + 2 * (size_t)(i / KEYS), word, 2);
		put_record(&a->b, 1, MIX_POINTER | 12, WV_TYPE_DNSKEY, set.ttl, rdata, len);
	}
	put_forged(t, a, 1, MIX_POINTER | 12, &set, 4);
	return true;
}

static bool make_hashtrap(struct traffic *t, struct answer *a)
{
	return make_hashes(t, a, KEYS);
}

static bool make_hashtrap_full(struct traffic *t, struct answer *a)
{
	return make_hashes(t, a, AS_MANY);
}

// A record of a long salt and many iterations that matches nothing.
static size_t nsec3_make(uint8_t rdata[6 + NSEC3_SALT + 20 + 34], uint16_t iterations)
{
	static const uint16_t types[] = {WV_TYPE_NS, WV_TYPE_SOA, WV_TYPE_RRSIG};
	size_t len = 6 + NSEC3_SALT + 20;

	memset(rdata, 0, len);
	rdata[0] = 1;
	wv_store16(rdata + 2, iterations);
	rdata[4] = NSEC3_SALT;
	rdata[5 + NSEC3_SALT] = 20;
	return len + put_bitmap(rdata + len, types, WV_COUNT(types));
}

static void put_nsec3_forged(struct traffic *t, struct answer *a, const struct signed_set *set,
	const uint8_t *rdata, size_t len)
{
	uint16_t at = (uint16_t)(MIX_POINTER | a->b.len);

	put8(&a->b, 32);
	for (unsigned i = 0; i < 32; i++)
		put8(&a->b, (uint8_t) "0123456789abcdefghijklmnopqrstuv"[mix_random(t) % 32]);
	put_record(&a->b, 2, MIX_POINTER | (12 + 2 * (LABELS - 1)), WV_TYPE_NSEC3, MIX_TTL, rdata,
		len);
	put_forged(t, a, 2, at, set, 5);
}

// A name of many labels, each an encloser to be looked for.
static bool make_nsec3(struct traffic *t, struct answer *a, uint16_t iterations)
{
	const struct zone *z = &t->hostile[HOSTILE_P256_ONE];
	uint8_t rdata[6 + NSEC3_SALT + 20 + 34], name[WV_NAME_MAX], owner[40] = {32};
	struct signed_set set = set_of(z, owner, 33 + (size_t)z->len, WV_TYPE_NSEC3, NULL);
	size_t len = nsec3_make(rdata, iterations);

	memcpy(owner + 33, z->name, z->len); // as many labels as the owners have
	ask_deep(t, a, z, name, WV_TYPE_A, FLAGS_NXDOMAIN);
	while (a->b.len < 0x4000) // no pointer of a signature's owner reaches further
		put_nsec3_forged(t, a, &set, rdata, len);
	return true;
}

static bool make_encloser(struct traffic *t, struct answer *a)
{
	return make_nsec3(t, a, 50); // all that is hashed at all
}

static bool make_iterations(struct traffic *t, struct answer *a)
{
	return make_nsec3(t, a, 2500);
}

// ---- records ----

// As small as a record can be, and each an RRset of its own.
static bool make_tiny(struct traffic *t, struct answer *a)
{
	const struct zone *z = &t->hostile[HOSTILE_P256_ONE];
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, label), WV_TYPE_A, FLAGS_ANSWER);
	for (uint16_t type = 0x1000; a->b.len + 11 < FULL; type++) {
		put8(&a->b, 0);
		put16(&a->b, type);
		put16(&a->b, WV_CLASS_IN);
		put32(&a->b, 0);
		put16(&a->b, 0);
		put_count(&a->b, 1);
	}
	return true;
}

const struct hostile_kind hostile_kinds[] = {
	{"KeyTrap P-256", make_keytrap_p256},
	{"KeyTrap P-384", make_keytrap_p384},
	{"SigJam P-256", make_sigjam_p256},
	{"SigJam P-384", make_sigjam_p384},
	{"LockCram P-256", make_lockcram_p256},
	{"LockCram P-384", make_lockcram_p384},
	{"alias KeyTrap P-256", make_chain_p256},
	{"alias KeyTrap P-384", make_chain_p384},
	{"needed RRsets P-256", make_needed_p256},
	{"needed RRsets P-384", make_needed_p384},
	{"alias loop P-384", make_loop},
	{"127 labels", make_labels},
	{"large RRset P-256", make_large_p256},
	{"large RRset P-384", make_large_p384},
	{"large RRsets, ANY, P-256", make_any_p256},
	{"large RRsets, ANY, P-384", make_any_p384},
	{"HashTrap", make_hashtrap},
	{"HashTrap 64 KiB", make_hashtrap_full},
	{"NSEC3 encloser", make_encloser},
	{"NSEC3 iterations", make_iterations},
	{"unknown algorithm", make_unknown},
	{"tiny records", make_tiny},
};
const unsigned hostile_n = WV_COUNT(hostile_kinds);
