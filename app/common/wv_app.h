/**
 * @file
 * What the programs share: the choice of drivers, from configuration to the validator's settings,
 * anchors, and captures read as the appliance would see them.
 *
 * Units      nanoseconds since 1970 in captures; octets
 * Ownership  a response is valid until the next call for the same replay
 * Threads    the main thread; wv_app_thread_init() on each thread that digests or verifies
 * Errors     -errno with words that name the thing, what was wanted and what was found
 */
#ifndef WV_APP_H
#define WV_APP_H

#include "wv_capture.h"
#include "wv_chain.h"
#include "wv_config.h"
#include "wv_flow.h"

// Choose the drivers for hashes and signatures, and test them. Names as in the configuration.
int wv_app_drivers_init(const char *crypto, const char *hash, struct wv_err *err);

// The drivers of hashes and of signature checks as they are offered, best first; the last is the
// reference.
const struct wv_digest_driver *const *wv_app_hashes(unsigned *n);
const struct wv_verify_driver *const *wv_app_cryptos(unsigned *n);

// Memory that OpenSSL takes on this thread without malloc; for struct wv_engine_params.
int wv_app_arena_take(void *arg, struct wv_err *err);
void wv_app_arena_give(void *arg);

// Octets of one thread's arena; and allocations, of all threads, that an arena could not serve.
size_t wv_app_arena_memory(void);
uint64_t wv_app_arena_overflows(void);

// What hashes and signatures need on a thread. Without an arena: such threads make the keys of the
// trust store, which would fill it.
int wv_app_thread_init(struct wv_err *err);
void wv_app_thread_fini(void);

// The validator's settings: `validation` and `budgets` of a configuration.
void wv_app_settings(struct wv_validate_settings *settings, const struct wv_config *config);

/**
 * Read an anchors file into the store.
 * @param n  anchors read, added up
 */
int wv_app_read_anchors(struct wv_trust *trust, const char *path, unsigned *n, struct wv_err *err);

/**
 * `trust.insecure` of a configuration.
 * @param path  of the configuration, for messages
 */
int wv_app_set_insecure(struct wv_trust *trust, const struct wv_config *config, const char *path,
	struct wv_err *err);

// A DNS response of a capture: from a DNS port, over UDP, in one datagram.
struct wv_app_response {
	uint64_t frame; // from 1
	uint64_t time_ns;
	const struct wv_message *m;
	enum wv_message_status status;
	const uint8_t *payload;
	size_t len;
	struct wv_validate_query query; // what the queries before it in the capture tell
};

struct wv_app_replay_counts {
	uint64_t tcp;       // segments from or to a DNS port
	uint64_t fragments; // of any IP datagram
	uint64_t cut;       // frames cut by the snapshot length
	uint64_t first_cut; // number of the first of them
};

struct wv_app_replay;

/**
 * Open a capture for its responses.
 * @param queries  entries and life of the query table
 */
struct wv_app_replay *wv_app_replay_open(const char *path, const struct wv_packet_ports *ports,
	const struct wv_config *queries, struct wv_err *err);
void wv_app_replay_close(struct wv_app_replay *r);

// 1: a response; 0: the end, whole; < 0: the capture is cut or damaged, with words.
int wv_app_replay_next(
	struct wv_app_replay *r, struct wv_app_response *response, struct wv_err *err);

const struct wv_app_replay_counts *wv_app_replay_count(const struct wv_app_replay *r);

// The words for a capture with frames that are cut by the snapshot length; < 0.
int wv_app_cut_fail(
	const char *path, const struct wv_app_replay_counts *counts, struct wv_err *err);

/**
 * Add all responses of a capture to what is learned.
 * @return 0; -ENOMEM; else < 0 where the capture is cut or has cut frames: its whole frames were
 *         added
 */
int wv_app_learn(struct wv_chain *chain, const char *path, const struct wv_packet_ports *ports,
	const struct wv_config *queries, struct wv_err *err);

#endif
