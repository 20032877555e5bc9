// What the files of the appliance share. main.c has the order of start and stop.
#ifndef WIREVET_H
#define WIREVET_H

#include <sched.h>
#include <stdio.h>

#include "wv_engine.h"

enum status {
	STATUS_OK = 0,
	STATUS_TROUBLE = 1, // while running
	STATUS_CONFIG = 2,  // configuration or usage
};

// ---- options.c: the words of the command line ----

struct options {
	const char *config; // -c
	bool check, show_config, print_schema, show_memory;
	char **eal; // words for EAL, before "--"
	unsigned n_eal;
};

// False: there is nothing more to do, end with *status.
bool options_read(struct options *o, int argc, char **argv, enum status *status);

// ---- blame.c: which setting is to blame, and where it stands ----

// Put "FILE:LINE:COL: POINTER: " before the words.
void blame(struct wv_err *err, const char *config_path, const char *pointer);

// The same where the words begin with a pointer; else they stay as they are.
void blame_named(struct wv_err *err, const char *config_path);

// ---- captures.c: the files of net_pcap ports, which that driver does not check ----

struct port_files {
	const char *words; // of the configuration
	char pointer[32];  // to them there
	char name[48];     // of the ethdev
	uint64_t expect;   // packets that it will give; UINT64_MAX: live
	uint32_t longest;  // octets of the longest of them
	char *in[4], *out; // NULL: none
};

struct captures {
	const char *config_path;
	unsigned n;
	struct port_files port[2 * WV_CONFIG_PAIRS]; // outside, inside of each pair in turn
	bool all;                                    // every port is a capture
	uint32_t longest; // octets of the longest frame to be reckoned with
};

void captures_init(struct captures *c, const struct wv_config *config, const char *config_path);
void captures_fini(struct captures *c);

// Read every capture once. STATUS_CONFIG: there is none; STATUS_TROUBLE: it is cut or damaged.
enum status captures_survey(struct captures *c, struct wv_err *err);

// May interfaces be opened, where a port reads from one?
int captures_check_interfaces(const struct captures *c, struct wv_err *err);

// What was written, read again: as many packets as port `i` was given?
enum status captures_compare(
	const struct captures *c, unsigned i, uint64_t given, struct wv_err *err);

// ---- files.c: what is written must not be what is read ----

// Can every file that is to be written be written, and is each one's own? Writes nothing.
int files_check(
	const struct wv_config *config, const struct captures *captures, struct wv_err *err);

// ---- eal.c: from configuration to EAL's arguments ----

#define EAL_ARGS_MAX 256

// What the arguments depend on beside the configuration.
struct eal_machine {
	uint64_t free_huge_mib; // in free hugepages of all sizes
	cpu_set_t cpus;         // that this process may use
};

struct eal_args {
	int argc;
	char *argv[EAL_ARGS_MAX + 1]; // ends in NULL
};

void eal_machine_look(struct eal_machine *m);

/**
 * Pure. The words of the command line come after those derived, those of eal.extra between.
 * @return 0, or -errno with words; then nothing need be freed
 */
int eal_args_make(struct eal_args *args, const struct wv_config *config,
	const struct eal_machine *machine, char *const words[], unsigned n_words,
	struct wv_err *err);
void eal_args_free(struct eal_args *args);

// rte_eal_init(); what EAL says is shown where it fails, and nowhere else.
int eal_start(const struct wv_config *config, const struct eal_machine *machine,
	char *const words[], unsigned n_words, struct wv_err *err);
void eal_stop(void);

// What EAL said while it started: about a device that it could not make, for example.
const char *eal_said(void);

// ---- learn.c: anchors, insecure names and preload ----

// Into the store. Words name the setting and its place.
int learn(struct wv_trust *trust, const struct wv_config *config,
	const struct wv_validate_settings *settings, const char *config_path, struct wv_err *err);

// Are anchors, insecure names and captures fit to be learned? With a store of its own.
int learn_check(const struct wv_config *config, const char *config_path, struct wv_err *err);

// ---- numbers.c: all counters, from one source, for whoever shows them ----

#define NUMBERS_PARTS 24 // of memory

struct numbers {
	const struct wv_config *config;
	struct wv_engine *engine;
	uint64_t hz;         // TSC cycles of a second
	uint64_t started_ns; // CLOCK_MONOTONIC
	unsigned n_parts;
	struct wv_engine_memory part[NUMBERS_PARTS];
};

// Who writes them: objects in objects, and numbers with names.
struct numbers_writer {
	void (*open)(void *arg, const char *name);
	void (*number)(void *arg, const char *name, uint64_t value);
	void (*close)(void *arg);
};

typedef void (*numbers_walk_fn)(const struct numbers *n, const struct numbers_writer *w, void *arg);

void numbers_walk(const struct numbers *n, const struct numbers_writer *w, void *arg);
void numbers_walk_cores(const struct numbers *n, const struct numbers_writer *w, void *arg);
void numbers_walk_memory(const struct numbers *n, const struct numbers_writer *w, void *arg);

uint64_t numbers_clock_ns(void); // CLOCK_MONOTONIC

// Packets that were dropped though no rule wanted it.
uint64_t numbers_lost(const struct wv_metrics *sum);

// Packets that came in and were neither sent nor dropped: none, once all is over.
uint64_t numbers_under_way(const struct wv_metrics *sum);

// ---- stats.c: the counters in a file ----

struct stats;

// Can `path` be written? Leaves nothing behind.
int stats_check(const char *path, struct wv_err *err);

// Write each second, on a thread of its own, until stats_stop(), which writes once more.
struct stats *stats_start(
	const char *path, const struct numbers *numbers, const cpu_set_t *cpus, struct wv_err *err);
int stats_stop(struct stats *s, struct wv_err *err);

// ---- telemetry.c: DPDK telemetry, /wirevet/… ----

void telemetry_start(const struct numbers *numbers);
void telemetry_stop(void); // no command reads `numbers` after this

// ---- memory.c: what a configuration takes ----

// The parts of memory: the engine's, and what OpenSSL gets for each worker. Returns how many.
unsigned memory_parts(const struct wv_config *config, uint32_t longest,
	struct wv_engine_memory part[NUMBERS_PARTS]);

int memory_print(const struct wv_config *config, uint32_t longest, FILE *out);

// Is /eal/memory_mib enough for what is taken of it?
int memory_check(const struct wv_config *config, uint32_t longest, struct wv_err *err);

#endif
