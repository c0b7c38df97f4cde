/* Pairs as items of an array, and the search for the best one. */
/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <string.h>

static int compare(pmill_bytes a, pmill_bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool pmill_study_wins_tie(const struct pmill_study_strings *a, const struct pmill_study_strings *b)
{
	int order = compare(a->left, b->left);
	return order != 0 ? order > 0 : compare(a->right, b->right) > 0;
}

static struct pmill_study_strings strings_of(
	const struct pmill_study_tokens *tokens, const struct pmill_study_item *item)
{
	return (struct pmill_study_strings){
		pmill_study_token(tokens, item->left), pmill_study_token(tokens, item->right)};
}

bool pmill_study_item_is_better(const struct pmill_study_tokens *tokens,
	const struct pmill_study_item *a, const struct pmill_study_item *b)
{
	if (a->count != b->count)
		return a->count > b->count;
	if (a->count == 0)
		return false;
	struct pmill_study_strings x = strings_of(tokens, a), y = strings_of(tokens, b);
	return pmill_study_wins_tie(&x, &y);
}

struct pmill_study_item pmill_study_best_of(
	const struct pmill_study_tokens *tokens, const struct pmill_study_item *items, size_t count)
{
	struct pmill_study_item best = {0};
	for (size_t i = 0; i < count; i++)
		if (items[i].count >= best.count && pmill_study_item_is_better(tokens, &items[i], &best))
			best = items[i];
	return best;
}

struct pmill_study_item pmill_study_best_with_strings(
	const struct pmill_study_item *items, const struct pmill_study_strings *strings, size_t count)
{
	size_t best = 0;
	for (size_t i = 1; i < count; i++)
		if (items[i].count > items[best].count ||
			(items[i].count == items[best].count &&
				pmill_study_wins_tie(&strings[i], &strings[best])))
			best = i;
	return count == 0 ? (struct pmill_study_item){0} : items[best];
}
