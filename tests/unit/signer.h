/**
 * @file
 * Keys, signed RRsets and responses for tests, made with OpenSSL alone. Nothing here uses what is
 * under test: canonical form, key tags and digests are written anew, so that agreement means
 * something. Keys of curves follow from the zone's name and theirs, and are the same in each run.
 *
 * RDATA is built in canonical form and in canonical order; letters are put into upper case, and
 * records into other orders, only as they are written into a response.
 */
#ifndef SIGNER_H
#define SIGNER_H

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "test.h"

#define SIGNER_NOW     1790000000u // 2026-09-21
#define SIGNER_DAY     86400u
#define SIGNER_TTL     3600u
#define SIGNER_RECORDS 20
#define SIGNER_SIGS    12

struct octets {
	uint16_t len;
	uint8_t octets[1100];
};

struct key {
	EVP_PKEY *pkey;
	const char *zone;
	uint16_t flags;
	uint8_t algorithm;
	struct octets rdata; // of its DNSKEY record
};

struct rrset {
	struct octets owner; // as a name in lower case
	uint16_t type;
	uint32_t ttl;
	bool upper; // the owner is written in upper case
	bool swap;  // the last record is written first
	unsigned n, n_sigs;
	struct octets rd[SIGNER_RECORDS];
	struct octets sig[SIGNER_SIGS]; // RDATA of RRSIG records
};

#define SIGNER_FAIL(what)                                                                          \
	do {                                                                                       \
		fprintf(stderr, "signer: %s:%d: %s\n", __FILE__, __LINE__, what);                  \
		abort();                                                                           \
	} while (0)

static inline void put(struct octets *o, const void *octets, size_t len)
{
	if (o->len + len > sizeof(o->octets))
		SIGNER_FAIL("too many octets");
	memcpy(o->octets + o->len, octets, len);
	o->len = (uint16_t)(o->len + len);
}

static inline void put8(struct octets *o, unsigned v)
{
	put(o, &(uint8_t){(uint8_t)v}, 1);
}

static inline void put16(struct octets *o, unsigned v)
{
	put8(o, v >> 8);
	put8(o, v & 255);
}

static inline void put32(struct octets *o, uint32_t v)
{
	put16(o, v >> 16);
	put16(o, v & 65535);
}

// A name in lower case; text without escapes.
static inline void put_name(struct octets *o, const char *text)
{
	while (*text != '\0' && strcmp(text, ".") != 0) {
		size_t n = strcspn(text, ".");

		put8(o, (unsigned)n);
		for (size_t i = 0; i < n; i++)
			put8(o, (unsigned)tolower((unsigned char)text[i]));
		text += n + (text[n] == '.');
	}
	put8(o, 0);
}

static inline unsigned labels_of(const struct octets *name)
{
	unsigned n = 0;

	for (size_t i = 0; name->octets[i] != 0; i += name->octets[i] + 1u)
		n++;
	return n;
}

// Keys.

static inline uint16_t key_tag(const struct key *key)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < key->rdata.len; i++)
		sum += (i & 1) != 0 ? key->rdata.octets[i] : (uint32_t)key->rdata.octets[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

static inline void digest_of(const char *name, const void *data, size_t len, struct octets *out)
{
	unsigned n;

	if (EVP_Digest(data, len, out->octets, &n, EVP_get_digestbyname(name), NULL) != 1)
		SIGNER_FAIL(name);
	out->len = (uint16_t)n;
}

static inline EVP_PKEY *curve_key(
	int nid, const char *group_name, const uint8_t *seed, size_t len, struct octets *public_key)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *secret = BN_bin2bn(seed, (int)len, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;
	uint8_t pub[200], native[100];
	size_t n;

	EC_POINT_mul(group, point, secret, NULL, NULL, NULL);
	n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, sizeof(pub), NULL);
	if (BN_bn2nativepad(secret, native, (int)len) != (int)len)
		SIGNER_FAIL("private key");
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group_name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, n),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, len),
		OSSL_PARAM_construct_end(),
	};
	if (EVP_PKEY_fromdata_init(ctx) != 1
		|| EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		SIGNER_FAIL(group_name);
	put(public_key, pub + 1, n - 1);
	EVP_PKEY_CTX_free(ctx);
	BN_free(secret);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return pkey;
}

