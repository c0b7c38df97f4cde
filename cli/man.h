/* Man pages, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_MAN_H
#define PMILL_CLI_MAN_H

#include <stdio.h>

#include "command.h"

/* pairmill(1), and for commands pairmill-train(1) and so on. */
void pmill_cli_man_overview(FILE *out);
void pmill_cli_man_command(FILE *out, const struct pmill_cli_command *command);

#endif
