/* Training within a memory limit: the same model, or a refusal. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counts/block_codec.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"
#include "support/train_sample.h"

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
		for (run.memory_limit = 1 << 20;; run.memory_limit += run.memory_limit / 4, refused++) {
			pmill_status status = pmill_tokenizer_train_from_counts(
				counts, &vocab_500, &run, &tokenizer, &error);
			if (status == PMILL_OK)
				break;
			assert_limited(&error, status);
			assert_ptr_equal(tokenizer, marker);
			sample_require_same_words(counts, before);
		}
		assert_in_range(refused, 5, 30);
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

int main(void)
{
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limited_from_counts),
		cmocka_unit_test(limited_from_a_counter),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
