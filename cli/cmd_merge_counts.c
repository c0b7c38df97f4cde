/* pairmill merge-counts: count files → one count file. */
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

static void print_json(struct pmill_cli *cli, const pmill_totals *totals)
{
	struct pmill_cli_json json;
	pmill_stage stages[PMILL_CLI_STAGES];
	size_t stage_count = pmill_cli_summary_stages(cli, stages);
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_number(&json, "files", cli->operand_count);
	pmill_cli_json_totals(&json, totals);
	pmill_cli_json_time(cli, &json, stages, stage_count);
	pmill_cli_json_name(&json, "output", "output_printable", cli->settings.output);
	pmill_cli_json_end(&json, '}');
}

static void print_summary(struct pmill_cli *cli, const pmill_totals *totals)
{
	fprintf(stderr, "Added up %s count %s.\n", pmill_cli_count_text(cli->operand_count).text,
		pmill_cli_plural(cli->operand_count, "file", "files"));
	pmill_cli_summary_totals(totals);
	pmill_stage stages[PMILL_CLI_STAGES];
	size_t stage_count = pmill_cli_summary_stages(cli, stages);
	pmill_cli_summary_time(cli, stages, cli->settings.verbose ? stage_count : 0);
	fprintf(stderr, "Written to %s.\n", cli->settings.output);
}

static void report(struct pmill_cli *cli, const pmill_counts_head *head)
{
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_head_get_info(head, &info);
	pmill_cli_progress_clear(&cli->progress);
	if (cli->settings.json)
		print_json(cli, &info.totals);
	if (pmill_cli_summary_is_wanted(cli))
		print_summary(cli, &info.totals);
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

static int merge(
	struct pmill_cli *cli, const pmill_text_options *expected, const pmill_run_options *run)
{
	pmill_counts_head *head = NULL;
	pmill_error error = {0};
	pmill_status status = pmill_counts_merge_files(cli->operands, cli->operand_count,
		cli->settings.tsv, expected, run, cli->settings.output, pmill_cli_write_flags(cli), &head,
		&error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	report(cli, head);
	pmill_counts_head_free(head);
	return 0;
}

int pmill_cli_run_merge_counts(struct pmill_cli *cli)
{
	pmill_text_options expected = {0};
	pmill_run_options run = {0};
	int code = check_output(cli);
	if (code != 0)
		return code;
	pmill_cli_interrupt_listen();
	code = pmill_cli_text_options_init(cli, &expected);
	if (code == 0)
		code = pmill_cli_run_options_init(cli, &run);
	if (code == 0)
		code = merge(cli, &expected, &run);
	pmill_cli_run_options_release(&run);
	pmill_cli_text_options_release(&expected);
	return code;
}
