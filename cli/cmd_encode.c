/* pairmill encode: text → ids. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "encode_text.h"
#include "input_notes.h"
#include "interrupt.h"
#include "library_options.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"
#include "sizes.h"
#include "summary.h"
#include "token_view.h"

/* The objects of one run; zero-initialized, except for sizes. */
struct encoding {
	pmill_tokenizer *tokenizer;
	pmill_encode_options options;
	pmill_encode_file_options file;
	pmill_run_options run;
	pmill_bytes *allowed;
	pmill_encode_totals totals;
};

static void release(struct encoding *encoding)
{
	pmill_tokenizer_free(encoding->tokenizer);
	free(encoding->allowed);
	pmill_memory_free(encoding->totals.bad_files);
}

static bool is_format(const struct pmill_cli *cli, const char *name)
{
	return cli->settings.format != NULL && strcmp(cli->settings.format, name) == 0;
}

static bool is_binary(const struct pmill_cli *cli)
{
	return is_format(cli, "u16") || is_format(cli, "u32");
}

static int check_settings(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->model == NULL)
		return pmill_cli_wrong_usage(cli, "needs -m MODEL");
	if (settings->text != NULL && cli->operand_count > 0)
		return pmill_cli_wrong_usage(
			cli, "option --text: cannot be combined with FILE (\"%s\")", cli->operands[0]);
	if (settings->count_only && (settings->output != NULL || settings->format != NULL))
		return pmill_cli_wrong_usage(cli, "option --count: cannot be combined with %s",
			settings->output != NULL ? "--output" : "--format");
	if (settings->json && !settings->count_only && settings->output == NULL)
		return pmill_cli_wrong_usage(
			cli, "option --json: needs -o or --count, because the ids go to stdout");
	if (settings->text != NULL && settings->doc_separator != NULL)
		return pmill_cli_wrong_usage(cli, "option --text: cannot be combined with --doc-separator");
	if (is_binary(cli) && settings->output == NULL && isatty(STDOUT_FILENO) && !settings->force)
		return pmill_cli_fail(cli, "option --format: not writing binary %s to a terminal (-f does)",
			settings->format);
	return 0;
}

static int check_output(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	int code = out == NULL ? 0 : pmill_cli_output_guard(cli, out);
	return out == NULL || code != 0 ? code : pmill_cli_output_check(cli, out);
}

/* ---- --special-tokens ---- */

/* A single value that names a policy is that policy; anything else is a list. */
static const char *special_policy(const struct pmill_cli_list *list)
{
	const char *name;
	if (list->count == 0)
		return NULL;
	for (size_t i = 0; list->count == 1 && (name = pmill_special_policy_name(i)) != NULL; i++)
		if (strcmp(list->items[0], name) == 0)
			return name;
	return "list";
}

static size_t count_commas(const char *text)
{
	size_t count = 0;
	for (; *text != 0; text++)
		count += *text == ',';
	return count;
}

/* Fills `allowed` with the tokens between commas. Returns false if one is empty. */
static bool split_at_commas(const char *list, pmill_bytes *allowed, size_t *count)
{
	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		if (len == 0)
			return false;
		allowed[(*count)++] = (pmill_bytes){.data = at, .len = len};
		at += len;
		if (*at == 0)
			return true;
	}
}

/* A single value is a list to split at commas; of several values, each is a token. */
static int set_allowed(struct pmill_cli *cli, struct encoding *encoding)
{
	const struct pmill_cli_list *list = &cli->settings.special_tokens;
	pmill_encode_options *options = &encoding->options;
	if (list->count == 1) {
		encoding->allowed = calloc(count_commas(list->items[0]) + 1, sizeof *encoding->allowed);
	} else {
		encoding->allowed = pmill_cli_bytes_of(list);
		options->allowed_count = list->count;
	}
	if (encoding->allowed == NULL)
		return pmill_cli_no_memory(cli);
	options->allowed = encoding->allowed;
	if (list->count == 1 &&
		!split_at_commas(list->items[0], encoding->allowed, &options->allowed_count))
		return pmill_cli_wrong_usage(
			cli, "option --special-tokens: empty token in \"%s\"", list->items[0]);
	return 0;
}

/* ---- Options ---- */

static pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){.data = text, .len = text == NULL ? 0 : strlen(text)};
}

static int init_options(struct pmill_cli *cli, struct encoding *encoding)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	encoding->options = (pmill_encode_options){.size = sizeof encoding->options,
		.special_tokens = special_policy(&settings->special_tokens),
		.add_template = settings->add_template};
	encoding->file = (pmill_encode_file_options){.size = sizeof encoding->file,
		.doc_separator = bytes_of(settings->doc_separator),
		.eot = bytes_of(settings->eot),
		.format = settings->format};
	encoding->run = (pmill_run_options){.size = sizeof encoding->run,
		.scanner = settings->scanner,
		.progress = pmill_cli_progress_event,
		.progress_context = &cli->progress};
	if (is_format(cli, "tokens") || (settings->format == NULL && settings->output == NULL))
		encoding->file.format = "text";
	const char *policy = encoding->options.special_tokens;
	bool is_list = policy != NULL && strcmp(policy, "list") == 0;
	return is_list ? set_allowed(cli, encoding) : 0;
}

/* ---- Writing ids ---- */

