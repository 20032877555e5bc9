#include <errno.h>
#include <string.h>

#include "wirevet.h"

void blame(struct wv_err *err, const char *config_path, const char *pointer)
{
	struct wv_err words = *err;
	char where[300];

	wv_fail(err, EINVAL, "%s: %s", wv_config_where(config_path, pointer, where, sizeof(where)),
		words.text);
}

void blame_named(struct wv_err *err, const char *config_path)
{
	struct wv_err words = *err;
	char where[300], pointer[64];
	size_t len = strcspn(words.text, ":");

	if (words.text[0] != '/' || len >= sizeof(pointer))
		return;
	memcpy(pointer, words.text, len);
	pointer[len] = '\0';
	wv_fail(err, EINVAL, "%s%s", wv_config_where(config_path, pointer, where, sizeof(where)),
		words.text + len);
}
