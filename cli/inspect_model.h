/* inspect of a model: what it holds, and whether it is sound. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INSPECT_MODEL_H
#define PMILL_CLI_INSPECT_MODEL_H

#include "command.h"

/* The exit code: a check that fails is PMILL_CLI_FAILED. */
int pmill_cli_inspect_model(struct pmill_cli *cli, const pmill_tokenizer *tokenizer);

#endif
