#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wv_flow.h"

#define WAYS        8 // entries of a bucket
#define ENTRIES_MAX (1u << 24)
#define LIFE_TICKS  (1u << 14) // at most; ticks wrap after a thousand lives

#define FLAG_DO     1
#define FLAG_CD     2
#define FLAG_SIGNED 4
#define FLAG_EDNS   8
#define FLAG_COOKIE 16

static_assert(sizeof(struct wv_flow_key) == 48, "a key without gaps");

struct entry {
	struct wv_flow_key key;
	uint64_t born;
	uint16_t edns_size;
	uint8_t flags;
	uint8_t qname[256]; // letters as they came, and zeros up to the next eighth octet
} __attribute__((aligned(WV_CACHE_LINE)));
static_assert(sizeof(struct entry) == 5 * WV_CACHE_LINE, "five lines, two touched as a rule");

/*
 * What is looked at before any entry is: in each way the tag of a question, when it was added in
 * parts of a life, and which entry has it. 0: empty. Entries belong to no bucket: the one that was
 * left last is taken next, so that as much memory is in use as there are queries under way.
 */
struct bucket {
	uint64_t way[WAYS]; // 16 bits of tag, 24 of tick, 24 of entry
} __attribute__((aligned(WV_CACHE_LINE)));
static_assert(sizeof(struct bucket) == WV_CACHE_LINE, "one line");

#define TICK_MASK  0xffffffu
#define ENTRY_MASK 0xffffffu

struct wv_flow {
	struct bucket *buckets;
	struct entry *entries; // WAYS for each bucket
	uint32_t *free;        // entries in no bucket, the last first
	unsigned n_free;
	uint64_t mask; // buckets - 1
	uint64_t life;
	uint64_t seed[4];
	unsigned tick_shift; // a tick is 2^tick_shift cycles
	uint32_t life_ticks;
	struct wv_flow_counts counts;
};

static inline uint64_t way_make(uint16_t tag, uint32_t tick, uint32_t entry)
{
	return (uint64_t)tag << 48 | (uint64_t)(tick & TICK_MASK) << 24 | entry;
}

static inline uint16_t way_tag(uint64_t way)
{
	return (uint16_t)(way >> 48);
}

static inline uint32_t way_entry(uint64_t way)
{
	return way & ENTRY_MASK;
}

// Ticks since it was added.
static inline uint32_t way_age(uint64_t way, uint32_t tick)
{
	return (tick - (uint32_t)(way >> 24)) & TICK_MASK;
}

static unsigned entries_rounded(unsigned entries)
{
	unsigned n = WAYS;

	while (n < entries && n < ENTRIES_MAX)
		n *= 2;
	return n;
}

