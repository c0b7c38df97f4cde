/* The parts of a tokenizer, put together one by one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_TOKENIZER_PARTS_H
#define PMILL_TESTS_SUPPORT_TOKENIZER_PARTS_H

#include <stdint.h>
#include <string.h>

#include "pairmill.h"

enum { MOST_TOKENS = 400, VOCAB_SIZE = 280 };

/* Parts with room of their own. */
struct parts {
	pmill_tokenizer_parts parts;
	pmill_token tokens[MOST_TOKENS];
	pmill_pair_ids merges[MOST_TOKENS];
	pmill_token specials[MOST_TOKENS];
};

static inline void start(struct parts *parts)
{
	parts->parts = (pmill_tokenizer_parts){.size = sizeof parts->parts,
		.tokens = parts->tokens,
		.merges = parts->merges,
		.special_tokens = parts->specials};
}

static inline void add_token(struct parts *parts, uint32_t id, const char *bytes, size_t len)
{
	parts->tokens[parts->parts.token_count++] = (pmill_token){{bytes, len}, id};
}

static inline void add_special(struct parts *parts, uint32_t id, const char *bytes)
{
	parts->specials[parts->parts.special_token_count++] = (pmill_token){{bytes, strlen(bytes)}, id};
}

static inline void add_merge(struct parts *parts, uint32_t left, uint32_t right)
{
	parts->merges[parts->parts.merge_count++] = (pmill_pair_ids){left, right};
}

/* All bytes, by their own value. */
static inline void add_bytes(struct parts *parts)
{
	static char values[256];
	for (unsigned i = 0; i < 256; i++) {
		values[i] = (char)i;
		add_token(parts, i, &values[i], 1);
	}
}

/* "hi" is 300, " hi" is 301, <|end|> is 260; all between are holes. */
static inline void start_small(struct parts *parts)
{
	start(parts);
	add_bytes(parts);
	add_token(parts, 300, "hi", 2);
	add_token(parts, 301, " hi", 3);
	add_merge(parts, 'h', 'i');
	add_merge(parts, ' ', 300);
	add_special(parts, 260, "<|end|>");
}

static inline pmill_tokenizer *create(const struct parts *parts)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (pmill_tokenizer_create(&parts->parts, &tokenizer, &error) != PMILL_OK)
		print_error("%s\n", error.message);
	assert_non_null(tokenizer);
	return tokenizer;
}

#endif
