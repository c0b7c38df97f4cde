/* The report as tables, plain or Markdown: what was run, systems, counting, experiments. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "grid.h"
#include "report_parts.h"

enum { LONGEST_CELL = 160, MOST_SHOWN = 5, MOST_COLUMNS = 32 };

struct writer {
	const struct pmill_study_report *report;
	struct pmill_study_groups groups;
	enum pmill_study_form form;
	double *values; /* room for one per run */
	struct pmill_buffer *out;
	bool has_failed;
};

/* Writes and empties the grid; leaves out one with only a header. */
static void write_grid(struct writer *writer, const char *title, struct pmill_study_grid *grid)
{
	if (grid->cell_count > grid->column_count && !writer->has_failed)
		writer->has_failed = !pmill_buffer_append_format(writer->out,
								 writer->form == PMILL_STUDY_MARKDOWN ? "\n**%s**\n\n" : "\n%s\n",
								 title) ||
			!pmill_study_grid_write(grid, writer->form, writer->out);
	pmill_study_grid_release(grid);
}

static void add_head(struct pmill_study_grid *grid, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pmill_study_grid_add_text(grid, names[i]);
	pmill_study_grid_end_row(grid);
}

/* ---- Series ---- */

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

enum kind { SECONDS, WHOLE_NUMBERS };

/* "211/206/208", as in the article; for many runs, the fastest, median and slowest. */
static void add_series(struct pmill_study_grid *grid, double *values, size_t count, enum kind kind)
{
	char cell[LONGEST_CELL] = "";
	size_t len = 0;
	if (count > MOST_SHOWN) {
		qsort(values, count, sizeof *values, compare_doubles);
		values[1] = values[(count - 1) / 2];
		values[2] = values[count - 1];
		count = 3;
	}
	for (size_t i = 0; i < count && len < sizeof cell; i++)
		len += (size_t)snprintf(cell + len, sizeof cell - len, "%s%.*f", i == 0 ? "" : "/",
			kind == SECONDS ? pmill_study_digits(values[i]) : 0, values[i]);
	pmill_study_grid_add_text(grid, cell);
}

static void add_nothing(struct pmill_study_grid *grid)
{
	pmill_study_grid_add_text(grid, "–");
}

static void add_number(struct pmill_study_grid *grid, uint64_t number)
{
	pmill_study_grid_add(grid, "%" PRIu64, number);
}

/* ---- What was run ---- */

static void add_inputs(struct pmill_study_grid *grid, const struct pmill_study_report *report)
{
	for (size_t i = 0; i < report->input_count; i++) {
		const pmill_input *input = &report->inputs[i];
		pmill_study_grid_add_text(grid, "text");
		pmill_study_grid_add(grid, "%s, %" PRIu64 " bytes, SHA-256 %s", input->name, input->bytes,
			input->sha256 == NULL ? "unknown" : input->sha256);
	}
	if (report->counts_path == NULL)
		return;
	pmill_study_grid_add_text(grid, "counts");
	pmill_study_grid_add_text(grid, report->counts_path);
}

static void add_words(struct pmill_study_grid *grid, const struct pmill_study_report *report)
{
	const pmill_totals *totals = &report->totals;
	if (report->input_count == 0 && report->counts_path == NULL)
		return;
	pmill_study_grid_add_text(grid, "words");
	pmill_study_grid_add(grid,
		"%" PRIu64 " words, %" PRIu64 " pretokens, %" PRIu64 " documents, %" PRIu64
		" bytes of text; %s in %.3f s",
		totals->words, totals->pretokens, totals->documents, totals->bytes,
		report->counts_path == NULL ? "counted" : "loaded", (double)report->word_count_ns / 1e9);
	if (report->counts_path != NULL)
		return;
	pmill_study_grid_add_text(grid, "special token");
	pmill_study_grid_add_text(grid, report->special[0] == '\0' ? "none" : report->special);
}

