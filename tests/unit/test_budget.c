/*
 * Budgets (S1): messages that were built to cost a validator dearly. What is counted is what was
 * handed out to be checked or hashed; whether a signature is right is decided by the tests.
 */
#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"

#include "world.h"

#define NOW SIGNER_NOW
#define DAY SIGNER_DAY

#define KEYS 6 // of the zone, one for each algorithm

static struct key root, keys[KEYS], shared;
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

static uint64_t digests[WV_HASH_COUNT]; // made
static uint64_t blocks;                 // of 64 octets, that SHA-1 was given

static void counted_run(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	digests[hash] += n;
	for (unsigned i = 0; hash == WV_HASH_SHA1 && i < n; i++)
		blocks += (jobs[i].len + 9 + 63) / 64;
	wv_hash_openssl.run[hash](hash, jobs, n);
}

// Swapping two of a key's 16-bit words leaves its tag as it is.
static struct octets twin_of(const struct key *key, unsigned number)
{
	struct octets twin = key->rdata;
	unsigned i = number % 16, j = (i + 1 + number / 16) % 16;

	memcpy(twin.octets + 4 + 2 * i, key->rdata.octets + 4 + 2 * j, 2);
	memcpy(twin.octets + 4 + 2 * j, key->rdata.octets + 4 + 2 * i, 2);
	return twin;
}

#define TWINS 64

static struct octets twins[TWINS];

// Those that are keys: half of them are on no curve.
static void twins_make(void)
{
	struct wv_verify_key key;
	unsigned n = 0;

	for (unsigned i = 0; n < TWINS; i++) {
		twins[n] = twin_of(&shared, i);
		if (!wv_verify_key_init(
			    &key, WV_ALG_ED25519, twins[n].octets + 4, twins[n].len - 4u))
			continue;
		wv_verify_key_fini(&key);
		n++;
	}
}

// The records of "t.": the one key that its DS names, and `n` with the same tag before it.
static void reply_twins(unsigned n)
{
	struct octets owner = {0};

	put_name(&owner, "t.");
	reply_begin(&r, "t.", 48, 0x400);
	for (unsigned i = 0; i < n; i++)
		reply_rr(&r, 1, &owner, false, 48, SIGNER_TTL, &twins[i]);
	reply_rr(&r, 1, &owner, false, 48, SIGNER_TTL, &shared.rdata);
}

// A zone with 16 keys of one tag.
static struct world *trapped(void)
{
	const struct key *const one[] = {&root};
	struct world *w = world_new();
	struct rrset *set = rrset_new("t.", 48);

	learn_chain(w, one, 1);
	reply_begin(&r, "t.", 43, 0x400);
	reply_take(&r, 1, signed_by(rrset_ds("t.", &shared), &root));
	if (learn(w, &r) != WV_REASON_SECURE)
		SIGNER_FAIL("DS");
	for (unsigned i = 0; i < 15; i++)
		rrset_add(set, &twins[i]);
	rrset_add(set, &shared.rdata);
	w->settings.keys_per_tag = w->settings.failures_per_rrset = 16;
	reply_begin(&r, "t.", 48, 0x400);
	reply_take(&r, 1, signed_by(set, &shared));
	if (learn(w, &r) != WV_REASON_SECURE)
		SIGNER_FAIL("DNSKEY");
	w->settings = wv_validate_presets;
	return w;
}

// CVE-2023-50387: colliding tags times signatures.
static void key_trap(void)
{
	struct world *w = trapped();
	struct bill bill;
	uint32_t state = 1;
	uint64_t most = 64 * WV_VERIFY_WEIGHT_ONE;

	reply_begin(&r, "t.", 255, 0x400);
	for (unsigned i = 0; i < 60; i++) {
		struct rrset *set = rrset_octets("t.", (uint16_t)(1000 + i), "x", 1);

		reply_records(&r, 1, set);
		reply_sign_empty(&r, &set->owner, set->type, &shared, 10);
		free(set);
		CHECK(wv_reason_budget(drive(w, &bill, 0, &state)) != NULL);
		CHECK(bill.handed_out <= most);
		CHECK(bill.checks <= 4 * (i + 1));
	}
	CHECK(w->v.reason == WV_REASON_BUDGET_WEIGHT);
	CHECK(bill.handed_out > most * 9 / 10);
	w->settings.weight = 4096;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_FAILURES));
	CHECK(bill.checks == 60 * 4);
	world_free(w);
}

