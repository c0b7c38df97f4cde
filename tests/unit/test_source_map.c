/* Maps of offsets against a slow one that keeps a range for each byte. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "normalize/source_map.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

static uint64_t seed = 1;

/* ---- The slow one ---- */

enum { MOST_BYTES = 400 };

struct slow {
	size_t begins[MOST_BYTES], ends[MOST_BYTES]; /* the source of each byte */
	int runs[MOST_BYTES];                        /* which changed run it is in; 0: it is copied */
	size_t len;
};

static void slow_add(struct slow *slow, size_t len, size_t begin, size_t end, int run)
{
	for (size_t i = 0; i < len; i++, slow->len++) {
		assert_true(slow->len < MOST_BYTES);
		slow->begins[slow->len] = run == 0 ? begin + i : begin;
		slow->ends[slow->len] = run == 0 ? begin + i + 1 : end;
		slow->runs[slow->len] = run;
	}
}

static bool slow_is_border(const struct slow *slow, size_t at)
{
	return at == 0 || at == slow->len || slow->runs[at] == 0 ||
		slow->runs[at] != slow->runs[at - 1];
}

static void slow_find(
	const struct slow *slow, size_t begin, size_t end, size_t *source_begin, size_t *source_end)
{
	*source_begin = *source_end = slow->len > 0 ? slow->ends[slow->len - 1] : 0;
	if (begin == end && begin < slow->len) {
		*source_begin = *source_end = slow->begins[begin];
		if (!slow_is_border(slow, begin))
			*source_end = slow->ends[begin];
	}
	bool found = false;
	for (size_t i = begin; i < end; i++) {
		const bool is_inserted = slow->begins[i] == slow->ends[i];
		if (found && is_inserted)
			continue;
		if (!found)
			*source_begin = slow->begins[i];
		*source_end = slow->ends[i];
		found = !is_inserted;
	}
}

/* Byte by byte; then bytes that share some of the source are made one run. */
static void slow_compose(const struct slow *first, const struct slow *second, struct slow *both)
{
	both->len = second->len;
	int run = 0;
	for (size_t i = 0; i < second->len; i++) {
		slow_find(first, second->begins[i], second->ends[i], &both->begins[i], &both->ends[i]);
		const bool is_copied = second->runs[i] == 0 && first->runs[second->begins[i]] == 0;
		const bool goes_on = i > 0 && second->runs[i] == second->runs[i - 1] &&
			(second->runs[i] != 0 ||
				(second->begins[i] == second->ends[i - 1] &&
					first->runs[second->begins[i]] == first->runs[second->begins[i - 1]]));
		run += !goes_on;
		both->runs[i] = is_copied ? 0 : run + 1;
	}
	for (size_t i = 1; i < both->len; i++) {
		if (both->begins[i] >= both->ends[i - 1])
			continue;
		const int joined = both->runs[i - 1];
		assert_true(joined != 0 && both->runs[i] != 0 && both->ends[i] >= both->ends[i - 1]);
		const size_t begin = both->begins[i - 1], end = both->ends[i];
		for (size_t j = 0; j <= i; j++) {
			if (both->runs[j] != joined && j != i)
				continue;
			both->begins[j] = begin;
			both->ends[j] = end;
			both->runs[j] = joined;
		}
	}
}

/* ---- Random maps ---- */

/* Of a source of `source_len` bytes; changed runs have fewer than `most_len`. */
static void draw(
	struct pmill_source_map *map, struct slow *slow, size_t source_len, uint64_t most_len)
{
	size_t at = 0;
	int run = 0;
	pmill_source_map_clear(map);
	slow->len = 0;
	for (uint64_t count = random_below(&seed, 8); count > 0; count--) {
		const size_t skipped = random_below(&seed, 3) == 0 ? random_below(&seed, 3) : 0;
		at += skipped < source_len - at ? skipped : source_len - at;
		const size_t len = random_below(&seed, most_len);
		const size_t drawn = random_below(&seed, 4);
		const size_t taken = drawn < source_len - at ? drawn : source_len - at;
		if (random_below(&seed, 2) == 0) {
			assert_true(pmill_source_map_add_copied(map, at, taken));
			slow_add(slow, taken, at, at, 0);
		} else {
			assert_true(pmill_source_map_add_changed(map, len, at, at + taken));
			slow_add(slow, len, at, at + taken, ++run);
		}
		at += taken;
	}
}

