#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "wirevet.h"

// ---- the machine ----

// free pages * octets of a page, of "hugepages-2048kB"
static uint64_t free_huge_kib(const char *folder, const char *size)
{
	char path[300];
	unsigned long long kib, pages = 0;
	FILE *file;

	if (sscanf(size, "hugepages-%llukB", &kib) != 1)
		return 0;
	snprintf(path, sizeof(path), "%s/%s/free_hugepages", folder, size);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return kib * pages;
}

void eal_machine_look(struct eal_machine *m)
{
	static const char folder[] = "/sys/kernel/mm/hugepages";
	DIR *sizes = opendir(folder);
	struct dirent *size;

	*m = (struct eal_machine){0};
	while (sizes != NULL && (size = readdir(sizes)) != NULL)
		m->free_huge_mib += free_huge_kib(folder, size->d_name) / 1024;
	if (sizes != NULL)
		closedir(sizes);
	if (sched_getaffinity(0, sizeof(m->cpus), &m->cpus) < 0)
		CPU_ZERO(&m->cpus);
}

// ---- from configuration to arguments ----

static int __attribute__((format(printf, 3, 4)))
args_add(struct eal_args *a, struct wv_err *err, const char *format, ...)
{
	va_list words;
	int rc;

	if (a->argc == EAL_ARGS_MAX)
		return wv_fail(err, E2BIG, "EAL: want at most %d words", EAL_ARGS_MAX);
	va_start(words, format);
	rc = vasprintf(&a->argv[a->argc], format, words);
	va_end(words);
	if (rc < 0) {
		a->argv[a->argc] = NULL;
		return wv_fail(err, ENOMEM, "EAL: no memory for its words");
	}
	a->argc++;
	return 0;
}

static int cpu_take(const struct eal_machine *m, cpu_set_t *set, unsigned core, const char *pointer,
	struct wv_err *err)
{
	if (core >= CPU_SETSIZE || !CPU_ISSET(core, &m->cpus))
		return wv_fail(
			err, EINVAL, "%s: want a core that wirevet may use, not %u", pointer, core);
	CPU_SET(core, set);
	return 0;
}

// Control's own core is the main lcore: in solo mode it does everything, else it waits for the end.
static int args_add_cores(struct eal_args *a, const struct wv_config *c,
	const struct eal_machine *m, struct wv_err *err)
{
	char list[5 * CPU_SETSIZE] = "", pointer[40];
	size_t n = 0;
	cpu_set_t set;
	int rc;

	CPU_ZERO(&set);
	rc = cpu_take(m, &set, c->cores.control, "/cores/control", err);
	for (unsigned i = 0; i < c->cores.n_io && rc == 0; i++) {
		snprintf(pointer, sizeof(pointer), "/cores/io/%u", i);
		rc = cpu_take(m, &set, c->cores.io[i], pointer, err);
	}
	for (unsigned i = 0; i < c->cores.n_workers && rc == 0; i++) {
		snprintf(pointer, sizeof(pointer), "/cores/workers/%u", i);
		rc = cpu_take(m, &set, c->cores.workers[i], pointer, err);
	}
	for (unsigned core = 0; core < CPU_SETSIZE; core++) {
		if (CPU_ISSET(core, &set))
			n += (size_t)snprintf(
				list + n, sizeof(list) - n, "%s%u", n > 0 ? "," : "", core);
	}
	if (rc == 0)
		rc = args_add(a, err, "--lcores=%s", list);
	return rc < 0 ? rc : args_add(a, err, "--main-lcore=%u", c->cores.control);
}

static int args_add_ports(struct eal_args *a, const struct wv_config *c, struct wv_err *err)
{
	bool any_pci = false;
	int rc = 0;

	for (unsigned i = 0; i < 2 * c->n_pairs && rc == 0; i++) {
		const struct wv_config_pair *pair = &c->pair[i / 2];
		const char *port = i % 2 == 0 ? pair->outside : pair->inside;
		bool is_pci = wv_config_is_pci(port);

		any_pci |= is_pci;
		rc = args_add(a, err, "%s=%s", is_pci ? "--allow" : "--vdev", port);
	}
	if (rc == 0 && !any_pci)
		rc = args_add(a, err, "--no-pci");
	return rc;
}

static int args_add_memory(struct eal_args *a, const struct wv_config *c,
	const struct eal_machine *m, struct wv_err *err)
{
	if (c->eal.memory == WV_MEMORY_HUGE && m->free_huge_mib < c->eal.memory_mib)
		return wv_fail(err, ENOMEM,
			"/eal/memory: want %u MiB (/eal/memory_mib) of free hugepages, found %llu",
			c->eal.memory_mib, (unsigned long long)m->free_huge_mib);

	bool huge = c->eal.memory == WV_MEMORY_HUGE
		|| (c->eal.memory == WV_MEMORY_AUTO && m->free_huge_mib >= c->eal.memory_mib);
	int rc = args_add(a, err, huge ? "--huge-unlink" : "--no-huge");

	return rc < 0 ? rc : args_add(a, err, "-m%u", c->eal.memory_mib);
}

