/* The table of model formats: each loads and saves. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_FORMAT_H
#define PMILL_FORMATS_FORMAT_H

#include "base/array.h"
#include "model/tokenizer.h"
#include "pairmill.h"

/* Options are a full struct, never NULL, in all of these. */
struct pmill_format {
	const char *name;   /* "tokenizer.json" */
	const char *suffix; /* recognises a path: ".json"; NULL for the folder */
	/* `name` is for messages. NULL: can't be loaded from memory. */
	pmill_status (*load)(const void *data, size_t len, const char *name,
		const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);
	/* Appends the file to `out`. NULL: can't be saved as one file. */
	pmill_status (*save)(
		const pmill_tokenizer *tokenizer, struct pmill_buffer *out, pmill_error *error);
	/* Refuses, by name, a special token that the format can't hold. NULL: holds all. */
	pmill_status (*check_special)(pmill_bytes content, pmill_error *error);
	/* The same for a pattern, a name or an expression. NULL: holds all, or none. */
	pmill_status (*check_pattern)(const char *pattern, pmill_error *error);
	/* Formats of several files have these in place of load and save. */
	pmill_status (*load_path)(const char *path, const pmill_load_options *options,
		pmill_tokenizer **tokenizer, pmill_error *error);
	pmill_status (*save_path)(
		const pmill_tokenizer *tokenizer, const char *path, unsigned flags, pmill_error *error);
	/* Whether save_path could write there. NULL: as for one file. */
	pmill_status (*check_target)(const char *path, unsigned flags, pmill_error *error);
};

/* A suffix that is part of another stands behind it in the table. */
extern const struct pmill_format pmill_format_folder;
extern const struct pmill_format pmill_format_tiktoken;
extern const struct pmill_format pmill_format_vocab_merges;
extern const struct pmill_format pmill_format_tokenizer_json;

const struct pmill_format *pmill_format_at(size_t index); /* NULL at the end */
const char *pmill_model_format_name(size_t index);        /* NULL at the end */

#endif
