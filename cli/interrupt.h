/* Ctrl-C and SIGTERM: the first asks the library to stop, the second quits at once. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INTERRUPT_H
#define PMILL_CLI_INTERRUPT_H

#include <stdbool.h>

void pmill_cli_interrupt_install(void);
/* From now on somebody asks pmill_cli_is_interrupted; before, the first signal quits at once. */
void pmill_cli_interrupt_listen(void);
/* Whether a signal came. The one who asks has to stop then. */
bool pmill_cli_is_interrupted(void);
/* The file to remove if the process is quit at once; NULL: none. Must stay valid. */
void pmill_cli_interrupt_set_temporary(const char *path);

#endif
