/* Names on a command line → files: folders, "@LIST", "-". */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_INPUTS_H
#define PMILL_CORPUS_INPUTS_H

#include "base/arena.h"
#include "pairmill.h"

struct pmill_input_file {
	const char *path; /* "-": stdin */
	uint64_t bytes;   /* stored size when the list was made; 0: unknown (stdin, a pipe) */
	const struct pmill_corpus_format *format;
};

/* All zero is empty. */
struct pmill_inputs {
	struct pmill_input_file *files;
	size_t count;
	size_t capacity;
	uint64_t bytes; /* of all files */
	struct pmill_arena names;
};

/*
 * A folder means all regular files in and below it, sorted by path (as bytes), except hidden ones
 * (whose names begin with a dot); links to files are followed, links to folders are not. "@LIST"
 * reads names, one a line, from LIST ("@-": from stdin); a name in it that begins with "@", or is
 * "-", is a file's. A file that does not exist or can't be read is an error here, before any work.
 * A failure leaves the list unchanged.
 */
pmill_status pmill_inputs_add(struct pmill_inputs *inputs, const char *const *paths, size_t count,
	const pmill_input_options *options, pmill_error *error);
void pmill_inputs_release(struct pmill_inputs *inputs);

/* How a file is split into documents. */
struct pmill_corpus_format {
	const char *name; /* "text", "lines", "jsonl" */
	enum pmill_corpus_kind { PMILL_CORPUS_TEXT, PMILL_CORPUS_LINES, PMILL_CORPUS_JSONL } kind;
	const char *const *suffixes; /* NULL-terminated; also recognised before ".gz" and ".zst" */
};

/* NULL if unknown. */
const struct pmill_corpus_format *pmill_corpus_format_find(const char *name);
const struct pmill_corpus_format *pmill_corpus_format_at(size_t index); /* NULL at the end */

#endif
