// The order of things: which response comes next, new or again, by which way, and what is counted.
#include "traffic.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"

#define COOKIE       16     // octets: client's and server's part (RFC 7873)
#define CLIENTS      8      // resolvers
#define TCP_SHARE    0.03   //
#define FRAGMENTED   0.001  // of all responses
#define FRAGMENT_LEN 512    // octets of the shortest message that comes in fragments
#define LONG_SHARE   0.139  // of the responses are as long as that
#define BOGUS_SHARE  0.0005 // of the signed ones
#define ZONES_MIXED  20     // so many have every class

static const struct {
	const char *name;
	bool is_mixed;
} mixes[] = {
	[TRAFFIC_SIGNED] = {"S", false},
	[TRAFFIC_UNSIGNED] = {"I", false},
	[TRAFFIC_UPSTREAM] = {"U", true},
	[TRAFFIC_HOSTILE] = {"K", true},
};
static_assert(WV_COUNT(mixes) == TRAFFIC_MIXES, "a mix without a name");

const char *traffic_mix_name(enum traffic_mix mix)
{
	return mixes[mix].name;
}

const char *traffic_mix_list(void)
{
	return "S, I, U, K";
}

enum traffic_mix traffic_mix_find(const char *name)
{
	for (unsigned i = 0; i < TRAFFIC_MIXES; i++) {
		if (strcmp(name, mixes[i].name) == 0)
			return i;
	}
	return TRAFFIC_MIXES;
}

unsigned traffic_mix_zones(enum traffic_mix mix)
{
	return mixes[mix].is_mixed ? ZONES_MIXED : 1;
}

static const char *const ways[] = {
	[TRAFFIC_UDP] = "udp",
	[TRAFFIC_TCP] = "tcp",
	[TRAFFIC_FRAGMENTS] = "fragments",
};
static_assert(WV_COUNT(ways) == TRAFFIC_WAYS, "a way without a name");

const char *traffic_way_name(enum traffic_way way)
{
	return ways[way];
}

// ---- life ----

struct traffic *traffic_create(const struct traffic_params *params, struct wv_err *err)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (t == NULL)
		goto no_memory;
	t->params = *params;
	t->state = params->seed;
	t->time_us = (uint64_t)params->time_s * 1000000;
	t->signer = signer_create(params->seed);
	t->sent = calloc(params->responses + 1, sizeof(*t->sent));
	t->response = calloc(params->responses + 1, sizeof(*t->response));
	if (t->signer == NULL || t->sent == NULL || t->response == NULL)
		goto no_memory;
	if (tree_make(t, err) == 0)
		return t;
	traffic_destroy(t);
	return NULL;
no_memory:
	wv_fail(err, ENOMEM, "traffic: no memory for %u responses", params->responses);
	traffic_destroy(t);
	return NULL;
}

void traffic_destroy(struct traffic *t)
{
	if (t == NULL)
		return;
	tree_fini(t);
	free(t->payloads);
	free(t->response);
	free(t->sent);
	signer_destroy(t->signer);
	free(t);
}

int traffic_anchors(struct traffic *t, char *out, size_t room)
{
	uint8_t rdata[DS_RDATA];
	int n;

	ds_rdata(&t->root, rdata);
	n = snprintf(out, room, ". IN DS %u %u %u ", wv_load16(rdata), rdata[2], rdata[3]);
	for (unsigned i = 0; n > 0 && i < 32; i++)
		n += snprintf(out + n, room - (size_t)n, "%02x", rdata[4 + i]);
	return n + snprintf(out + n, room - (size_t)n, "\n");
}

bool traffic_sample(struct traffic *t, unsigned sample, const uint8_t *data, size_t len,
	struct traffic_sample *out)
{
	static const enum signer_kind kinds[] = {
		SIGNER_P256, SIGNER_P384, SIGNER_ED25519, SIGNER_RSA1024, SIGNER_RSA2048};
	struct signer_key key;

	static_assert(WV_COUNT(kinds) == TRAFFIC_SAMPLES, "a sample without a key");
	if (!signer_key(t->signer, &key, kinds[sample], "sample"))
		return false;
	out->algorithm = signer_algorithm(key.kind);
	out->public_len = key.public_len;
	memcpy(out->public_key, key.public_key, key.public_len);
	out->signature_len = signer_len(key.kind);
	return signer_sign(t->signer, &key, data, len, out->signature);
}

