/* Names on a command line → files: folders, "@LIST", "-". */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_INPUTS_H
#define PMILL_CORPUS_INPUTS_H

#include "base/arena.h"
#include "corpus/corpus_format.h"
#include "pairmill.h"

struct pmill_input_file {
	const char *path; /* "-": stdin */
	uint64_t bytes;   /* stored size when the list was made; 0: unknown (stdin, a pipe) */
	const struct pmill_corpus_format *format;
	/* Bytes come only once (stdin, a pipe): the source of chunks takes the first look. */
	bool is_unseen;
};

/* What users should know about the inputs. */
struct pmill_input_notes {
	uint64_t skipped;  /* files in folders that aren't text, left out on request */
	uint64_t repeated; /* files that are there already, perhaps under another name */
	uint64_t hidden;   /* files and folders in folders that were left out */
};

/* All zero is empty. */
struct pmill_inputs {
	struct pmill_input_file *files;
	size_t count;
	size_t capacity;
	uint64_t bytes;              /* of all files */
	pmill_input_options options; /* of the newest addition; what they point to is borrowed */
	struct pmill_input_notes notes;
	struct pmill_arena names;
};

/*
 * A folder means all regular files in and below it, sorted by path (see corpus/folder_walk).
 * "@LIST" reads names, one a line, from LIST ("@-": from stdin); a name in it that begins with "@",
 * or is "-", is a file's.
 *
 * If the options don't name the format, every file is looked at (see corpus/first_look): data that
 * isn't text is refused or, in a folder, left out on request. `options` NULL: files of ids, whose
 * format is not looked for.
 *
 * A file that does not exist, can't be read or is refused is an error here, before any work. A
 * failure leaves the list unchanged.
 */
pmill_status pmill_inputs_add(struct pmill_inputs *inputs, const char *const *paths, size_t count,
	const pmill_input_options *options, pmill_error *error);
void pmill_inputs_release(struct pmill_inputs *inputs);

#endif
