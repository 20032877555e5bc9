// Every hash driver of this build against OpenSSL's EVP, with messages that end, or begin, at the edge of
// memory: before or behind a page that cannot be read.
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "wv_app.h"

#include "test.h"

#define LONGEST  1100
#define BATCH    300
#define GUARD    0xa5
#define HUGE_ONE 300000
#define ROOM     (WV_DIGEST_MAX + 1)

// As the programs have them, best first.
static const struct wv_digest_driver *const *drivers;
static unsigned n_drivers;

// Pages of octets between two that cannot be read.
static struct {
	const uint8_t *begin, *end;
} edge;

static uint32_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static bool edge_init(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, page, PROT_READ | PROT_WRITE) != 0)
		return false;
	for (size_t i = 0; i < page; i++)
		p[page + i] = (uint8_t)below(256);
	edge.begin = p + page;
	edge.end = p + 2 * page;
	return mprotect(p + page, page, PROT_READ) == 0;
}

static const uint8_t *edge_octets(size_t len)
{
	return below(2) == 0 ? edge.begin : edge.end - len;
}

static void evp_digest(enum wv_hash hash, const uint8_t *data, size_t len, uint8_t *out)
{
	const EVP_MD *md[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};

	if (EVP_Digest(data, len, out, NULL, md[hash], NULL) != 1)
		abort();
}

static const struct wv_digest_driver *start(const struct wv_digest_driver *d)
{
	if (d->usable != NULL && !d->usable())
		return NULL;
	return d->thread_init == NULL || d->thread_init(NULL) == 0 ? d : NULL;
}

static void stop(const struct wv_digest_driver *d)
{
	if (d->thread_fini != NULL)
		d->thread_fini();
}

// ---- digests ----

// What a batch of n messages gives, of `low` to `high` octets each.
static bool batch_is_right(
	wv_digest_run_fn run, enum wv_hash hash, unsigned n, unsigned low, unsigned high)
{
	static uint8_t out[BATCH + 1][ROOM];
	struct wv_digest_job jobs[BATCH];
	uint8_t want[WV_DIGEST_MAX];
	bool right = true;

	memset(out, GUARD, sizeof(out));
	for (unsigned i = 0; i < n; i++) {
		jobs[i].len = low + below(high - low + 1);
		jobs[i].data = edge_octets(jobs[i].len);
		jobs[i].out = out[i];
	}
	run(hash, jobs, n);
	for (unsigned i = 0; i < n; i++) {
		evp_digest(hash, jobs[i].data, jobs[i].len, want);
		right &= memcmp(out[i], want, wv_digest_len(hash)) == 0;
		right &= out[i][wv_digest_len(hash)] == GUARD;
	}
	return right && out[n][0] == GUARD;
}

static void each_run(void (*test)(wv_digest_run_fn run, enum wv_hash hash, uint32_t longest))
{
	for (unsigned i = 0; i < n_drivers; i++) {
		const struct wv_digest_driver *d = start(drivers[i]);

		for (unsigned h = 0; d != NULL && h < WV_HASH_COUNT; h++) {
			if (d->run[h] != NULL)
				test(d->run[h], (enum wv_hash)h,
					d->longest != 0 ? d->longest : UINT32_MAX);
		}
		if (d != NULL)
			stop(d);
	}
}

static void lengths(wv_digest_run_fn run, enum wv_hash hash, uint32_t longest)
{
	(void)longest;
	for (unsigned len = 0; len <= LONGEST; len++) {
		CHECK(batch_is_right(run, hash, 1 + len % 20, len, len));
		CHECK(batch_is_right(run, hash, 1, len, len));
	}
}

static void test_lengths(void)
{
	each_run(lengths);
}

static void counts(wv_digest_run_fn run, enum wv_hash hash, uint32_t longest)
{
	(void)longest;
	for (unsigned n = 1; n <= BATCH; n++) {
		CHECK(batch_is_right(run, hash, n, 150, 600));
		CHECK(batch_is_right(run, hash, n, 0, n % 2 == 0 ? 130 : LONGEST));
	}
}

