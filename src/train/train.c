/* Training: gathers words, learns merges, builds a tokenizer. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "counter/gather.h"
#include "merge/merge_memory.h"
#include "model/build_trained.h"
#include "train/rules.h"

enum { STAGE_COUNT, STAGE_SORT, STAGE_INDEX, STAGE_MERGE, STAGES };

struct training {
	struct pmill_train_rules rules;
	const struct pmill_counts_identity *identity;
	pmill_totals totals;
	struct pmill_word_list words;
	struct pmill_progress_state *progress;
	struct pmill_page_pool *pool; /* NULL: use the system's allocator */
	unsigned threads;
	pmill_counter_info counting;
	pmill_stage stages[STAGES];
};

static void init_stages(struct training *training)
{
	static const char *const names[STAGES] = {"count", "sort", "index", "merge"};
	for (int i = 0; i < STAGES; i++)
		training->stages[i].name = names[i];
}

static void set_stage(
	struct training *training, int stage, uint64_t nanoseconds, uint64_t peak_memory)
{
	training->stages[stage].seconds = (double)nanoseconds * 1e-9;
	training->stages[stage].peak_memory = peak_memory;
}

/* ---- Words → merges ---- */

static struct pmill_merger_settings merger_settings(const struct training *training)
{
	const struct pmill_train_rules *rules = &training->rules;
	const pmill_train_options *options = &rules->options;
	const struct pmill_layout *layout = rules->layout;
	uint32_t specials = (uint32_t)rules->special_token_count;
	uint64_t merges = options->vocab_size - pmill_train_rules_base(rules);
	struct pmill_merger_settings settings = {
		.first_merge_id = layout->first_merge(specials, (uint32_t)merges),
		.merge_limit = merges,
		.min_count = options->min_count > 0 ? options->min_count : 1,
		.max_token_length = options->max_token_length,
		.is_hf_length = rules->is_hf,
		.ties = rules->ties,
		.progress = training->progress,
		.threads = training->threads,
		.pool = training->pool,
		.method = options->merger,
		.is_memory_limited = training->counting.memory_limit > 0};
	for (uint32_t i = 0; i < 256; i++)
		settings.byte_ids[pmill_layout_byte(layout, i)] =
			layout->first_byte(specials, (uint32_t)merges) + i;
	return settings;
}

/* ---- Merges → tokenizer ---- */

static pmill_training make_record(const struct training *training,
	const struct pmill_merger_result *result, const int64_t *merge_counts)
{
	const pmill_train_options *options = &training->rules.options;
	return (pmill_training){.size = sizeof(pmill_training),
		.version = pmill_version(),
		.totals = training->totals,
		.vocab_size_asked = options->vocab_size,
		.merges = result->merge_count,
		.stopped = result->stopped,
		.min_count = options->min_count > 0 ? options->min_count : 1,
		.max_token_length = options->max_token_length,
		.reserve = options->reserve,
		.pad_vocab_to = options->pad_vocab_to,
		.ties = options->ties,
		.layout = options->layout,
		.compat = options->compat,
		.threads = training->threads,
		.stages = training->stages,
		.stage_count = STAGES,
		.inputs = training->counting.inputs,
		.input_count = training->counting.input_count,
		.merge_counts = merge_counts,
		.memory_limit = training->counting.memory_limit,
		.spilled_runs = training->counting.spilled_runs};
}

/* How many reserved tokens to append to make the vocab size a multiple of pad_vocab_to. */
static uint32_t count_pads(const struct training *training, size_t merge_count)
{
	uint64_t multiple = training->rules.options.pad_vocab_to;
	uint64_t size = pmill_train_rules_base(&training->rules) + merge_count;
	return multiple == 0 ? 0 : (uint32_t)((multiple - size % multiple) % multiple);
}

static pmill_status build(const struct training *training, const struct pmill_merger_result *result,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	size_t count = result->merge_count;
	pmill_pair_ids *merges = malloc((count + 1) * sizeof *merges);
	int64_t *merge_counts = malloc((count + 1) * sizeof *merge_counts);
	pmill_status status = PMILL_OK;
	if (merges == NULL || merge_counts == NULL) {
		status = pmill_fail_memory(error);
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		merges[i] = (pmill_pair_ids){result->merges[i].left, result->merges[i].right};
		merge_counts[i] = result->merges[i].count;
	}
	pmill_training record = make_record(training, result, merge_counts);
	struct pmill_tokenizer_plan plan = {.layout = training->rules.layout,
		.special_tokens = training->rules.special_tokens,
		.special_token_count = training->rules.special_token_count,
		.merges = merges,
		.merge_count = count,
		.pad_count = count_pads(training, count),
		.first_pad = training->rules.options.reserve,
		.pattern = training->identity->pattern,
		.unicode_version = training->identity->unicode_version,
		.training = &record};
	status = pmill_tokenizer_build(&plan, tokenizer, error);
out:
	free(merges);
	free(merge_counts);
	return status;
}

/* Releases the words as soon as they are packed. */
static pmill_status learn(
	struct training *training, pmill_tokenizer **tokenizer, pmill_error *error)
{
	const struct pmill_merger_settings settings = merger_settings(training);
	struct pmill_merger_result result = {0};
	pmill_status status = pmill_merger_run(&training->words, &settings, &result, error);
	if (status != PMILL_OK)
		return status;
	set_stage(training, STAGE_INDEX, result.index_seconds_ns, result.index_peak_memory);
	set_stage(training, STAGE_MERGE, result.merge_seconds_ns, pmill_peak_memory());
	status = build(training, &result, tokenizer, error);
	pmill_merger_result_release(&result);
	return status;
}

