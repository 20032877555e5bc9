#include <assert.h>
#include <string.h>

#include "wv_message.h"

#define RR_FIXED      10 // octets of a record between owner and data
#define RRSIG_FIXED   18 // octets of an RRSIG's data before the signer's name
#define OPTION_COOKIE 10 // RFC 7873 4

// Up to so many RRsets the newest is looked for first, one after the other; then in buckets.
#define FEW_RRSETS 16
#define N_BUCKETS  (2 * WV_MESSAGE_RRSETS)

static_assert((N_BUCKETS & (N_BUCKETS - 1)) == 0, "buckets are picked by a mask");
static_assert(WV_MESSAGE_RRSETS <= N_BUCKETS / 2, "buckets must never fill");

struct reader {
	struct wv_wire w;
	uint16_t known; // where the last owner's first label is, for the next pointer to it
	uint32_t known_hash;
};

// What makes records one RRset.
struct key {
	uint32_t hash;  // of the owner
	uint16_t owner; // where its first label is
	uint16_t type;  // for an RRSIG the type covered
	uint16_t class;
	unsigned section;
};

static void header_read(struct wv_message *m, struct wv_wire *w)
{
	m->id = wv_wire_u16(w);
	m->flags = wv_wire_u16(w);
	for (unsigned i = 0; i < WV_COUNT(m->count); i++)
		m->count[i] = wv_wire_u16(w);
	m->rcode = m->flags & 15;
	m->end = WV_HEADER_LEN;
}

static bool question_read(struct wv_message *m, struct wv_wire *w)
{
	if (m->count[0] != 1 || wv_wire_name_hash(w, m->seed, &m->qname_hash) == NULL)
		return false;
	m->qname = WV_HEADER_LEN;
	m->qtype = wv_wire_u16(w);
	m->qclass = wv_wire_u16(w);
	if (w->bad)
		return false;
	m->question_end = m->end = (uint16_t)(w->pos - w->base);
	return true;
}

// Where the first label of an accepted name is.
static inline uint16_t first_label(const uint8_t *base, uint16_t at)
{
	while (base[at] >= 0xc0)
		at = wv_load16(base + at) & 0x3fff;
	return at;
}

// Most owners are a pointer to the question's name or to the owner before: nothing is walked then.
static inline bool owner_read(struct wv_message *m, struct reader *r, struct key *key)
{
	const uint8_t *p = r->w.pos;

	if (wv_wire_left(&r->w) >= 2 && p[0] >= 0xc0) {
		uint16_t at = wv_load16(p) & 0x3fff;

		if (at == WV_HEADER_LEN || at == r->known) {
			key->owner = at;
			key->hash = at == WV_HEADER_LEN ? m->qname_hash : r->known_hash;
			r->w.pos += 2;
			return true;
		}
	}
	if (wv_wire_name_hash(&r->w, m->seed, &key->hash) == NULL)
		return false;
	key->owner = first_label(m->base, (uint16_t)(p - m->base));
	r->known = key->owner;
	r->known_hash = key->hash;
	return true;
}

static inline bool record_read(
	struct wv_message *m, struct reader *r, struct wv_rr *rr, struct key *key)
{
	const uint8_t *p;

	rr->owner = (uint16_t)(r->w.pos - m->base);
	if (!owner_read(m, r, key))
		return false;
	p = wv_wire_take(&r->w, RR_FIXED);
	if (p == NULL)
		return false;
	rr->type = wv_load16(p);
	rr->class = wv_load16(p + 2);
	rr->ttl = wv_load32(p + 4);
	rr->rdlen = wv_load16(p + 8);
	rr->rdata = (uint16_t)(p + RR_FIXED - m->base);
	rr->next = WV_MESSAGE_NOTHING;
	return wv_wire_take(&r->w, rr->rdlen) != NULL;
}

static inline bool is_key_of(
	const struct wv_message *m, const struct wv_rrset *set, const struct key *key)
{
	return set->owner_hash == key->hash && set->type == key->type
		&& set->class == key->class && set->section == key->section
		&& (first_label(m->base, set->owner) == key->owner
			|| wv_name_packed_equal(
				m->base, m->base + set->owner, m->base + key->owner));
}

