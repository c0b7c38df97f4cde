/* The trainer: options checked, text counted, merges learned, a tokenizer built. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "counter/counter.h"
#include "merge/merge_memory.h"
#include "merge/merger.h"
#include "model/build.h"
#include "model/layout.h"
#include "model/tokenizer.h"

enum { STAGE_COUNT, STAGE_SORT, STAGE_INDEX, STAGE_MERGE, STAGES };
static const char *const stage_names[STAGES] = {"count", "sort", "index", "merge"};

struct pmill_trainer {
	pmill_train_options options; /* its strings are those of the tables, or NULL */
	const struct pmill_layout *layout;
	const char *ties_name;
	enum pmill_ties ties;
	bool is_hf;
	unsigned threads;
	struct pmill_counter *counter;
	struct pmill_progress_state progress;
	pmill_stage stages[STAGES];
};

static pmill_status fail_choice(
	const char *option, const char *value, const char *known, pmill_error *error)
{
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "%s: there is no \"%s\" (%s)",
		option, value, known);
}

static void list_ties(char *list, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; pmill_ties_name(i) != NULL && len < size; i++)
		len += (size_t)snprintf(
			list + len, size - len, "%s%s", i > 0 ? " or " : "", pmill_ties_name(i));
}

static pmill_status set_ties(struct pmill_trainer *trainer, const char *name, pmill_error *error)
{
	if (!pmill_ties_find(name, &trainer->ties)) {
		char known[64];
		list_ties(known, sizeof known);
		return fail_choice("ties", name, known, error);
	}
	trainer->ties_name = pmill_ties_name(trainer->ties);
	return PMILL_OK;
}

static pmill_status set_rules(struct pmill_trainer *trainer, pmill_error *error)
{
	pmill_train_options *options = &trainer->options;
	if (options->compat != NULL && strcmp(options->compat, "hf") != 0)
		return fail_choice("compat", options->compat, "hf", error);
	trainer->is_hf = options->compat != NULL;
	const char *ties = options->ties, *layout = options->layout;
	if (trainer->is_hf &&
		((ties != NULL && strcmp(ties, "ids") != 0) ||
			(layout != NULL && strcmp(layout, "hf") != 0)))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"compat hf means ties ids and layout hf: other ones contradict it");
	if (ties == NULL)
		ties = trainer->is_hf ? "ids" : "bytes";
	if (layout == NULL && trainer->is_hf)
		layout = "hf";
	trainer->layout = pmill_layout_find(layout);
	if (trainer->layout == NULL)
		return fail_choice("layout", layout, "bytes-first, hf or gpt2", error);
	if (options->min_count < 0)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "min-count: %lld is negative",
			(long long)options->min_count);
	options->compat = trainer->is_hf ? "hf" : NULL;
	options->layout = trainer->layout->name;
	return set_ties(trainer, ties, error);
}

/* To the name in the table: options are borrowed only for the call. */
static pmill_status set_method(struct pmill_trainer *trainer, pmill_error *error)
{
	const char *asked = trainer->options.merger, *method = NULL;
	size_t i = 0;
	do
		method = pmill_merger_name(i++);
	while (asked != NULL && method != NULL && strcmp(method, asked) != 0);
	if (method == NULL)
		return fail_choice("merger", asked, "one-by-one, pipelined or batches", error);
	trainer->options.merger = asked == NULL ? NULL : method;
	return PMILL_OK;
}

static uint64_t base_size(const struct pmill_trainer *trainer)
{
	return 256 + pmill_counter_identity(trainer->counter)->special_token_count;
}

static pmill_status check_vocab_size(const struct pmill_trainer *trainer, pmill_error *error)
{
	uint64_t size = trainer->options.vocab_size, base = base_size(trainer);
	if (size < base)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"vocab size %llu is below the base of %llu: 256 bytes and %llu special token%s",
			(unsigned long long)size, (unsigned long long)base, (unsigned long long)(base - 256),
			base == 257 ? "" : "s");
	if (size + trainer->options.pad_vocab_to > INT32_MAX)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"vocab size %llu: ids have at most 31 bits", (unsigned long long)size);
	return PMILL_OK;
}

