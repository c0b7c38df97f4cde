/* What a list of words comes to: all that an estimate of merging's memory wants to know. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_WORD_PROFILE_H
#define PMILL_MERGE_WORD_PROFILE_H

#include "merge/floor.h"
#include "pairmill.h"

enum {
	PMILL_PROFILE_LENGTHS = 257,
	PMILL_PROFILE_PAIRS = 256 * 256,
	PMILL_PROFILE_SIZES = 8, /* pieces of 4 to 20 bytes */
	PMILL_PROFILE_SLOTS = 1 << 14,
};

/* One piece in 2^level of all different ones, by their hashes, and how often each occurs: at most half full. */
struct pmill_piece_sample {
	struct {
		uint64_t hash; /* 0: a free slot */
		uint64_t count;
	} slots[PMILL_PROFILE_SLOTS];
	unsigned used, level;
};

/* All zero but for longest_token: no words. */
struct pmill_word_profile {
	uint64_t longest_token; /* no longer ones are learned; 0: no limit */
	uint64_t words, bytes;
	uint64_t units[2]; /* of short words, packed as narrow tokens and as wide ones */
	uint64_t positions, chained_words; /* of words that are packed as chains (packed_words.h) */
	uint64_t joints;                   /* places between two bytes */
	/* By pmill_count_class of the word's count: words that may become one token, and joints of all words. */
	uint64_t whole[PMILL_COUNT_CLASSES];
	uint64_t class_joints[PMILL_COUNT_CLASSES];
	uint64_t
		lengths[PMILL_PROFILE_LENGTHS];  /* words by length; a longer one is several of 256 bytes */
	uint64_t pairs[PMILL_PROFILE_PAIRS]; /* joints by the bytes on both sides */
	struct pmill_piece_sample pieces[PMILL_PROFILE_SIZES];
	unsigned sizes; /* of pieces that are looked at */
};

void pmill_word_profile_add(struct pmill_word_profile *profile, pmill_bytes word, int64_t count);

/*
 * About how many different pieces of a few bytes occur so often. What "a few" is depends on how evenly pairs of bytes occur:
 * 4 to 6 in text, 8 to 20 where there are but few different bytes.
 */
double pmill_word_profile_pieces(const struct pmill_word_profile *profile, int64_t count);

#endif
