/* pairmill completions: what makes a shell complete our command lines. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "completions.h"
#include "messages.h"

int pmill_cli_run_completions(struct pmill_cli *cli)
{
	const char *shell = cli->operands[0];
	for (size_t i = 0; pmill_cli_completion_shells[i] != NULL; i++) {
		if (strcmp(pmill_cli_completion_shells[i], shell) == 0) {
			pmill_cli_completions_print(stdout, shell);
			return PMILL_CLI_DONE;
		}
	}
	return pmill_cli_wrong_usage(
		cli, "no completions for \"%s\"; there are some for bash, zsh and fish", shell);
}
