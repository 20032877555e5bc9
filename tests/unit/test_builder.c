#include "wv_builder.h"

#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

// A tree of zones, and a server that knows all of it. The root and these, each its own key.

static struct key root, tld, zone, deep, other_tld, other_zone;

enum kind {
	SIGNED,   // a zone
	UNSIGNED, // a delegation without DS
	OPTED_OUT,
	HOST,
	ALIAS,
	NOWHERE
};

struct place {
	const char *name;
	enum kind kind;
	const struct key *key;
};

static const struct place tree[] = {
	{".", SIGNED, &root},
	{"test.", SIGNED, &tld},
	{"a.test.", SIGNED, &zone},
	{"b.a.test.", SIGNED, &deep},
	{"plain.test.", UNSIGNED, NULL},
	{"out.test.", OPTED_OUT, NULL},
	{"www.a.test.", HOST, NULL},
	{"x.www.a.test.", HOST, NULL},
	{"alias.a.test.", ALIAS, NULL},
};

static const struct place *place_find(const char *name)
{
	for (size_t i = 0; i < WV_COUNT(tree); i++) {
		if (strcmp(tree[i].name, name) == 0)
			return &tree[i];
	}
	return NULL;
}

// The key of the deepest signed zone strictly above a name.
static const struct key *key_above(const char *name)
{
	const struct place *p = NULL;

	while (p == NULL || p->kind != SIGNED) {
		const char *dot = strchr(name, '.');

		name = dot[1] != '\0' ? dot + 1 : ".";
		p = place_find(name);
	}
	return p->key;
}

static void reply_soa(struct reply *r, const struct key *key)
{
	reply_take(r, 2, signed_by(rrset_soa(key->zone), key));
}

// NSEC at a name; `next` NULL: directly behind it.
static void reply_nsec(struct reply *r, const char *name, const char *next, const uint16_t *types,
	const struct key *key)
{
	char behind[300];

	snprintf(behind, sizeof(behind), "!.%s", name);
	reply_take(r, 2, signed_by(rrset_nsec(name, next != NULL ? next : behind, types), key));
}

static void reply_nsec3(
	struct reply *r, const char *name, const uint16_t *types, bool cover, const struct key *key)
{
	reply_take(r, 2,
		signed_by(rrset_nsec3(key->zone, name, types,
				  (struct nsec3){.flags = 1, .cover = cover}),
			key));
}

// The answer to the question for the DS of a name.
static void serve_ds(struct reply *r, const char *name)
{
	static const uint16_t cut[] = {2, 46, 47, 0}, host[] = {1, 46, 47, 0};
	static const uint16_t apex[] = {2, 6, 46, 48, 51, 0};
	const struct place *p = place_find(name);
	const struct key *key = key_above(name);

	reply_begin(r, name, 43, 0x400);
	switch (p != NULL ? p->kind : NOWHERE) {
	case SIGNED:
		reply_take(r, 1, signed_by(rrset_ds(name, p->key), key));
		return;
	case UNSIGNED:
		reply_soa(r, key);
		reply_nsec(r, name, NULL, cut, key);
		return;
	case OPTED_OUT:
		reply_soa(r, key);
		reply_nsec3(r, key->zone, apex, false, key);
		reply_nsec3(r, name, host, true, key);
		return;
	case HOST:
		reply_soa(r, key);
		reply_nsec(r, name, NULL, host, key);
		return;
	case ALIAS:
		reply_take(r, 1, signed_by(rrset_name(name, 5, "www.a.test."), key));
		return;
	case NOWHERE:
		break;
	}
	SIGNER_FAIL(name);
}

static void serve(struct reply *r, const char *name, uint16_t type)
{
	const struct place *p = place_find(name);

	if (type == 43)
		serve_ds(r, name);
	else if (p != NULL && p->kind == SIGNED)
		reply_dnskey(r, p->key);
	else
		SIGNER_FAIL(name);
}

// The builder, and those who use it.

enum serving {
	AS_IT_IS,
	CHANGED, // the test wrote another answer
	SILENT,
	LATER, // the test will answer
};

#define QUEUE 64

static struct {
	struct world *w;
	struct wv_builder *b;
	uint64_t ms;
	struct asked {
		char name[WV_NAME_TEXT];
		uint16_t type;
		bool anew;
	} asked[QUEUE];   // and not answered
	unsigned n_asked; //
	unsigned asks;    // all in all
	char log[8000];   // "DS test.", with a "!" where it was asked anew
	unsigned ends;    //
	enum wv_builder_end end;
	char ended[WV_NAME_TEXT];
	unsigned refuse_after; // asks; 0: never
	bool wrong;            // signatures, where the test makes the answer
	enum serving (*serving)(struct reply *r, const struct asked *a);
	struct reply r;
} f;

static int ask(void *arg, const struct wv_name *name, enum wv_type type, bool anew)
{
	struct asked *a = &f.asked[f.n_asked];
	size_t len = strlen(f.log);

	CHECK(arg == &f);
	if (f.refuse_after != 0 && f.asks >= f.refuse_after)
		return -1;
	if (f.n_asked == QUEUE)
		SIGNER_FAIL("questions");
	wv_name_print(a->name, name);
	a->type = (uint16_t)type;
	a->anew = anew;
	f.n_asked++;
	f.asks++;
	if (len + strlen(a->name) + 20 < sizeof(f.log))
		sprintf(f.log + len, "%s%s %s%s", len > 0 ? ", " : "",
			type == WV_TYPE_DS ? "DS" : "KEYS", a->name, anew ? "!" : "");
	return 0;
}

static void end(void *arg, const struct wv_name *name, enum wv_builder_end how)
{
	CHECK(arg == &f);
	f.ends++;
	f.end = how;
	wv_name_print(f.ended, name);
}

static void begin_with(struct wv_builder_params params)
{
	struct wv_err err = {""};

	memset(&f, 0, sizeof(f));
	f.w = world_new();
	f.ms = 1000000;
	params.trust = f.w->trust;
	params.settings = &f.w->settings;
	params.end = end;
	params.arg = &f;
	f.b = wv_builder_create(&params, &err);
	if (f.b == NULL)
		SIGNER_FAIL(err.text);
	world_anchor(f.w, ".", &root);
}

static struct wv_builder_params small(void)
{
	struct wv_builder_params params = wv_builder_presets;

	params.seeks = 16;
	params.spans = 64;
	params.ask = ask;
	return params;
}

static void begin(void)
{
	begin_with(small());
}

static void finish(void)
{
	wv_builder_destroy(f.b);
	world_free(f.w);
}

static void step(void)
{
	wv_builder_step(f.b, f.w->env.now, f.ms);
}

