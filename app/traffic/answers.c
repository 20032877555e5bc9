// The messages of mixes S, I and U, and those that prove the zones.
#include "answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"

#define FLAGS_ANSWER   0x8400
#define FLAGS_REFERRAL 0x8000
#define FLAGS_NXDOMAIN 0x8403
#define FLAG_TC        0x0200
#define ADDRESSES      6  // of one name at most
#define PROOFS         3  // NSEC3 records of one proof
#define TRIES          64 // names until one has a proof of its full size

// ---- parts of a message ----

void answer_ask(struct answer *a, struct asked *q, const struct zone *z, const char *label,
	uint16_t type, uint16_t flags)
{
	uint8_t before = label != NULL ? (uint8_t)(1 + strlen(label)) : 0;

	if (label != NULL) {
		q->len = name_make(q->name, label, z->name, z->len);
	} else {
		memcpy(q->name, z->name, z->len);
		q->len = z->len;
	}
	q->zone = (uint16_t)(MIX_POINTER | (12 + before));
	q->parent = z->len > 1 ? (uint16_t)(q->zone + 1 + z->name[0]) : q->zone;
	put_header(&a->b, flags);
	put_question(&a->b, q->name, q->len, type);
	a->meta.server = z->server;
	a->signature_end = 0;
}

void answer_rrsig(struct answer *a, unsigned section, uint16_t owner, uint32_t ttl,
	const uint8_t *rdata, size_t len)
{
	put_record(&a->b, section, owner, WV_TYPE_RRSIG, ttl, rdata, len);
	a->signature_end = a->b.len;
	a->meta.signatures++;
}

bool answer_sign(struct traffic *t, struct answer *a, unsigned section, uint16_t owner,
	const struct signed_set *set)
{
	uint8_t rdata[RRSIG_RDATA];
	size_t n = rrsig_make(t, set, rdata);

	if (n > 0)
		answer_rrsig(a, section, owner, set->ttl, rdata, n);
	return n > 0;
}

// The same by a signature that is made once.
static bool answer_sign_kept(struct traffic *t, struct answer *a, unsigned section, uint16_t owner,
	struct blob **place, const struct signed_set *set)
{
	const struct blob *rrsig = rrsig_keep(t, place, set);

	if (rrsig != NULL)
		answer_rrsig(a, section, owner, set->ttl, rrsig->octets, rrsig->len);
	return rrsig != NULL;
}

// The records from `start` on may stand in another order.
static void order_end(struct answer *a, size_t start)
{
	a->meta.order = (uint16_t)start;
	a->meta.order_len = (uint16_t)(a->b.len - start);
}

// A label that no message had before.
static const char *label_new(const struct traffic *t, const char *prefix, char out[24])
{
	char digits[16];

	snprintf(out, 24, "%s%s", prefix, base36(digits, t->counts.distinct));
	return out;
}

// ---- addresses ----

static bool put_addresses(struct traffic *t, struct answer *a, const struct zone *z,
	const uint8_t *name, size_t len, uint16_t owner, unsigned n)
{
	uint8_t octets[ADDRESSES][4];
	struct rdata list[ADDRESSES];
	const struct signed_set set = {.by = z,
		.owner = name,
		.owner_len = len,
		.type = WV_TYPE_A,
		.ttl = MIX_TTL,
		.list = list,
		.n = n};
	size_t start = a->b.len;
	uint32_t first = (uint32_t)mix_random(t);

	for (unsigned i = 0; i < n; i++) {
		wv_store32(octets[i], first + i);
		list[i] = (struct rdata){octets[i], 4};
		put_record(&a->b, 1, owner, WV_TYPE_A, MIX_TTL, octets[i], 4);
	}
	if (z->class != ZONE_UNSIGNED && !answer_sign(t, a, 1, owner, &set))
		return false;
	if (n > 1 || z->class != ZONE_UNSIGNED)
		order_end(a, start);
	return true;
}

