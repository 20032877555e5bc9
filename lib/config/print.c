#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "settings.h"

// Set object[section/…][key] = value (taken over), and make the objects on the way.
static int put(json_t *object, const char *section, const char *key, json_t *value)
{
	while (section[0] != '\0') {
		size_t len = strcspn(section, "/");
		char name[32] = "";
		json_t *below;

		memcpy(name, section, len < sizeof(name) ? len : sizeof(name) - 1);
		below = json_object_get(object, name);
		if (below == NULL) {
			below = json_object();
			json_object_set_new(object, name, below);
		}
		object = below;
		section += len + (section[len] == '/');
	}
	return json_object_set_new(object, key, value);
}

static json_t *pairs_value(const struct wv_config *config)
{
	json_t *pairs = json_array();
	int rc = pairs != NULL ? 0 : -1;

	for (unsigned i = 0; i < config->n_pairs; i++) {
		json_t *pair = json_object();

		for (unsigned j = 0; j < wv_config_pair_settings_n; j++) {
			const struct setting *s = &wv_config_pair_settings[j];

			rc |= put(pair, "", s->key, wv_config_value(s, &config->pair[i]));
		}
		rc |= json_array_append_new(pairs, pair);
	}
	if (rc == 0)
		return pairs;
	json_decref(pairs);
	return NULL;
}

// The top level a line each, the rest within: as a person would write it.
static int print_lines(json_t *root, FILE *out)
{
	const char *key, *between = "{";
	json_t *value;
	int rc = 0;

	json_object_foreach(root, key, value) {
		rc |= fprintf(out, "%s\n  \"%s\": ", between, key) < 0 ? -1 : 0;
		rc |= json_dumpf(value, out, JSON_ENCODE_ANY);
		between = ",";
	}
	rc |= fputs("\n}\n", out) < 0 ? -1 : 0;
	return rc == 0 && fflush(out) == 0 ? 0 : -EIO;
}

int wv_config_print(const struct wv_config *config, FILE *out)
{
	json_t *root = json_object();
	int rc = 0;

	for (unsigned i = 0; i < wv_config_settings_n; i++) {
		const struct setting *s = &wv_config_settings[i];

		rc |= put(root, s->section, s->key, wv_config_value(s, config));
		if (s->kind == KIND_CLOCK)
			rc |= put(root, "", "pairs", pairs_value(config));
	}
	rc = rc == 0 ? print_lines(root, out) : -ENOMEM;
	json_decref(root);
	return rc;
}
