#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"

#include "world.h"

// OpenSSL's driver, said to be best in groups.
#define GROUP 8

static struct wv_verify_driver grouped;
static struct key zones[4]; // of one algorithm each
static struct world *world;
static const uint8_t algorithms[] = {8, 13, 15, 16};

// One response in flight.
struct flight {
	struct wv_message m;
	struct wv_validation v;
	uint8_t *payload;
	enum wv_reason wanted;
};

static void flight_begin(struct flight *f, const struct reply *r, enum wv_reason wanted)
{
	static const struct wv_validate_query query = {.known = true, .dnssec_ok = true};
	enum wv_message_status status;

	f->payload = test_exact(r->octets, r->len);
	f->wanted = wanted;
	status = wv_message_parse(&f->m, f->payload, r->len, 1);
	wv_validate_begin(&f->v, &world->env, &f->m, status, &query, f);
}

static void flight_end(struct flight *f)
{
	wv_validate_end(&f->v);
	free(f->payload);
}

static struct flight *flights_new(unsigned n)
{
	struct flight *flights = calloc(n, sizeof(*flights));

	if (flights == NULL)
		SIGNER_FAIL("memory");
	return flights;
}

static void flights_free(struct flight *flights, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		flight_end(&flights[i]);
	free(flights);
}

// An address in a zone, with `wrong` signatures before the last, which is right or `broken`.
static void address_reply(struct reply *r, const struct key *key, unsigned wrong, bool broken)
{
	struct rrset *set;
	char owner[40];

	snprintf(owner, sizeof(owner), "www.%s", key->zone);
	set = rrset_a(owner, "192.0.2.1");
	for (unsigned i = 0; i < wrong; i++)
		sign_with(set, key, (struct sign){.broken = true});
	sign_with(set, key, (struct sign){.broken = broken});
	reply_begin(r, owner, 1, 0x400);
	reply_take(r, 1, set);
}

static struct wv_batch *batch_new(void)
{
	struct wv_err err = {""};
	struct wv_batch *b = wv_batch_create(NULL, &err);

	if (b == NULL)
		SIGNER_FAIL(err.text);
	return b;
}

// Takes what is settled; returns how many there were, -1 if one was not judged as wanted.
static int take_all(struct wv_batch *b)
{
	struct wv_validation *v;
	int n = 0;

	while ((v = wv_batch_take(b)) != NULL) {
		const struct flight *f = v->owner;

		if (v->pending || v->reason != f->wanted)
			return -1;
		n++;
	}
	return n;
}

static void many_responses_keep_their_own_verdicts(void)
{
	enum {
		N = 300
	};
	static struct reply r[WV_COUNT(algorithms)][2];
	struct flight *flights = flights_new(N);
	struct wv_batch *b = batch_new();
	int taken = 0;

	for (unsigned a = 0; a < WV_COUNT(algorithms); a++) {
		for (unsigned broken = 0; broken < 2; broken++)
			address_reply(&r[a][broken], &zones[a], 0, broken);
	}
	for (unsigned i = 0; i < N; i++) {
		unsigned broken = i % 7 == 0;

		flight_begin(&flights[i], &r[i % WV_COUNT(algorithms)][broken],
			broken ? WV_REASON_BAD_SIGNATURE : WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, i);
		if (i % 50 == 0) {
			int n;

			wv_batch_run(b, i, UINT64_MAX, false);
			n = take_all(b);
			REQUIRE(n >= 0);
			taken += n;
		}
	}
	wv_batch_finish(b, N);
	taken += take_all(b);
	CHECK(taken == N);
	CHECK(wv_batch_held(b) == 0);
	CHECK(wv_batch_take(b) == NULL);
	wv_batch_destroy(b);
	flights_free(flights, N);
}

static void a_wrong_signature_in_each_place_of_a_group(void)
{
	static const unsigned sizes[] = {1, GROUP, GROUP + 1};
	static struct reply good, bad;
	struct wv_batch *b = batch_new();

	address_reply(&good, &zones[1], 0, false);
	address_reply(&bad, &zones[1], 0, true);
	for (unsigned s = 0; s < WV_COUNT(sizes); s++) {
		for (unsigned wrong = 0; wrong < sizes[s]; wrong++) {
			struct flight *flights = flights_new(sizes[s]);

			for (unsigned i = 0; i < sizes[s]; i++) {
				flight_begin(&flights[i], i == wrong ? &bad : &good,
					i == wrong ? WV_REASON_BAD_SIGNATURE : WV_REASON_SECURE);
				wv_batch_add(b, &flights[i].v, 0);
			}
			wv_batch_finish(b, 0);
			CHECK(take_all(b) == (int)sizes[s]);
			flights_free(flights, sizes[s]);
		}
	}
	wv_batch_destroy(b);
}

