#include "traffic.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "wv_packet.h"
#include "wv_wire.h"

#include "signer.h"

#define ALGORITHM 13 // ECDSAP256SHA256
#define TTL       3600
#define DAY_S     86400
#define GAP_US    10   // between frames
#define PAYLOAD   1232 // octets of DNS at most

static const struct {
	const char *name;
	enum traffic_mix mix;
	enum wv_verdict verdict;
} mixes[] = {
	{"S", TRAFFIC_SIGNED, WV_VERDICT_SECURE},
	{"I", TRAFFIC_UNSIGNED, WV_VERDICT_INSECURE},
};
static_assert(WV_COUNT(mixes) == TRAFFIC_MIXES, "a mix without a name");

// A zone: its name on the wire, and what signs it.
struct zone {
	uint8_t name[64];
	uint8_t len;
	struct signer_key key;
	uint16_t key_tag;
};

// A response that was sent, to be sent again.
struct sent {
	size_t at; // in payloads
	uint16_t len;
	uint32_t zone;
};

struct traffic {
	struct traffic_params params;
	struct signer *signer;
	struct zone root, tld[TRAFFIC_TLDS];
	struct zone *zone;
	double *weight; // cumulative, Zipf(1.0) over zones
	uint64_t state; // of the random numbers
	uint64_t time_us;
	struct sent *sent;
	uint8_t *payloads;
	size_t payloads_len, payloads_room;
	struct traffic_counts counts;
};

// A message being written; names are compressed to the question's where that is simple.
struct builder {
	uint8_t octets[PAYLOAD];
	size_t len;
};

const char *traffic_mix_name(enum traffic_mix mix)
{
	return mixes[mix].name;
}

enum wv_verdict traffic_mix_verdict(enum traffic_mix mix)
{
	return mixes[mix].verdict;
}

const char *traffic_mix_list(void)
{
	return "S, I";
}

enum traffic_mix traffic_mix_find(const char *name)
{
	for (unsigned i = 0; i < TRAFFIC_MIXES; i++) {
		if (strcmp(name, mixes[i].name) == 0)
			return mixes[i].mix;
	}
	return TRAFFIC_MIXES;
}

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
static uint64_t random64(struct traffic *t)
{
	uint64_t z = t->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double random_unit(struct traffic *t)
{
	return (double)(random64(t) >> 11) / (double)(UINT64_C(1) << 53);
}

static void put(struct builder *b, const void *octets, size_t n)
{
	memcpy(b->octets + b->len, octets, n);
	b->len += n;
}

static void put8(struct builder *b, uint8_t v)
{
	b->octets[b->len++] = v;
}

static void put16(struct builder *b, uint16_t v)
{
	wv_store16(b->octets + b->len, v);
	b->len += 2;
}

static void put32(struct builder *b, uint32_t v)
{
	wv_store32(b->octets + b->len, v);
	b->len += 4;
}

// "label" and the name after it, as octets; returns their number.
static uint8_t name_make(uint8_t *out, const char *label, const uint8_t *parent, uint8_t parent_len)
{
	size_t n = strlen(label);

	out[0] = (uint8_t)n;
	memcpy(out + 1, label, n);
	memcpy(out + 1 + n, parent, parent_len);
	return (uint8_t)(1 + n + parent_len);
}

static unsigned name_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + *name)
		n++;
	return n;
}

static size_t dnskey_rdata(const struct zone *z, uint8_t out[4 + SIGNER_PUBLIC])
{
	wv_store16(out, 257);
	out[2] = 3;
	out[3] = ALGORITHM;
	memcpy(out + 4, z->key.public_key, SIGNER_PUBLIC);
	return 4 + SIGNER_PUBLIC;
}

static uint16_t key_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

static size_t ds_rdata(const struct zone *z, uint8_t out[36])
{
	uint8_t data[64 + 4 + SIGNER_PUBLIC];
	size_t n;

	memcpy(data, z->name, z->len);
	n = z->len + dnskey_rdata(z, data + z->len);
	wv_store16(out, z->key_tag);
	out[2] = ALGORITHM;
	out[3] = 2;
	SHA256(data, n, out + 4);
	return 36;
}

