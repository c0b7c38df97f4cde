/* All pairs of all words counted afresh, in the middle of a run. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PAIR_SURVEY_H
#define PMILL_MERGE_PAIR_SURVEY_H

#include "merge/merge_state.h"

/*
 * Lowers the floor and counts all pairs afresh, on the team. To be called when no candidate is left;
 * `*is_done`: the floor is the least count already.
 */
pmill_status pmill_pair_survey_lower_floor(struct pmill_merge_state *state, bool *is_done);

#endif
