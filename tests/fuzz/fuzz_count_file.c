/* Reading count files: damaged ones, and malicious ones with valid checksums. */
/* SPDX-License-Identifier: MIT */
/*
 * The first byte says what the others are: the file itself; a file whose checksums are corrected as
 * far as its sections can be found; the words of a block before compression; the body of the
 * header; or bits to flip in a valid file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts/count_file_format.h"
#include "counts/count_file_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz count file: %s\n", what);
		abort();
	}
}

static void append(struct pmill_buffer *file, const void *data, size_t len)
{
	require(pmill_buffer_append(file, data, len), "out of memory");
}

/* Corrects every checksum that can be found by the lengths before it. */
static void sign(struct pmill_buffer *file)
{
	if (file->len < PMILL_COUNT_FILE_FIXED_LEN)
		return;
	size_t at = PMILL_COUNT_FILE_FIXED_LEN + (size_t)pmill_get32(file->data + 12);
	if (at > file->len || file->len - at < 8)
		return;
	uint64_t chain = pmill_hash64(file->data, at, 0);
	pmill_put64(file->data + at, chain);
	for (at += 8; file->len - at >= PMILL_COUNT_FILE_HEAD_LEN;) {
		uint8_t *head = file->data + at;
		uint64_t stored = pmill_get64(head + 16);
		if (memcmp(head, PMILL_COUNT_FILE_BLOCK_TAG, 4) != 0 ||
			stored > file->len - at - PMILL_COUNT_FILE_HEAD_LEN)
			break;
		pmill_put64(head + 24, pmill_hash64(head + PMILL_COUNT_FILE_HEAD_LEN, (size_t)stored, 0));
		pmill_put64(head + 32, pmill_hash64(head, 32, 0));
		chain = pmill_count_file_chain(chain, pmill_get64(head + 32));
		at += PMILL_COUNT_FILE_HEAD_LEN + (size_t)stored;
	}
	if (file->len - at < PMILL_COUNT_FILE_END_LEN)
		return;
	pmill_put64(file->data + at + 56, chain);
	pmill_put64(file->data + at + 64, pmill_hash64(file->data + at, 64, 0));
}

static void append_fixed(struct pmill_buffer *file, size_t body_len)
{
	uint8_t fixed[PMILL_COUNT_FILE_FIXED_LEN] = PMILL_COUNT_FILE_MAGIC;
	pmill_put32(fixed + 8, PMILL_COUNT_FILE_VERSION);
	pmill_put32(fixed + 12, (uint32_t)body_len);
	append(file, fixed, sizeof fixed);
}

/* A header with pattern "none", Unicode 16.0, no special tokens; sign adds its checksum. */
static void append_header(struct pmill_buffer *file)
{
	uint8_t body[4 + 4 + 32 + 4 + 4 + 4] = {4, 0, 0, 0, 'n', 'o', 'n', 'e'};
	uint8_t check[8] = {0};
	pmill_count_file_pattern_digest("none", body + 8);
	memcpy(body + 40, "\4\0\0\00016.0", 8);
	append_fixed(file, sizeof body);
	append(file, body, sizeof body);
	append(file, check, sizeof check);
}

static void append_end(struct pmill_buffer *file, uint64_t words, uint64_t pretokens)
{
	uint8_t record[PMILL_COUNT_FILE_END_LEN] = PMILL_COUNT_FILE_END_TAG;
	pmill_put64(record + 8, words > 0);
	pmill_put64(record + 16, words);
	pmill_put64(record + 24, pretokens);
	append(file, record, sizeof record);
}

/* A block of raw or compressed words. `words` is the number that its head claims. */
static void append_block(
	struct pmill_buffer *file, const uint8_t *raw, size_t len, uint32_t words, bool is_compressed)
{
	uint8_t head[PMILL_COUNT_FILE_HEAD_LEN] = PMILL_COUNT_FILE_BLOCK_TAG;
	struct pmill_block_codec codec = {0};
	struct pmill_buffer small = {0};
	if (is_compressed)
		require(pmill_block_compress(&codec, raw, len, &small, NULL) == PMILL_OK, "compress");
	bool is_smaller = is_compressed && small.len < len;
	pmill_put32(head + 4, words);
	pmill_put64(head + 8, len);
	pmill_put64(head + 16, is_smaller ? small.len : len);
	append(file, head, sizeof head);
	append(file, is_smaller ? small.data : raw, is_smaller ? small.len : len);
	pmill_buffer_release(&small);
	pmill_block_codec_release(&codec);
}

