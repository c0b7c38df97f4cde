/* Hand-written pretokens for every pattern and scanner; names, refusals, out of memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pretokenize/pattern.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/scanner_table.h"
#include "support/check_cuts.h"
#include "support/refuse_memory.h"

struct row {
	const char *pattern;
	const char *expected; /* the text, with bars between its pretokens */
};

static const struct row rows[] = {
	{"gpt2", ""},
	{"gpt2", "I|'ve| found| | 1234|!?|\n|\n|x|  "},
	{"gpt2", "it|'|S| it|'s"},
	{"gpt2", " '|s| ''|ll|'|l"},
	{"gpt2", "e|\xCC\x81|e| \xCC\x81"},
	{"gpt2", "\xFF\xFE|a|\xE2\x82|a|\xE2\x82"},
	{"gpt2", "a|\xE3\x80\x80|\xE3\x80\x80|b|\xC2\x85|b"},
	{"cl100k", "It|'S| |123|4| a|.b| ..\n\n| \n| | x|\n  "},
	{"cl100k", "a|\n  "},
	{"cl100k", "a|\n \n| | b|'\xC5\xBF|s"},
	{"cl100k", "\tab| \t\n\n|x"},
	{"cl100k-hf", "a|\n|  "},
	{"cl100k-hf", "\tab| \xCC\x81'|ll|'RE|'lx"},
	{"llama3", "x| |123|456|7|\r\n\r\n|  | y"},
	{"qwen2",
		"x| |1|2|3|.a|\xCC\x81"
		"a"},
	{"nanochat", "x| |12|3|!\n"},
	{"qwen3.5",
		"x| |1|2|.a\xCC\x81"
		"a| \xCC\x81|1|\xCC\x81|'s|\xCC\x81|'Re| !\n"},
	{"kimi",
		"\xE6\xBC\xA2\xE3\x80\x87|a|\xE6\xBC\xA2|1\xE3\x80\x87|!\xE2\xBA\x80|A's| |\xE6\xBC\xA2"},
	{"kimi", "!\n|/ab'LL| \xE2\xBA\x80|a|\xF0\x96\xBF\xB0|b"},
	{"deepseek-v3", "!a|\xC3\xA9|  |123|4|  | b| !\n|!!|a"},
	{"deepseek-v3",
		"a| |\xE6\xBC\xA2\xE3\x81\x8B|\xE3\x83\xBB|\xE3\x82\xBF| \xE3\x80\x82|b\xCC\x81"},
	{"deepseek-v3",
		"a|\x01\x02|\x03"
		"b|\x01|!|\xE3\x81\x80|\x01|1|\t\n| \t| x"},
	{"o200k", "Hello|World's"},
	{"o200k", "HELLOWorld's"},
	{"o200k", "!\n/\n/|a|//\n|a"},
	{"o200k", "AB\xC2\xAA|CD|!"},
	{"o200k", "\xCC\x81|AB| \xCC\x81|AB|!"},
	{"o200k",
		"AB\xC2\xAA"
		"CDe|.\xCC\x81"
		"a'T|x|'l|'l"},
	{"o200k", "AB'\xC5\xBF|s| |123|4"},
	{"none", "all of it, 'ts\n"},
};

static void check_rows(const char *scanner)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[200];
		size_t len = remove_bars(rows[i].expected, text);
		struct pmill_pretokenizer *pretokenizer = make(rows[i].pattern, scanner);
		struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
		check_cuts(&cursor, text, len, true, rows[i].expected);
		pmill_pretoken_cursor_release(&cursor);
		pmill_pretokenizer_free(pretokenizer);
	}
}

static void test_handwritten_pretokens(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_scanner_at(i) != NULL; i++) {
		const struct pmill_scanner *scanner = pmill_scanner_at(i);
		if (pmill_scanner_is_available(scanner))
			check_rows(scanner->name);
	}
	check_rows(NULL);
#if PMILL_HAVE_PCRE2
	check_rows("regex");
#endif
}

