/* The memory that merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_MEMORY_H
#define PMILL_MERGE_MERGE_MEMORY_H

#include "merge/merger.h"
#include "merge/word_profile.h"

/*
 * The most bytes that the process uses at any time while words of this profile are packed and
 * merged; UINT64_MAX if it is more than that. merge_memory.c says which figures are certain, and
 * which are a model of text.
 */
uint64_t pmill_merge_memory(
	const struct pmill_word_profile *profile, const struct pmill_merger_settings *settings);

#endif
