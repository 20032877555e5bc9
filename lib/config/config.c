#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "wv_config.h"

#include "place.h"
#include "reader.h"
#include "settings.h"

#define FILE_MAX   (1U << 20) // octets
#define QUOTED_MAX 48         // octets of a value that a message shows

static int __attribute__((format(printf, 5, 0))) complain(struct reader *r, int number,
	struct place at, const char *pointer, const char *format, va_list args)
{
	char words[sizeof(r->err->text)];

	vsnprintf(words, sizeof(words), format, args);
	return wv_fail(r->err, number, "%s:%u:%u: %s%s%s", r->file, at.line, at.column, pointer,
		pointer[0] != '\0' ? ": " : "", words);
}

int wv_config_complain(struct reader *r, int number, const char *pointer, const char *format, ...)
{
	struct place at = wv_config_place_find(r->text, r->len, pointer, false);
	va_list args;

	va_start(args, format);
	number = complain(r, number, at, pointer, format, args);
	va_end(args);
	return number;
}

static int __attribute__((format(printf, 5, 6))) complain_at(
	struct reader *r, int number, struct place at, const char *pointer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	number = complain(r, number, at, pointer, format, args);
	va_end(args);
	return number;
}

static int no_memory(struct reader *r)
{
	return wv_fail(r->err, ENOMEM, "%s: no memory", r->file);
}

// What was found, for a message; `show` a value, not just its type.
static const char *found(const json_t *value, bool show, char out[2 * QUOTED_MAX])
{
	size_t n = 0;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		return "null";
	case JSON_REAL:
		snprintf(out, 2 * QUOTED_MAX, "%g", json_real_value(value));
		return out;
	case JSON_INTEGER:
		snprintf(out, 2 * QUOTED_MAX, "%lld", json_integer_value(value));
		return show ? out : "a number";
	case JSON_STRING:
		break;
	}
	if (!show)
		return "a string";

	const char *text = json_string_value(value);

	out[n++] = '"';
	for (size_t i = 0; i < QUOTED_MAX && text[i] != '\0'; i++)
		out[n++] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	snprintf(out + n, 2 * QUOTED_MAX - n, "%s", strlen(text) > QUOTED_MAX ? "…\"" : "\"");
	return out;
}

static int want_type(struct reader *r, const char *pointer, const char *want, const json_t *value)
{
	char buffer[2 * QUOTED_MAX];

	return wv_config_complain(
		r, EINVAL, pointer, "want %s, not %s", want, found(value, false, buffer));
}

static void number_put(void *field, size_t size, uint64_t value)
{
	if (size == sizeof(bool))
		*(bool *)field = value != 0;
	else if (size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)value;
	else
		*(uint32_t *)field = (uint32_t)value;
}

static int number_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, void *field, size_t size)
{
	char want[64];
	bool has_unit = s->unit != NULL;

	if (!json_is_integer(value)) {
		snprintf(want, sizeof(want), "a %snumber%s%s%s",
			json_is_real(value) ? "whole " : "", has_unit ? " (" : "",
			has_unit ? s->unit : "", has_unit ? ")" : "");
		return want_type(r, pointer, want, value);
	}

	json_int_t n = json_integer_value(value);

	if (n < (json_int_t)s->min || n > (json_int_t)s->max)
		return wv_config_complain(r, EINVAL, pointer, "want %llu to %llu%s%s, not %lld",
			(unsigned long long)s->min, (unsigned long long)s->max, has_unit ? " " : "",
			has_unit ? s->unit : "", (long long)n);
	if (s->kind == KIND_RING && (n & (n - 1)) != 0)
		return wv_config_complain(
			r, EINVAL, pointer, "want a power of two, not %lld", (long long)n);
	number_put(field, size, (uint64_t)n);
	return 0;
}

static int version_read(
	struct reader *r, const struct setting *s, const json_t *value, const char *pointer)
{
	char buffer[2 * QUOTED_MAX];

