/* Files → chunks cut at sure places, handed to any number of threads. */
/* SPDX-License-Identifier: MIT */
/*
 * The requesting thread reads the chunk, under the source's lock, into its own buffer: first what
 * the previous chunk left after its cut, then the file. Files are not mapped (see stored_file.c),
 * and chunks share nothing.
 */
#include "corpus/chunk_source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "corpus/chunk_cut.h"
#include "corpus/first_look.h"
#include "corpus/reader.h"

enum {
	/*
	 * Text stays in the L2 cache until it is counted, and all threads finish at about the same
	 * time: on 120 MB, chunks of 4 MiB leave one of two threads idle for 2 % of the time. 256 KiB
	 * is no different.
	 */
	DEFAULT_CHUNK_SIZE = 1 << 19,
	LARGEST_CHUNK_SIZE = 1 << 30, /* larger is useless, and sums stay far from overflow */
	READ_STEP = 1 << 20,          /* buffers grow as bytes arrive: small files take little */
};

struct pmill_chunk_source {
	const struct pmill_inputs *inputs;
	size_t chunk_size;
	size_t longest_text; /* SIZE_MAX: no limit */
	uint64_t zstd_window;
	bool is_hashed;
	struct pmill_place start; /* of the first file that is opened */
	atomic_bool is_stopped;
	_Atomic uint64_t stored_bytes;
	uint64_t handed_out; /* of them, those of the chunks so far */

	pthread_mutex_t lock; /* protects what follows */
	bool is_ended;
	struct pmill_chunk_cutter cutter;
	uint64_t sequence;
	/* The current file */
	struct pmill_reader *reader; /* NULL: none is open */
	bool is_read;                /* read to its end */
	size_t file;                 /* its index, or that of the next one */
	const struct pmill_corpus_format *format;
	uint64_t bytes_before;     /* stored bytes of the files before it */
	struct pmill_buffer carry; /* read but not handed out yet */
	uint64_t offset;           /* of the carry in the decompressed file */
	uint64_t line;             /* JSON lines: number of the carry's first line */
	/* Finished files */
	pmill_input *done;
	size_t done_count;
	char (*hashes)[65]; /* of each; NULL if not requested */
};

static pmill_status init(struct pmill_chunk_source *source, const struct pmill_inputs *inputs,
	const struct pmill_chunk_settings *settings, pmill_error *error)
{
	size_t size = settings->chunk_size == 0 ? DEFAULT_CHUNK_SIZE : settings->chunk_size;
	source->inputs = inputs;
	source->chunk_size = size < LARGEST_CHUNK_SIZE ? size : LARGEST_CHUNK_SIZE;
	source->longest_text = SIZE_MAX;
	if (settings->longest_text > 0)
		source->longest_text = settings->longest_text > 2 * source->chunk_size
			? settings->longest_text
			: 2 * source->chunk_size;
	source->zstd_window = settings->zstd_window;
	source->is_hashed = settings->sha256;
	source->start = settings->start;
	source->file = settings->start.file < inputs->count ? settings->start.file : inputs->count;
	for (size_t i = 0; i < source->file; i++)
		source->bytes_before += inputs->files[i].bytes;
	source->cutter.pretokenizer = settings->pretokenizer;
	source->cutter.specials = settings->specials;
	source->done = calloc(inputs->count + 1, sizeof *source->done);
	if (settings->sha256)
		source->hashes = calloc(inputs->count + 1, sizeof *source->hashes);
	if (source->done == NULL || (settings->sha256 && source->hashes == NULL))
		return pmill_fail_memory(error);
	return PMILL_OK;
}

pmill_status pmill_chunk_source_open(const struct pmill_inputs *inputs,
	const struct pmill_chunk_settings *settings, struct pmill_chunk_source **source,
	pmill_error *error)
{
	struct pmill_chunk_source *opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return pmill_fail_memory(error);
	atomic_init(&opened->is_stopped, false);
	atomic_init(&opened->stored_bytes, 0);
	pthread_mutex_init(&opened->lock, NULL);
	pmill_status status = init(opened, inputs, settings, error);
	if (status == PMILL_OK)
		*source = opened;
	else
		pmill_chunk_source_close(opened);
	return status;
}

void pmill_chunk_source_close(struct pmill_chunk_source *source)
{
	if (source == NULL)
		return;
	pmill_reader_close(source->reader);
	pmill_chunk_cutter_release(&source->cutter);
	pmill_buffer_release(&source->carry);
	free(source->done);
	free(source->hashes);
	pthread_mutex_destroy(&source->lock);
	free(source);
}

