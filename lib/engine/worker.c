// The worker step: parse, match, judge, act (design: "A response in a worker").
#include <arpa/inet.h>
#include <sched.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "engine.h"

// Turns after which a waiting check is run, so that its hold on the trust store ends.
#define COUNT_TURNS 64

#define AHEAD      8u                         // packets between asking for memory and touching it
#define FRAME_NEAR (4u * RTE_CACHE_LINE_SIZE) // octets of a frame that are asked for

// Room for a line of JSON; a longer one is cut at an RRset.
#define LINE_MAX_OCTETS ((size_t)WV_CHAIN_FACT_MAX)

static bool worker_judge(struct worker *w, bool idle);
static void worker_finish(struct worker *w);

// ---- back to the I/O core ----

static void packet_return(struct worker *w, unsigned lane, struct rte_mbuf *m)
{
	struct worker_lane *l = &w->lanes[lane];

	l->m[l->n++] = m;
}

static void packet_drop(struct worker *w, struct rte_mbuf *m, enum wv_drop place)
{
	wv_metrics_add(&w->metrics->drops[place], 1);
	rte_pktmbuf_free(m);
	engine_advance(&w->done, 1);
}

static void worker_send(struct worker *w)
{
	for (unsigned i = 0; i < w->n_lanes; i++) {
		struct worker_lane *l = &w->lanes[i];
		unsigned sent;

		if (l->n == 0)
			continue;
		sent = rte_ring_sp_enqueue_burst(l->ring.out, (void **)l->m, l->n, NULL);
		l->n -= sent;
		engine_shift(l->m, sent, l->n);
		engine_advance(&w->returned, sent);
		engine_advance(&w->done, sent);
	}
}

// ---- to control ----

static void control_yield(struct worker *w)
{
	wv_engine_control_wake(&w->e->control);
	sched_yield();
}

// False: there is no room, and nobody waits for some.
static bool record_post(struct worker *w, struct mailbox *box)
{
	while (!wv_engine_mailbox_post(box, w->record)) {
		if (!w->lossless)
			return false;
		control_yield(w);
	}
	return true;
}

// Is it worth making a record of up to so many octets?
static bool record_has_room(struct worker *w, struct mailbox *box, size_t octets)
{
	return w->lossless || wv_engine_mailbox_has_room(box, octets);
}

static void fact_post(void *arg, const struct wv_trust_fact *fact)
{
	struct worker *w = arg;
	struct record *r = w->record;

	if (!wv_trust_is_news(w->trust, fact, w->current->env.now))
		return;
	if (fact != (const struct wv_trust_fact *)(const void *)r->payload)
		memmove(r->payload, fact, fact->size);
	r->octets = fact->size;
	r->kind = RECORD_FACT;
	r->now = w->current->env.now;
	wv_metrics_add(&w->metrics->one[record_post(w, &w->facts) ? WV_METRIC_FACTS
								  : WV_METRIC_FACTS_LOST],
		1);
}

/*
 * Hand what this response proves to control, before it leaves. Where packets are taken in order,
 * the next is judged by what this one has taught.
 */
static void response_teach(struct worker *w, struct context *c)
{
	uint64_t posted;

	w->current = c;
	wv_chain_harvest(&c->v, WV_TRUST_WIRE, false, w->record->payload, fact_post, w);
	if (!w->ordered)
		return;
	posted = atomic_load_explicit(&w->facts.posted, memory_order_relaxed);
	while (atomic_load_explicit(&w->facts.settled, memory_order_acquire) != posted)
		control_yield(w);
}

// ---- report ----

