/* Output that the library does not write: to stdout, or to a file that is whole or absent. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "messages.h"

static int fail_write(const struct pmill_cli *cli, const char *name, int error_number)
{
	return pmill_cli_fail(cli, "%s: cannot write: %s", name, strerror(error_number));
}

int pmill_cli_stdout_fail(struct pmill_cli *cli, int error_number)
{
	if (error_number == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	cli->is_stdout_lost = true;
	return fail_write(cli, "stdout", error_number);
}

int pmill_cli_stdout_finish(struct pmill_cli *cli, int code)
{
	if (cli->is_stdout_lost)
		return code;
	bool has_failed = ferror(stdout) != 0;
	errno = 0;
	if (fflush(stdout) != 0 || has_failed) {
		int failed = pmill_cli_stdout_fail(cli, errno != 0 ? errno : EIO);
		return code == PMILL_CLI_DONE ? failed : code;
	}
	return code;
}

static int fail_exists(const struct pmill_cli *cli, const char *path)
{
	return pmill_cli_fail(cli, "%s: already exists (-f overwrites)", path);
}

/* Length of the folder part of `path`, including its slash; 0: the working directory. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static int check_folder(const struct pmill_cli *cli, const char *path)
{
	size_t len = folder_len(path);
	char *folder = len == 0 ? strdup(".") : strndup(path, len);
	if (folder == NULL)
		return pmill_cli_no_memory(cli);
	int code = access(folder, W_OK) == 0 ? 0 : fail_write(cli, path, errno);
	free(folder);
	return code;
}

int pmill_cli_output_check(const struct pmill_cli *cli, const char *path)
{
	struct stat about;
	if (lstat(path, &about) != 0)
		return check_folder(cli, path);
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
		return fail_write(cli, path, EISDIR);
	if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
		return 0;
	return cli->settings.force ? check_folder(cli, path) : fail_exists(cli, path);
}

void pmill_cli_output_accept_dash(struct pmill_cli *cli)
{
	if (cli->settings.output != NULL && strcmp(cli->settings.output, "-") == 0)
		cli->settings.output = NULL;
}

int pmill_cli_output_require_path(const struct pmill_cli *cli, const char *path)
{
	if (strcmp(path, "-") != 0)
		return 0;
	return pmill_cli_wrong_usage(
		cli, "cannot write to stdout; give a path (\"./-\" is a file named \"-\")");
}

/* A new file beside the target, named after it. */
static FILE *open_temporary(struct pmill_cli_output *output)
{
	size_t len = folder_len(output->target);
	if (asprintf(&output->temporary, "%.*s.%.200s.XXXXXX", (int)len, output->target,
			output->target + len) < 0) {
		output->temporary = NULL;
		errno = ENOMEM;
		return NULL;
	}
	int descriptor = mkostemp(output->temporary, O_CLOEXEC);
	if (descriptor < 0) {
		free(output->temporary);
		output->temporary = NULL;
		return NULL;
	}
	pmill_cli_interrupt_set_temporary(output->temporary);
	mode_t mask = umask(0);
	umask(mask);
	fchmod(descriptor, 0666 & ~mask);
	return fdopen(descriptor, "wb");
}

static bool is_device(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/* Follows a link, so that the file it points to is replaced. */
static char *real_target(const char *path)
{
	char *target = realpath(path, NULL);
	return target != NULL ? target : strdup(path);
}

void pmill_cli_output_use_stdout(struct pmill_cli *cli, struct pmill_cli_output *output)
{
	*output = (struct pmill_cli_output){.stream = stdout, .name = "stdout"};
	pmill_cli_progress_spare_stdout(&cli->progress);
}

int pmill_cli_output_open(struct pmill_cli *cli, struct pmill_cli_output *output, const char *path)
{
	if (path == NULL) {
		pmill_cli_output_use_stdout(cli, output);
		return 0;
	}
	int code = pmill_cli_output_check(cli, path);
	*output = (struct pmill_cli_output){.name = path, .may_replace = cli->settings.force};
	if (code != 0)
		return code;
	if (is_device(path)) {
		output->stream = fopen(path, "wb");
	} else {
		output->target = real_target(path);
		output->stream = output->target == NULL ? NULL : open_temporary(output);
	}
	if (output->stream != NULL)
		return 0;
	code = fail_write(cli, path, errno);
	pmill_cli_output_release(output);
	return code;
}

int pmill_cli_output_write(void *context, const void *data, size_t len)
{
	struct pmill_cli_output *output = context;
	if (pmill_cli_is_interrupted())
		return 1;
	if (fwrite(data, 1, len, output->stream) == len)
		return 0;
	if (output->error_number == 0)
		output->error_number = errno;
	return 1;
}

/* Without -f, link refuses a target that has appeared meanwhile. Some file systems lack links. */
static int put_in_place(const struct pmill_cli_output *output)
{
	if (output->may_replace)
		return rename(output->temporary, output->target);
	if (link(output->temporary, output->target) == 0)
		return unlink(output->temporary);
	return errno == EEXIST ? -1 : rename(output->temporary, output->target);
}

static int fail_output(struct pmill_cli *cli, const struct pmill_cli_output *output)
{
	if (output->stream == stdout)
		return pmill_cli_stdout_fail(cli, output->error_number);
	return fail_write(cli, output->name, output->error_number);
}

int pmill_cli_output_commit(struct pmill_cli *cli, struct pmill_cli_output *output)
{
	if (output->temporary != NULL && pmill_cli_interrupt_last_call())
		return pmill_cli_report_interrupt(cli);
	errno = 0;
	bool is_written = fflush(output->stream) == 0 && !ferror(output->stream);
	if (is_written && output->temporary != NULL)
		is_written = fsync(fileno(output->stream)) == 0 && put_in_place(output) == 0;
	if (!is_written) {
		if (output->error_number == 0)
			output->error_number = errno != 0 ? errno : EIO;
		return fail_output(cli, output);
	}
	pmill_cli_interrupt_set_temporary(NULL);
	free(output->temporary);
	output->temporary = NULL;
	return 0;
}

void pmill_cli_output_release(struct pmill_cli_output *output)
{
	if (output->stream != NULL && output->stream != stdout)
		fclose(output->stream);
	if (output->temporary != NULL)
		unlink(output->temporary);
	pmill_cli_interrupt_set_temporary(NULL);
	free(output->temporary);
	free(output->target);
	*output = (struct pmill_cli_output){0};
}

int pmill_cli_output_report(struct pmill_cli *cli, const struct pmill_cli_output *output,
	pmill_status status, const pmill_error *error)
{
	if (output->error_number == 0 || pmill_cli_is_interrupted())
		return pmill_cli_report(cli, status, error);
	pmill_cli_progress_clear(&cli->progress);
	return fail_output(cli, output);
}
