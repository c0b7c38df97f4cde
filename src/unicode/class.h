/* Character classes by Unicode version, generated from the Unicode Character Database. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_UNICODE_CLASS_H
#define PMILL_UNICODE_CLASS_H

#include <stdint.h>

/*
 * What the known patterns tell apart. The letters stand in one block, so that "is a letter" is one
 * comparison. OTHER is what invalid bytes are.
 */
enum pmill_class {
	PMILL_CLASS_OTHER,        /* anything else: punctuation, symbols, controls, unassigned */
	PMILL_CLASS_SPACE,        /* White_Space=yes: what \s matches */
	PMILL_CLASS_NUMBER,       /* N* */
	PMILL_CLASS_MARK,         /* M* */
	PMILL_CLASS_UPPER,        /* Lu, Lt */
	PMILL_CLASS_LOWER,        /* Ll */
	PMILL_CLASS_OTHER_LETTER, /* Lm, Lo */
};

/*
 * One Unicode version: two stages, block = first[code_point >> 8], class = second[block * 256 +
 * low].
 */
struct pmill_unicode {
	const char *version; /* "16.0" */
	const uint8_t *first;
	const uint8_t *second;
};

/* All versions, oldest first; `version` is NULL at the end. Generated. */
extern const struct pmill_unicode pmill_unicode_table[];

/* 1 << class of an ASCII byte (alike in all versions); 0 for the bytes of longer characters. */
extern const uint8_t pmill_ascii_class_bits[256];

/* NULL for a version that is not in the tables; NULL asks for the default, "16.0". */
const struct pmill_unicode *pmill_unicode_find(const char *version);
const struct pmill_unicode *pmill_unicode_at(unsigned index); /* NULL at the end of the list */

static inline enum pmill_class pmill_unicode_class(
	const struct pmill_unicode *unicode, uint32_t code_point)
{
	if (code_point > 0x10FFFF)
		return PMILL_CLASS_OTHER;
	unsigned block = unicode->first[code_point >> 8];
	return (enum pmill_class)unicode->second[block * 256 + (code_point & 255)];
}

#endif
