/* Training through the public interface: from a counter, from counts, within a memory limit. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "counts/block_codec.h"
#include "support/refuse_memory.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;

/* ---- Models ---- */

static pmill_training record_of(const pmill_tokenizer *tokenizer)
{
	pmill_training record = {.size = sizeof record};
	assert_int_equal(pmill_tokenizer_get_training(tokenizer, &record), PMILL_OK);
	assert_non_null(record.version);
	return record;
}

static void assert_same_merges(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	size_t count = pmill_tokenizer_merge_count(a);
	assert_int_equal(count, pmill_tokenizer_merge_count(b));
	for (size_t i = 0; i < count; i++) {
		uint32_t x[3], y[3];
		assert_int_equal(pmill_tokenizer_get_merge(a, i, &x[0], &x[1], &x[2]), PMILL_OK);
		assert_int_equal(pmill_tokenizer_get_merge(b, i, &y[0], &y[1], &y[2]), PMILL_OK);
		assert_memory_equal(x, y, sizeof x);
	}
}

static void assert_same_totals(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	pmill_training x = record_of(a), y = record_of(b);
	assert_memory_equal(&x.totals, &y.totals, sizeof x.totals);
}

/* Byte for byte as a tokenizer.json, and alike in what the record says of merges and options. */
static void assert_same_models(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	void *data[2];
	size_t len[2];
	assert_int_equal(pmill_tokenizer_save_memory(a, NULL, &data[0], &len[0], NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_save_memory(b, NULL, &data[1], &len[1], NULL), PMILL_OK);
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(data[0], data[1], len[0]);
	pmill_memory_free(data[0]);
	pmill_memory_free(data[1]);
	assert_same_merges(a, b);
	pmill_training x = record_of(a), y = record_of(b);
	assert_int_equal(x.merges, pmill_tokenizer_merge_count(a));
	assert_int_equal(x.merges, y.merges);
	assert_memory_equal(x.merge_counts, y.merge_counts, x.merges * sizeof *x.merge_counts);
	assert_string_equal(x.stopped, y.stopped);
	assert_string_equal(x.ties, y.ties);
	assert_string_equal(x.layout, y.layout);
	assert_true((x.compat == NULL) == (y.compat == NULL));
	assert_true(x.vocab_size_asked == y.vocab_size_asked && x.min_count == y.min_count &&
		x.max_token_length == y.max_token_length && x.reserve == y.reserve &&
		x.pad_vocab_to == y.pad_vocab_to);
	assert_int_equal(x.totals.words, y.totals.words);
	assert_int_equal(x.totals.pretokens, y.totals.pretokens);
}

static pmill_tokenizer *train(pmill_counter *counter, const pmill_train_options *options)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_tokenizer_train(counter, options, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

static pmill_tokenizer *train_from_counts(
	const pmill_counts *counts, const pmill_train_options *options, const pmill_run_options *run)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_tokenizer_train_from_counts(counts, options, run, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

/* ---- Threads ---- */

enum { TEXT_LEN = 60000, TEXTS = 24, FEEDERS = 4 };

static const pmill_train_options vocab_500 = {.size = sizeof vocab_500, .vocab_size = 500};

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

/* ---- From counts ---- */

static const pmill_train_options kinds[] = {
	{.vocab_size = 300},
	{.vocab_size = 257},
	{.vocab_size = 10000},
	{.vocab_size = 350, .ties = "ids"},
	{.vocab_size = 350, .ties = "bytes", .layout = "gpt2", .min_count = 20},
	{.vocab_size = 350, .layout = "hf", .max_token_length = 3},
	{.vocab_size = 400, .compat = "hf"},
	{.vocab_size = 330, .reserve = 3, .pad_vocab_to = 64, .max_token_length = 5},
	{.vocab_size = 290, .layout = "gpt2", .reserve = 1, .pad_vocab_to = 7, .merger = "batches"},
	{.vocab_size = 310, .merger = "one-by-one"},
};

static pmill_counts *save_and_load(const pmill_counts *counts)
{
	bool has_zstd = pmill_block_codec_check(NULL) == PMILL_OK;
	const char *path = scratch_path(&folder, has_zstd ? "words.counts" : "words.tsv");
	pmill_text_options text = sample_options();
	pmill_counts *loaded = NULL;
	pmill_error error;
	if (pmill_counts_save(counts, path, PMILL_OVERWRITE, &error) != PMILL_OK ||
		pmill_counts_load(path, NULL, &text, NULL, &loaded, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return loaded;
}

static void check_kind(
	const char *text, const pmill_train_options *kind, const pmill_run_options *run)
{
	pmill_text_options text_options = sample_options();
	pmill_train_options options = *kind;
	options.size = sizeof options;
	text_options.reserve = options.reserve;
	assert_int_equal(pmill_tokenizer_check_train(&text_options, &options, NULL), PMILL_OK);
	pmill_counter *counter = sample_counter(&text_options, run);
	sample_add(counter, text);
	pmill_counts *counts = sample_take(counter), *loaded = save_and_load(counts);
	sample_add(counter, text);
	pmill_tokenizer *expected = train(counter, &options);
	for (int round = 0; round < 2; round++) {
		pmill_tokenizer *from_counts = train_from_counts(counts, &options, run);
		pmill_tokenizer *from_file = train_from_counts(loaded, &options, run);
		assert_same_models(expected, from_counts);
		assert_same_models(expected, from_file);
		assert_same_totals(expected, from_counts);
		assert_int_equal(record_of(from_counts).threads, run->threads);
		assert_int_equal(record_of(from_counts).input_count, 0);
		pmill_tokenizer_free(from_counts);
		pmill_tokenizer_free(from_file);
		sample_require_same_words(counts, loaded);
	}
	sample_add(counter, text); /* the counts are those from before the trainings */
	pmill_counts *again = sample_take(counter);
	sample_require_same_words(again, counts);
	pmill_counts_info before = sample_info(again), after = sample_info(counts);
	assert_memory_equal(&before.totals, &after.totals, sizeof before.totals);
	pmill_counts_free(again);
	pmill_counts_free(counts);
	pmill_counts_free(loaded);
	pmill_tokenizer_free(expected);
	pmill_counter_free(counter);
}

static void same_model_from_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (unsigned threads = 1; threads <= 4; threads++) {
			pmill_run_options run = {.size = sizeof run, .threads = threads};
			char *text = sample_text(1000 + sample_draw(20000));
			check_kind(text, &kinds[i], &run);
			free(text);
		}
}

/* Enough words for several threads to merge. */
static void same_model_from_many_words(void **state)
{
	(void)state;
	char *text = sample_rare_words(2 << 20);
	for (unsigned threads = 1; threads <= 4; threads++) {
		pmill_run_options run = {.size = sizeof run, .threads = threads};
		pmill_train_options kind = {.vocab_size = 400 + 100 * threads,
			.merger = threads == 3 ? "batches" : NULL,
			.ties = threads == 4 ? "ids" : NULL};
		check_kind(text, &kind, &run);
	}
	free(text);
}

static void *train_in_thread(void *counts)
{
	pmill_run_options run = {.size = sizeof run, .threads = 2};
	return train_from_counts(counts, &vocab_500, &run);
}

/* Counts never change: any number of threads may train from the same ones. */
static void several_trainings_at_once(void **state)
{
	(void)state;
	enum { TRAININGS = 3 };
	char *text = sample_text(TEXT_LEN);
	pmill_counts *counts = sample_counts(text);
	pmill_tokenizer *expected = train_from_counts(counts, &vocab_500, NULL);
	pthread_t threads[TRAININGS];
	for (int i = 0; i < TRAININGS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, train_in_thread, counts), 0);
	for (int i = 0; i < TRAININGS; i++) {
		void *tokenizer = NULL;
		assert_int_equal(pthread_join(threads[i], &tokenizer), 0);
		assert_same_models(expected, tokenizer);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_tokenizer_free(expected);
	pmill_counts_free(counts);
	free(text);
}

static void no_words(void **state)
{
	(void)state;
	pmill_counter *counter = sample_counter_on(2, 0);
	pmill_counts *counts = sample_take(counter);
	pmill_tokenizer *a = train(counter, &vocab_500),
					*b = train_from_counts(counts, &vocab_500, NULL);
	assert_same_models(a, b);
	assert_int_equal(pmill_tokenizer_vocab_size(a), 257);
	assert_string_equal(record_of(b).stopped, "no-pairs");
	pmill_tokenizer_free(a);
	pmill_tokenizer_free(b);
	pmill_counts_free(counts);
	pmill_counter_free(counter);
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

/* ---- The memory limit ---- */

static void assert_limited(const pmill_error *error, pmill_status status)
{
	assert_int_equal(status, PMILL_MEMORY_LIMIT);
	assert_int_equal(error->status, PMILL_MEMORY_LIMIT);
	assert_non_null(strstr(error->message, " MiB of memory, more than the limit of "));
}

static void limited_from_counts(void **state)
{
	(void)state;
	char *text = sample_rare_words(1 << 20);
	pmill_counts *counts = sample_counts(text), *before = sample_counts(text);
	pmill_tokenizer *expected = train_from_counts(counts, &vocab_500, NULL);
	for (unsigned threads = 1; threads <= 3; threads++) {
		pmill_run_options run = {.size = sizeof run, .threads = threads};
		pmill_error error = {0};
		pmill_tokenizer *const marker = (pmill_tokenizer *)&error;
		pmill_tokenizer *tokenizer = marker;
		unsigned refused = 0;
		for (run.memory_limit = 1 << 20;; run.memory_limit += 1 << 20, refused++) {
			pmill_status status = pmill_tokenizer_train_from_counts(
				counts, &vocab_500, &run, &tokenizer, &error);
			if (status == PMILL_OK)
				break;
			assert_limited(&error, status);
			assert_ptr_equal(tokenizer, marker);
			sample_require_same_words(counts, before);
		}
		assert_in_range(refused, 5, 300);
		assert_same_models(expected, tokenizer);
		assert_int_equal(record_of(tokenizer).memory_limit, run.memory_limit);
		assert_int_equal(record_of(tokenizer).spilled_runs, 0);
		pmill_tokenizer_free(tokenizer);
		sample_require_same_words(counts, before);
	}
	pmill_tokenizer_free(expected);
	pmill_counts_free(counts);
	pmill_counts_free(before);
	free(text);
}

/* A refused training keeps the words, which more can join, and which can be taken or saved. */
static void limited_from_a_counter(void **state)
{
	(void)state;
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return;
	char *texts[2] = {sample_rare_words(3 << 20), sample_rare_words(1 << 20)};
	pmill_counter *plain = sample_counter_on(2, 0);
	for (int i = 0; i < 2; i++)
		sample_add(plain, texts[i]);
	pmill_counts *expected = sample_take(plain);
	pmill_tokenizer *model = train_from_counts(expected, &vocab_500, NULL);
	for (unsigned threads = 1; threads <= 3; threads++) {
		pmill_text_options text = sample_options();
		pmill_run_options run = {.size = sizeof run,
			.threads = threads,
			.memory_limit = sample_least_limit(threads),
			.tmp_dir = folder.path};
		pmill_counter *counter = sample_counter(&text, &run);
		pmill_error error = {0};
		pmill_tokenizer *const marker = (pmill_tokenizer *)&error;
		pmill_tokenizer *tokenizer = marker;
		for (int i = 0; i < 2; i++) {
			sample_add(counter, texts[i]);
			assert_limited(&error, pmill_tokenizer_train(counter, &vocab_500, &tokenizer, &error));
			assert_ptr_equal(tokenizer, marker);
		}
		const char *path = scratch_path(&folder, "kept.counts");
		if (pmill_counter_save(counter, path, PMILL_OVERWRITE, NULL, &error) != PMILL_OK)
			fail_msg("%s", error.message);
		pmill_counts *loaded = NULL;
		assert_int_equal(pmill_counts_load(path, NULL, &text, NULL, &loaded, NULL), PMILL_OK);
		sample_require_same_words(expected, loaded);
		tokenizer = train_from_counts(loaded, &vocab_500, NULL);
		assert_same_models(model, tokenizer);
		assert_same_totals(model, tokenizer);
		pmill_tokenizer_free(tokenizer);
		pmill_counts_free(loaded);
		pmill_counter_free(counter);
	}
	pmill_tokenizer_free(model);
	pmill_counts_free(expected);
	pmill_counter_free(plain);
	for (int i = 0; i < 2; i++)
		free(texts[i]);
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
		cmocka_unit_test(files_on_several_threads),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(bad_text_options),
		cmocka_unit_test(good_options),
		cmocka_unit_test(layouts),
		cmocka_unit_test(same_model_from_counts),
		cmocka_unit_test(same_model_from_many_words),
		cmocka_unit_test(several_trainings_at_once),
		cmocka_unit_test(no_words),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(limited_from_counts),
		cmocka_unit_test(limited_from_a_counter),
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
