/* Token files in the format jsonl: what is written, what is read back, and what is refused. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/small_tokenizer.h"
#include "tokens/token_file.h"

enum { HOLE = 256, ODD = 257, FIRST_SPECIAL = 258, NOT_TEXT = 260 };

/* Ids 0–255 are the bytes; then a hole, a token of two kinds of escapes, and special ones. */
static struct pmill_tokenizer *make_model(void)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	add_all_bytes(tokenizer);
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, ODD, " \"\\\n\xc3\xa9", 6, false, NULL), PMILL_OK);
	add_special(tokenizer, "<a b\xc3\xa9\"\x01>", true);
	add_special(tokenizer, "<think >", false);
	add_special(tokenizer, "<\xff >", true);
	return tokenizer;
}

static const struct pmill_token_format *find_format(void)
{
	const struct pmill_token_format *format = NULL;
	assert_int_equal(pmill_token_format_pick("jsonl", NULL, 0, &format, NULL), PMILL_OK);
	assert_null(format->append);
	return format;
}

/* ---- Writing ---- */

static int take_output(void *context, const void *data, size_t len)
{
	return pmill_buffer_append(context, data, len) ? 0 : 1;
}

static pmill_ids *make_ids(
	unsigned id_bytes, const char *offsets, const uint32_t *ids, size_t count)
{
	const pmill_ids_options options = {
		.size = sizeof options, .id_bytes = id_bytes, .offsets = offsets};
	pmill_ids *made = NULL;
	assert_int_equal(pmill_ids_create(NULL, &options, &made, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_append(made, ids, count, NULL), PMILL_OK);
	uint64_t *pairs = pmill_ids_offsets_since(made, 0);
	for (size_t i = 0; i < 2 * count && pairs != NULL; i++)
		pairs[i] = (i + 1) / 2 * UINT64_C(9999999999);
	return made;
}

/* Appends a line to `text`. */
static pmill_status write_line(const struct pmill_tokenizer *tokenizer, const pmill_ids *ids,
	struct pmill_buffer *text, pmill_error *error)
{
	struct pmill_output output = {.write = take_output, .context = text};
	pmill_status status = find_format()->write_document(&output, tokenizer, ids, error);
	if (status == PMILL_OK)
		status = pmill_output_flush(&output, error);
	pmill_output_release(&output);
	return status;
}

static void assert_line(const struct pmill_tokenizer *tokenizer, const char *offsets,
	const uint32_t *list, size_t count, const char *expected)
{
	for (unsigned width = 2; width <= 4; width += 2) {
		struct pmill_buffer text = {0};
		pmill_ids *ids = make_ids(width, offsets, list, count);
		assert_int_equal(write_line(tokenizer, ids, &text, NULL), PMILL_OK);
		assert_true(pmill_buffer_terminate(&text));
		assert_string_equal((const char *)text.data, expected);
		pmill_ids_free(ids);
		pmill_buffer_release(&text);
	}
}

static void writes_a_line_for_a_document(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	static const uint32_t ids[] = {'a', ' ', ODD, 258, 259, NOT_TEXT, HOLE, 65535};
	assert_line(tokenizer, NULL, NULL, 0, "{\"ids\":[],\"tokens\":[]}\n");
	assert_line(tokenizer, "char", NULL, 0, "{\"ids\":[],\"tokens\":[],\"offsets\":[]}\n");
	assert_line(tokenizer, NULL, ids, 1, "{\"ids\":[97],\"tokens\":[\"a\"]}\n");
	assert_line(tokenizer, "byte", ids, 2,
		"{\"ids\":[97,32],\"tokens\":[\"a\",\"\xc4\xa0\"],"
		"\"offsets\":[[0,9999999999],[9999999999,19999999998]]}\n");
	assert_line(tokenizer, NULL, ids, 8,
		"{\"ids\":[97,32,257,258,259,260,256,65535],\"tokens\":[\"a\",\"\xc4\xa0\","
		/* In printable bytes, the two of é become two characters. */
		"\"\xc4\xa0\\\"\\\\\xc4\x8a\xc3\x83\xc2\xa9\","
		"\"<a b\xc3\xa9\\\"\\u0001>\",\"<think >\",\"<\xc3\xbf\xc4\xa0>\",null,null]}\n");
	pmill_tokenizer_free(tokenizer);
}

/* ---- Reading ---- */

struct outcome {
	pmill_status status;
	pmill_error error;
	uint64_t documents;
	size_t count;
	uint32_t ids[5000];
	uint64_t offsets[5000], ended[5000];
};

enum { MOST_PIECES = 16 }; /* what a pipe holds at once: Linux, pipe(7) */

static size_t least_step(size_t len)
{
	return (len + MOST_PIECES - 1) / MOST_PIECES;
}

/* A pipe of packets: each read gives one. */
static void open_pipe(struct pmill_lookahead *bytes, const char *data, size_t len, size_t step)
{
	int ends[2];
	char path[40];
	struct pmill_reader *reader;
	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	for (size_t used = 0; used < len; used += step) {
		const size_t part = len - used < step ? len - used : step;
		assert_int_equal(write(ends[1], data + used, part), part);
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	assert_int_equal(
		pmill_reader_open(path, PMILL_READER_AS_STORED, NULL, &reader, NULL), PMILL_OK);
	close(ends[0]);
	close(ends[1]);
	pmill_lookahead_open_reader(bytes, reader);
}

/* In pieces of `step` bytes; 0: all at once. */
static void read_ids(const char *data, size_t len, size_t step, struct outcome *outcome)
{
	static struct pmill_token_batch batch;
	struct pmill_lookahead bytes;
	struct pmill_token_reader reader = {.format = find_format(), .bytes = &bytes};
	if (step == 0)
		pmill_lookahead_open_memory(&bytes, "x", data, len);
	else
		open_pipe(&bytes, data, len, step);
	*outcome = (struct outcome){0};
	do {
		outcome->status = pmill_token_reader_next(&reader, &batch, &outcome->error);
		for (size_t i = 0; i < batch.count && outcome->status == PMILL_OK; i++) {
			outcome->ids[outcome->count] = batch.ids[i];
			outcome->offsets[outcome->count] = batch.offsets[i];
			outcome->ended[outcome->count++] = batch.documents[i];
		}
	} while (outcome->status == PMILL_OK && batch.count > 0);
	outcome->documents = reader.documents;
	pmill_lookahead_release(&bytes);
}

static void assert_read(const char *text, uint64_t documents, const uint32_t *ids, size_t count)
{
	static struct outcome outcome;
	const size_t len = strlen(text);
	for (size_t step = least_step(len); step <= len; step++) {
		read_ids(text, len, step == len ? 0 : step, &outcome);
		if (outcome.status != PMILL_OK)
			print_error("%s: %s\n", text, outcome.error.message);
		assert_int_equal(outcome.status, PMILL_OK);
		assert_int_equal(outcome.documents, documents);
		assert_int_equal(outcome.count, count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(outcome.ids[i], ids[i]);
			assert_int_equal(strtoul(text + outcome.offsets[i], NULL, 10), ids[i]);
		}
	}
}

#define ASSERT_READ(text, documents, ...)                                                          \
	assert_read(text, documents, (const uint32_t[]){__VA_ARGS__},                                  \
		sizeof(const uint32_t[]){__VA_ARGS__} / sizeof(uint32_t))

static void reads_the_ids_of_each_line(void **state)
{
	(void)state;
	assert_read("", 0, NULL, 0);
	assert_read("\n \t\r\n\n", 0, NULL, 0);
	assert_read("{\"ids\":[]}", 1, NULL, 0);
	assert_read("{\"ids\":[]}\n\n{\"ids\":[ ]}\n", 2, NULL, 0);
	ASSERT_READ("{\"ids\":[0]}", 1, 0);
	ASSERT_READ("{\"ids\":[1,20,4294967294]}\n{\"ids\":[3]}", 2, 1, 20, 4294967294u, 3);
	ASSERT_READ("\xEF\xBB\xBF{\"ids\":[5]}\r\n", 1, 5);
	ASSERT_READ("\t{ \"ids\"\r:\t[ 1 , 2\r] \t}\r\n  \n\t{\"ids\":[3]}\n ", 2, 1, 2, 3);
	/* Names may be written with escapes. */
	ASSERT_READ("{\"\\u0069d\\u0073\":[7]}", 1, 7);
}

static void skips_other_members(void **state)
{
	(void)state;
	ASSERT_READ(
		"{\"tokens\":[\"a\",\"\xc4\xa0\\\"\"],\"ids\":[1,2],\"offsets\":[[0,1],[1,2]]}", 1, 1, 2);
	ASSERT_READ("{\"id\":[8],\"idss\":[9],\"\":[7],\"i\\n\":5,\"IDS\":6,\"ids\":[1]}", 1, 1);
	ASSERT_READ("{\"a\":{\"ids\":[3],\"b\":[{\"ids\":4}]},\"ids\":[1],\"c\":{\"ids\":[5]}}", 1, 1);
	ASSERT_READ("{\"a\":[true,false,null,NaN,Infinity,-Infinity,-0,0.5,1e9,-2E-3,1.0e+7,[],{}],"
				"\"ids\":[1],\"b\":\"\\\\\\/\\b\\f\\n\\r\\t\\uD83D\\ude00 } ] \\u0022\"}",
		1, 1);
	ASSERT_READ("{\"a\" : [ 1 , { \"b\" : { } , \"c\" : [ [ ] , 2 ] } ] , \"ids\":[1]}", 1, 1);
}

/* The byte, the line and the reason. */
static void assert_refused(const char *text, uint64_t offset, const char *message)
{
	static struct outcome outcome;
	char expected[300];
	const size_t len = strlen(text);
	for (size_t step = least_step(len); step <= len; step++) {
		read_ids(text, len, step == len ? 0 : step, &outcome);
		assert_int_equal(outcome.status, PMILL_BAD_INPUT);
		if (outcome.error.offset != offset)
			print_error("%s: %s\n", text, outcome.error.message);
		assert_int_equal(outcome.error.offset, offset);
		snprintf(expected, sizeof expected, ": byte %llu: %s", (unsigned long long)offset, message);
		const char *at = strstr(outcome.error.message, expected);
		if (at == NULL)
			print_error("%s: %s\n", text, outcome.error.message);
		assert_non_null(at);
		assert_string_equal(at, expected);
	}
}

static void refuses_what_is_not_an_id(void **state)
{
	(void)state;
	static const char large[] = "the number that begins here is too large for an id";
	static const char number[] = "the number that begins here is not an id";
	assert_refused("{\"ids\":[1,4294967295]}", 10, large);
	assert_refused("{\"ids\":[99999999999999999999999999]}", 8, large);
	assert_refused("{\"ids\":[-1]}", 8, number);
	assert_refused("{\"ids\":[1.5]}", 8, number);
	assert_refused("{\"ids\":[1,2e3]}", 10, number);
	assert_refused("{\"ids\":[01]}", 8, number);
	assert_refused("{\"ids\":[00]}", 8, number);
	assert_refused("{\"ids\":[\"1\"]}", 8, "an id expected");
	assert_refused("{\"ids\":[null]}", 8, "an id expected");
	assert_refused("{\"ids\":[[1]]}", 8, "an id expected");
	assert_refused("{\"ids\":[1,]}", 10, "an id expected");
	assert_refused("{\"ids\":[,1]}", 8, "an id expected");
	assert_refused("{\"ids\":[1 2]}", 10, "',' or ']' expected");
	assert_refused("{\"ids\":[1x]}", 9, "',' or ']' expected");
	assert_refused("{\"ids\":[1", 9, "',' or ']' expected, but the line ends");
	assert_refused("{\"ids\":[1\n]}", 9, "',' or ']' expected, but the line ends");
	assert_refused("{\"ids\":[", 8, "an id expected, but the line ends");
	assert_refused("{\"ids\":1}", 7, "an array of ids expected");
	assert_refused("{\"ids\":{}}", 7, "an array of ids expected");
	assert_refused("{\"ids\":[1],\"ids\":[2]}", 11, "the member \"ids\" occurs twice");
}

static void refuses_lines_without_ids(void **state)
{
	(void)state;
	static const char message[] = "the object that begins here has no member \"ids\"";
	assert_refused("{}", 0, message);
	assert_refused("{\"ids\":[1]}\n\n {\"tokens\":[\"a\"]}", 14, message);
	assert_refused("[1]", 0, "an object expected");
	assert_refused("1 2 3\n", 0, "an object expected");
	assert_refused("\xEF\xBB", 0, "an object expected");
	assert_refused("{\"ids\":[]}\xEF\xBB\xBF{\"ids\":[]}", 10, "the end of the line expected");
	/* The line is counted from 1, blank ones too. */
	static struct outcome outcome;
	static const char text[] = "{\"ids\":[1]}\n\n{\"ids\":[2,\"\"]}";
	read_ids(text, strlen(text), 0, &outcome);
	assert_string_equal(outcome.error.message, "x: line 3: byte 23: an id expected");
}

static void refuses_what_is_not_json(void **state)
{
	(void)state;
	assert_refused("{", 1, "a name in quotes expected, but the line ends");
	assert_refused("{ids:[1]}", 1, "a name in quotes expected");
	assert_refused("{\"a\"1}", 4, "':' expected");
	assert_refused("{\"a\":}", 5, "a value expected");
	assert_refused("{\"a\":tru}", 5, "a value expected");
	assert_refused("{\"a\":1,}", 7, "a name in quotes expected");
	assert_refused("{\"a\":1 \"b\":2}", 7, "',' or '}' expected");
	assert_refused("{\"a\":01}", 6, "',' or '}' expected");
	assert_refused("{\"a\":1.}", 7, "a digit expected");
	assert_refused("{\"a\":-}", 6, "a digit expected");
	assert_refused("{\"a\":1e}", 7, "a digit expected");
	assert_refused("{\"a\":[1,]}", 8, "a value expected");
	assert_refused("{\"a\":[1}", 7, "',' or ']' expected");
	assert_refused("{\"a\":{\"b\":1]}", 11, "',' or '}' expected");
	assert_refused("{\"a\":\"x", 7, "the string's closing quote expected, but the line ends");
	assert_refused("{\"a\":\"x\n\"}", 7, "the string's closing quote expected, but the line ends");
	assert_refused("{\"a\":\"x\ty\"}", 7, "unescaped control character in a string");
	assert_refused("{\"a\":\"\\x\"}", 7, "an escape such as \\n expected");
	assert_refused("{\"a\":\"\\u00g0\"}", 10, "a hexadecimal digit expected");
	assert_refused("{\"ids\":[1]", 10, "',' or '}' expected, but the line ends");
	assert_refused("{\"ids\":[1]]", 10, "',' or '}' expected");
	assert_refused("{\"ids\":[1]}}", 11, "the end of the line expected");
	assert_refused("{\"ids\":[1]} {\"ids\":[1]}", 12, "the end of the line expected");
	assert_refused("{\"ids\":[1],}", 11, "a name in quotes expected");
	assert_refused("{\"ids\":[1],\"a\"}", 14, "':' expected");
}

static void limits_nesting(void **state)
{
	(void)state;
	const size_t most = 2047; /* within the line's object */
	for (size_t deep = most - 1; deep <= most + 1; deep++) {
		for (size_t mixed = 0; mixed < 2; mixed++) {
			struct pmill_buffer text = {0};
			static struct outcome outcome;
			assert_true(pmill_buffer_append_text(&text, "{\"a\":"));
			for (size_t i = 0; i < deep; i++)
				assert_true(pmill_buffer_append_text(&text, mixed && i % 3 ? "{\"b\":" : "["));
			assert_true(pmill_buffer_append_text(&text, "1"));
			for (size_t i = deep; i-- > 0;)
				assert_true(pmill_buffer_append_text(&text, mixed && i % 3 ? "}" : "]"));
			assert_true(pmill_buffer_append_text(&text, ",\"ids\":[1]}"));
			read_ids((const char *)text.data, text.len, 0, &outcome);
			assert_int_equal(outcome.status, deep <= most ? PMILL_OK : PMILL_BAD_INPUT);
			pmill_buffer_release(&text);
		}
	}
}

/* ---- Both ---- */

/* Documents of any number of ids, also more than are pending at once, one after another. */
static void reads_what_it_wrote(void **state)
{
	(void)state;
	const uint64_t seed = 8;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	struct pmill_tokenizer *tokenizer = make_model();
	static uint32_t list[5000];
	static struct outcome outcome;
	static const size_t counts[] = {
		3, 0, 1, 0, 0, PMILL_TOKEN_BATCH - 4, 1, PMILL_TOKEN_BATCH, PMILL_TOKEN_BATCH + 1, 0};
	struct pmill_buffer text = {0};
	size_t count = 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		for (size_t k = 0; k < counts[i]; k++)
			list[count + k] = (uint32_t)random_below(&random, 261);
		pmill_ids *ids = make_ids(2 + i % 2 * 2, i % 3 ? "byte" : NULL, list + count, counts[i]);
		assert_int_equal(write_line(tokenizer, ids, &text, NULL), PMILL_OK);
		pmill_ids_free(ids);
		count += counts[i];
	}
	read_ids((const char *)text.data, text.len, 0, &outcome);
	assert_int_equal(outcome.status, PMILL_OK);
	assert_int_equal(outcome.documents, sizeof counts / sizeof *counts);
	assert_int_equal(outcome.count, count);
	assert_memory_equal(outcome.ids, list, count * sizeof *list);
	size_t document = 0, begin = 0;
	for (size_t i = 0; i < count; i++) {
		while (i >= begin + counts[document])
			begin += counts[document++];
		assert_int_equal(outcome.ended[i], document);
	}
	pmill_buffer_release(&text);
	pmill_tokenizer_free(tokenizer);
}

static void survives_no_memory(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_model();
	static const uint32_t list[] = {'a', 258, NOT_TEXT, ODD, ' ', HOLE, 259, 'b', 'c'};
	pmill_ids *ids = make_ids(2, "byte", list, 9);
	struct pmill_buffer whole = {0};
	assert_int_equal(write_line(tokenizer, ids, &whole, NULL), PMILL_OK);
	for (long refused = 0;; refused++) {
		struct pmill_buffer text = {0};
		pmill_error error = {0};
		allocations_left = refused;
		const pmill_status status = write_line(tokenizer, ids, &text, &error);
		if (!was_refused()) {
			assert_int_equal(status, PMILL_OK);
			assert_int_equal(text.len, whole.len);
			assert_memory_equal(text.data, whole.data, text.len);
			assert_true(refused > 3);
			pmill_buffer_release(&text);
			break;
		}
		/* The last one is the output's own. */
		assert_true(status == PMILL_NO_MEMORY || (status == PMILL_IO && text.data == NULL));
		assert_int_equal(error.status, status);
		pmill_buffer_release(&text);
	}
	pmill_buffer_release(&whole);
	pmill_ids_free(ids);
	pmill_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_line_for_a_document),
		cmocka_unit_test(reads_the_ids_of_each_line),
		cmocka_unit_test(skips_other_members),
		cmocka_unit_test(refuses_what_is_not_an_id),
		cmocka_unit_test(refuses_lines_without_ids),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(limits_nesting),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(survives_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
