/* Count files: round trips, and every kind of damage. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "counts/count_file_format.h"
#include "pretokenize/pattern.h"
#include "support/compressed.h"
#include "support/count_files.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;

/* Valid until the next call. */
static const char *save(const pmill_counts *counts)
{
	const char *path = scratch_path(&folder, "a.counts");
	pmill_error error = {0};
	if (pmill_counts_save(counts, path, PMILL_OVERWRITE, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	return path;
}

static void check_round_trip(const pmill_counts *counts)
{
	pmill_counts *loaded = NULL;
	pmill_counts_head *head = NULL;
	pmill_error error = {0};
	const char *path = save(counts);
	if (pmill_counts_load(path, NULL, NULL, NULL, &loaded, &error) != PMILL_OK)
		fail_msg("%s", error.message);
	assert_true(are_equal_counts(counts, loaded));
	for (int check = 0; check <= 1; check++) {
		pmill_counts_info info = {.size = sizeof info};
		assert_int_equal(pmill_counts_head_load(path, check, &head, &error), PMILL_OK);
		assert_int_equal(pmill_counts_head_get_info(head, &info), PMILL_OK);
		assert_true(are_equal_totals(&counts->head.totals, &info.totals));
		assert_int_equal(pmill_counts_identity_compare(
							 &counts->head.identity, "counts", &head->identity, "head", &error),
			PMILL_OK);
		pmill_counts_head_free(head);
	}
	pmill_counts_free(loaded);
}

static void test_round_trips(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t random = seed;
		pmill_counts *counts = make_random_counts(
			&random, next_random(&random) % 200, 1 + seed % 50, NULL);
		check_round_trip(counts);
		pmill_counts_free(counts);
	}
}

/* Many blocks, and words around the size of the largest block. */
static void test_blocks(void **state)
{
	(void)state;
	pmill_counts *counts = make_counts();
	char word[40];
	for (int i = 100000; i < 200000; i++)
		append_word(counts, word, (size_t)snprintf(word, sizeof word, "a%d", i), i);
	static const size_t around = PMILL_COUNT_FILE_MAX_BLOCK;
	uint8_t *long_word = malloc(3 * around);
	assert_non_null(long_word);
	memset(long_word, 'x', 3 * around);
	const size_t lens[] = {PMILL_COUNT_FILE_BLOCK - 1, PMILL_COUNT_FILE_BLOCK, around - 40,
		around - 30, around - 6, around - 5, around, 3 * around};
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
		append_word(counts, long_word, lens[i], 1);
	append_word(counts, "y", 1, INT64_MAX);
	check_round_trip(counts);
	pmill_counts_free(counts);
	free(long_word);
}

static void test_no_words(void **state)
{
	(void)state;
	const struct pmill_counts_identity identity = {"none", "16.0", NULL, 0};
	pmill_counts *counts = NULL;
	assert_int_equal(pmill_counts_create(&identity, &counts, NULL), PMILL_OK);
	check_round_trip(counts);
	pmill_counts_free(counts);
}

/* Loads bytes. Checks that a failure is bad input, and that its message names the file and byte. */
static pmill_status load_bytes(const void *data, size_t len, pmill_counts **counts)
{
	const char *path = scratch_write(&folder, "b.counts", data, len);
	pmill_error error = {0};
	pmill_status status = pmill_counts_load(path, NULL, NULL, NULL, counts, &error);
	if (status == PMILL_OK)
		return status;
	char beginning[800];
	snprintf(
		beginning, sizeof beginning, "%s: byte %llu: ", path, (unsigned long long)error.offset);
	assert_int_equal(status, PMILL_BAD_INPUT);
	assert_true(error.offset <= len);
	assert_memory_equal(error.message, beginning, strlen(beginning));
	return status;
}

static struct pmill_buffer small_file(void)
{
	pmill_counts *counts = make_counts();
	append_word(counts, "a", 1, 300);
	append_word(counts, "abacus", 6, 1);
	append_word(counts, "abacuses and abacuses and abacuses", 34, INT64_MAX);
	append_word(counts, "b", 1, 7);
	struct pmill_buffer bytes = read_bytes(save(counts));
	pmill_counts_free(counts);
	return bytes;
}

static void test_every_bit(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file();
	pmill_counts *counts = NULL;
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_null(counts);
	assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_OK);
	pmill_counts_free(counts);
	pmill_buffer_release(&bytes);
}

