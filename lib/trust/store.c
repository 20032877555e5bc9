#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The table, and why readers need no lock.
 *
 * Buckets are chains of nodes, a node is a snapshot of one zone. Only the writer changes links,
 * and a link is changed in one of three ways, each a single release store:
 *
 *   insert   the bucket's head is set to a node whose `next` is the old head
 *   replace  the link to `old` is set to a node whose `next` is that of `old`
 *   remove   the link to `old` is set to the `next` of `old`
 *
 * A node is complete before it is linked, so a reader that loaded the link with acquire sees it
 * and its sets whole. The `next` of a node that is unlinked is never written again: a reader
 * that stands on it walks on into what was its chain. What it meets there, it may meet although
 * it was unlinked meanwhile, but not freed: whatever is unlinked after the reader came is
 * handed to `reclaim` after that, and so waits for this reader. It finds each zone that was
 * there all the time, since no step takes any other node off a chain, and none moves. No chain
 * has a cycle: a link leads to a node that was in the chain behind it, or is new.
 *
 * A set is referred to by the snapshots of one zone that follow each other, without a gap. Once
 * a snapshot without it is linked, the last that has it is unlinked; both the set and that
 * snapshot go to `reclaim` then, after all the snapshots before. So a set needs no count of
 * references, and outlives every reader that can have seen it.
 *
 * `depths` has the bit of a zone's depth from before it is linked until after it is unlinked. A
 * reader with an older view may miss a zone that is being published, as it may anyway.
 */

