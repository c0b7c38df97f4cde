/* Structs that begin with their size: older and newer headers. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sized_struct.h"

struct known {
	size_t size;
	uint32_t first, second;
};

struct newer {
	struct known known;
	uint32_t third, fourth;
};

enum { OLDER = offsetof(struct known, second), CANARY = 0xA5 };

static void test_read(void **state)
{
	(void)state;
	struct known to;
	memset(&to, CANARY, sizeof to);
	assert_int_equal(pmill_sized_struct_read(&to, sizeof to, NULL, "known", NULL), PMILL_OK);
	assert_true(to.size == sizeof to && to.first == 0 && to.second == 0);
	const struct known whole = {sizeof whole, 1, 2};
	assert_int_equal(pmill_sized_struct_read(&to, sizeof to, &whole, "known", NULL), PMILL_OK);
	assert_memory_equal(&to, &whole, sizeof to);
	/* Of an older header: what it lacks is zero. */
	const struct known older = {OLDER, 1, 2};
	assert_int_equal(pmill_sized_struct_read(&to, sizeof to, &older, "known", NULL), PMILL_OK);
	assert_true(to.size == sizeof to && to.first == 1 && to.second == 0);
	/* Nothing but the size. */
	const size_t size = sizeof size;
	assert_int_equal(pmill_sized_struct_read(&to, sizeof to, &size, "known", NULL), PMILL_OK);
	assert_true(to.size == sizeof to && to.first == 0 && to.second == 0);
	const struct newer newer = {{sizeof newer, 1, 2}, 0, 0};
	assert_int_equal(pmill_sized_struct_read(&to, sizeof to, &newer, "known", NULL), PMILL_OK);
	assert_true(to.size == sizeof to && to.first == 1 && to.second == 2);
}

/* Returns the message. */
static const char *refuse(const void *from, pmill_error *error)
{
	struct known to, untouched;
	memset(&to, CANARY, sizeof to);
	untouched = to;
	assert_int_equal(
		pmill_sized_struct_read(&to, sizeof to, from, "known", NULL), PMILL_BAD_OPTION);
	assert_int_equal(
		pmill_sized_struct_read(&to, sizeof to, from, "known", error), PMILL_BAD_OPTION);
	assert_memory_equal(&to, &untouched, sizeof to);
	assert_int_equal(error->status, PMILL_BAD_OPTION);
	assert_true(error->offset == PMILL_NO_OFFSET);
	pmill_error again;
	assert_int_equal(pmill_sized_struct_check(from, sizeof to, "known", &again), PMILL_BAD_OPTION);
	assert_string_equal(again.message, error->message);
	return error->message;
}

static void test_refused(void **state)
{
	(void)state;
	pmill_error error;
	for (size_t size = 0; size < sizeof size; size++) {
		const struct known small = {size, 1, 2};
		char expected[100];
		snprintf(
			expected, sizeof expected, "known: its size is %zu; set it to sizeof (known)", size);
		assert_string_equal(refuse(&small, &error), expected);
	}
	const struct newer third = {{sizeof third, 1, 2}, 1, 0}, fourth = {{sizeof third, 1, 2}, 0, 1};
	assert_non_null(strstr(refuse(&third, &error), "known: sets a field that version "));
	assert_non_null(strstr(error.message, pmill_version()));
	assert_non_null(strstr(error.message, "16 of 24 bytes"));
	refuse(&fourth, &error);
	/* The last byte counts as well as the first. */
	struct newer last = {.known.size = sizeof last};
	((unsigned char *)&last)[sizeof last - 1] = 1;
	refuse(&last, &error);
	assert_int_equal(pmill_sized_struct_check(NULL, sizeof last, "known", &error), PMILL_OK);
}

static void test_write(void **state)
{
	(void)state;
	const struct known result = {99, 1, 2};
	for (size_t size = sizeof size; size <= sizeof(struct newer); size++) {
		unsigned char to[sizeof(struct newer) + 8];
		memset(to, CANARY, sizeof to);
		/* Beyond what the library knows there must be zeros. */
		if (size > sizeof result)
			memset(to + sizeof result, 0, size - sizeof result);
		unsigned char expected[sizeof to];
		memcpy(expected, to, sizeof to);
		memcpy(expected, &result, size < sizeof result ? size : sizeof result);
		memcpy(expected, &size, sizeof size);
		memcpy(to, &size, sizeof size);
		assert_int_equal(
			pmill_sized_struct_write(to, &result, sizeof result, "known", NULL), PMILL_OK);
		assert_memory_equal(to, expected, sizeof to);
	}
	struct known zero = {0, 7, 8};
	pmill_error error;
	assert_int_equal(
		pmill_sized_struct_write(&zero, &result, sizeof result, "known", &error), PMILL_BAD_OPTION);
	assert_true(zero.size == 0 && zero.first == 7 && zero.second == 8);
	assert_non_null(strstr(error.message, "known: its size is 0"));
	struct newer newer = {{sizeof newer, 7, 8}, 0, 9}, untouched = newer;
	assert_int_equal(pmill_sized_struct_write(&newer, &result, sizeof result, "known", &error),
		PMILL_BAD_OPTION);
	assert_memory_equal(&newer, &untouched, sizeof newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
