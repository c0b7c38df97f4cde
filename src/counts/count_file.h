/* The count file: sorted words and counts in compressed, checked blocks (docs/count-file.md). */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNT_FILE_H
#define PMILL_COUNTS_COUNT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/file.h"
#include "corpus/lookahead.h"
#include "counts/block_codec.h"
#include "counts/counts.h"

enum {
	PMILL_COUNT_FILE_MAGIC_LEN = 8,
	PMILL_COUNT_FILE_FIXED_LEN = 16,  /* of the header: magic, version, length of the rest */
	PMILL_COUNT_FILE_HEAD_LEN = 40,   /* of a block */
	PMILL_COUNT_FILE_END_LEN = 72,    /* the end record */
	PMILL_COUNT_FILE_BLOCK = 1 << 18, /* bytes in a block, before compression, when it is written */
	PMILL_COUNT_FILE_MOST_BLOCK = 1
		<< 20, /* more only for a single word, and then not compressed */
	PMILL_COUNT_FILE_MOST_HEADER = 1 << 28,
};

/* Writes a count file word by word. All zero is one that is not open. */
struct pmill_count_file_writer {
	struct pmill_file_writer file;
	struct pmill_block_codec codec;
	struct pmill_buffer block;  /* the words so far, before compression */
	struct pmill_buffer stored; /* scratch */
	struct pmill_buffer word;   /* the last one */
	uint32_t block_words;
	size_t block_len; /* bytes before compression at which a block is written */
	uint64_t blocks, words, pretokens;
	uint64_t chain; /* checksum of all before the block */
};

pmill_status pmill_count_file_writer_open(struct pmill_count_file_writer *writer, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error);
/* Appends to an open file, which stays the caller's, in blocks of `block_len` bytes. */
pmill_status pmill_count_file_writer_borrow(struct pmill_count_file_writer *writer, int descriptor,
	const char *name, size_t block_len, const struct pmill_counts_identity *identity,
	pmill_error *error);
/* The next word: it sorts behind all others; count > 0. */
pmill_status pmill_count_file_writer_add(
	struct pmill_count_file_writer *writer, pmill_bytes word, int64_t count, pmill_error *error);
/*
 * Of `totals` counts what words can't tell: documents, bytes, bad lines. The file is there
 * afterwards.
 */
pmill_status pmill_count_file_writer_commit(
	struct pmill_count_file_writer *writer, const pmill_totals *totals, pmill_error *error);
/* Drops what was not committed. */
void pmill_count_file_writer_release(struct pmill_count_file_writer *writer);

/* Reads a count file word by word. All zero is one that is not open. */
struct pmill_count_file_reader {
	struct pmill_lookahead input;
	struct pmill_block_codec codec;
	struct pmill_arena names; /* what the identity points to */
	struct pmill_counts_identity identity;
	pmill_totals totals; /* once the end is reached */
	struct pmill_buffer block;
	size_t at;             /* in the block */
	uint64_t block_offset; /* of the block in the file */
	uint32_t block_words_left;
	struct pmill_buffer word; /* the last one */
	uint64_t blocks, words, pretokens;
	uint64_t chain;
	bool is_ended;
};

/* Whether the stream begins with the magic. */
pmill_status pmill_count_file_recognise(
	struct pmill_lookahead *input, bool *is_count_file, pmill_error *error);
/* Takes `input` over, whatever comes of it, and reads the header. */
pmill_status pmill_count_file_reader_open(
	struct pmill_count_file_reader *reader, struct pmill_lookahead *input, pmill_error *error);
/* The next word, which belongs to the reader until the next call; of length 0 at the end. */
pmill_status pmill_count_file_reader_next(
	struct pmill_count_file_reader *reader, pmill_bytes *word, int64_t *count, pmill_error *error);
void pmill_count_file_reader_release(struct pmill_count_file_reader *reader);

/* The totals alone, out of the last PMILL_COUNT_FILE_END_LEN bytes of a file. */
pmill_status pmill_count_file_parse_end(const char *name, uint64_t offset, const uint8_t *record,
	pmill_totals *totals, pmill_error *error);

#endif