static pmill_status read_all(const struct pmill_buffer *file, uint64_t *words, uint64_t *pretokens)
{
	struct pmill_lookahead input;
	struct pmill_count_file_reader reader;
	struct pmill_buffer before = {0};
	pmill_error error = {0};
	pmill_bytes word = {"", 1};
	pmill_lookahead_open_memory(&input, "x", file->data, file->len);
	pmill_status status = pmill_count_file_reader_open(&reader, &input, &error);
	bool is_open = status == PMILL_OK;
	while (status == PMILL_OK && word.len > 0) {
		int64_t count = 0;
		status = pmill_count_file_reader_next(&reader, &word, &count, &error);
		if (status != PMILL_OK || word.len == 0)
			break;
		require(count > 0, "count");
		require(
			before.len == 0 || pmill_word_compare((pmill_bytes){before.data, before.len}, word) < 0,
			"order");
		before.len = 0;
		append(&before, word.data, word.len);
	}
	require(status == PMILL_OK || status == PMILL_BAD_INPUT, "status");
	require(status == PMILL_OK || error.offset <= file->len, "offset");
	*words = is_open ? reader.words : 0;
	*pretokens = is_open ? reader.pretokens : 0;
	if (is_open)
		pmill_count_file_reader_release(&reader);
	pmill_buffer_release(&before);
	return status;
}

/* The first round finds out how many words the block has, so that the second can read them all. */
static void read_block(const uint8_t *raw, size_t len, bool is_compressed)
{
	uint64_t words = UINT32_MAX, pretokens = 0;
	for (int round = 0; round < 2 && len > 0 && words > 0; round++) {
		struct pmill_buffer file = {0};
		append_header(&file);
		append_block(&file, raw, len, (uint32_t)words, is_compressed);
		append_end(&file, words, pretokens);
		sign(&file);
		read_all(&file, &words, &pretokens);
		pmill_buffer_release(&file);
	}
}

static void read_header(const uint8_t *body, size_t len)
{
	uint8_t check[8] = {0};
	uint64_t words, pretokens;
	struct pmill_buffer file = {0};
	append_fixed(&file, len);
	append(&file, body, len);
	append(&file, check, sizeof check);
	append_end(&file, 0, 0);
	sign(&file);
	read_all(&file, &words, &pretokens);
	pmill_buffer_release(&file);
}

static void read_file(const uint8_t *data, size_t len, bool is_signed)
{
	uint64_t words, pretokens;
	struct pmill_buffer file = {0};
	append(&file, data, len);
	if (is_signed)
		sign(&file);
	read_all(&file, &words, &pretokens);
	pmill_buffer_release(&file);
}

/* A valid file in which `data` says what to flip: place, bits, place, bits, ... */
static void read_flipped(const uint8_t *data, size_t len, bool is_signed)
{
	static const uint8_t raw[] = "\0\1a\5\1\1b\2\0\4wordX\4\2ab\1";
	struct pmill_buffer file = {0};
	append_header(&file);
	append_block(&file, raw, sizeof raw - 1, 4, false);
	append_end(&file, 4, 5 + 2 + 'X' + 1);
	sign(&file);
	uint64_t words, pretokens;
	require(read_all(&file, &words, &pretokens) == PMILL_OK && words == 4, "sample");
	for (size_t i = 0; i + 1 < len && i < 16; i += 2)
		file.data[data[i] % file.len] ^= data[i + 1];
	read_file(file.data, file.len, is_signed);
	pmill_buffer_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || pmill_block_codec_check(NULL) != PMILL_OK)
		return 0;
	const uint8_t *rest = data + 1;
	size_t len = size - 1;
	switch (data[0] % 7) {
	case 0: read_file(rest, len, false); break;
	case 1: read_file(rest, len, true); break;
	case 2: read_block(rest, len, false); break;
	case 3: read_block(rest, len, true); break;
	case 4: read_header(rest, len); break;
	case 5: read_flipped(rest, len, false); break;
	case 6: read_flipped(rest, len, true); break;
	}
	return 0;
}