static void endpoint_print(char out[72], uint8_t ip, const uint8_t *address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(ip == 4 ? AF_INET : AF_INET6, address, text, sizeof(text)) == NULL)
		text[0] = '\0';
	snprintf(out, 72, ip == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

static uint64_t response_time_ns(struct worker *w, const struct context *c)
{
	if (w->clock == WV_CLOCK_PACKET)
		return *engine_time_us(c->mbuf, w->time_offset) * 1000;
	return engine_wall_ns(w->e, w->now);
}

static void line_post(struct worker *w, enum record_kind kind, size_t octets)
{
	w->record->octets = (uint32_t)octets;
	w->record->kind = kind;
	if (!record_post(w, &w->lines))
		wv_metrics_add(&w->metrics->one[WV_METRIC_EVENTS_LOST], 1);
}

static void response_report(struct worker *w, struct context *c, const struct wv_decision *decision)
{
	const struct wv_engine_params *params = &w->e->params;
	bool trouble = wv_reason_verdict(c->v.reason) == WV_VERDICT_BOGUS || decision->would_block
		|| decision->action != WV_ACTION_PASS;
	struct wv_events_verdict what;
	char *line = (char *)w->record->payload;

	if (params->verdicts == NULL && (params->events == NULL || !trouble))
		return;
	if (!record_has_room(w, &w->lines, WV_EVENTS_LINE_MIN)) {
		wv_metrics_add(&w->metrics->one[WV_METRIC_EVENTS_LOST], 1);
		return;
	}
	what = (struct wv_events_verdict){
		.frame = engine_mark(c->mbuf, w->mark_offset)->frame,
		.m = &c->m,
		.status = c->status,
		.v = &c->v,
		.port = w->ports[w->index_of[c->mbuf->port]].name,
		.action = wv_action_name(decision->action),
	};
	if (params->verdicts != NULL)
		line_post(w, RECORD_VERDICT, wv_events_verdict(&what, line, LINE_MAX_OCTETS));
	if (params->events != NULL && trouble) {
		const uint8_t *frame = rte_pktmbuf_mtod(c->mbuf, const uint8_t *);
		char client[72], server[72];

		endpoint_print(client, c->p.ip, frame + c->p.dst, c->p.dst_port);
		endpoint_print(server, c->p.ip, frame + c->p.src, c->p.src_port);
		line_post(w, RECORD_EVENT,
			wv_events_trouble(&what, response_time_ns(w, c), client, server, line,
				LINE_MAX_OCTETS));
	}
}

// ---- act ----

// Can a SERVFAIL carry the question that was asked?
static bool response_has_question(const struct context *c)
{
	return c->status == WV_MESSAGE_OK || c->status == WV_MESSAGE_BAD_RECORD;
}

/*
 * What to do with it. Its checksum is looked at only where a right one would be put on octets that
 * are not the sender's.
 */
static struct wv_decision response_decide(
	struct worker *w, const struct context *c, enum wv_drop *place)
{
	struct wv_policy_message what = {
		.has_question = response_has_question(c),
		.query_is_signed = c->query_known && c->query.is_signed,
	};
	struct wv_decision decision = wv_policy_decide(w->policy, c->v.reason, &what);
	const uint8_t *frame = rte_pktmbuf_mtod(c->mbuf, const uint8_t *);
	enum wv_packet_sum sum;

	*place = what.has_question ? WV_DROP_POLICY : WV_DROP_UNREADABLE;
	if (decision.action != WV_ACTION_SERVFAIL)
		return decision;
	sum = wv_packet_udp_sum(&c->p, frame);
	if (sum == WV_SUM_RIGHT || (sum == WV_SUM_ZERO && c->p.ip == 4))
		return decision;
	wv_metrics_add(&w->metrics->one[WV_METRIC_SUM_WRONG], 1);
	what.checksum_is_wrong = true;
	*place = WV_DROP_CHECKSUM;
	return wv_policy_decide(w->policy, c->v.reason, &what);
}

// "signer example., key 4711", of the RRset that decided; "" where no signature was looked at.
static void reason_print(char *out, size_t room, const struct wv_validation *v)
{
	char name[WV_NAME_TEXT];
	struct wv_name signer;

	out[0] = '\0';
	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *set = &v->needed[i];

		if (set->reason != v->reason || set->signer == 0)
			continue;
		wv_name_unpack(&signer, v->m->base, v->m->base + set->signer);
		snprintf(
			out, room, "signer %s, key %u", wv_name_print(name, &signer), set->key_tag);
		return;
	}
}

