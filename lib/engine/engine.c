// From parameters to running cores, and back.
#include "engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_random.h>

#define CHECK_TURNS   64 // turns of the main lcore from one look at the end to the next
#define DRAIN_S       1  // from stop until what is still under way is given up
#define SILENT_S      5  // a capture that should have more gives nothing: it never will
#define NS_PER_SECOND 1000000000ull

// ---- threads ----

int wv_engine_thread_init(struct wv_err *err)
{
	int rc = wv_digest_thread_init(err);

	if (rc < 0)
		return rc;
	rc = wv_verify_thread_init(err);
	if (rc < 0)
		wv_digest_thread_fini();
	return rc;
}

void wv_engine_thread_fini(void)
{
	wv_verify_thread_fini();
	wv_digest_thread_fini();
}

// ---- a core ----

static int worker_begin(struct core *c)
{
	const struct wv_engine_params *p = &c->e->params;
	int rc = p->thread_init != NULL ? p->thread_init(p->thread_arg, &c->err) : 0;

	if (rc < 0)
		return rc;
	rc = wv_engine_thread_init(&c->err);
	if (rc < 0 && p->thread_fini != NULL)
		p->thread_fini(p->thread_arg);
	if (rc == 0)
		wv_engine_worker_online(c->worker);
	return rc;
}

static void worker_end(struct core *c)
{
	const struct wv_engine_params *p = &c->e->params;

	wv_engine_worker_offline(c->worker);
	wv_engine_thread_fini();
	if (p->thread_fini != NULL)
		p->thread_fini(p->thread_arg);
}

static int core_begin(struct core *c)
{
	int rc = c->worker != NULL ? worker_begin(c) : 0;

	atomic_store(&c->state, rc < 0 ? CORE_FAILED : CORE_READY);
	return rc;
}

static void core_end(struct core *c)
{
	if (atomic_load(&c->state) != CORE_READY)
		return;
	if (c->worker != NULL)
		worker_end(c);
	atomic_store(&c->state, CORE_IDLE);
}

static bool engine_is_over(struct wv_engine *e);

static void core_loop(struct core *c)
{
	struct wv_engine *e = c->e;
	_Atomic uint64_t *turns = &c->metrics->one[WV_METRIC_TURNS];
	_Atomic uint64_t *busy = &c->metrics->one[WV_METRIC_BUSY_CYCLES];
	_Atomic uint64_t *working = &c->metrics->one[WV_METRIC_WORKER_CYCLES];
	uint64_t before = rte_rdtsc();
	unsigned turn = 0;

	if (e->params.on_core != NULL)
		e->params.on_core(e->params.on_core_arg, true);
	while (!atomic_load_explicit(&e->finish, memory_order_relaxed)) {
		uint64_t now = before, between = before;
		unsigned moved = 0, judged = 0;

		if (c->io != NULL) {
			moved = wv_engine_io_step(c->io, now);
			between = rte_rdtsc();
		}
		if (c->worker != NULL)
			judged = wv_engine_worker_step(c->worker, between);

		before = rte_rdtsc();
		wv_metrics_add(turns, 1);
		if (judged > 0)
			wv_metrics_add(working, before - between);
		if (moved + judged > 0)
			wv_metrics_add(busy, before - now);
		else
			rte_pause();
		if (c == e->main_core && ++turn % CHECK_TURNS == 0 && engine_is_over(e))
			atomic_store(&e->finish, true);
	}
	if (e->params.on_core != NULL)
		e->params.on_core(e->params.on_core_arg, false);
}

// All but the main lcore.
static int core_run(void *arg)
{
	struct core *c = arg;

	if (core_begin(c) < 0)
		return -1;
	while (!atomic_load_explicit(&c->e->go, memory_order_acquire)
		&& !atomic_load_explicit(&c->e->finish, memory_order_relaxed))
		rte_pause();
	if (!atomic_load_explicit(&c->e->finish, memory_order_relaxed))
		core_loop(c);
	core_end(c);
	return 0;
}

// ---- is it over? ----