static void test_every_length(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file();
	pmill_counts *counts = NULL;
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(load_bytes(bytes.data, len, &counts), PMILL_BAD_INPUT);
	size_t len = bytes.len;
	for (int more = 0; more < 3; more++) {
		assert_true(pmill_buffer_append(&bytes, &"\0PB"[more], 1));
		assert_int_equal(load_bytes(bytes.data, len + 1, &counts), PMILL_BAD_INPUT);
		bytes.len = len;
	}
	/* The whole file twice: compressed files may be concatenated, count files may not. */
	assert_true(pmill_buffer_reserve(&bytes, len));
	memcpy(bytes.data + len, bytes.data, len);
	assert_int_equal(load_bytes(bytes.data, 2 * len, &counts), PMILL_BAD_INPUT);
	pmill_buffer_release(&bytes);
}

/* ---- Malicious files with valid checksums ---- */

/* The offset of the first block of a file. */
static size_t header_len(const struct pmill_buffer *bytes)
{
	return PMILL_COUNT_FILE_FIXED_LEN + pmill_get32(bytes->data + 12) + 8;
}

/* Corrects the checksums of a file with at most one block. */
static void sign(struct pmill_buffer *bytes)
{
	size_t at = header_len(bytes);
	uint64_t chain = pmill_hash64(bytes->data, at - 8, 0);
	pmill_put64(bytes->data + at - 8, chain);
	uint8_t *end = bytes->data + bytes->len - PMILL_COUNT_FILE_END_LEN;
	if (bytes->data + at < end) {
		uint8_t *head = bytes->data + at;
		size_t payload = (size_t)(end - head) - PMILL_COUNT_FILE_HEAD_LEN;
		pmill_put64(head + 24, pmill_hash64(head + PMILL_COUNT_FILE_HEAD_LEN, payload, 0));
		uint64_t check = pmill_hash64(head, 32, 0);
		pmill_put64(head + 32, check);
		chain = pmill_count_file_chain(chain, check);
	}
	pmill_put64(end + 56, chain);
	pmill_put64(end + 64, pmill_hash64(end, 64, 0));
}

/* A file with one block of these bytes, stored uncompressed. */
static struct pmill_buffer file_of_block(
	const void *raw, size_t len, uint32_t words, uint64_t pretokens)
{
	pmill_counts *none = make_counts();
	struct pmill_buffer bytes = read_bytes(save(none));
	pmill_counts_free(none);
	uint8_t head[PMILL_COUNT_FILE_HEAD_LEN] = PMILL_COUNT_FILE_BLOCK_TAG;
	uint8_t end[PMILL_COUNT_FILE_END_LEN] = PMILL_COUNT_FILE_END_TAG;
	pmill_put32(head + 4, words);
	pmill_put64(head + 8, len);
	pmill_put64(head + 16, len);
	pmill_put64(end + 8, 1);
	pmill_put64(end + 16, words);
	pmill_put64(end + 24, pretokens);
	bytes.len -= sizeof end;
	assert_true(pmill_buffer_append(&bytes, head, sizeof head) &&
		pmill_buffer_append(&bytes, raw, len) && pmill_buffer_append(&bytes, end, sizeof end));
	sign(&bytes);
	return bytes;
}

static pmill_status load_block(const char *raw, size_t len, uint32_t words, uint64_t pretokens)
{
	pmill_counts *counts = NULL;
	struct pmill_buffer bytes = file_of_block(raw, len, words, pretokens);
	pmill_status status = load_bytes(bytes.data, bytes.len, &counts);
	pmill_counts_free(counts);
	pmill_buffer_release(&bytes);
	return status;
}

