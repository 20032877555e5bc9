#include <errno.h>

#include "wv_digest.h"
#include "wv_hash_openssl.h"

#include "vectors.h"

static const struct wv_digest_driver *const real[] = {&wv_hash_openssl};

static void test_known(void)
{
	FILE *file = vectors_open("digests.txt");
	struct vector v = {0};
	unsigned n = 0;

	REQUIRE(wv_digest_init(real, WV_COUNT(real), NULL, NULL) == 0);
	CHECK(wv_digest_note()[0] == '\0');
	while (vector_next(file, &v)) {
		size_t len;
		uint8_t *message = vector_octets(&v, "message", &len);

		for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
			enum wv_hash hash = (enum wv_hash)h;
			size_t digest_len;
			uint8_t *digest = vector_octets(&v, wv_digest_name(hash), &digest_len);
			uint8_t *out = malloc(wv_digest_len(hash));
			struct wv_digest_job job = {message, (uint32_t)len, out};

			wv_digest_batch(hash, &job, 1);
			CHECK_ROW(&v, digest_len == wv_digest_len(hash));
			CHECK_ROW(&v, memcmp(out, digest, digest_len) == 0);
			free(out);
			free(digest);
			n++;
		}
		free(message);
	}
	CHECK(n >= 4 * 10);
	fclose(file);
}

static void test_batches(void)
{
	static const unsigned sizes[] = {0, 1, 2, 15, 16, 17, 128, 300};
	uint8_t message[300], out[300][WV_DIGEST_MAX], alone[300][WV_DIGEST_MAX] = {{0}};
	struct wv_digest_job jobs[300];

	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(3 * i);
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		for (unsigned i = 0; i < WV_COUNT(jobs); i++) {
			jobs[i] = (struct wv_digest_job){message, i, alone[i]};
			wv_digest_batch((enum wv_hash)h, &jobs[i], 1);
			jobs[i].out = out[i];
		}
		for (unsigned s = 0; s < WV_COUNT(sizes); s++) {
			memset(out, 0, sizeof(out));
			wv_digest_batch((enum wv_hash)h, jobs, sizes[s]);
			for (unsigned i = 0; i < sizes[s]; i++)
				CHECK(memcmp(out[i], alone[i], wv_digest_len((enum wv_hash)h))
					== 0);
			CHECK(sizes[s] == WV_COUNT(jobs) || out[sizes[s]][0] == 0);
		}
	}
}

