// The appliance: order of start, signals, order of stop.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "wv_app.h"
#include "wv_openssl_pool.h"
#include "wv_port.h"

#include "wirevet.h"

struct app {
	struct options options;
	struct wv_config config;
	struct wv_validate_settings settings;
	struct eal_machine machine;
	struct captures captures;
	bool eal_runs;
	FILE *events, *verdicts;
	struct rte_mempool *pool;
	unsigned n_ports;
	uint16_t port[2 * WV_CONFIG_PAIRS];
	uint64_t given[2 * WV_CONFIG_PAIRS]; // packets that the device of a port was given
	struct wv_engine *engine;
	struct numbers numbers;
	struct stats *stats;
	struct wv_err err;
};

// ---- signals ----

static volatile sig_atomic_t asked_to_stop;
static struct wv_engine *_Atomic running; // to be told of it

static void on_signal(int number)
{
	struct wv_engine *engine = running;

	(void)number;
	asked_to_stop = 1;
	if (engine != NULL)
		wv_engine_stop(engine);
}

static void signals_start(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

// ---- steps: what is known to be wrong before anything is written ----

static enum status drivers_start(struct app *a)
{
	const struct wv_config *c = &a->config;

	if (wv_app_drivers_init(c->drivers.crypto, c->drivers.hash, &a->err) == 0)
		return STATUS_OK;
	blame(&a->err, a->options.config, "/drivers");
	return STATUS_CONFIG;
}

static enum status captures_start(struct app *a)
{
	captures_init(&a->captures, &a->config, a->options.config);
	if (a->config.clock == WV_CLOCK_PACKET && !a->captures.all) {
		wv_fail(&a->err, EINVAL,
			"\"packet\" wants captures (net_pcap, rx_pcap) at all ports");
		blame(&a->err, a->options.config, "/clock");
		return STATUS_CONFIG;
	}
	if (captures_check_interfaces(&a->captures, &a->err) < 0)
		return STATUS_CONFIG;
	return captures_survey(&a->captures, &a->err);
}

// By now ports are closed, and their files written.
static enum status captures_stop(struct app *a)
{
	enum status status = STATUS_OK;

	for (unsigned i = 0; i < a->n_ports && status == STATUS_OK; i++)
		status = captures_compare(&a->captures, i, a->given[i], &a->err);
	captures_fini(&a->captures);
	return status;
}

static enum status check_start(struct app *a)
{
	struct eal_args args;

	if (files_check(&a->config, &a->captures, &a->err) < 0
		|| learn_check(&a->config, a->options.config, &a->err) < 0)
		return STATUS_CONFIG;
	if (eal_args_make(&args, &a->config, &a->machine, a->options.eal, a->options.n_eal, &a->err)
		< 0) {
		blame_named(&a->err, a->options.config);
		return STATUS_CONFIG;
	}
	eal_args_free(&args);
	if (memory_check(&a->config, a->captures.longest, &a->err) < 0) {
		blame_named(&a->err, a->options.config);
		return STATUS_CONFIG;
	}
	return STATUS_OK;
}

// ---- steps: files ----

static int file_open(
	struct app *a, const char *pointer, const char *path, const char *mode, FILE **file)
{
	if (path[0] == '\0')
		return 0;
	*file = fopen(path, mode);
	if (*file != NULL)
		return 0;
	wv_fail(&a->err, errno, "%s: cannot be written: %s", path, strerror(errno));
	blame(&a->err, a->options.config, pointer);
	return -EINVAL;
}

static enum status files_start(struct app *a)
{
	const struct wv_config *c = &a->config;

	// Events are a log. Verdicts are the output of one run.
	if (file_open(a, "/events/file", c->events.file, "ae", &a->events) < 0
		|| file_open(a, "/events/verdicts", c->events.verdicts, "we", &a->verdicts) < 0)
		return STATUS_CONFIG;
	if (c->stats.file[0] != '\0' && stats_check(c->stats.file, &a->err) < 0) {
		blame(&a->err, a->options.config, "/stats/file");
		return STATUS_CONFIG;
	}
	return STATUS_OK;
}

static enum status file_close(struct app *a, const char *path, FILE **file)
{
	bool failed = *file != NULL && ferror(*file) != 0;

	errno = 0;
	if (*file != NULL && fclose(*file) != 0)
		failed = true;
	*file = NULL;
	if (!failed)
		return STATUS_OK;
	wv_fail(&a->err, EIO, "%s: not all of it could be written%s%s", path,
		errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
	return STATUS_TROUBLE;
}

static enum status files_stop(struct app *a)
{
	enum status events = file_close(a, a->config.events.file, &a->events);
	enum status verdicts = file_close(a, a->config.events.verdicts, &a->verdicts);

	return events != STATUS_OK ? events : verdicts;
}

// ---- steps: EAL, ports ----

static enum status eal_begin(struct app *a)
{
	if (eal_start(&a->config, &a->machine, a->options.eal, a->options.n_eal, &a->err) < 0) {
		blame_named(&a->err, a->options.config);
		return STATUS_CONFIG;
	}
	a->eal_runs = true;
	return STATUS_OK;
}

static enum status eal_end(struct app *a)
{
	if (a->eal_runs)
		eal_stop();
	return STATUS_OK;
}

static int port_start(struct app *a, unsigned i)
{
	const struct wv_config *c = &a->config;
	const struct port_files *p = &a->captures.port[i];
	const struct wv_port_params params = {
		.name = p->name,
		.queues = wv_config_is_pci(p->words) && c->cores.n_io > 0 ? c->cores.n_io : 1,
		.rx_descriptors = c->io.rx_descriptors,
		.tx_descriptors = c->io.tx_descriptors,
		.mtu = c->pair[i / 2].mtu,
		.pool = a->pool,
	};
	int rc = wv_port_start(&params, &a->port[i], &a->err);

	if (rc < 0) {
		fputs(eal_said(), stderr);
		blame(&a->err, a->options.config, p->pointer);
	}
	return rc;
}

static enum status ports_start(struct app *a)
{
	struct wv_engine_pool plan = wv_engine_pool_plan(&a->config, a->captures.longest);

	a->pool = rte_pktmbuf_pool_create(
		"wirevet", plan.buffers, plan.cache, 0, plan.data_room, (int)rte_socket_id());
	if (a->pool == NULL) {
		wv_fail(&a->err, ENOMEM,
			"want room for %u packet buffers of %u octets, not less: %s", plan.buffers,
			plan.data_room, rte_strerror(rte_errno));
		blame(&a->err, a->options.config, "/eal/memory_mib");
		return STATUS_CONFIG;
	}
	for (unsigned i = 0; i < a->captures.n; i++, a->n_ports++) {
		if (port_start(a, i) < 0)
			return STATUS_CONFIG;
	}
	return STATUS_OK;
}

static enum status ports_stop(struct app *a)
{
	struct rte_eth_stats stats;

	for (unsigned i = 0; i < a->n_ports; i++) {
		if (rte_eth_stats_get(a->port[i], &stats) == 0)
			a->given[i] = stats.opackets;
		wv_port_stop(a->port[i]);
	}
	rte_mempool_free(a->pool);
	return STATUS_OK;
}

// ---- steps: the engine ----

static enum status engine_start(struct app *a)
{
	const struct wv_config *c = &a->config;
	struct wv_engine_params params = {
		.config = c,
		.settings = &a->settings,
		.asked = c->clock == WV_CLOCK_PACKET && c->trust.preload.n > 0,
		.ordered = c->clock == WV_CLOCK_PACKET,
		.events = a->events,
		.verdicts = a->verdicts,
		.thread_init = wv_app_arena_take,
		.thread_fini = wv_app_arena_give,
	};

	for (unsigned i = 0; i < c->n_pairs; i++) {
		params.pair[i] = (struct wv_engine_pair){
			.outside = a->port[2 * i],
			.inside = a->port[2 * i + 1],
			.expect = {a->captures.port[2 * i].expect,
				a->captures.port[2 * i + 1].expect},
			.link = WV_LINK_ETHERNET,
		};
	}
	a->engine = wv_engine_create(&params, &a->err);
	if (a->engine == NULL) {
		blame_named(&a->err, a->options.config);
		return STATUS_CONFIG;
	}
	if (learn(wv_engine_trust(a->engine), c, &a->settings, a->options.config, &a->err) < 0)
		return STATUS_CONFIG;
	return STATUS_OK;
}

static enum status engine_stop(struct app *a)
{
	running = NULL;
	wv_engine_destroy(a->engine);
	return STATUS_OK;
}

// ---- steps: numbers ----

static enum status numbers_start(struct app *a)
{
	struct numbers *n = &a->numbers;

	*n = (struct numbers){
		.config = &a->config,
		.engine = a->engine,
		.hz = rte_get_tsc_hz(),
		.started_ns = numbers_clock_ns(),
	};
	n->n_parts = memory_parts(&a->config, a->captures.longest, n->part);
	if (a->config.stats.telemetry)
		telemetry_start(n);
	if (a->config.stats.file[0] == '\0')
		return STATUS_OK;
	a->stats = stats_start(a->config.stats.file, n, &a->machine.cpus, &a->err);
	return a->stats != NULL ? STATUS_OK : STATUS_TROUBLE;
}

static enum status numbers_stop(struct app *a)
{
	telemetry_stop();
	if (a->stats == NULL || stats_stop(a->stats, &a->err) == 0)
		return STATUS_OK;
	return STATUS_TROUBLE;
}

// ---- steps: run ----

// Captures have an end; by then every packet must have gone somewhere.
static enum status run_check(struct app *a)
{
	struct wv_metrics sum;

	wv_engine_count(a->engine, &sum);
	if (asked_to_stop || !a->captures.all || numbers_lost(&sum) + numbers_under_way(&sum) == 0)
		return STATUS_OK;
	wv_fail(&a->err, EIO, "lost %llu of %llu packets",
		(unsigned long long)(numbers_lost(&sum) + numbers_under_way(&sum)),
		(unsigned long long)sum.one[WV_METRIC_RX_PACKETS]);
	return STATUS_TROUBLE;
}

static enum status run(struct app *a)
{
	if (wv_engine_start(a->engine, &a->err) < 0)
		return STATUS_TROUBLE;
	running = a->engine;
	if (asked_to_stop)
		wv_engine_stop(a->engine);
	if (wv_engine_main(a->engine, &a->err) < 0) {
		blame_named(&a->err, a->options.config);
		return STATUS_TROUBLE;
	}
	return run_check(a);
}

// ---- order of start, order of stop ----

struct step {
	enum status (*start)(struct app *a);
	enum status (*stop)(struct app *a); // also after a start that failed; NULL: nothing to do
	bool check;                         // what --check-config does
};

static const struct step steps[] = {
	{drivers_start, NULL, true},
	{captures_start, captures_stop, true},
	{check_start, NULL, true},
	{files_start, files_stop, false},
	{eal_begin, eal_end, false},
	{ports_start, ports_stop, false},
	{engine_start, engine_stop, false},
	{numbers_start, numbers_stop, false},
	{run, NULL, false},
};

static void complain(struct app *a, enum status status, enum status *first)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "wirevet: %s\n", a->err.text);
	if (*first == STATUS_OK)
		*first = status;
}

