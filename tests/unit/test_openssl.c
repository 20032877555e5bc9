#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"
#include "wv_openssl_pool.h"
#include "wv_verify.h"

#include "signatures.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif

/*
 * Every call of the malloc family on this thread, while it counts: by standing in front of the C
 * library's functions, or by the hooks of AddressSanitizer, which stands there itself. Volatile,
 * since the compiler knows that malloc changes no variable of a program.
 */
static _Thread_local volatile bool counting;
static _Thread_local volatile uint64_t calls;

static void count(void)
{
	if (counting)
		calls++;
}

#ifdef UNDER_ASAN

// Of sanitizer/allocator_interface.h, which gcc's packages leave out.
int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));

static void hook_malloc(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	count();
}

static void hook_free(const volatile void *p)
{
	(void)p;
	count();
}

static bool counting_open(void)
{
	return __sanitizer_install_malloc_and_free_hooks(hook_malloc, hook_free) > 0;
}

#else

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

void *malloc(size_t n)
{
	count();
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	count();
	return __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	count();
	return __libc_memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	count();
	*p = __libc_memalign(alignment, n);
	return *p != NULL ? 0 : ENOMEM;
}

void free(void *p)
{
	count();
	__libc_free(p);
}

static bool counting_open(void)
{
	return true;
}

#endif

static void counting_start(void)
{
	calls = 0;
	counting = true;
}

static uint64_t counting_stop(void)
{
	counting = false;
	return calls;
}

static const struct wv_digest_driver *const hashes[] = {&wv_hash_openssl};
static const struct wv_verify_driver *const drivers[] = {&wv_crypto_openssl};
static struct signatures all;

// A thread as a worker would be: an arena, then the libraries.
static bool worker_open(size_t octets)
{
	return wv_openssl_pool_thread_init(octets, NULL) == 0 && wv_digest_thread_init(NULL) == 0
		&& wv_verify_thread_init(NULL) == 0;
}

static void worker_close(void)
{
	wv_verify_thread_fini();
	wv_digest_thread_fini();
	wv_openssl_pool_thread_fini();
}

// Run on a thread of its own and see it end; CUnit's checks are made by the first thread.
static bool on_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;
	void *result = NULL;

	return pthread_create(&thread, NULL, body, arg) == 0 && pthread_join(thread, &result) == 0
		&& result != NULL;
}

static void *done(bool well)
{
	static int yes;

	return well ? &yes : NULL;
}

static bool verify_is(const struct wv_verify_key *key, const struct signature *s, bool expected)
{
	struct wv_verify_job job = signature_job(s);
	bool ok;

	job.key = key;
	wv_verify_batch(s->alg, &job, 1, &ok);
	return ok == expected;
}

// A right check, a wrong one and a digest of each hash.
static bool algorithm_round(enum wv_alg alg, unsigned i)
{
	const struct signature *s = signatures_get(&all, alg, i % 2);
	const struct signature *other = signatures_get(&all, alg, (i + 1) % 2);
	uint8_t out[WV_DIGEST_MAX];
	struct wv_digest_job job = {s->signature, (uint32_t)s->signature_len, out};
	bool well = verify_is(&s->key, s, true) && verify_is(&other->key, s, false);

	for (unsigned h = 0; h < WV_HASH_COUNT; h++)
		wv_digest_batch((enum wv_hash)h, &job, 1);
	return well;
}

static void *quiet_body(void *arg)
{
	uint64_t *counts = arg;
	uint64_t overflows = wv_openssl_pool_overflows();
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	for (unsigned a = 0; well && a < WV_ALG_COUNT; a++) {
		// P-384 and Ed448 are slow; the sum over all algorithms is above 10,000 checks.
		unsigned rounds = a == WV_ALG_P384 || a == WV_ALG_ED448 ? 300 : 1100;

		well = algorithm_round((enum wv_alg)a, 0) && algorithm_round((enum wv_alg)a, 1);
		counting_start();
		for (unsigned i = 0; well && i < rounds; i++)
			well = algorithm_round((enum wv_alg)a, i);
		counts[a] = counting_stop();
	}
	worker_close();
	return done(well && wv_openssl_pool_overflows() == overflows);
}

static void test_quiet(void)
{
	uint64_t counts[WV_ALG_COUNT] = {0};

	CHECK(on_thread(quiet_body, counts));
	for (unsigned a = 0; a < WV_ALG_COUNT; a++)
		CHECK(counts[a] == 0);
}

