/* A small tekken.json, for tests of its reader and writer. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_TEKKEN_SAMPLE_H
#define PMILL_TESTS_SUPPORT_TEKKEN_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "notation/base64.h"

enum { SAMPLE_RANKS = 261 }; /* and one row more, which doesn't count */

static const char *const sample_tokens[] = {"th", "the", " the", "\xC3\xA9", "\xE6\x97", "unused"};

static inline void sample_require(bool condition)
{
	if (!condition)
		abort();
}

static inline void add_sample_row(
	struct pmill_buffer *out, unsigned rank, const void *data, size_t len)
{
	sample_require(pmill_buffer_append_format(
					   out, "%s{\"rank\": %u, \"token_bytes\": \"", rank == 0 ? "" : ",\n", rank) &&
		pmill_base64_append(out, data, len) &&
		pmill_buffer_append_text(out, "\", \"token_str\": ") &&
		pmill_buffer_append_text(out, rank == 0 ? "\"\\u0000\"}" : "null}"));
}

/* `more` are the members after the vocab, each after a comma. */
static inline void make_tekken(
	struct pmill_buffer *out, const char *version, unsigned specials, const char *more)
{
	sample_require(pmill_buffer_append_format(out,
		"{\"config\": {\"pattern\": \"\\\\S+|\\\\s+\", \"num_vocab_tokens\": %d, "
		"\"default_vocab_size\": %u, \"default_num_special_tokens\": %u, \"version\": \"%s\"},\n"
		"\"vocab\": [",
		SAMPLE_RANKS + 1, SAMPLE_RANKS + specials, specials, version));
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t value = (uint8_t)byte;
		add_sample_row(out, byte, &value, 1);
	}
	for (unsigned i = 0; i < sizeof sample_tokens / sizeof sample_tokens[0]; i++)
		add_sample_row(out, 256 + i, sample_tokens[i], strlen(sample_tokens[i]));
	sample_require(pmill_buffer_append_format(out, "]%s}\n", more));
}

#endif
