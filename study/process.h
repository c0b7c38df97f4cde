/* Worker processes: forked or spawned, each with a pipe there and a pipe back. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_PROCESS_H
#define PMILL_STUDY_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sections.h"
#include "wire.h"

struct pmill_study_process {
	pid_t pid;     /* 0: none, or waited for */
	int to, from;  /* our ends of its pipes; -1: closed */
	char name[48]; /* for messages: "worker 2 of v4" */
};

/*
 * All that live. A child that is forked closes what it inherits of the others' pipes; no child outlives
 * this process, whatever becomes of it.
 */
struct pmill_study_crew {
	const char *name; /* of the system */
	struct pmill_study_process *workers;
	unsigned count, capacity;
	struct pmill_study_counters *counters;
};

/* Room for so many workers. Call it once, and release it. */
pmill_status pmill_study_crew_init(struct pmill_study_crew *crew, const char *name,
	unsigned capacity, struct pmill_study_counters *counters, pmill_error *error);
/* Kills and waits for who is still there. */
void pmill_study_crew_release(struct pmill_study_crew *crew);

/* What a forked child does: reads from `in`, writes to `out`; its return value is its exit code. */
typedef int pmill_study_work_fn(void *context, unsigned worker, int in, int out);

/* Starts worker crew->count. `processor` >= 0: it stays on that processor (modulo those there are). */
pmill_status pmill_study_crew_fork(struct pmill_study_crew *crew, pmill_study_work_fn *work,
	void *context, int processor, pmill_error *error);

/* The same with a new image of this program, which is started with --worker KIND and these pipes as stdin and stdout. */
pmill_status pmill_study_crew_spawn(
	struct pmill_study_crew *crew, const char *kind, pmill_error *error);

/* Messages to and from a worker; where its pipe is broken, the error says what became of it. */
pmill_status pmill_study_crew_send(struct pmill_study_crew *crew, unsigned worker,
	const struct pmill_buffer *message, pmill_error *error);
pmill_status pmill_study_crew_receive(struct pmill_study_crew *crew, unsigned worker,
	struct pmill_buffer *message, pmill_error *error);

/* For tests. */
void pmill_study_crew_kill(struct pmill_study_crew *crew, unsigned worker);

/* No more messages to it: its reading ends. */
void pmill_study_crew_hang_up(struct pmill_study_crew *crew, unsigned worker);
/* Waits for all, closes their pipes and forgets them: PMILL_IO where one did not end well. */
pmill_status pmill_study_crew_join(struct pmill_study_crew *crew, pmill_error *error);
/* Whether one has ended already, and not well: for who waits for something else than a message. */
pmill_status pmill_study_crew_check(struct pmill_study_crew *crew, pmill_error *error);

/* In a child: it dies with its parent. False: the parent is gone already. */
bool pmill_study_die_with_parent(pid_t parent);

#endif
