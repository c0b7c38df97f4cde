/* The state of training, shared by all systems: words as tokens, the table of pairs, the merges. */
/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"

enum { FIRST_SLOTS = 1 << 12 };

/* ---- Tokens ---- */

static bool add_token(struct pmill_study_tokens *tokens, pmill_bytes left, pmill_bytes right)
{
	void *offsets = tokens->offsets, *bytes = tokens->bytes;
	size_t used = tokens->count > 0 ? tokens->offsets[tokens->count] : 0;
	/* The strings may point into the array that moves. */
	size_t left_at = (size_t)((const uint8_t *)left.data - tokens->bytes);
	size_t right_at = (size_t)((const uint8_t *)right.data - tokens->bytes);
	bool is_joined = right.len > 0;
	bool done = used + left.len + right.len <= UINT32_MAX &&
		pmill_array_reserve(
			&offsets, &tokens->capacity, tokens->count + 2, sizeof *tokens->offsets) &&
		pmill_array_reserve(&bytes, &tokens->bytes_capacity, used + left.len + right.len, 1);
	tokens->offsets = offsets;
	tokens->bytes = bytes;
	if (!done)
		return false;
	memcpy(tokens->bytes + used, is_joined ? tokens->bytes + left_at : left.data, left.len);
	if (is_joined)
		memcpy(tokens->bytes + used + left.len, tokens->bytes + right_at, right.len);
	tokens->offsets[tokens->count++] = (uint32_t)used;
	tokens->offsets[tokens->count] = (uint32_t)(used + left.len + right.len);
	return true;
}

static bool add_bytes(struct pmill_study_tokens *tokens)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t data = (uint8_t)byte;
		if (!add_token(tokens, (pmill_bytes){&data, 1}, (pmill_bytes){NULL, 0}))
			return false;
	}
	return true;
}

/* ---- The table ---- */

static size_t home_of(const struct pmill_study_state *state, uint32_t left, uint32_t right)
{
	uint64_t key = (uint64_t)left << 32 | right;
	return (size_t)((key ^ key >> 29) * 0x9E3779B97F4A7C15u >> 24) & (state->slot_count - 1);
}

static struct pmill_study_slot *find_slot(
	const struct pmill_study_state *state, uint32_t left, uint32_t right)
{
	size_t at = home_of(state, left, right);
	for (;; at = (at + 1) & (state->slot_count - 1)) {
		struct pmill_study_slot *slot = &state->slots[at];
		if (slot->left == UINT32_MAX || (slot->left == left && slot->right == right))
			return slot;
	}
}

const struct pmill_study_slot *pmill_study_state_find(
	const struct pmill_study_state *state, uint32_t left, uint32_t right)
{
	const struct pmill_study_slot *slot = find_slot(state, left, right);
	return slot->left == UINT32_MAX ? NULL : slot;
}

static struct pmill_study_slot *make_slots(size_t count)
{
	struct pmill_study_slot *slots = calloc(count, sizeof *slots);
	for (size_t i = 0; slots != NULL && i < count; i++)
		slots[i].left = UINT32_MAX;
	return slots;
}

static size_t count_kept(const struct pmill_study_state *state)
{
	size_t kept = 0;
	for (size_t i = 0; i < state->slot_count; i++)
		kept += state->slots[i].left != UINT32_MAX && state->slots[i].count > 0;
	return kept;
}

/* Makes room for `more` pairs, at most two thirds full. Drops the pairs that are gone. */
static bool reserve_pairs(struct pmill_study_state *state, size_t more)
{
	if (state->used + more <= state->slot_count / 3 * 2)
		return true;
	struct pmill_study_state old = *state;
	size_t kept = count_kept(&old);
	while (state->slot_count / 2 < kept + more)
		state->slot_count *= 2;
	state->slots = make_slots(state->slot_count);
	state->used = 0;
	if (state->slots == NULL) {
		*state = old;
		return false;
	}
	for (size_t i = 0; i < old.slot_count; i++) {
		struct pmill_study_slot *slot = &old.slots[i];
		if (slot->left == UINT32_MAX)
			continue;
		if (slot->count == 0) {
			free(slot->words);
			continue;
		}
		*find_slot(state, slot->left, slot->right) = *slot;
		state->used++;
	}
	free(old.slots);
	return true;
}

static bool note_created(struct pmill_study_state *state, uint32_t left, uint32_t right)
{
	void *created = state->created;
	if (!pmill_array_reserve(
			&created, &state->created_capacity, state->created_count + 1, sizeof *state->created))
		return false;
	state->created = created;
	state->created[state->created_count++] = (struct pmill_study_item){0, left, right};
	return true;
}