static void answer(const struct asked *a, const struct reply *r)
{
	struct wv_name name = name_of(a->name);
	uint8_t *exact = test_exact(r->octets, r->len);

	wv_builder_answer(f.b, &name, a->type, exact, r->len, f.w->env.now);
	free(exact);
}

static void unanswered(const struct asked *a)
{
	struct wv_name name = name_of(a->name);

	wv_builder_unanswered(f.b, &name, a->type);
}

// Let the server answer until nothing is asked any more.
static void run(void)
{
	step();
	while (f.n_asked > 0) {
		struct asked a = f.asked[0];
		enum serving how = f.serving != NULL ? f.serving(&f.r, &a) : AS_IT_IS;

		if (how == LATER)
			return;
		memmove(f.asked, f.asked + 1, --f.n_asked * sizeof(f.asked[0]));
		if (how == AS_IT_IS)
			serve(&f.r, a.name, a.type);
		if (how == SILENT)
			unanswered(&a);
		else
			answer(&a, &f.r);
		step();
	}
}

static void seek(const char *name)
{
	struct wv_name n = name_of(name);

	CHECK(wv_builder_seek(f.b, &n) == 0);
}

static void doubt(const char *name)
{
	struct wv_name n = name_of(name);

	CHECK(wv_builder_doubt(f.b, &n) == 0);
}

static bool has_ended(const char *name, enum wv_builder_end how)
{
	return f.ends > 0 && f.end == how && strcmp(f.ended, name) == 0;
}

// What is asked from here on.
static void log_clear(void)
{
	f.log[0] = '\0';
	f.asks = f.ends = 0;
}

static bool logged(const char *wanted)
{
	if (strcmp(f.log, wanted) == 0)
		return true;
	fprintf(stderr, "\nwanted: %s\nasked:  %s\n", wanted, f.log);
	return false;
}

static enum wv_reason status(const char *name)
{
	struct wv_name n = name_of(name);
	const struct wv_trust_zone *z = wv_trust_get(f.w->trust, &n, f.w->env.now);

	return z != NULL ? wv_validate_zone(&f.w->env, z) : WV_REASON_UNJUDGED;
}

static struct wv_builder_counts counts(void)
{
	struct wv_builder_counts c;

	wv_builder_count(f.b, &c);
	return c;
}

// ---- chains ----

#define TO_A "KEYS ., DS test., KEYS test., DS a.test., KEYS a.test."

static void a_chain_is_built_from_the_anchor_down(void)
{
	begin();
	seek("b.a.test.");
	run();
	CHECK(logged(TO_A ", DS b.a.test., KEYS b.a.test."));
	CHECK(f.ends == 1 && has_ended("b.a.test.", WV_BUILDER_KNOWN));
	CHECK(status("b.a.test.") == WV_REASON_SECURE && status("a.test.") == WV_REASON_SECURE);
	CHECK(counts().facts == 7 && counts().asks == 7 && counts().answers == 7);
	CHECK(counts().dropped == 0 && counts().bogus == 0);
	finish();
}

static void a_name_that_is_no_cut_lies_in_the_zone_above(void)
{
	begin();
	seek("x.www.a.test.");
	run();
	CHECK(logged(TO_A ", DS www.a.test., DS x.www.a.test."));
	CHECK(has_ended("x.www.a.test.", WV_BUILDER_KNOWN));
	CHECK(status("www.a.test.") == WV_REASON_UNJUDGED);
	finish();
}

static void an_alias_is_no_cut(void)
{
	begin();
	seek("alias.a.test.");
	run();
	CHECK(logged(TO_A ", DS alias.a.test.") && has_ended("alias.a.test.", WV_BUILDER_KNOWN));
	finish();
}

static void below_a_proof_of_insecurity_nothing_is_asked(void)
{
	begin();
	seek("very.far.below.plain.test.");
	run();
	CHECK(logged("KEYS ., DS test., KEYS test., DS plain.test."));
	CHECK(has_ended("very.far.below.plain.test.", WV_BUILDER_KNOWN));
	CHECK(status("plain.test.") == WV_REASON_UNSIGNED);
	log_clear();
	seek("far.out.test.");
	run();
	CHECK(logged("DS out.test.") && status("out.test.") == WV_REASON_OPT_OUT);
	CHECK(has_ended("far.out.test.", WV_BUILDER_KNOWN));
	finish();
}

static void what_is_known_is_not_asked(void)
{
	begin();
	seek("b.a.test.");
	seek("plain.test.");
	run();
	log_clear();
	seek("a.test.");
	seek("www.plain.test.");
	run();
	CHECK(f.asks == 0 && f.ends == 2);
	finish();
}

static void where_no_anchor_is_nothing_is_asked(void)
{
	struct wv_builder_params params = small();

	begin_with(params);
	wv_builder_destroy(f.b);
	world_free(f.w);
	f.w = world_new();
	params.trust = f.w->trust;
	params.settings = &f.w->settings;
	params.end = end;
	params.arg = &f;
	f.b = wv_builder_create(&params, NULL);
	world_anchor(f.w, "test.", &tld);
	seek("example.");
	run();
	CHECK(f.asks == 0 && has_ended("example.", WV_BUILDER_KNOWN));
	seek("a.test.");
	run();
	CHECK(logged("KEYS test., DS a.test., KEYS a.test."));
	finish();
}

static enum serving never(struct reply *r, const struct asked *a)
{
	(void)r;
	(void)a;
	return LATER;
}

static void one_question_serves_all_who_wait(void)
{
	begin();
	f.serving = never;
	seek("www.a.test.");
	seek("www.a.test.");
	seek("b.a.test.");
	seek("alias.a.test.");
	run();
	CHECK(logged("KEYS .") && counts().seeks == 3);
	CHECK(counts().open[WV_BUILDER_WANT_DNSKEY] == 3);
	seek("plain.test.");
	CHECK(counts().open[WV_BUILDER_WANT_PARENT] == 1);
	f.serving = NULL;
	run();
	// To a.test. five; then DS of each, and the keys of one.
	CHECK(f.asks == 10 && f.ends == 4 && counts().open[WV_BUILDER_WANT_DNSKEY] == 0);
	finish();
}

static void without_a_hook_nothing_is_asked_and_nothing_bogus(void)
{
	struct wv_builder_params params = small();

	params.ask = NULL;
	begin_with(params);
	seek("www.a.test.");
	doubt("test.");
	run();
	CHECK(f.ends == 2 && counts().ends[WV_BUILDER_UNPROVEN] == 2);
	CHECK(counts().bogus == 0 && status(".") == WV_REASON_DNSKEY_MISSING);
	finish();
}

// ---- DS ----

static enum serving unsupported_ds(struct reply *r, const struct asked *a)
{
	struct rrset *set;

