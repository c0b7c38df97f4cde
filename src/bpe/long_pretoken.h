/* A long pretoken → ids, in little more memory than the ids themselves take. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_LONG_PRETOKEN_H
#define PMILL_BPE_LONG_PRETOKEN_H

#include "bpe/merge_rules.h"

/* Per thread; all zero is ready. */
struct pmill_pretoken_scratch {
	int32_t *minima;
	size_t capacity; /* of `minima` */
	uint64_t looks;  /* blocks looked at so far: tests hold it to O(n log n) */
};
void pmill_pretoken_scratch_release(struct pmill_pretoken_scratch *scratch);

/*
 * Merges the leftmost pair of lowest rank until none is left, or only `least` symbols are. `ids`,
 * which has room for `len`, is memory to work in; then it holds the symbols, and `*count` is their
 * number. Takes O(n log n) and 0.27 bytes of scratch for each byte. Returns false if out of memory.
 */
bool pmill_long_pretoken_merge(const struct pmill_merge_rules *rules,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, size_t least,
	uint32_t *ids, size_t *count);

#endif
