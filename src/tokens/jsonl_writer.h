/* Token files in the format jsonl: writing a document. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_JSONL_WRITER_H
#define PMILL_TOKENS_JSONL_WRITER_H

#include "pairmill.h"
#include "tokens/ids.h"
#include "tokens/output.h"

/* As `write_document` of a token format. */
pmill_status pmill_jsonl_write_document(struct pmill_output *output,
	const pmill_tokenizer *tokenizer, const struct pmill_ids *ids, pmill_error *error);

#endif
