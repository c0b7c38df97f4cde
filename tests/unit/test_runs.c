/* Sorted runs against naive counting: drained tables, shared files, bounded passes, damage. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "counts/runs.h"
#include "support/count_files.h"
#include "support/open_files.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;
static const struct pmill_counts_identity identity = {"gpt2", "16.0", sample_tokens, 2};
static struct pmill_progress_state no_progress;

ssize_t __real_pread(int descriptor, void *into, size_t len, off_t offset);
ssize_t __wrap_pread(int descriptor, void *into, size_t len, off_t offset);

static int64_t damaged = -1; /* the offset of the byte to change in every file; negative: none */
static size_t read_at_most;  /* the most bytes that one read returns; 0: no limit */

ssize_t __wrap_pread(int descriptor, void *into, size_t len, off_t offset)
{
	if (read_at_most > 0 && len > read_at_most)
		len = read_at_most;
	ssize_t got = __real_pread(descriptor, into, len, offset);
	if (damaged >= offset && damaged < offset + got)
		((uint8_t *)into)[damaged - offset] ^= 4;
	return got;
}

static struct pmill_runs *create(size_t memory)
{
	struct pmill_runs *runs = NULL;
	pmill_error error;
	if (pmill_runs_create(folder.path, &identity, memory, &runs, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return runs;
}

static struct pmill_word_table *create_table(void)
{
	struct pmill_word_table *table = NULL;
	assert_int_equal(pmill_word_table_create(7, &table, NULL), PMILL_OK);
	return table;
}

static void fill(struct pmill_word_table *table, struct naive_words *naive, uint64_t *random,
	size_t count, size_t longest)
{
	uint8_t *word = malloc(longest);
	assert_non_null(word);
	for (size_t i = 0; i < count; i++) {
		size_t len = naive_random_word(random, word, longest);
		int64_t times = 1 + (int64_t)(next_random(random) % 1000);
		assert_int_equal(pmill_word_table_add(table, word, len, times, NULL), PMILL_OK);
		if (naive != NULL)
			naive_add(naive, word, len, times);
	}
	free(word);
}

static pmill_status list_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	(void)error;
	return pmill_word_list_append(context, word, count) ? PMILL_OK : PMILL_NO_MEMORY;
}

static pmill_status list_runs(
	struct pmill_runs *runs, struct pmill_word_list *words, pmill_error *error)
{
	struct pmill_word_merge merge = {0};
	pmill_status status = pmill_runs_settle(runs, &no_progress, error);
	if (status == PMILL_OK)
		status = pmill_runs_open(runs, &merge, error);
	if (status == PMILL_OK)
		status = pmill_word_merge_each(&merge, list_word, words, &no_progress, 0, error);
	pmill_word_merge_release(&merge);
	return status;
}

static void check(struct pmill_runs *runs, struct naive_words *naive)
{
	struct pmill_word_list words = {0};
	pmill_error error;
	if (list_runs(runs, &words, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	naive_finish(naive);
	naive_check(naive, &words);
	pmill_word_list_release(&words);
	naive_release(naive);
}

/* First the count of a word overflows, then the sum. No message names the temporary file. */
static void test_overflow(void **state)
{
	(void)state;
	struct pmill_runs *runs = create(1 << 20);
	struct pmill_word_list words = {0}, sum = {0};
	pmill_error error;
	pmill_word_list_append(&words, (pmill_bytes){"ab", 2}, INT64_MAX);
	assert_int_equal(pmill_runs_add_list(runs, &words, NULL), PMILL_OK);
	assert_int_equal(pmill_runs_add_list(runs, &words, NULL), PMILL_OK);
	assert_int_equal(list_runs(runs, &sum, &error), PMILL_OVERFLOW);
	assert_string_equal(error.message, "the counts of the word \"ab\" add up to more than 63 bits");
	pmill_word_list_append(&words, (pmill_bytes){"b", 1}, INT64_MAX);
	pmill_word_list_append(&words, (pmill_bytes){"c", 1}, INT64_MAX);
	assert_int_equal(pmill_runs_add_list(runs, &words, &error), PMILL_OVERFLOW);
	assert_string_equal(error.message, "the sum of all counts does not fit in 64 bits");
	pmill_word_list_release(&words);
	pmill_word_list_release(&sum);
	pmill_runs_free(runs);
}

static void test_drain(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct naive_words naive = {0};
		struct pmill_word_list words = {0};
		struct pmill_word_table *table = create_table();
		uint64_t random = seed;
		for (int round = 0; round < 2; round++) {
			fill(table, &naive, &random, seed * seed, seed % 3 == 0 ? 15 : 60);
			size_t limit = round == 0 ? (size_t)1 << (14 + seed % 8) : 0;
			assert_int_equal(
				pmill_word_table_drain(table, limit, list_word, &words, NULL), PMILL_OK);
			assert_int_equal(pmill_word_table_count(table), 0);
			assert_true(limit == 0 || pmill_word_table_memory(table) <= limit);
			naive_finish(&naive);
			naive_check(&naive, &words);
			naive_release(&naive);
			pmill_word_list_release(&words);
		}
		pmill_word_table_free(table);
	}
}

/* The table has no slots for short words. */
static void test_drain_of_long_words(void **state)
{
	(void)state;
	struct naive_words naive = {0};
	struct pmill_word_list words = {0};
	struct pmill_word_table *table = create_table();
	static const char *const long_words[] = {"more than fifteen: b", "more than fifteen: a"};
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *word = (const uint8_t *)long_words[i];
		assert_int_equal(pmill_word_table_add(table, word, 20, 1, NULL), PMILL_OK);
		naive_add(&naive, word, 20, 1);
	}
	assert_int_equal(pmill_word_table_drain(table, 0, list_word, &words, NULL), PMILL_OK);
	naive_finish(&naive);
	naive_check(&naive, &words);
	naive_release(&naive);
	pmill_word_list_release(&words);
	pmill_word_table_free(table);
}

/* Adjacent pretokens of up to `longest` bytes. Returns where the last one ends. */
static size_t make_ends(uint64_t *random, size_t *ends, size_t count, size_t longest)
{
	size_t end = 0;
	for (size_t i = 0; i < count; i++)
		ends[i] = end += 1 + next_random(random) % longest;
	return end;
}

/* Adding what there is room for never exceeds the limit, and wastes little of it. */
static void test_room(void **state)
{
	(void)state;
	enum { BATCH = 512 };
	static const size_t longests[] = {6, 15, 40, 3000};
	for (size_t kind = 0; kind < 4; kind++) {
		for (size_t limit = 600 << 10; limit < 8 << 20; limit = limit * 5 / 3) {
			struct pmill_word_table *table = create_table();
			uint64_t random = limit;
			size_t ends[BATCH], room = BATCH;
			uint8_t *text = malloc(BATCH * longests[kind]);
			assert_non_null(text);
			while (room == BATCH) {
				size_t len = make_ends(&random, ends, BATCH, longests[kind]);
				for (size_t i = 0; i < len; i++)
					text[i] = (uint8_t)next_random(&random);
				room = pmill_word_table_room(table, limit, 0, ends, BATCH);
				assert_int_equal(
					pmill_word_table_add_pretokens(table, text, len, 0, ends, room, NULL),
					PMILL_OK);
				assert_true(pmill_word_table_memory(table) <= limit);
			}
			assert_true(pmill_word_table_memory(table) > limit / 8 || longests[kind] == 3000);
			assert_true(pmill_word_table_count(table) > 0);
			free(text);
			pmill_word_table_free(table);
		}
	}
}

/* Runs of all sizes, some with words longer than a block; memory for two at a time or for all. */
static void test_equals_naive(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 24; seed++) {
		struct naive_words naive = {0};
		struct pmill_word_table *table = create_table();
		struct pmill_runs *runs = create(seed % 3 == 0 ? SIZE_MAX : (seed % 7) << 20);
		uint64_t random = seed;
		size_t count = 1 + (size_t)(next_random(&random) % 40);
		for (size_t i = 0; i < count; i++) {
			size_t longest = next_random(&random) % 8 == 0 ? 200000 : 30;
			fill(table, &naive, &random, longest > 30 ? 3 : next_random(&random) % 300, longest);
			assert_int_equal(pmill_runs_add_table(runs, table, 0, NULL), PMILL_OK);
		}
		read_at_most = seed % 4 == 0 ? 1000 : 0;
		assert_true(pmill_runs_count(runs) <= count);
		check(runs, &naive);
		read_at_most = 0;
		pmill_runs_free(runs);
		pmill_word_table_free(table);
	}
}

