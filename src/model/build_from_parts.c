/* A tokenizer from parts that the caller has in memory: tokens, merges, pattern. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "model/tokenizer.h"
#include "pretokenize/pretokenizer.h"
#include "unicode/quote.h"

static pmill_status set_meaning(
	struct pmill_tokenizer *tokenizer, const pmill_tokenizer_parts *parts, pmill_error *error)
{
	size_t meaning = parts->merge_count > 0 ? PMILL_MEANING_MERGE_LIST : PMILL_MEANING_RANK_BY_ID;
	if (parts->meaning != NULL) {
		const char *name;
		meaning = 0;
		while ((name = pmill_meaning_name(meaning)) != NULL && strcmp(name, parts->meaning) != 0)
			meaning++;
		if (name == NULL)
			return pmill_fail_unknown(error, "meaning of BPE", parts->meaning, pmill_meaning_name);
	}
	tokenizer->meaning = (enum pmill_meaning)meaning;
	if (tokenizer->meaning != PMILL_MEANING_RANK_BY_ID || parts->merge_count == 0)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"the meaning \"rank by id\" has no merges, but %zu are given: leave them out",
		parts->merge_count);
}

/* Compiles the pattern to see that it can be used, and takes its name if it is a known one. */
static pmill_status set_text(
	struct pmill_tokenizer *tokenizer, const pmill_tokenizer_parts *parts, pmill_error *error)
{
	struct pmill_pretokenizer *pretokenizer = NULL;
	pmill_status status = pmill_pretokenizer_create(
		parts->pattern, parts->unicode_version, NULL, &pretokenizer, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_tokenizer_set_text(tokenizer, pmill_pretokenizer_pattern(pretokenizer),
		pmill_pretokenizer_unicode(pretokenizer)->version, error);
	pmill_pretokenizer_free(pretokenizer);
	return status;
}

/* ---- Special tokens ---- */

static int compare_bytes(const void *left, const void *right)
{
	const pmill_bytes *a = &((const struct pmill_special *)left)->content;
	const pmill_bytes *b = &((const struct pmill_special *)right)->content;
	const size_t len = a->len < b->len ? a->len : b->len;
	const int order = len == 0 ? 0 : memcmp(a->data, b->data, len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* `specials` are sorted by their bytes. */
static pmill_status check_distinct(
	const struct pmill_special *specials, size_t count, pmill_error *error)
{
	struct pmill_quote quote;
	for (size_t i = 1; i < count; i++)
		if (compare_bytes(&specials[i - 1], &specials[i]) == 0)
			return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
				"the special token %s occurs twice, with the ids %u and %u",
				pmill_quote(&quote, specials[i].content.data, specials[i].content.len),
				specials[i - 1].id, specials[i].id);
	return PMILL_OK;
}

/* Sorted by their bytes. Release `*specials` with free. */
static pmill_status sort_specials(
	const pmill_tokenizer_parts *parts, struct pmill_special **specials, pmill_error *error)
{
	const size_t count = parts->special_token_count;
	struct pmill_special *sorted = calloc(count > 0 ? count : 1, sizeof *sorted);
	if (sorted == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct pmill_special){
			.content = parts->special_tokens[i].bytes,
			.id = parts->special_tokens[i].id,
			.is_special = true,
		};
	qsort(sorted, count, sizeof *sorted, compare_bytes);
	const pmill_status status = check_distinct(sorted, count, error);
	if (status == PMILL_OK)
		*specials = sorted;
	else
		free(sorted);
	return status;
}

/* ---- Tokens ---- */

static pmill_status check_id(
	const pmill_tokenizer_parts *parts, const pmill_token *token, pmill_error *error)
{
	const uint64_t limit = (uint64_t)parts->token_count + parts->special_token_count +
		PMILL_MOST_HOLES;
	struct pmill_quote quote;
	if (token->id < limit && token->id != PMILL_NO_ID)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the id %u of the token %s is out of range among %zu tokens", token->id,
		pmill_quote(&quote, token->bytes.data, token->bytes.len),
		parts->token_count + parts->special_token_count);
}

/*
 * One that is a special token, too, is added as such only: ordinary text must not become its id.
 * The other readers of models do the same.
 */
static pmill_status add_token(struct pmill_tokenizer *tokenizer, const pmill_token *token,
	const struct pmill_special *specials, size_t special_count, pmill_error *error)
{
	const struct pmill_special key = {.content = token->bytes};
	const struct pmill_special *special = bsearch(
		&key, specials, special_count, sizeof *specials, compare_bytes);
	struct pmill_quote quote;
	if (special == NULL)
		return pmill_vocab_add(
			&tokenizer->vocab, token->id, token->bytes.data, token->bytes.len, false, error);
	if (special->id == token->id)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the special token %s with the id %u is among the tokens with the id %u",
		pmill_quote(&quote, token->bytes.data, token->bytes.len), special->id, token->id);
}

