/* Counts words the obvious way, for comparison: append, sort, add up. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_NAIVE_WORDS_H
#define PMILL_TESTS_SUPPORT_NAIVE_WORDS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "words/word_list.h"

struct naive_word {
	uint8_t *bytes;
	size_t len;
	int64_t count;
};

struct naive_words {
	struct naive_word *words;
	size_t count, capacity;
};

static inline void naive_require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "naive words: %s\n", what);
		abort();
	}
}

static inline void naive_add(
	struct naive_words *all, const uint8_t *bytes, size_t len, int64_t count)
{
	if (all->count == all->capacity) {
		all->capacity = all->capacity * 2 + 16;
		all->words = realloc(all->words, all->capacity * sizeof *all->words);
		naive_require(all->words != NULL, "out of memory");
	}
	uint8_t *copy = malloc(len);
	naive_require(copy != NULL, "out of memory");
	memcpy(copy, bytes, len);
	all->words[all->count++] = (struct naive_word){copy, len, count};
}

/* Byte by byte, to share no code with the library. */
static inline int naive_compare(const void *a, const void *b)
{
	const struct naive_word *x = a, *y = b;
	for (size_t i = 0; i < x->len && i < y->len; i++)
		if (x->bytes[i] != y->bytes[i])
			return x->bytes[i] < y->bytes[i] ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len);
}

static inline void naive_finish(struct naive_words *all)
{
	size_t kept = 0;
	if (all->count > 0)
		qsort(all->words, all->count, sizeof *all->words, naive_compare);
	for (size_t i = 0; i < all->count; i++) {
		if (kept > 0 && naive_compare(&all->words[kept - 1], &all->words[i]) == 0) {
			all->words[kept - 1].count += all->words[i].count;
			free(all->words[i].bytes);
		} else {
			all->words[kept++] = all->words[i];
		}
	}
	all->count = kept;
}

static inline void naive_release(struct naive_words *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->words[i].bytes);
	free(all->words);
	*all = (struct naive_words){0};
}

/* Compares with `all`, on which naive_finish was called. */
static inline void naive_check(const struct naive_words *all, const struct pmill_word_list *list)
{
	naive_require(all->count == list->count, "the number of words differs");
	for (size_t i = 0; i < list->count; i++) {
		pmill_bytes word = pmill_word_list_word(list, i);
		naive_require(word.len == all->words[i].len, "the length of a word differs");
		naive_require(memcmp(word.data, all->words[i].bytes, word.len) == 0, "a word differs");
		naive_require(list->counts[i] == all->words[i].count, "a count differs");
	}
}

/*
 * Up to `longest` bytes from few letters, so that words repeat and share prefixes. The letters
 * include NUL and 0xFF.
 */
static inline size_t naive_random_word(uint64_t *random, uint8_t *word, size_t longest)
{
	static const uint8_t letters[] = {'a', 'b', 0, 0xFF, ' '};
	size_t len = 1 + next_random(random) % longest;
	unsigned kinds = 1 + (unsigned)(next_random(random) % sizeof letters);
	for (size_t i = 0; i < len; i++)
		word[i] = letters[next_random(random) % kinds];
	return len;
}

#endif
