#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

// The tree of most tests: an anchor at the root, then test., a.test. and b.a.test.
static struct key root, tld, zone, deep;
static struct reply r;

static struct world *chained(void)
{
	const struct key *const zones[] = {&root, &tld, &zone};
	struct world *w = world_new();

	learn_chain(w, zones, WV_COUNT(zones));
	return w;
}

static bool is_reason(enum wv_reason found, enum wv_reason wanted)
{
	if (found != wanted)
		fprintf(stderr, "\nwant %s, not %s\n", wv_reason_name(wanted),
			wv_reason_name(found));
	return found == wanted;
}

// A signed address of www.a.test. with OPT.
static void address_reply(void)
{
	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	reply_opt(&r, 0);
}

// Section 0 of the design: what is not judged.

static void header_rules(void)
{
	static const struct {
		const char *what;
		uint8_t at, octet; // of the header, or behind the name in the question
		size_t len;        // 0: all
		enum wv_reason reason;
	} rows[] = {
		{"as it is", 2, 0x84, 0, WV_REASON_SECURE},
		{"a query", 2, 0x04, 0, WV_REASON_NOT_JUDGED},
		{"opcode NOTIFY", 2, 0xa4, 0, WV_REASON_NOT_JUDGED},
		{"opcode UPDATE", 2, 0xac, 0, WV_REASON_NOT_JUDGED},
		{"no question is counted", 5, 0, 0, WV_REASON_NOT_JUDGED},
		{"two questions", 5, 2, 0, WV_REASON_NOT_JUDGED},
		{"class CH", 27, 3, 0, WV_REASON_NOT_JUDGED},
		{"class ANY", 27, 255, 0, WV_REASON_NOT_JUDGED},
		{"type RRSIG", 25, 46, 0, WV_REASON_NOT_JUDGED},
		{"type SIG", 25, 24, 0, WV_REASON_NOT_JUDGED},
		{"type TKEY", 25, 249, 0, WV_REASON_NOT_JUDGED},
		{"type TSIG", 25, 250, 0, WV_REASON_NOT_JUDGED},
		{"type IXFR", 25, 251, 0, WV_REASON_NOT_JUDGED},
		{"type AXFR", 25, 252, 0, WV_REASON_NOT_JUDGED},
		{"FORMERR", 3, 1, 0, WV_REASON_RCODE},
		{"SERVFAIL", 3, 2, 0, WV_REASON_RCODE},
		{"NXDOMAIN beside an answer", 3, 3, 0, WV_REASON_SECURE},
		{"NOTIMP", 3, 4, 0, WV_REASON_RCODE},
		{"REFUSED", 3, 5, 0, WV_REASON_RCODE},
		{"YXDOMAIN beside an answer", 3, 6, 0, WV_REASON_SECURE},
		{"NOTAUTH", 3, 9, 0, WV_REASON_RCODE},
		{"truncated", 2, 0x86, 0, WV_REASON_TRUNCATED},
		{"a record is cut", 2, 0x84, 60, WV_REASON_MALFORMED},
		{"a record is cut, and it is REFUSED", 3, 5, 60, WV_REASON_RCODE},
		{"a record is cut, and TC is set", 2, 0x86, 60, WV_REASON_MALFORMED},
		{"the question is cut", 2, 0x84, 20, WV_REASON_MALFORMED},
		{"the header is cut", 2, 0x84, 11, WV_REASON_MALFORMED},
		{"an extended label", 12, 0x43, 0, WV_REASON_MALFORMED},
		{"BADVERS", 0, 1, 0, WV_REASON_RCODE},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		address_reply();
		if (rows[i].at > 0)
			r.octets[rows[i].at] = rows[i].octet;
		else
			r.octets[r.len - 6] = rows[i].octet; // the upper bits of the rcode
		CHECK_ROW(&rows[i],
			is_reason(judge_octets(w, r.octets, rows[i].len > 0 ? rows[i].len : r.len),
				rows[i].reason));
	}
	world_free(w);
}

// V9, V10: one row a rule.