static bool make_addresses(
	struct traffic *t, struct answer *a, enum pool_id pool, const char *prefix, unsigned n)
{
	const struct zone *z = tree_draw(t, pool);
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, prefix, label), WV_TYPE_A, FLAGS_ANSWER);
	return put_addresses(t, a, z, q.name, q.len, MIX_POINTER | 12, n);
}

static unsigned some(struct traffic *t)
{
	return 1 + (unsigned)(mix_random(t) % ADDRESSES);
}

static bool make_unsigned(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_UNSIGNED, "h", some(t));
}

static bool make_p256(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_P256, "h", some(t));
}

static bool make_rsa2048(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_RSA2048, "h", 1);
}

static bool make_rsa1024(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_RSA1024, "h", 1);
}

static bool make_ed25519(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_ED25519, "h", 1);
}

static bool make_only_signed(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_P256, "host", 1);
}

static bool make_only_unsigned(struct traffic *t, struct answer *a)
{
	return make_addresses(t, a, POOL_UNSIGNED, "host", 1);
}

static bool make_cname(struct traffic *t, struct answer *a)
{
	const struct zone *z = tree_draw(t, POOL_P256);
	struct asked q;
	uint8_t target[64], packed[40];
	char label[24], to[24];
	size_t len, n;
	uint16_t at;

	answer_ask(a, &q, z, label_new(t, "h", label), WV_TYPE_A, FLAGS_ANSWER);
	len = name_make(target, label_new(t, "h-", to), z->name, z->len);
	n = len - z->len;
	memcpy(packed, target, n);
	wv_store16(packed + n, q.zone);
	put_record(&a->b, 1, MIX_POINTER | 12, WV_TYPE_CNAME, MIX_TTL, packed, n + 2);
	at = (uint16_t)(MIX_POINTER | (a->b.len - n - 2));

	const struct rdata rdata = {target, len};
	const struct signed_set set = {.by = z,
		.owner = q.name,
		.owner_len = q.len,
		.type = WV_TYPE_CNAME,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	return answer_sign(t, a, 1, MIX_POINTER | 12, &set)
		&& put_addresses(t, a, z, target, len, at, 2);
}

// A name that exists, but its records do not fit.
static bool make_truncated(struct traffic *t, struct answer *a)
{
	const struct zone *z = tree_draw(t, POOL_P256);
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, "h", label), WV_TYPE_A, FLAGS_ANSWER | FLAG_TC);
	return true;
}

// ---- denial ----

static bool put_soa(struct traffic *t, struct answer *a, struct zone *z, uint16_t pointer)
{
	uint8_t plain[160], packed[64], *p = packed;
	size_t n = name_make(plain, "ns1", z->name, z->len);

	n += name_make(plain + n, "hostmaster", z->name, z->len);
	memcpy(p, plain, 4);
	wv_store16(p + 4, pointer);
	p += 6;
	memcpy(p, "\12hostmaster", 11);
	wv_store16(p + 11, pointer);
	p += 13;
	for (unsigned i = 0; i < 5; i++) {
		static const uint32_t values[] = {1, 7200, 3600, 1209600, MIX_TTL};

		wv_store32(p + 4 * (size_t)i, values[i]);
	}
	memcpy(plain + n, p, 20);
	n += 20;
	p += 20;

	const struct rdata rdata = {plain, n};
	const struct signed_set set = {.by = z,
		.owner = z->name,
		.owner_len = z->len,
		.type = WV_TYPE_SOA,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};
	size_t start = a->b.len;

	put_record(&a->b, 2, pointer, WV_TYPE_SOA, MIX_TTL, packed, (size_t)(p - packed));
	if (!answer_sign_kept(t, a, 2, pointer, &z->soa, &set))
		return false;
	order_end(a, start);
	return true;
}

// An owner of a label before a pointer; where it begins.
static uint16_t put_owner(struct builder *b, const char *label, size_t len, uint16_t pointer)
{
	uint16_t at = (uint16_t)(MIX_POINTER | b->len);

	put8(b, (uint8_t)len);
	put(b, label, len);
	put16(b, pointer);
	return at;
}