// RFC 5155 appendix A: SHA-1, 12 iterations, salt aabbccdd.
static const struct {
	const char *what, *hash;
} nsec3[] = {
	{"example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
	{"a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
	{"ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"},
	{"ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
	{"ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
	{"w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
	{"*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
	{"x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"},
	{"y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
	{"x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"},
	{"xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"},
	{"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"},
};

// A name in wire form, in a block of its exact size.
static struct wv_digest_name name_make(const char *text)
{
	uint8_t wire[255];
	size_t n = 0;

	while (*text != '\0') {
		size_t label = strcspn(text, ".");

		wire[n++] = (uint8_t)label;
		memcpy(wire + n, text, label);
		n += label;
		text += label + 1;
	}
	wire[n++] = 0;
	return (struct wv_digest_name){test_exact(wire, n), (uint8_t)n};
}

// Base 32 with extended hex (RFC 4648 7) of 20 octets.
static void base32(const uint8_t *octets, char text[33])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned value = 0;

		for (unsigned bit = 5 * i; bit < 5 * i + 5; bit++)
			value = value << 1 | (octets[bit / 8] >> (7 - bit % 8) & 1);
		text[i] = "0123456789abcdefghijklmnopqrstuv"[value];
	}
	text[32] = '\0';
}

static void test_nsec3(void)
{
	uint8_t *salt = test_exact("\xaa\xbb\xcc\xdd", 4);
	struct wv_digest_name names[40]; // more than are hashed side by side
	uint8_t out[40][WV_NSEC3_HASH_LEN];
	char text[33];

	for (unsigned i = 0; i < WV_COUNT(names); i++)
		names[i] = name_make(nsec3[i % WV_COUNT(nsec3)].what);
	for (unsigned n = 1; n <= WV_COUNT(names); n += 13) {
		memset(out, 0, sizeof(out));
		wv_digest_nsec3(names, n, salt, 4, 12, out);
		for (unsigned i = 0; i < n; i++) {
			base32(out[i], text);
			CHECK_ROW(&nsec3[i % WV_COUNT(nsec3)],
				strcmp(text, nsec3[i % WV_COUNT(nsec3)].hash) == 0);
		}
	}
	for (unsigned i = 0; i < WV_COUNT(names); i++)
		free((void *)(uintptr_t)names[i].octets);
	free(salt);
}

// The definition, step by step: RFC 5155 5.
static void nsec3_plain(const struct wv_digest_name *name, const uint8_t *salt, size_t salt_len,
	unsigned iterations, uint8_t *out)
{
	uint8_t text[2 * 255], hash[WV_NSEC3_HASH_LEN];
	struct wv_digest_job job = {text, (uint32_t)(name->len + salt_len), hash};

	memcpy(text, name->octets, name->len);
	if (salt_len > 0)
		memcpy(text + name->len, salt, salt_len);
	wv_digest_batch(WV_HASH_SHA1, &job, 1);
	for (unsigned k = 0; k < iterations; k++) {
		memcpy(text, hash, sizeof(hash));
		if (salt_len > 0)
			memcpy(text + sizeof(hash), salt, salt_len);
		job.len = (uint32_t)(sizeof(hash) + salt_len);
		wv_digest_batch(WV_HASH_SHA1, &job, 1);
	}
	memcpy(out, hash, sizeof(hash));
}

static const struct {
	const char *what;
	uint8_t salt_len;
	uint16_t iterations;
} parameters[] = {
	{"no salt, no iterations", 0, 0},
	{"no salt, one iteration", 0, 1},
	{"salt, no iterations", 8, 0},
	{"two iterations", 8, 2},
	{"longest salt", 255, 3},
	{"many iterations", 4, 2500},
};

static void test_nsec3_parameters(void)
{
	uint8_t longest[255], salt_octets[255];
	struct wv_digest_name names[3];
	uint8_t out[3][WV_NSEC3_HASH_LEN], plain[WV_NSEC3_HASH_LEN];

	for (unsigned i = 0; i < sizeof(longest); i++) {
		longest[i] = i % 64 == 0 ? 63 : 'x';
		salt_octets[i] = (uint8_t)i;
	}
	longest[192] = 61;
	longest[254] = 0;
	names[0] = (struct wv_digest_name){test_exact("", 1), 1}; // the root
	names[1] = (struct wv_digest_name){test_exact(longest, sizeof(longest)), sizeof(longest)};
	names[2] = name_make("www.example.");
	for (unsigned p = 0; p < WV_COUNT(parameters); p++) {
		uint8_t salt_len = parameters[p].salt_len;
		uint8_t *salt = salt_len > 0 ? test_exact(salt_octets, salt_len) : NULL;

		wv_digest_nsec3(names, 3, salt, salt_len, parameters[p].iterations, out);
		for (unsigned i = 0; i < 3; i++) {
			nsec3_plain(&names[i], salt, salt_len, parameters[p].iterations, plain);
			CHECK_ROW(&parameters[p], memcmp(out[i], plain, sizeof(plain)) == 0);
		}
		free(salt);
	}
	for (unsigned i = 0; i < 3; i++)
		free((void *)(uintptr_t)names[i].octets);
}

// A driver that is wrong now and then, or does not run here.
static void lie(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	wv_hash_openssl.run[hash](hash, jobs, n);
	if (n > 7)
		jobs[7].out[0] ^= 1;
}

static void overrun(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	wv_hash_openssl.run[hash](hash, jobs, n);
	for (unsigned i = 0; i < n; i++)
		jobs[i].out[wv_digest_len(hash)] = 0;
}

static bool never(void)
{
	return false;
}

static int refuse(struct wv_err *err)
{
	return wv_fail(err, EIO, "no luck");
}

static void test_choice(void)
{
	struct wv_digest_driver liar = {.name = "liar", .run[WV_HASH_SHA256] = lie};
	struct wv_digest_driver vandal = {.name = "vandal", .run[WV_HASH_SHA384] = overrun};
	struct wv_digest_driver foreign = wv_hash_openssl;
	struct wv_digest_driver unwilling = wv_hash_openssl;
	struct wv_digest_driver good = {
		.name = "good", .run[WV_HASH_SHA1] = wv_hash_openssl.run[WV_HASH_SHA1]};
	const struct wv_digest_driver *const all[] = {
		&liar, &vandal, &foreign, &unwilling, &good, &wv_hash_openssl};
	struct wv_err err;

	foreign.name = "foreign";
	foreign.usable = never;
	unwilling.name = "unwilling";
	unwilling.thread_init = refuse;
	CHECK(wv_digest_init(all, WV_COUNT(all), "auto", &err) == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA1), "good") == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA256), "openssl") == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA384), "openssl") == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA512), "openssl") == 0);
	CHECK(strcmp(wv_digest_note(),
		      "liar: wrong answers for SHA-256; vandal: wrong answers for SHA-384; "
		      "unwilling: no luck")
		== 0);

	CHECK(wv_digest_init(all, WV_COUNT(all), "lair", &err) == -ENOENT);
	CHECK(strcmp(err.text,
		      "hash driver: want auto, liar, vandal, foreign, unwilling, good, openssl, "
		      "not lair")
		== 0);
	CHECK(wv_digest_init(all, WV_COUNT(all), "foreign", &err) == -ENOTSUP);
	CHECK(strstr(err.text, "foreign") != NULL);
	CHECK(wv_digest_init(all, WV_COUNT(all), "liar", &err) == -EIO);
	CHECK(wv_digest_init(all, 1, NULL, &err) == -EIO);
	CHECK(wv_digest_init(all, WV_COUNT(all), "openssl", &err) == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA1), "openssl") == 0);
}

