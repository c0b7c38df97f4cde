/* Ctrl-C and SIGTERM: the first asks the library to stop, a later one quits at once. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INTERRUPT_H
#define PMILL_CLI_INTERRUPT_H

#include <stdbool.h>

void pmill_cli_interrupt_install(void);
/* From now on somebody asks pmill_cli_is_interrupted; before, the first signal quits at once. */
void pmill_cli_interrupt_listen(void);
/* Whether a signal came. The one who asks has to stop then. */
bool pmill_cli_is_interrupted(void);
/*
 * The same before the result is written: a signal from now on comes too late to be heard, and must
 * not leave half of it. (Only a second one quits.)
 */
bool pmill_cli_interrupt_last_call(void);
/* The file to remove if the process is quit at once; NULL: none. Must stay valid. */
void pmill_cli_interrupt_set_temporary(const char *path);

#endif
