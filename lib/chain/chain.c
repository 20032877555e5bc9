// Chains learned from a capture.
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wv_chain.h"

#define SLOTS   32   // messages judged in one round
#define PASSES  64   // DS and DNSKEY of 32 zones, if they come in the worst order
#define BUCKETS 4096 // of zone names

// Facts repeat records of their message, each with its length; and one fact for each RRset.
#define FACT_ALIGN _Alignof(struct wv_trust_fact)
#define FACT_SIZE  (sizeof(struct wv_trust_fact) + FACT_ALIGN)
#define FACTS_ROOM (SLOTS * (65535 + (WV_VALIDATE_NEEDED + 1) * FACT_SIZE))

struct message {
	uint32_t time_s, last_s; // of the first and the last copy
	uint32_t round;          // when it was judged last; 0: never
	struct wv_validate_query query;
	bool done;
	enum wv_reason failure; // why it is bogus; WV_REASON_SECURE: it is not
	uint16_t qtype;
	uint16_t len;
	uint8_t payload[];
};

struct slot {
	struct message *of;
	struct wv_validate_env env;
	struct wv_message m;
	struct wv_validation v;
};

struct wv_chain {
	struct wv_chain_params params;
	struct wv_chain_counts counts;
	struct wv_batch *batch;
	struct wv_trust_fact *scratch;
	struct message **messages;
	size_t n, room;
	size_t *index; // by payload: positions in messages[], counted from 1; 2 * room entries
	bool any;      // a response was added: first_s and last_s hold
	uint32_t first_s, last_s;

	uint32_t round;
	uint32_t changed[BUCKETS]; // by zone name: the round in which a fact was published last
	uint8_t *facts;            // of this round, one behind the other
	size_t facts_used;
	struct slot slots[SLOTS];
	unsigned n_slots;
};

struct wv_chain *wv_chain_create(const struct wv_chain_params *params, struct wv_err *err)
{
	struct wv_chain *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->params = *params;
		c->scratch = malloc(WV_CHAIN_FACT_MAX);
		c->facts = malloc(FACTS_ROOM);
		c->batch = wv_batch_create(NULL, NULL);
	}
	if (c == NULL || c->scratch == NULL || c->facts == NULL || c->batch == NULL) {
		wv_fail(err, ENOMEM, "chain: want %zu octets, not to be had",
			sizeof(*c) + WV_CHAIN_FACT_MAX + FACTS_ROOM + wv_batch_memory());
		wv_chain_destroy(c);
		return NULL;
	}
	return c;
}

void wv_chain_destroy(struct wv_chain *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->messages[i]);
	if (c->batch != NULL)
		wv_batch_destroy(c->batch);
	free(c->messages);
	free(c->index);
	free(c->facts);
	free(c->scratch);
	free(c);
}