static bool zone_make(
	struct traffic *t, struct zone *z, const char *label, const struct zone *parent)
{
	uint8_t rdata[4 + SIGNER_PUBLIC];
	char id[64];

	if (parent == NULL) {
		z->name[0] = 0;
		z->len = 1;
	} else {
		z->len = name_make(z->name, label, parent->name, parent->len);
	}
	snprintf(id, sizeof(id), "%s", parent == NULL ? "." : label);
	if (!signer_key(t->signer, &z->key, t->params.seed, id))
		return false;
	z->key_tag = key_tag(rdata, dnskey_rdata(z, rdata));
	return true;
}

static const struct zone *zone_parent(const struct traffic *t, uint32_t i)
{
	return &t->tld[i % TRAFFIC_TLDS];
}

struct traffic *traffic_create(const struct traffic_params *params, struct wv_err *err)
{
	struct traffic *t = calloc(1, sizeof(*t));
	double sum = 0;
	char label[32];

	if (t == NULL)
		goto no_memory;
	t->params = *params;
	t->state = params->seed;
	t->time_us = (uint64_t)params->time_s * 1000000;
	t->signer = signer_create();
	t->zone = calloc(params->zones, sizeof(*t->zone));
	t->weight = calloc(params->zones, sizeof(*t->weight));
	t->sent = calloc(params->responses + 1, sizeof(*t->sent));
	if (t->signer == NULL || t->zone == NULL || t->weight == NULL || t->sent == NULL)
		goto no_memory;
	if (!zone_make(t, &t->root, "", NULL))
		goto no_memory;
	for (unsigned i = 0; i < TRAFFIC_TLDS; i++) {
		snprintf(label, sizeof(label), "t%u", i);
		if (!zone_make(t, &t->tld[i], label, &t->root))
			goto no_memory;
	}
	for (unsigned i = 0; i < params->zones; i++) {
		snprintf(label, sizeof(label), "zone%u", i);
		if (!zone_make(t, &t->zone[i], label, zone_parent(t, i)))
			goto no_memory;
		sum += 1.0 / (i + 1);
		t->weight[i] = sum;
	}
	return t;
no_memory:
	wv_fail(err, ENOMEM, "traffic: no memory for %u zones and %u responses", params->zones,
		params->responses);
	traffic_destroy(t);
	return NULL;
}

void traffic_destroy(struct traffic *t)
{
	if (t == NULL)
		return;
	free(t->payloads);
	free(t->sent);
	free(t->weight);
	free(t->zone);
	signer_destroy(t->signer);
	free(t);
}

int traffic_anchors(struct traffic *t, char *out, size_t room)
{
	uint8_t rdata[36];
	int n;

	ds_rdata(&t->root, rdata);
	n = snprintf(out, room, ". IN DS %u %u %u ", wv_load16(rdata), rdata[2], rdata[3]);
	for (unsigned i = 0; n > 0 && i < 32; i++)
		n += snprintf(out + n, room - (size_t)n, "%02x", rdata[4 + i]);
	return n + snprintf(out + n, room - (size_t)n, "\n");
}

static void header(struct builder *b, uint16_t flags, unsigned answers, unsigned authorities)
{
	b->len = 0;
	put16(b, 0);
	put16(b, flags);
	put16(b, 1);
	put16(b, (uint16_t)answers);
	put16(b, (uint16_t)authorities);
	put16(b, 1);
}

// A record of the name asked for.
static void record(struct builder *b, uint16_t type, const uint8_t *rdata, size_t rdlen)
{
	put16(b, 0xc00c);
	put16(b, type);
	put16(b, WV_CLASS_IN);
	put32(b, TTL);
	put16(b, (uint16_t)rdlen);
	put(b, rdata, rdlen);
}

