/* Files written together: all are new or all are old, whatever fails. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "files/file_set.h"
#include "support/refuse_calls.h"
#include "support/scratch_folder.h"

static const char *const names[] = {"vocab.json", "merges.txt", "record"};

/* A state of the folder: the text of each file, NULL if it is not there. */
struct state {
	const char *texts[3];
};

/* Before and after: both new, both replaced, one of each, one removed. */
static const struct change {
	struct state before, after;
	unsigned flags;
} changes[] = {
	{{{NULL, NULL, NULL}}, {{"v", "m", NULL}}, 0},
	{{{NULL, NULL, NULL}}, {{"v", "m", NULL}}, PMILL_OVERWRITE},
	{{{"old v", "old m", NULL}}, {{"v", "m", NULL}}, PMILL_OVERWRITE},
	{{{"old v", NULL, NULL}}, {{"v", "m", NULL}}, PMILL_OVERWRITE},
	{{{"old v", "old m", "old r"}}, {{"v", "m", NULL}}, PMILL_OVERWRITE},
	{{{NULL, "old m", "old r"}}, {{NULL, NULL, "r"}}, PMILL_OVERWRITE},
};

enum { CHANGE_COUNT = sizeof changes / sizeof *changes };

static void make_state(struct scratch_folder *folder, const struct state *state)
{
	scratch_create(folder);
	for (int i = 0; i < 3; i++)
		if (state->texts[i] != NULL)
			scratch_write(folder, names[i], state->texts[i], strlen(state->texts[i]));
}

static bool has_text(struct scratch_folder *folder, int file, const char *text)
{
	char bytes[100];
	FILE *stream = fopen(scratch_path(folder, names[file]), "rb");
	if (stream == NULL)
		return text == NULL;
	const size_t len = fread(bytes, 1, sizeof bytes, stream);
	fclose(stream);
	return text != NULL && len == strlen(text) && memcmp(bytes, text, len) == 0;
}

static bool is_state(struct scratch_folder *folder, const struct state *state)
{
	return has_text(folder, 0, state->texts[0]) && has_text(folder, 1, state->texts[1]) &&
		has_text(folder, 2, state->texts[2]);
}

static bool is_between(struct scratch_folder *folder, const struct change *change)
{
	for (int i = 0; i < 3; i++)
		if (!has_text(folder, i, change->before.texts[i]) &&
			!has_text(folder, i, change->after.texts[i]))
			return false;
	return true;
}

static pmill_status write_state(
	struct scratch_folder *folder, const struct state *state, unsigned flags)
{
	char paths[3][500];
	struct pmill_buffer bytes[3];
	struct pmill_set_file files[3];
	for (int i = 0; i < 3; i++) {
		const char *text = state->texts[i];
		snprintf(paths[i], sizeof paths[i], "%s", scratch_path(folder, names[i]));
		bytes[i] = (struct pmill_buffer){(uint8_t *)text, text == NULL ? 0 : strlen(text), 0};
		files[i] = (struct pmill_set_file){paths[i], text == NULL ? NULL : &bytes[i]};
	}
	return pmill_file_set_write(files, 3, flags, NULL);
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

/* What is left behind goes with the next run, and nothing else does. */
static void check_leftovers(struct scratch_folder *folder)
{
	scratch_write(folder, ".other.0123456789abcdef.swap", "x", 1);
	pmill_file_set_clear_leftovers(folder->path, names, 3);
	assert_int_equal(access(scratch_path(folder, ".other.0123456789abcdef.swap"), F_OK), 0);
	unsigned files = 1;
	for (int i = 0; i < 3; i++)
		files += access(scratch_path(folder, names[i]), F_OK) == 0;
	assert_int_equal(count_entries(folder->path), files);
}

static bool check_failure(const struct change *change, int number, long k)
{
	struct scratch_folder folder;
	make_state(&folder, &change->before);
	refused_error = number;
	calls_left = k;
	const pmill_status status = write_state(&folder, &change->after, change->flags);
	const bool was_refused = was_call_refused();
	if (!is_state(&folder, status == PMILL_OK ? &change->after : &change->before))
		fail_msg("error %d at call %ld, status %d", number, k, status);
	check_leftovers(&folder);
	scratch_remove(&folder);
	return was_refused;
}

static void test_failures(void **state)
{
	(void)state;
	static const int numbers[] = {ENOSPC, EPERM, EXDEV};
	for (int links = 0; links < 2; links++) {
		refuse_always.link = links == 0 ? 0 : EPERM;
		for (int i = 0; i < CHANGE_COUNT; i++)
			for (int n = 0; n < 3; n++)
				for (long k = 0; check_failure(&changes[i], numbers[n], k); k++)
					continue;
	}
	refuse_always.link = 0;
}

static bool check_end(const struct change *change, long k)
{
	struct scratch_folder folder;
	make_state(&folder, &change->before);
	const pid_t child = fork();
	if (child == 0) {
		refused_error = 0;
		calls_left = k;
		_exit(write_state(&folder, &change->after, change->flags) == PMILL_OK ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	assert_true(is_between(&folder, change));
	check_leftovers(&folder);
	scratch_remove(&folder);
	return WEXITSTATUS(status) == ENDED_BY_A_CALL;
}

static void test_killed_at_every_call(void **state)
{
	(void)state;
	for (int i = 0; i < CHANGE_COUNT; i++)
		for (long k = 0; check_end(&changes[i], k); k++)
			continue;
}

/* Of two files one exists: neither is written without permission to replace. */
static void test_existing(void **state)
{
	(void)state;
	static const struct state after = {{"v", "m", NULL}};
	static const struct state befores[] = {{{"old", NULL, NULL}}, {{NULL, "old", NULL}}};
	for (int i = 0; i < 2; i++) {
		struct scratch_folder folder;
		make_state(&folder, &befores[i]);
		assert_int_equal(write_state(&folder, &after, 0), PMILL_EXISTS);
		assert_true(is_state(&folder, &befores[i]));
		assert_int_equal(count_entries(folder.path), 1);
		scratch_remove(&folder);
	}
}

/* A device can't be undone, but nothing else is changed if it fails. */
static void test_device(void **state)
{
	(void)state;
	static const struct state before = {{"old v", NULL, NULL}};
	struct scratch_folder folder;
	make_state(&folder, &before);
	char path[500];
	snprintf(path, sizeof path, "%s", scratch_path(&folder, names[0]));
	struct pmill_buffer bytes = {(uint8_t *)"text", 4, 0};
	const struct pmill_set_file full[2] = {{path, &bytes}, {"/dev/full", &bytes}};
	const struct pmill_set_file null[2] = {{path, &bytes}, {"/dev/null", &bytes}};
	pmill_error error;
	assert_int_equal(pmill_file_set_write(full, 2, PMILL_OVERWRITE, &error), PMILL_IO);
	assert_true(is_state(&folder, &before));
	assert_int_equal(pmill_file_set_write(null, 2, PMILL_OVERWRITE, &error), PMILL_OK);
	assert_true(has_text(&folder, 0, "text"));
	assert_int_equal(count_entries(folder.path), 1);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_killed_at_every_call),
		cmocka_unit_test(test_existing),
		cmocka_unit_test(test_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
