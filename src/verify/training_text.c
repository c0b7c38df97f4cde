/* The text options that a training's record implies. */
/* SPDX-License-Identifier: MIT */
/*
 * The record doesn't list the special tokens of the text: they are among those of the model, by id
 * in the order of training, then come the reserved ones and the padding, which go on counting. Some
 * may have been added or renamed since, but those of the text stay the first.
 */
#include "verify/training_text.h"

#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/layout.h"
#include "model/merges.h"
#include "unicode/quote.h"

#define FIRST_RESERVED "<|reserved_0|>"

enum { BYTES = 256 };

static size_t find_special(const struct pmill_tokenizer *tokenizer, pmill_bytes token)
{
	size_t index = 0;
	while (index < tokenizer->special_count &&
		!pmill_bytes_are_equal(tokenizer->specials[index].content, token))
		index++;
	return index;
}

/* If the vocab was full, its size says how many special tokens there were, reserved ones too. */
static bool count_when_full(const pmill_training *record, uint64_t *count)
{
	const uint64_t others = BYTES + record->merges;
	*count = record->vocab_size_asked - others;
	return strcmp(record->stopped, "full") == 0 && record->vocab_size_asked >= others;
}

/* So does the id of the first merge if special tokens come before it. */
static bool count_before_merges(
	const pmill_training *record, const struct pmill_merge *first, uint64_t *count)
{
	const struct pmill_layout *layout = pmill_layout_find(record->layout);
	const uint32_t merges = (uint32_t)record->merges;
	if (layout == NULL || merges == 0 || first->id < BYTES)
		return false;
	const uint32_t before = first->id - BYTES;
	*count = before;
	return layout->first_merge(before, merges) == first->id &&
		layout->first_merge(before + 1, merges) != first->id;
}

/* Sets the number of special tokens of the text. */
static pmill_status count_specials(
	const struct pmill_tokenizer *tokenizer, size_t *count, pmill_error *error)
{
	const pmill_training *record = tokenizer->training;
	const struct pmill_merge *merges;
	size_t merge_count;
	const pmill_status status = pmill_tokenizer_find_merges(
		tokenizer, &merges, &merge_count, error);
	if (status != PMILL_OK)
		return status;
	uint64_t all;
	if (!count_when_full(record, &all) && !count_before_merges(record, merges, &all)) {
		const pmill_bytes reserved = {FIRST_RESERVED, strlen(FIRST_RESERVED)};
		all = find_special(tokenizer, reserved) + (uint64_t)record->reserve;
	}
	*count = (size_t)(all - record->reserve);
	if (all >= record->reserve && all <= tokenizer->special_count)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the model's special tokens are not those of its training record");
}

static pmill_status copy_specials(
	const struct pmill_tokenizer *tokenizer, size_t count, pmill_bytes **tokens, pmill_error *error)
{
	*tokens = pmill_array_allocate(count + 1, sizeof **tokens);
	if (*tokens == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++)
		(*tokens)[i] = tokenizer->specials[i].content;
	return PMILL_OK;
}

pmill_status pmill_training_text_find(const struct pmill_tokenizer *tokenizer,
	pmill_bytes doc_separator, pmill_text_options *options, pmill_bytes **tokens,
	pmill_error *error)
{
	struct pmill_quote quote;
	size_t count;
	if (tokenizer->training == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no training record (a folder has one, as training.json, unless its "
			"vocab was cut)");
	pmill_status status = count_specials(tokenizer, &count, error);
	if (status != PMILL_OK)
		return status;
	if (doc_separator.len > 0 && find_special(tokenizer, doc_separator) >= count)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"document separator %s: not a special token of the training",
			pmill_quote(&quote, doc_separator.data, doc_separator.len));
	status = copy_specials(tokenizer, count, tokens, error);
	*options = (pmill_text_options){.size = sizeof *options,
		.pattern = pmill_tokenizer_pattern(tokenizer),
		.unicode_version = tokenizer->unicode_version,
		.special_tokens = *tokens,
		.special_token_count = count,
		.doc_separator = doc_separator,
		.reserve = tokenizer->training->reserve};
	return status;
}
