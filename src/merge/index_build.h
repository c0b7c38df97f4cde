/* The index before the first merge: the words are packed, and their pairs of bytes indexed. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_INDEX_BUILD_H
#define PMILL_MERGE_INDEX_BUILD_H

#include "merge/merge_state.h"

/*
 * Packs the words, sets the first floor, and indexes and offers the pairs that reach it, on the
 * team. Takes the words: the list is empty afterwards.
 */
pmill_status pmill_index_build(struct pmill_merge_state *state, struct pmill_word_list *words);

#endif
