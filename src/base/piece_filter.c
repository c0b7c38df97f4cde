/* Skips text in which none of a set of byte strings can begin, by hashes of short pieces. */
/* SPDX-License-Identifier: MIT */
/*
 * A Bloom filter whose two bits are in one word. It holds, of each string, the pieces at its first
 * `stride` offsets. A string that begins at one of `stride` places in a row has such a piece at the
 * last of them; so text is only looked at where the offset is a multiple of `stride`. The shortest
 * string sets how long pieces can be, and how many.
 *
 * The hash has no seed: text made to pass costs its reader no more than having no filter.
 */
#include "base/piece_filter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	/*
	 * Measured on English text and 100,000 random tokens. Shorter pieces occur in text too often,
	 * longer ones leave less stride.
	 */
	PIECE_LEN = 6,
	LEAST_PIECE = 4, /* shorter strings are found by their first byte */
	LARGEST_STRIDE = 8,
	BITS_PER_PIECE = 32, /* lets pass one in 300 pieces; one in 60 with 16 */
	LEAST_SHIFT = 15,
	LARGEST_SHIFT = 23, /* 1 MiB, so that it stays in the L2 cache */
	PICKS = 256,
};

struct pmill_piece_filter {
	size_t stride; /* a power of two */
	uint64_t mask; /* of the bytes of a piece among 8 */
	int shift;     /* from a hash to the index of a word */
	bool has_short;
	bool begins_short[256]; /* the first bytes of strings shorter than LEAST_PIECE */
	uint64_t picks[PICKS];  /* two bits of a word */
	uint64_t words[];
};

/* Fibonacci hashing: the highest bits of a product are the best. `text` has 8 bytes. */
static inline uint64_t hash_piece(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	uint64_t piece;
	memcpy(&piece, text, sizeof piece);
	return (piece & filter->mask) * 0x9E3779B97F4A7C15u;
}

/* From bits of the hash that don't choose the word. */
static inline uint64_t pick_bits(const struct pmill_piece_filter *filter, uint64_t hash)
{
	return filter->picks[hash >> 36 & (PICKS - 1)];
}

static void add_pieces(struct pmill_piece_filter *filter, const pmill_bytes *string)
{
	const uint8_t *bytes = string->data;
	if (string->len < LEAST_PIECE) {
		filter->begins_short[bytes[0]] = filter->has_short = true;
		return;
	}
	for (size_t at = 0; at < filter->stride; at++) {
		uint8_t piece[8] = {0};
		size_t left = string->len - at;
		memcpy(piece, bytes + at, left < sizeof piece ? left : sizeof piece);
		uint64_t hash = hash_piece(filter, piece);
		filter->words[hash >> filter->shift] |= pick_bits(filter, hash);
	}
}

/* Sets how long pieces are, and how many of a string there are. */
static void measure(struct pmill_piece_filter *filter, const pmill_bytes *strings, size_t count)
{
	size_t shortest = PIECE_LEN + LARGEST_STRIDE - 1, stride = LARGEST_STRIDE;
	for (size_t i = 0; i < count; i++) {
		if (strings[i].len < LEAST_PIECE)
			stride = 1;
		else if (strings[i].len < shortest)
			shortest = strings[i].len;
	}
	size_t piece = shortest < PIECE_LEN ? shortest : PIECE_LEN;
	while (stride > shortest - piece + 1)
		stride /= 2;
	filter->stride = stride;
	memset(&filter->mask, 0xFF, piece);
}

/* The logarithm of the number of bits. */
static int choose_shift(size_t count, size_t stride)
{
	int shift = LEAST_SHIFT;
	while (shift < LARGEST_SHIFT && ((size_t)1 << shift) / BITS_PER_PIECE / stride < count)
		shift++;
	return shift;
}

struct pmill_piece_filter *pmill_piece_filter_create(const pmill_bytes *strings, size_t count)
{
	struct pmill_piece_filter measured = {0};
	measure(&measured, strings, count);
	int shift = choose_shift(count, measured.stride);
	struct pmill_piece_filter *filter = calloc(1, sizeof *filter + ((size_t)1 << (shift - 3)));
	if (filter == NULL)
		return NULL;
	*filter = measured;
	filter->shift = 64 - (shift - 6);
	for (size_t i = 0; i < PICKS; i++) {
		size_t distance = 5 + 8 * (i / 64);
		filter->picks[i] = (uint64_t)1 << i % 64 | (uint64_t)1 << (i + distance) % 64;
	}
	for (size_t i = 0; i < count; i++)
		add_pieces(filter, &strings[i]);
	return filter;
}

void pmill_piece_filter_free(struct pmill_piece_filter *filter)
{
	free(filter);
}

static inline bool passes(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	uint64_t hash = hash_piece(filter, text);
	return (~filter->words[hash >> filter->shift] & pick_bits(filter, hash)) == 0;
}

static bool has_piece(const struct pmill_piece_filter *filter, size_t len, size_t at)
{
	return at + sizeof filter->mask <= len;
}

static size_t skip_by_bytes(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t at)
{
	while (
		has_piece(filter, len, at) && !filter->begins_short[text[at]] && !passes(filter, text + at))
		at++;
	return at;
}

size_t pmill_piece_filter_skip(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t begin)
{
	if (filter->has_short)
		return skip_by_bytes(filter, text, len, begin);
	size_t stride = filter->stride, at = (begin + stride - 1) & ~(stride - 1);
	while (has_piece(filter, len, at) && !passes(filter, text + at))
		at += stride;
	/* Of the places up to this one, a string can only begin at one that passes, too. */
	size_t place = at >= begin + stride ? at + 1 - stride : begin;
	while (place < at && has_piece(filter, len, place) && !passes(filter, text + place))
		place++;
	return place;
}
