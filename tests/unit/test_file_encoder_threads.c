/* Files of text → files of ids on threads: the same for any number of them. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/file_encoding.h"

/* Of each kind: with documents, cut off, with places, ended. */
static void set_options(struct encoding *encoding, unsigned round)
{
	encoding->policy.special = "all";
	encoding->file.format = round % 3 == 0 ? "jsonl" : round % 3 == 1 ? "text" : "u16";
	encoding->file.add_offsets = round % 6 == 0;
	encoding->file.most_ids = round % 5 == 0 ? 7 : 0;
	encoding->file.doc_separator = bytes_of(round % 2 == 0 ? "\n" : NULL);
	encoding->file.eot = bytes_of(round % 4 == 0 ? "<|end|>" : NULL);
}

static void compare_threads(
	struct encoding *encoding, const char *name, const size_t *chunk_sizes, size_t chunk_size_count)
{
	static const unsigned threads[] = {1, 2, 5};
	struct pmill_buffer expected = {0}, out = {0};
	pmill_encode_totals totals = {.size = sizeof totals}, found = totals;
	encoding->run.threads = 1;
	encoding->run.chunk_size = 1 << 24;
	assert_int_equal(encode_file(encoding, name, &expected, &totals, NULL), PMILL_OK);
	for (size_t i = 0; i < chunk_size_count * 3; i++) {
		encoding->run.threads = threads[i % 3];
		encoding->run.chunk_size = chunk_sizes[i / 3];
		assert_int_equal(encode_file(encoding, name, &out, &found, NULL), PMILL_OK);
		assert_int_equal(out.len, expected.len);
		assert_true(out.len == 0 || memcmp(out.data, expected.data, out.len) == 0);
		assert_memory_equal(&found, &totals, sizeof totals);
	}
	pmill_buffer_release(&expected);
	pmill_buffer_release(&out);
}

static void does_not_depend_on_threads(void **state)
{
	(void)state;
	static const size_t chunk_sizes[] = {1, 50, 1000};
	struct pmill_tokenizer *tokenizer = make_model();
	uint64_t random = 12;
	for (unsigned round = 0; round < 60; round++) {
		struct encoding encoding = make_encoding(tokenizer);
		static uint8_t text[20000];
		set_options(&encoding, round);
		write_file("a.txt", text, make_text(&random, text, round * 300 + 41));
		compare_threads(&encoding, "a.txt", chunk_sizes, 3);
	}
	pmill_tokenizer_free(tokenizer);
}

/* What is written before its chunk is done: with more ids than are kept. */
static void writes_large_chunks_in_parts(void **state)
{
	(void)state;
	enum { LEN = 5000000 };
	static const size_t chunk_sizes[] = {LEN / 2 - 7, 1 << 16};
	struct pmill_tokenizer *tokenizer = make_model();
	char *text = malloc(LEN);
	assert_non_null(text);
	for (size_t i = 0; i < LEN; i++)
		text[i] = "x y\n"[i % 4];
	write_file("a.txt", text, LEN);
	free(text);
	for (unsigned round = 1; round < 4; round++) {
		struct encoding encoding = make_encoding(tokenizer);
		encoding.file.format = round == 1 ? "u16" : "text";
		encoding.file.most_ids = round == 3 ? LEN / 2 : 0;
		compare_threads(&encoding, "a.txt", chunk_sizes, 2);
	}
	remove_file("a.txt");
	pmill_tokenizer_free(tokenizer);
}

/* Counts its calls in `*context`, and takes three. */
static int refuse_fourth(void *context, const void *data, size_t len)
{
	size_t *calls = context;
	(void)data;
	return len > 0 && ++*calls > 3;
}

/* Whatever the other threads have ready. */
static void writes_nothing_after_a_failure(void **state)
{
	(void)state;
	enum { LEN = 3000000 };
	struct pmill_tokenizer *tokenizer = make_model();
	char *text = malloc(LEN), in[100];
	assert_non_null(text);
	for (size_t i = 0; i < LEN; i++)
		text[i] = "x y\n"[i % 4];
	write_file("a.txt", text, LEN);
	free(text);
	const char *paths[] = {path_of(in, "a.txt")};
	for (unsigned threads = 1; threads <= 5; threads++) {
		size_t calls = 0;
		const pmill_run_options run = {
			.size = sizeof run, .threads = threads, .chunk_size = 1 << 16};
		const pmill_output_options output = {
			.size = sizeof output, .write = refuse_fourth, .write_context = &calls};
		assert_int_equal(
			pmill_encode_files(tokenizer, paths, 1, NULL, NULL, NULL, &run, &output, NULL, NULL),
			PMILL_IO);
		assert_int_equal(calls, 4);
	}
	remove_file("a.txt");
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_not_depend_on_threads),
		cmocka_unit_test(writes_large_chunks_in_parts),
		cmocka_unit_test(writes_nothing_after_a_failure),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
