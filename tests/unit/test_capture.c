#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wv_capture.h"

#include "test.h"

static char folder[] = "/tmp/test_capture.XXXXXX";
static char path[64];

static void file_write(const uint8_t *octets, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(octets, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static size_t file_write_hex(const char *hex, uint8_t out[1024])
{
	size_t len = test_unhex(hex, out, 1024);

	file_write(out, len);
	return len;
}

#define LE_MICRO "d4c3b2a1 0200 0400 00000000 00000000 ffff0000 "
#define BE_NANO  "a1b23c4d 0002 0004 00000000 00000000 0000ffff "
#define ETHERNET "01000000 "

// Blocks of pcapng: section header; an Ethernet interface in nanoseconds; one packet of four octets.
#define NG_SECTION  "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000 "
#define NG_ETHERNET "01000000 20000000 0100 0000 00000400 0900 0100 09000000 0000 0000 20000000 "
#define NG_PACKET                                                                                  \
	"06000000 24000000 00000000 "                                                              \
	"00000000 07000000 04000000 06000000 0a0b0c0d 24000000 "

static const struct whole_case {
	const char *what;
	const char *hex;
	enum wv_link link;
	uint64_t time_ns;
} wholes[] = {
	{"little endian, microseconds, Ethernet",
		LE_MICRO ETHERNET "05000000 07000000 04000000 06000000 0a0b0c0d", WV_LINK_ETHERNET,
		5000007000},
	{"big endian, nanoseconds, raw IP",
		BE_NANO "00000065 00000005 00000007 00000004 00000006 0a0b0c0d", WV_LINK_RAW_IP,
		5000000007},
	{"a moment in 2100", LE_MICRO ETHERNET "00af93f4 00000000 04000000 06000000 0a0b0c0d",
		WV_LINK_ETHERNET, 0xf493af00 * UINT64_C(1000000000)},
	{"pcapng", NG_SECTION NG_ETHERNET NG_PACKET, WV_LINK_ETHERNET, 7},
};

static void test_wholes(void)
{
	for (unsigned i = 0; i < WV_COUNT(wholes); i++) {
		const struct whole_case *row = &wholes[i];
		struct wv_capture_frame f = {.len = 0};
		struct wv_err err = {""};
		struct wv_capture *c;
		uint8_t octets[1024];

		file_write_hex(row->hex, octets);
		c = wv_capture_open(path, &err);
		CHECK_ROW(row, c != NULL);
		if (c == NULL)
			continue;
		CHECK_ROW(row, wv_capture_link(c) == row->link);
		CHECK_ROW(row, wv_capture_next(c, &f, &err) == 1);
		CHECK_ROW(row, f.len == 4 && memcmp(f.octets, "\x0a\x0b\x0c\x0d", 4) == 0);
		CHECK_ROW(row, f.wire_len == 6 && f.number == 1 && f.time_ns == row->time_ns);
		CHECK_ROW(row, wv_capture_next(c, &f, &err) == 0);
		wv_capture_close(c);
	}
}

static const struct bad_case {
	const char *what;
	const char *hex;
	const char *words;
} bads[] = {
	{"an empty file", "", "not an empty one"},
	{"no capture", "68656c6c 6f2c2077 6f726c64 68656c6c 6f2c2077 6f726c64 0a",
		"want a capture file"},
	{"half a header", "d4c3b2a1 0200", "want a capture file"},
	{"a link type of another kind", LE_MICRO "69000000", "not link type 105 (IEEE802_11)"},
	{"a link type that nobody knows", LE_MICRO "fffe0000", "not link type"},
};

static void test_bads(void)
{
	for (unsigned i = 0; i < WV_COUNT(bads); i++) {
		struct wv_capture_survey survey;
		struct wv_err err = {""};
		uint8_t octets[1024];

		file_write_hex(bads[i].hex, octets);
		CHECK_ROW(&bads[i], wv_capture_open(path, &err) == NULL);
		CHECK_ROW(&bads[i], strstr(err.text, bads[i].words) != NULL);
		CHECK_ROW(&bads[i], strstr(err.text, path) != NULL);
		CHECK_ROW(&bads[i], wv_capture_read(path, &survey, &err) < 0 && survey.frames == 0);
	}
}

static void test_no_file(void)
{
	struct wv_err err;

	CHECK(wv_capture_open("/nonexistent/capture.pcap", &err) == NULL);
	CHECK(strcmp(err.text,
		      "/nonexistent/capture.pcap: cannot be opened: No such file or directory")
		== 0);
	CHECK(wv_capture_open(folder, &err) == NULL);
	CHECK(strstr(err.text, "not a folder") != NULL);
}

static void test_no_permission(void)
{
	bool is_root = geteuid() == 0;
	struct wv_err err = {""};
	struct wv_capture *c;
	uint8_t octets[1024];

	file_write_hex(wholes[0].hex, octets);
	REQUIRE(chmod(path, 0) == 0 && (!is_root || seteuid(65534) == 0));
	c = wv_capture_open(path, &err);
	REQUIRE(!is_root || seteuid(0) == 0);
	REQUIRE(chmod(path, 0600) == 0);
	CHECK(c == NULL);
	CHECK(strstr(err.text, "ermission denied") != NULL);
}

// Three frames; cut after each octet, what comes before is whole and the end says so.
static void cut_everywhere(const char *hex, size_t header, size_t frame, size_t last)
{
	uint8_t octets[1024];
	size_t len = file_write_hex(hex, octets);

	for (size_t n = header; n <= len; n++) {
		size_t wholes_wanted = n >= last ? (n - header) / frame : 0;
		bool at_end = (n - header) % frame == 0;
		struct wv_capture_survey survey;
		struct wv_err err = {""};
		char words[64];
		int got;

		file_write(octets, n);
		got = wv_capture_read(path, &survey, &err);
		CHECK(got == (at_end ? 0 : -EILSEQ));
		CHECK(survey.frames == wholes_wanted);
		snprintf(words, sizeof(words), "after frame %zu, at octet %zu", wholes_wanted,
			header + frame * wholes_wanted);
		CHECK(at_end || strstr(err.text, words) != NULL);
	}
}

static void test_cut(void)
{
	cut_everywhere(LE_MICRO ETHERNET "05000000 07000000 04000000 06000000 0a0b0c0d"
					 "05000000 08000000 04000000 06000000 0a0b0c0d"
					 "05000000 09000000 04000000 06000000 0a0b0c0d",
		24, 20, 24);
	cut_everywhere(NG_SECTION NG_ETHERNET NG_PACKET NG_PACKET NG_PACKET, 60, 36, 60);
}

static void test_damaged(void)
{
	struct wv_capture_survey survey;
	struct wv_err err = {""};
	uint8_t octets[1024];

	file_write_hex(LE_MICRO ETHERNET "05000000 07000000 04000000 06000000 0a0b0c0d"
					 "05000000 08000000 ffffffff ffffffff 0a0b0c0d 0a0b0c0d",
		octets);
	CHECK(wv_capture_read(path, &survey, &err) == -EBADMSG);
	CHECK(survey.frames == 1 && strstr(err.text, "is damaged after frame 1,") != NULL);
}

static void test_survey(void)
{
	struct wv_capture_survey survey;
	struct wv_err err = {""};
	uint8_t octets[1024];

	file_write_hex(LE_MICRO ETHERNET "05000000 07000000 04000000 06000000 0a0b0c0d"
					 "06000000 00000000 05000000 05000000 0a0b0c0d0e",
		octets);
	CHECK(wv_capture_read(path, &survey, &err) == 0);
	CHECK(survey.frames == 2 && survey.longest == 5 && survey.cut == 1);
	CHECK(survey.first_ns == 5000007000 && survey.last_ns == 6000000000);
	CHECK(survey.link == WV_LINK_ETHERNET);
	file_write_hex(LE_MICRO ETHERNET, octets);
	CHECK(wv_capture_read(path, &survey, &err) == 0 && survey.frames == 0);
}

static const struct test tests[] = {
	{"pcap and pcapng are read, in either order and resolution", test_wholes},
	{"what is no capture says so", test_bads},
	{"a missing file and a folder say so", test_no_file},
	{"a file without permission says so", test_no_permission},
	{"a cut file gives its whole frames, then says where it is cut", test_cut},
	{"a damaged file gives its whole frames, then says so", test_damaged},
	{"the survey tells of all frames", test_survey},
};

int main(void)
{
	int failed;

	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	(void)chmod(folder, 0755);
	snprintf(path, sizeof(path), "%s/capture", folder);
	failed = test_main("capture", tests, WV_COUNT(tests));
	unlink(path);
	rmdir(folder);
	return failed;
}