static uint64_t count_of(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

/*
 * Is everything that was taken from devices judged, answered by control, and sent? Once no more is
 * taken, each of these stays true when it has become true.
 */
static bool engine_is_quiet(const struct wv_engine *e)
{
	uint64_t given = 0, collected = 0, unsent = 0, done = 0, returned = 0;

	for (unsigned i = 0; i < e->n_io; i++)
		given += count_of(&e->ios[i]->given);
	for (unsigned i = 0; i < e->n_workers; i++) {
		done += count_of(&e->workers[i]->done);
		returned += count_of(&e->workers[i]->returned);
	}
	if (done != given)
		return false;
	for (unsigned i = 0; i < e->n_io; i++) {
		collected += count_of(&e->ios[i]->collected);
		unsent += count_of(&e->ios[i]->unsent);
	}
	if (collected != returned || unsent > 0)
		return false;
	for (unsigned i = 0; i < e->n_workers; i++) {
		const struct worker *w = e->workers[i];

		if (count_of(&w->facts.settled) != count_of(&w->facts.posted)
			|| count_of(&w->lines.settled) != count_of(&w->lines.posted))
			return false;
	}
	return true;
}

static bool engine_is_drained(const struct wv_engine *e)
{
	for (unsigned i = 0; i < e->n_io; i++) {
		if (!atomic_load_explicit(&e->ios[i]->ended, memory_order_acquire))
			return false;
	}
	return engine_is_quiet(e);
}

/*
 * For how long have the devices been asked, and have given nothing? Told by the turns that were
 * made: time that a core did not run in is nobody's silence.
 */
static uint64_t engine_silence(const struct wv_engine *e)
{
	uint64_t rx = e->started, turn = UINT64_MAX;

	for (unsigned i = 0; i < e->n_io; i++) {
		turn = RTE_MIN(turn, count_of(&e->ios[i]->last_turn));
		rx = RTE_MAX(rx, count_of(&e->ios[i]->last_rx));
	}
	return turn > rx ? turn - rx : 0;
}

static bool engine_knows_end(const struct wv_engine *e)
{
	for (unsigned i = 0; i < e->n_io; i++) {
		if (!atomic_load_explicit(&e->ios[i]->known_ended, memory_order_acquire))
			return false;
	}
	return true;
}

static uint64_t port_taken(const struct wv_engine *e, const struct port *port)
{
	uint64_t taken = 0;

	for (unsigned i = 0; i < e->n_io; i++) {
		const struct io_port *p = e->ios[i]->ports[port->index];

		if (p != NULL)
			taken += count_of(&p->taken);
	}
	return taken;
}

// A capture that has given less than was found in it, and gives no more.
static void engine_check_captures(struct wv_engine *e)
{
	for (unsigned i = 0; i < e->n_ports && e->trouble.text[0] == '\0'; i++) {
		const struct port *port = &e->ports[i];

		if (port->is_capture && port_taken(e, port) < port->expect)
			wv_fail(&e->trouble, EIO,
				"port %s: want %" PRIu64 " packets, but the device gave %" PRIu64,
				port->name, port->expect, port_taken(e, port));
	}
}

static bool engine_is_over(struct wv_engine *e)
{
	uint64_t now = rte_rdtsc(), silence = engine_silence(e);
	uint64_t idle = e->config->io.stop_when_idle_ms * e->hz / 1000;

	if (engine_is_drained(e))
		return true;
	if (atomic_load_explicit(&e->stop, memory_order_relaxed)) {
		if (e->stop_seen == 0)
			e->stop_seen = now;
		return now - e->stop_seen > DRAIN_S * e->hz;
	}
	if (!engine_knows_end(e)) {
		if (silence > SILENT_S * e->hz && engine_is_quiet(e)) {
			engine_check_captures(e);
			wv_engine_stop(e);
		}
		return false;
	}
	if (idle > 0 && silence > idle)
		wv_engine_stop(e);
	return false;
}

// ---- run ----

// What a device did not take before the end was lost there.
static void engine_count_left(struct wv_engine *e)
{
	for (unsigned i = 0; i < e->n_io; i++) {
		struct io *io = e->ios[i];
		uint64_t left = count_of(&io->unsent);

		for (unsigned k = 0; k < e->n_workers; k++)
			left += rte_ring_count(engine_lane(e, i, k)->out)
				+ e->workers[k]->lanes[i].n;
		wv_metrics_add(&io->metrics->drops[WV_DROP_TX_FULL], left);
	}
}

static void engine_halt(struct wv_engine *e)
{
	atomic_store(&e->finish, true);
	for (unsigned i = 0; i < e->n_cores; i++) {
		if (&e->cores[i] == e->main_core)
			core_end(e->main_core);
		else
			rte_eal_wait_lcore(e->cores[i].lcore);
	}
	wv_engine_control_stop(&e->control);
	engine_count_left(e);
	e->running = false;
}

static void moment(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	nanosleep(&ms, NULL);
}

static int core_start(struct core *c, struct wv_err *err)
{
	int rc;

	atomic_store(&c->state, CORE_STARTING);
	if (c == c->e->main_core) {
		core_begin(c);
	} else {
		rc = rte_eal_remote_launch(core_run, c, c->lcore);
		if (rc < 0) {
			atomic_store(&c->state, CORE_IDLE);
			return wv_fail(err, -rc, "core %u: lcore cannot be started: %s", c->lcore,
				strerror(-rc));
		}
	}
	while (atomic_load(&c->state) == CORE_STARTING)
		moment();
	if (atomic_load(&c->state) == CORE_FAILED)
		return wv_fail(err, EIO, "core %u: %s", c->lcore, c->err.text);
	return 0;
}

int wv_engine_start(struct wv_engine *e, struct wv_err *err)
{
	int rc;

	e->running = true;
	rc = wv_engine_control_start(&e->control, err);
	for (unsigned i = 0; rc == 0 && i < e->n_cores; i++)
		rc = core_start(&e->cores[i], err);
	if (rc < 0) {
		engine_halt(e);
		return rc;
	}
	e->started = rte_rdtsc();
	atomic_store_explicit(&e->go, true, memory_order_release);
	return 0;
}

int wv_engine_main(struct wv_engine *e, struct wv_err *err)
{
	if (e->main_core != NULL) {
		core_loop(e->main_core);
	} else {
		while (!engine_is_over(e))
			moment();
	}
	engine_halt(e);
	if (e->trouble.text[0] != '\0')
		return wv_fail(err, EIO, "%s", e->trouble.text);
	return wv_engine_control_result(&e->control, err);
}

void wv_engine_stop(struct wv_engine *e)
{
	atomic_store_explicit(&e->stop, true, memory_order_relaxed);
}

// ---- create ----

static int ports_init(struct wv_engine *e, struct wv_err *err)
{
	const struct wv_config *config = e->config;
	static const char *const sides[] = {"outside", "inside"};

	e->captures = true;
	for (unsigned i = 0; i < 2 * config->n_pairs; i++) {
		const struct wv_config_pair *pair = &config->pair[i / 2];
		const struct wv_engine_pair *given = &e->params.pair[i / 2];
		struct port *port = &e->ports[i];

		port->id = i % 2 == 0 ? given->outside : given->inside;
		port->index = (uint8_t)i;
		port->is_inside = i % 2 == 1;
		port->expect = given->expect[i % 2];
		port->is_capture = port->expect != UINT64_MAX;
		port->link = given->link;
		port->leg = pair->leg_client ? WV_LEG_CLIENT : WV_LEG_UPSTREAM;
		port->dns.n = pair->n_dns_ports;
		memcpy(port->dns.port, pair->dns_port, sizeof(port->dns.port));
		if (config->n_pairs > 1)
			snprintf(port->name, sizeof(port->name), "%s/%s", pair->name, sides[i % 2]);
		else
			snprintf(port->name, sizeof(port->name), "%s", sides[i % 2]);
		e->captures &= port->is_capture;
		if (!rte_eth_dev_is_valid_port(port->id))
			return wv_fail(err, ENODEV, "port %s: there is no ethdev %u", port->name,
				port->id);
		for (unsigned k = 0; k < i; k++) {
			if (e->ports[k].id == port->id)
				return wv_fail(err, EINVAL, "port %s: ethdev %u is port %s already",
					port->name, port->id, e->ports[k].name);
		}
		if (e->params.ordered && !port->is_capture)
			return wv_fail(err, EINVAL,
				"port %s: only captures can be taken in order of their times",
				port->name);
		e->n_ports = i + 1;
	}
	return 0;
}

static void policy_init(struct wv_engine *e)
{
	const struct wv_config *c = e->config;

	e->policy = (struct wv_policy){
		.enforce = c->enforce,
		.bogus = c->policy.bogus,
		.indeterminate = c->policy.indeterminate,
		.no_chain = c->policy.no_chain,
		.malformed = c->policy.malformed,
		.overload = c->policy.overload,
		.signed_message = c->policy.signed_message,
	};
}

static int mark_init(struct wv_engine *e, struct wv_err *err)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "wirevet_mark",
		.size = sizeof(struct mark),
		.align = _Alignof(struct mark),
	};

	e->time_offset = -1;
	// The time first: it can lie in fewer places.
	if (e->params.ordered
		&& rte_mbuf_dyn_rx_timestamp_register(&e->time_offset, &e->time_flag) < 0)
		return wv_fail(err, rte_errno, "no room in the mbuf for capture times: %s",
			rte_strerror(rte_errno));
	e->mark_offset = rte_mbuf_dynfield_register(&field);
	if (e->mark_offset < 0)
		return wv_fail(err, rte_errno, "no room of %zu octets in the mbuf: %s",
			sizeof(struct mark), rte_strerror(rte_errno));
	return 0;
}

