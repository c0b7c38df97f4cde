/* Folders written as one: every call fails, or the process ends there, and the model is whole. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "files/folder_lock.h"
#include "files/folder_writer.h"
#include "support/refuse_calls.h"
#include "support/scratch_folder.h"

int __wrap_nanosleep(const struct timespec *asked, struct timespec *left);

static unsigned naps;
static int nap_ends_lock = -1; /* a descriptor to close at the third nap */

int __wrap_nanosleep(const struct timespec *asked, struct timespec *left)
{
	(void)asked;
	(void)left;
	if (++naps == 3 && nap_ends_lock >= 0)
		close(nap_ends_lock);
	return 0;
}

enum { FILE_COUNT = 4 };

static const char *const names[FILE_COUNT] = {"a.json", "b.json", "c.txt", "d.json"};

/* Model 0 has a, b, c; model 1 has a, b, d. */
static const char *content_of(int model, int file)
{
	static const char *const contents[2][FILE_COUNT] = {
		{"old a", "old b", "old c", NULL}, {"new a", "new b", NULL, "new d"}};
	return contents[model][file];
}

static pmill_status write_model(const char *path, int model, unsigned flags, pmill_error *error)
{
	struct pmill_buffer bytes[FILE_COUNT];
	struct pmill_set_file files[FILE_COUNT];
	for (int i = 0; i < FILE_COUNT; i++) {
		const char *text = content_of(model, i);
		bytes[i] = (struct pmill_buffer){(uint8_t *)text, text == NULL ? 0 : strlen(text), 0};
		files[i] = (struct pmill_set_file){names[i], text == NULL ? NULL : &bytes[i]};
	}
	return pmill_folder_write(path, files, FILE_COUNT, flags, error);
}

/* The first bytes of a file as text; "" if it does not exist. */
static const char *read_text(const char *folder, const char *name)
{
	static char text[100];
	char path[600];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	const size_t len = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
	text[len] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

static bool is_model(const char *folder, int model)
{
	bool is_same = true;
	for (int i = 0; i < FILE_COUNT; i++) {
		const char *text = content_of(model, i);
		is_same = is_same && strcmp(read_text(folder, names[i]), text == NULL ? "" : text) == 0;
	}
	return is_same;
}

/* Whether each file is that of one model or the other. */
static bool is_mix(const char *folder)
{
	bool is_same = true;
	for (int i = 0; i < FILE_COUNT; i++) {
		const char *text = read_text(folder, names[i]);
		const char *old = content_of(0, i), *new = content_of(1, i);
		is_same = is_same &&
			(strcmp(text, old == NULL ? "" : old) == 0 ||
				strcmp(text, new == NULL ? "" : new) == 0);
	}
	return is_same;
}

static bool has_foreign(const char *folder)
{
	char link[600], target[100] = {0};
	snprintf(link, sizeof link, "%s/link", folder);
	return strcmp(read_text(folder, "notes"), "mine") == 0 &&
		strcmp(read_text(folder, ".git/HEAD"), "ref") == 0 &&
		readlink(link, target, sizeof target - 1) == 7 && strcmp(target, "nowhere") == 0;
}

static unsigned count_entries(const char *path)
{
	unsigned count = 0;
	DIR *entries = opendir(path);
	assert_non_null(entries);
	while (readdir(entries) != NULL)
		count++;
	closedir(entries);
	return count - 2;
}

/* A folder "m" with model 0, notes, a dangling link and a folder that aren't ours. */
static void make_old(struct scratch_folder *folder, char path[500])
{
	scratch_create(folder);
	snprintf(path, 500, "%s", scratch_path(folder, "m"));
	assert_int_equal(write_model(path, 0, 0, NULL), PMILL_OK);
	scratch_write(folder, "m/notes", "mine", 4);
	assert_int_equal(symlink("nowhere", scratch_path(folder, "m/link")), 0);
	scratch_make_folder(folder, "m/.git");
	scratch_write(folder, "m/.git/HEAD", "ref", 3);
	assert_true(is_model(path, 0) && has_foreign(path));
}

#ifdef __linux__
enum { CAN_EXCHANGE = true };
#else
enum { CAN_EXCHANGE = false };
#endif

/* As file systems, or systems, differ. */
static const struct system {
	const char *what;
	int exchange, link, folder_move, lock, make_folder;
	bool is_whole; /* a killed writer leaves one model */
} systems[] = {
	{.what = "all calls", .is_whole = CAN_EXCHANGE},
	{.what = "no locks", .lock = EBADF, .is_whole = CAN_EXCHANGE},
	{.what = "no exchange", .exchange = EINVAL},
	{.what = "an old kernel", .exchange = ENOSYS},
	{.what = "a mount point", .exchange = EBUSY},
	{.what = "a read-only parent", .make_folder = EACCES},
	{.what = "folders that stay", .folder_move = EXDEV},
	{.what = "no links", .link = EPERM},
	{.what = "no links and no exchange", .exchange = EINVAL, .link = EPERM},
};

static void use_system(const struct system *system)
{
	refuse_always.exchange = system->exchange;
	refuse_always.link = system->link;
	refuse_always.folder_move = system->folder_move;
	refuse_always.lock = system->lock;
	refuse_always.make_folder = system->make_folder;
}

static void use_this_system(void)
{
	calls_left = -1;
	use_system(&systems[0]);
}

enum { SYSTEM_COUNT = sizeof systems / sizeof *systems };

/* After whatever happened, the next writer succeeds and leaves only the folder. */
static void check_next_writer(struct scratch_folder *folder, const char *path)
{
	use_this_system();
	assert_int_equal(write_model(path, 0, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_true(is_model(path, 0));
	assert_true(has_foreign(path));
	assert_int_equal(count_entries(path), 3 + 3);
	assert_int_equal(count_entries(folder->path), 1);
}

static void test_every_system(void **state)
{
	(void)state;
	for (int i = 0; i < SYSTEM_COUNT; i++) {
		struct scratch_folder folder;
		char path[500];
		make_old(&folder, path);
		use_system(&systems[i]);
		assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, NULL), PMILL_OK);
		assert_true(is_model(path, 1) && has_foreign(path));
		assert_int_equal(count_entries(path), 3 + 3);
		assert_int_equal(count_entries(folder.path), 1);
		check_next_writer(&folder, path);
		scratch_remove(&folder);
	}
}

/* Returns whether the k-th call was made, and so refused. */
static bool check_failure(const struct system *system, int number, long k)
{
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	use_system(system);
	refused_error = number;
	calls_left = k;
	const pmill_status status = write_model(path, 1, PMILL_OVERWRITE, NULL);
	const bool was_refused = was_call_refused();
	use_this_system();
	/* If folders can't move and the way back fails, too, they wait for the next writer. */
	const bool is_complete = system->folder_move != 0 || has_foreign(path);
	if (!is_model(path, status == PMILL_OK ? 1 : 0) || !is_complete)
		fail_msg("%s: error %d at call %ld, status %d", system->what, number, k, status);
	check_next_writer(&folder, path);
	scratch_remove(&folder);
	return was_refused;
}

static void test_failures(void **state)
{
	(void)state;
	static const int numbers[] = {ENOSPC, EPERM};
	for (int i = 0; i < SYSTEM_COUNT; i++)
		for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
			long k = 0;
			while (check_failure(&systems[i], numbers[n], k))
				k++;
			assert_true(k > 20);
		}
}

