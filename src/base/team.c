/* A team: persistent threads for work in many short rounds. */
/* SPDX-License-Identifier: MIT */
#include "base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/pause.h"
#include "base/thread.h"

enum {
	/* Polls before sleeping: about 200 µs, the length of a short round. Waking takes about 50. */
	SPINS = 20000,
	/* With more members than processors, the member being waited for may not be running. */
	CROWDED_SPINS = 100,
};

struct member {
	struct pmill_team *team;
	unsigned index;
	pthread_t thread;
};

struct pmill_team {
	unsigned size;
	int spins;
	struct member *members;
	void (*work)(void *context, unsigned index);
	void *context;
	atomic_uint round;   /* changes with each round */
	atomic_uint working; /* members still working in this round */
	atomic_bool is_over;
	pthread_mutex_t lock; /* for the sleepers */
	pthread_cond_t changed;
};

static void wake_all(struct pmill_team *team)
{
	pthread_mutex_lock(&team->lock);
	pthread_cond_broadcast(&team->changed);
	pthread_mutex_unlock(&team->lock);
}

/* Waits until `*value` is `wanted` or, if `until_it_is` is false, is no longer `wanted`. */
static void wait_for(struct pmill_team *team, atomic_uint *value, unsigned wanted, bool until_it_is)
{
	for (int i = 0; i < team->spins; i++) {
		if ((atomic_load_explicit(value, memory_order_acquire) == wanted) == until_it_is)
			return;
		pmill_pause(i);
	}
	pthread_mutex_lock(&team->lock);
	while ((atomic_load_explicit(value, memory_order_acquire) == wanted) != until_it_is)
		pthread_cond_wait(&team->changed, &team->lock);
	pthread_mutex_unlock(&team->lock);
}

static void *serve(void *argument)
{
	struct member *member = argument;
	struct pmill_team *team = member->team;
	for (unsigned round = 0;; round++) {
		wait_for(team, &team->round, round, false);
		if (atomic_load(&team->is_over))
			return NULL;
		team->work(team->context, member->index);
		if (atomic_fetch_sub_explicit(&team->working, 1, memory_order_acq_rel) == 1)
			wake_all(team);
	}
}

struct pmill_team *pmill_team_create(unsigned threads)
{
	struct pmill_team *team = calloc(1, sizeof *team);
	if (team == NULL)
		return NULL;
	team->members = calloc(threads, sizeof *team->members);
	if (team->members == NULL) {
		free(team);
		return NULL;
	}
	team->spins = threads > pmill_thread_count(0) ? CROWDED_SPINS : SPINS;
	atomic_init(&team->round, 0);
	atomic_init(&team->working, 0);
	atomic_init(&team->is_over, false);
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->changed, NULL);
	for (team->size = 1; team->size < threads; team->size++) {
		struct member *member = &team->members[team->size];
		*member = (struct member){.team = team, .index = team->size};
		if (pmill_thread_start(&member->thread, serve, member) != 0)
			break;
	}
	return team;
}

unsigned pmill_team_size(const struct pmill_team *team)
{
	return team->size;
}

static void start_round(struct pmill_team *team)
{
	atomic_store_explicit(&team->working, team->size - 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&team->round, 1, memory_order_release);
	wake_all(team);
}

void pmill_team_run(
	struct pmill_team *team, void (*work)(void *context, unsigned index), void *context)
{
	if (team->size == 1) {
		work(context, 0);
		return;
	}
	team->work = work;
	team->context = context;
	start_round(team);
	work(context, 0);
	wait_for(team, &team->working, 0, true);
}

void pmill_team_free(struct pmill_team *team)
{
	if (team == NULL)
		return;
	atomic_store(&team->is_over, true);
	if (team->size > 1)
		start_round(team);
	for (unsigned i = 1; i < team->size; i++)
		pthread_join(team->members[i].thread, NULL);
	pthread_cond_destroy(&team->changed);
	pthread_mutex_destroy(&team->lock);
	free(team->members);
	free(team);
}