static struct core *core_get(struct wv_engine *e, unsigned lcore)
{
	for (unsigned i = 0; i < e->n_cores; i++) {
		if (e->cores[i].lcore == lcore)
			return &e->cores[i];
	}
	e->cores[e->n_cores] = (struct core){.e = e, .lcore = lcore};
	if (lcore == rte_get_main_lcore())
		e->main_core = &e->cores[e->n_cores];
	return &e->cores[e->n_cores++];
}

static int core_add(struct wv_engine *e, unsigned lcore, const char *setting, struct io *io,
	struct worker *worker, struct wv_err *err)
{
	struct core *c;

	if (!rte_lcore_is_enabled(lcore))
		return wv_fail(err, EINVAL, "%s: want cores that EAL was started with, not %u",
			setting, lcore);
	c = core_get(e, lcore);
	if ((io != NULL && c->io != NULL) || (worker != NULL && c->worker != NULL))
		return wv_fail(err, EINVAL, "%s: core %u is there twice", setting, lcore);
	if (c->metrics == NULL)
		c->metrics = rte_zmalloc_socket(NULL, sizeof(*c->metrics), RTE_CACHE_LINE_SIZE,
			(int)rte_lcore_to_socket_id(lcore));
	if (c->metrics == NULL)
		return wv_fail(err, ENOMEM, "no memory for the counters of core %u", lcore);
	if (io != NULL) {
		c->io = io;
		io->metrics = c->metrics;
		io->socket = (int)rte_lcore_to_socket_id(lcore);
	}
	if (worker != NULL) {
		c->worker = worker;
		worker->metrics = c->metrics;
		worker->socket = (int)rte_lcore_to_socket_id(lcore);
	}
	return 0;
}

