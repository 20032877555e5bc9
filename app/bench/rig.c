// The pipe: two ports that are rings of mbufs, and the engine between them.
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "wv_app.h"
#include "wv_engine.h"

#include "bench.h"
#include "learn.h"

#define LEAD       1024  // queries that are under way when the first response comes
#define NO_PORT    65535 // a UDP port that the traffic never uses
#define FILLER_LEN 60
#define EAL_BESIDE (64u << 20) // octets of EAL's own, and what is lost to alignment

// A port: packets that come in there, and the ring that takes what goes out.
struct side {
	const char *name;
	struct rte_ring *in, *out;
	struct rte_mbuf **packets;
	unsigned n;
	uint16_t port;
};

// A packet that a run writes over.
struct spare {
	struct rte_mbuf *m;
	uint16_t len;
	uint8_t *octets;
};

struct stamp {
	uint64_t begin, end; // TSC
};

struct rig {
	struct rig_params params;
	struct eal eal;
	bool runs; // EAL does
	struct wv_config config;
	bool has_config;
	struct wv_validate_settings settings;
	struct rte_mempool *pool, *long_pool;
	struct side outside, inside;
	struct spare *spares;
	unsigned n_spares;
	struct stamp stamps[RTE_MAX_LCORE]; // of the loops of one run, by lcore
};

// ---- memory ----

// A frame that is no DNS and not even IP, but for local experiments (IEEE Std 802, 9.2.3.2).
static const uint8_t filler[FILLER_LEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

// Octets of a buffer for the short frames, or the long ones.
static uint16_t data_room(const struct rig *r, bool is_long)
{
	unsigned longest = r->params.traffic->longest[is_long];
	unsigned room = RTE_PKTMBUF_HEADROOM + RTE_MAX(longest, FILLER_LEN);

	return (uint16_t)RTE_ALIGN_CEIL(room, RTE_CACHE_LINE_SIZE);
}

static size_t buffer_octets(const struct rig *r, bool is_long)
{
	return rte_mempool_calc_obj_size(sizeof(struct rte_mbuf) + data_room(r, is_long), 0, NULL);
}

static size_t ring_octets(unsigned n)
{
	return (size_t)rte_ring_get_memsize(rte_align32pow2(n + 1));
}

// EAL's memory for all of it.
static size_t rig_octets(const struct rig *r)
{
	struct wv_engine_memory parts[32];
	unsigned n = r->outside.n + r->inside.n, n_long = r->params.traffic->n_long;
	unsigned n_parts = wv_engine_memory(
		&r->config, r->params.traffic->longest[false], parts, WV_COUNT(parts));
	size_t octets = EAL_BESIDE;

	for (unsigned i = 0; i < n_parts && i < WV_COUNT(parts); i++)
		octets += parts[i].in_eal ? parts[i].octets : 0;
	octets += (n - n_long) * buffer_octets(r, false) + n_long * buffer_octets(r, true);
	octets += ring_octets(n) + 2 * ring_octets(r->outside.n) + 2 * ring_octets(r->inside.n);
	return octets;
}

static int spare_keep(struct rig *r, struct rte_mbuf *m, const uint8_t *octets, uint16_t len)
{
	struct spare *spare = &r->spares[r->n_spares];

	*spare = (struct spare){.m = m, .len = len, .octets = malloc(len)};
	if (spare->octets == NULL)
		return -ENOMEM;
	memcpy(spare->octets, octets, len);
	r->n_spares++;
	return 0;
}

static void spares_restore(struct rig *r)
{
	for (unsigned i = 0; i < r->n_spares; i++) {
		struct spare *spare = &r->spares[i];

		memcpy(rte_pktmbuf_mtod(spare->m, void *), spare->octets, spare->len);
		spare->m->data_len = spare->len;
		spare->m->pkt_len = spare->len;
	}
}

static int packet_put(struct rig *r, struct side *side, unsigned at, const struct packet *p,
	const uint8_t *octets, struct wv_err *err)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(p->len > BENCH_SHORT ? r->long_pool : r->pool);
	char *data = m != NULL ? rte_pktmbuf_append(m, p->len) : NULL;

	if (data == NULL || (p->is_bogus && spare_keep(r, m, octets, p->len) < 0))
		return wv_fail(err, ENOMEM, "packet buffers: no room for %u octets", p->len);
	memcpy(data, octets, p->len);
	side->packets[at] = m;
	return 0;
}

static int packet_count(struct rig *r, struct side *side, unsigned at, const struct packet *p,
	const uint8_t *octets, struct wv_err *err)
{
	(void)octets;
	(void)err;
	side->n = at + 1;
	r->n_spares += p->is_bogus;
	return 0;
}

typedef int (*packet_lay_fn)(struct rig *r, struct side *side, unsigned at, const struct packet *p,
	const uint8_t *octets, struct wv_err *err);

/*
 * The order of packets at both ports. Both are served alike, so that fillers are put before what
 * comes from outside until LEAD queries are under way.
 */
