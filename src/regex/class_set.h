/* Classes with intersections, such as [\p{L}&&[^\p{Han}]], as sets of code points. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_CLASS_SET_H
#define PMILL_REGEX_CLASS_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "unicode/property.h"

/*
 * Whether the class whose [ is at `text` has && in it or in a class within it; stores its length.
 * PCRE2 would read such a class differently, and Oniguruma and Rust's engines alike.
 */
bool pmill_class_set_find(const char *text, size_t *len);

enum pmill_class_set_result {
	PMILL_CLASS_SET_DONE,
	PMILL_CLASS_SET_BAD,
	PMILL_CLASS_SET_NO_MEMORY,
};

/* What went wrong, and at which offset of the class. */
struct pmill_class_set_error {
	const char *reason;
	size_t offset;
};

/*
 * Adds to `set` what a class means in a Unicode version: `text` is [...] with or without && and
 * classes within it, or an escape such as \p{Lu} or \S.
 */
enum pmill_class_set_result pmill_class_set_read(const char *text, size_t len,
	const struct pmill_unicode *unicode, struct pmill_code_points *set,
	struct pmill_class_set_error *error);

#endif
