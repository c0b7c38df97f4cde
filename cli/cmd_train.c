/* pairmill train: text or counts → a model. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "count_files.h"
#include "interrupt.h"
#include "kept_counts.h"
#include "library_options.h"
#include "memory_limit.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"
#include "sizes.h"
#include "summary.h"

/* The objects of one run; zero-initialized. */
struct training {
	pmill_text_options text; /* from the options */
	pmill_run_options run;
	pmill_counts *first_counts; /* the others must agree with it; NULL once moved to the counter */
	pmill_counter *counter;
	pmill_tokenizer *tokenizer;
	struct pmill_cli_kept_counts kept;
};

static void release(struct training *training)
{
	pmill_cli_kept_counts_release(&training->kept);
	pmill_tokenizer_free(training->tokenizer);
	pmill_counter_free(training->counter);
	pmill_counts_free(training->first_counts);
	pmill_cli_run_options_release(&training->run);
	pmill_cli_text_options_release(&training->text);
}

static int check_compat(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->compat == NULL)
		return 0;
	if (settings->ties != NULL && strcmp(settings->ties, "ids") != 0)
		return pmill_cli_wrong_usage(cli,
			"option --compat: hf means ties by ids; cannot be combined with --ties %s",
			settings->ties);
	if (settings->layout != NULL && strcmp(settings->layout, "hf") != 0)
		return pmill_cli_wrong_usage(cli,
			"option --compat: hf means layout hf; cannot be combined with --layout %s",
			settings->layout);
	return 0;
}

static bool reads_text(const struct pmill_cli *cli)
{
	return cli->operand_count > 0 || cli->settings.counts.count == 0;
}

/* Without text, options about text would have no effect. */
static int check_text_options(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	const struct {
		bool is_given;
		const char *name;
	} options[] = {
		{settings->input_format != NULL, "input-format"},
		{settings->field != NULL, "field"},
		{settings->skip_bad_lines != 0, "skip-bad-lines"},
		{settings->skip_binary != 0, "skip-binary"},
		{settings->sha256 != 0, "sha256"},
		{settings->chunk_size != 0, "chunk-size"},
		{settings->scanner != NULL, "scanner"},
	};
	for (size_t i = 0; !reads_text(cli) && i < sizeof options / sizeof *options; i++)
		if (options[i].is_given)
			return pmill_cli_wrong_usage(cli,
				"option --%s: applies to text; with --counts, name a FILE too", options[i].name);
	return 0;
}

static int check_output(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	int code = out == NULL ? 0 : pmill_cli_output_require_path(cli, out);
	return out == NULL || code != 0 ? code : pmill_cli_output_guard(cli, out);
}

/* Only counts made by this run are worth keeping. */
static bool may_keep_counts(const struct pmill_cli *cli)
{
	return cli->settings.memory > 0 && reads_text(cli);
}

static int check_settings(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->vocab_size == 0)
		return pmill_cli_wrong_usage(cli, "needs -s N, the size of the vocab");
	if (settings->tsv != NULL && settings->counts.count == 0)
		return pmill_cli_wrong_usage(cli, "option --tsv: needs --counts");
	int code = check_compat(cli);
	if (code == 0)
		code = check_text_options(cli);
	if (code == 0)
		code = check_output(cli);
	return code == 0 && may_keep_counts(cli) ? pmill_cli_kept_counts_check(cli) : code;
}

/* The text options of the counter: those of the counts, if any, except for the separator. */
static pmill_text_options text_options(const struct training *training)
{
	pmill_text_options text = training->text;
	if (training->first_counts == NULL)
		return text;
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(training->first_counts, &info);
	text.pattern = info.pattern;
	text.unicode_version = info.unicode_version;
	text.special_tokens = info.special_tokens;
	text.special_token_count = info.special_token_count;
	return text;
}

static pmill_counter_info counter_info(const struct training *training)
{
	pmill_counter_info info = {.size = sizeof info};
	pmill_counter_get_info(training->counter, &info);
	return info;
}