static int packets_lay(struct rig *r, packet_lay_fn lay, struct wv_err *err)
{
	static const struct packet fill = {.len = sizeof(filler)};
	const struct packets *all = r->params.traffic;
	bool queries = r->params.bench->queries;
	unsigned outside = 0, inside = 0;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < all->n; i++) {
		const struct packet *p = &all->list[i];

		if (!p->from_outside) {
			if (queries)
				rc = lay(r, &r->inside, inside++, p, all->octets + p->at, err);
			continue;
		}
		while (rc == 0 && queries && outside + 1 < inside + LEAD)
			rc = lay(r, &r->outside, outside++, &fill, filler, err);
		if (rc == 0)
			rc = lay(r, &r->outside, outside++, p, all->octets + p->at, err);
	}
	return rc;
}

static struct rte_ring *ring_make(
	const struct side *side, const char *way, unsigned n, struct wv_err *err)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "%s_%s", side->name, way);
	ring = rte_ring_create(name, RTE_MAX(n, 1u), (int)rte_socket_id(),
		RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	if (ring == NULL)
		wv_fail(err, rte_errno, "ring %s of %u packets: %s", name, n,
			rte_strerror(rte_errno));
	return ring;
}

static int side_open(struct rig *r, struct side *side, unsigned out, struct wv_err *err)
{
	const struct rte_eth_conf conf = {0};
	int id, rc;

	side->in = ring_make(side, "in", side->n, err);
	side->out = side->in != NULL ? ring_make(side, "out", out, err) : NULL;
	if (side->out == NULL)
		return -ENOMEM;
	id = rte_eth_from_rings(side->name, &side->in, 1, &side->out, 1, rte_socket_id());
	if (id < 0)
		return wv_fail(err, EIO, "port %s: cannot be made of rings: %s", side->name,
			rte_strerror(rte_errno));
	side->port = (uint16_t)id;
	rc = rte_eth_dev_configure(side->port, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(side->port, 0, 0, rte_socket_id(), NULL, r->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(side->port, 0, 0, rte_socket_id(), NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(side->port);
	return rc == 0
		? 0
		: wv_fail(err, -rc, "port %s: cannot be started: %s", side->name, strerror(-rc));
}

static int pool_make(struct rig *r, struct rte_mempool **pool, const char *name, unsigned n,
	bool is_long, struct wv_err *err)
{
	uint16_t room = data_room(r, is_long);

	*pool = rte_pktmbuf_pool_create(name, n, 0, 0, room, (int)rte_socket_id());
	return *pool != NULL
		? 0
		: wv_fail(err, rte_errno, "packet buffers: no room for %u of %u octets: %s", n,
			room, rte_strerror(rte_errno));
}

static int pipe_open(struct rig *r, struct wv_err *err)
{
	unsigned n_long = r->params.traffic->n_long;
	int rc = pool_make(r, &r->pool, "bench", r->outside.n + r->inside.n - n_long, false, err);

	if (rc == 0 && n_long > 0)
		rc = pool_make(r, &r->long_pool, "bench_long", n_long, true, err);
	r->n_spares = 0;
	if (rc == 0)
		rc = packets_lay(r, packet_put, err);
	if (rc == 0)
		rc = side_open(r, &r->outside, r->inside.n, err);
	if (rc == 0)
		rc = side_open(r, &r->inside, r->outside.n, err);
	return rc;
}

// ---- configuration ----

static int config_make(struct rig *r, struct wv_err *err)
{
	const struct bench_params *bench = r->params.bench;
	struct wv_config *c = &r->config;
	int rc = wv_config_presets(c, err);

	if (rc < 0)
		return rc;
	r->has_config = true;
	wv_app_settings(&r->settings, c);
	c->enforce = true;
	c->clock = WV_CLOCK_FIXED;
	c->clock_s = bench->traffic.time_s;
	c->n_pairs = 1;
	c->pair[0].name = strdup("bench");
	c->pair[0].outside = strdup(r->outside.name);
	c->pair[0].inside = strdup(r->inside.name);
	if (c->pair[0].name == NULL || c->pair[0].outside == NULL || c->pair[0].inside == NULL)
		return wv_fail(err, ENOMEM, "no memory for the configuration");
	c->pair[0].n_dns_ports = 1;
	c->trust.zones = RTE_MAX(c->trust.zones, bench->traffic.zones + TRAFFIC_TLDS + 1);
	return 0;
}

static void config_choose(struct rig *r, enum bench_plan plan, bool forward)
{
	struct wv_config *c = &r->config;

	c->pair[0].dns_port[0] = forward ? NO_PORT : 53;
	c->cores.control = r->eal.first;
	c->cores.n_io = c->cores.n_workers = plan == BENCH_SPLIT;
	c->cores.io[0] = r->eal.first;
	c->cores.workers[0] = r->eal.last;
}

// ---- life ----

struct rig *rig_create(const struct rig_params *params, struct wv_err *err)
{
	struct rig *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL) {
		wv_fail(err, ENOMEM, "no memory for the pipe");
		return NULL;
	}
	r->params = *params;
	r->outside.name = "outside";
	r->inside.name = "inside";
	packets_lay(r, packet_count, err);
	r->outside.packets = calloc(r->outside.n + 1, sizeof(void *));
	r->inside.packets = calloc(r->inside.n + 1, sizeof(void *));
	r->spares = calloc(r->n_spares + 1, sizeof(r->spares[0]));
	rc = r->outside.packets == NULL || r->inside.packets == NULL || r->spares == NULL
		? wv_fail(err, ENOMEM, "no memory for %u packets", params->traffic->n)
		: config_make(r, err);
	if (rc == 0)
		rc = eal_start(&r->eal, rig_octets(r), err);
	r->runs = rc == 0;
	if (rc == 0)
		rc = pipe_open(r, err);
	r->params.traffic = NULL;
	if (rc == 0)
		return r;
	rig_destroy(r);
	return NULL;
}

void rig_destroy(struct rig *r)
{
	if (r->has_config)
		wv_config_fini(&r->config);
	for (unsigned i = 0; i < r->n_spares; i++)
		free(r->spares[i].octets);
	free(r->spares);
	free(r->outside.packets);
	free(r->inside.packets);
	if (r->runs)
		rte_eal_cleanup();
	free(r);
}

bool rig_has(const struct rig *r, enum bench_plan plan)
{
	return plan == BENCH_SOLO || r->eal.first != r->eal.last;
}

bool rig_has_hugepages(const struct rig *r)
{
	return r->eal.hugepages;
}

uint64_t rig_hz(const struct rig *r)
{
	(void)r;
	return rte_get_tsc_hz();
}

// ---- a run ----

static void core_stamp(void *arg, bool running)
{
	struct rig *r = arg;
	struct stamp *stamp = &r->stamps[rte_lcore_id()];

	if (running)
		stamp->begin = rte_rdtsc();
	else
		stamp->end = rte_rdtsc();
}

static int side_fill(struct side *side, struct wv_err *err)
{
	rte_ring_reset(side->in);
	rte_ring_reset(side->out);
	if (rte_ring_sp_enqueue_bulk(side->in, (void **)side->packets, side->n, NULL) != side->n)
		return wv_fail(
			err, ENOBUFS, "port %s: no room for %u packets", side->name, side->n);
	return 0;
}

static int rig_learn(const struct rig *r, struct wv_trust *trust, struct wv_err *err)
{
	const struct learn_params params = {.chain = r->params.chain,
		.anchors = r->params.anchors,
		.settings = &r->settings,
		.time_s = r->config.clock_s};

	return learn(&params, trust, err);
}

static void run_count(const struct rig *r, struct wv_engine *e, struct rig_result *result)
{
	unsigned out = rte_ring_count(r->outside.out) + rte_ring_count(r->inside.out);
	uint64_t begin = UINT64_MAX, end = 0;
	struct wv_metrics sum;

	*result = (struct rig_result){.lost = r->outside.n + r->inside.n - out};
	wv_engine_count(e, &sum);
	result->worker_cycles = sum.one[WV_METRIC_WORKER_CYCLES];
	for (unsigned reason = 0; reason < WV_REASON_COUNT; reason++) {
		for (unsigned action = 0; action < WV_ACTIONS; action++)
			result->verdicts[wv_reason_verdict(reason)] +=
				sum.responses[reason][action];
	}
	for (unsigned i = 0; i < RTE_MAX_LCORE; i++) {
		if (r->stamps[i].end == 0)
			continue;
		begin = RTE_MIN(begin, r->stamps[i].begin);
		end = RTE_MAX(end, r->stamps[i].end);
	}
	result->cycles = end - begin;
}

static int run_engine(struct rig *r, bool forward, struct rig_result *result, struct wv_err *err)
{
	const struct wv_engine_params params = {
		.config = &r->config,
		.settings = &r->settings,
		.pair = {{.outside = r->outside.port,
			.inside = r->inside.port,
			.expect = {r->outside.n, r->inside.n},
			.link = WV_LINK_ETHERNET}},
		.asked = true,
		.on_core = core_stamp,
		.on_core_arg = r,
		.thread_init = wv_app_arena_take,
		.thread_fini = wv_app_arena_give,
	};
	struct wv_engine *e = wv_engine_create(&params, err);
	int rc;

	if (e == NULL)
		return -EIO;
	rc = forward ? 0 : rig_learn(r, wv_engine_trust(e), err);
	if (rc == 0)
		rc = wv_engine_start(e, err);
	if (rc == 0)
		rc = wv_engine_main(e, err);
	if (rc == 0)
		run_count(r, e, result);
	wv_engine_destroy(e);
	return rc;
}

int rig_run(struct rig *r, enum bench_plan plan, bool forward, struct rig_result *result,
	struct wv_err *err)
{
	int rc = side_fill(&r->outside, err);

	if (rc == 0)
		rc = side_fill(&r->inside, err);
	if (rc < 0)
		return rc;
	spares_restore(r);
	memset(r->stamps, 0, sizeof(r->stamps));
	config_choose(r, plan, forward);
	return run_engine(r, forward, result, err);
}
