#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

static struct key root, tld, zone, deep;
static struct reply r;

// What was harvested last.
static struct {
	unsigned n;
	union {
		struct wv_trust_fact fact;
		uint8_t octets[WV_CHAIN_FACT_MAX];
	} last;
} got;

static void fact_take(void *arg, const struct wv_trust_fact *fact)
{
	(void)arg;
	got.n++;
	memcpy(got.last.octets, fact, fact->size);
}

static unsigned harvest(struct world *w, enum wv_trust_source source, bool pinned)
{
	unsigned n;

	got.n = 0;
	n = wv_chain_harvest(&w->v, source, pinned, w->scratch, fact_take, NULL);
	return n == got.n ? n : 1000;
}

static struct world *chained(void)
{
	const struct key *const zones[] = {&root, &tld, &zone};
	struct world *w = world_new();

	learn_chain(w, zones, WV_COUNT(zones));
	return w;
}

static bool zone_is(const char *name)
{
	struct wv_name wanted = name_of(name);

	return wv_name_equal(&wanted, &got.last.fact.zone);
}

// Facts.

static void a_dnskey_rrset_becomes_a_fact_in_canonical_order(void)
{
	struct world *w = chained();
	const struct key *const keys[] = {&zone, &deep, &deep, &tld}; // deep twice
	struct rrset *set = signed_by(rrset_dnskey("a.test.", keys, 4), &zone);
	const uint8_t *octets = got.last.fact.octets;

	set->swap = true;
	reply_begin(&r, "a.test.", 48, 0x400);
	reply_set(&r, 1, set);
	REQUIRE(judge(w, &r) == WV_REASON_SECURE);
	REQUIRE(harvest(w, WV_TRUST_FETCHED, true) == 1);
	CHECK(got.last.fact.kind == WV_FACT_KEYS && got.last.fact.n == 3 && zone_is("a.test."));
	CHECK(got.last.fact.source == WV_TRUST_FETCHED);
	CHECK(got.last.fact.life.pinned && !got.last.fact.life.forever);
	for (unsigned i = 0, k = 0; i < 3; i++, k++) {
		while (k > 0 && octets_compare(&set->rd[k], &set->rd[k - 1]) == 0)
			k++;
		REQUIRE(wv_load16(octets) == set->rd[k].len);
		CHECK(memcmp(octets + 2, set->rd[k].octets, set->rd[k].len) == 0);
		octets += 2 + set->rd[k].len;
	}
	CHECK(got.last.fact.size == (size_t)(octets - got.last.octets));
	free(set);
	world_free(w);
}

static void a_fact_lives_as_long_as_its_signature_and_ttl_allow(void)
{
	static const struct {
		const char *what;
		uint32_t inception, expiration, original_ttl, ttl;
		uint32_t not_before, not_after, expires;
	} rows[] = {
		{"an hour", NOW - 10 * DAY, NOW + 10 * DAY, 3600, 3600, NOW - 11 * DAY,
			NOW + 11 * DAY, NOW + 3600},
		{"a TTL below the original", NOW - 10 * DAY, NOW + 10 * DAY, 3600, 60,
			NOW - 11 * DAY, NOW + 11 * DAY, NOW + 60},
		{"a TTL above the original", NOW - 10 * DAY, NOW + 10 * DAY, 60, 3600,
			NOW - 11 * DAY, NOW + 11 * DAY, NOW + 60},
		{"a TTL with its first bit set is 0", NOW - 10 * DAY, NOW + 10 * DAY, UINT32_MAX,
			0x80000000, NOW - 11 * DAY, NOW + 11 * DAY, NOW},
		{"a signature that ends first", NOW - 3600, NOW + 60, 86400, 86400, NOW - 7200,
			NOW + 3660, NOW + 3660},
		{"a signature that expired within the skew", NOW - 7200, NOW - 60, 86400, 86400,
			NOW - 10800, NOW + 3540, NOW + 3540},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_ds("b.a.test.", &deep);

		sign_with(set, &zone,
			(struct sign){.inception = rows[i].inception,
				.expiration = rows[i].expiration,
				.ttl = rows[i].original_ttl});
		set->ttl = rows[i].ttl;
		reply_begin(&r, "b.a.test.", 43, 0x400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], judge(w, &r) == WV_REASON_SECURE);
		CHECK_ROW(&rows[i], harvest(w, WV_TRUST_WIRE, false) == 1);
		CHECK_ROW(&rows[i], got.last.fact.kind == WV_FACT_DS && !got.last.fact.life.pinned);
		CHECK_ROW(&rows[i], got.last.fact.life.not_before == rows[i].not_before);
		CHECK_ROW(&rows[i], got.last.fact.life.not_after == rows[i].not_after);
		CHECK_ROW(&rows[i], got.last.fact.life.expires == rows[i].expires);
	}
	world_free(w);
}

