#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "wv_trust.h"

#include "drivers.h"
#include "test.h"

#define T0 1800000000u // 2027-01-15

static const struct wv_time any_time = {.checked = false};

static struct wv_time at(uint32_t now_s)
{
	return (struct wv_time){.now_s = now_s, .checked = true};
}

static struct wv_name name_of(const char *text)
{
	struct wv_name name;

	if (!wv_name_parse(&name, text))
		abort();
	return name;
}

static struct wv_trust *store_of(unsigned zones)
{
	struct wv_trust *trust =
		wv_trust_create(&(struct wv_trust_params){.zones = zones, .seed = 4711}, NULL);

	if (trust == NULL)
		abort();
	return trust;
}

// From T0 - 1000 to T0 + `sig_s` by signature, to T0 + `ttl_s` by TTL.
static struct wv_trust_life life_of(uint32_t sig_s, uint32_t ttl_s)
{
	return (struct wv_trust_life){
		.not_before = T0 - 1000, .not_after = T0 + sig_s, .expires = T0 + ttl_s};
}

// Facts of the tests; a record is added behind those that are smaller.
union fact {
	struct wv_trust_fact fact;
	uint8_t octets[8192];
};

static struct wv_trust_fact *fact_of(
	union fact *f, enum wv_trust_fact_kind kind, const char *zone, struct wv_trust_life life)
{
	f->fact = (struct wv_trust_fact){
		.size = sizeof(f->fact),
		.kind = kind,
		.source = WV_TRUST_WIRE,
		.life = life,
		.zone = name_of(zone),
	};
	if (kind == WV_FACT_INSECURE)
		f->fact.reason = WV_REASON_UNSIGNED;
	if (kind == WV_FACT_BOGUS)
		f->fact.reason = WV_REASON_DNSKEY_MISSING;
	return &f->fact;
}

static void fact_add(union fact *f, const uint8_t *rdata, size_t len)
{
	if (f->fact.size + 2 + len > sizeof(f->octets))
		abort();
	wv_store16(f->octets + f->fact.size, (uint16_t)len);
	memcpy(f->octets + f->fact.size + 2, rdata, len);
	f->fact.size += 2 + (uint32_t)len;
	f->fact.n++;
}

// A DS of algorithm 13 and SHA-256 whose digest is `fill` all over.
static void ds_add(union fact *f, uint8_t fill)
{
	uint8_t rdata[4 + 32] = {fill, fill, 13, 2};

	memset(rdata + 4, fill, 32);
	fact_add(f, rdata, sizeof(rdata));
}

static struct wv_trust_fact *ds_fact(
	union fact *f, const char *zone, uint8_t fill, struct wv_trust_life life)
{
	fact_of(f, WV_FACT_DS, zone, life);
	ds_add(f, fill);
	return &f->fact;
}

// DNSKEYs that differ in `fill`; algorithm 200 is none, so nothing is prepared for them.
static void key_add(union fact *f, unsigned flags, uint8_t fill)
{
	uint8_t rdata[4 + 16] = {0, 0, 3, 200};

	wv_store16(rdata, (uint16_t)flags);
	memset(rdata + 4, fill, 16);
	fact_add(f, rdata, sizeof(rdata));
}

static struct wv_trust_fact *key_fact(
	union fact *f, const char *zone, uint8_t fill, struct wv_trust_life life)
{
	fact_of(f, WV_FACT_KEYS, zone, life);
	key_add(f, 257, fill);
	return &f->fact;
}

static int publish(struct wv_trust *trust, const struct wv_trust_fact *fact, uint32_t now_s)
{
	// In a block of its exact size.
	uint8_t *exact = test_exact(fact, fact->size);
	int status = wv_trust_publish(trust, (const void *)exact, at(now_s));

	free(exact);
	return status;
}

static bool is_news(const struct wv_trust *trust, const struct wv_trust_fact *fact, uint32_t now_s)
{
	return wv_trust_is_news(trust, fact, at(now_s));
}

// As a worker does it; whether the memory was asked for before must make no difference.
static const struct wv_trust_zone *approach_find(
	const struct wv_trust *trust, const struct wv_name *name, struct wv_time now)
{
	struct wv_trust_look look;

	wv_trust_approach(&look, trust, name);
	wv_trust_approach_zones(&look);
	return wv_trust_find(trust, name, now);
}

static const struct wv_trust_zone *find(
	const struct wv_trust *trust, const char *name, uint32_t now_s)
{
	struct wv_name n = name_of(name);

	return approach_find(trust, &n, at(now_s));
}

static const struct wv_trust_zone *get(
	const struct wv_trust *trust, const char *name, uint32_t now_s)
{
	struct wv_name n = name_of(name);

	return wv_trust_get(trust, &n, at(now_s));
}

static bool finds(const struct wv_trust *trust, const char *name, const char *zone, uint32_t now_s)
{
	const struct wv_trust_zone *found = find(trust, name, now_s);
	struct wv_name n;

	if (zone == NULL || found == NULL)
		return zone == NULL && found == NULL;
	n = name_of(zone);
	return wv_name_equal(&found->name, &n);
}

// The status of exactly that zone; -1: nothing is known.
static int status(const struct wv_trust *trust, const char *name, uint32_t now_s)
{
	const struct wv_trust_zone *zone = get(trust, name, now_s);

	return zone == NULL ? -1 : (int)wv_trust_status_at(zone, at(now_s));
}

static int read_text(struct wv_trust *trust, const char *text, unsigned *n, struct wv_err *err)
{
	uint8_t *exact = test_exact(text, strlen(text));
	int result = wv_trust_read_anchors(trust, "a.key", (char *)exact, strlen(text), n, err);

	free(exact);
	return result;
}

