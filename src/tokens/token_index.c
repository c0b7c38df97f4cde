/* Files beside the ids that say where documents end: Megatron's .idx, datatrove's .ds.index. */
/* SPDX-License-Identifier: MIT */
/*
 * Both are written as documents end. Megatron's holds three arrays one after the other: the lengths
 * are written first, and read again for the offsets at the end; only their number is in memory.
 */
#include "tokens/token_index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "tokens/little_endian.h"

enum { NUMBERS = 1024 }; /* that are read or written at a time */

/* ---- Writers ---- */

pmill_status pmill_index_writer_open(struct pmill_index_writer *writer,
	const struct pmill_index_format *format, unsigned width, const char *out, unsigned flags,
	pmill_error *error)
{
	*writer = (struct pmill_index_writer){.format = format, .width = width};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < PMILL_INDEX_FILES && status == PMILL_OK; i++) {
		if (format->suffixes[i] == NULL)
			continue;
		char *path = pmill_path_extend(out, format->suffixes[i]);
		if (path == NULL)
			return pmill_fail_memory(error);
		status = pmill_file_writer_open(&writer->files[i], path, flags, error);
		free(path);
	}
	return status == PMILL_OK ? format->begin(writer, error) : status;
}

void pmill_index_writer_release(struct pmill_index_writer *writer)
{
	for (size_t i = 0; i < PMILL_INDEX_FILES; i++)
		pmill_file_writer_release(&writer->files[i]);
	*writer = (struct pmill_index_writer){0};
}

static pmill_status append_number(
	struct pmill_file_writer *file, uint64_t number, size_t width, pmill_error *error)
{
	uint8_t bytes[8];
	pmill_put_little_endian(bytes, number, width);
	return pmill_file_writer_append(file, bytes, width, error);
}

/* ---- Reading ---- */

struct index_file {
	const char *path;
	int descriptor;
	uint64_t len;
};

static pmill_status read_piece(
	struct index_file *file, uint64_t offset, uint8_t *data, size_t len, pmill_error *error)
{
	const ssize_t done = pread(file->descriptor, data, len, (off_t)offset);
	if (done < 0)
		return pmill_fail_errno(error, file->path, "cannot read", errno);
	return (size_t)done == len
		? PMILL_OK
		: pmill_fail_input(error, file->path, offset, "the file has become shorter");
}

static pmill_status read_index(const char *out, const char *suffix,
	pmill_status (*read)(struct index_file *, struct pmill_index_facts *, pmill_error *),
	struct pmill_index_facts *facts, pmill_error *error)
{
	char *path = pmill_path_extend(out, suffix);
	if (path == NULL)
		return pmill_fail_memory(error);
	struct stat about;
	struct index_file file = {.path = path, .descriptor = open(path, O_RDONLY | O_CLOEXEC)};
	pmill_status status;
	if (file.descriptor < 0 || fstat(file.descriptor, &about) != 0) {
		status = pmill_fail_errno(error, path, "cannot read", errno);
	} else {
		file.len = (uint64_t)about.st_size;
		status = read(&file, facts, error);
	}
	if (file.descriptor >= 0)
		close(file.descriptor);
	free(path);
	return status;
}

/* ---- Megatron ---- */

enum { MEGATRON_HEAD = 34, MEGATRON_U16 = 8, MEGATRON_I32 = 4 };

static const uint8_t megatron_magic[9] = {'M', 'M', 'I', 'D', 'I', 'D', 'X', 0, 0};

static void fill_megatron_head(uint8_t *head, const struct pmill_index_writer *writer)
{
	memcpy(head, megatron_magic, sizeof megatron_magic);
	pmill_put_little_endian(head + 9, 1, 8);
	head[17] = writer->width == 2 ? MEGATRON_U16 : MEGATRON_I32;
	pmill_put_little_endian(head + 18, writer->documents, 8);
	pmill_put_little_endian(head + 26, writer->documents + 1, 8);
}

