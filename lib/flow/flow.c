#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wv_flow.h"

#define WAYS        8 // entries of a bucket
#define ENTRIES_MAX (1u << 26)
#define HUGE_PAGE   (2u << 20)

#define FLAG_DO     1
#define FLAG_CD     2
#define FLAG_SIGNED 4
#define FLAG_EDNS   8
#define FLAG_COOKIE 16

// All of a query but its name. A response has the addresses and ports the other way round.
struct key {
	uint8_t client[16], server[16]; // IPv4: the first four octets
	uint16_t client_port, server_port;
	uint16_t id, qtype, qclass;
	uint8_t ip, proto;
	uint8_t qname_len;
	uint8_t zero[3];
};
static_assert(sizeof(struct key) == 48, "a key without gaps");

// A name with letters as they came, and eight zeros behind it.
struct name {
	uint8_t len;
	_Alignas(8) uint8_t octets[264];
};

struct entry {
	struct key key;
	uint64_t born;
	uint16_t edns_size;
	uint8_t flags;
	uint8_t qname[256];
} __attribute__((aligned(WV_CACHE_LINE)));
static_assert(sizeof(struct entry) == 5 * WV_CACHE_LINE, "five lines, two touched as a rule");

// What is looked at before any entry is.
struct bucket {
	uint32_t tag[WAYS];  // 0: empty
	uint32_t tick[WAYS]; // when it was added, in parts of a life
} __attribute__((aligned(WV_CACHE_LINE)));
static_assert(sizeof(struct bucket) == WV_CACHE_LINE, "one line");

struct wv_flow {
	struct bucket *buckets;
	struct entry *entries; // WAYS for each bucket, in order
	uint64_t mask;         // buckets - 1
	uint64_t life;
	uint64_t seed[4];
	unsigned tick_shift; // a tick is 2^tick_shift cycles
	uint32_t life_ticks;
	struct wv_flow_counts counts;
};

static unsigned entries_rounded(unsigned entries)
{
	unsigned n = WAYS;

	while (n < entries && n < ENTRIES_MAX)
		n *= 2;
	return n;
}

static size_t block_size(unsigned entries)
{
	return (size_t)entries * sizeof(struct entry)
		+ (size_t)entries / WAYS * sizeof(struct bucket);
}

size_t wv_flow_memory(unsigned entries)
{
	return sizeof(struct wv_flow) + block_size(entries_rounded(entries));
}

// 64 x 64 to 128 bits, folded: every bit of the result hangs on every bit of both.
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct wv_flow *wv_flow_create(const struct wv_flow_params *params, struct wv_err *err)
{
	unsigned entries = entries_rounded(params->entries);
	size_t size = block_size(entries);
	struct wv_flow *flow;

	if (params->entries > ENTRIES_MAX) {
		wv_fail(err, EINVAL, "query table: want at most %u entries, not %u", ENTRIES_MAX,
			params->entries);
		return NULL;
	}
	flow = calloc(1, sizeof(*flow));
	if (flow != NULL)
		flow->buckets = aligned_alloc(WV_CACHE_LINE, size);
	if (flow == NULL || flow->buckets == NULL) {
		wv_fail(err, ENOMEM, "query table: no memory for %u entries (%zu octets)", entries,
			size);
		free(flow);
		return NULL;
	}
	if (size >= HUGE_PAGE)
		(void)madvise(flow->buckets, size, MADV_HUGEPAGE);
	memset(flow->buckets, 0, size); // all of it is touched now, not under way
	flow->mask = entries / WAYS - 1;
	flow->entries = (struct entry *)(flow->buckets + entries / WAYS);
	flow->life = params->life;
	while (params->life >> flow->tick_shift > 1u << 20)
		flow->tick_shift++;
	flow->life_ticks = (uint32_t)(params->life >> flow->tick_shift);
	for (unsigned i = 0; i < WV_COUNT(flow->seed); i++) // odd, so that none is zero
		flow->seed[i] =
			mix(params->seed ^ 0x9e3779b97f4a7c15, 2 * i + 0xd6e8feb86659fd93) | 1;
	return flow;
}

void wv_flow_destroy(struct wv_flow *flow)
{
	if (flow == NULL)
		return;
	free(flow->buckets);
	free(flow);
}

static uint64_t load64(const uint8_t *octets)
{
	uint64_t v;

	memcpy(&v, octets, 8);
	return v;
}

// Eight octets of a name with A-Z lowered. A label's length is below 64, so never taken for one.
static uint64_t lower8(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = v & ones * 0x7f;
	uint64_t from_a = low + ones * (0x80 - 'A');
	uint64_t over_z = low + ones * (0x7f - 'Z');

	return v | ((from_a & ~over_z & ~v & ones * 0x80) >> 2);
}

static void name_read(struct name *name, const struct wv_message *m)
{
	name->len = (uint8_t)wv_name_unpack_exact(name->octets, m->base, m->base + m->qname);
	memset(name->octets + name->len, 0, 8);
}

static void key_read(struct key *key, const struct wv_packet *p, const uint8_t *frame,
	const struct wv_message *m, bool is_response)
{
	const uint8_t *client = frame + (is_response ? p->dst : p->src);
	const uint8_t *server = frame + (is_response ? p->src : p->dst);

	*key = (struct key){
		.client_port = is_response ? p->dst_port : p->src_port,
		.server_port = is_response ? p->src_port : p->dst_port,
		.id = m->id,
		.qtype = m->qtype,
		.qclass = m->qclass,
		.ip = p->ip,
		.proto = p->proto,
	};
	if (p->ip == 4) {
		memcpy(key->client, client, 4);
		memcpy(key->server, server, 4);
		return;
	}
	memcpy(key->client, client, 16);
	memcpy(key->server, server, 16);
}