// The SERVFAIL goes where the response was going: the frame's own headers bring it there.
static void response_rewrite(struct context *c)
{
	uint8_t *frame = rte_pktmbuf_mtod(c->mbuf, uint8_t *);
	uint8_t reply[WV_REWRITE_MAX];
	char text[WV_NAME_TEXT + 32];
	struct wv_rewrite_facts facts = {
		.reason = c->v.reason,
		.qname = c->query_known ? c->query.qname : NULL,
		.qname_len = c->query_known ? c->query.qname_len : 0,
		.text = text,
	};
	uint16_t n;
	size_t len;

	reason_print(text, sizeof(text), &c->v);
	if (text[0] == '\0')
		facts.text = NULL;
	n = wv_rewrite_servfail(&c->m, &facts, reply);
	memcpy(frame + c->p.payload, reply, n);
	len = wv_packet_finish_udp(&c->p, frame, n);
	c->mbuf->data_len = (uint16_t)len;
	c->mbuf->pkt_len = (uint32_t)len;
}

// Has a proven RRset a TTL above what its signature allows?
static bool rrset_outlives(const struct context *c, const struct wv_validate_rrset *set)
{
	const struct wv_rr *rr;

	if (set->reason != WV_REASON_SECURE || set->signer == 0)
		return false;
	rr = wv_message_rr(&c->m, set->set->first);
	if (rr == NULL)
		return false;
	return rr->ttl > set->original_ttl
		|| (c->env.now.checked && wv_time_before(c->env.now.now_s, set->expiration)
			&& rr->ttl > set->expiration - c->env.now.now_s);
}

// Each budget once a response.
static void budgets_count(struct wv_metrics *metrics, const struct wv_validation *v)
{
	for (uint64_t over = wv_validate_budgets(v); over != 0; over &= over - 1)
		wv_metrics_add(&metrics->budget_exceeded[__builtin_ctzll(over)], 1);
}

static void response_count(struct worker *w, const struct context *c, const struct wv_decision *d)
{
	struct wv_metrics *metrics = w->metrics;
	uint64_t received = engine_mark(c->mbuf, w->mark_offset)->received;

	wv_metrics_add(&metrics->responses[c->v.reason][d->action], 1);
	wv_metrics_add(&metrics->one[WV_METRIC_JUDGE_CYCLES], rte_rdtsc() - received);
	if (d->would_block)
		wv_metrics_add(&metrics->would_block[c->v.reason], 1);
	if (c->v.reason == WV_REASON_DO_NOT_SET)
		wv_metrics_add(&metrics->one[WV_METRIC_DO_NOT_SET], 1);
	budgets_count(metrics, &c->v);
	for (unsigned i = 0; i < c->v.n_needed; i++) {
		if (rrset_outlives(c, &c->v.needed[i]))
			wv_metrics_add(&metrics->one[WV_METRIC_TTL_ABOVE], 1);
	}
}

// Judged: teach, report, act, let go.
static void response_settle(struct worker *w, struct context *c)
{
	struct wv_decision decision;
	enum wv_drop place;

	if (c->proves)
		response_teach(w, c);
	decision = response_decide(w, c, &place);
	response_count(w, c, &decision);
	response_report(w, c, &decision);
	switch (decision.action) {
	case WV_ACTION_PASS:
	case WV_ACTION_MONITOR:
	case WV_ACTIONS:
		packet_return(w, c->lane, c->mbuf);
		break;
	case WV_ACTION_SERVFAIL:
		response_rewrite(c);
		packet_return(w, c->lane, c->mbuf);
		break;
	case WV_ACTION_DROP:
		packet_drop(w, c->mbuf, place);
		break;
	}
	wv_validate_end(&c->v);
	w->free[w->n_free++] = c;
}

// ---- parse ----

// The clock of the query table, in the unit of its lives.
static uint64_t packet_now(struct worker *w, struct rte_mbuf *m)
{
	return w->ordered ? *engine_time_us(m, w->time_offset) : w->now;
}

