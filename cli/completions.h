/* Shell completions, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_COMPLETIONS_H
#define PMILL_CLI_COMPLETIONS_H

#include <stdio.h>

extern const char *const pmill_cli_completion_shells[]; /* NULL at the end */

/* `shell` is one of pmill_cli_completion_shells. */
void pmill_cli_completions_print(FILE *out, const char *shell);

#endif
