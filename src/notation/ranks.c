/* Whether ids can be ranks: what .tiktoken and tekken.json take for granted. */
/* SPDX-License-Identifier: MIT */
#include "notation/ranks.h"

#include "base/error.h"
#include "model/merges.h"
#include "model/splitter.h"
#include "unicode/quote.h"

pmill_status pmill_ranks_fail_token(const struct pmill_tokenizer *tokenizer, const char *format,
	uint32_t id, const char *reason, pmill_error *error)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"%s can't hold this model: the token %s (id %u) %s", format,
		pmill_quote(&quote, token.data, token.len), id, reason);
}

/*
 * Ranks mean the same as the merge list if ids increase with the merges, every token of two bytes
 * or more comes from one merge, and its bytes split into the two parts of that merge.
 */
static pmill_status check_split(const struct pmill_tokenizer *tokenizer, const char *format,
	struct pmill_splitter *splitter, uint32_t id, const struct pmill_merge *merge,
	pmill_error *error)
{
	if (merge == NULL || merge->id != id)
		return pmill_ranks_fail_token(tokenizer, format, id,
			"is not made by a merge of its own in the order of the ids", error);
	uint32_t left, right;
	const pmill_status status = pmill_splitter_split(
		splitter, &tokenizer->vocab, id, &left, &right, error);
	if (status != PMILL_OK)
		return status;
	if (left != merge->left || right != merge->right)
		return pmill_ranks_fail_token(
			tokenizer, format, id, "would be made from other parts if ids were ranks", error);
	return PMILL_OK;
}

static pmill_status check_splits(
	const struct pmill_tokenizer *tokenizer, const char *format, pmill_error *error)
{
	struct pmill_splitter splitter = {0};
	const struct pmill_merge *merges;
	size_t count, rank = 0;
	pmill_status status = pmill_tokenizer_find_merges(tokenizer, &merges, &count, error);
	for (uint32_t id = 0; id < tokenizer->vocab.count && status == PMILL_OK; id++) {
		const struct pmill_vocab_token *token = &tokenizer->vocab.tokens[id];
		if (token->len < 2 || token->is_special)
			continue;
		const struct pmill_merge *merge = rank < count ? &merges[rank] : NULL;
		status = check_split(tokenizer, format, &splitter, id, merge, error);
		rank++;
	}
	if (status == PMILL_OK && rank < count)
		status = pmill_ranks_fail_token(tokenizer, format, merges[rank].id,
			"is made by a second merge, or out of the order of the ids", error);
	pmill_splitter_release(&splitter);
	return status;
}

pmill_status pmill_ranks_check(
	const struct pmill_tokenizer *tokenizer, const char *format, pmill_error *error)
{
	return tokenizer->meaning == PMILL_MEANING_RANK_BY_ID ? PMILL_OK
														  : check_splits(tokenizer, format, error);
}

bool pmill_ranks_add_loss(struct pmill_buffer *losses, const char *loss)
{
	return (losses->len == 0 || pmill_buffer_append_text(losses, ", ")) &&
		pmill_buffer_append_text(losses, loss);
}

bool pmill_ranks_has_template(const struct pmill_tokenizer *tokenizer)
{
	return tokenizer->template.before_count + tokenizer->template.after_count > 0;
}
