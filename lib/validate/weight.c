// The budget of checks: what one weighs, and whether it fits.
#include "validate.h"

/*
 * What it takes to put an RRset into canonical form and order and to hash it, measured on the
 * machine of the drivers' costs: for each octet; for each record, with its share of sorting; for
 * each name in the data, which may be one of 127 labels, each behind a pointer of its own.
 */
#define OCTET_NS  1
#define RECORD_NS 60
#define NAME_NS   1300

#define DATA_NS (64u * 51000) // 64 checks of P-256 by OpenSSL

bool wv_validate_weigh_data(struct wv_validation *v, struct wv_validate_rrset *need)
{
	const struct wv_rrset *set = need->set;
	size_t octets = wv_canon_signed_bound(v->m, set, &need->owner);
	uint32_t ns = (uint32_t)octets * OCTET_NS
		+ set->n * (RECORD_NS + wv_canon_names(set->type) * NAME_NS);

	need->data_weight = wv_verify_weight(ns);
	v->data_ns += ns; // a message has so few octets and records that this does not wrap
	return v->data_ns <= DATA_NS;
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
