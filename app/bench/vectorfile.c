#include "vectorfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6

static const char *const expects[] = {
	[VECTOR_VALID] = "valid",
	[VECTOR_INVALID] = "invalid",
	[VECTOR_ACCEPTABLE] = "acceptable",
};

// ---- reading ----

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Octets of a field in a block of their own; NULL: it is not hexadecimal, or there is no memory.
static uint8_t *octets_read(const char *hex, size_t *len)
{
	size_t n = strlen(hex) / 2;
	uint8_t *octets = malloc(n + 1);

	*len = n;
	for (size_t i = 0; octets != NULL && i < n; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(octets);
			return NULL;
		}
		octets[i] = (uint8_t)(high << 4 | low);
	}
	if (strlen(hex) % 2 == 0)
		return octets;
	free(octets);
	return NULL;
}

static int field_fail(struct wv_err *err, const char *at, const char *what, const char *found)
{
	return wv_fail(err, EINVAL, "%s: want %s, not %.24s%s", at, what, found,
		strlen(found) > 24 ? "…" : "");
}

static bool algorithm_read(const char *text, enum wv_alg *alg)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*alg = text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT8_MAX
		? wv_verify_alg((uint8_t)number)
		: WV_ALG_COUNT;
	return *alg != WV_ALG_COUNT;
}

static bool expect_read(const char *text, enum vector_expect *expect)
{
	for (unsigned i = 0; i < WV_COUNT(expects); i++) {
		if (strcmp(text, expects[i]) != 0)
			continue;
		*expect = (enum vector_expect)i;
		return true;
	}
	return false;
}

// RSA and ECDSA sign a digest.
static bool message_digest(struct vector *v)
{
	enum wv_hash hash = wv_verify_hash(v->alg);
	struct wv_digest_job job = {v->data, (uint32_t)v->data_len, NULL};

	if (hash == WV_HASH_COUNT)
		return true;
	job.out = malloc(wv_digest_len(hash));
	if (job.out == NULL)
		return false;
	wv_digest_batch(hash, &job, 1);
	free(v->data);
	v->data = job.out;
	v->data_len = wv_digest_len(hash);
	return true;
}

static unsigned fields_split(char *line, char *fields[FIELDS])
{
	unsigned n = 0;

	for (char *at = line; at != NULL; n++) {
		char *tab = strchr(at, '\t');

		if (tab != NULL)
			*tab++ = '\0';
		if (n < FIELDS)
			fields[n] = at;
		at = tab;
	}
	return n;
}

static int vector_read(struct vector *v, char *line, const char *at, struct wv_err *err)
{
	char *field[FIELDS];
	unsigned n = fields_split(line, field);

	if (n != FIELDS)
		return wv_fail(err, EINVAL, "%s: want %u fields with tabs between them, not %u", at,
			FIELDS, n);
	if (!algorithm_read(field[0], &v->alg))
		return field_fail(err, at, "an algorithm of 5, 7, 8, 10, 13, 14, 15, 16", field[0]);
	v->key = octets_read(field[1], &v->key_len);
	if (v->key == NULL)
		return field_fail(err, at, "a key in hexadecimal", field[1]);
	v->data = octets_read(field[2], &v->data_len);
	if (v->data == NULL)
		return field_fail(err, at, "a message in hexadecimal", field[2]);
	v->signature = octets_read(field[3], &v->signature_len);
	if (v->signature == NULL || v->signature_len > UINT16_MAX)
		return field_fail(
			err, at, "a signature in hexadecimal, of at most 65535 octets", field[3]);
	if (!expect_read(field[4], &v->expect))
		return field_fail(err, at, "valid, invalid or acceptable", field[4]);
	v->id = strdup(field[5]);
	if (v->id == NULL || !message_digest(v))
		return wv_fail(err, ENOMEM, "%s: no memory", at);
	return 0;
}

static int line_add(struct vectors *v, char *line, unsigned number, struct wv_err *err)
{
	char at[512];
	struct vector *more;

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '#')
		return 0;
	snprintf(at, sizeof(at), "%s:%u", v->path, number);
	more = realloc(v->list, (v->n + 1) * sizeof(*more));
	if (more == NULL)
		return wv_fail(err, ENOMEM, "%s: no memory", at);
	v->list = more;
	memset(&v->list[v->n], 0, sizeof(*more));
	v->list[v->n].line = number;
	return vector_read(&v->list[v->n++], line, at, err);
}

int vectors_read(struct vectors *v, const char *path, struct wv_err *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned number = 0;
	int rc = 0;

	*v = (struct vectors){.path = path};
	if (file == NULL)
		return wv_fail(err, EINVAL, "%s: cannot be opened: %s", path, strerror(errno));
	errno = 0;
	while (rc == 0 && getline(&line, &room, file) > 0)
		rc = line_add(v, line, ++number, err);
	if (rc == 0 && ferror(file))
		rc = wv_fail(err, EINVAL, "%s: cannot be read: %s", path, strerror(errno));
	if (rc == 0 && v->n == 0)
		rc = wv_fail(
			err, EINVAL, "%s:1: want a line of %u fields, found none", path, FIELDS);
	free(line);
	fclose(file);
	if (rc < 0)
		vectors_free(v);
	return rc;
}