static void test_bad_words(void **state)
{
	(void)state;
	static const struct {
		const char *raw;
		size_t len;
		uint32_t words;
		uint64_t pretokens;
		pmill_status status;
		const char *what;
	} rows[] = {
		{"\0\1a\5\1\1b\2", 8, 2, 7, PMILL_OK, "a×5, ab×2"},
		{"\0\1a\5\1\1b\2", 8, 2, 6, PMILL_BAD_INPUT, "a wrong sum"},
		{"\0\1a\5\1\1b\2", 8, 1, 5, PMILL_BAD_INPUT, "a word too many"},
		{"\0\1a\5\1\1b\2", 8, 3, 7, PMILL_BAD_INPUT, "a word too few"},
		{"\0\1a\5\0\1a\2", 8, 2, 7, PMILL_BAD_INPUT, "the same word twice"},
		{"\0\1b\5\0\1a\2", 8, 2, 7, PMILL_BAD_INPUT, "not sorted"},
		{"\0\1a\5\0\2ab\2", 9, 2, 7, PMILL_BAD_INPUT, "a shared prefix that is too short"},
		{"\1\1a\5", 4, 1, 5, PMILL_BAD_INPUT, "a shared prefix in the first word"},
		{"\0\1a\5\2\1b\2", 8, 2, 7, PMILL_BAD_INPUT, "a shared prefix that is too long"},
		{"\0\0\5", 3, 1, 5, PMILL_BAD_INPUT, "an empty word"},
		{"\0\1a\0", 4, 1, 0, PMILL_BAD_INPUT, "a count of 0"},
		{"\0\1a\205\0", 5, 1, 5, PMILL_BAD_INPUT, "a number with unneeded bytes"},
		{"\0\1a\200", 4, 1, 5, PMILL_BAD_INPUT, "a number without an end"},
		{"\0\2a\5", 4, 1, 5, PMILL_BAD_INPUT, "a word past the end of the block"},
		{"\0\377\377\377\377\377\377\377\377\177a\5", 12, 1, 5, PMILL_BAD_INPUT, "a long word"},
		{"\0\1a\377\377\377\377\377\377\377\377\177", 12, 1, INT64_MAX, PMILL_OK, "2^63 - 1"},
		{"\0\1a\377\377\377\377\377\377\377\377\377\1", 13, 1, UINT64_MAX, PMILL_BAD_INPUT,
			"2^64 - 1"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (load_block(rows[i].raw, rows[i].len, rows[i].words, rows[i].pretokens) !=
			rows[i].status)
			fail_msg("%s", rows[i].what);
}

/* False lengths must not be trusted: the large ones would allocate 4 GiB and more. */
static void test_false_lengths(void **state)
{
	(void)state;
	static const uint64_t claims[][3] = {/* words, length, stored */
		{1, (uint64_t)1 << 40, (uint64_t)1 << 40}, {1, (uint64_t)1 << 32, 4},
		{5, (uint64_t)1 << 32, (uint64_t)1 << 32}, {1, 4, 5}, {0, 4, 4}, {1, 4, 0}, {1, 0, 0},
		{1, UINT64_MAX, UINT64_MAX}, {1, (uint64_t)1 << 20, 4}, {1, 5, 4}};
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		struct pmill_buffer bytes = file_of_block("\0\1a\5", 4, 1, 5);
		pmill_counts *counts = NULL;
		uint8_t *head = bytes.data + header_len(&bytes);
		pmill_put32(head + 4, (uint32_t)claims[i][0]);
		pmill_put64(head + 8, claims[i][1]);
		pmill_put64(head + 16, claims[i][2]);
		sign(&bytes);
		assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
		pmill_put32(bytes.data + 12, (uint32_t)1 << 28);
		assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
		pmill_put32(bytes.data + 12, UINT32_MAX);
		assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
		pmill_buffer_release(&bytes);
	}
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true(usage.ru_maxrss < 1000 * 1024);
}

/* A known name with a different expression, and a wrong number of special tokens. */
static void test_header(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file();
	pmill_counts *counts = NULL;
	size_t digest = PMILL_COUNT_FILE_FIXED_LEN + 4 + strlen("o200k");
	size_t tokens = digest + 32 + 4 + strlen("15.1");
	bytes.data[digest] ^= 1;
	sign(&bytes);
	assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
	bytes.data[digest] ^= 1;
	static const uint32_t wrong[] = {0, 1, 3, UINT32_MAX};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		pmill_put32(bytes.data + tokens, wrong[i]);
		sign(&bytes);
		assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
	}
	pmill_put32(bytes.data + tokens, 2);
	bytes.data[PMILL_COUNT_FILE_FIXED_LEN + 5] = 0;
	sign(&bytes);
	assert_int_equal(load_bytes(bytes.data, bytes.len, &counts), PMILL_BAD_INPUT);
	pmill_buffer_release(&bytes);
}

