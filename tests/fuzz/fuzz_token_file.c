/* Reading of token files: the same for any cut of the stream; what was read reads back again. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tokens/token_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
	const uint8_t *data;
	size_t len;
	size_t used;
	size_t step; /* bytes at a time */
};

/* What came out of a stream. */
struct outcome {
	pmill_status status;
	uint64_t error_offset;
	uint64_t documents;
	uint32_t *ids;
	uint64_t *offsets;
	size_t count;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static pmill_status fill(
	void *context, uint8_t *data, size_t capacity, size_t *len, pmill_error *error)
{
	struct stream *stream = context;
	(void)error;
	*len = stream->len - stream->used;
	if (*len > stream->step)
		*len = stream->step;
	if (*len > capacity)
		*len = capacity;
	if (*len > 0)
		memcpy(data, stream->data + stream->used, *len);
	stream->used += *len;
	return PMILL_OK;
}

static struct outcome read_all(
	const struct pmill_token_format *format, const uint8_t *data, size_t len, size_t step)
{
	struct stream stream = {data, len, 0, step};
	struct pmill_token_reader *reader = calloc(1, sizeof *reader);
	struct pmill_token_batch *batch = malloc(sizeof *batch);
	struct outcome outcome = {.ids = malloc((len + 1) * sizeof(uint32_t)),
		.offsets = malloc((len + 1) * sizeof(uint64_t))};
	require(reader != NULL && batch != NULL && outcome.ids != NULL && outcome.offsets != NULL);
	reader->format = format;
	reader->fill = fill;
	reader->context = &stream;
	reader->name = "ids";
	pmill_error error = {0};
	for (;;) {
		outcome.status = pmill_token_reader_next(reader, batch, &error);
		if (outcome.status != PMILL_OK || batch->count == 0)
			break;
		require(batch->count <= PMILL_TOKEN_BATCH && outcome.count + batch->count <= len);
		memcpy(outcome.ids + outcome.count, batch->ids, batch->count * sizeof(uint32_t));
		memcpy(outcome.offsets + outcome.count, batch->offsets, batch->count * sizeof(uint64_t));
		outcome.count += batch->count;
	}
	outcome.error_offset = error.offset;
	outcome.documents = reader->documents;
	free(batch);
	free(reader);
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

/* Writes in two parts, as one document. */
static void write_and_read(const struct pmill_token_format *format, const struct outcome *read)
{
	struct pmill_buffer out = {0};
	size_t half = read->count / 2;
	require(format->append(&out, 0, read->ids, half));
	require(format->append(&out, half, read->ids + half, read->count - half));
	require(format->end_document(&out));
	struct outcome again = read_all(format, out.data, out.len, 100);
	require(again.status == PMILL_OK && again.count == read->count);
	require(memcmp(again.ids, read->ids, read->count * sizeof(uint32_t)) == 0);
	release(&again);
	pmill_buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rows = 0;
	while (pmill_token_format_at(rows) != NULL)
		rows++;
	if (size < 2)
		return 0;
	const struct pmill_token_format *format = pmill_token_format_at(data[0] % rows);
	struct outcome whole = read_all(format, data + 2, size - 2, size);
	struct outcome parts = read_all(format, data + 2, size - 2, 1 + data[1] % 16);
	require_equal(&whole, &parts);
	for (size_t i = 0; i < whole.count; i++) {
		require(whole.offsets[i] == parts.offsets[i] && whole.offsets[i] < size - 2);
		require(i == 0 || whole.offsets[i] > whole.offsets[i - 1]);
		require(whole.ids[i] < format->id_limit || format->id_limit == PMILL_NO_ID);
	}
	if (whole.status == PMILL_OK)
		write_and_read(format, &whole);
	release(&whole);
	release(&parts);
	return 0;
}
