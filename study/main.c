/* pairmill-study: all of the article's ways to find the most frequent pair, on one harness. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "files/file.h"
#include "base/progress.h"
#include "base/thread.h"
#include "interrupt.h"
#include "options.h"

struct study {
	const struct pmill_study_options *options;
	pmill_counter *counter; /* owns the names of the inputs */
	pmill_counts *counts;
	struct pmill_study_reference reference;
	uint64_t special_count; /* for the words, whether counted here or loaded */
	struct pmill_study_report report;
};

/* ---- Words ---- */

static pmill_status count_text(struct study *study, bool hashes, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	pmill_bytes special = {options->special, strlen(options->special)};
	pmill_text_options text = {.size = sizeof text,
		.special_tokens = &special,
		.special_token_count = special.len > 0,
		.doc_separator = special};
	pmill_input_options input = {.size = sizeof input, .sha256 = hashes};
	pmill_status status = pmill_counter_create(&text, NULL, &study->counter, error);
	if (status == PMILL_OK)
		status = pmill_counter_add_files(
			study->counter, options->paths, options->path_count, &input, error);
	if (status == PMILL_OK)
		status = pmill_counter_take(study->counter, &study->counts, error);
	if (status != PMILL_OK)
		return status;
	pmill_counter_info info = {.size = sizeof info};
	pmill_counter_get_info(study->counter, &info);
	study->report.inputs = info.inputs;
	study->report.input_count = info.input_count;
	return PMILL_OK;
}

/* A pipe can't be. */
static bool can_read_again(const struct pmill_study_options *options)
{
	bool can = true;
	for (size_t i = 0; i < options->path_count; i++) {
		struct stat about;
		can &= stat(options->paths[i], &about) == 0 &&
			(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
	}
	return can;
}

/* Hashing takes longer than counting, which is timed, so it has its own pass. */
static pmill_status hash_text(struct study *study, pmill_error *error)
{
	struct study hashed = {.options = study->options};
	pmill_status status = count_text(&hashed, true, error);
	pmill_counts_free(hashed.counts);
	if (status != PMILL_OK) {
		pmill_counter_free(hashed.counter);
		return status;
	}
	pmill_counter_free(study->counter);
	study->counter = hashed.counter;
	study->report.inputs = hashed.report.inputs;
	return PMILL_OK;
}

static pmill_status get_words(struct study *study, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	if (options->path_count == 0 && options->counts_path == NULL)
		return PMILL_OK;
	bool is_text = options->counts_path == NULL, again = is_text && can_read_again(options);
	uint64_t began = pmill_clock_ns();
	pmill_status status = is_text
		? count_text(study, !again, error)
		: pmill_counts_load(options->counts_path, NULL, NULL, NULL, &study->counts, error);
	study->report.word_count_ns = pmill_clock_ns() - began;
	study->report.counts_path = options->counts_path;
	if (status == PMILL_OK && again)
		status = hash_text(study, error);
	if (status != PMILL_OK)
		return status;
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(study->counts, &info);
	study->report.totals = info.totals;
	study->special_count = info.special_token_count;
	return PMILL_OK;
}

/* ---- Systems ---- */

static void say(const struct pmill_study_system *system, unsigned workers, unsigned run,
	const struct pmill_study_times *times)
{
	fprintf(stderr, "%s", system->name);
	if (workers > 0)
		fprintf(stderr, ", %u worker%s", workers, workers == 1 ? "" : "s");
	fprintf(stderr, ", run %u: merge %.3f s, max %.3f s\n", run,
		(double)times->ns[PMILL_STUDY_MERGE] / 1e9, (double)times->ns[PMILL_STUDY_MAX] / 1e9);
}

static pmill_status run_system(struct study *study, const struct pmill_study_system *system,
	unsigned workers, unsigned run, pmill_error *error)
{
	const struct pmill_study_task task = {.counts = study->counts,
		.reference = &study->reference,
		.word_count_ns = study->report.word_count_ns,
		.fault = study->options->fault};
	struct pmill_study_result result = {
		.system = system, .workers = workers, .run = run, .merges = study->reference.count};
	pmill_status status = pmill_study_system_run(
		system, workers > 0 ? workers : 1, &task, &result.times, error);
	if (status != PMILL_OK)
		return status;
	say(system, workers, run, &result.times);
	return pmill_study_report_add_result(&study->report, &result) ? PMILL_OK
																  : pmill_fail_memory(error);
}

/* Runs it once if it has no workers, or else for each number of them. */
static pmill_status run_once(
	struct study *study, const struct pmill_study_system *system, unsigned run, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	if (!system->has_workers)
		return run_system(study, system, 0, run, error);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < options->worker_count_count && status == PMILL_OK; i++)
		status = run_system(study, system, options->workers[i], run, error);
	return status;
}

