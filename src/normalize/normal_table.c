/* What normal forms need to know of a character, and of two. */
/* SPDX-License-Identifier: MIT */
#include "normalize/normal_table.h"

#include <stddef.h>
#include <string.h>

int pmill_normal_version_find(const char *name)
{
	for (int i = 0; pmill_normal_versions[i] != NULL; i++)
		if (strcmp(pmill_normal_versions[i], name) == 0)
			return i;
	return -1;
}

/* 0 if they are not two that make a syllable. `second` is part of some composition. */
static uint32_t compose_hangul(uint32_t first, uint32_t second)
{
	const uint32_t leading = first - PMILL_HANGUL_LEADING, vowel = second - PMILL_HANGUL_VOWEL;
	if (leading < PMILL_HANGUL_LEADINGS && vowel < PMILL_HANGUL_VOWELS)
		return PMILL_HANGUL_SYLLABLE +
			(leading * PMILL_HANGUL_VOWELS + vowel) * PMILL_HANGUL_TRAILINGS;
	const uint32_t syllable = first - PMILL_HANGUL_SYLLABLE;
	const uint32_t trailing = second - PMILL_HANGUL_TRAILING;
	if (syllable < PMILL_HANGUL_SYLLABLES && syllable % PMILL_HANGUL_TRAILINGS == 0 &&
		trailing < PMILL_HANGUL_TRAILINGS)
		return first + trailing;
	return 0;
}

uint32_t pmill_normal_compose(uint32_t first, uint32_t second, unsigned version)
{
	if ((pmill_normal_find(second, version)->flags & PMILL_NORMAL_IS_SECOND) == 0)
		return 0;
	const size_t place = pmill_normal_find(first, version)->compositions;
	const struct pmill_composition *composition = &pmill_compositions[place];
	while (composition->second < second)
		composition++;
	return composition->second == second ? composition->composite : compose_hangul(first, second);
}
