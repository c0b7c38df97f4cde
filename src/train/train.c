/* Training: gathers words, learns merges, builds a tokenizer. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "counter/gather.h"
#include "merge/merger.h"
#include "model/build_trained.h"
#include "train/rules.h"

enum { STAGE_COUNT, STAGE_SORT, STAGE_INDEX, STAGE_MERGE, STAGES };

struct training {
	struct pmill_train_rules rules;
	const struct pmill_counts_identity *identity;
	pmill_totals totals;
	struct pmill_word_list words;
	struct pmill_progress_state *progress;
	struct pmill_page_pool *pool;        /* where memory comes from; NULL: the system */
	struct pmill_memory_account account; /* the pool's, if there is a memory limit */
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
		.method = options->merger};
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

/* What the model takes to be built and saved in a folder, whose files spell it four times. */
static uint64_t model_memory(const struct pmill_merger_result *result)
{
	enum { TABLES = 80, SPELLINGS = 4, AROUND_SPELLINGS = 70 };
	uint64_t tokens = 256 + result->merge_count, bytes = result->token_bytes;
	return tokens * (TABLES + AROUND_SPELLINGS) + bytes + SPELLINGS * (bytes + result->wide_bytes);
}

/* That the model can't be saved must not turn out after it is built. */
static pmill_status build_within_limit(const struct training *training,
	const struct pmill_merger_result *result, pmill_tokenizer **tokenizer, pmill_error *error)
{
	uint64_t needed = model_memory(result);
	if (!pmill_memory_account_charge(result->account, needed))
		return pmill_fail_limit(error, pmill_memory_account_refused(result->account),
			training->counting.memory_limit, "saving a model of %llu bytes of tokens takes",
			(unsigned long long)result->token_bytes);
	pmill_status status = build(training, result, tokenizer, error);
	pmill_memory_account_credit(result->account, needed);
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
	status = build_within_limit(training, &result, tokenizer, error);
	pmill_merger_result_release(&result);
	return status;
}

/* ---- The memory limit ---- */

/* From here on, all that is large is charged. */
static pmill_status open_account(struct training *training, pmill_error *error)
{
	pmill_memory_account_open(
		&training->account, training->counting.memory_limit, training->threads);
	training->pool = pmill_page_pool_create_limited(&training->account);
	return training->pool == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

/* ---- From a counter ---- */

static pmill_status fail_list(
	const struct training *training, const struct pmill_counter *counter, pmill_error *error)
{
	return pmill_fail_limit(error, pmill_memory_account_refused(&training->account),
		training->counting.memory_limit, "listing %llu words to merge their pairs takes",
		(unsigned long long)counter->run_words);
}

/*
 * Merging takes the list of words apart. So the counter keeps them as runs, until it is certain
 * that the limit is enough.
 */
static pmill_status list_within_limit(
	struct training *training, struct pmill_counter *counter, pmill_error *error)
{
	pmill_status status = pmill_counter_gather_runs(counter, error);
	if (status == PMILL_OK)
		status = pmill_counter_drop_workers(counter, error);
	if (status == PMILL_OK)
		status = open_account(training, error);
	if (status != PMILL_OK)
		return status;
	uint64_t reading = pmill_counter_reading_memory(counter);
	if (!pmill_memory_account_charge(&training->account, reading))
		return fail_list(training, counter, error);
	status = pmill_counter_list_runs(counter, training->pool, &training->words, error);
	pmill_memory_account_credit(&training->account, reading);
	return status == PMILL_NO_MEMORY && pmill_memory_account_refused(&training->account) > 0
		? fail_list(training, counter, error)
		: status;
}

static pmill_status list_all(
	struct training *training, struct pmill_counter *counter, pmill_error *error)
{
	training->pool = pmill_page_pool_share(counter->pool);
	pmill_status status = pmill_counter_gather(counter, error);
	return status == PMILL_OK ? pmill_counter_take_words(counter, &training->words, error) : status;
}

static pmill_status take_words(
	struct training *training, struct pmill_counter *counter, pmill_error *error)
{
	uint64_t began = pmill_clock_ns();
	pmill_status status = training->counting.memory_limit > 0
		? list_within_limit(training, counter, error)
		: list_all(training, counter, error);
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
	if (training->counting.memory_limit == 0)
		pmill_counter_clear(counter);
	if (status == PMILL_OK) {
		pmill_counter_get_info(counter, &training->counting); /* now includes the last runs */
		status = learn(training, tokenizer, error);
	}
	if (status != PMILL_MEMORY_LIMIT)
		pmill_counter_clear(counter);
	return status;
}

static void release(struct training *training)
{
	pmill_word_list_release(&training->words);
	pmill_page_pool_drain(training->pool);
	pmill_page_pool_release(training->pool);
	pmill_train_rules_release(&training->rules);
}

pmill_status pmill_tokenizer_train(pmill_counter *counter, const pmill_train_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct training training = {.identity = &counter->identity,
		.progress = &counter->progress,
		.threads = counter->threads};
	pmill_status status = pmill_train_rules_init(
		&training.rules, options, &counter->identity, error);
	if (status == PMILL_OK)
		status = train(&training, counter, tokenizer, error);
	release(&training);
	return status;
}

/* ---- From counts ---- */

static pmill_status learn_from_counts(
	struct training *training, pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (training->counting.memory_limit > 0)
		status = open_account(training, error);
	else
		training->pool = pmill_page_pool_create();
	return status == PMILL_OK ? learn(training, tokenizer, error) : status;
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
	status = pmill_train_rules_init(&training.rules, options, training.identity, error);
	if (status == PMILL_OK)
		status = learn_from_counts(&training, tokenizer, error);
	release(&training);
	return status;
}
