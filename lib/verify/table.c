#include <stdlib.h>
#include <string.h>

#include "verify.h"

/*
 * Which keys have tables. All of this belongs to the thread that owns the keys; readers see a key's
 * `table` alone, which is stored whole, and retired only when nobody can hold it any more.
 *
 * A key's rank is how many keys are used as much or more, itself among them; it is read from the counts of
 * the last round over all keys, by powers of two. A key of which the last round did not know has none.
 */
#define LEVELS            33 // bits of a count, and none
#define LARGE_RANKS       16 // this many keys may have large tables: beyond, they push out of the cache
#define MEDIUM_RANKS      1024 // what they gain; and beyond these, medium ones do
#define HALF_LIFE_S       16   // of counts of use
#define TABLE_ALIGN       64
#define FOREVER_HALF_LIFE 31

// What a table lies in. The driver's part begins TABLE_ALIGN octets on.
struct box {
	size_t octets; // of the whole
	enum wv_verify_table size;
};

static struct {
	struct wv_verify_tables_settings settings;
	wv_verify_retire_fn retire;
	void *arg;
	struct wv_verify_key *first, *cursor, *coldest;
	struct wv_verify_tables_counts counts;
	size_t retired;         // octets that wait to be freed
	unsigned level[LEVELS]; // keys by use, of this round so far
	unsigned rank[LEVELS];  // keys of this and higher levels, of the last round
} state;

void wv_verify_tables_init(
	const struct wv_verify_tables_settings *settings, wv_verify_retire_fn retire, void *arg)
{
	state.settings = *settings;
	memset(state.level, 0, sizeof(state.level));
	memset(state.rank, 0, sizeof(state.rank));
	state.cursor = NULL;
	state.retire = retire;
	state.arg = arg;
}

const struct wv_verify_tables_counts *wv_verify_tables_count(void)
{
	return &state.counts;
}

static const uint8_t *table_of(const struct wv_verify_key *key)
{
	return atomic_load_explicit(&key->table, memory_order_relaxed);
}

static struct box *box_of(const uint8_t *table)
{
	return (struct box *)(uintptr_t)(table - TABLE_ALIGN);
}

static void box_free(void *object)
{
	struct box *box = object;

	state.counts.octets -= box->octets;
	free(box);
}

static void retired_free(void *object)
{
	state.retired -= ((struct box *)object)->octets;
	box_free(object);
}

void wv_verify_key_enlist(struct wv_verify_key *key)
{
	key->previous = NULL;
	key->next = state.first;
	if (state.first != NULL)
		state.first->previous = key;
	state.first = key;
	key->enlisted = true;
	state.counts.keys++;
}

void wv_verify_key_release(struct wv_verify_key *key)
{
	const uint8_t *table = table_of(key);

	if (table != NULL) {
		atomic_store(&key->table, NULL);
		state.counts.tables--;
		box_free(box_of(table));
	}
	if (!key->enlisted)
		return;
	if (state.cursor == key)
		state.cursor = key->next;
	if (state.coldest == key)
		state.coldest = NULL;
	*(key->previous != NULL ? &key->previous->next : &state.first) = key->next;
	if (key->next != NULL)
		key->next->previous = key->previous;
	key->enlisted = false;
	state.counts.keys--;
}

// Octets of the largest table up to `size` that the driver has for a key; `*size` becomes its size.
static size_t table_octets(const struct wv_verify_key *key, enum wv_verify_table *size)
{
	const struct wv_verify_algorithm *algo = wv_verify_algorithm_of(key->alg);
	size_t octets;

	if (algo->table_octets == NULL)
		return 0;
	while ((octets = algo->table_octets(key, *size)) == 0 && *size > WV_VERIFY_TABLE_SMALL)
		(*size)--;
	return octets > 0 ? TABLE_ALIGN + octets : 0;
}

static bool table_make(struct wv_verify_key *key, enum wv_verify_table size, size_t octets)
{
	struct box *box = aligned_alloc(TABLE_ALIGN, octets);

	if (box == NULL) {
		state.counts.refused++;
		return false;
	}
	box->octets = octets;
	box->size = size;
	wv_verify_algorithm_of(key->alg)->table_build(key, size, (uint8_t *)box + TABLE_ALIGN);
	state.counts.octets += octets;
	state.counts.built++;
	state.counts.tables++;
	atomic_store_explicit(
		&key->table, (const uint8_t *)box + TABLE_ALIGN, memory_order_release);
	// cppcheck-suppress memleak
	return true; // the table leads back to its box
}

