/* From names to files: folders, lists, formats by suffix, and refusals. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "corpus/inputs.h"
#include "support/input_names.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

static void test_formats_by_suffix(void **state)
{
	(void)state;
	static const struct {
		const char *name, *format;
	} cases[] = {{"a.txt", "text"}, {"a.jsonl", "jsonl"}, {"a.ndjson", "jsonl"},
		{"a.jsonl.gz", "jsonl"}, {"a.ndjson.zst", "jsonl"}, {"a.gz", "text"}, {"a.txt.zst", "text"},
		{"a.json", "text"}, {"jsonl", "text"}, {".gz", "text"}, {"a.jsonl.gz.gz", "text"},
		{"a.jl", "jsonl"}, {"A.JSONL", "jsonl"}, {"a.NDjson.GZ", "jsonl"}, {"a.Jl.Zst", "jsonl"},
		{"a.jll", "text"}, {"a.jsonl.xz", "text"}};
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
	make_link("nowhere", "tree/.hidden-link");
	make_link("a", "tree/link-to-file");
	scratch_require(mkfifo(scratch_path(&folder, "tree/pipe"), 0600) == 0, "pipe");
}

static void test_folder_is_sorted(void **state)
{
	(void)state;
	make_tree();
	for (int slashes = 0; slashes < 3; slashes++) {
		struct pmill_inputs inputs = {0};
		char name[16];
		snprintf(name, sizeof name, "tree%.*s", slashes, "//");
		add_one(&inputs, scratch_path(&folder, name));
		ASSERT_NAMES(&inputs, "/tree/a", "/tree/b.txt", "/tree/b/deep/y", "/tree/b/z",
			"/tree/link-to-file", "/tree/\xC3\xA9");
		assert_int_equal(inputs.bytes, 1 + 2 + 3 + 4 + 2);
		assert_int_equal(inputs.notes.hidden, 3);
		assert_int_equal(inputs.notes.repeated, 1);
		pmill_inputs_release(&inputs);
	}
}

/* Each folder is read once, whatever leads to it; a real path beats a link, fewer links more. */
static void test_linked_folders(void **state)
{
	(void)state;
	static const char *const folders[] = {
		"links", "links/z", "links/z/real", "outside", "outside/.hidden", "outside/more", "beyond"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		scratch_make_folder(&folder, folders[i]);
	scratch_write(&folder, "links/z/real/1", "1", 1);
	scratch_write(&folder, "outside/2", "2", 1);
	scratch_write(&folder, "outside/.hidden/x", "x", 1);
	scratch_write(&folder, "outside/more/3", "3", 1);
	scratch_write(&folder, "beyond/4", "4", 1);
	make_link("z/real", "links/a-link-to-real");
	make_link("../outside", "links/m");
	make_link("../outside", "links/k");
	make_link("../../outside/more", "links/z/m");
	make_link("..", "links/z/up");
	make_link(".", "links/z/self");
	make_link("../beyond", "outside/a");
	make_link("../beyond/../outside", "beyond/back");
	struct pmill_inputs inputs = {0};
	add_one(&inputs, scratch_path(&folder, "links"));
	ASSERT_NAMES(&inputs, "/links/k/2", "/links/k/a/4", "/links/k/more/3", "/links/z/real/1");
	assert_int_equal(inputs.notes.hidden, 1);
	assert_int_equal(inputs.notes.repeated, 0);
	pmill_inputs_release(&inputs);
	/* The folder itself may be a link. */
	add_one(&inputs, scratch_path(&folder, "links/m"));
	ASSERT_NAMES(&inputs, "/links/m/2", "/links/m/a/4", "/links/m/more/3");
	pmill_inputs_release(&inputs);
}

/* 2^20 paths lead to the last of 20 folders. */
static void test_many_links(void **state)
{
	(void)state;
	char name[80], target[80];
	scratch_make_folder(&folder, "maze");
	for (int i = 0; i <= 20; i++) {
		snprintf(name, sizeof name, "maze/%02d", i);
		scratch_make_folder(&folder, name);
		for (int link = 0; link < 2 && i < 20; link++) {
			snprintf(name, sizeof name, "maze/%02d/%c", i, 'a' + link);
			snprintf(target, sizeof target, "../%02d", i + 1);
			make_link(target, name);
		}
	}
	scratch_write(&folder, "maze/20/file", "", 0);
	struct pmill_inputs inputs = {0};
	add_one(&inputs, scratch_path(&folder, "maze/00"));
	assert_int_equal(inputs.count, 1);
	assert_non_null(strstr(inputs.files[0].path, "maze/00/a/a/a/a/"));
	pmill_inputs_release(&inputs);
}

static void check_refused_folder(const char *name, const char *message)
{
	const pmill_input_options options = {.size = sizeof options};
	struct pmill_inputs inputs = {0};
	pmill_error error;
	const char *path = scratch_path(&folder, name);
	assert_int_equal(pmill_inputs_add(&inputs, &path, 1, &options, &error), PMILL_IO);
	assert_non_null(strstr(error.message, message));
	assert_int_equal(inputs.count, 0);
	pmill_inputs_release(&inputs);
}

static void test_links_to_nothing(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "dangling");
	scratch_write(&folder, "dangling/file", "", 0);
	make_link("nowhere", "dangling/link");
	check_refused_folder(
		"dangling", "/dangling/link: cannot read what this link leads to: No such file");
	scratch_make_folder(&folder, "circle");
	make_link("circle", "circle/circle");
	make_link("b", "circle/a");
	make_link("a", "circle/b");
	char message[200];
	snprintf(message, sizeof message, "cannot read what this link leads to: %s", strerror(ELOOP));
	check_refused_folder("circle", message);
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

/* The k-th allocation fails, for every k: links, long first lines, files to leave out. */
static void test_out_of_memory(void **state)
{
	(void)state;
	scratch_make_folder(&folder, "memory");
	scratch_make_folder(&folder, "memory/a");
	make_link("a", "memory/b");
	make_link("../up", "memory/a/up");
	scratch_write(&folder, "memory/a/1.xz",
		"\xFD"
		"7zXZ\0\0\4",
		8);
	char line[3000] = "{\"long\":\"";
	memset(line + strlen(line), 'x', sizeof line - strlen(line));
	scratch_write(&folder, "memory/a/2.json", line, sizeof line);
	make_link("a", "memory/a/.hidden");
	scratch_make_folder(&folder, "memory/up");
	for (int skip = 0; skip < 2; skip++) {
		pmill_status status = PMILL_NO_MEMORY;
		for (long k = 0; status == PMILL_NO_MEMORY; k++) {
			struct pmill_inputs inputs = {0};
			const char *path = scratch_path(&folder, "memory/a");
			const pmill_input_options options = {.size = sizeof options, .skip_binary = skip};
			allocations_left = k;
			status = pmill_inputs_add(&inputs, &path, 1, &options, NULL);
			if (!was_refused())
				assert_int_not_equal(status, PMILL_NO_MEMORY);
			if (status == PMILL_NO_MEMORY)
				assert_int_equal(inputs.count, 0);
			pmill_inputs_release(&inputs);
			assert_true(k < 1000);
		}
		assert_true(status != PMILL_NO_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_by_suffix),
		cmocka_unit_test(test_format_by_option),
		cmocka_unit_test(test_stdin_has_no_size),
		cmocka_unit_test(test_folder_is_sorted),
		cmocka_unit_test(test_linked_folders),
		cmocka_unit_test(test_many_links),
		cmocka_unit_test(test_links_to_nothing),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_deep_folders),
		cmocka_unit_test(test_order_of_names_is_kept),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_listed_names_are_literal),
		cmocka_unit_test(test_failures_leave_the_list_as_it_was),
		cmocka_unit_test(test_unreadable_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