static int cores_init(struct wv_engine *e, struct wv_err *err)
{
	const struct wv_config *config = e->config;
	unsigned solo = rte_get_main_lcore();
	const unsigned *io = config->cores.n_io > 0 ? config->cores.io : &solo;
	const unsigned *workers = config->cores.n_workers > 0 ? config->cores.workers : &solo;
	int rc = 0;

	if ((config->cores.n_io == 0) != (config->cores.n_workers == 0))
		return wv_fail(err, EINVAL,
			"/cores: want both io and workers, or neither, not %u and %u cores",
			config->cores.n_io, config->cores.n_workers);
	e->n_io = RTE_MAX(config->cores.n_io, 1u);
	e->n_workers = RTE_MAX(config->cores.n_workers, 1u);
	e->cores = calloc(e->n_io + e->n_workers, sizeof(e->cores[0]));
	e->lanes = calloc(e->n_io * e->n_workers, sizeof(e->lanes[0]));
	if (e->cores == NULL || e->lanes == NULL)
		return wv_fail(err, ENOMEM, "no memory for the cores");
	for (unsigned i = 0; rc == 0 && i < e->n_io; i++) {
		e->ios[i] = rte_zmalloc(NULL, sizeof(*e->ios[i]), RTE_CACHE_LINE_SIZE);
		if (e->ios[i] == NULL)
			return wv_fail(err, ENOMEM, "no memory for I/O core %u", io[i]);
		rc = core_add(e, io[i], "/cores/io", e->ios[i], NULL, err);
	}
	for (unsigned i = 0; rc == 0 && i < e->n_workers; i++) {
		e->workers[i] = rte_zmalloc(NULL, sizeof(*e->workers[i]), RTE_CACHE_LINE_SIZE);
		if (e->workers[i] == NULL)
			return wv_fail(err, ENOMEM, "no memory for worker %u", workers[i]);
		rc = core_add(e, workers[i], "/cores/workers", NULL, e->workers[i], err);
	}
	return rc;
}

