/* Training through the public interface: threads, options, no memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

#include <cmocka.h>

#include "support/refuse_memory.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"
#include "support/train_sample.h"

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

static void texts_from_several_threads(void **state)
{
	(void)state;
	char *texts[TEXTS];
	for (int i = 0; i < TEXTS; i++)
		texts[i] = sample_text(sample_draw(5000));
	pmill_counter *one = sample_counter_on(1, 0), *many = sample_counter_on(4, 0);
	for (int i = 0; i < TEXTS; i++)
		sample_add(one, texts[i]);
	struct feeder feeders[FEEDERS];
	pthread_t threads[FEEDERS];
	for (unsigned i = 0; i < FEEDERS; i++) {
		feeders[i] = (struct feeder){many, texts, i, PMILL_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, feed, &feeders[i]), 0);
	}
	for (unsigned i = 0; i < FEEDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(feeders[i].status, PMILL_OK);
	}
	const pmill_train_options options = {.size = sizeof options, .vocab_size = 400};
	pmill_tokenizer *a = train(one, &options), *b = train(many, &options);
	assert_same_merges(a, b);
	assert_same_totals(a, b);
	pmill_training record = record_of(a);
	assert_true(record.totals.documents > TEXTS && record.totals.words > 10);
	pmill_tokenizer_free(a);
	pmill_tokenizer_free(b);
	pmill_counter_free(one);
	pmill_counter_free(many);
	for (int i = 0; i < TEXTS; i++)
		free(texts[i]);
}

static void files_on_several_threads(void **state)
{
	(void)state;
	char *text = sample_text(TEXT_LEN);
	const char *path = scratch_write(&folder, "text.txt", text, TEXT_LEN);
	pmill_counter *whole = sample_counter_on(1, 0);
	sample_add(whole, text);
	pmill_tokenizer *expected = train(whole, &vocab_500);
	static const size_t chunk_sizes[] = {100, 1000, 7777, 0};
	for (unsigned threads = 1; threads <= 8; threads *= 2)
		for (size_t i = 0; i < 4; i++) {
			pmill_counter *counter = sample_counter_on(threads, chunk_sizes[i]);
			assert_int_equal(pmill_counter_add_files(counter, &path, 1, NULL, NULL), PMILL_OK);
			pmill_tokenizer *tokenizer = train(counter, &vocab_500);
			assert_same_merges(expected, tokenizer);
			pmill_training record = record_of(tokenizer);
			assert_int_equal(record.totals.bytes, TEXT_LEN);
			assert_same_totals(tokenizer, expected);
			assert_int_equal(record.threads, threads);
			assert_int_equal(record.input_count, 1);
			assert_int_equal(record.inputs[0].bytes, TEXT_LEN);
			assert_string_equal(record.inputs[0].name, path);
			pmill_tokenizer_free(tokenizer);
			pmill_counter_free(counter);
		}
	pmill_tokenizer_free(expected);
	pmill_counter_free(whole);
	free(text);
}

/* ---- Options ---- */

