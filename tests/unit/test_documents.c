/* Walking one chunk: segments, special tokens, document ends, totals, bad lines. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "corpus/documents.h"
#include "support/walk_log.h"

#define TOKEN(text)                                                                                \
	{                                                                                              \
		text, sizeof(text) - 1                                                                     \
	}

static const pmill_bytes tokens[] = {TOKEN("<e>"), TOKEN("<e><x>"), TOKEN("\n\n")};

/* The separator is "<e>". */
static struct walk_settings settings;

static int set_up(void **state)
{
	(void)state;
	walk_settings_create(&settings, "none", NULL, tokens, 3, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	walk_settings_release(&settings);
	return 0;
}

static struct pmill_chunk whole_file(const char *format, const char *text, size_t len)
{
	return (struct pmill_chunk){.data = (const uint8_t *)text,
		.len = len,
		.is_segment_end = true,
		.is_file_end = true,
		.format = pmill_corpus_format_find(format),
		.name = "corpus",
		.offset = 1000,
		.first_line = 7};
}

/* The pattern is "none", so each P is a segment. */
static void check_walk(
	const struct pmill_chunk *chunk, const char *expected, uint64_t documents, uint64_t bytes)
{
	struct pmill_segment_walk walk = {0};
	struct walk_log log = {0};
	pmill_error error = {0};
	if (log_chunk(&log, &settings, &walk, chunk, &error) != PMILL_OK) {
		print_error("%s\n", error.message);
		fail();
	}
	assert_true(pmill_buffer_terminate(&log.events));
	assert_string_equal((const char *)log.events.data, expected);
	assert_int_equal(walk.documents, documents);
	assert_int_equal(walk.text_bytes, bytes);
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
}

static void check_file(
	const char *format, const char *text, const char *expected, uint64_t documents, uint64_t bytes)
{
	struct pmill_chunk chunk = whole_file(format, text, strlen(text));
	check_walk(&chunk, expected, documents, bytes);
}

static void test_text(void **state)
{
	(void)state;
	check_file("text", "", "", 0, 0);
	check_file("text", "abc", "P3:abcD;", 1, 3);
	check_file("text", "<e>", "S0;D;", 1, 3);
	check_file("text", "<e><e>", "S0;D;S0;D;", 2, 6);
	check_file("text", "a<e>b", "P1:aS0;D;P1:bD;", 2, 5);
	check_file("text", "a<e>b<e>", "P1:aS0;D;P1:bS0;D;", 2, 8);
	check_file("text", "a<e><x>b", "P1:aS1;P1:bD;", 1, 8);
	check_file("text", "a<e><x>", "P1:aS1;D;", 1, 7);
	check_file("text", "a\nb\n\n\n", "P3:a\nbS2;P1:\nD;", 1, 6);
}

static void test_lines(void **state)
{
	(void)state;
	check_file("lines", "", "", 0, 0);
	check_file("lines", "a", "P1:aD;", 1, 1);
	check_file("lines", "a\nb", "P2:a\nD;P1:bD;", 2, 3);
	check_file("lines", "a\r\n", "P3:a\r\nD;", 1, 3);
	/* A special token does not extend across the end of a line. */
	check_file("lines", "\n\n", "P1:\nD;P1:\nD;", 2, 2);
	check_file("lines", "a<e>b\nc", "P1:aS0;D;P2:b\nD;P1:cD;", 3, 7);
	check_file("lines", "a<e>\n", "P1:aS0;D;P1:\nD;", 2, 5);
	check_file("lines", "a<e>", "P1:aS0;D;", 1, 4);
	check_file("lines", "<e><x>\n", "S1;P1:\nD;", 1, 7);
}

static void test_json_lines(void **state)
{
	(void)state;
	check_file("jsonl", "", "", 0, 0);
	check_file("jsonl", "\n\r\n \t\n", "", 0, 0);
	check_file("jsonl", "{\"text\":\"\"}", "D;", 1, 0);
	check_file("jsonl", "{\"text\":\"a\\nb\"}\n\n{\"text\":\"c\"}\r\n", "P3:a\nbD;P1:cD;", 2, 4);
	check_file("jsonl", "{\"text\":\"a<\\u0065>b\"}\n{\"text\":\"<e><x>\"}", "P1:aS0;D;P1:bD;S1;D;",
		3, 11);
	check_file("jsonl", "{\"text\":\"a<e>\"}\n", "P1:aS0;D;", 1, 4);
	check_file("jsonl", "{\"text\":\"<e><e>\"}\n", "S0;D;S0;D;", 2, 6);
}

/* Only the last piece continues after a chunk that does not end its file. */
static void test_chunk_in_the_middle(void **state)
{
	(void)state;
	struct pmill_chunk chunk = whole_file("text", "ab<e>cd", 7);
	chunk.is_file_end = false;
	check_walk(&chunk, "P2:abS0;D;P2:cd", 1, 7);
	chunk = whole_file("lines", "ab\ncd", 5);
	chunk.is_file_end = false;
	check_walk(&chunk, "P3:ab\nD;P2:cd", 1, 5);
}

static void test_lookahead(void **state)
{
	(void)state;
	struct pmill_segment_walk walk = {.specials = settings.specials, .separator_index = SIZE_MAX};
	struct pmill_chunk chunk = whole_file("text", "ab<e>cdefg", 7);
	chunk.lookahead = 3;
	chunk.is_file_end = false;
	chunk.is_segment_end = false;
	struct pmill_segment segment;
	bool is_there;
	pmill_segment_walk_start(&walk, &chunk);
	assert_int_equal(pmill_segment_walk_next(&walk, &segment, &is_there, NULL), PMILL_OK);
	assert_true(is_there && segment.is_final && !segment.ends_document);
	assert_int_equal(segment.len, 2);
	assert_int_equal(segment.lookahead, 0);
	assert_int_equal(segment.special, 0);
	assert_int_equal(pmill_segment_walk_next(&walk, &segment, &is_there, NULL), PMILL_OK);
	assert_true(is_there && !segment.is_final && !segment.ends_document);
	assert_int_equal(segment.len, 2);
	assert_int_equal(segment.lookahead, 3);
	assert_int_equal(segment.special, SIZE_MAX);
	assert_int_equal(pmill_segment_walk_next(&walk, &segment, &is_there, NULL), PMILL_OK);
	assert_false(is_there);
	pmill_segment_walk_release(&walk);
}

static void test_no_special_tokens(void **state)
{
	(void)state;
	struct pmill_segment_walk walk = {.separator_index = SIZE_MAX};
	struct pmill_chunk chunk = whole_file("text", "a<e>", 4);
	struct pmill_segment segment;
	bool is_there;
	pmill_segment_walk_start(&walk, &chunk);
	assert_int_equal(pmill_segment_walk_next(&walk, &segment, &is_there, NULL), PMILL_OK);
	assert_int_equal(segment.len, 4);
	assert_true(segment.ends_document);
	pmill_segment_walk_release(&walk);
}

static const char bad_lines[] =
	"{\"text\":\"a\"}\n{\"text\":1}\nnonsense\n\n{\"other\":\"\"}\n{\"text\":\"b\"}\n";

static void test_bad_line_is_named(void **state)
{
	(void)state;
	struct pmill_segment_walk walk = {0};
	struct walk_log log = {0};
	pmill_error error;
	struct pmill_chunk chunk = whole_file("jsonl", bad_lines, sizeof bad_lines - 1);
	assert_int_equal(log_chunk(&log, &settings, &walk, &chunk, &error), PMILL_BAD_INPUT);
	assert_string_equal(
		error.message, "corpus: line 8: byte 1021: the field \"text\" is not a string");
	assert_int_equal(error.offset, 1021);
	assert_int_equal(walk.documents, 1);
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
}

static void test_bad_lines_are_counted(void **state)
{
	(void)state;
	struct pmill_segment_walk walk = {.skip_bad_lines = true, .field = "text"};
	struct walk_log log = {0};
	struct pmill_chunk chunk = whole_file("jsonl", bad_lines, sizeof bad_lines - 1);
	assert_int_equal(log_chunk(&log, &settings, &walk, &chunk, NULL), PMILL_OK);
	assert_int_equal(walk.bad_lines, 3);
	assert_int_equal(walk.documents, 2);
	assert_int_equal(walk.text_bytes, 2);
	assert_int_equal(walk.bad.count, 1);
	const pmill_bad_lines *first = &walk.bad.files[0].lines;
	assert_string_equal(first->name, "corpus");
	assert_int_equal(first->count, 3);
	assert_int_equal(first->first_line, 8);
	assert_int_equal(first->first_offset, 1021);
	assert_string_equal(first->first_reason, "the field \"text\" is not a string");
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
}

static void check_at_offset(
	const char *format, uint64_t offset, const char *text, const char *expected, uint64_t bytes)
{
	struct pmill_chunk chunk = whole_file(format, text, strlen(text));
	chunk.offset = offset;
	check_walk(&chunk, expected, 1, bytes);
}

#define MARK "\xEF\xBB\xBF"

static void test_byte_order_mark(void **state)
{
	(void)state;
	check_at_offset("jsonl", 0, MARK "{\"text\":\"ab\"}\n", "P2:abD;", 2);
	check_at_offset("jsonl", 0, MARK "\n{\"text\":\"ab\"}", "P2:abD;", 2);
	check_at_offset("jsonl", 0, MARK " \r\n{\"text\":\"ab\"}", "P2:abD;", 2);
	check_at_offset("jsonl", 0, "{\"text\":\"" MARK "\"}", "P3:" MARK "D;", 3);
	check_at_offset("text", 0, MARK "ab", "P5:" MARK "abD;", 5);
	check_at_offset("lines", 0, MARK "ab\n", "P6:" MARK "ab\nD;", 6);
}

static void check_bad_at(uint64_t offset, const char *text, const char *message)
{
	struct pmill_segment_walk walk = {0};
	struct walk_log log = {0};
	pmill_error error;
	struct pmill_chunk chunk = whole_file("jsonl", text, strlen(text));
	chunk.offset = offset;
	assert_int_equal(log_chunk(&log, &settings, &walk, &chunk, &error), PMILL_BAD_INPUT);
	assert_string_equal(error.message, message);
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
}

/* A mark belongs at the start of a file, and offsets count it. */
static void test_misplaced_byte_order_mark(void **state)
{
	(void)state;
	check_bad_at(5, MARK "{\"text\":\"a\"}", "corpus: line 7: byte 5: a JSON object expected");
	check_bad_at(0, MARK MARK "{\"text\":\"a\"}", "corpus: line 7: byte 3: a JSON object expected");
	check_bad_at(
		0, "{\"text\":\"a\"}\n" MARK "{}", "corpus: line 8: byte 13: a JSON object expected");
	check_bad_at(
		0, MARK "{\"text\":1}", "corpus: line 7: byte 11: the field \"text\" is not a string");
	check_bad_at(0, "\xEF\xBB", "corpus: line 7: byte 0: a JSON object expected");
}

static void log_bad(struct pmill_bad_line_log *log, size_t file, uint64_t line, const char *reason)
{
	const struct pmill_chunk chunk = {.file = file, .name = file == 0 ? "a" : "b"};
	assert_true(pmill_bad_line_log_add(log, &chunk, line, 10 * line, reason));
}

/* Whichever thread met it, the first bad line of a file is the one that counts. */
static void test_bad_lines_of_several_threads(void **state)
{
	(void)state;
	struct pmill_bad_line_log logs[3] = {0}, all = {0};
	log_bad(&logs[0], 1, 8, "eight");
	log_bad(&logs[0], 1, 9, "nine");
	log_bad(&logs[2], 0, 4, "four");
	log_bad(&logs[2], 1, 5, "five");
	for (int i = 0; i < 3; i++) {
		assert_true(pmill_bad_line_log_move(&all, &logs[i]));
		assert_int_equal(logs[i].count, 0);
	}
	pmill_bad_line_log_settle(&all);
	assert_int_equal(all.count, 2);
	pmill_bad_lines *packed = pmill_bad_line_log_pack(&all);
	pmill_bad_line_log_release(&all);
	assert_non_null(packed);
	assert_string_equal(packed[0].name, "a");
	assert_int_equal(packed[0].count, 1);
	assert_int_equal(packed[0].first_line, 4);
	assert_string_equal(packed[1].name, "b");
	assert_int_equal(packed[1].count, 3);
	assert_int_equal(packed[1].first_line, 5);
	assert_int_equal(packed[1].first_offset, 50);
	assert_string_equal(packed[1].first_reason, "five");
	pmill_memory_free(packed);
}

static void test_other_field(void **state)
{
	(void)state;
	struct pmill_segment_walk walk = {.skip_bad_lines = true, .field = "other"};
	struct walk_log log = {0};
	struct pmill_chunk chunk = whole_file("jsonl", bad_lines, sizeof bad_lines - 1);
	assert_int_equal(log_chunk(&log, &settings, &walk, &chunk, NULL), PMILL_OK);
	assert_int_equal(walk.bad_lines, 4);
	assert_int_equal(walk.documents, 1);
	walk_log_release(&log);
	pmill_segment_walk_release(&walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_json_lines),
		cmocka_unit_test(test_chunk_in_the_middle),
		cmocka_unit_test(test_lookahead),
		cmocka_unit_test(test_no_special_tokens),
		cmocka_unit_test(test_bad_line_is_named),
		cmocka_unit_test(test_bad_lines_are_counted),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_misplaced_byte_order_mark),
		cmocka_unit_test(test_bad_lines_of_several_threads),
		cmocka_unit_test(test_other_field),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
