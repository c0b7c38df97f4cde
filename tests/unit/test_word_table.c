/* The word table against naive counting: lengths, threads, growth, overflow, out of memory. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pretokenize/pretoken_keys.h"
#include "support/naive_words.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "words/word_slots.h"
#include "words/word_table.h"

enum { MOST_TABLES = 5 };

void *__real_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset)
{
	return is_refused() ? MAP_FAILED : __real_mmap(at, len, protection, flags, file, offset);
}

static struct pmill_word_table *make_table(uint64_t seed)
{
	struct pmill_word_table *table = NULL;
	assert_int_equal(pmill_word_table_create(seed, &table, NULL), PMILL_OK);
	return table;
}

/* Selects one of the key makers that this processor can run. */
static void set_key_maker(struct pmill_word_table *table, uint64_t choice)
{
	const struct pmill_key_maker *makers[8];
	size_t count = 0;
	for (size_t i = 0; pmill_key_maker_at(i) != NULL; i++)
		if (pmill_key_maker_at(i)->is_available())
			makers[count++] = pmill_key_maker_at(i);
	table->key_maker = makers[choice % count];
}

static void free_tables(struct pmill_word_table **tables, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pmill_word_table_free(tables[i]);
}

/* Text of random words that ends at an inaccessible page: a read past its end faults. */
struct guarded_text {
	uint8_t *pages;
	size_t pages_len;
	uint8_t *text;
	size_t len;
	size_t *ends;
	size_t count;
};

static void make_text(struct guarded_text *made, uint64_t *random, size_t count, size_t longest)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = count * longest;
	made->pages_len = (room / page + 2) * page;
	made->pages = mmap(
		NULL, made->pages_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(made->pages != MAP_FAILED);
	made->ends = malloc((count + 1) * sizeof *made->ends);
	assert_non_null(made->ends);
	made->len = 0;
	made->count = count;
	for (size_t i = 0; i < count; i++) {
		made->len += naive_random_word(random, made->pages + made->len, longest);
		made->ends[i] = made->len;
	}
	uint8_t *limit = made->pages + made->pages_len - page;
	made->text = limit - made->len;
	memmove(made->text, made->pages, made->len);
	assert_int_equal(mprotect(limit, page, PROT_NONE), 0);
}

static void release_text(struct guarded_text *made)
{
	munmap(made->pages, made->pages_len);
	free(made->ends);
}

/* Adds the text's pretokens to the tables in batches, and other words one by one. */
static void count_text(const struct guarded_text *text, struct pmill_word_table **tables,
	size_t table_count, struct naive_words *naive, uint64_t *random)
{
	size_t begin = 0;
	for (size_t i = 0; i < text->count;) {
		struct pmill_word_table *table = tables[next_random(random) % table_count];
		size_t part = 1 + next_random(random) % 600;
		part = part < text->count - i ? part : text->count - i;
		assert_int_equal(pmill_word_table_add_pretokens(
							 table, text->text, text->len, begin, text->ends + i, part, NULL),
			PMILL_OK);
		for (size_t last = i + part; i < last; begin = text->ends[i++])
			naive_add(naive, text->text + begin, text->ends[i] - begin, 1);
		uint8_t word[40];
		size_t len = naive_random_word(random, word, sizeof word);
		int64_t count = 1 + (int64_t)(next_random(random) >> 8);
		assert_int_equal(pmill_word_table_add(table, word, len, count, NULL), PMILL_OK);
		naive_add(naive, word, len, count);
	}
}

static void check_round(uint64_t seed)
{
	uint64_t random = seed;
	struct pmill_word_table *tables[MOST_TABLES];
	size_t table_count = 1 + next_random(&random) % MOST_TABLES;
	for (size_t i = 0; i < table_count; i++) {
		tables[i] = make_table(seed);
		set_key_maker(tables[i], seed + i);
	}
	struct guarded_text text;
	struct naive_words naive = {0};
	struct pmill_word_list list = {0};
	size_t longest = 1 + next_random(&random) % (seed % 8 == 0 ? 600 : 40);
	make_text(&text, &random, next_random(&random) % 3000, longest);
	count_text(&text, tables, table_count, &naive, &random);
	naive_finish(&naive);
	unsigned threads = 1 + (unsigned)(next_random(&random) % 6);
	assert_int_equal(
		pmill_word_tables_take(tables, table_count, threads, &list, NULL, NULL), PMILL_OK);
	naive_check(&naive, &list);
	for (size_t i = 0; i < table_count; i++)
		assert_int_equal(pmill_word_table_count(tables[i]), 0);
	pmill_word_list_release(&list);
	naive_release(&naive);
	release_text(&text);
	free_tables(tables, table_count);
}