/* Before so many names are made: what the tokens come to is checked once they are. */
static pmill_status check_reserve(
	const struct pmill_trainer *trainer, const pmill_text_options *text, pmill_error *error)
{
	uint64_t base = 256 + (uint64_t)text->special_token_count + trainer->options.reserve;
	if (trainer->options.reserve == 0 || trainer->options.vocab_size >= base)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"vocab size %llu is below the base of %llu: 256 bytes, special and reserved tokens",
		(unsigned long long)trainer->options.vocab_size, (unsigned long long)base);
}

static pmill_status init(struct pmill_trainer *trainer, const pmill_text_options *text,
	const pmill_train_options *options, pmill_error *error)
{
	pmill_options_copy(&trainer->options, sizeof trainer->options, options);
	pmill_text_options text_options;
	pmill_options_copy(&text_options, sizeof text_options, text);
	trainer->progress.callback = text_options.progress;
	trainer->progress.context = text_options.progress_context;
	trainer->threads = pmill_thread_count(text_options.threads);
	for (int i = 0; i < STAGES; i++)
		trainer->stages[i].name = stage_names[i];
	pmill_status status = set_rules(trainer, error);
	if (status == PMILL_OK)
		status = set_method(trainer, error);
	if (status == PMILL_OK && trainer->options.vocab_size != 0)
		status = check_reserve(trainer, &text_options, error);
	if (status == PMILL_OK)
		status = pmill_counter_create(
			&text_options, trainer->options.reserve, &trainer->counter, error);
	if (status == PMILL_OK && trainer->options.vocab_size != 0)
		status = check_vocab_size(trainer, error);
	return status;
}

pmill_status pmill_trainer_create(const pmill_text_options *text,
	const pmill_train_options *options, pmill_trainer **trainer, pmill_error *error)
{
	struct pmill_trainer *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	pmill_status status = init(created, text, options, error);
	if (status == PMILL_OK)
		*trainer = created;
	else
		pmill_trainer_free(created);
	return status;
}

void pmill_trainer_free(pmill_trainer *trainer)
{
	if (trainer == NULL)
		return;
	pmill_counter_free(trainer->counter);
	free(trainer);
}

static void end_stage(struct pmill_trainer *trainer, int stage, uint64_t nanoseconds)
{
	trainer->stages[stage].seconds += (double)nanoseconds * 1e-9;
	trainer->stages[stage].peak_memory = pmill_peak_memory();
}

pmill_status pmill_trainer_add_text(
	pmill_trainer *trainer, const void *text, size_t len, pmill_error *error)
{
	return pmill_counter_add_text(trainer->counter, text, len, error);
}

pmill_status pmill_trainer_add_files(pmill_trainer *trainer, const char *const *paths,
	size_t path_count, const pmill_input_options *input, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	trainer->progress.is_cancelled = false;
	pmill_status status = pmill_counter_add_files(
		trainer->counter, paths, path_count, input, &trainer->progress, error);
	end_stage(trainer, STAGE_COUNT, pmill_clock_ns() - began);
	return status;
}

pmill_status pmill_trainer_add_counts(
	pmill_trainer *trainer, const pmill_counts *counts, pmill_error *error)
{
	return pmill_counter_add_counts(trainer->counter, counts, error);
}

pmill_status pmill_trainer_move_counts(
	pmill_trainer *trainer, pmill_counts *counts, pmill_error *error)
{
	return pmill_counter_move_counts(trainer->counter, counts, error);
}

pmill_status pmill_trainer_take_counts(
	pmill_trainer *trainer, pmill_counts **counts, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	trainer->progress.is_cancelled = false;
	pmill_status status = pmill_counter_take(trainer->counter, &trainer->progress, counts, error);
	end_stage(trainer, STAGE_SORT, pmill_clock_ns() - began);
	return status;
}

