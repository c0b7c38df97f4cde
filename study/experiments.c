/* The article's small tests: their table, and what they share. */
/* SPDX-License-Identifier: MIT */
#include "experiments.h"

#include <unistd.h>

#include "base/error.h"
#include "base/progress.h"
#include "trial.h"

static const struct {
	struct pmill_study_experiment_row row;
	pmill_study_work_fn *spawned; /* NULL: spawns none */
} rows[] = {
	{{"what_crosses", "an object that can't be serialised, in a forked and a spawned child",
		 pmill_study_run_crossing},
		pmill_study_spawned_crossing},
	{{"walk", "a list of --pairs pairs, walked in a forked and a spawned child",
		 pmill_study_run_walk},
		pmill_study_spawned_walk},
	{{"walk_writing", "the same walk, writing a counter in every pair", pmill_study_run_walk},
		pmill_study_spawned_walk_writing},
	{{"walk_table", "the table of pairs and an array copied from it, walked in one process",
		 pmill_study_run_table_walk},
		NULL},
	{{"fork_locks", "a lock held by another thread, in a forked and a spawned child",
		 pmill_study_run_locks},
		pmill_study_spawned_locks},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

const struct pmill_study_experiment_row *pmill_study_experiment_at(size_t index)
{
	return index < ROW_COUNT ? &rows[index].row : NULL;
}

int pmill_study_experiment_worker(const char *kind)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].spawned != NULL && strcmp(rows[i].row.name, kind) == 0)
			return rows[i].spawned(NULL, 0, STDIN_FILENO, STDOUT_FILENO);
	return -1;
}

void pmill_study_experiment_put(
	struct pmill_study_experiment *experiment, const char *name, double value)
{
	size_t i = 0;
	while (experiment->figures[i].name != NULL)
		i++;
	experiment->figures[i] = (struct pmill_study_figure){name, value};
}

/* ---- Trials ---- */

static pmill_status start(
	struct pmill_study_trial *trial, struct pmill_study_crew *crew, pmill_error *error)
{
	if (!trial->is_spawned)
		return pmill_study_crew_fork(crew, trial->work, trial->context, -1, error);
	pmill_status status = pmill_study_crew_spawn(crew, trial->name, error);
	if (status != PMILL_OK || trial->serialise == NULL)
		return status;
	struct pmill_buffer message = {0};
	status = trial->serialise(&message, trial->context)
		? pmill_study_crew_send(crew, 0, &message, error)
		: pmill_fail_memory(error);
	pmill_buffer_release(&message);
	return status;
}

pmill_status pmill_study_trial_run(struct pmill_study_trial *trial, pmill_error *error)
{
	struct pmill_study_crew crew;
	uint64_t began = pmill_clock_ns();
	pmill_status status = pmill_study_crew_init(&crew, trial->name, 1, &trial->counters, error);
	if (status == PMILL_OK)
		status = start(trial, &crew, error);
	if (status == PMILL_OK)
		status = pmill_study_crew_receive(&crew, 0, &trial->answer, error);
	trial->ns = pmill_clock_ns() - began;
	if (status == PMILL_OK)
		status = pmill_study_crew_join(&crew, error);
	pmill_study_crew_release(&crew);
	return status;
}

void pmill_study_trial_release(struct pmill_study_trial *trial)
{
	pmill_buffer_release(&trial->answer);
}
