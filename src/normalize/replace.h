/* Replaces what is found in text: a byte string, or the matches of an expression. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NORMALIZE_REPLACE_H
#define PMILL_NORMALIZE_REPLACE_H

#include "base/array.h"
#include "normalize/normal_step.h"
#include "normalize/source_map.h"

/* Immutable once created; may be shared by threads. */
struct pmill_replace;

/* Of a step of kind PMILL_NORMAL_REPLACE, which it copies. `unicode_version`: of classes. */
pmill_status pmill_replace_create(const struct pmill_normal_step *step, const char *unicode_version,
	struct pmill_replace **replace, pmill_error *error);
void pmill_replace_free(struct pmill_replace *replace);

/*
 * Appends the text with everything replaced that is found, from left to right, and to `map`, unless
 * NULL, a changed run for each replacement. An expression doesn't see bytes that are not UTF-8:
 * text begins and ends at them. Fails if out of memory, or if the expression backtracks too far.
 */
pmill_status pmill_replace_append(const struct pmill_replace *replace, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map, pmill_error *error);

#endif
