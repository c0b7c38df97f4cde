/* What an id decodes to: its token, or nothing if it is to be left out. */
/* SPDX-License-Identifier: MIT */
#include "encode/decode_rule.h"

#include "base/sized_struct.h"

pmill_status pmill_decode_rule_read(struct pmill_decode_rule *rule,
	const pmill_tokenizer *tokenizer, const pmill_decode_options *options, pmill_error *error)
{
	pmill_decode_options known;
	const pmill_status status = pmill_sized_struct_read(
		&known, sizeof known, options, "pmill_decode_options", error);
	if (status == PMILL_OK)
		*rule = (struct pmill_decode_rule){tokenizer, known.skip_special_tokens};
	return status;
}
