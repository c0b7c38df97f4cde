/* The automaton of the special tokens: each array, and each step, by its definition. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pretokenize/token_automaton.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { MOST_TOKENS = 400, MOST_BYTES = 3000, TEXT = 2000, ROUNDS = 600 };

static size_t below(uint64_t *random, size_t limit)
{
	return (size_t)(next_random(random) % limit);
}

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- The automaton by its definition: a sorted list of all prefixes ---- */

struct token_set {
	pmill_bytes list[MOST_TOKENS];
	size_t count;
	uint8_t bytes[MOST_BYTES];
	size_t used;
};

struct path {
	const uint8_t *data;
	size_t len;
};

/* The tokens' distinct prefixes, by length and then by bytes: path i is that of node i. */
struct naive {
	const struct token_set *tokens;
	struct path paths[MOST_BYTES + 1];
	size_t count;
};

static int compare_paths(const void *left, const void *right)
{
	const struct path *a = left, *b = right;
	return a->len != b->len ? (a->len > b->len) - (a->len < b->len)
							: memcmp(a->data, b->data, a->len);
}

/* Its node; 0 if there is none, as for the empty path. */
static size_t find_path(const struct naive *naive, const uint8_t *data, size_t len)
{
	const struct path wanted = {data, len};
	const struct path *found = bsearch(
		&wanted, naive->paths, naive->count, sizeof wanted, compare_paths);
	return found == NULL ? 0 : (size_t)(found - naive->paths);
}

static void fill_naive(struct naive *naive, const struct token_set *tokens)
{
	naive->tokens = tokens;
	naive->count = 1;
	naive->paths[0] = (struct path){tokens->bytes, 0};
	for (size_t i = 0; i < tokens->count; i++)
		for (size_t len = 1; len <= tokens->list[i].len; len++)
			naive->paths[naive->count++] = (struct path){tokens->list[i].data, len};
	qsort(naive->paths, naive->count, sizeof *naive->paths, compare_paths);
	size_t kept = 1;
	for (size_t i = 1; i < naive->count; i++)
		if (compare_paths(&naive->paths[i], &naive->paths[kept - 1]) != 0)
			naive->paths[kept++] = naive->paths[i];
	naive->count = kept;
}

static uint32_t find_token(const struct token_set *tokens, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (tokens->list[i].len == len && memcmp(tokens->list[i].data, data, len) == 0)
			return (uint32_t)i;
	return PMILL_NO_TOKEN;
}

/* The longest node that the last `most` bytes before `end` end with. */
static size_t find_suffix(const struct naive *naive, const uint8_t *end, size_t most)
{
	size_t node = 0;
	for (size_t len = most; len > 0 && node == 0; len--)
		node = find_path(naive, end - len, len);
	return node;
}

static uint32_t find_longest_token(const struct naive *naive, struct path path)
{
	uint32_t token = PMILL_NO_TOKEN;
	for (size_t begin = 0; begin < path.len && token == PMILL_NO_TOKEN; begin++)
		token = find_token(naive->tokens, path.data + begin, path.len - begin);
	return token;
}

static void check_node(
	const struct pmill_token_automaton *automaton, const struct naive *naive, uint32_t node)
{
	struct path path = naive->paths[node];
	const uint8_t *end = path.data + path.len;
	assert_int_equal(automaton->depths[node], path.len);
	assert_int_equal(automaton->tokens[node], find_token(naive->tokens, path.data, path.len));
	assert_int_equal(automaton->longest[node], find_longest_token(naive, path));
	assert_int_equal(
		automaton->fails[node], find_suffix(naive, end, path.len > 0 ? path.len - 1 : 0));
	if (node > 0)
		assert_int_equal(automaton->bytes[node], end[-1]);
}

/* Each node but the root is a child of the node with one byte less. */
static void check_children(const struct pmill_token_automaton *automaton, const struct naive *naive)
{
	uint32_t next = 1;
	for (uint32_t node = 0; node < naive->count; node++) {
		assert_int_equal(automaton->first_child[node], next);
		bool is_leaf = true;
		while (next < naive->count &&
			find_path(naive, naive->paths[next].data, naive->paths[next].len - 1) == node) {
			is_leaf = false;
			next++;
		}
		assert_int_equal(pmill_token_automaton_is_leaf(automaton, node), is_leaf);
	}
	assert_int_equal(next, naive->count);
	assert_int_equal(automaton->first_child[naive->count], naive->count);
}

/* Children that are there, and such as may not be. */
static void check_child_search(
	const struct pmill_token_automaton *automaton, const struct naive *naive)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t only = (uint8_t)byte;
		assert_int_equal(automaton->roots[byte], find_path(naive, &only, 1));
		assert_int_equal(
			pmill_token_automaton_child(automaton, 0, only), find_path(naive, &only, 1));
	}
	for (uint32_t node = 1; node < naive->count; node++) {
		struct path path = naive->paths[node];
		size_t parent = find_path(naive, path.data, path.len - 1);
		uint8_t byte = path.data[path.len - 1], other = (uint8_t)(byte + 1);
		assert_int_equal(pmill_token_automaton_child(automaton, (uint32_t)parent, byte), node);
		uint8_t extended[MOST_BYTES];
		memcpy(extended, path.data, path.len - 1);
		extended[path.len - 1] = other;
		assert_int_equal(pmill_token_automaton_child(automaton, (uint32_t)parent, other),
			find_path(naive, extended, path.len));
	}
}

