/* pairmill count: text → a count file. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "interrupt.h"
#include "library_options.h"
#include "memory_limit.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"
#include "summary.h"

/* The objects of one run; zero-initialized. */
struct counting {
	pmill_text_options text;
	pmill_run_options run;
	pmill_counter *counter;
	pmill_counts_head *head; /* of the file that was written */
};

static pmill_status count(struct pmill_cli *cli, struct counting *counting, pmill_error *error)
{
	pmill_input_options input;
	const char *const *paths;
	size_t path_count;
	pmill_status status = pmill_counter_create(
		&counting->text, &counting->run, &counting->counter, error);
	if (status != PMILL_OK)
		return status;
	pmill_cli_paths(cli, &paths, &path_count);
	pmill_cli_input_options_init(cli, &input);
	status = pmill_counter_add_files(counting->counter, paths, path_count, &input, error);
	if (status == PMILL_OK)
		status = pmill_counter_save(counting->counter, cli->settings.output,
			pmill_cli_write_flags(cli), &counting->head, error);
	return status;
}

static void print_json(
	struct pmill_cli *cli, const pmill_counts_info *info, const pmill_counter_info *figures)
{
	struct pmill_cli_json json;
	pmill_stage stages[PMILL_CLI_STAGES];
	size_t stage_count = pmill_cli_summary_stages(cli, stages);
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_text(&json, "pattern", info->pattern);
	pmill_cli_json_text(&json, "unicode", info->unicode_version);
	pmill_cli_json_specials(
		&json, "special_tokens", info->special_tokens, info->special_token_count);
	pmill_cli_json_totals(&json, &info->totals);
	pmill_cli_json_bad_files(&json, figures->bad_files, figures->bad_file_count);
	pmill_cli_json_counting(&json, figures);
	pmill_cli_json_time(cli, &json, stages, stage_count);
	pmill_cli_json_name(&json, "output", "output_printable", cli->settings.output);
	pmill_cli_json_end(&json, '}');
}

static void print_summary(
	struct pmill_cli *cli, const pmill_counts_info *info, const pmill_counter_info *figures)
{
	pmill_stage stages[PMILL_CLI_STAGES];
	size_t stage_count = pmill_cli_summary_stages(cli, stages);
	pmill_cli_summary_totals(&info->totals);
	pmill_cli_summary_bad_lines(
		cli, info->totals.bad_lines, figures->bad_files, figures->bad_file_count);
	if (cli->settings.verbose)
		fprintf(stderr, "Pattern %s, Unicode %s.\n", info->pattern, info->unicode_version);
	pmill_cli_summary_counting(cli, figures);
	pmill_cli_summary_time(cli, stages, stage_count);
	fprintf(stderr, "Written to %s.\n", cli->settings.output);
}

/* Returns 0, or the exit code after a message. */
static int check_output(const struct pmill_cli *cli)
{
	const char *out = cli->settings.output;
	if (out == NULL)
		return pmill_cli_wrong_usage(cli, "needs -o OUT, the count file to write");
	int code = pmill_cli_output_require_path(cli, out);
	if (code == 0)
		code = pmill_cli_output_guard(cli, out);
	return code == 0 ? pmill_cli_output_check(cli, out) : code;
}

static void report(struct pmill_cli *cli, const struct counting *counting)
{
	pmill_counts_info info = {.size = sizeof info};
	pmill_counter_info figures = {.size = sizeof figures};
	pmill_counts_head_get_info(counting->head, &info);
	pmill_counter_get_info(counting->counter, &figures);
	pmill_cli_progress_clear(&cli->progress);
	if (cli->settings.json)
		print_json(cli, &info, &figures);
	if (pmill_cli_summary_is_wanted(cli))
		print_summary(cli, &info, &figures);
}

int pmill_cli_run_count(struct pmill_cli *cli)
{
	struct counting counting = {0};
	pmill_error error = {0};
	int code = check_output(cli);
	if (code != 0)
		return code;
	pmill_cli_interrupt_listen();
	code = pmill_cli_text_options_init(cli, &counting.text);
	if (code == 0)
		code = pmill_cli_run_options_init(cli, &counting.run);
	if (code != 0)
		goto out;
	pmill_status status = count(cli, &counting, &error);
	pmill_cli_interrupt_last_call(); /* the file is written, or an error has occurred */
	if (status == PMILL_OK)
		report(cli, &counting);
	else
		code = pmill_cli_report(cli, status, &error);
out:
	pmill_counts_head_free(counting.head);
	pmill_counter_free(counting.counter);
	pmill_cli_run_options_release(&counting.run);
	pmill_cli_text_options_release(&counting.text);
	return code;
}
