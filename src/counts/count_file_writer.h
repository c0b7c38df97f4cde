/* Writes a count file: sorted words and counts in compressed, checked blocks. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_COUNTS_COUNT_FILE_WRITER_H
#define PMILL_COUNTS_COUNT_FILE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "files/file.h"
#include "counts/block_codec.h"
#include "counts/identity.h"

/* Writes a count file word by word. Zeroed is closed. */
struct pmill_count_file_writer {
	struct pmill_file_writer file;
	struct pmill_block_codec codec;
	struct pmill_buffer block;  /* uncompressed words of the current block */
	struct pmill_buffer stored; /* scratch: bytes as written */
	struct pmill_buffer word;   /* last one added */
	uint32_t block_words;
	size_t block_len; /* uncompressed bytes at which a block is written */
	uint64_t blocks, words, pretokens;
	uint64_t chain; /* checksum of everything before the block */
};

pmill_status pmill_count_file_writer_open(struct pmill_count_file_writer *writer, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error);
/* Appends to an open file, which the caller keeps, in blocks of `block_len` bytes. */
pmill_status pmill_count_file_writer_borrow(struct pmill_count_file_writer *writer, int descriptor,
	const char *name, size_t block_len, const struct pmill_counts_identity *identity,
	pmill_error *error);
/* Adds a word that sorts after all others; count > 0. */
pmill_status pmill_count_file_writer_add(
	struct pmill_count_file_writer *writer, pmill_bytes word, int64_t count, pmill_error *error);
/*
 * Completes the file. Takes documents, bytes and bad lines from `totals`, the rest from the words
 * added.
 */
pmill_status pmill_count_file_writer_commit(
	struct pmill_count_file_writer *writer, const pmill_totals *totals, pmill_error *error);
/* Discards an uncommitted file. */
void pmill_count_file_writer_release(struct pmill_count_file_writer *writer);

#endif
