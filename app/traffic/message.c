// Names and records in a message that grows.
#include <string.h>

#include "mix.h"

uint8_t name_make(uint8_t *out, const char *label, const uint8_t *parent, uint8_t parent_len)
{
	size_t n = strlen(label);

	out[0] = (uint8_t)n;
	memcpy(out + 1, label, n);
	memcpy(out + 1 + n, parent, parent_len);
	return (uint8_t)(1 + n + parent_len);
}

unsigned name_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + *name)
		n++;
	return n;
}

char *base36(char out[16], uint64_t n)
{
	char reversed[16];
	unsigned len = 0;

	do {
		reversed[len++] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
		n /= 36;
	} while (n > 0);
	for (unsigned i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	out[len] = '\0';
	return out;
}

void put(struct builder *b, const void *octets, size_t n)
{
	memcpy(b->octets + b->len, octets, n);
	b->len += n;
}

void put8(struct builder *b, uint8_t v)
{
	b->octets[b->len++] = v;
}

void put16(struct builder *b, uint16_t v)
{
	wv_store16(b->octets + b->len, v);
	b->len += 2;
}

void put32(struct builder *b, uint32_t v)
{
	wv_store32(b->octets + b->len, v);
	b->len += 4;
}

void put_header(struct builder *b, uint16_t flags)
{
	b->len = 0;
	put16(b, 0);
	put16(b, flags);
	for (unsigned i = 0; i < 4; i++)
		put16(b, 0);
}

void put_count(struct builder *b, unsigned section)
{
	uint8_t *count = b->octets + 4 + 2 * (size_t)section;

	wv_store16(count, (uint16_t)(wv_load16(count) + 1));
}

void put_question(struct builder *b, const uint8_t *name, size_t len, uint16_t type)
{
	put(b, name, len);
	put16(b, type);
	put16(b, WV_CLASS_IN);
	put_count(b, 0);
}

void put_record(struct builder *b, unsigned section, uint16_t owner, uint16_t type, uint32_t ttl,
	const void *rdata, size_t len)
{
	put16(b, owner);
	put16(b, type);
	put16(b, WV_CLASS_IN);
	put32(b, ttl);
	put16(b, (uint16_t)len);
	put(b, rdata, len);
	put_count(b, section);
}

void put_opt(struct builder *b)
{
	static const uint8_t opt[] = {
		0, 0, WV_TYPE_OPT, 1232 >> 8, 1232 & 255, 0, 0, 0x80, 0, 0, 0};

	put(b, opt, sizeof(opt));
	put_count(b, 3);
}

// RFC 4034 4.1.2; all types are below 256.
size_t put_bitmap(uint8_t *out, const uint16_t types[], unsigned n)
{
	uint8_t octets = 0;

	memset(out, 0, 2 + 32);
	for (unsigned i = 0; i < n; i++) {
		uint8_t at = (uint8_t)(types[i] / 8);

		out[2 + at] |= (uint8_t)(0x80 >> types[i] % 8);
		if (at + 1 > octets)
			octets = (uint8_t)(at + 1);
	}
	out[1] = octets;
	return 2 + (size_t)octets;
}
