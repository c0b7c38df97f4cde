/* The report as JSON: every figure of every run. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "notation/json.h"
#include "report_parts.h"

/* Errors are remembered until the end. In arrays, and for the outermost value, the key is NULL. */
struct writer {
	struct pmill_buffer *out;
	unsigned depth;
	bool is_first; /* in the innermost object or array */
	bool has_failed;
};

/* ---- Values ---- */

static void put(struct writer *writer, const char *text)
{
	writer->has_failed = writer->has_failed || !pmill_buffer_append_text(writer->out, text);
}

/* Values of the two outer levels get a line each; what is inside shares it. */
static void put_key(struct writer *writer, const char *key)
{
	if (writer->depth > 0)
		put(writer, writer->is_first ? "" : writer->depth > 2 ? ", " : ",");
	if (writer->depth > 0 && writer->depth <= 2)
		put(writer, writer->depth == 1 ? "\n  " : "\n    ");
	writer->is_first = false;
	if (key == NULL)
		return;
	writer->has_failed = writer->has_failed || !pmill_json_append_text(writer->out, key);
	put(writer, ": ");
}

static void begin(struct writer *writer, const char *key, const char *bracket)
{
	put_key(writer, key);
	put(writer, bracket);
	writer->depth++;
	writer->is_first = true;
}

static void end(struct writer *writer, const char *bracket)
{
	writer->depth--;
	if (writer->depth < 2 && !writer->is_first)
		put(writer, writer->depth == 0 ? "\n" : "\n  ");
	writer->is_first = false;
	put(writer, bracket);
}

static void put_number(struct writer *writer, const char *key, uint64_t value)
{
	put_key(writer, key);
	writer->has_failed = writer->has_failed ||
		!pmill_buffer_append_format(writer->out, "%" PRIu64, value);
}

