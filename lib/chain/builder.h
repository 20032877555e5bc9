// What the files of the chain builder share.
#ifndef BUILDER_H
#define BUILDER_H

#include "wv_builder.h"

// harvest.c: the life of what one RRset proves; what several prove lives as long as all of them.
void wv_chain_life_narrow(struct wv_trust_life *life, const struct wv_validation *v,
	const struct wv_validate_rrset *need, bool first);

// table.c: a table of things with a name each, of a size that does not change.

// Every entry begins with it.
struct entry {
	struct wv_name name;
	uint32_t next; // in its bucket, or of the free ones; counted from 1, 0: none
	bool used;
};

struct table {
	uint8_t *entries;
	uint32_t *buckets;
	size_t stride;
	unsigned n, used, mask;
	uint32_t free; // as entry.next
	uint32_t seed;
};

// False: no memory.
bool wv_builder_table_init(struct table *t, unsigned n, size_t stride, uint32_t seed);
void wv_builder_table_fini(struct table *t);
size_t wv_builder_table_memory(unsigned n, size_t stride);

void *wv_builder_table_find(const struct table *t, const struct wv_name *name);

// A new entry, zeros but for its name, which must not be there yet. NULL: the table is full.
void *wv_builder_table_take(struct table *t, const struct wv_name *name);
void wv_builder_table_give(struct table *t, void *entry);

// The entry at a place below t->n; NULL: it is free.
static inline void *wv_builder_table_at(const struct table *t, unsigned i)
{
	struct entry *e = (void *)(t->entries + i * t->stride);

	return e->used ? e : NULL;
}

// spans.c: what verified proofs of absence say about other names of their zone (RFC 8198).

struct spans;

struct spans *wv_builder_spans_create(unsigned n, uint32_t seed); // NULL: no memory
void wv_builder_spans_destroy(struct spans *s);
size_t wv_builder_spans_memory(unsigned n);

// Keep the verified NSEC records of a judged response.
void wv_builder_spans_learn(struct spans *s, const struct wv_validation *v);

/**
 * Keep that there is no cut at `name`, proven by all that the response needed.
 * @param below  nor at any name below
 */
void wv_builder_spans_note(struct spans *s, const struct wv_validation *v,
	const struct wv_name *zone, const struct wv_name *name, bool below);

enum span_word {
	SPAN_SILENT,
	SPAN_NO_CUT,        // in `zone` nothing is delegated at `name`
	SPAN_NOTHING_BELOW, // nor below it
	SPAN_INSECURE,      // it is, without DS
};

/**
 * What is known of `name`, below `zone`.
 * @param life  out: of that; where it is known
 */
enum span_word wv_builder_spans_find(const struct spans *s, const struct wv_name *zone,
	const struct wv_name *name, struct wv_time now, struct wv_trust_life *life);

#endif
