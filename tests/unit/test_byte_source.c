/* Bytes from front to back: memory, files and pipes give the same; what is skipped isn't read. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "files/byte_source.h"
#include "support/random.h"
#include "support/scratch_folder.h"

enum { LEN = 300000 };

static uint8_t bytes[LEN];
static struct scratch_folder folder;

/* Takes, looks and skips at random; all that comes must be as in `bytes`. */
static void walk(struct pmill_byte_source *source, uint64_t *random)
{
	size_t at = 0;
	struct pmill_buffer out = {0};
	while (at < LEN) {
		assert_int_equal(source->offset, at);
		const uint8_t *seen;
		size_t found, wanted = random_below(random, 4097);
		assert_int_equal(pmill_byte_source_look(source, wanted, &seen, &found, NULL), PMILL_OK);
		assert_int_equal(found, wanted < LEN - at ? wanted : LEN - at);
		assert_memory_equal(seen, bytes + at, found);
		uint64_t taken, len = random_below(random, random_below(random, 4) == 0 ? 150000 : 9000);
		const bool skips = random_below(random, 2) == 0;
		out.len = 0;
		assert_int_equal(
			pmill_byte_source_take(source, len, skips ? NULL : &out, &taken, NULL), PMILL_OK);
		assert_int_equal(taken, len < LEN - at ? len : LEN - at);
		assert_int_equal(out.len, skips ? 0 : taken);
		if (!skips)
			assert_memory_equal(out.data, bytes + at, out.len);
		at += (size_t)taken;
	}
	uint64_t taken;
	assert_int_equal(pmill_byte_source_take(source, UINT64_MAX, NULL, &taken, NULL), PMILL_OK);
	assert_int_equal(taken, 0);
	pmill_buffer_release(&out);
}

static void test_memory_and_files(void **state)
{
	(void)state;
	uint64_t random = 1;
	const char *path = scratch_write(&folder, "bytes", bytes, LEN);
	for (int round = 0; round < 50; round++) {
		struct pmill_byte_source source;
		pmill_byte_source_of_memory(&source, bytes, LEN, "x");
		walk(&source, &random);
		assert_int_equal(pmill_byte_source_open(&source, path, NULL), PMILL_OK);
		assert_int_equal(source.size, LEN);
		walk(&source, &random);
		pmill_byte_source_release(&source);
	}
}

/* A pipe as stdin, filled by a child. */
static void test_pipes(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int round = 0; round < 10; round++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		const pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			for (size_t at = 0; at < LEN;)
				at += (size_t)write(ends[1], bytes + at, LEN - at < 5000 ? LEN - at : 5000);
			_exit(0);
		}
		close(ends[1]);
		assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
		close(ends[0]);
		struct pmill_byte_source source;
		assert_int_equal(pmill_byte_source_open(&source, "-", NULL), PMILL_OK);
		assert_true(source.size == PMILL_UNKNOWN_SIZE);
		walk(&source, &random);
		pmill_byte_source_release(&source);
	}
}

static void test_failures(void **state)
{
	(void)state;
	struct pmill_byte_source source;
	pmill_error error;
	assert_int_equal(pmill_byte_source_open(&source, "/no/such/file", &error), PMILL_IO);
	pmill_byte_source_release(&source);
	assert_int_equal(pmill_byte_source_open(&source, folder.path, &error), PMILL_OK);
	const uint8_t *seen;
	size_t found;
	assert_int_equal(pmill_byte_source_look(&source, 1, &seen, &found, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "cannot read"));
	pmill_byte_source_release(&source);
}

int main(void)
{
	uint64_t random = 1;
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)random_below(&random, 256);
	scratch_create(&folder);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_and_files),
		cmocka_unit_test(test_pipes),
		cmocka_unit_test(test_failures),
	};
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_remove(&folder);
	return failed;
}
