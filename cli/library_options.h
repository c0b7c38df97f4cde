/* Fills the library's options structs from the settings. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_LIBRARY_OPTIONS_H
#define PMILL_CLI_LIBRARY_OPTIONS_H

#include "command.h"

/* Borrows `list`; release the result with free. NULL if the list is empty or out of memory. */
pmill_bytes *pmill_cli_bytes_of(const struct pmill_cli_list *list);

/* Returns 0, or the exit code after a message. */
int pmill_cli_text_options_init(struct pmill_cli *cli, pmill_text_options *options);
void pmill_cli_text_options_release(pmill_text_options *options);

/* The same for run options; progress goes to cli->progress. */
int pmill_cli_run_options_init(struct pmill_cli *cli, pmill_run_options *options);
void pmill_cli_run_options_release(pmill_run_options *options);

/* Notices go to stderr. */
void pmill_cli_input_options_init(struct pmill_cli *cli, pmill_input_options *options);

/* The files named on the command line, or stdin if none is. */
void pmill_cli_paths(const struct pmill_cli *cli, const char *const **paths, size_t *count);

/* Returns 0, or the exit code after a message. */
int pmill_cli_load_model(struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer);
/* The same, but leaves reporting an error to the caller. */
pmill_status pmill_cli_try_model(
	const struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer, pmill_error *error);

/* For people: "unknown" if neither the model nor an option names one. */
const char *pmill_cli_pattern_text(const pmill_tokenizer *tokenizer);

/* PMILL_OVERWRITE with -f, else 0. */
unsigned pmill_cli_write_flags(const struct pmill_cli *cli);

#endif