void vectors_free(struct vectors *v)
{
	for (unsigned i = 0; i < v->n; i++) {
		free(v->list[i].key);
		free(v->list[i].data);
		free(v->list[i].signature);
		free(v->list[i].id);
	}
	free(v->list);
	v->list = NULL;
	v->n = 0;
}

// ---- judging ----

struct judge {
	struct panel *panel;
	const struct vectors *vectors;
	const struct vector *vector;
	struct panel_key key;
	struct panel_job job;
	bool want; // of the drivers; of what is acceptable, as the reference says
	bool failed;
	struct vectors_counts *counts;
	FILE *out;
};

static const char *word(bool valid)
{
	return expects[valid ? VECTOR_VALID : VECTOR_INVALID];
}

static void disagree(struct judge *j, unsigned d, bool found, const char *where)
{
	j->failed = true;
	fprintf(j->out, "%s:%u: %s: %s: want %s, not %s%s\n", j->vectors->path, j->vector->line,
		j->vector->id, j->panel->driver[d]->name, word(j->want), word(found), where);
}

static bool answer_decide(struct judge *j, enum wv_verify_answer answer)
{
	switch (answer) {
	case WV_VERIFY_PASSED_ON:
		j->counts->runs_passed_on++;
		return panel_reference_run(j->panel, &j->job);
	case WV_VERIFY_EXCEPTION:
		j->counts->runs_exception++;
		return panel_reference_run(j->panel, &j->job);
	case WV_VERIFY_GOOD:
		return true;
	case WV_VERIFY_BAD:
		return false;
	}
	return !j->want; // no answer at all
}

// The first place whose answer is not as wanted is told.
static void group_judge(struct judge *j, unsigned d, unsigned n, unsigned table)
{
	static const char *const tables[] = {"small", "medium", "large", "no"};
	enum wv_verify_answer answers[WV_VERIFY_MAX];
	struct panel_job jobs[WV_VERIFY_MAX];
	char where[64];

	for (unsigned i = 0; i < n; i++)
		jobs[i] = j->job;
	panel_key_show(&j->key, d, table);
	panel_run(j->panel, d, jobs, n, answers);
	for (unsigned i = 0; i < n; i++) {
		bool found = answer_decide(j, answers[i]);

		if (found == j->want)
			continue;
		snprintf(where, sizeof(where), ", job %u of %u, %s table", i + 1, n, tables[table]);
		disagree(j, d, found, where);
		return;
	}
}

static void driver_judge(struct judge *j, unsigned d)
{
	unsigned group = j->panel->driver[d]->algo[j->vector->alg].group;
	unsigned sizes[] = {1, group, group < WV_VERIFY_MAX ? group + 1 : group};

	if (!j->key.accepted[d]) {
		if (j->want)
			disagree(j, d, false, ", its key");
		return;
	}
	for (unsigned t = 0; t <= WV_VERIFY_TABLES; t++) {
		if (t < WV_VERIFY_TABLES && j->key.table[d][t].octets == NULL)
			continue;
		for (unsigned s = 0; s < WV_COUNT(sizes) && !j->failed; s++) {
			if (s == 0 || sizes[s] != sizes[s - 1])
				group_judge(j, d, sizes[s], t);
		}
	}
}

// The reference first: where both are right, what is acceptable is what it says.
static void vector_judge(struct judge *j)
{
	unsigned reference = panel_reference(j->panel);
	bool found;

	j->job = (struct panel_job){
		.key = &j->key,
		.data = j->vector->data,
		.data_len = (uint32_t)j->vector->data_len,
		.signature = j->vector->signature,
		.signature_len = (uint16_t)j->vector->signature_len,
	};
	found = j->key.accepted[reference] && panel_reference_run(j->panel, &j->job);
	j->want =
		j->vector->expect == VECTOR_ACCEPTABLE ? found : j->vector->expect == VECTOR_VALID;
	if (found != j->want)
		disagree(j, reference, found, "");
	for (unsigned d = 0; d < reference; d++) {
		if (!panel_has(j->panel, d, j->vector->alg))
			continue;
		if (j->key.accepted[d] != j->key.accepted[reference])
			disagree(j, d, j->key.accepted[d],
				j->key.accepted[d] ? ", takes the key" : ", refuses the key");
		else
			driver_judge(j, d);
	}
}

int vectors_judge(struct panel *p, const struct vectors *v, struct vectors_counts *counts,
	FILE *out, struct wv_err *err)
{
	for (unsigned i = 0; i < v->n; i++) {
		struct judge j = {.panel = p,
			.vectors = v,
			.vector = &v->list[i],
			.counts = counts,
			.out = out};

		if (!panel_key_init(
			    p, &j.key, j.vector->alg, j.vector->key, j.vector->key_len, true))
			return wv_fail(err, ENOMEM, "%s: no memory for keys", v->path);
		vector_judge(&j);
		panel_key_fini(p, &j.key);
		counts->passed += !j.failed;
		counts->failed += j.failed;
	}
	return 0;
}
