/* Token files in the format text: decimal ids separated by spaces, an LF after each document. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TEXT_IDS_H
#define PMILL_TOKENS_TEXT_IDS_H

#include "tokens/token_format.h"

/* As in struct pmill_token_format. */
bool pmill_text_append(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count);
bool pmill_text_end_document(struct pmill_buffer *out);
pmill_status pmill_text_read(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error);

#endif
