// The status of a zone that is sought, and what is asked for it.
#include "builder.h"

#include <errno.h>
#include <stdlib.h>

#define SUBJECTS_PER_SEEK 2
#define SWEEP_MS          100 // between looks for what was not answered

const struct wv_builder_params wv_builder_presets = {
	.seeks = 4096,
	.spans = 4096,
	.asks_per_name = 16,
	.window_ms = 10000,
	.asks_per_seek = 32,
	.patience_ms = 10000,
	.again_ms = WV_TRUST_BOGUS_S * 1000,
};

static const enum wv_type ask_types[ASKS] = {WV_TYPE_DS, WV_TYPE_DNSKEY};

// ---- life ----

size_t wv_builder_memory(const struct wv_builder_params *params)
{
	return sizeof(struct wv_builder) + WV_CHAIN_FACT_MAX + wv_batch_memory()
		+ wv_builder_table_memory(params->seeks, sizeof(struct seek))
		+ wv_builder_table_memory(SUBJECTS_PER_SEEK * params->seeks, sizeof(struct subject))
		+ wv_builder_spans_memory(params->spans);
}

static bool builder_allocate(struct wv_builder *b)
{
	const struct wv_builder_params *p = &b->params;

	b->spans = wv_builder_spans_create(p->spans, p->seed);
	b->batch = wv_batch_create(NULL, NULL);
	b->scratch = malloc(WV_CHAIN_FACT_MAX);
	return wv_builder_table_init(&b->seeks, p->seeks, sizeof(struct seek), p->seed)
		&& wv_builder_table_init(
			&b->subjects, SUBJECTS_PER_SEEK * p->seeks, sizeof(struct subject), p->seed)
		&& b->spans != NULL && b->batch != NULL && b->scratch != NULL;
}

struct wv_builder *wv_builder_create(const struct wv_builder_params *params, struct wv_err *err)
{
	struct wv_builder *b = calloc(1, sizeof(*b));

	if (b != NULL) {
		b->params = *params;
		b->env = (struct wv_validate_env){
			.trust = params->trust,
			.settings = params->settings,
			.leg = WV_LEG_UPSTREAM, // where referrals are heard, too
			.asked = true,
		};
	}
	if (b == NULL || !builder_allocate(b)) {
		wv_fail(err, ENOMEM, "chain builder: want %zu octets, not to be had",
			wv_builder_memory(params));
		wv_builder_destroy(b);
		return NULL;
	}
	return b;
}

void wv_builder_destroy(struct wv_builder *b)
{
	if (b == NULL)
		return;
	wv_builder_table_fini(&b->seeks);
	wv_builder_table_fini(&b->subjects);
	wv_builder_spans_destroy(b->spans);
	if (b->batch != NULL)
		wv_batch_destroy(b->batch);
	free(b->scratch);
	free(b);
}

void wv_builder_count(const struct wv_builder *b, struct wv_builder_counts *counts)
{
	*counts = b->counts;
	for (unsigned i = 0; i < b->seeks.n; i++) {
		const struct seek *seek = wv_builder_table_at(&b->seeks, i);

		if (seek != NULL)
			counts->open[seek->state]++;
	}
}

// ---- who is to look again ----

static void seek_is_due(struct wv_builder *b, struct seek *seek)
{
	if (seek->is_due)
		return;
	seek->is_due = true;
	seek->next_due = NULL;
	if (b->first_due == NULL)
		b->first_due = seek;
	else
		b->last_due->next_due = seek;
	b->last_due = seek;
	b->n_due++;
}

static struct seek *due_pop(struct wv_builder *b)
{
	struct seek *seek = b->first_due;

	b->first_due = seek->next_due;
	b->n_due--;
	seek->is_due = false;
	return seek;
}

// One that ends while its own news has it look again.
static void due_remove(struct wv_builder *b, struct seek *seek)
{
	struct seek **link = &b->first_due, *last = NULL;

	while (*link != seek) {
		last = *link;
		link = &last->next_due;
	}
	*link = seek->next_due;
	if (b->last_due == seek)
		b->last_due = last;
	b->n_due--;
	seek->is_due = false;
}

static void seek_wait(struct seek *seek, struct subject *s)
{
	seek->subject = s;
	seek->next_waiting = s->waiting;
	s->waiting = seek;
}

