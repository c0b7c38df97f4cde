/* The tokenizer as an object: creation, queries, release. */
/* SPDX-License-Identifier: MIT */
#include "model/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sized_struct.h"

static struct pmill_split_merges *create_split(void)
{
	struct pmill_split_merges *split = calloc(1, sizeof *split);
	if (split == NULL)
		return NULL;
	atomic_init(&split->is_done, false);
	pthread_mutex_init(&split->lock, NULL);
	return split;
}

static void free_split(struct pmill_split_merges *split)
{
	pthread_mutex_destroy(&split->lock);
	free(split->merges);
	free(split);
}

struct pmill_tokenizer *pmill_tokenizer_create_empty(void)
{
	struct pmill_tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
	if (tokenizer == NULL)
		return NULL;
	tokenizer->split = create_split();
	if (tokenizer->split == NULL) {
		free(tokenizer);
		return NULL;
	}
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
	free(tokenizer->listed_merges);
	free_split(tokenizer->split);
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

bool pmill_tokenizer_is_special(const struct pmill_tokenizer *tokenizer, uint32_t id)
{
	const struct pmill_special *specials = tokenizer->specials;
	size_t low = 0, high = tokenizer->special_count;
	if (high == 0 || id < specials[0].id || id > specials[high - 1].id)
		return false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (specials[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < tokenizer->special_count && specials[low].id == id; low++) {
		if (specials[low].is_special)
			return true;
	}
	return false;
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

static const char *copy_text(struct pmill_tokenizer *tokenizer, const char *text)
{
	return pmill_arena_copy(&tokenizer->arena, text, strlen(text));
}

static bool copy_bytes(struct pmill_tokenizer *tokenizer, pmill_bytes *bytes)
{
	if (bytes->len == 0)
		return true;
	bytes->data = pmill_arena_copy(&tokenizer->arena, bytes->data, bytes->len);
	return bytes->data != NULL;
}

pmill_status pmill_tokenizer_set_text(struct pmill_tokenizer *tokenizer, const char *pattern,
	const char *unicode_version, pmill_error *error)
{
	const struct pmill_cut_step step = {.pattern = pattern};
	tokenizer->unicode_version = copy_text(tokenizer, unicode_version);
	if (tokenizer->unicode_version == NULL)
		return pmill_fail_memory(error);
	return pmill_tokenizer_set_steps(tokenizer, &step, pattern != NULL, error);
}

pmill_status pmill_tokenizer_set_steps(struct pmill_tokenizer *tokenizer,
	const struct pmill_cut_step *steps, size_t count, pmill_error *error)
{
	tokenizer->step_count = 0;
	struct pmill_cut_step *copies = pmill_arena_allocate(
		&tokenizer->arena, count * sizeof *copies, _Alignof(struct pmill_cut_step));
	if (copies == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		copies[i] = steps[i];
		copies[i].pattern = copy_text(tokenizer, steps[i].pattern);
		if (copies[i].pattern == NULL)
			return pmill_fail_memory(error);
	}
	tokenizer->steps = copies;
	tokenizer->step_count = count;
	return PMILL_OK;
}

pmill_status pmill_tokenizer_set_normal_steps(struct pmill_tokenizer *tokenizer,
	const struct pmill_normal_step *steps, size_t count, pmill_error *error)
{
	tokenizer->normal_step_count = 0;
	struct pmill_normal_step *copies = pmill_arena_allocate(
		&tokenizer->arena, count * sizeof *copies, _Alignof(struct pmill_normal_step));
	if (copies == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		copies[i] = steps[i];
		if (!copy_bytes(tokenizer, &copies[i].content) || !copy_bytes(tokenizer, &copies[i].found))
			return pmill_fail_memory(error);
		if (steps[i].expression == NULL)
			continue;
		copies[i].expression = copy_text(tokenizer, steps[i].expression);
		if (copies[i].expression == NULL)
			return pmill_fail_memory(error);
	}
	tokenizer->normal_steps = copies;
	tokenizer->normal_step_count = count;
	return PMILL_OK;
}

static const uint32_t *copy_ids(
	struct pmill_tokenizer *tokenizer, const uint32_t *ids, size_t count)
{
	uint32_t *copies = pmill_arena_allocate(
		&tokenizer->arena, count * sizeof *copies, _Alignof(uint32_t));
	if (copies != NULL && count > 0)
		memcpy(copies, ids, count * sizeof *copies);
	return copies;
}

pmill_status pmill_tokenizer_set_template(
	struct pmill_tokenizer *tokenizer, const struct pmill_template *whole, pmill_error *error)
{
	const uint32_t *before = copy_ids(tokenizer, whole->before, whole->before_count);
	const uint32_t *after = copy_ids(tokenizer, whole->after, whole->after_count);
	if (before == NULL || after == NULL)
		return pmill_fail_memory(error);
	tokenizer->template = (struct pmill_template){
		before, after, whole->before_count, whole->after_count};
	return PMILL_OK;
}

/* A copy of `count` items with room for one more, or NULL. */
static void *copy_items(
	struct pmill_tokenizer *tokenizer, const void *items, size_t count, size_t item_size)
{
	void *copies = pmill_arena_allocate(
		&tokenizer->arena, (count + 1) * item_size, _Alignof(max_align_t));
	if (copies != NULL && count > 0)
		memcpy(copies, items, count * item_size);
	return copies;
}

pmill_status pmill_tokenizer_keep_file(
	struct pmill_tokenizer *tokenizer, const struct pmill_kept_file *file, pmill_error *error)
{
	struct pmill_kept *kept = &tokenizer->kept;
	struct pmill_kept_file *files = copy_items(
		tokenizer, kept->files, kept->file_count, sizeof *files);
	struct pmill_kept_file copy = {copy_text(tokenizer, file->name), file->content};
	if (files == NULL || copy.name == NULL || !copy_bytes(tokenizer, &copy.content))
		return pmill_fail_memory(error);
	files[kept->file_count++] = copy;
	kept->files = files;
	return PMILL_OK;
}

pmill_status pmill_tokenizer_keep_rename(
	struct pmill_tokenizer *tokenizer, const struct pmill_rename *rename, pmill_error *error)
{
	struct pmill_kept *kept = &tokenizer->kept;
	struct pmill_rename *renames = copy_items(
		tokenizer, kept->renames, kept->rename_count, sizeof *renames);
	struct pmill_rename copy = *rename;
	if (renames == NULL || !copy_bytes(tokenizer, &copy.from) || !copy_bytes(tokenizer, &copy.to))
		return pmill_fail_memory(error);
	renames[kept->rename_count++] = copy;
	kept->renames = renames;
	return PMILL_OK;
}

pmill_status pmill_tokenizer_refuse(
	struct pmill_tokenizer *tokenizer, const char *reason, pmill_error *error)
{
	enum { LONG_ENOUGH = 2000 }; /* no message is longer, and a hostile file may give many */
	const char *earlier = tokenizer->refusal;
	if (earlier != NULL && (strlen(earlier) > LONG_ENOUGH || strstr(earlier, reason) != NULL))
		return PMILL_OK;
	struct pmill_buffer both = {0};
	bool done = earlier == NULL ||
		(pmill_buffer_append_text(&both, earlier) && pmill_buffer_append_text(&both, "; "));
	done = done && pmill_buffer_append_text(&both, reason) && pmill_buffer_terminate(&both);
	if (done)
		tokenizer->refusal = copy_text(tokenizer, (const char *)both.data);
	pmill_buffer_release(&both);
	return done && tokenizer->refusal != NULL ? PMILL_OK : pmill_fail_memory(error);
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

size_t pmill_tokenizer_special_count(const pmill_tokenizer *tokenizer)
{
	return tokenizer->special_count;
}

pmill_status pmill_tokenizer_get_special(
	const pmill_tokenizer *tokenizer, size_t index, pmill_special_info *info)
{
	if (index >= tokenizer->special_count)
		return PMILL_BAD_OPTION;
	const struct pmill_special *special = &tokenizer->specials[index];
	const pmill_special_info full = {.size = sizeof full,
		.content = special->content,
		.id = special->id,
		.is_special = special->is_special,
		.strips_left = special->strips_left,
		.strips_right = special->strips_right,
		.is_single_word = special->is_single_word,
		.is_normalized = special->is_normalized};
	return pmill_sized_struct_write(info, &full, sizeof full, "pmill_special_info", NULL);
}

const char *pmill_tokenizer_refusal(const pmill_tokenizer *tokenizer)
{
	return tokenizer->refusal;
}

const char *pmill_tokenizer_pattern(const pmill_tokenizer *tokenizer)
{
	const struct pmill_cut_step *step = tokenizer->steps;
	return tokenizer->step_count == 1 && pmill_cut_step_is_plain(step) ? step->pattern : NULL;
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

const char *pmill_tokenizer_encoding(const pmill_tokenizer *tokenizer)
{
	return tokenizer->encoding;
}

pmill_status pmill_tokenizer_get_training(
	const pmill_tokenizer *tokenizer, pmill_training *training)
{
	static const pmill_training none = {0};
	const pmill_training *full = tokenizer->training != NULL ? tokenizer->training : &none;
	return pmill_sized_struct_write(training, full, sizeof *full, "pmill_training", NULL);
}
