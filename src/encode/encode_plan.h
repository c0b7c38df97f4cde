/* What encoding needs from a tokenizer, made once and shared by encoders and threads. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODE_PLAN_H
#define PMILL_ENCODE_ENCODE_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "encode/added_walk.h"
#include "encode/cutter.h"
#include "bpe/encode_pretokens.h"
#include "model/policy.h"
#include "model/tokenizer.h"
#include "normalize/normalizer.h"

/* Never changes once created, except for its references and what is spare. */
struct pmill_encode_plan {
	atomic_uint references;
	_Atomic(struct pmill_spare_state *) spares;
	const struct pmill_tokenizer *tokenizer;
	struct pmill_policy *default_policy;
	struct pmill_cutter *cutter;
	struct pmill_pretoken_encoder *pretoken_encoder;
	const struct pmill_key_maker *key_maker;
	struct pmill_normalizer *normalizer;
	struct pmill_added_set added;      /* the tokens searched for in the text as it is */
	struct pmill_added_set normalized; /* and in the normalised text between them */
	/*
	 * Tokens of which nothing is left once they are normalised, and the first of those that are the
	 * same then: their indexes. They, or two of the latter, can't be recognised.
	 */
	uint32_t *empty, *alike;
	size_t empty_count, alike_count;
	/*
	 * Whether text must come as whole documents: it is normalised, cut in several steps, or added
	 * tokens depend on what is beside them. Otherwise `pretokenizer` cuts it, and text may come in
	 * parts.
	 */
	bool needs_documents;
	bool has_flags; /* some added token strips, or is found only as a word of its own */
	const struct pmill_pretokenizer
		*pretokenizer; /* NULL: several steps, or one that isn't plain */
};

/* `scanner` may be NULL. */
pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error);
/* Another reference, released with pmill_encode_plan_free, which takes NULL. */
struct pmill_encode_plan *pmill_encode_plan_share(struct pmill_encode_plan *plan);
void pmill_encode_plan_free(struct pmill_encode_plan *plan);

/*
 * What an encoder has learnt outlives it: the next one begins with the pretokens that it knew.
 * Taking leaves `state` all zero if nothing is spare; giving, if that isn't possible, releases it.
 * From any thread.
 */
void pmill_encode_plan_take_state(
	struct pmill_encode_plan *plan, struct pmill_pretoken_state *state);
void pmill_encode_plan_give_state(
	struct pmill_encode_plan *plan, struct pmill_pretoken_state *state);

/* Whether text can be encoded with this policy. */
pmill_status pmill_encode_plan_check(
	const struct pmill_encode_plan *plan, const pmill_policy *policy, pmill_error *error);

#endif