	if (strcmp(a->name, "a.test.") != 0)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x400);
	set = rrset_new("a.test.", 43);
	rrset_add_ds(set, "a.test.", &zone, 77);
	sign_with(set, &tld, (struct sign){.broken = f.wrong});
	reply_take(r, 1, set);
	return CHANGED;
}

static void an_unsupported_ds_is_insecure_once_it_is_verified(void)
{
	begin();
	f.serving = unsupported_ds;
	seek("www.a.test.");
	run();
	CHECK(has_ended("www.a.test.", WV_BUILDER_KNOWN));
	CHECK(status("a.test.") == WV_REASON_UNSUPPORTED_DIGEST);
	finish();

	begin();
	f.serving = unsupported_ds;
	f.wrong = true;
	seek("www.a.test.");
	run();
	CHECK(logged("KEYS ., DS test., KEYS test., DS a.test., DS a.test.!"));
	CHECK(has_ended("www.a.test.", WV_BUILDER_KNOWN)); // judged: bogus, by itself
	CHECK(status("a.test.") == WV_REASON_UNJUDGED && counts().bogus == 0);
	finish();
}

static enum serving child_answers(struct reply *r, const struct asked *a)
{
	static const uint16_t apex[] = {2, 6, 46, 47, 48, 0};

	if (strcmp(a->name, "a.test.") != 0 || a->type != 43)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x400);
	reply_soa(r, &zone);
	reply_nsec(r, "a.test.", NULL, apex, &zone);
	return CHANGED;
}

static void ds_answered_by_the_child_proves_nothing(void)
{
	begin();
	f.serving = child_answers;
	seek("www.a.test.");
	run();
	CHECK(logged("KEYS ., DS test., KEYS test., DS a.test., DS a.test.!"));
	CHECK(f.ends == 1 && status("a.test.") == WV_REASON_UNJUDGED && counts().bogus == 0);
	finish();
}

static enum serving referral_to_the_cut(struct reply *r, const struct asked *a)
{
	if (strcmp(a->name, "b.a.test.") != 0 || a->type != 43)
		return AS_IT_IS;
	reply_begin(r, "b.a.test.", 43, 0);
	reply_take(r, 2, rrset_name("b.a.test.", 2, "ns.example."));
	reply_take(r, 2, signed_by(rrset_ds("b.a.test.", &deep), &zone));
	return CHANGED;
}

static void a_referral_is_heard_too(void)
{
	begin();
	f.serving = referral_to_the_cut;
	seek("b.a.test.");
	run();
	CHECK(has_ended("b.a.test.", WV_BUILDER_KNOWN));
	CHECK(logged(TO_A ", DS b.a.test., KEYS b.a.test."));
	CHECK(status("b.a.test.") == WV_REASON_SECURE);
	finish();
}

// ---- what is asked anew ----

// How the keys and DS of a.test. are answered, the first time and anew.
static struct {
	const struct key *ds[2], *keys[2];
	bool ds_silent[2], keys_silent[2];
	bool cached;   // the second time the TTL is less than it was
	bool refused;  // the second time: REFUSED
	unsigned seen; // answers about DNSKEY
} play;

static enum serving played(struct reply *r, const struct asked *a)
{
	struct rrset *set;

	if (strcmp(a->name, "a.test.") != 0)
		return AS_IT_IS;
	if (a->type == 43 ? play.ds_silent[a->anew] : play.keys_silent[a->anew])
		return SILENT;
	reply_begin(r, "a.test.", a->type, a->anew && play.refused ? 0x405 : 0x400);
	if (a->type == 43)
		set = signed_by(rrset_ds("a.test.", play.ds[a->anew]), &tld);
	else
		set = signed_by(
			rrset_dnskey("a.test.", &play.keys[a->anew], 1), play.keys[a->anew]);
	if (a->anew && play.cached)
		set->ttl--;
	reply_take(r, 1, set);
	return CHANGED;
}

#define TO_TEST     "KEYS ., DS test., KEYS test., "
#define FIRST_ROUND "DS a.test., KEYS a.test."
#define ANEW        ", DS a.test.!, KEYS a.test.!"

static void keys_and_ds_are_asked_anew_before_a_zone_is_bogus(void)
{
	static const struct {
		const char *what;
		const struct key *ds[2], *keys[2];
		bool ds_silent[2], keys_silent[2];
		bool cached, refused;
		const char *log;
		enum wv_builder_end end;
		enum wv_reason status;
	} rows[] = {
		{"they match", {&zone, &zone}, {&zone, &zone}, .log = FIRST_ROUND,
			.end = WV_BUILDER_KNOWN, .status = WV_REASON_SECURE},
		{"a new DS, old keys at first", {&zone, &zone}, {&other_zone, &zone},
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_KNOWN,
			.status = WV_REASON_SECURE},
		{"new keys, an old DS at first", {&other_zone, &zone}, {&zone, &zone},
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_KNOWN,
			.status = WV_REASON_SECURE},
		{"they never match", {&zone, &zone}, {&other_zone, &other_zone},
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_KNOWN,
			.status = WV_REASON_STALE_DS},
		{"from a cache that is no word", {&zone, &zone}, {&other_zone, &other_zone},
			.cached = true, .log = FIRST_ROUND ANEW, .end = WV_BUILDER_UNPROVEN,
			.status = WV_REASON_DNSKEY_MISSING},
		{"a cache may heal", {&zone, &zone}, {&other_zone, &zone}, .cached = true,
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_KNOWN,
			.status = WV_REASON_SECURE},
		{"no answer the second time", {&zone, &zone}, {&other_zone, &zone},
			.keys_silent = {false, true}, .log = FIRST_ROUND ANEW,
			.end = WV_BUILDER_UNPROVEN, .status = WV_REASON_DNSKEY_MISSING},
		{"no answer about DS the second time", {&zone, &zone}, {&other_zone, &other_zone},
			.ds_silent = {false, true}, .log = FIRST_ROUND ANEW,
			.end = WV_BUILDER_UNPROVEN, .status = WV_REASON_DNSKEY_MISSING},
		{"no answer the first time", {&zone, &zone}, {&zone, &other_zone},
			.keys_silent = {true, false}, .log = FIRST_ROUND ANEW,
			.end = WV_BUILDER_UNPROVEN, .status = WV_REASON_DNSKEY_MISSING},
		{"healed after silence", {&zone, &zone}, {&zone, &zone},
			.keys_silent = {true, false}, .log = FIRST_ROUND ANEW,
			.end = WV_BUILDER_KNOWN, .status = WV_REASON_SECURE},
		{"silence", {&zone, &zone}, {&zone, &zone}, .keys_silent = {true, true},
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_UNPROVEN,
			.status = WV_REASON_DNSKEY_MISSING},
		{"REFUSED", {&zone, &zone}, {&other_zone, &zone}, .refused = true,
			.log = FIRST_ROUND ANEW, .end = WV_BUILDER_UNPROVEN,
			.status = WV_REASON_DNSKEY_MISSING},
		{"silence about DS", {&zone, &zone}, {&zone, &zone}, .ds_silent = {true, true},
			.log = "DS a.test., DS a.test.!", .end = WV_BUILDER_UNPROVEN,
			.status = WV_REASON_UNJUDGED},
		{"DS after silence", {&zone, &zone}, {&zone, &zone}, .ds_silent = {true, false},
			.log = "DS a.test., DS a.test.!, KEYS a.test.", .end = WV_BUILDER_KNOWN,
			.status = WV_REASON_SECURE},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		begin();
		seek("test.");
		run();
		log_clear();
		f.serving = played;
		memset(&play, 0, sizeof(play));
		memcpy(play.ds, rows[i].ds, sizeof(play.ds));
		memcpy(play.keys, rows[i].keys, sizeof(play.keys));
		memcpy(play.ds_silent, rows[i].ds_silent, sizeof(play.ds_silent));
		memcpy(play.keys_silent, rows[i].keys_silent, sizeof(play.keys_silent));
		play.cached = rows[i].cached;
		play.refused = rows[i].refused;
		seek("a.test.");
		run();
		CHECK_ROW(&rows[i], logged(rows[i].log));
		CHECK_ROW(&rows[i], f.ends == 1 && has_ended("a.test.", rows[i].end));
		CHECK_ROW(&rows[i], status("a.test.") == rows[i].status);
		CHECK_ROW(
			&rows[i], counts().bogus == (rows[i].status == WV_REASON_STALE_DS ? 1 : 0));
		finish();
	}
}

