/* encode --text: one string, one document. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_ENCODE_TEXT_H
#define PMILL_CLI_ENCODE_TEXT_H

#include "command.h"
#include "output.h"

/* Only counts if `output` is NULL. Returns 0, or the exit code after a message. */
int pmill_cli_encode_text(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, const pmill_encode_file_options *file,
	const pmill_run_options *run, struct pmill_cli_output *output, pmill_encode_totals *totals);

#endif
