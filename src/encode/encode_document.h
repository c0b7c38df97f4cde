/* What calls that encode a whole document, or a piece of one, have in common. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODE_DOCUMENT_H
#define PMILL_ENCODE_ENCODE_DOCUMENT_H

#include "encode/text_encoder.h"

/* `policy`, or the default one for NULL. */
const pmill_policy *pmill_encoder_policy(
	const struct pmill_encoder *encoder, const pmill_policy *policy);

/* Whether all ids of the vocab have room in the buffer, which may be NULL. */
pmill_status pmill_encoder_check_ids(
	const struct pmill_encoder *encoder, const struct pmill_ids *ids, pmill_error *error);

/*
 * Gives `sink` the ids of a document, with its template, and sets *end to where the last one ends,
 * or to the document's length if there are no more. The sink's buffer is as it was after a failure,
 * and gets no end. On failure the message does not mention the offset.
 */
pmill_status pmill_encoder_add_document(struct pmill_encoder *encoder, const pmill_span *spans,
	size_t span_count, const struct pmill_id_sink *sink, uint64_t *end, pmill_error *error);

/* The same failure with the byte in the message, if there is one. */
pmill_status pmill_encode_fail_at(
	pmill_status status, const pmill_error *cause, pmill_error *error);

#endif