// The clocks go on.
static void wait_s(unsigned s)
{
	f.ms += s * 1000ull;
	f.w->env.now.now_s += s;
}

static void stale_zone(void)
{
	begin();
	seek("test.");
	run();
	f.serving = played;
	memset(&play, 0, sizeof(play));
	play.ds[0] = play.ds[1] = &zone;
	play.keys[0] = play.keys[1] = &other_zone;
	log_clear();
}

static void a_bogus_zone_is_let_alone_for_a_minute(void)
{
	stale_zone();
	seek("www.a.test.");
	run();
	CHECK(f.asks == 4 && status("a.test.") == WV_REASON_STALE_DS);
	for (unsigned s = 0; s < 60; s += 10) {
		seek("other.a.test.");
		run();
		CHECK(f.asks == 4 && has_ended("other.a.test.", WV_BUILDER_KNOWN));
		wait_s(10);
	}
	wait_s(1);
	CHECK(status("a.test.") == WV_REASON_DNSKEY_MISSING); // of which nothing bad is known
	play.keys[0] = &zone;
	seek("a.test.");
	run();
	CHECK(f.asks == 5 && status("a.test.") == WV_REASON_SECURE);
	finish();
}

static void what_was_in_vain_is_let_alone_until_there_is_news(void)
{
	stale_zone();
	play.keys_silent[0] = play.keys_silent[1] = true;
	seek("a.test.");
	run();
	CHECK(f.asks == 4 && has_ended("a.test.", WV_BUILDER_UNPROVEN));
	seek("a.test.");
	run();
	CHECK(f.asks == 4 && f.ends == 2 && has_ended("a.test.", WV_BUILDER_UNPROVEN));

	// A referral passes on the wire: another DS, which the zone's keys match.
	reply_ds(&f.r, &other_zone, &tld);
	CHECK(learn(f.w, &f.r) == WV_REASON_SECURE && f.w->facts == 1);
	wv_builder_news(f.b, &f.w->v.needed[0].owner);
	play.keys_silent[0] = false;
	seek("a.test.");
	run();
	CHECK(f.asks == 5 && status("a.test.") == WV_REASON_SECURE);
	finish();
}

static void doubted_keys_are_asked_for_anew_once(void)
{
	begin();
	seek("a.test.");
	run();
	log_clear();
	doubt("a.test.");
	doubt("a.test.");
	run();
	CHECK(logged("DS a.test.!, KEYS a.test.!"));
	CHECK(f.ends == 1 && has_ended("a.test.", WV_BUILDER_KNOWN));
	doubt("a.test.");
	run();
	CHECK(f.asks == 2 && f.ends == 2 && has_ended("a.test.", WV_BUILDER_KNOWN));
	wait_s(61);
	doubt("a.test.");
	run();
	CHECK(f.asks == 4 && status("a.test.") == WV_REASON_SECURE && counts().bogus == 0);
	log_clear();
	doubt("."); // whose DS nobody has
	run();
	CHECK(logged("KEYS .!") && has_ended(".", WV_BUILDER_KNOWN));
	finish();
}

// A zone that rolled: the keys that are known, and live, do not show it.
static void doubt_finds_new_keys(void)
{
	begin();
	seek("a.test.");
	run();
	f.serving = played;
	memset(&play, 0, sizeof(play));
	play.ds[1] = play.keys[1] = &other_zone;
	reply_begin(&f.r, "www.a.test.", 1, 0x400);
	reply_take(&f.r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &other_zone));
	CHECK(judge(f.w, &f.r) == WV_REASON_UNKNOWN_KEY_TAG);
	doubt("a.test.");
	run();
	CHECK(has_ended("a.test.", WV_BUILDER_KNOWN));
	reply_begin(&f.r, "www.a.test.", 1, 0x400);
	reply_take(&f.r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &other_zone));
	CHECK(judge(f.w, &f.r) == WV_REASON_SECURE);
	finish();
}

// What is known of a secure zone is not taken back for answers that fail.
static void doubt_makes_no_secure_zone_bogus(void)
{
	begin();
	seek("a.test.");
	run();
	f.serving = played;
	memset(&play, 0, sizeof(play));
	play.ds[1] = &zone;
	play.keys[1] = &other_zone;
	doubt("a.test.");
	run();
	CHECK(has_ended("a.test.", WV_BUILDER_KNOWN) && status("a.test.") == WV_REASON_SECURE);
	finish();
}

static bool tld_rolled;

static enum serving rolled(struct reply *r, const struct asked *a)
{
	const struct key *key = tld_rolled ? &other_tld : &tld;

	if (strcmp(a->name, "test.") == 0) {
		if (a->type == 43)
			reply_ds(r, key, &root);
		else
			reply_dnskey(r, key);
		return CHANGED;
	}
	if (strcmp(a->name, "a.test.") == 0 && a->type == 43) {
		reply_ds(r, &zone, key);
		return CHANGED;
	}
	return AS_IT_IS;
}

