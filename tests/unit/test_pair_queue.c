/* The queue of candidates: the best pair comes first, however counts fall meanwhile. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "merge/pair_queue.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { JOINED = 60, TOKENS = 256 + JOINED, LONGEST = 64, MOST_PAIRS = 3000, ROUNDS = 200 };

static size_t below(uint64_t *random, size_t limit)
{
	return (size_t)(next_random(random) % limit);
}

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

/* ---- Tokens, and the tie rules on their bytes ---- */

struct naive_token {
	uint8_t bytes[LONGEST];
	size_t len;
};

static struct pmill_learned_tokens tokens;
static struct naive_token naive_tokens[TOKENS];

static int compare_tokens(uint32_t a, uint32_t b)
{
	const struct naive_token *x = &naive_tokens[a], *y = &naive_tokens[b];
	int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static bool is_new(const struct naive_token *token, size_t count)
{
	bool found = false;
	for (size_t i = 0; i < count; i++)
		found |= naive_tokens[i].len == token->len &&
			memcmp(naive_tokens[i].bytes, token->bytes, token->len) == 0;
	return !found;
}

/* Few letters, NUL among them, so that many tokens begin with the same eight bytes. */
static uint32_t choose_token(size_t count, uint64_t *random)
{
	static const char letters[] = {'a', 'b', 0};
	if (count > 256 && below(random, 2) == 0)
		return (uint32_t)(256 + below(random, count - 256));
	return tokens.token_of[(uint8_t)letters[below(random, 3)]];
}

static void join_tokens(uint64_t *random)
{
	for (size_t count = 256; count < TOKENS;) {
		uint32_t left = choose_token(count, random), right = choose_token(count, random);
		struct naive_token joined = naive_tokens[left];
		const struct naive_token *end = &naive_tokens[right];
		if (joined.len + end->len > LONGEST)
			continue;
		memcpy(joined.bytes + joined.len, end->bytes, end->len);
		joined.len += end->len;
		if (!is_new(&joined, count))
			continue;
		assert_true(pmill_learned_tokens_join(&tokens, left, right));
		naive_tokens[count++] = joined;
	}
}

/* The ids of bytes in any order: tokens are numbered by them. */
static int make_tokens(void **state)
{
	(void)state;
	struct pmill_merger_settings settings = {.min_count = 1};
	uint64_t random = 3;
	for (uint32_t i = 0; i < 256; i++)
		settings.byte_ids[i] = (i * 77 + 5) % 256;
	if (!pmill_learned_tokens_init(&tokens, &settings))
		return -1;
	for (uint32_t i = 0; i < 256; i++)
		naive_tokens[settings.byte_ids[i]] = (struct naive_token){{(uint8_t)i}, 1};
	join_tokens(&random);
	return 0;
}

static int release_tokens(void **state)
{
	(void)state;
	pmill_learned_tokens_release(&tokens);
	return 0;
}

/* ---- A plain list of candidates ---- */

/* Pairs with their true counts; 0: not in the queue. */
struct naive_queue {
	struct pmill_candidate pairs[MOST_PAIRS];
	size_t count;
	enum pmill_ties ties;
};

static bool is_first(
	enum pmill_ties ties, const struct pmill_candidate *a, const struct pmill_candidate *b)
{
	if (a->count != b->count)
		return a->count > b->count;
	if (ties == PMILL_TIES_IDS)
		return a->left != b->left ? a->left < b->left : a->right < b->right;
	int order = compare_tokens(a->left, b->left);
	return order != 0 ? order > 0 : compare_tokens(a->right, b->right) > 0;
}

static struct pmill_candidate *find_pair(struct naive_queue *naive, uint32_t left, uint32_t right)
{
	for (size_t i = 0; i < naive->count; i++)
		if (naive->pairs[i].left == left && naive->pairs[i].right == right)
			return &naive->pairs[i];
	return NULL;
}

static struct pmill_candidate *find_best(struct naive_queue *naive)
{
	struct pmill_candidate *best = NULL;
	for (size_t i = 0; i < naive->count; i++)
		if (naive->pairs[i].count > 0 &&
			(best == NULL || is_first(naive->ties, &naive->pairs[i], best)))
			best = &naive->pairs[i];
	return best;
}

/* Mostly small, so that many tie; now and then of any size. */
static int64_t choose_count(uint64_t *random)
{
	switch (below(random, 8)) {
	case 0: return (int64_t)(next_random(random) >> (1 + below(random, 63))) | 1;
	case 1: return INT64_MAX;
	case 2: return 1 + (int64_t)below(random, 1000);
	default: return 1 + (int64_t)below(random, 12);
	}
}

/* Pushes a pair that isn't in the list yet, if the one chosen isn't. */
static void push_pair(struct pmill_pair_queue *queue, struct naive_queue *naive, uint64_t *random)
{
	uint32_t left = choose_token(TOKENS, random), right = choose_token(TOKENS, random);
	if (find_pair(naive, left, right) != NULL || naive->count == MOST_PAIRS)
		return;
	const struct pmill_candidate pair = {choose_count(random), left, right};
	assert_true(pmill_pair_queue_reserve(queue, 1));
	pmill_pair_queue_push(queue, pair);
	naive->pairs[naive->count++] = pair;
}

/* Lowers some of the true counts, to 0 now and then; the queue isn't told. */
static void lower_counts(struct naive_queue *naive, uint64_t *random)
{
	for (size_t i = below(random, 40); i < naive->count; i += 1 + below(random, 40)) {
		struct pmill_candidate *pair = &naive->pairs[i];
		if (pair->count > 0)
			pair->count = (int64_t)(next_random(random) % (uint64_t)pair->count);
	}
}

static void check_amount(const struct pmill_pair_queue *queue, size_t expected)
{
	size_t waiting = 0, used_blocks = 0;
	for (size_t i = 0; i < PMILL_QUEUE_CLASSES; i++)
		for (uint32_t at = queue->first[i]; at != 0; at = queue->blocks[at - 1].next) {
			const struct pmill_waiting *block = &queue->blocks[at - 1];
			assert_in_range(block->count, 1, PMILL_WAITING_BLOCK);
			assert_true(at == queue->first[i] || block->count == PMILL_WAITING_BLOCK);
			waiting += block->count;
			used_blocks++;
		}
	assert_int_equal(queue->waiting_count, waiting);
	assert_true(used_blocks <= queue->block_count && queue->block_count <= queue->block_capacity);
	assert_int_equal(queue->count + waiting, expected);
}

/* ---- Taking the best, as those who merge do ---- */

/* Pushes the pairs of a class just opened with their true counts. Returns how many are gone. */
static size_t refill(struct pmill_pair_queue *queue, struct naive_queue *naive)
{
	struct pmill_candidate taken;
	size_t gone = 0;
	while (pmill_pair_queue_take_waiting(queue, &taken)) {
		const struct pmill_candidate *pair = find_pair(naive, taken.left, taken.right);
		assert_true(pair != NULL && pair->count <= taken.count);
		if (pair->count > 0)
			pmill_pair_queue_push(queue, *pair);
		else
			gone++;
	}
	return gone;
}

/* Makes the first candidate of the heap true. Returns how many are gone. */
static size_t correct_first(struct pmill_pair_queue *queue, struct naive_queue *naive)
{
	size_t gone = 0;
	for (;;) {
		if (queue->count == 0 && !pmill_pair_queue_open_class(queue))
			return gone;
		if (queue->count == 0) {
			gone += refill(queue, naive);
			continue;
		}
		const struct pmill_candidate *first = &queue->items[0];
		const struct pmill_candidate *pair = find_pair(naive, first->left, first->right);
		assert_true(pair != NULL && pair->count <= first->count);
		if (pair->count == first->count)
			return gone;
		if (pair->count > 0) {
			pmill_pair_queue_lower_first(queue, pair->count);
		} else {
			pmill_pair_queue_pop(queue);
			gone++;
		}
	}
}

/* Takes the best pair off both. Returns false if there is none. */
static bool take_best(struct pmill_pair_queue *queue, struct naive_queue *naive, size_t *amount)
{
	struct pmill_candidate *expected = find_best(naive);
	*amount -= correct_first(queue, naive);
	check_amount(queue, *amount);
	if (expected == NULL) {
		assert_int_equal(*amount, 0);
		return false;
	}
	assert_true(queue->count > 0);
	struct pmill_candidate got = pmill_pair_queue_pop(queue);
	assert_int_equal(got.count, expected->count);
	assert_int_equal(got.left, expected->left);
	assert_int_equal(got.right, expected->right);
	expected->count = 0;
	--*amount;
	return true;
}

static void check_round(uint64_t seed)
{
	static struct naive_queue naive;
	uint64_t random = seed;
	struct pmill_pair_queue queue;
	naive.count = 0;
	naive.ties = seed % 2 == 0 ? PMILL_TIES_BYTES : PMILL_TIES_IDS;
	pmill_pair_queue_init(&queue, &tokens, naive.ties, NULL);
	for (size_t i = below(&random, 1200); i > 0; i--)
		push_pair(&queue, &naive, &random);
	size_t amount = naive.count;
	bool is_static = below(&random, 4) == 0;
	while (take_best(&queue, &naive, &amount)) {
		size_t before = naive.count;
		for (size_t i = is_static ? 0 : below(&random, 3); i > 0 && before < 1400; i--)
			push_pair(&queue, &naive, &random);
		amount += naive.count - before;
		if (!is_static && below(&random, 8) == 0)
			lower_counts(&naive, &random);
	}
	pmill_pair_queue_release(&queue);
	pmill_pair_queue_release(&queue);
}

static void test_the_best_comes_first(void **state)
{
	(void)state;
	uint64_t seed = first_seed();
	print_message("seeds %llu to %llu (PMILL_SEED)\n", (unsigned long long)seed,
		(unsigned long long)seed + ROUNDS - 1);
	for (uint64_t i = 0; i < ROUNDS; i++)
		check_round(seed + i);
}

/* Classes are four for each doubling: around each border, all counts come in their order. */
static void test_every_class(void **state)
{
	(void)state;
	struct pmill_pair_queue queue;
	static struct naive_queue naive;
	naive.count = 0;
	naive.ties = PMILL_TIES_IDS;
	pmill_pair_queue_init(&queue, &tokens, naive.ties, NULL);
	for (unsigned log = 0; log < 63; log++)
		for (unsigned quarter = 0; quarter < 4; quarter++)
			for (int64_t near = -1; near <= 1; near++) {
				int64_t power = INT64_C(1) << log, count = power + power / 4 * quarter + near;
				struct pmill_candidate pair = {count, log, 3 * quarter + (uint32_t)(near + 1)};
				if (count < 1)
					continue;
				assert_true(pmill_pair_queue_reserve(&queue, 1));
				pmill_pair_queue_push(&queue, pair);
				naive.pairs[naive.count++] = pair;
			}
	size_t amount = naive.count;
	assert_int_equal(queue.count, 0);
	while (take_best(&queue, &naive, &amount)) {
	}
	pmill_pair_queue_release(&queue);
}

/* Ties are decided by the order that is documented, with and without the heap. */
static void test_ties(void **state)
{
	(void)state;
	struct pmill_pair_queue queues[2];
	pmill_pair_queue_init(&queues[PMILL_TIES_BYTES], &tokens, PMILL_TIES_BYTES, NULL);
	pmill_pair_queue_init(&queues[PMILL_TIES_IDS], &tokens, PMILL_TIES_IDS, NULL);
	uint64_t random = 9;
	for (size_t i = 0; i < 20000; i++) {
		struct pmill_candidate pair[2];
		for (int j = 0; j < 2; j++)
			pair[j] = (struct pmill_candidate){1 + (int64_t)below(&random, 2),
				choose_token(TOKENS, &random), choose_token(TOKENS, &random)};
		for (unsigned ties = 0; ties < 2; ties++)
			assert_int_equal(pmill_pair_queue_is_before(&queues[ties], &pair[0], &pair[1]),
				is_first((enum pmill_ties)ties, &pair[0], &pair[1]));
	}
}

/* A queue that was cleared is like a new one. */
static void test_cleared(void **state)
{
	(void)state;
	struct pmill_pair_queue queue;
	pmill_pair_queue_init(&queue, &tokens, PMILL_TIES_IDS, NULL);
	uint64_t random = 4;
	for (int round = 0; round < 20; round++) {
		static struct naive_queue naive;
		naive.count = 0;
		naive.ties = PMILL_TIES_IDS;
		for (size_t i = 0; i < 300; i++)
			push_pair(&queue, &naive, &random);
		size_t amount = naive.count;
		for (int i = 0; i < 100; i++)
			assert_true(take_best(&queue, &naive, &amount));
		pmill_pair_queue_clear(&queue);
		check_amount(&queue, 0);
		assert_false(pmill_pair_queue_open_class(&queue));
		pmill_pair_queue_clear(&queue);
	}
	pmill_pair_queue_release(&queue);
}

/* A refused reservation leaves the queue as it was. */
static void test_out_of_memory(void **state)
{
	(void)state;
	static struct naive_queue naive;
	struct pmill_pair_queue queue;
	uint64_t random = 6;
	naive.count = 0;
	naive.ties = PMILL_TIES_BYTES;
	pmill_pair_queue_init(&queue, &tokens, naive.ties, NULL);
	for (long k = 0; k < 2; k++) {
		allocations_left = k;
		assert_false(pmill_pair_queue_reserve(&queue, 1));
		assert_true(was_refused());
	}
	for (size_t i = 0; i < 200; i++)
		push_pair(&queue, &naive, &random);
	for (long k = 0; k < 2; k++) {
		allocations_left = k;
		assert_false(pmill_pair_queue_reserve(&queue, 100000));
		assert_true(was_refused());
	}
	assert_false(pmill_pair_queue_reserve(&queue, UINT32_MAX));
	size_t amount = naive.count;
	while (take_best(&queue, &naive, &amount)) {
	}
	pmill_pair_queue_release(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best_comes_first),
		cmocka_unit_test(test_every_class),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, make_tokens, release_tokens);
}
