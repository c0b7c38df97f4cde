/* Mode and extended attributes of a folder are copied, or an error says why not. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files/folder_attributes.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "support/scratch_folder.h"

/* ---- Calls that fail ---- */

static long calls_left = -1; /* before one fails; negative: none fails */
static bool keeps_set_group = true;
static bool has_other_owner;
static unsigned owners_changed;

static bool is_call_refused(void)
{
	if (calls_left < 0 || calls_left-- > 0)
		return false;
	errno = EIO;
	return true;
}

ssize_t __real_flistxattr(int file, char *list, size_t size);
ssize_t __real_fgetxattr(int file, const char *name, void *value, size_t size);
int __real_fsetxattr(int file, const char *name, const void *value, size_t size, int flags);
int __real_fstat(int file, struct stat *about);
int __real_fchmod(int file, mode_t mode);
ssize_t __wrap_flistxattr(int file, char *list, size_t size);
ssize_t __wrap_fgetxattr(int file, const char *name, void *value, size_t size);
int __wrap_fsetxattr(int file, const char *name, const void *value, size_t size, int flags);
int __wrap_fstat(int file, struct stat *about);
int __wrap_fchmod(int file, mode_t mode);
int __wrap_fchown(int file, uid_t owner, gid_t group);

ssize_t __wrap_flistxattr(int file, char *list, size_t size)
{
	return is_call_refused() ? -1 : __real_flistxattr(file, list, size);
}

/* That the new folder lacks an attribute is no failure, whatever the reason. */
ssize_t __wrap_fgetxattr(int file, const char *name, void *value, size_t size)
{
	return is_call_refused() ? -1 : __real_fgetxattr(file, name, value, size);
}

int __wrap_fsetxattr(int file, const char *name, const void *value, size_t size, int flags)
{
	return is_call_refused() ? -1 : __real_fsetxattr(file, name, value, size, flags);
}

/* The first of two calls is for the old folder. */
int __wrap_fstat(int file, struct stat *about)
{
	if (is_call_refused())
		return -1;
	const int result = __real_fstat(file, about);
	about->st_uid += has_other_owner;
	has_other_owner = false;
	return result;
}

int __wrap_fchmod(int file, mode_t mode)
{
	return is_call_refused() ? -1 : __real_fchmod(file, keeps_set_group ? mode : mode & 0777);
}

int __wrap_fchown(int file, uid_t owner, gid_t group)
{
	(void)file, (void)owner, (void)group;
	owners_changed++;
	return is_call_refused() ? -1 : 0;
}

/* ---- Two folders ---- */

static struct scratch_folder folder;
static int from, to;

static int open_folder(const char *name)
{
	const char *path = scratch_path(&folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
	const int descriptor = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(descriptor >= 0);
	return descriptor;
}

static int open_folders(void **state)
{
	(void)state;
	scratch_create(&folder);
	from = open_folder("from");
	to = open_folder("to");
	return 0;
}

static int close_folders(void **state)
{
	(void)state;
	close(from);
	close(to);
	scratch_remove(&folder);
	return 0;
}

static void set(int file, const char *name, const char *value)
{
	if (fsetxattr(file, name, value, strlen(value), 0) != 0)
		skip(); /* the file system has none */
}

static void assert_has(int file, const char *name, const char *value)
{
	char got[100];
	assert_int_equal(fgetxattr(file, name, got, sizeof got), strlen(value));
	assert_memory_equal(got, value, strlen(value));
}

static mode_t mode_of(int file)
{
	struct stat about;
	assert_int_equal(fstat(file, &about), 0);
	return about.st_mode & 07777;
}

static void set_three(void)
{
	set(from, "user.one", "1");
	set(from, "user.empty", "");
	set(from, "user.long", "a longer value than before");
	set(to, "user.one", "1");
	set(to, "user.long", "a longer value than before and after");
}

/* ---- Tests ---- */

static void test_attributes_are_copied(void **state)
{
	(void)state;
	assert_int_equal(fchmod(from, 02750), 0);
	set_three();
	assert_int_equal(pmill_folder_attributes_copy(from, to), 0);
	assert_int_equal(mode_of(to), 02750);
	assert_has(to, "user.one", "1");
	assert_has(to, "user.empty", "");
	assert_has(to, "user.long", "a longer value than before");
}

/* One that an earlier call has copied is not set again. */
static void test_each_call_fails(void **state)
{
	(void)state;
	set_three();
	unsigned failures = 0;
	for (long k = 0;; k++) {
		calls_left = k;
		const int number = pmill_folder_attributes_copy(from, to);
		const bool was_refused_one = calls_left < 0;
		calls_left = -1;
		/* EPERM: the mode could not be looked at again. */
		assert_true(number == 0 || (was_refused_one && (number == EIO || number == EPERM)));
		failures += number != 0;
		if (!was_refused_one)
			break;
	}
	assert_true(failures > 8);
	assert_has(to, "user.long", "a longer value than before");
}

static void test_each_allocation_fails(void **state)
{
	(void)state;
	set_three();
	int refused = 1;
	long k = 0;
	for (; refused; k++) {
		allocations_left = k;
		const int number = pmill_folder_attributes_copy(from, to);
		refused = was_refused();
		/* What can't be compared is set once more. */
		assert_true(number == 0 || (refused && number == ENOMEM));
		assert_int_equal(fremovexattr(to, "user.one"), 0);
		set(to, "user.one", "2");
	}
	assert_true(k > 3);
}

/* Without the privilege, the kernel drops the set-group-ID bit in silence. */
static void test_a_bit_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(fchmod(from, 02750), 0);
	keeps_set_group = false;
	assert_int_equal(pmill_folder_attributes_copy(from, to), EPERM);
	keeps_set_group = true;
}

static void test_the_owner_is_kept(void **state)
{
	(void)state;
	owners_changed = 0;
	assert_int_equal(pmill_folder_attributes_copy(from, to), 0);
	assert_int_equal(owners_changed, 0);
	has_other_owner = true;
	assert_int_equal(pmill_folder_attributes_copy(from, to), 0);
	assert_int_equal(owners_changed, 1);
	has_other_owner = true;
	calls_left = 2; /* after both folders were looked at */
	assert_int_equal(pmill_folder_attributes_copy(from, to), EIO);
	calls_left = -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folders, close_folders)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attributes_are_copied),
		TEST(test_each_call_fails),
		TEST(test_each_allocation_fails),
		TEST(test_a_bit_is_dropped),
		TEST(test_the_owner_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