static void a_ds_by_an_unknown_key_has_the_zone_above_doubted(void)
{
	begin();
	f.serving = rolled;
	tld_rolled = false;
	seek("test.");
	run();
	tld_rolled = true;
	log_clear();
	seek("a.test.");
	run();
	CHECK(logged("DS a.test., DS test.!, KEYS test.!, DS a.test.!, KEYS a.test."));
	CHECK(has_ended("a.test.", WV_BUILDER_KNOWN) && status("a.test.") == WV_REASON_SECURE);
	finish();
}

// ---- limits ----

static char *long_name(char *out, unsigned labels, const char *end_with)
{
	char *p = out;

	for (unsigned i = 0; i < labels; i++)
		p += sprintf(p, "%c.", 'a' + (int)(i % 26));
	sprintf(p, "%s", end_with);
	return out;
}

// A name of a zone with many labels, each of them the name of a host.
static enum serving hosts(struct reply *r, const struct asked *a)
{
	static const uint16_t host[] = {1, 46, 47, 0};

	if (a->type != 43 || place_find(a->name) != NULL)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x400);
	reply_soa(r, key_above(a->name));
	reply_nsec(r, a->name, NULL, host, key_above(a->name));
	return CHANGED;
}

static void a_search_asks_no_more_than_its_budget(void)
{
	struct wv_builder_params params = small();
	char name[300];

	params.seeks = 128;
	params.spans = 4096;
	begin_with(params);
	seek("a.test.");
	run();
	log_clear();
	f.serving = hosts;
	seek(long_name(name, 100, "a.test."));
	run();
	CHECK(f.asks == 32 && has_ended(name, WV_BUILDER_BUDGET) && counts().bogus == 0);
	seek(name); // the first of its labels are known now
	run();
	CHECK(f.asks == 64 && has_ended(name, WV_BUILDER_BUDGET));
	seek(name);
	run();
	seek(name);
	run();
	CHECK(f.asks == 100 && f.ends == 4 && has_ended(name, WV_BUILDER_KNOWN));
	finish();
}

// Their proofs are not kept, so that each question is put again.
static void a_name_is_asked_about_no_more_than_its_budget(void)
{
	struct wv_name name = name_of("a.test.");

	begin();
	seek("test.");
	run();
	log_clear();
	for (unsigned i = 0; i < 20; i++) {
		f.serving = played;
		memset(&play, 0, sizeof(play));
		play.ds[0] = play.ds[1] = &zone;
		play.keys[0] = play.keys[1] = &other_zone;
		play.keys_silent[0] = play.keys_silent[1] = true;
		seek("a.test.");
		run();
		wv_builder_news(f.b, &name);
	}
	CHECK(f.asks == 16 && f.ends == 20 && has_ended("a.test.", WV_BUILDER_BUDGET));
	CHECK(counts().bogus == 0 && status("a.test.") == WV_REASON_DNSKEY_MISSING);
	wait_s(10);
	seek("a.test.");
	run();
	CHECK(f.asks > 16 && !has_ended("a.test.", WV_BUILDER_BUDGET));
	finish();
}

static void a_hook_that_refuses_is_a_budget(void)
{
	begin();
	f.refuse_after = 3;
	seek("www.a.test.");
	run();
	CHECK(f.asks == 3 && has_ended("www.a.test.", WV_BUILDER_BUDGET));
	CHECK(counts().bogus == 0);
	f.refuse_after = 0;
	seek("www.a.test.");
	run();
	CHECK(f.asks == 6 && has_ended("www.a.test.", WV_BUILDER_KNOWN));
	finish();
}

static void chains_end_at_their_depth(void)
{
	begin();
	f.w->settings.chain_depth = 2;
	seek("a.test.");
	seek("www.a.test.");
	run();
	CHECK(f.ends == 2 && counts().ends[WV_BUILDER_KNOWN] == 2);
	log_clear();
	seek("b.a.test.");
	run();
	CHECK(logged("DS b.a.test.") && has_ended("b.a.test.", WV_BUILDER_TOO_DEEP));
	CHECK(counts().bogus == 0);
	finish();
}

static void a_full_table_refuses_and_goes_on(void)
{
	struct wv_name name;
	char text[40];

	begin();
	f.serving = never;
	for (unsigned i = 0; i < 20; i++) {
		sprintf(text, "n%u.test.", i);
		name = name_of(text);
		CHECK(wv_builder_seek(f.b, &name) == (i < 16 ? 0 : -ENOSPC));
	}
	CHECK(wv_builder_doubt(f.b, &name) == -ENOSPC);
	run();
	CHECK(counts().seeks == 16 && counts().refused == 5 && f.asks == 1);
	f.serving = hosts;
	run();
	CHECK(f.ends == 16 && counts().ends[WV_BUILDER_KNOWN] == 16);
	finish();
}

// More names than are remembered: those asked about lately count, the others are forgotten.
static void names_asked_about_are_forgotten_after_their_window(void)
{
	char text[40];

	begin();
	f.serving = hosts;
	for (unsigned i = 0; i < 40; i++) {
		sprintf(text, "n%u.test.", i);
		seek(text);
		run();
	}
	CHECK(counts().ends[WV_BUILDER_KNOWN] == 30 && counts().ends[WV_BUILDER_BUDGET] == 10);
	wait_s(10);
	seek("n35.test.");
	run();
	CHECK(has_ended("n35.test.", WV_BUILDER_KNOWN));
	finish();
}

static void what_is_not_answered_ends(void)
{
	begin();
	f.serving = never;
	seek("test.");
	run();
	CHECK(f.asks == 1);
	f.ms += 9999;
	step();
	CHECK(f.asks == 1 && f.ends == 0);
	f.ms += 200;
	step();
	CHECK(logged("KEYS ., KEYS .!") && f.ends == 0);
	f.ms += 10200;
	step();
	CHECK(has_ended("test.", WV_BUILDER_UNPROVEN) && counts().bogus == 0);
	CHECK(counts().dropped == 2 && counts().answers == 0);
	finish();
}

static void answers_to_what_was_not_asked_are_dropped(void)
{
	static const struct asked unasked = {"test.", 43, false}, keys = {".", 48, false};
	struct asked other = {".", 48, false};

	begin();
	reply_ds(&f.r, &tld, &root);
	answer(&unasked, &f.r);
	CHECK(counts().unasked == 1 && counts().answers == 0
		&& status("test.") == WV_REASON_UNJUDGED);
	f.serving = never;
	seek("test.");
	run();
	reply_dnskey(&f.r, &root);
	f.r.octets[14] = 1; // class or type: not the question that was put
	answer(&other, &f.r);
	CHECK(counts().answers == 1 && counts().facts == 0);
	answer(&keys, &f.r); // and it has been answered
	CHECK(counts().unasked == 2);
	finish();
}

