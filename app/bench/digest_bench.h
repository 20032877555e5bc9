// What the sources of wirevet-bench digest share.
#ifndef DIGEST_BENCH_H
#define DIGEST_BENCH_H

#include "wv_digest.h"

#include "bench.h"

#define DIGEST_BATCH_MAX 128

struct digest_params {
	const char *driver; // alone; NULL: each, and the choice between them
	unsigned runs;
	uint64_t seed;
	bool json;
};

// What is hashed: messages, or names by NSEC3.
struct digest_load {
	enum wv_hash hash;
	unsigned octets_min, octets_max; // of a message or name
	unsigned n;                      // a batch
	bool is_nsec3;
	struct wv_digest_nsec3 nsec3;
	struct wv_digest_job jobs[DIGEST_BATCH_MAX];
	struct wv_digest_name names[DIGEST_BATCH_MAX];
	uint8_t (*out)[WV_NSEC3_HASH_LEN]; // of names
};

// One load by one driver, beside the reference. Cycles are TSC cycles of one digest.
struct digest_row {
	const struct digest_load *load;
	const char *driver;
	double cycles, reference_cycles;
	double ratio, spread;
};

// From how many messages on one driver is faster than another.
struct digest_worth {
	enum wv_hash hash;
	unsigned octets;
	const char *driver, *beside;
	uint32_t least, table; // measured, and as the driver says; UINT32_MAX: never
	double spread;         // of the ratio at `least`
};

// ---- digest_report.c ----

struct digest_report;

struct digest_report *digest_report_open(const struct digest_params *params, FILE *out);
void digest_report_row(struct digest_report *r, const struct digest_row *row);
void digest_report_worth(struct digest_report *r, const struct digest_worth *worth);

// Writes what is left and frees it. 0, or -errno with words where it could not be written.
int digest_report_close(struct digest_report *r, struct wv_err *err);

// ---- digest.c ----

enum bench_status digest_run(const struct digest_params *params, struct wv_err *err);

#endif
