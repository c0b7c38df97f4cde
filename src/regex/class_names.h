/* What the names of classes stand for: \p{..}, \w, [:alpha:] and the like. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_CLASS_NAMES_H
#define PMILL_REGEX_CLASS_NAMES_H

#include "regex/class_text.h"

enum pmill_class_name {
	PMILL_CLASS_KNOWN,
	PMILL_CLASS_CONSTANT, /* the same in all versions: may stay as it is */
	PMILL_CLASS_UNKNOWN,
	PMILL_CLASS_NAME_NO_MEMORY,
};

/*
 * Fill an element that is all zero; release it in any case. The escape is one of d s w h, in upper
 * case if negated. A property is what follows \p, without its braces; [:name:] without its colons.
 */
enum pmill_class_name pmill_class_of_escape(struct pmill_class_element *element, char escape);
enum pmill_class_name pmill_class_of_property(
	struct pmill_class_element *element, const char *name, size_t len, bool is_negated);
enum pmill_class_name pmill_class_of_posix(
	struct pmill_class_element *element, const char *name, size_t len);
void pmill_class_element_release(struct pmill_class_element *element);

#endif
