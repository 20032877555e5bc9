/*
 * Which zone a name lies in, and what follows for a response: longest-suffix knowledge at cuts of
 * every kind, and while it changes.
 */
#include "world.h"

#define NOW SIGNER_NOW

static struct key root, tld, zone, deep, island;
static struct reply r;

static const uint16_t cut[] = {2, 43, 46, 47, 0}, cut_no_ds[] = {2, 46, 47, 0};
static const uint16_t apex[] = {2, 6, 46, 47, 48, 0};

static struct world *chained(void)
{
	const struct key *const zones[] = {&root, &tld, &zone};
	struct world *w = world_new();

	learn_chain(w, zones, WV_COUNT(zones));
	return w;
}

static void publish_word(
	struct world *w, enum wv_trust_fact_kind kind, const char *name, enum wv_reason reason)
{
	struct wv_trust_fact fact = {
		.size = sizeof(fact),
		.kind = kind,
		.reason = reason,
		.life = {.not_before = NOW - 100, .not_after = NOW + 10000, .expires = NOW + 3600},
		.zone = name_of(name),
	};

	world_publish(w, &fact);
}

static char *labels(char *out, unsigned n, const char *below)
{
	char *p = out;

	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "%c.", 'a' + (int)(i % 26));
	sprintf(p, "%s", below);
	return out;
}

static enum wv_reason judge_address(struct world *w, const char *name, const struct key *key)
{
	struct rrset *set = rrset_a(name, "192.0.2.1");

	reply_begin(&r, name, 1, 0x400);
	reply_take(&r, 1, key != NULL ? signed_by(set, key) : set);
	return judge(w, &r);
}

static void names_far_below_a_cut_lie_in_its_zone(void)
{
	struct world *w = chained();
	char name[400];

	publish_word(w, WV_FACT_INSECURE, "plain.test.", WV_REASON_UNSIGNED);
	publish_word(w, WV_FACT_BOGUS, "bad.test.", WV_REASON_STALE_DS);
	for (unsigned n = 1; n <= 100; n += 33) {
		CHECK(judge_address(w, labels(name, n, "a.test."), &zone) == WV_REASON_SECURE);
		CHECK(judge_address(w, name, NULL) == WV_REASON_RRSIG_MISSING);
		CHECK(judge_address(w, labels(name, n, "plain.test."), NULL) == WV_REASON_UNSIGNED);
		CHECK(judge_address(w, labels(name, n, "bad.test."), NULL) == WV_REASON_STALE_DS);
		CHECK(judge_address(w, labels(name, n, "example."), NULL)
			== WV_REASON_RRSIG_MISSING); // the root's, for all that is known
		// Where nobody was asked there may be a cut at any of the labels.
		w->env.asked = false;
		CHECK(judge_address(w, labels(name, n, "a.test."), &zone) == WV_REASON_SECURE);
		CHECK(judge_address(w, name, NULL) == WV_REASON_NO_CHAIN);
		CHECK(judge_address(w, labels(name, n, "plain.test."), NULL) == WV_REASON_UNSIGNED);
		CHECK(judge_address(w, labels(name, n, "bad.test."), NULL) == WV_REASON_STALE_DS);
		w->env.asked = true;
	}
	// Not one label less.
	CHECK(judge_address(w, "a.test.", NULL) == WV_REASON_RRSIG_MISSING);
	CHECK(judge_address(w, "xplain.test.", NULL) == WV_REASON_RRSIG_MISSING);
	world_free(w);
}

