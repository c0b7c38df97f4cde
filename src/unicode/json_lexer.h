/* JSON by RFC 8259, piece by piece: strings, numbers, what opens and closes. */
/* SPDX-License-Identifier: MIT */
/*
 * Nothing is kept but the place in the text and the open objects and arrays, a stack of bits, so no
 * text is too deep for the machine's own stack. On failure the error's offset is a byte of the
 * text, and the message, such as "':' expected", names no file.
 */
#ifndef PMILL_UNICODE_JSON_LEXER_H
#define PMILL_UNICODE_JSON_LEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "pairmill.h"

/* How deep objects and arrays may be nested, including the outermost. */
#define PMILL_JSON_DEPTH 2048

/* What strings may not hold. */
enum {
	PMILL_JSON_NO_BAD_TEXT = 1, /* invalid UTF-8, escapes of lone surrogates */
	PMILL_JSON_NO_NUL = 2,      /* \u0000 */
	PMILL_JSON_NO_NUL_NAME = 4  /* \u0000 in a name */
};

struct pmill_json_lexer {
	const uint8_t *text;
	size_t len;
	size_t at;
	size_t depth;
	uint8_t is_object[PMILL_JSON_DEPTH / 8]; /* a bit for each level */
	unsigned refused;
	const char *whole; /* what the text is, in messages: "line" */
	pmill_error *error;
};

/* Between the quotes. */
struct pmill_json_string {
	size_t begin, end;
	bool is_escaped; /* contains a backslash */
};

/* The current byte, or -1 at the end. */
static inline int pmill_json_peek(const struct pmill_json_lexer *json)
{
	return json->at < json->len ? json->text[json->at] : -1;
}

static inline int pmill_json_peek_after_space(struct pmill_json_lexer *json)
{
	int byte = pmill_json_peek(json);
	while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
		json->at++;
		byte = pmill_json_peek(json);
	}
	return byte;
}

/* "WHAT expected", or "WHAT expected, but the line ends". */
pmill_status pmill_json_expected(
	const struct pmill_json_lexer *json, size_t offset, const char *what);

/* Moves from just after the opening quote to just after the closing one. */
pmill_status pmill_json_skip_string(
	struct pmill_json_lexer *json, struct pmill_json_string *string);

/*
 * `at` points to a backslash in a checked string that ends at `end`; moves it past the escape.
 * Writes 1 to 4 bytes, never more than the escape has. A lone surrogate is U+FFFD.
 */
size_t pmill_json_decode_escape(const uint8_t **at, const uint8_t *end, uint8_t bytes[4]);

/* Appends the text of a checked string. Returns false if out of memory: nothing is appended. */
bool pmill_json_unescape(const struct pmill_json_lexer *json,
	const struct pmill_json_string *string, struct pmill_buffer *text);

/* Moves past a number. Sets *is_integer unless it has a fraction or an exponent. */
pmill_status pmill_json_skip_number(struct pmill_json_lexer *json, bool *is_integer);

/* Whether the text goes on with `word` at `at`. */
bool pmill_json_has_word(const struct pmill_json_lexer *json, size_t at, const char *word);

/* The lexer is at a bracket. */
pmill_status pmill_json_open(struct pmill_json_lexer *json, bool is_object);

/* Whether the innermost open level is an object. There must be one. */
bool pmill_json_is_in_object(const struct pmill_json_lexer *json);

/* Reads a name and its colon. */
pmill_status pmill_json_read_name(struct pmill_json_lexer *json, struct pmill_json_string *name);

/*
 * After a value: closes the levels that end here, but not `outer_depth` of them. Sets *more after a
 * comma, where another value or name follows.
 */
pmill_status pmill_json_end_value(struct pmill_json_lexer *json, size_t outer_depth, bool *more);

#endif
