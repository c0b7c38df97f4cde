/* A tokenizer with a made-up list of merges, for tests of models and formats. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_PLAN_H
#define PMILL_TESTS_SUPPORT_PLAN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/build_trained.h"

enum { PLAN_MERGES = 7, PLAN_SPECIALS = 2 };

/* Pairs of tokens, by their bytes; each token is a byte or the result of an earlier merge. */
static const char *const plan_pairs[PLAN_MERGES][2] = {{"t", "h"}, {"th", "e"}, {" ", "the"},
	{"\xE2", "\x82"}, {"\xE2\x82", "\xAC"}, {"a", "a"}, {"aa", "aa"}};

static const pmill_bytes plan_specials[PLAN_SPECIALS] = {{"<|endoftext|>", 13}, {"<| pad |>", 9}};

/* The id of a token that is a byte or the result of a merge before `rank`. */
static inline uint32_t plan_id(const struct pmill_layout *layout, const char *token, size_t rank)
{
	if (strlen(token) == 1) {
		uint32_t id = layout->first_byte(PLAN_SPECIALS, PLAN_MERGES);
		for (uint32_t i = 0; i < 256; i++)
			if (pmill_layout_byte(layout, i) == (uint8_t)token[0])
				return id + i;
	}
	for (uint32_t i = 0; i < rank; i++) {
		char joined[40];
		snprintf(joined, sizeof joined, "%s%s", plan_pairs[i][0], plan_pairs[i][1]);
		if (strcmp(joined, token) == 0)
			return layout->first_merge(PLAN_SPECIALS, PLAN_MERGES) + i;
	}
	abort();
}

/* A plan that refers to `pairs`, without pattern or training record. */
static inline struct pmill_tokenizer_plan make_plan(
	const char *layout_name, pmill_pair_ids pairs[PLAN_MERGES])
{
	const struct pmill_layout *layout = pmill_layout_find(layout_name);
	for (uint32_t i = 0; i < PLAN_MERGES; i++)
		pairs[i] = (pmill_pair_ids){
			plan_id(layout, plan_pairs[i][0], i), plan_id(layout, plan_pairs[i][1], i)};
	return (struct pmill_tokenizer_plan){.layout = layout,
		.special_tokens = plan_specials,
		.special_token_count = PLAN_SPECIALS,
		.merges = pairs,
		.merge_count = PLAN_MERGES};
}

#endif