// FNV-1a over all but the id.
static uint64_t payload_hash(const uint8_t *payload, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 2; i < len; i++)
		hash = (hash ^ payload[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

// Where a message stands in the index, or the empty place for it.
static size_t *index_find(const struct wv_chain *c, const uint8_t *payload, size_t len,
	const struct wv_validate_query *query)
{
	size_t mask = 2 * c->room - 1, i = (size_t)payload_hash(payload, len) & mask;

	for (; c->index[i] != 0; i = (i + 1) & mask) {
		const struct message *msg = c->messages[c->index[i] - 1];

		if (msg->len == len && memcmp(msg->payload + 2, payload + 2, len - 2) == 0
			&& msg->query.known == query->known
			&& msg->query.dnssec_ok == query->dnssec_ok)
			break;
	}
	return &c->index[i];
}

static int grow(struct wv_chain *c)
{
	size_t room = c->room > 0 ? 2 * c->room : 256;
	struct message **messages = realloc(c->messages, room * sizeof(void *));
	size_t *index;

	if (messages == NULL)
		return -ENOMEM;
	c->messages = messages;
	index = calloc(2 * room, sizeof(*index));
	if (index == NULL)
		return -ENOMEM;
	free(c->index);
	c->index = index;
	c->room = room;
	for (size_t i = 0; i < c->n; i++) {
		const struct message *msg = c->messages[i];

		*index_find(c, msg->payload, msg->len, &msg->query) = i + 1;
	}
	return 0;
}

static void window_widen(struct wv_chain *c, uint32_t time_s)
{
	if (!c->any || wv_time_before(time_s, c->first_s))
		c->first_s = time_s;
	if (!c->any || wv_time_before(c->last_s, time_s))
		c->last_s = time_s;
	c->any = true;
}

int wv_chain_add(struct wv_chain *c, const uint8_t *payload, size_t len, uint32_t time_s,
	const struct wv_validate_query *query)
{
	struct wv_message *m = &c->slots[0].m;
	struct message *msg;
	size_t *place;

	window_widen(c, time_s);
	if (wv_message_parse(m, payload, len, 0) != WV_MESSAGE_OK || !wv_chain_may_bear(m))
		return 0;
	if (c->n == c->room && grow(c) != 0)
		return -ENOMEM;
	place = index_find(c, payload, len, query);
	if (*place != 0) {
		msg = c->messages[*place - 1];
		if (wv_time_before(msg->last_s, time_s))
			msg->last_s = time_s;
		return 0;
	}
	msg = malloc(sizeof(*msg) + len);
	if (msg == NULL)
		return -ENOMEM;
	*msg = (struct message){
		.time_s = time_s,
		.last_s = time_s,
		.query = *query,
		.qtype = m->qtype,
		.len = (uint16_t)len,
	};
	memcpy(msg->payload, payload, len);
	c->messages[c->n++] = msg;
	*place = c->n;
	c->counts.messages++;
	return 0;
}

static uint32_t *bucket(struct wv_chain *c, const struct wv_name *zone)
{
	return &c->changed[wv_name_hash(zone, 0) % BUCKETS];
}

static void message_name(const struct message *msg, struct wv_name *name)
{
	wv_name_unpack(name, msg->payload, msg->payload + WV_HEADER_LEN);
}

// Has something come to be known, since the message was judged, at or above its name?
static bool message_is_due(struct wv_chain *c, const struct message *msg)
{
	struct wv_name name;

	if (msg->round == 0)
		return true;
	for (message_name(msg, &name);; wv_name_ancestor(&name, &name, name.labels - 1u)) {
		if (*bucket(c, &name) >= msg->round)
			return true;
		if (name.labels == 0)
			return false;
	}
}

static struct wv_time time_of(const struct wv_chain *c, const struct message *msg)
{
	if (!c->params.packet_time)
		return c->params.now;
	return (struct wv_time){.now_s = msg->time_s, .checked = true};
}

static void slot_fill(struct wv_chain *c, struct message *msg)
{
	struct slot *slot = &c->slots[c->n_slots++];
	enum wv_message_status status = wv_message_parse(&slot->m, msg->payload, msg->len, 0);

	msg->round = c->round;
	slot->of = msg;
	slot->env = (struct wv_validate_env){
		.trust = c->params.trust,
		.settings = c->params.settings,
		.now = time_of(c, msg),
		.leg = c->params.leg,
		.asked = false,
	};
	wv_validate_begin(&slot->v, &slot->env, &slot->m, status, &msg->query, slot);
	wv_batch_add(c->batch, &slot->v, 0);
}

static size_t fact_size(const struct wv_trust_fact *fact)
{
	return (fact->size + FACT_ALIGN - 1) / FACT_ALIGN * FACT_ALIGN;
}

// Facts wait until no validation refers to the store any more.
static void fact_keep(void *arg, const struct wv_trust_fact *fact)
{
	struct wv_chain *c = arg;

	assert(c->facts_used + fact_size(fact) <= FACTS_ROOM);
	memcpy(c->facts + c->facts_used, fact, fact->size);
	c->facts_used += fact_size(fact);
}

static void slot_judge(struct wv_chain *c, const struct slot *slot)
{
	const struct wv_validation *v = &slot->v;
	struct message *msg = slot->of;
	enum wv_reason reason = v->reason;

	if (wv_chain_harvest(v, WV_TRUST_PRELOADED, true, c->scratch, fact_keep, c) > 0
		|| reason == WV_REASON_SECURE) {
		msg->done = true;
		msg->failure = WV_REASON_SECURE;
		return;
	}
	if (wv_reason_verdict(reason) == WV_VERDICT_BOGUS)
		msg->failure = msg->failure == WV_REASON_SECURE
			? reason
			: wv_validate_telling(msg->failure, reason);
	// A later copy may lie within the signature's time.
	if (reason == WV_REASON_NOT_YET_VALID && msg->time_s != msg->last_s) {
		msg->time_s = msg->last_s;
		msg->round = 0;
	}
}

static void facts_publish(struct wv_chain *c)
{
	// Judged and live at its message's time; where times are not looked at, everything is.
	const struct wv_time any = {.checked = false};
	size_t at = 0;

	while (at < c->facts_used) {
		const struct wv_trust_fact *fact = (const void *)(c->facts + at);

		at += fact_size(fact);
		if (!wv_trust_is_news(c->params.trust, fact, any)
			|| wv_trust_publish(c->params.trust, fact, any) != 0)
			continue;
		c->counts.facts++;
		*bucket(c, &fact->zone) = c->round;
	}
	c->facts_used = 0;
}

static void round_run(struct wv_chain *c)
{
	wv_batch_finish(c->batch, 0);
	while (wv_batch_take(c->batch) != NULL)
		;
	for (unsigned i = 0; i < c->n_slots; i++)
		slot_judge(c, &c->slots[i]);
	for (unsigned i = 0; i < c->n_slots; i++)
		wv_validate_end(&c->slots[i].v);
	facts_publish(c);
	c->n_slots = 0;
	c->round++;
}

// True: something was judged.
static bool pass_run(struct wv_chain *c)
{
	bool judged = false;

	for (size_t i = 0; i < c->n; i++) {
		struct message *msg = c->messages[i];

		if (msg->done || !message_is_due(c, msg))
			continue;
		judged = true;
		slot_fill(c, msg);
		if (c->n_slots == SLOTS)
			round_run(c);
	}
	round_run(c);
	return judged;
}

static void publish_bogus(struct wv_chain *c, const struct wv_name *zone, enum wv_reason reason)
{
	const struct wv_time any = {.checked = false};
	struct wv_trust_fact *fact = c->scratch;

	*fact = (struct wv_trust_fact){
		.size = sizeof(*fact),
		.kind = WV_FACT_BOGUS,
		.source = WV_TRUST_PRELOADED,
		.reason = reason,
		.life = {.pinned = true},
		.zone = *zone,
	};
	fact->life.not_before = c->params.packet_time ? c->first_s : c->params.now.now_s;
	fact->life.not_after = c->params.packet_time ? c->last_s : c->params.now.now_s;
	fact->life.expires = fact->life.not_after;
	wv_trust_publish(c->params.trust, fact, any);
}

// A DNSKEY answer that failed says why its zone is bogus, where nothing better is known.
static void give_up_failed(struct wv_chain *c, const struct message *msg)
{
	const struct wv_time any = {.checked = false};
	const struct wv_trust_zone *zone;
	enum wv_reason reason = msg->failure;
	struct wv_name name;

	message_name(msg, &name);
	zone = wv_trust_get(c->params.trust, &name, any);
	if (zone == NULL)
		return;
	switch (wv_trust_status_at(zone, any)) {
	case WV_TRUST_SECURE:
	case WV_TRUST_INSECURE:
		return;
	case WV_TRUST_BOGUS:
		reason = wv_validate_telling(zone->reason, reason);
		break;
	case WV_TRUST_DELEGATED:
		break;
	}
	publish_bogus(c, &name, reason);
}

struct silent {
	struct wv_name *names;
	size_t n, room;
};

static void silent_note(void *arg, const struct wv_trust_zone *zone)
{
	struct silent *s = arg;

	if (wv_trust_status_at(zone, (struct wv_time){.checked = false}) != WV_TRUST_DELEGATED)
		return;
	if (s->n == s->room) {
		size_t room = 2 * s->room + 64;
		struct wv_name *names = realloc(s->names, room * sizeof(*names));

		if (names == NULL)
			return; // such a zone has no DNSKEY set: with `asked`, it comes to the same
		s->names = names;
		s->room = room;
	}
	s->names[s->n++] = zone->name;
}

static void give_up(struct wv_chain *c)
{
	struct silent silent = {.n = 0};

	if (!c->any)
		return;
	c->counts.dropped = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct message *msg = c->messages[i];

		if (msg->failure == WV_REASON_SECURE)
			continue;
		c->counts.dropped++;
		if (msg->qtype == WV_TYPE_DNSKEY)
			give_up_failed(c, msg);
	}
	wv_trust_each(c->params.trust, silent_note, &silent);
	for (size_t i = 0; i < silent.n; i++)
		publish_bogus(c, &silent.names[i], WV_REASON_DNSKEY_MISSING);
	free(silent.names);
}

void wv_chain_settle(struct wv_chain *c)
{
	c->round++;
	for (unsigned pass = 0; pass < PASSES; pass++) {
		if (!pass_run(c))
			break;
	}
	give_up(c);
}

void wv_chain_count(const struct wv_chain *c, struct wv_chain_counts *counts)
{
	*counts = c->counts;
}