static void a_ds_that_nobody_supports_makes_its_zone_insecure(void)
{
	struct world *w = chained();
	struct rrset *set = rrset_new("b.a.test.", 43);

	rrset_add_ds(set, "b.a.test.", &deep, 200);
	reply_begin(&r, "b.a.test.", 43, 0x400);
	reply_take(&r, 1, signed_by(set, &zone));
	REQUIRE(judge(w, &r) == WV_REASON_SECURE);
	REQUIRE(harvest(w, WV_TRUST_WIRE, false) == 1);
	CHECK(got.last.fact.kind == WV_FACT_INSECURE && zone_is("b.a.test."));
	CHECK(got.last.fact.reason == WV_REASON_UNSUPPORTED_DIGEST && got.last.fact.n == 0);
	CHECK(got.last.fact.size == sizeof(struct wv_trust_fact));
	world_free(w);
}

static void what_two_records_prove_lives_as_long_as_both(void)
{
	static const uint16_t apex[] = {2, 6, 46, 48, 51, 0}, a[] = {1, 46, 0};
	struct world *w = chained();
	struct rrset *match = rrset_nsec3("a.test.", "a.test.", apex, (struct nsec3){.flags = 1});
	struct rrset *span =
		rrset_nsec3("a.test.", "b.a.test.", a, (struct nsec3){.flags = 1, .cover = true});

	sign_with(match, &zone,
		(struct sign){.inception = NOW - 30 * DAY, .expiration = NOW + 10 * DAY});
	sign_with(span, &zone,
		(struct sign){.inception = NOW - 10 * DAY, .expiration = NOW + 30 * DAY});
	span->ttl = 60;
	reply_begin(&r, "www.b.a.test.", 1, 0);
	reply_take(&r, 2, rrset_name("b.a.test.", 2, "ns.example."));
	reply_take(&r, 2, match);
	reply_take(&r, 2, span);
	REQUIRE(judge(w, &r) == WV_REASON_OPT_OUT);
	REQUIRE(harvest(w, WV_TRUST_WIRE, false) == 1);
	CHECK(got.last.fact.kind == WV_FACT_INSECURE && zone_is("b.a.test."));
	CHECK(got.last.fact.reason == WV_REASON_OPT_OUT);
	CHECK(got.last.fact.life.not_before == NOW - 11 * DAY);
	CHECK(got.last.fact.life.not_after == NOW + 11 * DAY);
	CHECK(got.last.fact.life.expires == NOW + 60);
	world_free(w);
}

