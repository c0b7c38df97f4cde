/* What an id decodes to: its token, or nothing if it is to be left out. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_DECODE_RULE_H
#define PMILL_ENCODE_DECODE_RULE_H

#include <stdbool.h>

#include "model/tokenizer.h"
#include "pairmill.h"

struct pmill_decode_rule {
	const struct pmill_tokenizer *tokenizer;
	bool skips_special;
};

pmill_status pmill_decode_rule_read(struct pmill_decode_rule *rule,
	const pmill_tokenizer *tokenizer, const pmill_decode_options *options, pmill_error *error);

/* Whether an id of the vocab is left out. */
static inline bool pmill_decode_skips(const struct pmill_decode_rule *rule, uint32_t id)
{
	return rule->skips_special && pmill_tokenizer_is_special(rule->tokenizer, id);
}

/* The length is 0 if the id is left out. The data is NULL if it is not in the vocab. */
static inline pmill_bytes pmill_decode_id(const struct pmill_decode_rule *rule, uint32_t id)
{
	pmill_bytes token = pmill_vocab_token(&rule->tokenizer->vocab, id);
	if (token.data != NULL && pmill_decode_skips(rule, id))
		token.len = 0;
	return token;
}

#endif
