/* pairmill completions: prints a completion script for a shell. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "completions.h"
#include "messages.h"
#include "output.h"

/* Writes everything at once: with several writes, the errno of the first failure is lost. */
static int print(struct pmill_cli *cli, const char *shell)
{
	char *text = NULL;
	size_t len = 0;
	struct pmill_cli_output output;
	FILE *memory = open_memstream(&text, &len);
	if (memory == NULL)
		return pmill_cli_no_memory(cli);
	pmill_cli_completions_print(memory, shell);
	int code = fclose(memory) == 0 ? PMILL_CLI_DONE : pmill_cli_no_memory(cli);
	pmill_cli_output_use_stdout(cli, &output);
	if (code == PMILL_CLI_DONE && pmill_cli_output_write(&output, text, len) != 0)
		code = pmill_cli_stdout_fail(cli, output.error_number);
	free(text);
	return code;
}

int pmill_cli_run_completions(struct pmill_cli *cli)
{
	const char *shell = cli->operands[0];
	for (size_t i = 0; pmill_cli_completion_shells[i] != NULL; i++)
		if (strcmp(pmill_cli_completion_shells[i], shell) == 0)
			return print(cli, shell);
	return pmill_cli_wrong_usage(cli, "unknown shell \"%s\" (known: bash, zsh, fish)", shell);
}