static void a_group_waits_until_it_is_full_or_old(void)
{
	static struct reply r;
	struct flight *flights = flights_new(GROUP + 3);
	struct wv_batch *b = batch_new();

	address_reply(&r, &zones[1], 0, false);
	for (unsigned i = 0; i < 3; i++) {
		flight_begin(&flights[i], &r, WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 100 + i);
	}
	wv_batch_run(b, 149, 50, false);
	CHECK(take_all(b) == 0 && wv_batch_held(b) == 3);
	wv_batch_run(b, 150, 50, false);
	CHECK(take_all(b) == 3 && wv_batch_held(b) == 0);
	CHECK(wv_batch_count(b)->runs[WV_ALG_P256] == 1);

	for (unsigned i = 3; i < GROUP + 3; i++) {
		CHECK(take_all(b) == 0);
		flight_begin(&flights[i], &r, WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 200);
		wv_batch_run(b, 200, 50, false);
	}
	CHECK(take_all(b) == GROUP);
	CHECK(wv_batch_count(b)->runs[WV_ALG_P256] == 2);
	CHECK(wv_batch_count(b)->jobs[WV_ALG_P256] == GROUP + 3);
	CHECK(wv_batch_count(b)->good[WV_ALG_P256] == GROUP + 3);
	CHECK(wv_batch_count(b)->digests == GROUP + 3);
	wv_batch_destroy(b);
	flights_free(flights, GROUP + 3);
}

static void what_fails_is_tried_again_with_the_next_signature(void)
{
	static struct reply r;
	struct flight *flights = flights_new(5);
	struct wv_batch *b = batch_new();

	for (unsigned wrong = 0; wrong < 5; wrong++) {
		address_reply(&r, &zones[2], wrong, false);
		flight_begin(&flights[wrong], &r,
			wrong < 4 ? WV_REASON_SECURE : WV_REASON_BUDGET_FAILURES);
		wv_batch_add(b, &flights[wrong].v, 0);
	}
	wv_batch_finish(b, 0);
	CHECK(take_all(b) == 5);
	CHECK(wv_batch_count(b)->jobs[WV_ALG_ED25519] == 1 + 2 + 3 + 4 + 4);
	CHECK(wv_batch_count(b)->good[WV_ALG_ED25519] == 4);
	CHECK(wv_batch_count(b)->digests == 0);
	wv_batch_destroy(b);
	flights_free(flights, 5);
}

static void what_needs_no_check_comes_out_at_once(void)
{
	static struct reply r;
	struct flight *flights = flights_new(2);
	struct wv_batch *b = batch_new();

	reply_begin(&r, "www.test.", 1, 0x405);
	for (unsigned i = 0; i < 2; i++) {
		flight_begin(&flights[i], &r, WV_REASON_RCODE);
		wv_batch_add(b, &flights[i].v, 0);
	}
	CHECK(wv_batch_held(b) == 2);
	CHECK(wv_batch_take(b) == &flights[0].v); // in the order in which they were settled
	CHECK(wv_batch_take(b) == &flights[1].v);
	CHECK(wv_batch_take(b) == NULL && wv_batch_held(b) == 0);
	wv_batch_destroy(b);
	flights_free(flights, 2);
}

// More than WV_VERIFY_MAX of one algorithm: a full queue makes room by itself.
static void a_full_queue_makes_room(void)
{
	enum {
		N = 2 * WV_VERIFY_MAX + 5
	};
	static struct reply good, bad;
	struct flight *flights = flights_new(N);
	struct wv_batch *b = batch_new();

	address_reply(&good, &zones[0], 0, false);
	address_reply(&bad, &zones[0], 0, true);
	for (unsigned i = 0; i < N; i++) {
		flight_begin(&flights[i], i % 3 == 0 ? &bad : &good,
			i % 3 == 0 ? WV_REASON_BAD_SIGNATURE : WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 0);
	}
	CHECK(take_all(b) == 2 * WV_VERIFY_MAX);
	wv_batch_finish(b, 0);
	CHECK(take_all(b) == 5);
	wv_batch_destroy(b);
	flights_free(flights, N);
}

