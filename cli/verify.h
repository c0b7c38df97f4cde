/* The two kinds of verifying, and what they find. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_VERIFY_H
#define PMILL_CLI_VERIFY_H

#include "command.h"
#include "input_notes.h"

/* All zero, but for the size of the verification. The caller releases it. */
struct pmill_cli_finding {
	pmill_verification verification;
	uint64_t bad_lines; /* skipped */
	const pmill_bad_lines *bad_files;
	size_t bad_file_count;
	struct pmill_cli_input_notes notes;
	pmill_counter *counter; /* of the training; owns `bad_files` */
};

void pmill_cli_finding_release(struct pmill_cli_finding *finding);

/* Each returns 0, or the exit code after a message. */

int pmill_cli_verify_training(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, struct pmill_cli_finding *finding);

int pmill_cli_verify_models(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, struct pmill_cli_finding *finding);

#endif
