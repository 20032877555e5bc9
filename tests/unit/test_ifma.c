// Every driver of signature checks that this CPU can run, against OpenSSL.
#include "wv_app.h"

#include "test.h"
#include "trials.h"
#include "vectorfile.h"

// Of each algorithm; of RSA, of all sizes together. Sanitizers take ten times as long for each.
#ifdef __SANITIZE_ADDRESS__
#define TRIALS 4000
#else
#define TRIALS 20000
#endif

static struct panel panel;

// What a driver may leave to the reference of trials in full groups: one of so many.
#define PASSED_ON_SHARE 20

static void counts_check(const struct trials_counts *c)
{
	CHECK(c->wrong == 0);
	CHECK(c->good > 0 && c->bad > c->good);
	CHECK(c->full_passed_on <= c->full / PASSED_ON_SHARE);
	CHECK(c->exceptions <= c->zeros);
}

// One size of keys, with the driver at that place of the panel.
static void size_try(struct panel *p, unsigned d, enum wv_alg alg, unsigned bits, unsigned n,
	struct trials_counts *counts)
{
	const struct trials_params params = {
		.maker = {.alg = alg, .bits = bits, .exponents = true, .seed = 20261124},
		.driver = d,
		.pool = 2000,
		.keys = 24,
		.sample = 1,
		.every_size = true,
		.every_kind = true,
	};
	struct wv_err err = {""};
	struct trials *t = trials_create(p, &params, &err);

	if (t == NULL)
		fprintf(stderr, "%s\n", err.text);
	REQUIRE(t != NULL);
	for (uint64_t block = 0; block * TRIALS_BLOCK < n; block++)
		CHECK(trials_run(t, block, counts, stderr, &err) == 0);
	CHECK(trials_one_among(t, counts, stderr, &err) == 0);
	trials_destroy(t);
}

static void algorithm_try(enum wv_alg alg)
{
	static const unsigned sizes[] = {1024, 1280, 1536, 2048, 3072, 4096, 1000, 2040};
	unsigned n_sizes = alg <= WV_ALG_RSASHA512 ? WV_COUNT(sizes) : 1;

	for (unsigned d = 0; d < panel_reference(&panel); d++) {
		struct trials_counts counts = {0};

		if (!panel_has(&panel, d, alg))
			continue;
		for (unsigned i = 0; i < n_sizes; i++)
			size_try(&panel, d, alg, sizes[i], TRIALS / n_sizes, &counts);
		counts_check(&counts);
		printf("\n    %s %s: %llu trials, %llu right, %llu keys refused, %llu passed on, "
		       "%llu exceptions ",
			panel.driver[d]->name, wv_verify_alg_name(alg),
			(unsigned long long)counts.trials, (unsigned long long)counts.good,
			(unsigned long long)counts.refused, (unsigned long long)counts.passed_on,
			(unsigned long long)counts.exceptions);
	}
}

static void test_rsasha1(void)
{
	algorithm_try(WV_ALG_RSASHA1);
}

static void test_rsasha256(void)
{
	algorithm_try(WV_ALG_RSASHA256);
}

static void test_rsasha512(void)
{
	algorithm_try(WV_ALG_RSASHA512);
}

static void test_p256(void)
{
	algorithm_try(WV_ALG_P256);
}

static void test_p384(void)
{
	algorithm_try(WV_ALG_P384);
}

static void test_ed25519(void)
{
	algorithm_try(WV_ALG_ED25519);
}

static void test_ed448(void)
{
	algorithm_try(WV_ALG_ED448);
}

static void test_reference(void)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		struct trials_counts counts = {0};

		size_try(&panel, panel_reference(&panel), (enum wv_alg)a, 1024, 500, &counts);
		counts_check(&counts);
	}
}

// ---- crafted inputs ----

static struct vectors crafted;

static void test_crafted(void)
{
	struct vectors_counts counts = {0};
	struct wv_err err;

	CHECK(vectors_judge(&panel, &crafted, &counts, stderr, &err) == 0);
	CHECK(counts.failed == 0);
	CHECK(counts.passed == crafted.n);
}