// ---- an exchange ----

// How it comes. Mixes S and I come in datagrams alone.
static enum traffic_way way_draw(struct traffic *t, const struct sent *s)
{
	struct traffic_kind kind = traffic_kind_get(t->params.mix, s->kind);
	double u;

	if (!mixes[t->params.mix].is_mixed || kind.is_hostile
		|| kind.verdict == WV_VERDICT_INDETERMINATE)
		return TRAFFIC_UDP;
	u = mix_random_unit(t);
	if (u < TCP_SHARE)
		return TRAFFIC_TCP;
	if (s->len >= FRAGMENT_LEN && u < TCP_SHARE + FRAGMENTED / LONG_SHARE)
		return TRAFFIC_FRAGMENTS;
	return TRAFFIC_UDP;
}

// 0x20: each letter as it comes (draft-vixie-dnsext-dns0x20). Returns the end of the question.
static size_t question_case(struct builder *b, bool mixed, uint64_t letters)
{
	size_t end = 12;

	for (; b->octets[end] != 0; end += 1 + b->octets[end]) {
		for (size_t i = end + 1; i <= end + b->octets[end]; i++) {
			uint8_t c = b->octets[i] | 0x20;

			if (c < 'a' || c > 'z')
				continue;
			b->octets[i] = mixed && (letters & 1) != 0 ? c ^ 0x20 : c;
			letters = letters >> 1 | letters << 63;
		}
	}
	return end + 5;
}

// What a client and a server keep telling each other (RFC 7873).
struct cookie {
	bool used; // by half of them
	uint8_t octets[COOKIE];
};

static struct cookie cookie_of(const struct traffic *t, const struct route *r)
{
	uint64_t z =
		t->params.seed ^ ((uint64_t)r->client << 32 | r->server) ^ (uint64_t)r->ipv6 << 62;
	struct cookie c;

	for (unsigned i = 0; i < COOKIE; i += 4) {
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb + i;
		wv_store32(c.octets + i, (uint32_t)(z >> 32));
	}
	c.used = (z & 1) != 0;
	return c;
}

// OPT is the last record, and has no options yet.
static void put_cookie(struct builder *b, const struct cookie *c, unsigned len)
{
	wv_store16(b->octets + b->len - 2, (uint16_t)(4 + len));
	put16(b, 10);
	put16(b, (uint16_t)len);
	put(b, c->octets, len);
}

static void query_make(const struct builder *b, size_t question_end, struct builder *q)
{
	put_header(q, 0);
	wv_store16(q->octets, wv_load16(b->octets));
	put(q, b->octets + 12, question_end - 12);
	put_count(q, 0);
	put_opt(q);
}

static enum wv_verdict promise(const struct traffic *t, const struct sent *s)
{
	return s->is_bogus ? WV_VERDICT_BOGUS : traffic_kind_get(t->params.mix, s->kind).verdict;
}

static void size_count(unsigned len, unsigned *shortest, unsigned *longest)
{
	if (*shortest == 0 || len < *shortest)
		*shortest = len;
	if (len > *longest)
		*longest = len;
}

static void exchange_count(
	struct traffic *t, const struct sent *s, enum traffic_way way, size_t len)
{
	struct traffic_counts *c = &t->counts;
	struct traffic_kind_counts *k = &c->kinds[s->kind];

	c->octets += len;
	c->signatures += s->signatures;
	c->is_signed += s->signatures > 0;
	c->verdicts[way][promise(t, s)]++;
	k->responses++;
	k->octets += len;
	k->bogus += s->is_bogus;
	size_count((unsigned)len, &c->shortest, &c->longest);
	size_count((unsigned)len, &k->shortest, &k->longest);
}

// The query, then the response in `b`, under a new id, port, client and case.
static int exchange(struct traffic *t, struct builder *b, const struct sent *s, bool counts)
{
	struct builder q;
	uint64_t dice = mix_random(t), letters = mix_random(t);
	const struct route r = {
		.way = counts ? way_draw(t, s) : TRAFFIC_UDP,
		.ipv6 = dice % 10 < 3,
		.client = (uint8_t)(1 + (dice >> 8) % CLIENTS),
		.port = (uint16_t)(1024 + (dice >> 16) % 60000),
		.server = s->server,
	};
	struct cookie cookie = cookie_of(t, &r);
	bool mixed = (dice >> 40) % 3 == 0;
	size_t end = question_case(b, mixed, letters);
	int rc;

	wv_store16(b->octets, (uint16_t)mix_random(t));
	query_make(b, end, &q);
	if (cookie.used) {
		put_cookie(&q, &cookie, COOKIE / 2);
		put_cookie(b, &cookie, COOKIE);
	}
	rc = frame_exchange(t, &r, &q, b);
	if (rc != 0 || !counts)
		return rc;
	exchange_count(t, s, r.way, b->len);
	t->counts.ipv6 += r.ipv6;
	t->counts.cookies += cookie.used;
	t->counts.mixed_case += mixed;
	return 0;
}

