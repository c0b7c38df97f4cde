/* Files of text → files of ids → the same text: formats, documents, errors, any chunk size. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/file_encoding.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/small_tokenizer.h"
#include "support/text_encoder.h"
#include "tokens/token_file.h"

#define TOTALS(of_documents, of_bytes, of_tokens, of_bad_lines)                                    \
	(&(pmill_encode_totals){.size = sizeof(pmill_encode_totals),                                   \
		.documents = (of_documents),                                                               \
		.bytes = (of_bytes),                                                                       \
		.tokens = (of_tokens),                                                                     \
		.bad_lines = (of_bad_lines)})

static void assert_encoded(const struct encoding *encoding, const char *name, const char *expected,
	const pmill_encode_totals *expected_totals)
{
	struct pmill_buffer out = {0};
	pmill_encode_totals totals = {.size = sizeof totals};
	assert_int_equal(encode_file(encoding, name, &out, &totals, NULL), PMILL_OK);
	assert_true(pmill_buffer_terminate(&out));
	assert_string_equal((char *)out.data, expected);
	assert_int_equal(totals.bad_file_count, expected_totals->bad_lines > 0);
	assert_memory_equal(&totals, expected_totals, offsetof(pmill_encode_totals, bad_files));
	pmill_memory_free(totals.bad_files);
	pmill_buffer_release(&out);
}

static void writes_one_document_per_line(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct encoding encoding = make_encoding(tokenizer);
	write_file("a.txt", "hi hi<|end|>", 12);
	assert_encoded(&encoding, "a.txt", "256 257 60 124 101 110 100 124 62\n", TOTALS(1, 12, 9, 0));
	encoding.policy.special = "all";
	assert_encoded(&encoding, "a.txt", "256 257 258\n", TOTALS(1, 12, 3, 0));
	/* A separator ends documents and is not a token of theirs, unless it is put there. */
	encoding.file.doc_separator = bytes_of("<|end|>");
	assert_encoded(&encoding, "a.txt", "256 257\n", TOTALS(1, 12, 2, 0));
	encoding.file.eot = bytes_of("<|end|>");
	write_file("b.txt", "hi<|end|><|end|> hi", 19);
	assert_encoded(&encoding, "b.txt", "256 258\n258\n257 258\n", TOTALS(3, 19, 5, 0));
	encoding.policy.special = "error";
	assert_encoded(&encoding, "b.txt", "256 258\n258\n257 258\n", TOTALS(3, 19, 5, 0));
	/* One that is no token of the model ends documents too. */
	encoding.file.doc_separator = bytes_of(" h");
	write_file("b.txt", "hi hi", 5);
	assert_encoded(&encoding, "b.txt", "256 258\n105 258\n", TOTALS(2, 5, 4, 0));
	pmill_tokenizer_free(tokenizer);
}

static void reads_lines_and_json(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct encoding encoding = make_encoding(tokenizer);
	encoding.input.format = "lines";
	write_file("a.txt", "hi\n\n<think>hi", 13);
	assert_encoded(&encoding, "a.txt", "256 10\n10\n259 256\n", TOTALS(3, 13, 5, 0));
	encoding.input.format = NULL;
	static const char lines[] =
		"{\"text\": \"hi\"}\n{\"text\": \"\"}\n{\"no\": 1}\n{\"text\":\" hi\"}";
	write_file("a.jsonl", lines, sizeof lines - 1);
	encoding.input.skip_bad_lines = 1;
	assert_encoded(&encoding, "a.jsonl", "256\n\n257\n", TOTALS(3, 5, 2, 1));
	pmill_tokenizer_free(tokenizer);
}

