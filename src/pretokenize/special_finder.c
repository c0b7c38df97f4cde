/* Finds special tokens: left to right, longest match at each position. */
/* SPDX-License-Identifier: MIT */
/*
 * A trie in three arrays. Nodes are numbered breadth first, so a node's children are contiguous:
 *
 *     node n   its children are nodes [first_child[n], first_child[n + 1]), ascending by byte
 *              bytes[n]   the byte that leads to n
 *              tokens[n]  the token that ends at n, or NO_TOKEN
 *
 * Node 0 is the root. A search jumps to the next byte that can begin a token (with memchr if there
 * is only one) and walks the trie from there. Special tokens are short, and text rarely begins like
 * one, so an automaton that never reads a byte twice would gain nothing.
 */
#include "pretokenize/special_finder.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "unicode/quote.h"

#define NO_TOKEN UINT32_MAX

struct pmill_special_finder {
	size_t count;
	size_t longest;
	pmill_bytes *tokens_given; /* in the caller's order; their bytes are in `copies` */
	uint8_t *copies;
	uint32_t *first_child;
	uint8_t *bytes;
	uint32_t *tokens;
	uint32_t roots[256]; /* by first byte: the child of the root, or 0 */
	int only_root;       /* the first byte that all tokens share, or -1 */
};

/* ---- Building ---- */

struct sorted_token {
	const uint8_t *data;
	size_t len;
	uint32_t index;
};

static int compare_tokens(const void *left, const void *right)
{
	const struct sorted_token *a = left, *b = right;
	size_t common = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->data, b->data, common);
	if (order != 0)
		return order;
	return (a->len > b->len) - (a->len < b->len);
}

static pmill_status check_distinct(
	const struct sorted_token *sorted, size_t count, pmill_error *error)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_tokens(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		struct pmill_quote quote;
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"special token %s is given twice", pmill_quote(&quote, sorted[i].data, sorted[i].len));
	}
	return PMILL_OK;
}

/* Sums the lengths: the trie has at most that many nodes, and the root. */
static pmill_status sum_lengths(
	const pmill_bytes *tokens, size_t count, size_t *sum, pmill_error *error)
{
	*sum = 0;
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].len == 0)
			return pmill_fail(
				error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "special token %zu is empty", i + 1);
		if (tokens[i].len >= NO_TOKEN - 2 - *sum)
			return pmill_fail(
				error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the special tokens take 4 GiB or more");
		*sum += tokens[i].len;
	}
	return PMILL_OK;
}

static void copy_tokens(struct pmill_special_finder *finder, const pmill_bytes *tokens)
{
	size_t used = 0;
	for (size_t i = 0; i < finder->count; i++) {
		memcpy(finder->copies + used, tokens[i].data, tokens[i].len);
		finder->tokens_given[i] = (pmill_bytes){finder->copies + used, tokens[i].len};
		used += tokens[i].len;
		if (tokens[i].len > finder->longest)
			finder->longest = tokens[i].len;
	}
}

/* The sorted tokens that share the path to a node. */
struct group {
	uint32_t begin, end;
};

/*
 * Numbers the nodes level by level. `groups` has an entry for each node; the tokens of a group
 * share their first `depth` bytes, and one that ends there comes first.
 */
static void build_trie(
	struct pmill_special_finder *finder, const struct sorted_token *sorted, struct group *groups)
{
	groups[0] = (struct group){0, (uint32_t)finder->count};
	uint32_t node = 0, next = 1;
	for (size_t depth = 0; node < next; depth++) {
		for (uint32_t level_end = next; node < level_end; node++) {
			uint32_t i = groups[node].begin, end = groups[node].end;
			finder->first_child[node] = next;
			finder->tokens[node] = NO_TOKEN;
			if (i < end && sorted[i].len == depth)
				finder->tokens[node] = sorted[i++].index;
			while (i < end) {
				uint32_t begin = i;
				uint8_t byte = sorted[i].data[depth];
				while (i < end && sorted[i].data[depth] == byte)
					i++;
				finder->bytes[next] = byte;
				groups[next++] = (struct group){begin, i};
			}
		}
	}
	finder->first_child[node] = next;
}

static void index_roots(struct pmill_special_finder *finder)
{
	uint32_t begin = finder->first_child[0], end = finder->first_child[1];
	for (uint32_t node = begin; node < end; node++)
		finder->roots[finder->bytes[node]] = node;
	finder->only_root = end - begin == 1 ? finder->bytes[begin] : -1;
}

static void *allocate_items(size_t count, size_t item_size)
{
	return count > SIZE_MAX / item_size ? NULL : malloc(count * item_size);
}

static bool allocate_arrays(struct pmill_special_finder *finder, size_t sum)
{
	finder->tokens_given = allocate_items(finder->count + 1, sizeof *finder->tokens_given);
	finder->copies = allocate_items(sum + 1, 1);
	finder->first_child = allocate_items(sum + 2, sizeof *finder->first_child);
	finder->bytes = allocate_items(sum + 1, 1);
	finder->tokens = allocate_items(sum + 1, sizeof *finder->tokens);
	return finder->tokens_given != NULL && finder->copies != NULL && finder->first_child != NULL &&
		finder->bytes != NULL && finder->tokens != NULL;
}

