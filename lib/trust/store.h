/**
 * @file
 * The inside of the store, shared by the files of this folder.
 *
 * What is marked [W] belongs to the writer. Everything else that is reachable from a bucket was
 * written before it was published there, and is not written again but for the links.
 */
#ifndef STORE_H
#define STORE_H

#include <stdatomic.h>

#include "wv_trust.h"

#define DEPTHS (WV_LABELS_MAX + 1) // of zones, the root's is 0

typedef void (*wv_trust_free_fn)(void *object);

// A snapshot in its bucket.
struct wv_trust_node {
	_Atomic(struct wv_trust_node *) next;
	uint64_t hash;
	struct wv_trust_zone zone;
	uint32_t since_s; // when INSECURE or BOGUS was said
	bool is_fixed;    // INSECURE for good: no fact is taken here or below
	unsigned index;   // [W] in wv_trust.nodes
};

// The sets with what the store must know of them beside.
struct wv_trust_dsbox {
	uint32_t since_s;      // when its life was given
	uint32_t octets_len;   //
	const uint8_t *octets; // the fact's records: what the set is recognised by
	struct wv_trust_dsset set;
};

// Keys and the octets that they point to. A set whose life was prolonged is a new box with the same ring.
struct wv_trust_keyring {
	unsigned boxes; // that have it; the writer's
	uint16_t n;
	struct wv_trust_key key[];
};

struct wv_trust_keybox {
	struct wv_trust_keyring *ring;
	uint32_t since_s;
	uint32_t octets_len;
	const uint8_t *octets;
	struct wv_trust_keyset set;
};

struct wv_trust {
	_Atomic(struct wv_trust_node *) *buckets;
	unsigned shift; // of a hash, to its bucket
	bool sha1;
	uint64_t seed, factor;                // of the hash
	_Atomic uint64_t depths[2];           // bit d: there is a zone of d labels
	_Atomic unsigned n_zones;             //
	_Atomic unsigned n_fixed;             // zones that are fixed
	unsigned capacity;                    //
	wv_trust_reclaim_fn reclaim;          // [W]
	void *reclaim_arg;                    // [W]
	struct wv_trust_node **nodes;         // [W] all zones, dense, for visits
	unsigned cursor;                      // [W] where wv_trust_expire() goes on
	unsigned at_depth[DEPTHS];            // [W]
	uint32_t generation;                  // [W] the highest that was given
	uint64_t published, refused, expired; // [W]
};

// How one zone changes: a draft of its next snapshot, and what falls away with the last one.
struct wv_trust_update {
	struct wv_trust *trust;
	struct wv_trust_node *old;  // NULL: a new zone
	struct wv_trust_node *node; // the draft
	struct {
		void *object;
		wv_trust_free_fn free_fn;
	} retired[2 * WV_TRUST_GENERATIONS + 1];
	unsigned n_retired;
	bool removes; // something that was live may be gone: the generation goes up
};

// Exactly that zone, live or not; NULL: none. For readers, too.
const struct wv_trust_node *wv_trust_node_find(
	const struct wv_trust *trust, const struct wv_name *name);

// Is the nearest configured zone at or above `name` one that takes no facts? For readers, too.
bool wv_trust_is_shadowed(const struct wv_trust *trust, const struct wv_name *name);

/**
 * Begin an update of a zone with a copy of what is known. -ENOMEM.
 * Room for a new zone is the caller's to check, before it commits.
 */
int wv_trust_update_begin(
	struct wv_trust_update *u, struct wv_trust *trust, const struct wv_name *name);
void wv_trust_update_abandon(struct wv_trust_update *u); // sets stay the caller's
void wv_trust_update_commit(struct wv_trust_update *u);

// Note that an object that the draft no longer refers to goes with the old snapshot.
void wv_trust_update_retire(struct wv_trust_update *u, void *object, wv_trust_free_fn free_fn);

// Take a set out of the draft, and retire it.
void wv_trust_update_drop_ds(struct wv_trust_update *u, unsigned i);
void wv_trust_update_drop_keys(struct wv_trust_update *u, unsigned i);

// The same with all sets but the anchors.
void wv_trust_update_drop_all(struct wv_trust_update *u);

// Let the draft say neither INSECURE nor BOGUS: its status is that of its sets.
void wv_trust_update_unsay(struct wv_trust_update *u, struct wv_time now);

// Remove a zone from the store.
void wv_trust_node_remove(struct wv_trust *trust, struct wv_trust_node *node);

// Remove the zones that a fixed zone now shadows.
void wv_trust_sweep_shadowed(struct wv_trust *trust);

// life.c
bool wv_trust_status_find(
	const struct wv_trust_zone *zone, struct wv_time now, enum wv_trust_status *status);
bool wv_trust_life_is_longer(const struct wv_trust_life *a, const struct wv_trust_life *b);
struct wv_trust_life wv_trust_life_join(
	const struct wv_trust_life *a, const struct wv_trust_life *b);
bool wv_trust_life_is_half_over(
	const struct wv_trust_life *life, uint32_t since_s, struct wv_time now);
bool wv_trust_life_is_double(
	const struct wv_trust_life *a, const struct wv_trust_life *b, struct wv_time now);
extern const struct wv_trust_life wv_trust_for_good;

// sets.c: where a set comes from
struct wv_trust_origin {
	struct wv_trust_life life;
	enum wv_trust_source source;
	uint32_t since_s;
};

/**
 * A set of `n` records as a fact has them, known to be well formed. NULL: no memory.
 * @param sets  keys that are revoked in one of these are left out
 */
struct wv_trust_dsbox *wv_trust_dsbox_make(
	const struct wv_trust_origin *from, const uint8_t *octets, uint32_t len, unsigned n);
struct wv_trust_keybox *wv_trust_keybox_make(const struct wv_trust_origin *from,
	const uint8_t *octets, uint32_t len, unsigned n, const struct wv_trust_keyset *const sets[],
	unsigned n_sets);

// The same set with another life.
struct wv_trust_dsbox *wv_trust_dsbox_prolong(
	const struct wv_trust_dsbox *box, const struct wv_trust_origin *from);
struct wv_trust_keybox *wv_trust_keybox_prolong(
	struct wv_trust_keybox *box, const struct wv_trust_origin *from);

// Free a box with all it owns.
void wv_trust_dsbox_free(void *box);
void wv_trust_keybox_free(void *box);

// Is this the same key as one that is revoked in one of the sets?
bool wv_trust_is_revoked_in(const struct wv_trust_keyset *const sets[], unsigned n_sets,
	const uint8_t *rdata, size_t len);

static inline struct wv_trust_dsbox *dsbox_of(const struct wv_trust_dsset *set)
{
	return (struct wv_trust_dsbox *)((uintptr_t)set - offsetof(struct wv_trust_dsbox, set));
}

static inline struct wv_trust_keybox *keybox_of(const struct wv_trust_keyset *set)
{
	return (struct wv_trust_keybox *)((uintptr_t)set - offsetof(struct wv_trust_keybox, set));
}

#endif
