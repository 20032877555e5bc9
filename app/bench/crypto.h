// What the files of wirevet-bench crypto share.
#ifndef CRYPTO_H
#define CRYPTO_H

#include "wv_verify.h"

#include "bench.h"

#define CRYPTO_SIZES     8 // of RSA moduli, at most
#define CRYPTO_KEYS      8 // numbers of keys, at most
#define CRYPTO_KEYS_MAX  65536
#define CRYPTO_ZIPF_FROM 1000 // so many keys and more are not used alike, but by Zipf's law

struct crypto_params {
	bool algorithms[WV_ALG_COUNT];
	unsigned bits[CRYPTO_SIZES], n_bits; // of RSA
	unsigned keys[CRYPTO_KEYS], n_keys;
	unsigned signatures;
	unsigned runs;
	uint64_t seed;
	const char *driver;
	const char *vectors; // a file; NULL: measure
	uint64_t trials;     // 0: measure
	const char *state;   // file of counts of trials; NULL: none
	bool json;
};

// One line of results.
struct crypto_result {
	enum wv_alg alg;
	unsigned bits, keys;
	bool tables, first_seen;
	unsigned group;
	double per_second, reference_per_second; // medians
	double ratio, spread;
	unsigned signatures;
	unsigned reference_signatures; // checked by the reference in one run
	double tabled;                 // share of signatures by keys that have a table
	size_t table_octets;           // of all tables
};

// ---- crypto.c: signatures per second, and files of them ----

enum bench_status crypto_run(const struct crypto_params *params, struct wv_err *err);

// The sizes of an algorithm that are asked for, and how many; none: it is not asked for.
unsigned crypto_sizes(const struct crypto_params *params, enum wv_alg alg, const unsigned **bits);

// ---- crypto_trials.c: long runs of trials ----

enum bench_status crypto_trials_run(const struct crypto_params *params, struct wv_err *err);

// ---- crypto_report.c ----

int crypto_json(const struct crypto_params *params, const struct crypto_result results[],
	unsigned n, struct wv_err *err);

// The table's head; then each line as soon as it is there.
void crypto_head_print(const struct crypto_params *params);
void crypto_line_print(const struct crypto_result *r);
int crypto_foot_print(struct wv_err *err);

#endif