static const struct {
	const char *pattern, *text, *expected;
} open_rows[] = {
	{"gpt2", "a b", "a"},
	{"gpt2", "a  ", "a"},
	{"gpt2", "a'", "a"},
	{"gpt2", "a'l", "a"},
	{"gpt2", "a's", "a|'s"},
	{"gpt2", "a!\xF0\x9F\x98", "a"},
	{"gpt2", "a !b\xC3", "a| !"},
	{"gpt2", "", ""},
	{"gpt2", "\xE2\x82", ""},
	{"cl100k", "1234", "123"},
	{"cl100k", "123", "123"},
	{"cl100k", "a!\n", "a"},
	{"qwen2", "12", "1|2"},
	{"nanochat", "12", "12"},
	{"o200k", "Ab'", ""},
	{"o200k", "Ab's", "Ab's"},
	{"o200k",
		"AB\xC2\xAA"
		"CD",
		""},
	{"o200k",
		"AB\xC2\xAA"
		"CD!",
		"AB\xC2\xAA|CD"},
	{"o200k", "ab'\xC5", ""},
	{"o200k", "ab'\xC5\xE3\x80", "ab"},
	{"o200k", "ab'\xC5\xBF\xE3\x80", "ab'\xC5\xBF"},
	{"qwen3.5", "a\xCC\x81", ""},
	{"qwen3.5", "a\xCC\x81!\xCC\x81.", "a\xCC\x81|!\xCC\x81"},
	{"kimi", "\xE6\xBC\xA2", ""},
	{"kimi",
		"\xE6\xBC\xA2"
		"a",
		"\xE6\xBC\xA2"},
	{"deepseek-v3", "!", ""},
	{"deepseek-v3", "!a\xE6\xBC", ""},
	{"deepseek-v3", "a  1", "a|  "},
	{"deepseek-v3", "\x01\x01", ""},
	{"deepseek-v3", "\x01 \xE6\xBC\xA2", "\x01| "},
	{"none", "abc", ""},
};

static void check_open_rows(const char *scanner)
{
	for (size_t i = 0; i < sizeof open_rows / sizeof open_rows[0]; i++) {
		struct pmill_pretokenizer *pretokenizer = make(open_rows[i].pattern, scanner);
		struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
		const char *text = open_rows[i].text;
		check_cuts(&cursor, text, strlen(text), false, open_rows[i].expected);
		pmill_pretoken_cursor_release(&cursor);
		pmill_pretokenizer_free(pretokenizer);
	}
}

static void test_not_final(void **state)
{
	(void)state;
	check_open_rows(NULL);
	check_open_rows("scalar");
#if PMILL_HAVE_PCRE2
	check_open_rows("regex");
#endif
}

/* ---- Sure cuts ---- */

static size_t collect_ends(
	const struct pmill_pretokenizer *pretokenizer, const char *text, size_t len, size_t *ends)
{
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	const uint8_t *bytes = (const uint8_t *)text;
	size_t count;
	assert_int_equal(pmill_pretoken_cursor_start(&cursor, bytes, len, true, NULL), PMILL_OK);
	assert_int_equal(pmill_pretoken_cursor_next(&cursor, ends, 16, &count, NULL), PMILL_OK);
	assert_true(count < 16);
	pmill_pretoken_cursor_release(&cursor);
	return count;
}

/* Both sides of each sure cut, each alone, give the pretokens of the whole. Returns how many. */
static size_t check_sure_cuts(const struct pmill_pretokenizer *pretokenizer, const char *text)
{
	size_t len = strlen(text), whole[16], parts[32], cuts = 0;
	size_t count = collect_ends(pretokenizer, text, len, whole);
	for (size_t offset = 1; offset < len; offset++) {
		if (!pmill_pretokenizer_is_sure_cut(pretokenizer, (const uint8_t *)text, len, offset))
			continue;
		size_t left = collect_ends(pretokenizer, text, offset, parts);
		size_t right = collect_ends(pretokenizer, text + offset, len - offset, parts + left);
		for (size_t i = left; i < left + right; i++)
			parts[i] += offset;
		if (left + right != count || memcmp(parts, whole, count * sizeof *whole) != 0)
			fail_msg(
				"%s: \"%s\" cut at %zu", pmill_pretokenizer_pattern(pretokenizer), text, offset);
		cuts++;
	}
	return cuts;
}

