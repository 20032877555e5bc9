// What rig.c and alone.c share.
#ifndef LEARN_H
#define LEARN_H

#include "wv_trust.h"
#include "wv_validate.h"

#include "bench.h"

struct learn_params {
	const struct packets *chain;
	const char *anchors; // the text of an anchors file
	const struct wv_validate_settings *settings;
	uint32_t time_s;
};

// Put what proves the zones of the traffic into a store.
int learn(const struct learn_params *params, struct wv_trust *trust, struct wv_err *err);

// The DNS message in a frame; NULL: it is no datagram from or to a DNS port.
const uint8_t *frame_payload(const struct packets *p, const struct packet *frame, size_t *len);

#endif