static void *counted_body(void *arg)
{
	uint64_t *counts = arg;
	bool well = wv_verify_thread_init(NULL) == 0; // no arena
	void *volatile planted;                       // or the compiler leaves both calls out

	counting_start();
	well = well && algorithm_round(WV_ALG_P256, 0);
	counts[0] = counting_stop();
	counting_start();
	planted = malloc(100);
	free(planted);
	counts[1] = counting_stop();
	wv_verify_thread_fini();
	return done(well);
}

static void test_counted(void)
{
	uint64_t counts[2] = {0};

	CHECK(on_thread(counted_body, counts));
	CHECK(counts[0] >= 36);
	CHECK(counts[1] == 2);
}

// The malloc family is not called for keys either, be they good or bad.
static void *keys_body(void *arg)
{
	uint64_t *count_of = arg;
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	for (unsigned round = 0; well && round < 3; round++) {
		counting_start();
		for (unsigned i = 0; well && i < all.n; i++) {
			const struct signature *s = &all.at[i];
			struct wv_verify_key key;
			bool good = wv_verify_key_init(&key, s->alg, s->public_key, s->public_len);

			well = good == (s->expect != EXPECT_BAD_KEY)
				&& (!good || verify_is(&key, s, s->expect == EXPECT_RIGHT));
			if (good)
				wv_verify_key_fini(&key);
		}
		*count_of = counting_stop();
	}
	worker_close();
	return done(well);
}

static void test_keys(void)
{
	uint64_t n = 0;

	CHECK(on_thread(keys_body, &n));
	CHECK(n == 0);
}

#define MANY (3 * WV_CRYPTO_OPENSSL_KEPT)

struct many {
	struct wv_verify_key *keys; // made by another thread
	const struct signature *s;
	uint64_t calls;
	size_t used;
};

// More keys than contexts are kept, each used twice, right and wrong.
static void *many_body(void *arg)
{
	struct many *m = arg;
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	counting_start();
	for (unsigned i = 0; well && i < 2 * MANY; i++)
		well = verify_is(&m->keys[i % MANY], m->s, i % MANY % 2 == 0);
	m->calls = counting_stop();
	m->used = wv_openssl_pool_used();
	worker_close();
	return done(well);
}

static void many_keys(enum wv_alg alg)
{
	struct signature *s = signatures_get(&all, alg, 0);
	struct signature *other = signatures_get(&all, alg, 1);
	struct many m = {calloc(MANY, sizeof(*m.keys)), s, 0, 0};
	uint64_t overflows = wv_openssl_pool_overflows();

	for (unsigned i = 0; i < MANY; i++) {
		struct signature *from = i % 2 == 0 ? s : other;

		REQUIRE(wv_verify_key_init(&m.keys[i], alg, from->public_key, from->public_len));
	}
	CHECK_ROW(s, on_thread(many_body, &m));
	CHECK_ROW(s, m.calls == 0);
	CHECK_ROW(s, m.used < WV_OPENSSL_POOL_OCTETS / 2);
	CHECK_ROW(s, wv_openssl_pool_overflows() == overflows);
	for (unsigned i = 0; i < MANY; i++)
		wv_verify_key_fini(&m.keys[i]);
	free(m.keys);
}

static void test_many_keys(void)
{
	many_keys(WV_ALG_RSASHA256);
	many_keys(WV_ALG_P256);
	many_keys(WV_ALG_ED25519);
}

// A key that dies in one thread while another keeps a context for it, and one made in its place.
struct dying {
	struct wv_verify_key key;
	const struct signature *s, *other;
	atomic_uint turn; // even: the worker's; odd: the owner's
	uint64_t calls;
};

#define TURNS 200

static void turn_wait(struct dying *d, unsigned parity)
{
	while (atomic_load(&d->turn) % 2 != parity)
		sched_yield();
}

static void *dying_body(void *arg)
{
	struct dying *d = arg;
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	counting_start();
	for (unsigned i = 0; i < TURNS; i++) {
		turn_wait(d, 1);
		// On the way the key becomes that of the other signature, then again the first.
		well = well && verify_is(&d->key, d->s, i % 2 == 0)
			&& verify_is(&d->key, d->other, i % 2 == 1);
		atomic_fetch_add(&d->turn, 1);
	}
	d->calls = counting_stop();
	worker_close();
	return done(well);
}

