/* A changed copy of a tokenizer: fewer entries, other names of special tokens, more of them. */
/* SPDX-License-Identifier: MIT */
/*
 * First the entries that stay get their new ids, then a tokenizer is made of them. Ids without a
 * token count as entries, so that the result has the size that was asked for; what comes after a
 * dropped entry moves up. So a trained vocab becomes what training with the smaller size gives, in
 * every layout.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/bytes.h"
#include "base/sized_struct.h"
#include "model/tokenizer.h"
#include "model/training_record.h"
#include "unicode/quote.h"

struct edit {
	const struct pmill_tokenizer *from;
	const pmill_edit_options *options;
	struct pmill_tokenizer *to;
	uint32_t *new_ids;  /* by old id; PMILL_NO_ID: dropped */
	size_t merge_count; /* how many of the first merges stay */
	bool is_smaller;
	struct pmill_special *specials; /* those that stay, then new ones */
	size_t special_count;
	pmill_error *error;
};

/* ---- Which entries stay ---- */

static bool is_learned(const struct pmill_tokenizer *tokenizer, uint32_t id)
{
	const struct pmill_vocab_token *token = &tokenizer->vocab.tokens[id];
	return token->len >= 2 && !token->is_special;
}

/*
 * Learned tokens are kept by id, where ids say in which order they came, else by the first merge
 * that makes them; then one that no merge makes is not learned.
 */
static bool goes_by_id(const struct pmill_tokenizer *tokenizer)
{
	return tokenizer->meaning != PMILL_MEANING_MERGE_LIST;
}

static void mark_learned(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	if (goes_by_id(from)) {
		for (uint32_t id = 0; id < from->vocab.count; id++)
			if (is_learned(from, id))
				edit->new_ids[id] = PMILL_NO_ID;
		return;
	}
	for (size_t i = 0; i < from->listed_count; i++)
		edit->new_ids[from->listed_merges[i].id] = PMILL_NO_ID;
}

/* Marks learned tokens with PMILL_NO_ID and all else with 0. Returns how many are learned. */
static size_t mark_entries(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	size_t learned = 0;
	memset(edit->new_ids, 0, from->vocab.count * sizeof *edit->new_ids);
	mark_learned(edit);
	/* An added token may share the entry of a learned one. */
	for (size_t i = 0; i < from->special_count; i++)
		edit->new_ids[from->specials[i].id] = 0;
	for (size_t id = 0; id < from->vocab.count; id++)
		learned += edit->new_ids[id] == PMILL_NO_ID;
	return learned;
}

static void keep_by_id(struct edit *edit, size_t count)
{
	for (uint32_t id = 0; count > 0; id++) {
		if (edit->new_ids[id] == 0)
			continue;
		edit->new_ids[id] = 0;
		count--;
	}
}

/* The prefix of the merges that makes `count` tokens. */
static void keep_by_merge(struct edit *edit, size_t count)
{
	const struct pmill_tokenizer *from = edit->from;
	size_t rank = 0;
	for (; rank < from->listed_count; rank++) {
		uint32_t *mark = &edit->new_ids[from->listed_merges[rank].id];
		if (*mark == 0)
			continue;
		if (count == 0)
			break;
		*mark = 0;
		count--;
	}
	edit->merge_count = rank;
}

static pmill_status fail_size(const struct edit *edit, size_t learned)
{
	const size_t size = edit->from->vocab.count;
	const unsigned long long asked = edit->options->vocab_size;
	if (asked > size)
		return pmill_fail(edit->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the model has %zu entries, so %llu can't be kept (a larger vocab takes training)",
			size, asked);
	return pmill_fail(edit->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"a vocab of %llu entries is too small: %zu of the model's %zu are bytes, special tokens, "
		"unused ids and other entries that no merge makes",
		asked, size - learned, size);
}

/* Gives the entries that stay their ids. */
static void number_entries(struct edit *edit)
{
	uint32_t next = 0;
	for (size_t id = 0; id < edit->from->vocab.count; id++)
		if (edit->new_ids[id] != PMILL_NO_ID)
			edit->new_ids[id] = next++;
}

