/* JSON as a tree: our verdict and values against jansson's own parser. */
/* SPDX-License-Identifier: MIT */
/*
 * The input is read as it is, and once more as a list of pieces, of which most texts are nearly
 * JSON. Intended differences: jansson counts scalars as a level of nesting, and it drops a raw NUL
 * after a number, although JSON allows none.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notation/json_read.h"

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_json_read: %s\n", what);
		abort();
	}
}

static bool is_deep(const uint8_t *text, size_t len)
{
	size_t depth = 0, deepest = 0;
	for (size_t i = 0; i < len; i++) {
		depth += text[i] == '[' || text[i] == '{';
		depth -= depth > 0 && (text[i] == ']' || text[i] == '}');
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1 >= PMILL_JSON_DEPTH;
}

static void check(const uint8_t *text, size_t len, unsigned refused)
{
	const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES |
		(refused == 0 ? JSON_ALLOW_NUL : 0);
	json_error_t problem;
	json_t *expected = json_loadb(len > 0 ? (const char *)text : "", len, flags, &problem);
	json_t *value = NULL;
	pmill_error error = {0};
	const pmill_status status = pmill_json_read(text, len, refused, &value, &error);
	require(
		status == PMILL_OK || (status == PMILL_BAD_INPUT && error.offset <= len), "a bad error");
	if (len > 0 && memchr(text, 0, len) != NULL)
		require(status != PMILL_OK, "a raw NUL is accepted");
	else if (!is_deep(text, len)) {
		require((status == PMILL_OK) == (expected != NULL), "the verdicts differ");
		require(status != PMILL_OK || json_equal(value, expected), "the values differ");
	}
	json_decref(expected);
	json_decref(value);
}

/* A text of pieces: each byte of the input picks one. */
static void append_pieces(struct pmill_buffer *text, const uint8_t *data, size_t size)
{
	static const char *const pieces[] = {"{", "}", "[", "]", ",", ":",
		"\"a\":", "\"b\" : ", "\"\\u0061\":", "\"\":", "\"\\n\\\"\\\\\\/\"", "\"\\ud83d\\ude00\"",
		"\"\\ud83d\"", "\"\\udc00\\ud83d\\ud83d\\udc00\"", "\"\\u0000\"",
		"\"n\\u0000\":", "\"\xC3\xA9 long text\"", "\"\xC3\"", "0", "-0", "01", "12",
		"-9223372036854775808", "9223372036854775807", "9223372036854775808",
		"-9223372036854775809", "1.5", "-0.0", "1e5", "1E-400", "1e400", "0.1e+1", "1.", "-",
		"true", "false", "null", "nul", " ", "\n", "\t"};
	enum { PIECES = sizeof pieces / sizeof *pieces };
	char open[64];
	size_t depth = 0;
	for (size_t i = 0; i < size; i++) {
		const char *piece = pieces[data[i] % PIECES];
		/* Half of the time, closes what is open, or separates the values. */
		if (data[i] >= 3 * PIECES && depth > 0)
			piece = open[--depth] == '{' ? "}" : "]";
		else if (data[i] >= 2 * PIECES)
			piece = ",";
		require(pmill_buffer_append_text(text, piece), "out of memory");
		if ((*piece == '{' || *piece == '[') && depth < sizeof open)
			open[depth++] = *piece;
	}
	while (depth > 0)
		require(pmill_buffer_append_text(text, open[--depth] == '{' ? "}" : "]"), "out of memory");
}

/* The same with an exact allocation, so that the address sanitizer sees what reads past the end. */
static void check_pieces(const uint8_t *data, size_t size)
{
	struct pmill_buffer text = {0};
	append_pieces(&text, data, size);
	uint8_t *exact = malloc(text.len + 1);
	require(exact != NULL, "out of memory");
	uint8_t *begin = exact + 1;
	if (text.len > 0)
		memcpy(begin, text.data, text.len);
	check(begin, text.len, 0);
	check(begin, text.len, PMILL_JSON_NO_NUL);
	free(exact);
	pmill_buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, 0);
	check(data, size, PMILL_JSON_NO_NUL);
	check_pieces(data, size);
	return 0;
}
