/* Files of text → files of ids. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_ENCODE_FILE_ENCODER_H
#define PMILL_ENCODE_FILE_ENCODER_H

#include "pairmill.h"

/* The arguments of pmill_encode_files, with complete (copied) option structs. */
struct pmill_file_encoding {
	const pmill_tokenizer *tokenizer;
	const char *const *paths;
	size_t path_count;
	pmill_input_options input;
	pmill_encode_options options;
	const char *out;
	pmill_write_fn write;
	void *write_context;
	unsigned flags;
	size_t chunk_size; /* bytes of text at a time; 0: the default. Results don't depend on it */
};

pmill_status pmill_file_encoding_run(
	const struct pmill_file_encoding *encoding, pmill_encode_totals *totals, pmill_error *error);

#endif
