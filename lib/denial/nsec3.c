// Proofs by NSEC3 (RFC 5155 8, RFC 9276 3.2).
#include <string.h>

#include "denial.h"

#define NSEC3_SHA1    1
#define NSEC3_OPT_OUT 0x01
#define BASE32_LEN    32 // characters of a hash as a label
#define CHAINS        2  // a zone that changes its parameters answers from two at most
#define HASH_GROUP    8  // ancestors hashed at once

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
	return hash_len == WV_NSEC3_HASH_LEN
		&& wv_denial_types_read(&r->types, w.pos, wv_wire_left(&w));
}

struct nsec3s {
	unsigned n;
	struct nsec3 record[WV_DENIAL_SETS];
};

static void nsec3s_collect(struct nsec3s *all, struct wv_denial *d)
{
	unsigned looked_at = 0;

	all->n = 0;
	for (unsigned i = 0; i < d->n && i < WV_DENIAL_SETS; i++) {
		struct nsec3 r = {.set = i};

		if (!denial_is_type(d->sets[i], WV_TYPE_NSEC3)
			|| !nsec3_owner(&r, d->m, d->sets[i], d->zone))
			continue;
		wv_foreach_rr(d->m, d->sets[i], rr) {
			if (looked_at == d->limits->records || all->n == WV_DENIAL_SETS) {
				d->records_cut = true;
				return;
			}
			looked_at++;
			if (nsec3_read(&r, d->m, rr))
				all->record[all->n++] = r;
		}
	}
}

// The NSEC3 records of one iteration count and salt.
struct chain {
	struct wv_denial *d;
	const struct nsec3s *all;
	const struct nsec3 *parameters; // a record that has those of this chain
};

static bool same_chain(const struct nsec3 *a, const struct nsec3 *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len
		&& (a->salt_len == 0 || memcmp(a->salt, b->salt, a->salt_len) == 0);
}

