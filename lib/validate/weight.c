// The budget of checks: what one weighs, and whether it fits.
#include "validate.h"

/*
 * What putting an RRset into canonical form and order and hashing it takes: for each octet of signed
 * data, and for each record. Measured with OpenSSL's hashes on the machine of the drivers' costs.
 */
#define OCTET_PS  2000 // picoseconds
#define RECORD_NS 200

uint32_t wv_validate_weigh(const struct wv_validation *v, struct wv_validate_rrset *need)
{
	if (need->data_weight == 0) {
		uint64_t octets = wv_canon_signed_bound(v->m, need->set, &need->owner);

		need->data_weight = wv_verify_weight(
			octets * OCTET_PS / 1000 + (uint64_t)need->set->n * RECORD_NS);
	}
	return need->key->weight + need->data_weight;
}

bool wv_validate_charge(struct wv_validation *v, uint32_t weight)
{
	uint32_t most = v->env->settings->weight * WV_VERIFY_WEIGHT_ONE;

	// What was charged is at most `most`, or one check; neither comes near 2^32.
	if (v->weight > 0 && v->weight + weight > most)
		return false;
	v->weight += weight;
	return true;
}
