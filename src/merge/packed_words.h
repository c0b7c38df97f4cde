/* Words as tokens: short ones packed one after another, others chained by position. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PACKED_WORDS_H
#define PMILL_MERGE_PACKED_WORDS_H

#include <stdbool.h>

#include "base/progress.h"
#include "base/team.h"
#include "merge/learned_tokens.h"
#include "words/word_list.h"

/*
 * A short word: a header, then its tokens (2 or 4 bytes each), padded to a multiple of 8 bytes. It
 * is visited as a whole, and merging shortens it in place.
 *
 *     | len: 1 | room: 1 | count: 6 | token 0 | token 1 | ... | (up to 8)
 *
 * Words that occur 2^47 times or more are chained, whatever their length.
 */
struct pmill_packed_word {
	uint64_t header;
	uint16_t tokens[]; /* uint32_t if the words are wide */
};

#define PMILL_SHORT_COUNT_LIMIT (INT64_C(1) << 47)

/* In tokens. */
static inline size_t pmill_packed_word_len(const struct pmill_packed_word *word)
{
	return word->header & 255;
}

/* In units of 8 bytes, including the header. */
static inline size_t pmill_packed_word_room(const struct pmill_packed_word *word)
{
	return word->header >> 8 & 255;
}

static inline int64_t pmill_packed_word_count(const struct pmill_packed_word *word)
{
	return (int64_t)(word->header >> 16);
}

/* Removes this many tokens. */
static inline void pmill_packed_word_shorten(struct pmill_packed_word *word, size_t tokens)
{
	word->header -= tokens;
}

/* Units taken by a short word. */
static inline uint64_t pmill_packed_word_units(uint64_t len, bool is_wide)
{
	return sizeof(struct pmill_packed_word) / 8 + (len * (is_wide ? 4 : 2) + 7) / 8;
}

/* Whether a word is packed as a chained one. */
static inline bool pmill_packed_word_is_chained(
	uint64_t len, int64_t count, size_t chained_word_len)
{
	return len >= chained_word_len || (len >= 2 && count >= PMILL_SHORT_COUNT_LIMIT);
}

/*
 * A chained word: packed as a short one, a long word would cost its whole length at each visit, so
 * the square of it in all. Instead its tokens are in chains of positions, and each position is a
 * place of its own: a visit costs the same for any length.
 */
struct pmill_chained_word {
	uint32_t begin; /* its first position */
	int64_t count;
};

/* Words of this many bytes or more are chained: shorter ones cost less as a whole. At most 256. */
enum { PMILL_CHAINED_WORD_LEN = 256 };
enum { PMILL_SHARE_PADDING = 64 }; /* bytes after the short words of each share */
#define PMILL_NO_POSITION UINT32_MAX
#define PMILL_NO_TOKEN UINT32_MAX

/*
 * A share: the words dealt to one member of the team, as the places [begin, end) of its short words
 * and of its chained ones. They are dealt in small blocks, so each pair's places are spread evenly,
 * too. (The pair index is split into parts: see pair_index.h.)
 */
struct pmill_packed_share {
	uint32_t short_begin, short_end;
	uint32_t chained_begin, chained_end;
};

/*
 * A place is where a pair occurs, as 32 bits: below unit_count it is a short word, given by its
 * offset in units of 8 bytes; from there on it is a position of the chained words. So there are
 * fewer than 2^32 units and positions in all: 32 GiB.
 */
struct pmill_packed_words {
	uint64_t *units;
	size_t unit_count;
	bool is_wide; /* tokens of 4 bytes: for more than 65,536 tokens */
	size_t chained_word_len;
	struct pmill_chained_word *chained_words;
	size_t chained_count;
	uint32_t *tokens, *before, *after; /* by position */
	size_t position_count;
	struct pmill_packed_share *shares; /* one for each member of the team */
	unsigned share_count;
	struct pmill_page_pool *pool; /* where memory comes from; lives longer */
};

/*
 * `token_limit`: how many tokens there can be in the end; `chained_word_len`: 0 for the default.
 * Takes the words: the list is empty afterwards. `progress` (may be NULL): the first of
 * PMILL_INDEX_PASSES passes.
 */
enum { PMILL_INDEX_PASSES = 3 };
pmill_status pmill_packed_words_create(struct pmill_packed_words *packed,
	struct pmill_word_list *words, const struct pmill_learned_tokens *tokens, uint64_t token_limit,
	size_t chained_word_len, struct pmill_team *team, struct pmill_page_pool *pool,
	struct pmill_progress_state *progress, pmill_error *error);
void pmill_packed_words_release(struct pmill_packed_words *packed);

/* The index of the chained word that holds a position. */
size_t pmill_packed_words_find_chained(const struct pmill_packed_words *packed, uint32_t position);

/* How many of a pair's places come before those of this share. They are in the order of shares. */
size_t pmill_packed_words_find_share(
	const struct pmill_packed_words *packed, unsigned share, const uint32_t *places, size_t count);

/* Narrows a pair's places to those of one share. */
void pmill_packed_words_narrow(const struct pmill_packed_words *packed, unsigned share,
	const uint32_t **places, size_t *count);

static inline struct pmill_packed_word *pmill_packed_words_at(
	const struct pmill_packed_words *packed, size_t unit)
{
	return (struct pmill_packed_word *)(void *)(packed->units + unit);
}

/*
 * Calls visit(context, left, right, place, count) for each pair of neighbours in a share, in order.
 */
typedef void pmill_pair_visitor(
	void *context, uint32_t left, uint32_t right, uint32_t place, int64_t count);
void pmill_packed_words_walk(const struct pmill_packed_words *packed,
	const struct pmill_packed_share *share, pmill_pair_visitor *visit, void *context);

#endif
