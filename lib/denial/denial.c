#include <assert.h>
#include <string.h>

#include "wv_denial.h"

#define NSEC3_SHA1    1
#define NSEC3_OPT_OUT 0x01
#define BASE32_LEN    32 // characters of a hash as a label
#define CHAINS        2  // a zone that changes its parameters answers from two at most
#define HASH_GROUP    8  // ancestors hashed at once

// The types that matter at a cut; all in window 0.
struct types {
	bool ns, soa, ds, dname;
};

static bool types_read(struct types *types, const uint8_t *bitmap, size_t len)
{
	bool ok;

	types->ns = wv_denial_bitmap_has(bitmap, len, WV_TYPE_NS, &ok);
	types->soa = wv_denial_bitmap_has(bitmap, len, WV_TYPE_SOA, &ok);
	types->ds = wv_denial_bitmap_has(bitmap, len, WV_TYPE_DS, &ok);
	types->dname = wv_denial_bitmap_has(bitmap, len, WV_TYPE_DNAME, &ok);
	return ok;
}

// What a record at `name` itself says. SOA: the child's own record, or DS: there is one.
static enum wv_denial_ds types_verdict(const struct types *types)
{
	if (types->soa || types->ds)
		return WV_DENIAL_DS_UNPROVEN;
	return types->ns ? WV_DENIAL_DS_ABSENT : WV_DENIAL_DS_NO_CUT;
}

static bool is_type(const struct wv_rrset *set, enum wv_type type)
{
	return set->type == type && set->class == WV_CLASS_IN && set->n > 0;
}

static bool nsec_read(const struct wv_message *m, const struct wv_rr *rr,
	const struct wv_name *zone, struct types *types)
{
	struct wv_name next;
	size_t used = wv_message_rdata_name(m, rr, 0, &next);

	// It is never compressed (RFC 4034 4.1.1), and a chain does not leave its zone.
	if (used == 0 || used != next.len || !wv_name_is_within(&next, zone))
		return false;
	return types_read(types, m->base + rr->rdata + used, rr->rdlen - used);
}

static enum wv_denial_ds nsec_no_ds(const struct wv_message *m, const struct wv_rrset *const sets[],
	unsigned n, const struct wv_name *zone, const struct wv_name *name, uint32_t *used)
{
	for (unsigned i = 0; i < n; i++) {
		enum wv_denial_ds said;
		struct types types;

		// More than one NSEC at a name is a zone that contradicts itself.
		if (!is_type(sets[i], WV_TYPE_NSEC) || sets[i]->n != 1)
			continue;
		if (!wv_name_equal_packed(name, m->base, m->base + sets[i]->owner))
			continue;
		if (!nsec_read(m, wv_message_rr(m, sets[i]->first), zone, &types))
			continue;
		said = types_verdict(&types);
		if (said != WV_DENIAL_DS_UNPROVEN) {
			*used = 1u << i;
			return said;
		}
	}
	return WV_DENIAL_DS_UNPROVEN;
}

struct nsec3 {
	uint8_t owner[WV_NSEC3_HASH_LEN];
	const uint8_t *next; // WV_NSEC3_HASH_LEN octets
	const uint8_t *salt;
	struct types types;
	unsigned set;
	uint16_t iterations;
	uint8_t salt_len;
	bool opt_out;
};

// "0-9A-V" without padding (RFC 4648 7); letters are lower case in an unpacked name.
static bool base32hex_decode(uint8_t out[WV_NSEC3_HASH_LEN], const uint8_t *text)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	for (unsigned i = 0; i < BASE32_LEN; i++) {
		uint8_t c = text[i];
		uint8_t value;

		if (c >= '0' && c <= '9')
			value = (uint8_t)(c - '0');
		else if (c >= 'a' && c <= 'v')
			value = (uint8_t)(c - 'a' + 10);
		else
			return false;
		bits = bits << 5 | value;
		n_bits += 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (uint8_t)(bits >> n_bits);
		}
	}
	return true;
}

static bool nsec3_owner(struct nsec3 *r, const struct wv_message *m, const struct wv_rrset *set,
	const struct wv_name *zone)
{
	struct wv_name owner;

	wv_name_unpack(&owner, m->base, m->base + set->owner);
	if (owner.labels != zone->labels + 1 || !wv_name_is_within(&owner, zone))
		return false;
	return owner.octets[0] == BASE32_LEN && base32hex_decode(r->owner, owner.octets + 1);
}

