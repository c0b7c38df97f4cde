/* From settings to the options structs of the library. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_LIBRARY_OPTIONS_H
#define PMILL_CLI_LIBRARY_OPTIONS_H

#include "command.h"

/* Borrows `list`; the result goes with free. NULL without memory, or where the list is empty. */
pmill_bytes *pmill_cli_bytes_of(const struct pmill_cli_list *list);

/* 0, or the exit code after a message. Release them with pmill_cli_text_options_release. */
int pmill_cli_text_options_init(struct pmill_cli *cli, pmill_text_options *options);
void pmill_cli_text_options_release(pmill_text_options *options);

/* The same for how work is run; progress goes to the command's own. */
int pmill_cli_run_options_init(struct pmill_cli *cli, pmill_run_options *options);
void pmill_cli_run_options_release(pmill_run_options *options);

void pmill_cli_input_options_init(const struct pmill_cli *cli, pmill_input_options *options);

/* The files of the command line, or stdin where there are none. */
void pmill_cli_paths(const struct pmill_cli *cli, const char *const **paths, size_t *count);

/* 0, or the exit code after a message. */
int pmill_cli_load_model(struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer);
/* The same, with the failure left to the caller. */
pmill_status pmill_cli_try_model(
	const struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer, pmill_error *error);

/* For people: "not known" where the model carries none and no option named one. */
const char *pmill_cli_pattern_text(const pmill_tokenizer *tokenizer);

/* PMILL_OVERWRITE as -f says. */
unsigned pmill_cli_write_flags(const struct pmill_cli *cli);

#endif
