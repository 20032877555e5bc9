#include <errno.h>

#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"
#include "wv_verify.h"

#include "signatures.h"

static const struct wv_digest_driver *const hashes[] = {&wv_hash_openssl};
static const struct wv_verify_driver *const real[] = {&wv_crypto_openssl};
static struct signatures all;

static const struct {
	const char *what;
	uint8_t number;
	enum wv_alg alg;
	enum wv_hash hash;
	const char *name;
} registry[] = {
	{"RSA/MD5", 1, WV_ALG_COUNT, 0, NULL},
	{"DSA", 3, WV_ALG_COUNT, 0, NULL},
	{"RSA/SHA-1", 5, WV_ALG_RSASHA1, WV_HASH_SHA1, "RSASHA1"},
	{"RSA/SHA-1 with NSEC3", 7, WV_ALG_RSASHA1, WV_HASH_SHA1, "RSASHA1"},
	{"RSA/SHA-256", 8, WV_ALG_RSASHA256, WV_HASH_SHA256, "RSASHA256"},
	{"not assigned", 9, WV_ALG_COUNT, 0, NULL},
	{"RSA/SHA-512", 10, WV_ALG_RSASHA512, WV_HASH_SHA512, "RSASHA512"},
	{"GOST", 12, WV_ALG_COUNT, 0, NULL},
	{"ECDSA P-256", 13, WV_ALG_P256, WV_HASH_SHA256, "ECDSAP256SHA256"},
	{"ECDSA P-384", 14, WV_ALG_P384, WV_HASH_SHA384, "ECDSAP384SHA384"},
	{"Ed25519", 15, WV_ALG_ED25519, WV_HASH_COUNT, "ED25519"},
	{"Ed448", 16, WV_ALG_ED448, WV_HASH_COUNT, "ED448"},
	{"SM2", 17, WV_ALG_COUNT, 0, NULL},
	{"private", 253, WV_ALG_COUNT, 0, NULL},
	{"zero", 0, WV_ALG_COUNT, 0, NULL},
};

static void test_registry(void)
{
	for (unsigned i = 0; i < WV_COUNT(registry); i++) {
		enum wv_alg alg = wv_verify_alg(registry[i].number);

		CHECK_ROW(&registry[i], alg == registry[i].alg);
		if (alg == WV_ALG_COUNT)
			continue;
		CHECK_ROW(&registry[i], wv_verify_hash(alg) == registry[i].hash);
		CHECK_ROW(&registry[i], strcmp(wv_verify_alg_name(alg), registry[i].name) == 0);
	}
}

static bool verify_one(const struct wv_verify_job *job)
{
	bool ok = true;

	wv_verify_batch(job->key->alg, job, 1, &ok);
	return ok;
}

static void test_known(void)
{
	for (unsigned i = 0; i < all.n; i++) {
		const struct signature *s = &all.at[i];
		struct wv_verify_key key;
		struct wv_verify_job job = signature_job(s);
		bool good = wv_verify_key_init(&key, s->alg, s->public_key, s->public_len);

		CHECK_ROW(s, good == (s->expect != EXPECT_BAD_KEY));
		if (!good)
			continue;
		job.key = &key;
		CHECK_ROW(s, verify_one(&job) == (s->expect == EXPECT_RIGHT));
		CHECK_ROW(s, verify_one(&job) == (s->expect == EXPECT_RIGHT)); // kept contexts
		wv_verify_key_fini(&key);
	}
}