static pmill_status plan_entries(struct edit *edit)
{
	const size_t size = edit->from->vocab.count;
	const uint64_t asked = edit->options->vocab_size == 0 ? size : edit->options->vocab_size;
	edit->merge_count = edit->from->listed_count;
	const size_t learned = mark_entries(edit);
	if (asked > size || asked < size - learned)
		return fail_size(edit, learned);
	const size_t kept = learned - (size - (size_t)asked);
	edit->is_smaller = kept < learned;
	if (goes_by_id(edit->from))
		keep_by_id(edit, kept);
	else
		keep_by_merge(edit, kept);
	number_entries(edit);
	return PMILL_OK;
}

/* ---- Special tokens ---- */

static pmill_status fail_token(
	const struct edit *edit, const char *before, pmill_bytes token, const char *after)
{
	struct pmill_quote quote;
	return pmill_fail(edit->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "%s %s %s", before,
		pmill_quote(&quote, token.data, token.len), after);
}

/* By its old name, whatever it is called by now. */
static pmill_status rename_one(struct edit *edit, const pmill_rename *rename)
{
	const struct pmill_special *old = pmill_tokenizer_find_special(edit->from, rename->from);
	if (old == NULL &&
		pmill_vocab_find(&edit->from->vocab, rename->from.data, rename->from.len) != PMILL_NO_ID)
		return fail_token(edit, "the token", rename->from,
			"is an ordinary one of the model: only special and added tokens can be renamed");
	if (old == NULL)
		return fail_token(edit, "the model has no special token", rename->from, "to rename");
	if (rename->to.len == 0)
		return fail_token(edit, "the new name of", rename->from, "is empty");
	edit->specials[old - edit->from->specials].content = rename->to;
	return PMILL_OK;
}

static int compare_contents(const void *left, const void *right)
{
	const pmill_bytes a = ((const struct pmill_special *)left)->content;
	const pmill_bytes b = ((const struct pmill_special *)right)->content;
	const size_t len = a.len < b.len ? a.len : b.len;
	const int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Sorts the special tokens by their bytes: the tokenizer sorts them by id again. */
static pmill_status check_distinct(struct edit *edit)
{
	if (edit->special_count > 1)
		qsort(edit->specials, edit->special_count, sizeof *edit->specials, compare_contents);
	for (size_t i = 1; i < edit->special_count; i++)
		if (pmill_bytes_are_equal(edit->specials[i - 1].content, edit->specials[i].content))
			return fail_token(edit, "two special tokens would be called", edit->specials[i].content,
				"(each needs a name of its own)");
	return PMILL_OK;
}

static pmill_status rename_all(struct edit *edit)
{
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < edit->options->rename_count && status == PMILL_OK; i++)
		status = rename_one(edit, &edit->options->renames[i]);
	return status;
}

static pmill_status add_entry(struct edit *edit, const struct pmill_special *special)
{
	return pmill_vocab_add(&edit->to->vocab, special->id, special->content.data,
		special->content.len, true, edit->error);
}

/* False: the id is that of an ordinary token, spelled alike. */
static bool has_own_entry(
	const struct pmill_tokenizer *tokenizer, const struct pmill_special *special)
{
	return tokenizer->vocab.tokens[special->id].is_special;
}

/* Every id up to it takes an entry. */
static pmill_status check_new_id(const struct edit *edit, uint32_t id, pmill_bytes content)
{
	struct pmill_quote quote;
	const size_t count = edit->to->vocab.count;
	if (id < count || id - count <= PMILL_MOST_HOLES)
		return PMILL_OK;
	return pmill_fail(edit->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"the id %u for the special token %s would leave more than %u ids unused", (unsigned)id,
		pmill_quote(&quote, content.data, content.len), PMILL_MOST_HOLES);
}

static pmill_status add_new_specials(struct edit *edit)
{
	const struct pmill_vocab *vocab = &edit->to->vocab;
	const uint32_t *ids = edit->options->new_special_ids;
	pmill_status status = PMILL_OK;
	uint32_t id = 0;
	for (size_t i = 0; i < edit->options->new_special_count && status == PMILL_OK; i++) {
		const pmill_bytes content = edit->options->new_specials[i];
		if (content.len == 0)
			return pmill_fail(
				edit->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "a special token to add is empty");
		while (ids == NULL && id < vocab->count && vocab->tokens[id].len != 0)
			id++;
		if (ids != NULL)
			id = ids[i];
		status = check_new_id(edit, id, content);
		if (status != PMILL_OK)
			return status;
		const struct pmill_special special = {.content = content, .id = id, .is_special = true};
		edit->specials[edit->special_count++] = special;
		status = add_entry(edit, &special);
	}
	return status;
}