// A record whose owner was put already.
static void put_rest(
	struct builder *b, unsigned section, uint16_t type, const void *rdata, size_t len)
{
	put16(b, type);
	put16(b, WV_CLASS_IN);
	put32(b, MIX_TTL);
	put16(b, (uint16_t)len);
	put(b, rdata, len);
	put_count(b, section);
}

static bool put_nodata(struct traffic *t, struct answer *a, const struct zone *z,
	const struct asked *q, const char *label)
{
	static const uint16_t types[] = {WV_TYPE_A, WV_TYPE_RRSIG, WV_TYPE_NSEC};
	uint8_t octets[128];
	char next[32];
	size_t n;

	snprintf(next, sizeof(next), "%s-", label); // before all that begin with the label
	n = name_make(octets, next, z->name, z->len);
	n += put_bitmap(octets + n, types, WV_COUNT(types));

	const struct rdata rdata = {octets, n};
	const struct signed_set set = {.by = z,
		.owner = q->name,
		.owner_len = q->len,
		.type = WV_TYPE_NSEC,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	put_record(&a->b, 2, MIX_POINTER | 12, WV_TYPE_NSEC, MIX_TTL, octets, n);
	return answer_sign(t, a, 2, MIX_POINTER | 12, &set);
}

static bool make_nodata(struct traffic *t, struct answer *a)
{
	struct zone *z = tree_draw(t, POOL_P256_NSEC);
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, "h", label), WV_TYPE_AAAA, FLAGS_ANSWER);
	return put_soa(t, a, z, q.zone) && put_nodata(t, a, z, &q, label);
}

// The NSEC record number `span` of a zone: 0 at its apex, then at "a", "c", … "y".
static bool put_span(
	struct traffic *t, struct answer *a, struct zone *z, uint16_t pointer, unsigned span)
{
	static const uint16_t apex_types[] = {
		WV_TYPE_NS, WV_TYPE_SOA, WV_TYPE_RRSIG, WV_TYPE_NSEC, WV_TYPE_DNSKEY};
	static const uint16_t types[] = {WV_TYPE_A, WV_TYPE_RRSIG, WV_TYPE_NSEC};
	char label[2] = {(char)('a' + 2 * (int)span - 2)}, next[2] = {(char)('a' + 2 * (int)span)};
	uint8_t octets[128], owner[64];
	size_t len = z->len, n = len;
	uint16_t at = pointer;

	memcpy(owner, z->name, z->len);
	memcpy(octets, z->name, z->len);
	if (span > 0)
		len = name_make(owner, label, z->name, z->len);
	if (span < ZONE_SPANS - 1)
		n = name_make(octets, next, z->name, z->len);
	n += span == 0 ? put_bitmap(octets + n, apex_types, WV_COUNT(apex_types))
		       : put_bitmap(octets + n, types, WV_COUNT(types));
	if (span > 0)
		at = put_owner(&a->b, label, 1, pointer);
	else
		put16(&a->b, pointer);
	put_rest(&a->b, 2, WV_TYPE_NSEC, octets, n);

