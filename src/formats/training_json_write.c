/* training.json: writing. */
/* SPDX-License-Identifier: MIT */
#include "notation/json.h"
#include "formats/training_json.h"

#include <inttypes.h>
#include <string.h>

static bool write_specials(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = pmill_buffer_append_text(out, "    \"special_tokens\": [");
	for (size_t i = 0; i < tokenizer->special_count && done; i++) {
		const pmill_bytes content = tokenizer->specials[i].content;
		done = pmill_buffer_append_text(out, i == 0 ? "" : ", ") &&
			pmill_json_append_string(out, content.data, content.len);
	}
	return done && pmill_buffer_append_text(out, "],\n");
}

static bool write_options(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	const pmill_training *training = tokenizer->training;
	return pmill_buffer_append_format(out,
			   "  \"options\": {\n    \"vocab_size\": %" PRIu64 ",\n    \"min_count\": %" PRId64
			   ",\n    \"max_token_length\": %" PRIu64 ",\n    \"reserve\": %" PRIu32
			   ",\n    \"pad_vocab_to\": %" PRIu32
			   ",\n    \"threads\": %u,\n    \"memory_limit\": %" PRIu64 ",\n",
			   training->vocab_size_asked, training->min_count, training->max_token_length,
			   training->reserve, training->pad_vocab_to, training->threads,
			   training->memory_limit) &&
		write_specials(tokenizer, out) && pmill_buffer_append_text(out, "    \"ties\": ") &&
		pmill_json_append_text(out, training->ties) &&
		pmill_buffer_append_text(out, ",\n    \"layout\": ") &&
		pmill_json_append_text(out, training->layout) &&
		pmill_buffer_append_text(out, ",\n    \"compat\": ") &&
		pmill_json_append_text(out, training->compat) && pmill_buffer_append_text(out, "\n  },\n");
}

static bool write_totals(const pmill_totals *totals, struct pmill_buffer *out)
{
	return pmill_buffer_append_format(out,
		"  \"totals\": {\n    \"documents\": %" PRIu64 ",\n    \"bytes\": %" PRIu64
		",\n    \"pretokens\": %" PRIu64 ",\n    \"words\": %" PRIu64
		",\n    \"bad_lines\": %" PRIu64 "\n  },\n",
		totals->documents, totals->bytes, totals->pretokens, totals->words, totals->bad_lines);
}

/* A file name may be any bytes: one that JSON can't hold is there in printable bytes as well. */
static bool write_name(const char *name, struct pmill_buffer *out)
{
	const size_t len = strlen(name);
	return pmill_json_append_string(out, name, len) &&
		(pmill_json_is_text(name, len) ||
			(pmill_buffer_append_text(out, ", \"printable\": ") &&
				pmill_json_append_printable(out, name, len)));
}

static bool write_inputs(const pmill_training *training, struct pmill_buffer *out)
{
	bool done = pmill_buffer_append_text(out, "  \"inputs\": [");
	for (size_t i = 0; i < training->input_count && done; i++) {
		const pmill_input *input = &training->inputs[i];
		done = pmill_buffer_append_text(out, i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ") &&
			write_name(input->name, out) &&
			pmill_buffer_append_format(
				out, ", \"bytes\": %" PRIu64 ", \"sha256\": ", input->bytes) &&
			pmill_json_append_text(out, input->sha256) && pmill_buffer_append(out, "}", 1);
	}
	return done && pmill_buffer_append_text(out, training->input_count == 0 ? "],\n" : "\n  ],\n");
}

/* In whole microseconds: printf's %f depends on the locale. */
static bool write_stages(const pmill_training *training, struct pmill_buffer *out)
{
	bool done = pmill_buffer_append_text(out, "  \"stages\": [");
	for (size_t i = 0; i < training->stage_count && done; i++) {
		const pmill_stage *stage = &training->stages[i];
		const double seconds = stage->seconds > 0 && stage->seconds < 1e12 ? stage->seconds : 0;
		const uint64_t micros = (uint64_t)(seconds * 1e6 + 0.5);
		done = pmill_buffer_append_text(out, i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ") &&
			pmill_json_append_text(out, stage->name) &&
			pmill_buffer_append_format(out,
				", \"seconds\": %" PRIu64 ".%06" PRIu64 ", \"peak_memory\": %" PRIu64 "}",
				micros / 1000000, micros % 1000000, stage->peak_memory);
	}
	return done && pmill_buffer_append_text(out, training->stage_count == 0 ? "],\n" : "\n  ],\n");
}

static bool write_merge_counts(const pmill_training *training, struct pmill_buffer *out)
{
	const uint64_t count = training->merge_counts == NULL ? 0 : training->merges;
	bool done = pmill_buffer_append_text(out, "  \"merge_counts\": [");
	for (uint64_t i = 0; i < count && done; i++)
		done = pmill_buffer_append_format(out, "%s%" PRId64,
			i == 0            ? "\n    "
				: i % 16 == 0 ? ",\n    "
							  : ", ",
			training->merge_counts[i]);
	return done && pmill_buffer_append_text(out, count == 0 ? "]\n}\n" : "\n  ]\n}\n");
}

bool pmill_training_json_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	const pmill_training *training = tokenizer->training;
	return pmill_buffer_append_text(out, "{\n  \"version\": ") &&
		pmill_json_append_text(out, training->version) &&
		pmill_buffer_append_text(out, ",\n  \"pattern\": ") &&
		pmill_json_append_text(out, pmill_tokenizer_pattern(tokenizer)) &&
		pmill_buffer_append_text(out, ",\n  \"unicode_version\": ") &&
		pmill_json_append_text(out, tokenizer->unicode_version) &&
		pmill_buffer_append_text(out, ",\n") && write_options(tokenizer, out) &&
		write_totals(&training->totals, out) && write_inputs(training, out) &&
		pmill_buffer_append_format(out,
			"  \"spilled_runs\": %" PRIu64 ",\n  \"merges\": %" PRIu64 ",\n  \"stopped\": ",
			training->spilled_runs, training->merges) &&
		pmill_json_append_text(out, training->stopped) && pmill_buffer_append_text(out, ",\n") &&
		write_stages(training, out) && write_merge_counts(training, out);
}
