/* The vocab: id → bytes and bytes → id. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_VOCAB_H
#define PMILL_MODEL_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "pairmill.h"
#include "pretokenize/pretoken_keys.h"

/*
 * Ids may exceed the number of tokens by this much: more holes than any known vocab has, and few
 * enough that a forged id wastes no memory.
 */
#define PMILL_MOST_HOLES 65536u

/* All zero is empty. Ids may have holes. */
struct pmill_vocab {
	struct pmill_vocab_token {
		uint64_t offset;     /* into bytes */
		uint32_t len;        /* 0: a hole; tokens are never empty */
		uint32_t is_special; /* pmill_vocab_find does not find it */
	} * tokens;
	size_t count; /* the largest id + 1, with holes at the end */
	size_t capacity;
	struct pmill_buffer bytes;
	/* Hash table of ordinary tokens. A tag saves a look at nearly every token that differs. */
	struct pmill_vocab_slot {
		uint32_t tag;   /* of the hash */
		uint32_t entry; /* id + 1; 0: free */
	} * slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t used;
	struct pmill_key_seed seed;
};

void pmill_vocab_release(struct pmill_vocab *vocab);

/* Makes room for `more` tokens in the tables. Returns false if out of memory. */
bool pmill_vocab_reserve(struct pmill_vocab *vocab, size_t more);

/*
 * Puts a token at `id`. PMILL_BAD_INPUT if the id is taken, or if it is an ordinary token and
 * another one has these bytes. Special tokens may have the bytes of ordinary ones.
 */
pmill_status pmill_vocab_add(struct pmill_vocab *vocab, uint32_t id, const void *data, size_t len,
	bool is_special, pmill_error *error);

/* Adds holes up to `count` ids in all. Returns false if out of memory. */
bool pmill_vocab_extend(struct pmill_vocab *vocab, size_t count);

/*
 * The longest token that readers take. In a file with a longer one something is wrong, or it is
 * meant to take memory and time.
 */
#define PMILL_LONGEST_TOKEN (UINT32_C(64) << 20)

/* As pmill_vocab_add, for readers: PMILL_BAD_INPUT for a token that is longer. */
pmill_status pmill_vocab_add_read(struct pmill_vocab *vocab, uint32_t id, const void *data,
	size_t len, bool is_special, pmill_error *error);

/* Its data is NULL for a hole or an id beyond the vocab. Valid until the next add. */
pmill_bytes pmill_vocab_token(const struct pmill_vocab *vocab, uint32_t id);

/* The ordinary token with these bytes, or PMILL_NO_ID. */
uint32_t pmill_vocab_find(const struct pmill_vocab *vocab, const void *data, size_t len);

/*
 * The same for many byte strings, none of them empty. Memory accesses overlap, so that it is faster
 * than one call for each.
 */
void pmill_vocab_find_many(
	const struct pmill_vocab *vocab, const pmill_bytes *strings, size_t count, uint32_t *ids);

#endif