/* Steps through text made of tokens' pieces, with other bytes between them. */
static void check_steps(
	const struct pmill_token_automaton *automaton, const struct naive *naive, uint64_t *random)
{
	uint8_t text[TEXT];
	size_t len = 0, longest = naive->paths[naive->count - 1].len;
	while (len < TEXT) {
		struct path piece = naive->paths[below(random, naive->count)];
		size_t begin = below(random, piece.len + 1);
		for (size_t i = begin; i < piece.len && len < TEXT; i++)
			text[len++] = piece.data[i];
		if (len < TEXT && (piece.len == 0 || below(random, 4) == 0))
			text[len++] = (uint8_t) "ab!\377"[below(random, 4)];
	}
	uint32_t node = 0;
	for (size_t i = 0; i < len; i++) {
		size_t most = i + 1 < longest ? i + 1 : longest;
		node = pmill_token_automaton_step(automaton, node, text[i]);
		assert_int_equal(node, find_suffix(naive, text + i + 1, most));
	}
}

static void check_automaton(
	const struct pmill_token_automaton *automaton, const struct token_set *tokens, uint64_t *random)
{
	static struct naive naive;
	fill_naive(&naive, tokens);
	assert_int_equal(automaton->node_count, naive.count);
	for (uint32_t node = 0; node < naive.count; node++)
		check_node(automaton, &naive, node);
	check_children(automaton, &naive);
	check_child_search(automaton, &naive);
	check_steps(automaton, &naive, random);
}

/* Creates it from copies that are gone before it is used. */
static pmill_status create_from_copies(
	const struct token_set *tokens, struct pmill_token_automaton **automaton, pmill_error *error)
{
	pmill_bytes *copies = malloc((tokens->count + 1) * sizeof *copies);
	uint8_t *bytes = malloc(tokens->used + 1);
	assert_true(copies != NULL && bytes != NULL);
	memcpy(bytes, tokens->bytes, tokens->used);
	for (size_t i = 0; i < tokens->count; i++)
		copies[i] = (pmill_bytes){
			bytes + ((const uint8_t *)tokens->list[i].data - tokens->bytes), tokens->list[i].len};
	pmill_status status = pmill_token_automaton_create(copies, tokens->count, automaton, error);
	free(bytes);
	free(copies);
	return status;
}

static bool has_repeated(const struct token_set *tokens)
{
	bool found = false;
	for (size_t i = 0; i < tokens->count; i++)
		found |= find_token(tokens, tokens->list[i].data, tokens->list[i].len) != i;
	return found;
}

static void check_tokens(const struct token_set *tokens, uint64_t *random)
{
	struct pmill_token_automaton *automaton = NULL;
	pmill_error error = {0};
	pmill_status status = create_from_copies(tokens, &automaton, &error);
	if (has_repeated(tokens)) {
		assert_int_equal(status, PMILL_BAD_OPTION);
		assert_null(automaton);
		assert_non_null(strstr(error.message, "is given twice"));
		return;
	}
	assert_int_equal(status, PMILL_OK);
	check_automaton(automaton, tokens, random);
	pmill_token_automaton_free(automaton);
}

/* ---- Token sets ---- */

static void add_token(struct token_set *tokens, const void *data, size_t len)
{
	assert_true(tokens->count < MOST_TOKENS && tokens->used + len <= MOST_BYTES);
	memcpy(tokens->bytes + tokens->used, data, len);
	tokens->list[tokens->count++] = (pmill_bytes){tokens->bytes + tokens->used, len};
	tokens->used += len;
}

static void add_new_token(struct token_set *tokens, const void *data, size_t len)
{
	if (find_token(tokens, data, len) == PMILL_NO_TOKEN)
		add_token(tokens, data, len);
}

static void clear_tokens(struct token_set *tokens)
{
	tokens->count = tokens->used = 0;
}

static void make_random(struct token_set *tokens, uint64_t *random)
{
	static const unsigned alphabets[] = {1, 2, 3, 26, 256};
	unsigned letters = alphabets[below(random, 5)];
	size_t count = below(random, 40), longest = 1 + below(random, 20);
	bool is_repeating = below(random, 4) == 0;
	clear_tokens(tokens);
	for (size_t i = 0; i < count; i++) {
		uint8_t token[20];
		size_t len = 1 + below(random, longest);
		for (size_t at = 0; at < len; at++)
			token[at] = (uint8_t)(letters == 256 ? below(random, 256)
												 : 'a' + below(random, letters));
		if (is_repeating)
			add_token(tokens, token, len);
		else
			add_new_token(tokens, token, len);
	}
}

