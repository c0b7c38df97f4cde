/* pairmill inspect, for models: what a model holds, and whether it is sound. */
/* SPDX-License-Identifier: MIT */
#include "inspect_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "inspect_audit.h"
#include "library_options.h"
#include "messages.h"
#include "model_checks.h"
#include "sizes.h"
#include "summary.h"

/* An ordinary token, for the list of the longest. */
struct long_token {
	uint32_t id;
	size_t len;
};

static int compare_long_tokens(const void *a, const void *b)
{
	const struct long_token *x = a, *y = b;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void mark_specials(const pmill_tokenizer *tokenizer, struct long_token *tokens)
{
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		if (info.id < pmill_tokenizer_vocab_size(tokenizer))
			tokens[info.id].len = 0;
	}
}

/* Ordinary tokens, longest first. Holes and special tokens have length 0. */
static struct long_token *sort_tokens(const pmill_tokenizer *tokenizer)
{
	uint32_t vocab_size = pmill_tokenizer_vocab_size(tokenizer);
	struct long_token *tokens = calloc((size_t)vocab_size + 1, sizeof *tokens);
	if (tokens == NULL)
		return NULL;
	for (uint32_t id = 0; id < vocab_size; id++) {
		pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
		tokens[id] = (struct long_token){.id = id, .len = token.data == NULL ? 0 : token.len};
	}
	mark_specials(tokenizer, tokens);
	qsort(tokens, vocab_size, sizeof *tokens, compare_long_tokens);
	return tokens;
}

static uint64_t count_holes(const pmill_tokenizer *tokenizer)
{
	uint64_t holes = 0;
	for (uint32_t id = 0; id < pmill_tokenizer_vocab_size(tokenizer); id++)
		holes += pmill_tokenizer_token_bytes(tokenizer, id).data == NULL;
	return holes;
}

/* ---- Text ---- */

static void print_token(const pmill_tokenizer *tokenizer, uint32_t id)
{
	pmill_bytes token = pmill_tokenizer_token_bytes(tokenizer, id);
	pmill_cli_bytes_show(stdout, token.data, token.len, 0);
}

static void print_flags(const pmill_special_info *info)
{
	fputs(info->strips_left ? "  lstrip" : "", stdout);
	fputs(info->strips_right ? "  rstrip" : "", stdout);
	fputs(info->is_single_word ? "  single_word" : "", stdout);
	fputs(info->is_normalized ? "  normalized" : "", stdout);
}

static void print_specials(const pmill_tokenizer *tokenizer)
{
	size_t count = pmill_tokenizer_special_count(tokenizer);
	printf("special tokens   %s\n", pmill_cli_count_text(count).text);
	for (size_t i = 0; i < count; i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		printf("  %8" PRIu32 "  ", info.id);
		pmill_cli_bytes_show(stdout, info.content.data, info.content.len, 0);
		fputs(info.is_special ? "" : "  (added, not special)", stdout);
		print_flags(&info);
		putchar('\n');
	}
}

/* A heading, and each line of a description under the one before. False: there is none. */
static bool print_part(const pmill_tokenizer *tokenizer, const char *part)
{
	char *text = NULL;
	if (pmill_tokenizer_describe(tokenizer, part, &text, NULL) != PMILL_OK)
		return false;
	bool has_lines = *text != '\0';
	const char *heading = part;
	for (char *line = text; *line != '\0'; heading = "") {
		char *end = strchr(line, '\n');
		printf("%-15s  %.*s\n", heading, (int)(end - line), line);
		line = end + 1;
	}
	pmill_memory_free(text);
	return has_lines;
}

/* Several steps of cutting have no name. */
static void print_pattern(const pmill_tokenizer *tokenizer)
{
	if (pmill_tokenizer_pattern(tokenizer) != NULL || !print_part(tokenizer, "pattern"))
		printf("pattern          %s\n", pmill_cli_pattern_text(tokenizer));
}

