/* Threads: runs a function on several, and waits. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

unsigned pmill_thread_count(unsigned asked)
{
	if (asked > 0)
		return asked;
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	int count = CPU_COUNT(&set);
	return count > 0 ? (unsigned)count : 1;
}

struct job {
	void (*work)(void *context, unsigned index);
	void *context;
	unsigned index;
	pthread_t thread;
	int is_started;
};

static void *run_job(void *argument)
{
	struct job *job = argument;
	job->work(job->context, job->index);
	return NULL;
}

void pmill_threads_run(unsigned threads, void (*work)(void *context, unsigned index), void *context)
{
	struct job *jobs = threads > 1 ? calloc(threads, sizeof *jobs) : NULL;
	if (jobs == NULL) {
		for (unsigned i = 0; i < threads; i++)
			work(context, i);
		return;
	}
	for (unsigned i = 1; i < threads; i++) {
		jobs[i] = (struct job){.work = work, .context = context, .index = i};
		jobs[i].is_started = pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]) == 0;
	}
	work(context, 0);
	for (unsigned i = 1; i < threads; i++) {
		if (jobs[i].is_started)
			pthread_join(jobs[i].thread, NULL);
		else
			work(context, i);
	}
	free(jobs);
}
