/*
 * Floods of forged chain data: whoever can send anything but make signatures of the zones' own
 * keys changes nothing for anyone else. What the store holds and what is said of genuine
 * responses is, octet for octet, as if the forgeries had not come.
 */
#include "wv_builder.h"

#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

static struct key root, tld, zone, deep;
static struct key forger[5]; // his own, one for each zone's name

// The keys of the zones, from the top; where there is none the name is no signed zone.
static const struct {
	const char *name;
	const struct key *key, *above;
} zones[] = {
	{".", &root, NULL},
	{"test.", &tld, &root},
	{"a.test.", &zone, &tld},
	{"b.a.test.", &deep, &zone},
	{"plain.test.", NULL, &tld},
};

static const uint16_t cut[] = {2, 46, 47, 0}, host[] = {1, 46, 47, 0};
static const uint16_t apex[] = {2, 6, 46, 47, 48, 0}, apex3[] = {2, 6, 46, 48, 51, 0};

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

// ---- genuine traffic ----

#define GENUINE 16

static struct genuine {
	const char *what;
	enum wv_reason reason; // when it comes in its turn
	unsigned facts;        // that are news then
	struct reply r;
} genuine[GENUINE];

static struct reply *genuine_begin(
	unsigned *n, const char *what, enum wv_reason reason, unsigned facts)
{
	struct genuine *g = &genuine[*n];

	assert(*n < GENUINE);
	g->what = what;
	g->reason = reason;
	g->facts = facts;
	++*n;
	return &g->r;
}

static void reply_ns(struct reply *r, const char *name)
{
	reply_take(r, 2, rrset_name(name, 2, "ns.example."));
}