static void add_merges(struct pmill_study_grid *grid, const struct pmill_study_report *report)
{
	pmill_study_grid_add_text(grid, "merges");
	if (!report->has_merged)
		pmill_study_grid_add_text(grid, "none requested");
	else if (pmill_study_is_stopped_early(report))
		pmill_study_grid_add(grid,
			"stopped after %" PRIu64 " of %" PRIu64 " merges (--merges), vocab size %" PRIu64,
			report->merges, report->merges_possible, report->vocab_size);
	else
		pmill_study_grid_add(grid, "%" PRIu64 " of %" PRIu64 " possible, vocab size %" PRIu64,
			report->merges, report->merges_possible, report->vocab_size);
	if (!report->has_merged)
		return;
	pmill_study_grid_add_text(grid, "library");
	pmill_study_grid_add(grid, "the same merges, one by one on one thread: %.3f s",
		(double)report->library_ns / 1e9);
}

static void add_runs(struct pmill_study_grid *grid, const struct pmill_study_report *report)
{
	pmill_study_grid_add_text(grid, "runs");
	pmill_study_grid_add(grid,
		report->runs > MOST_SHOWN ? "%u of each: fastest/median/slowest" : "%u of each, in order",
		report->runs);
	const struct pmill_study_machine machine = pmill_study_machine_read();
	pmill_study_grid_add_text(grid, "machine");
	pmill_study_grid_add(grid, "%ld processor%s, %s, %s", machine.processors,
		machine.processors == 1 ? "" : "s", machine.kernel, machine.compiler);
}

static void write_facts(struct writer *writer)
{
	struct pmill_study_grid grid = {.text_columns = 2};
	pmill_study_grid_add_text(&grid, "");
	pmill_study_grid_add(&grid, "pairmill-study %s", pmill_version());
	pmill_study_grid_end_row(&grid);
	add_inputs(&grid, writer->report);
	add_words(&grid, writer->report);
	add_merges(&grid, writer->report);
	add_runs(&grid, writer->report);
	write_grid(writer, "What was run", &grid);
}

/* ---- Systems ---- */

/* In the article's order. The word count is the same for all, so it is shown above. */
static const enum pmill_study_section shown[] = {PMILL_STUDY_TOTAL, PMILL_STUDY_MERGE,
	PMILL_STUDY_COPY, PMILL_STUDY_COPY_TRUNKS, PMILL_STUDY_MAX, PMILL_STUDY_COMPUTE,
	PMILL_STUDY_UPDATE, PMILL_STUDY_MAX_BY_COUNT, PMILL_STUDY_COPY_STRINGS};

static bool is_in_some(const struct pmill_study_groups *groups, enum pmill_study_section section)
{
	bool is_usual = section != PMILL_STUDY_COPY_TRUNKS && section != PMILL_STUDY_MAX_BY_COUNT &&
		section != PMILL_STUDY_COPY_STRINGS;
	for (size_t i = 0; i < groups->count && !is_usual; i++)
		is_usual = groups->items[i].has[section];
	return is_usual;
}

static void add_group_name(struct pmill_study_grid *grid, const struct pmill_study_group *group)
{
	pmill_study_grid_add_text(grid, group->system->name);
	if (group->workers > 0)
		pmill_study_grid_add(grid, "%u", group->workers);
	else
		add_nothing(grid);
}

static void add_section(struct writer *writer, struct pmill_study_grid *grid,
	const struct pmill_study_group *group, enum pmill_study_section section)
{
	if (!is_in_some(&writer->groups, section))
		return;
	if (!group->has[section]) {
		add_nothing(grid);
		return;
	}
	for (size_t i = 0; i < group->run_count; i++)
		writer->values[i] = (double)group->runs[i]->times.ns[section] / 1e9;
	add_series(grid, writer->values, group->run_count, SECONDS);
}

static void write_systems(struct writer *writer)
{
	const struct pmill_study_groups *groups = &writer->groups;
	struct pmill_study_grid grid = {.text_columns = 1};
	pmill_study_grid_add_text(&grid, "system");
	pmill_study_grid_add_text(&grid, "workers");
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (is_in_some(groups, shown[i]))
			pmill_study_grid_add_text(&grid, pmill_study_section_name(shown[i]));
	pmill_study_grid_end_row(&grid);
	for (size_t i = 0; i < groups->count; i++) {
		add_group_name(&grid, &groups->items[i]);
		for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
			add_section(writer, &grid, &groups->items[i], shown[k]);
		pmill_study_grid_end_row(&grid);
	}
	write_grid(writer, "Systems: seconds of each run", &grid);
}