// ---- what passes by ----

static void what_passes_on_the_wire_ends_a_search(void)
{
	struct wv_name name = name_of("plain.test.");

	begin();
	seek("test.");
	run();
	log_clear();
	f.serving = never;
	seek("www.plain.test.");
	run();
	CHECK(logged("DS plain.test.") && f.ends == 0);
	CHECK(counts().open[WV_BUILDER_WANT_DS] == 1);
	serve_ds(&f.r, "plain.test.");
	CHECK(learn(f.w, &f.r) == WV_REASON_SECURE && f.w->facts == 1);
	wv_builder_news(f.b, &name);
	step();
	CHECK(has_ended("www.plain.test.", WV_BUILDER_KNOWN) && f.asks == 1);
	f.serving = NULL;
	run(); // the answer comes late, and says the same
	CHECK(f.ends == 1 && counts().facts == 3 && counts().answers == 4);
	finish();
}

// ---- proofs that are kept ----

static enum serving spans(struct reply *r, const struct asked *a)
{
	static const uint16_t host[] = {1, 46, 47, 0}, cut[] = {2, 46, 47, 0};

	if (a->type != 43 || place_find(a->name) != NULL)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x400);
	reply_soa(r, &zone);
	if (strncmp(a->name, "cut.", 4) == 0)
		reply_nsec(r, "cut.a.test.", "p.a.test.", cut, &zone);
	else
		reply_nsec(r, a->name, "m.a.test.", host, &zone);
	return CHANGED;
}

static void what_a_proof_covers_is_not_asked(void)
{
	static const struct {
		const char *what, *name;
		unsigned asks;
	} rows[] = {
		{"the name itself", "e.a.test.", 0},
		{"in the span", "f.a.test.", 0},
		{"far below a name in the span", "z.y.x.f.a.test.", 0},
		{"below the owner", "x.e.a.test.", 0},
		{"the end of the span", "m.a.test.", 1},
		{"before the span", "d1.a.test.", 1},
	};
	char name[300];

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		begin();
		f.serving = spans;
		seek("e.a.test.");
		run();
		CHECK_ROW(&rows[i], has_ended("e.a.test.", WV_BUILDER_KNOWN) && f.asks == 6);
		log_clear();
		seek(rows[i].name);
		run();
		CHECK_ROW(&rows[i], has_ended(rows[i].name, WV_BUILDER_KNOWN));
		CHECK_ROW(&rows[i], f.asks == rows[i].asks);
		log_clear();
		wait_s(SIGNER_TTL / 2);
		seek("g.a.test.");
		run();
		CHECK_ROW(&rows[i], f.asks == 0);
		finish();
	}
	begin(); // an empty non-terminal for each label: one proof for all
	f.serving = spans;
	seek(long_name(name, 100, "e.a.test."));
	run();
	CHECK(f.asks == 6 && has_ended(name, WV_BUILDER_KNOWN) && counts().spared == 100);
	finish();
}

static void a_proof_says_nothing_below_a_delegation(void)
{
	begin();
	f.serving = spans;
	seek("cut.a.test.");
	run();
	CHECK(status("cut.a.test.") == WV_REASON_UNSIGNED);
	log_clear();
	seek("x.cut.a.test.");
	seek("d.e.a.test.");
	run();
	CHECK(f.asks == 0 && f.ends == 2);
	finish();
}

static void a_proof_ends_with_its_time(void)
{
	begin();
	f.serving = spans;
	seek("e.a.test.");
	run();
	log_clear();
	wait_s(SIGNER_TTL + 1);
	seek("f.a.test.");
	run();
	CHECK(logged("KEYS ., DS test., KEYS test., DS a.test., KEYS a.test., DS f.a.test."));
	finish();
}

// How e.a.test. is said not to exist.
static enum {
	BY_NSEC,
	BY_NSEC3,
	BY_OPT_OUT
} gone_by;

static enum serving gone(struct reply *r, const struct asked *a)
{
	static const uint16_t apex[] = {2, 6, 46, 47, 48, 0}, apex3[] = {2, 6, 46, 48, 51, 0};
	static const uint16_t cut[] = {2, 46, 47, 0}, host[] = {1, 46, 0};
	const struct nsec3 p = {.flags = gone_by == BY_OPT_OUT, .cover = true};

	if (strcmp(a->name, "e.a.test.") != 0)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x403);
	reply_soa(r, &zone);
	if (gone_by == BY_NSEC) {
		reply_nsec(r, "a.test.", "b.a.test.", apex, &zone);
		reply_nsec(r, "cut.a.test.", "p.a.test.", cut, &zone);
		return CHANGED;
	}
	reply_nsec3(r, "a.test.", apex3, false, &zone);
	reply_take(r, 2, signed_by(rrset_nsec3("a.test.", "e.a.test.", host, p), &zone));
	reply_take(r, 2, signed_by(rrset_nsec3("a.test.", "*.a.test.", host, p), &zone));
	return CHANGED;
}

static void below_a_name_that_is_not_there_nothing_is_asked(void)
{
	for (gone_by = BY_NSEC; gone_by <= BY_OPT_OUT; gone_by++) {
		begin();
		f.serving = gone;
		seek("z.y.x.e.a.test.");
		run();
		CHECK(logged(TO_A ", DS e.a.test."));
		CHECK(has_ended("z.y.x.e.a.test.", WV_BUILDER_KNOWN));
		log_clear();
		seek("w.e.a.test.");
		run();
		CHECK(f.asks == 0 && has_ended("w.e.a.test.", WV_BUILDER_KNOWN));
		CHECK(status("e.a.test.")
			== (gone_by == BY_OPT_OUT ? WV_REASON_OPT_OUT : WV_REASON_UNJUDGED));
		finish();
	}
}

// The record that ends before the name begins at a delegation: that is insecure, and known now.
static void a_record_of_absence_tells_of_its_owner_too(void)
{
	begin();
	gone_by = BY_NSEC;
	f.serving = gone;
	seek("e.a.test.");
	run();
	log_clear();
	CHECK(status("cut.a.test.") == WV_REASON_UNJUDGED);
	seek("www.cut.a.test.");
	run();
	CHECK(f.asks == 0 && has_ended("www.cut.a.test.", WV_BUILDER_KNOWN));
	CHECK(status("cut.a.test.") == WV_REASON_UNSIGNED);
	seek("a.a.test."); // in the span of the apex
	seek("b.a.test."); // its end: a zone
	run();
	CHECK(logged("DS b.a.test., KEYS b.a.test."));
	finish();
}

static enum serving branch(struct reply *r, const struct asked *a)
{
	static const uint16_t types[] = {39, 46, 47, 0};

