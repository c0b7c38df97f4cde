/* Keeps -f from overwriting an input with the output. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_OUTPUT_GUARD_H
#define PMILL_CLI_OUTPUT_GUARD_H

#include "command.h"

/*
 * Refuses an `out` that would replace a regular file that is an input: an operand (also in a folder
 * or list), stdin if it is read, --counts or -m. Returns 0, or the exit code after a message.
 */
int pmill_cli_output_guard(const struct pmill_cli *cli, const char *out);

#endif
