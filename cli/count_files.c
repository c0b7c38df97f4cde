/* --counts: count files and TSVs that are added to a counter. */
/* SPDX-License-Identifier: MIT */
#include "count_files.h"

#include "messages.h"

pmill_status pmill_cli_add_count_file(const struct pmill_cli *cli, const char *path,
	const pmill_run_options *run, pmill_counter *counter, pmill_error *error)
{
	pmill_counts *counts = NULL;
	pmill_counter_info info = {.size = sizeof info};
	pmill_counter_get_info(counter, &info);
	pmill_text_options expected = {.size = sizeof expected,
		.pattern = info.pattern,
		.unicode_version = info.unicode_version,
		.special_tokens = info.special_tokens,
		.special_token_count = info.special_token_count};
	pmill_status status = pmill_counts_load(
		path, cli->settings.tsv, &expected, run, &counts, error);
	if (status == PMILL_OK)
		status = pmill_counter_move_counts(counter, &counts, error);
	pmill_counts_free(counts);
	return status;
}

int pmill_cli_report_counts(struct pmill_cli *cli, pmill_status status, const pmill_error *error)
{
	return pmill_cli_report(cli, status == PMILL_BAD_OPTION ? PMILL_BAD_INPUT : status, error);
}
