/**
 * @file
 * What a driver of signature checks fills in. It includes this header and nothing else of ours.
 *
 * Ownership  wv_verify_key is the caller's memory; what a driver hangs on it is freed by key_fini.
 *            A table is memory of lib/verify, which gives it back when no run can still read it
 * Threads    init once, before the rest; key_init and key_fini on any thread that called
 *            thread_init; run on such a thread, several at once over one key. What changes in a
 *            key after key_init is atomic: `prepared`, `table`, and the counts
 */
#ifndef WV_VERIFY_DRIVER_H
#define WV_VERIFY_DRIVER_H

#include <stdatomic.h>

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

/*
 * A run of RSA needs jobs of one size: those up to 1024 bits, and so on; the last class has what is
 * longer than 3072. Each has a queue of its own, and so has each curve.
 */
#define WV_VERIFY_CLASSES 6
#define WV_VERIFY_QUEUES  (WV_VERIFY_CLASSES * WV_ALG_P256 + WV_ALG_COUNT - WV_ALG_P256)

static inline unsigned wv_verify_rsa_class(unsigned bits)
{
	static const uint16_t up_to[WV_VERIFY_CLASSES - 1] = {1024, 1280, 1536, 2048, 3072};
	unsigned c = 0;

	while (c < WV_VERIFY_CLASSES - 1 && bits > up_to[c])
		c++;
	return c;
}

struct wv_verify_key {
	enum wv_alg alg;
	uint16_t bits; // of the modulus or the field
	uint16_t public_len;
	uint32_t weight; // of a check, by wv_verify_weight(); at least 1
	const uint8_t
		*public_key; // the DNSKEY's Public Key field (RFC 3110, 6605, 8080), the owner's
	// By the index of a driver in the list of wv_verify_init(). That of the reference may appear
	// later, when another driver passes a check on to it for the first time.
	_Atomic(void *) prepared[WV_VERIFY_DRIVERS];
	// What the chosen driver's table_build made; NULL: none yet. A run loads it once (acquire), for
	// it may come at any time, and go: then it stays readable until the run is over.
	_Atomic(const void *) table;
	struct wv_verify_use {
		_Atomic uint32_t checks;     // of late, counted in samples
		_Atomic uint32_t exceptions; // WV_VERIFY_EXCEPTION, since start
	} use;
	uint8_t queue;   // jobs of one queue share a batch; below WV_VERIFY_QUEUES
	bool dear_alone; // see wv_verify_is_slow()
	// Of keys that may have a table, lib/verify's: who else there is, and when this was looked at.
	bool enlisted;
	uint32_t looked_s;
	struct wv_verify_key *next, *previous;
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

// What came of a job.
enum wv_verify_answer {
	WV_VERIFY_BAD,  // the signature is not right
	WV_VERIFY_GOOD, // it is
	WV_VERIFY_PASSED_ON, // not decided: a size this driver does not do, or too few jobs to be worth it
	WV_VERIFY_EXCEPTION, // not decided: an incomplete addition met equal or opposite points
};

// How large a table is. Those of the keys used most may be larger, where there are few of them.
enum wv_verify_table {
	WV_VERIFY_TABLE_SMALL,
	WV_VERIFY_TABLE_MEDIUM,
	WV_VERIFY_TABLE_LARGE,
	WV_VERIFY_TABLES
};

typedef void (*wv_verify_run_fn)(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);

struct wv_verify_algorithm {
	/**
	 * Check a key, and hang what run needs beside its public key on key->prepared[slot], if
	 * anything. False: not a key of this algorithm (length, exponent, not on the curve); every
	 * driver draws this line where the others do.
	 */
	bool (*key_init)(struct wv_verify_key *key, unsigned slot);
	void (*key_fini)(struct wv_verify_key *key, unsigned slot); // NULL: nothing to do
	/**
	 * Decide n <= WV_VERIFY_MAX jobs of this algorithm, by keys with tables and without in any
	 * mixture. answers[i] is GOOD where, and only where, the signature of jobs[i] is right; every
	 * answer is set. What is passed on, the reference decides; it passes nothing on.
	 * Of the stack it takes at most 128 KiB; other scratch is the thread's.
	 */
	wv_verify_run_fn run;
	unsigned group; // jobs that make a full batch
	/*
	 * What a check costs, by which checks are weighed against each other, whichever drivers make
	 * them: nanoseconds, as measured on the machine on which OpenSSL takes 51 us for P-256. RSA
	 * takes `product_ns` besides for each product of 1024 bits, and for other sizes with the
	 * square of their number: see wv_verify_rsa_products().
	 */
	uint32_t cost_ns;
	uint32_t product_ns;
	/**
	 * Octets of a key's table, a multiple of 64; 0: none of that size, or for that key.
	 * NULL: this driver needs no tables.
	 */
	size_t (*table_octets)(const struct wv_verify_key *key, enum wv_verify_table size);
	/**
	 * Make it, in memory that begins at a multiple of 64. Outside the packet path; may take as
	 * long as two checks by the reference. What run must know of it stands in the table itself.
	 */
	void (*table_build)(
		const struct wv_verify_key *key, enum wv_verify_table size, void *table);
};

struct wv_verify_driver {
	const char *name;
	bool (*usable)(void);                   // NULL: on every CPU
	int (*init)(struct wv_err *err);        // once, before the rest; NULL: nothing to do
	int (*thread_init)(struct wv_err *err); // NULL: nothing to do; 0 or -errno
	void (*thread_fini)(void);
	struct wv_verify_algorithm algo[WV_ALG_COUNT]; // run NULL: not by this driver
};

#endif
