#include <string.h>

#include "wv_wire.h"

#define LABEL_MAX 63
#define POINTER   0xc0 // both bits set: a pointer; one of them alone: a type never defined

/*
 * Octets of names are handled in words of eight, letter case aside. The octet with a label's
 * length is at most 63, below 'A', so that lowering leaves it as it is: a label is compared and
 * hashed together with its length. No word reaches beyond the label, which may end the message.
 */
static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t load_short(const uint8_t *p, size_t n) // 2 <= n < 8
{
	uint32_t low, high;
	uint16_t pair;

	if (n >= sizeof(low)) {
		memcpy(&low, p, sizeof(low));
		memcpy(&high, p + n - sizeof(high), sizeof(high));
		return (uint64_t)high << 32 | low;
	}
	memcpy(&pair, p, sizeof(pair));
	return (uint64_t)p[n - 1] << 16 | pair;
}

// Bit 7 of an octet of `ge_a` is set from 'A' on, of `gt_z` after 'Z'; bit 5 tells the cases apart.
static inline uint64_t lower(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = v & 0x7f * ones;
	uint64_t ge_a = low + (0x80 - 'A') * ones;
	uint64_t gt_z = low + (0x7f - 'Z') * ones;

	return v | ((ge_a ^ gt_z) & ~v & 0x80 * ones) >> 2;
}

