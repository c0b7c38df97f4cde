/* Pretokens → ids, in batches: from the table of known ones, the others by merging. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_ENCODE_PRETOKENS_H
#define PMILL_BPE_ENCODE_PRETOKENS_H

#include "bpe/pretoken_state.h"

/* Pretokens that wait to be encoded together, of one document or several. */
struct pmill_pretoken_queue {
	struct pmill_pretoken_keys keys;
	struct pmill_queued_end {
		size_t keys_before, longs_before;
		size_t id_count;     /* once encoded: of ids up to here */
	} ends[PMILL_KEY_BATCH]; /* of documents */
	size_t end_count;
};

/* Empties the queue. False if there is no memory for a table: then it can't be used. */
bool pmill_pretoken_queue_clear(
	struct pmill_pretoken_queue *queue, struct pmill_pretoken_state *state);

/* As pmill_pretoken_keys_add. Long pretokens must stay where they are until they are encoded. */
size_t pmill_pretoken_queue_add(struct pmill_pretoken_queue *queue,
	const struct pmill_pretoken_state *state, const uint8_t *text, size_t readable, size_t begin,
	const size_t *ends, size_t count);

/* A document ends after the last pretoken. False if the queue is full. */
bool pmill_pretoken_queue_end(struct pmill_pretoken_queue *queue);

/* Appends the ids of all to `ids`. To be cleared before more is added. */
pmill_status pmill_pretoken_queue_encode(struct pmill_pretoken_queue *queue,
	struct pmill_pretoken_state *state, struct pmill_id_buffer *ids);

/*
 * Appends the ids of `count` pretokens of `text`: the first begins at `begin`, each of the others
 * where the previous one ends. Reads nothing past text + readable. After a failure `ids` has the
 * ids of the pretokens before the one that failed; error->offset, if there is one, is in `text`.
 */
pmill_status pmill_encode_pretokens(struct pmill_pretoken_state *state, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, struct pmill_id_buffer *ids,
	pmill_error *error);

#endif