// All of an algorithm, of all sizes of keys, in whatever batches they come.
static void test_crafted_batches(void)
{
	static struct wv_verify_key keys[WV_VERIFY_MAX];
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	const struct vector *of[WV_VERIFY_MAX];
	bool ok[WV_VERIFY_MAX];

	for (unsigned i = 0, next; i < crafted.n; i = next) {
		enum wv_alg alg = crafted.list[i].alg;
		unsigned n = 0;

		for (next = i; n < WV_VERIFY_MAX && next < crafted.n; next++) {
			const struct vector *v = &crafted.list[next];

			if (v->alg != alg)
				break;
			if (!wv_verify_key_init(&keys[n], alg, v->key, v->key_len)) {
				CHECK(v->expect != VECTOR_VALID);
				continue;
			}
			jobs[n] = (struct wv_verify_job){&keys[n], v->data, (uint32_t)v->data_len,
				v->signature, (uint16_t)v->signature_len};
			of[n++] = v;
		}
		wv_verify_batch(alg, jobs, n, ok);
		for (unsigned k = 0; k < n; k++) {
			bool held = ok[k] == (of[k]->expect == VECTOR_VALID);

			if (!held)
				fprintf(stderr, "\n%s: %s\n", crafted.path, of[k]->id);
			CHECK(held);
			wv_verify_key_fini(&keys[k]);
		}
	}
}

// ---- exceptions on purpose ----

static bool causes_exception(const struct vector *v, unsigned d, struct panel_key *k)
{
	struct panel_job job = {
		k, v->data, v->signature, (uint32_t)v->data_len, (uint16_t)v->signature_len};
	enum wv_verify_answer answers[8];
	struct panel_job jobs[8];

	for (unsigned i = 0; i < WV_COUNT(jobs); i++)
		jobs[i] = job;
	panel_run(&panel, d, jobs, WV_COUNT(jobs), answers);
	return answers[0] == WV_VERIFY_EXCEPTION;
}

// By the key of a line that makes the chosen driver meet an exception, eight at a time.
static void exceptions_try(const struct vector *v)
{
	uint64_t exceptions = wv_verify_count()->exceptions[v->alg];
	uint64_t distrusted = wv_verify_count()->distrusted[v->alg];
	struct wv_verify_job jobs[8];
	struct wv_verify_key key;
	bool ok[8];

	REQUIRE(wv_verify_key_init(&key, v->alg, v->key, v->key_len));
	for (unsigned i = 0; i < WV_COUNT(jobs); i++)
		jobs[i] = (struct wv_verify_job){&key, v->data, (uint32_t)v->data_len, v->signature,
			(uint16_t)v->signature_len};
	for (unsigned turn = 0; turn < 40; turn++) {
		wv_verify_batch(v->alg, jobs, WV_COUNT(jobs), ok);
		for (unsigned i = 0; i < WV_COUNT(jobs); i++)
			CHECK(ok[i] == (v->expect == VECTOR_VALID));
	}
	exceptions = wv_verify_count()->exceptions[v->alg] - exceptions;
	distrusted = wv_verify_count()->distrusted[v->alg] - distrusted;
	CHECK(exceptions >= WV_VERIFY_EXCEPTIONS);
	CHECK(exceptions < WV_VERIFY_EXCEPTIONS + WV_COUNT(jobs));
	CHECK(exceptions + distrusted == 40 * WV_COUNT(jobs));
	wv_verify_key_fini(&key);
}

static void test_exceptions(void)
{
	unsigned found = 0;

	for (unsigned i = 0; i < crafted.n; i++) {
		const struct vector *v = &crafted.list[i];
		struct panel_key k;
		bool causes;

		if (!panel_has(&panel, 0, v->alg)
			|| strcmp(panel.driver[0]->name, wv_verify_driver_name(v->alg)) != 0)
			continue;
		REQUIRE(panel_key_init(&panel, &k, v->alg, v->key, v->key_len, false));
		causes = k.accepted[0] && causes_exception(v, 0, &k);
		panel_key_fini(&panel, &k);
		found += causes;
		if (causes && found < 8)
			exceptions_try(v);
	}
	printf("\n    %u lines cause an exception ", found);
}

// ---- drivers that are wrong ----

static const struct wv_verify_driver *reference(void)
{
	return panel.driver[panel_reference(&panel)];
}

static unsigned liar_turn;

// Takes what is at the eighth place for right, once in 60 full groups.
static void liar_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	reference()->algo[jobs[0].key->alg].run(jobs, n, slot, answers);
	if (n == 8 && liar_turn++ % 60 == 59)
		answers[7] = WV_VERIFY_GOOD;
}