static pmill_status fill_finder(
	struct pmill_special_finder *finder, const pmill_bytes *tokens, size_t sum, pmill_error *error)
{
	struct sorted_token *sorted = allocate_items(finder->count + 1, sizeof *sorted);
	struct group *groups = allocate_items(sum + 1, sizeof *groups);
	pmill_status status = PMILL_OK;
	if (sorted == NULL || groups == NULL || !allocate_arrays(finder, sum)) {
		status = pmill_fail_memory(error);
		goto out;
	}
	copy_tokens(finder, tokens);
	for (size_t i = 0; i < finder->count; i++)
		sorted[i] = (struct sorted_token){
			finder->tokens_given[i].data, finder->tokens_given[i].len, (uint32_t)i};
	if (finder->count > 1)
		qsort(sorted, finder->count, sizeof *sorted, compare_tokens);
	status = check_distinct(sorted, finder->count, error);
	if (status != PMILL_OK)
		goto out;
	build_trie(finder, sorted, groups);
	index_roots(finder);
out:
	free(sorted);
	free(groups);
	return status;
}

pmill_status pmill_special_finder_create(const pmill_bytes *tokens, size_t count,
	struct pmill_special_finder **finder, pmill_error *error)
{
	size_t sum;
	pmill_status status = sum_lengths(tokens, count, &sum, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_special_finder *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->count = count;
	status = fill_finder(made, tokens, sum, error);
	if (status != PMILL_OK) {
		pmill_special_finder_free(made);
		return status;
	}
	*finder = made;
	return PMILL_OK;
}

void pmill_special_finder_free(struct pmill_special_finder *finder)
{
	if (finder == NULL)
		return;
	free(finder->tokens_given);
	free(finder->copies);
	free(finder->first_child);
	free(finder->bytes);
	free(finder->tokens);
	free(finder);
}

size_t pmill_special_finder_count(const struct pmill_special_finder *finder)
{
	return finder->count;
}

pmill_bytes pmill_special_finder_token(const struct pmill_special_finder *finder, size_t index)
{
	return finder->tokens_given[index];
}

size_t pmill_special_finder_longest(const struct pmill_special_finder *finder)
{
	return finder->longest;
}

/* ---- Searching ---- */

/* The child of `node` for `byte`, or 0. */
static uint32_t find_child(const struct pmill_special_finder *finder, uint32_t node, uint8_t byte)
{
	uint32_t low = finder->first_child[node], high = finder->first_child[node + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (finder->bytes[middle] == byte)
			return middle;
		if (finder->bytes[middle] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

struct walk {
	size_t end;   /* of the longest token that begins here; 0: none */
	size_t index; /* of it */
	bool is_open; /* the text ended where a longer token could continue */
};

static struct walk walk_trie(
	const struct pmill_special_finder *finder, const uint8_t *text, size_t len, size_t begin)
{
	struct walk walk = {0, 0, false};
	uint32_t node = finder->roots[text[begin]];
	size_t position = begin;
	while (node != 0) {
		position++;
		if (finder->tokens[node] != NO_TOKEN) {
			walk.end = position;
			walk.index = finder->tokens[node];
		}
		if (position == len) {
			walk.is_open = finder->first_child[node] < finder->first_child[node + 1];
			break;
		}
		node = find_child(finder, node, text[position]);
	}
	return walk;
}

/* The next byte that can begin a token, or `len`. */
static size_t find_candidate(
	const struct pmill_special_finder *finder, const uint8_t *text, size_t len, size_t begin)
{
	if (finder->only_root >= 0) {
		const uint8_t *found = begin < len ? memchr(text + begin, finder->only_root, len - begin)
										   : NULL;
		return found != NULL ? (size_t)(found - text) : len;
	}
	while (begin < len && finder->roots[text[begin]] == 0)
		begin++;
	return begin;
}

struct pmill_special_match pmill_special_finder_next(const struct pmill_special_finder *finder,
	const uint8_t *text, size_t len, size_t begin, bool is_final)
{
	if (finder->count == 0)
		return (struct pmill_special_match){len, len, 0};
	for (;;) {
		begin = find_candidate(finder, text, len, begin);
		if (begin == len)
			return (struct pmill_special_match){len, len, 0};
		struct walk walk = walk_trie(finder, text, len, begin);
		if (walk.is_open && !is_final)
			return (struct pmill_special_match){begin, begin, 0};
		if (walk.end != 0)
			return (struct pmill_special_match){begin, walk.end, walk.index};
		begin++;
	}
}

/*
 * Whether a token, whole or cut by the end of the text, begins at `begin` and ends after `offset`.
 */
static bool reaches_over(const struct pmill_special_finder *finder, const uint8_t *text, size_t len,
	size_t begin, size_t offset, bool is_final)
{
	struct walk walk = walk_trie(finder, text, len, begin);
	return walk.end > offset || (walk.is_open && !is_final);
}

bool pmill_special_finder_is_clear(const struct pmill_special_finder *finder, const uint8_t *text,
	size_t len, size_t offset, bool is_final)
{
	if (finder->longest < 2)
		return true;
	size_t reach = finder->longest - 1;
	for (size_t begin = offset > reach ? offset - reach : 0; begin < offset; begin++) {
		if (reaches_over(finder, text, len, begin, offset, is_final))
			return false;
	}
	return true;
}