static void test_bits(void)
{
	static const struct {
		const char *what;
		enum wv_alg alg;
		uint16_t bits;
	} sizes[] = {
		{"RFC 5702 6.1: RSA/SHA-256, 512 bits", WV_ALG_RSASHA256, 512},
		{"RSA/SHA-256, 1023 bits, exponent 65537", WV_ALG_RSASHA256, 1023},
		{"RSA/SHA-256, 1025 bits, exponent 65537", WV_ALG_RSASHA256, 1025},
		{"RSA/SHA-256, 4096 bits, exponent 65537", WV_ALG_RSASHA256, 4096},
		{"leading zero octets before the modulus", WV_ALG_RSASHA256, 1024},
		{"P-256: a signature", WV_ALG_P256, 256},
		{"P-384: a signature", WV_ALG_P384, 384},
		{"Ed25519: 1 octets of data", WV_ALG_ED25519, 255},
		{"Ed448: 1 octets of data", WV_ALG_ED448, 448},
	};

	for (unsigned i = 0; i < WV_COUNT(sizes); i++) {
		unsigned found = 0;

		for (unsigned k = 0; k < all.n; k++) {
			if (strcmp(all.at[k].what, sizes[i].what) != 0)
				continue;
			found++;
			CHECK_ROW(&sizes[i], all.at[k].key.alg == sizes[i].alg);
			CHECK_ROW(&sizes[i], all.at[k].key.bits == sizes[i].bits);
			CHECK_ROW(&sizes[i], all.at[k].key.public_key == all.at[k].public_key);
			CHECK_ROW(&sizes[i], all.at[k].key.public_len == all.at[k].public_len);
		}
		CHECK_ROW(&sizes[i], found > 0);
	}
}

// One bit of each octet in turn; which bit goes round.
static void flip(uint8_t *octets, size_t i)
{
	octets[i] ^= (uint8_t)(1 << i % 8);
}

static void flip_job(const struct signature *s)
{
	struct wv_verify_job job = signature_job(s);

	for (size_t i = 0; i < s->signature_len; i++) {
		flip(s->signature, i);
		CHECK_ROW(s, !verify_one(&job));
		flip(s->signature, i);
	}
	for (size_t i = 0; i < s->data_len; i++) {
		flip(s->data, i);
		CHECK_ROW(s, !verify_one(&job));
		flip(s->data, i);
	}
	CHECK_ROW(s, verify_one(&job));
}

static void flip_key(const struct signature *s)
{
	struct wv_verify_key key;
	struct wv_verify_job job = signature_job(s);

	job.key = &key;
	for (size_t i = 0; i < s->public_len; i++) {
		flip(s->public_key, i);
		if (wv_verify_key_init(&key, s->alg, s->public_key, s->public_len)) {
			CHECK_ROW(s, !verify_one(&job));
			wv_verify_key_fini(&key);
		}
		flip(s->public_key, i);
	}
}

static void test_flipped(void)
{
	for (unsigned i = 0; i < all.n; i++) {
		const struct signature *s = &all.at[i];

		// With the identity for a key, whatever the data, the same signature is right.
		if (s->expect != EXPECT_RIGHT || strstr(s->what, "identity") != NULL)
			continue;
		flip_job(s);
		flip_key(s);
	}
}

static void test_lengths(void)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		const struct signature *s = signatures_get(&all, (enum wv_alg)a, 0);
		struct wv_verify_job job = signature_job(s);

		for (size_t len = 0; len <= s->signature_len; len++) {
			uint8_t *cut = test_exact(s->signature, len);

			job.signature = cut;
			job.signature_len = (uint16_t)len;
			CHECK_ROW(s, verify_one(&job) == (len == s->signature_len));
			free(cut);
		}
		job = signature_job(s);
		for (size_t len = 0; len <= s->data_len; len++) {
			uint8_t *cut = test_exact(s->data, len);

			job.data = cut;
			job.data_len = (uint32_t)len;
			CHECK_ROW(s, verify_one(&job) == (len == s->data_len));
			free(cut);
		}
	}
}

static void test_key_lengths(void)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		const struct signature *s = signatures_get(&all, (enum wv_alg)a, 0);
		struct wv_verify_job job = signature_job(s);
		struct wv_verify_key key;

		job.key = &key;
		for (size_t len = 0; len < s->public_len; len++) {
			uint8_t *cut = test_exact(s->public_key, len);

			// RSA: a cut modulus is another one, if it is odd and long enough.
			if (wv_verify_key_init(&key, s->alg, cut, len)) {
				CHECK_ROW(s, wv_verify_alg_name(s->alg)[0] == 'R');
				CHECK_ROW(s, !verify_one(&job));
				wv_verify_key_fini(&key);
			}
			free(cut);
		}
	}
}