	const struct rdata rdata = {octets, n};
	const struct signed_set set = {.by = z,
		.owner = owner,
		.owner_len = len,
		.type = WV_TYPE_NSEC,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	return answer_sign_kept(t, a, 2, at, &z->nsec[span], &set);
}

// The wildcard lies between the apex and "a"; the name behind the letter before its own.
static bool make_nxdomain_nsec(struct traffic *t, struct answer *a)
{
	static const char letters[] = "bdfjlprtvxz"; // hosts begin with h, name servers with n
	struct zone *z = tree_draw(t, POOL_RSA2048);
	char letter[2] = {letters[mix_random(t) % (sizeof(letters) - 1)]}, label[24];
	struct asked q;

	answer_ask(a, &q, z, label_new(t, letter, label), WV_TYPE_A, FLAGS_NXDOMAIN);
	return put_soa(t, a, z, q.zone) && put_span(t, a, z, q.zone, 0)
		&& put_span(t, a, z, q.zone, (unsigned)(letter[0] - 'a') / 2 + 1);
}

static size_t nsec3_rdata(
	const struct zone *z, const struct nsec3 *record, const struct nsec3 *next, uint8_t *out)
{
	static const uint16_t apex[] = {
		WV_TYPE_NS, WV_TYPE_SOA, WV_TYPE_RRSIG, WV_TYPE_DNSKEY, WV_TYPE_NSEC3PARAM};
	static const uint16_t cut[] = {WV_TYPE_NS, WV_TYPE_DS, WV_TYPE_RRSIG};
	static const uint16_t host[] = {WV_TYPE_A, WV_TYPE_RRSIG};
	bool is_tld = z->parent != NULL && z->parent->parent == NULL;

	// SHA-1, opt-out at top-level zones, no iterations, no salt (RFC 9276 3.1).
	memcpy(out, "\1\0\0\0\0\24", 6);
	out[1] = is_tld;
	memcpy(out + 6, next->hash, 20);
	if (record->is_apex)
		return 26 + put_bitmap(out + 26, apex, WV_COUNT(apex));
	return 26
		+ (is_tld ? put_bitmap(out + 26, cut, WV_COUNT(cut))
			  : put_bitmap(out + 26, host, WV_COUNT(host)));
}

static bool put_nsec3(
	struct traffic *t, struct answer *a, const struct zone *z, uint16_t pointer, unsigned i)
{
	struct nsec3 *record = &z->nsec3.list[i];
	uint8_t octets[80], owner[96] = {32};
	size_t n = nsec3_rdata(z, record, &z->nsec3.list[(i + 1) % z->nsec3.n], octets);
	uint16_t at;

	hash_print(record->hash, (char *)owner + 1);
	memcpy(owner + 33, z->name, z->len);
	at = put_owner(&a->b, (const char *)owner + 1, 32, pointer);
	put_rest(&a->b, 2, WV_TYPE_NSEC3, octets, n);

	const struct rdata rdata = {octets, n};
	const struct signed_set set = {.by = z,
		.owner = owner,
		.owner_len = 33 + (size_t)z->len,
		.type = WV_TYPE_NSEC3,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	return answer_sign_kept(t, a, 2, at, &record->rrsig, &set);
}

// Each of the records of a proof once.
static unsigned proof_add(unsigned proof[PROOFS], unsigned n, unsigned record)
{
	for (unsigned i = 0; i < n; i++) {
		if (proof[i] == record)
			return n;
	}
	proof[n] = record;
	return n + 1;
}

// RFC 5155 7.2.2: closest encloser, next closer, wildcard.
static unsigned nxdomain_proof(const struct zone *z, const char *label, unsigned proof[PROOFS])
{
	uint8_t name[96], hash[20];
	unsigned n = proof_add(proof, 0, nsec3_apex(&z->nsec3));

	nsec3_hash(name, name_make(name, label, z->name, z->len), hash);
	n = proof_add(proof, n, nsec3_find(&z->nsec3, hash));
	nsec3_hash(name, name_make(name, "*", z->name, z->len), hash);
	return proof_add(proof, n, nsec3_find(&z->nsec3, hash));
}

static bool make_nxdomain_nsec3(struct traffic *t, struct answer *a)
{
	struct zone *z = NULL;
	unsigned proof[PROOFS], n = 0;
	struct asked q;
	char label[24];

	for (unsigned i = 0; i < TRIES && n < PROOFS; i++) {
		char prefix[4] = {'x', (char)('a' + (int)(mix_random(t) % 26))};

		z = tree_draw(t, POOL_P256_NSEC3);
		n = nxdomain_proof(z, label_new(t, prefix, label), proof);
	}
	answer_ask(a, &q, z, label, WV_TYPE_A, FLAGS_NXDOMAIN);
	if (!put_soa(t, a, z, q.zone))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!put_nsec3(t, a, z, q.zone, proof[i]))
			return false;
	}
	return true;
}

