/*
 * wirevet-bench crypto --trials: runs as long as one likes, whose counts add up in a file.
 *
 * The file has a line for each driver, algorithm, size and seed, with tabs: what it is of, then the
 * counts. It is written anew, whole, every SAVE_S seconds and at the end; trials go on from the next
 * block.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wv_app.h"

#include "crypto.h"
#include "output.h"
#include "trials.h"

#define LINES_MAX 256
#define SAVE_S    2
#define POOL      2000
#define KEYS      24
#define SAMPLE    1000 // the reference is asked about one trial of so many

struct line {
	char driver[32], algorithm[32];
	unsigned bits;
	uint64_t seed;
	struct trials_counts counts;
};

struct state {
	const char *path; // NULL: none
	struct line line[LINES_MAX];
	unsigned n;
};

static const char head[] =
	"# driver\talgorithm\tbits\tseed\ttrials\tgood\tbad\trefused\tasked\tfull\t"
	"passed-on\tfull-passed-on\texceptions\tzeros\twrong";

static void counts_list(struct trials_counts *c, uint64_t *list[11])
{
	uint64_t *all[] = {&c->trials, &c->good, &c->bad, &c->refused, &c->asked, &c->full,
		&c->passed_on, &c->full_passed_on, &c->exceptions, &c->zeros, &c->wrong};

	memcpy(list, all, sizeof(all));
}

static bool line_read(struct line *l, char *text)
{
	uint64_t *count[11];
	int used = 0;

	counts_list(&l->counts, count);
	if (sscanf(text, "%31s %31s %u %" SCNu64 "%n", l->driver, l->algorithm, &l->bits, &l->seed,
		    &used)
		!= 4)
		return false;
	text += used;
	for (unsigned i = 0; i < WV_COUNT(count); i++) {
		if (sscanf(text, "%" SCNu64 "%n", count[i], &used) != 1)
			return false;
		text += used;
	}
	return l->counts.trials % TRIALS_BLOCK == 0 && text[strspn(text, "\r\n")] == '\0';
}

static int state_read(struct state *s, struct wv_err *err)
{
	FILE *file = s->path != NULL ? fopen(s->path, "re") : NULL;
	char text[512];
	unsigned number = 0;
	int rc = 0;

	if (file == NULL && s->path != NULL && errno != ENOENT)
		return wv_fail(err, EINVAL, "%s: cannot be opened: %s", s->path, strerror(errno));
	while (file != NULL && rc == 0 && fgets(text, sizeof(text), file) != NULL) {
		number++;
		if (text[0] == '#')
			continue;
		if (s->n == LINES_MAX || !line_read(&s->line[s->n], text))
			rc = wv_fail(err, EINVAL, "%s:%u: want counts of trials, not %.40s",
				s->path, number, text);
		s->n++;
	}
	if (file != NULL)
		fclose(file);
	return rc;
}

static void line_write(struct line *l, FILE *out)
{
	uint64_t *count[11];

	counts_list(&l->counts, count);
	fprintf(out, "%s\t%s\t%u\t%" PRIu64, l->driver, l->algorithm, l->bits, l->seed);
	for (unsigned i = 0; i < WV_COUNT(count); i++)
		fprintf(out, "\t%" PRIu64, *count[i]);
	fputc('\n', out);
}

static int state_write(struct state *s, struct wv_err *err)
{
	char path[512];
	FILE *file;
	bool well;

	if (s->path == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s.new", s->path);
	file = fopen(path, "we");
	if (file == NULL)
		return wv_fail(err, EIO, "%s: cannot be written: %s", path, strerror(errno));
	fprintf(file, "%s\n", head);
	for (unsigned i = 0; i < s->n; i++)
		line_write(&s->line[i], file);
	well = !ferror(file);
	if (fclose(file) != 0 || !well || rename(path, s->path) != 0)
		return wv_fail(err, EIO, "%s: cannot be written: %s", s->path, strerror(errno));
	return 0;
}

// The line of what is to be tried, made if need be; NULL: there are too many.
static struct line *line_get(struct state *s, const struct line *of)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct line *l = &s->line[i];

		if (strcmp(l->driver, of->driver) == 0 && strcmp(l->algorithm, of->algorithm) == 0
			&& l->bits == of->bits && l->seed == of->seed)
			return l;
	}
	if (s->n == LINES_MAX)
		return NULL;
	s->line[s->n] = *of;
	return &s->line[s->n++];
}

static int blocks_run(
	struct trials *t, struct state *s, struct line *l, uint64_t until, struct wv_err *err)
{
	time_t saved = time(NULL);
	int rc = 0;

	while (rc == 0 && l->counts.trials < until) {
		rc = trials_run(t, l->counts.trials / TRIALS_BLOCK, &l->counts, stderr, err);
		if (rc == 0 && time(NULL) - saved >= SAVE_S) {
			rc = state_write(s, err);
			saved = time(NULL);
		}
	}
	return rc == 0 ? state_write(s, err) : rc;
}

static int one_try(const struct crypto_params *params, struct panel *p, unsigned d, enum wv_alg alg,
	unsigned bits, struct state *s, uint64_t *wrong, struct wv_err *err)
{
	const struct trials_params of = {
		.maker = {.alg = alg, .bits = bits, .exponents = true, .seed = params->seed},
		.driver = d,
		.pool = POOL,
		.keys = KEYS,
		.fresh = alg == WV_ALG_P256 || alg == WV_ALG_P384 ? 32 : 1,
		.sample = SAMPLE,
	};
	struct line line = {.bits = bits, .seed = params->seed}, *l;
	struct trials *t;
	int rc = 0;

	snprintf(line.driver, sizeof(line.driver), "%s", p->driver[d]->name);
	snprintf(line.algorithm, sizeof(line.algorithm), "%s", wv_verify_alg_name(alg));
	l = line_get(s, &line);
	if (l == NULL)
		return wv_fail(err, EINVAL, "%s: want at most %u lines", s->path, LINES_MAX);
	if (l->counts.trials < params->trials) {
		t = trials_create(p, &of, err);
		rc = t != NULL ? blocks_run(t, s, l, params->trials, err) : -ENOMEM;
		trials_destroy(t);
	}
	*wrong += l->counts.wrong;
	if (rc == 0)
		line_write(l, stdout);
	fflush(stdout);
	return rc;
}

static int all_try(const struct crypto_params *params, struct panel *p, struct state *s,
	uint64_t *wrong, struct wv_err *err)
{
	int rc = 0;

	for (unsigned d = 0; d == 0 || d < panel_reference(p); d++) {
		for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
			const unsigned *bits;
			unsigned n = crypto_sizes(params, (enum wv_alg)a, &bits);

			if (!panel_has(p, d, (enum wv_alg)a))
				continue;
			for (unsigned b = 0; rc == 0 && b < n; b++)
				rc = one_try(params, p, d, (enum wv_alg)a, bits[b], s, wrong, err);
		}
	}
	return rc;
}

enum bench_status crypto_trials_run(const struct crypto_params *params, struct wv_err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	unsigned n;
	const struct wv_verify_driver *const *drivers = wv_app_cryptos(&n);
	uint64_t wrong = 0;
	struct panel p;
	int rc;

	if (s == NULL) {
		wv_fail(err, ENOMEM, "no memory for counts");
		return BENCH_FAILED;
	}
	s->path = params->state;
	rc = state_read(s, err);
	if (rc < 0) {
		free(s);
		return BENCH_USAGE;
	}
	rc = panel_open(
		&p, drivers, n, strcmp(params->driver, "auto") != 0 ? params->driver : NULL, err);
	if (rc == 0) {
		printf("%s\n", head);
		rc = all_try(params, &p, s, &wrong, err);
		panel_close(&p);
	}
	free(s);
	if (rc == 0)
		rc = output_end(stdout, true, err);
	if (rc == 0 && wrong > 0)
		rc = wv_fail(err, EPROTO, "want no wrong answer, found %" PRIu64, wrong);
	return rc == 0 ? BENCH_OK : BENCH_FAILED;
}