static void test_dying(void)
{
	struct dying d = {.s = signatures_get(&all, WV_ALG_RSASHA256, 0),
		.other = signatures_get(&all, WV_ALG_RSASHA256, 1)};
	pthread_t worker;
	void *result = NULL;

	REQUIRE(pthread_create(&worker, NULL, dying_body, &d) == 0);
	for (unsigned i = 0; i < TURNS; i++) {
		const struct signature *s = i % 2 == 0 ? d.s : d.other;

		turn_wait(&d, 0);
		if (i > 0)
			wv_verify_key_fini(&d.key);
		CHECK(wv_verify_key_init(&d.key, s->alg, s->public_key, s->public_len));
		atomic_fetch_add(&d.turn, 1);
	}
	turn_wait(&d, 0);
	wv_verify_key_fini(&d.key);
	CHECK(pthread_join(worker, &result) == 0);
	CHECK(result != NULL);
	CHECK(d.calls == 0);
}

// Several threads with the same keys at once.
static void *together_body(void *arg)
{
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	(void)arg;
	for (unsigned i = 0; well && i < 60; i++) {
		for (unsigned a = 0; well && a < WV_ALG_COUNT; a++)
			well = algorithm_round((enum wv_alg)a, i);
	}
	worker_close();
	return done(well);
}

static void test_together(void)
{
	pthread_t threads[4];
	void *result;

	for (unsigned i = 0; i < WV_COUNT(threads); i++)
		REQUIRE(pthread_create(&threads[i], NULL, together_body, NULL) == 0);
	for (unsigned i = 0; i < WV_COUNT(threads); i++) {
		result = NULL;
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK(result != NULL);
	}
}

static void test_errors_empty(void)
{
	for (unsigned i = 0; i < all.n; i++) {
		const struct signature *s = &all.at[i];
		struct wv_verify_key key;

		if (wv_verify_key_init(&key, s->alg, s->public_key, s->public_len)) {
			verify_is(&key, s, true);
			wv_verify_key_fini(&key);
		}
		CHECK_ROW(s, ERR_peek_error() == 0);
	}
}

// Memory by the pool's own functions, as OpenSSL calls them.
#define BLOCKS 400

static size_t block_len(unsigned i)
{
	return i < 300 ? i : (size_t)i * i / 2;
}

static bool block_holds(const uint8_t *p, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != value)
			return false;
	}
	return true;
}

// Blocks of every size keep apart what is written into them, through realloc as well.
static void *blocks_body(void *arg)
{
	uint8_t *blocks[BLOCKS];
	bool well = wv_openssl_pool_thread_init(64u << 20, NULL) == 0;
	size_t used = 0;

	(void)arg;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 1; i < BLOCKS; i++) {
			blocks[i] = OPENSSL_malloc(block_len(i));
			well = well && blocks[i] != NULL && (uintptr_t)blocks[i] % 16 == 0;
			if (well)
				memset(blocks[i], (int)(i % 251), block_len(i));
		}
		for (unsigned i = 1; i < BLOCKS; i++)
			well = well && block_holds(blocks[i], block_len(i), (uint8_t)(i % 251));
		for (unsigned i = 1; i < BLOCKS; i++) {
			size_t more = block_len(i) + i;

			blocks[i] = OPENSSL_realloc(blocks[i], more);
			well = well && block_holds(blocks[i], block_len(i), (uint8_t)(i % 251));
			if (well)
				memset(blocks[i], (int)(i % 241), more);
		}
		for (unsigned i = BLOCKS; i-- > 1;) {
			well = well && block_holds(blocks[i], block_len(i) + i, (uint8_t)(i % 241));
			OPENSSL_free(blocks[i]);
		}
		if (round == 0)
			used = wv_openssl_pool_used();
	}
	// What was freed is used again: the second and third round took nothing new.
	well = well && used > 0 && wv_openssl_pool_used() == used;
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void test_blocks(void)
{
	CHECK(on_thread(blocks_body, NULL));
}

#define FULL 65536u

