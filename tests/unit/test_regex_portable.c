/* Which expressions other programs read as we do. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notation/regex_portable.h"

static void test_portable_expressions(void **state)
{
	(void)state;
	static const char *const alike[] = {"a", "[a-z]+|\\s", "(?:a|b)++c", "(?>a+)", "\\p{Lu}\\P{^N}",
		"[^\\r\\n\\p{L}]?+x", "(?i:'s|'ve)x", "a{2,3}?b", "\\x{1F600}|\\x41", "(?<!a)b",
		"[-a]|[a-]", "\\p{Han}\\P{old_italic}", "[a&&b]", "[\\p{Lu}\\p{M}&&[^\\p{Han}]]+",
		"[^[a-c]\\d&&\\p{N}&&[[^b]1]]", "\\t\\f\\e\\a", "\\Aa", "a\\z", "(?i:f)f"};
	static const char *const unlike[] = {"", "a*", "a|", "(?:a?|b)", "a{2}+b", "a{2}?b", "^a", "a$",
		"\\h", "\\w", "\\pL", "\\p{scx=Han}", "\\p{Sidetic}", "(?i)a", "(?i:ss)", "(?i:s)(?i:t)",
		"(?i:é)", "(?i:a)+", "(?m:a)", "[[a]]", "[a&&]", "[&&a]", "[a&&[]]", "[[:alpha:]&&a]",
		"(?i:[a&&b])", "[a-[b]&&c]", "[]a]", "[a-\\d]", "[\\d-z]", "[z-a]", "a**", "a{,2}", "{",
		"]", "}", "a)", "(a", "\\1", "\\", "\\Qa", "(*UTF)a", "(?#x)a", "\\u0041", "\\x4", "\\x80",
		"[a", "\xFF", "(?=a)+b", "(?=a)", "\\p{L", "(?i:[a-é])", "(?i:[a[b]])", "(?i:[^a])",
		"(?i:[\\d])", "(?i:ff)", "(?i:Fl)", "a{1,99999}", "a{3,2}", "a{2", "\\A"};
	size_t offset;
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
		assert_null(pmill_regex_find_unportable(alike[i], &offset));
	for (size_t i = 0; i < sizeof unlike / sizeof unlike[0]; i++) {
		assert_non_null(pmill_regex_find_unportable(unlike[i], &offset));
		assert_true(offset <= strlen(unlike[i]));
	}
	char nested[1000];
	memset(nested, '(', sizeof nested - 1);
	nested[sizeof nested - 1] = '\0';
	assert_non_null(pmill_regex_find_unportable(nested, &offset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portable_expressions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
