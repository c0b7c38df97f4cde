/* Between which characters no token lies, so that a pretoken may be merged in parts. */
/* SPDX-License-Identifier: MIT */
/*
 * If no token has bytes of both characters, merging never joins them, whatever is around. Only
 * well-formed characters are told apart, and only where one of the two isn't ASCII: between two
 * ASCII letters some token nearly always lies.
 */
#ifndef PMILL_BPE_CHARACTER_CUTS_H
#define PMILL_BPE_CHARACTER_CUTS_H

#include "model/vocab.h"

/* Never changes once created. */
struct pmill_character_cuts;

/* NULL if out of memory. */
struct pmill_character_cuts *pmill_character_cuts_create(const struct pmill_vocab *vocab);
void pmill_character_cuts_free(struct pmill_character_cuts *cuts);

/* The first offset after `begin` where the bytes may be cut; `len` if there is none. */
size_t pmill_character_cuts_next(
	const struct pmill_character_cuts *cuts, const uint8_t *bytes, size_t begin, size_t len);

#endif
