/* Data that isn't UTF-8 text, recognised by its first bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_FILES_FILE_KIND_H
#define PMILL_FILES_FILE_KIND_H

#include <stddef.h>
#include <stdint.h>

/* Enough for every kind: tar has its magic at 257, and UTF-16 without a mark shows by its zeros. */
enum { PMILL_FILE_KIND_HEAD = 512 };

struct pmill_file_kind {
	const char *name; /* "xz", "a pairmill count file": completes "looks like ..." */
	/* For who wants its text: a command, or another way out; completes "not text; ...". */
	const char *text_way_out;
	/* For who took it for a model; completes "not a model that pairmill reads; ...". */
	const char *model_way_out;
};

/* Ids that only a file beside them tells. */
extern const struct pmill_file_kind pmill_file_kind_token_ids;

/*
 * The kind of a file that begins with these bytes, PMILL_FILE_KIND_HEAD or all there are (more are
 * not looked at); NULL: it may be text.
 */
const struct pmill_file_kind *pmill_file_kind_find(const uint8_t *head, size_t len);
const struct pmill_file_kind *pmill_file_kind_at(size_t index); /* NULL at the end */

#endif