// Nothing comes of what was not verified, of wildcards, or of addresses.
static void nothing_else_becomes_a_fact(void)
{
	struct world *w = chained();
	struct rrset *set;

	reply_begin(&r, "www.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	CHECK(judge(w, &r) == WV_REASON_SECURE && harvest(w, WV_TRUST_WIRE, false) == 0);

	// Beside an answer a DS is not needed, and so not verified.
	reply_take(&r, 2, signed_by(rrset_ds("b.a.test.", &deep), &zone));
	CHECK(judge(w, &r) == WV_REASON_SECURE && harvest(w, WV_TRUST_WIRE, false) == 0);

	set = rrset_ds("b.a.test.", &deep);
	sign_with(set, &zone, (struct sign){.broken = true});
	reply_begin(&r, "b.a.test.", 43, 0x400);
	reply_take(&r, 1, set);
	CHECK(judge(w, &r) == WV_REASON_BAD_SIGNATURE && harvest(w, WV_TRUST_WIRE, false) == 0);

	set = rrset_ds("b.a.test.", &deep);
	sign_with(set, &zone, (struct sign){.as = "*.a.test."});
	reply_begin(&r, "b.a.test.", 43, 0x400);
	reply_take(&r, 1, set);
	CHECK(judge(w, &r) == WV_REASON_WILDCARD_UNPROVEN);
	CHECK(w->v.needed[0].reason == WV_REASON_SECURE && harvest(w, WV_TRUST_WIRE, false) == 0);

	reply_begin(&r, "b.a.test.", 43, 0x402);
	reply_take(&r, 1, signed_by(rrset_ds("b.a.test.", &deep), &zone));
	CHECK(judge(w, &r) == WV_REASON_RCODE && harvest(w, WV_TRUST_WIRE, false) == 0);
	world_free(w);
}

static void what_may_bear_facts(void)
{
	static const uint16_t types[] = {2, 46, 47, 0};
	static const struct {
		const char *what;
		uint16_t qtype, flags;
		struct {
			unsigned section;
			uint16_t type;
		} rr[3];
		bool bears;
	} rows[] = {
		{"an address", 1, 0x400, {{1, 1}}, false},
		{"DNSKEY", 48, 0x400, {{1, 48}}, true},
		{"DS", 43, 0x400, {{1, 43}}, true},
		{"DS, REFUSED", 43, 0x405, {{1, 43}}, false},
		{"DS, YXDOMAIN", 43, 0x406, {{1, 43}}, true}, // nobody signs the rcode
		{"a referral with DS", 1, 0, {{2, 2}, {2, 43}}, true},
		{"a referral with NSEC", 1, 0, {{2, 2}, {2, 47}}, true},
		{"a referral with nothing", 1, 0, {{2, 2}}, false},
		{"no such type", 1, 0x400, {{2, 6}, {2, 47}}, false},
		{"no such name", 1, 0x403, {{2, 6}, {2, 47}}, false},
		{"no DS", 43, 0x400, {{2, 6}, {2, 47}}, true},
		{"no such type, without SOA", 1, 0x400, {{2, 47}}, true},
		{"no such type in an unsigned zone", 1, 0x400, {{2, 2000}, {2, 47}}, true},
		{"DS in the additional section", 1, 0x400, {{3, 43}}, false},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		reply_begin(&r, "b.a.test.", rows[i].qtype, rows[i].flags);
		for (unsigned k = 0; k < 3 && rows[i].rr[k].section != 0; k++) {
			struct rrset *set = NULL;

			switch (rows[i].rr[k].type) {
			case 1:
				set = rrset_a("b.a.test.", "192.0.2.1");
				break;
			case 2:
				set = rrset_name("b.a.test.", 2, "ns.example.");
				break;
			case 6:
				set = signed_by(rrset_soa("a.test."), &zone);
				break;
			case 2000: // a child's
				set = rrset_soa("b.a.test.");
				break;
			case 43:
				set = rrset_ds("b.a.test.", &deep);
				break;
			case 47:
				set = rrset_nsec("b.a.test.", "c.a.test.", types);
				break;
			case 48:
				set = rrset_dnskey(
					"b.a.test.", (const struct key *const[]){&deep}, 1);
				break;
			}
			reply_take(&r, rows[i].rr[k].section, set);
		}
		judge(w, &r);
		CHECK_ROW(&rows[i], wv_chain_may_bear(&w->m) == rows[i].bears);
	}
	world_free(w);
}

// What comes of a proof that there is no DS. The question is for the address of www.b.a.test. or,
// `ds`, for the DS of b.a.test.
static void every_proof_of_insecurity_becomes_a_fact(void)
{
	static const uint16_t cut[] = {2, 46, 47, 0}, cut_ds[] = {2, 43, 46, 47, 0};
	static const uint16_t host[] = {1, 46, 47, 0}, apex[] = {2, 6, 46, 47, 48, 0};
	static const uint16_t apex3[] = {2, 6, 46, 48, 51, 0};
	static const struct {
		const char *what;
		bool ds;
		uint16_t flags;
		bool ns, soa, child_soa;
		const uint16_t *nsec, *nsec3; // the types at b.a.test.
		bool covered;                 // by opt-out, b.a.test. itself
		uint16_t iterations;
		enum wv_leg leg;
		enum wv_trust_source source;
		enum wv_reason reason; // SECURE: no fact
	} rows[] = {
		{"a referral, NSEC", .ns = true, .nsec = cut, .reason = WV_REASON_UNSIGNED},
		{"a referral, NSEC3", .ns = true, .nsec3 = cut, .reason = WV_REASON_UNSIGNED},
		{"a referral, opt-out", .ns = true, .nsec3 = host, .covered = true,
			.reason = WV_REASON_OPT_OUT},
		{"a referral, 51 iterations", .ns = true, .nsec3 = cut, .iterations = 51,
			.reason = WV_REASON_NSEC3_ITERATIONS},
		{"a referral, 151 iterations", .ns = true, .nsec3 = cut, .iterations = 151},
		{"a referral with AA", .flags = 0x400, .ns = true, .nsec = cut,
			.reason = WV_REASON_UNSIGNED},
		{"a referral to what has DS", .ns = true, .nsec = cut_ds},
		{"a referral to what is no cut", .ns = true, .nsec = host},
		{"a referral, the child's record", .ns = true, .nsec = apex},
		{"a referral with nothing", .ns = true},
		{"a referral is none for clients", .ns = true, .nsec = cut, .leg = WV_LEG_CLIENT,
			.reason = WV_REASON_UNSIGNED},
		{"no DS, NSEC", true, 0x400, .soa = true, .nsec = cut,
			.reason = WV_REASON_UNSIGNED},
		{"no DS, NSEC3", true, 0x400, .soa = true, .nsec3 = cut,
			.reason = WV_REASON_UNSIGNED},
		{"no DS, opt-out", true, 0x400, .soa = true, .nsec3 = host, .covered = true,
			.reason = WV_REASON_OPT_OUT},
		{"no such name, opt-out, on the wire", true, 0x403, .soa = true, .nsec3 = host,
			.covered = true},
		{"no such name, opt-out, asked for", true, 0x403, .soa = true, .nsec3 = host,
			.covered = true, .source = WV_TRUST_FETCHED, .reason = WV_REASON_OPT_OUT},
		{"no DS, for clients", true, 0x80, .soa = true, .nsec = cut, .leg = WV_LEG_CLIENT,
			.reason = WV_REASON_UNSIGNED},
		{"no DS, no cut", true, 0x400, .soa = true, .nsec = host},
		{"no DS, the child's word", true, 0x400, .child_soa = true, .nsec = apex},
		{"no type in an unsigned zone, for clients", .flags = 0x80, .child_soa = true,
			.nsec = cut, .leg = WV_LEG_CLIENT, .reason = WV_REASON_UNSIGNED},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct nsec3 p = {.flags = rows[i].covered,
			.iterations = rows[i].iterations,
			.cover = rows[i].covered};
		struct nsec3 encloser = {.flags = rows[i].covered, .iterations = p.iterations};
		struct world *w = chained();
		bool is_child = rows[i].nsec == apex;
		unsigned facts = rows[i].reason != WV_REASON_SECURE;

		w->env.leg = rows[i].leg;
		reply_begin(&r, rows[i].ds ? "b.a.test." : "www.b.a.test.", rows[i].ds ? 43 : 1,
			rows[i].flags);
		if (rows[i].ns)
			reply_take(&r, 2, rrset_name("b.a.test.", 2, "ns.example."));
		if (rows[i].soa)
			reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
		if (rows[i].child_soa)
			reply_take(&r, 2, rrset_soa("b.a.test."));
		if (rows[i].nsec != NULL)
			reply_take(&r, 2,
				signed_by(rrset_nsec("b.a.test.",
						  is_child ? "c.b.a.test." : "c.a.test.",
						  rows[i].nsec),
					is_child ? &deep : &zone));
		if (rows[i].nsec3 != NULL)
			reply_take(&r, 2,
				signed_by(rrset_nsec3("a.test.", "b.a.test.", rows[i].nsec3, p),
					&zone));
		if (rows[i].covered)
			reply_take(&r, 2,
				signed_by(
					rrset_nsec3("a.test.", "a.test.", apex3, encloser), &zone));
		if ((rows[i].flags & 15) == 3)
			reply_take(&r, 2,
				signed_by(rrset_nsec3("a.test.", "*.a.test.", host, p), &zone));
		judge(w, &r);
		CHECK_ROW(&rows[i], facts == 0 || wv_chain_may_bear(&w->m));
		CHECK_ROW(&rows[i],
			harvest(w, rows[i].source != 0 ? rows[i].source : WV_TRUST_WIRE, false)
				== facts);
		if (facts != 0) {
			CHECK_ROW(&rows[i], got.last.fact.kind == WV_FACT_INSECURE);
			CHECK_ROW(&rows[i], got.last.fact.reason == rows[i].reason);
			CHECK_ROW(&rows[i], zone_is("b.a.test."));
		}
		world_free(w);
	}
}

// Captures.

static struct wv_chain *chain_new(struct world *w, bool packet_time)
{
	const struct wv_chain_params params = {
		.trust = w->trust,
		.settings = &w->settings,
		.leg = WV_LEG_UPSTREAM,
		.now = w->env.now,
		.packet_time = packet_time,
	};
	struct wv_err err = {""};
	struct wv_chain *c = wv_chain_create(&params, &err);

	if (c == NULL)
		SIGNER_FAIL(err.text);
	return c;
}

static void chain_add_at(
	struct world *w, struct wv_chain *c, const struct reply *reply, uint32_t time_s)
{
	uint8_t *exact = test_exact(reply->octets, reply->len);

	CHECK(wv_chain_add(c, exact, reply->len, time_s, &w->query) == 0);
	free(exact); // it was copied
}

static void chain_add(struct world *w, struct wv_chain *c, const struct reply *reply)
{
	chain_add_at(w, c, reply, NOW);
}

static struct wv_chain_counts settle(struct wv_chain *c)
{
	struct wv_chain_counts counts;

	wv_chain_settle(c);
	wv_chain_count(c, &counts);
	wv_chain_destroy(c);
	return counts;
}

static enum wv_reason zone_reason(struct world *w, const char *name)
{
	struct wv_name n = name_of(name);
	const struct wv_trust_zone *z = wv_trust_get(w->trust, &n, w->env.now);

	return z != NULL ? wv_validate_zone(&w->env, z) : WV_REASON_UNJUDGED;
}

// What zones[i] needs of its parent, and of itself.
static void chain_replies(struct reply replies[], const struct key *const zones[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			reply_ds(replies++, zones[i], zones[i - 1]);
		reply_dnskey(replies++, zones[i]);
	}
}

static void a_chain_is_learned_in_any_order(void)
{
	static struct reply replies[5];
	const struct key *const zones[] = {&root, &tld, &zone};

	chain_replies(replies, zones, 3);
	for (unsigned order = 0; order < 120; order++) {
		struct world *w = world_new();
		struct wv_chain *c = chain_new(w, false);
		struct wv_chain_counts counts;
		unsigned left[] = {0, 1, 2, 3, 4}, code = order;

		world_anchor(w, ".", &root);
		for (unsigned n = 5; n > 0; n--) { // the permutation of that number
			unsigned i = code % n;

			chain_add(w, c, &replies[left[i]]);
			code /= n;
			left[i] = left[n - 1];
		}
		counts = settle(c);
		CHECK(counts.messages == 5 && counts.facts == 5 && counts.dropped == 0);
		CHECK(zone_reason(w, "a.test.") == WV_REASON_SECURE);
		world_free(w);
	}
}

// Deepest first: one more level can be told in each pass.
static void a_deep_chain_is_learned_from_its_end(void)
{
	enum {
		DEPTH = 30
	};
	static struct reply replies[2 * DEPTH];
	static char names[DEPTH][2 * DEPTH + 2];
	struct key keys[DEPTH];
	const struct key *zones[DEPTH];
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, false);
	struct wv_chain_counts counts;

	for (unsigned i = 0; i < DEPTH; i++) {
		for (unsigned k = 0; k <= i; k++)
			memcpy(names[i] + (size_t)2 * k, "x.", 3);
		keys[i] = key_make(names[i], "csk", 13, 257);
		zones[i] = &keys[i];
	}
	world_anchor(w, names[0], &keys[0]);
	chain_replies(replies, zones, DEPTH);
	for (unsigned i = 2 * DEPTH - 1; i-- > 0;)
		chain_add(w, c, &replies[i]);
	counts = settle(c);
	CHECK(counts.messages == 2 * DEPTH - 1 && counts.facts == 2 * DEPTH - 1);
	CHECK(zone_reason(w, names[DEPTH - 1]) == WV_REASON_SECURE);
	world_free(w);
	for (unsigned i = 0; i < DEPTH; i++)
		key_free(&keys[i]);
}

