/* Texts of statuses, and the messages that the library's functions for errors form. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* Those after the last one have the text of an unknown status. */
static void test_status_texts(void **state)
{
	(void)state;
	const char *unknown = pmill_status_text((pmill_status)(PMILL_MEMORY_LIMIT + 1));
	assert_string_equal(unknown, "unknown status");
	assert_string_equal(pmill_status_text((pmill_status)1000), unknown);
	assert_string_equal(pmill_status_text(PMILL_NO_MEMORY), "out of memory");
	for (int status = PMILL_OK; status <= PMILL_MEMORY_LIMIT; status++) {
		const char *text = pmill_status_text((pmill_status)status);
		assert_true(text[0] >= 'a' && text[0] <= 'z');
		assert_string_not_equal(text, unknown);
		for (int other = PMILL_OK; other < status; other++)
			assert_string_not_equal(text, pmill_status_text((pmill_status)other));
	}
}

static void test_version(void **state)
{
	(void)state;
	char version[40];
	snprintf(version, sizeof version, "%d.%d.%d", PMILL_VERSION_MAJOR, PMILL_VERSION_MINOR,
		PMILL_VERSION_PATCH);
	assert_string_equal(pmill_version(), version);
}

static void check_error(
	const pmill_error *error, pmill_status status, uint64_t offset, const char *message)
{
	assert_int_equal(error->status, status);
	assert_int_equal(error->offset, offset);
	assert_string_equal(error->message, message);
}

static void test_messages(void **state)
{
	(void)state;
	pmill_error error;
	assert_int_equal(pmill_fail(&error, PMILL_EXISTS, 7, "%s %d", "file", 3), PMILL_EXISTS);
	check_error(&error, PMILL_EXISTS, 7, "file 3");
	assert_int_equal(pmill_fail_memory(&error), PMILL_NO_MEMORY);
	check_error(&error, PMILL_NO_MEMORY, PMILL_NO_OFFSET, "out of memory");
	assert_int_equal(pmill_fail_errno(&error, "a.txt", "cannot open", ENOENT), PMILL_IO);
	check_error(&error, PMILL_IO, PMILL_NO_OFFSET, "a.txt: cannot open: No such file or directory");
	assert_int_equal(pmill_fail_errno(&error, "a.txt", "cannot open", 123456), PMILL_IO);
	assert_non_null(strstr(error.message, "a.txt: cannot open: "));
	/* musl has one text for all unknown numbers. */
	assert_true(strstr(error.message, "123456") != NULL ||
		strstr(error.message, "No error information") != NULL);
	assert_int_equal(pmill_fail_longest(&error, "a.txt", 5, "word", 1000), PMILL_MEMORY_LIMIT);
	check_error(&error, PMILL_MEMORY_LIMIT, 5,
		"a.txt: byte 5: here begins a word of more than 1000 bytes, which is what the memory "
		"limit leaves for one; raise the limit, or use fewer threads");
	assert_int_equal(pmill_fail_input(&error, "a.txt", 9, "%s is bad", "it"), PMILL_BAD_INPUT);
	check_error(&error, PMILL_BAD_INPUT, 9, "a.txt: byte 9: it is bad");
}

static void check_limit(uint64_t needed, uint64_t limit, const char *message)
{
	pmill_error error;
	assert_int_equal(pmill_fail_limit(&error, needed, limit, "it takes"), PMILL_MEMORY_LIMIT);
	check_error(&error, PMILL_MEMORY_LIMIT, PMILL_NO_OFFSET, message);
}

/* The need is rounded up and the limit down: they never look equal. */
static void test_limits(void **state)
{
	(void)state;
	const uint64_t mib = 1 << 20;
	check_limit(3 * mib, 2 * mib, "it takes 3.0 MiB of memory, more than the limit of 2.0 MiB");
	check_limit(2 * mib + 1, 2 * mib, "it takes 2.1 MiB of memory, more than the limit of 2.0 MiB");
	check_limit(
		3 * mib - 1, 3 * mib - 2, "it takes 3.0 MiB of memory, more than the limit of 2.9 MiB");
	check_limit(UINT64_MAX, UINT64_MAX - 1,
		"it takes 17592186044416.0 MiB of memory, more than the limit of 17592186044415.9 MiB");
}

/* What doesn't fit is cut; nobody has to take the message. */
static void test_long_messages(void **state)
{
	(void)state;
	char name[2 * sizeof((pmill_error){0}.message)];
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	pmill_error error;
	for (int i = 0; i < 5; i++) {
		memset(error.message, 'x', sizeof error.message);
		switch (i) {
		case 0: pmill_fail(&error, PMILL_IO, 0, "%s", name); break;
		case 1: pmill_fail_input(&error, name, 0, "bad"); break;
		case 2: pmill_fail_limit(&error, 2, 1, "%s", name); break;
		case 3: pmill_fail_longest(&error, name, 0, "word", 1); break;
		default: pmill_fail_errno(&error, name, "cannot open", ENOENT); break;
		}
		assert_int_equal(strlen(error.message), sizeof error.message - 1);
		assert_memory_equal(error.message, name, sizeof error.message - 1);
	}
	assert_int_equal(pmill_fail(NULL, PMILL_IO, 0, "x"), PMILL_IO);
	assert_int_equal(pmill_fail_input(NULL, "a", 0, "x"), PMILL_BAD_INPUT);
	assert_int_equal(pmill_fail_limit(NULL, 2, 1, "x"), PMILL_MEMORY_LIMIT);
	assert_int_equal(pmill_fail_longest(NULL, "a", 0, "x", 1), PMILL_MEMORY_LIMIT);
	assert_int_equal(pmill_fail_errno(NULL, "a", "x", ENOENT), PMILL_IO);
	assert_int_equal(pmill_fail_memory(NULL), PMILL_NO_MEMORY);
	pmill_error_locate(NULL, "a", 0);
}

/* Only bad input with a place is placed in the whole. */
static void test_located(void **state)
{
	(void)state;
	pmill_error error;
	pmill_fail(&error, PMILL_BAD_INPUT, 5, "bad");
	pmill_error_locate(&error, "a.txt", 100);
	check_error(&error, PMILL_BAD_INPUT, 105, "a.txt: byte 105: bad");
	pmill_fail(&error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "bad");
	pmill_error_locate(&error, "a.txt", 100);
	check_error(&error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "bad");
	pmill_fail(&error, PMILL_IO, 5, "bad");
	pmill_error_locate(&error, "a.txt", 100);
	check_error(&error, PMILL_IO, 5, "bad");
}

static const char *name_at(size_t index)
{
	static const char *const names[] = {"text", "u16", "u32"};
	return index < 3 ? names[index] : NULL;
}

static void test_names(void **state)
{
	(void)state;
	char list[20];
	pmill_list_names(list, sizeof list, name_at);
	assert_string_equal(list, "text, u16, u32");
	pmill_list_names(list, 8, name_at);
	assert_string_equal(list, "text, u");
	pmill_error error;
	assert_int_equal(pmill_fail_unknown(&error, "format", "jsonl", name_at), PMILL_BAD_OPTION);
	check_error(&error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"unknown format \"jsonl\" (known: text, u16, u32)");
	assert_int_equal(pmill_fail_unknown(&error, "format", "texts", name_at), PMILL_BAD_OPTION);
	check_error(&error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"unknown format \"texts\" (known: text, u16, u32); did you mean \"text\"?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_texts),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_messages),
		cmocka_unit_test(test_located),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
