/* A folder of token files: shards of whole documents, which a later run can go on with. */
/* SPDX-License-Identifier: MIT */
/*
 * FOLDER/00000.u16, FOLDER/00001.u16, … each with what belongs to it. A shard ends with the first
 * document that gives it enough ids; its sidecar says where the inputs go on after it. A shard that
 * has its name is whole, so a run that was stopped can go on after the last of them, if all that
 * makes the ids is the same: FOLDER/shards.json says what that was.
 */
#ifndef PMILL_TOKENS_SHARDS_H
#define PMILL_TOKENS_SHARDS_H

#include "corpus/inputs.h"
#include "files/folder_lock.h"
#include "tokens/token_sink.h"

/* Set the first five. */
struct pmill_shards {
	const char *folder;
	const struct pmill_token_format *format;
	const struct pmill_sidecar_model *model;
	const struct pmill_inputs *inputs; /* none of which may be in the folder */
	uint64_t least_tokens;             /* of a shard, but for the last */
	size_t count;                      /* of shards that are whole */
	/* Of those that were there when this run began: */
	struct pmill_sidecar_counts found;
	struct pmill_place start; /* where the inputs go on */
	bool is_complete;         /* nothing follows them */
	/* private */
	unsigned flags;
	struct pmill_folder_lock lock;
};

/*
 * Takes the folder, which is made if it isn't there; no other run writes to it until release.
 * `identity`: lines that say all that makes the ids; each is `"NAME": VALUE,`. If `resumes`, finds
 * the shards that are there; PMILL_BAD_OPTION, with the names of what differs, if they were made
 * otherwise. If not, PMILL_EXISTS if there are any, unless `overwrites`: then they are removed.
 * Files that are only named like shards are PMILL_BAD_OPTION.
 */
pmill_status pmill_shards_open(struct pmill_shards *shards, const struct pmill_buffer *identity,
	bool resumes, bool overwrites, pmill_error *error);
/* Opens the next one. */
pmill_status pmill_shards_next(
	struct pmill_shards *shards, struct pmill_token_sink *sink, pmill_error *error);
/* It is whole. `next`: where the inputs go on; NULL: they don't. */
pmill_status pmill_shards_commit(struct pmill_shards *shards, struct pmill_token_sink *sink,
	uint64_t bytes, const struct pmill_place *next, pmill_error *error);
void pmill_shards_release(struct pmill_shards *shards);

#endif