/* Every pattern, so every row of rules, with all texts of four characters of all kinds. */
static void test_sure_cuts(void **state)
{
	(void)state;
	static const char *const kinds[] = {" ", "\n", "\xE3\x80\x80", "a", "A", "\xC2\xAA", "\xCC\x81",
		"1", "'", "s", "!", "/", "\xE3\x80\x82", "\xE6\xBC\xA2", "\xE3\x83\xBB", "\xE3\x80\x87",
		"\xE2\x80\x8B"};
	enum { KINDS = sizeof kinds / sizeof kinds[0], TEXTS = KINDS * KINDS * KINDS * KINDS };
	for (size_t row = 0; pmill_pattern_at(row) != NULL; row++) {
		const struct pmill_pattern *pattern = pmill_pattern_at(row);
		struct pmill_pretokenizer *pretokenizer = make(pattern->name, NULL);
		size_t cuts = 0;
		for (size_t number = 0; number < TEXTS; number++) {
			char text[16] = "";
			for (size_t rest = number + TEXTS; rest > 1; rest /= KINDS)
				strcat(text, kinds[rest % KINDS]);
			cuts += check_sure_cuts(pretokenizer, text);
		}
		bool is_uncut = pmill_pattern_rules[pattern->id].is_uncut;
		assert_true(is_uncut ? cuts == 0 : cuts > TEXTS);
		pmill_pretokenizer_free(pretokenizer);
	}
}

/* ---- Names ---- */

static void test_patterns(void **state)
{
	(void)state;
	static const char *const names[] = {"gpt2", "cl100k", "cl100k-hf", "o200k", "llama3", "qwen2",
		"qwen3.5", "nanochat", "kimi", "deepseek-v3", "none"};
	enum { COUNT = sizeof names / sizeof names[0] };
	for (size_t i = 0; i < COUNT; i++) {
		assert_string_equal(pmill_pattern_name(i), names[i]);
		const char *expression = pmill_pattern_expression(names[i]);
		const struct pmill_pattern *pattern = pmill_pattern_find(names[i]);
		assert_ptr_equal(pattern, pmill_pattern_at(i));
		if (strcmp(names[i], "none") == 0)
			assert_null(expression);
		else
			assert_int_equal(pmill_pattern_find(expression)->id, pattern->id);
	}
	assert_null(pmill_pattern_name(COUNT));
	bool is_named[PMILL_PATTERN_COUNT] = {false};
	for (size_t i = 0; i < COUNT; i++)
		is_named[pmill_pattern_at(i)->id] = true;
	for (size_t id = 0; id < PMILL_PATTERN_COUNT; id++)
		assert_true(is_named[id]);
	assert_null(pmill_pattern_at(SIZE_MAX));
	assert_null(pmill_pattern_find("[a-z]+"));
	assert_null(pmill_pattern_find(""));
}

static void test_steps(void **state)
{
	(void)state;
	const struct pmill_pattern *pattern = pmill_pattern_find("deepseek-v3");
	const char *steps[] = {pattern->steps[0], pattern->steps[1], pattern->steps[2], "a"};
	assert_null(pattern->steps[3]);
	assert_ptr_equal(pmill_pattern_find_steps(steps, 3), pattern);
	assert_ptr_equal(pmill_pattern_find_steps(pattern->other_steps, 3), pattern);
	assert_null(pmill_pattern_find_steps(steps, 4));
	assert_null(pmill_pattern_find_steps(steps, 2));
	assert_null(pmill_pattern_find_steps(steps + 1, 2));
	assert_null(pmill_pattern_find_steps(steps, 0));
	const char *expression = pmill_pattern_expression("qwen3.5");
	assert_ptr_equal(pmill_pattern_find_steps(&expression, 1), pmill_pattern_find("qwen3.5"));
}

