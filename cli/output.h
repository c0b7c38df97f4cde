/* What the command writes itself: to stdout, or to a file that appears whole or not at all. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_OUTPUT_H
#define PMILL_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"

/*
 * The library writes the files that it has a format for. What is left: all that goes to stdout, and
 * the files of encode --text and --format tokens. All zero is one that is not open.
 */
struct pmill_cli_output {
	FILE *stream;
	const char *name; /* for messages */
	char *target;     /* NULL: stdout, or a file that can't be replaced (a pipe, a device) */
	char *temporary;
	int error_number; /* of the first write that failed */
	bool may_replace;
};

/* Whether a file could be written there, before long work. 0, or the exit code after a message. */
int pmill_cli_output_check(const struct pmill_cli *cli, const char *path);

/* "-o -" becomes no -o: both are stdout. */
void pmill_cli_output_accept_dash(struct pmill_cli *cli);
/* Where the output must have a name. 0, or the exit code after a message. */
int pmill_cli_output_require_path(const struct pmill_cli *cli, const char *path);

/* Needs no release, and commit only where a summary follows: stdout is flushed at the end anyway. */
void pmill_cli_output_use_stdout(struct pmill_cli *cli, struct pmill_cli_output *output);
/* `path` NULL is stdout. 0, or the exit code after a message. */
int pmill_cli_output_open(struct pmill_cli *cli, struct pmill_cli_output *output, const char *path);
/* A pmill_write_fn; `context` is a struct pmill_cli_output. Refuses after a Ctrl-C. */
int pmill_cli_output_write(void *context, const void *data, size_t len);
/* Flushes, and gives the file its name. 0, or the exit code after a message. */
int pmill_cli_output_commit(struct pmill_cli *cli, struct pmill_cli_output *output);
/* Drops what was not committed; harmless afterwards. */
void pmill_cli_output_release(struct pmill_cli_output *output);

/* What a failure was, where the library only knows that the bytes were not taken. */
int pmill_cli_output_report(struct pmill_cli *cli, const struct pmill_cli_output *output,
	pmill_status status, const pmill_error *error);

/* Says that stdout failed; a reader who has gone away ends the process quietly, as SIGPIPE does. */
int pmill_cli_stdout_fail(struct pmill_cli *cli, int error_number);
/* Flushes stdout at the end of a command that gave `code`. Returns the exit code. */
int pmill_cli_stdout_finish(struct pmill_cli *cli, int code);

#endif
