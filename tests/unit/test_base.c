#include "wv_base.h"

#include "test.h"

static void test_words(void)
{
	struct wv_err err;
	char much[600];

	CHECK(wv_fail(&err, 5, "want %d, not %s", 1, "two") == -5);
	CHECK(strcmp(err.text, "want 1, not two") == 0);
	wv_err_add(&err, ", nor %d", 3);
	CHECK(strcmp(err.text, "want 1, not two, nor 3") == 0);
	CHECK(wv_fail(NULL, 7, "nobody listens") == -7);
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	CHECK(wv_fail(&err, 1, "%s", much) == -1 && strlen(err.text) == sizeof(err.text) - 1);
	wv_err_add(&err, "more");
	CHECK(strlen(err.text) == sizeof(err.text) - 1);
}

static void test_octets(void)
{
	static const uint8_t octets[] = {0x81, 0x02, 0xf3, 0x04};
	uint8_t out[4];

	CHECK(wv_load16(octets) == 0x8102 && wv_load32(octets) == 0x8102f304);
	wv_store16(out, 0x8102);
	wv_store16(out + 2, 0xf304);
	CHECK(memcmp(out, octets, 4) == 0);
	wv_store32(out, 0x8102f304);
	CHECK(memcmp(out, octets, 4) == 0);
}

static void test_serial(void)
{
	CHECK(wv_time_before(1, 2) && !wv_time_before(2, 1) && !wv_time_before(2, 2));
	CHECK(wv_time_before(UINT32_MAX, 0) && !wv_time_before(0, UINT32_MAX));
}

// Zeros, on a line of their own, whatever the size.
static void test_table(void)
{
	static const size_t sizes[] = {1, 64, 100, 4096, (2u << 20) - 1, 2u << 20, (5u << 20) + 3};

	for (unsigned i = 0; i < WV_COUNT(sizes); i++) {
		uint8_t *table = wv_table_alloc(sizes[i]);
		uint8_t any = 0;

		REQUIRE(table != NULL);
		CHECK((uintptr_t)table % WV_CACHE_LINE == 0);
		for (size_t k = 0; k < sizes[i]; k++)
			any |= table[k];
		CHECK(any == 0);
		free(table);
	}
}

static const struct test tests[] = {
	{"words tell what failed, cut where they are too many", test_words},
	{"octets are big-endian", test_octets},
	{"times are compared by serial arithmetic", test_serial},
	{"a table is made of zeros", test_table},
};

int main(void)
{
	return test_main("base", tests, WV_COUNT(tests));
}
