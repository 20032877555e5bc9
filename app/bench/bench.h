// What the files of wirevet-bench share. main.c finds the command, *_main.c read its words.
#ifndef BENCH_H
#define BENCH_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "wv_verdict.h"

#include "traffic.h"

#define BENCH_RUNS_MAX 99

enum bench_status {
	BENCH_OK = 0,
	BENCH_FAILED = 1, // trouble, or verdicts other than the traffic promises
	BENCH_USAGE = 2,
};

// ---- the commands: argv[0] is the command's word ----

extern const char path_usage[], crypto_usage[], digest_usage[];

enum bench_status digest_main(int argc, char *argv[]);
enum bench_status path_main(int argc, char *argv[]);
enum bench_status crypto_main(int argc, char *argv[]);

// ---- options.c: what all commands read alike; false with words said ----

bool option_number(const char *name, const char *text, uint64_t low, uint64_t high, uint64_t *out);
bool option_count(const char *name, const char *text, unsigned low, unsigned high, unsigned *out);
bool option_on_off(const char *name, const char *text, bool *out);

// Numbers with commas between them, at most `room`.
bool option_list(const char *name, const char *text, unsigned low, unsigned high, unsigned list[],
	unsigned room, unsigned *n);

typedef bool (*option_take_fn)(int c, const char *name, void *params);

/**
 * Read a command's options, `h` being --help; no other word may be there.
 * @param take  one option into `params`; false with words said
 * @return false: there is nothing more to do, end with *status
 */
bool option_read(int argc, char *argv[], const struct option known[], const char *usage,
	option_take_fn take, void *params, enum bench_status *status);

void option_usage(const char *usage, FILE *out);

// How the two steps lie on cores.
enum bench_plan {
	BENCH_SOLO,  // both on one
	BENCH_SPLIT, // one core each
	BENCH_PLANS
};

struct bench_params {
	struct traffic_params traffic;
	bool queries; // each response is preceded by its query
	unsigned runs;
	const char *driver; // of signature checks
	bool json;
};

// ---- packets.c: frames in plain memory ----

#define BENCH_SHORT 1600 // octets of frames that lie in the common buffers

struct packet {
	size_t at; // in octets
	uint16_t len;
	bool from_outside;
	unsigned response; // whose end it is, or TRAFFIC_NO_RESPONSE
	uint8_t kind;      // of that
	bool is_bogus;     // a SERVFAIL will take its place
};

struct packets {
	uint8_t *octets;
	size_t n_octets, octets_room;
	struct packet *list;
	unsigned n, list_room;
	unsigned n_long;     // frames above BENCH_SHORT
	uint16_t longest[2]; // octets of a frame: of the short ones, of the others
};

// Copies a frame; a traffic_emit_fn, whose `arg` is a struct packets. -ENOMEM.
int packets_add(void *arg, const struct traffic_frame *frame);
void packets_fini(struct packets *p);

// ---- rig.c: the pipe between two ports that are rings of mbufs ----

struct rig;

struct rig_params {
	const struct bench_params *bench;
	const struct packets *traffic; // copied
	const struct packets *chain;   // stays the caller's
	const char *anchors;           // the text of an anchors file; the same
};

/**
 * Starts EAL, which one process can do once, and puts the traffic into mbufs.
 * On its return `traffic` is not needed any more.
 */
struct rig *rig_create(const struct rig_params *params, struct wv_err *err);
void rig_destroy(struct rig *r);

bool rig_has(const struct rig *r, enum bench_plan plan);
bool rig_has_hugepages(const struct rig *r);
uint64_t rig_hz(const struct rig *r);

// What one run of all the traffic took. Cycles are TSC cycles.
struct rig_result {
	uint64_t cycles;        // from the start of the first loop to the end of the last
	uint64_t worker_cycles; // in worker steps that found work
	uint64_t verdicts[WV_VERDICT_COUNT];
	uint64_t lost; // packets that went in and did not come out
};

/**
 * Send all the traffic through the engine once.
 * @param forward  with validation off: no port counts as DNS, so that all packets pass
 * @return 0; -errno with words: the rig is not good for another run then
 */
int rig_run(struct rig *r, enum bench_plan plan, bool forward, struct rig_result *result,
	struct wv_err *err);

// ---- alone.c: what one message costs ----

// A signature that is right, and what it signs.
struct bench_sample {
	uint8_t data[64];
	struct traffic_sample sample;
};

struct alone_params {
	const struct packets *traffic, *chain;
	const char *anchors;
	unsigned zones;
	uint32_t time_s;
	const struct bench_sample *samples; // TRAFFIC_SAMPLES
};

// The dearest message of a kind, measured by its bound.
struct alone_kind {
	uint64_t cycles; // of the fastest run
	double ratio;    // cycles / bound, the median of runs
	uint64_t bound;  // the same
	enum wv_reason reason;
};

struct alone_result {
	bool measured;
	struct alone_kind kinds[TRAFFIC_KINDS];
	uint64_t check[TRAFFIC_SAMPLES]; // cycles of one check
	uint64_t beside;                 // of 64 checks of P-256
};

int alone_run(const struct alone_params *params, struct alone_result *result, struct wv_err *err);

// ---- report.c ----

// One number of several runs: its median, and how far they lie apart.
struct report {
	const struct bench_params *params;
	enum bench_plan plan;
	bool hugepages;
	uint64_t hz;
	double packets_per_second; // responses a second a worker core
	double forward_packets_per_second;
	double worker_cycles; // of a response
	double ratio, spread;
	uint64_t verdicts[WV_VERDICT_COUNT];
	uint64_t lost;
	const struct alone_result *alone;
};

const char *bench_plan_name(enum bench_plan plan);

// Both: 0, or -errno with words where it could not be written.
int report_json(const struct report reports[], unsigned n, FILE *out, struct wv_err *err);
int report_table(const struct report reports[], unsigned n, FILE *out, struct wv_err *err);

// ---- path.c ----

enum bench_status path_run(const struct bench_params *params, struct wv_err *err);

#endif
