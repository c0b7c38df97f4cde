/* Which neighbours merge: the table of pairs of a tokenizer. */
/* SPDX-License-Identifier: MIT */
#include "bpe/merge_rules.h"

#include <stdlib.h>

#include "base/error.h"
#include "bpe/token_splits.h"

enum { BYTES = 256 }; /* of which each that is missing from the vocab has a symbol */

/* Not of a special token that is spelled as a byte is. */
static bool may_occur(const struct pmill_merge_rules *rules, uint32_t symbol, pmill_bytes token)
{
	return token.len > 1 || rules->symbols[*(const uint8_t *)token.data] == symbol;
}

static bool add_merge(
	struct pmill_merge_rules *rules, const struct pmill_merge *merge, uint32_t rank)
{
	const pmill_bytes left = pmill_vocab_token(rules->vocab, merge->left);
	const pmill_bytes right = pmill_vocab_token(rules->vocab, merge->right);
	if (may_occur(rules, merge->left, left) && may_occur(rules, merge->right, right))
		pmill_byte_pairs_add(rules->byte_pairs, left, right, rank);
	return pmill_pair_table_add(&rules->pairs, merge->left, merge->right, rank);
}

static bool add_merges(
	struct pmill_merge_rules *rules, const struct pmill_merge *merges, size_t count)
{
	rules->ids = malloc((count + 1) * sizeof *rules->ids);
	if (rules->ids == NULL)
		return false;
	for (size_t rank = 0; rank < count; rank++) {
		rules->ids[rank] = merges[rank].id;
		if (!add_merge(rules, &merges[rank], (uint32_t)rank))
			return false;
	}
	return true;
}

static void set_symbols(struct pmill_merge_rules *rules, const struct pmill_tokenizer *tokenizer)
{
	rules->first_byte = (uint32_t)tokenizer->vocab.count;
	rules->has_all_bytes = true;
	for (uint32_t byte = 0; byte < 256; byte++) {
		const uint32_t id = tokenizer->byte_ids[byte];
		rules->symbols[byte] = id == PMILL_NO_ID ? rules->first_byte + byte : id;
		rules->has_all_bytes &= id != PMILL_NO_ID;
	}
}

static bool fill_pairs(struct pmill_merge_rules *rules, const struct pmill_tokenizer *tokenizer)
{
	const bool is_by_id = tokenizer->meaning == PMILL_MEANING_RANK_BY_ID;
	const size_t ranks = is_by_id ? tokenizer->vocab.count : tokenizer->listed_count;
	pmill_pair_table_init(&rules->pairs, (uint64_t)rules->first_byte + BYTES, ranks);
	rules->byte_pairs = pmill_byte_pairs_create();
	if (rules->byte_pairs == NULL)
		return false;
	const bool done = is_by_id
		? pmill_token_splits_add(&rules->pairs, rules->byte_pairs, rules->vocab, rules->symbols)
		: add_merges(rules, tokenizer->listed_merges, tokenizer->listed_count);
	return done && pmill_pair_table_build(&rules->pairs);
}

pmill_status pmill_merge_rules_init(
	struct pmill_merge_rules *rules, const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	*rules = (struct pmill_merge_rules){.vocab = &tokenizer->vocab};
	if (tokenizer->vocab.count > PMILL_RULE_LIMIT - BYTES ||
		tokenizer->listed_count > PMILL_RULE_LIMIT)
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the vocab is too large");
	set_symbols(rules, tokenizer);
	return fill_pairs(rules, tokenizer) ? PMILL_OK : pmill_fail_memory(error);
}

void pmill_merge_rules_release(struct pmill_merge_rules *rules)
{
	pmill_pair_table_release(&rules->pairs);
	free(rules->byte_pairs);
	rules->byte_pairs = NULL;
	free(rules->ids);
	rules->ids = NULL;
}