// What a zone's DNSKEY answers are like, and why the zone is given up.

enum kind {
	NONE,
	GOOD,
	STALE,
	BROKEN,
	EXPIRED,
	UNSIGNED,
	BY_ANOTHER
};

static void dnskey_of_kind(enum kind kind, const struct key *other)
{
	const struct key *key = kind == STALE ? other : &deep;
	struct rrset *set = rrset_dnskey("b.a.test.", &key, 1);

	if (kind == EXPIRED)
		sign_with(set, key,
			(struct sign){.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY});
	else if (kind == BY_ANOTHER)
		sign_with(set, other, (struct sign){0});
	else if (kind != UNSIGNED)
		sign_with(set, key, (struct sign){.broken = kind == BROKEN});
	reply_begin(&r, "b.a.test.", 48, 0x400);
	reply_take(&r, 1, set);
}

static void a_zone_without_good_keys_is_given_up(void)
{
	static const struct {
		const char *what;
		enum kind kinds[3];
		enum wv_reason reason;
		unsigned dropped;
	} rows[] = {
		{"no DNSKEY", {NONE}, WV_REASON_DNSKEY_MISSING, 0},
		{"good", {GOOD}, WV_REASON_SECURE, 0},
		{"stale DS", {STALE}, WV_REASON_STALE_DS, 1},
		{"wrong", {BROKEN}, WV_REASON_BAD_SIGNATURE, 1},
		{"expired", {EXPIRED}, WV_REASON_EXPIRED, 1},
		{"unsigned", {UNSIGNED}, WV_REASON_RRSIG_MISSING, 1},
		{"by a key that is not there", {BY_ANOTHER}, WV_REASON_UNKNOWN_KEY_TAG, 1},
		{"stale and wrong", {STALE, BROKEN}, WV_REASON_BAD_SIGNATURE, 2},
		{"wrong and stale", {BROKEN, STALE}, WV_REASON_BAD_SIGNATURE, 2},
		{"unsigned and expired", {UNSIGNED, EXPIRED}, WV_REASON_EXPIRED, 2},
		{"wrong ones around a good one", {BROKEN, GOOD, STALE}, WV_REASON_SECURE, 2},
	};
	const struct key *const zones[] = {&root, &tld, &zone};
	struct key other = key_make("b.a.test.", "other", 13, 257);

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		static struct reply replies[5];
		struct world *w = world_new();
		struct wv_chain *c = chain_new(w, false);
		struct wv_chain_counts counts;

		world_anchor(w, ".", &root);
		for (unsigned k = 0; k < 3 && rows[i].kinds[k] != NONE; k++) {
			dnskey_of_kind(rows[i].kinds[k], &other);
			chain_add(w, c, &r);
		}
		reply_ds(&r, &deep, &zone);
		chain_add(w, c, &r);
		chain_replies(replies, zones, 3);
		for (unsigned k = 0; k < 5; k++)
			chain_add(w, c, &replies[k]);
		counts = settle(c);
		CHECK_ROW(&rows[i], zone_reason(w, "b.a.test.") == rows[i].reason);
		CHECK_ROW(&rows[i], counts.dropped == rows[i].dropped);

		// What lies below says the same; what proves the keys heals it.
		reply_begin(&r, "www.b.a.test.", 1, 0x400);
		reply_take(&r, 1, signed_by(rrset_a("www.b.a.test.", "192.0.2.1"), &deep));
		CHECK_ROW(&rows[i], judge(w, &r) == rows[i].reason);
		dnskey_of_kind(GOOD, &other);
		CHECK_ROW(&rows[i], learn(w, &r) == WV_REASON_SECURE);
		CHECK_ROW(&rows[i], zone_reason(w, "b.a.test.") == WV_REASON_SECURE);
		world_free(w);
	}
	key_free(&other);
}

