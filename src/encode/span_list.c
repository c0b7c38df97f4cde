/* Which policy each byte of a text has. */
/* SPDX-License-Identifier: MIT */
#include "encode/span_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Only its references change. */
static void drop_policy(const struct pmill_span_list *list, const pmill_policy *policy)
{
	if (list->is_referring)
		pmill_policy_free((pmill_policy *)(uintptr_t)policy);
}

void pmill_span_list_release(struct pmill_span_list *list)
{
	pmill_span_list_clear(list);
	free(list->items);
	*list = (struct pmill_span_list){.is_referring = list->is_referring};
}

void pmill_span_list_clear(struct pmill_span_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		drop_policy(list, list->items[i].policy);
	list->count = list->hint = 0;
}

bool pmill_span_list_is_any(const struct pmill_span_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].policy->is_any)
			return true;
	return false;
}

bool pmill_span_list_add(struct pmill_span_list *list, size_t end, const pmill_policy *policy)
{
	if (list->count > 0 && list->items[list->count - 1].policy == policy) {
		list->items[list->count - 1].end = end;
		return true;
	}
	void *items = list->items;
	if (!pmill_array_reserve(&items, &list->capacity, list->count + 1, sizeof *list->items))
		return false;
	list->items = items;
	if (list->is_referring)
		pmill_policy_share(policy);
	list->items[list->count++] = (struct pmill_span_end){end, policy};
	return true;
}

void pmill_span_list_drop(struct pmill_span_list *list, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].end <= len && i + 1 < list->count) {
			drop_policy(list, list->items[i].policy);
			continue;
		}
		list->items[kept] = list->items[i];
		list->items[kept++].end -= len;
	}
	list->count = kept;
	list->hint = 0;
}

/* The span of the byte at `offset`, or the last one. */
static size_t find(struct pmill_span_list *list, size_t offset)
{
	const size_t last = list->count - 1;
	size_t low = 0, high = last;
	const size_t hint = list->hint <= last ? list->hint : 0;
	if (hint == 0 || list->items[hint - 1].end <= offset)
		low = hint;
	if (list->items[low].end > offset)
		high = low;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (list->items[middle].end > offset)
			high = middle;
		else
			low = middle + 1;
	}
	list->hint = low;
	return low;
}

const pmill_policy *pmill_span_list_at(struct pmill_span_list *list, size_t offset)
{
	return list->items[find(list, offset)].policy;
}

enum pmill_treatment pmill_span_list_treat(
	struct pmill_span_list *list, size_t begin, size_t end, size_t index)
{
	enum pmill_treatment treatment = PMILL_RECOGNISED;
	for (size_t i = find(list, begin); i < list->count; i++) {
		const enum pmill_treatment here = list->items[i].policy->treatments[index];
		treatment = here < treatment ? here : treatment;
		if (treatment == PMILL_IGNORED || list->items[i].end >= end)
			break;
	}
	return treatment;
}
