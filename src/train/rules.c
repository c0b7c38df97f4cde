/* Training rules: the options, checked and resolved. */
/* SPDX-License-Identifier: MIT */
#include "train/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"

enum { BYTES = 256 };

#define COMPAT_HF "hf"

const char *pmill_compat_name(size_t index)
{
	return index == 0 ? COMPAT_HF : NULL;
}

/* ---- Names ---- */

static pmill_status set_compat(struct pmill_train_rules *rules, pmill_error *error)
{
	pmill_train_options *options = &rules->options;
	if (options->compat == NULL)
		return PMILL_OK;
	if (strcmp(options->compat, COMPAT_HF) != 0)
		return pmill_fail_unknown(error, "compat", options->compat, pmill_compat_name);
	if ((options->ties != NULL && strcmp(options->ties, "ids") != 0) ||
		(options->layout != NULL && strcmp(options->layout, "hf") != 0))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"compat hf implies ties ids and layout hf: other values contradict it");
	rules->is_hf = true;
	options->compat = COMPAT_HF;
	options->ties = "ids";
	options->layout = "hf";
	return PMILL_OK;
}

static pmill_status set_ties(struct pmill_train_rules *rules, pmill_error *error)
{
	const char *asked = rules->options.ties;
	if (asked != NULL && !pmill_ties_find(asked, &rules->ties))
		return pmill_fail_unknown(error, "tie rule", asked, pmill_ties_name);
	rules->options.ties = pmill_ties_name(rules->ties);
	return PMILL_OK;
}

static pmill_status set_layout(struct pmill_train_rules *rules, pmill_error *error)
{
	rules->layout = pmill_layout_find(rules->options.layout);
	if (rules->layout == NULL)
		return pmill_fail_unknown(error, "id layout", rules->options.layout, pmill_layout_name);
	rules->options.layout = rules->layout->name;
	return PMILL_OK;
}

static pmill_status set_merger(struct pmill_train_rules *rules, pmill_error *error)
{
	const char *asked = rules->options.merger;
	size_t i = 0;
	if (asked == NULL)
		return PMILL_OK;
	while (pmill_merger_name(i) != NULL && strcmp(pmill_merger_name(i), asked) != 0)
		i++;
	if (pmill_merger_name(i) == NULL)
		return pmill_fail_unknown(error, "merger", asked, pmill_merger_name);
	rules->options.merger = pmill_merger_name(i);
	return PMILL_OK;
}

/* ---- Numbers ---- */

uint64_t pmill_train_rules_base(const struct pmill_train_rules *rules)
{
	return BYTES + rules->special_token_count;
}

static pmill_status check_numbers(
	const struct pmill_train_rules *rules, uint64_t special_count, pmill_error *error)
{
	const pmill_train_options *options = &rules->options;
	uint64_t size = options->vocab_size, base = BYTES + special_count + options->reserve;
	if (options->min_count < 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "min-count: %lld is negative",
			(long long)options->min_count);
	if (size < base)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"vocab size %llu is too small: the minimum is %llu, for 256 bytes and %llu special "
			"token%s",
			(unsigned long long)size, (unsigned long long)base, (unsigned long long)(base - BYTES),
			base == BYTES + 1 ? "" : "s");
	if (size > INT32_MAX || size + options->pad_vocab_to > INT32_MAX)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"vocab size %llu is too large: ids have at most 31 bits", (unsigned long long)size);
	return PMILL_OK;
}

/* ---- Special tokens ---- */

static bool is_special(const struct pmill_counts_identity *identity, const char *name, size_t len)
{
	for (size_t i = 0; i < identity->special_token_count; i++)
		if (identity->special_tokens[i].len == len &&
			memcmp(identity->special_tokens[i].data, name, len) == 0)
			return true;
	return false;
}

static pmill_status add_reserved(struct pmill_train_rules *rules,
	const struct pmill_counts_identity *identity, uint32_t number, pmill_error *error)
{
	char name[40];
	size_t len = (size_t)snprintf(name, sizeof name, "<|reserved_%u|>", number);
	if (is_special(identity, name, len))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"reserve: %s is already a special token", name);
	const char *copy = pmill_arena_copy(&rules->strings, name, len);
	if (copy == NULL)
		return pmill_fail_memory(error);
	rules->special_tokens[rules->special_token_count++] = (pmill_bytes){copy, len};
	return PMILL_OK;
}

static pmill_status set_special_tokens(struct pmill_train_rules *rules,
	const struct pmill_counts_identity *identity, pmill_error *error)
{
	size_t count = identity->special_token_count, reserve = rules->options.reserve;
	rules->special_tokens = pmill_arena_allocate(
		&rules->strings, (count + reserve + 1) * sizeof(pmill_bytes), _Alignof(pmill_bytes));
	if (rules->special_tokens == NULL)
		return pmill_fail_memory(error);
	for (; rules->special_token_count < count; rules->special_token_count++)
		rules->special_tokens[rules->special_token_count] =
			identity->special_tokens[rules->special_token_count];
	pmill_status status = PMILL_OK;
	for (uint32_t i = 0; i < reserve && status == PMILL_OK; i++)
		status = add_reserved(rules, identity, i, error);
	return status;
}

/* ---- Checking all options ---- */

pmill_status pmill_train_rules_init(struct pmill_train_rules *rules,
	const pmill_train_options *options, const struct pmill_counts_identity *identity,
	pmill_error *error)
{
	*rules = (struct pmill_train_rules){0};
	pmill_status status = pmill_sized_struct_read(
		&rules->options, sizeof rules->options, options, "pmill_train_options", error);
	if (status == PMILL_OK)
		status = set_compat(rules, error);
	if (status == PMILL_OK)
		status = set_ties(rules, error);
	if (status == PMILL_OK)
		status = set_layout(rules, error);
	if (status == PMILL_OK)
		status = set_merger(rules, error);
	if (status == PMILL_OK)
		status = check_numbers(rules, identity->special_token_count, error);
	return status == PMILL_OK ? set_special_tokens(rules, identity, error) : status;
}

void pmill_train_rules_release(struct pmill_train_rules *rules)
{
	pmill_arena_release(&rules->strings);
}

pmill_status pmill_tokenizer_check_train(
	const pmill_text_options *text, const pmill_train_options *options, pmill_error *error)
{
	pmill_text_options words;
	struct pmill_arena strings = {0};
	struct pmill_counts_identity identity;
	struct pmill_train_rules rules = {0};
	pmill_status status = pmill_sized_struct_read(
		&words, sizeof words, text, "pmill_text_options", error);
	if (status == PMILL_OK)
		status = pmill_counts_identity_resolve(&words, NULL, &strings, &identity, error);
	if (status == PMILL_OK)
		status = pmill_train_rules_init(&rules, options, &identity, error);
	pmill_train_rules_release(&rules);
	pmill_arena_release(&strings);
	return status;
}
