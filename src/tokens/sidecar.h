/* OUT.json beside a token file: what its ids are and how many there are. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_SIDECAR_H
#define PMILL_TOKENS_SIDECAR_H

#include "base/array.h"
#include "corpus/chunk.h"
#include "tokens/token_format.h"

/* What the ids mean. Texts are borrowed. */
struct pmill_sidecar_model {
	const char *sha256; /* pmill_model_digest */
	const char *name;   /* for people */
	uint32_t vocab_size;
	uint32_t eot, bos; /* PMILL_NO_ID: none */
};

/* What was written. */
struct pmill_sidecar_counts {
	uint64_t documents, tokens, bytes; /* bytes: of text */
};

/*
 * Append a member and a comma, on a line of its own. NULL and PMILL_NO_ID are null. False if out of
 * memory.
 */
bool pmill_sidecar_append_text(struct pmill_buffer *out, const char *name, const char *text);
bool pmill_sidecar_append_number(struct pmill_buffer *out, const char *name, uint64_t number);
bool pmill_sidecar_append_id(struct pmill_buffer *out, const char *name, uint32_t id);

/* `next`: where the inputs go on after a shard; NULL: this is no shard, or the last. */
bool pmill_sidecar_write(struct pmill_buffer *out, const struct pmill_token_format *format,
	const struct pmill_sidecar_model *model, const struct pmill_sidecar_counts *counts,
	const struct pmill_place *next); /* false if out of memory */

/* What a sidecar says. What it doesn't say is 0, or PMILL_NO_ID. */
struct pmill_sidecar {
	const struct pmill_token_format *format; /* NULL: there is no sidecar */
	char model_sha256[65];
	uint32_t vocab_size, eot, bos;
	bool has_counts;
	struct pmill_sidecar_counts counts;
	bool has_next;
	struct pmill_place next;
};

/* Of the ids in `path`. A file in its place that isn't ours is PMILL_BAD_INPUT with the way out. */
pmill_status pmill_sidecar_read(
	const char *path, struct pmill_sidecar *sidecar, pmill_error *error);

/* Whether a file stands beside ids and has none itself: a sidecar, an index, a record of shards. */
bool pmill_sidecar_is_companion(const char *path);

/*
 * The format of the ids in `path`: the one called `name`, or if that is NULL what the sidecar says,
 * else as pmill_token_format_pick.
 */
pmill_status pmill_sidecar_pick_format(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error);

#endif