void pmill_chunk_source_stop(struct pmill_chunk_source *source)
{
	atomic_store_explicit(&source->is_stopped, true, memory_order_relaxed);
}

static bool is_stopped(struct pmill_chunk_source *source)
{
	return atomic_load_explicit(&source->is_stopped, memory_order_relaxed);
}

uint64_t pmill_chunk_source_stored_bytes(struct pmill_chunk_source *source)
{
	return atomic_load_explicit(&source->stored_bytes, memory_order_relaxed);
}

const pmill_input *pmill_chunk_source_inputs(struct pmill_chunk_source *source, size_t *count)
{
	pthread_mutex_lock(&source->lock);
	*count = source->done_count;
	pthread_mutex_unlock(&source->lock);
	return source->done;
}

/* ---- The current file ---- */

static const struct pmill_input_file *current_file(const struct pmill_chunk_source *source)
{
	return &source->inputs->files[source->file];
}

static const char *file_name(const struct pmill_input_file *file)
{
	return strcmp(file->path, "-") == 0 ? "stdin" : file->path;
}

/* Reads the beginning of stdin or a pipe, which becomes the first chunk's, to find the format. */
static pmill_status look_at_file(struct pmill_chunk_source *source, pmill_error *error)
{
	struct pmill_first_look look;
	struct pmill_first_finding finding;
	const struct pmill_input_file *file = current_file(source);
	pmill_first_look_init(&look, file->path, true, &source->inputs->options);
	pmill_status status = pmill_first_look_read(
		&look, source->reader, &source->carry, &source->is_read, &finding, error);
	if (status != PMILL_OK)
		return status;
	source->format = finding.format;
	return pmill_first_look_report(&look, &finding, file_name(file), error);
}

/* Reads until `buffer` holds `target` bytes or the file ends. */
static pmill_status read_up_to(struct pmill_chunk_source *source, struct pmill_buffer *buffer,
	size_t target, pmill_error *error)
{
	while (buffer->len < target && !source->is_read) {
		size_t room = target - buffer->len, got = 0;
		if (room > READ_STEP)
			room = READ_STEP;
		if (!pmill_buffer_reserve(buffer, room))
			return pmill_fail_memory(error);
		if (is_stopped(source))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		pmill_status status = pmill_reader_read(
			source->reader, buffer->data + buffer->len, room, &got, error);
		if (status != PMILL_OK)
			return status;
		buffer->len += got;
		source->is_read = got == 0;
		atomic_store_explicit(&source->stored_bytes,
			source->bytes_before + pmill_reader_stored_bytes(source->reader), memory_order_relaxed);
	}
	return PMILL_OK;
}

/* To where reading starts in the first file. */
static pmill_status pass_over(struct pmill_chunk_source *source, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	while (source->offset < source->start.offset && status == PMILL_OK && !source->is_read) {
		const uint64_t left = source->start.offset - source->offset;
		source->carry.len = 0;
		status = read_up_to(
			source, &source->carry, left < READ_STEP ? (size_t)left : READ_STEP, error);
		source->offset += source->carry.len;
	}
	source->carry.len = 0;
	source->line = source->start.line;
	if (status == PMILL_OK && source->offset < source->start.offset)
		return pmill_fail_input(
			error, file_name(current_file(source)), source->offset, "the file has become shorter");
	return status;
}

static pmill_status open_file(struct pmill_chunk_source *source, pmill_error *error)
{
	const struct pmill_input_file *file = current_file(source);
	source->is_read = false;
	source->carry.len = 0;
	source->offset = 0;
	source->line = 1;
	source->format = file->format;
	pmill_status status = pmill_reader_open(file->path, source->is_hashed ? PMILL_READER_SHA256 : 0,
		&source->is_stopped, &source->reader, error);
	if (status != PMILL_OK)
		return status;
	pmill_reader_limit_window(source->reader, source->zstd_window);
	status = file->is_unseen ? look_at_file(source, error) : PMILL_OK;
	return status == PMILL_OK && source->file == source->start.file && source->start.offset > 0
		? pass_over(source, error)
		: status;
}

static void close_file(struct pmill_chunk_source *source)
{
	size_t index = source->done_count++;
	pmill_input *done = &source->done[index];
	*done = (pmill_input){.name = file_name(current_file(source)),
		.bytes = pmill_reader_stored_bytes(source->reader)};
	if (source->hashes != NULL && pmill_reader_sha256(source->reader, source->hashes[index]))
		done->sha256 = source->hashes[index];
	source->bytes_before += done->bytes;
	pmill_reader_close(source->reader);
	source->reader = NULL;
	source->file++;
}

