/* The normal forms NFC, NFD, NFKC and NFKD, as UAX #15 defines them, of any Unicode version. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_NORMAL_FORM_H
#define PMILL_NORMALIZE_NORMAL_FORM_H

#include "base/array.h"
#include "normalize/normal_step.h"
#include "normalize/source_map.h"

/*
 * Appends the text in a normal form. `version`: a number from pmill_normal_version_find. Characters
 * that it doesn't assign, and bytes that are not UTF-8, stay as they are, and nothing is reordered
 * or composed across them. Appends to `map`, unless NULL: characters that were composed, or put in
 * another order, are one changed run with those between them; so is a character that decomposed.
 * Returns false if out of memory.
 */
bool pmill_normal_form_append(enum pmill_normal_kind form, unsigned version, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map);

#endif
