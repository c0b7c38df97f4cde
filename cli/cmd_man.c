/* pairmill man: prints man pages as roff, for the build. */
/* SPDX-License-Identifier: MIT */
#include "man.h"

int pmill_cli_run_man(struct pmill_cli *cli)
{
	if (cli->operand_count == 0) {
		pmill_cli_man_overview(stdout);
		return PMILL_CLI_DONE;
	}
	const struct pmill_cli_command *command = pmill_cli_command_require(cli, cli->operands[0]);
	if (command == NULL)
		return PMILL_CLI_WRONG_USAGE;
	pmill_cli_man_command(stdout, command);
	return PMILL_CLI_DONE;
}
