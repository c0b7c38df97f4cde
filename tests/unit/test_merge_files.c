/* Merging count files, against adding up their words naively. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/count_files.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/open_files.h"
#include "support/scratch_folder.h"

enum { MOST_FILES = 300 }; /* more than one group */

static struct scratch_folder folder;

static const pmill_text_options sample_options = {.size = sizeof sample_options,
	.pattern = "o200k",
	.unicode_version = "15.1",
	.special_tokens = sample_tokens,
	.special_token_count = 2};

struct files {
	char *paths[MOST_FILES];
	size_t count;
	pmill_totals totals; /* the sums, except for `words` */
	struct naive_words naive;
};

static void add_file(struct files *files, pmill_counts *counts, bool is_tsv)
{
	char name[30];
	snprintf(name, sizeof name, "in-%zu.%s", files->count, is_tsv ? "tsv" : "counts");
	char *path = strdup(scratch_path(&folder, name));
	assert_non_null(path);
	assert_int_equal(pmill_counts_save(counts, path, PMILL_OVERWRITE, NULL), PMILL_OK);
	files->paths[files->count++] = path;
	files->totals.pretokens += counts->head.totals.pretokens;
	if (!is_tsv) {
		files->totals.documents += counts->head.totals.documents;
		files->totals.bytes += counts->head.totals.bytes;
		files->totals.bad_lines += counts->head.totals.bad_lines;
	}
	pmill_counts_free(counts);
}

static void release_files(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	naive_release(&files->naive);
}