static bool has_system(const struct pmill_study_options *options)
{
	for (size_t i = 0; pmill_study_system_at(i) != NULL; i++)
		if (pmill_study_options_has(options, pmill_study_system_at(i)->name))
			return true;
	return false;
}

static pmill_status run_systems(struct study *study, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	struct pmill_study_report *report = &study->report;
	uint64_t base = 256 + study->special_count;
	uint64_t possible = options->vocab_size > base ? options->vocab_size - base : 0;
	uint64_t limit = options->merges > 0 && options->merges < possible ? options->merges : possible;
	if (options->skips_merge || !has_system(options))
		return PMILL_OK;
	pmill_status status = pmill_study_reference_make(
		study->counts, limit, &study->reference, error);
	report->library_ns = study->reference.ns;
	report->merges_possible = study->reference.count < limit ? study->reference.count : possible;
	report->merges = study->reference.count;
	report->has_merged = true;
	/* Run by run, so that other load on the machine affects all systems. */
	for (unsigned run = 1; run <= options->runs; run++)
		for (size_t i = 0; pmill_study_system_at(i) != NULL && status == PMILL_OK; i++)
			if (pmill_study_options_has(options, pmill_study_system_at(i)->name))
				status = run_once(study, pmill_study_system_at(i), run, error);
	return status;
}

/* ---- Counting and experiments ---- */

static pmill_status add_counting(
	struct study *study, const struct pmill_study_counting *result, pmill_error *error)
{
	fprintf(stderr, "%s, run %u: %.3f s\n", result->name, result->run, (double)result->ns / 1e9);
	return pmill_study_report_add_counting(&study->report, result) ? PMILL_OK
																   : pmill_fail_memory(error);
}

static pmill_status count_with_library(struct study *study, unsigned run, pmill_error *error)
{
	struct study again = {.options = study->options};
	struct pmill_study_counting result = {.name = "count",
		.counters = pmill_thread_count(0),
		.run = run,
		.words = study->report.totals.words,
		.pretokens = study->report.totals.pretokens,
		.documents = study->report.totals.documents};
	pmill_study_counters_read(&result.system);
	uint64_t began = pmill_clock_ns();
	pmill_status status = count_text(&again, false, error); /* count_queue's reader doesn't hash */
	result.ns = pmill_clock_ns() - began;
	pmill_study_counters_since(&result.system);
	pmill_counts_free(again.counts);
	pmill_counter_free(again.counter);
	return status == PMILL_OK ? add_counting(study, &result, error) : status;
}

static pmill_status count_with_queues(struct study *study, unsigned run, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	const struct pmill_study_counting_task task = {.paths = options->paths,
		.path_count = options->path_count,
		.special = {options->special, strlen(options->special)},
		.counters = options->counters,
		.mergers = options->mergers,
		.chunk_size = options->chunk_size,
		.monitor_seconds = options->monitor_seconds,
		.expected = study->counts,
		.fault = options->fault};
	struct pmill_study_counting result = {.run = run};
	pmill_status status = pmill_study_count_with_queues(&task, &result, error);
	return status == PMILL_OK ? add_counting(study, &result, error) : status;
}

static pmill_status run_counting(struct study *study, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	pmill_status status = PMILL_OK;
	for (unsigned run = 1; run <= options->runs && options->path_count > 0; run++) {
		if (status == PMILL_OK && pmill_study_options_has(options, "count_queue"))
			status = count_with_queues(study, run, error);
		if (status == PMILL_OK && pmill_study_options_has(options, "count"))
			status = count_with_library(study, run, error);
	}
	return status;
}

/* Prints what a row added to the report. */
static void say_experiments(const struct pmill_study_report *report, size_t from)
{
	for (size_t i = from; i < report->experiment_count; i++) {
		const struct pmill_study_experiment *experiment = &report->experiments[i];
		fprintf(stderr, "%s, %s, run %u:", experiment->name, experiment->variant, experiment->run);
		for (size_t k = 0; k < PMILL_STUDY_FIGURES && experiment->figures[k].name != NULL; k++)
			fprintf(stderr, "%s %s %.9g", k > 0 ? "," : "", experiment->figures[k].name,
				experiment->figures[k].value);
		fputc('\n', stderr);
	}
}

