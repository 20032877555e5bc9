#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wv_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
	if (!holds)
		abort();
}

// Every whole frame is there to its last octet, and trouble has words that begin with the file.
static void frames_check(const char *path, const struct wv_capture_survey *survey, int end)
{
	struct wv_err err = {""};
	struct wv_capture *c = wv_capture_open(path, &err);
	struct wv_capture_frame frame;
	uint64_t n = 0;
	int got;

	want(c != NULL || strncmp(err.text, path, strlen(path)) == 0);
	if (c == NULL) {
		want(end < 0 && survey->frames == 0);
		return;
	}
	want(wv_capture_link(c) == survey->link);
	while ((got = wv_capture_next(c, &frame, &err)) > 0) {
		uint8_t *copy = malloc(frame.len);

		want(frame.number == ++n && frame.len <= frame.wire_len);
		want(frame.len <= survey->longest);
		if (frame.len > 0)
			memcpy(copy, frame.octets, frame.len);
		free(copy);
	}
	want(got == end && n == survey->frames);
	want(got == 0 || strncmp(err.text, path, strlen(path)) == 0);
	wv_capture_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wv_capture_survey survey;
	struct wv_err err = {""};
	char path[32];
	int fd = memfd_create("capture", MFD_CLOEXEC), end;

	want(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	end = wv_capture_read(path, &survey, &err);
	want((end < 0) == (err.text[0] != '\0'));
	frames_check(path, &survey, end);
	close(fd);
	return 0;
}
