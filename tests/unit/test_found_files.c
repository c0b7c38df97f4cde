/* What is taken from folders and what is left out: data that is not text, JSON lines, doubles. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "corpus/inputs.h"
#include "support/compressed.h"
#include "support/input_names.h"
#include "support/scratch_folder.h"

/* What the library told. */
struct told {
	int skipped, repeated;
	char text[2000];
};

static void take_notice(void *context, pmill_notice notice, const char *name, const char *detail)
{
	struct told *told = context;
	told->skipped += notice == PMILL_NOTICE_SKIPPED;
	told->repeated += notice == PMILL_NOTICE_REPEATED;
	size_t used = strlen(told->text);
	snprintf(told->text + used, sizeof told->text - used, "%s: %s\n", strrchr(name, '/'), detail);
}

static void test_files_named_twice(void **state)
{
	(void)state;
	char first[600], second[600];
	snprintf(first, sizeof first, "%s", scratch_write(&folder, "named", "123", 3));
	scratch_require(link(first, scratch_path(&folder, "hard")) == 0, "link");
	snprintf(second, sizeof second, "%s", scratch_path(&folder, "hard"));
	const char *paths[] = {first, second, "-", "-", first};
	struct told told = {0};
	const pmill_input_options options = {
		.size = sizeof options, .notice = take_notice, .notice_context = &told};
	struct pmill_inputs inputs = {0};
	assert_int_equal(pmill_inputs_add(&inputs, paths, 5, &options, NULL), PMILL_OK);
	assert_int_equal(inputs.count, 5);
	assert_int_equal(inputs.notes.repeated, 2);
	assert_int_equal(told.repeated, 2);
	assert_non_null(strstr(told.text, "/hard: "));
	assert_non_null(strstr(told.text, "/named: "));
	pmill_inputs_release(&inputs);
}

static pmill_status add_with(
	struct pmill_inputs *inputs, const char *name, pmill_input_options options, pmill_error *error)
{
	const char *path = scratch_path(&folder, name);
	options.size = sizeof options;
	return pmill_inputs_add(inputs, &path, 1, &options, error);
}

/* In a folder, what isn't text is listed, or left out. */
static void test_data_in_folders(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "mixed");
	scratch_make_folder(&folder, "mixed/below");
	scratch_write(&folder, "mixed/a.txt", "text", 4);
	scratch_write(&folder, "mixed/b.xz",
		"\xFD"
		"7zXZ\0\0\4",
		8);
	struct pmill_inputs inputs = {0};
	pmill_error error;
	assert_int_equal(add_with(&inputs, "mixed", (pmill_input_options){0}, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "/mixed/b.xz (xz); --skip-binary leaves it out"));
	scratch_write(&folder, "mixed/below/c.pdf", "%PDF-1.7", 8);
	assert_int_equal(add_with(&inputs, "mixed", (pmill_input_options){0}, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "2 files in folders aren't text: "));
	assert_non_null(strstr(error.message, "/mixed/b.xz (xz), "));
	assert_non_null(strstr(error.message, "/c.pdf (PDF); --skip-binary leaves them out"));
	assert_int_equal(inputs.notes.skipped, 0);
	struct told told = {0};
	const pmill_input_options skipping = {
		.skip_binary = 1, .notice = take_notice, .notice_context = &told};
	assert_int_equal(add_with(&inputs, "mixed", skipping, NULL), PMILL_OK);
	ASSERT_NAMES(&inputs, "/mixed/a.txt");
	assert_int_equal(inputs.notes.skipped, 2);
	assert_string_equal(told.text, "/b.xz: xz\n/c.pdf: PDF\n");
	/* A file that was named isn't in a folder. */
	assert_int_equal(add_with(&inputs, "mixed/b.xz", skipping, &error), PMILL_BAD_INPUT);
	assert_non_null(
		strstr(error.message, "/mixed/b.xz: looks like xz, not text; use: xz -dc FILE"));
	/* A format from the options overrides, except what is asked to be left out. */
	pmill_input_options lines = {.format = "lines"};
	assert_int_equal(add_with(&inputs, "mixed", lines, NULL), PMILL_OK);
	assert_int_equal(inputs.count, 4);
	lines.skip_binary = 1;
	assert_int_equal(add_with(&inputs, "mixed", lines, NULL), PMILL_OK);
	assert_int_equal(inputs.count, 5);
	assert_string_equal(inputs.files[4].format->name, "lines");
	pmill_inputs_release(&inputs);
}

