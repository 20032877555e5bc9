/**
 * @file
 * Where a setting stands in the text: jansson gives places for syntax errors alone. Private to
 * lib/config.
 *
 * Pointers are those of RFC 6901, cut at POINTER_MAX, control characters shown as "?"; built by
 * wv_config_pointer() alone, so that equal ones compare equal.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define POINTER_MAX 200

struct place {
	unsigned line, column; // from 1; a column is a character
};

// out = base + "/" + key, with "~" and "/" in the key escaped. `out` may be `base`.
void wv_config_pointer(char out[POINTER_MAX], const char *base, const char *key);

// The same for the item of a list.
void wv_config_pointer_item(char out[POINTER_MAX], const char *base, size_t item);

// The line and column of the octet at `offset`.
struct place wv_config_place_at(const char *text, size_t offset);

/**
 * Where the value (or with `at_key` its key) of a pointer begins, in JSON text that jansson took;
 * of the deepest object or list on the way to it where it is not there itself.
 */
struct place wv_config_place_find(const char *text, size_t len, const char *pointer, bool at_key);

/**
 * The pointer and place of the first key that ends at or after `offset`, in text that is
 * well formed up to there.
 * @return false: there is none
 */
bool wv_config_place_key(const char *text, size_t len, size_t offset, char pointer[POINTER_MAX],
	struct place *place);

#endif
