/* Progress on stderr, in four forms. Also passes Ctrl-C on to the library. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_PROGRESS_H
#define PMILL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pairmill.h"

struct pmill_cli_progress_form;

enum { PMILL_CLI_STAGE_NAME = 32, PMILL_CLI_STAGES = 16 };

struct pmill_cli_stage {
	char name[PMILL_CLI_STAGE_NAME];
	double seconds;
};

/* The progress of one command. */
struct pmill_cli_progress {
	const struct pmill_cli_progress_form *form;
	FILE *out;
	bool is_line_drawn;
	double began_s;
	double shown_s;                                  /* when a plain line was last written */
	uint64_t shown_tenths;                           /* and how far the stage was */
	bool was_at_end;                                 /* the last event was */
	struct pmill_cli_stage stages[PMILL_CLI_STAGES]; /* from the events */
	size_t stage_count;
};

/* `form` is "auto", "plain", "json" or "none"; NULL means auto, or none if `is_quiet`. */
void pmill_cli_progress_init(struct pmill_cli_progress *progress, const char *form, bool is_quiet);
/* Whether the form is JSON, whose readers want nothing else on stderr. */
bool pmill_cli_progress_is_json(const struct pmill_cli_progress *progress);
/* Stops drawing a line if stdout is a terminal, where it would erase output. */
void pmill_cli_progress_spare_stdout(struct pmill_cli_progress *progress);
/* Erases the redrawn line. Call before printing anything else. */
void pmill_cli_progress_clear(struct pmill_cli_progress *progress);
double pmill_cli_progress_seconds(const struct pmill_cli_progress *progress); /* since init */

/* A pmill_progress_fn; `context` is a struct pmill_cli_progress. Asks to stop after Ctrl-C. */
int pmill_cli_progress_event(void *context, const pmill_progress *event);

#endif
