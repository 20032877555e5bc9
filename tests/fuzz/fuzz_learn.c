// What zones are, learned from a story in two ways: from all of it as a capture, and by asking it.
#include "wv_builder.h"

#include "story.h"

#define STEPS   4096
#define STEP_MS 50
#define ASKED   64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct story story;

// Questions that the builder put, and not answered yet.
static struct {
	unsigned n, asks, ends;
	uint32_t used; // messages that were given as answers
	struct asked {
		struct wv_name name;
		enum wv_type type;
	} asked[ASKED];
} world;

static int ask(void *arg, const struct wv_name *name, enum wv_type type, bool anew)
{
	(void)arg;
	(void)anew;
	want(type == WV_TYPE_DS || type == WV_TYPE_DNSKEY);
	if (world.n == ASKED)
		return -EBUSY;
	world.asked[world.n].name = *name;
	world.asked[world.n++].type = type;
	world.asks++;
	return 0;
}

static void end(void *arg, const struct wv_name *name, enum wv_builder_end how)
{
	(void)arg;
	want(name->len > 0 && how <= WV_BUILDER_TOO_DEEP);
	world.ends++;
}

static bool message_asks(
	const struct story_message *msg, const struct wv_name *name, enum wv_type type)
{
	static struct wv_message m;
	enum wv_message_status status = wv_message_parse(&m, msg->octets, msg->len, 0);

	return (status == WV_MESSAGE_OK || status == WV_MESSAGE_BAD_RECORD) && m.qtype == type
		&& wv_name_equal_packed(name, m.base, m.base + m.qname);
}

// The first message that was not given yet and answers the question, or else any that does.
static const struct story_message *answer_find(const struct asked *asked)
{
	const struct story_message *found = NULL;

	for (unsigned i = story.n; i-- > 0;) {
		if (!message_asks(&story.message[i], &asked->name, asked->type))
			continue;
		found = &story.message[i];
		if ((world.used >> i & 1) == 0) {
			world.used |= 1u << i;
			break;
		}
	}
	return found;
}

static void answer_all(struct wv_builder *b)
{
	while (world.n > 0) {
		struct asked asked = world.asked[--world.n];
		const struct story_message *msg = answer_find(&asked);

		if (msg != NULL)
			wv_builder_answer(
				b, &asked.name, asked.type, msg->octets, msg->len, msg->now);
		else
			wv_builder_unanswered(b, &asked.name, asked.type);
	}
}

// The name that a message asks for is sought; or the zone doubted, where it was asked with CD.
static void message_seek(struct wv_builder *b, const struct story_message *msg)
{
	static struct wv_message m;
	enum wv_message_status status = wv_message_parse(&m, msg->octets, msg->len, 0);
	struct wv_name name;

	if (status != WV_MESSAGE_OK && status != WV_MESSAGE_BAD_RECORD)
		return;
	wv_name_unpack(&name, m.base, m.base + m.qname);
	want((msg->query.checking_disabled ? wv_builder_doubt(b, &name) : wv_builder_seek(b, &name))
		<= 0);
}

// Every search ends, and not one question too many was put.
static void builder_try(void)
{
	struct wv_builder_params params = wv_builder_presets;
	struct wv_builder_counts counts;
	struct wv_builder *b;
	struct wv_time now = {0, story.checked};
	unsigned open = 1;

	params.trust = story_trust(&story);
	params.settings = &story.settings;
	params.seeks = 8;
	params.spans = 8;
	params.patience_ms = 4 * STEP_MS;
	params.asks_per_seek = 12;
	params.ask = ask;
	params.end = end;
	memset(&world, 0, sizeof(world));
	b = wv_builder_create(&params, NULL);
	want(b != NULL);
	for (unsigned i = 0; i < story.n; i++) {
		message_seek(b, &story.message[i]);
		now.now_s = story.message[i].now.now_s;
	}
	for (unsigned i = 0; i < STEPS && open > 0; i++) {
		open = wv_builder_step(b, now, (uint64_t)i * STEP_MS);
		if (i % 8 != 7) // or else they are late
			answer_all(b);
	}
	wv_builder_count(b, &counts);
	want(open == 0 && counts.seeks == world.ends && counts.asks == world.asks);
	want(counts.asks <= counts.seeks * params.asks_per_seek);
	wv_builder_destroy(b);
	wv_trust_destroy(params.trust);
}

static void bogus_check(void *arg, const struct wv_trust_zone *zone)
{
	(void)arg;
	if (wv_trust_status_at(zone, (struct wv_time){.checked = false}) == WV_TRUST_BOGUS)
		want(wv_reason_verdict(zone->reason) == WV_VERDICT_BOGUS);
}

// Learned again from the same capture, nothing is new.
static void chain_try(void)
{
	struct wv_chain_params params = {
		.trust = story_trust(&story),
		.settings = &story.settings,
		.leg = story.leg,
		.now = {.now_s = 0, .checked = story.checked},
		.packet_time = story.checked,
	};
	struct wv_chain *chain = wv_chain_create(&params, NULL);
	struct wv_chain_counts counts, again;

	want(chain != NULL);
	for (unsigned i = 0; i < story.n; i++) {
		const struct story_message *msg = &story.message[i];

		want(wv_chain_add(chain, msg->octets, msg->len, msg->now.now_s, &msg->query) == 0);
	}
	wv_chain_settle(chain);
	wv_chain_count(chain, &counts);
	want(counts.messages <= story.n && counts.dropped <= counts.messages);
	wv_chain_settle(chain);
	wv_chain_count(chain, &again);
	want(again.messages == counts.messages);
	wv_trust_each(params.trust, bogus_check, NULL);
	wv_chain_destroy(chain);
	wv_trust_destroy(params.trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!story_read(&story, data, size))
		return 0;
	builder_try();
	chain_try();
	story_end(&story);
	return 0;
}