static void seek_unwait(struct seek *seek)
{
	struct seek **link;

	if (seek->subject == NULL)
		return;
	for (link = &seek->subject->waiting; *link != seek;)
		link = &(*link)->next_waiting;
	*link = seek->next_waiting;
	seek->subject = NULL;
}

static void subject_wake(struct wv_builder *b, struct subject *s)
{
	while (s->waiting != NULL) {
		struct seek *seek = s->waiting;

		seek_unwait(seek);
		seek_is_due(b, seek);
	}
}

void wv_builder_news(struct wv_builder *b, const struct wv_name *zone)
{
	struct subject *s = wv_builder_table_find(&b->subjects, zone);

	if (s != NULL) { // what was in vain may not be now
		s->is_settled = false;
		s->vain = 0;
	}
	for (unsigned i = 0; b->seeks.used > 0 && i < b->seeks.n; i++) {
		struct seek *seek = wv_builder_table_at(&b->seeks, i);

		if (seek != NULL && wv_name_is_within(&seek->entry.name, zone))
			seek_is_due(b, seek);
	}
}

static void publish_bogus(struct wv_builder *b, const struct subject *s)
{
	uint32_t now_s = b->env.now.now_s;
	const struct wv_trust_life life = {
		.not_before = now_s,
		.not_after = now_s + WV_TRUST_BOGUS_S,
		.expires = now_s + WV_TRUST_BOGUS_S,
	};

	b->counts.bogus++;
	wv_builder_publish(b, WV_FACT_BOGUS, &s->entry.name, s->failure, &life);
}

// ---- what is asked about a name ----

static bool is_recent(const struct wv_builder *b, const struct subject *s)
{
	return b->now_ms - s->settled_ms < b->params.again_ms;
}

// Is nothing lost with it? Its questions are counted for a window of time.
static bool is_idle(const struct wv_builder *b, const struct subject *s)
{
	return !s->question[ASK_DS].under_way && !s->question[ASK_KEYS].under_way
		&& b->now_ms - s->window_ms >= b->params.window_ms
		&& !((s->is_settled || s->was_doubted) && is_recent(b, s));
}

static void subjects_make_room(struct wv_builder *b)
{
	for (unsigned i = 0; i < b->subjects.n; i++) {
		struct subject *s = wv_builder_table_at(&b->subjects, b->hand);

		b->hand = (b->hand + 1) % b->subjects.n;
		if (s != NULL && is_idle(b, s)) {
			wv_builder_table_give(&b->subjects, s);
			return;
		}
	}
}

// NULL: no room.
static struct subject *subject_get(struct wv_builder *b, const struct wv_name *name)
{
	struct subject *s = wv_builder_table_find(&b->subjects, name);

	if (s != NULL)
		return s;
	if (b->subjects.used == b->subjects.n)
		subjects_make_room(b);
	s = wv_builder_table_take(&b->subjects, name);
	if (s != NULL)
		s->window_ms = b->now_ms;
	return s;
}

static void subject_settle(struct wv_builder *b, struct subject *s, enum wv_builder_end end)
{
	s->round = ROUND_FIRST;
	s->failure = WV_REASON_SECURE;
	s->vain = 0;
	s->lacks_key = false;
	s->end = end;
	s->settled_ms = b->now_ms;
}

// An anchor has no DS that could be asked for.
static void subject_doubt(struct wv_builder *b, struct subject *s, bool is_stale)
{
	const struct wv_trust_zone *zone =
		wv_trust_get(b->params.trust, &s->entry.name, b->env.now);
	bool is_anchor = zone != NULL && zone->is_anchor && zone->n_dssets == 1;

	s->round = is_anchor ? ROUND_ANEW_KEYS : ROUND_ANEW_DS;
	s->is_stale = is_stale;
}

// ---- a search ----

static void seek_end(struct wv_builder *b, struct seek *seek, enum wv_builder_end end)
{
	struct wv_name name = seek->entry.name;

	b->counts.ends[end]++;
	if (seek->is_due)
		due_remove(b, seek);
	wv_builder_table_give(&b->seeks, seek);
	b->params.end(b->params.arg, &name, end);
}

