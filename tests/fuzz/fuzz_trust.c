#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"
#include "wv_trust.h"

#define T0 1800000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drivers_init(void)
{
	static bool done;
	const struct wv_digest_driver *digests[] = {&wv_hash_openssl};
	const struct wv_verify_driver *drivers[] = {&wv_crypto_openssl};

	if (done)
		return;
	done = true;
	if (wv_digest_init(digests, 1, NULL, NULL) != 0 || wv_digest_thread_init(NULL) != 0
		|| wv_verify_init(drivers, 1, NULL, NULL) != 0 || wv_verify_thread_init(NULL) != 0)
		abort();
}

static struct wv_trust *store_make(void)
{
	struct wv_trust *trust = wv_trust_create(&(struct wv_trust_params){.zones = 64}, NULL);

	if (trust == NULL)
		abort();
	return trust;
}

static void zone_check(void *arg, const struct wv_trust_zone *zone)
{
	const struct wv_trust *trust = arg;
	struct wv_time any = {.checked = false};

	if (!zone->is_anchor || zone->n_dssets != 1 || zone->dsset[0]->n == 0)
		abort();
	if (wv_trust_find(trust, &zone->name, any) != zone)
		abort();
}

// Either all of a text is in the store, or it is an error in words and nothing is.
static void text_try(const uint8_t *data, size_t size)
{
	struct wv_trust *trust = store_make();
	struct wv_trust_counts counts;
	struct wv_err err = {""};
	unsigned n = 0;
	int status = wv_trust_read_anchors(trust, "anchors", (const char *)data, size, &n, &err);

	wv_trust_count(trust, &counts);
	if (status != 0 && (err.text[0] == '\0' || counts.zones != 0 || n != 0))
		abort();
	if (status == 0 && (counts.zones > n || (n > 0) != (counts.zones > 0)))
		abort();
	wv_trust_each(trust, zone_check, trust);
	wv_trust_destroy(trust);
}

// Octets as a fact: refused, or in the store, where the same again is no news.
static void fact_try(const uint8_t *data, size_t size)
{
	struct wv_trust *trust = store_make();
	struct wv_time now = {T0, true};
	struct wv_trust_fact *fact = malloc(sizeof(*fact) + size);

	if (fact == NULL)
		abort();
	*fact = (struct wv_trust_fact){
		.size = (uint32_t)(sizeof(*fact) + size - 3),
		.kind = data[0] % 5,
		.reason = data[1],
		.life = {T0 - 10, T0 + 10, T0 + 10, false, false},
		.n = data[2],
	};
	memcpy(fact->octets, data + 3, size - 3);
	if (!wv_name_parse(&fact->zone, "example."))
		abort();
	if (wv_trust_publish(trust, fact, now) == 0) {
		if (wv_trust_get(trust, &fact->zone, now) == NULL
			|| wv_trust_is_news(trust, fact, now))
			abort();
	}
	free(fact);
	wv_trust_destroy(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	drivers_init();
	text_try(data, size);
	if (size >= 3)
		fact_try(data, size);
	return 0;
}
