/* Help, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <string.h>

enum {
	COLUMNS = 80,
	SUMMARY_COLUMN = 28, /* where summaries of options begin */
	COMMAND_COLUMN = 16,
};

bool pmill_cli_option_is_shown(
	const struct pmill_cli_option *option, const struct pmill_cli_command *command)
{
	return (option->commands & command->bit) != 0 && option->kind != PMILL_CLI_LATER;
}

bool pmill_cli_command_is_shown(const struct pmill_cli_command *command)
{
	return !command->is_hidden;
}

/* Wraps `text` into lines that begin at `column`. The cursor is at `at`. */
static void print_words(FILE *out, const char *text, size_t column, size_t at)
{
	while (*text != 0) {
		size_t len = strcspn(text, " ");
		bool is_first = at <= column;
		if (!is_first && at + 1 + len > COLUMNS) {
			putc('\n', out);
			at = 0;
			is_first = true;
		}
		if (at < column)
			at += (size_t)fprintf(out, "%*s", (int)(column - at), "");
		at += (size_t)fprintf(out, "%s%.*s", is_first ? "" : " ", (int)len, text);
		text += len + (text[len] == ' ');
	}
	putc('\n', out);
}

/* Paragraphs are separated by "\n\n" and contain no other line feed. */
static void print_paragraphs(FILE *out, const char *text)
{
	while (*text != 0) {
		char paragraph[2048];
		const char *end = strstr(text, "\n\n");
		size_t len = end == NULL ? strlen(text) : (size_t)(end - text);
		snprintf(paragraph, sizeof paragraph, "%.*s", (int)len, text);
		print_words(out, paragraph, 0, 0);
		text += len;
		if (*text != 0) {
			putc('\n', out);
			text += 2;
		}
	}
}

static void print_known_values(FILE *out, const struct pmill_cli_option *option)
{
	char line[512] = "Known values:";
	const char *value;
	for (size_t i = 0; (value = option->value_at(i)) != NULL; i++) {
		size_t len = strlen(line);
		snprintf(line + len, sizeof line - len, "%s %s", i > 0 ? "," : "", value);
	}
	strncat(line, ".", sizeof line - strlen(line) - 1);
	print_words(out, line, SUMMARY_COLUMN, 0);
}

static void print_option(FILE *out, const struct pmill_cli_option *option)
{
	char left[64];
	char letter[8] = "    ";
	if (option->letter != 0)
		snprintf(letter, sizeof letter, "-%c, ", option->letter);
	snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name,
		option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
	fputs(left, out);
	size_t at = strlen(left);
	if (at + 2 > SUMMARY_COLUMN) {
		putc('\n', out);
		at = 0;
	}
	print_words(out, option->summary, SUMMARY_COLUMN, at);
	if (option->value_at != NULL)
		print_known_values(out, option);
}

static void print_group(
	FILE *out, const struct pmill_cli_command *command, enum pmill_cli_group group)
{
	bool has_title = false;
	const struct pmill_cli_option *option;
	for (size_t i = 0; (option = pmill_cli_option_at(i)) != NULL; i++) {
		if (option->group != group || !pmill_cli_option_is_shown(option, command))
			continue;
		if (!has_title)
			fprintf(out, "\n%s:\n", pmill_cli_group_title(group));
		has_title = true;
		print_option(out, option);
	}
}

void pmill_cli_help_command(FILE *out, const struct pmill_cli_command *command)
{
	if (command->examples != NULL)
		fputs(command->examples[1] == NULL ? "Example:\n" : "Examples:\n", out);
	for (size_t i = 0; command->examples != NULL && command->examples[i] != NULL; i++)
		fprintf(out, "  %s\n", command->examples[i]);
	fprintf(out, "%sUsage: pairmill %s %s\n\n", command->examples != NULL ? "\n" : "",
		command->name, command->usage);
	print_paragraphs(out, command->description);
	for (int group = 0; group < PMILL_CLI_GROUP_END; group++)
		print_group(out, command, (enum pmill_cli_group)group);
}

void pmill_cli_help_overview(FILE *out)
{
	const struct pmill_cli_command *command;
	fputs("Trains byte-level BPE vocabularies from text, exactly and fast.\n\n"
		  "Example:\n"
		  "  pairmill train -s 32000 --special '<|endoftext|>' -o model corpus.txt\n"
		  "  pairmill encode -m model --format tokens --text 'Hello, world'\n\n"
		  "Usage: pairmill COMMAND [options] [FILE...]\n\n"
		  "Commands:\n",
		out);
	for (size_t i = 0; (command = pmill_cli_command_at(i)) != NULL; i++) {
		if (!pmill_cli_command_is_shown(command))
			continue;
		size_t at = (size_t)fprintf(out, "  %s", command->name);
		print_words(out, command->summary, COMMAND_COLUMN, at);
	}
	fputs("\nRun \"pairmill help COMMAND\" for the options of a command.\n", out);
}