	if (strcmp(a->name, "d.a.test.") == 0) {
		reply_begin(r, a->name, 43, 0x400);
		reply_soa(r, &zone);
		reply_nsec(r, a->name, NULL, types, &zone);
		return CHANGED;
	}
	if (strcmp(a->name, "x.d.a.test.") != 0)
		return AS_IT_IS;
	reply_begin(r, a->name, 43, 0x400);
	reply_take(r, 1, signed_by(rrset_name("d.a.test.", 39, "t.example."), &zone));
	reply_take(r, 1, rrset_name("x.d.a.test.", 5, "x.t.example."));
	return CHANGED;
}

static void below_a_dname_there_is_no_cut(void)
{
	begin();
	f.serving = branch;
	seek("z.y.x.d.a.test.");
	run();
	CHECK(logged(TO_A ", DS d.a.test., DS x.d.a.test."));
	CHECK(has_ended("z.y.x.d.a.test.", WV_BUILDER_KNOWN));
	finish();
}

// A response that waits is judged again by what was found, and no longer depends on who was asked.
static void a_response_that_waited_is_judged_by_what_was_found(void)
{
	static const struct {
		const char *what, *name;
		const struct key *signer;
		const char *signer_name;
		enum wv_reason reason;
	} rows[] = {
		{"signed by its zone", "www.a.test.", &zone, NULL, WV_REASON_SECURE},
		{"stripped", "x.www.a.test.", NULL, NULL, WV_REASON_RRSIG_MISSING},
		{"signed by what is no cut", "x.www.a.test.", &zone, "www.a.test.",
			WV_REASON_DS_UNPROVEN},
		{"unsigned, in an unsigned zone", "x.y.plain.test.", NULL, NULL,
			WV_REASON_UNSIGNED},
		{"in an unsigned zone, signed by somebody", "x.y.plain.test.", &deep, "plain.test.",
			WV_REASON_UNSIGNED},
		{"in a zone by opt-out", "x.out.test.", NULL, NULL, WV_REASON_OPT_OUT},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a(rows[i].name, "192.0.2.1");
		static struct reply response;

		begin();
		f.w->env.asked = false;
		if (rows[i].signer != NULL)
			sign_with(
				set, rows[i].signer, (struct sign){.signer = rows[i].signer_name});
		reply_begin(&response, rows[i].name, 1, 0x400);
		reply_take(&response, 1, set);
		CHECK_ROW(&rows[i], judge(f.w, &response) == WV_REASON_NO_CHAIN);
		seek(rows[i].name);
		run();
		CHECK_ROW(&rows[i], has_ended(rows[i].name, WV_BUILDER_KNOWN));
		f.w->env.asked = true;
		CHECK_ROW(&rows[i], judge(f.w, &response) == rows[i].reason);
		finish();
	}
}

static void an_island_is_sought_from_its_anchor(void)
{
	struct key island = key_make("i.plain.test.", "csk", 13, 257);
	static struct asked a = {"i.plain.test.", 48, false};

	begin();
	world_anchor(f.w, "i.plain.test.", &island);
	seek("www.plain.test.");
	run();
	CHECK(status("plain.test.") == WV_REASON_UNSIGNED);
	log_clear();
	f.serving = never;
	seek("i.plain.test.");
	run();
	CHECK(logged("KEYS i.plain.test."));
	reply_dnskey(&f.r, &island);
	answer(&a, &f.r);
	step();
	CHECK(has_ended("i.plain.test.", WV_BUILDER_KNOWN));
	CHECK(status("i.plain.test.") == WV_REASON_SECURE);
	finish();
	key_free(&island);
}

// ---- in any order ----

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static const char *const somewhere[] = {".", "test.", "a.test.", "b.a.test.", "www.a.test.",
	"x.www.a.test.", "alias.a.test.", "plain.test.", "y.x.plain.test.", "out.test.",
	"z.out.test.", "www.b.a.test."};

// Answer one of the questions, be it well, be it not.
static void answer_somehow(void)
{
	unsigned i = random_below(f.n_asked);
	struct asked a = f.asked[i];

	memmove(f.asked + i, f.asked + i + 1, (--f.n_asked - i) * sizeof(f.asked[0]));
	if (hosts(&f.r, &a) == AS_IT_IS)
		serve(&f.r, a.name, a.type);
	switch (random_below(8)) {
	case 0: // the last signature is wrong
		f.r.octets[f.r.len - 1] ^= 1;
		break;
	case 1:
		f.r.octets[3] = 0x05; // REFUSED
		break;
	case 2:
		f.r.octets[13] ^= 1; // another question
		break;
	case 3:
		unanswered(&a);
		return;
	case 4:
		return; // never
	}
	answer(&a, &f.r);
}

// No question is put twice at a time, nor too often.
static void asks_check(unsigned asked[], unsigned before)
{
	for (unsigned i = 0; i < f.n_asked; i++) {
		for (unsigned k = 0; k < i; k++)
			CHECK(f.asked[i].type != f.asked[k].type
				|| strcmp(f.asked[i].name, f.asked[k].name) != 0);
	}
	for (unsigned i = before; i < f.n_asked; i++) {
		for (unsigned k = 0; k < WV_COUNT(somewhere); k++) {
			if (strcmp(f.asked[i].name, somewhere[k]) == 0)
				CHECK(++asked[k] <= 2 * 16); // its windows overlap with ours
		}
	}
}

static unsigned searches_open(void)
{
	struct wv_builder_counts c = counts();

	return (unsigned)(c.seeks - c.ends[WV_BUILDER_KNOWN] - c.ends[WV_BUILDER_UNPROVEN]
		- c.ends[WV_BUILDER_BUDGET] - c.ends[WV_BUILDER_TOO_DEEP]);
}

