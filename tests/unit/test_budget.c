/*
 * Budgets (S1): messages that were built to cost a validator dearly. What is counted is what was
 * handed out to be checked or hashed; whether a signature is right is decided by the tests.
 */
#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

#define KEYS 6 // of the zone, one for each algorithm

static struct key root, keys[KEYS];
static const uint8_t algorithms[KEYS] = {8, 10, 13, 14, 15, 16};
static struct reply r;

static bool is_reason(enum wv_reason found, enum wv_reason wanted)
{
	if (found != wanted)
		fprintf(stderr, "\nwant %s, not %s\n", wv_reason_name(wanted),
			wv_reason_name(found));
	return found == wanted;
}

// Below the root "z.", which has a key of each algorithm.
static struct world *mixed(void)
{
	const struct key *const list[] = {
		&keys[0], &keys[1], &keys[2], &keys[3], &keys[4], &keys[5]};
	const struct key *const one[] = {&root};
	struct world *w = world_new();

	learn_chain(w, one, 1);
	reply_begin(&r, "z.", 43, 0x400);
	reply_take(&r, 1, signed_by(rrset_ds("z.", &keys[2]), &root));
	if (learn(w, &r) != WV_REASON_SECURE)
		SIGNER_FAIL("DS");
	reply_begin(&r, "z.", 48, 0x400);
	reply_take(&r, 1, signed_by(rrset_dnskey("z.", list, KEYS), &keys[2]));
	if (learn(w, &r) != WV_REASON_SECURE)
		SIGNER_FAIL("DNSKEY");
	return w;
}

// An RRSIG that names a key and passes all cheap tests; the signature itself is nothing.
static struct octets rrsig_empty(const struct octets *owner, uint16_t type, const struct key *key)
{
	struct octets rdata = {0};

	put16(&rdata, type);
	put8(&rdata, key->algorithm);
	put8(&rdata, labels_of(owner));
	put32(&rdata, SIGNER_TTL);
	put32(&rdata, NOW + DAY);
	put32(&rdata, NOW - DAY);
	put16(&rdata, key_tag(key));
	put_name(&rdata, key->zone);
	return rdata;
}

static void reply_sign_empty(struct reply *reply, const struct octets *owner, uint16_t type,
	const struct key *key, unsigned n)
{
	struct octets rdata = rrsig_empty(owner, type, key);

	for (unsigned i = 0; i < n; i++)
		reply_rr(reply, 1, owner, false, 46, SIGNER_TTL, &rdata);
}

// What was handed out, and what was good and free.
struct bill {
	unsigned checks;
	uint64_t handed_out, good, heaviest;
	bool first[WV_VALIDATE_NEEDED]; // had its good check
	bool broken;                    // more was handed out than may be
};

static void bill_check(struct bill *bill, const struct world *w)
{
	uint64_t most = (uint64_t)w->settings.weight * WV_VERIFY_WEIGHT_ONE;

	if (most < bill->heaviest)
		most = bill->heaviest;
	// What is in flight may all turn out wrong.
	bill->broken |= bill->handed_out > bill->good + most;
}

static void bill_answer(
	struct bill *bill, const struct world *w, const struct wv_validate_check *check, bool ok)
{
	if (!ok || bill->first[check->need])
		return;
	bill->first[check->need] = true;
	if (check->need < w->settings.needed_rrsets)
		bill->good += check->weight;
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/*
 * Judge, with answers given at random, `per_mille` of them good, in any order, and checks taken as
 * many at once as it happens.
 */
static enum wv_reason drive(struct world *w, struct bill *bill, unsigned per_mille, uint32_t *state)
{
	struct wv_validate_check flight[WV_VALIDATE_NEEDED];
	enum wv_message_status status;
	unsigned n = 0;