// RFC 5155 7.2.7: the delegation lies in an opt-out span.
static bool put_opt_out(
	struct traffic *t, struct answer *a, const struct zone *z, uint16_t parent_pointer)
{
	const struct zone *parent = z->parent;
	uint8_t hash[20];
	unsigned proof[PROOFS], n = proof_add(proof, 0, nsec3_apex(&parent->nsec3));

	nsec3_hash(z->name, z->len, hash);
	n = proof_add(proof, n, nsec3_find(&parent->nsec3, hash));
	for (unsigned i = 0; i < n; i++) {
		if (!put_nsec3(t, a, parent, parent_pointer, proof[i]))
			return false;
	}
	return true;
}

// ---- referrals ----

// Name servers of another zone below the same top-level one, which need no glue here.
static void put_servers(struct traffic *t, struct answer *a, const struct asked *q)
{
	size_t start = a->b.len;
	uint8_t rdata[] = "\3ns1\3op0__";

	rdata[7] = (uint8_t)('a' + mix_random(t) % 26);
	wv_store16(rdata + 8, q->parent);
	for (unsigned i = 0; i < 2; i++) {
		rdata[3] = (uint8_t)('1' + i);
		put_record(&a->b, 2, q->zone, WV_TYPE_NS, MIX_KEYS_TTL, rdata, 10);
	}
	order_end(a, start);
}

