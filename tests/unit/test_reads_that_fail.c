/* Each call that reads a file or a folder fails, or is interrupted: an error, or no harm. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>

#include "files/file.h"
#include "support/compressed.h"
#include "support/refuse_reads.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;
static const char text[] = "the cat sat on the mat\nthe rat on the hat\n";

static void write_text(const char *name, const struct pmill_buffer *bytes)
{
	scratch_write(&folder, name, bytes->data, bytes->len);
}

static int make_inputs(void **state)
{
	(void)state;
	struct pmill_buffer bytes = {0};
	scratch_create(&folder);
	scratch_write(&folder, "text", text, strlen(text));
	scratch_make_folder(&folder, "folder");
	scratch_write(&folder, "folder/a", text, strlen(text));
	scratch_make_folder(&folder, "folder/b");
	scratch_write(&folder, "folder/b/c", text, strlen(text));
	scratch_write(&folder, "words.tsv", "the\t2\ncat\t3\n", 12);
#if PMILL_HAVE_ZLIB
	append_gzip(&bytes, text, strlen(text));
	write_text("text.gz", &bytes);
#endif
	bytes.len = 0;
#if PMILL_HAVE_ZSTD
	append_zstd(&bytes, text, strlen(text));
	write_text("text.zst", &bytes);
#endif
	pmill_buffer_release(&bytes);
	return 0;
}

static int remove_inputs(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

static pmill_status count(const char *name, pmill_totals *totals, pmill_error *error)
{
	const pmill_text_options options = {.size = sizeof options};
	const pmill_run_options run = {.size = sizeof run, .threads = 1};
	const char *path = scratch_path(&folder, name);
	pmill_counter *counter = NULL;
	pmill_counts *counts = NULL;
	pmill_counts_info info = {.size = sizeof info};
	assert_int_equal(pmill_counter_create(&options, &run, &counter, NULL), PMILL_OK);
	pmill_status status = pmill_counter_add_files(counter, &path, 1, NULL, error);
	if (status == PMILL_OK) {
		assert_int_equal(pmill_counter_take(counter, &counts, NULL), PMILL_OK);
		assert_int_equal(pmill_counts_get_info(counts, &info), PMILL_OK);
		*totals = info.totals;
	}
	pmill_counts_free(counts);
	pmill_counter_free(counter);
	return status;
}

/* A refusal that does no harm leaves the totals as they are. Returns how many did harm. */
static unsigned refuse_each(const char *name, int number)
{
	unsigned failures = 0;
	pmill_totals usual, totals;
	pmill_error error = {0};
	assert_int_equal(count(name, &usual, &error), PMILL_OK);
	read_error = number;
	for (long k = 0;; k++) {
		was_read_refused = false;
		reads_left = k;
		const pmill_status status = count(name, &totals, &error);
		reads_left = -1;
		if (status == PMILL_OK) {
			assert_memory_equal(&totals, &usual, sizeof totals);
		} else if (status != PMILL_IO || strstr(error.message, folder.path) == NULL) {
			fail_msg("%s, %ld: %d %s", name, k, (int)status, error.message);
		}
		failures += status != PMILL_OK;
		if (!was_read_refused)
			return failures;
	}
}

static void text_is_read_or_an_error_names_the_file(void **state)
{
	(void)state;
	assert_true(refuse_each("text", EIO) >= 2);
	assert_true(refuse_each("folder", EIO) >= 5);
#if PMILL_HAVE_ZLIB
	assert_true(refuse_each("text.gz", EIO) >= 2);
#endif
#if PMILL_HAVE_ZSTD
	assert_true(refuse_each("text.zst", EIO) >= 2);
#endif
}

/* ---- Count files ---- */

static pmill_status load_counts(const char *name, pmill_error *error)
{
	pmill_counts *counts = NULL;
	const pmill_status status = pmill_counts_load(
		scratch_path(&folder, name), "raw", NULL, NULL, &counts, error);
	pmill_counts_free(counts);
	return status;
}

static pmill_status read_head(const char *name, pmill_error *error)
{
	pmill_counts_head *head = NULL;
	const pmill_status status = pmill_counts_head_load(
		scratch_path(&folder, name), 0, &head, error);
	pmill_counts_head_free(head);
	return status;
}

static void counts_are_read_or_an_error_names_the_file(void **state)
{
	(void)state;
	pmill_status (*const calls[])(const char *, pmill_error *) = {load_counts, read_head};
	pmill_counts *counts = NULL;
	assert_int_equal(
		pmill_counts_load(scratch_path(&folder, "words.tsv"), "raw", NULL, NULL, &counts, NULL),
		PMILL_OK);
	const pmill_status saved = pmill_counts_save(
		counts, scratch_path(&folder, "counts"), PMILL_OVERWRITE, NULL);
	pmill_counts_free(counts);
	read_error = EIO;
	for (size_t i = 0; i < 2 && saved == PMILL_OK; i++) {
		unsigned failures = 0;
		was_read_refused = true;
		for (long k = 0; was_read_refused; k++) {
			pmill_error error = {0};
			was_read_refused = false;
			reads_left = k;
			const pmill_status status = calls[i]("counts", &error);
			reads_left = -1;
			assert_true(status == PMILL_OK || was_read_refused);
			assert_true(status == PMILL_OK || strstr(error.message, "counts: ") != NULL);
			failures += status != PMILL_OK;
		}
		assert_true(failures > 0);
	}
}

/* ---- Whole files ---- */

static void stdin_is_a_file_like_others(void **state)
{
	(void)state;
	struct pmill_buffer bytes = {0};
	pmill_error error = {0};
	const int kept = dup(STDIN_FILENO), file = open(scratch_path(&folder, "text"), O_RDONLY);
	assert_true(kept >= 0 && file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
	read_error = EIO;
	reads_left = 0;
	assert_int_equal(pmill_file_read("-", &bytes, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "stdin: cannot read"));
	read_error = EINTR;
	reads_left = 0;
	assert_int_equal(pmill_file_read("-", &bytes, &error), PMILL_OK);
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
	assert_true(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
	close(kept);
	close(file);
	pmill_buffer_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_or_an_error_names_the_file),
		cmocka_unit_test(counts_are_read_or_an_error_names_the_file),
		cmocka_unit_test(stdin_is_a_file_like_others),
	};
	return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
