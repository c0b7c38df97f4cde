/* Offsets in bytes → offsets in characters. */
/* SPDX-License-Identifier: MIT */
#include "encode/characters.h"

#include <stdbool.h>

#include "pretokenize/pretoken_keys.h"
#include "unicode/utf8.h"

struct cursor {
	const uint8_t *text;
	size_t len;
	struct pmill_character_place from, at;
};

/* How many of the bytes at `text`, of which there are eight, are ASCII before the first other. */
static size_t count_ascii(const uint8_t *text)
{
	const uint64_t others = pmill_load_word(text) & 0x8080808080808080;
	return others == 0 ? sizeof others : (size_t)__builtin_ctzll(others) / 8;
}

/* Goes on over ASCII, but not past `offset`. */
static void skip_ascii(struct cursor *cursor, uint64_t offset)
{
	const uint64_t end = cursor->from.byte + cursor->len;
	const uint64_t limit = offset < end ? offset : end;
	size_t count = 8;
	while (count == 8 && limit - cursor->at.byte >= 8) {
		count = count_ascii(cursor->text + (cursor->at.byte - cursor->from.byte));
		cursor->at.byte += count;
		cursor->at.character += count;
	}
}

/* Goes to the character that holds the byte at `offset`, or to the end of the text. */
static uint64_t find_character(struct cursor *cursor, uint64_t offset)
{
	if (offset < cursor->at.byte)
		cursor->at = cursor->from;
	for (;;) {
		skip_ascii(cursor, offset);
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
