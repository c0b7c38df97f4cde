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

/* Walks the characters of a pretoken. */
struct pmill_cut_walk {
	const uint8_t *bytes;
	size_t len;
	/* private: the current character; its length, 0 if it isn't whole; its bytes as a number */
	size_t at, left_len;
	uint32_t left;
};

/* Of len > 0 bytes. */
void pmill_cut_walk_start(struct pmill_cut_walk *walk, const uint8_t *bytes, size_t len);

/*
 * Writes the next offsets where the bytes may be cut, and after the last of them `len`, up to
 * `capacity` > 0, and returns how many. Not to be called after it has written `len`.
 */
size_t pmill_character_cuts_find(const struct pmill_character_cuts *cuts,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity);

#endif
