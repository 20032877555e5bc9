#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wirevet.h"

#define NS_PER_SECOND 1000000000ll

struct stats {
	const struct numbers *numbers;
	char *path, *written; // the second is renamed to the first
	cpu_set_t cpus;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop; // under lock
};

// ---- JSON ----

struct json {
	FILE *out;
	unsigned depth;
	bool first; // of its object
};

static void json_name(struct json *j, const char *name)
{
	fprintf(j->out, "%s\n%*s\"%s\": ", j->first ? "" : ",", (int)(2 * j->depth), "", name);
	j->first = false;
}

static void json_open(void *arg, const char *name)
{
	struct json *j = arg;

	json_name(j, name);
	fputc('{', j->out);
	j->depth++;
	j->first = true;
}

static void json_number(void *arg, const char *name, uint64_t value)
{
	struct json *j = arg;

	json_name(j, name);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

static void json_close(void *arg)
{
	struct json *j = arg;

	j->depth--;
	if (!j->first)
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	fputc('}', j->out);
	j->first = false;
}

static const struct numbers_writer json_writer = {json_open, json_number, json_close};

static void json_print(const struct numbers *numbers, FILE *out)
{
	struct json j = {.out = out, .depth = 1, .first = true};

	fputc('{', out);
	numbers_walk(numbers, &json_writer, &j);
	fputs("\n}\n", out);
}

// ---- the file ----

// Readers see the old file or the new one, never a part.
static int stats_write(const struct stats *s, struct wv_err *err)
{
	FILE *out = fopen(s->written, "we");
	bool failed;

	if (out == NULL)
		return wv_fail(err, errno, "%s: cannot be written: %s", s->path, strerror(errno));
	json_print(s->numbers, out);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed || rename(s->written, s->path) < 0) {
		int number = errno != 0 ? errno : EIO;

		unlink(s->written);
		return wv_fail(err, number, "%s: cannot be written: %s", s->path, strerror(number));
	}
	return 0;
}

static char *path_written(const char *path)
{
	char *written;

	return asprintf(&written, "%s.new", path) < 0 ? NULL : written;
}

int stats_check(const char *path, struct wv_err *err)
{
	char *written = path_written(path);
	struct stat file;
	int fd, rc = 0;

	if (written == NULL)
		return wv_fail(err, ENOMEM, "%s: no memory", path);
	fd = open(written, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		rc = wv_fail(err, errno, "%s: cannot be written: %s", written, strerror(errno));
	else if (stat(path, &file) == 0 && S_ISDIR(file.st_mode))
		rc = wv_fail(err, EISDIR, "%s: want a file to write, not a folder", path);
	if (fd >= 0) {
		close(fd);
		unlink(written);
	}
	free(written);
	return rc;
}

// ---- the thread ----

static void *stats_run(void *arg)
{
	struct stats *s = arg;
	struct timespec next;

	pthread_setname_np(pthread_self(), "wv-stats");
	pthread_setaffinity_np(pthread_self(), sizeof(s->cpus), &s->cpus);
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		next.tv_sec++;
		while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &next) == 0)
			;
		// What fails is tried again; the last time it is told.
		if (!s->stop)
			stats_write(s, NULL);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void stats_free(struct stats *s)
{
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s->written);
	free(s);
}

struct stats *stats_start(
	const char *path, const struct numbers *numbers, const cpu_set_t *cpus, struct wv_err *err)
{
	struct stats *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	int rc;

	if (s == NULL) {
		wv_fail(err, ENOMEM, "%s: no memory", path);
		return NULL;
	}
	s->numbers = numbers;
	s->cpus = *cpus;
	s->path = strdup(path);
	s->written = path_written(path);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	rc = s->path == NULL || s->written == NULL ? wv_fail(err, ENOMEM, "%s: no memory", path)
						   : stats_write(s, err);
	if (rc == 0) {
		rc = pthread_create(&s->thread, NULL, stats_run, s);
		if (rc != 0)
			wv_fail(err, rc, "thread for %s: %s", path, strerror(rc));
	}
	if (rc == 0)
		return s;
	stats_free(s);
	return NULL;
}

int stats_stop(struct stats *s, struct wv_err *err)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	rc = stats_write(s, err);
	stats_free(s);
	return rc;
}
