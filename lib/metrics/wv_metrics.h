/**
 * @file
 * Counters per core, one source of numbers for stats file, telemetry and tables.
 *
 * Each core writes a block of its own with plain relaxed stores; whoever reads adds the blocks up
 * and may see counts that are a moment apart, never torn.
 *
 * Units      counts; cycles are TSC cycles
 * Ownership  blocks are the creator's
 * Threads    one writer a block (wv_metrics_add), any reader (wv_metrics_sum)
 * Errors     none
 */
#ifndef WV_METRICS_H
#define WV_METRICS_H

#include <stdatomic.h>

#include "wv_packet.h"
#include "wv_policy.h"
#include "wv_verdict.h"
#include "wv_verify.h"

#define WV_METRICS_PORTS  32 // two for each pair
#define WV_METRICS_LEVELS 40 // of times, by powers of two

// Where a packet can be lost, each with a name; the wire loses nothing unless one of these counts.
enum wv_drop {
	WV_DROP_POLICY,      // action drop
	WV_DROP_UNREADABLE,  // no readable header or question, enforce mode
	WV_DROP_UNSOLICITED, // queries.unsolicited: drop
	WV_DROP_CHECKSUM,    // to be rewritten, but its checksum was wrong
	WV_DROP_TX_FULL,     // the device took no more
	WV_DROP_NO_MBUF,     // no buffer for a reply
	WV_DROPS
};
const char *wv_drop_name(enum wv_drop drop);

// One number each; names in metrics.c are those of stats and telemetry.
enum wv_metric {
	WV_METRIC_RX_PACKETS, // taken from a device
	WV_METRIC_TX_PACKETS, // given to a device
	WV_METRIC_QUERIES,    // remembered
	WV_METRIC_RESPONSES,  // DNS responses from outside over UDP, judged or passed as not judged
	WV_METRIC_UNSOLICITED,       // responses without a query
	WV_METRIC_DO_NOT_SET,        // queries without DO whose answers therefore pass
	WV_METRIC_CD_SET,            // queries with CD
	WV_METRIC_TCP_UNJUDGED,      // TCP segments that pass unjudged
	WV_METRIC_FRAGMENT_UNJUDGED, // fragments that pass unjudged
	WV_METRIC_SUM_WRONG,         // responses with a wrong UDP checksum (or zero over IPv6)
	WV_METRIC_RING_FULL,         // packets were shed, or may have waited, since a ring was full
	WV_METRIC_SHED,              // packets passed or treated by policy `overload` for that
	WV_METRIC_TTL_ABOVE,         // needed RRsets with a TTL above what the signature allows
	WV_METRIC_FACTS,             // facts handed to control
	WV_METRIC_FACTS_LOST,        // no room on that ring
	WV_METRIC_EVENTS_LOST,       // no room on the ring of events
	WV_METRIC_TURNS,             // of the core's loop
	WV_METRIC_BUSY_CYCLES,       // of turns that found work
	WV_METRIC_WORKER_CYCLES,     // of these, in worker steps that found work
	WV_METRIC_JUDGE_CYCLES,      // from receipt to decision, summed over responses
	WV_METRICS
};
const char *wv_metric_name(enum wv_metric metric);

struct wv_metrics {
	_Atomic uint64_t one[WV_METRICS];
	_Atomic uint64_t packets[WV_METRICS_PORTS][WV_PACKET_KINDS];
	_Atomic uint64_t responses[WV_REASON_COUNT][WV_ACTIONS];
	_Atomic uint64_t would_block[WV_REASON_COUNT];
	_Atomic uint64_t budget_exceeded[WV_REASON_COUNT]; // responses, by wv_reason_budget()
	_Atomic uint64_t drops[WV_DROPS];
	// Groups of checks, and how long their oldest waited and they took: level n has those of
	// 2^(n-1) to 2^n - 1 cycles.
	_Atomic uint64_t batch_waits[WV_METRICS_LEVELS];
	_Atomic uint64_t batch_takes[WV_METRICS_LEVELS];
	_Atomic uint64_t batch_slow; // runs of slow checks
	_Atomic uint64_t batch_full[WV_ALG_COUNT];
	// Decided by the reference for another driver.
	_Atomic uint64_t passed_on[WV_ALG_COUNT];
	_Atomic uint64_t exceptions[WV_ALG_COUNT];
	_Atomic uint64_t distrusted[WV_ALG_COUNT];
	_Atomic uint64_t batch_runs[WV_ALG_COUNT];
	_Atomic uint64_t batch_jobs[WV_ALG_COUNT];
	_Atomic uint64_t batch_good[WV_ALG_COUNT];
} __attribute__((aligned(WV_CACHE_LINE)));

// By the block's one writer.
static inline void wv_metrics_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

// The sum of `n` blocks.
void wv_metrics_sum(struct wv_metrics *sum, const struct wv_metrics *const blocks[], unsigned n);

#endif
