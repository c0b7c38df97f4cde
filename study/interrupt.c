/* Ctrl-C: noted, and checked between merges. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t is_interrupted; /* a handler has no other way */

static void note(int number)
{
	(void)number;
	is_interrupted = 1;
}

void pmill_study_interrupt_install(void)
{
	struct sigaction action = {.sa_handler = note};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool pmill_study_is_interrupted(void)
{
	return is_interrupted != 0;
}
