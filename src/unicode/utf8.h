/* UTF-8, one character at a time: well-formed sequences by the Unicode Standard's table 3-7. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_UTF8_H
#define PMILL_UNICODE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define PMILL_INVALID_CODE_POINT UINT32_MAX

/*
 * The length (1 to 4) of the character at `text`, `len` > 0 bytes before the end, and its code
 * point. A byte that is not part of a well-formed sequence is one character: length 1 and
 * PMILL_INVALID_CODE_POINT. A sequence cut short by the end of the text is invalid bytes too:
 * callers that will see more text must not let it count yet (pmill_utf8_is_cut).
 */
size_t pmill_utf8_decode(const uint8_t *text, size_t len, uint32_t *code_point);

/*
 * Whether the `len` > 0 bytes up to the end could begin a well-formed sequence that needs more
 * bytes.
 */
int pmill_utf8_is_cut(const uint8_t *text, size_t len);

/* Writes 1 to 4 bytes. `code_point` must be a scalar value. */
size_t pmill_utf8_encode(uint32_t code_point, uint8_t *text);

#endif