static void test_liar_is_found(void)
{
	struct wv_verify_driver liar = *reference();
	const struct wv_verify_driver *const list[] = {&liar, reference()};
	const struct wv_verify_driver *const *drivers;
	struct trials_counts counts = {0};
	FILE *nowhere = fopen("/dev/null", "w");
	struct vectors_counts lines = {0};
	struct panel p;
	struct wv_err err;
	unsigned n;
	const struct trials_params params = {
		.maker = {.alg = WV_ALG_P256, .seed = 1},
		.pool = 100,
		.keys = 4,
		.sample = 1,
		.every_size = true,
	};

	REQUIRE(nowhere != NULL);
	liar.name = "liar";
	liar.algo[WV_ALG_P256].run = liar_run;
	liar.algo[WV_ALG_P256].group = 8;
	REQUIRE(wv_verify_init(list, WV_COUNT(list), "openssl", &err) == 0);
	REQUIRE(panel_open(&p, list, WV_COUNT(list), NULL, &err) == 0);
	struct trials *t = trials_create(&p, &params, &err);

	REQUIRE(t != NULL);
	for (uint64_t block = 0; block < 200; block++)
		CHECK(trials_run(t, block, &counts, nowhere, &err) == 0);
	CHECK(counts.wrong > 0);
	CHECK(vectors_judge(&p, &crafted, &lines, nowhere, &err) == 0);
	CHECK(lines.failed > 0);
	trials_destroy(t);
	panel_close(&p);
	fclose(nowhere);
	drivers = wv_app_cryptos(&n);
	CHECK(wv_verify_init(drivers, n, NULL, &err) == 0);
}

// A kernel that is right but for one lane.
static wv_verify_run_fn true_run;
static unsigned false_lane;

static void false_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	true_run(jobs, n, slot, answers);
	if (false_lane < n)
		answers[false_lane] =
			answers[false_lane] == WV_VERIFY_GOOD ? WV_VERIFY_BAD : WV_VERIFY_GOOD;
}

static void test_wrong_kernels_are_not_chosen(void)
{
	const struct wv_verify_driver *const *drivers;
	struct wv_err err;
	char note[64];
	unsigned n;

	drivers = wv_app_cryptos(&n);
	for (unsigned d = 0; d < panel_reference(&panel); d++) {
		for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
			struct wv_verify_driver broken = *panel.driver[d];
			const struct wv_verify_driver *const list[] = {&broken, reference()};

			if (broken.algo[a].run == NULL)
				continue;
			true_run = broken.algo[a].run;
			broken.algo[a].run = false_run;
			false_lane = a % broken.algo[a].group;
			CHECK(wv_verify_init(list, WV_COUNT(list), NULL, &err) == 0);
			CHECK(strcmp(wv_verify_driver_name((enum wv_alg)a), "openssl") == 0);
			snprintf(note, sizeof(note), "%s: wrong answers for %s", broken.name,
				wv_verify_alg_name((enum wv_alg)a));
			CHECK(strcmp(wv_verify_note(), note) == 0);
			for (unsigned other = 0; other < WV_ALG_COUNT; other++) {
				if (other != a && broken.algo[other].run != NULL)
					CHECK(strcmp(wv_verify_driver_name((enum wv_alg)other),
						      broken.name)
						== 0);
			}
		}
	}
	CHECK(wv_verify_init(drivers, n, NULL, &err) == 0);
}

static const struct test tests[] = {
	{"OpenSSL finds of trials what they were made to be", test_reference},
	{"RSA/SHA-1: all drivers agree", test_rsasha1},
	{"RSA/SHA-256: all drivers agree", test_rsasha256},
	{"RSA/SHA-512: all drivers agree", test_rsasha512},
	{"ECDSA P-256: all drivers agree", test_p256},
	{"ECDSA P-384: all drivers agree", test_p384},
	{"Ed25519: all drivers agree", test_ed25519},
	{"Ed448: all drivers agree", test_ed448},
	{"crafted inputs: all drivers find what must be found", test_crafted},
	{"crafted inputs: so they do in mixed batches", test_crafted_batches},
	{"a key's owner can cause exceptions, up to the cap", test_exceptions},
	{"a driver that is wrong at times is found out", test_liar_is_found},
	{"a kernel that is wrong in one lane is not chosen", test_wrong_kernels_are_not_chosen},
};

int main(void)
{
	const struct wv_verify_driver *const *drivers;
	struct wv_err err;
	unsigned n;
	int result;

	drivers = wv_app_cryptos(&n);
	if (wv_app_drivers_init("auto", "auto", &err) < 0 || wv_app_thread_init(&err) < 0
		|| panel_open(&panel, drivers, n, NULL, &err) < 0
		|| vectors_read(&crafted, TEST_VECTORS "/crafted.txt", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	result = test_main("ifma", tests, WV_COUNT(tests));
	vectors_free(&crafted);
	panel_close(&panel);
	wv_app_thread_fini();
	return result;
}
