/**
 * @file
 * The configuration: one JSON file (RFC 8259), read into struct wv_config with messages an
 * operator can act on (O1).
 *
 * Every setting stands in one table with its unit, range, preset and words; the schema, the
 * presets and --show-config are printed from it.
 *
 * Units      in the names of the settings
 * Ownership  struct wv_config owns its strings between wv_config_read() and wv_config_fini()
 * Threads    any; a config is constant once read
 * Errors     -errno; words "FILE:LINE:COL: /pointer: want …, not …"
 */
#ifndef WV_CONFIG_H
#define WV_CONFIG_H

#include <stdio.h>

#include "wv_packet.h"
#include "wv_policy.h"

#define WV_CONFIG_PAIRS 16
#define WV_CONFIG_CORES 128

enum wv_config_clock {
	WV_CLOCK_SYSTEM,
	WV_CLOCK_PACKET,
	WV_CLOCK_FIXED,
	WV_CLOCK_OFF
};
enum wv_config_full {
	WV_FULL_AUTO,
	WV_FULL_SHED,
	WV_FULL_WAIT
};
enum wv_config_memory {
	WV_MEMORY_AUTO,
	WV_MEMORY_HUGE,
	WV_MEMORY_NO_HUGE
};
enum wv_config_unsolicited {
	WV_UNSOLICITED_PASS,
	WV_UNSOLICITED_COUNT,
	WV_UNSOLICITED_DROP
};

struct wv_config_pair {
	char *name;
	char *outside; // a PCI address or EAL --vdev words
	char *inside;
	unsigned mtu;
	bool leg_client; // leg: client
	unsigned n_dns_ports;
	uint16_t dns_port[WV_PACKET_PORTS];
};

struct wv_config_list {
	unsigned n;
	char **item;
};

struct wv_config {
	bool enforce; // mode
	enum wv_config_clock clock;
	uint32_t clock_s; // WV_CLOCK_FIXED
	struct {
		enum wv_config_memory memory;
		unsigned memory_mib;
		char *file_prefix;
		struct wv_config_list extra;
	} eal;
	unsigned n_pairs;
	struct wv_config_pair pair[WV_CONFIG_PAIRS];
	struct {
		unsigned control;
		unsigned n_io, n_workers; // both 0: solo, one core with both steps
		unsigned io[WV_CONFIG_CORES], workers[WV_CONFIG_CORES];
	} cores;
	struct {
		unsigned burst, rx_descriptors, tx_descriptors;
		enum wv_config_full when_ring_full;
		unsigned stop_when_idle_ms;
	} io;
	struct {
		unsigned size, control_size, events_size;
	} rings;
	struct {
		unsigned batch_wait_us;
	} workers;
	struct {
		struct wv_config_list anchors;
		unsigned skew_percent, skew_min_s, skew_max_s;
		bool sha1_validate; // sha1: "validate", else "insecure"
		bool harden_algo_downgrade;
		bool assume_do;
	} validation;
	struct {
		unsigned needed_rrsets, weight, signatures_per_rrset, failures_per_rrset,
			keys_per_tag, ds, dnskeys, nsec3_iterations_insecure,
			nsec3_iterations_bogus, nsec3_records, nsec3_sha1_blocks, cname_chain,
			chain_depth;
	} budgets;
	struct {
		struct wv_config_list preload, insecure;
		unsigned zones;
	} trust;
	struct {
		char *crypto, *hash; // "auto" or a driver's name
		unsigned table_after;
		unsigned table_mib;
	} drivers;
	struct {
		enum wv_config_unsolicited unsolicited;
		unsigned entries, life_ms;
	} queries;
	struct {
		enum wv_action bogus, indeterminate, no_chain, malformed, overload, signed_message;
	} policy;
	struct {
		char *file, *verdicts; // "" is off
	} events;
	struct {
		char *file; // "" is off
		bool telemetry;
	} stats;
};

// The presets, with no pairs. Never fails but for memory (-ENOMEM).
int wv_config_presets(struct wv_config *config, struct wv_err *err);

/**
 * Read a file. Every key is optional but `version` and `pairs`.
 * @param pairs_wanted  false: `pairs` may be absent (wirevet-verdict)
 * @return 0, or -errno with words; then nothing need be freed
 */
int wv_config_read(
	struct wv_config *config, const char *path, bool pairs_wanted, struct wv_err *err);

/**
 * The same, of text in memory.
 * @param file  its name, for messages
 */
int wv_config_read_text(struct wv_config *config, const char *file, const char *text, size_t len,
	bool pairs_wanted, struct wv_err *err);
void wv_config_fini(struct wv_config *config);

/**
 * "FILE:LINE:COL: POINTER", for messages about a setting that turns out wrong later: a driver that
 * is not there, a file that cannot be read. The place is that of the object around a setting that
 * the file leaves to its preset; left out if the file cannot be read any more.
 * @param pointer  such as "/drivers/crypto"
 * @return out
 */
const char *wv_config_where(const char *path, const char *pointer, char *out, size_t room);

// Is this port of a pair a PCI address (dddd:bb:dd.f), not EAL --vdev words?
bool wv_config_is_pci(const char *port);

// The whole configuration as JSON, presets included, as it would be read again.
int wv_config_print(const struct wv_config *config, FILE *out);

// The JSON Schema (2020-12) of the file.
int wv_config_print_schema(FILE *out);

#endif
