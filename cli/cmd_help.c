/* pairmill help: the overview, or the help of one command. */
/* SPDX-License-Identifier: MIT */
#include "help.h"

int pmill_cli_run_help(struct pmill_cli *cli)
{
	if (cli->operand_count == 0) {
		pmill_cli_help_overview(stdout);
		return PMILL_CLI_DONE;
	}
	const struct pmill_cli_command *command = pmill_cli_command_require(cli, cli->operands[0]);
	if (command == NULL)
		return PMILL_CLI_WRONG_USAGE;
	pmill_cli_help_command(stdout, command);
	return PMILL_CLI_DONE;
}
