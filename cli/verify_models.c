/* verify --against: two models on the same text. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "library_options.h"
#include "messages.h"
#include "policy_option.h"
#include "verify.h"

/* The options name the format and encoding of MODEL, but the pattern of both. */
static int load_other(struct pmill_cli *cli, pmill_tokenizer **other)
{
	struct pmill_cli_settings *settings = &cli->settings;
	const struct pmill_cli_settings given = *settings;
	settings->model_format = NULL;
	settings->encoding = NULL;
	const int code = pmill_cli_load_model(cli, settings->against, other);
	*settings = given;
	return code;
}

static int verify(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const pmill_tokenizer *other, const pmill_verify_options *options,
	pmill_verification *verification)
{
	pmill_error error = {0};
	const char *const *paths;
	size_t count;
	pmill_input_options input;
	pmill_run_options run = {0};
	int code = pmill_cli_run_options_init(cli, &run);
	if (code != 0)
		return code;
	pmill_cli_paths(cli, &paths, &count);
	pmill_cli_input_options_init(cli, &input);
	const pmill_status status = pmill_verify_models(
		tokenizer, other, paths, count, &input, options, &run, verification, &error);
	pmill_cli_run_options_release(&run);
	return status == PMILL_OK ? 0 : pmill_cli_report(cli, status, &error);
}

static void take_figures(struct pmill_cli_finding *finding)
{
	const pmill_verification *verification = &finding->verification;
	finding->bad_lines = verification->bad_lines;
	finding->bad_files = verification->bad_files;
	finding->bad_file_count = verification->bad_file_count;
	finding->notes = (struct pmill_cli_input_notes){
		verification->skipped_inputs, verification->repeated_inputs, verification->hidden_inputs};
}

int pmill_cli_verify_models(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, struct pmill_cli_finding *finding)
{
	const char *separator = cli->settings.doc_separator;
	pmill_tokenizer *other = NULL;
	pmill_policy *policy = NULL, *other_policy = NULL;
	int code = load_other(cli, &other);
	if (code == 0)
		code = pmill_cli_make_policy(cli, tokenizer, &policy);
	if (code == 0)
		code = pmill_cli_make_policy(cli, other, &other_policy);
	const pmill_verify_options options = {.size = sizeof options,
		.policy = policy,
		.other_policy = other_policy,
		.doc_separator = {separator, separator == NULL ? 0 : strlen(separator)},
		.name = cli->settings.model,
		.other_name = cli->settings.against};
	if (code == 0)
		code = verify(cli, tokenizer, other, &options, &finding->verification);
	if (code == 0)
		take_figures(finding);
	pmill_policy_free(other_policy);
	pmill_policy_free(policy);
	pmill_tokenizer_free(other);
	return code;
}
