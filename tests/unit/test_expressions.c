/* Expressions as patterns: pretokens, matches that fail, windows, limits, the wish to stop. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pretokenize/pattern.h"
#include "pretokenize/pretokenizer.h"
#include "support/check_cuts.h"

#if PMILL_HAVE_PCRE2

/* ---- Expressions ---- */

static void test_expressions(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *expected;
	} expression_rows[] = {
		{"[a-z]+", "abc|12 |de|."},
		{"x*", "a|b|xx|c"},
		{"(?=[A-Z])", "ab|Cd|E|F"},
		{"[\xEF\xBF\xBD]", "a|\xFF|\x80|b\xE2\x82\xAC"},
		{"(?:b)", "\xE2\x82|b|\xE2\x82|b"},
		{"(?:.)", "a|\n|\xC3\xA9|\xC3"},
		{"(?:q)", "nothing at all\xFF"},
		{"a\\Kb", "xa|b|a|b"},
	};
	for (size_t i = 0; i < sizeof expression_rows / sizeof expression_rows[0]; i++) {
		char text[200];
		size_t len = remove_bars(expression_rows[i].expected, text);
		struct pmill_pretokenizer *pretokenizer = make(expression_rows[i].pattern, NULL);
		assert_false(pmill_pretokenizer_is_local(pretokenizer));
		assert_string_equal(pmill_pretokenizer_pattern(pretokenizer), expression_rows[i].pattern);
		struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
		check_cuts(&cursor, text, len, true, expression_rows[i].expected);
		check_cuts(&cursor, "", 0, true, "");
		check_cuts(&cursor, text, len, true, expression_rows[i].expected);
		pmill_pretoken_cursor_release(&cursor);
		pmill_pretokenizer_free(pretokenizer);
	}
}

static void check_match_fails(const char *pattern, const char *text, const char *message)
{
	struct pmill_pretokenizer *pretokenizer = make(pattern, NULL);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	pmill_error error = {0};
	size_t ends[8], count = 7;
	assert_int_equal(
		pmill_pretoken_cursor_start(&cursor, (const uint8_t *)text, strlen(text), true, &error),
		PMILL_OK);
	assert_int_equal(pmill_pretoken_cursor_next(&cursor, ends, 8, &count, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, message));
	assert_int_equal(error.offset, 0);
	assert_int_equal(count, 7);
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
}

static void test_matches_that_fail(void **state)
{
	(void)state;
	check_match_fails("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
		"match limit exceeded. It backtracks too far (a match may take 10000000 steps back");
	check_match_fails("(?(DEFINE)(?<k>bb\\K))a(?=(?&k))", "abb", "\\K moves a match out of order");
}

/* Returns the number of pretokens, or SIZE_MAX after an error, which is stored. */
static size_t count_pretokens(const char *pattern, const char *text, size_t len,
	struct pmill_match_watch *watch, pmill_error *error)
{
	struct pmill_pretokenizer *pretokenizer = make(pattern, NULL);
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	size_t ends[512], count = 1, all = 0, end = 0;
	pmill_pretoken_cursor_set_watch(&cursor, watch);
	pmill_status status = pmill_pretoken_cursor_start(
		&cursor, (const uint8_t *)text, len, true, error);
	while (status == PMILL_OK && count > 0) {
		status = pmill_pretoken_cursor_next(&cursor, ends, 512, &count, error);
		all += count;
		if (count > 0)
			end = ends[count - 1];
	}
	assert_true(status != PMILL_OK || end == len);
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
	return status == PMILL_OK ? all : SIZE_MAX;
}

