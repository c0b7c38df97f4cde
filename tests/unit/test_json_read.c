/* JSON as a tree: random trees against jansson, what is refused and where, no memory, locales. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>

#include "notation/json_read.h"
#include "support/random.h"
#include "support/refuse_memory.h"

/* ---- A locale, whether or not the system has it ---- */

static const char *decimal_point = ".";

struct lconv *__wrap_localeconv(void);
double __real_strtod(const char *text, char **end);
double __wrap_strtod(const char *text, char **end);

struct lconv *__wrap_localeconv(void)
{
	static struct lconv locale;
	locale.decimal_point = (char *)decimal_point;
	return &locale;
}

/* Knows no other point than the locale's. */
double __wrap_strtod(const char *text, char **end)
{
	char plain[100];
	const char *point = strstr(text, decimal_point);
	assert_true(strcmp(decimal_point, ".") == 0 || strchr(text, '.') == NULL);
	if (point == NULL)
		return __real_strtod(text, end);
	snprintf(
		plain, sizeof plain, "%.*s.%s", (int)(point - text), text, point + strlen(decimal_point));
	return __real_strtod(plain, NULL);
}

/* ---- Random trees, written by jansson ---- */

static json_t *random_string(uint64_t *random)
{
	static const char *const parts[] = {"a", "\"", "\\", "\n", "\xC3\xA9", "\xE4\xB8\xAD",
		"\xF0\x9F\x98\x80", "\x7F", "\x01", "longer than a word", "/"};
	char text[200] = "";
	for (uint64_t i = random_below(random, 8); i > 0; i--)
		strcat(text, parts[random_below(random, sizeof parts / sizeof *parts)]);
	return json_string(text);
}

static json_t *random_scalar(uint64_t *random)
{
	switch (random_below(random, 6)) {
	case 0: return json_integer((json_int_t)next_random(random));
	case 1: return json_integer((json_int_t)random_below(random, 2000) - 1000);
	case 2:
		return json_real(
			(double)(int64_t)next_random(random) / (double)(1 + random_below(random, 999)));
	case 3: return json_null();
	case 4: return json_boolean(random_below(random, 2));
	default: return random_string(random);
	}
}

static json_t *random_tree(uint64_t *random, int depth)
{
	if (depth == 0 || random_below(random, 3) == 0)
		return random_scalar(random);
	const bool is_object = random_below(random, 2) == 0;
	json_t *tree = is_object ? json_object() : json_array();
	for (uint64_t i = random_below(random, 5); i > 0; i--) {
		json_t *value = random_tree(random, depth - 1);
		json_t *name = random_string(random);
		if (is_object)
			json_object_set_new(tree, json_string_value(name), value);
		else
			json_array_append_new(tree, value);
		json_decref(name);
	}
	return tree;
}

static void test_random_trees(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int i = 0; i < 3000; i++) {
		json_t *tree = random_tree(&random, 6), *back = NULL;
		const size_t flags = JSON_ENCODE_ANY | (i % 2 == 0 ? JSON_ENSURE_ASCII : 0) |
			(i % 3 == 0 ? JSON_INDENT(3) : JSON_COMPACT);
		char *text = json_dumps(tree, flags);
		pmill_error error;
		const pmill_status status = pmill_json_read(text, strlen(text), 0, &back, &error);
		if (status != PMILL_OK)
			fail_msg("%s: %s", text, error.message);
		assert_true(json_equal(tree, back));
		json_decref(back);
		json_decref(tree);
		free(text);
	}
}

/* ---- What is refused ---- */

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t offset;
		const char *message;
	} rows[] = {
		{"", 0, "line 1: not valid JSON: a value expected, but the file ends"},
		{"{\"a\": 1,\n}", 9, "line 2: not valid JSON: a name in quotes expected"},
		{"[1,\n\n2 3]", 7, "line 3: not valid JSON: ',' or ']' expected"},
		{"{\"a\" 1}", 5, "line 1: not valid JSON: ':' expected"},
		{"[\"a\n\"]", 3, "unescaped control character (0x0a) in a string"},
		{"[\"\\x\"]", 3, "an escape such as \\n expected"},
		{"[\"\\u12g4\"]", 6, "a hexadecimal digit expected"},
		{"[\"ab\\ud83dx\"]", 4, "\\uD83D is half of a surrogate pair"},
		{"[\"ab\\udc00\"]", 4, "\\uDC00 is half of a surrogate pair"},
		{"[\"\xC3\xA9 123456789 \xC3\"]", 15, "invalid UTF-8 (0xc3)"},
		{"[\"a\\u0000\"]", 3, "\\u0000 is not allowed here"},
		{"{\"a\\u0000\": 1}", 3, "\\u0000 is not allowed here"},
		{"[1, 01]", 5, "',' or ']' expected"},
		{"[-]", 2, "a digit expected"},
		{"[1.]", 3, "a digit expected"},
		{"[NaN]", 1, "a value expected"},
		{"[tru", 1, "a value expected"},
		{"[] []", 3, "the end of the file expected"},
		{"[9223372036854775808]", 1, "an integer that doesn't fit 64 bits"},
		{"[-9223372036854775809]", 1, "an integer that doesn't fit 64 bits"},
		{"[-1e999]", 1, "a number that doesn't fit a double"},
		{"{\"a\": 1, \"\\u0061\": 2}", 9, "duplicate name in an object"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *value = NULL;
		pmill_error error = {0};
		const size_t len = strlen(rows[i].text);
		assert_int_equal(
			pmill_json_read(rows[i].text, len, PMILL_JSON_NO_NUL, &value, &error), PMILL_BAD_INPUT);
		if (error.offset != rows[i].offset || strstr(error.message, rows[i].message) == NULL)
			fail_msg("%s: byte %zu: %s", rows[i].text, (size_t)error.offset, error.message);
		assert_int_equal(
			pmill_json_read(rows[i].text, len, PMILL_JSON_NO_NUL, &value, NULL), PMILL_BAD_INPUT);
	}
}