static int check_target(
	struct pmill_cli *cli, const pmill_text_options *text, struct pmill_cli_kept_counts *kept)
{
	pmill_error error = {0};
	if (cli->settings.output == NULL)
		return 0;
	pmill_status status = pmill_tokenizer_check_save(
		cli->settings.output, NULL, text, pmill_cli_write_flags(cli), &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	return reads_text(cli) ? pmill_cli_kept_counts_prepare(cli, text, kept) : 0;
}

static pmill_train_options train_options(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	return (pmill_train_options){.size = sizeof(pmill_train_options),
		.vocab_size = settings->vocab_size,
		.min_count = (int64_t)settings->min_count,
		.reserve = (uint32_t)settings->reserve,
		.pad_vocab_to = (uint32_t)settings->pad_vocab_to,
		.max_token_length = settings->max_token_length,
		.ties = settings->ties,
		.layout = settings->layout,
		.compat = settings->compat,
		.merger = settings->merger};
}

static int create_counter(struct pmill_cli *cli, struct training *training)
{
	pmill_error error = {0};
	pmill_text_options text = text_options(training);
	pmill_train_options options = train_options(cli);
	int code = check_target(cli, &text, &training->kept);
	if (code != 0)
		return code;
	pmill_status status = pmill_tokenizer_check_train(&text, &options, &error);
	if (status == PMILL_OK)
		status = pmill_counter_create(&text, &training->run, &training->counter, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

/* A limit too small for any counter is wrong usage, whatever the counts need. */
static int check_limit(struct pmill_cli *cli, const struct training *training)
{
	pmill_error error = {0};
	pmill_counter *counter = NULL;
	if (cli->settings.memory == 0)
		return 0;
	pmill_status status = pmill_counter_create(&training->text, &training->run, &counter, &error);
	pmill_counter_free(counter);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

static int load_first_counts(struct pmill_cli *cli, struct training *training)
{
	pmill_error error = {0};
	if (cli->settings.counts.count == 0)
		return 0;
	int code = check_limit(cli, training);
	if (code != 0)
		return code;
	pmill_status status = pmill_counts_load(cli->settings.counts.items[0], cli->settings.tsv,
		&training->text, &training->run, &training->first_counts, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report_counts(cli, status, &error);
}

static int add_counts(struct pmill_cli *cli, struct training *training)
{
	const struct pmill_cli_list *files = &cli->settings.counts;
	pmill_error error = {0};
	if (files->count == 0)
		return 0;
	pmill_status status = pmill_counter_move_counts(
		training->counter, &training->first_counts, &error);
	for (size_t i = 1; i < files->count && status == PMILL_OK; i++)
		status = pmill_cli_add_count_file(
			cli, files->items[i], &training->run, training->counter, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report_counts(cli, status, &error);
}

static int add_input(struct pmill_cli *cli, struct training *training)
{
	pmill_error error = {0};
	int code = add_counts(cli, training);
	if (code != 0 || !reads_text(cli))
		return code;
	const char *const *paths;
	size_t count;
	pmill_input_options input;
	pmill_cli_paths(cli, &paths, &count);
	pmill_cli_input_options_init(cli, &input);
	pmill_status status = pmill_counter_add_files(training->counter, paths, count, &input, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

/* Merging needs more than --memory: saves the counts, so that counting was not in vain. */
static int keep_counts(struct pmill_cli *cli, struct training *training, const pmill_error *reason)
{
	pmill_error error = {0};
	if (!may_keep_counts(cli) || training->kept.path != NULL)
		return pmill_cli_kept_counts_report(cli, &training->kept, PMILL_MEMORY_LIMIT, reason);
	char *path = pmill_cli_kept_counts(cli);
	if (path == NULL)
		return pmill_cli_no_memory(cli);
	pmill_status status = pmill_counter_save(
		training->counter, path, pmill_cli_write_flags(cli), NULL, &error);
	pmill_cli_progress_clear(&cli->progress);
	int code = PMILL_CLI_FAILED;
	if (status == PMILL_OK) {
		pmill_cli_fail(cli, "%s; the counts are kept in %s: train from them with --counts",
			reason->message, path);
	} else {
		pmill_cli_fail(cli, "%s", reason->message);
		code = pmill_cli_report(cli, status, &error);
	}
	free(path);
	return code;
}

static int learn(struct pmill_cli *cli, struct training *training)
{
	pmill_error error = {0};
	pmill_train_options options = train_options(cli);
	int code = create_counter(cli, training);
	if (code == 0)
		code = add_input(cli, training);
	if (code == 0)
		code = pmill_cli_kept_counts_save(cli, training->counter, &training->kept);
	if (code != 0)
		return code;
	pmill_status status = pmill_tokenizer_train(
		training->counter, &options, &training->tokenizer, &error);
	if (status == PMILL_MEMORY_LIMIT)
		return keep_counts(cli, training, &error);
	return status == PMILL_OK ? 0
							  : pmill_cli_kept_counts_report(cli, &training->kept, status, &error);
}

static int save(struct pmill_cli *cli, struct training *training)
{
	pmill_error error = {0};
	if (cli->settings.output == NULL)
		return 0;
	if (pmill_cli_interrupt_last_call())
		return pmill_cli_report_interrupt(cli);
	/* What a format loses is no news to those who choose it for a new model. */
	pmill_status status = pmill_tokenizer_save(training->tokenizer, cli->settings.output, NULL,
		pmill_cli_write_flags(cli) | PMILL_ALLOW_LOSS, &error);
	return status == PMILL_OK ? 0
							  : pmill_cli_kept_counts_report(cli, &training->kept, status, &error);
}

/* Size of the vocab without the padding at its end. */
static uint64_t size_before_padding(const struct training *training, const pmill_training *record)
{
	return 256 + counter_info(training).special_token_count + record->reserve + record->merges;
}

static void print_why_stopped(const struct training *training, const pmill_training *record)
{
	if (strcmp(record->stopped, "full") == 0)
		return;
	fprintf(stderr, "Stopped at %s of %s entries: ",
		pmill_cli_count_text(size_before_padding(training, record)).text,
		pmill_cli_count_text(record->vocab_size_asked).text);
	if (strcmp(record->stopped, "min-count") == 0)
		fprintf(stderr, "no pair occurs %s %s or more.\n",
			pmill_cli_count_text((uint64_t)record->min_count).text,
			pmill_cli_plural((uint64_t)record->min_count, "time", "times"));
	else
		fputs("no pair is left.\n", stderr);
}

static size_t longest_token(const pmill_tokenizer *tokenizer)
{
	size_t longest = 1;
	for (size_t rank = 0; rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		uint32_t left, right, id = 0;
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		size_t len = pmill_tokenizer_token_bytes(tokenizer, id).len;
		longest = len > longest ? len : longest;
	}
	return longest;
}

/* Words are seldom that long, but runs of one character are: 4 MB of NUL make a model of 65 MB. */
static void print_long_token(const pmill_tokenizer *tokenizer)
{
	enum { LONG_TOKEN = 1024 };
	size_t longest = longest_token(tokenizer);
	if (longest > LONG_TOKEN)
		fprintf(stderr, "The longest token has %s bytes; --max-token-length sets a limit.\n",
			pmill_cli_count_text(longest).text);
}

static void print_details(const pmill_tokenizer *tokenizer, const pmill_training *record)
{
	fprintf(stderr, "Pattern %s, Unicode %s, ties by %s, layout %s, %u %s.\n",
		pmill_cli_pattern_text(tokenizer), pmill_tokenizer_unicode_version(tokenizer), record->ties,
		record->layout, record->threads, pmill_cli_plural(record->threads, "thread", "threads"));
	for (size_t i = 0; i < record->input_count; i++)
		fprintf(stderr, "Read %s: %s.\n", record->inputs[i].name,
			pmill_cli_bytes_text(record->inputs[i].bytes).text);
}

static void print_summary(struct pmill_cli *cli, const struct training *training)
{
	pmill_counter_info counting = counter_info(training);
	const pmill_tokenizer *tokenizer = training->tokenizer;
	pmill_training record = {.size = sizeof record};
	pmill_tokenizer_get_training(tokenizer, &record);
	uint64_t specials = pmill_tokenizer_special_count(tokenizer);
	uint32_t vocab_size = pmill_tokenizer_vocab_size(tokenizer);
	fprintf(stderr, "Learned a vocab of %s: 256 bytes, %s special %s, %s %s.\n",
		pmill_cli_count_text(vocab_size).text, pmill_cli_count_text(specials).text,
		pmill_cli_plural(specials, "token", "tokens"), pmill_cli_count_text(record.merges).text,
		pmill_cli_plural(record.merges, "merge", "merges"));
	print_why_stopped(training, &record);
	print_long_token(tokenizer);
	pmill_cli_summary_totals(&record.totals);
	pmill_cli_summary_bad_lines(
		cli, record.totals.bad_lines, counting.bad_files, counting.bad_file_count);
	pmill_cli_summary_counting(cli, &counting);
	if (cli->settings.verbose)
		print_details(tokenizer, &record);
	pmill_cli_summary_time(cli, record.stages, record.stage_count);
	if (cli->settings.output != NULL)
		pmill_cli_summary_written(tokenizer, cli->settings.output, "");
	else
		fputs("Nothing written (no -o OUT).\n", stderr);
}

static void print_inputs(struct pmill_cli_json *json, const pmill_training *record)
{
	pmill_cli_json_begin(json, "inputs", '[');
	for (size_t i = 0; i < record->input_count; i++) {
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_name(json, "name", "printable", record->inputs[i].name);
		pmill_cli_json_number(json, "bytes", record->inputs[i].bytes);
		pmill_cli_json_text(json, "sha256", record->inputs[i].sha256);
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

static void print_json(struct pmill_cli *cli, const struct training *training)
{
	const pmill_tokenizer *tokenizer = training->tokenizer;
	pmill_counter_info counting = counter_info(training);
	pmill_training record = {.size = sizeof record};
	pmill_tokenizer_get_training(tokenizer, &record);
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_number(&json, "vocab_size", pmill_tokenizer_vocab_size(tokenizer));
	pmill_cli_json_number(&json, "vocab_size_asked", record.vocab_size_asked);
	pmill_cli_json_number(&json, "merges", record.merges);
	pmill_cli_json_number(&json, "special_tokens", pmill_tokenizer_special_count(tokenizer));
	pmill_cli_json_number(&json, "longest_token", longest_token(tokenizer));
	pmill_cli_json_text(&json, "stopped", record.stopped);
	pmill_cli_json_text(&json, "pattern", pmill_tokenizer_pattern(tokenizer));
	pmill_cli_json_text(&json, "unicode", pmill_tokenizer_unicode_version(tokenizer));
	pmill_cli_json_text(&json, "ties", record.ties);
	pmill_cli_json_text(&json, "layout", record.layout);
	pmill_cli_json_text(&json, "compat", record.compat);
	pmill_cli_json_number(&json, "min_count", (uint64_t)record.min_count);
	pmill_cli_json_number(&json, "max_token_length", record.max_token_length);
	pmill_cli_json_number(&json, "threads", record.threads);
	pmill_cli_json_totals(&json, &record.totals);
	pmill_cli_json_bad_files(&json, counting.bad_files, counting.bad_file_count);
	pmill_cli_json_counting(&json, &counting);
	print_inputs(&json, &record);
	pmill_cli_json_time(cli, &json, record.stages, record.stage_count);
	pmill_cli_json_name(&json, "output", "output_printable", cli->settings.output);
	pmill_cli_json_left_out(&json, tokenizer, cli->settings.output);
	pmill_cli_json_end(&json, '}');
}

int pmill_cli_run_train(struct pmill_cli *cli)
{
	struct training training = {0};
	int code = check_settings(cli);
	if (code != 0)
		return code;
	pmill_cli_interrupt_listen();
	code = pmill_cli_text_options_init(cli, &training.text);
	if (code == 0)
		code = pmill_cli_run_options_init(cli, &training.run);
	if (code == 0)
		code = load_first_counts(cli, &training);
	if (code == 0)
		code = learn(cli, &training);
	if (code == 0)
		code = save(cli, &training);
	pmill_cli_progress_clear(&cli->progress);
	if (code == 0 && cli->settings.json)
		print_json(cli, &training);
	if (code == 0 && pmill_cli_summary_is_wanted(cli))
		print_summary(cli, &training);
	release(&training);
	return code;
}