static size_t block_size(unsigned entries)
{
	return (size_t)entries / WAYS * sizeof(struct bucket)
		+ (size_t)entries * (sizeof(struct entry) + sizeof(uint32_t));
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
		flow->buckets = wv_table_alloc(size);
	if (flow == NULL || flow->buckets == NULL) {
		wv_fail(err, ENOMEM, "query table: no memory for %u entries (%zu octets)", entries,
			size);
		free(flow);
		return NULL;
	}
	flow->mask = entries / WAYS - 1;
	flow->entries = (struct entry *)(flow->buckets + entries / WAYS);
	flow->free = (uint32_t *)(flow->entries + entries);
	while (flow->n_free < entries) {
		flow->free[flow->n_free] = entries - 1 - flow->n_free;
		flow->n_free++;
	}
	flow->life = params->life;
	while (params->life >> flow->tick_shift > LIFE_TICKS)
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

// Octets i to i + 7 of a name, zeros behind its end. It lies behind a header, so that there are
// eight octets before its end in any case.
static uint64_t name_load(const struct wv_flow_look *look, unsigned i)
{
	unsigned left = look->key.qname_len - i;

	if (left >= 8)
		return load64(look->qname + i);
	return load64(look->qname + look->key.qname_len - 8) >> 8 * (8 - left);
}

static void key_read(
	struct wv_flow_key *key, const struct wv_packet *p, const uint8_t *frame, bool is_response)
{
	const uint8_t *client = frame + (is_response ? p->dst : p->src);
	const uint8_t *server = frame + (is_response ? p->src : p->dst);

	*key = (struct wv_flow_key){
		.client_port = is_response ? p->dst_port : p->src_port,
		.server_port = is_response ? p->src_port : p->dst_port,
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

// The question is the first thing after the header, so its name cannot be compressed.
static bool question_read(struct wv_flow_look *look, const uint8_t *payload, size_t len)
{
	struct wv_wire w = wv_wire_open(payload, len);
	const uint8_t *header = wv_wire_take(&w, WV_HEADER_LEN);
	const uint8_t *qname = wv_wire_name(&w);
	const uint8_t *rest = wv_wire_take(&w, 4);

	if (w.bad || wv_load16(header + 4) != 1)
		return false;
	look->qname = qname;
	look->key.id = wv_load16(header);
	look->key.qname_len = (uint8_t)(rest - qname);
	look->key.qtype = wv_load16(rest);
	look->key.qclass = wv_load16(rest + 2);
	return true;
}

static uint64_t look_hash(const struct wv_flow_look *look, const struct wv_flow *flow)
{
	const uint8_t *k = (const uint8_t *)&look->key;
	uint64_t h = flow->seed[0];

	for (unsigned i = 0; i < sizeof(look->key); i += 16)
		h = mix(h ^ load64(k + i), flow->seed[1] ^ load64(k + i + 8));
	for (unsigned i = 0; i < look->key.qname_len; i += 8)
		h = mix(h ^ lower8(name_load(look, i)), flow->seed[2]);
	return mix(h, flow->seed[3]);
}

static inline struct bucket *look_bucket(
	const struct wv_flow_look *look, const struct wv_flow *flow)
{
	return &flow->buckets[look->hash & flow->mask];
}

// Never 0.
static inline uint16_t look_tag(const struct wv_flow_look *look)
{
	return (uint16_t)(look->hash >> 48) | 1;
}

static inline struct entry *entry_of(const struct wv_flow *flow, uint64_t way)
{
	return &flow->entries[way_entry(way)];
}

bool wv_flow_begin(struct wv_flow_look *look, const struct wv_flow *flow, const struct wv_packet *p,
	const uint8_t *frame, bool is_response)
{
	key_read(&look->key, p, frame, is_response);
	if (!question_read(look, frame + p->payload, p->payload_len))
		return false;
	look->is_response = is_response;
	look->hash = look_hash(look, flow);
	__builtin_prefetch(look_bucket(look, flow), 1);
	return true;
}

void wv_flow_approach(const struct wv_flow_look *look, const struct wv_flow *flow)
{
	const struct bucket *b = look_bucket(look, flow);
	uint16_t tag = look_tag(look);

	for (unsigned i = 0; i < WAYS; i++) {
		const struct entry *e = entry_of(flow, b->way[i]);

		if (way_tag(b->way[i]) != tag)
			continue;
		__builtin_prefetch(e);
		__builtin_prefetch((const uint8_t *)e + WV_CACHE_LINE);
		return;
	}
}

static bool entry_is(const struct entry *e, const struct wv_flow_look *look)
{
	const uint8_t *a = (const uint8_t *)&e->key, *b = (const uint8_t *)&look->key;
	uint64_t differ = 0;

	for (unsigned i = 0; i < sizeof(look->key); i += 8)
		differ |= load64(a + i) ^ load64(b + i);
	if (differ != 0)
		return false;
	for (unsigned i = 0; i < look->key.qname_len; i += 8) {
		if (lower8(load64(e->qname + i)) != lower8(name_load(look, i)))
			return false;
	}
	return true;
}

// Its way in its bucket; NULL: it is not there.
static uint64_t *look_find(const struct wv_flow_look *look, const struct wv_flow *flow)
{
	struct bucket *b = look_bucket(look, flow);
	uint16_t tag = look_tag(look);

	for (unsigned i = 0; i < WAYS; i++) {
		if (way_tag(b->way[i]) == tag && entry_is(entry_of(flow, b->way[i]), look))
			return &b->way[i];
	}
	return NULL;
}

// The place for one more: an empty one, else the oldest.
static uint64_t *place_find(struct bucket *b, uint32_t tick)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (b->way[i] == 0)
			return &b->way[i];
		if (way_age(b->way[i], tick) > way_age(b->way[oldest], tick))
			oldest = i;
	}
	return &b->way[oldest];
}

// An entry for one more, in a way of its bucket.
static struct entry *entry_take(
	struct wv_flow *flow, const struct wv_flow_look *look, uint32_t tick)
{
	uint64_t *way = look_find(look, flow);
	uint32_t entry;

	if (way != NULL) {
		flow->counts.renewed++;
		entry = way_entry(*way);
	} else {
		flow->counts.added++;
		way = place_find(look_bucket(look, flow), tick);
		if (*way == 0) {
			entry = flow->free[--flow->n_free]; // there are as many as ways
		} else {
			flow->counts.forgotten += way_age(*way, tick) <= flow->life_ticks;
			entry = way_entry(*way);
		}
	}
	*way = way_make(look_tag(look), tick, entry);
	return &flow->entries[entry];
}

static uint8_t flags_of(const struct wv_message *m)
{
	return (uint8_t)((m->has_edns && m->edns_do ? FLAG_DO : 0)
		| ((m->flags & WV_FLAG_CD) != 0 ? FLAG_CD : 0) | (m->is_signed ? FLAG_SIGNED : 0)
		| (m->has_edns ? FLAG_EDNS : 0)
		| (m->cookie != WV_MESSAGE_NOTHING ? FLAG_COOKIE : 0));
}

void wv_flow_add(struct wv_flow *flow, const struct wv_flow_look *look, const struct wv_message *m,
	uint64_t now)
{
	struct entry *e = entry_take(flow, look, (uint32_t)(now >> flow->tick_shift));

	assert(!look->is_response);
	e->key = look->key;
	e->born = now;
	e->edns_size = m->has_edns ? m->edns_size : 0;
	e->flags = flags_of(m);
	for (unsigned at = 0; at < look->key.qname_len; at += 8) {
		uint64_t octets = name_load(look, at);

		memcpy(e->qname + at, &octets, 8);
	}
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

bool wv_flow_match(struct wv_flow *flow, const struct wv_flow_look *look, uint64_t now, bool take,
	struct wv_flow_query *query)
{
	uint64_t *way = look_find(look, flow);

	assert(look->is_response);
	if (way == NULL || age(now, entry_of(flow, *way)->born) > flow->life) {
		flow->counts.unmatched++;
		return false;
	}
	query_fill(query, entry_of(flow, *way));
	if (take) {
		flow->free[flow->n_free++] = way_entry(*way);
		*way = 0;
	}
	flow->counts.matched++;
	return true;
}

const struct wv_flow_counts *wv_flow_count(const struct wv_flow *flow)
{
	return &flow->counts;
}