static void test_counts(void)
{
	each_run(counts);
}

static void empty(wv_digest_run_fn run, enum wv_hash hash, uint32_t longest)
{
	struct wv_digest_job jobs[40];
	uint8_t out[40][WV_DIGEST_MAX], want[WV_DIGEST_MAX];

	(void)longest;
	evp_digest(hash, (const uint8_t *)"", 0, want);
	for (unsigned n = 0; n <= WV_COUNT(jobs); n++) {
		memset(out, 0, sizeof(out));
		for (unsigned i = 0; i < n; i++)
			jobs[i] = (struct wv_digest_job){NULL, 0, out[i]};
		run(hash, jobs, n);
		for (unsigned i = 0; i < n; i++)
			CHECK(memcmp(out[i], want, wv_digest_len(hash)) == 0);
	}
}

static void test_empty(void)
{
	each_run(empty);
}

// The canonical form of a large RRset can be longer than a DNS message.
static void huge(wv_digest_run_fn run, enum wv_hash hash, uint32_t longest)
{
	static const uint32_t sizes[] = {3, 65534, 65535, 65536, 65537, HUGE_ONE};
	uint8_t *octets = malloc(HUGE_ONE), out[WV_COUNT(sizes)][WV_DIGEST_MAX],
		want[WV_DIGEST_MAX];
	struct wv_digest_job jobs[WV_COUNT(sizes)] = {{NULL, 0, NULL}};
	unsigned n = 0;

	for (unsigned i = 0; i < HUGE_ONE; i++)
		octets[i] = (uint8_t)below(256);
	for (unsigned i = 0; i < WV_COUNT(sizes) && sizes[i] <= longest; i++)
		jobs[n++] = (struct wv_digest_job){octets + HUGE_ONE - sizes[i], sizes[i], out[i]};
	run(hash, jobs, n);
	for (unsigned i = 0; i < n; i++) {
		evp_digest(hash, jobs[i].data, jobs[i].len, want);
		CHECK(memcmp(out[i], want, wv_digest_len(hash)) == 0);
	}
	free(octets);
}

static void test_huge(void)
{
	each_run(huge);
}

// ---- NSEC3 (RFC 5155 5) ----

static void nsec3_plain(
	const struct wv_digest_name *name, const struct wv_digest_nsec3 *p, uint8_t *hash)
{
	uint8_t text[2 * UINT8_MAX];

	memcpy(text, name->octets, name->len);
	if (p->salt_len > 0)
		memcpy(text + name->len, p->salt, p->salt_len);
	evp_digest(WV_HASH_SHA1, text, (size_t)name->len + p->salt_len, hash);
	for (unsigned k = 0; k < p->iterations; k++) {
		memcpy(text, hash, WV_NSEC3_HASH_LEN);
		if (p->salt_len > 0)
			memcpy(text + WV_NSEC3_HASH_LEN, p->salt, p->salt_len);
		evp_digest(WV_HASH_SHA1, text, (size_t)WV_NSEC3_HASH_LEN + p->salt_len, hash);
	}
}

static bool names_are_right(wv_digest_nsec3_fn nsec3, unsigned n, unsigned longest,
	uint8_t salt_len, uint16_t iterations)
{
	const struct wv_digest_nsec3 p = {
		salt_len > 0 ? edge_octets(salt_len) : NULL, salt_len, iterations};
	static uint8_t out[BATCH + 1][WV_NSEC3_HASH_LEN];
	struct wv_digest_name names[BATCH] = {{NULL, 0}};
	uint8_t want[WV_NSEC3_HASH_LEN];
	bool right = true;

	memset(out, GUARD, sizeof(out));
	for (unsigned i = 0; i < n; i++) {
		names[i].len = (uint8_t)(1 + below(longest));
		names[i].octets = edge_octets(names[i].len);
	}
	nsec3(names, n, &p, out);
	for (unsigned i = 0; i < n; i++) {
		nsec3_plain(&names[i], &p, want);
		right &= memcmp(out[i], want, sizeof(want)) == 0;
	}
	return right && out[n][0] == GUARD;
}

