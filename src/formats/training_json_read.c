/* training.json: reading. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "notation/json.h"
#include "formats/load.h"
#include "formats/training_json.h"
#include "model/merges.h"
#include "pretokenize/pattern.h"
#include "unicode/class.h"
#include "unicode/printable.h"
#include "unicode/quote.h"

/* Keeps the first failure; missing members are zero or NULL. */
struct record_reader {
	struct pmill_arena *arena;
	struct pmill_json_error *error;
	pmill_status status;
};

/* `name`: what the message is about; the place may be within it. */
static void fail_at(struct record_reader *reader, struct pmill_json_place place, const char *name,
	const char *reason)
{
	if (reader->status == PMILL_OK)
		reader->status = pmill_json_fail(reader->error, place, "\"%s\" %s", name, reason);
}

static void fail_member(
	struct record_reader *reader, const json_t *object, const char *key, const char *reason)
{
	fail_at(reader, pmill_json_at_member(object, key), key, reason);
}

static void fail_memory(struct record_reader *reader)
{
	if (reader->status == PMILL_OK)
		reader->status = pmill_fail_memory(reader->error->error);
}

static uint64_t read_number(
	struct record_reader *reader, const json_t *object, const char *key, uint64_t most)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL)
		return 0;
	const json_int_t number = json_integer_value(value);
	if (json_is_integer(value) && number >= 0 && (uint64_t)number <= most)
		return (uint64_t)number;
	fail_member(reader, object, key, "is not a number in range");
	return 0;
}

static const char *read_text(struct record_reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (value == NULL || json_is_null(value))
		return NULL;
	if (!json_is_string(value)) {
		fail_member(reader, object, key, "is not a string");
		return NULL;
	}
	const char *text = pmill_arena_copy(
		reader->arena, json_string_value(value), json_string_length(value));
	if (text == NULL)
		fail_memory(reader);
	return text;
}

/*
 * Allocates a list's items, to be filled in. NULL, with a failure, if not a list or out of memory.
 */
static void *read_list(struct record_reader *reader, const json_t *object, const char *key,
	size_t item_size, const json_t **list, size_t *count)
{
	*list = json_object_get(object, key);
	*count = json_array_size(*list);
	if (*list != NULL && !json_is_array(*list))
		fail_member(reader, object, key, "is not a list");
	/* jansson uses more than an item's size for each element: the product can't overflow. */
	void *items = pmill_arena_allocate(reader->arena, *count * item_size, 16);
	if (items == NULL)
		fail_memory(reader);
	return reader->status == PMILL_OK ? items : NULL;
}

static void read_stages(struct record_reader *reader, const json_t *root, pmill_training *training)
{
	const json_t *list;
	pmill_stage *stages = read_list(
		reader, root, "stages", sizeof *stages, &list, &training->stage_count);
	for (size_t i = 0; stages != NULL && i < training->stage_count; i++) {
		const json_t *stage = json_array_get(list, i);
		stages[i] = (pmill_stage){
			.name = read_text(reader, stage, "name"),
			.seconds = json_number_value(json_object_get(stage, "seconds")),
			.peak_memory = read_number(reader, stage, "peak_memory", INT64_MAX),
		};
		if (stages[i].name == NULL)
			fail_at(reader, pmill_json_at_item(list, i), "stages", "has a stage without a name");
	}
	training->stages = stages;
}

/* The name of an input: the bytes that "printable" spells, if it is there. */
static const char *read_name(struct record_reader *reader, const json_t *input)
{
	const json_t *value = json_object_get(input, "printable");
	if (value == NULL)
		return read_text(reader, input, "name");
	struct pmill_buffer bytes = {0};
	const char *name = NULL;
	size_t bad_offset = 0;
	const bool is_read = json_is_string(value) &&
		pmill_printable_parse(
			&bytes, json_string_value(value), json_string_length(value), &bad_offset);
	if (is_read && bytes.len > 0 && memchr(bytes.data, 0, bytes.len) == NULL)
		name = pmill_arena_copy(reader->arena, bytes.data, bytes.len);
	else if (bad_offset != SIZE_MAX)
		fail_member(reader, input, "printable", "is not a file name in printable bytes");
	if (name == NULL)
		fail_memory(reader); /* unless a failure is known */
	pmill_buffer_release(&bytes);
	return name;
}

