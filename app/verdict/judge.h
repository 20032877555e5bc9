/**
 * @file
 * Judging the responses of a capture, one line each, in order of its frames.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "wv_app.h"

struct judge_options {
	const char *anchors; // NULL: those of the configuration
	const char *config;  // NULL: the presets
	const char *capture;
	const char **chain;
	unsigned n_chain;
	bool strict; // with what came before; else learn from the whole capture first
	bool packet_time;
	struct wv_time now; // if not packet_time
	enum wv_leg leg;
};

struct judge_result {
	bool bogus, indeterminate;
	struct wv_app_replay_counts counts;
};

/**
 * Judge a whole capture and write its lines to `out`.
 * @return 0; < 0 with words: trouble, after the lines of what could be read
 */
int judge_capture(const struct judge_options *options, FILE *out, struct judge_result *result,
	struct wv_err *err);

#endif