static int encode_through(struct pmill_cli *cli, struct encoding *encoding, const char *out,
	pmill_write_fn write, void *context, struct pmill_cli_output *output)
{
	pmill_input_options input;
	const char *const *paths;
	size_t count;
	pmill_error error = {0};
	pmill_cli_paths(cli, &paths, &count);
	pmill_cli_input_options_init(cli, &input);
	pmill_output_options where = {.size = sizeof where,
		.path = out,
		.write = write,
		.write_context = context,
		.flags = pmill_cli_write_flags(cli)};
	pmill_status status = pmill_encode_files(encoding->tokenizer, paths, count, &input,
		&encoding->options, &encoding->file, &encoding->run, &where, &encoding->totals, &error);
	if (status == PMILL_OK)
		return 0;
	return output == NULL ? pmill_cli_report(cli, status, &error)
						  : pmill_cli_output_report(cli, output, status, &error);
}

static int encode_files(
	struct pmill_cli *cli, struct encoding *encoding, struct pmill_cli_output *output)
{
	if (!is_format(cli, "tokens"))
		return encode_through(cli, encoding, NULL, pmill_cli_output_write, output, output);
	struct pmill_cli_token_view view;
	pmill_cli_token_view_init(&view, encoding->tokenizer, output);
	return encode_through(cli, encoding, NULL, pmill_cli_token_view_write, &view, output);
}

static int encode_out(struct pmill_cli *cli, struct encoding *encoding)
{
	struct pmill_cli_output output;
	int code = pmill_cli_output_open(cli, &output, cli->settings.output);
	if (code != 0)
		return code;
	if (cli->settings.text != NULL)
		code = pmill_cli_encode_text(cli, encoding->tokenizer, &encoding->options, &encoding->file,
			&encoding->run, &output, &encoding->totals);
	else
		code = encode_files(cli, encoding, &output);
	if (code == 0)
		code = pmill_cli_output_commit(cli, &output);
	pmill_cli_output_release(&output);
	return code;
}

static int encode(struct pmill_cli *cli, struct encoding *encoding)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->text == NULL && settings->count_only)
		return encode_through(cli, encoding, NULL, NULL, NULL, NULL);
	if (settings->text != NULL && settings->count_only)
		return pmill_cli_encode_text(cli, encoding->tokenizer, &encoding->options, &encoding->file,
			&encoding->run, NULL, &encoding->totals);
	if (settings->text == NULL && settings->output != NULL && !is_format(cli, "tokens"))
		return encode_through(cli, encoding, settings->output, NULL, NULL, NULL);
	return encode_out(cli, encoding);
}

/* ---- Figures ---- */

static struct pmill_cli_input_notes input_notes(const pmill_encode_totals *totals)
{
	return (struct pmill_cli_input_notes){
		totals->skipped_inputs, totals->repeated_inputs, totals->hidden_inputs};
}

static double bytes_per_token(const pmill_encode_totals *totals)
{
	return totals->tokens == 0 ? 0 : (double)totals->bytes / (double)totals->tokens;
}

static void print_json(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_number(&json, "documents", totals->documents);
	pmill_cli_json_number(&json, "bytes", totals->bytes);
	pmill_cli_json_number(&json, "tokens", totals->tokens);
	pmill_cli_json_real(&json, "bytes_per_token", bytes_per_token(totals));
	pmill_cli_json_number(&json, "bad_lines", totals->bad_lines);
	pmill_cli_json_bad_files(&json, totals->bad_files, totals->bad_file_count);
	const struct pmill_cli_input_notes notes = input_notes(totals);
	pmill_cli_json_inputs(&json, &notes);
	pmill_cli_json_time(cli, &json, NULL, 0);
	pmill_cli_json_name(&json, "output", "output_printable", cli->settings.output);
	pmill_cli_json_end(&json, '}');
}

static void print_count(const pmill_encode_totals *totals)
{
	printf("documents        %" PRIu64 "\n", totals->documents);
	printf("bytes            %" PRIu64 "\n", totals->bytes);
	printf("tokens           %" PRIu64 "\n", totals->tokens);
	printf("bytes per token  %.3f\n", bytes_per_token(totals));
}

static void print_summary(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	fprintf(stderr, "Encoded %s of text, %s %s: %s %s, %.3f bytes each.\n",
		pmill_cli_bytes_text(totals->bytes).text, pmill_cli_count_text(totals->documents).text,
		pmill_cli_plural(totals->documents, "document", "documents"),
		pmill_cli_count_text(totals->tokens).text,
		pmill_cli_plural(totals->tokens, "token", "tokens"), bytes_per_token(totals));
	pmill_cli_summary_bad_lines(cli, totals->bad_lines, totals->bad_files, totals->bad_file_count);
	const struct pmill_cli_input_notes notes = input_notes(totals);
	pmill_cli_summary_inputs(cli, &notes);
	pmill_cli_summary_time(cli, NULL, 0);
	if (cli->settings.output != NULL)
		fprintf(stderr, "Written to %s.\n", cli->settings.output);
}

/* No summary for --text, where it would be noise. */
static void report(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	pmill_cli_progress_clear(&cli->progress);
	if (settings->json)
		print_json(cli, totals);
	else if (settings->count_only)
		print_count(totals);
	if (pmill_cli_summary_is_wanted(cli) && !settings->count_only && settings->text == NULL)
		print_summary(cli, totals);
}

int pmill_cli_run_encode(struct pmill_cli *cli)
{
	struct encoding encoding = {.totals.size = sizeof encoding.totals};
	pmill_cli_output_accept_dash(cli);
	int code = check_settings(cli);
	if (code == 0)
		code = check_output(cli);
	if (code == 0)
		code = init_options(cli, &encoding);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->settings.model, &encoding.tokenizer);
	if (code == 0) {
		pmill_cli_interrupt_listen();
		code = encode(cli, &encoding);
	}
	if (code == 0)
		report(cli, &encoding.totals);
	release(&encoding);
	return code;
}