// 20 KiB and more a response: their signed data do not fit into the arena together.
static void large_responses_take_turns_in_the_arena(void)
{
	enum {
		N = 40
	};
	static struct reply r;
	struct flight *flights = flights_new(N);
	struct wv_batch *b = batch_new();

	for (unsigned i = 0; i < N; i++) {
		const struct key *key = &zones[1 + i % 2];
		struct rrset *set = rrset_new(key->zone, 16);

		for (unsigned k = 0; k < SIGNER_RECORDS; k++) {
			struct octets rdata = {.len = 1024};

			for (unsigned c = 0; c < rdata.len; c++) // four strings of 255 octets
				rdata.octets[c] = c % 256 == 0 ? 255 : (uint8_t)(k + i);
			rrset_add(set, &rdata);
		}
		sign_with(set, key, (struct sign){.broken = i % 5 == 0});
		reply_begin(&r, key->zone, 16, 0x400);
		reply_take(&r, 1, set);
		flight_begin(
			&flights[i], &r, i % 5 == 0 ? WV_REASON_BAD_SIGNATURE : WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 0);
	}
	CHECK(wv_batch_count(b)->digests > 0); // of ECDSA; EdDSA signs the data themselves
	CHECK(wv_batch_count(b)->runs[WV_ALG_ED25519] > 0);
	CHECK(wv_batch_count(b)->runs[WV_ALG_P256] == 0);
	wv_batch_finish(b, 0);
	CHECK(take_all(b) == N);
	wv_batch_destroy(b);
	flights_free(flights, N);
}

static void what_has_no_canonical_form_is_not_verified(void)
{
	static struct reply r;
	struct flight *flights = flights_new(1);
	struct wv_batch *b = batch_new();
	struct rrset *set = rrset_octets(zones[1].zone, 15, "\0\1\3www", 6); // MX, its name cut

	reply_begin(&r, zones[1].zone, 15, 0x400);
	reply_take(&r, 1, signed_by(set, &zones[1]));
	flight_begin(&flights[0], &r, WV_REASON_BAD_SIGNATURE);
	if (flights[0].v.reason == WV_REASON_MALFORMED)
		flights[0].wanted = WV_REASON_MALFORMED; // found out as it was read
	wv_batch_add(b, &flights[0].v, 0);
	wv_batch_finish(b, 0);
	CHECK(take_all(b) == 1);
	CHECK(wv_batch_count(b)->jobs[WV_ALG_P256] == 0);
	wv_batch_destroy(b);
	flights_free(flights, 1);
}

static void several_rrsets_of_a_response_share_a_batch(void)
{
	static struct reply r;
	struct flight *flights = flights_new(2);
	struct wv_batch *b = batch_new();
	struct rrset *text = rrset_octets(zones[1].zone, 16, "\1x", 2);

	sign_with(text, &zones[1], (struct sign){.broken = true});
	for (unsigned i = 0; i < 2; i++) {
		reply_begin(&r, zones[1].zone, 255, 0x400);
		reply_take(&r, 1, signed_by(rrset_a(zones[1].zone, "192.0.2.1"), &zones[1]));
		reply_take(&r, 1, signed_by(rrset_soa(zones[1].zone), &zones[1]));
		if (i == 1)
			reply_set(&r, 1, text);
		flight_begin(&flights[i], &r, i == 1 ? WV_REASON_BAD_SIGNATURE : WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 0);
	}
	free(text);
	wv_batch_finish(b, 0);
	CHECK(wv_batch_count(b)->runs[WV_ALG_P256] == 1);
	CHECK(wv_batch_count(b)->jobs[WV_ALG_P256] == 5);
	CHECK(flights[1].v.needed[0].reason == WV_REASON_SECURE);
	CHECK(flights[1].v.needed[2].reason == WV_REASON_BAD_SIGNATURE);
	CHECK(take_all(b) == 2);
	wv_batch_destroy(b);
	flights_free(flights, 2);
}

