// Control: the trust store's one writer, and the one who writes files.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "engine.h"

#define SLEEP_MS      1
#define RECORDS_TURN  64   // of one mailbox, before the next has its turn
#define EXPIRE_TURN   4096 // zones looked at in a second
#define TABLE_KEYS    256  // keys looked at in a turn
#define TABLES_TURN   4    // tables built in a turn: each takes a tenth of a millisecond
#define DEFERRED_MAX  65536
#define NS_PER_SECOND 1000000000ull

// ---- the trust store ----

void wv_engine_control_reclaim(void *arg, void *object, void (*free_fn)(void *object))
{
	struct control *c = arg;
	struct deferred *d;

	if (!c->e->running) {
		free_fn(object);
		return;
	}
	d = malloc(sizeof(*d));
	if (d == NULL) {
		rte_rcu_qsbr_synchronize(c->e->rcu, RTE_QSBR_THRID_INVALID);
		free_fn(object);
		return;
	}
	*d = (struct deferred){
		.token = rte_rcu_qsbr_start(c->e->rcu), .object = object, .free_fn = free_fn};
	if (c->last != NULL)
		c->last->next = d;
	else
		c->first = d;
	c->last = d;
	c->n_deferred++;
}

// Free what no reader can hold any more; `all` where there are no readers.
static void control_free(struct control *c, bool all)
{
	struct deferred *d;

	while ((d = c->first) != NULL
		&& (all || rte_rcu_qsbr_check(c->e->rcu, d->token, false) == 1)) {
		c->first = d->next;
		if (c->first == NULL)
			c->last = NULL;
		c->n_deferred--;
		d->free_fn(d->object);
		free(d);
	}
}

static bool facts_take(struct control *c, struct mailbox *box)
{
	unsigned n = 0;

	// Readers that do not move leave the facts where they are: a full mailbox is counted.
	while (n < RECORDS_TURN && c->n_deferred < DEFERRED_MAX
		&& wv_engine_mailbox_take(box, c->record)) {
		c->now = c->record->now;
		c->knows_time = true;
		wv_trust_publish(c->e->trust,
			(const struct wv_trust_fact *)(const void *)c->record->payload, c->now);
		wv_engine_mailbox_settle(box);
		n++;
	}
	return n > 0;
}

// ---- files ----

static void file_failed(struct control *c, enum record_kind kind)
{
	if (c->file_errno[kind] == 0)
		c->file_errno[kind] = errno != 0 ? errno : EIO;
}

static FILE *record_file(const struct control *c, enum record_kind kind)
{
	return kind == RECORD_VERDICT ? c->e->params.verdicts : c->e->params.events;
}

static bool lines_take(struct control *c, struct mailbox *box)
{
	unsigned n = 0;

	while (n < RECORDS_TURN && wv_engine_mailbox_take(box, c->record)) {
		const struct record *r = c->record;

		errno = 0;
		if (fwrite(r->payload, 1, r->octets, record_file(c, r->kind)) != r->octets)
			file_failed(c, r->kind);
		c->dirty = true;
		wv_engine_mailbox_settle(box);
		n++;
	}
	return n > 0;
}

static void files_flush(struct control *c)
{
	static const enum record_kind kinds[] = {RECORD_VERDICT, RECORD_EVENT};

	for (unsigned i = 0; i < WV_COUNT(kinds) && c->dirty; i++) {
		FILE *file = record_file(c, kinds[i]);

		errno = 0;
		if (file != NULL && fflush(file) != 0)
			file_failed(c, kinds[i]);
	}
	c->dirty = false;
}

int wv_engine_control_result(const struct control *c, struct wv_err *err)
{
	static const char *const names[] = {
		[RECORD_VERDICT] = "/events/verdicts",
		[RECORD_EVENT] = "/events/file",
	};

	for (unsigned kind = 0; kind < WV_COUNT(names); kind++) {
		if (c->file_errno[kind] != 0)
			return wv_fail(err, EIO, "%s: not all lines could be written: %s",
				names[kind], strerror(c->file_errno[kind]));
	}
	return 0;
}

// ---- the loop ----

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

// Tell the workers what the wall clock says, so that none need ask the system.
static void control_clock(struct control *c)
{
	struct wv_engine *e = c->e;
	uint64_t wall = clock_ns(CLOCK_REALTIME);
	uint64_t tsc_ns = (uint64_t)((unsigned __int128)rte_rdtsc() * e->ns_per_cycle_32 >> 32);

	atomic_store_explicit(&e->wall_offset, wall - tsc_ns, memory_order_relaxed);
	if (e->config->clock != WV_CLOCK_SYSTEM)
		return;
	c->now = (struct wv_time){.now_s = (uint32_t)(wall / NS_PER_SECOND), .checked = true};
	c->knows_time = true;
}

