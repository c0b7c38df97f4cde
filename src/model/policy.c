/* Which tokens are recognised in text. */
/* SPDX-License-Identifier: MIT */
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "unicode/quote.h"

static const struct choice {
	const char *name;
	enum pmill_treatment treatment;
	bool is_list;
} choices[] = {
	{"none", PMILL_IGNORED, false},
	{"all", PMILL_RECOGNISED, false},
	{"error", PMILL_FORBIDDEN, false},
	{"list", PMILL_RECOGNISED, true},
};

enum { CHOICE_COUNT = sizeof choices / sizeof choices[0] };

const char *pmill_policy_choice_name(size_t index)
{
	return index < CHOICE_COUNT ? choices[index].name : NULL;
}

/* How one kind of tokens is treated. */
struct rule {
	const char *what; /* for messages */
	bool is_special;
	const char *name;
	const pmill_bytes *list;
	size_t count;
};

static pmill_status find_choice(
	const struct rule *rule, const struct choice **choice, pmill_error *error)
{
	for (size_t i = 0; i < CHOICE_COUNT; i++) {
		if (strcmp(choices[i].name, rule->name) != 0)
			continue;
		if (rule->count > 0 && !choices[i].is_list)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"a list of %s tokens needs the choice list, not %s", rule->what, rule->name);
		*choice = &choices[i];
		return PMILL_OK;
	}
	return pmill_fail_unknown(error, "choice for a policy", rule->name, pmill_policy_choice_name);
}

static pmill_status fail_other_kind(pmill_bytes name, const struct rule *rule, pmill_error *error)
{
	struct pmill_quote quote;
	pmill_quote(&quote, name.data, name.len);
	return rule->is_special ? pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
								  "the token %s of the model isn't special", quote.text)
							: pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
								  "%s is a special token of the model", quote.text);
}

static pmill_status take_list(
	struct pmill_policy *policy, const struct rule *rule, pmill_error *error)
{
	for (size_t i = 0; i < rule->count; i++) {
		struct pmill_quote quote;
		const pmill_bytes name = rule->list[i];
		const struct pmill_special *special = pmill_tokenizer_find_special(policy->tokenizer, name);
		if (special == NULL)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"the model has no special token %s", pmill_quote(&quote, name.data, name.len));
		if (special->is_special != rule->is_special)
			return fail_other_kind(name, rule, error);
		policy->treatments[special - policy->tokenizer->specials] = PMILL_RECOGNISED;
	}
	return PMILL_OK;
}

static pmill_status take_rule(
	struct pmill_policy *policy, const struct rule *rule, pmill_error *error)
{
	const struct choice *choice = NULL;
	const struct pmill_tokenizer *tokenizer = policy->tokenizer;
	const pmill_status status = find_choice(rule, &choice, error);
	if (status != PMILL_OK)
		return status;
	if (choice->is_list)
		return take_list(policy, rule, error);
	for (size_t i = 0; i < tokenizer->special_count; i++)
		if (tokenizer->specials[i].is_special == rule->is_special)
			policy->treatments[i] = (uint8_t)choice->treatment;
	return PMILL_OK;
}

static pmill_status take_rules(
	struct pmill_policy *policy, const pmill_policy_options *options, pmill_error *error)
{
	const struct rule special = {"special", true,
		options->special == NULL ? "none" : options->special, options->special_list,
		options->special_list_count};
	const struct rule added = {"added", false, options->added == NULL ? "all" : options->added,
		options->added_list, options->added_list_count};
	pmill_status status = take_rule(policy, &special, error);
	if (status == PMILL_OK)
		status = take_rule(policy, &added, error);
	for (size_t i = 0; i < policy->tokenizer->special_count; i++)
		policy->is_any |= policy->treatments[i] != PMILL_IGNORED;
	return status;
}

pmill_status pmill_policy_create(const pmill_tokenizer *tokenizer,
	const pmill_policy_options *options, pmill_policy **policy, pmill_error *error)
{
	pmill_policy_options whole;
	pmill_status status = pmill_sized_struct_read(
		&whole, sizeof whole, options, "pmill_policy_options", error);
	if (status != PMILL_OK)
		return status;
	struct pmill_policy *made = calloc(1, sizeof *made + tokenizer->special_count);
	if (made == NULL)
		return pmill_fail_memory(error);
	atomic_init(&made->references, 1);
	made->tokenizer = tokenizer;
	made->adds_template = whole.add_template != 0;
	status = take_rules(made, &whole, error);
	if (status == PMILL_OK)
		*policy = made;
	else
		pmill_policy_free(made);
	return status;
}

/* Only its references change. */
static struct pmill_policy *as_counted(const pmill_policy *policy)
{
	return (struct pmill_policy *)(uintptr_t)policy;
}

pmill_policy *pmill_policy_share(const pmill_policy *policy)
{
	atomic_fetch_add(&as_counted(policy)->references, 1);
	return as_counted(policy);
}

void pmill_policy_free(pmill_policy *policy)
{
	if (policy != NULL && atomic_fetch_sub(&policy->references, 1) == 1)
		free(policy);
}

pmill_status pmill_policy_check(
	const pmill_policy *policy, const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (policy == NULL || policy->tokenizer == tokenizer)
		return PMILL_OK;
	return pmill_fail(
		error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "the policy is that of another tokenizer");
}
