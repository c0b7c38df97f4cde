/* Token files in binary formats: little-endian ids of 2 or 4 bytes, some after a header. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_BINARY_IDS_H
#define PMILL_TOKENS_BINARY_IDS_H

#include "tokens/token_format.h"

/* As in struct pmill_token_format. */
bool pmill_binary_append_2(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count);
bool pmill_binary_append_4(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count);
bool pmill_binary_end_document(struct pmill_buffer *out);
pmill_status pmill_binary_read_2(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error);
pmill_status pmill_binary_read_4(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error);

extern const struct pmill_token_header pmill_npy_header;  /* NumPy's, version 1.0 */
extern const struct pmill_token_header pmill_llmc_header; /* llm.c's, 256 numbers of 4 bytes */

#endif