// The RRSIG over one record of `name`, the name asked for.
static bool sign(struct traffic *t, struct builder *b, const struct zone *by, const uint8_t *name,
	size_t name_len, uint16_t type, const uint8_t *rdata, size_t rdlen)
{
	struct builder data = {.len = 0};
	uint8_t out[18 + 64 + SIGNER_SIGNATURE];
	size_t head;

	put16(&data, type);
	put8(&data, ALGORITHM);
	put8(&data, (uint8_t)name_labels(name));
	put32(&data, TTL);
	put32(&data, t->params.time_s + 15 * DAY_S);
	put32(&data, t->params.time_s - 15 * DAY_S);
	put16(&data, by->key_tag);
	put(&data, by->name, by->len);
	head = data.len;
	memcpy(out, data.octets, head);
	put(&data, name, name_len);
	put16(&data, type);
	put16(&data, WV_CLASS_IN);
	put32(&data, TTL);
	put16(&data, (uint16_t)rdlen);
	put(&data, rdata, rdlen);
	if (!signer_sign(t->signer, &by->key, data.octets, data.len, out + head))
		return false;
	record(b, WV_TYPE_RRSIG, out, head + SIGNER_SIGNATURE);
	return true;
}

static void put_opt(struct builder *b)
{
	static const uint8_t opt[] = {
		0, 0, WV_TYPE_OPT, 1232 >> 8, 1232 & 255, 0, 0, 0x80, 0, 0, 0};

	put(b, opt, sizeof(opt));
}

/*
 * One frame around a payload: the resolver is 192.0.2.x, the server's address follows from the zone.
 * 30 % IPv6.
 */
static int emit_frame(struct traffic *t, traffic_emit_fn emit, void *arg, const uint8_t *payload,
	size_t len, bool is_response, uint32_t server, uint64_t dice)
{
	static const struct wv_packet_ports ports = {.n = 1, .port = {53}};
	uint8_t frame[TRAFFIC_FRAME], *p = frame;
	const uint8_t *mac = (const uint8_t *)"\2\0\0\0\0\1\2\0\0\0\0\2\2\0\0\0\0\1";
	bool ipv6 = dice % 10 < 3;
	uint16_t port = (uint16_t)(1024 + (dice >> 16) % 60000);
	uint8_t client = (uint8_t)(1 + (dice >> 8) % 8);
	unsigned size = ipv6 ? 16 : 4;
	uint8_t address[2][16];
	struct wv_packet packet;
	struct traffic_frame out;

	memcpy(p, mac + (is_response ? 0 : 6), 12);
	p += 12;
	wv_store16(p, ipv6 ? 0x86dd : 0x0800);
	p += 2;
	memset(address, 0, sizeof(address));
	for (unsigned side = 0; side < 2; side++) {
		if (ipv6)
			memcpy(address[side], "\x20\x01\x0d\xb8", 4);
		wv_store32(address[side] + size - 4,
			side == 0 ? 0xc0000200u | client : 0xc6120000u | (server & 0x1ffff));
	}
	if (ipv6) {
		memcpy(p, "\x60\0\0\0", 4);
		wv_store16(p + 4, (uint16_t)(8 + len));
		p[6] = 17;
		p[7] = 64;
		p += 8;
	} else {
		memcpy(p, "\x45\0\0\0\0\0\0\0\x40\x11\0\0", 12);
		wv_store16(p + 2, (uint16_t)(28 + len));
		p += 12;
	}
	memcpy(p, address[is_response], size);
	memcpy(p + size, address[!is_response], size);
	p += 2 * (size_t)size;
	wv_store16(p, is_response ? 53 : port);
	wv_store16(p + 2, is_response ? port : 53);
	wv_store16(p + 4, (uint16_t)(8 + len));
	wv_store16(p + 6, 0);
	memcpy(p + 8, payload, len);
	p += 8 + len;
	if (wv_packet_look(&packet, frame, (size_t)(p - frame), WV_LINK_ETHERNET, &ports)
		!= WV_PACKET_DNS_UDP)
		return -EINVAL;
	out.octets = frame;
	out.len = wv_packet_finish_udp(&packet, frame, (uint16_t)len);
	out.time_us = t->time_us;
	out.is_response = is_response;
	t->time_us += GAP_US;
	return emit(arg, &out);
}