// A sender knows neither seed nor factor, so it cannot choose types that share a bucket.
static unsigned bucket_first(uint32_t seed, const struct key *key)
{
	uint64_t factor = (seed + 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93 | 1;
	uint64_t x = (uint64_t)key->hash << 32 | (uint64_t)key->type << 16 | key->class;
	unsigned __int128 product = (unsigned __int128)(x ^ seed ^ key->section) * factor;

	return (unsigned)((uint64_t)(product >> 64) ^ (uint64_t)product >> 32) & (N_BUCKETS - 1);
}

static void bucket_put(struct wv_message *m, unsigned i)
{
	const struct wv_rrset *set = &m->rrsets[i];
	unsigned b = bucket_first(m->seed,
		&(struct key){.hash = set->owner_hash,
			.type = set->type,
			.class = set->class,
			.section = set->section});

	while (m->buckets[b] != WV_MESSAGE_NOTHING)
		b = (b + 1) & (N_BUCKETS - 1);
	m->buckets[b] = (uint16_t)i;
}

static struct wv_rrset *bucket_find(struct wv_message *m, const struct key *key)
{
	for (unsigned b = bucket_first(m->seed, key); m->buckets[b] != WV_MESSAGE_NOTHING;
		b = (b + 1) & (N_BUCKETS - 1)) {
		if (is_key_of(m, &m->rrsets[m->buckets[b]], key))
			return &m->rrsets[m->buckets[b]];
	}
	return NULL;
}

static struct wv_rrset *rrset_find(struct wv_message *m, const struct key *key)
{
	if (m->n_rrsets > FEW_RRSETS)
		return bucket_find(m, key);
	// Sections come in order: what stands before another section's RRset is not of this one.
	for (unsigned i = m->n_rrsets; i-- > 0 && m->rrsets[i].section == key->section;) {
		if (is_key_of(m, &m->rrsets[i], key))
			return &m->rrsets[i];
	}
	return NULL;
}

static struct wv_rrset *rrset_add(struct wv_message *m, const struct key *key, uint16_t owner)
{
	struct wv_rrset *set = &m->rrsets[m->n_rrsets++];

	*set = (struct wv_rrset){.owner_hash = key->hash,
		.owner = owner,
		.type = key->type,
		.class = key->class,
		.first = WV_MESSAGE_NOTHING,
		.first_sig = WV_MESSAGE_NOTHING,
		.section = (uint8_t)key->section};
	if (m->n_rrsets == FEW_RRSETS + 1) {
		memset(m->buckets, 0xff, sizeof(m->buckets));
		for (unsigned i = 0; i < m->n_rrsets; i++)
			bucket_put(m, i);
	} else if (m->n_rrsets > FEW_RRSETS) {
		bucket_put(m, m->n_rrsets - 1u);
	}
	return set;
}

static void rrset_put(struct wv_message *m, const struct key *key, uint16_t i)
{
	struct wv_rr *rr = &m->rrs[i];
	struct wv_rrset *set = rrset_find(m, key);

	if (set == NULL) {
		if (m->n_rrsets == WV_MESSAGE_RRSETS) {
			m->rrsets_cut |= key->section != WV_SECTION_ADDITIONAL;
			return;
		}
		set = rrset_add(m, key, rr->owner);
	}
	if (rr->type == WV_TYPE_RRSIG) {
		if (set->n_sigs++ == 0)
			set->first_sig = i;
		else
			m->rrs[set->last_sig].next = i;
		set->last_sig = i;
		return;
	}
	if (set->n++ == 0) {
		set->first = i;
		set->owner = rr->owner;
	} else {
		m->rrs[set->last].next = i;
	}
	set->last = i;
}

// The options must fill the data exactly (RFC 6891 6.1.2); of several COOKIEs the first counts.
static bool options_read(struct wv_message *m, const struct wv_rr *rr)
{
	struct wv_wire w = wv_wire_open(m->base + rr->rdata, rr->rdlen);

	while (wv_wire_left(&w) > 0) {
		uint16_t code = wv_wire_u16(&w);
		uint16_t len = wv_wire_u16(&w);
		const uint8_t *data = wv_wire_take(&w, len);

		if (w.bad)
			return false;
		if (code == OPTION_COOKIE && m->cookie == WV_MESSAGE_NOTHING) {
			m->cookie = (uint16_t)(data - m->base);
			m->cookie_len = len;
		}
	}
	return true;
}

static bool opt_read(struct wv_message *m, const struct wv_rr *rr, uint16_t i, unsigned section)
{
	if (m->has_edns || section != WV_SECTION_ADDITIONAL || m->base[rr->owner] != 0)
		return false;
	if (!options_read(m, rr)) {
		m->cookie = WV_MESSAGE_NOTHING;
		return false;
	}
	m->has_edns = true;
	m->opt = i;
	m->edns_size = rr->class;
	m->edns_version = (uint8_t)(rr->ttl >> 16);
	m->edns_do = (rr->ttl & 0x8000) != 0;
	m->rcode = (uint16_t)(rr->ttl >> 24 << 4 | (m->flags & 15));
	return true;
}

// Of an RRSIG or SIG; 0 for one too short to say, as in SIG(0) (RFC 2931 3).
static uint16_t covered(const struct wv_message *m, const struct wv_rr *rr)
{
	return rr->rdlen >= 2 ? wv_load16(m->base + rr->rdata) : 0;
}

// What a record is beyond a member of an RRset. False: it must not be where it is.
static bool record_place(
	struct wv_message *m, struct key *key, uint16_t i, unsigned section, bool is_last)
{
	const struct wv_rr *rr = &m->rrs[i];

	key->type = rr->type;
	key->class = rr->class;
	key->section = section;
	switch (rr->type) {
	case WV_TYPE_OPT:
		return opt_read(m, rr, i, section);
	case WV_TYPE_SIG:
		if (covered(m, rr) != 0)
			break;
		m->is_signed = is_last;
		return is_last;
	case WV_TYPE_TSIG:
		m->is_signed = is_last;
		return is_last;
	case WV_TYPE_RRSIG:
		key->type = covered(m, rr);
		if (rr->rdlen < 2 || key->type == WV_TYPE_RRSIG || key->type == WV_TYPE_OPT
			|| key->type == WV_TYPE_TSIG)
			return true;
		break;
	default:
		break;
	}
	rrset_put(m, key, i);
	return true;
}

static bool section_read(struct wv_message *m, struct reader *r, unsigned section)
{
	unsigned count = m->count[section + 1];

	for (unsigned n = 1; n <= count; n++) {
		uint16_t i = m->n_rrs;
		struct key key;

		assert(i < WV_MESSAGE_RRS); // as each record took 11 octets
		if (!record_read(m, r, &m->rrs[i], &key))
			return false;
		if (!record_place(
			    m, &key, i, section, section == WV_SECTION_ADDITIONAL && n == count))
			return false;
		m->n_rrs++;
		m->end = (uint16_t)(r->w.pos - r->w.base);
	}
	return true;
}

// All but the three arrays, which are large, and are read only as far as they were written.
static void message_clear(struct wv_message *m, const uint8_t *payload, uint16_t len, uint32_t seed)
{
	m->base = payload;
	m->len = len;
	m->end = 0;
	m->id = m->flags = m->rcode = 0;
	memset(m->count, 0, sizeof(m->count));
	m->qname = m->qtype = m->qclass = m->question_end = 0;
	m->qname_hash = 0;
	m->has_edns = m->edns_do = false;
	m->edns_version = 0;
	m->edns_size = 0;
	m->opt = WV_MESSAGE_NOTHING;
	m->cookie = WV_MESSAGE_NOTHING;
	m->cookie_len = 0;
	m->is_signed = false;
	m->n_rrs = m->n_rrsets = 0;
	memset(m->section_rr, 0, sizeof(m->section_rr));
	m->rrsets_cut = false;
	m->seed = seed;
}

enum wv_message_status wv_message_parse(
	struct wv_message *m, const uint8_t *payload, size_t len, uint32_t seed)
{
	struct reader r = {.w = wv_wire_open(payload, len), .known = WV_HEADER_LEN};
	bool good = true;

	assert(len <= UINT16_MAX);
	message_clear(m, payload, (uint16_t)len, seed);
	if (len < WV_HEADER_LEN)
		return WV_MESSAGE_NO_HEADER;
	header_read(m, &r.w);
	if (!question_read(m, &r.w))
		return WV_MESSAGE_NO_QUESTION;
	r.known_hash = m->qname_hash;
	for (unsigned s = 0; s < WV_SECTION_COUNT; s++) {
		m->section_rr[s] = m->n_rrs;
		good = good && section_read(m, &r, s);
	}
	m->section_rr[WV_SECTION_COUNT] = m->n_rrs;
	return good ? WV_MESSAGE_OK : WV_MESSAGE_BAD_RECORD;
}

const struct wv_rrset *wv_message_find(const struct wv_message *m, enum wv_section section,
	const struct wv_name *owner, uint16_t type)
{
	uint32_t hash = wv_name_hash(owner, m->seed);

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];

		if (set->owner_hash == hash && set->type == type && set->class == WV_CLASS_IN
			&& set->section == section && set->n > 0
			&& wv_name_equal_packed(owner, m->base, m->base + set->owner))
			return set;
	}
	return NULL;
}