// Drivers that keep count of what they were given.
static unsigned lanes_jobs, lanes_names;

static void lanes_run(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	lanes_jobs += n;
	wv_hash_openssl.run[hash](hash, jobs, n);
}

static const struct wv_digest_worth worth[] = {{64, UINT32_MAX}, {256, 5}, {UINT32_MAX, 3}};

static const struct wv_digest_driver lanes = {
	.name = "lanes",
	.run[WV_HASH_SHA1] = lanes_run,
	.run[WV_HASH_SHA256] = lanes_run,
	.run[WV_HASH_SHA384] = lanes_run,
	.run[WV_HASH_SHA512] = lanes_run,
	.longest = 1000,
	.worth = {worth, worth, worth, worth},
	.lanes = {8, 8, 8, 8},
};

static const struct {
	const char *what;
	unsigned n, len, n_other, other; // messages of one length and, behind these, of another
	unsigned lanes;                  // messages that go there
	unsigned forced;                 // and when it is forced
} batches[] = {
	{"one message", 1, 200, 0, 0, 0, 1},
	{"too few of a middle length", 4, 200, 0, 0, 0, 4},
	{"enough of a middle length", 5, 200, 0, 0, 5, 5},
	{"the last of a row of lengths", 5, 256, 0, 0, 5, 5},
	{"the first of the next row", 3, 257, 0, 0, 3, 3},
	{"too few of the next row", 2, 257, 0, 0, 0, 2},
	{"never worth it, however many", 300, 64, 0, 0, 0, 300},
	{"a last round of too few lanes", 12, 200, 0, 0, 8, 12},
	{"a last round of enough lanes", 13, 200, 0, 0, 13, 13},
	{"no last round", 16, 200, 0, 0, 16, 16},
	{"one long among short ones leaves lanes idle", 7, 100, 1, 900, 0, 8},
	{"unlike lengths that fill three lanes", 7, 300, 1, 900, 8, 8},
	{"the longest there may be", 4, 1000, 0, 0, 4, 4},
	{"longer than it can do", 16, 500, 1, 1001, 0, 0},
	{"nothing", 0, 0, 0, 0, 0, 0},
	{"empty messages", 16, 0, 0, 0, 16, 16},
};

