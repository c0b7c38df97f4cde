/* JSON: read with jansson, written by our own code. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_JSON_H
#define PMILL_FORMATS_JSON_H

#include <jansson.h>

#include "base/array.h"
#include "pairmill.h"

/* Parses one JSON object; refuses a name that occurs twice in an object. Free with json_decref. */
pmill_status pmill_json_parse(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error);

/* The same, but strings may hold NUL, which ends them for json_string_value. */
pmill_status pmill_json_parse_with_nul(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error);

/*
 * Appends a string in quotation marks: UTF-8 is kept, invalid bytes become U+FFFD. Returns false if
 * out of memory.
 */
bool pmill_json_append_string(struct pmill_buffer *out, const void *data, size_t len);
bool pmill_json_append_text(struct pmill_buffer *out, const char *text); /* NULL: null */

/* Whether a string can hold the bytes as they are. */
bool pmill_json_is_text(const void *data, size_t len);

/* A value as text, its numbers as short as they can be. NULL if out of memory; free with free. */
char *pmill_json_print(const json_t *value);

/* Appends the printable form of bytes in quotation marks. */
bool pmill_json_append_printable(struct pmill_buffer *out, const void *data, size_t len);

#endif