static uint64_t key_hash(const struct wv_flow *flow, const struct key *key, const struct name *name)
{
	const uint8_t *k = (const uint8_t *)key;
	uint64_t h = flow->seed[0];

	for (unsigned i = 0; i < sizeof(*key); i += 16)
		h = mix(h ^ load64(k + i), flow->seed[1] ^ load64(k + i + 8));
	for (unsigned i = 0; i < name->len; i += 8)
		h = mix(h ^ lower8(load64(name->octets + i)), flow->seed[2]);
	return mix(h, flow->seed[3]);
}

static bool entry_is(const struct entry *e, const struct key *key, const struct name *name)
{
	if (memcmp(&e->key, key, sizeof(*key)) != 0)
		return false;
	for (unsigned i = 0; i < name->len; i += 8) {
		if (lower8(load64(e->qname + i)) != lower8(load64(name->octets + i)))
			return false;
	}
	return true;
}

// A query or a response on its way through the table.
struct look {
	struct key key;
	struct name name;
	struct bucket *bucket;
	struct entry *entries; // of the bucket
	uint32_t tag;
};

static void look_begin(struct look *look, struct wv_flow *flow, const struct wv_packet *p,
	const uint8_t *frame, const struct wv_message *m, bool is_response)
{
	uint64_t hash, index;

	name_read(&look->name, m);
	key_read(&look->key, p, frame, m, is_response);
	look->key.qname_len = look->name.len;
	hash = key_hash(flow, &look->key, &look->name);
	index = hash & flow->mask;
	look->bucket = &flow->buckets[index];
	look->entries = &flow->entries[index * WAYS];
	look->tag = (uint32_t)(hash >> 32) | 1;
}

static unsigned look_find(const struct look *look)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (look->bucket->tag[i] == look->tag
			&& entry_is(&look->entries[i], &look->key, &look->name))
			return i;
	}
	return WAYS;
}

// The place for one more: an empty one, else the oldest.
static unsigned place_find(const struct bucket *b, uint32_t tick)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (b->tag[i] == 0)
			return i;
		if (tick - b->tick[i] > tick - b->tick[oldest])
			oldest = i;
	}
	return oldest;
}

static uint8_t flags_of(const struct wv_message *m)
{
	return (uint8_t)((m->has_edns && m->edns_do ? FLAG_DO : 0)
		| ((m->flags & WV_FLAG_CD) != 0 ? FLAG_CD : 0) | (m->is_signed ? FLAG_SIGNED : 0)
		| (m->has_edns ? FLAG_EDNS : 0)
		| (m->cookie != WV_MESSAGE_NOTHING ? FLAG_COOKIE : 0));
}

void wv_flow_add(struct wv_flow *flow, const struct wv_packet *p, const uint8_t *frame,
	const struct wv_message *m, uint64_t now)
{
	uint32_t tick = (uint32_t)(now >> flow->tick_shift);
	struct look look;
	struct entry *e;
	unsigned i;

	assert(m->count[0] == 1);
	look_begin(&look, flow, p, frame, m, false);
	i = look_find(&look);
	if (i < WAYS) {
		flow->counts.renewed++;
	} else {
		i = place_find(look.bucket, tick);
		if (look.bucket->tag[i] != 0 && tick - look.bucket->tick[i] <= flow->life_ticks)
			flow->counts.forgotten++;
		flow->counts.added++;
	}
	look.bucket->tag[i] = look.tag;
	look.bucket->tick[i] = tick;
	e = &look.entries[i];
	e->key = look.key;
	e->born = now;
	e->edns_size = m->has_edns ? m->edns_size : 0;
	e->flags = flags_of(m);
	for (unsigned at = 0; at < look.name.len; at += 8)
		memcpy(e->qname + at, look.name.octets + at, 8);
}

static void query_fill(struct wv_flow_query *query, const struct entry *e)
{
	query->dnssec_ok = (e->flags & FLAG_DO) != 0;
	query->checking_disabled = (e->flags & FLAG_CD) != 0;
	query->is_signed = (e->flags & FLAG_SIGNED) != 0;
	query->has_edns = (e->flags & FLAG_EDNS) != 0;
	query->has_cookie = (e->flags & FLAG_COOKIE) != 0;
	query->edns_size = e->edns_size;
	query->qname_len = e->key.qname_len;
	// Most names are short: copies of a fixed length cost next to nothing.
	if (wv_likely(query->qname_len <= 64))
		memcpy(query->qname, e->qname, 64);
	else
		memcpy(query->qname, e->qname, query->qname_len);
}

// Capture times may go back a little: then no time has passed.
static uint64_t age(uint64_t now, uint64_t born)
{
	return (int64_t)(now - born) > 0 ? now - born : 0;
}

bool wv_flow_match(struct wv_flow *flow, const struct wv_packet *p, const uint8_t *frame,
	const struct wv_message *m, uint64_t now, bool take, struct wv_flow_query *query)
{
	struct look look;
	unsigned i;

	look_begin(&look, flow, p, frame, m, true);
	i = look_find(&look);
	if (i == WAYS || age(now, look.entries[i].born) > flow->life) {
		flow->counts.unmatched++;
		return false;
	}
	query_fill(query, &look.entries[i]);
	if (take)
		look.bucket->tag[i] = 0;
	flow->counts.matched++;
	return true;
}

const struct wv_flow_counts *wv_flow_count(const struct wv_flow *flow)
{
	return &flow->counts;
}
