/* How a file is split into documents: the formats, by name and by suffix. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_CORPUS_FORMAT_H
#define PMILL_CORPUS_CORPUS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct pmill_corpus_format {
	const char *name; /* "text", "lines", "jsonl" */
	enum pmill_corpus_kind { PMILL_CORPUS_TEXT, PMILL_CORPUS_LINES, PMILL_CORPUS_JSONL } kind;
	const char *const *suffixes; /* NULL-terminated; also recognised before ".gz" and ".zst" */
};

/* NULL if unknown. */
const struct pmill_corpus_format *pmill_corpus_format_find(const char *name);
const struct pmill_corpus_format *pmill_corpus_format_at(size_t index); /* NULL at the end */

/* Suffixes are compared without regard to case. "text" if none is known. */
const struct pmill_corpus_format *pmill_corpus_format_by_suffix(const char *path);
/* ".json", which says JSON but not which kind; also before ".gz" and ".zst". */
bool pmill_corpus_is_json_name(const char *path);

#endif
