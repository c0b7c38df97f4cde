/* Expressions without PCRE2's JIT, as on a system that forbids it: the same cuts and errors. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "regex/code.h"
#include "support/check_cuts.h"
#include "support/random.h"

#if PMILL_HAVE_PCRE2

static bool has_jit = true;
static unsigned refused;

int __real_pcre2_jit_compile_8(pcre2_code *code, uint32_t options);
int __wrap_pcre2_jit_compile_8(pcre2_code *code, uint32_t options);

int __wrap_pcre2_jit_compile_8(pcre2_code *code, uint32_t options)
{
	if (has_jit)
		return __real_pcre2_jit_compile_8(code, options);
	refused++;
	return PCRE2_ERROR_NOMEMORY;
}

static struct pmill_pretokenizer *make_with(bool jit, const char *pattern, const char *scanner)
{
	has_jit = jit;
	struct pmill_pretokenizer *pretokenizer = make(pattern, scanner);
	has_jit = true;
	return pretokenizer;
}

/* At the end of a text and, where the pattern allows it, as far as more may follow. */
static void check_alike(const char *pattern, const char *scanner, const uint8_t *text, size_t len)
{
	struct pmill_pretokenizer *fast = make_with(true, pattern, scanner);
	struct pmill_pretokenizer *slow = make_with(false, pattern, scanner);
	for (int is_final = !pmill_pretokenizer_is_local(fast); is_final < 2; is_final++) {
		struct pmill_pretoken_cursor a = {.pretokenizer = fast}, b = {.pretokenizer = slow};
		size_t ends[64], other[64], count, other_count;
		assert_int_equal(pmill_pretoken_cursor_start(&a, text, len, is_final, NULL), PMILL_OK);
		assert_int_equal(pmill_pretoken_cursor_start(&b, text, len, is_final, NULL), PMILL_OK);
		do {
			assert_int_equal(pmill_pretoken_cursor_next(&a, ends, 64, &count, NULL), PMILL_OK);
			has_jit = false;
			assert_int_equal(
				pmill_pretoken_cursor_next(&b, other, 64, &other_count, NULL), PMILL_OK);
			has_jit = true;
			assert_int_equal(count, other_count);
			assert_memory_equal(ends, other, count * sizeof *ends);
		} while (count > 0);
		pmill_pretoken_cursor_release(&a);
		pmill_pretoken_cursor_release(&b);
	}
	pmill_pretokenizer_free(fast);
	pmill_pretokenizer_free(slow);
}

static void test_same_cuts(void **state)
{
	(void)state;
	static const char *const patterns[][2] = {{"gpt2", "regex"}, {"o200k", "regex"},
		{"[a-z]+|\\s+(?!\\S)", NULL}, {"(?:(a)|b)+", NULL}, {"(?=x)", NULL}, {"\\p{Lu}", NULL}};
	static const char *const pieces[] = {
		"a", "b", "x", " ", "\n", "'s", "12", "\xC3\x89", "\xC3", "\xFF", "\xE2\x82\xAC", "..."};
	enum { LEN = 3000 };
	uint8_t text[LEN];
	uint64_t seed = 5;
	size_t len = 0;
	while (len + 3 <= LEN) {
		const char *piece = pieces[random_below(&seed, sizeof pieces / sizeof *pieces)];
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		refused = 0;
		check_alike(patterns[i][0], patterns[i][1], text, len);
		assert_true(refused > 0);
		check_alike(patterns[i][0], patterns[i][1], text, 0);
	}
}

/* The code with callouts, which the last steps are left to, has no JIT either. */
static void test_same_limits(void **state)
{
	(void)state;
	static const char text[] = "b aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct pmill_pretokenizer *pretokenizer = make_with(false, "(?:(a+)+$)|[b ]", NULL);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	pmill_error error = {0};
	size_t ends[8], count = 7;
	has_jit = false;
	assert_int_equal(
		pmill_pretoken_cursor_start(&cursor, (const uint8_t *)text, strlen(text), true, &error),
		PMILL_OK);
	assert_int_equal(pmill_pretoken_cursor_next(&cursor, ends, 8, &count, &error), PMILL_BAD_INPUT);
	has_jit = true;
	assert_non_null(strstr(error.message, "match limit exceeded. It backtracks too far"));
	assert_int_equal(error.offset, 2);
	assert_int_equal(count, 7);
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(test_same_cuts),
		cmocka_unit_test(test_same_limits),
#endif
	};
	return cmocka_run_group_tests(tests, open_guard, close_guard);
}
