/* Files of ids → text: formats, several files, errors, cancelling. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"
#include "support/small_tokenizer.h"
#include "tokens/token_file.h"

/* For each test: a folder, a model, and the decoded text. */
static struct scratch_folder folder;
static struct pmill_tokenizer *tokenizer;
static struct pmill_buffer text;

/* Ids 0–255 are the bytes. */
enum { HI = 256, BLANK_HI };

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	add_merge(tokenizer, 'h', 'i');
	add_merge(tokenizer, ' ', HI);
	pmill_tokenizer_find_bytes(tokenizer);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pmill_tokenizer_free(tokenizer);
	pmill_buffer_release(&text);
	scratch_remove(&folder);
	return 0;
}

enum { PATH_CAPACITY = 500 };

static const char *path_of(char path[PATH_CAPACITY], const char *name)
{
	snprintf(path, PATH_CAPACITY, "%.200s/%.200s", folder.path, name);
	return path;
}

/* Includes half-written files, which are hidden files in the same folder. */
static size_t count_files(void)
{
	DIR *entries = opendir(folder.path);
	assert_non_null(entries);
	size_t count = 0;
	while (readdir(entries) != NULL)
		count++;
	closedir(entries);
	return count - 2;
}

static int take_output(void *context, const void *data, size_t len)
{
	return pmill_buffer_append(context, data, len) ? 0 : 1;
}

static int refuse_output(void *context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	return len > 0;
}

/* Decodes into `text`. */
static pmill_status decode(const char *const *paths, size_t count,
	const pmill_decode_file_options *options, const pmill_run_options *run,
	pmill_encode_totals *totals, pmill_error *error)
{
	const pmill_output_options output = {
		.size = sizeof output, .write = take_output, .write_context = &text};
	text.len = 0;
	return pmill_decode_files(tokenizer, paths, count, options, run, &output, totals, error);
}

static pmill_status decode_to_file(const char *const *paths, size_t count, const char *out,
	pmill_encode_totals *totals, pmill_error *error)
{
	const pmill_output_options output = {.size = sizeof output, .path = out};
	return pmill_decode_files(tokenizer, paths, count, NULL, NULL, &output, totals, error);
}

static void assert_text(const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.data, expected, text.len);
}

static void assert_bad_ids(
	const char *name, const void *data, size_t len, uint64_t offset, const char *message)
{
	char in[PATH_CAPACITY], out[PATH_CAPACITY], expected[PATH_CAPACITY * 2];
	const char *paths[] = {path_of(in, name)};
	pmill_error error;
	scratch_write(&folder, name, data, len);
	const size_t files = count_files();
	assert_int_equal(
		decode_to_file(paths, 1, path_of(out, "back.txt"), NULL, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, offset);
	snprintf(expected, sizeof expected, "%s: %s", in, message);
	assert_memory_equal(error.message, expected, strlen(expected));
	assert_int_equal(count_files(), files);
}

static void refuses_bad_token_files(void **state)
{
	(void)state;
	assert_bad_ids("i.txt", "1 2x", 4, 3, "byte 3: 'x'");
	assert_bad_ids("i.txt", "1 -2", 4, 2, "byte 2: '-'");
	assert_bad_ids("i.txt", "1\0", 2, 1, "byte 1: byte 0x00");
	assert_bad_ids("i.txt", "1\n 4294967295", 13, 3, "byte 3: ");
	assert_bad_ids("i.txt", "1\n18446744073709551617", 22, 2, "byte 2: ");
	assert_bad_ids("i.txt", "1 2\n300 1", 9, 4, "byte 4: id 300 is not in the vocab");
	assert_bad_ids("i.u16", "\1\0\2", 3, 2, "byte 2: ");
	assert_bad_ids("i.u16", "\1\0\1\2", 4, 2, "byte 2: id 513");
	assert_bad_ids("i.u32", "\1\0\0\0\2\0", 6, 4, "byte 4: ");
	assert_bad_ids("i.u32", "\xff\xff\xff\xff", 4, 0, "byte 0: id 4294967295");
}

/* Ids that begin like a compressed file are still ids. */
static void reads_binary_ids_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(pmill_vocab_add(&tokenizer->vocab, 0x8b1f, "gzip", 4, false, NULL), PMILL_OK);
	const char *paths[] = {scratch_write(&folder, "i.u16", "\x1f\x8b\x08\x00", 4)};
	assert_int_equal(decode(paths, 1, NULL, NULL, NULL, NULL), PMILL_OK);
	assert_text("gzip\x08");
}