// Each job another right one; `wrong` (n: none) gets a wrong signature.
static void batch_check(enum wv_alg alg, unsigned n, unsigned wrong)
{
	struct wv_verify_job jobs[WV_VERIFY_MAX] = {0};
	bool ok[WV_VERIFY_MAX + 1];
	uint8_t *spoiled = NULL;

	memset(ok, true, sizeof(ok));
	for (unsigned i = 0; i < n; i++)
		jobs[i] = signature_job(signatures_get(&all, alg, i % 2));
	if (wrong < n) {
		spoiled = test_exact(jobs[wrong].signature, jobs[wrong].signature_len);
		spoiled[jobs[wrong].signature_len / 3] ^= 0x10;
		jobs[wrong].signature = spoiled;
	}
	wv_verify_batch(alg, jobs, n, ok);
	for (unsigned i = 0; i < n; i++)
		CHECK(ok[i] == (i != wrong));
	CHECK(ok[n]);
	free(spoiled);
}

static void test_batches(void)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		enum wv_alg alg = (enum wv_alg)a;
		unsigned group = wv_verify_group(alg);
		unsigned sizes[] = {1, 2, group, group + 1, WV_VERIFY_MAX};
		// P-384 and Ed448 take OpenSSL so long that a full batch is spoiled in some places only.
		unsigned step = alg == WV_ALG_P384 ? 21 : alg == WV_ALG_ED448 ? 7 : 1;

		CHECK(group >= 1 && group <= WV_VERIFY_MAX);
		batch_check(alg, 0, 0);
		for (unsigned s = 0; s < WV_COUNT(sizes); s++) {
			unsigned n = sizes[s] < WV_VERIFY_MAX ? sizes[s] : WV_VERIFY_MAX;

			batch_check(alg, n, n);
			for (unsigned wrong = 0; wrong < n; wrong += n < WV_VERIFY_MAX ? 1 : step)
				batch_check(alg, n, wrong);
		}
	}
}

static void test_other_key(void)
{
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		const struct signature *s = signatures_get(&all, (enum wv_alg)a, 0);
		const struct signature *other = signatures_get(&all, (enum wv_alg)a, 1);
		struct wv_verify_job job = signature_job(s);

		job.key = &other->key;
		CHECK_ROW(s, !verify_one(&job));
	}
}

// Drivers that are wrong, each in its way.
static void yes_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	(void)jobs;
	(void)slot;
	for (unsigned i = 0; i < n; i++)
		answers[i] = WV_VERIFY_GOOD;
}

static void no_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	(void)jobs;
	(void)slot;
	for (unsigned i = 0; i < n; i++)
		answers[i] = WV_VERIFY_BAD;
}

// Wrong in the last lane alone.
static void lane_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	wv_crypto_openssl.algo[jobs[0].key->alg].run(jobs, n, slot, answers);
	if (n >= 8)
		answers[7] = WV_VERIFY_GOOD;
}

// Takes a signature of any length for one of the right length.
static void length_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	for (unsigned i = 0; i < n; i++) {
		const struct signature *s = signatures_get(&all, jobs[i].key->alg, 0);
		struct wv_verify_job job = jobs[i];

		if (job.signature_len + 1u == s->signature_len)
			job.signature_len++;
		wv_crypto_openssl.algo[job.key->alg].run(&job, 1, slot, &answers[i]);
	}
}

// Takes a point that is not on the curve.
static bool careless_key(struct wv_verify_key *key, unsigned slot)
{
	(void)key;
	(void)slot;
	return true;
}

static void careless_free(struct wv_verify_key *key, unsigned slot)
{
	if (key->prepared[slot] != NULL)
		wv_crypto_openssl.algo[key->alg].key_fini(key, slot);
}

static bool strict_key(struct wv_verify_key *key, unsigned slot)
{
	if (!wv_crypto_openssl.algo[key->alg].key_init(key, slot))
		atomic_store(&key->prepared[slot], NULL);
	return true;
}

static bool no_key(struct wv_verify_key *key, unsigned slot)
{
	(void)key;
	(void)slot;
	return false;
}

static bool never(void)
{
	return false;
}

static int refuse(struct wv_err *err)
{
	return wv_fail(err, EIO, "no luck");
}

static int openssl_start(struct wv_err *err)
{
	return wv_crypto_openssl.thread_init(err);
}

static void openssl_stop(void)
{
	wv_crypto_openssl.thread_fini();
}

