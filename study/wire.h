/* What crosses a pipe: buffers of numbers and byte strings, sent whole. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_WIRE_H
#define PMILL_STUDY_WIRE_H

#include "base/array.h"
#include "pairs.h"

/*
 * A message is a 64-bit length and so many bytes. Numbers are written as this machine has them: both ends are one
 * program. Every value is written and read one by one, as a serialiser does: nothing is sent as it lies in
 * memory but bytes.
 */
bool pmill_study_put_u32(struct pmill_buffer *buffer, uint32_t value);
bool pmill_study_put_u64(struct pmill_buffer *buffer, uint64_t value);
bool pmill_study_put_bytes(struct pmill_buffer *buffer, pmill_bytes bytes); /* with their length */

/* Reads a buffer from its begin; what is too short gives zeroes and sets is_short. */
struct pmill_study_reader {
	const uint8_t *data;
	size_t len, at;
	bool is_short;
};
uint32_t pmill_study_get_u32(struct pmill_study_reader *reader);
uint64_t pmill_study_get_u64(struct pmill_study_reader *reader);
pmill_bytes pmill_study_get_bytes(struct pmill_study_reader *reader); /* in the buffer itself */

/*
 * All bytes of the message, however often the system takes or gives part of it. PMILL_IO with a message that
 * begins with `peer`: the other end is gone, or the system's reason. `count` (may be NULL) is raised by the
 * bytes that crossed. `buffer` is filled anew.
 */
pmill_status pmill_study_send(int file, const struct pmill_buffer *buffer, const char *peer,
	uint64_t *count, pmill_error *error);
pmill_status pmill_study_receive(
	int file, struct pmill_buffer *buffer, const char *peer, uint64_t *count, pmill_error *error);

/* ---- Items and strings ---- */

bool pmill_study_put_items(
	struct pmill_buffer *buffer, const struct pmill_study_item *items, size_t count);
/* Of all `count` items, in their order: the left and the right bytes of each. */
bool pmill_study_put_strings(struct pmill_buffer *buffer, const struct pmill_study_tokens *tokens,
	const struct pmill_study_item *items, size_t count);

/* New arrays (malloc); NULL without memory or where the message is short. */
struct pmill_study_item *pmill_study_get_items(struct pmill_study_reader *reader, size_t *count);
struct pmill_study_strings *pmill_study_get_strings(
	struct pmill_study_reader *reader, size_t *count);

#endif
