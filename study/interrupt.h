/* Ctrl-C: noted, and checked between merges. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_INTERRUPT_H
#define PMILL_STUDY_INTERRUPT_H

#include <stdbool.h>

/* From now on, SIGINT and SIGTERM are noted, and a broken pipe is an error, not a signal. */
void pmill_study_interrupt_install(void);
bool pmill_study_is_interrupted(void);

#endif