static void test_liars(void)
{
	static const struct {
		const char *what;
		struct wv_verify_algorithm algo;
	} liars[] = {
		{"says yes to all",
			{.key_init = careless_key,
				.key_fini = careless_free,
				.run = yes_run,
				.group = 1}},
		{"says no to all",
			{.key_init = careless_key,
				.key_fini = careless_free,
				.run = no_run,
				.group = 8}},
		{"is wrong in one lane", {.run = lane_run, .group = 8}},
		{"does not see that an octet is missing", {.run = length_run, .group = 4}},
		{"takes no key",
			{.key_init = no_key, .key_fini = careless_free, .run = no_run, .group = 1}},
		{"takes bad keys", {.key_init = strict_key, .key_fini = careless_free, .group = 1}},
	};

	for (unsigned i = 0; i < WV_COUNT(liars); i++) {
		for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
			struct wv_verify_driver liar = {.name = "liar",
				.thread_init = openssl_start,
				.thread_fini = openssl_stop};
			const struct wv_verify_driver *const list[] = {&liar, &wv_crypto_openssl};
			char note[64];

			// Keys that only a driver can see to be bad are those of ECDSA.
			if (liars[i].algo.run == NULL && a != WV_ALG_P256 && a != WV_ALG_P384)
				continue;
			liar.algo[a] = wv_crypto_openssl.algo[a];
			if (liars[i].algo.key_init != NULL)
				liar.algo[a].key_init = liars[i].algo.key_init;
			if (liars[i].algo.key_fini != NULL)
				liar.algo[a].key_fini = liars[i].algo.key_fini;
			if (liars[i].algo.run != NULL)
				liar.algo[a].run = liars[i].algo.run;
			liar.algo[a].group = liars[i].algo.group;
			CHECK_ROW(
				&liars[i], wv_verify_init(list, WV_COUNT(list), "auto", NULL) == 0);
			snprintf(note, sizeof(note), "liar: wrong answers for %s",
				wv_verify_alg_name((enum wv_alg)a));
			CHECK_ROW(&liars[i], strcmp(wv_verify_note(), note) == 0);
			for (unsigned b = 0; b < WV_ALG_COUNT; b++)
				CHECK_ROW(&liars[i],
					strcmp(wv_verify_driver_name((enum wv_alg)b), "openssl")
						== 0);
		}
	}
	CHECK(wv_verify_init(real, WV_COUNT(real), NULL, NULL) == 0);
}

static void test_choice(void)
{
	struct wv_verify_driver good = {.name = "good",
		.thread_init = openssl_start,
		.thread_fini = openssl_stop,
		.algo[WV_ALG_P256] = wv_crypto_openssl.algo[WV_ALG_P256]};
	struct wv_verify_driver foreign = wv_crypto_openssl;
	struct wv_verify_driver unwilling = wv_crypto_openssl;
	const struct wv_verify_driver *const list[] = {
		&foreign, &unwilling, &good, &wv_crypto_openssl};
	const struct signature *s = signatures_get(&all, WV_ALG_P256, 0);
	const struct signature *t = signatures_get(&all, WV_ALG_P384, 0);
	struct wv_verify_key key;
	struct wv_verify_job job = signature_job(s);
	struct wv_err err;

	foreign.name = "foreign";
	foreign.usable = never;
	unwilling.name = "unwilling";
	unwilling.thread_init = refuse;
	good.algo[WV_ALG_P256].group = 5;
	CHECK(wv_verify_init(list, WV_COUNT(list), NULL, &err) == 0);
	CHECK(strcmp(wv_verify_note(), "unwilling: no luck") == 0);
	CHECK(strcmp(wv_verify_driver_name(WV_ALG_P256), "good") == 0);
	CHECK(strcmp(wv_verify_driver_name(WV_ALG_P384), "openssl") == 0);
	CHECK(wv_verify_group(WV_ALG_P256) == 5);

	CHECK(wv_verify_thread_init(&err) == 0);
	REQUIRE(wv_verify_key_init(&key, WV_ALG_P256, s->public_key, s->public_len));
	CHECK(key.prepared[0] == NULL && key.prepared[1] == NULL);
	CHECK(key.prepared[2] != NULL && key.prepared[3] == NULL);
	job.key = &key;
	CHECK(verify_one(&job));
	wv_verify_key_fini(&key);
	CHECK(key.prepared[2] == NULL);
	REQUIRE(wv_verify_key_init(&key, WV_ALG_P384, t->public_key, t->public_len));
	CHECK(key.prepared[2] == NULL && key.prepared[3] != NULL);
	wv_verify_key_fini(&key);
	wv_verify_thread_fini();

	CHECK(wv_verify_init(list, WV_COUNT(list), "opnessl", &err) == -ENOENT);
	CHECK(strcmp(err.text,
		      "crypto driver: want auto, foreign, unwilling, good, openssl, not opnessl")
		== 0);
	CHECK(wv_verify_init(list, WV_COUNT(list), "foreign", &err) == -ENOTSUP);
	CHECK(strcmp(err.text, "crypto driver foreign: this CPU cannot run it") == 0);
	CHECK(wv_verify_init(list, WV_COUNT(list), "good", &err) == -EIO);
	CHECK(strcmp(err.text, "crypto driver: want one for RSASHA1, found none") == 0);
	CHECK(wv_verify_init(list, 2, NULL, &err) == -EIO);
	CHECK(strcmp(err.text,
		      "crypto driver: want one for RSASHA1, found none: unwilling: no luck")
		== 0);
	CHECK(wv_verify_init(list, WV_COUNT(list), "openssl", &err) == 0);
	CHECK(strcmp(wv_verify_driver_name(WV_ALG_P256), "openssl") == 0);
	CHECK(wv_verify_init(real, WV_COUNT(real), NULL, NULL) == 0);
}

