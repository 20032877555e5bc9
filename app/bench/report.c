#include <assert.h>

#include "wv_verify.h"

#include "bench.h"
#include "output.h"

static const char *const plans[] = {
	[BENCH_SOLO] = "solo",
	[BENCH_SPLIT] = "split",
};
static_assert(WV_COUNT(plans) == BENCH_PLANS, "a plan without a name");

const char *bench_plan_name(enum bench_plan plan)
{
	return plans[plan];
}

static const char *driver_name(void)
{
	return wv_verify_driver_name(WV_ALG_P256); // what most signatures are of
}

static double cycles_per_packet(const struct report *r)
{
	return (double)r->hz / r->packets_per_second;
}

static json_t *verdicts_json(const struct report *r)
{
	json_t *verdicts = json_object();

	for (enum wv_verdict v = 0; v < WV_VERDICT_COUNT; v++)
		json_object_set_new(
			verdicts, wv_verdict_name(v), json_integer((json_int_t)r->verdicts[v]));
	return verdicts;
}

// ---- mix K ----

// What is dearest by itself, and what by its bound.
struct worst {
	unsigned by_cycles, by_ratio; // kinds
};

static struct worst worst_find(const struct alone_result *a)
{
	struct worst w = {0};

	for (unsigned i = 0; i < TRAFFIC_KINDS; i++) {
		if (a->kinds[i].cycles > a->kinds[w.by_cycles].cycles)
			w.by_cycles = i;
		if (a->kinds[i].ratio > a->kinds[w.by_ratio].ratio)
			w.by_ratio = i;
	}
	return w;
}

static json_t *checks_json(const struct alone_result *a)
{
	// In the order of traffic_sample().
	static const char *const names[] = {"ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519",
		"RSASHA256 1024", "RSASHA256 2048"};
	json_t *o = json_object();

	static_assert(WV_COUNT(names) == TRAFFIC_SAMPLES, "a sample without a name");
	for (unsigned i = 0; i < TRAFFIC_SAMPLES; i++)
		json_object_set_new(o, names[i], json_integer((json_int_t)a->check[i]));
	json_object_set_new(o, "64 ECDSAP256SHA256", json_integer((json_int_t)a->beside));
	return o;
}

static json_t *messages_json(const struct alone_result *a, enum traffic_mix mix)
{
	json_t *list = json_array();
	struct traffic_kind kind;

	for (unsigned i = 0; (kind = traffic_kind_get(mix, i)).name != NULL; i++) {
		const struct alone_kind *k = &a->kinds[i];

		if (k->cycles == 0)
			continue;
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:o, s:s}", "kind", kind.name, "cycles",
				(json_int_t)k->cycles, "bound_cycles", (json_int_t)k->bound,
				"ratio", json_share(k->ratio), "reason",
				wv_reason_name(k->reason)));
	}
	return list;
}

static void alone_add(json_t *o, const struct report *r)
{
	const struct alone_result *a = r->alone;
	enum traffic_mix mix = r->params->traffic.mix;
	struct worst w = worst_find(a);

	json_object_set_new(
		o, "worst_message_cycles", json_integer((json_int_t)a->kinds[w.by_cycles].cycles));
	json_object_set_new(
		o, "worst_message", json_string(traffic_kind_get(mix, w.by_cycles).name));
	json_object_set_new(o, "worst_message_bound_cycles",
		json_integer((json_int_t)a->kinds[w.by_cycles].bound));
	json_object_set_new(o, "worst_message_ratio", json_share(a->kinds[w.by_ratio].ratio));
	json_object_set_new(
		o, "worst_message_within_bound", json_boolean(a->kinds[w.by_ratio].ratio <= 1));
	json_object_set_new(o, "check_cycles", checks_json(a));
	json_object_set_new(o, "messages", messages_json(a, mix));
}

