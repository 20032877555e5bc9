/**
 * @file
 * Messages for the tests, put together record by record.
 *
 * build_start() writes header and question. A record is its owner (build_name() or
 * build_pointer()), build_head(), its data, build_end(), which sets RDLENGTH.
 */
#ifndef BUILD_H
#define BUILD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wv_message.h"

struct build {
	uint8_t octets[65536];
	size_t len;
	size_t rdlen_at;
};

static inline void build_octets(struct build *b, const void *octets, size_t n)
{
	if (n > sizeof(b->octets) - b->len)
		abort();
	memcpy(b->octets + b->len, octets, n);
	b->len += n;
}

static inline void build_u8(struct build *b, unsigned v)
{
	build_octets(b, &(uint8_t){(uint8_t)v}, 1);
}

static inline void build_u16(struct build *b, unsigned v)
{
	build_u8(b, v >> 8);
	build_u8(b, v);
}

static inline void build_u32(struct build *b, uint32_t v)
{
	build_u16(b, v >> 16);
	build_u16(b, v);
}

// Letters as they are; labels hold no dots. Returns where the name begins.
static inline size_t build_name(struct build *b, const char *text)
{
	size_t at = b->len;

	while (*text != '\0' && strcmp(text, ".") != 0) {
		size_t n = strcspn(text, ".");

		build_u8(b, (unsigned)n);
		build_octets(b, text, n);
		text += text[n] == '.' ? n + 1 : n;
	}
	build_u8(b, 0);
	return at;
}

static inline size_t build_pointer(struct build *b, size_t to)
{
	build_u16(b, 0xc000 | (unsigned)to);
	return b->len - 2;
}

static inline void build_start(struct build *b, unsigned flags, const char *qname, uint16_t qtype)
{
	b->len = 0;
	build_u16(b, 0x1234);
	build_u16(b, flags);
	build_u16(b, 1);
	build_octets(b, "\0\0\0\0\0", 6);
	build_name(b, qname);
	build_u16(b, qtype);
	build_u16(b, WV_CLASS_IN);
}

static inline void build_head(
	struct build *b, enum wv_section section, unsigned type, unsigned class, uint32_t ttl)
{
	uint8_t *count = b->octets + 6 + 2 * section;

	wv_store16(count, (uint16_t)(wv_load16(count) + 1));
	build_u16(b, type);
	build_u16(b, class);
	build_u32(b, ttl);
	b->rdlen_at = b->len;
	build_u16(b, 0);
}

static inline void build_end(struct build *b)
{
	wv_store16(b->octets + b->rdlen_at, (uint16_t)(b->len - b->rdlen_at - 2));
}

// A record of the question's name with the data given.
static inline void build_rr(struct build *b, enum wv_section section, unsigned type, uint32_t ttl,
	const void *data, size_t len)
{
	build_pointer(b, WV_HEADER_LEN);
	build_head(b, section, type, WV_CLASS_IN, ttl);
	build_octets(b, data, len);
	build_end(b);
}

// The data of an RRSIG, with a signature of 64 equal octets.
static inline void build_rrsig_data(
	struct build *b, unsigned type_covered, unsigned labels, const char *signer)
{
	build_u16(b, type_covered);
	build_u8(b, 13);
	build_u8(b, labels);
	build_u32(b, 3600);
	build_u32(b, 1900000000);
	build_u32(b, 1800000000);
	build_u16(b, 4711);
	build_name(b, signer);
	for (unsigned i = 0; i < 64; i++)
		build_u8(b, 0x5a);
}

static inline void build_rrsig(struct build *b, enum wv_section section, unsigned type_covered,
	unsigned labels, const char *signer)
{
	build_pointer(b, WV_HEADER_LEN);
	build_head(b, section, WV_TYPE_RRSIG, WV_CLASS_IN, 3600);
	build_rrsig_data(b, type_covered, labels, signer);
	build_end(b);
}

static inline void build_opt(struct build *b, uint32_t ttl, const void *options, size_t len)
{
	build_name(b, ".");
	build_head(b, WV_SECTION_ADDITIONAL, WV_TYPE_OPT, 1232, ttl);
	build_octets(b, options, len);
	build_end(b);
}

#endif
