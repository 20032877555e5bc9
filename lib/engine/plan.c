// What a configuration takes of memory.
#include <string.h>

#include "engine.h"

#define POOL_CACHE    128                         // buffers an lcore keeps
#define BUFFER_MIN    (RTE_MBUF_DEFAULT_DATAROOM) // some devices want no less
#define BUFFER_HEAD   (sizeof(struct rte_mbuf) + RTE_CACHE_LINE_SIZE)
#define BUFFER_BESIDE 64 // control messages of drivers and the like

static unsigned config_ios(const struct wv_config *config)
{
	return RTE_MAX(config->cores.n_io, 1u);
}

static unsigned config_workers(const struct wv_config *config)
{
	return RTE_MAX(config->cores.n_workers, 1u);
}

// Files need no buffers of their own: a frame is read when it is asked for.
static bool port_is_file(const char *words)
{
	return words != NULL && strncmp(words, "net_pcap", strlen("net_pcap")) == 0;
}

static unsigned port_buffers(const struct wv_config *config, const char *words)
{
	unsigned waiting = ENGINE_TX_ROOM + config->io.burst;

	if (port_is_file(words))
		return waiting;
	return waiting + config->io.rx_descriptors + config->io.tx_descriptors;
}

struct wv_engine_pool wv_engine_pool_plan(const struct wv_config *config, uint32_t longest_frame)
{
	unsigned ios = config_ios(config), workers = config_workers(config);
	size_t room = RTE_MAX((size_t)longest_frame, (size_t)BUFFER_MIN) + RTE_PKTMBUF_HEADROOM;
	struct wv_engine_pool pool = {
		.cache = POOL_CACHE, .data_room = (uint16_t)RTE_MIN(room, (size_t)UINT16_MAX)};

	for (unsigned i = 0; i < config->n_pairs; i++)
		pool.buffers += ios
			* (port_buffers(config, config->pair[i].outside)
				+ port_buffers(config, config->pair[i].inside));
	pool.buffers += ios * workers * (2 * config->rings.size + ENGINE_CONTEXTS);
	pool.buffers += workers * ENGINE_CONTEXTS;
	// A cache is emptied at one and a half times its size; the main lcore has one, too.
	pool.buffers += (ios + workers + 1) * POOL_CACHE * 3 / 2 + BUFFER_BESIDE;
	return pool;
}

struct memory_list {
	struct wv_engine_memory *parts;
	unsigned n, room;
};

static void memory_put(
	struct memory_list *list, const char *what, size_t octets, unsigned count, bool in_eal)
{
	if (list->n < list->room) {
		struct wv_engine_memory *part = &list->parts[list->n];

		snprintf(part->what, sizeof(part->what), "%s", what);
		part->octets = octets * count;
		part->count = count;
		part->in_eal = in_eal;
	}
	list->n++;
}

// Of EAL's memory.
static void memory_add(struct memory_list *list, const char *what, size_t octets, unsigned count)
{
	memory_put(list, what, octets, count, true);
}

// Of the heap.
static void memory_add_heap(
	struct memory_list *list, const char *what, size_t octets, unsigned count)
{
	memory_put(list, what, octets, count, false);
}

static size_t trust_octets(const struct wv_config *config)
{
	const struct wv_trust_params params = {.zones = config->trust.zones};
	struct wv_trust *trust = wv_trust_create(&params, NULL);
	struct wv_trust_counts counts = {0};

	if (trust == NULL)
		return 0;
	wv_trust_count(trust, &counts);
	wv_trust_destroy(trust);
	return counts.memory;
}

unsigned wv_engine_memory(const struct wv_config *config, uint32_t longest_frame,
	struct wv_engine_memory parts[], unsigned room)
{
	unsigned ios = config_ios(config), workers = config_workers(config);
	struct wv_engine_pool pool = wv_engine_pool_plan(config, longest_frame);
	struct memory_list list = {.parts = parts, .room = room};

	memory_add(&list, "packet buffers", BUFFER_HEAD + pool.data_room, pool.buffers);
	memory_add(&list, "rings between I/O and workers",
		(size_t)rte_ring_get_memsize(rte_align32pow2(config->rings.size)),
		2 * ios * workers);
	memory_add(&list, "ports at I/O cores", sizeof(struct io_port), 2 * config->n_pairs * ios);
	memory_add(&list, "responses being judged", wv_engine_context_stride(),
		ENGINE_CONTEXTS * workers);
	memory_add_heap(&list, "batches of checks", wv_batch_memory(), workers);
	memory_add_heap(&list, "query tables", wv_flow_memory(config->queries.entries), workers);
	memory_add(&list, "facts to control",
		(size_t)rte_ring_get_memsize_elem(
			RECORD_ELEMENT, wv_engine_mailbox_elements(config->rings.control_size)),
		workers);
	memory_add(&list, "lines to control",
		(size_t)rte_ring_get_memsize_elem(
			RECORD_ELEMENT, wv_engine_mailbox_elements(config->rings.events_size)),
		workers);
	memory_add_heap(&list, "trust store, without keys", trust_octets(config), 1);
	memory_add_heap(&list, "tables of keys, at most", (size_t)config->drivers.table_mib << 20,
		config->drivers.table_mib > 0 ? 1 : 0);
	memory_add(&list, "counters", sizeof(struct wv_metrics), ios + workers);
	return list.n;
}
