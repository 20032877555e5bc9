#include "store.h"

const struct wv_trust_life wv_trust_for_good = {.pinned = true, .forever = true};

bool wv_trust_is_live(const struct wv_trust_life *life, struct wv_time now)
{
	if (life->forever || !now.checked)
		return true;
	if (wv_time_before(now.now_s, life->not_before)
		|| wv_time_before(life->not_after, now.now_s))
		return false;
	return life->pinned || !wv_time_before(life->expires, now.now_s);
}

bool wv_trust_status_find(
	const struct wv_trust_zone *zone, struct wv_time now, enum wv_trust_status *status)
{
	if (zone->status == WV_TRUST_INSECURE && wv_trust_is_live(&zone->life, now)) {
		*status = WV_TRUST_INSECURE;
		return true;
	}
	for (unsigned i = 0; i < zone->n_keysets; i++) {
		if (wv_trust_is_live(&zone->keyset[i]->life, now)) {
			*status = WV_TRUST_SECURE;
			return true;
		}
	}
	if (zone->status == WV_TRUST_BOGUS && wv_trust_is_live(&zone->life, now)) {
		*status = WV_TRUST_BOGUS;
		return true;
	}
	*status = WV_TRUST_DELEGATED; // anchors live for good
	for (unsigned i = 0; i < zone->n_dssets; i++) {
		if (wv_trust_is_live(&zone->dsset[i]->life, now))
			return true;
	}
	return false;
}

enum wv_trust_status wv_trust_status_at(const struct wv_trust_zone *zone, struct wv_time now)
{
	enum wv_trust_status status;

	// Where nothing is live any more, DELEGATED is the word that proves nothing.
	wv_trust_status_find(zone, now, &status);
	return status;
}

static uint32_t life_end(const struct wv_trust_life *life)
{
	if (life->pinned || wv_time_before(life->not_after, life->expires))
		return life->not_after;
	return life->expires;
}

// Does `a` hold later than `b`, or, where all of time is looked at, from earlier on?
bool wv_trust_life_is_longer(const struct wv_trust_life *a, const struct wv_trust_life *b)
{
	if (a->forever || b->forever)
		return a->forever && !b->forever;
	if (wv_time_before(life_end(b), life_end(a)))
		return true;
	return a->pinned && wv_time_before(a->not_before, b->not_before);
}

// The one that ends later; it begins with the other, if there is no gap between them.
struct wv_trust_life wv_trust_life_join(
	const struct wv_trust_life *a, const struct wv_trust_life *b)
{
	bool is_a = a->forever || (!b->forever && !wv_time_before(life_end(a), life_end(b)));
	struct wv_trust_life joined = is_a ? *a : *b;
	const struct wv_trust_life *other = is_a ? b : a;

	if (wv_time_before(other->not_before, joined.not_before)
		&& !wv_time_before(life_end(other), joined.not_before))
		joined.not_before = other->not_before;
	return joined;
}

bool wv_trust_life_is_half_over(
	const struct wv_trust_life *life, uint32_t since_s, struct wv_time now)
{
	int64_t whole = (int32_t)(life_end(life) - since_s);
	int64_t spent = (int32_t)(now.now_s - since_s);

	return now.checked && !life->forever && 2 * spent > whole;
}

// Is more than twice as much left of `a` as of `b`?
bool wv_trust_life_is_double(
	const struct wv_trust_life *a, const struct wv_trust_life *b, struct wv_time now)
{
	int64_t left_a = (int32_t)(life_end(a) - now.now_s);
	int64_t left_b = (int32_t)(life_end(b) - now.now_s);

	return now.checked && !b->forever && left_a > 2 * left_b;
}
