/* The loop of a training: picks merges and applies them until there are enough, or none is left. */
/* SPDX-License-Identifier: MIT */
#include "merge/merge_loop.h"

#include <stdlib.h>

#include "base/error.h"
#include "merge/pair_survey.h"

enum {
	/* Between looks at the clock, in places visited; picking a merge takes as long as 40. */
	WORK_PER_CHECK = 4096,
	MERGE_WORK = 40,
};

struct loop {
	struct pmill_merge_state *state;
	const struct pmill_merge_method *method;
	void *applier;
	struct pmill_batch *batch;
	uint64_t checked_work; /* when the clock was last looked at */
};

/* Reports progress now and then. Returns PMILL_CANCELLED if the caller has asked to stop. */
static pmill_status check(struct loop *loop)
{
	struct pmill_merge_state *state = loop->state;
	uint64_t work = state->result->visits + MERGE_WORK * state->result->merge_count;
	if (work - loop->checked_work < WORK_PER_CHECK)
		return PMILL_OK;
	loop->checked_work = work;
	return pmill_merge_state_is_cancelled(state) ? PMILL_CANCELLED : PMILL_OK;
}

/* When no candidate is left. */
static pmill_status lower_floor(struct pmill_merge_state *state)
{
	bool is_done;
	pmill_status status = pmill_pair_survey_lower_floor(state, &is_done);
	if (status == PMILL_OK && is_done)
		state->result->stopped = pmill_merge_state_why_empty(state);
	return status;
}

static pmill_status take_and_apply(struct loop *loop)
{
	struct pmill_merge_state *state = loop->state;
	if (!pmill_batch_take(loop->batch, state, loop->method->batch_limit))
		return pmill_fail_memory(state->error);
	if (loop->batch->count == 0)
		return lower_floor(state);
	if (!pmill_batch_record(loop->batch, state) || !loop->method->apply(loop->applier, loop->batch))
		return pmill_fail_memory(state->error);
	state->result->batches++;
	return check(loop);
}

static pmill_status run(struct loop *loop)
{
	struct pmill_merger_result *result = loop->state->result;
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && result->stopped == NULL) {
		if (result->merge_count < loop->state->settings->merge_limit)
			status = take_and_apply(loop);
		else
			result->stopped = "full";
	}
	return status;
}

pmill_status pmill_merge_loop_run(
	struct pmill_merge_state *state, const struct pmill_merge_method *method)
{
	struct loop loop = {
		.state = state,
		.method = method,
		.applier = method->create(state),
		.batch = calloc(1, sizeof *loop.batch),
	};
	if (loop.batch != NULL)
		loop.batch->account = pmill_page_pool_account(state->settings->pool);
	pmill_status status = loop.applier != NULL && loop.batch != NULL
		? run(&loop)
		: pmill_fail_memory(state->error);
	method->free(loop.applier);
	if (loop.batch != NULL)
		pmill_batch_release(loop.batch);
	free(loop.batch);
	return status;
}