static bool has_budget(const struct wv_builder *b, struct subject *s, const struct seek *seek)
{
	if (b->now_ms - s->window_ms >= b->params.window_ms) {
		s->window_ms = b->now_ms;
		s->asks = 0;
	}
	return s->asks < b->params.asks_per_name && seek->asks < b->params.asks_per_seek;
}

// Why the question must not be asked; KNOWN: it may.
static enum wv_builder_end ask_refusal(
	const struct wv_builder *b, struct subject *s, const struct seek *seek)
{
	if (b->params.ask == NULL)
		return WV_BUILDER_UNPROVEN;
	return has_budget(b, s, seek) ? WV_BUILDER_KNOWN : WV_BUILDER_BUDGET;
}

static void seek_ask(struct wv_builder *b, struct seek *seek, struct subject *s, enum what what)
{
	struct question *q = &s->question[what];
	bool is_anew = s->round != ROUND_FIRST || s->vain > 0;

	seek->state = what == ASK_DS ? WV_BUILDER_WANT_DS : WV_BUILDER_WANT_DNSKEY;
	if (!q->under_way) {
		enum wv_builder_end end = ask_refusal(b, s, seek);

		if (end == WV_BUILDER_KNOWN
			&& b->params.ask(b->params.arg, &s->entry.name, ask_types[what], is_anew)
				!= 0)
			end = WV_BUILDER_BUDGET;
		if (end != WV_BUILDER_KNOWN) {
			seek_end(b, seek, end);
			return;
		}
		b->counts.asks++;
		seek->asks++;
		s->asks++;
		*q = (struct question){
			.under_way = true, .is_anew = is_anew, .asked_ms = b->now_ms};
	}
	seek_wait(seek, s);
}

// The next question about a name.
static void seek_ask_next(
	struct wv_builder *b, struct seek *seek, struct subject *s, enum what first)
{
	switch (s->round) {
	case ROUND_FIRST:
		seek_ask(b, seek, s, first);
		return;
	case ROUND_ANEW_DS:
		seek_ask(b, seek, s, ASK_DS);
		return;
	case ROUND_ANEW_KEYS:
		seek_ask(b, seek, s, ASK_KEYS);
		return;
	}
}

static void seek_about(
	struct wv_builder *b, struct seek *seek, const struct wv_name *name, enum what first)
{
	struct subject *s = subject_get(b, name);

	if (s == NULL)
		seek_end(b, seek, WV_BUILDER_BUDGET);
	else if (s->is_settled && is_recent(b, s))
		seek_end(b, seek, s->end);
	else
		seek_ask_next(b, seek, s, first);
}

/*
 * Below a secure zone: down to the first name, one label longer each time, at which there may be
 * a cut. False: there is none down to the name that is sought, or it was found to be insecure.
 */
static bool seek_descend(
	struct wv_builder *b, struct seek *seek, const struct wv_name *zone, struct wv_name *child)
{
	const struct wv_name *name = &seek->entry.name;
	struct wv_trust_life life;

	if (seek->from != zone->labels)
		seek->clear = zone->labels;
	seek->from = zone->labels;
	for (; seek->clear < name->labels; b->counts.spared++) {
		wv_name_ancestor(child, name, seek->clear + 1);
		switch (wv_builder_spans_find(b->spans, zone, child, b->env.now, &life)) {
		case SPAN_SILENT:
			return true;
		case SPAN_NO_CUT:
			seek->clear++;
			break;
		case SPAN_NOTHING_BELOW:
			seek->clear = name->labels;
			break;
		case SPAN_INSECURE:
			wv_builder_publish(b, WV_FACT_INSECURE, child, WV_REASON_UNSIGNED, &life);
			seek->clear = name->labels;
			break;
		}
	}
	return false;
}

/*
 * A DS RRset signed by a key that is not known: the zone above may have new ones. True: they are
 * being asked for.
 */
static bool seek_doubt_above(struct wv_builder *b, struct seek *seek, const struct wv_name *above)
{
	struct subject *s = subject_get(b, above);

	if (s == NULL)
		return false;
	if (s->round == ROUND_FIRST) {
		if (s->was_doubted && is_recent(b, s))
			return false;
		subject_doubt(b, s, false);
	}
	seek_ask_next(b, seek, s, ASK_DS);
	return true;
}

