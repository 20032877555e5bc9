/**
 * @file
 * Capture files: frames and their times, from pcap and pcapng, with an error for a cut one.
 *
 * Units      nanoseconds since 1970; octets; frames counted from 1
 * Ownership  a frame's octets are valid until the next call for the same file
 * Threads    one file belongs to one thread
 * Errors     -errno with words that name the file, what was wanted and what was found
 */
#ifndef WV_CAPTURE_H
#define WV_CAPTURE_H

#include "wv_packet.h"

struct wv_capture;

struct wv_capture_frame {
	const uint8_t *octets;
	uint32_t len;      // captured
	uint32_t wire_len; // as it was on the wire; more than len: cut by the snapshot length
	uint64_t time_ns;
	uint64_t number;
};

/**
 * Open a file: pcap (micro- or nanoseconds, either octet order) or pcapng, Ethernet or raw IP.
 * A folder, an empty file, one that is no capture, another link type: NULL with words.
 */
struct wv_capture *wv_capture_open(const char *path, struct wv_err *err);
void wv_capture_close(struct wv_capture *c);

enum wv_link wv_capture_link(const struct wv_capture *c);

// 1: a frame; 0: the end, whole; < 0: the file is cut or damaged after the last frame, with words.
int wv_capture_next(struct wv_capture *c, struct wv_capture_frame *frame, struct wv_err *err);

struct wv_capture_survey {
	uint64_t frames;
	uint32_t longest; // captured octets of the longest frame
	uint64_t cut;     // frames cut by the snapshot length
	uint64_t first_ns, last_ns;
	enum wv_link link;
};

// Read the whole file once. 0, or < 0 with words; then the survey tells of the whole frames.
int wv_capture_read(const char *path, struct wv_capture_survey *survey, struct wv_err *err);

#endif
