/**
 * @file
 * The harness of the unit tests: a thin layer over CUnit.
 *
 * A program lists its tests in a table and calls test_main(). CHECK goes on after a failure,
 * REQUIRE leaves the test. CHECK_ROW names the row of a table of cases that failed.
 */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "wv_base.h"

#define CHECK(condition) CU_ASSERT(condition)
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		bool held = (condition);                                                           \
		CU_ASSERT(held &&#condition);                                                      \
		if (!held)                                                                         \
			return;                                                                    \
	} while (0)

// For tables whose rows begin with `const char *what`.
#define CHECK_ROW(row, condition)                                                                  \
	do {                                                                                       \
		bool held = (condition);                                                           \
		if (!held)                                                                         \
			fprintf(stderr, "\n%s:%d: row \"%s\": %s\n", __FILE__, __LINE__,           \
				(row)->what, #condition);                                          \
		CU_ASSERT(held &&#condition);                                                      \
	} while (0)

struct test {
	const char *name; // what holds, in words
	void (*run)(void);
};

// A copy in a block of its exact size, so that the sanitizer sees one octet too far; freed by free().
static inline uint8_t *test_exact(const void *octets, size_t len)
{
	// A block of no octets is wanted where there are none: reading one is the mistake looked for.
	uint8_t *p = malloc(len); // NOLINT(clang-analyzer-optin.portability.UnixAPI)

	if (p == NULL && len > 0)
		abort();
	if (len > 0)
		memcpy(p, octets, len);
	return p;
}

// Hex digits (spaces allowed) to octets; returns how many, at most `room`.
static inline size_t test_unhex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;
	unsigned byte;

	while (*hex != '\0' && n < room) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (sscanf(hex, "%2x", &byte) != 1)
			break;
		out[n++] = (uint8_t)byte;
		hex += 2;
	}
	return n;
}

static inline int test_main(const char *suite, const struct test tests[], unsigned n)
{
	CU_pSuite s;
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	s = CU_add_suite(suite, NULL, NULL);
	for (unsigned i = 0; s != NULL && i < n; i++) {
		if (CU_add_test(s, tests[i].name, tests[i].run) == NULL)
			s = NULL;
	}
	if (s == NULL) {
		CU_cleanup_registry();
		return EXIT_FAILURE;
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
