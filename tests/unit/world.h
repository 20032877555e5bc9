/**
 * @file
 * A validator for tests: a store with anchors, a batch, and what they say of a response.
 */
#ifndef WORLD_H
#define WORLD_H

#include "wv_chain.h"

#include "drivers.h"
#include "signer.h"

struct world {
	struct wv_trust *trust;
	struct wv_validate_settings settings;
	struct wv_validate_env env; // `asked` is true at first
	struct wv_validate_query query;
	struct wv_batch *batch;
	void *scratch;
	struct wv_message m; // of the response that was judged last
	struct wv_validation v;
	uint8_t *payload; // in a block of its size
	unsigned facts;   // learned from it
};

static inline int world_drivers(void)
{
	struct wv_err err = {""};

	if (!test_drivers_init())
		return -1;
	if (wv_digest_thread_init(&err) != 0 || wv_verify_thread_init(&err) != 0) {
		fprintf(stderr, "drivers: %s\n", err.text);
		return -1;
	}
	return 0;
}

static inline struct wv_name name_of(const char *text)
{
	struct wv_name name;

	if (!wv_name_parse(&name, text))
		SIGNER_FAIL(text);
	return name;
}

static inline struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct wv_err err = {""};

	if (w == NULL)
		SIGNER_FAIL("memory");
	w->trust = wv_trust_create(&(struct wv_trust_params){.zones = 100, .sha1 = true}, &err);
	w->batch = wv_batch_create(NULL, &err);
	w->scratch = malloc(WV_CHAIN_FACT_MAX);
	if (w->trust == NULL || w->batch == NULL || w->scratch == NULL)
		SIGNER_FAIL(err.text);
	w->settings = wv_validate_presets;
	w->env = (struct wv_validate_env){
		.trust = w->trust,
		.settings = &w->settings,
		.now = {.now_s = SIGNER_NOW, .checked = true},
		.leg = WV_LEG_UPSTREAM,
		.asked = true,
	};
	w->query = (struct wv_validate_query){.known = true, .dnssec_ok = true};
	return w;
}

static inline void world_forget(struct world *w)
{
	if (w->payload != NULL)
		wv_validate_end(&w->v);
	free(w->payload);
	w->payload = NULL;
}

static inline void world_free(struct world *w)
{
	world_forget(w);
	wv_batch_destroy(w->batch);
	wv_trust_destroy(w->trust);
	free(w->scratch);
	free(w);
}

static inline void world_anchor(struct world *w, const char *zone, const struct key *key)
{
	struct octets ds = ds_rdata(zone, key, 2);
	struct wv_err err = {""};
	char text[1000], *p = text;
	unsigned n = 0;

	p += sprintf(p, "%s DS %u %u 2 ", zone, key_tag(key), key->algorithm);
	for (unsigned i = 4; i < ds.len; i++)
		p += sprintf(p, "%02x", ds.octets[i]);
	*p++ = '\n';
	if (wv_trust_read_anchors(w->trust, "anchors", text, (size_t)(p - text), &n, &err) != 0)
		SIGNER_FAIL(err.text);
}

static inline enum wv_reason judge_octets(struct world *w, const uint8_t *octets, size_t len)
{
	enum wv_message_status status;

	world_forget(w);
	w->payload = test_exact(octets, len);
	status = wv_message_parse(&w->m, w->payload, len, 7);
	wv_validate_begin(&w->v, &w->env, &w->m, status, &w->query, w);
	wv_batch_add(w->batch, &w->v, 0);
	wv_batch_finish(w->batch, 0);
	if (wv_batch_take(w->batch) != &w->v || w->v.pending || wv_batch_held(w->batch) != 0)
		SIGNER_FAIL("the batch did not settle it");
	return w->v.reason;
}

static inline enum wv_reason judge(struct world *w, const struct reply *r)
{
	return judge_octets(w, r->octets, r->len);
}

static inline void world_publish(void *arg, const struct wv_trust_fact *fact)
{
	struct world *w = arg;

	if (wv_trust_publish(w->trust, fact, w->env.now) != 0)
		SIGNER_FAIL("a fact was refused");
}

// Judge, and publish what it proves.
static inline enum wv_reason learn(struct world *w, const struct reply *r)
{
	enum wv_reason reason = judge(w, r);

	w->facts = wv_chain_harvest(&w->v, WV_TRUST_WIRE, false, w->scratch, world_publish, w);
	return reason;
}

// Responses of a chain.

static inline void reply_dnskey(struct reply *r, const struct key *key)
{
	reply_begin(r, key->zone, 48, 0x0400);
	reply_take(r, 1, signed_by(rrset_dnskey(key->zone, &key, 1), key));
}

static inline void reply_ds(struct reply *r, const struct key *child, const struct key *parent)
{
	reply_begin(r, child->zone, 43, 0x0400);
	reply_take(r, 1, signed_by(rrset_ds(child->zone, child), parent));
}

// An anchor at the first zone, and what leads from there to the last.
static inline void learn_chain(struct world *w, const struct key *const zones[], unsigned n)
{
	static struct reply r;

	world_anchor(w, zones[0]->zone, zones[0]);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0) {
			reply_ds(&r, zones[i], zones[i - 1]);
			if (learn(w, &r) != WV_REASON_SECURE || w->facts != 1)
				SIGNER_FAIL(zones[i]->zone);
		}
		reply_dnskey(&r, zones[i]);
		if (learn(w, &r) != WV_REASON_SECURE || w->facts != 1)
			SIGNER_FAIL(zones[i]->zone);
	}
}

#endif
