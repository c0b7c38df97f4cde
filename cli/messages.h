/* Messages on stderr, and the exit codes that go with them. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MESSAGES_H
#define PMILL_CLI_MESSAGES_H

#include "command.h"

/* "pairmill: train: ..." on stderr. Control bytes are shown as \xHH. Returns PMILL_CLI_FAILED. */
int pmill_cli_fail(const struct pmill_cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with a hint at the help of the command. Returns PMILL_CLI_WRONG_USAGE. */
int pmill_cli_wrong_usage(const struct pmill_cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Says what the library refused. PMILL_BAD_OPTION is wrong usage, PMILL_CANCELLED (and any failure
 * after a Ctrl-C) is PMILL_CLI_INTERRUPTED, all else PMILL_CLI_FAILED.
 */
int pmill_cli_report(struct pmill_cli *cli, pmill_status status, const pmill_error *error);

/* Returns PMILL_CLI_INTERRUPTED. */
int pmill_cli_report_interrupt(struct pmill_cli *cli);

int pmill_cli_no_memory(const struct pmill_cli *cli);

#endif
