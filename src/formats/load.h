/* What the readers of all formats share: messages, pattern and Unicode version, special tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_LOAD_H
#define PMILL_FORMATS_LOAD_H

#include "base/array.h"
#include "model/tokenizer.h"
#include "notation/json_place.h"
#include "pairmill.h"

/* Prefixes the message with "NAME: ", unless it is about memory. Returns `status`. */
pmill_status pmill_name_error(pmill_error *error, const char *name, pmill_status status);

/* The same with "NAME: byte OFFSET: ", unless that is PMILL_NO_OFFSET. */
pmill_status pmill_name_error_at(
	pmill_error *error, const char *name, uint64_t offset, pmill_status status);

/* The same of a reader of JSON: looks for the byte of the place it noted. */
pmill_status pmill_name_json_error(const struct pmill_json_error *error,
	const struct pmill_json_source *source, pmill_status status);

/*
 * Sets pattern and Unicode version. `pattern` is the one in the file, or NULL; an option that
 * differs is PMILL_BAD_OPTION. Without either, the pattern is unknown and the version the default.
 */
pmill_status pmill_load_text(struct pmill_tokenizer *tokenizer, const char *name,
	const char *pattern, const pmill_load_options *options, pmill_error *error);

/* The same for steps of cutting; several, or one that isn't plain, can't be named by an option. */
pmill_status pmill_load_steps(struct pmill_tokenizer *tokenizer, const char *name,
	const struct pmill_cut_step *steps, size_t count, const pmill_load_options *options,
	pmill_error *error);

/*
 * Adds special tokens that the file does not name. Those for which `find` (may be NULL) has an id
 * get it; the others fill the holes in the vocab in order, then follow it.
 */
pmill_status pmill_load_specials(struct pmill_tokenizer *tokenizer,
	const pmill_load_options *options, uint32_t (*find)(const void *context, pmill_bytes content),
	const void *context, pmill_error *error);

/* For files that name all special tokens: refuses one that only the options name. */
pmill_status pmill_load_check_specials(
	const struct pmill_tokenizer *tokenizer, const pmill_load_options *options, pmill_error *error);

/* Writes one file whole or not at all. */
pmill_status pmill_write_file(
	const char *path, const struct pmill_buffer *bytes, unsigned flags, pmill_error *error);

#endif