// At a cut the parent says NS, DS and one NSEC; everything else is the child's.
static void each_side_of_a_cut_speaks_for_itself(void)
{
	static const struct {
		const char *what;
		uint16_t type;
		const struct key *signer;
		enum wv_reason reason;
	} rows[] = {
		{"the child's address", 1, &zone, WV_REASON_SECURE},
		{"the parent's address", 1, &tld, WV_REASON_SIGNER_INVALID},
		{"the child's NS", 2, &zone, WV_REASON_SECURE},
		{"the parent's NS", 2, &tld, WV_REASON_SIGNER_INVALID},
		{"the child's SOA", 6, &zone, WV_REASON_SECURE},
		{"the child's keys", 48, &zone, WV_REASON_SECURE},
		{"the child's keys by the parent", 48, &tld, WV_REASON_SIGNER_INVALID},
		{"the parent's DS", 43, &tld, WV_REASON_SECURE},
		{"the child's DS", 43, &zone, WV_REASON_SIGNER_INVALID},
		{"the child's NSEC", 47, &zone, WV_REASON_SECURE},
		{"the parent's NSEC", 47, &tld, WV_REASON_SECURE},
		{"the grandparent's NSEC", 47, &root, WV_REASON_SIGNER_INVALID},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		const struct key *keys[] = {&zone};
		struct rrset *set;

		switch (rows[i].type) {
		case 1:
			set = rrset_a("a.test.", "192.0.2.1");
			break;
		case 2:
			set = rrset_name("a.test.", 2, "ns.example.");
			break;
		case 6:
			set = rrset_soa("a.test.");
			break;
		case 43:
			set = rrset_ds("a.test.", &zone);
			break;
		case 47:
			set = rrset_nsec("a.test.",
				rows[i].signer == &zone ? "b.a.test." : "b.test.",
				rows[i].signer == &zone ? apex : cut);
			break;
		default:
			set = rrset_dnskey("a.test.", keys, 1);
		}
		reply_begin(&r, "a.test.", rows[i].type, 0x400);
		reply_take(&r, 1, signed_by(set, rows[i].signer));
		CHECK_ROW(&rows[i], judge(w, &r) == rows[i].reason);
	}
	world_free(w);
}

/*
 * One server for parent and child sends no referral: the child's word comes first, and no DS with
 * it. That is no fault before somebody was asked for the DS, and fine after.
 */
static void parent_and_child_on_one_server(void)
{
	const struct key *const above[] = {&root, &tld};
	struct world *w = world_new();

	learn_chain(w, above, WV_COUNT(above));
	w->env.asked = false;
	CHECK(judge_address(w, "www.a.test.", &zone) == WV_REASON_NO_CHAIN);
	CHECK(judge_address(w, "www.a.test.", NULL) == WV_REASON_NO_CHAIN);
	reply_dnskey(&r, &zone);
	CHECK(learn(w, &r) == WV_REASON_NO_CHAIN && w->facts == 0);
	w->env.asked = true;
	CHECK(judge_address(w, "www.a.test.", &zone) == WV_REASON_DS_UNPROVEN);
	reply_ds(&r, &zone, &tld);
	CHECK(learn(w, &r) == WV_REASON_SECURE && w->facts == 1);
	reply_dnskey(&r, &zone);
	CHECK(learn(w, &r) == WV_REASON_SECURE && w->facts == 1);
	CHECK(judge_address(w, "www.a.test.", &zone) == WV_REASON_SECURE);
	world_free(w);
}

// Its SOA stands at the name: it is no parent's word, whatever its NSEC says and whoever signed it.
static void ds_answered_by_the_child_changes_nothing(void)
{
	static const uint16_t *const types[] = {apex, cut_no_ds, cut};

	for (unsigned known = 0; known < 2; known++) {
		const struct key *const zones[] = {&root, &tld, &zone};
		struct world *w = world_new();
		struct wv_name name = name_of("a.test.");

		learn_chain(w, zones, known != 0 ? 3 : 2);
		for (unsigned i = 0; i < WV_COUNT(types); i++) {
			const struct wv_trust_zone *z;

			reply_begin(&r, "a.test.", 43, 0x400);
			reply_take(&r, 2, signed_by(rrset_soa("a.test."), &zone));
			reply_take(&r, 2,
				signed_by(rrset_nsec("a.test.", "b.a.test.", types[i]), &zone));
			CHECK(wv_reason_verdict(learn(w, &r)) != WV_VERDICT_SECURE);
			CHECK(w->facts == 0);
			z = wv_trust_get(w->trust, &name, w->env.now);
			CHECK((z != NULL) == (known != 0));
			CHECK(z == NULL || wv_trust_status_at(z, w->env.now) == WV_TRUST_SECURE);
		}
		world_free(w);
	}
}