static enum status steps_run(struct app *a)
{
	enum status status = STATUS_OK;
	unsigned n = 0;

	while (n < WV_COUNT(steps) && status == STATUS_OK && !asked_to_stop) {
		if (a->options.check && !steps[n].check)
			break;
		complain(a, steps[n++].start(a), &status);
	}
	while (n-- > 0) {
		if (steps[n].stop != NULL)
			complain(a, steps[n].stop(a), &status);
	}
	return status;
}

// What is printed, and no more done.
static enum status show(struct app *a)
{
	int rc = 0;

	if (a->options.show_config)
		rc = wv_config_print(&a->config, stdout);
	if (rc == 0 && a->options.show_memory) {
		captures_init(&a->captures, &a->config, a->options.config);
		if (captures_survey(&a->captures, &a->err) != STATUS_OK) {
			captures_fini(&a->captures);
			return STATUS_CONFIG;
		}
		rc = memory_print(&a->config, a->captures.longest, stdout);
		captures_fini(&a->captures);
	}
	if (rc == 0)
		return STATUS_OK;
	wv_fail(&a->err, -rc, "standard output: %s", strerror(-rc));
	return STATUS_TROUBLE;
}

static enum status app_main(struct app *a)
{
	enum status status = STATUS_OK;

	if (wv_config_read(&a->config, a->options.config, true, &a->err) < 0) {
		complain(a, STATUS_CONFIG, &status);
		return status;
	}
	wv_app_settings(&a->settings, &a->config);
	eal_machine_look(&a->machine);
	if (a->options.show_config || a->options.show_memory)
		complain(a, show(a), &status);
	else
		status = steps_run(a);
	wv_config_fini(&a->config);
	return status;
}

int main(int argc, char **argv)
{
	static struct app a;
	enum status status = STATUS_OK;

	if (wv_openssl_pool_install(&a.err) < 0) {
		complain(&a, STATUS_TROUBLE, &status);
		return status;
	}
	if (!options_read(&a.options, argc, argv, &status))
		return status;
	if (a.options.print_schema)
		return wv_config_print_schema(stdout) < 0 ? STATUS_TROUBLE : STATUS_OK;
	signals_start();
	return app_main(&a);
}
