/* Generated text: words drawn by Zipf's law, spelled in syllables. */
/* SPDX-License-Identifier: MIT */
/*
 * Uses integers only, so that every machine generates the same bytes. The weight of rank r is
 * SCALE / r. A draw is a number below the sum of all weights; a binary search finds its rank.
 */
#include "made_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORDS = 1 << 17,    /* about as many as 30 MB of English text */
	SYLLABLES_MOST = 6, /* per word */
	LINE_WORDS = 12,
	BLOCK = 1 << 16,
	LONGEST_WORD = 3 * SYLLABLES_MOST + 2, /* including what follows it */
};

#define SCALE (UINT64_C(1) << 32)

struct maker {
	uint64_t *sums; /* prefix sums of the weights */
	uint64_t state;
	char block[BLOCK];
	size_t len;
};

/* SplitMix64. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static uint64_t draw(struct maker *maker)
{
	maker->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(maker->state);
}

static size_t draw_rank(struct maker *maker)
{
	uint64_t number = draw(maker) % maker->sums[WORDS - 1];
	size_t low = 0, high = WORDS - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (maker->sums[middle] > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Frequent words are short: one syllable more each time the rank grows eightfold. */
static size_t spell(size_t rank, char *out)
{
	static const char first[] = "bcdfghjklmnprstvwz", vowels[] = "aeiou", last[] = "lmnrst";
	uint64_t letters = mix(rank + 1);
	char *at = out;
	for (size_t reach = rank + 1; reach > 0; reach /= 8) {
		*at++ = first[letters % (sizeof first - 1)];
		letters /= sizeof first - 1;
		*at++ = vowels[letters % (sizeof vowels - 1)];
		letters /= sizeof vowels - 1;
		if (letters % 3 == 0)
			*at++ = last[letters / 3 % (sizeof last - 1)];
		letters /= 16;
	}
	return (size_t)(at - out);
}

static void add_word(struct maker *maker, bool ends_line)
{
	char *at = maker->block + maker->len;
	maker->len += spell(draw_rank(maker), at);
	if (ends_line)
		maker->block[maker->len++] = '.';
	maker->block[maker->len++] = ends_line ? '\n' : ' ';
}

static struct maker *create_maker(void)
{
	struct maker *maker = calloc(1, sizeof *maker);
	if (maker == NULL)
		return NULL;
	maker->sums = malloc(WORDS * sizeof *maker->sums);
	if (maker->sums == NULL) {
		free(maker);
		return NULL;
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < WORDS; i++)
		maker->sums[i] = sum += SCALE / (i + 1);
	return maker;
}

int pmill_cli_made_text_write(uint64_t len, pmill_write_fn write, void *context)
{
	struct maker *maker = create_maker();
	if (maker == NULL)
		return -1;
	int code = 0;
	uint64_t words = 0;
	while (len > 0 && code == 0) {
		maker->len = 0;
		while (maker->len + LONGEST_WORD <= BLOCK)
			add_word(maker, ++words % LINE_WORDS == 0);
		size_t part = len < maker->len ? (size_t)len : maker->len;
		code = write(context, maker->block, part);
		len -= part;
	}
	free(maker->sums);
	free(maker);
	return code;
}
