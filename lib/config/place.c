#include "place.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define DEPTH_MAX 64 // no setting lies deeper; what does is stepped over

struct walk {
	const char *text, *pos, *end;
	const char *want; // a pointer, or NULL: the first key that ends at or after `offset`
	size_t offset;
	const char *key, *value;   // where the best match so far begins; key NULL: it has none
	char pointer[POINTER_MAX]; // in the end, of the key that was found
	bool done;
};

static void pointer_add(char out[POINTER_MAX], size_t *at, char c)
{
	if (*at + 1 < POINTER_MAX)
		out[(*at)++] = c;
}

void wv_config_pointer(char out[POINTER_MAX], const char *base, const char *key)
{
	size_t at = strlen(base);

	memmove(out, base, at);
	pointer_add(out, &at, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/') {
			pointer_add(out, &at, '~');
			pointer_add(out, &at, *key == '~' ? '0' : '1');
		} else {
			bool control = (unsigned char)*key < ' ' || *key == 0x7f;

			pointer_add(out, &at, control ? '?' : *key);
		}
	}
	out[at] = '\0';
}

void wv_config_pointer_item(char out[POINTER_MAX], const char *base, size_t item)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%zu", item);
	wv_config_pointer(out, base, digits);
}

struct place wv_config_place_at(const char *text, size_t offset)
{
	struct place place = {.line = 1, .column = 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			place.column++; // octets 10xxxxxx continue a UTF-8 character
		}
	}
	return place;
}

static void walk_space(struct walk *w)
{
	while (w->pos < w->end && strchr(" \t\r\n", *w->pos) != NULL && *w->pos != '\0')
		w->pos++;
}

// Step over `c` and the space before it; false where something else stands.
static bool walk_over(struct walk *w, char c)
{
	walk_space(w);
	if (w->pos == w->end || *w->pos != c)
		return false;
	w->pos++;
	return true;
}

static void walk_string(struct walk *w)
{
	if (w->pos < w->end)
		w->pos++; // the opening quote
	while (w->pos < w->end && *w->pos != '"')
		w->pos += *w->pos == '\\' && w->end - w->pos > 1 ? 2 : 1;
	if (w->pos < w->end)
		w->pos++;
}

// Is `at` on the way to the pointer we want, or that itself? Then remember it.
static void walk_visit(struct walk *w, const char *at, const char *key)
{
	size_t len = strlen(at);

	if (w->want == NULL || strncmp(w->want, at, len) != 0
		|| (w->want[len] != '\0' && w->want[len] != '/'))
		return;
	w->key = key;
	w->value = w->pos;
	w->done = w->want[len] == '\0';
}

// The key whose token is text[from, to), unescaped, added to `base`.
static void walk_key(char out[POINTER_MAX], const char *base, const char *from, const char *to)
{
	json_t *key = json_loadb(from, (size_t)(to - from), JSON_DECODE_ANY, NULL);

	wv_config_pointer(out, base, key != NULL ? json_string_value(key) : "?");
	json_decref(key);
}

static void walk_value(struct walk *w, const char *at, const char *key, unsigned depth);

static void walk_object(struct walk *w, const char *at, unsigned depth)
{
	char pointer[POINTER_MAX];

	do {
		walk_space(w);
		if (w->pos == w->end || *w->pos != '"')
			break;

		const char *key = w->pos;

		walk_string(w);
		walk_key(pointer, at, key, w->pos);
		if (w->want == NULL && (size_t)(w->pos - w->text) >= w->offset) {
			memcpy(w->pointer, pointer, sizeof(pointer));
			w->key = key;
			w->done = true;
			return;
		}
		if (!walk_over(w, ':'))
			return;
		walk_value(w, pointer, key, depth);
	} while (!w->done && walk_over(w, ','));
	walk_over(w, '}');
}

static void walk_list(struct walk *w, const char *at, unsigned depth)
{
	char pointer[POINTER_MAX];
	size_t item = 0;

	walk_space(w);
	if (w->pos < w->end && *w->pos != ']') {
		do {
			wv_config_pointer_item(pointer, at, item++);
			walk_value(w, pointer, NULL, depth);
		} while (!w->done && walk_over(w, ','));
	}
	walk_over(w, ']');
}

// Step over an object or list that lies too deep to matter.
static void walk_deep(struct walk *w)
{
	size_t open = 0;

	do {
		if (*w->pos == '"') {
			walk_string(w);
			continue;
		}
		if (*w->pos == '{' || *w->pos == '[')
			open++;
		if (*w->pos == '}' || *w->pos == ']')
			open--;
		w->pos++;
	} while (w->pos < w->end && open > 0);
}

static void walk_value(struct walk *w, const char *at, const char *key, unsigned depth)
{
	walk_space(w);
	walk_visit(w, at, key);
	if (w->done || w->pos == w->end)
		return;
	if (*w->pos == '"') {
		walk_string(w);
	} else if (*w->pos != '{' && *w->pos != '[') {
		while (w->pos < w->end && strchr(",]} \t\r\n", *w->pos) == NULL)
			w->pos++;
	} else if (depth == DEPTH_MAX) {
		walk_deep(w);
	} else if (*w->pos++ == '{') {
		walk_object(w, at, depth + 1);
	} else {
		walk_list(w, at, depth + 1);
	}
}

struct place wv_config_place_find(const char *text, size_t len, const char *pointer, bool at_key)
{
	struct walk w = {
		.text = text, .pos = text, .end = text + len, .want = pointer, .value = text};

	walk_value(&w, "", NULL, 0);
	if (at_key && w.done && w.key != NULL)
		return wv_config_place_at(text, (size_t)(w.key - text));
	return wv_config_place_at(text, (size_t)(w.value - text));
}

bool wv_config_place_key(
	const char *text, size_t len, size_t offset, char pointer[POINTER_MAX], struct place *place)
{
	struct walk w = {.text = text, .pos = text, .end = text + len, .offset = offset};

	walk_value(&w, "", NULL, 0);
	if (!w.done)
		return false;
	memcpy(pointer, w.pointer, POINTER_MAX);
	*place = wv_config_place_at(text, (size_t)(w.key - text));
	return true;
}
