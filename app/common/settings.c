#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "wv_app.h"

#define ANCHORS_MAX (1u << 20) // octets of an anchors file

void wv_app_settings(struct wv_validate_settings *settings, const struct wv_config *config)
{
	*settings = (struct wv_validate_settings){
		.skew_percent = (uint8_t)config->validation.skew_percent,
		.skew_min_s = config->validation.skew_min_s,
		.skew_max_s = config->validation.skew_max_s,
		.sha1 = config->validation.sha1_validate,
		.harden_algo_downgrade = config->validation.harden_algo_downgrade,
		.assume_do = config->validation.assume_do,
		.needed_rrsets = (uint16_t)config->budgets.needed_rrsets,
		.weight = (uint16_t)config->budgets.weight,
		.signatures_per_rrset = (uint16_t)config->budgets.signatures_per_rrset,
		.failures_per_rrset = (uint16_t)config->budgets.failures_per_rrset,
		.keys_per_tag = (uint16_t)config->budgets.keys_per_tag,
		.ds = (uint16_t)config->budgets.ds,
		.dnskeys = (uint16_t)config->budgets.dnskeys,
		.cname_chain = (uint16_t)config->budgets.cname_chain,
		.chain_depth = (uint16_t)config->budgets.chain_depth,
		.denial =
			{
				.iterations_insecure =
					(uint16_t)config->budgets.nsec3_iterations_insecure,
				.iterations_bogus =
					(uint16_t)config->budgets.nsec3_iterations_bogus,
				.records = (uint16_t)config->budgets.nsec3_records,
				.sha1_blocks = (uint16_t)config->budgets.nsec3_sha1_blocks,
			},
	};
}

// All of a file; freed by free(). NULL with words.
static char *file_read(const char *path, size_t *len, struct wv_err *err)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	struct stat st;

	if (file == NULL) {
		wv_fail(err, errno, "%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		wv_fail(err, EISDIR, "%s: want an anchors file, not a folder", path);
		goto out;
	}
	text = malloc(ANCHORS_MAX + 1);
	if (text == NULL) {
		wv_fail(err, ENOMEM, "%s: no memory", path);
		goto out;
	}
	*len = fread(text, 1, ANCHORS_MAX + 1, file);
	if (!ferror(file) && *len <= ANCHORS_MAX)
		goto out;
	if (ferror(file))
		wv_fail(err, EIO, "%s: cannot be read: %s", path, strerror(errno));
	else
		wv_fail(err, EFBIG, "%s: want an anchors file of at most %u octets, not more", path,
			ANCHORS_MAX);
	free(text);
	text = NULL;
out:
	fclose(file);
	return text;
}

int wv_app_read_anchors(struct wv_trust *trust, const char *path, unsigned *n, struct wv_err *err)
{
	size_t len = 0;
	char *text = file_read(path, &len, err);
	int result;

	if (text == NULL)
		return -EINVAL;
	result = wv_trust_read_anchors(trust, path, text, len, n, err);
	free(text);
	return result;
}

int wv_app_set_insecure(struct wv_trust *trust, const struct wv_config *config, const char *path,
	struct wv_err *err)
{
	const struct wv_config_list *list = &config->trust.insecure;

	for (unsigned i = 0; i < list->n; i++) {
		struct wv_err why = {"no domain name"};
		char pointer[32], where[256];
		struct wv_name name;

		if (wv_name_parse(&name, list->item[i])
			&& wv_trust_set_insecure(trust, &name, &why) == 0)
			continue;
		snprintf(pointer, sizeof(pointer), "/trust/insecure/%u", i);
		return wv_fail(err, EINVAL, "%s: %s",
			wv_config_where(path, pointer, where, sizeof(where)), why.text);
	}
	return 0;
}
