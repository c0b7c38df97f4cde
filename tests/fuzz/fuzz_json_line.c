/* JSON lines: our verdict and value against jansson's. */
/* SPDX-License-Identifier: MIT */
/*
 * Intended differences: jansson refuses lone surrogate escapes and invalid UTF-8, which we keep;
 * numbers that fit no C type, whose value we don't need; and names with an escaped NUL. It drops a
 * raw NUL after a number, although JSON allows none.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

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
	expected.line = json_loadb((const char *)data, size, JSON_ALLOW_NUL, &problem);
	if (expected.line == NULL)
		expected.is_comparable = !is_known_difference(&problem);
	expected.value = json_object_get(expected.line, field);
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
	free(exact);
	pmill_buffer_release(&line);
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
	return 0;
}
