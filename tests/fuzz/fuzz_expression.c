/* Expressions of any kind: rewritten for a Unicode version, compiled, and run. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pretokenize/pretokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_expression: %s\n", what);
	abort();
}

enum { LONGEST = 400 };

/* Each byte selects a piece, or is itself. */
static void spell(const uint8_t *data, size_t size, bool is_spelled, char *expression)
{
	static const char *const pieces[] = {"\\p{L}", "\\P{Lu}", "\\p{^N}", "\\pM", "\\p{Han}",
		"\\p{sc=greek}", "&&", "[^", "]]", "\\x41", "\\p{Foo}", "\\w", "\\W", "\\s", "\\S", "\\d",
		"\\h", "\\b", "\\B", "[[:alpha:]]", "[[:^print:]", "[:graph:]", "[[:<:]]", "[", "[^", "]",
		"-", "(", "(?:", "(?i)", "(?i:", "(?-i)", "(?x)", "(?^", "(?#", "(?<n>", "(?P=n)",
		"(?=", "(?<!", "(?>", "(*UTF)", "(*sr:", "(*atomic:", "(*COMMIT)", ")", "|", "*", "+", "?",
		"++", "{2}", "\\Q", "\\E", "\\1", "\\k<n>", "\\x{264}", "\\x{", "\\c[", "\\N{U+41}", "\\X",
		"\\R", "\\G", "#", "\n", "a", "z", "\xC9\xA4", "\xEA\x9F\x8B", "\xC3\xA9", ".", "^", "$",
		"\\", "\xFF"};
	size_t len = 0;
	for (size_t i = 0; i < size && len + 12 < LONGEST; i++) {
		const char byte[] = {(char)data[i], '\0'};
		const char *piece = is_spelled ? pieces[data[i] % (sizeof pieces / sizeof pieces[0])]
									   : byte;
		memcpy(expression + len, piece, strlen(piece));
		len += strlen(piece);
	}
	expression[len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t text[] =
		"aZ z1_.\n\xEA\x9F\x8B\xC9\xA4 \xE4\xB8\x80\xCE\xB1\xE1\xA0\x8E\xFF";
	char expression[LONGEST];
	if (size < 2)
		return 0;
	spell(data + 1, size - 1, data[0] % 2 == 1, expression);
	struct pmill_pretokenizer *pretokenizer = NULL;
	pmill_error error;
	if (pmill_pretokenizer_create(expression, pmill_unicode_name(data[0] / 2 % 5), NULL,
			&pretokenizer, &error) != PMILL_OK) {
		require(pretokenizer == NULL && error.message[0] != '\0', "an error without a message");
		return 0;
	}
	struct pmill_pretoken_cursor cursor = {.pretokenizer = pretokenizer};
	size_t ends[64], count = 0;
	pmill_status status = pmill_pretoken_cursor_start(&cursor, text, sizeof text - 1, true, &error);
	if (status == PMILL_OK)
		status = pmill_pretoken_cursor_next(&cursor, ends, 64, &count, &error);
	for (size_t i = 1; i < count; i++)
		require(ends[i] > ends[i - 1], "ends out of order");
	require(status != PMILL_OK || (count > 0 && ends[count - 1] == sizeof text - 1),
		"the last pretoken doesn't end with the text");
	pmill_pretoken_cursor_release(&cursor);
	pmill_pretokenizer_free(pretokenizer);
	return 0;
}