static void anchor(struct wv_trust *trust, const char *text)
{
	unsigned n = 0;
	struct wv_err err;

	if (read_text(trust, text, &n, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

#define ROOT_DS                                                                                    \
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"

static const struct {
	const char *what;
	struct wv_trust_life life;
	uint32_t now_s;
	bool is_live;
} lives[] = {
	{"between", {T0, T0 + 100, T0 + 50, false, false}, T0 + 10, true},
	{"at the inception", {T0, T0 + 100, T0 + 50, false, false}, T0, true},
	{"a second before", {T0, T0 + 100, T0 + 50, false, false}, T0 - 1, false},
	{"at the end of the TTL", {T0, T0 + 100, T0 + 50, false, false}, T0 + 50, true},
	{"a second after", {T0, T0 + 100, T0 + 50, false, false}, T0 + 51, false},
	{"pinned, the TTL does not matter", {T0, T0 + 100, T0 + 50, true, false}, T0 + 51, true},
	{"pinned, at the expiration", {T0, T0 + 100, T0 + 50, true, false}, T0 + 100, true},
	{"pinned, a second after", {T0, T0 + 100, T0 + 50, true, false}, T0 + 101, false},
	{"pinned, before the inception", {T0, T0 + 100, T0 + 50, true, false}, T0 - 1, false},
	{"the expiration comes before the TTL", {T0, T0 + 10, T0 + 50, false, false}, T0 + 11,
		false},
	{"for ever", {0, 0, 0, false, true}, T0, true},
	{"over the wrap of 2106", {0xffffff00, 0x100, 0x80, false, false}, 0x80, true},
	{"over the wrap, too early", {0xffffff00, 0x100, 0x80, false, false}, 0xfffffeff, false},
	{"over the wrap, too late", {0xffffff00, 0x100, 0x80, false, false}, 0x81, false},
};

static void test_lives(void)
{
	for (unsigned i = 0; i < WV_COUNT(lives); i++) {
		CHECK_ROW(&lives[i],
			wv_trust_is_live(&lives[i].life, at(lives[i].now_s)) == lives[i].is_live);
		CHECK_ROW(&lives[i], wv_trust_is_live(&lives[i].life, any_time));
	}
}

// RFC 4034 5.4, RFC 4509 2.3, RFC 6605 6.1 and 6.2.
#define RSA_KEY                                                                                    \
	"01000305"                                                                                 \
	"01039e8a247418e318903b215a848acfd5f37f026bd4062db26c774c690968d5d56df8bfda91e6f36d9a2798" \
	"88f41333357c5e6029990d10fdf5663062a512763326980a615ddbf17a05ddfcce7e5fb3abcca05a31b09574" \
	"52d4521e83870789063115bf97f6c308ccf57cdc9ce7fe10f6ed1bd0cc0660038c50dcdb0feb963c2f17"
#define P256_KEY                                                                                   \
	"0101030d"                                                                                 \
	"1a88c88615d437fbb8bf9e1942a1929f28562706ae6c2bd399e7b1bfb6d1e9e75b92b4aa42917ae1c61b701e" \
	"f035c3fe7be3009cbafe5a2f71316c902dcf0d00"
#define P384_KEY                                                                                   \
	"0101030e"                                                                                 \
	"c4a61a36159d18e7c9fa73eb2fcfdaae4c1fd8463730327e484aca8af0554ae9b5c3f7a0b17bd2003b4d261c" \
	"9e9b94423a9810e8af17d43452124adb610f8e07ebfcfee5f8e4d07063cae9eb917a1a5babf08fe695536017" \
	"a5bfa93237ee6e34"
#define ED25519_KEY "0101030f974d96a22d224bc01adb915091477d44ccd91c9a41a11430010117d52c59240e"

static const struct {
	const char *what;
	const char *owner, *key;
	const char *ds;
	bool matches;
} matches[] = {
	{"RFC 4034 5.4, SHA-1", "dskey.example.com.", RSA_KEY,
		"ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118", true},
	{"RFC 4509 2.3, SHA-256", "dskey.example.com.", RSA_KEY,
		"ec45 05 02 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a",
		true},
	{"RFC 6605 6.1, SHA-256", "example.net.", P256_KEY,
		"d960 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		true},
	{"RFC 6605 6.2, SHA-384", "example.net.", P384_KEY,
		"2a13 0e 04 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0"
		"563a9b5f4d288405c3008a946df983d6",
		true},
	{"another owner", "example.org.", P256_KEY,
		"d960 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		false},
	{"another key tag", "example.net.", P256_KEY,
		"d961 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		false},
	{"another algorithm", "example.net.", P256_KEY,
		"d960 0e 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		false},
	{"another digest", "example.net.", P256_KEY,
		"d960 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d18",
		false},
	{"a digest that is too short", "example.net.", P256_KEY,
		"d960 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d", false},
	{"a digest that is too long", "example.net.", P256_KEY,
		"d960 0d 02 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d1700",
		false},
	{"no digest", "example.net.", P256_KEY, "d960 0d 02", false},
	{"the digest of an unknown type", "example.net.", P256_KEY,
		"d960 0d 03 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		false},
	{"no key", "example.net.", "0101030d", "d960 0d 02 00", false},
	{"less than a key", "example.net.", "010103", "d960 0d 02 00", false},
};

static void test_matches(void)
{
	for (unsigned i = 0; i < WV_COUNT(matches); i++) {
		uint8_t key[512];
		uint8_t rdata[128];
		size_t key_len = test_unhex(matches[i].key, key, sizeof(key));
		size_t len = test_unhex(matches[i].ds, rdata, sizeof(rdata));
		uint8_t *exact_key = test_exact(key, key_len);
		uint8_t *exact = test_exact(rdata, len);
		struct wv_name owner = name_of(matches[i].owner);
		struct wv_trust_ds ds;

		CHECK_ROW(&matches[i], wv_trust_ds_read(&ds, exact, len));
		CHECK_ROW(&matches[i],
			wv_trust_ds_matches(&ds, &owner, exact_key, key_len) == matches[i].matches);
		free(exact);
		free(exact_key);
	}
}

static void test_ds_read(void)
{
	uint8_t rdata[4 + 100] = {1, 2, 3, 4};
	struct wv_trust_ds ds;

	memset(rdata + 4, 9, 100);
	CHECK(!wv_trust_ds_read(&ds, rdata, 3));
	CHECK(wv_trust_ds_read(&ds, rdata, 4) && ds.digest_len == 0);
	CHECK(ds.key_tag == 0x102 && ds.algorithm == 3 && ds.digest_type == 4);
	CHECK(wv_trust_ds_read(&ds, rdata, 4 + 64) && ds.digest_len == 64);
	CHECK(wv_trust_ds_read(&ds, rdata, 4 + 100) && ds.digest_len == 64 && ds.digest[63] == 9);
}

#define GOOD   WV_REASON_SECURE
#define NO_ALG WV_REASON_UNSUPPORTED_ALGORITHM
#define NO_DIG WV_REASON_UNSUPPORTED_DIGEST

static const struct {
	const char *what;
	uint8_t ds[3][2]; // algorithm, digest type; 0: no more
	enum wv_reason support, support_sha1;
	unsigned used, used_sha1; // bit by bit
} supports[] = {
	{"SHA-256", {{13, 2}}, GOOD, GOOD, 1, 1},
	{"SHA-384", {{8, 4}}, GOOD, GOOD, 1, 1},
	{"SHA-1 alone", {{8, 1}}, NO_DIG, GOOD, 0, 1},
	{"SHA-1 beside SHA-256 is left (RFC 4509 3)", {{8, 1}, {8, 2}}, GOOD, GOOD, 2, 2},
	{"SHA-1 beside SHA-384, too", {{8, 4}, {8, 1}}, GOOD, GOOD, 1, 1},
	{"SHA-256 and SHA-384 are both used", {{8, 2}, {8, 4}}, GOOD, GOOD, 3, 3},
	{"SHA-1 beside SHA-256 of an unknown algorithm", {{8, 1}, {200, 2}}, NO_DIG, GOOD, 0, 1},
	{"unknown algorithm", {{200, 2}}, NO_ALG, NO_ALG, 0, 0},
	{"unknown digest type", {{13, 200}}, NO_DIG, NO_DIG, 0, 0},
	{"both unknown", {{200, 200}}, NO_ALG, NO_ALG, 0, 0},
	{"unknown algorithm beside unknown digest type", {{200, 2}, {13, 200}}, NO_DIG, NO_DIG, 0,
		0},
	{"a known one beside unknown ones", {{200, 2}, {13, 200}, {15, 2}}, GOOD, GOOD, 4, 4},
	{"RSASHA1", {{5, 2}}, NO_ALG, GOOD, 0, 1},
	{"RSASHA1-NSEC3-SHA1", {{7, 2}}, NO_ALG, GOOD, 0, 1},
	{"GOST digest", {{8, 3}}, NO_DIG, NO_DIG, 0, 0},
	{"DSA", {{3, 2}}, NO_ALG, NO_ALG, 0, 0},
	{"no record", {{0}}, NO_ALG, NO_ALG, 0, 0},
};

static void test_support(void)
{
	for (unsigned i = 0; i < WV_COUNT(supports); i++) {
		struct wv_trust_ds ds[3];
		unsigned n = 0;
		unsigned used[2] = {0, 0};

		for (; n < 3 && supports[i].ds[n][0] != 0; n++) {
			ds[n] = (struct wv_trust_ds){.algorithm = supports[i].ds[n][0],
				.digest_type = supports[i].ds[n][1]};
		}
		for (unsigned k = 0; k < n; k++) {
			used[0] |= (unsigned)wv_trust_ds_is_used(ds, n, k, false) << k;
			used[1] |= (unsigned)wv_trust_ds_is_used(ds, n, k, true) << k;
		}
		CHECK_ROW(&supports[i], wv_trust_ds_support(ds, n, false) == supports[i].support);
		CHECK_ROW(
			&supports[i], wv_trust_ds_support(ds, n, true) == supports[i].support_sha1);
		CHECK_ROW(&supports[i], used[0] == supports[i].used);
		CHECK_ROW(&supports[i], used[1] == supports[i].used_sha1);
	}
}

static void insecure(struct wv_trust *trust, const char *zone, uint32_t ttl_s)
{
	union fact f;

	if (publish(trust, fact_of(&f, WV_FACT_INSECURE, zone, life_of(10000, ttl_s)), T0) != 0)
		abort();
}

static void test_find(void)
{
	struct wv_trust *trust = store_of(100);
	struct wv_name name;

	CHECK(finds(trust, "www.example.com.", NULL, T0));
	CHECK(finds(trust, ".", NULL, T0));
	insecure(trust, "example.com.", 100);
	CHECK(finds(trust, "www.example.com.", "example.com.", T0));
	CHECK(finds(trust, "WWW.Example.COM.", "example.com.", T0));
	CHECK(finds(trust, "example.com.", "example.com.", T0));
	CHECK(finds(trust, "com.", NULL, T0));
	CHECK(finds(trust, ".", NULL, T0));
	CHECK(finds(trust, "example.org.", NULL, T0));
	CHECK(finds(trust, "xexample.com.", NULL, T0));
	CHECK(finds(trust, "example.com.example.", NULL, T0));
	anchor(trust, ROOT_DS);
	insecure(trust, "a.b.c.www.example.com.", 50);
	CHECK(finds(trust, "com.", ".", T0));
	CHECK(finds(trust, "example.org.", ".", T0));
	CHECK(finds(trust, "x.a.b.c.www.example.com.", "a.b.c.www.example.com.", T0));
	CHECK(finds(trust, "b.c.www.example.com.", "example.com.", T0));
	// What has died does not hide what is above it.
	CHECK(finds(trust, "x.a.b.c.www.example.com.", "example.com.", T0 + 51));
	CHECK(finds(trust, "x.a.b.c.www.example.com.", ".", T0 + 101));

	name = name_of("example.com.");
	CHECK(wv_trust_find_above(trust, &name, at(T0)) == get(trust, ".", T0));
	name = name_of("www.example.com.");
	CHECK(wv_trust_find_above(trust, &name, at(T0)) == get(trust, "example.com.", T0));
	name = name_of(".");
	CHECK(wv_trust_find_above(trust, &name, at(T0)) == NULL);
	CHECK(get(trust, "www.example.com.", T0) == NULL);
	CHECK(get(trust, "com.", T0) == NULL);
	CHECK(get(trust, "example.com.", T0 + 101) == NULL);
	wv_trust_destroy(trust);
}

// "x.x. … .x." of so many labels.
static struct wv_name deep_name(unsigned labels)
{
	struct wv_name name = {.len = 1};

	for (unsigned i = 0; i < labels; i++) {
		memmove(name.octets + 2, name.octets, name.len);
		name.octets[0] = 1;
		name.octets[1] = 'x';
		name.len += 2;
		name.labels++;
	}
	return name;
}

static void test_depths(void)
{
	static const unsigned depths[] = {0, 1, 2, 63, 64, 65, 126, 127};
	struct wv_trust *trust = store_of(10);

	for (unsigned i = 0; i < WV_COUNT(depths); i++) {
		union fact f;

		fact_of(&f, WV_FACT_INSECURE, ".", life_of(100, 100));
		f.fact.zone = deep_name(depths[i]);
		CHECK(publish(trust, &f.fact, T0) == 0);
		for (unsigned d = 0; d <= WV_LABELS_MAX; d++) {
			struct wv_name name = deep_name(d);
			const struct wv_trust_zone *zone = approach_find(trust, &name, at(T0));
			unsigned k = i;

			while (k > 0 && depths[k] > d)
				k--;
			CHECK(zone != NULL && zone->name.labels == depths[k]);
			zone = wv_trust_find_above(trust, &name, at(T0));
			CHECK(d == 0 ? zone == NULL : zone != NULL && zone->name.labels < d);
		}
	}
	wv_trust_destroy(trust);
}

static void test_status(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	union fact f;

	CHECK(publish(trust, ds_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_DELEGATED);
	CHECK(publish(trust, key_fact(&f, "example.", 1, life_of(500, 50)), T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_SECURE);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->status == WV_TRUST_SECURE && zone->n_dssets == 1 && zone->n_keysets == 1);
	CHECK(zone->dsset[0]->n == 1 && zone->dsset[0]->ds[0].digest[31] == 1);
	CHECK(zone->dsset[0]->source == WV_TRUST_WIRE);
	CHECK(zone->keyset[0]->n == 1 && zone->keyset[0]->key[0].rdlen == 20);
	CHECK(zone->keyset[0]->key[0].flags == 257 && !zone->keyset[0]->key[0].usable);
	CHECK(!zone->is_anchor);
	// The key set dies first, then the DS set.
	CHECK(status(trust, "example.", T0 + 50) == WV_TRUST_SECURE);
	CHECK(status(trust, "example.", T0 + 51) == WV_TRUST_DELEGATED);
	CHECK(status(trust, "example.", T0 + 101) == -1);
	CHECK(wv_trust_status_at(zone, at(T0 + 101)) == WV_TRUST_DELEGATED);
	CHECK(wv_trust_status_at(zone, any_time) == WV_TRUST_SECURE);
	wv_trust_destroy(trust);
}

static void test_keys_are_prepared(void)
{
	static const char *const keys[] = {P256_KEY, P384_KEY, ED25519_KEY, "0001030d0102",
		"0101020f974d96a22d224bc01adb915091477d44ccd91c9a41a11430010117d52c59240e",
		"0181030f974d96a22d224bc01adb915091477d44ccd91c9a41a11430010117d52c59240e"};
	// In canonical order: the zone bit is missing, P-256, P-384, Ed25519, protocol 2, revoked.
	static const unsigned order[] = {3, 4, 0, 1, 2, 5};
	static const bool usable[] = {false, false, true, true, true, false};
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_keyset *set;
	const struct wv_trust_zone *zone;
	union fact f;

	fact_of(&f, WV_FACT_KEYS, "example.", life_of(500, 50));
	for (unsigned i = 0; i < WV_COUNT(order); i++) {
		uint8_t rdata[256];

		fact_add(&f, rdata, test_unhex(keys[order[i]], rdata, sizeof(rdata)));
	}
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 1);
	set = zone->keyset[0];
	// The revoked key takes its twin with it.
	REQUIRE(set->n == WV_COUNT(order) - 1);
	CHECK(set->key[2].key_tag == 55648 && set->key[2].key.alg == WV_ALG_P256);
	CHECK(set->key[3].key_tag == 10771 && set->key[3].key.alg == WV_ALG_P384);
	for (unsigned i = 0, k = 0; i < WV_COUNT(order); i++) {
		if (order[i] == 2)
			continue;
		CHECK(set->key[k].usable == usable[i]);
		CHECK(set->key[k].algorithm == set->key[k].rdata[3]);
		if (set->key[k].usable)
			CHECK(set->key[k].key.public_key == set->key[k].rdata + 4);
		k++;
	}
	// The keys are the same ones after their life was prolonged, twice.
	f.fact.life = life_of(500, 100);
	CHECK(publish(trust, &f.fact, T0) == 0);
	f.fact.life = life_of(500, 200);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0 + 200);
	REQUIRE(zone != NULL && zone->n_keysets == 1);
	set = zone->keyset[0];
	CHECK(set->n == WV_COUNT(order) - 1 && set->key[2].usable);
	CHECK(set->key[2].key.public_key == set->key[2].rdata + 4);
	CHECK(set->key[2].rdata[4] == 0x1a);
	wv_trust_destroy(trust);
}

static void test_generations(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint32_t generation;
	union fact f;

	for (uint8_t i = 1; i <= WV_TRUST_GENERATIONS; i++) {
		CHECK(publish(trust, key_fact(&f, "example.", i, life_of(500, 100 + i)), T0) == 0);
		CHECK(publish(trust, ds_fact(&f, "example.", i, life_of(500, 100 + i)), T0) == 0);
	}
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 4 && zone->n_dssets == 4);
	for (unsigned i = 0; i < 4; i++) { // newest first
		CHECK(zone->keyset[i]->key[0].rdata[4] == 4 - i);
		CHECK(zone->dsset[i]->ds[0].digest[0] == 4 - i);
	}
	generation = zone->generation;

	// The same again for longer: it comes first, and nothing is removed.
	CHECK(publish(trust, key_fact(&f, "example.", 2, life_of(500, 200)), T0) == 0);
	CHECK(publish(trust, ds_fact(&f, "example.", 2, life_of(500, 200)), T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 4 && zone->n_dssets == 4);
	CHECK(zone->generation == generation);
	CHECK(zone->keyset[0]->key[0].rdata[4] == 2 && zone->keyset[1]->key[0].rdata[4] == 4);
	CHECK(zone->dsset[0]->ds[0].digest[0] == 2 && zone->dsset[1]->ds[0].digest[0] == 4);
	CHECK(zone->keyset[0]->life.expires == T0 + 200);

	// A fifth puts out the oldest.
	CHECK(publish(trust, key_fact(&f, "example.", 5, life_of(500, 100)), T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 4);
	CHECK(zone->generation > generation);
	CHECK(zone->keyset[0]->key[0].rdata[4] == 5 && zone->keyset[3]->key[0].rdata[4] == 3);
	generation = zone->generation;
	CHECK(publish(trust, ds_fact(&f, "example.", 5, life_of(500, 100)), T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_dssets == 4);
	CHECK(zone->generation > generation);
	CHECK(zone->dsset[0]->ds[0].digest[0] == 5 && zone->dsset[3]->ds[0].digest[0] == 3);

	// Number 5 has died, so it goes out before number 3, which is older.
	CHECK(publish(trust, key_fact(&f, "example.", 6, life_of(500, 300)), T0 + 101) == 0);
	zone = get(trust, "example.", T0 + 101);
	REQUIRE(zone != NULL && zone->n_keysets == 4);
	CHECK(zone->keyset[0]->key[0].rdata[4] == 6 && zone->keyset[3]->key[0].rdata[4] == 3);
	CHECK(zone->keyset[1]->key[0].rdata[4] == 2);
	wv_trust_destroy(trust);
}

static void test_revoked(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint32_t generation;
	union fact f;

	fact_of(&f, WV_FACT_KEYS, "example.", life_of(500, 100));
	key_add(&f, 256, 7);
	key_add(&f, 257, 1);
	key_add(&f, 257, 2);
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(publish(trust, key_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 2);
	generation = zone->generation;

	fact_of(&f, WV_FACT_KEYS, "example.", life_of(500, 100));
	key_add(&f, 257, 2);
	key_add(&f, 257 | WV_DNSKEY_REVOKE, 1);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	// Of the set that had nothing else, nothing is left.
	REQUIRE(zone != NULL && zone->n_keysets == 2);
	CHECK(zone->generation > generation);
	CHECK(zone->keyset[0]->n == 2 && !zone->keyset[0]->key[1].usable);
	REQUIRE(zone->keyset[1]->n == 2);
	CHECK(zone->keyset[1]->key[0].rdata[4] == 7 && zone->keyset[1]->key[1].rdata[4] == 2);

	// The set from before, seen again, is known, and stays without the key.
	fact_of(&f, WV_FACT_KEYS, "example.", life_of(500, 200));
	key_add(&f, 256, 7);
	key_add(&f, 257, 1);
	key_add(&f, 257, 2);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 2);
	CHECK(zone->keyset[0]->n == 2 && zone->keyset[0]->life.expires == T0 + 200);

	// So does a set that was not known.
	fact_of(&f, WV_FACT_KEYS, "example.", life_of(500, 200));
	key_add(&f, 257, 1);
	key_add(&f, 257, 9);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 3);
	CHECK(zone->keyset[0]->n == 1 && zone->keyset[0]->key[0].rdata[4] == 9);

	// A key that differs in more than the flag is another key.
	CHECK(publish(trust, key_fact(&f, "other.", 1, life_of(500, 100)), T0) == 0);
	fact_of(&f, WV_FACT_KEYS, "other.", life_of(500, 100));
	key_add(&f, 256 | WV_DNSKEY_REVOKE, 1);
	key_add(&f, 257 | WV_DNSKEY_REVOKE, 2);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "other.", T0);
	REQUIRE(zone != NULL && zone->n_keysets == 2);
	CHECK(zone->keyset[1]->n == 1);
	wv_trust_destroy(trust);
}

static void test_newest_word(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint32_t generation;
	union fact f;

	CHECK(publish(trust, ds_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	CHECK(publish(trust, key_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	generation = get(trust, "example.", T0)->generation;
	fact_of(&f, WV_FACT_INSECURE, "example.", life_of(500, 100));
	CHECK(is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0)) == WV_TRUST_INSECURE);
	CHECK(zone->reason == WV_REASON_UNSIGNED && zone->source == WV_TRUST_WIRE);
	CHECK(zone->n_dssets == 0 && zone->n_keysets == 0 && zone->generation > generation);
	generation = zone->generation;
	CHECK(!is_news(trust, &f.fact, T0));

	// Keys come after their DS, or they are from before.
	key_fact(&f, "example.", 1, life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_INSECURE);

	ds_fact(&f, "example.", 2, life_of(500, 100));
	CHECK(is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->status == WV_TRUST_DELEGATED && zone->generation > generation);
	CHECK(status(trust, "example.", T0) == WV_TRUST_DELEGATED);

	// INSECURE for another reason.
	fact_of(&f, WV_FACT_INSECURE, "example.", life_of(500, 100));
	CHECK(publish(trust, &f.fact, T0) == 0);
	generation = get(trust, "example.", T0)->generation;
	f.fact.reason = WV_REASON_OPT_OUT;
	CHECK(is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->reason == WV_REASON_OPT_OUT && zone->generation > generation);

	// INSECURE for longer.
	f.fact.life = life_of(500, 200);
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0 + 200) == WV_TRUST_INSECURE);
	// For less long is nothing.
	f.fact.life = life_of(500, 50);
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0 + 200) == WV_TRUST_INSECURE);
	wv_trust_destroy(trust);
}

static void test_bogus(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	union fact f;

	CHECK(publish(trust, ds_fact(&f, "example.", 1, life_of(500, 300)), T0) == 0);
	fact_of(&f, WV_FACT_BOGUS, "example.", life_of(500, 300));
	CHECK(is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0)) == WV_TRUST_BOGUS);
	CHECK(zone->reason == WV_REASON_DNSKEY_MISSING && zone->n_dssets == 1);
	CHECK(!is_news(trust, &f.fact, T0));
	// Not for long, and the DS is what comes after.
	CHECK(status(trust, "example.", T0 + WV_TRUST_BOGUS_S) == WV_TRUST_BOGUS);
	CHECK(status(trust, "example.", T0 + WV_TRUST_BOGUS_S + 1) == WV_TRUST_DELEGATED);

	// The same DS again says nothing new; another one does; so do keys.
	ds_fact(&f, "example.", 1, life_of(500, 400));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_BOGUS);
	ds_fact(&f, "example.", 2, life_of(500, 400));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_DELEGATED);
	fact_of(&f, WV_FACT_BOGUS, "example.", life_of(500, 300));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_BOGUS);
	CHECK(publish(trust, key_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_SECURE);

	// A secure zone is not made bogus, nor is an insecure one.
	fact_of(&f, WV_FACT_BOGUS, "example.", life_of(500, 300));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "example.", T0) == WV_TRUST_SECURE);
	insecure(trust, "insecure.", 100);
	fact_of(&f, WV_FACT_BOGUS, "insecure.", life_of(500, 300));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "insecure.", T0) == WV_TRUST_INSECURE);

	// INSECURE is proven, and so ends BOGUS; pinned, that lasts.
	fact_of(&f, WV_FACT_BOGUS, "third.", life_of(500, 300));
	f.fact.life.pinned = true;
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "third.", T0 + 500) == WV_TRUST_BOGUS);
	insecure(trust, "third.", 300);
	CHECK(status(trust, "third.", T0) == WV_TRUST_INSECURE);
	wv_trust_destroy(trust);
}