static bool put_ds(
	struct traffic *t, struct answer *a, unsigned section, uint16_t owner, struct zone *z)
{
	uint8_t octets[DS_RDATA];
	const struct rdata rdata = {octets, ds_rdata(z, octets)};
	const struct signed_set set = {.by = z->parent,
		.owner = z->name,
		.owner_len = z->len,
		.type = WV_TYPE_DS,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	put_record(&a->b, section, owner, WV_TYPE_DS, MIX_TTL, octets, rdata.len);
	return answer_sign_kept(t, a, section, owner, &z->ds, &set);
}

static bool make_referral(struct traffic *t, struct answer *a, enum pool_id pool)
{
	struct zone *z = tree_draw(t, pool);
	struct asked q;
	char label[24];

	answer_ask(a, &q, z, label_new(t, "h", label), WV_TYPE_A, FLAGS_REFERRAL);
	a->meta.server = z->parent->server;
	put_servers(t, a, &q);
	return z->class == ZONE_UNSIGNED ? put_opt_out(t, a, z, q.parent)
					 : put_ds(t, a, 2, q.zone, z);
}

static bool make_opt_out_p256(struct traffic *t, struct answer *a)
{
	return make_referral(t, a, POOL_UNSIGNED_BELOW_P256);
}

static bool make_opt_out_rsa(struct traffic *t, struct answer *a)
{
	return make_referral(t, a, POOL_UNSIGNED_BELOW_RSA);
}

static bool make_ds_p256(struct traffic *t, struct answer *a)
{
	return make_referral(t, a, POOL_SIGNED_BELOW_P256);
}

static bool make_ds_rsa(struct traffic *t, struct answer *a)
{
	return make_referral(t, a, POOL_SIGNED_BELOW_RSA);
}

// ---- keys ----

bool answer_keys(struct traffic *t, struct answer *a, struct zone *z, uint32_t ttl)
{
	uint8_t(*octets)[KEY_RDATA] = calloc(z->n_keys, sizeof(octets[0]));
	struct rdata *list = calloc(z->n_keys, sizeof(list[0]));
	const struct signed_set set = {.by = z,
		.by_first = true,
		.owner = z->name,
		.owner_len = z->len,
		.type = WV_TYPE_DNSKEY,
		.ttl = MIX_KEYS_TTL,
		.list = list,
		.n = z->n_keys};
	bool ok = octets != NULL && list != NULL;
	size_t start = a->b.len;
	const struct blob *rrsig;

	for (unsigned i = 0; ok && i < z->n_keys; i++) {
		list[i] = (struct rdata){octets[i], key_rdata(&z->keys[i], octets[i])};
		put_record(&a->b, 1, MIX_POINTER | 12, WV_TYPE_DNSKEY, ttl, octets[i], list[i].len);
	}
	rrsig = ok ? rrsig_keep(t, &z->dnskey, &set) : NULL;
	if (rrsig != NULL)
		answer_rrsig(a, 1, MIX_POINTER | 12, ttl, rrsig->octets, rrsig->len);
	order_end(a, start);
	free(list);
	free(octets);
	return rrsig != NULL;
}

// The TTL falls, as in a cache's answer: nothing else tells two of these from each other.
static bool make_keys(struct traffic *t, struct answer *a, enum pool_id pool)
{
	struct zone *z = tree_draw(t, pool);
	struct asked q;

	answer_ask(a, &q, z, NULL, WV_TYPE_DNSKEY, FLAGS_ANSWER);
	return answer_keys(t, a, z, MIX_KEYS_TTL - z->key_answers++ % MIX_KEYS_TTL);
}

static bool make_keys_p256(struct traffic *t, struct answer *a)
{
	return make_keys(t, a, POOL_P256);
}

static bool make_keys_rsa(struct traffic *t, struct answer *a)
{
	return make_keys(t, a, POOL_RSA2048);
}

// ---- kinds ----

struct answer_kind {
	const char *name;
	double percent;
	unsigned octets[2];
	enum wv_verdict verdict;
	bool (*make)(struct traffic *t, struct answer *a);
};

static const struct answer_kind signed_kinds[] = {
	{"address P-256", 100, {0, 0}, WV_VERDICT_SECURE, make_only_signed},
};

static const struct answer_kind unsigned_kinds[] = {
	{"unsigned address", 100, {0, 0}, WV_VERDICT_INSECURE, make_only_unsigned},
};

#define TRUNCATED 0.5 // percent; the others share the rest

static const struct answer_kind upstream_kinds[] = {
	{"unsigned address", 40, {110, 110}, WV_VERDICT_INSECURE, make_unsigned},
	{"opt-out referral P-256", 14, {447, 447}, WV_VERDICT_INSECURE, make_opt_out_p256},
	{"opt-out referral RSA-2048", 6, {831, 831}, WV_VERDICT_INSECURE, make_opt_out_rsa},
	{"DS referral P-256", 3, {238, 238}, WV_VERDICT_SECURE, make_ds_p256},
	{"DS referral RSA-2048", 2, {430, 430}, WV_VERDICT_SECURE, make_ds_rsa},
	{"address P-256", 12, {167, 263}, WV_VERDICT_SECURE, make_p256},
	{"CNAME chain P-256", 4, {314, 314}, WV_VERDICT_SECURE, make_cname},
	{"address RSA-2048", 3.5, {359, 359}, WV_VERDICT_SECURE, make_rsa2048},
	{"address RSA-1024", 1.5, {231, 231}, WV_VERDICT_SECURE, make_rsa1024},
	{"address Ed25519", 1, {167, 167}, WV_VERDICT_SECURE, make_ed25519},
	{"NODATA P-256", 3, {338, 338}, WV_VERDICT_SECURE, make_nodata},
	{"NXDOMAIN NSEC3 P-256", 5, {759, 759}, WV_VERDICT_SECURE, make_nxdomain_nsec3},
	{"NXDOMAIN NSEC RSA-2048", 2, {1071, 1071}, WV_VERDICT_SECURE, make_nxdomain_nsec},
	{"DNSKEY P-256", 2, {307, 307}, WV_VERDICT_SECURE, make_keys_p256},
	{"DNSKEY RSA-2048", 1, {891, 891}, WV_VERDICT_SECURE, make_keys_rsa},
	{"truncated", TRUNCATED, {0, 0}, WV_VERDICT_INDETERMINATE, make_truncated},
};

static const struct {
	const struct answer_kind *kinds;
	unsigned n;
} mixes[] = {
	[TRAFFIC_SIGNED] = {signed_kinds, WV_COUNT(signed_kinds)},
	[TRAFFIC_UNSIGNED] = {unsigned_kinds, WV_COUNT(unsigned_kinds)},
	[TRAFFIC_UPSTREAM] = {upstream_kinds, WV_COUNT(upstream_kinds)},
	[TRAFFIC_HOSTILE] = {upstream_kinds, WV_COUNT(upstream_kinds)},
};

#define HOSTILE_SHARE 0.01

struct traffic_kind traffic_kind_get(enum traffic_mix mix, unsigned kind)
{
	unsigned n = mixes[mix].n;
	bool hostile = mix == TRAFFIC_HOSTILE;
	const struct answer_kind *k = &mixes[mix].kinds[kind];
	double share;