static void batches_check(const char *driver, bool forced)
{
	const struct wv_digest_driver *const all[] = {&lanes, &wv_hash_openssl};
	static uint8_t message[1001], out[300][WV_DIGEST_MAX];
	struct wv_digest_job jobs[300];

	REQUIRE(wv_digest_init(all, WV_COUNT(all), driver, NULL) == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA1), "lanes") == 0);
	for (unsigned b = 0; b < WV_COUNT(batches); b++) {
		unsigned n = batches[b].n + batches[b].n_other, right = 0;
		uint8_t digest[WV_DIGEST_MAX];

		for (unsigned i = 0; i < n; i++)
			jobs[i] = (struct wv_digest_job){message,
				i < batches[b].n ? batches[b].len : batches[b].other, out[i]};
		memset(out, 0, sizeof(out));
		lanes_jobs = 0;
		wv_digest_batch(WV_HASH_SHA256, jobs, n);
		CHECK_ROW(
			&batches[b], lanes_jobs == (forced ? batches[b].forced : batches[b].lanes));
		for (unsigned i = 0; i < n; i++) {
			struct wv_digest_job one = {message, jobs[i].len, digest};

			wv_hash_openssl.run[WV_HASH_SHA256](WV_HASH_SHA256, &one, 1);
			right += memcmp(out[i], digest, 32) == 0;
		}
		CHECK_ROW(&batches[b], right == n);
	}
}

static void test_worth(void)
{
	batches_check("auto", false);
}

static void test_forced(void)
{
	batches_check("lanes", true);
}

// A list that ends with a driver that cannot do all.
static void test_limits(void)
{
	struct wv_digest_driver endless = lanes, liar = wv_hash_openssl;
	const struct wv_digest_driver *const alone[] = {&endless};
	const struct wv_digest_driver *const behind_liar[] = {&liar, &lanes, &wv_hash_openssl};
	const struct wv_digest_driver *const no_rest[] = {&lanes};
	uint8_t message[200] = {0}, out[WV_DIGEST_MAX];
	struct wv_digest_job job = {message, sizeof(message), out};
	struct wv_err err;

	endless.longest = 0;
	REQUIRE(wv_digest_init(alone, 1, NULL, &err) == 0);
	lanes_jobs = 0;
	wv_digest_batch(WV_HASH_SHA1, &job, 1); // not worth it, but there is none else
	CHECK(lanes_jobs == 1);

	CHECK(wv_digest_init(no_rest, 1, NULL, &err) == -EIO);
	CHECK(strcmp(err.text, "hash driver: want one for SHA-1 of any length, found none") == 0);
	CHECK(wv_digest_init(no_rest, 1, "lanes", &err) == -EIO);

	liar.name = "liar";
	for (unsigned h = 0; h < WV_HASH_COUNT; h++)
		liar.run[h] = lie;
	REQUIRE(wv_digest_init(behind_liar, 3, "lanes", &err) == 0);
	CHECK(wv_digest_note()[0] == '\0'); // the liar was not asked
	REQUIRE(wv_digest_init(behind_liar, 3, "auto", &err) == 0);
	CHECK(strcmp(wv_digest_driver_name(WV_HASH_SHA512), "lanes") == 0);
}

static void lanes_nsec3(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *p, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	lanes_names += n;
	for (unsigned i = 0; i < n; i++) {
		uint8_t text[2 * UINT8_MAX];
		struct wv_digest_job job = {text, (uint32_t)names[i].len + p->salt_len, out[i]};

		memcpy(text, names[i].octets, names[i].len);
		if (p->salt_len > 0)
			memcpy(text + names[i].len, p->salt, p->salt_len);
		wv_hash_openssl.run[WV_HASH_SHA1](WV_HASH_SHA1, &job, 1);
		job.len = WV_NSEC3_HASH_LEN + (uint32_t)p->salt_len;
		for (unsigned k = 0; k < p->iterations; k++) {
			memcpy(text, out[i], WV_NSEC3_HASH_LEN);
			if (p->salt_len > 0)
				memcpy(text + WV_NSEC3_HASH_LEN, p->salt, p->salt_len);
			wv_hash_openssl.run[WV_HASH_SHA1](WV_HASH_SHA1, &job, 1);
		}
	}
}

// One lane in sixteen forgets an iteration.
static void nsec3_lie(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *p, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	struct wv_digest_nsec3 fewer = *p;

	lanes_nsec3(names, n, p, out);
	fewer.iterations -= p->iterations > 2;
	if (n == WV_NSEC3_MAX)
		lanes_nsec3(names + 13, 1, &fewer, out + 13);
}