// One key, as many signatures as there is room for; with each setting in turn out of the way.
static void sig_jam(void)
{
	struct world *w = mixed();
	struct rrset *set = rrset_a("z.", "192.0.2.1");
	struct bill bill;
	uint32_t state = 1;

	reply_begin(&r, "z.", 1, 0x400);
	reply_records(&r, 1, set);
	reply_sign_empty(&r, &set->owner, 1, &keys[2], 1900);
	CHECK(r.len > 60000);
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_FAILURES));
	CHECK(bill.checks == 4);
	w->settings.failures_per_rrset = UINT16_MAX;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_SIGNATURES));
	CHECK(bill.checks == 8);
	w->settings.signatures_per_rrset = UINT16_MAX;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_WEIGHT));
	CHECK(bill.checks == 64);
	w->settings.weight = 4096;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_SIGNATURES));
	CHECK(bill.checks == WV_VALIDATE_LOOKS);
	free(set);
	world_free(w);
}

// One signature, many keys of its tag.
static void lock_cram(void)
{
	struct world *w = trapped();
	struct rrset *set = rrset_a("t.", "192.0.2.1");
	struct bill bill;
	uint32_t state = 1;

	reply_begin(&r, "t.", 1, 0x400);
	reply_records(&r, 1, set);
	reply_sign_empty(&r, &set->owner, 1, &shared, 1);
	w->settings.failures_per_rrset = UINT16_MAX;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_KEYS_PER_TAG));
	CHECK(bill.checks == 4);
	w->settings.keys_per_tag = UINT16_MAX;
	CHECK(is_reason(drive(w, &bill, 0, &state), WV_REASON_BAD_SIGNATURE));
	CHECK(bill.checks == 16);
	free(set);
	world_free(w);
}

// DS records times keys of their tag, each pair a digest.
static void hash_trap(void)
{
	const struct key *const one[] = {&root};
	struct rrset *set = rrset_new("t.", 43);
	struct world *w = world_new();
	struct octets owner = {0};
	uint64_t before;

	learn_chain(w, one, 1);
	for (unsigned i = 0; i < 12; i++) { // of no key
		struct octets ds = ds_rdata("t.", &shared, 4);

		ds.octets[20] ^= (uint8_t)(i + 1);
		rrset_add(set, &ds);
	}
	reply_begin(&r, "t.", 43, 0x400);
	reply_take(&r, 1, signed_by(set, &root));
	REQUIRE(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);

	put_name(&owner, "t.");
	reply_twins(63);
	reply_sign_empty(&r, &owner, 48, &shared, 100);
	before = digests[WV_HASH_SHA384];
	CHECK(wv_reason_budget(judge(w, &r)) != NULL);
	CHECK(digests[WV_HASH_SHA384] - before == 8 * 4);
	CHECK(w->v.n_own_prepared == 0);

	// 64 keys are looked at, and no more.
	reply_twins(64);
	reply_sign_empty(&r, &owner, 48, &shared, 1);
	before = digests[WV_HASH_SHA384];
	CHECK(is_reason(judge(w, &r), WV_REASON_BUDGET_DNSKEYS));
	CHECK(digests[WV_HASH_SHA384] == before);
	world_free(w);
}

// As many keys as there are DS records, each with its digest: all are prepared, eight at most.
static void keys_that_are_prepared_are_bounded(void)
{
	const struct key *const one[] = {&root};
	struct key many[WV_VALIDATE_KEYS + 4];
	const struct key *list[WV_COUNT(many)];
	struct rrset *set = rrset_new("t.", 43);
	struct world *w = world_new();
	char name[8];

	for (unsigned i = 0; i < WV_COUNT(many); i++) {
		snprintf(name, sizeof(name), "k%u", i);
		many[i] = key_make("t.", name, 16, 257);
		rrset_add_ds(set, "t.", &many[i], 2);
		list[i] = &many[i];
	}
	learn_chain(w, one, 1);
	reply_begin(&r, "t.", 43, 0x400);
	reply_take(&r, 1, signed_by(set, &root));
	REQUIRE(is_reason(learn(w, &r), WV_REASON_SECURE) && w->facts == 1);
	w->settings.ds = 64;
	set = rrset_dnskey("t.", list, WV_COUNT(many));
	sign_with(set, &many[0], (struct sign){.broken = true});
	reply_begin(&r, "t.", 48, 0x400);
	reply_take(&r, 1, set);
	CHECK(wv_reason_verdict(judge(w, &r)) == WV_VERDICT_BOGUS);
	CHECK(w->v.n_own_prepared == WV_VALIDATE_KEYS);
	world_free(w);
	for (unsigned i = 0; i < WV_COUNT(many); i++)
		key_free(&many[i]);
}