static void a_signer_that_is_no_cut(void)
{
	static const struct {
		const char *what, *signer;
		enum wv_reason asked, not_asked;
	} rows[] = {
		{"the zone", "a.test.", WV_REASON_SECURE, WV_REASON_SECURE},
		{"between the zone and the name", "x.a.test.", WV_REASON_DS_UNPROVEN,
			WV_REASON_NO_CHAIN},
		{"the name itself", "www.x.a.test.", WV_REASON_DS_UNPROVEN, WV_REASON_NO_CHAIN},
		{"below the name", "y.www.x.a.test.", WV_REASON_SIGNER_INVALID,
			WV_REASON_SIGNER_INVALID},
		{"beside the name", "b.a.test.", WV_REASON_SIGNER_INVALID,
			WV_REASON_SIGNER_INVALID},
		{"above the zone", "test.", WV_REASON_SIGNER_INVALID, WV_REASON_SIGNER_INVALID},
		{"the root", ".", WV_REASON_SIGNER_INVALID, WV_REASON_SIGNER_INVALID},
	};
	struct world *w = chained();

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a("www.x.a.test.", "192.0.2.1");

		sign_with(set, &zone, (struct sign){.signer = rows[i].signer});
		reply_begin(&r, "www.x.a.test.", 1, 0x400);
		reply_take(&r, 1, set);
		CHECK_ROW(&rows[i], learn(w, &r) == rows[i].asked && w->facts == 0);
		w->env.asked = false;
		CHECK_ROW(&rows[i], learn(w, &r) == rows[i].not_asked && w->facts == 0);
		w->env.asked = true;
	}
	world_free(w);
}

static void an_anchor_below_an_insecure_zone_is_an_island(void)
{
	struct world *w = chained();

	publish_word(w, WV_FACT_INSECURE, "plain.test.", WV_REASON_UNSIGNED);
	world_anchor(w, "i.plain.test.", &island);
	CHECK(judge_address(w, "www.i.plain.test.", &island) == WV_REASON_DNSKEY_MISSING);
	reply_dnskey(&r, &island);
	CHECK(learn(w, &r) == WV_REASON_SECURE && w->facts == 1);
	CHECK(judge_address(w, "www.i.plain.test.", &island) == WV_REASON_SECURE);
	CHECK(judge_address(w, "www.i.plain.test.", NULL) == WV_REASON_RRSIG_MISSING);
	CHECK(judge_address(w, "www.plain.test.", NULL) == WV_REASON_UNSIGNED);
	CHECK(judge_address(w, "www.a.test.", &zone) == WV_REASON_SECURE);
	world_free(w);
}

// Whatever is known of the zone: who did not ask for signatures gets none, and that is no fault.
static void answers_to_those_who_did_not_ask_for_signatures(void)
{
	static const struct {
		const char *what;
		const char *zone;
		const struct key *signer; // NULL: unsigned
		enum wv_reason undemanded, demanded;
	} rows[] = {
		{"a secure zone", "a.test.", NULL, WV_REASON_DO_NOT_SET, WV_REASON_RRSIG_MISSING},
		{"a secure zone, signed", "a.test.", &zone, WV_REASON_SECURE, WV_REASON_SECURE},
		{"no keys are known", "b.a.test.", NULL, WV_REASON_DO_NOT_SET,
			WV_REASON_DNSKEY_MISSING},
		{"no keys are known, signed", "b.a.test.", &deep, WV_REASON_DNSKEY_MISSING,
			WV_REASON_DNSKEY_MISSING},
		{"a bogus zone", "bad.test.", NULL, WV_REASON_DO_NOT_SET, WV_REASON_STALE_DS},
		{"an unsigned zone", "plain.test.", NULL, WV_REASON_UNSIGNED, WV_REASON_UNSIGNED},
	};
	struct world *w = chained();

	reply_ds(&r, &deep, &zone);
	CHECK(learn(w, &r) == WV_REASON_SECURE && w->facts == 1);
	publish_word(w, WV_FACT_BOGUS, "bad.test.", WV_REASON_STALE_DS);
	publish_word(w, WV_FACT_INSECURE, "plain.test.", WV_REASON_UNSIGNED);
	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		for (unsigned demanded = 0; demanded < 2; demanded++) {
			enum wv_reason reason =
				demanded != 0 ? rows[i].demanded : rows[i].undemanded;
			bool is_signed = rows[i].signer != NULL;
			char name[40];

			w->query.dnssec_ok = demanded != 0;
			snprintf(name, sizeof(name), "www.%s", rows[i].zone);
			CHECK_ROW(&rows[i], judge_address(w, name, rows[i].signer) == reason);
			if (is_signed || reason == WV_REASON_RRSIG_MISSING)
				continue;
			reply_begin(&r, name, 28, 0x400);
			reply_take(&r, 2, rrset_soa(rows[i].zone));
			CHECK_ROW(&rows[i], judge(w, &r) == reason);
			snprintf(name, sizeof(name), "www.x.%s", rows[i].zone);
			reply_begin(&r, name, 1, 0);
			reply_take(&r, 2, rrset_name(strchr(name, '.') + 1, 2, "ns.example."));
			CHECK_ROW(&rows[i], judge(w, &r) == reason);
		}
	}
	world_free(w);
}