// ---- the chain ----

static int chain_send(struct traffic *t, struct answer *a, int rc)
{
	struct traffic_counts counts = t->counts;

	if (rc != 0)
		return rc;
	put_opt(&a->b);
	a->meta.len = (uint16_t)a->b.len;
	rc = exchange(t, &a->b, &a->meta, false);
	t->counts = counts;
	return rc;
}

static int chain_zone(struct traffic *t, struct answer *a, struct zone *z, bool keys)
{
	int rc = chain_send(t, a, chain_ds(t, a, z));

	if (rc == 0 && keys)
		rc = chain_send(t, a, chain_dnskey(t, a, z));
	return rc;
}

int traffic_chain(struct traffic *t, traffic_emit_fn emit, void *arg)
{
	struct answer a;
	int rc;

	t->emit = emit;
	t->emit_arg = arg;
	rc = chain_send(t, &a, chain_dnskey(t, &a, &t->root));
	for (unsigned i = 0; rc == 0 && i < TRAFFIC_TLDS; i++)
		rc = chain_zone(t, &a, &t->tld[i], true);
	for (unsigned i = 0; rc == 0 && i < t->params.zones; i++)
		rc = chain_zone(t, &a, &t->zone[i], t->zone[i].class != ZONE_UNSIGNED);
	if (rc != 0 || t->params.mix != TRAFFIC_HOSTILE)
		return rc;
	for (unsigned i = 0; rc == 0 && i < HOSTILE_DS; i++)
		rc = chain_zone(t, &a, &t->hostile[i], true);
	return rc == 0 ? chain_send(t, &a, hostile_ds(t, &a)) : rc;
}

// ---- which message ----

static uint64_t distinct_wanted(const struct traffic *t)
{
	uint64_t n = (uint64_t)t->params.responses * (100 - t->params.repeat) / 100;

	return n > 0 ? n : 1;
}

/*
 * How often the next distinct message, number i of n, will be sent as far as can be told: once, and
 * by its part of the repeats. Between two new messages come as many of these as between others, and
 * where m were sent a repeat is number i with probability log((i + 2) / (i + 1)) / log(m + 1).
 */
static double message_weight(struct traffic *t)
{
	double n = (double)distinct_wanted(t), i = (double)t->counts.distinct;
	double repeats = t->params.responses - n, to_come = t->to_come;

	t->to_come -= 1 / log(i + 2);
	return 1 + repeats / n * log((i + 2) / (i + 1)) * to_come;
}

// What a kind lags behind its share of the weight given so far; 0 where this message would bring it
// above its share of all there will be.
static double kind_lag(const struct traffic *t, unsigned kind, double share, double weight)
{
	double lag = share * (t->weight + weight) - t->weight_kind[kind];

	if (weight > 2 && t->weight_kind[kind] + weight > share * t->params.responses)
		return 0;
	return lag > 0 ? lag : 0;
}

/*
 * The kind of the next distinct message: drawn among those that lag behind their shares, by how
 * much. So shares hold with repeats as well, though a few messages make up most of these.
 */
static unsigned kind_draw(struct traffic *t, double weight)
{
	double lag[TRAFFIC_KINDS], sum = 0, u;
	struct traffic_kind kind;
	unsigned n = 0, last = 0;

	for (; (kind = traffic_kind_get(t->params.mix, n)).name != NULL; n++) {
		lag[n] = kind_lag(t, n, kind.share, weight);
		sum += lag[n];
	}
	u = mix_random_unit(t) * sum;
	for (unsigned i = 0; i < n; i++) {
		if (lag[i] <= 0)
			continue;
		last = i;
		if (u < lag[i])
			break;
		u -= lag[i];
	}
	return last;
}