/* ---- The memory limit ---- */

static pmill_status add_to_profile(
	void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	(void)error;
	pmill_word_profile_add(context, word, count);
	return PMILL_OK;
}

static struct pmill_word_profile *create_profile(const struct training *training)
{
	struct pmill_word_profile *profile = calloc(1, sizeof *profile);
	const struct pmill_merger_settings settings = merger_settings(training);
	if (profile != NULL)
		profile->longest_token = pmill_merger_longest_token(&settings);
	return profile;
}

/* `reading`: bytes needed to read the words, in addition to their list. */
static pmill_status check_memory(const struct training *training,
	const struct pmill_word_profile *profile, uint64_t reading, pmill_error *error)
{
	const struct pmill_merger_settings settings = merger_settings(training);
	uint64_t merging = pmill_merge_memory(profile, &settings);
	uint64_t listing = pmill_word_list_memory(profile->words, profile->bytes) + reading;
	uint64_t needed = merging > listing ? merging : listing;
	if (needed <= training->counting.memory_limit)
		return PMILL_OK;
	return pmill_fail_limit(error, needed, training->counting.memory_limit,
		"merging %llu words may need", (unsigned long long)profile->words);
}

/* ---- From a counter ---- */

static pmill_status gather_within_limit(
	const struct training *training, struct pmill_counter *counter, pmill_error *error)
{
	struct pmill_word_profile *profile = create_profile(training);
	if (profile == NULL)
		return pmill_fail_memory(error);
	pmill_status status = pmill_counter_gather(counter, add_to_profile, profile, error);
	if (status == PMILL_OK)
		status = check_memory(training, profile, pmill_counter_reading_memory(counter), error);
	free(profile);
	return status;
}

static pmill_status take_words(
	struct training *training, struct pmill_counter *counter, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	pmill_status status = counter->plan.limit > 0
		? gather_within_limit(training, counter, error)
		: pmill_counter_gather(counter, NULL, NULL, error);
	if (status == PMILL_OK)
		status = pmill_counter_take_words(counter, &training->words, error);
	if (status == PMILL_OK)
		status = pmill_counter_sum_totals(counter, &training->totals, error);
	training->totals.words = training->words.count;
	set_stage(training, STAGE_SORT, pmill_clock_ns() - began, pmill_peak_memory());
	return status;
}

static pmill_status train(struct training *training, struct pmill_counter *counter,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	init_stages(training);
	set_stage(training, STAGE_COUNT, counter->count_ns, counter->count_peak_memory);
	counter->progress.is_cancelled = false;
	training->counting.size = sizeof training->counting;
	pmill_counter_get_info(counter, &training->counting);
	pmill_status status = take_words(training, counter, error);
	if (status == PMILL_MEMORY_LIMIT)
		return status;
	pmill_counter_clear(counter);
	if (status == PMILL_OK) {
		pmill_counter_get_info(counter, &training->counting); /* now includes the last runs */
		status = learn(training, tokenizer, error);
	}
	pmill_page_pool_drain(counter->pool);
	return status;
}

pmill_status pmill_tokenizer_train(pmill_counter *counter, const pmill_train_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct training training = {.identity = &counter->identity,
		.progress = &counter->progress,
		.pool = counter->pool,
		.threads = counter->threads};
	pmill_status status = pmill_train_rules_init(
		&training.rules, options, &counter->identity, error);
	if (status == PMILL_OK)
		status = train(&training, counter, tokenizer, error);
	pmill_word_list_release(&training.words);
	pmill_train_rules_release(&training.rules);
	return status;
}

/* ---- From counts ---- */

static pmill_status check_words(const struct training *training, pmill_error *error)
{
	const struct pmill_word_list *words = &training->words;
	if (training->counting.memory_limit == 0)
		return PMILL_OK;
	struct pmill_word_profile *profile = create_profile(training);
	if (profile == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < words->count; i++)
		pmill_word_profile_add(profile, pmill_word_list_word(words, i), words->counts[i]);
	pmill_status status = check_memory(training, profile, 0, error);
	free(profile);
	return status;
}

pmill_status pmill_tokenizer_train_from_counts(const pmill_counts *counts,
	const pmill_train_options *options, const pmill_run_options *run, pmill_tokenizer **tokenizer,
	pmill_error *error)
{
	pmill_run_options running;
	pmill_status status = pmill_sized_struct_read(
		&running, sizeof running, run, "pmill_run_options", error);
	if (status != PMILL_OK)
		return status;
	struct pmill_progress_state progress = {
		.callback = running.progress, .context = running.progress_context};
	struct training training = {.identity = &counts->head.identity,
		.totals = counts->head.totals,
		.words = counts->words,
		.progress = &progress,
		.threads = pmill_thread_count(running.threads),
		.counting = {.memory_limit = running.memory_limit}};
	training.words.is_borrowed = true;
	init_stages(&training);
	if (running.memory_limit == 0)
		training.pool = pmill_page_pool_create();
	status = pmill_train_rules_init(&training.rules, options, training.identity, error);
	if (status == PMILL_OK)
		status = check_words(&training, error);
	if (status == PMILL_OK)
		status = learn(&training, tokenizer, error);
	pmill_page_pool_drain(training.pool);
	pmill_page_pool_release(training.pool);
	pmill_train_rules_release(&training.rules);
	return status;
}