static void test_anchor_zone(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	union fact f;

	anchor(trust, ROOT_DS);
	zone = get(trust, ".", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->is_anchor && zone->status == WV_TRUST_DELEGATED && zone->n_dssets == 1);
	CHECK(zone->dsset[0]->source == WV_TRUST_CONFIGURED && zone->dsset[0]->n == 1);
	CHECK(zone->dsset[0]->ds[0].key_tag == 20326);

	// No fact makes it insecure.
	fact_of(&f, WV_FACT_INSECURE, ".", life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, ".", T0) == WV_TRUST_DELEGATED);
	fact_of(&f, WV_FACT_BOGUS, ".", life_of(500, 30));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, ".", T0) == WV_TRUST_BOGUS);
	CHECK(status(trust, ".", T0 + 31) == WV_TRUST_DELEGATED);

	// DS sets stand behind the anchors, and never put them out.
	for (uint8_t i = 1; i <= 5; i++)
		CHECK(publish(trust, ds_fact(&f, ".", i, life_of(500, 100)), T0) == 0);
	zone = get(trust, ".", T0);
	REQUIRE(zone != NULL && zone->n_dssets == 5);
	CHECK(zone->dsset[0]->ds[0].key_tag == 20326);
	CHECK(zone->dsset[1]->ds[0].digest[0] == 5 && zone->dsset[4]->ds[0].digest[0] == 2);

	// When all keys have died, it is what its anchors make it; also after a visit.
	CHECK(publish(trust, key_fact(&f, ".", 1, life_of(500, 100)), T0) == 0);
	CHECK(status(trust, ".", T0) == WV_TRUST_SECURE);
	CHECK(status(trust, ".", T0 + 101) == WV_TRUST_DELEGATED);
	CHECK(wv_trust_expire(trust, at(T0 + 101), 10) == 1);
	zone = get(trust, ".", T0 + 101);
	REQUIRE(zone != NULL);
	CHECK(zone->n_dssets == 1 && zone->n_keysets == 0 && zone->is_anchor);
	CHECK(zone->status == WV_TRUST_DELEGATED);
	wv_trust_destroy(trust);
}

