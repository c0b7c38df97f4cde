/* The field of a JSON line: values, escapes, and everything that RFC 8259 forbids. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "corpus/json_line.h"
#include "unicode/json_lexer.h"

/* Copies the line to an allocation of its exact size, so that reads past the end are detected. */
static pmill_status read_field(
	const char *line, size_t len, const char *field, struct pmill_buffer *text, pmill_error *error)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, line, len);
	pmill_status status = pmill_json_line_field(exact, len, field, strlen(field), text, error);
	free(exact);
	return status;
}

static void check_value(const char *line, const char *value, size_t value_len)
{
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	assert_true(pmill_buffer_append_text(&text, "before"));
	if (read_field(line, strlen(line), "text", &text, &error) != PMILL_OK) {
		print_error("%s: %s\n", line, error.message);
		fail();
	}
	assert_int_equal(text.len, 6 + value_len);
	assert_memory_equal(text.data, "before", 6);
	assert_memory_equal(text.data + 6, value, value_len);
	pmill_buffer_release(&text);
}

#define CHECK_VALUE(line, value) check_value(line, value, sizeof(value) - 1)

static void test_values(void **state)
{
	(void)state;
	CHECK_VALUE("{\"text\":\"abc\"}", "abc");
	CHECK_VALUE("{\"text\":\"\"}", "");
	CHECK_VALUE(" \t\r\n{ \"text\" :\t\"abc\" } \r\n", "abc");
	CHECK_VALUE(
		"{\"a\":1,\"text\":\"abc\",\"b\":[{},[],{\"text\":\"no\"},[1,[2,3],-0.5e+3]]}", "abc");
	CHECK_VALUE("{\"x\":{\"text\":\"inner\",\"y\":{\"z\":null}},\"text\":\"outer\"}", "outer");
	CHECK_VALUE("{\"text\":\"first\",\"text\":\"last\"}", "last");
	CHECK_VALUE("{\"text\":17,\"te\\u0078t\":\"last\"}", "last");
	CHECK_VALUE("{\"te\\u0078\":\"short\",\"te\\u0078tt\":\"long\",\"text\":\"right\"}", "right");
	CHECK_VALUE(
		"{\"a\":0,\"b\":-0,\"c\":1e5,\"d\":0.25E-7,\"e\":true,\"f\":false,\"text\":\"x\"}", "x");
	CHECK_VALUE("{\"\":\"empty name\",\"text\":\"x\"}", "x");
	CHECK_VALUE("{\"text\":\"\xEF\xBB\xBF\x7F and 16 plain bytes, more than one step\"}",
		"\xEF\xBB\xBF\x7F and 16 plain bytes, more than one step");
}

static void test_escapes(void **state)
{
	(void)state;
	CHECK_VALUE("{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t");
	CHECK_VALUE("{\"text\":\"\\u0000\\u001f\\u007f\"}", "\0\x1F\x7F");
	CHECK_VALUE("{\"text\":\"\\u00e9\\u00E9\\u4e2D\"}", "\xC3\xA9\xC3\xA9\xE4\xB8\xAD");
	CHECK_VALUE("{\"text\":\"\\ud83d\\ude00\"}", "\xF0\x9F\x98\x80");
	CHECK_VALUE("{\"text\":\"\\udbff\\udfff\"}", "\xF4\x8F\xBF\xBF");
	CHECK_VALUE("{\"text\":\"\\uffff\"}", "\xEF\xBF\xBF");
}

#define REPLACEMENT "\xEF\xBF\xBD"

static void test_lone_surrogates(void **state)
{
	(void)state;
	CHECK_VALUE("{\"text\":\"\\ud83d\"}", REPLACEMENT);
	CHECK_VALUE("{\"text\":\"\\ude00\"}", REPLACEMENT);
	CHECK_VALUE("{\"text\":\"\\ud83dx\"}", REPLACEMENT "x");
	CHECK_VALUE("{\"text\":\"\\ud83d\\n\"}", REPLACEMENT "\n");
	CHECK_VALUE("{\"text\":\"\\ud83d\\u0041\"}", REPLACEMENT "A");
	CHECK_VALUE("{\"text\":\"\\ude00\\ud83d\"}", REPLACEMENT REPLACEMENT);
	CHECK_VALUE("{\"text\":\"\\ud83d\\ud83d\\ude00\"}", REPLACEMENT "\xF0\x9F\x98\x80");
}

