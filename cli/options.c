/* The parser of options, driven by the option table. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "messages.h"
#include "sizes.h"
#include "suggest.h"

struct parser {
	struct pmill_cli *cli;
	const char **arguments; /* those after the name of the command */
	size_t count;
	size_t at;
	const char **operands; /* room for all arguments */
};

static void *field_of(struct parser *parser, const struct pmill_cli_option *option)
{
	return (char *)&parser->cli->settings + option->offset;
}

static bool is_among(const char *const *values, const char *text)
{
	for (; values != NULL && *values != NULL; values++)
		if (strcmp(*values, text) == 0)
			return true;
	return false;
}

static int set_number(
	struct parser *parser, const struct pmill_cli_option *option, const char *text)
{
	uint64_t number = 0;
	bool is_size = option->kind == PMILL_CLI_SIZE;
	bool is_valid = is_size ? pmill_cli_parse_size(text, &number)
							: pmill_cli_parse_number(text, &number);
	if (!is_valid)
		return pmill_cli_wrong_usage(parser->cli, "option --%s: \"%s\" is not a %s", option->name,
			text,
			is_size ? "size (such as 4096, 10MB or 1.5GiB)"
					: "whole number (such as 32000 or 32k)");
	if (number < option->least || number > option->most)
		return pmill_cli_wrong_usage(parser->cli,
			"option --%s: %s is out of range (%" PRIu64 " to %" PRIu64 ")", option->name, text,
			option->least, option->most);
	*(uint64_t *)field_of(parser, option) = number;
	return 0;
}

/* "text, lines, jsonl" */
static void join_values(const struct pmill_cli_option *option, char *joined, size_t capacity)
{
	joined[0] = 0;
	const char *value;
	for (size_t i = 0; (value = pmill_cli_option_value(option, i)) != NULL; i++) {
		if (strlen(joined) + strlen(value) + 3 > capacity)
			return;
		if (i > 0)
			strcat(joined, ", ");
		strcat(joined, value);
	}
}

static int refuse_choice(
	struct parser *parser, const struct pmill_cli_option *option, const char *text)
{
	if (is_among(option->later, text))
		return pmill_cli_wrong_usage(
			parser->cli, "option --%s: \"%s\" is not supported yet", option->name, text);
	char known[256];
	join_values(option, known, sizeof known);
	struct pmill_cli_suggestion suggestion = {0};
	const char *value;
	for (size_t i = 0; (value = pmill_cli_option_value(option, i)) != NULL; i++)
		pmill_cli_suggestion_offer(&suggestion, text, strlen(text), value);
	if (suggestion.nearest == NULL)
		return pmill_cli_wrong_usage(parser->cli, "option --%s: unknown value \"%s\" (known: %s)",
			option->name, text, known);
	return pmill_cli_wrong_usage(parser->cli,
		"option --%s: unknown value \"%s\" (known: %s); did you mean \"%s\"?", option->name, text,
		known, suggestion.nearest);
}

static int set_choice(
	struct parser *parser, const struct pmill_cli_option *option, const char *text)
{
	const char *value;
	for (size_t i = 0; (value = pmill_cli_option_value(option, i)) != NULL; i++) {
		if (strcmp(value, text) == 0) {
			*(const char **)field_of(parser, option) = text;
			return 0;
		}
	}
	return refuse_choice(parser, option, text);
}

static int add_to_list(
	struct parser *parser, const struct pmill_cli_option *option, const char *text)
{
	struct pmill_cli_list *list = field_of(parser, option);
	if (list->items == NULL)
		list->items = calloc(parser->count, sizeof *list->items);
	if (list->items == NULL)
		return pmill_cli_no_memory(parser->cli);
	list->items[list->count++] = text;
	return 0;
}

static int set_value(struct parser *parser, const struct pmill_cli_option *option, const char *text)
{
	if (*text == 0 && !option->allows_empty)
		return pmill_cli_wrong_usage(
			parser->cli, "option --%s: %s must not be empty", option->name, option->value);
	switch (option->kind) {
	case PMILL_CLI_NUMBER:
	case PMILL_CLI_SIZE: return set_number(parser, option, text);
	case PMILL_CLI_CHOICE: return set_choice(parser, option, text);
	case PMILL_CLI_LIST: return add_to_list(parser, option, text);
	default: *(const char **)field_of(parser, option) = text; return 0;
	}
}

/* `attached` is the value if it is part of the argument, else NULL. */
static int take_option(
	struct parser *parser, const struct pmill_cli_option *option, const char *attached)
{
	if (option->kind == PMILL_CLI_LATER)
		return pmill_cli_wrong_usage(parser->cli, "option --%s: not supported yet", option->name);
	if (option->value == NULL) {
		if (attached != NULL)
			return pmill_cli_wrong_usage(parser->cli, "option --%s: takes no value", option->name);
		*(int *)field_of(parser, option) = 1;
		return 0;
	}
	if (attached != NULL)
		return set_value(parser, option, attached);
	if (parser->at == parser->count)
		return pmill_cli_wrong_usage(
			parser->cli, "option --%s: missing value %s", option->name, option->value);
	return set_value(parser, option, parser->arguments[parser->at++]);
}

