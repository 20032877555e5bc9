#include <assert.h>
#include <string.h>

#include "wv_metrics.h"

static const char *const drop_names[] = {
	[WV_DROP_POLICY] = "policy",
	[WV_DROP_UNREADABLE] = "unreadable",
	[WV_DROP_UNSOLICITED] = "unsolicited",
	[WV_DROP_CHECKSUM] = "checksum",
	[WV_DROP_TX_FULL] = "tx-full",
	[WV_DROP_NO_MBUF] = "no-buffer",
};
static_assert(WV_COUNT(drop_names) == WV_DROPS, "a place of loss without a name");

static const char *const metric_names[] = {
	[WV_METRIC_RX_PACKETS] = "rx_packets",
	[WV_METRIC_TX_PACKETS] = "tx_packets",
	[WV_METRIC_QUERIES] = "queries",
	[WV_METRIC_RESPONSES] = "responses",
	[WV_METRIC_UNSOLICITED] = "unsolicited",
	[WV_METRIC_DO_NOT_SET] = "do_not_set",
	[WV_METRIC_CD_SET] = "cd_set",
	[WV_METRIC_TCP_UNJUDGED] = "tcp_unjudged",
	[WV_METRIC_FRAGMENT_UNJUDGED] = "fragment_unjudged",
	[WV_METRIC_SUM_WRONG] = "checksum_wrong",
	[WV_METRIC_RING_FULL] = "ring_full",
	[WV_METRIC_SHED] = "shed",
	[WV_METRIC_TTL_ABOVE] = "ttl_above",
	[WV_METRIC_FACTS] = "facts",
	[WV_METRIC_FACTS_LOST] = "facts_lost",
	[WV_METRIC_EVENTS_LOST] = "events_lost",
	[WV_METRIC_TURNS] = "turns",
	[WV_METRIC_BUSY_CYCLES] = "busy_cycles",
	[WV_METRIC_WORKER_CYCLES] = "worker_cycles",
	[WV_METRIC_JUDGE_CYCLES] = "judge_cycles",
};
static_assert(WV_COUNT(metric_names) == WV_METRICS, "a number without a name");

const char *wv_drop_name(enum wv_drop drop)
{
	return drop_names[drop];
}

const char *wv_metric_name(enum wv_metric metric)
{
	return metric_names[metric];
}

// Blocks are arrays of counters, and nothing else: they are added up as such.
#define COUNTERS (offsetof(struct wv_metrics, batch_good) / sizeof(uint64_t) + WV_ALG_COUNT)
static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "a counter is one word");
static_assert(sizeof(struct wv_metrics) - COUNTERS * sizeof(uint64_t) < WV_CACHE_LINE,
	"batch_good is the last of struct wv_metrics");

void wv_metrics_sum(struct wv_metrics *sum, const struct wv_metrics *const blocks[], unsigned n)
{
	_Atomic uint64_t *to = (_Atomic uint64_t *)sum;

	for (size_t i = 0; i < COUNTERS; i++) {
		uint64_t total = 0;

		for (unsigned b = 0; b < n; b++)
			total += atomic_load_explicit(
				(const _Atomic uint64_t *)blocks[b] + i, memory_order_relaxed);
		atomic_store_explicit(&to[i], total, memory_order_relaxed);
	}
}