// Signatures that no check comes of, in front of a good one.
static void useless_signatures(void)
{
	static const struct {
		const char *what;
		struct sign p;
		unsigned n;
		enum wv_reason reason;
	} rows[] = {
		{"an algorithm that nobody knows", {.algorithm = 200}, 1700, WV_REASON_SECURE},
		{"SHA-1, which counts as unknown", {.algorithm = 5}, 1700, WV_REASON_SECURE},
		{"another tag", {.tag = 1}, WV_VALIDATE_LOOKS - 1, WV_REASON_SECURE},
		{"another tag, and too many", {.tag = 1}, WV_VALIDATE_LOOKS,
			WV_REASON_BUDGET_SIGNATURES},
		{"expired", {.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY},
			WV_VALIDATE_LOOKS - 1, WV_REASON_SECURE},
		{"expired, and too many",
			{.inception = NOW - 40 * DAY, .expiration = NOW - 20 * DAY},
			WV_VALIDATE_LOOKS, WV_REASON_BUDGET_SIGNATURES},
	};
	struct world *w = mixed();

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		struct rrset *set = rrset_a("z.", "192.0.2.1");
		struct octets useless;

		sign_with(set, &keys[2], rows[i].p);
		useless = set->sig[0];
		useless.len = 18 + 3; // up to the signature
		set->n_sigs = 0;
		reply_begin(&r, "z.", 1, 0x400);
		reply_records(&r, 1, set);
		for (unsigned k = 0; k < rows[i].n; k++)
			reply_rr(&r, 1, &set->owner, false, 46, SIGNER_TTL, &useless);
		sign_with(set, &keys[2], (struct sign){0});
		reply_signatures(&r, 1, set);
		free(set);
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
	}
	world_free(w);
}

// RP: two names in each record, which may be long behind short pointers.
static void reply_names(struct reply *reply, uint16_t type, unsigned records)
{
	struct octets owner = {0};

	put_name(&owner, "z.");
	for (unsigned i = 0; i < records; i++) {
		struct octets rdata = {0};

		put8(&rdata, 2);
		put16(&rdata, i);
		put16(&rdata, 0xc00c);
		put16(&rdata, 0xc00c);
		reply_rr(reply, 1, &owner, false, type, SIGNER_TTL, &rdata);
	}
	reply_sign_empty(reply, &owner, type, &keys[2], 4);
}

static void data_that_take_long_to_put_in_order(void)
{
	static const struct {
		const char *what;
		unsigned rp, minfo; // records
		unsigned checks;
	} rows[] = {
		{"a large RRset", 1000, 0, 1},
		{"one too large", 1500, 0, 0},
		{"two that are large", 600, 300, 2},
		{"two that are too large together", 700, 700, 1},
	};
	struct world *w = mixed();
	struct bill bill;
	uint32_t state = 1;

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		reply_begin(&r, "z.", 255, 0x400);
		reply_names(&r, 17, rows[i].rp);
		if (rows[i].minfo > 0)
			reply_names(&r, 14, rows[i].minfo);
		CHECK_ROW(&rows[i], is_reason(drive(w, &bill, 0, &state), WV_REASON_BUDGET_WEIGHT));
		CHECK_ROW(&rows[i], bill.checks == rows[i].checks);
		CHECK_ROW(&rows[i], !bill.broken);
	}

	// Records without names are cheap: as many as there is room for.
	reply_begin(&r, "z.", 1, 0x400);
	for (unsigned i = 0; i < 3900; i++) {
		struct octets owner = {0}, rdata = {0};

		put_name(&owner, "z.");
		put32(&rdata, i);
		reply_rr(&r, 1, &owner, false, 1, SIGNER_TTL, &rdata);
		if (i == 3899)
			reply_sign_empty(&r, &owner, 1, &keys[2], 1);
	}
	CHECK(is_reason(drive(w, &bill, 1000, &state), WV_REASON_SECURE));
	world_free(w);
}

