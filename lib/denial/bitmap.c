#include "wv_denial.h"

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