static void *full_body(void *arg)
{
	static uint8_t *blocks[2 * FULL / 1024];
	uint64_t before = wv_openssl_pool_overflows();
	bool well = wv_openssl_pool_thread_init(FULL, NULL) == 0;

	(void)arg;
	for (unsigned i = 0; i < WV_COUNT(blocks); i++) {
		blocks[i] = OPENSSL_malloc(1000);
		well = well && blocks[i] != NULL;
		if (well)
			memset(blocks[i], (int)i, 1000);
	}
	well = well && wv_openssl_pool_overflows() - before >= WV_COUNT(blocks) / 2;
	well = well && wv_openssl_pool_overflows() - before < WV_COUNT(blocks);
	for (unsigned i = 0; i < WV_COUNT(blocks); i++) {
		well = well && block_holds(blocks[i], 1000, (uint8_t)i);
		OPENSSL_free(blocks[i]);
	}
	before = wv_openssl_pool_overflows();
	OPENSSL_free(OPENSSL_malloc(1000)); // there is room again
	well = well && wv_openssl_pool_overflows() == before;
	OPENSSL_free(OPENSSL_malloc(FULL)); // never fits
	well = well && wv_openssl_pool_overflows() == before + 1;
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void test_full(void)
{
	CHECK(on_thread(full_body, NULL));
}

// One thread allocates, another frees, the first gets its memory back.
struct passed {
	void *_Atomic slot[64];
	bool maker_well;
	size_t used_before, used_after;
};

#define PASSED 20000

static void *passed_maker(void *arg)
{
	struct passed *p = arg;
	bool well = wv_openssl_pool_thread_init(1u << 20, NULL) == 0;

	counting_start();
	for (unsigned i = 0; well && i < PASSED; i++) {
		void *_Atomic *slot = &p->slot[i % 64];

		while (atomic_load(slot) != NULL)
			sched_yield();
		atomic_store(slot, OPENSSL_malloc(200));
	}
	for (unsigned i = 0; i < 64; i++) {
		while (atomic_load(&p->slot[i]) != NULL)
			sched_yield();
	}
	well = well && counting_stop() == 0 && wv_openssl_pool_used() < 64u << 10;
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void *passed_taker(void *arg)
{
	struct passed *p = arg;
	bool well = wv_openssl_pool_thread_init(1u << 20, NULL) == 0;

	counting_start();
	for (unsigned i = 0; well && i < PASSED; i++) {
		void *_Atomic *slot = &p->slot[i % 64];

		while (atomic_load(slot) == NULL)
			sched_yield();
		OPENSSL_free(atomic_load(slot));
		atomic_store(slot, NULL);
	}
	well = well && counting_stop() == 0;
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void test_passed(void)
{
	static struct passed p;
	pthread_t maker, taker;
	void *made = NULL, *taken = NULL;

	REQUIRE(pthread_create(&maker, NULL, passed_maker, &p) == 0);
	REQUIRE(pthread_create(&taker, NULL, passed_taker, &p) == 0);
	CHECK(pthread_join(maker, &made) == 0 && made != NULL);
	CHECK(pthread_join(taker, &taken) == 0 && taken != NULL);
}

// What malloc made is not freed by a thread with an arena, but by the next that may.
static void *outside_body(void *arg)
{
	bool well = wv_openssl_pool_thread_init(FULL, NULL) == 0;

	counting_start();
	OPENSSL_free(arg);
	well = well && counting_stop() == 0;
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void test_outside(void)
{
	uint64_t n;

	CHECK(wv_openssl_pool_is_foreign());
	CHECK(wv_openssl_pool_used() == 0);
	CHECK(on_thread(outside_body, OPENSSL_malloc(100)));
	counting_start();
	OPENSSL_free(OPENSSL_malloc(100));
	n = counting_stop();
	CHECK(n == 3); // one malloc, and two frees: the other thread's too
}

// The thread's own state in OpenSSL, and blocks that others hold, outlive thread_fini.
static void *late_body(void *arg)
{
	void **held = arg;
	bool well = worker_open(WV_OPENSSL_POOL_OCTETS);

	well = well && algorithm_round(WV_ALG_P256, 0);
	*held = OPENSSL_malloc(500);
	memset(*held, 0x5a, 500);
	worker_close();
	ERR_raise(ERR_LIB_USER, 1); // state again, to be freed when the thread exits
	return done(well && wv_openssl_pool_is_foreign());
}

static void test_late(void)
{
	uint8_t *held[20];
	size_t memory = 0;

	for (unsigned i = 0; i < WV_COUNT(held); i++) {
		void *block = NULL;

		CHECK(on_thread(late_body, &block));
		held[i] = block;
		if (i == 0)
			memory = wv_openssl_pool_memory();
	}
	for (unsigned i = 0; i < WV_COUNT(held); i++) {
		CHECK(block_holds(held[i], 500, 0x5a));
		OPENSSL_free(held[i]);
	}
	// One thread's arena is the next one's.
	CHECK(memory > 0 && wv_openssl_pool_memory() == memory);
}

#define LEFT_OCTETS (1u << 20 | 64)

static void *left_body(void *arg)
{
	void **held = arg;
	bool well = wv_openssl_pool_thread_init(LEFT_OCTETS, NULL) == 0;

	well = well && wv_openssl_pool_used() < LEFT_OCTETS / 2;
	for (unsigned i = 0; i < 600; i++)
		held[i] = OPENSSL_malloc(1000);
	wv_openssl_pool_thread_fini();
	return done(well);
}

static void test_left(void)
{
	void *first[600], *second[600];
	size_t memory = wv_openssl_pool_memory();

	CHECK(on_thread(left_body, first));
	CHECK(wv_openssl_pool_memory() == memory + LEFT_OCTETS);
	CHECK(on_thread(left_body, second));
	CHECK(wv_openssl_pool_memory() == memory + 2 * LEFT_OCTETS);
	for (unsigned i = 0; i < 600; i++)
		OPENSSL_free(first[i]);
	CHECK(on_thread(left_body, first)); // the first arena, empty
	CHECK(wv_openssl_pool_memory() == memory + 2 * LEFT_OCTETS);
	for (unsigned i = 0; i < 600; i++) {
		OPENSSL_free(first[i]);
		OPENSSL_free(second[i]);
	}
}

static void *twice_body(void *arg)
{
	struct wv_err err;
	bool well = wv_openssl_pool_thread_init(FULL - 1, &err) == -EINVAL
		&& strcmp(err.text,
			   "OpenSSL memory pool: want 65536 to 1073741824 octets, not 65535")
			== 0
		&& wv_openssl_pool_thread_init(FULL, &err) == 0
		&& wv_openssl_pool_thread_init(FULL, &err) == -EALREADY;

	(void)arg;
	well = well && !wv_openssl_pool_is_foreign();
	wv_openssl_pool_thread_fini();
	wv_openssl_pool_thread_fini();
	return done(well && wv_openssl_pool_thread_init(SIZE_MAX, &err) == -EINVAL);
}

static void test_twice(void)
{
	CHECK(wv_openssl_pool_install(NULL) == 0); // again
	CHECK(on_thread(twice_body, NULL));
}

static const struct test tests[] = {
	{"without an arena the malloc family is called, and counted", test_counted},
	{"10,000 checks and digests on a thread with an arena call no malloc", test_quiet},
	{"nor do keys, good or bad", test_keys},
	{"nor do more keys than contexts are kept, and each has its own answer", test_many_keys},
	{"a key that died is not taken for the one in its place", test_dying},
	{"threads verify with the same keys at once", test_together},
	{"OpenSSL's error queue is left empty", test_errors_empty},
	{"blocks do not overlap and are used again", test_blocks},
	{"a full arena falls back on malloc and counts it", test_full},
	{"memory freed by another thread comes back", test_passed},
	{"a thread with an arena calls no free for malloc's memory", test_outside},
	{"an arena outlives its thread and serves the next", test_late},
	{"an arena left full of what others use goes to no other thread", test_left},
	{"a thread has one arena, of a size that makes sense", test_twice},
};

int main(void)
{
	struct wv_err err;
	int result;

	if (!counting_open()) {
		fprintf(stderr, "cannot count allocations\n");
		return EXIT_FAILURE;
	}
	if (wv_openssl_pool_thread_init(WV_OPENSSL_POOL_OCTETS, &err) != -EINVAL
		|| wv_openssl_pool_install(&err) < 0
		|| wv_digest_init(hashes, WV_COUNT(hashes), NULL, &err) < 0
		|| wv_verify_init(drivers, WV_COUNT(drivers), NULL, &err) < 0
		|| wv_digest_thread_init(&err) < 0 || wv_verify_thread_init(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	signatures_open(&all);
	result = test_main("openssl", tests, WV_COUNT(tests));
	signatures_close(&all);
	wv_verify_thread_fini();
	wv_digest_thread_fini();
	return result;
}