// Take a key's table from it; readers may hold it still.
static void table_retire(struct wv_verify_key *key)
{
	struct box *box = box_of(table_of(key));

	atomic_store_explicit(&key->table, NULL, memory_order_release);
	state.counts.tables--;
	state.retired += box->octets;
	if (state.coldest == key)
		state.coldest = NULL;
	if (state.retire != NULL)
		state.retire(state.arg, box, retired_free);
	else
		retired_free(box);
}

static unsigned level_of(uint32_t checks)
{
	return checks == 0 ? 0 : 32u - (unsigned)__builtin_clz(checks);
}

static void round_end(void)
{
	unsigned rank = 0;

	for (unsigned l = LEVELS; l-- > 0;) {
		rank += state.level[l];
		state.rank[l] = rank;
		state.level[l] = 0;
	}
	state.cursor = state.first;
}

// Checks of late: the count, half of it for each half life since it was last looked at.
static uint32_t checks_lately(struct wv_verify_key *key, uint32_t now_s)
{
	uint32_t checks = atomic_load_explicit(&key->use.checks, memory_order_relaxed);
	uint32_t lives = now_s / HALF_LIFE_S - key->looked_s / HALF_LIFE_S;
	uint32_t left = lives <= FOREVER_HALF_LIFE ? checks >> lives : 0;

	key->looked_s = now_s;
	if (left != checks) // what is counted meanwhile stays
		atomic_fetch_sub_explicit(&key->use.checks, checks - left, memory_order_relaxed);
	return left;
}

static enum wv_verify_table size_for(uint32_t checks)
{
	unsigned rank = state.rank[level_of(checks)];

	if (rank > MEDIUM_RANKS)
		return WV_VERIFY_TABLE_SMALL;
	return rank > LARGE_RANKS || rank == 0 ? WV_VERIFY_TABLE_MEDIUM : WV_VERIFY_TABLE_LARGE;
}

// Let the least used key that has a table give it up for one that is used at least twice as much.
static void room_make(uint32_t checks, size_t octets)
{
	struct wv_verify_key *key = state.coldest;

	if (key == NULL || state.retired >= octets)
		return;
	if (atomic_load_explicit(&key->use.checks, memory_order_relaxed) > checks / 2)
		return;
	table_retire(key);
	state.counts.evicted++;
}

// A key that should have a table and has none. False: it has to wait.
static bool table_want(struct wv_verify_key *key, uint32_t checks, unsigned *left)
{
	enum wv_verify_table size = size_for(checks);
	size_t octets = table_octets(key, &size);

	if (octets == 0)
		return true;
	if (*left == 0)
		return false;
	if (state.counts.octets + octets > state.settings.octets) {
		room_make(checks, octets);
		if (state.counts.octets + octets > state.settings.octets)
			return false;
	}
	(*left)--;
	return table_make(key, size, octets);
}

static void colder(struct wv_verify_key *key, uint32_t checks)
{
	if (state.coldest == NULL || state.coldest == key
		|| checks < atomic_load_explicit(&state.coldest->use.checks, memory_order_relaxed))
		state.coldest = key;
}

unsigned wv_verify_tables_step(unsigned keys, unsigned tables, uint32_t now_s)
{
	unsigned waiting = 0;

	if (state.settings.octets == 0)
		return 0;
	if (keys > state.counts.keys)
		keys = (unsigned)state.counts.keys;
	for (unsigned i = 0; i < keys; i++) {
		struct wv_verify_key *key;
		uint32_t checks;

		if (state.cursor == NULL)
			round_end();
		key = state.cursor;
		state.cursor = key->next;
		checks = checks_lately(key, now_s);
		state.level[level_of(checks)]++;
		if (table_of(key) != NULL)
			colder(key, checks);
		else if (checks >= state.settings.after)
			waiting += !table_want(key, checks, &tables);
	}
	return waiting;
}