static struct rte_ring *ring_create(
	struct wv_engine *e, const char *way, unsigned io, unsigned worker, struct wv_err *err)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *r;

	snprintf(name, sizeof(name), "wv_%s_%u_%u", way, io, worker);
	r = rte_ring_create(name, e->config->rings.size, e->workers[worker]->socket,
		RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (r == NULL)
		wv_fail(err, rte_errno, "ring %s of %u packets: %s", name, e->config->rings.size,
			rte_strerror(rte_errno));
	return r;
}

static int lanes_init(struct wv_engine *e, struct wv_err *err)
{
	for (unsigned io = 0; io < e->n_io; io++) {
		for (unsigned worker = 0; worker < e->n_workers; worker++) {
			struct lane *lane = engine_lane(e, io, worker);

			lane->in = ring_create(e, "in", io, worker, err);
			if (lane->in == NULL)
				return -ENOMEM;
			lane->out = ring_create(e, "out", io, worker, err);
			if (lane->out == NULL)
				return -ENOMEM;
		}
	}
	return 0;
}

static int steps_init(struct wv_engine *e, struct wv_err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < e->n_io; i++)
		rc = wv_engine_io_init(e->ios[i], e, i, err);
	for (unsigned i = 0; rc == 0 && i < e->n_workers; i++)
		rc = wv_engine_worker_init(e->workers[i], e, i, err);
	return rc;
}

static int store_init(struct wv_engine *e, struct wv_err *err)
{
	const struct wv_trust_params params = {
		.zones = e->config->trust.zones,
		.sha1 = e->params.settings->sha1,
		.seed = rte_rand(),
		.reclaim = wv_engine_control_reclaim,
		.reclaim_arg = &e->control,
	};

	const struct wv_verify_tables_settings tables = {
		.after = e->config->drivers.table_after,
		.octets = (size_t)e->config->drivers.table_mib << 20,
	};

	wv_verify_tables_init(&tables, wv_engine_control_reclaim, &e->control);
	e->rcu = rte_zmalloc(
		NULL, rte_rcu_qsbr_get_memsize(e->n_workers * ENGINE_READERS), RTE_CACHE_LINE_SIZE);
	if (e->rcu == NULL || rte_rcu_qsbr_init(e->rcu, e->n_workers * ENGINE_READERS) != 0)
		return wv_fail(err, ENOMEM, "no memory for %u readers", e->n_workers);
	e->trust = wv_trust_create(&params, err);
	return e->trust != NULL ? 0 : -ENOMEM;
}

