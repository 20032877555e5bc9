/**
 * @file
 * Many message digests at once, and iterated NSEC3 hashes (FIPS 180-4, RFC 5155 5).
 *
 * Who computes them was settled at start by wv_digest_init(): for each hash the first driver in
 * the list that this CPU can run and that passed its known answers; for the batches which that one
 * is not worth it for, or which are too long for it, the first behind it that takes all
 * (wv_digest_driver.h).
 *
 * Units      octets
 * Ownership  jobs and what they point to stay the caller's; nothing is kept after a call
 * Threads    wv_digest_init() once, before the others; each thread that digests calls
 *            wv_digest_thread_init() first and wv_digest_thread_fini() last
 * Errors     init < 0 with words in err; a batch cannot fail
 */
#ifndef WV_DIGEST_H
#define WV_DIGEST_H

#include "wv_digest_driver.h"

/**
 * Choose the drivers for each hash.
 * @param drivers  best first
 * @param forced   a driver's name to take it alone, for batches of any size, but for messages that are
 *                 too long for it; or NULL or "auto"
 * @return 0; -ENOENT if `forced` is unknown, -ENOTSUP if it cannot run here, -EIO if some hash
 *         has no driver that passed its known answers
 */
int wv_digest_init(const struct wv_digest_driver *const drivers[], unsigned n, const char *forced,
	struct wv_err *err);

// Drivers that were passed over by the last wv_digest_init(), and why; "" if none was.
const char *wv_digest_note(void);

int wv_digest_thread_init(struct wv_err *err);
void wv_digest_thread_fini(void);

// Octets of a digest: 20, 32, 48, 64.
unsigned wv_digest_len(enum wv_hash hash);

// "SHA-1", "SHA-256", "SHA-384", "SHA-512".
const char *wv_digest_name(enum wv_hash hash);

/**
 * Digest `n` messages, any number of them.
 * @param jobs  data may be NULL where len is 0; no `out` may overlap data of the batch
 */
void wv_digest_batch(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n);

// The name of the driver in use for a hash; where there are two, of that for the larger batches.
const char *wv_digest_driver_name(enum wv_hash hash);

/**
 * Iterated, salted SHA-1 of names in wire form and lower case (RFC 5155 5).
 * @param names  n of them, uncompressed, each with its length
 * @param out    n times 20 octets
 */
void wv_digest_nsec3(const struct wv_digest_name names[], unsigned n, const uint8_t *salt,
	uint8_t salt_len, uint16_t iterations, uint8_t out[][WV_NSEC3_HASH_LEN]);

#endif
