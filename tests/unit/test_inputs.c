/* From names to files: folders, lists, formats by suffix, and refusals. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "corpus/inputs.h"
#include "support/compressed.h"
#include "support/refuse_memory.h"
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
	const pmill_input_options options = {.size = sizeof options};
	pmill_error error;
	if (pmill_inputs_add(inputs, &path, 1, &options, &error) != PMILL_OK) {
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

static void make_link(const char *target, const char *name)
{
	scratch_require(symlink(target, scratch_path(&folder, name)) == 0, name);
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

static void assert_names(
	const struct pmill_inputs *inputs, const char *const *expected, size_t count)
{
	assert_int_equal(inputs->count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(short_name(inputs, i), expected[i]);
}

#define ASSERT_NAMES(inputs, ...)                                                                  \
	do {                                                                                           \
		static const char *const names[] = {__VA_ARGS__};                                          \
		assert_names(inputs, names, sizeof names / sizeof *names);                                 \
	} while (0)

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
	check_refused_folder("circle", "cannot read what this link leads to: Too many levels");
}

/* ---- What a file is ---- */

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
		cmocka_unit_test(test_files_named_twice),
		cmocka_unit_test(test_data_in_folders),
		cmocka_unit_test(test_many_files_that_are_not_text),
		cmocka_unit_test(test_json_by_its_first_line),
		cmocka_unit_test(test_long_first_lines),
		cmocka_unit_test(test_bad_first_line),
#if PMILL_HAVE_ZLIB && PMILL_HAVE_ZSTD
		cmocka_unit_test(test_compressed_files),
#endif
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
