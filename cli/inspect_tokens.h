/* pairmill inspect: what a token file holds. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INSPECT_TOKENS_H
#define PMILL_CLI_INSPECT_TOKENS_H

#include <stdbool.h>

#include "command.h"

/* Whether the operand is a token file: by its options, its suffix, or the .json beside it. */
bool pmill_cli_is_token_file(const struct pmill_cli *cli);

int pmill_cli_inspect_tokens(struct pmill_cli *cli);

#endif
