/**
 * @file
 * What a driver of signature checks fills in. It includes this header and nothing else of ours.
 *
 * Ownership  wv_verify_key is the caller's memory; what a driver hangs on it is freed by key_fini
 * Threads    key_init and key_fini on any thread that called thread_init; run on such a thread,
 *            several at once over one key: a key is not written after key_init
 */
#ifndef WV_VERIFY_DRIVER_H
#define WV_VERIFY_DRIVER_H

#include "wv_base.h"

// Signature algorithms that wirevet checks; numbers of the registry by wv_verify_alg().
enum wv_alg {
	WV_ALG_RSASHA1, // 5 and 7
	WV_ALG_RSASHA256,
	WV_ALG_RSASHA512,
	WV_ALG_P256,
	WV_ALG_P384,
	WV_ALG_ED25519,
	WV_ALG_ED448,
	WV_ALG_COUNT
};

#define WV_VERIFY_MAX     128 // jobs of one batch
#define WV_VERIFY_DRIVERS 4   // drivers that can hang something on a key

struct wv_verify_key {
	enum wv_alg alg;
	uint16_t bits; // of the modulus or the field
	uint16_t public_len;
	const uint8_t
		*public_key; // the DNSKEY's Public Key field (RFC 3110, 6605, 8080), the owner's
	void *prepared
		[WV_VERIFY_DRIVERS]; // by the index of a driver in the list of wv_verify_init()
};

struct wv_verify_job {
	const struct wv_verify_key *key; // prepared; of the batch's algorithm
	const uint8_t *data; // RSA, ECDSA: the digest of the signed data; EdDSA: the signed data
	uint32_t data_len;
	const uint8_t *signature; // as in the RRSIG
	uint16_t signature_len;
};

struct wv_verify_algorithm {
	/**
	 * Parse a key and hang what run needs on key->prepared[slot].
	 * False: not a key of this algorithm (length, exponent, not on the curve).
	 */
	bool (*key_init)(struct wv_verify_key *key, unsigned slot);
	void (*key_fini)(struct wv_verify_key *key, unsigned slot);
	/**
	 * ok[i] is set to true where, and only where, the signature of jobs[i] is right.
	 * n <= WV_VERIFY_MAX.
	 */
	void (*run)(const struct wv_verify_job jobs[], unsigned n, unsigned slot, bool ok[]);
	unsigned group; // jobs that make a full batch
};

struct wv_verify_driver {
	const char *name;
	bool (*usable)(void);                   // NULL: on every CPU
	int (*thread_init)(struct wv_err *err); // NULL: nothing to do; 0 or -errno
	void (*thread_fini)(void);
	struct wv_verify_algorithm algo[WV_ALG_COUNT]; // run NULL: not by this driver
};

#endif
