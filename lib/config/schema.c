#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "settings.h"

// A schema under construction; `failed` is sticky.
struct schema {
	json_t *object;
	bool failed;
};

static void set(struct schema *s, const char *key, json_t *value)
{
	if (json_object_set_new(s->object, key, value) != 0)
		s->failed = true;
}

static json_t *range(const struct setting *s)
{
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)s->min,
		"maximum", (json_int_t)s->max);
}

static json_t *words_of(const struct setting *s)
{
	if (s->unit == NULL)
		return json_string(s->words);
	return json_sprintf("%s (%s)", s->words, s->unit);
}

static json_t *choices_of(const struct setting *s)
{
	json_t *list = json_array();

	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		if (json_array_append_new(list, json_string(c->word)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void list_of(struct schema *out, const struct setting *s, json_t *items)
{
	set(out, "type", json_string("array"));
	set(out, "items", items);
	if (s->min_items > 0)
		set(out, "minItems", json_integer(s->min_items));
	set(out, "maxItems", json_integer(s->max_items));
}

// `base` holds the presets.
static json_t *setting_schema(const struct setting *s, const void *base, bool *failed)
{
	struct schema out = {.object = json_object()};

	set(&out, "description", words_of(s));
	switch (s->kind) {
	case KIND_VERSION:
		set(&out, "const", json_integer((json_int_t)s->preset));
		break;
	case KIND_NUMBER:
	case KIND_RING:
		set(&out, "type", json_string("integer"));
		set(&out, "minimum", json_integer((json_int_t)s->min));
		set(&out, "maximum", json_integer((json_int_t)s->max));
		break;
	case KIND_FLAG:
		set(&out, "type", json_string("boolean"));
		break;
	case KIND_CHOICE:
		set(&out, "enum", choices_of(s));
		break;
	case KIND_CLOCK:
		set(&out, "anyOf",
			json_pack("[{s:[s,s]}, {s:s, s:i, s:I}]", "enum", "system", "packet",
				"type", "integer", "minimum", -1, "maximum", (json_int_t)s->max));
		break;
	case KIND_TEXT:
		set(&out, "type", json_string("string"));
		break;
	case KIND_LIST:
		list_of(&out, s, json_pack("{s:s}", "type", "string"));
		break;
	case KIND_NUMBERS:
		list_of(&out, s, range(s));
		set(&out, "uniqueItems", json_true());
		break;
	}
	if (!s->required)
		set(&out, "default", wv_config_value(s, base));
	*failed |= out.failed;
	return out.object;
}

// The object that describes the keys of `section` below `root`, made where it is not there yet.
static json_t *section_schema(json_t *root, const char *section, bool *failed)
{
	json_t *object = root;

	while (section[0] != '\0' && object != NULL) {
		size_t len = strcspn(section, "/");
		char name[32] = "";
		json_t *properties = json_object_get(object, "properties");

		memcpy(name, section, len < sizeof(name) ? len : sizeof(name) - 1);
		object = json_object_get(properties, name);
		if (object == NULL) {
			object = json_pack("{s:s, s:b, s:{}}", "type", "object",
				"additionalProperties", 0, "properties");
			*failed |= json_object_set_new(properties, name, object) != 0;
		}
		section += len + (section[len] == '/');
	}
	return json_object_get(object, "properties");
}

static json_t *pairs_schema(const struct wv_config_pair *presets, bool *failed)
{
	json_t *properties = json_object(), *required = json_array();

	for (unsigned i = 0; i < wv_config_pair_settings_n; i++) {
		const struct setting *s = &wv_config_pair_settings[i];
		json_t *schema = setting_schema(s, presets, failed);

		*failed |= json_object_set_new(properties, s->key, schema) != 0;
		if (s->required)
			*failed |= json_array_append_new(required, json_string(s->key)) != 0;
	}
	return json_pack("{s:s, s:s, s:i, s:i, s:{s:s, s:b, s:o, s:o}}", "description",
		"pairs of ports, each a wire", "type", "array", "minItems", 1, "maxItems",
		WV_CONFIG_PAIRS, "items", "type", "object", "additionalProperties", 0, "required",
		required, "properties", properties);
}

static json_t *schema_make(
	const struct wv_config *presets, const struct wv_config_pair *pair_presets)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:b, s:[s,s], s:{}}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "title",
		"The configuration of wirevet", "type", "object", "additionalProperties", 0,
		"required", "version", "pairs", "properties");
	bool failed = root == NULL;

	for (unsigned i = 0; i < wv_config_settings_n && !failed; i++) {
		const struct setting *s = &wv_config_settings[i];
		json_t *in = section_schema(root, s->section, &failed);

		failed |= json_object_set_new(in, s->key, setting_schema(s, presets, &failed)) != 0;
		if (s->kind == KIND_CLOCK)
			failed |= json_object_set_new(
					  in, "pairs", pairs_schema(pair_presets, &failed))
				!= 0;
	}
	if (!failed)
		return root;
	json_decref(root);
	return NULL;
}

int wv_config_print_schema(FILE *out)
{
	struct wv_config presets;
	struct wv_config_pair pair;
	json_t *root = NULL;
	int rc = wv_config_presets(&presets, NULL);

	if (rc < 0)
		return rc;
	rc = wv_config_presets_put(wv_config_pair_settings, wv_config_pair_settings_n, &pair);
	if (rc == 0)
		root = schema_make(&presets, &pair);
	if (root == NULL)
		rc = -ENOMEM;
	else if (json_dumpf(root, out, JSON_INDENT(2)) != 0 || fputc('\n', out) == EOF
		|| fflush(out) != 0)
		rc = -EIO;
	json_decref(root);
	wv_config_settings_fini(wv_config_pair_settings, wv_config_pair_settings_n, &pair);
	wv_config_fini(&presets);
	return rc;
}