static void control_chores(struct control *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - c->last_chore_ns < NS_PER_SECOND)
		return;
	c->last_chore_ns = now;
	files_flush(c);
	if (c->knows_time)
		wv_trust_expire(c->e->trust, c->now, EXPIRE_TURN);
}

static bool control_turn(struct control *c)
{
	bool found = false;

	control_clock(c);
	for (unsigned i = 0; i < c->e->n_workers; i++) {
		found |= facts_take(c, &c->e->workers[i]->facts);
		found |= lines_take(c, &c->e->workers[i]->lines);
	}
	control_chores(c);
	wv_verify_tables_step(
		TABLE_KEYS, TABLES_TURN, (uint32_t)(clock_ns(CLOCK_MONOTONIC) / NS_PER_SECOND));
	control_free(c, false);
	return found;
}

static void control_sleep(struct control *c)
{
	struct pollfd wake = {.fd = c->wake, .events = POLLIN};
	uint64_t count;

	files_flush(c);
	atomic_store(&c->asleep, true);
	if (poll(&wake, 1, SLEEP_MS) > 0 && read(c->wake, &count, sizeof(count)) < 0)
		errno = 0; // somebody else's wake-up was read: nothing to do
	atomic_store(&c->asleep, false);
}

void wv_engine_control_wake(struct control *c)
{
	uint64_t one = 1;

	if (atomic_load(&c->asleep) && write(c->wake, &one, sizeof(one)) < 0)
		errno = 0; // the count is full: it will wake
}

// To its core. In solo mode that one is busy, and it may run anywhere, as it may where its core is
// none of ours: it waits more than it works.
static void control_pin(const struct control *c)
{
	const struct wv_config *config = c->e->config;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (config->cores.n_io > 0 && config->cores.control < CPU_SETSIZE)
		CPU_SET(config->cores.control, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0)
		return;
	memset(&set, 0xff, sizeof(set));
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *control_run(void *arg)
{
	struct control *c = arg;
	int rc;

	pthread_setname_np(pthread_self(), "wv-control");
	control_pin(c);
	rc = wv_engine_thread_init(&c->err);
	atomic_store(&c->started, rc < 0 ? -1 : 1);
	if (rc < 0)
		return NULL;
	while (!atomic_load_explicit(&c->stop, memory_order_acquire)) {
		if (!control_turn(c))
			control_sleep(c);
	}
	while (control_turn(c))
		;
	files_flush(c);
	control_free(c, true);
	wv_engine_thread_fini();
	return NULL;
}

// ---- life ----

int wv_engine_control_start(struct control *c, struct wv_err *err)
{
	const struct timespec moment = {.tv_nsec = 100000};
	int rc = pthread_create(&c->thread, NULL, control_run, c);

	if (rc != 0)
		return wv_fail(err, rc, "control thread: %s", strerror(rc));
	c->runs = true;
	while (atomic_load(&c->started) == 0)
		nanosleep(&moment, NULL);
	if (atomic_load(&c->started) > 0)
		return 0;
	wv_engine_control_stop(c);
	return wv_fail(err, EIO, "control thread: %s", c->err.text);
}

void wv_engine_control_stop(struct control *c)
{
	if (!c->runs)
		return;
	atomic_store_explicit(&c->stop, true, memory_order_release);
	wv_engine_control_wake(c);
	pthread_join(c->thread, NULL);
	c->runs = false;
}

int wv_engine_control_init(struct control *c, struct wv_engine *e, struct wv_err *err)
{
	c->e = e;
	c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->wake < 0)
		return wv_fail(err, errno, "eventfd: %s", strerror(errno));
	c->record = malloc(RECORD_MAX);
	if (c->record == NULL)
		return wv_fail(err, ENOMEM, "no memory for control");
	if (e->config->clock == WV_CLOCK_FIXED || e->config->clock == WV_CLOCK_OFF) {
		c->now = (struct wv_time){
			.now_s = e->config->clock_s, .checked = e->config->clock == WV_CLOCK_FIXED};
		c->knows_time = true;
	}
	control_clock(c);
	return 0;
}

void wv_engine_control_fini(struct control *c)
{
	free(c->record);
	if (c->wake >= 0)
		close(c->wake);
}
