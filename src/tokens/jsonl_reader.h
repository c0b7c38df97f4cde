/* Token files in the format jsonl: reading ids, of a line of any length. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_JSONL_READER_H
#define PMILL_TOKENS_JSONL_READER_H

#include "pairmill.h"
#include "tokens/token_format.h"

/*
 * As `read` of a token format. Each line is one JSON object by RFC 8259, and a document; NaN,
 * Infinity and -Infinity are values, too. Blank lines are skipped, and a byte-order mark at the
 * beginning. The ids are in the member "ids"; a line without it, or with two, is an error.
 */
pmill_status pmill_jsonl_read(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error);

#endif
