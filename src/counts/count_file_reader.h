/* Reads a count file: sorted words and counts in compressed, checked blocks. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNT_FILE_READER_H
#define PMILL_COUNTS_COUNT_FILE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/progress.h"
#include "corpus/lookahead.h"
#include "counts/block_codec.h"
#include "counts/identity.h"
#include "words/word_list.h"

/* Reads a count file word by word. Zeroed is closed. */
struct pmill_count_file_reader {
	struct pmill_lookahead input;
	struct pmill_block_codec codec;
	struct pmill_arena strings; /* what the identity points to */
	struct pmill_counts_identity identity;
	pmill_totals totals; /* set at the end of the file */
	struct pmill_buffer block;
	size_t at;             /* bytes of the block consumed */
	uint64_t block_offset; /* where it begins in the file */
	uint32_t block_words_left;
	struct pmill_buffer word; /* last one read */
	uint64_t blocks, words, pretokens;
	uint64_t chain;
	bool is_ended;
	/* A longer word is PMILL_MEMORY_LIMIT, unless it is in a block of usual size; 0: no limit. */
	uint64_t longest_word;
};

/* Whether the stream begins with the magic. */
pmill_status pmill_count_file_recognise(
	struct pmill_lookahead *input, bool *is_count_file, pmill_error *error);
/* Takes over `input`, even on failure, and reads the header. */
pmill_status pmill_count_file_reader_open(
	struct pmill_count_file_reader *reader, struct pmill_lookahead *input, pmill_error *error);
/* Reads the next word, valid until the next call. At the end its length is 0. */
pmill_status pmill_count_file_reader_next(
	struct pmill_count_file_reader *reader, pmill_bytes *word, int64_t *count, pmill_error *error);
/* Calls `visit` for each remaining word, reporting progress in bytes of the file. */
pmill_status pmill_count_file_reader_each(struct pmill_count_file_reader *reader,
	pmill_word_fn *visit, void *context, struct pmill_progress_state *progress, pmill_error *error);
void pmill_count_file_reader_release(struct pmill_count_file_reader *reader);

/* Parses totals from a file's end record of PMILL_COUNT_FILE_END_LEN bytes, at `offset`. */
pmill_status pmill_count_file_parse_end(const char *name, uint64_t offset, const uint8_t *record,
	pmill_totals *totals, pmill_error *error);

#endif