static void an_anchor_without_keys_is_given_up_too(void)
{
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, false);

	world_anchor(w, "test.", &tld);
	reply_begin(&r, "www.test.", 1, 0x400);
	chain_add(w, c, &r);
	settle(c);
	CHECK(zone_reason(w, "test.") == WV_REASON_DNSKEY_MISSING);
	world_free(w);
}

// Each message at its own time; what is given up is so for the time of the capture.
static void with_times_of_packets_facts_hold_in_their_own_time(void)
{
	const struct key *const zones[] = {&root, &tld};
	static struct reply replies[3];
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, true);
	const uint32_t year = 365 * DAY;
	struct rrset *set;

	world_anchor(w, ".", &root);
	chain_replies(replies, zones, 2);
	for (unsigned i = 0; i < 3; i++)
		chain_add_at(w, c, &replies[i], NOW);
	set = rrset_ds("b.test.", &deep); // signed a year later, when the keys are not live
	sign_with(set, &tld,
		(struct sign){.inception = NOW + year, .expiration = NOW + year + 20 * DAY});
	reply_begin(&r, "b.test.", 43, 0x400);
	reply_take(&r, 1, set);
	chain_add_at(w, c, &r, NOW + year + DAY);
	reply_ds(&r, &zone, &tld);
	chain_add_at(w, c, &r, NOW + 5 * DAY); // its TTL would have ended the keys
	reply_begin(&r, "late.", 1, 0x400);
	chain_add_at(w, c, &r, NOW + 2 * year);
	CHECK(settle(c).facts == 4);

	w->env.now.now_s = NOW;
	CHECK(zone_reason(w, "test.") == WV_REASON_SECURE);
	CHECK(zone_reason(w, "b.test.") == WV_REASON_UNJUDGED);
	CHECK(zone_reason(w, "a.test.") == WV_REASON_DNSKEY_MISSING);
	w->env.now.now_s = NOW + 9 * DAY;
	CHECK(zone_reason(w, "test.") == WV_REASON_SECURE);
	w->env.now.now_s = NOW + 30 * DAY;
	CHECK(zone_reason(w, "test.") == WV_REASON_UNJUDGED);
	world_free(w);
}