static void test_spellings_of_names(void **state)
{
	(void)state;
	static const char *const spellings[][2] = {{"GPT2", "gpt2"}, {" gpt2 ", "gpt2"},
		{"gpt2\n", "gpt2"}, {"Qwen2", "qwen2"}, {"\tO200K", "o200k"}, {"CL100k-HF", "cl100k-hf"},
		{"Llama3", "llama3"}, {"NanoChat", "nanochat"}, {"none", "none"}};
	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		struct pmill_pretokenizer *pretokenizer = make(spellings[i][0], NULL);
		assert_string_equal(pmill_pretokenizer_pattern(pretokenizer), spellings[i][1]);
		assert_true(pmill_pattern_is_same(spellings[i][0], spellings[i][1]));
		pmill_pretokenizer_free(pretokenizer);
	}
	assert_null(pmill_pattern_find("g pt2"));
	assert_null(pmill_pattern_find("gpt2x"));
	assert_null(pmill_pattern_find("gpt"));
	assert_false(pmill_pattern_is_same("gpt2", "none"));
}

/* Names are those compiled in; some may be for other processors. */
static void test_scanner_names(void **state)
{
	(void)state;
	size_t count = 0, available = 0, compiled = 0;
	for (; pmill_scanner_name(count) != NULL; count++) {
		const char *name = pmill_scanner_name(count);
		struct pmill_pretokenizer *pretokenizer = NULL;
		pmill_error error;
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(pmill_scanner_name(i), name);
		if (pmill_pretokenizer_create("gpt2", NULL, name, &pretokenizer, &error) == PMILL_OK) {
			/* The default is the first that this processor has. */
			if (available++ == 0)
				assert_string_equal(name, pmill_scanner_find(NULL)->name);
		} else {
			assert_int_equal(error.status, PMILL_BAD_OPTION);
			assert_non_null(strstr(error.message, "this processor lacks the instructions"));
		}
		pmill_pretokenizer_free(pretokenizer);
	}
	size_t expected = PMILL_HAVE_PCRE2;
	for (; pmill_scanner_at(compiled) != NULL; compiled++)
		expected += pmill_scanner_is_available(pmill_scanner_at(compiled));
	assert_int_equal(available, expected);
	assert_int_equal(count, compiled + PMILL_HAVE_PCRE2);
	assert_null(pmill_scanner_name(SIZE_MAX));
}

static void test_getters(void **state)
{
	(void)state;
	struct pmill_pretokenizer *pretokenizer;
	assert_int_equal(pmill_pretokenizer_create(NULL, "15.1", NULL, &pretokenizer, NULL), PMILL_OK);
	assert_string_equal(pmill_pretokenizer_pattern(pretokenizer), "gpt2");
	assert_string_equal(pmill_pretokenizer_unicode(pretokenizer)->version, "15.1");
	assert_true(pmill_pretokenizer_is_local(pretokenizer));
	pmill_pretokenizer_free(pretokenizer);
	pmill_pretokenizer_free(NULL);
	pretokenizer = make(pmill_pattern_expression("llama3"), NULL);
	assert_string_equal(pmill_pretokenizer_pattern(pretokenizer), "cl100k-hf");
	pmill_pretokenizer_free(pretokenizer);
}

