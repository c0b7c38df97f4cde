/* What a format of token files is: a row of the table in token_file.c. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TOKEN_FORMAT_H
#define PMILL_TOKENS_TOKEN_FORMAT_H

#include <stdbool.h>

#include "base/array.h"
#include "corpus/lookahead.h"
#include "pairmill.h"
#include "tokens/ids.h"
#include "tokens/output.h"

/* Reads ids from a stream of bytes. Set the first two; all else zero is ready. */
struct pmill_token_reader {
	const struct pmill_token_format *format;
	struct pmill_lookahead *bytes; /* borrowed */
	uint64_t documents;            /* ended so far, in formats that mark documents */
	bool is_in_document;           /* private */
	uint64_t line;                 /* private: counted from 0, in jsonl */
};

struct pmill_token_format {
	const char *name;   /* "text" */
	const char *suffix; /* ".txt" */
	uint64_t id_limit;  /* ids are below this */
	/* A compressed file can be told from a plain one. */
	bool may_be_compressed;
	/*
	 * Appends ids to a document that has `before` already. Returns false if out of memory. NULL: a
	 * document can't be written in parts.
	 */
	bool (*append)(struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count);
	bool (*end_document)(struct pmill_buffer *out);
	/* Reads one id. Sets *is_there to false at the end of the stream. */
	pmill_status (*read)(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
		bool *is_there, pmill_error *error);
	/*
	 * Without `append`: writes all that `ids` holds, ids of `tokenizer`, as one document, with
	 * offsets if `ids` keeps them. What is left pending may be large.
	 */
	pmill_status (*write_document)(struct pmill_output *output, const pmill_tokenizer *tokenizer,
		const struct pmill_ids *ids, pmill_error *error);
};

#endif
