/* Threads: runs a function on several, and waits. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/thread.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * For an expression with groups nested as deep as allowed, PCRE2 takes 190 KiB, and our deepest
 * calls take 60. By default musl gives a thread 128 KiB, macOS 512 KiB.
 */
enum { LEAST_STACK = 1 << 20 };

/* 0 if the system can't tell, or has more processors than the set. */
static int count_allowed(void)
{
#ifdef CPU_COUNT
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
#else
	return 0;
#endif
}

unsigned pmill_thread_count(unsigned asked)
{
	if (asked > 0)
		return asked;
	const int allowed = count_allowed();
	const long count = allowed > 0 ? allowed : sysconf(_SC_NPROCESSORS_ONLN);
	return count > 0 ? (unsigned)count : 1;
}

int pmill_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	size_t stack;
	int number = pthread_attr_init(&attributes);
	if (number != 0)
		return number;
	if (pthread_attr_getstacksize(&attributes, &stack) == 0 && stack < LEAST_STACK)
		number = pthread_attr_setstacksize(&attributes, LEAST_STACK);
	if (number == 0)
		number = pthread_create(thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);
	return number;
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
		jobs[i].is_started = pmill_thread_start(&jobs[i].thread, run_job, &jobs[i]) == 0;
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
