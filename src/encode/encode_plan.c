/* What encoding needs from a tokenizer and its options, made once and shared by threads. */
/* SPDX-License-Identifier: MIT */
#include "encode/encode_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "unicode/quote.h"

/* Which special tokens are recognised in text, and whether added tokens that aren't special are. */
static const struct special_policy {
	const char *name;
	bool takes_all, takes_allowed, forbids, takes_added;
} policies[] = {
	{"none", false, false, false, true},
	{"all", true, false, false, true},
	{"error", true, false, true, true},
	{"list", false, true, false, true},
	{"untrusted", false, false, false, false},
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

/* ---- The tokens that are searched for ---- */

/* What one search is made from. */
struct picked {
	pmill_bytes *contents;
	struct pmill_added_rule *rules; /* goes to the set */
	size_t count;
};

struct choice {
	const struct pmill_encode_options *options;
	const struct special_policy *policy;
	pmill_bytes separator;
};

static bool is_taken(const struct choice *choice, const struct pmill_special *special)
{
	if (is_equal(special->content, choice->separator))
		return true;
	if (!special->is_special)
		return choice->policy->takes_added;
	return choice->policy->takes_all ||
		(choice->policy->takes_allowed && is_allowed(choice->options, special->content));
}

static void pick(struct picked *picked, const struct choice *choice,
	const struct pmill_special *special, pmill_bytes content)
{
	bool is_separator = is_equal(special->content, choice->separator);
	picked->contents[picked->count] = content;
	picked->rules[picked->count++] = (struct pmill_added_rule){
		.id = special->id,
		.is_forbidden = choice->policy->forbids && special->is_special && !is_separator,
		.strips_left = special->strips_left,
		.strips_right = special->strips_right,
		.is_single_word = special->is_single_word,
	};
}

static bool has_flags(const struct pmill_special *special)
{
	return special->strips_left || special->strips_right || special->is_single_word;
}

/*
 * Hugging Face searches for tokens that are not normalised first, in the text as it is. If all are
 * of one kind, and nothing normalises, that is a single search.
 */
static bool needs_second_search(const struct pmill_tokenizer *tokenizer)
{
	size_t normalized = 0;
	for (size_t i = 0; i < tokenizer->special_count; i++)
		normalized += tokenizer->specials[i].is_normalized;
	return normalized > 0 &&
		(tokenizer->normal_step_count > 0 || normalized < tokenizer->special_count);
}

static bool has_any_flags(const struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->special_count; i++)
		if (has_flags(&tokenizer->specials[i]))
			return true;
	return false;
}

static pmill_status fail_empty(pmill_bytes content, pmill_error *error)
{
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"nothing is left of the added token %s once it is normalised: it could be found anywhere",
		pmill_quote(&quote, content.data, content.len));
}

/* `texts` keeps the normalised contents. */
static pmill_status pick_normalized(struct pmill_encode_plan *plan, const struct choice *choice,
	struct picked *picked, struct pmill_arena *texts, pmill_error *error)
{
	struct pmill_buffer text = {0};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < plan->tokenizer->special_count && status == PMILL_OK; i++) {
		const struct pmill_special *special = &plan->tokenizer->specials[i];
		if (!special->is_normalized || !is_taken(choice, special))
			continue;
		status = pmill_normalizer_apply(
			plan->normalizer, special->content.data, special->content.len, &text, NULL, error);
		if (status != PMILL_OK)
			break;
		if (text.len == 0) {
			status = fail_empty(special->content, error);
			break;
		}
		const char *copy = pmill_arena_copy(texts, text.data, text.len);
		if (copy == NULL)
			status = pmill_fail_memory(error);
		else
			pick(picked, choice, special, (pmill_bytes){copy, text.len});
	}
	pmill_buffer_release(&text);
	return status;
}

/* The separator comes last unless it is a special token; then it has that one's place. */
static size_t pick_separator(struct picked *picked, pmill_bytes separator)
{
	if (separator.len == 0)
		return SIZE_MAX;
	for (size_t i = 0; i < picked->count; i++)
		if (is_equal(picked->contents[i], separator))
			return i;
	picked->contents[picked->count] = separator;
	picked->rules[picked->count] = (struct pmill_added_rule){.id = PMILL_NO_ID};
	return picked->count++;
}

static bool allocate_picked(struct picked *picked, size_t room)
{
	picked->contents = calloc(room, sizeof *picked->contents);
	picked->rules = calloc(room, sizeof *picked->rules);
	return picked->contents != NULL && picked->rules != NULL;
}

static pmill_status make_set(struct pmill_encode_plan *plan, struct pmill_added_set *set,
	struct picked *picked, pmill_error *error)
{
	struct pmill_added_rule *rules = picked->rules;
	picked->rules = NULL;
	return pmill_added_set_create(
		set, picked->contents, rules, picked->count, plan->tokenizer->unicode_version, error);
}