static unsigned genuine_make(void)
{
	unsigned n = 0;
	struct reply *r;
	struct rrset *set;

	r = genuine_begin(&n, "the root's keys", WV_REASON_SECURE, 1);
	reply_dnskey(r, &root);
	r = genuine_begin(&n, "the DS of test.", WV_REASON_SECURE, 1);
	reply_ds(r, &tld, &root);
	r = genuine_begin(&n, "the keys of test.", WV_REASON_SECURE, 1);
	reply_dnskey(r, &tld);
	r = genuine_begin(&n, "a referral with DS", WV_REASON_SECURE, 1);
	reply_begin(r, "www.a.test.", 1, 0);
	reply_ns(r, "a.test.");
	reply_take(r, 2, signed_by(rrset_ds("a.test.", &zone), &tld));
	r = genuine_begin(&n, "the keys of a.test.", WV_REASON_SECURE, 1);
	reply_dnskey(r, &zone);
	r = genuine_begin(&n, "an address", WV_REASON_SECURE, 0);
	reply_begin(r, "www.a.test.", 1, 0x400);
	reply_take(r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	r = genuine_begin(&n, "a referral without DS", WV_REASON_SECURE, 1);
	reply_begin(r, "www.plain.test.", 1, 0);
	reply_ns(r, "plain.test.");
	reply_take(r, 2, signed_by(rrset_nsec("plain.test.", "q.test.", cut), &tld));
	r = genuine_begin(&n, "an unsigned address", WV_REASON_UNSIGNED, 0);
	reply_begin(r, "www.plain.test.", 1, 0x400);
	reply_take(r, 1, rrset_a("www.plain.test.", "192.0.2.2"));
	r = genuine_begin(&n, "a DS that nobody supports", WV_REASON_SECURE, 1);
	reply_begin(r, "odd.test.", 43, 0x400);
	set = rrset_new("odd.test.", 43);
	rrset_add_ds(set, "odd.test.", &deep, 99);
	reply_take(r, 1, signed_by(set, &tld));
	r = genuine_begin(&n, "a referral by opt-out", WV_REASON_OPT_OUT, 1);
	reply_begin(r, "www.out.test.", 1, 0);
	reply_ns(r, "out.test.");
	reply_take(r, 2,
		signed_by(rrset_nsec3("test.", "test.", apex3, (struct nsec3){.flags = 1}), &tld));
	reply_take(r, 2,
		signed_by(rrset_nsec3("test.", "out.test.", host,
				  (struct nsec3){.flags = 1, .cover = true}),
			&tld));
	r = genuine_begin(&n, "no delegation", WV_REASON_SECURE, 0);
	reply_begin(r, "www.a.test.", 43, 0x400);
	reply_take(r, 2, signed_by(rrset_soa("a.test."), &zone));
	reply_take(r, 2, signed_by(rrset_nsec("www.a.test.", "x.a.test.", host), &zone));
	r = genuine_begin(&n, "an address that is wrong", WV_REASON_BAD_SIGNATURE, 0);
	reply_begin(r, "wrong.a.test.", 1, 0x400);
	set = rrset_a("wrong.a.test.", "192.0.2.3");
	sign_with(set, &zone, (struct sign){.broken = true});
	reply_take(r, 1, set);
	r = genuine_begin(&n, "the DS of b.a.test.", WV_REASON_SECURE, 1);
	reply_ds(r, &deep, &zone);
	r = genuine_begin(&n, "the keys of b.a.test.", WV_REASON_SECURE, 1);
	reply_dnskey(r, &deep);
	return n;
}

// ---- forgeries ----

// What the forger makes for zones[z]. `above` is the key of the zone above, NULL for the root.
struct mark {
	const char *name;
	const struct key *own, *above, *forged;
	const struct key *forged_above;
};

static void keys_of_his_own(struct reply *r, const struct mark *m)
{
	reply_dnskey(r, m->forged);
}

// A key beside the true one, under the true signature.
static void keys_and_one_more(struct reply *r, const struct mark *m)
{
	const struct key *both[] = {m->own, m->forged};
	struct rrset *set = rrset_dnskey(m->name, both, 1);

	reply_begin(r, m->name, 48, 0x400);
	sign_with(set, m->own, (struct sign){0});
	rrset_add(set, &m->forged->rdata);
	reply_take(r, 1, set);
}

static void keys_signed_by_him(struct reply *r, const struct mark *m)
{
	struct rrset *set = rrset_dnskey(m->name, &m->own, 1);

	reply_begin(r, m->name, 48, 0x400);
	sign_with(set, m->forged, (struct sign){.tag = key_tag(m->own)});
	reply_take(r, 1, set);
}

static void keys_unsigned(struct reply *r, const struct mark *m)
{
	reply_begin(r, m->name, 48, 0x400);
	reply_take(r, 1, rrset_dnskey(m->name, &m->own, 1));
}

static void ds_of_his_own(struct reply *r, const struct mark *m)
{
	struct rrset *set = rrset_ds(m->name, m->forged);

	reply_begin(r, m->name, 43, 0x400);
	sign_with(set, m->forged_above, (struct sign){.tag = key_tag(m->above)});
	reply_take(r, 1, set);
}

static void ds_signed_by_the_child(struct reply *r, const struct mark *m)
{
	struct rrset *set = rrset_ds(m->name, m->forged);

	reply_begin(r, m->name, 43, 0x400);
	sign_with(set, m->own != NULL ? m->own : m->forged,
		(struct sign){.signer = m->above->zone, .tag = key_tag(m->above)});
	reply_take(r, 1, set);
}

// Who believes it before it is verified takes the zone for insecure.
static void ds_unsupported(struct reply *r, const struct mark *m)
{
	struct rrset *set = rrset_new(m->name, 43);

	rrset_add_ds(set, m->name, m->forged, 200);
	reply_begin(r, m->name, 43, 0x400);
	sign_with(set, m->forged_above, (struct sign){.tag = key_tag(m->above)});
	reply_take(r, 1, set);
}

static void referral(struct reply *r, const struct mark *m)
{
	char name[300];

	snprintf(name, sizeof(name), "www.%s", m->name);
	reply_begin(r, name, 1, 0);
	reply_ns(r, m->name);
}

static void no_ds_signed_by_him(struct reply *r, const struct mark *m)
{
	char next[300];
	struct rrset *set;

	snprintf(next, sizeof(next), "zz.%s", m->above->zone[0] == '.' ? "" : m->above->zone);
	set = rrset_nsec(m->name, next, cut);
	referral(r, m);
	sign_with(set, m->forged_above, (struct sign){.tag = key_tag(m->above)});
	reply_take(r, 2, set);
}

static void no_ds_unsigned(struct reply *r, const struct mark *m)
{
	char next[300];

	snprintf(next, sizeof(next), "zz.%s", m->above->zone[0] == '.' ? "" : m->above->zone);
	referral(r, m);
	reply_take(r, 2, rrset_nsec(m->name, next, cut));
}

// A genuine proof, of another name.
static void no_ds_of_another(struct reply *r, const struct mark *m)
{
	referral(r, m);
	reply_take(r, 2, signed_by(rrset_nsec("plain.test.", "q.test.", cut), &tld));
}

// The child's own record at its apex says nothing about the cut.
static void no_ds_by_the_child(struct reply *r, const struct mark *m)
{
	char next[300];

	snprintf(next, sizeof(next), "a.%s", m->name);
	reply_begin(r, m->name, 43, 0x400);
	reply_take(r, 2, signed_by(rrset_soa(m->name), m->own));
	reply_take(r, 2, signed_by(rrset_nsec(m->name, next, apex), m->own));
}

// It was true before the zone was signed.
static void no_ds_that_expired(struct reply *r, const struct mark *m)
{
	char next[300];
	struct rrset *set;

	snprintf(next, sizeof(next), "zz.%s", m->above->zone[0] == '.' ? "" : m->above->zone);
	set = rrset_nsec(m->name, next, cut);
	referral(r, m);
	sign_with(set, m->above,
		(struct sign){.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY});
	reply_take(r, 2, set);
}

static void opt_out_by_him(struct reply *r, const struct mark *m)
{
	const struct sign as_above = {.tag = key_tag(m->above)};
	struct rrset *match =
		rrset_nsec3(m->above->zone, m->above->zone, apex3, (struct nsec3){.flags = 1});
	struct rrset *span = rrset_nsec3(m->above->zone, m->name, host,
		(struct nsec3){.flags = 1, .iterations = random_below(2) * 100, .cover = true});

	referral(r, m);
	sign_with(match, m->forged_above, as_above);
	sign_with(span, m->forged_above, as_above);
	reply_take(r, 2, match);
	reply_take(r, 2, span);
}

// A genuine response with some bits of what is covered turned over.
static void bits_of_a_genuine_one(struct reply *r, const struct mark *m)
{
	(void)m;
	*r = genuine[random_below(3)].r; // all of which is covered
	for (unsigned left = 1 + random_below(3); left > 0;) {
		unsigned begin = (unsigned)r->rr[0].at;
		unsigned at = begin + random_below((unsigned)r->len - begin);
		uint8_t bit = (uint8_t)(1 << random_below(8));

		if ((r->free[at] & bit) != 0)
			continue;
		r->octets[at] ^= bit;
		left--;
	}
}

static const struct {
	void (*make)(struct reply *r, const struct mark *m);
	bool of_a_zone; // and not of a name that is none
	bool of_a_cut;
} forgeries[] = {
	{keys_of_his_own, false, false},
	{keys_and_one_more, true, false},
	{keys_signed_by_him, true, false},
	{keys_unsigned, true, false},
	{ds_of_his_own, false, true},
	{ds_signed_by_the_child, false, true},
	{ds_unsupported, false, true},
	{no_ds_signed_by_him, true, true},
	{no_ds_unsigned, true, true},
	{no_ds_of_another, true, true},
	{no_ds_by_the_child, true, true},
	{no_ds_that_expired, true, true},
	{opt_out_by_him, true, true},
	{bits_of_a_genuine_one, false, false},
};

static void forge(struct reply *r)
{
	for (;;) {
		unsigned f = random_below(WV_COUNT(forgeries)), z = random_below(WV_COUNT(zones));
		struct mark m = {.name = zones[z].name,
			.own = zones[z].key,
			.above = zones[z].above,
			.forged = &forger[z]};

		if ((forgeries[f].of_a_zone && m.own == NULL)
			|| (forgeries[f].of_a_cut && m.above == NULL))
			continue;
		for (unsigned i = 0; m.above != NULL && i < WV_COUNT(zones); i++) {
			if (zones[i].key == m.above)
				m.forged_above = &forger[i];
		}
		forgeries[f].make(r, &m);
		return;
	}
}

// ---- what the store holds ----

struct text {
	size_t len;
	char octets[20000];
};

static void say(struct text *t, const void *octets, size_t n)
{
	const uint8_t *p = octets;

	for (size_t i = 0; i < n && t->len + 3 < sizeof(t->octets); i++)
		t->len += (size_t)sprintf(t->octets + t->len, "%02x", p[i]);
}

static void say_life(struct text *t, const struct wv_trust_life *life)
{
	say(t, &life->not_before, 4);
	say(t, &life->not_after, 4);
	say(t, &life->expires, 4);
}

static void say_zone(void *arg, const struct wv_trust_zone *z)
{
	struct text *t = arg;

	say(t, z->name.octets, z->name.len);
	say(t, &z->status, sizeof(z->status));
	say(t, &z->reason, sizeof(z->reason));
	say(t, &z->source, sizeof(z->source));
	if (z->status == WV_TRUST_INSECURE)
		say_life(t, &z->life);
	for (unsigned i = 0; i < z->n_dssets; i++) {
		say_life(t, &z->dsset[i]->life);
		say(t, z->dsset[i]->ds, z->dsset[i]->n * sizeof(z->dsset[i]->ds[0]));
	}
	for (unsigned i = 0; i < z->n_keysets; i++) {
		say_life(t, &z->keyset[i]->life);
		for (unsigned k = 0; k < z->keyset[i]->n; k++)
			say(t, z->keyset[i]->key[k].rdata, z->keyset[i]->key[k].rdlen);
	}
	t->len += (size_t)sprintf(t->octets + t->len, "\n");
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// Its zones in some order that is always the same.
static void store_print(const struct wv_trust *trust, struct text *out)
{
	static struct text t;
	char *lines[64], *save = NULL;
	unsigned n = 0;

	t.len = 0;
	wv_trust_each(trust, say_zone, &t);
	for (char *p = strtok_r(t.octets, "\n", &save); p != NULL; p = strtok_r(NULL, "\n", &save))
		lines[n++] = p;
	qsort(lines, n, sizeof(lines[0]), line_compare);
	out->len = 0;
	for (unsigned i = 0; i < n; i++)
		out->len += (size_t)snprintf(
			out->octets + out->len, sizeof(out->octets) - out->len, "%s\n", lines[i]);
}

static bool texts_equal(const struct text *a, const struct text *b)
{
	return a->len == b->len && a->len > 500 && memcmp(a->octets, b->octets, a->len) == 0;
}

// ---- the floods ----

static void learn_genuine(struct world *w, const struct genuine *g)
{
	CHECK_ROW(g, learn(w, &g->r) == g->reason);
	CHECK_ROW(g, w->facts == g->facts);
}

static void learn_forged(struct world *w)
{
	static struct reply r;
	struct wv_trust_counts before, after;

	forge(&r);
	wv_trust_count(w->trust, &before);
	CHECK(learn(w, &r) != WV_REASON_SECURE);
	CHECK(w->facts == 0);
	wv_trust_count(w->trust, &after);
	CHECK(after.published == before.published && after.zones == before.zones);
}

// Forgeries before the first, between any two, and after the last.
static void forgeries_on_the_wire_change_nothing(void)
{
	enum {
		EACH = 300
	};
	static struct text alone, amid;
	struct world *w = world_new();

	world_anchor(w, ".", &root);
	for (unsigned i = 0; i < GENUINE && genuine[i].what != NULL; i++)
		learn_genuine(w, &genuine[i]);
	store_print(w->trust, &alone);
	world_free(w);

	random_state = 20260921;
	w = world_new();
	world_anchor(w, ".", &root);
	for (unsigned i = 0; i < GENUINE && genuine[i].what != NULL; i++) {
		for (unsigned k = 0; k < EACH; k++)
			learn_forged(w);
		learn_genuine(w, &genuine[i]);
	}
	for (unsigned k = 0; k < EACH; k++)
		learn_forged(w);
	store_print(w->trust, &amid);
	CHECK(texts_equal(&alone, &amid));
	// And all that is genuine is judged as it was.
	for (unsigned i = 0; i < GENUINE && genuine[i].what != NULL; i++)
		CHECK_ROW(&genuine[i], judge(w, &genuine[i].r) == genuine[i].reason);
	world_free(w);
}

static struct wv_chain *chain_new(struct world *w)
{
	const struct wv_chain_params params = {
		.trust = w->trust,
		.settings = &w->settings,
		.leg = WV_LEG_UPSTREAM,
		.now = w->env.now,
	};

	return wv_chain_create(&params, NULL);
}

static void chain_add(struct wv_chain *c, struct world *w, const struct reply *r)
{
	CHECK(wv_chain_add(c, r->octets, r->len, NOW, &w->query) == 0);
}

// Copies are kept once.
static bool was_forged(const struct reply forged[], unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (forged[k].len == forged[i].len
			&& memcmp(forged[k].octets, forged[i].octets, forged[i].len) == 0)
			return true;
	}
	return false;
}

// A capture with forgeries is learned from like one without; each that fails is counted.
static void forgeries_in_a_capture_change_nothing(void)
{
	enum {
		FORGED = 1500
	};
	static struct text alone, amid;
	static struct reply forged[FORGED];
	struct wv_chain_counts counts;
	unsigned fail = 0, bear = 0;

	random_state = 4711;
	for (unsigned i = 0; i < FORGED; i++)
		forge(&forged[i]);
	for (unsigned with = 0; with < 2; with++) {
		struct world *w = world_new();
		struct wv_chain *c = chain_new(w);

		world_anchor(w, ".", &root);
		for (unsigned i = 0; with != 0 && i < FORGED / 2; i++)
			chain_add(c, w, &forged[i]);
		for (unsigned i = GENUINE; i-- > 0;) {
			if (genuine[i].what != NULL)
				chain_add(c, w, &genuine[i].r);
		}
		for (unsigned i = FORGED / 2; with != 0 && i < FORGED; i++)
			chain_add(c, w, &forged[i]);
		wv_chain_settle(c);
		wv_chain_count(c, &counts);
		wv_chain_destroy(c);
		CHECK(counts.facts == 10);
		store_print(w->trust, with != 0 ? &amid : &alone);
		for (unsigned i = 0; i < GENUINE && genuine[i].what != NULL; i++)
			CHECK_ROW(&genuine[i], judge(w, &genuine[i].r) == genuine[i].reason);
		w->env.asked = false; // as they are judged in a capture
		for (unsigned i = 0; with != 0 && i < FORGED; i++) {
			enum wv_reason reason = judge(w, &forged[i]);

			if (reason == WV_REASON_MALFORMED || !wv_chain_may_bear(&w->m)
				|| was_forged(forged, i))
				continue; // is not kept
			bear++;
			fail += wv_reason_verdict(reason) == WV_VERDICT_BOGUS;
		}
		for (unsigned i = 0; with != 0 && i < GENUINE && genuine[i].what != NULL; i++) {
			judge(w, &genuine[i].r);
			bear += wv_chain_may_bear(&w->m);
		}
		world_free(w);
	}
	CHECK(texts_equal(&alone, &amid));
	CHECK(fail > FORGED / 2 && counts.dropped == fail);
	CHECK(counts.messages == bear);
}

// As workers hand facts to control: what is no news is not handed over.
static void publish_news(void *arg, const struct wv_trust_fact *fact)
{
	struct world *w = arg;

	if (wv_trust_is_news(w->trust, fact, w->env.now))
		world_publish(w, fact);
}

static enum wv_reason learn_news(struct world *w, const struct reply *r)
{
	enum wv_reason reason = judge(w, r);

	wv_chain_harvest(&w->v, WV_TRUST_WIRE, false, w->scratch, publish_news, w);
	return reason;
}

// A TTL is not signed: whoever makes it short keeps nothing from being known for its true time.
static void short_ttls_of_forged_copies_do_not_last(void)
{
	static struct text alone, amid;

	for (unsigned with = 0; with < 2; with++) {
		struct world *w = world_new();

		world_anchor(w, ".", &root);
		for (unsigned i = 0; i < GENUINE && genuine[i].what != NULL; i++) {
			for (uint32_t ttl = 0; with != 0 && ttl < 1000; ttl += 1 + ttl) {
				static struct reply r;

				r = genuine[i].r;
				for (unsigned k = 0; k < r.n; k++) {
					size_t at = r.rr[k].at;

					while (r.octets[at] != 0 && r.octets[at] < 0xc0)
						at += r.octets[at] + 1u;
					at += r.octets[at] != 0 ? 2 : 1;
					wv_store32(r.octets + at + 4, ttl);
				}
				learn_news(w, &r);
			}
			CHECK_ROW(&genuine[i], learn_news(w, &genuine[i].r) == genuine[i].reason);
		}
		store_print(w->trust, with != 0 ? &amid : &alone);
		world_free(w);
	}
	CHECK(texts_equal(&alone, &amid));
}

// ---- through the builder ----

static struct {
	struct wv_name asked[16];
	enum wv_type type[16];
	bool anew[16];
	unsigned n, ends;
} f;

static int ask(void *arg, const struct wv_name *name, enum wv_type type, bool anew)
{
	(void)arg;
	f.anew[f.n] = anew;
	f.asked[f.n] = *name;
	f.type[f.n++] = type;
	return 0;
}

static void end(void *arg, const struct wv_name *name, enum wv_builder_end how)
{
	(void)arg;
	(void)name;
	f.ends += how == WV_BUILDER_KNOWN;
}

static const struct reply *answer_to(const struct wv_name *name, enum wv_type type)
{
	static struct reply r;

	for (unsigned i = 0; i < WV_COUNT(zones); i++) {
		struct wv_name zone_name = name_of(zones[i].name);

		if (!wv_name_equal(&zone_name, name))
			continue;
		if (type == WV_TYPE_DS)
			reply_ds(&r, zones[i].key, zones[i].above);
		else
			reply_dnskey(&r, zones[i].key);
		return &r;
	}
	SIGNER_FAIL("a question");
}

static void answer(struct wv_builder *b, const struct wv_name *name, enum wv_type type,
	const struct reply *r, struct wv_time now)
{
	uint8_t *exact = test_exact(r->octets, r->len);

	wv_builder_answer(b, name, type, exact, r->len, now);
	free(exact);
}

/*
 * Answers that nobody asked for are not even looked at. One in the place of the first answer to
 * each question delays the search by a question, and changes nothing of what it finds.
 */
static void forged_answers_to_questions_change_nothing(void)
{
	static struct text alone, amid;
	static struct reply r;
	struct wv_name name = name_of("b.a.test.");
	struct wv_builder_counts counts;
	uint64_t unasked = 0;

	random_state = 99;
	for (unsigned with = 0; with < 2; with++) {
		struct world *w = world_new();
		struct wv_builder_params params = wv_builder_presets;
		struct wv_builder *b;

		memset(&f, 0, sizeof(f));
		params.seeks = 16;
		params.spans = 64;
		params.trust = w->trust;
		params.settings = &w->settings;
		params.ask = ask;
		params.end = end;
		b = wv_builder_create(&params, NULL);
		if (b == NULL)
			SIGNER_FAIL("memory");
		world_anchor(w, ".", &root);
		CHECK(wv_builder_seek(b, &name) == 0);
		while (wv_builder_step(b, w->env.now, 5000) > 0 && f.n > 0) {
			struct wv_name asked = f.asked[0];
			enum wv_type type = f.type[0];
			bool anew = f.anew[0];

			f.n = 0;
			for (unsigned i = 0; with != 0 && i < 200; i++) {
				struct wv_name other = name_of(zones[random_below(5)].name);

				forge(&r);
				if (wv_name_equal(&other, &asked))
					continue;
				answer(b, &other, r.qtype, &r, w->env.now);
				unasked++;
			}
			if (with != 0 && !anew) { // one that guessed everything but the keys
				if (type == WV_TYPE_DS)
					reply_ds(&r, &forger[2], &forger[1]);
				else
					reply_dnskey(&r, &forger[2]);
				answer(b, &asked, type, &r, w->env.now);
				wv_builder_step(b, w->env.now, 5000);
				REQUIRE(f.n == 1);
				asked = f.asked[0];
				type = f.type[0];
				f.n = 0;
			}
			answer(b, &asked, type, answer_to(&asked, type), w->env.now);
		}
		wv_builder_count(b, &counts);
		CHECK(f.ends == 1 && counts.facts == 7 && counts.bogus == 0);
		CHECK(counts.unasked == unasked);
		store_print(w->trust, with != 0 ? &amid : &alone);
		wv_builder_destroy(b);
		world_free(w);
	}
	CHECK(unasked > 500 && texts_equal(&alone, &amid));
}

int main(void)
{
	static const struct test tests[] = {
		{"forgeries on the wire change nothing", forgeries_on_the_wire_change_nothing},
		{"forgeries in a capture change nothing", forgeries_in_a_capture_change_nothing},
		{"short TTLs of forged copies do not last",
			short_ttls_of_forged_copies_do_not_last},
		{"forged answers to questions change nothing",
			forged_answers_to_questions_change_nothing},
	};
	int result;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	tld = key_make("test.", "csk", 13, 257);
	zone = key_make("a.test.", "csk", 13, 257);
	deep = key_make("b.a.test.", "csk", 13, 257);
	for (unsigned i = 0; i < WV_COUNT(zones); i++)
		forger[i] = key_make(zones[i].name, "forger", 13, 257);
	genuine_make();
	result = test_main("forgeries", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&tld);
	key_free(&zone);
	key_free(&deep);
	for (unsigned i = 0; i < WV_COUNT(zones); i++)
		key_free(&forger[i]);
	return result;
}