static const struct nsec3 *chain_at(const struct chain *c, const uint8_t *hash)
{
	for (unsigned i = 0; i < c->all->n; i++) {
		const struct nsec3 *r = &c->all->record[i];

		if (same_chain(r, c->parameters) && memcmp(r->owner, hash, WV_NSEC3_HASH_LEN) == 0)
			return r;
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

static const struct nsec3 *chain_over(const struct chain *c, const uint8_t *hash)
{
	for (unsigned i = 0; i < c->all->n; i++) {
		const struct nsec3 *r = &c->all->record[i];

		if (same_chain(r, c->parameters) && covers(r, hash))
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
	if (blocks > c->d->blocks) {
		c->d->exhausted = true;
		return false;
	}
	c->d->blocks -= blocks;
	wv_digest_nsec3(names, n, p->salt, p->salt_len, p->iterations, out);
	return true;
}

static struct wv_digest_name parent_of(struct wv_digest_name name)
{
	uint8_t step = (uint8_t)(1 + name.octets[0]);

	return (struct wv_digest_name){name.octets + step, (uint8_t)(name.len - step)};
}

// Where a name stands in the zone.
struct place {
	const struct nsec3 *match;    // the record at the name; else:
	const struct nsec3 *encloser; // at its closest encloser, which has so many labels,
	unsigned labels;
	const struct nsec3 *span; // and over the next closer name, or NULL
};

/*
 * RFC 5155 8.3: the closest encloser is the deepest ancestor with a record; that must not be a
 * delegation or DNAME, below which the zone says nothing, nor another zone's apex.
 */
static bool place_enclosed(struct place *place, const struct chain *c, const struct nsec3 *encloser,
	unsigned labels, const uint8_t *next_closer)
{
	const struct types *t = &encloser->types;

	if (types_end_zone(t, labels == c->d->zone->labels))
		return false;
	*place = (struct place){
		.encloser = encloser,
		.labels = labels,
		.span = chain_over(c, next_closer),
	};
	return true;
}

// False: no record at the name or above it, or too much to hash.
static bool place_find(struct place *place, struct chain *c, const struct wv_name *name)
{
	struct wv_digest_name at = {name->octets, name->len};
	unsigned labels = name->labels;
	uint8_t hash[1 + HASH_GROUP][WV_NSEC3_HASH_LEN]; // [0]: one label longer than [1]

	if (!chain_hash(c, &at, 1, hash))
		return false;
	*place = (struct place){.match = chain_at(c, hash[0])};
	if (place->match != NULL)
		return true;
	while (labels > c->d->zone->labels) {
		unsigned left = labels - c->d->zone->labels;
		unsigned n = left < HASH_GROUP ? left : HASH_GROUP;
		struct wv_digest_name group[HASH_GROUP] = {{NULL, 0}};

		for (unsigned i = 0; i < n; i++)
			group[i] = at = parent_of(at);
		if (!chain_hash(c, group, n, hash + 1))
			return false;
		for (unsigned i = 1; i <= n; i++) {
			const struct nsec3 *encloser = chain_at(c, hash[i]);

			labels--;
			if (encloser != NULL)
				return place_enclosed(place, c, encloser, labels, hash[i - 1]);
		}
		memcpy(hash[0], hash[n], WV_NSEC3_HASH_LEN);
	}
	return false;
}

static bool prove(struct wv_denial_proof *proof, enum wv_denial_result result,
	const struct place *p, const struct nsec3 *wildcard)
{
	*proof = (struct wv_denial_proof){.result = result, .ds = WV_DENIAL_DS_NO_CUT};
	if (p->match != NULL) {
		proof->used = 1u << p->match->set;
		proof->ds = wv_denial_types_ds(&p->match->types);
		return true;
	}
	proof->used = 1u << p->encloser->set | 1u << p->span->set;
	if (wildcard != NULL)
		proof->used |= 1u << wildcard->set;
	proof->opt_out = p->span->opt_out;
	if (proof->opt_out)
		proof->ds = WV_DENIAL_DS_OPT_OUT;
	return true;
}

static bool chain_absent(
	struct chain *c, const struct wv_name *name, uint16_t type, struct wv_denial_proof *proof)
{
	uint8_t hash[1][WV_NSEC3_HASH_LEN];
	struct wv_name wildcard;
	const struct nsec3 *r;
	struct place p;

	if (!place_find(&p, c, name))
		return false;
	if (p.match != NULL) {
		return wv_denial_types_lack(&p.match->types, type, name->labels == 0)
			&& prove(proof, WV_DENIAL_NO_TYPE, &p, NULL);
	}
	if (p.span == NULL)
		return false;
	wv_name_ancestor(&wildcard, name, p.labels);
	wv_name_wildcard(&wildcard, &wildcard); // fits: it takes the place of a label or more
	if (!chain_hash(c, &(struct wv_digest_name){wildcard.octets, wildcard.len}, 1, hash))
		return false;
	r = chain_at(c, hash[0]);
	if (r != NULL) {
		if (wv_denial_types_lack(&r->types, type, false))
			return prove(proof, WV_DENIAL_NO_TYPE, &p, r);
		// RFC 5155 8.6: for DS the span suffices, whatever a wildcard says.
		return type == WV_TYPE_DS && p.span->opt_out
			&& prove(proof, WV_DENIAL_NO_TYPE, &p, NULL);
	}
	r = chain_over(c, hash[0]);
	if (r != NULL)
		return prove(proof, WV_DENIAL_NO_NAME, &p, r);
	return p.span->opt_out && prove(proof, WV_DENIAL_NO_TYPE, &p, NULL);
}

static bool chain_closer(
	struct chain *c, const struct wv_name *closer, struct wv_denial_proof *proof)
{
	uint8_t hash[1][WV_NSEC3_HASH_LEN];
	const struct nsec3 *r;

	if (!chain_hash(c, &(struct wv_digest_name){closer->octets, closer->len}, 1, hash))
		return false;
	r = chain_over(c, hash[0]);
	if (r == NULL || chain_at(c, hash[0]) != NULL)
		return false;
	*proof = (struct wv_denial_proof){
		.result = WV_DENIAL_NO_CLOSER,
		.used = 1u << r->set,
		.opt_out = r->opt_out,
	};
	return true;
}

static enum wv_denial_ds chain_ds(struct chain *c, const struct wv_name *name, uint32_t *used)
{
	struct place p;

	if (!place_find(&p, c, name))
		return WV_DENIAL_DS_UNPROVEN;
	if (p.match != NULL) {
		*used = 1u << p.match->set;
		return wv_denial_types_ds(&p.match->types);
	}
	if (p.span == NULL || !p.span->opt_out)
		return WV_DENIAL_DS_UNPROVEN;
	*used = 1u << p.encloser->set | 1u << p.span->set;
	return WV_DENIAL_DS_OPT_OUT;
}

static bool is_new_chain(const struct nsec3s *all, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (same_chain(&all->record[k], &all->record[i]))
			return false;
	}
	return true;
}

// The next chain that may be hashed; *at counts the records, *chains the chains looked at.
static bool chain_next(struct chain *c, unsigned *at, unsigned *chains)
{
	while (*at < c->all->n && *chains < CHAINS) {
		const struct nsec3 *r = &c->all->record[*at];

		if (!is_new_chain(c->all, (*at)++))
			continue;
		++*chains;
		if (r->iterations > c->d->limits->iterations_bogus) {
			c->d->over_limit = c->d->sets[r->set];
			continue;
		}
		c->parameters = r;
		return true;
	}
	return false;
}

static bool is_above_limit(const struct chain *c)
{
	return c->parameters->iterations > c->d->limits->iterations_insecure;
}

static enum wv_denial_ds ds_limited(const struct chain *c, enum wv_denial_ds said)
{
	bool absent = said == WV_DENIAL_DS_ABSENT || said == WV_DENIAL_DS_OPT_OUT;

	return absent && is_above_limit(c) ? WV_DENIAL_DS_ITERATIONS : said;
}

bool wv_denial_nsec3_absent(struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof)
{
	struct nsec3s all;
	struct chain c = {.d = d, .all = &all};
	unsigned at = 0, chains = 0;

	nsec3s_collect(&all, d);
	while (chain_next(&c, &at, &chains)) {
		if (!chain_absent(&c, name, type, proof))
			continue;
		proof->above_limit = is_above_limit(&c);
		proof->ds = ds_limited(&c, proof->ds);
		return true;
	}
	return false;
}

bool wv_denial_nsec3_closer(
	struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof)
{
	struct nsec3s all;
	struct chain c = {.d = d, .all = &all};
	unsigned at = 0, chains = 0;

	nsec3s_collect(&all, d);
	while (chain_next(&c, &at, &chains)) {
		if (chain_closer(&c, closer, proof)) {
			proof->above_limit = is_above_limit(&c);
			return true;
		}
	}
	return false;
}

enum wv_denial_ds wv_denial_nsec3_ds(
	struct wv_denial *d, const struct wv_name *name, uint32_t *used)
{
	struct nsec3s all;
	struct chain c = {.d = d, .all = &all};
	unsigned at = 0, chains = 0;

	nsec3s_collect(&all, d);
	while (chain_next(&c, &at, &chains)) {
		enum wv_denial_ds said = chain_ds(&c, name, used);

		if (said != WV_DENIAL_DS_UNPROVEN)
			return ds_limited(&c, said);
	}
	return WV_DENIAL_DS_UNPROVEN;
}
