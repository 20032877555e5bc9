#include <errno.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "wv_capture.h"

struct wv_capture {
	pcap_t *pcap; // owns `file`
	FILE *file;
	enum wv_link link;
	uint64_t frames; // whole ones, read so far
	off_t at;        // octets read with them; -1: not known (a pipe)
	char path[PATH_MAX];
};

static int link_find(int datalink, enum wv_link *link)
{
	switch (datalink) {
	case DLT_EN10MB:
		*link = WV_LINK_ETHERNET;
		return 0;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*link = WV_LINK_RAW_IP;
		return 0;
	default:
		return -ENOTSUP;
	}
}

// A file that can be read and is no folder and not empty; NULL with words otherwise.
static FILE *file_open(const char *path, struct wv_err *err)
{
	FILE *file = fopen(path, "rb");
	struct stat st;

	if (file == NULL) {
		wv_fail(err, errno, "%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) != 0)
		wv_fail(err, errno, "%s: cannot be looked at: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		wv_fail(err, EISDIR, "%s: want a capture file, not a folder", path);
	else if (S_ISREG(st.st_mode) && st.st_size == 0)
		wv_fail(err, ENODATA, "%s: want a capture file, not an empty one", path);
	else
		return file;
	fclose(file);
	return NULL;
}

struct wv_capture *wv_capture_open(const char *path, struct wv_err *err)
{
	FILE *file = file_open(path, err);
	char why[PCAP_ERRBUF_SIZE] = "";
	struct wv_capture *c;
	int datalink;

	if (file == NULL)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		wv_fail(err, ENOMEM, "%s: no memory", path);
		fclose(file);
		return NULL;
	}
	c->file = file;
	c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (c->pcap == NULL) {
		wv_fail(err, EINVAL, "%s: want a capture file (pcap or pcapng), not \"%s\"", path,
			why);
		fclose(file);
		free(c);
		return NULL;
	}
	datalink = pcap_datalink(c->pcap);
	if (link_find(datalink, &c->link) != 0) {
		const char *name = pcap_datalink_val_to_name(datalink);

		wv_fail(err, ENOTSUP, "%s: want Ethernet or raw IP frames, not link type %d (%s)",
			path, datalink, name != NULL ? name : "unknown");
		wv_capture_close(c);
		return NULL;
	}
	snprintf(c->path, sizeof(c->path), "%s", path);
	c->at = ftello(file);
	return c;
}

void wv_capture_close(struct wv_capture *c)
{
	if (c == NULL)
		return;
	pcap_close(c->pcap);
	free(c);
}

enum wv_link wv_capture_link(const struct wv_capture *c)
{
	return c->link;
}

// The file ended, or went wrong, within the frame after the last whole one.
static int frame_fail(struct wv_capture *c, struct wv_err *err)
{
	const char *why = pcap_geterr(c->pcap);
	int number = ferror(c->file) ? EIO : feof(c->file) ? EILSEQ : EBADMSG;
	const char *what = number == EIO ? "cannot be read"
		: number == EILSEQ       ? "is cut"
					 : "is damaged";
	char where[64] = "";

	if (c->at >= 0)
		snprintf(where, sizeof(where), ", at octet %lld", (long long)c->at);
	return wv_fail(err, number, "%s: %s after frame %llu%s: %s", c->path, what,
		(unsigned long long)c->frames, where, why);
}

int wv_capture_next(struct wv_capture *c, struct wv_capture_frame *frame, struct wv_err *err)
{
	struct pcap_pkthdr *header;
	const u_char *octets;

	switch (pcap_next_ex(c->pcap, &header, &octets)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		return frame_fail(c, err);
	}
	c->frames++;
	if (c->at >= 0)
		c->at = ftello(c->file);
	frame->octets = octets;
	frame->len = header->caplen;
	frame->wire_len = header->len > header->caplen ? header->len : header->caplen;
	// pcap has 32 bits for seconds, and libpcap takes them for signed: past 2038 they are not.
	frame->time_ns =
		header->ts.tv_sec < 0 ? (uint32_t)header->ts.tv_sec : (uint64_t)header->ts.tv_sec;
	frame->time_ns = frame->time_ns * 1000000000 + (uint64_t)header->ts.tv_usec;
	frame->number = c->frames;
	return 1;
}

int wv_capture_read(const char *path, struct wv_capture_survey *survey, struct wv_err *err)
{
	struct wv_capture *c = wv_capture_open(path, err);
	struct wv_capture_frame frame;
	int got;

	*survey = (struct wv_capture_survey){.frames = 0};
	if (c == NULL)
		return -EINVAL;
	survey->link = c->link;
	while ((got = wv_capture_next(c, &frame, err)) > 0) {
		if (survey->frames++ == 0)
			survey->first_ns = frame.time_ns;
		survey->last_ns = frame.time_ns;
		survey->longest = frame.len > survey->longest ? frame.len : survey->longest;
		survey->cut += frame.len < frame.wire_len;
	}
	wv_capture_close(c);
	return got;
}
