/* Output that the library does not write: to stdout, or to a file that is whole or absent. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_OUTPUT_H
#define PMILL_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"

/*
 * The library writes the files that it has a format for. The rest is everything on stdout, and the
 * files of encode --text and --format tokens. All zero is an output that is not open.
 */
struct pmill_cli_output {
	FILE *stream;
	const char *name; /* for messages */
	char *target;     /* NULL: stdout, or a file that can't be replaced (a pipe, a device) */
	char *temporary;
	int error_number; /* of the first failed write */
	bool may_replace;
};

/* Checks before long work that `path` can be written. 0, or the exit code after a message. */
int pmill_cli_output_check(const struct pmill_cli *cli, const char *path);

/* Drops "-o -": it means stdout, as no -o does. */
void pmill_cli_output_accept_dash(struct pmill_cli *cli);
/* Refuses "-" as a path. Returns 0, or the exit code after a message. */
int pmill_cli_output_require_path(const struct pmill_cli *cli, const char *path);

/* Needs no release, and a commit only before a summary: stdout is flushed at the end anyway. */
void pmill_cli_output_use_stdout(struct pmill_cli *cli, struct pmill_cli_output *output);
/* NULL as `path` is stdout. Returns 0, or the exit code after a message. */
int pmill_cli_output_open(struct pmill_cli *cli, struct pmill_cli_output *output, const char *path);
/* A pmill_write_fn; `context` is a struct pmill_cli_output. Fails after Ctrl-C. */
int pmill_cli_output_write(void *context, const void *data, size_t len);
/* Flushes, and gives the file its name. Returns 0, or the exit code after a message. */
int pmill_cli_output_commit(struct pmill_cli *cli, struct pmill_cli_output *output);
/* Discards the output if it was not committed. Can be called again. */
void pmill_cli_output_release(struct pmill_cli_output *output);

/* Reports why a write failed, if it did; the library only knows that it failed. */
int pmill_cli_output_report(struct pmill_cli *cli, const struct pmill_cli_output *output,
	pmill_status status, const pmill_error *error);

/* Reports a failed write to stdout. If the reader has gone, ends silently by SIGPIPE. */
int pmill_cli_stdout_fail(struct pmill_cli *cli, int error_number);
/* Flushes stdout at the end of a command that returned `code`. Returns the exit code. */
int pmill_cli_stdout_finish(struct pmill_cli *cli, int code);

#endif
