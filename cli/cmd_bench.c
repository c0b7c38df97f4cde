/* pairmill bench: times count, merge, encode and decode on this machine. */
/* SPDX-License-Identifier: MIT */
/*
 * A first pass warms the page cache and checks that decode reads as many tokens as encode wrote.
 * Each run then does every stage once: with the stages interleaved, a machine that is slow for a
 * while is slow for all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "interrupt.h"
#include "library_options.h"
#include "made_text.h"
#include "memory_file.h"
#include "messages.h"
#include "name_list.h"
#include "output.h"
#include "sizes.h"
#include "summary.h"

enum { VOCAB_SIZE = 32000, RUNS = 5, MADE_BYTES = 32 << 20, STAGES = 6 };

/* The first four as named in a training record. */
static const char *const stage_names[STAGES] = {
	"count", "sort", "index", "merge", "encode", "decode"};
enum { TRAIN_STAGES = 4, ENCODE = 4, DECODE = 5 };

struct bench {
	struct pmill_cli *cli;
	pmill_text_options text;
	pmill_run_options run;
	pmill_input_options input;
	const char *const *paths;
	size_t path_count;
	struct pmill_cli_memory_file made, ids;
	pmill_tokenizer *tokenizer;
	const char *made_paths[1], *id_paths[1];
	pmill_totals totals;
	uint64_t merges, tokens, decoded_bytes;
	unsigned threads;
	size_t runs;
	double *seconds; /* STAGES for each run */
};

/* One stage over all runs. */
struct timing {
	double best, median, rate; /* rate: units per second in the best run */
	const char *unit;
	unsigned threads;
};

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int discard(void *context, const void *data, size_t len)
{
	(void)context, (void)data, (void)len;
	return 0;
}

/* ---- Stages ---- */

/* A stage occurs several times if text was counted in parts. */
static void take_stages(struct bench *bench, const pmill_training *record, double *seconds)
{
	for (size_t stage = 0; seconds != NULL && stage < TRAIN_STAGES; stage++) {
		seconds[stage] = 0;
		for (size_t i = 0; i < record->stage_count; i++)
			if (strcmp(record->stages[i].name, stage_names[stage]) == 0)
				seconds[stage] += record->stages[i].seconds;
	}
	bench->totals = record->totals;
	bench->merges = record->merges;
	bench->threads = record->threads;
}

static pmill_status train(struct bench *bench, double *seconds, pmill_error *error)
{
	const struct pmill_cli_settings *settings = &bench->cli->settings;
	pmill_train_options options = {.size = sizeof options,
		.vocab_size = settings->vocab_size > 0 ? settings->vocab_size : VOCAB_SIZE};
	pmill_counter *counter = NULL;
	pmill_tokenizer *tokenizer = NULL;
	pmill_status status = pmill_counter_create(&bench->text, &bench->run, &counter, error);
	if (status == PMILL_OK)
		status = pmill_counter_add_files(
			counter, bench->paths, bench->path_count, &bench->input, error);
	bench->input.notice = NULL; /* not again in every run */
	if (status == PMILL_OK)
		status = pmill_tokenizer_train(counter, &options, &tokenizer, error);
	pmill_counter_free(counter);
	if (status != PMILL_OK)
		return status;
	pmill_training record = {.size = sizeof record};
	pmill_tokenizer_get_training(tokenizer, &record);
	take_stages(bench, &record, seconds);
	pmill_tokenizer_free(bench->tokenizer);
	bench->tokenizer = tokenizer;
	return PMILL_OK;
}

