/* The k-th allocation of a whole training fails, for every k: always a status, never a leak. */
/* SPDX-License-Identifier: MIT */
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
#include <pthread.h>

#include "support/text_encoder.h"

/* ---- The library's allocations, wrapped by the linker ---- */

enum { LIVE_LIMIT = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const void *live[LIVE_LIMIT]; /* hashed by address; deleted_mark marks a freed place */
static const char deleted_mark;
static size_t live_count;
static long countdown = -1; /* allocations before one fails; negative: none fails */
static long asked;

static size_t home_of(const void *memory)
{
	return (size_t)(((uintptr_t)memory >> 4) * 0x9E3779B97F4A7C15u >> 40) % LIVE_LIMIT;
}

static void remember(const void *memory)
{
	size_t at = home_of(memory);
	while (live[at] != NULL && live[at] != &deleted_mark)
		at = (at + 1) % LIVE_LIMIT;
	live[at] = memory;
	live_count++;
}

static void forget(const void *memory)
{
	for (size_t at = home_of(memory); live[at] != NULL; at = (at + 1) % LIVE_LIMIT)
		if (live[at] == memory) {
			live[at] = &deleted_mark;
			live_count--;
			return;
		}
}

static int is_refused(void)
{
	pthread_mutex_lock(&lock);
	asked++;
	int refused = countdown == 0;
	if (countdown >= 0)
		countdown--;
	pthread_mutex_unlock(&lock);
	return refused;
}

static void *note(void *memory)
{
	pthread_mutex_lock(&lock);
	if (memory != NULL)
		remember(memory);
	pthread_mutex_unlock(&lock);
	return memory;
}

static void unnote(const void *memory)
{
	pthread_mutex_lock(&lock);
	if (memory != NULL)
		forget(memory);
	pthread_mutex_unlock(&lock);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__real_mmap(
	void *address, size_t len, int protection, int flags, int descriptor, off_t offset);
int __real_munmap(void *address, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);
void *__wrap_mmap(
	void *address, size_t len, int protection, int flags, int descriptor, off_t offset);
int __wrap_munmap(void *address, size_t len);

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (is_refused())
		return NULL;
	unnote(memory);
	return note(__real_realloc(memory, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return is_refused() ? NULL : note(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
	unnote(memory);
	__real_free(memory);
}

void *__wrap_mmap(
	void *address, size_t len, int protection, int flags, int descriptor, off_t offset)
{
	if (is_refused())
		return MAP_FAILED;
	void *memory = __real_mmap(address, len, protection, flags, descriptor, offset);
	return memory == MAP_FAILED ? memory : note(memory);
}

int __wrap_munmap(void *address, size_t len)
{
	unnote(address);
	return __real_munmap(address, len);
}

/* ---- The work: make, use and free each kind of object ---- */

static const char text[] =
	"the cat sat on the mat; the hat of the cat isn't that of the rat\n"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa antidisestablishmentarianism<|end|>\xff\xc3 1234567 \n\n  x";

struct work {
	const char *pattern;
	unsigned threads;
	const char *text_path;
	const char *counts_path;
	const char *folder;
};

static pmill_status check_model(pmill_tokenizer *tokenizer)
{
	struct text_encoder encoder;
	const pmill_policy_options options = special_tokens("all");
	const uint32_t *ids;
	size_t id_count, len;
	pmill_status status = text_encoder_init(&encoder, tokenizer, &options, NULL, NULL);
	if (status == PMILL_OK)
		status = text_encoder_encode(&encoder, text, sizeof text - 1, &ids, &id_count, NULL);
	void *back = NULL;
	if (status == PMILL_OK)
		status = pmill_tokenizer_decode(tokenizer, ids, id_count, NULL, &back, &len, NULL);
	if (status == PMILL_OK) {
		assert_int_equal(len, sizeof text - 1);
		assert_memory_equal(back, text, len);
	}
	pmill_memory_free(back);
	text_encoder_release(&encoder);
	return status;
}

static pmill_status save_and_load(pmill_tokenizer *tokenizer, const char *format)
{
	void *data = NULL;
	size_t len;
	pmill_tokenizer *loaded = NULL;
	pmill_bytes special = {"<|end|>", 7};
	pmill_load_options options = {.size = sizeof options, .format = format};
	if (strcmp(format, "tiktoken") == 0) {
		options.special_tokens = &special;
		options.special_token_count = 1;
		options.pattern = pmill_tokenizer_pattern(tokenizer);
	}
	pmill_status status = pmill_tokenizer_save_memory(tokenizer, format, &data, &len, NULL);
	if (status == PMILL_OK)
		status = pmill_tokenizer_load_memory(data, len, &options, &loaded, NULL);
	if (status == PMILL_OK)
		status = check_model(loaded);
	pmill_memory_free(data);
	pmill_tokenizer_free(loaded);
	return status;
}

static pmill_status train_from_counts(const pmill_counts *counts, const pmill_run_options *run)
{
	pmill_train_options options = {.size = sizeof options, .vocab_size = 270, .reserve = 2};
	pmill_tokenizer *tokenizer = NULL;
	pmill_status status = pmill_tokenizer_train_from_counts(
		counts, &options, run, &tokenizer, NULL);
	if (status == PMILL_OK)
		status = check_model(tokenizer);
	pmill_tokenizer_free(tokenizer);
	return status;
}

static pmill_status use_counts(
	pmill_counter *counter, const struct work *work, const pmill_run_options *run)
{
	pmill_counts *counts = NULL, *loaded = NULL;
	pmill_status status = pmill_counter_take(counter, &counts, NULL);
	if (status == PMILL_OK)
		status = pmill_counts_save(counts, work->counts_path, PMILL_OVERWRITE, NULL);
	if (status == PMILL_OK)
		status = pmill_counts_load(work->counts_path, NULL, NULL, NULL, &loaded, NULL);
	if (status == PMILL_OK)
		status = train_from_counts(loaded, run);
	if (status == PMILL_OK)
		status = pmill_counter_add_counts(counter, loaded, NULL);
	if (status == PMILL_OK)
		status = pmill_counter_add_counts(counter, counts, NULL);
	if (status == PMILL_OK)
		status = pmill_counter_move_counts(counter, &counts, NULL);
	pmill_counts_free(counts);
	pmill_counts_free(loaded);
	return status;
}

static pmill_status train(const struct work *work)
{
	pmill_bytes special = {"<|end|>", 7};
	pmill_text_options text_options = {.size = sizeof text_options,
		.pattern = work->pattern,
		.special_tokens = &special,
		.special_token_count = 1};
	pmill_run_options run = {.size = sizeof run, .threads = work->threads, .chunk_size = 64};
	pmill_train_options options = {.size = sizeof options, .vocab_size = 300};
	pmill_counter *counter = NULL;
	pmill_tokenizer *tokenizer = NULL;
	pmill_status status = pmill_counter_create(&text_options, &run, &counter, NULL);
	if (status == PMILL_OK)
		status = pmill_counter_add_text(counter, text, sizeof text - 1, NULL);
	if (status == PMILL_OK)
		status = pmill_counter_add_files(counter, &work->text_path, 1, NULL, NULL);
	if (status == PMILL_OK)
		status = use_counts(counter, work, &run);
	if (status == PMILL_OK)
		status = pmill_tokenizer_train(counter, &options, &tokenizer, NULL);
	if (status == PMILL_OK)
		status = check_model(tokenizer);
	if (status == PMILL_OK)
		status = save_and_load(tokenizer, "tokenizer.json");
	if (status == PMILL_OK)
		status = save_and_load(tokenizer, "tiktoken");
	if (status == PMILL_OK)
		status = pmill_tokenizer_save(tokenizer, work->folder, "folder", PMILL_OVERWRITE, NULL);
	pmill_tokenizer_free(tokenizer);
	pmill_counter_free(counter);
	return status;
}

/* Fails each allocation in turn, until none is left to fail. */
static void walk(const struct work *work)
{
	long k = 0;
	pmill_status status = PMILL_NO_MEMORY;
	for (; status != PMILL_OK; k++) {
		size_t live_before = live_count;
		if (live_count == 0)
			memset(live, 0, sizeof live);
		countdown = k;
		status = train(work);
		/* The work may succeed without some allocations (a hint, a cache). */
		long left = countdown;
		countdown = -1;
		if (live_count != live_before)
			fail_msg("allocation %ld fails: %zu leaked", k, live_count - live_before);
		if (status != PMILL_OK && status != PMILL_NO_MEMORY)
			fail_msg("allocation %ld fails: %s", k, pmill_status_text(status));
		if (status == PMILL_OK && left < 0)
			status = PMILL_NO_MEMORY;
		assert_true(k < 100000);
	}
	print_message("%ld allocations, each failed once\n", k - 1);
	assert_true(k > 100);
}

static char scratch[64];
static char text_path[100], counts_path[100], folder[100];

static int make_files(void **state)
{
	(void)state;
	/* In memory if possible, because every walk flushes the files. */
	strcpy(scratch, "/dev/shm/pairmill-test-XXXXXX");
	if (mkdtemp(scratch) == NULL) {
		strcpy(scratch, "/tmp/pairmill-test-XXXXXX");
		if (mkdtemp(scratch) == NULL)
			return -1;
	}
	snprintf(text_path, sizeof text_path, "%s/text.txt", scratch);
	snprintf(counts_path, sizeof counts_path, "%s/words.counts", scratch);
	snprintf(folder, sizeof folder, "%s/model", scratch);
	FILE *file = fopen(text_path, "wb");
	if (file == NULL)
		return -1;
	for (int i = 0; i < 3; i++)
		fwrite(text, 1, sizeof text - 1, file);
	return fclose(file);
}

static int remove_files(void **state)
{
	(void)state;
	char command[200];
	snprintf(command, sizeof command, "rm -rf %s", scratch);
	return system(command);
}

static void known_pattern(void **state)
{
	(void)state;
	walk(&(struct work){"gpt2", 1, text_path, counts_path, folder});
}

static void two_threads(void **state)
{
	(void)state;
	walk(&(struct work){"cl100k", 2, text_path, counts_path, folder});
}

static void own_expression(void **state)
{
	(void)state;
	walk(&(struct work){"[a-z]+|\\s+", 1, text_path, counts_path, folder});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_pattern),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(own_expression),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