static bool nsec3_read(struct nsec3 *r, const struct wv_message *m, const struct wv_rr *rr)
{
	const uint8_t *rdata = m->base + rr->rdata;
	struct wv_wire w = wv_wire_open(rdata, rr->rdlen);
	uint8_t hash = wv_wire_u8(&w);
	uint8_t flags = wv_wire_u8(&w);
	uint8_t hash_len;

	r->iterations = wv_wire_u16(&w);
	r->salt_len = wv_wire_u8(&w);
	r->salt = wv_wire_take(&w, r->salt_len);
	hash_len = wv_wire_u8(&w);
	r->next = wv_wire_take(&w, hash_len);
	r->opt_out = (flags & NSEC3_OPT_OUT) != 0;
	// RFC 5155 8.1, 8.2: unknown hashes and flags are as if they were not there.
	if (w.bad || hash != NSEC3_SHA1 || (flags & ~NSEC3_OPT_OUT) != 0)
		return false;
	return hash_len == WV_NSEC3_HASH_LEN && types_read(&r->types, w.pos, wv_wire_left(&w));
}

static unsigned nsec3_collect(struct nsec3 out[WV_DENIAL_SETS], const struct wv_message *m,
	const struct wv_rrset *const sets[], unsigned n, const struct wv_name *zone, unsigned limit)
{
	unsigned found = 0;
	unsigned looked_at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct nsec3 r = {.set = i};

		if (!is_type(sets[i], WV_TYPE_NSEC3) || !nsec3_owner(&r, m, sets[i], zone))
			continue;
		wv_foreach_rr(m, sets[i], rr) {
			if (looked_at == limit || found == WV_DENIAL_SETS)
				return found;
			looked_at++;
			if (nsec3_read(&r, m, rr))
				out[found++] = r;
		}
	}
	return found;
}

// The NSEC3 records of one iteration count and salt, and what may still be hashed.
struct chain {
	const struct nsec3 *records;
	unsigned n;
	const struct nsec3 *parameters; // a record that has those of this chain
	unsigned blocks;
};

static bool same_chain(const struct nsec3 *a, const struct nsec3 *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len
		&& (a->salt_len == 0 || memcmp(a->salt, b->salt, a->salt_len) == 0);
}

static const struct nsec3 *chain_match(const struct chain *c, const uint8_t *hash)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (same_chain(&c->records[i], c->parameters)
			&& memcmp(c->records[i].owner, hash, WV_NSEC3_HASH_LEN) == 0)
			return &c->records[i];
	}
	return NULL;
}

static bool covers(const struct nsec3 *r, const uint8_t *hash)
{
	bool after = memcmp(r->owner, hash, WV_NSEC3_HASH_LEN) < 0;
	bool before = memcmp(hash, r->next, WV_NSEC3_HASH_LEN) < 0;

	if (memcmp(r->owner, r->next, WV_NSEC3_HASH_LEN) < 0)
		return after && before;
	return after || before; // the last of the chain leads to the first; one alone, to itself
}

static const struct nsec3 *chain_opt_out(const struct chain *c, const uint8_t *hash)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct nsec3 *r = &c->records[i];

		if (r->opt_out && same_chain(r, c->parameters) && covers(r, hash))
			return r;
	}
	return NULL;
}

static unsigned sha1_blocks(unsigned len)
{
	return (len + 9 + 63) / 64;
}

// Hash names; false if that would be more than may be hashed.
static bool chain_hash(struct chain *c, const struct wv_digest_name names[], unsigned n,
	uint8_t out[][WV_NSEC3_HASH_LEN])
{
	const struct nsec3 *p = c->parameters;
	unsigned each = p->iterations * sha1_blocks(WV_NSEC3_HASH_LEN + p->salt_len);
	unsigned blocks = 0;

	for (unsigned i = 0; i < n; i++)
		blocks += each + sha1_blocks((unsigned)names[i].len + p->salt_len);
	if (blocks > c->blocks)
		return false;
	c->blocks -= blocks;
	wv_digest_nsec3(names, n, p->salt, p->salt_len, p->iterations, out);
	return true;
}

static struct wv_digest_name parent_of(struct wv_digest_name name)
{
	uint8_t step = (uint8_t)(1 + name.octets[0]);

	return (struct wv_digest_name){name.octets + step, (uint8_t)(name.len - step)};
}

/*
 * RFC 5155 8.3, 8.6: the closest encloser is the deepest ancestor with a record; that must not
 * be a delegation or DNAME, below which the zone says nothing, nor another zone's apex. The
 * name one label longer must lie in an opt-out span.
 */
