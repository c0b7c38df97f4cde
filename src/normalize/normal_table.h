/* What normal forms and lower case need to know of a character. */
/* SPDX-License-Identifier: MIT */
/*
 * All Unicode versions from 9.0 on are in one table: what decomposes, and to what, never changes
 * once it is assigned. A character that is newer than the version asked for is like one that
 * isn't assigned. Tables have two stages: block = first[code_point >> 6], then second[block * 64 +
 * low bits].
 */
#ifndef PMILL_NORMALIZE_NORMAL_TABLE_H
#define PMILL_NORMALIZE_NORMAL_TABLE_H

#include <stdint.h>

/* `flags`: 1 << a form (pmill_normal_kind) that may change it or join it to what is before it. */
enum { PMILL_NORMAL_IS_SECOND = 1 << 4 }; /* of a composition */

struct pmill_normal_character {
	uint16_t canonical, compatible; /* where its full decompositions are; 0: none, or Hangul */
	uint16_t compositions;          /* where those that it begins are */
	uint8_t combining_class;
	uint8_t version; /* that it appeared in */
	uint8_t flags;
};

struct pmill_composition {
	uint32_t second, composite;
};

/* Generated. Versions, oldest first, end with a NULL. */
extern const char *const pmill_normal_versions[];
extern const struct pmill_normal_character pmill_normal_characters[];
extern const uint16_t pmill_normal_first[], pmill_normal_second[];
extern const uint32_t pmill_normal_sequences[]; /* each: how many, and these */
extern const struct pmill_composition
	pmill_compositions[]; /* sorted, each list ends with 0x110000 */
extern const int32_t pmill_lower_differences[];
extern const uint16_t pmill_lower_first[];
extern const uint8_t pmill_lower_second[];

/* The number of a version, -1 if there is none. */
int pmill_normal_version_find(const char *name);

/* `code_point` must be one. */
static inline const struct pmill_normal_character *pmill_normal_find(
	uint32_t code_point, unsigned version)
{
	const unsigned block = pmill_normal_first[code_point >> 6];
	const unsigned number = pmill_normal_second[block * 64 + (code_point & 63)];
	const struct pmill_normal_character *found = &pmill_normal_characters[number];
	return found->version <= version ? found : &pmill_normal_characters[0];
}

/* What the two compose to; 0: nothing. */
uint32_t pmill_normal_compose(uint32_t first, uint32_t second, unsigned version);

/* The lower case of U+0130 is two characters: not that one. */
static inline uint32_t pmill_lower_case(uint32_t code_point)
{
	const unsigned block = pmill_lower_first[code_point >> 6];
	const unsigned number = pmill_lower_second[block * 64 + (code_point & 63)];
	return code_point + (uint32_t)pmill_lower_differences[number];
}

/* Hangul syllables are computed (chapter 3.12 of the Unicode Standard). */
enum {
	PMILL_HANGUL_SYLLABLE = 0xAC00,
	PMILL_HANGUL_LEADING = 0x1100,
	PMILL_HANGUL_VOWEL = 0x1161,
	PMILL_HANGUL_TRAILING = 0x11A7, /* one before the first */
	PMILL_HANGUL_LEADINGS = 19,
	PMILL_HANGUL_VOWELS = 21,
	PMILL_HANGUL_TRAILINGS = 28, /* with none */
	PMILL_HANGUL_SYLLABLES = 19 * 21 * 28,
};

#endif
