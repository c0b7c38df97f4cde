/* Applies one merge at the places of its pair. */
/* SPDX-License-Identifier: MIT */
#include "merge/visit.h"

#include "merge/visit_match.h"

enum {
	/* Places prefetched before they are visited, a round at a time. */
	PREFETCHED = 16,
	/* Most words that don't end on the first cache line end on the second. */
	SECOND_LINE = 48,
	/* Places to make room for at once. Most have one match; a word with more makes its own room. */
	ROUND = 16,
	/* A short word has at most half as many matches as tokens. */
	MOST_MATCHES = PMILL_CHAINED_WORD_LEN / 2,
	/* Offsets in a word that are searched without a branch: most words have no more. */
	LOOKED = 16,
};
#define FOUND_MORE (1u << 31)

static bool is_chained(const struct pmill_packed_words *words, uint32_t place)
{
	return place >= words->unit_count;
}

/* If the pair begins here, the position of its second token, otherwise PMILL_NO_POSITION. */
static uint32_t match_chained(
	const struct pmill_packed_words *words, uint32_t at, uint32_t left, uint32_t right)
{
	if (at == PMILL_NO_POSITION || words->tokens[at] != left)
		return PMILL_NO_POSITION;
	uint32_t next = words->after[at];
	return next != PMILL_NO_POSITION && words->tokens[next] == right ? next : PMILL_NO_POSITION;
}

/*
 * Merges one match, as in a short word. It touches the match before it if the token on its left is
 * `joined`, which is new and occurs nowhere else yet.
 */
static void merge_chained(const struct pmill_packed_words *words, uint32_t place, int64_t count,
	const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes)
{
	const uint32_t left = merge->left, right = merge->right, joined = merge->joined;
	uint32_t base = (uint32_t)words->unit_count, at = place - base;
	uint32_t second = match_chained(words, at, left, right);
	if (second == PMILL_NO_POSITION)
		return;
	uint32_t visit = ++changes->visit;
	uint32_t before = words->before[at], after = words->after[second];
	if (before != PMILL_NO_POSITION) {
		uint32_t token = words->tokens[before];
		if (token == joined)
			pmill_change_add(&changes->sides[PMILL_BETWEEN], &neighbours->between, joined, visit,
				base + before, count);
		else
			pmill_change_add(&changes->sides[PMILL_LEFT], &neighbours->left[token], token, visit,
				base + before, count);
	}
	words->tokens[at] = joined;
	words->tokens[second] = PMILL_NO_TOKEN;
	words->after[at] = after;
	if (after == PMILL_NO_POSITION)
		return;
	words->before[after] = at;
	uint32_t token = words->tokens[after];
	if (match_chained(words, after, left, right) == PMILL_NO_POSITION)
		pmill_change_add(
			&changes->sides[PMILL_RIGHT], &neighbours->right[token], token, visit, place, count);
}

/* What a visit touches first. (gcc drops a function that only prefetches: it has no effect.) */
static const void *address_of(const struct pmill_packed_words *words, uint32_t place)
{
	if (is_chained(words, place))
		return &words->tokens[place - words->unit_count];
	return pmill_packed_words_at(words, place);
}

#define TOKEN uint16_t
#define NAME(x) x##_narrow
#define LOOK_TOKENS PMILL_MATCH_NARROW
#include "merge/visit_template.h"
#define TOKEN uint32_t
#define NAME(x) x##_wide
#define LOOK_TOKENS PMILL_MATCH_WIDE
#include "merge/visit_template.h"

static void visit_chained(const struct pmill_packed_words *words, uint32_t place, size_t *word,
	const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes)
{
	/* Places are in order, so the next is mostly in the same word. */
	uint32_t at = place - (uint32_t)words->unit_count;
	bool is_later = *word + 1 < words->chained_count && words->chained_words[*word + 1].begin <= at;
	if (is_later || words->chained_words[*word].begin > at)
		*word = pmill_packed_words_find_chained(words, at);
	merge_chained(words, place, words->chained_words[*word].count, merge, neighbours, changes);
}

static void visit_chained_places(const struct pmill_packed_words *words, const uint32_t *places,
	size_t count, const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes)
{
	size_t chained_word = 0;
	for (size_t i = 0; i < count; i++)
		visit_chained(words, places[i], &chained_word, merge, neighbours, changes);
}

/*
 * How many of the first places are of one kind. Each share's short words come before its chained
 * ones.
 */
static size_t count_alike(
	const struct pmill_packed_words *words, const uint32_t *places, size_t count)
{
	if (words->position_count == 0)
		return count;
	size_t alike = 1;
	while (alike < count && is_chained(words, places[alike]) == is_chained(words, places[0]))
		alike++;
	return alike;
}