/* ---- Chunks ---- */

static pmill_status fail_longest(const struct pmill_chunk_source *source, pmill_error *error)
{
	const char *what = "pretoken";
	if (source->format->kind == PMILL_CORPUS_JSONL)
		what = "JSON line";
	else if (!pmill_chunk_cutter_is_local(&source->cutter))
		what = "document";
	return pmill_fail_longest(
		error, file_name(current_file(source)), source->offset, what, source->longest_text);
}

/*
 * Reads until there is a place to cut. The end of the file is one. At least as much is read as was
 * carried over: it is looked at again, however little of it each cut hands out (a special token of
 * 100 MB may begin at each of its bytes).
 */
static pmill_status read_and_cut(struct pmill_chunk_source *source, struct pmill_buffer *buffer,
	struct pmill_chunk_cut *cut, pmill_error *error)
{
	size_t more = buffer->len > source->chunk_size ? buffer->len : source->chunk_size;
	size_t target = buffer->len < SIZE_MAX - more ? buffer->len + more : SIZE_MAX;
	for (;;) {
		if (target > source->longest_text)
			target = source->longest_text;
		pmill_status status = read_up_to(source, buffer, target, error);
		if (status != PMILL_OK)
			return status;
		if (source->is_read) {
			*cut = (struct pmill_chunk_cut){.len = buffer->len, .is_segment_end = true};
			return PMILL_OK;
		}
		status = pmill_chunk_cutter_find(
			&source->cutter, source->format->kind, buffer->data, buffer->len, cut, error);
		if (status != PMILL_OK || cut->len > 0)
			return status;
		if (buffer->len >= source->longest_text)
			return fail_longest(source, error);
		target = buffer->len < SIZE_MAX / 2 ? buffer->len * 2 : SIZE_MAX;
	}
}

static uint64_t count_lines(const uint8_t *text, size_t len)
{
	uint64_t count = 0;
	const uint8_t *end = text + len;
	while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* Describes what the buffer holds, and keeps what follows the cut. */
static pmill_status hand_out(struct pmill_chunk_source *source, struct pmill_chunk *chunk,
	const struct pmill_chunk_cut *cut, pmill_error *error)
{
	const struct pmill_input_file *file = current_file(source);
	source->carry.len = 0;
	if (!pmill_buffer_append(
			&source->carry, chunk->buffer.data + cut->len, chunk->buffer.len - cut->len))
		return pmill_fail_memory(error);
	chunk->data = chunk->buffer.data;
	chunk->len = cut->len;
	chunk->lookahead = cut->lookahead;
	chunk->is_segment_end = cut->is_segment_end;
	chunk->is_file_end = source->is_read;
	chunk->format = source->format;
	chunk->file = source->file;
	chunk->name = file_name(file);
	chunk->offset = source->offset;
	chunk->first_line = source->line;
	source->sequence++;
	source->offset += cut->len;
	if (source->format->kind == PMILL_CORPUS_JSONL)
		source->line += count_lines(chunk->data, cut->len);
	if (source->is_read)
		close_file(source);
	return PMILL_OK;
}

static pmill_status take_chunk(
	struct pmill_chunk_source *source, struct pmill_chunk *chunk, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (source->reader == NULL)
		status = open_file(source, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_chunk_cut cut;
	chunk->buffer.len = 0;
	if (!pmill_buffer_append(&chunk->buffer, source->carry.data, source->carry.len))
		return pmill_fail_memory(error);
	status = read_and_cut(source, &chunk->buffer, &cut, error);
	return status == PMILL_OK ? hand_out(source, chunk, &cut, error) : status;
}

pmill_status pmill_chunk_source_next(
	struct pmill_chunk_source *source, struct pmill_chunk *chunk, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	chunk->data = NULL;
	chunk->len = 0;
	pthread_mutex_lock(&source->lock);
	chunk->sequence = source->sequence;
	if (source->file == source->inputs->count || is_stopped(source))
		source->is_ended = true;
	if (!source->is_ended)
		status = take_chunk(source, chunk, error);
	if (status != PMILL_OK)
		source->is_ended = true;
	const uint64_t stored = pmill_chunk_source_stored_bytes(source);
	chunk->stored = stored - source->handed_out;
	source->handed_out = stored;
	pthread_mutex_unlock(&source->lock);
	return status == PMILL_CANCELLED ? PMILL_OK : status;
}
