/* pairmill decode: ids → the original bytes. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "interrupt.h"
#include "library_options.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"
#include "sizes.h"
#include "summary.h"

static int decode(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, pmill_encode_totals *totals)
{
	const char *const *paths;
	size_t count;
	struct pmill_cli_output stdout_output = {0};
	pmill_error error = {0};
	pmill_decode_file_options file = {.size = sizeof file,
		.format = cli->settings.format,
		.skip_special_tokens = cli->settings.skip_special_tokens};
	pmill_run_options run = {.size = sizeof run,
		.progress = pmill_cli_progress_event,
		.progress_context = &cli->progress};
	pmill_output_options output = {.size = sizeof output,
		.path = cli->settings.output,
		.write = pmill_cli_output_write,
		.write_context = &stdout_output,
		.flags = pmill_cli_write_flags(cli)};
	if (output.path == NULL)
		pmill_cli_output_use_stdout(cli, &stdout_output);
	pmill_cli_paths(cli, &paths, &count);
	pmill_cli_interrupt_listen();
	pmill_status status = pmill_decode_files(
		tokenizer, paths, count, &file, &run, &output, totals, &error);
	return status == PMILL_OK ? 0 : pmill_cli_output_report(cli, &stdout_output, status, &error);
}

static void print_json(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_number(&json, "documents", totals->documents);
	pmill_cli_json_number(&json, "bytes", totals->bytes);
	pmill_cli_json_number(&json, "tokens", totals->tokens);
	pmill_cli_json_time(cli, &json, NULL, 0);
	pmill_cli_json_name(&json, "output", "output_printable", cli->settings.output);
	pmill_cli_json_end(&json, '}');
}

static void report(struct pmill_cli *cli, const pmill_encode_totals *totals)
{
	pmill_cli_progress_clear(&cli->progress);
	if (cli->settings.json)
		print_json(cli, totals);
	if (!pmill_cli_summary_is_wanted(cli) || cli->settings.output == NULL)
		return;
	fprintf(stderr, "Decoded %s %s to %s.\n", pmill_cli_count_text(totals->tokens).text,
		pmill_cli_plural(totals->tokens, "token", "tokens"),
		pmill_cli_bytes_text(totals->bytes).text);
	pmill_cli_summary_time(cli, NULL, 0);
	fprintf(stderr, "Written to %s.\n", cli->settings.output);
}

int pmill_cli_run_decode(struct pmill_cli *cli)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_encode_totals totals = {.size = sizeof totals};
	pmill_cli_output_accept_dash(cli);
	if (cli->settings.model == NULL)
		return pmill_cli_wrong_usage(cli, "needs -m MODEL");
	if (cli->settings.json && cli->settings.output == NULL)
		return pmill_cli_wrong_usage(
			cli, "option --json: needs -o, because the text goes to stdout");
	int code = 0;
	if (cli->settings.output != NULL)
		code = pmill_cli_output_guard(cli, cli->settings.output);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->settings.model, &tokenizer);
	if (code == 0)
		code = decode(cli, tokenizer, &totals);
	if (code == 0)
		report(cli, &totals);
	pmill_tokenizer_free(tokenizer);
	return code;
}
