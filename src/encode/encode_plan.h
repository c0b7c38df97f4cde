/* What encoding needs from a tokenizer and its options, made once and shared by threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODE_PLAN_H
#define PMILL_ENCODE_ENCODE_PLAN_H

#include <stdbool.h>

#include "encode/added_walk.h"
#include "encode/cutter.h"
#include "encode/pretoken_encoder.h"
#include "model/tokenizer.h"
#include "normalize/normalizer.h"

/* Never changes once created. */
struct pmill_encode_plan {
	const struct pmill_tokenizer *tokenizer;
	struct pmill_cutter *cutter;
	struct pmill_pretoken_encoder *pretoken_encoder;
	struct pmill_normalizer *normalizer;
	struct pmill_added_set added;      /* those recognised in the text as it is */
	struct pmill_added_set normalized; /* and in the normalised text between them */
	/*
	 * Whether text must come as whole documents: it is normalised, cut in several steps, or added
	 * tokens depend on what is beside them. Otherwise `pretokenizer` cuts it, and text may come in
	 * parts; `walked` are the tokens of `added` and the separator. If documents must be whole, it
	 * is the separator alone.
	 */
	bool needs_documents;
	const struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *walked; /* NULL: none */
	size_t separator_index;              /* in `walked`; SIZE_MAX: none */
	bool adds_template;
};

/* `separator`: ends documents; len 0: none. `scanner` may be NULL. */
pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_bytes separator, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error);
void pmill_encode_plan_free(struct pmill_encode_plan *plan);

#endif
