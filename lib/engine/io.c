// The I/O step: from the devices to the workers, past them, and back.
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "engine.h"

#define FLAT_MAX 65536 // octets of the longest frame of several segments that is looked into

// Where a packet goes.
enum way {
	WAY_PASS,     // to the peer, untouched
	WAY_QUERY,    // to the peer; a worker remembers it
	WAY_RESPONSE, // to a worker, who judges it
};

static bool port_is_at_end(const struct io_port *p)
{
	return atomic_load_explicit(&p->taken, memory_order_relaxed) >= p->port->expect;
}

// ---- out ----

static void port_send(struct io *io, struct io_port *p)
{
	unsigned sent;

	if (p->n_out == 0)
		return;
	sent = rte_eth_tx_burst(p->port->id, p->queue, p->out, (uint16_t)p->n_out);
	if (sent == 0)
		return;
	wv_metrics_add(&io->metrics->one[WV_METRIC_TX_PACKETS], sent);
	p->n_out -= sent;
	engine_shift(p->out, sent, p->n_out);
}

static void port_put(struct io *io, struct io_port *p, struct rte_mbuf *m)
{
	if (wv_unlikely(p->n_out == ENGINE_TX_ROOM))
		port_send(io, p);
	if (wv_unlikely(p->n_out == ENGINE_TX_ROOM)) {
		wv_metrics_add(&io->metrics->drops[WV_DROP_TX_FULL], 1);
		rte_pktmbuf_free(m);
		return;
	}
	p->out[p->n_out++] = m;
}

static struct io_port *port_peer(struct io *io, const struct io_port *p)
{
	return io->ports[p->port->index ^ 1];
}

// Packets that every port served could still hold for its device.
static unsigned out_room(const struct io *io)
{
	unsigned room = ENGINE_TX_ROOM;

	for (unsigned i = 0; i < io->n_served; i++) {
		const struct io_port *p = io->ports[io->served[i]];

		room = RTE_MIN(room, ENGINE_TX_ROOM - p->n_out);
	}
	return room;
}

// ---- back from the workers ----

static unsigned io_collect(struct io *io)
{
	struct rte_mbuf *m[ENGINE_BURST];
	unsigned found = 0;

	for (unsigned w = 0; w < io->n_lanes; w++) {
		unsigned room = io->lossless ? RTE_MIN(io->burst, out_room(io)) : io->burst;
		unsigned n =
			rte_ring_sc_dequeue_burst(io->lanes[w].ring.out, (void **)m, room, NULL);

		for (unsigned i = 0; i < n; i++)
			port_put(io, port_peer(io, io->ports[io->index_of[m[i]->port]]), m[i]);
		found += n;
	}
	if (found > 0)
		engine_advance(&io->collected, found);
	return found;
}

// ---- to the workers ----

/*
 * A worker for a question: a hash of its name in lower case, so that a query and its answer meet.
 * Octets of a length are below those of letters, so all may be lowered alike.
 */
static unsigned question_worker(const struct io *io, const uint8_t *payload, size_t len)
{
	uint64_t hash = io->seed;
	size_t at = 12; // the header

	if (io->n_lanes == 1)
		return 0;
	while (at < len && payload[at] != 0 && payload[at] < 64) {
		size_t end = RTE_MIN(at + 1 + payload[at], len);

		for (; at < end; at++) {
			uint8_t c = payload[at];

			c |= (uint8_t)((uint8_t)(c - 'A') < 26) << 5;
			hash = (hash ^ c) * 0x100000001b3; // FNV-1a's prime
		}
	}
	hash ^= hash >> 32;
	return (unsigned)((hash & UINT32_MAX) * io->n_lanes >> 32);
}

static void count_not_judged(struct io *io, enum wv_reason reason, enum wv_action action)
{
	wv_metrics_add(&io->metrics->one[WV_METRIC_RESPONSES], 1);
	wv_metrics_add(&io->metrics->responses[reason][action], 1);
}

// There is no room for it with its worker. A query is with the device already.
static void packet_shed(struct io *io, struct rte_mbuf *m)
{
	struct io_port *in = io->ports[io->index_of[m->port]];
	const struct wv_policy_message what = {.has_question = true};
	struct wv_decision decision;

	wv_metrics_add(&io->metrics->one[WV_METRIC_RING_FULL], 1);
	wv_metrics_add(&io->metrics->one[WV_METRIC_SHED], 1);
	if (in->port->is_inside) {
		rte_pktmbuf_free(m);
		return;
	}
	decision = wv_policy_decide(io->policy, WV_REASON_OVERLOAD, &what);
	if (decision.would_block)
		wv_metrics_add(&io->metrics->would_block[WV_REASON_OVERLOAD], 1);
	if (decision.action == WV_ACTION_PASS) {
		count_not_judged(io, WV_REASON_OVERLOAD, WV_ACTION_PASS);
		port_put(io, port_peer(io, in), m);
		return;
	}
	// An answer in its place would take the worker that has no time.
	count_not_judged(io, WV_REASON_OVERLOAD, WV_ACTION_DROP);
	wv_metrics_add(&io->metrics->drops[WV_DROP_POLICY], 1);
	rte_pktmbuf_free(m);
}