static void signature_rules(void)
{
	static const struct {
		const char *what;
		const char *owner;
		struct sign p;
		enum wv_reason reason;
	} rows[] = {
		{"as it should be", "www.a.test.", {0}, WV_REASON_SECURE},
		{"at the apex", "a.test.", {0}, WV_REASON_SECURE},
		{"deep below the apex", "x.y.z.www.a.test.", {0}, WV_REASON_SECURE},
		{"of a wildcard itself", "*.a.test.", {0}, WV_REASON_SECURE},
		{"wrong", "www.a.test.", {.broken = true}, WV_REASON_BAD_SIGNATURE},
		{"an octet short", "www.a.test.", {.shortened = true}, WV_REASON_BAD_SIGNATURE},
		{"by the zone above", "www.a.test.", {.signer = "test."}, WV_REASON_SIGNER_INVALID},
		{"by the root", "www.a.test.", {.signer = "."}, WV_REASON_SIGNER_INVALID},
		{"by a zone elsewhere", "www.a.test.", {.signer = "b.test."},
			WV_REASON_SIGNER_INVALID},
		{"by an unknown cut between", "www.b.a.test.", {.signer = "b.a.test."},
			WV_REASON_DS_UNPROVEN},
		{"by the name itself", "www.a.test.", {.signer = "www.a.test."},
			WV_REASON_DS_UNPROVEN},
		{"by a zone below the name", "www.a.test.", {.signer = "x.www.a.test."},
			WV_REASON_SIGNER_INVALID},
		{"more labels than the owner", "www.a.test.", {.labels = 4},
			WV_REASON_LABELS_INVALID},
		{"fewer labels than the signer", "www.a.test.", {.labels = 1},
			WV_REASON_LABELS_INVALID},
		{"no labels", "www.a.test.", {.labels = -1}, WV_REASON_LABELS_INVALID},
		{"as many labels as the signer, not signed so", "www.a.test.", {.labels = 2},
			WV_REASON_BAD_SIGNATURE},
		{"expanded from a wildcard", "x.a.test.", {.as = "*.a.test."},
			WV_REASON_WILDCARD_UNPROVEN},
		{"expanded over several labels", "x.y.a.test.", {.as = "*.a.test."},
			WV_REASON_WILDCARD_UNPROVEN},
		{"expanded, and wrong", "x.a.test.", {.as = "*.a.test.", .broken = true},
			WV_REASON_BAD_SIGNATURE},
		{"a key tag that no key has", "www.a.test.", {.tag = 1}, WV_REASON_UNKNOWN_KEY_TAG},
		{"an algorithm that no key has", "www.a.test.", {.algorithm = 8},
			WV_REASON_UNKNOWN_KEY_TAG},
		{"an algorithm that nobody knows", "www.a.test.", {.algorithm = 200},
			WV_REASON_RRSIG_MISSING},
		{"SHA-1, which counts as unknown", "www.a.test.", {.algorithm = 5},
			WV_REASON_RRSIG_MISSING},
		{"another original TTL", "www.a.test.", {.ttl = 60}, WV_REASON_SECURE},

		// 20 days: the skew is a day, its upper bound, and 10 % of less than 10 h is an hour.
		{"expires now", "www.a.test.", {.expiration = NOW}, WV_REASON_SECURE},
		{"expired a second less than the skew ago", "www.a.test.",
			{.inception = NOW - 21 * DAY, .expiration = NOW - DAY}, WV_REASON_SECURE},
		{"expired a second more", "www.a.test.",
			{.inception = NOW - 21 * DAY, .expiration = NOW - DAY - 1},
			WV_REASON_EXPIRED},
		{"10 % of the lifetime: within", "www.a.test.",
			{.inception = NOW - 110000, .expiration = NOW - 10000}, WV_REASON_SECURE},
		{"10 % of the lifetime: beyond", "www.a.test.",
			{.inception = NOW - 110001, .expiration = NOW - 10001}, WV_REASON_EXPIRED},
		{"an hour: within", "www.a.test.",
			{.inception = NOW - 4600, .expiration = NOW - 3600}, WV_REASON_SECURE},
		{"an hour: beyond", "www.a.test.",
			{.inception = NOW - 4601, .expiration = NOW - 3601}, WV_REASON_EXPIRED},
		{"valid in less than the skew", "www.a.test.",
			{.inception = NOW + DAY, .expiration = NOW + 21 * DAY}, WV_REASON_SECURE},
		{"valid in a second more", "www.a.test.",
			{.inception = NOW + DAY + 1, .expiration = NOW + 21 * DAY},
			WV_REASON_NOT_YET_VALID},
		{"valid for a second, now", "www.a.test.", {.inception = NOW, .expiration = NOW},
			WV_REASON_SECURE},
		{"ends before it begins", "www.a.test.", {.inception = NOW + 1, .expiration = NOW},
			WV_REASON_EXPIRED_BEFORE_VALID},
		{"ends long before it begins", "www.a.test.",
			{.inception = NOW + DAY, .expiration = NOW - DAY},
			WV_REASON_EXPIRED_BEFORE_VALID},
		{"a lifetime of 67 years", "www.a.test.",
			{.inception = NOW - 0x3fffffff, .expiration = NOW + 0x3fffffff},
			WV_REASON_SECURE},
		{"expired, and wrong", "www.a.test.",
			{.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY, .broken = true},
			WV_REASON_EXPIRED},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a(rows[i].owner, "192.0.2.1");

		sign_with(set, &zone, rows[i].p);
		reply_begin(&r, rows[i].owner, 1, 0x0400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

static void skew_of_zero_leaves_inclusive_edges(void)
{
	static const struct {
		const char *what;
		uint32_t inception, expiration;
		enum wv_reason reason;
	} rows[] = {
		{"its last second", NOW - DAY, NOW, WV_REASON_SECURE},
		{"a second later", NOW - DAY, NOW - 1, WV_REASON_EXPIRED},
		{"its first second", NOW, NOW + DAY, WV_REASON_SECURE},
		{"a second earlier", NOW + 1, NOW + DAY, WV_REASON_NOT_YET_VALID},
	};
	struct world *w = chained();

	w->settings.skew_percent = 0;
	w->settings.skew_min_s = w->settings.skew_max_s = 0;
	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");

		sign_with(set, &zone,
			(struct sign){
				.inception = rows[i].inception, .expiration = rows[i].expiration});
		reply_begin(&r, "www.a.test.", 1, 0x0400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

// RFC 1982: the clock and both times on either side of 2^32; the anchor signs by itself.
static void times_wrap_in_2106(void)
{
	static const struct {
		const char *what;
		uint32_t now, inception, expiration;
		enum wv_reason reason;
	} rows[] = {
		{"before the wrap", UINT32_MAX - 10, UINT32_MAX - 20, 4 * DAY, WV_REASON_SECURE},
		{"after the wrap", 10, UINT32_MAX - 20, 4 * DAY, WV_REASON_SECURE},
		{"not yet, across the wrap", UINT32_MAX - 10, 4 * DAY, 8 * DAY,
			WV_REASON_NOT_YET_VALID},
		{"expired, across the wrap", 4 * DAY, UINT32_MAX - 4 * DAY, UINT32_MAX,
			WV_REASON_EXPIRED},
		{"ends before it begins, across the wrap", 10, 20, UINT32_MAX - 20,
			WV_REASON_EXPIRED_BEFORE_VALID},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = world_new();
		struct rrset *set = rrset_dnskey("test.", (const struct key *const[]){&tld}, 1);

		w->env.now.now_s = rows[i].now;
		world_anchor(w, "test.", &tld);
		sign_with(set, &tld,
			(struct sign){
				.inception = rows[i].inception, .expiration = rows[i].expiration});
		reply_begin(&r, "test.", 48, 0x0400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
		world_free(w);
	}
}

static void times_are_not_checked_where_nobody_asks(void)
{
	static const struct sign wrong[] = {
		{.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY},
		{.inception = NOW + 20 * DAY, .expiration = NOW + 40 * DAY},
		{.inception = NOW + DAY, .expiration = NOW - DAY},
	};
	struct world *w = chained();

	w->env.now.checked = false;
	for (size_t i = 0; i < WV_COUNT(wrong); i++) {
		struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");

		sign_with(set, &zone, wrong[i]);
		reply_begin(&r, "www.a.test.", 1, 0x0400);
		reply_take(&r, 1, set);
		CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	}
	world_free(w);
}

// Several signatures: one good one suffices; else the most telling failure is told.

static void the_most_telling_failure_is_told(void)
{
	enum {
		GOOD,
		WRONG,
		EXPIRED,
		EARLY,
		BACKWARDS,
		TAG,
		LABELS,
		SIGNER,
		CUT,
		UNKNOWN,
		NONE
	};
	static const struct sign kinds[] = {
		[GOOD] = {0},
		[WRONG] = {.broken = true},
		[EXPIRED] = {.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY},
		[EARLY] = {.inception = NOW + 20 * DAY, .expiration = NOW + 40 * DAY},
		[BACKWARDS] = {.inception = NOW + DAY, .expiration = NOW - DAY},
		[TAG] = {.tag = 1},
		[LABELS] = {.labels = 4},
		[SIGNER] = {.signer = "test."},
		[CUT] = {.signer = "www.a.test."},
		[UNKNOWN] = {.algorithm = 200},
	};
	static const struct {
		const char *what;
		uint8_t sigs[4]; // to NONE
		enum wv_reason reason;
	} rows[] = {
		{"a good one first", {GOOD, WRONG, NONE}, WV_REASON_SECURE},
		{"a good one last", {WRONG, EXPIRED, GOOD, NONE}, WV_REASON_SECURE},
		{"a good one behind three bad ones", {WRONG, WRONG, WRONG, GOOD}, WV_REASON_SECURE},
		{"wrong and expired", {EXPIRED, WRONG, NONE}, WV_REASON_BAD_SIGNATURE},
		{"expired and early", {EARLY, EXPIRED, NONE}, WV_REASON_EXPIRED},
		{"early and backwards", {BACKWARDS, EARLY, NONE}, WV_REASON_NOT_YET_VALID},
		{"backwards and unknown tag", {TAG, BACKWARDS, NONE},
			WV_REASON_EXPIRED_BEFORE_VALID},
		{"unknown tag and labels", {LABELS, TAG, NONE}, WV_REASON_UNKNOWN_KEY_TAG},
		{"labels and signer", {SIGNER, LABELS, NONE}, WV_REASON_LABELS_INVALID},
		{"signer and unknown cut", {CUT, SIGNER, NONE}, WV_REASON_SIGNER_INVALID},
		{"unknown cut and algorithm", {UNKNOWN, CUT, NONE}, WV_REASON_DS_UNPROVEN},
		{"no algorithm that we know", {UNKNOWN, NONE}, WV_REASON_RRSIG_MISSING},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");

		for (unsigned k = 0; k < 4 && rows[i].sigs[k] != NONE; k++)
			sign_with(set, &zone, kinds[rows[i].sigs[k]]);
		reply_begin(&r, "www.a.test.", 1, 0x0400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

static void a_result_names_the_signature_it_speaks_of(void)
{
	struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");
	const struct wv_validate_rrset *need;
	struct wv_name a = name_of("a.test."), www = name_of("www.a.test."), signer;
	struct world *w = chained();

	sign_with(set, &zone, (struct sign){.tag = 1});
	sign_with(set, &zone,
		(struct sign){
			.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY, .ttl = 77});
	sign_with(set, &zone, (struct sign){.labels = 4});
	reply_begin(&r, "WWW.a.test.", 1, 0x0400);
	reply_set(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_EXPIRED));
	REQUIRE(w->v.n_needed == 1);
	need = wv_validate_find(&w->v, &w->m.rrsets[0]);
	REQUIRE(need == &w->v.needed[0]);
	CHECK(need->reason == WV_REASON_EXPIRED);
	wv_name_unpack(&signer, w->m.base, w->m.base + need->signer);
	CHECK(wv_name_equal(&need->owner, &www) && wv_name_equal(&signer, &a));
	CHECK(need->key_tag == key_tag(&zone) && need->algorithm == 13);
	CHECK(need->inception == NOW - 40 * DAY && need->expiration == NOW - 20 * DAY);
	CHECK(need->original_ttl == 77 && !need->is_wildcard);
	CHECK(wv_validate_find(&w->v, &w->m.rrsets[1]) == NULL);

	sign_with(set, &zone, (struct sign){.ttl = 78});
	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_take(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.kind == WV_KIND_POSITIVE && w->v.needed[0].original_ttl == 78);
	world_free(w);
}

// V2: a chain of four levels, each link broken in turn.

enum breakage {
	WHOLE,
	DS_GONE,
	DS_WRONG,
	DS_STALE,
	KEYS_GONE,
	KEYS_WRONG,
	KEYS_UNSIGNED
};

static void level_learn(struct world *w, const struct key *parent, const struct key *key,
	enum breakage b, enum wv_reason *ds, enum wv_reason *keys)
{
	struct key other = key_make(key->zone, "other", 13, 257);
	struct rrset *set = rrset_ds(key->zone, b == DS_STALE ? &other : key);

	sign_with(set, parent, (struct sign){.broken = b == DS_WRONG});
	reply_begin(&r, key->zone, 43, 0x0400);
	reply_take(&r, 1, set);
	*ds = b != DS_GONE ? learn(w, &r) : WV_REASON_SECURE;

	set = rrset_dnskey(key->zone, &key, 1);
	sign_with(set, key, (struct sign){.broken = b == KEYS_WRONG});
	reply_begin(&r, key->zone, 48, 0x0400);
	if (b == KEYS_UNSIGNED)
		set->n_sigs = 0;
	reply_take(&r, 1, set);
	*keys = b != KEYS_GONE ? learn(w, &r) : WV_REASON_SECURE;
	key_free(&other);
}

static void each_link_of_a_chain_holds_it(void)
{
	static const struct {
		const char *what;
		enum breakage b;
		enum wv_reason ds, keys, answer;
	} rows[] = {
		{"whole", WHOLE, WV_REASON_SECURE, WV_REASON_SECURE, WV_REASON_SECURE},
		{"no DS", DS_GONE, WV_REASON_SECURE, WV_REASON_DS_UNPROVEN, WV_REASON_DS_UNPROVEN},
		{"wrong DS", DS_WRONG, WV_REASON_BAD_SIGNATURE, WV_REASON_DS_UNPROVEN,
			WV_REASON_DS_UNPROVEN},
		{"stale DS", DS_STALE, WV_REASON_SECURE, WV_REASON_STALE_DS,
			WV_REASON_DNSKEY_MISSING},
		{"no DNSKEY", KEYS_GONE, WV_REASON_SECURE, WV_REASON_SECURE,
			WV_REASON_DNSKEY_MISSING},
		{"wrong DNSKEY", KEYS_WRONG, WV_REASON_SECURE, WV_REASON_BAD_SIGNATURE,
			WV_REASON_DNSKEY_MISSING},
		{"unsigned DNSKEY", KEYS_UNSIGNED, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING,
			WV_REASON_DNSKEY_MISSING},
	};
	const struct key *const zones[] = {&root, &tld, &zone, &deep};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		for (unsigned broken = 1; broken < WV_COUNT(zones); broken++) {
			struct world *w = world_new();
			enum wv_reason ds, keys;

			learn_chain(w, zones, broken);
			level_learn(w, zones[broken - 1], zones[broken], rows[i].b, &ds, &keys);
			CHECK_ROW(&rows[i], is_reason(ds, rows[i].ds));
			CHECK_ROW(&rows[i], is_reason(keys, rows[i].keys));
			for (unsigned k = broken + 1; k < WV_COUNT(zones); k++) {
				level_learn(w, zones[k - 1], zones[k], WHOLE, &ds, &keys);
				CHECK_ROW(&rows[i], (ds == WV_REASON_SECURE) == (i == 0));
				CHECK_ROW(&rows[i], (keys == WV_REASON_SECURE) == (i == 0));
			}
			reply_begin(&r, "www.b.a.test.", 1, 0x0400);
			reply_take(&r, 1, signed_by(rrset_a("www.b.a.test.", "192.0.2.1"), &deep));
			CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].answer));
			world_free(w);
		}
	}
}

static void without_having_asked_what_is_unknown_is_no_chain(void)
{
	static const struct {
		const char *what;
		const char *owner;
		const struct key *by;
		enum wv_reason asked, unasked;
	} rows[] = {
		{"by an unknown zone", "www.b.a.test.", &deep, WV_REASON_DS_UNPROVEN,
			WV_REASON_NO_CHAIN},
		{"unsigned, below the apex", "www.a.test.", NULL, WV_REASON_RRSIG_MISSING,
			WV_REASON_NO_CHAIN},
		{"unsigned, at the apex", "a.test.", NULL, WV_REASON_RRSIG_MISSING,
			WV_REASON_RRSIG_MISSING},
		{"by the zone", "www.a.test.", &zone, WV_REASON_SECURE, WV_REASON_SECURE},
		{"by a zone elsewhere", "www.a.test.", &tld, WV_REASON_SIGNER_INVALID,
			WV_REASON_SIGNER_INVALID},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a(rows[i].owner, "192.0.2.1");

		if (rows[i].by != NULL)
			signed_by(set, rows[i].by);
		reply_begin(&r, rows[i].owner, 1, 0x0400);
		reply_take(&r, 1, set);
		w->env.asked = true;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].asked));
		w->env.asked = false;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].unasked));
	}
	world_free(w);
}

static void below_an_anchor_without_keys(void)
{
	struct world *w = world_new();

	world_anchor(w, "a.test.", &zone);
	address_reply();
	CHECK(is_reason(judge(w, &r), WV_REASON_DNSKEY_MISSING));
	w->env.asked = false;
	CHECK(is_reason(judge(w, &r), WV_REASON_NO_CHAIN));
	reply_begin(&r, "www.test.", 1, 0x0400);
	reply_take(&r, 1, signed_by(rrset_a("www.test.", "192.0.2.1"), &tld));
	CHECK(is_reason(judge(w, &r), WV_REASON_NO_ANCHOR));
	reply_dnskey(&r, &tld);
	CHECK(is_reason(judge(w, &r), WV_REASON_NO_ANCHOR));
	reply_ds(&r, &zone, &tld); // what an anchor says of its own name is not asked of it
	CHECK(is_reason(judge(w, &r), WV_REASON_NO_ANCHOR));
	world_free(w);
}

// V3.