/* A search that is cut into windows finds what one that isn't would; verbs (*...) prevent them. */
static void test_windows(void **state)
{
	(void)state;
	enum { LEN = 3000 };
	char text[LEN];
	static const char *const expressions[] = {
		"x", "x+", "(?<=x)b", "(?=x)", "\xC3\xA9", "$", "b*x"};
	for (size_t gap = 1; gap < LEN; gap += 1 + gap / 3) {
		for (size_t i = 0; i < LEN; i++)
			text[i] = i % gap == gap - 1 ? 'x' : 'b';
		for (size_t i = 1; i + 1 < LEN; i += gap / 2 + 2)
			memcpy(&text[i], "\xC3\xA9", 2);
		for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
			char own[40], whole[60];
			snprintf(own, sizeof own, "(?:%s)", expressions[i]);
			snprintf(whole, sizeof whole, "(*NO_START_OPT)(?:%s)", expressions[i]);
			assert_int_equal(count_pretokens(own, text, LEN, NULL, NULL),
				count_pretokens(whole, text, LEN, NULL, NULL));
		}
	}
	/* Where a search begins, and what ends it, must not change. */
	assert_int_equal(count_pretokens("\\Gb", text, 1, NULL, NULL), 1);
	memset(text, 'a', LEN);
	text[LEN - 1] = 'b';
	assert_int_equal(count_pretokens("\\Gb", text, LEN, NULL, NULL), 1);
	assert_int_equal(count_pretokens("a(*COMMIT)c|b", text, LEN, NULL, NULL), 1);
	assert_int_equal(count_pretokens("ac|b", text, LEN, NULL, NULL), 2);
}

/* Long matches take more steps than the first limit allows. */
static void test_limits_that_grow(void **state)
{
	(void)state;
	enum { LEN = 60000 };
	char *text = malloc(LEN);
	assert_non_null(text);
	for (size_t i = 0; i < LEN; i++)
		text[i] = "abc"[i % 3];
	assert_int_equal(count_pretokens("(?:(a)|b|c)+", text, LEN, NULL, NULL), 1);
	assert_int_equal(count_pretokens("(?:(a)|b|c)+d|abc", text, LEN, NULL, NULL), LEN / 3);
	free(text);
}

/* A match that can go back to each of so many steps needs more than the first 8 MB of stack. */
static void test_stack_that_grows(void **state)
{
	(void)state;
	enum { LEN = 1000000 };
	char *text = malloc(LEN);
	assert_non_null(text);
	for (size_t i = 0; i < LEN; i++)
		text[i] = "abc"[i % 3];
	assert_int_equal(count_pretokens("(?:(a)|b|c)+", text, LEN, NULL, NULL), 1);
	free(text);
}

static void *stop_when_slow(void *context)
{
	struct pmill_match_watch *watch = context;
	while (atomic_load(&watch->crawled_ns) == 0)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	atomic_store(&watch->is_stopped, true);
	return NULL;
}

/* Would run for hours: every search, and every attempt at one place. */
static void test_stop(void **state)
{
	(void)state;
	enum { LEN = 2000000 };
	static const char *const expressions[] = {"a+d|a", "a*a+[de]", "(*UTF)a*a+[de]"};
	char *text = malloc(LEN);
	assert_non_null(text);
	memset(text, 'a', LEN);
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		struct pmill_match_watch watch = {0};
		pmill_error error = {0};
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, stop_when_slow, &watch), 0);
		assert_int_equal(count_pretokens(expressions[i], text, LEN, &watch, &error), SIZE_MAX);
		assert_int_equal(error.status, PMILL_CANCELLED);
		pthread_join(thread, NULL);
		assert_int_equal(count_pretokens("[a]", text, 5, &watch, &error), SIZE_MAX);
	}
	free(text);
}

/* After ten seconds of a stage, if matching was slow in the last five. */
static void test_note(void **state)
{
	(void)state;
	const uint64_t second = 1000000000, now = pmill_clock_ns();
	struct pmill_match_watch watch = {0};
	struct pmill_progress_state progress = {.stage_began_ns = now - 11 * second};
	pmill_match_watch_note(&watch, &progress);
	assert_null(progress.note);
	atomic_store(&watch.crawled_ns, now);
	pmill_match_watch_note(&watch, &progress);
	assert_string_equal(progress.note, "the expression backtracks");
	progress.stage_began_ns = now - 8 * second;
	pmill_match_watch_note(&watch, &progress);
	assert_null(progress.note);
	progress.stage_began_ns = now - 20 * second;
	atomic_store(&watch.crawled_ns, now - 6 * second);
	pmill_match_watch_note(&watch, &progress);
	assert_null(progress.note);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_matches_that_fail),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_limits_that_grow),
		cmocka_unit_test(test_stack_that_grows),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_note),
#endif
	};
	return cmocka_run_group_tests(tests, open_guard, close_guard);
}
