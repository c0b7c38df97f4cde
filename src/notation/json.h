/* JSON of model files: objects, and values as text. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NOTATION_JSON_H
#define PMILL_NOTATION_JSON_H

#include <jansson.h>

#include "pairmill.h"
#include "unicode/json_text.h"

/* Parses one JSON object; refuses a name that occurs twice in an object. Free with json_decref. */
pmill_status pmill_json_parse(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error);

/* The same, but strings may hold NUL, which ends them for json_string_value. */
pmill_status pmill_json_parse_with_nul(
	const void *data, size_t len, const char *name, json_t **root, pmill_error *error);

/*
 * A value as text, by flags of json_dumps, which may leave out a key without an error if it is out
 * of memory (jansson 2.14). NULL if out of memory; free with free.
 */
char *pmill_json_dump(const json_t *value, size_t flags);

/* A value as text, its numbers as short as they can be. NULL if out of memory; free with free. */
char *pmill_json_print(const json_t *value);

#endif
