/* Errors: how messages are formed. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_ERROR_H
#define PMILL_BASE_ERROR_H

#include "base/nearest.h"
#include "pairmill.h"

/*
 * Fills `error` (may be NULL) and returns `status`. `offset` is PMILL_NO_OFFSET if there is none.
 */
pmill_status pmill_fail(pmill_error *error, pmill_status status, uint64_t offset,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

pmill_status pmill_fail_memory(pmill_error *error);

/* "NAME: VERB: strerror(errno)", for example "corpus.txt: cannot open: Permission denied". */
pmill_status pmill_fail_errno(
	pmill_error *error, const char *name, const char *verb, int error_number);

/* PMILL_MEMORY_LIMIT: a single thing, such as a "word", that begins at a byte is too long. */
pmill_status pmill_fail_longest(
	pmill_error *error, const char *name, uint64_t offset, const char *what, uint64_t longest);

/*
 * PMILL_MEMORY_LIMIT: the text followed by both figures, "... 45.3 MiB of memory, more than the
 * limit of 10.0 MiB".
 */
pmill_status pmill_fail_limit(pmill_error *error, uint64_t needed, uint64_t limit,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "NAME: byte OFFSET: ..." */
pmill_status pmill_fail_input(pmill_error *error, const char *name, uint64_t offset,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes "text, u16, u32" to `list`, cut to its capacity. */
void pmill_list_names(char *list, size_t capacity, pmill_name_at *name_at);

/* PMILL_BAD_OPTION: 'unknown KIND "NAME" (known: text, u16, u32); did you mean "u16"?'. */
pmill_status pmill_fail_unknown(
	pmill_error *error, const char *kind, const char *name, pmill_name_at *name_at);

/*
 * Turns a message about offset `error->offset` of a part into one about the whole input, which has
 * the part at `base`: "NAME: byte BASE + OFFSET: ...". Changes only PMILL_BAD_INPUT with an offset.
 */
void pmill_error_locate(pmill_error *error, const char *name, uint64_t base);

/* Moves the offset of a failure, if it has one, by where the part begins. Returns `status`. */
pmill_status pmill_error_move(pmill_status status, uint64_t by, pmill_error *error);

#endif