static void print_longest(
	const pmill_tokenizer *tokenizer, const struct long_token *tokens, uint64_t top)
{
	puts("longest tokens   id, bytes");
	for (uint64_t i = 0; i < top && i < pmill_tokenizer_vocab_size(tokenizer); i++) {
		if (tokens[i].len == 0)
			break;
		printf("  %8" PRIu32 "  %4zu  ", tokens[i].id, tokens[i].len);
		print_token(tokenizer, tokens[i].id);
		putchar('\n');
	}
}

static void print_first_merges(const pmill_tokenizer *tokenizer, uint64_t top)
{
	if (pmill_tokenizer_merge_count(tokenizer) == 0 && pmill_tokenizer_refusal(tokenizer) != NULL)
		return;
	puts("first merges     id");
	for (size_t rank = 0; rank < top && rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		uint32_t left, right, id;
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		printf("  %8" PRIu32 "  ", id);
		print_token(tokenizer, left);
		fputs(" + ", stdout);
		print_token(tokenizer, right);
		putchar('\n');
	}
}

static void print_training(const pmill_training *record)
{
	if (record->version == NULL)
		return;
	const pmill_totals *totals = &record->totals;
	printf("trained          by pairmill %s, ties by %s, for %s entries%s\n", record->version,
		record->ties, pmill_cli_count_text(record->vocab_size_asked).text,
		strcmp(record->stopped, "full") == 0 ? "" : ", stopped early");
	printf("  from           %s, %s %s, %s %s, %s %s\n", pmill_cli_bytes_text(totals->bytes).text,
		pmill_cli_count_text(totals->documents).text,
		pmill_cli_plural(totals->documents, "document", "documents"),
		pmill_cli_count_text(totals->pretokens).text,
		pmill_cli_plural(totals->pretokens, "pretoken", "pretokens"),
		pmill_cli_count_text(totals->words).text, pmill_cli_plural(totals->words, "word", "words"));
	for (size_t i = 0; i < record->stage_count; i++)
		printf("  %-13s  %s\n", record->stages[i].name,
			pmill_cli_seconds_text(record->stages[i].seconds).text);
}

static bool print_checks(const pmill_tokenizer *tokenizer)
{
	bool is_sound = true;
	const struct pmill_cli_model_check *check;
	if (pmill_tokenizer_refusal(tokenizer) != NULL)
		return true; /* they are about encoding */
	puts("checks");
	for (size_t i = 0; (check = pmill_cli_model_check_at(i)) != NULL; i++) {
		bool holds = check->holds(tokenizer);
		is_sound = is_sound && holds;
		printf("  %-13s  %s\n", holds ? "ok" : "FAILED", check->claim);
	}
	return is_sound;
}

/* `audit` is NULL if it isn't asked for. */
static bool print_text(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const struct long_token *tokens, const pmill_audit *audit)
{
	const char *layout = pmill_cli_model_layout(tokenizer);
	uint64_t holes = count_holes(tokenizer);
	printf("model            %s\n", cli->operands[0]);
	printf(
		"vocab size       %s\n", pmill_cli_count_text(pmill_tokenizer_vocab_size(tokenizer)).text);
	if (holes > 0)
		printf("unused ids       %s\n", pmill_cli_count_text(holes).text);
	uint64_t merges = pmill_tokenizer_merge_count(tokenizer);
	bool is_unread = merges == 0 && pmill_tokenizer_refusal(tokenizer) != NULL;
	printf("merges           %s\n", is_unread ? "unknown" : pmill_cli_count_text(merges).text);
	printf("layout           %s\n", layout != NULL ? layout : "unknown");
	print_part(tokenizer, "normalizer");
	print_pattern(tokenizer);
	print_part(tokenizer, "template");
	printf("Unicode          %s\n", pmill_tokenizer_unicode_version(tokenizer));
	if (pmill_tokenizer_encoding(tokenizer) != NULL)
		printf("encoding         %s\n", pmill_tokenizer_encoding(tokenizer));
	printf("meaning of BPE   %s\n", pmill_tokenizer_meaning(tokenizer));
	if (pmill_tokenizer_refusal(tokenizer) != NULL)
		printf("can't encode     %s\n", pmill_tokenizer_refusal(tokenizer));
	print_specials(tokenizer);
	if (cli->settings.top > 0) {
		print_longest(tokenizer, tokens, cli->settings.top);
		print_first_merges(tokenizer, cli->settings.top);
	}
	pmill_training record = {.size = sizeof record};
	pmill_tokenizer_get_training(tokenizer, &record);
	print_training(&record);
	const bool is_sound = print_checks(tokenizer);
	if (audit != NULL)
		pmill_cli_audit_print(audit, cli->settings.top);
	return is_sound;
}

