/* pairmill convert: a model in one format → the same model, or a changed one, in another. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "library_options.h"
#include "messages.h"
#include "output.h"
#include "sizes.h"
#include "summary.h"

/* ---- Changes ---- */

static bool has_special(const pmill_tokenizer *tokenizer, const char *data, size_t len)
{
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		if (info.content.len == len && memcmp(info.content.data, data, len) == 0)
			return true;
	}
	return false;
}

/* OLD=NEW, cut at the first "=" that a special token of the model ends at, else at the first. */
static int parse_rename(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, const char *text, pmill_rename *rename)
{
	const char *cut = *text == 0 ? NULL : strchr(text + 1, '=');
	if (cut == NULL)
		return pmill_cli_wrong_usage(
			cli, "option --rename-special: \"%s\" is not of the form OLD=NEW", text);
	for (const char *next = cut; next != NULL; next = strchr(next + 1, '=')) {
		if (!has_special(tokenizer, text, (size_t)(next - text)))
			continue;
		cut = next;
		break;
	}
	*rename = (pmill_rename){{text, (size_t)(cut - text)}, {cut + 1, strlen(cut + 1)}};
	return 0;
}

/* The library's message, with the name of the file. */
static int report_edit(struct pmill_cli *cli, pmill_status status, const pmill_error *error)
{
	pmill_error named = *error;
	if (status == PMILL_BAD_OPTION || status == PMILL_BAD_INPUT)
		snprintf(named.message, sizeof named.message, "%.300s: %.600s", cli->operands[0],
			error->message);
	return pmill_cli_report(cli, status, &named);
}

static int edit_with(struct pmill_cli *cli, pmill_tokenizer **tokenizer, pmill_rename *renames,
	const pmill_bytes *new_specials)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	for (size_t i = 0; i < settings->rename_special.count; i++) {
		const int code = parse_rename(
			cli, *tokenizer, settings->rename_special.items[i], &renames[i]);
		if (code != 0)
			return code;
	}
	const pmill_edit_options options = {.size = sizeof options,
		.vocab_size = settings->vocab_size,
		.renames = renames,
		.rename_count = settings->rename_special.count,
		.new_specials = new_specials,
		.new_special_count = settings->add_special.count};
	pmill_tokenizer *edited = NULL;
	pmill_error error = {0};
	const pmill_status status = pmill_tokenizer_edit(*tokenizer, &options, &edited, &error);
	if (status != PMILL_OK)
		return report_edit(cli, status, &error);
	pmill_tokenizer_free(*tokenizer);
	*tokenizer = edited;
	return 0;
}

static int edit(struct pmill_cli *cli, pmill_tokenizer **tokenizer)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	if (settings->vocab_size == 0 && settings->rename_special.count == 0 &&
		settings->add_special.count == 0)
		return 0;
	pmill_rename *renames = calloc(settings->rename_special.count + 1, sizeof *renames);
	pmill_bytes *new_specials = pmill_cli_bytes_of(&settings->add_special);
	const bool has_memory = renames != NULL &&
		(new_specials != NULL || settings->add_special.count == 0);
	const int code = has_memory ? edit_with(cli, tokenizer, renames, new_specials)
								: pmill_cli_no_memory(cli);
	free(renames);
	free(new_specials);
	return code;
}

/* ---- Writing ---- */

static unsigned save_flags(const struct pmill_cli *cli)
{
	const char *merges = cli->settings.merges;
	return pmill_cli_write_flags(cli) | (cli->settings.allow_loss ? PMILL_ALLOW_LOSS : 0) |
		(merges != NULL && strcmp(merges, "strings") == 0 ? PMILL_MERGES_AS_STRINGS : 0);
}

/* Adds the way out to the message that names the losses. */
static int report_save(
	struct pmill_cli *cli, pmill_status status, const pmill_error *error, const char *losses)
{
	if (status != PMILL_UNSUPPORTED || losses == NULL || strstr(error->message, losses) == NULL)
		return pmill_cli_report(cli, status, error);
	return pmill_cli_fail(cli, "%s (--allow-loss writes it all the same)", error->message);
}

static void print_summary(
	const struct pmill_cli *cli, const pmill_tokenizer *tokenizer, const char *losses)
{
	char more[80];
	snprintf(more, sizeof more, ": vocab size %s",
		pmill_cli_count_text(pmill_tokenizer_vocab_size(tokenizer)).text);
	pmill_cli_summary_written(tokenizer, cli->operands[1], more);
	if (losses != NULL)
		fprintf(stderr, "Lost: %s.\n", losses);
}

static int save(struct pmill_cli *cli, const pmill_tokenizer *tokenizer)
{
	const char *path = cli->operands[1];
	char *losses = NULL;
	pmill_error error = {0};
	int code = 0;
	pmill_status status = pmill_tokenizer_list_losses(
		tokenizer, path, cli->settings.to, &losses, &error);
	if (status == PMILL_OK)
		status = pmill_tokenizer_save(tokenizer, path, cli->settings.to, save_flags(cli), &error);
	if (status != PMILL_OK)
		code = report_save(cli, status, &error, losses);
	else if (pmill_cli_summary_is_wanted(cli))
		print_summary(cli, tokenizer, losses);
	pmill_memory_free(losses);
	return code;
}

int pmill_cli_run_convert(struct pmill_cli *cli)
{
	pmill_tokenizer *tokenizer = NULL;
	int code = pmill_cli_output_require_path(cli, cli->operands[1]);
	if (code == 0)
		code = pmill_cli_load_model(cli, cli->operands[0], &tokenizer);
	if (code == 0)
		code = edit(cli, &tokenizer);
	if (code == 0)
		code = save(cli, tokenizer);
	pmill_tokenizer_free(tokenizer);
	return code;
}