static void test_unsupported_anchor(void)
{
	struct wv_trust *trust = store_of(10);
	struct wv_trust *sha1 =
		wv_trust_create(&(struct wv_trust_params){.zones = 10, .sha1 = true}, NULL);
	const struct wv_trust_zone *zone;
	union fact f;

	REQUIRE(sha1 != NULL);
	insecure(trust, "below.odd.", 100);
	anchor(trust,
		"odd. DS 1 200 2 " // algorithm
		"e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n"
		"strange. DS 1 13 200 00\n" // digest type
		"old. DS 1 8 1 2bb183af5f22588179a53b0a98631fad1a292118\n");
	zone = get(trust, "odd.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->is_anchor && wv_trust_status_at(zone, at(T0)) == WV_TRUST_INSECURE);
	CHECK(zone->reason == WV_REASON_UNSUPPORTED_ALGORITHM);
	CHECK(zone->source == WV_TRUST_CONFIGURED && zone->life.forever);
	zone = get(trust, "strange.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->reason == WV_REASON_UNSUPPORTED_DIGEST);
	zone = get(trust, "old.", T0);
	REQUIRE(zone != NULL);
	CHECK(zone->reason == WV_REASON_UNSUPPORTED_DIGEST);
	anchor(sha1, "old. DS 1 8 1 2bb183af5f22588179a53b0a98631fad1a292118\n");
	CHECK(status(sha1, "old.", T0) == WV_TRUST_DELEGATED);

	// Nothing is taken there, nor below.
	CHECK(finds(trust, "x.below.odd.", "odd.", T0));
	ds_fact(&f, "odd.", 1, life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(status(trust, "odd.", T0) == WV_TRUST_INSECURE);
	ds_fact(&f, "below.odd.", 1, life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	CHECK(get(trust, "below.odd.", T0) == NULL);

	// An anchor that is supported changes that.
	anchor(trust,
		"odd. DS 1 13 2 "
		"e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n");
	zone = get(trust, "odd.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0)) == WV_TRUST_DELEGATED);
	CHECK(zone->n_dssets == 1 && zone->dsset[0]->n == 2);
	CHECK(publish(trust, ds_fact(&f, "below.odd.", 1, life_of(500, 100)), T0) == 0);
	CHECK(finds(trust, "x.below.odd.", "below.odd.", T0));
	wv_trust_destroy(sha1);
	wv_trust_destroy(trust);
}

static void test_configured_insecure(void)
{
	struct wv_trust *trust = store_of(6);
	const struct wv_trust_zone *zone;
	struct wv_name corp = name_of("corp.");
	struct wv_name root = name_of(".");
	struct wv_name full = name_of("full.");
	struct wv_err err;
	unsigned n = 0;
	union fact f;

	anchor(trust,
		ROOT_DS "secure.corp. DS 1 13 2 "
			"e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n");
	insecure(trust, "a.corp.", 100);
	CHECK(publish(trust, ds_fact(&f, "corp.", 1, life_of(500, 100)), T0) == 0);
	CHECK(publish(trust, ds_fact(&f, "z.secure.corp.", 1, life_of(500, 100)), T0) == 0);
	CHECK(publish(trust, ds_fact(&f, "xcorp.", 1, life_of(500, 100)), T0) == 0);
	CHECK(wv_trust_set_insecure(trust, &corp, &err) == 0);
	CHECK(wv_trust_set_insecure(trust, &corp, &err) == 0); // again
	zone = get(trust, "corp.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0 + 1000000)) == WV_TRUST_INSECURE);
	CHECK(zone->reason == WV_REASON_CONFIGURED_INSECURE && zone->n_dssets == 0);

	// It is so for all below, but for what an anchor secures.
	CHECK(finds(trust, "www.a.corp.", "corp.", T0));
	CHECK(finds(trust, "www.z.secure.corp.", "z.secure.corp.", T0));
	CHECK(finds(trust, "www.xcorp.", "xcorp.", T0));
	for (unsigned kind = WV_FACT_KEYS; kind <= WV_FACT_BOGUS; kind++) {
		static const char *const names[] = {"corp.", "a.corp.", "x.y.corp."};

		for (unsigned i = 0; i < WV_COUNT(names); i++) {
			fact_of(&f, (enum wv_trust_fact_kind)kind, names[i], life_of(500, 100));
			if (kind == WV_FACT_KEYS)
				key_add(&f, 257, 1);
			if (kind == WV_FACT_DS)
				ds_add(&f, 1);
			CHECK(!is_news(trust, &f.fact, T0));
			CHECK(publish(trust, &f.fact, T0) == 0);
			CHECK(finds(trust, names[i], "corp.", T0));
			CHECK(status(trust, "corp.", T0) == WV_TRUST_INSECURE);
		}
	}
	ds_fact(&f, "secure.corp.", 2, life_of(500, 100));
	CHECK(is_news(trust, &f.fact, T0));

	// One name is not both.
	CHECK(wv_trust_set_insecure(trust, &root, &err) == -EINVAL);
	CHECK(strcmp(err.text, "want a name without a trust anchor, not .") == 0);
	CHECK(read_text(trust,
		      "\ncorp. DS 1 13 2 "
		      "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n",
		      &n, &err)
		== -EINVAL);
	CHECK(strcmp(err.text,
		      "a.key:2: want an anchor for a name that is not insecure by "
		      "configuration, not corp.")
		== 0);
	CHECK(status(trust, "corp.", T0) == WV_TRUST_INSECURE && n == 0);
	insecure(trust, "sixth.", 100);
	CHECK(wv_trust_set_insecure(trust, &full, &err) == -ENOSPC);
	CHECK(strcmp(err.text, "trust store: no room for full. beside 6 zones") == 0);
	wv_trust_destroy(trust);
}

static void test_news(void)
{
	struct wv_trust *trust = store_of(2);
	union fact f;

	// Each kind is news once, and again when half its life is over and it is for longer.
	for (unsigned kind = WV_FACT_KEYS; kind <= WV_FACT_INSECURE; kind++) {
		fact_of(&f, (enum wv_trust_fact_kind)kind, "example.", life_of(10000, 100));
		if (kind == WV_FACT_KEYS)
			key_add(&f, 257, 1);
		if (kind == WV_FACT_DS)
			ds_add(&f, 1);
		CHECK(is_news(trust, &f.fact, T0));
		CHECK(publish(trust, &f.fact, T0) == 0);
		CHECK(!is_news(trust, &f.fact, T0));
		CHECK(!is_news(trust, &f.fact, T0 + 99));
		f.fact.life = life_of(10000, 150);
		CHECK(!is_news(trust, &f.fact, T0 + 50));
		CHECK(is_news(trust, &f.fact, T0 + 51));
		CHECK(publish(trust, &f.fact, T0 + 51) == 0);
		CHECK(!is_news(trust, &f.fact, T0 + 52));
		f.fact.life = life_of(10000, 200);
		CHECK(!is_news(trust, &f.fact, T0 + 100));
		CHECK(is_news(trust, &f.fact, T0 + 101));
		CHECK(is_news(trust, &f.fact, T0 + 151)); // all of it is over
		// Where times are not checked nothing becomes longer.
		CHECK(!wv_trust_is_news(trust, &f.fact, any_time));
		CHECK(!wv_trust_is_news(
			trust, &f.fact, (struct wv_time){.now_s = T0 + 101, .checked = false}));
		// From a whole capture: any longer life is.
		f.fact.life = life_of(20000, 160);
		f.fact.life.pinned = true;
		CHECK(is_news(trust, &f.fact, T0 + 52));
	}
	// A TTL that somebody made short does not keep the true one out.
	fact_of(&f, WV_FACT_INSECURE, "example.", life_of(10000, 152));
	f.fact.reason = WV_REASON_OPT_OUT;
	CHECK(publish(trust, &f.fact, T0 + 151) == 0);
	f.fact.life = life_of(10000, 153);
	CHECK(!is_news(trust, &f.fact, T0 + 151));
	f.fact.life = life_of(10000, 154);
	CHECK(is_news(trust, &f.fact, T0 + 151));
	f.fact.life = life_of(10000, 3600);
	CHECK(is_news(trust, &f.fact, T0 + 151));
	// What is not live is not news.
	fact_of(&f, WV_FACT_INSECURE, "other.", life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0 + 101));
	CHECK(!is_news(trust, &f.fact, T0 - 1001));
	CHECK(publish(trust, &f.fact, T0 + 101) == 0);
	CHECK(get(trust, "other.", T0) == NULL);
	// Nor is that for which there is no room.
	CHECK(is_news(trust, &f.fact, T0));
	CHECK(publish(trust, &f.fact, T0) == 0);
	fact_of(&f, WV_FACT_INSECURE, "third.", life_of(500, 100));
	CHECK(!is_news(trust, &f.fact, T0));
	wv_trust_destroy(trust);
}

static void test_lives_join(void)
{
	struct wv_trust *trust = store_of(2);
	const struct wv_trust_zone *zone;
	union fact f;

	// Two signatures over one RRset that overlap: it is live from the first to the last.
	ds_fact(&f, "example.", 1, (struct wv_trust_life){T0, T0 + 100, T0 + 100, true, false});
	CHECK(publish(trust, &f.fact, T0 + 10) == 0);
	f.fact.life = (struct wv_trust_life){T0 + 50, T0 + 200, T0 + 60, true, false};
	CHECK(publish(trust, &f.fact, T0 + 60) == 0);
	f.fact.life = (struct wv_trust_life){T0 - 50, T0 + 20, T0 + 20, true, false};
	CHECK(publish(trust, &f.fact, T0 + 10) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_dssets == 1);
	CHECK(zone->dsset[0]->life.not_before == T0 - 50);
	CHECK(zone->dsset[0]->life.not_after == T0 + 200);
	// An earlier inception alone is worth something to those alone who look back.
	f.fact.life = (struct wv_trust_life){T0 - 60, T0 + 20, T0 + 20, false, false};
	CHECK(publish(trust, &f.fact, T0 + 10) == 0);
	CHECK(get(trust, "example.", T0)->dsset[0]->life.not_before == T0 - 50);
	// With a gap: the later one.
	f.fact.life = (struct wv_trust_life){T0 + 300, T0 + 400, T0 + 400, true, false};
	CHECK(wv_trust_publish(trust, &f.fact, any_time) == 0);
	CHECK(get(trust, "example.", T0 + 250) == NULL);
	CHECK(get(trust, "example.", T0 + 300) != NULL);
	wv_trust_destroy(trust);
}

static void test_full(void)
{
	struct wv_trust *trust = store_of(2);
	struct wv_trust *none = store_of(0);
	struct wv_trust_counts counts;
	struct wv_err err;
	unsigned n = 0;
	union fact f;

	CHECK(publish(none, ds_fact(&f, "a.", 1, life_of(500, 100)), T0) == -ENOSPC);
	CHECK(find(none, "a.", T0) == NULL);
	wv_trust_destroy(none);

	insecure(trust, "a.", 100);
	insecure(trust, "b.", 100);
	CHECK(publish(trust, ds_fact(&f, "c.", 1, life_of(500, 100)), T0) == -ENOSPC);
	CHECK(read_text(trust, ROOT_DS, &n, &err) == -ENOSPC);
	CHECK(strcmp(err.text, "a.key: want at most 0 anchor zones beside 2 zones, not 1") == 0);
	CHECK(publish(trust, ds_fact(&f, "b.", 1, life_of(500, 200)), T0) == 0);
	wv_trust_count(trust, &counts);
	CHECK(counts.zones == 2 && counts.capacity == 2);
	CHECK(counts.published == 3 && counts.refused == 1 && counts.expired == 0);
	CHECK(counts.memory > 2 * sizeof(struct wv_trust_zone));

	// What has died makes room when it was visited.
	CHECK(publish(trust, ds_fact(&f, "c.", 1, life_of(500, 200)), T0 + 101) == -ENOSPC);
	CHECK(wv_trust_expire(trust, at(T0 + 101), 1) == 1);
	CHECK(wv_trust_expire(trust, at(T0 + 101), 10) == 1);
	wv_trust_count(trust, &counts);
	CHECK(counts.zones == 1 && counts.expired == 1);
	CHECK(publish(trust, ds_fact(&f, "c.", 1, life_of(500, 200)), T0 + 101) == 0);
	CHECK(finds(trust, "x.c.", "c.", T0 + 101) && finds(trust, "x.b.", "b.", T0 + 101));
	CHECK(wv_trust_expire(trust, at(T0 + 201), 10) == 2);
	wv_trust_count(trust, &counts);
	CHECK(counts.zones == 0 && counts.expired == 3);
	CHECK(wv_trust_expire(trust, at(T0 + 201), 10) == 0);
	wv_trust_destroy(trust);
}

static void test_expire(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint32_t generation;
	union fact f;

	CHECK(publish(trust, ds_fact(&f, "example.", 1, life_of(500, 100)), T0) == 0);
	CHECK(publish(trust, ds_fact(&f, "example.", 2, life_of(500, 200)), T0) == 0);
	CHECK(publish(trust, key_fact(&f, "example.", 1, life_of(500, 50)), T0) == 0);
	generation = get(trust, "example.", T0)->generation;
	wv_trust_expire(trust, at(T0 + 50), 10);
	CHECK(get(trust, "example.", T0 + 50)->generation == generation); // nothing to do
	wv_trust_expire(trust, at(T0 + 101), 10);
	zone = get(trust, "example.", T0 + 101);
	REQUIRE(zone != NULL);
	CHECK(zone->n_keysets == 0 && zone->n_dssets == 1 && zone->status == WV_TRUST_DELEGATED);
	CHECK(zone->dsset[0]->ds[0].digest[0] == 2 && zone->generation > generation);
	generation = zone->generation;
	// A zone that comes again is above what it was.
	wv_trust_expire(trust, at(T0 + 201), 10);
	CHECK(get(trust, "example.", T0) == NULL);
	CHECK(publish(trust, ds_fact(&f, "example.", 1, life_of(500, 300)), T0 + 201) == 0);
	CHECK(get(trust, "example.", T0 + 201)->generation > generation);
	// BOGUS that is over leaves the DS.
	fact_of(&f, WV_FACT_BOGUS, "example.", life_of(500, 210));
	CHECK(publish(trust, &f.fact, T0 + 201) == 0);
	CHECK(get(trust, "example.", T0 + 201)->status == WV_TRUST_BOGUS);
	generation = get(trust, "example.", T0 + 201)->generation;
	wv_trust_expire(trust, at(T0 + 211), 10);
	zone = get(trust, "example.", T0 + 211);
	REQUIRE(zone != NULL);
	CHECK(zone->status == WV_TRUST_DELEGATED && zone->generation > generation);
	// Where times are not checked nothing dies.
	CHECK(wv_trust_expire(trust, any_time, 10) == 1);
	CHECK(get(trust, "example.", T0 + 211) != NULL);
	wv_trust_destroy(trust);
}

// What is wrong with a fact; each is made from a good one of two DS or two keys.
enum flaw {
	FLAW_NONE,
	FLAW_SIZE_SMALL,
	FLAW_SIZE_LARGE,
	FLAW_COUNT,
	FLAW_COUNT_LARGE,
	FLAW_NO_RECORDS,
	FLAW_ORDER,
	FLAW_TWICE,
	FLAW_SHORT_RDATA,
	FLAW_KIND,
	FLAW_NAME_LEN,
	FLAW_NAME_NONE,
	FLAW_NAME_LABELS,
	FLAW_NAME_LABEL,
	FLAW_NAME_CASE,
	FLAW_REASON,
	FLAW_REASON_LARGE,
	FLAW_RECORDS,
};

static const struct {
	const char *what;
	enum wv_trust_fact_kind kind;
	enum flaw flaw;
	int status;
} flaws[] = {
	{"good DS", WV_FACT_DS, FLAW_NONE, 0},
	{"good keys", WV_FACT_KEYS, FLAW_NONE, 0},
	{"good INSECURE", WV_FACT_INSECURE, FLAW_NONE, 0},
	{"good BOGUS", WV_FACT_BOGUS, FLAW_NONE, 0},
	{"smaller than its head", WV_FACT_DS, FLAW_SIZE_SMALL, -EINVAL},
	{"an octet too many", WV_FACT_DS, FLAW_SIZE_LARGE, -EINVAL},
	{"an octet too many in keys", WV_FACT_KEYS, FLAW_SIZE_LARGE, -EINVAL},
	{"fewer records counted", WV_FACT_DS, FLAW_COUNT, -EINVAL},
	{"more records counted", WV_FACT_DS, FLAW_COUNT_LARGE, -EINVAL},
	{"no DS", WV_FACT_DS, FLAW_NO_RECORDS, -EINVAL},
	{"no keys", WV_FACT_KEYS, FLAW_NO_RECORDS, -EINVAL},
	{"records that descend", WV_FACT_DS, FLAW_ORDER, -EINVAL},
	{"a record twice", WV_FACT_KEYS, FLAW_TWICE, -EINVAL},
	{"a DS of 3 octets", WV_FACT_DS, FLAW_SHORT_RDATA, -EINVAL},
	{"a DNSKEY of 3 octets", WV_FACT_KEYS, FLAW_SHORT_RDATA, -EINVAL},
	{"an unknown kind", WV_FACT_DS, FLAW_KIND, -EINVAL},
	{"a name that is longer than its labels", WV_FACT_DS, FLAW_NAME_LEN, -EINVAL},
	{"no name", WV_FACT_INSECURE, FLAW_NAME_NONE, -EINVAL},
	{"a wrong count of labels", WV_FACT_DS, FLAW_NAME_LABELS, -EINVAL},
	{"a label of 64 octets", WV_FACT_DS, FLAW_NAME_LABEL, -EINVAL},
	{"a capital letter", WV_FACT_DS, FLAW_NAME_CASE, -EINVAL},
	{"INSECURE for a bogus reason", WV_FACT_INSECURE, FLAW_REASON, -EINVAL},
	{"BOGUS for an insecure reason", WV_FACT_BOGUS, FLAW_REASON, -EINVAL},
	{"a reason there is not", WV_FACT_BOGUS, FLAW_REASON_LARGE, -EINVAL},
	{"INSECURE with records", WV_FACT_INSECURE, FLAW_RECORDS, -EINVAL},
};

static void flaw_make(union fact *f, enum flaw flaw)
{
	struct wv_trust_fact *fact = &f->fact;
	uint32_t record = (fact->size - (uint32_t)sizeof(*fact)) / 2; // of two equal ones
	uint8_t swap[64];

	switch (flaw) {
	case FLAW_NONE:
		break;
	case FLAW_SIZE_SMALL:
		fact->size = sizeof(*fact) - 1;
		break;
	case FLAW_SIZE_LARGE:
		f->octets[fact->size++] = 0;
		break;
	case FLAW_COUNT:
		fact->n--;
		break;
	case FLAW_COUNT_LARGE:
		fact->n++;
		break;
	case FLAW_NO_RECORDS:
		fact->n = 0;
		fact->size = sizeof(*fact);
		break;
	case FLAW_ORDER:
		memcpy(swap, fact->octets, record);
		memcpy(fact->octets, fact->octets + record, record);
		memcpy(fact->octets + record, swap, record);
		break;
	case FLAW_TWICE:
		memcpy(fact->octets + record, fact->octets, record);
		break;
	case FLAW_SHORT_RDATA:
		fact->size = sizeof(*fact);
		fact->n = 0;
		fact_add(f, (const uint8_t *)"\1\1\3", 3);
		break;
	case FLAW_KIND:
		fact->kind = (enum wv_trust_fact_kind)4;
		break;
	case FLAW_NAME_LEN:
		fact->zone.len++;
		break;
	case FLAW_NAME_NONE:
		fact->zone.len = 0;
		break;
	case FLAW_NAME_LABELS:
		fact->zone.labels++;
		break;
	case FLAW_NAME_LABEL:
		fact->zone.octets[0] = 64;
		break;
	case FLAW_NAME_CASE:
		fact->zone.octets[1] = 'E';
		break;
	case FLAW_REASON:
		fact->reason =
			fact->kind == WV_FACT_BOGUS ? WV_REASON_UNSIGNED : WV_REASON_BAD_SIGNATURE;
		break;
	case FLAW_REASON_LARGE:
		fact->reason = WV_REASON_COUNT;
		break;
	case FLAW_RECORDS:
		ds_add(f, 1);
		break;
	}
}

static void test_flaws(void)
{
	for (unsigned i = 0; i < WV_COUNT(flaws); i++) {
		struct wv_trust *trust = store_of(10);
		struct wv_trust_counts counts;
		uint8_t *exact;
		union fact f;

		fact_of(&f, flaws[i].kind, "example.", life_of(500, 100));
		for (uint8_t k = 1; k <= 2; k++) {
			if (flaws[i].kind == WV_FACT_DS)
				ds_add(&f, k);
			else if (flaws[i].kind == WV_FACT_KEYS)
				key_add(&f, 257, k);
		}
		flaw_make(&f, flaws[i].flaw);
		// Its exact size, but never less than the struct whose size field is read.
		exact = test_exact(&f, f.fact.size > sizeof(f.fact) ? f.fact.size : sizeof(f.fact));
		CHECK_ROW(&flaws[i],
			wv_trust_publish(trust, (const void *)exact, at(T0)) == flaws[i].status);
		wv_trust_count(trust, &counts);
		CHECK_ROW(&flaws[i], counts.zones == (flaws[i].status == 0));
		free(exact);
		wv_trust_destroy(trust);
	}
}

// A long digest of an unknown type is part of many DS RRsets that are fine otherwise.
static void test_odd_ds(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint8_t rdata[4 + 100] = {1, 1, 13, 200};
	union fact f;

	fact_of(&f, WV_FACT_DS, "example.", life_of(500, 100));
	fact_add(&f, rdata, 4);
	fact_add(&f, rdata, sizeof(rdata));
	ds_add(&f, 2);
	CHECK(publish(trust, &f.fact, T0) == 0);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL && zone->n_dssets == 1 && zone->dsset[0]->n == 3);
	CHECK(zone->dsset[0]->ds[0].digest_len == 0 && zone->dsset[0]->ds[1].digest_len == 64);
	CHECK(wv_trust_ds_support(zone->dsset[0]->ds, 3, false) == WV_REASON_SECURE);
	wv_trust_destroy(trust);
}

#define RSA_BASE64                                                                                 \
	"AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/"                               \
	"4RgWOq7HrxRixHlFlExOLAJr5emLvN7"                                                          \
	"SWXgnLh4+"                                                                                \
	"B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8ef"         \
	"S3rCj/EWgvIWgb9tarpVUDK/"                                                                 \
	"b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/"                        \
	"ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
#define P256_BASE64                                                                                \
	"GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
#define SHA256_HEX "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"

static const struct {
	const char *what;
	const char *text;
	unsigned n;       // anchors read
	const char *zone; // the one that is looked at
	unsigned n_ds;
	uint16_t key_tag; // of the first
	uint8_t algorithm, digest_type;
} good_anchors[] = {
	{"nothing", "", 0, NULL, 0, 0, 0, 0},
	{"comments and empty lines", "; anchors\n\n  ; none\n\t\n;", 0, NULL, 0, 0, 0, 0},
	{"the root's DS as Debian has it", ROOT_DS, 1, ".", 1, 20326, 8, 2},
	{"the root's key as Debian has it", ". IN DNSKEY 257 3 8 " RSA_BASE64 " ; keytag 20326\n",
		1, ".", 1, 20326, 8, 2},
	{"one anchor in two forms", ROOT_DS ". IN DNSKEY 257 3 8 " RSA_BASE64, 2, ".", 1, 20326, 8,
		2},
	{"without class", "example. DS 1 13 2 " SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"TTL and class", "example. 3600 IN DS 1 13 2 " SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"class and TTL", "example. in 3600 ds 1 13 2 " SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"TTL alone", "example.\t0\tDS\t1\t13\t2\t" SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"class by number", "example. CLASS1 DS 1 13 2 " SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"no last dot", "Example DS 1 13 2 " SHA256_HEX, 1, "example.", 1, 1, 13, 2},
	{"carriage returns", "example. DS 1 13 2 " SHA256_HEX "\r\n\r\n", 1, "example.", 1, 1, 13,
		2},
	{"spaces in hex, capitals, a comment behind",
		"example. DS 1 13 2 E06D44B80B8F1D39A95C0B0D7C65D084 "
		"58e880409bbc683457104237c7f8ec8 "
		"d;x",
		1, "example.", 1, 1, 13, 2},
	{"spaces in base64",
		"example.net. DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR "
		"6edbkrSqQpF64c"
		"Y bcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA= =",
		1, "example.net.", 1, 55648, 13, 2},
	{"SEP is not required", "example.net. DNSKEY 256 3 13 " P256_BASE64, 1, "example.net.", 1,
		55647, 13, 2},
	{"algorithm by name", "example.net. DNSKEY 257 3 ecdsap256sha256 " P256_BASE64, 1,
		"example.net.", 1, 55648, 13, 2},
	{"several for one name",
		ROOT_DS "example. DS 9 13 2 " SHA256_HEX "\nexample. DS 1 13 2 " SHA256_HEX "\n", 3,
		"example.", 2, 1, 13, 2},
	{"the same twice", ROOT_DS ROOT_DS, 2, ".", 1, 20326, 8, 2},
	{"unknown algorithm", "example. DS 1 200 2 " SHA256_HEX, 1, "example.", 1, 1, 200, 2},
	{"unknown digest type", "example. DS 1 13 200 0102", 1, "example.", 1, 1, 13, 200},
	{"key of an unknown algorithm", "example. DNSKEY 257 3 200 AQID", 1, "example.", 1, 2251,
		200, 2},
	{"an escaped owner", "a\\;b\\.c.example. DS 1 13 2 " SHA256_HEX, 1, "a\\;b\\.c.example.", 1,
		1, 13, 2},
	{"an owner named DS", "DS DS 1 13 2 " SHA256_HEX, 1, "ds.", 1, 1, 13, 2},
};

static void test_good_anchors(void)
{
	for (unsigned i = 0; i < WV_COUNT(good_anchors); i++) {
		struct wv_trust *trust = store_of(10);
		struct wv_trust_counts counts;
		const struct wv_trust_zone *zone;
		struct wv_err err = {""};
		unsigned n = 5;

		CHECK_ROW(&good_anchors[i], read_text(trust, good_anchors[i].text, &n, &err) == 0);
		if (err.text[0] != '\0')
			fprintf(stderr, "%s\n", err.text);
		CHECK_ROW(&good_anchors[i], n == 5 + good_anchors[i].n);
		wv_trust_count(trust, &counts);
		if (good_anchors[i].zone == NULL) {
			CHECK_ROW(&good_anchors[i], counts.zones == 0);
			wv_trust_destroy(trust);
			continue;
		}
		zone = get(trust, good_anchors[i].zone, T0);
		CHECK_ROW(&good_anchors[i], zone != NULL);
		if (zone != NULL) {
			const struct wv_trust_dsset *set = zone->dsset[0];

			CHECK_ROW(&good_anchors[i], zone->is_anchor && zone->n_dssets == 1);
			CHECK_ROW(&good_anchors[i], set->n == good_anchors[i].n_ds);
			CHECK_ROW(&good_anchors[i], set->ds[0].key_tag == good_anchors[i].key_tag);
			CHECK_ROW(&good_anchors[i],
				set->ds[0].algorithm == good_anchors[i].algorithm
					&& set->ds[0].digest_type == good_anchors[i].digest_type);
		}
		wv_trust_destroy(trust);
	}
}

static void test_key_becomes_ds(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint8_t key[128];
	size_t len = test_unhex(P256_KEY, key, sizeof(key));

	anchor(trust, "example.net. DNSKEY 257 3 13 " P256_BASE64);
	zone = get(trust, "example.net.", T0);
	REQUIRE(zone != NULL && zone->dsset[0]->n == 1);
	CHECK(zone->dsset[0]->ds[0].digest_len == 32);
	CHECK(wv_trust_ds_matches(&zone->dsset[0]->ds[0], &zone->name, key, len));
	wv_trust_destroy(trust);
}

static const struct {
	const char *what;
	const char *text;
	const char *words;
} bad_anchors[] = {
	{"an indented line", " . DS 1 13 2 " SHA256_HEX,
		"a.key:1: want an owner name at the beginning of the line, not ."},
	{"an owner alone", "example.\n", "a.key:1: want DS or DNSKEY, not the end of the line"},
	{"another type", "example. IN A 192.0.2.1\n", "a.key:1: want DS or DNSKEY, not A"},
	{"a directive", "; x\n$TTL 3600\n", "a.key:2: want DS and DNSKEY records alone, not $TTL"},
	{"an origin", "@ DS 1 13 2 " SHA256_HEX, "a.key:1: want an owner name in full, not @"},
	{"a name with an empty label", "a..b. DS 1 13 2 " SHA256_HEX,
		"a.key:1: want an owner name in full, not a..b."},
	{"another class", "example. CH DS 1 13 2 " SHA256_HEX, "a.key:1: want class IN, not CH"},
	{"another class by number", "example. CLASS3 DS 1 13 2 " SHA256_HEX,
		"a.key:1: want class IN, not CLASS3"},
	{"class twice", "example. IN IN DS 1 13 2 " SHA256_HEX,
		"a.key:1: want DS or DNSKEY, not IN"},
	{"TTL twice", "example. 1 2 DS 1 13 2 " SHA256_HEX, "a.key:1: want DS or DNSKEY, not 2"},
	{"TTL with a unit", "example. 1h DS 1 13 2 " SHA256_HEX,
		"a.key:1: want DS or DNSKEY, not 1h"},
	{"TTL too large", "example. 2147483648 DS 1 13 2 " SHA256_HEX,
		"a.key:1: want a TTL of at most 2147483647, not 2147483648"},
	{"key tag too large", "example. DS 65536 13 2 " SHA256_HEX,
		"a.key:1: want a key tag (0 to 65535), not 65536"},
	{"key tag that is none", "example. DS -1 13 2 " SHA256_HEX,
		"a.key:1: want a key tag (0 to 65535), not -1"},
	{"unknown mnemonic", "example. DS 1 RSA 2 " SHA256_HEX,
		"a.key:1: want an algorithm (0 to 255, or its name), not RSA"},
	{"algorithm too large", "example. DS 1 256 2 " SHA256_HEX,
		"a.key:1: want an algorithm (0 to 255, or its name), not 256"},
	{"digest type too large", "example. DS 1 13 256 " SHA256_HEX,
		"a.key:1: want a digest type (0 to 255), not 256"},
	{"no digest", "example. DS 1 13 2",
		"a.key:1: want a digest in hex, not the end of the line"},
	{"no hex", "example. DS 1 13 2 e06g", "a.key:1: want a digest in hex, not e06g"},
	{"parentheses", "example. DS 1 13 2 ( " SHA256_HEX " )",
		"a.key:1: want a digest in hex, not ("},
	{"half an octet", "example. DS 1 13 2 " SHA256_HEX "0",
		"a.key:1: want two hex digits for each octet, not 65 digits"},
	{"a SHA-256 that is too short", "example. DS 1 13 2 e06d44b8",
		"a.key:1: want 32 octets for a digest of type 2, not 4"},
	{"a SHA-1 that is too long", "example. DS 1 8 1 " SHA256_HEX,
		"a.key:1: want 20 octets for a digest of type 1, not 32"},
	{"a SHA-384 that is too short", "example. DS 1 8 4 " SHA256_HEX,
		"a.key:1: want 48 octets for a digest of type 4, not 32"},
	{"a digest of 65 octets", "example. DS 1 8 200 " SHA256_HEX SHA256_HEX "00",
		"a.key:1: want a digest of at most 64 octets, not more"},
	{"garbage after the digest", "example. DS 1 13 2 " SHA256_HEX " x",
		"a.key:1: want a digest in hex, not x"},
	{"flags that are none", "example. DNSKEY x 3 13 " P256_BASE64,
		"a.key:1: want flags (0 to 65535), not x"},
	{"no zone key", "example. DNSKEY 1 3 13 " P256_BASE64,
		"a.key:1: want a zone key (flag 256), not flags 1"},
	{"a revoked key", ROOT_DS "example. DNSKEY 385 3 13 " P256_BASE64,
		"a.key:2: want a key that is not revoked (flag 128), not flags 385"},
	{"protocol 2", "example. DNSKEY 257 2 13 " P256_BASE64, "a.key:1: want protocol 3, not 2"},
	{"protocol 256", "example. DNSKEY 257 256 13 " P256_BASE64,
		"a.key:1: want protocol 3, not 256"},
	{"no key", "example. DNSKEY 257 3 13",
		"a.key:1: want a key in base64, not the end of the line"},
	{"no base64", "example. DNSKEY 257 3 8 AQ!D", "a.key:1: want a key in base64, not AQ!D"},
	{"base64 without padding", "example. DNSKEY 257 3 8 AQIDBA",
		"a.key:1: want a key in base64, not the end of the line"},
	{"base64 with stray bits",
		"example. DNSKEY 257 3 8 AQIDBB==", "a.key:1: want a key in base64, not AQIDBB=="},
	{"base64 that begins with padding",
		"example. DNSKEY 257 3 8 ====", "a.key:1: want a key in base64, not ===="},
	{"garbage after the key", "example. DNSKEY 257 3 8 AQIDBA== AQID",
		"a.key:1: want a key in base64, not AQID"},
	{"a P-256 key that is too short", "example. DNSKEY 257 3 13 AQID",
		"a.key:1: want a key of 64 octets for ECDSAP256SHA256, not 3"},
	{"an Ed25519 key that is too long", "example. DNSKEY 257 3 15 " P256_BASE64,
		"a.key:1: want a key of 32 octets for ED25519, not 64"},
	{"what is not printable", "example. \001\377 DS 1 13 2 " SHA256_HEX,
		"a.key:1: want DS or DNSKEY, not ??"},
	{"a very long word",
		"example. aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"a.key:1: want DS or DNSKEY, not "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"},
	{"an error in the third line", ROOT_DS "\nexample. DS\n" ROOT_DS,
		"a.key:3: want a key tag (0 to 65535), not the end of the line"},
};

static void test_bad_anchors(void)
{
	for (unsigned i = 0; i < WV_COUNT(bad_anchors); i++) {
		struct wv_trust *trust = store_of(10);
		struct wv_trust_counts counts;
		struct wv_err err = {""};
		unsigned n = 7;

		CHECK_ROW(&bad_anchors[i],
			read_text(trust, bad_anchors[i].text, &n, &err) == -EINVAL);
		if (strcmp(err.text, bad_anchors[i].words) != 0)
			fprintf(stderr, "\nhave %s", err.text);
		CHECK_ROW(&bad_anchors[i], strcmp(err.text, bad_anchors[i].words) == 0);
		wv_trust_count(trust, &counts);
		CHECK_ROW(&bad_anchors[i], counts.zones == 0 && n == 7);
		wv_trust_destroy(trust);
	}
}

static void test_nul_in_anchors(void)
{
	static const char text[] = "exa\0mple. DS 1 13 2 " SHA256_HEX;
	struct wv_trust *trust = store_of(10);
	struct wv_err err;
	unsigned n = 0;

	CHECK(wv_trust_read_anchors(trust, "a.key", text, sizeof(text) - 1, &n, &err) == -EINVAL);
	CHECK(strcmp(err.text, "a.key:1: want an owner name in full, not exa?mple.") == 0);
	CHECK(wv_trust_read_anchors(trust, "a.key", NULL, 0, &n, &err) == 0);
	wv_trust_destroy(trust);
}

static void test_anchors_over_facts(void)
{
	struct wv_trust *trust = store_of(10);
	const struct wv_trust_zone *zone;
	uint32_t generation;
	union fact f;

	// What the wire said of the zone before ends with the anchor; sets stay.
	insecure(trust, "example.", 100);
	CHECK(publish(trust, ds_fact(&f, "secure.", 1, life_of(500, 100)), T0) == 0);
	CHECK(publish(trust, key_fact(&f, "secure.", 1, life_of(500, 100)), T0) == 0);
	generation = get(trust, "example.", T0)->generation;
	anchor(trust, "example. DS 1 13 2 " SHA256_HEX "\nsecure. DS 1 13 2 " SHA256_HEX);
	zone = get(trust, "example.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0)) == WV_TRUST_DELEGATED);
	CHECK(zone->generation > generation);
	zone = get(trust, "secure.", T0);
	REQUIRE(zone != NULL);
	CHECK(wv_trust_status_at(zone, at(T0)) == WV_TRUST_SECURE);
	CHECK(zone->n_dssets == 2 && zone->dsset[0]->ds[0].key_tag == 1);
	CHECK(zone->dsset[1]->ds[0].digest[0] == 1);
	wv_trust_destroy(trust);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

// A name of up to four labels out of three, and its number among them.
static unsigned random_name(struct wv_name *name)
{
	char text[16] = "";
	unsigned labels = random_below(5);
	unsigned number = 1;

	for (unsigned i = 0; i < labels; i++) {
		unsigned label = random_below(3);

		number = number * 3 + label;
		memmove(text + 2, text, strlen(text) + 1);
		text[0] = (char)('a' + label);
		text[1] = '.';
	}
	*name = name_of(labels > 0 ? text : ".");
	return number;
}

#define MODEL 243

// The same as the store, in one array by the number of a name: the number's third is its parent's.
static void test_model(void)
{
	static uint32_t ends[MODEL]; // 0: nothing is known
	struct wv_trust *trust = store_of(MODEL);
	uint32_t now_s = T0;

	for (unsigned i = 0; i < 20000; i++) {
		const struct wv_trust_zone *zone;
		struct wv_name name;
		unsigned number = random_name(&name);
		unsigned known = number;
		union fact f;

		if (random_below(3) == 0) {
			uint32_t ttl_s = random_below(100);

			fact_of(&f, WV_FACT_INSECURE, ".", life_of(1u << 30, now_s - T0 + ttl_s));
			f.fact.zone = name;
			CHECK(wv_trust_publish(trust, &f.fact, at(now_s)) == 0);
			if (ends[number] < now_s + ttl_s)
				ends[number] = now_s + ttl_s;
		}
		if (random_below(10) == 0)
			now_s++;
		if (random_below(10) == 0)
			wv_trust_expire(trust, at(now_s), random_below(50));
		while (known > 0 && ends[known] < now_s)
			known /= 3;
		zone = wv_trust_find(trust, &name, at(now_s));
		if (known == 0) {
			CHECK(zone == NULL);
		} else {
			unsigned labels = 0;

			for (unsigned k = known; k > 1; k /= 3)
				labels++;
			CHECK(zone != NULL && zone->name.labels == labels);
			CHECK(zone != NULL && wv_name_is_within(&name, &zone->name));
			CHECK(zone != NULL && zone->life.expires == ends[known]);
		}
	}
	wv_trust_destroy(trust);
}

#define READERS 3
#define ZONES   64
#define STEPS   6000

/*
 * Reclamation by epochs: an object that is handed over in epoch e is freed when every reader has
 * said, with nothing in hand, that it saw an epoch after e.
 */
struct garbage {
	struct garbage *next;
	void *object;
	void (*free_fn)(void *object);
	uint64_t epoch;
};

static struct {
	struct wv_trust *trust;
	_Atomic uint64_t epoch;
	_Atomic uint64_t seen[READERS]; // written by each reader; UINT64_MAX: it has left
	_Atomic uint32_t now_s;         // written by the writer
	_Atomic bool stop;
	_Atomic unsigned wrong;
	_Atomic unsigned long looked_up;
	struct garbage *garbage; // the writer's, newest first
} shared;

static void reclaim_later(void *arg, void *object, void (*free_fn)(void *object))
{
	struct garbage *g = malloc(sizeof(*g));

	(void)arg;
	if (g == NULL)
		abort();
	g->object = object;
	g->free_fn = free_fn;
	g->epoch = atomic_fetch_add(&shared.epoch, 1);
	g->next = shared.garbage;
	shared.garbage = g;
}

static void reclaim_now(void)
{
	uint64_t oldest = UINT64_MAX;
	struct garbage **link = &shared.garbage;

	for (unsigned i = 0; i < READERS; i++) {
		uint64_t seen = atomic_load(&shared.seen[i]);

		oldest = seen < oldest ? seen : oldest;
	}
	while (*link != NULL && (*link)->epoch >= oldest)
		link = &(*link)->next;
	while (*link != NULL) {
		struct garbage *g = *link;

		*link = g->next;
		g->free_fn(g->object);
		free(g);
	}
}

static void zone_text(char text[32], unsigned i)
{
	snprintf(text, 32, "z%u.y%u%s", i, i % 4, i % 3 == 0 ? ".x." : ".");
}

// Everything in the snapshot of zone i was made for zone i.
static bool is_whole(const struct wv_trust_zone *zone)
{
	uint8_t mark = zone->name.octets[2]; // the digit after "z"

	for (unsigned i = 0; i < zone->n_dssets; i++) {
		for (unsigned k = 0; k < zone->dsset[i]->n; k++) {
			if (zone->dsset[i]->ds[k].digest[0] != mark)
				return false;
		}
	}
	for (unsigned i = 0; i < zone->n_keysets; i++) {
		const struct wv_trust_keyset *set = zone->keyset[i];

		for (unsigned k = 0; k < set->n; k++) {
			if (set->key[k].rdata[4] != mark
				|| wv_canon_key_tag(set->key[k].rdata, set->key[k].rdlen)
					!= set->key[k].key_tag)
				return false;
		}
	}
	return true;
}

static void *reader_run(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	struct wv_name stable = name_of("www.stays.y1.");
	unsigned long n = 0;

	while (!atomic_load(&shared.stop)) {
		struct wv_time now = at(atomic_load(&shared.now_s));

		atomic_store(&shared.seen[me], atomic_load(&shared.epoch));
		for (unsigned i = 0; i < ZONES; i++) {
			const struct wv_trust_zone *zone;
			struct wv_name name;
			char text[32];

			zone_text(text, (i * 7 + me) % ZONES);
			name = name_of(text);
			zone = approach_find(shared.trust, &name, now);
			// The root is there all the time, and so is the other one.
			if (zone == NULL || !wv_name_is_within(&name, &zone->name)
				|| (zone->name.labels > 1 && !is_whole(zone)))
				atomic_fetch_add(&shared.wrong, 1);
			zone = wv_trust_find(shared.trust, &stable, now);
			if (zone == NULL || zone->name.labels != 2)
				atomic_fetch_add(&shared.wrong, 1);
			n += 2;
		}
	}
	atomic_fetch_add(&shared.looked_up, n);
	atomic_store(&shared.seen[me], UINT64_MAX);
	return NULL;
}

static void write_one(uint32_t now_s)
{
	unsigned i = random_below(ZONES);
	uint32_t ttl_s = now_s - T0 + random_below(20);
	struct wv_trust_life life = life_of(1u << 30, ttl_s);
	char text[32];
	union fact f;

	zone_text(text, i);
	switch (random_below(6)) {
	case 0:
		fact_of(&f, WV_FACT_INSECURE, text, life);
		break;
	case 1:
		fact_of(&f, WV_FACT_BOGUS, text, life);
		break;
	case 2:
	case 3:
		fact_of(&f, WV_FACT_DS, text, life);
		f.fact.zone = name_of(text);
		{
			uint8_t rdata[4 + 32] = {1, (uint8_t)random_below(6), 13, 2};

			rdata[4] = f.fact.zone.octets[2];
			fact_add(&f, rdata, sizeof(rdata));
		}
		break;
	default: {
		uint8_t rdata[4 + 32] = {1, 1, 3, 15};

		fact_of(&f, WV_FACT_KEYS, text, life);
		memset(rdata + 4, f.fact.zone.octets[2], 32);
		rdata[35] = (uint8_t)random_below(6);
		if (random_below(20) == 0)
			rdata[1] |= WV_DNSKEY_REVOKE;
		fact_add(&f, rdata, sizeof(rdata));
	}
	}
	if (wv_trust_publish(shared.trust, &f.fact, at(now_s)) != 0)
		abort();
}

static void test_concurrent(void)
{
	pthread_t threads[READERS];
	struct wv_name stable = name_of("stays.y1.");
	uint32_t now_s = T0;
	struct wv_trust_counts counts;

	shared.trust = wv_trust_create(
		&(struct wv_trust_params){.zones = ZONES + 2, .reclaim = reclaim_later}, NULL);
	REQUIRE(shared.trust != NULL);
	anchor(shared.trust, ROOT_DS);
	CHECK(wv_trust_set_insecure(shared.trust, &stable, NULL) == 0);
	atomic_store(&shared.now_s, now_s);
	for (unsigned i = 0; i < READERS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, reader_run, (void *)(uintptr_t)i) == 0);
	for (unsigned i = 0; i < STEPS; i++) {
		write_one(now_s);
		if (i % 8 == 0)
			atomic_store(&shared.now_s, ++now_s);
		if (i % 4 == 0)
			wv_trust_expire(shared.trust, at(now_s), 20);
		if (i % 16 == 0)
			reclaim_now();
	}
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(atomic_load(&shared.wrong) == 0);
	CHECK(atomic_load(&shared.looked_up) > 0);
	wv_trust_count(shared.trust, &counts);
	CHECK(counts.published > 0 && counts.expired > 0);
	reclaim_now();
	CHECK(shared.garbage == NULL);
	wv_trust_destroy(shared.trust);
}

static void count_zone(void *arg, const struct wv_trust_zone *zone)
{
	unsigned *labels = arg;

	*labels += 1 + 100 * zone->name.labels;
}

static void test_each(void)
{
	struct wv_trust *trust = store_of(10);
	unsigned labels = 0;

	anchor(trust, ROOT_DS);
	insecure(trust, "a.", 100);
	insecure(trust, "b.a.", 100);
	insecure(trust, "c.a.", 100);
	wv_trust_each(trust, count_zone, &labels);
	CHECK(labels == 4 + 100 * 5);
	wv_trust_destroy(trust);
}

static const struct test tests[] = {
	{"a life has both its ends, and wraps", test_lives},
	{"a DS matches the key that it was made of, and no other", test_matches},
	{"a DS is read, and a long digest cut", test_ds_read},
	{"DS records are used as far as they are supported", test_support},
	{"the deepest zone that is live is found", test_find},
	{"zones are found at any depth", test_depths},
	{"the status of a zone is that of what is live", test_status},
	{"keys are prepared where they can be used, and stay so", test_keys_are_prepared},
	{"four generations of sets stand side by side", test_generations},
	{"a revoked key leaves all sets of its zone", test_revoked},
	{"between DS and INSECURE the newest word wins", test_newest_word},
	{"BOGUS is short, and for zones that are not proven", test_bogus},
	{"an anchor zone stays one", test_anchor_zone},
	{"an anchor that is not supported makes its zone insecure", test_unsupported_anchor},
	{"what is insecure by configuration stays so", test_configured_insecure},
	{"news is what changes or lengthens something", test_news},
	{"lives of one set join", test_lives_join},
	{"a full store refuses and carries on", test_full},
	{"what has died is dropped", test_expire},
	{"malformed facts are refused", test_flaws},
	{"odd DS records do no harm to the others", test_odd_ds},
	{"good anchors are read", test_good_anchors},
	{"a DNSKEY anchor is kept as its DS", test_key_becomes_ds},
	{"bad anchors are refused with words, and all of them", test_bad_anchors},
	{"anchors may hold any octet", test_nul_in_anchors},
	{"anchors end what was said before", test_anchors_over_facts},
	{"the store and a plain array agree", test_model},
	{"readers see whole snapshots while one writes", test_concurrent},
	{"every zone is visited once", test_each},
};

int main(void)
{
	struct wv_err err;

	if (!test_drivers_init())
		return EXIT_FAILURE;
	if (wv_digest_thread_init(&err) != 0 || wv_verify_thread_init(&err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	return test_main("trust", tests, WV_COUNT(tests));
}
