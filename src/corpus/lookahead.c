/* Lookahead: a stream of bytes that can be seen before they are taken. */
/* SPDX-License-Identifier: MIT */
#include "corpus/lookahead.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

pmill_status pmill_lookahead_open(
	struct pmill_lookahead *lookahead, const char *path, pmill_error *error)
{
	struct pmill_reader *reader = NULL;
	pmill_status status = pmill_reader_open(path, 0, NULL, &reader, error);
	if (status == PMILL_OK)
		pmill_lookahead_open_reader(lookahead, reader);
	else
		*lookahead = (struct pmill_lookahead){0};
	return status;
}

void pmill_lookahead_open_reader(struct pmill_lookahead *lookahead, struct pmill_reader *reader)
{
	*lookahead = (struct pmill_lookahead){.name = pmill_reader_name(reader), .reader = reader};
}

void pmill_lookahead_open_memory(
	struct pmill_lookahead *lookahead, const char *name, const void *data, size_t len)
{
	*lookahead = (struct pmill_lookahead){.name = name, .data = data, .len = len, .is_ended = true};
}

void pmill_lookahead_open_piece(struct pmill_lookahead *lookahead, const char *name, int descriptor,
	uint64_t offset, uint64_t len)
{
	*lookahead = (struct pmill_lookahead){
		.name = name, .descriptor = descriptor, .next = offset, .end = offset + len};
}

void pmill_lookahead_release(struct pmill_lookahead *lookahead)
{
	if (lookahead->reader != NULL)
		pmill_reader_close(lookahead->reader);
	pmill_buffer_release(&lookahead->memory);
	*lookahead = (struct pmill_lookahead){0};
}

/* Moves the visible bytes to the front, so that the room after them is contiguous. */
static void close_gap(struct pmill_lookahead *lookahead)
{
	struct pmill_buffer *memory = &lookahead->memory;
	if (lookahead->taken > 0 && lookahead->len > 0)
		memmove(memory->data, memory->data + lookahead->taken, lookahead->len);
	memory->len = lookahead->len;
	lookahead->taken = 0;
}

static pmill_status read_piece(
	struct pmill_lookahead *lookahead, uint8_t *into, size_t room, size_t *got, pmill_error *error)
{
	uint64_t left = lookahead->end - lookahead->next;
	ssize_t taken;
	do
		taken = pread(
			lookahead->descriptor, into, room < left ? room : (size_t)left, (off_t)lookahead->next);
	while (taken < 0 && errno == EINTR);
	if (taken < 0)
		return pmill_fail_errno(error, lookahead->name, "cannot read", errno);
	lookahead->next += (uint64_t)taken;
	*got = (size_t)taken;
	return PMILL_OK;
}

static pmill_status read_on(
	struct pmill_lookahead *lookahead, uint8_t *into, size_t room, size_t *got, pmill_error *error)
{
	return lookahead->reader != NULL ? pmill_reader_read(lookahead->reader, into, room, got, error)
									 : read_piece(lookahead, into, room, got, error);
}

pmill_status pmill_lookahead_fill(
	struct pmill_lookahead *lookahead, size_t wanted, pmill_error *error)
{
	if (lookahead->len >= wanted || lookahead->is_ended)
		return PMILL_OK;
	struct pmill_buffer *memory = &lookahead->memory;
	close_gap(lookahead);
	pmill_status status = PMILL_OK;
	while (memory->len < wanted && !lookahead->is_ended && status == PMILL_OK) {
		size_t got = 0;
		if (!pmill_buffer_reserve(memory, PMILL_LOOKAHEAD_READ))
			status = pmill_fail_memory(error);
		else
			status = read_on(
				lookahead, memory->data + memory->len, memory->capacity - memory->len, &got, error);
		if (status == PMILL_OK)
			lookahead->is_ended = got == 0;
		memory->len += got;
	}
	lookahead->data = memory->data;
	lookahead->len = memory->len;
	return status;
}
