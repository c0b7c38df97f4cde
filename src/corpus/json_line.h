/* One field of a JSON line: found and unescaped without building the value. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_JSON_LINE_H
#define PMILL_CORPUS_JSON_LINE_H

#include "base/array.h"
#include "pairmill.h"

/* Objects and arrays in each other, the outermost included. */
#define PMILL_JSON_DEPTH 2048

/*
 * Appends the string of the top-level member `field` to `text`. The whole line must be one JSON object by
 * RFC 8259 (checked to its end; of two members of one name the last counts, as in most parsers). Escapes
 * are decoded, in names too; a lone surrogate escape becomes U+FFFD; raw invalid UTF-8 is kept as bytes. On
 * a failure nothing is appended, and error->offset is the byte within the line, error->message without a
 * file name.
 */
pmill_status pmill_json_line_field(const uint8_t *line, size_t len, const char *field,
	size_t field_len, struct pmill_buffer *text, pmill_error *error);

#endif