static void algorithms_right_and_wrong(void)
{
	static const struct {
		const char *what;
		uint8_t algorithm;
		bool sha1;
		bool supported;
	} rows[] = {
		{"RSA/SHA-1", 5, true, true},
		{"RSA/SHA-1, not validated", 5, false, false},
		{"RSA/SHA-1 for NSEC3", 7, true, true},
		{"RSA/SHA-1 for NSEC3, not validated", 7, false, false},
		{"RSA/SHA-256", 8, false, true},
		{"RSA/SHA-512", 10, false, true},
		{"ECDSA P-256", 13, false, true},
		{"ECDSA P-384", 14, false, true},
		{"Ed25519", 15, false, true},
		{"Ed448", 16, false, true},
		{"one that nobody knows", 200, true, false},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct key key = key_make("x.test.", "csk", rows[i].algorithm, 257);
		const struct key *const zones[] = {&root, &tld};
		enum wv_reason insecure = WV_REASON_UNSUPPORTED_ALGORITHM;
		struct world *w = world_new();
		struct rrset *set;

		w->settings.sha1 = rows[i].sha1;
		learn_chain(w, zones, WV_COUNT(zones));
		reply_ds(&r, &key, &tld);
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), WV_REASON_SECURE));
		if (rows[i].algorithm != 200) {
			reply_dnskey(&r, &key);
			CHECK_ROW(&rows[i],
				is_reason(learn(w, &r),
					rows[i].supported ? WV_REASON_SECURE : insecure));
			for (unsigned broken = 0; broken < 2; broken++) {
				set = rrset_a("www.x.test.", "192.0.2.1");
				sign_with(set, &key, (struct sign){.broken = broken});
				reply_begin(&r, "www.x.test.", 1, 0x0400);
				reply_take(&r, 1, set);
				CHECK_ROW(&rows[i],
					is_reason(judge(w, &r),
						!rows[i].supported ? insecure
							: broken   ? WV_REASON_BAD_SIGNATURE
								   : WV_REASON_SECURE));
			}
		} else {
			reply_begin(&r, "www.x.test.", 1, 0x0400);
			reply_take(&r, 1, rrset_a("www.x.test.", "192.0.2.1"));
			CHECK_ROW(&rows[i], is_reason(judge(w, &r), insecure));
		}
		world_free(w);
		key_free(&key);
	}
}

// DS: digests, several of them, and none that is known.

static void ds_rules(void)
{
	enum {
		RIGHT,
		WRONG,
		SHORT,
		OTHER_KEY,
		ALGORITHM_200,
		DIGEST_200
	};
	static const struct {
		const char *what;
		struct {
			uint8_t kind, digest;
		} ds[3]; // to digest 0
		bool sha1;
		enum wv_reason keys; // of the DNSKEY answer
	} rows[] = {
		{"SHA-256", {{RIGHT, 2}}, false, WV_REASON_SECURE},
		{"SHA-384", {{RIGHT, 4}}, false, WV_REASON_SECURE},
		{"SHA-1, validated", {{RIGHT, 1}}, true, WV_REASON_SECURE},
		{"SHA-1, not validated", {{RIGHT, 1}}, false, WV_REASON_UNSUPPORTED_DIGEST},
		{"wrong", {{WRONG, 2}}, false, WV_REASON_STALE_DS},
		{"cut short", {{SHORT, 2}}, false, WV_REASON_STALE_DS},
		{"wrong, and a right one", {{WRONG, 2}, {RIGHT, 4}}, false, WV_REASON_SECURE},
		{"of another key, and a right one", {{OTHER_KEY, 2}, {RIGHT, 2}}, false,
			WV_REASON_SECURE},
		{"of another key alone", {{OTHER_KEY, 2}}, false, WV_REASON_STALE_DS},
		{"SHA-1 right beside SHA-256 wrong", {{RIGHT, 1}, {WRONG, 2}}, true,
			WV_REASON_STALE_DS},
		{"SHA-1 right beside SHA-384 wrong", {{RIGHT, 1}, {WRONG, 4}}, true,
			WV_REASON_STALE_DS},
		{"SHA-1 wrong beside SHA-256 right", {{WRONG, 1}, {RIGHT, 2}}, true,
			WV_REASON_SECURE},
		{"an unknown digest", {{DIGEST_200, 200}}, false, WV_REASON_UNSUPPORTED_DIGEST},
		{"an unknown algorithm", {{ALGORITHM_200, 2}}, false,
			WV_REASON_UNSUPPORTED_ALGORITHM},
		{"both unknown", {{ALGORITHM_200, 2}, {DIGEST_200, 200}}, false,
			WV_REASON_UNSUPPORTED_DIGEST},
		{"unknown ones beside a right one",
			{{ALGORITHM_200, 2}, {DIGEST_200, 200}, {RIGHT, 2}}, false,
			WV_REASON_SECURE},
		{"unknown ones beside a wrong one",
			{{ALGORITHM_200, 2}, {DIGEST_200, 200}, {WRONG, 2}}, false,
			WV_REASON_STALE_DS},
	};
	struct key other = key_make("b.a.test.", "other", 13, 257);

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_new("b.a.test.", 43);
		struct world *w = world_new();
		const struct key *const zones[] = {&root, &tld, &zone};

		w->settings.sha1 = rows[i].sha1;
		learn_chain(w, zones, WV_COUNT(zones));
		for (unsigned k = 0; k < 3 && rows[i].ds[k].digest != 0; k++) {
			uint8_t kind = rows[i].ds[k].kind;
			struct octets ds = ds_rdata("b.a.test.", kind == OTHER_KEY ? &other : &deep,
				rows[i].ds[k].digest);

			ds.octets[2] = kind == ALGORITHM_200 ? 200 : 13;
			ds.octets[10] ^= kind == WRONG;
			ds.len = (uint16_t)(ds.len - (kind == SHORT));
			rrset_add(set, &ds);
		}
		reply_begin(&r, "b.a.test.", 43, 0x0400);
		reply_take(&r, 1, signed_by(set, &zone));
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), WV_REASON_SECURE));
		reply_dnskey(&r, &deep);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].keys));
		world_free(w);
	}
	key_free(&other);
}

// Keys: V9.

static void key_rules(void)
{
	struct key ksk = key_make("b.a.test.", "ksk", 13, 257),
		   zsk = key_make("b.a.test.", "zsk", 13, 256);
	struct key csk = key_make("b.a.test.", "csk", 13, 256);   // SEP does not matter
	struct key host = key_make("b.a.test.", "host", 13, 1);   // no zone key
	struct key old = key_make("b.a.test.", "old", 13, 0x181); // revoked
	struct key odd = key_make("b.a.test.", "odd", 13, 257);   // protocol 4
	const struct {
		const char *what;
		const struct key *ds, *keys[4], *signs[2]; // of the DNSKEY RRset
		enum wv_reason dnskey;
		const struct key *answers;
		enum wv_reason answer;
	} rows[] = {
		{"KSK and ZSK", &ksk, {&ksk, &zsk}, {&ksk, &zsk}, WV_REASON_SECURE, &zsk,
			WV_REASON_SECURE},
		{"the KSK signs data", &ksk, {&ksk, &zsk}, {&ksk}, WV_REASON_SECURE, &ksk,
			WV_REASON_SECURE},
		{"one key for all, without SEP", &csk, {&csk}, {&csk}, WV_REASON_SECURE, &csk,
			WV_REASON_SECURE},
		{"signed by the ZSK alone", &ksk, {&ksk, &zsk}, {&zsk}, WV_REASON_UNKNOWN_KEY_TAG,
			&zsk, WV_REASON_DNSKEY_MISSING},
		{"data by a key that is not there", &ksk, {&ksk}, {&ksk}, WV_REASON_SECURE, &zsk,
			WV_REASON_UNKNOWN_KEY_TAG},
		{"data by a key without the zone bit", &ksk, {&ksk, &host}, {&ksk},
			WV_REASON_SECURE, &host, WV_REASON_NO_ZONE_KEY},
		{"data by a key of protocol 4", &ksk, {&ksk, &odd}, {&ksk}, WV_REASON_SECURE, &odd,
			WV_REASON_NO_ZONE_KEY},
		{"data by a revoked key", &ksk, {&ksk, &old}, {&ksk, &old}, WV_REASON_SECURE, &old,
			WV_REASON_KEY_REVOKED},
		{"a DS for a revoked key", &old, {&ksk, &old}, {&ksk, &old}, WV_REASON_KEY_REVOKED,
			&ksk, WV_REASON_DNSKEY_MISSING},
		{"a DS for a key without the zone bit", &host, {&ksk, &host}, {&ksk, &host},
			WV_REASON_NO_ZONE_KEY, &ksk, WV_REASON_DNSKEY_MISSING},
		{"a DS for a key of protocol 4", &odd, {&odd}, {&odd}, WV_REASON_NO_ZONE_KEY, &odd,
			WV_REASON_DNSKEY_MISSING},
	};

	odd.rdata.octets[2] = 4;
	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained();
		struct rrset *set = rrset_new("b.a.test.", 48);

		reply_begin(&r, "b.a.test.", 43, 0x0400);
		reply_take(&r, 1, signed_by(rrset_ds("b.a.test.", rows[i].ds), &zone));
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), WV_REASON_SECURE));
		for (unsigned k = 0; rows[i].keys[k] != NULL; k++)
			rrset_add(set, &rows[i].keys[k]->rdata);
		for (unsigned k = 0; k < 2 && rows[i].signs[k] != NULL; k++)
			signed_by(set, rows[i].signs[k]);
		reply_begin(&r, "b.a.test.", 48, 0x0400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), rows[i].dnskey));
		reply_begin(&r, "b.a.test.", 1, 0x0400);
		reply_take(&r, 1, signed_by(rrset_a("b.a.test.", "192.0.2.1"), rows[i].answers));
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].answer));
		world_free(w);
	}
	key_free(&ksk);
	key_free(&zsk);
	key_free(&csk);
	key_free(&host);
	key_free(&old);
	key_free(&odd);
}

static void keyset_learn(
	struct world *w, const struct key *ksk, const struct key *zsk, enum wv_reason wanted)
{
	const struct key *const keys[] = {ksk, zsk};

	reply_begin(&r, ksk->zone, 48, 0x0400);
	reply_take(&r, 1, signed_by(rrset_dnskey(ksk->zone, keys, 2), ksk));
	CHECK(is_reason(learn(w, &r), wanted));
}

static void address_by(struct world *w, const struct key *key, enum wv_reason wanted)
{
	char owner[100];

	snprintf(owner, sizeof(owner), "www.%s", key->zone);
	reply_begin(&r, owner, 1, 0x0400);
	reply_take(&r, 1, signed_by(rrset_a(owner, "192.0.2.1"), key));
	CHECK(is_reason(judge(w, &r), wanted));
}