static void test_nul(void **state)
{
	(void)state;
	json_t *value = NULL;
	assert_int_equal(pmill_json_read("\"a\\u0000b\"", 10, 0, &value, NULL), PMILL_OK);
	assert_int_equal(json_string_length(value), 3);
	assert_memory_equal(json_string_value(value), "a\0b", 4);
	json_decref(value);
	assert_int_equal(pmill_json_read("{\"a\\u0000\":1}", 13, 0, &value, NULL), PMILL_BAD_INPUT);
}

static void test_extreme_numbers(void **state)
{
	(void)state;
	static const char text[] = "[-9223372036854775808, 9223372036854775807, -0, 1e-400, "
							   "1.7976931348623157e308, 0.1]";
	json_t *value = NULL;
	assert_int_equal(pmill_json_read(text, strlen(text), 0, &value, NULL), PMILL_OK);
	assert_true(json_integer_value(json_array_get(value, 0)) == INT64_MIN);
	assert_true(json_integer_value(json_array_get(value, 1)) == INT64_MAX);
	assert_true(json_integer_value(json_array_get(value, 2)) == 0);
	assert_true(json_real_value(json_array_get(value, 3)) == 0);
	assert_true(json_real_value(json_array_get(value, 4)) == 1.7976931348623157e308);
	assert_true(json_real_value(json_array_get(value, 5)) == 0.1);
	json_decref(value);
}

/* ---- Depth, memory, locales ---- */

static void test_depth(void **state)
{
	(void)state;
	for (size_t depth = PMILL_JSON_DEPTH - 1; depth <= PMILL_JSON_DEPTH + 1; depth++) {
		char text[2 * PMILL_JSON_DEPTH + 3];
		memset(text, '[', depth);
		text[depth] = '1';
		memset(text + depth + 1, ']', depth);
		json_t *value = NULL;
		pmill_error error = {0};
		const pmill_status status = pmill_json_read(text, 2 * depth + 1, 0, &value, &error);
		assert_int_equal(status, depth <= PMILL_JSON_DEPTH ? PMILL_OK : PMILL_BAD_INPUT);
		if (status != PMILL_OK)
			assert_int_equal(error.offset, PMILL_JSON_DEPTH);
		else
			json_decref(value);
	}
}

static void *refusing_malloc(size_t size)
{
	return malloc(size);
}

/* jansson's allocations too are refused, one by one: no wrong value, and no other error. */
static void test_no_memory(void **state)
{
	(void)state;
	static const char text[] =
		"{\"a\": [1, -2, 3.5, [], {}, null], \"long\\u0020name\": \"\\\"text\\\" that is escaped\","
		" \"b\": {\"c\": \"a string of some length\", \"d\": true, \"e\": 0, \"f\": 0, \"g\": 0,"
		" \"h\": 0, \"i\": 0, \"j\": 0, \"k\": 0}, \"list\": [1,2,3,4,5,6,7,8,9,10,11,12]}";
	json_t *expected = json_loads(text, 0, NULL);
	json_malloc_t old_malloc;
	json_free_t old_free;
	json_get_alloc_funcs(&old_malloc, &old_free);
	json_set_alloc_funcs(refusing_malloc, free);
	size_t refusals = 0;
	for (long k = 0;; k++) {
		json_t *value = NULL;
		pmill_error error = {0};
		allocations_left = k;
		const pmill_status status = pmill_json_read(text, strlen(text), 0, &value, &error);
		const bool refused = was_refused();
		assert_int_equal(status, refused ? PMILL_NO_MEMORY : PMILL_OK);
		if (status == PMILL_OK) {
			assert_true(json_equal(value, expected));
			json_decref(value);
			break;
		}
		assert_null(value);
		refusals++;
	}
	assert_true(refusals > 40);
	json_set_alloc_funcs(old_malloc, old_free);
	json_decref(expected);
}

static void test_decimal_point(void **state)
{
	(void)state;
	static const char *const texts[] = {"1.25", "-0.5e1", "3e2"};
	static const double numbers[] = {1.25, -5, 300};
	decimal_point = "\xD9\xAB"; /* of Pashto: two bytes */
	for (size_t i = 0; i < 3; i++) {
		json_t *value = NULL;
		assert_int_equal(pmill_json_read(texts[i], strlen(texts[i]), 0, &value, NULL), PMILL_OK);
		assert_true(json_real_value(value) == numbers[i]);
		json_decref(value);
	}
	decimal_point = ".";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_extreme_numbers),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_decimal_point),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
