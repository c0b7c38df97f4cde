/* Merging on two threads: one visits the words, the other keeps the index and picks the merges. */
/* SPDX-License-Identifier: MIT */
/*
 *     accountant   pick batch k ──────► enter changes 1 ► enter changes 2 ► … ► pick batch k + 1
 *                       │ jobs                ▲                ▲                     │ jobs
 *     visitor           └──► visit pair 1 ────┴► visit pair 2 ─┴► …                  └──► …
 *
 * The words belong to the visitor; index, queues and tokens belong to the accountant. Nothing is
 * written by both, so there are no locks and no atomics on counts, only a number in each direction
 * that says how far the other has come. Pairs of a batch share no place and change no count of
 * another (batch.h), so within a batch visiting may run ahead of accounting; the next batch is
 * picked when all of this one is entered.
 *
 * If the pairs of a batch have many places, the accountant has less to do and visits the second
 * half of the words itself: for this batch they belong to it.
 *
 * The new places that a batch's last merge makes are written after the next batch is on its way,
 * unless that needs them: picking needs only the counts.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/gate.h"
#include "merge/account.h"
#include "merge/batch.h"
#include "merge/merge_method.h"
#include "merge/merge_one_by_one.h"
#include "merge/pace.h"
#include "merge/pair_survey.h"
#include "merge/visit.h"

enum {
	AHEAD = 32, /* merges by which the visitor may be ahead in a batch */
	/* Places between looks at the clock and for cancellation, about 1 ms; a merge counts as 40. */
	STRETCH_WORK = 50000,
	MERGE_WORK = 40,
	/* Entering costs the accountant 40 places a merge, and a third of one for each place. */
	ENTER_WORK = 40,
	ENTER_PLACES = 3,
};

/* A merge to apply to the words. Its places are in the index; a single one is copied here. */
struct job {
	uint32_t left, right;
	uint32_t joined; /* 0: no more jobs */
	uint32_t single;
	const uint32_t *places;
	size_t count;            /* for the visitor */
	size_t accountant_count; /* after those, for the accountant */
	struct pmill_changes *changes;
};

struct pipeline {
	struct pmill_merge_state *state;
	/* For stretches without the accountant. Its neighbours are the visitor's. */
	struct pmill_merge_one_by_one alone;
	struct pmill_batch batch;
	struct job jobs[PMILL_BATCH_LIMIT + 1];
	/* Of odd and even batches: a few large ones, not many. */
	struct pmill_changes changes[2][AHEAD];
	/* Jobs offered (by the accountant), visited, and entered: their changes may be overwritten. */
	struct pmill_gate offered, visited, accounted;
	struct pmill_changes own_changes[2]; /* of the accountant's visits, in turn */
	struct pmill_neighbours own_neighbours;
	unsigned own_turn;
	uint64_t job_count;     /* offered so far; only the accountant uses it */
	uint64_t next_job;      /* only the visitor uses it */
	size_t work;            /* in this stretch */
	bool is_empty;          /* no candidate is left */
	bool accountant_failed; /* out of memory */
	_Atomic bool visitor_failed;
	struct pmill_pace pace;
};

static struct job *job_at(struct pipeline *pipeline, uint64_t number)
{
	return &pipeline->jobs[number % (PMILL_BATCH_LIMIT + 1)];
}

static const uint32_t *places_of(const struct job *job)
{
	return job->places == NULL ? &job->single : job->places;
}

/* ---- The visitor ---- */

static bool visit(const struct pipeline *pipeline, const struct job *job, const uint32_t *places,
	size_t count, struct pmill_neighbours *neighbours, struct pmill_changes *changes)
{
	pmill_changes_clear(changes);
	return pmill_neighbours_reserve(neighbours, (size_t)job->joined + 1) &&
		pmill_visit_places(&pipeline->state->words, places, count, job->left, job->right,
			job->joined, neighbours, changes);
}

static bool visit_job(struct pipeline *pipeline, const struct job *job)
{
	struct pmill_neighbours *neighbours = &pipeline->alone.neighbours;
	bool done = visit(pipeline, job, places_of(job), job->count, neighbours, job->changes);
	pmill_neighbours_clear(neighbours, job->changes);
	return done;
}

static void visit_jobs(struct pipeline *pipeline)
{
	uint64_t offered = 0, accounted = 0;
	for (;;) {
		uint64_t number = pipeline->next_job++;
		if (offered <= number)
			offered = pmill_gate_wait(&pipeline->offered, number + 1);
		const struct job *job = job_at(pipeline, number);
		if (job->joined == 0)
			return;
		if (accounted + AHEAD <= number)
			accounted = pmill_gate_wait(&pipeline->accounted, number + 1 - AHEAD);
		if (!visit_job(pipeline, job))
			atomic_store(&pipeline->visitor_failed, true);
		pmill_gate_raise(&pipeline->visited, number + 1);
	}
}

/* ---- The accountant ---- */