static void test_more_runs_than_one_pass_reads(void **state)
{
	(void)state;
	struct naive_words naive = {0};
	struct pmill_word_table *table = create_table();
	struct pmill_runs *runs = create(SIZE_MAX);
	uint64_t random = 5, count, bytes;
	for (int i = 0; i < PMILL_RUNS_AT_A_TIME + 40; i++) {
		fill(table, &naive, &random, 20, 9);
		assert_int_equal(pmill_runs_add_table(runs, table, 0, NULL), PMILL_OK);
	}
	assert_int_equal(pmill_runs_settle(runs, &no_progress, NULL), PMILL_OK);
	assert_int_equal(pmill_runs_count(runs), PMILL_RUNS_AT_A_TIME);
	pmill_runs_written(runs, &count, &bytes);
	assert_int_equal(count, PMILL_RUNS_AT_A_TIME + 40);
	check(runs, &naive);
	pmill_runs_clear(runs);
	assert_int_equal(pmill_runs_count(runs), 0);
	check(runs, &naive);
	pmill_runs_free(runs);
	pmill_word_table_free(table);
}

static size_t count_entries(void)
{
	size_t count = 0;
	DIR *entries = opendir(folder.path);
	assert_non_null(entries);
	while (readdir(entries) != NULL)
		count++;
	closedir(entries);
	return count;
}

