/* The count that no merge of a training will fall below. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_FLOOR_H
#define PMILL_MERGE_FLOOR_H

#include "words/word_list.h"

/* Classes of counts > 0: by the highest of 63 bits and the four bits below it. */
enum { PMILL_COUNT_FINE_BITS = 4, PMILL_COUNT_CLASSES = (63 - 4 + 1) << PMILL_COUNT_FINE_BITS };

unsigned pmill_count_class(int64_t count);
/* The least count of the class. */
int64_t pmill_count_class_least(unsigned count_class);

/*
 * Let c be the count of the N-th most frequent word among those of two bytes or more that may
 * become one token. Then each of N merges counts at least c: once no pair counts as much, none of
 * those N words holds a pair any more, so each of them has become a token, and N different tokens
 * took N merges. On text merges count about 1.7 to 5 times as much, at 1,000 to 100,000 merges.
 *
 * Returns c, rounded down by at most a sixteenth; 0 if there are fewer words. No token longer than
 * `longest_token` is learned; 0: no limit.
 */
int64_t pmill_floor_of_words(
	const struct pmill_word_list *words, uint64_t merges, uint64_t longest_token);

/* The same, from the number of such words in each class. */
int64_t pmill_floor_of_classes(const uint64_t counts[PMILL_COUNT_CLASSES], uint64_t merges);

#endif