	memset(bill, 0, sizeof(*bill));
	world_forget(w);
	w->payload = test_exact(r.octets, r.len);
	status = wv_message_parse(&w->m, w->payload, r.len, 7);
	wv_validate_begin(&w->v, &w->env, &w->m, status, &w->query, w);
	while (w->v.pending) {
		unsigned room = 1 + random_next(state) % (WV_VALIDATE_NEEDED - n), i;
		unsigned taken = wv_validate_next(&w->v, flight + n, room);
		struct wv_validate_check check;
		bool ok;

		for (i = n; i < n + taken; i++) {
			bill->checks++;
			bill->handed_out += flight[i].weight;
			if (flight[i].weight > bill->heaviest)
				bill->heaviest = flight[i].weight;
		}
		n += taken;
		bill_check(bill, w);
		if (n == 0) {
			CHECK(!w->v.pending); // or nobody would ever go on
			break;
		}
		i = random_next(state) % n;
		check = flight[i];
		flight[i] = flight[--n];
		ok = random_next(state) % 1000 < per_mille;
		bill_answer(bill, w, &check, ok);
		wv_validate_answer(&w->v, &check, ok);
	}
	CHECK(n == 0);
	return w->v.reason;
}

static void random_reply(uint32_t *state)
{
	unsigned sets = 1 + random_next(state) % 70;

	reply_begin(&r, "z.", 255, 0x400);
	for (unsigned i = 0; i < sets; i++) {
		struct rrset *set = rrset_octets("z.", (uint16_t)(1000 + i), "x", 1);
		unsigned sigs = 1 + random_next(state) % 10;

		reply_records(&r, 1, set);
		for (unsigned k = 0; k < sigs; k++)
			reply_sign_empty(
				&r, &set->owner, set->type, &keys[random_next(state) % KEYS], 1);
		free(set);
	}
}

static void no_more_is_handed_out_than_the_budget_allows(void)
{
	static const uint16_t weights[] = {1, 5, 64, 4096}, free_ones[] = {1, 3, 16, 64};
	struct world *w = mixed();
	unsigned reasons[WV_REASON_COUNT] = {0};
	uint32_t state = 1;

	for (unsigned i = 0; i < 3000; i++) {
		struct bill bill;

		w->settings.weight = weights[random_next(&state) % WV_COUNT(weights)];
		w->settings.needed_rrsets = free_ones[random_next(&state) % WV_COUNT(free_ones)];
		w->settings.failures_per_rrset = (uint16_t)(1 + random_next(&state) % 10);
		random_reply(&state);
		reasons[drive(w, &bill, random_next(&state) % 1500, &state)]++;
		CHECK(!bill.broken);
	}
	// The cases are of all kinds.
	CHECK(reasons[WV_REASON_SECURE] > 100);
	CHECK(reasons[WV_REASON_BUDGET_WEIGHT] > 100);
	CHECK(reasons[WV_REASON_BUDGET_FAILURES] > 100);
	CHECK(reasons[WV_REASON_BUDGET_NEEDED_RRSETS] > 10);
	CHECK(reasons[WV_REASON_BAD_SIGNATURE] > 10);
	world_free(w);
}

static unsigned reply_any(unsigned sets, const struct key *key, unsigned sigs)
{
	reply_begin(&r, "z.", 255, 0x400);
	for (unsigned i = 0; i < sets; i++) {
		struct rrset *set = rrset_octets("z.", (uint16_t)(1000 + i), "x", 1);

		reply_records(&r, 1, set);
		reply_sign_empty(&r, &set->owner, set->type, key, sigs);
		free(set);
	}
	return sets;
}

// ANY with many RRsets is refused for none of them: the sixteenth and those before are free.
static void a_good_answer_may_need_more_rrsets_than_are_free(void)
{
	static const struct {
		const char *what;
		unsigned sets, key;
		uint16_t weight;
		enum wv_reason reason;
	} rows[] = {
		{"16 of P-256 take nothing", 16, 2, 1, WV_REASON_SECURE},
		{"16 of P-384 take nothing", 16, 3, 1, WV_REASON_SECURE},
		{"39 of P-256", 39, 2, 64, WV_REASON_SECURE},
		{"64 of P-256", 64, 2, 64, WV_REASON_SECURE},
		{"64 of P-256, and less weight", 64, 2, 47, WV_REASON_BUDGET_WEIGHT},
		{"21 of P-384", 21, 3, 64, WV_REASON_SECURE},
		{"22 of P-384", 22, 3, 64, WV_REASON_BUDGET_WEIGHT},
		{"64 of RSA", 64, 0, 64, WV_REASON_SECURE},
		{"65 of RSA: there is no room", 65, 0, 64, WV_REASON_BUDGET_NEEDED_RRSETS},
	};
	struct world *w = mixed();
	uint32_t state = 1;

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		struct bill bill;

		reply_any(rows[i].sets, &keys[rows[i].key], 1);
		w->settings.weight = rows[i].weight;
		CHECK_ROW(&rows[i], is_reason(drive(w, &bill, 1000, &state), rows[i].reason));
		CHECK_ROW(&rows[i], !bill.broken);
	}
	world_free(w);
}