// ---- while it changes ----

// What the store has let go of, until no validation refers to it.
static struct {
	void *object[64];
	void (*free_fn[64])(void *object);
	unsigned n;
} kept;

static void keep(void *arg, void *object, void (*free_fn)(void *object))
{
	(void)arg;
	if (kept.n == WV_COUNT(kept.object))
		SIGNER_FAIL("too much was let go of");
	kept.object[kept.n] = object;
	kept.free_fn[kept.n++] = free_fn;
}

static void kept_free(void)
{
	while (kept.n > 0) {
		kept.n--;
		kept.free_fn[kept.n](kept.object[kept.n]);
	}
}

static struct world *chained_with_readers(void)
{
	const struct wv_trust_params params = {.zones = 100, .sha1 = true, .reclaim = keep};
	const struct key *const zones[] = {&root, &tld, &zone};
	struct world *w = world_new();

	wv_trust_destroy(w->trust);
	w->trust = wv_trust_create(&params, NULL);
	if (w->trust == NULL)
		SIGNER_FAIL("memory");
	w->env.trust = w->trust;
	learn_chain(w, zones, WV_COUNT(zones));
	return w;
}

static void world_close(struct world *w)
{
	world_forget(w);
	kept_free();
	world_free(w);
}

// Begin with what is in `r`, let the store change, and go on to the end.
static enum wv_reason judge_amid(struct world *w, void (*change)(struct world *w))
{
	struct wv_validation *v;
	enum wv_message_status status;

	world_forget(w);
	w->payload = test_exact(r.octets, r.len);
	status = wv_message_parse(&w->m, w->payload, r.len, 7);
	wv_validate_begin(&w->v, &w->env, &w->m, status, &w->query, w);
	CHECK(w->v.pending);
	change(w);
	wv_batch_add(w->batch, &w->v, 0);
	wv_batch_finish(w->batch, 0);
	v = wv_batch_take(w->batch);
	CHECK(v == &w->v && !v->pending);
	return w->v.reason;
}

static void becomes_insecure(struct world *w)
{
	publish_word(w, WV_FACT_INSECURE, "a.test.", WV_REASON_UNSIGNED);
}

static void parent_becomes_insecure(struct world *w)
{
	publish_word(w, WV_FACT_INSECURE, "test.", WV_REASON_OPT_OUT);
}

static void gets_a_cut(struct world *w)
{
	publish_word(w, WV_FACT_INSECURE, "www.a.test.", WV_REASON_UNSIGNED);
}

static void all_expires(struct world *w)
{
	w->env.now.now_s += 365 * SIGNER_DAY;
	wv_trust_expire(w->trust, w->env.now, 1000);
	w->env.now.now_s -= 365 * SIGNER_DAY;
}