static void seek_below(struct wv_builder *b, struct seek *seek, const struct wv_name *above,
	const struct wv_name *child)
{
	struct subject *s = wv_builder_table_find(&b->subjects, child);

	if (s != NULL && s->lacks_key) {
		if (seek_doubt_above(b, seek, above))
			return;
		s->lacks_key = false;
	}
	seek_about(b, seek, child, ASK_DS);
}

static void seek_status(struct wv_builder *b, struct seek *seek)
{
	const struct wv_trust_zone *zone =
		wv_trust_find(b->params.trust, &seek->entry.name, b->env.now);
	struct wv_name above, child;

	if (zone == NULL) { // no anchor
		seek_end(b, seek, WV_BUILDER_KNOWN);
		return;
	}
	above = zone->name;
	switch (wv_trust_status_at(zone, b->env.now)) {
	case WV_TRUST_DELEGATED:
		seek_about(b, seek, &above, ASK_KEYS);
		return;
	case WV_TRUST_SECURE:
		if (seek_descend(b, seek, &above, &child)) {
			seek_below(b, seek, &above, &child);
			return;
		}
		break;
	case WV_TRUST_INSECURE:
	case WV_TRUST_BOGUS:
		break;
	}
	seek_end(b, seek, WV_BUILDER_KNOWN);
}

// Both are asked anew, whatever is known; but not soon after that was done.
static void seek_doubt(struct wv_builder *b, struct seek *seek)
{
	struct subject *s = subject_get(b, &seek->entry.name);

	if (s == NULL) {
		seek_end(b, seek, WV_BUILDER_BUDGET);
		return;
	}
	if (!seek->has_begun && s->round == ROUND_FIRST && !(s->was_doubted && is_recent(b, s)))
		subject_doubt(b, s, false);
	seek->has_begun = true;
	if (s->round == ROUND_FIRST)
		seek_end(b, seek, s->end);
	else
		seek_ask_next(b, seek, s, ASK_DS);
}

static void seek_step(struct wv_builder *b, struct seek *seek)
{
	seek_unwait(seek);
	seek->state = WV_BUILDER_WANT_PARENT;
	if (seek->doubts)
		seek_doubt(b, seek);
	else
		seek_status(b, seek);
}

static struct seek *seek_get(struct wv_builder *b, const struct wv_name *name)
{
	struct seek *seek = wv_builder_table_find(&b->seeks, name);

	if (seek != NULL)
		return seek;
	seek = wv_builder_table_take(&b->seeks, name);
	if (seek == NULL) {
		b->counts.refused++;
		return NULL;
	}
	b->counts.seeks++;
	seek_is_due(b, seek);
	return seek;
}

int wv_builder_seek(struct wv_builder *b, const struct wv_name *name)
{
	return seek_get(b, name) != NULL ? 0 : -ENOSPC;
}

int wv_builder_doubt(struct wv_builder *b, const struct wv_name *zone)
{
	struct seek *seek = seek_get(b, zone);

	if (seek == NULL)
		return -ENOSPC;
	if (!seek->doubts)
		seek_is_due(b, seek);
	seek->doubts = true;
	return 0;
}

// ---- answers ----

// Two answers that carry a proof of nothing, of which the second is nobody's old one, are enough.
static void keys_settle(struct wv_builder *b, struct subject *s, const struct said *said)
{
	s->was_doubted = true;
	s->is_stale |= !said->is_word;
	if (said->is_proof) {
		subject_settle(b, s, s->is_stale ? WV_BUILDER_UNPROVEN : WV_BUILDER_KNOWN);
		return;
	}
	if (!s->is_stale)
		publish_bogus(b, s);
	subject_settle(b, s, s->is_stale ? WV_BUILDER_UNPROVEN : WV_BUILDER_KNOWN);
	s->is_settled = true;
}

static void keys_said(
	struct wv_builder *b, struct subject *s, const struct said *said, bool is_anew)
{
	if (said->is_bogus)
		s->failure = s->failure == WV_REASON_SECURE
			? said->reason
			: wv_validate_telling(s->failure, said->reason);
	switch (s->round) {
	case ROUND_FIRST:
		if (!said->is_proof)
			subject_doubt(b, s, !said->is_bogus);
		return;
	case ROUND_ANEW_DS: // an older question
		return;
	case ROUND_ANEW_KEYS:
		if (is_anew)
			keys_settle(b, s, said);
		return;
	}
}