// V11: two DNSKEY RRsets of a zone, as a rollover or an anycast cloud shows them.
static void two_generations_of_keys_live_side_by_side(void)
{
	struct key zsk1 = key_make("b.a.test.", "zsk1", 13, 256),
		   zsk2 = key_make("b.a.test.", "zsk2", 15, 256);
	struct key ksk2 = key_make("b.a.test.", "ksk2", 15, 257);
	struct world *w = chained();

	reply_begin(&r, "b.a.test.", 43, 0x0400);
	reply_take(&r, 1, signed_by(rrset_ds("b.a.test.", &deep), &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	keyset_learn(w, &deep, &zsk1, WV_REASON_SECURE);
	keyset_learn(w, &deep, &zsk2, WV_REASON_SECURE);
	address_by(w, &zsk1, WV_REASON_SECURE);
	address_by(w, &zsk2, WV_REASON_SECURE);
	address_by(w, &deep, WV_REASON_SECURE);
	keyset_learn(w, &ksk2, &zsk2, WV_REASON_STALE_DS); // before its DS

	reply_begin(&r, "b.a.test.", 43, 0x0400);
	reply_take(&r, 1, signed_by(rrset_ds("b.a.test.", &ksk2), &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	keyset_learn(w, &ksk2, &zsk2, WV_REASON_SECURE);
	keyset_learn(w, &deep, &zsk1, WV_REASON_SECURE); // the old DS lives on
	address_by(w, &zsk1, WV_REASON_SECURE);
	address_by(w, &zsk2, WV_REASON_SECURE);
	address_by(w, &ksk2, WV_REASON_SECURE);
	world_free(w);
	key_free(&zsk1);
	key_free(&zsk2);
	key_free(&ksk2);
}

static uint64_t checks_made(const struct world *w, enum wv_alg alg)
{
	return wv_batch_count(w->batch)->jobs[alg];
}

// A key in two DNSKEY RRsets, or named by two DS records, is one key.
static void nothing_is_tried_twice(void)
{
	struct key zsk = key_make("b.a.test.", "zsk", 15, 256),
		   ksk2 = key_make("b.a.test.", "ksk2", 15, 257);
	struct world *w = chained();
	struct rrset *set = rrset_ds("b.a.test.", &deep);
	const struct key *one[] = {&deep};
	uint64_t before;

	rrset_add_ds(set, "b.a.test.", &deep, 4);
	reply_begin(&r, "b.a.test.", 43, 0x0400);
	reply_take(&r, 1, signed_by(set, &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	set = rrset_dnskey("b.a.test.", one, 1);
	sign_with(set, &deep, (struct sign){.broken = true});
	reply_begin(&r, "b.a.test.", 48, 0x0400);
	reply_take(&r, 1, set);
	before = checks_made(w, WV_ALG_P256);
	CHECK(is_reason(judge(w, &r), WV_REASON_BAD_SIGNATURE));
	CHECK(checks_made(w, WV_ALG_P256) == before + 1);

	keyset_learn(w, &deep, &zsk, WV_REASON_SECURE);
	keyset_learn(w, &deep, &ksk2, WV_REASON_SECURE);
	set = rrset_a("b.a.test.", "192.0.2.1");
	sign_with(set, &deep, (struct sign){.broken = true});
	reply_begin(&r, "b.a.test.", 1, 0x0400);
	reply_take(&r, 1, set);
	before = checks_made(w, WV_ALG_P256);
	CHECK(is_reason(judge(w, &r), WV_REASON_BAD_SIGNATURE));
	CHECK(checks_made(w, WV_ALG_P256) == before + 1);

	// A second generation of DS that repeats the first: three in all.
	set = rrset_ds("b.a.test.", &deep);
	rrset_add_ds(set, "b.a.test.", &deep, 4);
	rrset_add_ds(set, "b.a.test.", &zsk, 2);
	reply_begin(&r, "b.a.test.", 43, 0x0400);
	reply_take(&r, 1, signed_by(set, &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	w->settings.ds = 3;
	one[0] = &ksk2;
	reply_begin(&r, "b.a.test.", 48, 0x0400);
	reply_take(&r, 1, signed_by(rrset_dnskey("b.a.test.", one, 1), &ksk2));
	CHECK(is_reason(judge(w, &r), WV_REASON_STALE_DS));
	w->settings.ds = 2;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_DS));
	world_free(w);
	key_free(&zsk);
	key_free(&ksk2);
}

// The DS ends a day before the keys: they go on to prove, but nothing new comes of it.
static void keys_that_outlive_their_ds_prove_no_news(void)
{
	struct world *w = chained();
	struct rrset *ds = rrset_ds("b.a.test.", &deep), *keys;
	const struct key *const list[] = {&deep};

	ds->ttl = 60;
	keys = signed_by(rrset_dnskey("b.a.test.", list, 1), &deep);
	reply_begin(&r, "b.a.test.", 43, 0x0400);
	reply_take(&r, 1, signed_by(ds, &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "b.a.test.", 48, 0x0400);
	reply_set(&r, 1, keys);
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);
	w->env.now.now_s += 61;
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 0);
	address_by(w, &deep, WV_REASON_SECURE);
	keys->sig[0].octets[keys->sig[0].len - 1] ^= 1;
	reply_begin(&r, "b.a.test.", 48, 0x0400);
	reply_take(&r, 1, keys);
	CHECK(is_reason(learn(w, &r), WV_REASON_BAD_SIGNATURE) && w->facts == 0);
	world_free(w);
}

// Positive answers: V4.

static void order_case_duplicates_and_ttls_do_not_matter(void)
{
	struct world *w = chained();
	struct rrset *set = signed_by(
		rrset_a("www.a.test.", "192.0.2.1 192.0.2.100 192.0.2.9 192.0.2.9"), &zone);

	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_set(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));

	set->swap = set->upper = true;
	set->ttl = 7200; // above the original
	reply_begin(&r, "wWw.A.tEst.", 1, 0x0400);
	memcpy(r.octets + 12, "\3wWw\1A\4tEst", 12);
	reply_signatures(&r, 1, set);
	reply_records(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.needed[0].original_ttl == 3600);

	set->rd[1] = set->rd[0]; // the duplicate of another
	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_set(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	set->n--; // a record less
	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_set(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_BAD_SIGNATURE));
	free(set);
	world_free(w);
}

static void names_in_data_are_signed_in_lower_case(void)
{
	struct world *w = chained();
	struct rrset *set = signed_by(rrset_name("www.a.test.", 5, "Target.A.test."), &zone);

	set->upper = true;
	reply_begin(&r, "www.a.test.", 5, 0x0400);
	reply_take(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	world_free(w);
}

static void what_is_not_needed_does_not_decide(void)
{
	struct world *w = chained();

	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	reply_take(&r, 1, rrset_a("other.a.test.", "192.0.2.66"));
	reply_take(&r, 2, rrset_name("a.test.", 2, "ns.a.test."));
	reply_take(&r, 3, rrset_a("ns.a.test.", "192.0.2.53"));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 1);
	world_free(w);
}

static void a_signature_without_its_record_answers_nothing(void)
{
	struct world *w = chained();
	struct rrset *set = signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone);

	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_signatures(&r, 1, set);
	free(set);
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	CHECK(w->v.kind == WV_KIND_DENIAL);
	world_free(w);
}

static void a_signature_may_stand_in_another_section(void)
{
	struct world *w = chained();
	struct rrset *set = signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone);
	struct rrset *wrong = rrset_a("www.a.test.", "192.0.2.1");
	struct rrset *other = signed_by(rrset_a("xxx.a.test.", "192.0.2.1"), &zone);

	sign_with(wrong, &zone, (struct sign){.broken = true});
	for (unsigned section = 2; section <= 3; section++) {
		reply_begin(&r, "www.a.test.", 1, 0x0400);
		reply_records(&r, 1, set);
		reply_signatures(&r, section, other);
		CHECK(is_reason(judge(w, &r), WV_REASON_RRSIG_MISSING));
		reply_signatures(&r, section, set);
		CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));

		reply_begin(&r, "www.a.test.", 1, 0x0400);
		reply_set(&r, 1, wrong);
		reply_signatures(&r, section, wrong);
		CHECK(is_reason(judge(w, &r), WV_REASON_BAD_SIGNATURE));
		reply_signatures(&r, section, set);
		CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	}
	// The records of another section are another RRset.
	reply_begin(&r, "www.a.test.", 1, 0x0400);
	reply_take(&r, 1, rrset_a("www.a.test.", "192.0.2.66"));
	reply_set(&r, 3, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_BAD_SIGNATURE));
	free(set);
	free(wrong);
	free(other);
	world_free(w);
}

static void any_needs_all_that_is_at_the_name(void)
{
	struct world *w = chained();
	struct rrset *text = rrset_octets("a.test.", 16, "\1x", 2);

	reply_begin(&r, "a.test.", 255, 0x0400);
	reply_take(&r, 1, signed_by(rrset_a("a.test.", "192.0.2.1"), &zone));
	reply_take(&r, 1, rrset_a("other.a.test.", "192.0.2.1"));
	reply_records(&r, 1, text);
	CHECK(is_reason(judge(w, &r), WV_REASON_RRSIG_MISSING));
	CHECK(w->v.n_needed == 2);
	signed_by(text, &zone);
	reply_signatures(&r, 1, text);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));

	// With the DNSKEY RRset, which the DS proves.
	reply_begin(&r, "a.test.", 255, 0x0400);
	reply_take(&r, 1, text);
	reply_take(&r, 1,
		signed_by(rrset_dnskey("a.test.", (const struct key *const[]){&zone}, 1), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 2 && w->v.keys_by_ds);
	world_free(w);
}

static void the_nsec_at_a_cut_may_be_of_either_side(void)
{
	static const uint16_t above[] = {2, 43, 46, 47, 0}, below[] = {2, 6, 46, 47, 48, 0};
	struct world *w = chained();

	reply_begin(&r, "a.test.", 47, 0x0400);
	reply_take(&r, 1, signed_by(rrset_nsec("a.test.", "c.test.", above), &tld));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "a.test.", 47, 0x0400);
	reply_take(&r, 1, signed_by(rrset_nsec("a.test.", "www.a.test.", below), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "a.test.", 47, 0x0400);
	reply_take(&r, 1, signed_by(rrset_nsec("a.test.", "www.a.test.", below), &root));
	CHECK(is_reason(judge(w, &r), WV_REASON_SIGNER_INVALID));
	world_free(w);
}

// CNAME and DNAME.

struct alias_case {
	const char *what;
	const char *qname;
	uint16_t qtype, flags;
	struct {
		const char *owner;
		uint16_t type;
		const char *data;
		const struct key *by;
	} rr[5];
	enum wv_reason upstream, client;
};

static void alias_run(struct world *w, const struct alias_case *row)
{
	reply_begin(&r, row->qname, row->qtype, row->flags);
	for (unsigned i = 0; i < WV_COUNT(row->rr) && row->rr[i].owner != NULL; i++) {
		struct rrset *set = row->rr[i].type == 1
			? rrset_a(row->rr[i].owner, row->rr[i].data)
			: rrset_name(row->rr[i].owner, row->rr[i].type, row->rr[i].data);

		if (row->rr[i].by != NULL)
			signed_by(set, row->rr[i].by);
		reply_take(&r, 1, set);
	}
	w->env.leg = WV_LEG_UPSTREAM;
	CHECK_ROW(row, is_reason(judge(w, &r), row->upstream));
	w->env.leg = WV_LEG_CLIENT;
	CHECK_ROW(row, is_reason(judge(w, &r), row->client));
}

