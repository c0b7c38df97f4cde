/* Skips text in which none of a set of byte strings can begin, by hashes of short pieces. */
/* SPDX-License-Identifier: MIT */
/*
 * A Bloom filter whose four bits are in one word. It holds, of each string, the pieces at its first
 * `stride` offsets. A string that begins at one of `stride` places in a row has such a piece at the
 * last of them; so text is only looked at where the offset is a multiple of `stride`. The shortest
 * string sets how long pieces can be, and how many. Where a piece is known, the filter also looks
 * for the first eight bytes as a whole, or fewer if there is a string that short: of random strings
 * of five letters and more, one piece in a hundred places is in English text, and a look at the
 * strings themselves takes as long as passing over a hundred places.
 *
 * Of these places, only those are looked at where, by the classes of the strings' first bytes, some
 * string may begin: few if they are like "user_17" or have letters only.
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
	LONGEST_HEAD = 8,
	HEADS = LONGEST_HEAD - LEAST_PIECE + 1,
	BITS_PER_PIECE = 32, /* lets pass one in 300 pieces; one in 60 with 16 */
	LEAST_SHIFT = 15,
	LARGEST_SHIFT = 23, /* 1 MiB, so that it stays in the L2 cache */
	PICKS = 1024,
	BLOCKS = 8, /* whose places are matched at once */
};

struct pmill_piece_filter {
	size_t stride;         /* a power of two */
	uint64_t mask;         /* of the bytes of a piece among 8 */
	int shift;             /* from a hash to the index of a word */
	uint64_t heads[HEADS]; /* of 8 bytes, those of a head: a mask for each length */
	size_t head_count;
	bool has_short;
	bool begins_short[256]; /* the first bytes of strings shorter than LEAST_PIECE */
	struct pmill_start_mask classes;
	uint64_t groups;       /* of places: bit 0 of each `stride` bits */
	uint64_t picks[PICKS]; /* four bits of a word */
	uint64_t words[];
};

static inline uint64_t load8(const uint8_t *text)
{
	uint64_t bytes;
	memcpy(&bytes, text, sizeof bytes);
	return bytes;
}

static uint64_t mask_bytes(size_t len)
{
	uint64_t mask = 0;
	memset(&mask, 0xFF, len);
	return mask;
}

/* Fibonacci hashing: the highest bits of a product are the best. `text` has 8 bytes. */
static inline uint64_t hash_piece(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	return (load8(text) & filter->mask) * 0x9E3779B97F4A7C15u;
}

/* Of the bytes of a head; unlike that of a piece of the same bytes. */
static inline uint64_t hash_head(const uint8_t *text, uint64_t mask)
{
	return ((load8(text) & mask) + mask % 251) * 0xC2B2AE3D27D4EB4Fu;
}

/* From bits of the hash that don't choose the word. */
static inline uint64_t pick_bits(const struct pmill_piece_filter *filter, uint64_t hash)
{
	return filter->picks[hash >> 32 & (PICKS - 1)];
}

static void add_hash(struct pmill_piece_filter *filter, uint64_t hash)
{
	filter->words[hash >> filter->shift] |= pick_bits(filter, hash);
}

static void add_head(struct pmill_piece_filter *filter, const pmill_bytes *string)
{
	uint8_t head[LONGEST_HEAD] = {0};
	size_t len = string->len < sizeof head ? string->len : sizeof head, i = 0;
	memcpy(head, string->data, len);
	uint64_t mask = mask_bytes(len);
	add_hash(filter, hash_head(head, mask));
	while (i < filter->head_count && filter->heads[i] != mask)
		i++;
	filter->heads[i] = mask;
	if (i == filter->head_count)
		filter->head_count++;
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
		add_hash(filter, hash_piece(filter, piece));
	}
	add_head(filter, string);
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
	filter->stride = filter->has_short ? 1 : choose_stride(shortest);
	for (size_t place = 0; place < PMILL_START_PLACES; place += filter->stride)
		filter->groups |= (uint64_t)1 << place;
	size_t piece = shortest - filter->stride + 1;
	filter->mask = mask_bytes(piece < LONGEST_PIECE ? piece : LONGEST_PIECE);
}

