/* The Aho–Corasick automaton of the special tokens: after each byte, what the text ends with. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_TOKEN_AUTOMATON_H
#define PMILL_PRETOKENIZE_TOKEN_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

#define PMILL_NO_TOKEN UINT32_MAX

/*
 * A trie in arrays. Nodes are numbered breadth first, so a node's children are contiguous:
 *
 *     node n   its children are nodes [first_child[n], first_child[n + 1]), ascending by byte
 *              bytes[n]    the byte that leads to n
 *              tokens[n]   the token that ends at n, or PMILL_NO_TOKEN
 *              fails[n]    the longest proper suffix of n's path that is a node, too
 *              longest[n]  the longest token that n's path ends with, or PMILL_NO_TOKEN
 *              depths[n]   the length of n's path
 *
 * Node 0 is the root. Immutable once created; 21 bytes a node, and at most one node for each byte
 * of the tokens.
 */
struct pmill_token_automaton {
	size_t node_count;
	uint32_t *first_child;
	uint32_t *tokens;
	uint32_t *fails;
	uint32_t *longest;
	uint32_t *depths;
	uint8_t *bytes;
	uint32_t roots[256]; /* by byte: the child of the root, or 0 */
};

/*
 * PMILL_BAD_OPTION for an empty or repeated token, PMILL_OVERFLOW if they take 4 GiB. Takes time
 * linear in their bytes, but for sorting them. The tokens may be freed afterwards.
 */
pmill_status pmill_token_automaton_create(const pmill_bytes *tokens, size_t count,
	struct pmill_token_automaton **automaton, pmill_error *error);
void pmill_token_automaton_free(struct pmill_token_automaton *automaton);

static inline bool pmill_token_automaton_is_leaf(
	const struct pmill_token_automaton *automaton, uint32_t node)
{
	return automaton->first_child[node] == automaton->first_child[node + 1];
}

/* The child of `node` for `byte`, or 0. */
static inline uint32_t pmill_token_automaton_child(
	const struct pmill_token_automaton *automaton, uint32_t node, uint8_t byte)
{
	uint32_t low = automaton->first_child[node], high = automaton->first_child[node + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (automaton->bytes[middle] == byte)
			return middle;
		if (automaton->bytes[middle] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* From the longest node that the text ends with to that after one more byte. */
static inline uint32_t pmill_token_automaton_step(
	const struct pmill_token_automaton *automaton, uint32_t node, uint8_t byte)
{
	while (node != 0) {
		uint32_t child = pmill_token_automaton_child(automaton, node, byte);
		if (child != 0)
			return child;
		node = automaton->fails[node];
	}
	return automaton->roots[byte];
}

#endif
