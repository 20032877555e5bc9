#include <string.h>

#include "digest.h"

/*
 * RFC 5155 5: IH(0) = H(name | salt), IH(k) = H(IH(k-1) | salt). The salt is put behind both
 * rounds' results once; results then go from one to the other and back.
 */
struct lane {
	uint8_t first[2 * UINT8_MAX];
	uint8_t even[WV_NSEC3_HASH_LEN + UINT8_MAX];
	uint8_t odd[WV_NSEC3_HASH_LEN + UINT8_MAX];
};

static void group_hash(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *p, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	struct lane lanes[WV_NSEC3_MAX];
	struct wv_digest_job jobs[WV_NSEC3_MAX];
	const size_t salt_len = p->salt_len;
	const unsigned iterations = p->iterations;

	for (unsigned i = 0; i < n; i++) {
		struct lane *lane = &lanes[i];

		memcpy(lane->first, names[i].octets, names[i].len);
		if (salt_len > 0) { // else salt may be NULL
			memcpy(lane->first + names[i].len, p->salt, salt_len);
			if (iterations > 0)
				memcpy(lane->even + WV_NSEC3_HASH_LEN, p->salt, salt_len);
			if (iterations > 1)
				memcpy(lane->odd + WV_NSEC3_HASH_LEN, p->salt, salt_len);
		}
		jobs[i].data = lane->first;
		jobs[i].len = (uint32_t)(names[i].len + salt_len);
		jobs[i].out = iterations > 0 ? lane->even : out[i];
	}
	wv_digest_batch(WV_HASH_SHA1, jobs, n);

	for (unsigned k = 1; k <= iterations; k++) {
		for (unsigned i = 0; i < n; i++) {
			jobs[i].data = k % 2 == 1 ? lanes[i].even : lanes[i].odd;
			jobs[i].len = (uint32_t)(WV_NSEC3_HASH_LEN + salt_len);
			jobs[i].out = k == iterations ? out[i]
				: k % 2 == 1          ? lanes[i].odd
						      : lanes[i].even;
		}
		wv_digest_batch(WV_HASH_SHA1, jobs, n);
	}
}

void wv_digest_nsec3(const struct wv_digest_name names[], unsigned n, const uint8_t *salt,
	uint8_t salt_len, uint16_t iterations, uint8_t out[][WV_NSEC3_HASH_LEN])
{
	const struct wv_digest_nsec3 p = {salt, salt_len, iterations};
	const struct wv_digest_driver *d = wv_digest_nsec3_driver();

	for (unsigned at = 0; at < n; at += WV_NSEC3_MAX) {
		unsigned some = n - at < WV_NSEC3_MAX ? n - at : WV_NSEC3_MAX;

		if (d != NULL && some >= d->nsec3_least)
			d->nsec3(names + at, some, &p, out + at);
		else
			group_hash(names + at, some, &p, out + at);
	}
}