// A response counts once for each budget that it went over.
static void each_budget_counts_once_a_response(void)
{
	struct world *w = mixed();
	struct bill bill;
	uint32_t state = 1;

	reply_any(3, &keys[0], 9);
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_FAILURES));
	CHECK(wv_validate_budgets(&w->v) == UINT64_C(1) << WV_REASON_BUDGET_FAILURES);
	w->settings.failures_per_rrset = 20;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_SIGNATURES));
	CHECK(wv_validate_budgets(&w->v) == UINT64_C(1) << WV_REASON_BUDGET_SIGNATURES);
	reply_any(65, &keys[3], 2);
	CHECK(wv_reason_budget(drive(w, &bill, 0, &state)) != NULL);
	CHECK(wv_validate_budgets(&w->v)
		== (UINT64_C(1) << WV_REASON_BUDGET_WEIGHT
			| UINT64_C(1) << WV_REASON_BUDGET_NEEDED_RRSETS));
	reply_any(3, &keys[0], 1);
	CHECK(is_reason(drive(w, &bill, 1000, &state), WV_REASON_SECURE));
	CHECK(wv_validate_budgets(&w->v) == 0);
	world_free(w);
}

// 40 zones, one below the other, of which each name is a label longer.
static void a_chain_is_not_built_beyond_its_depth(void)
{
	static char names[41][100];
	static struct key zones[41];
	const struct key *list[WV_COUNT(zones)];
	struct world *w = world_new();
	unsigned depth = 0;

	strcpy(names[0], ".");
	for (unsigned i = 0; i < WV_COUNT(zones); i++) {
		if (i > 0)
			snprintf(names[i], sizeof(names[i]), "%c.%s", 'a' + (int)i % 26,
				i > 1 ? names[i - 1] : "");
		zones[i] = key_make(names[i], "csk", 13, 257);
		list[i] = &zones[i];
	}
	learn_chain(w, list, 33); // the anchor and 32 more
	reply_ds(&r, list[33], list[32]);
	CHECK(is_reason(learn(w, &r), WV_REASON_BUDGET_CHAIN_DEPTH) && w->facts == 0);
	CHECK(wv_validate_budgets(&w->v) == UINT64_C(1) << WV_REASON_BUDGET_CHAIN_DEPTH);
	w->settings.chain_depth = 33;
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);
	w->settings.chain_depth = 1;
	CHECK(is_reason(learn(w, &r), WV_REASON_BUDGET_CHAIN_DEPTH));

	// A name is not deep for having many labels.
	reply_begin(&r, "a.b.c.d.e.", 43, 0x400);
	reply_take(&r, 1, signed_by(rrset_ds("a.b.c.d.e.", &zones[5]), &zones[0]));
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE));
	w->settings.chain_depth = 32;
	for (const struct wv_trust_zone *z = NULL; depth < 50; depth++) {
		struct wv_name name = name_of(names[32]);

		z = z == NULL ? wv_trust_find(w->trust, &name, w->env.now)
			      : wv_trust_find_above(w->trust, &z->name, w->env.now);
		if (z->is_anchor)
			break;
	}
	CHECK(depth == 32);
	world_free(w);
	for (unsigned i = 0; i < WV_COUNT(zones); i++)
		key_free(&zones[i]);
}

