#include "denial.h"

#define WINDOW_OCTETS 32

bool wv_denial_bitmap_has(const uint8_t *bitmap, size_t len, uint16_t type, bool *ok)
{
	int last = -1;
	bool has = false;

	*ok = false;
	while (len > 0) {
		uint8_t octets;
		uint8_t octet = (uint8_t)(type % 256 / 8);

		if (len < 2)
			return false;
		octets = bitmap[1];
		if (octets == 0 || octets > WINDOW_OCTETS || octets > len - 2)
			return false;
		if (bitmap[0] <= last || bitmap[1 + octets] == 0)
			return false;
		last = bitmap[0];
		if (last == type / 256 && octet < octets)
			has = (bitmap[2 + octet] & 0x80 >> type % 8) != 0;
		bitmap += 2 + octets;
		len -= 2u + octets;
	}
	*ok = true;
	return has;
}

// The bit of a type in window 0 of a well-formed bitmap.
static bool low_bit(const uint8_t *bitmap, size_t len, uint8_t type)
{
	return len > 2 && bitmap[0] == 0 && type / 8 < bitmap[1]
		&& (bitmap[2 + type / 8] & 0x80 >> type % 8) != 0;
}

bool wv_denial_types_read(struct types *types, const uint8_t *bitmap, size_t len)
{
	bool ok;

	types->bitmap = bitmap;
	types->len = len;
	types->ns = wv_denial_bitmap_has(bitmap, len, WV_TYPE_NS, &ok);
	if (!ok)
		return false;
	types->soa = low_bit(bitmap, len, WV_TYPE_SOA);
	types->ds = low_bit(bitmap, len, WV_TYPE_DS);
	types->cname = low_bit(bitmap, len, WV_TYPE_CNAME);
	types->dname = low_bit(bitmap, len, WV_TYPE_DNAME);
	return true;
}

// Nothing but what a record of absence brings with it.
static bool nothing_but_itself(const struct types *types)
{
	for (unsigned type = 0; type < 256; type++) {
		if (type == WV_TYPE_RRSIG || type == WV_TYPE_NSEC || type == WV_TYPE_NXNAME)
			continue;
		if (low_bit(types->bitmap, types->len, (uint8_t)type))
			return false;
	}
	// A window beyond the first holds a type: its last octet is not zero.
	return types->len == 0 || (types->bitmap[0] == 0 && types->len == 2u + types->bitmap[1]);
}

bool wv_denial_types_lack(const struct types *types, uint16_t type, bool is_root)
{
	bool ok;

	if (type == WV_TYPE_ANY)
		return nothing_but_itself(types);
	if (types->cname || wv_denial_bitmap_has(types->bitmap, types->len, type, &ok))
		return false;
	return type == WV_TYPE_DS && !is_root ? !types->soa : !types->ns || types->soa;
}

enum wv_denial_ds wv_denial_types_ds(const struct types *types)
{
	if (types->soa || types->ds)
		return WV_DENIAL_DS_UNPROVEN;
	return types->ns ? WV_DENIAL_DS_ABSENT : WV_DENIAL_DS_NO_CUT;
}
