/**
 * @file
 * The cursor: bounds-checked reading of octets, and domain names (RFC 1035 3.1, 4.1.4).
 *
 * A read that does not fit sets `bad`, which stays set; every later read gives zeros, so one
 * check per record is enough. Names exist in two forms: *packed*, a pointer to octets in a
 * message that may end in a compression pointer, and struct wv_name, unpacked and lower case.
 *
 * Units      octets; labels without the root
 * Ownership  views point into the caller's octets and live as long as they do
 * Threads    any; nothing is shared
 * Errors     `bad` in the cursor; false or NULL from the functions
 */
#ifndef WV_WIRE_H
#define WV_WIRE_H

#include "wv_base.h"

#define WV_NAME_MAX   255 // octets of a name with its root label (RFC 1035 2.3.4)
#define WV_LABELS_MAX 127
#define WV_NAME_TEXT  1025 // presentation form at its longest, with its NUL
#define WV_HEADER_LEN 12   // octets of a message's header; no compression pointer leads there
#define WV_NAME_HOPS  16   // pointers in one name that may lead to another pointer

// RR types (IANA) that the code names; unknown ones are handled by number (RFC 3597).
enum wv_type {
	WV_TYPE_A = 1,
	WV_TYPE_NS = 2,
	WV_TYPE_MD = 3,
	WV_TYPE_MF = 4,
	WV_TYPE_CNAME = 5,
	WV_TYPE_SOA = 6,
	WV_TYPE_MB = 7,
	WV_TYPE_MG = 8,
	WV_TYPE_MR = 9,
	WV_TYPE_PTR = 12,
	WV_TYPE_HINFO = 13,
	WV_TYPE_MINFO = 14,
	WV_TYPE_MX = 15,
	WV_TYPE_TXT = 16,
	WV_TYPE_RP = 17,
	WV_TYPE_AFSDB = 18,
	WV_TYPE_RT = 21,
	WV_TYPE_SIG = 24,
	WV_TYPE_PX = 26,
	WV_TYPE_AAAA = 28,
	WV_TYPE_NXT = 30,
	WV_TYPE_SRV = 33,
	WV_TYPE_NAPTR = 35,
	WV_TYPE_KX = 36,
	WV_TYPE_A6 = 38,
	WV_TYPE_DNAME = 39,
	WV_TYPE_OPT = 41,
	WV_TYPE_DS = 43,
	WV_TYPE_RRSIG = 46,
	WV_TYPE_NSEC = 47,
	WV_TYPE_DNSKEY = 48,
	WV_TYPE_NSEC3 = 50,
	WV_TYPE_NSEC3PARAM = 51,
	WV_TYPE_CDS = 59,
	WV_TYPE_CDNSKEY = 60,
	WV_TYPE_NXNAME = 128,
	WV_TYPE_TKEY = 249,
	WV_TYPE_TSIG = 250,
	WV_TYPE_IXFR = 251,
	WV_TYPE_AXFR = 252,
	WV_TYPE_ANY = 255,
};

#define WV_CLASS_IN 1

struct wv_wire {
	const uint8_t *base; // first octet of the message; compression pointers count from here
	const uint8_t *pos;  // next octet to read
	const uint8_t *end;  // one past the last octet
	bool bad;            // sticky: some read did not fit, every later one gives zeros
};

// A name, unpacked, without compression, letters A-Z lowered; `octets` ends in the root label.
struct wv_name {
	uint8_t len;    // octets, 1 (the root) to 255; 0: no name at all
	uint8_t labels; // without the root
	uint8_t octets[WV_NAME_MAX];
};

static inline struct wv_wire wv_wire_open(const uint8_t *octets, size_t len)
{
	return (struct wv_wire){.base = octets, .pos = octets, .end = octets + len};
}

// The next `n` octets, or NULL (and bad) if there are fewer.
static inline const uint8_t *wv_wire_take(struct wv_wire *w, size_t n)
{
	const uint8_t *p = w->pos;

	if (wv_unlikely(n > (size_t)(w->end - p))) {
		w->pos = w->end;
		w->bad = true;
		return NULL;
	}
	w->pos += n;
	return p;
}

