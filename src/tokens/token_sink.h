/* Documents' ids, in order → a token file with all that belongs to it. */
/* SPDX-License-Identifier: MIT */
/*
 * The ids, an index if the format has one, and a sidecar if the ids go to a file: all are written
 * beside their targets and flushed before the first gets its name, and the ids get theirs last. So
 * whatever ends the process, ids under their name have what belongs to them.
 */
#ifndef PMILL_TOKENS_TOKEN_SINK_H
#define PMILL_TOKENS_TOKEN_SINK_H

#include "tokens/sidecar.h"
#include "tokens/token_format.h"

struct pmill_token_sink {
	const struct pmill_token_format *format;
	struct pmill_output output; /* the ids */
	struct pmill_index_writer index;
	struct pmill_file_writer sidecar; /* open if `has_sidecar` */
	bool has_sidecar;
	uint64_t documents, tokens;
};

/* PMILL_BAD_OPTION for a format that needs a file if `options` name none. */
pmill_status pmill_token_sink_open(struct pmill_token_sink *sink,
	const struct pmill_token_format *format, const pmill_output_options *options,
	pmill_error *error);
/* Whether what is written goes anywhere. */
bool pmill_token_sink_is_open(const struct pmill_token_sink *sink);
/* Appends to a document that has `before` ids; of a format that writes documents in parts. */
pmill_status pmill_token_sink_put(struct pmill_token_sink *sink, uint64_t before,
	const uint32_t *ids, size_t count, pmill_error *error);
/* A document of `count` ids ends, those of `ids` in a format that writes it as a whole. */
pmill_status pmill_token_sink_end_document(struct pmill_token_sink *sink, uint64_t count,
	const pmill_tokenizer *tokenizer, const struct pmill_ids *ids, pmill_error *error);
/* `bytes`: of the text; `next` as in pmill_sidecar_write. */
pmill_status pmill_token_sink_commit(struct pmill_token_sink *sink,
	const struct pmill_sidecar_model *model, uint64_t bytes, const struct pmill_place *next,
	pmill_error *error);
/* Discards what was not committed. */
void pmill_token_sink_release(struct pmill_token_sink *sink);

#endif
