/*
 * What one message costs, judged alone, beside the bound: one check for each RRset that it needs, and
 * 64 checks of P-256, with the drivers in use.
 *
 * All messages are judged once, to find the dearest of each kind. These are judged again some times,
 * each time beside the checks of which the bound is made, so that both meet the same machine. A run
 * in which the thread lost its core does not count.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rte_cycles.h>

#include "wv_app.h"
#include "wv_batch.h"

#include "learn.h"
#include "output.h"

#define P256_CHECKS 64 // what a message may cost besides the checks that it needs
#define SAMPLE_RUNS 3  // of a check; the fastest counts
#define TRIES       7  // of a message; the fastest counts, and the median of ratios
#define PATIENCE    50 // runs until the thread keeps its core
#define CANDIDATES  3  // messages of a kind

// A sample, ready to be checked.
struct sample {
	enum wv_alg alg;
	struct wv_verify_key key;
	struct wv_verify_job job;
	uint8_t digest[WV_DIGEST_MAX];
};

struct candidate {
	const struct packet *packet;
	uint64_t cycles;
};

struct alone {
	const struct alone_params *params;
	struct wv_validate_settings settings;
	struct wv_validate_env env;
	struct wv_trust *trust;
	struct wv_batch *batch;
	struct wv_message *m;
	struct wv_validation *v;
	struct sample samples[TRAFFIC_SAMPLES];
	unsigned n_samples;                                     // with a key
	uint64_t check[TRAFFIC_SAMPLES];                        // cycles, last measured
	uint64_t beside;                                        // of P256_CHECKS of them
	struct candidate candidates[TRAFFIC_KINDS][CANDIDATES]; // the dearest first
};

// How often this thread lost its core so far.
static long core_losses(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

// ---- what checks cost ----

// One after the other, as weights count them: a message that is alone has nobody to share with, and
// most of its checks wait for the one before to fail.
static uint64_t checks_once(const struct sample *s, unsigned n, bool *good)
{
	uint64_t begin = rte_rdtsc();

	for (unsigned i = 0; i < n; i++) {
		bool ok;

		wv_verify_batch(s->alg, &s->job, 1, &ok);
		*good &= ok;
	}
	return rte_rdtsc() - begin;
}

static uint64_t checks_run(const struct sample *s, unsigned n, bool *good)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < PATIENCE; i++) {
		long losses = core_losses();
		uint64_t cycles = checks_once(s, n, good);

		best = RTE_MIN(best, cycles);
		if (losses == core_losses())
			return cycles;
	}
	return best;
}

// What the bound is made of, as it is at this moment.
static bool checks_measure(struct alone *a)
{
	bool good = true;

	for (unsigned i = 0; i < TRAFFIC_SAMPLES; i++) {
		a->check[i] = UINT64_MAX;
		for (unsigned k = 0; k < SAMPLE_RUNS; k++)
			a->check[i] = RTE_MIN(a->check[i], checks_run(&a->samples[i], 1, &good));
		if (a->samples[i].alg == WV_ALG_P256)
			a->beside = checks_run(&a->samples[i], P256_CHECKS, &good);
	}
	return good;
}

static int sample_make(struct alone *a, unsigned i, struct wv_err *err)
{
	const struct bench_sample *from = &a->params->samples[i];
	struct sample *s = &a->samples[i];
	enum wv_hash hash;

	s->alg = wv_verify_alg(from->sample.algorithm);
	hash = wv_verify_hash(s->alg);
	if (!wv_verify_key_init(&s->key, s->alg, from->sample.public_key, from->sample.public_len))
		return wv_fail(err, EPROTO, "the sample's key of algorithm %u is none",
			from->sample.algorithm);
	a->n_samples++;
	s->job = (struct wv_verify_job){
		.key = &s->key,
		.data = from->data,
		.data_len = sizeof(from->data),
		.signature = from->sample.signature,
		.signature_len = from->sample.signature_len,
	};
	if (hash != WV_HASH_COUNT) {
		const struct wv_digest_job one = {
			.data = from->data, .len = sizeof(from->data), .out = s->digest};

		wv_digest_batch(hash, &one, 1);
		s->job.data = s->digest;
		s->job.data_len = wv_digest_len(hash);
	}
	return 0;
}

static int samples_make(struct alone *a, struct wv_err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < TRAFFIC_SAMPLES; i++)
		rc = sample_make(a, i, err);
	if (rc == 0 && !checks_measure(a))
		rc = wv_fail(err, EPROTO, "a sample's signature is not right");
	return rc;
}

// Of several samples with one algorithm the dearest.
static uint64_t check_cost(const struct alone *a, uint8_t algorithm)
{
	uint64_t cost = 0;

	for (unsigned i = 0; i < TRAFFIC_SAMPLES; i++) {
		if (a->params->samples[i].sample.algorithm == algorithm)
			cost = RTE_MAX(cost, a->check[i]);
	}
	return cost;
}

static uint64_t bound(const struct alone *a)
{
	uint64_t sum = a->beside;

	for (unsigned i = 0; i < a->v->n_needed; i++)
		sum += check_cost(a, a->v->needed[i].algorithm);
	return sum;
}

// ---- what messages cost ----

// Leaves the validation, for bound(), until wv_validate_end().
static uint64_t message_judge(struct alone *a, const struct packet *packet)
{
	static const struct wv_validate_query query = {.known = true, .dnssec_ok = true};
	size_t len = 0;
	const uint8_t *payload = frame_payload(a->params->traffic, packet, &len);
	uint64_t begin = rte_rdtsc();
	enum wv_message_status status = wv_message_parse(a->m, payload, len, 0);

	wv_validate_begin(a->v, &a->env, a->m, status, &query, NULL);
	wv_batch_add(a->batch, a->v, begin);
	wv_batch_finish(a->batch, begin);
	(void)wv_batch_take(a->batch);
	return rte_rdtsc() - begin;
}

static uint64_t message_run(
	struct alone *a, const struct packet *packet, double *limit, enum wv_reason *reason)
{
	uint64_t cycles = 0;

	checks_measure(a);
	for (unsigned i = 0; i < PATIENCE; i++) {
		long losses = core_losses();
		uint64_t now = message_judge(a, packet);

		*limit = (double)bound(a);
		*reason = a->v->reason;
		wv_validate_end(a->v);
		if (cycles == 0 || now < cycles)
			cycles = now;
		if (losses == core_losses())
			break;
	}
	return cycles;
}

static void candidate_measure(
	struct alone *a, const struct packet *packet, struct alone_kind *worst)
{
	struct alone_kind kind = {.cycles = UINT64_MAX};
	double ratio[TRIES] = {0}, limit[TRIES] = {0};

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t cycles = message_run(a, packet, &limit[i], &kind.reason);

		kind.cycles = RTE_MIN(kind.cycles, cycles);
		ratio[i] = (double)cycles / limit[i];
	}
	kind.ratio = bench_median(ratio, TRIES);
	kind.bound = (uint64_t)bench_median(limit, TRIES);
	if (kind.ratio > worst->ratio)
		*worst = kind;
}

// Keep it if it is among the dearest of its kind.
static void candidate_add(struct alone *a, const struct packet *packet, uint64_t cycles)
{
	struct candidate *list = a->candidates[packet->kind];
	unsigned i = CANDIDATES;

	for (; i > 0 && list[i - 1].cycles < cycles; i--) {
		if (i < CANDIDATES)
			list[i] = list[i - 1];
	}
	if (i < CANDIDATES)
		list[i] = (struct candidate){packet, cycles};
}

static void messages_measure(struct alone *a, struct alone_result *result)
{
	const struct packets *p = a->params->traffic;
	size_t len;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->list[i].response == TRAFFIC_NO_RESPONSE
			|| frame_payload(p, &p->list[i], &len) == NULL)
			continue;
		candidate_add(a, &p->list[i], message_judge(a, &p->list[i]));
		wv_validate_end(a->v);
	}
	for (unsigned k = 0; k < TRAFFIC_KINDS; k++) {
		for (unsigned i = 0; i < CANDIDATES && a->candidates[k][i].packet != NULL; i++)
			candidate_measure(a, a->candidates[k][i].packet, &result->kinds[k]);
	}
}

// ---- life ----

static int alone_measure(struct alone *a, struct alone_result *result, struct wv_err *err)
{
	int rc = wv_app_arena_take(NULL, err);

	if (rc < 0)
		return rc;
	rc = wv_app_thread_init(err);
	if (rc == 0)
		rc = samples_make(a, err);
	memcpy(result->check, a->check, sizeof(result->check));
	result->beside = a->beside;
	if (rc == 0)
		messages_measure(a, result);
	for (unsigned i = 0; i < a->n_samples; i++)
		wv_verify_key_fini(&a->samples[i].key);
	wv_app_thread_fini();
	wv_app_arena_give(NULL);
	return rc;
}

static int alone_learn(struct alone *a, struct wv_err *err)
{
	const struct alone_params *params = a->params;
	const struct wv_trust_params trust = {.zones = params->zones + 2 * TRAFFIC_TLDS};
	const struct learn_params chain = {.chain = params->chain,
		.anchors = params->anchors,
		.settings = &a->settings,
		.time_s = params->time_s};

	a->trust = wv_trust_create(&trust, err);
	a->batch = a->trust != NULL ? wv_batch_create(NULL, err) : NULL;
	if (a->batch == NULL)
		return -ENOMEM;
	a->env = (struct wv_validate_env){
		.trust = a->trust,
		.settings = &a->settings,
		.now = {.now_s = params->time_s, .checked = true},
		.leg = WV_LEG_UPSTREAM,
		.asked = true,
	};
	return learn(&chain, a->trust, err);
}

int alone_run(const struct alone_params *params, struct alone_result *result, struct wv_err *err)
{
	static struct alone a;
	int rc;

	a = (struct alone){.params = params, .settings = wv_validate_presets};
	*result = (struct alone_result){.measured = true};
	a.m = malloc(sizeof(*a.m));
	a.v = malloc(sizeof(*a.v));
	rc = a.m != NULL && a.v != NULL ? alone_learn(&a, err)
					: wv_fail(err, ENOMEM, "no memory for a message");
	if (rc == 0)
		rc = alone_measure(&a, result, err);
	if (a.batch != NULL)
		wv_batch_destroy(a.batch);
	if (a.trust != NULL)
		wv_trust_destroy(a.trust);
	free(a.v);
	free(a.m);
	return rc;
}
