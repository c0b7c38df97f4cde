/* Several documents → ids, the pretokens of all in common batches. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_ENCODE_JOINED_H
#define PMILL_ENCODE_ENCODE_JOINED_H

#include "encode/encode_document.h"

/* Whether documents of this policy are pretokens of the text as it is, and added tokens. */
bool pmill_encoder_may_join(
	const struct pmill_encoder *encoder, const pmill_policy *policy, const struct pmill_ids *ids);

/*
 * Appends the ids of such documents, each with its end. After a failure `ids` is as it was; which
 * document failed, and why, is told by encoding them one by one.
 */
pmill_status pmill_encoder_add_joined(struct pmill_encoder *encoder, const pmill_bytes *texts,
	size_t count, const pmill_policy *policy, struct pmill_ids *ids);

#endif
