// wirevet-bench path: the whole pipe over packets held in memory, beside itself without validation.
#include <errno.h>
#include <string.h>

#include "wv_app.h"

#include "bench.h"
#include "output.h"

// What the traffic is made of.
struct load {
	struct packets traffic, chain;
	struct traffic_counts promised;
	struct bench_sample samples[TRAFFIC_SAMPLES]; // for mix K
	struct alone_result alone;
	char anchors[256];
};

// Of which kind packets are, and which of them a run will write over.
static void packets_mark(struct packets *p, const struct traffic *t)
{
	for (unsigned i = 0; i < p->n; i++) {
		unsigned response = p->list[i].response;

		if (response == TRAFFIC_NO_RESPONSE)
			continue;
		p->list[i].kind = (uint8_t)traffic_response_kind(t, response);
		p->list[i].is_bogus = traffic_response_verdict(t, response) == WV_VERDICT_BOGUS;
	}
}

static bool samples_make(struct load *load, struct traffic *t)
{
	bool ok = true;

	for (unsigned i = 0; ok && i < TRAFFIC_SAMPLES; i++) {
		struct bench_sample *s = &load->samples[i];

		memset(s->data, (int)i, sizeof(s->data));
		ok = traffic_sample(t, i, s->data, sizeof(s->data), &s->sample);
	}
	return ok;
}

static int load_make(struct load *load, const struct bench_params *params, struct wv_err *err)
{
	struct traffic *t = traffic_create(&params->traffic, err);
	int rc;

	if (t == NULL)
		return -ENOMEM;
	traffic_anchors(t, load->anchors, sizeof(load->anchors));
	rc = traffic_chain(t, packets_add, &load->chain);
	if (rc == 0)
		rc = traffic_run(t, packets_add, &load->traffic);
	if (rc == 0)
		packets_mark(&load->traffic, t);
	if (rc == 0 && params->traffic.mix == TRAFFIC_HOSTILE && !samples_make(load, t))
		rc = -ENOMEM;
	load->promised = *traffic_count(t);
	traffic_destroy(t);
	return rc == 0 ? 0
		       : wv_fail(err, -rc, "traffic: %u responses cannot be made: %s",
			       params->traffic.responses, strerror(-rc));
}

// Is what came out what the traffic promises? What came in datagrams alone is judged.
static int result_check(const struct traffic_counts *promised, const struct rig_result *result,
	bool forward, struct wv_err *err)
{
	if (result->lost > 0)
		return wv_fail(err, EPROTO, "want no packet lost, not %llu",
			(unsigned long long)result->lost);
	for (enum wv_verdict v = 0; v < WV_VERDICT_COUNT; v++) {
		uint64_t want = forward ? 0 : promised->verdicts[TRAFFIC_UDP][v];

		if (result->verdicts[v] != want)
			return wv_fail(err, EPROTO, "want %llu responses %s, not %llu",
				(unsigned long long)want, wv_verdict_name(v),
				(unsigned long long)result->verdicts[v]);
	}
	return 0;
}

static int run(struct rig *r, const struct traffic_counts *promised, enum bench_plan plan,
	bool forward, struct rig_result *result, struct wv_err *err)
{
	int rc = rig_run(r, plan, forward, result, err);

	return rc == 0 ? result_check(promised, result, forward, err) : rc;
}

// Both kinds in turn, so that what else the machine does hits both alike.
static int plan_run(struct rig *r, const struct bench_params *params, const struct load *load,
	struct report *report, struct wv_err *err)
{
	const struct traffic_counts *promised = &load->promised;
	double rate[BENCH_RUNS_MAX], forward[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX],
		worker[BENCH_RUNS_MAX];
	double responses = params->traffic.responses, hz = (double)rig_hz(r);
	struct rig_result result;
	int rc = run(r, promised, report->plan, true, &result, err); // touches all memory

	for (unsigned i = 0; rc == 0 && i < params->runs; i++) {
		rc = run(r, promised, report->plan, true, &result, err);
		if (rc < 0)
			break;
		forward[i] = responses * hz / (double)result.cycles;
		rc = run(r, promised, report->plan, false, &result, err);
		rate[i] = responses * hz / (double)result.cycles;
		worker[i] = (double)result.worker_cycles / responses;
		ratio[i] = rate[i] / forward[i];
	}
	if (rc < 0)
		return rc;
	report->params = params;
	report->hugepages = rig_has_hugepages(r);
	report->hz = rig_hz(r);
	report->packets_per_second = bench_median(rate, params->runs);
	report->forward_packets_per_second = bench_median(forward, params->runs);
	report->worker_cycles = bench_median(worker, params->runs);
	report->ratio = bench_median(ratio, params->runs);
	report->spread = (ratio[params->runs - 1] - ratio[0]) / report->ratio;
	memcpy(report->verdicts, result.verdicts, sizeof(report->verdicts));
	report->lost = result.lost;
	report->alone = &load->alone;
	return 0;
}

static int plans_run(struct rig *r, const struct bench_params *params, const struct load *load,
	struct wv_err *err)
{
	struct report reports[BENCH_PLANS];
	unsigned n = 0;

	for (enum bench_plan plan = 0; plan < BENCH_PLANS; plan++) {
		if (!rig_has(r, plan)) {
			fprintf(stderr, "wirevet-bench: plan %s is left out: there is one core\n",
				bench_plan_name(plan));
			continue;
		}
		reports[n].plan = plan;
		int rc = plan_run(r, params, load, &reports[n], err);

		if (rc < 0)
			return rc;
		n++;
	}
	return params->json ? report_json(reports, n, stdout, err)
			    : report_table(reports, n, stdout, err);
}

// The messages of mix K each alone, before EAL's memory is taken.
static int load_measure(struct load *load, const struct bench_params *params, struct wv_err *err)
{
	const struct alone_params alone = {.traffic = &load->traffic,
		.chain = &load->chain,
		.anchors = load->anchors,
		.zones = params->traffic.zones,
		.time_s = params->traffic.time_s,
		.samples = load->samples};

	return alone_run(&alone, &load->alone, err);
}

enum bench_status path_run(const struct bench_params *params, struct wv_err *err)
{
	struct load load = {0};
	struct rig *r = NULL;
	int rc = wv_app_drivers_init(params->driver, "auto", err);

	if (rc < 0)
		return rc == -ENOENT ? BENCH_USAGE : BENCH_FAILED;
	rc = load_make(&load, params, err);
	if (rc == 0 && params->traffic.mix == TRAFFIC_HOSTILE)
		rc = load_measure(&load, params, err);
	if (rc == 0) {
		const struct rig_params rig = {.bench = params,
			.traffic = &load.traffic,
			.chain = &load.chain,
			.anchors = load.anchors};

		r = rig_create(&rig, err);
		packets_fini(&load.traffic);
		rc = r != NULL ? plans_run(r, params, &load, err) : -EIO;
	}
	packets_fini(&load.traffic);
	packets_fini(&load.chain);
	if (r != NULL)
		rig_destroy(r);
	return rc == 0 ? BENCH_OK : BENCH_FAILED;
}
