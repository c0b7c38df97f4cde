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
#include "tokens/token_index.h"

/* Reads ids from a stream of bytes. Set the first two; all else zero is ready. */
struct pmill_token_reader {
	const struct pmill_token_format *format;
	struct pmill_lookahead *bytes; /* borrowed */
	uint64_t documents; /* ended so far, in formats that mark documents; all, at the end */
	/* private */
	uint64_t indexed; /* documents, by the index; 0 once they are counted */
	bool has_count;   /* the file says how many ids there are: */
	uint64_t expected, read;
	bool is_in_document;
	uint64_t line; /* counted from 0, in jsonl */
};

/* Bytes before the ids, which say how many there are. */
struct pmill_token_header {
	size_t len;           /* of those that are written */
	uint64_t most_tokens; /* that it can say */
	void (*fill)(uint8_t *header, uint64_t tokens, unsigned width);
	/* Takes it from the beginning of a file. */
	pmill_status (*parse)(
		struct pmill_lookahead *bytes, unsigned *width, uint64_t *tokens, pmill_error *error);
};

/* Formats of one name differ in their width. */
struct pmill_token_format {
	const char *name;   /* "text" */
	const char *suffix; /* ".txt"; NULL: its files are told by the name alone */
	const char *dtype;  /* of an id, as NumPy says it; NULL: digits */
	unsigned width;     /* bytes of an id; 0: digits */
	uint64_t id_limit;  /* ids are below this */
	/* A compressed file can be told from a plain one. */
	bool may_be_compressed;
	/* Documents without text are left out, with what would be put around them. */
	bool skips_empty;
	const char *ids_suffix;   /* what the path of the ids has after OUT; NULL: nothing */
	const char *shard_suffix; /* of OUT, if it is a shard; NULL: `suffix` */
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
	const struct pmill_token_header *header;       /* NULL: none */
	const struct pmill_index_format *index_format; /* NULL: no files beside the ids */
};

#endif
