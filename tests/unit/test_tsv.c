/* TSV: reading, refusals with their place, and writing. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counts/tsv.h"
#include "support/count_files.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

#define FIRST "#pairmill-counts 1\n"

static struct scratch_folder folder;

static pmill_status read_text(const char *text, size_t len, const char *tsv,
	struct pmill_word_list *words, pmill_error *error)
{
	struct pmill_lookahead input;
	struct pmill_progress_state no_progress = {0};
	pmill_lookahead_open_memory(&input, "x.tsv", text, len);
	pmill_status status = pmill_tsv_read(&input, tsv, &no_progress, 0, words, error);
	pmill_lookahead_release(&input);
	return status;
}

/* `expected` is the words and counts as "word=count;", sorted. */
static void check_read(const char *text, size_t len, const char *tsv, const char *expected)
{
	struct pmill_word_list words = {0};
	struct pmill_buffer got = {0};
	pmill_error error = {0};
	if (read_text(text, len, tsv, &words, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	for (size_t i = 0; i < words.count; i++) {
		pmill_bytes word = pmill_word_list_word(&words, i);
		assert_true(pmill_buffer_append(&got, word.data, word.len) &&
			pmill_buffer_append_format(&got, "=%lld;", (long long)words.counts[i]));
	}
	assert_true(pmill_buffer_terminate(&got));
	assert_string_equal((char *)got.data, expected);
	pmill_buffer_release(&got);
	pmill_word_list_release(&words);
}

static void test_reads(void **state)
{
	(void)state;
	static const struct {
		const char *text, *tsv, *expected;
	} rows[] = {
		{FIRST, NULL, ""},
		{"#pairmill-counts 1", NULL, ""},
		{FIRST "a\t1\nb\t2\n", NULL, "a=1;b=2;"},
		{FIRST "a\t1\nb\t2", NULL, "a=1;b=2;"},
		{FIRST "\304\240the\t3\n", NULL, " the=3;"},
		{FIRST "\304\240the\t3\n", "raw", " the=3;"},
		{FIRST "b\t1\na\t2\nb\t3\n", NULL, "a=2;b=4;"},
		{FIRST "a\t1\na\t2\n", NULL, "a=3;"},
		{FIRST "a\t9223372036854775807\n", NULL, "a=9223372036854775807;"},
		{FIRST "a\t00012\n", NULL, "a=12;"},
		{"", "raw", ""},
		{"the\t3\n", "raw", "the=3;"},
		{"\304\240the\t3\n", "raw", "\304\240the=3;"},
		{"\304\240the\t3\n", "printable", " the=3;"},
		{"a\tb\t\t3\n", "raw", "a\tb\t=3;"},
		{"\t\t3\n", "raw", "\t=3;"},
		{"a\r\t3\n", "raw", "a\r=3;"},
		{"a longer word than fifteen bytes\t3\na\t1\na longer word than fifteen bytes\t3\n", "raw",
			"a=1;a longer word than fifteen bytes=6;"},
		{"more than fifteen: b\t1\nmore than fifteen: a\t2\n", "raw",
			"more than fifteen: a=2;more than fifteen: b=1;"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_read(rows[i].text, strlen(rows[i].text), rows[i].tsv, rows[i].expected);
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *tsv;
		pmill_status status;
		uint64_t offset;
		const char *message;
	} rows[] = {
		{"", NULL, PMILL_BAD_INPUT, 0, "raw or printable"},
		{"a\t1\n", NULL, PMILL_BAD_INPUT, 0, "raw or printable"},
		{"#pairmill-counts 2\na\t1\n", NULL, PMILL_BAD_INPUT, 0, "first line"},
		{"#pairmill-counts 11\na\t1\n", NULL, PMILL_BAD_INPUT, 0, "first line"},
		{"#pairmill-counts 1\r\na\t1\n", NULL, PMILL_BAD_INPUT, 0, "first line"},
		{"a\t1\n", "other", PMILL_BAD_OPTION, PMILL_NO_OFFSET, "\"other\""},
		{FIRST "a\t1\n\nb\t1\n", NULL, PMILL_BAD_INPUT, 23, "line 3: expected a word"},
		{FIRST "a 1\n", NULL, PMILL_BAD_INPUT, 19, "line 2: expected a word"},
		{FIRST "\t1\n", NULL, PMILL_BAD_INPUT, 19, "line 2: the word is empty"},
		{FIRST "a\t\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t0\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t-1\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t+1\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t1 \n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t1.5\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t9223372036854775808\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t99999999999999999999\n", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a\t1\r\n", NULL, PMILL_BAD_INPUT, 22, "line 2: the line ends in CR LF"},
		{FIRST "a\t1\r", NULL, PMILL_BAD_INPUT, 21, "line 2: the count"},
		{FIRST "a b\t1\n", NULL, PMILL_BAD_INPUT, 20, "line 2: not a printable byte"},
		{FIRST "a\tb\t1\n", NULL, PMILL_BAD_INPUT, 20, "line 2: not a printable byte"},
		{FIRST "a\377\t1\n", NULL, PMILL_BAD_INPUT, 20, "line 2: not a printable byte"},
		{FIRST "a\t9223372036854775807\na\t1\n", NULL, PMILL_OVERFLOW, 41, "line 3: the counts"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pmill_word_list words = {0};
		pmill_error error = {0};
		pmill_status status = read_text(
			rows[i].text, strlen(rows[i].text), rows[i].tsv, &words, &error);
		if (status != rows[i].status || error.offset != rows[i].offset ||
			strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: status %d, offset %llu: %s", i, (int)status,
				(unsigned long long)error.offset, error.message);
		assert_null(words.bytes);
	}
}

static void test_nul(void **state)
{
	(void)state;
	struct pmill_word_list words = {0};
	assert_int_equal(read_text("a\0b\t2\n", 6, "raw", &words, NULL), PMILL_OK);
	assert_int_equal(words.offsets[1], 3);
	assert_memory_equal(words.bytes, "a\0b", 3);
	pmill_word_list_release(&words);
	assert_int_equal(read_text("a\0\t1\n", 5, "printable", &words, NULL), PMILL_BAD_INPUT);
}

static const pmill_text_options sample_options = {.size = sizeof sample_options,
	.pattern = "o200k",
	.unicode_version = "15.1",
	.special_tokens = sample_tokens,
	.special_token_count = 2};

/* Compares with `counts`, except for the totals that a TSV does not contain. */
static void check_load(const char *path, const pmill_counts *counts)
{
	pmill_error error = {0};
	pmill_counts *loaded = NULL;
	if (pmill_counts_load(path, NULL, &sample_options, NULL, &loaded, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	assert_int_equal(loaded->head.totals.documents, 0);
	assert_int_equal(loaded->head.totals.bytes, 0);
	loaded->head.totals.documents = counts->head.totals.documents;
	loaded->head.totals.bytes = counts->head.totals.bytes;
	loaded->head.totals.bad_lines = counts->head.totals.bad_lines;
	assert_true(are_equal_counts(counts, loaded));
	pmill_counts_free(loaded);
}

/* Writes the lines of a saved TSV in reverse order, each of them twice. */
static const char *write_reversed(const char *path)
{
	struct pmill_buffer bytes = read_bytes(path), out = {0};
	size_t first = sizeof FIRST - 1, end = bytes.len;
	assert_true(pmill_buffer_append(&out, bytes.data, first));
	while (end > first) {
		size_t begin = end - 1;
		while (bytes.data[begin - 1] != '\n')
			begin--;
		for (int twice = 0; twice < 2; twice++)
			assert_true(pmill_buffer_append(&out, bytes.data + begin, end - begin));
		end = begin;
	}
	path = scratch_write(&folder, "b.tsv", out.data, out.len);
	pmill_buffer_release(&bytes);
	pmill_buffer_release(&out);
	return path;
}

/* Words of any bytes, lines longer than one read, and lines in any order. */
static void test_round_trips(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint64_t random = seed;
		pmill_counts *counts = make_random_counts(&random, seed * 100, 20, NULL);
		uint8_t all[400000];
		for (size_t i = 0; i < sizeof all; i++)
			all[i] = (uint8_t) ~(i / 20);
		append_word(counts, all, sizeof all - seed, 5);
		const char *path = scratch_path(&folder, "a.tsv");
		assert_int_equal(pmill_counts_save(counts, path, PMILL_OVERWRITE, NULL), PMILL_OK);
		check_load(path, counts);
		path = write_reversed(path);
		for (size_t i = 0; i < counts->words.count; i++)
			counts->words.counts[i] *= 2;
		counts->head.totals.pretokens *= 2;
		check_load(path, counts);
		pmill_counts_free(counts);
	}
}

static void test_written_bytes(void **state)
{
	(void)state;
	pmill_counts *counts = make_counts();
	append_word(counts, "\t", 1, 10);
	append_word(counts, " the", 4, INT64_MAX);
	append_word(counts, "\xff", 1, 1);
	const char *path = scratch_path(&folder, "c.tsv");
	assert_int_equal(pmill_counts_save(counts, path, 0, NULL), PMILL_OK);
	assert_int_equal(pmill_counts_save(counts, path, 0, NULL), PMILL_EXISTS);
	struct pmill_buffer bytes = read_bytes(path);
	static const char expected[] = FIRST
		"\304\211\t10\n\304\240the\t9223372036854775807\n\303\277\t1\n";
	assert_int_equal(bytes.len, sizeof expected - 1);
	assert_memory_equal(bytes.data, expected, bytes.len);
	pmill_buffer_release(&bytes);
	pmill_counts_free(counts);
}

/* Without options, a TSV gets the defaults. */
static void test_identity(void **state)
{
	(void)state;
	pmill_counts *counts = NULL;
	pmill_counts_info info = {.size = sizeof info};
	const char *path = scratch_write(&folder, "d.tsv", FIRST "a\t2\n", sizeof FIRST + 3);
	assert_int_equal(pmill_counts_load(path, NULL, NULL, NULL, &counts, NULL), PMILL_OK);
	assert_int_equal(pmill_counts_get_info(counts, &info), PMILL_OK);
	assert_string_equal(info.pattern, "gpt2");
	assert_string_equal(info.unicode_version, "16.0");
	assert_int_equal(info.special_token_count, 0);
	assert_int_equal(info.totals.words, 1);
	assert_int_equal(info.totals.pretokens, 2);
	pmill_counts_free(counts);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	static const char text[] = FIRST "a\t1\nb\t1\na\t1\nthis is not a short word\t1\n";
	char spaced[sizeof text];
	for (size_t i = 0; i < sizeof text; i++)
		spaced[i] = text[i] == ' ' && i > sizeof FIRST ? '_' : text[i];
	for (long k = 0;; k++) {
		struct pmill_word_list words = {0};
		allocations_left = k;
		pmill_status status = read_text(spaced, sizeof spaced - 1, NULL, &words, NULL);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(words.count, 3);
			pmill_word_list_release(&words);
			assert_true(k > 5);
			return;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_null(words.bytes);
	}
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_written_bytes),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests_name("tsv", tests, set_up, tear_down);
}
