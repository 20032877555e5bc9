#include <stdlib.h>
#include <string.h>

#include "builder.h"

static unsigned buckets_for(unsigned n)
{
	unsigned buckets = 16;

	while (buckets < n)
		buckets *= 2;
	return buckets;
}

size_t wv_builder_table_memory(unsigned n, size_t stride)
{
	return n * stride + buckets_for(n) * sizeof(uint32_t);
}

static struct entry *entry_at(const struct table *t, uint32_t place)
{
	return (void *)(t->entries + (place - 1) * t->stride);
}

static uint32_t *bucket_of(const struct table *t, const struct wv_name *name)
{
	return &t->buckets[wv_name_hash(name, t->seed) & t->mask];
}

bool wv_builder_table_init(struct table *t, unsigned n, size_t stride, uint32_t seed)
{
	unsigned buckets = buckets_for(n);

	*t = (struct table){.n = n, .stride = stride, .mask = buckets - 1, .seed = seed};
	t->entries = calloc(n, stride);
	t->buckets = calloc(buckets, sizeof(*t->buckets));
	if (t->entries == NULL || t->buckets == NULL)
		return false;
	for (uint32_t place = n; place > 0; place--) {
		entry_at(t, place)->next = t->free;
		t->free = place;
	}
	return true;
}

void wv_builder_table_fini(struct table *t)
{
	free(t->entries);
	free(t->buckets);
}

void *wv_builder_table_find(const struct table *t, const struct wv_name *name)
{
	for (uint32_t place = *bucket_of(t, name); place != 0;) {
		struct entry *e = entry_at(t, place);

		if (wv_name_equal(&e->name, name))
			return e;
		place = e->next;
	}
	return NULL;
}

void *wv_builder_table_take(struct table *t, const struct wv_name *name)
{
	uint32_t place = t->free, *bucket = bucket_of(t, name);
	struct entry *e;

	if (place == 0)
		return NULL;
	e = entry_at(t, place);
	t->free = e->next;
	memset(e, 0, t->stride);
	e->name = *name;
	e->used = true;
	e->next = *bucket;
	*bucket = place;
	t->used++;
	return e;
}

void wv_builder_table_give(struct table *t, void *entry)
{
	struct entry *e = entry;
	uint32_t *link = bucket_of(t, &e->name), place;

	while (entry_at(t, *link) != e)
		link = &entry_at(t, *link)->next;
	place = *link;
	*link = e->next;
	e->used = false;
	e->next = t->free;
	t->free = place;
	t->used--;
}
