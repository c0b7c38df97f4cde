/* Classes with && that can't be read, and names of classes too long to be any. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pretokenize/pretokenizer.h"
#include "regex/class_names.h"
#include "regex/class_set.h"
#include "regex/class_text.h"
#include "unicode/class.h"

static void check_row(const char *text, size_t offset, const char *message)
{
	static struct pmill_code_points set;
	struct pmill_class_set_error error = {0};
	const enum pmill_class_set_result result = pmill_class_set_read(
		text, strlen(text), pmill_unicode_find("16.0"), &set, &error);
	if (result == PMILL_CLASS_SET_DONE || error.offset != offset ||
		strstr(error.reason, message) == NULL)
		fail_msg("%s: %d, %zu: %s", text, (int)result, error.offset, error.reason);
}

static void each_fault_is_named(void **state)
{
	(void)state;
	check_row("[a&&\\p{L]", 6, "a property without its closing brace");
	check_row("[a&&\\xZZ]", 6, "\\x is followed by two digits");
	check_row("[a&&\\x{1234567}]", 7, "\\x is followed by two digits");
	check_row("[a&&\\x{12]", 7, "\\x is followed by two digits");
	check_row("[a&&\\x{FFFFFF}]", 14, "there is no such character");
	check_row("[a&&b-\\p{Nonsense}]", 8, "there is no table for this property");
	check_row("[a&&b", 5, "the class has no end");
	check_row("[a&&[b]", 7, "the class has no end");
}

static void long_names_are_unknown(void **state)
{
	(void)state;
	char name[200];
	memset(name, 'a', sizeof name);
	for (size_t len = 60; len < sizeof name; len++) {
		struct pmill_class_element element = {0};
		assert_int_equal(pmill_class_of_posix(&element, name, len), PMILL_CLASS_UNKNOWN);
		assert_int_equal(pmill_class_of_property(&element, name, len, false), PMILL_CLASS_UNKNOWN);
		pmill_class_element_release(&element);
	}
	struct pmill_class_element element = {0};
	assert_int_equal(pmill_class_of_property(&element, " -_", 3, false), PMILL_CLASS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_named),
		cmocka_unit_test(long_names_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