/* Lengths around those of blocks and batches, in two files in a row. */
static void decodes_files_of_any_length(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, PMILL_TOKEN_BATCH - 1, PMILL_TOKEN_BATCH,
		PMILL_TOKEN_BATCH + 1, PMILL_LOOKAHEAD_READ / 2 - 1, PMILL_LOOKAHEAD_READ / 2,
		PMILL_LOOKAHEAD_READ / 2 + 1};
	static uint8_t ids[PMILL_LOOKAHEAD_READ + 2];
	struct pmill_buffer expected = {0};
	char in[PATH_CAPACITY];
	const char *paths[] = {path_of(in, "i.u16"), in};
	const uint64_t seed = 5;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		expected.len = 0;
		for (size_t id = 0; id < counts[i]; id++) {
			ids[2 * id] = (uint8_t)next_random(&random);
			ids[2 * id + 1] = 0;
			assert_true(pmill_buffer_append(&expected, &ids[2 * id], 1));
		}
		scratch_write(&folder, "i.u16", ids, counts[i] * 2);
		pmill_encode_totals totals = {.size = sizeof totals};
		assert_int_equal(decode(paths, 2, NULL, NULL, &totals, NULL), PMILL_OK);
		assert_int_equal(totals.tokens, counts[i] * 2);
		assert_int_equal(text.len, counts[i] * 2);
		if (counts[i] > 0) {
			assert_memory_equal(text.data, expected.data, counts[i]);
			assert_memory_equal(text.data + counts[i], expected.data, counts[i]);
		}
	}
	pmill_buffer_release(&expected);
}

/* Files of several formats, given by name, by a list of names and by their folder. */
static void decodes_several_files_into_one(void **state)
{
	(void)state;
	char first[PATH_CAPACITY], second[PATH_CAPACITY], below[PATH_CAPACITY], list[PATH_CAPACITY];
	scratch_make_folder(&folder, "ids");
	scratch_write(&folder, "ids/1.txt", "256 257\n104", 11);
	scratch_write(&folder, "ids/2.u16", "\x01\x01\x00\x01", 4);
	scratch_write(&folder, "ids/3.u32", "", 0);
	scratch_write(&folder, "list", second,
		(size_t)snprintf(second, sizeof second, "%.200s/ids/2.u16\n", folder.path));
	snprintf(list, sizeof list, "@%.200s/list", folder.path);
	path_of(second, "ids/2.u16");
	path_of(below, "ids");
	const char *paths[] = {path_of(first, "ids/1.txt"), second, first, list, below};
	pmill_encode_totals totals = {.size = sizeof totals};
	assert_int_equal(decode(paths, 5, NULL, NULL, &totals, NULL), PMILL_OK);
	/* Of two documents in a file each is a line. */
	assert_text("hi hi\nh\n"
				" hihi"
				"hi hi\nh\n"
				" hihi"
				"hi hi\nh\n"
				" hihi");
	const pmill_encode_totals expected = {
		.size = sizeof expected, .documents = 6, .bytes = 39, .tokens = 15};
	assert_memory_equal(&totals, &expected, sizeof totals);
	const pmill_decode_file_options as_u16 = {.size = sizeof as_u16, .format = "u16"};
	scratch_write(&folder, "nameless", "\x01\x01", 2);
	paths[0] = path_of(first, "nameless");
	assert_int_equal(decode(paths, 2, &as_u16, NULL, NULL, NULL), PMILL_OK);
	assert_text(" hi"
				" hihi");
}

