/* What encoding needs from a tokenizer, made once and shared by encoders and threads. */
/* SPDX-License-Identifier: MIT */
#include "encode/encode_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "pretokenize/scanner_table.h"
#include "unicode/quote.h"

/* ---- The tokens that are searched for ---- */

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

/* A token and what is searched for. */
struct picked {
	pmill_bytes content;
	uint32_t special;
};

static int compare_picked(const void *a, const void *b)
{
	const struct picked *x = a, *y = b;
	const size_t len = x->content.len < y->content.len ? x->content.len : y->content.len;
	const int order = memcmp(x->content.data, y->content.data, len);
	if (order != 0)
		return order;
	if (x->content.len != y->content.len)
		return x->content.len < y->content.len ? -1 : 1;
	return x->special < y->special ? -1 : x->special > y->special;
}

static bool allocate_set(const struct pmill_tokenizer *tokenizer, struct pmill_added_set *set)
{
	const size_t count = tokenizer->special_count;
	set->specials = pmill_array_allocate(count + 1, sizeof *set->specials);
	set->rules = pmill_array_allocate(count + 1, sizeof *set->rules);
	return set->specials != NULL && set->rules != NULL;
}

static void set_rule(
	const struct pmill_tokenizer *tokenizer, struct pmill_added_set *set, uint32_t index)
{
	const struct pmill_special *special = &tokenizer->specials[index];
	set->rules[index] = (struct pmill_added_rule){
		.same = PMILL_NO_ADDED,
		.strips_left = special->strips_left,
		.strips_right = special->strips_right,
		.is_single_word = special->is_single_word,
	};
}

/* Notes those that are spelled alike, and keeps one of them in `contents`. Returns their number. */
static size_t fill_set(struct pmill_encode_plan *plan, struct pmill_added_set *set,
	const struct picked *picked, size_t count, pmill_bytes *contents)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		const uint32_t special = picked[i].special;
		set_rule(plan->tokenizer, set, special);
		if (kept > 0 && pmill_bytes_are_equal(contents[kept - 1], picked[i].content)) {
			set->rules[picked[i - 1].special].same = special;
			const uint32_t first = set->specials[kept - 1];
			if (plan->alike_count == 0 || plan->alike[plan->alike_count - 1] != first)
				plan->alike[plan->alike_count++] = first;
			continue;
		}
		set->specials[kept] = special;
		contents[kept++] = picked[i].content;
	}
	return kept;
}

static bool has_single_words(const struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < tokenizer->special_count; i++)
		if (tokenizer->specials[i].is_single_word)
			return true;
	return false;
}

static pmill_status make_set(struct pmill_encode_plan *plan, struct pmill_added_set *set,
	struct picked *picked, size_t count, pmill_error *error)
{
	pmill_bytes *contents = pmill_array_allocate(count + 1, sizeof *contents);
	pmill_status status = PMILL_OK;
	if (contents == NULL || !allocate_set(plan->tokenizer, set)) {
		status = pmill_fail_memory(error);
	} else {
		qsort(picked, count, sizeof *picked, compare_picked);
		const size_t kept = fill_set(plan, set, picked, count, contents);
		status = pmill_added_set_create(set, contents, kept, has_single_words(plan->tokenizer),
			plan->tokenizer->unicode_version, error);
	}
	free(contents);
	return status;
}

static pmill_status set_first(
	struct pmill_encode_plan *plan, bool is_only, struct picked *picked, pmill_error *error)
{
	const struct pmill_tokenizer *tokenizer = plan->tokenizer;
	size_t count = 0;
	for (uint32_t i = 0; i < tokenizer->special_count; i++)
		if (is_only || !tokenizer->specials[i].is_normalized)
			picked[count++] = (struct picked){tokenizer->specials[i].content, i};
	return make_set(plan, &plan->added, picked, count, error);
}