static void ds_said(struct wv_builder *b, struct subject *s, const struct said *said, bool is_anew)
{
	switch (s->round) {
	case ROUND_FIRST:
		s->lacks_key = said->reason == WV_REASON_UNKNOWN_KEY_TAG;
		if (said->is_proof) {
			s->vain = 0;
			return;
		}
		if (said->reason == WV_REASON_BUDGET_CHAIN_DEPTH)
			subject_settle(b, s, WV_BUILDER_TOO_DEEP);
		else if (++s->vain < 2)
			return;
		else if (said->is_bogus && said->is_word)
			subject_settle(b, s, WV_BUILDER_KNOWN);
		else
			subject_settle(b, s, WV_BUILDER_UNPROVEN);
		s->is_settled = true;
		return;
	case ROUND_ANEW_DS:
		if (!is_anew)
			return;
		s->is_stale |= !said->is_word;
		s->round = ROUND_ANEW_KEYS;
		return;
	case ROUND_ANEW_KEYS:
		return;
	}
}

static void waiting_are_clear(const struct subject *s, bool below)
{
	for (struct seek *seek = s->waiting; seek != NULL; seek = seek->next_waiting)
		seek->clear = below ? seek->entry.name.labels : s->entry.name.labels;
}

static void said(struct wv_builder *b, struct subject *s, enum what what, const struct said *said)
{
	struct question *q = &s->question[what];

	q->under_way = false;
	b->counts.dropped += !said->is_proof;
	if (said->no_cut)
		waiting_are_clear(s, said->below);
	if (what == ASK_DS)
		ds_said(b, s, said, q->is_anew);
	else
		keys_said(b, s, said, q->is_anew);
	subject_wake(b, s);
}

// What was asked, and is not answered yet; NULL: nothing.
static struct subject *subject_asked(
	const struct wv_builder *b, const struct wv_name *name, enum what what)
{
	struct subject *s = wv_builder_table_find(&b->subjects, name);

	return s != NULL && s->question[what].under_way ? s : NULL;
}

void wv_builder_answer(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const uint8_t *payload, size_t len, struct wv_time now)
{
	enum what what = type == WV_TYPE_DS ? ASK_DS : ASK_KEYS;
	struct subject *s = subject_asked(b, name, what);
	struct said result;

	b->env.now = now;
	if (s == NULL) {
		b->counts.unasked++;
		return;
	}
	b->counts.answers++;
	result = wv_builder_judge(b, name, type, payload, len);
	said(b, s, what, &result);
}

void wv_builder_unanswered(struct wv_builder *b, const struct wv_name *name, enum wv_type type)
{
	static const struct said nothing = {.reason = WV_REASON_NO_CHAIN};
	enum what what = type == WV_TYPE_DS ? ASK_DS : ASK_KEYS;
	struct subject *s = subject_asked(b, name, what);

	if (s != NULL)
		said(b, s, what, &nothing);
}

// ---- the step ----

static void subjects_sweep(struct wv_builder *b)
{
	static const struct said nothing = {.reason = WV_REASON_NO_CHAIN};

	for (unsigned i = 0; b->subjects.used > 0 && i < b->subjects.n; i++) {
		struct subject *s = wv_builder_table_at(&b->subjects, i);

		for (enum what what = 0; s != NULL && what < ASKS; what++) {
			const struct question *q = &s->question[what];

			if (q->under_way && b->now_ms - q->asked_ms >= b->params.patience_ms)
				said(b, s, what, &nothing);
		}
	}
}

unsigned wv_builder_step(struct wv_builder *b, struct wv_time now, uint64_t now_ms)
{
	b->env.now = now;
	b->now_ms = now_ms;
	if (now_ms - b->swept_ms >= SWEEP_MS) {
		b->swept_ms = now_ms;
		subjects_sweep(b);
	}
	for (unsigned n = b->n_due; n > 0 && b->n_due > 0; n--)
		seek_step(b, due_pop(b));
	return b->seeks.used;
}