/* Of the files with skipped lines, in order; it outlives the inputs. */
static void names_bad_lines(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct encoding encoding = make_encoding(tokenizer);
	char first[100], good[100], second[100];
	const char *paths[] = {
		path_of(second, "2.jsonl"), path_of(good, "0.jsonl"), path_of(first, "1.jsonl")};
	const pmill_output_options nowhere = {.size = sizeof nowhere};
	write_file("2.jsonl", "{\"text\":\"\"}\n{}\n[]\n", 18);
	write_file("0.jsonl", "{\"text\":\"\"}", 11);
	write_file("1.jsonl", "{\"text\":NaN}", 12);
	encoding.input.skip_bad_lines = 1;
	encoding.run.chunk_size = 1;
	pmill_encode_totals totals = {.size = sizeof totals};
	assert_int_equal(pmill_encode_files(tokenizer, paths, 3, &encoding.input, NULL, NULL,
						 &encoding.run, &nowhere, &totals, NULL),
		PMILL_OK);
	assert_int_equal(totals.bad_lines, 3);
	assert_int_equal(totals.bad_file_count, 2);
	const pmill_bad_lines *bad = totals.bad_files;
	assert_string_equal(bad[0].name, second);
	assert_int_equal(bad[0].count, 2);
	assert_int_equal(bad[0].first_line, 2);
	assert_int_equal(bad[0].first_offset, 12);
	assert_string_equal(bad[0].first_reason, "the field \"text\" is missing");
	assert_string_equal(bad[1].name, first);
	assert_int_equal(bad[1].count, 1);
	assert_string_equal(bad[1].first_reason, "the field \"text\" is NaN, not a string");
	pmill_memory_free(totals.bad_files);
	/* A caller with an older struct, who could not release the list, gets none. */
	pmill_encode_totals older = {.size = offsetof(pmill_encode_totals, bad_files)};
	assert_int_equal(pmill_encode_files(tokenizer, paths, 3, &encoding.input, NULL, NULL,
						 &encoding.run, &nowhere, &older, NULL),
		PMILL_OK);
	assert_int_equal(older.bad_lines, 3);
	assert_null(older.bad_files);
	pmill_tokenizer_free(tokenizer);
}

static void assert_failure(const struct encoding *encoding, const char *name, pmill_status expected,
	uint64_t offset, const char *message)
{
	struct pmill_buffer out = {0};
	pmill_error error;
	pmill_encode_totals totals = {.size = sizeof totals, .documents = 7, .tokens = 7};
	const pmill_encode_totals untouched = totals;
	assert_int_equal(encode_file(encoding, name, &out, &totals, &error), expected);
	assert_int_equal(error.status, expected);
	assert_int_equal(error.offset, offset);
	assert_non_null(strstr(error.message, message));
	assert_memory_equal(&totals, &untouched, sizeof totals);
	pmill_buffer_release(&out);
}

static void names_the_place_of_an_error(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	tokenizer->byte_ids['z'] = PMILL_NO_ID;
	static const char text[] = "hi hi hi hi <think>hi iz<|end|>";
	for (size_t chunk_size = 0; chunk_size < 12; chunk_size++) {
		struct encoding encoding = make_encoding(tokenizer);
		encoding.run.chunk_size = chunk_size;
		write_file("a.txt", text, sizeof text - 1);
		assert_failure(
			&encoding, "a.txt", PMILL_BAD_INPUT, 23, "a.txt: byte 23: the vocab lacks byte 0x7A");
		encoding.policy.special = "error";
		write_file("a.txt", text, 12);
		struct pmill_buffer out = {0};
		assert_int_equal(encode_file(&encoding, "a.txt", &out, NULL, NULL), PMILL_OK);
		pmill_buffer_release(&out);
		write_file("a.txt", "hi hi hi<think>hi <|end|>", 25);
		assert_failure(&encoding, "a.txt", PMILL_BAD_INPUT, 18, "a.txt: byte 18: ");
		static const char lines[] = "{\"text\": \"hi\"}\n\n{\"text\": \"<think>\\u0068z\"}\n";
		write_file("a.jsonl", lines, sizeof lines - 1);
		assert_failure(&encoding, "a.jsonl", PMILL_BAD_INPUT, 8,
			"a.jsonl: line 3: byte 8 of the text: the vocab lacks byte 0x7A");
	}
	pmill_tokenizer_free(tokenizer);
}

static void refuses_bad_options(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	struct encoding encoding = make_encoding(tokenizer);
	write_file("a.txt", "hi", 2);
	encoding.file.format = "npy";
	assert_failure(&encoding, "a.txt", PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"the format npy can only be written to a file");
	encoding.file.format = "words";
	assert_failure(&encoding, "a.txt", PMILL_BAD_OPTION, PMILL_NO_OFFSET, "words");
	encoding.file.format = NULL;
	encoding.file.eot = bytes_of("<|none|>");
	assert_failure(&encoding, "a.txt", PMILL_BAD_OPTION, PMILL_NO_OFFSET, "<|none|>");
	encoding.file.eot = bytes_of(NULL);
	encoding.out = "/nowhere/a.ids";
	assert_failure(&encoding, "a.txt", PMILL_BAD_OPTION, PMILL_NO_OFFSET, "/nowhere/a.ids");
	encoding.out = NULL;
	encoding.file.format = "u16";
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, 65536, "too many", 8, false, NULL), PMILL_OK);
	assert_failure(
		&encoding, "a.txt", PMILL_BAD_OPTION, PMILL_NO_OFFSET, "narrowing would lose data");
	pmill_tokenizer_free(tokenizer);
}

