/* Counting and training within a memory limit: the same result as without one. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "files/file.h"
#include "counts/block_codec.h"
#include "pairmill.h"
#include "support/naive_words.h"
#include "support/random.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;
static char text_path[300], expected_path[300], actual_path[300];
static const pmill_bytes end_token = {"<|end|>", 7};
static const uint64_t seed = 42;

enum { TEXT_LEN = 3 << 20 };

/* Most words occur once, which fills a table fastest. Some are long, some very long. */
static char *make_text(void)
{
	char *text = malloc(TEXT_LEN);
	uint64_t random = seed;
	assert_non_null(text);
	for (size_t at = 0; at < TEXT_LEN;) {
		uint64_t draw = next_random(&random);
		size_t len = draw % 4096 == 0 ? 5000 : draw % 64 == 0 ? 100 : 3 + draw % 9;
		if (draw % 512 == 1 && TEXT_LEN - at > end_token.len) {
			memcpy(text + at, end_token.data, end_token.len);
			at += end_token.len;
		}
		for (size_t i = 0; i < len && at < TEXT_LEN; i++)
			text[at++] = (char)('a' + next_random(&random) % 20);
		if (at < TEXT_LEN)
			text[at++] = draw % 7 == 0 ? '\n' : ' ';
	}
	return text;
}

static pmill_run_options run_options(unsigned threads, uint64_t limit)
{
	return (pmill_run_options){.size = sizeof(pmill_run_options),
		.threads = threads,
		.memory_limit = limit,
		.tmp_dir = folder.path};
}

static pmill_status try_to_create(
	const pmill_run_options *run, uint32_t reserve, pmill_counter **counter, pmill_error *error)
{
	pmill_text_options text = {.size = sizeof text,
		.special_tokens = &end_token,
		.special_token_count = 1,
		.doc_separator = end_token,
		.reserve = reserve};
	return pmill_counter_create(&text, run, counter, error);
}