// The query, then the response in `b`, under a new id, port and client; a third with 0x20.
static int exchange(
	struct traffic *t, traffic_emit_fn emit, void *arg, struct builder *b, uint32_t server)
{
	struct builder q;
	uint64_t dice = random64(t), letters = random64(t);
	uint16_t id = (uint16_t)random64(t);
	size_t end = 12;
	int rc;

	wv_store16(b->octets, id);
	while (b->octets[end] != 0) {
		for (size_t i = end + 1; i <= end + b->octets[end]; i++) {
			uint8_t c = b->octets[i] | 0x20;

			if (c < 'a' || c > 'z')
				continue;
			b->octets[i] = dice >> 40 & 3 || !(letters & 1) ? c : c ^ 0x20;
			letters = letters >> 1 | letters << 63;
		}
		end += 1 + b->octets[end];
	}
	end += 5;
	header(&q, 0, 0, 0);
	wv_store16(q.octets, id);
	put(&q, b->octets + 12, end - 12);
	put_opt(&q);
	rc = emit_frame(t, emit, arg, q.octets, q.len, false, server, dice);
	if (rc == 0)
		rc = emit_frame(t, emit, arg, b->octets, b->len, true, server, dice);
	return rc;
}

static int chain_dnskey(
	struct traffic *t, traffic_emit_fn emit, void *arg, const struct zone *z, uint32_t server)
{
	struct builder b;
	uint8_t rdata[4 + SIGNER_PUBLIC];
	size_t n = dnskey_rdata(z, rdata);

	header(&b, 0x8400, 2, 0);
	put(&b, z->name, z->len);
	put16(&b, WV_TYPE_DNSKEY);
	put16(&b, WV_CLASS_IN);
	record(&b, WV_TYPE_DNSKEY, rdata, n);
	if (!sign(t, &b, z, z->name, z->len, WV_TYPE_DNSKEY, rdata, n))
		return -ENOMEM;
	put_opt(&b);
	return exchange(t, emit, arg, &b, server);
}

// The DS answer of a zone, or an NSEC that proves it has none.
static int chain_ds(struct traffic *t, traffic_emit_fn emit, void *arg, const struct zone *z,
	const struct zone *parent, bool is_signed)
{
	struct builder b;
	uint8_t rdata[128];
	size_t n;
	uint16_t type = is_signed ? WV_TYPE_DS : WV_TYPE_NSEC;

	if (is_signed) {
		n = ds_rdata(z, rdata);
	} else {
		n = name_make(rdata, "zzz", parent->name, parent->len);
		// Window 0, six octets: NS, RRSIG, NSEC.
		memcpy(rdata + n, "\0\6\x20\0\0\0\0\3", 8);
		n += 8;
	}
	header(&b, 0x8400, is_signed ? 2 : 0, is_signed ? 0 : 2);
	put(&b, z->name, z->len);
	put16(&b, WV_TYPE_DS);
	put16(&b, WV_CLASS_IN);
	record(&b, type, rdata, n);
	if (!sign(t, &b, parent, z->name, z->len, type, rdata, n))
		return -ENOMEM;
	put_opt(&b);
	return exchange(t, emit, arg, &b, 0);
}

int traffic_chain(struct traffic *t, traffic_emit_fn emit, void *arg)
{
	bool is_signed = t->params.mix != TRAFFIC_UNSIGNED;
	int rc = chain_dnskey(t, emit, arg, &t->root, 0);

	for (unsigned i = 0; rc == 0 && i < TRAFFIC_TLDS; i++) {
		rc = chain_ds(t, emit, arg, &t->tld[i], &t->root, true);
		if (rc == 0)
			rc = chain_dnskey(t, emit, arg, &t->tld[i], 0);
	}
	for (unsigned i = 0; rc == 0 && i < t->params.zones; i++) {
		rc = chain_ds(t, emit, arg, &t->zone[i], zone_parent(t, i), is_signed);
		if (rc == 0 && is_signed)
			rc = chain_dnskey(t, emit, arg, &t->zone[i], i);
	}
	return rc;
}

