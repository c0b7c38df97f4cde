/* The counter through the public interface: options, threads, what goes in and what comes out. */
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

#include "counts/block_codec.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;

enum { TEXTS = 24, FEEDERS = 4 };

/* A count file, or without zstd a TSV. Valid until the next call of scratch_path. */
static const char *counts_path(void)
{
	return scratch_path(
		&folder, pmill_block_codec_check(NULL) == PMILL_OK ? "words.counts" : "words.tsv");
}

static void assert_same_totals(const pmill_counts *a, const pmill_counts *b)
{
	pmill_totals x = sample_info(a).totals, y = sample_info(b).totals;
	assert_memory_equal(&x, &y, sizeof x);
}

static void assert_same_counts(const pmill_counts *a, const pmill_counts *b)
{
	sample_require_same_words(a, b);
	assert_same_totals(a, b);
}

/* The counter has forgotten all: it gives no words, and totals of 0. */
static void assert_empty(pmill_counter *counter)
{
	static const pmill_totals none;
	pmill_counts *counts = sample_take(counter);
	pmill_totals totals = sample_info(counts).totals;
	assert_memory_equal(&totals, &none, sizeof none);
	pmill_counts_free(counts);
}

/* ---- Threads ---- */

struct feeder {
	pmill_counter *counter;
	char *const *texts;
	unsigned index;
	pmill_status status;
};

static void *feed(void *argument)
{
	struct feeder *feeder = argument;
	for (unsigned i = feeder->index; i < TEXTS && feeder->status == PMILL_OK; i += FEEDERS)
		feeder->status = pmill_counter_add_text(
			feeder->counter, feeder->texts[i], strlen(feeder->texts[i]), NULL);
	return NULL;
}

static void add_from_threads(pmill_counter *counter, char *const *texts)
{
	struct feeder feeders[FEEDERS];
	pthread_t threads[FEEDERS];
	for (unsigned i = 0; i < FEEDERS; i++) {
		feeders[i] = (struct feeder){counter, texts, i, PMILL_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, feed, &feeders[i]), 0);
	}
	for (unsigned i = 0; i < FEEDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(feeders[i].status, PMILL_OK);
	}
}

/* On more threads than the counter has, too; and twice on the same counter. */
static void texts_from_several_threads(void **state)
{
	(void)state;
	char *texts[TEXTS];
	for (int i = 0; i < TEXTS; i++)
		texts[i] = sample_text(sample_draw(5000));
	pmill_counter *one = sample_counter_on(1, 0);
	for (int i = 0; i < TEXTS; i++)
		sample_add(one, texts[i]);
	pmill_counts *expected = sample_take(one);
	assert_true(sample_info(expected).totals.documents > TEXTS);
	assert_true(sample_info(expected).totals.words > 10);
	for (unsigned threads = 1; threads <= 4; threads++) {
		pmill_counter *many = sample_counter_on(threads, 0);
		for (int round = 0; round < 2; round++) {
			add_from_threads(many, texts);
			pmill_counts *counts = sample_take(many);
			assert_same_counts(expected, counts);
			pmill_counts_free(counts);
		}
		pmill_counter_free(many);
	}
	pmill_counts_free(expected);
	pmill_counter_free(one);
	for (int i = 0; i < TEXTS; i++)
		free(texts[i]);
}

static int stop_at_once(void *context, const pmill_progress *progress)
{
	(void)progress;
	return ++*(int *)context >= 1;
}

