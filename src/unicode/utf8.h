/* UTF-8, one character at a time: well-formed sequences as in table 3-7 of the Unicode Standard. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_UTF8_H
#define PMILL_UNICODE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define PMILL_INVALID_CODE_POINT UINT32_MAX

/*
 * Decodes the character at `text`, with `len` > 0 bytes before the end; returns its length (1 to
 * 4). A byte that is not part of a well-formed sequence is a character of its own: length 1 and
 * PMILL_INVALID_CODE_POINT. So are the bytes of a sequence that the end of the text cuts short: a
 * caller that will see more text must not use them yet (pmill_utf8_is_cut).
 */
size_t pmill_utf8_decode(const uint8_t *text, size_t len, uint32_t *code_point);

/* Whether the `len` > 0 bytes before the end could begin a well-formed sequence that needs more. */
int pmill_utf8_is_cut(const uint8_t *text, size_t len);

/* The length of a byte-order mark at the start: 3 or 0. Readers of model files skip it. */
size_t pmill_byte_order_mark(const uint8_t *data, size_t len);

/* Writes 1 to 4 bytes and returns how many. `code_point` must be a scalar value. */
size_t pmill_utf8_encode(uint32_t code_point, uint8_t *text);

#endif
