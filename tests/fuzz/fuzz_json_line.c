/* JSON lines: our verdict and value against jansson's. */
/* SPDX-License-Identifier: MIT */
/*
 * Intended differences: jansson refuses lone surrogate escapes and invalid UTF-8, which we keep;
 * numbers that fit no C type, whose value we don't need; and names with an escaped NUL. It drops a
 * raw NUL after a number, although JSON allows none. It refuses NaN and the infinities, so it gets
 * them as null.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus/documents.h"
#include "corpus/json_line.h"

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_json_line: %s\n", what);
		abort();
	}
}

static bool is_known_difference(const json_error_t *problem)
{
	enum json_error_code code = json_error_code(problem);
	return code == json_error_invalid_utf8 || code == json_error_numeric_overflow ||
		code == json_error_null_byte_in_key || strstr(problem->text, "invalid Unicode") != NULL;
}

/* Replaces NaN, Infinity and -Infinity outside of strings. */
static void replace_numbers(const uint8_t *data, size_t size, struct pmill_buffer *replaced)
{
	static const char *const numbers[] = {"NaN", "Infinity", "-Infinity"};
	bool is_in_string = false;
	for (size_t at = 0; at < size;) {
		size_t len = 1;
		const char *number = NULL;
		for (int i = 0; i < 3 && !is_in_string; i++)
			if (size - at >= strlen(numbers[i]) &&
				memcmp(data + at, numbers[i], strlen(numbers[i])) == 0)
				number = numbers[i];
		if (is_in_string && data[at] == '\\' && size - at > 1)
			len = 2;
		else if (data[at] == '"')
			is_in_string = !is_in_string;
		bool done = number != NULL ? pmill_buffer_append_text(replaced, "null")
								   : pmill_buffer_append(replaced, data + at, len);
		require(done, "out of memory");
		at += number != NULL ? strlen(number) : len;
	}
}

/* The value of the field, or NULL: in each object the longest name that the field begins with. */
static json_t *find_field(json_t *object, const char *field)
{
	for (;;) {
		size_t len = strlen(field) + 1;
		json_t *value = NULL;
		while (value == NULL && len-- > 0) {
			char name[100];
			snprintf(name, sizeof name, "%.*s", (int)len, field);
			if (field[len] == '\0' || field[len] == '.')
				value = json_object_get(object, name);
		}
		if (value == NULL || field[len] == '\0')
			return value;
		object = value;
		field += len + 1;
	}
}

/* jansson's answer for one field. */
struct expected {
	bool is_comparable;
	json_t *line;
	json_t *value; /* of the field, or NULL */
};

static struct expected ask_jansson(const uint8_t *data, size_t size, const char *field)
{
	json_error_t problem;
	struct expected expected = {.is_comparable = true};
	struct pmill_buffer replaced = {0};
	replace_numbers(data, size, &replaced);
	expected.line = json_loadb(replaced.len > 0 ? (const char *)replaced.data : "", replaced.len,
		JSON_ALLOW_NUL, &problem);
	pmill_buffer_release(&replaced);
	if (expected.line == NULL)
		expected.is_comparable = !is_known_difference(&problem);
	expected.value = find_field(expected.line, field);
	return expected;
}

static void check_field(const uint8_t *data, size_t size, const char *field)
{
	struct expected expected = ask_jansson(data, size, field);
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	pmill_status status = pmill_json_line_field(data, size, field, strlen(field), &text, &error);
	if (status != PMILL_OK) {
		require(status == PMILL_BAD_INPUT && error.offset <= size, "a bad error");
		require(text.len == 0, "text after a failure");
	}
	if (size > 0 && memchr(data, 0, size) != NULL)
		require(status != PMILL_OK, "a raw NUL is accepted");
	else if (expected.is_comparable) {
		require((status == PMILL_OK) == json_is_string(expected.value), "the verdicts differ");
		if (status == PMILL_OK)
			require(text.len == json_string_length(expected.value) &&
					(text.len == 0 ||
						memcmp(text.data, json_string_value(expected.value), text.len) == 0),
				"the values differ");
	}
	json_decref(expected.line);
	pmill_buffer_release(&text);
}

/* Few inputs are objects, so this puts them inside of one. */
static void check_inside(const uint8_t *data, size_t size, const char *before, const char *after)
{
	struct pmill_buffer line = {0};
	bool done = pmill_buffer_append_text(&line, before) && pmill_buffer_append(&line, data, size) &&
		pmill_buffer_append_text(&line, after);
	require(done, "out of memory");
	uint8_t *exact = malloc(line.len);
	require(exact != NULL, "out of memory");
	memcpy(exact, line.data, line.len);
	check_field(exact, line.len, "text");
	check_field(exact, line.len, "a.b.c");
	check_field(exact, line.len, "a..");
	free(exact);
	pmill_buffer_release(&line);
}

/* A byte-order mark at the start of a file changes nothing, and anywhere else is an error. */
static void check_marked(const uint8_t *data, size_t size)
{
	struct pmill_buffer line = {0}, text = {0};
	if (size == 0 || memchr(data, '\n', size) != NULL)
		return;
	bool done = pmill_buffer_append_text(&line, "\xEF\xBB\xBF") &&
		pmill_buffer_append(&line, data, size);
	require(done, "out of memory");
	bool is_good = pmill_json_line_field(data, size, "text", 4, &text, NULL) == PMILL_OK;
	for (int is_first = 0; is_first < 2; is_first++) {
		struct pmill_chunk chunk = {.data = line.data,
			.len = line.len,
			.offset = is_first ? 0 : 7,
			.format = pmill_corpus_format_find("jsonl"),
			.name = "fuzz"};
		struct pmill_segment_walk walk = {.skip_bad_lines = true};
		struct pmill_segment segment;
		bool is_there;
		pmill_segment_walk_start(&walk, &chunk);
		require(pmill_segment_walk_next(&walk, &segment, &is_there, NULL) == PMILL_OK, "no walk");
		require(is_there == (is_first && is_good), "the verdict depends on the mark");
		if (is_there && text.len > 0)
			require(segment.len == text.len && memcmp(segment.text, text.data, text.len) == 0,
				"the value depends on the mark");
		pmill_segment_walk_release(&walk);
	}
	pmill_buffer_release(&line);
	pmill_buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_field(data, size, "text");
	check_field(data, size, "content");
	check_field(data, size, "");
	check_inside(data, size, "{\"text\":\"", "\"}");
	check_inside(data, size, "{\"text\":\"x\",\"a\":", "}");
	check_inside(data, size, "{\"", "\":\"x\",\"text\":\"y\"}");
	check_inside(data, size, "{\"a\":{\"b\":{\"c\":\"x\"}},", "}");
	check_inside(data, size, "{\"a\":{\"b\":{", ",\"c\":\"x\"}}}");
	check_inside(data, size, "{\"", "\":{\"b\":{\"c\":\"x\"},\"\":{\"\":\"y\"}}}");
	check_marked(data, size);
	return 0;
}
