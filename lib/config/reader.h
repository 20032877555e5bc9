/**
 * @file
 * What reading and checking a configuration share. Private to lib/config.
 */
#ifndef READER_H
#define READER_H

#include "wv_config.h"

#include "place.h"

struct reader {
	const char *file; // its name, for messages
	const char *text;
	size_t len;
	struct wv_config *config;
	struct wv_err *err;
};

/**
 * "FILE:LINE:COL: POINTER: words"; the place is that of the pointer's value.
 * @return -number
 */
int wv_config_complain(struct reader *r, int number, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// What no single setting can tell: settings that do not go together.
int wv_config_check(struct reader *r);

#endif
