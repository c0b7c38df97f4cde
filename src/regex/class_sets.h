/* Replaces the classes in a known pattern's expression by sets of code points. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_CLASS_SETS_H
#define PMILL_REGEX_CLASS_SETS_H

#include <stdbool.h>

#include "base/array.h"
#include "unicode/class.h"

/*
 * Appends the expression with every \p{..}, \s and \S replaced by the code points that `unicode`
 * assigns to it. Handles only what the expressions in pattern.c use. Returns false if out of
 * memory.
 */
bool pmill_class_sets_expand(
	const char *expression, const struct pmill_unicode *unicode, struct pmill_buffer *out);

#endif
