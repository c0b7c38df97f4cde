/* Verifying a model against the text that it was trained on. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "counter/counter.h"
#include "counts/identity.h"
#include "model/merges.h"
#include "unicode/quote.h"
#include "verify/training_text.h"

/* A model, and what its options give for the text. Zeroed, but for the model, is ready. */
struct comparison {
	const struct pmill_tokenizer *model;
	pmill_tokenizer *learned;    /* NULL: the totals differ already */
	pmill_totals totals;         /* of the text; words: once it is learned */
	uint64_t compared;           /* merges that are equal */
	struct pmill_buffer differs; /* what differs first; empty: nothing so far */
	bool is_out_of_memory;
};

#define SAY(comparison, ...)                                                                       \
	((comparison)->is_out_of_memory |= !pmill_buffer_append_format(                                \
		 &(comparison)->differs, __VA_ARGS__))

static bool differs(const struct comparison *comparison)
{
	return comparison->differs.len > 0 || comparison->is_out_of_memory;
}

/* ---- Totals ---- */

static void compare_total(
	struct comparison *comparison, const char *name, uint64_t counted, uint64_t recorded)
{
	if (counted == recorded)
		return;
	if (comparison->differs.len == 0)
		SAY(comparison, "the totals of the text differ");
	SAY(comparison, "\n  %s: %" PRIu64 " counted, %" PRIu64 " in the record", name, counted,
		recorded);
}

/* A TSV of counts has no more than pretokens and words. */
static bool knows_text(const pmill_totals *totals)
{
	return totals->bytes > 0 || totals->pretokens == 0;
}

static void compare_totals(struct comparison *comparison)
{
	const pmill_totals *counted = &comparison->totals;
	const pmill_totals *recorded = &comparison->model->training->totals;
	if (knows_text(counted) && knows_text(recorded)) {
		compare_total(comparison, "documents", counted->documents, recorded->documents);
		compare_total(comparison, "bytes", counted->bytes, recorded->bytes);
		compare_total(comparison, "skipped bad lines", counted->bad_lines, recorded->bad_lines);
	}
	compare_total(comparison, "pretokens", counted->pretokens, recorded->pretokens);
}

/* ---- Merges ---- */

/* Writes '"th" + "e", count 45'; a model's record may lack the counts. */
static void say_merge(struct comparison *comparison, const char *which,
	const struct pmill_tokenizer *tokenizer, const struct pmill_merge *merge, const int64_t *count)
{
	struct pmill_quote left, right;
	const pmill_bytes a = pmill_vocab_token(&tokenizer->vocab, merge->left);
	const pmill_bytes b = pmill_vocab_token(&tokenizer->vocab, merge->right);
	SAY(comparison, "\n  %s: %s + %s, id %" PRIu32, which, pmill_quote(&left, a.data, a.len),
		pmill_quote(&right, b.data, b.len), merge->id);
	if (count != NULL)
		SAY(comparison, ", count %" PRId64, *count);
}