#define LONG63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void aliases(void)
{
	const struct alias_case rows[] = {
		{"a CNAME and its target", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "www.a.test.", &zone},
				{"www.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"the target first", "c.a.test.", 1, 0x400,
			{{"www.a.test.", 1, "192.0.2.1", &zone},
				{"c.a.test.", 5, "www.a.test.", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"the target unsigned", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "www.a.test.", &zone},
				{"www.a.test.", 1, "192.0.2.1", NULL}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"the CNAME unsigned", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "www.a.test.", NULL},
				{"www.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"two CNAMEs", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "d.a.test.", &zone},
				{"d.a.test.", 5, "www.a.test.", &zone},
				{"www.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"the CNAME alone", "c.a.test.", 1, 0x400, {{"c.a.test.", 5, "www.a.test.", &zone}},
			WV_REASON_SECURE, WV_REASON_DENIAL_MISSING},
		{"the CNAME alone, and NXDOMAIN", "c.a.test.", 1, 0x403,
			{{"c.a.test.", 5, "www.a.test.", &zone}}, WV_REASON_DENIAL_MISSING,
			WV_REASON_DENIAL_MISSING},
		{"out of the zone, unsigned there", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "www.test.", &zone}, {"www.test.", 1, "192.0.2.1", NULL}},
			WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"out of the zone, signed there", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "www.test.", &zone}, {"www.test.", 1, "192.0.2.1", &tld}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"out of the zone, and NXDOMAIN", "c.a.test.", 1, 0x403,
			{{"c.a.test.", 5, "www.test.", &zone}}, WV_REASON_SECURE,
			WV_REASON_DENIAL_MISSING},
		{"from above into the zone", "c.test.", 1, 0x400,
			{{"c.test.", 5, "www.a.test.", &tld},
				{"www.a.test.", 1, "192.0.2.1", NULL}},
			WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"the CNAME is asked for", "c.a.test.", 5, 0x400,
			{{"c.a.test.", 5, "www.a.test.", &zone}}, WV_REASON_SECURE,
			WV_REASON_SECURE},
		{"the CNAME is asked for, unsigned", "c.a.test.", 5, 0x400,
			{{"c.a.test.", 5, "www.a.test.", NULL}}, WV_REASON_RRSIG_MISSING,
			WV_REASON_RRSIG_MISSING},
		{"a circle", "c.a.test.", 1, 0x400,
			{{"c.a.test.", 5, "d.a.test.", &zone},
				{"d.a.test.", 5, "c.a.test.", &zone}},
			WV_REASON_SECURE, WV_REASON_DENIAL_MISSING},
		{"to itself", "c.a.test.", 1, 0x400, {{"c.a.test.", 5, "c.a.test.", &zone}},
			WV_REASON_SECURE, WV_REASON_DENIAL_MISSING},

		{"a DNAME and what follows from it", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL},
				{"www.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"a DNAME without its CNAME", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"its target unsigned", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL},
				{"www.new.a.test.", 1, "192.0.2.1", NULL}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"a CNAME that does not follow", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.old.a.test.", 5, "evil.new.a.test.", NULL},
				{"evil.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"of two DNAMEs the closer counts", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"a.test.", 39, "b.test.", &zone},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL},
				{"www.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"an unsigned DNAME", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", NULL},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL},
				{"www.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"a DNAME does not cover its own name", "old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"old.a.test.", 5, "new.a.test.", NULL}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"the DNAME is asked for", "old.a.test.", 39, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone}}, WV_REASON_SECURE,
			WV_REASON_SECURE},
		{"the CNAME made from it is asked for", "www.old.a.test.", 5, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"ANY of a name below a DNAME", "www.old.a.test.", 255, 0x400,
			{{"old.a.test.", 39, "new.a.test.", &zone},
				{"www.old.a.test.", 5, "www.new.a.test.", NULL},
				{"www.new.a.test.", 1, "192.0.2.1", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"a DNAME that makes the name too long", LONG63 "." LONG63 ".old.a.test.", 1, 0x406,
			{{"old.a.test.", 39, LONG63 "." LONG63 ".a.test.", &zone}},
			WV_REASON_SECURE, WV_REASON_SECURE},
		{"the same, unsigned", LONG63 "." LONG63 ".old.a.test.", 1, 0x406,
			{{"old.a.test.", 39, LONG63 "." LONG63 ".a.test.", NULL}},
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
		{"YXDOMAIN without such a name", "www.old.a.test.", 1, 0x406,
			{{"old.a.test.", 39, "new.a.test.", &zone}}, WV_REASON_DENIAL_MISSING,
			WV_REASON_DENIAL_MISSING},
		{"a DNAME to another zone", "www.old.a.test.", 1, 0x400,
			{{"old.a.test.", 39, "new.test.", &zone},
				{"www.old.a.test.", 5, "www.new.test.", NULL},
				{"www.new.test.", 1, "192.0.2.1", NULL}},
			WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++)
		alias_run(w, &rows[i]);
	world_free(w);
}

static void the_same_dname_may_apply_twice(void)
{
	struct world *w = chained();

	reply_begin(&r, "x.d.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("d.a.test.", 39, "e.a.test."), &zone));
	reply_take(&r, 1, rrset_name("x.d.a.test.", 5, "x.e.a.test."));
	reply_take(&r, 1, signed_by(rrset_name("x.e.a.test.", 5, "y.d.a.test."), &zone));
	reply_take(&r, 1, rrset_name("y.d.a.test.", 5, "y.e.a.test."));
	reply_take(&r, 1, signed_by(rrset_a("y.e.a.test.", "192.0.2.1"), &zone));
	w->env.leg = WV_LEG_CLIENT;
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 5);
	for (unsigned i = 0; i < w->v.n_needed; i++)
		CHECK(w->v.needed[i].reason == WV_REASON_SECURE);
	world_free(w);
}

// x.y is x.z.y, that is x.z.z.y, and so on, as far as the server put it into the answer.
static void a_dname_into_itself_ends_where_the_answer_ends(void)
{
	struct world *w = chained();

	reply_begin(&r, "x.y.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("y.a.test.", 39, "z.y.a.test."), &zone));
	reply_take(&r, 1, rrset_name("x.y.a.test.", 5, "x.z.y.a.test."));
	reply_take(&r, 1, rrset_name("x.z.y.a.test.", 5, "x.z.z.y.a.test."));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 3);
	w->env.leg = WV_LEG_CLIENT;
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	world_free(w);
}

static void a_cname_of_two_records_is_not_followed(void)
{
	struct world *w = chained();
	struct rrset *set = rrset_name("c.a.test.", 5, "www.a.test.");
	struct octets other = {0};

	put_name(&other, "xxx.a.test.");
	rrset_add(set, &other);
	reply_begin(&r, "c.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(set, &zone));
	reply_take(&r, 1, rrset_a("www.a.test.", "192.0.2.1"));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 1);
	w->env.leg = WV_LEG_CLIENT;
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	world_free(w);
}

// The same CNAME twice is one; one without a name leads nowhere.
static void a_cname_is_read_as_it_is(void)
{
	struct world *w = chained();
	struct rrset *set = rrset_name("c.a.test.", 5, "www.a.test.");
	struct octets same = {0};

	put_name(&same, "www.a.test.");
	w->env.leg = WV_LEG_CLIENT;
	sign_with(set, &zone, (struct sign){0});
	rrset_add(set, &same);
	reply_begin(&r, "c.a.test.", 1, 0x400);
	reply_take(&r, 1, set);
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 2);
	reply_begin(&r, "c.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_octets("c.a.test.", 5, "", 0), &zone));
	CHECK(wv_reason_verdict(judge(w, &r)) == WV_VERDICT_BOGUS);
	CHECK(w->v.n_needed == 1);
	world_free(w);
}

static void upstream_a_chain_with_a_soa_owes_a_denial(void)
{
	struct world *w = chained();

	reply_begin(&r, "c.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("c.a.test.", 5, "www.a.test."), &zone));
	reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	world_free(w);
}

// Referrals and the absence of DS: V7, V8, V12.

enum proof {
	P_NONE,
	P_DS,
	P_DS_WRONG,
	P_DS_UNSIGNED,
	P_DS_BY_CHILD,
	P_DS_UNKNOWN,
	P_NSEC,
	P_NSEC_WRONG,
	P_NSEC_UNSIGNED,
	P_NSEC_DS,
	P_NSEC_NO_NS,
	P_NSEC_SOA,
	P_NSEC_WILD,
	P_NSEC3,
	P_NSEC3_51,
	P_NSEC3_51_WRONG,
	P_NSEC3_151,
	P_NSEC3_151_WRONG,
	P_OPT_OUT,
	P_OPT_OUT_NO_FLAG,
	P_OPT_OUT_WRONG,
};

static struct rrset *wrongly_by(struct rrset *set, const struct key *key)
{
	sign_with(set, key, (struct sign){.broken = true});
	return set;
}

// Put the proof about DS at `cut`, a name in `parent`'s zone, into the authority section.
static void proof_put(enum proof p, const char *cut, const struct key *parent)
{
	static const uint16_t ns[] = {2, 46, 47, 0}, ds[] = {2, 43, 46, 47, 0},
			      a[] = {1, 46, 47, 0};
	static const uint16_t soa[] = {2, 6, 46, 47, 48, 0}, ns3[] = {2, 0},
			      apex[] = {2, 6, 46, 48, 51, 0};
	struct key child = key_make(cut, "child", 13, 257), odd = child;
	const char *next = "zz.a.test.";
	struct rrset *set = NULL;

	odd.algorithm = 200;
	switch (p) {
	case P_NONE:
		break;
	case P_DS:
		set = signed_by(rrset_ds(cut, &child), parent);
		break;
	case P_DS_WRONG:
		set = wrongly_by(rrset_ds(cut, &child), parent);
		break;
	case P_DS_UNSIGNED:
		set = rrset_ds(cut, &child);
		break;
	case P_DS_BY_CHILD:
		set = signed_by(rrset_ds(cut, &child), &child);
		break;
	case P_DS_UNKNOWN:
		set = signed_by(rrset_ds(cut, &odd), parent);
		break;
	case P_NSEC:
		set = signed_by(rrset_nsec(cut, next, ns), parent);
		break;
	case P_NSEC_WRONG:
		set = wrongly_by(rrset_nsec(cut, next, ns), parent);
		break;
	case P_NSEC_UNSIGNED:
		set = rrset_nsec(cut, next, ns);
		break;
	case P_NSEC_DS:
		set = signed_by(rrset_nsec(cut, next, ds), parent);
		break;
	case P_NSEC_NO_NS:
		set = signed_by(rrset_nsec(cut, next, a), parent);
		break;
	case P_NSEC_SOA:
		set = signed_by(rrset_nsec(cut, next, soa), parent);
		break;
	case P_NSEC_WILD: // expanded from a wildcard, and so no proof of the name's own types
		set = rrset_nsec(cut, next, ns);
		sign_with(set, parent, (struct sign){.as = "*.a.test."});
		break;
	case P_NSEC3:
		set = signed_by(rrset_nsec3(parent->zone, cut, ns3,
					(struct nsec3){.salt = "ab", .iterations = 5}),
			parent);
		break;
	case P_NSEC3_51:
	case P_NSEC3_51_WRONG:
	case P_NSEC3_151:
	case P_NSEC3_151_WRONG:
		set = rrset_nsec3(parent->zone, cut, ns3,
			(struct nsec3){.iterations = p <= P_NSEC3_51_WRONG ? 51 : 151});
		sign_with(set, parent,
			(struct sign){.broken = p == P_NSEC3_51_WRONG || p == P_NSEC3_151_WRONG});
		break;
	case P_OPT_OUT:
	case P_OPT_OUT_NO_FLAG:
	case P_OPT_OUT_WRONG:
		reply_take(&r, 2,
			signed_by(rrset_nsec3(parent->zone, parent->zone, apex,
					  (struct nsec3){.flags = 1}),
				parent));
		set = rrset_nsec3(parent->zone, cut, a,
			(struct nsec3){.flags = p != P_OPT_OUT_NO_FLAG, .cover = true});
		sign_with(set, parent, (struct sign){.broken = p == P_OPT_OUT_WRONG});
		break;
	}
	if (set != NULL)
		reply_take(&r, 2, set);
	key_free(&child);
}

static void referral_reply(
	const char *qname, const char *cut, enum proof p, const struct key *parent)
{
	reply_begin(&r, qname, 1, 0);
	reply_take(&r, 2, rrset_name(cut, 2, "ns.example."));
	proof_put(p, cut, parent);
}

static void referrals(void)
{
	static const struct {
		const char *what;
		enum proof p;
		enum wv_reason referral, no_ds, client;
		unsigned facts;
		enum wv_reason
			below; // of an unsigned answer below the cut; 0: as it would be without
	} rows[] = {
		{"nothing", P_NONE, WV_REASON_DS_UNPROVEN, WV_REASON_DENIAL_MISSING,
			WV_REASON_DENIAL_MISSING, 0, 0},
		{"a DS", P_DS, WV_REASON_SECURE, WV_REASON_DENIAL_MISSING, WV_REASON_DENIAL_MISSING,
			1, 0},
		{"a wrong DS", P_DS_WRONG, WV_REASON_BAD_SIGNATURE, WV_REASON_DENIAL_MISSING,
			WV_REASON_DENIAL_MISSING, 0, 0},
		{"an unsigned DS", P_DS_UNSIGNED, WV_REASON_RRSIG_MISSING, WV_REASON_DENIAL_MISSING,
			WV_REASON_DENIAL_MISSING, 0, 0},
		{"a DS by the child", P_DS_BY_CHILD, WV_REASON_SIGNER_INVALID,
			WV_REASON_DENIAL_MISSING, WV_REASON_DENIAL_MISSING, 0, 0},
		{"a DS that we do not support", P_DS_UNKNOWN, WV_REASON_SECURE,
			WV_REASON_DENIAL_MISSING, WV_REASON_DENIAL_MISSING, 1,
			WV_REASON_UNSUPPORTED_ALGORITHM},
		{"NSEC", P_NSEC, WV_REASON_SECURE, WV_REASON_SECURE, WV_REASON_UNSIGNED, 1,
			WV_REASON_UNSIGNED},
		{"a wrong NSEC", P_NSEC_WRONG, WV_REASON_BAD_SIGNATURE, WV_REASON_BAD_SIGNATURE,
			WV_REASON_BAD_SIGNATURE, 0, 0},
		{"an unsigned NSEC", P_NSEC_UNSIGNED, WV_REASON_RRSIG_MISSING,
			WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING, 0, 0},
		{"NSEC with DS", P_NSEC_DS, WV_REASON_DS_UNPROVEN, WV_REASON_DENIAL_INVALID,
			WV_REASON_DENIAL_INVALID, 0, 0},
		{"NSEC without NS", P_NSEC_NO_NS, WV_REASON_DS_UNPROVEN, WV_REASON_SECURE,
			WV_REASON_SECURE, 0, 0},
		{"NSEC with SOA", P_NSEC_SOA, WV_REASON_DS_UNPROVEN, WV_REASON_DENIAL_INVALID,
			WV_REASON_DENIAL_INVALID, 0, 0},
		{"NSEC of a wildcard", P_NSEC_WILD, WV_REASON_DS_UNPROVEN, WV_REASON_DENIAL_INVALID,
			WV_REASON_DS_UNPROVEN, 0, 0},
		{"NSEC3", P_NSEC3, WV_REASON_SECURE, WV_REASON_SECURE, WV_REASON_UNSIGNED, 1,
			WV_REASON_UNSIGNED},
		{"51 iterations", P_NSEC3_51, WV_REASON_NSEC3_ITERATIONS,
			WV_REASON_NSEC3_ITERATIONS, WV_REASON_NSEC3_ITERATIONS, 1,
			WV_REASON_NSEC3_ITERATIONS},
		{"51 iterations, wrong", P_NSEC3_51_WRONG, WV_REASON_BAD_SIGNATURE,
			WV_REASON_BAD_SIGNATURE, WV_REASON_BAD_SIGNATURE, 0, 0},
		{"151 iterations", P_NSEC3_151, WV_REASON_NSEC3_ITERATIONS_BOGUS,
			WV_REASON_NSEC3_ITERATIONS_BOGUS, WV_REASON_NSEC3_ITERATIONS_BOGUS, 0, 0},
		{"151 iterations, wrong", P_NSEC3_151_WRONG, WV_REASON_BAD_SIGNATURE,
			WV_REASON_BAD_SIGNATURE, WV_REASON_BAD_SIGNATURE, 0, 0},
		{"opt-out", P_OPT_OUT, WV_REASON_OPT_OUT, WV_REASON_OPT_OUT, WV_REASON_OPT_OUT, 1,
			WV_REASON_OPT_OUT},
		{"opt-out without its flag", P_OPT_OUT_NO_FLAG, WV_REASON_DS_UNPROVEN,
			WV_REASON_DENIAL_INVALID, WV_REASON_DENIAL_INVALID, 0, 0},
		{"opt-out, wrong", P_OPT_OUT_WRONG, WV_REASON_BAD_SIGNATURE,
			WV_REASON_BAD_SIGNATURE, WV_REASON_BAD_SIGNATURE, 0, 0},
	};
	struct wv_name cut = name_of("b.a.test.");

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained();

		referral_reply("www.b.a.test.", "b.a.test.", rows[i].p, &zone);
		w->env.leg = WV_LEG_CLIENT;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].client));
		w->env.leg = WV_LEG_UPSTREAM;
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), rows[i].referral));
		CHECK_ROW(&rows[i], w->facts == rows[i].facts);
		CHECK_ROW(
			&rows[i], w->v.kind == WV_KIND_REFERRAL && wv_name_equal(&w->v.cut, &cut));
		reply_begin(&r, "x.y.b.a.test.", 1, 0x400);
		reply_take(&r, 1, rrset_a("x.y.b.a.test.", "192.0.2.1"));
		CHECK_ROW(&rows[i],
			is_reason(judge(w, &r),
				rows[i].below != WV_REASON_SECURE ? rows[i].below
					: rows[i].p == P_DS       ? WV_REASON_DNSKEY_MISSING
								  : WV_REASON_RRSIG_MISSING));
		world_free(w);

		w = chained();
		reply_begin(&r, "b.a.test.", 43, 0x400);
		reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
		proof_put(rows[i].p, "b.a.test.", &zone);
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), rows[i].no_ds));
		CHECK_ROW(&rows[i], w->v.kind == WV_KIND_DENIAL);
		CHECK_ROW(&rows[i],
			w->facts
				== (rows[i].p == P_DS || rows[i].p == P_DS_UNKNOWN
						? 0
						: rows[i].facts));
		world_free(w);
	}
}