static void test_expression(void **state)
{
	(void)state;
	const struct pmill_counts_identity identity = {"[a-z]+|.", "16.0", NULL, 0};
	pmill_counts *counts = NULL;
	assert_int_equal(pmill_counts_create(&identity, &counts, NULL), PMILL_OK);
	append_word(counts, "z", 1, 1);
	check_round_trip(counts);
	pmill_counts_free(counts);
}

/* ---- Expected options ---- */

static void load_running(pmill_text_options expected, const pmill_run_options *run,
	pmill_status wanted, const char *message)
{
	pmill_counts *counts = NULL;
	pmill_error error = {0};
	expected.size = sizeof expected;
	pmill_status status = pmill_counts_load(
		scratch_path(&folder, "a.counts"), NULL, &expected, run, &counts, &error);
	assert_int_equal(status, wanted);
	if (message != NULL && strstr(error.message, message) == NULL)
		fail_msg("%s", error.message);
	pmill_counts_free(counts);
}

static void load_expecting(pmill_text_options expected, pmill_status wanted, const char *says)
{
	load_running(expected, NULL, wanted, says);
}

static void test_expected(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file();
	pmill_buffer_release(&bytes);
	const pmill_bytes swapped[] = {sample_tokens[1], sample_tokens[0]};
	load_expecting((pmill_text_options){0}, PMILL_OK, NULL);
	load_expecting((pmill_text_options){.pattern = "o200k",
					   .unicode_version = "15.1",
					   .special_tokens = sample_tokens,
					   .special_token_count = 2},
		PMILL_OK, NULL);
	load_expecting((pmill_text_options){.special_tokens = sample_tokens,
					   .special_token_count = 1,
					   .doc_separator = sample_tokens[1]},
		PMILL_OK, NULL);
	load_expecting((pmill_text_options){.special_tokens = sample_tokens,
					   .special_token_count = 2,
					   .doc_separator = sample_tokens[0]},
		PMILL_OK, NULL);
	load_expecting((pmill_text_options){.pattern = " O200K "}, PMILL_OK, NULL);
	load_expecting(
		(pmill_text_options){.pattern = "o200"}, PMILL_BAD_OPTION, "did you mean \"o200k\"?");
	load_expecting((pmill_text_options){.pattern = "gpt2"}, PMILL_BAD_OPTION,
		"/a.counts, gpt2 in the options");
	load_expecting((pmill_text_options){.unicode_version = "16.0"}, PMILL_BAD_OPTION,
		"/a.counts, 16.0 in the options");
	load_expecting((pmill_text_options){.unicode_version = "1.1"}, PMILL_BAD_OPTION, "1.1");
	load_expecting((pmill_text_options){.doc_separator = sample_tokens[0]}, PMILL_BAD_OPTION,
		"/a.counts, 1 in the options");
	load_expecting((pmill_text_options){.special_tokens = swapped, .special_token_count = 2},
		PMILL_BAD_OPTION, "special tokens differ: \"<|endoftext|>\" in ");
}

static void test_expressions_of_known_patterns(void **state)
{
	(void)state;
	const char *name;
	for (size_t i = 0; (name = pmill_pattern_name(i)) != NULL; i++) {
		const char *expression = pmill_pattern_expression(name);
		const struct pmill_counts_identity identity = {
			expression != NULL ? expression : name, "16.0", NULL, 0};
		pmill_counts *counts = NULL;
		assert_int_equal(pmill_counts_create(&identity, &counts, NULL), PMILL_OK);
		pmill_counts_info info = {.size = sizeof info};
		pmill_counts_get_info(counts, &info);
		assert_string_equal(info.pattern, pmill_pattern_find(identity.pattern)->name);
		pmill_counts_free(counts);
	}
}

static int stop(void *context, const pmill_progress *progress)
{
	(void)context, (void)progress;
	return 1;
}

static void test_cancel(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file();
	pmill_buffer_release(&bytes);
	const pmill_run_options run = {.size = sizeof run, .progress = stop};
	load_running((pmill_text_options){0}, &run, PMILL_CANCELLED, NULL);
}