static pmill_status copy_specials(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	const size_t most = from->special_count + edit->options->new_special_count;
	edit->specials = calloc(most > 0 ? most : 1, sizeof *edit->specials);
	if (edit->specials == NULL)
		return pmill_fail_memory(edit->error);
	for (size_t i = 0; i < from->special_count; i++) {
		edit->specials[i] = from->specials[i];
		edit->specials[i].id = edit->new_ids[from->specials[i].id];
	}
	edit->special_count = from->special_count;
	pmill_status status = rename_all(edit);
	for (size_t i = 0; i < from->special_count && status == PMILL_OK; i++)
		if (has_own_entry(from, &from->specials[i]))
			status = add_entry(edit, &edit->specials[i]);
	if (status == PMILL_OK)
		status = add_new_specials(edit);
	if (status == PMILL_OK)
		status = check_distinct(edit);
	return status == PMILL_OK
		? pmill_tokenizer_set_specials(edit->to, edit->specials, edit->special_count, edit->error)
		: status;
}

/* ---- The copy ---- */

/* All but those of special and added tokens. */
static pmill_status copy_tokens(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	const struct pmill_vocab *vocab = &from->vocab;
	pmill_status status = PMILL_OK;
	size_t next = 0; /* in from->specials */
	if (!pmill_vocab_reserve(&edit->to->vocab, vocab->count))
		return pmill_fail_memory(edit->error);
	for (uint32_t id = 0; id < vocab->count && status == PMILL_OK; id++) {
		const pmill_bytes token = pmill_vocab_token(vocab, id);
		const bool is_special = vocab->tokens[id].is_special;
		while (next < from->special_count && from->specials[next].id < id)
			next++;
		const bool is_listed = next < from->special_count && from->specials[next].id == id;
		if (token.data != NULL && !(is_special && is_listed) && edit->new_ids[id] != PMILL_NO_ID)
			status = pmill_vocab_add(&edit->to->vocab, edit->new_ids[id], token.data, token.len,
				is_special, edit->error);
	}
	pmill_tokenizer_find_bytes(edit->to);
	return status;
}

/* Merges that a dropped token has a part in can never apply. */
static pmill_status copy_merges(struct edit *edit)
{
	struct pmill_tokenizer *to = edit->to;
	if (edit->from->meaning == PMILL_MEANING_RANK_BY_ID)
		return PMILL_OK;
	to->listed_merges = malloc((edit->merge_count + 1) * sizeof *to->listed_merges);
	if (to->listed_merges == NULL)
		return pmill_fail_memory(edit->error);
	for (size_t i = 0; i < edit->merge_count; i++) {
		const struct pmill_merge *merge = &edit->from->listed_merges[i];
		const struct pmill_merge copy = {
			edit->new_ids[merge->left], edit->new_ids[merge->right], edit->new_ids[merge->id]};
		if (copy.left != PMILL_NO_ID && copy.right != PMILL_NO_ID && copy.id != PMILL_NO_ID)
			to->listed_merges[to->listed_count++] = copy;
	}
	return PMILL_OK;
}

/* Sets *mapped to the new ids, to be released with free. */
static pmill_status map_ids(
	const struct edit *edit, const uint32_t *ids, size_t count, uint32_t **mapped)
{
	*mapped = malloc((count + 1) * sizeof **mapped);
	if (*mapped == NULL)
		return pmill_fail_memory(edit->error);
	for (size_t i = 0; i < count; i++) {
		(*mapped)[i] = edit->new_ids[ids[i]];
		if ((*mapped)[i] == PMILL_NO_ID)
			return fail_token(edit, "the model's template needs the token",
				pmill_vocab_token(&edit->from->vocab, ids[i]), "which would be dropped");
	}
	return PMILL_OK;
}

static pmill_status copy_template(struct edit *edit)
{
	const struct pmill_template *from = &edit->from->template;
	uint32_t *before = NULL, *after = NULL;
	pmill_status status = map_ids(edit, from->before, from->before_count, &before);
	if (status == PMILL_OK)
		status = map_ids(edit, from->after, from->after_count, &after);
	const struct pmill_template whole = {before, after, from->before_count, from->after_count};
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_template(edit->to, &whole, edit->error);
	free(before);
	free(after);
	return status;
}