static pmill_status add_tokens(struct pmill_tokenizer *tokenizer,
	const pmill_tokenizer_parts *parts, const struct pmill_special *specials, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (!pmill_vocab_reserve(&tokenizer->vocab, parts->token_count))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < parts->token_count && status == PMILL_OK; i++) {
		const pmill_token *token = &parts->tokens[i];
		status = check_id(parts, token, error);
		if (status == PMILL_OK)
			status = add_token(tokenizer, token, specials, parts->special_token_count, error);
	}
	return status;
}

static pmill_status add_specials(struct pmill_tokenizer *tokenizer,
	const pmill_tokenizer_parts *parts, const struct pmill_special *specials, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < parts->special_token_count && status == PMILL_OK; i++) {
		const pmill_token *token = &parts->special_tokens[i];
		status = check_id(parts, token, error);
		if (status == PMILL_OK)
			status = pmill_vocab_add(
				&tokenizer->vocab, token->id, token->bytes.data, token->bytes.len, true, error);
	}
	return status == PMILL_OK
		? pmill_tokenizer_set_specials(tokenizer, specials, parts->special_token_count, error)
		: status;
}

/* ---- Merges ---- */

static pmill_status add_merge(struct pmill_tokenizer *tokenizer, pmill_pair_ids pair, size_t rank,
	struct pmill_buffer *joined, pmill_error *error)
{
	const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, pair.left);
	const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, pair.right);
	struct pmill_quote quote;
	if (left.data == NULL || right.data == NULL)
		return pmill_fail(error, PMILL_BAD_INPUT, rank,
			"merge %zu joins the ids %u and %u, and one is not among the tokens", rank, pair.left,
			pair.right);
	joined->len = 0;
	if (!pmill_buffer_append(joined, left.data, left.len) ||
		!pmill_buffer_append(joined, right.data, right.len))
		return pmill_fail_memory(error);
	const uint32_t id = pmill_vocab_find(&tokenizer->vocab, joined->data, joined->len);
	if (id == PMILL_NO_ID)
		return pmill_fail(error, PMILL_BAD_INPUT, rank,
			"merge %zu makes %s, which is not among the tokens", rank,
			pmill_quote(&quote, joined->data, joined->len));
	tokenizer->listed_merges[tokenizer->listed_count++] = (struct pmill_merge){
		pair.left, pair.right, id};
	return PMILL_OK;
}

static pmill_status add_merges(
	struct pmill_tokenizer *tokenizer, const pmill_tokenizer_parts *parts, pmill_error *error)
{
	struct pmill_buffer joined = {0};
	if (parts->merge_count > SIZE_MAX / sizeof *tokenizer->listed_merges - 1)
		return pmill_fail_memory(error);
	tokenizer->listed_merges = malloc((parts->merge_count + 1) * sizeof *tokenizer->listed_merges);
	if (tokenizer->listed_merges == NULL)
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	for (size_t rank = 0; rank < parts->merge_count && status == PMILL_OK; rank++)
		status = add_merge(tokenizer, parts->merges[rank], rank, &joined, error);
	pmill_buffer_release(&joined);
	return status;
}

/* ---- Together ---- */

static pmill_status fill_vocab(struct pmill_tokenizer *tokenizer,
	const pmill_tokenizer_parts *parts, const struct pmill_special *specials, pmill_error *error)
{
	pmill_status status = add_tokens(tokenizer, parts, specials, error);
	if (status != PMILL_OK)
		return status;
	status = add_merges(tokenizer, parts, error);
	pmill_tokenizer_find_bytes(tokenizer);
	return status == PMILL_OK ? add_specials(tokenizer, parts, specials, error) : status;
}

static pmill_status fill(
	struct pmill_tokenizer *tokenizer, const pmill_tokenizer_parts *parts, pmill_error *error)
{
	struct pmill_special *specials = NULL;
	pmill_status status = set_meaning(tokenizer, parts, error);
	if (status == PMILL_OK)
		status = set_text(tokenizer, parts, error);
	if (status == PMILL_OK)
		status = sort_specials(parts, &specials, error);
	if (status == PMILL_OK)
		status = fill_vocab(tokenizer, parts, specials, error);
	free(specials);
	return status;
}

pmill_status pmill_tokenizer_create(
	const pmill_tokenizer_parts *parts, pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_tokenizer_parts whole;
	pmill_status status = pmill_sized_struct_read(
		&whole, sizeof whole, parts, "pmill_tokenizer_parts", error);
	if (status != PMILL_OK)
		return status;
	struct pmill_tokenizer *created = pmill_tokenizer_create_empty();
	if (created == NULL)
		return pmill_fail_memory(error);
	status = fill(created, &whole, error);
	if (status == PMILL_OK)
		*tokenizer = created;
	else
		pmill_tokenizer_free(created);
	return status;
}