static void test_missing_and_other_files(void **state)
{
	(void)state;
	pmill_counts *counts = NULL;
	pmill_counts_head *head = NULL;
	pmill_error error;
	const char *path = scratch_path(&folder, "missing.counts");
	assert_int_equal(pmill_counts_load(path, NULL, NULL, NULL, &counts, &error), PMILL_IO);
	assert_int_equal(pmill_counts_head_load(path, 1, &head, &error), PMILL_IO);
	path = scratch_write(&folder, "other", "some text", 9);
	assert_int_equal(pmill_counts_head_load(path, 0, &head, &error), PMILL_BAD_INPUT);
	assert_int_equal(pmill_counts_head_load(path, 1, &head, &error), PMILL_BAD_INPUT);
	assert_null(counts);
	assert_null(head);
}

#if PMILL_HAVE_ZLIB
/* Its end record is found by reading all of it. */
static void test_head_of_compressed_file(void **state)
{
	(void)state;
	struct pmill_buffer bytes = small_file(), packed = {0};
	append_gzip(&packed, bytes.data, bytes.len);
	const char *path = scratch_write(&folder, "a.counts.gz", packed.data, packed.len);
	for (int check = 0; check <= 1; check++) {
		pmill_counts_head *head = NULL;
		pmill_error error = {0};
		if (pmill_counts_head_load(path, check, &head, &error) != PMILL_OK)
			fail_msg("%s", error.message);
		pmill_counts_info info = {.size = sizeof info};
		assert_int_equal(pmill_counts_head_get_info(head, &info), PMILL_OK);
		assert_string_equal(info.pattern, "o200k");
		assert_true(info.totals.words > 0);
		pmill_counts_head_free(head);
	}
	pmill_buffer_release(&bytes);
	pmill_buffer_release(&packed);
}
#endif

static pmill_status save_and_load(const char *path, pmill_counts **loaded)
{
	const struct pmill_counts_identity identity = {"o200k", "15.1", sample_tokens, 2};
	pmill_counts *counts = NULL;
	pmill_status status = pmill_counts_create(&identity, &counts, NULL);
	for (uint8_t letter = 'a'; letter <= 'z' && status == PMILL_OK; letter++)
		if (!pmill_word_list_append(&counts->words, (pmill_bytes){&letter, 1}, 9))
			status = PMILL_NO_MEMORY;
	if (status == PMILL_OK)
		status = pmill_counts_save(counts, path, PMILL_OVERWRITE, NULL);
	if (status == PMILL_OK)
		status = pmill_counts_load(path, NULL, NULL, NULL, loaded, NULL);
	pmill_counts_free(counts);
	return status;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	for (long k = 0;; k++) {
		pmill_counts *loaded = NULL;
		const char *path = scratch_path(&folder, "k.counts");
		allocations_left = k;
		pmill_status status = save_and_load(path, &loaded);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			pmill_counts_free(loaded);
			assert_true(k > 10);
			return;
		}
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_null(loaded);
	}
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

static void test_unsupported(void **state)
{
	(void)state;
	pmill_error error;
	pmill_counts *counts = make_counts();
	const char *path = scratch_path(&folder, "a.counts");
	assert_int_equal(pmill_counts_save(counts, path, 0, &error), PMILL_UNSUPPORTED);
	assert_false(pmill_path_exists(path));
	path = scratch_write(&folder, "b.counts", PMILL_COUNT_FILE_MAGIC, 8);
	pmill_counts *loaded = NULL;
	assert_int_equal(pmill_counts_load(path, NULL, NULL, NULL, &loaded, &error), PMILL_UNSUPPORTED);
	pmill_counts_free(counts);
}

int main(void)
{
	const struct CMUnitTest without_zstd[] = {cmocka_unit_test(test_unsupported)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_false_lengths),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_expression),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_expressions_of_known_patterns),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_missing_and_other_files),
#if PMILL_HAVE_ZLIB
		cmocka_unit_test(test_head_of_compressed_file),
#endif
		cmocka_unit_test(test_out_of_memory),
	};
	if (pmill_block_codec_check(NULL) != PMILL_OK)
		return cmocka_run_group_tests_name("without zstd", without_zstd, set_up, tear_down);
	return cmocka_run_group_tests_name("count file", tests, set_up, tear_down);
}
