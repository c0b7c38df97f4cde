/* All pairs of all words counted afresh, in the middle of a run. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_PAIR_SURVEY_H
#define PMILL_MERGE_PAIR_SURVEY_H

#include "merge/merge_run.h"

/*
 * Forgets all pairs and candidates, and finds those that count at least the floor, with their places: on the
 * team. False without memory.
 */
bool pmill_pair_survey_run(struct pmill_merge_run *run);

#endif