static void dnames_beside_an_answer(void)
{
	struct world *w = mixed();
	char owner[16];

	for (unsigned n = 15; n < 20; n++) {
		reply_begin(&r, "c.z.", 1, 0x400);
		reply_take(&r, 1, signed_by(rrset_name("c.z.", 5, "www.z."), &keys[2]));
		reply_take(&r, 1, signed_by(rrset_a("www.z.", "192.0.2.1"), &keys[2]));
		for (unsigned i = 0; i < n; i++) {
			snprintf(owner, sizeof(owner), "d%u.z.", i);
			reply_take(&r, 1, rrset_name(owner, 39, "z."));
		}
		CHECK(is_reason(
			judge(w, &r), n <= 16 ? WV_REASON_SECURE : WV_REASON_BUDGET_CNAME_CHAIN));
	}
	world_free(w);
}

// Aliases in a circle, one to itself, and a chain without end.
static void chains_of_aliases_end(void)
{
	struct world *w = mixed();
	struct bill bill;
	uint32_t state = 1;

	w->env.leg = WV_LEG_CLIENT;
	for (unsigned n = 1; n < 60; n++) {
		for (unsigned circle = 0; circle < 2; circle++) {
			reply_begin(&r, "c0.z.", 1, 0x400);
			for (unsigned i = 0; i < n; i++) {
				char owner[16], target[16];
				struct rrset *set;

				snprintf(owner, sizeof(owner), "c%u.z.", i);
				snprintf(target, sizeof(target), "c%u.z.",
					circle ? (i + 1) % n : i + 1);
				set = rrset_name(owner, 5, target);
				reply_set(&r, 1, set);
				reply_sign_empty(&r, &set->owner, 5, &keys[2], 1);
				free(set);
			}
			drive(w, &bill, 1000, &state);
			CHECK(bill.checks == (n <= 17 ? n : 17));
			CHECK((w->v.reason == WV_REASON_BUDGET_CNAME_CHAIN) == (n > 16));
		}
	}
	world_free(w);
}

// 127 labels; and such names to lead to one another.
static void names_of_127_labels(void)
{
	const struct key *const one[] = {&root};
	struct world *w = world_new();
	char name[2][255];

	learn_chain(w, one, 1);
	for (unsigned i = 0; i < 127; i++) {
		memcpy(name[0] + 2 * i, "a.", 3);
		memcpy(name[1] + 2 * i, "b.", 3);
	}
	reply_begin(&r, name[0], 1, 0x400);
	reply_take(&r, 1, signed_by(rrset_name(name[0], 5, name[1]), &root));
	reply_take(&r, 1, signed_by(rrset_a(name[1], "192.0.2.1"), &root));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 2);
	reply_begin(&r, name[0], 255, 0x400);
	for (uint16_t type = 1000; type < 1064; type++)
		reply_take(&r, 1, signed_by(rrset_octets(name[0], type, "x", 1), &root));
	CHECK(is_reason(judge(w, &r), WV_REASON_SECURE));
	CHECK(w->v.n_needed == 64);
	world_free(w);
}

// 5,900 records of 11 octets.
static void tiny_records(void)
{
	static const struct octets none = {0};
	static const struct octets dot = {.len = 1};
	struct world *w = mixed();
	struct bill bill;
	uint32_t state = 1;

	r.plain = true;
	for (unsigned types = 1; types < 6000; types *= 9) {
		reply_begin(&r, ".", 255, 0x400);
		for (unsigned i = 0; i < 5900; i++)
			reply_rr(&r, 1, &dot, true, (uint16_t)(1000 + i % types), 0, &none);
		CHECK(wv_reason_verdict(drive(w, &bill, 0, &state)) == WV_VERDICT_BOGUS);
		CHECK(bill.checks == 0);
		CHECK((w->v.reason == WV_REASON_BUDGET_NEEDED_RRSETS)
			== (types > WV_MESSAGE_RRSETS));
	}
	r.plain = false;
	world_free(w);
}

