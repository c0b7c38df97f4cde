/* pairmill encode: text → ids. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "input_notes.h"
#include "interrupt.h"
#include "library_options.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"
#include "policy_option.h"
#include "sizes.h"
#include "summary.h"
#include "token_view.h"

/* The objects of one run; zero-initialized, except for sizes. */
struct encoding {
	pmill_tokenizer *tokenizer;
	pmill_policy *policy;
	pmill_encode_file_options file;
	pmill_run_options run;
	pmill_encode_totals totals;
};

static void release(struct encoding *encoding)
{
	pmill_policy_free(encoding->policy);
	pmill_tokenizer_free(encoding->tokenizer);
	pmill_memory_free(encoding->totals.bad_files);
}

static bool is_format(const struct pmill_cli *cli, const char *name)
{
	return cli->settings.format != NULL && strcmp(cli->settings.format, name) == 0;
}

static bool is_binary(const struct pmill_cli *cli)
{
	return is_format(cli, "u16") || is_format(cli, "u32") || is_format(cli, "olmo");
}

static bool is_jsonl(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	const size_t len = out == NULL ? 0 : strlen(out);
	return cli->settings.format == NULL ? len >= 6 && strcmp(out + len - 6, ".jsonl") == 0
										: is_format(cli, "jsonl");
}

static int check_settings(struct pmill_cli *cli)
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
	if (settings->offsets && !is_jsonl(cli))
		return pmill_cli_wrong_usage(cli, "option --offsets: needs --format jsonl");
	if (settings->resume && settings->shard_tokens == 0)
		return pmill_cli_wrong_usage(cli, "option --resume: needs --shard-tokens");
	if (settings->shard_tokens > 0 && settings->output == NULL)
		return pmill_cli_wrong_usage(cli, "option --shard-tokens: needs -o FOLDER");
	if (settings->json && !settings->count_only && settings->output == NULL)
		return pmill_cli_wrong_usage(
			cli, "option --json: needs -o or --count, because the ids go to stdout");
	if (settings->text != NULL && settings->doc_separator != NULL)
		return pmill_cli_wrong_usage(cli, "option --text: cannot be combined with --doc-separator");
	if (is_binary(cli) && settings->output == NULL && isatty(STDOUT_FILENO) && !settings->force)
		return pmill_cli_fail(cli, "option --format: not writing binary %s to a terminal (-f does)",
			settings->format);
	return pmill_cli_check_policy(cli);
}

static int check_output(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	if (cli->settings.shard_tokens > 0)
		return 0;
	int code = out == NULL ? 0 : pmill_cli_output_guard(cli, out);
	return out == NULL || code != 0 ? code : pmill_cli_output_check(cli, out);
}

/* ---- Options ---- */

static pmill_bytes bytes_of(const char *text)
{
	return (pmill_bytes){.data = text, .len = text == NULL ? 0 : strlen(text)};
}

static void init_options(struct pmill_cli *cli, struct encoding *encoding)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	encoding->file = (pmill_encode_file_options){.size = sizeof encoding->file,
		.doc_separator = bytes_of(settings->doc_separator),
		.eot = bytes_of(settings->eot),
		.format = settings->format,
		.most_ids = settings->max_tokens,
		.add_offsets = settings->offsets,
		.text = bytes_of(settings->text),
		.bos = bytes_of(settings->bos),
		.shard_tokens = settings->shard_tokens,
		.resume = settings->resume};
	encoding->run = (pmill_run_options){.size = sizeof encoding->run,
		.threads = (unsigned)settings->threads,
		.scanner = settings->scanner,
		.chunk_size = (size_t)settings->chunk_size,
		.progress = pmill_cli_progress_event,
		.progress_context = &cli->progress};
	if (is_format(cli, "tokens") || (settings->format == NULL && settings->output == NULL))
		encoding->file.format = "text";
}

/* ---- Writing ids ---- */

static int encode_through(struct pmill_cli *cli, struct encoding *encoding, const char *out,
	pmill_write_fn write, void *context, struct pmill_cli_output *output)
{
	pmill_input_options input;
	const char *const *paths = NULL;
	size_t count = 0;
	pmill_error error = {0};
	if (cli->settings.text == NULL)
		pmill_cli_paths(cli, &paths, &count);
	pmill_cli_input_options_init(cli, &input);
	pmill_output_options where = {.size = sizeof where,
		.path = out,
		.write = write,
		.write_context = context,
		.flags = pmill_cli_write_flags(cli)};
	pmill_status status = pmill_encode_files(encoding->tokenizer, paths, count, &input,
		encoding->policy, &encoding->file, &encoding->run, &where, &encoding->totals, &error);
	if (status == PMILL_OK)
		return 0;
	return output == NULL ? pmill_cli_report(cli, status, &error)
						  : pmill_cli_output_report(cli, output, status, &error);
}

static int encode_into(
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
	code = encode_into(cli, encoding, &output);
	if (code == 0)
		code = pmill_cli_output_commit(cli, &output);
	pmill_cli_output_release(&output);
	return code;
}

static int encode(struct pmill_cli *cli, struct encoding *encoding)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->count_only)
		return encode_through(cli, encoding, NULL, NULL, NULL, NULL);
	if (settings->output != NULL && !is_format(cli, "tokens"))
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
	if (cli->settings.max_tokens > 0)
		pmill_cli_json_number(&json, "truncated", totals->truncated);
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
	if (totals->truncated > 0)
		printf("cut short        %" PRIu64 "\n", totals->truncated);
}

static void print_summary(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	fprintf(stderr, "Encoded %s of text, %s %s: %s %s, %.3f bytes each.\n",
		pmill_cli_bytes_text(totals->bytes).text, pmill_cli_count_text(totals->documents).text,
		pmill_cli_plural(totals->documents, "document", "documents"),
		pmill_cli_count_text(totals->tokens).text,
		pmill_cli_plural(totals->tokens, "token", "tokens"), bytes_per_token(totals));
	if (totals->truncated > 0)
		fprintf(stderr, "Cut short after --max-tokens: %s %s.\n",
			pmill_cli_count_text(totals->truncated).text,
			pmill_cli_plural(totals->truncated, "document", "documents"));
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
	init_options(cli, &encoding);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->settings.model, &encoding.tokenizer);
	if (code == 0)
		code = pmill_cli_make_policy(cli, encoding.tokenizer, &encoding.policy);
	if (code == 0) {
		pmill_cli_interrupt_listen();
		code = encode(cli, &encoding);
	}
	if (code == 0)
		report(cli, &encoding.totals);
	release(&encoding);
	return code;
}
