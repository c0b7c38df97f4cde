/* pairmill inspect, for models: what a model holds, and whether it is sound. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INSPECT_MODEL_H
#define PMILL_CLI_INSPECT_MODEL_H

#include "command.h"

/* Returns the exit code: PMILL_CLI_FAILED if a check fails. */
int pmill_cli_inspect_model(struct pmill_cli *cli, const pmill_tokenizer *tokenizer);

#endif
