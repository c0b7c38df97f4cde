/* Counts all pairs of all words again, in the middle of a training. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PAIR_SURVEY_H
#define PMILL_MERGE_PAIR_SURVEY_H

#include "merge/merge_state.h"

/*
 * Lowers the floor and counts all pairs again, on the team: removes all pairs and candidates, and
 * finds those that reach the new floor, with their places. Call it when no candidate is left. Sets
 * *is_done if the floor is the least count already, and then does nothing.
 */
pmill_status pmill_pair_survey_lower_floor(struct pmill_merge_state *state, bool *is_done);

#endif
