/* The vocab: id → bytes and bytes → id. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_VOCAB_H
#define PMILL_MODEL_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "pairmill.h"

/* All zero is empty. Ids may have holes. */
struct pmill_vocab {
	struct pmill_vocab_token {
		uint64_t offset;     /* into bytes */
		uint32_t len;        /* 0: a hole, a token is never empty */
		uint32_t is_special; /* not found by its bytes among the ordinary tokens */
	} * tokens;
	size_t count; /* one more than the largest id */
	size_t capacity;
	struct pmill_buffer bytes;
	uint32_t *slots;   /* open addressing over ordinary tokens, id + 1; 0 is free */
	size_t slot_count; /* a power of two, or 0 */
	size_t used;
	uint64_t seed;
};

void pmill_vocab_release(struct pmill_vocab *vocab);

/* Room for `more` tokens, so that nothing moves on the way. False without memory. */
bool pmill_vocab_reserve(struct pmill_vocab *vocab, size_t more);

/*
 * Puts a token at `id`, which must be a hole. PMILL_BAD_INPUT where the id is taken, or an
 * ordinary token with these bytes is there already. Special tokens may spell like ordinary ones.
 */
pmill_status pmill_vocab_add(struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len,
	bool is_special, pmill_error *error);

/* Data NULL for a hole or an id beyond the vocab. Valid until the next add. */
pmill_bytes pmill_vocab_token(const struct pmill_vocab *vocab, uint32_t id);

/* The ordinary token with these bytes, or PMILL_NO_ID. */
uint32_t pmill_vocab_find(const struct pmill_vocab *vocab, const void *data, size_t len);

#endif
