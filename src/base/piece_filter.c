/* Skips text in which none of a set of byte strings can begin, by hashes of short pieces. */
/* SPDX-License-Identifier: MIT */
/*
 * A Bloom filter whose four bits are in one word. It holds, of each string, the pieces at its first
 * `stride` offsets. A string that begins at one of `stride` places in a row has such a piece at the
 * last of them; so text is only looked at where the offset is a multiple of `stride`. The shortest
 * string sets how long pieces can be, and how many.
 *
 * If the classes of the strings' first bytes exclude most places, as with "user_17" or with letters
 * only, then these are found first, and the stride is one.
 *
 * The hash has no seed: text made to pass costs its reader no more than having no filter.
 */
#include "base/piece_filter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/start_mask.h"

enum {
	LEAST_PIECE = 4, /* shorter strings are found by their first byte */
	USUAL_PIECE = 5, /* shorter pieces occur in text too often, longer ones leave less stride */
	LONGEST_PIECE = 8,
	LARGEST_STRIDE = 8,
	MOST_PLACES = 400,   /* of a thousand, for classes to be worth their while */
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
	bool has_classes;
	struct pmill_start_mask classes;
	uint64_t picks[PICKS]; /* four bits of a word */
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
		filter->begins_short[bytes[0]] = true;
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

/* The largest power of two that leaves pieces long enough. */
static size_t choose_stride(size_t shortest)
{
	size_t stride = 1;
	while (stride < LARGEST_STRIDE && stride * 2 + USUAL_PIECE - 1 <= shortest)
		stride *= 2;
	return stride;
}

static void measure(struct pmill_piece_filter *filter, const pmill_bytes *strings, size_t count)
{
	size_t shortest = LONGEST_PIECE + LARGEST_STRIDE - 1;
	for (size_t i = 0; i < count; i++) {
		if (strings[i].len < LEAST_PIECE)
			filter->has_short = true;
		else if (strings[i].len < shortest)
			shortest = strings[i].len;
	}
	pmill_start_mask_set(&filter->classes, strings, count);
	filter->has_classes = !filter->has_short &&
		pmill_start_mask_weigh(&filter->classes) <= MOST_PLACES;
	filter->stride = filter->has_classes || filter->has_short ? 1 : choose_stride(shortest);
	size_t piece = shortest - filter->stride + 1;
	memset(&filter->mask, 0xFF, piece < LONGEST_PIECE ? piece : LONGEST_PIECE);
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
		for (size_t bit = 0; bit < 4; bit++)
			filter->picks[i] |= (uint64_t)1 << (i + bit * distance) % 64;
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

static size_t skip_by_classes(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t at)
{
	for (; at + PMILL_START_REACH <= len; at += PMILL_START_PLACES) {
		uint64_t places = pmill_start_mask_match(&filter->classes, text + at);
		for (; places != 0; places &= places - 1) {
			size_t place = at + (size_t)__builtin_ctzll(places);
			if (passes(filter, text + place))
				return place;
		}
	}
	while (has_piece(filter, len, at) && !passes(filter, text + at))
		at++;
	return at;
}

size_t pmill_piece_filter_skip(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t begin)
{
	if (filter->has_classes)
		return skip_by_classes(filter, text, len, begin);
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
