// The whole validator: each message of a story is judged with what was learned from those before.
#include "wv_chain.h"

#include "story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// One judgement of a message.
struct judged {
	struct wv_validate_settings settings;
	struct wv_validate_env env;
	struct wv_message m;
	struct wv_validation v;
	bool proven[WV_VALIDATE_NEEDED]; // by hand: needed[i] had a good check
};

// As it is, in a batch; the same, check by check; and as another would have asked.
static struct judged gathered, by_hand, other;
static struct wv_batch *batch;
static struct wv_trust *trust;
static struct wv_trust_fact *scratch;

static struct {
	unsigned n;
	struct wv_trust_fact *fact[WV_VALIDATE_NEEDED + 1];
} facts;

static bool is_good(enum wv_reason reason)
{
	return wv_reason_verdict(reason) <= WV_VERDICT_INSECURE;
}

// What lay on the stack before is no name, nor anything else that could be taken for sound.
__attribute__((noinline)) static void stack_soil(void)
{
	uint8_t soil[32768];

	memset(soil, 0xff, sizeof(soil));
	__asm__ volatile("" : : "r"(soil) : "memory"); // or it is left out
}

static void begin(struct judged *j, const struct story *story, const struct story_message *msg,
	bool otherwise)
{
	struct wv_validate_query query = msg->query;
	enum wv_message_status status;

	j->settings = story->settings;
	j->env = (struct wv_validate_env){
		.trust = trust,
		.settings = &j->settings,
		.now = msg->now,
		.leg = story->leg,
		.asked = story->asked != otherwise,
	};
	if (otherwise) {
		query = (struct wv_validate_query){.known = true, .dnssec_ok = !query.dnssec_ok};
		j->settings.harden_algo_downgrade = false;
	}
	status = wv_message_parse(&j->m, msg->octets, msg->len, otherwise);
	stack_soil();
	wv_validate_begin(&j->v, &j->env, &j->m, status, &query, j);
}

// ---- check by check ----

// What was handed out, as wv_validate.h reckons.
struct bill {
	uint64_t handed_out, good, heaviest;
	unsigned goods[WV_VALIDATE_NEEDED], bads[WV_VALIDATE_NEEDED];
};

static void bill_take(struct bill *bill, const struct judged *j, const struct wv_validate_check *c)
{
	uint64_t most = (uint64_t)j->settings.weight * WV_VERIFY_WEIGHT_ONE;

	bill->handed_out += c->weight;
	if (bill->heaviest < c->weight)
		bill->heaviest = c->weight;
	if (most < bill->heaviest)
		most = bill->heaviest;
	want(c->weight > 0 && bill->handed_out <= bill->good + most);
}

static bool check_is_right(const struct wv_validate_check *c)
{
	static uint8_t octets[WV_CANON_MAX];
	const struct wv_validate_rrset *need = &c->v->needed[c->need];
	const struct wv_message *m = c->v->m;
	struct wv_verify_job job = {
		.key = c->key,
		.data = octets,
		.signature = m->base + c->sig.signature,
		.signature_len = c->sig.signature_len,
	};
	bool ok;

	job.data_len = (uint32_t)wv_canon_signed_data(
		m, need->set, &c->sig, &need->owner, octets, sizeof(octets));
	wv_verify_batch(c->key->alg, &job, 1, &ok);
	return ok && job.data_len > 0;
}

static void answer(struct bill *bill, struct judged *j, const struct wv_validate_check *c)
{
	bool ok = check_is_right(c);
	unsigned i = c->need;

	if (ok && bill->goods[i]++ == 0 && i < j->settings.needed_rrsets)
		bill->good += c->weight;
	bill->bads[i] += !ok;
	j->proven[i] |= ok;
	want(bill->bads[i] <= j->settings.failures_per_rrset);
	want(bill->goods[i] <= (j->settings.harden_algo_downgrade ? WV_ALG_COUNT : 1));
	wv_validate_answer(&j->v, c, ok);
}

// A few are taken at a time, and the last is answered first.
static void judge_by_hand(struct judged *j)
{
	struct wv_validate_check flight[WV_VALIDATE_NEEDED];
	struct bill bill = {.handed_out = 0};
	unsigned n = 0;

	memset(j->proven, 0, sizeof(j->proven));
	for (unsigned turn = 0; j->v.pending; turn++) {
		unsigned room = 1 + turn % 5, before = n;

		want(n < WV_VALIDATE_NEEDED);
		if (room > WV_VALIDATE_NEEDED - n)
			room = WV_VALIDATE_NEEDED - n;
		n += wv_validate_next(&j->v, flight + n, room);
		want(n > 0 || !j->v.pending);
		for (unsigned i = before; i < n; i++)
			bill_take(&bill, j, &flight[i]);
		if (n > 0)
			answer(&bill, j, &flight[--n]);
	}
	want(n == 0);
}

static void judge_gathered(void)
{
	wv_batch_add(batch, &gathered.v, 0);
	wv_batch_add(batch, &other.v, 0);
	wv_batch_finish(batch, 0);
	want(wv_batch_held(batch) == 2);
	while (wv_batch_take(batch) != NULL)
		;
	want(wv_batch_held(batch) == 0);
	want(!gathered.v.pending && !other.v.pending);
}