static pmill_status set_first(
	struct pmill_encode_plan *plan, const struct choice *choice, bool is_only, pmill_error *error)
{
	const struct pmill_tokenizer *tokenizer = plan->tokenizer;
	struct picked picked = {0};
	pmill_status status = PMILL_OK;
	if (allocate_picked(&picked, tokenizer->special_count + 1)) {
		for (size_t i = 0; i < tokenizer->special_count; i++) {
			const struct pmill_special *special = &tokenizer->specials[i];
			if ((is_only || !special->is_normalized) && is_taken(choice, special))
				pick(&picked, choice, special, special->content);
		}
		if (!plan->needs_documents)
			plan->separator_index = pick_separator(&picked, choice->separator);
		status = make_set(plan, &plan->added, &picked, error);
	} else {
		status = pmill_fail_memory(error);
	}
	free(picked.contents);
	free(picked.rules);
	return status;
}

/* Two that differ in a file can be the same text once they are normalised. */
static pmill_status fail_same(pmill_error *error)
{
	char message[sizeof error->message] = "";
	if (error != NULL)
		memcpy(message, error->message, sizeof message);
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"two added tokens are the same once they are normalised: %.900s", message);
}

static pmill_status set_second(
	struct pmill_encode_plan *plan, const struct choice *choice, pmill_error *error)
{
	struct picked picked = {0};
	struct pmill_arena texts = {0};
	pmill_status status = allocate_picked(&picked, plan->tokenizer->special_count)
		? pick_normalized(plan, choice, &picked, &texts, error)
		: pmill_fail_memory(error);
	if (status == PMILL_OK)
		status = make_set(plan, &plan->normalized, &picked, error);
	if (status == PMILL_BAD_OPTION)
		status = fail_same(error);
	free(picked.contents);
	free(picked.rules);
	pmill_arena_release(&texts);
	return status;
}

/* What divides files. */
static pmill_status set_walked(
	struct pmill_encode_plan *plan, pmill_bytes separator, pmill_error *error)
{
	plan->walked = plan->added.finder;
	if (!plan->needs_documents)
		return PMILL_OK;
	plan->walked = NULL;
	if (separator.len == 0)
		return PMILL_OK;
	plan->separator_index = 0;
	return pmill_special_finder_create(&separator, 1, &plan->walked, error);
}

static pmill_status set_tokens(struct pmill_encode_plan *plan, const pmill_encode_options *options,
	pmill_bytes separator, pmill_error *error)
{
	struct choice choice = {.options = options, .separator = separator};
	pmill_status status = find_policy(options, &choice.policy, error);
	if (status == PMILL_OK)
		status = check_allowed(plan->tokenizer, options, error);
	if (status != PMILL_OK)
		return status;
	bool has_second = needs_second_search(plan->tokenizer);
	plan->needs_documents = has_second || plan->pretokenizer == NULL ||
		plan->tokenizer->normal_step_count > 0 || has_any_flags(plan->tokenizer);
	status = set_first(plan, &choice, !has_second, error);
	if (status == PMILL_OK && has_second)
		status = set_second(plan, &choice, error);
	return status == PMILL_OK ? set_walked(plan, separator, error) : status;
}

/* ---- The plan ---- */

static pmill_status check_encodes(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	if (tokenizer->refusal != NULL)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"the model can't encode here: %.900s", tokenizer->refusal);
	if (tokenizer->step_count == 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has no pattern: name the one it was trained with");
	return PMILL_OK;
}

static pmill_status fill_plan(struct pmill_encode_plan *plan, const pmill_encode_options *options,
	pmill_bytes separator, const char *scanner, pmill_error *error)
{
	const struct pmill_tokenizer *tokenizer = plan->tokenizer;
	pmill_status status = pmill_cutter_create(tokenizer->steps, tokenizer->step_count,
		tokenizer->unicode_version, scanner, &plan->cutter, error);
	if (status != PMILL_OK)
		return status;
	plan->pretokenizer = pmill_cutter_pretokenizer(plan->cutter);
	status = pmill_normalizer_create(tokenizer->normal_steps, tokenizer->normal_step_count,
		tokenizer->unicode_version, tokenizer->form_version, &plan->normalizer, error);
	if (status == PMILL_OK)
		status = set_tokens(plan, options, separator, error);
	if (status == PMILL_OK)
		status = pmill_pretoken_encoder_create(tokenizer, &plan->pretoken_encoder, error);
	return status;
}

pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer,
	const pmill_encode_options *options, pmill_bytes separator, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error)
{
	pmill_status status = check_encodes(tokenizer, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_encode_plan *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->tokenizer = tokenizer;
	created->separator_index = SIZE_MAX;
	created->adds_template = options->add_template != 0;
	status = fill_plan(created, options, separator, scanner, error);
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
	if (plan->walked != plan->added.finder)
		pmill_special_finder_free(plan->walked);
	pmill_added_set_release(&plan->added);
	pmill_added_set_release(&plan->normalized);
	pmill_pretoken_encoder_free(plan->pretoken_encoder);
	pmill_normalizer_free(plan->normalizer);
	pmill_cutter_free(plan->cutter);
	free(plan);
}
