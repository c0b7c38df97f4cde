/* Where ids and text go: a file written whole or not at all, the caller's function, or nowhere. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_OUTPUT_H
#define PMILL_TOKENS_OUTPUT_H

#include <stdbool.h>

#include "base/array.h"
#include "files/file.h"
#include "pairmill.h"

/* All zero is an output that discards everything. */
struct pmill_output {
	struct pmill_file_writer file;
	bool is_file;
	pmill_write_fn write;
	void *context;
	struct pmill_buffer pending; /* appended since the last flush */
};

/* `options` is complete; it is borrowed for the call. */
pmill_status pmill_output_open(
	struct pmill_output *output, const pmill_output_options *options, pmill_error *error);
/* Whether what is written goes anywhere. */
bool pmill_output_is_open(const struct pmill_output *output);
/* Passes `pending` on; the second only if it has grown large. */
pmill_status pmill_output_flush(struct pmill_output *output, pmill_error *error);
pmill_status pmill_output_flush_if_large(struct pmill_output *output, pmill_error *error);
/* Flushes, and gives the file its name. */
pmill_status pmill_output_commit(struct pmill_output *output, pmill_error *error);
/* Discards what was not committed. */
void pmill_output_release(struct pmill_output *output);

#endif
