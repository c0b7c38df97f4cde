/* Between which characters no token lies, so that a pretoken may be merged in parts. */
/* SPDX-License-Identifier: MIT */
/*
 * A set of pairs of characters, as a bitmap of hashes: a pair that shares its bit with one that a
 * token spans isn't cut, which costs time, but no id. A token may begin inside the first character,
 * or end inside the second: of such a pair only the bytes at the border are kept.
 */
#include "bpe/character_cuts.h"

#include <stdlib.h>

enum {
	PAIR_BITS = 20, /* 128 KiB */
	BORDERS = 256 * 256,
	WORD = 64,
};

struct pmill_character_cuts {
	uint64_t pairs[(1 << PAIR_BITS) / WORD];
	uint64_t borders[BORDERS / WORD]; /* last byte << 8 | first byte */
};

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* By its first byte; 0: no character begins with it. */
static size_t character_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	return first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

enum found { NOTHING, PART, WHOLE };

/* What there is, up to `end`, of the character that begins at `begin`; a whole one's bytes. */
static enum found read_character(const uint8_t *bytes, size_t begin, size_t end, uint32_t *value)
{
	const size_t len = character_len(bytes[begin]);
	*value = bytes[begin];
	for (size_t i = 1; i < len; i++) {
		if (begin + i == end)
			return PART;
		if (!is_continuation(bytes[begin + i]))
			return NOTHING;
		*value = *value << 8 | bytes[begin + i];
	}
	return len == 0 ? NOTHING : WHOLE;
}

/* What there is of the character that ends at `end` > 0. */
static enum found read_back(const uint8_t *bytes, size_t end, uint32_t *value)
{
	enum { LONGEST = 4 };
	size_t begin = end - 1;
	while (begin > 0 && is_continuation(bytes[begin]) && end - begin < LONGEST)
		begin--;
	if (is_continuation(bytes[begin]))
		return begin == 0 && end - begin < LONGEST ? PART : NOTHING;
	return character_len(bytes[begin]) == end - begin ? read_character(bytes, begin, end, value)
													  : NOTHING;
}

static uint32_t hash_pair(uint32_t left, uint32_t right)
{
	const uint64_t mixed = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
	return (uint32_t)((mixed ^ mixed >> 32) * 0xC2B2AE3D27D4EB4Fu >> (64 - PAIR_BITS));
}

static void set_bit(uint64_t *bits, uint32_t index)
{
	bits[index / WORD] |= UINT64_C(1) << index % WORD;
}

static bool has_bit(const uint64_t *bits, uint32_t index)
{
	return bits[index / WORD] >> index % WORD & 1;
}

static uint32_t border(const uint8_t *bytes, size_t at)
{
	return (uint32_t)bytes[at - 1] << 8 | bytes[at];
}

static bool is_ascii(const uint8_t *bytes, size_t at)
{
	return (bytes[at - 1] | bytes[at]) < 0x80;
}

static void add_token(struct pmill_character_cuts *cuts, const uint8_t *token, size_t len)
{
	for (size_t at = 1; at < len; at++) {
		uint32_t left, right;
		if (is_ascii(token, at) || is_continuation(token[at]))
			continue;
		const enum found before = read_back(token, at, &left);
		const enum found after = read_character(token, at, len, &right);
		if (before == NOTHING || after == NOTHING)
			continue;
		if (before == WHOLE && after == WHOLE)
			set_bit(cuts->pairs, hash_pair(left, right));
		else
			set_bit(cuts->borders, border(token, at));
	}
}

struct pmill_character_cuts *pmill_character_cuts_create(const struct pmill_vocab *vocab)
{
	struct pmill_character_cuts *cuts = calloc(1, sizeof *cuts);
	for (size_t id = 0; cuts != NULL && id < vocab->count; id++) {
		const pmill_bytes token = pmill_vocab_token(vocab, (uint32_t)id);
		add_token(cuts, token.data, token.len);
	}
	return cuts;
}

void pmill_character_cuts_free(struct pmill_character_cuts *cuts)
{
	free(cuts);
}

static inline bool may_cut(const struct pmill_character_cuts *cuts, uint32_t left, uint32_t right,
	const uint8_t *bytes, size_t at)
{
	return !has_bit(cuts->pairs, hash_pair(left, right)) &&
		!has_bit(cuts->borders, border(bytes, at));
}

/* The length and the bytes of the character at the beginning; 0: there is no whole one. */
static inline size_t read_whole(const uint8_t *bytes, size_t len, uint32_t *value)
{
	if (bytes[0] < 0x80) {
		*value = bytes[0];
		return 1;
	}
	if ((bytes[0] & 0xF0) == 0xE0 && len >= 3 && is_continuation(bytes[1]) &&
		is_continuation(bytes[2])) {
		*value = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
		return 3;
	}
	return read_character(bytes, 0, len, value) == WHOLE ? character_len(bytes[0]) : 0;
}

void pmill_cut_walk_start(struct pmill_cut_walk *walk, const uint8_t *bytes, size_t len)
{
	*walk = (struct pmill_cut_walk){.bytes = bytes, .len = len};
	walk->left_len = read_whole(bytes, len, &walk->left);
}

size_t pmill_character_cuts_find(const struct pmill_character_cuts *cuts,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity)
{
	const uint8_t *bytes = walk->bytes;
	const size_t len = walk->len;
	struct pmill_cut_walk now = *walk;
	size_t count = 0;
	while (count < capacity) {
		now.at += now.left_len == 0 ? 1 : now.left_len;
		if (now.at >= len) {
			ends[count++] = len;
			break;
		}
		uint32_t right = 0;
		const size_t right_len = read_whole(bytes + now.at, len - now.at, &right);
		if (now.left_len > 0 && right_len > 0 && !is_ascii(bytes, now.at) &&
			may_cut(cuts, now.left, right, bytes, now.at))
			ends[count++] = now.at;
		now.left = right;
		now.left_len = right_len;
	}
	*walk = now;
	return count;
}