static void test_invalid_utf8_is_kept(void **state)
{
	(void)state;
	CHECK_VALUE("{\"text\":\"\xFF\x80 \xC0\xAF \xED\xA0\x80\"}", "\xFF\x80 \xC0\xAF \xED\xA0\x80");
}

static void check_refused(const char *line, size_t len, size_t offset, const char *message)
{
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	pmill_status status = read_field(line, len, "text", &text, &error);
	if (status != PMILL_BAD_INPUT || error.offset != offset ||
		strstr(error.message, message) == NULL) {
		print_error("%s: status %d, byte %llu: %s\n", line, (int)status,
			(unsigned long long)error.offset, error.message);
		fail();
	}
	assert_int_equal(text.len, 0);
	pmill_buffer_release(&text);
}

static void test_refused_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		size_t offset;
		const char *message;
	} cases[] = {
		{"", 0, "a JSON object expected, but the line ends"},
		{"[]", 0, "a JSON object expected"},
		{"\"text\"", 0, "a JSON object expected"},
		{"\xEF\xBB\xBF{\"text\":\"\"}", 0, "a JSON object expected"},
		{"{}", 0, "the field \"text\" is missing"},
		{"{\"Text\":\"\"}", 0, "the field \"text\" is missing"},
		{"{\"tex\":\"\"}", 0, "the field \"text\" is missing"},
		{"{\"a\":{\"text\":\"\"}}", 0, "the field \"text\" is missing"},
		{"{\"text\": 17}", 9, "the field \"text\" is not a string"},
		{"{\"text\":\"\",\"text\":null}", 18, "the field \"text\" is not a string"},
		{"{\"text\":[\"a\"]}", 8, "the field \"text\" is not a string"},
		{"{", 1, "a name in quotes expected, but the line ends"},
		{"{text:\"\"}", 1, "a name in quotes expected"},
		{"{'text':\"\"}", 1, "a name in quotes expected"},
		{"{\"text\"}", 7, "':' expected"},
		{"{\"text\":}", 8, "a value expected"},
		{"{\"text\":\"\",}", 11, "a name in quotes expected"},
		{"{\"text\":\"\" \"b\":1}", 11, "',' or '}' expected"},
		{"{\"text\":\"\"]", 10, "',' or '}' expected"},
		{"{\"text\":\"\"}}", 11, "the end of the line expected"},
		{"{\"text\":\"\"} x", 12, "the end of the line expected"},
		{"{\"text\":\"\"", 10, "',' or '}' expected, but the line ends"},
		{"{\"text\":\"abc", 12, "the string's closing quote expected, but the line ends"},
		{"{\"text\":\"abc\\", 13, "an escape such as \\n expected, but the line ends"},
		{"{\"text\":\"\\x\"}", 10, "an escape such as \\n expected"},
		{"{\"text\":\"\\u12\"}", 13, "a hexadecimal digit expected"},
		{"{\"text\":\"\\u12G4\"}", 13, "a hexadecimal digit expected"},
		{"{\"text\":\"\\u12", 13, "a hexadecimal digit expected, but the line ends"},
		{"{\"text\":\"a\tb\"}", 10, "unescaped control character (0x09)"},
		{"{\"text\":\"a\nb\"}", 10, "unescaped control character (0x0a)"},
		{"{\"text\":\"twelve bytes\x1F\"}", 21, "unescaped control character (0x1f)"},
		{"{\"a\":01,\"text\":\"\"}", 6, "',' or '}' expected"},
		{"{\"a\":-,\"text\":\"\"}", 6, "a digit expected"},
		{"{\"a\":1.,\"text\":\"\"}", 7, "a digit expected"},
		{"{\"a\":.5,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":1e,\"text\":\"\"}", 7, "a digit expected"},
		{"{\"a\":1e+,\"text\":\"\"}", 8, "a digit expected"},
		{"{\"a\":+1,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":0x1,\"text\":\"\"}", 6, "',' or '}' expected"},
		{"{\"a\":nan,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":NaNN,\"text\":\"\"}", 8, "',' or '}' expected"},
		{"{\"a\":-NaN,\"text\":\"\"}", 6, "a digit expected"},
		{"{\"a\":+Infinity,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":--Infinity,\"text\":\"\"}", 6, "a digit expected"},
		{"{\"a\":Inf,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":1NaN,\"text\":\"\"}", 6, "',' or '}' expected"},
		{"{NaN:1,\"text\":\"\"}", 1, "a name in quotes expected"},
		{"{\"text\":NaN}", 8, "the field \"text\" is NaN, not a string"},
		{"{\"text\": Infinity}", 9, "the field \"text\" is Infinity, not a string"},
		{"{\"text\":-Infinity}", 8, "the field \"text\" is -Infinity, not a string"},
		{"{\"text\":\"\",\"text\":NaN}", 18, "the field \"text\" is NaN, not a string"},
		{"{\"text\":-1}", 8, "the field \"text\" is not a string"},
		{"{\"a\":True,\"text\":\"\"}", 5, "a value expected"},
		{"{\"a\":tru", 5, "a value expected"},
		{"{\"a\":nullx,\"text\":\"\"}", 9, "',' or '}' expected"},
		{"{\"a\":[1,],\"text\":\"\"}", 8, "a value expected"},
		{"{\"a\":[1 2],\"text\":\"\"}", 8, "',' or ']' expected"},
		{"{\"a\":[1},\"text\":\"\"}", 7, "',' or ']' expected"},
		{"{\"a\":{\"b\"},\"text\":\"\"}", 9, "':' expected"},
		{"{\"a\":{\"b\":1,},\"text\":\"\"}", 12, "a name in quotes expected"},
		{"{\"a\":[[[,\"text\":\"\"}", 8, "a value expected"},
		{"{\"text\":\"\"}\f", 11, "the end of the line expected"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_refused(cases[i].line, strlen(cases[i].line), cases[i].offset, cases[i].message);
	check_refused("{\"text\":\"a\0b\"}", 14, 10, "unescaped control character (0x00)");
	check_refused("{\"text\":\"\"}\0", 12, 11, "the end of the line expected");
}

/* Every truncation of a valid line is refused without reading past its end. */
static void test_truncated_lines(void **state)
{
	(void)state;
	static const char line[] =
		"{\"a\":[{\"b\":-1.5e+7},true,[null]],\"text\":\"x\\ud83d\\ude00\\n and more\"}";
	for (size_t len = 0; len < sizeof line - 1; len++) {
		struct pmill_buffer text = {0};
		assert_int_equal(read_field(line, len, "text", &text, NULL), PMILL_BAD_INPUT);
		assert_int_equal(text.len, 0);
		pmill_buffer_release(&text);
	}
	CHECK_VALUE(line, "x\xF0\x9F\x98\x80\n and more");
}

/* {"a": [[[...]]], "text": "deep"} with `depth` brackets or braces. */
static void append_nested(struct pmill_buffer *line, size_t depth, bool is_object)
{
	assert_true(pmill_buffer_append_text(line, "{\"a\":"));
	for (size_t i = 0; i < depth; i++)
		assert_true(pmill_buffer_append_text(line, is_object ? "{\"b\":" : "["));
	assert_true(pmill_buffer_append_text(line, "1"));
	for (size_t i = 0; i < depth; i++)
		assert_true(pmill_buffer_append_text(line, is_object ? "}" : "]"));
	assert_true(pmill_buffer_append_text(line, ",\"text\":\"deep\"}"));
}

static void test_depth(void **state)
{
	(void)state;
	for (int is_object = 0; is_object < 2; is_object++)
		for (size_t depth = PMILL_JSON_DEPTH - 3; depth < PMILL_JSON_DEPTH + 2; depth++) {
			struct pmill_buffer line = {0}, text = {0};
			pmill_error error;
			append_nested(&line, depth, is_object);
			pmill_status status = read_field(
				(const char *)line.data, line.len, "text", &text, &error);
			bool fits = depth + 1 <= PMILL_JSON_DEPTH;
			assert_int_equal(status, fits ? PMILL_OK : PMILL_BAD_INPUT);
			assert_int_equal(text.len, fits ? 4 : 0);
			pmill_buffer_release(&line);
			pmill_buffer_release(&text);
		}
}

/* The byte that ends a run of plain ones, at each of the eight positions read at once. */
static void test_stops_at_every_position(void **state)
{
	(void)state;
	for (size_t plain = 0; plain < 40; plain++) {
		char line[100], value[100];
		char letters[41] = "";
		memset(letters, 0xE9, plain);
		letters[plain] = '\0';
		snprintf(line, sizeof line, "{\"text\":\"%s\"}", letters);
		check_value(line, letters, plain);
		snprintf(line, sizeof line, "{\"text\":\"%s\\n%s\"}", letters, letters);
		snprintf(value, sizeof value, "%s\n%s", letters, letters);
		check_value(line, value, 2 * plain + 1);
		snprintf(line, sizeof line, "{\"text\":\"%s\x01%s\"}", letters, letters);
		check_refused(line, strlen(line), 9 + plain, "unescaped control character (0x01)");
	}
}

static void test_other_fields(void **state)
{
	(void)state;
	struct pmill_buffer text = {0};
	static const char line[] = "{\"\":\"empty\",\"\\u00e9\":\"accent\",\"\\ud83d\":\"lone\"}";
	assert_int_equal(read_field(line, sizeof line - 1, "", &text, NULL), PMILL_OK);
	assert_int_equal(read_field(line, sizeof line - 1, "\xC3\xA9", &text, NULL), PMILL_OK);
	assert_int_equal(read_field(line, sizeof line - 1, REPLACEMENT, &text, NULL), PMILL_OK);
	assert_int_equal(text.len, 15);
	assert_memory_equal(text.data, "emptyaccentlone", 15);
	pmill_buffer_release(&text);
}

/* As Python's json.dumps writes them. */
static void test_numbers_that_are_not_json(void **state)
{
	(void)state;
	CHECK_VALUE("{\"a\":NaN,\"b\":[Infinity,-Infinity,{\"c\":NaN}],\"text\":\"x\"}", "x");
	CHECK_VALUE("{\"text\":NaN,\"text\":\"NaN\"}", "NaN");
}

static void check_field(const char *line, const char *field, const char *value)
{
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	if (read_field(line, strlen(line), field, &text, &error) != PMILL_OK) {
		print_error("%s: %s: %s\n", line, field, error.message);
		fail();
	}
	assert_int_equal(text.len, strlen(value));
	assert_memory_equal(text.data, value, text.len);
	pmill_buffer_release(&text);
}

static void test_fields_within_objects(void **state)
{
	(void)state;
	check_field("{\"a\":{\"b\":\"x\"}}", "a.b", "x");
	check_field("{\"z\":[1],\"a\":{\"b\":1,\"b\":\"x\"},\"y\":{\"b\":2}}", "a.b", "x");
	check_field("{\"a\":{\"b\":{\"c\":{\"d\":\"x\"},\"d\":0}},\"c\":1}", "a.b.c.d", "x");
	check_field("{\"\\u0061\":{\"\\u0062\":\"x\"}}", "a.b", "x");
	/* A name with dots wins, wherever it stands. */
	check_field("{\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}", "a.b", "x");
	check_field("{\"a\":{\"b\":\"y\"},\"a.b\":\"x\"}", "a.b", "x");
	check_field("{\"a\":{\"b\":{\"c\":\"z\"},\"b.c\":\"x\"}}", "a.b.c", "x");
	check_field("{\"a.b\":{\"c\":\"x\"},\"a\":{\"b.c\":\"y\"}}", "a.b.c", "x");
	/* The last of equal names counts, at each level. */
	check_field("{\"a\":{\"b\":\"y\"},\"a\":{\"b\":\"x\"}}", "a.b", "x");
	check_field("{\"a\":17,\"a\":{\"b\":\"x\"}}", "a.b", "x");
	/* Names may be empty, or dots. */
	check_field("{\"\":{\"\":\"x\"}}", ".", "x");
	check_field("{\"a\":{\"\":{\"b\":\"x\"}}}", "a..b", "x");
	check_field("{\".\":\"x\",\"\":{\"\":\"y\"}}", ".", "x");
	check_field("{\"a\":{\"\":\"x\"}}", "a.", "x");
}

static void check_field_refused(
	const char *line, const char *field, size_t offset, const char *message)
{
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	assert_int_equal(read_field(line, strlen(line), field, &text, &error), PMILL_BAD_INPUT);
	assert_string_equal(error.message, message);
	assert_int_equal(error.offset, offset);
	assert_int_equal(text.len, 0);
	pmill_buffer_release(&text);
}

static void test_refused_fields_within_objects(void **state)
{
	(void)state;
	check_field_refused("{\"a\":{}}", "a.b", 5, "the field \"a.b\" is missing");
	check_field_refused("{\"b\":\"\"}", "a.b", 0, "the field \"a.b\" is missing");
	check_field_refused("{\"ab\":\"\"}", "a.b", 0, "the field \"a.b\" is missing");
	check_field_refused("{\"a\":{\"b\":\"\"}}", "a", 5, "the field \"a\" is not a string");
	check_field_refused("{\"a\":{\"b\":[]}}", "a.b", 10, "the field \"a.b\" is not a string");
	check_field_refused("{\"a\":{\"b\":NaN}}", "a.b", 10, "the field \"a.b\" is NaN, not a string");
	check_field_refused(
		"{\"a\":{\"b\":\"\"},\"a.b\":1}", "a.b", 20, "the field \"a.b\" is not a string");
	static const char no_object[] =
		"the field \"a.b\" is missing: what should hold it is not an object";
	check_field_refused("{\"a\":[{\"b\":\"\"}]}", "a.b", 5, no_object);
	check_field_refused("{\"a\":{\"b\":\"\"},\"a\":1}", "a.b", 18, no_object);
	check_field_refused("{\"a\":{\"b\":\"\"} x", "a.b", 14, "',' or '}' expected");
	check_field_refused("{\"a\":{\"b\":\"\",}}", "a.b", 13, "a name in quotes expected");
}

/* As deep as values may be: a level too many is refused before the field is looked for. */
static void test_deep_fields(void **state)
{
	(void)state;
	for (size_t depth = PMILL_JSON_DEPTH - 1; depth <= PMILL_JSON_DEPTH + 1; depth++) {
		struct pmill_buffer line = {0}, field = {0}, text = {0};
		for (size_t i = 0; i < depth; i++) {
			assert_true(pmill_buffer_append_text(&line, "{\"a\":"));
			assert_true(pmill_buffer_append_text(&field, i == 0 ? "a" : ".a"));
		}
		assert_true(pmill_buffer_append_text(&line, "\"x\""));
		for (size_t i = 0; i < depth; i++)
			assert_true(pmill_buffer_append_text(&line, "}"));
		assert_true(pmill_buffer_terminate(&field));
		pmill_status status = read_field(
			(char *)line.data, line.len, (char *)field.data, &text, NULL);
		assert_int_equal(status, depth <= PMILL_JSON_DEPTH ? PMILL_OK : PMILL_BAD_INPUT);
		assert_int_equal(text.len, depth <= PMILL_JSON_DEPTH ? 1 : 0);
		pmill_buffer_release(&line);
		pmill_buffer_release(&field);
		pmill_buffer_release(&text);
	}
}

static enum pmill_json_look look(const char *line, size_t len, bool is_cut, const char *field)
{
	return pmill_json_line_look((const uint8_t *)line, len, is_cut, field, strlen(field));
}

/* Of a line that goes on, what is there decides. */
static void test_looks_of_lines(void **state)
{
	(void)state;
	static const char line[] =
		" {\"a\" : [1, -2.5e7, true, null], \"b\":{\"text\":\"\\u00e9\\n\"}, \"text\": \"x\"} ";
	size_t len = sizeof line - 1, seen_at = (size_t)(strstr(line, ", \"text\"") - line) + 9;
	assert_int_equal(look(line, len, false, "text"), PMILL_JSON_OBJECT_WITH_FIELD);
	assert_int_equal(look(line, len, false, "b"), PMILL_JSON_OBJECT_WITH_FIELD);
	assert_int_equal(look(line, len, false, "c"), PMILL_JSON_OBJECT);
	assert_int_equal(look("{}", 2, false, ""), PMILL_JSON_OBJECT);
	for (size_t cut = 2; cut < len; cut++) {
		assert_int_equal(look(line, cut, true, "c"), PMILL_JSON_OBJECT);
		assert_int_equal(look(line, cut, true, "text"),
			cut < seen_at ? PMILL_JSON_OBJECT : PMILL_JSON_OBJECT_WITH_FIELD);
		assert_int_equal(look(line, cut, false, "text"),
			cut < len - 1 ? PMILL_JSON_OTHER : PMILL_JSON_OBJECT_WITH_FIELD);
	}
	static const char *const others[] = {"", "[1]", "text", "1", "{\"a\":1} x", "{,}"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(look(others[i], strlen(others[i]), false, "a"), PMILL_JSON_OTHER);
	assert_int_equal(look("{for (;;) wait_for_something();", 31, true, "a"), PMILL_JSON_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_lone_surrogates),
		cmocka_unit_test(test_invalid_utf8_is_kept),
		cmocka_unit_test(test_refused_lines),
		cmocka_unit_test(test_truncated_lines),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_stops_at_every_position),
		cmocka_unit_test(test_other_fields),
		cmocka_unit_test(test_numbers_that_are_not_json),
		cmocka_unit_test(test_fields_within_objects),
		cmocka_unit_test(test_refused_fields_within_objects),
		cmocka_unit_test(test_deep_fields),
		cmocka_unit_test(test_looks_of_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