static pmill_counter *create(unsigned threads, uint64_t limit, uint32_t reserve)
{
	pmill_run_options run = run_options(threads, limit);
	pmill_counter *counter = NULL;
	pmill_error error;
	if (try_to_create(&run, reserve, &counter, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return counter;
}

/* The least limit, as named in the message that refuses a smaller one. */
static uint64_t least_limit(unsigned threads)
{
	pmill_run_options run = run_options(threads, 1);
	pmill_counter *counter = NULL;
	pmill_error error;
	assert_int_equal(try_to_create(&run, 0, &counter, &error), PMILL_BAD_OPTION);
	const char *least = strstr(error.message, "the minimum is ");
	assert_non_null(least);
	return strtoull(least + strlen("the minimum is "), NULL, 10);
}

static void add_file(pmill_counter *counter)
{
	const char *path = text_path;
	pmill_error error;
	if (pmill_counter_add_files(counter, &path, 1, NULL, &error) != PMILL_OK)
		fail_msg("%s", error.message);
}

static void save(pmill_counter *counter, const char *path, pmill_totals *totals)
{
	pmill_counts_head *head = NULL;
	pmill_counts_info info = {.size = sizeof info};
	pmill_error error;
	if (pmill_counter_save(counter, path, PMILL_OVERWRITE, &head, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	assert_int_equal(pmill_counts_head_get_info(head, &info), PMILL_OK);
	*totals = info.totals;
	pmill_counts_head_free(head);
}

static void assert_same_files(const char *a, const char *b)
{
	struct pmill_buffer x = {0}, y = {0};
	assert_int_equal(pmill_file_read(a, &x, NULL), PMILL_OK);
	assert_int_equal(pmill_file_read(b, &y, NULL), PMILL_OK);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	pmill_buffer_release(&x);
	pmill_buffer_release(&y);
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

static void set_paths(const char *suffix)
{
	snprintf(expected_path, sizeof expected_path, "%s/expected.%s", folder.path, suffix);
	snprintf(actual_path, sizeof actual_path, "%s/actual.%s", folder.path, suffix);
}

/* The same bytes on any number of threads, as a count file and as a TSV. */
static void same_counts(void **state)
{
	(void)state;
	for (int is_tsv = 0; is_tsv < 2; is_tsv++) {
		pmill_totals expected, actual;
		set_paths(is_tsv ? "tsv" : "counts");
		pmill_counter *plain = create(2, 0, 0);
		add_file(plain);
		save(plain, expected_path, &expected);
		pmill_counter_free(plain);
		for (unsigned threads = 1; threads <= 8; threads = threads * 2 - (threads == 2)) {
			pmill_counter *limited = create(threads, least_limit(threads), 0);
			pmill_counter_info info = {.size = sizeof info};
			add_file(limited);
			save(limited, actual_path, &actual);
			size_t entries = count_entries();
			assert_int_equal(pmill_counter_get_info(limited, &info), PMILL_OK);
			assert_true(info.spilled_runs >= 4 && info.spilled_bytes > 0);
			assert_true(info.table_memory <= threads * ((uint64_t)5 << 19));
			assert_same_files(expected_path, actual_path);
			assert_memory_equal(&expected, &actual, sizeof expected);
			pmill_counter_free(limited);
			assert_int_equal(count_entries(), entries);
		}
	}
}

static void assert_same_models(const pmill_tokenizer *a, const pmill_tokenizer *b)
{
	void *x = NULL, *y = NULL;
	size_t x_len, y_len;
	assert_int_equal(pmill_tokenizer_save_memory(a, "tokenizer.json", &x, &x_len, NULL), PMILL_OK);
	assert_int_equal(pmill_tokenizer_save_memory(b, "tokenizer.json", &y, &y_len, NULL), PMILL_OK);
	assert_int_equal(x_len, y_len);
	assert_memory_equal(x, y, x_len);
	pmill_memory_free(x);
	pmill_memory_free(y);
}

static const pmill_train_options train_options = {
	.size = sizeof train_options, .vocab_size = 400, .reserve = 2};

static pmill_tokenizer *train(pmill_counter *counter)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error;
	if (pmill_tokenizer_train(counter, &train_options, &tokenizer, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return tokenizer;
}

static pmill_tokenizer *train_plainly(void)
{
	pmill_counter *counter = create(2, 0, 2);
	add_file(counter);
	pmill_tokenizer *tokenizer = train(counter);
	pmill_counter_free(counter);
	return tokenizer;
}

/* Distinct words of 4 bytes, which take more memory in a table than during a short merging. */
static char *make_short_words(size_t count)
{
	enum { LEN = 5 };
	char *text = malloc(count * LEN + 1);
	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0, rest = i; k < LEN; k++, rest /= 52)
			text[i * LEN + k] =
				(char)(k == LEN - 1 ? ' ' : (rest % 52 < 26 ? 'A' : 'a' - 26) + rest % 52);
	text[count * LEN] = 0;
	return text;
}

static pmill_status train_text(uint64_t limit, const char *text, pmill_tokenizer **tokenizer,
	uint64_t *spilled_runs, pmill_error *error)
{
	pmill_counter *counter = create(1, limit, 2);
	pmill_train_options options = {.size = sizeof options, .vocab_size = 264, .reserve = 2};
	pmill_counter_info info = {.size = sizeof info};
	assert_int_equal(pmill_counter_add_text(counter, text, strlen(text), error), PMILL_OK);
	pmill_status status = pmill_tokenizer_train(counter, &options, tokenizer, error);
	assert_int_equal(pmill_counter_get_info(counter, &info), PMILL_OK);
	*spilled_runs = info.spilled_runs;
	pmill_counter_free(counter);
	return status;
}

/* Up to the first limit that is enough, trainings are refused, with figures; none is wrong. */
static void trains_from_runs(void **state)
{
	(void)state;
	char *text = make_short_words(1500000);
	pmill_tokenizer *expected = NULL, *actual = NULL;
	uint64_t spilled_runs, limit = least_limit(1);
	unsigned refused = 0;
	pmill_error error;
	assert_int_equal(train_text(0, text, &expected, &spilled_runs, &error), PMILL_OK);
	while (train_text(limit, text, &actual, &spilled_runs, &error) != PMILL_OK) {
		assert_int_equal(error.status, PMILL_MEMORY_LIMIT);
		assert_non_null(strstr(error.message, " MiB of memory, more than the limit of "));
		limit += limit / 16;
		refused++;
	}
	assert_in_range(refused, 1, 40);
	pmill_training record = {.size = sizeof record};
	assert_int_equal(pmill_tokenizer_get_training(actual, &record), PMILL_OK);
	assert_true(spilled_runs > 0);
	assert_int_equal(record.spilled_runs, spilled_runs);
	assert_int_equal(record.memory_limit, limit);
	assert_same_models(expected, actual);
	pmill_tokenizer_free(expected);
	pmill_tokenizer_free(actual);
	free(text);
}

/* The limit is too little for merging: the message has both figures, and the counts survive. */
static void keeps_counts_after_a_refusal(void **state)
{
	(void)state;
	set_paths("counts");
	pmill_tokenizer *expected = train_plainly();
	pmill_training record = {.size = sizeof record};
	assert_int_equal(pmill_tokenizer_get_training(expected, &record), PMILL_OK);
	for (unsigned threads = 1; threads <= 2; threads++) {
		pmill_counter *counter = create(threads, least_limit(threads), 2);
		pmill_tokenizer *tokenizer = NULL;
		pmill_counts *counts = NULL;
		pmill_totals totals;
		pmill_error error;
		add_file(counter);
		for (int i = 0; i < 2; i++)
			assert_int_equal(pmill_tokenizer_train(counter, &train_options, &tokenizer, &error),
				PMILL_MEMORY_LIMIT);
		assert_non_null(strstr(error.message, " MiB of memory, more than the limit of "));
		save(counter, actual_path, &totals);
		assert_int_equal(totals.words, record.totals.words);
		pmill_counter_free(counter);
		assert_int_equal(
			pmill_counts_load(actual_path, NULL, NULL, NULL, &counts, &error), PMILL_OK);
		counter = create(threads, 0, 2);
		assert_int_equal(pmill_counter_add_counts(counter, counts, &error), PMILL_OK);
		pmill_counts_free(counts);
		tokenizer = train(counter);
		assert_same_models(expected, tokenizer);
		pmill_tokenizer_free(tokenizer);
		pmill_counter_free(counter);
	}
	pmill_tokenizer_free(expected);
}

struct feeder {
	pmill_counter *counter;
	const char *text;
	unsigned index;
	pmill_status status;
};

enum { FEEDERS = 4, PIECES = 16 };

static void *feed(void *argument)
{
	struct feeder *feeder = argument;
	size_t len = TEXT_LEN / PIECES;
	for (unsigned i = feeder->index; i < PIECES && feeder->status == PMILL_OK; i += FEEDERS)
		feeder->status = pmill_counter_add_text(feeder->counter, feeder->text + i * len, len, NULL);
	return NULL;
}

/* Texts from more threads than the counter has, counts, files: all of it goes through runs. */
static void mixed_input(void **state)
{
	(void)state;
	set_paths("counts");
	char *text = make_text();
	pmill_counter *counters[2] = {create(1, 0, 0), create(2, least_limit(2), 0)};
	pmill_totals totals[2];
	for (int t = 0; t < 2; t++) {
		struct feeder feeders[FEEDERS];
		pthread_t threads[FEEDERS];
		pmill_counts *counts = NULL;
		for (unsigned i = 0; i < FEEDERS; i++) {
			feeders[i] = (struct feeder){counters[t], text, i, PMILL_OK};
			assert_int_equal(pthread_create(&threads[i], NULL, feed, &feeders[i]), 0);
		}
		for (unsigned i = 0; i < FEEDERS; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(feeders[i].status, PMILL_OK);
		}
		assert_int_equal(pmill_counter_take(counters[t], &counts, NULL), PMILL_OK);
		add_file(counters[t]);
		assert_int_equal(pmill_counter_add_counts(counters[t], counts, NULL), PMILL_OK);
		pmill_counts_free(counts);
		save(counters[t], t == 0 ? expected_path : actual_path, &totals[t]);
		pmill_counter_free(counters[t]);
	}
	assert_same_files(expected_path, actual_path);
	assert_memory_equal(&totals[0], &totals[1], sizeof totals[0]);
	free(text);
}

static int stop(void *context, const pmill_progress *progress)
{
	const char *stage = context;
	return strcmp(progress->stage, stage) == 0;
}

static void cancel_in_every_stage(void **state)
{
	(void)state;
	set_paths("counts");
	static const char *const stages[] = {"merge runs", "write"};
	for (size_t i = 0; i < 2; i++) {
		pmill_run_options run = run_options(1, least_limit(1));
		run.progress = stop;
		run.progress_context = (void *)(uintptr_t)stages[i];
		pmill_counter *counter = NULL;
		assert_int_equal(try_to_create(&run, 0, &counter, NULL), PMILL_OK);
		add_file(counter);
		unlink(actual_path);
		assert_int_equal(pmill_counter_save(counter, actual_path, 0, NULL, NULL), PMILL_CANCELLED);
		assert_false(pmill_path_exists(actual_path));
		pmill_counter_free(counter);
	}
}

/* A limit on file sizes simulates a full disk. */
static void full_disk(void **state)
{
	(void)state;
	struct rlimit before, small;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	pmill_counter *counter = create(2, least_limit(2), 0);
	const char *path = text_path;
	pmill_error error;
	small = (struct rlimit){.rlim_cur = 5000, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	pmill_status status = pmill_counter_add_files(counter, &path, 1, NULL, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, handler);
	assert_int_equal(status, PMILL_IO);
	assert_non_null(strstr(error.message, folder.path));
	assert_non_null(strstr(error.message, "cannot write"));
	pmill_counter_free(counter);
}

static void refuses_bad_limits_and_folders(void **state)
{
	(void)state;
	pmill_run_options run = run_options(1, 1 << 30);
	pmill_counter *counter = NULL;
	pmill_error error;
	run.tmp_dir = "/nowhere/at/all";
	assert_int_equal(try_to_create(&run, 0, &counter, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "/nowhere/at/all"));
	for (unsigned threads = 1; threads <= 64; threads *= 4) {
		uint64_t least = least_limit(threads);
		run = run_options(threads, least - 1);
		assert_int_equal(try_to_create(&run, 0, &counter, &error), PMILL_BAD_OPTION);
		pmill_counter_free(create(threads, least, 0));
		pmill_counter_free(create(threads, UINT64_MAX, 0));
	}
}

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	char *text = make_text();
	scratch_write(&folder, "text.txt", text, TEXT_LEN);
	snprintf(text_path, sizeof text_path, "%s/text.txt", folder.path);
	free(text);
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
	print_message("seed %llu\n", (unsigned long long)seed);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_counts),
		cmocka_unit_test(trains_from_runs),
		cmocka_unit_test(keeps_counts_after_a_refusal),
		cmocka_unit_test(mixed_input),
		cmocka_unit_test(cancel_in_every_stage),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(refuses_bad_limits_and_folders),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