/* The message has all names that fit. */
static void test_many_files_that_are_not_text(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "many");
	char name[120];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "many/%02d-%s", i, "a-name-of-some-length");
		scratch_write(&folder, name, "%PDF-1.7", 8);
	}
	struct pmill_inputs inputs = {0};
	pmill_error error;
	assert_int_equal(add_with(&inputs, "many", (pmill_input_options){0}, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "100 files in folders aren't text: "));
	assert_non_null(strstr(error.message, " more; --skip-binary leaves them out"));
	size_t listed = 0;
	for (const char *at = error.message; (at = strstr(at, "(PDF)")) != NULL; at++)
		listed++;
	snprintf(name, sizeof name, " and %zu more;", 100 - listed);
	assert_true(listed > 3);
	assert_non_null(strstr(error.message, name));
	pmill_inputs_release(&inputs);
}

enum { NAMED, FOUND, EITHER };

struct json_case {
	const char *name, *text;
	int where;
	const char *format; /* NULL: refused */
	const char *message;
};

static const struct json_case json_cases[] = {
	{"a.json", "{\"text\":\"x\"}\n", EITHER, "jsonl", NULL},
	{"a.JSON", "\n \r\n{\"id\":1,\"text\":\"x\"}", EITHER, "jsonl", NULL},
	{"a.json", "\xEF\xBB\xBF{\"text\":\"x\"}\n", EITHER, "jsonl", NULL},
	{"a.json", "{\"text\":5}\n", EITHER, "jsonl", NULL},
	{"a.json", "{\"tex\":\"x\"}\n", NAMED, NULL, "isn't a JSON object with the field \"text\""},
	{"a.json", "{\"tex\":\"x\"}\n", FOUND, "text", NULL},
	{"a.json", "{\n\"text\":\"x\"}\n", NAMED, NULL, "--input-format text"},
	{"a.json", "{\n\"text\":\"x\"}\n", FOUND, "text", NULL},
	{"a.json", "", EITHER, "text", NULL},
	{"a.json", " \n", EITHER, "text", NULL},
	{"a.json", "\"text\"\n", EITHER, "text", NULL},
	{"a.json", "[{\"text\":\"x\"}]\n", NAMED, NULL, "looks like a JSON array, not JSON lines"},
	{"a.json", "[{\"text\":\"x\"}]\n", FOUND, "text", NULL},
	{"a.jsonl", "\n [{\"text\":\"x\"}]\n", EITHER, NULL, "jq -c '.[]' FILE"},
	{"a.jsonl", "{\"tex\":\"x\"}\n", EITHER, "jsonl", NULL},
	{"a.txt", "{\"tex\":\"x\"}\nmore", NAMED, NULL, "the first line is a JSON object"},
	{"a.txt", "{\"tex\":\"x\"}\nmore", FOUND, "text", NULL},
	{"a", "\n{}", NAMED, NULL, "--input-format jsonl"},
	{"a.txt", "{\"tex\":\"x\"} more\n", EITHER, "text", NULL},
	{"a.txt", "{\n\"tex\":\"x\"}\n", EITHER, "text", NULL},
	{"a.txt", "[1]\n", EITHER, "text", NULL},
	{"a.txt", "[{\"text\":\"x\"}]\n", NAMED, NULL, "looks like a JSON array, not text"},
	{"a.txt", "[{\"text\":\"x\"}]\n", FOUND, "text", NULL},
	{"a", "[\n  {\n    \"text\": \"x\"}]\n", NAMED, NULL, "jq -c '.[]' FILE"},
	{"a", "[{}]", NAMED, NULL, "jq -c '.[]' FILE"},
	{"a", "[\"a\", \"b\"]", NAMED, NULL, "jq -c '.[] | {text: .}' FILE"},
	{"a.jsonl", "[\"a]\\\"\" ]", NAMED, NULL, "jq -c '.[] | {text: .}' FILE"},
	{"a.txt", "[\"a\\\"b\" ]", NAMED, NULL, "jq -c '.[] | {text: .}' FILE"},
	{"a.txt", "[\"Quoted\" words] and more", EITHER, "text", NULL},
	{"a.txt", "[\"Quoted\", he said]", EITHER, "text", NULL},
	{"a.txt", "[\"Quoted", EITHER, "text", NULL},
	{"a.txt", "[{x}]", EITHER, "text", NULL},
	{"a.txt", "[", EITHER, "text", NULL},
	{"a.txt", "[{", EITHER, "text", NULL},
	{"a.txt", "text {}", EITHER, "text", NULL},
};

static void check_json(const struct json_case *row, bool is_named)
{
	char name[40];
	snprintf(name, sizeof name, "json/%s", row->name);
	scratch_write(&folder, name, row->text, strlen(row->text));
	struct pmill_inputs inputs = {0};
	pmill_error error = {0};
	pmill_status status = add_with(
		&inputs, is_named ? name : "json", (pmill_input_options){0}, &error);
	if (status != (row->format != NULL ? PMILL_OK : PMILL_BAD_INPUT)) {
		print_error("%s %s: %s\n", row->name, row->text, error.message);
		fail();
	}
	if (row->format != NULL)
		assert_string_equal(inputs.files[0].format->name, row->format);
	else if (strstr(error.message, row->message) == NULL)
		fail_msg("%s", error.message);
	pmill_inputs_release(&inputs);
	for (size_t i = 0; pmill_corpus_format_at(i) != NULL; i++) {
		const pmill_input_options options = {.format = pmill_corpus_format_at(i)->name};
		assert_int_equal(add_with(&inputs, name, options, NULL), PMILL_OK);
		assert_string_equal(inputs.files[0].format->name, options.format);
		pmill_inputs_release(&inputs);
	}
	unlink(scratch_path(&folder, name));
}

