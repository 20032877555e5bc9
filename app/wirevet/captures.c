#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wv_capture.h"

#include "wirevet.h"

#define HEADERS_MAX 26 // octets of Ethernet with two tags, beside the MTU of a live port

// The value of `key` in "name,key=value,…", the n-th of them; NULL: there is none. For free().
static char *word_value(const char *words, const char *key, unsigned n)
{
	size_t len = strlen(key);

	for (const char *at = strchr(words, ','); at != NULL; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, len) == 0 && at[len] == '=' && n-- == 0)
			return strndup(at + len + 1, strcspn(at + len + 1, ","));
	}
	return NULL;
}

static bool word_is_one(const char *words, const char *key)
{
	char *value = word_value(words, key, 0);
	bool is_one = value != NULL && strcmp(value, "1") == 0;

	free(value);
	return is_one;
}

// Has this net_pcap port an end? It has none where it reads from an interface, or for ever.
static bool port_is_capture(const char *words)
{
	static const char *const live[] = {"iface", "rx_iface", "rx_iface_in"};

	if (strncmp(words, "net_pcap", strlen("net_pcap")) != 0
		|| word_is_one(words, "infinite_rx"))
		return false;
	for (unsigned i = 0; i < WV_COUNT(live); i++) {
		char *value = word_value(words, live[i], 0);

		free(value);
		if (value != NULL)
			return false;
	}
	return true;
}

static void port_init(struct port_files *p, const char *words, unsigned mtu)
{
	p->words = words;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(words, ","), words);
	p->expect = UINT64_MAX;
	p->longest = mtu + HEADERS_MAX;
	if (wv_config_is_pci(words))
		return;
	p->out = word_value(words, "tx_pcap", 0);
	if (!port_is_capture(words))
		return;
	p->expect = 0;
	for (unsigned i = 0; i < WV_COUNT(p->in); i++)
		p->in[i] = word_value(words, "rx_pcap", i);
}

void captures_init(struct captures *c, const struct wv_config *config, const char *config_path)
{
	*c = (struct captures){.config_path = config_path, .n = 2 * config->n_pairs, .all = true};
	for (unsigned i = 0; i < c->n; i++) {
		const struct wv_config_pair *pair = &config->pair[i / 2];
		struct port_files *p = &c->port[i];

		port_init(p, i % 2 == 0 ? pair->outside : pair->inside, pair->mtu);
		snprintf(p->pointer, sizeof(p->pointer), "/pairs/%u/%s", i / 2,
			i % 2 == 0 ? "outside" : "inside");
		c->all &= p->expect != UINT64_MAX;
	}
}

void captures_fini(struct captures *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		for (unsigned k = 0; k < WV_COUNT(c->port[i].in); k++)
			free(c->port[i].in[k]);
		free(c->port[i].out);
	}
	c->n = 0;
}

static enum status file_survey(const char *path, struct port_files *p, struct wv_err *err)
{
	struct wv_capture_survey survey;
	struct wv_capture *capture = wv_capture_open(path, err);

	if (capture == NULL)
		return STATUS_CONFIG;
	wv_capture_close(capture);
	if (wv_capture_read(path, &survey, err) < 0)
		return STATUS_TROUBLE;
	if (survey.link != WV_LINK_ETHERNET) {
		wv_fail(err, EPROTOTYPE, "%s: want an Ethernet capture, not one of raw IP", path);
		return STATUS_CONFIG;
	}
	if (survey.cut > 0) {
		wv_fail(err, EMSGSIZE,
			"%s: want whole frames, but %" PRIu64
			" are cut by the snapshot length of the capture",
			path, survey.cut);
		return STATUS_TROUBLE;
	}
	p->expect += survey.frames;
	if (survey.longest > p->longest)
		p->longest = survey.longest;
	return STATUS_OK;
}

enum status captures_survey(struct captures *c, struct wv_err *err)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct port_files *p = &c->port[i];

		for (unsigned k = 0; k < WV_COUNT(p->in) && p->in[k] != NULL; k++) {
			enum status status = file_survey(p->in[k], p, err);

			if (status != STATUS_OK) {
				blame(err, c->config_path, p->pointer);
				return status;
			}
		}
		if (p->longest > c->longest)
			c->longest = p->longest;
	}
	return STATUS_OK;
}

// Interfaces are opened by the driver, later, and in fewer words.
static int interface_check(const char *words, struct wv_err *err)
{
	static const char *const keys[] = {"iface", "rx_iface", "rx_iface_in", "tx_iface"};
	int fd;

	for (unsigned i = 0; i < WV_COUNT(keys); i++) {
		char *name = word_value(words, keys[i], 0);
		bool is_there = name == NULL || if_nametoindex(name) != 0;

		if (!is_there)
			wv_fail(err, ENODEV, "%s: there is no such interface", name);
		free(name);
		if (!is_there)
			return -ENODEV;
		if (name == NULL)
			continue;
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return wv_fail(err, errno,
				"want the right to open interfaces (CAP_NET_RAW): %s",
				strerror(errno));
		close(fd);
	}
	return 0;
}

int captures_check_interfaces(const struct captures *c, struct wv_err *err)
{
	for (unsigned i = 0; i < c->n; i++) {
		int rc = interface_check(c->port[i].words, err);

		if (rc < 0) {
			blame(err, c->config_path, c->port[i].pointer);
			return rc;
		}
	}
	return 0;
}

enum status captures_compare(
	const struct captures *c, unsigned i, uint64_t given, struct wv_err *err)
{
	struct wv_capture_survey survey = {0};
	const char *path = c->port[i].out;
	struct wv_err words = {""};
	int rc;

	if (path == NULL)
		return STATUS_OK;
	rc = wv_capture_read(path, &survey, &words);
	if (rc == 0 && survey.frames == given)
		return STATUS_OK;
	wv_fail(err, EIO, "%s: wrote %" PRIu64 " of %" PRIu64 " packets%s%s", path, survey.frames,
		given, rc < 0 ? ": " : "", words.text);
	return STATUS_TROUBLE;
}