static void read_inputs(struct record_reader *reader, const json_t *root, pmill_training *training)
{
	const json_t *list;
	pmill_input *inputs = read_list(
		reader, root, "inputs", sizeof *inputs, &list, &training->input_count);
	for (size_t i = 0; inputs != NULL && i < training->input_count; i++) {
		const json_t *input = json_array_get(list, i);
		inputs[i] = (pmill_input){
			.name = read_name(reader, input),
			.bytes = read_number(reader, input, "bytes", INT64_MAX),
			.sha256 = read_text(reader, input, "sha256"),
		};
		if (inputs[i].name == NULL)
			fail_at(reader, pmill_json_at_item(list, i), "inputs", "has an input without a name");
	}
	training->inputs = inputs;
}

static void read_merge_counts(
	struct record_reader *reader, const json_t *root, pmill_training *training)
{
	const json_t *list;
	size_t count;
	int64_t *counts = read_list(reader, root, "merge_counts", sizeof *counts, &list, &count);
	if (counts != NULL && count != 0 && count != training->merges)
		fail_at(
			reader, pmill_json_at(list), "merge_counts", "does not have one count for each merge");
	for (size_t i = 0; counts != NULL && i < count; i++) {
		const json_t *value = json_array_get(list, i);
		counts[i] = json_integer_value(value);
		if (counts[i] <= 0)
			fail_at(reader, pmill_json_at_item(list, i), "merge_counts",
				"has a count that is not a positive integer");
	}
	training->merge_counts = count == 0 ? NULL : counts;
}

static void read_record(struct record_reader *reader, const json_t *root, pmill_training *training)
{
	const json_t *options = json_object_get(root, "options");
	const json_t *totals = json_object_get(root, "totals");
	*training = (pmill_training){
		.version = read_text(reader, root, "version"),
		.totals = {.documents = read_number(reader, totals, "documents", INT64_MAX),
			.bytes = read_number(reader, totals, "bytes", INT64_MAX),
			.pretokens = read_number(reader, totals, "pretokens", INT64_MAX),
			.words = read_number(reader, totals, "words", INT64_MAX),
			.bad_lines = read_number(reader, totals, "bad_lines", INT64_MAX)},
		.vocab_size_asked = read_number(reader, options, "vocab_size", INT64_MAX),
		.merges = read_number(reader, root, "merges", INT64_MAX),
		.stopped = read_text(reader, root, "stopped"),
		.min_count = (int64_t)read_number(reader, options, "min_count", INT64_MAX),
		.max_token_length = read_number(reader, options, "max_token_length", INT64_MAX),
		.reserve = (uint32_t)read_number(reader, options, "reserve", UINT32_MAX),
		.pad_vocab_to = (uint32_t)read_number(reader, options, "pad_vocab_to", UINT32_MAX),
		.ties = read_text(reader, options, "ties"),
		.layout = read_text(reader, options, "layout"),
		.compat = read_text(reader, options, "compat"),
		.threads = (unsigned)read_number(reader, options, "threads", UINT32_MAX),
		.memory_limit = read_number(reader, options, "memory_limit", INT64_MAX),
		.spilled_runs = read_number(reader, root, "spilled_runs", INT64_MAX),
	};
	read_stages(reader, root, training);
	read_inputs(reader, root, training);
	read_merge_counts(reader, root, training);
}

static void check_texts(
	struct record_reader *reader, const json_t *root, const pmill_training *training)
{
	if (training->version == NULL)
		fail_member(reader, root, "version", "is missing");
	if (training->stopped == NULL)
		fail_member(reader, root, "stopped", "is missing");
	if (training->ties == NULL)
		fail_member(reader, json_object_get(root, "options"), "ties", "is missing");
	if (training->layout == NULL)
		fail_member(reader, json_object_get(root, "options"), "layout", "is missing");
}