static void assert_says(const pmill_error *error, const char *part)
{
	assert_int_equal(error->status, PMILL_BAD_OPTION);
	if (strstr(error->message, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error->message, part);
}

/* The check finds it, and so does a training, which leaves the words and `*tokenizer` alone. */
static void assert_refused(
	const pmill_text_options *text, const pmill_train_options *options, const char *part)
{
	pmill_error error = {0};
	assert_int_equal(pmill_tokenizer_check_train(text, options, &error), PMILL_BAD_OPTION);
	assert_says(&error, part);
	assert_int_equal(pmill_tokenizer_check_train(text, options, NULL), PMILL_BAD_OPTION);
	pmill_counter *counter = sample_counter(text, NULL);
	pmill_tokenizer *const marker = (pmill_tokenizer *)&error;
	pmill_tokenizer *tokenizer = marker;
	sample_add(counter, "abab ab");
	error = (pmill_error){0};
	assert_int_equal(pmill_tokenizer_train(counter, options, &tokenizer, &error), PMILL_BAD_OPTION);
	assert_says(&error, part);
	assert_ptr_equal(tokenizer, marker);
	pmill_counts *counts = sample_take(counter);
	assert_int_equal(sample_info(counts).totals.words, 2);
	error = (pmill_error){0};
	assert_int_equal(pmill_tokenizer_train_from_counts(counts, options, NULL, &tokenizer, &error),
		PMILL_BAD_OPTION);
	assert_says(&error, part);
	assert_ptr_equal(tokenizer, marker);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
}

static void bad_options(void **state)
{
	(void)state;
	pmill_text_options text = sample_options();
	const size_t size = sizeof(pmill_train_options);
	const struct {
		pmill_train_options options;
		const char *part;
	} rows[] = {
		{{.size = 0, .vocab_size = 300}, "pmill_train_options"},
		{{.size = size, .vocab_size = 300, .ties = "best"},
			"unknown tie rule \"best\" (known: bytes, ids)"},
		{{.size = size, .vocab_size = 300, .layout = "odd"},
			"unknown id layout \"odd\" (known: bytes-first, hf, gpt2)"},
		{{.size = size, .vocab_size = 300, .compat = "odd"}, "unknown compat \"odd\" (known: hf)"},
		{{.size = size, .vocab_size = 300, .merger = "odd"},
			"unknown merger \"odd\" (known: one-by-one, batches)"},
		{{.size = size, .vocab_size = 300, .compat = "hf", .ties = "bytes"}, "contradict"},
		{{.size = size, .vocab_size = 300, .compat = "hf", .layout = "gpt2"}, "contradict"},
		{{.size = size, .vocab_size = 300, .min_count = -3}, "min-count: -3 is negative"},
		{{.size = size},
			"vocab size 0 is too small: the minimum is 257, for 256 bytes and 1 special token"},
		{{.size = size, .vocab_size = 256},
			"vocab size 256 is too small: the minimum is 257, for 256 bytes and 1 special token"},
		{{.size = size, .vocab_size = 259, .reserve = 3},
			"vocab size 259 is too small: the minimum is 260, for 256 bytes and 4 special tokens"},
		{{.size = size, .vocab_size = 300, .reserve = UINT32_MAX}, "the minimum is 4294967552"},
		{{.size = size, .vocab_size = (uint64_t)INT32_MAX + 1}, "ids have at most 31 bits"},
		{{.size = size, .vocab_size = INT32_MAX, .pad_vocab_to = 1}, "ids have at most 31 bits"},
		{{.size = size, .vocab_size = UINT64_MAX, .pad_vocab_to = 1}, "ids have at most 31 bits"},
		{{.size = size, .vocab_size = UINT64_MAX, .pad_vocab_to = UINT32_MAX},
			"ids have at most 31 bits"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_refused(&text, &rows[i].options, rows[i].part);
	assert_refused(&text, NULL, "vocab size 0 is too small: the minimum is 257");
	assert_refused(NULL, NULL, "vocab size 0 is too small: the minimum is 256");
	const pmill_bytes tokens[] = {sample_end, {"<|reserved_1|>", 14}};
	text.special_tokens = tokens;
	text.special_token_count = 2;
	pmill_train_options options = {.size = size, .vocab_size = 300, .reserve = 2};
	assert_refused(&text, &options, "<|reserved_1|> is already a special token");
	text.special_token_count = 1;
	text.doc_separator = tokens[1];
	assert_refused(&text, &options, "<|reserved_1|> is already a special token");
	options.reserve = 1;
	assert_int_equal(pmill_tokenizer_check_train(&text, &options, NULL), PMILL_OK);
}

/* What the check says of text that no counter would take. */
static void bad_text_options(void **state)
{
	(void)state;
	static const pmill_bytes empty = {"", 0};
	const size_t size = sizeof(pmill_text_options);
	const struct {
		pmill_text_options text;
		const char *part;
	} rows[] = {
		{{.size = 0}, "pmill_text_options"},
		{{.size = size, .unicode_version = "9.0"}, "9.0"},
		{{.size = size, .special_tokens = &empty, .special_token_count = 1}, "empty"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pmill_error error = {0};
		assert_int_equal(
			pmill_tokenizer_check_train(&rows[i].text, &vocab_500, &error), PMILL_BAD_OPTION);
		assert_says(&error, rows[i].part);
	}
}

static void good_options(void **state)
{
	(void)state;
	static const pmill_bytes numbered = {"<|reserved_7|>", 14};
	pmill_text_options text = sample_options();
	pmill_train_options options = {.size = sizeof options, .vocab_size = 257};
	assert_int_equal(pmill_tokenizer_check_train(&text, &options, NULL), PMILL_OK);
	options.vocab_size = 256;
	assert_int_equal(pmill_tokenizer_check_train(NULL, &options, NULL), PMILL_OK);
	options = (pmill_train_options){.size = sizeof options,
		.vocab_size = 300,
		.reserve = 7,
		.compat = "hf",
		.ties = "ids",
		.layout = "hf"};
	text.special_tokens = &numbered;
	assert_int_equal(pmill_tokenizer_check_train(&text, &options, NULL), PMILL_OK);
	options.vocab_size = INT32_MAX;
	assert_int_equal(pmill_tokenizer_check_train(&text, &options, NULL), PMILL_OK);
}

/* Ids of every layout: where bytes, special tokens, merges and padding stand. */
static void layouts(void **state)
{
	(void)state;
	static const struct {
		const char *layout;
		uint32_t byte_a, special, first_merge;
	} rows[] = {
		{"bytes-first", 'a', 256, 258}, {"hf", 2 + 'a' - 33, 0, 258}, {"gpt2", 'a' - 33, 257, 256}};
	for (size_t i = 0; i < 3; i++) {
		pmill_text_options text = sample_options();
		text.reserve = 1;
		pmill_train_options options = {.size = sizeof options,
			.vocab_size = 259,
			.reserve = 1,
			.pad_vocab_to = 10,
			.layout = rows[i].layout};
		pmill_counter *counter = sample_counter(&text, NULL);
		sample_add(counter, "abab ab <|end|>");
		pmill_tokenizer *model = train(counter, &options);
		assert_int_equal(pmill_tokenizer_vocab_size(model), 260);
		assert_int_equal(pmill_tokenizer_token_id(model, "a", 1), rows[i].byte_a);
		assert_int_equal(pmill_tokenizer_token_id(model, "<|end|>", 7), rows[i].special);
		assert_int_equal(
			pmill_tokenizer_token_id(model, "<|reserved_0|>", 14), rows[i].special + 1);
		assert_int_equal(pmill_tokenizer_token_id(model, "ab", 2), rows[i].first_merge);
		assert_int_equal(pmill_tokenizer_token_id(model, "<|reserved_1|>", 14), 259);
		assert_int_equal(pmill_tokenizer_special_count(model), 3);
		pmill_tokenizer_free(model);
		pmill_counter_free(counter);
	}
}

static int stop(void *context, const pmill_progress *progress)
{
	return strcmp(progress->stage, context) == 0;
}

/* Cancelled: no tokenizer; the counts are as before, and the counter is empty. */
static void cancelled(void **state)
{
	(void)state;
	static const char *const stages[] = {"index", "merge"};
	char *text = sample_text(TEXT_LEN);
	pmill_counts *counts = sample_counts(text), *before = sample_counts(text);
	for (size_t i = 0; i < 2; i++) {
		pmill_run_options run = {.size = sizeof run,
			.threads = 1,
			.progress = stop,
			.progress_context = (void *)(uintptr_t)stages[i]};
		pmill_tokenizer *tokenizer = NULL;
		assert_int_equal(
			pmill_tokenizer_train_from_counts(counts, &vocab_500, &run, &tokenizer, NULL),
			PMILL_CANCELLED);
		assert_null(tokenizer);
		sample_require_same_words(counts, before);
		pmill_text_options text_options = sample_options();
		pmill_counter *counter = sample_counter(&text_options, &run);
		sample_add(counter, text);
		assert_int_equal(
			pmill_tokenizer_train(counter, &vocab_500, &tokenizer, NULL), PMILL_CANCELLED);
		assert_null(tokenizer);
		pmill_counts *none = sample_take(counter);
		assert_int_equal(sample_info(none).totals.words, 0);
		pmill_counts_free(none);
		pmill_counter_free(counter);
	}
	pmill_counts_free(counts);
	pmill_counts_free(before);
	free(text);
}

/* ---- Memory ---- */

static void walk_allocations(const pmill_counts *counts, const pmill_train_options *options,
	const pmill_run_options *run, const pmill_tokenizer *expected)
{
	for (long k = 0;; k++) {
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		allocations_left = k;
		pmill_status status = pmill_tokenizer_train_from_counts(
			counts, options, run, &tokenizer, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_same_models(expected, tokenizer);
			pmill_tokenizer_free(tokenizer);
			assert_true(k > 20);
			return;
		}
		if (status == PMILL_OK) { /* the allocation was one that training can do without */
			assert_same_models(expected, tokenizer);
			pmill_tokenizer_free(tokenizer);
			continue;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
		assert_null(tokenizer);
	}
}

/* With all that allocates: reserved tokens, padding, a memory limit and none, every merger. */
static void no_memory(void **state)
{
	(void)state;
	char *text = sample_text(2000);
	pmill_counts *counts = sample_counts(text), *before = sample_counts(text);
	for (size_t i = 0; i < 4; i++) {
		pmill_run_options run = {
			.size = sizeof run, .threads = 1, .memory_limit = i < 2 ? 0 : 1 << 30};
		pmill_train_options options = {.size = sizeof options,
			.vocab_size = 290,
			.reserve = 2,
			.pad_vocab_to = 16,
			.merger = pmill_merger_name(i % 2)};
		assert_non_null(options.merger);
		pmill_tokenizer *expected = train_from_counts(counts, &options, &run);
		walk_allocations(counts, &options, &run, expected);
		pmill_tokenizer_free(expected);
		sample_require_same_words(counts, before);
	}
	pmill_counts_free(counts);
	pmill_counts_free(before);
	free(text);
}

int main(void)
{
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_from_several_threads),
		cmocka_unit_test(files_on_several_threads),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(bad_text_options),
		cmocka_unit_test(good_options),
		cmocka_unit_test(layouts),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