// ---- a driver that leaves much to the reference, and one with tables ----

static struct {
	enum wv_verify_answer answer; // to every other job; the rest it decides
	unsigned jobs;
} shy;

static void shy_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	(void)slot;
	wv_crypto_openssl.algo[jobs[0].key->alg].run(jobs, n, slot, answers);
	for (unsigned i = 1; i < n; i += 2)
		answers[i] = shy.answer;
	shy.jobs += n;
}

static bool shy_key(struct wv_verify_key *key, unsigned slot)
{
	return wv_crypto_openssl.algo[key->alg].key_init(key, slot);
}

static bool has_large; // has it tables of that size?

static size_t table_octets(const struct wv_verify_key *key, enum wv_verify_table size)
{
	(void)key;
	return size == WV_VERIFY_TABLE_LARGE && !has_large ? 0 : 1024u << size;
}

static unsigned tables_built;

static void table_build(const struct wv_verify_key *key, enum wv_verify_table size, void *table)
{
	memset(table, key->public_key[0], 1024u << size);
	tables_built++;
}

static void shy_init(void)
{
	static struct wv_verify_driver driver = {.name = "shy"};
	static const struct wv_verify_driver *const list[] = {&driver, &wv_crypto_openssl};

	shy.answer = WV_VERIFY_PASSED_ON;
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		driver.algo[a] = (struct wv_verify_algorithm){
			.key_init = shy_key,
			.key_fini = wv_crypto_openssl.algo[a].key_fini,
			.run = shy_run,
			.group = 8,
			.cost_ns = 51000,
			.table_octets = table_octets,
			.table_build = table_build,
		};
	}
	wv_crypto_openssl.thread_init(NULL);
	REQUIRE(wv_verify_init(list, 2, NULL, NULL) == 0);
	REQUIRE(wv_verify_thread_init(NULL) == 0);
	CHECK(strcmp(wv_verify_driver_name(WV_ALG_P256), "shy") == 0);
}

static void shy_fini(void)
{
	wv_verify_thread_fini();
	wv_crypto_openssl.thread_fini();
	REQUIRE(wv_verify_init(real, WV_COUNT(real), NULL, NULL) == 0);
}

static void test_passed_on(void)
{
	const struct signature *s = signatures_get(&all, WV_ALG_P256, 0);
	uint64_t before = wv_verify_count()->passed_on[WV_ALG_P256];
	struct wv_verify_key key;
	struct wv_verify_job jobs[8];
	uint8_t broken[64];
	bool ok[8];

	shy_init();
	REQUIRE(wv_verify_key_init(&key, s->alg, s->public_key, s->public_len));
	memcpy(broken, s->signature, sizeof(broken));
	broken[5] ^= 4;
	for (unsigned i = 0; i < 8; i++) {
		jobs[i] = signature_job(s);
		jobs[i].key = &key;
		if (i / 2 % 2 == 1)
			jobs[i].signature = broken;
	}
	wv_verify_batch(WV_ALG_P256, jobs, 8, ok);
	for (unsigned i = 0; i < 8; i++)
		CHECK(ok[i] == (i / 2 % 2 == 0));
	CHECK(wv_verify_count()->passed_on[WV_ALG_P256] == before + 4);
	wv_verify_key_fini(&key);
	shy_fini();
}