/* ---- JSON ---- */

static void json_token(struct pmill_cli_json *json, const char *text_key, pmill_bytes token)
{
	pmill_cli_json_bytes(json, text_key, token.data, token.len);
	pmill_cli_json_printable(json, "printable", token.data, token.len);
}

static void json_flags(struct pmill_cli_json *json, const pmill_special_info *info)
{
	pmill_cli_json_truth(json, "lstrip", info->strips_left != 0);
	pmill_cli_json_truth(json, "rstrip", info->strips_right != 0);
	pmill_cli_json_truth(json, "single_word", info->is_single_word != 0);
	pmill_cli_json_truth(json, "normalized", info->is_normalized != 0);
}

/* A list of the lines of a description. */
static void json_part(struct pmill_cli_json *json, const pmill_tokenizer *tokenizer,
	const char *part, const char *key)
{
	char *text = NULL;
	if (pmill_tokenizer_describe(tokenizer, part, &text, NULL) != PMILL_OK)
		return;
	pmill_cli_json_begin(json, key, '[');
	for (char *line = text; *line != '\0';) {
		char *end = strchr(line, '\n');
		*end = '\0';
		pmill_cli_json_text(json, NULL, line);
		line = end + 1;
	}
	pmill_cli_json_end(json, ']');
	pmill_memory_free(text);
}

