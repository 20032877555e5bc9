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

#define WV_DIGEST_MAX     64 // octets of the longest digest
#define WV_NSEC3_HASH_LEN 20
#define WV_NSEC3_MAX      16 // names of one call of a driver

struct wv_digest_job {
	const uint8_t *data;
	uint32_t len;
	uint8_t *out; // room for wv_digest_len() octets
};

// A name in wire form, uncompressed and in lower case.
struct wv_digest_name {
	const uint8_t *octets;
	uint8_t len; // 1 to 255
};

struct wv_digest_nsec3 {
	const uint8_t *salt; // NULL where there is none
	uint8_t salt_len;
	uint16_t iterations;
};

// Digest jobs[0..n); cannot fail. Runs on a thread that called thread_init.
typedef void (*wv_digest_run_fn)(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n);

// Iterated hashes (RFC 5155 5) of names[0..n), n from 1 to WV_NSEC3_MAX; the same.
typedef void (*wv_digest_nsec3_fn)(const struct wv_digest_name names[], unsigned n,
	const struct wv_digest_nsec3 *parameters, uint8_t out[][WV_NSEC3_HASH_LEN]);

/*
 * From how many messages on a driver is worth it, measured beside the one that takes the others.
 * Messages of unlike lengths count as so many of the longest as have their octets.
 */
struct wv_digest_worth {
	uint32_t len; // up to this many octets
	uint32_t least;
};

struct wv_digest_driver {
	const char *name;
	bool (*usable)(void);                   // NULL: on every CPU
	int (*thread_init)(struct wv_err *err); // NULL: nothing to do; 0 or -errno
	void (*thread_fini)(void);
	wv_digest_run_fn run[WV_HASH_COUNT]; // NULL: not by this driver
	uint32_t longest;                    // octets of a message; 0: any number
	// By length, the last with UINT32_MAX; NULL: worth it at any number of messages.
	const struct wv_digest_worth *worth[WV_HASH_COUNT];
	unsigned lanes[WV_HASH_COUNT]; // messages done side by side, where `worth` is not NULL
	wv_digest_nsec3_fn nsec3;      // NULL: by batches of SHA-1
	unsigned nsec3_least;          // from so many names on it is faster than those batches
};

#endif
