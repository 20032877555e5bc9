#include <stdlib.h>

#include "digest_bench.h"
#include "output.h"

struct digest_report {
	const struct digest_params *params;
	FILE *out;
	json_t *list;
	bool has_rows, has_worth; // heads of tables that were written
};

struct digest_report *digest_report_open(const struct digest_params *params, FILE *out)
{
	struct digest_report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->params = params;
	r->out = out;
	r->list = json_array();
	return r;
}

static double per_second(double cycles)
{
	return (double)bench_tsc_hz() / cycles;
}

static void row_json(struct digest_report *r, const struct digest_row *row)
{
	const struct digest_load *load = row->load;
	json_t *o = json_object();

	json_object_set_new(
		o, "hash", json_string(load->is_nsec3 ? "NSEC3" : wv_digest_name(load->hash)));
	json_object_set_new(o, "octets", json_integer((load->octets_min + load->octets_max) / 2));
	json_object_set_new(o, "octets_min", json_integer(load->octets_min));
	json_object_set_new(o, "octets_max", json_integer(load->octets_max));
	json_object_set_new(o, "batch", json_integer(load->n));
	if (load->is_nsec3) {
		json_object_set_new(o, "iterations", json_integer(load->nsec3.iterations));
		json_object_set_new(o, "salt", json_integer(load->nsec3.salt_len));
	}
	json_object_set_new(o, "driver", json_string(row->driver));
	json_object_set_new(o, "digests_per_second", json_rounded(per_second(row->cycles)));
	json_object_set_new(o, "cycles", json_rounded(row->cycles));
	json_object_set_new(
		o, "reference_per_second", json_rounded(per_second(row->reference_cycles)));
	json_object_set_new(o, "ratio", json_share(row->ratio));
	place_add(o, r->params->runs, row->spread, bench_tsc_hz());
	json_array_append_new(r->list, o);
}

static void row_print(struct digest_report *r, const struct digest_row *row)
{
	const struct digest_load *load = row->load;
	char what[40], octets[24];

	if (!r->has_rows)
		fprintf(r->out, "%-22s %9s %5s %-9s %10s %8s %11s %6s %7s\n", "hash", "octets",
			"batch", "driver", "digests/s", "cycles", "reference/s", "ratio", "spread");
	r->has_rows = true;
	if (load->is_nsec3)
		snprintf(what, sizeof(what), "NSEC3 %u, salt %u", load->nsec3.iterations,
			load->nsec3.salt_len);
	else
		snprintf(what, sizeof(what), "%s", wv_digest_name(load->hash));
	if (load->octets_min == load->octets_max)
		snprintf(octets, sizeof(octets), "%u", load->octets_min);
	else
		snprintf(octets, sizeof(octets), "%u-%u", load->octets_min, load->octets_max);
	fprintf(r->out, "%-22s %9s %5u %-9s %10.0f %8.0f %11.0f %6.2f %6.1f%%\n", what, octets,
		load->n, row->driver, per_second(row->cycles), row->cycles,
		per_second(row->reference_cycles), row->ratio, 100 * row->spread);
}

void digest_report_row(struct digest_report *r, const struct digest_row *row)
{
	if (r->params->json)
		row_json(r, row);
	else
		row_print(r, row);
}

static json_t *least_json(uint32_t least)
{
	return least == UINT32_MAX ? json_null() : json_integer(least);
}

static void worth_json(struct digest_report *r, const struct digest_worth *w)
{
	json_t *o = json_object();

	json_object_set_new(o, "hash", json_string(wv_digest_name(w->hash)));
	json_object_set_new(o, "octets", json_integer(w->octets));
	json_object_set_new(o, "driver", json_string(w->driver));
	json_object_set_new(o, "beside", json_string(w->beside));
	json_object_set_new(o, "least", least_json(w->least));
	json_object_set_new(o, "table", least_json(w->table));
	place_add(o, r->params->runs, w->spread, bench_tsc_hz());
	json_array_append_new(r->list, o);
}

static const char *least_text(uint32_t least, char text[12])
{
	snprintf(text, 12, least == UINT32_MAX ? "never" : "%u", least);
	return text;
}

static void worth_print(struct digest_report *r, const struct digest_worth *w)
{
	char least[12], table[12];

	if (!r->has_worth)
		fprintf(r->out, "\n%-22s %9s %-9s %-9s %13s %6s %7s\n", "worth it", "octets",
			"driver", "beside", "from batches", "table", "spread");
	r->has_worth = true;
	fprintf(r->out, "%-22s %9u %-9s %-9s %13s %6s %6.1f%%\n", wv_digest_name(w->hash),
		w->octets, w->driver, w->beside, least_text(w->least, least),
		least_text(w->table, table), 100 * w->spread);
}

void digest_report_worth(struct digest_report *r, const struct digest_worth *worth)
{
	if (r->params->json)
		worth_json(r, worth);
	else
		worth_print(r, worth);
}

int digest_report_close(struct digest_report *r, struct wv_err *err)
{
	int rc;

	if (r->params->json) {
		rc = output_json(r->list, r->out, err);
	} else {
		json_decref(r->list);
		rc = output_end(r->out, true, err);
	}
	free(r);
	return rc;
}
