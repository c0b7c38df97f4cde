/* The tokenizer as an object: creation, queries, release. */
/* SPDX-License-Identifier: MIT */
#include "model/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"

struct pmill_tokenizer *pmill_tokenizer_create_empty(void)
{
	struct pmill_tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
	if (tokenizer == NULL)
		return NULL;
	for (int byte = 0; byte < 256; byte++)
		tokenizer->byte_ids[byte] = PMILL_NO_ID;
	return tokenizer;
}

void pmill_tokenizer_free(pmill_tokenizer *tokenizer)
{
	if (tokenizer == NULL)
		return;
	pmill_vocab_release(&tokenizer->vocab);
	pmill_arena_release(&tokenizer->arena);
	free(tokenizer->merges);
	free(tokenizer);
}

void pmill_tokenizer_find_bytes(struct pmill_tokenizer *tokenizer)
{
	for (int byte = 0; byte < 256; byte++) {
		const uint8_t value = (uint8_t)byte;
		tokenizer->byte_ids[byte] = pmill_vocab_find(&tokenizer->vocab, &value, 1);
	}
}

static int compare_specials(const void *left, const void *right)
{
	const struct pmill_special *a = left, *b = right;
	return (a->id > b->id) - (a->id < b->id);
}

pmill_status pmill_tokenizer_set_specials(struct pmill_tokenizer *tokenizer,
	const struct pmill_special *specials, size_t count, pmill_error *error)
{
	if (count > SIZE_MAX / sizeof *specials)
		return pmill_fail_memory(error);
	struct pmill_special *copies = pmill_arena_allocate(
		&tokenizer->arena, count * sizeof *copies, _Alignof(struct pmill_special));
	if (copies == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		copies[i] = specials[i];
		copies[i].content.data = pmill_arena_copy(
			&tokenizer->arena, specials[i].content.data, specials[i].content.len);
		if (copies[i].content.data == NULL)
			return pmill_fail_memory(error);
	}
	qsort(copies, count, sizeof *copies, compare_specials);
	tokenizer->specials = copies;
	tokenizer->special_count = count;
	return PMILL_OK;
}

const struct pmill_special *pmill_tokenizer_find_special(
	const struct pmill_tokenizer *tokenizer, pmill_bytes content)
{
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		const pmill_bytes own = tokenizer->specials[i].content;
		if (own.len == content.len &&
			(own.len == 0 || memcmp(own.data, content.data, own.len) == 0))
			return &tokenizer->specials[i];
	}
	return NULL;
}

pmill_status pmill_tokenizer_set_text(struct pmill_tokenizer *tokenizer, const char *pattern,
	const char *unicode_version, pmill_error *error)
{
	tokenizer->pattern = NULL;
	if (pattern != NULL)
		tokenizer->pattern = pmill_arena_copy(&tokenizer->arena, pattern, strlen(pattern));
	tokenizer->unicode_version = pmill_arena_copy(
		&tokenizer->arena, unicode_version, strlen(unicode_version));
	if ((pattern != NULL && tokenizer->pattern == NULL) || tokenizer->unicode_version == NULL)
		return pmill_fail_memory(error);
	return PMILL_OK;
}

uint32_t pmill_tokenizer_vocab_size(const pmill_tokenizer *tokenizer)
{
	return (uint32_t)tokenizer->vocab.count;
}

pmill_bytes pmill_tokenizer_token_bytes(const pmill_tokenizer *tokenizer, uint32_t id)
{
	return pmill_vocab_token(&tokenizer->vocab, id);
}

uint32_t pmill_tokenizer_token_id(const pmill_tokenizer *tokenizer, const void *data, size_t len)
{
	const uint32_t id = pmill_vocab_find(&tokenizer->vocab, data, len);
	if (id != PMILL_NO_ID)
		return id;
	const struct pmill_special *special = pmill_tokenizer_find_special(
		tokenizer, (pmill_bytes){data, len});
	return special == NULL ? PMILL_NO_ID : special->id;
}

size_t pmill_tokenizer_merge_count(const pmill_tokenizer *tokenizer)
{
	return tokenizer->merge_count;
}

pmill_status pmill_tokenizer_get_merge(
	const pmill_tokenizer *tokenizer, size_t rank, uint32_t *left, uint32_t *right, uint32_t *id)
{
	if (rank >= tokenizer->merge_count)
		return PMILL_BAD_OPTION;
	const struct pmill_merge *merge = &tokenizer->merges[rank];
	*left = merge->left;
	*right = merge->right;
	*id = merge->id;
	return PMILL_OK;
}

size_t pmill_tokenizer_special_count(const pmill_tokenizer *tokenizer)
{
	return tokenizer->special_count;
}

pmill_status pmill_tokenizer_get_special(const pmill_tokenizer *tokenizer, size_t index,
	pmill_bytes *content, uint32_t *id, int *is_special)
{
	if (index >= tokenizer->special_count)
		return PMILL_BAD_OPTION;
	const struct pmill_special *special = &tokenizer->specials[index];
	*content = special->content;
	*id = special->id;
	*is_special = special->is_special;
	return PMILL_OK;
}

const char *pmill_tokenizer_pattern(const pmill_tokenizer *tokenizer)
{
	return tokenizer->pattern;
}

const char *pmill_tokenizer_unicode_version(const pmill_tokenizer *tokenizer)
{
	return tokenizer->unicode_version;
}

static const char *const meanings[] = {
	[PMILL_MEANING_MERGE_LIST] = "merge list",
	[PMILL_MEANING_RANK_BY_ID] = "rank by id",
	[PMILL_MEANING_IGNORE_MERGES] = "ignore merges",
};

const char *pmill_meaning_name(size_t index)
{
	return index < sizeof meanings / sizeof *meanings ? meanings[index] : NULL;
}

const char *pmill_tokenizer_meaning(const pmill_tokenizer *tokenizer)
{
	return meanings[tokenizer->meaning];
}

pmill_status pmill_tokenizer_get_training(
	const pmill_tokenizer *tokenizer, pmill_training *training)
{
	static const pmill_training none = {0};
	const pmill_training *full = tokenizer->training != NULL ? tokenizer->training : &none;
	return pmill_sized_struct_write(training, full, sizeof *full, "pmill_training", NULL);
}
