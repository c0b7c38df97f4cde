/* The table of pairs: narrow and wide slots against a plain list, at the limits of both. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpe/pair_table.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { MOST = 3000 };

struct listed {
	uint32_t left, right, rank;
};

static const struct kind {
	uint64_t symbol_limit, rank_limit;
	bool is_wide;
} kinds[] = {
	{600, 600, false},
	{1 << 21, (1 << 22) - 1, false},
	{(1 << 21) + 1, 600, true},
	{600, 1 << 22, true},
	{UINT32_MAX, UINT32_MAX, true},
};

/* Small numbers meet often, and the largest ones are as likely as they. */
static uint32_t choose(uint64_t *random, uint64_t limit)
{
	const uint32_t offset = (uint32_t)(next_random(random) % 40);
	return next_random(random) % 2 ? offset : (uint32_t)(limit - 1 - offset);
}

static uint32_t find_listed(const struct listed *list, size_t count, uint32_t left, uint32_t right)
{
	uint32_t rank = PMILL_NO_RANK;
	for (size_t i = 0; i < count; i++)
		if (list[i].left == left && list[i].right == right && list[i].rank < rank)
			rank = list[i].rank;
	return rank;
}

static void check_kind(const struct kind *kind, size_t count, uint64_t *random)
{
	struct listed *list = calloc(count + 1, sizeof *list);
	struct pmill_pair_table table;
	assert_non_null(list);
	pmill_pair_table_init(&table, kind->symbol_limit, kind->rank_limit);
	assert_int_equal(table.is_wide, kind->is_wide);
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct listed){choose(random, kind->symbol_limit),
			choose(random, kind->symbol_limit), choose(random, kind->rank_limit)};
		assert_true(pmill_pair_table_add(&table, list[i].left, list[i].right, list[i].rank));
	}
	assert_true(pmill_pair_table_build(&table));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pmill_pair_table_find(&table, list[i].left, list[i].right),
			find_listed(list, count, list[i].left, list[i].right));
	for (size_t i = 0; i < 200; i++) {
		const uint32_t left = choose(random, kind->symbol_limit);
		const uint32_t right = choose(random, kind->symbol_limit);
		assert_int_equal(
			pmill_pair_table_find(&table, left, right), find_listed(list, count, left, right));
	}
	pmill_pair_table_release(&table);
	free(list);
}

static void equals_a_list(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, 511, 512, 513, MOST};
	uint64_t random = 7;
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
			check_kind(&kinds[k], counts[i], &random);
}

static bool make(struct pmill_pair_table *table)
{
	pmill_pair_table_init(table, UINT32_MAX, 600);
	for (uint32_t i = 0; i < 100; i++)
		if (!pmill_pair_table_add(table, i, i, i))
			return false;
	return pmill_pair_table_build(table);
}

static void memory_may_run_out(void **state)
{
	(void)state;
	for (long refused = 0;; refused++) {
		struct pmill_pair_table table;
		allocations_left = refused;
		const bool is_made = make(&table);
		const int is_short = was_refused();
		assert_int_equal(is_made, !is_short);
		pmill_pair_table_release(&table);
		if (!is_short) {
			assert_true(refused > 2);
			return;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_a_list),
		cmocka_unit_test(memory_may_run_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
