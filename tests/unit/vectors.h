/**
 * @file
 * Reading tests/vectors/: records of `name value` lines with an empty line between them.
 *
 * A file that cannot be read ends the program, with words: a test must not pass for want of cases.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "test.h"

#define VECTOR_FIELDS 8

struct vector {
	const char *what;
	unsigned n;
	char *line
		[VECTOR_FIELDS]; // name, ended by a zero octet in place of the space; then the value
	const char *value[VECTOR_FIELDS];
};

static inline FILE *vectors_open(const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", TEST_VECTORS, name);
	file = fopen(path, "r");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return file;
}

static inline const char *vector_get(const struct vector *v, const char *name)
{
	for (unsigned i = 0; i < v->n; i++) {
		if (strcmp(v->line[i], name) == 0)
			return v->value[i];
	}
	fprintf(stderr, "a known answer has no %s\n", name);
	exit(EXIT_FAILURE);
}

static inline void vector_free(struct vector *v)
{
	for (unsigned i = 0; i < v->n; i++)
		free(v->line[i]);
	v->n = 0;
}

// The next record; false at the end of the file. Frees the one before: `v` begins as {0}.
static inline bool vector_next(FILE *file, struct vector *v)
{
	char *line = NULL;
	size_t room = 0;

	vector_free(v);
	while (getline(&line, &room, file) > 0) {
		char *space;

		if (line[0] == '#' || (line[0] == '\n' && v->n == 0))
			continue;
		if (line[0] == '\n')
			break;
		line[strcspn(line, "\n")] = '\0';
		space = strchr(line, ' ');
		if (space == NULL || v->n == VECTOR_FIELDS) {
			fprintf(stderr, "known answers: want \"name value\", not \"%s\"\n", line);
			exit(EXIT_FAILURE);
		}
		*space = '\0';
		v->line[v->n] = line;
		v->value[v->n++] = space + 1;
		line = NULL;
		room = 0;
	}
	free(line);
	if (v->n > 0)
		v->what = vector_get(v, "what");
	return v->n > 0;
}

// A field's octets in a block of their exact size, to be freed by free().
static inline uint8_t *vector_octets(const struct vector *v, const char *name, size_t *len)
{
	const char *hex = vector_get(v, name);
	size_t n = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	uint8_t *octets = malloc(n + 1);
	uint8_t *exact;

	if (octets == NULL || test_unhex(hex, octets, n) != n || (n > 0 && strlen(hex) % 2 != 0)) {
		fprintf(stderr, "known answer \"%s\": want octets for %s\n", v->what, name);
		exit(EXIT_FAILURE);
	}
	exact = test_exact(octets, n);
	free(octets);
	*len = n;
	return exact;
}

#endif
