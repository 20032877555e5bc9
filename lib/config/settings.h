/**
 * @file
 * The table of settings, and how a setting is found in a struct. Private to lib/config.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <jansson.h>

#include "wv_config.h"

enum kind {
	KIND_VERSION, // 1; kept nowhere
	KIND_NUMBER,  // unsigned or uint32_t
	KIND_RING,    // the same, a power of two
	KIND_FLAG,    // bool
	KIND_CHOICE,  // one of a few words: an enum, or a bool
	KIND_CLOCK,   // clock and clock_s
	KIND_TEXT,    // char *
	KIND_LIST,    // struct wv_config_list
	KIND_NUMBERS, // an array and its count
};

struct choice {
	const char *word; // NULL ends the list
	unsigned value;
};

// Is this text right? If not, *want says what would be.
typedef bool (*text_fn)(const char *text, const char **want);

struct setting {
	const char *section; // "" at the top, "validation/skew" for a nested one
	const char *key;
	const char *unit; // NULL: it has none
	enum kind kind;
	bool required;
	size_t offset, size;                     // of the field; KIND_NUMBERS: of the array
	size_t n_offset, item_size;              // KIND_NUMBERS: of the count; of one number
	uint64_t min, max, preset;               // KIND_LIST, KIND_NUMBERS: of each number
	const char *text;                        // preset of KIND_TEXT; the one item of KIND_LIST
	const struct choice *choices;            // KIND_CHOICE
	text_fn is_right;                        // KIND_TEXT, items of KIND_LIST; NULL: any text
	unsigned min_items, max_items, n_preset; // KIND_LIST, KIND_NUMBERS
	const char *words;                       // what it is, for the schema
};

extern const struct setting wv_config_settings[];
extern const unsigned wv_config_settings_n;
extern const struct setting wv_config_pair_settings[]; // fields of struct wv_config_pair
extern const unsigned wv_config_pair_settings_n;

// Set every field to its preset; -ENOMEM: some are not, and still may be freed by the next.
int wv_config_presets_put(const struct setting table[], unsigned n, void *base);
void wv_config_settings_fini(const struct setting table[], unsigned n, void *base);

// The value of a setting as JSON, a new reference; NULL without memory.
json_t *wv_config_value(const struct setting *s, const void *base);

// The section in `key` of `section` (both as in struct setting), or NULL.
const char *wv_config_subsection(const char *section, const char *key);

// The known key of this section that is most like `key`.
const char *wv_config_nearest(
	const struct setting table[], unsigned n, const char *section, const char *key);

#endif