static void picks_the_format_by_suffix(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		uint32_t vocab_size;
		const char *format;
	} cases[] = {{"a.txt", 10, "text"}, {"a.u16", 10, "u16"}, {"a.u32", 10, "u32"},
		{"a.bin", 65536, "u16"}, {"a.bin", 65537, "u32"}, {NULL, 10, "text"}, {"-", 10, "text"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct pmill_token_format *format = NULL;
		assert_int_equal(
			pmill_token_format_pick(NULL, cases[i].path, cases[i].vocab_size, &format, NULL),
			PMILL_OK);
		assert_string_equal(format->name, cases[i].format);
	}
}

/* Appends the ids that the encoder in memory gives for a text of one document. */
static void append_expected(
	struct text_encoder *encoder, const uint8_t *text, size_t len, struct pmill_buffer *expected)
{
	const uint32_t *ids = NULL;
	size_t count = 0;
	assert_int_equal(text_encoder_encode(encoder, text, len, &ids, &count, NULL), PMILL_OK);
	for (size_t i = 0; i < count; i++)
		assert_true(
			pmill_buffer_append_format(expected, "%s%u", i == 0 ? "" : " ", (unsigned)ids[i]));
	assert_true(pmill_buffer_append(expected, "\n", 1));
}

static void gives_the_same_ids_for_any_chunk_size(void **state)
{
	(void)state;
	static const size_t chunk_sizes[] = {1, 2, 7, 64, 1000, 0};
	const uint64_t seed = 11;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	static const char *const patterns[] = {"gpt2", "o200k", "none", "\\w+|\\s+"};
	struct pmill_buffer expected = {0}, out = {0};
	for (unsigned round = 0; round < 80; round++) {
		struct pmill_tokenizer *tokenizer = make_model();
		set_pattern(tokenizer, patterns[round % 4]);
		const pmill_policy_options options = special_tokens("all");
		struct text_encoder encoder;
		pmill_status status = text_encoder_init(&encoder, tokenizer, &options, NULL, NULL);
		if (status == PMILL_UNSUPPORTED && round % 4 == 3) {
			pmill_tokenizer_free(tokenizer);
			continue; /* a build without regular expressions */
		}
		assert_int_equal(status, PMILL_OK);
		uint8_t text[3000];
		size_t len = make_text(&random, text, round * 30 + 41);
		write_file("a.txt", text, len);
		expected.len = 0;
		if (len > 0)
			append_expected(&encoder, text, len, &expected);
		for (size_t i = 0; i < sizeof chunk_sizes / sizeof *chunk_sizes; i++) {
			struct encoding encoding = make_encoding(tokenizer);
			encoding.policy = options;
			encoding.run.chunk_size = chunk_sizes[i];
			assert_int_equal(encode_file(&encoding, "a.txt", &out, NULL, NULL), PMILL_OK);
			assert_int_equal(out.len, expected.len);
			assert_true(out.len == 0 || memcmp(out.data, expected.data, out.len) == 0);
		}
		text_encoder_release(&encoder);
		pmill_tokenizer_free(tokenizer);
	}
	pmill_buffer_release(&expected);
	pmill_buffer_release(&out);
}

static void decodes_files_to_the_same_text(void **state)
{
	(void)state;
	static const char *const outs[] = {"ids.txt", "ids.u16", "ids.u32", "ids.bin"};
	static const char *const formats[] = {"text", "lines"};
	uint64_t random = 12;
	uint8_t text[20000];
	size_t len = make_text(&random, text, sizeof text);
	struct pmill_tokenizer *tokenizer = make_model();
	struct pmill_buffer back = {0};
	write_file("a.txt", text, len);
	for (size_t i = 0; i < 8; i++) {
		char in[100], ids[100], out[100];
		const char *paths[] = {path_of(in, "a.txt")};
		const char *id_paths[] = {path_of(ids, outs[i % 4])};
		path_of(out, "back.txt");
		pmill_input_options input = {.size = sizeof input, .format = formats[i / 4]};
		const pmill_output_options to_ids = {.size = sizeof to_ids, .path = ids};
		const pmill_output_options to_text = {
			.size = sizeof to_text, .path = out, .flags = PMILL_OVERWRITE};
		pmill_encode_totals encoded = {.size = sizeof encoded}, decoded = encoded;
		assert_int_equal(pmill_encode_files(tokenizer, paths, 1, &input, NULL, NULL, NULL, &to_ids,
							 &encoded, NULL),
			PMILL_OK);
		assert_int_equal(
			pmill_decode_files(tokenizer, id_paths, 1, NULL, NULL, &to_text, &decoded, NULL),
			PMILL_OK);
		read_file("back.txt", &back);
		/* If the ids are lines, the last document gets a line end, too. */
		size_t added = i == 4 && text[len - 1] != '\n';
		assert_int_equal(back.len, len + added);
		assert_memory_equal(back.data, text, len);
		assert_int_equal(decoded.tokens, encoded.tokens);
		assert_int_equal(decoded.bytes, len + added);
		assert_int_equal(decoded.documents, i % 4 == 0 ? encoded.documents : 0);
		/* An existing file is kept by default. */
		pmill_error error;
		assert_int_equal(pmill_encode_files(
							 tokenizer, paths, 1, &input, NULL, NULL, NULL, &to_ids, NULL, &error),
			PMILL_EXISTS);
		unlink(ids);
		unlink(strcat(ids, ".json"));
	}
	remove_file("back.txt");
	pmill_buffer_release(&back);
	pmill_tokenizer_free(tokenizer);
}