static bool is_same_token(const struct comparison *comparison, uint32_t id, uint32_t learned_id)
{
	const pmill_bytes a = pmill_vocab_token(&comparison->model->vocab, id);
	const pmill_bytes b = pmill_vocab_token(&comparison->learned->vocab, learned_id);
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static const int64_t *count_at(const pmill_training *record, size_t rank)
{
	return record->merge_counts == NULL ? NULL : &record->merge_counts[rank];
}

static void compare_merge(struct comparison *comparison, size_t rank,
	const struct pmill_merge *merge, const struct pmill_merge *learned)
{
	const int64_t *count = count_at(comparison->model->training, rank);
	const int64_t *learned_count = count_at(comparison->learned->training, rank);
	const bool is_same_pair = is_same_token(comparison, merge->left, learned->left) &&
		is_same_token(comparison, merge->right, learned->right);
	const bool is_same_count = count == NULL || *count == *learned_count;
	if (is_same_pair && is_same_count && merge->id == learned->id)
		return;
	const char *what = !is_same_pair ? "" : is_same_count ? " in its id" : " in its count";
	SAY(comparison, "the merge of rank %zu (the first has 0) differs%s", rank, what);
	say_merge(comparison, "model", comparison->model, merge, count);
	say_merge(comparison, "text", comparison->learned, learned, learned_count);
}

static void compare_ends(struct comparison *comparison, size_t count, size_t learned_count)
{
	const pmill_training *record = comparison->model->training;
	const pmill_training *learned = comparison->learned->training;
	if (count != learned_count)
		SAY(comparison, "the model has %zu merges, the text gives %zu", count, learned_count);
	else if (strcmp(record->stopped, learned->stopped) != 0)
		SAY(comparison, "learning stops for another reason: \"%s\" in the record, \"%s\" now",
			record->stopped, learned->stopped);
}

static pmill_status compare_merges(struct comparison *comparison, pmill_error *error)
{
	const struct pmill_merge *merges, *learned;
	size_t count, learned_count;
	pmill_status status = pmill_tokenizer_find_merges(comparison->model, &merges, &count, error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_find_merges(comparison->learned, &learned, &learned_count, error);
	if (status != PMILL_OK)
		return status;
	for (size_t rank = 0; rank < count && rank < learned_count; rank++) {
		compare_merge(comparison, rank, &merges[rank], &learned[rank]);
		if (differs(comparison))
			return PMILL_OK;
		comparison->compared++;
	}
	compare_ends(comparison, count, learned_count);
	return PMILL_OK;
}

/* ---- All ---- */

/* The padding at the end of the vocab is left out: no merge depends on it. */
static pmill_status learn(
	struct comparison *comparison, struct pmill_counter *counter, pmill_error *error)
{
	const pmill_training *record = comparison->model->training;
	const pmill_train_options options = {.size = sizeof options,
		.vocab_size = record->vocab_size_asked,
		.min_count = record->min_count,
		.reserve = record->reserve,
		.max_token_length = record->max_token_length,
		.ties = record->ties,
		.layout = record->layout,
		.compat = record->compat};
	pmill_error cause;
	const pmill_status status = pmill_tokenizer_train(
		counter, &options, &comparison->learned, &cause);
	if (status == PMILL_OK)
		return PMILL_OK;
	if (status == PMILL_BAD_OPTION)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the training record can't be followed: %.900s", cause.message);
	if (error != NULL)
		*error = cause;
	return status;
}

static pmill_status compare(
	struct comparison *comparison, struct pmill_counter *counter, pmill_error *error)
{
	pmill_status status = pmill_counter_sum_totals(counter, &comparison->totals, error);
	if (status != PMILL_OK)
		return status;
	compare_totals(comparison);
	if (differs(comparison))
		return PMILL_OK;
	status = learn(comparison, counter, error);
	if (status != PMILL_OK)
		return status;
	compare_total(comparison, "words", comparison->learned->training->totals.words,
		comparison->model->training->totals.words);
	return differs(comparison) ? PMILL_OK : compare_merges(comparison, error);
}

static pmill_status hand_over(
	struct comparison *comparison, pmill_verification *verification, pmill_error *error)
{
	pmill_verification full = {.is_equal = comparison->differs.len == 0,
		.documents = comparison->totals.documents,
		.bytes = comparison->totals.bytes,
		.compared = comparison->compared,
		.bad_lines = comparison->totals.bad_lines};
	if (comparison->is_out_of_memory ||
		(!full.is_equal && !pmill_buffer_terminate(&comparison->differs)))
		return pmill_fail_memory(error);
	full.difference = (char *)comparison->differs.data;
	comparison->differs = (struct pmill_buffer){0};
	return pmill_sized_struct_write(verification, &full, sizeof full, "pmill_verification", error);
}

/* Counts that were cut otherwise would differ, but not show why. */
static pmill_status check_counter(const struct pmill_tokenizer *tokenizer,
	const struct pmill_counter *counter, pmill_error *error)
{
	pmill_text_options text;
	pmill_bytes *tokens = NULL;
	const pmill_bytes no_separator = {0};
	struct pmill_arena strings = {0};
	struct pmill_counts_identity identity;
	pmill_status status = pmill_training_text_find(tokenizer, no_separator, &text, &tokens, error);
	if (status == PMILL_OK)
		status = pmill_counts_identity_resolve(&text, NULL, &strings, &identity, error);
	if (status == PMILL_OK)
		status = pmill_counts_identity_compare(
			&counter->identity, "the counter", &identity, "the training", error);
	pmill_arena_release(&strings);
	free(tokens);
	return status;
}

pmill_status pmill_verify_training(const pmill_tokenizer *tokenizer, pmill_counter *counter,
	pmill_verification *verification, pmill_error *error)
{
	struct comparison comparison = {.model = tokenizer};
	pmill_status status = pmill_sized_struct_check(
		verification, sizeof *verification, "pmill_verification", error);
	if (status == PMILL_OK)
		status = check_counter(tokenizer, counter, error);
	if (status == PMILL_OK)
		status = compare(&comparison, counter, error);
	pmill_counter_clear(counter);
	if (status == PMILL_OK)
		status = hand_over(&comparison, verification, error);
	pmill_buffer_release(&comparison.differs);
	pmill_tokenizer_free(comparison.learned);
	return status;
}

pmill_status pmill_counter_create_from_record(const pmill_tokenizer *tokenizer,
	pmill_bytes doc_separator, const pmill_run_options *run, pmill_counter **counter,
	pmill_error *error)
{
	pmill_text_options text;
	pmill_bytes *tokens = NULL;
	pmill_status status = pmill_training_text_find(tokenizer, doc_separator, &text, &tokens, error);
	if (status == PMILL_OK)
		status = pmill_counter_create(&text, run, counter, error);
	free(tokens);
	return status;
}
