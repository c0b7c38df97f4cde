/* --special-tokens and --template → a policy. */
/* SPDX-License-Identifier: MIT */
#include "policy_option.h"

#include <stdlib.h>
#include <string.h>

#include "library_options.h"
#include "messages.h"

static const struct named {
	const char *name, *special, *added;
} named[] = {
	{"none", "none", "all"},
	{"all", "all", "all"},
	{"error", "error", "all"},
	{"untrusted", "none", "none"},
};

enum { NAMED_COUNT = sizeof named / sizeof named[0] };

/* A single value that names a policy is that policy; anything else is a list. */
static const struct named *find_named(const struct pmill_cli_list *list)
{
	for (size_t i = 0; list->count == 1 && i < NAMED_COUNT; i++)
		if (strcmp(list->items[0], named[i].name) == 0)
			return &named[i];
	return list->count == 0 ? &named[0] : NULL;
}

/* ---- A list ---- */

static size_t count_commas(const char *text)
{
	size_t count = 0;
	for (; *text != 0; text++)
		count += *text == ',';
	return count;
}

/* Fills `tokens` with what is between commas. Returns false if a token is empty. */
static bool split_at_commas(const char *list, pmill_bytes *tokens, size_t *count)
{
	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		if (len == 0)
			return false;
		tokens[(*count)++] = (pmill_bytes){.data = at, .len = len};
		at += len;
		if (*at == 0)
			return true;
	}
}

/* A single value is a list to split at commas; of several values, each is a token. */
static int read_list(struct pmill_cli *cli, pmill_bytes **tokens, size_t *count)
{
	const struct pmill_cli_list *list = &cli->settings.special_tokens;
	*count = list->count == 1 ? 0 : list->count;
	*tokens = list->count == 1 ? calloc(count_commas(list->items[0]) + 1, sizeof **tokens)
							   : pmill_cli_bytes_of(list);
	if (*tokens == NULL)
		return pmill_cli_no_memory(cli);
	if (list->count == 1 && !split_at_commas(list->items[0], *tokens, count))
		return pmill_cli_wrong_usage(
			cli, "option --special-tokens: empty token in \"%s\"", list->items[0]);
	return 0;
}

int pmill_cli_check_policy(struct pmill_cli *cli)
{
	pmill_bytes *tokens = NULL;
	size_t count;
	const bool is_list = find_named(&cli->settings.special_tokens) == NULL;
	const int code = is_list ? read_list(cli, &tokens, &count) : 0;
	free(tokens);
	return code;
}

static bool is_added(const pmill_tokenizer *tokenizer, pmill_bytes token)
{
	pmill_special_info info = {.size = sizeof info};
	for (size_t i = 0; pmill_tokenizer_get_special(tokenizer, i, &info) == PMILL_OK; i++)
		if (info.content.len == token.len && memcmp(info.content.data, token.data, token.len) == 0)
			return !info.is_special;
	return false;
}

/* Moves added tokens that aren't special behind the others. Returns how many are before them. */
static size_t part(const pmill_tokenizer *tokenizer, pmill_bytes *tokens, size_t count)
{
	size_t special = 0;
	for (size_t i = 0; i < count; i++) {
		const pmill_bytes token = tokens[i];
		if (is_added(tokenizer, token))
			continue;
		tokens[i] = tokens[special];
		tokens[special++] = token;
	}
	return special;
}

/* A list that names added tokens says which of these count; otherwise all do. */
static void set_list(pmill_policy_options *options, const pmill_tokenizer *tokenizer,
	pmill_bytes *tokens, size_t count)
{
	const size_t special = part(tokenizer, tokens, count);
	options->special = "list";
	options->special_list = tokens;
	options->special_list_count = special;
	if (special == count)
		return;
	options->added = "list";
	options->added_list = tokens + special;
	options->added_list_count = count - special;
}

int pmill_cli_make_policy(
	struct pmill_cli *cli, const pmill_tokenizer *tokenizer, pmill_policy **policy)
{
	pmill_policy_options options = {
		.size = sizeof options, .add_template = cli->settings.add_template};
	const struct named *choice = find_named(&cli->settings.special_tokens);
	pmill_bytes *tokens = NULL;
	pmill_error error = {0};
	int code = 0;
	if (choice != NULL) {
		options.special = choice->special;
		options.added = choice->added;
	} else {
		size_t count;
		code = read_list(cli, &tokens, &count);
		if (code == 0)
			set_list(&options, tokenizer, tokens, count);
	}
	if (code == 0) {
		const pmill_status status = pmill_policy_create(tokenizer, &options, policy, &error);
		if (status != PMILL_OK)
			code = pmill_cli_report(cli, status, &error);
	}
	free(tokens);
	return code;
}
