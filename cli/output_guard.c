/* Keeps -f from overwriting an input with the output. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "output_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "messages.h"
#include "name_list.h"

enum { MODEL_FILES = 5, MOST_TARGETS = 7 };

/* The regular files that would be replaced: a model in a folder has several. */
struct targets {
	struct target {
		char *path;
		struct stat about;
	} items[MOST_TARGETS];
	size_t count;
	const struct target *input; /* the one that is also an input; NULL: none so far */
};

/* ---- Targets ---- */

static void release_targets(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		free(targets->items[i].path);
}

/* Adds `name` in the folder given by the first `len` bytes of `path`. False if out of memory. */
static bool add_target(
	struct targets *targets, const char *path, size_t len, const char *slash, const char *name)
{
	struct target *target = &targets->items[targets->count];
	if (asprintf(&target->path, "%.*s%s%s", (int)len, path, slash, name) < 0)
		return false;
	if (stat(target->path, &target->about) == 0 && S_ISREG(target->about.st_mode))
		targets->count++;
	else
		free(target->path);
	return true;
}

static bool add_folder_targets(struct targets *targets, const char *folder)
{
	static const char *const names[MODEL_FILES] = {
		"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "training.json"};
	bool done = true;
	for (size_t i = 0; done && i < MODEL_FILES; i++)
		done = add_target(targets, folder, strlen(folder), "/", names[i]);
	return done;
}

/* What may be written beside a file of ids. */
static bool add_companions(struct targets *targets, const char *out)
{
	static const char *const endings[] = {
		"", ".json", ".bin", ".bin.json", ".idx", ".index", ".metadata"};
	bool done = true;
	for (size_t i = 0; done && i < MOST_TARGETS; i++)
		done = add_target(targets, out, strlen(out), "", endings[i]);
	return done;
}

static bool add_targets(struct targets *targets, const char *out)
{
	static const char vocab[] = "vocab.json";
	const size_t len = strlen(out), vocab_len = sizeof vocab - 1;
	struct stat about;
	if (stat(out, &about) == 0 && S_ISDIR(about.st_mode))
		return add_folder_targets(targets, out);
	if (!add_target(targets, out, len, "", ""))
		return false;
	return len < vocab_len || strcmp(out + len - vocab_len, vocab) != 0 ||
		add_target(targets, out, len - vocab_len, "", "merges.txt");
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_target(const struct stat *about, struct targets *targets)
{
	for (size_t i = 0; i < targets->count && targets->input == NULL; i++) {
		if (is_same(about, &targets->items[i].about))
			targets->input = &targets->items[i];
	}
	return targets->input != NULL;
}

/* ---- Folders ---- */

/* Linked folders that have been walked, so that links in a circle end. */
struct linked {
	struct stat *items;
	size_t count;
};

static bool is_new(struct linked *linked, const struct stat *about)
{
	for (size_t i = 0; i < linked->count; i++)
		if (is_same(&linked->items[i], about))
			return false;
	struct stat *items = realloc(linked->items, (linked->count + 1) * sizeof *items);
	if (items == NULL)
		return false;
	linked->items = items;
	linked->items[linked->count++] = *about;
	return true;
}

static bool is_link(int folder, const char *name)
{
	struct stat about;
	return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode);
}

/* Follows links and passes over hidden names, as reading does. */
static bool is_in_folder(
	int parent, const char *name, struct targets *targets, struct linked *linked)
{
	const int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
	const struct dirent *entry;
	struct stat about;
	while (folder != NULL && targets->input == NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || fstatat(descriptor, entry->d_name, &about, 0) != 0)
			continue;
		if (!S_ISDIR(about.st_mode))
			is_target(&about, targets);
		else if (!is_link(descriptor, entry->d_name) || is_new(linked, &about))
			is_in_folder(descriptor, entry->d_name, targets, linked);
	}
	if (folder != NULL)
		closedir(folder);
	else if (descriptor >= 0)
		close(descriptor);
	return targets->input != NULL;
}

/* ---- Inputs ---- */

static bool is_path_input(const char *path, struct targets *targets)
{
	struct stat about;
	if (stat(path, &about) != 0)
		return false;
	if (!S_ISDIR(about.st_mode))
		return is_target(&about, targets);
	struct linked linked = {0};
	const bool is_found = is_in_folder(AT_FDCWD, path, targets, &linked);
	free(linked.items);
	return is_found;
}

static bool is_listed_input(void *targets, const char *name)
{
	return is_path_input(name, targets);
}

static bool is_list_input(const char *list, struct targets *targets)
{
	return is_path_input(list, targets) || pmill_cli_list_has(list, is_listed_input, targets);
}

static bool is_stdin_input(struct targets *targets)
{
	struct stat about;
	return fstat(STDIN_FILENO, &about) == 0 && is_target(&about, targets);
}

static bool is_operand_input(const char *name, struct targets *targets)
{
	if (strcmp(name, "-") == 0)
		return is_stdin_input(targets);
	return name[0] == '@' ? is_list_input(name + 1, targets) : is_path_input(name, targets);
}

static bool is_model_input(const char *model, struct targets *targets)
{
	struct stat about;
	return model != NULL && stat(model, &about) == 0 && is_target(&about, targets);
}

static bool find_input(const struct pmill_cli *cli, struct targets *targets)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (is_model_input(settings->model, targets))
		return true;
	for (size_t i = 0; i < settings->counts.count; i++)
		if (is_path_input(settings->counts.items[i], targets))
			return true;
	for (size_t i = 0; i < cli->operand_count; i++)
		if (is_operand_input(cli->operands[i], targets))
			return true;
	bool reads_stdin = cli->operand_count == 0 && settings->text == NULL &&
		settings->counts.count == 0;
	return reads_stdin && is_stdin_input(targets);
}

int pmill_cli_output_guard(const struct pmill_cli *cli, const char *out)
{
	struct targets targets = {.count = 0};
	const bool done = cli->command->bit == PMILL_CLI_ENCODE ? add_companions(&targets, out)
															: add_targets(&targets, out);
	int code = done ? 0 : pmill_cli_no_memory(cli);
	if (code == 0 && targets.count > 0 && find_input(cli, &targets))
		code = pmill_cli_fail(cli, "%s: the output is also an input", targets.input->path);
	release_targets(&targets);
	return code;
}