/* A line of nothing but special tokens is still a line; an unknown id still an error. */
static void leaves_special_tokens_out(void **state)
{
	(void)state;
	add_special(tokenizer, "<|end|>", true);
	add_special(tokenizer, "<think>", false);
	const pmill_decode_file_options skipping = {.size = sizeof skipping, .skip_special_tokens = 1};
	const char *paths[] = {
		scratch_write(&folder, "i.txt", "258 256 259 258\n258\n10 258\n\n104", 31)};
	pmill_encode_totals totals = {.size = sizeof totals};
	pmill_error error;
	assert_int_equal(decode(paths, 1, NULL, NULL, NULL, NULL), PMILL_OK);
	assert_text("<|end|>hi<think><|end|>\n<|end|>\n\n<|end|>\n\nh\n");
	assert_int_equal(decode(paths, 1, &skipping, NULL, &totals, NULL), PMILL_OK);
	assert_text("hi<think>\n\n\n\nh\n");
	const pmill_encode_totals expected = {
		.size = sizeof expected, .documents = 5, .bytes = 15, .tokens = 8};
	assert_memory_equal(&totals, &expected, sizeof totals);
	scratch_write(&folder, "i.txt", "258 260", 7);
	assert_int_equal(decode(paths, 1, &skipping, NULL, NULL, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 4);
}

/* A bad name is reported before the first byte of an earlier file is written. */
static void refuses_bad_names_before_starting(void **state)
{
	(void)state;
	static const struct {
		const char *path, *message;
		pmill_status status;
	} cases[] = {{"/nowhere/i.ids", "/nowhere/i.ids: cannot read: No such file", PMILL_IO},
		{"/nowhere/i.txt", "/nowhere/i.txt: cannot read: No such file", PMILL_IO},
		{"/dev/null", "/dev/null: the suffix does not tell", PMILL_BAD_OPTION},
		{"/dev/null", "unknown token file format \"words\" (known: text, u16, u32, jsonl, npy",
			PMILL_BAD_OPTION}};
	char in[PATH_CAPACITY];
	scratch_write(&folder, "i.txt", "256", 3);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pmill_error error;
		const char *paths[] = {path_of(in, "i.txt"), cases[i].path};
		const pmill_decode_file_options options = {
			.size = sizeof options, .format = i == 3 ? "words" : NULL};
		assert_int_equal(decode(paths, 2, &options, NULL, NULL, &error), cases[i].status);
		assert_memory_equal(error.message, cases[i].message, strlen(cases[i].message));
		assert_int_equal(text.len, 0);
	}
}

/* If the last file fails, nothing is written; an existing output is kept. */
static void writes_all_or_nothing(void **state)
{
	(void)state;
	char first[PATH_CAPACITY], second[PATH_CAPACITY], out[PATH_CAPACITY];
	const char *paths[] = {path_of(first, "1.txt"), path_of(second, "2.txt")};
	scratch_write(&folder, "1.txt", "256", 3);
	scratch_write(&folder, "2.txt", "999", 3);
	path_of(out, "back");
	pmill_encode_totals totals = {.size = sizeof totals, .documents = 7, .tokens = 7};
	const pmill_encode_totals untouched = totals;
	assert_int_equal(decode_to_file(paths, 2, out, &totals, NULL), PMILL_BAD_INPUT);
	assert_memory_equal(&totals, &untouched, sizeof totals);
	assert_int_equal(count_files(), 2);
	assert_int_equal(decode_to_file(paths, 1, out, &totals, NULL), PMILL_OK);
	assert_int_equal(totals.tokens, 1);
	assert_int_equal(decode_to_file(paths, 1, out, &totals, NULL), PMILL_EXISTS);
	assert_int_equal(count_files(), 3);
	const pmill_output_options refusing = {.size = sizeof refusing, .write = refuse_output};
	assert_int_equal(
		pmill_decode_files(tokenizer, paths, 1, NULL, NULL, &refusing, NULL, NULL), PMILL_IO);
	const pmill_output_options over = {.size = sizeof over, .path = out, .flags = PMILL_OVERWRITE};
	assert_int_equal(
		pmill_decode_files(tokenizer, paths, 1, NULL, NULL, &over, NULL, NULL), PMILL_OK);
	assert_int_equal(count_files(), 3);
}

/* Without an output the ids are only counted. */
static void counts_without_an_output(void **state)
{
	(void)state;
	char in[PATH_CAPACITY];
	const char *paths[] = {path_of(in, "i.txt")};
	scratch_write(&folder, "i.txt", "256 257", 7);
	const pmill_output_options nowhere = {.size = sizeof nowhere};
	for (size_t i = 0; i < 2; i++) {
		pmill_encode_totals totals = {.size = sizeof totals};
		assert_int_equal(pmill_decode_files(tokenizer, paths, 1, NULL, NULL,
							 i == 0 ? NULL : &nowhere, &totals, NULL),
			PMILL_OK);
		assert_int_equal(totals.tokens, 2);
		assert_int_equal(totals.bytes, 5);
	}
	assert_int_equal(count_files(), 1);
}

/* Truncates the file that is being decoded. */
static int cut_the_input(void *context, const void *data, size_t len)
{
	(void)data;
	(void)len;
	return truncate(context, 4);
}

