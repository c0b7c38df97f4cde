/* Words → merges: the stages of a training. */
/* SPDX-License-Identifier: MIT */
#include "merge/merger.h"

#include <stdlib.h>

#include "base/error.h"
#include "merge/index_build.h"
#include "merge/merge_loop.h"

enum {
	ALONE_BYTES = 1 << 18,
	/* For each thread beyond two: its table of pairs of bytes alone takes three times as much. */
	THREAD_BYTES = 1 << 19,
	TEAM_BYTES = 8 << 20, /* with fewer, batches cost about what they save */
};

static const struct pmill_merge_method *const methods[] = {
	&pmill_merge_method_one_by_one,
	&pmill_merge_method_batches,
};

const char *pmill_merger_name(size_t index)
{
	return index < sizeof methods / sizeof *methods ? methods[index]->name : NULL;
}

static const struct pmill_merge_method *choose(const char *method, unsigned threads, uint64_t bytes)
{
	for (size_t i = 0; method != NULL && i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i]->name, method) == 0)
			return methods[i];
	return threads == 1 || bytes < TEAM_BYTES ? &pmill_merge_method_one_by_one
											  : &pmill_merge_method_batches;
}

static unsigned choose_threads(unsigned asked, const char *method, uint64_t bytes)
{
	if (asked <= 1 || (method == NULL && bytes < ALONE_BYTES))
		return 1;
	uint64_t most = method == NULL ? 2 + bytes / THREAD_BYTES : asked;
	return asked < most ? asked : (unsigned)most;
}

/* From a token's number to its id in the layout. */
static uint32_t id_of(const struct pmill_merge_state *state, uint32_t token)
{
	if (token < 256)
		return state->settings->byte_ids[state->tokens.byte_of[token]];
	return state->settings->first_merge_id + (token - 256);
}

static void set_ids(struct pmill_merge_state *state)
{
	for (size_t i = 0; i < state->result->merge_count; i++) {
		struct pmill_learned_merge *merge = &state->result->merges[i];
		merge->left = id_of(state, merge->left);
		merge->right = id_of(state, merge->right);
	}
}

/* There are no more merges than joints of bytes: asking for more doesn't make tokens wide. */
static uint64_t most_merges(const struct pmill_word_list *words, uint64_t limit)
{
	uint64_t joints = words->count == 0 ? 0 : words->offsets[words->count] - words->count;
	return joints < limit ? joints : limit;
}

static pmill_status start_stage(
	struct pmill_merge_state *state, const char *stage, const char *unit, uint64_t total)
{
	struct pmill_progress_state *progress = state->settings->progress;
	if (progress == NULL)
		return PMILL_OK;
	pmill_progress_stage(progress, stage, unit, total);
	return pmill_progress_step(progress, 0) ? PMILL_OK : PMILL_CANCELLED;
}

static pmill_status end_stage(struct pmill_merge_state *state, uint64_t done)
{
	struct pmill_progress_state *progress = state->settings->progress;
	if (progress == NULL)
		return PMILL_OK;
	progress->total = done;
	return pmill_progress_end(progress, done) ? PMILL_OK : PMILL_CANCELLED;
}

static pmill_status make_index(struct pmill_merge_state *state, struct pmill_word_list *words)
{
	uint64_t began = pmill_clock_ns(), word_count = words->count;
	state->most_merges = most_merges(words, state->settings->merge_limit);
	pmill_status status = start_stage(state, "index", "words", word_count);
	if (status == PMILL_OK)
		status = pmill_merge_state_init(state) ? pmill_index_build(state, words)
											   : pmill_fail_memory(state->error);
	state->result->index_seconds_ns = pmill_clock_ns() - began;
	state->result->index_peak_memory = pmill_peak_memory();
	return status == PMILL_OK ? end_stage(state, word_count) : status;
}

static pmill_status make_merges(
	struct pmill_merge_state *state, const struct pmill_merge_method *method)
{
	uint64_t began = pmill_clock_ns();
	pmill_status status = start_stage(state, "merge", "places", 0);
	if (status == PMILL_OK)
		status = pmill_merge_loop_run(state, method);
	state->result->merge_seconds_ns = pmill_clock_ns() - began;
	return status == PMILL_OK ? end_stage(state, state->result->visits) : status;
}

static bool is_wide(uint8_t byte)
{
	return byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '\\';
}

static void measure_tokens(const struct pmill_merge_state *state)
{
	struct pmill_merger_result *result = state->result;
	result->token_bytes = state->tokens.byte_count;
	for (size_t i = 0; result->account != NULL && i < state->tokens.byte_count; i++)
		result->wide_bytes += is_wide(state->tokens.bytes[i]);
}

static pmill_status fail_limit(const struct pmill_merge_state *state)
{
	const struct pmill_memory_account *account = state->result->account;
	return pmill_fail_limit(state->error, pmill_memory_account_refused(account), account->limit,
		"after %zu of at most %llu merges, going on takes", state->result->merge_count,
		(unsigned long long)state->most_merges);
}

pmill_status pmill_merger_run(struct pmill_word_list *words,
	const struct pmill_merger_settings *settings, struct pmill_merger_result *result,
	pmill_error *error)
{
	*result = (struct pmill_merger_result){.account = pmill_page_pool_account(settings->pool)};
	uint64_t bytes = pmill_word_list_bytes(words);
	struct pmill_merge_state state = {.settings = settings, .result = result, .error = error};
	state.team = pmill_team_create(choose_threads(settings->threads, settings->method, bytes));
	if (state.team == NULL)
		return pmill_fail_memory(error);
	const struct pmill_merge_method *method = choose(
		settings->method, pmill_team_size(state.team), bytes);
	state.part_count = method->has_parts ? pmill_team_size(state.team) : 1;
	pmill_status status = make_index(&state, words);
	if (status == PMILL_OK)
		status = make_merges(&state, method);
	if (status == PMILL_CANCELLED)
		pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	if (status == PMILL_NO_MEMORY && pmill_memory_account_refused(result->account) > 0)
		status = fail_limit(&state);
	measure_tokens(&state);
	if (status == PMILL_OK)
		set_ids(&state);
	else
		pmill_merger_result_release(result);
	pmill_merge_state_release(&state);
	pmill_team_free(state.team);
	return status;
}

void pmill_merger_result_release(struct pmill_merger_result *result)
{
	pmill_memory_account_free(
		result->account, result->merges, result->merge_capacity, sizeof *result->merges);
	result->merges = NULL;
	result->merge_count = result->merge_capacity = 0;
}
