/* What users should know about the files that were named: left out, or read twice. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INPUT_NOTES_H
#define PMILL_CLI_INPUT_NOTES_H

#include "command.h"
#include "json.h"

struct pmill_cli_input_notes {
	uint64_t skipped, repeated, hidden;
};

/* A pmill_notice_fn; the context is the struct pmill_cli. Prints a line to stderr. */
void pmill_cli_input_notice(
	void *context, pmill_notice notice, const char *name, const char *detail);

/* Prints "Left out 3 files that aren't text." and so on to stderr. */
void pmill_cli_summary_inputs(
	const struct pmill_cli *cli, const struct pmill_cli_input_notes *notes);
/* skipped_files, repeated_files, hidden_files. */
void pmill_cli_json_inputs(struct pmill_cli_json *json, const struct pmill_cli_input_notes *notes);

#endif