/* The last merge of a batch, while its places are still to be written. */
struct unwritten {
	uint32_t joined; /* 0: none */
	struct pmill_account account;
	uint64_t number;
};

static void write_places(struct pipeline *pipeline, struct unwritten *unwritten)
{
	if (unwritten->joined == 0)
		return;
	pmill_account_write(&unwritten->account);
	pmill_gate_raise(&pipeline->accounted, unwritten->number + 1);
	unwritten->joined = 0;
}

/* Gives half of the words to the accountant if that is faster. */
static void split_places(struct pipeline *pipeline, size_t place_count)
{
	const struct pmill_packed_words *words = &pipeline->state->words;
	size_t count = pipeline->batch.count;
	if (words->share_count == 1 ||
		ENTER_WORK * count + place_count / ENTER_PLACES > place_count / 2)
		return;
	for (size_t i = 0; i < count; i++) {
		struct job *job = job_at(pipeline, pipeline->job_count + i);
		const uint32_t *places = places_of(job);
		size_t before = pmill_packed_words_find_share(
			words, words->share_count / 2, places, job->count);
		job->accountant_count = job->count - before;
		job->count = before;
	}
}

static void prepare_jobs(struct pipeline *pipeline)
{
	struct pmill_merge_state *state = pipeline->state;
	const struct pmill_candidate *pairs = pipeline->batch.pairs;
	size_t place_count = 0;
	for (size_t i = 0; i < pipeline->batch.count; i++) {
		struct job *job = job_at(pipeline, pipeline->job_count + i);
		*job = (struct job){.left = pairs[i].left,
			.right = pairs[i].right,
			.joined = (uint32_t)(state->tokens.count + i),
			.changes = &pipeline->changes[state->result->batches % 2][i % AHEAD]};
		job->places = pmill_pair_places(
			pmill_pair_index_find(&state->index, pairs[i].left, pairs[i].right), &job->single,
			&job->count);
		if (job->places == &job->single)
			job->places = NULL;
		place_count += job->count;
	}
	split_places(pipeline, place_count);
	state->result->visits += place_count;
	state->result->batches++;
	pipeline->work += place_count + MERGE_WORK * pipeline->batch.count;
}

static void offer_jobs(struct pipeline *pipeline, size_t count)
{
	pipeline->job_count += count;
	pmill_gate_raise(&pipeline->offered, pipeline->job_count);
}

/* The only place of a new pair is in the index only once it is written. */
static bool start_batch(struct pipeline *pipeline, struct unwritten *unwritten)
{
	bool is_new_needed = false;
	for (size_t i = 0; i < pipeline->batch.count && unwritten->joined != 0; i++)
		is_new_needed |= pipeline->batch.pairs[i].left == unwritten->joined ||
			pipeline->batch.pairs[i].right == unwritten->joined;
	if (is_new_needed)
		write_places(pipeline, unwritten);
	prepare_jobs(pipeline);
	offer_jobs(pipeline, pipeline->batch.count);
	write_places(pipeline, unwritten);
	return pmill_batch_record(&pipeline->batch, pipeline->state);
}

/* The accountant's own visits for this merge, if there are any. */
static bool visit_own_places(
	struct pipeline *pipeline, const struct job *job, struct pmill_account *account)
{
	*account = (struct pmill_account){.changes = job->changes};
	if (job->accountant_count == 0)
		return true;
	account->numbers = &pipeline->own_neighbours;
	account->others = &pipeline->own_changes[pipeline->own_turn++ % 2];
	return visit(pipeline, job, places_of(job) + job->count, job->accountant_count,
		account->numbers, account->others);
}

static bool account_batch(struct pipeline *pipeline, struct unwritten *unwritten)
{
	struct pmill_merge_state *state = pipeline->state;
	uint64_t first = pipeline->job_count - pipeline->batch.count, visited = 0;
	for (size_t i = 0; i < pipeline->batch.count; i++) {
		uint64_t number = first + i;
		const struct job *job = job_at(pipeline, number);
		struct pmill_account account;
		if (!visit_own_places(pipeline, job, &account))
			return false;
		if (visited <= number)
			visited = pmill_gate_wait(&pipeline->visited, number + 1);
		write_places(pipeline, unwritten);
		if (atomic_load_explicit(&pipeline->visitor_failed, memory_order_relaxed) ||
			!pmill_account_enter(state, &pipeline->batch.pairs[i], job->joined, &account))
			return false;
		pmill_account_merged(state, &pipeline->batch.pairs[i]);
		*unwritten = (struct unwritten){job->joined, account, number};
	}
	return true;
}

