/* The Aho–Corasick automaton of the special tokens: after each byte, what the text ends with. */
/* SPDX-License-Identifier: MIT */
#include "pretokenize/token_automaton.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "unicode/quote.h"

struct sorted_token {
	const uint8_t *data;
	size_t len;
	uint32_t index;
};

/* The sorted tokens that share the path to a node. */
struct group {
	uint32_t begin, end;
};

static size_t common_len(const struct sorted_token *a, const struct sorted_token *b)
{
	size_t shorter = a->len < b->len ? a->len : b->len, len = 0;
	while (len < shorter && a->data[len] == b->data[len])
		len++;
	return len;
}

static int compare_tokens(const void *left, const void *right)
{
	const struct sorted_token *a = left, *b = right;
	int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static pmill_status check_lengths(const pmill_bytes *tokens, size_t count, pmill_error *error)
{
	size_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].len == 0)
			return pmill_fail(
				error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "special token %zu is empty", i + 1);
		if (tokens[i].len >= PMILL_NO_TOKEN - 2 - sum)
			return pmill_fail(
				error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the special tokens take 4 GiB or more");
		sum += tokens[i].len;
	}
	return PMILL_OK;
}

/* A token adds a node for each byte that the one sorted before it doesn't share. */
static pmill_status count_nodes(
	const struct sorted_token *sorted, size_t count, size_t *node_count, pmill_error *error)
{
	*node_count = 1;
	for (size_t i = 0; i < count; i++) {
		size_t shared = i > 0 ? common_len(&sorted[i - 1], &sorted[i]) : 0;
		if (shared == sorted[i].len) {
			struct pmill_quote quote;
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"special token %s is given twice",
				pmill_quote(&quote, sorted[i].data, sorted[i].len));
		}
		*node_count += sorted[i].len - shared;
	}
	return PMILL_OK;
}

static bool allocate_arrays(struct pmill_token_automaton *automaton, size_t node_count)
{
	automaton->node_count = node_count;
	automaton->first_child = pmill_array_allocate(node_count + 1, sizeof *automaton->first_child);
	automaton->tokens = pmill_array_allocate(node_count, sizeof *automaton->tokens);
	automaton->fails = pmill_array_allocate(node_count, sizeof *automaton->fails);
	automaton->longest = pmill_array_allocate(node_count, sizeof *automaton->longest);
	automaton->depths = pmill_array_allocate(node_count, sizeof *automaton->depths);
	automaton->bytes = pmill_array_allocate(node_count, sizeof *automaton->bytes);
	return automaton->first_child != NULL && automaton->tokens != NULL &&
		automaton->fails != NULL && automaton->longest != NULL && automaton->depths != NULL &&
		automaton->bytes != NULL;
}

/*
 * Numbers the nodes level by level. `groups` has an entry for each node; the tokens of a group
 * share the path to it, and one that ends there comes first.
 */
static void build_trie(struct pmill_token_automaton *automaton, const struct sorted_token *sorted,
	size_t count, struct group *groups)
{
	groups[0] = (struct group){0, (uint32_t)count};
	automaton->depths[0] = 0;
	automaton->bytes[0] = 0;
	uint32_t next = 1;
	for (uint32_t node = 0; node < automaton->node_count; node++) {
		uint32_t i = groups[node].begin, end = groups[node].end, depth = automaton->depths[node];
		automaton->first_child[node] = next;
		automaton->tokens[node] = PMILL_NO_TOKEN;
		if (i < end && sorted[i].len == depth)
			automaton->tokens[node] = sorted[i++].index;
		while (i < end) {
			uint32_t begin = i;
			uint8_t byte = sorted[i].data[depth];
			while (i < end && sorted[i].data[depth] == byte)
				i++;
			automaton->bytes[next] = byte;
			automaton->depths[next] = depth + 1;
			groups[next++] = (struct group){begin, i};
		}
	}
	automaton->first_child[automaton->node_count] = next;
}

static void index_roots(struct pmill_token_automaton *automaton)
{
	memset(automaton->roots, 0, sizeof automaton->roots);
	for (uint32_t node = automaton->first_child[0]; node < automaton->first_child[1]; node++)
		automaton->roots[automaton->bytes[node]] = node;
}

/* What a node needs from shallower ones is ready, since nodes come by depth. */
static void link_children(struct pmill_token_automaton *automaton, uint32_t node)
{
	uint32_t end = automaton->first_child[node + 1];
	for (uint32_t child = automaton->first_child[node]; child < end; child++) {
		uint32_t fail = node == 0 ? 0
								  : pmill_token_automaton_step(
										automaton, automaton->fails[node], automaton->bytes[child]);
		automaton->fails[child] = fail;
		automaton->longest[child] = automaton->tokens[child] != PMILL_NO_TOKEN
			? automaton->tokens[child]
			: automaton->longest[fail];
	}
}

static void link_nodes(struct pmill_token_automaton *automaton)
{
	automaton->fails[0] = 0;
	automaton->longest[0] = PMILL_NO_TOKEN;
	for (uint32_t node = 0; node < automaton->node_count; node++)
		link_children(automaton, node);
}

static pmill_status build(struct pmill_token_automaton *automaton, struct sorted_token *sorted,
	size_t count, pmill_error *error)
{
	size_t node_count;
	pmill_status status = count_nodes(sorted, count, &node_count, error);
	if (status != PMILL_OK)
		return status;
	struct group *groups = pmill_array_allocate(node_count, sizeof *groups);
	if (groups == NULL || !allocate_arrays(automaton, node_count)) {
		free(groups);
		return pmill_fail_memory(error);
	}
	build_trie(automaton, sorted, count, groups);
	index_roots(automaton);
	link_nodes(automaton);
	free(groups);
	return PMILL_OK;
}

static struct sorted_token *sort_tokens(const pmill_bytes *tokens, size_t count)
{
	struct sorted_token *sorted = pmill_array_allocate(count + 1, sizeof *sorted);
	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct sorted_token){tokens[i].data, tokens[i].len, (uint32_t)i};
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, compare_tokens);
	return sorted;
}

pmill_status pmill_token_automaton_create(const pmill_bytes *tokens, size_t count,
	struct pmill_token_automaton **automaton, pmill_error *error)
{
	pmill_status status = check_lengths(tokens, count, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_token_automaton *made = calloc(1, sizeof *made);
	struct sorted_token *sorted = sort_tokens(tokens, count);
	if (made == NULL || sorted == NULL)
		status = pmill_fail_memory(error);
	else
		status = build(made, sorted, count, error);
	free(sorted);
	if (status == PMILL_OK)
		*automaton = made;
	else
		pmill_token_automaton_free(made);
	return status;
}

void pmill_token_automaton_free(struct pmill_token_automaton *automaton)
{
	if (automaton == NULL)
		return;
	free(automaton->first_child);
	free(automaton->tokens);
	free(automaton->fails);
	free(automaton->longest);
	free(automaton->depths);
	free(automaton->bytes);
	free(automaton);
}