// One key's exceptions are decided by the reference, until it takes part in no run any more.
static void test_exceptions(void)
{
	const struct signature *s = signatures_get(&all, WV_ALG_P256, 0);
	uint64_t distrusted = wv_verify_count()->distrusted[WV_ALG_P256];
	struct wv_verify_key bad, good;
	struct wv_verify_job jobs[3];
	bool ok[3];

	shy_init();
	shy.answer = WV_VERIFY_EXCEPTION;
	REQUIRE(wv_verify_key_init(&bad, s->alg, s->public_key, s->public_len));
	REQUIRE(wv_verify_key_init(&good, s->alg, s->public_key, s->public_len));
	for (unsigned i = 0; i < 3; i++) {
		jobs[i] = signature_job(s);
		jobs[i].key = i == 1 ? &bad : &good;
	}
	for (unsigned i = 0; i < WV_VERIFY_EXCEPTIONS; i++) {
		shy.jobs = 0;
		wv_verify_batch(WV_ALG_P256, jobs, 3, ok);
		CHECK(ok[0] && ok[1] && ok[2]);
		CHECK(shy.jobs == 3);
	}
	CHECK(wv_verify_count()->distrusted[WV_ALG_P256] == distrusted);
	shy.jobs = 0;
	wv_verify_batch(WV_ALG_P256, jobs, 3, ok);
	CHECK(ok[0] && ok[1] && ok[2]);
	CHECK(shy.jobs == 2);
	CHECK(wv_verify_count()->distrusted[WV_ALG_P256] == distrusted + 1);
	CHECK(wv_verify_is_slow(&bad) == wv_verify_is_slow(&good)); // P-256 is not dear
	wv_verify_key_fini(&bad);
	wv_verify_key_fini(&good);
	shy_fini();
}

// The sizes of 20 keys used alike, in a round that knows nothing of them, and in the next.
static void test_table_ranks(void)
{
	enum {
		KEYS = 20,
		FEW = 16
	};
	const struct wv_verify_tables_settings settings = {.after = 8, .octets = 1 << 20};
	const struct wv_verify_tables_counts *counts = wv_verify_tables_count();
	const struct signature *s = signatures_get(&all, WV_ALG_P256, 0);
	struct wv_verify_key key[KEYS];
	size_t large = 64 + 4096, medium = 64 + 2048;

	shy_init();
	has_large = true;
	wv_verify_tables_init(&settings, NULL, NULL);
	for (unsigned i = 0; i < KEYS; i++) {
		REQUIRE(wv_verify_key_init(&key[i], s->alg, s->public_key, s->public_len));
		wv_verify_key_keep(&key[i]);
		atomic_store(&key[i].use.checks, i < FEW ? 8 : 0);
	}
	wv_verify_tables_step(KEYS, 1, 0);
	CHECK(counts->octets == medium); // nothing is known of the ranks
	wv_verify_tables_step(KEYS, 1, 0);
	CHECK(counts->octets == medium + large); // sixteen are used as much or more
	for (unsigned i = FEW; i < KEYS; i++)
		atomic_store(&key[i].use.checks, 8);
	wv_verify_tables_step(KEYS, 0, 0);
	wv_verify_tables_step(KEYS, 1, 0);
	CHECK(counts->octets == 2 * medium + large); // twenty are
	for (unsigned i = 0; i < KEYS; i++)
		wv_verify_key_fini(&key[i]);
	has_large = false;
	shy_fini();
}

static void *retired[8];
static unsigned n_retired;
static void (*retired_free)(void *object);

static void retire(void *arg, void *object, void (*free_fn)(void *object))
{
	CHECK(arg == retired);
	REQUIRE(n_retired < WV_COUNT(retired));
	retired[n_retired++] = object;
	retired_free = free_fn;
}

static void retired_flush(void)
{
	while (n_retired > 0)
		retired_free(retired[--n_retired]);
}