static pmill_status copy_text(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	pmill_status status = pmill_tokenizer_set_text(
		edit->to, NULL, from->unicode_version, edit->error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_steps(edit->to, from->steps, from->step_count, edit->error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_normal_steps(
			edit->to, from->normal_steps, from->normal_step_count, edit->error);
	if (from->form_version != NULL)
		edit->to->form_version = edit->to->unicode_version;
	if (status == PMILL_OK && from->refusal != NULL)
		status = pmill_tokenizer_refuse(edit->to, from->refusal, edit->error);
	return status;
}

static bool copy_kept_text(struct edit *edit, const char *const *from, const char **to)
{
	*to = *from == NULL ? NULL : pmill_arena_copy(&edit->to->arena, *from, strlen(*from));
	return *from == NULL || *to != NULL;
}

/*
 * What a tokenizer.json says besides, and the files of a folder. What a tekken.json says besides
 * names its special tokens by their numbers, so it goes; and the ranks are not those of a known
 * encoding any more.
 */
static pmill_status copy_kept(struct edit *edit)
{
	const struct pmill_kept *from = &edit->from->kept;
	struct pmill_kept *to = &edit->to->kept;
	if (!copy_kept_text(edit, &from->truncation, &to->truncation) ||
		!copy_kept_text(edit, &from->padding, &to->padding) ||
		!copy_kept_text(edit, &from->normalizer, &to->normalizer) ||
		!copy_kept_text(edit, &from->pre_tokenizer, &to->pre_tokenizer) ||
		!copy_kept_text(edit, &from->post_processor, &to->post_processor) ||
		!copy_kept_text(edit, &from->decoder, &to->decoder))
		return pmill_fail_memory(edit->error);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < from->file_count && status == PMILL_OK; i++)
		status = pmill_tokenizer_keep_file(edit->to, &from->files[i], edit->error);
	for (size_t i = 0; i < from->rename_count && status == PMILL_OK; i++)
		status = pmill_tokenizer_keep_rename(edit->to, &from->renames[i], edit->error);
	for (size_t i = 0; i < edit->options->rename_count && status == PMILL_OK; i++)
		status = pmill_tokenizer_keep_rename(edit->to, &edit->options->renames[i], edit->error);
	return status;
}

/* A smaller vocab is not what the run learned, so the record goes. */
static pmill_status copy_record(struct edit *edit)
{
	const struct pmill_tokenizer *from = edit->from;
	if (from->training == NULL || edit->is_smaller)
		return PMILL_OK;
	edit->to->training = pmill_training_record_copy(&edit->to->arena, from->training);
	return edit->to->training == NULL ? pmill_fail_memory(edit->error) : PMILL_OK;
}

static pmill_status make_copy(struct edit *edit)
{
	edit->to->meaning = edit->from->meaning;
	pmill_status status = copy_tokens(edit);
	if (status == PMILL_OK)
		status = copy_merges(edit);
	if (status == PMILL_OK)
		status = copy_specials(edit);
	if (status == PMILL_OK)
		status = copy_template(edit);
	if (status == PMILL_OK)
		status = copy_text(edit);
	if (status == PMILL_OK)
		status = copy_kept(edit);
	return status == PMILL_OK ? copy_record(edit) : status;
}

pmill_status pmill_tokenizer_edit(const pmill_tokenizer *tokenizer,
	const pmill_edit_options *options, pmill_tokenizer **edited, pmill_error *error)
{
	pmill_edit_options whole;
	pmill_status status = pmill_sized_struct_read(
		&whole, sizeof whole, options, "pmill_edit_options", error);
	if (status != PMILL_OK)
		return status;
	struct edit edit = {.from = tokenizer, .options = &whole, .error = error};
	edit.to = pmill_tokenizer_create_empty();
	edit.new_ids = malloc((tokenizer->vocab.count + 1) * sizeof *edit.new_ids);
	status = edit.to == NULL || edit.new_ids == NULL ? pmill_fail_memory(error)
													 : plan_entries(&edit);
	if (status == PMILL_OK)
		status = make_copy(&edit);
	if (status == PMILL_OK)
		*edited = edit.to;
	else
		pmill_tokenizer_free(edit.to);
	free(edit.specials);
	free(edit.new_ids);
	return status;
}
