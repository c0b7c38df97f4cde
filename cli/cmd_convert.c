/* pairmill convert: a model in one format → the same model in another. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command.h"
#include "library_options.h"
#include "messages.h"
#include "output.h"
#include "sizes.h"
#include "summary.h"

static pmill_status save(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, pmill_error *error)
{
	return pmill_tokenizer_save(
		tokenizer, cli->operands[1], NULL, pmill_cli_write_flags(cli), error);
}

static void print_summary(const struct pmill_cli *cli, const pmill_tokenizer *tokenizer)
{
	char more[80];
	snprintf(more, sizeof more, ": vocab size %s",
		pmill_cli_count_text(pmill_tokenizer_vocab_size(tokenizer)).text);
	pmill_cli_summary_written(tokenizer, cli->operands[1], more);
}

int pmill_cli_run_convert(struct pmill_cli *cli)
{
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	int code = pmill_cli_output_require_path(cli, cli->operands[1]);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->operands[0], &tokenizer);
	if (code != 0)
		return code;
	pmill_status status = save(cli, tokenizer, &error);
	if (status != PMILL_OK)
		code = pmill_cli_report(cli, status, &error);
	else if (pmill_cli_summary_is_wanted(cli))
		print_summary(cli, tokenizer);
	pmill_tokenizer_free(tokenizer);
	return code;
}
