/* What users should know about the files that were named: left out, or read twice. */
/* SPDX-License-Identifier: MIT */
#include "input_notes.h"

#include <stdio.h>

#include "messages.h"
#include "sizes.h"
#include "summary.h"

/* Of files named twice, without -v; then the summary's number has to do. */
enum { MOST_SHOWN = 3 };

void pmill_cli_input_notice(
	void *context, pmill_notice notice, const char *name, const char *detail)
{
	struct pmill_cli *cli = context;
	if (!pmill_cli_summary_is_wanted(cli))
		return;
	bool is_verbose = cli->settings.verbose;
	if (notice == PMILL_NOTICE_SKIPPED && is_verbose)
		pmill_cli_note(cli, "left out %s: looks like %s, not text", name, detail);
	if (notice == PMILL_NOTICE_REPEATED && (is_verbose || cli->repeated_shown++ < MOST_SHOWN))
		pmill_cli_note(cli, "note: %s is read twice: it is also named as %s", name, detail);
}

void pmill_cli_summary_inputs(
	const struct pmill_cli *cli, const struct pmill_cli_input_notes *notes)
{
	if (notes->skipped > 0)
		fprintf(stderr, "Left out %s %s text.\n", pmill_cli_count_text(notes->skipped).text,
			pmill_cli_plural(notes->skipped, "file that isn't", "files that aren't"));
	if (notes->hidden > 0 && cli->settings.verbose)
		fprintf(stderr, "Left out %s hidden %s.\n", pmill_cli_count_text(notes->hidden).text,
			pmill_cli_plural(notes->hidden, "file or folder", "files and folders"));
	if (notes->repeated > 0)
		fprintf(stderr, "Read %s %s again that %s named twice.\n",
			pmill_cli_count_text(notes->repeated).text,
			pmill_cli_plural(notes->repeated, "file", "files"),
			pmill_cli_plural(notes->repeated, "was", "were"));
}

void pmill_cli_json_inputs(struct pmill_cli_json *json, const struct pmill_cli_input_notes *notes)
{
	pmill_cli_json_number(json, "skipped_files", notes->skipped);
	pmill_cli_json_number(json, "repeated_files", notes->repeated);
	pmill_cli_json_number(json, "hidden_files", notes->hidden);
}