/* Returns whether the process ended at the k-th call. */
static bool check_end(const struct system *system, long k)
{
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	const pid_t child = fork();
	if (child == 0) {
		use_system(system);
		refused_error = 0;
		calls_left = k;
		_exit(write_model(path, 1, PMILL_OVERWRITE, NULL) == PMILL_OK ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	const bool is_whole = is_model(path, 0) || is_model(path, 1);
	const bool is_as_promised = system->is_whole ? is_whole
		: system->link == 0                      ? is_mix(path)
												 : true;
	const bool has_notes = strcmp(read_text(path, "notes"), "mine") == 0;
	if (!is_as_promised || !has_notes || WEXITSTATUS(status) == 1)
		fail_msg("%s: ended at call %ld with %d", system->what, k, WEXITSTATUS(status));
	check_next_writer(&folder, path);
	scratch_remove(&folder);
	return WEXITSTATUS(status) == ENDED_BY_A_CALL;
}

static void test_killed_at_every_call(void **state)
{
	(void)state;
	for (int i = 0; i < SYSTEM_COUNT; i++) {
		long k = 0;
		while (check_end(&systems[i], k))
			k++;
		assert_true(k > 20);
	}
}

static void test_new_folder(void **state)
{
	(void)state;
	for (long k = 0, refused = 1; refused; k++) {
		struct scratch_folder folder;
		scratch_create(&folder);
		char path[500];
		snprintf(path, sizeof path, "%s", scratch_path(&folder, "m"));
		refused_error = ENOSPC;
		calls_left = k;
		const pmill_status status = write_model(path, 1, 0, NULL);
		refused = was_call_refused();
		assert_true(status == PMILL_OK ? is_model(path, 1) : access(path, F_OK) != 0);
		assert_true(refused || status == PMILL_OK);
		unlink(path);
		assert_int_equal(write_model(path, 0, PMILL_OVERWRITE, NULL), PMILL_OK);
		assert_true(is_model(path, 0));
		assert_int_equal(count_entries(folder.path), 1);
		scratch_remove(&folder);
	}
}

/* Mode and links: the folder that a link leads to is replaced, and keeps its access rights. */
static void test_attributes(void **state)
{
	(void)state;
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	assert_int_equal(chmod(path, 02750), 0);
	assert_int_equal(symlink("m", scratch_path(&folder, "link")), 0);
	struct stat before, after;
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(
		write_model(scratch_path(&folder, "link"), 1, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_true(is_model(path, 1) && has_foreign(path));
	assert_int_equal(lstat(scratch_path(&folder, "link"), &after), 0);
	assert_true(S_ISLNK(after.st_mode));
	assert_int_equal(count_entries(folder.path), 2);
	scratch_remove(&folder);
}

/* Programs that work in a folder would be left in one that is gone. */
static void test_working_folder(void **state)
{
	(void)state;
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	struct stat before, after;
	assert_int_equal(stat(path, &before), 0);
	char *home = getcwd(NULL, 0);
	assert_int_equal(chdir(path), 0);
	assert_int_equal(write_model(".", 1, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_int_equal(chdir(home), 0);
	free(home);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(is_model(path, 1) && has_foreign(path));
	scratch_remove(&folder);
}

/* A file of ours that is a link is written through. */
static void test_linked_file(void **state)
{
	(void)state;
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	unlink(scratch_path(&folder, "m/b.json"));
	scratch_write(&folder, "shared", "old b", 5);
	assert_int_equal(symlink("../shared", scratch_path(&folder, "m/b.json")), 0);
	assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_true(is_model(path, 1));
	assert_string_equal(read_text(folder.path, "shared"), "new b");
	scratch_remove(&folder);
}

/* Names that only look like a leftover, or belong to another folder, stay. */
static void test_what_is_not_left_over(void **state)
{
	(void)state;
	static const char *const others[] = {".m.0123456789abcde.part", ".m.0123456789abcdef.parts",
		".mm.0123456789abcdef.part", "m.0123456789abcdef.part", ".m.0123456789abcdeg.part"};
	struct scratch_folder folder;
	char path[500];
	make_old(&folder, path);
	for (int i = 0; i < 5; i++)
		scratch_make_folder(&folder, others[i]);
	scratch_write(&folder, ".m.0123456789abcdef.part", "a file", 6);
	assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_int_equal(count_entries(folder.path), 7);
	unlink(scratch_path(&folder, ".m.0123456789abcdef.part"));
	scratch_make_folder(&folder, ".m.0123456789abcdef.part");
	scratch_write(&folder, ".m.0123456789abcdef.part/a.json", "x", 1);
	scratch_write(&folder, ".m.0123456789abcdef.part/paper", "mine", 4);
	scratch_write(&folder, ".m.0123456789abcdef.part/notes", "other", 5);
	assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, NULL), PMILL_OK);
	assert_true(is_model(path, 1) && has_foreign(path));
	assert_string_equal(read_text(path, "paper"), "mine");
	assert_string_equal(read_text(folder.path, ".m.0123456789abcdef.part/notes"), "other");
	scratch_remove(&folder);
}

static void test_lock(void **state)
{
	(void)state;
	struct scratch_folder folder;
	char path[500];
	pmill_error error;
	make_old(&folder, path);
	int other = open(folder.path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(other, LOCK_EX), 0);
	naps = 0;
	assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "has held the lock on the folder"));
	assert_int_equal(pmill_folder_check_target(path, PMILL_OVERWRITE, &error), PMILL_IO);
	assert_true(is_model(path, 0));
	/* Waits for one who comes to an end. */
	naps = 0;
	nap_ends_lock = other;
	assert_int_equal(write_model(path, 1, PMILL_OVERWRITE, &error), PMILL_OK);
	nap_ends_lock = -1;
	assert_int_equal(naps, 3);
	assert_true(is_model(path, 1));
	/* The lock on the folder itself is that of writers of vocab.json and merges.txt. */
	other = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(write_model(path, 0, PMILL_OVERWRITE, &error), PMILL_IO);
	close(other);
	assert_int_equal(write_model(path, 0, PMILL_OVERWRITE, &error), PMILL_OK);
	assert_int_equal(count_entries(folder.path), 1);
	scratch_remove(&folder);
}

static void test_targets(void **state)
{
	(void)state;
	struct scratch_folder folder;
	char path[500];
	pmill_error error;
	make_old(&folder, path);
	assert_int_equal(write_model(path, 1, 0, &error), PMILL_EXISTS);
	assert_int_equal(pmill_folder_check_target(path, 0, &error), PMILL_EXISTS);
	assert_int_equal(pmill_folder_check_target(path, PMILL_OVERWRITE, &error), PMILL_OK);
	/* What -f would not help with is no matter of existing. */
	static const char *const others[] = {"/dev/full", "/dev/null"};
	for (int i = 0; i < 2; i++)
		for (unsigned flags = 0; flags <= PMILL_OVERWRITE; flags++) {
			assert_int_equal(pmill_folder_check_target(others[i], flags, &error), PMILL_IO);
			assert_non_null(strstr(error.message, "is not a folder"));
		}
	scratch_write(&folder, "file", "x", 1);
	assert_int_equal(
		pmill_folder_check_target(scratch_path(&folder, "file/m"), 0, &error), PMILL_IO);
	assert_int_equal(
		write_model(scratch_path(&folder, "file"), 1, PMILL_OVERWRITE, &error), PMILL_EXISTS);
	assert_int_equal(count_entries(folder.path), 2);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_system),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_killed_at_every_call),
		cmocka_unit_test(test_new_folder),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_working_folder),
		cmocka_unit_test(test_linked_file),
		cmocka_unit_test(test_what_is_not_left_over),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_targets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
