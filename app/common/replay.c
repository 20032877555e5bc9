#include <errno.h>
#include <stdlib.h>

#include "wv_app.h"

#define QR_OCTET 2 // of the payload (RFC 1035 4.1.1)
#define QR_BIT   0x80

struct wv_app_replay {
	struct wv_capture *capture;
	struct wv_flow *flow;
	struct wv_packet_ports ports;
	struct wv_app_replay_counts counts;
	struct wv_packet p;
	struct wv_message m;
};

struct wv_app_replay *wv_app_replay_open(const char *path, const struct wv_packet_ports *ports,
	const struct wv_config *queries, struct wv_err *err)
{
	const struct wv_flow_params params = {
		.entries = queries->queries.entries,
		.life = (uint64_t)queries->queries.life_ms * 1000, // capture times, in microseconds
	};
	struct wv_app_replay *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		wv_fail(err, ENOMEM, "%s: no memory", path);
		return NULL;
	}
	r->ports = *ports;
	r->capture = wv_capture_open(path, err);
	if (r->capture == NULL)
		goto out;
	r->flow = wv_flow_create(&params, err);
	if (r->flow != NULL)
		return r;
out:
	wv_app_replay_close(r);
	return NULL;
}

void wv_app_replay_close(struct wv_app_replay *r)
{
	if (r == NULL)
		return;
	wv_flow_destroy(r->flow);
	wv_capture_close(r->capture);
	free(r);
}

const struct wv_app_replay_counts *wv_app_replay_count(const struct wv_app_replay *r)
{
	return &r->counts;
}

static void frame_count(struct wv_app_replay *r, const struct wv_capture_frame *f)
{
	r->counts.tcp += r->p.kind == WV_PACKET_DNS_TCP;
	r->counts.fragments += r->p.kind == WV_PACKET_FRAGMENT;
	if (f->len < f->wire_len && r->counts.cut++ == 0)
		r->counts.first_cut = f->number;
}

static void query_add(struct wv_app_replay *r, const struct wv_capture_frame *f)
{
	const uint8_t *payload = f->octets + r->p.payload;
	struct wv_flow_look look;

	if (wv_message_parse(&r->m, payload, r->p.payload_len, 0) == WV_MESSAGE_OK
		&& wv_flow_begin(&look, r->flow, &r->p, f->octets, false))
		wv_flow_add(r->flow, &look, &r->m, f->time_ns / 1000);
}

static void query_find(
	struct wv_app_replay *r, const struct wv_capture_frame *f, struct wv_validate_query *query)
{
	struct wv_flow_look look;
	struct wv_flow_query seen;

	*query = (struct wv_validate_query){.known = false};
	if (!wv_flow_begin(&look, r->flow, &r->p, f->octets, true)
		|| !wv_flow_match(r->flow, &look, f->time_ns / 1000, true, &seen))
		return;
	*query = (struct wv_validate_query){
		.known = true,
		.dnssec_ok = seen.dnssec_ok,
		.checking_disabled = seen.checking_disabled,
		.is_signed = seen.is_signed,
	};
}

static void response_read(
	struct wv_app_replay *r, const struct wv_capture_frame *f, struct wv_app_response *response)
{
	response->frame = f->number;
	response->time_ns = f->time_ns;
	response->m = &r->m;
	response->payload = f->octets + r->p.payload;
	response->len = r->p.payload_len;
	response->status = wv_message_parse(&r->m, response->payload, response->len, 0);
	query_find(r, f, &response->query);
}

int wv_app_replay_next(
	struct wv_app_replay *r, struct wv_app_response *response, struct wv_err *err)
{
	struct wv_capture_frame f;
	int got;

	while ((got = wv_capture_next(r->capture, &f, err)) > 0) {
		wv_packet_look(&r->p, f.octets, f.len, wv_capture_link(r->capture), &r->ports);
		frame_count(r, &f);
		if (r->p.kind != WV_PACKET_DNS_UDP || r->p.payload_len <= QR_OCTET)
			continue;
		if ((f.octets[r->p.payload + QR_OCTET] & QR_BIT) == 0) {
			if (r->p.to_dns_port)
				query_add(r, &f);
			continue;
		}
		if (!r->p.from_dns_port)
			continue;
		response_read(r, &f, response);
		return 1;
	}
	return got;
}

int wv_app_cut_fail(const char *path, const struct wv_app_replay_counts *counts, struct wv_err *err)
{
	return wv_fail(err, EMSGSIZE,
		"%s: want whole frames, but %llu are cut by the snapshot length, first frame %llu",
		path, (unsigned long long)counts->cut, (unsigned long long)counts->first_cut);
}

int wv_app_learn(struct wv_chain *chain, const char *path, const struct wv_packet_ports *ports,
	const struct wv_config *queries, struct wv_err *err)
{
	struct wv_app_replay *r = wv_app_replay_open(path, ports, queries, err);
	struct wv_app_response response;
	int got;

	if (r == NULL)
		return -EINVAL;
	while ((got = wv_app_replay_next(r, &response, err)) > 0) {
		if (wv_chain_add(chain, response.payload, response.len,
			    (uint32_t)(response.time_ns / 1000000000), &response.query)
			!= 0) {
			got = wv_fail(err, ENOMEM, "%s: no memory for what it teaches", path);
			break;
		}
	}
	if (got == 0 && r->counts.cut > 0)
		got = wv_app_cut_fail(path, &r->counts, err);
	wv_app_replay_close(r);
	return got;
}
