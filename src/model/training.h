/* The record of a training run, copied whole. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_TRAINING_H
#define PMILL_MODEL_TRAINING_H

#include "base/arena.h"
#include "pairmill.h"

/* A deep copy in the arena; NULL without memory. Strings may be NULL. */
pmill_training *pmill_training_copy(struct pmill_arena *arena, const pmill_training *training);

#endif
