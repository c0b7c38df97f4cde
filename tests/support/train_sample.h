/* Trains on sample text, and compares the models. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_TRAIN_SAMPLE_H
#define PMILL_TESTS_SUPPORT_TRAIN_SAMPLE_H

#include <stdint.h>

#include "support/sample_text.h"
#include "support/folder_set_up.h"

static inline pmill_training record_of(const pmill_tokenizer *tokenizer)
{
	pmill_training record = {.size = sizeof record};
	assert_int_equal(pmill_tokenizer_get_training(tokenizer, &record), PMILL_OK);
	assert_non_null(record.version);
	return record;
}

static inline void assert_same_merges(const pmill_tokenizer *a, const pmill_tokenizer *b)
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

static inline void assert_same_totals(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	pmill_training x = record_of(a), y = record_of(b);
	assert_memory_equal(&x.totals, &y.totals, sizeof x.totals);
}

/* Byte for byte as a tokenizer.json, and alike in what the record says of merges and options. */
static inline void assert_same_models(const pmill_tokenizer *a, const pmill_tokenizer *b)
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

static inline pmill_tokenizer *train(pmill_counter *counter, const pmill_train_options *options)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_tokenizer_train(counter, options, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

static inline pmill_tokenizer *train_from_counts(
	const pmill_counts *counts, const pmill_train_options *options, const pmill_run_options *run)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_tokenizer_train_from_counts(counts, options, run, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

enum { TEXT_LEN = 60000, TEXTS = 24, FEEDERS = 4 };

static const pmill_train_options vocab_500 = {.size = sizeof vocab_500, .vocab_size = 500};

#endif