// Upstream, an alias to below a cut comes with what a referral there would say.
static void an_alias_may_come_with_its_way_on(void)
{
	static const struct {
		const char *what;
		enum proof p;
		bool is_signed; // the CNAME
		enum wv_reason reason;
		unsigned facts;
	} rows[] = {
		{"nothing", P_NONE, true, WV_REASON_SECURE, 0},
		{"a DS", P_DS, true, WV_REASON_SECURE, 1},
		{"a wrong DS", P_DS_WRONG, true, WV_REASON_BAD_SIGNATURE, 0},
		{"NSEC", P_NSEC, true, WV_REASON_SECURE, 1},
		{"a wrong NSEC", P_NSEC_WRONG, true, WV_REASON_BAD_SIGNATURE, 0},
		{"NSEC that proves nothing", P_NSEC_DS, true, WV_REASON_SECURE, 0},
		{"opt-out", P_OPT_OUT, true, WV_REASON_OPT_OUT, 1},
		{"NSEC, the CNAME unsigned", P_NSEC, false, WV_REASON_RRSIG_MISSING, 0},
		{"a DS, the CNAME unsigned", P_DS, false, WV_REASON_RRSIG_MISSING, 1},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained();
		struct rrset *alias = rrset_name("c.a.test.", 5, "www.b.a.test.");

		if (rows[i].is_signed)
			signed_by(alias, &zone);
		reply_begin(&r, "c.a.test.", 1, 0x400);
		reply_take(&r, 1, alias);
		reply_take(&r, 2, rrset_name("b.a.test.", 2, "ns.example."));
		proof_put(rows[i].p, "b.a.test.", &zone);
		CHECK_ROW(&rows[i], is_reason(learn(w, &r), rows[i].reason));
		CHECK_ROW(&rows[i], w->facts == rows[i].facts);
		CHECK_ROW(&rows[i], w->v.kind == WV_KIND_POSITIVE);
		// What came to be known by it does not change what is said of it.
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
		world_free(w);
	}
}

static void the_way_on_in_another_zone_does_not_decide(void)
{
	struct world *w = chained();

	reply_begin(&r, "c.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("c.test.", 5, "www.b.a.test."), &tld));
	reply_take(&r, 2, rrset_name("b.a.test.", 2, "ns.example."));
	proof_put(P_DS_WRONG, "b.a.test.", &zone);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 1);
	world_free(w);
}