/* ---- Comparing ---- */

static void compare_range(const struct pmill_source_map *map, const struct slow *slow, size_t begin,
	size_t end, size_t *near)
{
	size_t source[2], expected[2];
	pmill_source_map_find(map, begin, end, near, &source[0], &source[1]);
	slow_find(slow, begin, end, &expected[0], &expected[1]);
	if (source[0] != expected[0] || source[1] != expected[1])
		fail_msg("[%zu, %zu) comes from [%zu, %zu), not [%zu, %zu)", begin, end, expected[0],
			expected[1], source[0], source[1]);
}

static void compare(const struct pmill_source_map *map, const struct slow *slow)
{
	assert_int_equal(map->len, slow->len);
	for (size_t begin = 0; begin <= map->len; begin++) {
		size_t ascending = random_below(&seed, 3), source;
		for (size_t end = begin; end <= map->len; end++) {
			size_t any = random_below(&seed, map->count + 2);
			compare_range(map, slow, begin, end, &any);
			compare_range(map, slow, begin, end, &ascending);
		}
		const bool is_border = pmill_source_map_find_border(map, begin, &ascending, &source);
		assert_int_equal(is_border, slow_is_border(slow, begin));
		if (is_border && begin < map->len)
			assert_int_equal(source, slow->begins[begin]);
		if (begin == map->len)
			assert_int_equal(source, map->len > 0 ? slow->ends[begin - 1] : 0);
	}
}

static void check_runs(const struct pmill_source_map *map)
{
	size_t begin = 0, source = 0;
	bool was_copied = false;
	for (size_t i = 0; i < map->count; i++) {
		const struct pmill_source_run *run = &map->runs[i];
		const size_t end = i + 1 < map->count ? run[1].begin : map->len;
		const bool is_copied = run->source_len == PMILL_SOURCE_COPIED;
		assert_int_equal(run->begin, begin);
		assert_true(end > begin && run->source_begin >= source);
		assert_false(is_copied && was_copied && run->source_begin == source);
		source = run->source_begin + (is_copied ? end - begin : run->source_len);
		begin = end;
		was_copied = is_copied;
	}
	assert_int_equal(begin, map->len);
}

/* ---- Tests ---- */

/* The one that the header draws. */
static void draw_example(struct pmill_source_map *map)
{
	assert_true(pmill_source_map_add_copied(map, 0, 1));
	assert_true(pmill_source_map_add_copied(map, 1, 1));
	assert_true(pmill_source_map_add_changed(map, 1, 2, 4));
	assert_true(pmill_source_map_add_changed(map, 0, 4, 4));
	assert_true(pmill_source_map_add_copied(map, 4, 0));
	assert_true(pmill_source_map_add_copied(map, 4, 2));
	assert_true(pmill_source_map_add_changed(map, 1, 6, 6));
}

static void test_example(void **state)
{
	(void)state;
	static const struct {
		size_t begin, end, source_begin, source_end;
	} rows[] = {{0, 0, 0, 0}, {0, 1, 0, 1}, {1, 2, 1, 2}, {1, 3, 1, 4}, {2, 3, 2, 4}, {2, 2, 2, 2},
		{3, 3, 4, 4}, {3, 5, 4, 6}, {4, 6, 5, 6}, {5, 6, 6, 6}, {6, 6, 6, 6}, {0, 6, 0, 6}};
	struct pmill_source_map map = {0};
	draw_example(&map);
	assert_int_equal(map.count, 4);
	check_runs(&map);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t near = 0, source_begin, source_end;
		pmill_source_map_find(&map, rows[i].begin, rows[i].end, &near, &source_begin, &source_end);
		assert_int_equal(source_begin, rows[i].source_begin);
		assert_int_equal(source_end, rows[i].source_end);
	}
	pmill_source_map_release(&map);
	pmill_source_map_release(&map);
}