// As soon as enough signed messages were sent, one is made wrong: in its last signature.
static void make_bogus(struct traffic *t, struct answer *a, double weight)
{
	if (!mixes[t->params.mix].is_mixed || a->meta.signatures == 0
		|| traffic_kind_get(t->params.mix, a->meta.kind).is_hostile)
		return;
	t->weight_signed += weight;
	if (t->weight_bogus + weight > BOGUS_SHARE * t->weight_signed)
		return;
	t->weight_bogus += weight;
	a->meta.is_bogus = true;
	a->b.octets[a->signature_end - 1] ^= 1;
}

static bool keep(struct traffic *t, const struct answer *a)
{
	struct sent *s = &t->sent[t->counts.distinct];
	size_t len = a->b.len;

	if (t->payloads_len + len > t->payloads_room) {
		size_t room = t->payloads_room * 2 + (1u << 20) + len;
		uint8_t *p = realloc(t->payloads, room);

		if (p == NULL)
			return false;
		t->payloads = p;
		t->payloads_room = room;
	}
	*s = a->meta;
	s->at = t->payloads_len;
	s->len = (uint16_t)len;
	memcpy(t->payloads + s->at, a->b.octets, len);
	t->payloads_len += len;
	t->counts.kinds[s->kind].distinct++;
	t->counts.distinct++;
	return true;
}

static bool make(struct traffic *t, struct answer *a)
{
	double weight = message_weight(t);
	unsigned kind = kind_draw(t, weight);

	if (!answer_make(t, a, kind))
		return false;
	t->weight += weight;
	t->weight_kind[kind] += weight;
	make_bogus(t, a, weight);
	put_opt(&a->b);
	return keep(t, a);
}

// One of the answers sent before, Zipf(1.0) over them: the inverse of the integral of 1/x.
static uint32_t again(struct traffic *t, struct builder *b)
{
	double n = (double)t->counts.distinct;
	uint64_t i = (uint64_t)(exp(mix_random_unit(t) * log(n + 1)) - 1);
	const struct sent *s;

	if (i >= t->counts.distinct)
		i = t->counts.distinct - 1;
	s = &t->sent[i];
	memcpy(b->octets, t->payloads + s->at, s->len);
	b->len = s->len;
	return (uint32_t)i;
}

// The first record of those that may change places goes behind the others. All their owners are
// pointers.
static void reorder(struct traffic *t, struct builder *b, const struct sent *s)
{
	uint8_t first[2 + 10 + 2048];
	uint8_t *p = b->octets + s->order;
	size_t n;

	if (!mixes[t->params.mix].is_mixed || s->order_len == 0 || mix_random(t) % 10 != 0)
		return;
	n = 12 + (size_t)wv_load16(p + 10);
	if (n > sizeof(first) || n >= s->order_len)
		return;
	memcpy(first, p, n);
	memmove(p, p + n, s->order_len - n);
	memcpy(p + s->order_len - n, first, n);
	t->counts.reordered++;
}

int traffic_run(struct traffic *t, traffic_emit_fn emit, void *arg)
{
	struct traffic_counts *c = &t->counts;
	uint64_t distinct = distinct_wanted(t);
	struct answer a;
	int rc = 0;

	t->emit = emit;
	t->emit_arg = arg;
	for (uint64_t m = 1; m <= distinct; m++)
		t->to_come += 1 / log((double)m + 1);
	for (; rc == 0 && c->responses < t->params.responses; c->responses++) {
		// Of the rest, as many are new as are still owed: exactly `distinct` in the end.
		uint64_t left = t->params.responses - c->responses;
		uint32_t which = (uint32_t)c->distinct;

		if (c->distinct == 0 || mix_random(t) % left < distinct - c->distinct) {
			if (!make(t, &a))
				return -ENOMEM;
		} else {
			which = again(t, &a.b);
			reorder(t, &a.b, &t->sent[which]);
		}
		t->response[c->responses] = which;
		rc = exchange(t, &a.b, &t->sent[which], true);
	}
	return rc;
}

const struct traffic_counts *traffic_count(const struct traffic *t)
{
	return &t->counts;
}

unsigned traffic_response_kind(const struct traffic *t, unsigned response)
{
	return t->sent[t->response[response]].kind;
}

enum wv_verdict traffic_response_verdict(const struct traffic *t, unsigned response)
{
	return promise(t, &t->sent[t->response[response]]);
}
