/* Fills the library's options structs from the settings. */
/* SPDX-License-Identifier: MIT */
#include "library_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input_notes.h"
#include "memory_limit.h"
#include "messages.h"
#include "sizes.h"
#include "summary.h"

pmill_bytes *pmill_cli_bytes_of(const struct pmill_cli_list *list)
{
	if (list->count == 0)
		return NULL;
	pmill_bytes *bytes = calloc(list->count, sizeof *bytes);
	for (size_t i = 0; bytes != NULL && i < list->count; i++)
		bytes[i] = (pmill_bytes){.data = list->items[i], .len = strlen(list->items[i])};
	return bytes;
}

int pmill_cli_text_options_init(struct pmill_cli *cli, pmill_text_options *options)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	*options = (pmill_text_options){.size = sizeof *options,
		.pattern = settings->pattern,
		.unicode_version = settings->unicode,
		.special_tokens = pmill_cli_bytes_of(&settings->special),
		.special_token_count = settings->special.count,
		.reserve = (uint32_t)settings->reserve};
	if (options->special_token_count > 0 && options->special_tokens == NULL)
		return pmill_cli_no_memory(cli);
	if (settings->doc_separator != NULL)
		options->doc_separator = (pmill_bytes){
			.data = settings->doc_separator, .len = strlen(settings->doc_separator)};
	return 0;
}

void pmill_cli_text_options_release(pmill_text_options *options)
{
	free((void *)options->special_tokens);
	options->special_tokens = NULL;
}

int pmill_cli_run_options_init(struct pmill_cli *cli, pmill_run_options *options)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	*options = (pmill_run_options){.size = sizeof *options,
		.threads = (unsigned)settings->threads,
		.memory_limit = settings->memory,
		.tmp_dir = pmill_cli_tmp_dir(cli),
		.progress = pmill_cli_progress_event,
		.progress_context = &cli->progress,
		.scanner = settings->scanner,
		.chunk_size = (size_t)settings->chunk_size};
	return options->tmp_dir != NULL ? 0 : pmill_cli_no_memory(cli);
}

void pmill_cli_run_options_release(pmill_run_options *options)
{
	free((void *)options->tmp_dir);
	options->tmp_dir = NULL;
}

void pmill_cli_input_options_init(struct pmill_cli *cli, pmill_input_options *options)
{
	*options = (pmill_input_options){.size = sizeof *options,
		.format = cli->settings.input_format,
		.field = cli->settings.field,
		.skip_bad_lines = cli->settings.skip_bad_lines,
		.sha256 = cli->settings.sha256,
		.skip_binary = cli->settings.skip_binary,
		.notice = pmill_cli_input_notice,
		.notice_context = cli};
}

void pmill_cli_paths(const struct pmill_cli *cli, const char *const **paths, size_t *count)
{
	static const char *const standard_input[] = {"-"};
	*paths = cli->operand_count > 0 ? cli->operands : standard_input;
	*count = cli->operand_count > 0 ? cli->operand_count : 1;
	if (cli->operand_count == 0 && !cli->settings.quiet && isatty(STDIN_FILENO))
		fputs("Reading from the terminal; press Ctrl-D to end.\n", stderr);
}

const char *pmill_cli_pattern_text(const pmill_tokenizer *tokenizer)
{
	const char *pattern = pmill_tokenizer_pattern(tokenizer);
	return pattern != NULL ? pattern : "unknown";
}

static void describe_model(const char *path, const pmill_tokenizer *tokenizer)
{
	fprintf(stderr, "Model %s: vocab size %s, pattern %s, Unicode %s.\n", path,
		pmill_cli_count_text(pmill_tokenizer_vocab_size(tokenizer)).text,
		pmill_cli_pattern_text(tokenizer), pmill_tokenizer_unicode_version(tokenizer));
}

/* Comes before the library's complaint about the suffix, which is moot if the file is missing. */
static int require_model(const struct pmill_cli *cli, const char *path)
{
	if (strcmp(path, "-") == 0 || access(path, F_OK) == 0)
		return 0;
	return pmill_cli_fail(cli, "%s: cannot open: %s", path, strerror(errno));
}

pmill_status pmill_cli_try_model(
	const struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer, pmill_error *error)
{
	pmill_bytes *special = pmill_cli_bytes_of(&cli->settings.special);
	if (special == NULL && cli->settings.special.count > 0)
		return PMILL_NO_MEMORY;
	pmill_load_options options = {.size = sizeof options,
		.format = cli->settings.model_format,
		.pattern = cli->settings.pattern,
		.unicode_version = cli->settings.unicode,
		.special_tokens = special,
		.special_token_count = cli->settings.special.count,
		.encoding = cli->settings.encoding};
	pmill_status status = pmill_tokenizer_load(path, &options, tokenizer, error);
	free(special);
	return status;
}

int pmill_cli_load_model(struct pmill_cli *cli, const char *path, pmill_tokenizer **tokenizer)
{
	pmill_error error = {0};
	int code = require_model(cli, path);
	if (code != 0)
		return code;
	pmill_status status = pmill_cli_try_model(cli, path, tokenizer, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	if (cli->settings.verbose && pmill_cli_summary_is_wanted(cli))
		describe_model(path, *tokenizer);
	return 0;
}

unsigned pmill_cli_write_flags(const struct pmill_cli *cli)
{
	return cli->settings.force ? PMILL_OVERWRITE : 0;
}
