/* pairmill verify: whether two models, or a model and its training, agree. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "interrupt.h"
#include "library_options.h"
#include "messages.h"
#include "sizes.h"
#include "summary.h"
#include "verify.h"

void pmill_cli_finding_release(struct pmill_cli_finding *finding)
{
	pmill_memory_free(finding->verification.difference);
	pmill_memory_free(finding->verification.bad_files);
	pmill_counter_free(finding->counter);
}

/* ---- Options ---- */

/* Options of the one kind would have no effect in the other. */
static int check_kind(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	const struct {
		bool is_given, is_of_training;
		const char *name;
	} options[] = {
		{settings->special_tokens.count > 0, false, "special-tokens"},
		{settings->add_template != 0, false, "template"},
		{settings->counts.count > 0, true, "counts"},
		{settings->tsv != NULL, true, "tsv"},
		{settings->memory != 0, true, "memory"},
		{settings->tmp_dir != NULL, true, "tmp-dir"},
	};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i].is_given && options[i].is_of_training != (settings->training != 0))
			return pmill_cli_wrong_usage(cli, "option --%s: applies to --%s", options[i].name,
				options[i].is_of_training ? "training" : "against");
	return 0;
}

static int check_settings(const struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->model == NULL)
		return pmill_cli_wrong_usage(cli, "needs -m MODEL");
	if (settings->training && settings->against != NULL)
		return pmill_cli_wrong_usage(cli, "option --training: cannot be combined with --against");
	if (!settings->training && settings->against == NULL)
		return pmill_cli_wrong_usage(cli, "needs --against OTHER or --training");
	if (settings->tsv != NULL && settings->counts.count == 0)
		return pmill_cli_wrong_usage(cli, "option --tsv: needs --counts");
	return check_kind(cli);
}

/* ---- What was found ---- */

static void print_json(struct pmill_cli *cli, const struct pmill_cli_finding *finding)
{
	const pmill_verification *verification = &finding->verification;
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_name(&json, "model", "model_printable", cli->settings.model);
	pmill_cli_json_name(&json, "against", "against_printable", cli->settings.against);
	pmill_cli_json_truth(&json, "training", cli->settings.training != 0);
	pmill_cli_json_truth(&json, "agree", verification->is_equal != 0);
	pmill_cli_json_number(&json, "documents", verification->documents);
	pmill_cli_json_number(&json, "bytes", verification->bytes);
	pmill_cli_json_number(&json, "compared", verification->compared);
	pmill_cli_json_text(&json, "difference", verification->difference);
	pmill_cli_json_number(&json, "bad_lines", finding->bad_lines);
	pmill_cli_json_bad_files(&json, finding->bad_files, finding->bad_file_count);
	pmill_cli_json_inputs(&json, &finding->notes);
	pmill_stage stages[PMILL_CLI_STAGES];
	pmill_cli_json_time(cli, &json, stages, pmill_cli_summary_stages(cli, stages));
	pmill_cli_json_end(&json, '}');
}

static void print_same_training(const char *model, const pmill_verification *verification)
{
	const uint64_t documents = verification->documents;
	fprintf(stderr, "%s and its training agree on %s %s", model,
		pmill_cli_count_text(verification->compared).text,
		pmill_cli_plural(verification->compared, "merge", "merges"));
	if (verification->bytes > 0) /* counts in a TSV don't say what text they are of */
		fprintf(stderr, ", learned from %s of text in %s %s",
			pmill_cli_bytes_text(verification->bytes).text, pmill_cli_count_text(documents).text,
			pmill_cli_plural(documents, "document", "documents"));
	fputs(".\n", stderr);
}

static void print_same_ids(
	const struct pmill_cli_settings *settings, const pmill_verification *verification)
{
	const uint64_t documents = verification->documents;
	fprintf(stderr, "%s and %s agree on %s %s, %s of text: %s %s.\n", settings->model,
		settings->against, pmill_cli_count_text(documents).text,
		pmill_cli_plural(documents, "document", "documents"),
		pmill_cli_bytes_text(verification->bytes).text,
		pmill_cli_count_text(verification->compared).text,
		pmill_cli_plural(verification->compared, "id", "ids"));
}

static void print_summary(struct pmill_cli *cli, const struct pmill_cli_finding *finding)
{
	const pmill_verification *verification = &finding->verification;
	if (verification->is_equal && cli->settings.training)
		print_same_training(cli->settings.model, verification);
	else if (verification->is_equal)
		print_same_ids(&cli->settings, verification);
	pmill_cli_summary_bad_lines(
		cli, finding->bad_lines, finding->bad_files, finding->bad_file_count);
	pmill_cli_summary_inputs(cli, &finding->notes);
	pmill_stage stages[PMILL_CLI_STAGES];
	pmill_cli_summary_time(cli, stages, pmill_cli_summary_stages(cli, stages));
}

/* A line each, as file names may have control bytes; all but the first are indented. */
static void print_difference(struct pmill_cli *cli, const char *difference)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	size_t len = strcspn(difference, "\n");
	pmill_cli_fail(cli, "%s and %s differ: %.*s", settings->model,
		settings->training ? "its training" : settings->against, (int)len, difference);
	while (difference[len] != 0) {
		difference += len + 1;
		len = strcspn(difference, "\n");
		pmill_cli_fail(cli, "%.*s", (int)len, difference);
	}
}

static int report(struct pmill_cli *cli, const struct pmill_cli_finding *finding)
{
	pmill_cli_progress_clear(&cli->progress);
	if (cli->settings.json)
		print_json(cli, finding);
	if (!finding->verification.is_equal)
		print_difference(cli, finding->verification.difference);
	if (pmill_cli_summary_is_wanted(cli))
		print_summary(cli, finding);
	return finding->verification.is_equal ? PMILL_CLI_DONE : PMILL_CLI_DIFFERENT;
}

int pmill_cli_run_verify(struct pmill_cli *cli)
{
	struct pmill_cli_finding finding = {.verification.size = sizeof finding.verification};
	pmill_tokenizer *tokenizer = NULL;
	int code = check_settings(cli);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->settings.model, &tokenizer);
	pmill_cli_interrupt_listen();
	if (code == 0)
		code = cli->settings.training ? pmill_cli_verify_training(cli, tokenizer, &finding)
									  : pmill_cli_verify_models(cli, tokenizer, &finding);
	if (code == 0)
		code = report(cli, &finding);
	pmill_cli_finding_release(&finding);
	pmill_tokenizer_free(tokenizer);
	return code;
}
