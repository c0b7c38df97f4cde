/* Files written whole or not at all: targets, temporary files and calls that are refused. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/resource.h>

#include "files/file.h"
#include "support/refuse_calls.h"
#include "support/refuse_memory.h"
/* Its name is also that of parameters above. */
#include "support/folder_set_up.h"

static bool has_no_access, has_no_limit;

int __real_access(const char *path, int mode);
int __real_getrlimit(int resource, struct rlimit *limit);
int __wrap_access(const char *path, int mode);
int __wrap_getrlimit(int resource, struct rlimit *limit);

int __wrap_access(const char *path, int mode)
{
	if (!has_no_access)
		return __real_access(path, mode);
	errno = EACCES;
	return -1;
}

int __wrap_getrlimit(int resource, struct rlimit *limit)
{
	return has_no_limit ? -1 : __real_getrlimit(resource, limit);
}

static size_t count_names(void)
{
	size_t count = 0;
	DIR *names = opendir(folder.path);
	assert_non_null(names);
	while (readdir(names) != NULL)
		count++;
	closedir(names);
	return count - 2; /* . and .. */
}

static void a_target_is_checked(void **state)
{
	(void)state;
	struct pmill_file_writer writer;
	pmill_error error = {0};
	char path[600];
	strcpy(path, scratch_path(&folder, "target"));
	assert_int_equal(pmill_file_check_target(path, 0, &error), PMILL_OK);
	has_no_access = true;
	assert_int_equal(pmill_file_check_target(path, 0, &error), PMILL_IO);
	has_no_access = false;
	assert_non_null(strstr(error.message, "target: cannot write: Permission denied"));
	assert_int_equal(
		pmill_file_writer_open(&writer, folder.path, PMILL_OVERWRITE, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "cannot write: Is a directory"));
}

static void temporary_files_have_no_names(void **state)
{
	(void)state;
	for (int link = 0; link < 2; link++) {
		int descriptor = -1;
		refuse_always.link = link * EOPNOTSUPP;
		assert_int_equal(pmill_file_open_temporary(folder.path, &descriptor, NULL), PMILL_OK);
		assert_int_equal(write(descriptor, "x", 1), 1);
		assert_int_equal(count_names(), 0);
		close(descriptor);
	}
	pmill_error error = {0};
	int descriptor = -1;
	allocations_left = 0;
	assert_int_equal(pmill_file_open_temporary(folder.path, &descriptor, &error), PMILL_NO_MEMORY);
	assert_true(was_refused());
	assert_int_equal(
		pmill_file_open_temporary(scratch_path(&folder, "no"), &descriptor, &error), PMILL_IO);
	refuse_always.link = 0;
}

enum { LARGE = 1 << 19 };

/* In one large and many small pieces. */
static pmill_status write_large(const char *path, const uint8_t *bytes, pmill_error *error)
{
	struct pmill_file_writer writer = {0};
	pmill_status status = pmill_file_writer_open(&writer, path, 0, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&writer, bytes, LARGE, error);
	for (size_t i = 0; i < LARGE && status == PMILL_OK; i += 4096)
		status = pmill_file_writer_append(&writer, bytes + i, 4096, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_commit(&writer, error);
	pmill_file_writer_release(&writer);
	return status;
}

static void assert_written(const char *path, const uint8_t *bytes)
{
	struct pmill_buffer back = {0};
	assert_int_equal(pmill_file_read(path, &back, NULL), PMILL_OK);
	assert_int_equal(back.len, 2 * LARGE);
	assert_memory_equal(back.data, bytes, LARGE);
	assert_memory_equal(back.data + LARGE, bytes, LARGE);
	pmill_buffer_release(&back);
}

static void remove_names(void)
{
	DIR *names = opendir(folder.path);
	assert_non_null(names);
	for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(names), entry->d_name, 0), 0);
	closedir(names);
}

/* With names or without, through /proc or not. */
static void each_call_fails(void **state)
{
	(void)state;
	uint8_t *bytes = malloc(LARGE);
	assert_non_null(bytes);
	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	char path[600];
	strcpy(path, scratch_path(&folder, "large"));
	refused_error = ENOSPC;
	for (int way = 0; way < 3; way++) {
		refuse_always.link = way == 1 ? EOPNOTSUPP : 0;
		has_no_access = way == 2;
		unsigned failures = 0;
		for (long k = 0;; k++) {
			pmill_error error = {0};
			calls_left = k;
			const pmill_status status = write_large(path, bytes, &error);
			const bool was_one_refused = was_call_refused();
			assert_true(status == PMILL_OK || (was_one_refused && status == PMILL_IO));
			/* Where the temporary name couldn't be removed, the target is there all the same. */
			struct stat found;
			assert_int_equal(stat(path, &found) == 0, status == PMILL_OK);
			assert_true(count_names() <= (size_t)(status == PMILL_OK) + was_one_refused);
			failures += status != PMILL_OK;
			if (status == PMILL_OK)
				assert_written(path, bytes);
			remove_names();
			if (!was_one_refused)
				break;
		}
		assert_true(failures >= 3);
	}
	refuse_always.link = 0;
	has_no_access = false;
	free(bytes);
}

static void files_are_openable_where_no_limit_is_known(void **state)
{
	(void)state;
	assert_int_equal(pmill_file_count_openable(3), 3);
	has_no_limit = true;
	assert_int_equal(pmill_file_count_openable(5), 5);
	has_no_limit = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_checked),
		cmocka_unit_test(temporary_files_have_no_names),
		cmocka_unit_test(each_call_fails),
		cmocka_unit_test(files_are_openable_where_no_limit_is_known),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
