#include "denial.h"

#include <assert.h>

static_assert(WV_DENIAL_SETS == 32, "one bit of `used` for each set");

void wv_denial_absent(struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof)
{
	*proof = (struct wv_denial_proof){.result = WV_DENIAL_UNPROVEN};
	if (!wv_name_is_within(name, d->zone))
		return;
	if (!wv_denial_nsec_absent(d, name, type, proof))
		wv_denial_nsec3_absent(d, name, type, proof);
	if (type != WV_TYPE_DS)
		proof->ds = WV_DENIAL_DS_UNPROVEN;
}

void wv_denial_closer(
	struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof)
{
	*proof = (struct wv_denial_proof){.result = WV_DENIAL_UNPROVEN};
	if (closer->labels <= d->zone->labels || !wv_name_is_within(closer, d->zone))
		return;
	if (!wv_denial_nsec_closer(d, closer, proof))
		wv_denial_nsec3_closer(d, closer, proof);
	proof->ds = WV_DENIAL_DS_UNPROVEN;
}

enum wv_denial_ds wv_denial_no_ds(struct wv_denial *d, const struct wv_name *name, uint32_t *used)
{
	enum wv_denial_ds said = WV_DENIAL_DS_UNPROVEN;

	*used = 0;
	if (name->labels > d->zone->labels && wv_name_is_within(name, d->zone)) {
		said = wv_denial_nsec_ds(d, name, used);
		if (said == WV_DENIAL_DS_UNPROVEN)
			said = wv_denial_nsec3_ds(d, name, used);
	}
	if (said == WV_DENIAL_DS_UNPROVEN)
		*used = 0;
	return said;
}
