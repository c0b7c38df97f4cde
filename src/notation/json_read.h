/* A JSON text as a tree of jansson's values. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NOTATION_JSON_READ_H
#define PMILL_NOTATION_JSON_READ_H

#include <jansson.h>

#include "pairmill.h"
#include "unicode/json_lexer.h"

/*
 * Reads one value of any kind, by RFC 8259 to the end of the text. Refuses a name that occurs twice
 * in an object, a name with NUL, numbers that fit neither 64 bits nor a double, and what `refused`
 * names (PMILL_JSON_NO_...). Free with json_decref. On failure the error's offset is a byte of the
 * text, and its message, "line 3: not valid JSON: ...", names no file. PMILL_NO_MEMORY is the
 * only failure of a valid text.
 */
pmill_status pmill_json_read(
	const void *data, size_t len, unsigned refused, json_t **value, pmill_error *error);

#endif