static void key_use(const struct wv_verify_key *key, const struct signature *s, unsigned n)
{
	struct wv_verify_job jobs[8];
	bool ok[8];

	for (unsigned i = 0; i < 8; i++) {
		jobs[i] = signature_job(s);
		jobs[i].key = key;
	}
	for (unsigned i = 0; i < n; i += 8)
		wv_verify_batch(key->alg, jobs, 8, ok);
}

static void test_tables(void)
{
	// Room for two tables of the medium size, each with its header.
	const struct wv_verify_tables_settings settings = {.after = 16, .octets = 2 * 2112 + 100};
	const struct wv_verify_tables_counts *counts = wv_verify_tables_count();
	const struct signature *s = signatures_get(&all, WV_ALG_P256, 0);
	struct wv_verify_key key[4];
	uint64_t evicted = counts->evicted;

	shy_init();
	wv_verify_tables_init(&settings, retire, retired);
	for (unsigned i = 0; i < 4; i++) {
		REQUIRE(wv_verify_key_init(&key[i], s->alg, s->public_key, s->public_len));
		wv_verify_key_keep(&key[i]);
	}
	CHECK(counts->keys == 4);

	// One check at a time counts as much as all at once.
	for (unsigned i = 0; i < 24; i++) {
		struct wv_verify_job job = signature_job(s);
		bool ok;

		job.key = &key[3];
		wv_verify_batch(WV_ALG_P256, &job, 1, &ok);
	}
	CHECK(key[3].use.checks == 24);
	atomic_store(&key[3].use.checks, 0);

	// Not used enough; then used enough, and the driver has no large one.
	key_use(&key[0], s, 8);
	CHECK(wv_verify_tables_step(100, 100, 1) == 0);
	CHECK(counts->tables == 0);
	key_use(&key[0], s, 8);
	key_use(&key[1], s, 24);
	CHECK(wv_verify_tables_step(100, 0, 1) == 2); // none may be built in this step
	CHECK(wv_verify_tables_step(100, 1, 1) == 1);
	CHECK(counts->tables == 1);
	CHECK(wv_verify_tables_step(100, 100, 1) == 0);
	CHECK(counts->tables == 2 && key[0].table != NULL && key[1].table != NULL);
	CHECK(counts->octets == 2 * 2112);
	CHECK(((const uint8_t *)key[0].table)[2047] == s->public_key[0]);

	// A third has no room; used less than twice as much as the least used it gets none.
	key_use(&key[2], s, 24);
	CHECK(wv_verify_tables_step(100, 100, 1) == 1);
	CHECK(counts->evicted == evicted && key[2].table == NULL);

	// Used more, it takes the place of the least used, once no reader can hold that table. The one
	// that lost its table wants it back.
	key_use(&key[2], s, 24);
	CHECK(wv_verify_tables_step(100, 100, 1) == 2);
	CHECK(counts->evicted == evicted + 1 && n_retired == 1);
	CHECK(key[0].table == NULL && key[1].table != NULL && key[2].table == NULL);
	CHECK(wv_verify_tables_step(100, 100, 1) == 2); // no other is given up meanwhile
	CHECK(n_retired == 1 && key[1].table != NULL);
	retired_flush();
	CHECK(wv_verify_tables_step(100, 100, 1) == 1);
	CHECK(key[2].table != NULL && counts->tables == 2);

	// Use is forgotten: after some half lives the fourth needs little.
	CHECK(wv_verify_tables_step(100, 100, 100) == 0);
	key_use(&key[3], s, 16);
	CHECK(wv_verify_tables_step(100, 100, 100) == 1);
	retired_flush();
	CHECK(wv_verify_tables_step(100, 100, 100) == 0);
	CHECK(key[3].table != NULL);

	for (unsigned i = 0; i < 4; i++)
		wv_verify_key_fini(&key[i]);
	retired_flush();
	CHECK(counts->keys == 0 && counts->tables == 0 && counts->octets == 0);
	shy_fini();
}

