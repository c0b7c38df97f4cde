/* The parts of the format GGUF. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_GGUF_H
#define PMILL_FORMATS_GGUF_H

#include "base/array.h"
#include "files/byte_source.h"
#include "model/tokenizer.h"

/* What it takes to tell a GGUF file by its first bytes. */
enum { PMILL_GGUF_HEAD = 8 };

/* gguf.c */

/* Whether these are the first bytes of a GGUF file, of whatever version and byte order. */
bool pmill_gguf_is(const uint8_t *head, size_t len);

/* Reads the header only. Errors have the source's name. */
pmill_status pmill_gguf_read(struct pmill_byte_source *source, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error);

/* gguf_write.c: what pmill_format asks for */

pmill_status pmill_gguf_check(const pmill_tokenizer *tokenizer, pmill_error *error);
pmill_status pmill_gguf_check_special(pmill_bytes content, pmill_error *error);
pmill_status pmill_gguf_check_pattern(const char *pattern, pmill_error *error);
pmill_status pmill_gguf_list_losses(
	const pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error);
pmill_status pmill_gguf_write(
	const pmill_tokenizer *tokenizer, unsigned flags, struct pmill_buffer *out, pmill_error *error);

#endif
