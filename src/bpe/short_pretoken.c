/* Merging a pretoken of up to 64 bytes. */
/* SPDX-License-Identifier: MIT */
#include "bpe/short_pretoken.h"

#include <assert.h>

/* Whether the pair at `i` merges before all around it; there is one byte more after it, or none. */
static bool is_early(
	const struct pmill_merge_rules *rules, const uint8_t *bytes, size_t len, size_t i)
{
	const struct pmill_byte_pair *pairs = rules->byte_pairs;
	const uint32_t before = i > 0 ? pmill_byte_pairs_at(pairs, bytes[i - 1], bytes[i])->before : 0;
	const uint32_t after = i + 2 < len
		? pmill_byte_pairs_at(pairs, bytes[i + 1], bytes[i + 2])->after
		: 0;
	return pmill_byte_pair_is_early(
		pmill_byte_pairs_at(pairs, bytes[i], bytes[i + 1]), before, after);
}

/*
 * Bytes, and pairs of them that merge before all around them (byte_pairs.h): a token of two bytes
 * alone isn't merged here, so that two symbols are left of any token. `ranks` are of each symbol
 * with the next. Returns the number of symbols.
 */
static size_t make_symbols(const struct pmill_merge_rules *rules, const uint8_t *bytes, size_t len,
	uint32_t *symbols, uint32_t *ranks)
{
	size_t count = 0;
	bool is_before_merged = false;
	for (size_t i = 0; i < len; count++) {
		const bool is_merged = len > 2 && i + 1 < len && is_early(rules, bytes, len, i);
		symbols[count] = is_merged ? pmill_merge_rules_id(rules,
										 pmill_merge_rules_byte_rank(rules, bytes[i], bytes[i + 1]))
								   : rules->symbols[bytes[i]];
		if (count > 0)
			ranks[count - 1] = is_merged || is_before_merged
				? pmill_merge_rules_rank(rules, symbols[count - 1], symbols[count])
				: pmill_merge_rules_byte_rank(rules, bytes[i - 1], bytes[i]);
		i += is_merged ? 2 : 1;
		is_before_merged = is_merged;
	}
	return count;
}

size_t pmill_short_pretoken_merge(const struct pmill_merge_rules *rules, const uint8_t *bytes,
	size_t len, size_t least, uint32_t *symbols)
{
	uint32_t ranks[PMILL_MOST_SHORT_MERGE];
	size_t count = make_symbols(rules, bytes, len, symbols, ranks);
	assert(least <= 2);
	while (count > least) {
		size_t best = 0;
		for (size_t i = 1; i + 1 < count; i++) {
			if (ranks[i] < ranks[best])
				best = i;
		}
		if (ranks[best] == PMILL_NO_RANK)
			break;
		symbols[best] = pmill_merge_rules_id(rules, ranks[best]);
		count--;
		for (size_t i = best + 1; i < count; i++) {
			symbols[i] = symbols[i + 1];
			ranks[i - 1] = ranks[i];
		}
		if (best > 0)
			ranks[best - 1] = pmill_merge_rules_rank(rules, symbols[best - 1], symbols[best]);
		if (best + 1 < count)
			ranks[best] = pmill_merge_rules_rank(rules, symbols[best], symbols[best + 1]);
	}
	return count;
}