/* The logarithm of the number of bits. */
static int choose_shift(size_t count, size_t stride)
{
	int shift = LEAST_SHIFT;
	while (shift < LARGEST_SHIFT && ((size_t)1 << shift) / BITS_PER_PIECE / stride < count)
		shift++;
	return shift;
}

/* Four bits of a word each, fewer if two are the same. */
static void choose_picks(struct pmill_piece_filter *filter)
{
	uint64_t random = 0;
	for (size_t i = 0; i < PICKS; i++) {
		random = random * 0xD1342543DE82EF95u + 0x9E3779B97F4A7C15u;
		for (int bit = 0; bit < 4; bit++)
			filter->picks[i] |= (uint64_t)1 << (random >> (40 + 6 * bit) & 63);
	}
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
	choose_picks(filter);
	for (size_t i = 0; i < count; i++)
		add_pieces(filter, &strings[i]);
	return filter;
}

void pmill_piece_filter_free(struct pmill_piece_filter *filter)
{
	free(filter);
}

static inline bool has_hash(const struct pmill_piece_filter *filter, uint64_t hash)
{
	return (~filter->words[hash >> filter->shift] & pick_bits(filter, hash)) == 0;
}

static inline bool passes(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	return has_hash(filter, hash_piece(filter, text));
}

static bool has_head(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	bool found = false;
	for (size_t i = 0; i < filter->head_count; i++)
		found |= has_hash(filter, hash_head(text, filter->heads[i]));
	return found;
}

/* Whether a string may begin here, shorter ones than LEAST_PIECE apart. */
static inline bool begins(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	return passes(filter, text) && has_head(filter, text);
}

/* Whether there are the eight bytes that hashes are made of. */
static bool has_bytes(size_t len, size_t at)
{
	return at + sizeof(uint64_t) <= len;
}

static size_t skip_by_bytes(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t at)
{
	while (has_bytes(len, at) && !filter->begins_short[text[at]] && !begins(filter, text + at))
		at++;
	return at;
}

/* Of each group of places, whether one is in `places`: its first bit. */
static inline uint64_t find_groups(const struct pmill_piece_filter *filter, uint64_t places)
{
	for (size_t width = 1; width < filter->stride; width *= 2)
		places |= places >> width;
	return places & filter->groups;
}

/* If there are places in every group: the groups whose last place has a known piece. */
static inline uint64_t pass_all(const struct pmill_piece_filter *filter, const uint8_t *text)
{
	uint64_t groups = 0;
	size_t stride = filter->stride;
	for (size_t place = 0; place < PMILL_START_PLACES; place += stride)
		groups |= (uint64_t)passes(filter, text + place + stride - 1) << place;
	return groups;
}

/* The first of PMILL_START_PLACES places where a string may begin, or PMILL_START_PLACES. */
static inline size_t find_begin(
	const struct pmill_piece_filter *filter, const uint8_t *text, uint64_t places)
{
	uint64_t groups = find_groups(filter, places);
	if (groups == filter->groups)
		groups = pass_all(filter, text);
	for (; groups != 0; groups &= groups - 1) {
		size_t place = (size_t)__builtin_ctzll(groups), last = place + filter->stride - 1;
		if (!passes(filter, text + last))
			continue;
		for (; place <= last; place++)
			if (begins(filter, text + place))
				return place;
	}
	return PMILL_START_PLACES;
}

static size_t skip_by_blocks(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t at)
{
	uint64_t places[BLOCKS];
	while (at + PMILL_START_REACH <= len) {
		size_t blocks = (len - at - PMILL_START_OFFSETS) / PMILL_START_PLACES;
		if (blocks > BLOCKS)
			blocks = BLOCKS;
		pmill_start_mask_match(&filter->classes, text + at, places, blocks);
		for (size_t k = 0; k < blocks; k++, at += PMILL_START_PLACES) {
			size_t place = find_begin(filter, text + at, places[k]);
			if (place < PMILL_START_PLACES)
				return at + place;
		}
	}
	while (has_bytes(len, at) && !begins(filter, text + at))
		at++;
	return at;
}

size_t pmill_piece_filter_skip(
	const struct pmill_piece_filter *filter, const uint8_t *text, size_t len, size_t begin)
{
	return filter->has_short ? skip_by_bytes(filter, text, len, begin)
							 : skip_by_blocks(filter, text, len, begin);
}
