/**
 * @file
 * From a bogus response to a SERVFAIL that a resolver accepts (W6; RFC 1035, 6891, 7873, 8914).
 *
 * Units      octets
 * Ownership  all memory is the caller's
 * Threads    any
 * Errors     none: a SERVFAIL with the question alone always fits where a response was
 */
#ifndef WV_REWRITE_H
#define WV_REWRITE_H

#include "wv_message.h"
#include "wv_verdict.h"

#define WV_REWRITE_MAX 512 // octets of the longest SERVFAIL over UDP

struct wv_rewrite_facts {
	enum wv_reason reason; // gives the EDE and its text
	const uint8_t *qname;  // uncompressed, as the client sent it; NULL: as the response has it
	uint16_t qname_len;
	const char *text; // more words after the reason's own, or NULL: "signer example., key 4711"
};

/**
 * Write the SERVFAIL that replaces the response `m`: id, opcode, RD, CD, RA and question kept;
 * QR=1, AA=AD=TC=0; OPT only if the response had one, with its version 0 and our size kept, its
 * COOKIE, and EDE with text, cut first where room is short, then the EDE left out, then the
 * COOKIE, then OPT itself.
 * @param out  room of WV_REWRITE_MAX octets, not overlapping the message
 * @return octets: never more than the response had, nor WV_REWRITE_MAX
 */
uint16_t wv_rewrite_servfail(
	const struct wv_message *m, const struct wv_rewrite_facts *facts, uint8_t *out);

#endif
