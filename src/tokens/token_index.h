/* Files beside the ids that say where documents end: Megatron's .idx, datatrove's .ds.index. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TOKENS_TOKEN_INDEX_H
#define PMILL_TOKENS_TOKEN_INDEX_H

#include "files/file.h"
#include "pairmill.h"

enum { PMILL_INDEX_FILES = 2 };

struct pmill_index_writer;

/* What an index says of its ids. */
struct pmill_index_facts {
	uint64_t documents, tokens;
	unsigned width; /* bytes of an id; 0: it doesn't say */
};

/* A kind of index. */
struct pmill_index_format {
	const char *suffixes[PMILL_INDEX_FILES]; /* of its files, after OUT; NULL: no such file */
	pmill_status (*begin)(struct pmill_index_writer *writer, pmill_error *error);
	/* A document of `count` ids ended. */
	pmill_status (*end_document)(
		struct pmill_index_writer *writer, uint64_t count, pmill_error *error);
	/* `model`: what stands for it where a name is wanted. */
	pmill_status (*finish)(
		struct pmill_index_writer *writer, const char *model, pmill_error *error);
	/* `out`: the ids' path without the format's suffix for them. */
	pmill_status (*read)(const char *out, struct pmill_index_facts *facts, pmill_error *error);
};

extern const struct pmill_index_format pmill_megatron_index, pmill_datatrove_index;

/* All zero is no index. */
struct pmill_index_writer {
	const struct pmill_index_format *format; /* NULL: none */
	unsigned width;                          /* bytes of an id */
	struct pmill_file_writer files[PMILL_INDEX_FILES];
	uint64_t documents, tokens;
};

pmill_status pmill_index_writer_open(struct pmill_index_writer *writer,
	const struct pmill_index_format *format, unsigned width, const char *out, unsigned flags,
	pmill_error *error);
void pmill_index_writer_release(struct pmill_index_writer *writer);

#endif