/* A pipe that nobody writes to: the wish to stop must be heard while the threads wait for input. */
static void stops_while_waiting(void **state)
{
	(void)state;
	int ends[2], calls = 0;
	assert_int_equal(pipe(ends), 0);
	int kept = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	pmill_text_options text = sample_options();
	pmill_run_options run = {
		.size = sizeof run, .threads = 2, .progress = stop_at_once, .progress_context = &calls};
	pmill_counter *counter = sample_counter(&text, &run);
	const char *paths[] = {"-"};
	pmill_error error;
	assert_int_equal(pmill_counter_add_files(counter, paths, 1, NULL, &error), PMILL_CANCELLED);
	assert_true(calls >= 1);
	pmill_counter_free(counter);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

/* ---- Options ---- */

static void assert_refused(
	const pmill_text_options *text, const pmill_run_options *run, const char *part)
{
	pmill_counter *counter = NULL;
	pmill_error error = {0};
	assert_int_equal(pmill_counter_create(text, run, &counter, &error), PMILL_BAD_OPTION);
	assert_int_equal(error.status, PMILL_BAD_OPTION);
	assert_null(counter);
	if (strstr(error.message, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void bad_options(void **state)
{
	(void)state;
	static const pmill_bytes twice[] = {{"x", 1}, {"x", 1}}, empty[] = {{"", 0}},
							 reserved[] = {{"<|reserved_1|>", 14}};
	const size_t size = sizeof(pmill_text_options);
	const struct {
		pmill_text_options text;
		const char *part;
	} rows[] = {
		{{.size = 0}, "pmill_text_options"},
		{{.size = size, .special_tokens = twice, .special_token_count = 2}, "\"x\""},
		{{.size = size, .special_tokens = empty, .special_token_count = 1}, "empty"},
		{{.size = size, .special_tokens = reserved, .special_token_count = 1, .reserve = 2},
			"<|reserved_1|>"},
		{{.size = size, .unicode_version = "9.0"}, "9.0"},
		{{.size = size, .pattern = "a("}, "parenthesis"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_refused(&rows[i].text, NULL, rows[i].part);
	assert_refused(NULL, &(pmill_run_options){.size = 0}, "pmill_run_options");
	assert_refused(
		NULL, &(pmill_run_options){.size = sizeof(pmill_run_options), .scanner = "no"}, "\"no\"");
	assert_refused(NULL, &(pmill_run_options){.size = sizeof(pmill_run_options), .memory_limit = 1},
		"the minimum is ");
	pmill_counter *counter = sample_counter_on(1, 0);
	pmill_error error;
	const pmill_input_options no_size = {.size = 0};
	const char *path = "/nowhere/at/all";
	assert_int_equal(
		pmill_counter_add_files(counter, &path, 1, &no_size, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "pmill_input_options"));
	pmill_counter_free(counter);
}

/* ---- Counts ---- */

static void counts_must_belong(void **state)
{
	(void)state;
	pmill_text_options text = sample_options(), other = sample_options();
	other.pattern = "cl100k";
	pmill_counter *a = sample_counter(&text, NULL), *b = sample_counter(&other, NULL);
	pmill_error error;
	assert_int_equal(pmill_counter_add_text(a, "one two", 7, NULL), PMILL_OK);
	pmill_counts *counts = sample_take(a), *moved = counts;
	pmill_counts_info before = sample_info(counts);
	assert_int_equal(pmill_counter_add_counts(b, counts, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "cl100k"));
	assert_int_equal(pmill_counter_move_counts(b, &moved, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "cl100k"));
	assert_ptr_equal(moved, counts);
	assert_empty(b);
	pmill_counts_info info = sample_info(counts);
	assert_memory_equal(&info, &before, sizeof info);
	assert_int_equal(info.totals.words, 2);
	assert_int_equal(info.totals.pretokens, 2);
	assert_int_equal(info.totals.documents, 1);
	assert_int_equal(info.totals.bytes, 7);
	static const char *const words[] = {" two", "one"};
	for (size_t i = 0; i < 2; i++) {
		pmill_bytes word;
		int64_t count;
		assert_int_equal(pmill_counts_get_word(counts, i, &word, &count), PMILL_OK);
		assert_int_equal(word.len, strlen(words[i]));
		assert_memory_equal(word.data, words[i], word.len);
		assert_int_equal(count, 1);
	}
	assert_int_equal(pmill_counter_move_counts(a, &moved, &error), PMILL_OK);
	assert_null(moved);
	pmill_counter_free(a);
	pmill_counter_free(b);
}

static void words_out_of_range(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "one two one"};
	for (size_t i = 0; i < 2; i++) {
		pmill_counts *counts = sample_counts(texts[i]);
		const size_t words = (size_t)sample_info(counts).totals.words;
		const size_t beyond[] = {words, words + 1, words + 1000, SIZE_MAX / 2, SIZE_MAX};
		assert_int_equal(words, i * 3);
		for (size_t k = 0; k < sizeof beyond / sizeof *beyond; k++) {
			pmill_bytes word = {counts, 77};
			int64_t count = -7;
			assert_int_equal(
				pmill_counts_get_word(counts, beyond[k], &word, &count), PMILL_BAD_OPTION);
			assert_ptr_equal(word.data, counts);
			assert_int_equal(word.len, 77);
			assert_int_equal(count, -7);
		}
		pmill_counts_free(counts);
	}
}

static pmill_counts *load(const char *path)
{
	pmill_text_options text = sample_options();
	pmill_counts *counts = NULL;
	pmill_error error;
	if (pmill_counts_load(path, NULL, &text, NULL, &counts, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return counts;
}

static void save(pmill_counter *counter, const char *path, pmill_counts_info *info)
{
	pmill_counts_head *head = NULL;
	pmill_error error;
	if (pmill_counter_save(counter, path, PMILL_OVERWRITE, &head, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	*info = (pmill_counts_info){.size = sizeof *info};
	assert_int_equal(pmill_counts_head_get_info(head, info), PMILL_OK);
	pmill_counts_head_free(head);
}

/* After taking and saving the counter starts over; a failure to save loses nothing. */
static void reusable(void **state)
{
	(void)state;
	char *texts[3] = {sample_text(3000), sample_text(500), sample_text(9000)};
	for (unsigned threads = 1; threads <= 2; threads++)
		for (int is_limited = 0; is_limited < 2; is_limited++) {
			pmill_text_options text = sample_options();
			pmill_run_options run = {.size = sizeof run,
				.threads = threads,
				.memory_limit = is_limited ? sample_least_limit(threads) : 0,
				.tmp_dir = folder.path};
			if (is_limited && pmill_block_codec_check(NULL) != PMILL_OK)
				continue;
			pmill_counter *counter = sample_counter(&text, &run);
			for (int i = 0; i < 3; i++) {
				pmill_counts *expected = sample_counts(texts[i]);
				pmill_totals totals = sample_info(expected).totals;
				pmill_counts_info saved;
				sample_add(counter, texts[i]);
				pmill_counts *counts = sample_take(counter);
				assert_same_counts(expected, counts);
				pmill_counts_free(counts);
				assert_empty(counter);
				sample_add(counter, texts[i]);
				const char *path = counts_path();
				save(counter, path, &saved);
				assert_memory_equal(&saved.totals, &totals, sizeof totals);
				counts = load(path);
				sample_require_same_words(expected, counts);
				assert_empty(counter);
				sample_add(counter, texts[i]);
				assert_int_equal(pmill_counter_save(counter, path, 0, NULL, NULL), PMILL_EXISTS);
				assert_int_equal(
					pmill_counter_save(counter, "/nowhere/a.counts", 0, NULL, NULL), PMILL_IO);
				save(counter, counts_path(), &saved);
				assert_memory_equal(&saved.totals, &totals, sizeof totals);
				assert_empty(counter);
				pmill_counts_free(counts);
				pmill_counts_free(expected);
			}
			pmill_counter_free(counter);
		}
	for (int i = 0; i < 3; i++)
		free(texts[i]);
}

/* ---- The same words, whatever way they come ---- */

enum way { TEXT, FILES, COUNTS, MOVED, WAYS };

static void add_in_a_way(pmill_counter *counter, enum way way, const char *text)
{
	pmill_error error = {0};
	pmill_status status = PMILL_OK;
	pmill_counts *counts = way >= COUNTS ? sample_counts(text) : NULL;
	pmill_counts_info before, after;
	const char *path;
	switch (way) {
	case TEXT: status = pmill_counter_add_text(counter, text, strlen(text), &error); break;
	case FILES:
		path = scratch_write(&folder, "part.txt", text, strlen(text));
		status = pmill_counter_add_files(counter, &path, 1, NULL, &error);
		break;
	case COUNTS:
		before = sample_info(counts);
		status = pmill_counter_add_counts(counter, counts, &error);
		after = sample_info(counts);
		assert_memory_equal(&before.totals, &after.totals, sizeof before.totals);
		break;
	default: status = pmill_counter_move_counts(counter, &counts, &error); assert_null(counts);
	}
	if (status != PMILL_OK)
		fail_msg("%s", error.message);
	pmill_counts_free(counts);
}

/* Each part goes in by a way of its own, drawn by lot, with and without a memory limit. */
static void same_words_by_every_way(void **state)
{
	(void)state;
	enum { PARTS = 8 };
	bool has_limits = pmill_block_codec_check(NULL) == PMILL_OK;
	char *parts[PARTS];
	pmill_counter *plain = sample_counter_on(1, 0);
	for (int i = 0; i < PARTS; i++) {
		parts[i] = i == 3 ? sample_text(0) : sample_text(1 + sample_draw(4000));
		sample_add(plain, parts[i]);
	}
	pmill_counts *expected = sample_take(plain);
	for (int round = 0; round < 24; round++) {
		unsigned threads = 1 + (unsigned)round % 3;
		pmill_text_options text = sample_options();
		pmill_run_options run = {.size = sizeof run,
			.threads = threads,
			.chunk_size = round % 2 == 0 ? 0 : 100,
			.memory_limit = has_limits && round % 4 == 3 ? sample_least_limit(threads) : 0,
			.tmp_dir = folder.path};
		pmill_counter *counter = sample_counter(&text, &run);
		for (int i = 0; i < PARTS; i++)
			add_in_a_way(
				counter, round < WAYS ? (enum way)round : (enum way)sample_draw(WAYS), parts[i]);
		pmill_counts *counts = sample_take(counter);
		assert_same_counts(expected, counts);
		pmill_counts_free(counts);
		pmill_counter_free(counter);
	}
	pmill_counts_free(expected);
	pmill_counter_free(plain);
	for (int i = 0; i < PARTS; i++)
		free(parts[i]);
}

/* ---- What a counter says of itself ---- */

static pmill_counter_info info_of(const pmill_counter *counter)
{
	pmill_counter_info info = {.size = sizeof info};
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
	assert_int_equal(info.size, sizeof info);
	return info;
}

static void assert_bytes(pmill_bytes actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.data, expected, actual.len);
}

/* The separator joins the special tokens, once; reserved tokens don't. */
static void identity_of_a_counter(void **state)
{
	(void)state;
	const char *expression = pmill_pattern_expression("cl100k");
	pmill_counter *counter = sample_counter(NULL, NULL);
	pmill_counter_info info = info_of(counter);
	assert_string_equal(info.pattern, "gpt2");
	assert_string_equal(info.unicode_version, "16.0");
	assert_int_equal(info.special_token_count, 0);
	assert_true(info.memory_limit == 0 && info.table_memory == 0 && info.spilled_runs == 0 &&
		info.spilled_bytes == 0);
	assert_int_equal(info.input_count, 0);
	pmill_counter_free(counter);
	char pattern[400], version[] = "15.1", token[] = "<x>";
	snprintf(pattern, sizeof pattern, "%s", expression);
	pmill_bytes special = {token, 3};
	pmill_text_options text = {.size = sizeof text,
		.pattern = pattern,
		.unicode_version = version,
		.special_tokens = &special,
		.special_token_count = 1,
		.doc_separator = sample_end,
		.reserve = 5};
	counter = sample_counter(&text, NULL);
	memset(pattern, '?', sizeof pattern - 1); /* options are borrowed for the call only */
	memset(version, '?', sizeof version - 1);
	memset(token, '?', sizeof token - 1);
	sample_add(counter, "a<|reserved_4|>b<|reserved_5|>c<x>d<|end|>e");
	info = info_of(counter);
	assert_string_equal(info.pattern, "cl100k");
	assert_string_equal(info.unicode_version, "15.1");
	assert_int_equal(info.special_token_count, 2);
	assert_bytes(info.special_tokens[0], "<x>");
	assert_bytes(info.special_tokens[1], "<|end|>");
	assert_true(info.table_memory > 0);
	pmill_counts *counts = sample_take(counter);
	pmill_counts_info made = sample_info(counts);
	assert_string_equal(made.pattern, "cl100k");
	assert_string_equal(made.unicode_version, "15.1");
	assert_int_equal(made.special_token_count, 2);
	assert_bytes(made.special_tokens[0], "<x>");
	assert_bytes(made.special_tokens[1], "<|end|>");
	assert_int_equal(made.totals.documents, 2);
	/* a, b, <|, reserved, _, 5, |>, c, d, e: number 5 is one too many to be reserved. */
	assert_true(made.totals.words >= 8 && made.totals.pretokens == made.totals.words);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
}

/* Inputs stay listed after the counter was emptied, with their names and hashes copied. */
static void inputs_of_a_counter(void **state)
{
	(void)state;
	static const char abc_hash[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	pmill_counter *counter = sample_counter_on(2, 0);
	char first[500], second[500];
	snprintf(first, sizeof first, "%s", scratch_write(&folder, "first.txt", "abc", 3));
	snprintf(second, sizeof second, "%s", scratch_write(&folder, "second.txt", "some words", 10));
	char *paths[] = {first, second};
	pmill_input_options options = {.size = sizeof options, .sha256 = 1};
	pmill_error error;
	if (pmill_counter_add_files(counter, (const char *const *)paths, 2, &options, &error) !=
		PMILL_OK)
		fail_msg("%s", error.message);
	char *third = strdup(first);
	assert_non_null(third);
	assert_int_equal(
		pmill_counter_add_files(counter, (const char *const *)&third, 1, NULL, &error), PMILL_OK);
	free(third);
	pmill_counts *counts = sample_take(counter);
	assert_int_equal(sample_info(counts).totals.bytes, 16);
	assert_int_equal(sample_info(counts).totals.documents, 3);
	pmill_counts_free(counts);
	pmill_counter_info info = info_of(counter);
	assert_int_equal(info.input_count, 3);
	assert_string_equal(info.inputs[0].name, first);
	assert_int_equal(info.inputs[0].bytes, 3);
	assert_string_equal(info.inputs[0].sha256, abc_hash);
	assert_string_equal(info.inputs[1].name, second);
	assert_int_equal(info.inputs[1].bytes, 10);
	assert_int_equal(strlen(info.inputs[1].sha256), 64);
	assert_string_equal(info.inputs[2].name, first);
	assert_null(info.inputs[2].sha256);
	/* What comes next has inputs of its own. */
	const char *next = second;
	assert_int_equal(pmill_counter_add_files(counter, &next, 1, NULL, &error), PMILL_OK);
	info = info_of(counter);
	assert_int_equal(info.input_count, 1);
	assert_string_equal(info.inputs[0].name, second);
	pmill_counter_free(counter);
}

static int stop_at_the_end(void *context, const pmill_progress *progress)
{
	(void)context;
	return strcmp(progress->stage, "count") == 0 && progress->total > 0 &&
		progress->done == progress->total;
}

/* The wish to stop is heard in the last event of a stage, too. */
static void stops_at_the_end_of_counting(void **state)
{
	(void)state;
	const char *path = scratch_write(&folder, "some.txt", "some words", 10);
	pmill_text_options text = sample_options();
	pmill_run_options run = {.size = sizeof run, .threads = 1, .progress = stop_at_the_end};
	pmill_counter *counter = sample_counter(&text, &run);
	assert_int_equal(pmill_counter_add_files(counter, &path, 1, NULL, NULL), PMILL_CANCELLED);
	pmill_counter_free(counter);
}

/* What was spilled stays known after the counter was emptied. */
static void limit_of_a_counter(void **state)
{
	(void)state;
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return;
	char *words = sample_rare_words(2 << 20);
	pmill_text_options text = sample_options();
	pmill_run_options run = {.size = sizeof run,
		.threads = 1,
		.memory_limit = sample_least_limit(1),
		.tmp_dir = folder.path};
	pmill_counter *counter = sample_counter(&text, &run);
	assert_int_equal(info_of(counter).memory_limit, run.memory_limit);
	assert_int_equal(info_of(counter).spilled_runs, 0);
	sample_add(counter, words);
	pmill_counter_info full = info_of(counter);
	assert_true(full.spilled_runs > 0 && full.spilled_bytes > 0);
	assert_true(full.table_memory > 0 && full.table_memory < run.memory_limit);
	pmill_counts *counts = sample_take(counter), *expected = sample_counts(words);
	assert_same_counts(expected, counts);
	pmill_counter_info emptied = info_of(counter);
	assert_true(emptied.spilled_runs >= full.spilled_runs);
	assert_true(emptied.spilled_bytes >= full.spilled_bytes);
	assert_int_equal(emptied.table_memory, full.table_memory);
	assert_int_equal(emptied.memory_limit, run.memory_limit);
	pmill_counts_free(counts);
	pmill_counts_free(expected);
	pmill_counter_free(counter);
	free(words);
}

/* A caller with an older header gets the part that it knows; one that sets no size, an error. */
static void results_by_size(void **state)
{
	(void)state;
	pmill_counter *counter = sample_counter_on(1, 0);
	pmill_counter_info before, info;
	memset(&before, 0x5A, sizeof before);
	before.size = offsetof(pmill_counter_info, special_tokens);
	info = before;
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
	assert_int_equal(info.size, before.size);
	assert_string_equal(info.pattern, "gpt2");
	assert_string_equal(info.unicode_version, "16.0");
	assert_memory_equal(
		(char *)&info + info.size, (char *)&before + info.size, sizeof info - info.size);
	before.size = 0;
	info = before;
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_BAD_OPTION);
	assert_memory_equal(&info, &before, sizeof info);
	pmill_counts *counts = sample_take(counter);
	pmill_counts_info none = {.size = 0}, untouched = none;
	assert_int_equal(pmill_counts_get_info(counts, &none), PMILL_BAD_OPTION);
	assert_memory_equal(&none, &untouched, sizeof none);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
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
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_from_several_threads),
		cmocka_unit_test(stops_while_waiting),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(counts_must_belong),
		cmocka_unit_test(words_out_of_range),
		cmocka_unit_test(reusable),
		cmocka_unit_test(same_words_by_every_way),
		cmocka_unit_test(identity_of_a_counter),
		cmocka_unit_test(inputs_of_a_counter),
		cmocka_unit_test(stops_at_the_end_of_counting),
		cmocka_unit_test(limit_of_a_counter),
		cmocka_unit_test(results_by_size),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
