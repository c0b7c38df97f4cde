/* Token files: ids ↔ bytes, one row for each format. */
/* SPDX-License-Identifier: MIT */
/*
 * text: decimal ids separated by spaces, with an LF after each document.
 * u16, u32: little-endian ids and nothing else; only an end-of-text id marks a document's end.
 * jsonl: a line for each document, an object with the ids in one array.
 */
#include "tokens/token_file.h"

#include "base/error.h"
#include "files/file.h"
#include "tokens/decimal.h"
#include "tokens/jsonl_reader.h"
#include "tokens/jsonl_writer.h"

/* Returns false at the end of the stream, where *status is PMILL_OK, and after a failure. */
static bool has_byte(struct pmill_lookahead *bytes, pmill_status *status, pmill_error *error)
{
	*status = bytes->len > 0 ? PMILL_OK : pmill_lookahead_fill(bytes, 1, error);
	return *status == PMILL_OK && bytes->len > 0;
}

/* ---- text ---- */

static bool append_text(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
{
	const size_t longest = sizeof " 4294967295" - 1;
	if (count > SIZE_MAX / longest || !pmill_buffer_reserve(out, count * longest))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (before + i > 0)
			out->data[out->len++] = ' ';
		out->len += pmill_decimal_put(ids[i], out->data + out->len);
	}
	return true;
}

static bool end_text_document(struct pmill_buffer *out)
{
	return pmill_buffer_append(out, "\n", 1);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/*
 * Moves to the next digit and counts the ends of lines on the way. Returns false at the end of the
 * stream and after a failure.
 */
static bool skip_space(struct pmill_token_reader *reader, pmill_status *status, pmill_error *error)
{
	while (has_byte(reader->bytes, status, error)) {
		uint8_t byte = *reader->bytes->data;
		if (byte == '\n') {
			reader->documents++;
			reader->is_in_document = false;
		} else if (!is_blank(byte)) {
			return true;
		}
		pmill_lookahead_take(reader->bytes, 1);
	}
	if (*status == PMILL_OK && reader->is_in_document)
		reader->documents++;
	reader->is_in_document = false;
	return false;
}

/* Returns false at a number that is too large for an id. */
static bool take_digits(struct pmill_lookahead *bytes, uint64_t *value)
{
	size_t len = 0;
	for (; len < bytes->len && bytes->data[len] >= '0' && bytes->data[len] <= '9'; len++) {
		*value = *value * 10 + (uint64_t)(bytes->data[len] - '0');
		if (*value >= PMILL_NO_ID)
			return false;
	}
	pmill_lookahead_take(bytes, len);
	return true;
}

static pmill_status fail_text(const struct pmill_lookahead *bytes, pmill_error *error)
{
	uint8_t byte = *bytes->data;
	if (byte > ' ' && byte < 0x7f)
		return pmill_fail_input(
			error, bytes->name, bytes->offset, "'%c' is neither a digit nor white space", byte);
	return pmill_fail_input(
		error, bytes->name, bytes->offset, "byte 0x%02X is neither a digit nor white space", byte);
}

static pmill_status read_text(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	struct pmill_lookahead *bytes = reader->bytes;
	pmill_status status;
	*is_there = skip_space(reader, &status, error);
	if (!*is_there)
		return status;
	uint64_t value = 0;
	*offset = bytes->offset;
	reader->is_in_document = true;
	do {
		if (!take_digits(bytes, &value))
			return pmill_fail_input(
				error, bytes->name, *offset, "the number that begins here is too large for an id");
	} while (bytes->len == 0 && has_byte(bytes, &status, error));
	if (status == PMILL_OK && bytes->len > 0 && !is_blank(*bytes->data) && *bytes->data != '\n')
		return fail_text(bytes, error);
	*id = (uint32_t)value;
	return status;
}

/* ---- u16 and u32 ---- */

static bool append_binary(struct pmill_buffer *out, const uint32_t *ids, size_t count, size_t width)
{
	if (count > SIZE_MAX / width || !pmill_buffer_reserve(out, count * width))
		return false;
	for (size_t i = 0; i < count; i++) {
		for (size_t byte = 0; byte < width; byte++)
			out->data[out->len++] = (uint8_t)(ids[i] >> 8 * byte);
	}
	return true;
}

static bool append_u16(struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
{
	(void)before;
	return append_binary(out, ids, count, 2);
}

static bool append_u32(struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
{
	(void)before;
	return append_binary(out, ids, count, 4);
}

static bool end_binary_document(struct pmill_buffer *out)
{
	(void)out;
	return true;
}

static pmill_status read_binary(struct pmill_token_reader *reader, size_t width, uint32_t *id,
	uint64_t *offset, bool *is_there, pmill_error *error)
{
	struct pmill_lookahead *bytes = reader->bytes;
	if (bytes->len < width) {
		pmill_status status = pmill_lookahead_fill(bytes, width, error);
		if (status != PMILL_OK)
			return status;
	}
	*is_there = bytes->len > 0;
	if (bytes->len == 0)
		return PMILL_OK;
	*offset = bytes->offset;
	if (bytes->len < width)
		return pmill_fail_input(
			error, bytes->name, *offset, "the file ends within an id of %zu bytes", width);
	*id = 0;
	for (size_t byte = 0; byte < width; byte++)
		*id |= (uint32_t)bytes->data[byte] << 8 * byte;
	pmill_lookahead_take(bytes, width);
	return PMILL_OK;
}

static pmill_status read_u16(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	return read_binary(reader, 2, id, offset, is_there, error);
}

static pmill_status read_u32(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	return read_binary(reader, 4, id, offset, is_there, error);
}

/* ---- the table ---- */

enum { ROW_TEXT, ROW_U16, ROW_U32, ROW_JSONL, ROW_COUNT };

static const struct pmill_token_format formats[ROW_COUNT] = {
	[ROW_TEXT] = {"text", ".txt", PMILL_NO_ID, true, append_text, end_text_document, read_text,
		NULL},
	[ROW_U16] = {"u16", ".u16", UINT64_C(1) << 16, false, append_u16, end_binary_document, read_u16,
		NULL},
	[ROW_U32] = {"u32", ".u32", PMILL_NO_ID, false, append_u32, end_binary_document, read_u32,
		NULL},
	[ROW_JSONL] = {"jsonl", ".jsonl", PMILL_NO_ID, true, NULL, NULL, pmill_jsonl_read,
		pmill_jsonl_write_document},
};

/* Formats with a name but no code yet. */
static const struct unwritten_format {
	const char *name, *suffix;
} unwritten[] = {
	{"npy", ".npy"},
	{"megatron", NULL},
	{"datatrove", ".ds"},
	{"llmc", NULL},
};

const struct pmill_token_format *pmill_token_format_at(size_t index)
{
	return index < ROW_COUNT ? &formats[index] : NULL;
}

const char *pmill_token_format_name(size_t index)
{
	return index < ROW_COUNT ? formats[index].name : NULL;
}

static pmill_status fail_unwritten(const char *name, pmill_error *error)
{
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"token files in the format %s can't be read or written yet", name);
}

static pmill_status pick_by_name(
	const char *name, const struct pmill_token_format **format, pmill_error *error)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strcmp(name, formats[i].name) == 0) {
			*format = &formats[i];
			return PMILL_OK;
		}
	}
	for (size_t i = 0; i < sizeof unwritten / sizeof *unwritten; i++) {
		if (strcmp(name, unwritten[i].name) == 0)
			return fail_unwritten(name, error);
	}
	return pmill_fail_unknown(error, "token file format", name, pmill_token_format_name);
}

