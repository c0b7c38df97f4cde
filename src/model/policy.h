/* Which tokens are recognised in text. The internals of pmill_policy. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MODEL_POLICY_H
#define PMILL_MODEL_POLICY_H

#include <stdatomic.h>

#include "model/tokenizer.h"

/* In order of severity: of several policies for one token the first counts. */
enum pmill_treatment {
	PMILL_IGNORED, /* is ordinary text */
	PMILL_FORBIDDEN,
	PMILL_RECOGNISED,
};

struct pmill_policy {
	atomic_uint references;
	const struct pmill_tokenizer *tokenizer;
	bool is_any; /* some token isn't ignored */
	bool adds_template;
	uint8_t treatments[]; /* enum pmill_treatment, by index in tokenizer->specials */
};

/* Another reference, released with pmill_policy_free. */
pmill_policy *pmill_policy_share(const pmill_policy *policy);

/* PMILL_BAD_OPTION if the policy, which may be NULL, is of another tokenizer. */
pmill_status pmill_policy_check(
	const pmill_policy *policy, const struct pmill_tokenizer *tokenizer, pmill_error *error);

#endif