pmill_status pmill_trainer_save_counts(pmill_trainer *trainer, const char *path, unsigned flags,
	pmill_counts **head, pmill_error *error)
{
	trainer->progress.is_cancelled = false;
	return pmill_counter_save(trainer->counter, path, flags, &trainer->progress, head, error);
}

void pmill_trainer_get_counting(const pmill_trainer *trainer, pmill_counting *counting)
{
	pmill_counter_get_counting(trainer->counter, counting);
}

static void set_merger(struct pmill_trainer *trainer, struct pmill_merger_settings *settings)
{
	const struct pmill_layout *layout = trainer->layout;
	uint32_t specials = (uint32_t)(base_size(trainer) - 256);
	uint64_t merges = trainer->options.vocab_size - base_size(trainer);
	uint32_t first_byte = layout->first_byte(specials, (uint32_t)merges);
	for (uint32_t i = 0; i < 256; i++)
		settings->byte_ids[pmill_layout_byte(layout, i)] = first_byte + i;
	settings->first_merge_id = layout->first_merge(specials, (uint32_t)merges);
	settings->merge_limit = merges;
	settings->min_count = trainer->options.min_count > 0 ? trainer->options.min_count : 1;
	settings->max_token_length = trainer->options.max_token_length;
	settings->is_hf_length = trainer->is_hf;
	settings->ties = trainer->ties;
	settings->progress = &trainer->progress;
	settings->threads = trainer->threads;
	settings->pool = pmill_counter_pool(trainer->counter);
	settings->method = trainer->options.merger;
	pmill_counting counting;
	pmill_trainer_get_counting(trainer, &counting);
	settings->is_memory_limited = counting.memory_limit > 0;
}

static void fill_record(const struct pmill_trainer *trainer, const pmill_counts *counts,
	const struct pmill_merger_result *result, pmill_training *record)
{
	const pmill_train_options *options = &trainer->options;
	*record = (pmill_training){.version = pmill_version(),
		.totals = counts->totals,
		.vocab_size_asked = options->vocab_size,
		.merges = result->merge_count,
		.stopped = result->stopped,
		.min_count = options->min_count > 0 ? options->min_count : 1,
		.max_token_length = options->max_token_length,
		.reserve = options->reserve,
		.pad_vocab_to = options->pad_vocab_to,
		.ties = trainer->ties_name,
		.layout = options->layout,
		.compat = options->compat,
		.threads = trainer->threads,
		.stages = trainer->stages,
		.stage_count = STAGES};
	pmill_counting counting;
	pmill_trainer_get_counting(trainer, &counting);
	record->memory_limit = counting.memory_limit;
	record->spilled_runs = counting.spilled_runs;
	record->inputs = pmill_counter_inputs(trainer->counter, &record->input_count);
}

/* Reserved tokens at the very end, until the vocab is a multiple of what was asked. */
static uint32_t pad_count(const struct pmill_trainer *trainer, uint64_t size)
{
	uint64_t multiple = trainer->options.pad_vocab_to;
	return multiple == 0 ? 0 : (uint32_t)((multiple - size % multiple) % multiple);
}

static pmill_status build(struct pmill_trainer *trainer, const pmill_counts *counts,
	const struct pmill_merger_result *result, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const struct pmill_counts_identity *identity = pmill_counter_identity(trainer->counter);
	size_t count = result->merge_count;
	struct pmill_id_pair *merges = malloc((count + 1) * sizeof *merges);
	int64_t *merge_counts = malloc((count + 1) * sizeof *merge_counts);
	pmill_status status = PMILL_OK;
	if (merges == NULL || merge_counts == NULL) {
		status = pmill_fail_memory(error);
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		merges[i] = (struct pmill_id_pair){result->merges[i].left, result->merges[i].right};
		merge_counts[i] = result->merges[i].count;
	}
	pmill_training record;
	fill_record(trainer, counts, result, &record);
	record.merge_counts = merge_counts;
	struct pmill_tokenizer_plan plan = {.layout = trainer->layout,
		.special_tokens = identity->special_tokens,
		.special_token_count = identity->special_token_count,
		.merges = merges,
		.merge_count = count,
		.pad_count = pad_count(trainer, base_size(trainer) + count),
		.first_pad = trainer->options.reserve,
		.pattern = identity->pattern,
		.unicode_version = identity->unicode_version,
		.training = &record};
	status = pmill_tokenizer_build(&plan, tokenizer, error);
out:
	free(merges);
	free(merge_counts);
	return status;
}