static void test_lists(void **state)
{
	(void)state;
	struct naive_words naive = {0};
	uint64_t random = 3;
	struct pmill_runs *runs = create(0);
	size_t entries = count_entries();
	for (int i = 0; i < 5; i++) {
		pmill_counts *counts = make_random_counts(&random, 200, 20, &naive);
		assert_int_equal(pmill_runs_add_list(runs, &counts->words, NULL), PMILL_OK);
		pmill_counts_free(counts);
	}
	assert_int_equal(count_entries(), entries);
	check(runs, &naive);
	pmill_runs_free(runs);
}

struct adder {
	struct pmill_runs *runs;
	struct naive_words naive;
	uint64_t random;
};

static void *add_tables(void *argument)
{
	struct adder *adder = argument;
	struct pmill_word_table *table = create_table();
	for (int i = 0; i < 10; i++) {
		fill(table, &adder->naive, &adder->random, 100, 20);
		assert_int_equal(pmill_runs_add_table(adder->runs, table, 0, NULL), PMILL_OK);
	}
	pmill_word_table_free(table);
	return NULL;
}

static void check_threads(void)
{
	enum { THREADS = 4 };
	struct pmill_runs *runs = create(2 << 20);
	struct adder adders[THREADS];
	pthread_t threads[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		adders[i] = (struct adder){.runs = runs, .random = i};
		assert_int_equal(pthread_create(&threads[i], NULL, add_tables, &adders[i]), 0);
	}
	struct naive_words all = {0};
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (size_t k = 0; k < adders[i].naive.count; k++) {
			const struct naive_word *word = &adders[i].naive.words[k];
			naive_add(&all, word->bytes, word->len, word->count);
		}
		naive_release(&adders[i].naive);
	}
	check(runs, &all);
	pmill_runs_free(runs);
}

static void test_threads(void **state)
{
	(void)state;
	check_threads();
}

/* Threads take turns with the one file that they may open; without any, that is an error. */
static void test_few_open_files(void **state)
{
	(void)state;
	rlim_t before = open_files_limit(1);
	check_threads();
	open_files_restore(before);
	before = open_files_limit(0);
	struct pmill_runs *runs = create(2 << 20);
	struct pmill_word_table *table = create_table();
	struct naive_words naive = {0};
	uint64_t random = 3;
	fill(table, &naive, &random, 10, 5);
	assert_int_equal(pmill_runs_add_table(runs, table, 0, NULL), PMILL_IO);
	open_files_restore(before);
	naive_release(&naive);
	pmill_word_table_free(table);
	pmill_runs_free(runs);
}

/* A flipped bit anywhere in a run is an error that names the folder. */
static void test_damage(void **state)
{
	(void)state;
	struct pmill_word_table *table = create_table();
	struct pmill_runs *runs = create(SIZE_MAX);
	uint64_t random = 1;
	fill(table, NULL, &random, 50, 10);
	assert_int_equal(pmill_runs_add_table(runs, table, 0, NULL), PMILL_OK);
	for (int64_t at = 0; at < (int64_t)pmill_runs_bytes(runs); at += 3) {
		struct pmill_word_list words = {0};
		pmill_error error;
		damaged = at;
		assert_int_equal(list_runs(runs, &words, &error), PMILL_BAD_INPUT);
		assert_non_null(strstr(error.message, folder.path));
		pmill_word_list_release(&words);
	}
	damaged = -1;
	pmill_runs_free(runs);
	pmill_word_table_free(table);
}

static pmill_status spill_and_merge(uint64_t seed)
{
	struct pmill_runs *runs = NULL;
	struct pmill_word_table *table = NULL;
	struct pmill_word_list words = {0};
	uint8_t word[20];
	pmill_status status = pmill_runs_create(folder.path, &identity, 0, &runs, NULL);
	if (status == PMILL_OK)
		status = pmill_word_table_create(1, &table, NULL);
	for (int i = 0; i < 60 && status == PMILL_OK; i++) {
		size_t len = naive_random_word(&seed, word, sizeof word);
		status = pmill_word_table_add(table, word, len, 1, NULL);
		if (status == PMILL_OK && i % 15 == 14)
			status = pmill_runs_add_table(runs, table, 1 << 20, NULL);
	}
	if (status == PMILL_OK)
		status = list_runs(runs, &words, NULL);
	pmill_word_list_release(&words);
	pmill_word_table_free(table);
	pmill_runs_free(runs);
	return status;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	for (long k = 0;; k++) {
		allocations_left = k;
		pmill_status status = spill_and_merge(11);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_true(k > 50);
			break;
		}
		/* The work succeeds if only a drained table can't get its old capacity back. */
		assert_true(status == PMILL_NO_MEMORY || status == PMILL_OK);
	}
}

static void test_missing_folder(void **state)
{
	(void)state;
	int descriptor;
	pmill_error error;
	const char *path = scratch_path(&folder, "nowhere");
	assert_int_equal(pmill_file_open_temporary(path, &descriptor, &error), PMILL_IO);
	assert_non_null(strstr(error.message, path));
}

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

int main(void)
{
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_of_long_words),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_equals_naive),
		cmocka_unit_test(test_more_runs_than_one_pass_reads),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_few_open_files),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_missing_folder),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
