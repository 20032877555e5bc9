/**
 * @file
 * Verdicts and events as JSON lines (RFC 8259), formatted without allocation.
 *
 * Units      octets
 * Ownership  the text is written to the caller's memory
 * Threads    any
 * Errors     a line that does not fit is cut at an RRset and says so ("cut": true)
 */
#ifndef WV_EVENTS_H
#define WV_EVENTS_H

#include "wv_validate.h"

struct wv_events_verdict {
	uint64_t frame;
	const struct wv_message *m;
	enum wv_message_status
		status; // where the question cannot be read, qname and qtype are null
	const struct wv_validation *v; // judged
	const char *port;              // NULL: left out
	const char *action;            // NULL: left out
};

#define WV_EVENTS_LINE_MIN 4096 // room that a line needs at least: two of the longest names fit

/**
 * The line of wirevet-verdict, with its line feed:
 * {"frame":N,"qname":…,"qtype":…,"verdict":…,"reason":…,"ede":…,"rrsets":[…]} and, where they are
 * given, "port" and "action" after "frame". RRsets in order of the message: those in answer and
 * authority, and in additional where they were needed; signer, key_tag and algorithm are null
 * where no signature was looked at.
 * @param room  at least WV_EVENTS_LINE_MIN
 * @return octets written
 */
size_t wv_events_verdict(const struct wv_events_verdict *what, char *out, size_t room);

/**
 * One event for a verdict that is not fine (bogus; or would be blocked), with its line feed:
 * {"time":"2026-08-22T18:00:00.000000Z","event":"verdict","port":…,"client":…,"server":…,"qname":…,
 *  "qtype":…,"verdict":…,"reason":…,"ede":…,"action":…,"signer":…,"key_tag":…,"algorithm":…,
 *  "inception":…,"expiration":…,"text":…}.
 * Client and server are addresses with ports in text.
 */
size_t wv_events_trouble(const struct wv_events_verdict *what, uint64_t time_ns, const char *client,
	const char *server, char *out, size_t room);

#endif