static void alone_print(const struct report *r, FILE *out)
{
	const struct alone_result *a = r->alone;
	enum traffic_mix mix = r->params->traffic.mix;
	struct worst w = worst_find(a);
	struct traffic_kind kind;

	fprintf(out, "\n%-26s %12s %12s %7s %s\n", "dearest message alone", "cycles", "bound",
		"ratio", "reason");
	for (unsigned i = 0; (kind = traffic_kind_get(mix, i)).name != NULL; i++) {
		const struct alone_kind *k = &a->kinds[i];

		if (k->cycles > 0)
			fprintf(out, "%-26s %12llu %12llu %7.3f %s\n", kind.name,
				(unsigned long long)k->cycles, (unsigned long long)k->bound,
				k->ratio, wv_reason_name(k->reason));
	}
	fprintf(out, "worst: %llu cycles, %s; %.3f of its bound, %s\n",
		(unsigned long long)a->kinds[w.by_cycles].cycles,
		traffic_kind_get(mix, w.by_cycles).name, a->kinds[w.by_ratio].ratio,
		traffic_kind_get(mix, w.by_ratio).name);
}

static json_t *one_json(const struct report *r)
{
	const struct bench_params *p = r->params;
	json_t *o = json_object();

	json_object_set_new(o, "mix", json_string(traffic_mix_name(p->traffic.mix)));
	json_object_set_new(o, "repeat", json_integer(p->traffic.repeat));
	json_object_set_new(o, "zones", json_integer(p->traffic.zones));
	json_object_set_new(o, "responses", json_integer(p->traffic.responses));
	json_object_set_new(o, "queries", json_boolean(p->queries));
	json_object_set_new(o, "seed", json_integer((json_int_t)p->traffic.seed));
	json_object_set_new(o, "plan", json_string(bench_plan_name(r->plan)));
	json_object_set_new(o, "workers", json_integer(1));
	json_object_set_new(o, "driver", json_string(driver_name()));
	json_object_set_new(o, "hugepages", json_boolean(r->hugepages));
	json_object_set_new(o, "packets_per_second", json_rounded(r->packets_per_second));
	json_object_set_new(o, "cycles_per_packet", json_rounded(cycles_per_packet(r)));
	json_object_set_new(o, "worker_cycles_per_response", json_rounded(r->worker_cycles));
	json_object_set_new(
		o, "forward_packets_per_second", json_rounded(r->forward_packets_per_second));
	json_object_set_new(o, "ratio", json_share(r->ratio));
	json_object_set_new(o, "verdicts", verdicts_json(r));
	json_object_set_new(o, "lost", json_integer((json_int_t)r->lost));
	if (r->alone->measured)
		alone_add(o, r);
	place_add(o, p->runs, r->spread, r->hz);
	return o;
}

int report_json(const struct report reports[], unsigned n, FILE *out, struct wv_err *err)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, one_json(&reports[i]));
	return output_json(list, out, err);
}

int report_table(const struct report reports[], unsigned n, FILE *out, struct wv_err *err)
{
	fprintf(out,
		"mix repeat  zones  responses queries plan  driver    responses/s  cycles "
		"worker cycles  forward/s     ratio  spread\n");
	for (unsigned i = 0; i < n; i++) {
		const struct report *r = &reports[i];
		const struct bench_params *p = r->params;

		fprintf(out,
			"%-3s %5u%% %6u %10u %-7s %-5s %-9s %11.0f %7.0f %13.0f %10.0f %9.3f "
			"%6.1f%%\n",
			traffic_mix_name(p->traffic.mix), p->traffic.repeat, p->traffic.zones,
			p->traffic.responses, p->queries ? "on" : "off", bench_plan_name(r->plan),
			driver_name(), r->packets_per_second, cycles_per_packet(r),
			r->worker_cycles, r->forward_packets_per_second, r->ratio, 100 * r->spread);
	}
	if (n > 0 && reports[0].alone->measured)
		alone_print(&reports[0], out);
	return output_end(out, true, err);
}