static const char *const counter_names[] = {"processes", "threads", "start s", "MB sent",
	"MB received", "own page faults", "own context switches", "children's page faults",
	"children's context switches"};

/* With three significant digits, or a dash for nothing. */
static void add_amount(struct pmill_study_grid *grid, double amount)
{
	if (amount > 0)
		pmill_study_grid_add(grid, "%.*f", pmill_study_digits(amount), amount);
	else
		add_nothing(grid);
}

static void add_counters(struct pmill_study_grid *grid, const struct pmill_study_counters *counters)
{
	add_number(grid, counters->processes);
	add_number(grid, counters->threads);
	add_amount(grid, (double)counters->start_ns / 1e9);
	add_amount(grid, (double)counters->bytes_sent / 1e6);
	add_amount(grid, (double)counters->bytes_received / 1e6);
	add_number(grid, counters->own_minor_faults);
	add_number(grid, counters->own_switches);
	add_number(grid, counters->child_minor_faults);
	add_number(grid, counters->child_switches);
	pmill_study_grid_end_row(grid);
}

static void write_counters(struct writer *writer)
{
	struct pmill_study_grid grid = {.text_columns = 1};
	pmill_study_grid_add_text(&grid, "system");
	pmill_study_grid_add_text(&grid, "workers");
	add_head(&grid, counter_names, sizeof counter_names / sizeof *counter_names);
	for (size_t i = 0; i < writer->groups.count; i++) {
		add_group_name(&grid, &writer->groups.items[i]);
		add_counters(&grid, &writer->groups.items[i].median->times.counters);
	}
	write_grid(writer, "What the system did, in the run with the median merge time", &grid);
}

/* ---- Counting ---- */

static bool is_first_counting(const struct pmill_study_report *report, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(report->countings[i].name, report->countings[index].name) == 0)
			return false;
	return true;
}

static void add_counting(struct writer *writer, struct pmill_study_grid *grid, size_t index)
{
	const struct pmill_study_report *report = writer->report;
	const struct pmill_study_counting *first = &report->countings[index];
	size_t count = 0;
	for (size_t i = index; i < report->counting_count; i++)
		if (strcmp(report->countings[i].name, first->name) == 0)
			writer->values[count++] = (double)report->countings[i].ns / 1e9;
	const uint64_t numbers[] = {first->counters, first->mergers, first->chunk_size,
		first->most_chunks_queued, first->most_tables_queued};
	pmill_study_grid_add_text(grid, first->name);
	add_series(grid, writer->values, count, SECONDS);
	add_number(grid, first->words);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (numbers[i] > 0)
			add_number(grid, numbers[i]);
		else
			add_nothing(grid);
	add_counters(grid, &first->system);
}

static void write_countings(struct writer *writer)
{
	static const char *const names[] = {"counting", "seconds", "words", "counters", "mergers",
		"chunk bytes", "most chunks queued", "most tables queued"};
	struct pmill_study_grid grid = {.text_columns = 1};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		pmill_study_grid_add_text(&grid, names[i]);
	add_head(&grid, counter_names, sizeof counter_names / sizeof *counter_names);
	for (size_t i = 0; i < writer->report->counting_count; i++)
		if (is_first_counting(writer->report, i))
			add_counting(writer, &grid, i);
	write_grid(writer, "Counting words: seconds of each run; the rest is from the first", &grid);
}

/* ---- Experiments: one table each, with a line per variant and a column per figure ---- */

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether one of the same name, or of the same name and variant, precedes it. */
static bool has_earlier(const struct pmill_study_report *report, size_t index, bool is_by_variant)
{
	const struct pmill_study_experiment *own = &report->experiments[index];
	for (size_t i = 0; i < index; i++)
		if (is_equal(report->experiments[i].name, own->name) &&
			(!is_by_variant || is_equal(report->experiments[i].variant, own->variant)))
			return true;
	return false;
}

static const struct pmill_study_figure *figure_of(
	const struct pmill_study_experiment *experiment, const char *name)
{
	for (int i = 0; i < PMILL_STUDY_FIGURES && experiment->figures[i].name != NULL; i++)
		if (strcmp(experiment->figures[i].name, name) == 0)
			return &experiment->figures[i];
	return NULL;
}

