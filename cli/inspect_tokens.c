/* pairmill inspect: what a token file holds. */
/* SPDX-License-Identifier: MIT */
#include "inspect_tokens.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "library_options.h"
#include "messages.h"
#include "sizes.h"
#include "summary.h"

static bool has_suffix(const char *path, const char *suffix)
{
	const size_t len = strlen(path), suffix_len = strlen(suffix);
	return len >= suffix_len && strcmp(path + len - suffix_len, suffix) == 0;
}

/* Whether FILE.json says of which model the ids are. */
static bool has_sidecar(const char *path)
{
	char json[4096], name[PATH_MAX];
	if ((size_t)snprintf(name, sizeof name, "%s.json", path) >= sizeof name)
		return false;
	FILE *file = fopen(name, "rb");
	if (file == NULL)
		return false;
	const size_t len = fread(json, 1, sizeof json - 1, file);
	fclose(file);
	json[len] = '\0';
	return strstr(json, "\"model_sha256\"") != NULL;
}

bool pmill_cli_is_token_file(const struct pmill_cli *cli)
{
	static const char *const suffixes[] = {".bin", ".npy", ".u16", ".u32", ".ds"};
	const char *path = cli->operands[0];
	bool is = cli->settings.model != NULL || cli->settings.format != NULL;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && !is; i++)
		is = has_suffix(path, suffixes[i]);
	return is || has_sidecar(path);
}

/* ---- For people ---- */

static void print_count(const char *name, uint64_t count)
{
	if (count != UINT64_MAX)
		printf("%-16s %s\n", name, pmill_cli_count_text(count).text);
}

static void print_mark(const char *name, uint32_t id, const pmill_tokenizer *tokenizer)
{
	if (id == PMILL_NO_ID)
		return;
	printf("%-16s %" PRIu32, name, id);
	if (tokenizer != NULL) {
		const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		fputs("  ", stdout);
		pmill_cli_bytes_show(stdout, token.data, token.len, 0);
	}
	putchar('\n');
}

static const char *describe_fit(const pmill_token_file_info *info)
{
	if (info->unknown_ids > 0)
		return "no: ids that its vocab lacks";
	if (info->is_of_model)
		return "yes: the model that it was made with";
	return info->model_sha256[0] == '\0' ? "perhaps: all ids that were looked at are in its vocab"
										 : "no: another model made it";
}

/* The first ids, and their text if there is a model. */
static void print_sample(const pmill_token_file_info *info, const pmill_tokenizer *tokenizer)
{
	if (info->id_count == 0)
		return;
	puts("first ids");
	for (size_t i = 0; i < info->id_count; i++) {
		printf("  %8" PRIu32, info->ids[i]);
		if (tokenizer != NULL) {
			const pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, info->ids[i]);
			fputs("  ", stdout);
			if (token.data == NULL)
				fputs("(unknown)", stdout);
			else
				pmill_cli_bytes_show(stdout, token.data, token.len, 0);
		}
		putchar('\n');
	}
}

static void print_info(const struct pmill_cli *cli, const pmill_token_file_info *info,
	const pmill_tokenizer *tokenizer)
{
	printf("token file       %s\n", cli->operands[0]);
	printf("format           %s\n", info->format);
	printf("type             %s\n", info->dtype != NULL ? info->dtype : "digits");
	print_count("documents", info->documents);
	print_count("tokens", info->tokens);
	print_count("bytes of text", info->bytes);
	print_mark("end of text", info->eot, tokenizer);
	print_mark("begin of text", info->bos, tokenizer);
	if (info->model_sha256[0] != '\0')
		printf("model's SHA-256  %s\n", info->model_sha256);
	if (tokenizer != NULL)
		printf("fits the model   %s\n", describe_fit(info));
	if (cli->settings.check)
		puts("checked          every id");
	print_sample(info, tokenizer);
}

/* ---- JSON ---- */

static void json_count(struct pmill_cli_json *json, const char *key, uint64_t count)
{
	if (count == UINT64_MAX)
		pmill_cli_json_text(json, key, NULL);
	else
		pmill_cli_json_number(json, key, count);
}

static void json_id(struct pmill_cli_json *json, const char *key, uint32_t id)
{
	json_count(json, key, id == PMILL_NO_ID ? UINT64_MAX : id);
}

static void print_json(const struct pmill_cli *cli, const pmill_token_file_info *info,
	const pmill_tokenizer *tokenizer)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_text(&json, "kind", "tokens");
	pmill_cli_json_name(&json, "name", "printable", cli->operands[0]);
	pmill_cli_json_text(&json, "format", info->format);
	pmill_cli_json_text(&json, "dtype", info->dtype);
	json_count(&json, "documents", info->documents);
	json_count(&json, "tokens", info->tokens);
	json_count(&json, "bytes", info->bytes);
	json_id(&json, "eot_id", info->eot);
	json_id(&json, "bos_id", info->bos);
	pmill_cli_json_text(
		&json, "model_sha256", info->model_sha256[0] == '\0' ? NULL : info->model_sha256);
	if (tokenizer != NULL) {
		pmill_cli_json_truth(&json, "is_of_model", info->is_of_model != 0);
		pmill_cli_json_number(&json, "unknown_ids", info->unknown_ids);
	}
	pmill_cli_json_truth(&json, "checked", cli->settings.check != 0);
	pmill_cli_json_begin(&json, "ids", '[');
	for (size_t i = 0; i < info->id_count; i++)
		pmill_cli_json_number(&json, NULL, info->ids[i]);
	pmill_cli_json_end(&json, ']');
	pmill_cli_json_end(&json, '}');
}

/* ---- */

int pmill_cli_inspect_tokens(struct pmill_cli *cli)
{
	const struct pmill_cli_settings *settings = &cli->settings;
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	if (settings->audit)
		return pmill_cli_wrong_usage(
			cli, "option --audit: %s is a token file, not a model", cli->operands[0]);
	if (settings->model != NULL) {
		const int code = pmill_cli_load_model(cli, settings->model, &tokenizer);
		if (code != 0)
			return code;
	}
	pmill_token_file_info info = {.size = sizeof info};
	const pmill_status status = pmill_token_file_get_info(
		cli->operands[0], settings->format, tokenizer, settings->check, &info, &error);
	const int code = status == PMILL_OK ? PMILL_CLI_DONE : pmill_cli_report(cli, status, &error);
	if (status == PMILL_OK && settings->json)
		print_json(cli, &info, tokenizer);
	else if (status == PMILL_OK)
		print_info(cli, &info, tokenizer);
	pmill_tokenizer_free(tokenizer);
	return code;
}
