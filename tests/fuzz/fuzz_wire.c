#include <stdlib.h>
#include <string.h>

#include "wv_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
	if (!holds)
		abort();
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

// What holds of every name.
static void check_name(const struct wv_name *name)
{
	struct wv_wire w = wv_wire_open(name->octets, name->len);
	char text[WV_NAME_TEXT];
	struct wv_name other;

	want(name->len >= 1 && name->labels <= WV_LABELS_MAX);
	want(wv_wire_name(&w) == name->octets && wv_wire_left(&w) == 0);
	wv_name_unpack(&other, name->octets, name->octets);
	want(wv_name_equal(name, &other) && other.labels == name->labels);

	want(wv_name_print(text, name) == text && strlen(text) < WV_NAME_TEXT);
	want(wv_name_parse(&other, text));
	want(wv_name_equal(name, &other) && other.labels == name->labels);

	for (unsigned labels = 0; labels <= name->labels; labels++) {
		wv_name_ancestor(&other, name, labels);
		want(other.labels == labels && wv_name_is_within(name, &other));
		want((wv_name_compare(name, &other) > 0) == (labels < name->labels));
	}
	want(wv_name_wildcard(&other, name) == (name->len <= WV_NAME_MAX - 2));
}

static void check_pair(const struct wv_name *a, const struct wv_name *b)
{
	int order = wv_name_compare(a, b);

	want(sign(order) == -sign(wv_name_compare(b, a)));
	want((order == 0) == wv_name_equal(a, b));
	want(wv_name_equal(a, b) == wv_name_equal_packed(a, b->octets, b->octets));
	want(!wv_name_is_within(a, b) || order >= 0);
	want(!wv_name_equal(a, b) || wv_name_hash(a, 7) == wv_name_hash(b, 7));
}

// The octets are a message, in which a name is read at every place.
static void check_message(const uint8_t *data, size_t size)
{
	struct wv_name last = {.len = 1};
	const uint8_t *last_packed = NULL;

	for (size_t at = 0; at < size; at++) {
		struct wv_wire w = wv_wire_open(data, size), hashed;
		const uint8_t *packed;
		uint8_t exact[WV_NAME_MAX];
		struct wv_name name;
		uint32_t hash;

		w.pos += at;
		hashed = w;
		packed = wv_wire_name(&w);
		want(wv_wire_name_hash(&hashed, 7, &hash) == packed && hashed.pos == w.pos);
		want(w.bad == (packed == NULL));
		if (packed == NULL)
			continue;
		want(packed == data + at && w.pos > packed && w.pos <= w.end);
		wv_name_unpack(&name, data, packed);
		check_name(&name);
		want(wv_name_unpack_exact(exact, data, packed) == name.len);
		want(wv_name_equal_packed(&name, exact, exact));
		want(hash == wv_name_hash(&name, 7)
			&& hash == wv_name_packed_hash(data, packed, 7));
		check_pair(&name, &last);
		if (last_packed != NULL)
			want(wv_name_packed_equal(data, packed, last_packed)
				== wv_name_equal(&name, &last));
		last = name;
		last_packed = packed;
	}
}

// The octets are presentation form, of a name or of a type.
static void check_text(const uint8_t *data, size_t size)
{
	char text[2048], printed[16];
	struct wv_name name;
	uint16_t type, again;

	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (wv_name_parse(&name, text))
		check_name(&name);
	if (wv_type_parse(&type, text))
		want(wv_type_parse(&again, wv_type_print(printed, type)) && again == type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= UINT16_MAX)
		check_message(data, size);
	check_text(data, size);
	return 0;
}
