/* The table of model formats: each loads and saves. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FORMATS_FORMAT_H
#define PMILL_FORMATS_FORMAT_H

#include "base/array.h"
#include "model/tokenizer.h"
#include "pairmill.h"

/* Options are always a complete struct, never NULL. */
struct pmill_format {
	const char *name;         /* "tokenizer.json" */
	const char *suffix;       /* of a path in this format: ".json"; NULL for the folder */
	const char *other_suffix; /* that it may have as well; NULL: none */
	/* `name` is for messages. NULL: can't be loaded from memory. */
	pmill_status (*load)(const void *data, size_t len, const char *name,
		const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error);
	/* Appends the file to `out`. `flags`: see pmill_tokenizer_save. NULL: not a single file. */
	pmill_status (*save)(const pmill_tokenizer *tokenizer, unsigned flags, struct pmill_buffer *out,
		pmill_error *error);
	/*
	 * Appends what a file in this format would not say of the model, though it can hold it: phrases
	 * such as "the pattern", separated by ", ". NULL: it says everything.
	 */
	pmill_status (*list_losses)(
		const pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error);
	/* Whether the format can hold the model; the same as saving it finds. */
	pmill_status (*check_model)(const pmill_tokenizer *tokenizer, pmill_error *error);
	/* What no learned token may begin with; NULL: no such thing. */
	const char *forbidden_start;
	/* Refuses, by name, a special token that the format can't hold. NULL: it holds all. */
	pmill_status (*check_special)(pmill_bytes content, pmill_error *error);
	/* The same for a pattern (name or expression). NULL: it holds all, or none. */
	pmill_status (*check_pattern)(const char *pattern, pmill_error *error);
	/* Formats of several files have these instead of load and save. */
	pmill_status (*load_path)(const char *path, const pmill_load_options *options,
		pmill_tokenizer **tokenizer, pmill_error *error);
	pmill_status (*save_path)(
		const pmill_tokenizer *tokenizer, const char *path, unsigned flags, pmill_error *error);
	/* Checks whether save_path could write there. NULL: as for a single file. */
	pmill_status (*check_target)(const char *path, unsigned flags, pmill_error *error);
};

/* In the table, a suffix comes after those that end in it. */
extern const struct pmill_format pmill_format_folder;
extern const struct pmill_format pmill_format_tiktoken;
extern const struct pmill_format pmill_format_vocab_merges;
extern const struct pmill_format pmill_format_tekken;
extern const struct pmill_format pmill_format_tokenizer_json;
extern const struct pmill_format pmill_format_gguf;

/* Unknown names, and names of formats that aren't supported, are errors. */
pmill_status pmill_format_find(
	const char *name, const struct pmill_format **format, pmill_error *error);

/* Why a path with this suffix isn't a model; NULL: it may be one. */
const char *pmill_format_refused(const char *path);

#endif
