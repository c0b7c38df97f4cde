/* Cutting in steps: a pattern's own steps, and models that drop the text between matches. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "encode/cutter.h"
#include "pretokenize/pattern.h"

#if PMILL_HAVE_PCRE2

static struct pmill_cutter *make(const struct pmill_cut_step *steps, size_t count)
{
	struct pmill_cutter *cutter;
	assert_int_equal(pmill_cutter_create(steps, count, NULL, NULL, &cutter, NULL), PMILL_OK);
	return cutter;
}

/* Writes the pretokens with bars between them. */
static pmill_status cut(const struct pmill_cutter *cutter, const char *text, char *pieces,
	size_t room, pmill_error *error)
{
	struct pmill_cut_cursor cursor = {.cutter = cutter};
	pmill_status status = pmill_cut_cursor_start(
		&cursor, (const uint8_t *)text, strlen(text), error);
	pmill_bytes piece = {NULL, 0};
	*pieces = '\0';
	do {
		if (status == PMILL_OK)
			status = pmill_cut_cursor_next(&cursor, &piece, error);
		const size_t len = strlen(pieces);
		if (status == PMILL_OK && piece.len > 0)
			snprintf(pieces + len, room - len, "%s%.*s", len > 0 ? "|" : "", (int)piece.len,
				(const char *)piece.data);
	} while (status == PMILL_OK && piece.len > 0);
	pmill_cut_cursor_release(&cursor);
	return status;
}

/* All texts of four characters of all kinds. */
static void test_steps_of_a_pattern(void **state)
{
	(void)state;
	static const char *const kinds[] = {" ", "\n", "a", "\xCC\x81", "1", "!", "\xE3\x80\x82",
		"\xE6\xBC\xA2", "\xE3\x83\xBB", "\xE3\x81\x80", "\x01", "\xFF"};
	enum { KINDS = sizeof kinds / sizeof kinds[0], TEXTS = KINDS * KINDS * KINDS * KINDS };
	const struct pmill_pattern *pattern = pmill_pattern_find("deepseek-v3");
	const struct pmill_cut_step one = {.pattern = pattern->name};
	struct pmill_cut_step steps[3];
	for (size_t i = 0; i < 3; i++)
		steps[i] = (struct pmill_cut_step){.pattern = pattern->steps[i]};
	struct pmill_cutter *by_name = make(&one, 1), *by_steps = make(steps, 3);
	for (size_t number = 0; number < TEXTS; number++) {
		char text[20] = "", wanted[40], got[40];
		for (size_t rest = number + TEXTS; rest > 1; rest /= KINDS)
			strcat(text, kinds[rest % KINDS]);
		assert_int_equal(cut(by_name, text, wanted, sizeof wanted, NULL), PMILL_OK);
		assert_int_equal(cut(by_steps, text, got, sizeof got, NULL), PMILL_OK);
		assert_string_equal(got, wanted);
	}
	pmill_cutter_free(by_name);
	pmill_cutter_free(by_steps);
}

static void test_gaps(void **state)
{
	(void)state;
	static const struct pmill_cut_step all = {.pattern = "\\d+|[a-z]+", .drops_gaps = true};
	static const struct pmill_cut_step known = {.pattern = "gpt2", .drops_gaps = true};
	static const struct pmill_cut_step kept = {.pattern = "\\d+"},
									   spaced = {.pattern = "gpt2", .adds_space = true};
	static const struct pmill_cut_step words = {.pattern = " ?[a-z]+", .drops_gaps = true};
	static const struct pmill_cut_step printed = {
		.pattern = "[a-z\xC3\xA9\xC2\xA9\xC3\x83]+", .drops_gaps = true, .on_printable = true};
	const struct {
		struct pmill_cut_step steps[2];
		size_t count;
		const char *text, *pieces;
		uint64_t offset; /* NO_OFFSET: no error */
	} rows[] = {
		{{all}, 1, "12ab3", "12|ab|3", PMILL_NO_OFFSET},
		{{all}, 1, "12ab 3", "", 4},
		{{all}, 1, "!", "", 0},
		{{all}, 1, "a\xFF", "", 1},
		{{all}, 1, "", "", PMILL_NO_OFFSET},
		{{known}, 1, "a !", "a| !", PMILL_NO_OFFSET},
		{{kept, all}, 2, "ab12c!", "ab|12", 5},
		{{spaced, words}, 2, "ab cd.", " ab| cd", 5},
		{{spaced, words}, 2, ".", "", 0},
		{{kept, printed}, 2, "1\xC3\xA9!", "", 0},
		{{printed}, 1, "a\xC3\xA9!", "", 3},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char pieces[100];
		pmill_error error = {.offset = PMILL_NO_OFFSET};
		struct pmill_cutter *cutter = make(rows[i].steps, rows[i].count);
		const pmill_status status = cut(cutter, rows[i].text, pieces, sizeof pieces, &error);
		pmill_cutter_free(cutter);
		const bool fails = rows[i].offset != PMILL_NO_OFFSET;
		assert_int_equal(status, fails ? PMILL_BAD_INPUT : PMILL_OK);
		assert_string_equal(pieces, rows[i].pieces);
		assert_int_equal(error.offset, rows[i].offset);
		if (fails)
			assert_non_null(strstr(error.message, "pre_tokenizer drops the text from here"));
	}
}

#else

static void test_nothing(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(test_steps_of_a_pattern),
		cmocka_unit_test(test_gaps),
#else
		cmocka_unit_test(test_nothing),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
