/* Token files in the format text: decimal ids separated by spaces, an LF after each document. */
/* SPDX-License-Identifier: MIT */
#include "tokens/text_ids.h"

#include "base/error.h"
#include "tokens/decimal.h"

/* Returns false at the end of the stream, where *status is PMILL_OK, and after a failure. */
static bool has_byte(struct pmill_lookahead *bytes, pmill_status *status, pmill_error *error)
{
	*status = bytes->len > 0 ? PMILL_OK : pmill_lookahead_fill(bytes, 1, error);
	return *status == PMILL_OK && bytes->len > 0;
}

bool pmill_text_append(struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
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

bool pmill_text_end_document(struct pmill_buffer *out)
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

pmill_status pmill_text_read(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
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
