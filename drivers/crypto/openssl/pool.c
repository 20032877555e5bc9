#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "wv_openssl_pool.h"

#define ALIGN       16
#define LARGEST     65536 // octets of a block in an arena, header included; and the least arena
#define MOST        (1 << 30)
#define STEPS       4 // size classes to a doubling
#define STEPS_SHIFT 2
#define CLASSES     (12 * STEPS) // up to 32, 64, … 65536

struct arena;

// Before each block. Its size, header included, is in an arena that of its class. The owner of what
// malloc made is &outside or &overflow.
struct header {
	struct arena *owner;
	size_t size;
};

// A block that is free: in a list of its owner, or on the way there.
struct block {
	struct header header;
	struct block *next;
};

struct arena {
	// The owner's alone.
	struct block *free[CLASSES];
	uint8_t *pos, *end; // never used yet
	size_t octets;
	size_t out; // blocks handed out
	// Under `arenas.lock`.
	struct arena *next; // of those without a thread
	// Written by every thread that frees a block of this arena, taken whole by the owner.
	_Alignas(WV_CACHE_LINE) _Atomic(struct block *) returned;
};

// Made by a thread without an arena; threads that have one do not call free(), but return it here.
static struct arena outside;
// Made by a thread whose arena was full.
static struct arena overflow;

static struct {
	pthread_mutex_t lock;
	struct arena *idle; // of threads that ended
	_Atomic size_t octets;
	_Atomic uint64_t overflows;
	bool installed; // written before other threads
} arenas = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct arena *mine;

static struct block *block_of(void *p)
{
	return (struct block *)(void *)((uint8_t *)p - sizeof(struct header));
}

static uint8_t *arena_begin(struct arena *a)
{
	return (uint8_t *)(a + 1);
}

static void *memory_of(struct block *b)
{
	return (uint8_t *)b + sizeof(struct header);
}

// The class of a block of `size` octets, which becomes the size of the class: from 2^k to 2^(k+1)
// there are STEPS, a multiple of ALIGN apart.
static unsigned class_of(size_t *size)
{
	size_t n = (*size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	unsigned k = 63 - (unsigned)__builtin_clzll(n - 1);
	unsigned shift = k - STEPS_SHIFT;
	size_t step = ((n - 1) >> shift) + 1; // STEPS + 1 to 2 * STEPS

	*size = step << shift;
	return (k - 4) * STEPS + (unsigned)step - STEPS - 1; // no block is smaller than 2^4 + 1
}

// Put what others freed into the lists. Taking the whole stack at once leaves no room for ABA.
static void arena_collect(struct arena *a)
{
	struct block *b = atomic_exchange_explicit(&a->returned, NULL, memory_order_acquire);

	while (b != NULL) {
		struct block *next = b->next;
		size_t size = b->header.size;
		unsigned c = class_of(&size);

		b->next = a->free[c];
		a->free[c] = b;
		a->out--;
		b = next;
	}
}

static void arena_return(struct arena *a, struct block *b)
{
	b->next = atomic_load_explicit(&a->returned, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&a->returned, &b->next, b, memory_order_release, memory_order_relaxed))
		;
}

static struct block *arena_take(struct arena *a, size_t size)
{
	unsigned c = class_of(&size);
	struct block *b;

	if (wv_unlikely(a->free[c] == NULL)
		&& atomic_load_explicit(&a->returned, memory_order_relaxed) != NULL)
		arena_collect(a);
	b = a->free[c];
	if (wv_likely(b != NULL)) {
		a->free[c] = b->next;
		a->out++;
		return b;
	}
	if (size > (size_t)(a->end - a->pos))
		return NULL;
	b = (struct block *)(void *)a->pos;
	a->pos += size;
	a->out++;
	b->header.owner = a;
	b->header.size = size;
	return b;
}

static struct block *system_take(struct arena *owner, size_t size)
{
	struct block *b = malloc(size);

	if (b != NULL) {
		b->header.owner = owner;
		b->header.size = size;
	}
	return b;
}

