#include <inttypes.h>
#include <time.h>

#include "wv_app.h"

#include "wirevet.h"

#define NS_PER_SECOND 1000000000ull

uint64_t numbers_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t numbers_lost(const struct wv_metrics *sum)
{
	return sum->drops[WV_DROP_TX_FULL] + sum->drops[WV_DROP_NO_MBUF];
}

uint64_t numbers_under_way(const struct wv_metrics *sum)
{
	uint64_t out = sum->one[WV_METRIC_TX_PACKETS], in = sum->one[WV_METRIC_RX_PACKETS];

	for (unsigned i = 0; i < WV_DROPS; i++)
		out += sum->drops[i];
	return in > out ? in - out : 0;
}

static void walk_packets(const struct numbers *n, const struct wv_metrics *sum,
	const struct numbers_writer *w, void *arg)
{
	char name[80];

	w->open(arg, "packets");
	for (unsigned i = 0; i < 2 * n->config->n_pairs; i++) {
		snprintf(name, sizeof(name), "%s/%s", n->config->pair[i / 2].name,
			i % 2 == 0 ? "outside" : "inside");
		w->open(arg, name);
		for (unsigned kind = 0; kind < WV_PACKET_KINDS; kind++)
			w->number(arg, wv_packet_kind_name((enum wv_packet_kind)kind),
				sum->packets[i][kind]);
		w->close(arg);
	}
	w->close(arg);
}

static uint64_t reason_total(const struct wv_metrics *sum, unsigned reason)
{
	uint64_t total = 0;

	for (unsigned action = 0; action < WV_ACTIONS; action++)
		total += sum->responses[reason][action];
	return total;
}

static void walk_reason(
	const struct wv_metrics *sum, unsigned reason, const struct numbers_writer *w, void *arg)
{
	w->open(arg, wv_reason_name((enum wv_reason)reason));
	for (unsigned action = 0; action < WV_ACTIONS; action++) {
		if (sum->responses[reason][action] > 0)
			w->number(arg, wv_action_name((enum wv_action)action),
				sum->responses[reason][action]);
	}
	w->close(arg);
}

// verdict → reason → action; of reasons those alone that were seen.
static void walk_responses(const struct wv_metrics *sum, const struct numbers_writer *w, void *arg)
{
	w->open(arg, "responses");
	for (unsigned verdict = 0; verdict < WV_VERDICT_COUNT; verdict++) {
		w->open(arg, wv_verdict_name((enum wv_verdict)verdict));
		for (unsigned reason = 0; reason < WV_REASON_COUNT; reason++) {
			if (wv_reason_verdict((enum wv_reason)reason) == (enum wv_verdict)verdict
				&& reason_total(sum, reason) > 0)
				walk_reason(sum, reason, w, arg);
		}
		w->close(arg);
	}
	w->close(arg);
	w->open(arg, "would_block");
	for (unsigned reason = 0; reason < WV_REASON_COUNT; reason++) {
		if (sum->would_block[reason] > 0)
			w->number(arg, wv_reason_name((enum wv_reason)reason),
				sum->would_block[reason]);
	}
	w->close(arg);
}

// Responses that went over a budget, by its setting.
static void walk_budgets(const struct wv_metrics *sum, const struct numbers_writer *w, void *arg)
{
	w->open(arg, "budget_exceeded");
	for (unsigned reason = 0; reason < WV_REASON_COUNT; reason++) {
		const char *budget = wv_reason_budget((enum wv_reason)reason);

		if (budget != NULL)
			w->number(arg, budget, sum->budget_exceeded[reason]);
	}
	w->close(arg);
}

static void walk_drops(const struct wv_metrics *sum, const struct numbers_writer *w, void *arg)
{
	w->open(arg, "drops");
	for (unsigned i = 0; i < WV_DROPS; i++)
		w->number(arg, wv_drop_name((enum wv_drop)i), sum->drops[i]);
	w->close(arg);
}

// Groups by a time, each level named by what it is below.
static void walk_times(const _Atomic uint64_t levels[WV_METRICS_LEVELS], const char *name,
	const struct numbers_writer *w, void *arg)
{
	char below[24];

	w->open(arg, name);
	for (unsigned i = 0; i < WV_METRICS_LEVELS; i++) {
		if (levels[i] == 0)
			continue;
		snprintf(below, sizeof(below), "%llu", 1ull << i);
		w->number(arg, below, levels[i]);
	}
	w->close(arg);
}

