/* Words as tokens, packed one behind another in a single array. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_PACKED_WORDS_H
#define PMILL_TRAIN_PACKED_WORDS_H

#include <stdbool.h>

#include "counts/word_list.h"
#include "train/learned_tokens.h"

/*
 * One word: a header, then its tokens (2 or 4 bytes each), filled up to a multiple of 8 bytes. Words are named
 * by their offset in units of 8 bytes, so 32 bits reach 32 GiB. Merging shortens words in place; the
 * room they had stays theirs.
 *
 *     | count: 8 | len: 4 | room: 4 | token 0 | token 1 | ... | (up to 8)
 */
struct pmill_packed_word {
	int64_t count;
	uint32_t len;      /* in tokens; words of one token are not packed: they hold no pair */
	uint32_t room;     /* in units of 8 bytes, this header included */
	uint16_t tokens[]; /* uint32_t where the words are wide */
};

struct pmill_packed_words {
	uint64_t *units;
	size_t unit_count;
	size_t unit_capacity;
	bool is_wide; /* tokens of 4 bytes: for more than 65,536 tokens */
};

/* `token_limit`: tokens there can be in the end. Takes the words: the list is empty afterwards. */
pmill_status pmill_packed_words_create(struct pmill_packed_words *packed,
	struct pmill_word_list *words, const struct pmill_learned_tokens *tokens, uint64_t token_limit,
	pmill_error *error);
void pmill_packed_words_release(struct pmill_packed_words *packed);

static inline struct pmill_packed_word *pmill_packed_words_at(
	const struct pmill_packed_words *packed, size_t unit)
{
	return (struct pmill_packed_word *)(void *)(packed->units + unit);
}

#endif
