/* Messages through pipes: buffers of numbers and byte strings, sent whole. */
/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

bool pmill_study_put_u32(struct pmill_buffer *buffer, uint32_t value)
{
	return pmill_buffer_append(buffer, &value, sizeof value);
}

bool pmill_study_put_u64(struct pmill_buffer *buffer, uint64_t value)
{
	return pmill_buffer_append(buffer, &value, sizeof value);
}

bool pmill_study_put_bytes(struct pmill_buffer *buffer, pmill_bytes bytes)
{
	return bytes.len <= UINT32_MAX && pmill_study_put_u32(buffer, (uint32_t)bytes.len) &&
		pmill_buffer_append(buffer, bytes.data, bytes.len);
}

static const uint8_t *take(struct pmill_study_reader *reader, size_t len)
{
	if (len > reader->len - reader->at) {
		reader->is_short = true;
		return NULL;
	}
	const uint8_t *data = reader->data + reader->at;
	reader->at += len;
	return data;
}

uint32_t pmill_study_get_u32(struct pmill_study_reader *reader)
{
	uint32_t value = 0;
	const uint8_t *data = take(reader, sizeof value);
	if (data != NULL)
		memcpy(&value, data, sizeof value);
	return value;
}

uint64_t pmill_study_get_u64(struct pmill_study_reader *reader)
{
	uint64_t value = 0;
	const uint8_t *data = take(reader, sizeof value);
	if (data != NULL)
		memcpy(&value, data, sizeof value);
	return value;
}

pmill_bytes pmill_study_get_bytes(struct pmill_study_reader *reader)
{
	size_t len = pmill_study_get_u32(reader);
	const uint8_t *data = take(reader, len);
	return (pmill_bytes){data, data == NULL ? 0 : len};
}

/* ---- Pipes ---- */

static pmill_status write_all(
	int file, const uint8_t *data, size_t len, const char *peer, pmill_error *error)
{
	while (len > 0) {
		ssize_t written = write(file, data, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EPIPE)
			return pmill_fail(
				error, PMILL_IO, PMILL_NO_OFFSET, "%s: the pipe to it is broken", peer);
		if (written < 0)
			return pmill_fail_errno(error, peer, "cannot write to its pipe", errno);
		data += written;
		len -= (size_t)written;
	}
	return PMILL_OK;
}

static pmill_status read_all(
	int file, uint8_t *data, size_t len, const char *peer, pmill_error *error)
{
	while (len > 0) {
		ssize_t got = read(file, data, len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pmill_fail_errno(error, peer, "cannot read from its pipe", errno);
		if (got == 0)
			return pmill_fail(
				error, PMILL_IO, PMILL_NO_OFFSET, "%s: its pipe ended before its result", peer);
		data += got;
		len -= (size_t)got;
	}
	return PMILL_OK;
}

pmill_status pmill_study_send(int file, const struct pmill_buffer *buffer, const char *peer,
	uint64_t *count, pmill_error *error)
{
	uint64_t len = buffer->len;
	pmill_status status = write_all(file, (const uint8_t *)&len, sizeof len, peer, error);
	if (status == PMILL_OK)
		status = write_all(file, buffer->data, buffer->len, peer, error);
	if (status == PMILL_OK && count != NULL)
		*count += sizeof len + buffer->len;
	return status;
}

pmill_status pmill_study_receive(
	int file, struct pmill_buffer *buffer, const char *peer, uint64_t *count, pmill_error *error)
{
	uint64_t len = 0;
	pmill_status status = read_all(file, (uint8_t *)&len, sizeof len, peer, error);
	if (status != PMILL_OK)
		return status;
	buffer->len = 0;
	if (len > SIZE_MAX / 2 || !pmill_buffer_reserve(buffer, (size_t)len))
		return pmill_fail_memory(error);
	status = read_all(file, buffer->data, (size_t)len, peer, error);
	if (status != PMILL_OK)
		return status;
	buffer->len = (size_t)len;
	if (count != NULL)
		*count += sizeof len + len;
	return PMILL_OK;
}

/* ---- Items and strings ---- */

bool pmill_study_put_items(
	struct pmill_buffer *buffer, const struct pmill_study_item *items, size_t count)
{
	bool done = pmill_study_put_u64(buffer, count) && pmill_buffer_reserve(buffer, count * 16);
	for (size_t i = 0; i < count && done; i++)
		done = pmill_study_put_u64(buffer, (uint64_t)items[i].count) &&
			pmill_study_put_u32(buffer, items[i].left) &&
			pmill_study_put_u32(buffer, items[i].right);
	return done;
}

bool pmill_study_put_strings(struct pmill_buffer *buffer, const struct pmill_study_tokens *tokens,
	const struct pmill_study_item *items, size_t count)
{
	bool done = pmill_study_put_u64(buffer, count);
	for (size_t i = 0; i < count && done; i++)
		done = pmill_study_put_bytes(buffer, pmill_study_token(tokens, items[i].left)) &&
			pmill_study_put_bytes(buffer, pmill_study_token(tokens, items[i].right));
	return done;
}

/* A count that the rest of the message can hold; SIZE_MAX: the message is too short. */
static size_t get_count(struct pmill_study_reader *reader, size_t least_len)
{
	uint64_t count = pmill_study_get_u64(reader);
	if (reader->is_short || count > (reader->len - reader->at) / least_len) {
		reader->is_short = true;
		return SIZE_MAX;
	}
	return (size_t)count;
}

struct pmill_study_item *pmill_study_get_items(struct pmill_study_reader *reader, size_t *count)
{
	*count = get_count(reader, 16);
	struct pmill_study_item *items = *count == SIZE_MAX ? NULL
														: malloc((*count + 1) * sizeof *items);
	for (size_t i = 0; items != NULL && i < *count; i++) {
		items[i].count = (int64_t)pmill_study_get_u64(reader);
		items[i].left = pmill_study_get_u32(reader);
		items[i].right = pmill_study_get_u32(reader);
	}
	return items;
}

struct pmill_study_strings *pmill_study_get_strings(
	struct pmill_study_reader *reader, size_t *count)
{
	*count = get_count(reader, 8);
	struct pmill_study_strings *strings = *count == SIZE_MAX
		? NULL
		: malloc((*count + 1) * sizeof *strings);
	for (size_t i = 0; strings != NULL && i < *count; i++) {
		strings[i].left = pmill_study_get_bytes(reader);
		strings[i].right = pmill_study_get_bytes(reader);
	}
	if (reader->is_short) {
		free(strings);
		strings = NULL;
	}
	return strings;
}
