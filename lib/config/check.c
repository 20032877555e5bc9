#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

static size_t port_name_len(const char *port)
{
	return strcspn(port, ",");
}

static bool ports_are_one(const char *a, const char *b)
{
	size_t n = port_name_len(a);

	return n == port_name_len(b) && strncasecmp(a, b, n) == 0;
}

static const char *port_of(const struct wv_config *c, size_t i)
{
	return i % 2 == 0 ? c->pair[i / 2].outside : c->pair[i / 2].inside;
}

static int check_ports(struct reader *r)
{
	const struct wv_config *c = r->config;
	char pointer[POINTER_MAX];

	for (size_t i = 0; i < 2 * c->n_pairs; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!ports_are_one(port_of(c, i), port_of(c, j)))
				continue;
			snprintf(pointer, sizeof(pointer), "/pairs/%zu/%s", i / 2,
				i % 2 == 0 ? "outside" : "inside");
			return wv_config_complain(r, EINVAL, pointer,
				"want a port of its own, not %.*s again",
				(int)port_name_len(port_of(c, i)), port_of(c, i));
		}
	}
	return 0;
}

static int check_pair_names(struct reader *r)
{
	const struct wv_config *c = r->config;
	char pointer[POINTER_MAX];

	for (size_t i = 0; i < c->n_pairs; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(c->pair[i].name, c->pair[j].name) != 0)
				continue;
			snprintf(pointer, sizeof(pointer), "/pairs/%zu/name", i);
			return wv_config_complain(r, EINVAL, pointer,
				"want a name of its own, not \"%s\" again", c->pair[i].name);
		}
	}
	return 0;
}

static int check_not_control(struct reader *r, const char *list, const unsigned core[], unsigned n)
{
	char pointer[POINTER_MAX];

	for (unsigned i = 0; i < n; i++) {
		if (core[i] != r->config->cores.control)
			continue;
		snprintf(pointer, sizeof(pointer), "/cores/%s/%u", list, i);
		return wv_config_complain(r, EINVAL, pointer,
			"want a core of its own, not that of /cores/control (%u)", core[i]);
	}
	return 0;
}

static int check_cores(struct reader *r)
{
	const struct wv_config *c = r->config;
	int rc;

	if (c->cores.n_io > 0 && c->cores.n_workers == 0)
		return wv_config_complain(r, EINVAL, "/cores/io",
			"want /cores/workers beside it, or neither (solo mode)");
	if (c->cores.n_workers > 0 && c->cores.n_io == 0)
		return wv_config_complain(r, EINVAL, "/cores/workers",
			"want /cores/io beside it, or neither (solo mode)");
	rc = check_not_control(r, "io", c->cores.io, c->cores.n_io);
	if (rc == 0)
		rc = check_not_control(r, "workers", c->cores.workers, c->cores.n_workers);
	return rc;
}

static int check_order(
	struct reader *r, const char *low_at, unsigned low, const char *high_at, unsigned high)
{
	if (low <= high)
		return 0;
	return wv_config_complain(
		r, EINVAL, high_at, "want at least %s (%u), not %u", low_at, low, high);
}

int wv_config_check(struct reader *r)
{
	const struct wv_config *c = r->config;
	int rc = check_pair_names(r);

	if (rc == 0)
		rc = check_ports(r);
	if (rc == 0)
		rc = check_cores(r);
	if (rc == 0)
		rc = check_order(r, "/validation/skew/min_s", c->validation.skew_min_s,
			"/validation/skew/max_s", c->validation.skew_max_s);
	if (rc == 0)
		rc = check_order(r, "/budgets/nsec3_iterations_insecure",
			c->budgets.nsec3_iterations_insecure, "/budgets/nsec3_iterations_bogus",
			c->budgets.nsec3_iterations_bogus);
	return rc;
}
