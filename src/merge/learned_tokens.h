/* The tokens of a training: their bytes, lengths, and order for ties. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_LEARNED_TOKENS_H
#define PMILL_MERGE_LEARNED_TOKENS_H

#include <stdbool.h>

#include "base/memory_account.h"
#include "merge/merger_settings.h"

/*
 * While merging, tokens are numbered densely: the 256 bytes in the order of their ids, then the
 * merges. In every layout ids have the same order, so ties by ids compare these numbers.
 */
struct pmill_learned_tokens {
	struct pmill_learned_token {
		uint64_t prefix; /* first 8 bytes, big-endian, zero-padded: decides most comparisons */
		uint64_t offset; /* into bytes */
		uint32_t len;
	} * items;
	size_t count;
	size_t capacity;
	uint8_t *bytes;
	size_t byte_count, byte_capacity;
	struct pmill_memory_account *account;
	uint8_t byte_of[256];   /* token below 256 → byte */
	uint16_t token_of[256]; /* byte → token */
};

/* Returns false if out of memory. */
bool pmill_learned_tokens_init(
	struct pmill_learned_tokens *tokens, const struct pmill_merger_settings *settings);
void pmill_learned_tokens_release(struct pmill_learned_tokens *tokens);

/* Adds the concatenation of two tokens, under the next number. Returns false if out of memory. */
bool pmill_learned_tokens_join(struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right);

/* Compares unsigned bytes, a prefix before what it begins: negative, 0 or positive. */
int pmill_learned_tokens_compare(const struct pmill_learned_tokens *tokens, uint32_t a, uint32_t b);

/* Compares the concatenation of `left` and `right` with `other` in the same way. */
int pmill_learned_tokens_compare_joined(
	const struct pmill_learned_tokens *tokens, uint32_t left, uint32_t right, uint32_t other);

bool pmill_learned_tokens_begins_with(
	const struct pmill_learned_tokens *tokens, uint32_t token, uint32_t beginning);

#endif