static int refuse_output(void *context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	return len > 0;
}

static int stop_at_once(void *context, const pmill_progress *progress)
{
	size_t *calls = context;
	assert_string_equal(progress->stage, "encode");
	assert_string_equal(progress->unit, "bytes");
	++*calls;
	return 1;
}

static int count_calls(void *context, const pmill_progress *progress)
{
	*(uint64_t *)context = progress->done;
	return 0;
}

static void stops_when_asked(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	char in[100], out[100];
	const char *paths[] = {path_of(in, "a.txt")};
	size_t calls = 0;
	uint64_t done = 0;
	pmill_error error;
	pmill_run_options run = {
		.size = sizeof run, .progress = stop_at_once, .progress_context = &calls};
	const pmill_output_options output = {.size = sizeof output, .path = path_of(out, "ids.txt")};
	const pmill_output_options refusing = {.size = sizeof refusing, .write = refuse_output};
	write_file("a.txt", "hi hi", 5);
	assert_int_equal(
		pmill_encode_files(tokenizer, paths, 1, NULL, NULL, NULL, &run, &output, NULL, &error),
		PMILL_CANCELLED);
	assert_true(calls > 0);
	assert_false(is_there("ids.txt"));
	run.progress = count_calls;
	run.progress_context = &done;
	assert_int_equal(
		pmill_encode_files(tokenizer, paths, 1, NULL, NULL, NULL, &run, NULL, NULL, &error),
		PMILL_OK);
	assert_int_equal(done, 5);
	assert_int_equal(
		pmill_encode_files(tokenizer, paths, 1, NULL, NULL, NULL, NULL, &refusing, NULL, &error),
		PMILL_IO);
	pmill_tokenizer_free(tokenizer);
}

static pmill_status encode_to_file(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	char in[100], ids[100];
	const char *paths[] = {path_of(in, "a.txt")};
	const pmill_policy_options options = special_tokens("all");
	pmill_policy *policy = NULL;
	const pmill_encode_file_options file = {
		.size = sizeof file, .doc_separator = bytes_of("<|end|>")};
	const pmill_output_options output = {
		.size = sizeof output, .path = path_of(ids, "ids.txt"), .flags = PMILL_OVERWRITE};
	pmill_status status = pmill_policy_create(tokenizer, &options, &policy, error);
	if (status == PMILL_OK)
		status = pmill_encode_files(
			tokenizer, paths, 1, NULL, policy, &file, NULL, &output, NULL, error);
	pmill_policy_free(policy);
	return status;
}

static void survives_out_of_memory(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	uint8_t text[500];
	memset(text, 'h', sizeof text);
	memcpy(text, "hi<|end|>", 9);
	write_file("a.txt", text, sizeof text);
	long allowed = 0, done_without = 0;
	for (int refused = 1; refused; allowed++) {
		pmill_error error;
		remove_file("ids.txt");
		remove_file("ids.txt.json");
		allocations_left = allowed;
		pmill_status status = encode_to_file(tokenizer, &error);
		refused = was_refused();
		done_without += refused && status == PMILL_OK;
		if (status == PMILL_OK)
			continue;
		assert_true(refused);
		assert_int_equal(status, PMILL_NO_MEMORY);
		assert_int_equal(error.status, PMILL_NO_MEMORY);
	}
	assert_true(allowed > 11);
	assert_int_equal(done_without, 2); /* the table of known pretokens, and keeping it */
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_document_per_line),
		cmocka_unit_test(reads_lines_and_json),
		cmocka_unit_test(names_bad_lines),
		cmocka_unit_test(names_the_place_of_an_error),
		cmocka_unit_test(refuses_bad_options),
		cmocka_unit_test(picks_the_format_by_suffix),
		cmocka_unit_test(gives_the_same_ids_for_any_chunk_size),
		cmocka_unit_test(decodes_files_to_the_same_text),
		cmocka_unit_test(stops_when_asked),
		cmocka_unit_test(survives_out_of_memory),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
