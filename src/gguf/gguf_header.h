/* The key-value section of a GGUF file: what is said there of the vocab. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_GGUF_GGUF_HEADER_H
#define PMILL_GGUF_GGUF_HEADER_H

#include "base/array.h"
#include "files/byte_source.h"
#include "pairmill.h"

/* Types of values. */
enum {
	PMILL_GGUF_U32 = 4,
	PMILL_GGUF_I32 = 5,
	PMILL_GGUF_BOOL = 7,
	PMILL_GGUF_STRING = 8,
	PMILL_GGUF_ARRAY = 9,
};

enum pmill_gguf_key {
	PMILL_GGUF_ARCHITECTURE,
	PMILL_GGUF_MODEL,
	PMILL_GGUF_PRE,
	PMILL_GGUF_TOKENS,
	PMILL_GGUF_TOKEN_TYPES,
	PMILL_GGUF_MERGES,
	PMILL_GGUF_BOS,
	PMILL_GGUF_EOS,
	PMILL_GGUF_UNKNOWN,
	PMILL_GGUF_PADDING,
	PMILL_GGUF_ADD_BOS,
	PMILL_GGUF_ADD_EOS,
	PMILL_GGUF_KEY_COUNT,
};

/* What the file calls a key, and the type of its value. */
struct pmill_gguf_field {
	const char *key;
	uint32_t type;
	uint32_t element; /* of an array */
};

extern const struct pmill_gguf_field pmill_gguf_fields[PMILL_GGUF_KEY_COUNT];

/* Of the types above. Strings and arrays are kept as they are in the file, lengths left out. */
struct pmill_gguf_value {
	bool is_there;
	uint64_t offset;           /* in the file: of the value, of an array's first element */
	uint32_t number;           /* u32, bool */
	uint64_t count;            /* of elements; of a string 1 */
	struct pmill_buffer bytes; /* the strings one after another, or the numbers */
	struct pmill_buffer ends;  /* of each string in `bytes`: size_t */
};

/* All zero is empty. */
struct pmill_gguf_header {
	struct pmill_gguf_value values[PMILL_GGUF_KEY_COUNT];
};

void pmill_gguf_header_release(struct pmill_gguf_header *header);

/*
 * Reads up to the end of the section and no further. Memory grows with what is read, not with what
 * the file claims. Errors have the file's name and the byte.
 */
pmill_status pmill_gguf_header_read(
	struct pmill_gguf_header *header, struct pmill_byte_source *source, pmill_error *error);

/* "NAME: holds no vocab: KEY is missing ...". */
pmill_status pmill_gguf_fail_missing(enum pmill_gguf_key key, const char *name, pmill_error *error);

/* A string of a value, and where its bytes begin in the file. */
pmill_bytes pmill_gguf_string(const struct pmill_gguf_value *value, size_t index);
uint64_t pmill_gguf_string_offset(const struct pmill_gguf_value *value, size_t index);

/* A number of an array of 32-bit integers. */
int32_t pmill_gguf_number(const struct pmill_gguf_value *value, size_t index);

#endif
