#include <string.h>

#include "settings.h"

#define LONG 40 // octets of a key that are compared; no setting has a longer one

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// Letters to insert, take out or replace to turn one word into the other (Levenshtein).
static unsigned distance(const char *a, const char *b)
{
	size_t a_len = strnlen(a, LONG), b_len = strnlen(b, LONG);
	unsigned row[LONG + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned above = row[j];

			row[j] = least(
				least(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

struct nearest {
	const char *key, *word;
	unsigned distance;
};

static void nearest_try(struct nearest *n, const char *word)
{
	unsigned d = distance(n->key, word);

	if (n->word == NULL || d < n->distance) {
		n->word = word;
		n->distance = d;
	}
}

const char *wv_config_nearest(
	const struct setting table[], unsigned n, const char *section, const char *key)
{
	struct nearest nearest = {.key = key};
	size_t len = strlen(section);

	for (unsigned i = 0; i < n; i++) {
		const char *below = table[i].section + len + (len > 0);

		if (strcmp(table[i].section, section) == 0)
			nearest_try(&nearest, table[i].key);
		else if (strncmp(table[i].section, section, len) == 0
			&& (len == 0 || table[i].section[len] == '/') && strchr(below, '/') == NULL)
			nearest_try(&nearest, below);
	}
	if (table == wv_config_settings && len == 0)
		nearest_try(&nearest, "pairs");
	return nearest.word;
}