static void json_specials(struct pmill_cli_json *json, const pmill_tokenizer *tokenizer)
{
	pmill_cli_json_begin(json, "special_tokens", '[');
	for (size_t i = 0; i < pmill_tokenizer_special_count(tokenizer); i++) {
		pmill_special_info info = {.size = sizeof info};
		pmill_tokenizer_get_special(tokenizer, i, &info);
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_number(json, "id", info.id);
		json_token(json, "text", info.content);
		pmill_cli_json_truth(json, "special", info.is_special != 0);
		json_flags(json, &info);
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

static void json_longest(struct pmill_cli_json *json, const pmill_tokenizer *tokenizer,
	const struct long_token *tokens, uint64_t top)
{
	pmill_cli_json_begin(json, "longest_tokens", '[');
	for (uint64_t i = 0; i < top && i < pmill_tokenizer_vocab_size(tokenizer); i++) {
		if (tokens[i].len == 0)
			break;
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_number(json, "id", tokens[i].id);
		pmill_cli_json_number(json, "bytes", tokens[i].len);
		json_token(json, "text", pmill_tokenizer_token_bytes(tokenizer, tokens[i].id));
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

static void json_merges(struct pmill_cli_json *json, const pmill_tokenizer *tokenizer, uint64_t top)
{
	pmill_cli_json_begin(json, "first_merges", '[');
	for (size_t rank = 0; rank < top && rank < pmill_tokenizer_merge_count(tokenizer); rank++) {
		uint32_t left, right, id;
		pmill_tokenizer_get_merge(tokenizer, rank, &left, &right, &id);
		pmill_cli_json_begin(json, NULL, '{');
		pmill_cli_json_number(json, "id", id);
		pmill_cli_json_number(json, "left", left);
		pmill_cli_json_number(json, "right", right);
		json_token(json, "text", pmill_tokenizer_token_bytes(tokenizer, id));
		pmill_cli_json_end(json, '}');
	}
	pmill_cli_json_end(json, ']');
}

static void json_training(struct pmill_cli_json *json, const pmill_training *record)
{
	if (record->version == NULL) {
		pmill_cli_json_text(json, "training", NULL);
		return;
	}
	pmill_cli_json_begin(json, "training", '{');
	pmill_cli_json_text(json, "version", record->version);
	pmill_cli_json_number(json, "vocab_size_asked", record->vocab_size_asked);
	pmill_cli_json_number(json, "merges", record->merges);
	pmill_cli_json_text(json, "stopped", record->stopped);
	pmill_cli_json_text(json, "ties", record->ties);
	pmill_cli_json_text(json, "layout", record->layout);
	pmill_cli_json_text(json, "compat", record->compat);
	pmill_cli_json_totals(json, &record->totals);
	pmill_cli_json_end(json, '}');
}

static bool json_checks(struct pmill_cli_json *json, const pmill_tokenizer *tokenizer)
{
	bool is_sound = true;
	const struct pmill_cli_model_check *check;
	pmill_cli_json_begin(json, "checks", '{');
	bool is_refused = pmill_tokenizer_refusal(tokenizer) != NULL; /* they are about encoding */
	for (size_t i = 0; !is_refused && (check = pmill_cli_model_check_at(i)) != NULL; i++) {
		bool holds = check->holds(tokenizer);
		is_sound = is_sound && holds;
		pmill_cli_json_truth(json, check->name, holds);
	}
	pmill_cli_json_end(json, '}');
	return is_sound;
}

static bool print_json(struct pmill_cli *cli, const pmill_tokenizer *tokenizer,
	const struct long_token *tokens, const pmill_audit *audit)
{
	struct pmill_cli_json json;
	pmill_cli_json_document(cli, &json);
	pmill_cli_json_text(&json, "kind", "model");
	pmill_cli_json_name(&json, "name", "printable", cli->operands[0]);
	pmill_cli_json_number(&json, "vocab_size", pmill_tokenizer_vocab_size(tokenizer));
	pmill_cli_json_number(&json, "unused_ids", count_holes(tokenizer));
	pmill_cli_json_number(&json, "merges", pmill_tokenizer_merge_count(tokenizer));
	pmill_cli_json_text(&json, "layout", pmill_cli_model_layout(tokenizer));
	pmill_cli_json_text(&json, "pattern", pmill_tokenizer_pattern(tokenizer));
	pmill_cli_json_text(&json, "unicode", pmill_tokenizer_unicode_version(tokenizer));
	pmill_cli_json_text(&json, "encoding", pmill_tokenizer_encoding(tokenizer));
	pmill_cli_json_text(&json, "meaning", pmill_tokenizer_meaning(tokenizer));
	json_part(&json, tokenizer, "normalizer", "normalizer");
	json_part(&json, tokenizer, "pattern", "steps");
	json_part(&json, tokenizer, "template", "template");
	pmill_cli_json_text(&json, "refusal", pmill_tokenizer_refusal(tokenizer));
	json_specials(&json, tokenizer);
	json_longest(&json, tokenizer, tokens, cli->settings.top);
	json_merges(&json, tokenizer, cli->settings.top);
	pmill_training record = {.size = sizeof record};
	pmill_tokenizer_get_training(tokenizer, &record);
	json_training(&json, &record);
	bool is_sound = json_checks(&json, tokenizer);
	if (audit != NULL)
		pmill_cli_audit_json(audit, &json);
	pmill_cli_json_end(&json, '}');
	return is_sound;
}

int pmill_cli_inspect_model(struct pmill_cli *cli, const pmill_tokenizer *tokenizer)
{
	if (pmill_tokenizer_prepare_merges(tokenizer, NULL) != PMILL_OK)
		return pmill_cli_no_memory(cli);
	pmill_audit *audit = NULL;
	pmill_error error = {0};
	const pmill_status status = cli->settings.audit ? pmill_audit_create(tokenizer, &audit, &error)
													: PMILL_OK;
	if (status != PMILL_OK)
		return pmill_cli_report(cli, status, &error);
	struct long_token *tokens = sort_tokens(tokenizer);
	const bool has_memory = tokens != NULL, is_json = cli->settings.json != 0;
	const bool is_sound = has_memory &&
		(is_json ? print_json : print_text)(cli, tokenizer, tokens, audit);
	pmill_audit_free(audit);
	free(tokens);
	if (!has_memory)
		return pmill_cli_no_memory(cli);
	if (!is_sound)
		return pmill_cli_fail(cli, "%s: a check failed", cli->operands[0]);
	return PMILL_CLI_DONE;
}
