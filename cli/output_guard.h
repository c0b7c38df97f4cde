/* The output must not be one of the inputs: -f would destroy it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_OUTPUT_GUARD_H
#define PMILL_CLI_OUTPUT_GUARD_H

#include "command.h"

/*
 * Whether a regular file that writing `out` replaces is among the inputs: the files (those in
 * folders and lists too), stdin where it is read, --counts, -m. 0, or the exit code after a message.
 */
int pmill_cli_output_guard(const struct pmill_cli *cli, const char *out);

#endif