static pmill_status pick_by_suffix(const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (pmill_path_has_suffix(path, formats[i].suffix)) {
			*format = &formats[i];
			return PMILL_OK;
		}
	}
	if (pmill_path_has_suffix(path, ".bin")) {
		*format = &formats[vocab_size <= formats[ROW_U16].id_limit ? ROW_U16 : ROW_U32];
		return PMILL_OK;
	}
	for (size_t i = 0; i < sizeof unwritten / sizeof *unwritten; i++) {
		if (unwritten[i].suffix != NULL && pmill_path_has_suffix(path, unwritten[i].suffix))
			return fail_unwritten(unwritten[i].name, error);
	}
	char known[100];
	pmill_list_names(known, sizeof known, pmill_token_format_name);
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s: the suffix does not tell the token file format: name one (%s)", path, known);
}

pmill_status pmill_token_format_pick(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error)
{
	const struct pmill_token_format *picked = &formats[ROW_TEXT];
	pmill_status status = PMILL_OK;
	if (name != NULL)
		status = pick_by_name(name, &picked, error);
	else if (path != NULL && strcmp(path, "-") != 0)
		status = pick_by_suffix(path, vocab_size, &picked, error);
	if (status != PMILL_OK)
		return status;
	*format = picked;
	return PMILL_OK;
}

pmill_status pmill_token_format_check_width(
	const struct pmill_token_format *format, uint32_t vocab_size, pmill_error *error)
{
	if (vocab_size <= format->id_limit)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s holds ids below %llu, but the vocab has %u entries: narrowing would lose data",
		format->name, (unsigned long long)format->id_limit, (unsigned)vocab_size);
}

pmill_status pmill_token_reader_next(
	struct pmill_token_reader *reader, struct pmill_token_batch *batch, pmill_error *error)
{
	batch->count = 0;
	while (batch->count < PMILL_TOKEN_BATCH) {
		bool is_there;
		pmill_status status = reader->format->read(
			reader, &batch->ids[batch->count], &batch->offsets[batch->count], &is_there, error);
		if (status != PMILL_OK)
			return status;
		if (!is_there)
			break;
		batch->documents[batch->count] = reader->documents;
		batch->count++;
	}
	return PMILL_OK;
}
