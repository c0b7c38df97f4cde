/* Token files: ids ↔ bytes, one row for each format. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TOKEN_FILE_H
#define PMILL_TOKENS_TOKEN_FILE_H

#include "pairmill.h"
#include "tokens/token_format.h"

enum { PMILL_TOKEN_BATCH = 1024 };

/* Consecutive ids, the byte where each begins, and the documents that ended before it. */
struct pmill_token_batch {
	size_t count;
	uint32_t ids[PMILL_TOKEN_BATCH];
	uint64_t offsets[PMILL_TOKEN_BATCH];
	uint64_t documents[PMILL_TOKEN_BATCH];
};

const struct pmill_token_format *pmill_token_format_at(size_t index); /* NULL at the end */

/*
 * Picks the format called `name`, or if that is NULL by the suffix of `path`, or if that is NULL
 * too (or "-") `text`. ".bin" is u16 if the vocab has at most 65,536 entries, else u32. Where a
 * name has two widths, the narrow one is taken if the vocab allows.
 */
pmill_status pmill_token_format_pick(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error);

/* The format of this name and dtype ("" for digits); NULL: there is none. */
const struct pmill_token_format *pmill_token_format_find(const char *name, const char *dtype);
/*
 * Whether only the vocab said how wide the ids in `path` are, when this format was picked for it,
 * by `name` or by its suffix.
 */
bool pmill_token_format_needs_vocab(
	const struct pmill_token_format *format, const char *name, const char *path);
/*
 * Where the ids are: `path`, or if that is OUT of a format which puts a suffix after it, that file.
 * `name` may be NULL. The caller frees it. NULL if out of memory.
 */
char *pmill_token_format_find_ids(const char *name, const char *path);
/* The format of the same name with ids of this width; `format` if there is none. */
const struct pmill_token_format *pmill_token_format_widen(
	const struct pmill_token_format *format, unsigned width);

/* Refuses to write the ids of a vocab in a format too narrow for them. */
pmill_status pmill_token_format_check_width(
	const struct pmill_token_format *format, uint32_t vocab_size, pmill_error *error);

/*
 * Takes the header, or reads the index, of the ids in `path`, from whose beginning the reader's
 * bytes are. What they say of the width of ids counts.
 */
pmill_status pmill_token_reader_open(
	struct pmill_token_reader *reader, const char *path, pmill_error *error);

/*
 * Reads the next ids; batch->count is 0 at the end. PMILL_BAD_INPUT if there are more or fewer than
 * a header or index says.
 */
pmill_status pmill_token_reader_next(
	struct pmill_token_reader *reader, struct pmill_token_batch *batch, pmill_error *error);

#endif