/* If another command has the option, names that command rather than a similar option. */
static int refuse_option(struct parser *parser, const char *name, size_t len)
{
	const struct pmill_cli_command *command;
	for (size_t i = 0; (command = pmill_cli_command_at(i)) != NULL; i++)
		if (!command->is_hidden && pmill_cli_command_option(command, name, len) != NULL)
			return pmill_cli_wrong_usage(parser->cli,
				"unknown option %s%.*s; it belongs to \"pairmill %s\"", len == 1 ? "-" : "--",
				(int)len, name, command->name);
	struct pmill_cli_suggestion suggestion = {0};
	const struct pmill_cli_option *option;
	for (size_t i = 0; len > 1 && (option = pmill_cli_option_at(i)) != NULL; i++)
		if ((option->commands & parser->cli->command->bit) != 0)
			pmill_cli_suggestion_offer(&suggestion, name, len, option->name);
	if (suggestion.nearest == NULL)
		return pmill_cli_wrong_usage(
			parser->cli, "unknown option %s%.*s", len == 1 ? "-" : "--", (int)len, name);
	return pmill_cli_wrong_usage(parser->cli, "unknown option --%.*s; did you mean --%s?", (int)len,
		name, suggestion.nearest);
}

static int parse_long(struct parser *parser, const char *name)
{
	size_t len = strcspn(name, "=");
	const struct pmill_cli_option *option = len < 2
		? NULL
		: pmill_cli_command_option(parser->cli->command, name, len);
	if (option == NULL)
		return refuse_option(parser, name, len);
	return take_option(parser, option, name[len] == '=' ? name + len + 1 : NULL);
}

/* "-qf" is "-q -f"; "-s100" is "-s 100". A long name after a single dash is a common typo. */
static int parse_letters(struct parser *parser, const char *letters)
{
	const struct pmill_cli_command *command = parser->cli->command;
	size_t len = strcspn(letters, "=");
	if (len > 2 && pmill_cli_command_option(command, letters, len) != NULL)
		return pmill_cli_wrong_usage(parser->cli, "unknown option -%.*s; did you mean --%.*s?",
			(int)len, letters, (int)len, letters);
	for (; *letters != 0; letters++) {
		const struct pmill_cli_option *option = pmill_cli_command_option(command, letters, 1);
		if (option == NULL)
			return refuse_option(parser, letters, 1);
		if (option->value != NULL)
			return take_option(parser, option, letters[1] != 0 ? letters + 1 : NULL);
		int code = take_option(parser, option, NULL);
		if (code != 0)
			return code;
	}
	return 0;
}

static int parse_all(struct parser *parser)
{
	bool is_ended = false;
	int code = 0;
	while (code == 0 && parser->at < parser->count) {
		const char *argument = parser->arguments[parser->at++];
		if (is_ended || argument[0] != '-' || argument[1] == 0)
			parser->operands[parser->cli->operand_count++] = argument;
		else if (strcmp(argument, "--") == 0)
			is_ended = true;
		else if (argument[1] == '-')
			code = parse_long(parser, argument + 2);
		else
			code = parse_letters(parser, argument + 1);
	}
	return code;
}

static int check_operands(const struct pmill_cli *cli)
{
	const struct pmill_cli_command *command = cli->command;
	for (size_t i = 0; i < cli->operand_count; i++)
		if (cli->operands[i][0] == 0)
			return pmill_cli_wrong_usage(cli, "empty file name");
	if (cli->operand_count < command->operand_least)
		return pmill_cli_wrong_usage(cli, "needs %s", command->operands);
	if (cli->operand_count > command->operand_most)
		return pmill_cli_wrong_usage(
			cli, "unexpected argument \"%s\"", cli->operands[command->operand_most]);
	return 0;
}

static void set_initial_values(struct parser *parser)
{
	const struct pmill_cli_option *option;
	for (size_t i = 0; (option = pmill_cli_option_at(i)) != NULL; i++)
		if (option->initial != 0)
			*(uint64_t *)field_of(parser, option) = option->initial;
}

int pmill_cli_options_parse(struct pmill_cli *cli, int argc, char **argv)
{
	size_t count = argc > 2 ? (size_t)argc - 2 : 0;
	const char **operands = calloc(count + 1, sizeof *operands);
	if (operands == NULL)
		return pmill_cli_no_memory(cli);
	struct parser parser = {
		.cli = cli, .arguments = (const char **)(argv + 2), .count = count, .operands = operands};
	cli->operands = operands;
	set_initial_values(&parser);
	int code = parse_all(&parser);
	if (code == 0 && !cli->settings.help)
		code = check_operands(cli);
	return code;
}

void pmill_cli_options_release(struct pmill_cli *cli)
{
	free(cli->settings.special.items);
	free(cli->settings.special_tokens.items);
	free(cli->settings.counts.items);
	free(cli->settings.rename_special.items);
	free(cli->settings.add_special.items);
	free((void *)cli->operands);
}
