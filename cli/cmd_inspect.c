/* pairmill inspect: shows what a model, a count file or a token file holds. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"
#include "command.h"
#include "inspect_model.h"
#include "inspect_tokens.h"
#include "library_options.h"
#include "messages.h"
#include "sizes.h"
#include "summary.h"

/* ---- The most frequent words ---- */

struct frequent_word {
	pmill_bytes word;
	int64_t count;
};

/* By descending count, then in the order of the file: by bytes. */
static bool comes_before(const struct frequent_word *a, const struct frequent_word *b)
{
	return a->count > b->count;
}

/* Keeps the first `room` words by insertion, as `room` is small. */
static size_t insert_word(
	struct frequent_word *words, size_t count, size_t room, const struct frequent_word *word)
{
	if (count == room && !comes_before(word, &words[count - 1]))
		return count;
	size_t at = count < room ? count : count - 1;
	while (at > 0 && comes_before(word, &words[at - 1])) {
		words[at] = words[at - 1];
		at--;
	}
	words[at] = *word;
	return count < room ? count + 1 : count;
}

static size_t find_frequent(
	const pmill_counts *counts, uint64_t total, struct frequent_word *words, size_t room)
{
	size_t count = 0;
	for (size_t i = 0; room > 0 && i < total; i++) {
		struct frequent_word word;
		pmill_counts_get_word(counts, i, &word.word, &word.count);
		count = insert_word(words, count, room, &word);
	}
	return count;
}

/* ---- Count files ---- */

static void print_counts(const struct pmill_cli *cli, const pmill_counts_info *info,
	const struct frequent_word *words, size_t count)
{
	const pmill_totals *totals = &info->totals;
	printf("count file       %s\n", cli->operands[0]);
	printf("pattern          %s\n", info->pattern);
	printf("Unicode          %s\n", info->unicode_version);
	printf("special tokens   %s\n", pmill_cli_count_text(info->special_token_count).text);
	for (size_t i = 0; i < info->special_token_count; i++) {
		fputs("  ", stdout);
		pmill_cli_bytes_show(stdout, info->special_tokens[i].data, info->special_tokens[i].len, 0);
		putchar('\n');
	}
	printf("documents        %s\n", pmill_cli_count_text(totals->documents).text);
	printf("bytes of text    %s\n", pmill_cli_count_text(totals->bytes).text);
	printf("pretokens        %s\n", pmill_cli_count_text(totals->pretokens).text);
	printf("words            %s\n", pmill_cli_count_text(totals->words).text);
	if (cli->settings.check)
		puts("checked          every block");
	if (count > 0)
		puts("most frequent");
	for (size_t i = 0; i < count; i++) {
		printf("  %13s  ", pmill_cli_count_text((uint64_t)words[i].count).text);
		pmill_cli_bytes_show(stdout, words[i].word.data, words[i].word.len, 0);
		putchar('\n');
	}
}

static void print_counts_json(const struct pmill_cli *cli, const pmill_counts_info *info,
	const struct frequent_word *words, size_t count)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_text(&json, "kind", "counts");
	pmill_cli_json_name(&json, "name", "printable", cli->operands[0]);
	pmill_cli_json_text(&json, "pattern", info->pattern);
	pmill_cli_json_text(&json, "unicode", info->unicode_version);
	pmill_cli_json_specials(
		&json, "special_tokens", info->special_tokens, info->special_token_count);
	pmill_cli_json_totals(&json, &info->totals);
	pmill_cli_json_truth(&json, "checked", cli->settings.check != 0);
	pmill_cli_json_begin(&json, "most_frequent", '[');
	for (size_t i = 0; i < count; i++) {
		pmill_cli_json_begin(&json, NULL, '{');
		pmill_cli_json_number(&json, "count", (uint64_t)words[i].count);
		pmill_cli_json_bytes(&json, "text", words[i].word.data, words[i].word.len);
		pmill_cli_json_printable(&json, "printable", words[i].word.data, words[i].word.len);
		pmill_cli_json_end(&json, '}');
	}
	pmill_cli_json_end(&json, ']');
	pmill_cli_json_end(&json, '}');
}

static int show_counts(struct pmill_cli *cli, const pmill_counts_info *info,
	const struct frequent_word *words, size_t count)
{
	pmill_cli_progress_clear(&cli->progress);
	if (cli->settings.json)
		print_counts_json(cli, info, words, count);
	else
		print_counts(cli, info, words, count);
	return PMILL_CLI_DONE;
}

static int inspect_head(struct pmill_cli *cli)
{
	pmill_counts_head *head = NULL;
	pmill_error error = {0};
	pmill_status status = pmill_counts_head_load(
		cli->operands[0], cli->settings.check, &head, &error);
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_head_get_info(head, &info);
	int code = show_counts(cli, &info, NULL, 0);
	pmill_counts_head_free(head);
	return code;
}

