/* What a model does to text and ids, as a SHA-256: the same whatever file it was loaded from. */
/* SPDX-License-Identifier: MIT */
#include "model/model_digest.h"

#include <string.h>

#include "base/hash.h"
#include "model/tokenizer.h"

static void add_number(struct pmill_sha256 *sha, uint32_t number)
{
	uint8_t bytes[4];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	pmill_sha256_add(sha, bytes, sizeof bytes);
}

static void add_bytes(struct pmill_sha256 *sha, const void *data, size_t len)
{
	add_number(sha, (uint32_t)len);
	pmill_sha256_add(sha, data, len);
}

/* The ordinary ones. */
static void add_tokens(struct pmill_sha256 *sha, const pmill_tokenizer *tokenizer)
{
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		if (token.data == NULL || tokenizer->vocab.tokens[id].is_special)
			continue;
		add_number(sha, id);
		add_bytes(sha, token.data, token.len);
	}
}

static void add_specials(struct pmill_sha256 *sha, const pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		const struct pmill_special *special = &tokenizer->specials[i];
		add_number(sha, special->id);
		add_bytes(sha, special->content.data, special->content.len);
		add_number(sha,
			(uint32_t)special->is_special | (uint32_t)special->strips_left << 1 |
				(uint32_t)special->strips_right << 2 | (uint32_t)special->is_single_word << 3 |
				(uint32_t)special->is_normalized << 4);
	}
}

static void add_merges(struct pmill_sha256 *sha, const pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->listed_count; i++) {
		const struct pmill_merge *merge = &tokenizer->listed_merges[i];
		add_number(sha, merge->left);
		add_number(sha, merge->right);
		add_number(sha, merge->id);
	}
}

static pmill_status add_description(struct pmill_sha256 *sha, const pmill_tokenizer *tokenizer,
	const char *part, pmill_error *error)
{
	char *text;
	const pmill_status status = pmill_tokenizer_describe(tokenizer, part, &text, error);
	if (status != PMILL_OK)
		return status;
	add_bytes(sha, text, strlen(text));
	pmill_memory_free(text);
	return PMILL_OK;
}

pmill_status pmill_model_digest(const pmill_tokenizer *tokenizer, char text[65], pmill_error *error)
{
	static const char *const parts[] = {"normalizer", "pattern", "template"};
	static const char *const meanings[] = {[PMILL_MEANING_MERGE_LIST] = "merge list",
		[PMILL_MEANING_RANK_BY_ID] = "rank by id",
		[PMILL_MEANING_IGNORE_MERGES] = "ignore merges"};
	struct pmill_sha256 sha;
	pmill_sha256_init(&sha);
	add_bytes(&sha, "pairmill model 1", 16);
	add_number(&sha, (uint32_t)tokenizer->vocab.count);
	add_tokens(&sha, tokenizer);
	add_number(&sha, (uint32_t)tokenizer->special_count);
	add_specials(&sha, tokenizer);
	add_bytes(&sha, meanings[tokenizer->meaning], strlen(meanings[tokenizer->meaning]));
	add_number(&sha, (uint32_t)tokenizer->listed_count);
	add_merges(&sha, tokenizer);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const pmill_status status = add_description(&sha, tokenizer, parts[i], error);
		if (status != PMILL_OK)
			return status;
	}
	const char *version = tokenizer->unicode_version;
	add_bytes(&sha, version, version == NULL ? 0 : strlen(version));
	uint8_t digest[32];
	pmill_sha256_finish(&sha, digest);
	pmill_sha256_text(digest, text);
	return PMILL_OK;
}
