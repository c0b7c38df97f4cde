/* Reading token files: the same for any pieces of the stream, and after writing them again. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corpus/json_line.h"
#include "tokens/token_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	MOST_PIECES = 16,
	LONGEST_PIECE = 4096,
	MOST_HEADER = 1024
}; /* what a pipe holds at once: Linux, pipe(7) */

/* The result of reading a stream. */
struct outcome {
	pmill_status status;
	uint64_t error_offset;
	uint64_t documents;
	const struct pmill_token_format *format; /* of the width that a header says */
	uint32_t *ids;
	uint64_t *offsets;
	size_t count;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A pipe of packets: each read gives one, so the reader sees the stream in pieces of `step`. */
static void open_pieces(struct pmill_lookahead *bytes, const uint8_t *data, size_t len, size_t step)
{
	int ends[2];
	char path[40];
	struct pmill_reader *reader;
	require(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC) == 0);
	for (size_t used = 0; used < len; used += step) {
		size_t left = len - used, part = left < step ? left : step;
		require(write(ends[1], data + used, part) == (ssize_t)part);
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	require(pmill_reader_open(path, PMILL_READER_AS_STORED, NULL, &reader, NULL) == PMILL_OK);
	close(ends[0]);
	close(ends[1]);
	pmill_lookahead_open_reader(bytes, reader);
}

/* `step` 0: all at once. */
static struct outcome read_all(
	const struct pmill_token_format *format, const uint8_t *data, size_t len, size_t step)
{
	struct pmill_lookahead bytes;
	struct pmill_token_reader reader = {.format = format, .bytes = &bytes};
	struct pmill_token_batch *batch = malloc(sizeof *batch);
	struct outcome outcome = {.ids = malloc((len + 1) * sizeof(uint32_t)),
		.offsets = malloc((len + 1) * sizeof(uint64_t))};
	require(batch != NULL && outcome.ids != NULL && outcome.offsets != NULL);
	if (step == 0)
		pmill_lookahead_open_memory(&bytes, "ids", data, len);
	else
		open_pieces(&bytes, data, len, step);
	pmill_error error = {0};
	if (format->header != NULL)
		outcome.status = pmill_token_reader_open(&reader, "ids", &error);
	while (outcome.status == PMILL_OK) {
		outcome.status = pmill_token_reader_next(&reader, batch, &error);
		if (outcome.status != PMILL_OK || batch->count == 0)
			break;
		require(batch->count <= PMILL_TOKEN_BATCH && outcome.count + batch->count <= len);
		memcpy(outcome.ids + outcome.count, batch->ids, batch->count * sizeof(uint32_t));
		memcpy(outcome.offsets + outcome.count, batch->offsets, batch->count * sizeof(uint64_t));
		outcome.count += batch->count;
	}
	outcome.error_offset = error.offset;
	outcome.documents = reader.documents;
	outcome.format = reader.format;
	free(batch);
	pmill_lookahead_release(&bytes);
	return outcome;
}

static void release(struct outcome *outcome)
{
	free(outcome->ids);
	free(outcome->offsets);
}

static void require_equal(const struct outcome *a, const struct outcome *b)
{
	require(a->status == b->status && a->count == b->count && a->documents == b->documents);
	require(a->status == PMILL_OK || a->error_offset == b->error_offset);
	require(memcmp(a->ids, b->ids, a->count * sizeof(uint32_t)) == 0);
}

static int take_output(void *context, const void *data, size_t len)
{
	return pmill_buffer_append(context, data, len) ? 0 : 1;
}

/* A vocab of the letters a, a special token and an added one. */
static pmill_tokenizer *make_tokenizer(void)
{
	static const pmill_token tokens[] = {{{"a", 1}, 0}, {{"\"a\xc3\xa9 ", 5}, 3}};
	static const pmill_token specials[] = {{{"<\xff>", 3}, 1}, {{"<\xc3\xa9 \">", 6}, 2}};
	const pmill_tokenizer_parts parts = {.size = sizeof parts,
		.tokens = tokens,
		.token_count = 2,
		.special_tokens = specials,
		.special_token_count = 2};
	pmill_tokenizer *tokenizer;
	require(pmill_tokenizer_create(&parts, &tokenizer, NULL) == PMILL_OK);
	return tokenizer;
}

static void write_whole(
	const struct pmill_token_format *format, const struct outcome *read, struct pmill_buffer *out)
{
	const pmill_ids_options options = {
		.size = sizeof options, .offsets = read->count % 2 ? "byte" : NULL};
	struct pmill_output output = {.write = take_output, .context = out};
	pmill_tokenizer *tokenizer = make_tokenizer();
	pmill_ids *ids;
	require(pmill_ids_create(NULL, &options, &ids, NULL) == PMILL_OK);
	require(pmill_ids_append(ids, read->ids, read->count, NULL) == PMILL_OK);
	require(format->write_document(&output, tokenizer, ids, NULL) == PMILL_OK);
	require(pmill_output_flush(&output, NULL) == PMILL_OK);
	pmill_output_release(&output);
	pmill_ids_free(ids);
	pmill_tokenizer_free(tokenizer);
}

/* Writes the ids as one document, in two parts if it can be. */
static void write_and_read(const struct pmill_token_format *format, const struct outcome *read)
{
	struct pmill_buffer out = {0};
	size_t half = read->count / 2;
	if (format->header != NULL) {
		uint8_t header[MOST_HEADER];
		require(format->header->len <= sizeof header);
		format->header->fill(header, read->count, format->width);
		require(pmill_buffer_append(&out, header, format->header->len));
	}
	if (format->append == NULL) {
		write_whole(format, read, &out);
	} else {
		require(format->append(&out, 0, read->ids, half));
		require(format->append(&out, half, read->ids + half, read->count - half));
		require(format->end_document(&out));
	}
	struct outcome again = read_all(format, out.data, out.len, 0);
	require(again.status == PMILL_OK && again.count == read->count);
	require(memcmp(again.ids, read->ids, read->count * sizeof(uint32_t)) == 0);
	release(&again);
	pmill_buffer_release(&out);
}

/* What is read as jsonl is blank, or an object with the member, to the other JSON reader, too. */
static void require_objects(const uint8_t *data, size_t len)
{
	size_t mark = len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	for (size_t begin = mark; begin < len;) {
		const uint8_t *line = data + begin, *end = memchr(line, '\n', len - begin);
		size_t line_len = end != NULL ? (size_t)(end - line) : len - begin;
		size_t blank = 0;
		while (blank < line_len && strchr(" \t\r", line[blank]) != NULL && line[blank] != 0)
			blank++;
		require(blank == line_len ||
			pmill_json_line_look(line, line_len, false, "ids", 3) == PMILL_JSON_OBJECT_WITH_FIELD);
		begin += line_len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rows = 0;
	while (pmill_token_format_at(rows) != NULL)
		rows++;
	if (size < 2 || size > MOST_PIECES * LONGEST_PIECE)
		return 0;
	const struct pmill_token_format *format = pmill_token_format_at(data[0] % rows);
	size_t len = size - 2, least = (len + MOST_PIECES - 1) / MOST_PIECES;
	size_t step = 1 + data[1] % 16;
	struct outcome whole = read_all(format, data + 2, len, 0);
	struct outcome parts = read_all(format, data + 2, len, step < least ? least : step);
	require_equal(&whole, &parts);
	for (size_t i = 0; i < whole.count; i++) {
		require(whole.offsets[i] == parts.offsets[i] && whole.offsets[i] < len);
		require(i == 0 || whole.offsets[i] > whole.offsets[i - 1]);
		require(whole.ids[i] < whole.format->id_limit || whole.format->width != 2);
	}
	if (whole.status == PMILL_OK)
		write_and_read(whole.format, &whole);
	if (whole.status == PMILL_OK && format->append == NULL)
		require_objects(data + 2, len);
	release(&whole);
	release(&parts);
	return 0;
}