static int show_frequent(struct pmill_cli *cli, const pmill_counts *counts)
{
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(counts, &info);
	size_t room = (size_t)cli->settings.top;
	if (room > info.totals.words)
		room = (size_t)info.totals.words;
	struct frequent_word *words = calloc(room + 1, sizeof *words);
	if (words == NULL)
		return pmill_cli_no_memory(cli);
	int code = show_counts(
		cli, &info, words, find_frequent(counts, info.totals.words, words, room));
	free(words);
	return code;
}

static int inspect_words(struct pmill_cli *cli)
{
	pmill_counts *counts = NULL;
	pmill_error error = {0};
	pmill_text_options expected = {0};
	pmill_run_options run = {0};
	int code = pmill_cli_text_options_init(cli, &expected);
	if (code == 0)
		code = pmill_cli_run_options_init(cli, &run);
	if (code == 0) {
		pmill_status status = pmill_counts_load(
			cli->operands[0], cli->settings.tsv, &expected, &run, &counts, &error);
		code = status == PMILL_OK ? show_frequent(cli, counts)
								  : pmill_cli_report(cli, status, &error);
	}
	pmill_counts_free(counts);
	pmill_cli_run_options_release(&run);
	pmill_cli_text_options_release(&expected);
	return code;
}

/* Words are read only to show them, or if --tsv gives their spelling. */
static int inspect_counts(struct pmill_cli *cli)
{
	if (cli->settings.audit)
		return pmill_cli_wrong_usage(
			cli, "option --audit: %s is a count file, not a model", cli->operands[0]);
	bool needs_words = cli->settings.top > 0 || cli->settings.tsv != NULL;
	return needs_words ? inspect_words(cli) : inspect_head(cli);
}

/* ---- Models ---- */

static int inspect_model(struct pmill_cli *cli)
{
	pmill_tokenizer *tokenizer = NULL;
	int code = pmill_cli_load_model(cli, cli->operands[0], &tokenizer);
	if (code == 0)
		code = pmill_cli_inspect_model(cli, tokenizer);
	pmill_tokenizer_free(tokenizer);
	return code;
}

/* ---- Kinds of files ---- */

/* The kind of a file by its name. If none matches, each is tried. */
static const struct {
	const char *suffix;
	int (*inspect)(struct pmill_cli *cli);
} kinds[] = {
	{".counts", inspect_counts},
	{".tsv", inspect_counts},
	{".json", inspect_model},
	{".tiktoken", inspect_model},
	{".gguf", inspect_model},
	{"merges.txt", inspect_model},
};

static bool is_folder(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool has_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path), suffix_len = strlen(suffix);
	return len >= suffix_len && strcmp(path + len - suffix_len, suffix) == 0;
}

static int inspect_unknown(struct pmill_cli *cli)
{
	pmill_counts_head *head = NULL;
	pmill_tokenizer *tokenizer = NULL;
	pmill_error as_counts = {0}, as_model = {0};
	int code;
	if (pmill_counts_head_load(cli->operands[0], 0, &head, &as_counts) == PMILL_OK) {
		code = inspect_counts(cli);
	} else if (as_counts.status == PMILL_IO || as_counts.status == PMILL_NO_MEMORY) {
		code = pmill_cli_report(cli, as_counts.status, &as_counts);
	} else if (pmill_cli_try_model(cli, cli->operands[0], &tokenizer, &as_model) == PMILL_OK) {
		code = pmill_cli_inspect_model(cli, tokenizer);
	} else if (as_counts.offset == 0 && as_model.status == PMILL_UNSUPPORTED) {
		/* No count file even by its first bytes, and recognised as something else. */
		code = pmill_cli_report(cli, as_model.status, &as_model);
	} else {
		code = pmill_cli_fail(cli,
			"%s: neither a count file nor a model (as counts: %s; as a model: %s)",
			cli->operands[0], as_counts.message, as_model.message);
	}
	pmill_counts_head_free(head);
	pmill_tokenizer_free(tokenizer);
	return code;
}

int pmill_cli_run_inspect(struct pmill_cli *cli)
{
	const char *path = cli->operands[0];
	const struct pmill_cli_settings *settings = &cli->settings;
	if (is_folder(path))
		return inspect_model(cli);
	if (pmill_cli_is_token_file(cli))
		return pmill_cli_inspect_tokens(cli);
	if (settings->model_format != NULL || settings->encoding != NULL)
		return inspect_model(cli);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (has_suffix(path, kinds[i].suffix))
			return kinds[i].inspect(cli);
	return inspect_unknown(cli);
}
