/* Segments of text → ids, pretoken by pretoken. The internals of pmill_encoder. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODER_H
#define PMILL_ENCODE_ENCODER_H

#include "encode/encode_plan.h"

enum { PMILL_ENCODE_PRETOKENS = 256 }; /* per step: a few kilobytes of text */

/* One per thread. Set `plan`; all else zero is ready. */
struct pmill_encoder {
	const struct pmill_encode_plan *plan;
	struct pmill_encode_plan *own_plan; /* the same plan if this encoder owns it, else NULL */
	struct pmill_pretoken_cursor cursor;
	struct pmill_pretoken_scratch scratch;
	/* Of whole documents. */
	struct pmill_added_walk added, normalized;
	struct pmill_cut_cursor cut;
	struct pmill_buffer normal; /* the normalised text between two tokens of `added` */
	uint32_t *ids;
	size_t id_count, id_capacity;
	/* The current segment. */
	const uint8_t *text;
	size_t len;
	size_t begin; /* of the next pretoken */
	size_t ends[PMILL_ENCODE_PRETOKENS];
};

void pmill_encoder_release(struct pmill_encoder *encoder);

/*
 * Begins a segment of `len` bytes, followed by `lookahead` more of the same segment: pretokens that
 * begin in the first `len` bytes are encoded, and end there.
 */
pmill_status pmill_encoder_start(struct pmill_encoder *encoder, const uint8_t *text, size_t len,
	size_t lookahead, bool is_final, pmill_error *error);

/*
 * Appends the ids of some more pretokens to `ids`; sets *is_more to false when the segment is done.
 * On failure error->offset is an offset in the segment, and the message does not mention it.
 */
pmill_status pmill_encoder_step(struct pmill_encoder *encoder, bool *is_more, pmill_error *error);

/*
 * Appends the ids of a whole document, without a template. On failure error->offset is the place in
 * the document, if there is one, and the message does not mention it.
 */
pmill_status pmill_encoder_add_document(
	struct pmill_encoder *encoder, const uint8_t *text, size_t len, pmill_error *error);

/* Lets another thread stop the work that follows; see pmill_pretoken_cursor_set_watch. */
void pmill_encoder_set_watch(struct pmill_encoder *encoder, struct pmill_match_watch *watch);

#endif