static void what_is_given_up_is_so_for_the_time_of_the_capture(void)
{
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, true);
	struct wv_name name = name_of("test.");
	const struct wv_trust_zone *z;

	world_anchor(w, "test.", &tld);
	reply_begin(&r, "www.test.", 1, 0x400);
	chain_add_at(w, c, &r, NOW + 100);
	chain_add_at(w, c, &r, NOW);
	chain_add_at(w, c, &r, NOW + 1000);
	settle(c);
	for (uint32_t at = 0; at <= 1000; at += 500) {
		z = wv_trust_get(w->trust, &name, (struct wv_time){NOW + at, true});
		REQUIRE(z != NULL);
		CHECK(wv_trust_status_at(z, (struct wv_time){NOW + at, true}) == WV_TRUST_BOGUS);
	}
	z = wv_trust_get(w->trust, &name, (struct wv_time){NOW + 1001, true});
	REQUIRE(z != NULL);
	CHECK(wv_trust_status_at(z, (struct wv_time){NOW + 1001, true}) == WV_TRUST_DELEGATED);
	world_free(w);
}

static void copies_are_kept_once_and_judged_in_their_time(void)
{
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, true);
	struct rrset *set = rrset_dnskey("test.", (const struct key *const[]){&tld}, 1);
	struct wv_chain_counts counts;

	world_anchor(w, "test.", &tld);
	sign_with(set, &tld,
		(struct sign){.inception = NOW + 50 * DAY, .expiration = NOW + 70 * DAY});
	reply_begin(&r, "test.", 48, 0x400);
	reply_take(&r, 1, set);
	chain_add_at(w, c, &r, NOW); // too early
	r.octets[0] ^= 1;            // another id
	chain_add_at(w, c, &r, NOW + 60 * DAY);
	counts = settle(c);
	CHECK(counts.messages == 1 && counts.facts == 1 && counts.dropped == 0);
	w->env.now.now_s = NOW + 60 * DAY;
	CHECK(zone_reason(w, "test.") == WV_REASON_SECURE);
	world_free(w);
}