	if (json_is_integer(value) && json_integer_value(value) == (json_int_t)s->preset)
		return 0;
	return wv_config_complain(r, EINVAL, pointer, "want %u, not %s", (unsigned)s->preset,
		found(value, true, buffer));
}

static int choice_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, void *field)
{
	char want[128] = "", buffer[2 * QUOTED_MAX];
	size_t n = 0;

	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		const char *between = c == s->choices ? "" : c[1].word == NULL ? " or " : ", ";

		if (json_is_string(value) && strcmp(json_string_value(value), c->word) == 0) {
			number_put(field, s->size, c->value);
			return 0;
		}
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%s\"%s\"", between, c->word);
	}
	return wv_config_complain(
		r, EINVAL, pointer, "want %s, not %s", want, found(value, true, buffer));
}

static int clock_read(
	struct reader *r, const struct setting *s, const json_t *value, const char *pointer)
{
	char buffer[2 * QUOTED_MAX];
	const char *word = json_string_value(value);
	json_int_t n = json_integer_value(value);

	if (word != NULL && strcmp(word, "system") == 0) {
		r->config->clock = WV_CLOCK_SYSTEM;
	} else if (word != NULL && strcmp(word, "packet") == 0) {
		r->config->clock = WV_CLOCK_PACKET;
	} else if (json_is_integer(value) && n == -1) {
		r->config->clock = WV_CLOCK_OFF;
	} else if (json_is_integer(value) && n >= 0 && n <= (json_int_t)s->max) {
		r->config->clock = WV_CLOCK_FIXED;
		r->config->clock_s = (uint32_t)n;
	} else {
		return wv_config_complain(r, EINVAL, pointer,
			"want \"system\", \"packet\", a second since 1970 (0 to %llu) or -1, not "
			"%s",
			(unsigned long long)s->max, found(value, true, buffer));
	}
	return 0;
}

// Check a text and copy it; *copy is freed first.
static int text_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, char **copy)
{
	char buffer[2 * QUOTED_MAX];
	const char *text = json_string_value(value), *want;

	if (text == NULL)
		return want_type(r, pointer, "a string", value);
	if (s->is_right != NULL && !s->is_right(text, &want))
		return wv_config_complain(
			r, EINVAL, pointer, "want %s, not %s", want, found(value, true, buffer));
	free(*copy);
	*copy = strdup(text);
	return *copy != NULL ? 0 : no_memory(r);
}

static void list_fini(struct wv_config_list *list)
{
	for (unsigned i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct wv_config_list){0};
}

// Is `value` a list of a length that is allowed?
static int items_check(
	struct reader *r, const struct setting *s, const json_t *value, const char *pointer)
{
	size_t n = json_array_size(value);

	if (!json_is_array(value))
		return want_type(r, pointer, "a list", value);
	if (n < s->min_items || n > s->max_items)
		return wv_config_complain(r, EINVAL, pointer, "want %u to %u items, not %zu",
			s->min_items, s->max_items, n);
	return 0;
}

static int list_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, struct wv_config_list *list)
{
	char item[POINTER_MAX];
	int rc = items_check(r, s, value, pointer);

	if (rc < 0)
		return rc;
	list_fini(list);
	list->item = calloc(json_array_size(value) + 1, sizeof(list->item[0]));
	if (list->item == NULL)
		return no_memory(r);
	for (size_t i = 0; i < json_array_size(value) && rc == 0; i++) {
		wv_config_pointer_item(item, pointer, i);
		rc = text_read(r, s, json_array_get(value, i), item, &list->item[i]);
		list->n += rc == 0;
	}
	return rc;
}

