/* Words as tokens, packed one behind another in a single array. */
/* SPDX-License-Identifier: MIT */
#include "train/packed_words.h"

#include "base/error.h"
#include "base/pages.h"

enum { HEADER_UNITS = sizeof(struct pmill_packed_word) / 8 };

static uint64_t units_for(uint64_t len, bool is_wide)
{
	return HEADER_UNITS + (len * (is_wide ? 4 : 2) + 7) / 8;
}

static pmill_status measure(
	const struct pmill_word_list *words, bool is_wide, uint64_t *units, pmill_error *error)
{
	*units = 0;
	for (size_t i = 0; i < words->count; i++) {
		uint64_t len = words->offsets[i + 1] - words->offsets[i];
		if (len < 2)
			continue;
		/* A room of 32 bits holds 32 GiB, so the limit of one word is that of all. */
		*units += units_for(len, is_wide);
		if (*units >= UINT32_MAX)
			return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
				"the distinct words are too much for one training: "
				"more than 32 GiB when packed");
	}
	return PMILL_OK;
}

static void pack_word(struct pmill_packed_word *word, pmill_bytes bytes, int64_t count,
	const struct pmill_learned_tokens *tokens, bool is_wide)
{
	const uint8_t *byte = bytes.data;
	word->count = count;
	word->len = (uint32_t)bytes.len;
	word->room = (uint32_t)units_for(bytes.len, is_wide);
	uint32_t *wide = (uint32_t *)(void *)word->tokens;
	for (size_t i = 0; i < bytes.len; i++) {
		if (is_wide)
			wide[i] = tokens->token_of[byte[i]];
		else
			word->tokens[i] = tokens->token_of[byte[i]];
	}
}

pmill_status pmill_packed_words_create(struct pmill_packed_words *packed,
	struct pmill_word_list *words, const struct pmill_learned_tokens *tokens, uint64_t token_limit,
	pmill_error *error)
{
	bool is_wide = token_limit > 65536;
	uint64_t units;
	pmill_status status = measure(words, is_wide, &units, error);
	if (status != PMILL_OK)
		return status;
	*packed = (struct pmill_packed_words){.unit_capacity = units + 1, .is_wide = is_wide};
	packed->units = pmill_pages_allocate(packed->unit_capacity * 8);
	if (packed->units == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < words->count; i++) {
		pmill_bytes bytes = pmill_word_list_word(words, i);
		if (bytes.len < 2)
			continue;
		struct pmill_packed_word *word = pmill_packed_words_at(packed, packed->unit_count);
		pack_word(word, bytes, words->counts[i], tokens, is_wide);
		packed->unit_count += word->room;
	}
	pmill_word_list_release(words);
	return PMILL_OK;
}

void pmill_packed_words_release(struct pmill_packed_words *packed)
{
	if (packed->units != NULL)
		pmill_pages_free(packed->units, packed->unit_capacity * 8);
	*packed = (struct pmill_packed_words){0};
}