static bool add_word(struct pmill_study_slot *slot, uint32_t word)
{
	if (slot->word_count > 0 && slot->words[slot->word_count - 1] == word)
		return true;
	void *words = slot->words;
	size_t capacity = slot->word_capacity;
	if (!pmill_array_reserve(&words, &capacity, (size_t)slot->word_count + 1, sizeof *slot->words))
		return false;
	slot->words = words;
	slot->word_capacity = (uint32_t)capacity;
	slot->words[slot->word_count++] = word;
	return true;
}

/* Adds an occurrence of a pair in a word. Room for it must be reserved. */
static bool count_pair(
	struct pmill_study_state *state, uint32_t left, uint32_t right, uint32_t word, int64_t count)
{
	struct pmill_study_slot *slot = find_slot(state, left, right);
	if (slot->left == UINT32_MAX) {
		slot->left = left;
		slot->right = right;
		state->used++;
		if (!note_created(state, left, right))
			return false;
	}
	slot->count += count;
	return add_word(slot, word);
}

/* ---- Words ---- */

static bool allocate(struct pmill_study_state *state, size_t words, size_t bytes)
{
	state->words = malloc((words + 1) * sizeof *state->words);
	state->word_tokens = malloc((bytes + 1) * sizeof *state->word_tokens);
	state->slot_count = FIRST_SLOTS;
	state->slots = make_slots(FIRST_SLOTS);
	return state->words != NULL && state->word_tokens != NULL && state->slots != NULL &&
		add_bytes(&state->tokens);
}

static bool count_word(struct pmill_study_state *state, uint32_t number)
{
	const struct pmill_study_word *word = &state->words[number];
	const uint32_t *tokens = state->word_tokens + word->begin;
	if (!reserve_pairs(state, word->len))
		return false;
	for (uint32_t i = 0; i + 1 < word->len; i++)
		if (!count_pair(state, tokens[i], tokens[i + 1], number, word->count))
			return false;
	return true;
}

static bool add_words(struct pmill_study_state *state, const pmill_counts *counts, size_t words)
{
	uint32_t at = 0;
	for (size_t i = 0; i < words; i++) {
		pmill_bytes bytes;
		int64_t count;
		pmill_counts_get_word(counts, i, &bytes, &count);
		state->words[i] = (struct pmill_study_word){at, (uint32_t)bytes.len, count};
		for (size_t k = 0; k < bytes.len; k++)
			state->word_tokens[at++] = ((const uint8_t *)bytes.data)[k];
		state->word_count++;
		if (!count_word(state, (uint32_t)i))
			return false;
	}
	return true;
}

/* New pairs have their true counts only now. */
static void count_created(struct pmill_study_state *state)
{
	for (size_t i = 0; i < state->created_count; i++) {
		struct pmill_study_item *item = &state->created[i];
		item->count = find_slot(state, item->left, item->right)->count;
	}
}

pmill_status pmill_study_state_init(
	struct pmill_study_state *state, const pmill_counts *counts, pmill_error *error)
{
	*state = (struct pmill_study_state){0};
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(counts, &info);
	size_t words = (size_t)info.totals.words, bytes = 0;
	for (size_t i = 0; i < words; i++) {
		pmill_bytes word;
		int64_t count;
		pmill_counts_get_word(counts, i, &word, &count);
		bytes += word.len;
	}
	if (bytes >= UINT32_MAX || words >= UINT32_MAX)
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"the distinct words are too large for the study: more than 4 GiB");
	if (allocate(state, words, bytes) && add_words(state, counts, words)) {
		count_created(state);
		return PMILL_OK;
	}
	pmill_study_state_release(state);
	return pmill_fail_memory(error);
}

pmill_status pmill_study_state_init_with_pairs(struct pmill_study_state *state,
	const struct pmill_study_item *items, size_t count, pmill_error *error)
{
	*state = (struct pmill_study_state){0};
	bool done = allocate(state, 0, 0);
	for (size_t i = 0; i < count && done; i++) {
		done = reserve_pairs(state, 1);
		if (!done)
			break;
		struct pmill_study_slot *slot = find_slot(state, items[i].left, items[i].right);
		*slot = (struct pmill_study_slot){
			items[i].count, items[i].left, items[i].right, NULL, 0, 0};
		state->used++;
	}
	if (done)
		return PMILL_OK;
	pmill_study_state_release(state);
	return pmill_fail_memory(error);
}