static void walk_batches(const struct wv_metrics *sum, const struct numbers_writer *w, void *arg)
{
	w->open(arg, "batch");
	for (unsigned i = 0; i < WV_ALG_COUNT; i++) {
		w->open(arg, wv_verify_alg_name((enum wv_alg)i));
		w->number(arg, "runs", sum->batch_runs[i]);
		w->number(arg, "jobs", sum->batch_jobs[i]);
		w->number(arg, "good", sum->batch_good[i]);
		w->number(arg, "full", sum->batch_full[i]);
		w->number(arg, "passed_on", sum->passed_on[i]);
		w->number(arg, "exceptions", sum->exceptions[i]);
		w->number(arg, "distrusted", sum->distrusted[i]);
		w->close(arg);
	}
	w->number(arg, "slow_runs", sum->batch_slow);
	walk_times(sum->batch_waits, "waited_below_cycles", w, arg);
	walk_times(sum->batch_takes, "took_below_cycles", w, arg);
	w->close(arg);
}

static void walk_tables(const struct numbers_writer *w, void *arg)
{
	const struct wv_verify_tables_counts *c = wv_verify_tables_count();

	w->open(arg, "tables");
	w->number(arg, "keys", c->keys);
	w->number(arg, "tables", c->tables);
	w->number(arg, "octets", c->octets);
	w->number(arg, "built", c->built);
	w->number(arg, "evicted", c->evicted);
	w->number(arg, "refused", c->refused);
	w->close(arg);
}

static void walk_trust(const struct numbers *n, const struct numbers_writer *w, void *arg)
{
	struct wv_trust_counts counts;

	wv_trust_count(wv_engine_trust(n->engine), &counts);
	w->open(arg, "trust");
	w->number(arg, "zones", counts.zones);
	w->number(arg, "capacity", counts.capacity);
	w->number(arg, "published", counts.published);
	w->number(arg, "refused", counts.refused);
	w->number(arg, "expired", counts.expired);
	w->number(arg, "octets", counts.memory);
	w->close(arg);
}

void numbers_walk_cores(const struct numbers *n, const struct numbers_writer *w, void *arg)
{
	struct wv_engine_core core[2 * WV_CONFIG_CORES];
	unsigned cores = wv_engine_cores(n->engine, core, WV_COUNT(core));
	char name[16];

	for (unsigned i = 0; i < cores && i < WV_COUNT(core); i++) {
		snprintf(name, sizeof(name), "%u", core[i].lcore);
		w->open(arg, name);
		w->number(arg, "io", core[i].io);
		w->number(arg, "worker", core[i].worker);
		w->number(arg, "turns", core[i].turns);
		w->number(arg, "busy_cycles", core[i].busy_cycles);
		w->close(arg);
	}
}

void numbers_walk_memory(const struct numbers *n, const struct numbers_writer *w, void *arg)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < n->n_parts; i++) {
		w->open(arg, n->part[i].what);
		w->number(arg, "count", n->part[i].count);
		w->number(arg, "octets", n->part[i].octets);
		w->close(arg);
		total += n->part[i].octets;
	}
	w->number(arg, "total_octets", total);
}

void numbers_walk(const struct numbers *n, const struct numbers_writer *w, void *arg)
{
	struct wv_metrics sum;

	wv_engine_count(n->engine, &sum);
	w->number(arg, "run_us", (numbers_clock_ns() - n->started_ns) / 1000);
	w->number(arg, "tsc_hz", n->hz);
	w->number(arg, "enforcing", n->config->enforce);
	for (unsigned i = 0; i < WV_METRICS; i++)
		w->number(arg, wv_metric_name((enum wv_metric)i), sum.one[i]);
	w->number(arg, "openssl_overflow", wv_app_arena_overflows());
	w->number(arg, "under_way", numbers_under_way(&sum));
	w->number(arg, "lost", numbers_lost(&sum));
	walk_packets(n, &sum, w, arg);
	walk_responses(&sum, w, arg);
	walk_budgets(&sum, w, arg);
	walk_drops(&sum, w, arg);
	walk_batches(&sum, w, arg);
	walk_tables(w, arg);
	w->open(arg, "cores");
	numbers_walk_cores(n, w, arg);
	w->close(arg);
	walk_trust(n, w, arg);
}
