/* From names to files: folders, lists, formats by suffix, and refusals. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "corpus/inputs.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;

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

static void add_one(struct pmill_inputs *inputs, const char *path)
{
	pmill_error error;
	if (pmill_inputs_add(inputs, &path, 1, NULL, &error) != PMILL_OK) {
		print_error("%s\n", error.message);
		fail();
	}
}

/* The path without the scratch folder. */
static const char *short_name(const struct pmill_inputs *inputs, size_t index)
{
	const char *path = inputs->files[index].path;
	size_t len = strlen(folder.path);
	assert_true(index < inputs->count);
	return strncmp(path, folder.path, len) == 0 ? path + len : path;
}

static void test_formats_by_suffix(void **state)
{
	(void)state;
	static const struct {
		const char *name, *format;
	} cases[] = {{"a.txt", "text"}, {"a.jsonl", "jsonl"}, {"a.ndjson", "jsonl"},
		{"a.jsonl.gz", "jsonl"}, {"a.ndjson.zst", "jsonl"}, {"a.gz", "text"}, {"a.txt.zst", "text"},
		{"a.json", "text"}, {"jsonl", "text"}, {".gz", "text"}, {"a.jsonl.gz.gz", "text"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pmill_inputs inputs = {0};
		add_one(&inputs, scratch_write(&folder, cases[i].name, "text", 4));
		assert_string_equal(inputs.files[0].format->name, cases[i].format);
		assert_int_equal(inputs.files[0].bytes, 4);
		pmill_inputs_release(&inputs);
	}
}

static void test_format_by_option(void **state)
{
	(void)state;
	const char *path = scratch_write(&folder, "option.jsonl", "", 0);
	for (size_t i = 0; pmill_corpus_format_at(i) != NULL; i++) {
		const struct pmill_corpus_format *format = pmill_corpus_format_at(i);
		struct pmill_inputs inputs = {0};
		pmill_input_options options = {.size = sizeof options, .format = format->name};
		assert_int_equal(pmill_inputs_add(&inputs, &path, 1, &options, NULL), PMILL_OK);
		assert_ptr_equal(inputs.files[0].format, format);
		assert_ptr_equal(pmill_corpus_format_find(format->name), format);
		pmill_inputs_release(&inputs);
	}
	struct pmill_inputs inputs = {0};
	pmill_error error;
	pmill_input_options options = {.size = sizeof options, .format = "xml"};
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, &options, &error), PMILL_BAD_OPTION);
	assert_string_equal(error.message, "unknown input format \"xml\" (known: text, lines, jsonl)");
	assert_null(pmill_corpus_format_find("xml"));
	pmill_inputs_release(&inputs);
}

static void test_stdin_has_no_size(void **state)
{
	(void)state;
	struct pmill_inputs inputs = {0};
	add_one(&inputs, "-");
	assert_string_equal(inputs.files[0].path, "-");
	assert_int_equal(inputs.bytes, 0);
	pmill_inputs_release(&inputs);
}

static void make_tree(void)
{
	scratch_make_folder(&folder, "tree");
	scratch_make_folder(&folder, "tree/b");
	scratch_make_folder(&folder, "tree/b/deep");
	scratch_make_folder(&folder, "tree/.hidden");
	scratch_make_folder(&folder, "tree/empty");
	scratch_write(&folder, "tree/b.txt", "1", 1);
	scratch_write(&folder, "tree/a", "22", 2);
	scratch_write(&folder, "tree/b/z", "333", 3);
	scratch_write(&folder, "tree/b/deep/y", "4444", 4);
	scratch_write(&folder, "tree/\xC3\xA9", "", 0);
	scratch_write(&folder, "tree/.secret", "x", 1);
	scratch_write(&folder, "tree/.hidden/x", "x", 1);
	char target[600];
	snprintf(target, sizeof target, "%s", scratch_path(&folder, "tree/b"));
	scratch_require(symlink(target, scratch_path(&folder, "tree/link-to-folder")) == 0, "link");
	scratch_require(symlink("a", scratch_path(&folder, "tree/link-to-file")) == 0, "link");
	scratch_require(symlink("nowhere", scratch_path(&folder, "tree/link-to-nowhere")) == 0, "link");
	scratch_require(symlink("..", scratch_path(&folder, "tree/b/link-up")) == 0, "link");
	scratch_require(mkfifo(scratch_path(&folder, "tree/pipe"), 0600) == 0, "pipe");
}

static void test_folder_is_sorted(void **state)
{
	(void)state;
	static const char *const expected[] = {"/tree/a", "/tree/b.txt", "/tree/b/deep/y", "/tree/b/z",
		"/tree/link-to-file", "/tree/\xC3\xA9"};
	make_tree();
	for (int slashes = 0; slashes < 3; slashes++) {
		struct pmill_inputs inputs = {0};
		char name[16];
		snprintf(name, sizeof name, "tree%.*s", slashes, "//");
		add_one(&inputs, scratch_path(&folder, name));
		assert_int_equal(inputs.count, 6);
		assert_int_equal(inputs.bytes, 1 + 2 + 3 + 4 + 2);
		for (size_t i = 0; i < 6; i++)
			assert_string_equal(short_name(&inputs, i), expected[i]);
		pmill_inputs_release(&inputs);
	}
}