static void lanes_flush(struct io *io)
{
	for (unsigned w = 0; w < io->n_lanes; w++) {
		struct io_lane *lane = &io->lanes[w];
		unsigned n;

		if (lane->n == 0)
			continue;
		n = rte_ring_sp_enqueue_burst(lane->ring.in, (void **)lane->m, lane->n, NULL);
		engine_advance(&io->given, n);
		for (; n < lane->n; n++)
			packet_shed(io, lane->m[n]);
		lane->n = 0;
	}
}

/*
 * Packets that each port (in order of times, each pair) may give in this turn. What room a ring has
 * is shared out evenly: else the first would take all of it, and the others starve.
 */
static unsigned in_room(struct io *io)
{
	unsigned sharers = RTE_MAX(io->ordered ? io->n_served / 2 : io->n_served, 1u);
	unsigned room = io->burst;

	if (io->wait) {
		for (unsigned w = 0; w < io->n_lanes; w++)
			room = RTE_MIN(room, rte_ring_free_count(io->lanes[w].ring.in) / sharers);
		if (room < io->burst)
			wv_metrics_add(&io->metrics->one[WV_METRIC_RING_FULL], 1);
	}
	return io->lossless ? RTE_MIN(room, out_room(io)) : room;
}

// ---- in ----

static enum way packet_way(const struct port *port, const struct wv_packet *p, const uint8_t *frame)
{
	bool is_response;

	// QR is in the third octet (RFC 1035 4.1.1).
	if (p->kind != WV_PACKET_DNS_UDP || p->payload_len < 3)
		return WAY_PASS;
	is_response = (frame[p->payload + 2] & 0x80) != 0;
	if (port->is_inside)
		return p->to_dns_port && !is_response ? WAY_QUERY : WAY_PASS;
	return p->from_dns_port && is_response ? WAY_RESPONSE : WAY_PASS;
}

static void packet_count(struct io *io, const struct port *port, enum wv_packet_kind kind)
{
	wv_metrics_add(&io->metrics->packets[port->index][kind], 1);
	if (kind == WV_PACKET_DNS_TCP)
		wv_metrics_add(&io->metrics->one[WV_METRIC_TCP_UNJUDGED], 1);
	else if (kind == WV_PACKET_FRAGMENT)
		wv_metrics_add(&io->metrics->one[WV_METRIC_FRAGMENT_UNJUDGED], 1);
}

/*
 * The octets of a frame of several segments, in one piece: in place where its first segment has
 * the room, else a copy to look at, good for nothing more. NULL: too long.
 */
static const uint8_t *packet_flatten(struct io *io, struct rte_mbuf *m, bool *in_place)
{
	*in_place = rte_pktmbuf_linearize(m) == 0;
	if (*in_place)
		return rte_pktmbuf_mtod(m, const uint8_t *);
	return m->pkt_len <= FLAT_MAX ? rte_pktmbuf_read(m, 0, m->pkt_len, io->flat) : NULL;
}

static void packet_route(struct io *io, struct io_port *in, struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct wv_packet p = {.kind = WV_PACKET_OTHER};
	bool in_place = true;
	enum way way = WAY_PASS;
	struct io_lane *lane;

	if (wv_unlikely(m->nb_segs > 1))
		frame = packet_flatten(io, m, &in_place);
	if (frame != NULL) {
		wv_packet_look(&p, frame, m->pkt_len, in->port->link, &in->port->dns);
		way = packet_way(in->port, &p, frame);
	}
	packet_count(io, in->port, p.kind);
	if (wv_unlikely(!in_place && way != WAY_PASS)) {
		if (way == WAY_RESPONSE)
			count_not_judged(io, WV_REASON_NOT_JUDGED, WV_ACTION_PASS);
		way = WAY_PASS;
	}
	if (way == WAY_PASS) {
		port_put(io, port_peer(io, in), m);
		return;
	}
	lane = &io->lanes[question_worker(io, frame + p.payload, p.payload_len)];
	lane->m[lane->n++] = m;
	if (way == WAY_QUERY) {
		// It leaves in its place among the others; the worker reads along.
		rte_mbuf_refcnt_update(m, 1);
		port_put(io, port_peer(io, in), m);
	}
}

