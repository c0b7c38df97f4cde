/* --counts: count files and TSVs that are added to a counter. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_COUNT_FILES_H
#define PMILL_CLI_COUNT_FILES_H

#include "command.h"

/* Adds a file, which must agree with the counter. A TSV is taken to have been cut as it cuts. */
pmill_status pmill_cli_add_count_file(const struct pmill_cli *cli, const char *path,
	const pmill_run_options *run, pmill_counter *counter, pmill_error *error);

/*
 * As pmill_cli_report, but counts that don't match are an error of the files, not of the command
 * line.
 */
int pmill_cli_report_counts(struct pmill_cli *cli, pmill_status status, const pmill_error *error);

#endif
