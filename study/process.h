/* Worker processes: forked or spawned, each with a pipe in each direction. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_PROCESS_H
#define PMILL_STUDY_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sections.h"
#include "wire.h"

struct pmill_study_process {
	pid_t pid;     /* 0: none, or already waited for */
	int to, from;  /* our ends of its pipes; -1: closed */
	char name[48]; /* for messages: "worker 2 of v4" */
};

/*
 * All living workers. A forked child closes the others' pipes that it inherits; no child outlives
 * this process, however it ends.
 */
struct pmill_study_crew {
	const char *name; /* of the system */
	struct pmill_study_process *workers;
	unsigned count, capacity;
	struct pmill_study_counters *counters;
};

/* Makes room for `capacity` workers. Call it once, and release the crew. */
pmill_status pmill_study_crew_init(struct pmill_study_crew *crew, const char *name,
	unsigned capacity, struct pmill_study_counters *counters, pmill_error *error);
/* Kills and waits for the workers that are still alive. */
void pmill_study_crew_release(struct pmill_study_crew *crew);

/* A forked child's work: reads from `in`, writes to `out`, and returns its exit code. */
typedef int pmill_study_work_fn(void *context, unsigned worker, int in, int out);

/* Starts worker crew->count; `processor` >= 0 pins it to that processor, modulo their number. */
pmill_status pmill_study_crew_fork(struct pmill_study_crew *crew, pmill_study_work_fn *work,
	void *context, int processor, pmill_error *error);

/* The same, running this program anew with --worker KIND and the pipes as stdin and stdout. */
pmill_status pmill_study_crew_spawn(
	struct pmill_study_crew *crew, const char *kind, pmill_error *error);

/* Messages to and from a worker; if its pipe is broken, the error says what happened to it. */
pmill_status pmill_study_crew_send(struct pmill_study_crew *crew, unsigned worker,
	const struct pmill_buffer *message, pmill_error *error);
pmill_status pmill_study_crew_receive(struct pmill_study_crew *crew, unsigned worker,
	struct pmill_buffer *message, pmill_error *error);

/* For tests. */
void pmill_study_crew_kill(struct pmill_study_crew *crew, unsigned worker);

/* Closes the pipe to it: it reads the end. */
void pmill_study_crew_hang_up(struct pmill_study_crew *crew, unsigned worker);
/* Waits for all, closes their pipes and forgets them: PMILL_IO if one failed. */
pmill_status pmill_study_crew_join(struct pmill_study_crew *crew, pmill_error *error);
/* PMILL_IO if one has failed already: for callers that wait for something other than a message. */
pmill_status pmill_study_crew_check(struct pmill_study_crew *crew, pmill_error *error);

/* Called in a child: it will die with its parent. Returns false if the parent is already gone. */
bool pmill_study_die_with_parent(pid_t parent);

#endif
