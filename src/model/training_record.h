/* Deep copies of the record of a training run. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_TRAINING_RECORD_H
#define PMILL_MODEL_TRAINING_RECORD_H

#include "base/arena.h"
#include "pairmill.h"

/* Copies into the arena; NULL if out of memory. Strings may be NULL. */
pmill_training *pmill_training_record_copy(
	struct pmill_arena *arena, const pmill_training *training);

#endif
