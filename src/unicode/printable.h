/* Printable bytes: each byte as one visible code point, as vocab files spell tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_PRINTABLE_H
#define PMILL_UNICODE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"

/*
 * Printable bytes: 33–126, 161–172 and 174–255 stand for themselves as code points; the other 68
 * are U+0100 + n in byte order.
 */
uint32_t pmill_printable_from_byte(uint8_t byte);
int pmill_printable_to_byte(uint32_t code_point); /* -1: not one of them */
/* Appends the printable form (UTF-8) of bytes. False without memory. */
bool pmill_printable_append(struct pmill_buffer *buffer, const void *data, size_t len);
/*
 * Appends the bytes of a printable form. False where `text` is not one (*bad_offset) or without
 * memory (*bad_offset = SIZE_MAX).
 */
bool pmill_printable_parse(
	struct pmill_buffer *buffer, const void *text, size_t len, size_t *bad_offset);

/* The order of the 256 bytes in the layouts hf and gpt2: by printable code point. */
extern const uint8_t pmill_printable_order[256];

#endif
