#include "promise.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

// With four digits after the point.
static json_t *rounded(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	return json_real(strtod(text, NULL));
}

static double mean(uint64_t sum, uint64_t n)
{
	return n > 0 ? (double)sum / (double)n : 0;
}

// Those that there are.
static json_t *verdicts_json(const uint64_t verdicts[WV_VERDICT_COUNT])
{
	json_t *o = json_object();

	for (enum wv_verdict v = 0; v < WV_VERDICT_COUNT; v++) {
		if (verdicts[v] > 0)
			json_object_set_new(o, wv_verdict_name(v), count(verdicts[v]));
	}
	return o;
}

static json_t *kind_json(const struct traffic_kind *kind, const struct traffic_kind_counts *c,
	const struct traffic_counts *all)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(kind->name));
	json_object_set_new(o, "verdict", json_string(wv_verdict_name(kind->verdict)));
	json_object_set_new(o, "responses", count(c->responses));
	json_object_set_new(o, "distinct", count(c->distinct));
	json_object_set_new(o, "bogus", count(c->bogus));
	json_object_set_new(o, "share", rounded(mean(c->responses, all->responses)));
	json_object_set_new(o, "share_wanted", rounded(kind->share));
	json_object_set_new(o, "octets_mean", rounded(mean(c->octets, c->responses)));
	json_object_set_new(o, "octets_wanted",
		kind->octets[1] > 0
			? json_pack("[i, i]", (int)kind->octets[0], (int)kind->octets[1])
			: json_null());
	json_object_set_new(o, "shortest", count(c->shortest));
	json_object_set_new(o, "longest", count(c->longest));
	return o;
}

static void kinds_add(json_t *o, const struct traffic_counts *c, enum traffic_mix mix)
{
	json_t *list = json_array();
	struct traffic_kind kind;

	for (unsigned i = 0; (kind = traffic_kind_get(mix, i)).name != NULL; i++)
		json_array_append_new(list, kind_json(&kind, &c->kinds[i], c));
	json_object_set_new(o, "kinds", list);
}

// What did not come in one datagram, and is counted apart, for it is not judged.
static void ways_add(json_t *o, const struct traffic_counts *c)
{
	for (enum traffic_way way = TRAFFIC_UDP + 1; way < TRAFFIC_WAYS; way++)
		json_object_set_new(o, traffic_way_name(way), verdicts_json(c->verdicts[way]));
}

char *promise_print(const struct traffic *t, const struct traffic_params *params)
{
	const struct traffic_counts *c = traffic_count(t);
	json_t *o = json_object();
	char *text;

	json_object_set_new(o, "mix", json_string(traffic_mix_name(params->mix)));
	json_object_set_new(o, "zones", count(params->zones));
	json_object_set_new(o, "repeat", count(params->repeat));
	json_object_set_new(o, "seed", count(params->seed));
	json_object_set_new(o, "time", count(params->time_s));
	json_object_set_new(o, "responses", count(c->responses));
	json_object_set_new(o, "distinct", count(c->distinct));
	json_object_set_new(o, "octets", count(c->octets));
	json_object_set_new(o, "shortest", count(c->shortest));
	json_object_set_new(o, "longest", count(c->longest));
	json_object_set_new(o, "frame_mean", rounded(mean(c->frame_octets, c->frames)));
	json_object_set_new(o, "signed", count(c->is_signed));
	json_object_set_new(o, "signatures", count(c->signatures));
	json_object_set_new(o, "ipv6", count(c->ipv6));
	json_object_set_new(o, "cookies", count(c->cookies));
	json_object_set_new(o, "mixed_case", count(c->mixed_case));
	json_object_set_new(o, "reordered", count(c->reordered));
	json_object_set_new(o, "verdicts", verdicts_json(c->verdicts[TRAFFIC_UDP]));
	ways_add(o, c);
	kinds_add(o, c, params->mix);
	text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(o);
	return text;
}
