/* --special-tokens and --template → a policy. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_POLICY_OPTION_H
#define PMILL_CLI_POLICY_OPTION_H

#include "command.h"

/* Whether --special-tokens can be understood. Returns 0, or the exit code after a message. */
int pmill_cli_check_policy(struct pmill_cli *cli);

/* The caller frees *policy. Returns 0, or the exit code after a message. */
int pmill_cli_make_policy(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, pmill_policy **policy);

#endif