bool pmill_visit_places(const struct pmill_packed_words *words, const uint32_t *places,
	size_t count, const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes)
{
	for (size_t i = 0; i < PREFETCHED && i < count; i++) {
		const char *ahead = address_of(words, places[i]);
		__builtin_prefetch(ahead, 1);
		__builtin_prefetch(ahead + SECOND_LINE, 1);
	}
	for (size_t begin = 0, alike; begin < count; begin += alike) {
		alike = count_alike(words, places + begin, count - begin < ROUND ? count - begin : ROUND);
		size_t remaining = count - begin,
			   ahead = remaining > PREFETCHED ? remaining - PREFETCHED : 0;
		if (!pmill_changes_reserve(changes, ROUND))
			return false;
		bool done = true;
		if (is_chained(words, places[begin]))
			visit_chained_places(words, places + begin, alike, merge, neighbours, changes);
		else if (words->is_wide)
			done = visit_wide(words, places + begin, alike, ahead, merge, neighbours, changes);
		else
			done = visit_narrow(words, places + begin, alike, ahead, merge, neighbours, changes);
		if (!done)
			return false;
	}
	return true;
}

/* ---- Pairs of bytes ---- */

static struct pmill_byte_pair *find_chained_pair(
	const struct pmill_packed_words *words, struct pmill_byte_pair *pairs, uint32_t at)
{
	uint32_t next = words->after[at];
	if (next == PMILL_NO_POSITION)
		return NULL;
	return &pairs[words->tokens[at] << 8 | words->tokens[next]];
}

static bool count_chained_pairs(const struct pmill_packed_words *words,
	const struct pmill_packed_share *share, struct pmill_byte_pair *pairs)
{
	for (uint64_t place = share->chained_begin; place < share->chained_end;) {
		uint32_t at = (uint32_t)(place - words->unit_count);
		size_t word = pmill_packed_words_find_chained(words, at);
		int64_t count = words->chained_words[word].count;
		struct pmill_byte_pair *pair;
		for (; (pair = find_chained_pair(words, pairs, at)) != NULL; at++) {
			if (__builtin_add_overflow(pair->count, count, &pair->count))
				return false;
			pair->place_count++;
		}
		place = words->unit_count + at + 1;
	}
	return true;
}

static void fill_chained_pairs(const struct pmill_packed_words *words,
	const struct pmill_packed_share *share, struct pmill_byte_pair *pairs)
{
	for (uint64_t place = share->chained_begin; place < share->chained_end; place++) {
		struct pmill_byte_pair *pair = find_chained_pair(
			words, pairs, (uint32_t)(place - words->unit_count));
		if (pair != NULL && pair->fill != NULL)
			*pair->fill++ = (uint32_t)place;
	}
}

/* Where to pause among the short words. */
static uint64_t next_pause(const struct pmill_packed_share *rest, size_t units)
{
	uint64_t left = rest->short_end - rest->short_begin;
	return rest->short_begin + (left < units ? left : units);
}

bool pmill_visit_count_pairs(const struct pmill_packed_words *words,
	struct pmill_packed_share *rest, size_t units, struct pmill_byte_pair *pairs)
{
	uint64_t at = rest->short_begin;
	for (uint64_t pause = next_pause(rest, units); at < pause;) {
		const struct pmill_packed_word *word = pmill_packed_words_at(words, at);
		bool fits = words->is_wide ? count_pairs_wide(word, (uint32_t)at, pairs)
								   : count_pairs_narrow(word, (uint32_t)at, pairs);
		if (!fits)
			return false;
		at += pmill_packed_word_room(word);
	}
	rest->short_begin = (uint32_t)at;
	return at < rest->short_end || count_chained_pairs(words, rest, pairs);
}

void pmill_visit_fill_pairs(const struct pmill_packed_words *words, struct pmill_packed_share *rest,
	size_t units, struct pmill_byte_pair *pairs)
{
	uint64_t at = rest->short_begin;
	for (uint64_t pause = next_pause(rest, units); at < pause;) {
		const struct pmill_packed_word *word = pmill_packed_words_at(words, at);
		if (words->is_wide)
			fill_pairs_wide(word, (uint32_t)at, pairs);
		else
			fill_pairs_narrow(word, (uint32_t)at, pairs);
		at += pmill_packed_word_room(word);
	}
	rest->short_begin = (uint32_t)at;
	if (at >= rest->short_end)
		fill_chained_pairs(words, rest, pairs);
}