// Whatever comes, in whatever order: searches end, questions stay within their limits, what is
// known is true, and a minute after the last bad answer all is well.
static void whatever_comes_in_whatever_order(void)
{
	static const struct {
		const char *zone;
		enum wv_reason status;
	} known[] = {
		{".", WV_REASON_SECURE},
		{"test.", WV_REASON_SECURE},
		{"a.test.", WV_REASON_SECURE},
		{"b.a.test.", WV_REASON_SECURE},
		{"plain.test.", WV_REASON_UNSIGNED},
		{"out.test.", WV_REASON_OPT_OUT},
		{"www.a.test.", WV_REASON_UNJUDGED},
		{"alias.a.test.", WV_REASON_UNJUDGED},
	};

	for (unsigned seed = 1; seed <= 20; seed++) {
		unsigned asked[WV_COUNT(somewhere)] = {0}, window = 0;

		random_state = seed * 0x9e3779b97f4a7c15;
		begin();
		for (unsigned turn = 0; turn < 400; turn++) {
			struct wv_name name = name_of(somewhere[random_below(WV_COUNT(somewhere))]);
			unsigned before;

			switch (random_below(6)) {
			case 0:
				wv_builder_seek(f.b, &name);
				break;
			case 1:
				name = name_of(somewhere[random_below(4)]); // a zone
				wv_builder_doubt(f.b, &name);
				break;
			case 2:
				wv_builder_news(f.b, &name);
				break;
			case 3:
				wait_s(random_below(3));
				break;
			default:
				if (f.n_asked > 0)
					answer_somehow();
			}
			before = f.n_asked;
			CHECK(wv_builder_step(f.b, f.w->env.now, f.ms) == searches_open());
			asks_check(asked, before);
			if (f.ms - window >= 10000) {
				window = (unsigned)f.ms;
				memset(asked, 0, sizeof(asked));
			}
		}
		f.n_asked = 0;
		wait_s(61);
		for (unsigned i = 0; i < 4; i++) { // what was never answered ends
			wait_s(11);
			step();
			f.n_asked = 0;
		}
		CHECK(searches_open() == 0);
		wait_s(61);
		f.serving = hosts;
		for (unsigned i = 0; i < WV_COUNT(somewhere); i++)
			seek(somewhere[i]);
		run();
		CHECK(searches_open() == 0 && f.end == WV_BUILDER_KNOWN);
		for (unsigned i = 0; i < WV_COUNT(known); i++)
			CHECK(status(known[i].zone) == known[i].status);
		finish();
	}
}

static enum serving keys_later(struct reply *r, const struct asked *a)
{
	(void)r;
	return a->type == 48 ? LATER : AS_IT_IS;
}

// An answer that comes when what it would be judged by is not known, or no longer, says nothing.
static void what_cannot_be_judged_makes_nothing_bogus(void)
{
	begin();
	doubt("b.a.test."); // of which nothing is known, nor of what is above
	run();
	CHECK(logged("DS b.a.test.!, KEYS b.a.test.!"));
	CHECK(has_ended("b.a.test.", WV_BUILDER_UNPROVEN) && counts().bogus == 0);
	finish();

	begin();
	seek("test.");
	run();
	log_clear();
	f.serving = keys_later;
	seek("a.test.");
	run();
	CHECK(logged("DS a.test., KEYS a.test."));
	wait_s(SIGNER_TTL + 1); // DS and all above it end
	f.serving = NULL;
	run();
	CHECK(logged("DS a.test., KEYS a.test., KEYS ., DS test., KEYS test., DS a.test.!, "
		     "KEYS a.test.!"));
	CHECK(has_ended("a.test.", WV_BUILDER_KNOWN) && counts().bogus == 0);
	CHECK(status("a.test.") == WV_REASON_SECURE);
	finish();
}

int main(void)
{
	static const struct test tests[] = {
		{"a chain is built from the anchor down", a_chain_is_built_from_the_anchor_down},
		{"a name that is no cut lies in the zone above",
			a_name_that_is_no_cut_lies_in_the_zone_above},
		{"an alias is no cut", an_alias_is_no_cut},
		{"below a proof of insecurity nothing is asked",
			below_a_proof_of_insecurity_nothing_is_asked},
		{"what is known is not asked", what_is_known_is_not_asked},
		{"where no anchor is nothing is asked", where_no_anchor_is_nothing_is_asked},
		{"one question serves all who wait", one_question_serves_all_who_wait},
		{"without a hook nothing is asked, and nothing bogus",
			without_a_hook_nothing_is_asked_and_nothing_bogus},
		{"an unsupported DS is insecure once it is verified",
			an_unsupported_ds_is_insecure_once_it_is_verified},
		{"DS answered by the child proves nothing",
			ds_answered_by_the_child_proves_nothing},
		{"a referral is heard, too", a_referral_is_heard_too},
		{"keys and DS are asked anew before a zone is bogus",
			keys_and_ds_are_asked_anew_before_a_zone_is_bogus},
		{"a bogus zone is let alone for a minute", a_bogus_zone_is_let_alone_for_a_minute},
		{"what was in vain is let alone until there is news",
			what_was_in_vain_is_let_alone_until_there_is_news},
		{"doubted keys are asked for anew once", doubted_keys_are_asked_for_anew_once},
		{"doubt finds new keys", doubt_finds_new_keys},
		{"doubt makes no secure zone bogus", doubt_makes_no_secure_zone_bogus},
		{"a DS by an unknown key has the zone above doubted",
			a_ds_by_an_unknown_key_has_the_zone_above_doubted},
		{"a search asks no more than its budget", a_search_asks_no_more_than_its_budget},
		{"a name is asked about no more than its budget",
			a_name_is_asked_about_no_more_than_its_budget},
		{"a hook that refuses is a budget", a_hook_that_refuses_is_a_budget},
		{"chains end at their depth", chains_end_at_their_depth},
		{"a full table refuses and goes on", a_full_table_refuses_and_goes_on},
		{"names asked about are forgotten after their window",
			names_asked_about_are_forgotten_after_their_window},
		{"what is not answered ends", what_is_not_answered_ends},
		{"answers to what was not asked are dropped",
			answers_to_what_was_not_asked_are_dropped},
		{"what passes on the wire ends a search", what_passes_on_the_wire_ends_a_search},
		{"what a proof covers is not asked", what_a_proof_covers_is_not_asked},
		{"a proof says nothing below a delegation",
			a_proof_says_nothing_below_a_delegation},
		{"a proof ends with its time", a_proof_ends_with_its_time},
		{"below a name that is not there nothing is asked",
			below_a_name_that_is_not_there_nothing_is_asked},
		{"a record of absence tells of its owner too",
			a_record_of_absence_tells_of_its_owner_too},
		{"below a DNAME there is no cut", below_a_dname_there_is_no_cut},

		{"a response that waited is judged by what was found",
			a_response_that_waited_is_judged_by_what_was_found},
		{"an island is sought from its anchor", an_island_is_sought_from_its_anchor},
		{"whatever comes in whatever order", whatever_comes_in_whatever_order},
		{"what cannot be judged makes nothing bogus",
			what_cannot_be_judged_makes_nothing_bogus},
	};
	int result;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	tld = key_make("test.", "csk", 13, 257);
	zone = key_make("a.test.", "csk", 13, 257);
	deep = key_make("b.a.test.", "csk", 13, 257);
	other_tld = key_make("test.", "other", 13, 257);
	other_zone = key_make("a.test.", "other", 13, 257);
	result = test_main("builder", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&tld);
	key_free(&zone);
	key_free(&deep);
	key_free(&other_tld);
	key_free(&other_zone);
	return result;
}
