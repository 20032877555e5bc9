// What the files of the engine share: who owns which words, and what crosses between cores.
#ifndef ENGINE_H
#define ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "wv_batch.h"
#include "wv_chain.h"
#include "wv_engine.h"
#include "wv_events.h"
#include "wv_flow.h"
#include "wv_rewrite.h"

#define ENGINE_PORTS    WV_METRICS_PORTS
#define ENGINE_BURST    256                // the largest /io/burst
#define ENGINE_TX_ROOM  (2 * ENGINE_BURST) // packets that wait for a device
#define ENGINE_CONTEXTS 256                // responses a worker can hold
#define ENGINE_NO_PORT  UINT8_MAX
#define ENGINE_READERS  2 // ids of a worker in the RCU variable

#if ENGINE_CONTEXTS < ENGINE_BURST
#error "a burst finds no contexts"
#endif
static_assert(ENGINE_PORTS == 2 * WV_CONFIG_PAIRS, "a port without counters");

// What the I/O step knows of a packet. It travels in the mbuf, in a dynamic field.
struct mark {
	uint64_t frame;    // its number at the port it came from, from 1
	uint64_t received; // TSC when it was taken from the device
};

// A port of a pair. Constant once created. Those of a pair are neighbours: index ^ 1 is the peer.
struct port {
	uint16_t id; // ethdev
	uint8_t index;
	bool is_inside;
	bool is_capture; // `expect` is known
	uint64_t expect;
	enum wv_link link;
	enum wv_leg leg;
	struct wv_packet_ports dns;
	char name[72]; // "outside", or "pair/outside" where there are several pairs
};

// ---- mailbox: records of any length from one worker to control ----

#define RECORD_ELEMENT 256 // octets of a ring's element
#define RECORD_MAX     (WV_CHAIN_FACT_MAX + sizeof(struct record) + RECORD_ELEMENT)

enum record_kind {
	RECORD_FACT,
	RECORD_VERDICT,
	RECORD_EVENT
};

struct record {
	uint32_t octets; // of the payload
	enum record_kind kind;
	struct wv_time now; // the clock that the packet was judged by
	uint8_t payload[];
};

struct mailbox {
	struct rte_ring *ring;
	_Atomic uint64_t posted;  // records; by the worker
	_Atomic uint64_t settled; // records that control is done with; by control
};

// Elements of its ring: a power of two, and room for the largest fact.
unsigned wv_engine_mailbox_elements(unsigned wanted);
int wv_engine_mailbox_init(
	struct mailbox *box, const char *name, unsigned elements, int socket, struct wv_err *err);
void wv_engine_mailbox_fini(struct mailbox *box);

// True where a record with a payload of so many octets fits now. By the worker.
bool wv_engine_mailbox_has_room(const struct mailbox *box, size_t octets);

// The block must be readable up to a whole element. False: no room, nothing was sent.
bool wv_engine_mailbox_post(struct mailbox *box, const struct record *record);

// Take one record into `room` (RECORD_MAX octets). False: there is none. By control.
bool wv_engine_mailbox_take(struct mailbox *box, struct record *room);
void wv_engine_mailbox_settle(struct mailbox *box);

// ---- I/O ----

// Between one I/O core and one worker: packets to judge, and packets to send.
struct lane {
	struct rte_ring *in, *out;
};

struct io_lane {
	struct lane ring;
	unsigned n; // taken from a device in this burst
	struct rte_mbuf *m[ENGINE_BURST];
};

// A port as one I/O core serves it: what comes in, and what goes out.
struct io_port {
	const struct port *port;
	uint16_t queue;
	_Atomic uint64_t taken; // packets that the device gave
	uint64_t time_us;       // of the last packet, where packets carry times
	unsigned ahead, n_ahead;
	unsigned n_out;
	struct rte_mbuf *look_ahead[ENGINE_BURST];
	struct rte_mbuf *out[ENGINE_TX_ROOM];
};

