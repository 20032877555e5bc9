#include <errno.h>
#include <string.h>
#include <time.h>

#include "wv_app.h"

#include "wirevet.h"

static int learn_anchors(struct wv_trust *trust, const struct wv_config *config,
	const char *config_path, struct wv_err *err)
{
	const struct wv_config_list *files = &config->validation.anchors;
	char pointer[40];
	unsigned n = 0;

	for (unsigned i = 0; i < files->n; i++) {
		int rc = wv_app_read_anchors(trust, files->item[i], &n, err);

		if (rc < 0) {
			snprintf(pointer, sizeof(pointer), "/validation/anchors/%u", i);
			blame(err, config_path, pointer);
			return rc;
		}
	}
	if (n > 0 || !config->enforce)
		return 0;
	wv_fail(err, ENOENT, "want at least one trust anchor in mode enforce, found none");
	blame(err, config_path, "/validation/anchors");
	return -ENOENT;
}

// Of all pairs: a capture may hold what passes through any of them.
static struct wv_packet_ports dns_ports(const struct wv_config *config)
{
	struct wv_packet_ports all = {.n = 0};

	for (unsigned i = 0; i < config->n_pairs; i++) {
		for (unsigned k = 0; k < config->pair[i].n_dns_ports; k++) {
			uint16_t port = config->pair[i].dns_port[k];
			bool known = false;

			for (unsigned j = 0; j < all.n; j++)
				known |= all.port[j] == port;
			if (!known && all.n < WV_PACKET_PORTS)
				all.port[all.n++] = port;
		}
	}
	return all;
}

static struct wv_time learn_clock(const struct wv_config *config)
{
	switch (config->clock) {
	case WV_CLOCK_SYSTEM:
		return (struct wv_time){.now_s = (uint32_t)time(NULL), .checked = true};
	case WV_CLOCK_FIXED:
		return (struct wv_time){.now_s = config->clock_s, .checked = true};
	case WV_CLOCK_PACKET: // each message has its own
	case WV_CLOCK_OFF:
		break;
	}
	return (struct wv_time){.checked = false};
}

static int learn_preload(struct wv_trust *trust, const struct wv_config *config,
	const struct wv_validate_settings *settings, const char *config_path, struct wv_err *err)
{
	const struct wv_config_list *files = &config->trust.preload;
	const struct wv_packet_ports ports = dns_ports(config);
	const struct wv_chain_params params = {
		.trust = trust,
		.settings = settings,
		.leg = config->pair[0].leg_client ? WV_LEG_CLIENT : WV_LEG_UPSTREAM,
		.now = learn_clock(config),
		.packet_time = config->clock == WV_CLOCK_PACKET,
	};
	struct wv_chain *chain;
	char pointer[40];
	int rc = 0;

	if (files->n == 0)
		return 0;
	chain = wv_chain_create(&params, err);
	if (chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < files->n && rc == 0; i++) {
		rc = wv_app_learn(chain, files->item[i], &ports, config, err);
		if (rc < 0) {
			snprintf(pointer, sizeof(pointer), "/trust/preload/%u", i);
			blame(err, config_path, pointer);
		}
	}
	if (rc == 0)
		wv_chain_settle(chain);
	wv_chain_destroy(chain);
	return rc;
}

int learn(struct wv_trust *trust, const struct wv_config *config,
	const struct wv_validate_settings *settings, const char *config_path, struct wv_err *err)
{
	int rc = wv_app_thread_init(err);

	if (rc < 0)
		return rc;
	rc = learn_anchors(trust, config, config_path, err);
	if (rc == 0)
		rc = wv_app_set_insecure(trust, config, config_path, err);
	if (rc == 0)
		rc = learn_preload(trust, config, settings, config_path, err);
	wv_app_thread_fini();
	return rc;
}

// What a capture proves is not asked here; whether it can be read, is.
static int check_preload(
	const struct wv_config *config, const char *config_path, struct wv_err *err)
{
	const struct wv_config_list *files = &config->trust.preload;
	struct wv_capture_survey survey;
	char pointer[40];

	for (unsigned i = 0; i < files->n; i++) {
		int rc = wv_capture_read(files->item[i], &survey, err);

		if (rc == 0 && survey.cut > 0)
			rc = wv_fail(err, EMSGSIZE,
				"%s: want whole frames, but %llu are cut by the snapshot length of "
				"the capture",
				files->item[i], (unsigned long long)survey.cut);
		if (rc < 0) {
			snprintf(pointer, sizeof(pointer), "/trust/preload/%u", i);
			blame(err, config_path, pointer);
			return rc;
		}
	}
	return 0;
}

int learn_check(const struct wv_config *config, const char *config_path, struct wv_err *err)
{
	const struct wv_trust_params params = {
		.zones = config->trust.zones, .sha1 = config->validation.sha1_validate};
	struct wv_trust *trust = wv_trust_create(&params, err);
	int rc;

	if (trust == NULL)
		return -ENOMEM;
	rc = wv_app_thread_init(err);
	if (rc < 0)
		goto out;
	rc = learn_anchors(trust, config, config_path, err);
	if (rc == 0)
		rc = wv_app_set_insecure(trust, config, config_path, err);
	if (rc == 0)
		rc = check_preload(config, config_path, err);
	wv_app_thread_fini();
out:
	wv_trust_destroy(trust);
	return rc;
}
