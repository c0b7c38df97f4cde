/* The counts that train keeps as OUT.counts if there is no way on to a model. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_KEPT_COUNTS_H
#define PMILL_CLI_KEPT_COUNTS_H

#include "command.h"

/* An all-zero struct keeps nothing. */
struct pmill_cli_kept_counts {
	pmill_bytes *risks; /* of pmill_tokenizer_save_risks */
	size_t risk_count;
	char *path; /* the file, once it is saved */
	bool is_wanted;
};

/* Checks that OUT.counts can be written: it is an output, too, so now and not hours later. */
int pmill_cli_kept_counts_check(const struct pmill_cli *cli);
/* Finds out whether OUT may refuse what is learned; if so, checks OUT.counts. */
int pmill_cli_kept_counts_prepare(
	struct pmill_cli *cli, const pmill_text_options *text, struct pmill_cli_kept_counts *kept);
/* Saves the counts if OUT may refuse what is learned from these words. The counter keeps them. */
int pmill_cli_kept_counts_save(
	struct pmill_cli *cli, pmill_counter *counter, struct pmill_cli_kept_counts *kept);
/* Reports a failure, and the kept counts if there are any. Returns the exit code. */
int pmill_cli_kept_counts_report(struct pmill_cli *cli, struct pmill_cli_kept_counts *kept,
	pmill_status status, const pmill_error *error);
/* Removes the file, unless its name was reported. */
void pmill_cli_kept_counts_release(struct pmill_cli_kept_counts *kept);

#endif