static void test_empty(void **state)
{
	(void)state;
	struct pmill_source_map map = {0}, both = {0};
	size_t near = 7, source_begin = 1, source_end = 1;
	pmill_source_map_find(&map, 0, 0, &near, &source_begin, &source_end);
	assert_int_equal(source_begin, 0);
	assert_int_equal(source_end, 0);
	source_begin = 1;
	assert_true(pmill_source_map_find_border(&map, 0, &near, &source_begin));
	assert_int_equal(source_begin, 0);
	assert_true(pmill_source_map_compose(&map, &map, &both));
	assert_int_equal(both.len, 0);
}

static void test_find(void **state)
{
	(void)state;
	struct pmill_source_map map = {0};
	struct slow slow;
	for (int i = 0; i < 2000; i++) {
		draw(&map, &slow, random_below(&seed, 30), 5);
		check_runs(&map);
		compare(&map, &slow);
	}
	pmill_source_map_release(&map);
}

static void test_compose(void **state)
{
	(void)state;
	struct pmill_source_map maps[3] = {{0}};
	struct slow slow[3];
	for (int i = 0; i < 5000; i++) {
		draw(&maps[0], &slow[0], random_below(&seed, 30), 5);
		draw(&maps[1], &slow[1], maps[0].len, 4);
		assert_true(pmill_source_map_compose(&maps[0], &maps[1], &maps[2]));
		slow_compose(&slow[0], &slow[1], &slow[2]);
		check_runs(&maps[2]);
		compare(&maps[2], &slow[2]);
	}
	for (int i = 0; i < 3; i++)
		pmill_source_map_release(&maps[i]);
}

/* Far more runs than a search from the first could pass, in any order. */
static void test_many_runs(void **state)
{
	(void)state;
	enum { RUNS = 1000000 };
	struct pmill_source_map map = {0};
	size_t near = 0, source_begin, source_end;
	for (size_t i = 0; i < RUNS; i++)
		assert_true(pmill_source_map_add_changed(&map, 2, 3 * i, 3 * i + 3));
	for (size_t i = 0; i < 3 * RUNS; i++) {
		const size_t asked = i < RUNS ? i
			: i < 2 * RUNS            ? 2 * RUNS - 1 - i
									  : random_below(&seed, RUNS);
		pmill_source_map_find(&map, 2 * asked, 2 * asked + 1, &near, &source_begin, &source_end);
		assert_int_equal(near, asked);
		assert_int_equal(source_begin, 3 * asked);
		assert_int_equal(source_end, 3 * asked + 3);
	}
	pmill_source_map_release(&map);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct pmill_source_map map = {0}, both = {0};
	allocations_left = 0;
	assert_false(pmill_source_map_add_copied(&map, 0, 1));
	assert_true(was_refused());
	allocations_left = 0;
	assert_false(pmill_source_map_add_changed(&map, 1, 0, 1));
	assert_true(was_refused());
	assert_int_equal(map.count + map.len, 0);
	for (size_t i = 0; i < 20; i++)
		assert_true(pmill_source_map_add_changed(&map, 1, i, i + 1));
	for (long k = 0; k < 2; k++) {
		allocations_left = k;
		assert_false(pmill_source_map_compose(&map, &map, &both));
		assert_true(was_refused());
		pmill_source_map_release(&both);
	}
	assert_true(pmill_source_map_compose(&map, &map, &both));
	assert_int_equal(both.count, 20);
	pmill_source_map_release(&map);
	pmill_source_map_release(&both);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_compose),
		cmocka_unit_test(test_many_runs),
		cmocka_unit_test(test_out_of_memory),
	};
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