	if (kind >= n) {
		kind -= n;
		if (!hostile || kind >= hostile_n)
			return (struct traffic_kind){.name = NULL};
		return (struct traffic_kind){.name = hostile_kinds[kind].name,
			.share = HOSTILE_SHARE / hostile_n,
			.verdict = WV_VERDICT_BOGUS,
			.is_hostile = true};
	}
	share = k->percent / 100;
	if (n > 1 && k->make != make_truncated)
		share *= 1 - TRUNCATED / 100;
	return (struct traffic_kind){.name = k->name,
		.share = hostile ? share * (1 - HOSTILE_SHARE) : share,
		.octets = {k->octets[0], k->octets[1]},
		.verdict = k->verdict};
}

bool answer_make(struct traffic *t, struct answer *a, unsigned kind)
{
	unsigned n = mixes[t->params.mix].n;

	a->meta = (struct sent){.kind = (uint8_t)kind};
	return kind < n ? mixes[t->params.mix].kinds[kind].make(t, a)
			: hostile_kinds[kind - n].make(t, a);
}

// ---- the chain ----

int chain_dnskey(struct traffic *t, struct answer *a, struct zone *z)
{
	struct asked q;

	a->meta = (struct sent){.kind = 0};
	answer_ask(a, &q, z, NULL, WV_TYPE_DNSKEY, FLAGS_ANSWER);
	return answer_keys(t, a, z, MIX_KEYS_TTL) ? 0 : -ENOMEM;
}

// Mix I: an NSEC record that has neither DS nor SOA.
static bool put_no_ds(struct traffic *t, struct answer *a, const struct zone *z)
{
	static const uint16_t types[] = {WV_TYPE_NS, WV_TYPE_RRSIG, WV_TYPE_NSEC};
	uint8_t octets[128];
	size_t n = name_make(octets, "zzz", z->parent->name, z->parent->len);
	struct rdata rdata = {octets, 0};
	const struct signed_set set = {.by = z->parent,
		.owner = z->name,
		.owner_len = z->len,
		.type = WV_TYPE_NSEC,
		.ttl = MIX_TTL,
		.list = &rdata,
		.n = 1};

	n += put_bitmap(octets + n, types, WV_COUNT(types));
	rdata.len = n;
	put_record(&a->b, 2, MIX_POINTER | 12, WV_TYPE_NSEC, MIX_TTL, octets, n);
	return answer_sign(t, a, 2, MIX_POINTER | 12, &set);
}

// The DS answer of a zone, or the proof that it has none.
int chain_ds(struct traffic *t, struct answer *a, struct zone *z)
{
	struct asked q;
	bool ok;

	a->meta = (struct sent){.kind = 0};
	answer_ask(a, &q, z, NULL, WV_TYPE_DS, FLAGS_ANSWER);
	a->meta.server = z->parent->server;
	if (z->class != ZONE_UNSIGNED)
		ok = put_ds(t, a, 1, MIX_POINTER | 12, z);
	else if (z->parent->nsec3.n == 0)
		ok = put_no_ds(t, a, z);
	else
		ok = put_soa(t, a, &t->tld[z->parent - t->tld], q.parent)
			&& put_opt_out(t, a, z, q.parent);
	return ok ? 0 : -ENOMEM;
}