static void test_deep_folders(void **state)
{
	(void)state;
	/* As deep as the system allows, since the search does not recurse. */
	struct scratch_folder deep;
	char home[4096];
	scratch_create(&deep);
	assert_non_null(getcwd(home, sizeof home));
	assert_int_equal(chdir(deep.path), 0);
	size_t depth = 0;
	for (; depth < 1000; depth++)
		assert_true(mkdir("d", 0777) == 0 && chdir("d") == 0);
	FILE *file = fopen("file", "wb");
	assert_true(file != NULL && fclose(file) == 0);
	struct pmill_inputs inputs = {0};
	add_one(&inputs, deep.path);
	assert_int_equal(inputs.count, 1);
	pmill_inputs_release(&inputs);
	assert_int_equal(unlink("file"), 0);
	for (; depth > 0; depth--)
		assert_true(chdir("..") == 0 && rmdir("d") == 0);
	assert_int_equal(chdir(home), 0);
	scratch_remove(&deep);
}

static void test_order_of_names_is_kept(void **state)
{
	(void)state;
	struct pmill_inputs inputs = {0};
	add_one(&inputs, scratch_write(&folder, "zz", "", 0));
	add_one(&inputs, scratch_write(&folder, "aa", "", 0));
	add_one(&inputs, scratch_write(&folder, "zz", "", 0));
	assert_int_equal(inputs.count, 3);
	assert_string_equal(short_name(&inputs, 0), "/zz");
	assert_string_equal(short_name(&inputs, 1), "/aa");
	pmill_inputs_release(&inputs);
}

/* Writes a list and returns "@LIST". Each % in `format` becomes the scratch folder. */
static void write_list(char list[600], const char *format)
{
	struct pmill_buffer text = {0};
	for (const char *at = format; *at != '\0'; at++) {
		bool is_folder = at[0] == '%';
		assert_true(pmill_buffer_append(
			&text, is_folder ? folder.path : at, is_folder ? strlen(folder.path) : 1));
	}
	snprintf(list, 600, "@%s", scratch_write(&folder, "list", text.data, text.len));
	pmill_buffer_release(&text);
}

static void test_list(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "listed");
	scratch_write(&folder, "listed/2", "", 0);
	scratch_write(&folder, "listed/1", "", 0);
	scratch_write(&folder, "with space", "", 0);
	scratch_write(&folder, "last", "", 0);
	char list[600];
	write_list(list, "%/with space\r\n\n\r\n%/listed\n%/last");
	struct pmill_inputs inputs = {0};
	add_one(&inputs, list);
	assert_int_equal(inputs.count, 4);
	assert_string_equal(short_name(&inputs, 0), "/with space");
	assert_string_equal(short_name(&inputs, 1), "/listed/1");
	assert_string_equal(short_name(&inputs, 2), "/listed/2");
	assert_string_equal(short_name(&inputs, 3), "/last");
	pmill_inputs_release(&inputs);
}

static void test_listed_names_are_literal(void **state)
{
	(void)state;
	char home[4096], list[600];
	assert_non_null(getcwd(home, sizeof home));
	assert_int_equal(chdir(folder.path), 0);
	scratch_write(&folder, "@file", "1", 1);
	scratch_write(&folder, "-", "22", 2);
	write_list(list, "@file\n-\n");
	struct pmill_inputs inputs = {0};
	add_one(&inputs, list);
	assert_int_equal(inputs.count, 2);
	assert_string_equal(inputs.files[0].path, "@file");
	assert_string_equal(inputs.files[1].path, "./-");
	assert_int_equal(inputs.bytes, 3);
	pmill_inputs_release(&inputs);
	assert_int_equal(chdir(home), 0);
}

static void test_failures_leave_the_list_as_it_was(void **state)
{
	(void)state;
	char list[600];
	write_list(list, "%/there\n%/missing");
	struct pmill_inputs inputs = {0};
	pmill_error error;
	add_one(&inputs, scratch_write(&folder, "there", "123", 3));
	static const char *const missing[] = {"", "/missing/file", "@", "@/missing/list"};
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
		const char *paths[] = {inputs.files[0].path, missing[i]};
		assert_int_equal(pmill_inputs_add(&inputs, paths, 2, NULL, &error), PMILL_IO);
		assert_non_null(strstr(error.message, "No such file"));
		assert_int_equal(inputs.count, 1);
		assert_int_equal(inputs.bytes, 3);
	}
	const char *path = list;
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "/missing: cannot read: No such file"));
	char bad[600];
	snprintf(bad, sizeof bad, "@%s", scratch_write(&folder, "bad", "a\0b", 3));
	path = bad;
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 1);
	assert_int_equal(inputs.count, 1);
	pmill_inputs_release(&inputs);
}

static void test_unreadable_file(void **state)
{
	(void)state;
	const char *path = scratch_write(&folder, "locked", "x", 1);
	assert_int_equal(chmod(path, 0), 0);
	struct pmill_inputs inputs = {0};
	pmill_error error;
	pmill_status expected = access(path, R_OK) == 0 ? PMILL_OK : PMILL_IO; /* root can read it */
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, NULL, &error), expected);
	assert_int_equal(inputs.count, expected == PMILL_OK);
	pmill_inputs_release(&inputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_by_suffix),
		cmocka_unit_test(test_format_by_option),
		cmocka_unit_test(test_stdin_has_no_size),
		cmocka_unit_test(test_folder_is_sorted),
		cmocka_unit_test(test_deep_folders),
		cmocka_unit_test(test_order_of_names_is_kept),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_listed_names_are_literal),
		cmocka_unit_test(test_failures_leave_the_list_as_it_was),
		cmocka_unit_test(test_unreadable_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
