/* What merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_MERGE_MEMORY_H
#define PMILL_TRAIN_MERGE_MEMORY_H

#include <stdint.h>

/*
 * An upper estimate, in bytes, of the most that the words of `bytes` bytes in all, as a list, and merging
 * them take at any time. Made for words of text: see merge_memory.c for what it was measured on.
 */
uint64_t pmill_merge_memory(uint64_t words, uint64_t bytes, unsigned threads);

#endif
