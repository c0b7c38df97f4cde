/* Messages through pipes: buffers of numbers and byte strings, sent whole. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_WIRE_H
#define PMILL_STUDY_WIRE_H

#include "base/array.h"
#include "pairs.h"

/*
 * A message is a 64-bit length and that many bytes. Numbers are in this machine's byte order: both
 * ends are the same program. Every value is written and read one by one, as a serialiser does; only
 * byte strings are copied as they are in memory.
 */
bool pmill_study_put_u32(struct pmill_buffer *buffer, uint32_t value);
bool pmill_study_put_u64(struct pmill_buffer *buffer, uint64_t value);
bool pmill_study_put_bytes(struct pmill_buffer *buffer, pmill_bytes bytes); /* and their length */

/* Reads a buffer from its beginning; reads past the end give zeroes and set is_short. */
struct pmill_study_reader {
	const uint8_t *data;
	size_t len, at;
	bool is_short;
};
uint32_t pmill_study_get_u32(struct pmill_study_reader *reader);
uint64_t pmill_study_get_u64(struct pmill_study_reader *reader);
pmill_bytes pmill_study_get_bytes(struct pmill_study_reader *reader); /* points into the buffer */

/*
 * Send or receive the whole message, in as many system calls as it takes. On PMILL_IO the error
 * begins with `peer`: the other end is gone, or the system's reason. The bytes that crossed are
 * added to `count` (may be NULL). Receiving replaces the contents of `buffer`.
 */
pmill_status pmill_study_send(int file, const struct pmill_buffer *buffer, const char *peer,
	uint64_t *count, pmill_error *error);
pmill_status pmill_study_receive(
	int file, struct pmill_buffer *buffer, const char *peer, uint64_t *count, pmill_error *error);

/* ---- Items and strings ---- */

bool pmill_study_put_items(
	struct pmill_buffer *buffer, const struct pmill_study_item *items, size_t count);
/* Writes the left and the right bytes of each of the `count` items, in order. */
bool pmill_study_put_strings(struct pmill_buffer *buffer, const struct pmill_study_tokens *tokens,
	const struct pmill_study_item *items, size_t count);

/* Return new arrays (malloc); NULL if out of memory or if the message is too short. */
struct pmill_study_item *pmill_study_get_items(struct pmill_study_reader *reader, size_t *count);
struct pmill_study_strings *pmill_study_get_strings(
	struct pmill_study_reader *reader, size_t *count);

#endif
