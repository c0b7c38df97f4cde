/* A team: persistent threads for work in many short rounds. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_TEAM_H
#define PMILL_BASE_TEAM_H

struct pmill_team;

/*
 * Creates a team of `threads` threads, including the calling one. It is smaller if the system
 * grants fewer. NULL if out of memory.
 */
struct pmill_team *pmill_team_create(unsigned threads);
void pmill_team_free(struct pmill_team *team);
unsigned pmill_team_size(const struct pmill_team *team);

/*
 * Runs one round: calls work(context, index) for each index below the team's size, 0 on the calling
 * thread, and returns when all have finished. Only the thread that created the team may call it.
 */
void pmill_team_run(
	struct pmill_team *team, void (*work)(void *context, unsigned index), void *context);

#endif
