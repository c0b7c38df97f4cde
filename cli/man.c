/* Man pages, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#include "man.h"

#include <string.h>

#include "help.h"

/* Escapes what roff interprets: backslashes, hyphens, quotes, and . or ' at the start of a line. */
static void print_roff(FILE *out, const char *text)
{
	bool is_line_start = true;
	for (; *text != 0; text++) {
		if (is_line_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		is_line_start = *text == '\n';
		switch (*text) {
		case '\\': fputs("\\e", out); break;
		case '-': fputs("\\-", out); break;
		case '\'': fputs("\\(aq", out); break;
		case '"': fputs("\\(dq", out); break;
		default: putc(*text, out);
		}
	}
}

/* Paragraphs are separated by "\n\n" and contain no other line feed. */
static void print_paragraphs(FILE *out, const char *text)
{
	for (const char *end; (end = strstr(text, "\n\n")) != NULL; text = end + 2) {
		char paragraph[2048];
		snprintf(paragraph, sizeof paragraph, "%.*s", (int)(end - text), text);
		print_roff(out, paragraph);
		fputs("\n.PP\n", out);
	}
	print_roff(out, text);
	putc('\n', out);
}

static void print_title(FILE *out, const char *command, const char *summary)
{
	const char *dash = command == NULL ? "" : "\\-";
	fputs(".TH PAIRMILL", out);
	for (const char *at = command == NULL ? "" : command; *at != 0; at++) {
		if (at == command)
			fputs(dash, out);
		if (*at == '-')
			fputs("\\-", out);
		else
			putc(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at, out);
	}
	fprintf(out, " 1 \"\" \"pairmill %s\" \"User Commands\"\n.SH NAME\npairmill%s", pmill_version(),
		dash);
	print_roff(out, command == NULL ? "" : command);
	fputs(" \\- ", out);
	print_roff(out, summary);
	putc('\n', out);
}

static void print_values(FILE *out, const struct pmill_cli_option *option)
{
	const char *value;
	fputs("Known values: ", out);
	for (size_t i = 0; (value = option->value_at(i)) != NULL; i++) {
		fputs(i > 0 ? ", " : "", out);
		print_roff(out, value);
	}
	fputs(".\n", out);
}

static void print_option(FILE *out, const struct pmill_cli_option *option)
{
	fputs(".TP\n", out);
	if (option->letter != 0)
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", out);
	print_roff(out, option->name);
	fputs("\\fR", out);
	if (option->value != NULL)
		fprintf(out, " \\fI%s\\fR", option->value);
	putc('\n', out);
	print_roff(out, option->summary);
	putc('\n', out);
	if (option->value_at != NULL)
		print_values(out, option);
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
			fprintf(out, ".SS %s\n", pmill_cli_group_title(group));
		has_title = true;
		print_option(out, option);
	}
}

static void print_examples(FILE *out, const char *const *examples)
{
	if (examples == NULL)
		return;
	fputs(".SH EXAMPLES\n.nf\n", out);
	for (size_t i = 0; examples[i] != NULL; i++) {
		print_roff(out, examples[i]);
		putc('\n', out);
	}
	fputs(".fi\n", out);
}

static void print_exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\n"
		  "0 on success, 1 on failure, 2 on wrong usage, 3 if \\fBverify\\fR finds a difference,\n"
		  "130 if interrupted. A run that fails or is interrupted leaves no partial output file.\n",
		out);
}

static void print_synopsis(FILE *out, const struct pmill_cli_command *command)
{
	fputs(".SH SYNOPSIS\n\\fBpairmill ", out);
	print_roff(out, command->name);
	fputs("\\fR ", out);
	print_roff(out, command->usage);
	putc('\n', out);
}

void pmill_cli_man_command(FILE *out, const struct pmill_cli_command *command)
{
	print_title(out, command->name, command->summary);
	print_synopsis(out, command);
	fputs(".SH DESCRIPTION\n", out);
	print_paragraphs(out, command->description);
	fputs(".SH OPTIONS\n", out);
	for (int group = 0; group < PMILL_CLI_GROUP_END; group++)
		print_group(out, command, (enum pmill_cli_group)group);
	print_examples(out, command->examples);
	print_exit_status(out);
	fputs(".SH SEE ALSO\n.BR pairmill (1)\n", out);
}

void pmill_cli_man_overview(FILE *out)
{
	const struct pmill_cli_command *command;
	print_title(out, NULL, "train, count, encode and decode with byte-pair-encoding vocabularies");
	fputs(".SH SYNOPSIS\n\\fBpairmill\\fR COMMAND [options] [FILE...]\n"
		  ".SH DESCRIPTION\nTrains byte\\-level BPE vocabularies from text, exactly and fast.\n"
		  "Each command has its own page; \\fBpairmill help\\fR COMMAND shows the same text.\n"
		  ".SH COMMANDS\n",
		out);
	for (size_t i = 0; (command = pmill_cli_command_at(i)) != NULL; i++) {
		if (!pmill_cli_command_is_shown(command))
			continue;
		fputs(".TP\n.BR pairmill\\-", out);
		print_roff(out, command->name);
		fputs(" (1)\n", out);
		print_roff(out, command->summary);
		putc('\n', out);
	}
	print_exit_status(out);
}