static int engine_init(
	struct wv_engine *e, const struct wv_engine_params *params, struct wv_err *err)
{
	int rc;

	e->params = *params;
	e->config = params->config;
	e->control.wake = -1;
	e->hz = rte_get_tsc_hz();
	e->ns_per_cycle_32 = (NS_PER_SECOND << 32) / e->hz;
	e->seed = rte_rand();
	if (e->config->clock == WV_CLOCK_PACKET && !params->ordered)
		return wv_fail(err, EINVAL,
			"/clock: packet times are known only of captures taken in their order");
	policy_init(e);
	rc = ports_init(e, err);
	e->wait = e->config->io.when_ring_full == WV_FULL_WAIT
		|| (e->config->io.when_ring_full == WV_FULL_AUTO && e->captures);
	if (rc == 0)
		rc = mark_init(e, err);
	if (rc == 0)
		rc = cores_init(e, err);
	if (rc == 0)
		rc = lanes_init(e, err);
	if (rc == 0)
		rc = store_init(e, err);
	if (rc == 0)
		rc = wv_engine_control_init(&e->control, e, err);
	if (rc == 0)
		rc = steps_init(e, err);
	return rc;
}

struct wv_engine *wv_engine_create(const struct wv_engine_params *params, struct wv_err *err)
{
	struct wv_engine *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		wv_fail(err, ENOMEM, "no memory for the engine");
		return NULL;
	}
	if (engine_init(e, params, err) < 0) {
		wv_engine_destroy(e);
		return NULL;
	}
	return e;
}

struct wv_trust *wv_engine_trust(struct wv_engine *e)
{
	return e->trust;
}

// ---- destroy ----

static void ring_free(struct rte_ring *r)
{
	struct rte_mbuf *m;

	while (r != NULL && rte_ring_sc_dequeue(r, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

static void cores_fini(struct wv_engine *e)
{
	for (unsigned i = 0; i < e->n_io; i++) {
		if (e->ios[i] != NULL)
			wv_engine_io_fini(e->ios[i]);
		rte_free(e->ios[i]);
	}
	for (unsigned i = 0; i < e->n_workers; i++) {
		if (e->workers[i] != NULL)
			wv_engine_worker_fini(e->workers[i]);
		rte_free(e->workers[i]);
	}
	for (unsigned i = 0; e->lanes != NULL && i < e->n_io * e->n_workers; i++) {
		ring_free(e->lanes[i].in);
		ring_free(e->lanes[i].out);
	}
	for (unsigned i = 0; i < e->n_cores; i++)
		rte_free(e->cores[i].metrics);
	free(e->lanes);
	free(e->cores);
}

void wv_engine_destroy(struct wv_engine *e)
{
	if (e == NULL)
		return;
	if (e->running)
		engine_halt(e);
	cores_fini(e);
	if (e->trust != NULL)
		wv_trust_destroy(e->trust);
	wv_engine_control_fini(&e->control);
	rte_free(e->rcu);
	free(e);
}

// ---- counts ----

void wv_engine_count(struct wv_engine *e, struct wv_metrics *sum)
{
	const struct wv_metrics *blocks[2 * WV_CONFIG_CORES];

	for (unsigned i = 0; i < e->n_cores; i++)
		blocks[i] = e->cores[i].metrics;
	wv_metrics_sum(sum, blocks, e->n_cores);
}

unsigned wv_engine_cores(struct wv_engine *e, struct wv_engine_core cores[], unsigned room)
{
	for (unsigned i = 0; i < e->n_cores && i < room; i++) {
		const struct core *c = &e->cores[i];

		cores[i] = (struct wv_engine_core){
			.lcore = c->lcore,
			.io = c->io != NULL,
			.worker = c->worker != NULL,
			.turns = count_of(&c->metrics->one[WV_METRIC_TURNS]),
			.busy_cycles = count_of(&c->metrics->one[WV_METRIC_BUSY_CYCLES]),
		};
	}
	return e->n_cores;
}