/* Exact, to the nanosecond. */
static void put_seconds(struct writer *writer, const char *key, uint64_t ns)
{
	put_key(writer, key);
	writer->has_failed = writer->has_failed ||
		!pmill_buffer_append_format(
			writer->out, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}

/* JSON has no infinity. */
static void put_real(struct writer *writer, const char *key, double value)
{
	put_key(writer, key);
	if (!isfinite(value))
		put(writer, "null");
	else
		writer->has_failed = writer->has_failed ||
			!pmill_buffer_append_format(writer->out, "%.15g", value);
}

static void put_bool(struct writer *writer, const char *key, bool value)
{
	put_key(writer, key);
	put(writer, value ? "true" : "false");
}

/* NULL is null; bytes that are not UTF-8 become U+FFFD. */
static void put_text(struct writer *writer, const char *key, const char *value)
{
	put_key(writer, key);
	writer->has_failed = writer->has_failed || !pmill_json_append_text(writer->out, value);
}

/* ---- What was run ---- */

static void write_machine(struct writer *writer)
{
	const struct pmill_study_machine machine = pmill_study_machine_read();
	begin(writer, "machine", "{");
	put_number(writer, "processors", machine.processors > 0 ? (uint64_t)machine.processors : 0);
	put_text(writer, "kernel", machine.kernel);
	put_text(writer, "compiler", machine.compiler);
	end(writer, "}");
}

static void write_text(struct writer *writer, const struct pmill_study_report *report)
{
	begin(writer, "text", "{");
	begin(writer, "inputs", "[");
	for (size_t i = 0; i < report->input_count; i++) {
		begin(writer, NULL, "{");
		put_text(writer, "name", report->inputs[i].name);
		put_number(writer, "bytes", report->inputs[i].bytes);
		put_text(writer, "sha256", report->inputs[i].sha256);
		end(writer, "}");
	}
	end(writer, "]");
	put_text(writer, "counts", report->counts_path);
	put_number(writer, "documents", report->totals.documents);
	put_number(writer, "bytes", report->totals.bytes);
	put_number(writer, "pretokens", report->totals.pretokens);
	put_number(writer, "words", report->totals.words);
	/* A count file records the special tokens of its text. */
	bool is_none = report->counts_path != NULL || report->special[0] == '\0';
	put_text(writer, "special", is_none ? NULL : report->special);
	end(writer, "}");
}

static void write_facts(struct writer *writer, const struct pmill_study_report *report)
{
	put_text(writer, "program", "pairmill-study");
	put_text(writer, "version", pmill_version());
	write_machine(writer);
	write_text(writer, report);
	put_number(writer, "vocab_size", report->vocab_size);
	put_number(writer, "merges", report->merges);
	put_number(writer, "merges_possible", report->merges_possible);
	put_bool(writer, "stopped_early", pmill_study_is_stopped_early(report));
	put_number(writer, "runs", report->runs);
	begin(writer, "library", "{");
	put_number(writer, "merges", report->merges);
	put_seconds(writer, "seconds", report->library_ns);
	end(writer, "}");
	put_seconds(writer, "word_count_seconds", report->word_count_ns);
}

/* ---- Results ---- */

static void write_counters(
	struct writer *writer, const char *key, const struct pmill_study_counters *counters)
{
	begin(writer, key, "{");
	put_number(writer, "processes", counters->processes);
	put_number(writer, "threads", counters->threads);
	put_seconds(writer, "start_s", counters->start_ns);
	put_number(writer, "bytes_sent", counters->bytes_sent);
	put_number(writer, "bytes_received", counters->bytes_received);
	put_number(writer, "own_minor_faults", counters->own_minor_faults);
	put_number(writer, "own_switches", counters->own_switches);
	put_number(writer, "child_minor_faults", counters->child_minor_faults);
	put_number(writer, "child_switches", counters->child_switches);
	end(writer, "}");
}

static void write_sections(struct writer *writer, const struct pmill_study_group *group,
	const struct pmill_study_result *result)
{
	char key[32];
	begin(writer, "sections", "{");
	for (int i = 0; i < PMILL_STUDY_SECTIONS; i++) {
		if (!group->has[i])
			continue;
		snprintf(key, sizeof key, "%s_s", pmill_study_section_name((enum pmill_study_section)i));
		put_seconds(writer, key, result->times.ns[i]);
	}
	end(writer, "}");
}

static void write_result(struct writer *writer, const struct pmill_study_group *group,
	const struct pmill_study_result *result)
{
	begin(writer, NULL, "{");
	put_text(writer, "system", result->system->name);
	put_text(writer, "article", result->system->article);
	if (result->workers > 0)
		put_number(writer, "workers", result->workers);
	else
		put_text(writer, "workers", NULL);
	put_number(writer, "run", result->run);
	put_number(writer, "merges", result->merges);
	write_sections(writer, group, result);
	write_counters(writer, "counters", &result->times.counters);
	end(writer, "}");
}

static void write_results(struct writer *writer, const struct pmill_study_groups *groups)
{
	begin(writer, "results", "[");
	for (size_t i = 0; i < groups->count; i++)
		for (size_t k = 0; k < groups->items[i].run_count; k++)
			write_result(writer, &groups->items[i], groups->items[i].runs[k]);
	end(writer, "]");
}

static void write_counting(struct writer *writer, const struct pmill_study_counting *counting)
{
	begin(writer, NULL, "{");
	put_text(writer, "name", counting->name);
	put_number(writer, "counters", counting->counters);
	put_number(writer, "mergers", counting->mergers);
	put_number(writer, "chunk_size", counting->chunk_size);
	put_number(writer, "run", counting->run);
	put_seconds(writer, "seconds", counting->ns);
	put_number(writer, "words", counting->words);
	put_number(writer, "pretokens", counting->pretokens);
	put_number(writer, "documents", counting->documents);
	put_number(writer, "most_chunks_queued", counting->most_chunks_queued);
	put_number(writer, "most_tables_queued", counting->most_tables_queued);
	write_counters(writer, "system", &counting->system);
	end(writer, "}");
}

static void write_experiment(struct writer *writer, const struct pmill_study_experiment *experiment)
{
	begin(writer, NULL, "{");
	put_text(writer, "name", experiment->name);
	put_text(writer, "variant", experiment->variant);
	put_number(writer, "run", experiment->run);
	begin(writer, "figures", "{");
	for (int i = 0; i < PMILL_STUDY_FIGURES && experiment->figures[i].name != NULL; i++)
		put_real(writer, experiment->figures[i].name, experiment->figures[i].value);
	end(writer, "}");
	end(writer, "}");
}

bool pmill_study_report_json(const struct pmill_study_report *report, struct pmill_buffer *text)
{
	struct pmill_study_groups groups;
	struct writer writer = {.out = text};
	writer.has_failed = !pmill_study_groups_init(&groups, report);
	if (!writer.has_failed) {
		begin(&writer, NULL, "{");
		write_facts(&writer, report);
		write_results(&writer, &groups);
		begin(&writer, "countings", "[");
		for (size_t i = 0; i < report->counting_count; i++)
			write_counting(&writer, &report->countings[i]);
		end(&writer, "]");
		begin(&writer, "experiments", "[");
		for (size_t i = 0; i < report->experiment_count; i++)
			write_experiment(&writer, &report->experiments[i]);
		end(&writer, "]");
		end(&writer, "}");
		put(&writer, "\n");
	}
	pmill_study_groups_release(&groups);
	return !writer.has_failed;
}
