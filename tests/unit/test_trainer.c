/* The trainer through the public interface: options, threads, counts, cancelling, errors. */
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

#include "pairmill.h"

static uint64_t random_state = 1;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % below);
}

/* Lines of words over a small alphabet, with document ends. */
static char *make_text(size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	size_t at = 0;
	while (at < len) {
		const char *piece = (const char *[]){"a", "b", "the", " ", " ", "\n", "<|end|>", "'s", "12",
			"\xc3\xa9", "\xff", "..."}[draw(12)];
		for (; *piece != '\0' && at < len; piece++)
			text[at++] = *piece;
	}
	text[len] = '\0';
	return text;
}

static const pmill_bytes end_token = {"<|end|>", 7};

static pmill_text_options text_options(unsigned threads, size_t chunk_size)
{
	return (pmill_text_options){.size = sizeof(pmill_text_options),
		.special_tokens = &end_token,
		.special_token_count = 1,
		.doc_separator = end_token,
		.threads = threads,
		.chunk_size = chunk_size};
}

static pmill_trainer *create(unsigned threads, size_t chunk_size, uint64_t vocab_size)
{
	pmill_text_options text = text_options(threads, chunk_size);
	pmill_train_options options = {.size = sizeof options, .vocab_size = vocab_size};
	pmill_trainer *trainer = NULL;
	pmill_error error;
	if (pmill_trainer_create(&text, &options, &trainer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return trainer;
}

static void assert_same_merges(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	size_t count = pmill_tokenizer_merge_count(a);
	assert_int_equal(count, pmill_tokenizer_merge_count(b));
	for (size_t i = 0; i < count; i++) {
		uint32_t x[3], y[3];
		pmill_tokenizer_merge(a, i, &x[0], &x[1], &x[2]);
		pmill_tokenizer_merge(b, i, &y[0], &y[1], &y[2]);
		assert_memory_equal(x, y, sizeof x);
	}
}

static pmill_tokenizer *train(pmill_trainer *trainer)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_trainer_train(trainer, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

static char *write_file(const char *text, size_t len)
{
	char *path = strdup("/tmp/pairmill-trainer-XXXXXX");
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text, len), len);
	close(descriptor);
	return path;
}

enum { TEXT_LEN = 60000, TEXTS = 24 };

struct feeder {
	pmill_trainer *trainer;
	char *const *texts;
	unsigned index;
	pmill_status status;
};

static void *feed(void *argument)
{
	struct feeder *feeder = argument;
	for (unsigned i = feeder->index; i < TEXTS && feeder->status == PMILL_OK; i += 4)
		feeder->status = pmill_trainer_add_text(
			feeder->trainer, feeder->texts[i], strlen(feeder->texts[i]), NULL);
	return NULL;
}

static void texts_from_several_threads(void **state)
{
	(void)state;
	char *texts[TEXTS];
	for (int i = 0; i < TEXTS; i++)
		texts[i] = make_text(draw(5000));
	pmill_trainer *one = create(1, 0, 400), *many = create(4, 0, 400);
	for (int i = 0; i < TEXTS; i++)
		assert_int_equal(pmill_trainer_add_text(one, texts[i], strlen(texts[i]), NULL), PMILL_OK);
	struct feeder feeders[4];
	pthread_t threads[4];
	for (unsigned i = 0; i < 4; i++) {
		feeders[i] = (struct feeder){many, texts, i, PMILL_OK};
		assert_int_equal(pthread_create(&threads[i], NULL, feed, &feeders[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(feeders[i].status, PMILL_OK);
	}
	pmill_tokenizer *a = train(one), *b = train(many);
	assert_same_merges(a, b);
	const pmill_training *x = pmill_tokenizer_training(a), *y = pmill_tokenizer_training(b);
	assert_memory_equal(&x->totals, &y->totals, sizeof x->totals);
	assert_true(x->totals.documents > TEXTS && x->totals.words > 10);
	pmill_tokenizer_free(a);
	pmill_tokenizer_free(b);
	pmill_trainer_free(one);
	pmill_trainer_free(many);
	for (int i = 0; i < TEXTS; i++)
		free(texts[i]);
}

static void files_on_several_threads(void **state)
{
	(void)state;
	char *text = make_text(TEXT_LEN);
	char *path = write_file(text, TEXT_LEN);
	pmill_trainer *whole = create(1, 0, 500);
	assert_int_equal(pmill_trainer_add_text(whole, text, TEXT_LEN, NULL), PMILL_OK);
	pmill_tokenizer *expected = train(whole);
	static const size_t chunk_sizes[] = {100, 1000, 7777, 0};
	for (unsigned threads = 1; threads <= 8; threads *= 2)
		for (size_t i = 0; i < 4; i++) {
			pmill_trainer *trainer = create(threads, chunk_sizes[i], 500);
			const char *paths[] = {path};
			assert_int_equal(pmill_trainer_add_files(trainer, paths, 1, NULL, NULL), PMILL_OK);
			pmill_tokenizer *tokenizer = train(trainer);
			assert_same_merges(expected, tokenizer);
			const pmill_training *record = pmill_tokenizer_training(tokenizer);
			assert_int_equal(record->totals.bytes, TEXT_LEN);
			assert_memory_equal(&record->totals, &pmill_tokenizer_training(expected)->totals,
				sizeof record->totals);
			assert_int_equal(record->input_count, 1);
			assert_int_equal(record->inputs[0].bytes, TEXT_LEN);
			pmill_tokenizer_free(tokenizer);
			pmill_trainer_free(trainer);
		}
	pmill_tokenizer_free(expected);
	pmill_trainer_free(whole);
	unlink(path);
	free(path);
	free(text);
}

static int stop_at_once(void *context, const pmill_progress *progress)
{
	(void)progress;
	return ++*(int *)context >= 1;
}

/* A pipe that nobody writes to: cancelling must work while the threads wait for input. */
static void stops_while_waiting(void **state)
{
	(void)state;
	int ends[2], calls = 0;
	assert_int_equal(pipe(ends), 0);
	int kept = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	pmill_text_options text = text_options(2, 0);
	text.progress = stop_at_once;
	text.progress_context = &calls;
	pmill_trainer *trainer = NULL;
	assert_int_equal(pmill_trainer_create(&text, NULL, &trainer, NULL), PMILL_OK);
	const char *paths[] = {"-"};
	pmill_error error;
	assert_int_equal(pmill_trainer_add_files(trainer, paths, 1, NULL, &error), PMILL_CANCELLED);
	assert_true(calls >= 1);
	pmill_trainer_free(trainer);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

static void assert_refused(
	const pmill_text_options *text, const pmill_train_options *options, const char *part)
{
	pmill_trainer *trainer = NULL;
	pmill_error error = {0};
	assert_int_equal(pmill_trainer_create(text, options, &trainer, &error), PMILL_BAD_OPTION);
	assert_null(trainer);
	if (strstr(error.message, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void bad_options(void **state)
{
	(void)state;
	pmill_train_options options = {.size = sizeof options, .vocab_size = 300};
	pmill_text_options text = text_options(1, 0);
	options.ties = "best";
	assert_refused(&text, &options, "best");
	options.ties = "bytes";
	options.compat = "hf";
	assert_refused(&text, &options, "contradict");
	options = (pmill_train_options){.size = sizeof options, .vocab_size = 256};
	assert_refused(&text, &options, "257");
	options.vocab_size = 300;
	options.layout = "odd";
	assert_refused(&text, &options, "odd");
	options.layout = NULL;
	pmill_bytes twice[] = {{"x", 1}, {"x", 1}}, empty[] = {{"", 0}};
	text.special_tokens = twice;
	text.special_token_count = 2;
	assert_refused(&text, &options, "x");
	text.special_tokens = empty;
	text.special_token_count = 1;
	assert_refused(&text, &options, "empty");
	text.special_token_count = 0;
	text.unicode_version = "9.0";
	assert_refused(&text, &options, "9.0");
	text.unicode_version = NULL;
	text.pattern = "a(";
	assert_refused(&text, &options, "parenthesis");
}

static void refuses_counts_of_another_pattern(void **state)
{
	(void)state;
	pmill_text_options text = text_options(1, 0), other = text_options(1, 0);
	other.pattern = "cl100k";
	pmill_trainer *a = NULL, *b = NULL;
	pmill_counts *counts = NULL;
	pmill_error error;
	assert_int_equal(pmill_trainer_create(&text, NULL, &a, NULL), PMILL_OK);
	assert_int_equal(pmill_trainer_create(&other, NULL, &b, NULL), PMILL_OK);
	assert_int_equal(pmill_trainer_add_text(a, "one two", 7, NULL), PMILL_OK);
	assert_int_equal(pmill_trainer_take_counts(a, &counts, NULL), PMILL_OK);
	assert_int_equal(pmill_trainer_add_counts(b, counts, &error), PMILL_BAD_OPTION);
	assert_non_null(strstr(error.message, "cl100k"));
	pmill_counts_info info;
	pmill_counts_get_info(counts, &info);
	assert_int_equal(info.totals.words, 2);
	assert_int_equal(info.totals.pretokens, 2);
	assert_int_equal(info.totals.documents, 1);
	assert_int_equal(info.totals.bytes, 7);
	pmill_counts_free(counts);
	pmill_trainer_free(a);
	pmill_trainer_free(b);
}

/* The ids of bytes, special tokens, merges and padding in every layout. */
static void layouts(void **state)
{
	(void)state;
	static const struct {
		const char *layout;
		uint32_t byte_a, special, first_merge;
	} rows[] = {
		{"bytes-first", 'a', 256, 258}, {"hf", 2 + 'a' - 33, 0, 258}, {"gpt2", 'a' - 33, 257, 256}};
	for (size_t i = 0; i < 3; i++) {
		pmill_text_options text = text_options(1, 0);
		pmill_train_options options = {.size = sizeof options,
			.vocab_size = 259,
			.reserve = 1,
			.pad_vocab_to = 10,
			.layout = rows[i].layout};
		pmill_trainer *trainer = NULL;
		assert_int_equal(pmill_trainer_create(&text, &options, &trainer, NULL), PMILL_OK);
		assert_int_equal(pmill_trainer_add_text(trainer, "abab ab <|end|>", 15, NULL), PMILL_OK);
		pmill_tokenizer *tokenizer = train(trainer);
		assert_int_equal(pmill_tokenizer_vocab_size(tokenizer), 260);
		assert_int_equal(pmill_tokenizer_id(tokenizer, "a", 1), rows[i].byte_a);
		assert_int_equal(pmill_tokenizer_id(tokenizer, "<|end|>", 7), rows[i].special);
		assert_int_equal(pmill_tokenizer_id(tokenizer, "<|reserved_0|>", 14), rows[i].special + 1);
		assert_int_equal(pmill_tokenizer_id(tokenizer, "ab", 2), rows[i].first_merge);
		assert_int_equal(pmill_tokenizer_id(tokenizer, "<|reserved_1|>", 14), 259);
		assert_int_equal(pmill_tokenizer_special_count(tokenizer), 3);
		pmill_tokenizer_free(tokenizer);
		pmill_trainer_free(trainer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_from_several_threads),
		cmocka_unit_test(files_on_several_threads),
		cmocka_unit_test(stops_while_waiting),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(refuses_counts_of_another_pattern),
		cmocka_unit_test(layouts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