static void notices_a_file_that_shrinks(void **state)
{
	(void)state;
	static const char *const names[] = {"i.u16", "i.txt"};
	enum { SIZE = 1 << 20 };
	uint8_t *ids = malloc(SIZE);
	assert_non_null(ids);
	for (size_t i = 0; i < 2; i++) {
		for (size_t byte = 0; byte < SIZE; byte++)
			ids[byte] = i == 0 ? byte % 2 == 0 ? 'h' : 0 : byte % 4 == 3 ? ' ' : '1';
		char in[PATH_CAPACITY];
		const char *paths[] = {path_of(in, names[i])};
		pmill_error error;
		scratch_write(&folder, names[i], ids, SIZE);
		const pmill_output_options output = {
			.size = sizeof output, .write = cut_the_input, .write_context = in};
		assert_int_equal(pmill_decode_files(tokenizer, paths, 1, NULL, NULL, &output, NULL, &error),
			PMILL_BAD_INPUT);
		assert_non_null(strstr(error.message, "it shrank while it was read"));
	}
	free(ids);
}

/* ---- Progress ---- */

struct listener {
	size_t calls;
	uint64_t done, total;
	int answer;
};

static int listen_to(void *context, const pmill_progress *progress)
{
	struct listener *listener = context;
	assert_string_equal(progress->stage, "decode");
	assert_string_equal(progress->unit, "bytes");
	listener->calls++;
	listener->done = progress->done;
	listener->total = progress->total;
	return listener->answer;
}

static void reports_progress(void **state)
{
	(void)state;
	struct listener listener = {0};
	char first[PATH_CAPACITY], second[PATH_CAPACITY];
	const char *paths[] = {path_of(first, "1.txt"), path_of(second, "2.u16")};
	const pmill_run_options run = {
		.size = sizeof run, .progress = listen_to, .progress_context = &listener};
	scratch_write(&folder, "1.txt", "256 257", 7);
	scratch_write(&folder, "2.u16", "h\0i\0", 4);
	assert_int_equal(decode(paths, 2, NULL, &run, NULL, NULL), PMILL_OK);
	assert_text("hi hihi");
	assert_true(listener.calls > 0);
	assert_int_equal(listener.done, 11);
	assert_int_equal(listener.total, 11);
}

/* A named pipe that nobody writes to: cancelling works all the same. */
static void stops_at_a_silent_pipe(void **state)
{
	(void)state;
	static const char *const formats[] = {"text", "u16"};
	char in[PATH_CAPACITY], out[PATH_CAPACITY];
	const char *paths[] = {path_of(in, "silent")};
	assert_int_equal(mkfifo(in, 0600), 0);
	for (size_t i = 0; i < 2; i++) {
		struct listener listener = {.answer = 1};
		const pmill_decode_file_options options = {.size = sizeof options, .format = formats[i]};
		const pmill_run_options run = {
			.size = sizeof run, .progress = listen_to, .progress_context = &listener};
		const pmill_output_options output = {
			.size = sizeof output, .path = path_of(out, "back.txt")};
		pmill_error error;
		assert_int_equal(
			pmill_decode_files(tokenizer, paths, 1, &options, &run, &output, NULL, &error),
			PMILL_CANCELLED);
		assert_int_equal(error.status, PMILL_CANCELLED);
		assert_int_equal(listener.calls, 1);
		assert_int_equal(count_files(), 1);
	}
}

static void survives_out_of_memory(void **state)
{
	(void)state;
	static const char *const names[] = {"i.txt", "i.u16"};
	scratch_write(&folder, "i.txt", "104 104", 7);
	scratch_write(&folder, "i.u16", "h\0i\0", 4);
	for (size_t i = 0; i < 2; i++) {
		char in[PATH_CAPACITY], out[PATH_CAPACITY];
		const char *paths[] = {path_of(in, names[i])};
		path_of(out, "back");
		for (long refused = 0;; refused++) {
			pmill_error error;
			allocations_left = refused;
			const pmill_status status = decode_to_file(paths, 1, out, NULL, &error);
			if (!was_refused()) {
				assert_int_equal(status, PMILL_OK);
				assert_true(refused > 3);
				break;
			}
			assert_int_equal(status, PMILL_NO_MEMORY);
			assert_int_equal(error.status, PMILL_NO_MEMORY);
			assert_int_equal(count_files(), 2);
		}
		assert_int_equal(unlink(out), 0);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_bad_token_files),
		TEST(reads_binary_ids_as_they_are),
		TEST(decodes_files_of_any_length),
		TEST(decodes_several_files_into_one),
		TEST(leaves_special_tokens_out),
		TEST(refuses_bad_names_before_starting),
		TEST(writes_all_or_nothing),
		TEST(counts_without_an_output),
		TEST(notices_a_file_that_shrinks),
		TEST(reports_progress),
		TEST(stops_at_a_silent_pipe),
		TEST(survives_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
