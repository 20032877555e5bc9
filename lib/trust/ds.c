#include <string.h>

#include "wv_trust.h"

#define DS_FIXED    4
#define DNSKEY_MAX  4096 // octets; the longest key that can be used has about 530
#define DIGEST_SHA1 1

static enum wv_hash digest_hash(uint8_t digest_type)
{
	switch (digest_type) {
	case 1:
		return WV_HASH_SHA1;
	case 2:
		return WV_HASH_SHA256;
	case 4:
		return WV_HASH_SHA384;
	}
	return WV_HASH_COUNT;
}

static bool algorithm_is_supported(uint8_t algorithm, bool sha1)
{
	enum wv_alg alg = wv_verify_alg(algorithm);

	return alg != WV_ALG_COUNT && (sha1 || alg != WV_ALG_RSASHA1);
}

static bool digest_is_supported(uint8_t digest_type, bool sha1)
{
	return digest_hash(digest_type) != WV_HASH_COUNT && (sha1 || digest_type != DIGEST_SHA1);
}

static bool ds_is_supported(const struct wv_trust_ds *ds, bool sha1)
{
	return algorithm_is_supported(ds->algorithm, sha1)
		&& digest_is_supported(ds->digest_type, sha1);
}

bool wv_trust_ds_read(struct wv_trust_ds *ds, const uint8_t *rdata, size_t len)
{
	if (len < DS_FIXED)
		return false;
	ds->key_tag = wv_load16(rdata);
	ds->algorithm = rdata[2];
	ds->digest_type = rdata[3];
	len -= DS_FIXED;
	ds->digest_len = (uint8_t)(len < WV_DIGEST_MAX ? len : WV_DIGEST_MAX);
	memcpy(ds->digest, rdata + DS_FIXED, ds->digest_len);
	return true;
}

enum wv_reason wv_trust_ds_support(const struct wv_trust_ds ds[], unsigned n, bool sha1)
{
	enum wv_reason reason = WV_REASON_UNSUPPORTED_ALGORITHM;

	for (unsigned i = 0; i < n; i++) {
		if (ds_is_supported(&ds[i], sha1))
			return WV_REASON_SECURE;
		if (algorithm_is_supported(ds[i].algorithm, sha1))
			reason = WV_REASON_UNSUPPORTED_DIGEST;
	}
	return reason;
}

bool wv_trust_ds_is_used(const struct wv_trust_ds ds[], unsigned n, unsigned i, bool sha1)
{
	if (!ds_is_supported(&ds[i], sha1))
		return false;
	if (ds[i].digest_type != DIGEST_SHA1)
		return true;
	for (unsigned k = 0; k < n; k++) {
		if (ds[k].digest_type != DIGEST_SHA1 && ds_is_supported(&ds[k], sha1))
			return false;
	}
	return true;
}

bool wv_trust_ds_matches(
	const struct wv_trust_ds *ds, const struct wv_name *owner, const uint8_t *rdata, size_t len)
{
	enum wv_hash hash = digest_hash(ds->digest_type);
	uint8_t data[WV_NAME_MAX + DNSKEY_MAX];
	uint8_t digest[WV_DIGEST_MAX];
	struct wv_digest_job job = {.data = data, .out = digest};

	if (len < DS_FIXED || len > DNSKEY_MAX || rdata[3] != ds->algorithm)
		return false;
	if (hash == WV_HASH_COUNT || ds->digest_len != wv_digest_len(hash)
		|| wv_canon_key_tag(rdata, len) != ds->key_tag)
		return false;
	job.len = (uint32_t)wv_canon_ds_data(owner, rdata, len, data, sizeof(data));
	if (job.len == 0)
		return false;
	wv_digest_batch(hash, &job, 1);
	return memcmp(digest, ds->digest, ds->digest_len) == 0;
}
