/* The counts that train keeps as OUT.counts if there is no way on to a model. */
/* SPDX-License-Identifier: MIT */
#include "kept_counts.h"

#include <stdlib.h>
#include <unistd.h>

#include "interrupt.h"
#include "library_options.h"
#include "memory_limit.h"
#include "messages.h"
#include "output.h"
#include "output_guard.h"

int pmill_cli_kept_counts_check(const struct pmill_cli *cli)
{
	char *path = pmill_cli_kept_counts(cli);
	if (path == NULL)
		return pmill_cli_no_memory(cli);
	int code = pmill_cli_output_guard(cli, path);
	if (code == 0)
		code = pmill_cli_output_check(cli, path);
	free(path);
	return code;
}

int pmill_cli_kept_counts_prepare(
	struct pmill_cli *cli, const pmill_text_options *text, struct pmill_cli_kept_counts *kept)
{
	pmill_error error = {0};
	pmill_status status = pmill_tokenizer_save_risks(
		cli->settings.output, NULL, text, &kept->risks, &kept->risk_count, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	return kept->risk_count == 0 ? 0 : pmill_cli_kept_counts_check(cli);
}

int pmill_cli_kept_counts_save(
	struct pmill_cli *cli, pmill_counter *counter, struct pmill_cli_kept_counts *kept)
{
	pmill_error error = {0};
	int is_risky = 0;
	if (kept->risk_count == 0)
		return 0;
	pmill_status status = pmill_counter_contains(
		counter, kept->risks, kept->risk_count, &is_risky, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	if (!is_risky)
		return 0;
	char *path = pmill_cli_kept_counts(cli);
	if (path == NULL)
		return pmill_cli_no_memory(cli);
	status = pmill_counter_save(
		counter, path, pmill_cli_write_flags(cli) | PMILL_KEEP_COUNTS, NULL, &error);
	if (status != PMILL_OK) {
		free(path);
		return pmill_cli_report(cli, status, &error);
	}
	kept->path = path;
	pmill_cli_interrupt_set_temporary(path);
	return 0;
}

int pmill_cli_kept_counts_report(struct pmill_cli *cli, struct pmill_cli_kept_counts *kept,
	pmill_status status, const pmill_error *error)
{
	if (kept->path == NULL || status == PMILL_CANCELLED || pmill_cli_is_interrupted())
		return pmill_cli_report(cli, status, error);
	pmill_cli_progress_clear(&cli->progress);
	kept->is_wanted = true;
	const char *message = error->message[0] != 0 ? error->message : pmill_status_text(status);
	return pmill_cli_fail(
		cli, "%s; the counts are kept in %s: train from them with --counts", message, kept->path);
}

void pmill_cli_kept_counts_release(struct pmill_cli_kept_counts *kept)
{
	if (kept->path != NULL)
		pmill_cli_interrupt_set_temporary(NULL);
	if (kept->path != NULL && !kept->is_wanted)
		unlink(kept->path);
	free(kept->path);
	pmill_memory_free(kept->risks);
	*kept = (struct pmill_cli_kept_counts){0};
}
