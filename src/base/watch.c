/*
 * Runs work on a thread of its own, while the caller's reports progress and relays requests to
 * stop.
 */
/* SPDX-License-Identifier: MIT */
/* The caller's thread must not block in a read: a pipe may stay silent indefinitely. */
#include "base/watch.h"

#include <pthread.h>
#include <time.h>

#include "base/thread.h"

struct watch {
	const struct pmill_watched_work *watched;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool is_ended;
};

static void *run_work(void *argument)
{
	struct watch *watch = argument;
	watch->watched->work(watch->watched->context);
	pthread_mutex_lock(&watch->lock);
	watch->is_ended = true;
	pthread_cond_signal(&watch->ended);
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

/* Waits for the work to end, or until the next poll is due. */
static bool wait_for_end(struct watch *watch)
{
	enum { POLL_INTERVAL_NS = 50000000, SECOND_NS = 1000000000 };
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += POLL_INTERVAL_NS;
	until.tv_sec += until.tv_nsec / SECOND_NS;
	until.tv_nsec %= SECOND_NS;
	pthread_mutex_lock(&watch->lock);
	int status = 0;
	while (!watch->is_ended && status == 0)
		status = pthread_cond_timedwait(&watch->ended, &watch->lock, &until);
	bool is_ended = watch->is_ended;
	pthread_mutex_unlock(&watch->lock);
	return is_ended;
}

void pmill_watch_run(
	const struct pmill_watched_work *watched, struct pmill_progress_state *progress)
{
	struct watch watch = {.watched = watched};
	pthread_t thread;
	pthread_mutex_init(&watch.lock, NULL);
	pthread_cond_init(&watch.ended, NULL);
	if (progress->callback == NULL || pmill_thread_start(&thread, run_work, &watch) != 0) {
		watched->work(watched->context);
	} else {
		while (!wait_for_end(&watch)) {
			if (!pmill_progress_step(progress, watched->done(watched->context)))
				watched->stop(watched->context);
		}
		pthread_join(thread, NULL);
	}
	pthread_cond_destroy(&watch.ended);
	pthread_mutex_destroy(&watch.lock);
}