// CVE-2023-50868: many ancestors of a name, each hashed many times.
static void nsec3_encloser(void)
{
	static const struct {
		const char *what;
		unsigned labels;
		uint16_t iterations, salt, limit, least;
		enum wv_reason reason;
	} rows[] = {
		{"a name like others", 1, 50, 8, 2400, 100, WV_REASON_DENIAL_INVALID},
		{"many labels", 120, 0, 8, 2400, 100, WV_REASON_DENIAL_INVALID},
		{"many labels and iterations", 120, 50, 8, 2400, 1, WV_REASON_BUDGET_NSEC3_BLOCKS},
		{"a long salt", 120, 10, 200, 2400, 1, WV_REASON_BUDGET_NSEC3_BLOCKS},
		{"all of it", 120, 150, 200, 2400, 1, WV_REASON_BUDGET_NSEC3_BLOCKS},
		{"more iterations than are hashed", 120, 151, 200, 2400, 0,
			WV_REASON_NSEC3_ITERATIONS_BOGUS},
		{"less to spend", 1, 50, 8, 100, 1, WV_REASON_BUDGET_NSEC3_BLOCKS},
		{"more to spend", 120, 50, 8, 20000, 6000, WV_REASON_DENIAL_INVALID},
	};
	static const uint16_t types[] = {1, 46, 0};
	static const uint16_t apex[] = {2, 6, 46, 48, 51, 0};
	struct world *w = mixed();
	char salt[256], name[256];

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		struct nsec3 p = {.iterations = rows[i].iterations, .salt = salt};
		uint64_t before;

		memset(salt, 's', rows[i].salt);
		salt[rows[i].salt] = '\0';
		for (unsigned k = 0; k < rows[i].labels; k++)
			memcpy(name + 2 * k, "a.", 2);
		memcpy(name + (size_t)2 * rows[i].labels, "z.", 3);
		reply_begin(&r, name, 1, 0x403);
		reply_take(&r, 2, signed_by(rrset_soa("z."), &keys[2]));
		reply_take(&r, 2, signed_by(rrset_nsec3("z.", "z.", apex, p), &keys[2]));
		p.cover = true; // of another name
		reply_take(&r, 2, signed_by(rrset_nsec3("z.", "other.z.", types, p), &keys[2]));
		w->settings.denial.sha1_blocks = rows[i].limit;
		before = blocks;
		CHECK_ROW(&rows[i], is_reason(judge(w, &r), rows[i].reason));
		CHECK_ROW(&rows[i], blocks - before <= rows[i].limit);
		CHECK_ROW(&rows[i], blocks - before >= rows[i].least);
	}
	world_free(w);
}

static int drivers(void)
{
	static const struct wv_verify_driver *const ciphers[] = {&wv_crypto_openssl};
	static struct wv_digest_driver counted;
	static const struct wv_digest_driver *const hashes[] = {&counted};
	struct wv_err err = {""};

	counted = wv_hash_openssl;
	for (unsigned i = 0; i < WV_HASH_COUNT; i++)
		counted.run[i] = counted_run;
	if (wv_digest_init(hashes, 1, NULL, &err) != 0 || wv_digest_thread_init(&err) != 0
		|| wv_verify_init(ciphers, 1, NULL, &err) != 0
		|| wv_verify_thread_init(&err) != 0) {
		fprintf(stderr, "drivers: %s\n", err.text);
		return -1;
	}
	return 0;
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
		{"KeyTrap: keys of one tag times signatures", key_trap},
		{"SigJam: signatures by one key", sig_jam},
		{"LockCram: keys of one tag", lock_cram},
		{"HashTrap: DS records times keys of one tag", hash_trap},
		{"keys that are prepared are bounded", keys_that_are_prepared_are_bounded},
		{"useless signatures by the thousand", useless_signatures},
		{"data that take long to put in order", data_that_take_long_to_put_in_order},
		{"DNAMEs beside an answer", dnames_beside_an_answer},
		{"chains of aliases end", chains_of_aliases_end},
		{"names of 127 labels", names_of_127_labels},
		{"tiny records, 64 KiB of them", tiny_records},
		{"NSEC3-encloser: ancestors times iterations", nsec3_encloser},
	};
	int status;

	if (drivers() != 0)
		return EXIT_FAILURE;
	root = key_make(".", "csk", 13, 257);
	shared = key_make("t.", "csk", 15, 257);
	for (unsigned i = 0; i < KEYS; i++)
		keys[i] = key_make("z.", "csk", algorithms[i], 257);
	twins_make();
	status = test_main("budget", tests, WV_COUNT(tests));
	key_free(&root);
	key_free(&shared);
	for (unsigned i = 0; i < KEYS; i++)
		key_free(&keys[i]);
	return status;
}
