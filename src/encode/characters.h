/* Offsets in bytes → offsets in characters. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_CHARACTERS_H
#define PMILL_ENCODE_CHARACTERS_H

#include <stddef.h>
#include <stdint.h>

/* A place in a text: a byte where a character begins, and the characters before it. */
struct pmill_character_place {
	uint64_t byte, character;
};

/*
 * Turns `count` pairs of begin and end, offsets of bytes in a document, into those of characters: a
 * part of a character becomes the whole one; an empty range, the place of the character there. The
 * text begins at `from` in the document and holds all of the bytes. Takes linear time if the pairs
 * ascend.
 */
void pmill_characters_from_bytes(const uint8_t *text, size_t len, struct pmill_character_place from,
	uint64_t *pairs, size_t count);

/* The number of characters; an ill-formed byte is one. */
uint64_t pmill_characters_count(const uint8_t *text, size_t len);

#endif
