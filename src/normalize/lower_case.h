/* Lower case, character by character, as Rust's char::to_lowercase. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_LOWER_CASE_H
#define PMILL_NORMALIZE_LOWER_CASE_H

#include "base/array.h"
#include "normalize/source_map.h"

/*
 * Appends the text in lower case, as of Unicode 17.0, and to `map`, unless NULL, a changed run for
 * each character that is not ASCII and changed. Returns false if out of memory.
 */
bool pmill_lower_case_append(
	const uint8_t *text, size_t len, struct pmill_buffer *out, struct pmill_source_map *map);

#endif
