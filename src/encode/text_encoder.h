/* Text → ids: added tokens by policy, what is between them normalised, and cut into pieces. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_TEXT_ENCODER_H
#define PMILL_ENCODE_TEXT_ENCODER_H

#include "encode/encoder.h"

/* How much of a text can't change any more. */
struct pmill_settled {
	size_t len;
	struct pmill_ids_mark mark; /* of what the sink's buffer held then */
	uint64_t id_count;          /* of the sink, then */
	bool follows_word;
};

/*
 * A text by the policies in `*encoder->spans`, without a template. If `settled` is NULL, the text
 * ends the document. Otherwise more follows, and *settled says up to where and to which id the
 * result can't change; ids after that may have been given, too.
 */
pmill_status pmill_encoder_add_text(struct pmill_encoder *encoder, const uint8_t *text, size_t len,
	bool follows_word, struct pmill_settled *settled, pmill_error *error);

#endif