#define NODE_ALIGN WV_CACHE_LINE

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// splitmix64: octets of a secret that are spread over all bits.
static uint64_t spread(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * The hash of a name from that of its parent and its first label. The factor is secret, so that
 * nobody can choose names of one bucket. The length is part of the first word, so what is
 * read twice of a short rest does no harm; nothing is read past the label.
 */
static inline uint64_t label_hash(const struct wv_trust *trust, uint64_t hash, const uint8_t *label)
{
	const uint8_t *p = label;
	size_t n = (size_t)1 + label[0];
	uint64_t word = 0;

	for (; n >= 8; n -= 8, p += 8)
		hash = mix(hash ^ load64(p), trust->factor);
	if (n >= 4)
		word = load32(p) | (uint64_t)load32(p + n - 4) << 32;
	else if (n > 0)
		word = p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
	return n > 0 ? mix(hash ^ word, trust->factor) : hash;
}

// The ancestors of a name by their depth, the root's is 0.
struct suffixes {
	uint8_t offset[DEPTHS];
	uint64_t hash[DEPTHS];
};

// Fill in what is needed of depths up to `top`, in one pass from the root.
static inline void suffixes_init(
	struct suffixes *s, const struct wv_trust *trust, const struct wv_name *name, unsigned top)
{
	unsigned offset = 0;

	for (unsigned d = name->labels; d > 0; d--) {
		s->offset[d] = (uint8_t)offset;
		offset += 1u + name->octets[offset];
	}
	s->offset[0] = (uint8_t)offset;
	s->hash[0] = trust->seed;
	for (unsigned d = 1; d <= top; d++)
		s->hash[d] = label_hash(trust, s->hash[d - 1], name->octets + s->offset[d]);
}

static inline _Atomic(struct wv_trust_node *) *bucket_of(
	const struct wv_trust *trust, uint64_t hash)
{
	return &trust->buckets[hash >> trust->shift];
}

static inline const struct wv_trust_node *suffix_find(const struct wv_trust *trust,
	const struct suffixes *s, const struct wv_name *name, unsigned depth)
{
	const uint8_t *octets = name->octets + s->offset[depth];
	uint8_t len = (uint8_t)(name->len - s->offset[depth]);
	const struct wv_trust_node *node =
		atomic_load_explicit(bucket_of(trust, s->hash[depth]), memory_order_acquire);

	while (node != NULL
		&& (node->hash != s->hash[depth] || node->zone.name.len != len
			|| memcmp(node->zone.name.octets, octets, len) != 0))
		node = atomic_load_explicit(&node->next, memory_order_acquire);
	return node;
}

// The greatest depth of a zone that is at most `depth`; -1: there is none.
static inline int depth_at_most(const struct wv_trust *trust, int depth)
{
	uint64_t bits = 0;

	if (depth >= 64) {
		bits = atomic_load_explicit(&trust->depths[1], memory_order_acquire)
			<< (127 - depth);
		if (bits != 0)
			return depth - __builtin_clzll(bits);
		depth = 63;
	}
	if (depth >= 0)
		bits = atomic_load_explicit(&trust->depths[0], memory_order_acquire)
			<< (63 - depth);
	return bits != 0 ? depth - __builtin_clzll(bits) : -1;
}

static const struct wv_trust_zone *find_from(
	const struct wv_trust *trust, const struct wv_name *name, int depth, struct wv_time now)
{
	struct suffixes s;

	depth = depth_at_most(trust, depth);
	if (depth < 0)
		return NULL;
	suffixes_init(&s, trust, name, (unsigned)depth);
	for (; depth >= 0; depth = depth_at_most(trust, depth - 1)) {
		const struct wv_trust_node *node = suffix_find(trust, &s, name, (unsigned)depth);
		enum wv_trust_status status;

		if (node != NULL && wv_trust_status_find(&node->zone, now, &status))
			return &node->zone;
	}
	return NULL;
}

const struct wv_trust_zone *wv_trust_find(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now)
{
	return find_from(trust, name, name->labels, now);
}

// The zone of most names is at one of the two greatest depths that there are.
void wv_trust_approach(
	struct wv_trust_look *look, const struct wv_trust *trust, const struct wv_name *name)
{
	struct suffixes s;
	int depth = depth_at_most(trust, name->labels);

	look->at[0] = look->at[1] = NULL;
	if (depth < 0)
		return;
	suffixes_init(&s, trust, name, (unsigned)depth);
	for (unsigned i = 0; i < WV_COUNT(look->at) && depth >= 0; i++) {
		look->at[i] = bucket_of(trust, s.hash[depth]);
		__builtin_prefetch(look->at[i]);
		depth = depth_at_most(trust, depth - 1);
	}
}

void wv_trust_approach_zones(const struct wv_trust_look *look)
{
	for (unsigned i = 0; i < WV_COUNT(look->at) && look->at[i] != NULL; i++) {
		_Atomic(struct wv_trust_node *) const *bucket = look->at[i];
		const struct wv_trust_node *node =
			atomic_load_explicit(bucket, memory_order_relaxed);

		if (node == NULL)
			continue;
		__builtin_prefetch(node);
		__builtin_prefetch(&node->zone.status);
		__builtin_prefetch(&node->zone.life);
	}
}

const struct wv_trust_zone *wv_trust_find_above(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now)
{
	return find_from(trust, name, name->labels - 1, now);
}

const struct wv_trust_node *wv_trust_node_find(
	const struct wv_trust *trust, const struct wv_name *name)
{
	struct suffixes s;

	if (depth_at_most(trust, name->labels) != name->labels)
		return NULL;
	suffixes_init(&s, trust, name, name->labels);
	return suffix_find(trust, &s, name, name->labels);
}

const struct wv_trust_zone *wv_trust_get(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now)
{
	const struct wv_trust_node *node = wv_trust_node_find(trust, name);
	enum wv_trust_status status;

	if (node == NULL || !wv_trust_status_find(&node->zone, now, &status))
		return NULL;
	return &node->zone;
}

bool wv_trust_is_shadowed(const struct wv_trust *trust, const struct wv_name *name)
{
	struct suffixes s;
	int depth = name->labels;

	if (atomic_load_explicit(&trust->n_fixed, memory_order_relaxed) == 0)
		return false;
	suffixes_init(&s, trust, name, name->labels);
	while ((depth = depth_at_most(trust, depth)) >= 0) {
		const struct wv_trust_node *node = suffix_find(trust, &s, name, (unsigned)depth);

		if (node != NULL && (node->zone.is_anchor || node->is_fixed))
			return node->is_fixed;
		depth--;
	}
	return false;
}

static void depth_add(struct wv_trust *trust, unsigned depth)
{
	if (trust->at_depth[depth]++ == 0)
		atomic_fetch_or_explicit(&trust->depths[depth / 64], UINT64_C(1) << (depth % 64),
			memory_order_release);
}

static void depth_remove(struct wv_trust *trust, unsigned depth)
{
	if (--trust->at_depth[depth] == 0)
		atomic_fetch_and_explicit(&trust->depths[depth / 64],
			~(UINT64_C(1) << (depth % 64)), memory_order_release);
}

static void reclaim(struct wv_trust *trust, void *object, wv_trust_free_fn free_fn)
{
	if (trust->reclaim != NULL)
		trust->reclaim(trust->reclaim_arg, object, free_fn);
	else
		free_fn(object);
}

// The link that leads to a node which is in its chain.
static _Atomic(struct wv_trust_node *) *link_to(
	struct wv_trust *trust, const struct wv_trust_node *node)
{
	_Atomic(struct wv_trust_node *) *link = bucket_of(trust, node->hash);
	struct wv_trust_node *at;

	while ((at = atomic_load_explicit(link, memory_order_relaxed)) != node)
		link = &at->next;
	return link;
}

static void node_insert(struct wv_trust *trust, struct wv_trust_node *node)
{
	_Atomic(struct wv_trust_node *) *bucket = bucket_of(trust, node->hash);
	unsigned n = atomic_load_explicit(&trust->n_zones, memory_order_relaxed);

	assert(n < trust->capacity);
	node->index = n;
	trust->nodes[n] = node;
	atomic_store_explicit(&trust->n_zones, n + 1, memory_order_relaxed);
	depth_add(trust, node->zone.name.labels);
	atomic_init(&node->next, atomic_load_explicit(bucket, memory_order_relaxed));
	atomic_store_explicit(bucket, node, memory_order_release);
}

static void node_replace(
	struct wv_trust *trust, struct wv_trust_node *old, struct wv_trust_node *node)
{
	node->index = old->index;
	trust->nodes[node->index] = node;
	atomic_init(&node->next, atomic_load_explicit(&old->next, memory_order_relaxed));
	atomic_store_explicit(link_to(trust, old), node, memory_order_release);
}

static void fixed_add(struct wv_trust *trust, bool before, bool after)
{
	unsigned n = atomic_load_explicit(&trust->n_fixed, memory_order_relaxed);

	atomic_store_explicit(
		&trust->n_fixed, n + (unsigned)after - (unsigned)before, memory_order_relaxed);
}

// The boxes are the store's own: readers have them as constants.
static void sets_reclaim(struct wv_trust *trust, const struct wv_trust_zone *zone)
{
	for (unsigned i = 0; i < zone->n_dssets; i++)
		reclaim(trust, dsbox_of(zone->dsset[i]), wv_trust_dsbox_free);
	for (unsigned i = 0; i < zone->n_keysets; i++)
		reclaim(trust, keybox_of(zone->keyset[i]), wv_trust_keybox_free);
}

void wv_trust_node_remove(struct wv_trust *trust, struct wv_trust_node *node)
{
	unsigned last = atomic_load_explicit(&trust->n_zones, memory_order_relaxed) - 1;

	atomic_store_explicit(link_to(trust, node),
		atomic_load_explicit(&node->next, memory_order_relaxed), memory_order_release);
	trust->nodes[node->index] = trust->nodes[last];
	trust->nodes[node->index]->index = node->index;
	atomic_store_explicit(&trust->n_zones, last, memory_order_relaxed);
	depth_remove(trust, node->zone.name.labels);
	fixed_add(trust, node->is_fixed, false);
	trust->generation++; // if the zone comes again, it is above what it was
	sets_reclaim(trust, &node->zone);
	reclaim(trust, node, free);
}

void wv_trust_sweep_shadowed(struct wv_trust *trust)
{
	unsigned i = atomic_load_explicit(&trust->n_zones, memory_order_relaxed);

	while (i-- > 0) {
		struct wv_trust_node *node = trust->nodes[i];

		if (!node->zone.is_anchor && !node->is_fixed
			&& wv_trust_is_shadowed(trust, &node->zone.name))
			wv_trust_node_remove(trust, node);
	}
}

static uint64_t name_hash(const struct wv_trust *trust, const struct wv_name *name)
{
	struct suffixes s;

	suffixes_init(&s, trust, name, name->labels);
	return s.hash[name->labels];
}

static struct wv_trust_node *node_alloc(void)
{
	size_t size = (sizeof(struct wv_trust_node) + NODE_ALIGN - 1) / NODE_ALIGN * NODE_ALIGN;
	struct wv_trust_node *node = aligned_alloc(NODE_ALIGN, size);

	if (node != NULL)
		memset(node, 0, size);
	return node;
}

int wv_trust_update_begin(
	struct wv_trust_update *u, struct wv_trust *trust, const struct wv_name *name)
{
	const struct wv_trust_node *old = wv_trust_node_find(trust, name);
	struct wv_trust_node *node = node_alloc();

	if (node == NULL)
		return -ENOMEM;
	*u = (struct wv_trust_update){.trust = trust, .node = node};
	if (old == NULL) {
		node->zone.name = *name;
		node->hash = name_hash(trust, name);
		node->zone.generation = trust->generation;
		return 0;
	}
	u->old = trust->nodes[old->index];
	node->hash = old->hash;
	node->zone = old->zone;
	node->since_s = old->since_s;
	node->is_fixed = old->is_fixed;
	return 0;
}

void wv_trust_update_abandon(struct wv_trust_update *u)
{
	free(u->node);
}

void wv_trust_update_retire(struct wv_trust_update *u, void *object, wv_trust_free_fn free_fn)
{
	assert(u->n_retired < WV_COUNT(u->retired));
	u->retired[u->n_retired].object = object;
	u->retired[u->n_retired++].free_fn = free_fn;
}

void wv_trust_update_drop_ds(struct wv_trust_update *u, unsigned i)
{
	struct wv_trust_zone *z = &u->node->zone;

	wv_trust_update_retire(u, dsbox_of(z->dsset[i]), wv_trust_dsbox_free);
	for (z->n_dssets--; i < z->n_dssets; i++)
		z->dsset[i] = z->dsset[i + 1];
	z->dsset[i] = NULL;
	u->removes = true;
}

void wv_trust_update_drop_keys(struct wv_trust_update *u, unsigned i)
{
	struct wv_trust_zone *z = &u->node->zone;

	wv_trust_update_retire(u, keybox_of(z->keyset[i]), wv_trust_keybox_free);
	for (z->n_keysets--; i < z->n_keysets; i++)
		z->keyset[i] = z->keyset[i + 1];
	z->keyset[i] = NULL;
	u->removes = true;
}

void wv_trust_update_drop_all(struct wv_trust_update *u)
{
	while (u->node->zone.n_dssets > u->node->zone.is_anchor)
		wv_trust_update_drop_ds(u, u->node->zone.n_dssets - 1);
	while (u->node->zone.n_keysets > 0)
		wv_trust_update_drop_keys(u, u->node->zone.n_keysets - 1);
}

void wv_trust_update_unsay(struct wv_trust_update *u, struct wv_time now)
{
	struct wv_trust_zone *z = &u->node->zone;

	if (z->status == WV_TRUST_INSECURE || z->status == WV_TRUST_BOGUS)
		u->removes = true;
	z->reason = WV_REASON_SECURE;
	z->life = (struct wv_trust_life){0};
	z->source = WV_TRUST_CONFIGURED;
	z->status = WV_TRUST_DELEGATED;
	wv_trust_status_find(z, now, &z->status);
}

void wv_trust_update_commit(struct wv_trust_update *u)
{
	struct wv_trust *trust = u->trust;

	if (u->removes)
		u->node->zone.generation = ++trust->generation;
	if (u->old == NULL)
		node_insert(trust, u->node);
	else
		node_replace(trust, u->old, u->node);
	fixed_add(trust, u->old != NULL && u->old->is_fixed, u->node->is_fixed);
	for (unsigned i = 0; i < u->n_retired; i++)
		reclaim(trust, u->retired[i].object, u->retired[i].free_fn);
	if (u->old != NULL)
		reclaim(trust, u->old, free);
}

// Take out of a zone what has died; true: nothing is left of it.
static bool node_expire(struct wv_trust *trust, struct wv_trust_node *node, struct wv_time now)
{
	const struct wv_trust_zone *z = &node->zone;
	bool said = z->status == WV_TRUST_INSECURE || z->status == WV_TRUST_BOGUS;
	bool unsaid = said && !wv_trust_is_live(&z->life, now);
	struct wv_trust_update u;
	enum wv_trust_status status;
	unsigned dead = 0;

	if (!wv_trust_status_find(z, now, &status)) {
		wv_trust_node_remove(trust, node);
		return true;
	}
	for (unsigned i = 0; i < z->n_dssets; i++)
		dead += !wv_trust_is_live(&z->dsset[i]->life, now);
	for (unsigned i = 0; i < z->n_keysets; i++)
		dead += !wv_trust_is_live(&z->keyset[i]->life, now);
	// Without memory for a new snapshot the old one stays: readers look at the lives themselves.
	if ((dead == 0 && !unsaid) || wv_trust_update_begin(&u, trust, &z->name) != 0)
		return false;
	for (unsigned i = z->n_dssets; i-- > 0;) {
		if (!wv_trust_is_live(&z->dsset[i]->life, now))
			wv_trust_update_drop_ds(&u, i);
	}
	for (unsigned i = z->n_keysets; i-- > 0;) {
		if (!wv_trust_is_live(&z->keyset[i]->life, now))
			wv_trust_update_drop_keys(&u, i);
	}
	u.node->zone.status = status;
	u.removes = true;
	wv_trust_update_commit(&u);
	return false;
}

unsigned wv_trust_expire(struct wv_trust *trust, struct wv_time now, unsigned at_most)
{
	unsigned visited = 0;
	unsigned n = atomic_load_explicit(&trust->n_zones, memory_order_relaxed);

	if (at_most > n)
		at_most = n;
	for (; visited < at_most; visited++) {
		if (trust->cursor >= atomic_load_explicit(&trust->n_zones, memory_order_relaxed))
			trust->cursor = 0;
		// Where a zone was removed, the last one has come in its place.
		if (node_expire(trust, trust->nodes[trust->cursor], now))
			trust->expired++;
		else
			trust->cursor++;
	}
	return visited;
}

void wv_trust_each(const struct wv_trust *trust, wv_trust_zone_fn fn, void *arg)
{
	unsigned n = atomic_load_explicit(&trust->n_zones, memory_order_relaxed);

	for (unsigned i = 0; i < n; i++)
		fn(arg, &trust->nodes[i]->zone);
}

static unsigned bucket_bits(unsigned zones)
{
	unsigned bits = 1;

	while (bits < 31 && UINT64_C(1) << bits < 2 * (uint64_t)zones)
		bits++;
	return bits;
}

static size_t bucket_count(const struct wv_trust *trust)
{
	return (size_t)1 << (64 - trust->shift);
}

void wv_trust_count(const struct wv_trust *trust, struct wv_trust_counts *counts)
{
	*counts = (struct wv_trust_counts){
		.zones = atomic_load_explicit(&trust->n_zones, memory_order_relaxed),
		.capacity = trust->capacity,
		.published = trust->published,
		.refused = trust->refused,
		.expired = trust->expired,
		.memory = sizeof(*trust) + bucket_count(trust) * sizeof(void *)
			+ trust->capacity * (sizeof(void *) + sizeof(struct wv_trust_node)),
	};
}

struct wv_trust *wv_trust_create(const struct wv_trust_params *params, struct wv_err *err)
{
	struct wv_trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		goto out;
	trust->capacity = params->zones;
	trust->reclaim = params->reclaim;
	trust->reclaim_arg = params->reclaim_arg;
	trust->sha1 = params->sha1;
	trust->seed = spread(params->seed);
	trust->factor = spread(trust->seed) | 1;
	trust->shift = 64 - bucket_bits(params->zones);
	trust->buckets = wv_table_alloc(bucket_count(trust) * sizeof(trust->buckets[0]));
	trust->nodes = calloc(params->zones > 0 ? params->zones : 1, sizeof(void *));
	if (trust->buckets != NULL && trust->nodes != NULL)
		return trust;
	free(trust->nodes);
	free(trust->buckets);
	free(trust);
out:
	wv_fail(err, ENOMEM, "trust store: no memory for %u zones", params->zones);
	return NULL;
}

void wv_trust_destroy(struct wv_trust *trust)
{
	unsigned n;

	if (trust == NULL)
		return;
	n = atomic_load_explicit(&trust->n_zones, memory_order_relaxed);
	trust->reclaim = NULL; // no readers: all is freed at once
	while (n-- > 0)
		wv_trust_node_remove(trust, trust->nodes[n]);
	free(trust->nodes);
	free(trust->buckets);
	free(trust);
}
