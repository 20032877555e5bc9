#include "crypto.h"
#include "output.h"

static const char *distribution(unsigned keys)
{
	return keys >= CRYPTO_ZIPF_FROM ? "zipf" : "uniform";
}

static json_t *one_json(const struct crypto_params *params, const struct crypto_result *r)
{
	double hz = (double)bench_tsc_hz();
	json_t *o = json_object();

	json_object_set_new(o, "algorithm", json_string(wv_verify_alg_name(r->alg)));
	json_object_set_new(o, "bits", json_integer(r->bits));
	json_object_set_new(o, "driver", json_string(wv_verify_driver_name(r->alg)));
	json_object_set_new(o, "keys", json_integer(r->keys));
	json_object_set_new(o, "distribution", json_string(distribution(r->keys)));
	json_object_set_new(o, "tables", json_boolean(r->tables));
	json_object_set_new(o, "first_seen", json_boolean(r->first_seen));
	json_object_set_new(o, "tabled", json_share(r->tabled));
	json_object_set_new(o, "table_octets", json_integer((json_int_t)r->table_octets));
	json_object_set_new(o, "group", json_integer(r->group));
	json_object_set_new(o, "signatures", json_integer(r->signatures));
	json_object_set_new(o, "seed", json_integer((json_int_t)params->seed));
	json_object_set_new(o, "verifies_per_second", json_rounded(r->per_second));
	json_object_set_new(o, "cycles", json_rounded(hz / r->per_second));
	json_object_set_new(o, "reference_signatures", json_integer(r->reference_signatures));
	json_object_set_new(o, "reference_per_second", json_rounded(r->reference_per_second));
	json_object_set_new(o, "ratio", json_share(r->ratio));
	place_add(o, params->runs, r->spread, bench_tsc_hz());
	return o;
}

int crypto_json(const struct crypto_params *params, const struct crypto_result results[],
	unsigned n, struct wv_err *err)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, one_json(params, &results[i]));
	return output_json(list, stdout, err);
}

void crypto_head_print(const struct crypto_params *params)
{
	printf("%u different signatures, medians of %u runs, each in turn with OpenSSL's kept "
	       "contexts\n",
		params->signatures, params->runs);
	printf("%-16s %4s %-8s %6s %-8s %-10s %6s %5s %12s %8s %12s %8s %7s\n", "algorithm", "bits",
		"driver", "keys", "used", "tables", "MiB", "group", "checks/s", "cycles",
		"openssl/s", "ratio", "spread");
}

void crypto_line_print(const struct crypto_result *r)
{
	char tables[16];

	if (r->tables)
		snprintf(tables, sizeof(tables), "%.1f%%", 100 * r->tabled);
	else
		snprintf(tables, sizeof(tables), r->first_seen ? "first seen" : "-");
	printf("%-16s %4u %-8s %6u %-8s %-10s %6.1f %5u %12.0f %8.0f %12.0f %8.2f %6.1f%%\n",
		wv_verify_alg_name(r->alg), r->bits, wv_verify_driver_name(r->alg), r->keys,
		distribution(r->keys), tables, (double)r->table_octets / (1 << 20), r->group,
		r->per_second, (double)bench_tsc_hz() / r->per_second, r->reference_per_second,
		r->ratio, 100 * r->spread);
	fflush(stdout);
}

int crypto_foot_print(struct wv_err *err)
{
	printf("used: how often each key; tables: of signatures by keys that have one, built by "
	       "use "
	       "under 256 MiB.\n"
	       "Digests are given; EdDSA hashes messages of 100 to 300 octets. Signatures are made "
	       "at start,\n"
	       "those of RSA by moduli of many primes of 256 bits, which cost a check what two "
	       "large ones do.\n");
	return output_end(stdout, true, err);
}
