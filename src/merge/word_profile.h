/* The profile of a list of words: all that an estimate of merging's memory needs to know. */
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

/*
 * A sample of the different pieces, one in 2^level by hash, with their counts: at most half full.
 */
struct pmill_piece_sample {
	struct {
		uint64_t hash; /* 0: a free slot */
		uint64_t count;
	} slots[PMILL_PROFILE_SLOTS];
	unsigned used, level;
};

/* All zero except for longest_token: no words. */
struct pmill_word_profile {
	uint64_t longest_token; /* no longer token is learned; 0: no limit */
	uint64_t words, bytes;
	uint64_t units[2]; /* of short words, packed as narrow tokens and as wide ones */
	uint64_t positions, chained_words; /* of chained words (packed_words.h) */
	uint64_t joints;                   /* between two bytes of a word */
	/* By class of a word's count (floor.h): words that may become one token, and joints of all. */
	uint64_t whole[PMILL_COUNT_CLASSES];
	uint64_t class_joints[PMILL_COUNT_CLASSES];
	/* Words by length; a longer one is several of 256 bytes. */
	uint64_t lengths[PMILL_PROFILE_LENGTHS];
	uint64_t pairs[PMILL_PROFILE_PAIRS]; /* joints by the bytes on both sides */
	struct pmill_piece_sample pieces[PMILL_PROFILE_SIZES];
	unsigned sizes; /* how many sizes of pieces are counted */
};

void pmill_word_profile_add(struct pmill_word_profile *profile, pmill_bytes word, int64_t count);

/*
 * Estimates how many different pieces of a few bytes occur `count` times or more. What "a few" is
 * depends on how evenly pairs of bytes occur: 4 to 6 in text, 8 to 20 if there are only a few
 * different bytes.
 */
double pmill_word_profile_pieces(const struct pmill_word_profile *profile, int64_t count);

#endif