// What the worker will want to know of packets that have just come in.
static void packets_mark(
	struct io *io, struct io_port *in, struct rte_mbuf *m[], unsigned n, uint64_t now)
{
	uint64_t frame = atomic_load_explicit(&in->taken, memory_order_relaxed);

	for (unsigned i = 0; i < n; i++) {
		struct mark *mark = engine_mark(m[i], io->mark_offset);

		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		m[i]->port = in->port->id;
		mark->frame = ++frame;
		mark->received = now;
		if (!io->ordered)
			continue;
		// A packet without a time came with the one before it.
		if ((m[i]->ol_flags & io->time_flag) != 0)
			in->time_us = *engine_time_us(m[i], io->time_offset);
		*engine_time_us(m[i], io->time_offset) = in->time_us;
	}
	atomic_store_explicit(&in->taken, frame, memory_order_relaxed);
	atomic_store_explicit(&io->last_rx, now, memory_order_relaxed);
	wv_metrics_add(&io->metrics->one[WV_METRIC_RX_PACKETS], n);
}

static unsigned port_receive(
	struct io *io, struct io_port *in, struct rte_mbuf *m[], unsigned room, uint64_t now)
{
	unsigned n;

	if (room == 0 || port_is_at_end(in)
		|| atomic_load_explicit(&io->e->stop, memory_order_relaxed))
		return 0;
	n = rte_eth_rx_burst(in->port->id, in->queue, m, (uint16_t)room);
	if (n > 0)
		packets_mark(io, in, m, n, now);
	return n;
}

static unsigned port_take(struct io *io, struct io_port *in, unsigned room, uint64_t now)
{
	struct rte_mbuf *m[ENGINE_BURST];
	unsigned n = port_receive(io, in, m, room, now);

	for (unsigned i = 0; i < n; i++)
		packet_route(io, in, m[i]);
	lanes_flush(io);
	return n;
}

// ---- in, in order of capture times ----

// False where the next packet of a port is not known, and it is not at its end.
static bool port_look_ahead(struct io *io, struct io_port *in, uint64_t now)
{
	if (in->ahead < in->n_ahead)
		return true;
	in->ahead = 0;
	in->n_ahead = port_receive(io, in, in->look_ahead, io->burst, now);
	return in->n_ahead > 0 || port_is_at_end(in)
		|| atomic_load_explicit(&io->e->stop, memory_order_relaxed);
}

static uint64_t port_next_us(const struct io *io, const struct io_port *in)
{
	if (in->ahead == in->n_ahead)
		return UINT64_MAX;
	return *engine_time_us(in->look_ahead[in->ahead], io->time_offset);
}

// Of equal times the query comes first.
static unsigned pair_take(
	struct io *io, struct io_port *outside, struct io_port *inside, unsigned room, uint64_t now)
{
	unsigned n = 0;

	while (n < room && port_look_ahead(io, inside, now) && port_look_ahead(io, outside, now)) {
		struct io_port *next =
			port_next_us(io, outside) < port_next_us(io, inside) ? outside : inside;

		if (next->ahead == next->n_ahead)
			break;
		packet_route(io, next, next->look_ahead[next->ahead++]);
		n++;
	}
	lanes_flush(io);
	return n;
}

// ---- the step ----

// Tell whoever waits for the end how far this core is.
static void io_report(struct io *io, uint64_t now)
{
	bool known_ended = true, ended = true;
	uint64_t unsent = 0;

	for (unsigned i = 0; i < io->n_served; i++) {
		const struct io_port *p = io->ports[io->served[i]];
		bool at_end = port_is_at_end(p) && p->ahead == p->n_ahead;

		if (p->port->is_capture)
			known_ended &= at_end;
		ended &= at_end;
		unsent += p->n_out;
	}
	if (atomic_load_explicit(&io->e->stop, memory_order_relaxed)) {
		ended = true;
		for (unsigned i = 0; i < io->n_served; i++) {
			const struct io_port *p = io->ports[io->served[i]];

			ended &= p->ahead == p->n_ahead;
		}
	}
	atomic_store_explicit(&io->last_turn, now, memory_order_release);
	atomic_store_explicit(&io->unsent, unsent, memory_order_release);
	atomic_store_explicit(&io->known_ended, known_ended, memory_order_release);
	atomic_store_explicit(&io->ended, ended, memory_order_release);
}

