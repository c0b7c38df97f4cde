/* A team: threads that stay, for work in many short rounds. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_TEAM_H
#define PMILL_BASE_TEAM_H

struct pmill_team;

/*
 * `threads` threads, the calling one among them. Where the system gives fewer, the team is smaller; NULL
 * without memory.
 */
struct pmill_team *pmill_team_create(unsigned threads);
void pmill_team_free(struct pmill_team *team);
unsigned pmill_team_size(const struct pmill_team *team);

/*
 * One round: calls work(context, index) for each index below the team's size, 0 on the calling thread, and
 * returns when all have ended. Always called by the thread that created the team.
 */
void pmill_team_run(
	struct pmill_team *team, void (*work)(void *context, unsigned index), void *context);

#endif
