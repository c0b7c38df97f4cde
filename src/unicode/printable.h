/* Printable bytes: each byte as one visible code point, as vocab files spell tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_PRINTABLE_H
#define PMILL_UNICODE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"

/*
 * Bytes 33–126, 161–172 and 174–255 map to the same code point; the other 68 map to U+0100 + n in
 * byte order.
 */
uint32_t pmill_printable_from_byte(uint8_t byte);
int pmill_printable_to_byte(uint32_t code_point); /* -1 if it is not one of them */
/* Appends the printable form of the bytes, as UTF-8. Returns false if out of memory. */
bool pmill_printable_append(struct pmill_buffer *buffer, const void *data, size_t len);
/*
 * Appends the bytes of a printable form. Returns false if `text` is not one (*bad_offset says
 * where) or if out of memory (*bad_offset = SIZE_MAX).
 */
bool pmill_printable_parse(
	struct pmill_buffer *buffer, const void *text, size_t len, size_t *bad_offset);

/* The 256 bytes in the order of the layouts hf and gpt2: by printable code point. */
extern const uint8_t pmill_printable_order[256];

#endif