static inline size_t wv_wire_left(const struct wv_wire *w)
{
	return (size_t)(w->end - w->pos);
}

static inline uint8_t wv_wire_u8(struct wv_wire *w)
{
	const uint8_t *p = wv_wire_take(w, 1);

	return p != NULL ? *p : 0;
}

static inline uint16_t wv_wire_u16(struct wv_wire *w)
{
	const uint8_t *p = wv_wire_take(w, 2);

	return p != NULL ? wv_load16(p) : 0;
}

static inline uint32_t wv_wire_u32(struct wv_wire *w)
{
	const uint8_t *p = wv_wire_take(w, 4);

	return p != NULL ? wv_load32(p) : 0;
}

/**
 * Step over a packed name and check all of it: label types 00 and 11 alone, pointers strictly
 * backwards (each below the start of the labels that led to it) but never into the header,
 * whose id is not part of what a message says, at most WV_NAME_HOPS of them leading to another
 * pointer, at most 255 octets unpacked.
 * @return its first octet, good for the wv_name_… functions below; NULL and bad otherwise
 */
const uint8_t *wv_wire_name(struct wv_wire *w);

// The same, and *hash as wv_name_packed_hash() gives it, in one walk; 0 for what is no name.
const uint8_t *wv_wire_name_hash(struct wv_wire *w, uint32_t seed, uint32_t *hash);

// Unpack a name that wv_wire_name() accepted in the same message; lowers A-Z.
void wv_name_unpack(struct wv_name *name, const uint8_t *base, const uint8_t *packed);

// The same with letters as they are. Returns the octets written, at most WV_NAME_MAX.
size_t wv_name_unpack_exact(uint8_t out[WV_NAME_MAX], const uint8_t *base, const uint8_t *packed);

// Are two accepted names of one message equal, letter case aside?
bool wv_name_packed_equal(const uint8_t *base, const uint8_t *a, const uint8_t *b);

// Is an accepted packed name equal to `name`, letter case aside?
bool wv_name_equal_packed(const struct wv_name *name, const uint8_t *base, const uint8_t *packed);

// A 32-bit hash of an accepted packed name, letter case aside; seeded, for tables of our own.
uint32_t wv_name_packed_hash(const uint8_t *base, const uint8_t *packed, uint32_t seed);

// The same hash of an unpacked name.
uint32_t wv_name_hash(const struct wv_name *name, uint32_t seed);

bool wv_name_equal(const struct wv_name *a, const struct wv_name *b);

// Canonical order (RFC 4034 6.1): below 0, 0, above 0.
int wv_name_compare(const struct wv_name *a, const struct wv_name *b);

// Is `name` equal to `zone` or below it?
bool wv_name_is_within(const struct wv_name *name, const struct wv_name *zone);

// The ancestor of `name` with `labels` <= name->labels labels (itself where equal); `out` may be
// `name`.
void wv_name_ancestor(struct wv_name *out, const struct wv_name *name, unsigned labels);

// "*." + name; false if that is longer than 255 octets; `out` may be `name`.
bool wv_name_wildcard(struct wv_name *out, const struct wv_name *name);

// Presentation form to name: "\." and "\DDD" escapes; a missing last dot is added; what is not
// printable ASCII must be escaped. False: no name.
bool wv_name_parse(struct wv_name *name, const char *text);

// Name to presentation form with its last dot, always NUL-terminated; returns `out`. No name: "".
char *wv_name_print(char out[WV_NAME_TEXT], const struct wv_name *name);

// The same for uncompressed octets with letters as they are (such as wv_name_unpack_exact() gives).
char *wv_name_print_octets(char out[WV_NAME_TEXT], const uint8_t *octets);

// "A", "AAAA", … or "TYPE65280" (RFC 3597); NUL-terminated; returns `out`.
char *wv_type_print(char out[16], uint16_t type);

// The reverse, letter case aside; false for what is no type.
bool wv_type_parse(uint16_t *type, const char *text);

#endif
