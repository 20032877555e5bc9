#include <stdlib.h>
#include <string.h>

#include "wv_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct wv_config *config)
{
	size_t len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL || wv_config_print(config, out) < 0)
		abort();
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wv_config config, again;
	struct wv_err err = {""};
	char *text, *text_again;

	if (wv_config_read_text(&config, "f", (const char *)data, size, true, &err) < 0) {
		if (strncmp(err.text, "f:", 2) != 0)
			abort(); // whatever is wrong has a place
		return 0;
	}
	text = print(&config);
	if (wv_config_read_text(&again, "f", text, strlen(text), true, &err) < 0)
		abort(); // what was accepted is accepted when it is printed
	text_again = print(&again);
	if (strcmp(text, text_again) != 0)
		abort(); // and is the same then
	free(text);
	free(text_again);
	wv_config_fini(&config);
	wv_config_fini(&again);
	return 0;
}
