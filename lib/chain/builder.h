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

// builder.c: what is asked, and who asks.

enum what {
	ASK_DS,
	ASK_KEYS,
	ASKS
};

// Where the questions about a name stand.
enum round {
	ROUND_FIRST,
	ROUND_ANEW_DS,   // its keys are doubted: first its DS,
	ROUND_ANEW_KEYS, // then the keys
};

struct question {
	bool under_way;
	bool is_anew;
	uint64_t asked_ms;
};

// A name that is asked about, for all who wait for it.
struct subject {
	struct entry entry;
	enum round round;
	struct question question[ASKS];
	struct seek *waiting; // only while a question is under way
	unsigned asks;        // since window_ms
	uint64_t window_ms;
	unsigned vain;  // answers for DS that proved nothing
	bool lacks_key; // the last of these is signed by a key that its zone is not known to have
	bool is_stale;  // something was not answered since it is doubted, or from a cache
	enum wv_reason failure;  // why its DNSKEY RRset is bogus; SECURE: none was seen
	bool was_doubted;        // to its end, at settled_ms
	bool is_settled;         // in vain, at settled_ms: there is no use in asking again soon
	enum wv_builder_end end; // how either ended
	uint64_t settled_ms;
};

// A name whose status is sought; or a zone that is doubted.
struct seek {
	struct entry entry;
	enum wv_builder_state state;
	bool doubts, has_begun;
	unsigned from;           // labels of the secure zone that it descends from,
	unsigned clear;          // and of the deepest name below that is known to be no cut
	unsigned asks;           // on its behalf
	struct subject *subject; // whose answer it waits for; NULL: none
	struct seek *next_waiting;
	bool is_due;
	struct seek *next_due;
};

struct wv_builder {
	struct wv_builder_params params;
	struct wv_builder_counts counts;
	struct table seeks, subjects;
	struct seek *first_due, *last_due;
	unsigned n_due;
	unsigned hand; // where a subject to be forgotten is looked for
	uint64_t now_ms, swept_ms;
	struct spans *spans;
	struct wv_batch *batch;
	struct wv_trust_fact *scratch;
	struct wv_validate_env env;
	struct wv_message m;
	struct wv_validation v;
};

// answer.c: what is proven, and what an answer comes to.

struct said {
	bool is_proof; // of the keys, or of what there is at a cut, or that there is none
	bool no_cut;   // there is no delegation at the name,
	bool below;    // nor below it
	bool is_word;  // it can be judged, and no cache held it
	bool is_bogus; // it ought to be secure, and is not
	enum wv_reason reason;
};

// Publish a word about a zone, INSECURE or BOGUS.
void wv_builder_publish(struct wv_builder *b, enum wv_trust_fact_kind kind,
	const struct wv_name *zone, enum wv_reason reason, const struct wv_trust_life *life);

// Judge an answer by what is known now, and take what it proves. Nothing of it but that is believed.
struct said wv_builder_judge(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const uint8_t *payload, size_t len);

#endif
