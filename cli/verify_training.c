/* verify --training: a model and the text that it was trained on. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "count_files.h"
#include "library_options.h"
#include "messages.h"
#include "verify.h"

static int create_counter(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const pmill_run_options *run, pmill_counter **counter)
{
	pmill_error error = {0};
	const char *separator = cli->settings.doc_separator;
	const pmill_bytes bytes = {separator, separator == NULL ? 0 : strlen(separator)};
	const pmill_status status = pmill_counter_create_from_record(
		tokenizer, bytes, run, counter, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

static int add_counts(struct pmill_cli *cli, const pmill_run_options *run, pmill_counter *counter)
{
	const struct pmill_cli_list *files = &cli->settings.counts;
	pmill_error error = {0};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < files->count && status == PMILL_OK; i++)
		status = pmill_cli_add_count_file(cli, files->items[i], run, counter, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report_counts(cli, status, &error);
}

static int add_text(struct pmill_cli *cli, pmill_counter *counter)
{
	pmill_error error = {0};
	const char *const *paths;
	size_t count;
	pmill_input_options input;
	if (cli->operand_count == 0 && cli->settings.counts.count > 0)
		return 0;
	pmill_cli_paths(cli, &paths, &count);
	pmill_cli_input_options_init(cli, &input);
	const pmill_status status = pmill_counter_add_files(counter, paths, count, &input, &error);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

static int verify(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, struct pmill_cli_finding *finding)
{
	pmill_error error = {0};
	pmill_counter_info counting = {.size = sizeof counting};
	const pmill_status status = pmill_verify_training(
		tokenizer, finding->counter, &finding->verification, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	pmill_counter_get_info(finding->counter, &counting);
	finding->bad_lines = finding->verification.bad_lines;
	finding->bad_files = counting.bad_files;
	finding->bad_file_count = counting.bad_file_count;
	finding->notes = (struct pmill_cli_input_notes){
		counting.skipped_inputs, counting.repeated_inputs, counting.hidden_inputs};
	return 0;
}

int pmill_cli_verify_training(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, struct pmill_cli_finding *finding)
{
	pmill_run_options run = {0};
	int code = pmill_cli_run_options_init(cli, &run);
	if (code == 0)
		code = create_counter(cli, tokenizer, &run, &finding->counter);
	if (code == 0)
		code = add_counts(cli, &run, finding->counter);
	if (code == 0)
		code = add_text(cli, finding->counter);
	if (code == 0)
		code = verify(cli, tokenizer, finding);
	pmill_cli_run_options_release(&run);
	return code;
}
