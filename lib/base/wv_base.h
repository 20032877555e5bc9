/**
 * @file
 * What every file needs: errors in words, big-endian octets, branch hints, memory for tables.
 *
 * Units      octets
 * Ownership  nothing is kept
 * Threads    all functions may be called from any thread
 * Errors     wv_fail() makes one: a negative errno and words for the operator
 */
#ifndef WV_BASE_H
#define WV_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define wv_likely(x)   __builtin_expect(!!(x), 1)
#define wv_unlikely(x) __builtin_expect(!!(x), 0)

// Elements of an array; and the octets of a cache line, which one core writes alone.
#define WV_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WV_CACHE_LINE   64

// Why an operation failed, in words that name the thing, what was wanted and what was found.
struct wv_err {
	char text[512];
};

// Put words into `err`, which may be NULL. Words that do not fit are cut.
void wv_err_put(struct wv_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Put words into `err` and give -number, so that a caller can write
 * `return wv_fail(err, EINVAL, "%s: want …, not …", …);`. A macro, so that readers and
 * analyzers see the value.
 */
#define wv_fail(err, number, ...)                                                                  \
	__extension__({                                                                            \
		int wv_fail_number = (number);                                                     \
                                                                                                   \
		wv_err_put((err), __VA_ARGS__);                                                    \
		-wv_fail_number;                                                                   \
	})

// Put more words behind those in `err`, which begins with at least "". Words that do not fit are cut.
void wv_err_add(struct wv_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Zeros for a large table that is read at random places: in huge pages where the system has them,
 * and touched now, not under way. For free(). NULL: no memory.
 */
void *wv_table_alloc(size_t octets);

static inline uint16_t wv_load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wv_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wv_store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wv_store32(uint8_t *p, uint32_t v)
{
	wv_store16(p, (uint16_t)(v >> 16));
	wv_store16(p + 2, (uint16_t)v);
}

/**
 * A moment for judging signatures: seconds since 1970 modulo 2^32, compared by RFC 1982
 * arithmetic, or "times are not checked".
 */
struct wv_time {
	uint32_t now_s;
	bool checked; // false: every window holds this moment
};

// a is before b in RFC 1982 serial arithmetic (RFC 4034 3.1.5).
static inline bool wv_time_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