static void referrals_that_lead_elsewhere_are_lame(void)
{
	static const struct {
		const char *what;
		const char *cut;
		enum wv_reason reason;
	} rows[] = {
		{"to a neighbour", "c.a.test.", WV_REASON_LAME},
		{"to the root", ".", WV_REASON_LAME},
		{"below the name", "x.www.b.a.test.", WV_REASON_LAME},
		{"at the name", "www.b.a.test.", WV_REASON_SECURE},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		referral_reply("www.b.a.test.", rows[i].cut, P_NSEC, &zone);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	// With a SOA it is an answer that owes a denial.
	referral_reply("www.b.a.test.", "b.a.test.", P_NSEC, &zone);
	reply_take(&r, 2, rrset_soa("a.test."));
	CHECK(is_reason(judge(w, &r), WV_REASON_RRSIG_MISSING));
	world_free(w);
}

static void a_bare_referral_depends_on_who_was_asked(void)
{
	static const struct {
		const char *what;
		const char *cut;
		bool asked, dnssec_ok;
		enum wv_reason reason;
	} rows[] = {
		{"directly below the zone", "b.a.test.", false, true, WV_REASON_DS_UNPROVEN},
		{"further below", "x.b.a.test.", false, true, WV_REASON_NO_CHAIN},
		{"further below, everybody asked", "x.b.a.test.", true, true,
			WV_REASON_DS_UNPROVEN},
		{"nobody asked for DNSSEC", "b.a.test.", true, false, WV_REASON_DO_NOT_SET},
		{"elsewhere", "x.other.", true, true, WV_REASON_DS_UNPROVEN},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		char qname[100];

		snprintf(qname, sizeof(qname), "www.%s", rows[i].cut);
		referral_reply(qname, rows[i].cut, P_NONE, &zone);
		w->env.asked = rows[i].asked;
		w->query.dnssec_ok = rows[i].dnssec_ok;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

static void below_an_insecure_cut_everything_is_insecure(void)
{
	struct world *w = chained();
	struct key island = key_make("i.b.a.test.", "csk", 13, 257);

	world_anchor(w, "i.b.a.test.", &island);
	referral_reply("www.b.a.test.", "b.a.test.", P_NSEC, &zone);
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	referral_reply("www.x.b.a.test.", "x.b.a.test.", P_NONE, &zone);
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	referral_reply("www.b.a.test.", "b.a.test.", P_NONE, &zone); // again, from a poor server
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	reply_begin(&r, "nope.b.a.test.", 1, 0x403);
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	reply_dnskey(&r, &deep); // what it signs by itself changes nothing
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	address_by(w, &deep, WV_REASON_UNSIGNED);

	// An island: below an anchor of its own all is as it should be.
	address_by(w, &island, WV_REASON_DNSKEY_MISSING);
	reply_dnskey(&r, &island);
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	address_by(w, &island, WV_REASON_SECURE);
	reply_begin(&r, "www.i.b.a.test.", 1, 0x400);
	reply_take(&r, 1, rrset_a("www.i.b.a.test.", "192.0.2.1"));
	CHECK(is_reason(judge(w, &r), WV_REASON_RRSIG_MISSING));
	world_free(w);
	key_free(&island);
}

static void an_anchor_that_nobody_supports_is_insecure(void)
{
	struct world *w = world_new();
	struct key odd = key_make("test.", "csk", 13, 257);

	odd.algorithm = 200;
	world_anchor(w, "test.", &odd);
	odd.algorithm = 13;
	address_by(w, &odd, WV_REASON_UNSUPPORTED_ALGORITHM);
	reply_dnskey(&r, &odd);
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSUPPORTED_ALGORITHM));
	world_free(w);
	key_free(&odd);
}

static void configured_insecure(void)
{
	struct world *w = chained();
	struct wv_name corp = name_of("corp.a.test.");

	REQUIRE(wv_trust_set_insecure(w->trust, &corp, NULL) == 0);
	reply_begin(&r, "www.corp.a.test.", 1, 0x400);
	reply_take(&r, 1, rrset_a("www.corp.a.test.", "192.0.2.1"));
	CHECK(is_reason(judge(w, &r), WV_REASON_CONFIGURED_INSECURE));
	world_free(w);
}

// DO: believed of the query alone.

static void without_do_what_lacks_signatures_is_not_bogus(void)
{
	static const struct {
		const char *what;
		struct wv_validate_query query;
		bool assume_do;
		bool is_signed, broken;
		enum wv_reason reason;
	} rows[] = {
		{"asked with DO", {.known = true, .dnssec_ok = true}, false, false, false,
			WV_REASON_RRSIG_MISSING},
		{"asked without", {.known = true}, true, false, false, WV_REASON_DO_NOT_SET},
		{"asked without, signed all the same", {.known = true}, true, true, false,
			WV_REASON_SECURE},
		{"asked without, forged", {.known = true}, true, true, true,
			WV_REASON_BAD_SIGNATURE},
		{"not seen, DO assumed", {.dnssec_ok = false}, true, false, false,
			WV_REASON_RRSIG_MISSING},
		{"not seen, DO not assumed", {.dnssec_ok = true}, false, false, false,
			WV_REASON_DO_NOT_SET},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");

		if (rows[i].is_signed)
			sign_with(set, &zone, (struct sign){.broken = rows[i].broken});
		w->query = rows[i].query;
		w->settings.assume_do = rows[i].assume_do;
		reply_begin(&r, "www.a.test.", 1, 0x400);
		reply_take(&r, 1, set);
		reply_opt(&r, 0x8000); // what the answer says of DO does not count
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

static void a_denial_owes_its_proof(void)
{
	struct world *w = chained();

	reply_begin(&r, "nope.a.test.", 1, 0x403);
	reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	reply_begin(&r, "nope.a.test.", 1, 0x400);
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	w->query.dnssec_ok = false;
	CHECK(is_reason(judge(w, &r), WV_REASON_DO_NOT_SET));
	// The child's own word on its DS is not the parent's.
	w->query.dnssec_ok = true;
	reply_begin(&r, "a.test.", 43, 0x400);
	reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
	reply_take(&r, 2,
		signed_by(
			rrset_nsec("a.test.", "b.a.test.", (const uint16_t[]){2, 6, 46, 47, 48, 0}),
			&zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_DS_UNPROVEN));
	reply_begin(&r, "a.test.", 43, 0x400);
	reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
	reply_take(&r, 2,
		signed_by(rrset_nsec("a.test.", "b.a.test.", (const uint16_t[]){2, 46, 47, 0}),
			&zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SIGNER_INVALID));
	world_free(w);
}

static void a_denial_from_above_an_anchor_is_no_word_of_its_zone(void)
{
	struct world *w = chained();
	struct key odd = key_make("x.test.", "csk", 13, 257);

	world_anchor(w, "x.test.", &odd);
	reply_begin(&r, "www.x.test.", 1, 0x403);
	CHECK(is_reason(judge(w, &r), WV_REASON_DNSKEY_MISSING));
	reply_take(&r, 2, signed_by(rrset_soa("test."), &tld));
	CHECK(is_reason(judge(w, &r), WV_REASON_DENIAL_MISSING));
	world_free(w);

	w = world_new();
	world_anchor(w, "x.test.", &odd);
	CHECK(is_reason(judge(w, &r), WV_REASON_NO_ANCHOR));
	reply_begin(&r, "www.x.test.", 1, 0x403);
	reply_take(&r, 2, signed_by(rrset_soa("x.test."), &odd));
	CHECK(is_reason(judge(w, &r), WV_REASON_DNSKEY_MISSING));
	world_free(w);
	key_free(&odd);
}

// Budgets: S1, as far as they are here.

static void over_budget_is_bogus_with_its_own_reason(void)
{
	struct world *w = chained();
	struct rrset *set = rrset_a("www.a.test.", "192.0.2.1");

	// Signatures; the expired and those by unknown keys do not count.
	w->settings.signatures_per_rrset = 2;
	w->settings.failures_per_rrset = 10;
	sign_with(set, &zone, (struct sign){.tag = 1});
	sign_with(set, &zone, (struct sign){.tag = 2});
	sign_with(set, &zone,
		(struct sign){.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY});
	sign_with(set, &zone, (struct sign){.broken = true});
	signed_by(set, &zone);
	reply_begin(&r, "www.a.test.", 1, 0x400);
	reply_set(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	w->settings.signatures_per_rrset = 1;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_SIGNATURES));

	// Failures.
	w->settings.signatures_per_rrset = 10;
	w->settings.failures_per_rrset = 1;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_FAILURES));
	free(set);

	// RRsets; but an insecure zone has nothing to spend.
	reply_begin(&r, "a.test.", 255, 0x400);
	for (uint16_t type = 100; type < 103; type++)
		reply_take(&r, 1, signed_by(rrset_octets("a.test.", type, "x", 1), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	w->settings.needed_rrsets = 1000; // more than there is room for
	reply_begin(&r, "a.test.", 255, 0x400);
	for (unsigned i = 0; i <= WV_VALIDATE_NEEDED; i++)
		reply_take(&r, 1,
			signed_by(rrset_octets("a.test.", (uint16_t)(100 + i), "x", 1), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_NEEDED_RRSETS));

	// CNAMEs.
	w->settings.cname_chain = 2;
	reply_begin(&r, "c1.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("c1.a.test.", 5, "c2.a.test."), &zone));
	reply_take(&r, 1, signed_by(rrset_name("c2.a.test.", 5, "c3.a.test."), &zone));
	reply_take(&r, 1, signed_by(rrset_a("c3.a.test.", "192.0.2.1"), &zone));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	w->settings.cname_chain = 1;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_CNAME_CHAIN));

	referral_reply("www.b.a.test.", "b.a.test.", P_NSEC, &zone);
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "c1.b.a.test.", 1, 0x400);
	for (unsigned i = 1; i < 6; i++) {
		char owner[20], target[20];

		sprintf(owner, "c%u.b.a.test.", i);
		sprintf(target, "c%u.b.a.test.", i + 1);
		reply_take(&r, 1, rrset_name(owner, 5, target));
	}
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	w->settings.cname_chain = 10;
	CHECK(is_reason(judge(w, &r), WV_REASON_UNSIGNED));
	world_free(w);
}

// Swapping two 16-bit words of a key leaves its tag as it is.
static struct octets key_twin(const struct key *key, unsigned i)
{
	struct octets twin = key->rdata;

	memcpy(twin.octets + 4, key->rdata.octets + 4 + 2 * i, 2);
	memcpy(twin.octets + 4 + 2 * i, key->rdata.octets + 4, 2);
	return twin;
}

static void keys_that_share_a_tag_are_all_tried(void)
{
	struct key ed = key_make("b.a.test.", "ed", 15, 257);
	struct rrset *set = rrset_new("b.a.test.", 48);
	struct world *w = chained();

	for (unsigned i = 1; i <= 14; i++) {
		struct octets twin = key_twin(&ed, i);

		rrset_add(set, &twin);
	}
	rrset_add(set, &ed.rdata);
	reply_begin(&r, "b.a.test.", 43, 0x400);
	reply_take(&r, 1, signed_by(rrset_ds("b.a.test.", &ed), &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "b.a.test.", 48, 0x400);
	reply_take(&r, 1, signed_by(set, &ed));
	w->settings.keys_per_tag = 15;
	w->settings.failures_per_rrset = 15;
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);
	address_by(w, &ed, WV_REASON_SECURE);
	w->settings.keys_per_tag = 3;
	set = rrset_a("b.a.test.", "192.0.2.1");
	sign_with(set, &ed, (struct sign){.broken = true});
	reply_begin(&r, "b.a.test.", 1, 0x400);
	reply_take(&r, 1, set);
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_KEYS_PER_TAG));
	world_free(w);
	key_free(&ed);
}

static void ds_and_dnskey_budgets(void)
{
	struct world *w = chained();
	struct rrset *set = rrset_ds("b.a.test.", &deep);
	const struct key *const keys[] = {&deep, &zone};

	for (uint8_t i = 0; i < 3; i++) { // in front of the right one
		struct octets ds = ds_rdata("b.a.test.", &deep, 2);

		ds.octets[0] = 0;
		ds.octets[1] = i;
		rrset_add(set, &ds);
	}
	reply_begin(&r, "b.a.test.", 43, 0x400);
	reply_take(&r, 1, signed_by(set, &zone));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	reply_begin(&r, "b.a.test.", 48, 0x400);
	reply_take(&r, 1, signed_by(rrset_dnskey("b.a.test.", keys, 2), &deep));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	w->settings.ds = 3;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_DS));
	w->settings.ds = 4;
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	w->settings.dnskeys = 1;
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_DNSKEYS));
	world_free(w);
}

// V14: a flipped bit in covered data, or a record taken away, is never secure and never insecure.

static bool is_accepted(enum wv_reason reason)
{
	enum wv_verdict verdict = wv_reason_verdict(reason);

	return verdict == WV_VERDICT_SECURE || verdict == WV_VERDICT_INSECURE;
}

static void flip_each_bit(struct world *w, const char *what, enum wv_reason whole)
{
	unsigned covered = 0, accepted = 0;

	r.plain = false; // for the tests that follow

	CHECK(is_reason(judge(w, &r), whole));
	for (size_t i = 0; i < r.len; i++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			enum wv_reason reason;

			r.octets[i] ^= (uint8_t)bit;
			reason = judge(w, &r);
			r.octets[i] ^= (uint8_t)bit;
			if ((r.free[i] & bit) != 0)
				continue;
			covered++;
			if (!is_accepted(reason))
				continue;
			accepted++;
			fprintf(stderr, "\n%s: bit %02x of octet %zu (of %zu) flipped: %s\n", what,
				bit, i, r.len, wv_reason_name(reason));
		}
	}
	CHECK(covered > 500);
	CHECK(accepted == 0);
}

static void take_each_record_away(struct world *w, const char *what)
{
	static struct reply less;

	for (unsigned i = 0; i < r.n; i++) {
		enum wv_reason reason;

		if (r.rr[i].section == 3 || r.free[r.rr[i].at] == 255)
			continue;
		reply_without(&less, &r, i);
		reason = judge(w, &less);
		if (is_accepted(reason))
			fprintf(stderr, "\n%s: without record %u: %s\n", what, i,
				wv_reason_name(reason));
		CHECK(!is_accepted(reason));
	}
}

// The name in front of the cut, the type, and where the NS leads: a referral does not cover them.
// The proof that there may be an unsigned delegation needs no NS to say that there is one.
static void referral_free(size_t prefix, bool opt_out)
{
	size_t question = 12;

	reply_free_all(&r, 12, prefix);
	while (r.octets[question] != 0)
		question += r.octets[question] + 1u;
	reply_free_all(&r, question + 1, 2);
	for (unsigned i = 0; i < r.n; i++) {
		size_t end = i + 1 < r.n ? r.rr[i + 1].at : r.len, at = r.rr[i].at;

		if (r.rr[i].type != 2)
			continue;
		if (opt_out)
			reply_free_all(&r, at, end - at);
		while (r.octets[at] != 0)
			at += r.octets[at] + 1u;
		reply_free_all(&r, at + 11, end - at - 11);
	}
}

static void nothing_covered_can_be_changed_address(void)
{
	struct world *w = chained();

	address_reply();
	flip_each_bit(w, "address, compressed", WV_REASON_SECURE);
	r.plain = true;
	address_reply();
	flip_each_bit(w, "address", WV_REASON_SECURE);
	take_each_record_away(w, "address");
	reply_begin(&r, "www.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1 192.0.2.2"), &zone));
	reply_opt(&r, 0);
	take_each_record_away(w, "addresses");
	world_free(w);
}

