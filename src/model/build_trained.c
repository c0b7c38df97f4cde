/* What training learned → a tokenizer. */
/* SPDX-License-Identifier: MIT */
#include "model/build_trained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/training_record.h"

struct build {
	const struct pmill_tokenizer_plan *plan;
	struct pmill_tokenizer *tokenizer;
	struct pmill_special *specials;
	size_t special_count;
	uint32_t first_merge;
	struct pmill_buffer joined; /* bytes of the current token */
	pmill_error *error;
};

static pmill_status check_size(const struct pmill_tokenizer_plan *plan, pmill_error *error)
{
	const uint64_t most = PMILL_NO_ID - 256;
	const bool fits = plan->special_token_count < most &&
		plan->merge_count < most - plan->special_token_count &&
		plan->pad_count < most - plan->special_token_count - plan->merge_count;
	if (fits)
		return PMILL_OK;
	return pmill_fail(
		error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the vocab would have more than 2^32 - 2 entries");
}

static pmill_status add_bytes(struct build *build, uint32_t first_id)
{
	for (uint32_t i = 0; i < 256; i++) {
		const uint8_t byte = pmill_layout_byte(build->plan->layout, i);
		const pmill_status status = pmill_vocab_add(
			&build->tokenizer->vocab, first_id + i, &byte, 1, false, build->error);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

/* Joins the bytes in a buffer first: those of the vocab may move when a token is added. */
static pmill_status add_merge(struct build *build, size_t rank)
{
	struct pmill_tokenizer *tokenizer = build->tokenizer;
	const pmill_pair_ids pair = build->plan->merges[rank];
	const uint32_t id = build->first_merge + (uint32_t)rank;
	const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, pair.left);
	const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, pair.right);
	if (left.data == NULL || right.data == NULL)
		return pmill_fail(build->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"merge %zu joins ids %u and %u, but one of them is not in the vocab yet", rank,
			pair.left, pair.right);
	build->joined.len = 0;
	if (!pmill_buffer_append(&build->joined, left.data, left.len) ||
		!pmill_buffer_append(&build->joined, right.data, right.len))
		return pmill_fail_memory(build->error);
	tokenizer->listed_merges[tokenizer->listed_count++] = (struct pmill_merge){
		pair.left, pair.right, id};
	return pmill_vocab_add(
		&tokenizer->vocab, id, build->joined.data, build->joined.len, false, build->error);
}

static pmill_status add_merges(struct build *build)
{
	const size_t count = build->plan->merge_count;
	if (count == 0)
		return PMILL_OK;
	if (count > SIZE_MAX / sizeof *build->tokenizer->listed_merges)
		return pmill_fail_memory(build->error);
	build->tokenizer->listed_merges = malloc(count * sizeof *build->tokenizer->listed_merges);
	if (build->tokenizer->listed_merges == NULL)
		return pmill_fail_memory(build->error);
	for (size_t rank = 0; rank < count; rank++) {
		const pmill_status status = add_merge(build, rank);
		if (status != PMILL_OK)
			return status;
	}
	return PMILL_OK;
}

static bool is_named(const struct pmill_tokenizer_plan *plan, const char *name, size_t len)
{
	for (size_t i = 0; i < plan->special_token_count; i++)
		if (plan->special_tokens[i].len == len &&
			memcmp(plan->special_tokens[i].data, name, len) == 0)
			return true;
	return false;
}

static pmill_status add_special(struct build *build, uint32_t id, const void *data, size_t len)
{
	const pmill_status status = pmill_vocab_add(
		&build->tokenizer->vocab, id, data, len, true, build->error);
	if (status == PMILL_OK)
		build->specials[build->special_count++] = (struct pmill_special){
			.content = {pmill_vocab_token(&build->tokenizer->vocab, id).data, len},
			.id = id,
			.is_special = true,
		};
	return status;
}

static pmill_status add_pads(struct build *build, uint32_t first_id)
{
	const struct pmill_tokenizer_plan *plan = build->plan;
	uint64_t number = plan->first_pad;
	for (uint32_t i = 0; i < plan->pad_count; number++) {
		char name[40];
		const int len = snprintf(
			name, sizeof name, "<|reserved_%llu|>", (unsigned long long)number);
		if (is_named(plan, name, (size_t)len))
			continue;
		const pmill_status status = add_special(build, first_id + i, name, (size_t)len);
		if (status != PMILL_OK)
			return status;
		i++;
	}
	return PMILL_OK;
}

static pmill_status add_specials(struct build *build, uint32_t first_id, uint32_t first_pad_id)
{
	const struct pmill_tokenizer_plan *plan = build->plan;
	const size_t count = plan->special_token_count + plan->pad_count;
	if (count == 0)
		return PMILL_OK;
	build->specials = calloc(count, sizeof *build->specials);
	if (build->specials == NULL)
		return pmill_fail_memory(build->error);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < plan->special_token_count && status == PMILL_OK; i++)
		status = add_special(build, first_id + (uint32_t)i, plan->special_tokens[i].data,
			plan->special_tokens[i].len);
	if (status == PMILL_OK)
		status = add_pads(build, first_pad_id);
	if (status != PMILL_OK)
		return status;
	/* The vocab's bytes moved while tokens were added. */
	for (size_t i = 0; i < count; i++)
		build->specials[i].content = pmill_vocab_token(
			&build->tokenizer->vocab, build->specials[i].id);
	return pmill_tokenizer_set_specials(build->tokenizer, build->specials, count, build->error);
}