int eal_args_make(struct eal_args *a, const struct wv_config *c, const struct eal_machine *m,
	char *const words[], unsigned n_words, struct wv_err *err)
{
	int rc;

	*a = (struct eal_args){0};
	rc = args_add(a, err, "wirevet");
	if (rc == 0)
		rc = args_add_cores(a, c, m, err);
	if (rc == 0)
		rc = args_add_ports(a, c, err);
	if (rc == 0)
		rc = args_add_memory(a, c, m, err);
	if (rc == 0)
		rc = args_add(a, err, "--file-prefix=%s", c->eal.file_prefix);
	if (rc == 0)
		rc = args_add(a, err, "--log-level=*:warning");
	if (rc == 0 && !c->stats.telemetry)
		rc = args_add(a, err, "--no-telemetry");
	for (unsigned i = 0; i < c->eal.extra.n && rc == 0; i++)
		rc = args_add(a, err, "%s", c->eal.extra.item[i]);
	for (unsigned i = 0; i < n_words && rc == 0; i++)
		rc = args_add(a, err, "%s", words[i]);
	if (rc < 0)
		eal_args_free(a);
	return rc;
}

void eal_args_free(struct eal_args *a)
{
	for (int i = 0; i < a->argc; i++)
		free(a->argv[i]);
	a->argc = 0;
}

// ---- start and stop ----

static char runtime_folder[] = "/tmp/wirevet-XXXXXX"; // for what EAL keeps while it runs
static bool runtime_is_ours;
static char *said;

const char *eal_said(void)
{
	return said != NULL ? said : "";
}

// EAL would share /tmp/dpdk among all users, where the first of them owns it.
static int runtime_make(struct wv_err *err)
{
	if (getuid() == 0 || getenv("XDG_RUNTIME_DIR") != NULL
		|| getenv("RUNTIME_DIRECTORY") != NULL)
		return 0;
	if (mkdtemp(runtime_folder) == NULL)
		return wv_fail(err, errno, "%s: cannot be made, for EAL's runtime files: %s",
			runtime_folder, strerror(errno));
	runtime_is_ours = true;
	return setenv("XDG_RUNTIME_DIR", runtime_folder, 1) == 0 ? 0 : -ENOMEM;
}

// A folder of one level; those in it first.
static void folder_remove(const char *path, unsigned depth)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char below[300];

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%.40s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR && depth > 0)
			folder_remove(below, depth - 1);
		else
			unlink(below);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(path);
}

static void runtime_remove(void)
{
	if (runtime_is_ours)
		folder_remove(runtime_folder, 2); // …/dpdk/PREFIX
	runtime_is_ours = false;
}

// The process that runs with this file prefix; 0: none, or not to be known.
static pid_t prefix_owner(const char *prefix)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const char *folder = getenv("RUNTIME_DIRECTORY");
	char path[300];
	int fd;

	if (folder == NULL && getuid() == 0)
		folder = "/var/run";
	if (folder == NULL)
		folder = getenv("XDG_RUNTIME_DIR");
	if (folder == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/dpdk/%s/config", folder, prefix);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		lock.l_type = F_UNLCK;
	close(fd);
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

static int init_failed(const struct wv_config *config, struct wv_err *err)
{
	pid_t owner = prefix_owner(config->eal.file_prefix);

	if (owner != 0)
		return wv_fail(err, EEXIST,
			"/eal/file_prefix: want a name of its own, not \"%s\", which process %d "
			"runs with",
			config->eal.file_prefix, (int)owner);
	fputs(eal_said(), stderr);
	return wv_fail(err, EIO, "EAL cannot start%s%s", rte_errno != 0 ? ": " : "",
		rte_errno != 0 ? rte_strerror(rte_errno) : "");
}

int eal_start(const struct wv_config *config, const struct eal_machine *machine,
	char *const words[], unsigned n_words, struct wv_err *err)
{
	struct eal_args args, passed;
	size_t len;
	FILE *log;
	int rc = eal_args_make(&args, config, machine, words, n_words, err);

	if (rc < 0)
		return rc;
	rc = runtime_make(err);
	if (rc < 0)
		goto out;
	log = open_memstream(&said, &len);
	if (log == NULL) {
		rc = wv_fail(err, ENOMEM, "EAL: no memory for its log");
		goto out;
	}
	passed = args; // EAL puts them in another order
	rte_openlog_stream(log);
	rc = rte_eal_init(passed.argc, passed.argv);
	rte_openlog_stream(stderr);
	fclose(log);
	if (rc < 0)
		rc = init_failed(config, err);
out:
	if (rc < 0)
		runtime_remove();
	eal_args_free(&args);
	return rc < 0 ? rc : 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
	runtime_remove();
	free(said);
	said = NULL;
}
