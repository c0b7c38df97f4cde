/* The counter through the public interface: options, threads, what goes in and what comes out. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>

#include <cmocka.h>

#include "counter/counter.h"
#include "counter/worker.h"
#include "counts/block_codec.h"
#include "pretokenize/scanner_table.h"
#include "words/word_slots.h"
#include "support/same_counts.h"
#include "support/sample_text.h"
#include "support/scratch_folder.h"

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

/* A scanner's name limits the keys, too. */
static void counts_by_any_scanner(void **state)
{
	(void)state;
	pmill_run_options run = {.size = sizeof run, .threads = 1};
	pmill_counts *first = NULL;
	for (size_t i = 0; (run.scanner = pmill_scanner_name(i)) != NULL; i++) {
		pmill_text_options text = sample_options();
		if (strcmp(run.scanner, "regex") != 0 && pmill_scanner_find(run.scanner) == NULL)
			continue;
		pmill_counter *counter = sample_counter(&text, &run);
		assert_int_equal(pmill_counter_add_text(counter, "one two one", 11, NULL), PMILL_OK);
		assert_int_equal(counter->worker_count, 1);
		assert_ptr_equal(
			counter->workers[0]->table->key_maker, pmill_scanner_key_maker(run.scanner));
		pmill_counts *counts = sample_take(counter);
		if (first == NULL)
			first = counts;
		assert_same_counts(counts, first);
		if (counts != first)
			pmill_counts_free(counts);
		pmill_counter_free(counter);
	}
	pmill_counts_free(first);
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

/* ---- Expressions that fail to match ---- */

#if PMILL_HAVE_PCRE2

#define TOO_FAR "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"
#define FORTY "b b b b b b b b b b b b b b b b b b b b "
#define TOO_FAR_SAYS "the pattern cannot be matched from here: match limit exceeded"

static pmill_counter *failing_counter(void)
{
	pmill_text_options text = sample_options();
	text.pattern = "(?:(a+)+$)|[b \\n]";
	pmill_run_options run = {.size = sizeof run, .threads = 1, .chunk_size = 64};
	return sample_counter(&text, &run);
}

static void check_failure(const pmill_error *error, const char *name, uint64_t offset)
{
	char beginning[600];
	snprintf(beginning, sizeof beginning, "%s: byte %llu: " TOO_FAR_SAYS, name,
		(unsigned long long)offset);
	if (strncmp(error->message, beginning, strlen(beginning)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", error->message, beginning);
	assert_int_equal(error->offset, offset);
}

/* The byte in the message is that in the text or file; in JSON, where the chunk begins. */
static void matches_that_fail(void **state)
{
	(void)state;
	static const struct {
		const char *name, *format, *content;
		uint64_t offset;
	} rows[] = {
		{"start.txt", NULL, TOO_FAR, 0},
		{"middle.txt", NULL, "b b\n" TOO_FAR, 4},
		{"after.txt", NULL, "b<|end|>b<|end|>bb" TOO_FAR, 18},
		{"later.txt", NULL, FORTY FORTY FORTY TOO_FAR, 120},
		{"lines.txt", "lines", "b\n" TOO_FAR "\n", 2},
		{"first.jsonl", NULL, "{\"text\": \"b" TOO_FAR "\"}\n", 0},
		{"second.jsonl", NULL,
			"{\"text\": \"b\", \"rest\": \"0123456789012345678901234567890123456789\"}\n"
			"{\"text\": \"b" TOO_FAR "\"}\n",
			66},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pmill_counter *counter = failing_counter();
		const pmill_input_options input = {.size = sizeof input, .format = rows[i].format};
		pmill_error error = {0};
		const char *path = scratch_write(
			&folder, rows[i].name, rows[i].content, strlen(rows[i].content));
		assert_int_equal(
			pmill_counter_add_files(counter, &path, 1, &input, &error), PMILL_BAD_INPUT);
		check_failure(&error, path, rows[i].offset);
		assert_int_equal(pmill_counter_add_files(counter, &path, 1, &input, NULL), PMILL_BAD_INPUT);
		pmill_counter_free(counter);
	}
}

#endif

int main(void)
{
	print_message("seed %llu\n", (unsigned long long)sample_state);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_from_several_threads),
		cmocka_unit_test(stops_while_waiting),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(counts_by_any_scanner),
		cmocka_unit_test(counts_must_belong),
		cmocka_unit_test(words_out_of_range),
		cmocka_unit_test(reusable),
		cmocka_unit_test(same_words_by_every_way),
#if PMILL_HAVE_PCRE2
		cmocka_unit_test(matches_that_fail),
#endif
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