static pmill_status add_tokens(struct build *build)
{
	const struct pmill_tokenizer_plan *plan = build->plan;
	const uint32_t specials = (uint32_t)plan->special_token_count;
	const uint32_t merges = (uint32_t)plan->merge_count;
	build->first_merge = plan->layout->first_merge(specials, merges);
	if (!pmill_vocab_reserve(&build->tokenizer->vocab, 256 + (size_t)specials + merges))
		return pmill_fail_memory(build->error);
	pmill_status status = add_bytes(build, plan->layout->first_byte(specials, merges));
	if (status == PMILL_OK)
		status = add_merges(build);
	if (status == PMILL_OK)
		status = add_specials(
			build, plan->layout->first_special(specials, merges), 256 + specials + merges);
	return status;
}

static pmill_status add_rest(struct build *build)
{
	const struct pmill_tokenizer_plan *plan = build->plan;
	struct pmill_tokenizer *tokenizer = build->tokenizer;
	pmill_tokenizer_find_bytes(tokenizer);
	const pmill_status status = pmill_tokenizer_set_text(tokenizer,
		plan->pattern == NULL ? "gpt2" : plan->pattern,
		plan->unicode_version == NULL ? "16.0" : plan->unicode_version, build->error);
	if (status != PMILL_OK || plan->training == NULL)
		return status;
	tokenizer->training = pmill_training_record_copy(&tokenizer->arena, plan->training);
	return tokenizer->training == NULL ? pmill_fail_memory(build->error) : PMILL_OK;
}

pmill_status pmill_tokenizer_build(
	const struct pmill_tokenizer_plan *plan, struct pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct build build = {.plan = plan, .error = error};
	pmill_status status = check_size(plan, error);
	if (status != PMILL_OK)
		return status;
	build.tokenizer = pmill_tokenizer_create_empty();
	if (build.tokenizer == NULL)
		return pmill_fail_memory(error);
	status = add_tokens(&build);
	if (status == PMILL_OK)
		status = add_rest(&build);
	if (status == PMILL_OK) {
		*tokenizer = build.tokenizer;
		build.tokenizer = NULL;
	}
	pmill_tokenizer_free(build.tokenizer);
	pmill_buffer_release(&build.joined);
	free(build.specials);
	return status;
}
