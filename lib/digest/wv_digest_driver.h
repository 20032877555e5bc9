/**
 * @file
 * What a driver of message digests fills in. It includes this header and nothing else of ours.
 *
 * A driver earns its place at start: wv_digest_init() runs known answers through it first.
 */
#ifndef WV_DIGEST_DRIVER_H
#define WV_DIGEST_DRIVER_H

#include "wv_base.h"

enum wv_hash {
	WV_HASH_SHA1,
	WV_HASH_SHA256,
	WV_HASH_SHA384,
	WV_HASH_SHA512,
	WV_HASH_COUNT
};

#define WV_DIGEST_MAX 64 // octets of the longest digest

struct wv_digest_job {
	const uint8_t *data;
	uint32_t len;
	uint8_t *out; // room for wv_digest_len() octets
};

// Digest jobs[0..n); cannot fail. Runs on a thread that called thread_init.
typedef void (*wv_digest_run_fn)(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n);

struct wv_digest_driver {
	const char *name;
	bool (*usable)(void);                   // NULL: on every CPU
	int (*thread_init)(struct wv_err *err); // NULL: nothing to do; 0 or -errno
	void (*thread_fini)(void);
	wv_digest_run_fn run[WV_HASH_COUNT]; // NULL: not by this driver
};

#endif