static uint32_t zone_draw(struct traffic *t)
{
	double u = random_unit(t) * t->weight[t->params.zones - 1];
	uint32_t low = 0, high = t->params.zones - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->weight[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// A new answer: an address of a host that was not asked for before.
static bool answer_make(struct traffic *t, struct builder *b, uint32_t zone)
{
	const struct zone *z = &t->zone[zone];
	uint64_t dice = random64(t);
	uint8_t name[128], rdata[4], len;
	char label[32];
	bool is_signed = t->params.mix != TRAFFIC_UNSIGNED;

	snprintf(label, sizeof(label), "host%llu", (unsigned long long)t->counts.distinct);
	len = name_make(name, label, z->name, z->len);
	wv_store32(rdata, (uint32_t)dice);
	header(b, 0x8400, is_signed ? 2 : 1, 0);
	put(b, name, len);
	put16(b, WV_TYPE_A);
	put16(b, WV_CLASS_IN);
	record(b, WV_TYPE_A, rdata, sizeof(rdata));
	if (is_signed && !sign(t, b, z, name, len, WV_TYPE_A, rdata, sizeof(rdata)))
		return false;
	put_opt(b);
	// Half the answers carry a COOKIE (RFC 7873) of a client and a server part.
	if (dice >> 40 & 1) {
		wv_store16(b->octets + b->len - 2, 20);
		put16(b, 10);
		put16(b, 16);
		put32(b, (uint32_t)random64(t));
		put32(b, (uint32_t)random64(t));
		put32(b, (uint32_t)random64(t));
		put32(b, (uint32_t)random64(t));
	}
	return true;
}

static bool keep(struct traffic *t, const struct builder *b, uint32_t zone)
{
	struct sent *s = &t->sent[t->counts.distinct];

	if (t->payloads_len + b->len > t->payloads_room) {
		size_t room = t->payloads_room * 2 + (1u << 20);
		uint8_t *p = realloc(t->payloads, room);

		if (p == NULL)
			return false;
		t->payloads = p;
		t->payloads_room = room;
	}
	*s = (struct sent){.at = t->payloads_len, .len = (uint16_t)b->len, .zone = zone};
	memcpy(t->payloads + s->at, b->octets, b->len);
	t->payloads_len += b->len;
	t->counts.distinct++;
	return true;
}

// One of the answers sent before, Zipf(1.0) over them: the inverse of the integral of 1/x.
static uint32_t again(struct traffic *t, struct builder *b)
{
	double n = (double)t->counts.distinct;
	uint64_t i = (uint64_t)(exp(random_unit(t) * log(n + 1)) - 1);
	const struct sent *s = &t->sent[i < t->counts.distinct ? i : t->counts.distinct - 1];

	memcpy(b->octets, t->payloads + s->at, s->len);
	b->len = s->len;
	return s->zone;
}

int traffic_run(struct traffic *t, traffic_emit_fn emit, void *arg)
{
	struct traffic_counts *c = &t->counts;
	uint64_t distinct = (uint64_t)t->params.responses * (100 - t->params.repeat) / 100;
	int rc = 0;

	if (distinct == 0)
		distinct = 1;
	c->shortest = PAYLOAD;
	for (; rc == 0 && c->responses < t->params.responses; c->responses++) {
		struct builder b;
		uint32_t zone;
		// Of the rest, as many are new as are still owed: exactly `distinct` in the end.
		uint64_t left = t->params.responses - c->responses;
		bool fresh = c->distinct == 0 || random64(t) % left < distinct - c->distinct;

		if (fresh) {
			zone = zone_draw(t);
			if (!answer_make(t, &b, zone) || !keep(t, &b, zone))
				return -ENOMEM;
		} else {
			zone = again(t, &b);
		}
		c->octets += b.len;
		if (b.len < c->shortest)
			c->shortest = (unsigned)b.len;
		if (b.len > c->longest)
			c->longest = (unsigned)b.len;
		rc = exchange(t, emit, arg, &b, zone);
	}
	return rc;
}

const struct traffic_counts *traffic_count(const struct traffic *t)
{
	return &t->counts;
}