static void what_bears_no_facts_is_not_kept(void)
{
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, false);
	static const uint8_t garbage[20] = {0};

	reply_begin(&r, "www.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_a("www.test.", "192.0.2.1"), &tld));
	chain_add(w, c, &r);
	CHECK(wv_chain_add(c, garbage, sizeof(garbage), NOW, &w->query) == 0);
	CHECK(wv_chain_add(c, garbage, 0, NOW, &w->query) == 0);
	CHECK(settle(c).messages == 0);
	world_free(w);
}

// More messages than are judged in one round, and than there is room for at first.
static void many_zones_are_learned(void)
{
	enum {
		N = 700
	};
	static char names[N][20];
	static struct key keys[N];
	struct world *w = world_new();
	struct wv_chain *c = chain_new(w, false);
	unsigned secure = 0;

	wv_trust_destroy(w->trust);
	w->trust = wv_trust_create(&(struct wv_trust_params){.zones = 2 * N}, NULL);
	w->env.trust = w->trust;
	wv_chain_destroy(c);
	c = chain_new(w, false);
	world_anchor(w, "test.", &tld);
	for (unsigned i = 0; i < N; i++) {
		sprintf(names[i], "z%u.test.", i);
		keys[i] = key_make(names[i], "csk", 15, 257);
		reply_dnskey(&r, &keys[i]);
		chain_add(w, c, &r);
		reply_ds(&r, &keys[i], &tld);
		chain_add(w, c, &r);
	}
	reply_dnskey(&r, &tld);
	chain_add(w, c, &r);
	CHECK(settle(c).facts == 2 * N + 1);
	for (unsigned i = 0; i < N; i++) {
		secure += zone_reason(w, names[i]) == WV_REASON_SECURE;
		key_free(&keys[i]);
	}
	CHECK(secure == N);
	world_free(w);
}

