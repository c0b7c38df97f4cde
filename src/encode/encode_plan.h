/* What encoding needs from a tokenizer and its options, made once and shared by threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODE_PLAN_H
#define PMILL_ENCODE_ENCODE_PLAN_H

#include <stdbool.h>

#include "encode/pretoken_encoder.h"
#include "model/tokenizer.h"
#include "pretokenize/pretokenizer.h"
#include "pretokenize/special_finder.h"

/* Never changes once created. */
struct pmill_encode_plan {
	const struct pmill_tokenizer *tokenizer;
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_pretoken_encoder *pretoken_encoder;
	struct pmill_special_finder *specials; /* those recognised, and the separator */
	struct pmill_planned_special {
		uint32_t id; /* PMILL_NO_ID: a separator that is not a token */
		bool is_forbidden;
	} * special_rules;      /* by index in specials */
	size_t separator_index; /* SIZE_MAX: none */
};

/* `separator`: ends documents; len 0: none. `scanner` may be NULL. */
pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_bytes separator, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error);
void pmill_encode_plan_free(struct pmill_encode_plan *plan);

#endif
