/* One run of merging: what the ways of choosing the next merges share. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_RUN_H
#define PMILL_MERGE_MERGE_RUN_H

#include "base/team.h"
#include "merge/learned_tokens.h"
#include "merge/merger.h"
#include "merge/packed_words.h"
#include "merge/pair_index.h"
#include "merge/pair_queue.h"

/*
 * Pairs below the floor of the index are neither kept nor offered: most pairs never come up, and a run of so
 * many merges ends far above them. A new pair counts at most as much as those it is made from, so it is below the
 * floor where they are. When the merges do get down to the floor, it is lowered, and all pairs are counted
 * afresh. So the result does not depend on it.
 */
struct pmill_merge_run {
	const struct pmill_merger_settings *settings;
	struct pmill_team *team;
	struct pmill_learned_tokens tokens;
	struct pmill_packed_words words;
	struct pmill_pair_index index;
	int64_t sure_floor;              /* see floor.h */
	struct pmill_pair_queue *queues; /* one for each part of the index */
	unsigned part_count;             /* at most the size of the team */
	struct pmill_merger_result *result;
	size_t merge_capacity;
	pmill_error *error;
};

/* A way to find and apply the merges, after the index is built. Found by name in merger.c. */
struct pmill_merge_method {
	const char *name;
	pmill_status (*run)(struct pmill_merge_run *run);
	bool has_parts; /* the index in as many parts as the team has members; else in one */
};
extern const struct pmill_merge_method pmill_merge_one_by_one;
extern const struct pmill_merge_method pmill_merge_pipelined;
extern const struct pmill_merge_method pmill_merge_in_batches;

/* Packs the words and indexes their pairs, on the team. `part_count` is set. */
pmill_status pmill_merge_run_build(
	struct pmill_merge_run *run, struct pmill_word_list *words, uint64_t token_limit);
void pmill_merge_run_release(struct pmill_merge_run *run);

/*
 * Lowers the floor and counts all pairs afresh, on the team. To be called when no candidate is left;
 * `*is_done`: the floor is the least count already.
 */
pmill_status pmill_merge_run_lower_floor(struct pmill_merge_run *run, bool *is_done);

/* Whether a pair may be merged at all, by the filters and the floor. */
bool pmill_merge_run_is_allowed(const struct pmill_merge_run *run, uint32_t left, uint32_t right);
bool pmill_merge_run_is_candidate(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right, int64_t count);

/* The part whose queue begins with the best candidate of all; part_count where there is none. */
unsigned pmill_merge_run_find_best(struct pmill_merge_run *run, struct pmill_candidate *best);

/* The pair where it counts at least the floor, else NULL. */
struct pmill_pair *pmill_merge_run_find_pair(
	const struct pmill_merge_run *run, uint32_t left, uint32_t right);

/* Notes the merge and its token. False without memory. */
bool pmill_merge_run_record(struct pmill_merge_run *run, const struct pmill_candidate *pair);

/* Why it stops when no candidate is left. */
const char *pmill_merge_run_why_empty(const struct pmill_merge_run *run);

/* Reports once in a while; true: the caller has asked to stop. */
bool pmill_merge_run_is_cancelled(struct pmill_merge_run *run);

#endif