static void gets_other_keys(struct world *w)
{
	static const struct key *keys[] = {&zone, &deep, &tld, &root, &island};

	for (unsigned i = 2; i <= 5; i++) { // four generations, the first is put out
		struct world other = *w;
		struct rrset *set = rrset_dnskey("a.test.", keys, i);
		static struct reply answer;

		reply_begin(&answer, "a.test.", 48, 0x400);
		reply_take(&answer, 1, signed_by(set, &zone));
		other.payload = NULL;
		other.batch = wv_batch_create(NULL, NULL);
		CHECK(learn(&other, &answer) == WV_REASON_SECURE && other.facts == 1);
		world_forget(&other);
		wv_batch_destroy(other.batch);
	}
}

/*
 * A validation goes by the snapshot it began with, and ends as it would have ended. What begins
 * after a change goes by that.
 */
static void a_status_that_changes_under_a_validation(void)
{
	static const struct {
		const char *what;
		void (*change)(struct world *w);
		enum wv_reason next, next_unsigned;
	} rows[] = {
		{"insecure", becomes_insecure, WV_REASON_UNSIGNED, WV_REASON_UNSIGNED},
		{"insecure above, where it counts for what is not known by itself",
			parent_becomes_insecure, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"a cut below", gets_a_cut, WV_REASON_UNSIGNED, WV_REASON_UNSIGNED},
		{"nothing is known any more", all_expires, WV_REASON_DNSKEY_MISSING,
			WV_REASON_DNSKEY_MISSING},
		{"other keys", gets_other_keys, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
	};

	for (size_t i = 0; i < WV_COUNT(rows); i++) {
		struct world *w = chained_with_readers();

		reply_begin(&r, "www.a.test.", 1, 0x400);
		reply_take(&r, 1, signed_by(rrset_a("www.a.test.", "192.0.2.1"), &zone));
		CHECK_ROW(&rows[i], judge_amid(w, rows[i].change) == WV_REASON_SECURE);
		world_forget(w);
		kept_free();
		CHECK_ROW(&rows[i], judge_address(w, "www.a.test.", &zone) == rows[i].next);
		CHECK_ROW(&rows[i], judge_address(w, "www.a.test.", NULL) == rows[i].next_unsigned);
		world_close(w);
	}
}

// What it proves meets the store as it is by then: keys do not undo the proof that there are none.
static void facts_of_a_validation_that_began_earlier(void)
{
	struct world *w = chained_with_readers();
	struct wv_name name = name_of("a.test.");
	const struct key *keys[] = {&zone, &deep};

	reply_begin(&r, "a.test.", 48, 0x400);
	reply_take(&r, 1, signed_by(rrset_dnskey("a.test.", keys, 2), &zone));
	CHECK(judge_amid(w, becomes_insecure) == WV_REASON_SECURE);
	CHECK(wv_chain_harvest(&w->v, WV_TRUST_WIRE, false, w->scratch, world_publish, w) == 1);
	CHECK(wv_trust_status_at(wv_trust_get(w->trust, &name, w->env.now), w->env.now)
		== WV_TRUST_INSECURE);
	world_close(w);
}

int main(void)
{
	static const struct test tests[] = {
		{"names far below a cut lie in its zone", names_far_below_a_cut_lie_in_its_zone},
		{"each side of a cut speaks for itself", each_side_of_a_cut_speaks_for_itself},
		{"parent and child on one server", parent_and_child_on_one_server},
		{"DS answered by the child changes nothing",
			ds_answered_by_the_child_changes_nothing},
		{"a signer that is no cut", a_signer_that_is_no_cut},
		{"an anchor below an insecure zone is an island",
			an_anchor_below_an_insecure_zone_is_an_island},
		{"answers to those who did not ask for signatures",
			answers_to_those_who_did_not_ask_for_signatures},
		{"a status that changes under a validation",
			a_status_that_changes_under_a_validation},
		{"facts of a validation that began earlier",
			facts_of_a_validation_that_began_earlier},
	};
	int result;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	tld = key_make("test.", "csk", 13, 257);
	zone = key_make("a.test.", "csk", 13, 257);
	deep = key_make("b.a.test.", "csk", 13, 257);
	island = key_make("i.plain.test.", "csk", 13, 257);
	result = test_main("zones", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&tld);
	key_free(&zone);
	key_free(&deep);
	key_free(&island);
	return result;
}
