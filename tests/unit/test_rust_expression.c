/* Expressions as Rust's engines read them: what is known, taken and refused. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notation/rust_expression.h"
#include "pretokenize/pattern.h"

static void test_reading(void **state)
{
	(void)state;
	static const struct {
		const char *expression, *pattern; /* NULL: refused */
	} rows[] = {{"[\\s\\S]+", "none"}, {"\\S+|\\s+", "\\S+|\\s+"}, {"gpt2", "(?:gpt2)"},
		{"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+"
		 "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
			"cl100k"},
		{"[!--]", NULL}, {"[a~~b]", NULL}, {"\\<a", NULL}, {"a\\>", NULL}, {"a$", NULL},
		{"\\bx", NULL}, {"[a&&b]", "[a&&b]"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pmill_arena arena = {0};
		const char *pattern = NULL;
		pmill_error error = {0};
		const pmill_status status = pmill_rust_expression_read(
			&arena, rows[i].expression, &pattern, &error);
		assert_int_equal(status, rows[i].pattern == NULL ? PMILL_UNSUPPORTED : PMILL_OK);
		if (rows[i].pattern != NULL)
			assert_string_equal(pattern, rows[i].pattern);
		else
			assert_non_null(strstr(error.message, "Rust's regular expressions"));
		pmill_arena_release(&arena);
	}
}

/* What is written is read as the same pattern. */
static void test_known_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_pattern_at(i) != NULL; i++) {
		struct pmill_arena arena = {0};
		const char *name = pmill_pattern_at(i)->name, *expression = NULL, *back = NULL;
		assert_int_equal(pmill_rust_expression_write(name, &expression, NULL), PMILL_OK);
		assert_int_equal(pmill_rust_expression_check(name, NULL), PMILL_OK);
		assert_int_equal(pmill_rust_expression_read(&arena, expression, &back, NULL), PMILL_OK);
		assert_true(pmill_pattern_is_same(name, back));
		pmill_arena_release(&arena);
	}
	assert_int_equal(pmill_rust_expression_check("[+--]", NULL), PMILL_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_known_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