static int numbers_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, void *base)
{
	unsigned *n = (unsigned *)((char *)base + s->n_offset);
	char *field = (char *)base + s->offset, item[POINTER_MAX];
	int rc = items_check(r, s, value, pointer);

	for (*n = 0; rc == 0 && *n < json_array_size(value); (*n)++, field += s->item_size) {
		wv_config_pointer_item(item, pointer, *n);
		rc = number_read(r, s, json_array_get(value, *n), item, field, s->item_size);
		for (size_t i = 0; i < *n && rc == 0; i++) {
			if (memcmp(field, (char *)base + s->offset + i * s->item_size, s->item_size)
				== 0)
				rc = wv_config_complain(
					r, EINVAL, item, "stands in the list twice, want it once");
		}
	}
	return rc;
}

static int setting_read(struct reader *r, const struct setting *s, const json_t *value,
	const char *pointer, void *base)
{
	void *field = (char *)base + s->offset;

	switch (s->kind) {
	case KIND_VERSION:
		return version_read(r, s, value, pointer);
	case KIND_NUMBER:
	case KIND_RING:
		return number_read(r, s, value, pointer, field, s->size);
	case KIND_FLAG:
		if (!json_is_boolean(value))
			return want_type(r, pointer, "true or false", value);
		*(bool *)field = json_is_true(value);
		return 0;
	case KIND_CHOICE:
		return choice_read(r, s, value, pointer, field);
	case KIND_CLOCK:
		return clock_read(r, s, value, pointer);
	case KIND_TEXT:
		return text_read(r, s, value, pointer, field);
	case KIND_LIST:
		return list_read(r, s, value, pointer, field);
	case KIND_NUMBERS:
		break;
	}
	return numbers_read(r, s, value, pointer, base);
}

static const struct setting *setting_find(
	const struct setting table[], unsigned n, const char *section, const char *key)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].key, key) == 0)
			return &table[i];
	}
	return NULL;
}

static int unknown(struct reader *r, const struct setting table[], unsigned n, const char *section,
	const char *key, const char *pointer)
{
	return complain_at(r, ENOENT, wv_config_place_find(r->text, r->len, pointer, true), pointer,
		"no such setting, nearest is %s", wv_config_nearest(table, n, section, key));
}

static int missing(struct reader *r, const char *at, const char *key)
{
	char pointer[POINTER_MAX];

	wv_config_pointer(pointer, at, key);
	return wv_config_complain(r, EINVAL, pointer, "missing, want it set");
}

static int preset_put(const struct setting *s, void *base)
{
	char *field = (char *)base + s->offset;
	struct wv_config_list *list = (struct wv_config_list *)(void *)field;

	switch (s->kind) {
	case KIND_VERSION:
		return 0;
	case KIND_NUMBER:
	case KIND_RING:
	case KIND_FLAG:
	case KIND_CHOICE:
	case KIND_CLOCK:
		number_put(field, s->size, s->preset);
		return 0;
	case KIND_TEXT:
		*(char **)(void *)field = s->text != NULL ? strdup(s->text) : NULL;
		return s->text == NULL || *(char **)(void *)field != NULL ? 0 : -ENOMEM;
	case KIND_LIST:
		if (s->text == NULL)
			return 0;
		list->item = calloc(1, sizeof(list->item[0]));
		if (list->item == NULL || (list->item[0] = strdup(s->text)) == NULL)
			return -ENOMEM;
		list->n = 1;
		return 0;
	case KIND_NUMBERS:
		break;
	}
	*(unsigned *)(void *)((char *)base + s->n_offset) = s->n_preset;
	for (unsigned i = 0; i < s->n_preset; i++)
		number_put(field + i * s->item_size, s->item_size, s->preset);
	return 0;
}

int wv_config_presets_put(const struct setting table[], unsigned n, void *base)
{
	int rc = 0;

	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = preset_put(&table[i], base);
	return rc;
}

void wv_config_settings_fini(const struct setting table[], unsigned n, void *base)
{
	for (unsigned i = 0; i < n; i++) {
		void *field = (char *)base + table[i].offset;

		if (table[i].kind == KIND_TEXT)
			free(*(char **)field);
		if (table[i].kind == KIND_LIST)
			list_fini(field);
	}
}