static void nothing_covered_can_be_changed_cname(void)
{
	struct world *w = chained();

	r.plain = true;
	w->env.leg = WV_LEG_CLIENT;
	reply_begin(&r, "c.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("c.a.test.", 5, "www.a.test."), &zone));
	reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
	reply_opt(&r, 0);
	r.free[12 + 10 + 1] |= 4; // the same answers the question for the CNAME
	flip_each_bit(w, "CNAME", WV_REASON_SECURE);
	take_each_record_away(w, "CNAME");
	world_free(w);
}

static void nothing_covered_can_be_changed_dname(void)
{
	struct world *w = chained();

	r.plain = true;
	w->env.leg = WV_LEG_CLIENT;
	reply_begin(&r, "www.old.a.test.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name("old.a.test.", 39, "new.a.test."), &zone));
	reply_take(&r, 1, rrset_name("www.old.a.test.", 5, "www.new.a.test."));
	// Without the CNAME the DNAME says the same; only what it leads to must not be another name.
	reply_free_all(&r, r.rr[2].at, r.len - r.rr[2].at - 16);
	reply_take(&r, 1, signed_by(rrset_a("www.new.a.test.", "192.0.2.1"), &zone));
	reply_opt(&r, 0);
	r.free[12 + 16 + 1] |= 4;
	flip_each_bit(w, "DNAME", WV_REASON_SECURE);
	world_free(w);
}

static void nothing_covered_can_be_changed_dnskey(void)
{
	const struct key *const keys[] = {&zone, &deep};
	struct world *w = chained();

	r.plain = true;
	reply_begin(&r, "a.test.", 48, 0x400);
	reply_take(&r, 1, signed_by(rrset_dnskey("a.test.", keys, 2), &zone));
	reply_opt(&r, 0);
	flip_each_bit(w, "DNSKEY", WV_REASON_SECURE);
	take_each_record_away(w, "DNSKEY");
	world_free(w);
}

static void nothing_covered_can_be_changed_ds(void)
{
	struct world *w = chained();

	r.plain = true;
	reply_ds(&r, &deep, &zone);
	reply_opt(&r, 0);
	flip_each_bit(w, "DS", WV_REASON_SECURE);
	take_each_record_away(w, "DS");
	world_free(w);
}

static void nothing_covered_can_be_changed_referral(void)
{
	static const struct {
		const char *what;
		enum proof p;
		enum wv_reason reason;
	} rows[] = {
		{"referral with DS", P_DS, WV_REASON_SECURE},
		{"referral with NSEC", P_NSEC, WV_REASON_SECURE},
		{"referral with NSEC3", P_NSEC3, WV_REASON_SECURE},
		{"referral with opt-out", P_OPT_OUT, WV_REASON_OPT_OUT},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained();

		r.plain = true;
		referral_reply("www.b.a.test.", "b.a.test.", rows[i].p, &zone);
		reply_opt(&r, 0);
		referral_free(4, rows[i].reason == WV_REASON_OPT_OUT);
		flip_each_bit(w, rows[i].what, rows[i].reason);
		take_each_record_away(w, rows[i].what);
		world_free(w);
	}
}

static void nothing_covered_can_be_changed_no_ds(void)
{
	struct world *w = chained();

	r.plain = true;
	reply_begin(&r, "b.a.test.", 43, 0x400);
	proof_put(P_NSEC, "b.a.test.", &zone);
	reply_opt(&r, 0);
	flip_each_bit(w, "no DS", WV_REASON_SECURE);
	take_each_record_away(w, "no DS");
	world_free(w);
}

static void nsec_put(const char *owner, const char *next, const uint16_t *types)
{
	reply_take(&r, 2, signed_by(rrset_nsec(owner, next, types), &zone));
}

static void nsec3_put(const char *name, bool cover, const uint16_t *types)
{
	reply_take(&r, 2,
		signed_by(rrset_nsec3("a.test.", name, types, (struct nsec3){.cover = cover}),
			&zone));
}

enum denial {
	D_NAME,
	D_TYPE,
	D_EMPTY_NON_TERMINAL,
	D_WILDCARD_TYPE,
	D_NSEC3_NAME,
	D_NSEC3_TYPE,
	D_NSEC3_WILDCARD_TYPE,
};

static void denial_put(enum denial d)
{
	static const uint16_t apex[] = {2, 6, 46, 47, 48, 0}, mx[] = {15, 46, 47, 0},
			      apex3[] = {2, 6, 46, 48, 51, 0}, mx3[] = {15, 46, 0};

	reply_begin(&r, "nope.a.test.", 1,
		d == D_NAME || d == D_NSEC3_NAME ? 0x400 | WV_RCODE_NXDOMAIN : 0x400);
	switch (d) {
	case D_NAME:
		nsec_put("a.test.", "c.a.test.", apex);
		nsec_put("m.a.test.", "p.a.test.", mx);
		break;
	case D_TYPE:
		nsec_put("nope.a.test.", "p.a.test.", mx);
		break;
	case D_EMPTY_NON_TERMINAL:
		nsec_put("m.a.test.", "x.nope.a.test.", mx);
		break;
	case D_WILDCARD_TYPE:
		nsec_put("*.a.test.", "c.a.test.", mx);
		nsec_put("m.a.test.", "p.a.test.", mx);
		break;
	case D_NSEC3_NAME:
		nsec3_put("a.test.", false, apex3);
		nsec3_put("nope.a.test.", true, mx3);
		nsec3_put("*.a.test.", true, mx3);
		break;
	case D_NSEC3_TYPE:
		nsec3_put("nope.a.test.", false, mx3);
		break;
	case D_NSEC3_WILDCARD_TYPE:
		nsec3_put("a.test.", false, apex3);
		nsec3_put("nope.a.test.", true, mx3);
		nsec3_put("*.a.test.", false, mx3);
		break;
	}
}

static void nothing_covered_can_be_changed_denial(void)
{
	static const char *const rows[] = {
		[D_NAME] = "no name",
		[D_TYPE] = "no type",
		[D_EMPTY_NON_TERMINAL] = "empty non-terminal",
		[D_WILDCARD_TYPE] = "no type at the wildcard",
		[D_NSEC3_NAME] = "NSEC3, no name",
		[D_NSEC3_TYPE] = "NSEC3, no type",
		[D_NSEC3_WILDCARD_TYPE] = "NSEC3, no type at the wildcard",
	};

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained();

		r.plain = true;
		denial_put((enum denial)i);
		reply_opt(&r, 0);
		reply_free_all(&r, 12, 5); // the name's own label: the proof may hold for another
		reply_free_all(&r, 12 + 13, 2);
		flip_each_bit(w, rows[i], WV_REASON_SECURE);
		take_each_record_away(w, rows[i]);
		world_free(w);
	}
}

static void nothing_covered_can_be_changed_wildcard(void)
{
	static const uint16_t mx[] = {15, 46, 47, 0};
	struct world *w = chained();
	struct rrset *set = rrset_a("nope.a.test.", "192.0.2.1");

	sign_with(set, &zone, (struct sign){.as = "*.a.test."});
	r.plain = true;
	reply_begin(&r, "nope.a.test.", 1, 0x400);
	reply_take(&r, 1, set);
	reply_take(&r, 2, signed_by(rrset_nsec("m.a.test.", "p.a.test.", mx), &zone));
	reply_opt(&r, 0);
	flip_each_bit(w, "wildcard", WV_REASON_SECURE);
	take_each_record_away(w, "wildcard");
	world_free(w);
}

int main(void)
{
	static const struct test tests[] = {
		{"the header and the question say what is judged", header_rules},
		{"each rule for signatures holds", signature_rules},
		{"without skew the edges of a signature's time are inclusive",
			skew_of_zero_leaves_inclusive_edges},
		{"times are compared across the wrap of 2106", times_wrap_in_2106},
		{"times can be left unchecked", times_are_not_checked_where_nobody_asks},
		{"of several failures the most telling is told", the_most_telling_failure_is_told},
		{"a result names the signature it speaks of",
			a_result_names_the_signature_it_speaks_of},
		{"each link of a chain of four levels holds it", each_link_of_a_chain_holds_it},
		{"what is unknown is no-chain until everybody was asked",
			without_having_asked_what_is_unknown_is_no_chain},
		{"below an anchor without keys", below_an_anchor_without_keys},
		{"signatures of each algorithm, right and wrong", algorithms_right_and_wrong},
		{"each rule for DS records holds", ds_rules},
		{"each rule for keys holds", key_rules},
		{"two generations of keys live side by side",
			two_generations_of_keys_live_side_by_side},
		{"nothing is tried twice", nothing_is_tried_twice},
		{"keys that outlive their DS prove no news",
			keys_that_outlive_their_ds_prove_no_news},
		{"order, case, duplicates and TTLs do not matter",
			order_case_duplicates_and_ttls_do_not_matter},
		{"names in data are signed in lower case", names_in_data_are_signed_in_lower_case},
		{"what is not needed does not decide", what_is_not_needed_does_not_decide},
		{"a signature without its record answers nothing",
			a_signature_without_its_record_answers_nothing},
		{"a signature may stand in another section",
			a_signature_may_stand_in_another_section},
		{"ANY needs all that is at the name", any_needs_all_that_is_at_the_name},
		{"the NSEC at a cut may be of either side",
			the_nsec_at_a_cut_may_be_of_either_side},
		{"CNAME and DNAME", aliases},
		{"the same DNAME may apply twice", the_same_dname_may_apply_twice},
		{"a DNAME into itself ends where the answer ends",
			a_dname_into_itself_ends_where_the_answer_ends},
		{"a CNAME of two records is not followed", a_cname_of_two_records_is_not_followed},
		{"a CNAME that comes twice is one, and one without a name leads nowhere",
			a_cname_is_read_as_it_is},
		{"upstream, a chain with a SOA owes a denial",
			upstream_a_chain_with_a_soa_owes_a_denial},
		{"referrals, and answers that there is no DS", referrals},
		{"an alias may come with its way on", an_alias_may_come_with_its_way_on},
		{"the way on in another zone does not decide",
			the_way_on_in_another_zone_does_not_decide},
		{"referrals that lead elsewhere are lame", referrals_that_lead_elsewhere_are_lame},
		{"a bare referral depends on who was asked",
			a_bare_referral_depends_on_who_was_asked},
		{"below an insecure cut everything is insecure, but for islands",
			below_an_insecure_cut_everything_is_insecure},
		{"an anchor that nobody supports is insecure",
			an_anchor_that_nobody_supports_is_insecure},
		{"names can be insecure by configuration", configured_insecure},
		{"without DO, what lacks signatures is not bogus for that",
			without_do_what_lacks_signatures_is_not_bogus},
		{"a denial owes its proof", a_denial_owes_its_proof},
		{"a denial from above an anchor is no word of its zone",
			a_denial_from_above_an_anchor_is_no_word_of_its_zone},
		{"over budget is bogus with its own reason",
			over_budget_is_bogus_with_its_own_reason},
		{"keys that share a tag are all tried", keys_that_share_a_tag_are_all_tried},
		{"budgets of DS and DNSKEY records", ds_and_dnskey_budgets},
		{"nothing covered can be changed: an address",
			nothing_covered_can_be_changed_address},
		{"nothing covered can be changed: a CNAME", nothing_covered_can_be_changed_cname},
		{"nothing covered can be changed: a DNAME", nothing_covered_can_be_changed_dname},
		{"nothing covered can be changed: DNSKEY", nothing_covered_can_be_changed_dnskey},
		{"nothing covered can be changed: DS", nothing_covered_can_be_changed_ds},
		{"nothing covered can be changed: referrals",
			nothing_covered_can_be_changed_referral},
		{"nothing covered can be changed: no DS", nothing_covered_can_be_changed_no_ds},
		{"nothing covered can be changed: denials", nothing_covered_can_be_changed_denial},
		{"nothing covered can be changed: wildcards",
			nothing_covered_can_be_changed_wildcard},
	};
	int status;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	tld = key_make("test.", "csk", 13, 257);
	zone = key_make("a.test.", "csk", 13, 257);
	deep = key_make("b.a.test.", "csk", 13, 257);
	status = test_main("validate", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&tld);
	key_free(&zone);
	key_free(&deep);
	return status;
}