// Sixteenths of a check of P-256, by what the driver says of itself.
static void test_weights(void)
{
	static const struct {
		const char *what;
		uint32_t weight;
	} keys[] = {
		{"P-256: a signature", WV_VERIFY_WEIGHT_ONE},
		{"P-384: a signature", 11 * WV_VERIFY_WEIGHT_ONE},
		{"Ed25519: 1 octets of data", 23},
		{"Ed448: 1 octets of data", 61},
		{"RFC 5702 6.1: RSA/SHA-256, 512 bits", 1},
		{"RSA/SHA-256, 1024 bits, exponent 3", 1},
		{"RSA/SHA-256, 1024 bits, exponent 65537", 2},
		{"RSA/SHA-256, 2048 bits, exponent 65537", 5},
		{"RSA/SHA-256, 4096 bits, exponent 65537", 20},
		{"RSA/SHA-256, 1024 bits, exponent 4294967297", 2},
		{"RSA/SHA-256, 4096 bits, exponent 4294967297", 34},
		{"RSA/SHA-256, 4096 bits, exponent 4294967295", 59},
	};

	for (unsigned i = 0; i < WV_COUNT(keys); i++) {
		unsigned found = 0;

		for (unsigned k = 0; k < all.n; k++) {
			if (strcmp(all.at[k].what, keys[i].what) != 0)
				continue;
			found++;
			CHECK_ROW(&keys[i], all.at[k].key.weight == keys[i].weight);
		}
		CHECK_ROW(&keys[i], found > 0);
	}
	CHECK(wv_verify_weight(0) == 0);
	CHECK(wv_verify_weight(51000) == WV_VERIFY_WEIGHT_ONE);
	CHECK(wv_verify_weight(UINT64_MAX / 32) == UINT32_MAX / 2);
}

// With a driver that makes P-256 ten times as fast, all that is left to OpenSSL weighs ten times.
static void test_weights_are_relative(void)
{
	struct wv_verify_driver fast = wv_crypto_openssl;
	const struct wv_verify_driver *const list[] = {&fast, &wv_crypto_openssl};
	const struct signature *s = signatures_get(&all, WV_ALG_P384, 0);
	struct wv_verify_key key;

	memset(fast.algo, 0, sizeof(fast.algo));
	fast.name = "fast";
	fast.algo[WV_ALG_P256] = wv_crypto_openssl.algo[WV_ALG_P256];
	fast.algo[WV_ALG_P256].cost_ns /= 10;
	REQUIRE(wv_verify_init(list, WV_COUNT(list), NULL, NULL) == 0);
	REQUIRE(wv_verify_key_init(&key, WV_ALG_P384, s->public_key, s->public_len));
	CHECK(key.weight / WV_VERIFY_WEIGHT_ONE == 109);
	wv_verify_key_fini(&key);
	s = signatures_get(&all, WV_ALG_P256, 0);
	REQUIRE(wv_verify_key_init(&key, WV_ALG_P256, s->public_key, s->public_len));
	CHECK(key.weight == WV_VERIFY_WEIGHT_ONE);
	wv_verify_key_fini(&key);
	CHECK(wv_verify_init(real, WV_COUNT(real), NULL, NULL) == 0);
}

static const struct test tests[] = {
	{"algorithm numbers are those of the registry", test_registry},
	{"known signatures are right, known forgeries wrong, bad keys refused", test_known},
	{"a key knows the size of its modulus or field", test_bits},
	{"one bit turned in signature, data or key is one too many", test_flipped},
	{"a signature or digest of another length is wrong", test_lengths},
	{"a key cut anywhere is refused, or another one", test_key_lengths},
	{"in a batch each job has its own answer", test_batches},
	{"another key of the algorithm does not do", test_other_key},
	{"a check weighs what it costs beside one of P-256", test_weights},
	{"what a check weighs depends on the drivers in use", test_weights_are_relative},
	{"what a driver passes on, the reference decides", test_passed_on},
	{"a key that causes exceptions is left to the reference in the end", test_exceptions},
	{"the keys used most have tables", test_tables},
	{"large tables are for few keys", test_table_ranks},
	{"a driver that gives wrong answers is not chosen", test_liars},
	{"the first driver that can is chosen, or the forced one", test_choice},
};

int main(void)
{
	struct wv_err err;
	int result;

	if (wv_digest_init(hashes, WV_COUNT(hashes), NULL, &err) < 0
		|| wv_verify_init(real, WV_COUNT(real), NULL, &err) < 0
		|| wv_digest_thread_init(&err) < 0 || wv_verify_thread_init(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	signatures_open(&all);
	result = test_main("verify", tests, WV_COUNT(tests));
	signatures_close(&all);
	wv_verify_thread_fini();
	wv_digest_thread_fini();
	return result;
}
