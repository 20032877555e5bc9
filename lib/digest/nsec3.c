#include <string.h>

#include "wv_digest.h"

#define GROUP 16 // names hashed side by side

/*
 * RFC 5155 5: IH(0) = H(name | salt), IH(k) = H(IH(k-1) | salt). The salt is put behind both
 * rounds' results once; results then go from one to the other and back.
 */
struct nsec3_group {
	uint8_t first[GROUP][2 * UINT8_MAX];
	uint8_t round[2][GROUP][WV_NSEC3_HASH_LEN + UINT8_MAX];
	struct wv_digest_job jobs[GROUP];
};

static void group_hash(const struct wv_digest_name names[], unsigned n, const uint8_t *salt,
	size_t salt_len, unsigned iterations, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	struct nsec3_group g;

	for (unsigned i = 0; i < n; i++) {
		memcpy(g.first[i], names[i].octets, names[i].len);
		if (salt_len > 0) { // else salt may be NULL
			memcpy(g.first[i] + names[i].len, salt, salt_len);
			memcpy(g.round[0][i] + WV_NSEC3_HASH_LEN, salt, salt_len);
			memcpy(g.round[1][i] + WV_NSEC3_HASH_LEN, salt, salt_len);
		}
		g.jobs[i].data = g.first[i];
		g.jobs[i].len = (uint32_t)(names[i].len + salt_len);
		g.jobs[i].out = iterations > 0 ? g.round[0][i] : out[i];
	}
	wv_digest_batch(WV_HASH_SHA1, g.jobs, n);

	for (unsigned k = 1; k <= iterations; k++) {
		for (unsigned i = 0; i < n; i++) {
			g.jobs[i].data = g.round[(k - 1) % 2][i];
			g.jobs[i].len = (uint32_t)(WV_NSEC3_HASH_LEN + salt_len);
			g.jobs[i].out = k < iterations ? g.round[k % 2][i] : out[i];
		}
		wv_digest_batch(WV_HASH_SHA1, g.jobs, n);
	}
}

void wv_digest_nsec3(const struct wv_digest_name names[], unsigned n, const uint8_t *salt,
	uint8_t salt_len, uint16_t iterations, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	for (unsigned at = 0; at < n; at += GROUP) {
		unsigned some = n - at < GROUP ? n - at : GROUP;

		group_hash(names + at, some, salt, salt_len, iterations, out + at);
	}
}