static struct wv_time packet_time(struct worker *w, struct rte_mbuf *m)
{
	if (w->clock != WV_CLOCK_PACKET)
		return w->time;
	return (struct wv_time){
		.now_s = (uint32_t)(*engine_time_us(m, w->time_offset) / 1000000),
		.checked = true,
	};
}

static enum wv_message_status packet_parse(
	struct worker *w, struct context *c, const struct arrival *a)
{
	const uint8_t *frame = rte_pktmbuf_mtod(a->mbuf, const uint8_t *);

	c->p = a->p;
	c->status = wv_message_parse(&c->m, frame + c->p.payload, c->p.payload_len, w->seed);
	return c->status;
}

static void query_parse(struct worker *w, const struct arrival *a)
{
	struct context *c = w->free[w->n_free - 1];

	if (packet_parse(w, c, a) == WV_MESSAGE_OK && a->has_question) {
		wv_flow_add(w->flow, &a->query, &c->m, packet_now(w, a->mbuf));
		wv_metrics_add(&w->metrics->one[WV_METRIC_QUERIES], 1);
		if ((c->m.flags & WV_FLAG_CD) != 0)
			wv_metrics_add(&w->metrics->one[WV_METRIC_CD_SET], 1);
	}
	// The device has it, or had it; this was the worker's own reference.
	rte_pktmbuf_free(a->mbuf);
	engine_advance(&w->done, 1);
}

// What is believed of the query. False: there was none, and such are dropped in enforce mode.
static bool response_match(struct worker *w, struct context *c, const struct arrival *a)
{
	c->query_known = false;
	if (!a->has_question)
		return true;
	c->query_known = wv_flow_match(w->flow, &a->query, packet_now(w, a->mbuf), true, &c->query);
	if (wv_likely(c->query_known))
		return true;
	if (w->unsolicited != WV_UNSOLICITED_PASS)
		wv_metrics_add(&w->metrics->one[WV_METRIC_UNSOLICITED], 1);
	return w->unsolicited != WV_UNSOLICITED_DROP || !w->policy->enforce;
}

static void response_begin(struct worker *w, struct context *c, const struct port *port)
{
	struct wv_validate_query query = {.known = c->query_known};

	if (c->query_known) {
		query.dnssec_ok = c->query.dnssec_ok;
		query.checking_disabled = c->query.checking_disabled;
		query.is_signed = c->query.is_signed;
	}
	c->env.trust = w->trust;
	c->env.settings = w->e->params.settings;
	c->env.now = packet_time(w, c->mbuf);
	c->env.leg = port->leg;
	c->env.asked = w->asked;
	wv_validate_begin(&c->v, &c->env, &c->m, c->status, &query, c);
	c->proves = c->v.pending && wv_chain_may_bear(&c->m);
}

static void response_parse(struct worker *w, unsigned lane, const struct arrival *a)
{
	struct context *c = w->free[--w->n_free];

	c->mbuf = a->mbuf;
	c->lane = lane;
	packet_parse(w, c, a);
	wv_metrics_add(&w->metrics->one[WV_METRIC_RESPONSES], 1);
	if (wv_unlikely(!response_match(w, c, a))) {
		packet_drop(w, c->mbuf, WV_DROP_UNSOLICITED);
		w->free[w->n_free++] = c;
		return;
	}
	response_begin(w, c, a->port);
	// What needs no signature does not wait for those that do, and leaves its context warm.
	if (!c->v.pending) {
		response_settle(w, c);
		return;
	}
	c->reader = w->reader;
	w->held[c->reader]++;
	wv_batch_add(w->batch, &c->v, w->now);
	if (w->ordered && c->proves)
		worker_finish(w);
}

// The clock of this turn, for all but packet time.
static void worker_clock(struct worker *w)
{
	if (w->clock == WV_CLOCK_SYSTEM)
		w->time.now_s = (uint32_t)(engine_wall_ns(w->e, w->now) / 1000000000);
}