static pmill_status merge(const struct files *files, const char *out,
	const pmill_text_options *expected, pmill_counts_head **head, pmill_error *error)
{
	return pmill_counts_merge_files((const char *const *)files->paths, files->count, NULL, expected,
		NULL, out, PMILL_OVERWRITE, head, error);
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

/* Also checks that no other file is left beside the output. */
static void check_merge(struct files *files, const char *out_name)
{
	pmill_counts_head *head = NULL;
	pmill_counts_info info = {.size = sizeof info};
	pmill_error error = {0};
	pmill_counts *sum = NULL;
	char *out = strdup(scratch_path(&folder, out_name));
	assert_non_null(out);
	unlink(out);
	size_t entries = count_entries();
	if (merge(files, out, &sample_options, &head, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	assert_int_equal(count_entries(), entries + 1);
	naive_finish(&files->naive);
	files->totals.words = files->naive.count;
	assert_int_equal(pmill_counts_head_get_info(head, &info), PMILL_OK);
	assert_true(are_equal_totals(&info.totals, &files->totals));
	assert_int_equal(pmill_counts_load(out, NULL, &sample_options, NULL, &sum, &error), PMILL_OK);
	assert_int_equal(
		pmill_counts_identity_compare(&head->identity, "head", &sum->head.identity, "sum", &error),
		PMILL_OK);
	naive_check(&files->naive, &sum->words);
	assert_int_equal(sum->head.totals.pretokens, info.totals.pretokens);
	if (!pmill_path_has_suffix(out, ".tsv"))
		assert_true(are_equal_totals(&sum->head.totals, &info.totals));
	pmill_counts_head_free(head);
	pmill_counts_free(sum);
	free(out);
}

static void check_round(uint64_t seed, size_t most_files, size_t most_words)
{
	uint64_t random = seed;
	struct files files = {0};
	size_t count = 1 + next_random(&random) % most_files;
	for (size_t i = 0; i < count; i++) {
		size_t words = next_random(&random) % 4 == 0 ? 0 : next_random(&random) % most_words;
		bool is_tsv = next_random(&random) % 5 == 0;
		add_file(&files, make_random_counts(&random, words, 1 + seed % 30, &files.naive), is_tsv);
	}
	check_merge(&files, seed % 4 == 0 ? "out.tsv" : "out.counts");
	release_files(&files);
}

static void test_equals_naive(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++)
		check_round(seed, 6, 300);
}

static void test_many_files(void **state)
{
	(void)state;
	struct files files = {0};
	uint64_t random = 5;
	for (size_t i = 0; i < MOST_FILES; i++)
		add_file(&files, make_random_counts(&random, 5, 6, &files.naive), i % 100 == 50);
	check_merge(&files, "out.counts");
	release_files(&files);
}

/* However few files may be open, the sum has the same bytes. */
static void test_few_open_files(void **state)
{
	(void)state;
	static const rlim_t openable[] = {4, 5, 6, 7, 9, 16, 80};
	struct files files = {0};
	uint64_t random = 8;
	for (size_t i = 0; i < 100; i++)
		add_file(&files, make_random_counts(&random, 20, 6, &files.naive), i % 40 == 10);
	char *expected = strdup(scratch_path(&folder, "expected.counts"));
	char *out = strdup(scratch_path(&folder, "out.counts"));
	pmill_error error = {0};
	assert_int_equal(merge(&files, expected, &sample_options, NULL, &error), PMILL_OK);
	for (size_t i = 0; i < sizeof openable / sizeof *openable; i++) {
		rlim_t before = open_files_limit(openable[i]);
		pmill_status status = merge(&files, out, &sample_options, NULL, &error);
		open_files_restore(before);
		if (status != PMILL_OK)
			fail_msg("%u open files: %s", (unsigned)openable[i], error.message);
		struct pmill_buffer a = {0}, b = {0};
		assert_int_equal(pmill_file_read(expected, &a, NULL), PMILL_OK);
		assert_int_equal(pmill_file_read(out, &b, NULL), PMILL_OK);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		pmill_buffer_release(&a);
		pmill_buffer_release(&b);
	}
	free(expected);
	free(out);
	release_files(&files);
}

static void test_openable_files(void **state)
{
	(void)state;
	rlim_t before = open_files_limit(5);
	assert_int_equal(pmill_file_count_openable(3), 3);
	assert_int_equal(pmill_file_count_openable(5), 5);
	assert_int_equal(pmill_file_count_openable(100), 5);
	int opened = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pmill_file_count_openable(100), 4);
	close(opened);
	open_files_restore(before);
}

/* This needs no zstd, but takes more memory without it. */
static void test_only_tsv(void **state)
{
	(void)state;
	struct files files = {0};
	uint64_t random = 6;
	for (size_t i = 0; i < 5; i++)
		add_file(&files, make_random_counts(&random, 100, 20, &files.naive), true);
	check_merge(&files, "out.tsv");
	release_files(&files);
}

/* The merged file of the parts has the same bytes as the file of the whole. */
static void test_same_bytes(void **state)
{
	(void)state;
	pmill_counts *whole = make_counts(), *left = make_counts(), *right = make_counts();
	for (int i = 0; i < 26; i++) {
		char word = (char)('a' + i);
		append_word(whole, &word, 1, 10);
		append_word(left, &word, 1, 3);
		append_word(right, &word, 1, 7);
	}
	whole->head.totals.documents = 6;
	whole->head.totals.bytes = 2000;
	whole->head.totals.bad_lines = 4;
	struct files files = {0};
	add_file(&files, left, false);
	add_file(&files, right, false);
	char *out = strdup(scratch_path(&folder, "sum.counts"));
	assert_int_equal(merge(&files, out, NULL, NULL, NULL), PMILL_OK);
	struct pmill_buffer sum = read_bytes(out);
	assert_int_equal(pmill_counts_save(whole, out, PMILL_OVERWRITE, NULL), PMILL_OK);
	struct pmill_buffer expected = read_bytes(out);
	assert_int_equal(sum.len, expected.len);
	assert_memory_equal(sum.data, expected.data, sum.len);
	pmill_buffer_release(&sum);
	pmill_buffer_release(&expected);
	pmill_counts_free(whole);
	release_files(&files);
	free(out);
}

static pmill_counts *make_one(
	const char *pattern, const char *version, const pmill_bytes *tokens, size_t count)
{
	const struct pmill_counts_identity identity = {pattern, version, tokens, count};
	pmill_counts *counts = NULL;
	assert_int_equal(pmill_counts_create(&identity, &counts, NULL), PMILL_OK);
	append_word(counts, "a", 1, 1);
	return counts;
}

static void check_refused(pmill_counts *a, pmill_counts *b, const char *message)
{
	struct files files = {0};
	pmill_error error = {0};
	add_file(&files, a, false);
	add_file(&files, b, false);
	const char *out = scratch_path(&folder, "refused.counts");
	assert_int_equal(merge(&files, out, NULL, NULL, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.status, PMILL_BAD_INPUT);
	assert_false(pmill_path_exists(out));
	if (strstr(error.message, message) == NULL || strstr(error.message, "in-0.counts, ") == NULL ||
		strstr(error.message, "in-1.counts") == NULL)
		fail_msg("%s", error.message);
	release_files(&files);
}

static void test_refused(void **state)
{
	(void)state;
	const pmill_bytes *tokens = sample_tokens;
	check_refused(make_one("gpt2", "16.0", NULL, 0), make_one("cl100k", "16.0", NULL, 0),
		"patterns differ: gpt2 in ");
	check_refused(make_one("llama3", "16.0", NULL, 0), make_one("cl100k-hf", "16.0", NULL, 0),
		"patterns differ: llama3 in ");
	check_refused(make_one("gpt2", "16.0", NULL, 0), make_one("gpt2", "15.0", NULL, 0),
		"Unicode versions differ: 16.0 in ");
	check_refused(make_one("gpt2", "16.0", tokens, 2), make_one("gpt2", "16.0", tokens, 1),
		"special tokens differ: 2 in ");
	check_refused(make_one("gpt2", "16.0", tokens, 1), make_one("gpt2", "16.0", tokens + 1, 1),
		"special tokens differ: \"<|endoftext|>\" in ");
}

/* Damage anywhere in an input is an error, and leaves no output. */
static void test_damaged(void **state)
{
	(void)state;
	struct files files = {0};
	pmill_error error = {0};
	uint64_t random = 1;
	for (int i = 0; i < 3; i++)
		add_file(&files, make_random_counts(&random, 50, 10, NULL), false);
	struct pmill_buffer bytes = read_bytes(files.paths[1]);
	char *out = strdup(scratch_path(&folder, "damaged.counts"));
	size_t entries = count_entries();
	for (size_t at = 0; at < bytes.len; at += 7) {
		bytes.data[at] ^= 4;
		scratch_write(&folder, "in-1.counts", bytes.data, bytes.len);
		bytes.data[at] ^= 4;
		assert_int_equal(merge(&files, out, NULL, NULL, &error), PMILL_BAD_INPUT);
		assert_non_null(strstr(error.message, "in-1.counts: byte "));
		assert_int_equal(count_entries(), entries);
	}
	pmill_buffer_release(&bytes);
	release_files(&files);
	free(out);
}

static void test_targets(void **state)
{
	(void)state;
	struct files files = {0};
	pmill_error error = {0};
	uint64_t random = 1;
	for (int i = 0; i < 2; i++)
		add_file(&files, make_random_counts(&random, 5, 5, NULL), false);
	assert_int_equal(merge(&files, files.paths[1], NULL, NULL, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "also an input"));
	char *linked = strdup(scratch_path(&folder, "link.counts"));
	assert_int_equal(symlink(files.paths[0], linked), 0);
	assert_int_equal(merge(&files, linked, NULL, NULL, &error), PMILL_BAD_OPTION);
	const char *there = scratch_write(&folder, "there.counts", "x", 1);
	assert_int_equal(pmill_counts_merge_files((const char *const *)files.paths, 2, NULL, NULL, NULL,
						 there, 0, NULL, &error),
		PMILL_EXISTS);
	assert_int_equal(pmill_counts_merge_files(NULL, 0, NULL, NULL, NULL, there, 0, NULL, &error),
		PMILL_BAD_OPTION);
	assert_int_equal(
		merge(&files, scratch_path(&folder, "no/where.counts"), NULL, NULL, &error), PMILL_IO);
	free(linked);
	release_files(&files);
}

static void check_overflow(pmill_totals more, int64_t left, int64_t right, const char *second)
{
	struct files files = {0};
	pmill_error error = {0};
	pmill_counts *a = make_counts(), *b = make_counts();
	append_word(a, "a", 1, left);
	append_word(b, second, 1, right);
	a->head.totals = more;
	add_file(&files, a, false);
	add_file(&files, b, false);
	const char *out = scratch_path(&folder, "overflow.counts");
	assert_int_equal(merge(&files, out, NULL, NULL, &error), PMILL_OVERFLOW);
	assert_false(pmill_path_exists(out));
	release_files(&files);
}

static void test_overflow(void **state)
{
	(void)state;
	check_overflow((pmill_totals){0}, INT64_MAX, 1, "a");
	check_overflow((pmill_totals){.documents = UINT64_MAX - 2}, 1, 1, "b");
	check_overflow((pmill_totals){.bytes = UINT64_MAX - 999}, 1, 1, "b");
	check_overflow((pmill_totals){.bad_lines = UINT64_MAX - 1}, 1, 1, "b");
}

static int stop(void *context, const pmill_progress *progress)
{
	(void)context, (void)progress;
	return 1;
}

/* There is always a last progress event before the file gets its name. */
static void test_cancel(void **state)
{
	(void)state;
	pmill_counts *counts = make_counts();
	char word[20];
	for (int i = 100; i < 300; i++)
		append_word(counts, word, (size_t)snprintf(word, sizeof word, "%d", i), 1);
	struct files files = {0};
	add_file(&files, counts, false);
	const pmill_run_options run = {.size = sizeof run, .progress = stop};
	const char *out = scratch_path(&folder, "cancel.counts");
	assert_int_equal(pmill_counts_merge_files((const char *const *)files.paths, files.count, NULL,
						 NULL, &run, out, PMILL_OVERWRITE, NULL, NULL),
		PMILL_CANCELLED);
	assert_false(pmill_path_exists(out));
	release_files(&files);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct files files = {0};
	uint64_t random = 9;
	for (size_t i = 0; i < 4; i++)
		add_file(&files, make_random_counts(&random, 20, 20, NULL), i >= 2);
	char *out = strdup(scratch_path(&folder, "memory.counts"));
	assert_non_null(out);
	size_t entries = count_entries();
	for (long k = 0;; k++) {
		pmill_counts_head *head = NULL;
		allocations_left = k;
		pmill_status status = merge(&files, out, &sample_options, &head, NULL);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_non_null(head);
			pmill_counts_head_free(head);
			assert_true(k > 20);
			break;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_null(head);
		assert_int_equal(count_entries(), entries);
	}
	free(out);
	release_files(&files);
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
	const struct CMUnitTest without_zstd[] = {cmocka_unit_test(test_only_tsv)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals_naive),
		cmocka_unit_test(test_many_files),
		cmocka_unit_test(test_few_open_files),
		cmocka_unit_test(test_openable_files),
		cmocka_unit_test(test_only_tsv),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_out_of_memory),
	};
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return cmocka_run_group_tests_name("without zstd", without_zstd, set_up, tear_down);
	return cmocka_run_group_tests_name("merge files", tests, set_up, tear_down);
}