static pmill_status begin_megatron(struct pmill_index_writer *writer, pmill_error *error)
{
	const uint8_t head[MEGATRON_HEAD] = {0};
	return pmill_file_writer_append(&writer->files[0], head, sizeof head, error);
}

static pmill_status end_megatron_document(
	struct pmill_index_writer *writer, uint64_t count, pmill_error *error)
{
	if (count > INT32_MAX)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"document %" PRIu64 " has %" PRIu64 " ids, more than an index of Megatron can say "
			"(2,147,483,647)",
			writer->documents + 1, count);
	writer->documents++;
	writer->tokens += count;
	return append_number(&writer->files[0], count, 4, error);
}

/* Where each document begins, in bytes: from the lengths that were written. */
static pmill_status append_megatron_offsets(struct pmill_index_writer *writer, pmill_error *error)
{
	struct pmill_file_writer *file = &writer->files[0];
	pmill_status status = PMILL_OK;
	uint64_t offset = 0;
	for (uint64_t done = 0; done < writer->documents && status == PMILL_OK;) {
		uint8_t lengths[NUMBERS * 4];
		const uint64_t left = writer->documents - done;
		const size_t count = left < NUMBERS ? (size_t)left : NUMBERS;
		status = pmill_file_writer_read(file, MEGATRON_HEAD + done * 4, lengths, count * 4, error);
		for (size_t i = 0; i < count && status == PMILL_OK; i++) {
			status = append_number(file, offset, 8, error);
			offset += pmill_get_little_endian(lengths + 4 * i, 4) * writer->width;
		}
		done += count;
	}
	return status;
}

static pmill_status finish_megatron(
	struct pmill_index_writer *writer, const char *model, pmill_error *error)
{
	(void)model;
	struct pmill_file_writer *file = &writer->files[0];
	uint8_t head[MEGATRON_HEAD];
	pmill_status status = append_megatron_offsets(writer, error);
	for (uint64_t i = 0; i <= writer->documents && status == PMILL_OK; i++)
		status = append_number(file, i, 8, error);
	fill_megatron_head(head, writer);
	return status == PMILL_OK ? pmill_file_writer_patch(file, 0, head, sizeof head, error) : status;
}

/* The end of the ids: where the last document begins, and its length. */
static pmill_status read_megatron_tokens(struct index_file *file, uint64_t sequences,
	struct pmill_index_facts *facts, pmill_error *error)
{
	uint8_t len[4], offset[8];
	facts->tokens = 0;
	if (sequences == 0)
		return PMILL_OK;
	pmill_status status = read_piece(
		file, MEGATRON_HEAD + (sequences - 1) * 4, len, sizeof len, error);
	if (status == PMILL_OK)
		status = read_piece(file, MEGATRON_HEAD + sequences * 12 - 8, offset, sizeof offset, error);
	if (status == PMILL_OK)
		facts->tokens = pmill_get_little_endian(offset, 8) / facts->width +
			pmill_get_little_endian(len, 4);
	return status;
}

static pmill_status read_megatron_file(
	struct index_file *file, struct pmill_index_facts *facts, pmill_error *error)
{
	uint8_t head[MEGATRON_HEAD] = {0};
	const pmill_status status = file->len < MEGATRON_HEAD
		? PMILL_OK
		: read_piece(file, 0, head, sizeof head, error);
	if (status != PMILL_OK)
		return status;
	if (memcmp(head, megatron_magic, sizeof megatron_magic) != 0)
		return pmill_fail_input(error, file->path, 0, "not an index of Megatron");
	if (head[17] != MEGATRON_U16 && head[17] != MEGATRON_I32)
		return pmill_fail_input(error, file->path, 17,
			"the ids' type is %u: only uint16 (8) and int32 (4) can be read", (unsigned)head[17]);
	const uint64_t sequences = pmill_get_little_endian(head + 18, 8);
	const uint64_t ends = pmill_get_little_endian(head + 26, 8);
	if (ends == 0 || sequences > file->len / 12 || ends > file->len / 8 ||
		file->len != MEGATRON_HEAD + sequences * 12 + ends * 8)
		return pmill_fail_input(error, file->path, 18, "the index has not the size that it says");
	facts->width = head[17] == MEGATRON_U16 ? 2 : 4;
	facts->documents = ends - 1;
	return read_megatron_tokens(file, sequences, facts, error);
}