static inline bool octets_equal(const uint8_t *a, const uint8_t *b, size_t n) // n >= 2
{
	size_t i = 0;

	if (n < 8)
		return lower(load_short(a, n)) == lower(load_short(b, n));
	for (; i + 8 < n; i += 8) {
		if (lower(load64(a + i)) != lower(load64(b + i)))
			return false;
	}
	return lower(load64(a + n - 8)) == lower(load64(b + n - 8));
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define HASH_START  0x9e3779b97f4a7c15
#define HASH_FACTOR 0xd6e8feb86659fd93

static inline uint64_t hash_start(uint32_t seed)
{
	return fold(seed ^ HASH_START, HASH_FACTOR);
}

static inline uint64_t hash_octets(uint64_t hash, const uint8_t *p, size_t n) // n >= 2
{
	size_t i = 0;

	if (n < 8)
		return fold(hash ^ lower(load_short(p, n)), HASH_FACTOR);
	for (; i + 8 < n; i += 8)
		hash = fold(hash ^ lower(load64(p + i)), HASH_FACTOR);
	return fold(hash ^ lower(load64(p + n - 8)), HASH_FACTOR);
}

static inline uint32_t hash_end(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

static inline size_t pointer_target(const uint8_t *p)
{
	return wv_load16(p) & 0x3fffu;
}

// The next label, or the root, of an accepted name.
static inline const uint8_t *name_label(const uint8_t *base, const uint8_t *p)
{
	while (*p >= POINTER)
		p = base + pointer_target(p);
	return p;
}

/*
 * Ends because every round goes on by a label, of which 255 octets hold 127, or by a pointer, and
 * a pointer either follows a label or is one of WV_NAME_HOPS.
 */
static inline __attribute__((always_inline)) const uint8_t *name_scan(
	struct wv_wire *w, uint64_t *hash)
{
	const uint8_t *const first = w->pos, *const end = w->end;
	const uint8_t *p = first, *start = first, *after = NULL;
	size_t len = 1;
	unsigned hops = 0;

	while (p < end) {
		size_t n = *p;

		if (n == 0) {
			w->pos = after != NULL ? after : p + 1;
			return first;
		}
		if (n <= LABEL_MAX) {
			len += n + 1;
			if (n >= (size_t)(end - p) || len > WV_NAME_MAX)
				break;
			if (hash != NULL)
				*hash = hash_octets(*hash, p, n + 1);
			p += n + 1;
			continue;
		}
		if (n < POINTER || end - p < 2)
			break;
		if (pointer_target(p) < WV_HEADER_LEN
			|| pointer_target(p) >= (size_t)(start - w->base))
			break;
		if (p == start && p != first && ++hops > WV_NAME_HOPS)
			break;
		if (after == NULL)
			after = p + 2;
		p = start = w->base + pointer_target(p);
	}
	w->pos = end;
	w->bad = true;
	return NULL;
}

const uint8_t *wv_wire_name(struct wv_wire *w)
{
	return name_scan(w, NULL);
}

const uint8_t *wv_wire_name_hash(struct wv_wire *w, uint32_t seed, uint32_t *hash)
{
	uint64_t h = hash_start(seed);
	const uint8_t *name = name_scan(w, &h);

	*hash = name != NULL ? hash_end(h) : 0;
	return name;
}

static inline void store64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// Copy n >= 2 octets, in words of which the last may overlap the one before it.
static inline __attribute__((always_inline)) void octets_copy(
	uint8_t *out, const uint8_t *p, size_t n, bool fold)
{
	size_t i = 0;

	if (n >= 8) {
		for (; i + 8 < n; i += 8)
			store64(out + i, fold ? lower(load64(p + i)) : load64(p + i));
		store64(out + n - 8, fold ? lower(load64(p + n - 8)) : load64(p + n - 8));
		return;
	}
	if (n >= 4) {
		uint64_t v = (uint64_t)load32(p + n - 4) << 32 | load32(p);

		v = fold ? lower(v) : v;
		store32(out, (uint32_t)v);
		store32(out + n - 4, (uint32_t)(v >> 32));
		return;
	}
	for (; i < n; i++)
		out[i] = fold ? (uint8_t)lower(p[i]) : p[i];
}

// Copies the labels between two pointers at once.
static inline __attribute__((always_inline)) size_t name_copy(uint8_t out[WV_NAME_MAX],
	const uint8_t *base, const uint8_t *packed, uint8_t *labels, bool fold)
{
	const uint8_t *p = packed, *start;
	uint8_t n = 0;
	size_t len = 0;

	do {
		p = start = name_label(base, p);
		for (; *p != 0 && *p < POINTER; p += *p + 1)
			n++;
		if (p != start)
			octets_copy(out + len, start, (size_t)(p - start), fold);
		len += (size_t)(p - start);
	} while (*p != 0);
	out[len] = 0;
	*labels = n;
	return len + 1;
}

void wv_name_unpack(struct wv_name *name, const uint8_t *base, const uint8_t *packed)
{
	name->len = (uint8_t)name_copy(name->octets, base, packed, &name->labels, true);
}

size_t wv_name_unpack_exact(uint8_t out[WV_NAME_MAX], const uint8_t *base, const uint8_t *packed)
{
	uint8_t labels;

	return name_copy(out, base, packed, &labels, false);
}

static inline bool names_equal(
	const uint8_t *base_a, const uint8_t *a, const uint8_t *base_b, const uint8_t *b)
{
	for (;;) {
		a = name_label(base_a, a);
		b = name_label(base_b, b);
		if (a == b)
			return true;
		if (*a != *b)
			return false;
		if (*a == 0)
			return true;
		if (!octets_equal(a, b, *a + 1u))
			return false;
		a += *a + 1;
		b += *b + 1;
	}
}

bool wv_name_packed_equal(const uint8_t *base, const uint8_t *a, const uint8_t *b)
{
	return names_equal(base, a, base, b);
}

bool wv_name_equal_packed(const struct wv_name *name, const uint8_t *base, const uint8_t *packed)
{
	return names_equal(name->octets, name->octets, base, packed);
}

uint32_t wv_name_packed_hash(const uint8_t *base, const uint8_t *packed, uint32_t seed)
{
	uint64_t hash = hash_start(seed);

	for (const uint8_t *p = name_label(base, packed); *p != 0; p = name_label(base, p + *p + 1))
		hash = hash_octets(hash, p, *p + 1u);
	return hash_end(hash);
}

uint32_t wv_name_hash(const struct wv_name *name, uint32_t seed)
{
	return wv_name_packed_hash(name->octets, name->octets, seed);
}