// ---- what holds of a judgement ----

// An RRset that is secure was verified: by a key of its zone, at its time.
static void needed_check(const struct judged *j, unsigned i)
{
	const struct wv_validate_rrset *need = &j->v.needed[i];
	const struct wv_trust_zone *zone = need->zone;
	int32_t most = (int32_t)j->settings.skew_max_s;

	want(need->settled && !need->in_flight && wv_validate_find(&j->v, need->set) == need);
	if (need->reason != WV_REASON_SECURE)
		return;
	if (need->follows != i) {
		want(j->proven[need->follows] && need->set->type == WV_TYPE_CNAME);
		return;
	}
	want(j->proven[i] && zone != NULL);
	want(wv_name_equal_packed(&zone->name, j->m.base, j->m.base + need->signer));
	want(wv_name_is_within(&need->owner, &zone->name));
	want(wv_trust_status_at(zone, j->env.now)
		<= (need->own_keys ? WV_TRUST_BOGUS : WV_TRUST_SECURE));
	want(wv_verify_alg(need->algorithm) != WV_ALG_COUNT);
	want(j->settings.sha1 || (need->algorithm != 5 && need->algorithm != 7));
	if (j->env.now.checked)
		want((int32_t)(j->env.now.now_s - need->expiration) <= most
			&& (int32_t)(need->inception - j->env.now.now_s) <= most);
}

static bool claim_holds(const struct wv_validation *v, const struct wv_validate_claim *claim)
{
	bool holds = claim->needs != 0;

	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *need = &v->needed[i];

		if ((claim->needs >> i & 1) != 0)
			holds &= need->reason == WV_REASON_SECURE && !need->is_wildcard;
	}
	return holds;
}

// Of an RRset that was expanded from a wildcard: is it shown that no closer name exists?
static bool is_closest(const struct wv_validation *v, const struct wv_validate_rrset *need)
{
	for (unsigned i = 0; i < v->n_claims; i++) {
		const struct wv_validate_claim *claim = &v->claims[i];

		if (claim->kind == WV_CLAIM_CLOSER && claim->labels == need->labels
			&& wv_name_equal(&v->needed[claim->of].owner, &need->owner)
			&& claim_holds(v, claim))
			return true;
	}
	return false;
}

// All that a good response needs is good, and what it says is not there is proven not to be.
static void good_check(const struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		const struct wv_validate_rrset *need = &v->needed[i];

		want(is_good(need->reason));
		if (need->is_wildcard && need->reason == WV_REASON_SECURE)
			want(is_closest(v, need));
	}
	for (unsigned i = 0; i < v->n_claims; i++)
		want(v->claims[i].kind == WV_CLAIM_CLOSER || claim_holds(v, &v->claims[i]));
}

static void insecure_count(void *arg, const struct wv_trust_zone *zone)
{
	*(unsigned *)arg += wv_trust_status_at(zone, by_hand.env.now) == WV_TRUST_INSECURE;
}

// Nothing is insecure but in an insecure zone, or by a proof that says so.
static bool has_insecurity(const struct wv_validation *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->n_claims; i++)
		n += claim_holds(v, &v->claims[i])
			&& wv_reason_verdict(v->claims[i].reason) == WV_VERDICT_INSECURE;
	wv_trust_each(trust, insecure_count, &n);
	return n > 0;
}

static void judgement_check(const struct judged *j)
{
	const struct wv_validation *v = &j->v;

	want(!v->pending && v->reason < WV_REASON_COUNT);
	want(v->unsettled == 0 && v->in_flight == 0 && v->n_needed <= WV_VALIDATE_NEEDED);
	for (unsigned i = 0; i < v->n_needed; i++)
		needed_check(j, i);
	if (is_good(v->reason))
		good_check(v);
	if (v->reason == WV_REASON_SECURE)
		want(v->n_needed > 0 && v->kind != WV_KIND_UNJUDGED);
	else if (is_good(v->reason))
		want(has_insecurity(v));
}

// The order of checks matters to the budget of weight alone.
static void same_check(const struct wv_validation *a, const struct wv_validation *b)
{
	uint64_t budgets = wv_validate_budgets(a) | wv_validate_budgets(b);

	if ((budgets >> WV_REASON_BUDGET_WEIGHT & 1) != 0)
		return;
	want(a->reason == b->reason && a->kind == b->kind && a->no_ds == b->no_ds);
	want(a->n_needed == b->n_needed && a->n_claims == b->n_claims);
	for (unsigned i = 0; i < a->n_needed; i++) {
		want(a->needed[i].reason == b->needed[i].reason);
		want(a->needed[i].key_tag == b->needed[i].key_tag);
		want(a->needed[i].is_wildcard == b->needed[i].is_wildcard);
	}
}

