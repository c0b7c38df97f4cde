/* Messages on stderr, and their exit codes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MESSAGES_H
#define PMILL_CLI_MESSAGES_H

#include "command.h"

/* Prints "pairmill: train: ...", with control bytes as \xHH. Returns PMILL_CLI_FAILED. */
int pmill_cli_fail(const struct pmill_cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, and points to the help of the command. Returns PMILL_CLI_WRONG_USAGE. */
int pmill_cli_wrong_usage(const struct pmill_cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Reports an error of the library. Returns PMILL_CLI_WRONG_USAGE for PMILL_BAD_OPTION,
 * PMILL_CLI_INTERRUPTED for PMILL_CANCELLED and any failure after Ctrl-C, else PMILL_CLI_FAILED.
 */
int pmill_cli_report(struct pmill_cli *cli, pmill_status status, const pmill_error *error);

/* Prints "pairmill: train: ..." about something that isn't an error. */
void pmill_cli_note(struct pmill_cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns PMILL_CLI_INTERRUPTED. */
int pmill_cli_report_interrupt(struct pmill_cli *cli);

int pmill_cli_no_memory(const struct pmill_cli *cli);

#endif
