/* Offsets in bytes → offsets in characters. */
/* SPDX-License-Identifier: MIT */
#include "encode/characters.h"

#include <stdbool.h>

#include "unicode/utf8.h"

struct cursor {
	const uint8_t *text;
	size_t len;
	struct pmill_character_place from, at;
};

/* Goes to the character that holds the byte at `offset`, or to the end of the text. */
static uint64_t find_character(struct cursor *cursor, uint64_t offset)
{
	if (offset < cursor->at.byte)
		cursor->at = cursor->from;
	for (;;) {
		const size_t begin = (size_t)(cursor->at.byte - cursor->from.byte);
		uint32_t code_point;
		if (begin >= cursor->len)
			break;
		const size_t read = pmill_utf8_decode(
			cursor->text + begin, cursor->len - begin, &code_point);
		if (cursor->at.byte + read > offset)
			break;
		cursor->at.byte += read;
		cursor->at.character++;
	}
	return cursor->at.character;
}

void pmill_characters_from_bytes(const uint8_t *text, size_t len, struct pmill_character_place from,
	uint64_t *pairs, size_t count)
{
	struct cursor begin = {text, len, from, from}, end = begin;
	for (size_t i = 0; i < count; i++) {
		uint64_t *pair = &pairs[2 * i];
		const bool is_empty = pair[0] == pair[1];
		pair[0] = find_character(&begin, pair[0]);
		pair[1] = is_empty ? pair[0] : find_character(&end, pair[1] - 1) + 1;
	}
}

uint64_t pmill_characters_count(const uint8_t *text, size_t len)
{
	struct cursor cursor = {text, len, {0, 0}, {0, 0}};
	return find_character(&cursor, len);
}
