/* What merging will need, before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_MEMORY_H
#define PMILL_MERGE_MERGE_MEMORY_H

#include "merge/merger.h"
#include "merge/word_profile.h"

/*
 * The most, in bytes, that the process takes at any time while words of this profile are packed and merged.
 * merge_memory.c says what of it is sure, and what is a model of text. UINT64_MAX where it is more than that.
 */
uint64_t pmill_merge_memory(
	const struct pmill_word_profile *profile, const struct pmill_merger_settings *settings);

#endif
