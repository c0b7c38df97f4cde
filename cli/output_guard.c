/* Keeps -f from overwriting an input with the output. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "output_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "messages.h"
#include "name_list.h"

/* The file that would be replaced. */
struct target {
	struct stat about;
	char *path; /* without links; NULL if out of memory */
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether reading this folder would read the target. Hidden names are not read. */
static bool is_below(const struct stat *folder, const struct target *target)
{
	char *path = target->path == NULL ? NULL : strdup(target->path);
	bool is_found = false;
	char *slash;
	while (path != NULL && !is_found && (slash = strrchr(path, '/')) != NULL && slash[1] != '.') {
		struct stat above;
		slash[0] = 0;
		is_found = stat(slash == path ? "/" : path, &above) == 0 && is_same(&above, folder);
	}
	free(path);
	return is_found;
}

static bool is_path_input(const char *path, const struct target *target)
{
	struct stat about;
	if (stat(path, &about) != 0)
		return false;
	return S_ISDIR(about.st_mode) ? is_below(&about, target) : is_same(&about, &target->about);
}

static bool is_listed_input(void *target, const char *name)
{
	return is_path_input(name, target);
}

static bool is_list_input(const char *list, struct target *target)
{
	return is_path_input(list, target) || pmill_cli_list_has(list, is_listed_input, target);
}

static bool is_stdin_input(const struct target *target)
{
	struct stat about;
	return fstat(STDIN_FILENO, &about) == 0 && is_same(&about, &target->about);
}

static bool is_operand_input(const char *name, struct target *target)
{
	if (strcmp(name, "-") == 0)
		return is_stdin_input(target);
	return name[0] == '@' ? is_list_input(name + 1, target) : is_path_input(name, target);
}

static bool is_model_input(const char *model, const struct target *target)
{
	struct stat about;
	return model != NULL && stat(model, &about) == 0 && is_same(&about, &target->about);
}

static bool is_input(const struct pmill_cli *cli, struct target *target)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (is_model_input(settings->model, target))
		return true;
	for (size_t i = 0; i < settings->counts.count; i++)
		if (is_path_input(settings->counts.items[i], target))
			return true;
	for (size_t i = 0; i < cli->operand_count; i++)
		if (is_operand_input(cli->operands[i], target))
			return true;
	bool reads_stdin = cli->operand_count == 0 && settings->text == NULL &&
		settings->counts.count == 0;
	return reads_stdin && is_stdin_input(target);
}

static int guard_file(const struct pmill_cli *cli, const char *path)
{
	struct target target;
	if (stat(path, &target.about) != 0 || !S_ISREG(target.about.st_mode))
		return 0;
	target.path = realpath(path, NULL);
	bool is_overwritten = is_input(cli, &target);
	free(target.path);
	return is_overwritten ? pmill_cli_fail(cli, "%s: the output is also an input", path) : 0;
}

/* Guards `name` in the folder given by the first `len` bytes of `path`. */
static int guard_file_in(
	const struct pmill_cli *cli, const char *path, size_t len, const char *slash, const char *name)
{
	char *file = NULL;
	if (asprintf(&file, "%.*s%s%s", (int)len, path, slash, name) < 0)
		return pmill_cli_no_memory(cli);
	int code = guard_file(cli, file);
	free(file);
	return code;
}

/* A model in a folder has several files. */
static int guard_folder(const struct pmill_cli *cli, const char *folder)
{
	static const char *const names[] = {
		"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "training.json"};
	int code = 0;
	for (size_t i = 0; code == 0 && i < sizeof names / sizeof *names; i++)
		code = guard_file_in(cli, folder, strlen(folder), "/", names[i]);
	return code;
}

int pmill_cli_output_guard(const struct pmill_cli *cli, const char *out)
{
	static const char vocab[] = "vocab.json";
	struct stat about;
	if (stat(out, &about) == 0 && S_ISDIR(about.st_mode))
		return guard_folder(cli, out);
	int code = guard_file(cli, out);
	size_t len = strlen(out), vocab_len = sizeof vocab - 1;
	if (code == 0 && len >= vocab_len && strcmp(out + len - vocab_len, vocab) == 0)
		code = guard_file_in(cli, out, len - vocab_len, "", "merges.txt");
	return code;
}