// A cursor over a record's data; pointers in it count from the message's first octet.
static struct wv_wire data_open(const struct wv_message *m, const struct wv_rr *rr, size_t at)
{
	const uint8_t *data = m->base + rr->rdata;

	return (struct wv_wire){.base = m->base, .pos = data + at, .end = data + rr->rdlen};
}

bool wv_message_rrsig(const struct wv_message *m, const struct wv_rr *rr, struct wv_rrsig *sig)
{
	struct wv_wire w = data_open(m, rr, 0);
	const uint8_t *p = wv_wire_take(&w, RRSIG_FIXED);

	if (p == NULL || wv_wire_name(&w) == NULL)
		return false;
	sig->covered = wv_load16(p);
	sig->algorithm = p[2];
	sig->labels = p[3];
	sig->original_ttl = wv_load32(p + 4);
	sig->expiration = wv_load32(p + 8);
	sig->inception = wv_load32(p + 12);
	sig->key_tag = wv_load16(p + 16);
	sig->signer = (uint16_t)(rr->rdata + RRSIG_FIXED);
	sig->signature = (uint16_t)(w.pos - m->base);
	sig->signature_len = (uint16_t)wv_wire_left(&w);
	return true;
}

size_t wv_message_rdata_name(
	const struct wv_message *m, const struct wv_rr *rr, size_t at, struct wv_name *name)
{
	struct wv_wire w;
	const uint8_t *packed;

	if (at >= rr->rdlen)
		return 0;
	w = data_open(m, rr, at);
	packed = wv_wire_name(&w);
	if (packed == NULL)
		return 0;
	wv_name_unpack(name, m->base, packed);
	return (size_t)(w.pos - (m->base + rr->rdata));
}