struct io {
	struct wv_engine *e;
	struct wv_metrics *metrics;
	const struct wv_policy *policy;
	int mark_offset, time_offset;
	uint64_t time_flag;
	uint64_t seed; // of the name hash; one for all I/O cores
	int socket;    // its memory's NUMA node
	unsigned burst;
	unsigned n_lanes;                    // workers
	struct io_lane *lanes;               // by worker
	unsigned n_served;                   // ports
	uint8_t served[ENGINE_PORTS];        // their indices; pairs stand together
	uint8_t index_of[RTE_MAX_ETHPORTS];  // from ethdev to index; ENGINE_NO_PORT
	struct io_port *ports[ENGINE_PORTS]; // by index; NULL: not served here
	bool wait;                           // a full ring is waited for
	bool lossless;                       // so is a device that takes no more
	bool ordered;
	uint8_t *flat;              // room for a frame of several segments
	_Atomic uint64_t given;     // packets put into rings to workers
	_Atomic uint64_t collected; // packets taken from theirs
	_Atomic uint64_t unsent;    // packets that wait for a device
	_Atomic uint64_t last_rx;   // TSC of the last turn that a device gave something in
	_Atomic uint64_t last_turn; // TSC of the last turn that was made to its end
	_Atomic bool known_ended;   // every port whose end is known is at it
	_Atomic bool ended;         // nothing more is taken from any port
};

int wv_engine_io_init(struct io *io, struct wv_engine *e, unsigned index, struct wv_err *err);
void wv_engine_io_fini(struct io *io);

// One turn: collect from the workers, take from the devices, send. Returns packets moved.
unsigned wv_engine_io_step(struct io *io, uint64_t now);

// ---- worker ----

// A response while it is judged.
struct context {
	struct wv_message m;
	struct wv_validation v;
	struct wv_validate_env env;
	struct wv_packet p;
	struct wv_flow_query query;
	bool query_known;
	bool proves; // may bear facts, and signatures were looked at
	enum wv_message_status status;
	unsigned lane;
	unsigned reader; // under which its checks were taken
	struct rte_mbuf *mbuf;
};

// A packet of a burst, looked at before its turn comes.
struct arrival {
	struct rte_mbuf *mbuf;
	const struct port *port;
	struct wv_packet p;
	bool has_question; // one that can be looked up
	struct wv_flow_look query;
	struct wv_trust_look zone;
};

struct worker_lane {
	struct lane ring;
	unsigned n; // judged, to be sent
	struct rte_mbuf *m[ENGINE_CONTEXTS];
};

struct worker {
	struct wv_engine *e;
	struct wv_metrics *metrics;
	const struct wv_policy *policy;
	const struct wv_trust *trust;
	const struct port *ports;
	unsigned index;
	unsigned reader; // which of its ids in the RCU variable new checks are taken under
	unsigned held[ENGINE_READERS]; // responses whose checks wait, by that id
	int socket;                    // its memory's NUMA node
	int mark_offset, time_offset;
	uint32_t seed; // of the owner hashes
	unsigned burst;
	uint64_t patience; // cycles that a check may wait
	uint64_t now;      // TSC of this turn
	struct wv_time time;
	enum wv_config_clock clock;
	bool ordered;
	bool lossless; // wait for room in a mailbox
	bool asked;
	enum wv_config_unsolicited unsolicited;
	unsigned turn;
	uint8_t index_of[RTE_MAX_ETHPORTS];
	struct wv_flow *flow;
	struct wv_batch *batch;
	struct arrival arrivals[ENGINE_BURST];
	struct context *current; // whose facts are being harvested
	unsigned n_lanes;        // I/O cores
	struct worker_lane *lanes;
	unsigned n_free;
	struct context *free[ENGINE_CONTEXTS]; // last in, first out: the warm ones first
	uint8_t *contexts;
	struct record *record; // room for one record
	struct mailbox facts, lines;
	_Atomic uint64_t done;     // packets that came and are judged, remembered or dropped
	_Atomic uint64_t returned; // packets put into rings to I/O
};

int wv_engine_worker_init(
	struct worker *w, struct wv_engine *e, unsigned index, struct wv_err *err);
void wv_engine_worker_fini(struct worker *w);

// Octets from one context to the next.
size_t wv_engine_context_stride(void);

// One turn: parse, judge, act, send. Returns packets and checks that were found.
unsigned wv_engine_worker_step(struct worker *w, uint64_t now);

static inline unsigned wv_engine_reader(const struct worker *w, unsigned which)
{
	return w->index * ENGINE_READERS + which;
}

// Between a core's loop and the RCU variable: a reader, and no reader any more.
void wv_engine_worker_online(struct worker *w);
void wv_engine_worker_offline(struct worker *w);

// ---- control ----