static void test_equals_naive(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		if (seed % 100 == 0)
			print_message("seeds up to %u\n", (unsigned)seed);
		check_round(seed);
	}
}

static void add_numbers(struct pmill_word_table **tables, size_t table_count, size_t words)
{
	char word[60];
	for (size_t i = 0; i < words; i++) {
		uint64_t number = i;
		int len = snprintf(
			word, sizeof word, "%llx", (unsigned long long)(next_random(&number) >> (i % 7 * 8)));
		if (i % 50 == 0)
			len = snprintf(
				word, sizeof word, "a long word that ends in %llx", (unsigned long long)number);
		for (size_t copy = 0; copy <= i % 3; copy++)
			assert_int_equal(pmill_word_table_add(tables[(i + copy) % table_count],
								 (const uint8_t *)word, (size_t)len, 1 + (int64_t)copy, NULL),
				PMILL_OK);
	}
}

/* Many words in several parts: the list must not depend on threads, tables or seed. */
static void test_threads_and_seeds(void **state)
{
	(void)state;
	enum { WORDS = 150000 };
	struct pmill_word_list first = {0};
	for (unsigned run = 0; run < 6; run++) {
		static const unsigned threads[] = {1, 1, 2, 3, 8, 2};
		static const size_t table_counts[] = {1, 3, 1, 2, 5, 4};
		struct pmill_word_table *tables[MOST_TABLES];
		struct pmill_word_list list = {0};
		for (size_t i = 0; i < table_counts[run]; i++)
			tables[i] = make_table(run);
		add_numbers(tables, table_counts[run], WORDS);
		assert_int_equal(
			pmill_word_tables_take(tables, table_counts[run], threads[run], &list, NULL, NULL),
			PMILL_OK);
		free_tables(tables, table_counts[run]);
		if (run == 0) {
			first = list;
			continue;
		}
		assert_int_equal(list.count, first.count);
		assert_memory_equal(list.bytes, first.bytes, first.offsets[first.count]);
		assert_memory_equal(list.offsets, first.offsets, (first.count + 1) * sizeof *list.offsets);
		assert_memory_equal(list.counts, first.counts, first.count * sizeof *list.counts);
		pmill_word_list_release(&list);
	}
	for (size_t i = 1; i < first.count; i++)
		assert_true(pmill_word_compare(
						pmill_word_list_word(&first, i - 1), pmill_word_list_word(&first, i)) < 0);
	assert_true(first.count > 100000);
	pmill_word_list_release(&first);
}

/* Hears every event, however soon it comes, and asks to stop at one of them. */
struct listener {
	struct pmill_progress_state progress;
	size_t events, stop_at; /* from 1; 0: never */
	uint64_t done;
	pthread_t thread;
};

static int hear(void *context, const pmill_progress *event)
{
	struct listener *listener = context;
	listener->progress.last_event_ns = 0;
	assert_true(pthread_equal(pthread_self(), listener->thread));
	assert_true(listener->events == 0 || listener->done <= event->done);
	assert_true(event->done <= event->total);
	listener->done = event->done;
	return ++listener->events == listener->stop_at;
}