static pmill_status run_experiment(struct study *study,
	const struct pmill_study_experiment_row *row, unsigned run, pmill_error *error)
{
	size_t from = study->report.experiment_count;
	if (pmill_study_is_interrupted())
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "interrupted");
	pmill_status status = row->run(row, run, study->options->pairs, &study->report, error);
	say_experiments(&study->report, from);
	return status;
}

static pmill_status run_experiments(struct study *study, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	pmill_status status = PMILL_OK;
	for (unsigned run = 1; run <= options->runs; run++)
		for (size_t i = 0; pmill_study_experiment_at(i) != NULL && status == PMILL_OK; i++) {
			const struct pmill_study_experiment_row *row = pmill_study_experiment_at(i);
			if (pmill_study_options_has(options, row->name))
				status = run_experiment(study, row, run, error);
		}
	return status;
}

/* ---- Reports ---- */

typedef bool report_fn(const struct pmill_study_report *report, struct pmill_buffer *text);

static pmill_status write_report(
	const struct study *study, const char *path, report_fn *report, pmill_error *error)
{
	struct pmill_buffer text = {0};
	struct pmill_file_writer writer = {0};
	if (path == NULL)
		return PMILL_OK;
	pmill_status status = report(&study->report, &text) ? PMILL_OK : pmill_fail_memory(error);
	if (status == PMILL_OK)
		status = pmill_file_writer_open(
			&writer, path, study->options->is_forced ? PMILL_OVERWRITE : 0, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&writer, text.data, text.len, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_commit(&writer, error);
	pmill_file_writer_release(&writer);
	pmill_buffer_release(&text);
	return status;
}

static pmill_status print_table(const struct study *study, pmill_error *error)
{
	struct pmill_buffer text = {0};
	bool done = pmill_study_report_table(&study->report, &text);
	if (done && text.len > 0)
		fwrite(text.data, 1, text.len, stdout);
	pmill_buffer_release(&text);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

/* Reports an existing output file before hours of work, not after. */
static pmill_status check_targets(const struct pmill_study_options *options, pmill_error *error)
{
	const char *const targets[] = {options->json, options->markdown, options->svg};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < sizeof targets / sizeof *targets && status == PMILL_OK; i++)
		if (targets[i] != NULL)
			status = pmill_file_check_target(
				targets[i], options->is_forced ? PMILL_OVERWRITE : 0, error);
	return status;
}

static pmill_status run(struct study *study, pmill_error *error)
{
	const struct pmill_study_options *options = study->options;
	pmill_status status = check_targets(options, error);
	if (status == PMILL_OK)
		status = get_words(study, error);
	if (status == PMILL_OK)
		status = run_counting(study, error);
	if (status == PMILL_OK)
		status = run_systems(study, error);
	if (status == PMILL_OK)
		status = run_experiments(study, error);
	if (status == PMILL_OK)
		status = write_report(study, options->json, pmill_study_report_json, error);
	if (status == PMILL_OK)
		status = write_report(study, options->markdown, pmill_study_report_markdown, error);
	if (status == PMILL_OK)
		status = write_report(study, options->svg, pmill_study_report_svg, error);
	return status == PMILL_OK ? print_table(study, error) : status;
}

static int be_worker(const char *kind)
{
	pmill_study_die_with_parent(getppid());
	int code = pmill_study_experiment_worker(kind);
	return code >= 0 ? code : pmill_study_spawned_worker();
}

int main(int count, char **arguments)
{
	if (count == 3 && strcmp(arguments[1], "--worker") == 0)
		return be_worker(arguments[2]);
	struct pmill_study_options options;
	int code = 0;
	if (!pmill_study_options_parse(&options, count, arguments, &code))
		return code;
	pmill_study_interrupt_install();
	struct study study = {.options = &options};
	study.report.vocab_size = options.vocab_size;
	study.report.merges_asked = options.merges;
	study.report.runs = options.runs;
	study.report.special = options.special;
	pmill_error error = {0};
	pmill_status status = run(&study, &error);
	/* Ctrl-C reaches the workers, too: their death is then not an error of its own. */
	if (status != PMILL_OK && pmill_study_is_interrupted())
		status = pmill_fail(&error, PMILL_CANCELLED, PMILL_NO_OFFSET, "interrupted");
	if (status != PMILL_OK)
		fprintf(stderr, "pairmill-study: %s\n", error.message);
	pmill_study_report_release(&study.report);
	pmill_study_reference_release(&study.reference);
	pmill_counts_free(study.counts);
	pmill_counter_free(study.counter);
	return status == PMILL_OK ? 0 : status == PMILL_CANCELLED ? 130 : 1;
}
