/* Which neighbours of a pretoken merge, and in what order. */
/* SPDX-License-Identifier: MIT */
/*
 * All three meanings of BPE use one table, pair → rank. For a merge list it holds the merges. For
 * ranks by id it holds every way to split a token into two parts that can occur in a pretoken, and
 * the rank is the token's id: two neighbours are in the table exactly if their joined bytes are a
 * token.
 *
 * A part is a token, or a byte missing from the vocab: such a byte gets its own symbol after the
 * ids, because a token may begin with it. One that is left at the end is an error.
 */
#ifndef PMILL_BPE_MERGE_RULES_H
#define PMILL_BPE_MERGE_RULES_H

#include "bpe/pair_table.h"
#include "model/tokenizer.h"

/* Symbols and ranks are below it, so that a bit of a word can tell them apart. */
#define PMILL_RULE_LIMIT INT32_MAX

struct pmill_merge_rules {
	struct pmill_pair_table pairs;
	struct pmill_byte_pair *byte_pairs; /* those of two bytes, with which every pretoken begins */
	uint32_t *ids;                      /* rank → id; NULL: they are equal */
	uint32_t first_byte;                /* symbols from here on are bytes missing from the vocab */
	bool has_all_bytes;                 /* none is missing */
	uint32_t symbols[256];
	const struct pmill_vocab *vocab;
};

/*
 * The tokenizer must outlive the rules. PMILL_OVERFLOW if the vocab is too large. After a failure
 * they may be released, too.
 */
pmill_status pmill_merge_rules_init(
	struct pmill_merge_rules *rules, const struct pmill_tokenizer *tokenizer, pmill_error *error);
void pmill_merge_rules_release(struct pmill_merge_rules *rules);

/* PMILL_NO_RANK: they don't merge. */
static inline uint32_t pmill_merge_rules_rank(
	const struct pmill_merge_rules *rules, uint32_t left, uint32_t right)
{
	return pmill_pair_table_find(&rules->pairs, left, right);
}

/* What finding that touches first, to be prefetched. */
static inline const void *pmill_merge_rules_address(
	const struct pmill_merge_rules *rules, uint32_t left, uint32_t right)
{
	return pmill_pair_table_address(&rules->pairs, left, right);
}

static inline uint32_t pmill_merge_rules_byte_rank(
	const struct pmill_merge_rules *rules, uint8_t left, uint8_t right)
{
	return pmill_byte_pair_rank(pmill_byte_pairs_at(rules->byte_pairs, left, right));
}

/* The token that the pair of this rank becomes. */
static inline uint32_t pmill_merge_rules_id(const struct pmill_merge_rules *rules, uint32_t rank)
{
	return rules->ids == NULL ? rank : rules->ids[rank];
}

#endif
