/* The names of tokenizer.ggml.pre in GGUF files: how each cuts text, and what else it implies. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_GGUF_GGUF_PRE_H
#define PMILL_GGUF_GGUF_PRE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/cut_step.h"

enum { PMILL_GGUF_MOST_NAMES = 16, PMILL_GGUF_MOST_STEPS = 6 };

struct pmill_gguf_pre {
	const char *names[PMILL_GGUF_MOST_NAMES];    /* NULL at the end; the first one is written */
	const char *patterns[PMILL_GGUF_MOST_STEPS]; /* of plain steps in a row; NULL at the end */
	bool ignores_merges;                         /* a pretoken in the vocab is taken whole */
	bool adds_bos;                               /* unless the file says otherwise */
};

/* NULL for an unknown name. */
const struct pmill_gguf_pre *pmill_gguf_pre_find(const char *name);

/* The row that cuts as these steps do, or NULL. */
const struct pmill_gguf_pre *pmill_gguf_pre_choose(
	const struct pmill_cut_step *steps, size_t count, bool ignores_merges);

size_t pmill_gguf_pre_step_count(const struct pmill_gguf_pre *pre);

const struct pmill_gguf_pre *pmill_gguf_pre_at(size_t index); /* NULL at the end */

#endif
