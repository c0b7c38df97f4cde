/* What encoding needs from a tokenizer and its options, made once and shared by threads. */
/* SPDX-License-Identifier: MIT */
#include "encode/encode_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "unicode/quote.h"

/* Which special tokens are recognised in text. Added tokens that are not special always are. */
static const struct special_policy {
	const char *name;
	bool takes_all, takes_allowed, forbids;
} policies[] = {
	{"none", false, false, false},
	{"all", true, false, false},
	{"error", true, false, true},
	{"list", false, true, false},
};

enum { POLICY_COUNT = sizeof policies / sizeof policies[0] };

const char *pmill_special_policy_name(size_t index)
{
	return index < POLICY_COUNT ? policies[index].name : NULL;
}

static bool is_equal(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static pmill_status find_policy(
	const pmill_encode_options *options, const struct special_policy **policy, pmill_error *error)
{
	const char *name = options->special_tokens == NULL ? "none" : options->special_tokens;
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		if (strcmp(policies[i].name, name) != 0)
			continue;
		if (options->allowed_count > 0 && !policies[i].takes_allowed)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"allowed special tokens need the policy list, not %s", name);
		*policy = &policies[i];
		return PMILL_OK;
	}
	return pmill_fail_unknown(error, "special-token policy", name, pmill_special_policy_name);
}

static pmill_status check_allowed(const struct pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_error *error)
{
	for (size_t i = 0; i < options->allowed_count; i++) {
		struct pmill_quote quote;
		const pmill_bytes name = options->allowed[i];
		if (pmill_tokenizer_find_special(tokenizer, name) == NULL)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"the model has no special token %s", pmill_quote(&quote, name.data, name.len));
	}
	return PMILL_OK;
}

static bool is_allowed(const pmill_encode_options *options, pmill_bytes content)
{
	for (size_t i = 0; i < options->allowed_count; i++) {
		if (is_equal(options->allowed[i], content))
			return true;
	}
	return false;
}

/*
 * `contents` and special_rules have room for all special tokens and a separator. Returns the number
 * picked.
 */
static size_t pick_specials(struct pmill_encode_plan *plan, const pmill_encode_options *options,
	const struct special_policy *policy, pmill_bytes separator, pmill_bytes *contents)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->tokenizer->special_count; i++) {
		const struct pmill_special *special = &plan->tokenizer->specials[i];
		bool is_separator = separator.len > 0 && is_equal(special->content, separator);
		if (special->is_special && !policy->takes_all && !is_separator &&
			!(policy->takes_allowed && is_allowed(options, special->content)))
			continue;
		if (is_separator)
			plan->separator_index = count;
		contents[count] = special->content;
		plan->special_rules[count++] = (struct pmill_planned_special){
			special->id, policy->forbids && special->is_special && !is_separator};
	}
	if (separator.len > 0 && plan->separator_index == SIZE_MAX) {
		plan->separator_index = count;
		contents[count] = separator;
		plan->special_rules[count++] = (struct pmill_planned_special){PMILL_NO_ID, false};
	}
	return count;
}

static pmill_status set_specials(struct pmill_encode_plan *plan,
	const pmill_encode_options *options, pmill_bytes separator, pmill_error *error)
{
	const struct special_policy *policy = NULL;
	pmill_status status = find_policy(options, &policy, error);
	if (status == PMILL_OK)
		status = check_allowed(plan->tokenizer, options, error);
	if (status != PMILL_OK)
		return status;
	size_t room = plan->tokenizer->special_count + 1;
	pmill_bytes *contents = calloc(room, sizeof *contents);
	plan->special_rules = calloc(room, sizeof *plan->special_rules);
	if (contents == NULL || plan->special_rules == NULL) {
		status = pmill_fail_memory(error);
	} else {
		size_t count = pick_specials(plan, options, policy, separator, contents);
		status = pmill_special_finder_create(contents, count, &plan->specials, error);
	}
	free(contents);
	return status;
}

pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_bytes separator, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error)
{
	if (tokenizer->pattern == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no pattern: name the one it was trained with");
	struct pmill_encode_plan *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->tokenizer = tokenizer;
	created->separator_index = SIZE_MAX;
	pmill_status status = set_specials(created, options, separator, error);
	if (status == PMILL_OK)
		status = pmill_pretokenizer_create(
			tokenizer->pattern, tokenizer->unicode_version, scanner, &created->pretokenizer, error);
	if (status == PMILL_OK)
		status = pmill_pretoken_encoder_create(tokenizer, &created->pretoken_encoder, error);
	if (status == PMILL_OK)
		*plan = created;
	else
		pmill_encode_plan_free(created);
	return status;
}

void pmill_encode_plan_free(struct pmill_encode_plan *plan)
{
	if (plan == NULL)
		return;
	pmill_pretoken_encoder_free(plan->pretoken_encoder);
	pmill_pretokenizer_free(plan->pretokenizer);
	pmill_special_finder_free(plan->specials);
	free(plan->special_rules);
	free(plan);
}