void pmill_study_state_release(struct pmill_study_state *state)
{
	for (size_t i = 0; i < state->slot_count; i++)
		free(state->slots[i].words);
	free(state->slots);
	free(state->words);
	free(state->word_tokens);
	free(state->created);
	free(state->tokens.bytes);
	free(state->tokens.offsets);
	*state = (struct pmill_study_state){0};
}

/* ---- Walks ---- */

/*
 * Whether a slot is free is unpredictable, and a branch on it made the walk take five times as
 * long. So only the count is checked, which for all but a few is less than the best.
 */
struct pmill_study_item pmill_study_state_best(
	const struct pmill_study_state *state, size_t begin, size_t end)
{
	struct pmill_study_item best = {0};
	int64_t least = 1;
	for (size_t i = begin; i < end; i++) {
		const struct pmill_study_slot *slot = &state->slots[i];
		if (slot->count < least)
			continue;
		struct pmill_study_item item = {slot->count, slot->left, slot->right};
		if (pmill_study_item_is_better(&state->tokens, &item, &best))
			best = item;
		least = best.count;
	}
	return best;
}

size_t pmill_study_state_copy(const struct pmill_study_state *state, struct pmill_study_item *items)
{
	size_t count = 0;
	for (size_t i = 0; i < state->slot_count; i++) {
		const struct pmill_study_slot *slot = &state->slots[i];
		items[count] = (struct pmill_study_item){slot->count, slot->left, slot->right};
		count += slot->count > 0;
	}
	return count;
}

/* ---- Merging ---- */

static bool holds(const uint32_t *tokens, uint32_t len, uint32_t left, uint32_t right)
{
	for (uint32_t i = 0; i + 1 < len; i++)
		if (tokens[i] == left && tokens[i + 1] == right)
			return true;
	return false;
}

/* Removes all pairs of the word from the table. */
static void uncount_word(struct pmill_study_state *state, const struct pmill_study_word *word)
{
	const uint32_t *tokens = state->word_tokens + word->begin;
	for (uint32_t i = 0; i + 1 < word->len; i++)
		find_slot(state, tokens[i], tokens[i + 1])->count -= word->count;
}

/* Goes from left to right. */
static void replace(
	uint32_t *tokens, struct pmill_study_word *word, uint32_t left, uint32_t right, uint32_t joined)
{
	uint32_t out = 0;
	for (uint32_t in = 0; in < word->len; out++) {
		bool is_pair = in + 1 < word->len && tokens[in] == left && tokens[in + 1] == right;
		tokens[out] = is_pair ? joined : tokens[in];
		in += is_pair ? 2 : 1;
	}
	word->len = out;
}

/* Adds the rewritten word's pairs; only those with the new token need to record the word. */
static bool recount_word(struct pmill_study_state *state, uint32_t number, uint32_t joined)
{
	const struct pmill_study_word *word = &state->words[number];
	const uint32_t *tokens = state->word_tokens + word->begin;
	for (uint32_t i = 0; i + 1 < word->len; i++) {
		if (tokens[i] != joined && tokens[i + 1] != joined)
			find_slot(state, tokens[i], tokens[i + 1])->count += word->count;
		else if (!count_pair(state, tokens[i], tokens[i + 1], number, word->count))
			return false;
	}
	return true;
}

static bool merge_words(struct pmill_study_state *state, const uint32_t *numbers, uint32_t count,
	uint32_t left, uint32_t right, uint32_t joined)
{
	for (uint32_t i = 0; i < count; i++) {
		struct pmill_study_word *word = &state->words[numbers[i]];
		uint32_t *tokens = state->word_tokens + word->begin;
		if (!holds(tokens, word->len, left, right))
			continue;
		/* Before uncounting the word: growing then would drop pairs that it still holds. */
		if (!reserve_pairs(state, word->len))
			return false;
		uncount_word(state, word);
		replace(tokens, word, left, right, joined);
		if (!recount_word(state, numbers[i], joined))
			return false;
	}
	return true;
}

pmill_status pmill_study_state_apply(
	struct pmill_study_state *state, uint32_t left, uint32_t right, pmill_error *error)
{
	struct pmill_study_slot *slot = find_slot(state, left, right);
	uint32_t *numbers = slot->words, count = slot->word_count;
	uint32_t joined = (uint32_t)state->tokens.count;
	slot->words = NULL;
	slot->word_count = slot->word_capacity = 0;
	state->created_count = 0;
	bool done = add_token(&state->tokens, pmill_study_token(&state->tokens, left),
					pmill_study_token(&state->tokens, right)) &&
		merge_words(state, numbers, count, left, right, joined);
	free(numbers);
	if (!done)
		return pmill_fail_memory(error);
	count_created(state);
	return PMILL_OK;
}