// With OpenSSL a check of Ed448 takes twice the time from which checks are slow.
static void slow_checks_take_turns_beside_the_others(void)
{
	enum {
		SLOW = 2 * GROUP + 3,
		FAST = 3
	};
	static struct reply slow, fast;
	struct flight *flights = flights_new(SLOW + FAST);
	struct wv_batch *b;

	// A turn is for as many as a driver does at once, however many fill a group.
	grouped.algo[WV_ALG_ED448].group = WV_VERIFY_MAX;
	b = batch_new();
	grouped.algo[WV_ALG_ED448].group = GROUP;
	address_reply(&slow, &zones[3], 0, false);
	address_reply(&fast, &zones[2], 0, false);
	for (unsigned i = 0; i < SLOW + FAST; i++) {
		flight_begin(&flights[i], i < SLOW ? &slow : &fast, WV_REASON_SECURE);
		wv_batch_add(b, &flights[i].v, 0);
	}
	CHECK(wv_batch_run(b, 0, UINT64_MAX, false));
	CHECK(take_all(b) == GROUP); // of the slow ones alone: the others may wait
	CHECK(wv_batch_run(b, 0, UINT64_MAX, true));
	CHECK(take_all(b) == FAST + GROUP);
	CHECK(!wv_batch_run(b, 0, UINT64_MAX, false));
	CHECK(take_all(b) == 3);
	CHECK(wv_batch_count(b)->slow == 3);
	CHECK(wv_batch_count(b)->jobs[WV_ALG_ED448] == SLOW);
	CHECK(wv_batch_count(b)->full[WV_ALG_ED448] == 0);
	wv_batch_destroy(b);
	flights_free(flights, SLOW + FAST);
}

static uint64_t ticks;

static uint64_t tick(void)
{
	return ticks += 1000;
}

static void waiting_and_running_are_measured(void)
{
	static struct reply r;
	struct wv_err err = {""};
	struct wv_batch *b = wv_batch_create(tick, &err);
	struct flight *f = flights_new(1);
	const struct wv_batch_counts *counts;

	REQUIRE(b != NULL);
	ticks = 10000;
	address_reply(&r, &zones[1], 0, false);
	flight_begin(f, &r, WV_REASON_SECURE);
	wv_batch_add(b, &f->v, 6000);
	wv_batch_run(b, 11000, 100, false); // begins at 11000, ends at 12000
	counts = wv_batch_count(b);
	CHECK(take_all(b) == 1);
	CHECK(counts->longest_wait == 5000);
	CHECK(counts->longest_run == 1000);
	CHECK(counts->waits[13] == 1); // 4096 to 8191
	CHECK(counts->takes[10] == 1); // 512 to 1023
	wv_batch_destroy(b);
	flights_free(f, 1);
}

static int drivers(void)
{
	static const struct wv_digest_driver *const hashes[] = {&wv_hash_openssl};
	static const struct wv_verify_driver *const ciphers[] = {&grouped};
	struct wv_err err = {""};

	grouped = wv_crypto_openssl;
	grouped.name = "grouped";
	for (enum wv_alg alg = 0; alg < WV_ALG_COUNT; alg++)
		grouped.algo[alg].group = alg == WV_ALG_RSASHA256 ? WV_VERIFY_MAX : GROUP;
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
		{"many responses keep their own verdicts", many_responses_keep_their_own_verdicts},
		{"a wrong signature in each place of a group",
			a_wrong_signature_in_each_place_of_a_group},
		{"a group waits until it is full or old", a_group_waits_until_it_is_full_or_old},
		{"what fails is tried again with the next signature",
			what_fails_is_tried_again_with_the_next_signature},
		{"what needs no check comes out at once", what_needs_no_check_comes_out_at_once},
		{"a full queue makes room", a_full_queue_makes_room},
		{"large responses take turns in the arena",
			large_responses_take_turns_in_the_arena},
		{"what has no canonical form is not verified",
			what_has_no_canonical_form_is_not_verified},
		{"several RRsets of a response share a batch",
			several_rrsets_of_a_response_share_a_batch},
		{"slow checks take turns beside the others",
			slow_checks_take_turns_beside_the_others},
		{"waiting and running are measured", waiting_and_running_are_measured},
	};
	static const char *const names[] = {"rsa.", "p256.", "ed25519.", "ed448."};
	int status;

	if (drivers() != 0)
		return EXIT_FAILURE;
	world = world_new();
	for (unsigned i = 0; i < WV_COUNT(zones); i++) {
		const struct key *const one[] = {&zones[i]};

		zones[i] = key_make(names[i], "csk", algorithms[i], 257);
		learn_chain(world, one, 1);
	}
	status = test_main("batch", tests, WV_COUNT(tests));
	world_free(world);
	for (unsigned i = 0; i < WV_COUNT(zones); i++)
		key_free(&zones[i]);
	return status;
}