// validation.harden_algo_downgrade: DS of P-256 and of Ed25519.
static void a_signature_of_each_algorithm_may_be_asked_for(void)
{
	static const struct {
		const char *what;
		int sigs[4]; // keys; -2 is keys[2] with a wrong signature; -1 ends
		enum wv_reason liberal, hardened;
	} rows[] = {
		{"both", {2, 4, -1}, WV_REASON_SECURE, WV_REASON_SECURE},
		{"both, in the other order", {4, 2, -1}, WV_REASON_SECURE, WV_REASON_SECURE},
		{"both, and another", {0, 4, 2, -1}, WV_REASON_SECURE, WV_REASON_SECURE},
		{"one", {2, -1}, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"the other", {4, -1}, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"one twice", {4, 4, -1}, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"one of them is wrong", {-2, 4, -1}, WV_REASON_SECURE, WV_REASON_BAD_SIGNATURE},
		{"one of them is wrong, and right", {-2, 4, 2, -1}, WV_REASON_SECURE,
			WV_REASON_SECURE},
		{"an algorithm that no DS has", {0, -1}, WV_REASON_SECURE, WV_REASON_RRSIG_MISSING},
		{"none", {-1}, WV_REASON_RRSIG_MISSING, WV_REASON_RRSIG_MISSING},
	};
	const struct key *const list[] = {&keys[0], &keys[2], &keys[4]};
	const struct key *const one[] = {&root};
	struct world *w = world_new();
	struct rrset *set = rrset_ds("z.", &keys[2]);

	w->settings.harden_algo_downgrade = true;
	learn_chain(w, one, 1);
	rrset_add_ds(set, "z.", &keys[4], 2);
	reply_begin(&r, "z.", 43, 0x400);
	reply_take(&r, 1, signed_by(set, &root));
	REQUIRE(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);

	// The DNSKEY RRset by one of the algorithms alone.
	reply_begin(&r, "z.", 48, 0x400);
	set = signed_by(rrset_dnskey("z.", list, 3), &keys[2]);
	reply_set(&r, 1, set);
	CHECK(is_reason(learn(w, &r), WV_REASON_RRSIG_MISSING) && w->facts == 0);
	reply_begin(&r, "z.", 48, 0x400);
	reply_take(&r, 1, signed_by(set, &keys[4]));
	REQUIRE(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		set = rrset_a("z.", "192.0.2.1");
		for (unsigned k = 0; rows[i].sigs[k] != -1; k++)
			sign_with(set, &keys[abs(rows[i].sigs[k])],
				(struct sign){.broken = rows[i].sigs[k] < 0});
		reply_begin(&r, "z.", 1, 0x400);
		reply_take(&r, 1, set);
		w->settings.harden_algo_downgrade = false;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].liberal));
		w->settings.harden_algo_downgrade = true;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].hardened));
	}

	// Beside an older DS RRset that speaks of one, what satisfies either is enough (V11).
	reply_ds(&r, &keys[2], &root);
	CHECK(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);
	reply_begin(&r, "z.", 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_a("z.", "192.0.2.1"), &keys[2]));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	world_free(w);
}

int main(void)
{
	static const struct test tests[] = {
		{"no more is handed out than the budget allows",
			no_more_is_handed_out_than_the_budget_allows},
		{"a good answer may need more RRsets than are free",
			a_good_answer_may_need_more_rrsets_than_are_free},
		{"each budget counts once a response", each_budget_counts_once_a_response},
		{"a chain is not built beyond its depth", a_chain_is_not_built_beyond_its_depth},
		{"a signature of each algorithm may be asked for",
			a_signature_of_each_algorithm_may_be_asked_for},
	};
	int status;

	if (world_drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	for (unsigned i = 0; i < KEYS; i++)
		keys[i] = key_make("z.", "csk", algorithms[i], 257);
	status = test_main("budget", tests, WV_COUNT(tests));
	key_free(&root);
	for (unsigned i = 0; i < KEYS; i++)
		key_free(&keys[i]);
	return status;
}
