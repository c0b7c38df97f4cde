/* Training from counts: the same model as from text, however they were kept. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <pthread.h>

#include <cmocka.h>

#include "counts/block_codec.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"
#include "support/train_sample.h"

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

int main(void)
{
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_model_from_counts),
		cmocka_unit_test(same_model_from_many_words),
		cmocka_unit_test(several_trainings_at_once),
		cmocka_unit_test(no_words),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