// What the trust store has let go of, until no reader can still hold it.
struct deferred {
	struct deferred *next;
	uint64_t token;
	void *object;
	void (*free_fn)(void *object);
};

struct control {
	struct wv_engine *e;
	pthread_t thread;
	bool runs;
	int wake; // eventfd
	_Atomic bool asleep, stop;
	_Atomic int started; // 0: not yet, 1: well, -1: `err` says why not
	struct wv_err err;   // of the start
	struct wv_time now;  // the last that is known
	bool knows_time;
	uint64_t last_chore_ns;
	struct record *record;
	struct deferred *first, *last;
	unsigned n_deferred;
	bool dirty; // a file has unwritten octets
	int file_errno[RECORD_EVENT + 1];
};

int wv_engine_control_init(struct control *c, struct wv_engine *e, struct wv_err *err);
void wv_engine_control_fini(struct control *c);
int wv_engine_control_start(struct control *c, struct wv_err *err);

// Ask for the end and wait: all mailboxes are empty then, and the files written.
void wv_engine_control_stop(struct control *c);
void wv_engine_control_wake(struct control *c);

// 0, or -EIO with words if a file could not be written.
int wv_engine_control_result(const struct control *c, struct wv_err *err);

// For wv_trust_create().
void wv_engine_control_reclaim(void *arg, void *object, void (*free_fn)(void *object));

// ---- cores ----

enum core_state {
	CORE_IDLE,
	CORE_STARTING,
	CORE_READY,
	CORE_FAILED,
};

struct core {
	struct wv_engine *e;
	unsigned lcore;
	struct io *io;         // NULL: not on this core
	struct worker *worker; // the same
	struct wv_metrics *metrics;
	_Atomic int state; // enum core_state
	struct wv_err err;
};

struct wv_engine {
	struct wv_engine_params params;
	const struct wv_config *config;
	struct wv_policy policy;
	unsigned n_ports;
	struct port ports[ENGINE_PORTS];
	unsigned n_io, n_workers, n_cores;
	struct io *ios[WV_CONFIG_CORES];
	struct worker *workers[WV_CONFIG_CORES];
	struct core *cores;
	struct core *main_core; // NULL: the main lcore has no part
	struct lane *lanes;     // [I/O core][worker]
	struct rte_rcu_qsbr *rcu;
	struct wv_trust *trust;
	struct control control;
	bool captures; // the end of every port is known
	bool wait;     // /io/when_ring_full
	bool running;  // readers of the trust store may be about
	int mark_offset, time_offset;
	uint64_t time_flag;
	uint64_t hz;
	uint64_t seed;
	uint64_t ns_per_cycle_32;     // nanoseconds of a TSC cycle, times 2^32
	_Atomic uint64_t wall_offset; // wall clock minus TSC, in nanoseconds; by control
	_Atomic bool go;              // loops may begin
	_Atomic bool stop;            // no more is taken from devices
	_Atomic bool finish;          // loops end
	uint64_t stop_seen;           // TSC
	uint64_t started;             // TSC
	struct wv_err trouble;        // of running; "" is none
};

// What a thread that verifies begins and ends with.
int wv_engine_thread_init(struct wv_err *err);
void wv_engine_thread_fini(void);

static inline struct lane *engine_lane(struct wv_engine *e, unsigned io, unsigned worker)
{
	return &e->lanes[io * e->n_workers + worker];
}

// Nanoseconds since 1970 at a TSC value, as the wall clock goes.
static inline uint64_t engine_wall_ns(struct wv_engine *e, uint64_t tsc)
{
	return atomic_load_explicit(&e->wall_offset, memory_order_relaxed)
		+ (uint64_t)((unsigned __int128)tsc * e->ns_per_cycle_32 >> 32);
}

static inline struct mark *engine_mark(struct rte_mbuf *m, int offset)
{
	return RTE_MBUF_DYNFIELD(m, offset, struct mark *);
}

static inline uint64_t *engine_time_us(struct rte_mbuf *m, int offset)
{
	return RTE_MBUF_DYNFIELD(m, offset, uint64_t *);
}

// The first `sent` of a queue have left; `left` remain.
static inline void engine_shift(struct rte_mbuf *m[], unsigned sent, unsigned left)
{
	for (unsigned i = 0; sent > 0 && i < left; i++)
		m[i] = m[i + sent];
}

// By the counter's one writer; whoever sees the count sees what was done before.
static inline void engine_advance(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_release);
}

#endif
