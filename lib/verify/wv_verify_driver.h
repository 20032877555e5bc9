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
	uint32_t weight; // of a check, by wv_verify_weight(); at least 1
	const uint8_t
		*public_key; // the DNSKEY's Public Key field (RFC 3110, 6605, 8080), the owner's
	void *prepared
		[WV_VERIFY_DRIVERS]; // by the index of a driver in the list of wv_verify_init()
};

// The parts of an RSA key, within its Public Key field; both are big-endian without leading zeros.
struct wv_verify_rsa {
	const uint8_t *modulus;
	uint16_t modulus_len; // at most 512, and the exact length of a signature
	uint16_t bits;        // of the modulus
	uint64_t exponent;    // odd, 3 to 2^32 + 1
};

static inline void wv_verify_skip_zeros(const uint8_t **octets, size_t *len)
{
	while (*len > 0 && **octets == 0) {
		(*octets)++;
		(*len)--;
	}
}

/**
 * Read a Public Key field of RSA (RFC 3110 2; sizes: RFC 5702 2).
 * Zero octets before exponent and modulus, which the RFC forbids, are passed over.
 * @return false: it is cut, or modulus or exponent are even or out of range
 */
static inline bool wv_verify_rsa_read(struct wv_verify_rsa *rsa, const uint8_t *octets, size_t len)
{
	size_t header = len > 0 && octets[0] != 0 ? 1 : 3;
	size_t exponent_len;
	uint64_t exponent = 0;

	if (len < header)
		return false;
	exponent_len = header == 1 ? octets[0] : wv_load16(octets + 1);
	octets += header;
	len -= header;
	if (len < exponent_len)
		return false;

	const uint8_t *modulus = octets + exponent_len;

	len -= exponent_len;
	wv_verify_skip_zeros(&octets, &exponent_len);
	wv_verify_skip_zeros(&modulus, &len);
	if (exponent_len > 5 || len < 512 / 8 || len > 4096 / 8)
		return false;
	for (size_t i = 0; i < exponent_len; i++)
		exponent = exponent << 8 | octets[i];
	rsa->exponent = exponent;
	rsa->modulus = modulus;
	rsa->modulus_len = (uint16_t)len;
	rsa->bits = (uint16_t)(8 * len - (unsigned)__builtin_clz(modulus[0]) + 24);
	return rsa->bits >= 512 && modulus[len - 1] % 2 == 1 && exponent % 2 == 1 && exponent >= 3
		&& exponent <= (UINT64_C(1) << 32) + 1;
}

/**
 * Products of a check of RSA: a square for each bit of the exponent, a product for each 1 in it
 * (windows save some of them), and what brings the numbers into their form and back.
 */
static inline unsigned wv_verify_rsa_products(uint64_t exponent)
{
	return 64u - (unsigned)__builtin_clzll(exponent) + (unsigned)__builtin_popcountll(exponent)
		+ 3u;
}

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
	/*
	 * What a check costs, by which checks are weighed against each other, whichever drivers make
	 * them: nanoseconds, as measured on the machine on which OpenSSL takes 51 us for P-256. RSA
	 * takes `product_ns` besides for each product of 1024 bits, and for other sizes with the
	 * square of their number: see wv_verify_rsa_products().
	 */
	uint32_t cost_ns;
	uint32_t product_ns;
};

struct wv_verify_driver {
	const char *name;
	bool (*usable)(void);                   // NULL: on every CPU
	int (*thread_init)(struct wv_err *err); // NULL: nothing to do; 0 or -errno
	void (*thread_fini)(void);
	struct wv_verify_algorithm algo[WV_ALG_COUNT]; // run NULL: not by this driver
};

#endif
