/* The count that the merges of a run will not fall below. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_FLOOR_H
#define PMILL_TRAIN_FLOOR_H

#include "counts/word_list.h"

/*
 * Let c be the count of the N-th most frequent word among those of two bytes and more. Then each of N merges counts
 * at least c: where no pair counts so much, none of those N words holds a pair any more, so each of them has become
 * a token, and N different tokens took N merges. (Unless a filter forbids merges.) On text they count some 1.7 to
 * 5 times as much, at 1,000 to 100,000 merges.
 *
 * Returns c, rounded down by a sixteenth at most; 0 where there are fewer words.
 */
int64_t pmill_floor_of_words(const struct pmill_word_list *words, uint64_t merges);

#endif
