// What the reports of all commands share: numbers, and where they were measured.
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "wv_base.h"

double bench_median(double values[], unsigned n); // sorts them

// The rate of the time-stamp counter, measured when first asked for.
uint64_t bench_tsc_hz(void);

json_t *json_rounded(double value);
json_t *json_share(double value); // four digits after the point

// Adds what every object has: runs, spread, tsc_hz, cpu, compiler.
void place_add(json_t *o, unsigned runs, double spread, uint64_t tsc_hz);

// The list, which is given away, as text. 0, or -EIO with words.
int output_json(json_t *list, FILE *out, struct wv_err *err);

// `well`: all before was written. 0, or -EIO with words.
int output_end(FILE *out, bool well, struct wv_err *err);

#endif