// Free what threads with an arena returned to malloc.
static void outside_collect(void)
{
	struct block *b = atomic_exchange_explicit(&outside.returned, NULL, memory_order_acquire);

	while (b != NULL) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

static void *pool_malloc(size_t n, const char *file, int line)
{
	size_t size = n + sizeof(struct header);
	struct block *b = NULL;

	(void)file;
	(void)line;
	if (n == 0 || size < n)
		return NULL;
	if (size < sizeof(struct block))
		size = sizeof(struct block);
	if (mine == NULL) {
		if (atomic_load_explicit(&outside.returned, memory_order_relaxed) != NULL)
			outside_collect();
		b = system_take(&outside, size);
		return b != NULL ? memory_of(b) : NULL;
	}
	if (size <= LARGEST)
		b = arena_take(mine, size);
	if (wv_unlikely(b == NULL)) {
		atomic_fetch_add_explicit(&arenas.overflows, 1, memory_order_relaxed);
		b = system_take(&overflow, size);
	}
	return b != NULL ? memory_of(b) : NULL;
}

static void pool_free(void *p, const char *file, int line)
{
	struct block *b;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	b = block_of(p);
	if (b->header.owner == mine && mine != NULL) {
		size_t size = b->header.size;
		unsigned c = class_of(&size);

		b->next = mine->free[c];
		mine->free[c] = b;
		mine->out--;
		return;
	}
	if (b->header.owner == &overflow || (b->header.owner == &outside && mine == NULL))
		free(b);
	else
		arena_return(b->header.owner, b);
}

static void *pool_realloc(void *p, size_t n, const char *file, int line)
{
	size_t room;
	void *other;

	if (p == NULL)
		return pool_malloc(n, file, line);
	if (n == 0) {
		pool_free(p, file, line);
		return NULL;
	}
	room = block_of(p)->header.size - sizeof(struct header);
	if (n <= room)
		return p;
	other = pool_malloc(n, file, line);
	if (other == NULL)
		return NULL;
	memcpy(other, p, room);
	pool_free(p, file, line);
	return other;
}

int wv_openssl_pool_install(struct wv_err *err)
{
	if (arenas.installed)
		return 0;
	if (CRYPTO_set_mem_functions(pool_malloc, pool_realloc, pool_free) != 1)
		return wv_fail(err, EBUSY,
			"OpenSSL memory pool: want to be first, but OpenSSL has allocated memory");
	arenas.installed = true;
	return 0;
}

static struct arena *arena_create(size_t octets)
{
	size_t size = (octets + WV_CACHE_LINE - 1) & ~(size_t)(WV_CACHE_LINE - 1);
	struct arena *a = aligned_alloc(WV_CACHE_LINE, sizeof(*a) + size);

	if (a == NULL)
		return NULL;
	memset(a, 0, sizeof(*a) + size); // also takes the page faults, on this thread's node
	a->pos = arena_begin(a);
	a->end = a->pos + size;
	a->octets = octets;
	atomic_fetch_add_explicit(&arenas.octets, octets, memory_order_relaxed);
	return a;
}

/*
 * May the next thread have this arena? All of its blocks came back, then it begins anew; or at
 * least half of it was never handed out. Else the thread before left too much to others.
 */
static bool arena_is_fit(struct arena *a, size_t octets)
{
	if (a->octets != octets)
		return false;
	arena_collect(a);
	if (a->out == 0) {
		memset(a->free, 0, sizeof(a->free));
		a->pos = arena_begin(a);
	}
	return (size_t)(a->end - a->pos) >= octets / 2;
}

static struct arena *arena_get(size_t octets)
{
	struct arena *a = NULL;

	pthread_mutex_lock(&arenas.lock);
	for (struct arena **at = &arenas.idle; *at != NULL; at = &(*at)->next) {
		if (!arena_is_fit(*at, octets))
			continue;
		a = *at;
		*at = a->next;
		break;
	}
	pthread_mutex_unlock(&arenas.lock);
	return a != NULL ? a : arena_create(octets);
}

int wv_openssl_pool_thread_init(size_t octets, struct wv_err *err)
{
	if (!arenas.installed)
		return wv_fail(err, EINVAL, "OpenSSL memory pool: it is not installed");
	if (octets < LARGEST || octets > MOST)
		return wv_fail(err, EINVAL, "OpenSSL memory pool: want %d to %d octets, not %zu",
			LARGEST, MOST, octets);
	if (mine != NULL)
		return wv_fail(err, EALREADY, "OpenSSL memory pool: this thread has an arena");
	mine = arena_get(octets);
	if (mine == NULL)
		return wv_fail(
			err, ENOMEM, "OpenSSL memory pool: no memory for %zu octets", octets);
	return 0;
}

void wv_openssl_pool_thread_fini(void)
{
	struct arena *a = mine;

	if (a == NULL)
		return;
	OPENSSL_thread_stop();
	mine = NULL;
	pthread_mutex_lock(&arenas.lock);
	a->next = arenas.idle;
	arenas.idle = a;
	pthread_mutex_unlock(&arenas.lock);
}

bool wv_openssl_pool_is_foreign(void)
{
	return arenas.installed && mine == NULL;
}

uint64_t wv_openssl_pool_overflows(void)
{
	return atomic_load_explicit(&arenas.overflows, memory_order_relaxed);
}

size_t wv_openssl_pool_used(void)
{
	return mine != NULL ? (size_t)(mine->pos - arena_begin(mine)) : 0;
}

size_t wv_openssl_pool_memory(void)
{
	return atomic_load_explicit(&arenas.octets, memory_order_relaxed);
}
