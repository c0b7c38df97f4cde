/* The merges of a tokenizer; those that ranks imply are found when they are first asked for. */
/* SPDX-License-Identifier: MIT */
/*
 * Only saving as a merge list and looking at a model need them, and to find them takes longer than
 * to load a .tiktoken. A tokenizer doesn't change for its readers: the first of them splits the
 * tokens under a lock, the others wait for it, and those that come later see a flag.
 */
#include "model/merges.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "model/splitter.h"

static pmill_status split_tokens(const struct pmill_vocab *vocab, struct pmill_splitter *splitter,
	struct pmill_split_merges *split, pmill_error *error)
{
	for (uint32_t id = 0; id < vocab->count; id++) {
		const struct pmill_vocab_token *token = &vocab->tokens[id];
		uint32_t left, right;
		if (token->len < 2 || token->is_special)
			continue;
		const pmill_status status = pmill_splitter_split(splitter, vocab, id, &left, &right, error);
		if (status != PMILL_OK)
			return status;
		if (left != PMILL_NO_ID)
			split->merges[split->count++] = (struct pmill_merge){left, right, id};
	}
	return PMILL_OK;
}

/* The caller holds the lock. After a failure, a later call tries again. */
static pmill_status fill(
	const struct pmill_vocab *vocab, struct pmill_split_merges *split, pmill_error *error)
{
	struct pmill_splitter splitter = {0};
	split->count = 0;
	if (split->merges == NULL)
		split->merges = pmill_array_allocate(vocab->count + 1, sizeof *split->merges);
	if (split->merges == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = split_tokens(vocab, &splitter, split, error);
	pmill_splitter_release(&splitter);
	if (status == PMILL_OK)
		atomic_store_explicit(&split->is_done, true, memory_order_release);
	return status;
}

static pmill_status find_split(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct pmill_split_merges *split = tokenizer->split;
	pmill_status status = PMILL_OK;
	if (atomic_load_explicit(&split->is_done, memory_order_acquire))
		return PMILL_OK;
	pthread_mutex_lock(&split->lock);
	if (!atomic_load_explicit(&split->is_done, memory_order_relaxed))
		status = fill(&tokenizer->vocab, split, error);
	pthread_mutex_unlock(&split->lock);
	return status;
}

pmill_status pmill_tokenizer_find_merges(const struct pmill_tokenizer *tokenizer,
	const struct pmill_merge **merges, size_t *count, pmill_error *error)
{
	*merges = tokenizer->listed_merges;
	*count = tokenizer->listed_count;
	if (tokenizer->meaning != PMILL_MEANING_RANK_BY_ID)
		return PMILL_OK;
	*merges = NULL;
	*count = 0;
	const pmill_status status = find_split(tokenizer, error);
	if (status != PMILL_OK)
		return status;
	*merges = tokenizer->split->merges;
	*count = tokenizer->split->count;
	return PMILL_OK;
}

pmill_status pmill_tokenizer_prepare_merges(const pmill_tokenizer *tokenizer, pmill_error *error)
{
	const struct pmill_merge *merges;
	size_t count;
	return pmill_tokenizer_find_merges(tokenizer, &merges, &count, error);
}

size_t pmill_tokenizer_merge_count(const pmill_tokenizer *tokenizer)
{
	const struct pmill_merge *merges;
	size_t count;
	pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL);
	return count;
}

pmill_status pmill_tokenizer_get_merge(
	const pmill_tokenizer *tokenizer, size_t rank, uint32_t *left, uint32_t *right, uint32_t *id)
{
	const struct pmill_merge *merges;
	size_t count;
	const pmill_status status = pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL);
	if (status != PMILL_OK)
		return status;
	if (rank >= count)
		return PMILL_BAD_OPTION;
	*left = merges[rank].left;
	*right = merges[rank].right;
	*id = merges[rank].id;
	return PMILL_OK;
}
