/* Id layouts: where bytes, special tokens and merges are in the vocab. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_LAYOUT_H
#define PMILL_MODEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmill_layout {
	const char *name; /* "bytes-first", "hf", "gpt2" */
	/* First ids, for `specials` special tokens and `merges` merges. */
	uint32_t (*first_byte)(uint32_t specials, uint32_t merges);
	uint32_t (*first_special)(uint32_t specials, uint32_t merges);
	uint32_t (*first_merge)(uint32_t specials, uint32_t merges);
	bool is_printable_order; /* bytes in printable order, else by value */
};

/* The byte that has the `index`-th of the 256 ids. */
uint8_t pmill_layout_byte(const struct pmill_layout *layout, unsigned index);

const struct pmill_layout *pmill_layout_find(const char *name); /* NULL name: the first */
const struct pmill_layout *pmill_layout_at(size_t index);       /* NULL at the end */

#endif