/*
 * What a packet will touch is asked for while others are worked on, some packets ahead: the octets
 * of its frame; the places of its question in the query table and of its zone in the trust store;
 * what these lead to.
 */
static void frame_fetch(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned len = RTE_MIN(m->pkt_len, FRAME_NEAR);

	for (unsigned at = 0; at < len; at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(frame + at);
}

static void arrival_begin(struct worker *w, struct arrival *a, struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct wv_name qname;

	a->mbuf = m;
	a->port = &w->ports[w->index_of[m->port]];
	wv_packet_look(&a->p, frame, m->pkt_len, a->port->link, &a->port->dns);
	a->has_question = wv_flow_begin(&a->query, w->flow, &a->p, frame, !a->port->is_inside);
	if (!a->has_question || a->port->is_inside)
		return;
	wv_name_unpack(&qname, frame + a->p.payload, a->query.qname);
	wv_trust_approach(&a->zone, w->trust, &qname);
}

static void arrival_approach(struct worker *w, const struct arrival *a)
{
	if (!a->has_question)
		return;
	wv_flow_approach(&a->query, w->flow);
	if (!a->port->is_inside)
		wv_trust_approach_zones(&a->zone);
}

static void arrivals_begin(struct worker *w, struct rte_mbuf *const m[], unsigned n)
{
	for (unsigned i = 0; i < RTE_MIN(n, AHEAD); i++)
		frame_fetch(m[i]);
	for (unsigned i = 0; i < n; i++) {
		if (i + AHEAD < n)
			frame_fetch(m[i + AHEAD]);
		arrival_begin(w, &w->arrivals[i], m[i]);
	}
}

static void arrivals_work(struct worker *w, unsigned lane, unsigned n)
{
	for (unsigned i = 0; i < RTE_MIN(n, AHEAD); i++)
		arrival_approach(w, &w->arrivals[i]);
	for (unsigned i = 0; i < n; i++) {
		const struct arrival *a = &w->arrivals[i];

		if (i + AHEAD < n)
			arrival_approach(w, a + AHEAD);
		if (a->port->is_inside)
			query_parse(w, a);
		else
			response_parse(w, lane, a);
	}
}

static unsigned worker_parse(struct worker *w, unsigned lane)
{
	struct worker_lane *l = &w->lanes[lane];
	struct rte_mbuf *m[ENGINE_BURST];
	unsigned n;

	if (w->n_free < w->burst)
		worker_judge(w, true);
	// What could not be sent must leave first: there is room for no more than all contexts hold.
	// Slow checks may hold many of them for some turns.
	if (l->n > 0 || w->n_free < w->burst)
		return 0;
	n = rte_ring_sc_dequeue_burst(l->ring.in, (void **)m, w->burst, NULL);
	if (n == 0)
		return 0;
	worker_clock(w);
	arrivals_begin(w, m, n);
	arrivals_work(w, lane, n);
	return n;
}

// ---- judge ----

static void worker_settle(struct worker *w)
{
	struct wv_validation *v;

	while ((v = wv_batch_take(w->batch)) != NULL) {
		struct context *c = v->owner;

		w->held[c->reader]--;
		response_settle(w, c);
	}
}

// Run what is due, and act on what is settled. True if anything was held.
static bool worker_judge(struct worker *w, bool idle)
{
	if (wv_batch_held(w->batch) == 0)
		return false;
	wv_batch_run(w->batch, w->now, w->patience, idle);
	worker_settle(w);
	return true;
}

// The same, until nothing is held.
static void worker_finish(struct worker *w)
{
	wv_batch_finish(w->batch, w->now);
	worker_settle(w);
}

static void counters_copy(_Atomic uint64_t to[], const uint64_t from[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
}

static_assert(WV_METRICS_LEVELS == WV_BATCH_LEVELS, "levels of times");

static void worker_count_batches(struct worker *w)
{
	const struct wv_batch_counts *batch = wv_batch_count(w->batch);
	const struct wv_verify_counts *verify = wv_verify_count();
	struct wv_metrics *m = w->metrics;

	counters_copy(m->batch_runs, batch->runs, WV_ALG_COUNT);
	counters_copy(m->batch_jobs, batch->jobs, WV_ALG_COUNT);
	counters_copy(m->batch_good, batch->good, WV_ALG_COUNT);
	counters_copy(m->batch_full, batch->full, WV_ALG_COUNT);
	counters_copy(&m->batch_slow, &batch->slow, 1);
	counters_copy(m->batch_waits, batch->waits, WV_BATCH_LEVELS);
	counters_copy(m->batch_takes, batch->takes, WV_BATCH_LEVELS);
	counters_copy(m->passed_on, verify->passed_on, WV_ALG_COUNT);
	counters_copy(m->exceptions, verify->exceptions, WV_ALG_COUNT);
	counters_copy(m->distrusted, verify->distrusted, WV_ALG_COUNT);
}

/*
 * A check that waits holds a key. So a worker has two reader ids: new checks are taken under the one,
 * and when the last of the other's is done, that one is quiescent, and they swap. Groups need not be
 * run before they are full for it.
 */
static void worker_quiesce(struct worker *w)
{
	unsigned other = w->reader ^ 1;

	if (++w->turn % COUNT_TURNS == 0)
		worker_count_batches(w);
	if (w->held[other] > 0)
		return;
	rte_rcu_qsbr_quiescent(w->e->rcu, wv_engine_reader(w, other));
	if (w->held[w->reader] == 0)
		rte_rcu_qsbr_quiescent(w->e->rcu, wv_engine_reader(w, w->reader));
	else
		w->reader = other;
}

// As much as the ports can have given since the last turn: else a core with both steps would take
// in more than it works off, and find cold in a full ring what had been warm.
static unsigned worker_take(struct worker *w, unsigned lane)
{
	unsigned found = 0, n = w->burst;

	for (unsigned i = 0; i < w->e->n_ports && n == w->burst; i++) {
		n = worker_parse(w, lane);
		worker_send(w);
		found += n;
	}
	return found;
}

unsigned wv_engine_worker_step(struct worker *w, uint64_t now)
{
	unsigned found = 0;

	w->now = now;
	for (unsigned lane = 0; lane < w->n_lanes; lane++)
		found += worker_take(w, lane);
	if (worker_judge(w, found == 0))
		found++;
	worker_send(w);
	worker_quiesce(w);
	return found;
}

// ---- life ----

void wv_engine_worker_online(struct worker *w)
{
	for (unsigned i = 0; i < ENGINE_READERS; i++) {
		rte_rcu_qsbr_thread_register(w->e->rcu, wv_engine_reader(w, i));
		rte_rcu_qsbr_thread_online(w->e->rcu, wv_engine_reader(w, i));
	}
}

void wv_engine_worker_offline(struct worker *w)
{
	worker_finish(w);
	worker_send(w);
	worker_count_batches(w);
	for (unsigned i = 0; i < ENGINE_READERS; i++) {
		rte_rcu_qsbr_thread_offline(w->e->rcu, wv_engine_reader(w, i));
		rte_rcu_qsbr_thread_unregister(w->e->rcu, wv_engine_reader(w, i));
	}
}

// An odd number of cache lines: the same fields of all contexts then lie in different sets.
size_t wv_engine_context_stride(void)
{
	size_t lines = (sizeof(struct context) + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;

	return (lines | 1) * RTE_CACHE_LINE_SIZE;
}

static int worker_allocate(struct worker *w, struct wv_err *err)
{
	size_t stride = wv_engine_context_stride();

	w->lanes = rte_zmalloc_socket(
		NULL, w->n_lanes * sizeof(w->lanes[0]), RTE_CACHE_LINE_SIZE, w->socket);
	w->record = rte_zmalloc_socket(NULL, RECORD_MAX, RTE_CACHE_LINE_SIZE, w->socket);
	w->contexts =
		rte_malloc_socket(NULL, ENGINE_CONTEXTS * stride, RTE_CACHE_LINE_SIZE, w->socket);
	if (w->lanes == NULL || w->record == NULL || w->contexts == NULL)
		return wv_fail(err, ENOMEM,
			"no memory for worker %u: want %zu MiB for %d contexts of EAL's memory",
			w->index, ENGINE_CONTEXTS * stride >> 20, ENGINE_CONTEXTS);
	for (unsigned i = 0; i < ENGINE_CONTEXTS; i++)
		w->free[w->n_free++] = (void *)(w->contexts + i * stride);
	return 0;
}

static uint64_t cycles(void)
{
	return rte_rdtsc();
}

static int worker_tables(struct worker *w, struct wv_err *err)
{
	const struct wv_config *config = w->e->config;
	uint64_t per_second = w->ordered ? 1000000 : w->e->hz;
	struct wv_flow_params flow = {
		.entries = config->queries.entries,
		.life = per_second * config->queries.life_ms / 1000,
		.seed = rte_rand(),
	};

	w->flow = wv_flow_create(&flow, err);
	if (w->flow == NULL)
		return -ENOMEM;
	w->batch = wv_batch_create(cycles, err);
	return w->batch != NULL ? 0 : -ENOMEM;
}

static int worker_mailboxes(struct worker *w, struct wv_err *err)
{
	const struct wv_config *config = w->e->config;
	char name[RTE_RING_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "wv_facts_%u", w->index);
	rc = wv_engine_mailbox_init(&w->facts, name, config->rings.control_size, w->socket, err);
	if (rc < 0)
		return rc;
	snprintf(name, sizeof(name), "wv_lines_%u", w->index);
	return wv_engine_mailbox_init(&w->lines, name, config->rings.events_size, w->socket, err);
}

int wv_engine_worker_init(struct worker *w, struct wv_engine *e, unsigned index, struct wv_err *err)
{
	const struct wv_config *config = e->config;
	int rc;

	w->e = e;
	w->policy = &e->policy;
	w->trust = e->trust;
	w->ports = e->ports;
	w->index = index;
	w->mark_offset = e->mark_offset;
	w->time_offset = e->time_offset;
	w->seed = (uint32_t)rte_rand();
	w->burst = RTE_MIN(config->io.burst, (unsigned)ENGINE_BURST);
	w->patience = e->hz * config->workers.batch_wait_us / 1000000;
	w->clock = config->clock;
	w->time = (struct wv_time){
		.now_s = config->clock_s, .checked = config->clock != WV_CLOCK_OFF};
	w->ordered = e->params.ordered;
	w->lossless = e->captures || e->wait;
	w->asked = e->params.asked;
	w->unsolicited = config->queries.unsolicited;
	w->n_lanes = e->n_io;
	memset(w->index_of, ENGINE_NO_PORT, sizeof(w->index_of));
	for (unsigned i = 0; i < e->n_ports; i++)
		w->index_of[e->ports[i].id] = e->ports[i].index;
	rc = worker_allocate(w, err);
	if (rc == 0)
		rc = worker_tables(w, err);
	if (rc == 0)
		rc = worker_mailboxes(w, err);
	for (unsigned i = 0; rc == 0 && i < e->n_io; i++)
		w->lanes[i].ring = *engine_lane(e, i, index);
	return rc;
}

void wv_engine_worker_fini(struct worker *w)
{
	for (unsigned i = 0; w->lanes != NULL && i < w->n_lanes; i++) {
		for (unsigned k = 0; k < w->lanes[i].n; k++)
			rte_pktmbuf_free(w->lanes[i].m[k]);
	}
	wv_engine_mailbox_fini(&w->facts);
	wv_engine_mailbox_fini(&w->lines);
	if (w->batch != NULL)
		wv_batch_destroy(w->batch);
	if (w->flow != NULL)
		wv_flow_destroy(w->flow);
	rte_free(w->contexts);
	rte_free(w->record);
	rte_free(w->lanes);
}
