/**
 * @file
 * Batch verification of DNSSEC signatures.
 *
 * Gather jobs of one algorithm, ask for up to WV_VERIFY_MAX answers at once. Who computes
 * them was settled at start by wv_verify_init(): for each algorithm the first driver this CPU
 * can run which passed the known answers, right ones and wrong ones.
 *
 * Units      lengths in octets; keys, digests and signatures as on the wire
 * Ownership  jobs and what they point to stay the caller's; nothing is kept after the call.
 *            A key is the caller's memory between wv_verify_key_init() and …_fini()
 * Threads    wv_verify_init() once, before the workers; then any thread that called
 *            wv_verify_thread_init(); many may verify with one key at once
 * Errors     wv_verify_init() < 0 with words in err; a batch cannot fail, only not verify
 */
#ifndef WV_VERIFY_H
#define WV_VERIFY_H

#include "wv_digest.h"
#include "wv_verify_driver.h"

#define WV_VERIFY_WEIGHT_ONE 16

/**
 * Choose a driver for each algorithm.
 * @param drivers  best first, at most WV_VERIFY_DRIVERS
 * @param forced   a driver's name to take it alone, or NULL or "auto"
 * @return 0; -ENOENT if `forced` is unknown, -ENOTSUP if it cannot run here, -EIO if some
 *         algorithm has no driver that passed its known answers
 */
int wv_verify_init(const struct wv_verify_driver *const drivers[], unsigned n, const char *forced,
	struct wv_err *err);

// Drivers that were passed over by the last wv_verify_init(), and why; "" if none was.
const char *wv_verify_note(void);

int wv_verify_thread_init(struct wv_err *err);
void wv_verify_thread_fini(void);

// The algorithm of a number in the DNSSEC registry; WV_ALG_COUNT if it is not supported.
enum wv_alg wv_verify_alg(uint8_t number);

// Its mnemonic in the registry, "ECDSAP256SHA256"; of RSASHA1 for both 5 and 7.
const char *wv_verify_alg_name(enum wv_alg alg);

// The hash that is signed; WV_HASH_COUNT for EdDSA, which signs the data themselves.
enum wv_hash wv_verify_hash(enum wv_alg alg);

/**
 * Parse and check a public key once, for all its uses.
 * RSA: odd modulus of 512 to 4096 bits, odd exponent of 3 to 2^32+1; zero octets before them, which
 * RFC 3110 2 forbids, are passed over, as resolvers do: they change no answer. Curves: exact length,
 * on the curve.
 * @param public_key  the DNSKEY's Public Key field; must stay as long as the key does
 * @return false: it is not a usable key of that algorithm, and nothing need be freed
 */
bool wv_verify_key_init(
	struct wv_verify_key *key, enum wv_alg alg, const uint8_t *public_key, size_t len);
void wv_verify_key_fini(struct wv_verify_key *key);

/**
 * Verify `n` <= WV_VERIFY_MAX (128) jobs of one algorithm.
 * @param ok  set to true where, and only where, the signature of jobs[i] is right; false is
 *            the answer to every kind of trouble: this function fails closed
 */
void wv_verify_batch(enum wv_alg alg, const struct wv_verify_job jobs[], unsigned n, bool ok[]);

/**
 * What work that takes one core so many nanoseconds weighs beside a check.
 * WV_VERIFY_WEIGHT_ONE is a check of ECDSA P-256 with the driver in use.
 */
uint32_t wv_verify_weight(uint64_t ns);

// Jobs that make a full batch with the driver in use.
unsigned wv_verify_group(enum wv_alg alg);

const char *wv_verify_driver_name(enum wv_alg alg);

#endif
