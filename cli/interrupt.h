/* Ctrl-C and SIGTERM: the first asks the library to stop, a later one exits at once. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INTERRUPT_H
#define PMILL_CLI_INTERRUPT_H

#include <stdbool.h>

/* Also makes writing to a closed pipe, or past a limit on file sizes, an error. */
void pmill_cli_interrupt_install(void);
/* From now on, callers check pmill_cli_is_interrupted. Before, the first signal exits at once. */
void pmill_cli_interrupt_listen(void);
/* Whether a signal has come; the caller must then stop. */
bool pmill_cli_is_interrupted(void);
/*
 * The same, just before the result is written. A first signal after this comes too late and is
 * ignored, so that no partial result is left. (A second one still exits.)
 */
bool pmill_cli_interrupt_last_call(void);
/* The file to remove if the process exits at once; NULL: none. The path must stay valid. */
void pmill_cli_interrupt_set_temporary(const char *path);

#endif
