/**
 * @file
 * Carries packets: I/O steps, rings, worker steps, control (design: "Who does what").
 *
 * A core runs an I/O step, a worker step, or both in turn; solo mode is one core with both, over
 * the same rings and the same code. Control is an ordinary thread: it publishes facts to the
 * trust store, writes events, and reclaims what readers have left (rte_rcu_qsbr).
 *
 * Units      in the names; cycles are TSC cycles
 * Ownership  the engine owns rings, pools and contexts; params and what they point to stay the
 *            caller's until wv_engine_destroy(); the trust store's writer is control while it runs
 * Threads    create, start, main, destroy: EAL's main thread; stop, the counts: any
 * Errors     -errno with words; once started, nothing a packet does can end it
 */
#ifndef WV_ENGINE_H
#define WV_ENGINE_H

#include <stdio.h>

#include "wv_config.h"
#include "wv_metrics.h"
#include "wv_trust.h"
#include "wv_validate.h"

struct wv_engine;

/**
 * Two ports: opened, started, of one queue pair each, or of one for each I/O core. A pair of single
 * queues is served by one I/O core; with more, the devices must bring both directions of an address
 * pair to the same queue number (as wv_port_start() asks of them).
 */
struct wv_engine_pair {
	uint16_t outside, inside; // ethdev port ids
	// Packets that a capture port will give (outside, inside); UINT64_MAX: live.
	uint64_t expect[2];
	enum wv_link link;
};

struct wv_engine_params {
	const struct wv_config *config;
	const struct wv_validate_settings *settings;
	struct wv_engine_pair pair[WV_CONFIG_PAIRS];
	bool asked; // every source was asked (preload on captures): see struct wv_validate_env
	// clock: packet; packets of a pair are taken in the order of capture times. With one worker a
	// response is then judged by all facts of those before it, and by no others.
	bool ordered;
	FILE *events, *verdicts; // NULL: off; written by control alone
	// Called on each core as its loop starts (true) and ends (false); NULL: not. Tests count
	// allocations between the two.
	void (*on_core)(void *arg, bool running);
	void *on_core_arg;
	// Called first and last on each worker's thread; NULL: not. What a driver needs there beyond
	// the thread_init of digest and verify, which the engine calls.
	int (*thread_init)(void *arg, struct wv_err *err);
	void (*thread_fini)(void *arg);
	void *thread_arg;
};

/**
 * Makes rings, workers and the trust store. After rte_eal_init() and the drivers' init.
 *
 * /cores/io and /cores/workers name lcores of EAL; where both are empty the main lcore does both.
 * The main lcore may be among them or not.
 */
struct wv_engine *wv_engine_create(const struct wv_engine_params *params, struct wv_err *err);

// The store, for anchors and preload before the start; the engine's own once started.
struct wv_trust *wv_engine_trust(struct wv_engine *e);

/**
 * Start control and the cores' loops. In solo mode on the main lcore's own, wv_engine_main() must
 * be called next.
 */
int wv_engine_start(struct wv_engine *e, struct wv_err *err);

/**
 * Run the main lcore's part until stop is asked for, or, where all ports are captures, until every
 * packet was taken, judged, answered by control, and sent.
 * @return 0, or -EIO with words if something went wrong while running
 */
int wv_engine_main(struct wv_engine *e, struct wv_err *err);

// Ask for the end; async-signal-safe.
void wv_engine_stop(struct wv_engine *e);

// Wait for the cores and control, write out what is queued, free all. Ports stay open.
void wv_engine_destroy(struct wv_engine *e);

// The sum of all cores.
void wv_engine_count(struct wv_engine *e, struct wv_metrics *sum);

struct wv_engine_core {
	unsigned lcore;
	bool io, worker;
	uint64_t turns, busy_cycles;
};
unsigned wv_engine_cores(struct wv_engine *e, struct wv_engine_core cores[], unsigned room);

// A part of memory that the engine takes for a configuration, for --show-memory.
struct wv_engine_memory {
	char what[48];
	size_t octets;
	unsigned count;
	bool in_eal; // of EAL's memory: /eal/memory_mib
};
unsigned wv_engine_memory(const struct wv_config *config, uint32_t longest_frame,
	struct wv_engine_memory parts[], unsigned room);

// The mbuf pool of the ports: how many buffers of which size a configuration needs.
struct wv_engine_pool {
	unsigned buffers;
	unsigned cache; // buffers an lcore may keep by itself
	uint16_t data_room;
};
struct wv_engine_pool wv_engine_pool_plan(const struct wv_config *config, uint32_t longest_frame);

#endif