static pmill_status encode(struct bench *bench, pmill_write_fn write, void *context,
	pmill_encode_totals *totals, pmill_error *error)
{
	pmill_policy_options options = {.size = sizeof options, .special = "all"};
	pmill_policy *policy;
	pmill_encode_file_options file = {.size = sizeof file, .format = "u32"};
	pmill_output_options output = {.size = sizeof output, .write = write, .write_context = context};
	pmill_status status = pmill_policy_create(bench->tokenizer, &options, &policy, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_encode_files(bench->tokenizer, bench->paths, bench->path_count, &bench->input,
		policy, &file, &bench->run, &output, totals, error);
	pmill_policy_free(policy);
	return status;
}

static pmill_status decode(struct bench *bench, pmill_encode_totals *totals, pmill_error *error)
{
	pmill_decode_file_options file = {.size = sizeof file, .format = "u32"};
	pmill_output_options output = {.size = sizeof output, .write = discard};
	return pmill_decode_files(
		bench->tokenizer, bench->id_paths, 1, &file, &bench->run, &output, totals, error);
}

/* Fills bench->ids and checks them. Returns 0, or the exit code after a message. */
static int warm_up(struct bench *bench)
{
	pmill_error error = {0};
	pmill_encode_totals encoded = {.size = sizeof encoded}, decoded = {.size = sizeof decoded};
	pmill_status status = train(bench, NULL, &error);
	if (status == PMILL_OK && bench->totals.bytes == 0)
		return pmill_cli_fail(bench->cli, "no text to measure");
	if (status == PMILL_OK)
		status = encode(bench, pmill_cli_memory_file_write, &bench->ids, &encoded, &error);
	if (status == PMILL_OK)
		status = decode(bench, &decoded, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(bench->cli, status, &error);
	if (decoded.tokens != encoded.tokens)
		return pmill_cli_fail(bench->cli, "encode wrote %s tokens, but decode read %s",
			pmill_cli_count_text(encoded.tokens).text, pmill_cli_count_text(decoded.tokens).text);
	bench->tokens = encoded.tokens;
	bench->decoded_bytes = decoded.bytes;
	return 0;
}

static pmill_status run_once(struct bench *bench, double *seconds, pmill_error *error)
{
	pmill_encode_totals totals = {.size = sizeof totals};
	pmill_status status = train(bench, seconds, error);
	double began = now_s();
	if (status == PMILL_OK)
		status = encode(bench, discard, NULL, &totals, error);
	seconds[ENCODE] = now_s() - began;
	began = now_s();
	if (status == PMILL_OK)
		status = decode(bench, &totals, error);
	seconds[DECODE] = now_s() - began;
	return status;
}

static int run_all(struct bench *bench)
{
	pmill_error error = {0};
	for (size_t i = 0; i < bench->runs; i++) {
		pmill_status status = run_once(bench, bench->seconds + i * STAGES, &error);
		if (status != PMILL_OK)
			return pmill_cli_report(bench->cli, status, &error);
	}
	return 0;
}

/* ---- Figures ---- */

static int compare_reals(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static const char *const units[STAGES] = {"MB/s", "words/s", "words/s", "merges/s", "MB/s", "MB/s"};

/* How much a stage processed, in its unit. */
static double amount_of(const struct bench *bench, size_t stage)
{
	const double amounts[STAGES] = {(double)bench->totals.bytes / 1e6, (double)bench->totals.words,
		(double)bench->totals.words, (double)bench->merges, (double)bench->totals.bytes / 1e6,
		(double)bench->decoded_bytes / 1e6};
	return amounts[stage];
}

/* `sorted` has room for one figure per run. */
static struct timing timing_of(const struct bench *bench, size_t stage, double *sorted)
{
	struct timing timing = {.threads = stage < TRAIN_STAGES ? bench->threads : 1};
	for (size_t i = 0; i < bench->runs; i++)
		sorted[i] = bench->seconds[i * STAGES + stage];
	qsort(sorted, bench->runs, sizeof *sorted, compare_reals);
	size_t middle = bench->runs / 2;
	timing.best = sorted[0];
	timing.median = bench->runs % 2 == 1 ? sorted[middle]
										 : (sorted[middle - 1] + sorted[middle]) / 2;
	timing.unit = units[stage];
	timing.rate = timing.best > 0 ? amount_of(bench, stage) / timing.best : 0;
	return timing;
}

static void print_table(const struct bench *bench, double *sorted)
{
	if (bench->made.descriptor >= 0)
		fputs("Generated text (Zipf's law): ", stdout);
	else
		fputs("Text: ", stdout);
	printf("%s, %s distinct %s. ", pmill_cli_bytes_text(bench->totals.bytes).text,
		pmill_cli_count_text(bench->totals.words).text,
		pmill_cli_plural(bench->totals.words, "word", "words"));
	printf("Vocab size %s, %s %s, interleaved.\n",
		pmill_cli_count_text(pmill_tokenizer_vocab_size(bench->tokenizer)).text,
		pmill_cli_count_text(bench->runs).text, pmill_cli_plural(bench->runs, "run", "runs"));
	printf("%-8s%8s%11s%11s%16s\n", "stage", "threads", "best s", "median s", "best");
	for (size_t stage = 0; stage < STAGES; stage++) {
		struct timing timing = timing_of(bench, stage, sorted);
		printf("%-8s%8u%11.4f%11.4f%16s %s\n", stage_names[stage], timing.threads, timing.best,
			timing.median, pmill_cli_count_text((uint64_t)(timing.rate + 0.5)).text, timing.unit);
	}
}

static void print_timings(const struct bench *bench, struct pmill_cli_json *json, double *sorted)
{
	pmill_cli_json_begin(json, "timings", '[');
	for (size_t stage = 0; stage < STAGES; stage++) {
		struct timing timing = timing_of(bench, stage, sorted);
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_text(json, "name", stage_names[stage]);
		pmill_cli_json_number(json, "threads", timing.threads);
		pmill_cli_json_real(json, "best", timing.best);
		pmill_cli_json_real(json, "median", timing.median);
		pmill_cli_json_real(json, "rate", timing.rate);
		pmill_cli_json_text(json, "unit", timing.unit);
		pmill_cli_json_begin(json, "seconds", '[');
		for (size_t i = 0; i < bench->runs; i++)
			pmill_cli_json_real(json, NULL, bench->seconds[i * STAGES + stage]);
		pmill_cli_json_end(json, ']');
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

static void print_json(const struct bench *bench, double *sorted)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(bench->cli, &json);
	pmill_cli_json_text(&json, "text", bench->made.descriptor >= 0 ? "made" : "files");
	pmill_cli_json_text(&json, "pattern", pmill_tokenizer_pattern(bench->tokenizer));
	pmill_cli_json_number(&json, "vocab_size", pmill_tokenizer_vocab_size(bench->tokenizer));
	pmill_cli_json_number(&json, "merges", bench->merges);
	pmill_cli_json_number(&json, "tokens", bench->tokens);
	pmill_cli_json_number(&json, "runs", bench->runs);
	pmill_cli_json_totals(&json, &bench->totals);
	print_timings(bench, &json, sorted);
	pmill_cli_json_time(bench->cli, &json, NULL, 0);
	pmill_cli_json_end(&json, '}');
}

static void print_summary(const struct bench *bench)
{
	if (bench->cli->settings.verbose)
		fprintf(stderr, "Pattern %s, Unicode %s, %s merges, %s tokens.\n",
			pmill_cli_pattern_text(bench->tokenizer),
			pmill_tokenizer_unicode_version(bench->tokenizer),
			pmill_cli_count_text(bench->merges).text, pmill_cli_count_text(bench->tokens).text);
	pmill_cli_summary_time(bench->cli, NULL, 0);
}

static int report(const struct bench *bench)
{
	double *sorted = calloc(bench->runs, sizeof *sorted);
	if (sorted == NULL)
		return pmill_cli_no_memory(bench->cli);
	pmill_cli_progress_clear(&bench->cli->progress);
	if (bench->cli->settings.json)
		print_json(bench, sorted);
	else
		print_table(bench, sorted);
	free(sorted);
	if (pmill_cli_summary_is_wanted(bench->cli))
		print_summary(bench);
	return 0;
}

/* ---- Input ---- */

/* Generating gigabytes takes seconds, during which nothing else checks for Ctrl-C. */
static int write_made(void *context, const void *data, size_t len)
{
	return pmill_cli_is_interrupted() ? EINTR : pmill_cli_memory_file_write(context, data, len);
}

static int make_text(struct bench *bench)
{
	uint64_t len = bench->cli->settings.text_size;
	if (!pmill_cli_memory_file_open(&bench->made))
		return pmill_cli_fail(
			bench->cli, "cannot generate text: %s; name a FILE instead", strerror(errno));
	int error_number = pmill_cli_made_text_write(
		len > 0 ? len : MADE_BYTES, write_made, &bench->made);
	if (pmill_cli_is_interrupted())
		return pmill_cli_report_interrupt(bench->cli);
	if (error_number < 0)
		return pmill_cli_no_memory(bench->cli);
	if (error_number > 0)
		return pmill_cli_fail(bench->cli, "cannot generate text: %s", strerror(error_number));
	bench->made_paths[0] = bench->made.path;
	bench->paths = bench->made_paths;
	bench->path_count = 1;
	return 0;
}

/* Refuses a pipe or a device with a message. A missing file is left to the library. */
static bool refuse_pipe(void *cli, const char *path)
{
	struct stat about;
	if (stat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
		return false;
	pmill_cli_fail(cli, "%s: must be a regular file, because it is read several times", path);
	return true;
}

static bool refuse_pipes(struct pmill_cli *cli, const char *operand)
{
	if (operand[0] != '@')
		return refuse_pipe(cli, operand);
	return refuse_pipe(cli, operand + 1) || pmill_cli_list_has(operand + 1, refuse_pipe, cli);
}

static int take_files(struct bench *bench)
{
	for (size_t i = 0; i < bench->cli->operand_count; i++) {
		const char *operand = bench->cli->operands[i];
		if (strcmp(operand, "-") == 0 || strcmp(operand, "@-") == 0)
			return pmill_cli_wrong_usage(
				bench->cli, "cannot read stdin, because the text is read several times");
		if (refuse_pipes(bench->cli, operand))
			return PMILL_CLI_FAILED;
	}
	if (bench->cli->settings.text_size > 0)
		return pmill_cli_wrong_usage(bench->cli,
			"option --text-size: cannot be combined with FILE (\"%s\")", bench->cli->operands[0]);
	bench->paths = bench->cli->operands;
	bench->path_count = bench->cli->operand_count;
	return 0;
}

static int prepare(struct bench *bench)
{
	const struct pmill_cli_settings *settings = &bench->cli->settings;
	int code = bench->cli->operand_count > 0 ? take_files(bench) : make_text(bench);
	if (code == 0)
		code = pmill_cli_text_options_init(bench->cli, &bench->text);
	if (code == 0)
		code = pmill_cli_run_options_init(bench->cli, &bench->run);
	if (code != 0)
		return code;
	pmill_cli_input_options_init(bench->cli, &bench->input);
	if (!pmill_cli_memory_file_open(&bench->ids))
		return pmill_cli_fail(bench->cli, "cannot keep ids in memory: %s", strerror(errno));
	bench->id_paths[0] = bench->ids.path;
	bench->runs = settings->runs > 0 ? (size_t)settings->runs : RUNS;
	bench->seconds = calloc(bench->runs, STAGES * sizeof *bench->seconds);
	return bench->seconds == NULL ? pmill_cli_no_memory(bench->cli) : 0;
}

static void release(struct bench *bench)
{
	free(bench->seconds);
	pmill_tokenizer_free(bench->tokenizer);
	pmill_cli_run_options_release(&bench->run);
	pmill_cli_text_options_release(&bench->text);
	pmill_cli_memory_file_close(&bench->ids);
	pmill_cli_memory_file_close(&bench->made);
}

int pmill_cli_run_bench(struct pmill_cli *cli)
{
	struct bench bench = {.cli = cli, .made.descriptor = -1, .ids.descriptor = -1};
	pmill_cli_interrupt_listen();
	int code = prepare(&bench);
	if (code == 0)
		code = warm_up(&bench);
	if (code == 0)
		code = run_all(&bench);
	if (code == 0)
		code = report(&bench);
	release(&bench);
	return code;
}
