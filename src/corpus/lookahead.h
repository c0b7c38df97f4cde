/* Lookahead: a stream of bytes that can be seen before they are taken. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_LOOKAHEAD_H
#define PMILL_CORPUS_LOOKAHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "corpus/reader.h"
#include "pairmill.h"

enum { PMILL_LOOKAHEAD_READ = 1 << 17 }; /* at least this many bytes are read at a time */

/* All zero is not open. */
struct pmill_lookahead {
	const char *name;            /* for messages; borrowed */
	struct pmill_reader *reader; /* NULL: reads memory, or a piece of an open file */
	int descriptor;              /* without a reader: bytes [next, end) of this file follow */
	uint64_t next, end;
	const uint8_t *data; /* the visible bytes: in `memory`, or the caller's */
	size_t len;
	uint64_t offset; /* of data[0] in the stream */
	bool is_ended;   /* no bytes follow the visible ones */
	struct pmill_buffer memory;
	size_t taken; /* bytes of `memory` before `data` */
};

pmill_status pmill_lookahead_open(
	struct pmill_lookahead *lookahead, const char *path, pmill_error *error);
/* Takes over `reader` and closes it on release. */
void pmill_lookahead_open_reader(struct pmill_lookahead *lookahead, struct pmill_reader *reader);
/* Reads bytes that stay the caller's. */
void pmill_lookahead_open_memory(
	struct pmill_lookahead *lookahead, const char *name, const void *data, size_t len);
/* Reads `len` bytes from `offset` of an open file. The caller keeps `name` and descriptor. */
void pmill_lookahead_open_piece(struct pmill_lookahead *lookahead, const char *name, int descriptor,
	uint64_t offset, uint64_t len);
void pmill_lookahead_release(struct pmill_lookahead *lookahead);

/*
 * Makes at least `wanted` bytes visible, or all there are. Memory grows with what has been read,
 * never ahead of it, so a false length costs nothing.
 */
pmill_status pmill_lookahead_fill(
	struct pmill_lookahead *lookahead, size_t wanted, pmill_error *error);

/* Takes `len` visible bytes. */
static inline void pmill_lookahead_take(struct pmill_lookahead *lookahead, size_t len)
{
	lookahead->data += len;
	lookahead->len -= len;
	lookahead->offset += len;
	lookahead->taken += len;
}

#endif
