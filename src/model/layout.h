/* Id layouts: where bytes, special tokens and merges stand in the vocab; and printable bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_LAYOUT_H
#define PMILL_MODEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "pairmill.h"

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

struct pmill_layout {
	const char *name; /* "bytes-first", "hf", "gpt2" */
	/* First ids, for `specials` special tokens and `merges` merges. */
	uint32_t (*first_byte)(uint32_t specials, uint32_t merges);
	uint32_t (*first_special)(uint32_t specials, uint32_t merges);
	uint32_t (*first_merge)(uint32_t specials, uint32_t merges);
	bool is_printable_order; /* bytes in printable order, else in their own */
};

const struct pmill_layout *pmill_layout_find(const char *name); /* NULL name: the first */
const struct pmill_layout *pmill_layout_at(size_t index);       /* NULL at the end */

#endif
