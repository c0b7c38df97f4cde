/* JSON strings: how text and bytes are written in quotation marks. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_JSON_TEXT_H
#define PMILL_UNICODE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"

/*
 * Appends a string in quotation marks: UTF-8 is kept, invalid bytes become U+FFFD. Returns false if
 * out of memory.
 */
bool pmill_json_append_string(struct pmill_buffer *out, const void *data, size_t len);
bool pmill_json_append_text(struct pmill_buffer *out, const char *text); /* NULL: null */

/* Whether a string can hold the bytes as they are. */
bool pmill_json_is_text(const void *data, size_t len);

/* Appends the printable form of bytes in quotation marks. */
bool pmill_json_append_printable(struct pmill_buffer *out, const void *data, size_t len);

#endif
