/* Parts of summaries and JSON documents that several commands share. */
/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sizes.h"

bool pmill_cli_summary_is_wanted(const struct pmill_cli *cli)
{
	return !cli->settings.quiet && !pmill_cli_progress_is_json(&cli->progress);
}

const char *pmill_cli_plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* The kernel's figure is off by some pages, so that it may be less now than after a stage. */
static uint64_t peak_memory(const pmill_stage *stages, size_t stage_count)
{
	uint64_t peak = pmill_peak_memory();
	for (size_t i = 0; i < stage_count; i++)
		if (stages[i].peak_memory > peak)
			peak = stages[i].peak_memory;
	return peak;
}

void pmill_cli_summary_totals(const pmill_totals *totals)
{
	fprintf(stderr, "From %s of text: %s %s, %s %s, %s distinct %s.\n",
		pmill_cli_bytes_text(totals->bytes).text, pmill_cli_count_text(totals->documents).text,
		pmill_cli_plural(totals->documents, "document", "documents"),
		pmill_cli_count_text(totals->pretokens).text,
		pmill_cli_plural(totals->pretokens, "pretoken", "pretokens"),
		pmill_cli_count_text(totals->words).text, pmill_cli_plural(totals->words, "word", "words"));
}

static void print_first_bad_line(const pmill_bad_lines *lines)
{
	fprintf(stderr, "line %" PRIu64 ": byte %" PRIu64 ": %s.\n", lines->first_line,
		lines->first_offset, lines->first_reason);
}

static void print_bad_files(const pmill_bad_lines *files, size_t file_count)
{
	for (size_t i = 0; i < file_count; i++) {
		fprintf(stderr, "%s: skipped %s; the first: ", files[i].name,
			pmill_cli_count_text(files[i].count).text);
		print_first_bad_line(&files[i]);
	}
}

void pmill_cli_summary_bad_lines(const struct pmill_cli *cli, uint64_t bad_lines,
	const pmill_bad_lines *files, size_t file_count)
{
	if (bad_lines == 0)
		return;
	fprintf(stderr, "Skipped %s bad %s.", pmill_cli_count_text(bad_lines).text,
		pmill_cli_plural(bad_lines, "line", "lines"));
	if (file_count == 0 || (cli->settings.verbose && file_count > 1)) {
		fputs("\n", stderr);
		print_bad_files(files, file_count);
		return;
	}
	if (file_count > 1)
		fprintf(stderr, " They are in %s files.", pmill_cli_count_text(file_count).text);
	fprintf(stderr, " %s %s: ", bad_lines == 1 ? "It was" : "The first was", files[0].name);
	print_first_bad_line(&files[0]);
}

size_t pmill_cli_summary_stages(const struct pmill_cli *cli, pmill_stage stages[PMILL_CLI_STAGES])
{
	for (size_t i = 0; i < cli->progress.stage_count; i++)
		stages[i] = (pmill_stage){
			.name = cli->progress.stages[i].name, .seconds = cli->progress.stages[i].seconds};
	return cli->progress.stage_count;
}

void pmill_cli_summary_time(
	const struct pmill_cli *cli, const pmill_stage *stages, size_t stage_count)
{
	double seconds = pmill_cli_progress_seconds(&cli->progress);
	fprintf(stderr, "In %s", pmill_cli_seconds_text(seconds).text);
	for (size_t i = 0; i < stage_count; i++)
		fprintf(stderr, "%s%s %s", i == 0 ? " (" : ", ", stages[i].name,
			pmill_cli_seconds_text(stages[i].seconds).text);
	fprintf(stderr, "%s, at most %s of memory.\n", stage_count > 0 ? ")" : "",
		pmill_cli_bytes_text(peak_memory(stages, stage_count)).text);
}

void pmill_cli_json_document(const struct pmill_cli *cli, struct pmill_cli_json *json)
{
	*json = (struct pmill_cli_json){.out = stdout};
	pmill_cli_json_begin(json, NULL, '{');
	pmill_cli_json_text(json, "command", cli->command->name);
	pmill_cli_json_text(json, "version", pmill_version());
}

void pmill_cli_json_totals(struct pmill_cli_json *json, const pmill_totals *totals)
{
	pmill_cli_json_begin(json, "totals", '{');
	pmill_cli_json_number(json, "documents", totals->documents);
	pmill_cli_json_number(json, "bytes", totals->bytes);
	pmill_cli_json_number(json, "pretokens", totals->pretokens);
	pmill_cli_json_number(json, "words", totals->words);
	pmill_cli_json_number(json, "bad_lines", totals->bad_lines);
	pmill_cli_json_end(json, '}');
}

void pmill_cli_json_bad_files(
	struct pmill_cli_json *json, const pmill_bad_lines *files, size_t file_count)
{
	pmill_cli_json_begin(json, "bad_files", '[');
	for (size_t i = 0; i < file_count; i++) {
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_text(json, "name", files[i].name);
		pmill_cli_json_number(json, "bad_lines", files[i].count);
		pmill_cli_json_number(json, "first_line", files[i].first_line);
		pmill_cli_json_number(json, "first_byte", files[i].first_offset);
		pmill_cli_json_text(json, "first_reason", files[i].first_reason);
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

void pmill_cli_json_specials(
	struct pmill_cli_json *json, const char *key, const pmill_bytes *tokens, size_t count)
{
	pmill_cli_json_begin(json, key, '[');
	for (size_t i = 0; i < count; i++)
		pmill_cli_json_bytes(json, NULL, tokens[i].data, tokens[i].len);
	pmill_cli_json_end(json, ']');
}

void pmill_cli_json_time(const struct pmill_cli *cli, struct pmill_cli_json *json,
	const pmill_stage *stages, size_t stage_count)
{
	pmill_cli_json_begin(json, "stages", '[');
	for (size_t i = 0; i < stage_count; i++) {
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_text(json, "name", stages[i].name);
		pmill_cli_json_real(json, "seconds", stages[i].seconds);
		if (stages[i].peak_memory > 0)
			pmill_cli_json_number(json, "peak_memory", stages[i].peak_memory);
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
	pmill_cli_json_real(json, "seconds", pmill_cli_progress_seconds(&cli->progress));
	pmill_cli_json_number(json, "peak_memory", peak_memory(stages, stage_count));
}

/* Whether the output is a folder without vocab.json and merges.txt, since they can't hold it. */
static bool lacks_files(const pmill_tokenizer *tokenizer, const char *output, pmill_error *error)
{
	struct stat about;
	return output != NULL && stat(output, &about) == 0 && S_ISDIR(about.st_mode) &&
		pmill_tokenizer_check_format(tokenizer, "vocab.json", error) == PMILL_UNSUPPORTED;
}

void pmill_cli_summary_written(
	const pmill_tokenizer *tokenizer, const char *output, const char *more)
{
	pmill_error error = {0};
	fprintf(stderr, "Written to %s%s.\n", output, more);
	if (lacks_files(tokenizer, output, &error))
		fprintf(stderr, "Without vocab.json and merges.txt: %s.\n", error.message);
}

void pmill_cli_json_left_out(
	struct pmill_cli_json *json, const pmill_tokenizer *tokenizer, const char *output)
{
	pmill_cli_json_begin(json, "left_out", '[');
	if (lacks_files(tokenizer, output, NULL)) {
		pmill_cli_json_text(json, NULL, "vocab.json");
		pmill_cli_json_text(json, NULL, "merges.txt");
	}
	pmill_cli_json_end(json, ']');
}
