/* From pretokens to keys and first slots, many at once: the seam for instruction sets. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_WORD_BATCH_H
#define PMILL_COUNTS_WORD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts/word_slots.h"

enum {
	PMILL_WORD_BATCH = 256, /* pretokens in flight: 64 are 5 % slower, 512 no faster */
	PMILL_WORD_SPILL = 8,   /* whole vectors are stored, of which less may count */
};

/* Where a long word stands. */
struct pmill_word_span {
	const uint8_t *word;
	size_t len;
	uint64_t hash; /* left to the caller */
};

struct pmill_word_batch {
	struct pmill_short_key keys[PMILL_WORD_BATCH + PMILL_WORD_SPILL];
	struct pmill_word_slot *homes[PMILL_WORD_BATCH + PMILL_WORD_SPILL];
	struct pmill_word_span spans[PMILL_WORD_BATCH];
	size_t count, span_count; /* of short words, and of long ones */
};

/*
 * Adds `count` pretokens to the batch; there must be room. The first begins at `begin`, the others where the
 * one before ends. The slots are prefetched. From each begin on 16 bytes can be read.
 */
typedef void (*pmill_word_batch_function)(struct pmill_word_batch *batch,
	const struct pmill_word_slots *slots, const struct pmill_word_seed *seed, const uint8_t *text,
	size_t begin, const size_t *ends, size_t count);

struct pmill_word_batcher {
	const char *name;
	bool (*is_available)(void); /* on this processor */
	pmill_word_batch_function fill;
};

/* The fastest first; NULL at the end. The last one runs everywhere. */
const struct pmill_word_batcher *pmill_word_batcher_at(size_t index);
const struct pmill_word_batcher *pmill_word_batcher_fastest(void);

/* Adds one pretoken. Nothing beyond it is read. */
void pmill_word_batch_add(struct pmill_word_batch *batch, const struct pmill_word_slots *slots,
	const struct pmill_word_seed *seed, const uint8_t *word, size_t len);

#if defined(__x86_64__) && defined(__LP64__)
extern const struct pmill_word_batcher pmill_word_batcher_avx512;
extern const struct pmill_word_batcher pmill_word_batcher_sse2;
#endif

#endif