static void test_random_tokens(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	size_t repeated = 0;
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + ROUNDS - 1);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		static struct token_set tokens;
		uint64_t random = seed + i;
		make_random(&tokens, &random);
		repeated += has_repeated(&tokens);
		check_tokens(&tokens, &random);
	}
	assert_in_range(repeated, 1, ROUNDS / 2);
}

/* All lengths of one letter, and one that fails at its last byte. */
static void make_runs(struct token_set *tokens, const char *letters)
{
	for (size_t len = 1; len <= 60; len++)
		add_token(tokens, letters, len);
	uint8_t last[301];
	memcpy(last, letters, 300);
	last[300] = '!';
	add_token(tokens, last, sizeof last);
}

/* Each is a suffix of the one before: every node has a fail that is one byte shorter. */
static void make_suffixes(struct token_set *tokens, const char *letters)
{
	for (size_t len = 70; len > 0; len--)
		add_token(tokens, letters + 70 - len, len);
}

static void make_one(struct token_set *tokens, const char *letters)
{
	add_token(tokens, letters, 300);
}

/* Every node of the long ones has a fail among the others. */
static void make_middles(struct token_set *tokens, const char *letters)
{
	add_token(tokens, letters, 200);
	for (size_t begin = 1; begin < 60; begin++)
		add_new_token(tokens, letters + begin, 20 + begin % 7);
}

static void make_bytes(struct token_set *tokens, const char *letters)
{
	for (unsigned byte = 256; byte-- > 0;) {
		const uint8_t only = (uint8_t)byte;
		add_token(tokens, &only, 1);
	}
	add_token(tokens, letters, 100);
}

static void make_none(struct token_set *tokens, const char *letters)
{
	(void)tokens;
	(void)letters;
}

static void (*const makers[])(struct token_set *tokens, const char *letters) = {
	make_runs, make_suffixes, make_one, make_middles, make_bytes, make_none};
static const char *const periods[] = {
	"a", "ab", "aab", "abaababaabaab", "abcdefghijklmnopqrstuvwxyz", "\xFF\x80\x7F\x01"};

static void test_hostile_tokens(void **state)
{
	(void)state;
	uint64_t random = 5;
	for (size_t m = 0; m < sizeof makers / sizeof *makers; m++)
		for (size_t p = 0; p < sizeof periods / sizeof *periods; p++) {
			static struct token_set tokens;
			char letters[400];
			for (size_t i = 0; i < sizeof letters; i++)
				letters[i] = periods[p][i % strlen(periods[p])];
			clear_tokens(&tokens);
			makers[m](&tokens, letters);
			assert_false(has_repeated(&tokens));
			check_tokens(&tokens, &random);
		}
}

/* ---- Refusals ---- */

static void check_refused(
	const pmill_bytes *tokens, size_t count, pmill_status expected, const char *message)
{
	struct pmill_token_automaton *automaton = NULL;
	pmill_error error = {0};
	assert_int_equal(pmill_token_automaton_create(tokens, count, &automaton, &error), expected);
	assert_null(automaton);
	assert_string_equal(error.message, message);
}

static void test_refused(void **state)
{
	(void)state;
	const pmill_bytes empty[] = {{"a", 1}, {"", 0}};
	const pmill_bytes repeated[] = {{"<b>", 3}, {"a", 1}, {"<c>", 3}, {"<b>", 3}};
	const pmill_bytes long_one[] = {{"a", 1}, {"b", UINT32_MAX - 3}};
	const pmill_bytes longest[] = {{"a", SIZE_MAX}, {"b", SIZE_MAX}};
	check_refused(empty, 2, PMILL_BAD_OPTION, "special token 2 is empty");
	check_refused(repeated, 4, PMILL_BAD_OPTION, "special token \"<b>\" is given twice");
	check_refused(long_one, 2, PMILL_OVERFLOW, "the special tokens take 4 GiB or more");
	check_refused(longest, 2, PMILL_OVERFLOW, "the special tokens take 4 GiB or more");
	pmill_token_automaton_free(NULL);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	const pmill_bytes tokens[] = {{"<a>", 3}, {"b", 1}, {"<c", 2}};
	pmill_status status = PMILL_NO_MEMORY;
	long allocations = 0;
	for (; status != PMILL_OK; allocations++) {
		struct pmill_token_automaton *automaton = NULL;
		pmill_error error = {0};
		allocations_left = allocations;
		status = pmill_token_automaton_create(tokens, 3, &automaton, &error);
		assert_int_equal(was_refused(), status != PMILL_OK);
		assert_int_equal(status == PMILL_OK, automaton != NULL);
		if (status != PMILL_OK)
			assert_int_equal(status, PMILL_NO_MEMORY);
		pmill_token_automaton_free(automaton);
	}
	assert_true(allocations > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tokens),
		cmocka_unit_test(test_hostile_tokens),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
