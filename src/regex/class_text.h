/* Sets of code points as text of an expression: what PCRE2 has of them, and what it lacks. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_CLASS_TEXT_H
#define PMILL_REGEX_CLASS_TEXT_H

#include "base/array.h"
#include "unicode/property.h"

/*
 * The Unicode version that an expression shall follow, and the one that this PCRE2 has; NULL if
 * there are no tables for that.
 */
struct pmill_versions {
	const struct pmill_unicode *wanted, *own;
	bool has_marks_in_words; /* PCRE2 counts marks and connectors as \w, as it does from 10.43 on */
};

enum { PMILL_CLASS_PARTS = 32 }; /* all general categories are 30 */

/* What an element of a class, such as \p{Lu} or [:alnum:], stands for. */
struct pmill_class_element {
	/* The union of these, and of the characters; for PCRE2 as `spelling`, within a class. */
	const struct pmill_property *parts[PMILL_CLASS_PARTS];
	size_t part_count;
	const char *characters;       /* ASCII; NULL: none */
	struct pmill_buffer spelling; /* empty: PCRE2 has none that can be trusted */
	bool is_negated;
	bool folds;       /* holds letters, which would match other cases if case is ignored */
	bool is_word;     /* \w and its like */
	bool is_script;   /* a script by its name alone, which PCRE2 reads as script extensions */
	bool has_formats; /* PCRE2's choice of Cf belongs to it, and not to the spelling */
};

/* Where the text goes. */
enum pmill_class_place {
	PMILL_CLASS_ALONE,
	PMILL_CLASS_MEMBER, /* within [...] */
};

enum pmill_class_result {
	PMILL_CLASS_DONE,
	PMILL_CLASS_UNCHANGED, /* what stands there means the same */
	PMILL_CLASS_EMPTY,     /* no code point is in it */
	PMILL_CLASS_FOLDS,     /* can't be written among members whose case is ignored */
	PMILL_CLASS_NO_MEMORY,
};

/*
 * Appends text that PCRE2 reads as the element in the version wanted. If PCRE2's own set only lacks
 * code points, that is its spelling and these: PCRE2 finds properties by table, and ranges one by
 * one. UNCHANGED needs a spelling, and appends nothing.
 */
enum pmill_class_result pmill_class_text_append(struct pmill_buffer *out,
	const struct pmill_class_element *element, struct pmill_versions versions,
	enum pmill_class_place place, bool ignores_case);

/* Adds what the element means in a version. Returns false if out of memory. */
bool pmill_class_element_add(struct pmill_code_points *set,
	const struct pmill_class_element *element, const struct pmill_unicode *unicode);

/* Appends [...] with the ranges of a set, which may be empty. Returns false if out of memory. */
bool pmill_class_set_append(struct pmill_buffer *out, const struct pmill_code_points *set);

#endif