/* `texts` keeps the normalised content. */
static pmill_status normalize_content(struct pmill_encode_plan *plan, struct picked *picked,
	struct pmill_arena *texts, struct pmill_buffer *text, pmill_error *error)
{
	const pmill_bytes content = plan->tokenizer->specials[picked->special].content;
	const pmill_status status = pmill_normalizer_apply(
		plan->normalizer, content.data, content.len, text, NULL, error);
	if (status != PMILL_OK)
		return status;
	picked->content = (pmill_bytes){pmill_arena_copy(texts, text->data, text->len), text->len};
	return picked->content.data != NULL ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status set_second(
	struct pmill_encode_plan *plan, struct picked *picked, pmill_error *error)
{
	const struct pmill_tokenizer *tokenizer = plan->tokenizer;
	struct pmill_arena texts = {0};
	struct pmill_buffer text = {0};
	pmill_status status = PMILL_OK;
	size_t count = 0;
	for (uint32_t i = 0; i < tokenizer->special_count && status == PMILL_OK; i++) {
		if (!tokenizer->specials[i].is_normalized)
			continue;
		picked[count].special = i;
		status = normalize_content(plan, &picked[count], &texts, &text, error);
		if (status == PMILL_OK && picked[count].content.len == 0)
			plan->empty[plan->empty_count++] = i;
		else
			count++;
	}
	if (status == PMILL_OK)
		status = make_set(plan, &plan->normalized, picked, count, error);
	pmill_buffer_release(&text);
	pmill_arena_release(&texts);
	return status;
}

static pmill_status set_tokens(struct pmill_encode_plan *plan, pmill_error *error)
{
	const size_t count = plan->tokenizer->special_count;
	const bool has_second = needs_second_search(plan->tokenizer);
	plan->has_flags = has_any_flags(plan->tokenizer);
	plan->needs_documents = has_second || plan->pretokenizer == NULL ||
		plan->tokenizer->normal_step_count > 0 || plan->has_flags;
	struct picked *picked = pmill_array_allocate(count + 1, sizeof *picked);
	plan->empty = pmill_array_allocate(count + 1, sizeof *plan->empty);
	plan->alike = pmill_array_allocate(count + 1, sizeof *plan->alike);
	pmill_status status = picked != NULL && plan->empty != NULL && plan->alike != NULL
		? set_first(plan, !has_second, picked, error)
		: pmill_fail_memory(error);
	if (status == PMILL_OK && has_second)
		status = set_second(plan, picked, error);
	free(picked);
	return status;
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

static pmill_status fill_plan(
	struct pmill_encode_plan *plan, const char *scanner, pmill_error *error)
{
	const struct pmill_tokenizer *tokenizer = plan->tokenizer;
	pmill_status status = pmill_cutter_create(tokenizer->steps, tokenizer->step_count,
		tokenizer->unicode_version, scanner, &plan->cutter, error);
	if (status != PMILL_OK)
		return status;
	plan->pretokenizer = pmill_cutter_pretokenizer(plan->cutter);
	plan->key_maker = pmill_scanner_key_maker(scanner);
	status = pmill_normalizer_create(tokenizer->normal_steps, tokenizer->normal_step_count,
		tokenizer->unicode_version, tokenizer->form_version, &plan->normalizer, error);
	if (status == PMILL_OK)
		status = pmill_policy_create(tokenizer, NULL, &plan->default_policy, error);
	if (status == PMILL_OK)
		status = set_tokens(plan, error);
	if (status == PMILL_OK)
		status = pmill_pretoken_encoder_create(tokenizer, &plan->pretoken_encoder, error);
	return status;
}

pmill_status pmill_encode_plan_create(const struct pmill_tokenizer *tokenizer, const char *scanner,
	struct pmill_encode_plan **plan, pmill_error *error)
{
	pmill_status status = check_encodes(tokenizer, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_encode_plan *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	atomic_init(&created->references, 1);
	created->tokenizer = tokenizer;
	status = fill_plan(created, scanner, error);
	if (status == PMILL_OK)
		*plan = created;
	else
		pmill_encode_plan_free(created);
	return status;
}

struct pmill_encode_plan *pmill_encode_plan_share(struct pmill_encode_plan *plan)
{
	atomic_fetch_add(&plan->references, 1);
	return plan;
}

/* ---- What is spare ---- */

struct pmill_spare_state {
	struct pmill_pretoken_state state;
	struct pmill_spare_state *next;
};

/* Puts a list, which may be empty, before the others. */
static void push(struct pmill_encode_plan *plan, struct pmill_spare_state *first)
{
	struct pmill_spare_state *last = first;
	if (first == NULL)
		return;
	while (last->next != NULL)
		last = last->next;
	struct pmill_spare_state *others = atomic_load(&plan->spares);
	do
		last->next = others;
	while (!atomic_compare_exchange_weak(&plan->spares, &others, first));
}

/* Takes them all and puts the rest back: what nobody else can see can't change meanwhile. */
void pmill_encode_plan_take_state(
	struct pmill_encode_plan *plan, struct pmill_pretoken_state *state)
{
	struct pmill_spare_state *spare = atomic_exchange(&plan->spares, NULL);
	if (spare == NULL)
		return;
	push(plan, spare->next);
	*state = spare->state;
	free(spare);
}

void pmill_encode_plan_give_state(
	struct pmill_encode_plan *plan, struct pmill_pretoken_state *state)
{
	struct pmill_spare_state *spare = pmill_pretoken_state_is_new(state) ? NULL
																		 : malloc(sizeof *spare);
	if (spare == NULL) {
		pmill_pretoken_state_release(state);
	} else {
		*spare = (struct pmill_spare_state){.state = *state};
		push(plan, spare);
	}
	*state = (struct pmill_pretoken_state){0};
}

static void free_spares(struct pmill_encode_plan *plan)
{
	struct pmill_spare_state *next = atomic_load(&plan->spares);
	while (next != NULL) {
		struct pmill_spare_state *spare = next;
		next = spare->next;
		pmill_pretoken_state_release(&spare->state);
		free(spare);
	}
}

void pmill_encode_plan_free(struct pmill_encode_plan *plan)
{
	if (plan == NULL || atomic_fetch_sub(&plan->references, 1) > 1)
		return;
	free_spares(plan);
	pmill_added_set_release(&plan->added);
	pmill_added_set_release(&plan->normalized);
	free(plan->empty);
	free(plan->alike);
	pmill_policy_free(plan->default_policy);
	pmill_pretoken_encoder_free(plan->pretoken_encoder);
	pmill_normalizer_free(plan->normalizer);
	pmill_cutter_free(plan->cutter);
	free(plan);
}

/* ---- What a policy asks for ---- */

static pmill_status fail_empty(pmill_bytes token, pmill_error *error)
{
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"nothing is left of the added token %s once it is normalised: it could be found anywhere",
		pmill_quote(&quote, token.data, token.len));
}

static pmill_status fail_alike(pmill_bytes a, pmill_bytes b, pmill_error *error)
{
	struct pmill_quote one, two;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"two added tokens are the same once they are normalised: %s and %s",
		pmill_quote(&one, a.data, a.len), pmill_quote(&two, b.data, b.len));
}

static pmill_status check_alike(const struct pmill_encode_plan *plan, const uint8_t *treatments,
	uint32_t first, pmill_error *error)
{
	const struct pmill_special *specials = plan->tokenizer->specials;
	uint32_t found = PMILL_NO_ADDED;
	for (uint32_t i = first; i != PMILL_NO_ADDED; i = plan->normalized.rules[i].same) {
		if (treatments[i] == PMILL_IGNORED)
			continue;
		if (found != PMILL_NO_ADDED)
			return fail_alike(specials[found].content, specials[i].content, error);
		found = i;
	}
	return PMILL_OK;
}

pmill_status pmill_encode_plan_check(
	const struct pmill_encode_plan *plan, const pmill_policy *policy, pmill_error *error)
{
	pmill_status status = pmill_policy_check(policy, plan->tokenizer, error);
	const uint8_t *treatments = policy != NULL ? policy->treatments
											   : plan->default_policy->treatments;
	for (size_t i = 0; i < plan->empty_count && status == PMILL_OK; i++)
		if (treatments[plan->empty[i]] != PMILL_IGNORED)
			status = fail_empty(plan->tokenizer->specials[plan->empty[i]].content, error);
	for (size_t i = 0; i < plan->alike_count && status == PMILL_OK; i++)
		status = check_alike(plan, treatments, plan->alike[i], error);
	return status;
}