static pmill_status read_megatron(
	const char *out, struct pmill_index_facts *facts, pmill_error *error)
{
	return read_index(out, ".idx", read_megatron_file, facts, error);
}

const struct pmill_index_format pmill_megatron_index = {
	.suffixes = {".idx"},
	.begin = begin_megatron,
	.end_document = end_megatron_document,
	.finish = finish_megatron,
	.read = read_megatron,
};

/* ---- datatrove ---- */

static pmill_status begin_datatrove(struct pmill_index_writer *writer, pmill_error *error)
{
	(void)writer;
	(void)error;
	return PMILL_OK;
}

static pmill_status end_datatrove_document(
	struct pmill_index_writer *writer, uint64_t count, pmill_error *error)
{
	writer->documents++;
	writer->tokens += count;
	return append_number(&writer->files[0], writer->tokens, 8, error);
}

/* "1.50 kT": three digits and a prefix, as Python's humanize writes it. */
static bool append_readable(struct pmill_buffer *out, uint64_t tokens)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
	double value = (double)tokens;
	size_t prefix = 0;
	for (; value >= 999.5; prefix++)
		value /= 1000;
	const int digits = value < 9.995 ? 2 : value < 99.95;
	return pmill_buffer_append_format(out, "%.*f %sT", digits, value, prefixes[prefix]);
}

static pmill_status finish_datatrove(
	struct pmill_index_writer *writer, const char *model, pmill_error *error)
{
	struct pmill_buffer text = {0};
	pmill_status status = PMILL_OK;
	if (!pmill_buffer_append_format(
			&text, "%s|%u\n%" PRIu64 "\n", model, writer->width, writer->tokens) ||
		!append_readable(&text, writer->tokens))
		status = pmill_fail_memory(error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&writer->files[1], text.data, text.len, error);
	pmill_buffer_release(&text);
	return status;
}

static pmill_status read_datatrove_ends(
	struct index_file *file, struct pmill_index_facts *facts, pmill_error *error)
{
	uint8_t last[8] = {0};
	if (file->len % 8 != 0)
		return pmill_fail_input(
			error, file->path, file->len / 8 * 8, "the index ends within a number of 8 bytes");
	const pmill_status status = file->len == 0
		? PMILL_OK
		: read_piece(file, file->len - 8, last, sizeof last, error);
	facts->documents = file->len / 8;
	facts->tokens = pmill_get_little_endian(last, 8);
	return status;
}

/* The width of ids, from the end of the first line; 0 if the file isn't there or doesn't say. */
static pmill_status read_datatrove_width(const char *path, unsigned *width, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	*width = 0;
	if (!pmill_path_exists(path))
		return PMILL_OK;
	const pmill_status status = pmill_file_read(path, &bytes, error);
	const uint8_t *end = bytes.len == 0 ? NULL : memchr(bytes.data, '\n', bytes.len);
	if (end != NULL && end - bytes.data >= 2 && end[-2] == '|' &&
		(end[-1] == '2' || end[-1] == '4'))
		*width = (unsigned)(end[-1] - '0');
	pmill_buffer_release(&bytes);
	return status;
}

static pmill_status read_datatrove(
	const char *out, struct pmill_index_facts *facts, pmill_error *error)
{
	pmill_status status = read_index(out, ".index", read_datatrove_ends, facts, error);
	if (status != PMILL_OK)
		return status;
	char *metadata = pmill_path_extend(out, ".metadata");
	if (metadata == NULL)
		return pmill_fail_memory(error);
	status = read_datatrove_width(metadata, &facts->width, error);
	free(metadata);
	return status;
}

const struct pmill_index_format pmill_datatrove_index = {
	.suffixes = {".index", ".metadata"},
	.begin = begin_datatrove,
	.end_document = end_datatrove_document,
	.finish = finish_datatrove,
	.read = read_datatrove,
};