int wv_config_presets(struct wv_config *config, struct wv_err *err)
{
	memset(config, 0, sizeof(*config));
	if (wv_config_presets_put(wv_config_settings, wv_config_settings_n, config) < 0) {
		wv_config_fini(config);
		return wv_fail(err, ENOMEM, "configuration: no memory");
	}
	return 0;
}

void wv_config_fini(struct wv_config *config)
{
	for (unsigned i = 0; i < config->n_pairs; i++)
		wv_config_settings_fini(
			wv_config_pair_settings, wv_config_pair_settings_n, &config->pair[i]);
	wv_config_settings_fini(wv_config_settings, wv_config_settings_n, config);
	memset(config, 0, sizeof(*config));
}

static int pair_read(struct reader *r, json_t *object, const char *at, struct wv_config_pair *pair)
{
	const struct setting *table = wv_config_pair_settings;
	const unsigned n = wv_config_pair_settings_n;
	char pointer[POINTER_MAX];
	const char *key;
	json_t *value;
	int rc;

	if (!json_is_object(object))
		return want_type(r, at, "an object", object);
	json_object_foreach(object, key, value) {
		const struct setting *s = setting_find(table, n, "", key);

		wv_config_pointer(pointer, at, key);
		if (s == NULL)
			return unknown(r, table, n, "", key, pointer);
		rc = setting_read(r, s, value, pointer, pair);
		if (rc < 0)
			return rc;
	}
	for (unsigned i = 0; i < n; i++) {
		if (table[i].required && json_object_get(object, table[i].key) == NULL)
			return missing(r, at, table[i].key);
	}
	return 0;
}

static int pairs_read(struct reader *r, const json_t *array)
{
	struct wv_config *config = r->config;
	size_t n = json_array_size(array);
	char pointer[POINTER_MAX];
	int rc = 0;

	if (!json_is_array(array))
		return want_type(r, "/pairs", "a list", array);
	if (n < 1 || n > WV_CONFIG_PAIRS)
		return wv_config_complain(
			r, EINVAL, "/pairs", "want 1 to %d pairs, not %zu", WV_CONFIG_PAIRS, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct wv_config_pair *pair = &config->pair[config->n_pairs++];

		if (wv_config_presets_put(wv_config_pair_settings, wv_config_pair_settings_n, pair)
			< 0)
			return no_memory(r);
		wv_config_pointer_item(pointer, "/pairs", i);
		rc = pair_read(r, json_array_get(array, i), pointer, pair);
	}
	return rc;
}