int main(void)
{
	static const struct test tests[] = {
		{"a DNSKEY RRset becomes a fact in canonical order",
			a_dnskey_rrset_becomes_a_fact_in_canonical_order},
		{"a fact lives as long as its signature and TTL allow",
			a_fact_lives_as_long_as_its_signature_and_ttl_allow},
		{"a DS that nobody supports makes its zone insecure",
			a_ds_that_nobody_supports_makes_its_zone_insecure},
		{"what two records prove lives as long as both",
			what_two_records_prove_lives_as_long_as_both},
		{"nothing else becomes a fact", nothing_else_becomes_a_fact},
		{"what may bear facts", what_may_bear_facts},
		{"every proof of insecurity becomes a fact",
			every_proof_of_insecurity_becomes_a_fact},
		{"a chain is learned in any order", a_chain_is_learned_in_any_order},
		{"a deep chain is learned from its end", a_deep_chain_is_learned_from_its_end},
		{"a zone without good keys is given up", a_zone_without_good_keys_is_given_up},
		{"an anchor without keys is given up, too", an_anchor_without_keys_is_given_up_too},
		{"with times of packets facts hold in their own time",
			with_times_of_packets_facts_hold_in_their_own_time},
		{"what is given up is so for the time of the capture",
			what_is_given_up_is_so_for_the_time_of_the_capture},
		{"copies are kept once, and judged in their time",
			copies_are_kept_once_and_judged_in_their_time},
		{"what bears no facts is not kept", what_bears_no_facts_is_not_kept},
		{"many zones are learned", many_zones_are_learned},
	};
	int status;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	tld = key_make("test.", "csk", 13, 257);
	zone = key_make("a.test.", "csk", 13, 257);
	deep = key_make("b.a.test.", "csk", 13, 257);
	status = test_main("chain", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&tld);
	key_free(&zone);
	key_free(&deep);
	return status;
}