static void test_nsec3_choice(void)
{
	static const struct {
		const char *what;
		unsigned n, lanes;
	} rows[] = {{"too few", 3, 0}, {"enough", 4, 4}, {"too few left", 35, 32},
		{"enough left", 36, 36}, {"all", 16, 16}, {"none", 0, 0}};
	struct wv_digest_driver good = {.name = "good", .nsec3 = lanes_nsec3, .nsec3_least = 4};
	struct wv_digest_driver bad = {.name = "bad", .nsec3 = nsec3_lie, .nsec3_least = 1};
	const struct wv_digest_driver *const all[] = {&bad, &good, &wv_hash_openssl};
	struct wv_digest_name name = name_make("www.example."), names[36];
	uint8_t out[36][WV_NSEC3_HASH_LEN], plain[WV_NSEC3_HASH_LEN];
	struct wv_err err;

	for (unsigned i = 0; i < WV_COUNT(names); i++)
		names[i] = name;
	REQUIRE(wv_digest_init(all, 3, "openssl", &err) == 0);
	lanes_names = 0;
	wv_digest_nsec3(names, 36, NULL, 0, 3, out);
	CHECK(lanes_names == 0);
	CHECK(wv_digest_init(all, 3, "good", &err) == -EIO);
	CHECK(strcmp(err.text, "hash driver good: want one for SHA-1, found none") == 0);
	REQUIRE(wv_digest_init(all, 3, NULL, &err) == 0);
	CHECK(strcmp(wv_digest_note(), "bad: wrong answers for NSEC3") == 0);
	for (unsigned r = 0; r < WV_COUNT(rows); r++) {
		unsigned right = 0;

		memset(out, 0, sizeof(out));
		lanes_names = 0;
		wv_digest_nsec3(names, rows[r].n, NULL, 0, 3, out);
		CHECK_ROW(&rows[r], lanes_names == rows[r].lanes);
		nsec3_plain(&name, NULL, 0, 3, plain);
		for (unsigned i = 0; i < rows[r].n; i++)
			right += memcmp(out[i], plain, sizeof(plain)) == 0;
		CHECK_ROW(&rows[r], right == rows[r].n);
	}
	free((void *)(uintptr_t)name.octets);
}

static unsigned started;

static int start(struct wv_err *err)
{
	if (started == 2)
		return wv_fail(err, ENOMEM, "third start");
	started++;
	return 0;
}

static void stop(void)
{
	started--;
}

static void test_threads(void)
{
	struct wv_digest_driver counted = wv_hash_openssl;
	struct wv_digest_driver other = {.name = "other",
		.run[WV_HASH_SHA256] = wv_hash_openssl.run[WV_HASH_SHA256],
		.thread_init = start,
		.thread_fini = stop};
	const struct wv_digest_driver *const all[] = {&other, &counted};
	struct wv_err err;

	counted.thread_init = start;
	counted.thread_fini = stop;
	CHECK(wv_digest_init(all, WV_COUNT(all), NULL, &err) == 0);
	CHECK(started == 0);
	CHECK(wv_digest_thread_init(&err) == 0);
	CHECK(started == 2);
	CHECK(wv_digest_thread_init(&err) == -ENOMEM);
	CHECK(strcmp(err.text, "third start") == 0);
	CHECK(started == 2);
	wv_digest_thread_fini();
	CHECK(started == 0);
	started = 1; // the second driver is the third start
	CHECK(wv_digest_thread_init(&err) == -ENOMEM);
	CHECK(started == 1);
	started = 0;
	CHECK(wv_digest_init(real, WV_COUNT(real), NULL, NULL) == 0);
}

static const struct test tests[] = {
	{"digests are the known ones", test_known},
	{"a batch gives what each message gives alone", test_batches},
	{"NSEC3 hashes are those of RFC 5155 appendix A", test_nsec3},
	{"NSEC3 hashes follow the definition for every salt and name", test_nsec3_parameters},
	{"a driver is taken only if it runs here and gives known answers", test_choice},
	{"a batch goes where it is worth it", test_worth},
	{"a forced driver takes all that it can", test_forced},
	{"limits of a driver need another behind it", test_limits},
	{"names go to lanes where there are enough of them", test_nsec3_choice},
	{"each driver in use is started and stopped once a thread", test_threads},
};

int main(void)
{
	return test_main("digest", tests, WV_COUNT(tests));
}
