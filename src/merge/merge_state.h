/* The state of one training: what all methods of merging share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_STATE_H
#define PMILL_MERGE_MERGE_STATE_H

#include "base/work_estimate.h"
#include "base/team.h"
#include "merge/learned_tokens.h"
#include "merge/merger_settings.h"
#include "merge/packed_words.h"
#include "merge/pair_index.h"
#include "merge/pair_queue.h"

/*
 * Pairs below the floor of the index are neither kept nor offered: most pairs are rare, and a
 * training stops far above them. A new pair counts at most as much as the pairs it is made from, so
 * it is below the floor if they are. If merges do get down to the floor, it is lowered, and all
 * pairs are counted again. So the result does not depend on it.
 */
struct pmill_merge_state {
	const struct pmill_merger_settings *settings;
	struct pmill_team *team;
	struct pmill_learned_tokens tokens;
	struct pmill_packed_words words;
	struct pmill_pair_index index;
	int64_t safe_floor;              /* see floor.h */
	struct pmill_pair_queue *queues; /* one for each part of the index */
	unsigned part_count;             /* at most the size of the team */
	struct pmill_merger_result *result;
	uint64_t most_merges; /* no more than asked for, or than there can be */
	struct pmill_work_estimate estimate;
	pmill_error *error;
};

/*
 * Settings, team and part_count are set; the words are still empty. Returns false if out of memory:
 * the caller releases the state.
 */
bool pmill_merge_state_init(struct pmill_merge_state *state);
void pmill_merge_state_release(struct pmill_merge_state *state);

/* Sets the floor of the index, which is never below the least count. */
void pmill_merge_state_set_floor(struct pmill_merge_state *state, int64_t floor);

/* Whether the filters allow a pair to be merged; whether it reaches the floor, too. */
bool pmill_merge_state_is_allowed(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right);
bool pmill_merge_state_is_candidate(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right, int64_t count);

/* Returns the part whose queue begins with the best candidate of all; part_count if none does. */
unsigned pmill_merge_state_find_best(struct pmill_merge_state *state, struct pmill_candidate *best);

/* Returns the pair if its count reaches the floor, otherwise NULL. */
struct pmill_pair *pmill_merge_state_find_pair(
	const struct pmill_merge_state *state, uint32_t left, uint32_t right);

/* Records the merge and its token. Returns false if out of memory. */
bool pmill_merge_state_record(struct pmill_merge_state *state, const struct pmill_candidate *pair);

/* Why merging stops when no candidate is left. */
const char *pmill_merge_state_why_empty(const struct pmill_merge_state *state);

/* Reports progress now and then. Returns true if the caller has asked to stop. */
bool pmill_merge_state_is_cancelled(struct pmill_merge_state *state);

#endif
