#include <stdlib.h>
#include <string.h>

#include "wv_chain.h"
#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"

#define NOW 1439000000u // when the signature of RFC 8080 6.1 was valid

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first key of RFC 8080 6.1, of example.com.: its DS as an anchor, and the key.
static const char anchor[] = "example.com. DS 3613 15 2 "
			     "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b";
static const uint8_t dnskey[] = {1, 1, 3, 15, 0x97, 0x4d, 0x96, 0xa2, 0x2d, 0x22, 0x4b, 0xc0, 0x1a,
	0xdb, 0x91, 0x50, 0x91, 0x47, 0x7d, 0x44, 0xcc, 0xd9, 0x1c, 0x9a, 0x41, 0xa1, 0x14, 0x30,
	0x01, 0x01, 0x17, 0xd5, 0x2c, 0x59, 0x24, 0x0e};

static struct {
	struct wv_trust *trust;
	struct wv_batch *batch;
	void *scratch;
	struct wv_message m;
	struct wv_validation v;
} world;

static void publish(
	enum wv_trust_fact_kind kind, const char *zone, const uint8_t *rdata, uint16_t n)
{
	struct wv_trust_fact *fact = world.scratch;

	*fact = (struct wv_trust_fact){
		.size = (uint32_t)(sizeof(*fact) + (n > 0 ? 2u + n : 0)),
		.kind = kind,
		.reason = WV_REASON_UNSIGNED,
		.life = {.not_before = NOW, .not_after = NOW, .expires = NOW, .pinned = true},
		.n = n > 0,
	};
	if (n > 0) {
		wv_store16(fact->octets, n);
		memcpy(fact->octets + 2, rdata, n);
	}
	if (!wv_name_parse(&fact->zone, zone)
		|| wv_trust_publish(world.trust, fact, (struct wv_time){NOW, true}) != 0)
		abort();
}

static void world_init(void)
{
	static const struct wv_digest_driver *const hashes[] = {&wv_hash_openssl};
	static const struct wv_verify_driver *const ciphers[] = {&wv_crypto_openssl};
	unsigned n = 0;

	if (world.trust != NULL)
		return;
	if (wv_digest_init(hashes, 1, NULL, NULL) != 0 || wv_digest_thread_init(NULL) != 0
		|| wv_verify_init(ciphers, 1, NULL, NULL) != 0 || wv_verify_thread_init(NULL) != 0)
		abort();
	world.trust = wv_trust_create(&(struct wv_trust_params){.zones = 16}, NULL);
	world.batch = wv_batch_create(NULL, NULL);
	world.scratch = malloc(WV_CHAIN_FACT_MAX);
	if (world.trust == NULL || world.batch == NULL || world.scratch == NULL
		|| wv_trust_read_anchors(
			   world.trust, "anchor", anchor, sizeof(anchor) - 1, &n, NULL)
			!= 0)
		abort();
	publish(WV_FACT_KEYS, "example.com.", dnskey, sizeof(dnskey));
	publish(WV_FACT_INSECURE, "i.example.com.", NULL, 0);
}

static void fact_check(void *arg, const struct wv_trust_fact *fact)
{
	(void)arg;
	if (fact->size > WV_CHAIN_FACT_MAX || fact->zone.len == 0)
		abort();
}

// A response is secure by what it needs, and facts come of what was verified alone.
static void outcome_check(void)
{
	const struct wv_validation *v = &world.v;
	unsigned secure = 0;

	if (v->pending || v->reason >= WV_REASON_COUNT)
		abort();
	for (unsigned i = 0; i < v->n_needed; i++) {
		if (wv_validate_find(v, v->needed[i].set) != &v->needed[i])
			abort();
		secure += v->needed[i].reason == WV_REASON_SECURE;
	}
	if (v->reason == WV_REASON_SECURE && (secure == 0 || secure != v->n_needed))
		abort();
	if (wv_chain_harvest(v, WV_TRUST_WIRE, false, world.scratch, fact_check, NULL) > secure)
		abort();
}

// An octet of circumstances, then a response.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wv_validate_settings settings;
	struct wv_validate_query query = {.known = true};
	enum wv_message_status status;
	struct wv_validate_env env;
	uint8_t *exact;

	world_init();
	if (size < 1 || size > 65536)
		return 0;
	settings = wv_validate_presets;
	settings.sha1 = (data[0] & 1) != 0;
	query.dnssec_ok = (data[0] & 2) == 0;
	env = (struct wv_validate_env){
		.trust = world.trust,
		.settings = &settings,
		.now = {.now_s = NOW, .checked = (data[0] & 4) == 0},
		.leg = (data[0] & 8) != 0 ? WV_LEG_CLIENT : WV_LEG_UPSTREAM,
		.asked = (data[0] & 16) == 0,
	};
	exact = malloc(size - 1);
	if (exact == NULL && size > 1)
		abort();
	if (size > 1)
		memcpy(exact, data + 1, size - 1);
	status = wv_message_parse(&world.m, exact, size - 1, 1);
	wv_validate_begin(&world.v, &env, &world.m, status, &query, NULL);
	wv_batch_add(world.batch, &world.v, 0);
	wv_batch_finish(world.batch, 0);
	if (wv_batch_take(world.batch) != &world.v || wv_batch_held(world.batch) != 0)
		abort();
	outcome_check();
	(void)wv_chain_may_bear(&world.m);
	wv_validate_end(&world.v);
	free(exact);
	return 0;
}