static void test_json_by_its_first_line(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "json");
	for (size_t i = 0; i < sizeof json_cases / sizeof *json_cases; i++) {
		if (json_cases[i].where != FOUND)
			check_json(&json_cases[i], true);
		if (json_cases[i].where != NAMED)
			check_json(&json_cases[i], false);
	}
}

/* The field is found in first lines of any length, and by its name. */
static void test_long_first_lines(void **state)
{
	(void)state;
	struct pmill_buffer text = {0};
	for (size_t len = 100; len <= (size_t)1 << 25; len = len * 3 + 1) {
		text.len = 0;
		assert_true(pmill_buffer_append_text(&text, "{\"other\":\""));
		assert_true(pmill_buffer_reserve(&text, len));
		memset(text.data + text.len, 'x', len);
		text.len += len;
		assert_true(pmill_buffer_append_text(&text, "\",\"body\":\"y\"}\n"));
		scratch_write(&folder, "long.json", text.data, text.len);
		struct pmill_inputs inputs = {0};
		pmill_status expected = len < (size_t)1 << 24 ? PMILL_OK : PMILL_BAD_INPUT;
		const pmill_input_options body = {.field = "body"};
		assert_int_equal(add_with(&inputs, "long.json", body, NULL), expected);
		assert_int_equal(
			add_with(&inputs, "long.json", (pmill_input_options){0}, NULL), PMILL_BAD_INPUT);
		assert_int_equal(
			add_with(&inputs, "long.json", (pmill_input_options){.field = "other"}, NULL),
			PMILL_OK);
		pmill_inputs_release(&inputs);
	}
	pmill_buffer_release(&text);
}

/* With bad lines skipped, the first line may be one of them. */
static void test_bad_first_line(void **state)
{
	(void)state;
	const char text[] = "[]\n{\"text\":\"x\"}\n";
	scratch_write(&folder, "bad.jsonl", text, sizeof text - 1);
	struct pmill_inputs inputs = {0};
	assert_int_equal(
		add_with(&inputs, "bad.jsonl", (pmill_input_options){.skip_bad_lines = 1}, NULL), PMILL_OK);
	pmill_inputs_release(&inputs);
}

#if PMILL_HAVE_ZLIB && PMILL_HAVE_ZSTD

static void check_compressed(
	const char *name, void (*append)(struct pmill_buffer *, const void *, size_t))
{
	static const char json[] = "{\"text\":\"x\"}\n", array[] = "[1]";
	struct pmill_buffer stored = {0};
	struct pmill_inputs inputs = {0};
	pmill_error error;
	append(&stored, json, sizeof json - 1);
	scratch_write(&folder, name, stored.data, stored.len);
	assert_int_equal(add_with(&inputs, name, (pmill_input_options){0}, NULL), PMILL_OK);
	assert_string_equal(inputs.files[0].format->name, "jsonl");
	stored.len = 0;
	append(&stored, array, sizeof array - 1);
	scratch_write(&folder, name, stored.data, stored.len);
	assert_int_equal(add_with(&inputs, name, (pmill_input_options){0}, NULL), PMILL_BAD_INPUT);
	char tar[512] = "file";
	memcpy(tar + 257, "ustar", 6);
	stored.len = 0;
	append(&stored, tar, sizeof tar);
	scratch_write(&folder, name, stored.data, stored.len);
	assert_int_equal(add_with(&inputs, name, (pmill_input_options){0}, &error), PMILL_BAD_INPUT);
	assert_non_null(strstr(error.message, "looks like tar"));
	pmill_inputs_release(&inputs);
	pmill_buffer_release(&stored);
}

static void test_compressed_files(void **state)
{
	(void)state;
	check_compressed("c4.json.gz", append_gzip);
	check_compressed("c4.JSON.zst", append_zstd);
	check_compressed("c4.json", append_gzip);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_named_twice),
		cmocka_unit_test(test_data_in_folders),
		cmocka_unit_test(test_many_files_that_are_not_text),
		cmocka_unit_test(test_json_by_its_first_line),
		cmocka_unit_test(test_long_first_lines),
		cmocka_unit_test(test_bad_first_line),
#if PMILL_HAVE_ZLIB && PMILL_HAVE_ZSTD
		cmocka_unit_test(test_compressed_files),
#endif
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