static void keep_accounts(struct pipeline *pipeline)
{
	const struct pmill_merge_state *state = pipeline->state;
	struct unwritten unwritten = {0};
	bool done = true;
	while (done && pipeline->work < STRETCH_WORK &&
		state->result->merge_count < state->settings->merge_limit) {
		done = pmill_batch_take(&pipeline->batch, pipeline->state);
		pipeline->is_empty = pipeline->batch.count == 0;
		if (!done || pipeline->is_empty)
			break;
		done = start_batch(pipeline, &unwritten) && account_batch(pipeline, &unwritten);
	}
	pipeline->accountant_failed = !done;
	if (done)
		write_places(pipeline, &unwritten);
	else /* the visitor still works through the batch: it must not wait */
		pmill_gate_raise(&pipeline->accounted, pipeline->job_count);
	*job_at(pipeline, pipeline->job_count) = (struct job){0};
	offer_jobs(pipeline, 1);
}

/* ---- Stretches ---- */

enum { VISITOR, ACCOUNTANT };

static void play_role(void *context, unsigned index)
{
	struct pipeline *pipeline = context;
	if (index == VISITOR)
		visit_jobs(pipeline);
	else if (index == ACCOUNTANT)
		keep_accounts(pipeline);
}

static bool merge_together(struct pipeline *pipeline)
{
	pmill_team_run(pipeline->state->team, play_role, pipeline);
	return !pipeline->accountant_failed && !atomic_load(&pipeline->visitor_failed);
}

static bool merge_alone(struct pipeline *pipeline)
{
	struct pmill_merge_state *state = pipeline->state;
	if (!pmill_batch_put_back(&pipeline->batch, state))
		return false;
	while (pipeline->work < STRETCH_WORK &&
		state->result->merge_count < state->settings->merge_limit) {
		struct pmill_candidate best;
		uint64_t visits = state->result->visits;
		unsigned part = pmill_merge_state_find_best(state, &best);
		pipeline->is_empty = part == state->part_count;
		if (pipeline->is_empty)
			return true;
		pmill_pair_queue_pop(&state->queues[part]);
		if (!pmill_merge_one_by_one_apply(&pipeline->alone, &best))
			return false;
		pipeline->work += state->result->visits - visits + MERGE_WORK;
	}
	return true;
}

/* Whether the second thread pays depends on what else the machine is doing, so it is measured. */
static bool merge_stretch(struct pipeline *pipeline)
{
	enum { ALONE, TOGETHER };
	pipeline->work = 0;
	if (pipeline->state->settings->method != NULL)
		return merge_together(pipeline);
	unsigned way = pmill_pace_choose(&pipeline->pace);
	uint64_t began = pmill_clock_ns();
	bool done = way == ALONE ? merge_alone(pipeline) : merge_together(pipeline);
	if (pipeline->work > 0)
		pmill_pace_note(&pipeline->pace, way, (double)(pmill_clock_ns() - began), pipeline->work);
	return done;
}

static pmill_status merge_all(struct pipeline *pipeline)
{
	struct pmill_merge_state *state = pipeline->state;
	while (state->result->merge_count < state->settings->merge_limit) {
		if (!merge_stretch(pipeline))
			return pmill_fail_memory(state->error);
		if (pmill_merge_state_is_cancelled(state))
			return PMILL_CANCELLED;
		if (!pipeline->is_empty)
			continue;
		bool is_done;
		pmill_status status = pmill_pair_survey_lower_floor(state, &is_done);
		if (status != PMILL_OK || is_done) {
			state->result->stopped = pmill_merge_state_why_empty(state);
			return status;
		}
	}
	state->result->stopped = "full";
	return PMILL_OK;
}

static void release(struct pipeline *pipeline)
{
	for (size_t i = 0; i < 2 * AHEAD; i++)
		pmill_changes_release(&pipeline->changes[i / AHEAD][i % AHEAD]);
	for (size_t i = 0; i < 2; i++)
		pmill_changes_release(&pipeline->own_changes[i]);
	pmill_neighbours_release(&pipeline->own_neighbours);
	pmill_merge_one_by_one_release(&pipeline->alone);
	pmill_batch_release(&pipeline->batch);
	pmill_gate_release(&pipeline->offered);
	pmill_gate_release(&pipeline->visited);
	pmill_gate_release(&pipeline->accounted);
	free(pipeline);
}

static pmill_status merge_pipelined(struct pmill_merge_state *state)
{
	if (pmill_team_size(state->team) == 1)
		return pmill_merge_method_one_by_one.merge(state);
	struct pipeline *pipeline = aligned_alloc(_Alignof(struct pipeline), sizeof *pipeline);
	if (pipeline == NULL)
		return pmill_fail_memory(state->error);
	memset(pipeline, 0, sizeof *pipeline);
	pipeline->state = pipeline->alone.state = state;
	pmill_gate_init(&pipeline->offered);
	pmill_gate_init(&pipeline->visited);
	pmill_gate_init(&pipeline->accounted);
	pmill_status status = merge_all(pipeline);
	release(pipeline);
	return status;
}

const struct pmill_merge_method pmill_merge_method_pipelined = {
	.name = "pipelined", .merge = merge_pipelined};
