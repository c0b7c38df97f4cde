/* Pairs of two bytes: their rank, and which of them merge before all that is around them. */
/* SPDX-License-Identifier: MIT */
#include "bpe/byte_pairs.h"

#include <assert.h>
#include <stdlib.h>

struct pmill_byte_pair *pmill_byte_pairs_create(void)
{
	return calloc((size_t)256 * 256, sizeof(struct pmill_byte_pair));
}

static struct pmill_byte_pair *find(struct pmill_byte_pair *pairs, uint8_t left, uint8_t right)
{
	return &pairs[(size_t)left << 8 | right];
}

static void raise_to(uint32_t *highest, uint32_t priority)
{
	*highest = priority > *highest ? priority : *highest;
}

static void note_use(struct pmill_byte_pair *pairs, pmill_bytes symbol, uint32_t priority)
{
	const uint8_t *bytes = symbol.data;
	if (symbol.len == 2)
		raise_to(&find(pairs, bytes[0], bytes[1])->used, priority);
}

void pmill_byte_pairs_add(
	struct pmill_byte_pair *pairs, pmill_bytes left, pmill_bytes right, uint32_t rank)
{
	const uint8_t *ends = left.data, *begins = right.data;
	const uint32_t priority = ~rank;
	assert(left.len > 0 && right.len > 0);
	struct pmill_byte_pair *touching = find(pairs, ends[left.len - 1], begins[0]);
	if (left.len == 1 && right.len == 1)
		raise_to(&touching->priority, priority);
	if (right.len == 1)
		raise_to(&touching->before, priority);
	if (left.len == 1)
		raise_to(&touching->after, priority);
	note_use(pairs, left, priority);
	note_use(pairs, right, priority);
}
