/**
 * @file
 * Batch verification of DNSSEC signatures.
 *
 * Gather jobs of one algorithm, ask for up to WV_VERIFY_MAX answers at once. Who computes
 * them was settled at start by wv_verify_init(): for each algorithm the first driver this CPU
 * can run which passed the known answers, right ones and wrong ones. What it passes on, for its
 * size or for an exceptional addition, the reference decides: the last driver of the list.
 *
 * A key that is kept for long may have a table, by which checks are several times faster. Tables are
 * built by wv_verify_tables_step() outside the packet path, for the keys used most, within a bound
 * on their memory.
 *
 * Units      lengths in octets; keys, digests and signatures as on the wire
 * Ownership  jobs and what they point to stay the caller's; nothing is kept after the call.
 *            A key is the caller's memory between wv_verify_key_init() and …_fini()
 * Threads    wv_verify_init() once, before the workers; then any thread that called
 *            wv_verify_thread_init(); many may verify with one key at once. Keys that were
 *            given to wv_verify_key_keep() and tables have one owner: the thread that keeps
 *            keys, frees them and steps the tables
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

/**
 * Keep a key for many checks: make now what the reference needs of it, and let it have a table.
 * From here to wv_verify_key_fini() it may not move.
 */
void wv_verify_key_keep(struct wv_verify_key *key);

// Nobody may be verifying with it any more, nor begin to.
void wv_verify_key_fini(struct wv_verify_key *key);

/**
 * Verify `n` <= WV_VERIFY_MAX (128) jobs of one algorithm. Jobs of one queue (wv_verify_key.queue)
 * fill a driver's lanes; a mixture is as right, but slower.
 * @param ok  set to true where, and only where, the signature of jobs[i] is right; false is
 *            the answer to every kind of trouble: this function fails closed
 */
void wv_verify_batch(enum wv_alg alg, const struct wv_verify_job jobs[], unsigned n, bool ok[]);

// What the reference decided for another driver; of the calling thread, since its start.
struct wv_verify_counts {
	uint64_t passed_on[WV_ALG_COUNT];  // sizes a driver does not do, runs not worth while
	uint64_t exceptions[WV_ALG_COUNT]; // incomplete additions
	uint64_t distrusted[WV_ALG_COUNT]; // by keys that caused too many exceptions
};
const struct wv_verify_counts *wv_verify_count(void);

// Exceptions after which a key's checks are left to the reference from the start: its owner can
// choose keys and signatures that cause them, and should not slow down the checks of others.
#define WV_VERIFY_EXCEPTIONS 64

/**
 * How tables are built.
 * @param after   checks that a key must have had
 * @param octets  bound on all tables together; 0: none are built
 */
struct wv_verify_tables_settings {
	uint32_t after;
	size_t octets;
};

// Written by the owner, read by any thread.
struct wv_verify_tables_counts {
	_Atomic uint64_t octets;  // of the tables there are, those waiting to be freed included
	_Atomic uint64_t keys;    // kept
	_Atomic uint64_t tables;  // in use
	_Atomic uint64_t built;   // since start
	_Atomic uint64_t evicted; // since start: for keys used more
	_Atomic uint64_t refused; // since start: memory was not to be had
};

/**
 * Free a table when no reader can hold it any more: an object and what frees it, as with whatever else
 * readers share. At once where there are no other threads.
 */
typedef void (*wv_verify_retire_fn)(void *arg, void *object, void (*free_fn)(void *object));

void wv_verify_tables_init(
	const struct wv_verify_tables_settings *settings, wv_verify_retire_fn retire, void *arg);

/**
 * Look at up to `keys` of the keys kept, and build at most `tables` tables for those that want one.
 * When the bound is reached, the table of the least used key gives way to that of one used twice
 * as much. Counts of use lose half every 16 seconds, so that they tell of lately.
 * @param now_s  of any clock that does not jump
 * @return keys looked at that want a table and have to wait
 */
unsigned wv_verify_tables_step(unsigned keys, unsigned tables, uint32_t now_s);

const struct wv_verify_tables_counts *wv_verify_tables_count(void);

/**
 * What work that takes one core so many nanoseconds weighs beside a check.
 * WV_VERIFY_WEIGHT_ONE is a check of ECDSA P-256 with the driver in use.
 */
uint32_t wv_verify_weight(uint64_t ns);

// Jobs that make a full batch with the driver in use.
unsigned wv_verify_group(enum wv_alg alg);

/**
 * Does a check by this key, alone and without a table, take longer than 100 us? Then it should not share
 * a turn with others: few of them in a row hold up all that is cheap.
 */
bool wv_verify_is_slow(const struct wv_verify_key *key);

const char *wv_verify_driver_name(enum wv_alg alg);

#endif