// What is proven is so whoever asked, and whether more could be asked for; only less was wanted.
static void other_check(const struct judged *a, const struct judged *b)
{
	uint64_t budgets = wv_validate_budgets(&a->v) | wv_validate_budgets(&b->v);

	if ((budgets >> WV_REASON_BUDGET_WEIGHT & 1) != 0)
		return;
	if (is_good(a->v.reason) || (is_good(b->v.reason) && !a->settings.harden_algo_downgrade))
		want(a->v.reason == b->v.reason);
}

// ---- what was learned ----

static const struct wv_validate_rrset *proven_find(
	const struct judged *j, uint16_t type, const struct wv_name *owner)
{
	for (unsigned i = 0; i < j->v.n_needed; i++) {
		const struct wv_validate_rrset *need = &j->v.needed[i];

		if (need->set->type == type && j->proven[i] && need->reason == WV_REASON_SECURE
			&& !need->is_wildcard && wv_name_equal(&need->owner, owner))
			return need;
	}
	return NULL;
}

// Does a live DS name one of the keys?
static bool keys_have_ds(const struct judged *j, const struct wv_validate_rrset *need)
{
	const struct wv_trust_zone *zone = wv_trust_get(trust, &need->owner, j->env.now);

	for (unsigned g = 0; zone != NULL && g < zone->n_dssets; g++) {
		const struct wv_trust_dsset *set = zone->dsset[g];

		for (unsigned i = 0; i < set->n && wv_trust_is_live(&set->life, j->env.now); i++) {
			wv_foreach_rr(&j->m, need->set, rr) {
				if (wv_trust_ds_matches(&set->ds[i], &need->owner,
					    j->m.base + rr->rdata, rr->rdlen))
					return true;
			}
		}
	}
	return false;
}

static bool all_are_proven(const struct judged *j)
{
	for (unsigned i = 0; i < j->v.n_needed; i++) {
		if (j->v.needed[i].reason != WV_REASON_SECURE)
			return false;
	}
	return j->v.n_needed > 0;
}

// Facts come of what was verified, in this message, and of nothing else.
static void fact_take(void *arg, const struct wv_trust_fact *fact)
{
	const struct judged *j = arg;
	const struct wv_validate_rrset *keys = proven_find(j, WV_TYPE_DNSKEY, &fact->zone);
	const struct wv_validate_rrset *ds = proven_find(j, WV_TYPE_DS, &fact->zone);

	switch (fact->kind) {
	case WV_FACT_KEYS:
		want(keys != NULL && keys_have_ds(j, keys) && fact->n <= keys->set->n);
		break;
	case WV_FACT_DS:
		want(ds != NULL && fact->n <= ds->set->n);
		break;
	case WV_FACT_INSECURE:
		want(ds != NULL || (all_are_proven(j) && wv_name_equal(&j->v.cut, &fact->zone)));
		break;
	case WV_FACT_BOGUS:
		abort();
	}
	want(fact->size <= WV_CHAIN_FACT_MAX && facts.n < WV_COUNT(facts.fact));
	facts.fact[facts.n] = malloc(fact->size);
	want(facts.fact[facts.n] != NULL);
	memcpy(facts.fact[facts.n++], fact, fact->size);
}

// They wait until no judgement refers to the store any more.
static void facts_publish(struct wv_time now)
{
	while (facts.n > 0) {
		struct wv_trust_fact *fact = facts.fact[--facts.n];
		int status = wv_trust_publish(trust, fact, now);

		want(status == 0 || status == -ENOSPC);
		want(!wv_trust_is_news(trust, fact, now));
		free(fact);
	}
}

static void fact_pass(void *arg, const struct wv_trust_fact *fact)
{
	(void)arg;
	want(fact->zone.len > 0);
}

static void learn(const struct judged *j)
{
	bool bears = wv_chain_may_bear(&j->m);
	unsigned n = wv_chain_harvest(&j->v, WV_TRUST_WIRE, false, scratch, fact_take, &by_hand);

	want(n == facts.n && (n == 0 || bears));
	(void)wv_chain_harvest(&gathered.v, WV_TRUST_WIRE, false, scratch, fact_pass, NULL);
	(void)wv_chain_harvest(&other.v, WV_TRUST_WIRE, false, scratch, fact_pass, NULL);
}

static void message_try(const struct story *story, const struct story_message *msg)
{
	begin(&gathered, story, msg, false);
	begin(&other, story, msg, true);
	judge_gathered();
	begin(&by_hand, story, msg, false);
	judge_by_hand(&by_hand);
	judgement_check(&by_hand);
	same_check(&gathered.v, &by_hand.v);
	other_check(&gathered, &other);
	learn(&by_hand);
	wv_validate_end(&gathered.v);
	wv_validate_end(&other.v);
	wv_validate_end(&by_hand.v);
	facts_publish(msg->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct story story;

	if (!story_read(&story, data, size))
		return 0;
	if (batch == NULL) {
		batch = wv_batch_create(NULL, NULL);
		scratch = malloc(WV_CHAIN_FACT_MAX);
		want(batch != NULL && scratch != NULL);
	}
	trust = story_trust(&story);
	for (unsigned i = 0; i < story.n; i++)
		message_try(&story, &story.message[i]);
	wv_trust_destroy(trust);
	story_end(&story);
	return 0;
}
