// The chain of the traffic, as wirevet learns it from preloaded captures.
#include "learn.h"

#include <errno.h>
#include <string.h>

#include "wv_app.h"

static const struct wv_packet_ports ports = {.n = 1, .port = {53}};

const uint8_t *frame_payload(const struct packets *p, const struct packet *frame, size_t *len)
{
	const uint8_t *octets = p->octets + frame->at;
	struct wv_packet look;

	if (wv_packet_look(&look, octets, frame->len, WV_LINK_ETHERNET, &ports)
		!= WV_PACKET_DNS_UDP)
		return NULL;
	*len = look.payload_len;
	return octets + look.payload;
}

static int chain_add(
	struct wv_chain *chain, const struct learn_params *params, const struct packet *frame)
{
	static const struct wv_validate_query query = {.known = true, .dnssec_ok = true};
	size_t len;
	const uint8_t *payload = frame_payload(params->chain, frame, &len);

	if (payload == NULL)
		return -EINVAL;
	return wv_chain_add(chain, payload, len, params->time_s, &query);
}

static int chain_learn(
	const struct learn_params *params, struct wv_trust *trust, struct wv_err *err)
{
	const struct packets *p = params->chain;
	const struct wv_chain_params chain_params = {
		.trust = trust,
		.settings = params->settings,
		.leg = WV_LEG_UPSTREAM,
		.now = {.now_s = params->time_s, .checked = true},
	};
	struct wv_chain *chain = wv_chain_create(&chain_params, err);
	struct wv_chain_counts counts;
	int rc = 0;

	if (chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; rc == 0 && i < p->n; i++) {
		if (p->list[i].from_outside)
			rc = chain_add(chain, params, &p->list[i]);
	}
	wv_chain_settle(chain);
	wv_chain_count(chain, &counts);
	wv_chain_destroy(chain);
	if (rc < 0)
		return wv_fail(err, -rc, "chain: a message cannot be learned: %s", strerror(-rc));
	if (counts.dropped > 0)
		return wv_fail(err, EPROTO, "chain: want %llu messages proven, not all but %llu",
			(unsigned long long)counts.messages, (unsigned long long)counts.dropped);
	return 0;
}

int learn(const struct learn_params *params, struct wv_trust *trust, struct wv_err *err)
{
	unsigned n = 0;
	int rc = wv_app_thread_init(err);

	if (rc < 0)
		return rc;
	rc = wv_trust_read_anchors(
		trust, "anchors", params->anchors, strlen(params->anchors), &n, err);
	if (rc == 0)
		rc = chain_learn(params, trust, err);
	wv_app_thread_fini();
	return rc;
}
