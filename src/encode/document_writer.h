/* Parts of documents, in order → a token file. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_DOCUMENT_WRITER_H
#define PMILL_ENCODE_DOCUMENT_WRITER_H

#include "encode/encode_plan.h"
#include "tokens/shards.h"
#include "tokens/token_file.h"

/* The ids of the next `bytes` bytes of a document. A document begins with its first part. */
struct pmill_document_part {
	const uint32_t *ids;
	const uint64_t *places; /* of each id, counted from where the part begins; NULL: none */
	size_t count;
	uint64_t bytes;
	bool is_cut; /* there were more ids than a document may have */
	bool ends_document;
	bool has_next; /* the inputs can go on after it: at `next` */
	struct pmill_place next;
};

/* Set the first six, and `ids` if a document can't be written in parts; all else zero is ready. */
struct pmill_document_writer {
	const pmill_tokenizer *tokenizer;
	const struct pmill_template *template; /* put before and after each document */
	const struct pmill_token_format *format;
	uint32_t bos, eot;  /* put before that, and after it; PMILL_NO_ID: none */
	uint64_t most_text; /* ids of a document's text; UINT64_MAX: all */
	pmill_ids *ids;     /* of a document that is written as a whole */
	struct pmill_token_sink sink;
	struct pmill_shards *shards; /* NULL: one output, which is open */
	uint64_t tokens, text_bytes; /* of all documents so far; the second of the shard */
	uint64_t truncated;          /* documents that had more ids than fit */
	/* The document that has begun. */
	bool is_in_document, is_cut, has_begin;
	uint64_t bytes, text_count, written;
};

/* Writes what belongs to the output, or to the last shard, and gives it its name. */
pmill_status pmill_document_writer_commit(struct pmill_document_writer *writer,
	const struct pmill_sidecar_model *model, pmill_error *error);

pmill_status pmill_document_writer_put(struct pmill_document_writer *writer,
	const struct pmill_document_part *part, pmill_error *error);

#endif