// One object of settings and its sections; `at` is its pointer, "/" + section or "".
static int section_read(struct reader *r, json_t *object, const char *section, const char *at)
{
	const struct setting *table = wv_config_settings;
	const unsigned n = wv_config_settings_n;
	char pointer[POINTER_MAX];
	const char *key;
	json_t *value;
	int rc = 0;

	if (!json_is_object(object))
		return want_type(r, at, "an object", object);
	json_object_foreach(object, key, value) {
		const struct setting *s = setting_find(table, n, section, key);
		const char *below = wv_config_subsection(section, key);

		wv_config_pointer(pointer, at, key);
		if (s != NULL)
			rc = setting_read(r, s, value, pointer, r->config);
		else if (below != NULL)
			rc = section_read(r, value, below, pointer);
		else if (section[0] == '\0' && strcmp(key, "pairs") == 0)
			rc = pairs_read(r, value);
		else
			rc = unknown(r, table, n, section, key, pointer);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int root_read(struct reader *r, json_t *root, bool pairs_wanted)
{
	const struct setting *version =
		setting_find(wv_config_settings, wv_config_settings_n, "", "version");
	const json_t *value = json_object_get(root, "version");
	int rc;

	if (!json_is_object(root))
		return want_type(r, "", "an object", root);
	if (value == NULL)
		return wv_config_complain(
			r, EINVAL, "/version", "missing, want %u", (unsigned)version->preset);
	rc = version_read(r, version, value, "/version"); // what the other keys mean hangs on it
	if (rc == 0)
		rc = section_read(r, root, "", "");
	if (rc == 0 && pairs_wanted && r->config->n_pairs == 0)
		rc = wv_config_complain(
			r, EINVAL, "/pairs", "missing, want 1 to %d pairs", WV_CONFIG_PAIRS);
	return rc < 0 ? rc : wv_config_check(r);
}

static int syntax(struct reader *r, const json_error_t *e)
{
	size_t offset = e->position > 0 ? (size_t)e->position : 0;
	struct place place = {.line = 1, .column = 1};
	char pointer[POINTER_MAX] = "";

	if (offset > r->len)
		offset = r->len;
	switch (json_error_code(e)) {
	case json_error_out_of_memory:
		return no_memory(r);
	case json_error_duplicate_key:
		if (wv_config_place_key(r->text, r->len, offset, pointer, &place))
			return complain_at(r, EEXIST, place, pointer,
				"stands in its object twice, want it once");
		break;
	case json_error_invalid_utf8:
		return complain_at(r, EILSEQ, wv_config_place_at(r->text, offset), "",
			"want UTF-8, not octet 0x%02x",
			offset < r->len ? (unsigned char)r->text[offset] : 0);
	default:
		break;
	}

	// jansson stands behind the token that it could not use, and shows it.
	const char *near = strstr(e->text, " near '");
	size_t token = near != NULL ? strlen(near) - strlen(" near ''") : 0;

	place = wv_config_place_at(r->text, token <= offset ? offset - token : offset);
	return complain_at(r, EINVAL, place, "", "want JSON: %s", e->text);
}

int wv_config_read_text(struct wv_config *config, const char *file, const char *text, size_t len,
	bool pairs_wanted, struct wv_err *err)
{
	struct reader r = {.file = file, .text = text, .len = len, .config = config, .err = err};
	json_error_t e;
	json_t *root;
	int rc = wv_config_presets(config, err);

	if (rc < 0)
		return rc;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	rc = root != NULL ? root_read(&r, root, pairs_wanted) : syntax(&r, &e);
	json_decref(root);
	if (rc < 0)
		wv_config_fini(config);
	return rc;
}

// The octets of a file, for free(); NULL with words.
static char *file_read(const char *path, size_t *len, struct wv_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(FILE_MAX + 1);
	ssize_t got = 1;
	struct stat st;

	*len = 0;
	if (fd < 0 || text == NULL || fstat(fd, &st) < 0) {
		wv_fail(err, errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		wv_fail(err, EISDIR, "%s: want a file, not a folder", path);
		goto out;
	}
	while (got > 0 && *len <= FILE_MAX) {
		got = read(fd, text + *len, FILE_MAX + 1 - *len);
		*len += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		wv_fail(err, errno, "%s: cannot be read: %s", path, strerror(errno));
	else if (*len == 0)
		wv_fail(err, ENODATA, "%s: want a JSON object, not an empty file", path);
	else if (*len > FILE_MAX)
		wv_fail(err, EFBIG, "%s: want at most %u octets, not more", path, FILE_MAX);
	else {
		close(fd);
		return text;
	}
out:
	free(text);
	if (fd >= 0)
		close(fd);
	return NULL;
}

int wv_config_read(
	struct wv_config *config, const char *path, bool pairs_wanted, struct wv_err *err)
{
	size_t len;
	char *text = file_read(path, &len, err);
	int rc;

	if (text == NULL)
		return -EINVAL;
	rc = wv_config_read_text(config, path, text, len, pairs_wanted, err);
	free(text);
	return rc;
}

const char *wv_config_where(const char *path, const char *pointer, char *out, size_t room)
{
	size_t len;
	char *text = file_read(path, &len, NULL);
	struct place place;

	if (text == NULL) {
		snprintf(out, room, "%s: %s", path, pointer);
		return out;
	}
	place = wv_config_place_find(text, len, pointer, false);
	snprintf(out, room, "%s:%u:%u: %s", path, place.line, place.column, pointer);
	free(text);
	return out;
}