static enum wv_denial_ds enclosed_opt_out(const struct chain *c, const struct nsec3 *encloser,
	bool is_apex, const uint8_t *next_closer, uint32_t *used)
{
	const struct nsec3 *span = chain_opt_out(c, next_closer);
	const struct types *t = &encloser->types;

	if (t->dname || (t->ns && !t->soa) || (t->soa && !is_apex) || span == NULL)
		return WV_DENIAL_DS_UNPROVEN;
	*used = 1u << encloser->set | 1u << span->set;
	return WV_DENIAL_DS_OPT_OUT;
}

static enum wv_denial_ds chain_no_ds(
	struct chain *c, const struct wv_name *zone, const struct wv_name *name, uint32_t *used)
{
	struct wv_digest_name at = {name->octets, name->len};
	unsigned above = (unsigned)(name->labels - zone->labels); // ancestors within the zone
	uint8_t hash[1 + HASH_GROUP][WV_NSEC3_HASH_LEN];          // [0]: one label longer than [1]
	const struct nsec3 *match;

	if (!chain_hash(c, &at, 1, hash))
		return WV_DENIAL_DS_UNPROVEN;
	match = chain_match(c, hash[0]);
	if (match != NULL) {
		*used = 1u << match->set;
		return types_verdict(&match->types);
	}
	while (above > 0) {
		unsigned n = above < HASH_GROUP ? above : HASH_GROUP;
		struct wv_digest_name group[HASH_GROUP];

		for (unsigned i = 0; i < n; i++)
			group[i] = at = parent_of(at);
		if (!chain_hash(c, group, n, hash + 1))
			return WV_DENIAL_DS_UNPROVEN;
		for (unsigned i = 1; i <= n; i++, above--) {
			match = chain_match(c, hash[i]);
			if (match != NULL)
				return enclosed_opt_out(c, match, above == 1, hash[i - 1], used);
		}
		memcpy(hash[0], hash[n], WV_NSEC3_HASH_LEN);
	}
	return WV_DENIAL_DS_UNPROVEN;
}

static bool is_new_chain(const struct nsec3 records[], unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (same_chain(&records[k], &records[i]))
			return false;
	}
	return true;
}

static enum wv_denial_ds nsec3_no_ds(const struct nsec3 records[], unsigned n,
	const struct wv_name *zone, const struct wv_name *name,
	const struct wv_denial_limits *limits, uint32_t *used)
{
	struct chain c = {.records = records, .n = n, .blocks = limits->sha1_blocks};
	const struct nsec3 *over = NULL; // of those above a limit, one with the fewest iterations
	unsigned chains = 0;

	for (unsigned i = 0; i < n; i++) {
		enum wv_denial_ds said;

		if (!is_new_chain(records, i))
			continue;
		if (chains++ == CHAINS)
			break;
		c.parameters = &records[i];
		if (records[i].iterations > limits->iterations_insecure) {
			if (over == NULL || records[i].iterations < over->iterations)
				over = &records[i];
			continue;
		}
		said = chain_no_ds(&c, zone, name, used);
		if (said != WV_DENIAL_DS_UNPROVEN)
			return said;
	}
	*used = over != NULL ? 1u << over->set : 0;
	if (over == NULL)
		return WV_DENIAL_DS_UNPROVEN;
	return over->iterations > limits->iterations_bogus ? WV_DENIAL_DS_ITERATIONS_BOGUS
							   : WV_DENIAL_DS_ITERATIONS;
}

enum wv_denial_ds wv_denial_no_ds(const struct wv_message *m, const struct wv_rrset *const sets[],
	unsigned n, const struct wv_name *zone, const struct wv_name *name,
	const struct wv_denial_limits *limits, uint32_t *used)
{
	struct nsec3 records[WV_DENIAL_SETS];
	enum wv_denial_ds said;

	static_assert(WV_DENIAL_SETS == 32, "one bit of `used` for each set");
	*used = 0;
	if (name->labels <= zone->labels || !wv_name_is_within(name, zone))
		return WV_DENIAL_DS_UNPROVEN;
	if (n > WV_DENIAL_SETS)
		n = WV_DENIAL_SETS;
	said = nsec_no_ds(m, sets, n, zone, name, used);
	if (said != WV_DENIAL_DS_UNPROVEN)
		return said;
	n = nsec3_collect(records, m, sets, n, zone, limits->records);
	return nsec3_no_ds(records, n, zone, name, limits, used);
}