/* Returns the number of events. */
static size_t take_and_stop(unsigned threads, size_t table_count, size_t stop_at)
{
	enum { WORDS = 100000 };
	struct pmill_word_table *tables[MOST_TABLES];
	struct pmill_word_list list = {0};
	struct listener listener = {.stop_at = stop_at, .thread = pthread_self()};
	listener.progress = (struct pmill_progress_state){.callback = hear, .context = &listener};
	for (size_t i = 0; i < table_count; i++)
		tables[i] = make_table(1);
	add_numbers(tables, table_count, WORDS);
	pmill_progress_stage(&listener.progress, "sort", "words", WORDS);
	pmill_status status = pmill_word_tables_take(
		tables, table_count, threads, &list, &listener.progress, NULL);
	assert_int_equal(status, stop_at == 0 ? PMILL_OK : PMILL_CANCELLED);
	assert_true((list.count > 0) == (stop_at == 0));
	if (stop_at == 0)
		assert_true(listener.done > WORDS * 9 / 10);
	for (size_t i = 0; i < table_count; i++)
		assert_int_equal(pmill_word_table_count(tables[i]), 0);
	pmill_word_list_release(&list);
	free_tables(tables, table_count);
	return listener.events;
}

static void test_progress(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		/* Of sorting, the calling thread may get no part. */
		assert_true(take_and_stop(threads, threads, 0) > 8);
		for (size_t at = 1; at <= 8; at++)
			take_and_stop(threads, threads, at);
	}
}

static void check_overflow(const char *word)
{
	size_t len = strlen(word), ends[1] = {len};
	const uint8_t *bytes = (const uint8_t *)word;
	pmill_error error;
	struct pmill_word_list list = {0};
	struct pmill_word_table *tables[2] = {make_table(7), make_table(7)};
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pmill_word_table_add(tables[i], bytes, len, INT64_MAX - 1, &error), PMILL_OK);
	assert_int_equal(
		pmill_word_table_add_pretokens(tables[0], bytes, len, 0, ends, 1, &error), PMILL_OK);
	assert_int_equal(pmill_word_tables_take(tables, 2, 2, &list, NULL, &error), PMILL_OVERFLOW);
	assert_int_equal(error.status, PMILL_OVERFLOW);
	assert_int_equal(pmill_word_table_add(tables[0], bytes, len, INT64_MAX, &error), PMILL_OK);
	assert_int_equal(pmill_word_table_add(tables[0], bytes, len, 1, &error), PMILL_OVERFLOW);
	pmill_word_table_clear(tables[0]);
	assert_int_equal(pmill_word_table_add(tables[0], bytes, len, INT64_MAX, &error), PMILL_OK);
	assert_int_equal(
		pmill_word_table_add_pretokens(tables[0], bytes, len, 0, ends, 1, &error), PMILL_OVERFLOW);
	free_tables(tables, 2);
}

static void test_overflow(void **state)
{
	(void)state;
	check_overflow("short");
	check_overflow("longer than fifteen bytes");
}

static void test_empty(void **state)
{
	(void)state;
	struct pmill_word_list list = {0};
	struct pmill_word_table *table = make_table(0);
	assert_int_equal(pmill_word_table_add_pretokens(table, NULL, 0, 0, NULL, 0, NULL), PMILL_OK);
	assert_int_equal(pmill_word_tables_take(&table, 1, 4, &list, NULL, NULL), PMILL_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(pmill_word_tables_take(&table, 0, 4, &list, NULL, NULL), PMILL_OK);
	assert_true(pmill_word_table_memory(table) > 0);
	pmill_word_table_free(table);
	pmill_word_table_free(NULL);
}

/* Creates a table, fills it beyond its first growth and first huge page, and takes the words. */
static pmill_status fill_and_take(struct pmill_word_list *list)
{
	struct pmill_word_table *table = NULL;
	pmill_status status = pmill_word_table_create(1, &table, NULL);
	char word[40];
	for (int i = 0; i < 60000 && status == PMILL_OK; i++) {
		int len = snprintf(word, sizeof word, i % 100 == 0 ? "a word of some length %d" : "%d", i);
		status = pmill_word_table_add(table, (const uint8_t *)word, (size_t)len, 1, NULL);
	}
	if (status == PMILL_OK)
		status = pmill_word_tables_take(&table, 1, 1, list, NULL, NULL);
	pmill_word_table_free(table);
	return status;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	for (long k = 0;; k++) {
		struct pmill_word_list list = {0};
		allocations_left = k;
		pmill_status status = fill_and_take(&list);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(list.count, 60000);
			pmill_word_list_release(&list);
			assert_true(k > 10);
			return;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_null(list.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals_naive),
		cmocka_unit_test(test_threads_and_seeds),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
