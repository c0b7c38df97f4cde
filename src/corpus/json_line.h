/* Finds and unescapes one field of a JSON line without building the value. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_JSON_LINE_H
#define PMILL_CORPUS_JSON_LINE_H

#include <stdbool.h>

#include "base/array.h"
#include "pairmill.h"

/*
 * Appends the string in the member `field` to `text`. A dot leads into an object: "a.b" is the
 * member b of the object a, unless there is a member spelled "a.b". In general the longest name
 * wins in each object, whatever its value. The whole line must be one JSON object by RFC 8259, and
 * is checked to its end, except that NaN, Infinity and -Infinity are values (though no strings). If
 * two members have the same name the last counts, as in most parsers. Escapes are decoded, in names
 * too; a lone surrogate escape becomes U+FFFD; raw invalid UTF-8 is kept as it is. On failure
 * nothing is appended, error->offset is the byte within the line, and error->message has no file
 * name. Time: one pass, and one more over the object for each dot that leads into one.
 */
pmill_status pmill_json_line_field(const uint8_t *line, size_t len, const char *field,
	size_t field_len, struct pmill_buffer *text, pmill_error *error);

/* What a line looks like. */
enum pmill_json_look { PMILL_JSON_OTHER, PMILL_JSON_OBJECT, PMILL_JSON_OBJECT_WITH_FIELD };

/*
 * Whether a line is a JSON object, and has the field, whatever its value. If `is_cut`, more of the
 * line follows: then an object is what has no error so far.
 */
enum pmill_json_look pmill_json_line_look(
	const uint8_t *line, size_t len, bool is_cut, const char *field, size_t field_len);

#endif