/* Collects the names of all its variants' figures; returns how many. */
static size_t collect_names(
	const struct pmill_study_report *report, const char *experiment, const char **names)
{
	size_t count = 0;
	for (size_t i = 0; i < report->experiment_count; i++) {
		const struct pmill_study_experiment *own = &report->experiments[i];
		if (!is_equal(own->name, experiment))
			continue;
		for (int k = 0; k < PMILL_STUDY_FIGURES && own->figures[k].name != NULL; k++) {
			size_t at = 0;
			while (at < count && strcmp(names[at], own->figures[k].name) != 0)
				at++;
			if (at == count && count < MOST_COLUMNS)
				names[count++] = own->figures[k].name;
		}
	}
	return count;
}

static void add_figure(struct writer *writer, struct pmill_study_grid *grid,
	const struct pmill_study_experiment *own, const char *name)
{
	const struct pmill_study_report *report = writer->report;
	size_t count = 0, len = strlen(name);
	bool is_whole = true;
	for (size_t i = 0; i < report->experiment_count; i++) {
		const struct pmill_study_experiment *other = &report->experiments[i];
		const struct pmill_study_figure *figure = figure_of(other, name);
		if (figure == NULL || !is_equal(other->name, own->name) ||
			!is_equal(other->variant, own->variant))
			continue;
		writer->values[count++] = figure->value;
		is_whole = is_whole && figure->value == floor(figure->value);
	}
	bool is_seconds = len > 2 && strcmp(name + len - 2, "_s") == 0;
	if (count == 0)
		add_nothing(grid);
	else if (is_whole && !is_seconds)
		add_series(grid, writer->values, count, WHOLE_NUMBERS);
	else
		add_series(grid, writer->values, count, SECONDS);
}

static void write_experiment(struct writer *writer, size_t index)
{
	const struct pmill_study_report *report = writer->report;
	const char *name = report->experiments[index].name, *names[MOST_COLUMNS];
	size_t count = collect_names(report, name, names);
	struct pmill_study_grid grid = {.text_columns = 1};
	pmill_study_grid_add_text(&grid, "variant");
	add_head(&grid, names, count);
	for (size_t i = index; i < report->experiment_count; i++) {
		const struct pmill_study_experiment *own = &report->experiments[i];
		if (!is_equal(own->name, name) || has_earlier(report, i, true))
			continue;
		pmill_study_grid_add_text(&grid, own->variant == NULL ? "–" : own->variant);
		for (size_t k = 0; k < count; k++)
			add_figure(writer, &grid, own, names[k]);
		pmill_study_grid_end_row(&grid);
	}
	char title[LONGEST_CELL];
	snprintf(title, sizeof title, "Experiment %s", name);
	write_grid(writer, title, &grid);
}

/* ---- The whole ---- */

static bool prepare(struct writer *writer)
{
	const struct pmill_study_report *report = writer->report;
	size_t most = report->result_count + report->counting_count + report->experiment_count;
	/* A series of many runs is reduced to three in place. */
	writer->values = calloc(most + 3, sizeof *writer->values);
	return pmill_study_groups_init(&writer->groups, report) && writer->values != NULL;
}

static bool write_report(
	const struct pmill_study_report *report, enum pmill_study_form form, struct pmill_buffer *text)
{
	struct writer writer = {.report = report, .form = form, .out = text};
	writer.has_failed = !prepare(&writer);
	if (!writer.has_failed) {
		write_facts(&writer);
		write_systems(&writer);
		write_counters(&writer);
		write_countings(&writer);
		for (size_t i = 0; i < report->experiment_count; i++)
			if (!has_earlier(report, i, false))
				write_experiment(&writer, i);
	}
	pmill_study_groups_release(&writer.groups);
	free(writer.values);
	return !writer.has_failed;
}

bool pmill_study_report_table(const struct pmill_study_report *report, struct pmill_buffer *text)
{
	return write_report(report, PMILL_STUDY_PLAIN, text);
}

bool pmill_study_report_markdown(const struct pmill_study_report *report, struct pmill_buffer *text)
{
	return write_report(report, PMILL_STUDY_MARKDOWN, text);
}