unsigned wv_engine_io_step(struct io *io, uint64_t now)
{
	unsigned found = io_collect(io), room = in_room(io);

	if (io->ordered) {
		for (unsigned i = 0; i < io->n_served; i += 2)
			found += pair_take(io, io->ports[io->served[i]],
				io->ports[io->served[i + 1]], room, now);
	} else {
		for (unsigned i = 0; i < io->n_served; i++)
			found += port_take(io, io->ports[io->served[i]], room, now);
	}
	for (unsigned i = 0; i < io->n_served; i++)
		port_send(io, io->ports[io->served[i]]);
	io_report(io, now);
	return found;
}

// ---- life ----

/*
 * Which queue of a pair this core serves: its own where each I/O core has one, else the only one,
 * if the pair is this core's. -1: none.
 */
static int pair_queue(struct wv_engine *e, unsigned pair, unsigned index, struct wv_err *err)
{
	unsigned queues[4];

	for (unsigned side = 0; side < 2; side++) {
		struct rte_eth_dev_info info;
		const struct port *port = &e->ports[2 * pair + side];
		int rc = rte_eth_dev_info_get(port->id, &info);

		if (rc < 0)
			return wv_fail(err, -rc, "port %s: nothing can be learned of ethdev %u: %s",
				port->name, port->id, strerror(-rc));
		queues[2 * side] = info.nb_rx_queues;
		queues[2 * side + 1] = info.nb_tx_queues;
	}
	for (unsigned i = 0; i < WV_COUNT(queues); i++) {
		const struct port *port = &e->ports[2 * pair + i / 2];

		if (queues[i] != queues[0] || (queues[i] != 1 && queues[i] != e->n_io))
			return wv_fail(err, EINVAL,
				"port %s: want 1 queue or one for each of %u I/O cores, as its "
				"peer, not %u",
				port->name, e->n_io, queues[i]);
		if (queues[i] != 1 && port->is_capture)
			return wv_fail(err, EINVAL, "port %s: a capture has 1 queue, not %u",
				port->name, queues[i]);
	}
	if (queues[0] == 1)
		return pair % e->n_io == index ? 0 : INT32_MAX;
	return (int)index;
}

static int io_serve(struct io *io, unsigned pair, uint16_t queue, struct wv_err *err)
{
	struct wv_engine *e = io->e;

	for (unsigned side = 0; side < 2; side++) {
		const struct port *port = &e->ports[2 * pair + side];
		struct io_port *p =
			rte_zmalloc_socket(NULL, sizeof(*p), RTE_CACHE_LINE_SIZE, io->socket);

		if (p == NULL)
			return wv_fail(err, ENOMEM, "no memory for port %s", port->name);
		p->port = port;
		p->queue = queue;
		io->ports[port->index] = p;
		io->index_of[port->id] = port->index;
		io->served[io->n_served++] = port->index;
	}
	return 0;
}

int wv_engine_io_init(struct io *io, struct wv_engine *e, unsigned index, struct wv_err *err)
{
	io->e = e;
	io->policy = &e->policy;
	io->mark_offset = e->mark_offset;
	io->time_offset = e->time_offset;
	io->time_flag = e->time_flag;
	io->seed = e->seed;
	io->burst = RTE_MIN(e->config->io.burst, (unsigned)ENGINE_BURST);
	io->wait = e->wait;
	io->lossless = e->captures || e->wait;
	io->ordered = e->params.ordered;
	io->n_lanes = e->n_workers;
	memset(io->index_of, ENGINE_NO_PORT, sizeof(io->index_of));
	io->lanes = rte_zmalloc_socket(
		NULL, io->n_lanes * sizeof(io->lanes[0]), RTE_CACHE_LINE_SIZE, io->socket);
	io->flat = rte_zmalloc_socket(NULL, FLAT_MAX, RTE_CACHE_LINE_SIZE, io->socket);
	if (io->lanes == NULL || io->flat == NULL)
		return wv_fail(err, ENOMEM, "no memory for I/O core %u", index);
	for (unsigned w = 0; w < io->n_lanes; w++)
		io->lanes[w].ring = *engine_lane(e, index, w);
	for (unsigned pair = 0; pair < e->n_ports / 2; pair++) {
		int queue = pair_queue(e, pair, index, err);

		if (queue < 0)
			return queue;
		if (queue == INT32_MAX)
			continue;
		int rc = io_serve(io, pair, (uint16_t)queue, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

void wv_engine_io_fini(struct io *io)
{
	for (unsigned i = 0; i < io->n_served; i++) {
		struct io_port *p = io->ports[io->served[i]];

		for (; p->ahead < p->n_ahead; p->ahead++)
			rte_pktmbuf_free(p->look_ahead[p->ahead]);
		for (unsigned k = 0; k < p->n_out; k++)
			rte_pktmbuf_free(p->out[k]);
		rte_free(p);
	}
	rte_free(io->lanes);
	rte_free(io->flat);
}
