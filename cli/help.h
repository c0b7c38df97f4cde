/* Help, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_HELP_H
#define PMILL_CLI_HELP_H

#include <stdio.h>

#include "command.h"

void pmill_cli_help_overview(FILE *out);
void pmill_cli_help_command(FILE *out, const struct pmill_cli_command *command);

/* Whether the help, man page and completions of the command show the option. */
bool pmill_cli_option_is_shown(
	const struct pmill_cli_option *option, const struct pmill_cli_command *command);
bool pmill_cli_command_is_shown(const struct pmill_cli_command *command);

#endif