static void check_refused(const char *pattern, const char *unicode, const char *scanner,
	pmill_status status, const char *message)
{
	struct pmill_pretokenizer *pretokenizer = NULL;
	pmill_error error;
	assert_int_equal(
		pmill_pretokenizer_create(pattern, unicode, scanner, &pretokenizer, &error), status);
	assert_null(pretokenizer);
	assert_int_equal(error.status, status);
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("gpt2", "13.0", NULL, PMILL_BAD_OPTION,
		"unknown Unicode version \"13.0\" (known: 14.0, 15.0, 15.1, 16.0, 17.0)");
	check_refused("gpt2", NULL, "abacus", PMILL_BAD_OPTION, "unknown scanner \"abacus\" (known: ");
	check_refused(
		"gpt-2", NULL, NULL, PMILL_BAD_OPTION, "unknown pattern \"gpt-2\" (known: gpt2, cl100k,");
	static const char *const unknown[][2] = {{"qwen2.5", "qwen2"}, {"QWEN3", "qwen2"},
		{"gpt-2", "gpt2"}, {"gtp2", "gpt2"}, {"GPT-4", "cl100k"}, {" gpt-4o", "o200k"},
		{"cl100k_base", "cl100k"}, {"llama-3.1", "llama3"}, {"nanochat\xC3\xA9", "nanochat"}};
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		char hint[40];
		snprintf(hint, sizeof hint, "; did you mean \"%s\"?", unknown[i][1]);
		check_refused(unknown[i][0], NULL, NULL, PMILL_BAD_OPTION, hint);
	}
	static const char *const others[] = {"x", ".", "a.b", "a-z", "#", "completely different"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		char way_out[60];
		snprintf(way_out, sizeof way_out, "none) (as a regular expression, it is written (?:%s))",
			others[i]);
		check_refused(others[i], NULL, NULL, PMILL_BAD_OPTION, way_out);
	}
	static const char *const no_names[] = {"None", "NONE", "none ", " none", "null", "Null"};
	for (size_t i = 0; i < sizeof no_names / sizeof no_names[0]; i++)
		check_refused(no_names[i], NULL, NULL, PMILL_BAD_OPTION,
			"write none for no cutting, or leave --pattern out");
	check_refused("", NULL, NULL, PMILL_BAD_OPTION, "the pattern is empty");
	check_refused(" \n", NULL, NULL, PMILL_BAD_OPTION, "the pattern is empty");
	check_refused("[a]", NULL, "scalar", PMILL_BAD_OPTION, "runs known patterns only");
#if PMILL_HAVE_PCRE2
	check_refused("a(b", NULL, NULL, PMILL_BAD_OPTION, "at offset 3: missing closing parenthesis");
#else
	check_refused("a(b", NULL, NULL, PMILL_UNSUPPORTED, "PCRE2");
	check_refused("gpt2", NULL, "regex", PMILL_UNSUPPORTED, "PCRE2");
#endif
}

/* ---- Out of memory ---- */

static pmill_status cut_once(const char *pattern, const char *scanner)
{
	static const uint8_t text[] = "ab \xFF cd";
	struct pmill_pretokenizer *pretokenizer;
	pmill_status status = pmill_pretokenizer_create(pattern, NULL, scanner, &pretokenizer, NULL);
	if (status != PMILL_OK)
		return status;
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	status = pmill_pretoken_cursor_start(&cursor, text, sizeof text - 1, true, NULL);
	for (size_t count = 1, ends[4]; status == PMILL_OK && count > 0;)
		status = pmill_pretoken_cursor_next(&cursor, ends, 4, &count, NULL);
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
	return status;
}

/* Each of our allocations fails once. PCRE2's are not wrapped. */
static void check_out_of_memory(const char *pattern, const char *scanner, long least)
{
	pmill_status status = PMILL_NO_MEMORY;
	long allocations = 0;
	for (; status == PMILL_NO_MEMORY; allocations++) {
		allocations_left = allocations;
		status = cut_once(pattern, scanner);
		allocations_left = -1;
	}
	assert_int_equal(status, PMILL_OK);
	assert_true(allocations > least);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	check_out_of_memory("gpt2", "scalar", 1);
#if PMILL_HAVE_PCRE2
	check_out_of_memory("o200k", "regex", 5);
	check_out_of_memory("[a-z]+", NULL, 4);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handwritten_pretokens),
		cmocka_unit_test(test_not_final),
		cmocka_unit_test(test_sure_cuts),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_spellings_of_names),
		cmocka_unit_test(test_scanner_names),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, open_guard, close_guard);
}
