/* The loop of a training: picks merges and applies them until there are enough, or none is left. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_MERGE_LOOP_H
#define PMILL_MERGE_MERGE_LOOP_H

#include "merge/merge_method.h"

/* The index is built. Sets result->stopped. */
pmill_status pmill_merge_loop_run(
	struct pmill_merge_state *state, const struct pmill_merge_method *method);

#endif