static void nsec3_all(wv_digest_nsec3_fn nsec3, unsigned n_max)
{
	for (unsigned salt = 0; salt <= UINT8_MAX; salt++) {
		for (unsigned iterations = 0; iterations <= 4; iterations++)
			CHECK(names_are_right(nsec3, 1 + below(n_max), UINT8_MAX, (uint8_t)salt,
				(uint16_t)iterations));
	}
	for (unsigned iterations = 0; iterations <= 150; iterations++) {
		CHECK(names_are_right(nsec3, 1 + below(n_max), UINT8_MAX,
			(uint8_t)(iterations % 3 * 4), (uint16_t)iterations));
		CHECK(names_are_right(nsec3, n_max, 40, (uint8_t)below(256), (uint16_t)iterations));
	}
	for (unsigned n = 1; n <= n_max; n++) {
		CHECK(names_are_right(nsec3, n, UINT8_MAX, 8, 1));
		CHECK(names_are_right(nsec3, n, 40, 0, 0));
	}
	CHECK(names_are_right(nsec3, 3, UINT8_MAX, 4, 2500));
}

static void test_nsec3_drivers(void)
{
	for (unsigned i = 0; i < n_drivers; i++) {
		const struct wv_digest_driver *d = start(drivers[i]);

		if (d != NULL && d->nsec3 != NULL)
			nsec3_all(d->nsec3, WV_NSEC3_MAX);
		if (d != NULL)
			stop(d);
	}
}

// ---- all together, as lib/digest chooses ----

static void chosen_run(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	wv_digest_batch(hash, jobs, n);
}

static void chosen_nsec3(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *p, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	wv_digest_nsec3(names, n, p->salt, p->salt_len, p->iterations, out);
}

// "auto", or a driver that has all hashes; false: it cannot be had here.
static bool choose(const char *forced)
{
	struct wv_err err;

	if (wv_digest_init(drivers, n_drivers, forced, &err) < 0)
		return false;
	CHECK(wv_digest_note()[0] == '\0');
	return wv_digest_thread_init(&err) == 0;
}

static void each_choice(void (*test)(void))
{
	unsigned n = 0;

	for (unsigned i = 0; i <= n_drivers; i++) {
		if (!choose(i == n_drivers ? "auto" : drivers[i]->name))
			continue;
		test();
		wv_digest_thread_fini();
		n++;
	}
	CHECK(n >= 2);
}

static void chosen_digests(void)
{
	for (unsigned h = 0; h < WV_HASH_COUNT; h++) {
		counts(chosen_run, (enum wv_hash)h, UINT32_MAX);
		empty(chosen_run, (enum wv_hash)h, UINT32_MAX);
		huge(chosen_run, (enum wv_hash)h, UINT32_MAX);
	}
}

static void test_chosen(void)
{
	each_choice(chosen_digests);
}

static void chosen_names(void)
{
	nsec3_all(chosen_nsec3, 40);
	CHECK(names_are_right(chosen_nsec3, BATCH, UINT8_MAX, 8, 3));
}

static void test_chosen_nsec3(void)
{
	each_choice(chosen_names);
}

static const struct test tests[] = {
	{"digests of messages of 0 to 1100 octets are OpenSSL's", test_lengths},
	{"digests in batches of 1 to 300 are OpenSSL's", test_counts},
	{"a message may be empty and nowhere", test_empty},
	{"a message may be as long as the driver says", test_huge},
	{"NSEC3 hashes follow the definition for every salt and iteration", test_nsec3_drivers},
	{"so does what lib/digest chooses, by itself or forced", test_chosen},
	{"and its NSEC3 hashes", test_chosen_nsec3},
};

int main(void)
{
	if (!edge_init())
		return EXIT_FAILURE;
	drivers = wv_app_hashes(&n_drivers);
	return test_main("hash_drivers", tests, WV_COUNT(tests));
}
