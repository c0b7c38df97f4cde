/* Character classes by Unicode version, generated from the Unicode Character Database. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_CLASS_H
#define PMILL_UNICODE_CLASS_H

#include <stdint.h>

/*
 * The classes that the known patterns distinguish. The letters come last, so that "is a letter" is
 * one comparison. Invalid bytes are OTHER.
 */
enum pmill_class {
	PMILL_CLASS_OTHER,        /* anything else: punctuation, symbols, controls, unassigned */
	PMILL_CLASS_SPACE,        /* White_Space=yes: what \s matches */
	PMILL_CLASS_NUMBER,       /* N* */
	PMILL_CLASS_MARK,         /* M* */
	PMILL_CLASS_UPPER,        /* Lu, Lt */
	PMILL_CLASS_LOWER,        /* Ll */
	PMILL_CLASS_OTHER_LETTER, /* Lm, Lo */
	/* Only in the tables of fine classes, which have Script=Han (always Lm or Lo if a letter). */
	PMILL_CLASS_HAN_LETTER,
	PMILL_CLASS_HAN_NUMBER,
	PMILL_CLASS_HAN_MARK,
	PMILL_CLASS_HAN_SIGN,
	PMILL_CLASS_SIGN, /* P*, S*; in ASCII, pmill_ascii_class_bits says OTHER */
};

/*
 * One Unicode version as a two-stage table: block = first[code_point >> 8], class = second[block *
 * 256 + low byte].
 */
struct pmill_unicode {
	const char *version; /* "16.0" */
	const uint8_t *first;
	const uint8_t *second;
};

/* All versions, oldest first, ending with a NULL `version`. Generated. */
extern const struct pmill_unicode pmill_unicode_table[];
/* The same versions with the fine classes, for the patterns that need them. */
extern const struct pmill_unicode pmill_unicode_fine_table[];

/* 1 << class of an ASCII byte (the same in all versions); 0 for bytes of multi-byte characters. */
extern const uint8_t pmill_ascii_class_bits[256];

/* NULL if there are no tables for `version`; a NULL `version` means the default, "16.0". */
const struct pmill_unicode *pmill_unicode_find(const char *version);
const struct pmill_unicode *pmill_unicode_at(unsigned index); /* NULL at the end of the list */

/* The fine classes of the version of a row of pmill_unicode_table. */
static inline const struct pmill_unicode *pmill_unicode_fine(const struct pmill_unicode *unicode)
{
	return pmill_unicode_fine_table + (unicode - pmill_unicode_table);
}

static inline enum pmill_class pmill_unicode_class(
	const struct pmill_unicode *unicode, uint32_t code_point)
{
	if (code_point > 0x10FFFF)
		return PMILL_CLASS_OTHER;
	unsigned block = unicode->first[code_point >> 8];
	return (enum pmill_class)unicode->second[block * 256 + (code_point & 255)];
}

#endif