static pmill_status learn(struct pmill_trainer *trainer, pmill_counts *counts,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_merger_settings settings = {0};
	struct pmill_merger_result result = {0};
	set_merger(trainer, &settings);
	pmill_status status = pmill_merger_run(&counts->words, &settings, &result, error);
	if (status != PMILL_OK)
		return status;
	end_stage(trainer, STAGE_INDEX, result.index_seconds_ns);
	trainer->stages[STAGE_INDEX].peak_memory = result.index_peak_memory;
	end_stage(trainer, STAGE_MERGE, result.merge_seconds_ns);
	status = build(trainer, counts, &result, tokenizer, error);
	pmill_merger_result_release(&result);
	return status;
}

static uint64_t merging_memory(const struct pmill_trainer *trainer,
	const struct pmill_merger_settings *settings, const struct pmill_word_profile *profile)
{
	uint64_t merged = pmill_merge_memory(profile, settings);
	uint64_t listed = pmill_word_list_memory(profile->words, profile->bytes) +
		pmill_counter_reading_memory(trainer->counter);
	return merged > listed ? merged : listed;
}

static pmill_status check_memory(const struct pmill_trainer *trainer,
	const struct pmill_merger_settings *settings, const struct pmill_word_profile *profile,
	pmill_error *error)
{
	pmill_counting counting;
	pmill_trainer_get_counting(trainer, &counting);
	uint64_t limit = counting.memory_limit;
	uint64_t needed = limit > 0 ? merging_memory(trainer, settings, profile) : 0;
	if (needed <= limit)
		return PMILL_OK;
	return pmill_fail_limit(
		error, needed, limit, "merging %llu words may need", (unsigned long long)profile->words);
}

static pmill_status add_to_profile(
	void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	(void)error;
	pmill_word_profile_add(context, word, count);
	return PMILL_OK;
}

/* All words together, and whether they may be merged. */
static pmill_status gather(struct pmill_trainer *trainer, pmill_error *error)
{
	struct pmill_word_profile *profile = calloc(1, sizeof *profile);
	if (profile == NULL)
		return pmill_fail_memory(error);
	struct pmill_merger_settings settings = {0};
	uint64_t began = pmill_clock_ns();
	set_merger(trainer, &settings);
	profile->longest_token = pmill_merger_longest_token(&settings);
	pmill_status status = pmill_counter_gather(
		trainer->counter, &trainer->progress, add_to_profile, profile, error);
	end_stage(trainer, STAGE_SORT, pmill_clock_ns() - began);
	if (status == PMILL_OK)
		status = check_memory(trainer, &settings, profile, error);
	free(profile);
	return status;
}

pmill_status pmill_trainer_train(
	pmill_trainer *trainer, pmill_tokenizer **tokenizer, pmill_error *error)
{
	trainer->progress.is_cancelled = false;
	pmill_status status = check_vocab_size(trainer, error);
	if (status != PMILL_OK)
		return status;
	pmill_counts *counts = NULL;
	status = gather(trainer, error);
	if (status == PMILL_MEMORY_LIMIT)
		return status;
	if (status == PMILL_OK)
		status = pmill_trainer_take_counts(trainer, &counts, error);
	else
		pmill_counter_clear(trainer->counter);
	if (status == PMILL_OK)
		status = learn(trainer, counts, tokenizer, error);
	pmill_counts_free(counts);
	pmill_page_pool_drain(pmill_counter_pool(trainer->counter));
	return status;
}
