// Every file that a configuration names, and whether what is written would spoil another.
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wirevet.h"

struct use {
	char pointer[40];
	const char *path;
	bool is_written;
};

struct uses {
	unsigned n, room;
	struct use *use;
	bool failed; // no memory
};

static void __attribute__((format(printf, 4, 5)))
uses_add(struct uses *u, const char *path, bool is_written, const char *pointer, ...)
{
	va_list words;

	if (path == NULL || path[0] == '\0' || u->failed)
		return;
	if (u->n == u->room) {
		unsigned room = 2 * u->room + 16;
		struct use *more = reallocarray(u->use, room, sizeof(*more));

		if (more == NULL) {
			u->failed = true;
			return;
		}
		u->use = more;
		u->room = room;
	}
	u->use[u->n] = (struct use){.path = path, .is_written = is_written};
	va_start(words, pointer);
	vsnprintf(u->use[u->n].pointer, sizeof(u->use[u->n].pointer), pointer, words);
	va_end(words);
	u->n++;
}

// What is read comes first, so that what is written is to blame.
static void uses_collect(struct uses *u, const struct wv_config *c, const struct captures *captures)
{
	uses_add(u, captures->config_path, false, "-c");
	for (unsigned i = 0; i < c->validation.anchors.n; i++)
		uses_add(u, c->validation.anchors.item[i], false, "/validation/anchors/%u", i);
	for (unsigned i = 0; i < c->trust.preload.n; i++)
		uses_add(u, c->trust.preload.item[i], false, "/trust/preload/%u", i);
	for (unsigned i = 0; i < captures->n; i++) {
		const struct port_files *p = &captures->port[i];

		for (unsigned k = 0; k < WV_COUNT(p->in); k++)
			uses_add(u, p->in[k], false, "%s", p->pointer);
	}
	for (unsigned i = 0; i < captures->n; i++)
		uses_add(u, captures->port[i].out, true, "%s", captures->port[i].pointer);
	uses_add(u, c->events.file, true, "/events/file");
	uses_add(u, c->events.verdicts, true, "/events/verdicts");
	uses_add(u, c->stats.file, true, "/stats/file");
}

// Devices, such as /dev/null, may be shared.
static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	if (stat(a, &one) < 0 || stat(b, &other) < 0)
		return strcmp(a, b) == 0;
	return S_ISREG(one.st_mode) && one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

// May this path be written? Without making it.
static bool is_writable(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	bool may;

	if (access(path, F_OK) == 0)
		return access(path, W_OK) == 0;
	folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	may = folder != NULL && access(folder, W_OK | X_OK) == 0;
	free(folder);
	return may;
}

static int use_check(const struct uses *u, unsigned i, struct wv_err *err)
{
	const struct use *use = &u->use[i];
	struct stat file;

	if (stat(use->path, &file) == 0 && S_ISDIR(file.st_mode))
		return wv_fail(err, EISDIR, "%s: want a file to write, not a folder", use->path);
	for (unsigned k = 0; k < i; k++) {
		if (is_same_file(use->path, u->use[k].path))
			return wv_fail(err, EEXIST,
				"%s: want a file of its own to write, not that of %s", use->path,
				u->use[k].pointer);
	}
	if (!is_writable(use->path))
		return wv_fail(err, errno, "%s: cannot be written: %s", use->path, strerror(errno));
	return 0;
}

int files_check(const struct wv_config *config, const struct captures *captures, struct wv_err *err)
{
	struct uses u = {0};
	int rc = 0;

	uses_collect(&u, config, captures);
	if (u.failed)
		rc = wv_fail(err, ENOMEM, "no memory for the names of files");
	for (unsigned i = 0; i < u.n && rc == 0; i++) {
		if (!u.use[i].is_written)
			continue;
		rc = use_check(&u, i, err);
		if (rc < 0)
			blame(err, captures->config_path, u.use[i].pointer);
	}
	free(u.use);
	return rc;
}
