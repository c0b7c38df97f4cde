/* First look: how a file is read, by its name and the way it begins. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CORPUS_FIRST_LOOK_H
#define PMILL_CORPUS_FIRST_LOOK_H

#include <stdbool.h>

#include "base/array.h"
#include "corpus/corpus_format.h"
#include "files/file_kind.h"
#include "corpus/reader.h"
#include "pairmill.h"

/*
 * A longer first line is judged by this much of it: JSON lines have their fields before that, and
 * memory stays bounded.
 */
enum { PMILL_FIRST_LOOK_MOST = 1 << 24 };

/* What is known of a file before its bytes are seen. */
struct pmill_first_look {
	const struct pmill_corpus_format *format; /* by its suffix */
	bool is_json_name;                        /* ".json": JSON lines or other JSON */
	bool is_named;                            /* not found in a folder */
	bool skips_bad_lines;
	const char *field; /* of JSON lines */
};

struct pmill_first_finding {
	const struct pmill_corpus_format *format;
	enum pmill_first_refusal {
		PMILL_READABLE,
		PMILL_NOT_TEXT,    /* `kind` says what it looks like */
		PMILL_UNSURE_JSON, /* an object, but JSON lines or not? */
		PMILL_JSON_ARRAY,
	} refusal;
	const struct pmill_file_kind *kind;
	bool has_strings; /* the array's first item is a string */
};

/* `options` are borrowed. */
void pmill_first_look_init(struct pmill_first_look *look, const char *path, bool is_named,
	const pmill_input_options *options);

/*
 * Judges a file by its first bytes, decompressed; `is_whole`: there are no others. Returns false if
 * more bytes are needed.
 */
bool pmill_first_look_judge(const struct pmill_first_look *look, const uint8_t *data, size_t len,
	bool is_whole, struct pmill_first_finding *finding);

/*
 * Reads as much as is needed, and appends it to the empty `buffer`. `*is_read`: that is the whole
 * file.
 */
pmill_status pmill_first_look_read(const struct pmill_first_look *look, struct pmill_reader *reader,
	struct pmill_buffer *buffer, bool *is_read, struct pmill_first_finding *finding,
	pmill_error *error);

/*
 * The same for a regular file of `bytes` stored bytes; `buffer` is overwritten, so that many looks
 * can share it.
 */
pmill_status pmill_first_look_at(const struct pmill_first_look *look, const char *path,
	uint64_t bytes, struct pmill_buffer *buffer, struct pmill_first_finding *finding,
	pmill_error *error);

/* PMILL_OK if it is readable, else PMILL_BAD_INPUT with the ways out. */
pmill_status pmill_first_look_report(const struct pmill_first_look *look,
	const struct pmill_first_finding *finding, const char *name, pmill_error *error);

#endif