/* The record must belong to this tokenizer. */
static pmill_status check_model(const struct pmill_tokenizer *tokenizer, const char *pattern,
	const json_t *root, const pmill_training *training, struct pmill_json_error *error)
{
	struct pmill_quote quote, other;
	const char *own = tokenizer->step_count == 0 ? pattern : pmill_tokenizer_pattern(tokenizer);
	if (pattern == NULL || own == NULL || !pmill_pattern_is_same(pattern, own)) {
		pattern = pattern == NULL ? "" : pattern;
		own = own == NULL ? "" : own;
		return pmill_json_fail(error, pmill_json_at_member(root, "pattern"),
			"its pattern is %s, the model's is %s: it is the record of another model",
			pmill_quote(&quote, pattern, strlen(pattern)), pmill_quote(&other, own, strlen(own)));
	}
	const struct pmill_merge *merges;
	size_t count;
	const pmill_status status = pmill_tokenizer_find_merges(
		tokenizer, &merges, &count, error->error);
	if (status != PMILL_OK || training->merges == count)
		return status;
	return pmill_json_fail(error, pmill_json_at_member(root, "merges"),
		"it has %llu merges, the model %zu: it is the record of another model",
		(unsigned long long)training->merges, count);
}

static pmill_status check_unicode(const json_t *root, const char *version,
	const pmill_load_options *options, struct pmill_json_error *error)
{
	struct pmill_quote quote;
	if (version == NULL || pmill_unicode_find(version) == NULL)
		return pmill_json_blame(error, pmill_json_at_member(root, "unicode_version"),
			pmill_fail(error->error, version == NULL ? PMILL_BAD_INPUT : PMILL_UNSUPPORTED,
				PMILL_NO_OFFSET, "no tables for its unicode_version %s",
				version == NULL ? "(none)" : pmill_quote(&quote, version, strlen(version))));
	if (options->unicode_version != NULL && strcmp(options->unicode_version, version) != 0)
		return pmill_fail(error->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"its Unicode version is %s, but %.40s was asked for", version,
			options->unicode_version);
	return PMILL_OK;
}

static pmill_status read_root(struct pmill_tokenizer *tokenizer, const json_t *root,
	const pmill_load_options *options, struct pmill_json_error *error)
{
	struct record_reader reader = {&tokenizer->arena, error, PMILL_OK};
	pmill_training *training = pmill_arena_allocate(&tokenizer->arena, sizeof *training, 16);
	if (training == NULL)
		return pmill_fail_memory(error->error);
	read_record(&reader, root, training);
	check_texts(&reader, root, training);
	const char *pattern = read_text(&reader, root, "pattern");
	const char *unicode_version = read_text(&reader, root, "unicode_version");
	if (reader.status == PMILL_OK)
		reader.status = check_model(tokenizer, pattern, root, training, error);
	if (reader.status == PMILL_OK)
		reader.status = check_unicode(root, unicode_version, options, error);
	if (reader.status != PMILL_OK)
		return reader.status;
	tokenizer->training = training;
	const struct pmill_pattern *known = pmill_pattern_find(pattern);
	if (known != NULL)
		pattern = known->name;
	return pmill_tokenizer_set_text(tokenizer,
		options->pattern == NULL ? pattern : pmill_tokenizer_pattern(tokenizer), unicode_version,
		error->error);
}

pmill_status pmill_training_json_read(struct pmill_tokenizer *tokenizer, const void *data,
	size_t len, const char *name, const pmill_load_options *options, pmill_error *error)
{
	struct pmill_json_error located = {.error = error};
	json_t *root;
	pmill_status status = pmill_json_parse(data, len, name, &root, error);
	if (status != PMILL_OK)
		return status;
	status = read_root(tokenizer, root, options, &located);
	const struct pmill_json_source source = {data, len, name, root};
	status = pmill_name_json_error(&located, &source, status);
	json_decref(root);
	return status;
}