static inline EVP_PKEY *edwards_key(
	int type, const uint8_t *seed, size_t len, struct octets *public_key)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(type, NULL, seed, len);
	uint8_t pub[100];
	size_t n = sizeof(pub);

	if (pkey == NULL || EVP_PKEY_get_raw_public_key(pkey, pub, &n) != 1)
		SIGNER_FAIL("Edwards curve");
	put(public_key, pub, n);
	return pkey;
}

static inline EVP_PKEY *rsa_key(unsigned bits, struct octets *public_key)
{
	EVP_PKEY *pkey = EVP_RSA_gen(bits);
	BIGNUM *n = NULL, *e = NULL;
	uint8_t number[600];

	if (pkey == NULL || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1
		|| EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		SIGNER_FAIL("RSA");
	put8(public_key, (unsigned)BN_num_bytes(e)); // RFC 3110 2
	put(public_key, number, (size_t)BN_bn2bin(e, number));
	put(public_key, number, (size_t)BN_bn2bin(n, number));
	BN_free(n);
	BN_free(e);
	return pkey;
}

/**
 * @param name  tells keys of a zone apart
 * @param flags  257, 256, …
 */
static inline struct key key_make(
	const char *zone, const char *name, uint8_t algorithm, uint16_t flags)
{
	struct key key = {.zone = zone, .flags = flags, .algorithm = algorithm};
	struct octets text = {0}, seed;

	put(&text, zone, strlen(zone));
	put(&text, name, strlen(name) + 1);
	digest_of("SHA512", text.octets, text.len, &seed);
	put16(&key.rdata, flags);
	put8(&key.rdata, 3);
	put8(&key.rdata, algorithm);
	switch (algorithm) {
	case 13:
		seed.octets[0] = 1; // below the order
		key.pkey = curve_key(NID_X9_62_prime256v1, "P-256", seed.octets, 32, &key.rdata);
		break;
	case 14:
		seed.octets[0] = 1;
		key.pkey = curve_key(NID_secp384r1, "P-384", seed.octets, 48, &key.rdata);
		break;
	case 15:
		key.pkey = edwards_key(EVP_PKEY_ED25519, seed.octets, 32, &key.rdata);
		break;
	case 16:
		key.pkey = edwards_key(EVP_PKEY_ED448, seed.octets, 57, &key.rdata);
		break;
	default:
		key.pkey = rsa_key(1024, &key.rdata);
	}
	return key;
}

static inline void key_free(struct key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

// RRsets.

static inline struct rrset *rrset_new(const char *owner, uint16_t type)
{
	struct rrset *set = calloc(1, sizeof(*set));

	if (set == NULL)
		SIGNER_FAIL("memory");
	put_name(&set->owner, owner);
	set->type = type;
	set->ttl = SIGNER_TTL;
	return set;
}

static inline int octets_compare(const struct octets *a, const struct octets *b)
{
	int order = memcmp(a->octets, b->octets, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (int)a->len - (int)b->len;
}

// Add a record's RDATA, kept in canonical order, duplicates too.
static inline void rrset_add(struct rrset *set, const struct octets *rdata)
{
	unsigned i = set->n++;

	assert(set->n <= SIGNER_RECORDS);
	for (; i > 0 && octets_compare(rdata, &set->rd[i - 1]) < 0; i--)
		set->rd[i] = set->rd[i - 1];
	set->rd[i] = *rdata;
}

static inline struct rrset *rrset_octets(const char *owner, uint16_t type, const void *d, size_t n)
{
	struct rrset *set = rrset_new(owner, type);
	struct octets rdata = {0};

	put(&rdata, d, n);
	rrset_add(set, &rdata);
	return set;
}

// Addresses, one after the other, with spaces between.
static inline struct rrset *rrset_a(const char *owner, const char *addresses)
{
	struct rrset *set = rrset_new(owner, 1);
	char text[200], *save = NULL;

	snprintf(text, sizeof(text), "%s", addresses);
	for (char *p = strtok_r(text, " ", &save); p != NULL; p = strtok_r(NULL, " ", &save)) {
		struct octets rdata = {.len = 4};

		if (inet_pton(AF_INET, p, rdata.octets) != 1)
			SIGNER_FAIL(p);
		rrset_add(set, &rdata);
	}
	return set;
}

// CNAME, DNAME, NS, PTR.
static inline struct rrset *rrset_name(const char *owner, uint16_t type, const char *target)
{
	struct rrset *set = rrset_new(owner, type);
	struct octets rdata = {0};

	put_name(&rdata, target);
	rrset_add(set, &rdata);
	return set;
}

static inline struct rrset *rrset_soa(const char *zone)
{
	struct rrset *set = rrset_new(zone, 6);
	struct octets rdata = {0};

	put_name(&rdata, "ns.example.");
	put_name(&rdata, "host.example.");
	for (uint32_t i = 1; i <= 5; i++)
		put32(&rdata, i);
	rrset_add(set, &rdata);
	return set;
}

static inline struct rrset *rrset_dnskey(
	const char *zone, const struct key *const keys[], unsigned n)
{
	struct rrset *set = rrset_new(zone, 48);

	for (unsigned i = 0; i < n; i++)
		rrset_add(set, &keys[i]->rdata);
	return set;
}

static inline struct octets ds_rdata(const char *child, const struct key *key, uint8_t digest_type)
{
	const char *const hashes[] = {NULL, "SHA1", "SHA256", NULL, "SHA384"};
	struct octets data = {0}, digest, rdata = {0};

	put_name(&data, child);
	put(&data, key->rdata.octets, key->rdata.len);
	digest_of(digest_type <= 4 && hashes[digest_type] != NULL ? hashes[digest_type] : "SHA256",
		data.octets, data.len, &digest);
	put16(&rdata, key_tag(key));
	put8(&rdata, key->algorithm);
	put8(&rdata, digest_type);
	put(&rdata, digest.octets, digest.len);
	return rdata;
}

static inline void rrset_add_ds(
	struct rrset *set, const char *child, const struct key *key, uint8_t digest_type)
{
	struct octets rdata = ds_rdata(child, key, digest_type);

	rrset_add(set, &rdata);
}

static inline struct rrset *rrset_ds(const char *child, const struct key *key)
{
	struct rrset *set = rrset_new(child, 43);

	rrset_add_ds(set, child, key, 2);
	return set;
}

// RFC 4034 4.1.2, for types below 256, ascending; the list ends with 0.
static inline void put_bitmap(struct octets *o, const uint16_t *types)
{
	uint8_t bits[32] = {0};
	unsigned last = 0;

	for (; *types != 0; types++) {
		bits[*types / 8] |= (uint8_t)(0x80 >> *types % 8);
		last = *types / 8u + 1;
	}
	put8(o, 0);
	put8(o, last);
	put(o, bits, last);
}

static inline struct rrset *rrset_nsec(const char *owner, const char *next, const uint16_t *types)
{
	struct rrset *set = rrset_new(owner, 47);
	struct octets rdata = {0};

	put_name(&rdata, next);
	put_bitmap(&rdata, types);
	rrset_add(set, &rdata);
	return set;
}

struct nsec3 {
	uint8_t flags;
	uint16_t iterations;
	const char *salt; // text
	bool cover;       // one before the name's hash to one behind it, instead of the name's own
};

static inline void nsec3_hash(const char *name, const struct nsec3 *p, struct octets *hash)
{
	struct octets data = {0};

	put_name(&data, name);
	for (unsigned i = 0; i <= p->iterations; i++) {
		if (p->salt != NULL)
			put(&data, p->salt, strlen(p->salt));
		digest_of("SHA1", data.octets, data.len, hash);
		data = *hash;
	}
}

static inline void hash_step(struct octets *hash, int by)
{
	for (size_t i = hash->len; i-- > 0;) {
		hash->octets[i] = (uint8_t)(hash->octets[i] + by);
		if (hash->octets[i] != (by > 0 ? 0 : 255))
			return;
	}
}

static inline void base32hex(const struct octets *hash, char *text)
{
	for (unsigned i = 0; i < hash->len * 8u / 5; i++) {
		unsigned v = 0;

		for (unsigned bit = 5 * i; bit < 5 * i + 5; bit++)
			v = v << 1 | (hash->octets[bit / 8] >> (7 - bit % 8) & 1);
		*text++ = "0123456789abcdefghijklmnopqrstuv"[v];
	}
	*text = '\0';
}

static inline struct rrset *rrset_nsec3(
	const char *zone, const char *name, const uint16_t *types, struct nsec3 p)
{
	struct octets from, to, rdata = {0};
	struct rrset *set;
	char owner[300], label[40];

	nsec3_hash(name, &p, &from);
	to = from;
	if (p.cover)
		hash_step(&from, -1);
	hash_step(&to, 1);
	base32hex(&from, label);
	snprintf(owner, sizeof(owner), "%s.%s", label, zone);
	put8(&rdata, 1);
	put8(&rdata, p.flags);
	put16(&rdata, p.iterations);
	put8(&rdata, p.salt != NULL ? (unsigned)strlen(p.salt) : 0);
	if (p.salt != NULL)
		put(&rdata, p.salt, strlen(p.salt));
	put8(&rdata, to.len);
	put(&rdata, to.octets, to.len);
	put_bitmap(&rdata, types);
	set = rrset_new(owner, 50);
	rrset_add(set, &rdata);
	return set;
}

// Signatures. What is 0 or NULL is as it should be.
struct sign {
	uint32_t inception, expiration, ttl;
	int labels; // -1: none
	uint16_t tag;
	uint8_t algorithm;
	const char *signer;
	const char *as; // the owner that is signed, a wildcard
	bool broken;
	bool shortened; // the signature lacks its last octet
};

static inline const EVP_MD *hash_of(uint8_t algorithm)
{
	switch (algorithm) {
	case 5:
	case 7:
		return EVP_sha1();
	case 8:
	case 13:
		return EVP_sha256();
	case 14:
		return EVP_sha384();
	case 10:
		return EVP_sha512();
	}
	return NULL; // EdDSA
}

static inline void signature_make(
	const struct key *key, const uint8_t *data, size_t len, struct octets *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[1024], raw[132];
	size_t n = sizeof(der);

	if (EVP_DigestSignInit(ctx, NULL, hash_of(key->algorithm), NULL, key->pkey) != 1
		|| EVP_DigestSign(ctx, der, &n, data, len) != 1)
		SIGNER_FAIL("signature");
	EVP_MD_CTX_free(ctx);
	if (key->algorithm == 13 || key->algorithm == 14) { // RFC 6605 4
		const uint8_t *p = der;
		ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
		int half = key->algorithm == 13 ? 32 : 48;

		BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half);
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half);
		ECDSA_SIG_free(sig);
		put(out, raw, (size_t)half * 2);
		return;
	}
	put(out, der, n);
}

static inline void sign_with(struct rrset *set, const struct key *key, struct sign p)
{
	static uint8_t data[65536]; // larger than what any test signs
	struct octets rdata = {0}, owner = set->owner;
	uint32_t ttl = p.ttl != 0 ? p.ttl : SIGNER_TTL;
	size_t len = 0;

	if (p.as != NULL) {
		owner.len = 0;
		put_name(&owner, p.as);
	}
	put16(&rdata, set->type);
	put8(&rdata, p.algorithm != 0 ? p.algorithm : key->algorithm);
	put8(&rdata,
		p.labels != 0 ? (unsigned)(p.labels > 0 ? p.labels : 0)
			      : labels_of(&owner) - (owner.octets[1] == '*'));
	put32(&rdata, ttl);
	put32(&rdata, p.expiration != 0 ? p.expiration : SIGNER_NOW + 10 * SIGNER_DAY);
	put32(&rdata, p.inception != 0 ? p.inception : SIGNER_NOW - 10 * SIGNER_DAY);
	put16(&rdata, p.tag != 0 ? p.tag : key_tag(key));
	put_name(&rdata, p.signer != NULL ? p.signer : key->zone);

	memcpy(data, rdata.octets, rdata.len); // RFC 4034 3.1.8.1
	len = rdata.len;
	for (unsigned i = 0; i < set->n; i++) {
		struct octets fixed = {0};

		if (i > 0 && octets_compare(&set->rd[i], &set->rd[i - 1]) == 0)
			continue;
		put16(&fixed, set->type);
		put16(&fixed, 1);
		put32(&fixed, ttl);
		put16(&fixed, set->rd[i].len);
		memcpy(data + len, owner.octets, owner.len);
		memcpy(data + len + owner.len, fixed.octets, fixed.len);
		memcpy(data + len + owner.len + fixed.len, set->rd[i].octets, set->rd[i].len);
		len += (size_t)owner.len + fixed.len + set->rd[i].len;
	}
	signature_make(key, data, len, &rdata);
	if (p.broken)
		rdata.octets[rdata.len - 3] ^= 4;
	if (p.shortened)
		rdata.len--;
	assert(set->n_sigs < SIGNER_SIGS);
	set->sig[set->n_sigs++] = rdata;
}

static inline struct rrset *signed_by(struct rrset *set, const struct key *key)
{
	sign_with(set, key, (struct sign){0});
	return set;
}

// Responses.

#define REPLY_RRS 6000

struct reply {
	bool plain; // names without compression
	size_t len;
	uint16_t qtype;
	unsigned n; // records
	struct {
		size_t at;
		unsigned section; // 1 answer, 2 authority, 3 additional
		uint16_t type;
	} rr[REPLY_RRS];
	uint8_t octets[65535];
	// The bits that no signature covers, and that change nothing: see reply_free_…().
	uint8_t free[65535];
};

static inline void reply_put(struct reply *r, const void *octets, size_t len)
{
	if (r->len + len > sizeof(r->octets))
		SIGNER_FAIL("message too long");
	memcpy(r->octets + r->len, octets, len);
	memset(r->free + r->len, 0, len);
	r->len += len;
}

static inline void reply_put16(struct reply *r, unsigned v)
{
	reply_put(r, (const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

// The case bit of letters, in the last `len` octets.
static inline void reply_free_case(struct reply *r, size_t len)
{
	for (size_t i = r->len - len; i < r->len; i++) {
		if (isalpha(r->octets[i]))
			r->free[i] = 0x20;
	}
}

static inline void reply_free_all(struct reply *r, size_t at, size_t len)
{
	memset(r->free + at, 255, len);
}

// `flags`: of the header, without QR; the lowest four bits are the rcode.
static inline void reply_begin(struct reply *r, const char *qname, uint16_t qtype, uint16_t flags)
{
	struct octets name = {0};

	r->len = 0;
	r->n = 0;
	r->qtype = qtype;
	put_name(&name, qname);
	reply_put16(r, 0x1234);
	reply_put16(r, 0x8000u | flags);
	reply_put16(r, 1);
	for (unsigned i = 0; i < 3; i++)
		reply_put16(r, 0);
	reply_free_all(r, 0, 2);
	r->free[2] = 0x05; // AA, RD
	r->free[3] = 0xf0; // RA, Z, AD, CD
	reply_put(r, name.octets, name.len);
	reply_free_case(r, name.len);
	reply_put16(r, qtype);
	reply_put16(r, 1);
}

static inline void reply_owner(struct reply *r, const struct octets *owner, bool upper)
{
	size_t at = r->len;

	if (!r->plain && memcmp(owner->octets, r->octets + 12, owner->len) == 0) {
		reply_put16(r, 0xc00c); // what matters is the name that it makes
		reply_free_all(r, r->len - 2, 2);
		return;
	}
	reply_put(r, owner->octets, owner->len);
	reply_free_case(r, owner->len);
	for (size_t i = at; upper && i < r->len; i++)
		r->octets[i] = (uint8_t)toupper(r->octets[i]);
}

static inline void reply_rr(struct reply *r, unsigned section, const struct octets *owner,
	bool upper, uint16_t type, uint32_t ttl, const struct octets *rdata)
{
	unsigned count = 4 + 2 * section;

	assert(r->n < REPLY_RRS);
	r->rr[r->n].at = r->len;
	r->rr[r->n].section = section;
	r->rr[r->n++].type = type;
	reply_owner(r, owner, upper);
	reply_put16(r, type);
	reply_put16(r, 1);
	reply_put16(r, ttl >> 16);
	reply_put16(r, ttl & 65535);
	reply_free_all(r, r->len - 4, 4);
	reply_put16(r, rdata->len);
	reply_put(r, rdata->octets, rdata->len);
	r->octets[count + 1]++;
	if (r->octets[count + 1] == 0)
		r->octets[count]++;
}

static inline bool data_is_a_name(uint16_t type)
{
	return type == 2 || type == 5 || type == 39;
}

// The records of an RRset; the case of a name in their data, too, is not covered.
static inline void reply_records(struct reply *r, unsigned section, const struct rrset *set)
{
	for (unsigned k = 0; k < set->n; k++) {
		unsigned i = set->swap ? set->n - 1 - k : k;

		reply_rr(r, section, &set->owner, set->upper, set->type, set->ttl, &set->rd[i]);
		if (data_is_a_name(set->type)) {
			reply_free_case(r, set->rd[i].len);
			for (size_t c = r->len - set->rd[i].len; set->upper && c < r->len; c++)
				r->octets[c] = (uint8_t)toupper(r->octets[c]);
		}
	}
}

// The signer's name is lowered before it is signed; all else in an RRSIG is covered.
static inline void reply_signatures(struct reply *r, unsigned section, const struct rrset *set)
{
	for (unsigned i = 0; i < set->n_sigs; i++) {
		size_t c;

		reply_rr(r, section, &set->owner, set->upper, 46, set->ttl, &set->sig[i]);
		c = r->len - set->sig[i].len + 18;
		for (; r->octets[c] != 0; c += r->octets[c] + 1u) {
			for (size_t k = c + 1; k <= c + r->octets[c]; k++)
				r->free[k] = isalpha(r->octets[k]) ? 0x20 : 0;
		}
	}
}

static inline void reply_set(struct reply *r, unsigned section, const struct rrset *set)
{
	reply_records(r, section, set);
	reply_signatures(r, section, set);
}

// The same, and the RRset is freed.
static inline void reply_take(struct reply *r, unsigned section, struct rrset *set)
{
	reply_set(r, section, set);
	free(set);
}

/*
 * OPT, which nothing covers; with it, one record in the additional section. A count that is one
 * less moves the RRSIG before it there; the section that a signature stands in is not covered.
 */
static inline void reply_opt(struct reply *r, uint32_t extended)
{
	static const struct octets root = {.len = 1};
	static const struct octets none = {0};
	size_t at = r->len;
	unsigned count = r->n > 0 ? 5 + 2 * r->rr[r->n - 1].section : 0;

	if (r->n > 0 && r->rr[r->n - 1].type == 46 && (r->octets[count] & 1) != 0)
		r->free[count] = 1;

	reply_rr(r, 3, &root, false, 41, extended, &none);
	reply_free_all(r, at, r->len - at);
	r->free[11] = 1; // ARCOUNT without it
}

// A copy without record `i`.
static inline void reply_without(struct reply *out, const struct reply *r, unsigned i)
{
	size_t at = r->rr[i].at, end = i + 1 < r->n ? r->rr[i + 1].at : r->len;
	unsigned count = 4 + 2 * r->rr[i].section;

	*out = *r;
	memmove(out->octets + at, r->octets + end, r->len - end);
	out->len -= end - at;
	if (out->octets[count + 1]-- == 0)
		out->octets[count]--;
	out->n--;
}

#endif
