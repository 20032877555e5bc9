#include <stdlib.h>
#include <string.h>

#include "wv_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wv_message message, reply;

// A SERVFAIL can be read, says what it should, and is no longer than the response was.
static void check_reply(const uint8_t *out, uint16_t len)
{
	if (len > message.len || len > WV_REWRITE_MAX)
		abort();
	if (wv_message_parse(&reply, out, len, 0) == WV_MESSAGE_NO_QUESTION) {
		if (len != 12 || reply.count[0] != 0)
			abort();
		return; // the question points into the header, and there was no room to write it out
	}
	if (reply.rcode != WV_RCODE_SERVFAIL || reply.id != message.id || reply.end != len)
		abort();
	if (reply.qtype != message.qtype || reply.qclass != message.qclass)
		abort();
	if (reply.count[1] != 0 || reply.count[2] != 0 || reply.count[3] > message.has_edns)
		abort();
	if (reply.has_edns && reply.edns_do != message.edns_do)
		abort();
}

// The first octet is the reason, the rest the response.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wv_rewrite_facts facts = {.text = "signer example., key 4711"};
	enum wv_message_status status;
	uint8_t *out;

	if (size == 0 || size > UINT16_MAX)
		return 0;
	status = wv_message_parse(&message, data + 1, size - 1, 0);
	if (status == WV_MESSAGE_NO_HEADER || status == WV_MESSAGE_NO_QUESTION)
		return 0;
	facts.reason = (enum wv_reason)(data[0] % WV_REASON_COUNT);
	out = malloc(WV_REWRITE_MAX);
	if (out == NULL)
		abort();
	check_reply(out, wv_rewrite_servfail(&message, &facts, out));
	free(out);
	return 0;
}
